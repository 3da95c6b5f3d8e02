"""Average squares that take little memory: by rows and columns."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import fungrad.numpy as fnp
from fungrad import tree
from fungrad.errors import MissingParametersError, OptimizerArgumentError, describe
from fungrad.optim.base import (
    GradientTransformationExtraArgs,
    OptState,
    Params,
    Transformation,
    Updates,
    safe_increment,
    zero_count,
)
from fungrad.optim.elementwise import plain
from fungrad.optim.moments import abs_sq

__all__ = ["FactoredState", "ScaleBySM3State", "scale_by_factored_rms", "scale_by_sm3"]


class FactoredState(NamedTuple):
    """The state of `scale_by_factored_rms`: steps; average squares by row, by column, in full.

    What is not used for a parameter is an array of one zero.
    """

    count: Any
    v_row: Updates
    v_col: Updates
    v: Updates


class ScaleBySM3State(NamedTuple):
    """The state of `scale_by_sm3`: for each axis of a parameter a vector; and average updates."""

    mu: Updates
    nu: Updates


def decay_rate_pow(step: Any, exponent: Any = 0.8) -> Any:
    """Return Adafactor's decay: one minus a power of the number of this step."""
    return 1 - (step + 1.0) ** (-exponent)


def _number(value: Any, x: Any) -> Any:
    """Return a number that may be an array in the dtype of x."""
    value = plain(value)
    return value if isinstance(value, (int, float)) else value.astype(x.real.dtype)


class _FactoredRms(Transformation):
    def __init__(
        self,
        factored: bool,
        decay_rate: Any,
        step_offset: Any,
        min_dim_size_to_factor: int,
        epsilon: Any,
        decay_rate_fn: Callable[[Any, Any], Any],
    ) -> None:
        self.factored = factored
        self.decay_rate = decay_rate
        self.step_offset = step_offset
        self.least = min_dim_size_to_factor
        self.epsilon = epsilon
        self.decay_rate_fn = decay_rate_fn

    def _axes(self, shape: tuple[int, ...]) -> tuple[int, int] | None:
        """Return the second largest axis and the largest, None if they are not worth factoring."""
        if not self.factored or len(shape) < 2:
            return None
        *_, second, largest = (int(axis) for axis in np.argsort(shape))
        return None if shape[second] < self.least else (second, largest)

    def init(self, params: Params) -> OptState:
        def start(param: Any) -> tuple[Any, Any, Any]:
            param = fnp.asarray(param)
            unused = fnp.zeros(1, param.dtype)
            axes = self._axes(param.shape)
            if axes is None:
                return unused, unused, fnp.zeros_like(param)
            second, largest = axes
            row, col = list(param.shape), list(param.shape)
            del row[largest], col[second]
            return fnp.zeros(row, param.dtype), fnp.zeros(col, param.dtype), unused

        leaves, structure = tree.flatten(params)
        starts = [start(leaf) for leaf in leaves]
        fields = [structure.unflatten([each[i] for each in starts]) for i in range(3)]
        return FactoredState(zero_count(), *fields)

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        if params is None:
            raise MissingParametersError("scale_by_factored_rms")
        decay = self.decay_rate_fn(plain(state.count) - self.step_offset, self.decay_rate)
        leaves, structure = tree.flatten(updates)
        columns = [structure.flatten_up_to(each) for each in state[1:]]
        results = [self._one(fnp.asarray(g), decay, *v) for g, *v in zip(leaves, *columns)]
        new, *fields = [structure.unflatten([each[i] for each in results]) for i in range(4)]
        return new, FactoredState(safe_increment(state.count), *fields)

    def _one(self, g: Any, decay: Any, v_row: Any, v_col: Any, v: Any) -> tuple[Any, ...]:
        square = abs_sq(g) + self.epsilon
        decay = _number(decay, g)
        axes = self._axes(g.shape)
        if axes is None:
            v = (decay * v + (1 - decay) * square).astype(v.dtype)
            return g * v**-0.5, v_row, v_col, v
        second, largest = axes
        row_mean, col_mean = fnp.mean(square, axis=largest), fnp.mean(square, axis=second)
        v_row = (decay * v_row + (1 - decay) * row_mean).astype(v_row.dtype)
        v_col = (decay * v_col + (1 - decay) * col_mean).astype(v_col.dtype)
        rows = second - (second > largest)  # where the second axis stands in v_row
        row_factor = (v_row / fnp.mean(v_row, axis=rows, keepdims=True)) ** -0.5
        update = g * fnp.expand_dims(row_factor, largest) * fnp.expand_dims(v_col**-0.5, second)
        return update, v_row, v_col, v


