"""Initialisers: functions ``(key, shape, dtype)`` that return new parameters, as in JAX.

The factories have the names and defaults of `jax.nn.initializers`, and what they return can be
compared and pickled, like the layers that hold them. As in JAX the inputs of a weight are its
second to last axis, the outputs its last one; layers hand over shapes in this order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from fungrad import numpy as fnp
from fungrad import random
from fungrad.errors import LayerArgumentError

Axes = int | Sequence[int]

STANDARD_DEVIATION_OF_TRUNCATED = 0.87962566103423978
"""Of the normal distribution between -2 and 2."""


@runtime_checkable
class Initializer(Protocol):
    """What initialisers are: callables that take a key, a shape and a dtype.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> isinstance(nn.initializers.he_normal(), nn.initializers.Initializer)
    True
    """

    def __call__(self, key: Any, shape: Sequence[int], dtype: Any = np.float32) -> Any:
        """Return new parameters."""
        ...


# --- constants -----------------------------------------------------------------------------------


def zeros(key: Any, shape: Sequence[int], dtype: Any = np.float32) -> Any:
    """Return zeros.

    Parameters
    ----------
    key, shape, dtype
        As for all initialisers; the key is not used.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn, random
    >>> nn.initializers.zeros(random.key(0), (2,))
    Array([0., 0.], dtype=float32)
    """
    return fnp.zeros(tuple(shape), dtype)


def ones(key: Any, shape: Sequence[int], dtype: Any = np.float32) -> Any:
    """Return ones.

    Parameters
    ----------
    key, shape, dtype
        As for all initialisers; the key is not used.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn, random
    >>> nn.initializers.ones(random.key(0), (2,))
    Array([1., 1.], dtype=float32)
    """
    return fnp.ones(tuple(shape), dtype)


@dataclass(frozen=True)
class _Constant:
    value: Any
    dtype: Any

    def __call__(self, key: Any, shape: Sequence[int], dtype: Any = None) -> Any:
        return fnp.full(tuple(shape), self.value, self.dtype if dtype is None else dtype)


def constant(value: Any, dtype: Any = np.float32) -> Initializer:
    """Make an initialiser that returns one number everywhere.

    Parameters
    ----------
    value : array_like
        Broadcast to the shape.
    dtype : dtype
        Where none is given in the call.

    Returns
    -------
    Initializer

    Examples
    --------
    >>> from fungrad import nn, random
    >>> nn.initializers.constant(0.5)(random.key(0), (2,))
    Array([0.5, 0.5], dtype=float32)
    """
    return _Constant(value, dtype)


# --- distributions -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Uniform:
    scale: float
    dtype: Any

    def __call__(self, key: Any, shape: Sequence[int], dtype: Any = None) -> Any:
        dtype = self.dtype if dtype is None else dtype
        return random.uniform(key, tuple(shape), dtype) * self.scale


def uniform(scale: float = 1e-2, dtype: Any = np.float32) -> Initializer:
    """Make an initialiser that draws numbers from 0 to a bound.

    Parameters
    ----------
    scale : float
        The bound.
    dtype : dtype
        Where none is given in the call.

    Returns
    -------
    Initializer

    Examples
    --------
    >>> from fungrad import nn, random
    >>> w = nn.initializers.uniform(0.5)(random.key(0), (1000,))
    >>> bool(w.min() >= 0), bool(w.max() < 0.5)
    (True, True)
    """
    return _Uniform(scale, dtype)


@dataclass(frozen=True)
class _Normal:
    stddev: float
    dtype: Any

    def __call__(self, key: Any, shape: Sequence[int], dtype: Any = None) -> Any:
        dtype = self.dtype if dtype is None else dtype
        return random.normal(key, tuple(shape), dtype) * self.stddev


def normal(stddev: float = 1e-2, dtype: Any = np.float32) -> Initializer:
    """Make an initialiser that draws numbers of the normal distribution.

    Parameters
    ----------
    stddev : float
        The standard deviation.
    dtype : dtype
        Where none is given in the call.

    Returns
    -------
    Initializer

    Examples
    --------
    >>> from fungrad import nn, random
    >>> w = nn.initializers.normal(0.5)(random.key(0), (1000,))
    >>> bool(abs(w.std() - 0.5) < 0.05)
    True
    """
    return _Normal(stddev, dtype)


@dataclass(frozen=True)
class _TruncatedNormal:
    stddev: float
    dtype: Any
    lower: float
    upper: float

    def __call__(self, key: Any, shape: Sequence[int], dtype: Any = None) -> Any:
        dtype = self.dtype if dtype is None else dtype
        z = random.truncated_normal(key, self.lower, self.upper, tuple(shape), dtype)
        return z * self.stddev


def truncated_normal(
    stddev: float = 1e-2, dtype: Any = np.float32, lower: float = -2.0, upper: float = 2.0
) -> Initializer:
    """Make an initialiser that draws numbers of the normal distribution between two bounds.

    Parameters
    ----------
    stddev : float
        The standard deviation before truncation.
    dtype : dtype
        Where none is given in the call.
    lower, upper : float
        The bounds, in standard deviations.

    Returns
    -------
    Initializer

    Examples
    --------
    >>> from fungrad import nn, random
    >>> w = nn.initializers.truncated_normal(0.5)(random.key(0), (1000,))
    >>> bool(abs(w).max() <= 1)
    True
    """
    return _TruncatedNormal(stddev, dtype, lower, upper)


# --- scaled by the number of inputs and outputs --------------------------------------------------


def _lengths(shape: Sequence[int], axes: Axes) -> int:
    chosen = (axes,) if isinstance(axes, int) else axes
    return math.prod(shape[axis] for axis in chosen)


@dataclass(frozen=True)
class _VarianceScaling:
    scale: float
    mode: str
    distribution: str
    in_axis: Axes
    out_axis: Axes
    batch_axis: Axes
    dtype: Any

    def __call__(self, key: Any, shape: Sequence[int], dtype: Any = None) -> Any:
        shape = tuple(shape)
        dtype = np.dtype(self.dtype if dtype is None else dtype)
        if len(shape) < 2:
            raise LayerArgumentError(
                "variance_scaling",
                f"the shape {shape} has no axes for inputs and outputs; take nn.initializers.zeros "
                "or normal for vectors",
            )
        size_in, size_out = _lengths(shape, self.in_axis), _lengths(shape, self.out_axis)
        field = math.prod(shape) / max(1, size_in * size_out * _lengths(shape, self.batch_axis))
        fans = {"fan_in": size_in * field, "fan_out": size_out * field}
        fans["fan_avg"] = (fans["fan_in"] + fans["fan_out"]) / 2
        fans["fan_geo_avg"] = math.sqrt(fans["fan_in"] * fans["fan_out"])
        variance = self.scale / max(1.0, fans[self.mode])
        deviation = math.sqrt(variance)
        if self.distribution == "normal":
            return random.normal(key, shape, dtype) * deviation
        if self.distribution == "uniform":
            bound = math.sqrt(3 * variance)
            return random.uniform(key, shape, dtype, -1, 1) * bound
        deviation /= STANDARD_DEVIATION_OF_TRUNCATED
        return random.truncated_normal(key, -2, 2, shape, dtype) * deviation


def variance_scaling(
    scale: float,
    mode: str,
    distribution: str,
    in_axis: Axes = -2,
    out_axis: Axes = -1,
    batch_axis: Axes = (),
    dtype: Any = np.float32,
) -> Initializer:
    """Make an initialiser whose variance is inverse to the number of inputs or outputs.

    Parameters
    ----------
    scale : float
        The variance, times that number.
    mode : {"fan_in", "fan_out", "fan_avg", "fan_geo_avg"}
        The number of inputs, of outputs, or a mean of both.
    distribution : {"truncated_normal", "normal", "uniform"}
        The distribution to draw from.
    in_axis, out_axis : int or sequence of int
        The axes of inputs and outputs; the others are those of a convolution's window, and count
        with both.
    batch_axis : int or sequence of int
        Axes that count with neither.
    dtype : dtype
        Where none is given in the call.

    Returns
    -------
    Initializer

    Raises
    ------
    LayerArgumentError
        If there is no such mode or distribution.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> init = nn.initializers.variance_scaling(2.0, "fan_in", "normal")
    >>> w = init(random.key(0), (200, 50))
    >>> bool(abs(w.std() - 0.1) < 0.01)
    True
    """
    for name, given, known in (
        ("mode", mode, ("fan_in", "fan_out", "fan_avg", "fan_geo_avg")),
        ("distribution", distribution, ("truncated_normal", "normal", "uniform")),
    ):
        if given not in known:
            wanted = f"{', '.join(map(repr, known[:-1]))} or {known[-1]!r}"
            raise LayerArgumentError(
                "variance_scaling", f"{name} is {given!r}; it must be {wanted}"
            )
    inputs, outputs, batch = [
        each if isinstance(each, int) else tuple(each) for each in (in_axis, out_axis, batch_axis)
    ]
    return _VarianceScaling(scale, mode, distribution, inputs, outputs, batch, dtype)


def _scaled(name: str, scale: float, mode: str, distribution: str, text: str) -> Any:
    """Make a factory of variance scaling with two of its settings."""

    def factory(
        in_axis: Axes = -2, out_axis: Axes = -1, batch_axis: Axes = (), dtype: Any = np.float32
    ) -> Initializer:
        return variance_scaling(scale, mode, distribution, in_axis, out_axis, batch_axis, dtype)

    kind = {"truncated_normal": "normal", "uniform": "uniform"}[distribution]
    factory.__name__ = factory.__qualname__ = name
    factory.__doc__ = f"""Make {text}, from a {kind} distribution.

    Parameters
    ----------
    in_axis, out_axis, batch_axis : int or sequence of int
        As for `variance_scaling`.
    dtype : dtype
        Where none is given in the call.

    Returns
    -------
    Initializer

    Examples
    --------
    >>> from fungrad import nn, random
    >>> layer = nn.Linear(20, 30, weight_init=nn.initializers.{name}())
    >>> layer.init(random.key(0))["weight"].shape
    (30, 20)
    """
    return factory


GLOROT = "the initialiser of Glorot and Bengio, variance 2 / (inputs + outputs)"
HE = "the initialiser of He et al., variance 2 / inputs, for relu"
LECUN = "the initialiser of LeCun, variance 1 / inputs"

glorot_normal = _scaled("glorot_normal", 1.0, "fan_avg", "truncated_normal", GLOROT)
glorot_uniform = _scaled("glorot_uniform", 1.0, "fan_avg", "uniform", GLOROT)
he_normal = _scaled("he_normal", 2.0, "fan_in", "truncated_normal", HE)
he_uniform = _scaled("he_uniform", 2.0, "fan_in", "uniform", HE)
lecun_normal = _scaled("lecun_normal", 1.0, "fan_in", "truncated_normal", LECUN)
lecun_uniform = _scaled("lecun_uniform", 1.0, "fan_in", "uniform", LECUN)
xavier_normal, xavier_uniform = glorot_normal, glorot_uniform
kaiming_normal, kaiming_uniform = he_normal, he_uniform

# --- orthogonal matrices -------------------------------------------------------------------------


@dataclass(frozen=True)
class _Orthogonal:
    scale: float
    column_axis: int
    dtype: Any

    def __call__(self, key: Any, shape: Sequence[int], dtype: Any = None) -> Any:
        shape = tuple(shape)
        dtype = self.dtype if dtype is None else dtype
        if len(shape) < 2:
            raise LayerArgumentError("orthogonal", f"the shape {shape} is not that of a matrix")
        columns = shape[self.column_axis]
        if not math.prod(shape):
            return fnp.zeros(shape, dtype)
        q = random.orthogonal(key, math.prod(shape) // columns, (), dtype, columns)
        rows = list(shape)
        del rows[self.column_axis]
        return self.scale * fnp.moveaxis(fnp.reshape(q, (*rows, columns)), -1, self.column_axis)


def orthogonal(scale: float = 1.0, column_axis: int = -1, dtype: Any = np.float32) -> Initializer:
    """Make an initialiser that draws orthogonal matrices.

    Parameters
    ----------
    scale : float
        A factor.
    column_axis : int
        The axis of the columns; all others together are that of the rows. Of columns and rows,
        those of which there are fewer are orthonormal.
    dtype : dtype
        Where none is given in the call.

    Returns
    -------
    Initializer

    Examples
    --------
    >>> from fungrad import nn, random
    >>> q = nn.initializers.orthogonal()(random.key(0), (5, 3), np.float64)
    >>> bool(np.allclose(q.T @ q, np.eye(3)))
    True
    """
    return _Orthogonal(scale, column_axis, dtype)


@dataclass(frozen=True)
class _DeltaOrthogonal:
    scale: float
    column_axis: int
    dtype: Any

    def __call__(self, key: Any, shape: Sequence[int], dtype: Any = None) -> Any:
        shape = tuple(shape)
        dtype = self.dtype if dtype is None else dtype
        if not 3 <= len(shape) <= 5 or shape[-1] < shape[-2]:
            raise LayerArgumentError(
                "delta_orthogonal",
                f"the shape is {shape}; it must be (*window, inputs, outputs) with one to three "
                "axes in the window, and at least as many outputs as inputs",
            )
        make = _Orthogonal(self.scale, self.column_axis, dtype)
        matrix = make(key, shape[-2:])
        centre = tuple([(length - 1) // 2 for length in shape[:-2]])
        return fnp.zeros(shape, dtype).at[centre].set(matrix)


def delta_orthogonal(
    scale: float = 1.0, column_axis: int = -1, dtype: Any = np.float32
) -> Initializer:
    """Make an initialiser of convolutions that are orthogonal matrices at the window's centre.

    Parameters
    ----------
    scale : float
        A factor.
    column_axis : int
        As for `orthogonal`.
    dtype : dtype
        Where none is given in the call.

    Returns
    -------
    Initializer

    Examples
    --------
    >>> from fungrad import nn, random
    >>> w = nn.initializers.delta_orthogonal()(random.key(0), (3, 2, 4))
    >>> np.any(w, axis=(1, 2))
    Array([False,  True, False], dtype=bool)
    """
    return _DeltaOrthogonal(scale, column_axis, dtype)


__all__ = [
    "Initializer",
    "constant",
    "delta_orthogonal",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "kaiming_normal",
    "kaiming_uniform",
    "lecun_normal",
    "lecun_uniform",
    "normal",
    "ones",
    "orthogonal",
    "truncated_normal",
    "uniform",
    "variance_scaling",
    "xavier_normal",
    "xavier_uniform",
    "zeros",
]
