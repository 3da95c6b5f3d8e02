"""cond, switch and while_loop: as Python's own, and on parts of a batch."""

from __future__ import annotations

import concurrent.futures
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors
from fungrad.lax.conditionals import cond, switch, while_loop

ROWS = np.array([1.0, -2.0, 3.0, -4.0, 0.5])
W = np.array([2.0, 3.0])
POSITIVE = np.geomspace(1e-3, 1e6, 50)


def same(given: Any, expected: Any, tolerance: float = 1e-12) -> None:
    np.testing.assert_allclose(np.asarray(given), expected, rtol=tolerance, atol=tolerance)


def branch(x: Any) -> Any:
    return cond(x > 0, np.sin, lambda x: x**3, x)


VALUES = np.where(ROWS > 0, np.sin(ROWS), ROWS**3)
SLOPES = np.where(ROWS > 0, np.cos(ROWS), 3 * ROWS**2)
SECOND = np.where(ROWS > 0, -np.sin(ROWS), 6 * ROWS)


def loss(w: Any, x: Any) -> Any:
    """Both branches close over a traced value; one over the operand's own variable, too."""
    y = w[0] * x
    return cond(x > 0, lambda x: y * w[1] * x, lambda x: fnp.sin(y) + w[1], x)


def loss_gradient(w: Any, x: Any) -> Any:
    if x > 0:
        return np.array([w[1] * x * x, w[0] * x * x])
    return np.array([np.cos(w[0] * x) * x, 1.0])


GRADIENTS = np.stack([loss_gradient(W, x) for x in ROWS])


def test_without_a_batch() -> None:
    for x, value, slope in zip(ROWS, VALUES, SLOPES, strict=True):
        same(branch(x), value)
        same(fg.grad(branch)(x), slope)
        same(fg.jvp(branch, (x,), (1.0,))[1], slope)
    same(cond(True, lambda: 1.0, lambda: 2.0), 1.0)
    same(cond(0, lambda x: x, lambda x: -x, operand=3.0), -3.0)
    assert cond(np.array(1), lambda p: p["a"], lambda p: p["b"], {"a": 1, "b": 2}) == 1


def test_in_a_batch() -> None:
    same(fg.vmap(branch)(ROWS), VALUES)
    same(fg.vmap(fg.grad(branch))(ROWS), SLOPES)
    same(fg.grad(lambda x: fg.vmap(branch)(x).sum())(ROWS), SLOPES)
    same(fg.vmap(fg.grad(fg.grad(branch)))(ROWS), SECOND)
    same(fg.vmap(lambda x: fg.jvp(branch, (x,), (1.0,))[1])(ROWS), SLOPES)
    same(fg.jvp(fg.vmap(branch), (ROWS,), (np.ones(5),))[1], SLOPES)
    same(fg.vmap(lambda x: fg.jvp(fg.grad(branch), (x,), (1.0,))[1])(ROWS), SECOND)
    x = np.linspace(-1, 1, 12).reshape(3, 4)
    same(fg.vmap(fg.vmap(fg.grad(branch)))(x), np.where(x > 0, np.cos(x), 3 * x**2))


def test_closures_over_traced_values() -> None:
    same(fg.vmap(fg.grad(loss), in_axes=(None, 0))(W, ROWS), GRADIENTS)
    total = fg.grad(lambda w: fg.vmap(loss, in_axes=(None, 0))(w, ROWS).sum())(W)
    same(total, GRADIENTS.sum(0))

    def hessian(x: Any) -> Any:
        def directional(w: Any, direction: Any) -> Any:
            return (fg.grad(loss)(w, x) * direction).sum()

        return fg.vmap(fg.grad(directional), in_axes=(None, 0))(W, np.eye(2))

    expected = [
        [[0, x * x], [x * x, 0]] if x > 0 else [[-np.sin(W[0] * x) * x * x, 0], [0, 0]]
        for x in ROWS
    ]
    same(fg.vmap(hessian)(ROWS), expected)


def test_a_shared_argument_used_in_one_branch_only() -> None:
    def f(w: Any, p: Any) -> Any:
        return cond(p, lambda w: w**2, lambda w: 5.0, w)

    given = fg.vmap(fg.grad(f), in_axes=(None, 0))(3.0, np.array([True, False, True]))
    same(given, [6.0, 0.0, 6.0])


def test_a_value_used_in_both_branches_and_outside() -> None:
    def f(x: Any) -> Any:
        y = fnp.exp(x)
        return y * cond(x > 0, lambda: y * 2, lambda: y**2) + y

    expected = np.where(
        ROWS > 0, 4 * np.exp(2 * ROWS) + np.exp(ROWS), 3 * np.exp(3 * ROWS) + np.exp(ROWS)
    )
    same(fg.vmap(fg.grad(f))(ROWS), expected)


