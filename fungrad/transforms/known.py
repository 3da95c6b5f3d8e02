"""Operations whose results are known, so that only their derivative is left to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fungrad.function import Function
from fungrad.rules.chain import Guarded
from fungrad.rules.families import Bilinear, Elementwise, Linear, Reduction
from fungrad.rules.products import Matmul


class Known(Function):
    """An operation with its results as further arguments: it is not computed again."""

    trusted = True
    masks = False

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        function, count = params["function"], params["count"]
        (z,) = values[count:]
        return z, (function, count, _notes(function, values[:count], z, params["params"]))

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        function, count, inner = notes
        guarded = Guarded(gradient) if function.cautious else gradient
        return [*function.pull(inner, parents[:count], guarded), None]


def can_be_known(function: Any) -> bool:
    """Whether the derivative of an operation can do without computing the operation."""
    return not function.masks and _family(function) is not None


def _family(function: Any) -> Any:
    """Return the class that says what the tape keeps of an operation; None for other ones."""
    if issubclass(function, Elementwise):
        return Elementwise if function.differentiable else None
    for family in (Bilinear, Linear, Reduction, Matmul):
        if issubclass(function, family):
            inherited = _code(function.linearize) is _code(family.linearize)
            return family if inherited else None
    return None


def _code(method: Any) -> Any:
    return method.__func__.__code__


def _notes(function: Any, values: Sequence[Any], z: Any, params: dict[str, Any]) -> Any:
    """Return what the `linearize` of the operation's family returns beside the result."""
    family = _family(function)
    if family is Elementwise:
        return (z, *values)
    if family is Linear:
        return values[0].shape, params
    if family is Reduction:
        (x,) = values
        return (z if callable(function.weight) else None, x, x.shape, params)
    x, y = values
    return (x, y, x.shape, y.shape) if family is Matmul else (x, y, params)


__all__ = ["Known", "can_be_known"]
