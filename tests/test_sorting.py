"""Sorting, searching, distinct elements, cumulative results and calculus on samples."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad.errors import BatchedShapeError, ShapeError
from fungrad.transforms.forward import jvp
from fungrad.transforms.vmap import vmap
from tests.cases.sorting import apart

DTYPES = ["?", "i4", "f2", "f4", "f8", "c16"]


def sample(dtype: str, shape: tuple[int, ...] = (3, 4, 5)) -> Any:
    rng = np.random.default_rng(5)
    x = (rng.normal(size=shape) * 3).round() + (1j * rng.normal(size=shape) if "c" in dtype else 0)
    return x.astype(dtype)


def same(ours: Any, theirs: Any) -> None:
    if isinstance(theirs, (tuple, list)):
        assert isinstance(ours, tuple)
        for mine, other in zip(ours, theirs, strict=True):
            same(mine, other)
        return
    theirs = np.asarray(theirs)
    assert isinstance(ours, fg.Array)
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    np.testing.assert_array_equal(np.asarray(ours), theirs)


def agree(name: str, *args: Any, **options: Any) -> None:
    """Check a function's values, and that they are the same when it is traced."""
    theirs = getattr(np, name)(*args, **options)
    same(getattr(fnp, name)(*args, **options), theirs)
    x, *rest = args
    if np.asarray(x).dtype.kind not in "fc":
        return
    traced = jvp(lambda y: getattr(fnp, name)(y, *rest, **options), (x,), (x,))[0]
    pairs = zip(traced, theirs, strict=True) if isinstance(traced, tuple) else [(traced, theirs)]
    for ours, expected in pairs:
        assert ours.dtype == np.asarray(expected).dtype
        np.testing.assert_allclose(ours, expected, rtol=1e-2 if x.dtype == "f2" else 1e-5)


# --- sorting -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_sorting_is_numpys(dtype: str) -> None:
    x = sample(dtype)
    for axis in (-1, 0, 1, None):
        agree("sort", x, axis)
        agree("argsort", x, axis, kind="stable")
        agree("argsort", x, axis, stable=True)
        same(fnp.partition(x, 2, axis), np.partition(x, 2, axis))
        same(fnp.argpartition(x, (0, 2), axis), np.argpartition(x, (0, 2), axis))
    agree("sort_complex", x)


def test_sort_puts_nan_last() -> None:
    x = np.array([np.nan, 2.0, np.inf, 1.0])
    agree("sort", x)
    gradient = fg.grad(lambda y: fnp.sort(y)[1])(x)
    np.testing.assert_array_equal(gradient, [0, 1, 0, 0])


def test_methods_of_arrays() -> None:
    x = fnp.array([3.0, 1.0, 2.0])
    assert list(x.argsort().tolist()) == [1, 2, 0]
    assert x.argpartition(0)[0] == 1
    assert fnp.sort(x).searchsorted(2.5) == 2
    assert x.cumsum()[-1] == 6
    assert x.cumprod()[-1] == 6
    assert x.nonzero()[0].shape == (3,)
    assert np.sort(x)[0] == 1
    assert np.add.accumulate(x)[2] == 6


def test_lexsort() -> None:
    first, second = sample("f8", (2, 6)), sample("i4", (2, 6))
    same(fnp.lexsort((first, second)), np.lexsort((first, second)))
    same(fnp.lexsort((first, second), axis=0), np.lexsort((first, second), axis=0))
    same(fnp.lexsort(first), np.lexsort(first))
    shared = vmap(lambda x: fnp.lexsort((x, second[0])))(first)
    same(shared, np.stack([np.lexsort((row, second[0])) for row in first]))


def test_searchsorted() -> None:
    a, v = np.sort(sample("f8", (9,))), sample("f8", (4, 3)) + 0.5
    for side in ("left", "right"):
        agree("searchsorted", a, v, side)
        agree("searchsorted", a, 0.0, side)
        same(fnp.searchsorted(a, [1, 2], side), np.searchsorted(a, [1, 2], side))
    order = np.argsort(sample("f8", (9,)))
    shuffled = sample("f8", (9,))
    same(fnp.searchsorted(shuffled, v, sorter=order), np.searchsorted(shuffled, v, sorter=order))


