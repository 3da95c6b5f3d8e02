"""Batching: a function of single examples, run on all examples at once.

The batch axis is axis 0 of every batched value inside; only `vmap` itself moves axes. A rule's
family says how it runs on batches. For a Function that has only `forward` and `backward`, its
`forward` runs once on batched values, inside a Function whose `backward` does the same with the
gradients, so that the user's own rule stays in use.

Where Python needs to know a batched value (`if x > 0`), and the examples differ, the batch is
split: the run goes on with the examples that agree, and the function runs again, later, for the
others; it is pure, so this changes nothing. Everything computed before holds all examples still,
and is narrowed when it is next used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar, Token
from typing import Any, NamedTuple

import numpy as np

from fungrad import tree
from fungrad.array import Array
from fungrad.errors import BatchedShapeError, CapturedTracerError, EscapedTracerError, NoValueError
from fungrad.function import Context, Function, fit, settle
from fungrad.trace import Trace, Tracer
from fungrad.transforms.call import public
from fungrad.transforms.rows import Axis, Memory, Rows, take

running: ContextVar[dict[Any, BatchTrace]] = ContextVar("running", default={})  # noqa: B039
"""The traces that run, by their axes and by the names of these. (The dict is never changed.)"""

parts: ContextVar[dict[Axis, Rows]] = ContextVar("parts", default={})  # noqa: B039
"""Where a branch runs on a part of a batch: the rows of the part, by axis."""


class Batched(Tracer):
    """One example as the function sees it; `value` has the examples of `rows` along axis 0."""

    __slots__ = ("_narrowed", "rows")

    derivative = False

    def __init__(self, owner: BatchTrace, value: Any, rows: Rows) -> None:
        self.owner = owner
        self.value = value
        self.rows = rows
        self._narrowed: tuple[Rows, Any] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one example."""
        return self.value.shape[1:]  # type: ignore[no-any-return]

    def lower(self) -> Any:
        """Return the examples that are still being run."""
        return self.narrow()[1]

    def narrow(self) -> tuple[Rows, Any]:
        """Return the rows that are still being run, and the value for these."""
        current = self.owner.rows
        if self.rows is current:
            return current, self.value
        if self._narrowed is None or self._narrowed[0] is not current:
            # The cache is for the whole run of a part: the same value may be used in every step.
            part, positions = current.within(self.rows)
            value = self.value if part is self.rows else take(self.value, positions)
            self._narrowed = (current, (part, value))
        return self._narrowed[1]

    def concrete(self) -> Any:
        """Return what the examples agree on; split the batch if they do not."""
        trace = self.owner
        open_part = parts.get().get(trace.axis)
        if open_part is None:
            answer = trace.memory.recall(None, (self,), {})
            if answer is not None:
                return answer
        rows, value = self.narrow()
        if open_part is not None:  # what other examples would answer does not matter here
            common, positions = open_part.within(rows)
            if common.size:
                rows, value = common, take(value, positions)
        answers = value.concrete() if isinstance(value, Tracer) else value
        answer = trace.decide(self, rows, answers)
        if open_part is None:
            trace.memory.note(None, (self,), {}, answer, 0)
        return answer


