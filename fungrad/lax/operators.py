"""Functions of arrays that JAX has in its `lax`, made from those of `fungrad.numpy`."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.array import Array
from fungrad.errors import IndexOutOfBoundsError, ShapeError
from fungrad.lax.associative import associative_scan
from fungrad.numpy import cumulative, exponential, selection, shapes, sorting, taking
from fungrad.numpy.common import as_array, axis_index, lift
from fungrad.numpy.ranges import arange
from fungrad.trace import Tracer
from fungrad.transforms.stop import stop_gradient

# --- elements ------------------------------------------------------------------------------------


def clamp(min: Any, x: Any, max: Any) -> Any:  # noqa: A002
    """Return x, or the nearer bound where it is not between the two.

    Examples
    --------
    >>> fg.lax.clamp(0.0, fnp.array([-1.0, 0.5, 2.0]), 1.0)
    Array([0. , 0.5, 1. ], dtype=float64)
    """
    return selection.clip(x, min, max)


def rsqrt(x: Any) -> Any:
    """Return ``1 / sqrt(x)``.

    Examples
    --------
    >>> fg.lax.rsqrt(4.0)
    Array(0.5, dtype=float64)
    """
    return 1 / np.sqrt(as_array(lift(x, "rsqrt")))


def logistic(x: Any) -> Any:
    """Return ``1 / (1 + exp(-x))``, without overflow.

    Examples
    --------
    >>> fg.lax.logistic(fnp.array([-1000.0, 0.0, 1000.0]))
    Array([0. , 0.5, 1. ], dtype=float64)
    """
    x = as_array(lift(x, "logistic"))
    if x.dtype.kind == "c":
        return 1 / (1 + np.exp(-x))
    return exponential.exp(-exponential.logaddexp(0, -x))


def select(pred: Any, on_true: Any, on_false: Any) -> Any:
    """Return elements of `on_true` where `pred` is true, of `on_false` elsewhere.

    Examples
    --------
    >>> fg.lax.select(fnp.array([True, False]), fnp.array([1, 2]), fnp.array([3, 4]))
    Array([1, 4], dtype=int64)
    """
    return selection.where(pred, on_true, on_false)


def select_n(which: Any, *cases: Any) -> Any:
    """Return elements of ``cases[which]``.

    Parameters
    ----------
    which : array_like of int or bool
        The number of the case for each element. With two cases it may be a boolean: False is 0.
    *cases : array_like

    Raises
    ------
    IndexError
        If there is no such case.

    Examples
    --------
    >>> which = fnp.array([0, 1, 2])
    >>> fg.lax.select_n(which, fnp.array([1, 2, 3]), fnp.array([4, 5, 6]), fnp.array([7, 8, 9]))
    Array([1, 5, 9], dtype=int64)
    """
    which = as_array(lift(which, "select_n"))
    if not cases:
        raise TypeError("select_n takes one case at least")
    if which.dtype.kind == "b":
        if len(cases) != 2:
            raise TypeError(f"select_n by a boolean takes two cases, got {len(cases)}")
        return selection.where(which, cases[1], cases[0])
    if np.any((which < 0) | (which >= len(cases))):
        raise IndexOutOfBoundsError(f"a number of a case is not in 0 ... {len(cases) - 1}", which)
    chosen = cases[0]
    for number, case in enumerate(cases[1:], 1):
        chosen = selection.where(which == number, case, chosen)
    return as_array(lift(chosen, "select_n"))


# --- making and shaping --------------------------------------------------------------------------


def iota(dtype: Any, size: int) -> Any:
    """Return ``0, 1, ..., size - 1``.

    Examples
    --------
    >>> fg.lax.iota(float, 3)
    Array([0., 1., 2.], dtype=float64)
    """
    return arange(size, dtype=dtype)


def expand_dims(array: Any, dimensions: Sequence[int]) -> Any:
    """Return the array with new axes of length one at these places.

    Examples
    --------
    >>> fg.lax.expand_dims(fnp.ones((2, 3)), (0, 3)).shape
    (1, 2, 3, 1)
    """
    return shapes.expand_dims(array, tuple(dimensions))


# --- slices at places that are computed ----------------------------------------------------------


def _place(array: Any, start: Any, size: int, axis: int) -> Any:
    """Return the index of `size` elements of an axis from `start` on; an array if it is traced.

    Raises
    ------
    IndexOutOfBoundsError
        If they are not there.
    """
    length = array.shape[axis]
    size = operator.index(size)
    if not 0 <= size <= length:
        raise IndexOutOfBoundsError(f"{size} elements of axis {axis} with size {length}", array)
    if isinstance(start, Tracer):
        if start.shape or start.dtype.kind not in "iu":
            raise IndexOutOfBoundsError(f"the start {start!r} is not one integer", array)
        return selection.where(start < 0, start + length, start) + np.arange(size)
    first = operator.index(start)
    first += length if first < 0 else 0
    if not 0 <= first <= length - size:
        raise IndexOutOfBoundsError(
            f"{size} elements from {start} on leave axis {axis} with size {length}", array
        )
    return slice(first, first + size)


def _places(array: Any, starts: Any, sizes: Sequence[int], where: str) -> tuple[Any, ...]:
    """Return the index of a block of an array."""
    starts = list(starts)
    if not len(starts) == len(sizes) == array.ndim:
        raise ShapeError(
            where,
            [array],
            f"it needs a start and a size for each axis, got {len(starts)} and {len(sizes)}",
        )
    places = [
        _place(array, start, size, axis)
        for axis, (start, size) in enumerate(zip(starts, sizes, strict=True))
    ]
    if all(type(place) is slice for place in places):
        return tuple(places)
    # Index arrays that broadcast to the block.
    return tuple(
        [
            (np.arange(place.start, place.stop) if type(place) is slice else place).reshape(
                (-1, *(1,) * (array.ndim - axis - 1))
            )
            for axis, place in enumerate(places)
        ]
    )


def dynamic_slice(operand: Any, start_indices: Any, slice_sizes: Sequence[int]) -> Any:
    """Return a block of an array.

    The starts may be traced, and differ between the examples of a batch; the sizes are ints.

    Parameters
    ----------
    operand : array_like
    start_indices : sequence of int
        For each axis where the block begins; negative ones count from the end.
    slice_sizes : sequence of int
        Its length along each axis.

    Raises
    ------
    IndexOutOfBoundsError
        If part of the block lies outside. (JAX moves the block inside.)

    Examples
    --------
    >>> fg.lax.dynamic_slice(fnp.arange(12).reshape(3, 4), (1, 2), (2, 2))
    Array([[ 6,  7],
           [10, 11]], dtype=int64)
    """
    x = as_array(lift(operand, "dynamic_slice"))
    return x[_places(x, start_indices, slice_sizes, "dynamic_slice")]


def dynamic_slice_in_dim(operand: Any, start_index: Any, slice_size: int, axis: int = 0) -> Any:
    """Return `slice_size` elements of one axis; see `dynamic_slice`.

    Examples
    --------
    >>> fg.lax.dynamic_slice_in_dim(fnp.arange(5), 1, 3)
    Array([1, 2, 3], dtype=int64)
    """
    x = as_array(lift(operand, "dynamic_slice_in_dim"))
    axis = axis_index(axis, x.ndim)
    return x[(*(slice(None),) * axis, _place(x, start_index, slice_size, axis))]


def dynamic_index_in_dim(operand: Any, index: Any, axis: int = 0, keepdims: bool = True) -> Any:
    """Return one element of an axis, which keeps its place with length one unless told otherwise.

    Examples
    --------
    >>> fg.lax.dynamic_index_in_dim(fnp.arange(6).reshape(3, 2), 1, keepdims=False)
    Array([2, 3], dtype=int64)
    """
    x = dynamic_slice_in_dim(operand, index, 1, axis)
    return x if keepdims else shapes.squeeze(x, axis)


def dynamic_update_slice(operand: Any, update: Any, start_indices: Any) -> Any:
    """Return a copy of an array in which a block has other values.

    Parameters
    ----------
    operand : array_like
    update : array_like
        The block; it has as many axes.
    start_indices : sequence of int
        Where it begins; see `dynamic_slice`.

    Raises
    ------
    IndexOutOfBoundsError
        If part of the block lies outside. (JAX moves the block inside.)

    Examples
    --------
    >>> fg.lax.dynamic_update_slice(fnp.zeros(4), fnp.array([1.0, 2.0]), (1,))
    Array([0., 1., 2., 0.], dtype=float64)
    """
    x = as_array(lift(operand, "dynamic_update_slice"))
    block = as_array(lift(update, "dynamic_update_slice"))
    return x.at[_places(x, start_indices, block.shape, "dynamic_update_slice")].set(block)


def dynamic_update_slice_in_dim(operand: Any, update: Any, start_index: Any, axis: int) -> Any:
    """Return a copy of an array with other values along a part of one axis.

    Examples
    --------
    >>> fg.lax.dynamic_update_slice_in_dim(fnp.zeros((2, 3)), fnp.ones((2, 1)), 1, axis=1)
    Array([[0., 1., 0.],
           [0., 1., 0.]], dtype=float64)
    """
    x = as_array(lift(operand, "dynamic_update_slice_in_dim"))
    block = as_array(lift(update, "dynamic_update_slice_in_dim"))
    axis = axis_index(axis, x.ndim)
    starts = [start_index if each == axis else 0 for each in range(x.ndim)]
    return dynamic_update_slice(x, block, starts)


def dynamic_update_index_in_dim(operand: Any, update: Any, index: Any, axis: int) -> Any:
    """Return a copy of an array with other values at one element of an axis.

    Examples
    --------
    >>> fg.lax.dynamic_update_index_in_dim(fnp.zeros((2, 3)), fnp.ones(3), 1, axis=0)
    Array([[0., 0., 0.],
           [1., 1., 1.]], dtype=float64)
    """
    x = as_array(lift(operand, "dynamic_update_index_in_dim"))
    block = as_array(lift(update, "dynamic_update_index_in_dim"))
    axis = axis_index(axis, x.ndim)
    if block.ndim != x.ndim:
        block = shapes.expand_dims(block, axis)
    return dynamic_update_slice_in_dim(x, block, index, axis)


# --- along an axis -------------------------------------------------------------------------------


def top_k(operand: Any, k: int, *, axis: int = -1) -> tuple[Any, Any]:
    """Return the k largest elements of an axis, the largest first, and their positions.

    Of equal elements the first one comes first.

    Examples
    --------
    >>> fg.lax.top_k(fnp.array([3.0, 1.0, 4.0, 1.0, 5.0]), 2)
    (Array([5., 4.], dtype=float64), Array([4, 2], dtype=int64))
    """
    x = as_array(lift(operand, "top_k"))
    axis = axis_index(axis, x.ndim)
    length = x.shape[axis]
    if not 0 <= operator.index(k) <= length:
        raise IndexOutOfBoundsError(f"{k} elements of axis {axis} with size {length}", x)
    # The order of the reversed array, backwards: so equal elements keep theirs.
    order = length - 1 - sorting.argsort(shapes.flip(x, axis), axis, stable=True)
    positions = shapes.flip(order, axis)[(*(slice(None),) * axis, slice(k))]
    return taking.take_along_axis(x, positions, axis), positions


def cumsum(operand: Any, axis: int = 0, reverse: bool = False) -> Any:
    """Return the sums of the elements up to each one; with `reverse`, from each one on.

    Examples
    --------
    >>> fg.lax.cumsum(fnp.array([1.0, 2.0, 3.0]), reverse=True)
    Array([6., 5., 3.], dtype=float64)
    """
    return _cumulative(cumulative.cumsum, operand, axis, reverse, "cumsum")


def cumprod(operand: Any, axis: int = 0, reverse: bool = False) -> Any:
    """Return the products of the elements up to each one; with `reverse`, from each one on.

    Examples
    --------
    >>> fg.lax.cumprod(fnp.array([1.0, 2.0, 3.0]))
    Array([1., 2., 6.], dtype=float64)
    """
    return _cumulative(cumulative.cumprod, operand, axis, reverse, "cumprod")


def _cumulative(function: Any, operand: Any, axis: int, reverse: bool, where: str) -> Any:
    x = as_array(lift(operand, where))
    axis = axis_index(axis, x.ndim)
    if not reverse:
        return function(x, axis)
    return shapes.flip(function(shapes.flip(x, axis), axis), axis)


def cummax(operand: Any, axis: int = 0, reverse: bool = False) -> Any:
    """Return the largest of the elements up to each one; with `reverse`, from each one on.

    Examples
    --------
    >>> fg.lax.cummax(fnp.array([1.0, 3.0, 2.0, 4.0]))
    Array([1., 3., 3., 4.], dtype=float64)
    """
    return _scan_array(selection.maximum, operand, axis, reverse, "cummax")


def cummin(operand: Any, axis: int = 0, reverse: bool = False) -> Any:
    """Return the smallest of the elements up to each one; with `reverse`, from each one on.

    Examples
    --------
    >>> fg.lax.cummin(fnp.array([1.0, 3.0, 2.0, 4.0]), reverse=True)
    Array([1., 2., 2., 4.], dtype=float64)
    """
    return _scan_array(selection.minimum, operand, axis, reverse, "cummin")


def cumlogsumexp(operand: Any, axis: int = 0, reverse: bool = False) -> Any:
    """Return ``log(cumsum(exp(x)))``, without overflow.

    Examples
    --------
    >>> fg.lax.cumlogsumexp(fnp.array([1000.0, 1000.0]))
    Array([1000.        , 1000.69314718], dtype=float64)
    """
    return _scan_array(exponential.logaddexp, operand, axis, reverse, "cumlogsumexp")


def _scan_array(function: Any, operand: Any, axis: int, reverse: bool, where: str) -> Array:
    x = as_array(lift(operand, where))
    return associative_scan(function, x, reverse, axis)  # type: ignore[no-any-return]


__all__ = [
    "clamp",
    "cumlogsumexp",
    "cummax",
    "cummin",
    "cumprod",
    "cumsum",
    "dynamic_index_in_dim",
    "dynamic_slice",
    "dynamic_slice_in_dim",
    "dynamic_update_index_in_dim",
    "dynamic_update_slice",
    "dynamic_update_slice_in_dim",
    "expand_dims",
    "iota",
    "logistic",
    "rsqrt",
    "select",
    "select_n",
    "stop_gradient",
    "top_k",
]
