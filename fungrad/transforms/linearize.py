"""Linearization: the derivative of a function at one point, as a program of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fungrad import tree
from fungrad.errors import TangentError
from fungrad.transforms.boundary import boundary
from fungrad.transforms.call import (
    lower_arguments,
    name_of,
    own,
    public,
    raise_arguments,
    split_aux,
)
from fungrad.transforms.forward import lower_tangents, pushforward
from fungrad.transforms.graph import GraphTrace, Recording, Stopped, is_own, record_program
from fungrad.transforms.shapes import ShapeDtypeStruct
from fungrad.transforms.tape import strip, zeros


class LinearMap:
    """The function that `linearize` returns: maps tangents of the inputs to that of the output.

    It may be called any number of times, and inside other transforms.
    """

    __slots__ = ("_recording", "_structure", "_structures", "_title", "_types")

    def __init__(
        self,
        title: str,
        recording: Recording,
        types: Sequence[ShapeDtypeStruct],
        structures: Sequence[Any],
        structure: Any,
    ) -> None:
        self._title = title
        self._recording = recording
        self._types = types
        self._structures = structures
        self._structure = structure

    def __repr__(self) -> str:
        return f"<linear map of {self._title}>"

    @boundary
    def __call__(self, *tangents: Any) -> Any:
        """Return the tangent of the output; there is one argument for each primal."""
        title, structures = self._title, self._structures
        if len(tangents) != len(structures):
            raise TangentError(
                title, f"there are {len(structures)} primals and {len(tangents)} tangents"
            )
        given = lower_tangents(tangents, self._types, structures, title)
        recording = self._recording
        values = [own(tangent) for tangent in given if tangent is not None]
        results = iter(recording.program.check([*values, *recording.captured]))
        leaves = [
            public(next(results)) if is_own(leaf, recording.trace) else leaf
            for leaf in recording.leaves
        ]
        return tree.unflatten(self._structure, leaves)


@boundary
def linearize(fun: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """Return the value of a function, and its derivative at this point as a linear function.

    The derivative is that of `jvp`, but what depends on the primals only is computed once: this
    pays off when it is applied to several tangents.

    Parameters
    ----------
    fun : callable
        A pure function of `primals`; takes and returns trees of arrays.
    *primals : tree of arrays
        Where to evaluate it. Integer arrays are taken as constants.
    has_aux : bool
        Whether `fun` returns a pair ``(output, auxiliary values)``.

    Returns
    -------
    output : tree of arrays
    f_jvp : callable
        Takes one tangent for each primal, of its structure and shapes; returns the tangent of the
        output. It may be called many times.
    aux : tree
        Only with `has_aux`.

    Raises
    ------
    NonFloatInputError
        If a leaf of the primals is no number or array of numbers.
    TangentError
        By `f_jvp`, if the tangents do not have the structure and shapes of the primals.

    Examples
    --------
    >>> y, f_jvp = fg.linearize(lambda x: 3.0 * fnp.sin(x), 0.0)
    >>> y
    Array(0., dtype=float64)
    >>> f_jvp(1.0), f_jvp(2.0)
    (Array(3., dtype=float64), Array(6., dtype=float64))
    """
    title = f"linearize of {name_of(fun)}"
    values, structures = lower_arguments(fun, primals, range(len(primals)), title, True)
    values = [own(value) for value in values]
    inexact = [position for position, value in enumerate(values) if value.dtype.kind in "fc"]
    found: list[Any] = []

    def run(*duals: Any) -> tuple[Any, Any]:
        output, aux = fun(*raise_arguments(duals, structures)), None
        if has_aux:
            output, aux = split_aux(output, title)
        leaves, structure = tree.flatten(output)
        return leaves, (structure, aux)

    def push(*tracers: Any) -> list[Any]:
        tangents: list[Any] = [None] * len(values)
        for position, tracer in zip(inexact, tracers, strict=True):
            tangents[position] = tracer
        outputs, moved, (structure, aux), trace = pushforward(run, values, tangents, title)
        if has_aux:
            aux = tree.map(lambda x: strip(x, trace), aux)
        found.extend((tree.unflatten(structure, outputs), structure, aux))
        return moved

    # The values of the tangents do not matter: only what is done with them is recorded.
    starts = [zeros(values[position].shape, values[position].dtype) for position in inexact]
    recording = record_program(push, starts, GraphTrace(title, Stopped))
    output, structure, aux = found
    types = [ShapeDtypeStruct(value.shape, value.dtype) for value in values]
    linear_map = LinearMap(title, recording, types, structures, structure)
    return (output, linear_map, aux) if has_aux else (output, linear_map)


__all__ = ["LinearMap", "linearize"]
