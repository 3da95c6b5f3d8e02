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
    """A library that differentiates functions of arrays.

    Attributes
    ----------
    numpy
        Its functions of arrays, under NumPy's names.
    transforms
        Its ``hessian``, and ``grad``, ``vmap`` and ``jvp`` if they are called as in JAX.
    losses
        What its users write in place of some of the losses.
    """

    numpy: Any
    transforms: Any
    losses: Mapping[Loss, Loss] = MappingProxyType({})

    def task(self, workload: Workload, inputs: Inputs) -> Callable[[], Any]:
        """Make the call that is timed; it returns when the computation is finished."""
        loss = partial(self.losses.get(workload.loss, workload.loss), self.numpy)
        parameters, data = tree_map(self.array, inputs)
        make = {
            "gradient": self.gradient,
            "adam": self.adam,
            "hessian": self.hessian,
            "examples": self.examples,
            "jvp": self.jvp,
        }[workload.task]
        return make(loss, parameters, data)

    def array(self, leaf: Any) -> Any:
        """Turn a NumPy array or a Python float into what the library's users compute with."""
        return self.numpy.asarray(leaf)

    def results(self, output: Any) -> list[Any]:
        """List the leaves of a task's output as NumPy arrays."""
        return [numpy.asarray(leaf) for leaf in leaves(output)]

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Compile a function of parameters and data, if the library does so."""
        return function

    @abstractmethod
    def gradient(self, loss: Loss, parameters: Any, data: Any) -> Callable[[], Any]:
        """Make a call for the value and the gradient of `loss`."""

    @abstractmethod
    def adam(self, loss: Loss, parameters: Any, data: Any) -> Callable[[], Any]:
        """Make a call for one step of Adam; the first one starts at `parameters`."""

    def hessian(self, loss: Loss, parameters: Any, data: Any) -> Callable[[], Any]:
        """Make a call for the matrix of second derivatives; `parameters` is a vector."""
        return partial(self.compiled(self.transforms.hessian(loss)), parameters, *data)

    def examples(self, loss: Loss, parameters: Any, data: Any) -> Callable[[], Any]:
        """Make a call for the gradients of `loss` for each of several data."""
        axes = (None, *(0 for _ in data))
        gradients = self.transforms.vmap(self.transforms.grad(loss), axes)
        return partial(self.compiled(gradients), parameters, *data)

    def jvp(self, loss: Loss, parameters: Any, data: Any) -> Callable[[], Any]:
        """Make a call for the value of `loss` and its derivative along the data."""

        def push(parameters: Any, *tangents: Any) -> Any:
            return self.transforms.jvp(loss, (parameters,), tangents)

        return partial(self.compiled(push), parameters, *data)

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """Version, threads and the like."""


class FunctionalLibrary(Library):
    """A library whose ``transforms`` have a ``value_and_grad`` that takes and returns trees."""

    def gradient(self, loss: Loss, parameters: Any, data: Any) -> Callable[[], Any]:
        return partial(self.compiled(self.transforms.value_and_grad(loss)), parameters, *data)

    def adam(self, loss: Loss, parameters: Any, data: Any) -> Callable[[], Any]:
        transformed = self.transforms.value_and_grad(loss)

        def step(parameters: Any, first: Any, second: Any, *data: Any) -> Any:
            _, gradient = transformed(parameters, *data)
            return adam_step(self.numpy, parameters, gradient, first, second, 1)

        return partial(
            self.compiled(step),
            parameters,
            tree_map(self.numpy.zeros_like, parameters),
            tree_map(self.numpy.zeros_like, parameters),
            *data,
        )
