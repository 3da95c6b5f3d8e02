"""check_grads and check_function: what they pass, what they find, and what they say."""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
import tests.cases
from fungrad.errors import (
    DerivativeCheckError,
    FunctionCheckError,
    FungradError,
    GradientMismatchError,
)
from fungrad.rules import elementwise, products, reductions, selection
from fungrad.testing import check_function, check_grads

CASES = [
    case
    for module in pkgutil.iter_modules(tests.cases.__path__)
    for case in importlib.import_module(f"tests.cases.{module.name}").CASES
    if case.derivative
]


def is_inexact(x: Any) -> bool:
    return np.asarray(x).dtype.kind in "fc"


def normal(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng([seed, *shape]).normal(size=shape)


class Sine(fg.Function):
    """Right in everything; the wrong ones below differ from it by one mistake."""

    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Any:
        ctx.save_for_backward(x, y)
        return np.sin(x) * y

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, y = ctx.saved_tensors
        return g * np.cos(x) * y, g * np.sin(x)


class Doubled(Sine):
    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        first, second = Sine.backward(ctx, g)
        return 2 * first, second


# --- check_grads: what is right ------------------------------------------------------------------


def test_trees_of_arrays_in_and_out() -> None:
    def model(params: Any, x: Any) -> Any:
        hidden = fnp.tanh(params["w"] @ x + params["b"][0])
        return {"hidden": hidden, "loss": [fnp.sum(hidden**2)], "count": 3, "no": None}

    params = {"w": normal(3, 4), "b": (fnp.array(normal(3)),)}
    report = check_grads(model, (params, normal(4)), order=2)
    # At order 1, 19 elements by forward mode for each of two outputs and by reverse mode once.
    assert report.count == 19 * 3 + (19 * 3) + 19 * 4
    assert report.name == "model"
    assert report.difference < report.tolerance < 1e-4
    assert re.fullmatch(
        r"190 derivatives of model agree with numerical ones; the worst is .* of model with "
        r"respect to args\[.*\], off by .* where .* is tolerated",
        str(report),
    )


@pytest.mark.parametrize("mode", ["fwd", "rev"])
def test_one_mode(mode: str) -> None:
    assert check_grads(fnp.sin, (0.5,), order=3, modes=mode).count == 3
    assert check_grads(fnp.sin, [0.5], modes=[mode]).count == 1


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_dtypes(dtype: Any) -> None:
    x = normal(5).astype(dtype)
    assert check_grads(lambda x: fnp.exp(x) * x, (x,), order=2).count > 0


def test_float32_inside() -> None:
    assert check_grads(lambda x: fnp.sin(x.astype(np.float32)), (2.0,), order=2).count == 6
    assert check_grads(lambda x: fnp.sin(x.astype(np.float32)) + fnp.zeros(()), (2.0,)).count == 2


def test_complex_numbers() -> None:
    z = normal(3) + 1j * normal(3, seed=1)
    assert check_grads(lambda z: fnp.abs(z) ** 2 * z + fnp.conj(z), (z,), order=2).count == 36
    assert check_grads(lambda x: (x * 1j, fnp.exp(1j * x)), (1.0,)).count == 3


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_scales_of_the_result(scale: float) -> None:
    assert check_grads(lambda x: scale * fnp.sin(x), (2.0,), order=3).count == 14


def test_small_arguments() -> None:
    assert check_grads(fnp.log, (1e-8,)).count == 2
    assert check_grads(lambda x: 1 / x, (1e-6,)).count == 2
    assert check_grads(fnp.abs, (1e-7,)).count == 2  # a kink within the first step


def test_large_arrays_are_checked_along_directions() -> None:
    report = check_grads(lambda w, x: fnp.tanh(w @ x), (normal(30, 40), normal(40)))
    assert report.count == (3 + 3) * 2
    assert "(along a random direction)" in report.path


def test_what_is_not_differentiated_stays_as_it_is() -> None:
    def power(x: Any, n: int, index: Any, mask: Any) -> Any:
        assert type(n) is int
        assert index.dtype == int
        return x[index] ** n * mask

    args = (normal(3), 3, np.array([0, 2]), np.array([True, False]))
    assert check_grads(power, args).count == 3 * 2


def test_empty_arrays() -> None:
    assert check_grads(lambda x, y: (x, y), (np.zeros((0, 3)), 1.0)).count == 2


def test_functions_with_conditions_and_without_complex_numbers() -> None:
    def branches(x: Any) -> Any:
        return fnp.abs(x) if x > 0 else fnp.maximum(x, -3) * fnp.floor(2.5)

    assert check_grads(branches, (1.0,)).count == 2
    assert check_grads(branches, (-1.0,)).count == 2


def test_a_function_that_insists_on_its_dtype() -> None:
    def strict(x: Any) -> Any:
        assert x.dtype == np.float32
        return fnp.sin(x)

    assert check_grads(strict, (np.float32(0.5),)).count == 2


@pytest.mark.parametrize("case", CASES[::7], ids=lambda case: case.name)
def test_rules(case: Any) -> None:
    """The tool of the users and the table of rules agree."""
    if not any(np.size(x) for x in case.args if is_inexact(x)):
        pytest.skip("there is nothing to vary")
    check_grads(case.function, case.args, order=2 if case.second else 1)


# --- check_grads: what is wrong ------------------------------------------------------------------


def wrong(*args: Any, **kwargs: Any) -> str:
    with pytest.raises(GradientMismatchError) as caught:
        check_grads(*args, **kwargs)
    assert isinstance(caught.value, AssertionError)
    assert isinstance(caught.value, FungradError)
    return str(caught.value)


def test_the_worst_element_is_named() -> None:
    def f(params: Any) -> Any:
        return fnp.sum(Doubled.apply(params["x"], 1.0))

    assert wrong(f, ({"x": fnp.array([0.0, 1.5]), "y": 1.0},), modes="rev") == (
        'check_grads: vjp of f is wrong with respect to args[0]["x"][0]\n'
        "    by vjp: 2\n"
        "    numerically: 1\n"
        "    difference: 1, where 2.0e-06 is tolerated\n"
        '    2 of 2 elements of args[0]["x"] are affected\n'
        "all that is wrong is so by the same factor, 2"
    )


def test_the_element_of_a_large_array_is_found() -> None:
    def f(x: Any) -> Any:
        return fnp.sum(fnp.where(fnp.arange(400) == 77, Doubled.apply(x, 1.0), fnp.sin(x)))

    text = wrong(f, (np.linspace(0, 1, 400).reshape(400),))
    assert "with respect to args[0][77]\n" in text


def test_the_element_of_the_output_is_named() -> None:
    def f(x: Any) -> Any:
        y = Doubled.apply(x, 1.0)
        return {"y": fnp.stack([x, y])}

    text = wrong(f, (np.array(0.0),), modes="fwd")
    assert text.startswith(
        'check_grads: jvp of f is wrong in result["y"][1] with respect to args[0]\n    by jvp: 2\n'
    )


def test_second_order() -> None:
    class Once(Sine):
        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, y = ctx.saved_tensors
            return g * fg.stop_gradient(np.cos(x) * y), g * np.sin(x)

    def f(x: Any) -> Any:
        return Once.apply(x, 1.0)

    assert check_grads(f, (0.7,), modes="rev").count == 1
    text = wrong(f, (0.7,), order=2, modes="rev")
    assert text.startswith(
        "check_grads: vjp of vjp of f is wrong with respect to args[0]\n    by vjp: 0\n"
    )
    assert text.endswith("or a None from a backward?")


def test_a_cut_derivative() -> None:
    text = wrong(lambda x: fg.stop_gradient(x) * 3, (1.0,))
    assert "by jvp: 0\n    numerically: 3\n" in text
    assert "is there a stop_gradient" in text


def test_only_one_mode_is_wrong() -> None:
    class Tangent(Sine):
        @staticmethod
        def jvp(ctx: Any, t: Any, u: Any) -> Any:
            x, y = ctx.saved_tensors
            return -t * np.cos(x) * y + u * np.sin(x)

    text = wrong(lambda x: Tangent.apply(x, 2.0), (1.0,))
    assert text.endswith("vjp is right: look at the jvp rules of what the function calls")


def test_a_kink() -> None:
    text = wrong(lambda x: fnp.where(x > 1, 3 * x, 1 * x + 2), (1.0,))
    assert text.endswith(
        "there is a kink or a jump at this point: the difference behind it is 1, ahead of it 3; "
        "take another point"
    )


def test_a_jump() -> None:
    assert "a kink or a jump" in wrong(lambda x: fnp.floor(x), (1.0,))


def test_the_edge_of_the_domain() -> None:
    text = wrong(fnp.sqrt, (0.0,))
    assert "not finite on both sides of args[0]: take a point further in" in text


def test_a_derivative_that_is_nan() -> None:
    class Odd(Sine):
        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * np.nan, None

    text = wrong(lambda x: Odd.apply(x, 1.0), (1.0,))
    assert "by jvp: nan\n" in text
    assert text.endswith("fungrad.debug_nans shows which operation made it")


def test_tolerances() -> None:
    def f(x: Any) -> Any:
        return Doubled.apply(x, 1.0)

    assert check_grads(f, (0.0,), rtol=2.0).count == 2
    assert check_grads(f, (0.0,), atol=1.5, rtol=0.0).count == 2
    assert "where 5.0e-01 is tolerated" in wrong(f, (0.0,), atol=0.5, rtol=0.0)
    assert check_grads(fnp.sin, (1.0,), eps=1e-4, atol=1e-7).count == 2


# --- check_grads: what cannot be compared --------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "args", "message"),
    [
        (fnp.sin, (2,), "no floating-point number is among the arguments: int 2"),
        (fnp.sin, (), "no floating-point number is among the arguments: nothing"),
        (lambda x: x > 1, (2.0,), "no floating-point number is in the result: bool[]"),
        (lambda x: None, (2.0,), "no floating-point number is in the result: nothing"),
        (lambda x: [x, "a"], (2.0,), "result[1] is str 'a', which is no number or array"),
        (
            lambda x: {"a": fnp.log(x)},
            (np.array([1.0, -1.0]),),
            'result["a"][1] is nan at these arguments; take some where the function is finite '
            "(fungrad.debug_nans finds where a NaN is made)",
        ),
    ],
)
def test_nothing_to_compare(function: Any, args: Any, message: str) -> None:
    with pytest.raises(DerivativeCheckError) as caught:
        check_grads(function, args)
    assert str(caught.value) == f"check_grads: {message}"


