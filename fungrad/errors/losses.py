"""Mistakes in the arguments of loss functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fungrad.errors.base import FungradError, describe, describe_all


class LossShapeError(FungradError, ValueError):
    """The arguments of a loss function have shapes that do not belong together."""

    def __init__(self, where: str, text: str) -> None:
        super().__init__(f"{where}: {text}")

    @classmethod
    def unequal(cls, where: str, names: Sequence[str], values: Sequence[Any]) -> LossShapeError:
        """Return the error for arguments that have to be of one shape."""
        return cls(
            where,
            f"{_listed(names)} must have one shape, got {describe_all(values)}; broadcasting would "
            "compare each number with numbers that it has nothing to do with: reshape one of them",
        )

    @classmethod
    def classes(cls, where: str, scores: Any, targets: Any, axis: int) -> LossShapeError:
        """Return the error for targets that are neither class indices nor weights of classes."""
        lead = (*scores.shape[:axis], *scores.shape[axis + 1 :])
        return cls(
            where,
            f"for scores {describe(scores)} with the classes on axis {axis} the targets are "
            f"integers of shape {_shape(lead)}, or weights of shape {_shape(scores.shape)}, got "
            f"{describe(targets)}",
        )

    @classmethod
    def weight(cls, where: str, weight: Any, count: int) -> LossShapeError:
        """Return the error for weights of classes of another number."""
        return cls(
            where, f"weight needs one number for each of {count} classes, got {describe(weight)}"
        )


class LossArgumentError(FungradError, ValueError):
    """An option of a loss function has a value that means nothing."""

    def __init__(self, where: str, name: str, given: Any, wanted: str) -> None:
        super().__init__(f"{where}: {name} must be {wanted}, got {given!r}")


class ClassIndexError(FungradError, IndexError):
    """A target names a class that does not exist."""

    def __init__(self, where: str, index: int, count: int, ignored: int | None) -> None:
        text = f"{where}: class {index} is out of range for {count} classes, 0 to {count - 1}"
        if ignored is not None:
            text += f"; what is to be left out is marked by ignore_index={ignored}"
        super().__init__(text)


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _shape(shape: Sequence[int]) -> str:
    return f"[{','.join(map(str, shape))}]"
