"""Distances of probability distributions."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.nn.activations import inexact
from fungrad.nn.losses.common import check_reduction, pair, reduced, summed
from fungrad.rules.chain import Product


def kl_div(log_probs: Any, targets: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    """Return the mean of ``target * (log(target) - log_prob)``, as PyTorch's function does.

    Parameters
    ----------
    log_probs : array_like
        Logarithms of probabilities.
    targets : array_like
        Probabilities, of the same shape.
    reduction : {"mean", "batchmean", "sum", "none"}
        "mean" averages over all elements. The divergence itself is "batchmean": the sum, divided by
        the length of axis 0.
    log_target : bool
        Whether `targets` are logarithms, too.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> log_probs = fnp.log(fnp.array([[0.5, 0.5]]))
    >>> nn.kl_div(log_probs, fnp.array([[1.0, 0.0]]), reduction="batchmean")
    Array(0.69314718, dtype=float64)
    """
    check_reduction(reduction, "kl_div", ("mean", "batchmean", "sum", "none"))
    log_probs, targets = pair(log_probs, targets, "kl_div", ("log_probs", "targets"))
    loss = _relative_entropy(log_probs, targets, log_target)
    if reduction == "batchmean":
        return np.sum(loss) / (loss.shape[0] if loss.shape else 1)
    return reduced(loss, reduction, "kl_div")


def kl_divergence(log_predictions: Any, targets: Any, axis: Any = -1, where: Any = None) -> Any:
    """Return the Kullback-Leibler divergence of predictions from targets, one by one.

    Parameters
    ----------
    log_predictions : array_like
        Logarithms of probabilities.
    targets : array_like
        Probabilities.
    axis : int or tuple of int
        The axis of the distributions.
    where : array_like of bool, optional
        Which elements to include.

    Returns
    -------
    Array
        Without the axis.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.kl_divergence(fnp.log(fnp.array([0.5, 0.5])), fnp.array([1.0, 0.0]))
    Array(0.69314718, dtype=float64)
    """
    x = inexact(log_predictions, "kl_divergence")
    y = inexact(targets, "kl_divergence", x.dtype)
    return summed(_relative_entropy(x, y, False), axis, where)


def kl_divergence_with_log_targets(
    log_predictions: Any, log_targets: Any, axis: Any = -1, where: Any = None
) -> Any:
    """Return the Kullback-Leibler divergence of predictions from targets, one by one.

    Parameters
    ----------
    log_predictions, log_targets : array_like
        Logarithms of probabilities.
    axis : int or tuple of int
        The axis of the distributions.
    where : array_like of bool, optional
        Which elements to include.

    Returns
    -------
    Array
        Without the axis.

    Examples
    --------
    >>> from fungrad import nn
    >>> log_p, log_q = fnp.log(fnp.array([0.5, 0.5])), fnp.log(fnp.array([0.25, 0.75]))
    >>> nn.kl_divergence_with_log_targets(log_p, log_q)
    Array(0.13081204, dtype=float64)
    """
    x = inexact(log_predictions, "kl_divergence_with_log_targets")
    y = inexact(log_targets, "kl_divergence_with_log_targets", x.dtype)
    return summed(_relative_entropy(x, y, True), axis, where)


def generalized_kl_divergence(
    log_predictions: Any, targets: Any, axis: Any = -1, where: Any = None
) -> Any:
    """Return the divergence of measures that need not sum up to 1, one by one.

    Parameters
    ----------
    log_predictions : array_like
        Logarithms of positive numbers.
    targets : array_like
        Positive numbers.
    axis : int or tuple of int
        The axis of the measures.
    where : array_like of bool, optional
        Which elements to include.

    Returns
    -------
    Array
        Without the axis.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.generalized_kl_divergence(fnp.log(fnp.array([2.0, 1.0])), fnp.array([1.0, 1.0]))
    Array(0.30685282, dtype=float64)
    """
    x = inexact(log_predictions, "generalized_kl_divergence")
    y = inexact(targets, "generalized_kl_divergence", x.dtype)
    return summed(_relative_entropy(x, y, False) + (np.exp(x) - y), axis, where)


convex_kl_divergence = generalized_kl_divergence


def _relative_entropy(log_probs: Any, targets: Any, log_target: bool) -> Any:
    """Return the terms of the divergence; what has no probability adds nothing."""
    if log_target:
        ratio = targets - np.where(targets == -np.inf, 0, log_probs)
        return Product.apply(np.exp(targets), ratio)
    own = np.log(np.where(targets == 0, 1, targets))
    return Product.apply(targets, own - log_probs)


__all__ = [
    "convex_kl_divergence",
    "generalized_kl_divergence",
    "kl_div",
    "kl_divergence",
    "kl_divergence_with_log_targets",
]
