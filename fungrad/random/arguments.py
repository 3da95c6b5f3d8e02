"""What the samplers share: reading shapes, dtypes and parameters."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.array import wrap
from fungrad.errors import RandomArgumentError
from fungrad.numpy.common import lift

Shape = tuple[int, ...]


def as_shape(shape: Any, where: str) -> Shape:
    """Return a shape as a tuple of ints; an int is the length of one axis."""
    try:
        lengths = (
            tuple(map(operator.index, shape)) if np.iterable(shape) else (operator.index(shape),)
        )
    except TypeError:
        raise RandomArgumentError(where, f"shape is a tuple of ints, got {shape!r}") from None
    if any(length < 0 for length in lengths):
        raise RandomArgumentError(where, f"shape is {lengths}; lengths are 0 or more")
    return lengths


def as_dtype(dtype: Any, kinds: str, where: str, default: Any = np.float64) -> np.dtype[Any]:
    """Return a dtype of one of some kinds."""
    found: np.dtype[Any] = np.dtype(default if dtype is None else dtype)
    if found.kind not in kinds:
        names = {"f": "floats", "c": "complex numbers", "i": "integers", "u": "unsigned integers"}
        wanted = " or ".join(names[kind] for kind in kinds)
        raise RandomArgumentError(where, f"dtype is one of {wanted}, got {found}")
    return found


def real_dtype(dtype: Any, where: str) -> np.dtype[Any]:
    """Return a dtype of floats."""
    return as_dtype(dtype, "f", where)


def parameters(
    where: str, shape: Any, dtype: np.dtype[Any] | None, *values: Any
) -> tuple[Shape, Sequence[Any]]:
    """Return the shape of the result, and parameters as arrays of a dtype.

    Without a shape it is the one to which the parameters broadcast.
    """
    arrays = []
    for value in values:
        array = lift(value, where)
        if dtype is not None and array.dtype != dtype:
            array = array.astype(dtype)
        arrays.append(array if hasattr(array, "owner") else wrap(array))
    return result_shape(where, shape, *[array.shape for array in arrays]), arrays


def result_shape(where: str, shape: Any, *shapes: Shape) -> Shape:
    """Return `shape`, or what `shapes` broadcast to, which must fit into it."""
    try:
        common = np.broadcast_shapes(*shapes)
        if shape is None:
            return common
        shape = as_shape(shape, where)
        if np.broadcast_shapes(shape, common) == shape:
            return tuple(shape)
    except ValueError:
        pass
    given = " and ".join(map(str, shapes))
    if shape is None:
        raise RandomArgumentError(where, f"parameters of shapes {given} do not broadcast")
    raise RandomArgumentError(
        where,
        f"shape is {shape}, the shape of the whole result, and parameters of shape {given} do not "
        "broadcast to it",
    )
