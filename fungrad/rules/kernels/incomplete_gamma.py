"""The incomplete gamma functions, and their derivatives by the first argument.

With t = x exp(u), the gamma distribution below or above x is a multiple D of the integral of
exp(a u - x (exp(u) - 1)) over negative or positive u, where D(a, x) = x**a exp(-x) / gamma(a). The
integrand falls from 1, by far fewer than fifty powers of e before it is negligible, so Gauss's rule
gives it to the last digits. Where a and x are small, the integral below x is the series of
M. Abramowitz, I. A. Stegun, Handbook of Mathematical Functions (1964), 6.5.29.

A derivative by a brings the moments of u: log(t) is the derivative of the integrand's logarithm.
"""

from __future__ import annotations

import math

import numpy as np

from fungrad.rules.kernels.common import Vector, elementwise, fill, polynomial
from fungrad.rules.kernels.gamma_function import (
    deviance,
    digamma_positive,
    hurwitz_zeta,
    log_gamma,
    log_gamma_1p,
    stirling,
)

LARGE = 20.0  # from this a on, the integral below x is by quadrature
NEGLIGIBLE = 44.0  # exp(-44) is less than the rounding error of 1
TERMS = 200
# The positive nodes of Gauss's rule of 36 nodes on [-1, 1], and their weights.
NODES = (
    0.9978304624840858,
    0.9885864789022122,
    0.972027691049698,
    0.9482729843995076,
    0.9174977745156591,
    0.8799298008903972,
    0.8358471669924753,
    0.7855762301322066,
    0.7294891715935565,
    0.668001236585521,
    0.6015676581359806,
    0.5306802859262452,
    0.45586394443342027,
    0.37767254711968923,
    0.29668499534402826,
    0.2135008923168656,
    0.1287361038093848,
    0.04301819847370861,
)
WEIGHTS = (
    0.0055657196642450455,
    0.012915947284065574,
    0.020181515297735472,
    0.02729862149856878,
    0.03421381077030723,
    0.04087575092364489,
    0.04723508349026598,
    0.05324471397775992,
    0.05886014424532482,
    0.06403979735501548,
    0.06874532383573645,
    0.07294188500565306,
    0.07659841064587067,
    0.0796878289120716,
    0.0821872667043397,
    0.08407821897966193,
    0.08534668573933862,
    0.08598327567039475,
)

# (exp(u) - 1 - u) / u**2 for u in [-2.5, 2.5], in u / 2.5.
EXPONENTIAL = (
    9.313367669781473e-15,
    8.610914375134271e-14,
    7.10817495078112e-13,
    5.968842929270865e-12,
    4.785206923762444e-11,
    3.636798003683096e-10,
    2.6183722095708778e-09,
    1.7804926498890887e-08,
    1.1395162019372083e-07,
    6.837097241903856e-07,
    3.828774413046562e-06,
    1.990962694659328e-05,
    9.556620935614102e-05,
    0.00042049132116733263,
    0.0016819652846671008,
    0.006055075024801518,
    0.01937624007936508,
    0.054253472222222224,
    0.13020833333333334,
    0.2604166666666667,
    0.4166666666666667,
    0.5,
)


def density(a: Vector, x: Vector) -> Vector:
    """Return D: the density of log(x), where x has the gamma distribution."""
    z = np.empty_like(a)
    small = a < LARGE
    fill(z, small, _density_of_small, a, x)
    fill(z, ~small, _density_of_large, a, x)
    return z


def _density_of_small(a: Vector, x: Vector) -> Vector:
    x = np.minimum(x, 1000)
    return np.power(x, a) * np.exp(-x - log_gamma(a))


def _density_of_large(a: Vector, x: Vector) -> Vector:
    return np.sqrt(a / (2 * math.pi)) * np.exp(-a * deviance(x, a) - stirling(a))


# --- moments of u --------------------------------------------------------------------------------


def _series(a: Vector, x: Vector, order: int) -> list[Vector]:
    """Return a times the integral below x, divided by D; and its derivatives up to an order."""
    terms = [np.ones_like(x), *[np.zeros_like(x)] * order]
    sums = list(terms)
    for n in range(1, TERMS):
        for k in range(order + 1):
            step = x * terms[k]
            if k:
                step = step - k * terms[k - 1]
            terms[k] = step / (a + n)
            sums[k] = sums[k] + terms[k]
        if all(np.all(np.absolute(t) <= 1e-17 * np.absolute(s)) for t, s in zip(terms, sums)):
            break
    return sums


def _moments(a: Vector, x: Vector, order: int, side: int) -> list[Vector]:
    """Return the integrals of u**k exp(a u - x (exp(u) - 1)) over u of one sign, k up to order."""
    slope = np.absolute(x - a)
    end = 2 * NEGLIGIBLE / (slope + np.sqrt(slope * slope + 2 * NEGLIGIBLE * x))
    for _ in range(4):  # Newton's method, where this is only a first guess
        exponent = x * np.expm1(side * end) - side * a * end - NEGLIGIBLE
        rate = side * (x * np.exp(side * end) - a)
        end = end - exponent / rate
    totals = [np.zeros_like(x) for _ in range(order + 1)]
    near = end <= 2.5
    signed = [(sign * node, weight) for sign in (-1, 1) for node, weight in zip(NODES, WEIGHTS)]
    for node, weight in signed:
        u = end * (side * (1 + node) / 2)
        # a u - x (exp(u) - 1), without the cancellation of its large terms
        bend = np.empty_like(u)
        fill(bend, near, lambda u: u * u * polynomial(EXPONENTIAL, u / 2.5), u)
        fill(bend, ~near, lambda u: np.expm1(u) - u, u)
        value = np.exp((a - x) * u - x * bend) * (weight / 2)
        for k in range(order + 1):
            totals[k] += value
            value = value * u
    return [total * end for total in totals]


