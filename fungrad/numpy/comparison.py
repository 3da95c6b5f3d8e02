"""Comparisons, logic and predicates: they have no derivative."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.array import wrap
from fungrad.numpy.common import NUMBERS, lift, strong
from fungrad.rules import comparison as rules


def equal(x1: Any, x2: Any, /) -> Any:
    """Return ``x1 == x2``, element by element.

    Parameters
    ----------
    x1, x2 : array_like
        Broadcast against each other.

    Examples
    --------
    >>> fnp.equal([1, 2], 2)
    Array([False,  True], dtype=bool)
    """
    if type(x1) in NUMBERS:
        x1 = strong(x1, x2)
    return rules.Equal.apply(x1, x2)


def not_equal(x1: Any, x2: Any, /) -> Any:
    """Return ``x1 != x2``, element by element.

    Parameters
    ----------
    x1, x2 : array_like
        Broadcast against each other.

    Examples
    --------
    >>> fnp.not_equal([1, 2], 2)
    Array([ True, False], dtype=bool)
    """
    if type(x1) in NUMBERS:
        x1 = strong(x1, x2)
    return rules.NotEqual.apply(x1, x2)


def less(x1: Any, x2: Any, /) -> Any:
    """Return ``x1 < x2``, element by element.

    Parameters
    ----------
    x1, x2 : array_like
        Broadcast against each other.

    Examples
    --------
    >>> fnp.less([1, 2], 2)
    Array([ True, False], dtype=bool)
    """
    if type(x1) in NUMBERS:
        x1 = strong(x1, x2)
    return rules.Less.apply(x1, x2)


def less_equal(x1: Any, x2: Any, /) -> Any:
    """Return ``x1 <= x2``, element by element.

    Parameters
    ----------
    x1, x2 : array_like
        Broadcast against each other.

    Examples
    --------
    >>> fnp.less_equal([1, 2], 2)
    Array([ True,  True], dtype=bool)
    """
    if type(x1) in NUMBERS:
        x1 = strong(x1, x2)
    return rules.LessEqual.apply(x1, x2)


def greater(x1: Any, x2: Any, /) -> Any:
    """Return ``x1 > x2``, element by element.

    Parameters
    ----------
    x1, x2 : array_like
        Broadcast against each other.

    Examples
    --------
    >>> fnp.greater([1, 2], 1)
    Array([False,  True], dtype=bool)
    """
    if type(x1) in NUMBERS:
        x1 = strong(x1, x2)
    return rules.Greater.apply(x1, x2)


def greater_equal(x1: Any, x2: Any, /) -> Any:
    """Return ``x1 >= x2``, element by element.

    Parameters
    ----------
    x1, x2 : array_like
        Broadcast against each other.

    Examples
    --------
    >>> fnp.greater_equal([1, 2], 2)
    Array([False,  True], dtype=bool)
    """
    if type(x1) in NUMBERS:
        x1 = strong(x1, x2)
    return rules.GreaterEqual.apply(x1, x2)


def isclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False) -> Any:
    """Return whether a is within ``atol + rtol * abs(b)`` of b, element by element.

    Parameters
    ----------
    a, b : array_like
        Broadcast against each other.
    rtol : array_like
        The tolerance relative to the size of b.
    atol : array_like
        The absolute tolerance.
    equal_nan : bool
        Whether NaN is close to NaN.

    Examples
    --------
    >>> fnp.isclose([1.0, 2.0], [1.0, 2.1])
    Array([ True, False], dtype=bool)
    """
    return rules.IsClose.apply(a, b, rtol, atol, equal_nan=equal_nan)


def allclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False) -> Any:
    """Return whether all elements of a are close to those of b; see `isclose`.

    Parameters
    ----------
    a, b : array_like
        Broadcast against each other.
    rtol : array_like
        The tolerance relative to the size of b.
    atol : array_like
        The absolute tolerance.
    equal_nan : bool
        Whether NaN is close to NaN.

    Examples
    --------
    >>> fnp.allclose([1.0, 2.0], [1.0, 2.0 + 1e-9])
    Array(True, dtype=bool)
    """
    return isclose(a, b, rtol, atol, equal_nan).all()


def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> Any:
    """Return whether two arrays have the same shape and the same elements.

    Parameters
    ----------
    a1, a2 : array_like
        The arrays.
    equal_nan : bool
        Whether NaN equals NaN.

    Examples
    --------
    >>> fnp.array_equal([1, 2], [1, 2])
    Array(True, dtype=bool)
    """
    a1, a2 = lift(a1, "array_equal"), lift(a2, "array_equal")
    if a1.shape != a2.shape:
        return wrap(np.False_)
    same = equal(a1, a2)
    if equal_nan:
        same = logical_or(same, logical_and(isnan(a1), isnan(a2)))
    return same.all()


def array_equiv(a1: Any, a2: Any) -> Any:
    """Return whether two arrays are equal after broadcasting.

    Parameters
    ----------
    a1, a2 : array_like
        The arrays.

    Examples
    --------
    >>> fnp.array_equiv([1, 2], [[1, 2], [1, 2]])
    Array(True, dtype=bool)
    """
    a1, a2 = lift(a1, "array_equiv"), lift(a2, "array_equiv")
    try:
        np.broadcast_shapes(a1.shape, a2.shape)
    except ValueError:
        return wrap(np.False_)
    return equal(a1, a2).all()


def logical_and(x1: Any, x2: Any, /) -> Any:
    """Return whether both are true (not zero), element by element.

    Parameters
    ----------
    x1, x2 : array_like
        Broadcast against each other.

    Examples
    --------
    >>> fnp.logical_and([True, True], [True, False])
    Array([ True, False], dtype=bool)
    """
    return rules.LogicalAnd.apply(x1, x2)


def logical_or(x1: Any, x2: Any, /) -> Any:
    """Return whether one is true (not zero), or both, element by element.

    Parameters
    ----------
    x1, x2 : array_like
        Broadcast against each other.

    Examples
    --------
    >>> fnp.logical_or([True, False], False)
    Array([ True, False], dtype=bool)
    """
    return rules.LogicalOr.apply(x1, x2)


def logical_xor(x1: Any, x2: Any, /) -> Any:
    """Return whether exactly one is true (not zero), element by element.

    Parameters
    ----------
    x1, x2 : array_like
        Broadcast against each other.

    Examples
    --------
    >>> fnp.logical_xor([True, False], True)
    Array([False,  True], dtype=bool)
    """
    return rules.LogicalXor.apply(x1, x2)


def logical_not(x: Any, /) -> Any:
    """Return whether the elements are false (zero).

    Parameters
    ----------
    x : array_like
        The elements.

    Examples
    --------
    >>> fnp.logical_not([True, False])
    Array([False,  True], dtype=bool)
    """
    return rules.LogicalNot.apply(x)


def isfinite(x: Any, /) -> Any:
    """Return whether the elements are neither infinite nor NaN.

    Parameters
    ----------
    x : array_like
        The numbers.

    Examples
    --------
    >>> fnp.isfinite([1.0, np.inf, np.nan])
    Array([ True, False, False], dtype=bool)
    """
    return rules.IsFinite.apply(x)


def isinf(x: Any, /) -> Any:
    """Return whether the elements are infinite.

    Parameters
    ----------
    x : array_like
        The numbers.

    Examples
    --------
    >>> fnp.isinf([1.0, -np.inf, np.nan])
    Array([False,  True, False], dtype=bool)
    """
    return rules.IsInf.apply(x)


def isnan(x: Any, /) -> Any:
    """Return whether the elements are NaN.

    Parameters
    ----------
    x : array_like
        The numbers.

    Examples
    --------
    >>> fnp.isnan([1.0, np.inf, np.nan])
    Array([False, False,  True], dtype=bool)
    """
    return rules.IsNan.apply(x)


def isposinf(x: Any) -> Any:
    """Return whether the elements are positive infinity.

    Parameters
    ----------
    x : array_like
        Real numbers.

    Examples
    --------
    >>> fnp.isposinf([np.inf, -np.inf])
    Array([ True, False], dtype=bool)
    """
    return rules.IsPosinf.apply(x)


def isneginf(x: Any) -> Any:
    """Return whether the elements are negative infinity.

    Parameters
    ----------
    x : array_like
        Real numbers.

    Examples
    --------
    >>> fnp.isneginf([np.inf, -np.inf])
    Array([False,  True], dtype=bool)
    """
    return rules.IsNeginf.apply(x)


def isreal(x: Any) -> Any:
    """Return whether the elements have no imaginary part.

    Parameters
    ----------
    x : array_like
        Real or complex numbers.

    Examples
    --------
    >>> fnp.isreal([1.0, 1j])
    Array([ True, False], dtype=bool)
    """
    return rules.IsReal.apply(x)


def iscomplex(x: Any) -> Any:
    """Return whether the elements have an imaginary part.

    Parameters
    ----------
    x : array_like
        Real or complex numbers.

    Examples
    --------
    >>> fnp.iscomplex([1.0, 1j])
    Array([False,  True], dtype=bool)
    """
    return rules.IsComplex.apply(x)


def signbit(x: Any, /) -> Any:
    """Return whether the sign is negative, that of zeros included.

    Parameters
    ----------
    x : array_like
        Real numbers.

    Examples
    --------
    >>> fnp.signbit([-1.0, -0.0, 0.0])
    Array([ True,  True, False], dtype=bool)
    """
    return rules.Signbit.apply(x)


__all__ = [
    "allclose",
    "array_equal",
    "array_equiv",
    "equal",
    "greater",
    "greater_equal",
    "isclose",
    "iscomplex",
    "isfinite",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "isreal",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "not_equal",
    "signbit",
]
