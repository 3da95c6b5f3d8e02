"""Bits, and divisors of integers."""

from __future__ import annotations

from typing import Any

from fungrad.numpy.common import NUMBERS, strong
from fungrad.rules import comparison as rules


def bitwise_and(x1: Any, x2: Any, /) -> Any:
    """Return ``x1 & x2``.

    Parameters
    ----------
    x1, x2 : array_like
        Integers or booleans; broadcast against each other.

    Examples
    --------
    >>> fnp.bitwise_and([5, 6], 3)
    Array([1, 2], dtype=int64)
    """
    if type(x1) in NUMBERS:
        x1 = strong(x1, x2)
    return rules.BitwiseAnd.apply(x1, x2)


def bitwise_or(x1: Any, x2: Any, /) -> Any:
    """Return ``x1 | x2``.

    Parameters
    ----------
    x1, x2 : array_like
        Integers or booleans; broadcast against each other.

    Examples
    --------
    >>> fnp.bitwise_or([5, 6], 3)
    Array([7, 7], dtype=int64)
    """
    if type(x1) in NUMBERS:
        x1 = strong(x1, x2)
    return rules.BitwiseOr.apply(x1, x2)


def bitwise_xor(x1: Any, x2: Any, /) -> Any:
    """Return ``x1 ^ x2``.

    Parameters
    ----------
    x1, x2 : array_like
        Integers or booleans; broadcast against each other.

    Examples
    --------
    >>> fnp.bitwise_xor([5, 6], 3)
    Array([6, 5], dtype=int64)
    """
    if type(x1) in NUMBERS:
        x1 = strong(x1, x2)
    return rules.BitwiseXor.apply(x1, x2)


def invert(x: Any, /) -> Any:
    """Return ``~x``.

    Parameters
    ----------
    x : array_like
        Integers or booleans.

    Examples
    --------
    >>> fnp.invert([5, 6])
    Array([-6, -7], dtype=int64)
    """
    if type(x) in NUMBERS:
        x = strong(x)
    return rules.Invert.apply(x)


bitwise_not = invert


bitwise_invert = invert


def left_shift(x1: Any, x2: Any, /) -> Any:
    """Return ``x1 << x2``.

    Parameters
    ----------
    x1, x2 : array_like
        Integers; broadcast against each other.

    Examples
    --------
    >>> fnp.left_shift([1, 2], 3)
    Array([ 8, 16], dtype=int64)
    """
    if type(x1) in NUMBERS:
        x1 = strong(x1, x2)
    return rules.LeftShift.apply(x1, x2)


bitwise_left_shift = left_shift


def right_shift(x1: Any, x2: Any, /) -> Any:
    """Return ``x1 >> x2``.

    Parameters
    ----------
    x1, x2 : array_like
        Integers; broadcast against each other.

    Examples
    --------
    >>> fnp.right_shift([8, 9], 1)
    Array([4, 4], dtype=int64)
    """
    if type(x1) in NUMBERS:
        x1 = strong(x1, x2)
    return rules.RightShift.apply(x1, x2)


bitwise_right_shift = right_shift


def bitwise_count(x: Any, /) -> Any:
    """Return the number of bits that are set in the absolute values.

    Parameters
    ----------
    x : array_like
        Integers.

    Examples
    --------
    >>> fnp.bitwise_count([7, 8])
    Array([3, 1], dtype=uint8)
    """
    return rules.BitwiseCount.apply(x)


def gcd(x1: Any, x2: Any, /) -> Any:
    """Return the greatest common divisors.

    Parameters
    ----------
    x1, x2 : array_like
        Integers; broadcast against each other.

    Examples
    --------
    >>> fnp.gcd([12, 20], 8)
    Array([4, 4], dtype=int64)
    """
    return rules.Gcd.apply(x1, x2)


def lcm(x1: Any, x2: Any, /) -> Any:
    """Return the least common multiples.

    Parameters
    ----------
    x1, x2 : array_like
        Integers; broadcast against each other.

    Examples
    --------
    >>> fnp.lcm([12, 20], 8)
    Array([24, 40], dtype=int64)
    """
    return rules.Lcm.apply(x1, x2)


__all__ = [
    "bitwise_and",
    "bitwise_count",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "gcd",
    "invert",
    "lcm",
    "left_shift",
    "right_shift",
]
