"""Loops whose steps are functions: scan, fori_loop, map, associative_scan."""

from __future__ import annotations

import pickle
import tracemalloc
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors, lax

RANDOM = np.random.default_rng(0)
WEIGHT = RANDOM.normal(size=(4, 4)) / 2
DATA = RANDOM.normal(size=(7, 4))
CHECKPOINTS = [None, True, 1, 2, 3, 6, 50]


def close(one: Any, other: Any) -> None:
    leaves, structure = fg.tree.flatten(one)
    for a, b in zip(leaves, structure.flatten_up_to(other), strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-12, atol=1e-12)


def rnn(weight, data, **settings):
    def step(state, x):
        state = np.tanh(weight @ state + x)
        return state, {"sum": state.sum(), "first": state[0]}

    state, ys = lax.scan(step, fnp.zeros(4), data, **settings)
    return fnp.sum(state) + fnp.sum(ys["sum"] * ys["first"])


def rnn_by_python(weight, data):
    state = fnp.zeros(4)
    total = 0.0
    for x in data:
        state = np.tanh(weight @ state + x)
        total = total + state.sum() * state[0]
    return fnp.sum(state) + total


# --- scan: values --------------------------------------------------------------------------------


def test_scan_carries_and_collects():
    carry, ys = lax.scan(lambda c, x: (c + x, c * x), 1.0, fnp.array([1.0, 2.0, 3.0]))
    assert isinstance(carry, fg.Array)
    assert float(carry) == 7.0
    np.testing.assert_array_equal(ys, [1.0, 4.0, 12.0])


def test_scan_in_reverse_collects_in_order():
    carry, ys = lax.scan(lambda c, x: (2 * c + x, c), 0.0, np.array([1.0, 2.0, 3.0]), reverse=True)
    assert float(carry) == 17.0
    np.testing.assert_array_equal(ys, [8.0, 3.0, 0.0])


class Point(NamedTuple):
    x: Any
    y: Any


def test_scan_of_trees():
    init = {"a": Point(0.0, fnp.zeros(2)), "b": (None, [1])}
    xs = (fnp.arange(3.0), {"k": fnp.ones((3, 2))})

    def step(carry, x):
        point = carry["a"]
        new = {"b": carry["b"], "a": Point(point.x + x[0], point.y + x[1]["k"])}
        return new, [point.x, Point(x[0], None)]

    carry, ys = lax.scan(step, init, xs)
    assert list(carry) == ["b", "a"] or list(carry) == ["a", "b"]
    assert isinstance(carry["a"], Point)
    assert float(carry["a"].x) == 3.0
    np.testing.assert_array_equal(carry["a"].y, [3.0, 3.0])
    assert int(carry["b"][1][0]) == 1
    np.testing.assert_array_equal(ys[0], [0.0, 0.0, 1.0])
    assert ys[1].y is None


def test_scan_by_length_alone():
    carry, ys = lax.scan(lambda c, x: (c * 2, x), 1, None, 10)
    assert int(carry) == 1024
    assert ys is None
    _, ys = lax.scan(lambda c, x: (c, c), 1.5, (), length=np.int64(3))
    np.testing.assert_array_equal(ys, [1.5] * 3)


def test_scan_takes_python_numbers_lists_of_results_and_unroll():
    carry, ys = lax.scan(lambda c, x: [c + x, 1], 0, np.arange(4), unroll=4)
    assert carry.dtype == int
    np.testing.assert_array_equal(ys, [1, 1, 1, 1])


@pytest.mark.parametrize("checkpoint", [None, True])
@pytest.mark.parametrize("reverse", [False, True])
def test_no_steps(checkpoint, reverse):
    def step(carry, x):
        return carry + x["a"].sum(), {"row": x["a"], "total": carry}

    xs = {"a": np.zeros((0, 3))}
    carry, ys = lax.scan(step, 0, xs, reverse=reverse, checkpoint=checkpoint)
    assert carry.dtype == float
    assert float(carry) == 0.0
    assert ys["row"].shape == (0, 3)
    assert ys["total"].shape == (0,)
    gradient = fg.grad(lambda c: lax.scan(step, c, xs)[0] * 3)(2.0)
    assert float(gradient) == 3.0


