"""Rounding, and numbers taken apart: what is rounded has no derivative."""

from __future__ import annotations

import operator
from typing import Any

from fungrad.rules import comparison, selection


def floor(x: Any, /) -> Any:
    """Return the largest integers not above x.

    Parameters
    ----------
    x : array_like
        Real numbers.

    Examples
    --------
    >>> fnp.floor([1.5, -1.5])
    Array([ 1., -2.], dtype=float64)
    """
    return comparison.Floor.apply(x)


def ceil(x: Any, /) -> Any:
    """Return the smallest integers not below x.

    Parameters
    ----------
    x : array_like
        Real numbers.

    Examples
    --------
    >>> fnp.ceil([1.5, -1.5])
    Array([ 2., -1.], dtype=float64)
    """
    return comparison.Ceil.apply(x)


def trunc(x: Any, /) -> Any:
    """Return the integers next to x towards zero.

    Parameters
    ----------
    x : array_like
        Real numbers.

    Examples
    --------
    >>> fnp.trunc([1.5, -1.5])
    Array([ 1., -1.], dtype=float64)
    """
    return comparison.Trunc.apply(x)


def rint(x: Any, /) -> Any:
    """Return the nearest integers, the even one in a tie.

    Parameters
    ----------
    x : array_like
        Real or complex numbers.

    Examples
    --------
    >>> fnp.rint([0.5, 1.5, 2.6])
    Array([0., 2., 3.], dtype=float64)
    """
    return comparison.Rint.apply(x)


def fix(x: Any) -> Any:
    """Return the integers next to x towards zero.

    Parameters
    ----------
    x : array_like
        Real numbers.

    Examples
    --------
    >>> fnp.fix([1.5, -1.5])
    Array([ 1., -1.], dtype=float64)
    """
    return comparison.Trunc.apply(x)


def round(a: Any, decimals: int = 0) -> Any:
    """Return the nearest numbers with so many decimals, the even one in a tie.

    Parameters
    ----------
    a : array_like
        Real or complex numbers.
    decimals : int
        Digits after the point; negative for places before it.

    Examples
    --------
    >>> fnp.round([1.25, 1.35], 1)
    Array([1.2, 1.4], dtype=float64)
    """
    return comparison.Round.apply(a, decimals=operator.index(decimals))


around = round


def modf(x: Any, /) -> Any:
    """Return the fractional and the integral parts, both with the sign of x.

    Parameters
    ----------
    x : array_like
        Real numbers.

    Examples
    --------
    >>> fnp.modf(-1.5)
    (Array(-0.5, dtype=float64), Array(-1., dtype=float64))
    """
    return selection.Fraction.apply(x), selection.IntegralPart.apply(x)


def frexp(x: Any, /) -> Any:
    """Return mantissas from 0.5 to 1 and exponents, with ``x = mantissa * 2**exponent``.

    Parameters
    ----------
    x : array_like
        Real numbers.

    Examples
    --------
    >>> fnp.frexp(3.0)
    (Array(0.75, dtype=float64), Array(2, dtype=int32))
    """
    return selection.Mantissa.apply(x), selection.Exponent.apply(x)


def ldexp(x1: Any, x2: Any, /) -> Any:
    """Return ``x1 * 2**x2``.

    Parameters
    ----------
    x1 : array_like
        Real numbers.
    x2 : array_like
        Integers.

    Examples
    --------
    >>> fnp.ldexp(0.75, 2)
    Array(3., dtype=float64)
    """
    return selection.Ldexp.apply(x1, x2)


def nextafter(x1: Any, x2: Any, /) -> Any:
    """Return the next floating-point number after x1 towards x2.

    Parameters
    ----------
    x1, x2 : array_like
        Real numbers; broadcast against each other.

    Examples
    --------
    >>> fnp.nextafter(0.0, 1.0) > 0
    Array(True, dtype=bool)
    """
    return comparison.Nextafter.apply(x1, x2)


def spacing(x: Any, /) -> Any:
    """Return the distance to the next floating-point number.

    Parameters
    ----------
    x : array_like
        Real numbers.

    Examples
    --------
    >>> fnp.spacing(1.0)
    Array(2.22044605e-16, dtype=float64)
    """
    return comparison.Spacing.apply(x)


__all__ = [
    "around",
    "ceil",
    "fix",
    "floor",
    "frexp",
    "ldexp",
    "modf",
    "nextafter",
    "rint",
    "round",
    "spacing",
    "trunc",
]
