"""Index arrays: grids, and the positions of diagonals and triangles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fungrad.array import operations, wrap
from fungrad.errors import ShapeError
from fungrad.numpy.common import as_array, concrete, lift
from fungrad.numpy.shapes import broadcast_arrays, reshape

s_ = np.s_
index_exp = np.index_exp


def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Any:
    """Return the coordinates of a grid as arrays, one for each axis of it.

    Parameters
    ----------
    *xi : array_like
        The places on each axis.
    copy : bool
        Without effect: arrays do not change, so nobody can tell.
    sparse : bool
        Whether to leave the axes along which a coordinate does not change at length one.
    indexing : {'xy', 'ij'}
        Whether the first two axes of the results are swapped, as pictures have them, or not.

    Returns
    -------
    tuple of Array

    Examples
    --------
    >>> x, y = fnp.meshgrid([1, 2, 3], [10, 20])
    >>> x
    Array([[1, 2, 3],
           [1, 2, 3]], dtype=int64)
    >>> y
    Array([[10, 10, 10],
           [20, 20, 20]], dtype=int64)
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: indexing is 'xy' or 'ij', not {indexing!r}")
    ndim = len(xi)
    order = list(range(ndim))
    if indexing == "xy" and ndim > 1:
        order[:2] = [1, 0]
    arrays = []
    for x, place in zip(xi, order, strict=True):
        shape = [1] * ndim
        shape[place] = -1
        arrays.append(reshape(lift(x, "meshgrid"), shape))
    return tuple(arrays) if sparse or not arrays else broadcast_arrays(*arrays)


def indices(dimensions: Any, dtype: Any = int, sparse: bool = False) -> Any:
    """Return the index arrays of a whole array, stacked along the first axis.

    Examples
    --------
    >>> fnp.indices((2, 2))
    Array([[[0, 0],
            [1, 1]],
    <BLANKLINE>
           [[0, 1],
            [0, 1]]], dtype=int64)
    """
    result = np.indices(dimensions, dtype, sparse=sparse)  # type: ignore[call-overload]
    return tuple([wrap(each) for each in result]) if sparse else wrap(result)


def ix_(*args: Any) -> tuple[Any, ...]:
    """Return index arrays that pick all combinations of places: ``x[fnp.ix_(rows, columns)]``.

    Masks stand for the places where they are True.

    Examples
    --------
    >>> fnp.arange(9).reshape(3, 3)[fnp.ix_([0, 2], [1, 2])]
    Array([[1, 2],
           [7, 8]], dtype=int64)
    """
    result = []
    for position, each in enumerate(args):
        x = lift(each, "ix_")
        if x.ndim != 1:
            raise ShapeError("ix_", [x], "each argument has one axis")
        if x.dtype.kind == "b":
            x = wrap(np.flatnonzero(concrete(x)))
        elif not x.size:
            x = wrap(np.zeros(0, np.intp))
        shape = (1,) * position + (x.size,) + (1,) * (len(args) - position - 1)
        result.append(reshape(x, shape))
    return tuple(result)


def diag_indices(n: int, ndim: int = 2) -> tuple[Any, ...]:
    """Return the index arrays of the main diagonal of an array of `n` by `n` ...

    Examples
    --------
    >>> fnp.diag_indices(2)
    (Array([0, 1], dtype=int64), Array([0, 1], dtype=int64))
    """
    return (wrap(np.arange(n)),) * ndim


def diag_indices_from(arr: Any) -> tuple[Any, ...]:
    """Return the index arrays of the main diagonal of an array whose axes have one length.

    Examples
    --------
    >>> fnp.diag_indices_from(fnp.eye(2))
    (Array([0, 1], dtype=int64), Array([0, 1], dtype=int64))
    """
    x = lift(arr, "diag_indices_from")
    if x.ndim < 2 or len(set(x.shape)) != 1:
        raise ShapeError("diag_indices_from", [x], "it needs two axes or more, of one length")
    return diag_indices(x.shape[0], x.ndim)


def tril_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Any, ...]:
    """Return the index arrays of the elements of an n by m matrix on a diagonal and below.

    Examples
    --------
    >>> fnp.tril_indices(2)
    (Array([0, 1, 1], dtype=int64), Array([0, 0, 1], dtype=int64))
    """
    return tuple([wrap(each) for each in np.tril_indices(n, k, m)])


def triu_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Any, ...]:
    """Return the index arrays of the elements of an n by m matrix on a diagonal and above.

    Examples
    --------
    >>> fnp.triu_indices(2)
    (Array([0, 0, 1], dtype=int64), Array([0, 1, 1], dtype=int64))
    """
    return tuple([wrap(each) for each in np.triu_indices(n, k, m)])


