"""grad, value_and_grad and vjp."""

from __future__ import annotations

import functools
import inspect
import pickle
from typing import Any, NamedTuple

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors
from fungrad.transforms.vmap import vmap


def cube(x: Any) -> Any:
    """Return the third power."""
    return x * x * x


def product(x: Any, y: Any) -> Any:
    return x * y


def test_the_first_example() -> None:
    assert fg.grad(lambda x: 3 * x**2)(2.0) == 12.0


def test_value_and_grad() -> None:
    value, gradient = fg.value_and_grad(cube)(2.0)
    assert isinstance(value, fg.Array)
    assert isinstance(gradient, fg.Array)
    assert (value, gradient) == (8.0, 12.0)


@pytest.mark.parametrize(
    ("order", "expected"), [(1, 12.0), (2, 12.0), (3, 6.0), (4, 0.0), (5, 0.0)]
)
def test_grad_of_grad(order: int, expected: float) -> None:
    function: Any = cube
    for _ in range(order):
        function = fg.grad(function)
    assert function(2.0) == expected


def test_grad_inside_a_differentiated_function() -> None:
    # d/dx [x * d/dy (x * y**2) at y = x] = d/dx [2 x**3] = 6 x**2
    outer = fg.grad(lambda x: x * fg.grad(lambda y: x * y * y)(x))
    assert outer(3.0) == 54.0


def test_perturbations_are_not_confused() -> None:
    # d/dx [x * d/dy (x + y)] = 1; a library that takes dx for dy says 2.
    assert fg.grad(lambda x: x * fg.grad(lambda y: x + y)(1.0))(1.0) == 1.0


def test_closure_over_a_traced_value() -> None:
    def f(x: Any) -> Any:
        def g(y: Any) -> Any:
            return x * y

        return fg.grad(g)(5.0) * x  # x * x

    assert fg.grad(f)(3.0) == 6.0


# --- arguments -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argnums", "expected"),
    [(0, 5.0), (1, 2.0), (-1, 2.0), (-2, 5.0), ((0,), (5.0,)), ((1, 0), (2.0, 5.0))],
)
def test_argnums(argnums: Any, expected: Any) -> None:
    assert fg.grad(product, argnums=argnums)(2.0, 5.0) == expected


def test_argnums_decides_not_the_type() -> None:
    assert fg.grad(lambda x, name: x * len(name))(2.0, "abc") == 3.0


def test_argnames() -> None:
    assert fg.grad(product, argnames="y")(2.0, 5.0) == 2.0
    assert fg.grad(product, argnames="y")(2.0, y=5.0) == 2.0
    assert fg.grad(product, argnames=("y", "x"))(2.0, y=5.0) == (2.0, 5.0)
    assert fg.grad(product, argnums=0, argnames="y")(2.0, y=5.0) == (5.0, 2.0)


def test_keyword_calls() -> None:
    assert fg.grad(product)(x=2.0, y=5.0) == 5.0
    assert fg.grad(product, argnums=1)(x=2.0, y=5.0) == 2.0
    assert fg.grad(product)(2.0, y=5.0) == 5.0


def test_the_same_argument_twice_is_refused() -> None:
    with pytest.raises(errors.ArgumentIndexError, match="twice"):
        fg.grad(product, argnums=(0, -2))(2.0, 5.0)
    with pytest.raises(errors.ArgumentIndexError, match="twice"):
        fg.grad(product, argnums=0, argnames="x")(2.0, 5.0)


@pytest.mark.parametrize("argnums", [2, -3])
def test_argnums_out_of_range(argnums: int) -> None:
    with pytest.raises(errors.ArgumentIndexError, match="2 positional arguments"):
        fg.grad(product, argnums=argnums)(2.0, 5.0)


def test_unknown_argname() -> None:
    with pytest.raises(errors.ArgumentIndexError, match="no argument 'z'"):
        fg.grad(product, argnames="z")(2.0, 5.0)


@pytest.mark.parametrize("wrong", ["0", 1.0, None, True])
def test_argnums_of_a_wrong_type(wrong: Any) -> None:
    with pytest.raises(TypeError, match="argnums"):
        fg.grad(product, argnums=(wrong,))


