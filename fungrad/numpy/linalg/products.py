"""Products of matrices, and the functions of `fungrad.numpy` that `numpy.linalg` has too."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.array import unwrap
from fungrad.errors import MatrixShapeError, ShapeError
from fungrad.numpy import products
from fungrad.numpy.common import is_traced, lift
from fungrad.numpy.linalg.arguments import square
from fungrad.numpy.linalg.systems import inv
from fungrad.numpy.products import plain
from fungrad.operations import operations


def matrix_power(a: Any, n: int) -> Any:
    """Return square matrices to an integer power.

    Parameters
    ----------
    a : array_like
        Square matrices ``[..., m, m]``.
    n : int
        Negative ones take the inverse.

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.linalg.matrix_power([[1.0, 1.0], [0.0, 1.0]], 5)
    Array([[1., 5.],
           [0., 1.]], dtype=float64)
    """
    a = square(a, "matrix_power")
    n = operator.index(n)
    if n == 0:
        return np.broadcast_to(operations.asarray(np.eye(a.shape[-1], dtype=a.dtype)), a.shape)
    if n < 0:
        a, n = inv(a), -n
    if n == 3:
        return products.matmul(products.matmul(a, a), a)
    doubled, result = a, None
    while True:
        n, odd = divmod(n, 2)
        if odd:
            result = doubled if result is None else products.matmul(result, doubled)
        if not n:
            return operations.asarray(result)
        doubled = products.matmul(doubled, doubled)


def multi_dot(arrays: Sequence[Any]) -> Any:
    """Return the matrix product of several arrays, in the cheapest order.

    Parameters
    ----------
    arrays : sequence of array_like
        Matrices; the first may be a row and the last a column, of one axis.

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.linalg.multi_dot([fnp.ones((2, 3)), fnp.ones((3, 4)), fnp.ones(4)])
    Array([12., 12.], dtype=float64)
    """
    factors = [lift(x, "multi_dot") for x in arrays]
    if len(factors) < 2:
        raise ValueError(f"multi_dot needs at least two arrays, got {len(factors)}")
    for position, x in enumerate(factors):
        if x.ndim != 2 and not (x.ndim == 1 and position in (0, len(factors) - 1)):
            reason = f"operand {position} is no matrix, and no vector at an end"
            raise MatrixShapeError("multi_dot", factors, reason)
    if not is_traced(*factors):
        return plain(np.linalg.multi_dot, [unwrap(x) for x in factors])
    heights = [1 if x.ndim == 1 and not i else x.shape[0] for i, x in enumerate(factors)]
    last = factors[-1]
    lengths = [*heights, 1 if last.ndim == 1 else last.shape[-1]]
    splits = cheapest_splits(lengths)

    def multiply(first: int, last: int) -> Any:
        if first == last:
            return factors[first]
        split = splits[first, last]
        return products.matmul(multiply(first, split), multiply(split + 1, last))

    return multiply(0, len(factors) - 1)


def cheapest_splits(lengths: Sequence[int]) -> dict[tuple[int, int], int]:
    """Return for each run of matrices behind which one to split it; `lengths` are their sides."""
    count = len(lengths) - 1
    cost = {(i, i): 0 for i in range(count)}
    splits = {}
    for width in range(1, count):
        for first in range(count - width):
            last = first + width

            def of(split: int, first: int = first, last: int = last) -> int:
                size = lengths[first] * lengths[split + 1] * lengths[last + 1]
                return cost[first, split] + cost[split + 1, last] + size

            best = min(range(first, last), key=of)
            splits[first, last], cost[first, last] = best, of(best)
    return splits


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """Return the vector product of three-dimensional vectors.

    Parameters
    ----------
    x1, x2 : array_like
        The other axes broadcast.
    axis : int
        The axis of the vectors.

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.linalg.cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    Array([0., 0., 1.], dtype=float64)
    """
    x1, x2 = lift(x1, "cross"), lift(x2, "cross")
    for x in (x1, x2):
        if not x.ndim or x.shape[axis] != 3:
            raise ShapeError("cross", (x1, x2), f"axis {axis} must have length 3 in both")
    return products.cross(x1, x2, axis=axis)


def outer(x1: Any, x2: Any, /) -> Any:
    """Return the products of each element of one vector with each of another.

    Parameters
    ----------
    x1, x2 : array_like
        Vectors.

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.linalg.outer([1.0, 2.0], [3.0, 4.0])
    Array([[3., 4.],
           [6., 8.]], dtype=float64)
    """
    x1, x2 = lift(x1, "outer"), lift(x2, "outer")
    if x1.ndim != 1 or x2.ndim != 1:
        raise ShapeError("outer", (x1, x2), "linalg.outer takes vectors; fungrad.numpy.outer more")
    return products.outer(x1, x2)


def matmul(x1: Any, x2: Any, /) -> Any:
    """Return the matrix product, as `fungrad.numpy.matmul`.

    Parameters
    ----------
    x1, x2 : array_like

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.linalg.matmul(fnp.eye(2), [1.0, 2.0])
    Array([1., 2.], dtype=float64)
    """
    return products.matmul(x1, x2)


def tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    """Return the sum of products over several axes, as `fungrad.numpy.tensordot`.

    Parameters
    ----------
    x1, x2 : array_like
    axes : int or pair of sequences of int

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.linalg.tensordot(fnp.ones((2, 3)), fnp.ones((2, 3)))
    Array(6., dtype=float64)
    """
    return products.tensordot(x1, x2, axes)


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """Return the dot products of vectors along an axis, as `fungrad.numpy.vecdot`.

    Parameters
    ----------
    x1, x2 : array_like
        Those of `x1` are conjugated.
    axis : int

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.linalg.vecdot([1.0, 2.0], [3.0, 4.0])
    Array(11., dtype=float64)
    """
    return products.vecdot(x1, x2, axis)


def matrix_transpose(x: Any, /) -> Any:
    """Return each matrix transposed: the last two axes swapped.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.linalg.matrix_transpose(fnp.ones((2, 3))).shape
    (3, 2)
    """
    return operations.matrix_transpose(x)


def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """Return the diagonals of the matrices in the last two axes.

    Parameters
    ----------
    x : array_like
    offset : int
        How far to the right of the main diagonal.

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.linalg.diagonal([[1.0, 2.0], [3.0, 4.0]])
    Array([1., 4.], dtype=float64)
    """
    return operations.diagonal(x, offset, -2, -1)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """Return the sums of the diagonals of the matrices in the last two axes.

    Parameters
    ----------
    x : array_like
    offset : int
        How far to the right of the main diagonal.
    dtype : dtype, optional
        Sum in this dtype.

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.linalg.trace([[1.0, 2.0], [3.0, 4.0]])
    Array(5., dtype=float64)
    """
    return operations.trace(x, offset, -2, -1, dtype)


__all__ = [
    "cross",
    "diagonal",
    "matmul",
    "matrix_power",
    "matrix_transpose",
    "multi_dot",
    "outer",
    "tensordot",
    "trace",
    "vecdot",
]
