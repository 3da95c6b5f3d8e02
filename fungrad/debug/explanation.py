"""What is said about a NaN: which operation made it, of what, and on which line."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.debug.advice import advise, advise_infinity
from fungrad.debug.blame import (
    Blame,
    Predicate,
    broadcast_index,
    feeder,
    isbad,
    numbers,
    trace_back,
)
from fungrad.debug.places import name_of_operation
from fungrad.debug.recording import KeepingTrace, Kept
from fungrad.errors import describe
from fungrad.function import Context
from fungrad.rules.families import Elementwise
from fungrad.trace import peek
from fungrad.transforms.graph import Operation


class Explanation:
    """The story of a recorded run.

    Attributes
    ----------
    trace : KeepingTrace
    inputs : dict
        The names of slots that are arguments.
    predicate : callable
        Which elements are bad.
    """

    def __init__(self, trace: KeepingTrace, inputs: dict[int, str], predicate: Predicate) -> None:
        self.trace = trace
        self.inputs = inputs
        self.predicate = predicate

    def lines(self, slot: int, index: tuple[int, ...]) -> list[str]:
        """Return lines that say where a bad element comes from."""
        trace = self.trace
        blame = trace_back(trace, slot, index, self.predicate)
        if blame.operation is None:
            return [self._from_the_start(blame)]
        inside = self._inside(blame)
        if inside is not None:
            return inside
        kind = self._name(blame.operation)
        lines = self._made(blame, f"it was made by `{kind}`,")
        own = self._singular(blame.operation)
        if not np.isnan(_element_of(trace.kept[blame.slot], blame.index)):
            return [*lines, advise_infinity(kind, own)]
        more, singular = self._infinity(blame)
        operation = trace.operations[blame.operation]
        operands = [
            _operand(trace.kept[each], blame.index, operation) for each in operation.operands
        ]
        advice = advise(kind, operands, singular or own)
        return [line for line in (*lines, *more, advice) if line]

    def _inside(self, blame: Blame) -> list[str] | None:
        """Return what happened in the forward of a user's Function, if that can be followed."""
        assert blame.operation is not None
        operation = self.trace.operations[blame.operation]
        if operation.function.trusted:
            return None
        _, position = self.trace.makers[blame.slot]
        trace = KeepingTrace(operation.function.__name__)
        inputs = [trace.input(numbers(self.trace.kept[slot])) for slot in operation.operands]
        context = Context((False,) * len(inputs))
        try:
            with np.errstate(all="ignore"):
                z = operation.function.forward(context, *inputs, **operation.params)
        except Exception:  # it wants plain numbers
            return None
        finally:
            trace.closed = True
        leaf = z[position] if operation.several else z
        if not (isinstance(leaf, Kept) and leaf.owner is trace):
            return None
        origin = trace_back(trace, leaf.slot, blame.index, self.predicate)
        if origin.operation is None:
            return None
        if trace.operations[origin.operation].function is operation.function:
            return None  # it applies itself to plain numbers
        return Explanation(trace, {}, self.predicate).lines(leaf.slot, blame.index)

    def _infinity(self, blame: Blame) -> tuple[list[str], str | None]:
        """Return lines about an infinite operand of what made a NaN: who made it.

        Also the name of the operation whose derivative it is, if it is one.
        """
        trace = self.trace
        assert blame.operation is not None
        _, position = trace.makers[blame.slot]
        step = feeder(trace, blame.operation, position, blame.index, np.isinf, np.isnan)
        if step is None:
            return [], None
        origin = trace_back(trace, *step, np.isinf, blame.operation)
        if origin.operation is None:
            return [self._from_the_start(origin)], None
        kind = self._name(origin.operation)
        lines = self._made(origin, f"the infinity was made by `{kind}`,")
        return lines, self._singular(origin.operation)

    def _singular(self, operation: int) -> str | None:
        """Return the name of the operation of whose derivative this one is a part, if it is."""
        place = self.trace.places[operation]
        if place.summed or not (place.backward or (place.pushed and not place.own)):
            return None
        return place.operation

    def _name(self, operation: int) -> str:
        return name_of_operation(self.trace.operations[operation].function)

    def _made(self, blame: Blame, begin: str) -> list[str]:
        """Return lines about the operation that made an element."""
        trace = self.trace
        assert blame.operation is not None
        operation = trace.operations[blame.operation]
        place = trace.places[blame.operation]
        name = self._name(blame.operation)
        lines = [f"{begin} {place.describe()}"]
        if place.source:
            lines = [f"{lines[0]}:", f"    {place.source}"]
        value = np.asarray(peek(trace.kept[blame.slot]))
        shown = ", ".join(
            _shown(trace.kept[slot], blame.index, operation) for slot in operation.operands
        )
        where = f", at index {bracket(blame.index)} of a {describe(value)}" if blame.index else ""
        return [*lines, f"{name}({shown}) is {value[blame.index]}{where}"]

    def _from_the_start(self, blame: Blame) -> str:
        """Return a line about an element that no operation made."""
        value = _element_of(self.trace.kept[blame.slot], blame.index)
        name = self.inputs.get(blame.slot)
        if name is not None:
            return f"it comes from the arguments: {element(name, blame.index)} is {value}"
        constant = describe(np.asarray(peek(self.trace.kept[blame.slot])))
        reader = blame.reader
        if reader is None:
            return f"it comes from a {constant} that is computed from no argument"
        kind = self._name(reader)
        where = f" at {bracket(blame.index)}" if blame.index else ""
        return (
            f"it comes from a {constant} that is computed from no argument, and is {value}{where}; "
            f"`{kind}` reads it, {self.trace.places[reader].describe()}"
        )


def first_index(mask: Any) -> tuple[int, ...]:
    """Return the index of the first true element."""
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(mask)), np.shape(mask)))


def bracket(index: tuple[int, ...]) -> str:
    """Return an index as it is written."""
    return f"[{', '.join(map(str, index))}]"


def element(path: str, index: tuple[int, ...]) -> str:
    """Return the path of an element."""
    return path + bracket(index) if index else path


def _element_of(value: Any, index: tuple[int, ...]) -> Any:
    return np.asarray(peek(value))[index]


def _operand(value: Any, index: tuple[int, ...], operation: Operation) -> Any:
    """Return the element of an operand that goes into an element of the result, if it is one."""
    value = np.asarray(numbers(value))
    if issubclass(operation.function, Elementwise):
        return value[broadcast_index(index, value.shape)]
    return value


def _shown(value: Any, index: tuple[int, ...], operation: Operation) -> str:
    """Return an operand as text: its element, or what is odd about it."""
    value = _operand(value, index, operation)
    if not value.shape:
        return str(value)
    odd = [("nan", isbad(np.isnan, value)), ("inf", isbad(np.isinf, value))]
    found = [f"{name} at {bracket(first_index(mask))}" for name, mask in odd if mask.any()]
    return describe(value) + (f" with {' and '.join(found)}" if found else "")
