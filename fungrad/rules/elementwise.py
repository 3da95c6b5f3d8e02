"""Arithmetic and the elementary functions: each with one partial derivative for each argument.

On raw NumPy scalars Python's operators are several times quicker than the ufuncs, so the kernels
of operators are Python's. Two Python numbers must not reach them: the public functions see to it.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.array import RAW
from fungrad.rules.chain import Chain, choose, guarded_scale, masked, scalar
from fungrad.rules.families import Constant, Elementwise, Rule, align

LOG_2 = math.log(2)
LOG_10 = math.log(10)

# --- arithmetic ----------------------------------------------------------------------------------


class Add(Elementwise):
    kernel = operator.add
    partials = (1, 1)


class Subtract(Elementwise):
    kernel = operator.sub
    partials = (1, -1)


class Multiply(Chain):
    kernel = operator.mul
    partials = (lambda _z, _x, y, g: g * y, lambda _z, x, _y, g: g * x)

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        if parents[0] == parents[1]:  # x * x: one product instead of two and a sum
            _, x, _ = notes
            return (*Square.pull((None, x), parents[:1], gradient), None)
        return super().pull(notes, parents, gradient)


class Divide(Chain):
    kernel = operator.truediv
    partials = (
        lambda _z, _x, y, g: g / y,
        lambda z, _x, y, g: -(g / y * z),
    )


class FloorDivide(Constant):
    kernel = operator.floordiv


class Remainder(Chain):
    kernel = operator.mod
    partials = (
        lambda _z, _x, _y, g: g,
        lambda _z, x, y, g: -(g * np.floor_divide(x, y)),
    )


class Fmod(Chain):
    kernel = np.fmod
    partials = (
        lambda _z, _x, _y, g: g,
        lambda _z, x, y, g: -(g * np.trunc(x / y)),
    )


class Negative(Elementwise):
    kernel = operator.neg
    partials = (-1,)


class Positive(Elementwise):
    kernel = operator.pos
    partials = (1,)


class Fabs(Chain):
    kernel = np.fabs
    partials = (lambda _z, x, g: g * np.sign(x),)


class Deg2rad(Elementwise):
    kernel = np.deg2rad
    partials = (math.pi / 180,)


class Rad2deg(Elementwise):
    kernel = np.rad2deg
    partials = (180 / math.pi,)


# --- powers --------------------------------------------------------------------------------------


def _power(x: Any, y: Any) -> Any:
    if type(y) is int and y == 2 and x.dtype.kind == "f":
        return x * x  # what np.power does, without its overhead
    return np.power(x, y)


def _power_by_base(_z: Any, x: Any, y: Any, g: Any) -> Any:
    if type(y) in RAW and type(y) is not np.ndarray:
        if y == 2:
            return g * (2 * x)
        if y == 1:
            return g
        if y == 0:
            return masked(g, False)
        if y == 3:
            return g * (3 * (x * x))
        if y == 0.5:
            return g / (2 * np.sqrt(x))
        return g * (y * np.power(x, y - 1))
    if y.dtype.kind not in "fc":
        y = y.astype(np.result_type(x.dtype, y.dtype))
    # y x**(y - 1) is 0 * inf where both are 0; there the factor y decides.
    base = choose(np.equal(x, 0) & np.equal(y, 0), 1, x)
    return g * (y * np.power(base, y - 1))


def _power_by_exponent(z: Any, x: Any, _y: Any, g: Any) -> Any:
    if type(x) in (bool, int, float, complex):
        return g * (z * np.log(x).item()) if x else masked(g, False)
    x = x.astype(z.dtype)
    # 0**y is flat in y, as its limit for positive y is.
    nonzero = np.not_equal(x, 0)
    return masked(g * (z * np.log(choose(nonzero, x, 1))), nonzero)


class Power(Chain):
    kernel = _power
    partials = (_power_by_base, _power_by_exponent)


class FloatPower(Chain):
    kernel = np.float_power
    partials = (_power_by_base, _power_by_exponent)


class Sqrt(Chain):
    kernel = np.sqrt
    partials = (lambda z, _x, g: g / (2 * z),)


class Cbrt(Chain):
    kernel = np.cbrt
    partials = (lambda z, _x, g: g / (3 * (z * z)),)


class Square(Chain):
    kernel = np.square
    partials = (lambda _z, x, g: g * (2 * x),)


class Reciprocal(Chain):
    kernel = np.reciprocal
    partials = (lambda z, _x, g: -(g * (z * z)),)


class Hypot(Chain):
    kernel = np.hypot
    # The divisor inf makes the gradient at the origin zero.
    partials = (
        lambda z, x, _y, g: g * (x / choose(np.equal(z, 0), np.inf, z)),
        lambda z, _x, y, g: g * (y / choose(np.equal(z, 0), np.inf, z)),
    )


# --- exponentials and logarithms -----------------------------------------------------------------


class Exp(Chain):
    kernel = np.exp
    partials = (lambda z, _x, g: g * z,)


class Exp2(Chain):
    kernel = np.exp2
    partials = (lambda z, _x, g: g * (z * LOG_2),)


class Expm1(Chain):
    kernel = np.expm1
    partials = (lambda _z, x, g: g * np.exp(x),)


class Log(Chain):
    kernel = np.log
    partials = (lambda _z, x, g: g / x,)


class Log2(Chain):
    kernel = np.log2
    partials = (lambda _z, x, g: g / (x * LOG_2),)


class Log10(Chain):
    kernel = np.log10
    partials = (lambda _z, x, g: g / (x * LOG_10),)


class Log1p(Chain):
    kernel = np.log1p
    partials = (lambda _z, x, g: g / (1 + x),)


def _logistic(x: Any, y: Any, exp: Any) -> Any:
    """Return the share of x in ``exp(x) + exp(y)``: zero if there is nothing, 1/2 in a tie."""
    difference = choose(np.equal(x, y), 0, y - x)
    return choose(np.equal(x, -np.inf), 0, 1 / (1 + exp(difference)))


class Logaddexp(Chain):
    kernel = np.logaddexp
    partials = (
        lambda _z, x, y, g: g * _logistic(x, y, np.exp),
        lambda _z, x, y, g: g * _logistic(y, x, np.exp),
    )


class Logaddexp2(Chain):
    kernel = np.logaddexp2
    partials = (
        lambda _z, x, y, g: g * _logistic(x, y, np.exp2),
        lambda _z, x, y, g: g * _logistic(y, x, np.exp2),
    )


# --- trigonometric and hyperbolic functions ------------------------------------------------------


class Sin(Chain):
    kernel = np.sin
    partials = (lambda _z, x, g: g * np.cos(x),)


class Cos(Chain):
    kernel = np.cos
    partials = (lambda _z, x, g: -(g * np.sin(x)),)


class Tan(Chain):
    kernel = np.tan
    partials = (lambda z, _x, g: g * (1 + z * z),)


class Arcsin(Chain):
    kernel = np.arcsin
    partials = (lambda _z, x, g: g / np.sqrt((1 - x) * (1 + x)),)


class Arccos(Chain):
    kernel = np.arccos
    partials = (lambda _z, x, g: -(g / np.sqrt((1 - x) * (1 + x))),)


class Arctan(Chain):
    kernel = np.arctan
    partials = (lambda _z, x, g: g / (1 + x * x),)


def _arctan2_by(numerator: Any, x: Any, y: Any, g: Any) -> Any:
    radius = np.hypot(x, y)
    radius = choose(np.equal(radius, 0), np.inf, radius)  # zero at the origin, no overflow
    return g * (numerator / radius / radius)


class Arctan2(Chain):
    kernel = np.arctan2
    partials = (
        lambda _z, x, y, g: _arctan2_by(y, x, y, g),
        lambda _z, x, y, g: -_arctan2_by(x, x, y, g),
    )


class Sinh(Chain):
    kernel = np.sinh
    partials = (lambda _z, x, g: g * np.cosh(x),)


class Cosh(Chain):
    kernel = np.cosh
    partials = (lambda _z, x, g: g * np.sinh(x),)


class Tanh(Chain):
    kernel = np.tanh
    partials = (lambda z, _x, g: g * (1 - z * z),)


def _root_of_one_plus_square(x: Any) -> Any:
    return np.sqrt(1 + x * x) if x.dtype.kind == "c" else np.hypot(1, x)


class Arcsinh(Chain):
    kernel = np.arcsinh
    partials = (lambda _z, x, g: g / _root_of_one_plus_square(x),)


class Arccosh(Chain):
    kernel = np.arccosh
    partials = (lambda _z, x, g: g / (np.sqrt(x - 1) * np.sqrt(x + 1)),)


class Arctanh(Chain):
    kernel = np.arctanh
    partials = (lambda _z, x, g: g / ((1 - x) * (1 + x)),)


# --- functions that know all their derivatives ---------------------------------------------------


class _Smooth(Rule):
    """``kernel(x, order)`` is the derivative of that order."""

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        (x,) = values
        return cls.call(x, **params), (x, params["order"])

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        x, order = notes
        return (guarded_scale(gradient, cls.call(x, order=order + 1)),)

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        z, (x, order) = cls.linearize(values, [0], params, True)
        with np.errstate(all="ignore"):
            return z, guarded_scale(tangents[0], cls.call(x, order=order + 1))

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return cls.call(*align(batched, values), **params), True


class Sinc(_Smooth):
    @staticmethod
    def kernel(x: Any, order: int) -> Any:
        if not order:
            return np.sinc(x)
        u = math.pi * x
        near = np.absolute(u) < order
        z: Any = choose(near, _sinc_series(choose(near, u, 0), order), 0)
        far = choose(near, 1, u)
        # With f = sin(u)/u, the n-th derivative of u f = sin(u) is u f(n) + n f(n-1).
        cycle = (np.sin(far), np.cos(far), -np.sin(far), -np.cos(far))
        derivative = cycle[0] / far
        for n in range(1, order + 1):
            derivative = (cycle[n % 4] - n * derivative) / far
        return math.pi**order * choose(near, z, derivative)


def _sinc_series(u: Any, order: int) -> Any:
    """Return a derivative of sin(u)/u by its power series, for u up to the order."""
    total = 0 * u
    for k in range((order + 1) // 2, order + 16):
        total = total + (-1) ** k / (math.factorial(2 * k - order) * (2 * k + 1)) * u ** (
            2 * k - order
        )
    return total


class I0(_Smooth):
    NODES = 64  # enough to the last digit for every x at which i0 does not overflow

    @staticmethod
    def kernel(x: Any, order: int) -> Any:
        if not order:
            return scalar(np.i0(x))
        # i0(x) is the mean of exp(x cos(angle)); midpoints converge exponentially, and as sinh
        # or cosh over a quarter of the circle all terms have the same sign.
        total = 0 * x
        for node in range(I0.NODES):
            c = math.cos(math.pi * (node + 0.5) / (2 * I0.NODES))
            total = total + (np.sinh(x * c) if order % 2 else np.cosh(x * c)) * c**order
        return total / I0.NODES
