"""JAX without ``jit``, with 64-bit numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy

from benchmarks.libraries.base import FunctionalLibrary
from benchmarks.workload import Inputs, Workload
from benchmarks.workloads.scans import by_scan

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")


class JAX(FunctionalLibrary):
    """JAX, each operation dispatched when Python reaches it."""

    numpy = jax.numpy
    transforms = jax
    losses = by_scan(jax.lax.scan)

    def task(self, workload: Workload, inputs: Inputs) -> Callable[[], Any]:
        run = super().task(workload, inputs)
        return lambda: jax.block_until_ready(run())

    def facts(self) -> dict[str, Any]:
        return {"version": jax.__version__}


LIBRARY = JAX()
