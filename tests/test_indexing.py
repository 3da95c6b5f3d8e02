"""Indexing and pure updates against NumPy's, over random indices and through transforms."""

# ruff: noqa: B023 (functions made in a loop are called in the same round)

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors
from fungrad.rules.indexing import BasicIndex, accumulate
from fungrad.transforms.forward import jvp
from fungrad.transforms.vmap import vmap

X = np.random.default_rng(0).normal(size=(3, 4, 5))
UFUNCS = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "min": np.minimum,
    "max": np.maximum,
}


def random_index(rng, numbers, shape):
    """An index of an array of that shape: any mixture of what NumPy takes."""
    items = []
    axis = 0
    common = rng.choice([(2,), (3,), (2, 3), (1,), ()])
    ellipsis = False
    while len(items) < 7 and rng.random() > 0.15:
        kind = rng.choice(
            ["int", "slice", "slice", "none", "ellipsis", "array", "array", "mask", "bool"]
        )
        free = axis < len(shape)
        length = shape[axis] if free else 0
        if kind == "int" and length:
            items.append(rng.randrange(-length, length))
            axis += 1
        elif kind == "slice" and free:
            bounds = [rng.choice([None, rng.randrange(-5, 6)]) for _ in range(2)]
            items.append(slice(*bounds, rng.choice([None, 1, 2, -1, -2])))
            axis += 1
        elif kind == "none":
            items.append(None)
        elif kind == "ellipsis" and not ellipsis:
            items.append(Ellipsis)
            axis = rng.randint(axis, len(shape))
            ellipsis = True
        elif kind == "array" and length:
            chosen = rng.choice([common, common[-1:], (1,)])
            array = numbers.integers(-length, length, size=chosen)
            items.append(rng.choice([array, array.tolist(), fnp.array(array)]))
            axis += 1
        elif kind == "mask" and free:
            count = rng.randint(1, min(2, len(shape) - axis))
            items.append(numbers.random(shape[axis : axis + count]) < 0.5)
            axis += count
        elif kind == "bool" and rng.random() < 0.3:
            items.append(rng.choice([True, False]))
    return items[0] if len(items) == 1 and rng.random() < 0.5 else tuple(items)


def plain(index):
    if isinstance(index, tuple):
        return tuple(map(plain, index))
    return np.asarray(index) if isinstance(index, fg.Array) else index


def random_cases():
    rng, numbers = random.Random(0), np.random.default_rng(0)
    found = 0
    while found < 400:
        shape = tuple(
            rng.choice([0, 1, 3, 4, 5]) if rng.random() < 0.2 else rng.choice([3, 4, 5])
            for _ in range(rng.randint(0, 4))
        )
        index = random_index(rng, numbers, shape)
        x = numbers.normal(size=shape)
        try:
            picked = x[plain(index)]
        except IndexError:
            for use in (lambda a: a[index], lambda a: a.at[index].set(0.0)):
                with pytest.raises(IndexError):
                    use(fnp.array(x))
                with pytest.raises(IndexError):
                    fg.vjp(use, x)
            continue
        found += 1
        yield x, index, np.asarray(picked), numbers, rng


def unbroadcast(gradient, shape):
    gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
    axes = tuple(i for i, n in enumerate(shape) if n == 1 and gradient.shape[i] != 1)
    return gradient.sum(axis=axes, keepdims=True)


def test_random_indices_read_as_numpy_reads():
    for x, index, expected, numbers, _ in random_cases():
        eager = fnp.array(x)[index]
        assert eager.shape == expected.shape
        np.testing.assert_array_equal(np.asarray(eager), expected)
        value, pullback = fg.vjp(lambda a: a[index], x)
        np.testing.assert_array_equal(np.asarray(value), expected)
        g = numbers.normal(size=expected.shape)
        gradient = np.zeros(x.shape)
        np.add.at(gradient, plain(index), g)
        np.testing.assert_allclose(np.asarray(pullback(g)[0]), gradient)
        batch = np.stack([x, 2 * x])
        for f in (vmap(lambda a: a[index]), lambda b: vmap(vmap(lambda a: a[index]))(b[None])[0]):
            np.testing.assert_array_equal(np.asarray(f(batch)), np.stack([expected, 2 * expected]))


