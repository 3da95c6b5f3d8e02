"""Discrete convolution in one dimension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.rules.families import Bilinear, align


def _gradient(g: Any, other: Any, start: int, length: int) -> Any:
    """Return the gradient of one factor: the other one, reversed, convolved with g."""
    first = other.shape[-1] - 1 - start
    lengths = (g.shape[-1], other.shape[-1])
    return Convolve.call(g, np.flip(other, -1), start=first, stop=first + length, lengths=lengths)


class Convolve(Bilinear):
    """The window from `start` to `stop` of the convolution along the last axis.

    `lengths` are those of the factors. The gradients are such windows again.
    """

    adjoints = (
        lambda g, y, start, stop, lengths: _gradient(g, y, start, lengths[0]),
        lambda g, x, start, stop, lengths: _gradient(g, x, start, lengths[1]),
    )

    @staticmethod
    def kernel(x: Any, y: Any, start: int, stop: int, lengths: tuple[int, int]) -> Any:
        short, long = sorted(lengths)
        if x.ndim == y.ndim == 1:
            if (start, stop) == (short - 1, long):
                return np.convolve(x, y, "valid")
            return np.convolve(x, y, "full")[start:stop]
        if x.shape[-1] < y.shape[-1]:
            x, y = y, x
        margin = [(0, 0)] * (x.ndim - 1) + [(short - 1, short - 1)]
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, margin), short, axis=-1)
        return np.matmul(windows[..., start:stop, :], np.flip(y, -1)[..., None])[..., 0]

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return cls.call(*align(batched, values), **params), True
