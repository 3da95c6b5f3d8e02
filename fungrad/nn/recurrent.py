"""Recurrent layers: steps by scan, those of an LSTM as one operation.

The state is an argument and a result: ``y, h = layer(params, x, h)``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fungrad import numpy as fnp
from fungrad import random
from fungrad.errors import LayerArgumentError, LayerShapeError, MissingKeyError
from fungrad.nn.cells import (
    GatedStep,
    LongShortStep,
    State,
    TanhStep,
    check_nonlinearity,
    initial_weights,
    read_state,
    read_weights,
    weight_shapes,
)
from fungrad.nn.dropout import Dropout
from fungrad.nn.layer import Layer, Params, as_input, parameter, title
from fungrad.nn.linear import Initializer, check_sizes

__all__ = ["GRU", "LSTM", "RNN"]


@dataclass(frozen=True)
class _Recurrent(Layer):
    """What all recurrent layers share; the fields differ in their order."""

    def __post_init__(self: Any) -> None:
        check_sizes(self, "input_size", "hidden_size", "num_layers")
        if not 0 <= self.dropout <= 1:
            raise LayerArgumentError(
                type(self).__name__,
                f"dropout is {self.dropout!r}; it must be a probability, from 0 to 1",
            )

    def _output_size(self: Any) -> int:
        return getattr(self, "proj_size", 0) or self.hidden_size

    def _every(self: Any) -> list[tuple[int, bool, str, dict[str, tuple[int, ...]]]]:
        """Return depth, direction, suffix and shapes for each pass over the sequence."""
        directions = (False, True) if self.bidirectional else (False,)
        output = self._output_size()
        return [
            (
                depth,
                backward,
                f"_l{depth}" + "_reverse" * backward,
                weight_shapes(self, len(directions) * output if depth else self.input_size, output),
            )
            for depth in range(self.num_layers)
            for backward in directions
        ]

    def init(self: Any, key: Any, dtype: Any = np.float32) -> Params:
        """Return new parameters."""
        shapes = {
            name + suffix: shape for *_, suffix, own in self._every() for name, shape in own.items()
        }
        return initial_weights(self, key, shapes, dtype)

    def __call__(
        self: Any,
        params: Any,
        x: Any,
        h0: Any = None,
        *,
        key: Any = None,
        training: bool = False,
    ) -> Any:
        """Return the outputs of all steps, and the last state of each layer and direction.

        Parameters
        ----------
        params
            The parameters.
        x
            The inputs: ``(steps, batch, input_size)``, ``(batch, steps, input_size)`` if the layer
            is `batch_first`, or ``(steps, input_size)`` for one example.
        h0
            The state to begin with, zeros when left out, ``(layers * directions, batch, size)``;
            that of an LSTM is a pair.
        key
            A random key, for dropout between the layers.
        training
            Whether to drop.

        Returns
        -------
        y
            The hidden states of the last layer, those of both directions side by side.
        h
            The last state, in the form of `h0`.
        """
        weight = parameter(
            self, params, "weight_ih_l0", (self.gates * self.hidden_size, self.input_size)
        )
        x, single = self._read_input(x, weight)
        dropping = training and self.dropout > 0 and self.num_layers > 1
        if dropping and key is None:
            raise MissingKeyError(title(self))
        batch = () if single else x.shape[1:2]
        passes = self._every()
        sizes = (self._output_size(), self.hidden_size)[: len(self.names)]
        state = read_state(
            self,
            h0,
            [(len(passes), *batch, size) for size in sizes],
            weight.dtype,
            "(layers * directions, batch, size)",
        )
        finals: list[State] = []
        outputs: list[Any] = []
        for position, (depth, backward, suffix, shapes) in enumerate(passes):
            weights = read_weights(self, params, shapes, suffix)
            start = tuple([each[position] for each in state])
            y, final = self.sequence(weights, x, start, backward=backward)
            finals.append(final)
            outputs.append(y)
            if backward == self.bidirectional:  # the last one at this depth
                x = outputs[0] if len(outputs) == 1 else fnp.concatenate(outputs, axis=-1)
                outputs = []
                if dropping and depth < self.num_layers - 1:
                    own = random.fold_in(key, depth)
                    x = Dropout(self.dropout)({}, x, key=own, training=True)
        if self.batch_first and not single:
            x = fnp.swapaxes(x, 0, 1)
        last = tuple([fnp.stack(each) for each in zip(*finals)])
        return x, last if len(last) > 1 else last[0]

    def _read_input(self: Any, x: Any, weight: Any) -> tuple[Any, bool]:
        """Return the input with the steps along axis 0, and whether it is one example."""
        x = as_input(x, weight)
        if x.ndim not in (2, 3) or x.shape[-1] != self.input_size:
            axes = "batch, steps" if self.batch_first else "steps, batch"
            size = self.input_size
            raise LayerShapeError(
                title(self), x, f"the shape ({axes}, {size}), or (steps, {size}) for one example"
            )
        single = x.ndim == 2
        if self.batch_first and not single:
            x = fnp.swapaxes(x, 0, 1)
        return x, single


@dataclass(frozen=True)
class RNN(TanhStep, _Recurrent):
    """A plain recurrent layer: ``h = tanh(W x + b + U h + c)`` in each step.

    Parameters
    ----------
    input_size
        The length of each input vector.
    hidden_size
        The length of the hidden state.
    num_layers
        How many layers are stacked: each gets the hidden states of the one before.
    nonlinearity
        "tanh" or "relu".
    bias
        Whether there are biases.
    batch_first
        Whether the input is ``(batch, steps, input_size)`` instead of
        ``(steps, batch, input_size)``.
    dropout
        The probability with which what goes from layer to layer is set to zero in training.
    bidirectional
        Whether there is a second pass over the sequence, from its end.
    weight_init, bias_init
        Initialisers, functions ``(key, shape, dtype)``, instead of PyTorch's. That of the weights
        gets the shape ``(inputs, outputs)``.

    Notes
    -----
    Parameters for each layer k, in PyTorch's names: 'weight_ih_lk' ``(hidden_size, inputs)``,
    'weight_hh_lk' ``(hidden_size, hidden_size)``, 'bias_ih_lk', 'bias_hh_lk'; those of the pass
    from the end have '_reverse' appended.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> layer = nn.RNN(3, 5, num_layers=2)
    >>> params = layer.init(random.key(0))
    >>> y, h = layer(params, fnp.ones((7, 4, 3)))
    >>> y.shape, h.shape
    ((7, 4, 5), (2, 4, 5))
    """

    input_size: int
    hidden_size: int
    num_layers: int = 1
    nonlinearity: str = "tanh"
    bias: bool = True
    batch_first: bool = False
    dropout: float = 0.0
    bidirectional: bool = False
    weight_init: Initializer | None = field(default=None, kw_only=True, repr=False)
    bias_init: Initializer | None = field(default=None, kw_only=True, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_nonlinearity(self)


@dataclass(frozen=True)
class GRU(GatedStep, _Recurrent):
    """A layer of gated recurrent units.

    Parameters
    ----------
    input_size
        The length of each input vector.
    hidden_size
        The length of the hidden state.
    num_layers
        How many layers are stacked: each gets the hidden states of the one before.
    bias
        Whether there are biases.
    batch_first
        Whether the input is ``(batch, steps, input_size)`` instead of
        ``(steps, batch, input_size)``.
    dropout
        The probability with which what goes from layer to layer is set to zero in training.
    bidirectional
        Whether there is a second pass over the sequence, from its end.
    weight_init, bias_init
        Initialisers, functions ``(key, shape, dtype)``, instead of PyTorch's. That of the weights
        gets the shape ``(inputs, outputs)``.

    Notes
    -----
    The parameters have the names of those of `RNN`, with ``3 * hidden_size`` rows: reset, update
    and new gate.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> layer = nn.GRU(3, 5, bidirectional=True)
    >>> params = layer.init(random.key(0))
    >>> y, h = layer(params, fnp.ones((7, 4, 3)))
    >>> y.shape, h.shape
    ((7, 4, 10), (2, 4, 5))
    """

    input_size: int
    hidden_size: int
    num_layers: int = 1
    bias: bool = True
    batch_first: bool = False
    dropout: float = 0.0
    bidirectional: bool = False
    weight_init: Initializer | None = field(default=None, kw_only=True, repr=False)
    bias_init: Initializer | None = field(default=None, kw_only=True, repr=False)


@dataclass(frozen=True)
class LSTM(LongShortStep, _Recurrent):
    """A layer of long short-term memory; its state is a pair (h, c).

    Parameters
    ----------
    input_size
        The length of each input vector.
    hidden_size
        The length of the hidden state.
    num_layers
        How many layers are stacked: each gets the hidden states of the one before.
    bias
        Whether there are biases.
    batch_first
        Whether the input is ``(batch, steps, input_size)`` instead of
        ``(steps, batch, input_size)``.
    dropout
        The probability with which what goes from layer to layer is set to zero in training.
    bidirectional
        Whether there is a second pass over the sequence, from its end.
    proj_size
        The length to which h is projected in each step; 0 for no projection.
    weight_init, bias_init
        Initialisers, functions ``(key, shape, dtype)``, instead of PyTorch's. That of the weights
        gets the shape ``(inputs, outputs)``.

    Notes
    -----
    The parameters have the names of those of `RNN`, with ``4 * hidden_size`` rows: input, forget,
    cell and output gate; and 'weight_hr_lk' ``(proj_size, hidden_size)`` for a projection.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> layer = nn.LSTM(3, 5, batch_first=True)
    >>> params = layer.init(random.key(0))
    >>> y, (h, c) = layer(params, fnp.ones((4, 7, 3)))
    >>> y.shape, h.shape, c.shape
    ((4, 7, 5), (1, 4, 5), (1, 4, 5))
    """

    input_size: int
    hidden_size: int
    num_layers: int = 1
    bias: bool = True
    batch_first: bool = False
    dropout: float = 0.0
    bidirectional: bool = False
    proj_size: int = 0
    weight_init: Initializer | None = field(default=None, kw_only=True, repr=False)
    bias_init: Initializer | None = field(default=None, kw_only=True, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.proj_size < self.hidden_size:
            raise LayerArgumentError(
                "LSTM", f"proj_size is {self.proj_size}; it must be less than the hidden_size"
            )
