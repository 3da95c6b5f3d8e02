"""Peak memory of one call, as the operating system and as Python see it."""

from __future__ import annotations

import ctypes
import gc
import os
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROCESS = Path("/proc/self")


@dataclass(frozen=True)
class Peak:
    """How far memory rose above its level before the call, in bytes; the results are included.

    Attributes
    ----------
    resident
        By the resident set of the process: everything counts, whoever allocated it. None where the
        system does not tell (it has to be Linux).
    traced
        By ``tracemalloc``, which sees what Python and NumPy allocate, and nothing else.
    """

    resident: int | None
    traced: int


def peak_memory(run: Callable[[], Any]) -> Peak:
    """Measure the peak memory of one call of `run`.

    It is called before, so that code, threads and the buffers of BLAS are in place.
    """
    run()
    release()
    resident = resident_peak(run)

    release()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    output = run()
    _, traced = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del output
    return Peak(resident, traced - before)


def release() -> None:
    """Return unused memory to the system: what an allocator keeps would hide what is used next."""
    gc.collect()
    with suppress(AttributeError, OSError, TypeError):  # not every C library can
        ctypes.CDLL(None).malloc_trim(0)


def resident_peak(run: Callable[[], Any]) -> int | None:
    """Rise of the resident set during one call."""
    try:
        (PROCESS / "clear_refs").write_text("5")  # the maximum starts anew, see proc(5)
    except OSError:
        return None
    pages = int((PROCESS / "statm").read_text().split()[1])
    output = run()
    lines = (PROCESS / "status").read_text().splitlines()
    del output
    peak = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    return peak - pages * os.sysconf("SC_PAGE_SIZE")
