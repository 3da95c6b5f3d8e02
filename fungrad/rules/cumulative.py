"""Cumulative sums and products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.array import RAW
from fungrad.rules.families import Linear, Rule
from fungrad.rules.reductions import is_normal


class CumSum(Linear):
    """The sums up to each element along an axis; `reverse` sums from the other end."""

    @staticmethod
    def kernel(x: Any, axis: int, reverse: bool = False) -> Any:
        if not reverse:
            return np.cumsum(x, axis=axis)
        return np.flip(np.cumsum(np.flip(x, axis), axis=axis), axis)

    @staticmethod
    def transpose(g: Any, shape: tuple[int, ...], params: dict[str, Any]) -> Any:
        reverse = not params.get("reverse", False)
        return CumSum.call(g, axis=params["axis"], reverse=reverse)

    @staticmethod
    def shift(size: int, x: Any, params: dict[str, Any]) -> dict[str, Any]:
        return {**params, "axis": params["axis"] + 1}


class CumProd(Rule):
    """The products up to each element along an axis.

    Where nothing is zero the derivative divides by the elements. Otherwise, and in the derivatives
    of it, recurrences without a division are solved, which zeros do not harm.
    """

    @staticmethod
    def kernel(x: Any, axis: int) -> Any:
        return np.cumprod(x, axis=axis)

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        (x,) = values
        z = cls.call(x, **params)
        return z, (x, z, params["axis"])

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        x, z, axis = notes
        if type(z) in RAW and is_normal(z):
            return (CumSum.call(gradient * z, axis=axis, reverse=True) / x,)
        # gradient of x[j] = (product before j) * r[j], with r[j] = g[j] + x[j + 1] * r[j + 1]
        x, z, g = [np.flip(np.moveaxis(each, axis, 0), 0) for each in (x, z, gradient)]
        result = recurrence(before(x, 0), g) * behind(z, 1)
        return (np.moveaxis(np.flip(result, 0), 0, axis),)

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        (x,), (t,), axis = values, tangents, params["axis"]
        z = cls.call(x, axis=axis)
        if type(z) in RAW and is_normal(z):
            return z, CumSum.call(t / x, axis=axis) * z
        # tangent of z[k] = z[k - 1] * t[k] + x[k] * tangent of z[k - 1]
        x, t, y = [np.moveaxis(each, axis, 0) for each in (x, t, z)]
        return z, np.moveaxis(recurrence(x, before(y, 1) * t), 0, axis)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return cls.call(*values, axis=params["axis"] + 1), True


def recurrence(a: Any, b: Any) -> Any:
    """Return the y with ``y[k] = a[k] * y[k - 1] + b[k]`` along the first axis, from y[-1] = 0.

    Each step doubles the number of elements that are taken together.
    """
    reach = 1
    while reach < len(b):
        b = np.concatenate([b[:reach], a[reach:] * b[:-reach] + b[reach:]])
        a = np.concatenate([a[:reach], a[reach:] * a[:-reach]])
        reach *= 2
    return b


def before(x: Any, first: float) -> Any:
    """Return x moved on by one place along the first axis, with `first` in front."""
    return np.concatenate([np.full_like(x[:1], first), x[:-1]])


def behind(x: Any, last: float) -> Any:
    """Return x moved back by one place along the first axis, with `last` at the end."""
    return np.concatenate([x[1:], np.full_like(x[:1], last)])
