"""Transformers: several layers, one after the other."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from fungrad import random
from fungrad.errors import LayerArgumentError
from fungrad.nn.layer import Layer, Params, part

__all__ = ["TransformerDecoder", "TransformerEncoder"]


@dataclass(frozen=True, init=False, repr=False)
class _Stack(Layer):
    """Several layers of the same settings, one after the other."""

    layers: tuple[Any, ...]
    norm: Any

    def _fill(self, layer: Any, num_layers: int, norm: Any) -> None:
        if not isinstance(num_layers, int) or num_layers < 1:
            raise LayerArgumentError(
                type(self).__name__, f"num_layers is {num_layers!r}; it must be a positive integer"
            )
        # Copies, so that messages can tell one from the other.
        object.__setattr__(self, "layers", tuple(copy.copy(layer) for _ in range(num_layers)))
        object.__setattr__(self, "norm", norm)

    def init_cache(
        self, batch: int | None, length: int, dtype: Any = np.float32
    ) -> tuple[Params, ...]:
        """Return an empty cache for each layer, see `MultiHeadAttention.init_cache`."""
        return tuple([layer.init_cache(batch, length, dtype) for layer in self.layers])

    def _apply(
        self, params: Any, x: Any, others: Any, cache: Any, key: Any, options: dict[str, Any]
    ) -> Any:
        """Apply the layers and the normalisation behind them."""
        own = part(params, "layers")
        caches = []
        for position, layer in enumerate(self.layers):
            if key is not None:
                options["key"] = random.fold_in(key, position)
            if cache is not None:
                options["cache"] = cache[position]
            x = layer(part(own, str(position)), x, *others, **options)
            if cache is not None:
                x, after = x
                caches.append(after)
        if self.norm is not None:
            x = self.norm(part(params, "norm"), x)
        return x if cache is None else (x, tuple(caches))


@dataclass(frozen=True, init=False, repr=False)
class TransformerEncoder(_Stack):
    """Several encoder layers, one after the other.

    Parameters
    ----------
    encoder_layer
        A `TransformerEncoderLayer`; all layers have its settings, each has parameters of its own.
    num_layers
        How many.
    norm
        A normalisation behind the last one.

    Notes
    -----
    Parameters, in PyTorch's names: 'layers' with '0', '1', ..., and 'norm'.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    >>> encoder = nn.TransformerEncoder(layer, 3, nn.LayerNorm(8))
    >>> params = encoder.init(random.key(0))
    >>> encoder(params, fnp.ones((4, 5, 8))).shape
    (4, 5, 8)
    """

    def __init__(self, encoder_layer: Any, num_layers: int, norm: Any = None) -> None:
        self._fill(encoder_layer, num_layers, norm)

    def __call__(
        self,
        params: Any,
        src: Any,
        mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool = False,
        *,
        cache: Any = None,
        key: Any = None,
        training: bool = False,
    ) -> Any:
        """Apply the layers; the arguments are those of a layer, the cache a tuple of theirs."""
        options = {
            "src_mask": mask,
            "src_key_padding_mask": src_key_padding_mask,
            "is_causal": is_causal,
            "training": training,
        }
        return self._apply(params, src, (), cache, key, options)


@dataclass(frozen=True, init=False, repr=False)
class TransformerDecoder(_Stack):
    """Several decoder layers, one after the other.

    Parameters
    ----------
    decoder_layer
        A `TransformerDecoderLayer`; all layers have its settings, each has parameters of its own.
    num_layers
        How many.
    norm
        A normalisation behind the last one.

    Notes
    -----
    Parameters, in PyTorch's names: 'layers' with '0', '1', ..., and 'norm'.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16), 2)
    >>> params = decoder.init(random.key(0))
    >>> decoder(params, fnp.ones((5, 4, 8)), fnp.ones((7, 4, 8))).shape
    (5, 4, 8)
    """

    def __init__(self, decoder_layer: Any, num_layers: int, norm: Any = None) -> None:
        self._fill(decoder_layer, num_layers, norm)

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
        """Apply the layers; the arguments are those of a layer, the cache a tuple of theirs."""
        options = {
            "tgt_mask": tgt_mask,
            "memory_mask": memory_mask,
            "tgt_key_padding_mask": tgt_key_padding_mask,
            "memory_key_padding_mask": memory_key_padding_mask,
            "tgt_is_causal": tgt_is_causal,
            "memory_is_causal": memory_is_causal,
            "training": training,
        }
        return self._apply(params, tgt, (memory,), cache, key, options)
