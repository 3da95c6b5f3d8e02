"""Joining arrays and splitting them."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.array import Array, operations
from fungrad.errors import ShapeError
from fungrad.numpy.common import as_array, axis_index, concrete, lift
from fungrad.numpy.shapes import (
    atleast_1d,
    atleast_2d,
    atleast_3d,
    ravel,
    reshape,
    transpose,
)
from fungrad.rules import shape as rules


def concatenate(
    arrays: Sequence[Any],
    /,
    axis: int | None = 0,
    *,
    dtype: Any = None,
    casting: Any = "same_kind",
) -> Any:
    """Return arrays joined along an axis that they have.

    Parameters
    ----------
    arrays : sequence of array_like
        Of the same shape, but for `axis`. Their dtypes are promoted.
    axis : int or None
        With None the arrays are flattened first.
    dtype : dtype, optional
        That of the result.
    casting : str
        Which conversions to `dtype` are allowed; see `numpy.can_cast`.

    Raises
    ------
    ShapeError
        If the shapes do not fit together.

    Examples
    --------
    >>> fnp.concatenate([[1.0, 2.0], [3.0]])
    Array([1., 2., 3.], dtype=float64)
    """
    parts = _parts(arrays, "concatenate")
    if axis is None:
        parts = [ravel(part) for part in parts]
        axis = 0
    ndim = parts[0].ndim
    if not ndim:
        raise ShapeError("concatenate", parts, "numbers have no axis to join along; use fnp.stack")
    joined = rules.Concatenate.apply(*parts, axis=axis_index(axis, ndim))
    return _cast(joined, dtype, casting)


def concat(
    arrays: Sequence[Any],
    /,
    axis: int | None = 0,
    *,
    dtype: Any = None,
    casting: Any = "same_kind",
) -> Any:
    """Return arrays joined along an axis that they have: another name of `concatenate`.

    Examples
    --------
    >>> fnp.concat([[1, 2], [3]])
    Array([1, 2, 3], dtype=int64)
    """
    return concatenate(arrays, axis, dtype=dtype, casting=casting)


def _parts(arrays: Any, where: str) -> list[Any]:
    if isinstance(arrays, Array):
        arrays = unstack(arrays)
    parts = [lift(each, where) for each in arrays]
    if not parts:
        raise ValueError(f"{where} needs one array at least, got {arrays!r}")
    return parts


def _cast(x: Any, dtype: Any, casting: Any) -> Any:
    if dtype is None or x.dtype == np.dtype(dtype):
        return x
    if not np.can_cast(x.dtype, dtype, casting):
        raise TypeError(
            f"casting={casting!r} does not convert {x.dtype} to {np.dtype(dtype)}; "
            "pass casting='unsafe', or convert with .astype"
        )
    return operations.astype(x, dtype)


def stack(
    arrays: Sequence[Any], axis: int = 0, *, dtype: Any = None, casting: Any = "same_kind"
) -> Any:
    """Return arrays of one shape joined along a new axis.

    Parameters
    ----------
    arrays : sequence of array_like
    axis : int
        Where the new axis stands in the result.
    dtype, casting
        See `concatenate`.

    Examples
    --------
    >>> fnp.stack([[1.0, 2.0], [3.0, 4.0]], axis=1)
    Array([[1., 3.],
           [2., 4.]], dtype=float64)
    """
    parts = _parts(arrays, "stack")
    shape = parts[0].shape
    for part in parts:
        if part.shape != shape:
            raise ShapeError("stack", parts, "all must have the same shape")
    joined = rules.Stack.apply(*parts, axis=axis_index(axis, len(shape) + 1))
    return _cast(joined, dtype, casting)


def vstack(tup: Sequence[Any], *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    """Return arrays joined along the first axis; vectors are rows.

    Examples
    --------
    >>> fnp.vstack([[1, 2], [3, 4]])
    Array([[1, 2],
           [3, 4]], dtype=int64)
    """
    parts = [atleast_2d(each) for each in _parts(tup, "vstack")]
    return concatenate(parts, 0, dtype=dtype, casting=casting)


def hstack(tup: Sequence[Any], *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    """Return arrays joined along the second axis; vectors along their only one.

    Examples
    --------
    >>> fnp.hstack([[1, 2], [3, 4]])
    Array([1, 2, 3, 4], dtype=int64)
    """
    parts = [atleast_1d(each) for each in _parts(tup, "hstack")]
    axis = 0 if parts[0].ndim == 1 else 1
    return concatenate(parts, axis, dtype=dtype, casting=casting)


def dstack(tup: Sequence[Any]) -> Any:
    """Return arrays joined along the third axis; see `atleast_3d` for those with fewer axes.

    Examples
    --------
    >>> fnp.dstack([[1, 2], [3, 4]]).shape
    (1, 2, 2)
    """
    return concatenate([atleast_3d(each) for each in _parts(tup, "dstack")], 2)


def column_stack(tup: Sequence[Any]) -> Any:
    """Return arrays joined along the second axis; vectors are columns.

    Examples
    --------
    >>> fnp.column_stack([[1, 2], [3, 4]])
    Array([[1, 3],
           [2, 4]], dtype=int64)
    """
    parts = _parts(tup, "column_stack")
    return concatenate([transpose(atleast_2d(p)) if p.ndim < 2 else p for p in parts], 1)


def block(arrays: Any) -> Any:
    """Return a matrix put together from nested lists of blocks.

    The innermost lists are joined along the last axis, those around them along the axis before it,
    and so on.

    Examples
    --------
    >>> fnp.block([[fnp.eye(2), fnp.zeros((2, 1))], [fnp.ones((1, 2)), 5.0]])
    Array([[1., 0., 0.],
           [0., 1., 0.],
           [1., 1., 5.]], dtype=float64)
    """
    depth = _depth(arrays)
    ndim = max([depth, *[np.ndim(leaf) for leaf in _leaves(arrays)]])
    return _block(arrays, depth, ndim)


def _depth(arrays: Any) -> int:
    if not isinstance(arrays, list):
        return 0
    depths = {_depth(each) for each in arrays}
    if not depths:
        raise ValueError("block: a list of blocks is empty")
    if len(depths) > 1:
        raise ValueError(f"block: lists are nested to different depths: {sorted(depths)}")
    return depths.pop() + 1


def _leaves(arrays: Any) -> list[Any]:
    if isinstance(arrays, list):
        return [leaf for each in arrays for leaf in _leaves(each)]
    return [lift(arrays, "block")]


def _block(arrays: Any, depth: int, ndim: int) -> Any:
    if not depth:
        a = lift(arrays, "block")
        return reshape(a, (*(1,) * (ndim - a.ndim), *a.shape))
    return concatenate([_block(each, depth - 1, ndim) for each in arrays], axis=-depth)


# --- splitting -----------------------------------------------------------------------------------


def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Return pieces of an axis, as a list.

    Parameters
    ----------
    ary : array_like
    indices_or_sections : int or sequence of int
        The number of pieces, the first ones one element longer if they cannot be equal; or the
        places where to cut.
    axis : int

    Examples
    --------
    >>> fnp.array_split(fnp.arange(5), 2)
    [Array([0, 1, 2], dtype=int64), Array([3, 4], dtype=int64)]
    """
    x = lift(ary, "array_split")
    axis = axis_index(axis, x.ndim)
    length = x.shape[axis]
    if np.ndim(indices_or_sections):
        cuts = concrete(lift(indices_or_sections, "array_split"))
        places = [0, *[int(cut) for cut in np.asarray(cuts)], length]
    else:
        sections = operator.index(indices_or_sections)
        if sections < 1:
            raise ValueError(f"array_split: the number of pieces is {sections}, not positive")
        each, more = divmod(length, sections)
        sizes = [each + 1] * more + [each] * (sections - more)
        places = [0, *[sum(sizes[: i + 1]) for i in range(sections)]]
    if all(0 <= a <= b <= length for a, b in itertools.pairwise(places)):
        edges = tuple(itertools.pairwise(places))
        return list(rules.Split.apply(x, axis=axis, edges=edges))
    x = as_array(x)  # cuts that overlap, or count from the end
    before = (slice(None),) * axis
    return [x[(*before, slice(a, b))] for a, b in itertools.pairwise(places)]


