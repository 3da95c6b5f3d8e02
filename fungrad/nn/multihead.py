"""The attention layer with several heads."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fungrad import numpy as fnp
from fungrad import random
from fungrad.errors import (
    CarriedStateError,
    LayerArgumentError,
    LayerMaskError,
    LayerShapeError,
    MissingKeyError,
)
from fungrad.nn.attention import attend, dropped, score_bias
from fungrad.nn.cells import affine
from fungrad.nn.layer import Layer, Params, as_input, parameter, part, title
from fungrad.nn.linear import Initializer, Linear, check_sizes
from fungrad.numpy.common import concrete, lift
from fungrad.rules.shape import Unstack

__all__ = ["MultiHeadAttention", "MultiheadAttention"]


@dataclass(frozen=True)
class MultiHeadAttention(Layer):
    """Attention of several heads, between linear layers.

    ``layer(params, x)`` is self-attention; ``layer(params, query, keys, values)`` reads from
    another sequence, values being the keys when left out.

    Parameters
    ----------
    embed_dim
        The length of the vectors.
    num_heads
        The number of heads, which divides `embed_dim`.
    dropout
        The probability with which weights are set to zero in training.
    bias
        Whether the linear layers have biases.
    kdim, vdim
        The lengths of the vectors of keys and values, where these are others.
    batch_first
        Whether the inputs are ``(batch, length, embed_dim)`` instead of
        ``(length, batch, embed_dim)``.
    weight_init, bias_init
        Initialisers, functions ``(key, shape, dtype)``, instead of PyTorch's. That of the weights
        gets the shape ``(inputs, outputs)``.

    Notes
    -----
    Parameters, in PyTorch's names: 'in_proj_weight' ``(3 * embed_dim, embed_dim)`` for query, key
    and value, or 'q_proj_weight', 'k_proj_weight' and 'v_proj_weight' if `kdim` or `vdim` is given;
    'in_proj_bias', and 'out_proj' with 'weight' and 'bias'.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> layer = nn.MultiHeadAttention(8, 2, batch_first=True)
    >>> params = layer.init(random.key(0))
    >>> layer(params, fnp.ones((4, 5, 8)), is_causal=True).shape
    (4, 5, 8)
    """

    embed_dim: int
    num_heads: int
    dropout: float = 0.0
    bias: bool = True
    kdim: int | None = field(default=None, kw_only=True)
    vdim: int | None = field(default=None, kw_only=True)
    batch_first: bool = field(default=False, kw_only=True)
    weight_init: Initializer | None = field(default=None, kw_only=True, repr=False)
    bias_init: Initializer | None = field(default=None, kw_only=True, repr=False)

    def __post_init__(self) -> None:
        check_sizes(self, "embed_dim", "num_heads")
        if self.embed_dim % self.num_heads:
            raise LayerArgumentError(
                type(self).__name__,
                f"embed_dim is {self.embed_dim}, which {self.num_heads} heads do not divide",
            )
        if not 0 <= self.dropout <= 1:
            raise LayerArgumentError(
                type(self).__name__,
                f"dropout is {self.dropout!r}; it must be a probability, from 0 to 1",
            )

    @property
    def head_dim(self) -> int:
        """The length of the vectors of one head."""
        return self.embed_dim // self.num_heads

    @property
    def out_proj(self) -> Linear:
        """The linear layer behind the attention."""
        return Linear(
            self.embed_dim,
            self.embed_dim,
            self.bias,
            weight_init=self.weight_init,
            bias_init=no_bias if self.bias_init is None else self.bias_init,
        )

    def _inputs(self) -> dict[str, tuple[int, int]]:
        """Return the shapes of the weights before the attention."""
        size = self.embed_dim
        if self.kdim in (None, size) and self.vdim in (None, size):
            return {"in_proj_weight": (3 * size, size)}
        return {
            "q_proj_weight": (size, size),
            "k_proj_weight": (size, self.kdim or size),
            "v_proj_weight": (size, self.vdim or size),
        }

    def init(self, key: Any, dtype: Any = np.float32) -> Params:
        """Return new parameters."""
        shapes = self._inputs()
        keys = random.split(key, len(shapes) + 2)
        params: Params = {}
        for own, (name, (rows, columns)) in zip(keys[2:], shapes.items()):
            if self.weight_init is None:
                bound = math.sqrt(6 / (rows + columns))
                params[name] = random.uniform(own, (rows, columns), dtype, -bound, bound)
            else:
                params[name] = fnp.transpose(self.weight_init(own, (columns, rows), dtype))
        if self.bias:
            make = no_bias if self.bias_init is None else self.bias_init
            params["in_proj_bias"] = make(keys[0], (3 * self.embed_dim,), dtype)
        params["out_proj"] = self.out_proj.init(keys[1], dtype)
        return params

    def init_cache(self, batch: int | None, length: int, dtype: Any = np.float32) -> Params:
        """Return an empty cache of keys and values, for a sequence that is read piece by piece.

        Parameters
        ----------
        batch
            The number of examples; None for one example without an axis for a batch.
        length
            The most positions that it can hold.
        dtype
            The dtype of the parameters.

        Returns
        -------
        dict
            To be passed as ``cache=``; the layer returns the next one beside its result.
        """
        shape = (1 if batch is None else batch, length, self.num_heads, self.head_dim)
        zeros = fnp.zeros(shape, dtype)
        return {"key": zeros, "value": zeros, "length": fnp.array(0)}

    def __call__(
        self,
        params: Any,
        query: Any,
        keys: Any = None,
        values: Any = None,
        *,
        attn_mask: Any = None,
        key_padding_mask: Any = None,
        is_causal: bool = False,
        need_weights: bool = False,
        average_attn_weights: bool = True,
        cache: Any = None,
        key: Any = None,
        training: bool = False,
    ) -> Any:
        """Apply the layer.

        Parameters
        ----------
        params
            The parameters.
        query
            ``(length, batch, embed_dim)``, or with the batch first, or without a batch.
        keys, values
            What is read, likewise: the query itself, and the keys, when left out.
        attn_mask
            Booleans, True where a query does not see a key, or numbers that are added to the
            scores; ``(queries, keys)``, ``(batch * heads, queries, keys)``, or broadcast against
            ``(batch, heads, queries, keys)``.
        key_padding_mask
            Booleans, True for keys that nobody sees, or numbers to add, ``(batch, keys)``.
        is_causal
            Whether position i sees positions up to i only.
        need_weights
            Whether to return the weights as well.
        average_attn_weights
            Whether these are averaged over the heads.
        cache
            What `init_cache` or the last call returned: the query is the next piece of the sequence
            then, and sees the pieces before.
        key
            A random key, for dropout.
        training
            Whether to drop.

        Returns
        -------
        y
            Of the shape of the query; or a tuple of it, the weights if asked for, and the new cache
            if there is one.
        """
        dropping = training and self.dropout > 0
        if dropping and key is None:
            raise MissingKeyError(title(self))
        weights = [parameter(self, params, name, shape) for name, shape in self._inputs().items()]
        bias = parameter(self, params, "in_proj_bias", (3 * self.embed_dim,)) if self.bias else None
        x = as_input(query, weights[0])
        single = x.ndim == 2
        q, k, v = self._projected(weights, bias, x, query, keys, values)
        causal = 0 if is_causal else None
        if cache is not None:
            offset, cache = self._extended(cache, k, v)
            k, v = (cache[name][:, : offset + k.shape[1]] for name in ("key", "value"))
            causal = offset if is_causal else None
        scores = self._score_bias(attn_mask, key_padding_mask, q, k)
        keep: Any = dropped(key, self.dropout, q, k) if dropping else 1
        y = attend(q, k, v, scores, keep, causal=causal)
        y = fnp.reshape(y, (*y.shape[:2], self.embed_dim))
        y = self.out_proj(part(params, "out_proj"), y)
        results = [self._restored(y, single)]
        if need_weights:
            results.append(self._weights(q, k, scores, causal, keep, single, average_attn_weights))
        if cache is not None:
            results.append(cache)
        return results[0] if len(results) == 1 else tuple(results)

    def _batch_first(self, x: Any, size: int) -> Any:
        if x.ndim not in (2, 3) or x.shape[-1] != size:
            axes = "batch, length" if self.batch_first else "length, batch"
            raise LayerShapeError(
                title(self), x, f"the shape ({axes}, {size}), or (length, {size}) for one example"
            )
        if x.ndim == 2:
            return x[None]
        return x if self.batch_first else fnp.swapaxes(x, 0, 1)

    def _restored(self, y: Any, single: bool) -> Any:
        if single:
            return y[0]
        return y if self.batch_first else fnp.swapaxes(y, 0, 1)

    def _projected(
        self, weights: list[Any], bias: Any, x: Any, query: Any, keys: Any, values: Any
    ) -> list[Any]:
        """Return query, key and value, ``(batch, length, heads, head_dim)``."""
        size, heads = self.embed_dim, (self.num_heads, self.head_dim)
        of_itself = (keys is None or keys is query) and (values is None or values is query)
        x = self._batch_first(x, size)
        if of_itself and len(weights) == 1:
            y = affine(x, weights[0], bias)
            return list(Unstack.apply(fnp.reshape(y, (*x.shape[:2], 3, *heads)), axis=2))
        keys = query if keys is None else keys
        values = keys if values is None else values
        if len(weights) == 1:
            weights = [weights[0][i * size : (i + 1) * size] for i in range(3)]
        biases = [None if bias is None else bias[i * size : (i + 1) * size] for i in range(3)]
        others = [as_input(each, weights[0]) for each in (keys, values)]
        sizes = (self.kdim or size, self.vdim or size)
        inputs = [x, *[self._batch_first(*pair) for pair in zip(others, sizes)]]
        return [
            fnp.reshape(affine(each, weight, own), (*each.shape[:2], *heads))
            for each, weight, own in zip(inputs, weights, biases)
        ]

    def _extended(self, cache: Any, k: Any, v: Any) -> tuple[int, Params]:
        """Return how many positions are in the cache, and a cache with those of k and v."""
        room = cache["key"].shape
        if (room[0], *room[2:]) != (k.shape[0], *k.shape[2:]):
            raise CarriedStateError(
                title(self),
                f"the cache is for a batch of {room[0]}, the input has a batch of {k.shape[0]}; "
                f"make one with layer.init_cache({k.shape[0]}, {room[1]})",
            )
        taken = int(concrete(cache["length"]))
        end = taken + k.shape[1]
        if end > room[1]:
            raise CarriedStateError.full(title(self), room[1], taken, k.shape[1])
        return taken, {
            "key": cache["key"].at[:, taken:end].set(k.astype(cache["key"].dtype)),
            "value": cache["value"].at[:, taken:end].set(v.astype(cache["value"].dtype)),
            "length": fnp.array(end),
        }

    def _score_bias(self, attn_mask: Any, key_padding_mask: Any, q: Any, k: Any) -> Any:
        """Return what is added to the scores."""
        batch, rows, heads = q.shape[:3]
        columns = k.shape[1]
        total: Any = 0
        for name, mask in (("attn_mask", attn_mask), ("key_padding_mask", key_padding_mask)):
            if mask is None:
                continue
            mask = lift(mask, name)
            if name == "key_padding_mask":
                mask = mask[..., None, None, :]
            elif mask.ndim == 3 and mask.shape[0] == batch * heads:
                mask = fnp.reshape(mask, (batch, heads, *mask.shape[1:]))
            for given, length in zip(mask.shape[::-1], (columns, rows, heads, batch)):
                if given not in (1, length) or mask.ndim > 4:
                    raise LayerMaskError(title(self), name, mask, (batch, heads, rows, columns))
            boolean = mask.dtype.kind == "b"
            own = score_bias(~mask, None, q.dtype) if boolean else score_bias(None, mask, q.dtype)
            total = own if type(total) is int else total + own
        return total

    def _weights(
        self, q: Any, k: Any, bias: Any, causal: int | None, keep: Any, single: bool, average: bool
    ) -> Any:
        """Return the weights: the mean of an identity matrix by them."""
        batch, columns, heads = k.shape[:3]
        identity = np.broadcast_to(
            np.eye(columns, dtype=q.dtype)[:, None, :], (batch, columns, heads, columns)
        )
        weights = fnp.swapaxes(attend(q, k, identity, bias, keep, causal=causal), 1, 2)
        weights = fnp.mean(weights, axis=1) if average else weights
        return weights[0] if single else weights


MultiheadAttention = MultiHeadAttention


def no_bias(key: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """Return zeros: PyTorch's initial biases of this layer."""
    return fnp.zeros(shape, dtype)
