"""Sums in bins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.rules.families import Rule


class BinCount(Rule):
    """The sums of the weights of equal integers, or how many there are; linear in the weights.

    The integers are along the last axis and less than `length`.
    """

    @staticmethod
    def kernel(x: Any, weights: Any = None, *, length: int) -> Any:
        if x.ndim == 1 and (weights is None or weights.ndim == 1):
            return np.bincount(x, weights, length)
        if weights is not None:
            x, weights = np.broadcast_arrays(x, weights)
            weights = np.reshape(weights, (-1,))
        rows = x.shape[:-1]
        count = int(np.prod(rows))
        # Each row counts in bins of its own.
        x = np.reshape(x, (count, x.shape[-1])) + np.arange(count)[:, None] * length
        counts = np.bincount(np.reshape(x, (-1,)), weights, count * length)
        return np.reshape(counts, (*rows, length))

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        return cls.call(*values, **params), values[0]

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        return (None, np.take_along_axis(gradient, notes, -1))

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return cls.call(*values, **params), cls.call(values[0], tangents[1], **params)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        values = [
            value if own else np.broadcast_to(value, (size, *value.shape))
            for value, own in zip(values, batched, strict=True)
        ]
        return cls.call(*values, **params), True
