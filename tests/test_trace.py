"""Tracers: escape, conversion, display, memory, threads."""

from __future__ import annotations

import concurrent.futures
import gc
import math
import pickle
import threading
import tracemalloc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors
from fungrad.transforms.forward import jvp
from fungrad.transforms.tape import Tape
from fungrad.transforms.vmap import vmap

# --- escape --------------------------------------------------------------------------------------


def leak(transform: str) -> Any:
    """Return a tracer whose transform has returned."""
    kept = []

    def loss(x: Any) -> Any:
        kept.append(x * 2)
        return x * x

    if transform == "grad":
        fg.grad(loss)(3.0)
    elif transform == "jvp":
        jvp(loss, (3.0,), (1.0,))
    else:
        vmap(loss)(np.ones(3))
    return kept[0]


@pytest.mark.parametrize("transform", ["grad", "jvp", "vmap"])
def test_an_escaped_tracer_names_its_transform(transform: str) -> None:
    escaped = leak(transform)
    for use in (
        lambda: escaped * 2,
        lambda: 2 * escaped,
        lambda: np.sin(escaped),
        lambda: fg.grad(lambda x: escaped * x)(5.0),
        lambda: fg.grad(lambda x: x * escaped)(5.0),
        lambda: fg.grad(lambda x: escaped)(5.0),
    ):
        with pytest.raises(errors.EscapedTracerError) as caught:
            use()
        assert str(caught.value) == (
            f"this float64[] belongs to {transform} of loss, which has already returned; it was "
            "kept in a variable, an attribute or a list outside of the function. Return it from "
            "the function instead (has_aux=True takes values beside the result)"
        )


def test_printing_an_escaped_tracer_is_harmless() -> None:
    assert str(leak("grad")) == "6.0"


def test_a_value_of_a_younger_transform_is_refused_as_a_result() -> None:
    def produce() -> Iterator[Any]:
        kept: list[Any] = []
        steps = fg_steps(kept)
        next(steps)
        yield kept[0]
        yield steps

    def fg_steps(kept: list[Any]) -> Iterator[None]:
        kept.append(Tape("grad of step").leaf(np.float64(1.0)))  # still open: interleaved
        yield

    def f(x: Any) -> Any:
        return next(produce())

    with pytest.raises(errors.CapturedTracerError, match="grad of step"):
        fg.grad(f)(1.0)


# --- conversion ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "use"),
    [
        ("float(x)", float),
        ("float(x)", math.sin),
        ("complex(x)", complex),
        ("np.asarray(x)", np.asarray),
        ("np.asarray(x)", np.array),
        ("x.item()", lambda x: x.item()),
        ("x.tolist()", lambda x: x.tolist()),
        ("pickle.dumps(x)", pickle.dumps),
    ],
)
def test_conversions_that_would_cut_the_gradient(text: str, use: Any) -> None:
    def f(x: Any) -> Any:
        use(x)
        return x

    with pytest.raises(errors.TracerConversionError) as caught:
        fg.grad(f)(1.0)
    message = str(caught.value)
    assert message.startswith(f"{text} of a float64[] traced by grad of f would cut the gradient.")
    assert "fungrad.stop_gradient(x)" in message


def test_stop_gradient_is_the_cure() -> None:
    assert fg.grad(lambda x: x * float(fg.stop_gradient(x)))(3.0) == 3.0
    assert fg.grad(lambda x: x * fg.stop_gradient({"a": x})["a"])(3.0) == 3.0
    assert fg.grad(fg.grad(lambda x: x * x * fg.stop_gradient(x)))(3.0) == 6.0
    assert jvp(lambda x: x * fg.stop_gradient(x), (3.0,), (1.0,))[1] == 3.0
    np.testing.assert_array_equal(
        vmap(fg.grad(lambda x: x * fg.stop_gradient(x)))(np.arange(3.0)), np.arange(3.0)
    )


def test_decisions_on_values_work() -> None:
    def f(x: Any) -> Any:
        if x > 1:
            return x * x
        n = int(x + 3)
        while n > 0:
            x, n = x * 2, n - 1
        return x

    assert fg.grad(f)(3.0) == 6.0
    assert fg.grad(f)(0.5) == 8.0
    assert jvp(f, (3.0,), (1.0,))[1] == 6.0
    assert fg.grad(lambda x: max(x, 2.0) * min(x, 2.0))(3.0) == 2.0


def test_display() -> None:
    seen = []

    def f(x: Any) -> Any:
        seen.append((repr(x), str(x), f"{x[0]:.2f}", repr(x > 1)))
        return np.sum(x)

    fg.grad(f)(np.array([1.0, 2.0]))
    assert seen == [
        (
            "Array([1., 2.], dtype=float64) [grad]",
            "[1. 2.]",
            "1.00",
            "Array([False,  True], dtype=bool)",
        )
    ]


# --- exceptions ----------------------------------------------------------------------------------


def test_an_exception_leaves_nothing_behind() -> None:
    kept = []

    def f(x: Any) -> Any:
        kept.append(x * x)
        raise KeyError("mine")

    for _ in range(3):
        with pytest.raises(KeyError, match="mine"):
            fg.grad(lambda x: fg.grad(f)(x))(1.0)
        assert fg.grad(lambda x: x * x)(3.0) == 6.0
    with pytest.raises(errors.EscapedTracerError):
        kept[0] * 1.0