def test_misuse() -> None:
    with pytest.raises(TypeError, match=r"args is a tuple .* got float 1.0; write \(x,\)"):
        check_grads(fnp.sin, 1.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match='modes are "fwd" and "rev"'):
        check_grads(fnp.sin, (1.0,), modes="reverse")
    with pytest.raises(ValueError, match="order is at least 1, got 0"):
        check_grads(fnp.sin, (1.0,), order=0)


# --- check_function ------------------------------------------------------------------------------

ALL = (
    "forward, backward, reverse mode, forward mode, linearity, second order, vmap, vmap and grad, "
    "needs_input_grad, float32"
)


def test_a_right_function() -> None:
    report = check_function(Sine, normal(3), normal(2, 3))
    assert str(report) == f"Sine passed 10 checks: {ALL}"
    assert report.passed == tuple(ALL.split(", "))
    check_function(Sine, 0.5, 2.0)
    check_function(Sine, normal(3), 2)
    check_function(Sine, [0.5, 1.0], normal(2) + 1j)


def test_several_and_integer_outputs() -> None:
    class Several(fg.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, *, scale: float) -> Any:
            ctx.x, ctx.scale = x, scale
            return np.sin(x), np.argmax(x), scale * (x @ x)

        @staticmethod
        def backward(ctx: Any, g: Any, _: Any, h: Any) -> Any:
            return g * np.cos(ctx.x) + 2 * ctx.scale * h * ctx.x

    assert check_function(Several, normal(4), scale=3.0).name == "Several"


