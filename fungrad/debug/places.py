"""Which line of the user's code an operation belongs to."""

from __future__ import annotations

import linecache
import os
import re
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from fungrad.rules.chain import Guarded, Product, Quotient, Scale
from fungrad.trace import Trace, peek
from fungrad.transforms.boundary import is_internal
from fungrad.transforms.checkpoint import Checkpointed
from fungrad.transforms.forward import JVPTrace
from fungrad.transforms.tape import Tape, walk

NAMES: dict[Any, str] = {
    Checkpointed: "checkpoint",
    Product: "multiply",
    Quotient: "divide",
    Scale: "multiply",
}
"""Operations that users know under other names."""

NUMPY = os.path.dirname(os.path.abspath(np.__file__)) + os.sep


class Place(NamedTuple):
    """A line of the user's code, and what is done there.

    Attributes
    ----------
    file, line, scope
        The line, and the function that it is in.
    operation : str
        What the line calls: the name of an operation.
    backward : int
        How many backward passes are between the line and what is computed.
    pushed : bool
        Whether forward mode is.
    own : bool
        Whether the operation itself is computed, not its derivative or its batches.
    summed : bool
        Whether gradients are added up, which belongs to no operation.
    """

    file: str
    line: int
    scope: str
    operation: str
    backward: int = 0
    pushed: bool = False
    own: bool = True
    summed: bool = False

    def __str__(self) -> str:
        file = self.file
        here = os.getcwd() + os.sep
        if file.startswith(here):
            file = file[len(here) :]
        scope = "" if self.scope == "<module>" else f", in {self.scope}"
        return f"{file}:{self.line}{scope}"

    @property
    def source(self) -> str:
        """The text of the line."""
        return linecache.getline(self.file, self.line).strip()

    def describe(self) -> str:
        """Return ``in the backward of `sqrt` at train.py:12, in loss`` and the like."""
        if self.summed:
            return f"where gradients are added up, in the backward pass of {self}"
        if self.backward:
            passes = "the backward" if self.backward == 1 else f"backward pass {self.backward}"
            return f"in {passes} of `{self.operation}` at {self}"
        if not self.own:
            part = "the forward-mode derivative" if self.pushed else "the batching"
            return f"in {part} of `{self.operation}` at {self}"
        return f"at {self}"


def name_of_operation(function: Any) -> str:
    """Return the name of a Function: NumPy's spelling for fungrad's own, ``floor_divide``."""
    name: str = function.__name__
    if getattr(function, "trusted", False):
        name = NAMES.get(function, re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower())
    return name


def find_place(function: Any, trace: Trace) -> Place:
    """Return where the user's code asked for the operation that `trace` processes now."""
    frame: FrameType | None = sys._getframe(1)
    called = function
    pushed = summed = False
    file, line, scope = "<unknown>", 0, "<module>"
    while frame is not None:
        code = frame.f_code
        if code is Noted.pull.__code__:
            noted: Noted = frame.f_locals["self"]
            # On a younger tape it is a value computed again, as checkpoints do.
            passes = noted.place.backward + (trace.id < noted.tape.id)
            return noted.place._replace(backward=passes)
        if code is walk.__code__:
            summed = True
        elif code.co_name == "process" and isinstance(frame.f_locals.get("self"), Trace):
            # Each trace hands the operation to the next one out: the last met was called first.
            called = frame.f_locals["function"]
            pushed |= isinstance(frame.f_locals["self"], JVPTrace)
        if not is_internal(frame) and not code.co_filename.startswith(NUMPY):
            file, line, scope = code.co_filename, frame.f_lineno, code.co_name
            break
        frame = frame.f_back
    operation = name_of_operation(called)
    own = called is function
    return Place(file, line, scope, operation, pushed=pushed, own=own, summed=summed)


class Noted:
    """A Function on a tape that knows which line of the user's code it belongs to."""

    __slots__ = ("function", "index", "place", "tape")

    def __init__(self, function: Any, place: Place, tape: NotingTape, index: int) -> None:
        self.function = function
        self.place = place
        self.tape = tape
        self.index = index

    def __getattr__(self, name: str) -> Any:
        return getattr(self.function, name)

    def pull(self, notes: Any, parents: Any, gradient: Any) -> Any:
        """Do what the Function does, for a gradient that is followed.

        `find_place` sees this frame.
        """
        function, tape = self.function, self.tape
        if type(gradient) is Guarded:
            return function.pull(notes, parents, Guarded(tape.follow(gradient.value)))
        if self.index <= tape.masked and function.trusted and not _any(gradient):
            return [None] * len(parents)  # as the walk does for gradients that nobody follows
        several = type(gradient) is tuple
        followed = tuple(map(tape.follow, gradient)) if several else tape.follow(gradient)
        return function.pull(notes, parents, followed)


def _any(gradient: Any) -> bool:
    several = type(gradient) is tuple
    return any(bool(np.any(peek(each))) for each in (gradient if several else (gradient,)))


class NotingTape(Tape):
    """A tape that notes which line of the user's code each entry belongs to.

    Attributes
    ----------
    follow : callable
        Makes a value that an outer trace follows of one that none does.
    """

    __slots__ = ("follow",)

    def __init__(self, follow: Callable[[Any], Any], name: str) -> None:
        super().__init__(name)
        self.follow = follow

    def process(self, function: Any, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Apply the function, and note the line."""
        start = len(self.entries)
        result = super().process(function, args, params)
        for index in range(start, len(self.entries)):
            entry = self.entries[index]
            if entry is not None and type(entry[0]) is not Noted:
                noted = Noted(entry[0], find_place(function, self), self, index)
                self.entries[index] = (noted, *entry[1:])
        return result
