"""Logarithms and exponentials of probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.numpy import reductions
from fungrad.numpy.common import NUMBERS, lift
from fungrad.numpy.reductions import as_inexact
from fungrad.numpy.reductions import logsumexp as logsumexp
from fungrad.rules import special as rules


def expit(x: Any) -> Any:
    """Return ``1 / (1 + exp(-x))``, without overflow.

    Parameters
    ----------
    x : array_like
        Real numbers.

    Examples
    --------
    >>> from fungrad.scipy.special import expit
    >>> expit([-1000.0, 0.0, 1000.0])
    Array([0. , 0.5, 1. ], dtype=float64)
    """
    return rules.Expit.apply(x)


def logit(p: Any) -> Any:
    """Return ``log(p / (1 - p))``: the inverse of `expit`.

    Parameters
    ----------
    p : array_like
        Probabilities from 0 to 1; the result is NaN for other numbers.

    Examples
    --------
    >>> from fungrad.scipy.special import logit
    >>> logit([0.0, 0.5, 1.0])
    Array([-inf,   0.,  inf], dtype=float64)
    """
    return rules.Logit.apply(p)


def softmax(x: Any, axis: Any = None) -> Any:
    """Return ``exp(x) / sum(exp(x))``, finite whatever the size of the elements.

    Parameters
    ----------
    x : array_like
        The logarithms of weights; -inf stands for the weight zero.
    axis : int, tuple of int or None
        The axes that sum up to one; all of them when left out.

    Examples
    --------
    >>> from fungrad.scipy.special import softmax
    >>> softmax([1000.0, 1000.0])
    Array([0.5, 0.5], dtype=float64)
    """
    return reductions.softmax(x, axis)


def log_softmax(x: Any, axis: Any = None) -> Any:
    """Return ``log(softmax(x))``, without the loss of taking the logarithm.

    Parameters
    ----------
    x : array_like
        The logarithms of weights; -inf stands for the weight zero.
    axis : int, tuple of int or None
        The axes over which the weights sum up to one; all of them when left out.

    Examples
    --------
    >>> from fungrad.scipy.special import log_softmax
    >>> log_softmax([0.0, 1000.0])
    Array([-1000.,     0.], dtype=float64)
    """
    return reductions.log_softmax(x, axis)


def xlogy(x: Any, y: Any) -> Any:
    """Return ``x * log(y)``, zero where x is.

    Parameters
    ----------
    x, y : array_like
        Real numbers; broadcast against each other.

    Examples
    --------
    >>> from fungrad.scipy.special import xlogy
    >>> xlogy([0.0, 2.0], 0.0)
    Array([  0., -inf], dtype=float64)
    """
    return rules.Xlogy.apply(x, y)


def xlog1py(x: Any, y: Any) -> Any:
    """Return ``x * log1p(y)``, zero where x is.

    Parameters
    ----------
    x, y : array_like
        Real numbers; broadcast against each other.

    Examples
    --------
    >>> from fungrad.scipy.special import xlog1py
    >>> xlog1py([0.0, 2.0], -1.0)
    Array([  0., -inf], dtype=float64)
    """
    return rules.Xlog1py.apply(x, y)


def entr(x: Any) -> Any:
    """Return ``-x * log(x)``: the share of an outcome of probability x in an entropy.

    Parameters
    ----------
    x : array_like
        Real numbers; the result is zero at zero, and -inf below.

    Examples
    --------
    >>> from fungrad.scipy.special import entr
    >>> entr([0.0, 0.5])
    Array([0.        , 0.34657359], dtype=float64)
    """
    x = as_inexact(lift(x, "entr"))
    negative = x < 0
    inner = np.where(negative, 1, x)
    return np.where(negative, -np.inf, 0.0 - rules.Xlogy.apply(inner, inner))


def rel_entr(x: Any, y: Any) -> Any:
    """Return ``x * log(x / y)``: the share of an outcome in a relative entropy.

    Parameters
    ----------
    x, y : array_like
        Real numbers; broadcast against each other. The result is zero where x is zero and y is not
        negative; it is inf where one of them is negative, or y alone is zero. There the derivative
        is zero.

    Examples
    --------
    >>> from fungrad.scipy.special import rel_entr
    >>> rel_entr([0.0, 0.5], 0.25)
    Array([0.        , 0.34657359], dtype=float64)
    """
    x, y = _pair(x, y, "rel_entr")
    positive = (x > 0) & (y > 0)
    outside = np.where((x == 0) & (y >= 0), 0.0, np.where(np.isnan(x + y), np.nan, np.inf))
    inner_x, inner_y = np.where(positive, x, 1), np.where(positive, y, 1)
    return np.where(positive, inner_x * np.log(inner_x / inner_y), outside.astype(inner_x.dtype))


def kl_div(x: Any, y: Any) -> Any:
    """Return ``x * log(x / y) - x + y``: the share of an outcome in a divergence.

    Parameters
    ----------
    x, y : array_like
        Real numbers; broadcast against each other.

    Examples
    --------
    >>> from fungrad.scipy.special import kl_div
    >>> kl_div([0.0, 0.25], 0.25)
    Array([0.25, 0.  ], dtype=float64)
    """
    x, y = _pair(x, y, "kl_div")
    return rel_entr(x, y) - x + y


def _pair(x: Any, y: Any, where: str) -> tuple[Any, Any]:
    """Return two operands as arrays; a Python number takes the dtype of the other one."""
    numbers = type(x) in NUMBERS, type(y) in NUMBERS
    x, y = as_inexact(lift(x, where)), as_inexact(lift(y, where))
    if numbers[0] and not numbers[1]:
        x = x.astype(y.dtype)
    elif numbers[1] and not numbers[0]:
        y = y.astype(x.dtype)
    return x, y
