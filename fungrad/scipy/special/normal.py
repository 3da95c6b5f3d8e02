"""The error function, the normal distribution, and their inverses."""

from __future__ import annotations

from typing import Any

from fungrad.rules import special as rules


def erf(x: Any) -> Any:
    """Return the error function, ``2 / sqrt(pi)`` times the integral of ``exp(-t**2)`` up to x.

    Parameters
    ----------
    x : array_like
        Real numbers.

    Examples
    --------
    >>> from fungrad.scipy.special import erf
    >>> erf([0.0, 1.0])
    Array([0.        , 0.84270079], dtype=float64)
    """
    return rules.Erf.apply(x)


def erfc(x: Any) -> Any:
    """Return ``1 - erf(x)``, accurate also where it is tiny.

    Parameters
    ----------
    x : array_like
        Real numbers.

    Examples
    --------
    >>> from fungrad.scipy.special import erfc
    >>> erfc(10.0)
    Array(2.08848758e-45, dtype=float64)
    """
    return rules.Erfc.apply(x)


def erfcx(x: Any) -> Any:
    """Return ``exp(x**2) * erfc(x)``, which neither overflows nor vanishes for positive x.

    Parameters
    ----------
    x : array_like
        Real numbers.

    Examples
    --------
    >>> from fungrad.scipy.special import erfcx
    >>> erfcx(100.0)
    Array(0.00564161, dtype=float64)
    """
    return rules.Erfcx.apply(x)


def erfinv(y: Any) -> Any:
    """Return the x for which ``erf(x)`` is y.

    Parameters
    ----------
    y : array_like
        Numbers from -1 to 1; the result is NaN for others.

    Examples
    --------
    >>> from fungrad.scipy.special import erfinv
    >>> erfinv([0.0, 0.5, 1.0])
    Array([0.        , 0.47693628,        inf], dtype=float64)
    """
    return rules.Erfinv.apply(y)


def erfcinv(y: Any) -> Any:
    """Return the x for which ``erfc(x)`` is y.

    Parameters
    ----------
    y : array_like
        Numbers from 0 to 2; the result is NaN for others.

    Examples
    --------
    >>> from fungrad.scipy.special import erfcinv
    >>> erfcinv(1e-100)
    Array(15.0655747, dtype=float64)
    """
    return rules.Erfcinv.apply(y)


def ndtr(x: Any) -> Any:
    """Return the probability that a standard normal number is below x.

    Parameters
    ----------
    x : array_like
        Real numbers.

    Examples
    --------
    >>> from fungrad.scipy.special import ndtr
    >>> ndtr([-2.0, 0.0, 2.0])
    Array([0.02275013, 0.5       , 0.97724987], dtype=float64)
    """
    return rules.Ndtr.apply(x)


def log_ndtr(x: Any) -> Any:
    """Return ``log(ndtr(x))``, accurate also far out on both sides.

    Parameters
    ----------
    x : array_like
        Real numbers.

    Examples
    --------
    >>> from fungrad.scipy.special import log_ndtr
    >>> log_ndtr(-100.0)
    Array(-5005.52420869, dtype=float64)
    """
    return rules.LogNdtr.apply(x)


def ndtri(p: Any) -> Any:
    """Return the quantiles of the standard normal distribution: the inverse of `ndtr`.

    Parameters
    ----------
    p : array_like
        Probabilities from 0 to 1; the result is NaN for other numbers.

    Examples
    --------
    >>> from fungrad.scipy.special import ndtri
    >>> ndtri([0.025, 0.5])
    Array([-1.95996398,  0.        ], dtype=float64)
    """
    return rules.Ndtri.apply(p)
