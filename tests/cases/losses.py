"""Rows of `fungrad.rules.losses`."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad import nn
from fungrad.rules import losses as rules
from tests.cases import Case, normal

LABELS = np.array([[0, 3], [2, 2], [1, 0]])


def reference(x: Any, labels: Any) -> Any:
    scores = np.take_along_axis(x, labels[..., None], axis=-1)[..., 0]
    return np.log(np.sum(np.exp(x), axis=-1)) - scores


def entropy(name: str, x: Any, labels: Any) -> Case:
    return Case(
        name,
        (rules.CrossEntropy,),
        nn.softmax_cross_entropy_with_integer_labels,
        (x, labels),
        reference,
        exact=False,
    )


CASES = [
    entropy("cross_entropy", normal(3, 2, 4), LABELS),
    entropy("cross_entropy of one", normal(4), np.array(2)),
    entropy("cross_entropy of nothing", normal(0, 4), LABELS[:0, 0]),
]
