"""Jacobians: forward or reverse mode along all directions of a basis at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from fungrad import tree
from fungrad.array import unwrap
from fungrad.errors import (
    ComplexInputError,
    ComplexOutputError,
    IntegerOutputError,
    describe,
)
from fungrad.transforms.call import (
    Selection,
    Transformed,
    lower_arguments,
    name_of,
    path_of,
    public,
    raise_arguments,
    replace,
    split_aux,
)
from fungrad.transforms.forward import pushforward
from fungrad.transforms.tape import record, strip, strip_output, zeros
from fungrad.transforms.vmap import vmap

MODES = ("reverse", "forward")

# --- along a basis -------------------------------------------------------------------------------


def _basis(values: Sequence[Any], chunk_size: int | None) -> Iterator[list[Any]]:
    """Yield the standard basis of a list of arrays, a number of directions at a time.

    The directions stand along a new first axis. All of them are rows of one unit matrix, whose
    columns are dealt out to the arrays.
    """
    total = sum([value.size for value in values])
    dtype = np.result_type(*[value.dtype for value in values]) if values else None
    step = chunk_size or total
    for start in range(0, total, max(step, 1)):
        unit = np.eye(min(step, total - start), total, start, dtype)
        column = 0
        directions = []
        for value in values:
            part = unit[:, column : column + value.size]
            column += value.size
            part = part.reshape(len(unit), *value.shape)
            directions.append(part if part.dtype == value.dtype else part.astype(value.dtype))
        yield directions


def _along_basis(
    function: Callable[..., list[Any]], values: Sequence[Any], chunk_size: int | None
) -> list[Any] | None:
    """Return what a linear function of arrays makes of their basis, along a new first axis.

    None if the arrays have no elements, and so no basis.
    """
    chunks = []
    for directions in _basis(values, chunk_size):
        if len(directions[0]) == 1:  # a batch of one is dearer than none
            results = function(*[each[0] for each in directions])
            chunks.append([np.reshape(each, (1, *each.shape)) for each in results])
        else:
            chunks.append(vmap(function)(*directions))
    if not chunks:
        return None
    return chunks[0] if len(chunks) == 1 else [np.concatenate(parts) for parts in zip(*chunks)]


def _part(x: Any, start: int, size: int) -> Any:
    return x if size == len(x) else x[start : start + size]


def _is_inexact(value: Any) -> bool:
    return value.dtype.kind in "fc"


Differentiated = tuple[list[Any], list[list[Any]], Any, Any]
"""(outputs, the blocks of the Jacobian by output and input, what else was returned, the trace)"""


def _by_rows(
    function: Callable[..., Any],
    values: Sequence[Any],
    chunk_size: int | None,
    check: Callable[[Any], None],
    title: str,
) -> Differentiated:
    """Differentiate in reverse mode: run once, then pull each element of the outputs back."""
    leaves, rest, taped = record(function, values, title)
    outputs = [strip_output(leaf, taped.tape) for leaf in leaves]
    for output in outputs:
        check(output)

    def pull(*cotangents: Any) -> list[Any]:
        return [public(each) for each in taped.pull([unwrap(each) for each in cotangents])]

    rows = _along_basis(pull, outputs, chunk_size)
    blocks = []
    start = 0
    for output in outputs:
        row = []
        for position, value in enumerate(values):
            shape = (*output.shape, *value.shape)
            if rows is None:
                block = zeros(shape, value.dtype if _is_inexact(value) else np.dtype(float))
            else:
                block = np.reshape(_part(rows[position], start, output.size), shape)
            row.append(public(block))
        start += output.size
        blocks.append(row)
    return outputs, blocks, rest, taped.tape


def _by_columns(
    function: Callable[..., Any],
    values: Sequence[Any],
    chunk_size: int | None,
    check: Callable[[Any], None],
    title: str,
) -> Differentiated:
    """Differentiate in forward mode: run once, along each element of the inputs."""
    run: Any = None

    def push(*tangents: Any) -> list[Any]:
        nonlocal run
        given = iter(tangents)
        full = [unwrap(next(given)) if _is_inexact(value) else None for value in values]
        # The values have no batch axis: only what depends on the tangents is computed for each.
        outputs, moved, rest, trace = pushforward(function, values, full, title)
        run = outputs, rest, trace
        return moved

    inexact = [value for value in values if _is_inexact(value)]
    columns = _along_basis(push, inexact, chunk_size)
    if columns is None:
        push(*[zeros(value.shape, value.dtype) for value in inexact])
    outputs, rest, trace = run
    blocks = []
    for position, output in enumerate(outputs):
        check(output)
        row = []
        start = 0
        for value in values:
            shape = (*output.shape, *value.shape)
            size = value.size if _is_inexact(value) else 0
            if columns is None or not size:
                block = zeros(shape, output.dtype)
            else:
                block = _part(columns[position], start, size)
                block = np.reshape(np.moveaxis(block, 0, -1), shape)
            start += size
            row.append(public(block))
        blocks.append(row)
    return outputs, blocks, rest, trace


# --- Jacobians -----------------------------------------------------------------------------------


class Jacobian(Transformed):
    """A function under one of the transforms that make Jacobians."""

    def __init__(
        self,
        function: Callable[..., Any],
        argnums: Any,
        has_aux: bool,
        holomorphic: bool,
        allow_int: bool,
        argnames: Any,
        chunk_size: int | None,
        mode: str,
    ) -> None:
        super().__init__(function)
        self.selection = Selection(argnums, argnames, self.verb)
        self.has_aux = has_aux
        self.holomorphic = holomorphic
        self.allow_int = allow_int
        if chunk_size is not None and (not isinstance(chunk_size, int) or chunk_size < 1):
            raise ValueError(f"{self.verb}: chunk_size is a positive int, got {chunk_size!r}")
        self.chunk_size = chunk_size
        if mode not in MODES:
            raise ValueError(f'{self.verb}: mode is "reverse" or "forward", got {mode!r}')
        self.mode = mode

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        _, jacobian, aux = self.run(args, kwargs)
        return (jacobian, aux) if self.has_aux else jacobian

    def run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, Any]:
        """Return the value, the Jacobian and the auxiliary values."""
        function, title = self.function, self.title
        selected, places = self.selection.locate(function, args, kwargs, title)
        values, structures = lower_arguments(
            function, selected, places, title, self.allow_int, self.holomorphic
        )
        if self.mode == "forward" and not self.holomorphic:
            self._refuse_complex(values, structures, selected, places)

        def run(*tracers: Any) -> tuple[Any, Any]:
            arguments = raise_arguments(tracers, structures)
            new_args, new_kwargs = replace(args, kwargs, places, arguments)
            output = function(*new_args, **new_kwargs)
            output, aux = split_aux(output, title) if self.has_aux else (output, None)
            leaves, structure = tree.flatten(output)
            return leaves, (structure, aux)

        differentiate = _by_rows if self.mode == "reverse" else _by_columns
        outputs, blocks, (structure, aux), trace = differentiate(
            run, values, self.chunk_size, self._check_output, title
        )
        rows = []
        for row in blocks:
            arguments = raise_arguments(row, structures)
            rows.append(arguments[0] if self.selection.single else tuple(arguments))
        if self.has_aux:
            aux = tree.map(lambda x: strip(x, trace), aux)
        return tree.unflatten(structure, outputs), tree.unflatten(structure, rows), aux

    def _check_output(self, output: Any) -> None:
        """Raise if an output leaf has no Jacobian."""
        kind = output.dtype.kind
        name = name_of(self.function)
        if kind in "biu":
            raise IntegerOutputError(self.verb, name, describe(output))
        # Forward mode takes the real and the imaginary part along the same direction.
        if (kind == "c") != self.holomorphic and (self.holomorphic or self.mode == "reverse"):
            raise ComplexOutputError(self.verb, name, describe(output), self.holomorphic)

    def _refuse_complex(
        self,
        values: Sequence[Any],
        structures: Sequence[Any],
        selected: Sequence[Any],
        places: Sequence[int | str],
    ) -> None:
        """Raise if an input is complex: its real and imaginary parts are two directions."""
        rest = iter(values)
        for structure, argument, place in zip(structures, selected, places, strict=True):
            for index in range(structure.num_leaves):
                value = next(rest)
                if value.dtype.kind == "c":
                    path = path_of(self.function, place, argument, index)
                    raise ComplexInputError(self.title, path, describe(value))


class _Jacrev(Jacobian):
    verb = "jacrev"


class _Jacfwd(Jacobian):
    verb = "jacfwd"


class _ValueAndJac(Jacobian):
    verb = "value_and_jac"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        value, jacobian, aux = self.run(args, kwargs)
        return ((value, aux), jacobian) if self.has_aux else (value, jacobian)


def jacrev(
    fun: Callable[..., Any],
    argnums: int | Sequence[int] | None = None,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
    *,
    argnames: str | Sequence[str] | None = None,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """Return a function that computes the Jacobian of `fun` in reverse mode: row by row.

    The function runs once, and all elements of its output are pulled back together. Choose it
    where the output has fewer elements than the input, `jacfwd` otherwise.

    Parameters
    ----------
    fun : callable
        A pure function; takes and returns trees of arrays.
    argnums : int or sequence of int, optional
        Which positional arguments to differentiate with respect to; negative ones count from the
        end. The first, when neither `argnums` nor `argnames` is given.
    has_aux : bool
        Whether `fun` returns a pair ``(output, auxiliary values)``.
    holomorphic : bool
        Whether `fun` is a holomorphic function of complex arguments.
    allow_int : bool
        Whether integer arrays may be among the differentiated arguments; their Jacobians are zeros
        of float64.
    argnames : str or sequence of str, optional
        Which arguments to differentiate with respect to, by name.
    chunk_size : int, optional
        Pull so many elements of the output back at a time, which bounds the memory; all, when
        left out.

    Returns
    -------
    callable
        Takes the arguments of `fun`. Returns a tree like the output, in which each leaf is a tree
        like the differentiated argument (a tuple of them, for several), of arrays of the shape
        ``output.shape + input.shape`` and of the input's dtype; with `has_aux` a pair of this and
        the auxiliary values.

    Raises
    ------
    ComplexOutputError
        By the result, if an output is complex without `holomorphic`, or real with it.
    IntegerOutputError, NonFloatInputError, ArgumentIndexError
        By the result, as for `grad`.

    Examples
    --------
    >>> def polar(z):
    ...     return {"r": fnp.hypot(z[0], z[1]), "angle": fnp.arctan2(z[1], z[0])}
    >>> fg.jacrev(polar)(fnp.array([3.0, 4.0]))
    {'r': Array([0.6, 0.8], dtype=float64), 'angle': Array([-0.16,  0.12], dtype=float64)}
    >>> fg.jacrev(lambda x: x**2)(fnp.array([1.0, 2.0]))
    Array([[2., 0.],
           [0., 4.]], dtype=float64)
    """
    return _Jacrev(
        fun, argnums, has_aux, holomorphic, allow_int, argnames, chunk_size, mode="reverse"
    )


jacobian = jacrev


def jacfwd(
    fun: Callable[..., Any],
    argnums: int | Sequence[int] | None = None,
    has_aux: bool = False,
    holomorphic: bool = False,
    *,
    argnames: str | Sequence[str] | None = None,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """Return a function that computes the Jacobian of `fun` in forward mode: column by column.

    The function runs once, along all elements of its input together. Choose it where the input has
    no more elements than the output, `jacrev` otherwise.

    Parameters
    ----------
    fun : callable
        A pure function; takes and returns trees of arrays.
    argnums, has_aux, holomorphic, argnames
        See `jacrev`.
    chunk_size : int, optional
        Run along so many elements of the input at a time, which bounds the memory; all, when left
        out. The function runs once for each chunk.

    Returns
    -------
    callable
        Takes the arguments of `fun`; returns what that of `jacrev` does, of the output's dtypes.

    Raises
    ------
    ComplexInputError
        By the result, if a differentiated leaf is complex without `holomorphic`.
    IntegerOutputError, NonFloatInputError, ArgumentIndexError
        By the result, as for `grad`.

    Examples
    --------
    >>> fg.jacfwd(lambda t: fnp.stack([fnp.cos(t), fnp.sin(t)]))(0.0)
    Array([-0.,  1.], dtype=float64)
    >>> fg.jacfwd(lambda x, y: x * y, argnums=(0, 1))(2.0, fnp.array([3.0]))
    (Array([3.], dtype=float64), Array([[2.]], dtype=float64))
    """
    return _Jacfwd(fun, argnums, has_aux, holomorphic, False, argnames, chunk_size, mode="forward")


def value_and_jac(
    fun: Callable[..., Any],
    argnums: int | Sequence[int] | None = None,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
    *,
    argnames: str | Sequence[str] | None = None,
    chunk_size: int | None = None,
    mode: str = "reverse",
) -> Callable[..., Any]:
    """Return a function that computes the value of `fun` and its Jacobian in one run.

    Parameters
    ----------
    fun : callable
        A pure function; takes and returns trees of arrays.
    argnums, has_aux, holomorphic, allow_int, argnames, chunk_size
        See `jacrev`.
    mode : {"reverse", "forward"}
        Whether to differentiate as `jacrev` or as `jacfwd`.

    Returns
    -------
    callable
        Takes the arguments of `fun`. Returns ``(value, jacobian)``, or ``((value, aux),
        jacobian)`` with `has_aux`.

    Raises
    ------
    ComplexInputError, ComplexOutputError, IntegerOutputError, NonFloatInputError
        By the result, as for `jacrev` and `jacfwd`.

    Examples
    --------
    >>> value, jacobian = fg.value_and_jac(lambda x: x[::-1] * 2)(fnp.array([1.0, 3.0]))
    >>> value
    Array([6., 2.], dtype=float64)
    >>> jacobian
    Array([[0., 2.],
           [2., 0.]], dtype=float64)
    """
    return _ValueAndJac(fun, argnums, has_aux, holomorphic, allow_int, argnames, chunk_size, mode)
