"""Pure updates, ``x.at[i].set(v)``: the counterparts of indexed assignment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fungrad.operations import operations


class At:
    """``x.at``: waits for the index."""

    __slots__ = ("array",)

    def __init__(self, array: Any) -> None:
        self.array = array

    def __getitem__(self, index: Any) -> IndexUpdate:
        return IndexUpdate(self.array, index)

    def __repr__(self) -> str:
        return f"{self.array!r}.at"


class IndexUpdate:
    """``x.at[index]``: pure counterparts of indexed assignment, each returning a new array.

    `mode` says what an index out of range does: None raises `IndexError`; ``"clip"`` takes the
    nearest element; ``"wrap"`` counts on from the other end; ``"fill"`` and ``"drop"`` leave such
    an update out (and `get` gives `fill_value` there).
    """

    __slots__ = ("array", "index")

    def __init__(self, array: Any, index: Any) -> None:
        self.array = array
        self.index = index

    def __repr__(self) -> str:
        return f"{self.array!r}.at[{self.index!r}]"

    def _update(self, how: str, values: Any, mode: str | None) -> Any:
        return operations.index_update(self.array, self.index, values, how=how, mode=mode)

    def get(self, *, mode: str | None = None, fill_value: Any = None) -> Any:
        """Return ``x[index]``."""
        return operations.index_get(self.array, self.index, mode=mode, fill_value=fill_value)

    def set(self, values: Any, *, mode: str | None = None) -> Any:
        """Return the array with ``x[index] = values``; of a repeated index the last one counts."""
        return self._update("set", values, mode)

    def add(self, values: Any, *, mode: str | None = None) -> Any:
        """Return the array with ``x[index] += values``; repeated indices add up."""
        return self._update("add", values, mode)

    def subtract(self, values: Any, *, mode: str | None = None) -> Any:
        """Return the array with ``x[index] -= values``; repeated indices add up."""
        return self._update("subtract", values, mode)

    def multiply(self, values: Any, *, mode: str | None = None) -> Any:
        """Return the array with ``x[index] *= values``; repeated indices multiply up."""
        return self._update("multiply", values, mode)

    mul = multiply

    def divide(self, values: Any, *, mode: str | None = None) -> Any:
        """Return the array with ``x[index] /= values``; repeated indices divide again."""
        return self._update("divide", values, mode)

    def power(self, values: Any, *, mode: str | None = None) -> Any:
        """Return the array with ``x[index] **= values``."""
        return self._update("power", values, mode)

    def min(self, values: Any, *, mode: str | None = None) -> Any:
        """Return the array with the lesser of ``x[index]`` and `values` there."""
        return self._update("min", values, mode)

    def max(self, values: Any, *, mode: str | None = None) -> Any:
        """Return the array with the greater of ``x[index]`` and `values` there."""
        return self._update("max", values, mode)

    def apply(self, function: Callable[[Any], Any], *, mode: str | None = None) -> Any:
        """Return the array with ``x[index] = function(x[index])``, once for each index."""
        values = function(operations.index_get(self.array, self.index, mode=mode, fill_value=None))
        return self._update("set", values, mode)