def test_python_control_flow_in_a_step():
    def step(c, x):
        if x > 1:
            return c * x, c
        return c + 1, c

    carry, _ = lax.scan(step, 1.0, fnp.array([0.0, 2.0, 3.0]))
    assert float(carry) == 12.0
    xs = fnp.array([[0.0, 2.0, 3.0], [2.0, 0.0, 2.0]])
    batch = fg.vmap(lambda xs: lax.scan(step, 1.0, xs)[0])(xs)
    np.testing.assert_array_equal(batch, [12.0, 6.0])


def test_results_may_be_buffers_that_change_later():
    buffer = np.zeros(2)

    def step(c, x):
        buffer[:] = x
        return c, buffer

    _, ys = lax.scan(step, 0.0, np.arange(3.0))
    np.testing.assert_array_equal(ys, [[0, 0], [1, 1], [2, 2]])


# --- scan: dtypes --------------------------------------------------------------------------------


def test_numbers_in_the_carry_take_the_dtype_of_what_they_meet():
    xs = np.ones(3, np.float32)
    calls = []

    def step(carry, x):
        calls.append(x)
        count, total, scale = carry
        return (count + 1, (total + x) * scale * count, scale), total

    (count, total, scale), ys = lax.scan(step, (0, 0.0, 2.0), xs)
    assert (count.dtype, total.dtype, scale.dtype) == (int, np.float32, float)
    assert ys.dtype == np.float32
    assert int(count) == 3
    assert len(calls) == 4  # the first step again, with the right dtype


def test_float64_numbers_take_no_second_first_step():
    calls = []

    def step(c, x):
        calls.append(c)
        return c + x, None

    lax.scan(step, 0.0, np.ones(5))
    assert len(calls) == 5


def test_integers_in_the_carry_widen():
    carry, ys = lax.scan(lambda c, x: (c / 2, c), fnp.array([4, 8]), None, 2)
    assert carry.dtype == ys.dtype == float
    np.testing.assert_array_equal(carry, [1.0, 2.0])
    carry, _ = lax.scan(lambda c, x: (c + 1, None), True, None, 2)
    assert int(carry) == 3
    carry, _ = lax.scan(lambda c, x: (c * 1j, None), 1, None, 2)
    assert complex(carry) == -1


def test_a_narrower_dtype_is_cast_to_that_of_the_carry():
    carry, _ = lax.scan(lambda c, x: (0, None), fnp.ones(()), None, 2)
    assert carry.dtype == float
    carry, _ = lax.scan(lambda c, x: (c.astype(np.float32), None), fnp.ones(3), None, 2)
    assert carry.dtype == float


def test_numbers_are_arrays_to_the_step():
    def step(c, x):
        flag, number = c
        assert number.shape == ()
        assert number.dtype == float
        return (~flag, number.reshape(1)[0] + float(number) + math_of(number)), flag

    (flag, number), flags = lax.scan(step, (False, 1.0), None, 2)
    assert flag.dtype == bool
    assert not flag
    assert flags.tolist() == [False, True]
    assert float(number) == 15.0  # 3 + 3 + 9


def math_of(number):
    return float(np.asarray(number)) * number.item()


# --- scan: derivatives ---------------------------------------------------------------------------


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
@pytest.mark.parametrize("reverse", [False, True])
def test_gradients_of_scan(checkpoint, reverse):
    data = DATA[::-1] if reverse else DATA
    expected = fg.grad(rnn_by_python, argnums=(0, 1))(WEIGHT, data)
    given = fg.grad(rnn, argnums=(0, 1))(WEIGHT, DATA, checkpoint=checkpoint, reverse=reverse)
    close(given, (expected[0], expected[1][::-1] if reverse else expected[1]))


@pytest.mark.parametrize("checkpoint", [None, True, 3])
def test_further_derivatives_of_scan(checkpoint):
    def loss(weight, data=DATA):
        return rnn(weight, data, checkpoint=checkpoint)

    def expected(weight, data=DATA):
        return rnn_by_python(weight, data)

    close(fg.jvp(loss, (WEIGHT,), (WEIGHT,)), fg.jvp(expected, (WEIGHT,), (WEIGHT,)))
    close(
        fg.grad(lambda w: fg.grad(loss)(w).sum())(WEIGHT),
        fg.grad(lambda w: fg.grad(expected)(w).sum())(WEIGHT),
    )
    close(fg.hessian(loss)(WEIGHT), fg.hessian(expected)(WEIGHT))
    batch = np.stack([DATA, DATA + 1])
    close(
        fg.vmap(fg.grad(loss), (None, 0))(WEIGHT, batch),
        fg.vmap(fg.grad(expected), (None, 0))(WEIGHT, batch),
    )
    close(
        fg.grad(lambda w: fg.vmap(loss, (None, 0))(w, batch).sum())(WEIGHT),
        fg.grad(lambda w: fg.vmap(expected, (None, 0))(w, batch).sum())(WEIGHT),
    )


