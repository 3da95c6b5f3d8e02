"""The tape: the record of one run of a function, and the walk back along it.

The tape is a list. While the function runs, every operation on a traced value appends an entry:
the operation, what its backward pass needs, and where its inputs stand in the list. Afterwards the
list is walked once from the end to the start; each entry turns the gradient of its output into
gradients of its inputs. There is no recursion and nothing to sort: execution order is an order in
which every result stands behind its inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

from fungrad.array import NUMERIC_KINDS, RAW, Array
from fungrad.errors import (
    ArrayDTypeError,
    CapturedTracerError,
    EscapedTracerError,
    FungradError,
    OutputTypeError,
)
from fungrad.function import fit
from fungrad.rules.chain import Guarded
from fungrad.rules.placed import Placed
from fungrad.trace import Trace, Tracer
from fungrad.transforms.call import own, public, raw_leaf

Entry = tuple[Any, Any, tuple[int, ...], Any, Any]
"""(function, notes, parents, shapes and dtypes of the inputs or None, those of several outputs)"""

FLOAT64 = np.dtype(float)
SMALL = 4096  # elements; below, adding in place gains nothing


class Taped(Tracer):
    """An array on the tape; `index` is its place there."""

    __slots__ = ("index",)

    def __init__(self, owner: Tape, value: Any, index: int) -> None:
        self.owner = owner
        self.value = value
        self.index = index


class Tape(Trace):
    """The record of one run of a function."""

    __slots__ = ("entries", "masked")

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.entries: list[Entry | None] = []
        self.masked = -1  # the last entry that makes zeros of gradients on purpose

    def leaf(self, value: Any) -> Taped:
        """Put an input on the tape."""
        self.entries.append(None)
        return Taped(self, value, len(self.entries) - 1)

    def process(self, function: Any, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        if self.closed:
            raise EscapedTracerError(
                next(a for a in args if isinstance(a, Tracer) and a.owner is self)
            )
        nested = False
        if len(args) == 1:
            value = args[0].value
            values = [value]
            parents = (args[0].index,)
            if type(value) not in RAW:
                nested = True
        else:
            values = []
            places = []
            for value in args:
                kind = type(value)
                if kind is Taped and value.owner is self:
                    places.append(value.index)
                    value = value.value
                else:
                    places.append(-1)
                    if kind is Array:
                        value = value.value
                    elif kind is np.ndarray:
                        if value.dtype.kind not in NUMERIC_KINDS:
                            raise ArrayDTypeError(value.dtype)
                        # The walk back may come after somebody changed it.
                        value = value.copy("K") if value.flags.writeable else own(value)
                if type(value) not in RAW:
                    nested = True
                values.append(value)
            # A tuple of numbers, unlike a list, is of no interest to the garbage collector.
            parents = tuple(places)
        if not function.differentiable:
            return function.apply(*values, **params)
        z, notes = function.linearize(values, parents, params, nested)
        kind = type(z)
        like = None
        if kind is np.float64:  # nothing to check, and usually nothing to fit
            for parent, value in zip(parents, values):
                if parent >= 0 and type(value) is not kind:
                    if not (function.exact and value.dtype is FLOAT64):
                        like = _shapes(parents, values)
                    break
        elif kind is tuple:
            return self._record_several(function, z, notes, parents, values)
        else:
            dtype = z.dtype
            if not function.trusted:
                self._check_older(function, z)
                if dtype.kind not in "fc":
                    return public(z)
            shape = None if function.exact else z.shape
            for parent, value in zip(parents, values):
                if parent >= 0 and (
                    value.dtype is not dtype or (shape is not None and value.shape != shape)
                ):
                    like = _shapes(parents, values)
                    break
        entries = self.entries
        if function.masks:
            self.masked = len(entries)
        entries.append((function, notes, parents, like, None))
        return Taped(self, z, len(entries) - 1)

    def _record_several(
        self,
        function: Any,
        z: tuple[Any, ...],
        notes: Any,
        parents: tuple[int, ...],
        values: list[Any],
    ) -> tuple[Any, ...]:
        """Record an operation with several results: one entry, one place for each of them."""
        index = len(self.entries)
        if function.masks:
            self.masked = index
        outputs = [(each.shape, each.dtype) for each in z]
        # The walk meets the entry last of its places, when all gradients are there.
        self.entries.append((function, notes, parents, _shapes(parents, values), outputs))
        self.entries.extend([None] * (len(z) - 1))
        results: list[Any] = []
        for offset, each in enumerate(z):
            if not function.trusted:
                self._check_older(function, each)
            exact = each.dtype.kind not in "fc"
            results.append(public(each) if exact else Taped(self, each, index + offset))
        return tuple(results)

    def _check_older(self, function: Any, z: Any) -> None:
        """Raise if a user's forward brought a traced value of this trace, or of a younger one."""
        if isinstance(z, Tracer) and z.owner.id >= self.id:
            raise CapturedTracerError(function.__name__, z.owner.name)


