"""hessian, hvp and deriv."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors

X = np.array([0.5, -1.0, 2.0])


def rosenbrock(x: Any) -> Any:
    return fnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def hessian_of_rosenbrock(x: Any) -> Any:
    diagonal = np.full(len(x), 2.0)
    diagonal[-1] = 0.0
    diagonal[:-1] += 1200 * x[:-1] ** 2 - 400 * x[1:]
    diagonal[1:] += 200
    return np.diag(diagonal) + np.diag(-400 * x[:-1], 1) + np.diag(-400 * x[:-1], -1)


def tree_loss(p: Any, x: Any) -> Any:
    return fnp.sum(fnp.tanh(p["w"] @ x + p["b"]) ** 2)


PARAMS = {"w": np.linspace(-1, 1, 6).reshape(2, 3), "b": np.array([0.1, 0.2])}


# --- hessian -------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunk_size", [None, 1, 2, 10])
def test_hessian(chunk_size: Any) -> None:
    for x in (X, np.linspace(-1, 1, 7)):
        result = fg.hessian(rosenbrock, chunk_size=chunk_size)(x)
        np.testing.assert_allclose(result, hessian_of_rosenbrock(x), rtol=1e-13)


def test_hessian_of_a_number() -> None:
    assert fg.hessian(lambda x: x**3)(2.0) == 12.0
    assert fg.hessian(lambda x: x**3)(2) == 12.0
    assert fg.hessian(lambda x: x**3)(np.float32(2)).dtype == np.float32


def test_hessian_of_trees() -> None:
    result = fg.hessian(tree_loss, argnums=(0, 1))(PARAMS, X)
    assert result[0]["w"][0]["b"].shape == (2, 3, 2)
    assert result[0]["b"][1].shape == (2, 3)
    assert result[1][0]["b"].shape == (3, 2)
    assert result[1][1].shape == (3, 3)
    np.testing.assert_allclose(result[0]["b"][1], np.transpose(result[1][0]["b"]), rtol=1e-12)
    np.testing.assert_allclose(
        result[0]["w"][0]["b"], np.moveaxis(np.asarray(result[0]["b"][0]["w"]), 0, -1), rtol=1e-12
    )


def test_hessian_of_a_vector() -> None:
    result = fg.hessian(lambda x: (x**2, x[0]))(X)
    assert result[0].shape == (3, 3, 3)
    np.testing.assert_array_equal(result[0], 2 * np.eye(3)[:, :, None] * np.eye(3))
    np.testing.assert_array_equal(result[1], np.zeros((3, 3)))


def test_hessian_with_aux() -> None:
    result, aux = fg.hessian(lambda x: (x**3, {"x": x, "text": "aux"}), has_aux=True)(2.0)
    assert result == 12.0
    assert aux == {"x": 2.0, "text": "aux"}
    assert type(aux["x"]) is fg.Array


def test_hessian_by_name_and_keyword() -> None:
    def f(x: Any, y: Any) -> Any:
        return x * y**3

    assert fg.hessian(f, argnames="y")(2.0, 3.0) == 36.0
    assert fg.hessian(f, argnums=-1)(2.0, 3.0) == 36.0
    assert fg.hessian(f, argnums=1)(x=2.0, y=3.0) == 36.0


def test_holomorphic_hessian() -> None:
    assert fg.hessian(lambda z: z**3, holomorphic=True)(1 + 1j) == 6 + 6j
    with pytest.raises(errors.ComplexInputError, match="hessian of <lambda>: z is complex128"):
        fg.hessian(lambda z: abs(z) ** 2)(1 + 1j)


def test_hessian_is_made_for_one_result_in_one_run() -> None:
    calls = []

    def f(x: Any) -> Any:
        calls.append(1)
        return rosenbrock(x)

    fg.hessian(f)(X)
    assert len(calls) == 1


def test_hessian_under_transforms() -> None:
    batch = np.stack([X, 2 * X])
    expected = np.stack([hessian_of_rosenbrock(x) for x in batch])
    np.testing.assert_allclose(fg.vmap(fg.hessian(rosenbrock))(batch), expected, rtol=1e-13)
    third = fg.jacfwd(fg.hessian(lambda x: fnp.sum(x**3) * x[0]))(X)
    np.testing.assert_allclose(third, np.transpose(third, (2, 0, 1)), rtol=1e-12, atol=1e-12)
    gradient = fg.grad(lambda x: fnp.trace(fg.hessian(lambda y: fnp.sum(y**4))(x)))(X)
    np.testing.assert_allclose(gradient, 24 * X)


def test_hessian_pickles() -> None:
    transformed = fg.hessian(rosenbrock)
    assert repr(transformed) == "<hessian of rosenbrock>"
    again = pickle.loads(pickle.dumps(transformed))
    np.testing.assert_array_equal(again(X), transformed(X))


# --- hvp -----------------------------------------------------------------------------------------


def test_hvp() -> None:
    v = np.array([1.0, -2.0, 0.5])
    product = fg.hvp(rosenbrock, (X,), (v,))
    np.testing.assert_allclose(product, hessian_of_rosenbrock(X) @ v, rtol=1e-13)


def test_hvp_with_respect_to_all_arguments() -> None:
    tangents = (fg.tree.map(np.cos, PARAMS), np.sin(X))
    product = fg.hvp(tree_loss, (PARAMS, X), tangents)
    blocks = fg.hessian(tree_loss, argnums=(0, 1))(PARAMS, X)
    expected = (
        np.tensordot(blocks[1][0]["w"], tangents[0]["w"], 2)
        + blocks[1][0]["b"] @ tangents[0]["b"]
        + blocks[1][1] @ tangents[1]
    )
    assert isinstance(product, tuple)
    np.testing.assert_allclose(product[1], expected, rtol=1e-12)
    assert product[0]["w"].shape == (2, 3)


def test_hvp_of_one_tree() -> None:
    tangent = fg.tree.map(np.ones_like, PARAMS)
    product = fg.hvp(lambda p: tree_loss(p, X), (PARAMS,), (tangent,))
    assert product.keys() == PARAMS.keys()
    assert fg.hvp(lambda x: x**3, (2,), (1,)) == 12.0


def test_hvp_with_aux() -> None:
    product, aux = fg.hvp(lambda x: (x**3, x), (2.0,), (1.0,), has_aux=True)
    assert (product, aux) == (12.0, 2.0)
    assert type(aux) is fg.Array


def test_hvp_under_transforms() -> None:
    def curvature(x: Any) -> Any:
        return fg.hvp(lambda y: fnp.sum(y**4), (x,), (np.ones(3),)) @ x

    np.testing.assert_allclose(fg.grad(curvature)(X), 36 * X**2)
    rows = fg.vmap(lambda v: fg.hvp(rosenbrock, (X,), (v,)))(np.eye(3))
    np.testing.assert_allclose(rows, hessian_of_rosenbrock(X), rtol=1e-13)


def test_mistakes_with_hvp() -> None:
    with pytest.raises(errors.TangentError, match="hvp of rosenbrock: primals is"):
        fg.hvp(rosenbrock, X, X)  # type: ignore[arg-type]
    with pytest.raises(errors.TangentError, match="2 primals and 1 tangents"):
        fg.hvp(tree_loss, (PARAMS, X), (PARAMS,))
    with pytest.raises(errors.NonScalarOutputError):
        fg.hvp(fnp.sin, (X,), (X,))


# --- deriv ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("order", "expected"), [(0, X**4), (1, 4 * X**3), (2, 12 * X**2), (4, [24] * 3), (5, [0] * 3)]
)
def test_deriv(order: int, expected: Any, check: bool) -> None:
    result = fg.deriv(lambda x: x**4, order, check=check)(X)
    np.testing.assert_allclose(result, expected)
    shaped = fg.deriv(lambda x: x**4, order, check=check)(X.reshape(3, 1, 1))
    np.testing.assert_allclose(shaped, np.reshape(expected, (3, 1, 1)))
    assert fg.deriv(lambda x: x**4, order, check=check)(X[0]) == pytest.approx(expected[0])


def test_deriv_at_many_points() -> None:
    x = np.linspace(-3, 3, 1000)
    np.testing.assert_allclose(fg.deriv(fnp.tanh)(x), 1 - np.tanh(x) ** 2, rtol=1e-10)
    np.testing.assert_allclose(fg.deriv(fnp.sin, 3)(x), -np.cos(x), rtol=1e-12)


def test_deriv_of_an_empty_array() -> None:
    assert fg.deriv(fnp.sin)(np.zeros((0, 3))).shape == (0, 3)


def test_deriv_with_broadcasting() -> None:
    y = np.array([[1.0], [10.0]])
    result = fg.deriv(lambda x, y: x**2 * y)(X, y)
    np.testing.assert_array_equal(result, 2 * X * y)
    result = fg.deriv(lambda x, y: x**2 * y, argnums=1)(X, y)
    np.testing.assert_array_equal(result, np.broadcast_to(X**2, (2, 3)))
    result = fg.deriv(lambda x, y: x**2 * y, 2, argnums=(0, 1))(X, y)
    assert isinstance(result, tuple)
    np.testing.assert_array_equal(result[0], np.broadcast_to(2 * y, (2, 3)))
    np.testing.assert_array_equal(result[1], np.zeros((2, 3)))


def test_deriv_of_a_curve() -> None:
    """The result of a function of one number may have any shape."""
    np.testing.assert_allclose(fg.deriv(lambda t: t ** np.arange(4.0))(2.0), [0, 1, 4, 12])
    assert fg.deriv(fnp.sum)(np.array([2.0])) == 1.0


def test_deriv_passes_other_arguments_on() -> None:
    def f(x: Any, name: str, flag: Any = None, *, power: int = 1) -> Any:
        assert name == "name"
        assert flag is True
        return x**power

    assert fg.deriv(f)(3.0, "name", True, power=2) == 6.0
    assert fg.deriv(f, argnames="x")(name="name", flag=True, power=2, x=3.0) == 6.0


def test_deriv_of_a_tree_of_results() -> None:
    result = fg.deriv(lambda x: {"square": x**2, "same": (x,)})(X)
    np.testing.assert_array_equal(result["square"], 2 * X)
    np.testing.assert_array_equal(result["same"][0], np.ones(3))


@pytest.mark.parametrize(
    "mixing",
    [
        fnp.sum,
        fnp.cumsum,
        fnp.sort,
        lambda x: x[::-1],
        lambda x: x * fnp.sum(x),
        lambda x: x / fnp.linalg.norm(x),
        lambda x: x[:, None] * np.ones(3),
        lambda x: {"fine": x, "not": fnp.mean(x) + x},
        lambda x: x[:2],
    ],
)
def test_deriv_of_what_is_not_elementwise(mixing: Any) -> None:
    x = np.array([3.0, 1.0, 2.0])
    with pytest.raises(errors.NotElementwiseError):
        fg.deriv(mixing)(x)


@pytest.mark.parametrize("order", [2, 3])
def test_deriv_checks_every_order(order: int) -> None:
    """The Jacobian of x * sum(x)**2 is diagonal at zero; its derivative is not."""
    with pytest.raises(errors.NotElementwiseError):
        fg.deriv(lambda x: x * fnp.sum(x) ** 2, 3)(np.zeros(3))
    with pytest.raises(errors.NotElementwiseError):
        fg.deriv(lambda x: x + x * fnp.sum(x), order)(np.zeros(3))


def test_deriv_without_the_check() -> None:
    np.testing.assert_array_equal(fg.deriv(fnp.cumsum, check=False)(X), [1, 2, 3])


def test_deriv_allows_for_rounding() -> None:
    """An elementwise function that goes through sums is one still."""

    def around(x: Any) -> Any:
        total = fnp.cumsum(fnp.exp(x))
        return fnp.concatenate([total[:1], total[1:] - total[:-1]])

    x = np.linspace(-5, 5, 200)
    np.testing.assert_allclose(fg.deriv(around)(x), np.exp(x), rtol=1e-9)
    np.testing.assert_allclose(
        fg.deriv(around)(x.astype(np.float32)), np.exp(x), rtol=1e-2, atol=1e-3
    )


def test_deriv_where_it_is_not_finite() -> None:
    with np.errstate(all="ignore"):
        result = fg.deriv(lambda x: fnp.sqrt(x) * 2)(np.array([0.0, np.nan, 4.0, np.inf]))
        with pytest.raises(errors.NotElementwiseError):
            fg.deriv(lambda x: fnp.sqrt(x) + fnp.cumsum(x))(np.array([0.0, 1.0, 4.0]))
    np.testing.assert_array_equal(result, [np.inf, np.nan, 0.5, 0.0])


def test_deriv_warns_as_often_as_its_function() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fg.deriv(fnp.log)(np.array([0.0, 1.0]))
    assert len(caught) == 1


def test_deriv_dtypes() -> None:
    assert fg.deriv(fnp.sin)(X.astype(np.float32)).dtype == np.float32
    assert fg.deriv(lambda x: x**2)(3) == 6.0
    with pytest.raises(errors.NonFloatInputError, match="int64"):
        fg.deriv(lambda x: x * 1.0)(np.arange(3))
    with pytest.raises(errors.IntegerOutputError):
        fg.deriv(lambda x: x > 0)(X)
    with pytest.raises(errors.NonFloatInputError, match=r"x is list .*one array"):
        fg.deriv(lambda x: x[0])([1.0])


def test_deriv_of_complex_numbers() -> None:
    z = np.array([1j, 2.0 - 1j])
    np.testing.assert_allclose(fg.deriv(fnp.exp, 2)(z), np.exp(z))
    np.testing.assert_allclose(fg.deriv(lambda t: fnp.exp(1j * t))(X), 1j * np.exp(1j * X))
    for function in (fnp.abs, fnp.conj, fnp.real):
        with pytest.raises(errors.NotElementwiseError, match="holomorphic"):
            fg.deriv(function)(z)
        with pytest.raises(errors.NotElementwiseError, match="holomorphic"):
            fg.deriv(function)(1j)


def test_deriv_under_transforms() -> None:
    def total(x: Any) -> Any:
        return fnp.sum(fg.deriv(lambda y: y**4 * x[0])(x))

    # d/dx of sum(4 x**3) * x[0]
    expected = 12 * X**2 * X[0]
    expected[0] += np.sum(4 * X**3)
    np.testing.assert_allclose(fg.grad(total)(X), expected)
    batch = np.stack([X, 2 * X])
    np.testing.assert_allclose(fg.vmap(fg.deriv(lambda x: x**4, 2))(batch), 12 * batch**2)
    np.testing.assert_allclose(fg.deriv(fg.deriv(fg.deriv(fnp.sin)))(X), -np.cos(X))
    np.testing.assert_allclose(fg.jacfwd(fg.deriv(fnp.sin))(X), -np.diag(np.sin(X)))
    with pytest.raises(errors.NotElementwiseError):
        fg.vmap(fg.deriv(fnp.cumsum))(batch)
    with pytest.raises(errors.NotElementwiseError):
        fg.grad(lambda x: fnp.sum(fg.deriv(fnp.cumsum)(x)))(X)


def test_deriv_as_a_function() -> None:
    transformed = fg.deriv(fnp.sin, 2)
    assert repr(transformed) == "<deriv of sin>"
    again = pickle.loads(pickle.dumps(transformed))
    np.testing.assert_array_equal(again(X), transformed(X))


@pytest.mark.parametrize(("order", "kind"), [(1.0, TypeError), ("1", TypeError), (-1, ValueError)])
def test_deriv_of_a_wrong_order(order: Any, kind: Any) -> None:
    with pytest.raises(kind, match="deriv: order"):
        fg.deriv(fnp.sin, order)