def test_scan_pickles_inside_a_transform():
    gradient = pickle.loads(pickle.dumps(fg.grad(rnn)))
    close(gradient(WEIGHT, DATA), fg.grad(rnn)(WEIGHT, DATA))


def test_complex_and_float32():
    xs = np.array([1 + 1j, 2 - 1j])
    f = lambda c: lax.scan(lambda c, x: (c * x, c), c, xs, checkpoint=True)[0]  # noqa: E731
    assert complex(fg.grad(f, holomorphic=True)(1 + 0j)) == (1 + 1j) * (2 - 1j)
    gradient = fg.grad(
        lambda w: lax.scan(lambda c, x: (c * w + x, None), w, w * np.ones(3, np.float32))[0]
    )
    assert gradient(np.float32(2)).dtype == np.float32


def test_nan_and_infinity_pass():
    carry, ys = lax.scan(lambda c, x: (c + x, c), 0.0, np.array([np.inf, np.nan]))
    assert np.isnan(carry)
    np.testing.assert_array_equal(ys, [0, np.inf])


def test_an_error_half_way_leaves_nothing_behind():
    def step(c, x):
        if x > 2:
            raise RuntimeError("half-way")
        return c + x, None

    for checkpoint in (None, True):
        with pytest.raises(RuntimeError, match="half-way"):
            fg.grad(lambda c, k=checkpoint: lax.scan(step, c, fnp.arange(5.0), checkpoint=k)[0])(
                1.0
            )
    assert float(fg.grad(lambda x: x * x)(3.0)) == 6.0


# --- memory --------------------------------------------------------------------------------------


def peak(function, *args):
    function(*args)
    tracemalloc.start()
    function(*args)
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return memory


SIZE, STEPS = 20_000, 225
CARRY = SIZE * 8


def test_checkpoints_bound_the_memory():
    def loss(x, checkpoint):
        step = lambda x, _: (x + 0.1 * fnp.sin(x), None)  # noqa: E731
        return fnp.sum(lax.scan(step, x, None, STEPS, checkpoint=checkpoint)[0])

    x = np.linspace(0, 1, SIZE)
    plain, square_root, tens = (peak(fg.grad(loss), x, each) for each in (None, True, 10))
    assert plain > STEPS * CARRY
    assert square_root < 45 * CARRY  # about twice the square root of the number of steps
    assert tens < 50 * CARRY


def test_checkpoints_bound_the_memory_of_values_that_are_closed_over():
    def loss(w, checkpoint):
        def step(c, x):
            return c, fnp.sum(fnp.sin(fnp.sin(w * x)))

        return fnp.sum(lax.scan(step, 0.0, np.arange(1.0, STEPS), checkpoint=checkpoint)[1])

    w = np.linspace(0, 1, SIZE)
    plain, square_root = (peak(fg.grad(loss), w, each) for each in (None, True))
    assert plain > 2 * STEPS * CARRY
    assert square_root < 0.3 * plain
    close(fg.grad(loss)(w, True), fg.grad(loss)(w, None))


# --- scan: errors --------------------------------------------------------------------------------


def test_what_is_wrong_with_a_carry_is_said():
    xs = np.ones(3)
    with pytest.raises(errors.CarryError, match=r'step 0 got carry\["h"\] as float64\[2\]'):
        lax.scan(lambda c, x: ({"h": np.concatenate([c["h"], c["h"]])}, x), {"h": xs[:2]}, xs)
    with pytest.raises(errors.CarryError, match=r"step 1 got carry as float64\[\] and returned it"):
        lax.scan(lambda c, x: (c + x if c < 1 else xs, x), 0.0, xs)
    with pytest.raises(errors.CarryError, match="float64"):
        lax.scan(lambda c, x: (c + x, x), np.float32(0), xs)
    with pytest.raises(errors.CarryError, match="after step 0: the trees do not match at carry"):
        lax.scan(lambda c, x: ((c[0],), x), (0.0, 1.0), xs)
    with pytest.raises(errors.CarryError, match="NoneType None; return an array"):
        lax.scan(lambda c, x: (None, x), 0.0, xs)
    with pytest.raises(errors.CarryError, match="returned dict"):
        lax.scan(lambda c, x: ({"a": c}, x), 0.0, xs)


