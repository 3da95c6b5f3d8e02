"""Padding, with all of NumPy's modes."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad import tree
from fungrad.array import operations, unwrap
from fungrad.errors import ShapeError, UnsupportedFunctionError
from fungrad.numpy.common import concrete, is_traced, lift
from fungrad.numpy.joining import concatenate
from fungrad.numpy.shapes import broadcast_to, flip, reshape
from fungrad.numpy.untraced import call_numpy
from fungrad.rules import indexing as rules
from fungrad.rules.indexing import BasicIndex

OPTIONS = {
    "constant": "constant_values",
    "linear_ramp": "end_values",
    "maximum": "stat_length",
    "mean": "stat_length",
    "median": "stat_length",
    "minimum": "stat_length",
    "reflect": "reflect_type",
    "symmetric": "reflect_type",
    "edge": None,
    "empty": None,
    "wrap": None,
}
STATISTICS = {"maximum": "max", "minimum": "min", "mean": "mean", "median": "median"}

Pair = tuple[Any, Any]


def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    """Return the array with a border around it.

    Parameters
    ----------
    array : array_like
    pad_width : int, pair of int, sequence of pairs, or dict
        The number of elements before and after: for all axes, or for each of them. A dict has axes
        for keys.
    mode : str or callable
        'constant', 'edge', 'empty', 'linear_ramp', 'maximum', 'mean', 'median', 'minimum',
        'reflect', 'symmetric' or 'wrap'; or a function as `numpy.pad` takes it, where no transform
        runs.
    constant_values : array_like
        For 'constant': a number, a pair, or pairs for each axis, 0 when left out.
    end_values : array_like
        For 'linear_ramp': the values at the outer ends.
    stat_length : int, pair or sequence of pairs
        For 'maximum', 'mean', 'median' and 'minimum': how many elements count, from each end.
    reflect_type : {'even', 'odd'}
        For 'reflect' and 'symmetric'; 'odd' reflects through the point at the edge.

    Examples
    --------
    >>> fnp.pad([1.0, 2.0], 1)
    Array([0., 1., 2., 0.], dtype=float64)
    >>> fnp.pad([1.0, 2.0, 3.0], (2, 0), mode="reflect")
    Array([3., 2., 1., 2., 3.], dtype=float64)
    """
    x = lift(array, "pad")
    if callable(mode):
        return _pad_by_function(x, pad_width, mode, kwargs)
    if mode not in OPTIONS:
        raise ValueError(f"pad: mode {mode!r} is none of {', '.join(OPTIONS)}")
    unknown = set(kwargs) - {OPTIONS[mode]}
    if unknown:
        raise TypeError(f"pad with mode {mode!r} does not take {', '.join(sorted(unknown))}")
    widths = _widths(pad_width, x)
    option = kwargs.get(str(OPTIONS[mode]))
    zero = option is None or (type(option) in (int, float) and option == 0)
    if mode == "empty" or (mode == "constant" and zero):
        return _pad_zeros(x, widths)
    if not is_traced(x, *tree.leaves(option)):
        return call_numpy(np.pad, x, widths, mode, **kwargs)
    if mode != "constant" and not x.size:
        for axis, width in enumerate(widths):
            if not x.shape[axis] and any(width):
                raise ShapeError("pad", [x], f"axis {axis} is empty: mode {mode!r} has no values")
        return _pad_zeros(x, widths)
    if mode == "linear_ramp" and option is None:
        option = 0
    pairs = _pairs(option, x.ndim)
    for axis, width in enumerate(widths):
        if any(width):
            x = _pad_axis(x, axis, width, mode, pairs[axis])
    return operations.asarray(x)


def _pad_axis(x: Any, axis: int, width: Pair, mode: str, pair: Pair) -> Any:
    if mode == "constant":
        before, after = [operations.astype(lift(value, "pad"), x.dtype) for value in pair]
    elif mode == "linear_ramp":
        before = _ramp(x, axis, width[0], pair[0])
        after = flip(_ramp(flip(x, axis), axis, width[1], pair[1]), axis)
    elif mode in STATISTICS:
        before = _statistic(x, axis, pair[0], STATISTICS[mode])
        after = flip(_statistic(flip(x, axis), axis, pair[1], STATISTICS[mode]), axis)
    elif mode in ("reflect", "symmetric") and pair[0] == "odd":
        return _pad_odd(x, axis, width, mode == "symmetric")
    else:
        places = np.pad(np.arange(x.shape[axis]), width, mode=mode)  # type: ignore[call-overload]
        return rules.Gather.apply(x, places, lead=axis)
    shapes = [(*x.shape[:axis], length, *x.shape[axis + 1 :]) for length in width]
    parts = [broadcast_to(before, shapes[0]), x, broadcast_to(after, shapes[1])]
    return concatenate(parts, axis)


def _pad_zeros(x: Any, widths: list[Pair]) -> Any:
    inner = [slice(a, a + n) for (a, _), n in zip(widths, x.shape, strict=True)]
    shape = tuple([a + n + b for (a, b), n in zip(widths, x.shape, strict=True)])
    return rules.Place.apply(x, index=BasicIndex(tuple(inner)), shape=shape)


def _ramp(x: Any, axis: int, width: int, end: Any) -> Any:
    edge = operations.take(x, 0, axis)
    return operations.linspace(end, edge, width, endpoint=False, dtype=x.dtype, axis=axis)


def _statistic(x: Any, axis: int, length: Any, name: str) -> Any:
    """Return a statistic of the first elements along an axis, which stays."""
    if length is not None:
        x = rules.Slice.apply(x, index=BasicIndex((*(slice(None),) * axis, slice(length))))
    if name in ("max", "min") and not x.shape[axis]:
        raise ShapeError("pad", [x], "a stat_length of 0 leaves no value")
    value = getattr(operations, name)(x, axis=axis, keepdims=True)
    if x.dtype.kind in "iu" and value.dtype != x.dtype:
        value = operations.rint(value)
    return operations.astype(value, x.dtype)


def _pad_odd(x: Any, axis: int, width: Pair, symmetric: bool) -> Any:
    """Reflect through the points at the edges, again and again until the border is full."""
    before, after = width
    if x.shape[axis] == 1:
        places = np.pad(np.arange(1), width, mode="edge")
        return rules.Gather.apply(x, places, lead=axis)
    period = x.shape[axis] - (not symmetric)
    while before or after:
        usable = (x.shape[axis] - (not symmetric)) // period * period
        parts = [x]
        if before:
            chunk = min(usable, before)
            parts.insert(0, flip(_reflected(x, axis, chunk, symmetric), axis))
            before -= chunk
        if after:
            chunk = min(usable, after)
            parts.append(_reflected(flip(x, axis), axis, chunk, symmetric))
            after -= chunk
        x = concatenate(parts, axis)
    return x


def _reflected(x: Any, axis: int, chunk: int, symmetric: bool) -> Any:
    """Return elements reflected through the first one; the nearest comes first."""
    ahead = (slice(None),) * axis
    start = 0 if symmetric else 1
    edge = rules.Slice.apply(x, index=BasicIndex((*ahead, slice(0, 1))))
    mirrored = rules.Slice.apply(x, index=BasicIndex((*ahead, slice(start, start + chunk))))
    return 2 * edge - mirrored


def _widths(pad_width: Any, x: Any) -> list[Pair]:
    ndim = x.ndim
    if isinstance(pad_width, dict):
        widths = [(0, 0)] * ndim
        for axis, width in pad_width.items():
            widths[axis] = (width, width) if np.ndim(width) == 0 else tuple(width)
        pad_width = widths
    given = np.asarray(concrete(pad_width))
    if given.dtype.kind not in "iu" and given.size:
        raise TypeError(f"pad: pad_width is an integer or integers, not {given.dtype}")
    if given.size and given.min() < 0:
        raise ValueError(f"pad: pad_width {pad_width} is negative; cut with a slice instead")
    return [(int(before), int(after)) for before, after in _pairs(given, ndim)]


def _pairs(values: Any, ndim: int) -> list[Pair]:
    """Return a value before and one after for each axis, by NumPy's rules."""
    if values is None or isinstance(values, str):
        return [(values, values)] * ndim
    values = unwrap(operations.asarray(values))
    if values.size == 1:
        values = reshape(values, (1, 1))
    elif values.size == 2 and values.shape != (2, 1):
        values = reshape(values, (1, 2))
    values = unwrap(broadcast_to(values, (ndim, 2)))
    return [(values[axis, 0], values[axis, 1]) for axis in range(ndim)]


def _pad_by_function(x: Any, pad_width: Any, function: Any, kwargs: dict[str, Any]) -> Any:
    if is_traced(x):
        raise UnsupportedFunctionError(
            "np.pad with a function for its mode",
            "changes arrays in place, so it cannot be traced; join borders with fnp.concatenate",
        )
    return call_numpy(np.pad, x, _widths(pad_width, x), function, **kwargs)


__all__ = ["pad"]
