"""Rows of `fungrad.rules.attention`."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.rules import attention as rules
from tests.cases import Case, normal, positive

SCALE = 0.7
QUERY, KEY, VALUE = normal(2, 3, 2, 4), normal(2, 5, 2, 4), normal(2, 5, 2, 3)
BIAS, KEEP = normal(2, 2, 3, 5), positive(2, 2, 3, 5)


def attend(q: Any, k: Any, v: Any, bias: Any = 0, keep: Any = 1, causal: int | None = None) -> Any:
    return rules.Attention.apply(q, k, v, bias, keep, scale=SCALE, causal=causal)


def reference(
    q: Any, k: Any, v: Any, bias: Any = 0, keep: Any = 1, causal: int | None = None
) -> Any:
    scores = np.einsum("...qhd,...khd->...hqk", q, k) * SCALE + bias
    if causal is not None:
        scores = np.where(np.tri(*scores.shape[-2:], causal, dtype=bool), scores, -np.inf)
    powers = np.exp(scores)
    weights = powers / powers.sum(-1, keepdims=True)
    return np.einsum("...hqk,...khe->...qhe", weights * keep, v)


def case(name: str, *args: Any, causal: int | None = None) -> Case:
    return Case(
        name,
        (rules.Attention,),
        lambda *args: attend(*args, causal=causal),
        args,
        lambda *args: reference(*args, causal=causal),
        exact=False,
    )


CASES = [
    case("attention", QUERY, KEY, VALUE),
    case("attention of one example", QUERY[0], KEY[0], VALUE[0]),
    case("attention, causal", QUERY, KEY, VALUE, causal=0),
    case("attention, causal with a cache", QUERY, KEY, VALUE, causal=2),
    case("attention with a bias", QUERY, KEY, VALUE, BIAS),
    case("attention with a shared bias", QUERY, KEY, VALUE, BIAS[0, 0]),
    case("attention with a bias and dropout", QUERY, KEY, VALUE, BIAS, KEEP),
]
