"""What the public functions share: reading arrays, axes and shapes as NumPy does."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from fungrad.array import RAW, Array, operations, wrap
from fungrad.errors import OperandError
from fungrad.trace import Tracer

NUMBERS: frozenset[type] = frozenset({bool, int, float, complex})
"""Python's own numbers, which NumPy promotes weakly."""


def lift(x: Any, where: str) -> Any:
    """Return `x` as something with a shape and a dtype.

    Arrays, traced values and NumPy's own values pass as they are; Python numbers become NumPy
    scalars, lists become arrays.
    """
    kind = type(x)
    if isinstance(x, Array) or kind is np.ndarray:
        return x
    if kind in RAW:
        return np.asarray(x)[()]
    if isinstance(x, (list, tuple, np.ndarray)) or hasattr(x, "__array__"):
        return operations.asarray(x)
    raise OperandError(where, x)


def strong(x: Any, other: Any = None) -> Any:
    """Return a Python number as the left operand of one of Python's operators.

    Beside an array it stays as it is. Beside another Python number it becomes NumPy's, so that the
    operator does what the ufunc does; and so does a complex one beside float64, whose scalars are
    Python floats for Python.
    """
    if type(x) is not complex and isinstance(other, (Array, np.ndarray, np.generic)):
        return x
    dtype = getattr(other, "dtype", None)
    if dtype is None or (type(x) is complex and dtype == np.float64):
        return np.asarray(x)[()]
    return x


def axis_tuple(axis: Any, ndim: int) -> tuple[int, ...]:
    """Return the axes as sorted non-negative ints; None means all of them.

    Raises
    ------
    numpy.exceptions.AxisError
        If there is no such axis.
    ValueError
        If an axis is named twice.
    """
    if axis is None:
        return tuple(range(ndim))
    if type(axis) is int and -ndim <= axis < ndim:
        return (axis % ndim,)
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    found = tuple(sorted([axis_index(each, ndim) for each in axes]))
    if len(set(found)) != len(found):
        raise ValueError(f"axis {axis} names an axis twice")
    return found


def axis_index(axis: Any, ndim: int) -> int:
    """Return one axis as a non-negative int."""
    index = operator.index(axis)
    if not -ndim <= index < ndim:
        raise np.exceptions.AxisError(index, ndim)
    return index + ndim if index < 0 else index


def is_traced(*values: Any) -> bool:
    """Return whether a transform sees any of the values."""
    return any(isinstance(value, Tracer) for value in values)


def as_array(x: Any) -> Any:
    """Return what `lift` returned as users see it: an `Array` of its own, or the traced value."""
    if isinstance(x, Array):
        return x
    return Array(x) if type(x) is np.ndarray else wrap(x)


def concrete(x: Any) -> Any:
    """Return the numbers of an array that decide about the shape of a result.

    In a vmap whose examples differ the batch is split: each shape is computed for its own examples.
    """
    if isinstance(x, Tracer):
        return x.concrete()
    return x.value if isinstance(x, Array) else x
