"""Losses of distances and orders: what should be near each other, and what should come first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fungrad.errors import LossShapeError
from fungrad.nn.activations import inexact
from fungrad.nn.losses.common import pair, reduced, same_shape
from fungrad.nn.losses.regression import cosine_similarity
from fungrad.nn.normalized import log_softmax
from fungrad.numpy.common import lift
from fungrad.numpy.linalg import vector_norm
from fungrad.rules.activations import Relu
from fungrad.rules.chain import Product


def margin_ranking_loss(
    x1: Any, x2: Any, targets: Any, margin: float = 0.0, reduction: str = "mean"
) -> Any:
    """Return by how much numbers fail to be in the given order by a margin, on average.

    Parameters
    ----------
    x1, x2 : array_like
        Of one shape.
    targets : array_like
        1 where `x1` should be the larger one, -1 where `x2` should.
    margin : float
        By how much.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> x1, x2 = fnp.array([2.0, 2.0]), fnp.array([1.0, 1.0])
    >>> nn.margin_ranking_loss(x1, x2, fnp.array([1, -1]), reduction="none")
    Array([0., 1.], dtype=float64)
    """
    where = "margin_ranking_loss"
    x1, x2 = same_shape((x1, x2), where, ("x1", "x2"))
    x1, targets = pair(x1, targets, where, ("x1", "targets"))
    return reduced(Relu.apply(margin - targets * (x1 - x2)), reduction, where)


def triplet_margin_loss(
    anchors: Any,
    positives: Any,
    negatives: Any,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Any:
    """Return by how much anchors fail to be nearer to the positives than to the negatives.

    Parameters
    ----------
    anchors, positives, negatives : array_like
        Vectors along the last axis.
    margin : float
        By how much nearer they should be.
    p : float
        The order of the norm that measures distances.
    eps : float
        Added to the differences.
    swap : bool
        Whether the distance of positive and negative counts where it is the smaller one.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> x = fnp.array([[0.0, 0.0]])
    >>> nn.triplet_margin_loss(x, x + 1.0, x + 2.0, margin=2.0, eps=0.0)
    Array(0.58578644, dtype=float64)
    """
    where = "triplet_margin_loss"
    names = ("anchors", "positives", "negatives")
    anchors, positives, negatives = same_shape((anchors, positives, negatives), where, names)
    near = vector_norm(anchors - positives + eps, axis=-1, ord=p)
    far = vector_norm(anchors - negatives + eps, axis=-1, ord=p)
    if swap:
        far = np.minimum(far, vector_norm(positives - negatives + eps, axis=-1, ord=p))
    return reduced(Relu.apply(near - far + margin), reduction, where)


def cosine_embedding_loss(
    x1: Any, x2: Any, targets: Any, margin: float = 0.0, reduction: str = "mean"
) -> Any:
    """Return the mean cosine distance of like pairs, and the similarity of unlike ones.

    Parameters
    ----------
    x1, x2 : array_like
        Vectors along the last axis.
    targets : array_like
        1 for pairs that are alike, -1 for those that are not.
    margin : float
        Up to this similarity unlike pairs have no loss.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> x1, x2 = fnp.array([[1.0, 0.0], [1.0, 0.0]]), fnp.array([[0.0, 1.0], [1.0, 0.0]])
    >>> nn.cosine_embedding_loss(x1, x2, fnp.array([1, -1]), margin=0.5, reduction="none")
    Array([1. , 0.5], dtype=float64)
    """
    where = "cosine_embedding_loss"
    x1, x2 = same_shape((x1, x2), where, ("x1", "x2"))
    similarity = cosine_similarity(x1, x2)
    similarity, targets = pair(similarity, targets, where, ("the similarities", "targets"))
    loss = np.where(targets == 1, 1 - similarity, Relu.apply(similarity - margin))
    return reduced(loss, reduction, where)


def ranking_softmax_loss(
    logits: Any,
    labels: Any,
    *,
    where: Any = None,
    weights: Any = None,
    reduce_fn: Callable[..., Any] | None = np.mean,
) -> Any:
    """Return the mean cross entropy of the relevance of items and their scores.

    Parameters
    ----------
    logits : array_like
        The scores, ``[..., items]``.
    labels : array_like
        The relevance of each item, of the same shape.
    where : array_like of bool, optional
        Which items to include.
    weights : array_like, optional
        Factors of the relevance.
    reduce_fn : callable, optional
        What makes one number of the losses of the lists; with None they are returned. It takes
        ``where=`` if items are left out: lists without items do not count.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.ranking_softmax_loss(fnp.array([[2.0, 1.0, 3.0]]), fnp.array([[0.0, 0.0, 1.0]]))
    Array(0.40760596, dtype=float64)
    """
    logits, labels = pair(logits, labels, "ranking_softmax_loss", ("logits", "labels"))
    options = {}
    if where is not None:
        where = lift(where, "ranking_softmax_loss")
        labels = np.where(where, labels, 0)
        options["where"] = np.any(where, axis=-1)
    if weights is not None:
        labels = labels * weights
    losses = -np.sum(Product.apply(labels, log_softmax(logits, where=where)), axis=-1)
    return losses if reduce_fn is None else reduce_fn(losses, **options)


def ntxent(embeddings: Any, labels: Any, temperature: float = 0.07) -> Any:
    """Return the normalised, temperature-scaled cross entropy of pairs with the same label.

    Parameters
    ----------
    embeddings : array_like
        ``[batch, features]``
    labels : array_like of int
        ``[batch]``; examples with the same label should be near each other.
    temperature : float
        Divides the cosine similarities.

    Returns
    -------
    Array
        The mean over all pairs with the same label.

    Examples
    --------
    >>> from fungrad import nn
    >>> x = fnp.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
    >>> nn.ntxent(x, fnp.array([0, 0, 1, 1]), temperature=1.0)
    Array(0.59780822, dtype=float64)
    """
    x, labels = inexact(embeddings, "ntxent"), lift(labels, "ntxent")
    if x.ndim != 2 or labels.shape != x.shape[:1]:
        text = "embeddings must be [batch, features] and labels [batch]"
        raise LossShapeError("ntxent", f"{text}, got shapes {x.shape} and {labels.shape}")
    eps = float(np.finfo(x.dtype).eps) ** 0.5
    similarity = cosine_similarity(x[None, :, :], x[:, None, :], eps=eps) / temperature
    alike = labels[:, None] == labels[None, :]
    paired = alike & ~np.eye(len(labels), dtype=bool)
    others = np.where(alike, -np.inf, similarity)
    largest = np.max(similarity, axis=1, keepdims=True)
    rest = np.sum(np.exp(others - largest), axis=1, keepdims=True)
    share = similarity - largest - np.log(rest + np.exp(similarity - largest))
    return -np.sum(np.where(paired, share, 0)) / np.sum(paired).astype(x.dtype)


__all__ = [
    "cosine_embedding_loss",
    "margin_ranking_loss",
    "ntxent",
    "ranking_softmax_loss",
    "triplet_margin_loss",
]
