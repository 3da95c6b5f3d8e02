"""Phases: angles without jumps."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.array import operations
from fungrad.numpy.common import axis_index, is_traced, lift
from fungrad.numpy.joining import concatenate
from fungrad.numpy.untraced import call_numpy


def unwrap(
    p: Any,
    discont: float | None = None,
    axis: int = -1,
    *,
    period: float = 6.283185307179586,
) -> Any:
    """Return angles with multiples of the period added, so that neighbours are close.

    Parameters
    ----------
    p : array_like
    discont : float, optional
        Jumps up to it stay; half a period when left out, and never less.
    axis : int
        Along which angles follow each other.
    period : float

    Examples
    --------
    >>> fnp.unwrap([0.0, 3.0, 6.0, 9.0], period=4.0)
    Array([ 0., -1., -2., -3.], dtype=float64)
    """
    x = lift(p, "unwrap")
    if not is_traced(x):
        return call_numpy(np.unwrap, x, discont, axis, period=period)
    axis = axis_index(axis, x.ndim)
    half = period / 2
    limit = half if discont is None else discont
    jump = operations.diff(x, axis=axis)
    near = operations.subtract(operations.mod(operations.add(jump, half), period), half)
    # A jump of exactly half a period keeps its sign.
    both = operations.logical_and(operations.equal(near, -half), operations.greater(jump, 0))
    near = operations.where(both, half, near)
    turn = operations.where(
        operations.less(operations.absolute(jump), limit), 0.0, operations.subtract(near, jump)
    )
    first = operations.zeros_like(operations.take(x, np.array([0]), axis))
    turns = concatenate([first, operations.cumsum(turn, axis=axis)], axis)
    return operations.add(x, turns)


__all__ = ["unwrap"]
