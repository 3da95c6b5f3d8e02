"""Fit the polynomials of `fungrad/rules/kernels`, and record values for `tests/test_special.py`.

Needs mpmath. ``python tests/data/make_special.py`` prints the tables of coefficients;
``python tests/data/make_special.py record`` writes special.json, values of each function that are
right to the last digit.

Each polynomial interpolates a smooth function at the Chebyshev nodes of [-1, 1], which is within a
small factor of the best approximation (Trefethen, Approximation Theory and Approximation Practice,
2013, chapter 16). A variable t in [-1, 1] stands for x as the kernels say.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpmath as mp

mp.mp.dps = 80
TINY = mp.mpf(10) ** -30


def interpolate(function: Callable[[Any], Any], degree: int) -> list[Any]:
    """Return the coefficients, that of the highest power first."""
    n = degree + 1
    nodes = [mp.cos(mp.pi * (2 * k + 1) / (2 * n)) for k in range(n)]
    values = [function(t) for t in nodes]
    terms = [
        mp.fsum(v * mp.cos(j * mp.pi * (2 * k + 1) / (2 * n)) for k, v in enumerate(values)) * 2 / n
        for j in range(n)
    ]
    terms[0] /= 2
    total = [mp.mpf(0)] * n
    previous, current = [mp.mpf(0)], [mp.mpf(1)]
    for j, term in enumerate(terms):
        for power, coefficient in enumerate(current):
            total[power] += term * coefficient
        following = [mp.mpf(0)] + [(1 + (j > 0)) * c for c in current]
        for power, coefficient in enumerate(previous):
            following[power] -= coefficient
        previous, current = current, following
    return total[::-1]


def affine(low: Any, high: Any) -> Callable[[Any], Any]:
    """Return the map of [-1, 1] to an interval."""
    return lambda t: ((high - low) * t + (high + low)) / 2


def erfcx_scaled(t: Any) -> Any:
    x = mp.mpf("3.75") * (1 + t) / (1 - t + TINY)
    if x > 1e4:
        tail = mp.fsum((-1) ** k * mp.fac2(2 * k - 1) / (2 * x * x) ** k for k in range(6))
        return (1 + 2 * x) * tail / (x * mp.sqrt(mp.pi))
    return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)


def stirling(x: Any) -> Any:
    """log Gamma(x) beyond Stirling's formula, times x."""
    return x * (mp.loggamma(x) - (x - mp.mpf(1) / 2) * mp.log(x) + x - mp.log(2 * mp.pi) / 2)


def digamma_tail(x: Any) -> Any:
    return x * x * (mp.log(x) - 1 / (2 * x) - mp.psi(0, x))


def of_inverse_square(function: Callable[[Any], Any], least: float) -> Callable[[Any], Any]:
    return lambda t: function(1 / mp.sqrt((1 + t + TINY) / 2) * least)


def mobius(low: float, high: float) -> Callable[[Any], Any]:
    """The map from t to x for which (x - m) / (x + m) is t, scaled; m is the geometric mean."""
    middle = mp.sqrt(mp.mpf(low) * high)
    scale = (high - middle) / (high + middle)
    return lambda t: middle * (1 + scale * t) / (1 - scale * t)


DIGAMMA_ROOT = mp.findroot(lambda x: mp.psi(0, x), mp.mpf("1.46"))


def lgamma_over_roots(x: Any) -> Any:
    return mp.loggamma(x) / ((x - 1) * (x - 2))


def digamma_over_root(x: Any) -> Any:
    return mp.psi(0, x) / (x - DIGAMMA_ROOT)


def scaled_bessel(order: int) -> Callable[[Any], Any]:
    return lambda x: mp.exp(-x) * mp.besseli(order, x) / (x**order)


def bessel_tail(order: int) -> Callable[[Any], Any]:
    return lambda x: mp.sqrt(x) * mp.exp(-x) * mp.besseli(order, x)


