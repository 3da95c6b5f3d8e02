"""The gamma function, its logarithm and derivatives, and the zeta function."""

from __future__ import annotations

import math

import numpy as np

from fungrad.rules.kernels.common import Vector, elementwise, fill, polynomial

LOG_2_PI = math.log(2 * math.pi)
FACTORIALS = np.array([float(math.factorial(n)) for n in range(171)])

# lgamma(x) / ((x - 1) (x - 2)) for x in [0.5, 3], in (x - m) / (x + m), m**2 = 1.5, scaled.
LGAMMA = (
    -1.3439794223044144e-10,
    3.121038028764787e-10,
    -2.0477089315620172e-11,
    4.3525436336356e-11,
    -2.281592602756988e-09,
    5.2678986737807606e-09,
    -1.1145832945774338e-08,
    2.5580883536863238e-08,
    -7.465258469972262e-08,
    1.706488059747956e-07,
    -4.851231002700778e-07,
    1.1022252611362152e-06,
    -3.2417668091459216e-06,
    7.30569013101852e-06,
    -2.2377039983893972e-05,
    4.9839414238276075e-05,
    -0.00016222040521818952,
    0.00035464773534567116,
    -0.0012759724647701733,
    0.0026949455119056544,
    -0.011832449241000935,
    0.02291663718131695,
    -0.1949929992007125,
    0.528838744145037,
)
# x times what Stirling's formula leaves of lgamma(x), for x >= 3, in 18 / x**2 - 1.
STIRLING = (
    7.332612571162386e-14,
    -3.107700070153949e-13,
    1.2837039054832427e-12,
    -7.349908849513787e-12,
    5.02265514344043e-11,
    -4.2390477469523515e-10,
    4.7416902492675565e-09,
    -7.748923866325593e-08,
    2.1834243383649527e-06,
    -0.0001497002183650206,
    0.08318136697655197,
)
# digamma(x) / (x - root) for x in [1, 2], in (x - m) / (x + m), m**2 = 2, scaled.
DIGAMMA = (
    -1.0714780365370034e-13,
    6.229650329784881e-13,
    -3.158850975670749e-12,
    1.835108773771391e-11,
    -1.0826405951992068e-10,
    6.282764204448969e-10,
    -3.679658160688039e-09,
    2.1316716185679545e-08,
    -1.2516100639512183e-07,
    7.228763555610563e-07,
    -4.262198962629972e-06,
    2.44682764484428e-05,
    -0.00014562197529080894,
    0.0008240640054329591,
    -0.005064804646376507,
    0.027727828313305527,
    -0.22732148167682548,
    0.9892667326182462,
)
DIGAMMA_ROOT = (1.4616321449683622, 9.549995429965697e-17)  # and what its rounding leaves
# x**2 (log x - 1 / (2 x) - digamma(x)) for x >= 2, in 8 / x**2 - 1.
DIGAMMA_TAIL = (
    1.2371024096921027e-11,
    -2.6364614387212513e-11,
    1.2286048089336914e-11,
    -3.841006869999094e-11,
    1.8992556414952945e-10,
    -5.373301042570876e-10,
    1.6055090461061847e-09,
    -5.5662960467483895e-09,
    2.1830737840129454e-08,
    -9.976188667512057e-08,
    5.576414323304235e-07,
    -4.099379160504563e-06,
    4.483905295555733e-05,
    -0.0009367704342618064,
    0.08234693724440534,
)
# (d - log(1 + d)) / d**2 for d in [-0.3, 0.4].
DEVIANCE = (
    -6.500881842573481e-10,
    2.0530514872463028e-09,
    -3.576623510787013e-09,
    1.1417950723764303e-08,
    -4.2083692180877516e-08,
    1.3517671018514496e-07,
    -4.308432958386691e-07,
    1.3995145057316324e-06,
    -4.58072136302892e-06,
    1.5105077152605516e-05,
    -5.0304003490073036e-05,
    0.0001695905664810526,
    -0.0005806609422253583,
    0.0020287578984262925,
    -0.0072865317660193345,
    0.02723572628685374,
    -0.10841398451411667,
    0.48393433222720034,
)
# B(2 k) / (2 k)!, B the Bernoulli numbers: the terms of Euler's and Maclaurin's sum.
BERNOULLI = (
    8.333333333333333e-02,
    -1.388888888888889e-03,
    3.306878306878307e-05,
    -8.267195767195768e-07,
    2.08767569878681e-08,
    -5.284190138687493e-10,
    1.3382536530684679e-11,
    -3.3896802963225827e-13,
    8.586062056277845e-15,
    -2.174868698558062e-16,
    5.509002828360230e-18,
    -1.3954464685812523e-19,
)
SHIFT = 10  # about where that sum takes over

