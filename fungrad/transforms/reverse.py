"""Reverse mode: the tape, and `vjp`, `grad`, `value_and_grad` on it.

The tape is a list. While the function runs, every operation on a traced value appends an entry:
the operation, what its backward pass needs, and where its inputs stand in the list. Afterwards the
list is walked once from the end to the start; each entry turns the gradient of its output into
gradients of its inputs. There is no recursion and nothing to sort: execution order is an order in
which every result stands behind its inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fungrad import tree
from fungrad.array import RAW, Array
from fungrad.errors import (
    AuxError,
    CapturedTracerError,
    ComplexOutputError,
    CotangentError,
    EscapedTracerError,
    FungradError,
    InexactError,
    IntegerOutputError,
    NonFloatInputError,
    NonScalarOutputError,
    OutputTypeError,
    TreeMismatchError,
    describe,
)
from fungrad.function import cast, fit
from fungrad.trace import Trace, Tracer
from fungrad.transforms.call import (
    Selection,
    Transformed,
    check_leaf,
    name_of,
    path_of,
    public,
    raw_leaf,
    replace,
)

Entry = tuple[Any, Any, list[int], Any, Any]
"""(function, notes, parents, shapes and dtypes of the inputs or None, those of several outputs)"""

SMALL = 4096  # elements; below, adding in place gains nothing


class Taped(Tracer):
    """An array on the tape; `index` is its place there."""

    __slots__ = ("index",)

    def __init__(self, owner: Tape, value: Any, index: int) -> None:
        self.owner = owner
        self.value = value
        self.index = index


class Tape(Trace):
    """The record of one run of a function."""

    __slots__ = ("entries",)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.entries: list[Entry | None] = []

    def leaf(self, value: Any) -> Taped:
        """Put an input on the tape."""
        self.entries.append(None)
        return Taped(self, value, len(self.entries) - 1)

    def process(self, function: Any, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        if self.closed:
            raise EscapedTracerError(
                next(a for a in args if isinstance(a, Tracer) and a.owner is self)
            )
        values = []
        parents = []
        nested = False
        for value in args:
            kind = type(value)
            if kind is Taped and value.owner is self:
                parents.append(value.index)
                value = value.value
            else:
                parents.append(-1)
                if kind is Array:
                    value = value.value
            if type(value) not in RAW:
                nested = True
            values.append(value)
        if not function.differentiable:
            return function.apply(*values, **params)
        z, notes = function.linearize(values, parents, params, nested)
        kind = type(z)
        like = None
        if kind is np.float64:  # nothing to check, and usually nothing to fit
            for parent, value in zip(parents, values):
                if parent >= 0 and type(value) is not kind:
                    like = _shapes(parents, values)
                    break
        elif kind is tuple:
            return self._record_several(function, z, notes, parents, values)
        else:
            if not function.trusted:
                self._check_older(function, z)
                if z.dtype.kind not in "fc":
                    return public(z)
            for parent, value in zip(parents, values):
                if parent >= 0 and (value.shape != z.shape or value.dtype != z.dtype):
                    like = _shapes(parents, values)
                    break
        entries = self.entries
        entries.append((function, notes, parents, like, None))
        return Taped(self, z, len(entries) - 1)

    def _record_several(
        self, function: Any, z: tuple[Any, ...], notes: Any, parents: list[int], values: list[Any]
    ) -> tuple[Any, ...]:
        """Record an operation with several results: one entry, one place for each of them."""
        index = len(self.entries)
        outputs = [(each.shape, each.dtype) for each in z]
        # The walk meets the entry last of its places, when all gradients are there.
        self.entries.append((function, notes, parents, _shapes(parents, values), outputs))
        self.entries.extend([None] * (len(z) - 1))
        results: list[Any] = []
        for offset, each in enumerate(z):
            if not function.trusted:
                self._check_older(function, each)
            exact = each.dtype.kind not in "fc"
            results.append(public(each) if exact else Taped(self, each, index + offset))
        return tuple(results)

    def _check_older(self, function: Any, z: Any) -> None:
        """Raise if a user's forward brought a traced value of this trace, or of a younger one."""
        if isinstance(z, Tracer) and z.owner.id >= self.id:
            raise CapturedTracerError(function.__name__, z.owner.name)


