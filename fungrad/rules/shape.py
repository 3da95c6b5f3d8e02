"""Operations on the shape: linear, and each the transpose of another one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.array import RAW
from fungrad.rules.families import Linear, Rule, broadcast


class Reshape(Linear):
    @staticmethod
    def kernel(x: Any, shape: tuple[int, ...]) -> Any:
        z = x.reshape(shape)
        return z if shape else z[()]

    @staticmethod
    def transpose(g: Any, shape: tuple[int, ...], params: dict[str, Any]) -> Any:
        return Reshape.call(g, shape=shape)

    @staticmethod
    def shift(size: int, x: Any, params: dict[str, Any]) -> dict[str, Any]:
        return {"shape": (size, *params["shape"])}


class BroadcastTo(Linear):
    exact = False

    @staticmethod
    def kernel(x: Any, shape: tuple[int, ...]) -> Any:
        z = broadcast(x, shape)
        return z if shape else z[()]

    @staticmethod
    def transpose(g: Any, shape: tuple[int, ...], params: dict[str, Any]) -> Any:
        return g  # the tape sums over the repeats

    @classmethod
    def batch(cls, size: int, batched: Any, values: Any, params: dict[str, Any]) -> Any:
        (x,) = values
        shape = params["shape"]
        x = np.reshape(x, (size, *(1,) * (len(shape) + 1 - x.ndim), *x.shape[1:]))
        return cls.call(x, shape=(size, *shape)), True


class Transpose(Linear):
    @staticmethod
    def kernel(x: Any, axes: tuple[int, ...]) -> Any:
        return x.transpose(axes)

    @staticmethod
    def transpose(g: Any, shape: tuple[int, ...], params: dict[str, Any]) -> Any:
        back = [0] * len(params["axes"])
        for position, axis in enumerate(params["axes"]):
            back[axis] = position
        return Transpose.call(g, axes=tuple(back))

    @staticmethod
    def shift(size: int, x: Any, params: dict[str, Any]) -> dict[str, Any]:
        return {"axes": (0, *[axis + 1 for axis in params["axes"]])}


class Flip(Linear):
    @staticmethod
    def kernel(x: Any, axis: tuple[int, ...]) -> Any:
        index = [slice(None)] * x.ndim
        for each in axis:
            index[each] = slice(None, None, -1)
        return x[tuple(index)]

    @staticmethod
    def transpose(g: Any, shape: tuple[int, ...], params: dict[str, Any]) -> Any:
        return Flip.call(g, **params)

    @staticmethod
    def shift(size: int, x: Any, params: dict[str, Any]) -> dict[str, Any]:
        return {"axis": tuple([axis + 1 for axis in params["axis"]])}


class Roll(Linear):
    @staticmethod
    def kernel(x: Any, shift: tuple[int, ...], axis: tuple[int, ...]) -> Any:
        return np.roll(x, shift, axis)

    @staticmethod
    def transpose(g: Any, shape: tuple[int, ...], params: dict[str, Any]) -> Any:
        back = tuple([-each for each in params["shift"]])
        return Roll.call(g, shift=back, axis=params["axis"])

    @staticmethod
    def shift(size: int, x: Any, params: dict[str, Any]) -> dict[str, Any]:
        return {**params, "axis": tuple([axis + 1 for axis in params["axis"]])}


class Diagonal(Linear):
    """The diagonal of the last two axes, as the last axis; `offset` counts upwards."""

    masks = True

    @staticmethod
    def kernel(x: Any, offset: int) -> Any:
        return np.diagonal(x, offset, -2, -1)

    @staticmethod
    def transpose(g: Any, shape: tuple[int, ...], params: dict[str, Any]) -> Any:
        return PlaceDiagonal.call(g, sides=shape[-2:], **params)

    @staticmethod
    def shift(size: int, x: Any, params: dict[str, Any]) -> dict[str, Any]:
        return params


class PlaceDiagonal(Linear):
    """Zeros with x on the diagonal of two new axes of the lengths `sides`."""

    @staticmethod
    def kernel(x: Any, offset: int, sides: tuple[int, int]) -> Any:
        z = np.zeros((*x.shape[:-1], *sides), x.dtype)
        places = np.arange(x.shape[-1])
        z[..., places + max(-offset, 0), places + max(offset, 0)] = x
        return z

    @staticmethod
    def transpose(g: Any, shape: tuple[int, ...], params: dict[str, Any]) -> Any:
        return Diagonal.call(g, offset=params["offset"])

    @staticmethod
    def shift(size: int, x: Any, params: dict[str, Any]) -> dict[str, Any]:
        return params


class Triangle(Linear):
    """The part of the last two axes below a diagonal and on it, or above it and on it."""

    masks = True

    @staticmethod
    def kernel(x: Any, offset: int, lower: bool) -> Any:
        return np.tril(x, offset) if lower else np.triu(x, offset)

    @staticmethod
    def transpose(g: Any, shape: tuple[int, ...], params: dict[str, Any]) -> Any:
        return Triangle.call(g, **params)

    @staticmethod
    def shift(size: int, x: Any, params: dict[str, Any]) -> dict[str, Any]:
        return params


# --- joining and splitting -----------------------------------------------------------------------


class _Join(Rule):
    """Several arrays in, one out: linear in all of them together."""

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        filled = [
            broadcast(x.dtype.type(0), x.shape) if t is None else t
            for x, t in zip(values, tangents, strict=True)
        ]
        return cls.call(*values, **params), cls.call(*filled, **params)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        spread = [
            x if own else np.broadcast_to(x, (size, *x.shape))
            for x, own in zip(values, batched, strict=True)
        ]
        return cls.call(*spread, axis=params["axis"] + 1), True


class Concatenate(_Join):
    @staticmethod
    def kernel(*xs: Any, axis: int) -> Any:
        return np.concatenate(xs, axis)

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        axis = params["axis"]
        return cls.call(*values, **params), (axis, [x.shape[axis] for x in values])

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        axis, lengths = notes
        before = (slice(None),) * axis
        results: list[Any] = []
        start = 0
        for parent, length in zip(parents, lengths, strict=True):
            end = start + length
            results.append(None if parent < 0 else gradient[(*before, slice(start, end))])
            start = end
        return results


class Stack(_Join):
    @staticmethod
    def kernel(*xs: Any, axis: int) -> Any:
        if not axis and type(xs[0]) in RAW:  # np.stack is slow for small arrays
            return np.array(xs)
        return np.stack(xs, axis)

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        return cls.call(*values, **params), params["axis"]

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        before = (slice(None),) * notes
        return [
            None if parent < 0 else gradient[(*before, position)]
            for position, parent in enumerate(parents)
        ]


class _Part(Rule):
    """One array in, several out; the transpose joins them again."""

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        return cls.call(*values, **params), params["axis"]

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return cls.call(*values, **params), cls.call(*tangents, **params)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return cls.call(*values, **{**params, "axis": params["axis"] + 1}), True


class Split(_Part):
    """Pieces of an axis; `edges` are their starts and ends."""

    @staticmethod
    def kernel(x: Any, axis: int, edges: tuple[tuple[int, int], ...]) -> Any:
        before = (slice(None),) * axis
        return tuple([x[(*before, slice(*edge))] for edge in edges])

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        gradients = gradient if type(gradient) is tuple else (gradient,)
        return (Concatenate.call(*gradients, axis=notes),)


class Unstack(_Part):
    """The slices along an axis, without that axis."""

    @staticmethod
    def kernel(x: Any, axis: int) -> Any:
        before = (slice(None),) * axis
        return tuple([x[(*before, position)] for position in range(x.shape[axis])])

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        gradients = gradient if type(gradient) is tuple else (gradient,)
        return (Stack.call(*gradients, axis=notes),)
