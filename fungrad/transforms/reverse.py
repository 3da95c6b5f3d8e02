"""Reverse mode: `vjp`, `grad` and `value_and_grad`, on the tape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fungrad import tree
from fungrad.errors import (
    ComplexOutputError,
    CotangentError,
    IntegerOutputError,
    NonScalarOutputError,
    OutputTypeError,
    TreeMismatchError,
    describe,
)
from fungrad.function import cast
from fungrad.transforms.boundary import boundary
from fungrad.transforms.call import (
    Selection,
    Transformed,
    lower_arguments,
    name_of,
    own,
    public,
    raise_arguments,
    raw_leaf,
    replace,
    split_aux,
)
from fungrad.transforms.tape import Record, Tape, record, strip, strip_output

# --- vjp -----------------------------------------------------------------------------------------


class Pullback:
    """The function that `vjp` returns: maps a cotangent of the output to those of the inputs.

    It may be called any number of times, and inside other transforms.
    """

    __slots__ = ("_outputs", "_record", "_structure", "_structures", "made_by")

    made_by: Any
    """The call that returned it, if somebody debugs."""

    def __init__(
        self, record: Record, structures: list[Any], structure: Any, outputs: list[Any]
    ) -> None:
        self._record = record
        self._structures = structures
        self._structure = structure
        self._outputs = outputs

    def __repr__(self) -> str:
        return f"<pullback of {self._record.tape.name}>"

    @boundary
    def __call__(self, cotangent: Any) -> tuple[Any, ...]:
        """Return a tuple of cotangents, one for each primal, with the structure of each."""
        title = self._record.tape.name
        try:
            leaves = self._structure.flatten_up_to(cotangent, name="cotangent")
        except TreeMismatchError as error:
            raise CotangentError(title, f"does not match the output: {error}") from None
        values = [
            _check_cotangent(leaf, output, position, title)
            for position, (leaf, output) in enumerate(zip(leaves, self._outputs, strict=True))
        ]
        pulled = self._record.pull(values)
        return tuple(raise_arguments([public(each) for each in pulled], self._structures))


def _check_cotangent(leaf: Any, output: tuple[Any, Any], position: int, title: str) -> Any:
    """Return a cotangent one layer down, in its output's dtype; raise if it does not fit."""
    shape, dtype = output
    wanted = f"output {position} is {dtype}[{','.join(map(str, shape))}]"
    try:
        value = raw_leaf(leaf)
    except TypeError:
        raise CotangentError(title, f"has {describe(leaf)} where {wanted}") from None
    if value.shape != shape:
        raise CotangentError(title, f"has {describe(value)} where {wanted}: the shapes differ")
    if value.dtype.kind == "c" and dtype.kind != "c":
        raise CotangentError(title, f"has {describe(value)} where {wanted}: it must be real")
    return cast(value, dtype) if dtype.kind in "fc" else value


@boundary
def vjp(fun: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """Return the value of a function, and its vector-Jacobian product as a function.

    Parameters
    ----------
    fun : callable
        A pure function of `primals`; takes and returns trees of arrays.
    *primals : tree of arrays
        Where to evaluate it: floating-point numbers and arrays of any shapes. Integer arrays are
        taken as constants; their cotangents are zeros of float64.
    has_aux : bool
        Whether the function returns a pair ``(output, auxiliary values)``.

    Returns
    -------
    output : tree of arrays
    pullback : callable
        Takes a tree like `output`; returns a tuple of cotangents, one for each primal, of its
        structure, shapes and dtypes. It may be called many times.
    aux : tree
        Only with `has_aux`.

    Raises
    ------
    NonFloatInputError
        If a leaf of the primals is no number or array of numbers.
    CotangentError
        By the pullback, if the cotangent does not have the output's structure and shapes.

    Examples
    --------
    >>> y, pullback = fg.vjp(lambda a, b: a * fnp.sin(b), 2.0, 0.0)
    >>> y
    Array(0., dtype=float64)
    >>> pullback(1.0)
    (Array(0., dtype=float64), Array(2., dtype=float64))
    """
    title = f"vjp of {name_of(fun)}"
    values, structures = lower_arguments(fun, primals, range(len(primals)), title, True)
    values = [own(value) for value in values]

    def run(*tracers: Any) -> tuple[Any, Any]:
        output, aux = fun(*raise_arguments(tracers, structures)), None
        if has_aux:
            output, aux = split_aux(output, title)
        leaves, structure = tree.flatten(output)
        return leaves, (structure, aux)

    leaves, (structure, aux), taped = record(run, values, title)
    outputs = [strip_output(leaf, taped.tape) for leaf in leaves]
    shapes = [(output.shape, output.dtype) for output in outputs]
    pullback = Pullback(taped, structures, structure, shapes)
    result = tree.unflatten(structure, outputs)
    if has_aux:
        return result, pullback, tree.map(lambda x: strip(x, taped.tape), aux)
    return result, pullback


# --- grad ----------------------------------------------------------------------------------------


class _ValueAndGrad(Transformed):
    verb = "value_and_grad"

    def __init__(
        self,
        function: Callable[..., Any],
        argnums: Any,
        has_aux: bool,
        holomorphic: bool,
        allow_int: bool,
        argnames: Any,
    ) -> None:
        super().__init__(function)
        self.selection = Selection(argnums, argnames, self.verb)
        self.has_aux = has_aux
        self.holomorphic = holomorphic
        self.allow_int = allow_int

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        value, gradient, aux = self.run(args, kwargs)
        return ((value, aux), gradient) if self.has_aux else (value, gradient)

    def run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, Any]:
        """Return the value, the gradient and the auxiliary values."""
        function, title = self.function, self.title
        selected, places = self.selection.locate(function, args, kwargs, title)
        values, structures = lower_arguments(
            function, selected, places, title, self.allow_int, self.holomorphic
        )

        def run(*tracers: Any) -> tuple[Any, Any]:
            arguments = raise_arguments(tracers, structures)
            new_args, new_kwargs = replace(args, kwargs, places, arguments)
            output = function(*new_args, **new_kwargs)
            output, aux = split_aux(output, title) if self.has_aux else (output, None)
            return (output,), aux

        (output,), aux, taped = record(run, values, title)
        value = self._check_output(output, taped.tape)
        seed = value.dtype.type(1) if value.dtype.kind in "fc" else np.float64(1)
        if self.has_aux:
            aux = tree.map(lambda x: strip(x, taped.tape), aux)
        del output  # so that the tape alone holds what it releases on the way
        pulled = taped.pull((seed,), consume=True)
        gradients = raise_arguments([public(each) for each in pulled], structures)
        return value, gradients[0] if self.selection.single else tuple(gradients), aux

    def _check_output(self, output: Any, tape: Tape) -> Any:
        name = name_of(self.function)
        try:
            value = strip_output(output, tape)
        except OutputTypeError:
            raise NonScalarOutputError(self.verb, name, describe(output)) from None
        if value.shape:
            raise NonScalarOutputError(self.verb, name, describe(value))
        kind = value.dtype.kind
        if kind in "biu" and type(output) is not int:
            raise IntegerOutputError(self.verb, name, describe(value))
        if (kind == "c") != self.holomorphic:
            raise ComplexOutputError(self.verb, name, describe(value), self.holomorphic)
        return value


