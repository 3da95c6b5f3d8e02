"""Functions of the shape."""

from __future__ import annotations

from typing import Any

from fungrad.numpy.common import lift
from fungrad.rules import shape as rules


def reshape(a: Any, shape: Any, order: str = "C", *, copy: bool | None = None) -> Any:
    a = lift(a, "reshape")
    return rules.Reshape.apply(a, shape=tuple(shape))


def broadcast_to(a: Any, shape: Any) -> Any:
    return rules.BroadcastTo.apply(lift(a, "broadcast_to"), shape=tuple(shape))


def transpose(a: Any, axes: Any = None) -> Any:
    a = lift(a, "transpose")
    axes = tuple(reversed(range(a.ndim))) if axes is None else tuple(axes)
    return rules.Transpose.apply(a, axes=axes)


__all__ = ["broadcast_to", "reshape", "transpose"]
