"""Programs: what a function does to its arguments, recorded while it runs.

A `GraphTrace` evaluates a function as usual and writes down each operation. The result, a
`Program`, can be run again on other values, also on traced ones, without the user's Python code.

Every value of a program has a number, its slot. Inputs and constants have one; each operation reads
some slots and fills new ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from fungrad import tree
from fungrad.array import NUMERIC_KINDS, RAW, Array, unwrap
from fungrad.errors import (
    ArrayDTypeError,
    CapturedTracerError,
    EscapedTracerError,
    RecordedDecisionError,
)
from fungrad.rules.constants import StopGradient
from fungrad.trace import Trace, Tracer
from fungrad.transforms.call import own

# --- programs ------------------------------------------------------------------------------------


class Operation(NamedTuple):
    """One application of a Function: the slots that it reads and fills."""

    function: Any
    params: dict[str, Any]
    operands: tuple[int, ...]
    results: tuple[int, ...]
    several: bool
    """Whether the function returns a tuple."""


class Decision(NamedTuple):
    """Numbers that the Python code asked for, to branch on them for instance."""

    slot: int
    value: Any
    """What was in the slot, one layer down."""
    answer: Any


class Program:
    """Operations in the order in which they ran: a function of its inputs.

    Attributes
    ----------
    name : str
        The transform and its function, for messages.
    inputs : tuple of int
        The slots of the arguments of `run`.
    constants : dict
        The values of the slots that are the same in every run.
    operations : sequence of Operation
    outputs : tuple of int
        The slots of the results; they may be inputs and constants.
    types : sequence
        The shape and dtype of each slot.
    decisions : sequence of Decision
    """

    __slots__ = (
        "_released",
        "constants",
        "decisions",
        "inputs",
        "name",
        "operations",
        "outputs",
        "types",
    )

    def __init__(
        self,
        name: str,
        inputs: Iterable[int],
        constants: dict[int, Any],
        operations: Sequence[Operation],
        outputs: Iterable[int],
        types: Sequence[tuple[tuple[int, ...], Any]],
        decisions: Sequence[Decision] = (),
    ) -> None:
        self.name = name
        self.inputs = tuple(inputs)
        self.constants = constants
        self.operations = operations
        self.outputs = tuple(outputs)
        self.types = types
        self.decisions = decisions
        self._released = _last_reads(operations, self.outputs)

    def run(
        self, values: Sequence[Any], perform: Callable[[Operation, list[Any]], Any] | None = None
    ) -> list[Any]:
        """Return the outputs at other values of the inputs, all one layer down.

        A value is dropped when it was read for the last time. `perform`, if given, evaluates each
        operation on its operands.
        """
        slots: list[Any] = [None] * len(self.types)
        for slot, value in self.constants.items():
            slots[slot] = value
        for slot, value in zip(self.inputs, values, strict=True):
            slots[slot] = value
        for operation, released in zip(self.operations, self._released, strict=True):
            operands = [slots[slot] for slot in operation.operands]
            if perform is None:
                z = evaluate(operation.function, operands, operation.params)
            else:
                z = perform(operation, operands)
            if operation.several:
                for slot, each in zip(operation.results, z, strict=True):
                    slots[slot] = each
            else:
                slots[operation.results[0]] = z
            del operands, z
            for slot in released:
                slots[slot] = None
        return [slots[slot] for slot in self.outputs]

    def check(self, values: Sequence[Any]) -> list[Any]:
        """Return the outputs as `run` does, if the decisions are as they were recorded.

        Raises
        ------
        RecordedDecisionError
            If the Python code asked for numbers that are others now: it might do something else.
        """
        decisions = self.decisions
        if not decisions:
            return self.run(values)
        program = self.returning([*self.outputs, *[decision.slot for decision in decisions]])
        results = program.run(values)
        count = len(self.outputs)
        for decision, value in zip(decisions, results[count:], strict=True):
            now = value.concrete() if isinstance(value, Tracer) else value
            if not np.array_equal(now, decision.answer, equal_nan=True):
                raise RecordedDecisionError(self.name, decision.answer, now)
        return results[:count]

    def returning(self, outputs: Iterable[int]) -> Program:
        """Return the same program with other outputs."""
        return Program(
            self.name,
            self.inputs,
            self.constants,
            self.operations,
            outputs,
            self.types,
            self.decisions,
        )

    def __repr__(self) -> str:
        return f"<program of {len(self.operations)} operations: {self.name}>"


def _last_reads(operations: Sequence[Operation], outputs: Sequence[int]) -> list[list[int]]:
    """Return for each operation the slots that nobody reads after it."""
    seen = set(outputs)
    released: list[list[int]] = []
    for operation in reversed(operations):
        slots = []
        for slot in (*operation.operands, *operation.results):
            if slot not in seen:
                seen.add(slot)
                slots.append(slot)
        released.append(slots)
    released.reverse()
    return released


def evaluate(function: Any, values: Sequence[Any], params: dict[str, Any]) -> Any:
    """Apply a function one layer down: raw values in, raw values out; or tracers."""
    for value in values:
        if type(value) not in RAW:
            z = function.apply(*values, **params)
            return tuple(map(unwrap, z)) if type(z) is tuple else unwrap(z)
    return function.call(*values, **params)


# --- recording -----------------------------------------------------------------------------------


class Recorded(Tracer):
    """An array of a program that is being recorded; `slot` is its number there."""

    __slots__ = ("slot",)

    derivative = False

    def __init__(self, owner: GraphTrace, value: Any, slot: int) -> None:
        self.owner = owner
        self.value = value
        self.slot = slot

    def concrete(self) -> Any:
        answer = super().concrete()
        self.owner.decisions.append(Decision(self.slot, self.value, own(answer)))
        return answer


class Stopped(Recorded):
    """An array of a program that is differentiated later: its value is cut off from derivatives."""

    __slots__ = ()

    derivative = True


class Below(StopGradient):
    """The same numbers, as a recording inside of others has them: see `stop`."""


class GraphTrace(Trace):
    """The record of one run of a function.

    Attributes
    ----------
    kind : type
        `Recorded`; or `Stopped`, and then the run itself is hidden from outer transforms that
        follow derivatives.
    values : dict
        The results, one layer down, of the operations for which `keeps` says so, by slot.
    captured : list of (int, Tracer)
        Values of outer transforms that the function uses without getting them as arguments, and
        their slots: further inputs of the program.
    """

    __slots__ = (
        "_known",
        "captured",
        "constants",
        "decisions",
        "keeps",
        "kind",
        "operations",
        "types",
        "values",
    )

    def __init__(
        self,
        name: str,
        kind: type[Recorded] = Recorded,
        keeps: Callable[[GraphTrace, Operation], bool] | None = None,
    ) -> None:
        super().__init__(name)
        self.kind = kind
        self.keeps = keeps
        self.values: dict[int, Any] = {}
        self.captured: list[tuple[int, Tracer]] = []
        self.constants: dict[int, Any] = {}
        self.decisions: list[Decision] = []
        self.operations: list[Operation] = []
        self.types: list[tuple[tuple[int, ...], Any]] = []
        # By identity; the array is kept with its slot, so that no other one gets its address.
        self._known: dict[int, tuple[int, Any, Any]] = {}

    def add(self, value: Any) -> int:
        """Return a new slot for a value like this."""
        array = value if hasattr(value, "dtype") else np.asarray(value)
        self.types.append((array.shape, array.dtype))
        return len(self.types) - 1

    def input(self, value: Any) -> Recorded:
        """Return a new tracer of a value one layer down, which nothing has computed."""
        if self.kind is Stopped:
            value = stop(value)
        return self.kind(self, value, self.add(value))

    def process(self, function: Any, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        if self.closed:
            raise EscapedTracerError(
                next(a for a in args if isinstance(a, Tracer) and a.owner is self)
            )
        if function is Below and self.kind is Stopped:
            return args[0].value
        slots: list[int] = []
        values: list[Any] = []
        for arg in args:
            if isinstance(arg, Recorded) and arg.owner is self:
                slot, value = arg.slot, arg.value
            else:
                slot, value = self.find(arg)
            slots.append(slot)
            values.append(value)
        z = evaluate(function, values, params)
        several = type(z) is tuple
        results = z if several else (z,)
        for each in results:
            if type(each) not in RAW:
                self._check_older(function, each)
        tracers = [self.kind(self, each, self.add(each)) for each in results]
        places = tuple([tracer.slot for tracer in tracers])
        operation = Operation(function, params, tuple(slots), places, several)
        self.operations.append(operation)
        if self.keeps is not None and self.keeps(self, operation):
            self.values.update(zip(places, results, strict=True))
        return tuple(tracers) if several else tracers[0]

    def find(self, x: Any) -> tuple[int, Any]:
        """Return the slot of a constant or captured value, and the value one layer down."""
        known = self._known.get(id(x))
        if known is not None and (type(x) is not np.ndarray or _same(x, known[1])):
            return known[0], known[1]
        if isinstance(x, Tracer):
            value = stop(x) if self.kind is Stopped else x
            slot = self.add(value)
            self.captured.append((slot, x))
        else:
            value = x.value if type(x) is Array else x
            if type(value) is np.ndarray:
                if value.dtype.kind not in NUMERIC_KINDS:
                    raise ArrayDTypeError(value.dtype)
                # The program may run after somebody changed it.
                value = value.copy("K") if value.flags.writeable else own(value)
            slot = self.add(value)
            self.constants[slot] = value
        if isinstance(x, (Array, np.ndarray)):
            self._known[id(x)] = (slot, value, x)
        return slot, value

    def program(self, inputs: Iterable[Recorded], outputs: Iterable[int]) -> Program:
        """Return what was recorded; the captured values are inputs behind the others."""
        return Program(
            self.name,
            (*[x.slot for x in inputs], *[slot for slot, _ in self.captured]),
            self.constants,
            self.operations,
            outputs,
            self.types,
            self.decisions,
        )

    def _check_older(self, function: Any, z: Any) -> None:
        """Raise if a user's forward brought a traced value that is not among its arguments."""
        if isinstance(z, Tracer):
            hidden = derivative_layer(z) if self.kind is Stopped else None
            if z.owner.id >= self.id or hidden is not None:
                raise CapturedTracerError(
                    function.__name__, (z if hidden is None else hidden).owner.name
                )


