"""What the losses share: checking shapes, and averaging."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.errors import LossArgumentError, LossShapeError
from fungrad.nn.activations import inexact
from fungrad.rules.reductions import Mean, Sum

REDUCTIONS = ("mean", "sum", "none")


def pair(predictions: Any, targets: Any, where: str, names: tuple[str, str]) -> tuple[Any, Any]:
    """Return predictions and targets, which must have one shape; or the target is one number."""
    predictions = inexact(predictions, where)
    targets = inexact(targets, where, predictions.dtype)
    if targets.shape != predictions.shape and targets.shape:
        raise LossShapeError.unequal(where, names, (predictions, targets))
    return predictions, targets


def same_shape(values: tuple[Any, ...], where: str, names: tuple[str, ...]) -> tuple[Any, ...]:
    """Return arguments as arrays; they must have one shape."""
    arrays = tuple([inexact(value, where) for value in values])
    if len({array.shape for array in arrays}) > 1:
        raise LossShapeError.unequal(where, names, arrays)
    return arrays


def reduced(loss: Any, reduction: str, where: str) -> Any:
    """Return the mean or the sum of the losses, or the losses themselves."""
    if reduction == "mean":
        return Mean.apply(loss, axis=tuple(range(loss.ndim)), keepdims=False)
    if reduction == "sum":
        return Sum.apply(loss, axis=tuple(range(loss.ndim)), keepdims=False)
    check_reduction(reduction, where)
    return loss


def check_reduction(reduction: str, where: str, known: tuple[str, ...] = REDUCTIONS) -> None:
    """Raise if there is no such reduction."""
    if reduction not in known:
        wanted = f"{', '.join(map(repr, known[:-1]))} or {known[-1]!r}"
        raise LossArgumentError(where, "reduction", reduction, wanted)


def weighted(loss: Any, weight: Any) -> Any:
    """Return the losses times their weights, if there are any."""
    return loss if weight is None else loss * weight


def summed(x: Any, axis: Any, where: Any, *, keepdims: bool = False) -> Any:
    """Return the sum over the axes of what is included."""
    if where is None:
        return np.sum(x, axis=axis, keepdims=keepdims)
    return np.sum(np.where(where, x, 0), axis=axis, keepdims=keepdims)
