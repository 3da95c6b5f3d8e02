"""Record what PyTorch's layers give: `torch_layers.npz`.

Run it as ``python -m tests.data.make_torch_layers`` from the root of the repository, with PyTorch
(2.13 was used) installed. For each model and mode the file holds parameters and buffers by their
names in the state_dict, an input, the output, and the gradients of ``sum(output * weights)``; in
training also the buffers afterwards.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from tests.torch_models import MODELS

torch.manual_seed(0)
rng = np.random.default_rng(0)
found: dict[str, np.ndarray] = {}
for name, model in MODELS.items():
    network = model.make(torch.nn, torch.nn.ReLU(), torch.nn.Tanh())
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))  # norms begin with ones and zeros
    if model.rows is None:
        x = torch.tensor(rng.normal(size=model.shape).astype(np.float32), requires_grad=True)
    else:
        x = torch.tensor(rng.integers(0, model.rows, model.shape))
    for mode in model.modes:
        network.train(mode == "train")
        prefix = f"{name}/{mode}"
        for key, value in network.named_parameters():
            found[f"{prefix}/params/{key}"] = value.detach().numpy().copy()
        for key, value in network.named_buffers():
            found[f"{prefix}/state/{key}"] = value.numpy().copy()
        y = network(x)
        weights = torch.tensor(np.cos(np.arange(y.numel())).reshape(y.shape).astype(np.float32))
        found[f"{prefix}/input"] = x.detach().numpy()
        found[f"{prefix}/output"] = y.detach().numpy()
        wanted = dict(network.named_parameters())
        if model.rows is None:
            wanted["input"] = x
        if wanted:
            gradients = torch.autograd.grad((y * weights).sum(), list(wanted.values()))
            for key, gradient in zip(wanted, gradients, strict=True):
                found[f"{prefix}/gradients/{key}"] = gradient.numpy()
        for key, value in network.named_buffers():
            found[f"{prefix}/after/{key}"] = value.numpy().copy()
path = Path(__file__).with_name("torch_layers.npz")
np.savez_compressed(path, **found)
print(f"{path}: {len(found)} arrays, {path.stat().st_size} bytes")
