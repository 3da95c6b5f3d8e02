"""Losses of scores of classes that exclude each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.errors import ClassIndexError, LossShapeError
from fungrad.nn.activations import inexact
from fungrad.nn.losses.common import reduced, summed
from fungrad.nn.normalized import log_softmax, logsumexp, softmax
from fungrad.numpy.common import axis_index, lift
from fungrad.rules.chain import Product
from fungrad.rules.losses import CrossEntropy
from fungrad.trace import Tracer, peek

# --- PyTorch's functions -------------------------------------------------------------------------


def cross_entropy(
    logits: Any,
    targets: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """Return the mean negative log probability of the right classes, from unnormalised scores.

    Parameters
    ----------
    logits : array_like
        The scores, ``[..., classes]`` for one or two axes; as in PyTorch the classes are on axis 1
        if there are more, ``[batch, classes, ...]``.
    targets : array_like
        The indices of the right classes, ``[...]`` or ``[batch, ...]``; or probabilities of all
        classes, of the shape of `logits`.
    weight : array_like, optional
        A factor for each class. The mean is weighted by them.
    ignore_index : int
        Targets with this index are left out.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses.
    label_smoothing : float
        The share of the probability that is spread over all classes.

    Returns
    -------
    Array
        A scalar; of the shape of the indices for ``reduction="none"``.

    Raises
    ------
    LossShapeError
        If the shapes do not belong together.
    ClassIndexError
        If there is no such class.
    LossArgumentError
        If there is no such reduction.

    Examples
    --------
    >>> from fungrad import nn
    >>> logits = fnp.array([[2.0, 0.0, 0.0], [0.0, 0.0, 1000.0]])
    >>> nn.cross_entropy(logits, fnp.array([0, 2]))
    Array(0.11977238, dtype=float64)
    >>> nn.cross_entropy(logits, fnp.array([0, -100]), label_smoothing=0.1)
    Array(0.3728781, dtype=float64)
    """
    where = "cross_entropy"
    logits, targets = inexact(logits, where), lift(targets, where)
    axis = class_axis(logits, where)
    if targets.dtype.kind in "fc":
        return _soft_cross_entropy(logits, targets, axis, weight, reduction, label_smoothing)
    scores = _classes_last(logits, axis)
    labels, valid = _read_labels(logits, targets, axis, where, ignore_index)
    if not label_smoothing:
        losses = CrossEntropy.apply(scores, labels)
        return _weighted_mean(losses, labels, valid, weight, scores.shape[-1], reduction, where)
    log_probs = log_softmax(scores)
    return _smoothed(log_probs, labels, valid, weight, reduction, label_smoothing, where)


def nll_loss(
    log_probs: Any,
    targets: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Any:
    """Return the mean negative log probability of the right classes, from log probabilities.

    Parameters
    ----------
    log_probs : array_like
        What `log_softmax` returns: ``[..., classes]`` for one or two axes, else
        ``[batch, classes, ...]``.
    targets : array_like of int
        The indices of the right classes, ``[...]`` or ``[batch, ...]``.
    weight : array_like, optional
        A factor for each class. The mean is weighted by them.
    ignore_index : int
        Targets with this index are left out.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.nll_loss(fnp.log(fnp.array([[0.5, 0.5], [0.25, 0.75]])), fnp.array([0, 0]))
    Array(1.03972077, dtype=float64)
    """
    where = "nll_loss"
    log_probs, targets = inexact(log_probs, where), lift(targets, where)
    axis = class_axis(log_probs, where)
    labels, valid = _read_labels(log_probs, targets, axis, where, ignore_index)
    log_probs = _classes_last(log_probs, axis)
    return _weighted_mean(
        -pick(log_probs, labels), labels, valid, weight, log_probs.shape[-1], reduction, where
    )


# --- optax's functions ---------------------------------------------------------------------------


def softmax_cross_entropy(logits: Any, labels: Any, axis: Any = -1, where: Any = None) -> Any:
    """Return the cross entropy of probabilities and unnormalised scores, one by one.

    Parameters
    ----------
    logits : array_like
        The scores.
    labels : array_like
        The probabilities of the classes. Where one is zero the score may be -inf.
    axis : int or tuple of int
        The axis of the classes.
    where : array_like of bool, optional
        Which classes to include.

    Returns
    -------
    Array
        Without the axis of the classes.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.softmax_cross_entropy(fnp.array([2.0, 0.0, -np.inf]), fnp.array([0.5, 0.5, 0.0]))
    Array(1.12692801, dtype=float64)
    """
    logits = inexact(logits, "softmax_cross_entropy")
    labels = inexact(labels, "softmax_cross_entropy", logits.dtype)
    return -summed(Product.apply(labels, log_softmax(logits, axis, where)), axis, where)


safe_softmax_cross_entropy = softmax_cross_entropy


def softmax_cross_entropy_with_integer_labels(
    logits: Any, labels: Any, axis: Any = -1, where: Any = None
) -> Any:
    """Return the negative log probabilities of the right classes, one by one.

    Parameters
    ----------
    logits : array_like
        The scores, not normalised.
    labels : array_like of int
        The indices of the right classes, of the shape of the other axes.
    axis : int
        The axis of the classes.
    where : array_like of bool, optional
        Which classes to include; what has no class has the loss 0.

    Returns
    -------
    Array
        Of the shape of `labels`.

    Raises
    ------
    ClassIndexError
        If there is no such class.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.softmax_cross_entropy_with_integer_labels(fnp.array([[2.0, 0.0]]), fnp.array([1]))
    Array([2.12692801], dtype=float64)
    """
    title = "softmax_cross_entropy_with_integer_labels"
    logits, labels = inexact(logits, title), lift(labels, title)
    position = axis_index(axis, logits.ndim)
    labels, _ = _read_labels(logits, labels, position, title, None)
    if where is None:
        return CrossEntropy.apply(_classes_last(logits, position), labels)
    where = lift(where, title)
    if where.ndim != logits.ndim:
        where = np.expand_dims(where, position)
    chosen = _classes_last(np.broadcast_to(where, logits.shape), position)
    scores = _classes_last(logits, position)
    some = np.any(chosen, axis=-1)
    total = logsumexp(np.where(some[..., None], scores, 0), -1, where=chosen | ~some[..., None])
    return np.where(some, total - pick(scores, labels), 0)


def smooth_labels(labels: Any, alpha: Any, *, axis: Any = -1, where: Any = None) -> Any:
    """Return probabilities of classes with the share `alpha` spread evenly over all classes.

    Parameters
    ----------
    labels : array_like
        The probabilities, such as those of `one_hot`.
    alpha : float
        From 0 to 1.
    axis : int
        The axis of the classes.
    where : array_like of bool, optional
        Which classes there are.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.smooth_labels(fnp.array([1.0, 0.0]), 0.1)
    Array([0.95, 0.05], dtype=float64)
    """
    labels = inexact(labels, "smooth_labels")
    if where is None:
        count: Any = labels.shape[axis_index(axis, labels.ndim)]
    else:
        count = np.sum(lift(where, "where"), axis=axis, keepdims=True).astype(labels.dtype)
    return (1 - alpha) * labels + alpha / count


def poly_loss_cross_entropy(
    logits: Any, labels: Any, *, epsilon: Any = 2.0, axis: Any = -1, where: Any = None
) -> Any:
    """Return the cross entropy plus a multiple of the probability of the wrong classes.

    Parameters
    ----------
    logits : array_like
        The scores, not normalised.
    labels : array_like
        The probabilities of the classes.
    epsilon : float
        The factor.
    axis : int
        The axis of the classes.
    where : array_like of bool, optional
        Which classes to include.

    Returns
    -------
    Array
        Without the axis of the classes.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.poly_loss_cross_entropy(fnp.array([0.0, 0.0]), fnp.array([1.0, 0.0]))
    Array(1.69314718, dtype=float64)
    """
    logits = inexact(logits, "poly_loss_cross_entropy")
    labels = inexact(labels, "poly_loss_cross_entropy", logits.dtype)
    wrong = summed(labels * (1 - softmax(logits, axis, where)), axis, where)
    return softmax_cross_entropy(logits, labels, axis, where) + epsilon * wrong


def multiclass_hinge_loss(scores: Any, labels: Any) -> Any:
    """Return by how much the right score fails to be the best by a margin of 1, one by one.

    Parameters
    ----------
    scores : array_like
        ``[..., classes]``
    labels : array_like of int
        The indices of the right classes, ``[...]``.

    Returns
    -------
    Array
        Of the shape of `labels`.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.multiclass_hinge_loss(fnp.array([3.0, 2.5, 0.0]), 0)
    Array(0.5, dtype=float64)
    """
    return _best_minus_right(scores, labels, 1, "multiclass_hinge_loss")


def multiclass_perceptron_loss(scores: Any, labels: Any) -> Any:
    """Return by how much the right score fails to be the best, one by one.

    Parameters
    ----------
    scores : array_like
        ``[..., classes]``
    labels : array_like of int
        The indices of the right classes, ``[...]``.

    Returns
    -------
    Array
        Of the shape of `labels`.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.multiclass_perceptron_loss(fnp.array([3.0, 2.5, 0.0]), 1)
    Array(0.5, dtype=float64)
    """
    return _best_minus_right(scores, labels, 0, "multiclass_perceptron_loss")


# --- shared pieces -------------------------------------------------------------------------------


def class_axis(scores: Any, where: str) -> int:
    """Return PyTorch's axis of the classes: 1, or the only one."""
    if not scores.ndim:
        raise LossShapeError(where, "the scores need an axis for the classes, got a scalar")
    return 0 if scores.ndim == 1 else 1


