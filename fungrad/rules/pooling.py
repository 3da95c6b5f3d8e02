"""Sums and maxima of windows over the last axes of an array."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.rules.families import Bilinear, Constant, Linear, Rule, align
from fungrad.rules.windows import Windows, pad, smallest


class SumWindows(Linear):
    """The sum of each window."""

    @staticmethod
    def kernel(x: Any, over: Windows) -> Any:
        z = pad(x, over)
        for axis in reversed(range(over.rank)):  # a sum of sums, one axis after the other
            first, *rest = _slices(over, axis)
            total = z[first].copy()
            for place in rest:
                total += z[place]
            z = total
        return z

    @staticmethod
    def transpose(g: Any, shape: tuple[int, ...], params: dict[str, Any]) -> Any:
        return SpreadWindows.call(g, **params)

    @staticmethod
    def shift(size: int, x: Any, params: dict[str, Any]) -> dict[str, Any]:
        return params


class SpreadWindows(Linear):
    """Each number added to all elements of its window, in an array of zeros."""

    @staticmethod
    def kernel(z: Any, over: Windows) -> Any:
        x = z
        for axis in range(over.rank):
            shape = list(x.shape)
            shape[axis - over.rank] = over.padded[axis]
            total = np.zeros(shape, z.dtype)
            for place in _slices(over, axis):
                total[place] += x
            x = total
        return x[over.inner()]

    @staticmethod
    def transpose(g: Any, shape: tuple[int, ...], params: dict[str, Any]) -> Any:
        return SumWindows.call(g, **params)

    @staticmethod
    def shift(size: int, x: Any, params: dict[str, Any]) -> dict[str, Any]:
        return params


def _slices(over: Windows, axis: int) -> list[tuple[Any, ...]]:
    """Return, for each position in a window along one axis, the index of all its elements."""
    behind = (slice(None),) * (over.rank - 1 - axis)
    return [(..., place, *behind) for (place,) in over.along(axis).places()]


class MaxWindows(Rule):
    """The largest element of each window; of several, the first is the one that has a gradient."""

    masks = True

    @staticmethod
    def kernel(x: Any, over: Windows) -> Any:
        z = pad(x, over, smallest(x.dtype))
        for axis in reversed(range(over.rank)):
            first, *rest = _slices(over, axis)
            largest = z[first].copy()
            for place in rest:
                np.maximum(largest, z[place], out=largest)
            z = largest
        return z

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        (x,) = values
        if nested:
            return cls.call(x, **params), (ArgmaxWindows.call(x, **params), params)
        z, which = _largest(x, **params)
        return z, (which, params)

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        which, params = notes
        return (PlaceInWindows.call(gradient, which, **params),)

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        (x,), (t,) = values, tangents
        which = ArgmaxWindows.call(x, **params)
        return cls.call(x, **params), TakeFromWindows.call(t, which, **params)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return cls.call(*values, **params), True


class ArgmaxWindows(Constant):
    """The position in its window of the largest element of each window; the first, if several."""

    @staticmethod
    def kernel(x: Any, over: Windows) -> Any:
        return _largest(x, over)[1]


def _largest(x: Any, over: Windows) -> tuple[Any, Any]:
    """Return the largest elements and their positions.

    In rows first, then among the rows: that finds the first one in the order of the memory, too.
    """
    z = pad(x, over, smallest(x.dtype))
    kind = np.min_scalar_type(math.prod(over.kernel) - 1)
    positions: Any = None
    size = 1
    for axis in reversed(range(over.rank)):
        first, *rest = _slices(over, axis)
        largest = z[first].copy()
        which = np.zeros(largest.shape, kind) if positions is None else positions[first].copy()
        for number, place in enumerate(rest, 1):
            other = z[place]
            better = other > largest
            there = number * size if positions is None else number * size + positions[place]
            # The positions rise from place to place, so the last better one is the largest.
            np.maximum(which, better.view(np.uint8) * there, out=which)
            np.maximum(largest, other, out=largest)
        size *= over.kernel[axis]
        z, positions = largest, which
    return z, positions


def _none(g: Any, other: Any, over: Windows) -> None:
    """Return the gradient of positions: there is none."""


class _WithPositions(Bilinear):
    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return cls.call(*align(batched, values), **params), True


class TakeFromWindows(_WithPositions):
    """One element of each window, at given positions."""

    masks = True
    adjoints = (lambda g, which, over: PlaceInWindows.call(g, which, over=over), _none)

    @staticmethod
    def kernel(x: Any, which: Any, over: Windows) -> Any:
        x = pad(x, over)
        lead = np.broadcast_shapes(x.shape[: -over.rank], which.shape[: -over.rank])
        z = np.empty((*lead, *over.outputs), x.dtype)
        for number, place in enumerate(over.places()):
            np.copyto(z, x[(..., *place)], where=which == number)
        return z


class PlaceInWindows(_WithPositions):
    """Each number added to one element of its window, at a given position, in zeros."""

    masks = True
    adjoints = (lambda g, which, over: TakeFromWindows.call(g, which, over=over), _none)

    @staticmethod
    def kernel(z: Any, which: Any, over: Windows) -> Any:
        lead = np.broadcast_shapes(z.shape[: -over.rank], which.shape[: -over.rank])
        x: Any = np.zeros((*lead, *over.padded), z.dtype)
        apart = all(reach <= step for reach, step in zip(over.extent, over.stride))
        for number, place in enumerate(over.places()):
            target = x[(..., *place)]
            part = np.where(which == number, z, 0)
            if apart:
                target[...] = part
            else:
                target += part
        return x[over.inner()]