def test_random_indices_write_as_numpy_writes():
    for x, index, picked, numbers, rng in random_cases():
        shape = rng.choice([picked.shape, (), picked.shape[-1:]])
        v = numbers.uniform(0.5, 2.0, size=shape)
        expected = np.array(x)
        expected[plain(index)] = v
        np.testing.assert_array_equal(np.asarray(fnp.array(x).at[index].set(v)), expected)
        value, pullback = fg.vjp(lambda a, b: a.at[index].set(b), x, v)
        np.testing.assert_array_equal(np.asarray(value), expected)
        # Who wrote last where: the gradient goes there only.
        g = numbers.normal(size=x.shape)
        writer = np.full(x.shape, -1)
        writer[plain(index)] = np.arange(picked.size).reshape(picked.shape)
        g_v = np.zeros(picked.size)
        np.add.at(g_v, writer[writer >= 0], g[writer >= 0])
        g_x, g_values = pullback(g)
        np.testing.assert_array_equal(np.asarray(g_x), np.where(writer < 0, g, 0))
        np.testing.assert_allclose(
            np.asarray(g_values), unbroadcast(g_v.reshape(picked.shape), shape)
        )
        for how, ufunc in UFUNCS.items():
            batch, values = np.stack([x, 2 * x]), np.stack([v, v + 1])
            rows = []
            for a, b in zip(batch, values):
                row = np.array(a)
                ufunc.at(row, plain(index), np.broadcast_to(b, picked.shape))
                rows.append(row)

            def update(a, b, how=how):
                return getattr(a.at[index], how)(b)

            np.testing.assert_allclose(np.asarray(update(fnp.array(x), v)), rows[0])
            np.testing.assert_allclose(np.asarray(vmap(update)(batch, values)), np.stack(rows))


INDICES = {
    "one": (np.array([2, 0, 2]),),
    "second axis": (slice(None), np.array([1, 1, 3])),
    "side by side": (slice(None), np.array([1, 3, 1]), np.array([0, 4, 0])),
    "apart": (np.array([0, 2, 0]), slice(1, None), np.array([1, 1, 1])),
    "of several ranks": (np.array([[0], [2]]), np.array([1, 3, 1])),
    "a number and an array": (np.int64(1), slice(None), np.array([4, 4, 0])),
}


def with_arrays(index, arrays):
    """The index with other arrays in the places of its own."""
    rest = iter(arrays)
    return tuple(item if isinstance(item, slice) else next(rest) for item in index)


def batched_calls(index):
    """Each subset of (x, the index arrays) batched: the arguments, and flags."""
    arrays = [np.asarray(item) for item in index if not isinstance(item, slice)]
    # Three examples with different indices.
    stacked = [np.stack([a, (a + 1) % 3, a - 1]) for a in arrays]
    xs = np.stack([X, X + 1, X * 2])
    for flags in itertools.product([False, True], repeat=1 + len(arrays)):
        if any(flags):
            args = [xs if flags[0] else X]
            args += [s if own else a for own, a, s in zip(flags[1:], arrays, stacked)]
            yield args, flags


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
@pytest.mark.parametrize("how", ["get", "set", "add", "multiply", "max"])
def test_batched_indices_in_any_subset(index, how):
    def use(x, *arrays):
        place = fnp.asarray(x).at[with_arrays(index, arrays)]
        return place.get() if how == "get" else getattr(place, how)(0.5)

    for args, flags in batched_calls(index):
        axes = tuple(0 if own else None for own in flags)
        rows = [use(*[a[i] if own else a for a, own in zip(args, flags)]) for i in range(3)]
        together = vmap(use, in_axes=axes)(*args)
        np.testing.assert_allclose(np.asarray(together), np.stack([np.asarray(r) for r in rows]))

        def loss(*given):
            return fnp.sum(fnp.sin(use(*given)))

        gradients = vmap(fg.grad(loss), in_axes=axes)(*args)
        for i in range(3):
            single = fg.grad(loss)(*[a[i] if own else a for a, own in zip(args, flags)])
            np.testing.assert_allclose(np.asarray(gradients[i]), np.asarray(single), atol=1e-12)

        def total(x):
            return fnp.sum(fnp.sin(vmap(use, in_axes=axes)(x, *args[1:])))

        outer = np.asarray(fg.grad(total)(args[0]))
        inner = np.asarray(gradients)
        np.testing.assert_allclose(outer, inner if flags[0] else inner.sum(axis=0), atol=1e-12)


