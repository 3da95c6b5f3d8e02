"""Losses of predicted numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fungrad.nn.activations import inexact
from fungrad.nn.losses.common import pair, reduced, weighted
from fungrad.rules.activations import Softplus

NAMES = ("predictions", "targets")


def squared_error(predictions: Any, targets: Any = None) -> Any:
    """Return the squares of the errors, one by one.

    Parameters
    ----------
    predictions : array_like
    targets : array_like, optional
        Of the shape of `predictions`, or one number; 0 when left out.

    Returns
    -------
    Array
        Of the shape of `predictions`.

    Raises
    ------
    LossShapeError
        If the shapes differ.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.squared_error(fnp.array([1.0, 3.0]), fnp.array([1.0, 1.0]))
    Array([0., 4.], dtype=float64)
    """
    return np.square(_errors(predictions, targets, "squared_error"))


def l2_loss(predictions: Any, targets: Any = None) -> Any:
    """Return half of the squares of the errors, one by one.

    Parameters
    ----------
    predictions : array_like
    targets : array_like, optional
        Of the shape of `predictions`, or one number; 0 when left out.

    Returns
    -------
    Array
        Of the shape of `predictions`.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.l2_loss(fnp.array([1.0, 3.0]))
    Array([0.5, 4.5], dtype=float64)
    """
    return 0.5 * np.square(_errors(predictions, targets, "l2_loss"))


def log_cosh(predictions: Any, targets: Any = None) -> Any:
    """Return ``log(cosh(error))``, one by one: a square near 0, an absolute value far away.

    Parameters
    ----------
    predictions : array_like
    targets : array_like, optional
        Of the shape of `predictions`, or one number; 0 when left out.

    Returns
    -------
    Array
        Of the shape of `predictions`.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.log_cosh(fnp.array([0.0, 1.0, -1000.0]))
    Array([0.00000000e+00, 4.33780830e-01, 9.99306853e+02], dtype=float64)
    """
    error = _errors(predictions, targets, "log_cosh")
    return Softplus.apply(2 * error) - error - math.log(2)


def mse_loss(predictions: Any, targets: Any, reduction: str = "mean", weight: Any = None) -> Any:
    """Return the mean of the squared errors.

    Parameters
    ----------
    predictions : array_like
    targets : array_like
        Of the same shape, or one number.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses.
    weight : array_like, optional
        Factors of the losses.

    Returns
    -------
    Array
        A scalar; of the shape of `predictions` for ``reduction="none"``.

    Raises
    ------
    LossShapeError
        If the shapes differ: a column of predictions and a row of targets would be compared each
        with each.
    LossArgumentError
        If there is no such reduction.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.mse_loss(fnp.array([1.0, 3.0]), fnp.array([1.0, 1.0]))
    Array(2., dtype=float64)
    """
    predictions, targets = pair(predictions, targets, "mse_loss", NAMES)
    return reduced(weighted(np.square(predictions - targets), weight), reduction, "mse_loss")


def l1_loss(predictions: Any, targets: Any, reduction: str = "mean", weight: Any = None) -> Any:
    """Return the mean of the absolute errors.

    Parameters
    ----------
    predictions : array_like
    targets : array_like
        Of the same shape, or one number.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses.
    weight : array_like, optional
        Factors of the losses.

    Returns
    -------
    Array
        A scalar; of the shape of `predictions` for ``reduction="none"``.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.l1_loss(fnp.array([1.0, 3.0]), fnp.array([1.0, 1.0]))
    Array(1., dtype=float64)
    """
    predictions, targets = pair(predictions, targets, "l1_loss", NAMES)
    return reduced(weighted(np.absolute(predictions - targets), weight), reduction, "l1_loss")


def huber_loss(
    predictions: Any,
    targets: Any = None,
    reduction: str = "mean",
    delta: Any = 1.0,
    weight: Any = None,
) -> Any:
    """Return the mean of losses that are squares for small errors and linear for large ones.

    Parameters
    ----------
    predictions : array_like
    targets : array_like, optional
        Of the same shape, or one number; 0 when left out.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses; "none" gives what optax's function of this name does.
    delta : float
        Up to this error the loss is half of the square.
    weight : array_like, optional
        Factors of the losses.

    Returns
    -------
    Array
        A scalar; of the shape of `predictions` for ``reduction="none"``.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.huber_loss(fnp.array([0.5, 3.0]), 0.0, reduction="none")
    Array([0.125, 2.5  ], dtype=float64)
    """
    loss = _huber(_errors(predictions, targets, "huber_loss"), delta)
    return reduced(weighted(loss, weight), reduction, "huber_loss")


def smooth_l1_loss(
    predictions: Any,
    targets: Any,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Any:
    """Return the `huber_loss` divided by its threshold: the slope far away is 1.

    Parameters
    ----------
    predictions : array_like
    targets : array_like
        Of the same shape, or one number.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses.
    beta : float
        Up to this error the loss is half of the square, divided by `beta`; for 0 it is `l1_loss`.

    Returns
    -------
    Array
        A scalar; of the shape of `predictions` for ``reduction="none"``.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.smooth_l1_loss(fnp.array([1.0, 3.0]), 0.0, reduction="none", beta=2.0)
    Array([0.25, 2.  ], dtype=float64)
    """
    error = _errors(predictions, targets, "smooth_l1_loss")
    loss = np.absolute(error) if beta == 0 else _huber(error, beta) / beta
    return reduced(loss, reduction, "smooth_l1_loss")


def poisson_nll_loss(
    predictions: Any,
    targets: Any,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Any:
    """Return the negative log likelihood of counts with the Poisson distribution.

    Parameters
    ----------
    predictions : array_like
        The logarithms of the expected counts, or the expected counts.
    targets : array_like
        The counts, of the same shape.
    log_input : bool
        Whether `predictions` are logarithms.
    full : bool
        Whether to add Stirling's approximation of the term that depends on the targets alone.
    eps : float
        Added to expected counts before the logarithm.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.poisson_nll_loss(fnp.array([0.0, 1.0]), fnp.array([1.0, 2.0]))
    Array(0.85914091, dtype=float64)
    """
    where = "poisson_nll_loss"
    predictions, targets = pair(predictions, targets, where, NAMES)
    if log_input:
        loss = np.exp(predictions) - targets * predictions
    else:
        loss = predictions - targets * np.log(predictions + eps)
    if full:
        counts = np.maximum(targets, 1)
        stirling = counts * np.log(counts) - counts + 0.5 * np.log(2 * math.pi * counts)
        loss = loss + np.where(np.greater(targets, 1), stirling, 0)
    return reduced(loss, reduction, where)


def gaussian_nll_loss(
    predictions: Any,
    targets: Any,
    var: Any,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Any:
    """Return the negative log likelihood of numbers with normal distributions.

    Parameters
    ----------
    predictions : array_like
        The expected values.
    targets : array_like
        The numbers, of the same shape.
    var : array_like
        The variances; broadcast against the predictions.
    full : bool
        Whether to add the constant term.
    eps : float
        The smallest variance to take; smaller ones are taken as this one.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.gaussian_nll_loss(fnp.array([0.0, 1.0]), fnp.array([0.0, 3.0]), fnp.array([1.0, 4.0]))
    Array(0.59657359, dtype=float64)
    """
    where = "gaussian_nll_loss"
    predictions, targets = pair(predictions, targets, where, NAMES)
    var = np.maximum(inexact(var, where, predictions.dtype), eps)
    loss = 0.5 * (np.log(var) + np.square(predictions - targets) / var)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return reduced(loss, reduction, where)


def cosine_similarity(
    predictions: Any, targets: Any, axis: Any = -1, eps: float = 1e-8, where: Any = None
) -> Any:
    """Return the cosine of the angle between vectors.

    Parameters
    ----------
    predictions, targets : array_like
        The vectors; other axes broadcast.
    axis : int
        The axis along which they lie; PyTorch's default is 1.
    eps : float
        Vectors are taken to be at least that long, so those of length 0 have similarity 0.
    where : array_like of bool, optional
        Which elements of the vectors to include.

    Returns
    -------
    Array
        Without the axis.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.cosine_similarity(fnp.array([1.0, 0.0]), fnp.array([1.0, 1.0]))
    Array(0.70710678, dtype=float64)
    """
    x, y = inexact(predictions, "cosine_similarity"), inexact(targets, "cosine_similarity")
    if where is not None:
        x, y = np.where(where, x, 0), np.where(where, y, 0)
    lengths = [np.maximum(np.sqrt(np.sum(np.square(each), axis=axis)), eps) for each in (x, y)]
    return np.sum(x * y, axis=axis) / (lengths[0] * lengths[1])


def cosine_distance(
    predictions: Any, targets: Any, axis: Any = -1, eps: float = 1e-8, where: Any = None
) -> Any:
    """Return 1 minus the `cosine_similarity`.

    Parameters
    ----------
    predictions, targets : array_like
        The vectors; other axes broadcast.
    axis : int
        The axis along which they lie.
    eps : float
        Vectors are taken to be at least that long.
    where : array_like of bool, optional
        Which elements of the vectors to include.

    Returns
    -------
    Array
        Without the axis.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.cosine_distance(fnp.array([1.0, 0.0]), fnp.array([0.0, 2.0]))
    Array(1., dtype=float64)
    """
    return 1 - cosine_similarity(predictions, targets, axis, eps, where)


def _errors(predictions: Any, targets: Any, where: str) -> Any:
    if targets is None:
        return inexact(predictions, where)
    predictions, targets = pair(predictions, targets, where, NAMES)
    return predictions - targets


def _huber(error: Any, delta: Any) -> Any:
    size = np.absolute(error)
    near = np.minimum(size, delta)
    return near * (size - 0.5 * near)


__all__ = [
    "cosine_distance",
    "cosine_similarity",
    "gaussian_nll_loss",
    "huber_loss",
    "l1_loss",
    "l2_loss",
    "log_cosh",
    "mse_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
    "squared_error",
]
