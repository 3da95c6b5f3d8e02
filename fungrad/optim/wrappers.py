"""Optimisers around optimisers: several steps as one, bad steps left out, slow copies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import fungrad.numpy as fnp
from fungrad import tree
from fungrad.errors import MissingParametersError, OptimizerArgumentError
from fungrad.flatten_util import ravel_pytree
from fungrad.optim.base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    OptState,
    Params,
    Transformation,
    Updates,
    safe_increment,
    with_extra_args_support,
    zero_count,
)

__all__ = [
    "ApplyIfFiniteState",
    "ConditionallyMaskState",
    "ConditionallyTransformState",
    "LookaheadParams",
    "LookaheadState",
    "apply_if_finite",
    "conditionally_mask",
    "conditionally_transform",
    "flatten",
    "lookahead",
]


class ApplyIfFiniteState(NamedTuple):
    """The state of `apply_if_finite`: bad steps in a row and in all, and the inner state."""

    notfinite_count: Any
    last_finite: Any
    total_notfinite: Any
    inner_state: Any


def _zeros(updates: Updates) -> Updates:
    return tree.map(fnp.zeros_like, updates)


def all_finite(updates: Updates) -> Any:
    """Return whether no element of a tree is infinite or NaN."""
    finite = fnp.asarray(True)
    for leaf in tree.leaves(updates):
        finite = fnp.logical_and(finite, fnp.all(fnp.isfinite(leaf)))
    return finite


class _ApplyIfFinite(Transformation):
    def __init__(self, inner: GradientTransformation, most: int) -> None:
        self.inner = with_extra_args_support(inner)
        self.most = most

    def init(self, params: Params) -> OptState:
        inner = self.inner.init(params)
        return ApplyIfFiniteState(zero_count(), fnp.asarray(True), zero_count(), inner)

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        finite = all_finite(updates)
        in_row, total = zero_count(), state.total_notfinite
        if not finite:
            in_row, total = safe_increment(state.notfinite_count), safe_increment(total)
        inner = state.inner_state
        if finite or in_row > self.most:
            updates, inner = self.inner.update(updates, inner, params, **extra)
        else:
            updates = _zeros(updates)
        return updates, ApplyIfFiniteState(in_row, finite, total, inner)


def apply_if_finite(
    inner: GradientTransformation, max_consecutive_errors: int
) -> GradientTransformationExtraArgs:
    """Return an optimiser that leaves out steps whose gradients are infinite or NaN.

    Parameters
    ----------
    inner : GradientTransformation
        The optimiser.
    max_consecutive_errors : int
        After so many such steps in a row, the next ones are taken all the same.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.apply_if_finite(optim.sgd(0.1), max_consecutive_errors=5)
    >>> updates, state = optimizer.update({"w": np.nan}, optimizer.init({"w": 1.0}))
    >>> updates, state.total_notfinite
    ({'w': Array(0., dtype=float64)}, Array(1, dtype=int32))
    """
    return _ApplyIfFinite(inner, max_consecutive_errors).pair


# --- some steps only -----------------------------------------------------------------------------


class ConditionallyTransformState(NamedTuple):
    """The state of `conditionally_transform`: the inner one, and the number of steps."""

    inner_state: Any
    step: Any


class ConditionallyMaskState(NamedTuple):
    """The state of `conditionally_mask`: the number of steps, and the inner state."""

    step: Any
    inner_state: Any


class _Conditionally(Transformation):
    def __init__(
        self,
        inner: GradientTransformation,
        condition: Callable[..., Any],
        forward: bool,
        state: type[Any],
        otherwise: Callable[[Updates], Updates],
    ) -> None:
        self.inner = with_extra_args_support(inner)
        self.condition = condition
        self.forward = forward
        self.state = state
        self.otherwise = otherwise

    def init(self, params: Params) -> OptState:
        return self.state(inner_state=self.inner.init(params), step=zero_count())

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        inner = state.inner_state
        if self.condition(state.step, **(extra if self.forward else {})):
            updates, inner = self.inner.update(updates, inner, params, **extra)
        else:
            updates = self.otherwise(updates)
        return updates, self.state(inner_state=inner, step=safe_increment(state.step))


def _same(updates: Updates) -> Updates:
    return updates


def conditionally_transform(
    inner: GradientTransformation,
    should_transform_fn: Callable[..., Any],
    forward_extra_args: bool = False,
) -> GradientTransformationExtraArgs:
    """Return a transformation of some steps; the updates of the others pass unchanged.

    Parameters
    ----------
    inner : GradientTransformation
        What to do.
    should_transform_fn : callable
        Whether to do it, by the number of steps before; with `forward_extra_args` it also gets the
        further arguments of update, by keyword.
    forward_extra_args : bool
        See above.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> late = optim.conditionally_transform(optim.scale(10.0), lambda step: step >= 100)
    >>> late.update({"w": 1.0}, late.init({"w": 0.0}))[0]
    {'w': 1.0}
    """
    return _Conditionally(
        inner, should_transform_fn, forward_extra_args, ConditionallyTransformState, _same
    ).pair


def conditionally_mask(
    inner: GradientTransformation,
    should_transform_fn: Callable[..., Any],
    forward_extra_args: bool = False,
) -> GradientTransformationExtraArgs:
    """Return an optimiser of some steps; in the others parameters stay as they are.

    Parameters
    ----------
    inner, should_transform_fn, forward_extra_args
        See `conditionally_transform`.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> late = optim.conditionally_mask(optim.sgd(0.1), lambda step: step >= 100)
    >>> late.update({"w": 1.0}, late.init({"w": 0.0}))[0]
    {'w': Array(0., dtype=float64)}
    """
    return _Conditionally(
        inner, should_transform_fn, forward_extra_args, ConditionallyMaskState, _zeros
    ).pair


# --- one vector ----------------------------------------------------------------------------------


class _Flatten(Transformation):
    def __init__(self, inner: GradientTransformation) -> None:
        self.inner = with_extra_args_support(inner)

    def init(self, params: Params) -> OptState:
        return self.inner.init(ravel_pytree(params)[0])

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        flat, unravel = ravel_pytree(updates)
        params = None if params is None else ravel_pytree(params)[0]
        flat, state = self.inner.update(flat, state, params, **extra)
        return unravel(flat), state


def flatten(inner: GradientTransformation) -> GradientTransformationExtraArgs:
    """Return a transformation that sees all parameters as one vector.

    Parameters
    ----------
    inner : GradientTransformation
        What to do with the vector. (For speed there is no need: small arrays are joined anyway.)

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.flatten(optim.trace(0.9))
    >>> optimizer.init({"w": fnp.ones((2, 2)), "b": 1.0})
    TraceState(trace=Array([0., 0., 0., 0., 0.], dtype=float64))
    """
    return _Flatten(inner).pair


# --- lookahead -----------------------------------------------------------------------------------


class LookaheadState(NamedTuple):
    """The state of `lookahead`: that of the fast optimiser, and steps since they met."""

    fast_state: OptState
    steps_since_sync: Any


class LookaheadParams(NamedTuple):
    """Two copies of the parameters: one that moves fast, one that follows.

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.LookaheadParams.init_synced({"w": 1.0})
    LookaheadParams(fast={'w': 1.0}, slow={'w': 1.0})
    """

    fast: Params
    slow: Params

    @classmethod
    def init_synced(cls, params: Params) -> LookaheadParams:
        """Return two equal copies."""
        return cls(fast=params, slow=params)


class _Lookahead(Transformation):
    def __init__(
        self, fast: GradientTransformation, period: int, step_size: Any, reset: bool
    ) -> None:
        self.fast = fast
        self.period = period
        self.step_size = step_size
        self.reset = reset

    def init(self, params: Params) -> OptState:
        return LookaheadState(self.fast.init(getattr(params, "fast", params)), zero_count())

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        if not isinstance(params, LookaheadParams):
            if params is None:
                raise MissingParametersError("lookahead")
            raise OptimizerArgumentError(
                "lookahead",
                "the parameters are two copies; make them with LookaheadParams.init_synced(params)",
            )
        updates, fast_state = self.fast.update(updates, state.fast_state, params.fast)
        count = safe_increment(state.steps_since_sync)
        if count < self.period:
            return LookaheadParams(updates, _zeros(params.slow)), LookaheadState(fast_state, count)
        if self.reset:
            fast_state = self.fast.init(params.fast)
        lead = tree.map(lambda f, u, s: f + u - s, params.fast, updates, params.slow)
        slow = tree.map(lambda d: self.step_size * d, lead)
        fast = tree.map(lambda u, d: u - (1 - self.step_size) * d, updates, lead)
        return LookaheadParams(fast, slow), LookaheadState(fast_state, zero_count())


def lookahead(
    fast_optimizer: GradientTransformation,
    sync_period: int,
    slow_step_size: Any,
    reset_state: bool = False,
) -> GradientTransformationExtraArgs:
    """Return an optimiser of two copies of the parameters, where a slow one follows a fast one.

    Gradients are those at the fast copy; parameters and updates are `LookaheadParams`.

    Parameters
    ----------
    fast_optimizer : GradientTransformation
        What moves the fast copy.
    sync_period : int
        After so many steps, the slow copy moves and the fast one starts again from there.
    slow_step_size : float
        How much of the way to the fast copy the slow one goes.
    reset_state : bool
        Whether the fast optimiser starts afresh then.

    Returns
    -------
    GradientTransformationExtraArgs

    Raises
    ------
    OptimizerArgumentError
        If the period is less than one.

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.lookahead(optim.sgd(1.0), sync_period=1, slow_step_size=0.5)
    >>> params = optim.LookaheadParams.init_synced({"w": 1.0})
    >>> updates, state = optimizer.update({"w": 0.2}, optimizer.init(params), params)
    >>> optim.apply_updates(params, updates).slow
    {'w': Array(0.9, dtype=float64)}
    """
    if sync_period < 1:
        raise OptimizerArgumentError("lookahead", f"sync_period is at least 1, not {sync_period}")
    return _Lookahead(fast_optimizer, sync_period, slow_step_size, reset_state).pair
