"""Record what PyTorch's sequence models and losses give: `torch_sequence.npz`.

Run it as ``python -m tests.data.make_torch_sequence`` from the root of the repository, with PyTorch
(2.13 was used) installed. For each model the file holds the parameters by their names in the
state_dict, the inputs, the outputs, and the gradients of ``sum(output * cosines)`` over all
outputs; for each loss its value and gradient.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.torch_sequences import LOSSES, MODELS


def flat(tree: Any) -> list[Any]:
    return [leaf for each in tree for leaf in flat(each)] if isinstance(tree, tuple) else [tree]


def drawn(shape: Any) -> Any:
    if isinstance(shape[0], tuple):
        return tuple(drawn(each) for each in shape)
    return torch.tensor(rng.normal(size=shape).astype(np.float32), requires_grad=True)


def as_tensor(x: Any) -> Any:
    return torch.tensor(np.array(x)) if isinstance(x, np.ndarray) else x


warnings.simplefilter("ignore")
torch.manual_seed(0)
rng = np.random.default_rng(0)
found: dict[str, np.ndarray] = {}
for name, model in MODELS.items():
    network = model.make(torch.nn)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))  # some begin with ones and zeros
    inputs = tuple(drawn(shape) for shape in model.inputs)
    outputs = flat(network(*inputs, **{k: as_tensor(v) for k, v in model.options.items()}))
    total = sum(
        (y * torch.tensor(np.cos(np.arange(y.numel())).reshape(y.shape).astype(np.float32))).sum()
        for y in outputs
    )
    wanted = dict(network.named_parameters())
    for key, value in wanted.items():
        found[f"{name}/params/{key}"] = value.detach().numpy().copy()
    for position, value in enumerate(flat(inputs)):
        found[f"{name}/inputs/{position}"] = value.detach().numpy()
        wanted[f"input {position}"] = value
    for position, y in enumerate(outputs):
        found[f"{name}/outputs/{position}"] = y.detach().numpy()
    gradients = torch.autograd.grad(total, list(wanted.values()))
    for key, gradient in zip(wanted, gradients, strict=True):
        found[f"{name}/gradients/{key}"] = gradient.numpy()
for position, (name, args, options) in enumerate(LOSSES):
    tensors = [as_tensor(x) for x in args]
    tensors[0].requires_grad_()
    function = getattr(torch.nn.functional, name)
    x = torch.log_softmax(tensors[0], -1) if name == "ctc_loss" else tensors[0]
    loss = function(x, *tensors[1:], **{k: as_tensor(v) for k, v in options.items()})
    cosines = torch.tensor(np.cos(np.arange(loss.numel())).reshape(loss.shape))
    (gradient,) = torch.autograd.grad((loss * cosines).sum(), tensors[:1])
    found[f"{position} {name}/value"] = loss.detach().numpy()
    found[f"{position} {name}/gradient"] = gradient.numpy()
path = Path(__file__).with_name("torch_sequence.npz")
np.savez_compressed(path, **found)
print(f"{path}: {len(found)} arrays, {path.stat().st_size} bytes")
