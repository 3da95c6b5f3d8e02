"""Reductions: NumPy's values for every option, and gradients where they are delicate."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fungrad as fg
import fungrad.numpy as fnp
from fungrad.errors import ShapeError
from fungrad.numpy.reductions import log_softmax, logsumexp, softmax, vector_norm
from fungrad.transforms.forward import jvp
from fungrad.transforms.vmap import vmap

INF = np.inf
DTYPES = ["?", "i1", "u2", "i8", "f2", "f4", "f8", "c8", "c16"]
AXES = [None, 0, -1, (0, 2), (1, -1), (), (2, 1, 0)]


def sample(dtype: str, shape: tuple[int, ...] = (3, 4, 5)) -> Any:
    rng = np.random.default_rng(3)
    x = rng.normal(size=shape) * 3 + (1j * rng.normal(size=shape) if "c" in dtype else 0)
    return np.abs(x).astype(dtype) if "u" in dtype else x.astype(dtype)


def same(ours: Any, theirs: Any) -> None:
    theirs = np.asarray(theirs)
    assert isinstance(ours, fg.Array)
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    np.testing.assert_array_equal(np.asarray(ours), theirs)


# --- values --------------------------------------------------------------------------------------

ACCUMULATING = ["sum", "prod", "mean", "var", "std", "max", "min", "any", "all", "count_nonzero"]


@pytest.mark.parametrize("name", [*ACCUMULATING, "ptp"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_values_are_numpys(name: str, dtype: str) -> None:
    if name == "ptp" and dtype == "?":
        return  # NumPy does not subtract booleans
    x = sample(dtype)
    for axis, keepdims in itertools.product(AXES, (False, True)):
        options = {"axis": axis, "keepdims": keepdims}
        with np.errstate(over="ignore"):
            same(getattr(fnp, name)(x, **options), getattr(np, name)(x, **options))


@pytest.mark.parametrize("name", ["sum", "mean", "var", "std", "prod"])
@pytest.mark.parametrize("shape", [(1,), (7,), (127,), (1000,), (3000, 3), (2, 5000)])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_quick_paths_round_as_numpy_does(name: str, shape: tuple[int, ...], dtype: str) -> None:
    x = sample(dtype, shape)
    for y in (x, np.asfortranarray(x), x[::-1], x.T, x[..., ::2]):
        for axis in (None, *range(x.ndim)):
            with np.errstate(over="ignore"):
                same(getattr(fnp, name)(y, axis), getattr(np, name)(y, axis))


@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_positions_are_numpys(name: str) -> None:
    x = sample("f8").round()
    for axis, keepdims in itertools.product([None, 0, 1, -1], (False, True)):
        options = {"axis": axis, "keepdims": keepdims}
        same(getattr(fnp, name)(x, **options), getattr(np, name)(x, **options))


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "var", "std"])
def test_dtype_is_that_of_the_computation(name: str) -> None:
    for before, wanted in (("f4", "f8"), ("f8", "f4"), ("i1", "f4"), ("?", "f8"), ("c8", "c16")):
        x = sample(before)
        same(getattr(fnp, name)(x, 1, dtype=wanted), getattr(np, name)(x, 1, dtype=wanted))
    same(fnp.sum([1.7, 2.6], dtype=int), np.sum([1.7, 2.6], dtype=int))


MASK = np.array([[True, False, True, True], [False, True, True, False], [True] * 4])[..., None]
MASKED = {
    "sum": {},
    "prod": {},
    "mean": {},
    "any": {},
    "all": {},
    "var": {"ddof": 1},
    "std": {"correction": 1},
    "max": {"initial": -1.0},
    "min": {"initial": 1.0},
}


@pytest.mark.parametrize("name", MASKED)
@pytest.mark.parametrize("dtype", ["f4", "f8", "c16"])
def test_masks_and_initial_values(name: str, dtype: str) -> None:
    x = sample(dtype)
    for axis, keepdims in itertools.product([None, 1, (0, 1)], (False, True)):
        options = {"axis": axis, "keepdims": keepdims, **MASKED[name]}
        same(
            getattr(fnp, name)(x, where=MASK, **options),
            getattr(np, name)(x, where=MASK, **options),
        )
        if name in ("sum", "prod"):
            same(
                getattr(fnp, name)(x, initial=2, **options),
                getattr(np, name)(x, initial=2, **options),
            )

        def traced(y: Any, name: str = name, options: Any = options) -> Any:
            return getattr(fnp, name)(y, where=MASK, **options)

        if name not in ("any", "all"):
            ours = jvp(traced, (x,), (x,))[0]
            theirs = getattr(np, name)(x, where=MASK, **options)
            assert ours.dtype == theirs.dtype
            np.testing.assert_allclose(
                np.asarray(ours), theirs, rtol=2e-5 if dtype == "f4" else 1e-13
            )


def test_where_it_is_a_list() -> None:
    assert fnp.sum([1.0, 2.0, 4.0], where=[True, False, True]) == 5
    gradient = fg.grad(lambda x: fnp.sum(x, where=[True, False, True]))(np.ones(3))
    np.testing.assert_array_equal(gradient, [1, 0, 1])


def test_arguments_of_every_kind() -> None:
    assert fnp.sum(3) == 3
    assert fnp.sum([[1, 2], [3, 4]]) == 10
    assert fnp.sum(fnp.array([1.0, 2.0])) == 3
    assert fnp.array([1.0, 3.0]).mean() == 2
    assert np.sum(fnp.array([1.0, 2.0])) == 3
    assert np.add.reduce(fnp.ones((2, 3))).shape == (3,)
    assert np.maximum.reduce(fnp.array([1.0, 2.0]), axis=0) == 2
    assert fnp.array([[1.0, 3.0]]).var(axis=1, ddof=1)[0] == 2


def test_mean_of_a_known_mean_is_an_argument() -> None:
    x, m = sample("f8", (3, 4)), np.ones((3, 1))
    same(fnp.var(x, 1, mean=m), np.var(x, 1, mean=m))
    gradient = fg.grad(lambda m: fnp.sum(fnp.var(x, 1, mean=m)))(m)
    np.testing.assert_allclose(gradient, -2 * (x - m).mean(1, keepdims=True), rtol=1e-13)


@given(
    st.sampled_from(["sum", "mean", "prod", "max", "min", "var", "std", "ptp"]),
    st.lists(st.integers(1, 4), max_size=4),
    st.booleans(),
    st.data(),
)
def test_any_shape_and_axes(name: str, shape: list[int], keepdims: bool, data: Any) -> None:
    ndim = len(shape)
    axes = st.lists(st.integers(-ndim, ndim - 1), max_size=ndim, unique_by=lambda i: i % ndim)
    axis = data.draw(st.none() if not ndim else st.none() | axes.map(tuple))
    x = sample("f8", tuple(shape))
    options = {"axis": axis, "keepdims": keepdims}
    same(getattr(fnp, name)(x, **options), getattr(np, name)(x, **options))
    direction, (z, pullback) = np.cos(x), fg.vjp(lambda y: getattr(fnp, name)(y, **options), x)
    cotangent = np.sin(np.asarray(z) + 1)
    _, tangent = jvp(lambda y: getattr(fnp, name)(y, **options), (x,), (direction,))
    there = np.sum(np.asarray(tangent) * cotangent)
    back = np.sum(np.asarray(pullback(cotangent)[0]) * direction)
    np.testing.assert_allclose(there, back, rtol=1e-9, atol=1e-9)


# --- errors --------------------------------------------------------------------------------------


def test_errors() -> None:
    with pytest.raises(np.exceptions.AxisError):
        fnp.sum([1.0], axis=1)
    with pytest.raises(ValueError, match="twice"):
        fnp.sum([[1.0]], axis=(0, -2))
    with pytest.raises(ShapeError, match="no identity"):
        fnp.max(np.empty(0))
    with pytest.raises(ShapeError, match="no identity"):
        fg.grad(lambda x: fnp.sum(fnp.min(x, 0)))(np.empty((0, 2)))
    with pytest.raises(ValueError, match="initial"):
        fnp.max([1.0, 2.0], where=[True, False])
    with pytest.raises(ValueError, match="ddof and correction"):
        fnp.var([1.0, 2.0], ddof=1, correction=1)
    with pytest.raises(TypeError):
        fnp.sum([[1.0]], 0, None, None)  # what NumPy takes as out


# --- gradients where they are delicate -----------------------------------------------------------


def test_empty_arrays() -> None:
    for shape in [(0,), (0, 3), (2, 0)]:
        x = np.empty(shape)
        for function in (fnp.sum, fnp.prod, logsumexp, lambda y: fnp.sum(softmax(y))):
            gradient = fg.grad(function)(x)
            assert gradient.shape == shape
    assert fnp.sum(np.empty(0)) == 0
    assert fnp.prod(np.empty(0)) == 1
    assert logsumexp(np.empty(0)) == -INF
    gradient = fg.grad(lambda x: fnp.sum(fnp.sum(x, axis=0)))(np.empty((0, 3), np.float32))
    assert (gradient.shape, gradient.dtype) == ((0, 3), np.float32)
    gradient = fg.grad(lambda x: fnp.sum(fnp.mean(x, axis=1)))(np.empty((0, 3)))
    assert gradient.shape == (0, 3)


def test_mean_of_nothing_warns_as_numpy_does() -> None:
    with np.errstate(invalid="ignore"):
        with pytest.warns(RuntimeWarning, match="Mean of empty slice"):
            assert np.isnan(fnp.mean(np.empty(0)))
        with pytest.warns(RuntimeWarning, match="Degrees of freedom"):
            assert np.isnan(fnp.var([1.0], ddof=1))


def test_prod_with_one_zero() -> None:
    gradient = fg.grad(fnp.prod)(np.array([2.0, 0.0, 3.0, 4.0]))
    np.testing.assert_array_equal(gradient, [0, 24, 0, 0])


def test_prod_with_two_zeros() -> None:
    x = np.array([2.0, 0.0, 3.0, 0.0])
    np.testing.assert_array_equal(fg.grad(fnp.prod)(x), [0, 0, 0, 0])
    second = fg.grad(lambda y: fg.grad(fnp.prod)(y)[1])(x)
    np.testing.assert_array_equal(second, [0, 0, 0, 6])
    third = fg.grad(lambda z: fg.grad(lambda y: fg.grad(fnp.prod)(y)[1])(z)[3])(x)
    np.testing.assert_array_equal(third, [3, 0, 2, 0])


def test_prod_that_overflows_or_underflows() -> None:
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(fg.grad(fnp.prod)(np.array([1e200, 1e200])), [1e200, 1e200])
    np.testing.assert_array_equal(fg.grad(fnp.prod)(np.array([1e-200, 1e-200])), [1e-200, 1e-200])


@pytest.mark.parametrize("name", ["max", "min"])
def test_ties_share(name: str) -> None:
    sign = 1.0 if name == "max" else -1.0
    x = sign * np.array([[3.0, 1.0, 3.0], [2.0, 2.0, 2.0]])
    function = getattr(fnp, name)
    gradient = fg.grad(lambda y: fnp.sum(function(y, axis=1)))(x)
    np.testing.assert_allclose(gradient, [[0.5, 0, 0.5], [1 / 3, 1 / 3, 1 / 3]])
    _, tangent = jvp(lambda y: function(y, axis=1), (x,), (np.arange(6.0).reshape(2, 3),))
    np.testing.assert_allclose(tangent, [1.0, 4.0])


@pytest.mark.parametrize("name", ["max", "min"])
def test_nan_gets_the_gradient_of_the_extreme_that_it_is(name: str) -> None:
    gradient = fg.grad(getattr(fnp, name))(np.array([1.0, np.nan, 3.0]))
    np.testing.assert_array_equal(gradient, [0, 1, 0])


def test_max_does_not_make_nan_of_an_infinite_gradient() -> None:
    with np.errstate(divide="ignore"):
        gradient = fg.grad(lambda x: fnp.log(fnp.max(x)))(np.array([0.0, -1.0]))
    np.testing.assert_array_equal(gradient, [INF, 0])


def test_initial_value_of_max_bounds_it() -> None:
    def function(x: Any, bound: Any) -> Any:
        return fnp.max(x, initial=bound)

    gradient = fg.grad(function, (0, 1))(np.array([1.0, 2.0]), 3.0)
    np.testing.assert_array_equal(gradient[0], [0, 0])
    assert gradient[1] == 1
    assert fg.grad(function)(np.empty(0), 3.0).shape == (0,)


def test_std_of_equal_values() -> None:
    for x in (np.ones(3), np.full(3, 0.1), np.full(10, 1e10 / 3), np.array([2.0]), np.array(5.0)):
        gradient = fg.grad(fnp.std)(x)
        np.testing.assert_array_equal(gradient, np.zeros_like(x))
        assert np.all(np.isfinite(fg.grad(lambda y: fnp.sum(fg.grad(fnp.std)(y)))(x)))
    masked = fg.grad(lambda x: fnp.std(x, where=np.array([True, True, False])))(
        np.array([1.0, 1, 5])
    )
    np.testing.assert_array_equal(masked, [0, 0, 0])
    for function in (lambda y: fnp.std(y, where=np.ones(7, bool)), fnp.nanstd):
        np.testing.assert_allclose(fg.grad(function)(np.full(7, 0.1)), 0, atol=1e-15)
    mixed = fg.grad(lambda x: fnp.sum(fnp.std(x, axis=1)))(np.array([[1.0, 1.0], [1.0, 3.0]]))
    np.testing.assert_array_equal(mixed, [[0, 0], [-0.5, 0.5]])


@pytest.mark.parametrize("order", [2, 1, INF, -INF, 3, 1.5, 0.5, 0])
@pytest.mark.parametrize("axis", [None, 1])
def test_norm_at_zero(order: float, axis: int | None) -> None:
    x = np.zeros((2, 3))
    function = lambda y: fnp.sum(vector_norm(y, axis, ord=order))  # noqa: E731
    np.testing.assert_array_equal(fg.grad(function)(x), x)
    np.testing.assert_array_equal(fg.grad(lambda y: fnp.sum(fg.grad(function)(y)))(x), x)
    np.testing.assert_array_equal(jvp(function, (x,), (np.ones((2, 3)),))[1], 0)


def test_norm_with_some_zeros() -> None:
    for order in (2, 3, 1.5):
        gradient = fg.grad(lambda y, p=order: vector_norm(y, ord=p))(np.array([0.0, -2.0]))
        np.testing.assert_allclose(gradient, [0, -1])


def test_norm_values() -> None:
    for dtype in ("f4", "f8", "c8", "c16", "i8"):
        x = sample(dtype, (3, 4))
        same(vector_norm(x), np.linalg.norm(x))
        same(vector_norm(x, (0, 1)), np.linalg.vector_norm(x))
        for order in (2, 1, INF, -INF, 0, 3, 2.5, 0.5):
            same(vector_norm(x, 1, order), np.linalg.norm(x, order, 1))
            same(vector_norm(x, 0, order, True), np.linalg.norm(x, order, 0, keepdims=True))
    same(vector_norm(np.array(-3.0)), np.float64(3.0))


def test_softmax_of_huge_values() -> None:
    x = np.array([1e300, 1e300, -1e300, 1000.0])
    np.testing.assert_array_equal(softmax(x), [0.5, 0.5, 0, 0])
    np.testing.assert_array_equal(log_softmax(np.array([1e5, 0.0])), [0, -1e5])
    gradient = fg.grad(lambda y: softmax(y)[0])(x)
    np.testing.assert_array_equal(gradient, [0.25, -0.25, 0, 0])
    gradient = fg.grad(lambda y: log_softmax(y)[1])(np.array([1e5, 0.0]))
    np.testing.assert_array_equal(gradient, [-1, 1])


def test_softmax_with_minus_infinity() -> None:
    x = np.array([[0.0, -INF, 0.0], [-INF, -INF, -INF], [INF, 0.0, -INF]])
    p = np.array([[0.5, 0, 0.5], [0, 0, 0], [1, 0, 0]])
    np.testing.assert_array_equal(softmax(x), p)
    np.testing.assert_array_equal(np.exp(np.asarray(log_softmax(x))), p)
    weights = np.arange(9.0).reshape(3, 3)
    gradient = np.asarray(fg.grad(lambda y: fnp.sum(weights * softmax(y)))(x))
    np.testing.assert_array_equal(gradient, p * (weights - (p * weights).sum(1, keepdims=True)))
    gradient = np.asarray(fg.grad(lambda y: fnp.sum(fnp.where(p > 0, log_softmax(y), 0)))(x))
    np.testing.assert_array_equal(gradient, (p > 0) - p * (p > 0).sum(1, keepdims=True))
    second = fg.grad(lambda z: fnp.sum(fg.grad(lambda y: fnp.sum(weights * softmax(y)))(z)))(x)
    assert np.all(np.isfinite(second))


def test_softmax_of_what_is_included() -> None:
    mask = np.array([True, False, True])
    np.testing.assert_array_equal(softmax([0.0, 9.0, 0.0], where=mask), [0.5, 0, 0.5])
    np.testing.assert_array_equal(
        log_softmax([0.0, 9.0, 0.0], where=mask), [-np.log(2), -INF, -np.log(2)]
    )


def test_logsumexp_at_minus_infinity() -> None:
    x = np.array([-INF, -INF])
    assert logsumexp(x) == -INF
    np.testing.assert_array_equal(fg.grad(logsumexp)(x), [0, 0])
    np.testing.assert_array_equal(fg.grad(logsumexp)(np.array([-INF, 2.0])), [0, 1])
    np.testing.assert_array_equal(jvp(logsumexp, (x,), (np.ones(2),))[1], 0)


def test_logsumexp_of_infinite_and_huge_values() -> None:
    assert logsumexp([INF, 0.0]) == INF
    np.testing.assert_array_equal(fg.grad(logsumexp)(np.array([INF, 0.0, INF])), [0.5, 0, 0.5])
    assert logsumexp([1e300, 1e300]) == 1e300
    np.testing.assert_array_equal(fg.grad(logsumexp)(np.array([1e300, 1e300])), [0.5, 0.5])
    assert logsumexp([-1e300, -1e300]) == -1e300
    x = np.array([1e6, 1e6 + 1], np.float32)
    np.testing.assert_allclose(fg.grad(logsumexp)(x), 1 / (1 + np.exp([1, -1])), rtol=1e-6)
    assert np.isnan(logsumexp([np.nan, 0.0]))
    second = fg.grad(lambda y: fg.grad(logsumexp)(y)[0])(np.array([INF, 0.0, INF]))
    assert np.all(np.isfinite(second))


def test_logsumexp_with_factors() -> None:
    value, sign = logsumexp([0.0, 0.0], b=[1.0, -3.0], return_sign=True)
    assert (value, sign) == (np.log(2), -1)
    assert np.isnan(logsumexp([0.0, 0.0], b=[1.0, -3.0]))
    assert logsumexp([1000.0, 0.0], b=[0.0, 1.0]) == 0
    gradient = fg.grad(lambda b: logsumexp(np.array([1.0, 0.0]), b=b))(np.array([0.0, 2.0]))
    np.testing.assert_allclose(gradient, [np.e / 2, 0.5])
    with np.errstate(divide="ignore"):
        value, sign = logsumexp([1.0, 1.0], b=[1.0, -1.0], return_sign=True)
    assert (value, sign) == (-INF, 0)


def test_logsumexp_keeps_axes_and_sign() -> None:
    x = sample("f4", (2, 3))
    z, sign = logsumexp(x, 1, keepdims=True, return_sign=True)
    assert (z.shape, z.dtype, sign.dtype) == ((2, 1), np.float32, np.float32)
    assert logsumexp(x, 0, b=2).shape == (3,)
    assert logsumexp([1, 2]).dtype == np.float64


def test_complex_moments_are_real() -> None:
    z = sample("c16", (4,))
    for function in (fnp.var, fnp.std, vector_norm):
        gradient = np.asarray(fg.grad(function)(z))
        for direction in (1, 1j):
            expected = jvp(function, (z,), (np.full(4, direction, complex),))[1]
            np.testing.assert_allclose(np.sum(gradient * direction).real, expected, atol=1e-14)


def test_float32_stays_where_an_axis_has_one_element() -> None:
    x = np.ones((3, 1), np.float32)
    for function in (fnp.max, fnp.mean, fnp.var, fnp.std, fnp.prod, logsumexp):
        gradient = fg.grad(lambda y, f=function: fnp.sum(f(y, axis=1, keepdims=True)))(x)
        assert gradient.dtype == np.float32


def test_results_do_not_share_memory_with_arguments() -> None:
    x = np.ones(3)
    y = fnp.sum(x, axis=())
    x[0] = 9
    assert y[0] == 1
    assert x.flags.writeable


def test_vmap_of_masks_and_initial_values() -> None:
    x = sample("f8", (2, 3))
    masks = np.array([[True, False, True], [False, True, True]])
    ours = vmap(lambda row, mask: fnp.sum(row, where=mask))(x, masks)
    np.testing.assert_allclose(ours, np.sum(x, 1, where=masks))
    ours = vmap(lambda row, mask: fnp.any(row > 0, where=mask))(x, masks)
    np.testing.assert_array_equal(ours, np.any(x > 0, 1, where=masks))
