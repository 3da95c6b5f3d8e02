"""Pure updates of a part of an array: what ``x.at[index]`` does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from fungrad.array import Array, operations, unwrap, wrap
from fungrad.errors import ShapeError, UpdateDTypeError, describe
from fungrad.numpy.common import is_traced, lift
from fungrad.numpy.indexing import (
    Split,
    bring_together,
    check_bounds,
    gather,
    getitem,
    outside,
    parse,
    take_basic,
)
from fungrad.numpy.shapes import reshape
from fungrad.rules import indexing as rules
from fungrad.rules.indexing import BasicIndex
from fungrad.trace import Tracer, peek

SMALL = 4096  # elements; above, NumPy's `ufunc.at` is slower than the rules
MODES = (None, "clip", "wrap", "fill", "drop")
WRITE_AT = {
    "set": rules.SetAt,
    "add": rules.AddAt,
    "min": rules.MinimumAt,
    "max": rules.MaximumAt,
}
COMBINE = {
    "add": "add",
    "subtract": "subtract",
    "multiply": "multiply",
    "divide": "divide",
    "power": "power",
    "min": "minimum",
    "max": "maximum",
}
RANKS = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}
NUMBER_RANKS = {bool: 0, int: 1, float: 2, complex: 3}


def index_get(x: Any, index: Any, mode: str | None = None, fill_value: Any = None) -> Any:
    """Return ``x[index]``; `mode` says what an index out of range gives."""
    x = lift(x, "x.at[index].get")
    _check_mode(mode)
    if mode is None and fill_value is None:
        return getitem(x, index)
    if mode is None:
        mode = "fill"
    split = parse(index, x, all_arrays=True)
    if not split.arrays:
        return getitem(x, index)
    part = take_basic(x, split)
    inside, valid = _into_range(split, x, mode)
    result = gather(part, inside, x)
    if valid is None:
        return result
    fill = _fill_for(x.dtype) if fill_value is None else _storable(fill_value, x, "get")
    _, lead = bring_together(part, split)
    behind = part.ndim - lead - len(split.axes)
    valid = reshape(valid, (*valid.shape, *(1,) * behind))
    return operations.where(valid, result, fill)


def index_update(x: Any, index: Any, values: Any, how: str, mode: str | None = None) -> Any:
    """Return x with `values` set, added, ... at an index.

    The result has the dtype of x. Values are stored as NumPy's in-place operations store them: a
    narrower dtype of the same kind is fine, floats in an array of integers are an error.
    """
    x = lift(x, f"x.at[index].{how}")
    _check_mode(mode)
    values = _storable(values, x, how)
    if mode is None and type(x) is Array and _suits_numpy(x, values, how):
        try:
            return _by_numpy(x.value, index, unwrap(values), how)
        except (IndexError, TypeError, ValueError):
            pass  # said better below, or an index is traced
    if how == "subtract":  # unsigned numbers too: NumPy's arrays count modulo, without a warning
        how, values = "add", operations.negative(values if values.shape else reshape(values, (1,)))
    if isinstance(index, Tracer) and index.dtype.kind == "b" and not values.shape:
        return _write_masked(x, values, index, how)
    split = parse(index, x, all_arrays=mode is not None)
    if not split.arrays:
        return _write_basic(x, values, BasicIndex(split.basic), how)
    part = take_basic(x, split)
    if mode is None:
        check_bounds(split, x)
        updated = _write_arrays(part, values, split, how)
    else:
        inside, valid = _into_range(split, x, mode)
        if valid is None:
            updated = _write_arrays(part, values, inside, how)
        else:
            updated = _write_valid(part, values, inside, valid, how)
    if part is x:
        return updated
    return rules.SetSlice.apply(x, updated, index=BasicIndex(split.basic))


def _suits_numpy(x: Any, values: Any, how: str) -> bool:
    """Return whether NumPy's in-place operation is quick and keeps the dtype."""
    if is_traced(values):
        return False
    if how == "set":
        return True
    closed = values.dtype == x.dtype and (how != "divide" or x.dtype.kind in "fc")
    return closed and x.size <= SMALL


def _by_numpy(x: Any, index: Any, values: Any, how: str) -> Any:
    out = np.array(x)
    if how == "set":
        out[index] = values
    else:
        plain = tuple(map(unwrap, index)) if type(index) is tuple else unwrap(index)
        # `ufunc.at` reads beyond the end of values that it would have to broadcast (NumPy 2.4).
        values = np.broadcast_to(values, out[plain].shape)
        getattr(np, COMBINE[how]).at(out, plain, values)
    return wrap(out)


