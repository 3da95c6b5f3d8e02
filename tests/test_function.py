"""A user's own Function: under every transform, with every form of result, and its errors."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors
from fungrad.transforms.forward import jvp
from fungrad.transforms.vmap import vmap


class Exp(fg.Function):
    """Saves its result."""

    @staticmethod
    def forward(ctx: fg.Context, x: Any) -> Any:
        y = np.exp(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: fg.Context, grad_output: Any) -> Any:
        (y,) = ctx.saved_tensors
        return grad_output * y


class SinOfSquare(fg.Function):
    """Saves intermediate results, neither input nor output, also as attributes and values."""

    @staticmethod
    def forward(ctx: fg.Context, x: Any) -> Any:
        square = x * x
        ctx.slope = 2 * x  # type: ignore[attr-defined]
        ctx.saved_values["cos"] = np.cos(square)
        ctx.saved_values["name"] = "text"
        return np.sin(square)

    @staticmethod
    def backward(ctx: fg.Context, grad_output: Any) -> Any:
        assert ctx.saved_values["name"] == "text"
        return grad_output * ctx.saved_values["cos"] * ctx.slope  # type: ignore[attr-defined]


class Wrong(fg.Function):
    """x**3 with a derivative that is wrong on purpose: shows that this rule is used."""

    @staticmethod
    def forward(ctx: fg.Context, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx: fg.Context, grad_output: Any) -> Any:
        (x,) = ctx.saved_tensors
        return grad_output * 100.0 * x


def reference_sin_of_square(x: Any) -> Any:
    return fnp.sin(x * x)


def nest(function: Any, order: str) -> Any:
    """Apply transforms to a scalar function, each of which takes its derivative."""
    for step in order:
        if step == "r":
            function = fg.grad(function)
        elif step == "f":
            function = (lambda f: lambda x: jvp(f, (x,), (1.0,))[1])(function)
        elif step == "b":
            function = (lambda f: lambda x: vmap(f)(fnp.stack([x, x * 2]))[0])(function)
        elif step == "v":
            function = (lambda f: lambda x: fg.vjp(f, x)[1](1.0)[0])(function)
    return function


ORDERS = ["".join(order) for n in range(1, 4) for order in itertools.product("rfbv", repeat=n)]


@pytest.mark.parametrize("order", ORDERS)
def test_saved_intermediates_at_every_nesting(order: str) -> None:
    ours = nest(SinOfSquare.apply, order)(0.7)
    expected = nest(reference_sin_of_square, order)(0.7)
    np.testing.assert_allclose(np.asarray(ours), np.asarray(expected), rtol=1e-12)


@pytest.mark.parametrize("order", ORDERS)
def test_saved_result_at_every_nesting(order: str) -> None:
    np.testing.assert_allclose(np.asarray(nest(Exp.apply, order)(0.7)), np.exp(0.7), rtol=1e-12)


@pytest.mark.parametrize("order", ["r", "f", "v", "br", "bf", "rb", "fb", "bv", "brb"])
def test_the_users_rule_is_the_one_in_use(order: str) -> None:
    np.testing.assert_allclose(np.asarray(nest(Wrong.apply, order)(0.7)), 70.0, rtol=1e-12)


@pytest.mark.parametrize("order", ["rr", "fr", "rf", "ff", "brr", "rbr", "rrb", "fbr"])
def test_the_users_rule_is_differentiated_again(order: str) -> None:
    np.testing.assert_allclose(np.asarray(nest(Wrong.apply, order)(0.7)), 100.0, rtol=1e-12)


class Scale(fg.Function):
    """An array and a static parameter."""

    @staticmethod
    def forward(ctx: fg.Context, x: Any, *, factor: float, note: str = "") -> Any:
        ctx.saved_values["factor"] = factor
        return x * factor

    @staticmethod
    def backward(ctx: fg.Context, grad_output: Any) -> Any:
        return grad_output * ctx.saved_values["factor"]


def test_static_parameters() -> None:
    assert Scale.apply(2.0, factor=3.0, note="text") == 6.0
    assert fg.grad(lambda x: Scale.apply(x, factor=3.0))(2.0) == 3.0
    np.testing.assert_array_equal(
        vmap(lambda x: Scale.apply(x, factor=3.0))(np.arange(3.0)), [0.0, 3.0, 6.0]
    )


def test_an_array_by_keyword_is_refused() -> None:
    with pytest.raises(errors.StaticParameterError, match="pass arrays by position"):
        Scale.apply(2.0, factor=fnp.array(3.0))
    with pytest.raises(errors.StaticParameterError):
        fg.grad(lambda x: Scale.apply(1.0, factor=x))(2.0)


def test_something_else_by_position_is_refused() -> None:
    with pytest.raises(errors.OperandError, match="by keyword"):
        Scale.apply("text", factor=1.0)


class PolarToPlane(fg.Function):
    """Two inputs and two outputs."""

    @staticmethod
    def forward(ctx: fg.Context, r: Any, angle: Any) -> Any:
        cos, sin = np.cos(angle), np.sin(angle)
        ctx.save_for_backward(r, cos, sin)
        return r * cos, r * sin

    @staticmethod
    def backward(ctx: fg.Context, gx: Any, gy: Any) -> Any:
        r, cos, sin = ctx.saved_tensors
        return gx * cos + gy * sin, r * (gy * cos - gx * sin)


def plane(r: Any, angle: Any) -> Any:
    return r * fnp.cos(angle), r * fnp.sin(angle)


def test_several_inputs_and_outputs() -> None:
    x, y = PolarToPlane.apply(2.0, 0.0)
    assert (x, y) == (2.0, 0.0)
    r, angle = np.array([1.0, 2.0]), np.array([0.3, 0.4])
    for f, g in [(PolarToPlane.apply, plane)]:
        ours, theirs = fg.vjp(f, r, angle), fg.vjp(g, r, angle)
        for cotangent in [(np.ones(2), np.zeros(2)), (np.zeros(2), np.ones(2))]:
            np.testing.assert_allclose(
                np.stack(ours[1](cotangent)), np.stack(theirs[1](cotangent)), rtol=1e-12
            )
        tangents = (np.array([1.0, 0.5]), np.array([2.0, 3.0]))
        np.testing.assert_allclose(
            np.stack(jvp(f, (r, angle), tangents)[1]), np.stack(jvp(g, (r, angle), tangents)[1])
        )
        np.testing.assert_allclose(np.stack(vmap(f)(r, angle)), np.stack(g(r, angle)))
        np.testing.assert_allclose(
            np.stack(vmap(f, in_axes=(None, 0))(2.0, angle)), np.stack(g(2.0, angle))
        )


def test_an_output_that_is_not_used() -> None:
    assert fg.grad(lambda r: PolarToPlane.apply(r, 0.0)[0])(2.0) == 1.0
    assert fg.grad(lambda r: PolarToPlane.apply(r, 0.0)[1])(2.0) == 0.0
    # second order through one of two outputs
    f = fg.grad(fg.grad(lambda a: PolarToPlane.apply(2.0, a)[0]))
    np.testing.assert_allclose(float(f(0.3)), -2 * np.cos(0.3))


def test_unbatched_inputs_get_the_sum_of_the_gradients() -> None:
    angle = np.array([0.3, 0.4, 0.5])

    def f(r: Any) -> Any:
        return np.sum(vmap(PolarToPlane.apply, in_axes=(None, 0))(r, angle)[0])

    np.testing.assert_allclose(float(fg.grad(f)(2.0)), np.cos(angle).sum())


class RowAndCount(fg.Function):
    """A float result and an integer result."""

    @staticmethod
    def forward(ctx: fg.Context, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * 2, np.sum(x > 0)

    @staticmethod
    def backward(ctx: fg.Context, g: Any, count_gradient: Any) -> Any:
        return g * 2


def test_an_integer_output_is_a_constant() -> None:
    def f(x: Any) -> Any:
        y, count = RowAndCount.apply(x)
        assert type(count) is fg.Array
        return np.sum(y * count)

    np.testing.assert_array_equal(fg.grad(f)(np.array([1.0, -1.0, 2.0])), [4.0, 4.0, 4.0])
    moved = jvp(f, (np.array([1.0, -1.0, 2.0]),), (np.ones(3),))[1]
    assert moved == 12.0


class Gate(fg.Function):
    """No gradient for its second input; looks at needs_input_grad."""

    seen: list[Any] = []  # noqa: RUF012

    @staticmethod
    def forward(ctx: fg.Context, x: Any, gate: Any) -> Any:
        Gate.seen.append((ctx.needs_input_grad[0], ctx.needs_input_grad[1]))
        ctx.save_for_backward(gate)
        return x * gate

    @staticmethod
    def backward(ctx: fg.Context, g: Any) -> Any:
        (gate,) = ctx.saved_tensors
        return g * gate, None


def test_none_is_no_gradient() -> None:
    Gate.seen.clear()
    assert fg.grad(Gate.apply, argnums=(0, 1))(2.0, 3.0) == (3.0, 0.0)
    assert fg.grad(Gate.apply)(2.0, 3.0) == 3.0
    Gate.apply(2.0, 3.0)
    assert Gate.seen == [(True, True), (True, False), (False, False)]
    assert jvp(Gate.apply, (2.0, 3.0), (1.0, 1.0))[1] == 3.0


def test_a_context_by_hand_wants_every_gradient() -> None:
    ctx = fg.Context()
    assert Gate.forward(ctx, 2.0, 3.0) == 6.0
    assert ctx.needs_input_grad[0]
    assert Gate.backward(ctx, 1.0) == (3.0, None)
    with pytest.raises(TypeError):
        tuple(ctx.needs_input_grad)  # how many there are is not known


class Broadcasting(fg.Function):
    """The textbook Add: passes g back to both, whatever their shapes."""

    @staticmethod
    def forward(ctx: fg.Context, x: Any, y: Any) -> Any:
        return x + y

    @staticmethod
    def backward(ctx: fg.Context, g: Any) -> Any:
        return g, g


def test_broadcasting_is_undone_for_the_user() -> None:
    gx, gy = fg.grad(lambda x, y: np.sum(Broadcasting.apply(x, y)), argnums=(0, 1))(
        np.ones((2, 1)), np.ones(3, np.float32)
    )
    assert gx.tolist() == [[3.0], [3.0]]
    assert gy.tolist() == [2.0, 2.0, 2.0]
    assert gy.dtype == np.float32


def make(backward: Any, forward: Any = lambda ctx, x, y: x * y) -> Any:
    """Return a Function class named Custom."""
    body = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    return type("Custom", (fg.Function,), body)


def test_a_wrong_number_of_gradients() -> None:
    custom = make(lambda ctx, g: g)
    with pytest.raises(errors.GradientCountError) as caught:
        fg.grad(custom.apply)(2.0, 3.0)
    assert str(caught.value) == (
        "Custom.backward returned 1 gradient for 2 inputs; return one for each positional "
        "argument of forward, None where there is no gradient"
    )


def test_a_wrong_shape_of_a_gradient() -> None:
    custom = make(lambda ctx, g: (np.ones(3), None))
    with pytest.raises(errors.GradientShapeError) as caught:
        fg.grad(lambda x: np.sum(custom.apply(x, 1.0)))(np.ones(2))
    assert str(caught.value) == (
        "Custom.backward returned a gradient float64[3] for input 0, which is float64[2]; a "
        "gradient has the shape of its input"
    )
    custom = make(lambda ctx, g: (np.float64(1.0), None))
    with pytest.raises(errors.GradientShapeError, match="which is float64\\[2\\]"):
        fg.grad(lambda x: np.sum(custom.apply(x, 1.0)))(np.ones(2))


def test_no_backward() -> None:
    class Forward(fg.Function):
        @staticmethod
        def forward(ctx: fg.Context, x: Any) -> Any:
            return x * 2

    assert Forward.apply(1.0) == 2.0
    with pytest.raises(errors.NoBackwardError, match="Forward has no backward"):
        fg.grad(Forward.apply)(1.0)
    with pytest.raises(errors.NoBackwardError):
        jvp(Forward.apply, (1.0,), (1.0,))
    np.testing.assert_array_equal(vmap(Forward.apply)(np.arange(3.0)), [0.0, 2.0, 4.0])


def test_forward_cannot_change_its_inputs() -> None:
    def forward(ctx: Any, x: Any, y: Any) -> Any:
        x += 1
        return x

    given = np.ones(2)
    for call in (
        lambda: make(lambda ctx, g: (g, None), forward).apply(given, 1.0),
        lambda: fg.vjp(lambda x: make(lambda ctx, g: (g, None), forward).apply(x, 1.0), given),
    ):
        with pytest.raises(ValueError, match="read-only"):
            call()
    assert given.tolist() == [1.0, 1.0]


def test_a_kept_array_is_not_frozen_nor_shared() -> None:
    kept = np.ones(2)
    custom = make(lambda ctx, g: (kept, None), lambda ctx, x, y: kept)
    y, pullback = fg.vjp(custom.apply, np.zeros(2), 1.0)
    eager = custom.apply(np.zeros(2), 1.0)
    gradient, _ = pullback(np.ones(2))
    kept[0] = 7.0
    assert y.tolist() == eager.tolist() == gradient.tolist() == [1.0, 1.0]


def test_lists_of_results_and_gradients() -> None:
    custom = make(lambda ctx, g, h: [g, h], lambda ctx, x, y: [x, y])
    assert fg.grad(lambda x: sum(custom.apply(x, 2.0)))(1.0) == 1.0


def test_own_jvp_and_vmap_are_used() -> None:
    class Own(fg.Function):
        @staticmethod
        def forward(ctx: fg.Context, x: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: fg.Context, g: Any) -> Any:
            return g * 2

        @staticmethod
        def jvp(ctx: fg.Context, t: Any) -> Any:
            return t * 20

        @staticmethod
        def vmap(size: int, batched: Any, x: Any) -> Any:
            return x * 200, True

    assert jvp(Own.apply, (1.0,), (1.0,))[1] == 20.0
    assert vmap(Own.apply)(np.ones(2)).tolist() == [200.0, 200.0]


# --- captured values -----------------------------------------------------------------------------


def capture(value: Any) -> Any:
    return make(lambda ctx, g: (g * value, None), lambda ctx, x, y: x * value)


def test_a_captured_traced_value_is_named() -> None:
    def f(x: Any) -> Any:
        return capture(x).apply(x * 1.0, 1.0)

    with pytest.raises(errors.CapturedTracerError) as caught:
        fg.grad(f)(2.0)
    assert str(caught.value) == (
        "Custom used a value traced by grad of f that is not among its arguments, so its gradient "
        "would be lost; make it one more argument of Custom, by position"
    )
    with pytest.raises(errors.CapturedTracerError):
        jvp(f, (2.0,), (1.0,))
    with pytest.raises(errors.CapturedTracerError):
        vmap(f)(np.ones(3))


def test_a_captured_value_of_a_younger_transform_is_named() -> None:
    def f(x: Any) -> Any:
        return fg.grad(lambda y: capture(y).apply(x, 1.0))(1.0)

    with pytest.raises(errors.CapturedTracerError):
        fg.grad(f)(2.0)


def test_a_captured_value_of_an_outer_transform_is_right() -> None:
    def f(x: Any) -> Any:
        return fg.grad(lambda y: capture(x).apply(y * y, 1.0))(3.0)  # 6 x

    assert fg.grad(f)(2.0) == 6.0


def test_a_captured_value_that_only_backward_uses_is_an_error() -> None:
    def f(x: Any) -> Any:
        custom = make(lambda ctx, g: (g * x, None))
        return custom.apply(x, 2.0)

    with pytest.raises(errors.EscapedTracerError):
        fg.grad(f)(2.0)


# --- sharing and broadcasting ---------------------------------------------------------------------


class Product(fg.Function):
    """Broadcasts, and leaves it to the library to undo that."""

    @staticmethod
    def forward(ctx: fg.Context, x: Any, y: Any) -> Any:
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx: fg.Context, g: Any) -> Any:
        x, y = ctx.saved_tensors
        return g * y, g * x


@pytest.mark.parametrize("length", [2, 3])
def test_broadcasting_within_an_example_of_a_batch(length: int) -> None:
    rows = np.arange(3.0 * length).reshape(3, length) + 1
    scales = np.array([1.0, 2.0, 3.0])

    def f(s: Any, multiply: Any) -> Any:
        return np.sum(vmap(lambda x, y: np.sum(multiply(x, y)))(rows, s))

    for multiply in (Product.apply, fnp.multiply):
        gradient = fg.grad(f)(scales, multiply)
        np.testing.assert_allclose(gradient, rows.sum(axis=1))
        moved = jvp(lambda s, m=multiply: f(s, m), (scales,), (scales,))[1]
        np.testing.assert_allclose(float(moved), (rows.sum(axis=1) * scales).sum())


def test_backward_cannot_change_a_gradient_that_others_get_too() -> None:
    def backward(ctx: Any, g: Any) -> Any:
        g *= 2
        return g, None

    custom = make(backward)
    with pytest.raises(ValueError, match="read-only"):
        fg.grad(lambda x: np.sum(custom.apply(x, 2.0) + x))(np.ones(3))


@pytest.mark.parametrize("result", [None, "text", np.array(["a"])])
def test_results_that_are_no_numbers(result: Any) -> None:
    with pytest.raises(errors.ArrayDTypeError):
        fg.grad(make(lambda ctx, g: (g, g), lambda ctx, x, y: result).apply)(1.0, 2.0)
    with pytest.raises(errors.ArrayDTypeError):
        fg.grad(make(lambda ctx, g: (result or "text", g)).apply)(1.0, 2.0)


def test_jvp_names_a_value_that_backward_captured() -> None:
    def f(x: Any) -> Any:
        return make(lambda ctx, g: (g * x, None)).apply(x, 2.0)

    with pytest.raises(errors.CapturedTracerError):
        jvp(f, (3.0,), (1.0,))


def test_jvp_of_an_integer_result() -> None:
    count = make(lambda ctx, g: (None, None), lambda ctx, x, y: np.sum(x > y))
    assert jvp(lambda x: count.apply(x, 0.0), (np.ones(3),), (np.ones(3),)) == (3, 0)
