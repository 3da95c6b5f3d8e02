"""Loops over time by ``lax.scan``, for the libraries that have it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.workload import Loss
from benchmarks.workloads import functions, networks

Scan = Callable[..., Any]


def lotka_volterra(scan: Scan, np: Any, rates: Any, start: Any, observed: Any) -> Any:
    def step(state: Any, _: None) -> tuple[Any, Any]:
        state = functions.runge_kutta_step(np, rates, state)
        return state, state

    _, trajectory = scan(step, start, None, length=len(observed))
    return np.sum((trajectory - observed) ** 2)


def recurrent(scan: Scan, np: Any, parameters: Any, sequence: Any, targets: Any) -> Any:
    def step(state: Any, x: Any) -> tuple[Any, None]:
        return networks.recurrent_step(np, parameters, state, x), None

    state, _ = scan(step, np.zeros_like(targets), sequence)
    return np.mean((state - targets) ** 2)


def by_scan(scan: Scan) -> dict[Loss, Loss]:
    """Return what stands for the losses that ask for a scan."""
    return {
        functions.lotka_volterra_scan: partial(lotka_volterra, scan),
        networks.recurrent_scan: partial(recurrent, scan),
    }


def always_by_scan(scan: Scan) -> dict[Loss, Loss]:
    """Return also what stands for the losses with Python loops, which a compiler would unroll."""
    return {
        functions.lotka_volterra: partial(lotka_volterra, scan),
        networks.recurrent: partial(recurrent, scan),
        **by_scan(scan),
    }