# --- memory --------------------------------------------------------------------------------------


@contextmanager
def no_garbage_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Keep(fg.Function):
    """Notes weak references to what it saves."""

    seen: list[Any] = []  # noqa: RUF012

    @staticmethod
    def forward(ctx: fg.Context, x: Any) -> Any:
        y = np.sin(x)
        bottom = y
        while isinstance(bottom, fg.Array):
            bottom = bottom.value
        Keep.seen.append(weakref.ref(bottom))
        ctx.save_for_backward(y)
        return x * 2 + y

    @staticmethod
    def backward(ctx: fg.Context, g: Any) -> Any:
        (y,) = ctx.saved_tensors
        return g * y


def loss(x: Any) -> Any:
    return np.sum(Keep.apply(np.cos(x)) * x)


TRANSFORMED = {
    "grad": lambda x: fg.grad(loss)(x),
    "grad of grad": lambda x: fg.grad(lambda y: np.sum(fg.grad(loss)(y)))(x),
    "vjp": lambda x: fg.vjp(loss, x)[1](1.0),
    "jvp": lambda x: jvp(loss, (x,), (x,)),
    "jvp of grad": lambda x: jvp(fg.grad(loss), (x,), (x,)),
    "vmap of grad": lambda x: vmap(fg.grad(loss))(np.stack([x, x])),
    "grad of vmap": lambda x: fg.grad(lambda y: np.sum(vmap(loss)(y)))(np.stack([x, x])),
}


@pytest.mark.parametrize("name", TRANSFORMED)
def test_no_reference_cycle_keeps_arrays_alive(name: str) -> None:
    Keep.seen.clear()
    with no_garbage_collector():
        result = TRANSFORMED[name](np.ones(10))
        assert Keep.seen
        assert all(reference() is None for reference in Keep.seen)
        tracers: list[Any] = []

        def f(x: Any) -> Any:
            tracers.append(weakref.ref(x))
            return loss(x)

        fg.grad(f)(np.ones(10))
        assert tracers[0]() is None
    del result


def test_an_exception_keeps_no_arrays_alive() -> None:
    Keep.seen.clear()

    def f(x: Any) -> Any:
        loss(x)
        raise KeyError

    with no_garbage_collector():
        with pytest.raises(KeyError):
            fg.grad(f)(np.ones(10))
        assert all(reference() is None for reference in Keep.seen)


def test_memory_falls_during_the_backward_pass() -> None:
    size, length = 100_000, 40
    peaks = []

    class Measure(fg.Function):
        @staticmethod
        def forward(ctx: fg.Context, x: Any) -> Any:
            return x * 1.0

        @staticmethod
        def backward(ctx: fg.Context, g: Any) -> Any:
            peaks.append(tracemalloc.get_traced_memory()[0])
            return g

    def f(x: Any) -> Any:
        x = Measure.apply(x)
        for _ in range(length):
            x = np.sin(x)
        return np.sum(Measure.apply(x))

    tracemalloc.start()
    try:
        fg.grad(f)(np.ones(size))
    finally:
        tracemalloc.stop()
    at_the_end_of_forward, at_the_end_of_backward = peaks
    assert at_the_end_of_forward > length * size * 8
    assert at_the_end_of_backward < 8 * size * 8


def test_a_million_operations() -> None:
    def f(x: Any) -> Any:
        for _ in range(500_000):
            x = x * 1.0000001 + 1e-9
        return x

    value, gradient = fg.value_and_grad(f)(1.0)
    assert abs(float(gradient) - 1.0000001**500_000) < 1e-9
    assert np.isfinite(float(value))


def test_a_deep_chain_of_arrays_and_nested_transforms_has_no_recursion() -> None:
    def f(x: Any) -> Any:
        for _ in range(5_000):
            x = x + 1e-4 * fnp.sin(x)
        return np.sum(x)

    x = np.ones(2)
    second = jvp(fg.grad(f), (x,), (np.ones(2),))[1]
    assert np.all(np.isfinite(np.asarray(second)))


# --- threads -------------------------------------------------------------------------------------


def test_eight_threads() -> None:
    barrier = threading.Barrier(8)

    def work(seed: int) -> list[tuple[float, float]]:
        barrier.wait()
        results = []
        for step in range(30):
            a = seed + step / 10

            def f(x: Any, a: float = a) -> Any:
                return x * fg.grad(lambda y: fnp.sin(y * x) * a)(x)

            results.append((a, float(fg.grad(f)(0.5))))
        return results

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        outcomes = [pair for pairs in pool.map(work, range(8)) for pair in pairs]
    # x * d/dy a sin(y x) at y = x is a x^2 cos(x^2); its derivative is
    # a (2 x cos(x^2) - 2 x^3 sin(x^2))
    for a, gradient in outcomes:
        expected = a * (2 * 0.5 * math.cos(0.25) - 2 * 0.125 * math.sin(0.25))
        assert math.isclose(gradient, expected, rel_tol=1e-12)


def test_threads_share_a_traced_function() -> None:
    """Worker threads may compute parts of one function on one tape's values."""
    _, pullback = fg.vjp(lambda x: np.sum(np.sin(x)), np.arange(1000.0))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        gradients = list(pool.map(lambda g: pullback(float(g))[0], range(32)))
    for g, gradient in enumerate(gradients):
        np.testing.assert_array_equal(gradient, g * np.cos(np.arange(1000.0)))
