"""Checkpoints: compute again on the way back what would take memory to keep.

A checkpointed function is recorded as a program while it runs. On the tape it is one operation,
which keeps its inputs and what a policy names. On the way back the program runs again, on a tape of
its own.

The same holds at every level: whatever a transform makes of the operation, its gradient for
instance, is again one operation that keeps its inputs, if a tape further out would record it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from fungrad import tree
from fungrad.array import RAW, unwrap
from fungrad.function import Function
from fungrad.trace import Tracer, innermost
from fungrad.transforms.batch import Batched, BatchTrace, join, lift, spread
from fungrad.transforms.call import Transformed, public, raw_leaf
from fungrad.transforms.forward import Dual, JVPTrace
from fungrad.transforms.graph import (
    GraphTrace,
    Operation,
    Program,
    Recording,
    Stopped,
    derivative_layer,
    evaluate,
    is_array,
    is_own,
    is_recorded,
    record_program,
    static_places,
)
from fungrad.transforms.known import Known, can_be_known
from fungrad.transforms.policies import Name, Policy, everything_saveable
from fungrad.transforms.rows import Rows
from fungrad.transforms.tape import Tape, Taped, record, zeros


class Body(Protocol):
    """What a checkpointed operation does.

    The last `kept` of its outputs are saved by the tape, and given to `resume` when the body runs
    again. `name` is for messages.
    """

    kept: int
    name: str

    def run(self, values: Sequence[Any]) -> list[Any]:
        """Return the outputs, all one layer down."""

    def resume(self, values: Sequence[Any], saved: Sequence[Any]) -> list[Any]:
        """Return the outputs, of which the last ones are known."""


class Outcome:
    """The outputs of a body, without their derivatives, as they were when it was recorded.

    They are for the first run, which is at the same values; after that they would take memory.
    """

    __slots__ = ("_outputs",)

    def __init__(self, outputs: list[Any] | None) -> None:
        self._outputs = outputs

    def take(self) -> list[Any] | None:
        """Return the outputs, the first time; None otherwise."""
        outputs, self._outputs = self._outputs, None
        return outputs


class Checkpointed(Function):
    """A body as one operation: on the tape it keeps its inputs, and computes the rest again."""

    trusted = True

    @classmethod
    def call(cls, *values: Any, body: Body, outcome: Outcome | None = None) -> Any:
        if any(map(is_taped, values)):
            return tuple(map(unwrap, cls.apply(*values, body=body, outcome=outcome)))
        return tuple(_run(body, values, outcome))

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        body = params["body"]
        z = cls.call(*values, **params)
        saved = z[len(z) - body.kept :]
        for each in saved:
            if type(each) is np.ndarray and each.base is None:
                each.flags.writeable = False  # so that nobody needs to copy it
        return z, (values, saved, body)

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        values, saved, body = notes
        results: list[Any] = [None] * len(values)
        wanted = [position for position, parent in enumerate(parents) if parent >= 0]
        used = [
            position
            for position, each in enumerate(gradient)
            if type(each) not in RAW or np.any(each)
        ]
        if used:
            pulled = Pulled(body, len(values), len(saved), wanted, used)
            given = [gradient[position] for position in used]
            found = cls.call(*values, *saved, *given, body=pulled)
            for position, each in zip(wanted, found, strict=True):
                results[position] = each
        return results

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        moved = [position for position, tangent in enumerate(tangents) if tangent is not None]
        given = [tangents[position] for position in moved]
        pushed = Pushed(params["body"], len(values), moved)
        # Two operations, so that the values do not seem to depend on the tangents.
        return cls.call(*values, **params), cls.call(*values, *given, body=pushed)

    @classmethod
    def across(cls, trace: BatchTrace, args: Sequence[Any], params: dict[str, Any]) -> Any:
        body, outcome = params["body"], params["outcome"]
        if not any(map(is_taped, args)):
            return tuple(map(public, _run(body, list(map(unwrap, args)), outcome)))
        rows = trace.rows  # or fewer, in a branch
        values = []
        batched = []
        for arg in args:
            own = type(arg) is Batched and arg.owner is trace
            if own:
                rows, arg = arg.narrow()
            values.append(arg)
            batched.append(own)
        mapped = Mapped(body, rows, batched)
        known = None if outcome is None else outcome.take()
        if known is not None and rows is trace.rows:
            outcome = Outcome([spread(each, trace) for each in known])
        results = cls.apply(*values, body=mapped, outcome=outcome)
        return tuple([Batched(trace, unwrap(z), rows) for z in results])


def _run(body: Body, values: Sequence[Any], outcome: Outcome | None) -> Any:
    """Return the outputs of a body: those which are known, if there is no derivative to them."""
    known = None if outcome is None else outcome.take()
    if known is None or any(derivative_layer(value) is not None for value in values):
        return body.run(values)
    if not _traces(known) <= _traces(values):  # a trace between has taken its layer off
        return body.run(values)
    return known


def _traces(values: Sequence[Any]) -> set[int]:
    """Return the ids of all traces whose layers the values have."""
    found = set()
    for x in values:
        while isinstance(x, Tracer):
            found.add(x.owner.id)
            x = x.value
    return found


# --- bodies --------------------------------------------------------------------------------------


class Plain:
    """A program, which also returns what is in the slots `more` and `slots`; these are kept."""

    def __init__(
        self, program: Program, more: Sequence[int] = (), slots: Sequence[int] = ()
    ) -> None:
        self.program = program.returning((*program.outputs, *more, *slots))
        self.slots = slots
        self.kept = len(slots)
        self.name = program.name

    def run(self, values: Sequence[Any]) -> list[Any]:
        return self.program.run(values)

    def resume(self, values: Sequence[Any], saved: Sequence[Any]) -> list[Any]:
        known = dict(zip(self.slots, saved, strict=True))

        def perform(operation: Operation, operands: list[Any]) -> Any:
            function, params = operation.function, operation.params
            slot = operation.results[0]
            if slot not in known:
                return evaluate(function, operands, params)
            if not isinstance(innermost(operands), Tape):
                return known[slot]
            given = (*operands, known[slot])
            return Known.apply(*given, function=function, count=len(operands), params=params)

        return self.program.run(values, perform)


class Derived:
    """A body made from another one; it keeps nothing."""

    kept = 0

    def __init__(self, body: Body) -> None:
        self.body = body
        self.name = body.name

    def run(self, values: Sequence[Any]) -> list[Any]:
        """Return the outputs, all one layer down."""
        raise NotImplementedError

    def resume(self, values: Sequence[Any], saved: Sequence[Any]) -> list[Any]:
        return self.run(values)


class Pulled(Derived):
    """The gradients of the inputs `wanted`.

    Its arguments are the values of a body (`count`), what was kept (`kept`), and the gradients of
    the outputs `used`.
    """

    def __init__(
        self, body: Body, count: int, saved: int, wanted: Sequence[int], used: Sequence[int]
    ) -> None:
        super().__init__(body)
        self.count, self.saved, self.wanted, self.used = count, saved, wanted, used

    def run(self, values: Sequence[Any]) -> list[Any]:
        inputs = list(values[: self.count])
        end = self.count + self.saved
        saved, gradients = values[self.count : end], values[end:]

        def run(*tracers: Any) -> tuple[Any, None]:
            for position, tracer in zip(self.wanted, tracers, strict=True):
                inputs[position] = tracer
            outputs = self.body.resume(inputs, saved)
            return [outputs[position] for position in self.used], None

        starts = [inputs[position] for position in self.wanted]
        _, _, taped = record(run, starts, self.name)
        return taped.pull(gradients, consume=True)


class Pushed(Derived):
    """The tangents of the outputs.

    Its arguments are the values of a body (`count`), and the tangents of the inputs `moved`.
    """

    def __init__(self, body: Body, count: int, moved: Sequence[int]) -> None:
        super().__init__(body)
        self.count, self.moved = count, moved

    def run(self, values: Sequence[Any]) -> list[Any]:
        inputs, tangents = list(values[: self.count]), values[self.count :]
        trace = JVPTrace(f"jvp of {self.name}")
        try:
            for position, tangent in zip(self.moved, tangents, strict=True):
                inputs[position] = Dual(trace, inputs[position], tangent)
            outputs = self.body.run(inputs)
        finally:
            trace.closed = True
        return [
            each.tangent
            if type(each) is Dual and each.owner is trace
            else zeros(each.shape, each.dtype)
            for each in outputs
        ]


class Mapped(Derived):
    """A body on some rows of a batch."""

    def __init__(self, body: Body, rows: Rows, batched: Sequence[bool]) -> None:
        super().__init__(body)
        self.rows, self.batched = rows, batched

    def run(self, values: Sequence[Any]) -> list[Any]:
        title = f"vmap of {self.name}"
        with BatchTrace(title, self.rows.axis, self.rows) as trace:
            inputs = [
                lift(trace, value) if own else value
                for value, own in zip(values, self.batched, strict=True)
            ]
            parts = trace.run(lambda: [spread(z, trace) for z in self.body.run(inputs)])
        return [
            join([(rows, results[position]) for rows, results in parts], title)
            for position in range(len(parts[0][1]))
        ]


def is_taped(x: Any) -> bool:
    """Whether a tape, of a transform at any level, records what is done with x.

    A program that will be differentiated later counts as one.
    """
    while isinstance(x, Tracer):
        if isinstance(x, (Taped, Stopped)) or (type(x) is Dual and is_taped(x.tangent)):
            return True
        x = x.value
    return False


# --- the transform -------------------------------------------------------------------------------


class _Checkpoint(Transformed):
    verb = "checkpoint"

    def __init__(
        self,
        function: Callable[..., Any],
        policy: Policy | None,
        static_argnums: int | Sequence[int],
    ) -> None:
        super().__init__(function)
        if policy is not None and not callable(policy):
            raise TypeError(
                f"checkpoint: policy is a function, such as those of "
                f"fungrad.checkpoint_policies, got {policy!r}"
            )
        self.policy = policy
        self.static_argnums = static_argnums

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        static = static_places(self.static_argnums, len(args))
        dynamic = [arg for position, arg in enumerate(args) if position not in static]
        leaves, structure = tree.flatten((dynamic, kwargs))
        places = [position for position, leaf in enumerate(leaves) if is_array(leaf)]
        given = [leaves[position] for position in places]
        if self.policy is everything_saveable or not any(map(is_taped, given)):
            return self.function(*args, **kwargs)

        def run(*tracers: Any) -> Any:
            for position, tracer in zip(places, tracers, strict=True):
                leaves[position] = tracer
            rest, new_kwargs = tree.unflatten(structure, leaves)
            others = iter(rest)
            new_args = [arg if i in static else next(others) for i, arg in enumerate(args)]
            return self.function(*new_args, **new_kwargs)

        values = list(map(raw_leaf, given))
        keeps = None if self.policy is None else self._keeps
        recording = record_program(run, values, GraphTrace(self.title, Stopped, keeps))
        results = iter(self._apply(recording, given))
        return tree.unflatten(
            recording.structure,
            [next(results) if is_own(leaf, recording.trace) else leaf for leaf in recording.leaves],
        )

    def _apply(self, recording: Recording, given: list[Any]) -> Sequence[Any]:
        """Return the outputs of the recorded program, computed on the arguments themselves."""
        program = recording.program
        values = [*given, *recording.captured]
        outputs = [leaf.value for leaf in recording.leaves if is_own(leaf, recording.trace)]
        count = len(outputs)
        # A recording around this one must know what was decided by the values inside.
        decisions = program.decisions if any(map(is_recorded, values)) else ()
        if not outputs and not decisions:
            return ()
        kept = _known_values(program, recording.trace.values)
        body = Plain(program, [decision.slot for decision in decisions], tuple(kept))
        outputs += [*[decision.value for decision in decisions], *kept.values()]
        results = Checkpointed.apply(*values, body=body, outcome=Outcome(outputs))
        for decided in results[count : count + len(decisions)]:
            if isinstance(decided, Tracer):
                decided.concrete()
        return results[:count]  # type: ignore[no-any-return]

    def _keeps(self, trace: GraphTrace, operation: Operation) -> bool:
        assert self.policy is not None
        shapes = [trace.types[slot][0] for slot in operation.operands]
        return bool(self.policy(operation.function, *shapes, **operation.params))


def _known_values(program: Program, values: dict[int, Any]) -> dict[int, Any]:
    """Return the values to keep, by slot, so that a policy's choice is not computed again."""
    producers = {slot: each for each in program.operations for slot in each.results}
    known = {}
    for slot, value in values.items():
        while slot in producers and producers[slot].function is Name:
            slot = producers[slot].operands[0]
        if slot in producers and can_be_known(producers[slot].function):
            known[slot] = value
    return known


