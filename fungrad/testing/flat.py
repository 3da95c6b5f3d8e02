"""Functions of trees as functions of their floating-point leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fungrad import tree
from fungrad.array import wrap
from fungrad.errors import DerivativeCheckError, describe
from fungrad.transforms.call import name_of, own, raw_leaf


class Flat:
    """A function of its floating-point leaves: arrays in, a list of floating-point arrays out.

    Attributes
    ----------
    name : str
        For messages.
    values : list of raw values
        The floating-point leaves of the arguments.
    paths : list of str
        Where each stands: ``args[0]["w"]``.
    outputs : list of str
        Where each floating-point leaf of the result stands: ``result["loss"]``.
    """

    def __init__(self, function: Callable[..., Any], args: Sequence[Any], title: str) -> None:
        if not isinstance(args, (tuple, list)):
            raise TypeError(
                f"{title}: args is a tuple with one item for each argument, got {describe(args)}; "
                "write (x,) for one argument"
            )
        self.title = title
        self.name = name_of(function)
        self.function = function
        found, self.structure = tree.flatten_with_path(tuple(args))
        self.leaves = [leaf for _, leaf in found]
        self.places: list[int] = []
        self.values: list[Any] = []
        self.paths: list[str] = []
        for place, (path, leaf) in enumerate(found):
            value = _inexact(leaf)
            if value is not None:
                self.places.append(place)
                self.values.append(own(value))
                self.paths.append(tree.format_path("args", path))
        if not any(value.size for value in self.values):
            given = ", ".join(map(describe, self.leaves)) or "nothing"
            raise DerivativeCheckError(
                title, f"no floating-point number is among the arguments: {given}"
            )
        self.outputs: list[str] = []

    def __call__(self, *values: Any) -> list[Any]:
        """Return the floating-point leaves of the result, tracers if `values` are."""
        leaves = list(self.leaves)
        for place, value in zip(self.places, values, strict=True):
            leaves[place] = wrap(value)
        result = self.function(*tree.unflatten(self.structure, leaves))
        found = []
        outputs = []
        for path, leaf in tree.leaves_with_path(result):
            where = tree.format_path("result", path)
            try:
                value = raw_leaf(leaf)
            except TypeError:
                raise DerivativeCheckError(
                    self.title, f"{where} is {describe(leaf)}, which is no number or array"
                ) from None
            if value.dtype.kind in "fc":
                found.append(leaf)
                outputs.append(where)
        if not outputs:
            given = ", ".join(map(describe, tree.leaves(result))) or "nothing"
            raise DerivativeCheckError(
                self.title, f"no floating-point number is in the result: {given}"
            )
        self.outputs = outputs
        return found


def _inexact(leaf: Any) -> Any:
    """Return a floating-point leaf as a raw value; None for anything else."""
    try:
        value = raw_leaf(leaf)
    except TypeError:
        return None
    return value if value.dtype.kind in "fc" else None


def element(path: str, index: Sequence[int]) -> str:
    """Return the path of one element: ``args[0]["w"][2, 1]``."""
    return f"{path}[{', '.join(map(str, index))}]" if len(index) else path


def first_index(mask: Any) -> tuple[int, ...]:
    """Return the index of the first true element."""
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(mask)), np.shape(mask)))
