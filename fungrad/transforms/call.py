"""What the transforms share: calls with `argnums`, names of functions, wrapped signatures.

A transform is a small class with `__call__`, not a closure, so that it pickles whenever the
function does.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fungrad import tree
from fungrad.array import NUMERIC_KINDS, RAW, Array, wrap
from fungrad.errors import ArgumentIndexError, AuxError, InexactError, NonFloatInputError
from fungrad.trace import Tracer
from fungrad.transforms.boundary import boundary


def name_of(function: Any) -> str:
    """Return a readable name of any callable."""
    if isinstance(function, functools.partial):
        return name_of(function.func)
    name = getattr(function, "__name__", None)
    return name if isinstance(name, str) else type(function).__name__


class Transformed:
    """A function under a transform: keeps its name, docstring and signature, and pickles with it.

    Subclasses take further settings and define `__call__`.
    """

    verb: str

    def __init_subclass__(cls) -> None:
        if "__call__" in cls.__dict__:
            cls.__call__ = boundary(cls.__call__)  # type: ignore[method-assign]

    def __init__(self, function: Callable[..., Any]) -> None:
        if not callable(function):
            raise TypeError(f"{self.verb} takes a function, got {function!r}")
        functools.update_wrapper(self, function, updated=())  # its attributes are not ours
        self.function = function
        self.title = f"{self.verb} of {name_of(function)}"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        # A transformed function in a class body is a method, as the function itself would be.
        return self if instance is None else functools.partial(self, instance)

    def __repr__(self) -> str:
        return f"<{self.title}>"

    def __reduce__(self) -> Any:
        name = decorated_name(self)
        if name is not None:
            return name
        settings = {
            key: value
            for key, value in self.__dict__.items()
            if not key.startswith("__") and key not in {"function", "title"}
        }
        return _rebuild, (type(self), self.function, settings)


def decorated_name(x: Any) -> str | None:
    """Return the name under which its module has x, None if it has not; for pickles.

    A decorated function is found there in place of the function that it was made of.
    """
    place: Any = sys.modules.get(getattr(x, "__module__", None) or "")
    name: str = getattr(x, "__qualname__", "")
    for part in name.split("."):
        place = getattr(place, part, None)
    return name if place is x else None


def _rebuild(kind: type[Transformed], function: Any, settings: dict[str, Any]) -> Transformed:
    transformed = kind.__new__(kind)
    Transformed.__init__(transformed, function)
    transformed.__dict__.update(settings)
    return transformed


class Selection:
    """Which arguments of a call are differentiated: `argnums`, `argnames`, or the first."""

    __slots__ = ("names", "numbers", "single")

    def __init__(
        self,
        argnums: int | Sequence[int] | None,
        argnames: str | Sequence[str] | None,
        transform: str,
    ) -> None:
        if argnums is None:
            argnums = () if argnames is not None else 0
        if not isinstance(argnums, (int, np.integer, tuple, list)):
            raise TypeError(f"{transform}: argnums is an int or ints, got {argnums!r}")
        if argnames is None:
            argnames = ()
        self.single = isinstance(argnums, (int, np.integer)) and argnames == ()
        numbers = (argnums,) if isinstance(argnums, (int, np.integer)) else tuple(argnums)
        names = (argnames,) if isinstance(argnames, str) else tuple(argnames)
        if not all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in numbers):
            raise TypeError(f"{transform}: argnums is an int or ints, got {argnums!r}")
        if not all(isinstance(name, str) for name in names):
            raise TypeError(f"{transform}: argnames is a str or strs, got {argnames!r}")
        if isinstance(argnames, str) and not numbers:
            self.single = True
        if not numbers and not names:
            raise ArgumentIndexError(transform, "argnums is empty, so there is no derivative")
        self.numbers: tuple[int, ...] = tuple(int(number) for number in numbers)
        self.names: tuple[str, ...] = names

    def __reduce__(self) -> Any:
        return _restore, (self.numbers, self.names, self.single)

    def locate(
        self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], title: str
    ) -> tuple[list[Any], list[int | str]]:
        """Return the selected values, and where each stands: a position or a keyword."""
        if self.numbers == (0,) and args and not self.names:  # by far the commonest call
            return [args[0]], [0]
        places: list[int | str] = []
        for number in self.numbers:
            places.append(self._place(function, number, args, kwargs, title))
        for name in self.names:
            place = _place_of_name(function, name, args, kwargs)
            if place is None:
                raise ArgumentIndexError(title, f"there is no argument {name!r} in the call")
            places.append(place)
        if len(set(places)) != len(places):
            raise ArgumentIndexError(title, "argnums and argnames name an argument twice")
        return [kwargs[p] if isinstance(p, str) else args[p] for p in places], places

    def _place(
        self,
        function: Any,
        number: int,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        title: str,
    ) -> int | str:
        position = number + len(args) if number < 0 else number
        if 0 <= position < len(args):
            return position
        names = argument_names(function)  # a keyword call: find the parameter's name
        if number >= 0 and number < len(names) and names[number] in kwargs:
            return names[number]
        raise ArgumentIndexError(
            title,
            f"argnums names argument {number}, but the call has {len(args)} positional "
            f"argument{'s' * (len(args) != 1)}; pass it by position, or use argnames",
        )


def _restore(numbers: tuple[int, ...], names: tuple[str, ...], single: bool) -> Selection:
    selection = object.__new__(Selection)
    selection.numbers, selection.names, selection.single = numbers, names, single
    return selection


def argument_names(function: Any) -> list[str]:
    """Return the names of the parameters that can be passed by position."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def _place_of_name(
    function: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> int | str | None:
    if name in kwargs:
        return name
    names = argument_names(function)
    if name in names and names.index(name) < len(args):
        return names.index(name)
    return None


