"""Statistics: moments, weighted averages, covariances."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from fungrad.array import wrap
from fungrad.errors import ShapeError
from fungrad.numpy import reductions
from fungrad.numpy.common import axis_index, axis_tuple, is_traced, lift
from fungrad.numpy.reductions import accumulate_in, fill, given
from fungrad.numpy.untraced import call_numpy
from fungrad.rules import reductions as rules
from fungrad.trace import peek


def ptp(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Return the range of the elements along the axes: the largest less the smallest.

    Parameters
    ----------
    a : array_like
        The elements.
    axis : int or tuple of int, optional
        The axes to reduce; all of them when left out.
    keepdims : bool
        Whether the reduced axes remain, with length one.

    Returns
    -------
    Array
        The ranges.

    Examples
    --------
    >>> fnp.ptp([1.0, 5.0, 3.0])
    Array(4., dtype=float64)
    """
    a = lift(a, "ptp")
    largest = reductions.max(a, axis, keepdims=keepdims)
    return largest - reductions.min(a, axis, keepdims=keepdims)


def mean(
    a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, where: Any = True
) -> Any:
    """Return the mean of the elements along the axes.

    Parameters
    ----------
    a : array_like
        The elements; the mean of integers is float64.
    axis : int or tuple of int, optional
        The axes to average over; all of them when left out.
    dtype : dtype, optional
        The dtype to compute in.
    keepdims : bool
        Whether the averaged axes remain, with length one.
    where : array_like of bool
        Which elements to include.

    Returns
    -------
    Array
        The means; NaN, with NumPy's warning, where there is no element.

    Examples
    --------
    >>> fnp.mean([[1.0, 2.0], [3.0, 4.0]], axis=1)
    Array([1.5, 3.5], dtype=float64)
    """
    a = lift(a, "mean")
    if dtype is None and where is True:
        return rules.Mean.apply(a, axis=axis_tuple(axis, a.ndim), keepdims=keepdims)
    options = {"axis": axis, "dtype": dtype, "keepdims": keepdims}
    if not is_traced(a, where) and where is not True:
        return call_numpy(np.mean, a, where=where, **options)
    if where is not True:
        count = _count(a, where, axis, keepdims)
        z = reductions.sum(fill(a, where, 0), **options)
        return z / count.astype(z.dtype)
    a, dtype = accumulate_in(a, dtype)
    return rules.Mean.apply(a, axis=axis_tuple(axis, a.ndim), keepdims=keepdims, dtype=dtype)