def test_not_a_function() -> None:
    with pytest.raises(TypeError, match="grad takes a function, got 3"):
        fg.grad(3)  # type: ignore[arg-type]


class Point(NamedTuple):
    x: Any
    y: Any


def test_trees() -> None:
    params = {
        "point": Point(1.0, np.array([2.0, 3.0])),
        "list": [fnp.array(4.0), (5.0, None)],
        "empty": {},
    }

    def loss(p: Any) -> Any:
        return p["point"].x * np.sum(p["point"].y) * p["list"][0] + p["list"][1][0] ** 2

    gradient = fg.grad(loss)(params)
    assert list(gradient) == ["point", "list", "empty"]
    assert isinstance(gradient["point"], Point)
    assert gradient["point"].x == 20.0
    assert gradient["point"].y.tolist() == [4.0, 4.0]
    assert gradient["list"][0] == 5.0
    assert gradient["list"][1] == (10.0, None)
    assert gradient["empty"] == {}


def test_unused_arguments_get_zeros() -> None:
    gradient = fg.grad(lambda p: p["a"] * 1.0)({"a": 1.0, "b": np.ones((2, 3), np.float32)})
    assert gradient["b"].shape == (2, 3)
    assert gradient["b"].dtype == np.float32
    assert not np.any(gradient["b"])
    assert fg.grad(lambda x: 7.0)(1.0) == 0.0
    assert fg.grad(lambda x: 0)(1.0) == 0.0


def test_an_argument_returned_as_it_is() -> None:
    assert fg.grad(lambda x: x)(2.0) == 1.0


def test_the_same_argument_many_times() -> None:
    assert fg.grad(lambda x: x + x + x * x + x)(2.0) == 7.0
    x = np.arange(10000.0)  # large enough to be summed in place
    gradient = fg.grad(lambda x: np.sum(x + x * x + x + x * 2.0))(x)
    np.testing.assert_array_equal(gradient, 4 + 2 * x + 0)


def test_gradients_do_not_share_memory_that_is_summed_in_place() -> None:
    def f(x: Any, y: Any) -> Any:
        z = x + y  # both get the very same cotangent
        return np.sum(z * 1.0 + z * 2.0 + z * 3.0) + np.sum(x * 1.0) + np.sum(x * 1.0)

    x = np.zeros(10000)
    gx, gy = fg.grad(f, argnums=(0, 1))(x, x)
    np.testing.assert_array_equal(gx, np.full(10000, 8.0))
    np.testing.assert_array_equal(gy, np.full(10000, 6.0))


# --- dtypes --------------------------------------------------------------------------------------


def test_a_python_int_counts_as_a_float() -> None:
    gradient = fg.grad(cube)(2)
    assert gradient == 12.0
    assert gradient.dtype == np.float64


def test_an_integer_array_is_an_error() -> None:
    with pytest.raises(errors.NonFloatInputError) as caught:
        fg.grad(lambda params: np.sum(params["w"][1]))({"w": [1.0, np.arange(3)]})
    assert str(caught.value) == (
        'grad of <lambda>: params["w"][1] is int64[3]; only floating-point numbers have '
        "derivatives: convert it with .astype(float), or pass allow_int=True to get zeros for it"
    )


def test_allow_int() -> None:
    gradient = fg.grad(lambda p: p["w"] * np.sum(p["n"]), allow_int=True)(
        {"w": 2.0, "n": np.arange(3)}
    )
    assert gradient["w"] == 3.0
    assert gradient["n"].tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("leaf", ["text", object(), np.array(["a"]), b"bytes"])
def test_other_leaves_are_errors(leaf: Any) -> None:
    with pytest.raises(errors.NonFloatInputError, match=r"x\[0\]"):
        fg.grad(lambda x: 1.0)([leaf])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_dtypes_are_kept(dtype: Any) -> None:
    x = np.ones(3, dtype)
    value, gradient = fg.value_and_grad(lambda x: np.sum(2.0 * x * x + 1))(x)
    assert value.dtype == dtype
    assert gradient.dtype == dtype
    scalar = dtype(1)
    assert fg.grad(lambda x: x * x * 0.5)(scalar).dtype == dtype


