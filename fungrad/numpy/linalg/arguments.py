"""Reading matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.errors import MatrixShapeError
from fungrad.numpy.common import lift


def matrices(a: Any, where: str) -> Any:
    """Return stacks of matrices, read as `lift` does."""
    a = lift(a, where)
    if a.ndim < 2:
        raise MatrixShapeError(where, (a,), "a matrix has at least two axes")
    return a


def square(a: Any, where: str) -> Any:
    """Return stacks of square matrices."""
    a = matrices(a, where)
    rows, columns = a.shape[-2:]
    if rows != columns:
        raise MatrixShapeError(where, (a,), f"the matrix is not square: {rows} by {columns}")
    return a


def triangle(uplo: str) -> str:
    """Return "L" or "U"."""
    letter = uplo.upper()
    if letter not in ("L", "U"):
        raise ValueError(f'UPLO is "L" or "U", got {uplo!r}')
    return letter


def accuracy(a: Any) -> float:
    """Return the machine epsilon times the larger side."""
    dtype = a.dtype if a.dtype.kind in "fc" else np.dtype(float)
    return float(max(a.shape[-2:]) * np.finfo(dtype).eps)
