"""Eigenvalues and singular values, with their vectors."""

from __future__ import annotations

from typing import Any, NamedTuple

from fungrad.numpy.linalg.arguments import matrices, square, triangle
from fungrad.rules import spectra as rules


class EigResult(NamedTuple):
    """The result of `eig`."""

    eigenvalues: Any
    eigenvectors: Any


class EighResult(NamedTuple):
    """The result of `eigh`."""

    eigenvalues: Any
    eigenvectors: Any


class SVDResult(NamedTuple):
    """The result of `svd`."""

    U: Any
    S: Any
    Vh: Any


def eigh(a: Any, UPLO: str = "L") -> EighResult:
    """Return the eigenvalues and eigenvectors of Hermitian matrices.

    Where eigenvalues repeat, the vectors are not unique, and no gradient can be right for every use
    of them. It is finite, and right for functions of the values, and of the spaces that all vectors
    of one value span; it is not for a function of the matrix that is built of values and vectors.

    Parameters
    ----------
    a : array_like
        Hermitian matrices ``[..., n, n]``; one triangle only is read, and the gradient is spread
        over both, so it is Hermitian.
    UPLO : {"L", "U"}
        Which triangle.

    Returns
    -------
    EighResult
        ``eigenvalues`` in ascending order, ``eigenvectors`` as columns.

    Examples
    --------
    >>> fnp.linalg.eigh([[2.0, 0.0], [0.0, 1.0]]).eigenvalues
    Array([1., 2.], dtype=float64)
    """
    return EighResult(*rules.Eigh.apply(square(a, "eigh"), uplo=triangle(UPLO)))


def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    """Return the eigenvalues of Hermitian matrices.

    Parameters
    ----------
    a : array_like
        Hermitian matrices ``[..., n, n]``; one triangle only is read, and the gradient is spread
        over both, so it is Hermitian.
    UPLO : {"L", "U"}
        Which triangle.

    Returns
    -------
    Array
        In ascending order.

    Examples
    --------
    >>> fnp.linalg.eigvalsh([[2.0, 0.0], [0.0, 1.0]])
    Array([1., 2.], dtype=float64)
    """
    return rules.Eigvalsh.apply(square(a, "eigvalsh"), uplo=triangle(UPLO))


def eig(a: Any) -> EigResult:
    """Return the eigenvalues and right eigenvectors of matrices.

    Parameters
    ----------
    a : array_like
        Square matrices ``[..., n, n]``, whose eigenvalues differ if the vectors are differentiated.

    Returns
    -------
    EigResult
        ``eigenvalues``, and ``eigenvectors`` as columns, of length one, their largest component
        real; both complex unless all eigenvalues are real.

    Examples
    --------
    >>> fnp.linalg.eig([[0.0, -1.0], [1.0, 0.0]]).eigenvalues
    Array([0.+1.j, 0.-1.j], dtype=complex128)
    """
    return EigResult(*rules.Eig.apply(square(a, "eig")))


def eigvals(a: Any) -> Any:
    """Return the eigenvalues of matrices.

    Parameters
    ----------
    a : array_like
        Square matrices ``[..., n, n]``.

    Returns
    -------
    Array
        In no particular order; complex unless all are real.

    Examples
    --------
    >>> fnp.linalg.eigvals([[0.0, -1.0], [1.0, 0.0]])
    Array([0.+1.j, 0.-1.j], dtype=complex128)
    """
    return rules.Eigvals.apply(square(a, "eigvals"))


def svd(
    a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    """Return the singular value decompositions of matrices, ``(u * s[..., None, :]) @ vh``.

    Where singular values repeat, the vectors are not unique, and no gradient can be right for every
    use of them. It is finite, and right for functions of the values, and of the spaces that all
    vectors of one value span; it is not for a function of the matrix that is built of values and
    vectors.

    Parameters
    ----------
    a : array_like
        Matrices ``[..., m, n]``.
    full_matrices : bool
        Whether `u` and `vh` are square; else they have k, the lesser of m and n, columns and rows.
    compute_uv : bool
        Whether to return the vectors.
    hermitian : bool
        Whether the matrices are Hermitian; the lower triangle only is read then.

    Returns
    -------
    SVDResult
        ``U``, ``S`` in descending order, and ``Vh``; an array of ``S`` without `compute_uv`.

    Examples
    --------
    >>> fnp.linalg.svd([[0.0, 2.0], [1.0, 0.0]]).S
    Array([2., 1.], dtype=float64)
    """
    a = matrices(a, "svd")
    hermitian = bool(hermitian)
    if not compute_uv:
        return rules.Svdvals.apply(a, hermitian=hermitian)
    factors = rules.Svd.apply(a, full_matrices=bool(full_matrices), hermitian=hermitian)
    return SVDResult(*factors)


def svdvals(x: Any, /) -> Any:
    """Return the singular values of matrices.

    Parameters
    ----------
    x : array_like
        Matrices ``[..., m, n]``.

    Returns
    -------
    Array
        In descending order, ``[..., min(m, n)]``.

    Examples
    --------
    >>> fnp.linalg.svdvals([[0.0, 2.0], [1.0, 0.0]])
    Array([2., 1.], dtype=float64)
    """
    return rules.Svdvals.apply(matrices(x, "svdvals"), hermitian=False)


__all__ = [
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "svd",
    "svdvals",
]
