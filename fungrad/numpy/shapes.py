"""Functions of the shape: the same elements in another arrangement."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.array import Array, wrap
from fungrad.errors import ShapeError
from fungrad.numpy.common import as_array, axis_index, axis_tuple, lift
from fungrad.rules import shape as rules
from fungrad.trace import peek


def reshape(a: Any, /, shape: Any, order: str = "C", *, copy: bool | None = None) -> Any:
    """Return the elements in another shape.

    Parameters
    ----------
    a : array_like
    shape : int or sequence of int
        One length may be -1: it is found from the number of elements.
    order : {'C', 'F'}
        Which axis runs fastest, in the reading and in the result: the last one or the first.
    copy : bool, optional
        Without effect: arrays do not change, so nobody can tell.

    Raises
    ------
    ShapeError
        If the shapes have different numbers of elements.

    Examples
    --------
    >>> fnp.reshape(fnp.arange(6), (2, -1))
    Array([[0, 1, 2],
           [3, 4, 5]], dtype=int64)
    """
    lengths = _lengths(shape)
    if type(a) is Array and order == "C":
        try:
            return wrap(a.value.reshape(lengths))
        except ValueError:
            pass  # said better below
    a = lift(a, "reshape")
    if -1 in lengths:
        lengths = _without_minus_one(a, lengths)
    if order == "F" or (order == "A" and _is_fortran(a)):
        columns = rules.Reshape.apply(transpose(a), shape=lengths[::-1])
        return transpose(columns)
    if order not in ("C", "A"):
        raise ValueError(f"reshape: order is 'C', 'F' or 'A', not {order!r}")
    return rules.Reshape.apply(a, shape=lengths)


def _lengths(shape: Any) -> tuple[int, ...]:
    if type(shape) is tuple:
        for length in shape:
            if type(length) is not int:
                break
        else:
            return shape
    if isinstance(shape, (tuple, list)) or np.ndim(shape):
        return tuple([operator.index(length) for length in shape])
    return (operator.index(shape),)


def _without_minus_one(a: Any, lengths: tuple[int, ...]) -> tuple[int, ...]:
    known = 1
    for length in lengths:
        known *= length
    known = -known
    if lengths.count(-1) > 1:
        raise ShapeError("reshape", [a], f"only one length of {lengths} can be -1")
    if known <= 0 or a.size % known:
        raise ShapeError("reshape", [a], f"{a.size} elements do not fit into the shape {lengths}")
    found = a.size // known
    return tuple([found if length == -1 else length for length in lengths])


def _is_fortran(a: Any) -> bool:
    return peek(a).flags.fnc


def ravel(a: Any, order: str = "C") -> Any:
    """Return the elements in one axis.

    Parameters
    ----------
    a : array_like
    order : {'C', 'F', 'A', 'K'}
        'C' runs through the last axis first, 'F' through the first one; 'A' and 'K' are 'C' here,
        unless the memory of `a` is in Fortran's order.

    Examples
    --------
    >>> fnp.ravel([[1, 2], [3, 4]])
    Array([1, 2, 3, 4], dtype=int64)
    """
    a = lift(a, "ravel")
    if order == "K":
        order = "F" if _is_fortran(a) else "C"
    return reshape(a, (a.size,), order)


def transpose(a: Any, axes: Any = None) -> Any:
    """Return the array with its axes in another order, reversed when `axes` is left out.

    Parameters
    ----------
    a : array_like
    axes : sequence of int, optional
        A permutation of the axes; negative ones count from the end.

    Examples
    --------
    >>> fnp.transpose([[1, 2], [3, 4]])
    Array([[1, 3],
           [2, 4]], dtype=int64)
    """
    a = lift(a, "transpose")
    ndim = a.ndim
    if axes is None:
        order = tuple(range(ndim - 1, -1, -1))
    else:
        order = tuple([axis_index(axis, ndim) for axis in axes])
        if sorted(order) != list(range(ndim)):
            raise ValueError(f"transpose: axes {axes} is no permutation of the {ndim} axes")
    return _permute(a, order)


def _permute(a: Any, order: tuple[int, ...]) -> Any:
    if type(a) is Array:
        return wrap(a.value.transpose(order))
    if len(order) < 2:
        return as_array(a)
    return rules.Transpose.apply(a, axes=order)


def permute_dims(a: Any, axes: Any = None) -> Any:
    """Return the array with its axes in another order: another name of `transpose`.

    Examples
    --------
    >>> fnp.permute_dims(fnp.ones((2, 3, 4)), (2, 0, 1)).shape
    (4, 2, 3)
    """
    return transpose(a, axes)


def matrix_transpose(x: Any, /) -> Any:
    """Return the array with its last two axes swapped.

    Examples
    --------
    >>> fnp.matrix_transpose(fnp.ones((5, 2, 3))).shape
    (5, 3, 2)
    """
    x = lift(x, "matrix_transpose")
    if x.ndim < 2:
        raise ShapeError("matrix_transpose", [x], "a matrix has two axes")
    return swapaxes(x, -1, -2)


def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    """Return the array with two axes swapped.

    Examples
    --------
    >>> fnp.swapaxes(fnp.ones((2, 3, 4)), 0, 2).shape
    (4, 3, 2)
    """
    a = lift(a, "swapaxes")
    first, second = axis_index(axis1, a.ndim), axis_index(axis2, a.ndim)
    order = list(range(a.ndim))
    order[first], order[second] = second, first
    return _permute(a, tuple(order))


def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """Return the array with some axes at other places; the rest keep their order.

    Parameters
    ----------
    a : array_like
    source, destination : int or sequence of int

    Examples
    --------
    >>> fnp.moveaxis(fnp.ones((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    a = lift(a, "moveaxis")
    sources, destinations = _axes_in_order(source, a.ndim), _axes_in_order(destination, a.ndim)
    if len(sources) != len(destinations):
        raise ValueError(
            f"moveaxis: source {source} and destination {destination} must name as many axes"
        )
    order = [axis for axis in range(a.ndim) if axis not in sources]
    for to, axis in sorted(zip(destinations, sources, strict=True)):
        order.insert(to, axis)
    return _permute(a, tuple(order))


def _axes_in_order(axis: Any, ndim: int) -> list[int]:
    axes = [axis_index(each, ndim) for each in (axis if np.iterable(axis) else (axis,))]
    if len(set(axes)) != len(axes):
        raise ValueError(f"axis {axis} names an axis twice")
    return axes


def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """Return the array with one axis moved until it lies before `start`; see `moveaxis`.

    Examples
    --------
    >>> fnp.rollaxis(fnp.ones((2, 3, 4)), 2).shape
    (4, 2, 3)
    """
    a = lift(a, "rollaxis")
    axis = axis_index(axis, a.ndim)
    if start < 0:
        start += a.ndim
    if not 0 <= start <= a.ndim:
        raise np.exceptions.AxisError(start, a.ndim)
    return moveaxis(a, axis, start - (axis < start))


def expand_dims(a: Any, axis: Any) -> Any:
    """Return the array with new axes of length one, at the places `axis` of the result.

    Examples
    --------
    >>> fnp.expand_dims(fnp.ones(3), 0).shape
    (1, 3)
    """
    a = lift(a, "expand_dims")
    count = len(axis) if isinstance(axis, (tuple, list)) else 1
    new = axis_tuple(axis, a.ndim + count)
    rest = iter(a.shape)
    shape = tuple([1 if place in new else next(rest) for place in range(a.ndim + count)])
    return rules.Reshape.apply(a, shape=shape)


def squeeze(a: Any, axis: Any = None) -> Any:
    """Return the array without axes of length one: all of them, or those that `axis` names.

    Raises
    ------
    ShapeError
        If an axis in `axis` has another length.

    Examples
    --------
    >>> fnp.squeeze(fnp.ones((1, 3, 1))).shape
    (3,)
    """
    a = lift(a, "squeeze")
    shape = a.shape
    if axis is None:
        return rules.Reshape.apply(a, shape=tuple([n for n in shape if n != 1]))
    axes = axis_tuple(axis, a.ndim)
    for each in axes:
        if shape[each] != 1:
            raise ShapeError("squeeze", [a], f"axis {each} has length {shape[each]}, not 1")
    kept = tuple([n for place, n in enumerate(shape) if place not in axes])
    return rules.Reshape.apply(a, shape=kept)


def broadcast_to(array: Any, shape: Any) -> Any:
    """Return the array repeated to a shape, by NumPy's rules of broadcasting.

    Raises
    ------
    ShapeError
        If the shapes do not fit.

    Examples
    --------
    >>> fnp.broadcast_to([1.0, 2.0], (2, 2))
    Array([[1., 2.],
           [1., 2.]], dtype=float64)
    """
    return rules.BroadcastTo.apply(lift(array, "broadcast_to"), shape=_lengths(shape))


def broadcast_arrays(*args: Any) -> tuple[Any, ...]:
    """Return the arrays repeated to their common shape.

    Examples
    --------
    >>> [each.shape for each in fnp.broadcast_arrays(1.0, fnp.ones((2, 1)), fnp.ones(3))]
    [(2, 3), (2, 3), (2, 3)]
    """
    arrays = [lift(each, "broadcast_arrays") for each in args]
    shape = broadcast_shapes(*[each.shape for each in arrays])
    return tuple(
        [
            as_array(each) if each.shape == shape else rules.BroadcastTo.apply(each, shape=shape)
            for each in arrays
        ]
    )


def broadcast_shapes(*shapes: Any) -> tuple[int, ...]:
    """Return the shape that arrays of these shapes broadcast to.

    Examples
    --------
    >>> fnp.broadcast_shapes((2, 1), (3,))
    (2, 3)
    """
    return tuple(np.broadcast_shapes(*shapes))


def atleast_1d(*arys: Any) -> Any:
    """Return each array with one axis at least; a tuple for several.

    Examples
    --------
    >>> fnp.atleast_1d(3.0)
    Array([3.], dtype=float64)
    """
    return _each(arys, lambda a: (1,) if not a.shape else a.shape)


def atleast_2d(*arys: Any) -> Any:
    """Return each array with two axes at least, new ones in front; a tuple for several.

    Examples
    --------
    >>> fnp.atleast_2d([1.0, 2.0]).shape
    (1, 2)
    """
    return _each(arys, lambda a: (1,) * (2 - a.ndim) + a.shape)


def atleast_3d(*arys: Any) -> Any:
    """Return each array with three axes at least; a tuple for several.

    Of a vector the new axes are on both sides, of a matrix the new one is the last.

    Examples
    --------
    >>> fnp.atleast_3d([1.0, 2.0]).shape
    (1, 2, 1)
    """

    def with_three(a: Any) -> tuple[int, ...]:
        shape: tuple[int, ...] = a.shape
        return {0: (1, 1, 1), 1: (1, *shape, 1), 2: (*shape, 1)}.get(len(shape), shape)

    return _each(arys, with_three)


def _each(arrays: Sequence[Any], shape_of: Any) -> Any:
    results = []
    for array in arrays:
        a = lift(array, "atleast")
        shape = shape_of(a)
        results.append(as_array(a) if shape == a.shape else rules.Reshape.apply(a, shape=shape))
    return results[0] if len(results) == 1 else tuple(results)


def flip(m: Any, axis: Any = None) -> Any:
    """Return the array with the order of its elements reversed, along `axis` or all axes.

    Examples
    --------
    >>> fnp.flip([1, 2, 3])
    Array([3, 2, 1], dtype=int64)
    """
    m = lift(m, "flip")
    axes = axis_tuple(axis, m.ndim)
    return rules.Flip.apply(m, axis=axes) if axes else as_array(m)


def fliplr(m: Any) -> Any:
    """Return the array with its second axis reversed.

    Examples
    --------
    >>> fnp.fliplr([[1, 2], [3, 4]])
    Array([[2, 1],
           [4, 3]], dtype=int64)
    """
    m = lift(m, "fliplr")
    if m.ndim < 2:
        raise ShapeError("fliplr", [m], "it needs two axes; use flip")
    return flip(m, 1)


def flipud(m: Any) -> Any:
    """Return the array with its first axis reversed.

    Examples
    --------
    >>> fnp.flipud([[1, 2], [3, 4]])
    Array([[3, 4],
           [1, 2]], dtype=int64)
    """
    m = lift(m, "flipud")
    if m.ndim < 1:
        raise ShapeError("flipud", [m], "it needs an axis")
    return flip(m, 0)


def rot90(m: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """Return the array turned by k right angles in the plane of two axes.

    Examples
    --------
    >>> fnp.rot90([[1, 2], [3, 4]])
    Array([[2, 4],
           [1, 3]], dtype=int64)
    """
    m = lift(m, "rot90")
    first, second = _axes_in_order(tuple(axes), m.ndim)
    k %= 4
    if k == 0:
        return as_array(m)
    if k == 2:
        return flip(m, (first, second))
    if k == 1:
        return swapaxes(flip(m, second), first, second)
    return flip(swapaxes(m, first, second), second)


def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    """Return the array with its elements moved along axes; those that leave come in again.

    Parameters
    ----------
    a : array_like
    shift : int or sequence of int
        By how many places, for each axis.
    axis : int or sequence of int, optional
        When left out, the flattened array is rolled and gets its shape back.

    Examples
    --------
    >>> fnp.roll([1, 2, 3, 4], 1)
    Array([4, 1, 2, 3], dtype=int64)
    """
    a = lift(a, "roll")
    if axis is None:
        return reshape(roll(ravel(a), shift, 0), a.shape)
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    pairs = np.broadcast(shift, axes)
    if pairs.ndim > 1:
        raise ValueError("roll: shift and axis are integers or one-dimensional sequences")
    moves = [(int(by), axis_index(int(along), a.ndim)) for by, along in pairs]
    return rules.Roll.apply(
        a, shift=tuple([by for by, _ in moves]), axis=tuple([along for _, along in moves])
    )


__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "broadcast_arrays",
    "broadcast_shapes",
    "broadcast_to",
    "expand_dims",
    "flip",
    "fliplr",
    "flipud",
    "matrix_transpose",
    "moveaxis",
    "permute_dims",
    "ravel",
    "reshape",
    "roll",
    "rollaxis",
    "rot90",
    "squeeze",
    "swapaxes",
    "transpose",
]
