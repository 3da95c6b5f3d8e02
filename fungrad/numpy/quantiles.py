"""Quantiles: medians, percentiles, with and without NaNs."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from fungrad.errors import ShapeError, UnsupportedFunctionError
from fungrad.numpy import reductions
from fungrad.numpy.common import axis_tuple, is_traced, lift
from fungrad.numpy.sorting import argpartition, argsort, count_nonzero
from fungrad.numpy.statistics import mean
from fungrad.numpy.untraced import call_numpy
from fungrad.trace import peek

# --- methods -------------------------------------------------------------------------------------


def _continuous(alpha: float, beta: float) -> Callable[[Any, Any], Any]:
    """Return the place of the quantile q among n sorted elements, by two constants."""
    return lambda n, q: n * q + (alpha + q * (1 - alpha - beta)) - 1


def _inverted_cdf(place: Any, odd: bool = False) -> Any:
    """Return the element at or after a place; at a tie only if that is even, with `odd`."""
    floor = np.floor(place)
    stay = (place == floor) & (floor % 2 == 1) if odd else place == floor
    return np.where(stay, floor, floor + 1)


PLACES: dict[str, Callable[[Any, Any], Any]] = {
    "inverted_cdf": lambda n, q: _inverted_cdf(n * q - 1),
    "averaged_inverted_cdf": lambda n, q: n * q - 1,
    "closest_observation": lambda n, q: _inverted_cdf(n * q - 1 - 0.5, odd=True),
    "interpolated_inverted_cdf": _continuous(0, 1),
    "hazen": _continuous(0.5, 0.5),
    "weibull": _continuous(0, 0),
    "linear": lambda n, q: (n - 1) * q,
    "median_unbiased": _continuous(1 / 3, 1 / 3),
    "normal_unbiased": _continuous(3 / 8, 3 / 8),
    "lower": lambda n, q: np.floor((n - 1) * q),
    "higher": lambda n, q: np.ceil((n - 1) * q),
    "midpoint": lambda n, q: 0.5 * (np.floor((n - 1) * q) + np.ceil((n - 1) * q)),
    "nearest": lambda n, q: np.round((n - 1) * q),
}
"""The place of the quantile q among n sorted elements, for each of NumPy's methods."""

DISCRETE = {"inverted_cdf", "closest_observation", "lower", "higher", "nearest"}
"""The methods that take an element as it is."""


def _fraction(method: str, place: Any, below: Any) -> Any:
    """Return how far between two elements the quantile lies."""
    if method == "averaged_inverted_cdf":
        return np.where(place == below, 0.5, 1.0)
    return place - below


# --- quantiles -----------------------------------------------------------------------------------


def quantile(
    a: Any,
    q: Any,
    axis: Any = None,
    *,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    weights: Any = None,
) -> Any:
    """Return quantiles of the elements along the axes.

    Parameters
    ----------
    a : array_like
        The elements, real.
    q : array_like
        The probabilities, between 0 and 1; differentiable with the interpolating methods.
    axis : int or tuple of int, optional
        The axes to reduce; all of them when left out.
    overwrite_input : bool
        Without effect: arrays do not change.
    method : str
        How to take what lies between two elements, one of NumPy's names: "linear", "lower",
        "higher", "midpoint", "nearest", "hazen", "weibull", "median_unbiased", ...
    keepdims : bool
        Whether the reduced axes remain, with length one.
    weights : array_like, optional
        The weights of the elements, with the method "inverted_cdf"; not under a transform.

    Returns
    -------
    Array
        The axes of `q` come first.

    Raises
    ------
    ValueError
        If a probability is not between 0 and 1, or there is no such method.

    Examples
    --------
    >>> fnp.quantile([1.0, 2.0, 3.0, 4.0], 0.5)
    Array(2.5, dtype=float64)
    >>> fg.grad(fnp.quantile)(fnp.array([1.0, 2.0, 4.0]), 0.25)
    Array([0.5, 0.5, 0. ], dtype=float64)
    """
    return _quantiles(np.quantile, a, q, 1, axis, method, keepdims, weights)


