"""Rows of `fungrad.rules.recurrent` and `sequences`."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.rules import recurrent as rules
from fungrad.rules import sequences
from tests.cases import Case, normal


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def lstm(x: Any, y: Any, c: Any) -> Any:
    i, f, g, o = np.split(x + y, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru(x: Any, y: Any, h: Any) -> Any:
    (x_r, x_u, x_n), (y_r, y_u, y_n) = np.split(x, 3, axis=-1), np.split(y, 3, axis=-1)
    update = sigmoid(x_u + y_u)
    return (1 - update) * np.tanh(x_n + sigmoid(x_r + y_r) * y_n) + update * h


def lstm_sequence(x: Any, w: Any, h: Any, c: Any) -> Any:
    outputs = []
    for each in x:
        h, c = lstm(each, h @ w.T, c)
        outputs.append(h)
    return np.stack(outputs), c


def sequence_case(name: str, *shape: int) -> Case:
    steps, batch, size = shape
    return Case(
        name,
        (sequences.LstmSequence,),
        sequences.LstmSequence.apply,
        (
            normal(steps, batch, 4 * size),
            normal(4 * size, size),
            normal(batch, size),
            normal(batch, size, seed=1),
        ),
        lstm_sequence,
        exact=False,
    )


def lstm_case(name: str, *args: Any) -> Case:
    return Case(name, (rules.LstmStep,), rules.LstmStep.apply, args, lstm, exact=False)


def gru_case(name: str, *args: Any) -> Case:
    return Case(name, (rules.GruStep,), rules.GruStep.apply, args, gru, exact=False)


CASES = [
    lstm_case("lstm", normal(3, 8), normal(3, 8, seed=1), normal(3, 2)),
    lstm_case("lstm of one example", normal(8), normal(8, seed=1), normal(2)),
    sequence_case("lstm sequence", 3, 2, 2),
    sequence_case("lstm sequence of one step", 1, 3, 2),
    gru_case("gru", normal(3, 6), normal(3, 6, seed=1), normal(3, 2)),
    gru_case("gru of one example", normal(6), normal(6, seed=1), normal(2)),
]
