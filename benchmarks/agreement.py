"""Whether two libraries computed the same."""

from __future__ import annotations

from typing import Any

import numpy as np

TOLERANCE = {"float32": 1e-4, "float64": 1e-9}


def difference(ours: list[Any], theirs: list[Any]) -> str | None:
    """Say how two lists of arrays differ, or return None where they agree.

    Arrays agree when shapes and dtypes are equal and the Euclidean norm of the difference is small
    beside the norm of `theirs`. Single elements may differ by more than that: in float32, a sum in
    another order changes the small ones in every digit.
    """
    if len(ours) != len(theirs):
        return f"{len(ours)} arrays instead of {len(theirs)}"
    for index, (x, y) in enumerate(zip(ours, theirs)):
        if x.shape != y.shape or x.dtype != y.dtype:
            return f"result {index} is {x.dtype}{x.shape} instead of {y.dtype}{y.shape}"
        error = float(np.linalg.norm((x - y).ravel()))
        scale = float(np.linalg.norm(y.ravel()))
        if not error <= TOLERANCE[y.dtype.name] * scale:
            return f"result {index} differs by {error:.3g} in norm, {scale:.3g} being its norm"
    return None
