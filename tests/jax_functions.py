"""Functions that exist in jax.nn or optax.losses and here, by the same names and arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.torch_sequences import LABELS, PIXELS, SHARES, SIGNS, WEIGHT, P, X, Y

ACTIVATIONS = (
    "celu",
    "elu",
    "gelu",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "identity",
    "leaky_relu",
    "log_sigmoid",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_sign",
    "softplus",
    "sparse_plus",
    "sparse_sigmoid",
    "squareplus",
    "swish",
    "tanh",
)

GRID = np.array([-700.0, -30.0, -8.0, -6.0, *np.linspace(-4, 4, 17), 6.0, 8.0, 30.0, 700.0, 1e-9])

MASK = np.array([[True, False, True, True]] * 3 + [[False, True, True, False]] * 2)
MASK[np.arange(5), LABELS] = True
REGIONS = np.eye(4)[PIXELS]

Loss = tuple[str, tuple[Any, ...], dict[str, Any]]

LOSSES: list[Loss] = [
    ("glu", (X,), {}),
    ("glu", (X.T,), {"axis": 0}),
    ("gelu", (3 * X,), {"approximate": False}),
    ("softmax", (X,), {}),
    ("softmax", (X,), {"axis": 0}),
    ("softmax", (X,), {"where": MASK}),
    ("log_softmax", (X,), {"axis": (0, 1)}),
    ("logsumexp", (X,), {}),
    ("logsumexp", (X,), {"axis": 1, "b": SIGNS * [1, 2, 3, 9], "return_sign": False}),
    ("logsumexp", (X,), {"axis": 1, "where": MASK}),
    ("logmeanexp", (X,), {"axis": 1}),
    ("logmeanexp", (X,), {"axis": 1, "where": MASK, "keepdims": True}),
    ("log1mexp", (P,), {}),
    ("standardize", (X,), {}),
    ("standardize", (X,), {"axis": 0, "where": MASK, "epsilon": 0.1}),
    ("standardize", (X,), {"mean": 0.0, "variance": 2.0}),
    ("squared_error", (X, Y), {}),
    ("l2_loss", (X,), {}),
    ("log_cosh", (9 * X, Y), {}),
    ("cosine_similarity", (X, Y), {}),
    ("cosine_distance", (X, Y), {}),
    ("sigmoid_binary_cross_entropy", (9 * X, P), {}),
    ("sigmoid_focal_loss", (X, P), {"alpha": 0.3}),
    ("sigmoid_focal_loss", (9 * X, np.round(P)), {"gamma": 1.5}),
    ("hinge_loss", (X, SIGNS), {}),
    ("perceptron_loss", (X, SIGNS), {}),
    ("softmax_cross_entropy", (X, SHARES), {}),
    ("softmax_cross_entropy", (X, SHARES), {"axis": 0}),
    ("softmax_cross_entropy", (X, SHARES), {"where": MASK}),
    ("safe_softmax_cross_entropy", (X, SHARES), {}),
    ("softmax_cross_entropy_with_integer_labels", (X, LABELS), {}),
    ("softmax_cross_entropy_with_integer_labels", (X.T, LABELS), {"axis": 0}),
    ("softmax_cross_entropy_with_integer_labels", (X, LABELS), {"where": MASK}),
    ("poly_loss_cross_entropy", (X, SHARES), {"epsilon": 1.5}),
    ("smooth_labels", (SHARES, 0.2), {}),
    ("multiclass_hinge_loss", (X, LABELS), {}),
    ("multiclass_perceptron_loss", (X, LABELS), {}),
    ("kl_divergence", (np.log(SHARES), SHARES[::-1].copy()), {}),
    ("kl_divergence", (np.log(SHARES), SHARES[::-1].copy()), {"where": MASK}),
    ("kl_divergence_with_log_targets", (X, np.log(SHARES)), {}),
    ("generalized_kl_divergence", (X, SHARES), {}),
    ("dice_loss", (np.stack([X[:3], X[1:4]]), REGIONS), {}),
    (
        "dice_loss",
        (np.stack([X[:3], X[1:4]]), REGIONS),
        {"class_weights": WEIGHT, "alpha": 0.3, "ignore_background": True, "reduction": "none"},
    ),
    ("binary_dice_loss", (X, np.round(P)), {}),
    ("ntxent", (X, np.array([0, 1, 0, 1, 1])), {"temperature": 0.5}),
    ("ranking_softmax_loss", (X, P), {}),
    ("ranking_softmax_loss", (X, P), {"where": MASK, "weights": WEIGHT}),
]
