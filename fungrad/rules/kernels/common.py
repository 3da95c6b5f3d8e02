"""What the kernels share: any shape and real dtype outside, blocks of float64 vectors inside."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

Vector: TypeAlias = Any
"""An ndarray of float64 with one axis."""

BLOCK = 1 << 13  # elements; the intermediate results of so many stay in the processor's cache


def elementwise(function: Callable[..., Vector]) -> Callable[..., Any]:
    """Make a function of float64 vectors of one length one of raw values that broadcast.

    It computes in float64 and returns the dtype that NumPy's arithmetic would: float32 for float32,
    float64 for integers. Like SciPy's special functions, it does not warn: what is not defined is
    NaN.
    """

    @functools.wraps(function)
    def kernel(*values: Any, **params: Any) -> Any:
        dtype = np.result_type(*values)
        if dtype.kind == "c":
            raise TypeError(f"{function.__name__} takes real numbers, got {dtype}")
        if dtype.kind != "f":
            dtype = np.dtype(np.float64)
        arrays = [np.asarray(value, np.float64) for value in values]
        if len(arrays) > 1:
            arrays = list(np.broadcast_arrays(*arrays))
        shape = arrays[0].shape
        vectors = [array.reshape(-1) for array in arrays]
        result = np.empty(vectors[0].size, dtype)
        with np.errstate(all="ignore"):
            for start in range(0, result.size, BLOCK):
                piece = slice(start, start + BLOCK)
                result[piece] = function(*[vector[piece] for vector in vectors], **params)
        return result.reshape(shape)[()]

    return kernel


def polynomial(coefficients: Sequence[float], t: Vector) -> Vector:
    """Evaluate a polynomial by Horner's rule, the highest power first."""
    z = coefficients[0] * t
    for coefficient in coefficients[1:-1]:
        z += coefficient
        z *= t
    z += coefficients[-1]
    return z


def fill(out: Vector, where: Vector, function: Callable[..., Vector], *vectors: Vector) -> None:
    """Set the elements of `out` that a mask chooses to the function of theirs."""
    if where.all():
        out[...] = function(*vectors)
    elif where.any():
        out[where] = function(*[vector[where] for vector in vectors])