def _shapes(parents: tuple[int, ...], values: list[Any]) -> list[Any]:
    return [
        (value.shape, value.dtype) if parent >= 0 else None
        for parent, value in zip(parents, values, strict=True)
    ]


class _Alarm:
    """Called by NumPy when 0 * inf or the like happens: `rung` says that it has."""

    __slots__ = ("rung",)

    def __init__(self) -> None:
        self.rung = False

    def __call__(self, kind: str, flag: int) -> None:
        self.rung = True


def walk(entries: list[Any], cotangents: list[Any], masked: int, consume: bool) -> None:
    """Carry the cotangents from the end of the tape to its leaves.

    `cotangents` has a place for each of the entries; those of the leaves remain in it. With
    `consume` the entries are dropped as the walk passes them, and the memory that they held falls.

    A zero gradient stays zero where it meets an infinite or NaN derivative. Up to the entry
    `masked` zeros are to be expected, and products are guarded. Elsewhere the alarm of the
    floating-point unit tells, at no cost, that an operation must be repeated so.
    """
    alarm = _Alarm()
    # Derivatives are infinite where values are not; NumPy's warnings are for the values.
    with np.errstate(all="ignore", invalid="call", call=alarm):
        _walk(entries, cotangents, masked, consume, alarm)


def _walk(
    entries: list[Any], cotangents: list[Any], masked: int, consume: bool, alarm: _Alarm
) -> None:
    summed: set[int] = set()
    for index in range(len(entries) - 1, -1, -1):
        entry = entries.pop() if consume else entries[index]
        if entry is None:
            continue
        function, notes, parents, like, outputs = entry
        if outputs is None:
            gradient = cotangents[index]
            if gradient is None:
                continue
            cotangents[index] = None
        else:
            gradient = _gather(cotangents, index, outputs)
            if gradient is None:
                continue
        if index <= masked and function.cautious:
            gradients = function.pull(notes, parents, Guarded(gradient))
        elif index <= masked and function.trusted and _all_zero(gradient):
            continue  # zero, whatever the derivative is
        else:
            gradients = function.pull(notes, parents, gradient)
            if alarm.rung:
                alarm.rung = False
                if function.cautious:
                    gradients = function.pull(notes, parents, Guarded(gradient))
                    alarm.rung = False
        if like is not None:
            gradients = [
                None
                if each is None or wanted is None
                else fit(each, wanted[0], wanted[1], function, position)
                for position, (each, wanted) in enumerate(zip(gradients, like, strict=True))
            ]
        elif not function.trusted:
            gradients = [
                None
                if each is None or parent < 0
                else fit(each, gradient.shape, gradient.dtype, function, position)
                for position, (each, parent) in enumerate(zip(gradients, parents, strict=True))
            ]
        for parent, each in zip(parents, gradients):
            if each is None or parent < 0:
                continue
            so_far = cotangents[parent]
            if type(each) is Placed:
                cotangents[parent] = each.added_to(so_far, parent in summed)
                summed.add(parent)
            elif so_far is None:
                cotangents[parent] = each
            elif type(so_far) is not np.ndarray or type(each) is not np.ndarray:
                cotangents[parent] = so_far + each
            elif parent in summed:
                np.add(so_far, each, out=so_far)  # a sum made here, which nobody else holds
            elif function.cautious and each is not gradient and each.size > SMALL:
                cotangents[parent] = np.add(so_far, each, out=each)  # a product made just now
                summed.add(parent)
            else:
                cotangents[parent] = so_far + each
                if each.size > SMALL:
                    summed.add(parent)


