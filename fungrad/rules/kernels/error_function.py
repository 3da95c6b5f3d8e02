"""The error function, its complements and their inverses."""

from __future__ import annotations

import math

import numpy as np

from fungrad.rules.kernels.common import Vector, elementwise, fill, polynomial

SQRT_2 = math.sqrt(2)
SQRT_PI = math.sqrt(math.pi)

# erf(x) / x for x**2 in [0, 1].
ERF = (
    1.4543887079465116e-14,
    -3.8078824063194953e-13,
    9.167619596865806e-12,
    -2.035228405815769e-10,
    4.115800583208149e-09,
    -7.511569286591727e-08,
    1.223382738359897e-06,
    -1.7537169441124866e-05,
    0.00021751715604159932,
    -0.0022854855611441132,
    0.019852496688983708,
    -0.1405360890227171,
    0.9654687386698673,
)
# (1 + 2 x) exp(x**2) erfc(x) for x in [0, inf), in (x - 3.75) / (x + 3.75): the form of
# M. M. Shepherd, J. G. Laframboise, Chebyshev approximation of (1 + 2x) exp(x^2) erfc x in
# 0 <= x < infinity, Mathematics of Computation 36 (1981).
ERFCX = (
    -3.7980647235900285e-11,
    4.2433038251096756e-10,
    5.485084520083625e-10,
    -5.169080644815932e-09,
    -4.396921916762906e-09,
    3.866242066283792e-08,
    2.4301839484503084e-08,
    -2.586489910718322e-07,
    -5.827501862768691e-08,
    1.7516189406943677e-06,
    -9.728413451815077e-07,
    -1.1444134389658475e-05,
    2.238390827660038e-05,
    5.1649093885821704e-05,
    -0.0002901539781378384,
    0.0002937136669846131,
    0.0017556258321915355,
    -0.009746579558275152,
    0.02836227742154398,
    -0.05869339858961116,
    0.09230432116019638,
    -0.10880393014175023,
    0.08227673849015109,
    0.0035854154854644583,
    -0.14024059858554702,
    1.2375126308378275,
)
# The normal quantile: M. J. Wichura, Algorithm AS 241: the percentage points of the normal
# distribution, Applied Statistics 37 (1988), routine PPND16.
CENTRE = (
    (
        2509.0809287301226727,
        33430.575583588128105,
        67265.770927008700853,
        45921.953931549871457,
        13731.693765509461125,
        1971.5909503065514427,
        133.14166789178437745,
        3.387132872796366608,
    ),
    (
        5226.495278852854561,
        28729.085735721942674,
        39307.89580009271061,
        21213.794301586595867,
        5394.1960214247511077,
        687.1870074920579083,
        42.313330701600911252,
        1.0,
    ),
)
FLANK = (
    (
        7.7454501427834140764e-4,
        0.0227238449892691845833,
        0.24178072517745061177,
        1.27045825245236838258,
        3.64784832476320460504,
        5.7694972214606914055,
        4.6303378461565452959,
        1.42343711074968357734,
    ),
    (
        1.05075007164441684324e-9,
        5.475938084995344946e-4,
        0.0151986665636164571966,
        0.14810397642748007459,
        0.68976733498510000455,
        1.6763848301838038494,
        2.05319162663775882187,
        1.0,
    ),
)
TAIL = (
    (
        2.01033439929228813265e-7,
        2.71155556874348757815e-5,
        0.0012426609473880784386,
        0.026532189526576123093,
        0.29656057182850489123,
        1.7848265399172913358,
        5.4637849111641143699,
        6.6579046435011037772,
    ),
    (
        2.04426310338993978564e-15,
        1.4215117583164458887e-7,
        1.8463183175100546818e-5,
        7.868691311456132591e-4,
        0.0148753612908506148525,
        0.13692988092273580531,
        0.59983220655588793769,
        1.0,
    ),
)


# --- of vectors ----------------------------------------------------------------------------------


def gaussian(x: Vector) -> Vector:
    """Return exp(-x**2), with the rounding error of the square taken back."""
    x = np.minimum(np.absolute(x), 40.0)
    square = x * x
    high = x.astype(np.float32).astype(np.float64)  # its square is exact
    low = x - high
    error = ((high * high - square) + 2 * high * low) + low * low
    return np.exp(-square) * (1 - error)


def scaled_complement(x: Vector) -> Vector:
    """Return exp(x**2) erfc(x) for x >= 0."""
    finite = np.minimum(x, 1e300)
    return polynomial(ERFCX, (finite - 3.75) / (finite + 3.75)) / (1 + 2 * x)


