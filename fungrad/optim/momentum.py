"""Updates that remember the ones before: momentum, averages, sums over several steps."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import fungrad.numpy as fnp
from fungrad import tree
from fungrad.optim.base import (
    GradientTransformationExtraArgs,
    OptState,
    Params,
    Transformation,
    Updates,
)
from fungrad.optim.elementwise import Elementwise
from fungrad.optim.moments import mean

__all__ = [
    "ApplyEvery",
    "EmaState",
    "ScaleByOptimisticGradientState",
    "TraceState",
    "apply_every",
    "ema",
    "scale_by_optimistic_gradient",
    "trace",
]


class TraceState(NamedTuple):
    """The state of `trace`: the decaying sum of the updates."""

    trace: Updates


class EmaState(NamedTuple):
    """The state of `ema`: steps, and the average."""

    count: Any
    ema: Updates


class ApplyEvery(NamedTuple):
    """The state of `apply_every`: the updates summed so far, and how many they are."""

    count: Any
    grad_acc: Updates


class ScaleByOptimisticGradientState(NamedTuple):
    """The state of `scale_by_optimistic_gradient`: the gradients before."""

    is_initial_step: Any
    previous_gradient: Updates


def _trace(g: Any, old: Any, *, decay: Any, nesterov: bool) -> tuple[Any, Any]:
    new = g + decay * old
    return (g + decay * new if nesterov else new), new


def trace(
    decay: Any, nesterov: bool = False, accumulator_dtype: Any = None
) -> GradientTransformationExtraArgs:
    """Return the transformation of momentum: a sum of the updates, older ones decaying.

    Parameters
    ----------
    decay : float
        How much of the sum stays at each step.
    nesterov : bool
        Whether to look one step ahead.
    accumulator_dtype : dtype, optional
        That of the sum; that of the parameters, when left out.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> momentum = optim.trace(0.9)
    >>> updates, state = momentum.update({"w": 1.0}, momentum.init({"w": 0.0}))
    >>> momentum.update({"w": 1.0}, state)[0]
    {'w': Array(1.9, dtype=float64)}
    """
    return Elementwise(
        "trace",
        _trace,
        TraceState,
        dtypes={"trace": accumulator_dtype},
        decay=decay,
        nesterov=nesterov,
    ).pair


def _ema_numbers(count: Any, decay: Any, debias: bool) -> dict[str, Any]:
    scale = 1 / (1 - decay ** (count + 1)) if debias else None
    return {"a": 1 - decay, "b": decay, "scale": scale}


def _ema(g: Any, old: Any, *, a: Any, b: Any, scale: Any) -> tuple[Any, Any]:
    new = mean(g, old, a, b)
    return (new if scale is None else scale * new), new


def ema(
    decay: Any, debias: bool = True, accumulator_dtype: Any = None
) -> GradientTransformationExtraArgs:
    """Return the transformation to an exponential moving average of the updates.

    Applied to parameters in place of updates, it averages the parameters of a training run.

    Parameters
    ----------
    decay : float
        How much of the average stays at each step.
    debias : bool
        Whether to make up for the start at zero.
    accumulator_dtype : dtype, optional
        That of the average; that of the parameters, when left out.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> average = optim.ema(0.5)
    >>> state = average.init({"w": 0.0})
    >>> for w in [1.0, 4.0]:
    ...     smooth, state = average.update({"w": w}, state)
    >>> smooth
    {'w': Array(3., dtype=float64)}
    """
    return Elementwise(
        "ema",
        _ema,
        EmaState,
        _ema_numbers,
        dtypes={"ema": accumulator_dtype},
        decay=decay,
        debias=debias,
    ).pair


def _next_of(count: Any, period: int) -> Any:
    return (count + 1) % period


def _every_numbers(count: Any, period: int) -> dict[str, Any]:
    return {"keep": 1 * (count % period != 0), "emit": 1 * (count % period == period - 1)}


def _every(g: Any, total: Any, *, keep: Any, emit: Any) -> tuple[Any, Any]:
    total = keep * total + g
    return emit * total, total


def apply_every(k: int = 1) -> GradientTransformationExtraArgs:
    """Return the transformation that sums updates up, and lets the sum pass at every k-th step.

    `MultiSteps` does more: with it, the optimiser itself sees only every k-th step.

    Parameters
    ----------
    k : int
        The number of steps.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> every = optim.apply_every(2)
    >>> state = every.init({"w": 0.0})
    >>> for w in [1.0, 4.0]:
    ...     updates, state = every.update({"w": w}, state)
    ...     print(updates["w"])
    0.0
    5.0
    """
    return Elementwise(
        "apply_every",
        _every,
        ApplyEvery,
        _every_numbers,
        advance=functools.partial(_next_of, period=k),
        period=k,
    ).pair


class _Optimistic(Transformation):
    def __init__(self, alpha: Any, beta: Any) -> None:
        self.alpha = alpha
        self.beta = beta

    def init(self, params: Params) -> OptState:
        zeros = tree.map(fnp.zeros_like, params)
        return ScaleByOptimisticGradientState(fnp.asarray(True), zeros)

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        def extrapolate(g: Any, previous: Any) -> Any:
            return (self.alpha + self.beta) * g - self.beta * previous

        updates = tree.map(fnp.asarray, updates)
        previous = updates if state.is_initial_step else state.previous_gradient
        new = tree.map(extrapolate, updates, previous)
        return new, ScaleByOptimisticGradientState(fnp.asarray(False), updates)


def scale_by_optimistic_gradient(
    alpha: Any = 1.0, beta: Any = 1.0
) -> GradientTransformationExtraArgs:
    """Return the transformation that extrapolates from the last gradient and this one.

    Parameters
    ----------
    alpha : float
        The factor of the gradient.
    beta : float
        The factor of its change since the last step.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimistic = optim.scale_by_optimistic_gradient()
    >>> updates, state = optimistic.update({"w": 1.0}, optimistic.init({"w": 0.0}))
    >>> optimistic.update({"w": 3.0}, state)[0]
    {'w': Array(5., dtype=float64)}
    """
    return _Optimistic(alpha, beta).pair
