"""Functions with other values in place of the traced ones that they close over."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from types import CellType, FunctionType, MethodType
from typing import Any

import numpy as np

from fungrad import tree
from fungrad.trace import Tracer
from fungrad.transforms.call import Transformed


def rebind(function: Any, replace: Callable[[Tracer], Any]) -> Any:
    """Return a function that uses other values for the traced ones that it closes over.

    They are found in its closure and default values, in `functools.partial` and transforms around
    it, in the object of a bound method if that is a tree, and in functions and trees among these.
    """
    return _Rebinding(lambda x: replace(x) if isinstance(x, Tracer) else x).value(function)


class _Slot:
    """Where a traced value was."""

    def __init__(self, position: int) -> None:
        self.position = position


def freeze(function: Any, captured: list[Tracer]) -> Any:
    """Return a function as it is now, to be filled in by `fill` with values for traced ones.

    The traced values are appended to `captured`. Variables that the function closes over may get
    other values later, and NumPy arrays may change.
    """

    def change(x: Any) -> Any:
        if isinstance(x, Tracer):
            for position, known in enumerate(captured):
                if known is x:
                    return _Slot(position)
            captured.append(x)
            return _Slot(len(captured) - 1)
        return x.copy("K") if type(x) is np.ndarray and x.flags.writeable else x

    return _Rebinding(change, fresh=True).value(function)


def fill(function: Any, values: Sequence[Any]) -> Any:
    """Return what `freeze` returned with values for the traced ones."""
    return _Rebinding(lambda x: values[x.position] if type(x) is _Slot else x).value(function)


class _Rebinding:
    """One pass through a function and what it closes over; `fresh` makes all variables new."""

    def __init__(self, change: Callable[[Any], Any], fresh: bool = False) -> None:
        self.change = change
        self.fresh = fresh
        self.active: set[int] = set()  # a function may close over itself

    def value(self, x: Any) -> Any:
        """Return x, the same object if nothing in it changes."""
        leaves, structure = tree.flatten(x)
        changed = [self.leaf(leaf) for leaf in leaves]
        if all(new is old for new, old in zip(changed, leaves, strict=True)):
            return x
        return tree.unflatten(structure, changed)

    def leaf(self, x: Any) -> Any:
        """Return an array or a function."""
        if not isinstance(x, (FunctionType, functools.partial, MethodType, Transformed)):
            return self.change(x)
        if id(x) in self.active:
            return x
        self.active.add(id(x))
        try:
            if isinstance(x, FunctionType):
                return self.function(x)
            if isinstance(x, functools.partial):
                return self.partial(x)
            if isinstance(x, MethodType):
                owner = self.value(x.__self__)
                return x if owner is x.__self__ else MethodType(x.__func__, owner)
            return self.transformed(x)
        finally:
            self.active.discard(id(x))

    def function(self, x: FunctionType) -> Any:
        """Return a function with another closure and other default values."""
        closure = x.__closure__ or ()
        cells = tuple([self.cell(cell) for cell in closure])
        defaults, keywords = self.value(x.__defaults__), self.value(x.__kwdefaults__)
        same = all(new is old for new, old in zip(cells, closure, strict=True))
        if same and defaults is x.__defaults__ and keywords is x.__kwdefaults__:
            return x
        new = FunctionType(x.__code__, x.__globals__, x.__name__, defaults, cells)
        new.__kwdefaults__ = keywords
        new.__qualname__ = x.__qualname__
        new.__dict__.update(x.__dict__)
        return new

    def cell(self, cell: CellType) -> CellType:
        """Return the same cell, which the function may write to, if nothing in it changes."""
        try:
            contents = cell.cell_contents
        except ValueError:  # empty
            return cell
        changed = self.value(contents)
        return cell if changed is contents and not self.fresh else CellType(changed)

    def partial(self, x: functools.partial[Any]) -> Any:
        """Return a partial of another function and other arguments."""
        parts = (x.func, x.args, x.keywords)
        function, args, keywords = changed = [self.value(part) for part in parts]
        if all(new is old for new, old in zip(changed, parts, strict=True)):
            return x
        return type(x)(function, *args, **keywords)

    def transformed(self, x: Transformed) -> Any:
        """Return the transform of another function, for transforms that can be made again so."""
        made = x.__reduce__()
        if isinstance(made, str) or made[1][1:2] != (x.function,):
            return x
        function = self.value(x.function)
        if function is x.function:
            return x
        make, (kind, _, *rest), *state = made
        new = make(kind, function, *rest)
        if state:
            new.__setstate__(state[0])
        return new


__all__ = ["fill", "freeze", "rebind"]
