"""Sequence models and losses that exist in PyTorch and here, by the same names and arguments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Model:
    """A layer, as a function of ``torch.nn`` or ``fungrad.nn``, and what it is called with.

    `inputs` has the shapes of its positional arguments, a pair of them for an LSTM's state;
    `options` what it gets by keyword.
    """

    make: Callable[[Any], Any]
    inputs: tuple[Any, ...]
    options: dict[str, Any] = field(default_factory=dict)


def recurrent(name: str, states: tuple[int, ...], *args: Any, **options: Any) -> Model:
    """Return a recurrent layer of 3 inputs and 4 hidden numbers, and 5 steps of a batch of 2."""
    x = (2, 5, 3) if options.get("batch_first") else (5, 2, 3)
    passes = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    shapes = tuple((passes, 2, state) for state in states)
    return Model(
        lambda m: getattr(m, name)(3, 4, *args, **options),
        (x, shapes[0] if len(shapes) == 1 else shapes),
    )


def attention(inputs: tuple[Any, ...], options: dict[str, Any], **settings: Any) -> Model:
    return Model(lambda m: m.MultiheadAttention(6, 2, **settings), inputs, options)


def encoder(m: Any, **settings: Any) -> Any:
    return m.TransformerEncoderLayer(6, 2, 8, 0.0, **settings)


PADDED = np.array([[False, False, False, True], [False, True, True, True]])
FUTURE = ~np.tri(4, dtype=bool)
BIAS = np.cos(np.arange(12)).reshape(3, 4).astype(np.float32)

MODELS: dict[str, Model] = {
    "rnn": recurrent("RNN", (4,)),
    "rnn, relu": recurrent("RNN", (4,), nonlinearity="relu", bias=False),
    "rnn, two ways": recurrent("RNN", (4,), num_layers=2, bidirectional=True),
    "gru": recurrent("GRU", (4,), batch_first=True),
    "gru, two ways": recurrent("GRU", (4,), num_layers=2, bidirectional=True, bias=False),
    "lstm": recurrent("LSTM", (4, 4)),
    "lstm, two ways": recurrent("LSTM", (4, 4), num_layers=2, bidirectional=True, batch_first=True),
    "lstm, projected": recurrent("LSTM", (2, 4), num_layers=2, proj_size=2),
    "lstm, one example": Model(lambda m: m.LSTM(3, 4), ((5, 3), ((1, 4), (1, 4)))),
    "rnn cell": Model(lambda m: m.RNNCell(3, 4), ((2, 3), (2, 4))),
    "gru cell": Model(lambda m: m.GRUCell(3, 4), ((2, 3), (2, 4))),
    "lstm cell": Model(lambda m: m.LSTMCell(3, 4), ((2, 3), ((2, 4), (2, 4)))),
    "attention": attention(((3, 2, 6), (4, 2, 6), (4, 2, 6)), {}),
    "attention, masked": attention(
        ((2, 3, 6), (2, 4, 6), (2, 4, 6)),
        {"attn_mask": BIAS, "key_padding_mask": np.where(PADDED, -np.inf, 0).astype(np.float32)},
        batch_first=True,
    ),
    "attention, other sizes": attention(
        ((3, 2, 6), (4, 2, 5), (4, 2, 7)), {"key_padding_mask": PADDED}, kdim=5, vdim=7
    ),
    "attention, one example": attention(((3, 6), (4, 6), (4, 6)), {"attn_mask": BIAS}, bias=False),
    "encoder layer": Model(
        encoder, ((4, 2, 6),), {"src_mask": FUTURE, "src_key_padding_mask": PADDED}
    ),
    "encoder layer, norm first": Model(
        lambda m: encoder(m, activation="gelu", norm_first=True, batch_first=True), ((2, 4, 6),)
    ),
    "decoder layer": Model(
        lambda m: m.TransformerDecoderLayer(6, 2, 8, 0.0),
        ((4, 2, 6), (3, 2, 6)),
        {"tgt_mask": FUTURE},
    ),
    "encoder": Model(
        lambda m: m.TransformerEncoder(encoder(m, bias=False), 2, m.LayerNorm(6)), ((4, 2, 6),)
    ),
    "decoder": Model(
        lambda m: m.TransformerDecoder(m.TransformerDecoderLayer(6, 2, 8, 0.0), 2),
        ((4, 2, 6), (3, 2, 6)),
    ),
}


# --- losses --------------------------------------------------------------------------------------

Loss = tuple[str, tuple[Any, ...], dict[str, Any]]
"""A name, the arguments, of which the first is differentiated, and options."""

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(2, 5, 4))
P = rng.uniform(0.05, 0.95, (5, 4))
SIGNS = np.where(rng.random((5, 4)) > 0.5, 1.0, -1.0)
IMAGE, PIXELS = rng.normal(size=(2, 4, 3)), rng.integers(0, 4, (2, 3))
LABELS = np.array([0, 3, 1, 1, 2])
SHARES = rng.dirichlet(np.ones(4), 5)
WEIGHT = rng.uniform(0.5, 2.0, 4)
STEPS = rng.normal(size=(9, 4, 5))
TARGETS = np.array([[2, 2, 1], [1, 3, 3], [4, 1, 2], [1, 4, 4]])
LENGTHS = np.array([9, 8, 7, 9]), np.array([3, 2, 0, 1])


def in_all_ways(*losses: Loss) -> list[Loss]:
    return [
        (name, args, {**options, "reduction": reduction})
        for name, args, options in losses
        for reduction in ("mean", "sum", "none")
    ]


# PyTorch's ctc_loss has a gradient that is right only behind log_softmax: it gets its result.
LOSSES = in_all_ways(
    ("mse_loss", (X, Y), {}),
    ("l1_loss", (X, Y), {}),
    ("smooth_l1_loss", (X, Y), {"beta": 0.5}),
    ("huber_loss", (X, Y), {"delta": 0.5}),
    ("poisson_nll_loss", (X, np.round(3 * P)), {}),
    ("poisson_nll_loss", (P, np.round(3 * P)), {"log_input": False, "full": True}),
    ("gaussian_nll_loss", (X, Y, P), {"full": True}),
    ("binary_cross_entropy", (P, P[::-1]), {}),
    ("binary_cross_entropy_with_logits", (9 * X, P), {}),
    ("binary_cross_entropy_with_logits", (X, P), {"weight": WEIGHT, "pos_weight": WEIGHT}),
    ("soft_margin_loss", (X, SIGNS), {}),
    ("hinge_embedding_loss", (X, SIGNS), {"margin": 0.7}),
    ("margin_ranking_loss", (X, Y, SIGNS), {"margin": 0.3}),
    ("cosine_embedding_loss", (X, Y, SIGNS[:, 0]), {"margin": 0.1}),
    ("triplet_margin_loss", (X, Y, P), {}),
    ("triplet_margin_loss", (X, Y, P), {"p": 1.0, "swap": True}),
    ("kl_div", (np.log(SHARES), SHARES[::-1]), {}),
    ("kl_div", (np.log(SHARES), np.log(SHARES[::-1])), {"log_target": True}),
    ("nll_loss", (X, LABELS), {"weight": WEIGHT, "ignore_index": 1}),
    ("cross_entropy", (X, LABELS), {}),
    ("cross_entropy", (X[0], np.array(2)), {}),
    ("cross_entropy", (IMAGE, PIXELS), {"label_smoothing": 0.2}),
    ("cross_entropy", (X, LABELS), {"weight": WEIGHT, "ignore_index": 1}),
    ("cross_entropy", (X, LABELS), {"weight": WEIGHT, "label_smoothing": 0.1, "ignore_index": 3}),
    ("cross_entropy", (X, SHARES), {"weight": WEIGHT, "label_smoothing": 0.1}),
    ("ctc_loss", (STEPS, TARGETS, *LENGTHS), {}),
    ("ctc_loss", (STEPS, TARGETS, LENGTHS[1], LENGTHS[1]), {"zero_infinity": True}),
)