def test_a_wider_constant_does_not_widen_the_gradient() -> None:
    x = np.ones(3, np.float32)
    gradient = fg.grad(lambda x: np.sum(x * np.ones(3)))(x)
    assert gradient.dtype == np.float32


# --- results -------------------------------------------------------------------------------------


def test_non_scalar_output() -> None:
    with pytest.raises(errors.NonScalarOutputError) as caught:
        fg.grad(lambda x: x * 2)(np.ones(3))
    assert str(caught.value) == (
        "grad needs a function that returns one number, but <lambda> returned float64[3]; reduce "
        "it, with .sum() or .mean() for instance, or use vjp; if it returns a pair (number, other "
        "results), pass has_aux=True"
    )


@pytest.mark.parametrize("result", [(1.0, 2.0), None, "a", {"loss": 1.0}])
def test_output_that_is_no_number(result: Any) -> None:
    with pytest.raises(errors.NonScalarOutputError):
        fg.grad(lambda x: result)(1.0)


def test_integer_output() -> None:
    with pytest.raises(errors.IntegerOutputError):
        fg.grad(lambda x: x > 0)(1.0)


def test_has_aux() -> None:
    def f(x: Any) -> Any:
        return x * x, {"double": 2 * x, "note": "text", "constant": 3.0}

    (value, aux), gradient = fg.value_and_grad(f, has_aux=True)(3.0)
    assert (value, gradient) == (9.0, 6.0)
    assert aux["double"] == 6.0
    assert type(aux["double"]) is fg.Array
    assert aux["note"] == "text"
    gradient, aux = fg.grad(f, has_aux=True)(3.0)
    assert gradient == 6.0
    assert aux["constant"] == 3.0


def test_has_aux_without_a_pair() -> None:
    with pytest.raises(errors.AuxError, match="returns a pair"):
        fg.grad(lambda x: x, has_aux=True)(1.0)


def test_aux_inside_an_outer_transform_is_still_traced() -> None:
    def outer(x: Any) -> Any:
        _, aux = fg.grad(lambda y: (y * x, y * x * x), has_aux=True)(2.0)
        return aux  # 2 x**2

    assert fg.grad(outer)(3.0) == 12.0


# --- complex -------------------------------------------------------------------------------------


def test_holomorphic() -> None:
    z = 1.0 + 2.0j
    gradient = fg.grad(cube, holomorphic=True)(z)
    assert gradient == 3 * z * z
    assert fg.grad(fg.grad(cube, holomorphic=True), holomorphic=True)(z) == 6 * z


def test_holomorphic_needs_complex_numbers() -> None:
    with pytest.raises(errors.NonFloatInputError, match="needs complex values"):
        fg.grad(cube, holomorphic=True)(1.0)
    with pytest.raises(errors.ComplexOutputError, match="needs a complex result"):
        fg.grad(lambda z: z.real, holomorphic=True)(1.0j)


def test_a_complex_result_needs_holomorphic() -> None:
    with pytest.raises(errors.ComplexOutputError, match="pass holomorphic=True"):
        fg.grad(cube)(1.0j)


def test_a_real_function_of_a_complex_number() -> None:
    # u = x**2 + y**2: du/dx - i du/dy
    assert fg.grad(lambda z: z.real**2 + z.imag**2)(3.0 + 4.0j) == 6.0 - 8.0j


def test_a_real_argument_of_a_complex_computation() -> None:
    gradient = fg.grad(lambda x: (x * 1j * x * 1j).real)(3.0)
    assert gradient == -6.0
    assert gradient.dtype == np.float64


# --- vjp -----------------------------------------------------------------------------------------


def test_vjp() -> None:
    y, pullback = fg.vjp(lambda a, b: {"sum": a + b, "product": a * b}, 2.0, np.array([3.0, 4.0]))
    assert y["sum"].tolist() == [5.0, 6.0]
    for _ in range(2):  # any number of times
        ga, gb = pullback({"product": np.array([1.0, 10.0]), "sum": np.zeros(2)})
        assert ga == 43.0
        assert gb.tolist() == [2.0, 20.0]


