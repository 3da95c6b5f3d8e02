"""`debug_nans`: which operation made the NaN in a result.

Nothing is recorded until there is a NaN. Then the function, which is pure, runs again with every
array under a trace that keeps all operations, their values and lines; and from the NaN the way
leads back to the first operation that made one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from contextvars import Token
from typing import Any

import numpy as np

from fungrad import tree
from fungrad.array import NUMERIC_KINDS, Array
from fungrad.debug.blame import Predicate, isbad
from fungrad.debug.explanation import Explanation, element, first_index
from fungrad.debug.places import NotingTape
from fungrad.debug.recording import KeepingTrace, Kept
from fungrad.errors import NanError
from fungrad.trace import peek
from fungrad.transforms.boundary import WATCH
from fungrad.transforms.call import Transformed, argument_names, name_of, raw_leaf
from fungrad.transforms.tape import TAPES

# --- watching ------------------------------------------------------------------------------------


def debug_nans(fun: Callable[..., Any] | None = None, *, infs: bool = False) -> Any:
    """Find out which operation makes the NaN in a result.

    As a context manager, ``with fg.debug_nans():``, it watches every call of a transform in the
    block, ``fg.grad(loss)(params)`` for instance; transforms within these are not watched by
    themselves. Given a function, it returns one that is watched. A NaN in a result raises an error
    that names the operation which made it, forward or backward, its operands and the line of your
    code. A NaN that does not reach the result is no mistake: ``fnp.where(x > 0, fnp.log(x), 0)``.

    Without a NaN this costs a look at the results. With one, the function runs again, slower, and
    with everything kept in memory; so it must be pure.

    Parameters
    ----------
    fun : callable, optional
        The function to watch, under a transform or not.
    infs : bool
        Whether infinities in the result are mistakes, too.

    Returns
    -------
    context manager or callable

    Raises
    ------
    NanError
        By what is watched: a `FloatingPointError`.

    Examples
    --------
    >>> def loss(x):
    ...     return fnp.sum(fnp.log(x - 1))
    >>> with fg.debug_nans():
    ...     fg.grad(loss)(fnp.array([2.0, 3.0]))
    Array([1. , 0.5], dtype=float64)
    >>> with np.errstate(invalid="ignore"):
    ...     fg.debug_nans(loss)(fnp.array([2.0, 0.5]))
    Traceback (most recent call last):
    ...
    fungrad.errors.NanError: loss: result is nan
    it was made by `log`, at <doctest ...>:2, in loss:
        return fnp.sum(fnp.log(x - 1))
    log(-0.5) is nan, at index [1] of a float64[2]
    `log` takes positive numbers: limit its argument, with fnp.clip or fnp.where
    """
    return _Watching(infs) if fun is None else _Watched(fun, infs)


class _Watching:
    """The block of a with statement in which transforms are watched."""

    def __init__(self, infs: bool) -> None:
        self.watch = _Watch(infs)
        self.tokens: list[Token[Any]] = []

    def __enter__(self) -> None:
        self.tokens.append(WATCH.set(self.watch))

    def __exit__(self, *exception: object) -> None:
        WATCH.reset(self.tokens.pop())


class _Watched(Transformed):
    """A function that is watched."""

    verb = "debug_nans"

    def __init__(self, function: Callable[..., Any], infs: bool) -> None:
        super().__init__(function)
        self.infs = infs

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _Watch(self.infs)(self.function, args, kwargs)


class _Watch:
    """Calls functions and looks at their results."""

    def __init__(self, infs: bool) -> None:
        self.predicate: Predicate = _not_finite if infs else np.isnan

    def __call__(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        token = WATCH.set(None)
        try:
            result = function(*args, **kwargs)
            if any(self.is_bad(leaf) for leaf in tree.leaves(result)):
                raise NanError(
                    _Investigation(self, _Call.of(function, args, kwargs)).report(result)
                )
        finally:
            WATCH.reset(token)
        for position, leaf in enumerate(tree.leaves(result)):
            if hasattr(type(leaf), "made_by"):
                leaf.made_by = _Call.of(function, args, kwargs), position
        return result

    def is_bad(self, leaf: Any) -> bool:
        """Whether a leaf of a result holds what is looked for."""
        return is_number(leaf) and bool(isbad(self.predicate, peek(leaf)).any())


def _not_finite(x: Any) -> Any:
    return ~np.isfinite(x)


def is_number(leaf: Any) -> bool:
    """Whether a leaf is an array or a floating-point number; other numbers decide things."""
    if isinstance(leaf, np.ndarray):
        return leaf.dtype.kind in NUMERIC_KINDS
    return isinstance(leaf, (Array, np.inexact, float, complex))


# --- calls that can be repeated ------------------------------------------------------------------


class _Call:
    """A call of a function, with names for its arguments."""

    __slots__ = ("args", "function", "kwargs", "names", "title")

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        title: str,
        names: Sequence[str],
    ) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.title = title
        self.names = [names[i] if i < len(names) else f"argument {i}" for i in range(len(args))]

    @classmethod
    def of(cls, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Call:
        """Describe a call; that of a pullback is the call that made it, and then its own."""
        first = args[0] if args else None
        name = name_of(function)
        if name != "__call__":
            title = name
            if callable(first):  # as in vjp(f, x)
                title = f"{title} of {name_of(first)}"
            return cls(function, args, kwargs, title, argument_names(function))
        if isinstance(first, Transformed):
            names = ["self", *argument_names(first.function)]
            return cls(function, args, kwargs, first.title, names)
        title = repr(first)[1:-1]
        own = [f"its argument {position}" for position in range(len(args) - 1)]
        if not hasattr(first, "made_by"):  # or it was made where nobody watched
            return cls(function, args, kwargs, title, ["self", *own])
        call, position = args[0].made_by
        again = _Again(call.function, position, len(call.args))
        names = [*call.names, *own]
        return cls(again, (*call.args, *args[1:]), call.kwargs, title, names)


class _Again:
    """Makes a pullback or a linear map again, and calls it."""

    def __init__(self, function: Callable[..., Any], position: int, count: int) -> None:
        self.function = function
        self.position = position
        self.count = count

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        result = self.function(*args[: self.count], **kwargs)
        return tree.leaves(result)[self.position](*args[self.count :])


# --- the investigation ---------------------------------------------------------------------------


class _Investigation:
    """The second run of a function whose result was bad."""

    def __init__(self, watch: _Watch, call: _Call) -> None:
        self.watch = watch
        self.call = call
        self.trace = KeepingTrace(call.title)
        self.inputs: dict[int, str] = {}

    def report(self, result: Any) -> str:
        """Return the text of the error."""
        first = self.first_bad(result)
        assert first is not None
        path, index, value = first
        head = f"{self.call.title}: {element(path, index)} is {value}"
        try:
            again = self.run()
        except Exception as error:
            return (
                f"{head}\nto find the operation that made it, the function ran again, and failed: "
                f"{type(error).__name__}: {error}"
            )
        leaves = dict(_leaves(again))
        if path not in leaves or not isbad(self.watch.predicate, peek(leaves[path])).any():
            found = self.first_bad(again)
            if found is None:
                return (
                    f"{head}\nthe function ran again, to find the operation that made it, and did "
                    "not return one: it is not pure. Does it draw random numbers, or change what "
                    "it reads?"
                )
            path, index, value = found
        leaf = leaves[path]
        if not (isinstance(leaf, Kept) and leaf.owner is self.trace):
            return (
                f"{head}\nit was computed from no argument of the function, but from constants or "
                "values of an enclosing scope"
            )
        bad = isbad(self.watch.predicate, peek(leaf))
        index = index if bad.shape and bad[index] else first_index(bad)
        explanation = Explanation(self.trace, self.inputs, self.watch.predicate)
        return "\n".join([head, *explanation.lines(leaf.slot, index)])

    def run(self) -> Any:
        """Run the function again, under the trace that keeps everything."""
        call = self.call
        args = [self.follow(name, arg) for name, arg in zip(call.names, call.args, strict=True)]
        kwargs = {name: self.follow(name, arg) for name, arg in call.kwargs.items()}
        token = TAPES.set(functools.partial(NotingTape, self.trace.follow))
        try:
            with np.errstate(all="ignore"):
                return call.function(*args, **kwargs)
        finally:
            TAPES.reset(token)
            self.trace.closed = True

    def follow(self, name: str, argument: Any) -> Any:
        """Return an argument whose arrays the trace follows."""

        def wrap(path: Any, leaf: Any) -> Any:
            if not is_number(leaf):
                return leaf
            value = leaf if type(leaf) in (float, complex) else raw_leaf(leaf)
            tracer = self.trace.input(value)
            self.inputs[tracer.slot] = tree.format_path(name, path)
            return tracer

        return tree.map_with_path(wrap, argument)

    def first_bad(self, result: Any) -> tuple[str, tuple[int, ...], Any] | None:
        """Return path, index and value of the first bad element of a result."""
        for path, leaf in _leaves(result):
            if self.watch.is_bad(leaf):
                value = np.asarray(peek(leaf))
                index = first_index(isbad(self.watch.predicate, value))
                return path, index, value[index]
        return None


def _leaves(result: Any) -> list[tuple[str, Any]]:
    return [(tree.format_path("result", path), x) for path, x in tree.leaves_with_path(result)]
