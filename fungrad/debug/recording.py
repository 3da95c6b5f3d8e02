"""The record of a run, with the value and the line of every operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fungrad.array import RAW
from fungrad.debug.places import Place, find_place
from fungrad.trace import peek
from fungrad.transforms.graph import GraphTrace, Recorded

if TYPE_CHECKING:
    import numpy.typing as npt


class Kept(Recorded):
    """An array whose history is kept; it does all that plain arrays do."""

    __slots__ = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return np.shape(self.value) if type(self.value) in (float, complex) else self.value.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the elements."""
        kind = type(self.value)
        return np.dtype(kind) if kind in (float, complex) else self.value.dtype

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        return np.array(peek(self), dtype=dtype)


class KeepingTrace(GraphTrace):
    """The record of a run.

    Attributes
    ----------
    kept : list
        The value of each slot.
    places : list of Place
        The line of the user's code that each operation belongs to.
    makers : dict
        Which operation filled a slot, and which of its results that is.
    """

    __slots__ = ("kept", "makers", "places")

    def __init__(self, name: str) -> None:
        super().__init__(name, Kept)
        self.kept: list[Any] = []
        self.places: list[Place] = []
        self.makers: dict[int, tuple[int, int]] = {}

    def add(self, value: Any) -> int:
        """Return a new slot for a value, and keep it."""
        self.kept.append(value)
        return super().add(value)

    def follow(self, value: Any) -> Any:
        """Return a value that this trace follows, of any value one layer down."""
        return self.input(value) if type(value) in RAW else value

    def process(self, function: Any, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Apply the function, and keep what it did."""
        result = super().process(function, args, params)
        for position, slot in enumerate(self.operations[-1].results):
            self.makers[slot] = len(self.operations) - 1, position
        self.places.append(find_place(function, self))
        return result

    def _check_older(self, function: Any, z: Any) -> None:
        """Let values pass that a Function uses without getting them as arguments."""
