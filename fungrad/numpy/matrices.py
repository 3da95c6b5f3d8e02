"""Diagonals and triangles."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.array import operations, wrap
from fungrad.errors import ShapeError
from fungrad.numpy.common import axis_index, is_traced, lift
from fungrad.numpy.joining import concatenate
from fungrad.numpy.shapes import broadcast_to, flip, moveaxis, ravel, reshape
from fungrad.numpy.untraced import call_numpy
from fungrad.rules import shape as rules


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Return the diagonals of the planes of two axes, as the last axis.

    Parameters
    ----------
    a : array_like
    offset : int
        Which diagonal: positive ones lie above the main diagonal.
    axis1, axis2 : int
        The planes: rows and columns.

    Examples
    --------
    >>> fnp.diagonal([[1, 2], [3, 4]])
    Array([1, 4], dtype=int64)
    """
    x = lift(a, "diagonal")
    if x.ndim < 2:
        raise ShapeError("diagonal", [x], "it needs two axes")
    first, second = axis_index(axis1, x.ndim), axis_index(axis2, x.ndim)
    if first == second:
        raise ValueError(f"diagonal: axis1 and axis2 are both {first}")
    if (first, second) != (x.ndim - 2, x.ndim - 1):
        x = moveaxis(x, (first, second), (-2, -1))
    return rules.Diagonal.apply(x, offset=int(offset))


def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Any:
    """Return the sum along diagonals; see `diagonal`.

    Examples
    --------
    >>> fnp.trace([[1, 2], [3, 4]])
    Array(5, dtype=int64)
    """
    return operations.sum(diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)


def diag(v: Any, k: int = 0) -> Any:
    """Return the diagonal of a matrix, or a matrix with a vector on its diagonal.

    Parameters
    ----------
    v : array_like
    k : int
        Which diagonal: positive ones lie above the main diagonal.

    Examples
    --------
    >>> fnp.diag([1, 2])
    Array([[1, 0],
           [0, 2]], dtype=int64)
    >>> fnp.diag([[1, 2], [3, 4]])
    Array([1, 4], dtype=int64)
    """
    x = lift(v, "diag")
    if x.ndim == 2:
        return diagonal(x, k)
    if x.ndim != 1:
        raise ShapeError("diag", [x], "it takes a vector or a matrix")
    side = x.shape[0] + abs(k)
    return rules.PlaceDiagonal.apply(x, offset=int(k), sides=(side, side))


def diagflat(v: Any, k: int = 0) -> Any:
    """Return a matrix with all elements of an array on its diagonal.

    Examples
    --------
    >>> fnp.diagflat([[1, 2]])
    Array([[1, 0],
           [0, 2]], dtype=int64)
    """
    return diag(ravel(v), k)


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = float) -> Any:
    """Return a matrix with ones on a diagonal and below it, and zeros above.

    Examples
    --------
    >>> fnp.tri(2, 3)
    Array([[1., 0., 0.],
           [1., 1., 0.]], dtype=float64)
    """
    return wrap(np.tri(N, M, k, dtype))


def tril(m: Any, k: int = 0) -> Any:
    """Return matrices with zeros above a diagonal.

    Parameters
    ----------
    m : array_like
        Matrices, in the last two axes.
    k : int
        Which diagonal: positive ones lie above the main diagonal.

    Examples
    --------
    >>> fnp.tril([[1, 2], [3, 4]])
    Array([[1, 0],
           [3, 4]], dtype=int64)
    """
    return _triangle(m, k, True, "tril")


def triu(m: Any, k: int = 0) -> Any:
    """Return matrices with zeros below a diagonal.

    Parameters
    ----------
    m : array_like
        Matrices, in the last two axes.
    k : int
        Which diagonal: positive ones lie above the main diagonal.

    Examples
    --------
    >>> fnp.triu([[1, 2], [3, 4]])
    Array([[1, 2],
           [0, 4]], dtype=int64)
    """
    return _triangle(m, k, False, "triu")


def _triangle(m: Any, k: int, lower: bool, where: str) -> Any:
    x = lift(m, where)
    if not x.ndim:
        raise ShapeError(where, [x], "it needs an axis")
    if x.ndim == 1:  # each row of a square
        x = broadcast_to(x, (x.shape[0], x.shape[0]))
    return rules.Triangle.apply(x, offset=int(k), lower=lower)


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """Return the matrix of the powers of a vector, one row for each element.

    Parameters
    ----------
    x : array_like
        A vector.
    N : int, optional
        The number of powers, from 0 on; the length of `x` when left out.
    increasing : bool
        Whether the powers rise from left to right; they fall otherwise.

    Examples
    --------
    >>> fnp.vander([2, 3], 3)
    Array([[4, 2, 1],
           [9, 3, 1]], dtype=int64)
    """
    v = lift(x, "vander")
    if v.ndim != 1:
        raise ShapeError("vander", [v], "it takes a vector")
    count = v.shape[0] if N is None else N
    if not is_traced(v):
        return call_numpy(np.vander, v, count, increasing=increasing)
    powers: Any = np.ones((v.shape[0], min(count, 1)), np.promote_types(v.dtype, np.intp))
    if count > 1:
        factors = broadcast_to(reshape(v, (-1, 1)), (v.shape[0], count - 1))
        powers = concatenate([powers, operations.cumprod(factors, axis=1)], 1)
    return operations.asarray(powers if increasing else flip(powers, 1))


__all__ = ["diag", "diagflat", "diagonal", "trace", "tri", "tril", "triu", "vander"]
