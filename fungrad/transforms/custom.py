"""What functions with rules of their own share: how a call becomes one operation.

A call is taken apart into its leaves, which are the operands, and a `Call`, a static parameter that
puts arguments together again from any leaves: those of this call, or what a transform further out
makes of them. So the user's functions run one layer down, as `Function.forward` does.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from fungrad import tree
from fungrad.array import NUMERIC_KINDS, SCALARS, Array, operations
from fungrad.errors import (
    ArgumentIndexError,
    EscapedTracerError,
    RuleArgumentError,
    RuleResultError,
    RuleShapeError,
    TreeMismatchError,
    describe,
)
from fungrad.function import Context, Function
from fungrad.trace import Tracer
from fungrad.transforms.call import (
    Transformed,
    argument_names,
    decorated_name,
    name_of,
    public,
    raise_arguments,
    raw_leaf,
)

PYTHON = frozenset([bool, int, float, complex])


class Ruled(Transformed):
    """A function that is one operation to every transform, and has rules for it.

    Subclasses name their attributes in `settings`. These live in slots: a wrapper of the function
    does not inherit them.
    """

    __slots__ = ("operation",)
    settings: ClassVar[tuple[str, ...]]
    kind: ClassVar[type[Function]]

    def _make_operation(self, **attributes: Any) -> None:
        """Make the operation, a class of its own so that errors and traces can name it."""
        self.operation: Any = type(name_of(self.function), (self.kind,), attributes)

    def __reduce__(self) -> Any:
        name = decorated_name(self)  # with all rules
        if name is not None:
            return name
        settings = {key: getattr(self, key) for key in self.settings}
        return _restore, (type(self), self.function), settings

    def __setstate__(self, settings: dict[str, Any]) -> None:
        for key, value in settings.items():
            setattr(self, key, value)


def _restore(kind: type[Any], function: Any) -> Any:
    return kind(function)


class CustomFunction(Ruled):
    """A function of trees, some of whose arguments may be static."""

    __slots__ = ("_arity", "_signature", "nondiff", "parameters")
    call_type: ClassVar[Any]

    def __init__(
        self,
        fun: Any,
        nondiff_argnums: int | Sequence[int] = (),
        nondiff_argnames: str | Sequence[str] = (),
    ) -> None:
        super().__init__(fun)
        self._signature = _signature_of(fun)
        self._arity = _arity_of(self._signature)
        self.parameters = argument_names(fun)
        self.nondiff: tuple[int, ...] = self._positions(nondiff_argnums, nondiff_argnames)
        self._make_operation()

    def _positions(self, numbers: Any, names: Any) -> tuple[int, ...]:
        numbers = (numbers,) if isinstance(numbers, (int, np.integer)) else tuple(numbers)
        for number in numbers:
            if not isinstance(number, (int, np.integer)) or isinstance(number, bool) or number < 0:
                raise ArgumentIndexError(
                    self.title, f"nondiff_argnums holds positions from 0, got {number!r}"
                )
        known = self.parameters
        for name in (names,) if isinstance(names, str) else tuple(names):
            if name not in known:
                raise ArgumentIndexError(
                    self.title,
                    f"nondiff_argnames names {name!r}, but the parameters are {', '.join(known)}",
                )
            numbers = (*numbers, known.index(name))
        return tuple(sorted({int(number) for number in numbers}))

    def resolve(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """Return the arguments of a call by position, with the defaults filled in."""
        if not kwargs and len(args) == self._arity:
            return args
        if self._signature is None:
            if kwargs:
                raise RuleArgumentError(
                    self.title, next(iter(kwargs)), "is passed by keyword, and the function has no "
                    "signature to find its position by; pass it by position"
                )  # fmt: skip
            return args
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{name_of(self.function)}(): {error}") from None
        bound.apply_defaults()  # those of keyword-only parameters stay the function's business
        for name in kwargs.keys() & bound.kwargs.keys():
            raise RuleArgumentError(
                self.title, name, "can be passed by keyword only, but a rule gets its arguments by "
                "position; take the * out of the parameters, or close over the value"
            )  # fmt: skip
        return bound.args

    def require_rule(self) -> None:
        """Raise if the function has no rule yet."""
        raise NotImplementedError

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.require_rule()
        args = self.resolve(args, kwargs)
        call = self.call_type(self, args)
        result = self.operation.apply(*call.lower(args), call=call)
        return tree.unflatten(call.output, result if type(result) is tuple else (result,))


def _signature_of(function: Any) -> inspect.Signature | None:
    if isinstance(function, np.ufunc):  # out= and where= are nothing for a rule
        return None
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def _arity_of(signature: inspect.Signature | None) -> int:
    """Return how many arguments a call must have that needs no binding; -1 if every one does."""
    if signature is None:
        return -1
    parameters = signature.parameters.values()
    plain = all(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
    return len(parameters) if plain else -1


class Call:
    """One call of a custom function: all that is needed beside the leaves.

    Attributes
    ----------
    function : CustomFunction
        What is called.
    static : tuple
        The values of the arguments that are not differentiated.
    structures : list of TreeDef
        Those of the others.
    specs : list
        Shape and dtype of each leaf.
    output : TreeDef
        The structure of the output, as soon as the function has run.
    """

    __slots__ = ("_places", "count", "function", "output", "specs", "static", "structures")

    def __init__(self, function: CustomFunction, args: tuple[Any, ...]) -> None:
        self.function = function
        nondiff = function.nondiff
        if nondiff and nondiff[-1] >= len(args):
            raise ArgumentIndexError(
                function.title,
                f"nondiff_argnums names argument {nondiff[-1]}, but the call has {len(args)}",
            )
        self.count = len(args)
        self.static = tuple([args[place] for place in nondiff])
        self._places = [place for place in range(len(args)) if place not in nondiff]
        self.structures: list[Any] = []
        self.specs: list[tuple[tuple[int, ...], Any]] = []
        self.output: Any = None

    def __repr__(self) -> str:
        shown = {place: self._name(place) for place in self._places}
        for place, value in zip(self.function.nondiff, self.static, strict=True):
            shown[place] = f"{self._name(place)}={value!r}"
        return f"{name_of(self.function)}({', '.join(shown[i] for i in range(self.count))})"

    def lower(self, args: tuple[Any, ...]) -> list[Any]:
        """Take the arguments apart; return the leaves as operands."""
        for place, value in zip(self.function.nondiff, self.static, strict=True):
            self._check_static(place, value)
        operands: list[Any] = []
        for place in self._places:
            leaves, structure = tree.flatten(args[place])
            self.structures.append(structure)
            for index, leaf in enumerate(leaves):
                operand = self._operand(leaf, place, structure, index)
                operands.append(operand)
                self.specs.append(
                    ((), np.dtype(type(operand)))
                    if type(operand) in PYTHON
                    else (operand.shape, operand.dtype)
                )
        return operands

    def _operand(self, leaf: Any, place: int, structure: Any, index: int) -> Any:
        kind = type(leaf)
        if isinstance(leaf, Array) or kind in PYTHON or kind in SCALARS:
            return leaf
        if hasattr(leaf, "__array__") and np.asarray(leaf).dtype.kind in NUMERIC_KINDS:
            return operations.asarray(leaf)
        raise RuleArgumentError(
            self.function.title,
            tree.format_path(self._name(place), structure.paths()[index]),
            f"is {describe(leaf)}, which is no number or array of numbers; say that the argument "
            f"is static: nondiff_argnums=({place},)",
        )

    def _check_static(self, place: int, value: Any) -> None:
        for path, leaf in tree.leaves_with_path(value):
            if isinstance(leaf, Tracer):
                raise RuleArgumentError(
                    self.function.title,
                    tree.format_path(self._name(place), path),
                    f"is static by nondiff_argnums, but traced by {leaf.owner.name}; take it out "
                    "of nondiff_argnums: a rule need not give it a derivative",
                )

    def arguments(self, values: Sequence[Any]) -> list[Any]:
        """Return all arguments, made of the static ones and of leaves one layer down."""
        args: list[Any] = [None] * self.count
        for place, value in zip(self.function.nondiff, self.static, strict=True):
            args[place] = value
        for place, value in zip(self._places, self.trees(values), strict=True):
            args[place] = value
        return args

    def trees(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """Return the arguments that are no static ones, made of leaves one layer down."""
        # Python's numbers stay what they are: they have no dtype to impose on others.
        leaves = [x if type(x) in PYTHON else public(x) for x in values]
        return tuple(raise_arguments(leaves, self.structures))

    def pack(self, output: Any, where: str) -> Any:
        """Take an output apart: return one leaf or a tuple of them, one layer down."""
        leaves, self.output = tree.flatten(output)
        values = []
        for index, leaf in enumerate(leaves):
            try:
                values.append(raw_leaf(leaf))
            except TypeError:
                path = tree.format_path("output", self.output.paths()[index])
                raise RuleResultError(
                    where,
                    f"returned {describe(leaf)} at {path}, which is no number or array of numbers; "
                    "return such values from another function",
                ) from None
        return values[0] if len(values) == 1 else tuple(values)

    def names(self) -> list[str]:
        """Return the names of the arguments that are no static ones."""
        return [self._name(place) for place in self._places]

    def _name(self, place: int) -> str:
        names = self.function.parameters
        return names[place] if place < len(names) else f"argument {place}"

    def path(self, index: int) -> str:
        """Return the path of a leaf of the arguments, such as ``params["w"]``."""
        for name, structure in zip(self.names(), self.structures, strict=True):
            if index < structure.num_leaves:
                return tree.format_path(name, structure.paths()[index])
            index -= structure.num_leaves
        raise IndexError(index)


class CustomOperation(Function):
    """The operation of a custom function, with its `Call` as the parameter ``call``."""

    @classmethod
    def _run(cls, ctx: Context, values: Sequence[Any], params: dict[str, Any]) -> Any:
        # The values become arrays, so they need no protection; `Call.pack` has lowered the results.
        return cls.forward(ctx, *values, **params)


def spread(structure: Any, given: Any, path: str, where: str) -> list[Any]:
    """Return the leaves of derivatives of a tree; a None stands for a whole subtree of them.

    Raises
    ------
    RuleResultError
        If the containers are others.
    """
    if structure is tree.LEAF:
        return [given]
    if given is None:
        return [None] * structure.num_leaves
    children = structure.children()
    top = tree.TreeDef(
        structure.node_type, structure.data, (tree.LEAF,) * len(children), len(children)
    )
    try:
        parts = top.flatten_up_to(given, caller=where, name=path)
    except TreeMismatchError as error:
        text = str(error).removeprefix(f"{where}: ")
        raise RuleResultError(where, f"returned another structure: {text}") from None
    leaves: list[Any] = []
    for child, key, part in zip(children, top.paths(), parts, strict=True):
        leaves.extend(spread(child, part, path + tree.format_path("", key), where))
    return leaves


def check_open(value: Any) -> Any:
    """Return a value that a rule returned; raise if it was kept from a transform that is over."""
    if isinstance(value, Tracer) and value.owner.closed:
        raise EscapedTracerError(value)
    return value


def check_cotangent(
    leaf: Any, shape: tuple[int, ...], dtype: Any, path: Callable[[], str], where: str
) -> Any:
    """Return a cotangent that a rule returned one layer down; None for that of a constant.

    Raises
    ------
    RuleResultError
        If it is no number or array of numbers.
    RuleShapeError
        If its shape is neither that of its value nor one that the value broadcasts to.
    """
    if leaf is None or dtype.kind not in "fc":
        return None
    try:
        value = check_open(raw_leaf(leaf))
    except TypeError:
        raise RuleResultError(
            where,
            f"returned {describe(leaf)} as the cotangent of {path()}, which is "
            f"{spec(shape, dtype)}; return an array of its shape, or None for zeros",
        ) from None
    # As for every backward, what was broadcast in the forward pass is summed by the tape.
    lead = len(value.shape) - len(shape)
    if lead < 0 or any(
        n not in (1, given) for n, given in zip(shape, value.shape[lead:], strict=True)
    ):
        raise RuleShapeError(where, "cotangent", value, path(), spec(shape, dtype))
    return value


def spec(shape: tuple[int, ...], dtype: Any) -> str:
    """Return ``float64[3,4]``."""
    return f"{dtype}[{','.join(map(str, shape))}]"