def _classes_last(x: Any, axis: int) -> Any:
    return x if axis == x.ndim - 1 else np.moveaxis(x, axis, -1)


def pick(x: Any, labels: Any) -> Any:
    """Return the elements of the last axis at the labels."""
    return np.take_along_axis(x, labels[..., None], axis=-1)[..., 0]


def _read_labels(
    scores: Any, targets: Any, axis: int, where: str, ignore_index: int | None
) -> tuple[Any, Any]:
    """Return class indices that are in range, and which of them count; None stands for all."""
    shape = scores.shape
    if targets.dtype.kind not in "iu" or targets.shape != (*shape[:axis], *shape[axis + 1 :]):
        raise LossShapeError.classes(where, scores, targets, axis)
    count = shape[axis]
    numbers = peek(targets)
    if not numbers.size:
        return targets, None
    low, high = int(numbers.min()), int(numbers.max())
    traced = isinstance(targets, Tracer)
    valid = None
    if ignore_index is not None and (traced or low <= ignore_index <= high):
        counted = numbers != ignore_index
        numbers = numbers[counted]
        if traced or numbers.size < counted.size:
            valid = targets != ignore_index
            targets = np.where(valid, targets, 0)
            low, high = (int(numbers.min()), int(numbers.max())) if numbers.size else (0, 0)
    if not 0 <= low <= high < count:
        raise ClassIndexError(where, low if low < 0 else high, count, ignore_index)
    return targets, valid


