"""The distributions of the samplers, and their gradients."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import random
from fungrad.rules.special import GammaRatio, LogGammaSample
from fungrad.scipy import special
from fungrad.testing import check_grads

IMPLS = ("philox", "threefry2x32")
SIZE = 20_000
# For the distance of Kolmogorov and Smirnov: the probability of a larger one is 1e-6.
FARTHEST = math.sqrt(-math.log(0.5e-6) / 2)

# --- continuous distributions --------------------------------------------------------------------


def normal_share(x: Any) -> Any:
    return special.ndtr(x)


def wald_share(x: Any, mean: float) -> Any:
    low, high = (x / mean - 1) / np.sqrt(x), (x / mean + 1) / np.sqrt(x)
    return special.ndtr(low) + np.exp(2 / mean) * special.ndtr(-high)


def truncated(x: Any, low: float, high: float) -> Any:
    """The share of the normal distribution between two positive limits, from the upper tail."""
    return (special.ndtr(-low) - special.ndtr(-x)) / (special.ndtr(-low) - special.ndtr(-high))


SHARES: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "uniform": (lambda key: random.uniform(key, (SIZE,), None, -2.0, 3.0), lambda x: (x + 2) / 5),
    "uniform float32": (lambda key: random.uniform(key, (SIZE,), np.float32), lambda x: x),
    "normal": (lambda key: random.normal(key, (SIZE,)), special.ndtr),
    "normal float32": (lambda key: random.normal(key, (SIZE,), np.float32), special.ndtr),
    "exponential": (lambda key: random.exponential(key, (SIZE,)), lambda x: -np.expm1(-x)),
    "gumbel": (lambda key: random.gumbel(key, (SIZE,)), lambda x: np.exp(-np.exp(-x))),
    "laplace": (
        lambda key: random.laplace(key, (SIZE,)),
        lambda x: np.where(x < 0, np.exp(-abs(x)) / 2, 1 - np.exp(-abs(x)) / 2),
    ),
    "logistic": (lambda key: random.logistic(key, (SIZE,)), special.expit),
    "cauchy": (lambda key: random.cauchy(key, (SIZE,)), lambda x: 0.5 + np.arctan(x) / np.pi),
    "truncated_normal": (
        lambda key: random.truncated_normal(key, 0.5, 2.0, (SIZE,)),
        lambda x: truncated(x, 0.5, 2.0),
    ),
    "truncated_normal far out": (
        lambda key: random.truncated_normal(key, 12.0, np.inf, (SIZE,)),
        lambda x: truncated(x, 12.0, np.inf),
    ),
    "truncated_normal below": (
        lambda key: random.truncated_normal(key, -9.0, -8.0, (SIZE,)),
        lambda x: 1 - truncated(-x, 8.0, 9.0),
    ),
    "lognormal": (
        lambda key: random.lognormal(key, 2.0, (SIZE,)),
        lambda x: special.ndtr(np.log(x) / 2),
    ),
    "maxwell": (
        lambda key: random.maxwell(key, (SIZE,)),
        lambda x: special.gammainc(1.5, x * x / 2),
    ),
    "double_sided_maxwell": (
        lambda key: random.double_sided_maxwell(key, 1.0, 2.0, (SIZE,)),
        lambda x: 0.5 + np.sign(x - 1) * special.gammainc(1.5, (x - 1) ** 2 / 8) / 2,
    ),
    "rayleigh": (lambda key: random.rayleigh(key, 2.0, (SIZE,)), lambda x: -np.expm1(-x * x / 8)),
    "weibull_min": (
        lambda key: random.weibull_min(key, 2.0, 3.0, (SIZE,)),
        lambda x: -np.expm1(-((x / 2) ** 3)),
    ),
    "pareto": (lambda key: random.pareto(key, 2.5, (SIZE,)), lambda x: 1 - x**-2.5),
    "triangular": (
        lambda key: random.triangular(key, 0.0, 1.0, 3.0, (SIZE,)),
        lambda x: np.where(x < 1, x * x / 3, 1 - (3 - x) ** 2 / 6),
    ),
    "wald": (lambda key: random.wald(key, 0.7, (SIZE,)), lambda x: wald_share(x, 0.7)),
    **{
        f"gamma {a}": (
            lambda key, a=a: random.gamma(key, a, (SIZE,)),
            lambda x, a=a: special.gammainc(a, x),
        )
        for a in (0.1, 1.0, 3.5, 100.0)
    },
    **{
        f"loggamma {a}": (
            lambda key, a=a: random.loggamma(key, a, (SIZE,)),
            lambda y, a=a: special.gammainc(a, np.exp(y)),
        )
        for a in (0.3, 1.5, 30.0)
    },
    # Below any float its logarithm is that of a uniform number over a.
    "loggamma 1e-5": (lambda key: random.loggamma(key, 1e-5, (SIZE,)), lambda y: np.exp(1e-5 * y)),
    "beta": (lambda key: random.beta(key, 0.3, 1.0, (SIZE,)), lambda x: x**0.3),
    "beta the other way": (
        lambda key: random.beta(key, 1.0, 7.0, (SIZE,)),
        lambda x: 1 - (1 - x) ** 7,
    ),
    "dirichlet": (
        lambda key: random.dirichlet(key, np.array([1.0, 2.0, 2.0]), (SIZE,))[:, 0],
        lambda x: 1 - (1 - x) ** 4,
    ),
    "chisquare": (
        lambda key: random.chisquare(key, 5.0, (SIZE,)),
        lambda x: special.gammainc(2.5, x / 2),
    ),
    "f": (lambda key: random.f(key, 2.0, 6.0, (SIZE,)), lambda x: 1 - (1 + x / 3) ** -3.0),
    "t": (
        lambda key: random.t(key, 2.0, (SIZE,)),
        lambda x: 0.5 + x / (2 * np.sqrt(2 + x * x)),
    ),
    "generalized_normal": (
        lambda key: random.generalized_normal(key, 4.0, (SIZE,)),
        lambda x: 0.5 + np.sign(x) * special.gammainc(0.25, x**4) / 2,
    ),
    "ball": (
        lambda key: fnp.linalg.norm(random.ball(key, 3, shape=(SIZE,)), axis=-1),
        lambda x: x**3,
    ),
    "multivariate_normal": (
        lambda key: (
            random.multivariate_normal(
                key, np.array([1.0, 0.0]), np.array([[2.0, 0.5], [0.5, 1.0]]), (SIZE,)
            )
            @ np.array([1.0, -1.0])
        ),
        lambda x: special.ndtr((x - 1) / np.sqrt(2.0)),
    ),
    "orthogonal": (  # a coordinate of a point of the sphere
        lambda key: random.orthogonal(key, 3, (SIZE,))[:, 1, 2],
        lambda x: (x + 1) / 2,
    ),
}


@pytest.mark.parametrize("impl", IMPLS)
@pytest.mark.parametrize("name", SHARES)
def test_distribution(name: str, impl: str) -> None:
    """The test of Kolmogorov and Smirnov."""
    draw, share = SHARES[name]
    x = np.sort(np.asarray(draw(random.key(5, impl=impl)), float))
    shares = np.asarray(share(x))
    assert np.all((shares >= 0) & (shares <= 1))
    steps = np.arange(SIZE + 1) / SIZE
    distance = max(np.max(shares - steps[:-1]), np.max(steps[1:] - shares))
    assert distance * math.sqrt(SIZE) < FARTHEST


# --- discrete distributions ----------------------------------------------------------------------


def poisson_weights(rate: float) -> list[float]:
    return [math.exp(k * math.log(rate) - rate - math.lgamma(k + 1)) for k in range(200)]


def binomial_weights(n: int, p: float) -> list[float]:
    return [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]


WEIGHTS: dict[str, tuple[Callable[[Any], Any], list[float]]] = {
    "bernoulli": (lambda key: random.bernoulli(key, 0.3, (SIZE,)), [0.7, 0.3]),
    "rademacher": (lambda key: (random.rademacher(key, (SIZE,)) + 1) // 2, [0.5, 0.5]),
    "randint": (lambda key: random.randint(key, (SIZE,), -3, 4) + 3, [1 / 7] * 7),
    "randint uint8": (lambda key: random.randint(key, (SIZE,), 0, 5, np.uint8), [0.2] * 5),
    "bits": (lambda key: random.bits(key, (SIZE,), np.uint8) // 16, [1 / 16] * 16),
    "high bits": (lambda key: random.bits(key, (SIZE,)) >> 60, [1 / 16] * 16),
    "low bits": (lambda key: random.bits(key, (SIZE,)) & 15, [1 / 16] * 16),
    "poisson": (lambda key: random.poisson(key, 3.0, (SIZE,)), poisson_weights(3.0)),
    "poisson of many": (lambda key: random.poisson(key, 40.0, (SIZE,)), poisson_weights(40.0)),
    "binomial": (lambda key: random.binomial(key, 8, 0.3, (SIZE,)), binomial_weights(8, 0.3)),
    "multinomial": (
        lambda key: random.multinomial(key, 8, np.array([3.0, 7.0]), shape=(SIZE, 2))[:, 0],
        binomial_weights(8, 0.3),
    ),
    "geometric": (
        lambda key: random.geometric(key, 0.4, (SIZE,)) - 1,
        [0.4 * 0.6**k for k in range(60)],
    ),
    "categorical": (
        lambda key: random.categorical(key, np.log([0.1, 0.6, 0.3]) + 5, shape=(SIZE,)),
        [0.1, 0.6, 0.3],
    ),
    "choice": (lambda key: random.choice(key, 3, (SIZE,), p=np.array([1, 6, 3])), [0.1, 0.6, 0.3]),
    "choice of equals": (lambda key: random.choice(key, 4, (SIZE,)), [0.25] * 4),
    "permutation": (  # of three, by its number
        lambda key: (
            fg.vmap(lambda key: random.permutation(key, 3))(random.split(key, SIZE // 10))
            @ np.array([9, 3, 1])
        ),
        [float(k in (5, 7, 11, 15, 19, 21)) / 6 for k in range(22)],
    ),
    "without replacement": (  # the first of two, drawn by weights
        lambda key: (
            fg.vmap(
                lambda key: random.choice(key, 3, (2,), replace=False, p=np.array([0.1, 0.6, 0.3]))
            )(random.split(key, SIZE // 10))
            @ np.array([3, 1])
        ),
        [
            0,
            0.1 * 0.6 / 0.9,
            0.1 * 0.3 / 0.9,
            0.6 * 0.1 / 0.4,
            0,
            0.6 * 0.3 / 0.4,
            0.3 * 0.1 / 0.7,
            0.3 * 0.6 / 0.7,
        ],
    ),
}


@pytest.mark.parametrize("impl", IMPLS)
@pytest.mark.parametrize("name", WEIGHTS)
def test_frequencies(name: str, impl: str) -> None:
    """Pearson's test, by the normal approximation of its distribution of Wilson and Hilferty."""
    draw, weights = WEIGHTS[name]
    x = np.asarray(draw(random.key(6, impl=impl))).astype(int)
    expected = np.array(weights) * x.size
    counts = np.bincount(x, minlength=len(weights))
    assert len(counts) == len(weights)
    assert not counts[expected == 0].any()
    rare = expected < 5
    chi_square = float(np.sum((counts - expected)[~rare] ** 2 / expected[~rare]))
    if expected[rare].sum() > 0.1:
        chi_square += (counts[rare].sum() - expected[rare].sum()) ** 2 / expected[rare].sum()
    df = np.count_nonzero(~rare)
    z = ((chi_square / df) ** (1 / 3) - 1 + 2 / (9 * df)) / math.sqrt(2 / (9 * df))
    assert z < 4.5


