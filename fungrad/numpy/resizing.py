"""Repeating, adding and removing elements."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from fungrad.array import operations
from fungrad.numpy.common import as_array, axis_index, concrete, lift
from fungrad.numpy.joining import concatenate
from fungrad.numpy.shapes import broadcast_to, expand_dims, ravel, reshape


def tile(A: Any, reps: Any) -> Any:
    """Return the array laid out repeatedly along its axes.

    Parameters
    ----------
    A : array_like
    reps : int or sequence of int
        How often, for each axis, from the last one on.

    Examples
    --------
    >>> fnp.tile([1, 2], (2, 2))
    Array([[1, 2, 1, 2],
           [1, 2, 1, 2]], dtype=int64)
    """
    a = lift(A, "tile")
    times = tuple(map(operator.index, reps)) if np.iterable(reps) else (operator.index(reps),)
    ndim = max(len(times), a.ndim)
    times = (1,) * (ndim - len(times)) + times
    lengths = (1,) * (ndim - a.ndim) + a.shape
    spread = [each for pair in zip(times, lengths, strict=True) for each in pair]
    apart = reshape(a, [each for length in lengths for each in (1, length)])
    total = tuple([time * length for time, length in zip(times, lengths, strict=True)])
    return reshape(broadcast_to(apart, tuple(spread)), total)


def repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    """Return the array with each element repeated along an axis.

    Parameters
    ----------
    a : array_like
    repeats : int or sequence of int
        How often: for all elements, or for each.
    axis : int, optional
        When left out, the array is flattened first.

    Examples
    --------
    >>> fnp.repeat([1, 2], 2)
    Array([1, 1, 2, 2], dtype=int64)
    """
    x = lift(a, "repeat")
    if axis is None:
        x, axis = ravel(x), 0
    axis = axis_index(axis, x.ndim)
    times = concrete(repeats)
    if np.ndim(times) == 0 or np.shape(times) == (1,):
        count = operator.index(np.asarray(times).reshape(-1)[0])
        if count < 0:
            raise ValueError(f"repeat: repeats is {count}, which is negative")
        shape = x.shape
        apart = expand_dims(x, axis + 1)
        wide = broadcast_to(apart, (*shape[: axis + 1], count, *shape[axis + 1 :]))
        return reshape(wide, (*shape[:axis], shape[axis] * count, *shape[axis + 1 :]))
    places = np.repeat(np.arange(x.shape[axis]), times)
    return operations.take(x, places, axis)


def resize(a: Any, new_shape: Any) -> Any:
    """Return an array of another size, filled with the elements of `a` again and again.

    Examples
    --------
    >>> fnp.resize([1, 2, 3], (2, 2))
    Array([[1, 2],
           [3, 1]], dtype=int64)
    """
    x = ravel(a)
    shape = tuple(new_shape) if np.iterable(new_shape) else (operator.index(new_shape),)
    if any(length < 0 for length in shape):
        raise ValueError(f"resize: the shape {shape} has a negative length")
    size = int(np.prod(shape))
    if not x.size:
        return operations.zeros(shape, x.dtype)
    return reshape(operations.take(x, np.arange(size) % x.size, 0), shape)


def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """Return the array with values joined to its end, flattened unless `axis` is given.

    Examples
    --------
    >>> fnp.append([1, 2], [3])
    Array([1, 2, 3], dtype=int64)
    """
    return concatenate([lift(arr, "append"), lift(values, "append")], axis)


def delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    """Return the array without some of its elements along an axis.

    Parameters
    ----------
    arr : array_like
    obj : int, slice, sequence of int, or boolean mask
        Which ones.
    axis : int, optional
        When left out, the array is flattened first.

    Examples
    --------
    >>> fnp.delete([1, 2, 3], 1)
    Array([1, 3], dtype=int64)
    """
    x = lift(arr, "delete")
    if axis is None:
        x, axis = ravel(x), 0
    axis = axis_index(axis, x.ndim)
    obj = concrete(obj)
    return operations.take(x, np.delete(np.arange(x.shape[axis]), obj), axis)


def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """Return the array with values put in before some of its places.

    Parameters
    ----------
    arr : array_like
    obj : int, slice, sequence of int, or boolean mask
        Before which places of `arr`.
    values : array_like
        Broadcast against the places; converted to the dtype of `arr`.
    axis : int, optional
        When left out, the array is flattened first.

    Examples
    --------
    >>> fnp.insert([1, 2, 3], 1, 7)
    Array([1, 7, 2, 3], dtype=int64)
    """
    x = lift(arr, "insert")
    if axis is None:
        x, axis = ravel(x), 0
    axis = axis_index(axis, x.ndim)
    obj = concrete(obj)
    new = operations.astype(lift(values, "insert"), x.dtype)
    new = reshape(new, (*(1,) * (x.ndim - new.ndim), *new.shape))
    length = x.shape[axis]
    if not isinstance(obj, slice):
        obj = np.asarray(obj)
        obj = np.flatnonzero(obj) if obj.dtype == bool else obj if obj.size else obj.astype(int)
    count = len(range(*obj.indices(length))) if isinstance(obj, slice) else obj.size
    if count == 1:  # of a single place there may be several values
        if not isinstance(obj, slice) and not obj.ndim:
            new = operations.moveaxis(new, 0, axis)
        count = new.shape[axis]
    # NumPy says where: the old places keep their numbers, the new ones are negative.
    places = np.insert(np.arange(length), obj, -1 - np.arange(count))
    joined = concatenate(
        [x, broadcast_to(new, (*x.shape[:axis], count, *x.shape[axis + 1 :]))], axis
    )
    return operations.take(joined, np.where(places < 0, length - 1 - places, places), axis)


def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    """Return the array without the zeros at its ends.

    Parameters
    ----------
    filt : array_like
    trim : {'fb', 'f', 'b'}
        At which ends: the front, the back.
    axis : int or sequence of int, optional
        Along which axes; all of them when left out.

    Examples
    --------
    >>> fnp.trim_zeros([0, 0, 1, 0])
    Array([1], dtype=int64)
    """
    x = as_array(lift(filt, "trim_zeros"))
    trim = trim.lower()
    if trim not in ("f", "b", "fb", "bf"):
        raise ValueError(f"trim_zeros: trim is made of 'f' and 'b', not {trim!r}")
    places = np.argwhere(concrete(x != 0))
    axes = range(x.ndim) if axis is None else axis if np.iterable(axis) else (axis,)
    kept = [slice(None)] * x.ndim
    for each in axes:
        along = places[:, axis_index(each, x.ndim)]
        if not along.size:
            kept[each] = slice(0, 0)
        else:
            first = int(along.min()) if "f" in trim else None
            last = int(along.max()) + 1 if "b" in trim else None
            kept[each] = slice(first, last)
    return x[tuple(kept)]


__all__ = [
    "append",
    "delete",
    "insert",
    "repeat",
    "resize",
    "tile",
    "trim_zeros",
]
