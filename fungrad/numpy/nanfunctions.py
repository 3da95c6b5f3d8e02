"""Reductions that leave NaNs out.

The elements that are NaN get the gradient zero.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from fungrad.numpy import cumulative, reductions, sorting
from fungrad.numpy.common import is_traced, lift
from fungrad.numpy.reductions import fill, given
from fungrad.numpy.statistics import degrees, root
from fungrad.numpy.untraced import call_numpy
from fungrad.trace import peek


def nansum(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    *,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Return the sum of the elements that are not NaN.

    Parameters
    ----------
    a : array_like
        The elements.
    axis, dtype, keepdims, initial, where
        See `sum`.

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.nansum([1.0, np.nan, 3.0])
    Array(4., dtype=float64)
    """
    options = {"axis": axis, "dtype": dtype, "keepdims": keepdims}
    return _filled(np.nansum, reductions.sum, 0, a, initial, where, options)


def nanprod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    *,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Return the product of the elements that are not NaN.

    Parameters
    ----------
    a : array_like
        The elements.
    axis, dtype, keepdims, initial, where
        See `prod`.

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.nanprod([2.0, np.nan, 3.0])
    Array(6., dtype=float64)
    """
    options = {"axis": axis, "dtype": dtype, "keepdims": keepdims}
    return _filled(np.nanprod, reductions.prod, 1, a, initial, where, options)


def nancumsum(a: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Return the cumulative sum in which NaNs count as zero.

    Parameters
    ----------
    a : array_like
        The elements.
    axis, dtype
        See `cumsum`.

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.nancumsum([1.0, np.nan, 3.0])
    Array([1., 1., 4.], dtype=float64)
    """
    return _filled(
        np.nancumsum, cumulative.cumsum, 0, a, None, True, {"axis": axis, "dtype": dtype}
    )