def replace(
    args: tuple[Any, ...], kwargs: dict[str, Any], places: Sequence[int | str], values: Any
) -> tuple[list[Any], dict[str, Any]]:
    """Return the call with other values at some places."""
    if places == [0]:
        return [values[0], *args[1:]], kwargs
    new_args = list(args)
    new_kwargs = kwargs
    for place, value in zip(places, values, strict=True):
        if isinstance(place, str):
            new_kwargs = {**new_kwargs, place: value}
        else:
            new_args[place] = value
    return new_args, new_kwargs


def path_of(function: Any, place: int | str, argument: Any, index: int) -> str:
    """Return the path of leaf `index` of an argument, such as ``params["w"][0]``."""
    if isinstance(place, str):
        root = place
    else:
        names = argument_names(function)
        root = names[place] if place < len(names) else f"argument {place}"
    path, _ = tree.leaves_with_path(argument)[index]
    return tree.format_path(root, path)


def raw_leaf(leaf: Any) -> Any:
    """Return a leaf as a value one layer down: what a tracer can be made around.

    Raises
    ------
    TypeError
        If the leaf is no number or array of numbers.
    """
    kind = type(leaf)
    if kind is Array:
        return leaf.value
    if isinstance(leaf, Tracer):
        return leaf
    if kind is float:
        return np.float64(leaf)
    if kind not in RAW and not hasattr(leaf, "__array__"):
        raise TypeError
    value = np.asarray(leaf)
    if value.dtype.kind not in NUMERIC_KINDS:
        raise TypeError
    if not value.ndim:
        return value[()]
    if not value.flags.writeable:
        return value.copy("K")  # whoever made it read-only may change his mind
    # A view that `wrap` recognises as somebody else's memory, and copies if it comes out.
    value = value.view()
    value.flags.writeable = False
    return value


def own(value: Any) -> Any:
    """Return a value of `raw_leaf` for keeps: a copy of an ndarray that its owner could change."""
    base = value.base if type(value) is np.ndarray else None
    if base is None or (type(base) is np.ndarray and not base.flags.writeable):
        return value
    return value.copy("K")


def public(leaf: Any) -> Any:
    """Return a value one layer down as the caller of a transform sees it."""
    return leaf if isinstance(leaf, Array) else wrap(leaf)


def check_leaf(leaf: Any, allow_int: bool, holomorphic: bool) -> Any:
    """Return a leaf to differentiate with respect to, one layer down.

    A Python int counts as a float; an array of ints is refused unless `allow_int`.

    Raises
    ------
    InexactError
        If there is no derivative with respect to it; the text says why.
    """
    try:
        value = raw_leaf(leaf)
    except TypeError:
        raise InexactError(
            "only floating-point numbers and arrays have derivatives; close over other values, or "
            "pass them as an argument that is not differentiated; a class of your own is a tree "
            "of its fields if it is registered, with fungrad.tree_util.register_dataclass for "
            "instance"
            if hasattr(leaf, "__dict__")
            else "only floating-point numbers and arrays have derivatives; close over other "
            "values, or pass them as an argument that is not differentiated"
        ) from None
    kind = value.dtype.kind
    if holomorphic:
        if kind != "c":
            raise InexactError("holomorphic=True needs complex values: use .astype(complex)")
        return value
    if kind in "fc":
        return value
    if type(leaf) is int:
        return np.float64(leaf)
    if not allow_int:
        raise InexactError(
            "only floating-point numbers have derivatives: convert it with .astype(float), or "
            "pass allow_int=True to get zeros for it"
        )
    return value


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
    if len(structures) == 1:
        return [tree.unflatten(structures[0], tracers)]
    rest = iter(tracers)
    return [
        tree.unflatten(structure, [next(rest) for _ in range(structure.num_leaves)])
        for structure in structures
    ]


def split_aux(output: Any, title: str) -> tuple[Any, Any]:
    """Take the result of a function with has_aux=True apart."""
    if not isinstance(output, (tuple, list)) or len(output) != 2:
        raise AuxError(title, output)
    return output[0], output[1]
