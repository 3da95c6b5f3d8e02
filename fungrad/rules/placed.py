"""Gradients of a part of an array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


class Placed:
    """A gradient that is zero but for one part of the array.

    The tape adds it where it belongs, in place: reading an array piece by piece costs backward what
    it costs forward, not a whole array of zeros for each piece.
    """

    __slots__ = ("dtype", "shape", "write")

    def __init__(self, shape: tuple[int, ...], dtype: Any, write: Callable[[Any], Any]) -> None:
        self.shape = shape
        self.dtype = dtype
        self.write = write

    def added_to(self, total: Any, owned: bool) -> Any:
        """Return the sum with a gradient so far or None; in place, if nobody else holds that."""
        if type(total) is not np.ndarray:
            zeros = np.zeros(self.shape, self.dtype)
            self.write(zeros)
            return zeros if total is None else total + zeros
        if not owned or not total.flags.c_contiguous:
            total = total.copy()
        self.write(total)
        return total