# --- of vectors ----------------------------------------------------------------------------------


def _mobius(low: float, high: float) -> tuple[float, float]:
    middle = math.sqrt(low * high)
    return middle, (high + middle) / (high - middle)


_LGAMMA_MAP = _mobius(0.5, 3.0)
_DIGAMMA_MAP = _mobius(1.0, 2.0)


def stirling(x: Vector) -> Vector:
    """Return what Stirling's formula leaves of log(gamma(x)), for x >= 3."""
    return polynomial(STIRLING, 18 / (x * x) - 1) / x


def log_gamma(x: Vector) -> Vector:
    """Return log(gamma(x)) for x > 0."""
    z = np.empty_like(x)
    small, large = x < 0.5, x > 3
    fill(z, small, lambda x: _log_gamma_near(1 + x) - np.log(x), x)
    fill(z, large, _log_gamma_far, x)
    fill(z, ~(small | large), _log_gamma_near, x)
    return z


def _log_gamma_near(x: Vector) -> Vector:
    middle, scale = _LGAMMA_MAP
    z = (x - 1) * (x - 2) * polynomial(LGAMMA, scale * ((x - middle) / (x + middle)))
    return z + 0.0  # no negative zero


def log_gamma_1p(x: Vector) -> Vector:
    """Return log(gamma(1 + x)) for x from -0.5 to 2, exact in proportion also near 0."""
    middle, scale = _LGAMMA_MAP
    return x * (x - 1) * polynomial(LGAMMA, scale * ((x + 1 - middle) / (x + 1 + middle)))


def _log_gamma_far(x: Vector) -> Vector:
    z = (x - 0.5) * (np.log(x) - 1) + (stirling(x) + (LOG_2_PI - 1) / 2)
    return np.where(np.isinf(x), np.inf, z)


def _gamma_factors(x: Vector) -> tuple[Vector, Vector]:
    """Return two numbers whose product is gamma(x), for x > 0; the product may overflow."""
    near = x < 3
    large = np.where(near, x + 3, np.minimum(x, 200))
    root = np.power(large, large / 2 - 0.25)
    rest = root * np.exp(-large) * (np.exp(stirling(large)) * math.sqrt(2 * math.pi))
    return root, np.where(near, rest / (x * (x + 1) * (x + 2)), rest)


def _gamma_positive(x: Vector) -> Vector:
    root, rest = _gamma_factors(x)
    z = root * rest
    whole = (x == np.floor(x)) & (x <= FACTORIALS.size)
    fill(z, whole, lambda x: FACTORIALS[x.astype(int) - 1], x)
    return z


def sin_pi(x: Vector) -> Vector:
    """Return sin(pi x), exact zeros included."""
    rest = x - 2 * np.round(x / 2)  # in [-1, 1]
    rest = np.where(np.absolute(rest) > 0.5, np.copysign(1, rest) - rest, rest)
    return np.sin(math.pi * rest)


def _gamma_negative(x: Vector) -> Vector:
    root, rest = _gamma_factors(-x)
    return -math.pi / (sin_pi(x) * x) / root / rest


def digamma_positive(x: Vector) -> Vector:
    """Return the logarithmic derivative of gamma, for x > 0."""
    z = np.empty_like(x)
    small, large = x < 1, x > 2
    fill(z, small, lambda x: _digamma_near(1 + x) - 1 / x, x)
    fill(z, large, _digamma_far, x)
    fill(z, ~(small | large), _digamma_near, x)
    return z


