"""`vmap`: a function of one example becomes a function of many."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from fungrad import tree
from fungrad.array import Array
from fungrad.errors import (
    BatchAxisError,
    BatchedOutputError,
    BatchedShapeError,
    BatchSizeError,
    OutputTypeError,
    TreeMismatchError,
    describe,
)
from fungrad.trace import Tracer, peek
from fungrad.transforms.batch import Batched, BatchTrace, join
from fungrad.transforms.call import Transformed, argument_names, public, raw_leaf
from fungrad.transforms.rows import Axis
from fungrad.transforms.tape import strip


class _Vmap(Transformed):
    verb = "vmap"

    def __init__(
        self,
        function: Callable[..., Any],
        in_axes: Any,
        out_axes: Any,
        axis_name: Hashable,
        axis_size: int | None,
        chunk_size: int | None,
    ) -> None:
        super().__init__(function)
        self.in_axes = tuple(in_axes) if isinstance(in_axes, list) else in_axes
        self.out_axes = out_axes
        self.axis_name = axis_name
        self.axis_size = axis_size
        self.chunk_size = chunk_size
        if isinstance(self.in_axes, bool) or not isinstance(
            self.in_axes, (int, np.integer, tuple, dict, type(None))
        ):
            raise TypeError(f"vmap: in_axes is an int, None or a tuple of trees, got {in_axes!r}")
        if chunk_size is not None and (not isinstance(chunk_size, int) or chunk_size < 1):
            raise ValueError(f"vmap: chunk_size is a positive int, got {chunk_size!r}")
        if axis_size is not None and (not isinstance(axis_size, int) or axis_size < 0):
            raise ValueError(f"vmap: axis_size is a non-negative int, got {axis_size!r}")
        if isinstance(axis_name, tuple):
            raise TypeError(f"vmap: axis_name names one axis, got the tuple {axis_name!r}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        leaves, structure = tree.flatten((args, kwargs))
        if type(self.in_axes) is int:
            axes: list[Any] = [self.in_axes] * len(leaves)
        else:
            axes = self._axes(args, kwargs)
        values, size = self._move(leaves, axes, args, kwargs)
        chunk = self.chunk_size
        if chunk is None or size <= chunk:
            return self._run(values, axes, structure, size)
        parts = [
            self._run(
                [
                    value if axis is None else value[start : start + chunk]
                    for value, axis in zip(values, axes, strict=True)
                ],
                axes,
                structure,
                min(chunk, size - start),
            )
            for start in range(0, size, chunk)
        ]
        structure = tree.structure(parts[0])
        for number, part in enumerate(parts):
            self._check_structure(structure, 0, tree.structure(part), number * chunk)
        columns = zip(*[tree.leaves(part) for part in parts], strict=True)
        whole = [
            self._join_chunks(column, axis, position, chunk)
            for position, (column, axis) in enumerate(
                zip(columns, self._out_axes(parts[0]), strict=True)
            )
        ]
        return tree.unflatten(structure, whole)

    def _check_structure(self, structure: Any, row: int, other: Any, other_row: int) -> None:
        if other != structure:
            raise BatchedOutputError(
                self.title,
                f"example {row} returned {structure} and example {other_row} returned {other}; the "
                "results of all examples must have one structure",
            )

    def _join_chunks(self, column: Sequence[Any], axis: Any, position: int, chunk: int) -> Any:
        if axis is None:
            if any(peek(x).tobytes() != peek(column[0]).tobytes() for x in column):
                self._refuse_shared(position)
            return column[0]
        moved = [np.moveaxis(x, axis, 0) for x in column]
        shapes = {x.shape[1:]: number * chunk for number, x in reversed([*enumerate(moved)])}
        if len(shapes) > 1:
            raise BatchedShapeError(self.title, shapes)
        return public(np.concatenate(column, axis=axis))

    def _axes(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """Return the axis of each leaf; keyword arguments are mapped over axis 0."""
        if isinstance(self.in_axes, tuple) and len(self.in_axes) != len(args):
            raise TreeMismatchError(
                f"{self.title}: in_axes has {len(self.in_axes)} items for {len(args)} positional "
                "arguments; give one for each of them, or one int for all"
            )
        axes = tree.broadcast_prefix(
            self.in_axes, args, is_leaf=_is_none, caller=self.title, name="in_axes"
        )
        return axes + [0] * len(tree.leaves(kwargs))

    def _move(
        self,
        leaves: Sequence[Any],
        axes: Sequence[Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> tuple[list[Any], int]:
        """Return the leaves with their examples along axis 0, and how many these are."""
        values: list[Any] = []
        size = self.axis_size
        for position, (leaf, axis) in enumerate(zip(leaves, axes, strict=True)):
            if axis is None:  # whatever it is; but nobody gets to change the caller's own array
                values.append(Array(leaf) if type(leaf) is np.ndarray else leaf)
                continue
            try:
                value = raw_leaf(leaf)
            except TypeError:
                raise BatchAxisError(
                    self.title,
                    self._path(position, args, kwargs),
                    f"is {describe(leaf)}, which has no axes to map over; map it with "
                    "in_axes=None, or close over it",
                ) from None
            rank = len(value.shape)
            if isinstance(axis, np.integer):
                axis = int(axis)
            if type(axis) is not int or not -rank <= axis < rank:
                self._refuse(axis, value, position, args, kwargs)
            if axis % rank:
                value = np.moveaxis(value, axis, 0)
            if size is None:
                size = value.shape[0]
            elif value.shape[0] != size:
                self._refuse_sizes(leaves, axes, args, kwargs)
            values.append(value)
        if size is None:
            raise BatchSizeError(
                self.title,
                "no argument is mapped, so the number of examples is not known; give an argument "
                "an axis by in_axes, or pass axis_size",
            )
        return values, size

    def _refuse(
        self, axis: Any, value: Any, position: int, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        path = self._path(position, args, kwargs)
        if isinstance(axis, bool) or not isinstance(axis, (int, np.integer)):
            raise BatchAxisError(
                self.title, path, f"has the axis {axis!r} by in_axes; an axis is an int or None"
            )
        raise BatchAxisError(
            self.title,
            path,
            f"is {describe(value)}, which has no axis {axis}; choose in_axes for it, None to "
            "share it among all examples",
        )

    def _refuse_sizes(
        self,
        leaves: Sequence[Any],
        axes: Sequence[Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        lines = [
            f"  {self._path(position, args, kwargs)}: {describe(value)} has {value.shape[axis]} "
            f"along axis {axis}"
            for position, (leaf, axis) in enumerate(zip(leaves, axes, strict=True))
            if axis is not None
            for value in [raw_leaf(leaf)]
            if -len(value.shape) <= axis < len(value.shape)
        ]
        if self.axis_size is not None:
            lines.append(f"  axis_size: {self.axis_size}")
        raise BatchSizeError(self.title, "the mapped axes must have one size\n" + "\n".join(lines))

    def _path(self, position: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        path: Any = tree.leaves_with_path((args, kwargs))[position][0]
        _, argument, *rest = path
        if position >= len(tree.leaves(args)):
            return tree.format_path(argument.key, tuple(rest))
        names = argument_names(self.function)
        name = names[argument.idx] if argument.idx < len(names) else f"argument {argument.idx}"
        return tree.format_path(name, tuple(rest))

    def _out_axes(self, output: Any) -> list[Any]:
        if type(self.out_axes) is int:
            return [self.out_axes] * len(tree.leaves(output))
        return tree.broadcast_prefix(
            self.out_axes, output, is_leaf=_is_none, caller=self.title, name="out_axes"
        )

    def _run(self, values: Sequence[Any], axes: Sequence[Any], structure: Any, size: int) -> Any:
        axis = Axis(size, self.axis_name)
        with BatchTrace(self.title, axis) as trace:
            rows = trace.rows
            tracers = [
                value if place is None else Batched(trace, value, rows)
                for value, place in zip(values, axes, strict=True)
            ]
            args, kwargs = tree.unflatten(structure, tracers)

            def run() -> tuple[Any, list[tuple[Any, bool]]]:
                leaves, structure = tree.flatten(self.function(*args, **kwargs))
                return structure, [self._lower(leaf, trace) for leaf in leaves]

            parts = trace.run(run)
        structure = parts[0][1][0]
        for part, (other, _) in parts[1:]:
            rows = parts[0][0]
            self._check_structure(structure, int(rows.indices[0]), other, int(part.indices[0]))
        out_axes = self._out_axes(tree.unflatten(structure, [0] * structure.num_leaves))
        results = []
        for position, place in enumerate(out_axes):
            pieces = [(part, *leaves[position]) for part, (_, leaves) in parts]
            results.append(self._finish(pieces, place, position))
        axis.forget()
        return tree.unflatten(structure, results)

    def _lower(self, leaf: Any, trace: BatchTrace) -> tuple[Any, bool]:
        """Return a result one layer down, and whether it differs between the examples."""
        if type(leaf) is Batched and leaf.owner is trace:
            return leaf.lower(), True
        try:
            return raw_leaf(strip(leaf, trace)), False
        except TypeError as error:
            if isinstance(leaf, Tracer):
                raise
            raise OutputTypeError(self.title, leaf) from error

    def _refuse_shared(self, position: int) -> None:
        raise BatchedOutputError(
            self.title,
            f"output {position} has out_axes=None, but differs between the examples; give it an "
            "axis, or reduce it with fungrad.lax.psum or pmean",
        )

    def _finish(self, pieces: list[tuple[Any, Any, bool]], axis: Any, position: int) -> Any:
        """Return one result of all examples, as the caller sees it, with its axis in place."""
        shared = not any(batched for _, _, batched in pieces)
        if axis is None:
            if not shared or len(pieces) > 1:
                self._refuse_shared(position)
            return public(pieces[0][1])
        whole = join(
            [
                (rows, value if batched else _repeat(value, rows.size))
                for rows, value, batched in pieces
            ],
            self.title,
        )
        rank = len(whole.shape)
        if not isinstance(axis, (int, np.integer)) or not -rank <= axis < rank:
            raise BatchedOutputError(
                self.title,
                f"output {position} is {describe(whole)} with its axis of examples, so out_axes="
                f"{axis!r} names no place in it",
            )
        return public(np.moveaxis(whole, 0, axis) if axis % rank else whole)


def _repeat(value: Any, size: int) -> Any:
    return np.broadcast_to(value, (size, *np.shape(value)))


def _is_none(x: Any) -> bool:
    return x is None


def vmap(
    fun: Callable[..., Any],
    in_axes: Any = 0,
    out_axes: Any = 0,
    axis_name: Hashable = None,
    axis_size: int | None = None,
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """Return a function that runs `fun` on each example along an axis of its arguments.

    All examples run at once, by the operations of whole arrays. Python's control flow on values
    works: where examples decide differently (``if x > 0``, ``while``, ``min(x, y)``, ``int(x)``,
    ``x[mask]``), each branch runs for its own examples only. The function must be pure, since it
    runs again for each group of examples that has decided alike.

    Parameters
    ----------
    fun : callable
        A pure function, written for one example.
    in_axes : int, None or tuple
        Which axis of each positional argument has the examples; negative ones count from the end;
        None where all examples share the argument. An item of the tuple is a tree of such axes, or
        one for all leaves of its argument. Keyword arguments are mapped over axis 0.
    out_axes : int, None or tree
        Where the axis of the examples stands in the results: a tree like the output, or one for
        all its leaves. None for a result that is the same for all examples.
    axis_name : hashable, optional
        A name of the axis, for `fungrad.lax.psum` and the like.
    axis_size : int, optional
        The number of examples; needed only if no argument is mapped.
    chunk_size : int, optional
        Run at most so many examples at once, which bounds the memory; `fungrad.lax.psum` and the
        like see one chunk only.

    Returns
    -------
    callable
        Takes the arguments of `fun` with the additional axes; returns its results with theirs.

    Raises
    ------
    BatchSizeError
        By the result, if the sizes along the mapped axes differ; the message lists them all.
    BatchAxisError
        If an argument does not have the axis.
    BatchedOutputError
        If `out_axes` does not fit a result, or the examples return different structures.
    BatchedShapeError
        If the examples return results of different shapes.

    Examples
    --------
    >>> fg.vmap(fnp.dot)(fnp.ones((3, 2)), fnp.ones((3, 2)))
    Array([2., 2., 2.], dtype=float64)
    >>> fg.vmap(lambda w, x: fnp.sum(w * x), in_axes=(None, 1))(2.0, fnp.ones((2, 3)))
    Array([4., 4., 4.], dtype=float64)

    Gradients of a loss for each example:

    >>> def loss(w, x):
    ...     return fnp.sin(w) * x
    >>> fg.vmap(fg.grad(loss), in_axes=(None, 0))(0.0, fnp.array([1.0, 2.0]))
    Array([1., 2.], dtype=float64)

    Python's own control flow:

    >>> def collatz(n):
    ...     steps = 0
    ...     while n > 1:
    ...         n = n // 2 if n % 2 == 0 else 3 * n + 1
    ...         steps += 1
    ...     return steps
    >>> fg.vmap(collatz)(fnp.array([1, 6, 7]))
    Array([ 0,  8, 16], dtype=int64)
    """
    return _Vmap(fun, in_axes, out_axes, axis_name, axis_size, chunk_size)


__all__ = ["vmap"]
