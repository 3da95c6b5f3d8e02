"""Linear, bilinear and embedding layers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fungrad import numpy as fnp
from fungrad import random
from fungrad.errors import LayerArgumentError, LayerShapeError
from fungrad.nn.layer import Layer, Params, as_input, parameter, title
from fungrad.rules.affine import Affine
from fungrad.transforms.stop import stop_gradient

__all__ = ["Bilinear", "Embedding", "Linear"]

Initializer = Callable[..., Any]


def initial_weights(
    layer: Any, key: Any, weight: tuple[int, ...], bias: int, fan_in: int, dtype: Any, axes: Any
) -> Params:
    """Return new 'weight' and, if the layer has one, 'bias'.

    Without initialisers of the user's both are drawn as PyTorch draws them: between
    ``-1 / sqrt(fan_in)`` and ``1 / sqrt(fan_in)``. An initialiser gets the shape in JAX's order,
    with the inputs and outputs last; `axes` brings what it returns into PyTorch's order.
    """
    of_weight, of_bias = random.split(key)
    bound = 1 / math.sqrt(fan_in) if fan_in else 0.0

    def draw(own: Any, shape: tuple[int, ...]) -> Any:
        return random.uniform(own, shape, dtype, -bound, bound)

    params = {}
    if layer.weight_init is None:
        params["weight"] = draw(of_weight, weight)
    else:
        shape = [0] * len(weight)
        for length, axis in zip(weight, axes):
            shape[axis] = length
        params["weight"] = fnp.transpose(layer.weight_init(of_weight, tuple(shape), dtype), axes)
    if layer.bias:
        if layer.bias_init is None:
            params["bias"] = draw(of_bias, (bias,))
        else:
            params["bias"] = layer.bias_init(of_bias, (bias,), dtype)
    return params


def check_sizes(layer: Any, *names: str) -> None:
    """Raise unless these settings are positive integers."""
    for name in names:
        value = getattr(layer, name)
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise LayerArgumentError(
                type(layer).__name__, f"{name} is {value!r}; it must be a positive integer"
            )


@dataclass(frozen=True)
class Linear(Layer):
    """A linear layer, ``x @ weight.T + bias``, along the last axis.

    Parameters
    ----------
    in_features
        The length of the last axis of the input.
    out_features
        The length of the last axis of the result.
    bias
        Whether a bias is added.
    weight_init, bias_init
        Initialisers, functions ``(key, shape, dtype)``, instead of PyTorch's. That of the weight
        gets the shape ``(in_features, out_features)``.

    Notes
    -----
    Parameters: 'weight' ``(out_features, in_features)``, 'bias' ``(out_features,)``.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> layer = nn.Linear(64, 10)
    >>> layer
    Linear(in_features=64, out_features=10, bias=True)
    >>> params = layer.init(random.key(0))
    >>> layer(params, fnp.ones((5, 64))).shape
    (5, 10)
    """

    in_features: int
    out_features: int
    bias: bool = True
    weight_init: Initializer | None = field(default=None, kw_only=True, repr=False)
    bias_init: Initializer | None = field(default=None, kw_only=True, repr=False)

    def __post_init__(self) -> None:
        check_sizes(self, "in_features", "out_features")

    def init(self, key: Any, dtype: Any = np.float32) -> Params:
        """Return new parameters."""
        shape = (self.out_features, self.in_features)
        return initial_weights(
            self, key, shape, self.out_features, self.in_features, dtype, axes=(1, 0)
        )

    def __call__(self, params: Any, x: Any) -> Any:
        """Return ``x @ weight.T + bias``."""
        weight = parameter(self, params, "weight", (self.out_features, self.in_features))
        given = as_input(x)
        if not given.ndim or given.shape[-1] != self.in_features:
            raise LayerShapeError(title(self), given, f"the shape (..., {self.in_features})")
        x = as_input(given, weight)
        if not self.bias:
            return fnp.matmul(x, fnp.transpose(weight))
        return Affine.apply(x, weight, parameter(self, params, "bias", (self.out_features,)))


@dataclass(frozen=True)
class Bilinear(Layer):
    """A layer that is linear in each of two inputs: ``x1 @ weight[k] @ x2 + bias[k]`` for each k.

    Parameters
    ----------
    in1_features, in2_features
        The lengths of the last axes of the inputs.
    out_features
        The length of the last axis of the result.
    bias
        Whether a bias is added.
    weight_init, bias_init
        Initialisers, functions ``(key, shape, dtype)``, instead of PyTorch's. That of the weight
        gets the shape ``(in1_features, in2_features, out_features)``.

    Notes
    -----
    Parameters: 'weight' ``(out_features, in1_features, in2_features)``, 'bias' ``(out_features,)``.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> layer = nn.Bilinear(3, 4, 2)
    >>> params = layer.init(random.key(0))
    >>> layer(params, fnp.ones((5, 3)), fnp.ones((5, 4))).shape
    (5, 2)
    """

    in1_features: int
    in2_features: int
    out_features: int
    bias: bool = True
    weight_init: Initializer | None = field(default=None, kw_only=True, repr=False)
    bias_init: Initializer | None = field(default=None, kw_only=True, repr=False)

    def __post_init__(self) -> None:
        check_sizes(self, "in1_features", "in2_features", "out_features")

    def init(self, key: Any, dtype: Any = np.float32) -> Params:
        """Return new parameters."""
        shape = (self.out_features, self.in1_features, self.in2_features)
        return initial_weights(
            self, key, shape, self.out_features, self.in1_features, dtype, axes=(2, 0, 1)
        )

    def __call__(self, params: Any, x1: Any, x2: Any) -> Any:
        """Return the product of both inputs by the weight."""
        lengths = (self.in1_features, self.in2_features)
        weight = parameter(self, params, "weight", (self.out_features, *lengths))
        given = as_input(x1), as_input(x2)
        for x, length in zip(given, lengths):
            if not x.ndim or x.shape[-1] != length:
                raise LayerShapeError(title(self), x, f"the shape (..., {length})")
        x1, x2 = (as_input(x, weight) for x in given)
        y = fnp.einsum("...i,oij,...j->...o", x1, weight, x2)
        return y + parameter(self, params, "bias", (self.out_features,)) if self.bias else y


@dataclass(frozen=True)
class Embedding(Layer):
    """A table of vectors; the input are integers, their rows.

    Parameters
    ----------
    num_embeddings
        The number of rows.
    embedding_dim
        The length of each.
    padding_idx
        A row that is zero in the beginning and has no gradient, for what fills up short sequences.
    weight_init
        An initialiser, a function ``(key, shape, dtype)``; without it the numbers are from the
        normal distribution.

    Notes
    -----
    Parameters: 'weight' ``(num_embeddings, embedding_dim)``.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> layer = nn.Embedding(100, 8)
    >>> params = layer.init(random.key(0))
    >>> layer(params, np.array([[3, 1, 4], [1, 5, 9]])).shape
    (2, 3, 8)
    """

    num_embeddings: int
    embedding_dim: int
    padding_idx: int | None = None
    weight_init: Initializer | None = field(default=None, kw_only=True, repr=False)

    def __post_init__(self) -> None:
        check_sizes(self, "num_embeddings", "embedding_dim")
        row, rows = self.padding_idx, self.num_embeddings
        if row is not None:
            if not -rows <= row < rows:
                raise LayerArgumentError(
                    "Embedding", f"padding_idx is {row}, but there are {rows} rows"
                )
            object.__setattr__(self, "padding_idx", row % rows)

    def init(self, key: Any, dtype: Any = np.float32) -> Params:
        """Return new parameters."""
        make = random.normal if self.weight_init is None else self.weight_init
        weight = make(key, (self.num_embeddings, self.embedding_dim), dtype)
        if self.padding_idx is not None:
            weight = weight.at[self.padding_idx].set(0)
        return {"weight": weight}

    def __call__(self, params: Any, x: Any) -> Any:
        """Return the rows of the table."""
        weight = parameter(self, params, "weight", (self.num_embeddings, self.embedding_dim))
        x = as_input(x)
        y = fnp.take(weight, x, axis=0)
        if self.padding_idx is not None:
            y = fnp.where((x == self.padding_idx)[..., None], stop_gradient(y), y)
        return y
