"""The way back from a NaN to the operation that made it.

From an element of a result that is NaN, the way goes to the element of an operand that made it so,
and on, until no operand is to blame. Which operand is, is found by trial: the operation is
evaluated again, with other numbers in the place of the NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fungrad.debug.recording import KeepingTrace
from fungrad.rules.families import Elementwise
from fungrad.trace import peek
from fungrad.transforms.graph import evaluate

Predicate = Callable[[Any], Any]
"""Which elements are looked for: NaN, infinities, or both."""

HARMLESS = (1.0, 0.5, 2.0)  # numbers to try in the place of NaN


class Blame:
    """Where a bad element comes from.

    Attributes
    ----------
    slot : int
        The value that has it.
    index : tuple of int
        Where in this value it is.
    operation : int or None
        Which operation made it; None if it was there from the start.
    reader : int or None
        The operation that reads a value which was there from the start, if one does.
    """

    __slots__ = ("index", "operation", "reader", "slot")

    def __init__(
        self, slot: int, index: tuple[int, ...], operation: int | None, reader: int | None
    ) -> None:
        self.slot = slot
        self.index = index
        self.operation = operation
        self.reader = reader


def isbad(predicate: Predicate, value: Any) -> Any:
    """Return which elements are bad, none of those that are no floating-point numbers."""
    value = np.asarray(value)
    if value.dtype.kind not in "fc":
        return np.zeros(value.shape, bool)
    return predicate(value)


def trace_back(
    trace: KeepingTrace,
    slot: int,
    index: tuple[int, ...],
    predicate: Predicate,
    reader: int | None = None,
) -> Blame:
    """Return where a bad element comes from."""
    while slot in trace.makers:
        number, position = trace.makers[slot]
        step = feeder(trace, number, position, index, predicate, predicate)
        if step is None:
            return Blame(slot, index, number, None)
        slot, index = step
        reader = number
    return Blame(slot, index, None, reader)


def feeder(
    trace: KeepingTrace,
    number: int,
    position: int,
    index: tuple[int, ...],
    predicate: Predicate,
    result_predicate: Predicate,
) -> tuple[int, tuple[int, ...]] | None:
    """Return the bad element of an operand that makes an element of the result bad, if one does."""
    operation = trace.operations[number]
    values = [numbers(trace.kept[slot]) for slot in operation.operands]
    places: list[tuple[int, tuple[int, ...]]] = []
    pointwise = issubclass(operation.function, Elementwise)
    if pointwise:
        spots = [broadcast_index(index, np.shape(value)) for value in values]
        values = [
            value[spot] if type(value) is np.ndarray else value
            for value, spot in zip(values, spots, strict=True)
        ]
    for operand, value in enumerate(values):
        places += [(operand, tuple(map(int, i))) for i in np.argwhere(isbad(predicate, value))]
    if not places:
        return None

    def spoils(kept: list[tuple[int, tuple[int, ...]]], harmless: float) -> bool:
        """Whether the result is bad if only these elements are."""
        left = set(kept)
        changed = _without(values, [place for place in places if place not in left], harmless)
        try:
            with np.errstate(all="ignore"):
                z = evaluate(operation.function, changed, operation.params)
            z = np.asarray(peek(z[position] if operation.several else z))
            return bool(isbad(result_predicate, z[() if pointwise else index]))
        except Exception:  # it did not like the other numbers
            return False

    cure = next((each for each in HARMLESS if not spoils([], each)), None)
    if cure is None:
        return None  # whatever stands there: the operation makes it itself
    while len(places) > 1:
        half = len(places) // 2
        parts = [part for part in (places[:half], places[half:]) if spoils(part, cure)]
        if not parts:
            break  # only together
        places = parts[0]
    operand, spot = places[0]
    return operation.operands[operand], spots[operand] if pointwise else spot


def numbers(value: Any) -> Any:
    """Return a value of any layer as plain numbers; Python's stay as they are."""
    return value if type(value) in (bool, int, float, complex) else peek(value)[()]


def _without(
    values: list[Any], places: list[tuple[int, tuple[int, ...]]], harmless: float
) -> list[Any]:
    changed = list(values)
    copied: set[int] = set()
    for operand, spot in places:
        if not spot:
            value = changed[operand]
            changed[operand] = np.asarray(value).dtype.type(harmless)
            continue
        if operand not in copied:
            changed[operand] = np.array(changed[operand])
            copied.add(operand)
        changed[operand][spot] = harmless
    return changed


def broadcast_index(index: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return which element of an operand goes into an element of an elementwise result."""
    own = index[len(index) - len(shape) :]
    return tuple([0 if length == 1 else i for i, length in zip(own, shape, strict=True)])
