"""Attention as functions: the layer with several heads stands in `multihead`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fungrad import numpy as fnp
from fungrad.errors import (
    MissingKeyError,
    ShapeError,
)
from fungrad.nn.activations import inexact
from fungrad.nn.dropout import Dropout
from fungrad.numpy.common import lift
from fungrad.rules.attention import Attention

__all__ = [
    "dot_product_attention",
    "scaled_dot_product_attention",
]

# --- functions -----------------------------------------------------------------------------------


def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    *,
    scale: float | None = None,
    is_causal: bool = False,
    query_seq_lengths: Any = None,
    key_value_seq_lengths: Any = None,
    local_window_size: int | tuple[int, int] | None = None,
) -> Any:
    """Return weighted means of values, as `jax.nn.dot_product_attention` does.

    The weights are the softmax of ``query @ key * scale + bias``. A query that sees no key gets
    zeros.

    Parameters
    ----------
    query : array_like
        ``[batch, queries, heads, d]``, or without the batch.
    key : array_like
        ``[batch, keys, heads, d]``; fewer heads are shared, each by equally many of the query's.
    value : array_like
        ``[batch, keys, heads, e]``
    bias : array_like, optional
        Added to the scores; broadcast against ``[batch, heads, queries, keys]``.
    mask : array_like of bool, optional
        Which keys a query sees; broadcast in the same way.
    scale : float, optional
        ``1 / sqrt(d)`` when left out.
    is_causal : bool
        Whether query i sees the keys up to i only.
    query_seq_lengths, key_value_seq_lengths : array_like of int, optional
        The numbers of queries and keys of each example, ``[batch]``; those behind do not count.
    local_window_size : int or pair of int, optional
        How many keys before and behind its own position a query sees.

    Returns
    -------
    Array
        ``[batch, queries, heads, e]``

    Raises
    ------
    ShapeError
        If the shapes do not fit together.

    Examples
    --------
    >>> from fungrad import nn
    >>> x = fnp.arange(6.0).reshape(3, 1, 2)
    >>> nn.dot_product_attention(x, x, x, is_causal=True)[:, 0].round(2)
    Array([[0., 1.],
           [2., 3.],
           [4., 5.]], dtype=float64)
    """
    q, k, v = (inexact(x, "dot_product_attention") for x in (query, key, value))
    _check("dot_product_attention", q, k, v, lengths=-3, heads=-2)
    rows, columns = q.shape[-3], k.shape[-3]
    seen = None if mask is None else lift(mask, "mask")
    if query_seq_lengths is not None:
        lengths = lift(query_seq_lengths, "query_seq_lengths")[..., None, None, None]
        seen = _both(seen, np.arange(rows)[:, None] < lengths)
    if key_value_seq_lengths is not None:
        lengths = lift(key_value_seq_lengths, "key_value_seq_lengths")[..., None, None, None]
        seen = _both(seen, np.arange(columns) < lengths)
    if local_window_size is not None:
        window = local_window_size
        before, behind = window if isinstance(window, tuple) else (window, window)
        distance = np.arange(columns) - np.arange(rows)[:, None]
        seen = _both(seen, (-before <= distance) & (distance <= behind))
    k, v = _shared_heads(k, v, q.shape[-2])
    total = score_bias(seen, bias, q.dtype)
    return attend(q, k, v, total, scale=scale, causal=0 if is_causal else None)


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
    *,
    dropout_key: Any = None,
) -> Any:
    """Return weighted means of values, as PyTorch's function of this name does.

    The weights are the softmax of ``query @ key.mT * scale``. A query that sees no key gets zeros.

    Parameters
    ----------
    query : array_like
        ``[..., heads, queries, d]``; the leading axes may be left out.
    key : array_like
        ``[..., heads, keys, d]``
    value : array_like
        ``[..., heads, keys, e]``
    attn_mask : array_like, optional
        Booleans that say which keys a query sees, or numbers that are added to the scores;
        broadcast against ``[..., heads, queries, keys]``.
    dropout_p : float
        The probability with which weights are set to zero; needs `dropout_key`.
    is_causal : bool
        Whether query i sees the keys up to i only.
    scale : float, optional
        ``1 / sqrt(d)`` when left out.
    enable_gqa : bool
        Whether keys and values may have fewer heads, each shared by equally many of the query's.
    dropout_key
        A random key.

    Returns
    -------
    Array
        ``[..., heads, queries, e]``

    Examples
    --------
    >>> from fungrad import nn
    >>> x = fnp.arange(6.0).reshape(3, 2)
    >>> nn.scaled_dot_product_attention(x, x, x, is_causal=True).round(2)
    Array([[0., 1.],
           [2., 3.],
           [4., 5.]], dtype=float64)
    """
    where = "scaled_dot_product_attention"
    q, k, v = (inexact(x, where) for x in (query, key, value))
    heads = -3 if q.ndim > 3 else None
    _check(where, q, k, v, lengths=-2, heads=heads if enable_gqa else None)
    seen, bias = None, None
    if attn_mask is not None:
        attn_mask = lift(attn_mask, where)
        if attn_mask.dtype.kind == "b":
            seen = attn_mask
        else:
            bias = attn_mask
    total = score_bias(seen, bias, q.dtype)
    if heads is None:
        q, k, v = (x[..., None, :] for x in (q, k, v))
        total = total[..., None, :, :] if type(total) is not int and total.ndim > 2 else total
    else:
        q, k, v = (fnp.swapaxes(x, -2, -3) for x in (q, k, v))
        k, v = _shared_heads(k, v, q.shape[-2])
    keep: Any = 1
    if dropout_p:
        if dropout_key is None:
            raise MissingKeyError(where)
        keep = dropped(dropout_key, dropout_p, q, k)
    causal = 0 if is_causal else None
    y = attend(q, k, v, total, keep, scale=scale, causal=causal)
    return y[..., 0, :] if heads is None else fnp.swapaxes(y, -2, -3)


def attend(
    q: Any,
    k: Any,
    v: Any,
    bias: Any = 0,
    keep: Any = 1,
    *,
    scale: float | None = None,
    causal: int | None = None,
) -> Any:
    """Apply the rule; the heads are behind the lengths."""
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else float(scale)
    return Attention.apply(q, k, v, bias, keep, scale=scale, causal=causal)


def _check(where: str, q: Any, k: Any, v: Any, *, lengths: int, heads: int | None) -> None:
    least = 2 if lengths == -2 else 3
    if min(q.ndim, k.ndim, v.ndim) < least or q.ndim != k.ndim or k.ndim != v.ndim:
        raise ShapeError(where, (q, k, v), f"all have the same number of axes, {least} or more")
    if q.shape[-1] != k.shape[-1]:
        text = f"queries have length {q.shape[-1]} and keys {k.shape[-1]}; they must be the same"
        raise ShapeError(where, (q, k, v), text)
    if k.shape[lengths] != v.shape[lengths]:
        text = f"there are {k.shape[lengths]} keys and {v.shape[lengths]} values"
        raise ShapeError(where, (q, k, v), text)
    if heads is not None and (
        k.shape[heads] != v.shape[heads] or not k.shape[heads] or q.shape[heads] % k.shape[heads]
    ):
        text = f"the heads, {k.shape[heads]} and {v.shape[heads]}, must divide {q.shape[heads]}"
        raise ShapeError(where, (q, k, v), text)


def _shared_heads(k: Any, v: Any, heads: int) -> tuple[Any, Any]:
    """Repeat the heads of keys and values, each for as many of the query's as share it."""
    times = heads // k.shape[-2]
    return (k, v) if times == 1 else (fnp.repeat(k, times, axis=-2), fnp.repeat(v, times, axis=-2))


def _both(first: Any, second: Any) -> Any:
    return second if first is None else first & second


def score_bias(seen: Any, bias: Any, dtype: Any) -> Any:
    """Return what is added to the scores, 0 for nothing: -inf where a key is not seen."""
    total: Any = 0
    if seen is not None:
        total = np.where(seen, dtype.type(0), dtype.type(-np.inf))
    if bias is not None:
        bias = lift(bias, "bias")
        bias = bias if bias.dtype == dtype else bias.astype(dtype)
        total = bias if seen is None else total + bias
    return total


def dropped(key: Any, p: float, q: Any, k: Any) -> Any:
    """Return the factors of the weights in dropout."""
    shape = (*q.shape[:-3], q.shape[-2], q.shape[-3], k.shape[-3])
    return Dropout(p)({}, np.ones(shape, q.dtype), key=key, training=True)
