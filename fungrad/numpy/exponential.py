"""Exponentials and logarithms."""

from __future__ import annotations

from typing import Any

from fungrad.rules import elementwise as rules


def exp(x: Any, /) -> Any:
    """Return e to the power x.

    Parameters
    ----------
    x : array_like
        The exponents, real or complex.

    Examples
    --------
    >>> fnp.exp([0.0, 1.0])
    Array([1.        , 2.71828183], dtype=float64)
    """
    return rules.Exp.apply(x)


def exp2(x: Any, /) -> Any:
    """Return 2 to the power x.

    Parameters
    ----------
    x : array_like
        The exponents.

    Examples
    --------
    >>> fnp.exp2([1.0, 3.0])
    Array([2., 8.], dtype=float64)
    """
    return rules.Exp2.apply(x)


def expm1(x: Any, /) -> Any:
    """Return ``exp(x) - 1``, precise also for small x.

    Parameters
    ----------
    x : array_like
        The exponents, real or complex.

    Examples
    --------
    >>> fnp.expm1(1e-10)
    Array(1.e-10, dtype=float64)
    """
    return rules.Expm1.apply(x)


def log(x: Any, /) -> Any:
    """Return the natural logarithms.

    Parameters
    ----------
    x : array_like
        Real or complex numbers.

    Examples
    --------
    >>> fnp.log([1.0, 10.0])
    Array([0.        , 2.30258509], dtype=float64)
    """
    return rules.Log.apply(x)


def log2(x: Any, /) -> Any:
    """Return the logarithms to base 2.

    Parameters
    ----------
    x : array_like
        Real or complex numbers.

    Examples
    --------
    >>> fnp.log2([2.0, 8.0])
    Array([1., 3.], dtype=float64)
    """
    return rules.Log2.apply(x)


def log10(x: Any, /) -> Any:
    """Return the logarithms to base 10.

    Parameters
    ----------
    x : array_like
        Real or complex numbers.

    Examples
    --------
    >>> fnp.log10([10.0, 1000.0])
    Array([1., 3.], dtype=float64)
    """
    return rules.Log10.apply(x)


def log1p(x: Any, /) -> Any:
    """Return ``log(1 + x)``, precise also for small x.

    Parameters
    ----------
    x : array_like
        Real or complex numbers.

    Examples
    --------
    >>> fnp.log1p(1e-10)
    Array(1.e-10, dtype=float64)
    """
    return rules.Log1p.apply(x)


def logaddexp(x1: Any, x2: Any, /) -> Any:
    """Return ``log(exp(x1) + exp(x2))``, without overflow.

    The derivative with respect to -inf is 0.

    Parameters
    ----------
    x1, x2 : array_like
        Real numbers; broadcast against each other.

    Examples
    --------
    >>> fnp.logaddexp(1000.0, 1000.0)
    Array(1000.69314718, dtype=float64)
    >>> fg.grad(fnp.logaddexp)(-np.inf, -np.inf)
    Array(0., dtype=float64)
    """
    return rules.Logaddexp.apply(x1, x2)


def logaddexp2(x1: Any, x2: Any, /) -> Any:
    """Return ``log2(2**x1 + 2**x2)``, without overflow.

    The derivative with respect to -inf is 0.

    Parameters
    ----------
    x1, x2 : array_like
        Real numbers; broadcast against each other.

    Examples
    --------
    >>> fnp.logaddexp2(3.0, 3.0)
    Array(4., dtype=float64)
    """
    return rules.Logaddexp2.apply(x1, x2)


def i0(x: Any) -> Any:
    """Return the modified Bessel function of the first kind, of order 0.

    Parameters
    ----------
    x : array_like
        Real numbers.

    Examples
    --------
    >>> fnp.i0([0.0, 1.0])
    Array([1.        , 1.26606588], dtype=float64)
    """
    return rules.I0.apply(x, order=0)


__all__ = [
    "exp",
    "exp2",
    "expm1",
    "i0",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logaddexp2",
]
