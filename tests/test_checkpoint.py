"""Checkpoints: the same derivatives, less memory, no Python code run twice."""

from __future__ import annotations

import itertools
import pickle
import tracemalloc
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad.errors import (
    CapturedTracerError,
    EscapedTracerError,
    RecordedDecisionError,
    TracerConversionError,
)
from fungrad.rules.products import Contract, Matmul
from fungrad.transforms.known import can_be_known
from fungrad.transforms.policies import Name

X = np.array([0.1, 0.5, 0.3])
policies = fg.checkpoint_policies


# --- every nesting -------------------------------------------------------------------------------


class Cube(fg.Function):
    @staticmethod
    def forward(ctx, x):
        square = np.square(x)
        ctx.save_for_backward(x)
        ctx.square = square
        return square * x

    @staticmethod
    def backward(ctx, g):
        return g * 3 * ctx.square


class Two(fg.Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x * y, np.sin(x)

    @staticmethod
    def backward(ctx, g, h):
        x, y = ctx.saved_tensors
        return g * y + h * np.cos(x), g * x


def user_function(x):
    product, sine = Two.apply(x, x + 1)
    return fnp.sum(product * sine * Cube.apply(x))


def branch(x):
    return fnp.sum(fnp.exp(x)) if fnp.sum(x) > 0.5 else fnp.sum(fnp.sin(x) * x)


def integers(x):
    return x[int(fnp.argmax(x))] * fnp.sum(fnp.sort(x) * fnp.cumsum(x))


def inner_transforms(x):
    gradient = fg.grad(lambda y: fnp.sum(fnp.sin(y) * x))(x)
    return gradient @ x + fnp.sum(fg.vmap(lambda a: a * fnp.sum(x))(x))


def nested(x):
    return fnp.sum(fg.checkpoint(lambda y: fg.checkpoint(fnp.tanh)(y) * x)(x * 2))


def products(x):
    return fnp.sum(fnp.outer(x, fnp.tanh(x)) @ x)


PROGRAMS = [user_function, branch, integers, inner_transforms, nested, products]


def bounded(function):
    def result(x):
        y = function(x)
        return y / (1 + y**2)

    return result


def gradient(function):
    return lambda x: fnp.sum(fg.grad(function)(x))


def value_and_gradient(function):
    def result(x):
        value, grad = fg.value_and_grad(function)(x)
        return value * fnp.sum(grad)

    return result


def pushed(function):
    return lambda x: fnp.sum(fnp.stack(fg.jvp(function, (x,), (fnp.cos(x),))))


def mapped(function):
    return lambda x: fnp.sum(fg.vmap(function)(fnp.stack([x, -x, 2 * x])))


TRANSFORMS = [gradient, value_and_gradient, pushed, mapped]
TWICE = list(itertools.product(TRANSFORMS, repeat=2))
THRICE = [
    (gradient, gradient, gradient),
    (value_and_gradient, mapped, value_and_gradient),
    (value_and_gradient, value_and_gradient, pushed),
    (pushed, gradient, mapped),
    (mapped, value_and_gradient, gradient),
]


def keep_some(function, /, *shapes, **params):
    return len(function.__name__) % 2 == 0


@pytest.mark.parametrize("policy", [None, policies.dots_saveable, keep_some])
@pytest.mark.parametrize("chain", TWICE + THRICE, ids=lambda c: "-".join(f.__name__ for f in c))
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_the_same_at_every_nesting(program, chain, policy):
    plain, checkpointed = program, fg.checkpoint(program, policy=policy)
    for transform in chain:
        plain = bounded(transform(plain))
        checkpointed = fg.checkpoint(bounded(transform(checkpointed)), policy=policy)
    np.testing.assert_allclose(float(checkpointed(X)), float(plain(X)), rtol=1e-10, atol=1e-12)


def test_hessian():
    expected = fg.hessian(branch)(X)
    np.testing.assert_allclose(fg.hessian(fg.checkpoint(branch))(X), expected, rtol=1e-12)


# --- what goes in and comes out ------------------------------------------------------------------


def test_without_derivatives_it_is_the_function():
    seen = []
    function = fg.checkpoint(lambda x: seen.append(type(x)) or x)
    assert function("text") == "text"
    function(X)
    assert seen == [str, np.ndarray]


def test_trees_keywords_and_other_leaves():
    @fg.checkpoint
    def block(params, x, *, scale, mode="tanh"):
        assert mode == "tanh" and type(scale) is int and params["name"] == "layer"
        h = fnp.tanh(params["w"] * x) * scale
        return {"h": h, "count": 3, "shape": h.shape, "none": None, "x": x}

    def loss(w):
        result = block({"w": w, "name": "layer"}, X, scale=2)
        assert result["count"] == 3 and result["shape"] == (3,) and result["none"] is None
        return fnp.sum(result["h"] * result["x"])

    expected = 2 * X * X / np.cosh(X) ** 2
    np.testing.assert_allclose(fg.grad(loss)(np.ones(3)), expected)


def test_static_argnums():
    function = fg.checkpoint(lambda x, n, f: f(x) ** n, static_argnums=(1, -1))
    assert float(fg.grad(lambda x: function(x, 3, fnp.sin))(0.5)) == pytest.approx(
        3 * np.sin(0.5) ** 2 * np.cos(0.5)
    )


def test_integers_and_floats_together():
    @fg.checkpoint
    def function(x, index):
        return fnp.argmax(x), x[index] * 2.0, index + 1

    def loss(x):
        place, value, after = function(x, np.array([0, 2]))
        assert place.dtype.kind == "i" and after.tolist() == [1, 3]
        return fnp.sum(value) * x[place]

    np.testing.assert_allclose(fg.grad(loss)(X), fg.grad(lambda x: 2 * (x[0] + x[2]) * x[1])(X))


def test_results_that_are_arguments_or_constants():
    constant = fnp.array([1.0, 2.0])

    def loss(x, y):
        a, b, c, d = fg.checkpoint(lambda x: (x, x, constant, y))(x)
        return fnp.sum(a * b) + fnp.sum(c) + d

    gx, gy = fg.grad(loss, argnums=(0, 1))(X, 2.0)
    np.testing.assert_allclose(gx, 2 * X)
    assert float(gy) == 1.0


def test_unused_results_and_arguments():
    def loss(x, y):
        a, _, _ = fg.checkpoint(lambda x, y: (x * 2.0, fnp.log(y), fnp.sqrt(x - x)))(x, y)
        return fnp.sum(a)

    gx, gy = fg.grad(loss, argnums=(0, 1))(X, 0.0 * X + 1)
    np.testing.assert_array_equal(gx, [2.0, 2.0, 2.0])
    np.testing.assert_array_equal(gy, [0.0, 0.0, 0.0])


def test_dtypes():
    function = fg.checkpoint(lambda x, y: fnp.sum(fnp.tanh(x * 2.0 * y)))
    single, double = np.float32(X), X + 0.0
    gradients = fg.grad(function, argnums=(0, 1))(single, double)
    assert [g.dtype for g in gradients] == [np.float32, np.float64]
    z = np.array([1 + 2j, 0.5 - 1j])
    checkpointed = fg.checkpoint(lambda z: fnp.sum(fnp.abs(fnp.exp(z)) ** 2))
    np.testing.assert_allclose(
        fg.grad(checkpointed)(z), fg.grad(lambda z: fnp.sum(fnp.abs(fnp.exp(z)) ** 2))(z)
    )


def test_empty_arrays_and_scalars():
    function = fg.checkpoint(lambda x: fnp.sum(fnp.sin(x)))
    assert fg.grad(function)(np.zeros((0, 3))).shape == (0, 3)
    assert float(fg.grad(function)(0.0)) == 1.0


def test_zero_gradients_stay_zero_where_derivatives_are_infinite():
    function = fg.checkpoint(lambda x: fnp.sum(fnp.where(x > 0, fnp.sqrt(x), 0.0)))
    np.testing.assert_array_equal(fg.grad(function)(np.array([0.0, 4.0])), [0.0, 0.25])


def test_arrays_that_change_later():
    data = np.array([1.0, 2.0])

    def loss(w):
        h = fg.checkpoint(lambda w, x: fnp.sum(w * w * x))(w, data)
        data[:] = 100.0
        return h

    assert float(fg.grad(loss)(3.0)) == 18.0


# --- what it closes over -------------------------------------------------------------------------


def test_traced_values_that_it_closes_over():
    def loss(w, v):
        return fnp.sum(fg.checkpoint(lambda x: fnp.sin(x * w) + v)(w * 2.0))

    expected = fg.grad(lambda w, v: fnp.sum(fnp.sin(w * w * 2.0) + v), argnums=(0, 1))(X, X)
    for one, other in zip(fg.grad(loss, argnums=(0, 1))(X, X), expected, strict=True):
        np.testing.assert_allclose(one, other)


def test_closing_over_without_traced_arguments():
    def loss(w):
        return fnp.sum(fg.checkpoint(lambda x: fnp.sin(x * w))(X))

    np.testing.assert_allclose(fg.grad(loss)(X), X * np.cos(X * X))


def test_closing_over_several_levels():
    def outer(a):
        def inner(b):
            return fnp.sum(fg.checkpoint(lambda x: x * a * fnp.sin(b))(b * a))

        return fnp.sum(fg.grad(inner)(X) * a)

    def plain(a):
        return fnp.sum(fg.grad(lambda b: fnp.sum(b * a * a * fnp.sin(b)))(X) * a)

    np.testing.assert_allclose(float(fg.grad(outer)(2.0)), float(fg.grad(plain)(2.0)))


def test_a_function_that_hides_an_argument_is_refused():
    def loss(w):
        class Hidden(fg.Function):
            @staticmethod
            def forward(ctx, x):
                return x * w

            @staticmethod
            def backward(ctx, g):
                return g * w

        return fg.checkpoint(lambda x: fnp.sum(Hidden.apply(x)))(w * 1.0)

    with pytest.raises(CapturedTracerError):
        fg.grad(loss)(2.0)


# --- Python code ---------------------------------------------------------------------------------


def test_the_python_code_runs_once():
    calls = []

    @fg.checkpoint
    def function(x):
        calls.append(1)
        return fnp.sum(fnp.sin(x))

    fg.grad(function)(X)
    assert len(calls) == 1
    fg.grad(lambda x: fnp.sum(fg.grad(function)(x)))(X)
    assert len(calls) == 2
    fg.vmap(fg.grad(function))(np.stack([X, X]))
    assert len(calls) == 3


def test_forward_runs_twice_in_all():
    calls = []

    class Counted(fg.Function):
        @staticmethod
        def forward(ctx, x):
            calls.append(1)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    fg.grad(lambda x: fnp.sum(fg.checkpoint(Counted.apply)(x)))(X)
    assert len(calls) == 2


def test_a_conversion_that_would_cut_the_gradient_is_an_error():
    with pytest.raises(TracerConversionError, match="checkpoint of"):
        fg.grad(fg.checkpoint(lambda x: x * float(x)))(2.0)
    assert float(fg.checkpoint(lambda x: x * float(x))(np.array(2.0))) == 4.0


def test_branches_in_a_batch():
    @fg.checkpoint
    def function(x):
        if x > 0:
            return fnp.sin(x) * x
        return x**2

    xs = np.array([0.5, -1.0, 2.0, -3.0])
    expected = [np.sin(x) + x * np.cos(x) if x > 0 else 2 * x for x in xs]
    np.testing.assert_allclose(fg.vmap(fg.grad(function))(xs), expected)
    np.testing.assert_allclose(fg.grad(lambda xs: fnp.sum(fg.vmap(function)(xs)))(xs), expected)


def test_decisions_inside_are_known_outside():
    inner = fg.checkpoint(lambda x: x * 2.0 if x > 0 else x * 3.0)
    converted, _ = fg.closure_convert(lambda x: inner(x) + 1.0, 1.0)
    assert float(converted(5.0)) == 11.0
    with pytest.raises(RecordedDecisionError):
        converted(-5.0)
    assert float(fg.grad(fg.checkpoint(lambda x: inner(x) * x))(2.0)) == 8.0


def test_exceptions_leave_nothing_behind():
    def fail(x):
        raise KeyError("half-way")

    with pytest.raises(KeyError):
        fg.grad(fg.checkpoint(fail))(1.0)
    kept = []
    fg.grad(fg.checkpoint(lambda x: kept.append(x) or x * 2.0))(1.0)
    with pytest.raises(EscapedTracerError, match="checkpoint of"):
        kept[0] + 1.0


def test_it_is_the_function_in_other_ways():
    def named(x, y=2.0):
        """A docstring."""
        return x * y

    function = fg.checkpoint(named)
    assert function.__name__ == "named" and function.__doc__ == "A docstring."
    assert repr(function) == "<checkpoint of named>"
    assert fg.remat is fg.checkpoint
    assert fg.checkpoint(named, prevent_cse=False)(3.0) == 6.0
    with pytest.raises(TypeError, match="policy is a function"):
        fg.checkpoint(named, policy="dots")
    with pytest.raises(TypeError, match="takes a function"):
        fg.checkpoint(3)

    class Layer:
        @fg.checkpoint
        def __call__(self, x):
            return x * 2.0

    assert float(fg.grad(Layer())(1.0)) == 2.0


def test_pickling():
    for policy in (None, policies.save_only_these_names("a"), policies.dots_saveable):
        function = pickle.loads(pickle.dumps(fg.checkpoint(branch, policy=policy)))
        np.testing.assert_allclose(fg.grad(function)(X), fg.grad(branch)(X))


# --- memory --------------------------------------------------------------------------------------


def peak(function: Any, *args: Any) -> float:
    """The memory that a call takes at most, in arrays of a layer."""
    function(*args)
    tracemalloc.start()
    try:
        function(*args)
        return tracemalloc.get_traced_memory()[1] / WIDE.nbytes
    finally:
        tracemalloc.stop()


WIDE = np.full(200_000, 0.5)
DEPTH = 64


def deep(block: int, wrap: Any) -> Any:
    """A chain of operations, each of which keeps one array, in blocks."""

    def part(x):
        for _ in range(block):
            x = fnp.sin(x)
        return x

    def loss(x):
        for _ in range(DEPTH // block):
            x = wrap(part)(x)
        return fnp.sum(x)

    return loss


def test_memory_falls_with_the_square_root_of_the_depth():
    everything = peak(fg.grad(deep(8, lambda f: f)), WIDE)
    blocks = peak(fg.grad(deep(8, fg.checkpoint)), WIDE)
    whole = peak(fg.grad(deep(DEPTH, fg.checkpoint)), WIDE)
    assert DEPTH - 2 < everything < DEPTH + 8
    assert blocks < 8 + 8 + 6  # the inputs of the blocks, and the tape of one
    assert whole > DEPTH - 2  # one block of all saves nothing


def test_memory_of_checkpoints_within_checkpoints():
    def split(function, depth):
        if depth == 0:
            return function
        half = fg.checkpoint(split(function, depth - 1))
        return lambda x: half(half(x))

    flat = peak(fg.grad(lambda x: fnp.sum(split(fnp.sin, 0)(x))), WIDE)
    tree = peak(fg.grad(lambda x: fnp.sum(split(fnp.sin, 6)(x))), WIDE)
    assert flat < 6
    assert tree < 6 + 12  # the logarithm of 64 operations, twice


def test_memory_of_second_derivatives():
    def twice(loss):
        return fg.grad(lambda x: fnp.sum(fg.grad(loss)(x)))

    everything = peak(twice(deep(8, lambda f: f)), WIDE)
    blocks = peak(twice(deep(8, fg.checkpoint)), WIDE)
    assert blocks < everything / 3


# --- policies ------------------------------------------------------------------------------------


def layers(params, x):
    for w in params:
        x = fnp.tanh(fg.checkpoint_name(x @ w, "product"))
    return fg.checkpoint_name(fnp.sum(x * x), "total")


PARAMS = [np.eye(3) * 0.5 + 0.1 * i for i in range(4)]


def count_products(policy: Any) -> int:
    """How many products are computed in a gradient beside those of the way back."""
    graph = fg.make_graph(fg.grad(fg.checkpoint(layers, policy=policy)))(PARAMS, X)
    text = str(graph).partition("backward of")[0]
    return text.count("= matmul")


@pytest.mark.parametrize(
    ("policy", "count"),
    [
        (None, 8),
        (policies.nothing_saveable, 8),
        (policies.everything_saveable, 4),
        (policies.dots_saveable, 4),
        (policies.checkpoint_dots, 4),
        (policies.dots_with_no_batch_dims_saveable, 4),
        (policies.checkpoint_dots_with_no_batch_dims, 4),
        (policies.save_only_these_names("product"), 4),
        (policies.save_only_these_names("total", "other"), 8),
        (policies.save_any_names_but_these("product"), 8),
        (policies.save_any_names_but_these("total"), 4),
        (policies.save_anything_except_these_names("total"), 4),
        (
            policies.save_from_both_policies(
                policies.nothing_saveable, policies.save_only_these_names("product")
            ),
            4,
        ),
    ],
)
def test_policies(policy, count):
    expected = fg.grad(layers)(PARAMS, X)
    found = fg.grad(fg.checkpoint(layers, policy=policy))(PARAMS, X)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    assert count_products(policy) == count


def test_a_policy_is_asked_about_each_operation():
    asked = []

    def policy(function, /, *shapes, **params):
        asked.append((function.__name__, shapes, params))
        return False

    function = fg.checkpoint(lambda w, x: fnp.sum(w @ x, axis=0), policy=policy)
    fg.grad(function)(np.ones((2, 3)), X)
    assert asked == [
        ("Matmul", ((2, 3), (3,)), {}),
        ("Sum", ((2,),), {"axis": (0,), "keepdims": False}),
    ]


def test_dots_without_batch_dimensions():
    policy = policies.dots_with_no_batch_dims_saveable
    assert policy(Matmul, (2, 3), (3, 4))
    assert policy(Matmul, (5, 2, 3), (3, 4))
    assert not policy(Matmul, (5, 2, 3), (5, 3, 4))
    assert policy(Contract, (2, 3), (3, 4), labels=((0, 1), (1, 2), (0, 2)))
    assert not policy(Contract, (5, 3), (5, 3), labels=((0, 1), (0, 1), (0,)))
    assert not policy(Name, (3,), name="x")


def test_memory_of_policies():
    wide = np.full((400, 500), 0.5)
    w = fnp.eye(500)

    def loss(policy):
        def block(x):
            for _ in range(8):
                x = fnp.sin(fnp.tanh(x @ w)) * x
            return fnp.sum(x)

        checkpointed = fg.checkpoint(block, policy=policy)
        # The values that are kept count from the way forward on: the way back frees as it goes.
        return lambda x: fg.vjp(checkpointed, x)

    sizes = {}
    for name in ("nothing_saveable", "dots_saveable", "everything_saveable"):
        function = loss(getattr(policies, name))
        function(wide)
        tracemalloc.start()
        kept = function(wide)
        sizes[name] = tracemalloc.get_traced_memory()[0] / wide.nbytes
        tracemalloc.stop()
        del kept
    assert sizes["nothing_saveable"] < 1.5
    assert 7.5 < sizes["dots_saveable"] < 9.5
    assert sizes["everything_saveable"] > 22


def test_names():
    assert fg.checkpoint_name(2.0, "a") == 2.0
    named = fg.checkpoint_name({"a": X, "b": "text"}, "a")
    assert named["b"] == "text" and isinstance(named["a"], fg.Array)
    assert float(fg.grad(lambda x: fg.checkpoint_name(x, "x") ** 2)(3.0)) == 6.0
    np.testing.assert_array_equal(fg.vmap(lambda x: fg.checkpoint_name(x, "x"))(X), X)
    with pytest.raises(TypeError, match="the name is a str"):
        fg.checkpoint_name(2.0, 3)


def test_what_can_be_known():
    class Mine(fg.Function):
        pass

    assert can_be_known(Matmul) and can_be_known(Name)
    assert not can_be_known(Mine)
