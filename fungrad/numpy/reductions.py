"""Reductions."""

from __future__ import annotations

from typing import Any

from fungrad.numpy.common import axis_tuple, lift
from fungrad.rules import reductions as rules


def sum(a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    a = lift(a, "sum")
    return rules.Sum.apply(a, axis=axis_tuple(axis, a.ndim), keepdims=keepdims)


__all__ = ["sum"]
