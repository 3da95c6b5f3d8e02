"""Linear algebra: NumPy's ``np.linalg``, on stacks of matrices and through every transform.

Gradients with respect to matrices of which one triangle only is read (`cholesky`, `eigh`) are
Hermitian: they are those of the function of ``(a + a.mT) / 2``.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from fungrad.array import operations
from fungrad.errors import MatrixShapeError, NoDerivativeError, ShapeError
from fungrad.numpy import products
from fungrad.numpy.common import axis_tuple, is_traced, lift, raw
from fungrad.numpy.products import plain
from fungrad.numpy.reductions import vector_norm as norm_of_vectors
from fungrad.rules import linalg as rules
from fungrad.trace import peek

_UNSET: Any = object()


class EigResult(NamedTuple):
    """The result of `eig`."""

    eigenvalues: Any
    eigenvectors: Any


class EighResult(NamedTuple):
    """The result of `eigh`."""

    eigenvalues: Any
    eigenvectors: Any


class QRResult(NamedTuple):
    """The result of `qr`."""

    Q: Any
    R: Any


class SlogdetResult(NamedTuple):
    """The result of `slogdet`."""

    sign: Any
    logabsdet: Any


class SVDResult(NamedTuple):
    """The result of `svd`."""

    U: Any
    S: Any
    Vh: Any


# --- systems of equations ------------------------------------------------------------------------


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
    a, b = _square(a, "solve"), lift(b, "solve")
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
    return rules.Inv.apply(_square(a, "inv"))


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
    a = _matrices(a, "pinv")
    if rcond is not None and rtol is not _UNSET:
        raise ValueError("pinv takes rcond or rtol, not both")
    if rcond is None:
        rcond = 1e-15 if rtol is _UNSET else rtol
    if rcond is None:
        rcond = _accuracy(a)
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
    a, b = _matrices(a, "lstsq"), lift(b, "lstsq")
    if a.ndim != 2 or b.ndim not in (1, 2):
        raise MatrixShapeError("lstsq", (a, b), "it takes one matrix, and a vector or a matrix")
    rows, columns = a.shape
    if b.shape[0] != rows:
        reason = f"there are {rows} equations, but {b.shape[0]} right-hand sides"
        raise MatrixShapeError("lstsq", (a, b), reason)
    if not is_traced(a, b):
        x, residuals, rank, s = plain(np.linalg.lstsq, a, b, rcond)
        return x, residuals, rank, s
    rcond = _accuracy(a) if rcond is None else float(rcond)
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


# --- determinants --------------------------------------------------------------------------------


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
    return rules.Det.apply(_square(a, "det"))


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
    return SlogdetResult(*rules.Slogdet.apply(_square(a, "slogdet")))


# --- factors -------------------------------------------------------------------------------------


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
    return rules.Cholesky.apply(_square(a, "cholesky"), upper=bool(upper))


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
    a = _matrices(a, "qr")
    if mode not in ("reduced", "complete", "r", "raw"):
        raise ValueError(f'qr: mode is "reduced", "complete", "r" or "raw", got {mode!r}')
    if not is_traced(a):
        result = plain(np.linalg.qr, a, mode)
        return QRResult(*result) if mode in ("reduced", "complete") else result
    if mode == "raw":
        raise NoDerivativeError('qr(x, mode="raw")', "it is LAPACK's", 'use mode="reduced"')
    rows, columns = a.shape[-2:]
    if mode == "complete" and rows > columns:
        return QRResult(*rules.Qr.apply(a, mode="complete"))
    q, r = rules.Qr.apply(a[..., :rows], mode="reduced")
    if columns > rows:
        rest = rules.adjoint(q) @ a[..., rows:]
        r = np.concatenate([r, rest], axis=-1)
    return r if mode == "r" else QRResult(q, r)


def svd(
    a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    """Return the singular value decompositions of matrices, ``(u * s[..., None, :]) @ vh``.

    Where singular values repeat, the vectors are not unique, and no gradient of theirs can be right for
    every use. It is finite, and right for functions of the values, and of the spaces that all
    vectors of one value span; it is not for a function of the matrix built of values and vectors.

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
    a = _matrices(a, "svd")
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
    return rules.Svdvals.apply(_matrices(x, "svdvals"), hermitian=False)


