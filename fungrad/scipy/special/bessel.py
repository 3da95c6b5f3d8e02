"""The modified Bessel functions of the first kind."""

from __future__ import annotations

from typing import Any

from fungrad.rules import special as rules


def i0(x: Any) -> Any:
    """Return the modified Bessel function of the first kind of order 0.

    Parameters
    ----------
    x : array_like
        Real numbers.

    Examples
    --------
    >>> from fungrad.scipy.special import i0
    >>> i0([0.0, 1.0])
    Array([1.        , 1.26606588], dtype=float64)
    """
    return rules.BesselI0.apply(x)


def i0e(x: Any) -> Any:
    """Return ``exp(-abs(x)) * i0(x)``.

    Parameters
    ----------
    x : array_like
        Real numbers.

    Examples
    --------
    >>> from fungrad.scipy.special import i0e
    >>> i0e(1000.0)
    Array(0.01261724, dtype=float64)
    """
    return rules.BesselI0e.apply(x)


def i1(x: Any) -> Any:
    """Return the modified Bessel function of the first kind of order 1.

    Parameters
    ----------
    x : array_like
        Real numbers.

    Examples
    --------
    >>> from fungrad.scipy.special import i1
    >>> i1([0.0, 1.0])
    Array([0.       , 0.5651591], dtype=float64)
    """
    return rules.BesselI1.apply(x)


def i1e(x: Any) -> Any:
    """Return ``exp(-abs(x)) * i1(x)``.

    Parameters
    ----------
    x : array_like
        Real numbers.

    Examples
    --------
    >>> from fungrad.scipy.special import i1e
    >>> i1e(1000.0)
    Array(0.01261093, dtype=float64)
    """
    return rules.BesselI1e.apply(x)