def scale_by_factored_rms(
    factored: bool = True,
    decay_rate: Any = 0.8,
    step_offset: Any = 0,
    min_dim_size_to_factor: int = 128,
    epsilon: Any = 1e-30,
    decay_rate_fn: Callable[[Any, Any], Any] = decay_rate_pow,
) -> GradientTransformationExtraArgs:
    """Return the transformation of Adafactor: RMSProp with average squares by row and column.

    Parameters
    ----------
    factored : bool
        Whether to keep averages by row and column in place of all.
    decay_rate : float
        The exponent of the decay, ``1 - step ** -decay_rate``.
    step_offset : int
        The number of steps to count from.
    min_dim_size_to_factor : int
        The least length of an axis that is worth it.
    epsilon : float
        Added to the squares.
    decay_rate_fn : callable
        Makes the decay of the number of steps so far and of `decay_rate`.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> factored = optim.scale_by_factored_rms(min_dim_size_to_factor=2)
    >>> state = factored.init({"w": fnp.zeros((2, 3))})
    >>> state.v_row["w"].shape, state.v_col["w"].shape
    ((2,), (3,))
    """
    return _FactoredRms(
        factored, decay_rate, step_offset, min_dim_size_to_factor, epsilon, decay_rate_fn
    ).pair


class _SM3(Transformation):
    def __init__(self, b1: Any, b2: Any, eps: Any) -> None:
        self.b1, self.b2, self.eps = b1, b2, eps

    def init(self, params: Params) -> OptState:
        def start(param: Any) -> list[Any]:
            param = fnp.asarray(param)
            if param.dtype.kind == "c":
                raise OptimizerArgumentError(
                    "scale_by_sm3", f"the parameters must be real, and one is {describe(param)}"
                )
            return [fnp.zeros(length, param.dtype) for length in param.shape]

        return ScaleBySM3State(tree.map(start, params), tree.map(fnp.zeros_like, params))

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        leaves, structure = tree.flatten(updates)
        mus, nus = structure.flatten_up_to(state.mu), structure.flatten_up_to(state.nu)
        results = [self._one(fnp.asarray(g), *v) for g, *v in zip(leaves, mus, nus)]
        mu, nu = [structure.unflatten([each[i] for each in results]) for i in range(2)]
        return nu, ScaleBySM3State(mu, nu)

    def _one(self, g: Any, vectors: list[Any], nu: Any) -> tuple[list[Any], Any]:
        bounds = [
            fnp.reshape(vector, [-1 if i == axis else 1 for i in range(g.ndim)])
            for axis, vector in enumerate(vectors)
        ]
        fresh = 1 if isinstance(self.b2, float) and self.b2 == 1 else 1 - self.b2
        total = fresh * g**2
        if bounds:  # a number has no axis to remember
            total = total + self.b2 * functools.reduce(fnp.minimum, bounds)
        positive = total > 0
        update = fnp.where(positive, g / fnp.sqrt(fnp.where(positive, total, 1) + self.eps), 0)
        nu = self.b1 * nu + (1 - self.b1) * update
        maxima = [
            fnp.max(total, axis=tuple([i for i in range(g.ndim) if i != axis]))
            for axis in range(g.ndim)
        ]
        return maxima, nu


def scale_by_sm3(b1: Any = 0.9, b2: Any = 1.0, eps: Any = 1e-8) -> GradientTransformationExtraArgs:
    """Return the transformation of SM3: AdaGrad with one bound for each row and column.

    Parameters
    ----------
    b1 : float
        How much of the average update stays at each step.
    b2 : float
        How much of the sums of squares stays.
    eps : float
        Added under the root.

    Returns
    -------
    GradientTransformationExtraArgs

    Raises
    ------
    OptimizerArgumentError
        By init, if parameters are complex.

    Examples
    --------
    >>> from fungrad import optim
    >>> sm3 = optim.scale_by_sm3()
    >>> updates, state = sm3.update({"w": fnp.ones((2, 3))}, sm3.init({"w": fnp.zeros((2, 3))}))
    >>> state.mu
    {'w': [Array([1., 1.], dtype=float64), Array([1., 1., 1.], dtype=float64)]}
    """
    return _SM3(b1, b2, eps).pair
