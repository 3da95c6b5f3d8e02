"""What the figures depend on: processor, versions, threads, the kernels of BLAS, other load."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy

PREFIXES = ("OPENBLAS_", "OMP_", "MKL_", "GOTO_", "BLIS_", "JAX_", "XLA_", "PYTHON")

BUSY = 0.5
"""From this load on, other programs disturb the measurements."""


def facts() -> dict[str, Any]:
    """Collect the facts of this machine, under the headings that the report shows."""
    return {
        "processor": processor(),
        "cores": cores(),
        "system": f"{platform.system()} {platform.release()}",
        "load": load(),
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "numpy": numpy.__version__,
        "blas": blas(),
        "environment": {k: v for k, v in sorted(os.environ.items()) if k.startswith(PREFIXES)},
    }


def processor() -> str:
    """Name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load() -> float | None:
    """Average number of running processes in the last minute."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def blas() -> str:
    """NumPy's linear algebra library, its kernels and its threads."""
    # In a process of its own, because importing threadpoolctl sets an environment variable.
    command = [sys.executable, "-m", "threadpoolctl", "-i", "numpy"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return "unknown (threadpoolctl is not installed)"
    pools = [pool for pool in json.loads(done.stdout) if pool["user_api"] == "blas"]
    return "; ".join(
        f"{pool['internal_api']} {pool['version']}, kernels {pool.get('architecture', 'unknown')}, "
        f"{pool['num_threads']} threads"
        for pool in pools
    )
