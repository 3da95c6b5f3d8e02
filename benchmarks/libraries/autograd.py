"""HIPS autograd."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import autograd
import autograd.numpy

from benchmarks.libraries.base import FunctionalLibrary
from benchmarks.tree import tree_map
from benchmarks.workload import Loss


class Autograd(FunctionalLibrary):
    """autograd, on plain ndarrays and Python floats."""

    numpy = autograd.numpy
    transforms = autograd

    def array(self, leaf: Any) -> Any:
        return leaf

    def examples(self, loss: Loss, parameters: Any, data: Any) -> Callable[[], Any]:
        gradient = autograd.grad(loss)

        def run() -> Any:
            gradients = [gradient(parameters, *example) for example in zip(*data)]
            return tree_map(lambda *rows: self.numpy.stack(rows), *gradients)

        return run

    def jvp(self, loss: Loss, parameters: Any, data: Any) -> Callable[[], Any]:
        return lambda: autograd.make_jvp(loss)(parameters)(*data)

    def facts(self) -> dict[str, Any]:
        return {"version": version("autograd")}


LIBRARY = Autograd()
