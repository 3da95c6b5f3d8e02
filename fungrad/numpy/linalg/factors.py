"""Triangular factors, and determinants."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from fungrad.errors import NoDerivativeError
from fungrad.numpy.common import is_traced
from fungrad.numpy.linalg.arguments import matrices, square
from fungrad.numpy.products import plain
from fungrad.rules import determinants, triangular
from fungrad.rules.stacks import adjoint


class QRResult(NamedTuple):
    """The result of `qr`."""

    Q: Any
    R: Any


class SlogdetResult(NamedTuple):
    """The result of `slogdet`."""

    sign: Any
    logabsdet: Any


def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """Return the triangular factors of positive definite matrices.

    Parameters
    ----------
    a : array_like
        Hermitian matrices ``[..., n, n]``; one triangle only is read, and the gradient is spread
        over both, so it is Hermitian.
    upper : bool
        Whether to read the upper triangle and return u with ``u.conj().mT @ u = a``; else the
        lower triangle is read, and l with ``l @ l.conj().mT = a`` returned.

    Returns
    -------
    Array

    Raises
    ------
    LinAlgError
        If a matrix is not positive definite.

    Examples
    --------
    >>> fnp.linalg.cholesky([[4.0, 0.0], [0.0, 9.0]])
    Array([[2., 0.],
           [0., 3.]], dtype=float64)
    """
    return triangular.Cholesky.apply(square(a, "cholesky"), upper=bool(upper))


def qr(a: Any, mode: str = "reduced") -> Any:
    """Return the factors of matrices, one with orthonormal columns and one upper triangular.

    The derivative needs the first columns, as many as there are rows, to be independent.

    Parameters
    ----------
    a : array_like
        Matrices ``[..., m, n]``.
    mode : {"reduced", "complete", "r", "raw"}
        With k the lesser of m and n: ``"reduced"`` gives ``[..., m, k]`` and ``[..., k, n]``,
        ``"complete"`` gives ``[..., m, m]`` and ``[..., m, n]`` (without a derivative if m > n),
        ``"r"`` the second factor only, ``"raw"`` LAPACK's own result (without a derivative).

    Returns
    -------
    QRResult
        ``Q`` and ``R``; an array with ``"r"``, a tuple with ``"raw"``.

    Raises
    ------
    NoDerivativeError
        If the result is differentiated and has no derivative.

    Examples
    --------
    >>> fnp.abs(fnp.linalg.qr([[3.0, 0.0], [4.0, 5.0]]).R).round(6)
    Array([[5., 4.],
           [0., 3.]], dtype=float64)
    """
    a = matrices(a, "qr")
    if mode not in ("reduced", "complete", "r", "raw"):
        raise ValueError(f'qr: mode is "reduced", "complete", "r" or "raw", got {mode!r}')
    if not is_traced(a):
        result = plain(np.linalg.qr, a, mode)
        return QRResult(*result) if mode in ("reduced", "complete") else result
    if mode == "raw":
        raise NoDerivativeError('qr(x, mode="raw")', "it is LAPACK's", 'use mode="reduced"')
    rows, columns = a.shape[-2:]
    if mode == "complete" and rows > columns:
        return QRResult(*triangular.Qr.apply(a, mode="complete"))
    q, r = triangular.Qr.apply(a[..., :rows], mode="reduced")
    if columns > rows:
        rest = adjoint(q) @ a[..., rows:]
        r = np.concatenate([r, rest], axis=-1)
    return r if mode == "r" else QRResult(q, r)


def det(a: Any) -> Any:
    """Return the determinants of matrices; the gradient is exact for singular ones too.

    Parameters
    ----------
    a : array_like
        Square matrices ``[..., n, n]``.

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.linalg.det([[2.0, 0.0], [0.0, 4.0]])
    Array(8., dtype=float64)
    >>> fg.grad(fnp.linalg.det)(fnp.array([[1.0, 0.0], [0.0, 0.0]]))
    Array([[0., 0.],
           [0., 1.]], dtype=float64)
    """
    return determinants.Det.apply(square(a, "det"))


def slogdet(a: Any) -> SlogdetResult:
    """Return the signs and the logarithms of the absolute values of determinants.

    Parameters
    ----------
    a : array_like
        Square matrices ``[..., n, n]``.

    Returns
    -------
    SlogdetResult
        ``sign``, of absolute value 1, or 0 for a singular matrix; and ``logabsdet``, -inf for it.

    Examples
    --------
    >>> sign, logarithm = fnp.linalg.slogdet([[0.0, 1.0], [1.0, 0.0]])
    >>> float(sign), float(logarithm)
    (-1.0, 0.0)
    """
    return SlogdetResult(*determinants.Slogdet.apply(square(a, "slogdet")))


__all__ = [
    "cholesky",
    "det",
    "qr",
    "slogdet",
]
