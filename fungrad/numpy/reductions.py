"""Reductions: sums, products, extremes, truth values, norms, normalised exponentials."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.numpy.common import axis_tuple, is_traced, lift
from fungrad.numpy.untraced import call_numpy
from fungrad.rules import reductions as rules
from fungrad.rules.constants import StopGradient


def sum(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    *,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Return the sum of the elements along the axes.

    Parameters
    ----------
    a : array_like
        The elements.
    axis : int or tuple of int, optional
        The axes to sum over; all of them when left out.
    dtype : dtype, optional
        The dtype to sum in.
    keepdims : bool
        Whether the summed axes remain, with length one.
    initial : scalar, optional
        What the sum starts with.
    where : array_like of bool
        Which elements to include.

    Returns
    -------
    Array
        The sums; 0 where there is no element.

    Examples
    --------
    >>> fnp.sum([[1.0, 2.0], [3.0, 4.0]], axis=0)
    Array([4., 6.], dtype=float64)
    """
    a = lift(a, "sum")
    if dtype is None and initial is None and where is True:
        return rules.Sum.apply(a, axis=axis_tuple(axis, a.ndim), keepdims=keepdims)
    return _accumulate(rules.Sum, np.sum, np.add, 0, a, axis, dtype, keepdims, initial, where)


