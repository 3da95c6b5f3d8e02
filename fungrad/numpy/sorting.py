"""Sorting, searching and counting."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.array import wrap
from fungrad.errors import ShapeError
from fungrad.numpy.common import axis_index, axis_tuple, concrete, lift
from fungrad.rules import reductions
from fungrad.rules import sorting as rules


def sort(a: Any, axis: int | None = -1, kind: str | None = None, *, stable: Any = None) -> Any:
    """Return the elements in ascending order; NaN comes last.

    Parameters
    ----------
    a : array_like
        The elements.
    axis : int or None
        The axis to sort along; None sorts all elements into one axis.
    kind : {"quicksort", "mergesort", "heapsort", "stable"}, optional
        The algorithm, as for `numpy.sort`.
    stable : bool, optional
        Whether equal elements keep their order; the same as ``kind="stable"``.

    Returns
    -------
    Array
        The sorted elements.

    Examples
    --------
    >>> fnp.sort([3.0, 1.0, 2.0])
    Array([1., 2., 3.], dtype=float64)
    >>> fg.grad(lambda x: fnp.sort(x)[0])(fnp.array([3.0, 1.0, 2.0]))
    Array([0., 1., 0.], dtype=float64)
    """
    a, axis = _along(lift(a, "sort"), axis)
    return rules.Sort.apply(a, axis=axis, kind=_kind(kind, stable))


def argsort(a: Any, axis: int | None = -1, kind: str | None = None, *, stable: Any = None) -> Any:
    """Return the indices that sort the elements.

    Parameters
    ----------
    a : array_like
        The elements.
    axis : int or None
        The axis to sort along; None sorts all elements into one axis.
    kind : {"quicksort", "mergesort", "heapsort", "stable"}, optional
        The algorithm, as for `numpy.argsort`.
    stable : bool, optional
        Whether equal elements keep their order; the same as ``kind="stable"``.

    Returns
    -------
    Array
        Integers.

    Examples
    --------
    >>> fnp.argsort([3.0, 1.0, 2.0])
    Array([1, 2, 0], dtype=int64)
    """
    a, axis = _along(lift(a, "argsort"), axis)
    return rules.ArgSort.apply(a, axis=axis, kind=_kind(kind, stable))


def partition(a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect") -> Any:
    """Return the elements so arranged that those before position `kth` are not larger than it.

    Parameters
    ----------
    a : array_like
        The elements.
    kth : int or sequence of int
        The positions that hold what they would hold in sorted order.
    axis : int or None
        The axis to partition along; None takes all elements as one axis.
    kind : {"introselect"}
        The algorithm.

    Returns
    -------
    Array
        The elements in another order.

    Examples
    --------
    >>> fnp.partition([4.0, 1.0, 3.0, 2.0], 0)[0]
    Array(1., dtype=float64)
    """
    a, axis = _along(lift(a, "partition"), axis)
    return rules.Partition.apply(a, axis=axis, kth=_positions(kth, kind))


def argpartition(a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect") -> Any:
    """Return the indices that partition the elements as `partition` does.

    Parameters
    ----------
    a : array_like
        The elements.
    kth : int or sequence of int
        The positions that hold what they would hold in sorted order.
    axis : int or None
        The axis to partition along; None takes all elements as one axis.
    kind : {"introselect"}
        The algorithm.

    Returns
    -------
    Array
        Integers.

    Examples
    --------
    >>> fnp.argpartition([4.0, 1.0, 3.0, 2.0], 0)[0]
    Array(1, dtype=int64)
    """
    a, axis = _along(lift(a, "argpartition"), axis)
    return rules.ArgPartition.apply(a, axis=axis, kth=_positions(kth, kind))


def _along(a: Any, axis: int | None) -> tuple[Any, int]:
    if axis is None:
        return np.reshape(a, (-1,)), 0
    return a, axis_index(axis, a.ndim)


def _kind(kind: str | None, stable: Any) -> str | None:
    if stable is None:
        return kind
    if kind is not None:
        raise ValueError("kind and stable choose the same thing; give one of them")
    return "stable" if stable else None


def _positions(kth: Any, kind: str) -> tuple[int, ...]:
    if kind != "introselect":
        raise ValueError(f'kind must be "introselect", got {kind!r}')
    return tuple([int(each) for each in np.atleast_1d(np.asarray(kth))])


def sort_complex(a: Any) -> Any:
    """Return the elements sorted by their real and then their imaginary parts, as complex numbers.

    Parameters
    ----------
    a : array_like
        The elements; sorted along the last axis.

    Returns
    -------
    Array
        Complex numbers.

    Examples
    --------
    >>> fnp.sort_complex([2.0, 1.0])
    Array([1.+0.j, 2.+0.j], dtype=complex128)
    """
    z = sort(a)
    if z.dtype.kind == "c":
        return z
    return z.astype({"b": "F", "h": "F", "B": "F", "H": "F", "g": "G"}.get(z.dtype.char, "D"))


def lexsort(keys: Any, axis: int = -1) -> Any:
    """Return the indices that sort by several keys, the last of which counts first.

    Parameters
    ----------
    keys : sequence of array_like
        The keys, all of one shape.
    axis : int
        The axis to sort along.

    Returns
    -------
    Array
        Integers.

    Examples
    --------
    >>> fnp.lexsort(([2, 1, 3], [5, 5, 4]))
    Array([2, 1, 0], dtype=int64)
    """
    rows = [lift(key, "lexsort") for key in keys]
    if not rows:
        raise TypeError("lexsort needs a sequence of keys, and got none")
    axis = axis_index(axis, max(rows[0].ndim, 1))
    return rules.LexSort.apply(*rows, axis=axis)


def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """Return where values belong among sorted elements.

    Parameters
    ----------
    a : array_like
        The elements in ascending order, in one axis; or in any order, with `sorter`.
    v : array_like
        The values.
    side : {"left", "right"}
        Whether a value comes before or after the elements that are equal to it.
    sorter : array_like of int, optional
        The indices that sort `a`.

    Returns
    -------
    Array
        Integers of the shape of `v`.

    Examples
    --------
    >>> fnp.searchsorted([1.0, 2.0, 3.0], [2.0, 2.5])
    Array([1, 2], dtype=int64)
    """
    if side not in ("left", "right"):
        raise ValueError(f'side must be "left" or "right", got {side!r}')
    a = lift(a, "searchsorted")
    if sorter is not None:
        a = np.take(a, sorter)
    if a.ndim != 1:
        raise ShapeError("searchsorted", (a,), "the sorted elements stand in one axis")
    return rules.SearchSorted.apply(a, lift(v, "searchsorted"), side=side)


def count_nonzero(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Return the number of elements along the axes that are not zero.

    Parameters
    ----------
    a : array_like
        The elements.
    axis : int or tuple of int, optional
        The axes to count along; all of them when left out.
    keepdims : bool
        Whether the reduced axes remain, with length one.

    Returns
    -------
    Array
        Integers.

    Examples
    --------
    >>> fnp.count_nonzero([[1.0, 0.0], [2.0, 3.0]], axis=0)
    Array([2, 1], dtype=int64)
    """
    a = lift(a, "count_nonzero")
    return reductions.CountNonzero.apply(a, axis=axis_tuple(axis, a.ndim), keepdims=keepdims)


