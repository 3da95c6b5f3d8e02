"""Makers of the methods that `Array` has: each calls a function of the table `operations`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fungrad.errors import ArrayImmutableError, OperandError
from fungrad.operations import operations


def make_operator(name: str, swap: bool = False) -> Callable[[Any, Any], Any]:
    """Make the operator method that calls ``operations.<name>``."""
    table, operators = vars(operations), operations.operators

    def method(self: Any, other: Any) -> Any:
        try:
            return operators[name](self, other)
        except OperandError:
            return NotImplemented  # the other operand may know what to do

    def swapped(self: Any, other: Any) -> Any:
        try:
            return table[name](other, self)
        except OperandError:
            return NotImplemented

    return swapped if swap else method


def make_binary(name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Make the operator method and the one for swapped operands."""
    return make_operator(name), make_operator(name, swap=True)


def make_method(name: str) -> Callable[..., Any]:
    """Make the method that calls ``operations.<name>`` with the array first."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(operations, name)(self, *args, **kwargs)

    method.__name__ = name
    method.__doc__ = f"See `fungrad.numpy.{name}`."
    return method


def make_refused(name: str, instead: str) -> Callable[..., Any]:
    """Make the method that stands for one of ndarray's that would change the array."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise ArrayImmutableError(f"x.{name}(...)", instead)

    method.__name__ = name
    method.__doc__ = f"Raise `ArrayImmutableError`; write ``{instead}``."
    return method
