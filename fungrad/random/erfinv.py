"""The inverse error function to the last bit as JAX computes it on a processor with FMA.

Its polynomials are those of M. Giles, Approximating the erfinv function, GPU Computing Gems Jade
Edition (2011). XLA evaluates them with fused multiply-adds, which round once where a product and a
sum round twice. NumPy has none; here they are composed of plain operations.

Accuracy is not the point: `fungrad.scipy.special.erfinv` is better.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

Vector: TypeAlias = Any
"""An ndarray with one axis."""

Fused = Callable[[Any, Any, Any], Vector]

NEAR_32 = (
    2.81022636e-08,
    3.43273939e-07,
    -3.5233877e-06,
    -4.39150654e-06,
    0.00021858087,
    -0.00125372503,
    -0.00417768164,
    0.246640727,
    1.50140941,
)
FAR_32 = (
    -0.000200214257,
    0.000100950558,
    0.00134934322,
    -0.00367342844,
    0.00573950773,
    -0.0076224613,
    0.00943887047,
    1.00167406,
    2.83297682,
)
NEAR_64 = (
    -3.64441206401782e-21,
    -1.6850591381820166e-19,
    1.28584807152564e-18,
    1.1157877678025181e-17,
    -1.333171662854621e-16,
    2.0972767875968562e-17,
    6.637638134358324e-15,
    -4.054566272975207e-14,
    -8.151934197605472e-14,
    2.6335093153082323e-12,
    -1.2975133253453532e-11,
    -5.415412054294628e-11,
    1.0512122733215323e-09,
    -4.112633980346984e-09,
    -2.9070369957882005e-08,
    4.2347877827932404e-07,
    -1.3654692000834679e-06,
    -1.3882523362786469e-05,
    0.00018673420803405714,
    -0.000740702534166267,
    -0.006033670871430149,
    0.24015818242558962,
    1.6536545626831027,
)
MIDDLE_64 = (
    2.2137376921775787e-09,
    9.075656193888539e-08,
    -2.7517406297064545e-07,
    1.8239629214389228e-08,
    1.5027403968909828e-06,
    -4.013867526981546e-06,
    2.9234449089955446e-06,
    1.2475304481671779e-05,
    -4.7318229009055734e-05,
    6.828485145957318e-05,
    2.4031110387097894e-05,
    -0.0003550375203628475,
    0.0009532893797373805,
    -0.0016882755560235047,
    0.002491442096107851,
    -0.003751208507569241,
    0.005370914553590064,
    1.0052589676941592,
    3.0838856104922208,
)
FAR_64 = (
    -2.7109920616438573e-11,
    -2.555641816996525e-10,
    1.5076572693500548e-09,
    -3.789465440126737e-09,
    7.61570120807834e-09,
    -1.496002662714924e-08,
    2.914795345090108e-08,
    -6.771199775845234e-08,
    2.2900482228026655e-07,
    -9.9298272942317e-07,
    4.526062597223154e-06,
    -1.968177810553167e-05,
    7.599527703001776e-05,
    -0.00021503011930044477,
    -0.00013871931833623122,
    1.0103004648645344,
    4.849906401408584,
)
# log(1 + t) for small t is t - t**2 / 2 + t**3 P(t) / Q(t); as in S. L. Moshier's Cephes library.
LOG1P_NUMERATOR = (
    4.5270000862445199635215e-5,
    4.9854102823193375972212e-1,
    6.5787325942061044846969e0,
    2.9911919328553073277375e1,
    6.0949667980987787057556e1,
    5.7112963590585538103336e1,
    2.0039553499201281259648e1,
)
LOG1P_DENOMINATOR = (
    1.5062909083469192043167e1,
    8.3047565967967209469434e1,
    2.2176239823732856465394e2,
    3.0909872225312059774938e2,
    2.1642788614495947685003e2,
    6.0118660497603843919306e1,
)
SMALL = math.sqrt(2) - 1

# --- fused multiply-add --------------------------------------------------------------------------


def fused_32(x: Any, y: Any, z: Any) -> Vector:
    """Return x y + z, rounded once, in float32: the product is exact in float64."""
    return (np.float64(x) * np.float64(y) + np.float64(z)).astype(np.float32)


def fused_64(x: Any, y: Any, z: Any) -> Vector:
    """Return x y + z, rounded once, in float64.

    The rounding errors of the product and of the sum are found by the methods of T. J. Dekker
    (1971) and D. E. Knuth (1969), and added at last.
    """
    product = x * y
    (x_high, x_low), (y_high, y_low) = _halves(x), _halves(y)
    lost = ((x_high * y_high - product) + x_high * y_low + x_low * y_high) + x_low * y_low
    total = product + z
    rest = total - product
    lost = lost + ((product - (total - rest)) + (z - rest))
    return total + lost


def _halves(x: Any) -> tuple[Any, Any]:
    scaled = x * 134217729.0
    high = scaled - (scaled - x)
    return high, x - high


def _horner(fused: Fused, coefficients: Sequence[float], t: Vector) -> Vector:
    dtype = t.dtype.type
    z: Any = dtype(coefficients[0])
    for coefficient in coefficients[1:]:
        z = fused(z, t, dtype(coefficient))
    return z


# --- logarithms ----------------------------------------------------------------------------------


def _log1p(fused: Fused, log: Callable[[Vector], Vector], t: Vector) -> Vector:
    dtype = t.dtype.type
    numerator = _horner(fused, LOG1P_NUMERATOR, t)
    denominator = _horner(fused, (1.0, *LOG1P_DENOMINATOR), t)
    square = t * t
    z = t + fused(square, dtype(-0.5), t * square * (numerator / denominator))
    large = np.absolute(t) >= dtype(SMALL)
    z[large] = log(t[large] + dtype(1))
    return z


def _log_32(x: Vector) -> Vector:
    """Return the logarithm, as in S. L. Moshier's Cephes library."""
    f = np.float32
    mantissa, exponent = np.frexp(x)
    low = mantissa < f(0.707106781186547524)
    power = exponent.astype(np.float32) - low
    x = (mantissa - f(1)) + np.where(low, mantissa, f(0))
    square = x * x
    cube = square * x
    one = fused_32(fused_32(x, f(7.0376836292e-2), f(-1.1514610310e-1)), x, f(1.1676998740e-1))
    two = fused_32(fused_32(x, f(-1.2420140846e-1), f(1.4249322787e-1)), x, f(-1.6668057665e-1))
    three = fused_32(fused_32(x, f(2.0000714765e-1), f(-2.4999993993e-1)), x, f(3.3333331174e-1))
    z = fused_32(fused_32(one, cube, two), cube, three)
    z = fused_32(z, cube, power * f(-2.12194440e-4))
    return fused_32(power, f(0.693359375), fused_32(-square, f(0.5), x) + z)


