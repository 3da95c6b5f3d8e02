"""Special functions: values, limits, dtypes, and derivatives where they are hard."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad.rules.special import GammaRatio, LogGammaDensity
from fungrad.scipy import special
from fungrad.testing import check_grads

RECORDED = json.loads((Path(__file__).parent / "data" / "special.json").read_text())
TOLERANCES = {"gammainc": 2e-13, "gammaincc": 2e-13, "gammainc by shape": 1e-12, "beta": 1e-14}
UNARY = [
    name for name in special.__all__ if name in RECORDED and len(RECORDED[name]["points"]) == 1
]


def by_shape(a: Any, x: Any) -> Any:
    return fg.jvp(special.gammainc, (a, x), (np.ones_like(a), np.zeros_like(x)))[1]


@pytest.mark.parametrize("name", RECORDED)
def test_values(name: str) -> None:
    """Against numbers that were computed with eighty digits."""
    function = by_shape if name == "gammainc by shape" else getattr(special, name)
    points = [np.array(each) for each in RECORDED[name]["points"]]
    expected = np.array(RECORDED[name]["values"])
    normal = (np.abs(expected) > 1e-300) & np.isfinite(expected)
    given = np.asarray(function(*points))
    np.testing.assert_allclose(given[normal], expected[normal], rtol=TOLERANCES.get(name, 4e-15))
    np.testing.assert_allclose(given[~normal], expected[~normal], atol=1e-300)


@pytest.mark.parametrize("name", UNARY)
def test_float32_is_rounded_from_float64(name: str) -> None:
    x = np.array(RECORDED[name]["points"][0], np.float32)
    x = x[np.abs(x) > 1e-30]
    given = getattr(special, name)(x)
    assert given.dtype == np.float32
    with np.errstate(over="ignore", under="ignore"):
        expected = np.asarray(getattr(special, name)(x.astype(float))).astype(np.float32)
    np.testing.assert_allclose(given, expected, rtol=1e-6 if name in ("expit", "logit") else 1e-7)


@pytest.mark.parametrize("name", UNARY)
def test_large_arrays_shapes_and_numbers(name: str) -> None:
    """The kernels work block by block."""
    function = getattr(special, name)
    x = np.linspace(0.05, 0.95, 20_011)
    whole = np.asarray(function(x))
    np.testing.assert_array_equal(whole[::1000], np.asarray(function(x[::1000])))
    np.testing.assert_array_equal(
        np.asarray(function(x[:6].reshape(2, 3).T)), whole[:6].reshape(2, 3).T
    )
    assert float(function(float(x[7]))) == whole[7]
    assert function(np.zeros((0, 2))).shape == (0, 2)
    assert function(np.float32(0.5)).dtype == np.float32
    assert function([1, 0]).dtype == np.float64
    assert function(np.nan).shape == ()
    assert np.isnan(float(function(np.nan)))


LIMITS: list[tuple[str, tuple[float, ...], float]] = [
    ("erf", (np.inf,), 1.0),
    ("erf", (-np.inf,), -1.0),
    ("erfc", (np.inf,), 0.0),
    ("erfc", (-np.inf,), 2.0),
    ("erfcx", (np.inf,), 0.0),
    ("erfcx", (-30.0,), np.inf),
    ("erfinv", (1.0,), np.inf),
    ("erfinv", (-1.0,), -np.inf),
    ("erfinv", (1.1,), np.nan),
    ("erfcinv", (0.0,), np.inf),
    ("erfcinv", (2.0,), -np.inf),
    ("ndtr", (-np.inf,), 0.0),
    ("ndtri", (0.0,), -np.inf),
    ("ndtri", (1.0,), np.inf),
    ("ndtri", (-0.1,), np.nan),
    ("log_ndtr", (-np.inf,), -np.inf),
    ("log_ndtr", (np.inf,), 0.0),
    ("gamma", (0.0,), np.inf),
    ("gamma", (-0.0,), -np.inf),
    ("gamma", (-2.0,), np.nan),
    ("gamma", (np.inf,), np.inf),
    ("gamma", (172.0,), np.inf),
    ("gammaln", (0.0,), np.inf),
    ("gammaln", (-3.0,), np.inf),
    ("gammaln", (np.inf,), np.inf),
    ("gammaln", (1.0,), 0.0),
    ("gammaln", (2.0,), 0.0),
    ("gammasgn", (-0.5,), -1.0),
    ("gammasgn", (-1.5,), 1.0),
    ("gammasgn", (-1.0,), np.nan),
    ("digamma", (0.0,), -np.inf),
    ("digamma", (-1.0,), np.nan),
    ("digamma", (np.inf,), np.inf),
    ("polygamma", (1, 0.0), np.inf),
    ("polygamma", (2, 0.0), -np.inf),
    ("polygamma", (1, -2.0), np.inf),
    ("polygamma", (1, np.inf), 0.0),
    ("polygamma", (1.5, 1.0), np.nan),
    ("polygamma", (-1, 1.0), np.nan),
    ("gammainc", (1.0, 0.0), 0.0),
    ("gammainc", (1.0, np.inf), 1.0),
    ("gammainc", (0.0, 1.0), 1.0),
    ("gammainc", (0.0, 0.0), np.nan),
    ("gammainc", (np.inf, 1.0), 0.0),
    ("gammainc", (np.inf, np.inf), np.nan),
    ("gammainc", (-1.0, 1.0), np.nan),
    ("gammainc", (1.0, -1.0), np.nan),
    ("gammaincc", (1.0, 0.0), 1.0),
    ("gammaincc", (1.0, np.inf), 0.0),
    ("i0", (0.0,), 1.0),
    ("i0", (np.inf,), np.inf),
    ("i0e", (np.inf,), 0.0),
    ("i1", (-np.inf,), -np.inf),
    ("i1", (0.0,), 0.0),
    ("expit", (-np.inf,), 0.0),
    ("expit", (np.inf,), 1.0),
    ("logit", (0.0,), -np.inf),
    ("logit", (1.0,), np.inf),
    ("logit", (1.5,), np.nan),
    ("xlogy", (0.0, 0.0), 0.0),
    ("xlogy", (0.0, np.nan), np.nan),
    ("xlogy", (1.0, 0.0), -np.inf),
    ("xlog1py", (0.0, -1.0), 0.0),
    ("entr", (0.0,), 0.0),
    ("entr", (-1.0,), -np.inf),
    ("rel_entr", (0.0, 0.0), 0.0),
    ("rel_entr", (0.0, 1.0), 0.0),
    ("rel_entr", (1.0, 0.0), np.inf),
    ("rel_entr", (-1.0, 1.0), np.inf),
    ("rel_entr", (np.nan, 1.0), np.nan),
    ("rel_entr", (0.0, np.nan), np.nan),
    ("kl_div", (0.0, 2.0), 2.0),
    ("kl_div", (1.0, 1.0), 0.0),
    ("factorial", (-1.0,), 0.0),
    ("factorial", (20.0,), 2432902008176640000.0),
]


@pytest.mark.parametrize(("name", "point", "expected"), LIMITS)
def test_limits(name: str, point: tuple[float, ...], expected: float) -> None:
    given = float(getattr(special, name)(*point))
    np.testing.assert_allclose(given, expected, rtol=1e-15)


def test_factorials_are_exact() -> None:
    n = np.arange(170)
    assert special.gamma(n + 1).tolist() == [float(math.factorial(k)) for k in n]


@pytest.mark.parametrize(
    "name", ["gammaln", "erf", "gammainc", "xlogy", "polygamma", "rel_entr", "kl_div", "betaln"]
)
def test_python_numbers_are_weak(name: str) -> None:
    x = np.array([0.5, 2.0], np.float32)
    function = getattr(special, name)
    args = (1, x) if name == "polygamma" else (x,) if name in ("gammaln", "erf") else (2.0, x)
    assert function(*args).dtype == np.float32
    assert fg.jvp(lambda x: function(*args[:-1], x), (x,), (x,))[1].dtype == np.float32
    if name == "polygamma":
        assert function(np.array([0, 3]), x).dtype == np.float32


def test_complex_numbers_are_refused() -> None:
    with pytest.raises(TypeError, match="erf takes real numbers, got complex128"):
        special.erf(1j)


# --- derivatives ---------------------------------------------------------------------------------


def test_derivatives_in_the_tails() -> None:
    """Where the obvious expressions are differences of large numbers, or 0 times infinity."""
    assert np.isclose(float(fg.grad(special.log_ndtr)(-1e6)), 1e6, rtol=1e-10)
    assert float(fg.grad(special.log_ndtr)(100.0)) == 0.0
    assert np.isclose(float(fg.deriv(special.log_ndtr, order=2)(-1e3)), -1, rtol=1e-5)
    z = float(special.ndtri(1e-300))
    expected = np.exp(z * z / 2) * np.sqrt(2 * np.pi)
    assert np.isclose(float(fg.grad(special.ndtri)(1e-300)), expected, rtol=1e-12)
    assert float(fg.grad(special.erf)(100.0)) == 0.0
    assert float(fg.grad(special.gammainc, argnums=1)(2.0, 0.0)) == 0.0
    assert float(fg.grad(special.gammainc, argnums=1)(1.0, 0.0)) == 1.0
    assert float(fg.grad(special.gammainc, argnums=1)(0.5, 0.0)) == np.inf
    assert float(fg.grad(special.gammainc)(2.0, 0.0)) == 0.0


def test_entropies_at_zero() -> None:
    zero = fnp.array([0.0, 1.0])
    assert fg.grad(lambda y: fnp.sum(special.xlogy(0.0, y)))(zero).tolist() == [0.0, 0.0]
    assert fg.grad(lambda x: fnp.sum(special.xlogy(x, 2.0)))(zero).tolist() == [np.log(2.0)] * 2
    assert fg.grad(lambda x: special.rel_entr(x, 1.0))(0.0).tolist() == 0.0
    assert fg.grad(lambda y: special.kl_div(0.0, y))(0.5).tolist() == 1.0
    masked = fg.grad(lambda p: fnp.sum(fnp.where(p > 0, special.entr(p), 0.0)))(zero)
    assert masked.tolist() == [0.0, -1.0]


def test_derivatives_of_high_order() -> None:
    """Each derivative of gammaln is a polygamma function."""
    for x in (0.7, 3.3, -1.6):
        for order in (1, 2, 3, 4):
            given = float(fg.deriv(special.gammaln, order=order)(x))
            assert np.isclose(given, float(special.polygamma(order - 1, x)), rtol=1e-13)
    check_grads(special.gammainc, (2.0, 1.5), order=3)
    check_grads(special.gammaincc, (0.3, 0.2), order=2)
    check_grads(special.gammainc, (25.0, 30.0), order=2)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_derivatives_by_the_shape_are_consistent(order: int) -> None:
    """On both sides of each change of method the values agree."""

    def derivative(a: float, x: float) -> float:
        return float(GammaRatio.apply(a, np.log(x), order=order)) * float(
            LogGammaDensity.apply(a, np.log(x))
        )

    for a, x in ((20.0, 19.0), (20.0, 21.0), (15.0, 15.0), (40.0, 40.0), (0.7, 1.0), (2.5, 2.5)):
        below = derivative(a * (1 - 1e-9), x * (1 - 1e-9))
        above = derivative(a * (1 + 1e-9), x * (1 + 1e-9))
        scale = max(abs(below), abs(derivative(a * 1.3, x)), 1e-3)
        assert abs(below - above) < 1e-6 * scale


def test_probabilities_add_up() -> None:
    a = np.geomspace(1e-6, 1e6, 200)
    for ratio in (0.5, 0.99, 1.0, 1.01, 2.0):
        total = special.gammainc(a, a * ratio) + special.gammaincc(a, a * ratio)
        np.testing.assert_allclose(total, 1, rtol=1e-14)


def test_normalised_exponentials() -> None:
    x = fnp.array([[1.0, 2.0], [3.0, 1000.0]])
    assert np.isclose(float(np.sum(special.softmax(x))), 1)
    assert special.softmax(x, axis=1).sum(axis=1).tolist() == [1.0, 1.0]
    np.testing.assert_allclose(np.exp(special.log_softmax(x, axis=0)), special.softmax(x, axis=0))
    assert float(special.logsumexp(x)) == 1000.0
    assert np.isclose(float(special.multigammaln(2.5, 1)), float(special.gammaln(2.5)))