class _Grad(_ValueAndGrad):
    verb = "grad"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        _, gradient, aux = self.run(args, kwargs)
        return (gradient, aux) if self.has_aux else gradient


def value_and_grad(
    fun: Callable[..., Any],
    argnums: int | Sequence[int] | None = None,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
    *,
    argnames: str | Sequence[str] | None = None,
) -> Callable[..., Any]:
    """Return a function that computes the value of `fun` and its gradient.

    Parameters
    ----------
    fun : callable
        A pure function that returns one real number; or a pair of it and auxiliary values, with
        `has_aux`.
    argnums : int or sequence of int, optional
        Which positional arguments to differentiate with respect to; negative ones count from the
        end. The first, when neither `argnums` nor `argnames` is given. A sequence gives a tuple of
        gradients.
    has_aux : bool
        Whether `fun` returns a pair ``(value, auxiliary values)``.
    holomorphic : bool
        Whether `fun` is a holomorphic function of complex arguments; its complex derivative is
        returned then.
    allow_int : bool
        Whether integer arrays may be among the differentiated arguments; their gradients are
        zeros of float64.
    argnames : str or sequence of str, optional
        Which arguments to differentiate with respect to, by name; they may be passed by position
        or by keyword. Gradients by name follow those by number.

    Returns
    -------
    callable
        Takes the arguments of `fun`. Returns ``(value, gradient)``, or ``((value, aux),
        gradient)`` with `has_aux`. A gradient has the structure, shapes and dtypes of its argument;
        a Python int counts as a float. Of a complex argument z = x + iy of a real function u it is
        du/dx - i du/dy.

    Raises
    ------
    NonScalarOutputError
        By the result, if `fun` does not return one number.
    ComplexOutputError
        If `fun` returns a complex number without `holomorphic`, or a real one with it.
    NonFloatInputError
        If a differentiated leaf is no floating-point number or array.
    ArgumentIndexError
        If `argnums` or `argnames` name no argument of the call.

    Examples
    --------
    >>> def loss(params, x, y):
    ...     return fnp.mean((params["w"] * x + params["b"] - y) ** 2)
    >>> params = {"w": 2.0, "b": 0.0}
    >>> value, gradient = fg.value_and_grad(loss)(params, 3.0, 5.0)
    >>> value
    Array(1., dtype=float64)
    >>> gradient
    {'w': Array(6., dtype=float64), 'b': Array(2., dtype=float64)}
    """
    return _ValueAndGrad(fun, argnums, has_aux, holomorphic, allow_int, argnames)


def grad(
    fun: Callable[..., Any],
    argnums: int | Sequence[int] | None = None,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
    *,
    argnames: str | Sequence[str] | None = None,
) -> Callable[..., Any]:
    """Return a function that computes the gradient of `fun`.

    The parameters are those of `value_and_grad`.

    Parameters
    ----------
    fun : callable
        A pure function that returns one real number.
    argnums, has_aux, holomorphic, allow_int, argnames
        See `value_and_grad`.

    Returns
    -------
    callable
        Takes the arguments of `fun`; returns the gradient, or ``(gradient, aux)`` with `has_aux`.

    Raises
    ------
    NonScalarOutputError, ComplexOutputError, NonFloatInputError, ArgumentIndexError
        By the result, as for `value_and_grad`.

    Examples
    --------
    >>> fg.grad(lambda x: 3 * x**2)(2.0)
    Array(12., dtype=float64)
    >>> fg.grad(fg.grad(fg.grad(fnp.sin)))(0.0)
    Array(-1., dtype=float64)
    >>> fg.grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 5.0)
    (Array(5., dtype=float64), Array(2., dtype=float64))
    """
    return _Grad(fun, argnums, has_aux, holomorphic, allow_int, argnames)