def test_two_batches_of_indices_and_one_of_arrays():
    x = np.arange(24.0).reshape(2, 3, 4)
    i = np.array([[0, 2], [1, 1]])
    j = np.array([[0, 3, 1], [2, 2, 0]])

    def pick(a, m, n):
        return fnp.sum(a[m, n] ** 2 * a.at[m].add(1.0)[:, n])

    together = vmap(vmap(pick, in_axes=(None, 0, None)))(x, i, j[:, 0])
    for b in range(2):
        for k in range(2):
            single = pick(fnp.array(x[b]), i[b, k], j[b, 0])
            assert np.isclose(float(together[b, k]), float(single))


def test_a_batched_mask():
    x = np.array([[1.0, -2.0], [-3.0, 4.0], [5.0, 6.0]])
    given = vmap(lambda row: row[row > 0].sum())(x)
    np.testing.assert_array_equal(np.asarray(given), [1.0, 4.0, 11.0])
    np.testing.assert_array_equal(vmap(lambda row: row[row > 0])(x[:2]), [[1.0], [4.0]])
    with pytest.raises(errors.BatchedShapeError, match=r"fnp\.where"):
        vmap(lambda row: row[row > 0])(x)
    x = x[:2]
    for how, expected in [("set", [[9, -2], [-3, 9]]), ("add", [[10, -2], [-3, 13]])]:
        given = vmap(lambda row: getattr(row.at[row > 0], how)(9.0))(x)
        np.testing.assert_array_equal(np.asarray(given), expected)


def test_masks_follow_the_values_under_grad_and_jvp():
    x = np.array([1.0, -2.0, 3.0])
    gradient = fg.grad(lambda a: fnp.sum(a[a > 0] ** 2))(x)
    np.testing.assert_array_equal(np.asarray(gradient), [2.0, 0.0, 6.0])
    gradient = fg.grad(lambda a: fnp.sum(a.at[a < 0].set(0.0) * a))(x)
    np.testing.assert_array_equal(np.asarray(gradient), [2.0, 0.0, 6.0])
    _, tangent = jvp(lambda a: a[a > 0], (x,), (np.ones(3),))
    np.testing.assert_array_equal(np.asarray(tangent), [1.0, 1.0])


def test_indices_of_every_integer_type():
    x = fnp.arange(5.0)
    for index in (np.int8(2), np.uint64(2), fnp.array(2), np.array(2), np.array(2, np.uint8)):
        assert float(x[index]) == 2.0
        assert float(fg.grad(lambda a: a[index])(np.arange(5.0))[2]) == 1.0
    np.testing.assert_array_equal(np.asarray(x[fnp.array([1, 2], np.uint8)]), [1, 2])
    np.testing.assert_array_equal(np.asarray(x[slice(fnp.array(1), np.int64(3))]), [1, 2])
    np.testing.assert_array_equal(np.asarray(x[[]]), [])
    np.testing.assert_array_equal(np.asarray(x[fnp.s_[::2]]), [0, 2, 4])