def _digamma_near(x: Vector) -> Vector:
    middle, scale = _DIGAMMA_MAP
    root, rest = DIGAMMA_ROOT
    return ((x - root) - rest) * polynomial(DIGAMMA, scale * ((x - middle) / (x + middle)))


def _digamma_far(x: Vector) -> Vector:
    square = np.minimum(x, 1e150) ** 2
    return np.log(x) - 1 / (2 * x) - polynomial(DIGAMMA_TAIL, 8 / square - 1) / square


def deviance(x: Vector, a: Vector) -> Vector:
    """Return x / a - 1 - log(x / a), for positive numbers."""
    d = (x - a) / a
    z = np.empty_like(d)
    low, high = d <= -0.3, d >= 0.4
    fill(z, low, lambda d, ratio: d - np.log(ratio), d, x / a)
    fill(z, high, lambda d: d - np.log1p(d), d)
    fill(z, ~(low | high), lambda d: d * d * polynomial(DEVIANCE, (d - 0.05) / 0.35), d)
    return z


def hurwitz_zeta(s: Vector, q: Vector) -> Vector:
    """Return the sum of (q + k)**-s over k = 0, 1, ..., for s > 1 and q > 0."""
    total = np.zeros_like(q)
    start = SHIFT + s / 2
    while True:
        power = np.power(q, -s)
        matters = power > 1e-17 * total
        near = (q < start) & matters
        if not near.any():
            break
        total = total + np.where(near, power, 0)
        q = np.where(near, q + 1, q)
    # The rest, by Euler's and Maclaurin's formula: an integral, half of a term, corrections.
    rest = power * q / (s - 1) + power / 2
    term = power * s / q
    for k, number in enumerate(BERNOULLI):
        rest = rest + number * term
        term = term * ((s + (2 * k + 1)) / q * ((s + (2 * k + 2)) / q))
    return total + np.where(matters, rest, 0)


# --- kernels -------------------------------------------------------------------------------------


@elementwise
def gammaln(x: Vector) -> Vector:
    """Return log(abs(gamma(x)))."""
    z = np.empty_like(x)
    positive = x > 0
    fill(z, positive, log_gamma, x)
    fill(z, ~positive, _log_gamma_reflected, x)
    return z


def _log_gamma_reflected(x: Vector) -> Vector:
    z = np.log(math.pi / np.absolute(x * sin_pi(x))) - log_gamma(np.maximum(-x, 5e-324))
    return np.where((x == np.floor(x)) & ~np.isnan(x), np.inf, z)


@elementwise
def gamma(x: Vector) -> Vector:
    """Return the gamma function."""
    z = np.empty_like(x)
    positive = x > 0
    fill(z, positive, _gamma_positive, x)
    fill(z, ~positive, _gamma_negative, x)
    z[(x == np.floor(x)) & (x < 0)] = np.nan
    zero = x == 0
    z[zero] = np.copysign(np.inf, x[zero])
    return z


@elementwise
def gammasgn(x: Vector) -> Vector:
    """Return the sign of the gamma function."""
    floor = np.floor(x)
    z = np.where((x > 0) | (floor % 2 == 0), 1.0, -1.0)
    z = np.where((x < 0) & (floor == x), np.nan, z)
    return np.where(x == 0, np.copysign(1, x), np.where(np.isnan(x), x, z))


@elementwise
def digamma(x: Vector) -> Vector:
    """Return the logarithmic derivative of the gamma function."""
    z = np.empty_like(x)
    positive = x > 0
    fill(z, positive, digamma_positive, x)
    fill(z, ~positive, lambda x: digamma_positive(1 - x) - math.pi * _cot_pi(x), x)
    z[(x == np.floor(x)) & (x < 0)] = np.nan
    zero = x == 0
    z[zero] = -np.copysign(np.inf, x[zero])
    return z


def _cot_pi(x: Vector) -> Vector:
    return sin_pi(x + 0.5) / sin_pi(x)


