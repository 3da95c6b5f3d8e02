"""The gamma and beta functions, and the incomplete ones."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from fungrad.numpy.common import NUMBERS, lift
from fungrad.rules import special as rules


def gamma(x: Any) -> Any:
    """Return the gamma function: ``(n - 1)!`` at a positive integer n, exactly as float64.

    Parameters
    ----------
    x : array_like
        Real numbers; the result is NaN at negative integers.

    Examples
    --------
    >>> from fungrad.scipy.special import gamma
    >>> gamma([0.5, 5.0])
    Array([ 1.77245385, 24.        ], dtype=float64)
    """
    return rules.Gamma.apply(x)


def gammaln(x: Any) -> Any:
    """Return ``log(abs(gamma(x)))``.

    Parameters
    ----------
    x : array_like
        Real numbers.

    Examples
    --------
    >>> from fungrad.scipy.special import gammaln
    >>> gammaln(1000.0)
    Array(5905.22042321, dtype=float64)
    """
    return rules.Gammaln.apply(x)


def gammasgn(x: Any) -> Any:
    """Return the sign of ``gamma(x)``.

    Parameters
    ----------
    x : array_like
        Real numbers; the result is NaN at negative integers.

    Examples
    --------
    >>> from fungrad.scipy.special import gammasgn
    >>> gammasgn([-0.5, 0.5])
    Array([-1.,  1.], dtype=float64)
    """
    return rules.Gammasgn.apply(x)


def factorial(n: Any, exact: bool = False) -> Any:
    """Return ``gamma(n + 1)``, zero for negative numbers.

    Parameters
    ----------
    n : array_like
        Real numbers.
    exact : bool
        Has to be False: an array does not hold integers of any size.

    Examples
    --------
    >>> from fungrad.scipy.special import factorial
    >>> factorial([0, 3])
    Array([1., 6.], dtype=float64)
    """
    if exact:
        raise ValueError("factorial: exact=True is for Python integers; write math.factorial(n)")
    n = lift(n, "factorial")
    return np.where(n < 0, 0.0, rules.Gamma.apply(np.where(n < 0, 0, n) + 1))


def digamma(x: Any) -> Any:
    """Return the derivative of ``log(gamma(x))``.

    Parameters
    ----------
    x : array_like
        Real numbers; the result is NaN at negative integers.

    Examples
    --------
    >>> from fungrad.scipy.special import digamma
    >>> digamma(1.0)  # minus Euler's constant
    Array(-0.57721566, dtype=float64)
    """
    return rules.Digamma.apply(x)


def polygamma(n: Any, x: Any) -> Any:
    """Return the derivative of order n of `digamma`.

    Parameters
    ----------
    n : array_like of int
        Orders, 0 or more; there is no derivative by them.
    x : array_like
        Real numbers.

    Examples
    --------
    >>> from fungrad.scipy.special import polygamma
    >>> polygamma(1, 1.0) * 6 / np.pi**2
    Array(1., dtype=float64)
    """
    if type(n) not in NUMBERS:
        x, n = lift(x, "polygamma"), lift(n, "polygamma")
        if x.dtype.kind == "f":
            n = n.astype(x.dtype)  # so that float32 stays float32
    return rules.Polygamma.apply(n, x)


def multigammaln(a: Any, d: int) -> Any:
    """Return the logarithm of the gamma function of dimension d.

    Parameters
    ----------
    a : array_like
        Numbers above ``(d - 1) / 2``.
    d : int
        The dimension.

    Examples
    --------
    >>> from fungrad.scipy.special import multigammaln
    >>> multigammaln(3.0, 2)
    Array(1.55019499, dtype=float64)
    """
    d = operator.index(d)
    a = lift(a, "multigammaln")
    if a.dtype.kind != "f":
        a = a.astype(float)
    terms = rules.Gammaln.apply(np.expand_dims(a, -1) - np.arange(d, dtype=a.dtype) / 2)
    return np.sum(terms, axis=-1) + d * (d - 1) / 4 * math.log(math.pi)


def beta(a: Any, b: Any) -> Any:
    """Return the beta function, ``gamma(a) * gamma(b) / gamma(a + b)``.

    Parameters
    ----------
    a, b : array_like
        Real numbers; broadcast against each other.

    Examples
    --------
    >>> from fungrad.scipy.special import beta
    >>> beta(2.0, 3.0) * 12
    Array(1., dtype=float64)
    """
    return rules.Beta.apply(a, b)


def betaln(a: Any, b: Any) -> Any:
    """Return the logarithm of the absolute value of `beta`.

    Parameters
    ----------
    a, b : array_like
        Real numbers; broadcast against each other.

    Examples
    --------
    >>> from fungrad.scipy.special import betaln
    >>> betaln(1.0, 1e10)
    Array(-23.02585093, dtype=float64)
    """
    return rules.Betaln.apply(a, b)


def gammainc(a: Any, x: Any) -> Any:
    """Return the probability that a number of the gamma distribution of shape a is below x.

    Both arguments have derivatives.

    Parameters
    ----------
    a : array_like
        Shapes, 0 or more.
    x : array_like
        Numbers, 0 or more; broadcast against `a`. The result is NaN if one of them is negative.

    Examples
    --------
    >>> from fungrad.scipy.special import gammainc
    >>> gammainc(2.0, [0.0, 1.0, 10.0])
    Array([0.        , 0.26424112, 0.9995006 ], dtype=float64)
    >>> fg.grad(gammainc, argnums=(0, 1))(2.0, 1.0)
    (Array(-0.27619605, dtype=float64), Array(0.36787944, dtype=float64))
    """
    return rules.Gammainc.apply(a, x)


def gammaincc(a: Any, x: Any) -> Any:
    """Return ``1 - gammainc(a, x)``, accurate also where it is tiny.

    Parameters
    ----------
    a : array_like
        Shapes, 0 or more.
    x : array_like
        Numbers, 0 or more; broadcast against `a`. The result is NaN if one of them is negative.

    Examples
    --------
    >>> from fungrad.scipy.special import gammaincc
    >>> gammaincc(2.0, 100.0)
    Array(3.75727674e-42, dtype=float64)
    """
    return rules.Gammaincc.apply(a, x)