def nancumprod(a: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Return the cumulative product in which NaNs count as one.

    Parameters
    ----------
    a : array_like
        The elements.
    axis, dtype
        See `cumprod`.

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.nancumprod([2.0, np.nan, 3.0])
    Array([2., 2., 6.], dtype=float64)
    """
    return _filled(
        np.nancumprod, cumulative.cumprod, 1, a, None, True, {"axis": axis, "dtype": dtype}
    )


def _filled(
    untraced: Any,
    traced: Any,
    neutral: int,
    a: Any,
    initial: Any,
    where: Any,
    options: dict[str, Any],
) -> Any:
    """Put a neutral number in the place of NaNs."""
    a = lift(a, untraced.__name__)
    extra = given(initial=initial, where=where)
    if not is_traced(a, initial, where):
        return call_numpy(untraced, a, **options, **extra)
    return traced(np.where(np.isnan(a), neutral, a), **options, **extra)


def nanmax(
    a: Any, axis: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Any:
    """Return the largest of the elements that are not NaN.

    Parameters
    ----------
    a : array_like
        The elements.
    axis, keepdims, initial, where
        See `max`.

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.nanmax([1.0, np.nan, 3.0])
    Array(3., dtype=float64)
    """
    return _extreme(np.nanmax, reductions.max, -np.inf, a, axis, keepdims, initial, where)


def nanmin(
    a: Any, axis: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Any:
    """Return the smallest of the elements that are not NaN.

    Parameters
    ----------
    a : array_like
        The elements.
    axis, keepdims, initial, where
        See `min`.

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.nanmin([1.0, np.nan, 3.0])
    Array(1., dtype=float64)
    """
    return _extreme(np.nanmin, reductions.min, np.inf, a, axis, keepdims, initial, where)


def _extreme(
    untraced: Any,
    traced: Any,
    neutral: float,
    a: Any,
    axis: Any,
    keepdims: bool,
    initial: Any,
    where: Any,
) -> Any:
    a = lift(a, untraced.__name__)
    extra = given(initial=initial, where=where)
    if not is_traced(a, initial, where):
        return call_numpy(untraced, a, axis=axis, keepdims=keepdims, **extra)
    if a.dtype.kind not in "fc":
        return traced(a, axis=axis, keepdims=keepdims, **extra)
    missing = np.isnan(a)
    z = traced(np.where(missing, neutral, a), axis=axis, keepdims=keepdims, **extra)
    if initial is not None:
        return z
    nothing = reductions.all(missing, axis=axis, keepdims=keepdims)
    return _without(z, nothing, "All-NaN slice encountered")


def nanmean(
    a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, where: Any = True
) -> Any:
    """Return the mean of the elements that are not NaN.

    Parameters
    ----------
    a : array_like
        The elements.
    axis, dtype, keepdims, where
        See `mean`.

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.nanmean([1.0, np.nan, 3.0])
    Array(2., dtype=float64)
    """
    a = lift(a, "nanmean")
    if not is_traced(a, where):
        options = {"axis": axis, "dtype": dtype, "keepdims": keepdims}
        return call_numpy(np.nanmean, a, **options, **given(where=where))
    missing = np.isnan(a)
    total = reductions.sum(fill(np.where(missing, 0, a), where, 0), axis, dtype, keepdims=keepdims)
    count = sorting.count_nonzero(fill(~missing, where, False), axis, keepdims=keepdims)
    z = total / np.maximum(count, 1).astype(total.dtype)
    return _without(z, count == 0, "Mean of empty slice")


def nanvar(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    *,
    ddof: float = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Any = None,
    correction: float | None = None,
) -> Any:
    """Return the variance of the elements that are not NaN.

    Parameters
    ----------
    a : array_like
        The elements.
    axis, dtype, ddof, keepdims, where, mean, correction
        See `var`.

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.nanvar([1.0, np.nan, 3.0])
    Array(1., dtype=float64)
    """
    ddof = degrees(ddof, correction)
    a = lift(a, "nanvar")
    if not is_traced(a, where, mean):
        options = {"axis": axis, "dtype": dtype, "ddof": ddof, "keepdims": keepdims}
        return call_numpy(np.nanvar, a, **options, **given(mean=mean, where=where))
    included = fill(~np.isnan(a), where, False)
    a = np.where(included, a, 0)
    if mean is None:
        count = sorting.count_nonzero(included, axis, keepdims=True)
        total = reductions.sum(a, axis, dtype, keepdims=True)
        mean = total / np.maximum(count, 1).astype(total.dtype)
    deviation = np.where(included, (a - mean).astype(a.dtype), 0)
    total = reductions.sum((deviation * np.conj(deviation)).real, axis, dtype, keepdims=keepdims)
    freedom = sorting.count_nonzero(included, axis, keepdims=keepdims) - ddof
    z = total / np.where(freedom > 0, freedom, 1).astype(total.dtype)
    return _without(z, freedom <= 0, "Degrees of freedom <= 0 for slice.")


def nanstd(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    *,
    ddof: float = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Any = None,
    correction: float | None = None,
) -> Any:
    """Return the standard deviation of the elements that are not NaN.

    Parameters
    ----------
    a : array_like
        The elements.
    axis, dtype, ddof, keepdims, where, mean, correction
        See `var`.

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.nanstd([1.0, np.nan, 3.0])
    Array(1., dtype=float64)
    """
    options: dict[str, Any] = {
        "axis": axis,
        "dtype": dtype,
        "ddof": degrees(ddof, correction),
        "keepdims": keepdims,
    }
    a = lift(a, "nanstd")
    if not is_traced(a, where, mean):
        return call_numpy(np.nanstd, a, **options, **given(mean=mean, where=where))
    return root(nanvar(a, **options, mean=mean, where=where))


def nanargmax(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Return the position of the largest element that is not NaN.

    Parameters
    ----------
    a : array_like
        The elements.
    axis, keepdims
        See `argmax`.

    Returns
    -------
    Array

    Raises
    ------
    ValueError
        If all elements along the axis are NaN.

    Examples
    --------
    >>> fnp.nanargmax([1.0, np.nan, 3.0])
    Array(2, dtype=int64)
    """
    return _position(sorting.argmax, -np.inf, lift(a, "nanargmax"), axis, keepdims)


def nanargmin(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Return the position of the smallest element that is not NaN.

    Parameters
    ----------
    a : array_like
        The elements.
    axis, keepdims
        See `argmin`.

    Returns
    -------
    Array

    Raises
    ------
    ValueError
        If all elements along the axis are NaN.

    Examples
    --------
    >>> fnp.nanargmin([1.0, np.nan, 3.0])
    Array(0, dtype=int64)
    """
    return _position(sorting.argmin, np.inf, lift(a, "nanargmin"), axis, keepdims)


def _position(function: Any, neutral: float, a: Any, axis: Any, keepdims: bool) -> Any:
    if a.dtype.kind in "fc":
        missing = np.isnan(a)
        if a.size and np.any(peek(reductions.all(missing, axis=axis))):
            raise ValueError("all elements are NaN: none of them is the largest or smallest")
        a = np.where(missing, neutral, a)
    return function(a, axis=axis, keepdims=keepdims)


def _without(z: Any, nothing: Any, warning: str) -> Any:
    """Return z, NaN where there was nothing to reduce, with NumPy's warning."""
    if not np.any(peek(nothing)):
        return z
    warnings.warn(warning, RuntimeWarning, stacklevel=4)
    return np.where(nothing, np.nan, z)


__all__ = [
    "nanargmax",
    "nanargmin",
    "nancumprod",
    "nancumsum",
    "nanmax",
    "nanmean",
    "nanmin",
    "nanprod",
    "nanstd",
    "nansum",
    "nanvar",
]
