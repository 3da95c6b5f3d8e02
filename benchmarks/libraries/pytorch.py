"""PyTorch, eager, on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from benchmarks.libraries.adam import DECAY1, DECAY2, EPSILON, RATE
from benchmarks.libraries.base import Library
from benchmarks.tree import leaves
from benchmarks.workload import Loss
from benchmarks.workloads.in_pytorch import IN_PYTORCH


class PyTorch(Library):
    """PyTorch with ``torch.autograd.grad``, ``torch.optim.Adam`` and ``torch.func``."""

    numpy = torch
    transforms = torch.func
    losses = IN_PYTORCH

    def array(self, leaf: Any) -> Any:
        if isinstance(leaf, float):
            return torch.tensor(leaf, dtype=torch.float64)
        return torch.from_numpy(leaf.copy())

    def results(self, output: Any) -> list[Any]:
        return [leaf.detach().numpy().copy() for leaf in leaves(output)]

    def gradient(self, loss: Loss, parameters: Any, data: Any) -> Callable[[], Any]:
        tensors = with_gradients(parameters)

        def run() -> Any:
            value = loss(parameters, *data)
            return value, torch.autograd.grad(value, tensors)

        return run

    def adam(self, loss: Loss, parameters: Any, data: Any) -> Callable[[], Any]:
        tensors = with_gradients(parameters)
        optimizer = torch.optim.Adam(tensors, lr=RATE, betas=(DECAY1, DECAY2), eps=EPSILON)

        def run() -> Any:
            optimizer.zero_grad()
            loss(parameters, *data).backward()
            optimizer.step()
            states = [optimizer.state[tensor] for tensor in tensors]
            moments = ([state[key] for state in states] for key in ("exp_avg", "exp_avg_sq"))
            return parameters, *moments

        return run

    def facts(self) -> dict[str, Any]:
        return {"version": torch.__version__, "threads": torch.get_num_threads()}


def with_gradients(parameters: Any) -> list[Any]:
    """List the tensors of a tree, and tell PyTorch that they are differentiated."""
    return [tensor.requires_grad_() for tensor in leaves(parameters)]


LIBRARY = PyTorch()