def _near(x: Vector) -> Vector:
    return x * polynomial(ERF, 2 * (x * x) - 1)


def _far(x: Vector) -> Vector:
    size = np.absolute(x)
    return np.copysign(1 - gaussian(size) * scaled_complement(size), x)


def _complement(x: Vector) -> Vector:
    size = np.absolute(x)
    tail = gaussian(size) * scaled_complement(size)
    return np.where(x < 0, 2 - tail, tail)


def quantile(q: Vector, tail: Vector) -> Vector:
    """Return x with the normal probability `tail` beyond it; q is 1/2 - tail, with x's sign."""
    x = np.empty_like(q)
    centre = np.absolute(q) <= 0.425
    fill(x, centre, _central_quantile, q)
    fill(x, ~centre, _outer_quantile, q, tail)
    return x


def _central_quantile(q: Vector) -> Vector:
    r = 0.180625 - q * q
    return q * (polynomial(CENTRE[0], r) / polynomial(CENTRE[1], r))


def _outer_quantile(q: Vector, tail: Vector) -> Vector:
    x = np.sqrt(-np.log(tail))
    flank = x <= 5
    fill(x, flank, lambda r: polynomial(FLANK[0], r - 1.6) / polynomial(FLANK[1], r - 1.6), x)
    fill(x, ~flank, lambda r: polynomial(TAIL[0], r - 5) / polynomial(TAIL[1], r - 5), x)
    x[tail == 0] = np.inf
    return np.copysign(x, q)


# --- kernels -------------------------------------------------------------------------------------


@elementwise
def erf(x: Vector) -> Vector:
    """Return the error function."""
    z = np.empty_like(x)
    near = np.absolute(x) < 1
    fill(z, near, _near, x)
    fill(z, ~near, _far, x)
    return z


@elementwise
def erfc(x: Vector) -> Vector:
    """Return 1 - erf(x)."""
    z = np.empty_like(x)
    near = np.absolute(x) < 0.5
    fill(z, near, lambda x: 1 - _near(x), x)
    fill(z, ~near, _complement, x)
    return z


@elementwise
def erfcx(x: Vector) -> Vector:
    """Return exp(x**2) erfc(x)."""
    z = scaled_complement(np.absolute(x))
    return np.where(x < 0, 2 / gaussian(x) - z, z)


@elementwise
def erfinv(x: Vector) -> Vector:
    """Return y with erf(y) = x."""
    return quantile(x / 2, (1 - np.absolute(x)) / 2) / SQRT_2


@elementwise
def erfcinv(x: Vector) -> Vector:
    """Return y with erfc(y) = x."""
    return quantile((1 - x) / 2, np.minimum(x, 2 - x) / 2) / SQRT_2


@elementwise
def ndtr(x: Vector) -> Vector:
    """Return the distribution function of the normal distribution."""
    z = np.empty_like(x)
    near = np.absolute(x) < 0.7
    fill(z, near, lambda x: 0.5 + 0.5 * _near(x / SQRT_2), x)
    fill(z, ~near, _normal_far, x)
    return z


def _normal_tail(size: Vector) -> Vector:
    """Return the probability beyond a number >= 0."""
    # From x itself: the rounding of x / sqrt(2) would be magnified.
    high = np.minimum(size, 40).astype(np.float32).astype(np.float64)  # its square is exact
    tail = np.exp(-high * high / 2) * np.exp(-(size - high) * (size + high) / 2)
    return tail * (scaled_complement(size / SQRT_2) / 2)


def _normal_far(x: Vector) -> Vector:
    tail = _normal_tail(np.absolute(x))
    return np.where(x < 0, tail, 1 - tail)


@elementwise
def log_ndtr(x: Vector) -> Vector:
    """Return the logarithm of `ndtr`."""
    z = np.empty_like(x)
    left, right = x < -0.5, x > 0.5
    fill(z, left, lambda x: np.log(scaled_complement(-x / SQRT_2) / 2) - x * x / 2, x)
    fill(z, right, lambda x: np.log1p(-_normal_tail(x)), x)
    fill(z, ~(left | right), lambda x: np.log(0.5 + 0.5 * _near(x / SQRT_2)), x)
    return z


@elementwise
def ndtri(p: Vector) -> Vector:
    """Return x with ndtr(x) = p."""
    return quantile(p - 0.5, np.minimum(p, 1 - p))