def checkpoint(
    fun: Callable[..., Any],
    *,
    prevent_cse: bool = True,
    policy: Policy | None = None,
    static_argnums: int | Sequence[int] = (),
) -> Callable[..., Any]:
    """Return a function that takes less memory to differentiate, and more time.

    `grad` keeps every intermediate result of `fun` until the way back. Of a checkpointed function
    it keeps the arguments only, and computes the rest again when it comes to need it. Its Python
    code runs once all the same: what it does is recorded.

    Parameters
    ----------
    fun : callable
        A pure function of trees of arrays.
    prevent_cse : bool
        Without effect; for programs that were written for JAX.
    policy : callable, optional
        Says which intermediate results are kept and not computed again; see
        `fungrad.checkpoint_policies`. None, when left out.
    static_argnums : int or sequence of int
        Positional arguments that are passed on as they are. (Only arrays are followed anyway:
        numbers, strings and functions need not be named here.)

    Returns
    -------
    callable
        The same function of the same arguments, with the same derivatives of every order. Where no
        array among the arguments is being differentiated in reverse mode, it is `fun` itself.

    Examples
    --------
    >>> def layers(x):
    ...     for _ in range(100):
    ...         x = fnp.sin(x)
    ...     return x
    >>> fg.grad(lambda x: fg.checkpoint(layers)(x))(1.0)
    Array(0.00369862, dtype=float64)
    """
    return _Checkpoint(fun, policy, static_argnums)


remat = checkpoint

__all__ = ["Body", "Checkpointed", "Plain", "checkpoint", "is_taped", "remat"]
