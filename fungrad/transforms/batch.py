"""Batching: a function of single examples, run on all examples at once.

The batch axis is axis 0 of every batched value inside; only `vmap` itself moves axes. A rule's
family says how it runs on batches. For a Function that has only `forward` and `backward`, its
`forward` runs once on batched values, inside a Function whose `backward` does the same with the
gradients, so that the user's own rule stays in use.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from fungrad import tree
from fungrad.array import Array
from fungrad.errors import BatchSizeError, CapturedTracerError, EscapedTracerError
from fungrad.function import Context, Function, fit, settle
from fungrad.trace import Trace, Tracer
from fungrad.transforms.call import name_of, public, raw_leaf
from fungrad.transforms.tape import strip


class Batched(Tracer):
    """One example as the function sees it; `value` has all examples along axis 0."""

    __slots__ = ()

    def __init__(self, owner: BatchTrace, value: Any) -> None:
        self.owner = owner
        self.value = value

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one example."""
        return self.value.shape[1:]  # type: ignore[no-any-return]

    def __bool__(self) -> bool:
        raise self._branch("bool(x)")

    def __int__(self) -> int:
        raise self._branch("int(x)")

    def __index__(self) -> int:
        raise self._branch("an index or a range")

    def _branch(self, what: str) -> TypeError:
        return TypeError(
            f"{what} of a value batched by {self.owner.name} has {self.owner.size} answers, one "
            "for each example; choose with fnp.where instead"
        )


