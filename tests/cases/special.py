"""Rows of `fungrad.rules.special`; the values are checked in tests/test_special.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.rules import special as rules
from fungrad.scipy import special
from fungrad.transforms.stop import stop_gradient
from tests.cases import Case, normal, positive

REALS = normal(2, 3)
UNIT = positive(2, 3, seed=1) / 2.5  # from 0.2 to 0.8


def quantile(a: Any) -> Any:
    """Return quantiles of the gamma distribution and their logarithms, by Newton's method."""
    shares = np.array([0.2, 0.5, 0.7]).astype(a.dtype)
    fixed = stop_gradient(a)
    y = np.log(fixed)
    for _ in range(20):
        error = special.gammainc(fixed, np.exp(y)) - shares
        y = y - error / rules.LogGammaDensity.apply(fixed, y)
    return rules.GammaSample.apply(a, np.exp(y)), rules.LogGammaSample.apply(a, y)


def wald_quantile(mean: Any) -> Any:
    """Return quantiles of the inverse normal distribution, by Newton's method."""
    fixed = stop_gradient(mean)
    x = fixed * 0 + 0.4
    for _ in range(30):
        low, high = (x / fixed - 1) / np.sqrt(x), (x / fixed + 1) / np.sqrt(x)
        error = special.ndtr(low) + np.exp(2 / fixed) * special.ndtr(-high) - 0.45
        x = x - error / (np.exp(-0.5 * low * low) / np.sqrt(2 * np.pi * x * x * x))
    return rules.WaldSample.apply(mean, x)


SMOOTH: list[tuple[str, type, Any]] = [
    ("erf", rules.Erf, REALS),
    ("erfc", rules.Erfc, REALS),
    ("erfcx", rules.Erfcx, REALS),
    ("erfinv", rules.Erfinv, UNIT * 2 - 1),
    ("erfcinv", rules.Erfcinv, UNIT * 2),
    ("ndtr", rules.Ndtr, REALS),
    ("log_ndtr", rules.LogNdtr, REALS),
    ("ndtri", rules.Ndtri, UNIT),
    ("gammaln", rules.Gammaln, positive(2, 3)),
    ("gamma", rules.Gamma, positive(2, 3)),
    ("digamma", rules.Digamma, positive(2, 3)),
    ("i0", rules.BesselI0, REALS),
    ("i0e", rules.BesselI0e, REALS),
    ("i1", rules.BesselI1, REALS),
    ("i1e", rules.BesselI1e, REALS),
    ("expit", rules.Expit, REALS),
    ("logit", rules.Logit, UNIT),
]

BINARY: list[tuple[str, type, Any, Any]] = [
    ("beta", rules.Beta, positive(3), positive(2, 1)),
    ("betaln", rules.Betaln, positive(3), positive(2, 1)),
    ("gammainc", rules.Gammainc, positive(3), positive(2, 1)),
    ("gammaincc", rules.Gammaincc, positive(3), positive(2, 1)),
    ("xlogy", rules.Xlogy, normal(3), positive(2, 1)),
    ("xlog1py", rules.Xlog1py, normal(3), positive(2, 1)),
]

CASES = [
    Case(f"special {name}", (rule,), getattr(special, name), (x,), None, exact=False)
    for name, rule, x in SMOOTH
]
CASES += [
    Case(name, (rule,), getattr(special, name), (x, y), None, exact=False)
    for name, rule, x, y in BINARY
]
CASES += [
    Case(
        "gammasgn",
        (rules.Gammasgn,),
        special.gammasgn,
        (REALS - 0.05,),
        None,
        derivative=False,
    ),
    Case(
        "polygamma",
        (rules.Polygamma,),
        lambda x: special.polygamma(2, x),
        (positive(2, 3),),
        None,
    ),
    Case(
        "polygamma of several orders",
        (rules.Polygamma,),
        special.polygamma,
        (np.array([0, 1, 3]), -positive(2, 1) / 4),
        None,
    ),
    Case(
        "gammainc of large shapes",
        (rules.Gammainc, rules.Gammaincc),
        lambda a, x: special.gammainc(a, x) + special.gammaincc(a, x / 2),
        (30 * positive(3), 30 * positive(2, 1)),
        None,
    ),
    Case(
        "density of the gamma distribution",
        (rules.LogGammaDensity,),
        rules.LogGammaDensity.apply,
        (positive(3), normal(2, 1)),
        None,
    ),
    Case(
        "ratio of derivatives of the gamma distribution",
        (rules.GammaRatio,),
        lambda a, y: rules.GammaRatio.apply(a, y, order=2),
        (positive(3), normal(2, 1)),
        None,
    ),
    Case(
        "quantile of the gamma distribution",
        (rules.GammaSample, rules.LogGammaSample),
        quantile,
        (2 * UNIT,),
        None,
    ),
    Case(
        "quantile of the inverse normal distribution",
        (rules.WaldSample,),
        wald_quantile,
        (positive(3),),
        None,
        float32=False,
    ),
]
