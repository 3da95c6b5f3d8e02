"""Record what optax computes, for tests/test_optim_optax.py; needs jax and optax.

Run from the root of the repository: ``python tests/data/make_optax_trajectories.py``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import jax
import numpy as np
import optax

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.optimizers import (  # noqa: E402
    CASES,
    SEARCH_STEPS,
    SEARCHES,
    START,
    STEPS,
    gradients,
    make,
    parameters,
    rosenbrock,
    schedules,
)

RECORDED = (1, 2, 5, 20, 100)


def trajectory(case: str, dtype: str) -> np.ndarray:
    """Return the parameters after some of the steps, one row each."""
    optimizer = make(optax, case)
    params = jax.tree.map(jax.numpy.asarray, parameters(dtype))
    state = optimizer.init(params)

    @jax.jit
    def move(params, state, grads, value):
        extra = {"value": value} if case.startswith("polyak") else {}
        updates, state = optimizer.update(grads, state, params, **extra)
        return optax.apply_updates(params, updates), state

    rows = []
    for step in range(1, STEPS + 1):
        grads, value = gradients(params, step, dtype)
        params, state = move(params, state, grads, value)
        if step in RECORDED:
            rows.append(np.concatenate([params[name] for name in sorted(params)], axis=None))
    return np.stack(rows)


def search(case: str) -> np.ndarray:
    """Return the parameters after each step of an optimiser with a line search."""
    optimizer = SEARCHES[case](optax)
    params = jax.numpy.asarray(START)
    state = optimizer.init(params)
    rows = []
    for _ in range(SEARCH_STEPS):
        value, grad = jax.value_and_grad(rosenbrock)(params)
        updates, state = optimizer.update(
            grad, state, params, value=value, grad=grad, value_fn=rosenbrock
        )
        params = optax.apply_updates(params, updates)
        rows.append(np.asarray(params))
    return np.stack(rows)


def main() -> None:
    """Write the file."""
    jax.config.update("jax_enable_x64", True)
    record: dict[str, np.ndarray] = {}
    for case in CASES:
        for dtype in ("float64", "float32"):
            record[f"{case}/{dtype}"] = trajectory(case, dtype)
    for case in SEARCHES:
        record[f"search/{case}"] = search(case)
    for name, schedule in schedules(optax).items():
        counts = np.arange(STEPS + 1)
        record[f"schedule/{name}"] = np.asarray([schedule(int(count)) for count in counts])
    record["steps"] = np.asarray(RECORDED)
    np.savez_compressed(Path(__file__).with_name("optax_trajectories.npz"), **record)


if __name__ == "__main__":
    main()