def _soft_cross_entropy(
    logits: Any, targets: Any, axis: int, weight: Any, reduction: str, smoothing: float
) -> Any:
    """Return the cross entropy of probabilities."""
    where = "cross_entropy"
    if targets.shape != logits.shape:
        raise LossShapeError.classes(where, logits, targets, axis)
    count = logits.shape[axis]
    if smoothing:
        targets = (1 - smoothing) * targets + smoothing / count
    log_probs = log_softmax(logits, axis)
    if weight is not None:
        weight = _class_weights(weight, count, where)
        targets = targets * np.reshape(weight, (count, *(1,) * (logits.ndim - 1 - axis)))
    losses = -np.sum(Product.apply(targets, log_probs), axis=axis)
    return reduced(losses, reduction, where)


def _smoothed(
    log_probs: Any,
    labels: Any,
    valid: Any,
    weight: Any,
    reduction: str,
    smoothing: float,
    where: str,
) -> Any:
    """Return the cross entropy of indices of which a share is spread over all classes."""
    count = log_probs.shape[-1]
    hit = -pick(log_probs, labels)
    if weight is None:
        spread = -np.mean(log_probs, axis=-1)
        losses = (1 - smoothing) * hit + smoothing * spread
        return _weighted_mean(losses, labels, valid, None, count, reduction, where)
    weight = _class_weights(weight, count, where)
    factors = np.take(weight, labels)
    spread = -np.sum(log_probs * weight, axis=-1) / count
    losses = (1 - smoothing) * (hit * factors) + smoothing * spread
    return _mean_by(losses, factors, valid, reduction, where)


def _weighted_mean(
    losses: Any, labels: Any, valid: Any, weight: Any, count: int, reduction: str, where: str
) -> Any:
    if weight is None and valid is None:
        return reduced(losses, reduction, where)
    factors = None
    if weight is not None:
        factors = np.take(_class_weights(weight, count, where), labels)
        losses = losses * factors
    return _mean_by(losses, factors, valid, reduction, where)


def _mean_by(losses: Any, factors: Any, valid: Any, reduction: str, where: str) -> Any:
    """Reduce losses that contain their factors; a mean is one by these."""
    if valid is not None:
        losses = np.where(valid, losses, 0)
    if reduction != "mean":
        return reduced(losses, reduction, where)
    if factors is None:
        factors = np.ones((), losses.dtype)
    included = factors if valid is None else np.where(valid, factors, 0)
    return np.sum(losses) / np.sum(included)


def _class_weights(weight: Any, count: int, where: str) -> Any:
    weight = lift(weight, where)
    if weight.shape != (count,):
        raise LossShapeError.weight(where, weight, count)
    return weight


def _best_minus_right(scores: Any, labels: Any, margin: int, where: str) -> Any:
    scores, labels = inexact(scores, where), lift(labels, where)
    labels, _ = _read_labels(scores, labels, scores.ndim - 1, where, None)
    wrong = np.not_equal(labels[..., None], np.arange(scores.shape[-1])).astype(scores.dtype)
    return np.max(scores + margin * wrong, axis=-1) - pick(scores, labels)


__all__ = [
    "cross_entropy",
    "multiclass_hinge_loss",
    "multiclass_perceptron_loss",
    "nll_loss",
    "poly_loss_cross_entropy",
    "safe_softmax_cross_entropy",
    "smooth_labels",
    "softmax_cross_entropy",
    "softmax_cross_entropy_with_integer_labels",
]
