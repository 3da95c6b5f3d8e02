"""Activation functions made of straight pieces, with the names and defaults of `jax.nn`."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.nn.activations import inexact
from fungrad.numpy.common import lift
from fungrad.rules import activations as rules


def relu(x: Any) -> Any:
    """Return the larger of x and 0.

    The derivative at 0 is 0. Of its argument nothing is kept for the backward pass.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.relu(fnp.array([-1.0, 0.0, 2.0]))
    Array([0., 0., 2.], dtype=float64)
    >>> fg.grad(nn.relu)(0.0)
    Array(0., dtype=float64)
    """
    return rules.Relu.apply(x)


def relu6(x: Any) -> Any:
    """Return x clipped to the interval from 0 to 6; the derivative at 0 and 6 is 0.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.relu6(fnp.array([-1.0, 2.0, 9.0]))
    Array([0., 2., 6.], dtype=float64)
    """
    return rules.Clamp.apply(x, 0, 6)


def leaky_relu(x: Any, negative_slope: Any = 1e-2) -> Any:
    """Return x where it is at least 0, and `negative_slope` times x elsewhere.

    Parameters
    ----------
    x : array_like
    negative_slope : array_like
        A number, or an array that broadcasts against `x`; may be learned.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.leaky_relu(fnp.array([-1.0, 2.0]))
    Array([-0.01,  2.  ], dtype=float64)
    """
    return rules.LeakyRelu.apply(inexact(x, "leaky_relu"), negative_slope)


def sparse_plus(x: Any) -> Any:
    """Return 0 up to -1, x from 1 on, and ``(x + 1)**2 / 4`` between.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.sparse_plus(fnp.array([-2.0, 0.0, 2.0]))
    Array([0.  , 0.25, 2.  ], dtype=float64)
    """
    x = inexact(x, "sparse_plus")
    return np.where(x >= 1, x, 0.25 * np.square(rules.Relu.apply(x + 1)))


def sparse_sigmoid(x: Any) -> Any:
    """Return 0 up to -1, 1 from 1 on, and ``(x + 1) / 2`` between: the slope of `sparse_plus`.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.sparse_sigmoid(fnp.array([-2.0, 0.0, 2.0]))
    Array([0. , 0.5, 1. ], dtype=float64)
    """
    return 0.5 * np.clip(inexact(x, "sparse_sigmoid"), -1, 1) + 0.5


def hard_tanh(x: Any) -> Any:
    """Return x clipped to the interval from -1 to 1; the derivative at -1 and 1 is 1.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.hard_tanh(fnp.array([-2.0, 0.5]))
    Array([-1. ,  0.5], dtype=float64)
    """
    x = lift(x, "hard_tanh")
    return np.where(x > 1, 1, np.where(x < -1, -1, x))


def hard_sigmoid(x: Any) -> Any:
    """Return ``relu6(x + 3) / 6``.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.hard_sigmoid(fnp.array([-3.0, 0.0, 3.0]))
    Array([0. , 0.5, 1. ], dtype=float64)
    """
    return rules.Clamp.apply(inexact(x, "hard_sigmoid") + 3, 0, 6) / 6


def hard_silu(x: Any) -> Any:
    """Return ``x * hard_sigmoid(x)``; also known as hard swish.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.hard_silu(fnp.array([-3.0, 1.5, 3.0]))
    Array([-0.   ,  1.125,  3.   ], dtype=float64)
    """
    x = inexact(x, "hard_silu")
    return x * hard_sigmoid(x)


hard_swish = hard_silu


hard_swish = hard_silu


__all__ = [
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "relu",
    "relu6",
    "sparse_plus",
    "sparse_sigmoid",
]