@elementwise
def polygamma(n: Vector, x: Vector) -> Vector:
    """Return the derivative of order n of `digamma`; n is a non-negative integer."""
    z = np.empty_like(x)
    zero = n == 0
    fill(z, zero, digamma, x)
    fill(z, ~zero, _polygamma, n, x)
    return z


def _polygamma(n: Vector, x: Vector) -> Vector:
    negative = x < 0
    q = np.where(negative, 1 - x, x)
    sign = np.where(n % 2 == 0, -1.0, 1.0)
    z = sign * np.exp(log_gamma(n + 1)) * hurwitz_zeta(n + 1, q)
    z = np.where(n < FACTORIALS.size, sign * _factorial(n) * hurwitz_zeta(n + 1, q), z)
    fill(z, negative, _reflected_polygamma, n, x, z)
    z = np.where(negative & (x == np.floor(x)), np.where(n % 2 == 0, np.nan, np.inf), z)
    z = np.where(x == np.inf, sign * 0.0, z)
    return np.where((n < 0) | (n != np.floor(n)), np.nan, z)


def _factorial(n: Vector) -> Vector:
    return FACTORIALS[np.clip(np.nan_to_num(n), 0, FACTORIALS.size - 1).astype(int)]


def _reflected_polygamma(n: Vector, x: Vector, z: Vector) -> Vector:
    """Return the polygamma function of negative x; z is that of 1 - x."""
    # The derivatives of cot are polynomials in cot, each made from the one before.
    c = _cot_pi(x)
    z = np.where(n % 2 == 0, z, -z)
    for order in np.unique(n[np.isfinite(n)]):
        coefficients = [1.0, 0.0]
        for _ in range(int(order)):
            slope = np.array(coefficients[:-1]) * np.arange(len(coefficients) - 1, 0, -1)
            coefficients = np.convolve(slope, [-1.0, 0.0, -1.0]).tolist()
        chosen = n == order
        z[chosen] -= math.pi ** (order + 1) * polynomial(coefficients, c[chosen])
    return z


@elementwise
def betaln(a: Vector, b: Vector) -> Vector:
    """Return the logarithm of the absolute value of the beta function."""
    small, large = np.minimum(a, b), np.maximum(a, b)
    z = np.empty_like(a)
    positive = small > 0
    both, one = small >= 3, positive & (small < 3) & (large >= 10)
    fill(z, both, _log_beta_of_large, small, large)
    fill(z, one, _log_beta_of_one_large, small, large)
    fill(z, positive & ~(both | one), _log_beta_by_gamma, small, large)
    fill(z, ~positive, lambda a, b: gammaln(a) + gammaln(b) - gammaln(a + b), a, b)
    return z


def _log_beta_of_large(a: Vector, b: Vector) -> Vector:
    # Stirling's formula for all three; the large terms cancel in the ratios.
    ratio = a / b
    left = stirling(a) + stirling(b) - stirling(a + b) + (LOG_2_PI - np.log(b)) / 2
    return left + (a - 0.5) * np.log(ratio / (1 + ratio)) - b * np.log1p(ratio)


def _log_beta_of_one_large(a: Vector, b: Vector) -> Vector:
    left = stirling(b) - stirling(a + b) - (b - 0.5) * np.log1p(a / b)
    return log_gamma(a) + left + a * (1 - np.log(a + b))


def _log_beta_by_gamma(a: Vector, b: Vector) -> Vector:
    return log_gamma(a) + (log_gamma(b) - log_gamma(a + b))


@elementwise
def beta(a: Vector, b: Vector) -> Vector:
    """Return the beta function."""
    z = np.empty_like(a)
    large = np.maximum(np.absolute(a) + np.absolute(b), np.absolute(a + b)) > 100
    fill(z, large, _beta_by_logarithm, a, b)
    fill(z, ~large, lambda a, b: gamma(a) / gamma(a + b) * gamma(b), a, b)
    return z


def _beta_by_logarithm(a: Vector, b: Vector) -> Vector:
    return gammasgn(a) * gammasgn(b) * gammasgn(a + b) * np.exp(betaln(a, b))