def test_each_branch_runs_on_its_own_examples() -> None:
    seen: dict[str, int] = {}

    def mark(name: str) -> Any:
        class Mark(fg.Function):
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                return x

            @staticmethod
            def vmap(size: int, batched: Any, x: Any) -> Any:
                seen[name] = size
                return x, True

        return Mark.apply

    positive, negative = mark("positive"), mark("negative")
    fg.vmap(lambda x: cond(x > 0, positive, negative, x))(ROWS)
    assert seen == {"positive": 3, "negative": 2}
    seen.clear()
    fg.vmap(lambda x: cond(x < 100, positive, negative, x))(ROWS)
    assert seen == {"positive": 5}


def test_trees_and_types() -> None:
    def f(x: Any) -> Any:
        return cond(x > 0, lambda x: {"a": (x, 1)}, lambda x: {"a": (2.0, int(x))}, x)

    given = fg.vmap(f)(ROWS)
    same(given["a"][0], np.where(ROWS > 0, ROWS, 2.0))
    np.testing.assert_array_equal(given["a"][1], np.where(ROWS > 0, 1, np.trunc(ROWS)))
    assert given["a"][1].dtype == np.int64
    x = ROWS.astype(np.float32)
    assert fg.vmap(branch)(x).dtype == np.float32
    assert fg.vmap(fg.grad(branch))(x).dtype == np.float32


def test_switch() -> None:
    branches = [lambda x: x, np.sin, np.exp]
    same(switch(1, branches, 2.0), np.sin(2.0))
    same(switch(-5, branches, 2.0), 2.0)
    same(switch(np.int8(9), branches, operand=2.0), np.exp(2.0))
    index = np.array([0, 1, 2, 9, -3])
    same(
        fg.vmap(lambda i, x: switch(i, branches, x))(index, ROWS),
        [ROWS[0], np.sin(ROWS[1]), np.exp(ROWS[2]), np.exp(ROWS[3]), ROWS[4]],
    )
    gradient = fg.vmap(fg.grad(lambda x, i: switch(i, branches, x)))(ROWS, index)
    same(gradient, [1.0, np.cos(ROWS[1]), np.exp(ROWS[2]), np.exp(ROWS[3]), 1.0])


def root(a: Any) -> Any:
    return while_loop(lambda x: abs(x * x - a) > 1e-13 * a, lambda x: (x + a / x) / 2, a * 1.0)


def test_while_loop() -> None:
    same(root(2.0), np.sqrt(2))
    same(fg.grad(root)(2.0), 0.5 / np.sqrt(2), 1e-10)
    same(fg.vmap(root)(POSITIVE), np.sqrt(POSITIVE))
    slope = 0.5 / np.sqrt(POSITIVE)
    same(fg.vmap(fg.grad(root))(POSITIVE), slope, 1e-9)
    same(fg.grad(lambda a: fg.vmap(root)(a).sum())(POSITIVE), slope, 1e-9)
    same(fg.vmap(lambda a: fg.jvp(root, (a,), (1.0,))[1])(POSITIVE), slope, 1e-9)
    few = POSITIVE[20:]
    same(fg.vmap(fg.grad(fg.grad(root)))(few), -0.25 * few**-1.5, 1e-6)
    x = few[:12].reshape(3, 4)
    same(fg.vmap(fg.vmap(root))(x), np.sqrt(x))
    same(fg.vmap(fg.vmap(fg.grad(root)))(x), 0.5 / np.sqrt(x), 1e-9)


def test_while_loop_of_trees_and_counts() -> None:
    def f(n: Any) -> Any:
        return while_loop(
            lambda s: s["i"] < n, lambda s: {"i": s["i"] + 1, "x": s["x"] * 2.0}, {"i": 0, "x": 1.0}
        )

    n = np.array([3, 0, 7, 3])
    given = fg.vmap(f)(n)
    np.testing.assert_array_equal(given["i"], n)
    np.testing.assert_array_equal(given["x"], 2.0**n)
    assert float(f(4)["x"]) == 16.0
    assert isinstance(f(0)["x"], (fg.Array, np.ndarray))