def test_searchsorted_under_two_vmaps() -> None:
    a = np.sort(sample("f8", (2, 3, 7)))
    v = sample("f8", (2, 3, 4))
    for side in ("left", "right"):
        rows = [[np.searchsorted(a[i, j], v[i, j], side) for j in range(3)] for i in range(2)]
        same(vmap(vmap(lambda x, y, s=side: fnp.searchsorted(x, y, s)))(a, v), np.array(rows))
        rows = [[np.searchsorted(a[i, j], v[0, 0], side) for j in range(3)] for i in range(2)]
        shared = vmap(vmap(lambda x, s=side: fnp.searchsorted(x, v[0, 0], s)))(a)
        same(shared, np.array(rows))


def test_searching() -> None:
    x = sample("f8", (3, 4))
    agree("nonzero", x)
    agree("flatnonzero", x)
    agree("argwhere", x)
    same(fnp.count_nonzero(x), np.count_nonzero(x))
    for bins in ([-2.0, 0.0, 1.0], [1.0, 0.0, -2.0], [0.0, 0.0]):
        for right in (False, True):
            agree("digitize", x, np.array(bins), right)


def test_positions_are_constants() -> None:
    x = np.array([1.0, 0.0, 3.0])
    gradient = fg.grad(lambda y: fnp.sum(y[fnp.flatnonzero(y)] ** 2))(x)
    np.testing.assert_array_equal(gradient, [2, 0, 6])
    gradient = fg.grad(lambda y: y[fnp.argmax(y)] * fnp.argmax(y))(x)
    np.testing.assert_array_equal(gradient, [0, 0, 2])


@pytest.mark.parametrize(
    "name", ["nonzero", "flatnonzero", "argwhere", "unique", "unique_all", "unique_counts"]
)
def test_results_of_any_length_under_vmap(name: str) -> None:
    x = np.array([[1.0, 0.0, 2.0], [0.0, 0.0, 3.0], [5.0, 0.0, 6.0]])
    function = getattr(fnp, name)

    def total(row: Any) -> Any:
        found = function(row)
        return fnp.sum(found[0] if isinstance(found, tuple) else found)

    np.testing.assert_array_equal(vmap(total)(x), [total(fnp.array(row)) for row in x])
    if not name.startswith("unique"):
        with pytest.raises(BatchedShapeError, match="different shapes"):
            vmap(function)(x)
    # What does not depend on the example is no obstacle.
    shared = np.array([1.0, 0.0])
    assert vmap(lambda x: x + fnp.size(getattr(fnp, name)(shared)[0]))(np.zeros(2)).shape == (2,)


def test_sorting_errors() -> None:
    with pytest.raises(np.exceptions.AxisError):
        fnp.sort([1.0], axis=1)
    with pytest.raises(np.exceptions.AxisError):
        fnp.sort(1.0)
    with pytest.raises(ValueError, match="kind and stable"):
        fnp.sort([1.0], kind="stable", stable=True)
    with pytest.raises(ValueError, match="out of bounds"):
        fnp.partition([1.0, 2.0], 2)
    with pytest.raises(ValueError, match="side"):
        fnp.searchsorted([1.0], 1.0, "middle")
    with pytest.raises(ShapeError, match="one axis"):
        fnp.searchsorted([[1.0]], 1.0)
    with pytest.raises(ValueError, match="monotonic"):
        fnp.digitize([1.0], [0.0, 2.0, 1.0])
    with pytest.raises(TypeError, match="keys"):
        fnp.lexsort(())


