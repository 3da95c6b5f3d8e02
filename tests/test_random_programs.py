"""Random programs: each transform against finite differences, loops, and other transforms."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fungrad as fg
import fungrad.numpy as fnp
from tests.numerical import directional
from tests.programs import Program, programs, random_arrays

some = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
seeds = st.integers(0, 2**20)


def everything(program: Program) -> tuple[int, ...]:
    return tuple(range(len(program.shapes)))


def assert_same(found: Any, wanted: Any, tolerance: float = 1e-9) -> None:
    """Compare two trees of arrays."""
    for a, b in zip(fg.tree.leaves(found), fg.tree.leaves(wanted), strict=True):
        assert np.shape(a) == np.shape(b)
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=tolerance, atol=tolerance)


def inner(xs: Any, ys: Any) -> float:
    return float(sum(np.sum(np.asarray(x) * np.asarray(y)) for x, y in zip(xs, ys, strict=True)))


@some
@given(programs(wrapped=False), seeds)
def test_values_are_those_of_numpy(program: Program, seed: int) -> None:
    inputs = random_arrays(program.shapes, seed)
    wanted = program.values(np, inputs)
    found = program.values(fnp, [fnp.array(x) for x in inputs])
    for a, b in zip(found, wanted, strict=True):
        assert isinstance(a, fg.Array)
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        np.testing.assert_array_equal(a, b)


@some
@given(programs(), seeds)
def test_grad_against_finite_differences(program: Program, seed: int) -> None:
    inputs = random_arrays(program.shapes, seed)
    directions = random_arrays(program.shapes, seed + 1)
    gradients = fg.grad(program.total, argnums=everything(program))(*inputs)
    assert [g.shape for g in gradients] == [x.shape for x in inputs]
    (wanted,) = directional(program.total, inputs, directions)
    found = inner(gradients, directions)
    assert abs(found - wanted) <= 1e-6 * max(1, abs(wanted))


@some
@given(programs(), seeds)
def test_forward_mode_against_reverse_mode(program: Program, seed: int) -> None:
    inputs = random_arrays(program.shapes, seed)
    directions = random_arrays(program.shapes, seed + 1)
    y, moved = fg.jvp(program, inputs, directions)
    value, pullback = fg.vjp(program, *inputs)
    assert_same(value, y)
    (cotangent,) = random_arrays([y.shape], seed + 2)
    found = inner(pullback(cotangent), directions)
    wanted = inner([cotangent], [moved])
    assert abs(found - wanted) <= 1e-9 * max(1, abs(wanted))


@some
@given(programs(), seeds)
def test_linearize_against_forward_mode(program: Program, seed: int) -> None:
    inputs = random_arrays(program.shapes, seed)
    value, linear = fg.linearize(program, *inputs)
    for seed_of_direction in (seed + 1, seed + 2):
        directions = random_arrays(program.shapes, seed_of_direction)
        assert_same((value, linear(*directions)), fg.jvp(program, inputs, directions))


@some
@given(programs(4), seeds)
def test_second_order(program: Program, seed: int) -> None:
    """The product of the Hessian with a vector, in four ways."""
    inputs = random_arrays(program.shapes, seed)
    directions = random_arrays(program.shapes, seed + 1)
    gradient = fg.grad(program.total, argnums=everything(program))

    def slope(*xs: Any) -> Any:
        return fg.jvp(program.total, xs, directions)[1]

    def product(*xs: Any) -> Any:
        return sum(fnp.sum(g * d) for g, d in zip(gradient(*xs), directions, strict=True))

    forward_over_reverse = fg.jvp(gradient, inputs, directions)[1]
    reverse_over_reverse = fg.grad(product, argnums=everything(program))(*inputs)
    reverse_over_forward = fg.grad(slope, argnums=everything(program))(*inputs)
    assert_same(reverse_over_reverse, forward_over_reverse)
    assert_same(reverse_over_forward, forward_over_reverse)
    forward_over_forward = fg.jvp(slope, inputs, directions)[1]
    assert_same(forward_over_forward, np.asarray(inner(forward_over_reverse, directions)))
    (wanted,) = directional(slope, inputs, directions)
    assert abs(float(forward_over_forward) - wanted) <= 1e-5 * max(1, abs(wanted))


def rows(inputs: Any, axes: Any, row: int) -> list[Any]:
    """Return the arguments of one example."""
    return [
        x if axis is None else fnp.take(x, row, axis=axis)
        for x, axis in zip(inputs, axes, strict=True)
    ]


def batches(draw: Any, program: Program, seed: int, size: int) -> tuple[list[Any], tuple[Any, ...]]:
    """Draw which arguments have an axis of examples, and where."""
    inputs, axes = [], []
    for position, shape in enumerate(program.shapes):
        axis = draw.draw(st.sampled_from([None, *range(-1 - len(shape), len(shape) + 1)]))
        (x,) = random_arrays([shape], seed + position, () if axis is None else (size,))
        inputs.append(x if axis is None else np.moveaxis(x, 0, axis))
        axes.append(axis)
    if all(axis is None for axis in axes):
        inputs[0] = np.stack([inputs[0]] * size)
        axes[0] = 0
    return inputs, tuple(axes)


@some
@given(programs(), seeds, st.integers(1, 3), st.data())
def test_vmap_against_a_loop(program: Program, seed: int, size: int, data: Any) -> None:
    inputs, axes = batches(data, program, seed, size)
    found = fg.vmap(program, in_axes=axes)(*inputs)
    wanted = np.stack([program(*rows(inputs, axes, row)) for row in range(size)])
    assert_same(found, wanted)
    place = data.draw(st.integers(-found.ndim, found.ndim - 1))
    moved = fg.vmap(program, in_axes=axes, out_axes=place)(*inputs)
    assert_same(moved, np.moveaxis(wanted, 0, place))


@some
@given(programs(4), seeds, st.data())
def test_vmap_of_vmap(program: Program, seed: int, data: Any) -> None:
    """Two batches, of which each argument may have one, the other, both or none."""
    shapes = program.shapes
    outer = [data.draw(st.sampled_from([0, None])) for _ in shapes]
    inner = [data.draw(st.sampled_from([0, None])) for _ in shapes]
    outer[0], inner[-1] = 0, 0
    leads = [(2,) * (a == 0) + (3,) * (b == 0) for a, b in zip(outer, inner, strict=True)]
    inputs = [
        random_arrays([shape], seed + position, lead)[0]
        for position, (shape, lead) in enumerate(zip(shapes, leads, strict=True))
    ]
    mapped = fg.vmap(fg.vmap(program.total, tuple(inner)), tuple(outer))

    def one_by_one(*xs: Any) -> Any:
        values = [
            program.total(*rows(rows(xs, outer, i), inner, j)) for i in range(2) for j in range(3)
        ]
        return fnp.stack(values).reshape(2, 3)

    assert_same(mapped(*inputs), one_by_one(*inputs))
    weights = np.arange(6.0).reshape(2, 3)
    gradients = [
        fg.grad(lambda *xs, f=f: fnp.sum(weights * f(*xs)), argnums=everything(program))(*inputs)
        for f in (mapped, one_by_one)
    ]
    assert_same(*gradients)


@some
@given(programs(), seeds, st.data())
def test_vmap_of_grad_and_grad_of_vmap(program: Program, seed: int, data: Any) -> None:
    size = 3
    inputs, axes = batches(data, program, seed, size)
    gradient = fg.grad(program.total, argnums=everything(program))
    one_by_one = [gradient(*rows(inputs, axes, row)) for row in range(size)]
    columns = [np.stack(column) for column in zip(*one_by_one, strict=True)]
    assert_same(fg.vmap(gradient, in_axes=axes)(*inputs), columns)

    def loss(*xs: Any) -> Any:
        return fnp.sum(fg.vmap(program.total, in_axes=axes)(*xs))

    # What all examples share has the sum of their gradients.
    wanted = [
        column.sum(0) if axis is None else np.moveaxis(column, 0, axis)
        for column, axis in zip(columns, axes, strict=True)
    ]
    assert_same(fg.grad(loss, argnums=everything(program))(*inputs), wanted)


@some
@given(programs(), seeds, st.data())
def test_vmap_of_jvp_and_jvp_of_vmap(program: Program, seed: int, data: Any) -> None:
    inputs, axes = batches(data, program, seed, 2)
    directions = [np.cos(3 * x) for x in inputs]

    def along(*both: Any) -> Any:
        half = len(both) // 2
        return fg.jvp(program, both[:half], both[half:])[1]

    one_by_one = [along(*rows(inputs, axes, row), *rows(directions, axes, row)) for row in range(2)]
    found = fg.vmap(along, in_axes=axes * 2)(*inputs, *directions)
    assert_same(found, np.stack(one_by_one))
    mapped = fg.vmap(program, in_axes=axes)
    assert_same(fg.jvp(mapped, inputs, directions)[1], np.stack(one_by_one))


@some
@given(programs(4), seeds)
def test_jacobians(program: Program, seed: int) -> None:
    inputs = random_arrays(program.shapes, seed)
    forward = fg.jacfwd(program, argnums=everything(program))(*inputs)
    reverse = fg.jacrev(program, argnums=everything(program))(*inputs)
    assert_same(forward, reverse)
    directions = random_arrays(program.shapes, seed + 1)
    moved = sum(
        np.tensordot(np.asarray(j), d, d.ndim) for j, d in zip(forward, directions, strict=True)
    )
    assert_same(moved, fg.jvp(program, inputs, directions)[1])


@some
@given(programs(), seeds)
def test_checkpoint(program: Program, seed: int) -> None:
    inputs = [fnp.array(x) for x in random_arrays(program.shapes, seed)]
    directions = random_arrays(program.shapes, seed + 1)
    checkpointed = fg.checkpoint(program.total)
    plain, gradient = (
        fg.value_and_grad(f, argnums=everything(program)) for f in (program.total, checkpointed)
    )
    assert_same(gradient(*inputs), plain(*inputs), 1e-12)
    assert_same(
        fg.jvp(gradient, inputs, directions)[1], fg.jvp(plain, inputs, directions)[1], 1e-12
    )


def by_custom_vjp(f: Any) -> Any:
    ruled = fg.custom_vjp(f)
    ruled.defvjp(lambda *xs: (f(*xs), xs), lambda xs, g: fg.vjp(f, *xs)[1](g))
    return ruled


def by_custom_jvp(f: Any) -> Any:
    ruled = fg.custom_jvp(f)
    ruled.defjvp(lambda xs, ts: fg.jvp(f, xs, ts))
    return ruled


def by_custom_gradient(f: Any) -> Any:
    return fg.custom_gradient(lambda *xs: fg.vjp(f, *xs))


def by_function(f: Any) -> Any:
    class Saving(fg.Function):
        @staticmethod
        def forward(ctx: Any, *xs: Any) -> Any:
            ctx.save_for_backward(*xs)
            return f(*xs)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return fg.vjp(f, *ctx.saved_tensors)[1](g)

    return Saving.apply


def by_primitive_vjp(f: Any) -> Any:
    foreign = fg.primitive(lambda *xs: f(*xs))
    foreign.defvjp(lambda g, y, *xs: fg.vjp(f, *xs)[1](g))
    return foreign


def by_primitive_jvp(f: Any) -> Any:
    foreign = fg.primitive(lambda *xs: f(*xs))
    foreign.defjvp(lambda ts, y, *xs: fg.jvp(f, xs, ts)[1])
    return foreign


def by_linearize(f: Any) -> Any:
    """f, as its value and the map of no movement at all."""

    def moved(*xs: Any) -> Any:
        y, linear = fg.linearize(f, *xs)
        return y + linear(*[0 * x for x in xs])

    return moved


def by_conversion(f: Any) -> Any:
    """f, as a function of its first argument, with the others as constants."""

    def converted(x: Any, *rest: Any) -> Any:
        g, consts = fg.closure_convert(lambda x: f(x, *rest), x)
        return g(x, *consts)

    return converted


RULED = [
    fg.checkpoint,
    by_custom_vjp,
    by_custom_jvp,
    by_custom_gradient,
    by_function,
    by_primitive_vjp,
    by_primitive_jvp,
    by_linearize,
    by_conversion,
]


@some
@given(programs(4), st.sampled_from(RULED), seeds, st.data())
def test_functions_with_rules(program: Program, by: Any, seed: int, data: Any) -> None:
    """A function with a rule of its own behaves as the function itself, all arguments together."""
    inputs, axes = batches(data, program, seed, 3)
    directions = [np.cos(3 * x) for x in inputs]
    ruled = by(program.total)
    argnums = everything(program)

    def results(f: Any) -> Any:
        def loss(*xs: Any) -> Any:
            return fnp.sum(fg.vmap(f, in_axes=axes)(*xs))

        gradient = fg.grad(loss, argnums=argnums)
        one_by_one = fg.vmap(fg.value_and_grad(f, argnums=argnums), in_axes=axes)(*inputs)
        return one_by_one, fg.jvp(gradient, inputs, directions)

    assert_same(results(ruled), results(program.total))


@some
@given(programs(), seeds)
def test_float32_stays_float32(program: Program, seed: int) -> None:
    inputs = random_arrays(program.shapes, seed)
    narrow = [x.astype(np.float32) for x in inputs]
    directions = [np.cos(x) for x in narrow]
    value, gradients = fg.value_and_grad(program.total, argnums=everything(program))(*narrow)
    y, moved = fg.jvp(program, narrow, directions)
    mapped = fg.vmap(program)(*[np.stack([x, x]) for x in narrow])
    hessian_product = fg.jvp(fg.grad(program.total), narrow, directions)[1]
    every = [value, *gradients, y, moved, mapped, hessian_product]
    assert {str(each.dtype) for each in every} == {"float32"}
    wide = [x.astype(np.float64) for x in narrow]
    wanted = fg.grad(program.total, argnums=everything(program))(*wide)
    assert_same(gradients, wanted, 1e-2)
