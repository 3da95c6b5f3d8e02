"""Arrays with their mean taken away and divided by their standard deviation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.rules.families import Rule, broadcast
from fungrad.rules.reductions import Mean, Sum, count_along
from fungrad.rules.stacks import is_zero


class Standardize(Rule):
    """The standardized array, and the mean and the variance that it had; their axes are kept.

    `epsilon` is added to the variance under the root. The derivative of the first result is
    symmetric, so that one function, `_project`, serves both modes.
    """

    @staticmethod
    def kernel(x: Any, axis: tuple[int, ...], epsilon: float) -> Any:
        count = count_along(x.shape, axis) or 1
        mean = Sum.kernel(x, axis, True) / count
        z = x - mean
        variance = Sum.kernel(z * z, axis, True) / count
        z *= _scale(variance, epsilon)
        return z, mean, variance

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        results = cls.call(*values, **params)
        return results, (results[0], results[2], params)

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        z, variance, params = notes
        axis, epsilon = params["axis"], params["epsilon"]
        of_z, of_mean, of_variance = gradient
        scale = _scale(variance, epsilon)
        total = None if is_zero(of_z) else _project(of_z, z, scale, axis)
        count = count_along(z.shape, axis) or 1
        if not is_zero(of_mean):
            total = _add(total, broadcast(of_mean / count, z.shape))
        if not is_zero(of_variance):
            total = _add(total, of_variance * (2 / count) / scale * z)
        return (total,)

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        z, mean, variance = cls.call(*values, **params)
        (t,), axis = tangents, params["axis"]
        scale = _scale(variance, params["epsilon"])
        of_variance = Mean.call(t * z, axis=axis, keepdims=True) * 2 / scale
        moved = Mean.call(t, axis=axis, keepdims=True), of_variance
        return (z, mean, variance), (_project(t, z, scale, axis), *moved)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        axis = tuple([axis + 1 for axis in params["axis"]])
        return cls.call(*values, axis=axis, epsilon=params["epsilon"]), (True, True, True)


def _scale(variance: Any, epsilon: float) -> Any:
    return 1 / np.sqrt(variance + epsilon)


def _add(total: Any, term: Any) -> Any:
    return term if total is None else total + term


def _project(g: Any, z: Any, scale: Any, axis: tuple[int, ...]) -> Any:
    """Return the derivative of the standardized array z along g."""
    along = Mean.call(g * z, axis=axis, keepdims=True)
    return (g - Mean.call(g, axis=axis, keepdims=True) - z * along) * scale


class ScaleToUnit(Rule):
    """The array divided by the root of the mean of its squares, to which `epsilon` is added."""

    @staticmethod
    def kernel(x: Any, axis: tuple[int, ...], epsilon: float) -> Any:
        return x * _unit_scale(x, axis, epsilon)

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        (x,) = values
        scale = _unit_scale(x, **params)
        z = x * scale
        return z, (z, scale, params["axis"])

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        return (_project_off(gradient, *notes),)

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        (x,), (t,) = values, tangents
        scale = _unit_scale(x, **params)
        z = x * scale
        return z, _project_off(t, z, scale, params["axis"])

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        axis = tuple([axis + 1 for axis in params["axis"]])
        return cls.call(*values, axis=axis, epsilon=params["epsilon"]), True


def _unit_scale(x: Any, axis: tuple[int, ...], epsilon: float) -> Any:
    return 1 / np.sqrt(Mean.call(x * x, axis=axis, keepdims=True) + epsilon)


def _project_off(g: Any, z: Any, scale: Any, axis: tuple[int, ...]) -> Any:
    """Return the derivative of z, scaled to unit mean square, along g."""
    return (g - z * Mean.call(g * z, axis=axis, keepdims=True)) * scale