def percentile(
    a: Any,
    q: Any,
    axis: Any = None,
    *,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    weights: Any = None,
) -> Any:
    """Return percentiles of the elements along the axes.

    Parameters
    ----------
    a : array_like
        The elements, real.
    q : array_like
        The percentages, between 0 and 100.
    axis, overwrite_input, method, keepdims, weights
        See `quantile`.

    Returns
    -------
    Array
        The axes of `q` come first.

    Examples
    --------
    >>> fnp.percentile([1.0, 2.0, 3.0, 4.0], [0, 50])
    Array([1. , 2.5], dtype=float64)
    """
    return _quantiles(np.percentile, a, q, 100, axis, method, keepdims, weights)


def nanquantile(
    a: Any,
    q: Any,
    axis: Any = None,
    *,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    weights: Any = None,
) -> Any:
    """Return quantiles of the elements that are not NaN.

    Parameters
    ----------
    a : array_like
        The elements.
    q, axis, overwrite_input, method, keepdims, weights
        See `quantile`.

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.nanquantile([1.0, np.nan, 3.0], 0.5)
    Array(2., dtype=float64)
    """
    return _quantiles(np.nanquantile, a, q, 1, axis, method, keepdims, weights)


def nanpercentile(
    a: Any,
    q: Any,
    axis: Any = None,
    *,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    weights: Any = None,
) -> Any:
    """Return percentiles of the elements that are not NaN.

    Parameters
    ----------
    a : array_like
        The elements.
    q, axis, overwrite_input, method, keepdims, weights
        See `percentile`.

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.nanpercentile([1.0, np.nan, 3.0], 50)
    Array(2., dtype=float64)
    """
    return _quantiles(np.nanpercentile, a, q, 100, axis, method, keepdims, weights)


def _quantiles(
    function: Any,
    a: Any,
    q: Any,
    whole: int,
    axis: Any,
    method: str,
    keepdims: bool,
    weights: Any,
) -> Any:
    name = function.__name__
    a = lift(a, name)
    weak = type(q) in (int, float)
    if not is_traced(a, lift(q, name), weights):
        options = {"axis": axis, "method": method, "keepdims": keepdims, "weights": weights}
        return call_numpy(function, a, q, **options)
    if weights is not None:
        raise UnsupportedFunctionError(
            f"{name}(..., weights=...)", "cannot be traced; repeat the elements, or sort them"
        )
    if method not in PLACES:
        raise ValueError(f"{method!r} is no method of {name}; take one of {', '.join(PLACES)}")
    if a.dtype.kind == "c":
        raise TypeError(f"{name} needs real numbers, which have an order, not {a.dtype}")
    q = lift(q, name) / whole
    if not np.all((peek(q) >= 0) & (peek(q) <= 1)):
        raise ValueError(f"{name} needs q between 0 and {whole}")
    axes = axis_tuple(axis, a.ndim)
    elements = _in_front(a, axes)
    if not len(elements):
        raise ShapeError(name, (a,), "there is no element to take")
    dtype = a.dtype if weak and a.dtype.kind == "f" else np.result_type(a.dtype, q.dtype)
    z = _select(elements, q, method, name.startswith("nan"), dtype)
    if not keepdims:
        return z
    kept = [1 if i in axes else n for i, n in enumerate(a.shape)]
    return np.reshape(z, (*q.shape, *kept))


def _in_front(a: Any, axes: tuple[int, ...]) -> Any:
    """Make the axes one, the first one."""
    rest = [axis for axis in range(a.ndim) if axis not in axes]
    moved = np.transpose(a, (*axes, *rest))
    return np.reshape(moved, (math.prod(moved.shape[: len(axes)]), *moved.shape[len(axes) :]))