@pytest.mark.parametrize("impl", IMPLS)
def test_derived_keys_are_independent(impl: str) -> None:
    """Neighbours in a split, folded keys, and a key and its children are not correlated."""
    count = 3000
    draw = fg.vmap(lambda key: random.normal(key, (2,)))
    split = np.asarray(draw(random.split(random.key(0, impl=impl), count)))
    folded = np.asarray(
        fg.vmap(lambda i: random.normal(random.fold_in(random.key(0, impl=impl), i), (2,)))(
            np.arange(count)
        )
    )
    own = np.asarray(random.normal(random.key(0, impl=impl), (count,)))
    seeds = np.asarray(
        fg.vmap(lambda i: random.normal(random.key(i, impl=impl), (2,)))(np.arange(count))
    )
    pairs = [(split[:, 0], split[:, 1]), (split[1:, 0], split[:-1, 0])]
    pairs.append((split[1:, 0], folded[:-1, 0]))
    if impl == "philox":  # JAX's split and fold_in give the same keys
        pairs.append((split[:, 0], folded[:, 0]))
    pairs += [(folded[:-1, 0], folded[1:, 0]), (own, split[:, 0]), (own, folded[:, 0])]
    pairs += [(seeds[:-1, 0], seeds[1:, 0]), (seeds[:, 0], own)]
    for x, y in pairs:
        assert abs(np.mean(x * y)) * math.sqrt(count) < 4.5
    for x in (split[:, 0], folded[:, 0], seeds[:, 0]):
        assert abs(np.mean(x)) * math.sqrt(count) < 4.5
        assert abs(np.mean(x**2) - 1) * math.sqrt(count / 2) < 4.5


