"""Single steps of recurrent layers, and what these share with the layers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from fungrad import numpy as fnp
from fungrad import random
from fungrad.errors import CarriedStateError, LayerArgumentError, LayerShapeError
from fungrad.lax.loops import scan
from fungrad.nn.layer import Layer, Params, as_input, parameter, title
from fungrad.nn.linear import Initializer, check_sizes
from fungrad.nn.piecewise import relu
from fungrad.rules.affine import Affine
from fungrad.rules.products import Matmul
from fungrad.rules.recurrent import GruStep, LstmStep
from fungrad.rules.sequences import LstmSequence

__all__ = ["GRUCell", "LSTMCell", "RNNCell"]

State = tuple[Any, ...]
Parts = tuple[Callable[[Any], Any], Callable[[State, Any], State]]
"""A function from the input to its part of the gates, and one from state and gates to the next
state."""

# --- steps ---------------------------------------------------------------------------------------


def affine(x: Any, weight: Any, bias: Any) -> Any:
    """Return ``x @ weight.T + bias``; there may be no bias."""
    if bias is None:
        return Matmul.apply(x, fnp.transpose(weight))
    return Affine.apply(x, weight, bias)


class Step:
    """One step of a recurrent layer, and all steps."""

    def parts(self, weights: Params) -> Parts:
        """Return the function of the input, and the step."""
        raise NotImplementedError

    def sequence(
        self, weights: Params, x: Any, state: State, *, backward: bool
    ) -> tuple[Any, State]:
        """Return the outputs of all steps, and the last state."""
        inputs, step = self.parts(weights)

        def go(state: State, gates: Any) -> tuple[State, Any]:
            state = step(state, gates)
            return state, state[0]

        state, y = scan(go, state, inputs(x), reverse=backward)
        return y, state


class TanhStep(Step):
    """The plain step, ``h = tanh(W x + b + U h + c)``, or relu in its place."""

    gates: ClassVar[int] = 1
    names: ClassVar[tuple[str, ...]] = ("h0",)

    def parts(self, weights: Params) -> Parts:
        weight, bias = weights["weight_ih"], _bias(weights)
        recurrent = fnp.transpose(weights["weight_hh"])
        function = relu if self.nonlinearity == "relu" else np.tanh  # type: ignore[attr-defined]

        def step(state: State, gates: Any) -> State:
            return (function(gates + Matmul.apply(state[0], recurrent)),)

        return lambda x: affine(x, weight, bias), step


class GatedStep(Step):
    """The step of a gated recurrent unit."""

    gates: ClassVar[int] = 3
    names: ClassVar[tuple[str, ...]] = ("h0",)

    def parts(self, weights: Params) -> Parts:
        weight, bias = weights["weight_ih"], weights.get("bias_ih")
        recurrent, bias_hh = weights["weight_hh"], weights.get("bias_hh")

        def step(state: State, gates: Any) -> State:
            (h,) = state
            return (GruStep.apply(gates, affine(h, recurrent, bias_hh), h),)

        return lambda x: affine(x, weight, bias), step


class LongShortStep(Step):
    """The step of a long short-term memory."""

    gates: ClassVar[int] = 4
    names: ClassVar[tuple[str, ...]] = ("h0", "c0")

    def parts(self, weights: Params) -> Parts:
        weight, bias = weights["weight_ih"], _bias(weights)
        recurrent = fnp.transpose(weights["weight_hh"])
        projection = fnp.transpose(weights["weight_hr"]) if "weight_hr" in weights else None

        def step(state: State, gates: Any) -> State:
            h, c = state
            h, c = LstmStep.apply(gates, Matmul.apply(h, recurrent), c)
            return (h if projection is None else Matmul.apply(h, projection), c)

        return lambda x: affine(x, weight, bias), step

    def sequence(
        self, weights: Params, x: Any, state: State, *, backward: bool
    ) -> tuple[Any, State]:
        """Return the outputs of all steps, and the last state: by one operation, if it can be."""
        if "weight_hr" in weights or not x.shape[0]:
            return super().sequence(weights, x, state, backward=backward)
        x = affine(x, weights["weight_ih"], _bias(weights))
        single = x.ndim == 2
        if single:
            x, state = x[:, None], tuple([each[None] for each in state])
        if backward:
            x = fnp.flip(x, 0)
        y, c = LstmSequence.apply(x, weights["weight_hh"], *state)
        h = y[-1]
        if backward:
            y = fnp.flip(y, 0)
        return (y[:, 0], (h[0], c[0])) if single else (y, (h, c))


def _bias(weights: Params) -> Any:
    """Return the sum of both biases, to be added once for all steps."""
    return weights["bias_ih"] + weights["bias_hh"] if "bias_ih" in weights else None


def weight_shapes(layer: Any, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the parameters of one layer and direction, in PyTorch's order."""
    gates = layer.gates * layer.hidden_size
    shapes: dict[str, tuple[int, ...]] = {
        "weight_ih": (gates, inputs),
        "weight_hh": (gates, outputs),
    }
    if layer.bias:
        shapes |= {"bias_ih": (gates,), "bias_hh": (gates,)}
    if outputs != layer.hidden_size:
        shapes["weight_hr"] = (outputs, layer.hidden_size)
    return shapes


