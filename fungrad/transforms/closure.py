"""Closures as functions of what they close over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fungrad import tree
from fungrad.errors import ConvertedArgumentError, TreeMismatchError, describe
from fungrad.trace import Tracer
from fungrad.transforms.call import name_of, path_of, public, raw_leaf
from fungrad.transforms.graph import GraphTrace, Recording, Stopped, is_own, record_program
from fungrad.transforms.shapes import ShapeDtypeStruct


class Converted:
    """The function that `closure_convert` returns, of the arguments and the constants."""

    __slots__ = ("_constants", "_examples", "_function", "_recording", "_structures")

    def __init__(
        self,
        function: Callable[..., Any],
        recording: Recording,
        constants: Sequence[Any],
        examples: Sequence[Any],
        structures: Sequence[Any],
    ) -> None:
        self._function = function
        self._recording = recording
        self._constants = constants
        self._examples = examples
        self._structures = structures

    def __repr__(self) -> str:
        return f"<{self._recording.program.name}>"

    def __call__(self, *args: Any) -> Any:
        count, wanted = len(self._constants), len(self._structures)
        if len(args) != wanted + count:
            raise ConvertedArgumentError(
                self._title,
                f"got {len(args)} arguments; it takes the {wanted} of the function and the {count} "
                f"constants: converted(*args, *consts)",
            )
        values = self._check(args[:wanted])
        constants = args[wanted:]
        # The others that were captured, such as integers, stay what they are.
        given = {id(x): new for x, new in zip(self._constants, constants, strict=True)}
        recording = self._recording
        captured = [raw_leaf(given.get(id(x), x)) for x in recording.captured]
        results = iter(recording.program.check([*values, *captured]))
        leaves = [
            public(next(results)) if is_own(leaf, recording.trace) else given.get(id(leaf), leaf)
            for leaf in recording.leaves
        ]
        return tree.unflatten(recording.structure, leaves)

    @property
    def _title(self) -> str:
        return self._recording.program.name

    def _check(self, args: Sequence[Any]) -> list[Any]:
        """Return the arrays among the arguments, if these are like the examples."""
        values = []
        examples = iter(self._examples)
        for place, (arg, structure) in enumerate(zip(args, self._structures, strict=True)):
            try:
                leaves = structure.flatten_up_to(arg)
            except TreeMismatchError as error:
                text = f"argument {place} is not like its example: {error}"
                raise ConvertedArgumentError(self._title, text) from None
            for index, leaf in enumerate(leaves):
                value, example = _lower(leaf), next(examples)
                if value is None:
                    same = leaf is example or bool(leaf == example)
                else:
                    values.append(value)
                    same = isinstance(example, ShapeDtypeStruct) and (
                        (value.shape, value.dtype) == (example.shape, example.dtype)
                    )
                if not same:
                    raise ConvertedArgumentError(
                        self._title,
                        f"{path_of(self._function, place, arg, index)} is "
                        f"{describe(leaf if value is None else value)} and was "
                        f"{describe(example)} in the example",
                    )
        return values


def _lower(leaf: Any) -> Any:
    """Return an array or number one layer down, None for anything else."""
    try:
        return raw_leaf(leaf)
    except TypeError:
        return None


def closure_convert(fun: Callable[..., Any], *example_args: Any) -> tuple[Converted, list[Any]]:
    """Make the traced values that a function closes over further arguments of it.

    This is for functions that get a function as an argument and have a derivative rule of their
    own: the rule sees only its arguments, and no value that is traced may reach it in another way.

    Parameters
    ----------
    fun : callable
        A pure function of trees of arrays.
    *example_args : tree of arrays
        Arguments as those it will be called with: of their structure, shapes and dtypes.

    Returns
    -------
    converted : callable
        ``converted(*args, *consts)`` is ``fun(*args)``. `fun` has run once, at the examples; what
        it did then is what `converted` does.
    consts : list of arrays
        The floating-point values that `fun` closes over and that are being differentiated or
        batched.

    Raises
    ------
    ConvertedArgumentError
        By `converted`, if its arguments are not like the examples.
    RecordedDecisionError
        By `converted`, if `fun` might do something else for its arguments: there is an ``if`` that
        goes another way than for the examples.

    Examples
    --------
    >>> def loss(w):
    ...     converted, consts = fg.closure_convert(lambda x: w * x, 1.0)
    ...     return converted(2.0, *[3 * c for c in consts])
    >>> fg.grad(loss)(1.0)
    Array(6., dtype=float64)
    """
    title = f"closure_convert of {name_of(fun)}"
    flat = [tree.flatten(arg) for arg in example_args]
    leaves = [leaf for part, _ in flat for leaf in part]
    values = list(map(_lower, leaves))

    def run(*tracers: Any) -> Any:
        rest = iter(tracers)
        given = iter(
            [
                leaf if value is None else next(rest)
                for leaf, value in zip(leaves, values, strict=True)
            ]
        )
        return fun(
            *[tree.unflatten(structure, [next(given) for _ in part]) for part, structure in flat]
        )

    arrays = [each for each in values if each is not None]
    recording = record_program(run, arrays, GraphTrace(title, Stopped))
    found = [x for x in recording.leaves if not is_own(x, recording.trace)]
    constants: dict[int, Any] = {
        id(x): x
        for x in [*recording.captured, *found]
        if isinstance(x, Tracer) and x.dtype.kind in "fc"
    }
    examples = [
        leaf if value is None else ShapeDtypeStruct(value.shape, value.dtype)
        for leaf, value in zip(leaves, values, strict=True)
    ]
    consts = list(constants.values())
    structures = [structure for _, structure in flat]
    return Converted(fun, recording, consts, examples, structures), consts


__all__ = ["Converted", "closure_convert"]
