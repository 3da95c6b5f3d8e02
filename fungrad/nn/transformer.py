"""The layers of transformers: attention and two linear layers, each added to its input."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from fungrad import random
from fungrad.errors import LayerArgumentError, MissingKeyError
from fungrad.nn.activations import gelu
from fungrad.nn.dropout import Dropout
from fungrad.nn.layer import Layer, Params, as_input, parameter, part, title
from fungrad.nn.linear import Linear, check_sizes
from fungrad.nn.multihead import MultiHeadAttention
from fungrad.nn.normalization import LayerNorm
from fungrad.nn.piecewise import relu

__all__ = [
    "TransformerDecoderLayer",
    "TransformerEncoderLayer",
]

Activation = str | Callable[[Any], Any]


def exact_gelu(x: Any) -> Any:
    """Return x times the probability that a normal variable is less than x, as PyTorch does."""
    return gelu(x, approximate=False)


ACTIVATIONS = {"relu": relu, "gelu": exact_gelu}


@dataclass(frozen=True)
class _Block(Layer):
    """What the layers of encoder and decoder share: their settings and children."""

    d_model: int
    nhead: int
    dim_feedforward: int = 2048
    dropout: float = 0.1
    activation: Activation = "relu"
    layer_norm_eps: float = 1e-5
    batch_first: bool = False
    norm_first: bool = False
    bias: bool = True

    def __post_init__(self) -> None:
        check_sizes(self, "d_model", "nhead", "dim_feedforward")
        if not (callable(self.activation) or self.activation in ACTIVATIONS):
            raise LayerArgumentError(
                type(self).__name__,
                f"activation is {self.activation!r}; it must be 'relu', 'gelu' or a function",
            )
        size, hidden, bias = self.d_model, self.dim_feedforward, self.bias
        for name in self.attentions:
            self._set(
                name,
                MultiHeadAttention(
                    size, self.nhead, self.dropout, bias, batch_first=self.batch_first
                ),
            )
        self._set("linear1", Linear(size, hidden, bias))
        self._set("linear2", Linear(hidden, size, bias))
        for number in range(len(self.attentions) + 1):
            self._set(f"norm{number + 1}", LayerNorm(size, self.layer_norm_eps, True, bias))

    def _set(self, name: str, layer: Layer) -> None:
        object.__setattr__(self, name, layer)  # a frozen dataclass refuses plain assignment

    @property
    def attentions(self) -> tuple[str, ...]:
        """The names of the attention layers."""
        raise NotImplementedError

    def entries(self) -> Iterator[tuple[str, Any]]:
        """Yield the name and value of each child, in PyTorch's order."""
        norms = [f"norm{number + 1}" for number in range(len(self.attentions) + 1)]
        for name in (*self.attentions, "linear1", "linear2", *norms):
            yield name, getattr(self, name)

    def _input(self, params: Any, x: Any) -> Any:
        """Return an input in the dtype of the parameters."""
        children: Any = self
        shape = (self.dim_feedforward, self.d_model)
        return as_input(x, parameter(children.linear1, part(params, "linear1"), "weight", shape))

    def _keys(self, key: Any, training: bool, count: int) -> Any:
        """Return random keys for each use of dropout, None where nothing is dropped."""
        if not training or not self.dropout:
            return [None] * count
        if key is None:
            raise MissingKeyError(title(self))
        return random.split(key, count)

    def _dropped(self, x: Any, key: Any) -> Any:
        return x if key is None else Dropout(self.dropout)({}, x, key=key, training=True)

    def _add(self, params: Any, name: str, x: Any, sublayer: Callable[[Any], Any]) -> Any:
        """Return x plus the result of a sublayer, normalised before or after."""
        norm, own = getattr(self, name), part(params, name)
        return x + sublayer(norm(own, x)) if self.norm_first else norm(own, x + sublayer(x))

    def _feed_forward(self, params: Any, x: Any, first: Any, second: Any) -> Any:
        children: Any = self
        function = self.activation if callable(self.activation) else ACTIVATIONS[self.activation]
        x = function(children.linear1(part(params, "linear1"), x))
        x = children.linear2(part(params, "linear2"), self._dropped(x, first))
        return self._dropped(x, second)


