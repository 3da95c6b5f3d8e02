"""Optimisers and schedules against optax's numbers, recorded by data/make_optax_trajectories.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import optim
from tests.optimizers import (
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

RECORD = np.load(Path(__file__).parent / "data" / "optax_trajectories.npz")


def loose(case: str, dtype: str) -> float:
    """Return the tolerance of a case."""
    if dtype == "float32":
        return 2e-3 if case == "rmsprop_centered_corrected" else 1e-5  # a difference of squares
    # optax computes some schedules, and the decay of Adafactor, in float32 in any case.
    single = ("adafactor", "fromage_schedule", "decay_schedule", "inject")
    return 1e-6 if case.startswith(single) else 1e-11


def largest_difference(case: str, dtype: str) -> float:
    """Run a case; return how far it is from the record, relative to the size of the parameters."""
    optimizer = make(optim, case)
    params: Any = fg.tree.map(fnp.asarray, parameters(dtype))
    state = optimizer.init(params)
    wanted = dict(zip(RECORD["steps"].tolist(), RECORD[f"{case}/{dtype}"]))
    worst = 0.0
    for step in range(1, STEPS + 1):
        grads, value = gradients(params, step, dtype)
        extra = {"value": value} if case.startswith("polyak") else {}
        updates, state = optimizer.update(grads, state, params, **extra)
        params = optim.apply_updates(params, updates)
        assert {str(leaf.dtype) for leaf in params.values()} == {dtype}
        if step in wanted:
            here = np.concatenate([params[name] for name in sorted(params)], axis=None)
            error = np.abs(here - wanted[step]) / np.maximum(np.abs(wanted[step]), 1)
            worst = max(worst, float(np.max(error)))
    return worst


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", CASES)
def test_a_hundred_steps(case: str, dtype: str) -> None:
    assert largest_difference(case, dtype) < loose(case, dtype)


def search(case: str) -> np.ndarray:
    """Return the parameters after each step of an optimiser with a line search."""
    optimizer = SEARCHES[case](optim)
    params: Any = fnp.asarray(START)
    state = optimizer.init(params)
    rows = []
    for _ in range(SEARCH_STEPS):
        value, grad = fg.value_and_grad(rosenbrock)(params)
        updates, state = optimizer.update(
            grad, state, params, value=value, grad=grad, value_fn=rosenbrock
        )
        params = optim.apply_updates(params, updates)
        rows.append(np.asarray(params))
    return np.stack(rows)


@pytest.mark.parametrize("case", SEARCHES)
def test_line_searches(case: str) -> None:
    np.testing.assert_allclose(search(case), RECORD[f"search/{case}"], rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", schedules(optim))
def test_a_schedule(name: str) -> None:
    schedule = schedules(optim)[name]
    wanted = RECORD[f"schedule/{name}"]
    counts = np.arange(STEPS + 1)
    one_by_one = [float(schedule(int(count))) for count in counts]
    np.testing.assert_allclose(one_by_one, wanted, rtol=1e-12, atol=1e-12)
    together = np.broadcast_to(np.asarray(schedule(counts)), counts.shape)
    np.testing.assert_allclose(together, wanted, rtol=1e-12, atol=1e-12)