# --- distinct elements ---------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["i4", "f4", "f8", "c16"])
def test_unique_is_numpys(dtype: str) -> None:
    x = sample(dtype, (4, 3))
    for flags in itertools.product((False, True), repeat=3):
        for axis in (None, 0, -1):
            agree("unique", x, *flags, axis=axis)
    same(tuple(fnp.unique_all(x)), tuple(np.unique_all(x)))
    same(tuple(fnp.unique_counts(x)), tuple(np.unique_counts(x)))
    same(tuple(fnp.unique_inverse(x)), tuple(np.unique_inverse(x)))
    same(fnp.unique_values(x), np.sort(np.unique_values(x)))
    assert fnp.unique_all(x)._fields == np.unique_all(x)._fields
    nans = np.array([np.nan, 1.0, np.nan])
    agree("unique", nans)
    agree("unique", nans, equal_nan=False)


def test_gradient_of_unique_goes_to_the_first_of_equals() -> None:
    weights = np.array([1.0, 10.0])
    gradient = fg.grad(lambda x: fnp.sum(weights * fnp.unique(x)))(np.array([3.0, 1.0, 3.0]))
    np.testing.assert_array_equal(gradient, [10, 1, 0])


# --- cumulative results --------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
def test_cumulative_is_numpys(name: str, dtype: str) -> None:
    x = sample(dtype)
    for axis in (None, 0, -1):
        with np.errstate(over="ignore"):
            agree(name, x, axis)
            same(
                getattr(fnp, name)(x, axis, "f8" if dtype != "c16" else "c8"),
                getattr(np, name)(x, axis, "f8" if dtype != "c16" else "c8"),
            )
    same(getattr(fnp, name)(2.0), getattr(np, name)(2.0))


def test_cumulative_of_the_array_api() -> None:
    x = sample("f8", (3, 4))
    same(fnp.cumulative_sum(x, axis=0), np.cumsum(x, axis=0))
    same(fnp.cumulative_prod(x[0]), np.cumprod(x[0]))
    ones = np.ones((3, 1))
    same(
        fnp.cumulative_prod(x, axis=-1, include_initial=True),
        np.concatenate([ones, np.cumprod(x, 1)], 1),
    )
    same(fnp.cumulative_sum([1, 2], include_initial=True), np.array([0, 1, 3]))
    with pytest.raises(ShapeError, match="axis"):
        fnp.cumulative_sum(x)


def test_cumprod_with_zeros() -> None:
    x = np.array([2.0, 0.0, 3.0, 0.0, 5.0])
    jacobian = np.stack(
        [np.asarray(fg.grad(lambda y, i=i: fnp.cumprod(y)[i])(x)) for i in range(5)]
    )
    expected = np.zeros((5, 5))
    expected[0, 0] = 1
    expected[1] = [0, 2, 0, 0, 0]
    expected[2] = [0, 6, 0, 0, 0]
    np.testing.assert_array_equal(jacobian, expected)
    for i in range(5):
        column = jvp(fnp.cumprod, (x,), (np.eye(5)[i],))[1]
        np.testing.assert_array_equal(column, expected[:, i])
    second = fg.grad(lambda y: fg.grad(lambda z: fnp.cumprod(z)[4])(y)[1])(x)
    np.testing.assert_array_equal(second, [0, 0, 0, 30, 0])


# --- calculus on samples -------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_diff_is_numpys(dtype: str) -> None:
    x = sample(dtype)
    for n, axis in itertools.product((0, 1, 2, 9), (-1, 0)):
        agree("diff", x, n, axis)
    if dtype != "?":
        agree("diff", x, prepend=0, append=x[..., :2])
        agree("ediff1d", x)
        agree("ediff1d", x, to_begin=[0, 1], to_end=2)
    with pytest.raises(ShapeError, match="neighbours"):
        fnp.diff(1.0)
    with pytest.raises(ValueError, match="how many"):
        fnp.diff(x, -1)
    with pytest.raises(TypeError, match="cannot hold"):
        fnp.ediff1d([1, 2], to_end=0.5)


