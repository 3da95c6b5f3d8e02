"""Loops whose steps are functions: `scan`, `fori_loop`, `map`.

All of them are Python loops and run at once, so the functions may use Python's own control flow.
What they add is bookkeeping: slices are taken and results stacked by one operation for the whole
loop, the carry is checked, and checkpoints bound the memory of the way back.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from fungrad import tree
from fungrad.array import Array
from fungrad.errors import (
    LoopLengthError,
    StepOutputError,
    TreeMismatchError,
    describe,
)
from fungrad.lax.carry import Carry, Number
from fungrad.lax.conditionals import while_loop
from fungrad.numpy.common import as_array, lift
from fungrad.numpy.joining import concatenate
from fungrad.numpy.shapes import flip
from fungrad.rules import shape as rules
from fungrad.trace import Tracer
from fungrad.transforms.call import name_of
from fungrad.transforms.checkpoint import checkpoint as checkpointed
from fungrad.transforms.checkpoint import is_taped
from fungrad.transforms.parts import partition
from fungrad.transforms.shapes import ShapeDtypeStruct, eval_shape
from fungrad.transforms.vmap import vmap

Rows = list[list[Any]]
"""The leaves of what each step returned to be collected."""

# --- steps ---------------------------------------------------------------------------------------


class _Loop:
    """A function from (carry, x) to (carry, y), step by step."""

    def __init__(self, function: Callable[[Any, Any], Any], carry: Carry) -> None:
        self.function = function
        self.title = carry.title
        self.carry = carry
        self.output: Any = None

    def first(self, x: Any) -> tuple[Any, list[Any]]:
        """Do the first step; again, if it widens the initial carry."""
        while True:
            carry, y = self.call(self.carry.initial(), x, 0)
            if not self.carry.widen(carry):
                break
        leaves, self.output = tree.flatten(y)
        return self.carry.check(carry, 0), [self.collect(leaf) for leaf in leaves]

    def rest(self, carry: Any, items: Iterable[Any], start: int) -> tuple[Any, Rows]:
        """Do further steps."""
        check, collect, match = self.carry.check, self.collect, self.output.flatten_up_to
        rows: Rows = []
        for step, x in enumerate(items, start):
            value, y = self.call(carry, x, step)
            carry = check(value, step)
            try:
                leaves = match(y)
            except TreeMismatchError:
                where = f"{self.title}, after step {step}"
                try:
                    self.output.flatten_up_to(y, caller=where, name="y")
                except TreeMismatchError as error:
                    raise StepOutputError(str(error)) from None
            rows.append([leaf if isinstance(leaf, Array) else collect(leaf) for leaf in leaves])
        return carry, rows

    def call(self, carry: Any, x: Any, step: int) -> tuple[Any, Any]:
        """Call the function."""
        result = self.function(carry, x)
        if type(result) is tuple and len(result) == 2:
            return result
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            raise StepOutputError.pair(self.title, step, result)
        return result[0], result[1]

    def collect(self, leaf: Any) -> Any:
        """Return a leaf to collect as an array, safe from later changes."""
        return leaf if isinstance(leaf, Array) else as_array(lift(leaf, self.title))

    def stack(self, rows: Rows) -> list[Any]:
        """Return the leaves of the steps stacked, for each place in the structure."""
        return [self._stack(position, column) for position, column in enumerate(zip(*rows))]

    def _stack(self, position: int, column: Sequence[Any]) -> Any:
        shape = column[0].shape
        for step, leaf in enumerate(column):
            if leaf.shape != shape:
                path = tree.format_path("y", self.output.paths()[position])
                first, given = describe(column[0]), describe(leaf)
                raise StepOutputError.shape(self.title, path, step, first, given)
        return rules.Stack.apply(*column, axis=0)


class _Slices:
    """What the steps of scan get: the slices of arrays along their first axis."""

    def __init__(self, structure: Any) -> None:
        self.structure = structure

    def __call__(self, columns: Sequence[Any], steps: range) -> Iterator[Any]:
        if self.structure is tree.LEAF:
            return iter(rules.Unstack.apply(columns[0], axis=0))
        if not columns:
            return itertools.repeat(self.structure.unflatten(()), len(steps))
        slices = [rules.Unstack.apply(column, axis=0) for column in columns]
        return (self.structure.unflatten(each) for each in zip(*slices))


def _run(
    loop: _Loop,
    columns: Sequence[Any],
    steps: range,
    items: Callable[[Sequence[Any], range], Iterable[Any]],
    segment: int | None = None,
) -> tuple[Any, list[Any]]:
    """Return the last carry, and the leaves of what the steps returned, stacked.

    There is one step at least. ``items(columns, steps)`` has what the steps get. With a length of
    segments the steps behind the first one are done in checkpointed segments.
    """
    if segment is None:
        xs = iter(items(columns, steps))
        carry, row = loop.first(next(xs))
        carry, rows = loop.rest(carry, xs, 1)
        return loop.carry.final(carry), loop.stack([row, *rows])
    starts = [0, *range(1, len(steps), segment), len(steps)]
    edges = tuple(itertools.pairwise(starts))
    pieces = list(zip(*[rules.Split.apply(column, axis=0, edges=edges) for column in columns]))
    pieces = pieces or [()] * len(edges)
    carry, row = loop.first(next(iter(items(pieces[0], steps[:1]))))
    stacked = [loop.stack([row])]
    for piece, (start, stop) in zip(pieces[1:], edges[1:]):
        carry, part = _run_segment(loop, carry, piece, steps[start:stop], items, start, row)
        stacked.append(part)
    return loop.carry.final(carry), [concatenate(parts) for parts in zip(*stacked)]


def _run_segment(
    loop: _Loop, carry: Any, columns: Any, steps: range, items: Any, start: int, row: list[Any]
) -> tuple[Any, list[Any]]:
    """Do some steps, to be done again on the way back."""
    leaves, structure = tree.flatten(carry)

    def run(arrays: list[Any], columns: Any, _: Any) -> tuple[Any, list[Any]]:
        others = iter(arrays)
        given = [leaf if type(leaf) is Number else next(others) for leaf in leaves]
        value, rows = loop.rest(structure.unflatten(given), items(columns, steps), start)
        return value, loop.stack(rows)

    arrays = [leaf for leaf in leaves if type(leaf) is not Number]
    # If the function closes over all that is differentiated, a result shows that it is.
    given = any(is_taped(each) for each in (*arrays, *columns))
    witness = [] if given else [leaf for leaf in row if is_taped(leaf)][:1]
    return checkpointed(run)(arrays, columns, witness)  # type: ignore[no-any-return]


def _title(name: str, function: Any) -> str:
    """Return what messages call a loop."""
    if not callable(function):
        raise TypeError(f"{name} takes a function, got {function!r}")
    return f"{name} of {name_of(function)}"


def _segment(checkpoint: bool | int | None, count: int, title: str) -> int | None:
    """Return the number of steps in a checkpointed segment."""
    if checkpoint is None or checkpoint is False:
        return None
    if checkpoint is True:
        return max(1, math.isqrt(count))
    length = operator.index(checkpoint)
    if length < 1:
        raise ValueError(f"{title}: checkpoint is True or a number of steps, got {checkpoint}")
    return length


# --- scan ----------------------------------------------------------------------------------------


def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
    *,
    checkpoint: bool | int | None = None,
) -> tuple[Any, Any]:
    """Carry a value from step to step, and collect what each step returns.

    It does what this loop does, with one operation for all slices and one to stack the results::

        carry, ys = init, []
        for x in xs:
            carry, y = f(carry, x)
            ys.append(y)
        return carry, fnp.stack(ys)

    Parameters
    ----------
    f : callable
        Takes the carry and a slice of `xs`; returns a pair, the next carry and what is to be
        collected. It may use Python's control flow, and other values of the enclosing function.
    init : tree of arrays
        The first carry. The structure and the shapes stay the same in every step, and so do the
        dtypes, but for numbers, integers and booleans in `init`, which are widened to what the
        first step makes of them.
    xs : tree of arrays, optional
        All of one length along axis 0, the number of steps.
    length : int, optional
        The number of steps; needed if `xs` is left out.
    reverse : bool
        Whether to go from the last slice to the first; `ys` are in the order of `xs` all the same.
    unroll : int or bool
        Without effect; for programs that were written for JAX.
    checkpoint : bool or int, optional
        Bounds the memory of reverse mode: the steps are done in segments, and those of a segment
        again on the way back. True chooses segments of about the square root of the number of
        steps; an int is their length.

    Returns
    -------
    carry : tree of arrays
        The last carry.
    ys : tree of arrays
        What the steps returned, stacked along a new axis 0.

    Raises
    ------
    CarryError
        If a step returns a carry of another structure, shape or dtype.
    StepOutputError
        If `f` returns no pair, or results that cannot be stacked.
    LoopLengthError
        If the leaves of `xs` do not have one length, or that is not `length`.

    Examples
    --------
    >>> def step(total, x):
    ...     total = total + x
    ...     return total, total**2
    >>> fg.lax.scan(step, 0.0, fnp.array([1.0, 2.0, 3.0]))
    (Array(6., dtype=float64), Array([ 1.,  9., 36.], dtype=float64))
    """
    title = _title("scan", f)
    columns, structure, count = _read(xs, "xs", length, title)
    if reverse:
        columns = [flip(column, 0) for column in columns]
    loop = _Loop(f, Carry(title, "carry", init))
    segment = _segment(checkpoint, count, title)
    if count:
        carry, stacked = _run(loop, columns, range(count), _Slices(structure), segment)
    else:
        carry, stacked = _no_steps(loop, columns, structure)
    if reverse:
        stacked = [flip(column, 0) for column in stacked]
    return carry, loop.output.unflatten(stacked)


def _read(xs: Any, name: str, length: int | None, title: str) -> tuple[list[Any], Any, int]:
    """Return the leaves as arrays, the structure, and the number of steps."""
    leaves, structure = tree.flatten(xs)
    columns = [as_array(lift(leaf, title)) for leaf in leaves]
    lengths = [column.shape[0] if column.shape else None for column in columns]
    if None in lengths or len(set(lengths)) > 1:
        paths = [tree.format_path(name, path) for path, _ in tree.leaves_with_path(xs)]
        raise LoopLengthError.leaves(title, list(zip(paths, lengths, strict=True)))
    if length is None:
        if not columns:
            raise LoopLengthError(
                title, f"{name} has no arrays, so the number of steps is not known; pass length"
            )
        return columns, structure, columns[0].shape[0]
    count = operator.index(length)
    if count < 0 or (columns and count != columns[0].shape[0]):
        given = f"{name} has length {columns[0].shape[0]}" if columns else "it must not be negative"
        raise LoopLengthError(title, f"length is {count}, but {given}")
    return columns, structure, count


def _no_steps(loop: _Loop, columns: list[Any], structure: Any) -> tuple[Any, list[Any]]:
    """Return what no steps make: the initial carry, and empty arrays of the right shapes."""
    x = structure.unflatten([ShapeDtypeStruct(c.shape[1:], c.dtype) for c in columns])

    def step(x: Any) -> Any:
        carry, y = loop.call(loop.carry.initial(), x, 0)
        return loop.carry.final(carry), tree.map(loop.collect, y)

    carry, y = eval_shape(step, x)
    loop.carry.widen(carry)
    leaves, loop.output = tree.flatten(y)
    empty = [as_array(np.empty((0, *leaf.shape), leaf.dtype)) for leaf in leaves]
    return loop.carry.final(loop.carry.initial()), empty


# --- other loops ---------------------------------------------------------------------------------


class _Counted:
    """The function of a loop with a counter, as one of (carry, x)."""

    def __init__(self, function: Callable[[Any, Any], Any]) -> None:
        self.function = function

    def __call__(self, value: Any, counter: Any) -> tuple[Any, None]:
        return self.function(counter, value), None


def fori_loop(
    lower: Any,
    upper: Any,
    body_fun: Callable[[Any, Any], Any],
    init_val: Any,
    *,
    unroll: int | bool | None = None,
    checkpoint: bool | int | None = None,
) -> Any:
    """Return the last of the values that ``value = body_fun(i, value)`` gives for a range of i.

    Python's ``for i in range(lower, upper)`` does the same. Under `vmap` with bounds that differ
    between the examples this loop is quicker, since examples that are done leave it.

    Parameters
    ----------
    lower, upper : int
        The first i, and the one that comes behind the last. Arrays of one integer are fine, also
        traced ones, and reverse mode works all the same.
    body_fun : callable
        Takes i and the value; returns the next value, of the same structure, shapes and dtypes.
    init_val : tree of arrays
        The first value. Numbers, integers and booleans are widened to what the first step makes of
        them.
    unroll : int or bool, optional
        Without effect; for programs that were written for JAX.
    checkpoint : bool or int, optional
        Bounds the memory of reverse mode, see `scan`. (Without effect where the bounds differ
        between the examples of a batch.)

    Returns
    -------
    tree of arrays
        The last value; `init_val` if the range is empty.

    Raises
    ------
    CarryError
        If `body_fun` returns a value of another structure, shape or dtype.

    Examples
    --------
    >>> fg.lax.fori_loop(1, 6, lambda i, product: product * i, 1.0)
    Array(120., dtype=float64)
    >>> power = lambda x, n: fg.lax.fori_loop(0, n, lambda i, y: x * y, 1.0)
    >>> fg.vmap(fg.grad(power))(fnp.array([2.0, 2.0, 2.0]), fnp.array([1, 2, 3]))
    Array([ 1.,  4., 12.], dtype=float64)
    """
    title = _title("fori_loop", body_fun)
    if _differ(lower) or _differ(upper):
        _, _, value = while_loop(
            lambda state: state[0] < state[1],
            lambda state: (state[0] + 1, state[1], body_fun(state[0], state[2])),
            (lower, upper, init_val),
        )
        return tree.map(lambda leaf: as_array(lift(leaf, title)), value)
    steps = range(operator.index(lower), operator.index(upper))
    loop = _Loop(_Counted(body_fun), Carry(title, "value", init_val))
    segment = _segment(checkpoint, len(steps), title)
    if not steps:
        return loop.carry.final(loop.carry.initial())
    return _run(loop, (), steps, lambda _, steps: steps, segment)[0]


def _differ(bound: Any) -> bool:
    """Return whether the examples of a batch have different bounds."""
    if not isinstance(bound, Tracer) or bound.dtype.kind not in "iu" or bound.shape:
        return False
    return partition(bound)[0] is not None


class _Mapped:
    """The function of `map`, as one of (carry, x)."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def __call__(self, carry: None, x: Any) -> tuple[None, Any]:
        return None, self.function(x)


