"""Write pytorch.safetensors, and its numbers as PyTorch knows them to pytorch.json.

Needs PyTorch and the library safetensors: ``python tests/data/make_safetensors.py``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

HERE = Path(__file__).parent


def numbers(tensor: torch.Tensor) -> Any:
    """Return the elements as JSON has them: parts of complex numbers, bfloat16 as float."""
    if tensor.is_complex():
        tensor = torch.view_as_real(tensor)
    return tensor.tolist()


def main() -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
    x = torch.randn(5, 3)
    tensors = {
        **{f"model.{name}": value for name, value in model.state_dict().items()},
        "dtypes.bfloat16": torch.randn(2, 3).to(torch.bfloat16),
        "dtypes.bool": torch.tensor([True, False, True]),
        "dtypes.complex64": torch.randn(3, dtype=torch.complex64),
        "dtypes.float16": torch.randn(3).half(),
        "dtypes.float64": torch.randn((), dtype=torch.float64),
        "dtypes.int64": torch.tensor([2**62, -1]),
        "dtypes.int8": torch.zeros(0, 3, dtype=torch.int8),
        "dtypes.uint8": torch.tensor([[0], [255]], dtype=torch.uint8),
    }
    save_file(tensors, HERE / "pytorch.safetensors", metadata={"format": "pt"})
    content = {
        "x": numbers(x),
        "y": numbers(model(x).detach()),
        "tensors": {name: numbers(tensor) for name, tensor in tensors.items()},
    }
    (HERE / "pytorch.json").write_text(json.dumps(content) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