# --- eigenvalues ---------------------------------------------------------------------------------


def eigh(a: Any, UPLO: str = "L") -> EighResult:
    """Return the eigenvalues and eigenvectors of Hermitian matrices.

    Where eigenvalues repeat, the vectors are not unique, and no gradient of theirs can be right for
    every use. It is finite, and right for functions of the values, and of the spaces that all
    vectors of one value span; it is not for a function of the matrix built of values and vectors.

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
    return EighResult(*rules.Eigh.apply(_square(a, "eigh"), uplo=_triangle(UPLO)))


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
    return rules.Eigvalsh.apply(_square(a, "eigvalsh"), uplo=_triangle(UPLO))


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
    return EigResult(*rules.Eig.apply(_square(a, "eig")))


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
    return rules.Eigvals.apply(_square(a, "eigvals"))


# --- norms and other numbers ---------------------------------------------------------------------


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
    return norm(_matrices(x, "matrix_norm"), ord, (-2, -1), keepdims)


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
    x = _matrices(x, "cond")
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
    return rules.MatrixRank.apply(
        A,
        tol=None if tol is None else float(tol),
        hermitian=bool(hermitian),
        rtol=None if rtol is None else float(rtol),
    )


# --- products ------------------------------------------------------------------------------------


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
    a = _square(a, "matrix_power")
    n = operator.index(n)
    if n == 0:
        return np.broadcast_to(operations.asarray(np.eye(a.shape[-1], dtype=a.dtype)), a.shape)
    if n < 0:
        a, n = inv(a), -n
    if n == 3:
        return products.matmul(products.matmul(a, a), a)
    square, result = a, None
    while True:
        n, odd = divmod(n, 2)
        if odd:
            result = square if result is None else products.matmul(result, square)
        if not n:
            return operations.asarray(result)
        square = products.matmul(square, square)


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
        return plain(np.linalg.multi_dot, [raw(x) for x in factors])
    heights = [1 if x.ndim == 1 and not i else x.shape[0] for i, x in enumerate(factors)]
    last = factors[-1]
    lengths = [*heights, 1 if last.ndim == 1 else last.shape[-1]]
    splits = _cheapest_splits(lengths)

    def multiply(first: int, last: int) -> Any:
        if first == last:
            return factors[first]
        split = splits[first, last]
        return products.matmul(multiply(first, split), multiply(split + 1, last))

    return multiply(0, len(factors) - 1)


def _cheapest_splits(lengths: Sequence[int]) -> dict[tuple[int, int], int]:
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


# --- reading arguments ---------------------------------------------------------------------------


def _matrices(a: Any, where: str) -> Any:
    a = lift(a, where)
    if a.ndim < 2:
        raise MatrixShapeError(where, (a,), "a matrix has at least two axes")
    return a


def _square(a: Any, where: str) -> Any:
    a = _matrices(a, where)
    rows, columns = a.shape[-2:]
    if rows != columns:
        raise MatrixShapeError(where, (a,), f"the matrix is not square: {rows} by {columns}")
    return a


def _triangle(uplo: str) -> str:
    letter = uplo.upper()
    if letter not in ("L", "U"):
        raise ValueError(f'UPLO is "L" or "U", got {uplo!r}')
    return letter


def _accuracy(a: Any) -> float:
    """Return the machine epsilon times the larger side."""
    dtype = a.dtype if a.dtype.kind in "fc" else np.dtype(float)
    return float(max(a.shape[-2:]) * np.finfo(dtype).eps)


__all__ = [
    "LinAlgError",
    "cholesky",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "inv",
    "lstsq",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "multi_dot",
    "norm",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "tensordot",
    "tensorinv",
    "tensorsolve",
    "trace",
    "vecdot",
    "vector_norm",
]