def _select(x: Any, q: Any, method: str, skip: bool, dtype: Any) -> Any:
    """Return the quantiles along the first axis; NaNs make them NaN unless skipped."""
    missing = np.isnan(x)
    rank = x.ndim - 1
    q = np.reshape(q, (*q.shape, *(1,) * rank))
    if skip:
        counts = count_nonzero(~missing, axis=0)
        last = np.maximum(counts, 1) - 1
        nothing = counts == 0
    else:
        last = np.intp(len(x) - 1)
        nothing = reductions.any(missing, axis=0)
    place = PLACES[method](last + 1, q)
    below = np.floor(place)
    low = np.clip(below, 0, last).astype(int)
    shape = (*q.shape[: q.ndim - rank], *x.shape[1:])
    order = argsort(x, axis=0)  # the NaNs stand at the end
    z = _take(x, order, low, shape)
    if method not in DISCRETE:
        start, end = z, _take(x, order, np.clip(below + 1, 0, last).astype(int), shape)
        fraction = _fraction(method, place, below).astype(dtype)
        step = end - start
        # NumPy's two forms: exact at both ends, and monotonic.
        z = np.where(fraction >= 0.5, end - step * (1 - fraction), start + step * fraction)
    if np.any(peek(nothing)):
        if skip:
            warnings.warn("All-NaN slice encountered", RuntimeWarning, stacklevel=4)
        z = np.where(nothing, np.nan, z)
    return z


def _take(x: Any, order: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Return the elements at places in the order, the index being broadcast to `shape`."""
    count = math.prod(shape[: len(shape) - x.ndim + 1])
    flat = np.reshape(np.broadcast_to(index, shape), (count, *x.shape[1:]))
    found = np.take_along_axis(x, np.take_along_axis(order, flat, 0), 0)
    return np.reshape(found, shape)


# --- medians -------------------------------------------------------------------------------------


def median(
    a: Any, axis: Any = None, *, overwrite_input: bool = False, keepdims: bool = False
) -> Any:
    """Return the median of the elements along the axes.

    Parameters
    ----------
    a : array_like
        The elements.
    axis : int or tuple of int, optional
        The axes to reduce; all of them when left out.
    overwrite_input : bool
        Without effect: arrays do not change.
    keepdims : bool
        Whether the reduced axes remain, with length one.

    Returns
    -------
    Array
        The medians; the mean of the two in the middle where the number of elements is even.

    Examples
    --------
    >>> fnp.median([3.0, 1.0, 2.0])
    Array(2., dtype=float64)
    >>> fg.grad(fnp.median)(fnp.array([3.0, 1.0, 2.0, 4.0]))
    Array([0.5, 0. , 0.5, 0. ], dtype=float64)
    """
    return _median(np.median, lift(a, "median"), axis, keepdims)


def nanmedian(
    a: Any, axis: Any = None, *, overwrite_input: bool = False, keepdims: bool = False
) -> Any:
    """Return the median of the elements that are not NaN.

    Parameters
    ----------
    a : array_like
        The elements.
    axis, overwrite_input, keepdims
        See `median`.

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.nanmedian([3.0, np.nan, 2.0])
    Array(2.5, dtype=float64)
    """
    return _median(np.nanmedian, lift(a, "nanmedian"), axis, keepdims)


def _median(function: Any, a: Any, axis: Any, keepdims: bool) -> Any:
    if not is_traced(a):
        return call_numpy(function, a, axis=axis, keepdims=keepdims)
    axes = axis_tuple(axis, a.ndim)
    x = _in_front(reductions.as_inexact(a), axes)
    if function is np.nanmedian:
        z = _select(x, np.float64(0.5), "linear", skip=True, dtype=x.dtype)
    elif not len(x):
        z = mean(x, axis=0)
    else:
        middle = len(x) // 2
        first = middle if len(x) % 2 else middle - 1
        order = argpartition(x, (first, middle), axis=0)
        z = mean(np.take_along_axis(x, order[first : middle + 1], 0), axis=0)
        missing = np.isnan(x)
        if np.any(peek(missing)):
            z = np.where(reductions.any(missing, axis=0), np.nan, z)
    return np.reshape(z, [1 if i in axes else n for i, n in enumerate(a.shape)]) if keepdims else z


__all__ = ["median", "nanmedian", "nanpercentile", "nanquantile", "percentile", "quantile"]
