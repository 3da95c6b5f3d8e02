"""Mistakes in a `Function`."""

from __future__ import annotations

from typing import Any

from fungrad.errors.base import FungradError, describe


class NoBackwardError(FungradError, NotImplementedError):
    """A Function without `backward` was differentiated."""

    def __init__(self, function: str) -> None:
        super().__init__(
            f"{function} has no backward, so it cannot be differentiated; add\n"
            "    @staticmethod\n    def backward(ctx, *grad_outputs): ...\n"
            "that returns one gradient (or None) for each positional argument of forward"
        )


class NoDerivativeError(FungradError, NotImplementedError):
    """An operation was differentiated where it has no derivative."""

    def __init__(self, where: str, reason: str, instead: str) -> None:
        super().__init__(f"{where} has no derivative: {reason}; {instead}")


class GradientCountError(FungradError, TypeError):
    """A backward returned the wrong number of gradients."""

    def __init__(self, function: str, given: int, wanted: int) -> None:
        super().__init__(
            f"{function}.backward returned {given} gradient{'s' * (given != 1)} for {wanted} "
            f"input{'s' * (wanted != 1)}; return one for each positional argument of forward, "
            "None where there is no gradient"
        )


class GradientShapeError(FungradError, ValueError):
    """A backward returned a gradient whose shape is not its input's."""

    def __init__(self, function: str, position: int, given: Any, wanted: str) -> None:
        super().__init__(
            f"{function}.backward returned a gradient {describe(given)} for input {position}, "
            f"which is {wanted}; a gradient has the shape of its input"
        )


class StaticParameterError(FungradError, TypeError):
    """An array was passed to a Function by keyword."""

    def __init__(self, function: str, name: str, value: Any) -> None:
        super().__init__(
            f"{function}.apply got the array {describe(value)} by keyword, {name}=...; keywords "
            "are static parameters without a gradient: pass arrays by position"
        )