def test_finished_examples_leave_the_loop() -> None:
    sizes = []

    class Step(fg.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x - 1

        @staticmethod
        def vmap(size: int, batched: Any, x: Any) -> Any:
            sizes.append(size)
            return x - 1, True

    fg.vmap(lambda n: while_loop(lambda x: x > 0, Step.apply, n))(np.array([1.0, 4.0, 2.0, 2.0]))
    assert sizes == [4, 3, 1, 1]


def test_a_loop_split_along_two_axes() -> None:
    """The first steps are decided by the outer batch alone, later ones by both."""

    def f(n: Any, m: Any) -> Any:
        def inner(m: Any) -> Any:
            return while_loop(
                lambda s: (
                    (s[0] < n) if not isinstance(s[0], fg.Array) or s[2] < 2 else s[0] < n * m
                ),
                lambda s: (s[0] + 1, s[1] + m * 1.0, s[2] + 1),
                (n * 0, m * 0.0, 0),
            )[1]

        return fg.vmap(inner)(m)

    n, m = np.array([1, 3, 2]), np.array([1, 2, 3, 2])
    given = fg.vmap(f, in_axes=(0, None))(n, m)

    def single(n: int, m: int) -> float:
        i, x, k = 0, 0.0, 0
        while (i < n) if k < 2 else i < n * m:
            i, x, k = i + 1, x + m, k + 1
        return x

    same(given, [[single(a, b) for b in m] for a in n])


def test_python_branches_inside_of_branches() -> None:
    def inside(x: Any) -> Any:
        return x * 10 if x > 2 else x

    def f(x: Any) -> Any:
        return cond(x > 0, inside, lambda x: cond(x > -3, abs, lambda x: x * 0, x), x) + 1

    same(fg.vmap(f)(ROWS), [2, 3, 31, 1, 1.5])
    same(fg.vmap(fg.grad(f))(ROWS), [1, -1, 10, 0, 1])
    same(fg.grad(lambda x: fg.vmap(f)(x).sum())(ROWS), [1, -1, 10, 0, 1])


def test_transforms_inside_of_branches() -> None:
    def f(x: Any) -> Any:
        y = x * 2
        return cond(
            x > 0,
            lambda: fg.grad(lambda z: z**3 * y)(x),
            lambda: fg.vmap(lambda a: a * y)(fnp.ones(2)).sum(),
        )

    same(fg.vmap(f)(ROWS), np.where(ROWS > 0, 6 * ROWS**3, 4 * ROWS))
    same(fg.vmap(fg.grad(f))(ROWS), np.where(ROWS > 0, 18 * ROWS**2, 4.0))


def test_a_function_inside_of_a_branch() -> None:
    class Square(fg.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 2 * ctx.saved_tensors[0]

    def f(x: Any) -> Any:
        return cond(x > 0, Square.apply, lambda x: x, x)

    same(fg.vmap(fg.grad(f))(ROWS), np.where(ROWS > 0, 2 * ROWS, 1))
    same(fg.vmap(fg.grad(fg.grad(f)))(ROWS), np.where(ROWS > 0, 2, 0))


def test_a_checkpoint_inside_of_a_branch() -> None:
    @fg.checkpoint
    def inside(x: Any) -> Any:
        return fnp.sin(x) * x

    def f(x: Any) -> Any:
        return cond(x > 0, inside, lambda x: x**3, x)

    slope = np.where(ROWS > 0, np.sin(ROWS) + ROWS * np.cos(ROWS), 3 * ROWS**2)
    second = np.where(ROWS > 0, 2 * np.cos(ROWS) - ROWS * np.sin(ROWS), 6 * ROWS)
    same(fg.vmap(fg.grad(f))(ROWS), slope)
    same(fg.grad(lambda x: fg.vmap(f)(x).sum())(ROWS), slope)
    same(fg.vmap(lambda x: fg.jvp(f, (x,), (1.0,))[1])(ROWS), slope)
    same(fg.vmap(fg.grad(fg.grad(f)))(ROWS), second)
    whole = fg.checkpoint(lambda x: fg.vmap(f)(x).sum())
    same(fg.grad(whole)(ROWS), slope)
    same(fg.hessian(whole)(ROWS), np.diag(second))


def loop(f: Any, *columns: Any) -> list[float]:
    return [float(f(*map(fnp.array, row))) for row in zip(*columns, strict=True)]


NESTED = {
    "cond in cond": lambda x, y: cond(
        x > 0, lambda u: cond(y > 0, lambda: u * 2, lambda: u * 3), lambda u: u, x
    ),
    "cond in while": lambda x, y: while_loop(
        lambda c: c < 1, lambda c: cond(y > 0, lambda: c + 1, lambda: c + 0.3), x
    ),
    "while in while": lambda x, y: while_loop(
        lambda c: c < 1,
        lambda c: c + 0.5 + while_loop(lambda d: d < y, lambda d: d + 1, c * 0),
        x,
    ),
    "while on a captured value in cond": lambda x, y: cond(
        x > 0,
        lambda u: while_loop(lambda c: c[0] < 1.0, lambda c: (c[0] + 0.4, c[1] + u), (y, u))[1],
        lambda u: u,
        x,
    ),
    "a loop that others would never end": lambda x, y: cond(
        x > 0, lambda: while_loop(lambda c: c < 10, lambda c: c * 2, x), lambda: x * y
    ),
    "if on a captured value in cond": lambda x, y: cond(
        x > 0, lambda u: u * 2 if y > 0 else u * 3, lambda u: u * y, x
    ),
}


@pytest.mark.parametrize("name", NESTED)
def test_branches_on_captured_values_inside_of_branches(name: str) -> None:
    f = NESTED[name]
    rng = np.random.default_rng(3)
    for _ in range(5):
        x, y = rng.normal(size=6), rng.normal(size=6)
        same(fg.vmap(f)(x, y), loop(f, x, y))
        for which in (0, 1):
            gradient = fg.grad(f, which)
            same(fg.vmap(gradient)(x, y), loop(gradient, x, y))
            total = fg.grad(lambda x, y: fg.vmap(f)(x, y).sum(), which)
            same(total(x, y), loop(gradient, x, y))


def test_the_way_back_through_a_branch_whose_examples_are_put_off() -> None:
    @fg.custom_vjp
    def product(x: Any, y: Any) -> Any:
        return x * y

    product.defvjp(
        lambda x, y: (x * y, (x, y)),
        lambda xy, g: cond(
            xy[0] > xy[1], lambda: (g * xy[1], g * xy[0]), lambda: (g * xy[1], g * xy[0])
        ),
    )

    def f(x: Any) -> Any:
        y = cond(x > 0, lambda x: product(x, x + 1), lambda x: x * 2, x)
        return y * 3 if x > 0 else y

    same(fg.vmap(fg.grad(f))(ROWS), np.where(ROWS > 0, 3 * (2 * ROWS + 1), 2))


def test_a_recording_knows_what_a_branch_decided() -> None:
    def f(x: Any) -> Any:
        converted, consts = fg.closure_convert(
            lambda y: cond(y > 0, lambda: y * x, lambda: fnp.sin(y)), x
        )
        return converted(-x, *consts)

    with pytest.raises(errors.RecordedDecisionError):
        fg.vmap(f)(ROWS)


def test_a_pullback_that_outlives_its_batch() -> None:
    kept = []

    def f(x: Any) -> Any:
        y, pullback = fg.vjp(lambda x: cond(x > 0, lambda: x, lambda: -x), x)
        kept.append(pullback)
        return y

    fg.vmap(f)(ROWS)
    with pytest.raises(errors.AxisNameError, match="a vmap that has returned"):
        kept[0](1.0)


def test_in_a_thread_of_its_own() -> None:
    def f(x: Any) -> Any:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda: cond(x > 0, lambda: x * 2, lambda: x)).result()

    same(fg.vmap(f)(ROWS), np.where(ROWS > 0, 2 * ROWS, ROWS))


def test_a_value_of_a_branch_cannot_be_used_outside() -> None:
    kept = []

    def keep(x: Any) -> Any:
        kept.append(x * 2)
        return x

    def f(x: Any) -> Any:
        return cond(x > 0, keep, lambda x: x, x) + kept[0]

    with pytest.raises(errors.EscapedTracerError, match="cond of keep"):
        fg.vmap(f)(ROWS)


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: cond(ROWS > 0, abs, abs, ROWS), errors.PredicateError, "bool[5]"),
        (lambda: cond("yes", abs, abs, 1.0), errors.PredicateError, "'yes'"),
        (lambda: cond(True, 1.0, 2.0), errors.BranchError, "lambda *operands: value"),
        (lambda: switch(0, []), errors.BranchError, "no branch"),
        (lambda: switch(0.5, [abs], 1.0), errors.PredicateError, "one integer"),
        (lambda: while_loop(lambda x: x, abs, ROWS), errors.PredicateError, "cond_fun"),
        (
            lambda: fg.vmap(lambda x: cond(x > 0, lambda x: (x,), lambda x: [x], x))(ROWS),
            errors.BatchedOutputError,
            "one structure",
        ),
        (
            lambda: fg.vmap(lambda x: cond(x > 0, lambda: fnp.ones(2), lambda: fnp.ones(3)))(ROWS),
            errors.BatchedShapeError,
            "(2,) for example 0",
        ),
    ],
)
def test_mistakes(call: Any, kind: Any, text: str) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert text in str(caught.value)


def test_an_exception_in_a_branch() -> None:
    def fail(x: Any) -> Any:
        raise ZeroDivisionError("here")

    with pytest.raises(ZeroDivisionError):
        fg.vmap(lambda x: cond(x > 0, fail, abs, x))(ROWS)
    same(fg.vmap(lambda x: cond(x > 10, fail, abs, x))(ROWS), np.abs(ROWS))
