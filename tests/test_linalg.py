"""Linear algebra: NumPy's values, gradients at special matrices, errors."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad.errors import MatrixShapeError, NoDerivativeError, ShapeError
from fungrad.numpy.linalg.products import cheapest_splits
from fungrad.rules import systems
from fungrad.transforms.forward import jvp
from fungrad.transforms.vmap import vmap
from tests.cases import complex_normal, normal
from tests.cases.linalg import separated, square, tall
from tests.numerical import directional

RANK_TWO = np.outer([1.0, 2.0, 3.0], [1.0, -1.0, 0.5]) + np.outer([0.0, 1.0, 1.0], [1.0, 0.0, 2.0])


def identical(ours: Any, theirs: Any) -> None:
    if isinstance(theirs, tuple):
        assert isinstance(ours, tuple)
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            identical(one, other)
        return
    assert isinstance(ours, fg.Array)
    theirs = np.asarray(theirs)
    assert ours.dtype == theirs.dtype
    assert ours.shape == theirs.shape
    np.testing.assert_array_equal(np.asarray(ours), theirs)


def gradient(function: Any, *args: Any) -> Any:
    return np.asarray(fg.grad(function)(*args))


def rebuilt_trace(x: Any) -> Any:
    w, v = fnp.linalg.eigh(x)
    return fnp.trace((v * w) @ v.mT)


def check_gradient(function: Any, x: Any, tolerance: float = 1e-7) -> None:
    """Compare with finite differences along one direction, in both modes."""
    direction = normal(*x.shape, seed=77)
    if x.dtype.kind == "c":
        direction = direction + 1j * normal(*x.shape, seed=78)
    (expected,) = directional(function, [x], [direction])
    found = np.real(np.sum(gradient(function, x) * direction))
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(
        float(jvp(function, (x,), (direction,))[1]), expected, rtol=tolerance, atol=tolerance
    )


# --- values --------------------------------------------------------------------------------------


def test_every_name_of_numpy_is_there() -> None:
    assert set(np.linalg.__all__) - {"test"} <= set(fnp.linalg.__all__)
    assert fnp.linalg.LinAlgError is np.linalg.LinAlgError


SYMMETRIC = square(3, 3) @ square(3, 3).T
CALLS = {
    "cholesky": (SYMMETRIC,),
    "cond": (square(2, 3, 3),),
    "cross": (normal(2, 3), normal(2, 3, seed=1)),
    "det": (square(2, 3, 3),),
    "diagonal": (square(2, 3, 3),),
    "eig": (square(2, 3, 3),),
    "eigh": (SYMMETRIC,),
    "eigvals": (separated(3),),
    "eigvalsh": (SYMMETRIC,),
    "inv": (square(2, 3, 3),),
    "lstsq": (tall(4, 2), normal(4)),
    "matmul": (normal(2, 3), normal(3)),
    "matrix_norm": (normal(2, 3, 4),),
    "matrix_power": (square(3, 3), 5),
    "matrix_rank": (RANK_TWO,),
    "matrix_transpose": (normal(2, 3, 4),),
    "multi_dot": ([normal(2, 3), normal(3, 4), normal(4)],),
    "norm": (normal(2, 3),),
    "outer": (normal(2), normal(3)),
    "pinv": (tall(4, 2),),
    "qr": (normal(2, 4, 3),),
    "slogdet": (square(2, 3, 3),),
    "solve": (square(3, 3), normal(3)),
    "svd": (normal(2, 4, 3),),
    "svdvals": (normal(2, 4, 3),),
    "tensordot": (normal(2, 3), normal(2, 3)),
    "tensorinv": (square(6, 6).reshape(2, 3, 6),),
    "tensorsolve": (square(6, 6).reshape(2, 3, 6), normal(2, 3)),
    "trace": (square(2, 3, 3),),
    "vecdot": (normal(2, 3), normal(3)),
    "vector_norm": (normal(2, 3),),
}


def test_the_table_of_calls_is_complete() -> None:
    assert set(CALLS) == set(fnp.linalg.__all__) - {"LinAlgError"}


@pytest.mark.parametrize("dtype", [float, np.float32, complex, int])
@pytest.mark.parametrize("name", CALLS)
def test_values_are_numpys(name: str, dtype: Any) -> None:
    args = fg.tree.map(
        lambda x: np.rint(x * 8).astype(dtype) if isinstance(x, np.ndarray) else x, CALLS[name]
    )
    if name in ("tensorinv",):
        args = (args[0], 2)
    theirs = getattr(np.linalg, name)(*args)
    identical(getattr(fnp.linalg, name)(*args), theirs)
    wrapped = fg.tree.map(lambda x: fnp.array(x) if isinstance(x, np.ndarray) else x, args)
    identical(getattr(np.linalg, name)(*wrapped), theirs)


@pytest.mark.parametrize("shape", [(0, 0), (2, 0, 0), (0, 3, 3)])
@pytest.mark.parametrize(
    "name",
    ["det", "slogdet", "inv", "eigh", "eigvalsh", "svd", "svdvals", "pinv", "cholesky", "qr"],
)
def test_nothing(name: str, shape: tuple[int, ...]) -> None:
    x = np.zeros(shape)
    identical(getattr(fnp.linalg, name)(x), getattr(np.linalg, name)(x))
    outputs, pullback = fg.vjp(lambda x: fg.tree.leaves(getattr(fnp.linalg, name)(x)), x)
    cotangents = [np.ones(output.shape) for output in outputs]
    assert pullback(cotangents)[0].shape == shape


def test_results_have_numpys_names() -> None:
    x = SYMMETRIC
    assert fnp.linalg.eig(x)._fields == ("eigenvalues", "eigenvectors")
    assert fnp.linalg.eigh(x)._fields == ("eigenvalues", "eigenvectors")
    assert fnp.linalg.qr(x)._fields == ("Q", "R")
    assert fnp.linalg.svd(x)._fields == ("U", "S", "Vh")
    assert fnp.linalg.slogdet(x)._fields == ("sign", "logabsdet")
    assert fg.vjp(fnp.linalg.eigh, x)[0]._fields == ("eigenvalues", "eigenvectors")


@pytest.mark.parametrize("mode", ["reduced", "complete", "r", "raw"])
@pytest.mark.parametrize("shape", [(4, 2), (2, 4), (2, 3, 3)])
def test_modes_of_qr(mode: str, shape: tuple[int, ...]) -> None:
    x = normal(*shape)
    identical(fnp.linalg.qr(x, mode), np.linalg.qr(x, mode))  # type: ignore[arg-type]


def test_options() -> None:
    x, wide = SYMMETRIC, normal(2, 4)
    identical(fnp.linalg.svd(wide, full_matrices=False), np.linalg.svd(wide, full_matrices=False))
    identical(fnp.linalg.svd(wide, compute_uv=False), np.linalg.svd(wide, compute_uv=False))
    identical(fnp.linalg.svd(x, hermitian=True), np.linalg.svd(x, hermitian=True))
    identical(fnp.linalg.eigh(x, "u"), np.linalg.eigh(x, "U"))
    identical(fnp.linalg.eigvalsh(x, UPLO="U"), np.linalg.eigvalsh(x, UPLO="U"))
    identical(fnp.linalg.cholesky(x, upper=True), np.linalg.cholesky(x, upper=True))
    identical(fnp.linalg.pinv(wide, 0.5), np.linalg.pinv(wide, 0.5))
    identical(fnp.linalg.pinv(wide, rtol=None), np.linalg.pinv(wide, rtol=None))
    identical(
        fnp.linalg.pinv(normal(2, 3, 4), [1e-3, 1e-2]),
        np.linalg.pinv(normal(2, 3, 4), [1e-3, 1e-2]),
    )
    identical(fnp.linalg.matrix_rank(x, rtol=0.5), np.linalg.matrix_rank(x, rtol=0.5))
    identical(fnp.linalg.matrix_rank([0.0, 1.0]), np.linalg.matrix_rank([0.0, 1.0]))
    for p in (None, 1, -1, 2, -2, np.inf, -np.inf, "fro"):
        identical(fnp.linalg.cond(x, p), np.linalg.cond(x, p))
    identical(fnp.linalg.diagonal(x, offset=1), np.linalg.diagonal(x, offset=1))
    identical(fnp.linalg.trace(x, offset=-1), np.linalg.trace(x, offset=-1))


@pytest.mark.parametrize("n", range(-3, 8))
def test_powers(n: int) -> None:
    x = square(2, 3, 3)
    identical(fnp.linalg.matrix_power(x, n), np.linalg.matrix_power(x, n))
    assert x.flags.writeable
    traced, _ = fg.vjp(lambda x: fnp.linalg.matrix_power(x, n), x)
    np.testing.assert_allclose(np.asarray(traced), np.linalg.matrix_power(x, n), rtol=1e-12)


@pytest.mark.parametrize("order", [None, 0, 1, -1, 2, -2, 3, 0.5, np.inf, -np.inf, "fro", "nuc"])
@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 3, 2)])
@pytest.mark.parametrize("dtype", [float, complex, np.float32])
def test_norms(dtype: Any, shape: tuple[int, ...], order: Any) -> None:
    x = normal(*shape).astype(dtype)
    for axis, keepdims in itertools.product([None, 0, -1, (0, 1), (-1, 0)], [False, True]):
        call = functools.partial(fnp.linalg.norm, ord=order, axis=axis, keepdims=keepdims)
        try:
            expected = np.linalg.norm(x, order, axis, keepdims)
        except ValueError:
            with pytest.raises(ValueError):
                call(x)
            with pytest.raises(ValueError):
                fg.vjp(call, x)
        else:
            identical(call(x), expected)
            traced, _ = fg.vjp(call, x)
            assert traced.dtype == expected.dtype
            np.testing.assert_allclose(np.asarray(traced), expected, rtol=1e-5)


def test_multi_dot_takes_the_cheapest_order() -> None:
    shapes = [(2, 50), (50, 3), (3, 40), (40, 1)]
    arrays = [normal(*shape) for shape in shapes]
    traced, _ = fg.vjp(lambda *xs: fnp.linalg.multi_dot(xs), *arrays)
    np.testing.assert_allclose(np.asarray(traced), np.linalg.multi_dot(arrays))
    # From the right: a column is multiplied all the way.
    splits = cheapest_splits([2, 50, 3, 40, 1])
    assert (splits[0, 3], splits[1, 3]) == (0, 1)


def test_least_squares() -> None:
    for a, b in [
        (tall(4, 2), normal(4)),
        (tall(4, 2), normal(4, 3)),
        (tall(2, 4), normal(2)),
        (RANK_TWO, normal(3)),
    ]:
        expected = np.linalg.lstsq(a, b)
        identical(fnp.linalg.lstsq(a, b), tuple(expected))
        traced, _ = fg.vjp(lambda a, b: fnp.linalg.lstsq(a, b), a, b)
        for ours, theirs in zip(traced, expected, strict=True):
            assert ours.shape == np.shape(theirs)
            np.testing.assert_allclose(np.asarray(ours), theirs, rtol=1e-8, atol=1e-12)


def test_one_matrix_is_factored_once_for_a_batch() -> None:
    a, b = square(3, 3), normal(5, 3)
    count = 0
    original = systems.Solve.kernel

    def counting(a: Any, b: Any) -> Any:
        nonlocal count
        count += 1
        assert a.ndim == 2
        return original(a, b)

    systems.substitute, kept = counting, systems.substitute
    try:
        x = vmap(lambda row: fnp.linalg.solve(a, row))(b)
    finally:
        systems.substitute = kept
    assert count == 1
    np.testing.assert_allclose(np.asarray(x), np.linalg.solve(a, b.T).T)


# --- large matrices, which are halved ------------------------------------------------------------


@pytest.mark.parametrize("dtype", [float, complex])
def test_triangular_inverse(dtype: Any) -> None:
    x = np.tril(normal(2, 130, 130)).astype(dtype) * 0.1 + np.eye(130) * 2
    if dtype is complex:
        x = x + 0.05j * np.tril(normal(2, 130, 130, seed=1))
    z = np.asarray(systems.LowerInverse.apply(x))
    np.testing.assert_allclose(z, np.linalg.inv(x), atol=1e-12)
    assert not np.triu(z, 1).any()


def test_triangular_systems_are_substituted() -> None:
    x = normal(130, 130) * 0.1 + np.eye(130) * 2
    corner = x.copy()
    corner[:65, 65:] = 0  # of the halves one is zero, but not of the quarters
    for a in (x, np.tril(x), np.triu(x), corner, np.stack([np.tril(x), x]), np.tril(x).T):
        for b in (normal(130, 1), normal(130, 7)):
            np.testing.assert_allclose(systems.solve(a, b), np.linalg.solve(a, b), atol=1e-12)


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("dtype", [float, complex])
def test_gradient_of_a_large_cholesky_factor(upper: bool, dtype: Any) -> None:
    x = normal(2, 120, 120, seed=1).astype(dtype) * 0.1
    if dtype is complex:
        x = x + 0.1j * normal(2, 120, 120, seed=2)
    weight = normal(2, 120, 120, seed=3)

    def function(x: Any) -> Any:
        a = x @ np.conj(x).mT + np.eye(120)
        return np.sum(weight * np.real(np.linalg.cholesky(a, upper=upper)))

    check_gradient(function, x, 1e-6)


def test_marginal_likelihood() -> None:
    """The gradient of log det and of a quadratic form, by way of the factor."""
    a, y = normal(100, 100), normal(100)
    a = a @ a.T / 100 + np.eye(100)

    def by_factor(a: Any) -> Any:
        factor = fnp.linalg.cholesky(a)
        z = fnp.linalg.solve(factor, y)
        return fnp.sum(fnp.log(fnp.diagonal(factor))) + 0.5 * fnp.sum(z**2)

    inverse = np.linalg.inv(a)
    expected = (inverse - np.outer(inverse @ y, inverse @ y)) / 2
    np.testing.assert_allclose(gradient(by_factor, a), expected, atol=1e-10)


# --- determinants of singular matrices -----------------------------------------------------------


def cofactors(x: Any) -> Any:
    size = len(x)
    z = np.empty_like(x)
    for i, j in itertools.product(range(size), repeat=2):
        minor = np.delete(np.delete(x, i, 0), j, 1)
        z[i, j] = (-1) ** (i + j) * np.linalg.det(minor)
    return z


@pytest.mark.parametrize(
    "x",
    [
        RANK_TWO,
        np.outer([1.0, 2.0, 3.0], [1.0, -1.0, 0.5]),
        np.zeros((3, 3)),
        np.zeros((1, 1)),
        np.array([[1.0, 2.0], [2.0, 4.0]]),
        np.diag([0.0, 0.0, 1.0, 2.0]),
        np.diag([3.0, 3.0, 3.0, 0.0]),
        RANK_TWO * 1e-30,
        RANK_TWO + 1e-13 * np.eye(3),
    ],
    ids=[
        "rank 2",
        "rank 1",
        "zero",
        "one zero",
        "2 by 2",
        "two zeros",
        "repeated",
        "tiny",
        "nearly",
    ],
)
def test_det_of_singular_matrices(x: Any) -> None:
    found = gradient(fnp.linalg.det, x)
    scale = np.max(np.abs(x)) ** max(len(x) - 1, 1) or 1.0
    np.testing.assert_allclose(found, cofactors(x), atol=1e-12 * scale, rtol=1e-9)
    # Second derivatives: det is a polynomial, so differences of its gradient are nearly exact.
    direction = normal(*x.shape) * (np.max(np.abs(x)) or 1.0)
    step = 1e-3
    ahead, behind = (cofactors(x + sign * step * direction) for sign in (1, -1))
    expected = (ahead - behind) / (2 * step)
    pushed = jvp(fg.grad(fnp.linalg.det), (x,), (direction,))[1]
    size = max(np.max(np.abs(expected)), 1e-300)
    np.testing.assert_allclose(np.asarray(pushed), expected, atol=1e-4 * size)


def test_third_derivative_of_det() -> None:
    x, d = square(3, 3), normal(3, 3)

    def along(t: Any) -> Any:
        return fnp.linalg.det(x + t * d)

    third = fg.grad(fg.grad(fg.grad(along)))(0.0)
    np.testing.assert_allclose(float(third), 6 * np.linalg.det(d), rtol=1e-9)


def test_det_of_complex_singular_matrices() -> None:
    x = np.outer(complex_normal(3), complex_normal(3, seed=4))
    x += np.outer(complex_normal(3, seed=6), complex_normal(3, seed=8))
    found = fg.grad(fnp.linalg.det, holomorphic=True)(x)
    np.testing.assert_allclose(np.asarray(found), cofactors(x), atol=1e-10)


def test_stack_with_a_singular_matrix() -> None:
    x = np.stack([square(3, 3), RANK_TWO, np.zeros((3, 3))])
    found = gradient(lambda x: fnp.sum(fnp.linalg.det(x)), x)
    np.testing.assert_allclose(found, [cofactors(each) for each in x], atol=1e-12)


def test_slogdet_of_singular_matrices() -> None:
    x = np.stack([square(2, 2), np.zeros((2, 2))])

    def logarithms(x: Any) -> Any:
        return fnp.linalg.slogdet(x).logabsdet

    value, pullback = fg.vjp(logarithms, x)
    assert float(value[1]) == -np.inf
    (found,) = pullback(np.ones(2))
    np.testing.assert_allclose(np.asarray(found[0]), np.linalg.inv(x[0]).T)
    assert np.all(np.asarray(found[1]) == np.inf)
    (found,) = pullback(np.array([1.0, 0.0]))
    assert not np.asarray(found[1]).any()
    assert float(jvp(logarithms, (x,), (np.ones_like(x),))[1][1]) == np.inf
    assert np.all(gradient(logarithms, x[1]) == np.inf)


# --- repeated eigenvalues and singular values ----------------------------------------------------


def orthogonal(size: int, seed: int = 0) -> Any:
    return np.linalg.qr(normal(size, size, seed=seed))[0]


@pytest.mark.parametrize(
    "x",
    [np.eye(3), np.zeros((3, 3)), orthogonal(3) @ np.diag([1.0, 2.0, 2.0]) @ orthogonal(3).T],
    ids=["identity", "zero", "pair"],
)
def test_functions_of_repeated_eigenvalues(x: Any) -> None:
    x = (x + x.T) / 2

    def squares(x: Any) -> Any:
        w, _ = fnp.linalg.eigh(x)
        return fnp.sum(w**2)

    np.testing.assert_allclose(gradient(squares, x), 2 * x, atol=1e-12)
    np.testing.assert_allclose(
        gradient(lambda x: fnp.sum(fnp.linalg.eigvalsh(x) ** 2), x), 2 * x, atol=1e-12
    )
    np.testing.assert_allclose(gradient(rebuilt_trace, x), np.eye(3), atol=1e-12)
    assert np.isfinite(np.asarray(fg.grad(lambda x: fnp.sum(fnp.linalg.eigh(x)[1]))(x))).all()


def test_projector_on_the_space_of_a_repeated_eigenvalue() -> None:
    basis = orthogonal(4)
    x = basis @ np.diag([1.0, 1.0, 2.0, 3.0]) @ basis.T
    x = (x + x.T) / 2
    weight = normal(4, 4, seed=3)

    def function(x: Any) -> Any:
        x = (x + x.mT) / 2
        v = np.linalg.eigh(x)[1][..., :2]
        return np.sum(weight * (v @ v.mT))

    check_gradient(function, x)


def test_polar_factor_at_equal_singular_values() -> None:
    x, weight = orthogonal(3), normal(3, 3, seed=3)

    def function(x: Any) -> Any:
        u, _, vh = np.linalg.svd(x)
        return np.sum(weight * (u @ vh))

    check_gradient(function, x)
    check_gradient(lambda x: np.sum(np.linalg.svd(x, compute_uv=False) ** 3), x)
    check_gradient(lambda x: np.linalg.norm(x, "nuc"), x)


def test_svd_of_lower_rank() -> None:
    x = np.outer([1.0, 2.0, 3.0], [1.0, -1.0])

    def function(x: Any) -> Any:
        u, s, vh = np.linalg.svd(x, full_matrices=False)
        return np.sum(s**2) + np.sum((u[..., :1] @ vh[..., :1, :]) * np.arange(6.0).reshape(3, 2))

    check_gradient(function, x, 1e-6)


# --- norms at zero -------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [None, 1, -1, 2, -2, np.inf, -np.inf, "fro", "nuc"])
def test_norms_of_the_zero_matrix(order: Any) -> None:
    found = gradient(lambda x: fnp.linalg.norm(x, order), np.zeros((2, 3)))
    np.testing.assert_array_equal(found, np.zeros((2, 3)))


@pytest.mark.parametrize("order", [None, 1, 2, 3, np.inf, -np.inf])
def test_norms_of_the_zero_vector(order: Any) -> None:
    found = gradient(lambda x: fnp.linalg.norm(x, order), np.zeros(3))
    np.testing.assert_array_equal(found, np.zeros(3))


@pytest.mark.parametrize("p", [None, -2])
def test_condition_of_a_singular_matrix(p: Any) -> None:
    x = np.diag([1.0, 0.0])
    value, _ = fg.vjp(lambda x: fnp.linalg.cond(x, p), x)
    np.testing.assert_array_equal(np.asarray(value), np.linalg.cond(x, p))


# --- one triangle is read ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "function",
    [
        lambda x: fnp.sum(fnp.linalg.cholesky(x)),
        lambda x: fnp.sum(fnp.linalg.cholesky(x, upper=True)),
        lambda x: fnp.sum(fnp.linalg.eigvalsh(x) ** 3),
        lambda x: fnp.sum(fnp.linalg.eigh(x, "U")[0] ** 3),
        lambda x: fnp.sum(fnp.linalg.pinv(x, hermitian=True)),
        lambda x: fnp.sum(fnp.linalg.svd(x, compute_uv=False, hermitian=True) ** 3),
    ],
)
def test_gradients_are_symmetric(function: Any) -> None:
    found = gradient(function, SYMMETRIC)
    np.testing.assert_allclose(found, found.T, rtol=1e-9, atol=1e-12)


def test_eigenvectors_of_complex_matrices_keep_lapacks_phase() -> None:
    x = separated(3) + 0.3j * normal(3, 3, seed=1)
    v, t = jvp(lambda x: fnp.linalg.eig(x)[1], (x,), (complex_normal(3, 3, seed=5),))
    v, t = np.asarray(v), np.asarray(t)
    np.testing.assert_allclose(np.sum(v.conj() * t, axis=0).real, 0, atol=1e-12)
    largest = np.argmax(np.abs(v), axis=0)
    np.testing.assert_allclose(t[largest, range(3)].imag, 0, atol=1e-12)


# --- nesting and batching ------------------------------------------------------------------------


def test_hessian_of_log_det() -> None:
    x = square(3, 3)
    direction = normal(3, 3)
    pushed = jvp(fg.grad(lambda x: fnp.linalg.slogdet(x)[1]), (x,), (direction,))[1]
    inverse = np.linalg.inv(x)
    np.testing.assert_allclose(np.asarray(pushed), -(inverse @ direction @ inverse).T)


def test_batches_of_least_squares() -> None:
    a, b = np.stack([tall(4, 2, seed=seed) for seed in range(3)]), normal(3, 4)
    given = vmap(lambda a, b: fnp.linalg.lstsq(a, b))(a, b)
    for i in range(3):
        for ours, theirs in zip(given, np.linalg.lstsq(a[i], b[i]), strict=True):
            np.testing.assert_allclose(np.asarray(ours[i]), theirs)


def test_batches_of_ranks() -> None:
    x = np.stack([RANK_TWO, np.eye(3), np.zeros((3, 3))])
    np.testing.assert_array_equal(np.asarray(vmap(fnp.linalg.matrix_rank)(x)), [2, 3, 0])
    np.testing.assert_array_equal(np.asarray(vmap(fnp.linalg.matrix_rank)(x[:, 0])), [1, 1, 0])


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (fnp.linalg.det, "det of float64[2,3]: the matrix is not square: 2 by 3"),
        (fnp.linalg.inv, "inv of float64[2,3]: the matrix is not square: 2 by 3"),
        (fnp.linalg.eigh, "eigh of float64[2,3]: the matrix is not square: 2 by 3"),
        (lambda x: fnp.linalg.svd(x[0]), "svd of float64[3]: a matrix has at least two axes"),
        (
            lambda x: fnp.linalg.multi_dot([x, x[0, :], x]),
            "multi_dot of float64[2,3] and float64[3] and float64[2,3]: operand 1 is no matrix, "
            "and no vector at an end",
        ),
        (
            lambda x: fnp.linalg.tensorsolve(x, x[0]),
            "tensorsolve of float64[2,3] and float64[3]: the first has 6 elements, not 3 * 3",
        ),
        (
            lambda x: fnp.linalg.tensorinv(x, 1),
            "tensorinv of float64[2,3]: the parts before and after 1 axes differ",
        ),
        (
            lambda x: fnp.linalg.lstsq(x, x[0]),
            "lstsq of float64[2,3] and float64[3]: there are 2 equations, but 3 right-hand sides",
        ),
    ],
)
def test_errors_of_shape(call: Any, message: str) -> None:
    x = np.arange(6.0).reshape(2, 3) + np.eye(2, 3)
    for attempt in (lambda: call(x), lambda: fg.vjp(call, x)):
        with pytest.raises(MatrixShapeError) as caught:
            attempt()
        assert str(caught.value) == message
        assert isinstance(caught.value, np.linalg.LinAlgError)
        assert isinstance(caught.value, ShapeError)


def test_solve_says_what_to_write_for_stacks_of_vectors() -> None:
    with pytest.raises(ShapeError) as caught:
        fnp.linalg.solve(np.ones((5, 3, 3)), np.ones((5, 3)))
    assert str(caught.value) == (
        "solve of float64[5,3,3] and float64[5,3]: there are 3 equations, but 5 right-hand sides; "
        "for a stack of vectors write solve(a, b[..., None])[..., 0]"
    )


def test_singular_and_indefinite_matrices() -> None:
    for function, x in [
        (fnp.linalg.inv, np.zeros((2, 2))),
        (lambda x: fnp.linalg.solve(x, np.ones(2)), np.zeros((2, 2))),
        (fnp.linalg.cholesky, -np.eye(2)),
    ]:
        with pytest.raises(np.linalg.LinAlgError):
            function(x)
        with pytest.raises(np.linalg.LinAlgError):
            fg.vjp(function, x)


def test_qr_without_a_derivative() -> None:
    with pytest.raises(NoDerivativeError) as caught:
        fg.vjp(lambda x: fnp.linalg.qr(x, "complete"), np.ones((3, 2)))
    assert str(caught.value) == (
        'qr(x, mode="complete") of a matrix with more rows than columns has no derivative: the '
        'additional columns of q are not unique; use mode="reduced"'
    )
    with pytest.raises(NoDerivativeError, match=r'qr\(x, mode="raw"\) has no derivative'):
        jvp(lambda x: fnp.linalg.qr(x, "raw"), (np.ones((3, 2)),), (np.ones((3, 2)),))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: fnp.linalg.qr(x, "full"), 'mode is "reduced", "complete", "r" or "raw"'),
        (lambda x: fnp.linalg.eigh(x, "X"), 'UPLO is "L" or "U", got \'X\''),
        (lambda x: fnp.linalg.pinv(x, 0.1, rtol=0.1), "rcond or rtol, not both"),
        (lambda x: fnp.linalg.multi_dot([x]), "at least two arrays, got 1"),
        (lambda x: fnp.linalg.tensorinv(x, 0), "at least one, got 0"),
        (lambda x: fnp.linalg.outer(x, x), "linalg.outer takes vectors"),
        (lambda x: fnp.linalg.cross(x, x), "axis -1 must have length 3 in both"),
    ],
)
def test_errors_of_arguments(call: Any, message: str) -> None:
    for attempt in (lambda: call(np.eye(2)), lambda: fg.vjp(call, np.eye(2))):
        with pytest.raises(ValueError) as caught:
            attempt()
        assert message in str(caught.value)
