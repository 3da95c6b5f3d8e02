"""The losses that a user of ``jax.jit`` writes with ``lax.scan`` instead of a Python loop."""

from __future__ import annotations

from typing import Any

import jax
from jax import lax

from benchmarks.workload import Loss
from benchmarks.workloads import functions, networks


def lotka_volterra(np: Any, rates: Any, start: Any, observed: Any) -> Any:
    def step(state: jax.Array, _: None) -> tuple[jax.Array, jax.Array]:
        state = functions.runge_kutta_step(np, rates, state)
        return state, state

    _, trajectory = lax.scan(step, start, length=len(observed))
    return np.sum((trajectory - observed) ** 2)


def recurrent(np: Any, parameters: Any, sequence: Any, targets: Any) -> Any:
    def step(state: jax.Array, x: jax.Array) -> tuple[jax.Array, None]:
        return networks.recurrent_step(np, parameters, state, x), None

    state, _ = lax.scan(step, np.zeros_like(targets), sequence)
    return np.mean((state - targets) ** 2)


IN_JAX: dict[Loss, Loss] = {
    functions.lotka_volterra: lotka_volterra,
    networks.recurrent: recurrent,
}
