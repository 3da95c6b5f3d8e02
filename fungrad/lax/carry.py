"""The carry of a loop: a tree of arrays that keeps its structure, shapes and dtypes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fungrad import tree
from fungrad.array import Array, operations
from fungrad.errors import CarryError, TreeMismatchError, describe
from fungrad.numpy.common import NUMBERS, as_array, lift
from fungrad.rules.families import Constant, Elementwise
from fungrad.trace import Trace, Tracer

if TYPE_CHECKING:  # at run time it costs milliseconds
    import numpy.typing as npt


class Number(Tracer):
    """A Python number that is also an array; NumPy promotes it weakly, as it does a literal."""

    __slots__ = ("plain",)

    derivative = False

    def __init__(self, owner: Trace, number: Any) -> None:
        self.owner = owner
        self.value = np.asarray(number)[()]
        self.plain = number

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        return np.array(self.value, dtype)  # there is no derivative to lose


class Numbers(Trace):
    """Gives the Python numbers themselves to operations on elements, which promote.

    What such an operation makes of Python numbers alone is one again.
    """

    __slots__ = ()

    def process(self, function: Any, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        if params or not issubclass(function, (Elementwise, Constant)):
            values = [arg.value if type(arg) is Number else arg for arg in args]
            return function.apply(*values, **params)
        values = [arg.plain if type(arg) is Number else arg for arg in args]
        z = function.apply(*values)
        if type(z) is Array and all(type(value) in NUMBERS for value in values):
            return Number(self, z.value.item())
        return z


class Carry:
    """What is known of a carry: its structure, and the shape and dtype of each leaf.

    Attributes
    ----------
    leaves : list of Array
        The initial carry. Python numbers among them take the dtype of what they meet.
    """

    __slots__ = ("leaves", "root", "structure", "title", "types")

    def __init__(self, title: str, root: str, init: Any) -> None:
        self.title = title
        self.root = root
        self.leaves, self.structure = tree.flatten(init)
        numbers = Numbers(title)
        self.leaves = [
            Number(numbers, leaf) if type(leaf) in NUMBERS else as_array(lift(leaf, title))
            for leaf in self.leaves
        ]
        self._note()

    def _note(self) -> None:
        self.types = [(leaf.shape, leaf.dtype) for leaf in self.leaves]

    def initial(self) -> Any:
        """Return the initial carry as the loop sees it."""
        return self.structure.unflatten(self.leaves)

    def final(self, value: Any) -> Any:
        """Return the last carry: Python numbers are arrays there."""
        return tree.map(lambda leaf: as_array(_strong(leaf)), value)

    def widen(self, value: Any) -> bool:
        """Widen the initial carry to the dtypes of what the first step made of it.

        Only Python numbers, integers and booleans change. Return whether one did: the step has to
        be done again then.
        """
        widened = False
        for position, new in enumerate(self._flatten(value, 0)):
            old = self.leaves[position]
            number = type(old) is Number
            if not (number or old.dtype.kind in "biu") or not _has_dtype(new):
                continue
            if number and _is_number(new):  # stays one
                kind = np.result_type(old.dtype, np.asarray(_plain(new)).dtype)
                if kind != old.dtype:
                    self.leaves[position] = Number(old.owner, kind.type(old.plain).item())
                    widened = True
                continue
            dtype = np.result_type(
                old.plain if number else old.dtype, _plain(new) if _is_number(new) else new.dtype
            )
            if dtype != old.dtype:
                self.leaves[position] = operations.astype(as_array(_strong(old)), dtype)
                widened = True
        if widened:
            self._note()
        return widened

    def check(self, value: Any, step: int) -> Any:
        """Return the carry that a step returned; each leaf is an array as it was before.

        Raises
        ------
        CarryError
            If the structure, a shape or a dtype is another.
        """
        leaves = self._flatten(value, step)
        fitted: list[Any] | None = None
        for position, (leaf, (shape, dtype)) in enumerate(zip(leaves, self.types)):
            if isinstance(leaf, Array) and leaf.dtype == dtype and leaf.shape == shape:
                continue
            if fitted is None:
                fitted = list(leaves)
            fitted[position] = self._fit(position, leaf, step)
        return value if fitted is None else self.structure.unflatten(fitted)

    def _flatten(self, value: Any, step: int) -> list[Any]:
        try:
            return self.structure.flatten_up_to(value)
        except TreeMismatchError:
            pass  # said better below
        try:
            where = f"{self.title}, after step {step}"
            return self.structure.flatten_up_to(value, caller=where, name=self.root)
        except TreeMismatchError as error:
            raise CarryError(str(error)) from None

    def _fit(self, position: int, leaf: Any, step: int) -> Any:
        """Return a leaf in the dtype of the carry, if nothing is lost by that."""
        shape, dtype = self.types[position]
        path = tree.format_path(self.root, self.structure.paths()[position])
        before = f"{dtype}[{','.join(map(str, shape))}]"
        if not _has_dtype(leaf):
            raise CarryError.leaf(self.title, path, step, before, describe(leaf))
        number = type(leaf) in NUMBERS
        value = as_array(lift(leaf, self.title))
        if value.shape != shape:
            raise CarryError.shape(self.title, path, step, before, describe(value))
        wider = np.result_type(dtype, leaf if number else value.dtype)
        if wider != dtype:
            raise CarryError.dtype(self.title, path, step, before, describe(value), str(dtype))
        return operations.astype(value, dtype)


def _has_dtype(x: Any) -> bool:
    return hasattr(x, "dtype") or type(x) in NUMBERS


def _is_number(x: Any) -> bool:
    return type(x) is Number or type(x) in NUMBERS


def _plain(x: Any) -> Any:
    return x.plain if type(x) is Number else x


def _strong(x: Any) -> Any:
    return x.value if type(x) is Number else x


__all__ = ["Carry", "Number"]