def test_what_is_wrong_with_the_results_is_said():
    xs = np.arange(3.0)
    with pytest.raises(errors.StepOutputError, match="must return a pair"):
        lax.scan(lambda c, x: c + x, 0.0, xs)
    with pytest.raises(errors.StepOutputError, match=r"y is float64\[1\] in the first step"):
        lax.scan(lambda c, x: (c, np.ones(int(x) + 1)), 0.0, xs)
    with pytest.raises(errors.StepOutputError, match="after step 1: the trees do not match at y"):
        lax.scan(lambda c, x: (c, {"a": x} if x < 1 else (x,)), 0.0, xs)
    with pytest.raises(errors.OperandError):
        lax.scan(lambda c, x: (c, "text"), 0.0, xs)


def test_what_is_wrong_with_the_lengths_is_said():
    step = lambda c, x: (c, None)  # noqa: E731
    with pytest.raises(errors.LoopLengthError, match=r'xs\["a"\] has 3, xs\["b"\]\[0\] has 2'):
        lax.scan(step, 0.0, {"a": np.ones(3), "b": [np.ones(2)]})
    with pytest.raises(errors.LoopLengthError, match=r"xs\[1\] has no axis"):
        lax.scan(step, 0.0, (np.ones(3), 2.0))
    with pytest.raises(errors.LoopLengthError, match="length is 4, but xs has length 3"):
        lax.scan(step, 0.0, np.ones(3), 4)
    with pytest.raises(errors.LoopLengthError, match="pass length"):
        lax.scan(step, 0.0)
    with pytest.raises(errors.LoopLengthError, match="must not be negative"):
        lax.scan(step, 0.0, length=-1)
    with pytest.raises(ValueError, match="checkpoint is True or a number of steps, got 0"):
        lax.scan(step, 0.0, length=2, checkpoint=0)


# --- fori_loop -----------------------------------------------------------------------------------


def power(x, n, **settings):
    return lax.fori_loop(0, n, lambda i, y: y * x, 1.0, **settings)


def test_fori_loop():
    assert float(lax.fori_loop(1, 5, lambda i, c: c * i, 1.0)) == 24.0
    assert lax.fori_loop(5, 1, lambda i, c: c * i, 1).dtype == int
    assert int(lax.fori_loop(fnp.array(-2), np.int64(2), lambda i, c: c + i, 0)) == -2
    value = lax.fori_loop(0, 3, lambda i, v: {"x": v["x"] + fnp.arange(3.0)[i]}, {"x": 0})
    assert float(value["x"]) == 3.0
    with pytest.raises(TypeError):
        lax.fori_loop(0, 2.5, lambda i, c: c, 0)
    with pytest.raises(errors.CarryError, match=r"got value as float64\[\]"):
        lax.fori_loop(0, 2, lambda i, c: np.ones(3), 0.0)


@pytest.mark.parametrize("checkpoint", [None, True, 2])
def test_reverse_mode_through_fori_loop(checkpoint):
    assert float(fg.grad(power)(2.0, 5, checkpoint=checkpoint)) == 80.0
    assert float(fg.grad(fg.grad(power))(2.0, 5, checkpoint=checkpoint)) == 160.0
    assert float(fg.jvp(lambda x: power(x, 5, checkpoint=checkpoint), (2.0,), (1.0,))[1]) == 80.0


def test_bounds_that_differ_between_examples():
    x, n = fnp.array([2.0, 2.0, 3.0, 2.0]), fnp.array([3, 0, 2, -1])
    np.testing.assert_array_equal(fg.vmap(power)(x, n), [8.0, 1.0, 9.0, 1.0])
    np.testing.assert_array_equal(fg.vmap(fg.grad(power))(x, n), [12.0, 0.0, 6.0, 0.0])
    total = fg.grad(lambda x: fg.vmap(power)(x, n).sum())(x)
    np.testing.assert_array_equal(total, [12.0, 0.0, 6.0, 0.0])
    same = fg.vmap(power)(x, fnp.array([2, 2, 2, 2]))
    np.testing.assert_array_equal(same, x**2)
    low = fg.vmap(lambda a: lax.fori_loop(a, 4, lambda i, c: c + i, 0))(fnp.array([0, 3, 9]))
    np.testing.assert_array_equal(low, [6, 3, 0])


