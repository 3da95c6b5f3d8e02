"""Forward mode: every traced value carries its tangent along.

A rule that knows its own forward mode pushes tangents through. For a Function that has only
`forward` and `backward`, forward mode is derived: `backward` is linear in the gradient that it
gets, so the transpose of that linear map, its own pullback, is the pushforward.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fungrad import tree
from fungrad.array import RAW, Array
from fungrad.errors import (
    CapturedTracerError,
    EscapedTracerError,
    NoBackwardError,
    TangentError,
    TreeMismatchError,
)
from fungrad.function import Context, Function, cast, fit, settle
from fungrad.trace import Trace, Tracer
from fungrad.transforms.call import (
    lower_arguments,
    name_of,
    public,
    raise_arguments,
    raw_leaf,
    split_aux,
)
from fungrad.transforms.tape import record, strip, strip_output, zeros


class Dual(Tracer):
    """An array with its tangent."""

    __slots__ = ("tangent",)

    def __init__(self, owner: JVPTrace, value: Any, tangent: Any) -> None:
        self.owner = owner
        self.value = value
        self.tangent = tangent


class JVPTrace(Trace):
    """A run of a function along one direction."""

    __slots__ = ()

    def process(self, function: Any, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        if self.closed:
            raise EscapedTracerError(
                next(a for a in args if isinstance(a, Tracer) and a.owner is self)
            )
        values: list[Any] = []
        tangents: list[Any] = []
        for arg in args:
            if type(arg) is Dual and arg.owner is self:
                values.append(arg.value)
                tangents.append(arg.tangent)
            else:
                values.append(arg.value if type(arg) is Array else arg)
                tangents.append(None)
        if not function.differentiable:
            return function.apply(*values, **params)
        if function.push is None:
            z, tangent = push_function(function, values, tangents, params)
        else:
            z, tangent = function.push(values, tangents, params)
        if type(z) is tuple:
            return tuple([self._wrap(function, *pair) for pair in zip(z, tangent, strict=True)])
        return self._wrap(function, z, tangent)

    def _wrap(self, function: Any, z: Any, tangent: Any) -> Any:
        for each in (z, tangent):
            if isinstance(each, Tracer) and each.owner.id >= self.id:
                raise CapturedTracerError(function.__name__, each.owner.name)
        if tangent is None or z.dtype.kind not in "fc":
            return public(z)
        return Dual(self, z, tangent)


def push_function(
    function: type[Function], values: list[Any], tangents: list[Any], params: dict[str, Any]
) -> tuple[Any, Any]:
    """Push tangents through a user's Function: by its `jvp`, or derived from its `backward`."""
    needs = tuple([tangent is not None for tangent in tangents])
    context = Context(needs)
    z = function._run(context, values, params)
    outputs = z if type(z) is tuple else (z,)
    if all(output.dtype.kind not in "fc" for output in outputs):
        return z, (None,) * len(outputs) if type(z) is tuple else None
    if function.jvp is not None:
        filled = [_zeros_like(v) if t is None else t for v, t in zip(values, tangents, strict=True)]
        pushed = function.jvp(context, *filled)
        pushed = tuple(pushed) if isinstance(pushed, (tuple, list)) else (pushed,)
        results = [None if t is None else settle(t) for t in pushed]
    elif function.backward is Function.backward:
        raise NoBackwardError(function.__name__)
    else:
        results = _transpose_backward(function, context, values, tangents, outputs)
    fitted = [
        None if t is None or y.dtype.kind not in "fc" else _fit_tangent(t, y)
        for t, y in zip(results, outputs, strict=True)
    ]
    return z, tuple(fitted) if type(z) is tuple else fitted[0]