def _log_64(x: Vector) -> Vector:
    # Python's logarithm is that of the C library, as XLA's is; NumPy has one of its own.
    return np.array([math.log(each) for each in x.tolist()])


# --- the function --------------------------------------------------------------------------------


def erfinv(x: Any) -> Any:
    """Return the inverse error function of float32 or float64 numbers between -1 and 1."""
    kernel = _erfinv_64 if x.dtype == np.float64 else _erfinv_32
    return kernel(x.reshape(-1)).reshape(x.shape)


def _erfinv_32(x: Vector) -> Vector:
    w = -_log1p(fused_32, _log_32, x * -x)
    near = w < 5
    z = np.empty_like(x)
    z[near] = _horner(fused_32, NEAR_32, w[near] - np.float32(2.5))
    z[~near] = _horner(fused_32, FAR_32, np.sqrt(w[~near]) - np.float32(3))
    return x * z


def _erfinv_64(x: Vector) -> Vector:
    w = -_log1p(fused_64, _log_64, x * -x)
    near, far = w < 6.25, w >= 16
    middle = ~(near | far)
    z = np.empty_like(x)
    z[near] = _horner(fused_64, NEAR_64, w[near] - 3.125)
    z[middle] = _horner(fused_64, MIDDLE_64, np.sqrt(w[middle]) - 3.25)
    z[far] = _horner(fused_64, FAR_64, np.sqrt(w[far]) - 5)
    return x * z