class BatchTrace(Trace):
    """A run of a function on the examples along an axis.

    Attributes
    ----------
    axis : Axis
        The axis of the examples.
    rows : Rows
        Those that are being run now.
    """

    __slots__ = ("_pending", "_token", "axis", "memory", "rows")

    def __init__(self, name: str, axis: int | Axis, rows: Rows | None = None) -> None:
        super().__init__(name)
        self.axis = axis if isinstance(axis, Axis) else Axis(axis)
        self.rows = self.axis.everything if rows is None else rows
        self.memory = Memory()
        self._pending: list[tuple[Rows, Memory]] = []
        self._token: Token[dict[Any, BatchTrace]] | None = None

    def __enter__(self) -> BatchTrace:
        known = {**running.get(), self.axis: self}
        if self.axis.name is not None:
            known[self.axis.name] = self
        self._token = running.set(known)
        return self

    def __exit__(self, *exception: object) -> None:
        assert self._token is not None
        running.reset(self._token)
        self.closed = True
        self.memory = Memory()  # its tracers lead back here
        self._pending = []

    def run(self, thunk: Callable[[], Any]) -> list[tuple[Rows, Any]]:
        """Call `thunk` for each part into which it splits the batch; return the parts' results."""
        results = []
        self._pending = [(self.rows, self.memory)]
        while self._pending:
            self.rows, self.memory = self._pending.pop()
            result = thunk()
            results.append((self.rows, result))
        return results

    def decide(self, tracer: Any, rows: Rows, answers: Any) -> Any:
        """Return one answer, and go on with the rows that gave it."""
        if not rows.size:
            return self.answer_of_none(tracer, answers)
        chosen, *others = rows.groups(answers)
        if others:
            for other in others:
                self._pending.append((other, self.memory.prefix()))
            if rows is self.rows:
                self.rows = chosen
            else:  # in a branch on a part of the batch: the rest is not concerned
                self.rows = self.rows.without(rows).together(chosen)
        return answers[np.searchsorted(rows.indices, chosen.indices[0])]

    def answer_of_none(self, tracer: Any, answers: Any) -> Any:
        """Return an answer where no example is asked.

        That is so on the way back through a branch whose examples have all been put off. What is
        computed there has no elements, so any answer will do; no loop goes on for ever with False.

        Raises
        ------
        NoValueError
            If there are no examples at all.
        """
        if not self.rows.size:
            raise NoValueError(tracer)
        return np.zeros(answers.shape[1:], answers.dtype)[()]

    def process(self, function: Any, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        if self.closed:
            raise EscapedTracerError(
                next(a for a in args if isinstance(a, Tracer) and a.owner is self)
            )
        memory = self.memory
        known = memory.recall(function, args, params)
        if known is not None:
            return known
        result = NotImplemented
        if function.across is not None:
            result = function.across(self, args, params)
        if result is NotImplemented:
            result = self._apply(function, args, params)
        outputs = result if type(result) is tuple else (result,)
        size = sum([each.value.nbytes for each in outputs])
        memory.note(function, args, params, result, size)
        return result

    def _apply(self, function: Any, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        current = self.rows
        rows = None
        values: list[Any] = []
        batched: list[bool] = []
        for arg in args:
            if type(arg) is Batched and arg.owner is self:
                batched.append(True)
                part, value = (current, arg.value) if arg.rows is current else arg.narrow()
                if rows is None:
                    rows = part
                elif part is not rows:
                    raise AssertionError("values of different parts of a batch met")
                values.append(value)
            else:
                batched.append(False)
                values.append(arg.value if type(arg) is Array else arg)
        assert rows is not None
        if function.batch is not None:
            z, flags = function.batch(rows.size, batched, values, params)
        else:
            z, flags = batch_function(function, rows, batched, values, params)
        if type(z) is tuple:
            if not isinstance(flags, tuple):
                flags = (flags,) * len(z)
            return tuple([self._wrap(function, *pair, rows) for pair in zip(z, flags, strict=True)])
        return self._wrap(function, z, flags, rows)

    def _wrap(self, function: Any, z: Any, batched: bool, rows: Rows) -> Any:
        if isinstance(z, Tracer) and z.owner.id >= self.id:
            raise CapturedTracerError(function.__name__, z.owner.name)
        return Batched(self, z, rows) if batched else public(z)


def lift(trace: BatchTrace, value: Any) -> Batched:
    """Return a value with the batch axis in front as the function under `trace` sees it."""
    return Batched(trace, value, trace.rows)


def spread(result: Any, trace: BatchTrace) -> Any:
    """Return a value with the batch axis; what does not depend on the example is repeated."""
    if type(result) is Batched and result.owner is trace:
        return result.lower()
    result = settle(result)
    return np.broadcast_to(result, (trace.rows.size, *np.shape(result)))


def join(parts: Sequence[tuple[Rows, Any]], title: str) -> Any:
    """Return the values of parts of a batch as one, in the order of the examples.

    Raises
    ------
    BatchedShapeError
        If the shapes of one example differ between the parts.
    """
    if len(parts) == 1:
        return parts[0][1]
    shapes = {value.shape[1:]: rows for rows, value in parts}
    if len(shapes) > 1:
        raise BatchedShapeError(
            title, {shape: int(rows.indices[0]) for shape, rows in shapes.items()}
        )
    order = np.argsort(np.concatenate([rows.indices for rows, _ in parts]), kind="stable")
    return take(np.concatenate([value for _, value in parts]), order)


# --- Functions without a batching rule of ours ---------------------------------------------------


def batch_function(
    function: type[Function],
    rows: Rows,
    batched: Sequence[bool],
    values: Sequence[Any],
    params: dict[str, Any],
) -> tuple[Any, Any]:
    """Run a user's Function on batches: by its own `vmap`, or by its forward on batched values."""
    if function.vmap is not None:
        z, flags = function.vmap(rows.size, tuple(batched), *values, **params)
        return (tuple(map(settle, z)) if isinstance(z, (tuple, list)) else settle(z)), flags
    try:
        z = BatchedCall.apply(
            *values, function=function, rows=rows, batched=tuple(batched), params=params
        )
    except CapturedTracerError as error:
        if error.function != BatchedCall.__name__:
            raise
        raise CapturedTracerError(function.__name__, error.transform) from None
    return (tuple(map(_lower, z)) if type(z) is tuple else _lower(z)), True


def _lower(x: Any) -> Any:
    return x.value if type(x) is Array else x


class BatchedCall(Function):
    """A user's Function on a batch, as one operation with a gradient of its own."""

    @staticmethod
    def forward(ctx: Context, *values: Any, **params: Any) -> Any:
        function, rows, batched = params["function"], params["rows"], params["batched"]
        title = f"vmap of {function.__name__}"
        with BatchTrace(title, rows.axis, rows) as trace:
            args = [
                Batched(trace, value, rows) if own else value
                for value, own in zip(values, batched, strict=True)
            ]

            def run() -> Any:
                inner = Context(ctx.needs_input_grad)
                results = function._run(inner, args, params["params"])
                several = type(results) is tuple
                outputs = [spread(each, trace) for each in (results if several else (results,))]
                # Everything in the notebook is wrapped again by `backward`, for its own trace.
                return outputs, several, _unload(inner, trace)

            parts = trace.run(run)
        ctx.saved_values["notebooks"] = [(part, run[2]) for part, run in parts]
        ctx.saved_values["mark"] = trace.id
        # Of one example: `fit` must sum over what forward repeated before the batch axis is back.
        ctx.saved_values["shapes"] = [getattr(arg, "shape", ()) for arg in args]
        ctx.saved_values["call"] = params
        outputs = [
            join([(part, each) for (part, _), each in zip(parts, column, strict=True)], title)
            for column in zip(*[run[0] for _, run in parts], strict=True)
        ]
        return tuple(outputs) if parts[0][1][1] else outputs[0]

    @staticmethod
    def backward(ctx: Context, *gradients: Any) -> Any:
        call = ctx.saved_values["call"]
        function, rows, batched = call["function"], call["rows"], call["batched"]
        shapes, mark = ctx.saved_values["shapes"], ctx.saved_values["mark"]
        title = f"vmap of {function.__name__}.backward"
        parts: list[tuple[Rows, list[Any]]] = []
        for part, contents in ctx.saved_values["notebooks"]:
            trace = BatchTrace(title, rows.axis, part)
            positions = part.within(rows)[1]
            given = [each if part is rows else take(each, positions) for each in gradients]

            inner = _load(ctx.needs_input_grad, contents, mark, trace)
            wrapped = tuple([lift(trace, each) for each in given])
            gradient = wrapped if len(wrapped) > 1 else wrapped[0]

            def run(trace: Any = trace, inner: Any = inner, gradient: Any = gradient) -> Any:
                results = function.pull(inner, range(len(batched)), gradient)
                return [
                    None
                    if result is None
                    else spread(fit(result, shape, result.dtype, function, position), trace)
                    for position, (result, shape) in enumerate(zip(results, shapes, strict=True))
                ]

            with trace:
                parts += trace.run(run)
        return tuple(
            [
                _collect([(part, pulled[position]) for part, pulled in parts], own, title)
                for position, own in enumerate(batched)
            ]
        )


def _collect(parts: list[tuple[Rows, Any]], own: bool, title: str) -> Any:
    """Join the gradients of an input; what all examples share gets the sum of theirs."""
    known = next((gradient for _, gradient in parts if gradient is not None), None)
    if known is None:
        return None
    filled = [
        (rows, np.zeros((rows.size, *known.shape[1:]), known.dtype) if g is None else g)
        for rows, g in parts
    ]
    joined = join(filled, title)
    return joined if own else np.sum(joined, axis=0)


class _Marked(NamedTuple):
    """A value that was batched when it was put into a notebook, by the trace of that id.

    A tree, so that what an outer transform sees in it can be marked in turn.
    """

    value: Any
    mark: int


def _unload(context: Context, trace: BatchTrace) -> Any:
    """Take a notebook apart: its contents one layer down, with marks on what was batched."""

    def mark(x: Any) -> Any:
        if type(x) is Batched and x.owner is trace:
            return _Marked(x.lower(), trace.id)
        return x

    contents = (context.saved_tensors, context.saved_values, dict(context.__dict__))
    return tree.map(mark, contents)


def _load(needs: Any, contents: Any, mark: int, trace: BatchTrace) -> Context:
    """Build the inner notebook again for another trace: the inverse of `_unload`."""

    def own(x: Any) -> bool:
        return type(x) is _Marked and x.mark == mark

    context = Context(needs)
    context.saved_tensors, values, attributes = tree.map(
        lambda x: lift(trace, x.value) if own(x) else x, contents, is_leaf=own
    )
    context.saved_values.update(values)
    context.__dict__.update(attributes)
    return context
