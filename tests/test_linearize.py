"""`linearize` and `closure_convert`."""

from __future__ import annotations

import itertools
import pickle
from collections import namedtuple

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad.errors import (
    ConvertedArgumentError,
    EscapedTracerError,
    NonFloatInputError,
    RecordedDecisionError,
    TangentError,
    TracerConversionError,
)

X = np.array([0.1, 0.5, 0.3])
T = np.array([1.0, -2.0, 0.5])
Point = namedtuple("Point", ["a", "b"])


class Square(fg.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * g * x


def user_function(x):
    return fnp.sum(Square.apply(x) * x)


def branch(x):
    return fnp.sum(fnp.exp(x)) if fnp.sum(x) > 0.5 else fnp.sum(fnp.sin(x) * x)


def many_rules(x):
    y = fnp.sort(x) @ fnp.outer(x, x) + fnp.cumsum(x)[::-1]
    return fnp.max(y) + fnp.sum(fnp.where(x > 0.2, fnp.sqrt(fnp.abs(x)), x)) + fnp.prod(x)


def inner_transforms(x):
    gradient = fg.grad(lambda y: fnp.sum(fnp.sin(y) * x))(x)
    return gradient @ x + fnp.sum(fg.vmap(lambda a: a * fnp.sum(x))(x))


def checkpointed(x):
    return fg.checkpoint(branch)(x * 2.0) * fnp.sum(x)


PROGRAMS = [user_function, branch, many_rules, inner_transforms, checkpointed]


def by_jvp(function):
    return lambda x: fnp.sum(fnp.stack(fg.jvp(function, (x,), (fnp.cos(x),))))


def by_linearize(function):
    def result(x):
        y, f_jvp = fg.linearize(function, x)
        return y + f_jvp(fnp.cos(x))

    return result


def direct(function):
    return lambda x: function(x) * fnp.sum(fnp.sin(x)) + x[0]


def converted(function):
    def result(x):
        y = fnp.sin(x)
        inner, consts = fg.closure_convert(lambda z: function(z) * fnp.sum(y) + x[0], x)
        return inner(x, *consts)

    return result


def gradient(function):
    return lambda x: fnp.sum(fg.grad(function)(x))


def mapped(function):
    return lambda x: fnp.sum(fg.vmap(function)(fnp.stack([x, -x, 2 * x])))


def bounded(function):
    def result(x):
        y = function(x)
        return y / (1 + y**2)

    return result


PAIRS = [(by_jvp, by_linearize), (direct, converted), (gradient, gradient), (mapped, mapped)]
CHAINS = [
    chain
    for chain in itertools.product(PAIRS, repeat=2)
    if any(one is not other for one, other in chain)
]


@pytest.mark.parametrize(
    "chain", CHAINS, ids=lambda chain: "-".join(other.__name__ for _, other in chain)
)
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_the_same_at_every_nesting(program, chain):
    expected = found = program
    for one, other in chain:
        expected, found = bounded(one(expected)), bounded(other(found))
    np.testing.assert_allclose(float(found(X)), float(expected(X)), rtol=1e-10, atol=1e-12)


# --- linearize -----------------------------------------------------------------------------------


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_values_and_tangents_are_those_of_jvp(program):
    y, f_jvp = fg.linearize(program, X)
    expected_y, expected = fg.jvp(program, (X,), (T,))
    assert float(y) == float(expected_y)
    np.testing.assert_allclose(f_jvp(T), expected, rtol=1e-13)


def test_it_is_linear():
    _, f_jvp = fg.linearize(lambda x: fnp.sin(x) * x, X)
    np.testing.assert_array_equal(f_jvp(4 * T), 4 * f_jvp(T))
    np.testing.assert_array_equal(f_jvp(0 * T), 0 * T)
    np.testing.assert_allclose(f_jvp(T + X), f_jvp(T) + f_jvp(X), rtol=1e-14)


def test_the_primal_part_runs_once():
    calls = []

    def function(x):
        calls.append(1)
        return fnp.sin(fnp.exp(x))

    _, f_jvp = fg.linearize(function, X)
    functions = {each.function.__name__ for each in f_jvp._recording.program.operations}
    assert functions <= {"Multiply", "Scale"}
    f_jvp(T)
    fg.vmap(f_jvp)(np.eye(3))
    assert len(calls) == 1


def test_trees_and_aux():
    def function(p, n):
        return {"s": fnp.sin(p["w"]) * p["x"], "n": 2}, (p["x"] * n, "text")

    p = {"w": X, "x": 2.0}
    (y, f_jvp, aux) = fg.linearize(function, p, 3, has_aux=True)
    np.testing.assert_allclose(y["s"], np.sin(X) * 2)
    assert float(aux[0]) == 6.0 and aux[1] == "text"
    tangent = f_jvp({"w": T, "x": 1.0}, 0.0)
    np.testing.assert_allclose(tangent["s"], np.cos(X) * 2 * T + np.sin(X))
    assert float(tangent["n"]) == 0.0


def test_integers_are_constants():
    _, f_jvp = fg.linearize(lambda x, i: x[i] * 2.0, X, np.array([2, 0]))
    np.testing.assert_array_equal(f_jvp(T, None), 2 * T[[2, 0]])
    np.testing.assert_array_equal(f_jvp(T, np.array([5, 5])), 2 * T[[2, 0]])


def test_results_that_do_not_depend_on_the_primals():
    y, f_jvp = fg.linearize(lambda x: (fnp.ones(2), x, 3.0), X)
    tangents = f_jvp(T)
    np.testing.assert_array_equal(tangents[0], [0.0, 0.0])
    np.testing.assert_array_equal(tangents[1], T)
    assert float(tangents[2]) == 0.0 and float(y[2]) == 3.0


def test_dtypes_and_shapes():
    y, f_jvp = fg.linearize(lambda x: x * 2.0, np.float32(X))
    assert y.dtype == f_jvp(T).dtype == np.float32
    z = np.array([1 + 2j, 3 - 1j])
    _, f_jvp = fg.linearize(lambda z: z * z, z)
    np.testing.assert_allclose(f_jvp(np.ones(2)), 2 * z)
    assert fg.linearize(lambda x: x * 2.0, np.zeros((0, 2)))[1](np.zeros((0, 2))).shape == (0, 2)


def test_primals_may_change_later():
    x = X.copy()
    _, f_jvp = fg.linearize(lambda x: x * x, x)
    x[:] = 100.0
    np.testing.assert_allclose(f_jvp(T), 2 * X * T)


def test_inside_of_other_transforms():
    _, f_jvp = fg.linearize(lambda x: fnp.sum(fnp.sin(x) * x), X)
    weights = np.cos(X) * X + np.sin(X)
    np.testing.assert_allclose(fg.grad(f_jvp)(T), weights)
    np.testing.assert_allclose(fg.vmap(f_jvp)(np.eye(3)), weights)
    np.testing.assert_allclose(fg.linear_transpose(f_jvp, X)(1.0)[0], weights)


def test_it_captures_and_dies_with_what_it_captured():
    kept = []

    def loss(w):
        _, f_jvp = fg.linearize(lambda x: x * x * w, 3.0)
        kept.append(f_jvp)
        return f_jvp(1.0)

    assert float(fg.grad(loss)(2.0)) == 6.0
    with pytest.raises(EscapedTracerError):
        kept[0](1.0)


def test_branches_belong_to_the_point():
    _, f_jvp = fg.linearize(branch, X)
    np.testing.assert_allclose(f_jvp(T), np.exp(X) @ T)

    def strange(x):  # its derivative decides by the tangent
        @fg.custom_jvp
        def function(x):
            return x

        @function.defjvp
        def push(primals, tangents):
            return primals[0], tangents[0] * 2.0 if tangents[0] > 0 else tangents[0]

        return function(x)

    _, f_jvp = fg.linearize(strange, 1.0)
    assert float(f_jvp(-1.0)) == -1.0
    with pytest.raises(RecordedDecisionError):
        f_jvp(1.0)


@pytest.mark.parametrize(
    ("tangents", "message"),
    [
        ((), "there are 2 primals and 0 tangents"),
        ((T, 1.0, 1.0), "there are 2 primals and 3 tangents"),
        (({"a": np.ones(2)}, 1.0), r'tangents\[0\]\["a"\] is float64\[2\] where primals\[0\]'),
        (({"b": T}, 1.0), "do not match"),
        (({"a": T}, "x"), "it is no array"),
        (({"a": T * 1j}, 1.0), "it must be real"),
    ],
)
def test_tangents_are_checked(tangents, message):
    _, f_jvp = fg.linearize(lambda p, s: p["a"] * s, {"a": X}, 2.0)
    with pytest.raises(TangentError, match=message):
        f_jvp(*tangents)


def test_primals_are_checked():
    with pytest.raises(NonFloatInputError):
        fg.linearize(lambda x: x, "text")
    with pytest.raises(TracerConversionError):
        fg.linearize(lambda x: float(x) * x, 1.0)
    assert "linear map of linearize of branch" in repr(fg.linearize(branch, X)[1])


# --- closure_convert -----------------------------------------------------------------------------


def test_what_it_closes_over_becomes_an_argument():
    def loss(w):
        function, consts = fg.closure_convert(lambda x: fnp.sum(w * x), X)
        assert len(consts) == 1 and consts[0] is w
        return function(2 * X, *[3 * c for c in consts])

    np.testing.assert_allclose(fg.grad(loss)(X), 6 * X)
    function, consts = fg.closure_convert(lambda x: fnp.sum(X * x), X)
    assert consts == [] and float(function(X)) == pytest.approx(X @ X)


def test_values_that_are_returned_as_they_are():
    def loss(w):
        function, consts = fg.closure_convert(lambda x: (w, x, w * x, "text"), 2.0)
        a, b, c, text = function(5.0, *[2 * each for each in consts])
        assert text == "text" and len(consts) == 1
        return a * b + c

    assert float(fg.grad(loss)(1.0)) == 2 * 5 + 2 * 5


def test_integers_and_other_values_stay():
    def loss(w, index):
        function, consts = fg.closure_convert(lambda x: x[index] * w, X)
        assert len(consts) == 1
        return function(X, *consts)

    indices = np.array([0, 2])
    gradients = fg.vmap(fg.grad(loss), in_axes=(None, 0))(2.0, indices)
    np.testing.assert_allclose(gradients, X[indices])


def test_trees_and_static_leaves():
    def function(p, mode):
        return {"r": p.a * p.b} if mode == "product" else None

    run, _ = fg.closure_convert(function, Point(2.0, X), "product")
    np.testing.assert_allclose(run(Point(3.0, 2 * X), "product")["r"], 6 * X)
    assert repr(run) == "<closure_convert of function>"


def test_decisions_that_would_differ():
    run, _ = fg.closure_convert(lambda x: x * 2.0 if x > 0 else x * 3.0, 1.0)
    assert float(run(5.0)) == 10.0
    with pytest.raises(RecordedDecisionError, match="choose with"):
        run(-5.0)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "got 0 arguments"),
        ((Point(X, 1.0), "a", 1.0), "got 3 arguments"),
        ((Point(np.ones(2), 1.0), "a"), r"p.a is float64\[2\] and was float64\[3\] in the example"),
        ((Point(np.float32(X), 1.0), "a"), r"p.a is float32\[3\]"),
        ((Point(X, 1.0), "b"), "mode is str 'b' and was str 'a' in the example"),
        ((Point("b", 1.0), "a"), r"p.a is str 'b' and was float64\[3\]"),
        ((Point(X, 1.0), 2.0), r"mode is float64\[\] and was str 'a'"),
        (((X, 1.0), "a"), "argument 0 is not like its example"),
    ],
)
def test_arguments_are_checked(args, message):
    run, _ = fg.closure_convert(lambda p, mode: p.a * p.b, Point(X, 1.0), "a")
    with pytest.raises(ConvertedArgumentError, match=message):
        run(*args)