def test_own_rules() -> None:
    class Ruled(Sine):
        @staticmethod
        def jvp(ctx: Any, t: Any, u: Any) -> Any:
            x, y = ctx.saved_tensors
            return t * np.cos(x) * y + u * np.sin(x)

        @staticmethod
        def vmap(size: int, batched: Any, x: Any, y: Any) -> Any:
            return Ruled.apply(x, y), True

    check_function(Ruled, normal(3), normal(3))


@pytest.mark.parametrize(
    ("rule", "args", "params"),
    [
        (elementwise.Multiply, (normal(3), normal(2, 3)), {}),
        (elementwise.Exp, (0.5,), {}),
        (reductions.Sum, (normal(2, 3),), {"axis": (0,), "keepdims": False}),
        (products.Matmul, (normal(2, 3), normal(3, 2)), {}),
        (selection.Where, (np.array([True, False]), normal(3, 2), normal(2)), {}),
    ],
)
def test_rules_of_the_library(rule: Any, args: Any, params: Any) -> None:
    assert len(check_function(rule, *args, **params).passed) == 10


def test_no_derivative() -> None:
    assert check_function(elementwise.FloorDivide, 5.0, 2.0).passed == ("forward", "vmap")

    class Plain(fg.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x + 1

    assert check_function(Plain, 1.0).passed == ("forward", "vmap")


def failures(function: Any, *args: Any, **params: Any) -> dict[str, str]:
    """Return what failed, by check."""
    with pytest.raises(FunctionCheckError) as caught:
        check_function(function, *args, **params)
    assert isinstance(caught.value, AssertionError)
    head, *parts = re.split(r"\n(?=\S)", str(caught.value))
    assert re.fullmatch(rf"{function.__name__} failed {len(parts) - 1} of \d+ checks", head)
    assert parts.pop().startswith("passed: ")
    found = dict(part.split(": ", 1) for part in parts)
    order = [name for name in ALL.split(", ") if name in found]
    assert list(found) == order, "the worst comes first"
    return found


def test_a_wrong_gradient() -> None:
    found = failures(Doubled, normal(3), normal(2, 3))
    assert list(found) == ["reverse mode"]  # what follows from it is not told
    assert (
        "vjp of Doubled is wrong with respect to args[0][0], for a random"
        in (found["reverse mode"])
    )


def test_the_count_of_gradients() -> None:
    class Short(Sine):
        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g

    found = failures(Short, 1.0, 2.0)
    assert found == {
        "backward": "GradientCountError: Short.backward returned 1 gradient for 2 inputs; return "
        "one for each positional argument of forward, None where there is no gradient"
    }


def test_the_shape_of_gradients() -> None:
    class Shape(Sine):
        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g[:2], g

    assert failures(Shape, normal(3), normal(3))["backward"].startswith(
        "GradientShapeError: Shape.backward returned a gradient float64[2] for input 0"
    )


def test_a_backward_that_is_not_linear() -> None:
    class Clipped(Sine):
        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            first, second = Sine.backward(ctx, g)
            return first, np.clip(second, -0.01, 0.01)

    found = failures(Clipped, 1.0, 2.0)
    assert list(found) == ["reverse mode", "linearity"]
    assert re.fullmatch(
        r"backward is not linear in the gradient that it gets, so forward mode, which is derived "
        r"from it, is wrong: for 2 \* g - 3 \* h the gradient of input 1 is \S+, not \S+ as those "
        r"for g and for h tell",
        found["linearity"],
    )


def test_a_forward_that_is_not_pure() -> None:
    calls = []

    class Counting(Sine):
        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            calls.append(x)
            return Sine.forward(ctx, x, y) * len(calls)

    assert failures(Counting, 1.0, 2.0) == {
        "forward": "forward is not pure: output 0 is another one in a second call with the same "
        "arguments"
    }


def test_a_forward_that_changes_its_input() -> None:
    class Changing(Sine):
        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            x += 1
            return x * y

    assert "read-only" in failures(Changing, normal(3), 2.0)["forward"]


def test_a_backward_that_uses_up_its_notes() -> None:
    class Once(Sine):
        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            ctx.notes = [x, y]
            return np.sin(x) * y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            y, x = ctx.notes.pop(), ctx.notes.pop()
            return g * np.cos(x) * y, g * np.sin(x)

    assert failures(Once, 1.0, 2.0) == {"backward": "IndexError: pop from empty list"}


def test_needs_input_grad() -> None:
    class Lazy(Sine):
        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            first, second = Sine.backward(ctx, g)
            return (first, second) if all(ctx.needs_input_grad[:2]) else (first, 2 * second)

    found = failures(Lazy, 1.0, 2.0)
    assert list(found) == ["needs_input_grad"]
    assert found["needs_input_grad"].startswith(
        "where input 0 needs no gradient, that of input 1 is "
    )


def test_float32_that_is_widened() -> None:
    class Wide(Sine):
        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            first, second = Sine.backward(ctx, g)
            return first * np.sqrt(1.0), second

    found = failures(Wide, normal(3), normal(3))
    assert list(found) == ["float32"]
    assert found["float32"].startswith(
        "backward makes the gradient of input 0 float64, where the input is float32; beside an "
        "array, Python's numbers are as narrow as the array"
    )

    class Wider(Sine):
        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            return Sine.forward(ctx, x, y) * np.float64(1.0)

    assert failures(Wider, normal(3), normal(3))["float32"].startswith(
        "forward makes output 0 float64 of narrower inputs (float32, float32)"
    )


def test_a_wrong_jvp() -> None:
    class Tangent(Sine):
        @staticmethod
        def jvp(ctx: Any, t: Any, u: Any) -> Any:
            x, y = ctx.saved_tensors
            return t * np.cos(x) * y

    assert list(failures(Tangent, 1.0, 2.0)) == ["forward mode"]


def test_a_wrong_vmap() -> None:
    class Batched(Sine):
        @staticmethod
        def vmap(size: int, batched: Any, x: Any, y: Any) -> Any:
            return Batched.apply(x + 1, y), True

    found = failures(Batched, 1.0, 2.0)
    assert list(found) == ["vmap"]
    assert re.fullmatch(
        r"with a batch of input 1, output 0 by vmap\[1\] is \S+, not \S+ as one by one",
        found["vmap"],
    )


def test_a_wrong_second_derivative() -> None:
    class Once(Sine):
        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, y = ctx.saved_tensors
            return g * fg.stop_gradient(np.cos(x)) * y, g * np.sin(x)

    assert list(failures(Once, 1.0, 2.0)) == ["second order"]


def test_misuse_of_check_function() -> None:
    with pytest.raises(TypeError, match="a plain function is checked by check_grads"):
        check_function(fnp.sin, 1.0)  # type: ignore[arg-type]
    with pytest.raises(fg.errors.OperandError):
        check_function(Sine, "a", "b")
