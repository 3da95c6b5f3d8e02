"""Single comparisons of a derivative with a numerical one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fungrad.testing.differences import scale_of
from fungrad.testing.flat import Flat, element

TRANSFORMS = {"fwd": "jvp", "rev": "vjp"}


@dataclass(frozen=True)
class GradientReport:
    """What `check_grads` found: its str is one line.

    Attributes
    ----------
    name : str
        The function.
    count : int
        How many numbers were compared.
    transform : str
        Which derivative was nearest to being wrong: ``"vjp of f"``.
    path : str
        With respect to which element: ``args[0]["w"][2, 1]``.
    difference, tolerance : float
        How far it was off, and how far it may be.

    Examples
    --------
    >>> from fungrad.testing import check_grads
    >>> check_grads(fnp.sum, (fnp.ones(3),)).count
    6
    """

    name: str
    count: int
    transform: str
    path: str
    difference: float
    tolerance: float

    def __str__(self) -> str:
        return (
            f"{self.count} derivatives of {self.name} agree with numerical ones; the worst is "
            f"{self.transform} with respect to {self.path}, off by {self.difference:.1e} where "
            f"{self.tolerance:.1e} is tolerated"
        )


@dataclass(frozen=True)
class Probe:
    """One direction in one leaf; `index` is None for a random one."""

    leaf: int
    direction: Any
    index: tuple[int, ...] | None
    imaginary: bool = False


@dataclass(frozen=True)
class Comparison:
    """A derivative, the numerical one, and how far they may be apart."""

    mode: str
    probe: Probe
    output: int | None
    place: tuple[int, ...]
    given: Any
    expected: Any
    tolerance: float

    @property
    def difference(self) -> float:
        """How far they are apart."""
        return float(abs(self.given - self.expected))

    @property
    def excess(self) -> float:
        """The difference in units of the tolerance; infinite for NaN."""
        if not np.isfinite(self.difference):
            return np.inf
        if self.difference == 0:
            return 0.0
        with np.errstate(divide="ignore", over="ignore"):
            return float(np.float64(self.difference) / self.tolerance)


def unit_probe(leaf: int, value: Any, index: tuple[int, ...], imaginary: bool) -> Probe:
    """Return the probe along one element."""
    direction = np.zeros(value.shape, complex if imaginary else float)
    direction[index] = (1j if imaginary else 1.0) * np.asarray(scale_of(value))[index]
    return Probe(leaf, direction, index, imaginary)


def path_of_probe(flat: Flat, probe: Probe) -> str:
    """Return the path of what a probe moves."""
    path = flat.paths[probe.leaf]
    if probe.index is None:
        return f"{path} (along a random direction)"
    return element(path, probe.index) + (", imaginary part" if probe.imaginary else "")


def show(x: Any) -> str:
    """Return a number as text."""
    return f"{x:.10g}"