# --- gradients -----------------------------------------------------------------------------------

GRADIENTS: dict[str, tuple[Callable[..., Any], tuple[float, ...]]] = {
    "uniform": (lambda key, a, b: random.uniform(key, (50,), None, a, b), (-1.0, 2.0)),
    "double_sided_maxwell": (
        lambda key, m, s: random.double_sided_maxwell(key, m, s, (50,)),
        (1.0, 2.0),
    ),
    "lognormal": (lambda key, s: random.lognormal(key, s, (50,)), (0.5,)),
    "pareto": (lambda key, b: random.pareto(key, b, (50,)), (2.0,)),
    "rayleigh": (lambda key, s: random.rayleigh(key, s, (50,)), (2.0,)),
    "triangular": (
        lambda key, a, b, c: random.triangular(key, a, b, c, (50,)),
        (0.0, 1.0, 3.0),
    ),
    "truncated_normal": (
        lambda key, a, b: random.truncated_normal(key, a, b, (50,)),
        (-1.0, 2.0),
    ),
    "truncated_normal far out": (
        lambda key, a, b: random.truncated_normal(key, a, b, (50,)),
        (20.0, 21.0),
    ),
    "weibull_min": (lambda key, s, c: random.weibull_min(key, s, c, (50,)), (2.0, 3.0)),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_of_functions_of_fixed_noise(name: str) -> None:
    function, parameters = GRADIENTS[name]
    check_grads(lambda *args: function(random.key(5), *args), parameters, order=2)


@pytest.mark.parametrize("a", [0.01, 0.4, 1.0, 2.5, 19.9, 20.1, 300.0])
def test_the_gradient_of_gamma_keeps_probabilities(a: float) -> None:
    """With it the share of the distribution below each sample stays what it is."""
    key = random.key(2)
    x, slope = fg.jvp(lambda a: random.gamma(random.clone(key), a, (40,)), (a,), (1.0,))
    y, slope_of_log = fg.jvp(lambda a: random.loggamma(random.clone(key), a, (40,)), (a,), (1.0,))
    for share in (special.gammainc, special.gammaincc):
        _, change = fg.jvp(share, (np.full(40, a), x), (np.ones(40), slope))
        np.testing.assert_allclose(change, 0, atol=1e-13)
    ok = np.asarray(y) > -600
    z = np.exp(np.asarray(y)[ok])
    _, change = fg.jvp(
        special.gammainc,
        (np.full(len(z), a), z),
        (np.ones(len(z)), z * np.asarray(slope_of_log)[ok]),
    )
    np.testing.assert_allclose(change, 0, atol=1e-12)


MEANS: dict[str, tuple[Callable[..., Any], tuple[float, ...], Callable[..., float]]] = {
    "beta": (
        lambda key, a, b: random.beta(key, a, b, (20_000,)),
        (0.6, 2.0),
        lambda a, b: a / (a + b),
    ),
    "dirichlet": (
        lambda key, a, b: random.dirichlet(key, fnp.array([a, b, 1.5]), (20_000,))[:, 0],
        (0.4, 2.0),
        lambda a, b: a / (a + b + 1.5),
    ),
    "gamma": (lambda key, a: random.gamma(key, a, (20_000,)) ** 2, (0.8,), lambda a: a * (a + 1)),
    "loggamma": (
        lambda key, a: random.loggamma(key, a, (20_000,)),
        (0.02,),
        lambda a: float(special.digamma(a)),
    ),
    "chisquare": (lambda key, k: random.chisquare(key, k, (20_000,)), (3.0,), lambda k: k),
    "f": (lambda key, m, n: random.f(key, m, n, (20_000,)), (5.0, 20.0), lambda m, n: n / (n - 2)),
    "t": (lambda key, n: random.t(key, n, (20_000,)) ** 2, (20.0,), lambda n: n / (n - 2)),
    "wald": (lambda key, m: random.wald(key, m, (20_000,)), (0.7,), lambda m: m),
    "wald squared": (
        lambda key, m: random.wald(key, m, (20_000,)) ** 2,
        (0.7,),
        lambda m: m**2 + m**3,
    ),
    "generalized_normal": (
        lambda key, p: abs(random.generalized_normal(key, p, (20_000,))) ** p,
        (1.7,),
        lambda p: 1 / p,
    ),
}


@pytest.mark.parametrize("name", MEANS)
def test_gradients_are_those_of_means(name: str) -> None:
    """The mean of the gradients is the gradient of the mean, within five standard errors."""
    function, parameters, mean = MEANS[name]
    key = random.key(11)
    for position in range(len(parameters)):
        tangents = tuple(float(i == position) for i in range(len(parameters)))
        _, slopes = fg.jvp(lambda *args: function(random.clone(key), *args), parameters, tangents)
        slopes = np.asarray(slopes)
        step = 1e-6 * parameters[position]
        above, below = list(parameters), list(parameters)
        above[position] += step
        below[position] -= step
        expected = (mean(*above) - mean(*below)) / (2 * step)
        error = 5 * slopes.std() / np.sqrt(slopes.size) + 1e-6 * abs(expected)
        assert abs(slopes.mean() - expected) < error


def test_second_derivatives_of_gamma() -> None:
    """They are the change of the first derivative along a quantile."""

    def first(a: Any, y: Any) -> Any:
        return GammaRatio.apply(a, y, order=1)

    def along(a: float, y: Any, d: float) -> Any:
        """The quantile at a + d, by one step of Runge's and Kutta's method."""
        one = first(a, y)
        two = first(a + d / 2, y + d / 2 * one)
        three = first(a + d / 2, y + d / 2 * two)
        four = first(a + d, y + d * three)
        return y + d / 6 * (one + 2 * two + 2 * three + four)

    def slope(a: Any, y: Any) -> Any:
        return fg.jvp(lambda a: LogGammaSample.apply(a, y), (a,), (1.0,))[1]

    for a in (0.3, 2.0, 40.0):
        for y in random.loggamma(random.key(2), a, (5,)):
            _, second = fg.jvp(lambda a, y=y: slope(a, y), (a,), (1.0,))
            h = 1e-4 * a
            ahead, behind = (first(a + d, along(a, y, d)) for d in (h, -h))
            np.testing.assert_allclose(second, (ahead - behind) / (2 * h), rtol=1e-5)


def test_gradients_of_means_and_covariances() -> None:
    mean = fnp.array([1.0, -1.0])
    for method in ("cholesky", "eigh", "svd"):
        check_grads(
            lambda mean, root, method=method: random.multivariate_normal(
                random.key(3), mean, root @ root.T, (4,), method=method
            ),
            (mean, fnp.array([[1.0, 0.2], [0.3, 2.0]])),
            order=1,
        )


def test_elements_that_are_chosen_have_gradients() -> None:
    x = fnp.array([1.0, 2.0, 3.0])
    total = lambda x: fnp.sum(random.permutation(random.key(0), x) * fnp.array([1.0, 10.0, 100.0]))  # noqa: E731
    assert sorted(fg.grad(total)(x).tolist()) == [1.0, 10.0, 100.0]
    counts = fg.grad(lambda x: fnp.sum(random.choice(random.key(0), x, (50,))))(x)
    assert float(np.sum(counts)) == 50
