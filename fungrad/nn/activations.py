"""Smooth activation functions, with the names and defaults of `jax.nn`.

They are plain functions of one array, finite wherever the mathematics is, in values as in
gradients, and compute in the dtype of their argument.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.array import Array
from fungrad.errors import ShapeError
from fungrad.numpy.common import axis_index, lift
from fungrad.rules import activations as rules
from fungrad.rules.elementwise import Tanh


def inexact(x: Any, where: str, dtype: Any = np.float64) -> Any:
    """Return `x` as something with a shape and a dtype; numbers and integers get that dtype."""
    if not isinstance(x, Array):
        if type(x) in (int, float):
            return np.dtype(dtype).type(x)
        x = lift(x, where)
    return x if x.dtype.kind in "fc" else x.astype(dtype)


def identity(x: Any) -> Any:
    """Return x itself.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.identity(fnp.array([-1.0, 2.0]))
    Array([-1.,  2.], dtype=float64)
    """
    return lift(x, "identity")


def elu(x: Any, alpha: Any = 1.0) -> Any:
    """Return x where it is positive, and ``alpha * (exp(x) - 1)`` elsewhere.

    Parameters
    ----------
    x : array_like
    alpha : array_like
        Minus the limit to the left.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.elu(fnp.array([-1.0, 2.0]))
    Array([-0.63212056,  2.        ], dtype=float64)
    """
    return rules.Elu.apply(inexact(x, "elu"), alpha)


def celu(x: Any, alpha: Any = 1.0) -> Any:
    """Return x where it is positive, and ``alpha * (exp(x / alpha) - 1)`` elsewhere.

    Parameters
    ----------
    x : array_like
    alpha : array_like
        Minus the limit to the left; the slope at 0 is 1 whatever it is.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.celu(fnp.array([-1.0, 2.0]), alpha=2.0)
    Array([-0.78693868,  2.        ], dtype=float64)
    """
    x = inexact(x, "celu")
    return rules.Elu.apply(x / alpha, 1.0) * alpha


SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


def selu(x: Any) -> Any:
    """Return the scaled `elu` that keeps mean 0 and variance 1 through the layers.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.selu(fnp.array([-1.0, 2.0]))
    Array([-1.11133074,  2.10140197], dtype=float64)
    """
    return SELU_SCALE * rules.Elu.apply(inexact(x, "selu"), SELU_ALPHA)


def gelu(x: Any, approximate: bool = True) -> Any:
    """Return x times the probability that a normal variable is less than x.

    As in `jax.nn`, and unlike PyTorch, the approximation by tanh is the default.

    Parameters
    ----------
    x : array_like
    approximate : bool
        Whether to take ``x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))``, which is
        quicker and differs by at most 5e-4.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.gelu(fnp.array([-1.0, 2.0]))
    Array([-0.15880801,  1.95459769], dtype=float64)
    >>> nn.gelu(fnp.array([-1.0, 2.0]), approximate=False)
    Array([-0.15865525,  1.95449974], dtype=float64)
    """
    x = inexact(x, "gelu")
    return rules.GeluTanh.apply(x) if approximate else rules.Gelu.apply(x)


def sigmoid(x: Any) -> Any:
    """Return ``1 / (1 + exp(-x))``.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.sigmoid(fnp.array([-1000.0, 0.0, 2.0]))
    Array([0.        , 0.5       , 0.88079708], dtype=float64)
    """
    return rules.Sigmoid.apply(inexact(x, "sigmoid"))


def log_sigmoid(x: Any) -> Any:
    """Return ``log(sigmoid(x))``, without the loss of taking the logarithm.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.log_sigmoid(fnp.array([-1000.0, 0.0]))
    Array([-1.00000000e+03, -6.93147181e-01], dtype=float64)
    """
    return rules.LogSigmoid.apply(inexact(x, "log_sigmoid"))


def silu(x: Any) -> Any:
    """Return ``x * sigmoid(x)``; also known as swish.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.silu(fnp.array([-1.0, 2.0]))
    Array([-0.26894142,  1.76159416], dtype=float64)
    """
    return rules.Silu.apply(inexact(x, "silu"))


swish = silu


def mish(x: Any) -> Any:
    """Return ``x * tanh(softplus(x))``.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.mish(fnp.array([-1.0, 2.0]))
    Array([-0.30340146,  1.94395896], dtype=float64)
    """
    return rules.Mish.apply(inexact(x, "mish"))


def softplus(x: Any) -> Any:
    """Return ``log(1 + exp(x))``, a smooth `relu`.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.softplus(fnp.array([0.0, 1000.0]))
    Array([6.93147181e-01, 1.00000000e+03], dtype=float64)
    """
    return rules.Softplus.apply(inexact(x, "softplus"))


def squareplus(x: Any, b: Any = 4) -> Any:
    """Return ``(x + sqrt(x**2 + b)) / 2``, a smooth `relu` without exponentials.

    Parameters
    ----------
    x : array_like
    b : array_like
        How smooth.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.squareplus(fnp.array([0.0, 3.0]))
    Array([1.        , 3.30277564], dtype=float64)
    """
    x = inexact(x, "squareplus")
    return 0.5 * (x + np.sqrt(np.square(x) + b))


def soft_sign(x: Any) -> Any:
    """Return ``x / (1 + abs(x))``.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.soft_sign(fnp.array([-1.0, 3.0]))
    Array([-0.5 ,  0.75], dtype=float64)
    """
    x = inexact(x, "soft_sign")
    return x / (1 + np.absolute(x))


def tanh(x: Any) -> Any:
    """Return the hyperbolic tangent.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.tanh(fnp.array([0.0, 1.0]))
    Array([0.        , 0.76159416], dtype=float64)
    """
    return Tanh.apply(x)


def glu(x: Any, axis: int = -1) -> Any:
    """Return the first half of x along an axis, times the `sigmoid` of the second half.

    Parameters
    ----------
    x : array_like
    axis : int
        Its length must be even.

    Returns
    -------
    Array
        With half the length along the axis.

    Raises
    ------
    ShapeError
        If the length is odd.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.glu(fnp.array([1.0, 2.0, 0.0, 1000.0]))
    Array([0.5, 2. ], dtype=float64)
    """
    x = inexact(x, "glu")
    length = x.shape[axis_index(axis, x.ndim)]
    if length % 2:
        raise ShapeError("glu", (x,), f"axis {axis} has the odd length {length}, without halves")
    value, gate = np.split(x, 2, axis)
    return value * rules.Sigmoid.apply(gate)


__all__ = [
    "celu",
    "elu",
    "gelu",
    "glu",
    "identity",
    "log_sigmoid",
    "mish",
    "selu",
    "sigmoid",
    "silu",
    "soft_sign",
    "softplus",
    "squareplus",
    "swish",
    "tanh",
]
