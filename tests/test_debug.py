"""Where a NaN comes from, and what a traceback shows."""

from __future__ import annotations

import os
import pickle
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad.errors import FungradError, NanError, ShapeError
from fungrad.transforms.boundary import SWITCH, WATCH
from fungrad.transforms.tape import TAPES, Tape


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    with np.errstate(all="ignore"):
        yield


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "0")


def at(function: Any, line: int = 1) -> str:
    """Return how a line of a function is named; line 0 is that of its def."""
    code = function.__code__
    file = code.co_filename.removeprefix(os.getcwd() + os.sep)
    return f"{file}:{code.co_firstlineno + line}, in {code.co_name}"


def nan(function: Callable[[], Any]) -> str:
    with pytest.raises(NanError) as caught:
        function()
    assert isinstance(caught.value, FloatingPointError)
    assert isinstance(caught.value, FungradError)
    return str(caught.value)


# --- forward -------------------------------------------------------------------------------------


def log_loss(params: Any) -> Any:
    y = fnp.log(params["w"] - 2)
    return fnp.sum(y * y)


W = {"w": fnp.array([3.0, 1.0, 4.0])}


def test_forward_under_grad() -> None:
    with fg.debug_nans():
        text = nan(lambda: fg.grad(log_loss)(W))
    assert text == (
        'grad of log_loss: result["w"][1] is nan\n'
        f"it was made by `log`, at {at(log_loss)}:\n"
        '    y = fnp.log(params["w"] - 2)\n'
        "log(-1.0) is nan, at index [1] of a float64[3]\n"
        "`log` takes positive numbers: limit its argument, with fnp.clip or fnp.where"
    )


def test_the_function_alone() -> None:
    text = nan(lambda: fg.debug_nans(log_loss)(W))
    assert text.startswith(f"log_loss: result is nan\nit was made by `log`, at {at(log_loss)}:\n")
    watched = fg.debug_nans(log_loss)
    assert watched({"w": fnp.array([3.0])}) == 0
    assert watched.__name__ == "log_loss"
    assert repr(watched) == "<debug_nans of log_loss>"
    assert repr(pickle.loads(pickle.dumps(watched))) == repr(watched)


def difference(x: Any) -> Any:
    y = fnp.exp(x)
    return y - y


def test_the_origin_of_an_infinity() -> None:
    assert nan(lambda: fg.debug_nans(difference)(np.array([1.0, 800.0]))) == (
        "difference: result[1] is nan\n"
        f"it was made by `subtract`, at {at(difference, 2)}:\n"
        "    return y - y\n"
        "subtract(inf, inf) is nan, at index [1] of a float64[2]\n"
        f"the infinity was made by `exp`, at {at(difference)}:\n"
        "    y = fnp.exp(x)\n"
        "exp(800.0) is inf, at index [1] of a float64[2]\n"
        "two infinities have no difference: keep their arguments smaller; for logarithms of sums "
        "of exponentials there is fnp.logaddexp"
    )


@pytest.mark.parametrize(
    ("function", "x", "line", "advice"),
    [
        (lambda x: x / x, 0.0, "divide(0.0, 0.0) is nan", "divide where the divisor is not zero"),
        (lambda x: x * 0.0, np.inf, "it comes from the arguments: x is inf", "an infinity"),
        (lambda x: fnp.sqrt(x), -1.0, "sqrt(-1.0) is nan", "`sqrt` takes non-negative numbers"),
        (lambda x: x**0.5, -1.0, "power(-1.0, 0.5) is nan", "a negative number has no real power"),
        (lambda x: fnp.arcsin(x), 2.0, "arcsin(2.0) is nan", "`arcsin` takes numbers from -1 to 1"),
        (lambda x: np.log1p(x), -2.0, "log1p(-2.0) is nan", "`log1p` takes numbers above -1"),
        (lambda x: fnp.cos(x), np.inf, "cos(inf) is nan", "an infinity is no number"),
    ],
)
def test_kinds(function: Any, x: float, line: str, advice: str) -> None:
    text = nan(lambda: fg.debug_nans(function)(fnp.array(x)))
    assert line in text.splitlines()
    assert text.splitlines()[-1].startswith(advice)


