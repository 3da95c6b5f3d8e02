"""Norms, and other numbers that tell about matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.errors import ShapeError
from fungrad.numpy.common import axis_tuple, is_traced, lift
from fungrad.numpy.linalg.arguments import matrices
from fungrad.numpy.linalg.spectra import svdvals
from fungrad.numpy.linalg.systems import inv
from fungrad.numpy.products import plain
from fungrad.numpy.reductions import vector_norm as norm_of_vectors
from fungrad.rules.spectra import MatrixRank


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the norm of matrices or vectors; the gradient at zero is zero.

    Parameters
    ----------
    x : array_like
    ord : int, float, inf, -inf, "fro" or "nuc", optional
        The order. For vectors a number: the p-norm, the largest or smallest absolute value with
        inf and -inf, the number of elements that are not zero with 0. For matrices ``"fro"``; 1 and
        -1, the largest and smallest sum of a column; inf and -inf, of a row; 2 and -2, the largest
        and smallest singular value; ``"nuc"``, the sum of all of them. When left out, the root of
        the sum of squares.
    axis : int or pair of int, optional
        The axis of the vectors, or those of the matrices; all when left out.
    keepdims : bool
        Whether the reduced axes stay, with length one.

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.linalg.norm([3.0, 4.0])
    Array(5., dtype=float64)
    >>> fg.grad(fnp.linalg.norm)(fnp.zeros(2))
    Array([0., 0.], dtype=float64)
    """
    x = lift(x, "norm")
    if not is_traced(x):
        return plain(np.linalg.norm, x, ord, axis, keepdims)
    if axis is None and (
        ord is None or (ord in ("f", "fro") and x.ndim == 2) or (ord == 2 and x.ndim == 1)
    ):
        return norm_of_vectors(x, keepdims=keepdims)
    axes = axis if isinstance(axis, tuple) else tuple(range(x.ndim)) if axis is None else (axis,)
    if len(axes) == 1:
        if isinstance(ord, str):
            raise ValueError(f"norm: vectors have no norm of order {ord!r}")
        return norm_of_vectors(x, axes, 2 if ord is None else ord, keepdims)
    if len(axes) != 2:
        raise ShapeError("norm", (x,), f"axis={axis} with ord={ord!r} is no vector or matrix")
    return _matrix_norm(x, "fro" if ord is None else ord, axes, keepdims)


def _matrix_norm(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    axis_tuple(axes, x.ndim)  # raises if there are no such axes, or they are the same
    row, column = axes
    if ord in ("f", "fro"):
        return norm_of_vectors(x, axes, 2, keepdims)
    if ord in (1, -1, np.inf, -np.inf):
        inner, other = (row, column) if ord in (1, -1) else (column, row)
        sums = np.sum(np.abs(x), axis=inner, keepdims=True)
        extreme: Any = np.max if ord > 0 else np.min
        z = extreme(sums, axis=other, keepdims=True)
    elif ord in (2, -2, "nuc"):
        s = np.abs(svdvals(np.moveaxis(x, axes, (-2, -1))))  # which has the gradient 0 at 0
        combine: Any = np.sum if ord == "nuc" else np.max if ord == 2 else np.min
        z = combine(s, axis=-1)
        z = np.expand_dims(z, tuple([axis % x.ndim for axis in axes]))
    else:
        raise ValueError(f"norm: matrices have no norm of order {ord!r}")
    return z if keepdims else np.squeeze(z, axes)


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """Return the norms of the matrices in the last two axes.

    Parameters
    ----------
    x : array_like
        Matrices ``[..., m, n]``.
    keepdims : bool
        Whether the reduced axes stay, with length one.
    ord : {"fro", "nuc", 1, -1, 2, -2, inf, -inf}
        The order, as for `norm`.

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.linalg.matrix_norm(fnp.eye(4))
    Array(2., dtype=float64)
    """
    return norm(matrices(x, "matrix_norm"), ord, (-2, -1), keepdims)


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: float = 2) -> Any:
    """Return the norms of vectors along any axes.

    Parameters
    ----------
    x : array_like
    axis : int or tuple of int, optional
        The axes that make up a vector; all when left out.
    keepdims : bool
        Whether the reduced axes stay, with length one.
    ord : float
        The order, as for `norm`.

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.linalg.vector_norm([[3.0, 0.0], [0.0, 4.0]])
    Array(5., dtype=float64)
    """
    x = lift(x, "vector_norm")
    if not is_traced(x):
        return plain(np.linalg.vector_norm, x, axis=axis, keepdims=keepdims, ord=ord)
    return norm_of_vectors(x, axis, ord, keepdims)


def cond(x: Any, p: Any = None) -> Any:
    """Return the condition numbers of matrices.

    Parameters
    ----------
    x : array_like
        Matrices ``[..., m, n]``; square ones unless `p` is None, 2 or -2.
    p : {None, 1, -1, 2, -2, inf, -inf, "fro"}
        The order of the norm; 2 when left out.

    Returns
    -------
    Array
        inf for singular matrices.

    Examples
    --------
    >>> fnp.linalg.cond([[4.0, 0.0], [0.0, 2.0]])
    Array(2., dtype=float64)
    """
    x = matrices(x, "cond")
    if not is_traced(x):
        return plain(np.linalg.cond, x, p)
    with np.errstate(all="ignore"):
        if p is None or p in (2, -2):
            s = svdvals(x)
            return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
        return norm(x, p, (-2, -1)) * norm(inv(x), p, (-2, -1))


def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """Return the ranks of matrices: how many singular values are not zero.

    Parameters
    ----------
    A : array_like
        Matrices ``[..., m, n]``.
    tol : float, optional
        Singular values up to this count as zero.
    hermitian : bool
        Whether the matrices are Hermitian; the lower triangle only is read then.
    rtol : float, optional
        The same as a multiple of the largest one; the larger side times the machine epsilon when
        both are left out.

    Returns
    -------
    Array
        Ints.

    Examples
    --------
    >>> fnp.linalg.matrix_rank(fnp.eye(3))
    Array(3, dtype=int64)
    """
    A = lift(A, "matrix_rank")
    if not is_traced(A):
        return plain(np.linalg.matrix_rank, A, tol, hermitian, rtol=rtol)
    if A.ndim < 2:
        return np.any(A != 0).astype(int)
    return MatrixRank.apply(
        A,
        tol=None if tol is None else float(tol),
        hermitian=bool(hermitian),
        rtol=None if rtol is None else float(rtol),
    )


__all__ = [
    "cond",
    "matrix_norm",
    "matrix_rank",
    "norm",
    "vector_norm",
]