def initial_weights(layer: Any, key: Any, shapes: dict[str, tuple[int, ...]], dtype: Any) -> Params:
    """Return new parameters: from initialisers, or as PyTorch draws them."""
    bound = 1 / math.sqrt(layer.hidden_size)
    params = {}
    for own, (name, shape) in zip(random.split(key, len(shapes)), shapes.items()):
        make = layer.weight_init if len(shape) == 2 else layer.bias_init
        if make is None:
            params[name] = random.uniform(own, shape, dtype, -bound, bound)
        else:
            value = make(own, shape[::-1], dtype)
            params[name] = fnp.transpose(value)
    return params


def read_weights(
    layer: Any, params: Any, shapes: dict[str, tuple[int, ...]], suffix: str = ""
) -> Params:
    """Return the parameters of one layer and direction by their names without the suffix."""
    return {name: parameter(layer, params, name + suffix, shape) for name, shape in shapes.items()}


def read_state(
    layer: Any, state: Any, shapes: list[tuple[int, ...]], dtype: Any, axes: str
) -> State:
    """Return the initial state as a tuple of arrays, zeros if there is none."""
    if state is None:
        return tuple([fnp.zeros(shape, dtype) for shape in shapes])
    if len(shapes) > 1 and not (isinstance(state, (tuple, list)) and len(state) == len(shapes)):
        raise CarriedStateError(
            title(layer), "the initial state is a pair (h0, c0), as the layer returns it"
        )
    given = state if len(shapes) > 1 else (state,)
    arrays = []
    for name, value, shape in zip(layer.names, given, shapes):
        value = as_input(value)
        if value.shape != shape:
            raise CarriedStateError.initial(title(layer), name, value, shape, axes)
        arrays.append(value if value.dtype == dtype else value.astype(dtype))
    return tuple(arrays)


def check_nonlinearity(layer: Any) -> None:
    if layer.nonlinearity not in ("tanh", "relu"):
        raise LayerArgumentError(
            type(layer).__name__,
            f"nonlinearity is {layer.nonlinearity!r}; it must be 'tanh' or 'relu'",
        )


# --- cells ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Cell(Layer):
    """One step of a recurrent layer."""

    def __post_init__(self: Any) -> None:
        check_sizes(self, "input_size", "hidden_size")

    def init(self: Any, key: Any, dtype: Any = np.float32) -> Params:
        """Return new parameters."""
        return initial_weights(
            self, key, weight_shapes(self, self.input_size, self.hidden_size), dtype
        )

    def __call__(self: Any, params: Any, x: Any, h: Any = None) -> Any:
        """Return the next state, of an input ``(batch, input_size)`` or ``(input_size,)``."""
        weights = read_weights(self, params, weight_shapes(self, self.input_size, self.hidden_size))
        dtype = weights["weight_ih"].dtype
        x = as_input(x, weights["weight_ih"])
        if x.ndim not in (1, 2) or x.shape[-1] != self.input_size:
            size = self.input_size
            raise LayerShapeError(title(self), x, f"the shape (batch, {size}), or ({size},)")
        shape = (*x.shape[:-1], self.hidden_size)
        shapes = [shape] * len(self.names)
        state = read_state(self, h, shapes, dtype, "(batch, hidden_size)")
        inputs, step = self.parts(weights)
        state = step(state, inputs(x))
        return state if len(state) > 1 else state[0]


@dataclass(frozen=True)
class RNNCell(TanhStep, _Cell):
    """One step of an `RNN`.

    Parameters
    ----------
    input_size
        The length of the input vector.
    hidden_size
        The length of the hidden state.
    bias
        Whether there are biases.
    nonlinearity
        "tanh" or "relu".

    Notes
    -----
    Parameters: 'weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> cell = nn.RNNCell(3, 5)
    >>> params = cell.init(random.key(0))
    >>> h = cell(params, fnp.ones((4, 3)))
    >>> cell(params, fnp.ones((4, 3)), h).shape
    (4, 5)
    """

    input_size: int
    hidden_size: int
    bias: bool = True
    nonlinearity: str = "tanh"
    weight_init: Initializer | None = field(default=None, kw_only=True, repr=False)
    bias_init: Initializer | None = field(default=None, kw_only=True, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_nonlinearity(self)


@dataclass(frozen=True)
class GRUCell(GatedStep, _Cell):
    """One step of a `GRU`.

    Parameters
    ----------
    input_size
        The length of the input vector.
    hidden_size
        The length of the hidden state.
    bias
        Whether there are biases.

    Notes
    -----
    Parameters: 'weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> cell = nn.GRUCell(3, 5)
    >>> h = cell(cell.init(random.key(0)), fnp.ones((4, 3)))
    >>> h.shape
    (4, 5)
    """

    input_size: int
    hidden_size: int
    bias: bool = True
    weight_init: Initializer | None = field(default=None, kw_only=True, repr=False)
    bias_init: Initializer | None = field(default=None, kw_only=True, repr=False)


@dataclass(frozen=True)
class LSTMCell(LongShortStep, _Cell):
    """One step of an `LSTM`; its state is a pair (h, c).

    Parameters
    ----------
    input_size
        The length of the input vector.
    hidden_size
        The length of the hidden state.
    bias
        Whether there are biases.

    Notes
    -----
    Parameters: 'weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> cell = nn.LSTMCell(3, 5)
    >>> h, c = cell(cell.init(random.key(0)), fnp.ones((4, 3)))
    >>> h.shape, c.shape
    ((4, 5), (4, 5))
    """

    input_size: int
    hidden_size: int
    bias: bool = True
    weight_init: Initializer | None = field(default=None, kw_only=True, repr=False)
    bias_init: Initializer | None = field(default=None, kw_only=True, repr=False)
