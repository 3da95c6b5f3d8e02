"""Derivatives by finite differences, for tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

STEP = 1e-3


def directional(
    function: Callable[..., Any], args: Sequence[Any], directions: Sequence[Any]
) -> list[Any]:
    """Return the derivative of each output along a direction, by central differences.

    Six points: the error is of the order STEP**6, about 1e-11 where the function is tame.
    """

    def at(step: float) -> list[Any]:
        moved = [
            x if d is None else (x + step * d).astype(x.dtype)
            for x, d in zip(args, directions, strict=True)
        ]
        result = function(*moved)
        outputs = result if isinstance(result, tuple) else (result,)
        return [np.array(output) for output in outputs]

    weights = {1: 3 / 4, 2: -3 / 20, 3: 1 / 60}
    total: list[Any] | None = None
    for multiple, weight in weights.items():
        ahead, behind = at(multiple * STEP), at(-multiple * STEP)
        terms = [weight * (a - b) / STEP for a, b in zip(ahead, behind, strict=True)]
        total = terms if total is None else [t + u for t, u in zip(total, terms, strict=True)]
    assert total is not None
    return total
