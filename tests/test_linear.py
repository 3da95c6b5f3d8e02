"""linear_transpose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors

A = np.arange(6.0).reshape(2, 3)
X = np.array([0.5, -1.0, 2.0])


def struct(*shape: int, dtype: Any = float) -> fg.ShapeDtypeStruct:
    return fg.ShapeDtypeStruct(shape, dtype)


def test_a_matrix() -> None:
    for primal in (X, fnp.array(X), struct(3)):
        (result,) = fg.linear_transpose(lambda x: A @ x, primal)(np.array([1.0, 10.0]))
        np.testing.assert_array_equal(result, A.T @ [1.0, 10.0])


def test_trees_and_several_arguments() -> None:
    def f(p: Any, y: Any) -> Any:
        return {"a": A @ p["x"], "b": (2 * y, p["x"][0] - y)}

    transpose = fg.linear_transpose(f, {"x": struct(3)}, 1.0)
    p, y = transpose({"a": np.ones(2), "b": (3.0, 1.0)})
    np.testing.assert_array_equal(p["x"], A.sum(0) + np.array([1, 0, 0]))
    assert y == 5.0


@pytest.mark.parametrize(
    "linear",
    [
        lambda x: x,
        lambda x: -x[::-1],
        lambda x: fnp.cumsum(x) / 3,
        lambda x: np.zeros(2) * x[0],
        lambda x: fnp.where(np.array([True, False, True]), x, 0),
        lambda x: x @ x.T * 0 + x,
        lambda x: fg.grad(lambda y: fnp.sum(y * y))(x),
        lambda x: fg.jvp(fnp.sin, (X,), (x,))[1],
        lambda x: x[:0],
        lambda x: (),
    ],
)
def test_linear_functions(linear: Any) -> None:
    transpose = fg.linear_transpose(linear, X)
    y = linear(np.ones(3))
    cotangent = fg.tree.map(np.ones_like, fg.tree.map(np.asarray, y))
    (result,) = transpose(cotangent)
    products = fg.tree.map(lambda y: float(fnp.sum(y)), y)
    assert float(fnp.sum(result)) == pytest.approx(sum(fg.tree.leaves(products)))


@pytest.mark.parametrize(
    "other",
    [
        lambda x: x + 1,
        lambda x: x * x,
        fnp.abs,
        fnp.sqrt,
        lambda x: fnp.maximum(x, 0),
        lambda x: x[0] ** 2 / x[1],
        lambda x: (x, x - 1e-3),
        lambda x: x if x[0] > 0 else 2 * x,
        lambda x: [x] if x[0] > 0 else (x,),
        lambda x: x[x > 0],
        lambda x: np.ones(2),
        lambda x: x * np.nan,
    ],
)
def test_functions_that_are_not_linear(other: Any) -> None:
    with pytest.raises(errors.NotLinearError):
        fg.linear_transpose(other, X)


def test_complex() -> None:
    z = np.array([1j, 2.0])
    (result,) = fg.linear_transpose(lambda z: (2 + 1j) * z, z)(z)
    np.testing.assert_array_equal(result, (2 + 1j) * z)
    (result,) = fg.linear_transpose(fnp.real, z)(np.ones(2))
    assert result.dtype == complex


def test_float32() -> None:
    transpose = fg.linear_transpose(lambda x: A.astype(np.float32) @ x, struct(3, dtype="f4"))
    assert transpose(np.ones(2))[0].dtype == np.float32
    large = fg.linear_transpose(fnp.sum, struct(100_000, dtype=np.float32))
    np.testing.assert_array_equal(large(2.0)[0][:2], [2.0, 2.0])


def test_mistakes() -> None:
    def f(p: Any) -> Any:
        return p["x"]

    with pytest.raises(errors.NonFloatInputError, match=r'p\["x"\] is int64\[3\]'):
        fg.linear_transpose(f, {"x": np.arange(3)})
    with pytest.raises(errors.NonFloatInputError, match=r'p\["x"\] is str'):
        fg.linear_transpose(f, {"x": "abc"})
    with pytest.raises(errors.IntegerOutputError):
        fg.linear_transpose(lambda x: x > 0, X)
    with pytest.raises(errors.CotangentError):
        fg.linear_transpose(lambda x: A @ x, X)(np.ones(3))


def test_under_transforms() -> None:
    def f(a: Any) -> Any:
        (result,) = fg.linear_transpose(lambda x: fnp.sin(a) * x, X)(X)
        return fnp.sum(result**2)

    expected = 2 * np.sin(0.3) * np.cos(0.3) * np.sum(X**2)
    assert fg.grad(f)(0.3) == pytest.approx(expected)
    assert fg.jvp(f, (0.3,), (1.0,))[1] == pytest.approx(expected)
    np.testing.assert_allclose(fg.vmap(fg.grad(f))(np.array([0.3, 0.3])), [expected] * 2)
    with pytest.raises(errors.NotLinearError):
        fg.grad(lambda a: fg.linear_transpose(lambda x: a + x, 1.0)(1.0)[0])(0.3)


def test_transpose_of_a_transpose() -> None:
    transpose = fg.linear_transpose(lambda x: A @ x, X)
    again = fg.linear_transpose(lambda y: transpose(y)[0], struct(2))
    np.testing.assert_allclose(again(X)[0], A @ X)
