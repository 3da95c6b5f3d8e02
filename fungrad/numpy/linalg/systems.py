"""Inverses, and systems of linear equations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.errors import MatrixShapeError, ShapeError
from fungrad.numpy.common import is_traced, lift
from fungrad.numpy.linalg.arguments import accuracy, matrices, square
from fungrad.numpy.linalg.spectra import svdvals
from fungrad.numpy.products import plain
from fungrad.operations import operations
from fungrad.rules import systems as rules
from fungrad.trace import peek

_UNSET: Any = object()


def solve(a: Any, b: Any) -> Any:
    """Solve the linear equations ``a @ x = b``.

    Parameters
    ----------
    a : array_like
        Square matrices ``[..., n, n]``.
    b : array_like
        A vector ``[n]``, or matrices ``[..., n, k]``; the leading axes broadcast.

    Returns
    -------
    Array
        Of the shape of `b`, with the leading axes of both.

    Raises
    ------
    LinAlgError
        If a matrix is singular or not square.
    ShapeError
        If the lengths do not fit.

    Examples
    --------
    >>> fnp.linalg.solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0])
    Array([1. , 0.5], dtype=float64)
    """
    a, b = square(a, "solve"), lift(b, "solve")
    if not b.ndim:
        raise MatrixShapeError("solve", (a, b), "the right-hand side is no vector or matrix")
    is_vector = b.ndim == 1
    rows = b.shape[0] if is_vector else b.shape[-2]
    if rows != a.shape[-1]:
        reason = f"there are {a.shape[-1]} equations, but {rows} right-hand sides"
        if b.ndim == a.ndim - 1 and b.shape[-1] == a.shape[-1]:
            reason += "; for a stack of vectors write solve(a, b[..., None])[..., 0]"
        raise ShapeError("solve", (a, b), reason)
    if is_vector and not is_traced(a, b):
        return plain(np.linalg.solve, a, b)
    if is_vector:
        return rules.Solve.apply(a, b[:, None])[..., 0]
    return rules.Solve.apply(a, b)


def inv(a: Any) -> Any:
    """Return the inverses of matrices.

    Parameters
    ----------
    a : array_like
        Square matrices ``[..., n, n]``.

    Returns
    -------
    Array

    Raises
    ------
    LinAlgError
        If a matrix is singular or not square.

    Examples
    --------
    >>> fnp.linalg.inv([[2.0, 0.0], [0.0, 4.0]])
    Array([[0.5 , 0.  ],
           [0.  , 0.25]], dtype=float64)
    """
    return rules.Inv.apply(square(a, "inv"))


def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = _UNSET) -> Any:
    """Return the Moore-Penrose pseudo-inverses of matrices.

    The derivative is that of matrices whose rank does not change nearby.

    Parameters
    ----------
    a : array_like
        Matrices ``[..., m, n]``.
    rcond : float, optional
        Singular values up to this multiple of the largest one count as zero; 1e-15 when left out.
    hermitian : bool
        Whether the matrices are Hermitian; the lower triangle only is read then.
    rtol : float or None, optional
        Takes the place of `rcond`; None stands for the larger side times the machine epsilon.

    Returns
    -------
    Array
        Matrices ``[..., n, m]``.

    Examples
    --------
    >>> fnp.linalg.pinv([[2.0], [0.0]])
    Array([[0.5, 0. ]], dtype=float64)
    """
    a = matrices(a, "pinv")
    if rcond is not None and rtol is not _UNSET:
        raise ValueError("pinv takes rcond or rtol, not both")
    if rcond is None:
        rcond = 1e-15 if rtol is _UNSET else rtol
    if rcond is None:
        rcond = accuracy(a)
    if not is_traced(a):
        return plain(np.linalg.pinv, a, rcond, hermitian)
    return rules.Pinv.apply(a, rcond=float(rcond), hermitian=bool(hermitian))


def lstsq(a: Any, b: Any, rcond: float | None = None) -> tuple[Any, Any, Any, Any]:
    """Return the solution of least squares, and least norm, of ``a @ x = b``.

    The derivative is that of matrices whose rank does not change nearby.

    Parameters
    ----------
    a : array_like
        A matrix ``[m, n]``.
    b : array_like
        A vector ``[m]`` or a matrix ``[m, k]``.
    rcond : float, optional
        Singular values up to this multiple of the largest one count as zero; the machine epsilon
        times the larger side when left out.

    Returns
    -------
    x : Array
        The solution, ``[n]`` or ``[n, k]``.
    residuals : Array
        The sums of squares of ``b - a @ x``, one for each column; empty if the rank of `a` is less
        than n or m is not larger than n.
    rank : Array
        The rank of `a`.
    s : Array
        The singular values of `a`.

    Examples
    --------
    >>> a = [[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]
    >>> x, residuals, rank, s = fnp.linalg.lstsq(a, [1.0, 3.0, 5.0])
    >>> x.round(6)
    Array([1., 2.], dtype=float64)
    """
    a, b = matrices(a, "lstsq"), lift(b, "lstsq")
    if a.ndim != 2 or b.ndim not in (1, 2):
        raise MatrixShapeError("lstsq", (a, b), "it takes one matrix, and a vector or a matrix")
    rows, columns = a.shape
    if b.shape[0] != rows:
        reason = f"there are {rows} equations, but {b.shape[0]} right-hand sides"
        raise MatrixShapeError("lstsq", (a, b), reason)
    if not is_traced(a, b):
        x, residuals, rank, s = plain(np.linalg.lstsq, a, b, rcond)
        return x, residuals, rank, s
    rcond = accuracy(a) if rcond is None else float(rcond)
    x = rules.Pinv.apply(a, rcond=rcond, hermitian=False) @ b
    s = svdvals(a)
    rank = np.sum(s > rcond * np.max(s, initial=0.0))
    if rows <= columns or np.all(peek(rank) < columns):
        residuals = operations.asarray(np.zeros(0, s.dtype))
    else:
        errors = np.abs(b - a @ x) ** 2
        residuals = np.sum(errors, axis=0, keepdims=b.ndim == 1)
    return x, residuals, rank, s


def tensorsolve(a: Any, b: Any, axes: Sequence[int] | None = None) -> Any:
    """Solve ``tensordot(a, x, x.ndim) = b``.

    Parameters
    ----------
    a : array_like
        Of shape ``b.shape + x.shape``; both parts have the same product.
    b : array_like
    axes : sequence of int, optional
        Axes of `a` to move to its end before.

    Returns
    -------
    Array
        x

    Examples
    --------
    >>> fnp.linalg.tensorsolve(2 * fnp.eye(6).reshape(2, 3, 6), fnp.ones((2, 3)))
    Array([0.5, 0.5, 0.5, 0.5, 0.5, 0.5], dtype=float64)
    """
    a, b = lift(a, "tensorsolve"), lift(b, "tensorsolve")
    if axes is not None:
        order = list(range(a.ndim))
        for axis in axes:
            order.remove(axis)
            order.append(axis)
        a = np.transpose(a, order)
    shape = a.shape[b.ndim :]
    size = b.size
    if a.size != size * size:
        reason = f"the first has {a.size} elements, not {size} * {size}"
        raise MatrixShapeError("tensorsolve", (a, b), reason)
    a = operations.reshape(a, (size, size))
    return np.reshape(solve(a, np.ravel(b)), shape)


def tensorinv(a: Any, ind: int = 2) -> Any:
    """Return the inverse with respect to ``tensordot(a, b, ind)``.

    Parameters
    ----------
    a : array_like
        The products of the first `ind` lengths and of the others are the same.
    ind : int
        How many of the first axes belong together.

    Returns
    -------
    Array
        Of shape ``a.shape[ind:] + a.shape[:ind]``.

    Examples
    --------
    >>> fnp.linalg.tensorinv(2 * fnp.eye(6).reshape(6, 2, 3), ind=1).shape
    (2, 3, 6)
    """
    a = lift(a, "tensorinv")
    if ind <= 0:
        raise ValueError(f"tensorinv: ind counts the first axes, at least one, got {ind}")
    size = 1
    for length in a.shape[ind:]:
        size *= length
    if size * size != a.size:
        raise MatrixShapeError("tensorinv", (a,), f"the parts before and after {ind} axes differ")
    inverse = inv(operations.reshape(a, (size, size)))
    return np.reshape(inverse, a.shape[ind:] + a.shape[:ind])


__all__ = [
    "inv",
    "lstsq",
    "pinv",
    "solve",
    "tensorinv",
    "tensorsolve",
]
