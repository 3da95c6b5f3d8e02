"""The loss of sequences whose alignment is not known: connectionist temporal classification."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.errors import ClassIndexError, LossArgumentError, LossShapeError, describe
from fungrad.lax.loops import scan
from fungrad.nn.activations import inexact
from fungrad.nn.losses.common import check_reduction
from fungrad.nn.normalized import logsumexp
from fungrad.numpy.common import concrete, lift


def ctc_loss(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Any:
    """Return the negative log probability of label sequences, summed over all alignments.

    An alignment names a label or the blank in every step; runs of the same label count once, and
    blanks are dropped. The sum is done by the forward algorithm on logarithms.

    Parameters
    ----------
    log_probs : array_like
        What `log_softmax` returns, ``[steps, batch, classes]`` or ``[steps, classes]``.
    targets : array_like of int
        The labels, ``[batch, longest]``, or those of all examples one after the other.
    input_lengths, target_lengths : array_like of int
        The lengths, ``[batch]``; what lies behind is not read.
    blank : int
        The class that stands for no label.
    reduction : {"mean", "sum", "none"}
        "mean" divides each loss by the number of its labels first.
    zero_infinity : bool
        Whether examples that cannot be aligned, being too short, have the loss 0 instead of inf.

    Returns
    -------
    Array

    Raises
    ------
    LossShapeError
        If the shapes do not belong together.
    ClassIndexError
        If there is no such class.
    LossArgumentError
        If a length is out of range, or there is no such reduction.

    Examples
    --------
    >>> from fungrad import nn
    >>> log_probs = fnp.log(fnp.full((3, 1, 2), 0.5))
    >>> nn.ctc_loss(log_probs, fnp.array([[1]]), fnp.array([3]), fnp.array([1]))
    Array(0.28768207, dtype=float64)
    """
    check_reduction(reduction, "ctc_loss")
    log_probs = inexact(log_probs, "ctc_loss")
    single = log_probs.ndim == 2
    if single:
        log_probs = log_probs[:, None, :]
    if log_probs.ndim != 3:
        raise LossShapeError(
            "ctc_loss", f"log_probs must be [steps, batch, classes], got {describe(log_probs)}"
        )
    steps, batch, classes = log_probs.shape
    inputs = _lengths(input_lengths, "input_lengths", batch, steps)
    labels, counts = _padded(targets, target_lengths, batch)
    if not 0 <= blank < classes:
        raise ClassIndexError("ctc_loss", blank, classes, None)
    used = labels[np.arange(labels.shape[1]) < counts[:, None]]
    for wrong in used[(used < 0) | (used >= classes)]:
        raise ClassIndexError("ctc_loss", int(wrong), classes, None)
    labels = np.where((labels < 0) | (labels >= classes), blank, labels)
    losses = -_log_likelihood(log_probs, labels, inputs, counts, blank)
    if zero_infinity:
        losses = np.where(losses == np.inf, 0, losses)
    if reduction == "mean":
        return np.mean(losses / np.maximum(counts, 1).astype(losses.dtype))
    if reduction == "sum":
        return np.sum(losses)
    return losses[0] if single else losses


def _log_likelihood(log_probs: Any, labels: Any, inputs: Any, counts: Any, blank: int) -> Any:
    """Return the logarithm of the sum over all alignments, for each example."""
    steps, batch, _ = log_probs.shape
    dtype = log_probs.dtype
    # Blanks before, between and behind the labels; an alignment passes these states in order.
    states = np.full((batch, 2 * labels.shape[1] + 1), blank)
    states[:, 1::2] = labels
    # A blank may be skipped between labels that differ.
    skip = np.full(states.shape, -np.inf, dtype)
    skip[:, 3::2][labels[:, 1:] != labels[:, :-1]] = 0
    at_states = np.take_along_axis(log_probs, states[None].repeat(steps, axis=0), axis=2)
    nothing = np.full((batch, 2), -np.inf, dtype)
    start = np.full(states.shape, -np.inf, dtype)
    start[:, :2] = 0
    together = bool((inputs == steps).all())
    running = np.arange(steps)[:, None, None] < inputs[:, None]

    def step(alpha: Any, x: Any) -> tuple[Any, None]:
        emission, active = x
        before = np.concatenate([nothing, alpha], axis=1)
        ways = np.stack([alpha, before[:, 1:-1], before[:, :-2] + skip])
        after = logsumexp(ways, 0) + emission
        return (after if together else np.where(active, after, alpha)), None

    if not steps:
        return np.where(counts == 0, 0.0, -np.inf).astype(dtype)
    alpha = np.where(running[0], at_states[0] + start, _empty_sequence(states.shape, dtype))
    alpha, _ = scan(step, alpha, (at_states[1:], running[1:]))
    last = np.stack([2 * counts, np.maximum(2 * counts - 1, 0)], axis=1)
    ends = np.take_along_axis(alpha, last, axis=1)
    ends = np.where(np.stack([counts >= 0, counts > 0], axis=1), ends, -np.inf)
    return logsumexp(ends, 1)


def _empty_sequence(shape: tuple[int, ...], dtype: Any) -> Any:
    """Return the states of examples without steps: they have the empty sequence only."""
    alpha = np.full(shape, -np.inf, dtype)
    alpha[:, 0] = 0
    return alpha


def _lengths(lengths: Any, name: str, batch: int, largest: int) -> Any:
    numbers = np.asarray(concrete(lift(lengths, "ctc_loss")))
    if numbers.dtype.kind not in "iu" or numbers.shape not in ((), (batch,)):
        raise LossShapeError(
            "ctc_loss", f"{name} must be {batch} integers, got {describe(numbers)}"
        )
    numbers = np.broadcast_to(numbers, (batch,)).astype(int)
    wrong = numbers[(numbers < 0) | (numbers > largest)]
    if wrong.size:
        raise LossArgumentError("ctc_loss", name, int(wrong[0]), f"from 0 to {largest}")
    return numbers


def _padded(targets: Any, target_lengths: Any, batch: int) -> tuple[Any, Any]:
    """Return the labels with one row for each example, and their numbers."""
    labels = np.asarray(concrete(lift(targets, "ctc_loss")))
    if labels.dtype.kind not in "iu" or not (
        labels.ndim == 1 or (labels.ndim == 2 and labels.shape[0] == batch)
    ):
        raise LossShapeError(
            "ctc_loss",
            f"targets must be integers of shape [{batch}, longest], or all in one row, got "
            f"{describe(labels)}",
        )
    counts = _lengths(target_lengths, "target_lengths", batch, labels.shape[-1])
    if labels.ndim == 2:
        return labels.astype(int), counts
    if counts.sum() > labels.size:
        text = f"target_lengths add up to {counts.sum()}, but there are {labels.size} targets"
        raise LossShapeError("ctc_loss", text)
    rows = np.zeros((batch, counts.max(initial=0)), int)
    rows[np.arange(rows.shape[1]) < counts[:, None]] = labels[: counts.sum()]
    return rows, counts


__all__ = ["ctc_loss"]
