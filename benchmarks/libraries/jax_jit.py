"""JAX with ``jit`` around the whole computation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from benchmarks.libraries.jax import JAX
from benchmarks.workloads.scans import always_by_scan


class CompiledJAX(JAX):
    """JAX, compiled; loops over time are ``lax.scan``."""

    losses = always_by_scan(jax.lax.scan)

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        jitted: Callable[..., Any] = jax.jit(function)
        return jitted


LIBRARY = CompiledJAX()
