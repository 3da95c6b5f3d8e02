"""Arithmetic and powers, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.numpy.common import NUMBERS, lift, strong
from fungrad.numpy.conversion import astype
from fungrad.rules import elementwise as rules
from fungrad.rules import selection


def add(x1: Any, x2: Any, /) -> Any:
    """Return ``x1 + x2``.

    Parameters
    ----------
    x1, x2 : array_like
        The summands; broadcast against each other.

    Examples
    --------
    >>> fnp.add([1.0, 2.0], 10)
    Array([11., 12.], dtype=float64)
    """
    if type(x1) in NUMBERS:
        x1 = strong(x1, x2)
    return rules.Add.apply(x1, x2)


def subtract(x1: Any, x2: Any, /) -> Any:
    """Return ``x1 - x2``.

    Parameters
    ----------
    x1, x2 : array_like
        Broadcast against each other.

    Examples
    --------
    >>> fnp.subtract([1.0, 2.0], 10)
    Array([-9., -8.], dtype=float64)
    """
    if type(x1) in NUMBERS:
        x1 = strong(x1, x2)
    return rules.Subtract.apply(x1, x2)


def multiply(x1: Any, x2: Any, /) -> Any:
    """Return ``x1 * x2``, element by element.

    Parameters
    ----------
    x1, x2 : array_like
        The factors; broadcast against each other.

    Examples
    --------
    >>> fnp.multiply([1.0, 2.0], 10)
    Array([10., 20.], dtype=float64)
    """
    if type(x1) in NUMBERS:
        x1 = strong(x1, x2)
    return rules.Multiply.apply(x1, x2)


def divide(x1: Any, x2: Any, /) -> Any:
    """Return ``x1 / x2``, the true quotient.

    Parameters
    ----------
    x1, x2 : array_like
        Broadcast against each other.

    Examples
    --------
    >>> fnp.divide([1, 2], 4)
    Array([0.25, 0.5 ], dtype=float64)
    """
    if type(x1) in NUMBERS:
        x1 = strong(x1, x2)
    return rules.Divide.apply(x1, x2)


true_divide = divide


def floor_divide(x1: Any, x2: Any, /) -> Any:
    """Return ``x1 // x2``, the quotient rounded down; its derivative is zero.

    Parameters
    ----------
    x1, x2 : array_like
        Broadcast against each other.

    Examples
    --------
    >>> fnp.floor_divide([7.0, -7.0], 2)
    Array([ 3., -4.], dtype=float64)
    """
    if type(x1) in NUMBERS:
        x1 = strong(x1, x2)
    return rules.FloorDivide.apply(x1, x2)


def remainder(x1: Any, x2: Any, /) -> Any:
    """Return ``x1 % x2``, with the sign of x2.

    Parameters
    ----------
    x1, x2 : array_like
        Broadcast against each other.

    Examples
    --------
    >>> fnp.remainder([7.0, -7.0], 4)
    Array([3., 1.], dtype=float64)
    """
    if type(x1) in NUMBERS:
        x1 = strong(x1, x2)
    return rules.Remainder.apply(x1, x2)


mod = remainder


def fmod(x1: Any, x2: Any, /) -> Any:
    """Return the remainder of ``x1 / x2``, with the sign of x1.

    Parameters
    ----------
    x1, x2 : array_like
        Broadcast against each other.

    Examples
    --------
    >>> fnp.fmod([7.0, -7.0], 4)
    Array([ 3., -3.], dtype=float64)
    """
    return rules.Fmod.apply(x1, x2)


def divmod(x1: Any, x2: Any, /) -> Any:
    """Return ``(x1 // x2, x1 % x2)``.

    Parameters
    ----------
    x1, x2 : array_like
        Broadcast against each other.

    Examples
    --------
    >>> fnp.divmod(7.0, 4.0)
    (Array(1., dtype=float64), Array(3., dtype=float64))
    """
    return floor_divide(x1, x2), remainder(x1, x2)


def negative(x: Any, /) -> Any:
    """Return ``-x``.

    Parameters
    ----------
    x : array_like
        The numbers.

    Examples
    --------
    >>> fnp.negative([1.0, -2.0])
    Array([-1.,  2.], dtype=float64)
    """
    if type(x) in NUMBERS:
        x = strong(x)
    return rules.Negative.apply(x)


def positive(x: Any, /) -> Any:
    """Return ``+x``, the values themselves.

    Parameters
    ----------
    x : array_like
        The numbers.

    Examples
    --------
    >>> fnp.positive([1.0, -2.0])
    Array([ 1., -2.], dtype=float64)
    """
    if type(x) in NUMBERS:
        x = strong(x)
    return rules.Positive.apply(x)


def absolute(x: Any, /) -> Any:
    """Return the absolute values.

    The derivative at 0 is 0.

    Parameters
    ----------
    x : array_like
        Real or complex numbers.

    Examples
    --------
    >>> fnp.absolute([-1.0, 3 + 4j])
    Array([1., 5.], dtype=float64)
    >>> fg.grad(fnp.absolute)(0.0)
    Array(0., dtype=float64)
    """
    if type(x) in NUMBERS:
        x = strong(x)
    return selection.Absolute.apply(x)


abs = absolute


def fabs(x: Any, /) -> Any:
    """Return the absolute values of real numbers, as floats.

    The derivative at 0 is 0.

    Parameters
    ----------
    x : array_like
        Real numbers.

    Examples
    --------
    >>> fnp.fabs([-1, 2])
    Array([1., 2.], dtype=float64)
    """
    return rules.Fabs.apply(x)


def sign(x: Any, /) -> Any:
    """Return -1, 0 or 1 for real numbers, ``x / abs(x)`` for complex ones.

    Parameters
    ----------
    x : array_like
        Real or complex numbers.

    Examples
    --------
    >>> fnp.sign([-2.0, 0.0, 3.0])
    Array([-1.,  0.,  1.], dtype=float64)
    """
    x = lift(x, "sign")
    return (selection.ComplexSign if x.dtype.kind == "c" else selection.Sign).apply(x)


def copysign(x1: Any, x2: Any, /) -> Any:
    """Return x1 with the sign of x2.

    Parameters
    ----------
    x1, x2 : array_like
        Real numbers; broadcast against each other.

    Examples
    --------
    >>> fnp.copysign([1.0, 2.0], [-1.0, 1.0])
    Array([-1.,  2.], dtype=float64)
    """
    return selection.Copysign.apply(x1, x2)


def heaviside(x1: Any, x2: Any, /) -> Any:
    """Return 0 where x1 is negative, 1 where it is positive, and x2 where it is zero.

    Parameters
    ----------
    x1, x2 : array_like
        Real numbers; broadcast against each other.

    Examples
    --------
    >>> fnp.heaviside([-1.0, 0.0, 1.0], 0.5)
    Array([0. , 0.5, 1. ], dtype=float64)
    """
    return selection.Heaviside.apply(x1, x2)


def power(x1: Any, x2: Any, /) -> Any:
    """Return ``x1 ** x2``.

    At the base 0 the derivative with respect to the exponent is 0.

    Parameters
    ----------
    x1, x2 : array_like
        Base and exponent; broadcast against each other.

    Examples
    --------
    >>> fnp.power([1.0, 2.0, 3.0], 2)
    Array([1., 4., 9.], dtype=float64)
    >>> fg.grad(fnp.power, argnums=(0, 1))(0.0, 2.0)
    (Array(0., dtype=float64), Array(0., dtype=float64))
    """
    if type(x1) in NUMBERS:
        x1 = strong(x1, x2)
    return rules.Power.apply(x1, x2)


pow = power


def float_power(x1: Any, x2: Any, /) -> Any:
    """Return ``x1 ** x2`` in float64, or in complex128.

    Parameters
    ----------
    x1, x2 : array_like
        Base and exponent; broadcast against each other.

    Examples
    --------
    >>> fnp.float_power([1, 2, 3], -1)
    Array([1.        , 0.5       , 0.33333333], dtype=float64)
    """
    x1, x2 = lift(x1, "float_power"), lift(x2, "float_power")
    x1 = astype(x1, np.result_type(x1.dtype, np.float64))
    x2 = astype(x2, np.result_type(x2.dtype, np.float64))
    return rules.FloatPower.apply(x1, x2)


def sqrt(x: Any, /) -> Any:
    """Return the non-negative square roots.

    Parameters
    ----------
    x : array_like
        Real or complex numbers.

    Examples
    --------
    >>> fnp.sqrt([4.0, 9.0])
    Array([2., 3.], dtype=float64)
    """
    return rules.Sqrt.apply(x)


def cbrt(x: Any, /) -> Any:
    """Return the cube roots.

    Parameters
    ----------
    x : array_like
        Real numbers.

    Examples
    --------
    >>> fnp.cbrt([8.0, -27.0])
    Array([ 2., -3.], dtype=float64)
    """
    return rules.Cbrt.apply(x)


def square(x: Any, /) -> Any:
    """Return ``x * x``.

    Parameters
    ----------
    x : array_like
        Real or complex numbers.

    Examples
    --------
    >>> fnp.square([1.0, 2.0])
    Array([1., 4.], dtype=float64)
    """
    return rules.Square.apply(x)


def reciprocal(x: Any, /) -> Any:
    """Return ``1 / x``; of integers, the integer quotient.

    Parameters
    ----------
    x : array_like
        Real or complex numbers.

    Examples
    --------
    >>> fnp.reciprocal([2.0, 4.0])
    Array([0.5 , 0.25], dtype=float64)
    """
    return rules.Reciprocal.apply(x)


def hypot(x1: Any, x2: Any, /) -> Any:
    """Return ``sqrt(x1**2 + x2**2)``, without overflow.

    The derivatives at the origin are 0.

    Parameters
    ----------
    x1, x2 : array_like
        Real numbers; broadcast against each other.

    Examples
    --------
    >>> fnp.hypot(3.0, 4.0)
    Array(5., dtype=float64)
    >>> fg.grad(fnp.hypot)(0.0, 0.0)
    Array(0., dtype=float64)
    """
    return rules.Hypot.apply(x1, x2)


__all__ = [
    "abs",
    "absolute",
    "add",
    "cbrt",
    "copysign",
    "divide",
    "divmod",
    "fabs",
    "float_power",
    "floor_divide",
    "fmod",
    "heaviside",
    "hypot",
    "mod",
    "multiply",
    "negative",
    "positive",
    "pow",
    "power",
    "reciprocal",
    "remainder",
    "sign",
    "sqrt",
    "square",
    "subtract",
    "true_divide",
]
