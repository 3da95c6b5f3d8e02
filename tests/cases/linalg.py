"""Rows of the rules of linear algebra: systems, triangular, spectra, determinants.

Functions that read one triangle are given Hermitian matrices made of the arguments; vectors whose
phase or sign is free are made unique before they are compared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import fungrad.numpy as fnp
from fungrad.rules import determinants, spectra, systems, triangular
from tests.cases import Case, complex_normal, normal


def both(
    name: str, covers: tuple[type, ...], call: Callable[..., Any], *args: Any, **options: Any
) -> Case:
    """Make a row from ``call(namespace, *args)``, for fungrad's functions and NumPy's."""
    return Case(
        name, covers, lambda *xs: call(fnp, *xs), args, lambda *xs: call(np, *xs), **options
    )


def square(*shape: int, seed: int = 0) -> Any:
    """Return well-conditioned square matrices, with different singular and eigenvalues."""
    size = shape[-1]
    return normal(*shape, seed=seed) * 0.3 + np.diag(np.arange(1.0, size + 1))


def complex_square(*shape: int, seed: int = 0) -> Any:
    return square(*shape, seed=seed) + 0.3j * normal(*shape, seed=seed + 1)


def separated(size: int, seed: int = 0) -> Any:
    """Return a matrix whose eigenvalues lie so far apart that their order is sure."""
    return normal(size, size, seed=seed) * 0.3 + np.diag(3.0 * np.arange(size))


def tall(rows: int, columns: int, seed: int = 0) -> Any:
    """Return a matrix of full rank, with different singular values."""
    x = normal(rows, columns, seed=seed) * 0.3
    x[: min(rows, columns), : min(rows, columns)] += np.diag(np.arange(1.0, min(rows, columns) + 1))
    return x


def hermitian(m: Any, x: Any) -> Any:
    return (x + m.conj(x).mT) / 2


def positive_definite(m: Any, x: Any) -> Any:
    return x @ m.conj(x).mT + np.eye(x.shape[-1], dtype=x.real.dtype)


def unique_phase(m: Any, vectors: Any, reference: Any) -> Any:
    """Turn each column so that its product with that of the reference is positive."""
    along = m.sum(m.conj(reference.astype(vectors.dtype)) * vectors, axis=-2, keepdims=True)
    return vectors * m.conj(along) / m.abs(along)


def solve(m: Any, a: Any, b: Any) -> Any:
    return m.linalg.solve(a, b)


def eigh(m: Any, x: Any, **options: Any) -> Any:
    w, v = m.linalg.eigh(hermitian(m, x), **options)
    return w, unique_phase(m, v, np.eye(x.shape[-1]) + 0.1)


def svd(full_matrices: bool, is_hermitian: bool = False) -> Any:
    def call(m: Any, x: Any) -> Any:
        if is_hermitian:
            x = hermitian(m, x)
        u, s, vh = m.linalg.svd(x, full_matrices=full_matrices, hermitian=is_hermitian)
        count = s.shape[-1]
        # The phases of both vectors change together, those of additional vectors at will.
        reference = 0.1 + np.eye(x.shape[-2], count)
        along = m.sum(reference.astype(u.dtype) * m.conj(u[..., :count]), axis=-2)
        turn = along / m.abs(along)
        u1 = u[..., :count] * turn[..., None, :]
        vh1 = vh[..., :count, :] * m.conj(turn)[..., :, None]
        u2, v2 = u[..., count:], vh[..., count:, :]
        weight = np.cos(np.arange(x.shape[-2] ** 2)).reshape(x.shape[-2], x.shape[-2])
        space = (u2 @ m.conj(u2).mT) @ weight.astype(u.real.dtype)
        null = m.conj(v2).mT @ v2
        return s, u1, vh1, space, null

    return call


SVD = (spectra.Svd,)

CASES = [
    both("inv", (systems.Inv,), lambda m, x: m.linalg.inv(x), square(3, 3)),
    both("inv of a stack", (systems.Inv,), lambda m, x: m.linalg.inv(x), square(2, 3, 3)),
    both("inv, complex", (systems.Inv,), lambda m, x: m.linalg.inv(x), complex_square(2, 2)),
    Case(
        "inverse of lower triangles",
        (systems.LowerInverse,),
        lambda x: systems.LowerInverse.apply(x * np.tri(3, dtype=x.dtype)),
        (square(3, 3),),
        lambda x: np.linalg.inv(np.tril(x)),
    ),
    both("solve, vector", (systems.Solve,), solve, square(3, 3), normal(3)),
    both("solve, matrix", (systems.Solve,), solve, square(3, 3), normal(3, 2)),
    both("solve, stacks", (systems.Solve,), solve, square(2, 3, 3), normal(2, 3, 2)),
    both("solve, one matrix", (systems.Solve,), solve, square(3, 3), normal(2, 3, 1), exact=False),
    both("solve, stack of matrices", (systems.Solve,), solve, square(2, 3, 3), normal(3)),
    both("solve, complex", (systems.Solve,), solve, complex_square(2, 2), complex_normal(2, 2)),
    both("pinv, tall", (systems.Pinv,), lambda m, x: m.linalg.pinv(x), tall(4, 2)),
    both("pinv, wide", (systems.Pinv,), lambda m, x: m.linalg.pinv(x, rtol=None), tall(2, 3)),
    both(
        "pinv of lower rank",
        (systems.Pinv,),
        lambda m, x, y: m.linalg.pinv(x @ y, rcond=1e-5),
        tall(4, 2),
        tall(2, 3),
    ),
    both(
        "pinv, Hermitian",
        (systems.Pinv,),
        lambda m, x: m.linalg.pinv(hermitian(m, x), hermitian=True),
        complex_square(3, 3),
    ),
    both(
        "pinv, complex",
        (systems.Pinv,),
        lambda m, x: m.linalg.pinv(x),
        tall(3, 2) + 0.3j * normal(3, 2, seed=5),
    ),
    both(
        "lstsq, vector",
        (systems.Pinv, spectra.Svdvals),
        lambda m, a, b: tuple(m.linalg.lstsq(a, b)[i] for i in (0, 1, 3)),
        tall(4, 2),
        normal(4),
    ),
    both(
        "lstsq, wide",
        (systems.Pinv,),
        lambda m, a, b: m.linalg.lstsq(a, b)[0],
        tall(2, 4),
        normal(2, 3),
    ),
    both(
        "tensorsolve",
        (systems.Solve,),
        lambda m, a, b: m.linalg.tensorsolve(a, b),
        square(6, 6).reshape(2, 3, 6),
        normal(2, 3),
    ),
    both(
        "tensorsolve, axes",
        (systems.Solve,),
        lambda m, a, b: m.linalg.tensorsolve(a, b, axes=(0,)),
        square(6, 6).reshape(2, 3, 6).transpose(2, 0, 1),
        normal(2, 3),
    ),
    both(
        "tensorinv",
        (systems.Inv,),
        lambda m, a: m.linalg.tensorinv(a, ind=1),
        square(6, 6).reshape(6, 2, 3),
    ),
    both(
        "cholesky",
        (triangular.Cholesky,),
        lambda m, x: m.linalg.cholesky(positive_definite(m, x)),
        square(2, 3, 3),
    ),
    both(
        "cholesky, upper",
        (triangular.Cholesky,),
        lambda m, x: m.linalg.cholesky(positive_definite(m, x), upper=True),
        square(3, 3),
    ),
    both(
        "cholesky, complex",
        (triangular.Cholesky,),
        lambda m, x: m.linalg.cholesky(positive_definite(m, x)),
        complex_square(2, 2),
    ),
    both(
        "cholesky, complex, upper",
        (triangular.Cholesky,),
        lambda m, x: m.linalg.cholesky(positive_definite(m, x), upper=True),
        complex_square(2, 2),
    ),
    both("qr, square", (triangular.Qr,), lambda m, x: tuple(m.linalg.qr(x)), square(3, 3)),
    both("qr, tall", (triangular.Qr,), lambda m, x: tuple(m.linalg.qr(x)), normal(2, 4, 2)),
    both("qr, wide", (triangular.Qr,), lambda m, x: tuple(m.linalg.qr(x)), tall(2, 4)),
    both(
        "qr, complete", (triangular.Qr,), lambda m, x: tuple(m.linalg.qr(x, "complete")), tall(2, 3)
    ),
    both("qr, r", (triangular.Qr,), lambda m, x: m.linalg.qr(x, "r"), tall(3, 2)),
    both("qr, complex", (triangular.Qr,), lambda m, x: tuple(m.linalg.qr(x)), complex_normal(3, 2)),
    Case(
        "qr, complete, more rows than columns",
        (triangular.Qr,),
        lambda x: tuple(fnp.linalg.qr(x, "complete")),
        (tall(3, 2),),
        lambda x: tuple(np.linalg.qr(x, "complete")),
        derivative=False,
    ),
    both("det", (determinants.Det,), lambda m, x: m.linalg.det(x), square(2, 3, 3)),
    both("det, complex", (determinants.Det,), lambda m, x: m.linalg.det(x), complex_square(2, 2)),
    both(
        "det of a singular matrix",
        (determinants.Det,),
        lambda m, x: m.linalg.det(x),
        np.outer([1.0, 2.0, 3.0], [1.0, -1.0, 0.5]) + np.outer([0.0, 1.0, 1.0], [1.0, 0.0, 2.0]),
        vmap=False,
    ),
    Case("cofactors", (determinants.Cofactor,), determinants.Cofactor.apply, (square(3, 3),), None),
    Case(
        "cofactors of a singular matrix",
        (determinants.Cofactor,),
        determinants.Cofactor.apply,
        (np.outer([1.0, 2.0, 3.0], [1.0, -1.0, 0.5]) + np.diag([0.0, 1.0, 0.0]) * 0,),
        None,
        second=False,
        vmap=False,
    ),
    both(
        "slogdet", (determinants.Slogdet,), lambda m, x: tuple(m.linalg.slogdet(x)), square(2, 3, 3)
    ),
    both(
        "slogdet, complex",
        (determinants.Slogdet,),
        lambda m, x: tuple(m.linalg.slogdet(x)),
        complex_square(2, 2),
    ),
    both("eigh", (spectra.Eigh,), eigh, square(2, 3, 3)),
    both("eigh, upper", (spectra.Eigh,), lambda m, x: eigh(m, x, UPLO="U"), square(3, 3)),
    both("eigh, complex", (spectra.Eigh,), eigh, complex_square(3, 3)),
    both(
        "eigvalsh",
        (spectra.Eigvalsh,),
        lambda m, x: m.linalg.eigvalsh(hermitian(m, x)),
        square(2, 3, 3),
    ),
    both(
        "eigvalsh, complex",
        (spectra.Eigvalsh,),
        lambda m, x: m.linalg.eigvalsh(hermitian(m, x), "U"),
        complex_square(3, 3),
    ),
    both("eig, real values", (spectra.Eig,), lambda m, x: tuple(m.linalg.eig(x)), separated(3)),
    both(
        "eig, complex values",
        (spectra.Eig,),
        lambda m, x: tuple(m.linalg.eig(x)),
        np.array([[0.0, -2.0, 0.3], [1.0, 0.2, 0.1], [0.4, 0.5, 2.0]]),
    ),
    both(
        "eig, complex",
        (spectra.Eig,),
        lambda m, x: tuple(m.linalg.eig(x)),
        np.stack([separated(3), separated(3, seed=4)]) + 0.3j * normal(2, 3, 3, seed=1),
    ),
    both("eigvals", (spectra.Eigvals,), lambda m, x: m.linalg.eigvals(x), square(2, 3, 3)),
    both(
        "eigvals, complex values",
        (spectra.Eigvals,),
        lambda m, x: m.linalg.eigvals(x),
        np.array([[0.0, -2.0, 0.3], [1.0, 0.2, 0.1], [0.4, 0.5, 2.0]]),
    ),
    both(
        "eigvals, complex",
        (spectra.Eigvals,),
        lambda m, x: m.linalg.eigvals(x),
        complex_square(3, 3),
    ),
    both("svd, square", SVD, svd(True), square(2, 3, 3)),
    both("svd, tall", SVD, svd(False), tall(4, 2)),
    both("svd, wide", SVD, svd(False), tall(2, 4)),
    both("svd, tall, full", SVD, svd(True), tall(4, 2)),
    both("svd, wide, full", SVD, svd(True), tall(2, 4)),
    both("svd, complex", SVD, svd(True), tall(3, 2) + 0.3j * normal(3, 2, seed=5)),
    both("svd, Hermitian", SVD, svd(False, True), square(3, 3) - 1.7 * np.eye(3)),
    both("svdvals", (spectra.Svdvals,), lambda m, x: m.linalg.svdvals(x), tall(3, 2)),
    both(
        "svdvals, Hermitian",
        (spectra.Svdvals,),
        lambda m, x: m.linalg.svd(hermitian(m, x), compute_uv=False, hermitian=True),
        complex_square(3, 3) - 1.7 * np.eye(3),
    ),
    both(
        "matrix_rank",
        (spectra.MatrixRank,),
        lambda m, x: m.linalg.matrix_rank(x),
        np.outer([1.0, 2.0], [3.0, 4.0, 5.0]),
        derivative=False,
    ),
    both("norm of a matrix", (), lambda m, x: m.linalg.norm(x), normal(2, 3)),
    both("norm, axis", (), lambda m, x: m.linalg.norm(x, 3, axis=-1, keepdims=True), normal(2, 3)),
    both("norm, 1", (), lambda m, x: m.linalg.norm(x, 1), normal(2, 3)),
    both("norm, -1", (), lambda m, x: m.linalg.norm(x, -1, (2, 0), True), normal(2, 3, 2)),
    both("norm, inf", (), lambda m, x: m.linalg.norm(x, np.inf, (2, 0)), normal(2, 3, 2)),
    both("norm, -inf", (), lambda m, x: m.linalg.norm(x, -np.inf), complex_normal(2, 3)),
    both(
        "norm, 2",
        (spectra.Svdvals,),
        lambda m, x: m.linalg.norm(x, 2, (0, 2), True),
        normal(2, 3, 2),
    ),
    both("norm, -2", (spectra.Svdvals,), lambda m, x: m.linalg.norm(x, -2), normal(2, 3)),
    both("norm, nuc", (spectra.Svdvals,), lambda m, x: m.linalg.norm(x, "nuc"), normal(2, 3)),
    both("matrix_norm", (), lambda m, x: m.linalg.matrix_norm(x), normal(2, 3, 2)),
    both(
        "vector_norm", (), lambda m, x: m.linalg.vector_norm(x, axis=(0, 2), ord=3), normal(2, 3, 2)
    ),
    both("cond", (spectra.Svdvals,), lambda m, x: m.linalg.cond(x), tall(3, 2)),
    both("cond, 1", (systems.Inv,), lambda m, x: m.linalg.cond(x, 1), square(3, 3)),
    both("matrix_power", (), lambda m, x: m.linalg.matrix_power(x, 5), square(2, 3, 3)),
    both(
        "matrix_power, negative",
        (systems.Inv,),
        lambda m, x: m.linalg.matrix_power(x, -3),
        square(3, 3),
    ),
    both(
        "matrix_power, 0",
        (),
        lambda m, x: m.linalg.matrix_power(x, 0),
        square(3, 3),
        derivative=False,
    ),
    both(
        "multi_dot",
        (),
        lambda m, *xs: m.linalg.multi_dot(xs),
        normal(3),
        normal(3, 4),
        normal(4, 2),
        normal(2, 3, seed=9),
    ),
]
