"""vmap: axes, trees, names, chunks, and Python's control flow on values that differ."""

from __future__ import annotations

import math
import pickle
from typing import Any, NamedTuple

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors
from fungrad.transforms.rows import Axis, Memory

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 3))
ROWS = np.array([1.0, -2.0, 3.0, -4.0, 0.5])


def same(given: Any, expected: Any, tolerance: float = 1e-12) -> None:
    np.testing.assert_allclose(np.asarray(given), expected, rtol=tolerance, atol=tolerance)


# --- axes ----------------------------------------------------------------------------------------


class Point(NamedTuple):
    x: Any
    y: Any


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
@pytest.mark.parametrize("out", [0, 1, 2, -1, -3])
def test_axes_in_and_out(axis: int, out: int) -> None:
    x = RNG.normal(size=(2, 3, 4))
    given = fg.vmap(np.sin, in_axes=axis, out_axes=out)(x)
    same(given, np.moveaxis(np.sin(x), axis, out))


def test_trees_of_axes() -> None:
    params = {"w": RNG.normal(size=(3, 2)), "b": 2.0}
    point = Point(RNG.normal(size=(2, 5)), [RNG.normal(size=5), None])

    def f(params: Any, point: Any) -> Any:
        return {"z": fnp.sum(params["w"]) * point.x + params["b"], "y": (point.y[0],)}

    given = fg.vmap(f, in_axes=({"w": None, "b": None}, Point(1, 0)), out_axes={"z": -1, "y": 0})(
        params, point
    )
    same(given["z"], params["w"].sum() * point.x + 2.0)
    same(given["y"][0], point.y[0])
    given = fg.vmap(f, in_axes=(None, Point(1, [0, None])), out_axes={"z": 1, "y": (0,)})(
        params, point
    )
    same(given["z"], params["w"].sum() * point.x + 2.0)


def test_lists_of_axes_count_as_tuples() -> None:
    same(fg.vmap(fnp.multiply, in_axes=[0, None])(ROWS, 2.0), 2 * ROWS)


def test_results_that_do_not_depend_on_the_example() -> None:
    both = fg.vmap(lambda x: (x, 7.0, fnp.ones(2)), out_axes=(0, None, 0))(ROWS)
    same(both[0], ROWS)
    assert both[1].shape == ()
    same(both[2], np.ones((5, 2)))


def test_arguments_that_are_no_arrays_pass_unmapped() -> None:
    given = fg.vmap(lambda f, x: f(x), in_axes=(None, 0))(np.sin, ROWS)
    same(given, np.sin(ROWS))
    with pytest.raises(errors.BatchAxisError, match="map it with in_axes=None"):
        fg.vmap(lambda f, x: f(x))(np.sin, ROWS)


def test_an_unmapped_ndarray_is_an_array_inside() -> None:
    kept = np.zeros(2)

    def f(x: Any, kept: Any) -> Any:
        assert isinstance(kept, fg.Array)
        return kept.at[0].set(x)

    same(fg.vmap(f, in_axes=(0, None))(ROWS, kept)[:, 0], ROWS)


def test_an_unmapped_number_is_weak() -> None:
    x = np.ones(3, np.float32)
    assert fg.vmap(fnp.multiply, in_axes=(0, None))(x, 2.0).dtype == np.float32


def test_keyword_arguments_are_mapped_over_axis_0() -> None:
    def f(x: Any, *, scale: Any) -> Any:
        return x * scale["a"]

    same(fg.vmap(f, in_axes=None)(2.0, scale={"a": ROWS}), 2 * ROWS)
    with pytest.raises(errors.BatchSizeError, match=r'scale\["a"\]: float64\[2\] has 2 along'):
        fg.vmap(f)(ROWS, scale={"a": np.ones(2)})


