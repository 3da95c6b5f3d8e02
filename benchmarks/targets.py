"""How fast fungrad is meant to be: our time by the peer's, below 1 is faster."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, log

from benchmarks.workload import Workload


@dataclass(frozen=True)
class Target:
    """The largest ratios to one peer: of any workload, of a small one, and of the mean."""

    every: float
    small: float
    mean: float

    def of(self, workload: Workload) -> float:
        """The largest ratio for one workload."""
        return self.small if workload.small else self.every


TARGETS = {
    "autograd": Target(every=0.8, small=0.35, mean=0.4),
    "pytorch": Target(every=1.0, small=0.6, mean=0.7),
    "jax": Target(every=0.5, small=0.05, mean=0.1),
}

IMPORT_SECONDS = 0.060
"""Longest import of fungrad once NumPy is imported."""

MEMORY_PEER = "pytorch"
"""A backward pass shall need no more memory than this library's."""

MEMORY_SLACK = 1.01
"""By which factor two peaks may differ and count as equal."""


def geometric_mean(ratios: Iterable[float]) -> float:
    """The mean for ratios: it is the same whether one averages ``a / b`` or ``b / a``."""
    logarithms = [log(ratio) for ratio in ratios]
    return exp(sum(logarithms) / len(logarithms))