def _write_basic(x: Any, values: Any, index: BasicIndex, how: str) -> Any:
    if how != "set":
        values = _combined(rules.Slice.apply(x, index=index), values, how, x)
    values = _fitting(values, np.broadcast_to(np.False_, x.shape)[index.items].shape, x, how)
    return rules.SetSlice.apply(x, values, index=index)


def _write_masked(x: Any, values: Any, mask: Any, how: str) -> Any:
    """Update x with one number at a mask: no positions needed, so the mask may be batched."""
    if mask.shape != x.shape[: mask.ndim]:
        return parse(mask, x)  # which says what is wrong
    mask = reshape(mask, (*mask.shape, *(1,) * (x.ndim - mask.ndim)))
    new = values if how == "set" else _combined(x, values, how, x)
    return operations.astype(operations.where(mask, new, x), x.dtype)


def _write_arrays(x: Any, values: Any, split: Split, how: str) -> Any:
    """Update x at index arrays that are in range."""
    x, lead = bring_together(x, split)
    arrays = split.arrays
    named = np.broadcast_shapes(*[array.shape for array in arrays])
    values = _fitting(values, (*x.shape[:lead], *named, *x.shape[lead + len(arrays) :]), x, how)
    if how in WRITE_AT:
        z = WRITE_AT[how].apply(x, values, *arrays, lead=lead)
    elif not _repeated(arrays, x.shape[lead : lead + len(arrays)]):
        there = rules.Gather.apply(x, *arrays, lead=lead)
        new = _combined(there, values, how, x)
        z = rules.SetAt.apply(x, new, *arrays, lead=lead)
    else:
        z = _write_repeatedly(x, values, arrays, lead, named, how)
    return z if split.adjacent else np.moveaxis(z, range(len(split.axes)), split.axes)


def _write_repeatedly(
    x: Any, values: Any, arrays: list[Any], lead: int, named: tuple[int, ...], how: str
) -> Any:
    """Update x where some places are named twice: one round for each time."""
    count, rank = len(arrays), len(named)
    dims = x.shape[lead : lead + count]
    rest = (*x.shape[:lead], *x.shape[lead + count :])
    front = operations.moveaxis(x, range(lead, lead + count), range(count))
    rows = reshape(front, (int(np.prod(dims)), *rest))
    full = (*x.shape[:lead], *named, *x.shape[lead + count :])
    values = operations.broadcast_to(values, full)
    values = operations.moveaxis(values, range(lead, lead + rank), range(rank))
    size = int(np.prod(named))
    values = reshape(values, (size, *rest))
    if is_traced(*arrays):  # the rounds would differ between the examples
        numbers = operations.ravel_multi_index(
            [operations.remainder(a, n) for a, n in zip(arrays, dims, strict=True)], dims
        )
        numbers = operations.ravel(operations.broadcast_to(numbers, named))
        for position in range(size):
            at = [reshape(getitem(numbers, position), (1,))]
            new = _combined(
                rules.Gather.apply(rows, *at, lead=0), values[position : position + 1], how, x
            )
            rows = rules.SetAt.apply(rows, new, *at, lead=0)
    else:
        numbers = rules.flat_rows(np.broadcast_arrays(*arrays), dims).ravel()
        unique, numbers = np.unique(numbers, return_inverse=True)
        part = rules.Gather.apply(rows, unique, lead=0)
        for chosen in _rounds(numbers):
            at = [numbers[chosen]]
            new = _combined(
                rules.Gather.apply(part, *at, lead=0),
                rules.Gather.apply(values, chosen, lead=0),
                how,
                x,
            )
            part = rules.SetAt.apply(part, new, *at, lead=0)
        rows = rules.SetAt.apply(rows, part, unique, lead=0)
    return operations.moveaxis(
        reshape(rows, (*dims, *rest)), range(count), range(lead, lead + count)
    )


def _rounds(numbers: Any) -> list[Any]:
    """Return positions in `numbers` in groups: the first of each number, the second, ..."""
    order = np.argsort(numbers, kind="stable")
    ordered = numbers[order]
    new = np.concatenate(([True], ordered[1:] != ordered[:-1]))
    starts = np.flatnonzero(new)
    times = np.arange(len(order)) - starts[np.cumsum(new) - 1]
    by_time = np.argsort(times, kind="stable")
    return np.split(order[by_time], np.cumsum(np.bincount(times))[:-1])


def _repeated(arrays: list[Any], dims: tuple[int, ...]) -> bool:
    """Return whether index arrays name a place twice, in any example of a batch."""
    if not is_traced(*arrays):
        numbers = rules.flat_rows(np.broadcast_arrays(*arrays), dims)
        return bool(len(np.unique(numbers)) < numbers.size)
    (array, *others) = arrays
    if others:
        return any(each.size > 1 for each in arrays)
    ordered = np.sort(peek(array).reshape(-1, array.size), axis=1)
    return bool((ordered[:, 1:] == ordered[:, :-1]).any())