def _transpose_backward(
    function: Any, context: Context, values: list[Any], tangents: list[Any], outputs: Sequence[Any]
) -> list[Any]:
    """Return the tangents of the outputs: the pullback of `backward` at the inputs' tangents."""
    parents = [position if tangent is not None else -1 for position, tangent in enumerate(tangents)]

    def run(*gradients: Any) -> tuple[Any, None]:
        # Integer outputs have no gradient, and so none of these belongs to them.
        pulled = function.pull(context, parents, gradients if len(gradients) > 1 else gradients[0])
        fitted = [
            fit(gradient, value.shape, value.dtype, function, position)
            for position, (gradient, tangent, value) in enumerate(
                zip(pulled, tangents, values, strict=True)
            )
            if gradient is not None and tangent is not None
        ]
        used.extend(
            tangent
            for gradient, tangent in zip(pulled, tangents, strict=True)
            if gradient is not None and tangent is not None
        )
        return fitted, None

    used: list[Any] = []
    starts = [zeros(y.shape, y.dtype if y.dtype.kind in "fc" else np.dtype(float)) for y in outputs]
    _, _, taped = record(run, starts, f"jvp of {function.__name__}")
    return taped.pull(used, consume=True)


def _fit_tangent(tangent: Any, y: Any) -> Any:
    if tangent.shape != y.shape:
        tangent = np.broadcast_to(tangent, y.shape)
    return cast(tangent, y.dtype)


def _zeros_like(value: Any) -> Any:
    kind = np.asarray(value) if type(value) in RAW else value
    return zeros(kind.shape, kind.dtype if kind.dtype.kind in "fc" else np.dtype(float))


def jvp(
    function: Callable[..., Any],
    primals: Sequence[Any],
    tangents: Sequence[Any],
    has_aux: bool = False,
) -> Any:
    """Return the value of a function, and its Jacobian-vector product.

    Parameters
    ----------
    function : callable
        A pure function of `primals`; takes and returns trees of arrays.
    primals : sequence of trees of arrays
        Where to evaluate it.
    tangents : sequence of trees of arrays
        The direction: of the structure and shapes of `primals`.
    has_aux : bool
        Whether the function returns a pair ``(output, auxiliary values)``.

    Returns
    -------
    output : tree of arrays
    tangent : tree of arrays
        The derivative of the output along the direction.
    aux : tree
        Only with `has_aux`.

    Raises
    ------
    NonFloatInputError
        If a leaf of the primals is no floating-point number or array.
    TangentError
        If the tangents do not have the structure and shapes of the primals.

    Examples
    --------
    >>> from fungrad.transforms.forward import jvp
    >>> jvp(fnp.sin, (0.0,), (2.0,))
    (Array(0., dtype=float64), Array(2., dtype=float64))
    """
    title = f"jvp of {name_of(function)}"
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise TangentError(title, "primals and tangents are tuples, one item for each argument")
    if len(primals) != len(tangents):
        raise TangentError(title, f"there are {len(primals)} primals and {len(tangents)} tangents")
    values, structures = lower_arguments(function, primals, range(len(primals)), title, True)
    directions = []
    for primal, tangent in zip(primals, tangents, strict=True):
        _, structure = tree.flatten(primal)
        try:
            directions.extend(structure.flatten_up_to(tangent, caller=title, name="tangent"))
        except TreeMismatchError as error:
            raise TangentError(title, f"the tangents do not match: {error}") from None
    trace = JVPTrace(title)
    try:
        duals = [
            _seed(trace, value, direction, title)
            for value, direction in zip(values, directions, strict=True)
        ]
        output, aux = function(*raise_arguments(duals, structures)), None
        if has_aux:
            output, aux = split_aux(output, title)
    finally:
        trace.closed = True
    leaves, structure = tree.flatten(output)
    results = [strip_output(leaf, trace) for leaf in leaves]
    moved = [
        public(leaf.tangent)
        if type(leaf) is Dual and leaf.owner is trace
        else public(_zeros_like(result))
        for leaf, result in zip(leaves, results, strict=True)
    ]
    out, direction = tree.unflatten(structure, results), tree.unflatten(structure, moved)
    return (
        (out, direction, tree.map(lambda x: strip(x, trace), aux)) if has_aux else (out, direction)
    )


def _seed(trace: JVPTrace, value: Any, direction: Any, title: str) -> Any:
    try:
        tangent = raw_leaf(direction)
    except TypeError:
        raise TangentError(title, f"a tangent is {direction!r}, which is no array") from None
    if tangent.shape != value.shape:
        raise TangentError(
            title, f"a tangent has the shape {tangent.shape} where the primal has {value.shape}"
        )
    if value.dtype.kind not in "fc":
        return public(value)
    return Dual(trace, value, cast(tangent, value.dtype))
