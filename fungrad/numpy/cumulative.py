"""Cumulative sums and products."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.errors import ShapeError
from fungrad.numpy.common import axis_index, lift
from fungrad.rules import cumulative as rules


def cumsum(a: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Return the sums of the elements up to each of them.

    Parameters
    ----------
    a : array_like
        The elements.
    axis : int, optional
        The axis to sum along; when left out, all elements are taken as one axis.
    dtype : dtype, optional
        The dtype to sum in.

    Returns
    -------
    Array
        The sums.

    Examples
    --------
    >>> fnp.cumsum([1.0, 2.0, 3.0])
    Array([1., 3., 6.], dtype=float64)
    """
    a, axis = _along(lift(a, "cumsum"), axis, dtype)
    return rules.CumSum.apply(a, axis=axis)


def cumprod(a: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Return the products of the elements up to each of them.

    The gradient is exact where elements are zero.

    Parameters
    ----------
    a : array_like
        The elements.
    axis : int, optional
        The axis to multiply along; when left out, all elements are taken as one axis.
    dtype : dtype, optional
        The dtype to multiply in.

    Returns
    -------
    Array
        The products.

    Examples
    --------
    >>> fnp.cumprod([2.0, 3.0, 4.0])
    Array([ 2.,  6., 24.], dtype=float64)
    """
    a, axis = _along(lift(a, "cumprod"), axis, dtype)
    return rules.CumProd.apply(a, axis=axis)


def _along(a: Any, axis: int | None, dtype: Any) -> tuple[Any, int]:
    if dtype is not None:
        a = a.astype(dtype)
    if axis is None or not a.ndim:
        return np.reshape(a, (-1,)), 0
    return a, axis_index(axis, a.ndim)


def cumulative_sum(
    x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Any:
    """Return the sums of the elements up to each of them; the array API's `cumsum`.

    Parameters
    ----------
    x : array_like
        The elements.
    axis : int, optional
        The axis to sum along; needed if there is more than one.
    dtype : dtype, optional
        The dtype to sum in.
    include_initial : bool
        Whether the result starts with the empty sum, 0.

    Returns
    -------
    Array
        The sums.

    Examples
    --------
    >>> fnp.cumulative_sum([1.0, 2.0], include_initial=True)
    Array([0., 1., 3.], dtype=float64)
    """
    return _cumulative(cumsum, 0, x, axis, dtype, include_initial)


def cumulative_prod(
    x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Any:
    """Return the products of the elements up to each of them; the array API's `cumprod`.

    Parameters
    ----------
    x : array_like
        The elements.
    axis : int, optional
        The axis to multiply along; needed if there is more than one.
    dtype : dtype, optional
        The dtype to multiply in.
    include_initial : bool
        Whether the result starts with the empty product, 1.

    Returns
    -------
    Array
        The products.

    Examples
    --------
    >>> fnp.cumulative_prod([2.0, 3.0], include_initial=True)
    Array([1., 2., 6.], dtype=float64)
    """
    return _cumulative(cumprod, 1, x, axis, dtype, include_initial)


def _cumulative(function: Any, empty: int, x: Any, axis: Any, dtype: Any, initial: bool) -> Any:
    name = "cumulative_sum" if function is cumsum else "cumulative_prod"
    x = lift(x, name)
    if axis is None and x.ndim != 1:
        raise ShapeError(name, (x,), "pass axis=..., unless there is exactly one axis")
    axis = 0 if axis is None else axis_index(axis, x.ndim)
    z = function(x, axis, dtype)
    if not initial:
        return z
    first = np.full([1 if i == axis else n for i, n in enumerate(z.shape)], empty, z.dtype)
    return np.concatenate([first, z], axis=axis)


__all__ = ["cumprod", "cumsum", "cumulative_prod", "cumulative_sum"]