def _shapes(parents: list[int], values: list[Any]) -> list[Any]:
    return [
        (value.shape, value.dtype) if parent >= 0 else None
        for parent, value in zip(parents, values, strict=True)
    ]


def walk(entries: list[Any], cotangents: list[Any], consume: bool) -> None:
    """Carry the cotangents from the end of the tape to its leaves.

    `cotangents` has a place for each of the entries; those of the leaves remain in it. With
    `consume` the entries are dropped as the walk passes them, and the memory that they held falls.
    """
    summed: set[int] = set()
    for index in range(len(entries) - 1, -1, -1):
        entry = entries.pop() if consume else entries[index]
        if entry is None:
            continue
        function, notes, parents, like, outputs = entry
        if outputs is None:
            gradient = cotangents[index]
            if gradient is None:
                continue
            cotangents[index] = None
        else:
            gradient = _gather(cotangents, index, outputs)
            if gradient is None:
                continue
        gradients = function.pull(notes, parents, gradient)
        if like is not None:
            gradients = [
                None
                if each is None or wanted is None
                else fit(each, wanted[0], wanted[1], function, position)
                for position, (each, wanted) in enumerate(zip(gradients, like, strict=True))
            ]
        elif not function.trusted:
            gradients = [
                None
                if each is None or parent < 0
                else fit(each, gradient.shape, gradient.dtype, function, position)
                for position, (each, parent) in enumerate(zip(gradients, parents, strict=True))
            ]
        for parent, each in zip(parents, gradients):
            if each is None or parent < 0:
                continue
            so_far = cotangents[parent]
            if so_far is None:
                cotangents[parent] = each
            elif parent in summed and type(so_far) is np.ndarray and type(each) is np.ndarray:
                np.add(so_far, each, out=so_far)  # a sum made here, which nobody else holds
            else:
                cotangents[parent] = total = so_far + each
                if type(total) is np.ndarray and total.size > SMALL:
                    summed.add(parent)


def _gather(cotangents: list[Any], index: int, outputs: list[Any]) -> tuple[Any, ...] | None:
    """Return the cotangents of several outputs, zeros for missing ones; None if all are."""
    end = index + len(outputs)
    found = cotangents[index:end]
    cotangents[index:end] = [None] * len(outputs)
    if all(each is None for each in found):
        return None
    return tuple(
        zeros(shape, dtype if dtype.kind in "fc" else np.dtype(float)) if each is None else each
        for each, (shape, dtype) in zip(found, outputs, strict=True)
    )


def zeros(shape: tuple[int, ...], dtype: Any) -> Any:
    """Return zeros as a raw value: a NumPy scalar where there are no axes."""
    return np.zeros(shape, dtype) if shape else dtype.type(0)