def test_what_does_not_reach_the_result_is_no_mistake() -> None:
    def loss(x: Any) -> Any:
        unused = fnp.log(x - 10)
        assert unused is not None
        return fnp.sum(fnp.where(x > 0, fnp.log(x), 0))

    x = fnp.array([1.0, -1.0])
    with fg.debug_nans():
        np.testing.assert_array_equal(fg.grad(loss)(x), [1.0, 0.0])
        assert fg.value_and_grad(loss)(x)[0] == 0
        assert fg.grad(lambda x: fg.stop_gradient(fnp.log(x)) * 0 if False else x)(-1.0) == 1
    assert fg.debug_nans(loss)(x) == 0


def test_the_element_that_matters() -> None:
    """Of two NaN in an operand, the one that the result takes is followed."""

    def pick(x: Any) -> Any:
        y = fnp.log(x)
        z = fnp.sqrt(x)
        return fnp.concatenate([y, z])[::-1].reshape(2, 2)[1] @ fnp.eye(2)[:, :1]

    # [[z1, z0], [y1, y0]] -> y1: of the three NaN it is the logarithm of the second.
    text = nan(lambda: fg.debug_nans(pick)(np.array([-1.0, -2.0])))
    assert f"it was made by `log`, at {at(pick)}:" in text
    assert "log(-2.0) is nan, at index [1]" in text


def test_where_takes_one_side() -> None:
    def both(x: Any) -> Any:
        return fnp.where(x < 0, fnp.sqrt(x), fnp.log(x))

    assert "it was made by `sqrt`" in nan(lambda: fg.debug_nans(both)(np.array([2.0, -1.0])))


def test_a_matrix_product() -> None:
    def product(a: Any, b: Any) -> Any:
        return a @ b

    a, b = np.array([[1.0, 2.0], [np.inf, 1.0]]), np.array([0.0, 3.0])
    text = nan(lambda: fg.debug_nans(product)(a, b))
    assert "matmul(float64[2,2] with inf at [1, 0], float64[2]) is nan, at index [1]" in text
    assert "it comes from the arguments: a[1, 0] is inf" in text


def test_plain_numpy_and_integers() -> None:
    def ratio(n: Any, m: Any) -> Any:
        return np.mean(n / m)

    text = nan(lambda: fg.debug_nans(ratio)(np.array([1, 0]), np.array([1, 0])))
    assert f"it was made by `divide`, at {at(ratio)}:" in text
    assert "divide(0, 0) is nan, at index [1]" in text


def test_python_numbers_stay_narrow() -> None:
    def overflow(x: Any, factor: float) -> Any:
        return fnp.exp(x * factor) - fnp.exp(x * factor)

    text = nan(lambda: fg.debug_nans(overflow)(np.float32([50.0]), 2.0))
    assert "exp(100.0) is inf, at index [0] of a float32[1]" in text


def test_empty_and_aggregates() -> None:
    with pytest.warns(RuntimeWarning, match="Mean of empty slice"):
        text = nan(lambda: fg.debug_nans(lambda x: fnp.mean(x[x > 5]))(np.array([1.0])))
    assert text.endswith("mean(float64[0]) is nan\nan operand has no elements")


def test_keyword_arguments_and_trees() -> None:
    def f(*, batch: Any) -> Any:
        return {"out": [batch["x"] * 2]}

    text = nan(lambda: fg.debug_nans(f)(batch={"x": np.array([1.0, np.nan])}))
    assert text == (
        'f: result["out"][0][1] is nan\nit comes from the arguments: batch["x"][1] is nan'
    )


# --- backward ------------------------------------------------------------------------------------


def root(x: Any) -> Any:
    square = x**2
    return fnp.sum(fnp.sqrt(square))


def test_backward() -> None:
    with fg.debug_nans():
        text = nan(lambda: fg.grad(root)(fnp.array([1.0, 0.0])))
    assert text == (
        "grad of root: result[1] is nan\n"
        f"it was made by `multiply`, in the backward of `power` at {at(root)}:\n"
        "    square = x**2\n"
        "multiply(inf, 0.0) is nan, at index [1] of a float64[2]\n"
        f"the infinity was made by `divide`, in the backward of `sqrt` at {at(root, 2)}:\n"
        "    return fnp.sum(fnp.sqrt(square))\n"
        "divide(1.0, 0.0) is inf, at index [1] of a float64[2]\n"
        "`sqrt` has no finite derivative there: keep its argument away from that point, or take "
        "another value there, with fnp.where (it passes nothing back to what it did not take)"
    )