@dataclass(frozen=True, repr=False)
class TransformerEncoderLayer(_Block):
    """Self-attention and two linear layers, each added to its input.

    Parameters
    ----------
    d_model
        The length of the vectors.
    nhead
        The number of heads of the attention.
    dim_feedforward
        The length between the two linear layers.
    dropout
        The probability with which numbers are set to zero in training.
    activation
        "relu", "gelu" (the exact one), or a function.
    layer_norm_eps
        What the normalisations add to the variance.
    batch_first
        Whether the input is ``(batch, length, d_model)`` instead of ``(length, batch, d_model)``.
    norm_first
        Whether the input of each part is normalised, instead of the sum.
    bias
        Whether linear layers and normalisations have biases.

    Notes
    -----
    Parameters, in PyTorch's names: those of 'self_attn', 'linear1', 'linear2', 'norm1', 'norm2'.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    >>> params = layer.init(random.key(0))
    >>> layer(params, fnp.ones((4, 5, 8)), is_causal=True).shape
    (4, 5, 8)
    """

    @property
    def attentions(self) -> tuple[str, ...]:
        """The names of the attention layers."""
        return ("self_attn",)

    def init_cache(self, batch: int | None, length: int, dtype: Any = np.float32) -> Params:
        """Return an empty cache, see `MultiHeadAttention.init_cache`."""
        children: Any = self
        return children.self_attn.init_cache(batch, length, dtype)  # type: ignore[no-any-return]

    def __call__(
        self,
        params: Any,
        src: Any,
        src_mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool = False,
        *,
        cache: Any = None,
        key: Any = None,
        training: bool = False,
    ) -> Any:
        """Apply the layer.

        Parameters
        ----------
        params
            The parameters.
        src
            ``(length, batch, d_model)``, or with the batch first, or without a batch.
        src_mask, src_key_padding_mask, is_causal
            As `attn_mask`, `key_padding_mask` and `is_causal` of `MultiHeadAttention`.
        cache
            What `init_cache` or the last call returned: `src` is the next piece of the sequence.
        key
            A random key, for dropout.
        training
            Whether to drop.

        Returns
        -------
        y
            Of the shape of `src`; or a pair of it and the new cache, if there is one.
        """
        keys = self._keys(key, training, 4)
        after = cache
        children: Any = self

        def attend(x: Any) -> Any:
            nonlocal after
            x = children.self_attn(
                part(params, "self_attn"),
                x,
                attn_mask=src_mask,
                key_padding_mask=src_key_padding_mask,
                is_causal=is_causal,
                cache=cache,
                key=keys[0],
                training=training,
            )
            if cache is not None:
                x, after = x
            return self._dropped(x, keys[1])

        x = self._add(params, "norm1", self._input(params, src), attend)
        x = self._add(params, "norm2", x, lambda x: self._feed_forward(params, x, keys[2], keys[3]))
        return x if cache is None else (x, after)


@dataclass(frozen=True, repr=False)
class TransformerDecoderLayer(_Block):
    """Self-attention, attention to another sequence, and two linear layers.

    Parameters
    ----------
    d_model
        The length of the vectors.
    nhead
        The number of heads of the attention.
    dim_feedforward
        The length between the two linear layers.
    dropout
        The probability with which numbers are set to zero in training.
    activation
        "relu", "gelu" (the exact one), or a function.
    layer_norm_eps
        What the normalisations add to the variance.
    batch_first
        Whether the inputs are ``(batch, length, d_model)`` instead of ``(length, batch, d_model)``.
    norm_first
        Whether the input of each part is normalised, instead of the sum.
    bias
        Whether linear layers and normalisations have biases.

    Notes
    -----
    Parameters, in PyTorch's names: those of 'self_attn', 'multihead_attn', 'linear1', 'linear2',
    'norm1', 'norm2', 'norm3'.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> layer = nn.TransformerDecoderLayer(8, 2, 16, batch_first=True)
    >>> params = layer.init(random.key(0))
    >>> layer(params, fnp.ones((4, 5, 8)), fnp.ones((4, 7, 8)), tgt_is_causal=True).shape
    (4, 5, 8)
    """

    @property
    def attentions(self) -> tuple[str, ...]:
        """The names of the attention layers."""
        return ("self_attn", "multihead_attn")

    def init_cache(self, batch: int | None, length: int, dtype: Any = np.float32) -> Params:
        """Return an empty cache, see `MultiHeadAttention.init_cache`."""
        children: Any = self
        return children.self_attn.init_cache(batch, length, dtype)  # type: ignore[no-any-return]

    def __call__(
        self,
        params: Any,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
        *,
        cache: Any = None,
        key: Any = None,
        training: bool = False,
    ) -> Any:
        """Apply the layer.

        Parameters
        ----------
        params
            The parameters.
        tgt
            The sequence, ``(length, batch, d_model)``, or with the batch first, or without a batch.
        memory
            The other sequence, likewise.
        tgt_mask, tgt_key_padding_mask, tgt_is_causal
            As `attn_mask`, `key_padding_mask` and `is_causal` of `MultiHeadAttention`, for `tgt`.
        memory_mask, memory_key_padding_mask, memory_is_causal
            The same for the attention to `memory`.
        cache
            What `init_cache` or the last call returned: `tgt` is the next piece of the sequence.
        key
            A random key, for dropout.
        training
            Whether to drop.

        Returns
        -------
        y
            Of the shape of `tgt`; or a pair of it and the new cache, if there is one.
        """
        keys = self._keys(key, training, 6)
        after = cache
        children: Any = self

        def attend(x: Any) -> Any:
            nonlocal after
            x = children.self_attn(
                part(params, "self_attn"),
                x,
                attn_mask=tgt_mask,
                key_padding_mask=tgt_key_padding_mask,
                is_causal=tgt_is_causal,
                cache=cache,
                key=keys[0],
                training=training,
            )
            if cache is not None:
                x, after = x
            return self._dropped(x, keys[1])

        def read(x: Any) -> Any:
            x = children.multihead_attn(
                part(params, "multihead_attn"),
                x,
                memory,
                attn_mask=memory_mask,
                key_padding_mask=memory_key_padding_mask,
                is_causal=memory_is_causal,
                key=keys[2],
                training=training,
            )
            return self._dropped(x, keys[3])

        x = self._add(params, "norm1", self._input(params, tgt), attend)
        x = self._add(params, "norm2", x, read)
        x = self._add(params, "norm3", x, lambda x: self._feed_forward(params, x, keys[4], keys[5]))
        return x if cache is None else (x, after)
