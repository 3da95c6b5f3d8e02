"""Picking elements by position or by a condition."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from fungrad.array import operations, unwrap
from fungrad.errors import IndexOutOfBoundsError, IndexTypeError, ShapeError
from fungrad.numpy.common import as_array, axis_index, concrete, lift
from fungrad.numpy.indexing import out_of_bounds, outside
from fungrad.numpy.joining import stack
from fungrad.numpy.shapes import broadcast_shapes, broadcast_to, ravel, reshape
from fungrad.numpy.updates import index_update
from fungrad.rules import indexing as rules
from fungrad.trace import peek


def take(a: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> Any:
    """Return the elements, or slices along an axis, at some places.

    Parameters
    ----------
    a : array_like
    indices : array_like of int
    axis : int, optional
        When left out, places count along the flattened array.
    mode : {'raise', 'clip', 'wrap'}
        What a place out of range gives: an error, the nearest element (the first one for a negative
        place), or that at the remainder.

    Raises
    ------
    IndexOutOfBoundsError
        If a place is out of range and `mode` is 'raise'.

    Examples
    --------
    >>> fnp.take([10.0, 20.0, 30.0], [2, 0])
    Array([30., 10.], dtype=float64)
    """
    x = lift(a, "take")
    if axis is None:
        x, axis = ravel(x), 0
    elif not x.ndim:
        x = reshape(x, (1,))
    axis = axis_index(axis, x.ndim)
    places = _places(indices, "take")
    if mode != "raise":
        places = _into_range(places, x.shape[axis], mode, "take")
    try:
        return rules.Gather.apply(x, places, lead=axis)
    except IndexError:
        _check_range(places, axis, x)
        raise


def _places(indices: Any, where: str) -> Any:
    """Return what names places as an array of integers, one layer down or traced."""
    places = unwrap(lift(indices, where))
    if type(places) is np.ndarray:
        # Its owner may change it before the backward pass. An empty list counts as integers.
        places = places.copy() if places.size else places.astype(np.intp)
    if places.dtype.kind not in "iub":
        raise IndexTypeError(f"{places.dtype} as in {where}", "convert it with .astype(int)")
    if places.dtype.kind == "b":
        places = unwrap(operations.astype(places, np.intp))
    return places


def _into_range(places: Any, length: int, mode: str, where: str) -> Any:
    if mode == "clip":
        return unwrap(operations.clip(places, 0, max(length - 1, 0)))
    if mode == "wrap":
        return unwrap(operations.remainder(places, max(length, 1)))
    raise ValueError(f"{where}: mode is 'raise', 'clip' or 'wrap', not {mode!r}")


def _check_range(places: Any, axis: int, x: Any) -> None:
    wrong = outside(places, x.shape[axis])
    if wrong.any():
        raise out_of_bounds(peek(places)[wrong].flat[0], axis, x)


def _check_counted(places: Any, length: int, text: str) -> None:
    """Raise if an index is not from 0 to length - 1; here negative ones have no meaning."""
    numbers = peek(places)
    wrong = (numbers < 0) | (numbers >= length)
    if wrong.any():
        raise IndexOutOfBoundsError(f"index {numbers[wrong].flat[0]} {text}", places)


def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    """Return the elements of each one-dimensional slice at places of its own.

    This picks what `argsort`, `argmax` with ``keepdims=True`` and the like found.

    Parameters
    ----------
    arr : array_like
    indices : array_like of int
        With as many axes as `arr`; they broadcast, but for `axis`.
    axis : int or None
        With None, `arr` is flattened first.

    Examples
    --------
    >>> x = fnp.array([[3.0, 1.0, 2.0]])
    >>> fnp.take_along_axis(x, fnp.argsort(x), axis=1)
    Array([[1., 2., 3.]], dtype=float64)
    """
    x = lift(arr, "take_along_axis")
    places = _places(indices, "take_along_axis")
    if axis is None:
        x, axis = ravel(x), 0
    return rules.Gather.apply(x, *_mesh(x, places, axis, "take_along_axis"), lead=0)


def put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None) -> Any:
    """Return the array with values at places of each one-dimensional slice.

    Unlike NumPy's function it returns a new array, and does not change `arr`.

    Parameters
    ----------
    arr : array_like
    indices : array_like of int
        As in `take_along_axis`.
    values : array_like
        Broadcast against `indices`.
    axis : int or None
        With None, places count along the flattened array.

    Examples
    --------
    >>> fnp.put_along_axis([[3.0, 1.0, 2.0]], [[1]], 9.0, axis=1)
    Array([[3., 9., 2.]], dtype=float64)
    """
    x = lift(arr, "put_along_axis")
    places = _places(indices, "put_along_axis")
    if axis is None:
        return reshape(put_along_axis(ravel(x), places, values, 0), x.shape)
    return index_update(x, tuple(_mesh(x, places, axis, "put_along_axis")), values, "set")


def _mesh(x: Any, places: Any, axis: int, where: str) -> list[Any]:
    """Return index arrays for all axes of x, of which one holds the places."""
    axis = axis_index(axis, x.ndim)
    if places.ndim != x.ndim:
        raise ShapeError(where, [x, places], "the indices must have as many axes as the array")
    _check_range(places, axis, x)
    arrays: list[Any] = []
    for each, length in enumerate(x.shape):
        if each == axis:
            arrays.append(places)
        else:
            behind = x.ndim - each - 1
            arrays.append(np.arange(length).reshape((1,) * each + (length,) + (1,) * behind))
    try:
        np.broadcast_shapes(*[array.shape for array in arrays])
    except ValueError:
        raise ShapeError(where, [x, places], f"they do not broadcast off axis {axis}") from None
    return arrays


def choose(a: Any, choices: Any, mode: str = "raise") -> Any:
    """Return elements of several arrays; `a` says for each place from which array.

    Parameters
    ----------
    a : array_like of int
    choices : sequence of array_like
        Broadcast against each other and `a`.
    mode : {'raise', 'clip', 'wrap'}
        What a number out of range chooses; see `take`.

    Examples
    --------
    >>> fnp.choose([0, 1, 0], [[1, 2, 3], [10, 20, 30]])
    Array([ 1, 20,  3], dtype=int64)
    """
    which = _places(a, "choose")
    arrays = [lift(each, "choose") for each in choices]
    shape = broadcast_shapes(which.shape, *[each.shape for each in arrays])
    table = stack([broadcast_to(each, shape) for each in arrays])
    count = len(arrays)
    if mode == "raise":
        _check_counted(which, count, f"is out of bounds for {count} choices")
    else:
        which = _into_range(which, count, mode, "choose")
    which = reshape(broadcast_to(which, shape), (1, *shape))
    return take_along_axis(table, which, 0)[0]


def compress(condition: Any, a: Any, axis: int | None = None) -> Any:
    """Return the slices along an axis for which a condition holds.

    Parameters
    ----------
    condition : array_like of bool
        With one axis; what it does not reach is left out.
    a : array_like
    axis : int, optional
        When left out, `a` is flattened first.

    Examples
    --------
    >>> fnp.compress([True, False, True], [1, 2, 3])
    Array([1, 3], dtype=int64)
    """
    mask = np.asarray(concrete(lift(condition, "compress")))
    if mask.ndim != 1:
        raise ShapeError("compress", [mask], "the condition has one axis")
    return take(a, np.flatnonzero(mask), axis)


def extract(condition: Any, arr: Any) -> Any:
    """Return the elements for which a condition holds, in one axis.

    Examples
    --------
    >>> fnp.extract([True, False, True], [1, 2, 3])
    Array([1, 3], dtype=int64)
    """
    mask = concrete(lift(condition, "extract"))
    return take(ravel(arr), np.flatnonzero(mask), 0)


def unravel_index(indices: Any, shape: Any, order: str = "C") -> tuple[Any, ...]:
    """Return places in a flattened array as index arrays for its axes.

    Parameters
    ----------
    indices : array_like of int
    shape : sequence of int
        Of the array.
    order : {'C', 'F'}
        Which axis runs fastest: the last one or the first.

    Raises
    ------
    IndexOutOfBoundsError
        If a place is out of range.

    Examples
    --------
    >>> fnp.unravel_index([1, 5], (2, 3))
    (Array([0, 1], dtype=int64), Array([1, 2], dtype=int64))
    """
    places = _places(indices, "unravel_index")
    dims = _dims(shape)
    size = int(np.prod(dims))
    _check_counted(places, size, f"is out of bounds for an array of shape {dims}")
    found = []
    for length in reversed(dims) if order == "C" else dims:
        found.append(as_array(operations.remainder(places, length)))
        places = operations.floor_divide(places, length)
    return tuple(reversed(found)) if order == "C" else tuple(found)


def ravel_multi_index(multi_index: Any, dims: Any, mode: Any = "raise", order: str = "C") -> Any:
    """Return index arrays for the axes of an array as places in the flattened one.

    Parameters
    ----------
    multi_index : sequence of array_like of int
        One for each axis.
    dims : sequence of int
        The shape of the array.
    mode : {'raise', 'clip', 'wrap'}, or a sequence of those
        What an index out of range does; see `take`. Negative ones are out of range.
    order : {'C', 'F'}
        Which axis runs fastest: the last one or the first.

    Examples
    --------
    >>> fnp.ravel_multi_index(([0, 1], [1, 2]), (2, 3))
    Array([1, 5], dtype=int64)
    """
    lengths = _dims(dims)
    arrays = [_places(each, "ravel_multi_index") for each in multi_index]
    modes = (mode,) * len(lengths) if isinstance(mode, str) else tuple(mode)
    if len(arrays) != len(lengths):
        raise ShapeError("ravel_multi_index", arrays, f"{lengths} needs one for each axis")
    axes = list(zip(arrays, lengths, modes, range(len(lengths)), strict=True))
    total: Any = None
    for places, length, how, axis in axes if order == "C" else axes[::-1]:
        if how == "raise":
            _check_counted(places, length, f"is out of bounds for axis {axis} with size {length}")
        else:
            places = _into_range(places, length, how, "ravel_multi_index")
        if total is not None:
            places = operations.add(operations.multiply(total, length), places)
        total = places
    return as_array(total)


def _dims(shape: Any) -> tuple[int, ...]:
    return tuple(map(operator.index, shape)) if np.iterable(shape) else (operator.index(shape),)


def fill_diagonal(a: Any, val: Any, wrap: bool = False, *, inplace: bool = False) -> Any:
    """Return the array with values on its main diagonal.

    Unlike NumPy's function it returns a new array, and does not change `a`.

    Parameters
    ----------
    a : array_like
        With two axes; or more, all of one length.
    val : array_like
        A number, or the values, again and again.
    wrap : bool
        Whether the diagonal of a tall matrix starts again below.
    inplace : bool
        Must be False.

    Examples
    --------
    >>> fnp.fill_diagonal(fnp.zeros((2, 2)), 1.0)
    Array([[1., 0.],
           [0., 1.]], dtype=float64)
    """
    if inplace:
        raise ValueError("fill_diagonal: arrays do not change; leave inplace out, use the result")
    x = lift(a, "fill_diagonal")
    if x.ndim < 2 or (x.ndim > 2 and len(set(x.shape)) != 1):
        raise ShapeError("fill_diagonal", [x], "it needs two axes, or more of the same length")
    end = x.size
    if x.ndim == 2:
        step = x.shape[1] + 1
        if not wrap:
            end = min(end, x.shape[1] * x.shape[1])
    else:
        step = 1 + int(np.cumprod(x.shape[:-1]).sum())
    places = np.arange(0, end, step)
    values: Any = val
    if np.ndim(val):
        values = ravel(val)
        values = take(values, np.arange(places.size) % values.size, 0)
    return reshape(index_update(ravel(x), places, values, "set"), x.shape)


__all__ = [
    "choose",
    "compress",
    "extract",
    "fill_diagonal",
    "put_along_axis",
    "ravel_multi_index",
    "take",
    "take_along_axis",
    "unravel_index",
]
