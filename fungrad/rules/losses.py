"""The cross entropy of classes, from the scores before any normalisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.array import RAW
from fungrad.rules.families import Rule, conform
from fungrad.rules.reductions import Softmax, exponentials, shift_exponents, total_of


class CrossEntropy(Rule):
    """``logsumexp(x) - x[label]`` along the last axis; labels are integers in range.

    What is kept is the softmax, which is also nearly the gradient.
    """

    masks = True

    @staticmethod
    def kernel(x: Any, labels: Any) -> Any:
        return _losses(x, labels)[0]

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        x, labels = values
        if nested:
            return cls.call(x, labels), (Softmax.call(x, axis=_last(x)), labels)
        z, powers, total = _losses(x, labels)
        powers /= total
        return z, (powers, labels)

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        share, labels = notes
        if not all(type(each) in RAW for each in (share, labels, gradient)):
            return (gradient[..., None] * _error(share, labels), None)
        gradient = np.asarray(gradient)
        result = share * gradient[..., None]
        rows = result.reshape(-1, result.shape[-1])
        rows[np.arange(len(rows)), np.reshape(labels, -1)] -= gradient.reshape(-1)
        if not gradient.all():  # what is left out has no gradient, also if it is not finite
            result[gradient == 0] = 0
        return (rows.reshape(share.shape), None)

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        x, labels = values
        z = cls.call(x, labels)
        change = tangents[0] * _error(Softmax.call(x, axis=_last(x)), labels)
        return z, conform(np.sum(change, axis=-1), z)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        spread = [
            x if own else np.broadcast_to(x, (size, *x.shape))
            for x, own in zip(values, batched, strict=True)
        ]
        return cls.call(*spread), True


def _last(x: Any) -> tuple[int]:
    return (x.ndim - 1,)


def _losses(x: Any, labels: Any) -> tuple[Any, Any, Any]:
    """Return the losses, and numerators and denominators of the softmax."""
    axis = _last(x)
    _largest, shifted = shift_exponents(x, axis)
    rows = shifted.reshape(-1, x.shape[-1])
    picked = rows[np.arange(len(rows)), np.reshape(labels, -1)].reshape(x.shape[:-1])
    powers = exponentials(shifted)
    total = total_of(powers, axis)
    z = np.log(total[..., 0]) - picked
    return z[()], powers, total


def _error(share: Any, labels: Any) -> Any:
    """Return the softmax less one at the labels."""
    hit = np.equal(labels[..., None], np.arange(share.shape[-1]))
    return share - hit.astype(share.dtype)