class BatchTrace(Trace):
    """A run of a function on `size` examples at once."""

    __slots__ = ("size",)

    def __init__(self, name: str, size: int) -> None:
        super().__init__(name)
        self.size = size

    def process(self, function: Any, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        if self.closed:
            raise EscapedTracerError(
                next(a for a in args if isinstance(a, Tracer) and a.owner is self)
            )
        values: list[Any] = []
        batched: list[bool] = []
        for arg in args:
            own = type(arg) is Batched and arg.owner is self
            batched.append(own)
            values.append(arg.value if own or type(arg) is Array else arg)
        if function.batch is not None:
            z, flags = function.batch(self.size, batched, values, params)
        else:
            z, flags = batch_function(function, self.size, batched, values, params)
        if type(z) is tuple:
            if not isinstance(flags, tuple):
                flags = (flags,) * len(z)
            return tuple([self._wrap(function, *pair) for pair in zip(z, flags, strict=True)])
        return self._wrap(function, z, flags)

    def _wrap(self, function: Any, z: Any, batched: bool) -> Any:
        if isinstance(z, Tracer) and z.owner.id >= self.id:
            raise CapturedTracerError(function.__name__, z.owner.name)
        return Batched(self, z) if batched else public(z)


def batch_function(
    function: type[Function],
    size: int,
    batched: Sequence[bool],
    values: Sequence[Any],
    params: dict[str, Any],
) -> tuple[Any, Any]:
    """Run a user's Function on batches: by its own `vmap`, or by its forward on batched values."""
    if function.vmap is not None:
        z, flags = function.vmap(size, tuple(batched), *values, **params)
        return (tuple(map(settle, z)) if isinstance(z, (tuple, list)) else settle(z)), flags
    z = BatchedCall.apply(
        *values, function=function, size=size, batched=tuple(batched), params=params
    )
    return (tuple(map(_lower, z)) if type(z) is tuple else _lower(z)), True


def _lower(x: Any) -> Any:
    return x.value if type(x) is Array else x


class BatchedCall(Function):
    """A user's Function on a batch, as one operation with a gradient of its own."""

    @staticmethod
    def forward(ctx: Context, *values: Any, **params: Any) -> Any:
        function, size, batched = params["function"], params["size"], params["batched"]
        trace = BatchTrace(f"vmap of {function.__name__}", size)
        inner = Context(ctx.needs_input_grad)
        try:
            args = [
                Batched(trace, value) if own else value
                for value, own in zip(values, batched, strict=True)
            ]
            results = function._run(inner, args, params["params"])
            several = type(results) is tuple
            outputs = tuple(
                _spread(result, trace) for result in (results if several else (results,))
            )
        finally:
            trace.closed = True
        # Everything in the notebook is wrapped again by `backward`, for a trace of its own.
        ctx.saved_values["notebook"] = _unload(inner, trace)
        ctx.saved_values["mark"] = trace.id
        # Of one example: `fit` must sum over what forward repeated before the batch axis is back.
        ctx.saved_values["shapes"] = [getattr(arg, "shape", ()) for arg in args]
        ctx.saved_values["call"] = params
        return outputs if several else outputs[0]

    @staticmethod
    def backward(ctx: Context, *gradients: Any) -> Any:
        params = ctx.saved_values["call"]
        function, size, batched = params["function"], params["size"], params["batched"]
        trace = BatchTrace(f"vmap of {function.__name__}.backward", size)
        try:
            inner = _load(ctx, trace)
            wrapped = tuple(Batched(trace, gradient) for gradient in gradients)
            parents = range(len(batched))
            results = function.pull(inner, parents, wrapped if len(wrapped) > 1 else wrapped[0])
            pulled = [
                None
                if result is None
                else _spread(fit(result, shape, result.dtype, function, position), trace)
                for position, (result, shape) in enumerate(
                    zip(results, ctx.saved_values["shapes"], strict=True)
                )
            ]
        finally:
            trace.closed = True
        # What all examples share gets the sum of their gradients.
        summed = [
            gradient if own or gradient is None else np.sum(gradient, axis=0)
            for gradient, own in zip(pulled, batched, strict=True)
        ]
        return tuple(summed)


def _spread(result: Any, trace: BatchTrace) -> Any:
    """Return a value with the batch axis; what does not depend on the example is repeated."""
    if type(result) is Batched and result.owner is trace:
        return result.value
    return np.broadcast_to(result, (trace.size, *np.shape(result)))


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
            return _Marked(x.value, trace.id)
        return x

    contents = (context.saved_tensors, context.saved_values, dict(context.__dict__))
    return tree.map(mark, contents)


def _load(ctx: Context, trace: BatchTrace) -> Context:
    """Build the inner notebook again for another trace: the inverse of `_unload`."""
    mark = ctx.saved_values["mark"]

    def own(x: Any) -> bool:
        return type(x) is _Marked and x.mark == mark

    context = Context(ctx.needs_input_grad)
    context.saved_tensors, values, attributes = tree.map(
        lambda x: Batched(trace, x.value) if own(x) else x,
        ctx.saved_values["notebook"],
        is_leaf=own,
    )
    context.saved_values.update(values)
    context.__dict__.update(attributes)
    return context


def vmap(function: Callable[..., Any], in_axes: Any = 0, out_axes: Any = 0) -> Callable[..., Any]:
    """Return a function that runs `function` on each example along an axis of its arguments.

    Parameters
    ----------
    function : callable
        A pure function of positional arguments, written for one example.
    in_axes : int, None or tuple of those
        The axis of the examples, for each argument; None where all examples share it.
    out_axes : int
        Where the axis of the examples stands in each result.

    Returns
    -------
    callable
        Takes arguments with the additional axis, returns results with it.

    Raises
    ------
    BatchSizeError
        By the result, if the sizes along the axes differ.

    Examples
    --------
    >>> from fungrad.transforms.batch import vmap
    >>> vmap(fnp.dot)(fnp.ones((3, 2)), fnp.ones((3, 2)))
    Array([2., 2., 2.], dtype=float64)
    """

    def mapped(*args: Any) -> Any:
        title = f"vmap of {name_of(function)}"
        axes = tuple(in_axes) if isinstance(in_axes, (tuple, list)) else (in_axes,) * len(args)
        flat: list[Any] = []
        structures = []
        for arg, axis in zip(args, axes, strict=True):
            leaves, structure = tree.flatten(arg)
            structures.append(structure)
            for leaf in leaves:
                value = raw_leaf(leaf)
                if axis is not None and axis != 0:
                    value = np.moveaxis(value, axis, 0)
                flat.append((value, axis is not None))
        sizes = {value.shape[0] for value, own in flat if own}
        if len(sizes) != 1:
            raise BatchSizeError(title, sizes)
        trace = BatchTrace(title, sizes.pop())
        try:
            tracers = iter([Batched(trace, v) if own else public(v) for v, own in flat])
            output = function(
                *[
                    tree.unflatten(s, [next(tracers) for _ in range(s.num_leaves)])
                    for s in structures
                ]
            )
        finally:
            trace.closed = True

        def finish(leaf: Any) -> Any:
            if not (type(leaf) is Batched and leaf.owner is trace):
                leaf = settle(strip(leaf, trace))
            value = _spread(leaf, trace)
            return public(value if out_axes == 0 else np.moveaxis(value, 0, out_axes))

        return tree.map(finish, output)

    return mapped
