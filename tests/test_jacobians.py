"""jacfwd, jacrev, jacobian and value_and_jac."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors

X = np.array([0.5, -1.0, 2.0])
modes = pytest.mark.parametrize("jac", [fg.jacfwd, fg.jacrev], ids=["jacfwd", "jacrev"])


def mixed(x: Any) -> Any:
    """Return a function of x with a full Jacobian."""
    return fnp.sin(x) * fnp.sum(x**2)


def jacobian_of_mixed(x: Any) -> Any:
    return np.diag(np.cos(x) * np.sum(x**2)) + np.outer(np.sin(x), 2 * x)


@modes
def test_a_vector(jac: Any) -> None:
    result = jac(mixed)(X)
    assert type(result) is fg.Array
    np.testing.assert_allclose(result, jacobian_of_mixed(X), rtol=1e-14)


def test_jacobian_is_jacrev() -> None:
    assert fg.jacobian is fg.jacrev


@modes
@pytest.mark.parametrize(
    ("function", "x", "shape"),
    [
        (fnp.sin, 0.5, ()),
        (lambda x: x * np.ones((2, 1)), 0.5, (2, 1)),
        (fnp.sum, np.ones((2, 3)), (2, 3)),
        (lambda x: x[None] * np.ones((2, 1)), np.ones(1), (2, 1, 1)),
        (lambda x: x[:, None] * x, X, (3, 3, 3)),
        (lambda x: x[:0], X, (0, 3)),
        (lambda x: 2 * x, np.ones((0, 2)), (0, 2, 0, 2)),
        (fnp.sum, np.ones(0), (0,)),
        (lambda x: np.ones(2), X, (2, 3)),
        (lambda x: 4.0, X, (3,)),
        (lambda x: 4.0, 1, ()),
    ],
)
def test_shapes(jac: Any, function: Any, x: Any, shape: Any) -> None:
    result = jac(function)(x)
    assert result.shape == shape
    assert result.dtype == np.float64


@modes
def test_trees(jac: Any) -> None:
    def f(p: Any, scale: Any) -> Any:
        return {"y": p["w"] @ p["x"][0], "z": (scale * p["x"][0], scale)}

    p = {"w": np.arange(6.0).reshape(2, 3), "x": [X, None]}
    result = jac(f)(p, 2.0)
    assert result["y"]["w"].shape == (2, 2, 3)
    np.testing.assert_array_equal(result["y"]["w"], np.eye(2)[:, :, None] * X)
    np.testing.assert_array_equal(result["y"]["x"][0], p["w"])
    np.testing.assert_array_equal(result["z"][0]["x"][0], 2 * np.eye(3))
    assert not np.any(result["z"][0]["w"])
    assert result["z"][1]["x"][0].shape == (3,)
    assert result["y"]["x"][1] is None
    both = jac(f, argnums=(1, 0))(p, 2.0)
    assert both["y"][0].shape == (2,)
    np.testing.assert_array_equal(both["z"][0][0], X)
    np.testing.assert_array_equal(both["y"][1]["w"], result["y"]["w"])


@modes
def test_empty_trees(jac: Any) -> None:
    assert jac(lambda p: X)({}) == {}
    assert jac(lambda p: ())(X) == ()
    assert jac(lambda p, x: {"x": x}, argnums=(0, 1))((), 1.0) == {"x": ((), 1.0)}


@modes
@pytest.mark.parametrize("settings", [{"argnums": 1}, {"argnums": -1}, {"argnames": "y"}])
def test_arguments(jac: Any, settings: Any) -> None:
    def f(x: Any, y: Any, *, power: Any = 1) -> Any:
        return x * y**power

    np.testing.assert_array_equal(jac(f, **settings)(2.0, X), 2 * np.eye(3))
    np.testing.assert_array_equal(jac(f, **settings)(2.0, X, power=2), 4 * np.diag(X))
    if settings != {"argnums": -1}:
        np.testing.assert_array_equal(jac(f, **settings)(x=2.0, y=X), 2 * np.eye(3))
    with pytest.raises(errors.ArgumentIndexError):
        jac(f, argnums=2)(2.0, X)


@modes
def test_aux(jac: Any) -> None:
    def f(x: Any) -> Any:
        return x * x, {"x": x, "text": "aux"}

    result, aux = jac(f, has_aux=True)(X)
    np.testing.assert_array_equal(result, np.diag(2 * X))
    assert aux["text"] == "aux"
    assert type(aux["x"]) is fg.Array
    np.testing.assert_array_equal(aux["x"], X)


@modes
@pytest.mark.parametrize("chunk_size", [1, 2, 3, 4, 100])
def test_chunks(jac: Any, chunk_size: int) -> None:
    def f(p: Any) -> Any:
        return [mixed(p["a"]) * p["b"], p["b"] ** 2]

    p = {"a": X, "b": 3.0}
    ours = fg.tree.leaves(jac(f, chunk_size=chunk_size)(p))
    for one, other in zip(ours, fg.tree.leaves(jac(f)(p)), strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=1e-14)


@modes
@pytest.mark.parametrize("chunk_size", [0, -1, 1.5, "2"])
def test_wrong_chunks(jac: Any, chunk_size: Any) -> None:
    with pytest.raises(ValueError, match="chunk_size is a positive int"):
        jac(mixed, chunk_size=chunk_size)


@modes
def test_dtypes(jac: Any) -> None:
    narrow = X.astype(np.float32)
    assert jac(mixed)(narrow).dtype == np.float32
    result = jac(lambda p: p["a"] * p["b"])({"a": narrow, "b": X})
    np.testing.assert_allclose(result["a"], np.diag(X), rtol=1e-6)
    assert jac(lambda x: (x, x.astype(float)))(narrow)[0].dtype == np.float32
    # Reverse mode gives cotangents of the input, forward mode tangents of the output.
    wide = jac(lambda x: x.astype(float))(narrow)
    assert wide.dtype == (np.float32 if jac is fg.jacrev else np.float64)


@modes
def test_complex(jac: Any) -> None:
    z = np.array([1j, 2.0 - 1j])
    result = jac(lambda z: z**2, holomorphic=True)(z)
    np.testing.assert_allclose(result, np.diag(2 * z))
    assert jac(lambda z: z**2, holomorphic=True)(z.astype(np.complex64)).dtype == np.complex64
    with pytest.raises(errors.NonFloatInputError, match="holomorphic"):
        jac(lambda z: z**2, holomorphic=True)(X)
    with pytest.raises(errors.ComplexOutputError):
        jac(lambda z: abs(z), holomorphic=True)(z)


def test_complex_without_holomorphic() -> None:
    z = np.array([1j, 2.0 - 1j])
    np.testing.assert_allclose(fg.jacrev(lambda z: z.real + 2 * z.imag)(z), (1 - 2j) * np.eye(2))
    np.testing.assert_allclose(fg.jacfwd(lambda x: x * 1j)(X), 1j * np.eye(3))
    with pytest.raises(errors.ComplexOutputError):
        fg.jacrev(lambda x: x * 1j)(X)
    with pytest.raises(errors.ComplexInputError, match=r'p\["z"\]\[0\] is complex128\[2\]'):
        fg.jacfwd(lambda p: p["z"][0].real)({"x": X, "z": [z]})


@modes
def test_integers(jac: Any) -> None:
    with pytest.raises(errors.NonFloatInputError, match="int64"):
        jac(lambda n: n * 1.0)(np.arange(3))
    with pytest.raises(errors.IntegerOutputError):
        jac(lambda x: (x, x > 0))(X)
    assert jac(lambda x: x * x)(3) == 6.0


@pytest.mark.parametrize("mode", ["reverse", "forward"])
def test_allow_int(mode: Any) -> None:
    def f(p: Any) -> Any:
        return p["x"] * p["n"]

    p = {"n": np.arange(3), "x": X}
    jacobians = [fg.value_and_jac(f, allow_int=True, mode=mode)(p)[1]]
    if mode == "reverse":
        jacobians.append(fg.jacrev(f, allow_int=True)(p))
    for result in jacobians:
        np.testing.assert_array_equal(result["x"], np.diag([0.0, 1.0, 2.0]))
        np.testing.assert_array_equal(result["n"], np.zeros((3, 3)))
        assert result["n"].dtype == np.float64


@pytest.mark.parametrize("mode", ["reverse", "forward"])
def test_value_and_jac(mode: Any) -> None:
    calls = []

    def f(x: Any) -> Any:
        calls.append(1)
        return {"y": mixed(x)}, "aux"

    (value, aux), result = fg.value_and_jac(f, has_aux=True, mode=mode)(X)
    assert len(calls) == 1
    assert aux == "aux"
    assert type(value["y"]) is fg.Array
    np.testing.assert_array_equal(value["y"], mixed(X))
    np.testing.assert_allclose(result["y"], jacobian_of_mixed(X), rtol=1e-14)
    value, result = fg.value_and_jac(mixed, mode=mode)(X)
    np.testing.assert_array_equal(value, mixed(X))


def test_wrong_mode() -> None:
    with pytest.raises(ValueError, match='mode is "reverse" or "forward"'):
        fg.value_and_jac(mixed, mode="back")


@modes
@pytest.mark.parametrize("inner", [fg.jacfwd, fg.jacrev])
def test_nested(jac: Any, inner: Any) -> None:
    def f(x: Any) -> Any:
        return x**3 * x[::-1]

    # d2/dx_j dx_k of x_i**3 x_(2-i), by central differences of the first order
    step = 1e-5
    expected = np.stack(
        [
            (np.asarray(inner(f)(X + step * e)) - np.asarray(inner(f)(X - step * e))) / (2 * step)
            for e in np.eye(3)
        ],
        axis=-1,
    )
    np.testing.assert_allclose(jac(inner(f))(X), expected, atol=1e-8)
    third = jac(inner(fg.grad(lambda x: fnp.sum(x**4))))(X)
    np.testing.assert_allclose(np.einsum("iii->i", third), 24 * X)
    assert np.count_nonzero(third) == 3


@modes
def test_gradient_of_a_norm_of_a_jacobian(jac: Any) -> None:
    def size(x: Any) -> Any:
        return fnp.sum(jac(mixed)(x) ** 2)

    step = 1e-6
    expected = [(size(X + step * e) - size(X - step * e)) / (2 * step) for e in np.eye(3)]
    np.testing.assert_allclose(fg.grad(size)(X), np.array(expected, float), rtol=1e-7)
    np.testing.assert_allclose(fg.jvp(size, (X,), (np.ones(3),))[1], sum(expected), rtol=1e-7)


@modes
def test_vmap(jac: Any) -> None:
    batch = np.stack([X, 2 * X])
    expected = np.stack([jacobian_of_mixed(x) for x in batch])
    np.testing.assert_allclose(fg.vmap(jac(mixed))(batch), expected, rtol=1e-14)
    together = jac(fg.vmap(mixed))(batch)
    assert together.shape == (2, 3, 2, 3)
    np.testing.assert_allclose(together[0, :, 0], expected[0], rtol=1e-14)
    assert not np.any(together[0, :, 1])


@modes
def test_captured_tracers(jac: Any) -> None:
    def f(w: Any) -> Any:
        return fnp.sum(jac(lambda x: fnp.sin(w * x))(X))

    np.testing.assert_allclose(
        fg.grad(f)(2.0), np.sum(np.cos(2 * X) - 2 * X * np.sin(2 * X)), rtol=1e-12
    )


@modes
def test_control_flow(jac: Any) -> None:
    def f(x: Any) -> Any:
        return x * x if fnp.sum(x) > 0 else -x

    np.testing.assert_array_equal(jac(f)(X), np.diag(2 * X))
    np.testing.assert_array_equal(jac(f)(-X), -np.eye(3))
    both = fg.vmap(jac(f))(np.stack([X, -X]))
    np.testing.assert_array_equal(both, [np.diag(2 * X), -np.eye(3)])


@modes
def test_a_function_of_the_user_that_looks_at_its_gradient(jac: Any) -> None:
    class Triple(fg.Function):
        @staticmethod
        def forward(ctx: fg.Context, x: Any) -> Any:
            return 3 * x

        @staticmethod
        def backward(ctx: fg.Context, g: Any) -> Any:
            if np.all(g == 0):
                return None
            return 3 * g

    def f(x: Any) -> Any:
        return Triple.apply(x) * x[::-1]

    np.testing.assert_allclose(jac(f)(X), jac(lambda x: 3 * x * x[::-1])(X))


@modes
def test_transformed_functions(jac: Any) -> None:
    transformed = jac(mixed, chunk_size=2)
    assert transformed.__name__ == "mixed"
    assert transformed.__doc__ == mixed.__doc__
    assert repr(transformed) == f"<{jac.__name__} of mixed>"
    again = pickle.loads(pickle.dumps(transformed))
    np.testing.assert_array_equal(again(X), transformed(X))
    with pytest.raises(TypeError, match="takes a function"):
        jac(3)


@modes
def test_an_error_half_way_leaves_nothing_behind(jac: Any) -> None:
    def f(x: Any) -> Any:
        raise KeyError("half-way")

    with pytest.raises(KeyError):
        jac(f)(X)
    np.testing.assert_allclose(jac(mixed)(X), jacobian_of_mixed(X))


@modes
def test_nan_and_infinity_stay_where_they_are(jac: Any) -> None:
    result = np.asarray(jac(lambda x: fnp.where(x > 0, fnp.sqrt(x), 0.0))(np.array([0.0, 4.0])))
    np.testing.assert_array_equal(result, np.diag([0.0, 0.25]))
