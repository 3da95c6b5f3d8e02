"""fungrad."""

from __future__ import annotations

from typing import Any

import fungrad as fg
import fungrad.numpy as fnp
from benchmarks.libraries.base import FunctionalLibrary
from benchmarks.workload import Loss


class Fungrad(FunctionalLibrary):
    """fungrad, eager."""

    numpy = fnp

    def value_and_grad(self, loss: Loss) -> Loss:
        transformed: Loss = fg.value_and_grad(loss)
        return transformed

    def facts(self) -> dict[str, Any]:
        return {"version": getattr(fg, "__version__", "of this checkout")}


LIBRARY = Fungrad()