class Record:
    """A taped run: its entries, and where its inputs and outputs stand there."""

    __slots__ = ("inputs", "outputs", "tape")

    def __init__(self, tape: Tape, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        self.tape = tape
        self.inputs = [(x.index if type(x) is Taped else -1, x.shape, x.dtype) for x in inputs]
        self.outputs = [y.index if type(y) is Taped and y.owner is tape else -1 for y in outputs]

    def pull(self, cotangents: Sequence[Any], consume: bool = False) -> list[Any]:
        """Return the cotangents of the inputs from those of the outputs, all one layer down."""
        entries = self.tape.entries
        slots: list[Any] = [None] * len(entries)
        for index, cotangent in zip(self.outputs, cotangents, strict=True):
            if index >= 0:
                so_far = slots[index]
                slots[index] = cotangent if so_far is None else so_far + cotangent
        walk(entries, slots, consume)
        results = []
        for index, shape, dtype in self.inputs:
            found = slots[index] if index >= 0 else None
            if found is None:  # not used, or integers, which have no derivative
                found = zeros(shape, dtype if index >= 0 else np.dtype(float))
            results.append(found)
        return results


def record(
    function: Callable[..., Any], values: Sequence[Any], title: str
) -> tuple[Sequence[Any], Any, Record]:
    """Run ``function(*tracers)``, which returns (leaves, anything), on a new tape.

    Returns the leaves, still traced, the other thing, and the record. Values with an integer dtype
    are constants.
    """
    tape = Tape(title)
    try:
        tracers = [
            tape.leaf(value) if value.dtype.kind in "fc" else public(value) for value in values
        ]
        outputs, rest = function(*tracers)
        return outputs, rest, Record(tape, tracers, outputs)
    finally:
        tape.closed = True


def strip(x: Any, trace: Trace) -> Any:
    """Return a result of the function under `trace` as the caller of the transform sees it.

    Raises
    ------
    EscapedTracerError
        If it belongs to a transform that has already returned.
    CapturedTracerError
        If it belongs to a transform that started later and still runs.
    """
    if isinstance(x, Tracer):
        if x.owner is trace:
            return public(x.value)
        if x.owner.closed:
            raise EscapedTracerError(x)
        if x.owner.id > trace.id:
            raise CapturedTracerError(trace.name, x.owner.name)
    return x


def strip_output(x: Any, trace: Trace) -> Any:
    """Return an output leaf as `strip` does, numbers as arrays; raise if it is neither."""
    try:
        return public(raw_leaf(strip(x, trace)))
    except TypeError as error:
        if isinstance(error, FungradError):
            raise
        raise OutputTypeError(trace.name, x) from None


def split_aux(output: Any, title: str) -> tuple[Any, Any]:
    """Take the result of a function with has_aux=True apart."""
    if not isinstance(output, (tuple, list)) or len(output) != 2:
        raise AuxError(title, output)
    return output[0], output[1]


# --- vjp -----------------------------------------------------------------------------------------


class Pullback:
    """The function that `vjp` returns: maps a cotangent of the output to those of the inputs.

    It may be called any number of times, and inside other transforms.
    """

    __slots__ = ("_outputs", "_record", "_structure", "_structures")

    def __init__(
        self, record: Record, structures: list[Any], structure: Any, outputs: list[Any]
    ) -> None:
        self._record = record
        self._structures = structures
        self._structure = structure
        self._outputs = outputs

    def __repr__(self) -> str:
        return f"<pullback of {self._record.tape.name}>"

    def __call__(self, cotangent: Any) -> tuple[Any, ...]:
        """Return a tuple of cotangents, one for each primal, with the structure of each."""
        title = self._record.tape.name
        try:
            leaves = self._structure.flatten_up_to(
                cotangent, caller=f"the pullback of {title}", name="cotangent"
            )
        except TreeMismatchError as error:
            raise CotangentError(title, f"does not match the output: {error}") from None
        values = [
            _check_cotangent(leaf, output, position, title)
            for position, (leaf, output) in enumerate(zip(leaves, self._outputs, strict=True))
        ]
        pulled = iter(self._record.pull(values))
        return tuple(
            [
                tree.unflatten(each, [public(next(pulled)) for _ in range(each.num_leaves)])
                for each in self._structures
            ]
        )


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


def vjp(function: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """Return the value of a function, and its vector-Jacobian product as a function.

    Parameters
    ----------
    function : callable
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
    title = f"vjp of {name_of(function)}"
    values, structures = lower_arguments(function, primals, range(len(primals)), title, True)

    def run(*tracers: Any) -> tuple[Any, Any]:
        output, aux = function(*raise_arguments(tracers, structures)), None
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
        pulled = iter(taped.pull((seed,), consume=True))
        gradients = [
            tree.unflatten(each, [public(next(pulled)) for _ in range(each.num_leaves)])
            for each in structures
        ]
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


def lower_arguments(
    function: Any,
    arguments: Sequence[Any],
    places: Sequence[int | str],
    title: str,
    allow_int: bool,
    holomorphic: bool = False,
) -> tuple[list[Any], list[Any]]:
    """Flatten arguments into leaves one layer down; return them and the structures.

    `places` says where each argument stands in the call of `function`, for messages.
    """
    values = []
    structures = []
    for argument, place in zip(arguments, places, strict=True):
        leaves, structure = tree.flatten(argument)
        structures.append(structure)
        for leaf in leaves:
            try:
                values.append(check_leaf(leaf, allow_int, holomorphic))
            except InexactError as error:
                index = next(i for i, each in enumerate(leaves) if each is leaf)
                path = path_of(function, place, argument, index)
                raise NonFloatInputError(title, path, leaf, str(error)) from None
    return values, structures


def raise_arguments(tracers: Sequence[Any], structures: Sequence[Any]) -> list[Any]:
    """Build the arguments again, of tracers: the inverse of `lower_arguments`."""
    rest = iter(tracers)
    return [
        tree.unflatten(structure, [next(rest) for _ in range(structure.num_leaves)])
        for structure in structures
    ]


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