def test_pullback() -> None:
    with fg.debug_nans():
        y, pullback = fg.vjp(root, fnp.array([1.0, 0.0]))
        assert y == 1
        text = nan(lambda: pullback(1.0))
        np.testing.assert_array_equal(pullback(0.0)[0], [0.0, 0.0])
    assert text.startswith("pullback of vjp of root: result[0][1] is nan\n")
    assert f"in the backward of `sqrt` at {at(root, 2)}:" in text
    _, pullback = fg.vjp(root, fnp.array([1.0, 0.0]))
    with fg.debug_nans():  # the lines were not noted
        text = nan(lambda: pullback(1.0))
    assert "it was made by `multiply`" in text


def test_a_pullback_beside_other_results() -> None:
    def f(x: Any, y: Any) -> Any:
        return fnp.sqrt(x * y), {"aux": x}

    with fg.debug_nans():
        _, pullback, _ = fg.vjp(f, 0.0, 0.0, has_aux=True)
        text = nan(lambda: pullback(1.0))
    assert f"in the backward of `multiply` at {at(f)}:" in text


@pytest.mark.parametrize(
    ("transform", "x"),
    [
        (lambda f: fg.grad(fg.grad(lambda x: f(x) * x)), 0.0),
        (lambda f: fg.vmap(fg.grad(f)), np.array([1.0, 0.0])),
        (lambda f: fg.grad(lambda x: fnp.sum(fg.vmap(f)(x))), np.array([1.0, 0.0])),
        (lambda f: fg.jacrev(fg.vmap(f)), np.array([1.0, 0.0])),
        (lambda f: lambda x: fg.vmap(lambda y: fg.grad(f)(y))(fnp.ones(2) * x), 0.0),
    ],
)
def test_nested(transform: Any, x: Any) -> None:
    def f(x: Any) -> Any:
        y = x**2
        return fnp.sqrt(y)

    with fg.debug_nans():
        text = nan(lambda: transform(f)(x))
    assert f"`sqrt` at {at(f, 2)}:" in text


def test_second_backward_pass() -> None:
    def f(x: Any) -> Any:
        y = x**3
        return fnp.sqrt(y)

    with fg.debug_nans():
        text = nan(lambda: fg.grad(fg.grad(f))(0.0))
    assert f"it was made by `multiply`, in backward pass 2 of `power` at {at(f)}:" in text


def test_forward_mode() -> None:
    def f(x: Any) -> Any:
        return fnp.sqrt(x) * x

    with fg.debug_nans():
        text = nan(lambda: fg.jvp(f, (0.0,), (1.0,)))
    assert text.startswith("jvp of f: result[1] is nan\n")
    assert f"in the forward-mode derivative of `sqrt` at {at(f)}:" in text
    with fg.debug_nans():
        assert "`sqrt`" in nan(lambda: fg.jacfwd(f)(fnp.zeros(2)))
        text = nan(lambda: fg.hvp(lambda x: fnp.log(x) * x**2, (-1.0,), (1.0,)))
        assert text.startswith("hvp of <lambda>: result is nan\nit was made by `log`, at ")
        _, linear = fg.linearize(f, 0.0)
        assert nan(lambda: linear(1.0)).startswith("linear map of linearize of f: result is nan\n")


