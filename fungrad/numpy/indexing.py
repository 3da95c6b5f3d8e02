"""Indexing: ``x[index]``, and functions that pick elements by position.

An index is split in two: what NumPy calls basic (integers, slices, None, ...), and index arrays for
some axes of what the basic part leaves. Boolean masks become index arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import EllipsisType, NoneType
from typing import Any

import numpy as np

from fungrad.array import Array, operations, unwrap, wrap
from fungrad.errors import IndexOutOfBoundsError, IndexTypeError, TracerConversionError
from fungrad.numpy.common import concrete, is_traced
from fungrad.rules import indexing as rules
from fungrad.rules.indexing import BasicIndex
from fungrad.trace import Tracer, peek

BASIC = frozenset({int, slice, NoneType, EllipsisType})
EVERYTHING = slice(None)


def getitem(x: Any, index: Any) -> Any:
    """Return ``x[index]``, for every index that NumPy takes; x is an array."""
    try:
        if type(x) is Array:
            # A traced integer stays an index array: Python's int of it would split a batch.
            if not is_traced(*index) if type(index) is tuple else not isinstance(index, Tracer):
                return wrap(x.value[index])
        elif type(index) is tuple:
            for item in index:
                if type(item) not in BASIC:
                    break
            else:
                return rules.Slice.apply(x, index=BasicIndex(index))
        elif type(index) in BASIC:
            return rules.Slice.apply(x, index=BasicIndex(index))
        arrays = _integer_arrays(index if type(index) is tuple else (index,))
        if arrays is not None:
            return rules.Gather.apply(x, *arrays, lead=0)
    except (IndexError, TracerConversionError):
        pass  # said better below, or an index is traced
    split = parse(index, x)
    if not split.arrays:
        return rules.Slice.apply(x, index=BasicIndex(split.basic))
    return gather(take_basic(x, split), split, x)


def _integer_arrays(items: tuple[Any, ...]) -> list[Any] | None:
    """Return the items of an index if all are arrays of integers: the commonest of its kind."""
    arrays = []
    for item in items:
        array = item
        if type(item) is Array:
            array = item.value
        if type(array) is not np.ndarray or array.dtype.kind not in "iu" or not array.shape:
            return None
        # The owner of an ndarray may change it before the backward pass.
        arrays.append(array.copy() if array is item else array)
    return arrays


def take_basic(x: Any, split: Split) -> Any:
    """Apply the basic part of an index."""
    if all(type(item) is slice and item == EVERYTHING for item in split.basic):
        return x
    return rules.Slice.apply(x, index=BasicIndex(split.basic))


def gather(x: Any, split: Split, array: Any) -> Any:
    """Apply the index arrays to what the basic part left of `array`."""
    moved, lead = bring_together(x, split)
    try:
        return rules.Gather.apply(moved, *split.arrays, lead=lead)
    except IndexError:
        check_bounds(split, array)
        raise


def bring_together(x: Any, split: Split) -> tuple[Any, int]:
    """Move the indexed axes of x side by side; return it and the number of axes before them."""
    if split.adjacent:
        return x, split.axes[0]
    return np.moveaxis(x, split.axes, range(len(split.axes))), 0


# --- reading an index ----------------------------------------------------------------------------


@dataclass(slots=True)
class Split:
    """An index in two parts: ``x[basic]``, then `arrays` for the axes `axes` of that.

    `sources` are the same axes as x has them, for messages. If the arrays are not `adjacent` in the
    index, their axes come first in the result, as in NumPy.
    """

    basic: tuple[Any, ...]
    axes: list[int]
    arrays: list[Any]
    sources: list[int]
    adjacent: bool


def parse(index: Any, x: Any, all_arrays: bool = False) -> Split:
    """Split an index of x; with `all_arrays` integers become index arrays even on their own."""
    items = [_read(item) for item in (index if type(index) is tuple else (index,))]
    shape = x.shape
    consumed = sum(map(_consumes, items))
    if consumed > len(shape):
        raise IndexOutOfBoundsError(f"{consumed} indices for {len(shape)} axes are too many", x)
    ellipses = [position for position, item in enumerate(items) if item is Ellipsis]
    if len(ellipses) > 1:
        raise IndexTypeError("two or more ...", "write : for each further axis")
    fancy = all_arrays or not all(type(item) in BASIC for item in items)
    split = Split((), [], [], [], True)
    basic: list[Any] = []
    axis = 0
    last: int | None = None
    for position, item in enumerate(items):
        arrays: tuple[Any, ...] | None = None
        if item is Ellipsis:
            skipped = len(shape) - consumed
            basic += [EVERYTHING] * skipped
            axis += skipped
        elif item is None:
            basic.append(None)
        elif type(item) is slice:
            basic.append(item)
            axis += 1
        elif type(item) is int:
            if not -shape[axis] <= item < shape[axis] and not all_arrays:
                raise out_of_bounds(item, axis, x)
            if fancy:
                arrays = (np.asarray(item)[()],)
            else:
                basic.append(item)
                axis += 1
        elif type(item) is bool:  # a new axis, of length one or empty
            basic.append(None)
            split.axes.append(len(basic) - 1)
            split.arrays.append(np.zeros(int(item), np.intp))
            split.sources.append(-1)
        elif item.dtype.kind == "b":
            arrays = _positions(item, axis, x)
        else:
            arrays = (item,)
        if arrays is not None:
            for array in arrays:
                split.axes.append(len(basic))
                split.arrays.append(array)
                split.sources.append(axis)
                basic.append(EVERYTHING)
                axis += 1
        if arrays is not None or type(item) is bool:
            if last is not None and last != position - 1:
                split.adjacent = False
            last = position
    split.basic = tuple(basic)
    if split.arrays:
        _check_shapes(split, x)
    return split


def _read(item: Any) -> Any:
    """Return one item as a basic one, a bool, or as an array of integers or booleans."""
    if type(item) in BASIC or type(item) is bool:
        return item
    array: Any = item
    if isinstance(item, Tracer):
        pass
    elif isinstance(item, (str, bytes)):
        raise IndexTypeError(repr(item), "arrays have no named fields")
    else:
        array = unwrap(item)
        if type(array) is np.ndarray:
            array = array.copy()  # its owner may change it before the backward pass
        elif not isinstance(array, np.generic):
            try:
                array = np.asarray(item)
            except TracerConversionError:
                array = operations.asarray(item)
            if array.size == 0 and isinstance(item, (list, tuple)):
                array = array.astype(np.intp)  # NumPy too takes [] for integers
    kind = array.dtype.kind
    if kind not in "biu":
        raise IndexTypeError(
            f"{array.dtype}[{','.join(map(str, array.shape))}]", "convert it with .astype(int)"
        )
    if not array.shape and not isinstance(array, Tracer):
        return bool(array) if kind == "b" else int(array)
    return array


def _consumes(item: Any) -> int:
    """Return how many axes of the array an item of an index is for."""
    if item is None or item is Ellipsis or type(item) is bool:
        return 0
    if type(item) is slice or type(item) is int or item.dtype.kind != "b":
        return 1
    return item.ndim  # type: ignore[no-any-return]


def _positions(mask: Any, axis: int, x: Any) -> tuple[Any, ...]:
    """Return a mask that begins at an axis of x as index arrays."""
    mask = concrete(mask)
    shape = x.shape[axis : axis + mask.ndim]
    if mask.shape != shape:
        raise IndexOutOfBoundsError(
            f"a boolean index of shape {mask.shape} does not fit axes of shape {shape}", x
        )
    return tuple(mask.nonzero())


def _check_shapes(split: Split, x: Any) -> None:
    try:
        np.broadcast_shapes(*[array.shape for array in split.arrays])
    except ValueError:
        shapes = " ".join([str(array.shape) for array in split.arrays])
        raise IndexOutOfBoundsError(
            f"index arrays of the shapes {shapes} do not broadcast together", x
        ) from None


def check_bounds(split: Split, x: Any) -> None:
    """Raise if an index array names an element that is not there."""
    for array, axis in zip(split.arrays, split.sources, strict=True):
        if axis >= 0:
            wrong = outside(array, x.shape[axis])
            if wrong.any():
                raise out_of_bounds(peek(array)[wrong].flat[0], axis, x)


def outside(array: Any, length: int) -> Any:
    """Return where an index array, of all examples of a batch, leaves an axis of that length."""
    numbers = peek(array)
    return (numbers < -length) | (numbers >= length)


def out_of_bounds(index: int, axis: int, x: Any) -> IndexOutOfBoundsError:
    """Return the error for an index that is too large or too small."""
    return IndexOutOfBoundsError(
        f"index {index} is out of bounds for axis {axis} with size {x.shape[axis]}", x
    )