def compose(outer: Callable[[Any], Any], inner: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda t: outer(inner(t))


def log1p_series(d: Any) -> Any:
    """(d - log(1 + d)) / d**2."""
    return (d - mp.log1p(d)) / (d * d) if abs(d) > 1e-20 else mp.mpf(1) / 2


def exponential_series(u: Any) -> Any:
    return (mp.expm1(u) - u) / (u * u) if abs(u) > 1e-20 else mp.mpf(1) / 2


TABLES: dict[str, tuple[Callable[[Any], Any], int]] = {
    "ERF": (compose(lambda u: mp.erf(mp.sqrt(u)) / mp.sqrt(u), affine(mp.mpf(0), mp.mpf(1))), 12),
    "ERFCX": (erfcx_scaled, 25),
    "LGAMMA": (compose(lgamma_over_roots, mobius(0.5, 3.0)), 23),
    "STIRLING": (of_inverse_square(stirling, 3.0), 10),
    "DIGAMMA": (compose(digamma_over_root, mobius(1.0, 2.0)), 17),
    "DIGAMMA_TAIL": (of_inverse_square(digamma_tail, 2.0), 14),
    "DEVIANCE": (compose(log1p_series, affine(mp.mpf("-0.3"), mp.mpf("0.4"))), 17),
    "EXPONENTIAL": (lambda t: exponential_series(mp.mpf("2.5") * t), 21),
    "I0E": (compose(scaled_bessel(0), affine(mp.mpf(0), mp.mpf(8))), 26),
    "I0E_TAIL": (lambda t: bessel_tail(0)(mp.mpf(16) / (1 + t + TINY)), 21),
    "I1E": (compose(scaled_bessel(1), affine(mp.mpf(0), mp.mpf(8))), 26),
    "I1E_TAIL": (lambda t: bessel_tail(1)(mp.mpf(16) / (1 + t + TINY)), 21),
}


def gauss(count: int) -> tuple[list[Any], list[Any]]:
    """The positive nodes of Gauss's rule on [-1, 1], and their weights."""
    nodes = []
    for k in range(count // 2):
        x = mp.cos(mp.pi * (k + 0.75) / (count + 0.5))
        for _ in range(8):  # Newton's method
            x -= mp.legendre(count, x) / mp.diff(lambda x: mp.legendre(count, x), x)
        nodes.append(x)
    slopes = [mp.diff(lambda x: mp.legendre(count, x), x) for x in nodes]
    return nodes, [2 / ((1 - x * x) * s * s) for x, s in zip(nodes, slopes)]


def show(name: str, coefficients: list[Any]) -> str:
    lines = [f"{name} = ("]
    lines += [f"    {float(c)!r}," for c in coefficients]
    return "\n".join([*lines, ")"])


# --- values --------------------------------------------------------------------------------------


def quantile(p: Any) -> Any:
    """The number below which a standard normal number is with probability p."""
    if p > 0.5:
        return -quantile(1 - p)
    x = -mp.sqrt(-2 * mp.log(p))  # Newton's method on the concave log(ncdf)
    for _ in range(40):
        x -= (mp.log(mp.ncdf(x)) - mp.log(p)) * mp.ncdf(x) / mp.npdf(x)
    return x


def gamma_share(a: Any, x: Any) -> Any:
    return mp.gammainc(a, 0, x, regularized=True)


def by_shape(a: Any, x: Any) -> Any:
    with mp.workdps(300):
        h = a * mp.mpf(10) ** -20
        return (gamma_share(a + h, x) - gamma_share(a - h, x)) / (2 * h)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "erf": mp.erf,
    "erfc": mp.erfc,
    "erfcx": lambda x: mp.exp(x * x) * mp.erfc(x),
    "erfinv": lambda x: quantile((1 + x) / 2) / mp.sqrt(2),
    "erfcinv": lambda x: -quantile(x / 2) / mp.sqrt(2),
    "ndtr": mp.ncdf,
    "log_ndtr": lambda x: mp.log(mp.ncdf(x)) if x < 0 else mp.log1p(-mp.ncdf(-x)),
    "ndtri": quantile,
    "gamma": mp.gamma,
    "gammaln": lambda x: mp.log(abs(mp.gamma(x))),
    "digamma": lambda x: mp.psi(0, x),
    "polygamma": mp.psi,
    "beta": mp.beta,
    "betaln": lambda a, b: mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b),
    "gammainc": gamma_share,
    "gammaincc": lambda a, x: mp.gammainc(a, x, mp.inf, regularized=True),
    "gammainc by shape": by_shape,
    "i0": lambda x: mp.besseli(0, x),
    "i0e": lambda x: mp.exp(-abs(x)) * mp.besseli(0, x),
    "i1": lambda x: mp.besseli(1, x),
    "i1e": lambda x: mp.exp(-abs(x)) * mp.besseli(1, x),
    "expit": lambda x: 1 / (1 + mp.exp(-x)),
    "logit": lambda p: mp.log(p / (1 - p)),
}
REALS = [-30.0, -6.5, -2.2, -1.0, -0.3, -1e-5, 1e-300, 1e-12, 0.1, 0.49, 0.51, 0.7, 0.99, 1.01]
REALS += [1.5, 2.0, 2.99, 3.01, 3.75, 5.0, 7.9, 8.1, 13.0, 26.0, 120.5]
SHARES = [1e-300, 1e-20, 1e-8, 0.001, 0.07, 0.08, 0.25, 0.4999, 0.7, 0.95, 0.999999]
POSITIVE = [1e-300, 1e-9, 0.03, 0.5, 0.9999, 1.46, 1.5, 2.0, 2.5, 3.0, 9.99, 100.0, 1e10]
NEGATIVE = [-0.5, -1.1, -3.7, -20.3]
SHAPES = [1e-8, 0.1, 0.9, 1.5, 7.0, 19.99, 20.01, 150.0, 3000.0]
RATIOS = [0.01, 0.4, 0.9, 0.999, 1.0, 1.01, 1.3, 3.0]
POINTS: dict[str, list[list[float]]] = {
    "erf": [REALS],
    "erfc": [REALS],
    "erfcx": [[x for x in REALS if x > -26]],
    "erfinv": [[1e-30, 1e-8, 0.01, -0.5, 0.84, 0.86, -0.999, 1 - 2.0**-30, 1 - 2.0**-53]],
    "erfcinv": [[*SHARES, 1.3]],
    "ndtr": [REALS],
    "log_ndtr": [REALS],
    "ndtri": [SHARES],
    "gamma": [[x for x in POSITIVE if x > 1e-300 and x < 170] + NEGATIVE + [-170.5, 171.5]],
    "gammaln": [POSITIVE + NEGATIVE],
    "digamma": [POSITIVE + NEGATIVE],
    "polygamma": [[1, 2, 5, 20] * 3, [0.01] * 4 + [2.5] * 4 + [-1.3] * 4],
    "beta": [[0.1, 2.0, 3.0, 40.0, 1e-5], [0.2, 5.0, 200.0, 90.0, 3.0]],
    "betaln": [[0.1, 2.0, 3.5, 1e-5, 5.0, 1e5], [0.2, 5.0, 1e10, 3.0, 7.0, 1e6]],
    **{
        name: [[a for a in SHAPES for _ in RATIOS], [a * r for a in SHAPES for r in RATIOS]]
        for name in ("gammainc", "gammaincc", "gammainc by shape")
    },
    **{name: [[x for x in REALS if x > -500]] for name in ("i0", "i0e", "i1", "i1e", "expit")},
    "logit": [SHARES],
}


def record() -> None:
    values = {
        name: {
            "points": points,
            "values": [float(FUNCTIONS[name](*map(mp.mpf, point))) for point in zip(*points)],
        }
        for name, points in POINTS.items()
    }
    text = json.dumps(values, indent=0)
    Path(__file__).with_name("special.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["record"]:
        record()
    else:
        for name, (function, degree) in TABLES.items():
            print(show(name, interpolate(function, degree)))
        for name, numbers in zip(("NODES", "WEIGHTS"), gauss(36)):
            print(show(name, numbers))
