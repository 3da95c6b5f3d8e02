"""Mistakes with arrays: changes, dtypes, shapes, indices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from numpy.linalg import LinAlgError

from fungrad.errors.base import FungradError, describe, describe_all


class ArrayImmutableError(FungradError, TypeError):
    """An operation tried to change an array."""

    def __init__(self, attempt: str, instead: str) -> None:
        super().__init__(f"fungrad arrays are immutable: instead of {attempt} write {instead}")


class ArrayDTypeError(FungradError, TypeError):
    """The elements are neither numbers nor booleans."""

    def __init__(self, dtype: Any) -> None:
        super().__init__(
            f"an array holds numbers or booleans, not elements of dtype {dtype}; "
            "keep such values in a list, a tree or a NumPy array"
        )


class OperandError(FungradError, TypeError):
    """An operand is nothing that an array can be made of."""

    def __init__(self, where: str, operand: Any) -> None:
        super().__init__(
            f"{where} got {describe(operand)} where it needs an array, a number or a nested list "
            "of numbers; call it on the leaves of a tree (fungrad.tree.map), and pass the static "
            "parameters of a Function by keyword"
        )


class ShapeError(FungradError, ValueError):
    """The shapes of the operands do not fit together."""

    def __init__(self, where: str, operands: Iterable[Any], reason: object) -> None:
        super().__init__(f"{where} of {describe_all(operands)}: {str(reason).strip()}")


class MatrixShapeError(ShapeError, LinAlgError):
    """An operand of linear algebra is no matrix, or not a square one."""


class IndexOutOfBoundsError(FungradError, IndexError):
    """An index does not name an element of the array, or there are too many indices."""

    def __init__(self, reason: object, array: Any) -> None:
        super().__init__(f"{reason}; the array is {describe(array)}")


class IndexTypeError(FungradError, IndexError):
    """Something is no index."""

    def __init__(self, given: str, advice: str) -> None:
        super().__init__(
            f"an index is an integer, a slice, None, ..., or an array of integers or booleans, "
            f"not {given}; {advice}"
        )


class UpdateDTypeError(FungradError, TypeError):
    """The values of an update do not fit the dtype of the array."""

    def __init__(self, how: str, given: str, dtype: Any, wanted: str) -> None:
        super().__init__(
            f"x.at[...].{how} would store {given} in an array of {dtype}, which cannot hold it; "
            f"convert the array first: x.astype({wanted}).at[...].{how}(...)"
        )
