"""fungrad."""

from __future__ import annotations

from typing import Any

import fungrad as fg
import fungrad.numpy as fnp
from benchmarks.libraries.base import FunctionalLibrary
from benchmarks.workloads.scans import by_scan


class Fungrad(FunctionalLibrary):
    """fungrad, eager."""

    numpy = fnp
    transforms = fg
    losses = by_scan(fg.lax.scan)

    def facts(self) -> dict[str, Any]:
        return {"version": getattr(fg, "__version__", "of this checkout")}


LIBRARY = Fungrad()