def _same(x: Any, copy: Any) -> bool:
    """Whether an array is as it was when it was copied."""
    return x.dtype == copy.dtype and np.array_equal(x, copy)


def stop(x: Any) -> Any:
    """Return a value one layer down without the layers that follow derivatives."""
    while isinstance(x, Tracer) and x.derivative:
        x = x.value
    return unwrap(x if derivative_layer(x) is None else Below.apply(x))


def derivative_layer(x: Any) -> Tracer | None:
    """Return the first layer that follows derivatives."""
    while isinstance(x, Tracer):
        if x.derivative:
            return x
        x = x.value
    return None


class Recording(NamedTuple):
    """A run of a function, as `record_program` returns it."""

    program: Program
    captured: list[Any]
    """The values of the last inputs of the program, as the function found them."""
    leaves: list[Any]
    """What the function returned: tracers of the recording among other leaves."""
    structure: Any
    trace: GraphTrace


def record_program(
    function: Callable[..., Any], values: Sequence[Any], trace: GraphTrace
) -> Recording:
    """Run ``function(*tracers)`` and record what it does.

    The outputs of the program are the leaves of the result that are tracers of the recording, in
    order.
    """
    try:
        inputs = [trace.input(value) for value in values]
        leaves, structure = tree.flatten(function(*inputs))
    finally:
        trace.closed = True
    outputs = [leaf.slot for leaf in leaves if is_own(leaf, trace)]
    captured = [x for _, x in trace.captured]
    return Recording(trace.program(inputs, outputs), captured, leaves, structure, trace)


def is_own(x: Any, trace: GraphTrace) -> bool:
    """Whether x is a tracer of this recording."""
    return isinstance(x, Recorded) and x.owner is trace


def is_array(leaf: Any) -> bool:
    """Whether a leaf of the arguments is an array, which a recording follows; not a number."""
    return isinstance(leaf, Array) or (
        isinstance(leaf, np.ndarray) and leaf.dtype.kind in NUMERIC_KINDS
    )


def static_places(numbers: int | Sequence[int], count: int) -> set[int]:
    """Return which of `count` positional arguments `static_argnums` names."""
    numbers = (numbers,) if isinstance(numbers, int) else numbers
    return {number + count if number < 0 else number for number in numbers} & set(range(count))


def is_recorded(x: Any) -> bool:
    """Whether a recording, at any level, follows x."""
    while isinstance(x, Tracer):
        if isinstance(x, Recorded):
            return True
        x = x.value
    return False
