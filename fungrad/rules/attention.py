"""Attention: weighted means of values, by the softmax of scaled products of queries and keys.

Queries are ``[..., queries, heads, d]``, keys ``[..., keys, heads, d]``, values
``[..., keys, heads, e]``, and the result is ``[..., queries, heads, e]``: what comes out of one
linear layer and goes into the next is not moved. Scores are ``[..., heads, queries, keys]``.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.array import RAW
from fungrad.rules.families import Rule, align, conform
from fungrad.rules.products import product
from fungrad.rules.reductions import Softmax


class Attention(Rule):
    """The arguments are query, key, value, bias and keep; the last two may be the numbers 0 and 1.

    The bias is added to the scores, the weights are multiplied by `keep`. Where `causal` is not
    None, query i does not see the keys behind ``i + causal``.
    """

    @staticmethod
    def kernel(
        q: Any, k: Any, v: Any, bias: Any, keep: Any, scale: float, causal: int | None
    ) -> Any:
        return _mean(_kept(_weights(q, k, bias, scale, causal), keep), v)

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        q, k, v, bias, keep = values
        weights = _weights(q, k, bias, **params)
        z = _mean(_kept(weights, keep), v)
        return z, (q, k, v, keep, weights, z, params["scale"])

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        q, k, v, keep, weights, z, scale = notes
        to_q, to_k, to_v, to_bias, to_keep = parents
        g = _heads_first(gradient)
        g_v = None
        if to_v >= 0:
            g_v = _heads_second(_kept(weights, keep).mT, g)
        if max(to_q, to_k, to_bias, to_keep) < 0:
            return None, None, g_v, None, None
        change = product(g, _heads_first(v).mT)
        g_keep = change * weights if to_keep >= 0 else None
        if type(keep) is not int:
            change = change * keep
        # The mean of the changes by the weights is that of the results.
        mean = _heads_first(np.sum(gradient * z, axis=-1, keepdims=True))
        if type(change) in RAW and type(mean) in RAW and type(weights) in RAW:
            change -= mean
            change *= weights
        else:
            change = (change - mean) * weights
        g_bias = change if to_bias >= 0 else None
        change = change * scale
        g_q = _heads_second(change, _heads_first(k)) if to_q >= 0 else None
        g_k = _heads_second(change.mT, _heads_first(q)) if to_k >= 0 else None
        return g_q, g_k, g_v, g_bias, g_keep

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        q, k, v, bias, keep = values
        t_q, t_k, t_v, t_bias, t_keep = tangents
        weights = _weights(q, k, bias, **params)
        kept = _kept(weights, keep)
        z = _mean(kept, v)
        scores = _sum(
            None if t_q is None else _scores(t_q, k, params["scale"]),
            None if t_k is None else _scores(q, t_k, params["scale"]),
            t_bias,
        )
        change = None
        if scores is not None:
            change = weights * scores
            change = change - weights * np.sum(change, axis=-1, keepdims=True)
            change = _kept(change, keep)
        change = _sum(change, None if t_keep is None else weights * t_keep)
        t = _sum(
            None if change is None else _mean(change, v), None if t_v is None else _mean(kept, t_v)
        )
        return z, conform(t, z)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        # Numbers of axes count without those of the batch; bias and keep may have fewer.
        return cls.call(*align(batched, values), **params), True


def _heads_first(x: Any) -> Any:
    return np.swapaxes(x, -2, -3)


def _heads_second(x: Any, y: Any) -> Any:
    """Return the product of stacks of matrices with the heads first, the heads behind the rows."""
    if type(x) not in RAW or type(y) not in RAW:
        return _heads_first(product(x, y))
    lead = x.shape[:-3]
    if lead != y.shape[:-3]:
        lead = np.broadcast_shapes(lead, y.shape[:-3])
    z = np.empty((*lead, x.shape[-2], x.shape[-3], y.shape[-1]), np.result_type(x, y))
    np.matmul(x, y, out=_heads_first(z))
    return z


def _scores(q: Any, k: Any, scale: float) -> Any:
    return product(_heads_first(q), _heads_first(k).mT) * scale


def _weights(q: Any, k: Any, bias: Any, scale: float, causal: int | None) -> Any:
    """Return the weights of the keys for each query."""
    if any(type(x) not in RAW for x in (q, k, bias)):
        scores = _scores(q, k, scale)
        if type(bias) is not int:
            scores = scores + bias
        if causal is not None:
            scores = scores + _unseen(scores.shape[-2:], causal, scores.dtype)
        return Softmax.call(scores, axis=(scores.ndim - 1,))
    scores = product(_heads_first(q), _heads_first(k).mT)
    scores *= scale
    if type(bias) is not int:
        scores = scores + bias
    if causal is not None:
        scores += _unseen(scores.shape[-2:], causal, scores.dtype)
    return Softmax.kernel(scores, axis=(scores.ndim - 1,))


def _kept(weights: Any, keep: Any) -> Any:
    return weights if type(keep) is int else weights * keep


def _mean(weights: Any, v: Any) -> Any:
    return _heads_second(weights, _heads_first(v))


def _sum(*terms: Any) -> Any:
    total = None
    for term in terms:
        if term is not None:
            total = term if total is None else total + term
    return total


@functools.lru_cache(maxsize=8)
def _unseen(shape: tuple[int, int], causal: int, dtype: Any) -> Any:
    """Return -inf where a key lies behind what a query sees, 0 elsewhere."""
    table = np.triu(np.full(shape, -np.inf, dtype), causal + 1)
    table.flags.writeable = False
    return table