def var(
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
    """Return the variance of the elements along the axes.

    Parameters
    ----------
    a : array_like
        The elements.
    axis : int or tuple of int, optional
        The axes to reduce; all of them when left out.
    dtype : dtype, optional
        The dtype to compute in.
    ddof : float
        The sum of squares is divided by the number of elements less `ddof`.
    keepdims : bool
        Whether the reduced axes remain, with length one.
    where : array_like of bool
        Which elements to include.
    mean : array_like, optional
        The mean, its axes kept, where it is known; differentiated as an argument of its own.
    correction : float, optional
        The array API's name of `ddof`.

    Returns
    -------
    Array
        The variances; real, also of complex elements.

    Raises
    ------
    ValueError
        If both `ddof` and `correction` are given.

    Examples
    --------
    >>> fnp.var([1.0, 2.0, 3.0, 4.0])
    Array(1.25, dtype=float64)
    >>> fnp.var([1.0, 2.0, 3.0], ddof=1)
    Array(1., dtype=float64)
    """
    ddof = degrees(ddof, correction)
    a = lift(a, "var")
    if where is True and mean is None:
        a, dtype = accumulate_in(a, dtype)
        axes = axis_tuple(axis, a.ndim)
        return rules.Var.apply(a, axis=axes, keepdims=keepdims, ddof=ddof, dtype=dtype)
    options = {"axis": axis, "dtype": dtype, "keepdims": keepdims}
    if not is_traced(a, where, mean):
        return call_numpy(np.var, a, ddof=ddof, where=where, **options, **given(mean=mean))
    return _variance(a, ddof, where, mean, options)


def std(
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
    """Return the standard deviation of the elements along the axes.

    Where all elements are equal the gradient is zero.

    Parameters
    ----------
    a : array_like
        The elements.
    axis, dtype, ddof, keepdims, where, mean, correction
        See `var`.

    Returns
    -------
    Array
        The standard deviations.

    Raises
    ------
    ValueError
        If both `ddof` and `correction` are given.

    Examples
    --------
    >>> fnp.std([1.0, 3.0])
    Array(1., dtype=float64)
    """
    ddof = degrees(ddof, correction)
    a = lift(a, "std")
    if where is True and mean is None:
        a, dtype = accumulate_in(a, dtype)
        axes = axis_tuple(axis, a.ndim)
        return rules.Std.apply(a, axis=axes, keepdims=keepdims, ddof=ddof, dtype=dtype)
    options = {"axis": axis, "dtype": dtype, "keepdims": keepdims}
    if not is_traced(a, where, mean):
        return call_numpy(np.std, a, ddof=ddof, where=where, **options, **given(mean=mean))
    return root(_variance(a, ddof, where, mean, options))


def _variance(a: Any, ddof: float, where: Any, centre: Any, options: dict[str, Any]) -> Any:
    axis, dtype, keepdims = options["axis"], options["dtype"], options["keepdims"]
    if centre is None:
        centre = mean(a, axis, dtype, keepdims=True, where=where)
    deviation = fill(a - centre, where, 0)
    squares = (deviation * np.conj(deviation)).real
    z = reductions.sum(squares, axis, dtype, keepdims=keepdims)
    return z / np.maximum(_count(a, where, axis, keepdims) - ddof, 0).astype(z.dtype)


def root(x: Any) -> Any:
    """Return the square root of a variance; its derivative where that is zero is zero."""
    positive = x > 0
    return np.where(positive, np.sqrt(np.where(positive, x, 1)), x)


def _count(a: Any, where: Any, axis: Any, keepdims: bool) -> Any:
    """Return the number of elements that are included."""
    axes = axis_tuple(axis, a.ndim)
    if where is True:
        return np.intp(rules.count_along(a.shape, axes))
    mask = np.broadcast_to(lift(where, "where"), a.shape)
    return rules.CountNonzero.apply(mask, axis=axes, keepdims=keepdims)


def degrees(ddof: float, correction: float | None) -> float:
    if correction is None:
        return ddof
    if ddof != 0:
        raise ValueError("ddof and correction are two names of one number; give one of them")
    return correction


def average(
    a: Any,
    axis: Any = None,
    weights: Any = None,
    returned: bool = False,
    *,
    keepdims: bool = False,
) -> Any:
    """Return the weighted average of the elements along the axes.

    Parameters
    ----------
    a : array_like
        The elements.
    axis : int or tuple of int, optional
        The axes to average over; all of them when left out.
    weights : array_like, optional
        Of the shape of `a`, or of the axes alone; all equal when left out.
    returned : bool
        Whether to return the sums of the weights too.
    keepdims : bool
        Whether the averaged axes remain, with length one.

    Returns
    -------
    Array, or a pair of them
        The averages, and with `returned` the sums of the weights.

    Raises
    ------
    ZeroDivisionError
        If weights sum to zero.
    ShapeError
        If the weights have another shape than the elements or the axes.

    Examples
    --------
    >>> fnp.average([1.0, 2.0, 4.0], weights=[1.0, 1.0, 2.0])
    Array(2.75, dtype=float64)
    """
    a = lift(a, "average")
    axes = axis_tuple(axis, a.ndim)
    if weights is None:
        z = mean(a, axis, keepdims=keepdims)
        count = np.float64(rules.count_along(a.shape, axes)).astype(z.dtype)
        return (z, np.broadcast_to(wrap(count), z.shape)) if returned else z
    weights = lift(weights, "average")
    order = axes if axis is None else tuple([axis_index(i, a.ndim) for i in np.atleast_1d(axis)])
    weights = _align_weights(weights, a, order, axis is None)
    dtype = np.result_type(a.dtype, weights.dtype, *([] if a.dtype.kind in "fc" else [float]))
    scale = reductions.sum(weights, axis, dtype, keepdims=keepdims)
    if not np.all(peek(scale)):
        raise ZeroDivisionError("the weights sum to zero: they cannot be normalised")
    z = reductions.sum(a.astype(dtype) * weights.astype(dtype), axis, keepdims=keepdims) / scale
    return (z, np.broadcast_to(scale, z.shape)) if returned else z


def _align_weights(weights: Any, a: Any, order: tuple[int, ...], whole: bool) -> Any:
    """Give weights of some axes, in their order, the axes of the elements."""
    if weights.shape == a.shape:
        return weights
    if whole or weights.shape != tuple([a.shape[axis] for axis in order]):
        raise ShapeError(
            "average", (a, weights), "weights have the shape of the elements, or of the axes"
        )
    weights = np.transpose(weights, sorted(range(len(order)), key=order.__getitem__))
    return np.reshape(weights, [n if i in order else 1 for i, n in enumerate(a.shape)])


def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    """Return the matrix of covariances.

    Parameters
    ----------
    m : array_like
        A variable in each row, an observation in each column.
    y : array_like, optional
        More variables.
    rowvar : bool
        False if the variables are the columns.
    bias : bool
        Whether to divide by the number of observations, not by one less.
    ddof : int, optional
        What is taken from the number of observations; overrides `bias`.
    fweights : array_like of int, optional
        How many times each observation counts.
    aweights : array_like, optional
        The weight of each observation.
    dtype : dtype, optional
        The dtype of the result; at least float64 when left out.

    Returns
    -------
    Array
        A square matrix, or a number if there is one variable.

    Examples
    --------
    >>> fnp.cov([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]])
    Array([[ 1., -1.],
           [-1.,  1.]], dtype=float64)
    """
    m = lift(m, "cov")
    y = None if y is None else lift(y, "cov")
    fweights = None if fweights is None else lift(fweights, "cov")
    aweights = None if aweights is None else lift(aweights, "cov")
    if not is_traced(m, y, fweights, aweights):
        return call_numpy(np.cov, m, y, rowvar, bias, ddof, fweights, aweights, dtype=dtype)
    if dtype is None:
        dtype = np.result_type(m.dtype, np.float64, *([] if y is None else [y.dtype]))
    x = _observations(m, rowvar or m.ndim == 1, dtype)
    if y is not None:
        x = np.concatenate([x, _observations(y, rowvar or y.ndim == 1 or len(y) == 1, dtype)])
    if ddof is None:
        ddof = 0 if bias else 1
    if fweights is None and aweights is None:
        weights, centre = None, mean(x, axis=1)
        freedom: Any = x.shape[1] - ddof
    else:
        weights = 1 if fweights is None else fweights.astype(float)
        weights = weights if aweights is None else weights * aweights
        centre, scales = average(x, axis=1, weights=weights, returned=True)
        scale = scales[0]
        shrunk = 1 if aweights is None else reductions.sum(weights * aweights) / scale
        freedom = scale - ddof * shrunk
    if np.any(peek(freedom) <= 0):
        warnings.warn("Degrees of freedom <= 0 for slice", RuntimeWarning, stacklevel=2)
        freedom = 0.0 * freedom
    x = x - centre[:, None]
    weighted = x if weights is None else x * weights
    return np.squeeze(np.matmul(x, np.conj(weighted).T) * np.true_divide(1, freedom))


def _observations(m: Any, rowvar: bool, dtype: Any) -> Any:
    """Return variables as the rows of a matrix."""
    if m.ndim > 2:
        raise ShapeError("cov", (m,), "variables are the rows of a matrix, or one vector")
    m = np.atleast_2d(m).astype(dtype)
    return m if rowvar else m.T


def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    """Return the matrix of correlation coefficients.

    Parameters
    ----------
    x : array_like
        A variable in each row, an observation in each column.
    y : array_like, optional
        More variables.
    rowvar : bool
        False if the variables are the columns.
    dtype : dtype, optional
        The dtype of the result; at least float64 when left out.

    Returns
    -------
    Array
        A square matrix of numbers between -1 and 1; NaN where a variable is constant.

    Examples
    --------
    >>> fnp.corrcoef([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]])
    Array([[ 1., -1.],
           [-1.,  1.]], dtype=float64)
    """
    x = lift(x, "corrcoef")
    y = None if y is None else lift(y, "corrcoef")
    if not is_traced(x, y):
        return call_numpy(np.corrcoef, x, y, rowvar, dtype=dtype)
    c = cov(x, y, rowvar, dtype=dtype)
    if not c.ndim:
        return c / c
    deviation = np.sqrt(np.diag(c).real)
    z = c / deviation[:, None] / deviation[None, :]
    if z.dtype.kind == "c":
        return np.clip(z.real, -1, 1) + 1j * np.clip(z.imag, -1, 1)
    return np.clip(z, -1, 1)


__all__ = ["average", "corrcoef", "cov", "mean", "ptp", "std", "var"]