def argmax(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Return the position of the largest element along an axis, the first one of equals.

    Parameters
    ----------
    a : array_like
        The elements; a NaN counts as the largest.
    axis : int, optional
        The axis to search along; when left out, the positions count through the whole array.
    keepdims : bool
        Whether the axis remains, with length one.

    Returns
    -------
    Array
        Integers.

    Examples
    --------
    >>> fnp.argmax([[1.0, 5.0], [3.0, 2.0]], axis=1)
    Array([1, 0], dtype=int64)
    """
    return _position(reductions.ArgMax, lift(a, "argmax"), axis, keepdims)


def argmin(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Return the position of the smallest element along an axis, the first one of equals.

    Parameters
    ----------
    a : array_like
        The elements; a NaN counts as the smallest.
    axis : int, optional
        The axis to search along; when left out, the positions count through the whole array.
    keepdims : bool
        Whether the axis remains, with length one.

    Returns
    -------
    Array
        Integers.

    Examples
    --------
    >>> fnp.argmin([[1.0, 5.0], [3.0, 2.0]], axis=1)
    Array([0, 1], dtype=int64)
    """
    return _position(reductions.ArgMin, lift(a, "argmin"), axis, keepdims)


def _position(rule: Any, a: Any, axis: Any, keepdims: bool) -> Any:
    if axis is not None:
        return rule.apply(a, axis=axis_index(axis, a.ndim), keepdims=keepdims)
    position = rule.apply(np.reshape(a, (-1,)), axis=0, keepdims=False)
    return np.reshape(position, (1,) * a.ndim) if keepdims else position


def nonzero(a: Any) -> tuple[Any, ...]:
    """Return the indices of the elements that are not zero.

    Parameters
    ----------
    a : array_like
        The elements.

    Returns
    -------
    tuple of Array
        Integers, one array for each axis.

    Examples
    --------
    >>> fnp.nonzero([3.0, 0.0, 4.0])
    (Array([0, 2], dtype=int64),)
    """
    return tuple([wrap(index) for index in np.nonzero(_numbers(a, "nonzero"))])


def flatnonzero(a: Any) -> Any:
    """Return the indices, in the array as one axis, of the elements that are not zero.

    Parameters
    ----------
    a : array_like
        The elements.

    Returns
    -------
    Array
        Integers.

    Examples
    --------
    >>> fnp.flatnonzero([[3.0, 0.0], [0.0, 4.0]])
    Array([0, 3], dtype=int64)
    """
    return wrap(np.flatnonzero(_numbers(a, "flatnonzero")))


def argwhere(a: Any) -> Any:
    """Return the indices of the elements that are not zero, a row for each of them.

    Parameters
    ----------
    a : array_like
        The elements.

    Returns
    -------
    Array
        Integers, a column for each axis.

    Examples
    --------
    >>> fnp.argwhere([[3.0, 0.0], [0.0, 4.0]])
    Array([[0, 0],
           [1, 1]], dtype=int64)
    """
    return wrap(np.argwhere(_numbers(a, "argwhere")))


def _numbers(a: Any, where: str) -> Any:
    return np.asarray(concrete(np.not_equal(lift(a, where), 0)))


__all__ = [
    "argmax",
    "argmin",
    "argpartition",
    "argsort",
    "argwhere",
    "count_nonzero",
    "flatnonzero",
    "lexsort",
    "nonzero",
    "partition",
    "searchsorted",
    "sort",
    "sort_complex",
]