def _write_valid(x: Any, values: Any, split: Split, valid: Any, how: str) -> Any:
    """Update x, but not where an index is not valid: such values go to a row that is dropped."""
    x, lead = bring_together(x, split)
    count = len(split.arrays)
    dims = x.shape[lead : lead + count]
    before, behind = x.shape[:lead], x.shape[lead + count :]
    length = int(np.prod(dims))
    rows = reshape(x, (*before, length, *behind))
    spare = np.ones((*before, 1, *behind), x.dtype)
    longer = operations.concatenate([rows, spare], axis=lead)
    numbers = operations.ravel_multi_index(split.arrays, dims)
    numbers = operations.where(valid, numbers, length)
    single = Split((), [lead], [unwrap(numbers)], [lead], True)
    z = _write_arrays(longer, values, single, how)
    kept = rules.Slice.apply(z, index=BasicIndex((*(slice(None),) * lead, slice(length))))
    z = reshape(kept, x.shape)
    return z if split.adjacent else np.moveaxis(z, range(count), split.axes)


def _into_range(split: Split, x: Any, mode: str) -> tuple[Split, Any]:
    """Bring index arrays into range; return them and where they were, or None for everywhere."""
    arrays = []
    valid: Any = None
    for array, axis in zip(split.arrays, split.sources, strict=True):
        if axis < 0:
            arrays.append(array)
            continue
        length = x.shape[axis]
        if mode == "wrap" and length:
            arrays.append(unwrap(operations.remainder(array, length)))
            continue
        counted = operations.where(operations.less(array, 0), operations.add(array, length), array)
        if mode != "clip" and outside(array, length).any():
            own = operations.logical_and(
                operations.greater_equal(counted, 0), operations.less(counted, length)
            )
            valid = own if valid is None else operations.logical_and(valid, own)
        arrays.append(unwrap(operations.clip(counted, 0, max(length - 1, 0))))
    if valid is not None:
        shape = np.broadcast_shapes(*[array.shape for array in arrays])
        valid = operations.broadcast_to(valid, shape)
    return replace(split, arrays=arrays), valid


# --- values --------------------------------------------------------------------------------------


def _combined(there: Any, values: Any, how: str, x: Any) -> Any:
    """Return what is to be stored in x: ``there + values``, ``there * values``, ..."""
    new = getattr(operations, COMBINE[how])(there, values)
    _check_dtype(new, x, how)
    return new


def _storable(values: Any, x: Any, how: str) -> Any:
    """Return values with a dtype that x can hold; Python's numbers take that of x."""
    rank = NUMBER_RANKS.get(type(values))
    if rank is not None:
        if rank > RANKS[x.dtype.kind]:
            wanted = str(np.result_type(x.dtype, values))
            raise UpdateDTypeError(how, describe(values), x.dtype, wanted)
        return x.dtype.type(values)
    values = lift(values, f"x.at[index].{how}")
    if how in ("multiply", "divide", "power"):
        return values  # the dtype of the result decides
    _check_dtype(values, x, how)
    return values if values.dtype == x.dtype else operations.astype(values, x.dtype)


def _check_dtype(values: Any, x: Any, how: str) -> None:
    if not np.can_cast(values.dtype, x.dtype, "same_kind"):
        wanted = str(np.result_type(values.dtype, x.dtype))
        raise UpdateDTypeError(how, describe(values), x.dtype, wanted)


def _fitting(values: Any, shape: tuple[int, ...], x: Any, how: str) -> Any:
    """Return values that broadcast to a shape; as in NumPy, axes of length one may lead."""
    extra = len(values.shape) - len(shape)
    if extra > 0 and all(length == 1 for length in values.shape[:extra]):
        values = reshape(values, values.shape[extra:])
    try:
        fits = np.broadcast_shapes(values.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(
            f"x.at[index].{how}", [x, values], f"the values do not broadcast to {shape}"
        )
    return values


def _fill_for(dtype: np.dtype[Any]) -> Any:
    """Return what stands for a missing element: NaN, or the most extreme integer."""
    if dtype.kind in "fc":
        return dtype.type(np.nan)
    if dtype.kind == "b":
        return np.True_
    limits = np.iinfo(dtype)
    return dtype.type(limits.min if dtype.kind == "i" else limits.max)


def _check_mode(mode: str | None) -> None:
    if mode not in MODES:
        raise ValueError(
            f"x.at[index]: mode is None, which raises IndexError for an index out of range, or "
            f'"clip", "wrap", "fill" or "drop", not {mode!r}'
        )


__all__ = ["index_get", "index_update"]
