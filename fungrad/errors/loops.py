"""Mistakes in loops that are given as functions, and in solvers with derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fungrad.errors.base import FungradError, describe


class CarryError(FungradError, TypeError):
    """A step of a loop returned a carry of another structure, shape or dtype."""

    @classmethod
    def leaf(cls, title: str, path: str, step: int, before: str, after: str) -> CarryError:
        """Return the error for a leaf that is no array."""
        return cls(
            f"{title}: step {step} got {path} as {before} and returned {after}; return an array "
            f"of the same shape{'; is a return missing?' if after == 'NoneType None' else ''}"
        )

    @classmethod
    def shape(cls, title: str, path: str, step: int, before: str, after: str) -> CarryError:
        """Return the error for a leaf of another shape."""
        return cls(
            f"{title}: step {step} got {path} as {before} and returned it as {after}; every step "
            "must return the shape that it gets. Begin with the full shape, or write a Python loop "
            "where an array is to grow"
        )

    @classmethod
    def dtype(
        cls, title: str, path: str, step: int, before: str, after: str, dtype: str
    ) -> CarryError:
        """Return the error for a leaf of a dtype that does not fit into the one before."""
        return cls(
            f"{title}: step {step} got {path} as {before} and returned it as {after}; convert what "
            f"is returned with .astype({dtype!r}), or begin with the wider dtype"
        )


class StepOutputError(FungradError, TypeError):
    """A step of a loop did not return what the loop collects."""

    @classmethod
    def pair(cls, title: str, step: int, given: Any) -> StepOutputError:
        """Return the error for a step of scan that returned no pair."""
        return cls(
            f"{title}: the function must return a pair (carry, y), but step {step} returned "
            f"{describe(given)}; where there is nothing to collect, return (carry, None)"
        )

    @classmethod
    def shape(cls, title: str, path: str, step: int, first: str, given: str) -> StepOutputError:
        """Return the error for an output of another shape."""
        return cls(
            f"{title}: {path} is {first} in the first step and {given} in step {step}, and only "
            "equal shapes can be stacked; pad them, or collect them in a list in a Python loop"
        )

    @classmethod
    def combined(cls, title: str, path: str, given: str, result: str) -> StepOutputError:
        """Return the error for combined elements of another shape."""
        return cls(
            f"{title}: {path} is {result} where the elements are {given}; the function combines "
            "arrays of elements, as many as it gets, and keeps their shape"
        )


class LoopLengthError(FungradError, ValueError):
    """The number of steps of a loop is not known, or known in two ways."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__(f"{title}: {text}")

    @classmethod
    def leaves(cls, title: str, lengths: Sequence[tuple[str, Any]]) -> LoopLengthError:
        """Return the error for leaves of different lengths; None is the length of a number."""
        found = ", ".join(
            f"{path} has no axis" if length is None else f"{path} has {length}"
            for path, length in lengths
        )
        return cls(
            title,
            f"each step takes one slice of every leaf along axis 0, but the lengths differ: "
            f"{found}; close over what is the same in all steps",
        )


class SolverError(FungradError, ValueError):
    """A solver, or the function that it is to solve, returned something that does not fit."""

    @classmethod
    def shape(cls, title: str, path: str, given: str, wanted: str) -> SolverError:
        """Return the error for an array of another shape than the unknown."""
        return cls(
            f"{title}: {path} is {given} where the unknown is {wanted}; there must be as many "
            "equations as unknowns, in the same structure and shapes"
        )


class TransposeSolveError(FungradError, TypeError):
    """Reverse mode needs a linear system solved with the transposed matrix."""

    def __init__(self, title: str) -> None:
        super().__init__(
            f"{title}: reverse mode solves a system with the transposed matrix; pass "
            "transpose_solve=, or symmetric=True if the matrix is symmetric"
        )
