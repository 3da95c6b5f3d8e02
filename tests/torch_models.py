"""Models that exist in PyTorch and here, by the same constructors.

Each is a function of the namespace of the layers, ``torch.nn`` or ``fungrad.nn``, and of two
activation functions; with it the shape of its input, or the number of rows that integers stand for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Model:
    make: Callable[[Any, Any, Any], Any]
    shape: tuple[int, ...]
    rows: int | None = None
    modes: tuple[str, ...] = ("eval",)


def one(make: Callable[[Any], Any], shape: tuple[int, ...]) -> Model:
    return Model(lambda m, relu, tanh: make(m), shape)


MODELS: dict[str, Model] = {
    "mlp": Model(
        lambda m, relu, tanh: m.Sequential(
            m.Linear(6, 16), relu, m.Linear(16, 8, bias=False), tanh, m.Linear(8, 3)
        ),
        (5, 6),
    ),
    "conv net": Model(
        lambda m, relu, tanh: m.Sequential(
            m.Conv2d(2, 6, 3, padding=1, bias=False),
            m.BatchNorm2d(6),
            relu,
            m.MaxPool2d(2),
            m.Conv2d(6, 8, 3, padding=1),
            m.BatchNorm2d(8, momentum=None),
            relu,
            m.AvgPool2d(2),
            m.Sequential(m.Flatten(), m.Linear(32, 8), m.BatchNorm1d(8, affine=False), relu),
            m.Linear(8, 3),
        ),
        (5, 2, 8, 8),
        modes=("train", "eval"),
    ),
    "strided": one(lambda m: m.Conv2d(3, 4, (3, 2), stride=(2, 1), padding=(1, 0)), (2, 3, 7, 6)),
    "dilated": one(lambda m: m.Conv2d(4, 6, 3, dilation=2, groups=2, padding="same"), (2, 4, 7, 6)),
    "depthwise": one(lambda m: m.Conv1d(4, 8, 4, groups=4, padding="same"), (2, 4, 9)),
    "circular": one(lambda m: m.Conv2d(2, 3, 3, padding=1, padding_mode="circular"), (2, 2, 5, 4)),
    "reflect": one(lambda m: m.Conv1d(2, 3, 3, padding=2, padding_mode="reflect"), (2, 2, 5)),
    "replicate": one(lambda m: m.Conv1d(2, 3, 3, padding=1, padding_mode="replicate"), (2, 2, 5)),
    "conv3d": one(lambda m: m.Conv3d(2, 2, 3, stride=2, padding=1), (1, 2, 4, 5, 3)),
    "one example": one(lambda m: m.Conv2d(2, 3, 2), (2, 4, 4)),
    "transposed": one(
        lambda m: m.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2),
        (2, 4, 3, 4),
    ),
    "transposed, dilated": one(
        lambda m: m.ConvTranspose1d(2, 3, 3, dilation=2, bias=False), (2, 2, 5)
    ),
    "transposed3d": one(lambda m: m.ConvTranspose3d(2, 1, 2, stride=2), (1, 2, 2, 3, 2)),
    "max pool": one(lambda m: m.MaxPool2d(3, stride=2, padding=1), (2, 3, 7, 8)),
    "max pool, ceil": one(lambda m: m.MaxPool2d(2, stride=3, ceil_mode=True), (2, 2, 6, 7)),
    "max pool, dilated": one(lambda m: m.MaxPool1d(3, stride=1, dilation=2), (2, 3, 9)),
    "max pool3d": one(lambda m: m.MaxPool3d((2, 1, 3)), (1, 2, 4, 3, 6)),
    "avg pool": one(lambda m: m.AvgPool2d(3, stride=2, padding=1), (2, 3, 7, 8)),
    "avg pool, ceil": one(
        lambda m: m.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False), (2, 2, 6, 7)
    ),
    "avg pool, divisor": one(lambda m: m.AvgPool2d(2, divisor_override=3), (2, 2, 4, 4)),
    "avg pool1d": one(lambda m: m.AvgPool1d(2), (2, 3, 7)),
    "adaptive avg": one(lambda m: m.AdaptiveAvgPool2d((None, 3)), (2, 2, 5, 7)),
    "adaptive avg, even": one(lambda m: m.AdaptiveAvgPool2d(2), (2, 2, 6, 4)),
    "adaptive max": one(lambda m: m.AdaptiveMaxPool2d((3, 5)), (2, 2, 8, 7)),
    "adaptive max, one": one(lambda m: m.AdaptiveMaxPool1d(1), (2, 2, 6)),
    "layer norm": one(lambda m: m.LayerNorm((3, 4)), (2, 3, 4)),
    "layer norm, no bias": one(lambda m: m.LayerNorm(6, bias=False), (2, 3, 6)),
    "rms norm": one(lambda m: m.RMSNorm(6), (2, 3, 6)),
    "group norm": one(lambda m: m.GroupNorm(2, 6), (2, 6, 3, 2)),
    "instance norm": one(lambda m: m.InstanceNorm2d(3, affine=True), (2, 3, 3, 4)),
    "instance norm, running": Model(
        lambda m, relu, tanh: m.InstanceNorm1d(3, track_running_stats=True),
        (4, 3, 5),
        modes=("train", "eval"),
    ),
    "embedding": Model(
        lambda m, relu, tanh: m.Sequential(m.Embedding(7, 4, padding_idx=2), m.Linear(4, 3)),
        (3, 5),
        rows=7,
    ),
}
