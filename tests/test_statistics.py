"""Statistics: NumPy's values for every option, and gradients where they are delicate."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad.errors import BatchedShapeError, ShapeError, UnsupportedFunctionError
from fungrad.transforms.forward import jvp
from fungrad.transforms.vmap import vmap
from tests.cases.statistics import METHODS
from tests.test_sorting import agree, same


def sample(dtype: str, shape: tuple[int, ...] = (3, 4, 5)) -> Any:
    rng = np.random.default_rng(7)
    return (
        rng.normal(size=shape) * 3 + (1j * rng.normal(size=shape) if "c" in dtype else 0)
    ).astype(dtype)


def holes(dtype: str = "f8") -> Any:
    x = sample(dtype)
    x[0, ::2, 1] = np.nan
    x[1, 2, 1:] = np.nan
    return x


# --- averages and covariances --------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["i4", "f4", "f8", "c16"])
def test_average_is_numpys(dtype: str) -> None:
    x, w = sample(dtype), np.random.default_rng(0).uniform(1, 2, (3, 4, 5))
    for axis, returned, keepdims in itertools.product([None, 1, (0, 2)], *[(False, True)] * 2):
        options = {"returned": returned, "keepdims": keepdims}
        agree("average", x, axis, **options)
        agree("average", x, axis, weights=w, **options)
    agree("average", x, 1, weights=w[0, :, 0])
    agree("average", x, (2, 0), weights=w[:, 0].T)
    agree("average", x, 2, weights=[1, 2, 3, 4, 5])


def test_average_errors() -> None:
    with pytest.raises(ZeroDivisionError, match="sum to zero"):
        fnp.average([1.0, 2.0], weights=[1.0, -1.0])
    with pytest.raises(ShapeError, match="weights"):
        fnp.average(np.ones((2, 3)), weights=np.ones(3))
    with pytest.raises(ShapeError, match="weights"):
        fnp.average(np.ones((2, 3)), axis=0, weights=np.ones(3))


@pytest.mark.parametrize("dtype", ["i4", "f4", "f8", "c16"])
def test_covariance_is_numpys(dtype: str) -> None:
    x, y = sample(dtype, (3, 6)), sample(dtype, (2, 6)) * 2
    for options in (
        {},
        {"bias": True},
        {"ddof": 2},
        {"fweights": [1, 2, 0, 3, 1, 1]},
        {"aweights": [0.5, 1, 1, 2, 1, 3]},
        {"fweights": [1, 2, 0, 3, 1, 1], "aweights": [0.5, 1, 1, 2, 1, 3]},
        {"fweights": [1, 2, 0, 3, 1, 1], "aweights": [0.5, 1, 1, 2, 1, 3], "ddof": 0},
    ):
        agree("cov", x, **options)
        agree("cov", x, y, **options)
        agree("cov", x.T, y.T, rowvar=False, **options)
        agree("cov", x[0], **options)
    agree("cov", x[0], y[0], rowvar=False)
    agree("corrcoef", x)
    agree("corrcoef", x, y)
    agree("corrcoef", x.T, rowvar=False)


def test_covariance_of_one_observation_warns_as_numpy_does() -> None:
    with np.errstate(all="ignore"), pytest.warns(RuntimeWarning, match="Degrees of freedom"):
        fg.grad(lambda x: fnp.cov(x))(np.array([1.0]))


# --- quantiles -----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_quantiles_are_numpys(method: str, dtype: str) -> None:
    x = sample(dtype, (4, 5))
    for q in (0.3, 0, 1, np.array([0.0, 0.1, 0.25, 0.5, 0.77, 1.0]), [0.5]):
        for axis, keepdims in itertools.product([None, 0, -1, (0, 1)], (False, True)):
            agree("quantile", x, q, axis, method=method, keepdims=keepdims)
    agree("percentile", x, [5, 50, 99.5], 1, method=method)
    agree("nanpercentile", holes(dtype), [5, 50, 99.5], 1, method=method)
    agree("nanquantile", holes(dtype), 0.4, (0, 2), method=method, keepdims=True)


def test_quantiles_of_nan_are_nan() -> None:
    agree("quantile", holes(), 0.5, axis=0)
    agree("quantile", holes(), [0.25, 0.5], method="lower")
    agree("median", holes(), axis=1)
    gradient = fg.grad(lambda x: fnp.nansum(fnp.quantile(x, 0.5, axis=0)))(
        np.array([[1.0, np.nan], [2.0, 0.0], [3.0, 1.0]])
    )
    np.testing.assert_array_equal(gradient, [[0, 0], [1, 0], [0, 0]])


def test_quantiles_of_integers_and_with_weights() -> None:
    x = np.arange(12).reshape(3, 4)
    same(fnp.quantile(x, 0.3, axis=0), np.quantile(x, 0.3, axis=0))
    ours = vmap(lambda row: fnp.quantile(row, 0.3, method="lower"))(x)
    same(ours, np.quantile(x, 0.3, axis=1, method="lower"))
    options = {"weights": [1, 2, 3, 4], "axis": 1, "method": "inverted_cdf"}
    same(fnp.quantile(x, 0.3, **options), np.quantile(x, 0.3, **options))
    with pytest.raises(UnsupportedFunctionError, match="weights"):
        fg.grad(lambda y: fnp.sum(fnp.quantile(y, 0.3, **options)))(x.astype(float))


def test_quantiles_in_the_probability() -> None:
    x = np.array([1.0, 2.0, 4.0, 8.0])
    assert fg.grad(fnp.quantile, 1)(x, 0.5) == 6
    assert fg.grad(fnp.percentile, 1)(x, 50.0) == 0.06
    assert fg.grad(lambda q: fnp.quantile(x, q, method="nearest"))(0.3) == 0
    np.testing.assert_allclose(vmap(lambda q: fnp.quantile(x, q))(np.array([0.0, 1.0])), [1.0, 8.0])


def test_quantile_errors() -> None:
    x = np.ones(3)
    for function in (fnp.quantile, lambda y, q, **o: fg.grad(fnp.quantile)(y, q, **o)):
        with pytest.raises(ValueError, match=r"Quantiles|between"):
            function(x, 1.5)
        with pytest.raises(ValueError, match="method"):
            function(x, 0.5, method="best")
        with pytest.raises(TypeError, match="real"):
            function(x + 0j, 0.5)
    with pytest.raises(ShapeError, match="no element"):
        fg.grad(fnp.quantile)(np.empty(0), 0.5)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_medians_are_numpys(dtype: str) -> None:
    x = sample(dtype)
    for axis, keepdims in itertools.product([None, 0, 1, (0, 2)], (False, True)):
        agree("median", x, axis, keepdims=keepdims)
        agree("nanmedian", holes(dtype), axis, keepdims=keepdims)
    same(fnp.median([1, 2, 3, 4]), np.median([1, 2, 3, 4]))
    same(fnp.median(5), np.median(5))
    same(np.median(fnp.array([1.0, 3.0]), overwrite_input=True), 2.0)


def test_median_of_an_even_number_shares() -> None:
    gradient = fg.grad(fnp.median)(np.array([4.0, 1.0, 3.0, 2.0]))
    np.testing.assert_array_equal(gradient, [0, 0, 0.5, 0.5])


# --- without NaNs --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin"]
)
@pytest.mark.parametrize("dtype", ["f4", "f8", "c16"])
def test_reductions_without_nans_are_numpys(name: str, dtype: str) -> None:
    x = holes(dtype)
    for axis, keepdims in itertools.product([None, 0, (0, 2)], (False, True)):
        agree(name, x, axis, keepdims=keepdims)
    mask = np.random.default_rng(1).uniform(size=x.shape) > 0.2
    agree(name, x, 0, where=mask, **({"initial": 1.0} if name in ("nanmax", "nanmin") else {}))
    if name in ("nanvar", "nanstd"):
        agree(name, x, 1, ddof=1)
        agree(name, x, 1, correction=0.5)
        agree(name, x, 0, mean=np.ones((1, 4, 5)))
    integers = np.arange(6).reshape(2, 3)
    same(getattr(fnp, name)(integers, 1), getattr(np, name)(integers, 1))
    same(vmap(getattr(fnp, name))(integers), getattr(np, name)(integers, 1))


@pytest.mark.parametrize("name", ["nancumsum", "nancumprod", "nanargmax", "nanargmin"])
def test_positions_and_cumulation_without_nans_are_numpys(name: str) -> None:
    x = holes()[:, :2]
    agree(name, x)
    agree(name, x, 1 if "arg" in name else -1)


def test_gradients_without_nans() -> None:
    x = np.array([[1.0, np.nan, 3.0], [2.0, 2.0, np.nan]])
    kept = ~np.isnan(x)
    for function, expected in [
        (fnp.nansum, kept * 1.0),
        (fnp.nanmean, kept / 4),
        (fnp.nanprod, np.where(kept, 12 / np.where(kept, x, 1), 0)),
        (fnp.nanmax, [[0, 0, 1], [0, 0, 0]]),
        (fnp.nanmedian, [[0, 0, 0], [0.5, 0.5, 0]]),
    ]:
        np.testing.assert_allclose(fg.grad(function)(x), expected)
    gradient = fg.grad(lambda y: fnp.sum(fnp.nanstd(y, axis=1)))(x)
    np.testing.assert_allclose(gradient, [[-0.5, 0, 0.5], [0, 0, 0]])


def test_slices_of_nans_only() -> None:
    x = np.array([[1.0, 2.0], [np.nan, np.nan]])
    for function, warning in [
        (fnp.nanmean, "Mean of empty slice"),
        (fnp.nanvar, "Degrees of freedom"),
        (fnp.nanstd, "Degrees of freedom"),
        (fnp.nanmax, "All-NaN slice"),
        (fnp.nanmedian, "All-NaN slice"),
    ]:
        with pytest.warns(RuntimeWarning, match=warning):
            value, tangent = jvp(lambda y, f=function: f(y, axis=1), (x,), (np.ones((2, 2)),))
        assert np.isnan(value).tolist() == [False, True]
        assert np.isfinite(tangent[0])
        with pytest.warns(RuntimeWarning, match=warning):
            gradient = fg.grad(lambda y, f=function: f(y, axis=1)[0])(x)
        assert np.all(np.isfinite(gradient))
    assert fnp.nansum(x, axis=1)[1] == 0
    with pytest.raises(ValueError, match="NaN"):
        fnp.nanargmax(x, axis=1)


# --- counting ------------------------------------------------------------------------------------


def test_bincount_is_numpys() -> None:
    x = np.array([3, 0, 3, 1])
    weights = np.array([0.5, 1.0, 2.0, 4.0])
    same(fnp.bincount(x), np.bincount(x))
    same(fnp.bincount(x, minlength=6), np.bincount(x, minlength=6))
    same(fnp.bincount(x, weights), np.bincount(x, weights))
    same(fnp.bincount(x[:0], minlength=2), np.array([0, 0]))
    gradient = fg.grad(lambda w: fnp.bincount(x, w)[3])(weights)
    np.testing.assert_array_equal(gradient, [1, 0, 1, 0])
    rows = vmap(lambda w: fnp.bincount(x, w))(np.stack([weights, 2 * weights]))
    same(rows, np.stack([np.bincount(x, weights), np.bincount(x, 2 * weights)]))
    same(vmap(fnp.bincount)(np.stack([x, x])), np.stack([np.bincount(x)] * 2))
    with pytest.raises(BatchedShapeError, match="different shapes"):
        vmap(fnp.bincount)(np.stack([x, x + 1]))
    with pytest.raises(ValueError, match="negative"):
        fg.grad(lambda w: fnp.sum(fnp.bincount(-x, w)))(weights)
    with pytest.raises(ShapeError, match="one weight"):
        fg.grad(lambda w: fnp.sum(fnp.bincount(x, w)))(weights[:2])


def test_histograms_are_numpys() -> None:
    x, weights = sample("f8", (50,)), np.random.default_rng(0).uniform(size=50)
    edges = np.array([-3.0, -1.0, 0.0, 0.5, 4.0])
    for options in (
        {},
        {"bins": 5, "range": (-2.0, 3.0)},
        {"bins": edges},
        {"bins": "auto"},
        {"density": True},
        {"bins": 4, "weights": weights},
        {"bins": edges, "weights": weights, "density": True},
    ):
        agree("histogram", x, **options)
        options = {key: value for key, value in options.items() if key in ("bins", "range")}
        agree("histogram_bin_edges", x, **options)
    agree("histogram", np.ones(3))
    assert edges.flags.writeable
    rows = np.stack([x, 2 * x])
    counts, bounds = vmap(lambda row: fnp.histogram(row, 4))(rows)
    np.testing.assert_array_equal(counts, [np.histogram(row, 4)[0] for row in rows])
    np.testing.assert_allclose(bounds, [np.histogram(row, 4)[1] for row in rows])


def test_edges_of_a_histogram_have_gradients() -> None:
    gradient = fg.grad(lambda x: fnp.histogram(x, 2)[1][1])(np.array([0.0, 1.0, 4.0]))
    np.testing.assert_array_equal(gradient, [0.5, 0, 0.5])


# --- convolution ---------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("name", ["convolve", "correlate"])
def test_convolution_is_numpys(name: str, mode: str) -> None:
    for n, m in itertools.product(range(1, 6), repeat=2):
        for dtype in ("f8", "c16"):
            x, y = sample(dtype, (n,)), sample(dtype, (m + 1,))[1:]
            agree(name, x, y, mode)
            ours = vmap(lambda a, b: getattr(fnp, name)(a, b, mode))(
                np.stack([x, -x]), np.stack([y, y])
            )
            expected = getattr(np, name)(x, y, mode)
            np.testing.assert_allclose(ours, np.stack([expected, -expected]), atol=1e-12)


def test_convolution_errors() -> None:
    with pytest.raises(ShapeError, match="not empty"):
        fnp.convolve([], [1.0])
    with pytest.raises(ShapeError, match="two sequences"):
        fnp.correlate([[1.0]], [1.0])
    with pytest.raises(ValueError, match="mode"):
        fnp.convolve([1.0], [1.0], "most")