def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Return pieces of an axis, as a list; equal ones, if their number is given.

    Parameters
    ----------
    ary : array_like
    indices_or_sections : int or sequence of int
        The number of pieces, or the places where to cut.
    axis : int

    Raises
    ------
    ShapeError
        If the axis cannot be cut into so many equal pieces.

    Examples
    --------
    >>> fnp.split(fnp.arange(4), 2)
    [Array([0, 1], dtype=int64), Array([2, 3], dtype=int64)]
    """
    x = lift(ary, "split")
    if not np.ndim(indices_or_sections):
        length = x.shape[axis_index(axis, x.ndim)]
        if length % operator.index(indices_or_sections):
            raise ShapeError(
                "split",
                [x],
                f"an axis of length {length} has no {indices_or_sections} equal pieces; "
                "array_split makes unequal ones",
            )
    return array_split(x, indices_or_sections, axis)


def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """Return pieces of the first axis; see `split`.

    Examples
    --------
    >>> [each.shape for each in fnp.vsplit(fnp.ones((4, 3)), 2)]
    [(2, 3), (2, 3)]
    """
    return _split_along(ary, indices_or_sections, 0, 2, "vsplit")


def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """Return pieces of the second axis, of a vector of its only one; see `split`.

    Examples
    --------
    >>> [each.shape for each in fnp.hsplit(fnp.ones((3, 4)), 2)]
    [(3, 2), (3, 2)]
    """
    x = lift(ary, "hsplit")
    return _split_along(x, indices_or_sections, min(1, x.ndim - 1), 1, "hsplit")


def dsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """Return pieces of the third axis; see `split`.

    Examples
    --------
    >>> [each.shape for each in fnp.dsplit(fnp.ones((1, 3, 4)), 2)]
    [(1, 3, 2), (1, 3, 2)]
    """
    return _split_along(ary, indices_or_sections, 2, 3, "dsplit")


def _split_along(a: Any, cuts: Any, axis: int, ndim: int, where: str) -> list[Any]:
    x = lift(a, where)
    if x.ndim < ndim:
        raise ShapeError(where, [x], f"it needs {ndim} axes at least")
    return split(x, cuts, axis)


def unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    """Return the slices along an axis, without that axis, as a tuple: the inverse of `stack`.

    Examples
    --------
    >>> fnp.unstack([[1, 2], [3, 4]])
    (Array([1, 2], dtype=int64), Array([3, 4], dtype=int64))
    """
    x = lift(x, "unstack")
    axis = axis_index(axis, x.ndim)
    if not x.shape[axis]:
        return ()
    return rules.Unstack.apply(x, axis=axis)  # type: ignore[no-any-return]


__all__ = [
    "array_split",
    "block",
    "column_stack",
    "concat",
    "concatenate",
    "dsplit",
    "dstack",
    "hsplit",
    "hstack",
    "split",
    "stack",
    "unstack",
    "vsplit",
    "vstack",
]
