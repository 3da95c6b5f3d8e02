"""Losses of decisions between two classes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fungrad.errors import LossShapeError
from fungrad.nn.activations import inexact
from fungrad.nn.losses.common import pair, reduced, same_shape, weighted
from fungrad.nn.normalized import softmax
from fungrad.rules.activations import LogSigmoid, Relu, Sigmoid, Softplus

LEAST = math.exp(-100)
"""Probabilities are taken to be at least that large in logarithms."""

# --- probabilities and their logits --------------------------------------------------------------


def binary_cross_entropy(
    probs: Any, targets: Any, weight: Any = None, reduction: str = "mean"
) -> Any:
    """Return the mean cross entropy of probabilities.

    `binary_cross_entropy_with_logits` is more accurate, and has a gradient also where a
    probability rounds to 0 or 1.

    Parameters
    ----------
    probs : array_like
        From 0 to 1. The logarithms are taken to be at least -100.
    targets : array_like
        From 0 to 1, of the same shape.
    weight : array_like, optional
        Factors of the losses.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.binary_cross_entropy(fnp.array([0.5, 0.25]), fnp.array([1.0, 0.0]))
    Array(0.49041463, dtype=float64)
    """
    where = "binary_cross_entropy"
    probs, targets = pair(probs, targets, where, ("probs", "targets"))
    log_p, log_q = np.log(np.maximum(probs, LEAST)), np.log(np.maximum(1 - probs, LEAST))
    loss = -(targets * log_p + (1 - targets) * log_q)
    return reduced(weighted(loss, weight), reduction, where)


def binary_cross_entropy_with_logits(
    logits: Any,
    targets: Any,
    weight: Any = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Any:
    """Return the mean cross entropy of probabilities that are given by their logits.

    Parameters
    ----------
    logits : array_like
        The probabilities are their `sigmoid`.
    targets : array_like
        From 0 to 1, of the same shape.
    weight : array_like, optional
        Factors of the losses.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses.
    pos_weight : array_like, optional
        Factors of what the positive targets contribute; broadcast against `targets`.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.binary_cross_entropy_with_logits(fnp.array([0.0, -1000.0]), fnp.array([1.0, 0.0]))
    Array(0.34657359, dtype=float64)
    """
    where = "binary_cross_entropy_with_logits"
    logits, targets = pair(logits, targets, where, ("logits", "targets"))
    if pos_weight is None:
        loss = Softplus.apply(logits) - logits * targets
    else:
        pos_weight = inexact(pos_weight, where, logits.dtype)
        positive = Softplus.apply(-logits) * (1 + (pos_weight - 1) * targets)
        loss = (1 - targets) * logits + positive
    return reduced(weighted(loss, weight), reduction, where)


def sigmoid_binary_cross_entropy(logits: Any, labels: Any) -> Any:
    """Return the cross entropy of probabilities that are given by their logits, one by one.

    Parameters
    ----------
    logits : array_like
        The probabilities are their `sigmoid`.
    labels : array_like
        From 0 to 1; broadcast against the logits.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.sigmoid_binary_cross_entropy(fnp.array([0.0, -1000.0]), fnp.array([1.0, 0.0]))
    Array([0.69314718, 0.        ], dtype=float64)
    """
    logits = inexact(logits, "sigmoid_binary_cross_entropy")
    labels = inexact(labels, "sigmoid_binary_cross_entropy", logits.dtype)
    return Softplus.apply(logits) - logits * labels


def sigmoid_focal_loss(logits: Any, labels: Any, *, alpha: Any = None, gamma: Any = 2.0) -> Any:
    """Return the cross entropy, less where the right answer is found already, one by one.

    Parameters
    ----------
    logits : array_like
        The probabilities are their `sigmoid`.
    labels : array_like
        From 0 to 1; broadcast against the logits.
    alpha : float, optional
        The factor of positive labels; that of negative ones is 1 minus it.
    gamma : float
        The loss is multiplied by this power of the probability of the wrong answer.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.sigmoid_focal_loss(fnp.array([0.0, 5.0]), fnp.array([1.0, 1.0]))
    Array([1.73286795e-01, 3.00809023e-07], dtype=float64)
    """
    logits = inexact(logits, "sigmoid_focal_loss")
    labels = inexact(labels, "sigmoid_focal_loss", logits.dtype)
    wrong = labels * Sigmoid.apply(-logits) + (1 - labels) * Sigmoid.apply(logits)
    loss = sigmoid_binary_cross_entropy(logits, labels) * wrong**gamma
    if alpha is None:
        return loss
    return (alpha * labels + (1 - alpha) * (1 - labels)) * loss


# --- margins -------------------------------------------------------------------------------------


def hinge_loss(predictor_outputs: Any, targets: Any) -> Any:
    """Return by how much ``prediction * target`` falls short of 1, one by one.

    Parameters
    ----------
    predictor_outputs : array_like
    targets : array_like
        -1 or 1; broadcast against the predictions.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.hinge_loss(fnp.array([0.5, -2.0]), fnp.array([1, -1]))
    Array([0.5, 0. ], dtype=float64)
    """
    x = inexact(predictor_outputs, "hinge_loss")
    return Relu.apply(1 - x * inexact(targets, "hinge_loss", x.dtype))


def perceptron_loss(predictor_outputs: Any, targets: Any) -> Any:
    """Return by how much ``prediction * target`` falls short of 0, one by one.

    Parameters
    ----------
    predictor_outputs : array_like
    targets : array_like
        -1 or 1; of the same shape.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.perceptron_loss(fnp.array([0.5, -2.0]), fnp.array([-1, -1]))
    Array([0.5, 0. ], dtype=float64)
    """
    names = ("predictor_outputs", "targets")
    x, y = pair(predictor_outputs, targets, "perceptron_loss", names)
    return Relu.apply(-(x * y))


def soft_margin_loss(predictions: Any, targets: Any, reduction: str = "mean") -> Any:
    """Return the mean of ``log(1 + exp(-target * prediction))``.

    Parameters
    ----------
    predictions : array_like
    targets : array_like
        -1 or 1, of the same shape.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.soft_margin_loss(fnp.array([0.0, -1000.0]), fnp.array([1, -1]))
    Array(0.34657359, dtype=float64)
    """
    names = ("predictions", "targets")
    x, y = pair(predictions, targets, "soft_margin_loss", names)
    return reduced(-LogSigmoid.apply(x * y), reduction, "soft_margin_loss")


def hinge_embedding_loss(
    distances: Any, targets: Any, margin: float = 1.0, reduction: str = "mean"
) -> Any:
    """Return the mean of the distances of like pairs, and of what unlike ones miss of a margin.

    Parameters
    ----------
    distances : array_like
    targets : array_like
        1 for pairs that are alike, -1 for those that are not; of the same shape.
    margin : float
        How far from each other unlike pairs should be.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.hinge_embedding_loss(fnp.array([0.5, 0.25]), fnp.array([1, -1]), reduction="none")
    Array([0.5 , 0.75], dtype=float64)
    """
    where = "hinge_embedding_loss"
    x, y = pair(distances, targets, where, ("distances", "targets"))
    loss = np.where(np.equal(y, 1), x, Relu.apply(margin - x))
    return reduced(loss, reduction, where)


# --- overlap -------------------------------------------------------------------------------------


def dice_loss(
    predictions: Any,
    targets: Any,
    *,
    class_weights: Any = None,
    smooth: Any = 1.0,
    alpha: Any = 0.5,
    beta: Any = 0.5,
    apply_softmax: bool = True,
    reduction: str = "mean",
    ignore_background: bool = False,
    axis: Any = None,
) -> Any:
    """Return 1 minus the overlap of predicted and true regions, the Sørensen-Dice coefficient.

    Parameters
    ----------
    predictions : array_like
        ``[batch, ..., classes]``; the last axis may be left out for one class.
    targets : array_like
        Of the same shape, from 0 to 1.
    class_weights : array_like, optional
        A factor for each class.
    smooth : float
        Added to the numerator and denominator of the coefficient.
    alpha, beta : float
        The weights of what is predicted wrongly, and of what is missed.
    apply_softmax : bool
        Whether `predictions` are scores: they go through `softmax`, or through `sigmoid` for one
        class.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses of the classes.
    ignore_background : bool
        Whether to leave out class 0.
    axis : int or tuple of int, optional
        The axes of the regions; all but the first and the last when left out.

    Returns
    -------
    Array
        ``[batch]``, or ``[batch, classes]`` for ``reduction="none"``.

    Examples
    --------
    >>> from fungrad import nn
    >>> right = fnp.array([[[1.0], [0.0]]])
    >>> nn.dice_loss(right, right, apply_softmax=False)
    Array([0.], dtype=float64)
    """
    x = inexact(predictions, "dice_loss")
    y = inexact(targets, "dice_loss", x.dtype)
    if x.ndim == y.ndim - 1:
        x = x[..., None]
    if y.ndim == x.ndim - 1:
        y = y[..., None]
    x, y = same_shape((x, y), "dice_loss", ("predictions", "targets"))
    if not x.ndim:
        raise LossShapeError("dice_loss", "the predictions need an axis for the batch")
    if apply_softmax:
        x = Sigmoid.apply(x) if x.shape[-1] == 1 else softmax(x)
    axes = tuple(range(1, x.ndim - 1)) if axis is None else axis
    both = np.sum(x * y, axis=axes)
    wrong, missed = np.sum(x, axis=axes) - both, np.sum(y, axis=axes) - both
    loss = 1 - (both + smooth) / (both + alpha * wrong + beta * missed + smooth)
    loss = weighted(loss, class_weights)
    if ignore_background and x.shape[-1] > 1:
        loss = loss[..., 1:]
    if reduction == "mean":
        return np.mean(loss, axis=-1)
    return np.sum(loss, axis=-1) if reduction == "sum" else reduced(loss, reduction, "dice_loss")


def binary_dice_loss(
    predictions: Any, targets: Any, *, smooth: Any = 1.0, apply_sigmoid: bool = True
) -> Any:
    """Return the `dice_loss` of one class.

    Parameters
    ----------
    predictions : array_like
        ``[batch, ...]``, or with one more axis of length one.
    targets : array_like
        Of the same shape, from 0 to 1.
    smooth : float
        Added to the numerator and denominator of the coefficient.
    apply_sigmoid : bool
        Whether `predictions` are scores, which go through `sigmoid`.

    Returns
    -------
    Array
        ``[batch]``

    Examples
    --------
    >>> from fungrad import nn
    >>> right = fnp.array([[1.0, 0.0]])
    >>> nn.binary_dice_loss(right, right, apply_sigmoid=False)
    Array([0.], dtype=float64)
    """
    x = inexact(predictions, "binary_dice_loss")
    y = inexact(targets, "binary_dice_loss", x.dtype)
    if x.ndim == y.ndim and x.shape[-1] != 1:
        x, y = x[..., None], y[..., None]
    return dice_loss(x, y, smooth=smooth, apply_softmax=apply_sigmoid)


__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "binary_dice_loss",
    "dice_loss",
    "hinge_embedding_loss",
    "hinge_loss",
    "perceptron_loss",
    "sigmoid_binary_cross_entropy",
    "sigmoid_focal_loss",
    "soft_margin_loss",
]