def test_axis_size() -> None:
    same(fg.vmap(lambda: 3.0, axis_size=4)(), np.full(4, 3.0))
    same(fg.vmap(lambda x: x, in_axes=None, axis_size=2)(X), np.stack([X, X]))
    with pytest.raises(errors.BatchSizeError, match="axis_size: 3"):
        fg.vmap(np.sin, axis_size=3)(ROWS)


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: fg.vmap(3.0), TypeError, "vmap takes a function"),
        (lambda: fg.vmap(np.sin, in_axes=1.5), TypeError, "in_axes is an int, None or a tuple"),
        (lambda: fg.vmap(np.sin, chunk_size=0), ValueError, "chunk_size is a positive int"),
        (
            lambda: fg.vmap(np.sin, in_axes=(0, 1))(ROWS),
            errors.TreeMismatchError,
            "in_axes has 2 items for 1 positional",
        ),
        (
            lambda: fg.vmap(lambda p: p["w"], in_axes=({"v": 0},))({"w": ROWS}),
            errors.TreeMismatchError,
            "in_axes",
        ),
        (lambda: fg.vmap(np.sin, in_axes=2)(ROWS), errors.BatchAxisError, "no axis 2"),
        (lambda: fg.vmap(np.sin)(2.0), errors.BatchAxisError, "no axis 0"),
        (lambda: fg.vmap(np.sin, in_axes=("a",))(ROWS), errors.BatchAxisError, "axis 'a'"),
        (lambda: fg.vmap(np.sin, out_axes=1)(ROWS), errors.BatchedOutputError, "out_axes=1"),
        (lambda: fg.vmap(np.sin, out_axes=(0, 0))(ROWS), errors.TreeMismatchError, "out_axes"),
        (lambda: fg.vmap(lambda x: "text")(ROWS), errors.OutputTypeError, "text"),
        (
            lambda: fg.vmap(lambda x: (x,) if x > 0 else [x])(ROWS),
            errors.BatchedOutputError,
            "one structure",
        ),
    ],
)
def test_mistakes(call: Any, kind: Any, text: str) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert text in str(caught.value)


@pytest.mark.parametrize("chunk", [1, 2, 3, 4, 5, 100])
def test_chunks(chunk: int) -> None:
    def f(w: Any, x: Any) -> Any:
        return {"a": fnp.sin(x) * w, "b": fnp.sum(w), "c": fnp.outer(x, x)}

    options: Any = {"in_axes": (None, 1), "out_axes": {"a": 1, "b": None, "c": 0}}
    whole = fg.vmap(f, **options)(2.0, X)
    parts = fg.vmap(f, chunk_size=chunk, **options)(2.0, X)
    for key, value in whole.items():
        same(parts[key], value)


def test_chunks_that_do_not_fit_together() -> None:
    with pytest.raises(errors.BatchedOutputError, match="one structure"):
        fg.vmap(lambda x: {"a": x} if x > 0 else {"b": x}, chunk_size=1)(ROWS)
    with pytest.raises(errors.BatchedOutputError, match="out_axes=None"):
        fg.vmap(lambda x: 1.0 if x > 0 else 2.0, out_axes=None, chunk_size=1)(ROWS)
    with pytest.raises(errors.BatchedShapeError):
        fg.vmap(lambda x: x if x > 0 else fnp.stack([x, x]), chunk_size=1)(ROWS)


def test_zeros_of_both_signs_are_not_the_same_answer() -> None:
    zeros = np.array([0.0, -0.0])
    same(fg.vmap(lambda x: math.copysign(1.0, x.item()))(zeros), [1.0, -1.0])
    same(fg.vmap(lambda x: math.atan2(float(x), -1.0))(zeros), [np.pi, -np.pi])


def test_axes_of_numpys_integers() -> None:
    same(fg.vmap(square, in_axes=np.int64(1))(X), (X**2).T)
    same(fg.vmap(square, in_axes=(np.int8(-1),))(X), (X**2).T)


