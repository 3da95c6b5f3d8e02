"""The table of rule cases: at least one row for each rule class.

A row is a function of arrays, with arguments at which it is smooth. `tests/test_rules.py` checks
each row against NumPy, finite differences, the other mode, a loop, and in second order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """One row.

    Attributes
    ----------
    name : str
        Unique; appears in the test's id.
    rules : tuple of classes
        The rule classes that this row covers; the driver checks that they were really applied.
    function : callable
        Takes `args` by position; written with `fungrad.numpy`.
    args : tuple of ndarrays
        Floats and complex ones are differentiated; integers and booleans are not.
    reference : callable or None
        The same with NumPy, for values; None where NumPy has no such function.
    exact : bool
        Whether the values equal the reference's bit for bit.
    derivative : bool
        Whether there is a derivative to check (comparisons have none).
    second : bool
        Whether the second derivative is checked too.
    vmap : bool
        Whether vmap is checked (data-dependent shapes cannot be).
    float32 : bool
        Whether float32 arguments must give a float32 result.
    tolerance : float
        Relative to the size of the derivative.
    """

    name: str
    rules: tuple[type, ...]
    function: Callable[..., Any]
    args: tuple[Any, ...]
    reference: Callable[..., Any] | None
    exact: bool = True
    derivative: bool = True
    second: bool = True
    vmap: bool = True
    float32: bool = True
    tolerance: float = 1e-6


def normal(*shape: int, seed: int = 0) -> Any:
    """Return fixed float64 numbers from the normal distribution."""
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def positive(*shape: int, seed: int = 0) -> Any:
    """Return fixed float64 numbers between 0.5 and 2."""
    return np.random.default_rng([seed, *shape]).uniform(0.5, 2.0, size=shape)


def complex_normal(*shape: int, seed: int = 0) -> Any:
    """Return fixed complex128 numbers."""
    return normal(*shape, seed=seed) + 1j * normal(*shape, seed=seed + 1)
