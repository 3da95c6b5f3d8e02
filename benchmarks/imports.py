"""How long an import takes once NumPy is there, in fresh processes."""

from __future__ import annotations

import os
import subprocess
import sys
from statistics import median

from benchmarks.libraries import IMPORTS

CODE = """
import sys, time, numpy
start = time.perf_counter()
__import__(sys.argv[1])
print(time.perf_counter() - start)
"""


def import_seconds(libraries: list[str], repeats: int) -> dict[str, float]:
    """Median import time by library, not counting the first, which fills caches."""
    seconds: dict[str, list[float]] = {library: [] for library in libraries}
    for _ in range(repeats + 1):
        for library in libraries:
            seconds[library].append(import_once(IMPORTS[library]))
    return {library: median(times[1:]) for library, times in seconds.items()}


def import_once(module: str) -> float:
    """Import a module in a fresh process that has imported NumPy before."""
    # Installed packages have their bytecode on disk; so shall a checkout.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", CODE, module],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)