def prod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    *,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Return the product of the elements along the axes.

    The gradient is exact where elements are zero.

    Parameters
    ----------
    a : array_like
        The elements.
    axis : int or tuple of int, optional
        The axes to multiply over; all of them when left out.
    dtype : dtype, optional
        The dtype to multiply in.
    keepdims : bool
        Whether the reduced axes remain, with length one.
    initial : scalar, optional
        What the product starts with.
    where : array_like of bool
        Which elements to include.

    Returns
    -------
    Array
        The products; 1 where there is no element.

    Examples
    --------
    >>> fnp.prod([2.0, 3.0, 4.0])
    Array(24., dtype=float64)
    >>> fg.grad(fnp.prod)(fnp.array([0.0, 3.0, 4.0]))
    Array([12.,  0.,  0.], dtype=float64)
    """
    a = lift(a, "prod")
    if dtype is None and initial is None and where is True:
        return rules.Prod.apply(a, axis=axis_tuple(axis, a.ndim), keepdims=keepdims)
    return _accumulate(
        rules.Prod, np.prod, np.multiply, 1, a, axis, dtype, keepdims, initial, where
    )


def _accumulate(
    rule: Any,
    function: Any,
    pairwise: Any,
    neutral: int,
    a: Any,
    axis: Any,
    dtype: Any,
    keepdims: bool,
    initial: Any,
    where: Any,
) -> Any:
    """Return a sum or a product with any of its options."""
    options = {"axis": axis, "dtype": dtype, "keepdims": keepdims}
    if not (initial is None and where is True) and not is_traced(a, initial, where):
        return call_numpy(function, a, **options, **given(initial=initial, where=where))
    a, dtype = accumulate_in(fill(a, where, neutral), dtype)
    z = rule.apply(a, axis=axis_tuple(axis, a.ndim), keepdims=keepdims, dtype=dtype)
    return z if initial is None else pairwise(z, initial).astype(z.dtype)


def max(
    a: Any, axis: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Any:
    """Return the largest element along the axes; a NaN counts as the largest.

    Elements that are equal to it share the gradient equally.

    Parameters
    ----------
    a : array_like
        The elements.
    axis : int or tuple of int, optional
        The axes to reduce; all of them when left out.
    keepdims : bool
        Whether the reduced axes remain, with length one.
    initial : scalar, optional
        A lower bound of the result; needed where there may be no element.
    where : array_like of bool
        Which elements to include.

    Returns
    -------
    Array
        The largest elements.

    Raises
    ------
    ShapeError
        If there is no element and no `initial`.

    Examples
    --------
    >>> fnp.max([[1.0, 5.0], [3.0, 4.0]], axis=1)
    Array([5., 4.], dtype=float64)
    """
    return _extreme(rules.Max, np.max, np.maximum, a, axis, keepdims, initial, where)


def min(
    a: Any, axis: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Any:
    """Return the smallest element along the axes; a NaN counts as the smallest.

    Elements that are equal to it share the gradient equally.

    Parameters
    ----------
    a : array_like
        The elements.
    axis : int or tuple of int, optional
        The axes to reduce; all of them when left out.
    keepdims : bool
        Whether the reduced axes remain, with length one.
    initial : scalar, optional
        An upper bound of the result; needed where there may be no element.
    where : array_like of bool
        Which elements to include.

    Returns
    -------
    Array
        The smallest elements.

    Raises
    ------
    ShapeError
        If there is no element and no `initial`.

    Examples
    --------
    >>> fnp.min([[1.0, 5.0], [3.0, 4.0]], axis=1)
    Array([1., 3.], dtype=float64)
    """
    return _extreme(rules.Min, np.min, np.minimum, a, axis, keepdims, initial, where)


def _extreme(
    rule: Any,
    function: Any,
    pairwise: Any,
    a: Any,
    axis: Any,
    keepdims: bool,
    initial: Any,
    where: Any,
) -> Any:
    a = lift(a, function.__name__)
    axes = axis_tuple(axis, a.ndim)
    if initial is None and where is True:
        return rule.apply(a, axis=axes, keepdims=keepdims)
    if initial is None:
        raise ValueError(f"{function.__name__} with where= needs initial=, for where it is empty")
    if not is_traced(a, initial, where):
        options = {"axis": axis, "keepdims": keepdims, "initial": initial}
        return call_numpy(function, a, **options, **given(where=where))
    if not rules.count_along(a.shape, axes):
        shape = [1 if i in axes else n for i, n in enumerate(a.shape) if keepdims or i not in axes]
        return np.broadcast_to(initial, shape).astype(a.dtype)
    return pairwise(rule.apply(fill(a, where, initial), axis=axes, keepdims=keepdims), initial)


amax = max
amin = min


def any(a: Any, axis: Any = None, *, keepdims: bool = False, where: Any = True) -> Any:
    """Return whether any element along the axes is true.

    Parameters
    ----------
    a : array_like
        The elements; numbers are true unless they are zero.
    axis : int or tuple of int, optional
        The axes to reduce; all of them when left out.
    keepdims : bool
        Whether the reduced axes remain, with length one.
    where : array_like of bool
        Which elements to include.

    Returns
    -------
    Array
        Booleans; False where there is no element.

    Examples
    --------
    >>> fnp.any([[True, False], [False, False]], axis=1)
    Array([ True, False], dtype=bool)
    """
    a = lift(a, "any")
    if where is not True:
        a = np.where(where, a.astype(bool), False)
    return rules.AnyTrue.apply(a, axis=axis_tuple(axis, a.ndim), keepdims=keepdims)


def all(a: Any, axis: Any = None, *, keepdims: bool = False, where: Any = True) -> Any:
    """Return whether all elements along the axes are true.

    Parameters
    ----------
    a : array_like
        The elements; numbers are true unless they are zero.
    axis : int or tuple of int, optional
        The axes to reduce; all of them when left out.
    keepdims : bool
        Whether the reduced axes remain, with length one.
    where : array_like of bool
        Which elements to include.

    Returns
    -------
    Array
        Booleans; True where there is no element.

    Examples
    --------
    >>> fnp.all([[True, False], [True, True]], axis=1)
    Array([False,  True], dtype=bool)
    """
    a = lift(a, "all")
    if where is not True:
        a = np.where(where, a.astype(bool), True)
    return rules.AllTrue.apply(a, axis=axis_tuple(axis, a.ndim), keepdims=keepdims)


def vector_norm(x: Any, axis: Any = None, ord: float = 2, keepdims: bool = False) -> Any:
    """Return the norm of the elements along the axes, taken as one vector.

    At zero the gradient is zero. Without `axis` the Euclidean norm is computed in the way of
    ``np.linalg.norm(x)``, with `axis` in that of ``np.linalg.norm(x, axis=axis)``; the two may
    differ in the last bit.

    Parameters
    ----------
    x : array_like
        The elements.
    axis : int or tuple of int, optional
        The axes of the vectors; all of them when left out.
    ord : float
        The order: 2 Euclidean, 1 the sum and inf the largest of the absolute values, -inf the
        smallest, 0 the number of elements that are not zero, any other p the p-th root of the sum
        of p-th powers.
    keepdims : bool
        Whether the reduced axes remain, with length one.

    Returns
    -------
    Array
        The norms; real, also of complex vectors.

    Examples
    --------
    >>> from fungrad.numpy.reductions import vector_norm
    >>> vector_norm([3.0, 4.0])
    Array(5., dtype=float64)
    >>> fg.grad(vector_norm)(fnp.zeros(2))
    Array([0., 0.], dtype=float64)
    """
    x = as_inexact(lift(x, "vector_norm"))
    axes = axis_tuple(axis, x.ndim)
    if ord == 2:
        return rules.EuclideanNorm.apply(x, axis=axes, keepdims=keepdims, whole=axis is None)
    if ord == np.inf:
        return max(np.abs(x), axes, keepdims=keepdims)
    if ord == -np.inf:
        return min(np.abs(x), axes, keepdims=keepdims)
    if ord == 1:
        return sum(np.abs(x), axes, keepdims=keepdims)
    if ord == 0:
        return sum((x != 0).astype(x.real.dtype), axes, keepdims=keepdims)
    return rules.PNorm.apply(x, axis=axes, keepdims=keepdims, order=ord)


def logsumexp(
    a: Any,
    axis: Any = None,
    b: Any = None,
    keepdims: bool = False,
    return_sign: bool = False,
    *,
    where: Any = True,
) -> Any:
    """Return ``log(sum(b * exp(a)))``, without overflow and without loss.

    Parameters
    ----------
    a : array_like
        The exponents; -inf stands for a term that is zero.
    axis : int or tuple of int, optional
        The axes to sum over; all of them when left out.
    b : array_like, optional
        Factors of the terms, of either sign.
    keepdims : bool
        Whether the summed axes remain, with length one.
    return_sign : bool
        Whether to return the pair of ``log(abs(sum))`` and the sign of the sum.
    where : array_like of bool
        Which terms to include.

    Returns
    -------
    Array, or a pair of them
        The logarithms; -inf where the sum is zero, NaN where it is negative and no sign is asked
        for.

    Examples
    --------
    >>> from fungrad.numpy.reductions import logsumexp
    >>> logsumexp([1000.0, 1000.0])
    Array(1000.69314718, dtype=float64)
    >>> fg.grad(logsumexp)(fnp.array([0.0, 0.0, -np.inf]))
    Array([0.5, 0.5, 0. ], dtype=float64)
    """
    a = fill(as_inexact(lift(a, "logsumexp")), where, -np.inf)
    if b is None:
        axes = axis_tuple(axis, a.ndim)
        z = rules.LogSumExp.apply(a, axis=axes, keepdims=keepdims)
        if not return_sign:
            return z
        if z.dtype.kind == "c":
            return z.real, np.exp(1j * z.imag)
        return z, (z > -np.inf).astype(z.dtype)
    b = lift(b, "logsumexp")
    counted = np.where(b == 0, -np.inf, a.real)
    largest = StopGradient.apply(max(counted, axis, keepdims=True, initial=-np.inf))
    largest = np.where(np.isfinite(largest), largest, 0)
    shifted = a - largest
    # Where b is zero the exponent may be larger still: not so large that the term becomes a NaN.
    limit = float(np.log(np.finfo(shifted.dtype).max)) - 1
    shifted = np.where((b == 0) & (shifted.real > limit), limit, shifted)
    total = sum(b * np.exp(shifted), axis, keepdims=True)
    if total.dtype.kind == "c":
        z, sign = np.log(total) + largest, None
        if return_sign:
            z, sign = z.real, np.exp(1j * z.imag)
    else:
        sign = np.sign(total)
        z = np.log(np.abs(total)) + largest
        if not return_sign:
            z = np.where(sign < 0, np.nan, z)
    if not keepdims:
        axes = axis_tuple(axis, total.ndim)
        z, sign = np.squeeze(z, axes), None if sign is None else np.squeeze(sign, axes)
    return (z, sign) if return_sign else z


def softmax(x: Any, axis: Any = -1, *, where: Any = True) -> Any:
    """Return ``exp(x) / sum(exp(x))``, finite whatever the size of the elements.

    Parameters
    ----------
    x : array_like
        The logarithms of weights; -inf stands for the weight zero.
    axis : int or tuple of int or None
        The axes that sum up to one; None means all of them.
    where : array_like of bool
        Which elements to include; the others get zero.

    Returns
    -------
    Array
        Of the shape of `x`. Elements without any weight, all -inf or none included, get zeros.

    Examples
    --------
    >>> from fungrad.numpy.reductions import softmax
    >>> softmax([1000.0, 1000.0, -np.inf])
    Array([0.5, 0.5, 0. ], dtype=float64)
    """
    x = fill(as_inexact(lift(x, "softmax")), where, -np.inf)
    return rules.Softmax.apply(x, axis=axis_tuple(axis, x.ndim))


def log_softmax(x: Any, axis: Any = -1, *, where: Any = True) -> Any:
    """Return ``log(softmax(x))``, without the loss of taking the logarithm.

    Parameters
    ----------
    x : array_like
        The logarithms of weights; -inf stands for the weight zero.
    axis : int or tuple of int or None
        The axes over which the weights sum up to one; None means all of them.
    where : array_like of bool
        Which elements to include; the others get -inf.

    Returns
    -------
    Array
        Of the shape of `x`.

    Examples
    --------
    >>> from fungrad.numpy.reductions import log_softmax
    >>> log_softmax([0.0, 1000.0])
    Array([-1000.,     0.], dtype=float64)
    """
    x = fill(as_inexact(lift(x, "log_softmax")), where, -np.inf)
    return rules.LogSoftmax.apply(x, axis=axis_tuple(axis, x.ndim))


# --- arguments -----------------------------------------------------------------------------------


def given(**options: Any) -> dict[str, Any]:
    """Return the options that were given."""
    return {
        name: value for name, value in options.items() if value is not None and value is not True
    }


def fill(a: Any, where: Any, value: Any) -> Any:
    """Put a value that changes nothing in the place of the elements that are not included."""
    return a if where is True else np.where(lift(where, "where"), a, value)


def as_inexact(x: Any) -> Any:
    """Return integers and booleans as float64."""
    return x if x.dtype.kind in "fc" else x.astype(float)


def accumulate_in(a: Any, dtype: Any) -> tuple[Any, Any]:
    """Read `dtype`; an exact one has no derivative, so the conversion to it comes first."""
    if dtype is None:
        return a, None
    dtype = np.dtype(dtype)
    return (a, dtype) if dtype.kind in "fc" else (a.astype(dtype), dtype)


__all__ = ["all", "amax", "amin", "any", "max", "min", "prod", "sum"]
