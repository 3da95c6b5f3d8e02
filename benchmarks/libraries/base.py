"""What the benchmarks need of a library."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy

from benchmarks.libraries.adam import adam_step
from benchmarks.tree import leaves, tree_map
from benchmarks.workload import Inputs, Loss, Workload


class Library(ABC):
    """A library that differentiates functions of arrays."""

    numpy: Any
    losses: Mapping[Loss, Loss] = MappingProxyType({})

    def task(self, workload: Workload, inputs: Inputs) -> Callable[[], Any]:
        """Make the call that is timed; it returns when the computation is finished."""
        parameters, data = inputs
        loss = partial(self.losses.get(workload.loss, workload.loss), self.numpy)
        make = {"gradient": self.gradient, "adam": self.adam}[workload.task]
        return make(loss, tree_map(self.parameter, parameters), tree_map(self.array, data))

    def array(self, leaf: Any) -> Any:
        """Turn a NumPy array or a Python float into what the library's users compute with."""
        return self.numpy.asarray(leaf)

    def parameter(self, leaf: Any) -> Any:
        """Do the same for an array that is differentiated."""
        return self.array(leaf)

    def results(self, output: Any) -> list[Any]:
        """List the leaves of a task's output as NumPy arrays."""
        return [numpy.asarray(leaf) for leaf in leaves(output)]

    @abstractmethod
    def gradient(self, loss: Loss, parameters: Any, data: Any) -> Callable[[], Any]:
        """Make a call for the value and the gradient of `loss`."""

    @abstractmethod
    def adam(self, loss: Loss, parameters: Any, data: Any) -> Callable[[], Any]:
        """Make a call for one step of Adam; the first one starts at `parameters`."""

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """Version, threads and the like."""


class FunctionalLibrary(Library):
    """A library with a ``value_and_grad`` that takes and returns trees."""

    @abstractmethod
    def value_and_grad(self, loss: Loss) -> Loss:
        """Apply the library's own transform."""

    def gradient(self, loss: Loss, parameters: Any, data: Any) -> Callable[[], Any]:
        return partial(self.value_and_grad(loss), parameters, *data)

    def adam(self, loss: Loss, parameters: Any, data: Any) -> Callable[[], Any]:
        return partial(
            self.adam_function(loss),
            parameters,
            tree_map(self.numpy.zeros_like, parameters),
            tree_map(self.numpy.zeros_like, parameters),
            *data,
        )

    def adam_function(self, loss: Loss) -> Callable[..., Any]:
        """Make a function of parameters, both moments and data; it returns the new trees."""
        transformed = self.value_and_grad(loss)

        def step(parameters: Any, first: Any, second: Any, *data: Any) -> Any:
            _, gradient = transformed(parameters, *data)
            return adam_step(self.numpy, parameters, gradient, first, second, 1)

        return step