class LogTwice(fg.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        y = np.log(x)
        ctx.save_for_backward(x)
        return y * 2

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return g * 2 / x * 0


def test_functions_of_the_user() -> None:
    forward, backward = LogTwice.forward, LogTwice.backward
    for run in (
        lambda: fg.debug_nans(LogTwice.apply)(-1.0),
        lambda: fg.debug_nans(fg.value_and_grad(LogTwice.apply))(-1.0),
    ):
        text = nan(run)
        assert f"it was made by `log`, at {at(forward, 2)}:\n    y = np.log(x)\n" in text
    text = nan(lambda: fg.debug_nans(fg.grad(LogTwice.apply))(0.0))
    assert f"it was made by `multiply`, at {at(backward, 3)}:" in text


def test_functions_that_want_plain_numbers() -> None:
    class Table(fg.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            if isinstance(x, fg.Array):
                return Table.apply(x)
            return np.interp(x, [0, 1], [np.nan, 1.0])

    text = nan(lambda: fg.debug_nans(lambda x: Table.apply(x))(0.5))
    assert "Table(0.5) is nan" in text


def test_custom_rules_and_checkpoints() -> None:
    @fg.custom_vjp
    def f(x: Any) -> Any:
        return fnp.exp(x)

    def forward(x: Any) -> Any:
        return fnp.exp(x), x

    def backward(x: Any, g: Any) -> Any:
        return (g * fnp.log(x),)

    f.defvjp(forward, backward)

    @fg.checkpoint
    def again(x: Any) -> Any:
        return fnp.sqrt(x * x)

    with fg.debug_nans():
        assert f"`log`, at {at(backward)}:" in nan(lambda: fg.grad(f)(-1.0))
        assert "in the backward of `checkpoint` at" in nan(
            lambda: fg.grad(lambda x: again(x) * 2)(0.0)
        )


# --- other sources -------------------------------------------------------------------------------


def test_constants() -> None:
    data = fnp.array([1.0, np.nan])

    def loss(x: Any) -> Any:
        return fnp.sum(x * data)

    with fg.debug_nans():
        text = nan(lambda: fg.grad(loss)(fnp.ones(2)))
    assert text.splitlines()[1] == (
        "it comes from a float64[2] that is computed from no argument, and is nan at [1]; "
        f"`multiply` reads it, in the backward of `multiply` at {at(loss)}"
    )
    text = nan(lambda: fg.debug_nans(lambda x: fnp.nan)(1.0))
    assert text.endswith("but from constants or values of an enclosing scope")


def test_a_function_that_is_not_pure() -> None:
    results = iter([fnp.nan, 1.0])
    text = nan(lambda: fg.debug_nans(lambda x: x * next(results))(1.0))
    assert "did not return one: it is not pure" in text
    text = nan(lambda: fg.debug_nans(lambda x: x * next(iter([fnp.nan])) if WATCH else x)(1.0))
    assert "`multiply` reads it" in text
    once = iter([fnp.nan])
    text = nan(lambda: fg.debug_nans(lambda x: x * next(once))(1.0))
    assert text.endswith("the function ran again, and failed: StopIteration: ")


def test_infinities() -> None:
    def f(x: Any) -> Any:
        return fnp.sum(fnp.exp(x))

    x = fnp.array([1.0, 1000.0])
    assert fg.debug_nans(f)(x) == np.inf
    text = nan(lambda: fg.debug_nans(f, infs=True)(x))
    assert f"f: result is inf\nit was made by `exp`, at {at(f)}:" in text
    assert text.endswith(
        "the result is too large for its dtype: subtract the largest exponent first"
    )
    with fg.debug_nans(infs=True):
        text = nan(lambda: fg.grad(lambda x: fnp.sqrt(x))(0.0))
    assert "`sqrt` has no finite derivative there" in text


# --- the switch ----------------------------------------------------------------------------------


def test_nothing_is_left_switched_on() -> None:
    with fg.debug_nans():
        nan(lambda: fg.grad(root)(0.0))
        with fg.debug_nans(infs=True):
            assert WATCH.get() is not None
        nan(lambda: fg.grad(root)(0.0))
    assert WATCH.get() is None
    assert TAPES.get() is Tape
    assert np.isnan(fg.grad(root)(0.0))


def test_other_threads_are_not_watched() -> None:
    found = []
    with fg.debug_nans():
        thread = threading.Thread(target=lambda: found.append(fg.grad(root)(0.0)))
        thread.start()
        thread.join()
    assert np.isnan(found[0])


def test_nothing_runs_twice_without_a_nan() -> None:
    calls = []

    def f(x: Any) -> Any:
        calls.append(type(x).__name__)
        return x * x

    with fg.debug_nans():
        fg.grad(f)(1.0)
    fg.debug_nans(f)(1.0)
    assert calls == ["Taped", "float"]


def test_inside_of_other_transforms() -> None:
    f = fg.debug_nans(lambda x: x * fnp.log(x))
    assert fg.grad(f)(1.0) == 1
    assert "it was made by `log`" in nan(lambda: fg.grad(f)(-1.0))
    np.testing.assert_array_equal(fg.vmap(fg.grad(f))(fnp.ones(2)), np.ones(2))
    assert "it was made by `log`" in nan(lambda: fg.vmap(f)(fnp.array([1.0, -1.0])))


# --- tracebacks ----------------------------------------------------------------------------------


def frames(function: Callable[[], Any]) -> list[str]:
    """Return the functions that a traceback shows, this file's as they are, others with files."""
    try:
        function()
    except Exception as error:
        return [
            frame.name if frame.filename == __file__ else os.path.basename(frame.filename)
            for frame in traceback.extract_tb(error.__traceback__)[2:]
        ]
    raise AssertionError("it did not raise")


def layer(x: Any) -> Any:
    return fnp.ones(3) @ (x * fnp.ones(4))


def model(x: Any) -> Any:
    return fnp.sum(layer(x))


@pytest.mark.parametrize(
    "call",
    [
        lambda: fg.grad(model)(1.0),
        lambda: fg.vjp(model, 1.0),
        lambda: fg.jvp(model, (1.0,), (1.0,)),
        lambda: fg.vmap(fg.grad(model))(fnp.ones(2)),
        lambda: fg.hessian(model)(1.0),
        lambda: fg.linearize(model, 1.0),
        lambda: fg.debug_nans(fg.grad(model))(1.0),
    ],
)
def test_the_users_frames_only(call: Any) -> None:
    assert frames(call) == ["model", "layer"]


def test_an_exception_of_the_user() -> None:
    def fail(x: Any) -> Any:
        raise KeyError("a")

    class Failing(fg.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return fail(g)

    assert frames(lambda: fg.grad(fail)(1.0)) == ["fail"]
    assert frames(lambda: fg.grad(Failing.apply)(1.0)) == ["backward", "fail"]
    _, pullback = fg.vjp(Failing.apply, 1.0)
    assert frames(lambda: pullback(1.0)) == ["backward", "fail"]


def test_an_error_of_fungrad_about_the_call() -> None:
    assert frames(lambda: fg.grad(model)("a")) == []
    assert frames(lambda: fg.grad(lambda x: float(x))(1.0)) == ["<lambda>"]


def test_a_mistake_of_fungrad_is_shown() -> None:
    shown = frames(lambda: fg.grad(lambda x: x, argnums=0)(1.0, nothing=2))
    assert shown[-1] == "reverse.py"
    assert "boundary.py" not in shown


def test_what_led_to_an_exception() -> None:
    def chained(x: Any) -> Any:
        try:
            layer(x)
        except ShapeError as error:
            raise RuntimeError from error

    with pytest.raises(RuntimeError) as caught:
        fg.grad(chained)(1.0)
    cause = caught.value.__cause__
    assert cause is not None
    assert [f.name for f in traceback.extract_tb(cause.__traceback__)] == ["chained", "layer"]


def test_full_tracebacks(monkeypatch: pytest.MonkeyPatch) -> None:
    def call() -> Any:
        return fg.grad(model)(1.0)

    fg.debug.full_tracebacks()
    shown = frames(call)
    assert "tape.py" in shown
    assert "boundary.py" in shown
    fg.debug.full_tracebacks(False)
    assert frames(call) == ["model", "layer"]
    monkeypatch.setenv("FUNGRAD_FULL_TRACEBACKS", "1")
    assert frames(call) == shown
    monkeypatch.setenv("FUNGRAD_FULL_TRACEBACKS", "")
    assert frames(call) == ["model", "layer"]


def test_the_line_is_right() -> None:
    try:
        fg.grad(model)(1.0)
    except ShapeError:
        last = traceback.extract_tb(sys.exc_info()[2])[-1]
    assert last.lineno == layer.__code__.co_firstlineno + 1
    assert last.line == "return fnp.ones(3) @ (x * fnp.ones(4))"
