"""Reductions: one weight gives the derivative in both modes."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.rules.families import Reduction


class Sum(Reduction):
    weight = 1

    @staticmethod
    def kernel(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
        if type(x) is np.ndarray:  # np.sum is a Python function around this
            return np.add.reduce(x, axis=axis, keepdims=keepdims)
        return np.sum(x, axis=axis, keepdims=keepdims)
