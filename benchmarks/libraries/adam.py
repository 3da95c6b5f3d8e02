"""Adam, as a pure function of trees, for the libraries that have no optimiser."""

from __future__ import annotations

from typing import Any

from benchmarks.tree import tree_map

RATE, DECAY1, DECAY2, EPSILON = 1e-3, 0.9, 0.999, 1e-8


def adam_step(
    np: Any, parameters: Any, gradient: Any, first: Any, second: Any, count: int
) -> tuple[Any, Any, Any]:
    """Return the new parameters and the new first and second moments."""
    first = tree_map(lambda m, g: DECAY1 * m + (1 - DECAY1) * g, first, gradient)
    second = tree_map(lambda v, g: DECAY2 * v + (1 - DECAY2) * g * g, second, gradient)
    rate = RATE / (1 - DECAY1**count)
    correction = 1 - DECAY2**count

    def update(p: Any, m: Any, v: Any) -> Any:
        return p - rate * m / (np.sqrt(v / correction) + EPSILON)

    return tree_map(update, parameters, first, second), first, second
