"""What a workload is: a loss in NumPy's names, its inputs, and what is to be computed of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Loss = Callable[..., Any]
"""``loss(np, parameters, *data)``, where ``np`` is a library's NumPy-like namespace."""

Inputs = tuple[Any, tuple[Any, ...]]
"""The tree of parameters that are differentiated, and the data that are not."""

SEED = 20240229


@dataclass(frozen=True)
class Workload:
    """One line of the table.

    Parameters
    ----------
    name
        Short name, for ``--only`` and for the JSON file.
    title
        What the table says.
    loss
        The function, written once for every library with NumPy's names.
    make_inputs
        Makes parameters and data from a random generator, as NumPy arrays and Python floats.
    small
        Whether the stricter targets for scalars and small arrays apply.
    task
        ``"gradient"``: value and gradient; ``"adam"``: the same and one step of Adam;
        ``"hessian"``: the second derivatives; ``"examples"``: the gradient for each row of the
        data; ``"jvp"``: the value and the derivative along a direction, which is the data.
    operations
        How many operations the loss consists of, where that is of interest.
    excluded
        The libraries that are too slow for it.
    """

    name: str
    title: str
    loss: Loss
    make_inputs: Callable[[np.random.Generator], Inputs]
    small: bool = False
    task: Literal["gradient", "adam", "hessian", "examples", "jvp"] = "gradient"
    operations: int | None = None
    excluded: tuple[str, ...] = ()

    def inputs(self) -> Inputs:
        """Make the inputs, the same ones every time."""
        return self.make_inputs(np.random.default_rng(SEED))