def tril_indices_from(arr: Any, k: int = 0) -> tuple[Any, ...]:
    """Return the index arrays of the elements of a matrix on a diagonal and below.

    Examples
    --------
    >>> fnp.tril_indices_from(fnp.eye(2), -1)
    (Array([1], dtype=int64), Array([0], dtype=int64))
    """
    rows, columns = _sides(arr, "tril_indices_from")
    return tril_indices(rows, k, columns)


def triu_indices_from(arr: Any, k: int = 0) -> tuple[Any, ...]:
    """Return the index arrays of the elements of a matrix on a diagonal and above.

    Examples
    --------
    >>> fnp.triu_indices_from(fnp.eye(2), 1)
    (Array([0], dtype=int64), Array([1], dtype=int64))
    """
    rows, columns = _sides(arr, "triu_indices_from")
    return triu_indices(rows, k, columns)


def _sides(arr: Any, where: str) -> tuple[int, int]:
    x = lift(arr, where)
    if x.ndim != 2:
        raise ShapeError(where, [x], "it needs two axes")
    rows, columns = x.shape
    return rows, columns


def mask_indices(n: int, mask_func: Callable[..., Any], k: Any = 0) -> tuple[Any, ...]:
    """Return the index arrays of the elements that `mask_func` leaves of an n by n matrix of ones.

    Examples
    --------
    >>> fnp.mask_indices(2, fnp.triu)
    (Array([0, 0, 1], dtype=int64), Array([0, 1, 1], dtype=int64))
    """
    kept = np.asarray(mask_func(np.ones((n, n), int), k))
    return tuple([wrap(each) for each in kept.nonzero()])


class _Grid:
    """Coordinates of a grid, by slices: `mgrid` gives full arrays, `ogrid` open ones.

    A complex step is a number of places, the last one included.

    Examples
    --------
    >>> fnp.mgrid[0:2, 0:3]
    Array([[[0, 0, 0],
            [1, 1, 1]],
    <BLANKLINE>
           [[0, 1, 2],
            [0, 1, 2]]], dtype=int64)
    >>> fnp.ogrid[0:1:3j]
    Array([0. , 0.5, 1. ], dtype=float64)
    """

    def __init__(self, name: str) -> None:
        self._grid: Any = getattr(np, name)
        self._name = name

    def __getitem__(self, key: Any) -> Any:
        result = self._grid[key]
        if isinstance(result, (tuple, list)):
            return tuple([wrap(each) for each in result])
        return wrap(result)

    def __repr__(self) -> str:
        return f"<fungrad.numpy.{self._name}>"


mgrid = _Grid("mgrid")
ogrid = _Grid("ogrid")


class _Joiner:
    """Ranges, arrays and numbers, joined: `r_` along the first axis, `c_` as columns.

    Examples
    --------
    >>> fnp.r_[0:3, [5, 6], 7]
    Array([0, 1, 2, 5, 6, 7], dtype=int64)
    >>> fnp.c_[[1, 2], [3, 4]]
    Array([[1, 3],
           [2, 4]], dtype=int64)
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getitem__(self, key: Any) -> Any:
        parts = []
        for item in key if isinstance(key, tuple) else (key,):
            if isinstance(item, str):
                raise TypeError(
                    f"{self._name} takes slices, arrays and numbers here, not {item!r}; "
                    "use fnp.concatenate with an axis"
                )
            part = (
                wrap(np.r_[item]) if isinstance(item, slice) else as_array(lift(item, self._name))
            )
            ndim = 1 if self._name == "r_" else 2
            parts.append(reshape(part, part.shape + (1,) * (ndim - part.ndim)))
        return operations.concatenate(parts, axis=0 if self._name == "r_" else -1)

    def __repr__(self) -> str:
        return f"<fungrad.numpy.{self._name}>"


r_ = _Joiner("r_")
c_ = _Joiner("c_")


def fromfunction(
    function: Callable[..., Any], shape: Any, *, dtype: Any = float, **kwargs: Any
) -> Any:
    """Return what a function makes of the index arrays of an array of that shape.

    Examples
    --------
    >>> fnp.fromfunction(lambda i, j: i + 10 * j, (2, 2), dtype=int)
    Array([[ 0, 10],
           [ 1, 11]], dtype=int64)
    """
    return function(*indices(shape, dtype), **kwargs)


__all__ = [
    "c_",
    "diag_indices",
    "diag_indices_from",
    "fromfunction",
    "index_exp",
    "indices",
    "ix_",
    "mask_indices",
    "meshgrid",
    "mgrid",
    "ogrid",
    "r_",
    "s_",
    "tril_indices",
    "tril_indices_from",
    "triu_indices",
    "triu_indices_from",
]
