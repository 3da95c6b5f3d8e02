"""Parts of a batch: branches of one function that run on their own examples, then join again.

Python's own control flow splits a batch for the rest of the run. A branch that is given as a
function (`fungrad.lax.cond`) can do better: it runs on the examples that take it, and its result
joins those of the other branches. Inside, a value that the branch closes over is restricted to the
examples of the part as soon as it meets one of the branch's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import Token
from typing import Any

import numpy as np

from fungrad import tree
from fungrad.array import Array
from fungrad.errors import (
    AxisNameError,
    BatchedOutputError,
    CapturedTracerError,
    EscapedTracerError,
)
from fungrad.rules.families import Rule
from fungrad.trace import Trace, Tracer
from fungrad.transforms.batch import Batched, BatchTrace, join, parts, running
from fungrad.transforms.call import public
from fungrad.transforms.graph import Recorded
from fungrad.transforms.rows import Axis, Rows, take
from fungrad.transforms.tape import strip_output, zeros


def partition(x: Any, axis: Axis | None = None) -> tuple[Axis | None, list[tuple[Any, Any]]]:
    """Return the answers of the examples of a batch, each with its rows.

    Without a batch, or if all examples agree, there is one answer and no axis. Inside of a part it
    is so, too: there the batch is split for the rest of the run, as by Python's ``if``, for a part
    of a part would have to restrict what the outer part has restricted. `axis` is for a loop that
    runs on a part, and asks again along the same axis.

    Raises
    ------
    NoValueError
        If there are no examples.
    """
    layer = x
    # A recording must know what was decided, which `concrete` tells it.
    while isinstance(layer, Tracer) and not isinstance(layer, Recorded):
        if type(layer) is Batched:
            if parts.get() if axis is None else layer.owner.axis is not axis:
                break
            rows, value = layer.narrow()
            answers = value.concrete() if isinstance(value, Tracer) else value
            if not rows.size:
                return None, [(layer.owner.answer_of_none(layer, answers), None)]
            groups = rows.groups(answers)
            if len(groups) == 1:
                break
            first = np.searchsorted(rows.indices, [group.indices[0] for group in groups])
            return rows.axis, [
                (answers[position], group) for position, group in zip(first, groups, strict=True)
            ]
        layer = layer.lower()
    return None, [(x.concrete() if isinstance(x, Tracer) else public(x).value, None)]


class Member(Tracer):
    """A value in a branch; `value` is restricted to the examples of the branch."""

    __slots__ = ()

    derivative = False

    def __init__(self, owner: PartTrace, value: Any) -> None:
        self.owner = owner
        self.value = value


class PartTrace(Trace):
    """A run of a branch on the examples that take it; use it in a ``with`` statement."""

    __slots__ = ("_restricted", "_token", "axis", "rows")

    def __init__(self, name: str, axis: Axis, rows: Rows) -> None:
        super().__init__(name)
        self.axis = axis
        self.rows = rows
        self._restricted: dict[int, tuple[Any, Any]] = {}
        self._token: Token[dict[Axis, Rows]] | None = None

    def __enter__(self) -> PartTrace:
        self._token = parts.set({**parts.get(), self.axis: self.rows})
        return self

    def __exit__(self, *exception: object) -> None:
        assert self._token is not None
        parts.reset(self._token)
        self.closed = True
        self._restricted = {}

    def enter(self, operands: Any) -> Any:
        """Return a tree of values as the branch sees it."""

        def lift(x: Any) -> Any:
            if not isinstance(x, Tracer) or x.owner is self:
                return x
            return Member(self, self._restrict(x))

        return tree.map(lift, operands)

    def leave(self, results: Any) -> Any:
        """Return a tree of results, restricted to the examples of the branch."""

        def lower(x: Any) -> Any:
            if isinstance(x, Member) and x.owner is self:
                return public(x.value)
            # A value that the branch closes over, or a constant.
            return self._restrict(strip_output(x, self))

        return tree.map(lower, results)

    def process(self, function: Any, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        if self.closed:
            raise EscapedTracerError(
                next(a for a in args if isinstance(a, Tracer) and a.owner is self)
            )
        values = []
        for arg in args:
            if isinstance(arg, Tracer):
                arg = arg.value if arg.owner is self else self._restrict(arg)
            values.append(arg)
        z = function.apply(*values, **params)
        if type(z) is tuple:
            return tuple([self._wrap(function, each) for each in z])
        return self._wrap(function, z)

    def _wrap(self, function: Any, z: Any) -> Any:
        if not isinstance(z, Tracer):
            return z
        if z.owner.id >= self.id:
            raise CapturedTracerError(function.__name__, z.owner.name)
        return Member(self, z)

    def _restrict(self, x: Any) -> Any:
        if not isinstance(x, Tracer):
            return x
        found = self._restricted.get(id(x))
        if found is None:
            found = (x, restrict(x, self.axis, self.rows))
            self._restricted[id(x)] = found  # with x itself, so that its id is not used again
        return found[1]


def merge(axis: Axis, rows: Sequence[Rows], results: Sequence[Any], title: str) -> Any:
    """Return the results of branches, trees, as one tree for all their examples.

    Raises
    ------
    BatchedOutputError
        If the structures differ.
    """
    flat = [tree.flatten(result) for result in results]
    structure = flat[0][1]
    for _, other in flat[1:]:
        if other != structure:
            raise BatchedOutputError(
                title,
                f"one branch returned {structure} and another {other}; all must return one "
                "structure",
            )
    columns = zip(*[leaves for leaves, _ in flat], strict=True)
    leaves = [Merge.apply(*column, axis=axis, rows=tuple(rows), title=title) for column in columns]
    return tree.unflatten(structure, leaves)


# --- the operations ------------------------------------------------------------------------------


def restrict(x: Any, axis: Axis, rows: Rows) -> Any:
    """Return a traced value for some of the examples along an axis."""
    layer = x
    while isinstance(layer, Tracer):
        if type(layer) is Batched and layer.owner.axis is axis:
            return Restrict.apply(x, axis=axis, rows=rows, whole=layer.narrow()[0])
        layer = layer.lower()
    return Restrict.apply(x, axis=axis, rows=rows, whole=find_batch(axis, (x,)).rows)


def find_batch(axis: Axis, values: Sequence[Any]) -> BatchTrace:
    """Return the trace that runs along an axis.

    Raises
    ------
    AxisNameError
        If the vmap has returned.
    """
    found = running.get().get(axis)
    if found is not None:
        return found
    for layer in values:  # in another thread
        while isinstance(layer, Tracer):
            if type(layer) is Batched and layer.owner.axis is axis:
                return layer.owner  # type: ignore[no-any-return]
            layer = layer.value
    raise AxisNameError.over()


class Across(Rule):
    """An operation between the examples of one batch; every other trace sees it as one of many."""

    @classmethod
    def apply(cls, *args: Any, **params: Any) -> Any:
        found: Trace = find_batch(params["axis"], args)
        for arg in args:
            if isinstance(arg, Tracer) and arg.owner.id > found.id:
                found = arg.owner
        return found.process(cls, args, params)

    @classmethod
    def call(cls, *values: Any, **params: Any) -> Any:
        z = cls.apply(*values, **params)
        return z.value if type(z) is Array else z

    @classmethod
    def across(cls, trace: BatchTrace, args: Sequence[Any], params: dict[str, Any]) -> Any:
        """Apply it to values as the function under `trace` sees them."""
        if params["axis"] is not trace.axis:
            return NotImplemented
        return cls.combine(trace, args, params)

    @classmethod
    def combine(cls, trace: BatchTrace, args: Sequence[Any], params: dict[str, Any]) -> Any:
        """Do what it does, between examples."""
        raise NotImplementedError

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        return cls.call(*values, **params), params

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        spread = [
            value if own else np.broadcast_to(value, (size, *np.shape(value)))
            for value, own in zip(values, batched, strict=True)
        ]
        return cls.call(*spread, **params), True


class Restrict(Across):
    """A value for some of the examples: those of `rows`, out of `whole`."""

    masks = True

    @classmethod
    def combine(cls, trace: BatchTrace, args: Sequence[Any], params: dict[str, Any]) -> Any:
        (x,) = args
        if not (type(x) is Batched and x.owner is trace):
            return public(x)  # the same for all of them
        rows, _ = trace.rows.within(params["rows"])
        part, value = x.narrow()
        rows, positions = rows.within(part)
        return Batched(trace, take(value, positions), rows)

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        return (Expand.call(gradient, **notes),)

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return cls.call(*values, **params), cls.call(*tangents, **params)


class Expand(Across):
    """A value for the examples of `whole`, zero for those that are not in `rows`."""

    @classmethod
    def combine(cls, trace: BatchTrace, args: Sequence[Any], params: dict[str, Any]) -> Any:
        (x,) = args
        whole, _ = trace.rows.within(params["whole"])
        rows, value = _part(trace, x, params["rows"])
        rest = whole.without(rows)
        nothing = zeros((rest.size, *value.shape[1:]), value.dtype)
        return Batched(trace, join([(rows, value), (rest, nothing)], trace.name), whole)

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        return (Restrict.call(gradient, **notes),)

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return cls.call(*values, **params), cls.call(*tangents, **params)


class Merge(Across):
    """The values of several branches, each for its `rows`, as one."""

    masks = True

    @classmethod
    def combine(cls, trace: BatchTrace, args: Sequence[Any], params: dict[str, Any]) -> Any:
        pieces = [_part(trace, x, rows) for x, rows in zip(args, params["rows"], strict=True)]
        pieces = [piece for piece in pieces if piece[0].size]
        whole = pieces[0][0]
        for rows, _ in pieces[1:]:
            whole = whole.together(rows)
        return Batched(trace, join(pieces, params["title"]), whole)

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        return [
            None if parent < 0 else restrict_raw(gradient, notes["axis"], rows)
            for parent, rows in zip(parents, notes["rows"], strict=True)
        ]

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        filled = [
            zeros(np.shape(x), x.dtype) if t is None else t
            for x, t in zip(values, tangents, strict=True)
        ]
        return cls.call(*values, **params), cls.call(*filled, **params)


def restrict_raw(x: Any, axis: Axis, rows: Rows) -> Any:
    """Return a value one layer down for some of the examples."""
    return restrict(x, axis, rows) if isinstance(x, Tracer) else x


def _part(trace: BatchTrace, x: Any, rows: Rows) -> tuple[Rows, Any]:
    """Return a value for some rows with its batch axis, as far as these are still run."""
    alive, _ = trace.rows.within(rows)
    if type(x) is Batched and x.owner is trace:
        part, value = x.narrow()
        if part is not alive:
            value = take(value, alive.within(part)[1])
        return alive, value
    x = x.value if type(x) is Array else x
    return alive, np.broadcast_to(x, (alive.size, *np.shape(x)))


__all__ = ["PartTrace", "merge", "partition", "restrict"]
