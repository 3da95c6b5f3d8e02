"""Mistakes in branches and loops that are given as functions."""

from __future__ import annotations

from typing import Any

from fungrad.errors.base import FungradError, describe


class PredicateError(FungradError, TypeError):
    """A decision was asked for by something that is not one number."""

    def __init__(self, where: str, given: Any, integer: bool) -> None:
        wanted = "one integer" if integer else "one boolean or number"
        super().__init__(
            f"{where} decides by {wanted}, not by {describe(given)}; reduce it, with .any() or "
            ".all() for instance, choose elements with fnp.where, or run it for each with vmap"
        )


class BranchError(FungradError, TypeError):
    """A branch of cond, switch or while_loop is no function."""

    def __init__(self, where: str, text: str) -> None:
        super().__init__(f"{where}: {text}")


class AxisNameError(FungradError, NameError):
    """No running vmap has an axis of that name."""

    def __init__(self, name: Any, known: Any) -> None:
        names = ", ".join(map(repr, known)) or "no names at all"
        super().__init__(
            f"there is no axis {name!r} here: the vmaps that are running have {names}; name the "
            f"axis where it is made: vmap(f, axis_name={name!r})"
        )

    @classmethod
    def over(cls) -> AxisNameError:
        """Return the error for what was made in a vmap that is no longer running."""
        error = cls.__new__(cls)
        FungradError.__init__(
            error,
            "this was made inside of a vmap that has returned, and needs its axis: call pullbacks "
            "and linear maps inside of the function that the vmap runs, and return their results",
        )
        return error


class CollectiveError(FungradError, RuntimeError):
    """Something between all examples of a vmap was asked for where only some of them are."""

    def __init__(self, title: str, name: Any, here: int, size: int) -> None:
        super().__init__(
            f"{title}: a sum or an exchange along {name!r} needs all {size} examples, but only "
            f"{here} are here, because a branch was taken on a value that differs between them. "
            "Do it before the branch, or choose with fnp.where"
        )