def test_bounds_may_be_traced_integers():
    def f(x):
        return power(x, fnp.round(x).astype(int) + 1)

    assert float(fg.grad(f)(3.0)) == 4 * 27.0


# --- map -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [None, 1, 2, 5, 9])
def test_map(batch_size):
    xs = {"a": fnp.arange(5.0), "b": fnp.ones((5, 2))}
    f = lambda x: (x["a"] * x["b"], x["a"].sum())  # noqa: E731
    products, sums = lax.map(f, xs, batch_size=batch_size)
    np.testing.assert_array_equal(products, np.arange(5.0)[:, None] * np.ones((5, 2)))
    np.testing.assert_array_equal(sums, np.arange(5.0))
    gradient = fg.grad(lambda x: lax.map(np.sin, x, batch_size=batch_size).sum())(xs["a"])
    np.testing.assert_allclose(gradient, np.cos(np.arange(5.0)))


def test_map_with_python_control_flow_and_nothing():
    result = lax.map(lambda x: x if x > 1 else -x, fnp.arange(3.0))
    np.testing.assert_array_equal(result, [0.0, -1.0, 2.0])
    assert lax.map(lambda x: (x * 2, x.sum()), np.zeros((0, 3)))[0].shape == (0, 3)
    with pytest.raises(errors.LoopLengthError, match="xs has no axis"):
        lax.map(np.sin, 1.0)


# --- associative_scan ----------------------------------------------------------------------------


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("length", [*range(10), 31, 64])
def test_associative_scan_of_matrices(length, reverse):
    x = RANDOM.normal(size=(length, 2, 2))
    given = lax.associative_scan(np.matmul, x, reverse=reverse)
    rows = x[::-1] if reverse else x
    expected = [reduce(np.matmul, rows[: i + 1]) for i in range(length)]
    expected = np.array(expected[::-1] if reverse else expected).reshape(length, 2, 2)
    np.testing.assert_allclose(given, expected, rtol=1e-10)


def affine(first, then):
    return {"a": first["a"] * then["a"], "b": first["b"] * then["a"] + then["b"]}


@pytest.mark.parametrize("length", [1, 2, 5, 8])
@pytest.mark.parametrize("axis", [1, -1])
def test_associative_scan_equals_scan(length, axis):
    a, b = RANDOM.normal(size=(2, 3, length))

    def by_halves(a, b):
        return lax.associative_scan(affine, {"a": a, "b": b}, axis=axis)["b"]

    def by_steps(a, b):
        def step(y, ab):
            y = y * ab[0] + ab[1]
            return y, y

        return lax.scan(step, fnp.zeros(3), (a.T, b.T))[1].T

    close(by_halves(a, b), by_steps(a, b))
    loss = lambda f: lambda a, b: fnp.sum(fnp.sin(f(a, b)))  # noqa: E731
    for transform in (lambda f: fg.grad(f, argnums=(0, 1)), fg.hessian):
        close(transform(loss(by_halves))(a, b), transform(loss(by_steps))(a, b))
    batch = np.stack([a, a + 1])
    close(
        fg.vmap(by_halves, (0, None))(batch, b),
        fg.vmap(by_steps, (0, None))(batch, b),
    )


def test_associative_scan_takes_few_calls():
    calls = []

    def add(x, y):
        calls.append(1)
        return x + y

    np.testing.assert_array_equal(lax.associative_scan(add, np.ones(1000)), np.arange(1.0, 1001.0))
    assert len(calls) <= 2 * 10


def test_what_is_wrong_with_an_associative_scan_is_said():
    with pytest.raises(errors.LoopLengthError, match=r"elems\[0\] has 2, elems\[1\] has 3"):
        lax.associative_scan(affine, (np.ones(2), np.ones(3)))
    with pytest.raises(errors.StepOutputError, match=r"is float64\[\] where the elements are"):
        lax.associative_scan(lambda x, y: (x + y).sum(), np.ones(4))
    with pytest.raises(errors.StepOutputError, match="the trees do not match"):
        lax.associative_scan(lambda x, y: x[0], (np.ones(4), np.ones(4)))
