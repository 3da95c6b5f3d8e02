"""HIPS autograd."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import autograd
import autograd.numpy

from benchmarks.libraries.base import FunctionalLibrary
from benchmarks.workload import Loss


class Autograd(FunctionalLibrary):
    """autograd, on plain ndarrays and Python floats."""

    numpy = autograd.numpy

    def value_and_grad(self, loss: Loss) -> Loss:
        transformed: Loss = autograd.value_and_grad(loss)
        return transformed

    def array(self, leaf: Any) -> Any:
        return leaf

    def facts(self) -> dict[str, Any]:
        return {"version": version("autograd")}


LIBRARY = Autograd()