def test_vjp_with_aux() -> None:
    y, pullback, aux = fg.vjp(lambda x: (x * x, x + 1), 3.0, has_aux=True)
    assert (y, aux) == (9.0, 4.0)
    assert pullback(1.0) == (6.0,)


def test_the_pullback_inside_another_transform() -> None:
    _, pullback = fg.vjp(lambda x: x * x, 3.0)
    assert fg.grad(lambda g: pullback(g * g)[0])(2.0) == 24.0  # d/dg 6 g**2


def test_vjp_of_a_traced_value() -> None:
    def f(x: Any) -> Any:
        _, pullback = fg.vjp(lambda y: y * y * x, x)
        return pullback(1.0)[0]  # 2 x**2

    assert fg.grad(f)(3.0) == 12.0


def test_the_pullback_checks_its_cotangent() -> None:
    _, pullback = fg.vjp(lambda x: x * 2, np.ones(3))
    with pytest.raises(errors.CotangentError, match="the shapes differ"):
        pullback(np.ones(4))
    with pytest.raises(errors.CotangentError, match="where output 0 is float64\\[3\\]"):
        pullback((np.ones(3), np.ones(3)))
    with pytest.raises(errors.CotangentError, match="must be real"):
        pullback(np.ones(3) * 1j)
    with pytest.raises(errors.CotangentError):
        pullback("text")


def test_output_of_vjp_that_is_no_array() -> None:
    with pytest.raises(errors.OutputTypeError, match="has_aux=True"):
        fg.vjp(lambda x: "text", 1.0)


def test_integer_primals_and_outputs_of_vjp() -> None:
    (y, n), pullback = fg.vjp(lambda x, n: (x * n, n + 1), 2.0, np.array(3))
    assert (y, n) == (6.0, 4)
    gx, gn = pullback((1.0, 0.0))
    assert (gx, gn) == (3.0, 0.0)


def test_results_do_not_share_memory_with_the_arguments() -> None:
    x = np.ones(3)
    y, pullback = fg.vjp(lambda x: x, x)
    g = np.ones(3)
    (gradient,) = pullback(g)
    reshaped, _ = fg.vjp(lambda x: fnp.reshape(x, (3, 1)), x)
    x[0] = g[0] = 5.0
    assert y.tolist() == gradient.tolist() == [1.0, 1.0, 1.0]
    assert reshaped.tolist() == [[1.0], [1.0], [1.0]]
    assert x.flags.writeable
    assert g.flags.writeable


def test_arrays_that_change_after_they_were_used() -> None:
    buffer = np.ones(3)

    def f(x: Any) -> Any:
        total = 0.0
        for step in range(3):
            buffer[:] = step
            total = total + np.sum(x * buffer)
        return total

    assert fg.grad(f)(2.0) == 9.0  # 3 * (0 + 1 + 2)
    x = np.ones(3)
    _, pullback = fg.vjp(lambda x: np.sum(x * x), x)
    x[:] = 7.0
    np.testing.assert_array_equal(pullback(1.0)[0], [2.0, 2.0, 2.0])
    assert buffer.flags.writeable


# --- callables -----------------------------------------------------------------------------------


class Model:
    def __init__(self, weight: float) -> None:
        self.weight = weight

    def loss(self, x: Any) -> Any:
        """Return the loss."""
        return self.weight * x * x

    def __call__(self, x: Any) -> Any:
        return self.loss(x)

    @fg.grad
    def gradient(self: Any, x: Any) -> Any:
        return self * x


def test_callables() -> None:
    model = Model(2.0)
    assert fg.grad(model.loss)(3.0) == 12.0
    assert fg.grad(model)(3.0) == 12.0
    assert fg.grad(functools.partial(product, 4.0))(3.0) == 4.0
    assert fg.grad(functools.partial(product, y=4.0))(3.0) == 4.0
    assert fg.grad(np.sin)(0.0) == 1.0