def test_an_index_array_that_changes_later_changes_nothing():
    index = np.array([0, 1])

    def f(x):
        total = 0.0
        for _ in range(2):
            total = total + fnp.sum(x[index] ** 2) + fnp.sum(x.at[index].get(mode="clip"))
            index[:] += 1
        return total

    gradient = fg.grad(f)(np.array([1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(np.asarray(gradient), [3.0, 10.0, 7.0])


def test_a_list_of_traced_integers_is_an_index():
    x = np.arange(6.0).reshape(2, 3)
    given = vmap(lambda row, i: row[[i, 0]])(x, np.array([2, 1]))
    np.testing.assert_array_equal(np.asarray(given), [[2, 0], [4, 3]])


# --- updates -------------------------------------------------------------------------------------


def test_repeated_indices_multiply_with_exact_gradients_at_zero():
    x = np.array([2.0, 3.0])
    v = np.array([0.0, 5.0, 7.0])
    index = np.array([0, 0, 1])

    def f(a, b):
        return fnp.sum(a.at[index].multiply(b) * np.array([1.0, 10.0]))

    g_x, g_v = fg.grad(f, argnums=(0, 1))(x, v)
    np.testing.assert_array_equal(np.asarray(g_x), [0.0, 70.0])
    np.testing.assert_array_equal(np.asarray(g_v), [10.0, 0.0, 30.0])
    many = np.zeros(50, int)
    gradient = fg.grad(lambda b: fnp.zeros(1).at[many].add(1.0).at[many].multiply(b)[0])(1.01)
    assert np.isclose(float(gradient), 50 * 50 * 1.01**49)


def test_ties_of_an_extremum_share():
    g_x, g_v = fg.grad(lambda a, b: a.at[[0, 0, 1]].max(b).sum(), argnums=(0, 1))(
        np.array([1.0, 5.0]), np.array([1.0, 1.0, 2.0])
    )
    np.testing.assert_allclose(np.asarray(g_x), [1 / 3, 1.0])
    np.testing.assert_allclose(np.asarray(g_v), [1 / 3, 1 / 3, 0.0])


def test_power_has_both_gradients():
    g_x, g_v = fg.grad(lambda a, b: a.at[0].power(b).sum(), argnums=(0, 1))(
        np.array([2.0, 5.0]), 3.0
    )
    np.testing.assert_allclose(np.asarray(g_x), [12.0, 1.0])
    np.testing.assert_allclose(np.asarray(g_v), 8 * np.log(2.0))


def test_apply():
    x = fnp.array([1.0, 4.0, 9.0])
    np.testing.assert_array_equal(np.asarray(x.at[1:].apply(np.sqrt)), [1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("mode", "read", "added"),
    [
        ("clip", [2, 0, 2, 0], [12, 1, 12]),
        ("wrap", [0, 1, 2, 2], [10, 11, 12]),
        ("fill", [np.nan, np.nan, 2, np.nan], [0, 1, 12]),
        ("drop", [np.nan, np.nan, 2, np.nan], [0, 1, 12]),
    ],
)
def test_modes(mode, read, added):
    x = np.arange(3.0)
    index = np.array([3, -5, 2, -4])
    np.testing.assert_array_equal(np.asarray(fnp.array(x).at[index].get(mode=mode)), read)
    given = np.asarray(fnp.array(x).at[index[:3]].max(10.0 + x[[0, 1, 2]], mode=mode))
    expected = np.array(x)
    for i, v in zip(index[:3], 10.0 + x):
        if -3 <= i < 3 or mode == "wrap":
            expected[i % 3] = max(expected[i % 3], v)
        elif mode == "clip":
            place = 0 if i < 0 else 2
            expected[place] = max(expected[place], v)
    np.testing.assert_array_equal(given, expected)
    once = np.asarray(fnp.array(x).at[np.array([2])].add(10.0, mode=mode))
    np.testing.assert_array_equal(once, [0, 1, 12])
    for how in ("set", "add", "multiply", "min"):

        def update(a, i, how=how):
            return getattr(a.at[i], how)(2.0, mode=mode)

        rows = [update(fnp.array(x), index[i : i + 1]) for i in range(4)]
        together = vmap(update, in_axes=(None, 0))(x, index[:, None])
        np.testing.assert_array_equal(np.asarray(together), np.stack([np.asarray(r) for r in rows]))
        gradient = fg.grad(lambda a: fnp.sum(update(a, index) ** 2))(x)
        assert np.isfinite(np.asarray(gradient)).all()


def test_modes_in_several_axes_and_beside_slices():
    x = fnp.arange(12.0).reshape(3, 4)
    np.testing.assert_array_equal(np.asarray(x.at[5].get(mode="clip")), [8, 9, 10, 11])
    np.testing.assert_array_equal(
        np.asarray(x.at[1:, [9, 0]].get(mode="fill", fill_value=-1.0)), [[-1, 4], [-1, 8]]
    )
    given = x.at[[0, 7], [1, 1]].set(50.0, mode="drop")
    np.testing.assert_array_equal(np.asarray(given), np.asarray(x.at[0, 1].set(50.0)))
    assert int(fnp.arange(3).at[9].get(mode="fill")) == np.iinfo(int).min
    assert int(fnp.arange(3, dtype=np.uint8).at[9].get(mode="fill")) == 255
    assert bool(fnp.array([False]).at[9].get(mode="fill")) is True


def test_an_update_keeps_the_dtype():
    f32 = fnp.zeros(3, np.float32)
    assert f32.at[0].set(0.1).dtype == np.float32
    assert f32.at[0].multiply(2).dtype == np.float32
    assert f32.at[[0, 1]].add(np.ones(2)).dtype == np.float32
    assert f32.at[[0, 0]].max(np.float64(0.1)).dtype == np.float32
    assert fnp.zeros(3, complex).at[0].set(1.0).dtype == complex
    assert fnp.arange(3).at[0].power(2).dtype == int
    small = fnp.array([5, 6], np.uint8)
    np.testing.assert_array_equal(np.asarray(small.at[[0, 0]].subtract(1)), [3, 6])
    np.testing.assert_array_equal(np.asarray(small.at[0].subtract(6)), [255, 6])
    gradient = fg.grad(lambda v: f32.at[0].set(v).sum())(np.float64(0.1))
    assert gradient.dtype == np.float64


@pytest.mark.parametrize(
    ("update", "text"),
    [
        (lambda: fnp.arange(3).at[0].set(1.5), "float 1.5 in an array of int64"),
        (lambda: fnp.arange(3).at[[0]].add(np.ones(1)), "float64[1] in an array of int64"),
        (lambda: fnp.arange(3).at[0].divide(2), "divide would store float64[]"),
        (lambda: fnp.arange(3).at[[0, 0]].multiply(0.5), "float 0.5"),
        (lambda: fnp.ones(3).at[0].set(1j), "x.astype(complex128)"),
        (lambda: fnp.zeros(3, bool).at[0].set(2), "int 2 in an array of bool"),
        (lambda: fnp.zeros(3, np.uint8).at[0].set(np.int64(2)), "int64[] in an array of uint8"),
    ],
)
def test_an_update_that_does_not_fit_the_dtype_is_refused(update, text):
    with pytest.raises(errors.UpdateDTypeError) as caught:
        update()
    assert text in str(caught.value)
    assert ".astype(" in str(caught.value)


@pytest.mark.parametrize(
    ("use", "kind", "text"),
    [
        (
            lambda x: x[3],
            errors.IndexOutOfBoundsError,
            "index 3 is out of bounds for axis 0 with size 3; the array is float64[3,4,5]",
        ),
        (
            lambda x: x[:, -5],
            errors.IndexOutOfBoundsError,
            "index -5 is out of bounds for axis 1 with size 4",
        ),
        (
            lambda x: x[None, ..., 5],
            errors.IndexOutOfBoundsError,
            "index 5 is out of bounds for axis 2 with size 5",
        ),
        (lambda x: x[[0, 7]], errors.IndexOutOfBoundsError, "index 7 is out of bounds for axis 0"),
        (
            lambda x: x[0, :, np.array([9])],
            errors.IndexOutOfBoundsError,
            "index 9 is out of bounds for axis 2",
        ),
        (lambda x: x[0, 0, 0, 0], errors.IndexOutOfBoundsError, "4 indices for 3 axes"),
        (
            lambda x: x[np.ones(2, bool)],
            errors.IndexOutOfBoundsError,
            "boolean index of shape (2,)",
        ),
        (
            lambda x: x[[0, 1], [0, 1, 2]],
            errors.IndexOutOfBoundsError,
            "(2,) (3,) do not broadcast",
        ),
        (lambda x: x[1.0], errors.IndexTypeError, "float64[]"),
        (lambda x: x[np.array([0.5])], errors.IndexTypeError, ".astype(int)"),
        (lambda x: x["a"], errors.IndexTypeError, "'a'"),
        (lambda x: x[..., ...], errors.IndexTypeError, "two or more"),
        (lambda x: x.at[3].set(0.0), errors.IndexOutOfBoundsError, "index 3 is out of bounds"),
        (
            lambda x: x.at[:, [1, 4]].add(0.0),
            errors.IndexOutOfBoundsError,
            "index 4 is out of bounds for axis 1",
        ),
        (lambda x: x.at[0].set(np.ones(3)), errors.ShapeError, "do not broadcast to (4, 5)"),
        (
            lambda x: x.at[[0, 1]].multiply(np.ones((3, 4, 5))),
            errors.ShapeError,
            "do not broadcast to (2, 4, 5)",
        ),
        (lambda x: x.at[0].set(0.0, mode="clamp"), ValueError, "'clamp'"),
        (lambda x: fnp.take(x, 60), errors.IndexOutOfBoundsError, "index 60"),
        (lambda x: fnp.take(x, 4, axis=1), errors.IndexOutOfBoundsError, "axis 1 with size 4"),
        (lambda x: fnp.take(x, 0.5), errors.IndexTypeError, "float64"),
        (lambda x: fnp.take(x, 0, mode="fill"), ValueError, "'fill'"),
        (
            lambda x: fnp.take_along_axis(x, np.array([[[9]]]), 0),
            errors.IndexOutOfBoundsError,
            "index 9",
        ),
        (lambda x: fnp.take_along_axis(x, np.array([0]), 0), errors.ShapeError, "as many axes"),
        (
            lambda x: fnp.put_along_axis(x, np.array([[[9]]]), 0.0, 0),
            errors.IndexOutOfBoundsError,
            "index 9",
        ),
        (lambda x: fnp.choose([2], [x, x]), errors.IndexOutOfBoundsError, "2 choices"),
        (lambda x: fnp.compress(np.ones((2, 2), bool), x), errors.ShapeError, "one axis"),
        (lambda x: fnp.fill_diagonal(x, 0.0), errors.ShapeError, "same length"),
        (lambda x: fnp.fill_diagonal(x[0], 0.0, inplace=True), ValueError, "inplace"),
    ],
)
def test_errors_are_the_same_eager_traced_and_batched(use, kind, text):
    for call in (lambda: use(fnp.array(X)), lambda: fg.vjp(use, X), lambda: vmap(use)(X[None])):
        with pytest.raises(kind) as caught:
            call()
        assert text in str(caught.value)


def test_a_batched_index_out_of_range_is_an_index_error():
    with pytest.raises(errors.IndexOutOfBoundsError, match=r"index 5 .* axis 0 with size 3"):
        vmap(lambda x, i: x[i])(np.ones((2, 3)), np.array([0, 5]))
    with pytest.raises(errors.IndexOutOfBoundsError, match="index -4 "):
        vmap(lambda x, i: x.at[i].set(0.0))(np.ones((2, 3)), np.array([0, -4]))
    x = np.arange(6.0).reshape(2, 3)
    given = vmap(lambda x, i: x[i:].sum())(x, np.array([0, 1]))
    np.testing.assert_array_equal(given, [3.0, 9.0])
    with pytest.raises(errors.BatchedShapeError):
        vmap(lambda x, i: x[i:])(x, np.array([0, 1]))


# --- functions -----------------------------------------------------------------------------------

TAKING = [
    ("take", (X, [[0, 1], [-1, 2]]), {"axis": 1}),
    ("take", (X, 3), {}),
    ("take", (X, np.uint8(3)), {"axis": -1}),
    ("take", (5.0, 0), {}),
    ("take", (X, [70, -70]), {"mode": "clip"}),
    ("take", (X, [70, -70]), {"mode": "wrap"}),
    ("take", (X, []), {"axis": 0}),
    ("take", (X, [True, False]), {"axis": 0}),
    ("take_along_axis", (X, np.argsort(X, 1), 1), {}),
    ("take_along_axis", (X, np.argsort(X), -1), {}),
    ("take_along_axis", (X, np.array([3, 59]), None), {}),
    ("take_along_axis", (X, np.argmax(X, 2, keepdims=True), 2), {}),
    ("take_along_axis", (X, np.zeros((1, 1, 2), int), 2), {}),
    ("choose", ([0, 1, 1], [[1, 2, 3], [4.0, 5.0, 6.0]]), {}),
    ("choose", ([[0, 9]], [1, 2]), {"mode": "clip"}),
    ("choose", ([-1, 4], [1, 2, 3]), {"mode": "wrap"}),
    ("compress", ([True, False, True], X), {"axis": 0}),
    ("compress", ([0, 1, 1], X), {}),
    ("extract", (X > 0, X), {}),
    ("unravel_index", ([5, 59], (3, 4, 5)), {}),
    ("unravel_index", (7, (3, 4)), {"order": "F"}),
    ("ravel_multi_index", (([0, 1], [2, 3]), (3, 4)), {}),
    ("ravel_multi_index", (([0, 1], [2, 3]), (3, 4)), {"order": "F"}),
    ("ravel_multi_index", (([5, -1], [2, 3]), (3, 4)), {"mode": ("clip", "wrap")}),
    ("tril_indices", (3, -1, 4), {}),
    ("triu_indices", (3,), {"k": 1}),
    ("tril_indices_from", (X[0], 1), {}),
    ("triu_indices_from", (X[0], 1), {}),
    ("diag_indices", (3, 3), {}),
    ("diag_indices_from", (np.eye(3),), {}),
    ("mask_indices", (3, np.tril), {}),
    ("ix_", ([0, 2], [True, False, True], []), {}),
    ("indices", ((2, 3),), {}),
    ("indices", ((2, 3), float), {"sparse": True}),
    ("meshgrid", ([1, 2, 3], [4.0, 5.0], [6]), {}),
    ("meshgrid", ([1, 2, 3], [4.0, 5.0]), {"indexing": "ij", "sparse": True}),
    ("meshgrid", (), {}),
]


def check(ours, theirs):
    if isinstance(theirs, (tuple, list)):
        assert isinstance(ours, tuple)
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs):
            check(a, b)
    else:
        assert isinstance(ours, fg.Array)
        assert ours.dtype == np.asarray(theirs).dtype
        assert ours.shape == np.shape(theirs)
        np.testing.assert_array_equal(np.asarray(ours), theirs)


@pytest.mark.parametrize(
    ("name", "args", "kwargs"), TAKING, ids=[f"{name}-{i}" for i, (name, *_) in enumerate(TAKING)]
)
def test_values_are_numpys(name, args, kwargs):
    check(getattr(fnp, name)(*args, **kwargs), getattr(np, name)(*args, **kwargs))


def test_pure_forms_of_what_numpy_does_in_place():
    x = np.array(X[0])
    index = np.array([[4], [0], [2], [2]])
    np.put_along_axis(x, index, 9.0, 1)
    check(fnp.put_along_axis(X[0], index, 9.0, 1), x)
    x = np.array(X[0])
    np.put_along_axis(x, np.array([0, 7]), 9.0, None)
    check(fnp.put_along_axis(X[0], [0, 7], 9.0, None), x)
    for shape, value, wrap in [
        ((3, 3), 5.0, False),
        ((7, 3), 5.0, True),
        ((7, 3), [1.0, 2.0], False),
        ((3, 3, 3), 5.0, False),
        ((2, 5), 1.0, True),
    ]:
        x = np.zeros(shape)
        np.fill_diagonal(x, value, wrap)
        check(fnp.fill_diagonal(np.zeros(shape), value, wrap), x)


def test_unravel_and_ravel_batched():
    flat = np.array([3, 11])
    rows, columns = vmap(lambda i: fnp.unravel_index(i, (3, 4)))(flat)
    check((rows, columns), np.unravel_index(flat, (3, 4)))
    check(vmap(lambda i, j: fnp.ravel_multi_index((i, j), (3, 4)))(rows, columns), flat)


def test_grids_by_slices():
    check(fnp.mgrid[0:2, 0:3], np.mgrid[0:2, 0:3])
    check(fnp.ogrid[0:2, 0:1:3j], np.ogrid[0:2, 0:1:3j])
    check(fnp.r_[0:3, 5.0, [1, 2]], np.r_[0:3, 5.0, [1, 2]])
    check(fnp.c_[[1, 2], [3, 4]], np.c_[[1, 2], [3, 4]])
    with pytest.raises(TypeError, match=r"fnp\.concatenate"):
        fnp.r_["0,2", [1, 2]]
    gradient = fg.grad(lambda x: fnp.sum(fnp.r_[x, 2 * x] ** 2))(np.ones(2))
    check(gradient, np.array([10.0, 10.0]))


def test_a_basic_index_is_hashable_and_compares_by_value():
    first, second = BasicIndex((slice(1, None), None, 2)), BasicIndex((slice(1, None), None, 2))
    assert first == second
    assert hash(first) == hash(second)
    assert first != BasicIndex((slice(2, None), None, 2))
    assert BasicIndex(1) == BasicIndex((1,))


@pytest.mark.parametrize("rows", [5, 3000])
@pytest.mark.parametrize("width", [(), (1,), (7,), (2, 3)])
@pytest.mark.parametrize("lead", [(), (2,)])
@pytest.mark.parametrize("repeated", [False, True])
def test_accumulating_is_numpys_add_at(rows, width, lead, repeated):
    rng = np.random.default_rng(rows)
    index = rng.integers(-rows, rows, rows) if repeated else rng.permutation(rows) - rows // 2
    values = rng.normal(size=(*lead, rows, *width)).astype(np.float32)
    expected = np.zeros((*lead, rows, *width), np.float32)
    np.add.at(expected, (slice(None),) * len(lead) + (index,), values)
    given = accumulate(np.add, np.zeros_like(expected), values, [index], len(lead))
    np.testing.assert_array_equal(given, expected)


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize(
    "select",
    [
        lambda x: x[np.array([1, 2])],
        lambda x: x[np.array([False, True, True])],
        lambda x: x.at[0].set(1.0),
        lambda x: x.at[np.array([0])].set(1.0),
        lambda x: fnp.where(fnp.isnan(x), 0.0, x),
        lambda x: fnp.triu(fnp.outer(fnp.ones(3), x), 1)[0],
    ],
)
def test_nan_that_is_not_taken_does_no_harm(select):
    def f(x):
        return fnp.sum(select(fnp.sqrt(x) * x))

    gradient = fg.grad(f)(np.array([-1.0, 1.0, 4.0]))
    np.testing.assert_allclose(gradient[1:], [1.5, 3.0])
    assert gradient[0] == 0.0
