"""JAX with ``jit`` around the whole computation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from benchmarks.libraries.jax import JAX
from benchmarks.workload import Loss
from benchmarks.workloads.in_jax import IN_JAX


class CompiledJAX(JAX):
    """JAX, compiled; loops over time are ``lax.scan``."""

    losses = IN_JAX

    def value_and_grad(self, loss: Loss) -> Loss:
        compiled: Loss = jax.jit(super().value_and_grad(loss))
        return compiled

    def adam_function(self, loss: Loss) -> Callable[..., Any]:
        compiled: Callable[..., Any] = jax.jit(super().adam_function(loss))
        return compiled


LIBRARY = CompiledJAX()