def _lower(a: Vector, x: Vector) -> Vector:
    """Return the integral below x, divided by D."""
    z = np.empty_like(a)
    small = a < LARGE
    fill(z, small, lambda a, x: _series(a, x, 0)[0] / a, a, x)
    fill(z, ~small, lambda a, x: _moments(a, x, 0, -1)[0], a, x)
    return z


def _is_low(a: Vector, x: Vector) -> Vector:
    return x < np.maximum(a, 1)


def _shares(a: Vector, x: Vector, upper: bool) -> Vector:
    z = np.empty_like(a)
    low = _is_low(a, x)
    if upper:
        near = low & (a < 1)
        fill(z, near, _near_one, a, x)
        fill(z, low & ~near, lambda a, x: 1 - density(a, x) * _lower(a, x), a, x)
        fill(z, ~low, lambda a, x: density(a, x) * _moments(a, x, 0, 1)[0], a, x)
    else:
        fill(z, low, lambda a, x: density(a, x) * _lower(a, x), a, x)
        fill(z, ~low, lambda a, x: 1 - density(a, x) * _moments(a, x, 0, 1)[0], a, x)
    return z


def _near_one(a: Vector, x: Vector) -> Vector:
    """Return the integral above x, where that below is nearly 1: for a and x below 1."""
    logarithm = a * np.log(x) - log_gamma_1p(a)
    total = np.zeros_like(x)
    term = np.ones_like(x)
    for n in range(1, 20):
        term = term * (-x / n)
        total = total + term / (a + n)
    return -np.expm1(logarithm) - a * np.exp(logarithm) * total


def _limits(z: Vector, a: Vector, x: Vector, upper: bool) -> Vector:
    valid = (a >= 0) & (x >= 0)
    below = (x == 0) & (a > 0) | (a == np.inf) & (x < np.inf)
    above = (x == np.inf) & (a < np.inf) | (a == 0) & (x > 0)
    z = np.where(below, float(upper), np.where(above, 1.0 - upper, z))
    return np.where(valid & ~(below & above) & ~((a == 0) & (x == 0)), z, np.nan)


# --- kernels -------------------------------------------------------------------------------------


@elementwise
def gammainc(a: Vector, x: Vector) -> Vector:
    """Return the share of the gamma distribution below x."""
    return _limits(_shares(a, x, False), a, x, False)


@elementwise
def gammaincc(a: Vector, x: Vector) -> Vector:
    """Return the share of the gamma distribution above x."""
    return _limits(_shares(a, x, True), a, x, True)


@elementwise
def log_density(a: Vector, y: Vector) -> Vector:
    """Return the density of y, where exp(y) has the gamma distribution."""
    return density(a, np.exp(y))


@elementwise
def derivative_ratio(a: Vector, y: Vector, order: int) -> Vector:
    """Return minus the derivative of gammainc(a, exp(y)) by a, of an order, over that by y."""
    x = np.exp(y)
    z = np.empty_like(a)
    low = _is_low(a, x)
    series, below, above = low & (a < LARGE), low & (a >= LARGE), ~low
    fill(z, series, _ratio_by_series, a, y, np.full_like(a, order))
    fill(z, below, _ratio_by_moments, a, y, np.full_like(a, order), -np.ones_like(a))
    fill(z, above, _ratio_by_moments, a, y, np.full_like(a, order), np.ones_like(a))
    return z


def _ratio_by_series(a: Vector, y: Vector, orders: Vector) -> Vector:
    order = int(orders[0])
    sums = _series(a, np.exp(y), order)
    factors = _changes(a + 1, y - digamma_positive(a + 1), order)
    return -_product(factors, sums, order) / a


def _ratio_by_moments(a: Vector, y: Vector, orders: Vector, sides: Vector) -> Vector:
    order, side = int(orders[0]), int(sides[0])
    sums = _moments(a, np.exp(y), order, side)
    factors = _changes(a, y - digamma_positive(a), order)
    return side * _product(factors, sums, order)


def _changes(a: Vector, slope: Vector, order: int) -> list[Vector]:
    """Return the derivatives of exp(f) over exp(f), for the f whose first derivative is `slope`.

    The further ones of f are those of -log(gamma(a)).
    """
    slopes = [slope]
    for k in range(1, order):
        zeta = hurwitz_zeta(np.full_like(a, k + 1), a)
        slopes.append((-1) ** k * math.factorial(k) * zeta)
    changes = [np.ones_like(a)]
    for n in range(order):
        changes.append(sum(math.comb(n, k) * changes[n - k] * slopes[k] for k in range(n + 1)))
    return changes


def _product(factors: list[Vector], sums: list[Vector], order: int) -> Vector:
    """Return the derivative of a product, by Leibniz's rule."""
    total = np.zeros_like(sums[0])
    for k in range(order + 1):
        total = total + math.comb(order, k) * factors[order - k] * sums[k]
    return total