def test_with_a_custom_rule():
    """What it is for: a solver that gets a function, with a derivative of its own."""

    def solve(function, start):
        converted, consts = fg.closure_convert(function, start)
        return _solve(converted, start, *consts)

    def _find(converted, start, *consts):
        x = fg.stop_gradient(start)
        for _ in range(60):
            x = x - 0.5 * converted(x, *consts)
        return x

    def _forward(converted, start, *consts):
        x = _find(converted, start, *consts)
        return x, (x, consts)

    def _backward(converted, kept, g):
        x, consts = kept
        _, pull = fg.vjp(lambda x, *consts: converted(x, *consts), x, *consts)
        slope, *rest = pull(1.0)
        return (g * 0.0, *[-g * each / slope for each in rest])

    _solve = fg.custom_vjp(_find, nondiff_argnums=(0,))
    _solve.defvjp(_forward, _backward)
    # x**2 = a
    found = fg.value_and_grad(lambda a: solve(lambda x: (x * x - a) / 2, 1.5))(2.0)
    np.testing.assert_allclose(found, [np.sqrt(2), 0.5 / np.sqrt(2)], rtol=1e-12)


def test_programs_of_rules_pickle():
    _, f_jvp = fg.linearize(lambda x: fnp.sum(x * x), X)
    program = f_jvp._recording.program
    again = pickle.loads(pickle.dumps(program.operations))
    assert [each.function for each in again] == [each.function for each in program.operations]
