"""Operations on the shape: linear, and each the transpose of another one."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.rules.families import Linear


class Reshape(Linear):
    @staticmethod
    def kernel(x: Any, shape: tuple[int, ...]) -> Any:
        return np.reshape(x, shape)

    @staticmethod
    def transpose(g: Any, shape: tuple[int, ...], params: dict[str, Any]) -> Any:
        return np.reshape(g, shape)

    @staticmethod
    def shift(size: int, x: Any, params: dict[str, Any]) -> dict[str, Any]:
        return {"shape": (size, *params["shape"])}


class BroadcastTo(Linear):
    @staticmethod
    def kernel(x: Any, shape: tuple[int, ...]) -> Any:
        return np.broadcast_to(x, shape)

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
        return np.transpose(x, axes)

    @staticmethod
    def transpose(g: Any, shape: tuple[int, ...], params: dict[str, Any]) -> Any:
        back = [0] * len(params["axes"])
        for position, axis in enumerate(params["axes"]):
            back[axis] = position
        return np.transpose(g, back)

    @staticmethod
    def shift(size: int, x: Any, params: dict[str, Any]) -> dict[str, Any]:
        return {"axes": (0, *[axis + 1 for axis in params["axes"]])}