def test_diff_of_order_zero_is_a_copy() -> None:
    x = np.ones(3)
    y = fnp.diff(x, 0)
    x[0] = 5
    assert y[0] == 1


@pytest.mark.parametrize("dtype", ["f4", "f8", "c16", "i4"])
@pytest.mark.parametrize("edge_order", [1, 2])
def test_gradient_is_numpys(dtype: str, edge_order: int) -> None:
    f = sample(dtype)
    places = np.array([0.0, 1.0, 1.5, 4.0])
    agree("gradient", f, edge_order=edge_order)
    agree("gradient", f, 0.5, edge_order=edge_order)
    agree("gradient", f, 0.5, places, 2.0, edge_order=edge_order)
    agree("gradient", f, places, axis=1, edge_order=edge_order)
    agree("gradient", f, 2, 3, axis=(0, -1), edge_order=edge_order)


def test_gradient_errors() -> None:
    f = fnp.ones((2, 3))
    for call in (lambda x: fnp.gradient(x, 1, 2, 3), lambda x: fnp.gradient(x, edge_order=3)):
        with pytest.raises((TypeError, ValueError)):
            jvp(lambda x, call=call: call(x)[0], (f,), (f,))
    with pytest.raises(ShapeError, match="3 elements or more"):
        jvp(lambda x: fnp.gradient(x, axis=0, edge_order=2), (f,), (f,))


def test_trapezoid_is_numpys() -> None:
    y, x = sample("f8", (4, 5)), np.sort(sample("f8", (5,)))
    agree("trapezoid", y)
    agree("trapezoid", y, x)
    agree("trapezoid", y, dx=0.5, axis=0)
    agree("trapezoid", y, x[:4], axis=0)
    agree("trapezoid", y, y)
    agree("trapezoid", y.astype("f4"), dx=0.5)


def test_interp_is_numpys() -> None:
    xp, fp = np.array([0.0, 1.0, 1.0, 2.0, 2.0]), np.array([1.0, 3.0, 5.0, 2.0, 7.0])
    x = np.array([-1.0, 0.0, 0.3, 1.0, 1.7, 2.0, 3.0, np.nan])
    agree("interp", x, xp, fp)
    agree("interp", x, xp, fp, -5.0, 5.0)
    agree("interp", x, xp[:1], fp[:1])
    agree("interp", x[:-1], np.array([0.2, 1.4, -0.3]), fp[:3], period=2.0)
    agree("interp", np.array([0.5, 1.5]), [0.0, 1.0, 2.0], [1j, 2.0, 3.0])
    with pytest.raises(ShapeError, match="one length"):
        fg.grad(lambda z: fnp.interp(z, xp, fp[:2]))(0.5)


def test_gradients_of_interp() -> None:
    xp, fp = np.array([0.0, 1.0, 2.0]), np.array([0.0, 10.0, 40.0])
    slope = fg.grad(fnp.interp)
    assert [slope(x, xp, fp).item() for x in (0.0, 0.5, 1.5, 2.0, 3.0)] == [10, 10, 30, 30, 0]
    by_values = fg.grad(fnp.interp, 2)(1.25, xp, fp)
    np.testing.assert_array_equal(by_values, [0, 0.75, 0.25])
    by_places = fg.grad(fnp.interp, 1)(0.5, xp, fp)
    np.testing.assert_array_equal(by_places, [-5, -5, 0])


def test_sorting_many_times_over() -> None:
    """Gradients through a sort are those of the permutation, at every nesting."""
    x = apart(6)
    weights = np.arange(6.0)

    def function(y: Any) -> Any:
        return fnp.sum(weights * fnp.sort(y) ** 3)

    ranks = np.argsort(np.argsort(x))
    np.testing.assert_allclose(fg.grad(function)(x), 3 * weights[ranks] * x**2)
    diagonal = vmap(lambda e: fnp.sum(e * jvp(fg.grad(function), (x,), (e,))[1]))(np.eye(6))
    np.testing.assert_allclose(diagonal, 6 * weights[ranks] * x)
