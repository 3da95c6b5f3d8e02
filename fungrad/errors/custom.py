"""Mistakes in functions with rules of their own: custom_vjp, custom_jvp, primitive."""

from __future__ import annotations

from typing import Any

from fungrad.errors.base import FungradError, describe


class NoRuleError(FungradError, NotImplementedError):
    """A function that needs a rule of differentiation has none."""

    def __init__(self, name: str, kind: str, instead: str) -> None:
        super().__init__(f"{name} is a {kind} without a rule of differentiation; {instead}")


class RuleArgumentError(FungradError, TypeError):
    """An argument of a function with its own rule is of no use to the rule."""

    def __init__(self, title: str, path: str, text: str) -> None:
        super().__init__(f"{title}: {path} {text}")


class RuleResultError(FungradError, TypeError):
    """A function with its own rule, or its rule, returned something of the wrong form."""

    def __init__(self, where: str, text: str) -> None:
        super().__init__(f"{where} {text}")


class RuleShapeError(FungradError, ValueError):
    """A rule returned a derivative whose shape does not fit."""

    def __init__(self, where: str, kind: str, given: Any, path: str, wanted: str) -> None:
        super().__init__(
            f"{where} returned the {kind} {describe(given)} for {path}, which is {wanted}; a "
            f"{kind} has the shape of its value, and None stands for zeros"
        )


class ForeignCodeError(FungradError, TypeError):
    """The rule of a primitive called code that cannot take traced values."""

    def __init__(self, where: str, name: str, reason: str) -> None:
        super().__init__(
            f"{where} called foreign code on a traced value, as a derivative of the derivative of "
            f"{name} or its batch needs it; wrap that code with fungrad.primitive, too, or write "
            f"the rule with functions of NumPy. The call: {reason}"
        )