def _gather(cotangents: list[Any], index: int, outputs: list[Any]) -> tuple[Any, ...] | None:
    """Return the cotangents of several outputs, zeros for missing ones; None if all are."""
    end = index + len(outputs)
    found = cotangents[index:end]
    cotangents[index:end] = [None] * len(outputs)
    if all(each is None for each in found):
        return None
    return tuple(
        zeros(shape, dtype if dtype.kind in "fc" else np.dtype(float)) if each is None else each
        for each, (shape, dtype) in zip(found, outputs, strict=True)
    )


def _all_zero(x: Any) -> bool:
    if type(x) is np.ndarray:
        return x.size > 0 and not x.item(0) and not np.count_nonzero(x)
    return type(x) in RAW and not x


def _has_zeros(x: Any) -> bool:
    return bool(np.count_nonzero(x) < x.size) if type(x) is np.ndarray else not x


def zeros(shape: tuple[int, ...], dtype: Any) -> Any:
    """Return zeros as a raw value: a NumPy scalar where there are no axes."""
    return np.zeros(shape, dtype) if shape else dtype.type(0)


class Record:
    """A taped run: its entries, and where its inputs and outputs stand there."""

    __slots__ = ("inputs", "outputs", "tape")

    def __init__(self, tape: Tape, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        self.tape = tape
        self.inputs = [(x.index if type(x) is Taped else -1, x.shape, x.dtype) for x in inputs]
        self.outputs = [y.index if type(y) is Taped and y.owner is tape else -1 for y in outputs]

    def pull(self, cotangents: Sequence[Any], consume: bool = False) -> list[Any]:
        """Return the cotangents of the inputs from those of the outputs, all one layer down."""
        entries = self.tape.entries
        slots: list[Any] = [None] * len(entries)
        for index, cotangent in zip(self.outputs, cotangents, strict=True):
            if index >= 0:
                so_far = slots[index]
                slots[index] = cotangent if so_far is None else so_far + cotangent
        masked = self.tape.masked
        for cotangent in cotangents:
            if type(cotangent) not in RAW or _has_zeros(cotangent):
                masked = len(entries)
        walk(entries, slots, masked, consume)
        results = []
        for index, shape, dtype in self.inputs:
            found = slots[index] if index >= 0 else None
            if found is None:  # not used, or integers, which have no derivative
                found = zeros(shape, dtype if index >= 0 else np.dtype(float))
            results.append(found)
        return results


TAPES: ContextVar[Callable[[str], Tape]] = ContextVar("TAPES", default=Tape)
"""What `record` makes; in debugging these are tapes that note lines of the user's code."""


def record(
    function: Callable[..., Any], values: Sequence[Any], title: str
) -> tuple[Sequence[Any], Any, Record]:
    """Run ``function(*tracers)``, which returns (leaves, anything), on a new tape.

    Returns the leaves, still traced, the other thing, and the record. Values with an integer dtype
    are constants.
    """
    tape = TAPES.get()(title)
    try:
        tracers = [
            tape.leaf(value) if value.dtype.kind in "fc" else public(value) for value in values
        ]
        outputs, rest = function(*tracers)
        return outputs, rest, Record(tape, tracers, outputs)
    finally:
        tape.closed = True


def strip(x: Any, trace: Trace) -> Any:
    """Return a result of the function under `trace` as the caller of the transform sees it.

    Raises
    ------
    EscapedTracerError
        If it belongs to a transform that has already returned.
    CapturedTracerError
        If it belongs to a transform that started later and still runs.
    """
    if isinstance(x, Tracer):
        if x.owner is trace:
            return public(x.value)
        if x.owner.closed:
            raise EscapedTracerError(x)
        if x.owner.id > trace.id:
            raise CapturedTracerError(trace.name, x.owner.name)
    return x


def strip_output(x: Any, trace: Trace) -> Any:
    """Return an output leaf as `strip` does, numbers as arrays; raise if it is neither."""
    try:
        return public(raw_leaf(strip(x, trace)))
    except TypeError as error:
        if isinstance(error, FungradError):
            raise
        raise OutputTypeError(trace.name, x) from None