def map(  # noqa: A001
    f: Callable[[Any], Any], xs: Any, *, batch_size: int | None = None
) -> Any:
    """Return the results of a function for each slice along axis 0, stacked.

    It is a Python loop. `vmap` computes the same at once, which is quicker and takes more memory;
    `batch_size` is between the two.

    Parameters
    ----------
    f : callable
        A function of one tree of arrays.
    xs : tree of arrays
        All of one length along axis 0.
    batch_size : int, optional
        Compute so many results at a time, by `vmap`.

    Returns
    -------
    tree of arrays

    Raises
    ------
    LoopLengthError
        If the leaves of `xs` do not have one length.
    StepOutputError
        If the results cannot be stacked.

    Examples
    --------
    >>> fg.lax.map(lambda x: x**2 if x > 2 else x, fnp.array([1.0, 2.0, 3.0]))
    Array([1., 2., 9.], dtype=float64)
    >>> fg.lax.map(fnp.sum, fnp.ones((5, 3)), batch_size=2)
    Array([3., 3., 3., 3., 3.], dtype=float64)
    """
    title = _title("map", f)
    columns, structure, count = _read(xs, "xs", None, title)
    if batch_size is not None:
        return vmap(f, chunk_size=batch_size)(structure.unflatten(columns))
    loop = _Loop(_Mapped(f), Carry(title, "carry", None))
    if count:
        _, stacked = _run(loop, columns, range(count), _Slices(structure))
    else:
        _, stacked = _no_steps(loop, columns, structure)
    return loop.output.unflatten(stacked)


__all__ = ["fori_loop", "map", "scan"]
