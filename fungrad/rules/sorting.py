"""Sorting and searching: permutations of elements, and the positions that describe them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from fungrad.rules.families import Constant, Rule


class ArgSort(Constant):
    @staticmethod
    def kernel(x: Any, axis: int, kind: Any = None) -> Any:
        return np.argsort(x, axis=axis, kind=kind)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return cls.call(*values, **{**params, "axis": params["axis"] + 1}), True


class ArgPartition(ArgSort):
    @staticmethod
    def kernel(x: Any, axis: int, kth: tuple[int, ...]) -> Any:  # type: ignore[override]
        return np.argpartition(x, kth, axis=axis)


class _Rearrangement(Rule):
    """A permutation along one axis, which `order` finds."""

    order: ClassVar[type[Constant]]

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        (x,) = values
        order = cls.order.call(x, **params)
        return np.take_along_axis(x, order, params["axis"]), (order, params["axis"])

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        order, axis = notes
        if type(gradient) is type(order) is np.ndarray:
            result = np.empty(gradient.shape, gradient.dtype)
            np.put_along_axis(result, order, gradient, axis)
            return (result,)
        inverse = ArgSort.call(order, axis=axis)
        return (np.take_along_axis(gradient, inverse, axis),)

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        (x,), (t,), axis = values, tangents, params["axis"]
        order = cls.order.call(x, **params)
        return np.take_along_axis(x, order, axis), np.take_along_axis(t, order, axis)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return cls.call(*values, **{**params, "axis": params["axis"] + 1}), True


class Sort(_Rearrangement):
    order = ArgSort

    @staticmethod
    def kernel(x: Any, axis: int, kind: Any = None) -> Any:
        return np.sort(x, axis=axis, kind=kind)


class Partition(_Rearrangement):
    order = ArgPartition

    @staticmethod
    def kernel(x: Any, axis: int, kth: tuple[int, ...]) -> Any:
        return np.partition(x, kth, axis=axis)


class LexSort(Constant):
    """The order by several keys, the last of which counts first."""

    @staticmethod
    def kernel(*keys: Any, axis: int) -> Any:
        return np.lexsort(keys, axis=axis)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        keys = [
            key if own else np.broadcast_to(key, (size, *key.shape))
            for key, own in zip(values, batched, strict=True)
        ]
        return cls.call(*keys, axis=params["axis"] + 1), True


class SearchSorted(Constant):
    """The places of v among the elements of a, which is sorted; `lead` axes of both are batches."""

    @staticmethod
    def kernel(a: Any, v: Any, side: str, lead: int = 0) -> Any:
        if not lead:
            return np.searchsorted(a, v, side=side)  # type: ignore[call-overload]
        # A stable sort of both together, v in front for the side "left", counts what is before it.
        rows = v.shape[:lead]
        flat = np.reshape(v, (*rows, math.prod(v.shape[lead:])))
        both = np.concatenate([flat, a] if side == "left" else [a, flat], axis=-1)
        ranks = np.argsort(np.argsort(both, kind="stable"))
        width = flat.shape[-1]
        before = ranks[..., :width] if side == "left" else ranks[..., ranks.shape[-1] - width :]
        own = np.argsort(np.argsort(flat, kind="stable"))
        return np.reshape(before - own, v.shape)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        a, v = values
        lead = params.get("lead", 0)
        if not (batched[0] or lead):
            return cls.call(a, v, **params), True
        if not batched[0]:
            a = np.broadcast_to(a, (size, *a.shape))
        if not batched[1]:
            v = np.broadcast_to(v, (size, *v.shape))
        return cls.call(a, v, side=params["side"], lead=lead + 1), True
