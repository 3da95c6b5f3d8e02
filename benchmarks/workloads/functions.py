"""Functions of numbers and vectors: what one operation of a library costs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy

from benchmarks.workload import Inputs, Workload


def scalar_chain(np: Any, x: Any) -> Any:
    """300 operations on one number."""
    for _ in range(100):
        x = np.sin(x) * 1.1 + 0.1
    return x


def long_chain(np: Any, x: Any, *, operations: int) -> Any:
    """A chain of products and sums on one number."""
    for _ in range(operations // 2):
        x = x * 0.999 + 0.001
    return x


def elementwise(np: Any, x: Any) -> Any:
    """Elementwise operations on a vector, and one sum."""
    return np.sum(np.tanh(x) * np.exp(-(x**2)) + np.log1p(x * x))


def rosenbrock(np: Any, x: Any) -> Any:
    """Rosenbrock's function."""
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


STEP = 0.05


def velocity(np: Any, rates: Any, state: Any) -> Any:
    """Right-hand side of the equations of Lotka and Volterra."""
    growth, predation, decline, feeding = rates[0], rates[1], rates[2], rates[3]
    prey, predators = state[0], state[1]
    meetings = prey * predators
    return np.stack(
        [growth * prey - predation * meetings, feeding * meetings - decline * predators]
    )


def runge_kutta_step(np: Any, rates: Any, state: Any) -> Any:
    """One step of the classical method of order four."""
    k1 = velocity(np, rates, state)
    k2 = velocity(np, rates, state + STEP / 2 * k1)
    k3 = velocity(np, rates, state + STEP / 2 * k2)
    k4 = velocity(np, rates, state + STEP * k3)
    return state + STEP / 6 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)


def lotka_volterra(np: Any, rates: Any, start: Any, observed: Any) -> Any:
    """Squared distance of a predator-prey trajectory to `observed`."""
    state = start
    trajectory = []
    for _ in range(len(observed)):
        state = runge_kutta_step(np, rates, state)
        trajectory.append(state)
    return np.sum((np.stack(trajectory) - observed) ** 2)


def lotka_volterra_scan(np: Any, rates: Any, start: Any, observed: Any) -> Any:
    """The same by a scan; this is for the libraries that have none."""
    return lotka_volterra(np, rates, start, observed)


def number(generator: numpy.random.Generator) -> Inputs:
    """One Python float."""
    return 0.5, ()


def number_and_direction(generator: numpy.random.Generator) -> Inputs:
    """One Python float, and the direction in which it changes."""
    return 0.5, (1.0,)


def vector(
    size: int, dtype: type[numpy.floating[Any]]
) -> Callable[[numpy.random.Generator], Inputs]:
    """Make a vector of standard normal numbers."""

    def make(generator: numpy.random.Generator) -> Inputs:
        return generator.standard_normal(size).astype(dtype), ()

    return make


def predators_and_prey(generator: numpy.random.Generator) -> Inputs:
    """Four rates; a start and 200 observations."""
    rates = numpy.array([1.1, 0.4, 0.4, 0.1])
    start = numpy.array([10.0, 5.0])
    return rates, (start, generator.uniform(1.0, 10.0, size=(200, 2)))


FUNCTIONS = (
    Workload("scalar-chain", "scalar chain, 300 operations", scalar_chain, number, small=True),
    Workload(
        "elementwise-float32",
        "elementwise, 1e6 float32",
        elementwise,
        vector(1_000_000, numpy.float32),
    ),
    Workload(
        "elementwise-float64",
        "elementwise, 1e6 float64",
        elementwise,
        vector(1_000_000, numpy.float64),
    ),
    Workload(
        "elementwise-small",
        "elementwise, 1e3 float64",
        elementwise,
        vector(1_000, numpy.float64),
        small=True,
    ),
    Workload("rosenbrock", "Rosenbrock, n = 10", rosenbrock, vector(10, numpy.float64), small=True),
    Workload(
        "lotka-volterra",
        "Lotka-Volterra, RK4, 200 steps",
        lotka_volterra,
        predators_and_prey,
        small=True,
    ),
    Workload(
        "lotka-volterra-scan",
        "Lotka-Volterra by lax.scan",
        lotka_volterra_scan,
        predators_and_prey,
        small=True,
    ),
    Workload(
        "rosenbrock-hessian",
        "Hessian of Rosenbrock, n = 100",
        rosenbrock,
        vector(100, numpy.float64),
        task="hessian",
    ),
    Workload(
        "jvp-chain",
        "jvp of 1000 operations",
        partial(long_chain, operations=1_000),
        number_and_direction,
        small=True,
        task="jvp",
    ),
)

CHAINS = tuple(
    Workload(
        f"chain-{operations}",
        f"chain of {operations:,} operations",
        partial(long_chain, operations=operations),
        number,
        operations=operations,
        excluded=excluded,
    )
    for operations, excluded in (
        (1_000, ("jax", "jax_jit")),
        (100_000, ("jax", "jax_jit")),
        (1_000_000, ("jax", "jax_jit", "autograd")),  # half a minute for each call
    )
)

LARGE_FUNCTION = Workload(
    "memory-elementwise",
    "elementwise, 1e7 float32",
    elementwise,
    vector(10_000_000, numpy.float32),
)