def test_decorators() -> None:
    @functools.partial(fg.grad, argnums=1)
    def f(x: Any, y: Any) -> Any:
        return x * y

    assert f(2.0, 3.0) == 2.0


def test_docstring_and_signature_are_kept() -> None:
    gradient = fg.grad(cube)
    assert gradient.__doc__ == "Return the third power."
    assert gradient.__name__ == "cube"
    assert gradient.__module__ == __name__
    assert inspect.signature(gradient) == inspect.signature(cube)
    assert repr(gradient) == "<grad of cube>"
    assert repr(fg.value_and_grad(gradient)) == "<value_and_grad of cube>"


@fg.grad
def decorated(x: Any) -> Any:
    return x * x * x


def test_a_decorated_function_pickles_by_its_name() -> None:
    assert pickle.loads(pickle.dumps(decorated)) is decorated
    assert pickle.loads(pickle.dumps(fg.grad(decorated)))(2.0) == 12.0


def test_pickle() -> None:
    nested = fg.grad(fg.grad(cube))
    assert pickle.loads(pickle.dumps(nested))(2.0) == 12.0
    chosen = pickle.loads(pickle.dumps(fg.value_and_grad(product, argnums=(1,), argnames="x")))
    assert chosen(2.0, 5.0) == (10.0, (2.0, 5.0))


# --- what the user may change ---------------------------------------------------------------------


def test_a_read_only_view_of_an_array_that_changes() -> None:
    w = np.array([1.0, 2.0, 3.0])
    _, pullback = fg.vjp(lambda x: x * np.broadcast_to(w, (3,)), np.ones(3))
    w[:] = 100.0
    assert pullback(np.ones(3))[0].tolist() == [1.0, 2.0, 3.0]


def test_a_read_only_array_that_becomes_writeable_again() -> None:
    x = np.ones(3)
    x.flags.writeable = False
    y, pullback = fg.vjp(lambda x: x, x)
    (gradient,) = pullback(x)
    (_, aux), _ = fg.value_and_grad(lambda x: (np.sum(x), x), has_aux=True)(x)
    x.flags.writeable = True
    x[:] = 7.0
    for kept in (y, gradient, aux):
        assert kept.tolist() == [1.0, 1.0, 1.0]


def test_an_array_cannot_be_initialised_again() -> None:
    x = fnp.ones(2)
    with pytest.raises(errors.ArrayImmutableError):
        x.__init__([5.0])
    assert x.tolist() == [1.0, 1.0]


def test_an_array_of_objects_is_refused() -> None:
    with pytest.raises(errors.ArrayDTypeError):
        fg.grad(lambda x: np.sum(x * np.array([2, 3], dtype=object)))(np.ones(2))


# --- zeros that stay zero -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "function",
    [
        lambda x: np.var(1 / fnp.stack([x, x])),
        lambda x: np.prod(1 / fnp.stack([x, x])),
        lambda x: np.dot(1 / fnp.stack([x, x]), 1 / fnp.stack([x, 2 * x])),
        lambda x: np.einsum("i,i", 1 / fnp.stack([x, x]), fnp.stack([x, x])),
    ],
)
def test_a_branch_that_is_not_taken_gives_nothing(function: Any) -> None:
    with np.errstate(all="ignore"):
        gradient = fg.grad(lambda x: fnp.where(x > 0, function(x), 0.0))(0.0)
    assert gradient == 0.0


def test_a_traced_cotangent_with_zeros() -> None:
    with np.errstate(all="ignore"):
        _, pullback = fg.vjp(np.sqrt, np.array([1.0, -1.0]))
        first, _ = vmap(pullback)(np.eye(2))[0]
    assert first.tolist() == [0.5, 0.0]


def test_a_missing_return_is_named() -> None:
    with pytest.raises(errors.NonScalarOutputError, match="is a return missing"):
        fg.grad(lambda x: None)(1.0)


def test_an_unregistered_class_is_told_how_to_register() -> None:
    with pytest.raises(errors.NonFloatInputError, match="register_dataclass"):
        fg.grad(lambda model: model.weight)(Model(1.0))
