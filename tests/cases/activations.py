"""Rows of `fungrad.rules.activations`."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad import nn
from fungrad.nn.activations import SELU_ALPHA, SELU_SCALE
from fungrad.rules import activations as rules
from tests.cases import Case, normal, positive

REALS = 2 * normal(2, 3)


def one(name: str, rule: Any, function: Any, reference: Any, x: Any = REALS) -> Case:
    return Case(name, (rule,), function, (x,), reference, exact=False)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


CASES = [
    one("relu", rules.Relu, nn.relu, lambda x: np.maximum(x, 0)),
    one("relu of a number", rules.Relu, nn.relu, lambda x: np.maximum(x, 0), np.array(0.3)),
    one("sigmoid", rules.Sigmoid, nn.sigmoid, sigmoid),
    one("sigmoid of a number", rules.Sigmoid, nn.sigmoid, sigmoid, np.array(-0.7)),
    one("sigmoid of nothing", rules.Sigmoid, nn.sigmoid, sigmoid, normal(0, 2)),
    one("leaky_relu", rules.LeakyRelu, nn.leaky_relu, lambda x: np.where(x > 0, x, 0.01 * x)),
    one(
        "leaky_relu, steep",
        rules.LeakyRelu,
        lambda x: nn.leaky_relu(x, 3),
        lambda x: np.where(x > 0, x, 3 * x),
    ),
    Case(
        "leaky_relu, learned",
        (rules.LeakyRelu,),
        nn.leaky_relu,
        (REALS, positive(3)),
        lambda x, a: np.where(x > 0, x, a * x),
    ),
    one("relu6", rules.Clamp, nn.relu6, lambda x: np.clip(x, 0, 6), 4 * REALS),
    one("elu", rules.Elu, nn.elu, lambda x: np.where(x > 0, x, np.exp(x) - 1)),
    one(
        "selu",
        rules.Elu,
        nn.selu,
        lambda x: SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * (np.exp(x) - 1)),
    ),
    Case(
        "elu, learned",
        (rules.Elu,),
        nn.elu,
        (REALS, positive(3)),
        lambda x, a: np.where(x > 0, x, a * (np.exp(x) - 1)),
        exact=False,
    ),
    one("softplus", rules.Softplus, nn.softplus, lambda x: np.logaddexp(x, 0)),
    one("log_sigmoid", rules.LogSigmoid, nn.log_sigmoid, lambda x: -np.logaddexp(-x, 0)),
    one("silu", rules.Silu, nn.silu, lambda x: x * sigmoid(x)),
    one("silu of a number", rules.Silu, nn.silu, lambda x: x * sigmoid(x), np.array(0.7)),
    one("gelu", rules.Gelu, lambda x: nn.gelu(x, approximate=False), None),
    one(
        "gelu, approximate",
        rules.GeluTanh,
        nn.gelu,
        lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
    ),
    one("mish", rules.Mish, nn.mish, lambda x: x * np.tanh(np.logaddexp(x, 0))),
]
