"""Making arrays."""

from __future__ import annotations

from typing import Any

from fungrad.array import Array


def array(object: Any, dtype: Any = None) -> Any:
    return Array(object, dtype=dtype)


def asarray(a: Any, dtype: Any = None) -> Any:
    return a if isinstance(a, Array) and dtype is None else Array(a, dtype=dtype)


__all__ = ["array", "asarray"]
