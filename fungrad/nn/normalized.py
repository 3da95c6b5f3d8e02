"""Functions of all elements along an axis: softmax and its kin, one-hot vectors.

They have the names and defaults of `jax.nn`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fungrad.nn.activations import inexact
from fungrad.numpy import reductions
from fungrad.numpy.common import NUMBERS, axis_index, axis_tuple, lift
from fungrad.rules.reductions import LogSoftmax, Softmax, count_along


def softmax(x: Any, axis: Any = -1, where: Any = None) -> Any:
    """Return ``exp(x) / sum(exp(x))``, finite whatever the size of the elements.

    Parameters
    ----------
    x : array_like
        The logarithms of weights; -inf stands for the weight zero.
    axis : int or tuple of int or None
        The axes that sum up to one; None means all of them.
    where : array_like of bool, optional
        Which elements to include; the others get zero.

    Returns
    -------
    Array
        Of the shape of `x`. Where no element has any weight, all get zero.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.softmax(fnp.array([1000.0, 1000.0, -np.inf]))
    Array([0.5, 0.5, 0. ], dtype=float64)
    """
    if where is not None:
        return reductions.softmax(x, axis, where=where)
    x = inexact(x, "softmax")
    return Softmax.apply(x, axis=axis_tuple(axis, x.ndim))


def log_softmax(x: Any, axis: Any = -1, where: Any = None) -> Any:
    """Return ``log(softmax(x))``, without the loss of taking the logarithm.

    Parameters
    ----------
    x : array_like
        The logarithms of weights; -inf stands for the weight zero.
    axis : int or tuple of int or None
        The axes over which the weights sum up to one; None means all of them.
    where : array_like of bool, optional
        Which elements to include; the others get -inf.

    Returns
    -------
    Array
        Of the shape of `x`.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.log_softmax(fnp.array([0.0, 1000.0]))
    Array([-1000.,     0.], dtype=float64)
    """
    if where is not None:
        return reductions.log_softmax(x, axis, where=where)
    x = inexact(x, "log_softmax")
    return LogSoftmax.apply(x, axis=axis_tuple(axis, x.ndim))


def logsumexp(
    a: Any,
    axis: Any = None,
    b: Any = None,
    keepdims: bool = False,
    return_sign: bool = False,
    where: Any = None,
) -> Any:
    """Return ``log(sum(b * exp(a)))``, without overflow and without loss.

    Parameters
    ----------
    a : array_like
        The exponents; -inf stands for a term that is zero.
    axis : int or tuple of int, optional
        The axes to sum over; all of them when left out.
    b : array_like, optional
        Factors of the terms, of either sign.
    keepdims : bool
        Whether the summed axes remain, with length one.
    return_sign : bool
        Whether to return the pair of ``log(abs(sum))`` and the sign of the sum.
    where : array_like of bool, optional
        Which terms to include.

    Returns
    -------
    Array, or a pair of them
        The logarithms; -inf where the sum is zero, NaN where it is negative and no sign is asked
        for.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.logsumexp(fnp.array([1000.0, 1000.0]))
    Array(1000.69314718, dtype=float64)
    """
    where = True if where is None else where
    return reductions.logsumexp(a, axis, b, keepdims, return_sign, where=where)


def logmeanexp(a: Any, axis: Any = None, where: Any = None, keepdims: bool = False) -> Any:
    """Return ``log(mean(exp(a)))``, without overflow.

    Parameters
    ----------
    a : array_like
        The exponents.
    axis : int or tuple of int, optional
        The axes to average over; all of them when left out.
    where : array_like of bool, optional
        Which elements to include.
    keepdims : bool
        Whether the reduced axes remain, with length one.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.logmeanexp(fnp.array([1000.0, 1000.0]))
    Array(1000., dtype=float64)
    """
    a = inexact(a, "logmeanexp")
    total = logsumexp(a, axis, keepdims=keepdims, where=where)
    if where is None:
        count = count_along(a.shape, axis_tuple(axis, a.ndim))
        return total - (math.log(count) if count else np.nan)
    count = np.sum(np.broadcast_to(lift(where, "where"), a.shape), axis, keepdims=keepdims)
    return total - np.log(count.astype(a.dtype))


def log1mexp(x: Any) -> Any:
    """Return ``log(1 - exp(-x))`` for positive x, accurate to the last digits.

    Parameters
    ----------
    x : array_like
        Positive numbers; at 0 the result is -inf.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.log1mexp(fnp.array([1e-20, 50.0]))
    Array([-4.60517019e+01, -1.92874985e-22], dtype=float64)
    """
    x = inexact(x, "log1mexp")
    large = x > math.log(2)
    far = np.log1p(-np.exp(-np.where(large, x, 1)))
    return np.where(large, far, np.log(-np.expm1(-np.where(large, 1, x))))


def standardize(
    x: Any,
    axis: Any = -1,
    mean: Any = None,
    variance: Any = None,
    epsilon: Any = 1e-5,
    where: Any = None,
) -> Any:
    """Return ``(x - mean) / sqrt(variance + epsilon)``.

    Parameters
    ----------
    x : array_like
    axis : int or tuple of int or None
        The axes to standardize over.
    mean, variance : array_like, optional
        With the axes kept; those of `x` along the axes when left out.
    epsilon : float
        Keeps the result finite where all elements are equal.
    where : array_like of bool, optional
        Which elements count in the mean and the variance.

    Returns
    -------
    Array
        Of the shape of `x`.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.standardize(fnp.array([1.0, 2.0, 3.0]), epsilon=0.0)
    Array([-1.22474487,  0.        ,  1.22474487], dtype=float64)
    """
    x = inexact(x, "standardize")
    options = {} if where is None else {"where": where}
    if mean is None:
        mean = np.mean(x, axis, keepdims=True, **options)
    centred = x - mean
    if variance is None:
        variance = np.mean(np.square(centred), axis, keepdims=True, **options)
    total = variance + epsilon
    return centred / (math.sqrt(total) if type(total) in NUMBERS else np.sqrt(total))


def one_hot(x: Any, num_classes: int, *, dtype: Any = np.float32, axis: int = -1) -> Any:
    """Return vectors that are 1 at the given index, and 0 elsewhere.

    Parameters
    ----------
    x : array_like of int
        The indices. One outside of the range gives a vector of zeros.
    num_classes : int
        The length of the vectors.
    dtype : dtype
        The default holds 0 and 1 exactly, and does not widen what the vectors meet.
    axis : int
        The axis of the result along which the vectors lie.

    Returns
    -------
    Array
        With one more axis than `x`.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.one_hot(fnp.array([1, 0]), 3)
    Array([[0., 1., 0.],
           [1., 0., 0.]], dtype=float32)
    """
    x = lift(x, "one_hot")
    position = axis_index(axis, x.ndim + 1)
    classes = np.arange(num_classes).reshape((num_classes, *(1,) * (x.ndim - position)))
    return (np.expand_dims(x, position) == classes).astype(dtype)


__all__ = [
    "log1mexp",
    "log_softmax",
    "logmeanexp",
    "logsumexp",
    "one_hot",
    "softmax",
    "standardize",
]
