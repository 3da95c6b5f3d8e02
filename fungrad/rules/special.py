"""Special functions: of errors, of the gamma and Bessel families, and entropies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.rules.chain import Chain, choose
from fungrad.rules.families import Constant, Rule, align, conform
from fungrad.rules.kernels import bessel, error_function, gamma_function, incomplete_gamma

ROOT_HALF = math.sqrt(0.5)
ROOT_2_PI = math.sqrt(2 * math.pi)
TWO_BY_ROOT_PI = 2 / math.sqrt(math.pi)

# --- the error function and the normal distribution ----------------------------------------------


class Erf(Chain):
    kernel = error_function.erf
    partials = (lambda _z, x, g: g * (TWO_BY_ROOT_PI * np.exp(-(x * x))),)


class Erfc(Chain):
    kernel = error_function.erfc
    partials = (lambda _z, x, g: -(g * (TWO_BY_ROOT_PI * np.exp(-(x * x)))),)


class Erfcx(Chain):
    kernel = error_function.erfcx
    partials = (lambda z, x, g: g * (2 * x * z - TWO_BY_ROOT_PI),)


class Erfinv(Chain):
    kernel = error_function.erfinv
    partials = (lambda z, _x, g: g * (np.exp(z * z) / TWO_BY_ROOT_PI),)


class Erfcinv(Chain):
    kernel = error_function.erfcinv
    partials = (lambda z, _x, g: -(g * (np.exp(z * z) / TWO_BY_ROOT_PI)),)


class Ndtr(Chain):
    kernel = error_function.ndtr
    partials = (lambda _z, x, g: g * (np.exp(-0.5 * (x * x)) / ROOT_2_PI),)


class LogNdtr(Chain):
    kernel = error_function.log_ndtr
    # The density over the probability, without a difference of large numbers.
    partials = (lambda _z, x, g: g * (TWO_BY_ROOT_PI * ROOT_HALF / Erfcx.call(x * -ROOT_HALF)),)


class Ndtri(Chain):
    kernel = error_function.ndtri
    partials = (lambda z, _x, g: g * (ROOT_2_PI * np.exp(0.5 * (z * z))),)


# --- the gamma and beta functions ----------------------------------------------------------------


class Gammaln(Chain):
    kernel = gamma_function.gammaln
    partials = (lambda _z, x, g: g * Digamma.call(x),)


class Gamma(Chain):
    kernel = gamma_function.gamma
    partials = (lambda z, x, g: g * (z * Digamma.call(x)),)


class Gammasgn(Constant):
    kernel = gamma_function.gammasgn


class Digamma(Chain):
    kernel = gamma_function.digamma
    partials = (lambda _z, x, g: g * Polygamma.call(1, x),)


class Polygamma(Chain):
    kernel = gamma_function.polygamma
    partials = (None, lambda _z, n, x, g: g * Polygamma.call(n + 1, x))


class Betaln(Chain):
    kernel = gamma_function.betaln
    partials = (
        lambda _z, a, b, g: g * (Digamma.call(a) - Digamma.call(a + b)),
        lambda _z, a, b, g: g * (Digamma.call(b) - Digamma.call(a + b)),
    )


class Beta(Chain):
    kernel = gamma_function.beta
    partials = (
        lambda z, a, b, g: g * (z * (Digamma.call(a) - Digamma.call(a + b))),
        lambda z, a, b, g: g * (z * (Digamma.call(b) - Digamma.call(a + b))),
    )


# --- the gamma distribution ----------------------------------------------------------------------


class LogGammaDensity(Chain):
    """The density of y, where exp(y) has the gamma distribution of a."""

    kernel = incomplete_gamma.log_density
    partials = (
        lambda z, a, y, g: g * choose(np.equal(z, 0), 0, z * (y - Digamma.call(a))),
        lambda z, a, y, g: g * choose(np.equal(z, 0), 0, z * (a - np.exp(y))),
    )


class GammaRatio(Rule):
    """Minus the derivative of gammainc(a, exp(y)) by a, of an order, over that by y.

    Of the first order it is the derivative by a of the y at which gammainc(a, exp(y)) has a given
    value.
    """

    kernel = incomplete_gamma.derivative_ratio

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        z = cls.call(*values, **params)
        return z, (z, *values, params["order"])

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        slopes = cls.slopes(*notes)
        return [
            None if parent < 0 else gradient * slope() for parent, slope in zip(parents, slopes)
        ]

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        a, y = values
        z = cls.call(a, y, **params)
        slopes = cls.slopes(z, a, y, params["order"])
        terms = [t * slope() for t, slope in zip(tangents, slopes) if t is not None]
        return z, conform(sum(terms[1:], start=terms[0]), z)

    @classmethod
    def slopes(cls, z: Any, a: Any, y: Any, order: int) -> tuple[Any, Any]:
        """Return functions that compute the partial derivatives."""
        return (
            lambda: cls.call(a, y, order=order + 1) - z * (y - Digamma.call(a)),
            lambda: -_change(a, y, order) - z * (a - np.exp(y)),
        )

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return cls.call(*align(batched, values), **params), True


def _change(a: Any, y: Any, order: int) -> Any:
    """Return the derivative of `LogGammaDensity` by a, of an order, over the density."""
    slopes = [y - Digamma.call(a)] + [-Polygamma.call(k, a) for k in range(1, order)]
    changes: list[Any] = [1.0]
    for n in range(order):
        terms = [math.comb(n, k) * changes[n - k] * slopes[k] for k in range(n + 1)]
        changes.append(sum(terms[1:], start=terms[0]))
    return changes[order]


def _gamma_density(a: Any, x: Any) -> Any:
    """Return the density of the gamma distribution; at 0 its limit."""
    zero = np.equal(x, 0)
    inner = choose(zero, 1, x)
    limit = choose(np.less(a, 1), np.inf, choose(np.equal(a, 1), 1, 0))
    return choose(zero, limit, LogGammaDensity.call(a, np.log(inner)) / inner)


def _gammainc_by_shape(a: Any, x: Any) -> Any:
    y = np.log(choose(np.greater(x, 0), x, 1))
    z = GammaRatio.call(a, y, order=1) * LogGammaDensity.call(a, y)
    return choose(np.greater(x, 0), z, 0)


class Gammainc(Chain):
    kernel = incomplete_gamma.gammainc
    partials = (
        lambda _z, a, x, g: -(g * _gammainc_by_shape(a, x)),
        lambda _z, a, x, g: g * _gamma_density(a, x),
    )


class Gammaincc(Chain):
    kernel = incomplete_gamma.gammaincc
    partials = (
        lambda _z, a, x, g: g * _gammainc_by_shape(a, x),
        lambda _z, a, x, g: -(g * _gamma_density(a, x)),
    )


class GammaSample(Chain):
    """Samples x of the gamma distribution as a function of its shape a.

    The derivative is the one that keeps the probability of all that is below x: the implicit
    reparametrisation of M. Figurnov, S. Mohamed, A. Mnih, Implicit reparameterization gradients,
    NeurIPS 2018.
    """

    @staticmethod
    def kernel(_a: Any, x: Any) -> Any:
        return x

    partials = (
        lambda z, a, _x, g: (
            g * choose(np.equal(z, 0), 0, z * GammaRatio.call(a, np.log(z), order=1))
        ),
        None,
    )


class LogGammaSample(Chain):
    """The logarithms y of such samples as a function of a."""

    @staticmethod
    def kernel(_a: Any, y: Any) -> Any:
        return y

    partials = (lambda z, a, _y, g: g * GammaRatio.call(a, z, order=1), None)


class WaldSample(Chain):
    """Samples x of the inverse normal distribution of scale 1 as a function of its mean.

    Of the derivative of the distribution function by the mean only one term is left, a normal
    probability; over the density of x it is a ratio of Mills.
    """

    @staticmethod
    def kernel(_mean: Any, x: Any) -> Any:
        return x

    partials = (
        lambda z, mean, _x, g: (
            g * (_mills((z / mean + 1) / np.sqrt(z)) * (z * np.sqrt(z)) * 2 / (mean * mean))
        ),
        None,
    )


def _mills(x: Any) -> Any:
    """Return the probability of normal numbers above x, over the density at x."""
    return math.sqrt(math.pi / 2) * Erfcx.call(x * ROOT_HALF)


# --- Bessel functions ----------------------------------------------------------------------------


class BesselI0(Chain):
    kernel = bessel.i0
    partials = (lambda _z, x, g: g * BesselI1.call(x),)


class BesselI0e(Chain):
    kernel = bessel.i0e
    partials = (lambda z, x, g: g * (BesselI1e.call(x) - np.sign(x) * z),)


def _by_argument(z: Any, x: Any) -> Any:
    """Return z / x, for a z that is x / 2 near 0."""
    zero = np.equal(x, 0)
    return choose(zero, 0.5, z / choose(zero, 1, x))


class BesselI1(Chain):
    kernel = bessel.i1
    partials = (lambda z, x, g: g * (BesselI0.call(x) - _by_argument(z, x)),)


class BesselI1e(Chain):
    kernel = bessel.i1e
    partials = (lambda z, x, g: g * (BesselI0e.call(x) - np.sign(x) * z - _by_argument(z, x)),)


# --- logistic ------------------------------------------------------------------------------------


def _expit(x: Any) -> Any:
    power = np.exp(-np.absolute(x))
    return (np.where(x < 0, power, 1) / (1 + power))[()]


def _logit(p: Any) -> Any:
    with np.errstate(all="ignore"):
        outside = np.where(p < 0.5, np.log(p / (1 - p)), -np.log((1 - p) / p))
        near = np.absolute(p - 0.5) < 0.2
        return np.where(near, 2 * np.arctanh(np.where(near, 2 * p - 1, 0)), outside)[()]


class Expit(Chain):
    kernel = _expit
    partials = (lambda z, _x, g: g * (z * (1 - z)),)


class Logit(Chain):
    kernel = _logit
    partials = (lambda _z, x, g: g / (x * (1 - x)),)


# --- entropies -----------------------------------------------------------------------------------


def _x_log(x: Any, y: Any, log: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.where((x == 0) & ~np.isnan(y), 0, x * log(y))[()]


def _share(x: Any, divisor: Any) -> Any:
    """Return x / divisor, zero where x is."""
    zero = np.equal(x, 0)
    return choose(zero, 0, x / choose(zero, 1, divisor))


class Xlogy(Chain):
    @staticmethod
    def kernel(x: Any, y: Any) -> Any:
        return _x_log(x, y, np.log)

    partials = (lambda _z, _x, y, g: g * np.log(y), lambda _z, x, y, g: g * _share(x, y))


class Xlog1py(Chain):
    @staticmethod
    def kernel(x: Any, y: Any) -> Any:
        return _x_log(x, y, np.log1p)

    partials = (lambda _z, _x, y, g: g * np.log1p(y), lambda _z, x, y, g: g * _share(x, 1 + y))
