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
    describe,
)
from fungrad.function import Context, Function, cast, fit, settle
from fungrad.trace import Trace, Tracer
from fungrad.transforms.boundary import boundary
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
    # A linear function has the same derivative everywhere; but one with a shortcut for zeros shows
    # it only elsewhere.
    starts = [
        np.ones(y.shape, y.dtype if y.dtype.kind in "fc" else np.dtype(float))[()] for y in outputs
    ]
    _, _, taped = record(run, starts, f"jvp of {function.__name__}")
    return taped.pull(used, consume=True)


def _fit_tangent(tangent: Any, y: Any) -> Any:
    if tangent.shape != y.shape:
        tangent = np.broadcast_to(tangent, y.shape)
    return cast(tangent, y.dtype)


def _zeros_like(value: Any) -> Any:
    kind = np.asarray(value) if type(value) in RAW else value
    return zeros(kind.shape, kind.dtype if kind.dtype.kind in "fc" else np.dtype(float))


def pushforward(
    function: Callable[..., Any], values: Sequence[Any], tangents: Sequence[Any], title: str
) -> tuple[list[Any], list[Any], Any, JVPTrace]:
    """Run ``function(*tracers)``, which returns (leaves, anything), along a direction.

    Returns the values of the leaves, their tangents, the other thing and the trace. Integer values
    are constants, and their tangents are not read.
    """
    trace = JVPTrace(title)
    try:
        duals = [
            Dual(trace, value, tangent) if value.dtype.kind in "fc" else public(value)
            for value, tangent in zip(values, tangents, strict=True)
        ]
        leaves, rest = function(*duals)
    finally:
        trace.closed = True
    results = [strip_output(leaf, trace) for leaf in leaves]
    moved = [
        public(leaf.tangent)
        if type(leaf) is Dual and leaf.owner is trace
        else public(_zeros_like(result))
        for leaf, result in zip(leaves, results, strict=True)
    ]
    return results, moved, rest, trace


@boundary
def jvp(
    fun: Callable[..., Any],
    primals: Sequence[Any],
    tangents: Sequence[Any],
    has_aux: bool = False,
) -> Any:
    """Return the value of a function, and its Jacobian-vector product.

    Parameters
    ----------
    fun : callable
        A pure function of `primals`; takes and returns trees of arrays.
    primals : tuple or list of trees of arrays
        Where to evaluate it, one item for each argument. Integer arrays are taken as constants; a
        Python int counts as a float.
    tangents : tuple or list of trees of arrays
        The direction: of the structure and shapes of `primals`. The tangent of an integer array is
        not used; it may be None.
    has_aux : bool
        Whether `fun` returns a pair ``(output, auxiliary values)``.

    Returns
    -------
    output : tree of arrays
    tangent : tree of arrays
        The derivative of the output along the direction: of its structure, shapes and dtypes.
        Integer results have zeros of float64.
    aux : tree
        Only with `has_aux`.

    Raises
    ------
    NonFloatInputError
        If a leaf of the primals is no number or array of numbers.
    TangentError
        If the tangents do not have the structure and shapes of the primals.

    Examples
    --------
    >>> fg.jvp(fnp.sin, (0.0,), (2.0,))
    (Array(0., dtype=float64), Array(2., dtype=float64))
    >>> fg.jvp(lambda p: p["a"] * p["b"], ({"a": 3.0, "b": 4.0},), ({"a": 1.0, "b": 0.0},))
    (Array(12., dtype=float64), Array(4., dtype=float64))
    """
    return push_along(fun, primals, tangents, has_aux, f"jvp of {name_of(fun)}")


def push_along(function: Any, primals: Any, tangents: Any, has_aux: bool, title: str) -> Any:
    """Do what `jvp` does, under another title."""
    values, directions, structures = lower_pairs(function, primals, tangents, title)

    def run(*duals: Any) -> tuple[Any, Any]:
        output, aux = function(*raise_arguments(duals, structures)), None
        if has_aux:
            output, aux = split_aux(output, title)
        leaves, structure = tree.flatten(output)
        return leaves, (structure, aux)

    results, moved, (structure, aux), trace = pushforward(run, values, directions, title)
    output, tangent = tree.unflatten(structure, results), tree.unflatten(structure, moved)
    if has_aux:
        return output, tangent, tree.map(lambda x: strip(x, trace), aux)
    return output, tangent


def lower_pairs(
    function: Any, primals: Any, tangents: Any, title: str
) -> tuple[list[Any], list[Any], list[Any]]:
    """Check primals and tangents; return the leaves of both one layer down, and the structures."""
    for name, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, (tuple, list)):
            raise TangentError(
                title,
                f"{name} is {describe(given)}; primals and tangents are tuples, with one item for "
                "each argument",
            )
    if len(primals) != len(tangents):
        raise TangentError(title, f"there are {len(primals)} primals and {len(tangents)} tangents")
    values, structures = lower_arguments(function, primals, range(len(primals)), title, True)
    return values, lower_tangents(tangents, values, structures, title), structures


def lower_tangents(
    tangents: Sequence[Any], values: Sequence[Any], structures: Sequence[Any], title: str
) -> list[Any]:
    """Check tangents, and return their leaves one layer down in the dtypes of the primals.

    Of `values`, the leaves of the primals, the shapes and dtypes are read.
    """
    directions: list[Any] = []
    for position, (structure, tangent) in enumerate(zip(structures, tangents, strict=True)):
        name = f"tangents[{position}]"
        try:
            leaves = structure.flatten_up_to(tangent, caller=title, name=name)
        except TreeMismatchError as error:
            raise TangentError(title, f"the tangents do not match: {error}") from None
        first = len(directions)
        for index, leaf in enumerate(leaves):
            value = values[first + index]
            try:
                directions.append(_lower_tangent(leaf, value))
            except ValueError as error:
                places = tree.unflatten(structure, range(structure.num_leaves))
                path = tree.format_path("", tree.leaves_with_path(places)[index][0])
                raise TangentError(
                    title,
                    f"{name}{path} is {describe(leaf)} where primals[{position}]{path} is "
                    f"{describe(value)}: {error}",
                ) from None
    return directions


def _lower_tangent(leaf: Any, value: Any) -> Any:
    """Return a tangent one layer down, in the dtype of its primal; ValueError if it is none."""
    if value.dtype.kind not in "fc":
        if leaf is not None and np.shape(leaf) != value.shape:
            raise ValueError("the shapes differ")
        return None
    try:
        tangent = raw_leaf(leaf)
    except TypeError:
        raise ValueError("it is no array") from None
    if tangent.shape != value.shape:
        raise ValueError("the shapes differ")
    if tangent.dtype.kind == "c" and value.dtype.kind != "c":
        raise ValueError("it must be real")
    return cast(tangent, value.dtype)