def test_the_largest_batch_under_chunks_is_a_chunk() -> None:
    seen = []

    class Spy(fg.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            seen.append(x)
            return x

        @staticmethod
        def vmap(size: int, batched: Any, x: Any) -> Any:
            seen.append(size)
            return x, True

    fg.vmap(Spy.apply, chunk_size=2)(ROWS)
    assert seen == [2, 2, 1]


def test_it_keeps_name_and_docstring_and_pickles() -> None:
    mapped = fg.vmap(square, in_axes=1, axis_name="i")
    assert mapped.__name__ == "square"
    again = pickle.loads(pickle.dumps(mapped))
    same(again(X), (X**2).T)


def square(x: Any) -> Any:
    return x * x


def test_methods() -> None:
    class Model:
        scale = 3.0

        def apply(self, x: Any) -> Any:
            return self.scale * x

        mapped = fg.vmap(lambda self, x: self.scale * x, in_axes=(None, 0))

    same(fg.vmap(Model().apply)(ROWS), 3 * ROWS)
    same(Model().mapped(ROWS), 3 * ROWS)


def test_no_examples() -> None:
    assert fg.vmap(fnp.outer)(np.zeros((0, 2)), np.zeros((0, 3))).shape == (0, 2, 3)
    assert fg.vmap(fg.grad(np.sin))(np.zeros(0)).shape == (0,)


# --- Python's control flow -----------------------------------------------------------------------


def newton(a: Any) -> Any:
    x = a
    while abs(x * x - a) > 1e-13 * a:
        x = 0.5 * (x + a / x)
    return x


def steps_of_newton(a: Any) -> Any:
    x, steps = a, 0
    while abs(x * x - a) > 1e-13 * a:
        x = 0.5 * (x + a / x)
        steps += 1
    return steps


POSITIVE = np.geomspace(1e-3, 1e6, 100)


def branch(x: Any) -> Any:
    if x > 2:
        return fnp.exp(-x)
    if x > 0:
        return fnp.sin(x)
    return x**3


def branch_derivative(x: Any) -> Any:
    return np.where(x > 2, -np.exp(-x), np.where(x > 0, np.cos(x), 3 * x**2))


def branch_second(x: Any) -> Any:
    return np.where(x > 2, np.exp(-x), np.where(x > 0, -np.sin(x), 6 * x))


def test_if() -> None:
    same(fg.vmap(branch)(ROWS), [branch(x) for x in ROWS])
    same(fg.vmap(fg.grad(branch))(ROWS), branch_derivative(ROWS))
    same(fg.grad(lambda x: fg.vmap(branch)(x).sum())(ROWS), branch_derivative(ROWS))
    same(fg.vmap(fg.grad(fg.grad(branch)))(ROWS), branch_second(ROWS))
    twice = fg.grad(lambda x: fg.grad(lambda y: fg.vmap(branch)(y).sum())(x).sum())(ROWS)
    same(twice, branch_second(ROWS))
    tangent = fg.jvp(fg.vmap(branch), (ROWS,), (np.ones(5),))[1]
    same(tangent, branch_derivative(ROWS))
    same(fg.vmap(lambda x: fg.jvp(branch, (x,), (1.0,))[1])(ROWS), branch_derivative(ROWS))


def test_while() -> None:
    same(fg.vmap(newton)(POSITIVE), np.sqrt(POSITIVE))
    others = POSITIVE * 1.01  # at 1 there is no step, and so the derivative is that of x = a
    same(fg.vmap(fg.grad(newton))(others), 0.5 / np.sqrt(others), 1e-9)
    same(fg.grad(lambda a: fg.vmap(newton)(a).sum())(others), 0.5 / np.sqrt(others), 1e-9)
    expected = [steps_of_newton(fnp.array(a)) for a in POSITIVE]
    assert len(set(expected)) > 8
    np.testing.assert_array_equal(fg.vmap(steps_of_newton)(POSITIVE), expected)


def count_operations(function: Any) -> int:
    """Count how often an operation is computed (not remembered) under vmap."""
    count = 0

    class Counted(fg.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x

        @staticmethod
        def vmap(size: int, batched: Any, x: Any) -> Any:
            nonlocal count
            count += 1
            return x, True

    function(Counted.apply)
    return count


def test_no_step_is_computed_twice() -> None:
    """A hundred examples that stop at a hundred different steps cost as much as the slowest."""

    def countdown(mark: Any, n: Any) -> Any:
        x = n * 1.0
        while x > 0:
            x = mark(x - 1.0)
        return x

    n = np.arange(1.0, 101.0)
    assert count_operations(lambda mark: fg.vmap(lambda n: countdown(mark, n))(n)) == 100


def test_a_branch_that_no_example_takes_is_not_run() -> None:
    def f(x: Any) -> Any:
        if x > 100:
            raise AssertionError("never")
        return x

    same(fg.vmap(f)(ROWS), ROWS)


def test_an_exception_in_a_branch_reaches_the_caller() -> None:
    def f(x: Any) -> Any:
        if x > 2:
            raise ValueError("too large")
        return x

    with pytest.raises(ValueError, match="too large"):
        fg.vmap(f)(ROWS)
    same(fg.vmap(f)(ROWS - 5), ROWS - 5)


def test_python_functions_that_decide() -> None:
    same(fg.vmap(lambda x: min(x, 0.2))(ROWS), np.minimum(ROWS, 0.2))
    same(fg.vmap(lambda x, y: max(x, y, 0.0))(ROWS, -ROWS), np.abs(ROWS))
    same(
        fg.vmap(lambda x: sorted([x, 1.0 - x, 0.4])[1])(ROWS),
        np.median([ROWS, 1 - ROWS, ROWS * 0 + 0.4], 0),
    )
    same(fg.vmap(lambda x: x or 5.0)(np.array([0.0, 2.0])), [5.0, 2.0])
    same(fg.vmap(lambda x: 0 < x < 2)(ROWS), (ROWS > 0) & (ROWS < 2))
    same(fg.vmap(lambda x: int(x) * 1.0)(ROWS), np.trunc(ROWS))
    same(fg.vmap(lambda x: float(x) * 2)(ROWS), 2 * ROWS)
    same(fg.vmap(lambda x: x.item() + 1)(ROWS), ROWS + 1)
    same(fg.vmap(lambda row: sum(row.tolist()))(X), X.sum(1))
    same(fg.vmap(lambda n: sum(range(n)))(np.arange(5)), [0, 0, 1, 3, 6])
    same(fg.vmap(lambda n: [10.0, 20.0, 30.0][n])(np.array([2, 0, 1, 1])), [30, 10, 20, 20])
    same(fg.vmap(lambda x, n: x[:n].sum())(X, np.arange(4)), [X[i, :i].sum() for i in range(4)])
    same(fg.vmap(lambda x: round(x))(ROWS), np.round(ROWS))


def test_masks() -> None:
    expected = [row[row > 0].sum() for row in X]
    same(fg.vmap(lambda row: row[row > 0].sum())(X), expected)
    gradient = fg.vmap(fg.grad(lambda row: (row[row > 0] ** 2).sum()))(X)
    same(gradient, np.where(X > 0, 2 * X, 0))
    gradient = fg.grad(lambda x: fg.vmap(lambda row: (row[row > 0] ** 2).sum())(x).sum())(X)
    same(gradient, np.where(X > 0, 2 * X, 0))
    same(
        fg.vmap(lambda row: len(np.unique(np.round(row))))(X),
        [len(np.unique(np.round(r))) for r in X],
    )


def test_what_was_computed_before_a_branch_serves_both_sides() -> None:
    def f(w: Any, x: Any) -> Any:
        y = fnp.sin(w * x)
        z = [y, {"a": x}]
        if x > 0:
            return y * z[1]["a"]
        return z[0] - w

    def loop(w: float) -> Any:
        return [float(f(w, x)) for x in ROWS]

    same(fg.vmap(f, in_axes=(None, 0))(0.7, ROWS), loop(0.7))
    step = 1e-6
    expected = (np.array(loop(0.7 + step)) - np.array(loop(0.7 - step))) / (2 * step)
    same(fg.vmap(fg.grad(f), in_axes=(None, 0))(0.7, ROWS), expected, 1e-8)
    total = fg.grad(lambda w: fg.vmap(f, in_axes=(None, 0))(w, ROWS).sum())(0.7)
    same(total, expected.sum(), 1e-8)


def test_nested_batches() -> None:
    x = np.linspace(-3.0, 3.0, 12).reshape(3, 4)
    same(fg.vmap(fg.vmap(branch))(x), [[float(branch(a)) for a in row] for row in x])
    same(fg.vmap(fg.vmap(fg.grad(branch)))(x), branch_derivative(x))
    same(fg.grad(lambda x: fg.vmap(fg.vmap(branch))(x).sum())(x), branch_derivative(x))
    same(fg.vmap(fg.grad(lambda row: fg.vmap(branch)(row).sum()))(x), branch_derivative(x))

    def outer(row: Any) -> Any:
        total = row.sum()
        return fg.vmap(lambda a: a * 2 if a > total else a - total)(row)

    same(fg.vmap(outer)(x), [np.where(r > r.sum(), 2 * r, r - r.sum()) for r in x])

    def inner_first(row: Any) -> Any:
        mapped = fg.vmap(lambda a: -a if a > 0 else a)(row)
        return mapped.sum() if mapped[0] < -1 else mapped[0]

    expected = [-np.abs(r).sum() if -abs(r[0]) < -1 else -abs(r[0]) for r in x]
    same(fg.vmap(inner_first)(x), expected)


def test_branches_in_the_forward_of_a_function() -> None:
    class Branch(fg.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.positive = bool(x > 0)
            if ctx.positive:
                ctx.save_for_backward(fnp.sin(x), x)
                return fnp.sin(x) * x
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            if ctx.positive:
                y, x = ctx.saved_tensors
                return g * (y + x * fnp.cos(x))
            (x,) = ctx.saved_tensors
            return g * 3 * x**2

    expected = np.where(ROWS > 0, np.sin(ROWS) * ROWS, ROWS**3)
    slope = np.where(ROWS > 0, np.sin(ROWS) + ROWS * np.cos(ROWS), 3 * ROWS**2)
    second = np.where(ROWS > 0, 2 * np.cos(ROWS) - ROWS * np.sin(ROWS), 6 * ROWS)
    same(fg.vmap(Branch.apply)(ROWS), expected)
    same(fg.vmap(fg.grad(Branch.apply))(ROWS), slope)
    same(fg.grad(lambda x: fg.vmap(Branch.apply)(x).sum())(ROWS), slope)
    same(fg.vmap(fg.grad(fg.grad(Branch.apply)))(ROWS), second)
    nested = fg.grad(lambda x: (fg.grad(lambda y: fg.vmap(Branch.apply)(y).sum())(x)).sum())
    same(nested(ROWS), second)


def test_branches_in_a_backward() -> None:
    class Clip(fg.Function):
        """The gradient is cut off at 1."""

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 1.0

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g if g < 1 else g * 0 + 1

    def loss(w: Any) -> Any:
        return (fg.vmap(Clip.apply)(w) ** 2).sum() / 2

    same(fg.grad(loss)(ROWS), np.minimum(ROWS, 1))
    same(fg.vmap(fg.grad(lambda w: Clip.apply(w) ** 2 / 2))(ROWS), np.minimum(ROWS, 1))


def test_a_function_that_loops_differently_for_each_row_of_a_vector() -> None:
    def collatz(n: Any) -> Any:
        steps = 0
        while n > 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            steps += 1
        return steps

    n = np.arange(1, 30)
    np.testing.assert_array_equal(fg.vmap(collatz)(n), [collatz(int(i)) for i in n])


def test_many_parts() -> None:
    """More parts than Python's stack has frames."""
    n = np.arange(3000)
    np.testing.assert_array_equal(fg.vmap(lambda i: int(i) * 2)(n), n * 2)


def test_results_are_forgotten_if_they_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fungrad.transforms.rows.MEMORY", 2000)
    same(fg.vmap(newton)(POSITIVE), np.sqrt(POSITIVE))
    same(fg.vmap(branch)(ROWS), [branch(x) for x in ROWS])


def test_an_impure_function_is_not_served_wrong_results() -> None:
    """What is remembered belongs to operations on the same values, not to places in the code."""
    calls = []

    def f(x: Any) -> Any:
        calls.append(1)
        y = x * len(calls)
        return y if x > 0 else -y

    first, second = ROWS > 0, ROWS <= 0
    given = np.asarray(fg.vmap(f)(ROWS))
    same(given[first], ROWS[first])
    same(given[second], -2 * ROWS[second])


def test_decisions_under_grad_and_jvp_are_as_before() -> None:
    assert float(fg.grad(branch)(1.0)) == pytest.approx(np.cos(1.0))
    with pytest.raises(errors.TracerConversionError):
        fg.grad(lambda x: x.item())(1.0)
    with pytest.raises(errors.TracerConversionError, match="grad"):
        fg.grad(lambda x: fg.vmap(lambda a: float(a))(x).sum())(ROWS)
    with pytest.raises(errors.TracerConversionError, match="grad"):
        fg.vmap(fg.grad(lambda x: float(x) * x))(ROWS)


def test_an_ndarray_of_a_batched_value_is_refused() -> None:
    with pytest.raises(errors.TracerConversionError, match="more than one value"):
        fg.vmap(lambda x: np.asarray(x))(ROWS)


# --- the pieces ----------------------------------------------------------------------------------


def test_rows() -> None:
    axis = Axis(6)
    everything = axis.everything
    even = axis.rows(np.array([0, 2, 4]))
    assert axis.rows(np.array([0, 2, 4])) is even
    assert axis.rows(np.arange(6)) is everything
    assert even.within(everything)[0] is even
    np.testing.assert_array_equal(even.within(everything)[1], [0, 2, 4])
    few = axis.rows(np.array([2, 3]))
    common, positions = few.within(even)
    np.testing.assert_array_equal(common.indices, [2])
    assert positions == slice(1, 2)
    np.testing.assert_array_equal(everything.without(even).indices, [1, 3, 5])
    assert even.together(everything.without(even)) is everything
    groups = even.groups(np.array([1.0, np.nan, 1.0]))
    assert [list(group.indices) for group in groups] == [[0, 4], [2]]
    assert even.groups(np.zeros((3, 0))) == [even]
    assert even.groups(np.array([[1, 2], [1, 2], [1, 2]])) == [even]


def test_what_is_remembered() -> None:
    memory = Memory()
    x, z = fnp.ones(3), fnp.zeros(3)
    memory.note(fnp.add, (x, 1.0), {"axis": 0}, z, 24)
    again = memory.prefix()
    assert again.recall(fnp.add, (x, 1.0), {"axis": 0}) is z
    assert again.recall(fnp.add, (x, 1.0), {"axis": 0}) is None
    for args, params in [
        ((x, 2.0), {"axis": 0}),
        ((x, 1), {"axis": 0}),
        ((x, 1.0, 1.0), {"axis": 0}),
        ((z, 1.0), {"axis": 0}),
        ((x, 1.0), {"axis": 1}),
        ((x, 1.0), {"axis": np.ones(2)}),
    ]:
        assert memory.prefix().recall(fnp.add, args, params) is None
    assert memory.prefix().recall(fnp.add, (fnp.ones(3), 1.0), {"axis": 0}) is z
