"""Gradients of several steps collected into one: large batches in little memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import fungrad.numpy as fnp
from fungrad import tree
from fungrad.errors import OptimizerArgumentError
from fungrad.optim.base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    OptState,
    Params,
    Updates,
    safe_increment,
    with_extra_args_support,
    zero_count,
)
from fungrad.optim.norms import global_norm

__all__ = ["MultiSteps", "MultiStepsState", "skip_large_updates", "skip_not_finite"]


class MultiStepsState(NamedTuple):
    """The state of `MultiSteps`: steps collected, steps taken, the inner state, the mean so far."""

    mini_step: Any
    gradient_step: Any
    inner_opt_state: Any
    acc_grads: Any
    skip_state: Any = ()


def skip_not_finite(
    updates: Updates, gradient_step: Any, params: Params
) -> tuple[Any, dict[str, Any]]:
    """Tell `MultiSteps` to leave out gradients that are infinite or NaN.

    Parameters
    ----------
    updates : tree
        The gradients.
    gradient_step, params
        Not used.

    Returns
    -------
    should_skip : Array
        Whether an element is not finite.
    state : dict
        Goes into the state: ``should_skip`` and ``num_not_finite``.

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.skip_not_finite({"w": np.nan}, 0, None)[0]
    Array(True, dtype=bool)
    """
    wrong = [fnp.sum(~fnp.isfinite(leaf)) for leaf in tree.leaves(updates)]
    count = fnp.asarray(sum(wrong))
    return count > 0, {"should_skip": count > 0, "num_not_finite": count}


def skip_large_updates(
    updates: Updates, gradient_step: Any, params: Params, max_squared_norm: Any
) -> tuple[Any, dict[str, Any]]:
    """Tell `MultiSteps` to leave out gradients with a large norm.

    Parameters
    ----------
    updates : tree
        The gradients.
    gradient_step, params
        Not used.
    max_squared_norm : float
        The square of the largest norm; set it with `functools.partial`.

    Returns
    -------
    should_skip : Array
        Whether the norm is larger, or NaN.
    state : dict
        Goes into the state: ``should_skip`` and ``norm_squared``.

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.skip_large_updates({"w": 3.0}, 0, None, max_squared_norm=4.0)[0]
    Array(True, dtype=bool)
    """
    square = global_norm(updates) ** 2
    skip = ~(square < max_squared_norm)
    return skip, {"should_skip": skip, "norm_squared": square}


class MultiSteps:
    """An optimiser that collects the gradients of k steps and then takes one with their mean.

    The updates of the steps between are zeros.

    Parameters
    ----------
    opt : GradientTransformation
        The optimiser; it sees every k-th step only.
    every_k_schedule : int or callable
        k, or a function of the number of steps taken that returns it.
    use_grad_mean : bool
        Whether the gradients are averaged; with False they are summed.
    should_skip_update_fn : callable, optional
        ``f(updates, gradient_step, params)`` returns whether to leave these gradients out, and a
        tree for the state; such as `skip_not_finite`.
    accumulator_dtype : dtype, optional
        That of the mean; that of the parameters, when left out.

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.MultiSteps(optim.sgd(1.0), every_k_schedule=2)
    >>> state = optimizer.init({"w": 0.0})
    >>> for g in [1.0, 3.0]:
    ...     updates, state = optimizer.update({"w": g}, state)
    ...     print(updates["w"], optimizer.has_updated(state))
    0.0 False
    -2.0 True
    """

    def __init__(
        self,
        opt: GradientTransformation,
        every_k_schedule: Any,
        use_grad_mean: bool = True,
        should_skip_update_fn: Callable[..., Any] | None = None,
        accumulator_dtype: Any = None,
    ) -> None:
        if isinstance(every_k_schedule, int) and every_k_schedule < 1:
            raise OptimizerArgumentError(
                "MultiSteps", f"every_k_schedule is at least 1, not {every_k_schedule}"
            )
        self._opt = with_extra_args_support(opt)
        self._every = every_k_schedule
        self._mean = use_grad_mean
        self._skip = should_skip_update_fn
        self._dtype = accumulator_dtype

    @property
    def inner_opt(self) -> GradientTransformationExtraArgs:
        """The optimiser."""
        return self._opt

    def init(self, params: Params) -> MultiStepsState:
        """Return the first state."""
        count = zero_count()
        skip_state: Any = ()
        if self._skip is not None:
            _, skip_state = self._skip(tree.map(fnp.zeros_like, params), count, params)
        total = tree.map(lambda p: fnp.zeros_like(p, dtype=self._dtype), params)
        return MultiStepsState(count, count, self._opt.init(params), total, skip_state)

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        """Collect the gradients, and take a step if they are enough."""
        zeros = tree.map(fnp.zeros_like, updates)
        skip_state: Any = ()
        if self._skip is not None:
            skip, skip_state = self._skip(updates, state.gradient_step, params)
            if skip:
                return zeros, state._replace(skip_state=skip_state)
        count = state.mini_step

        def collect(g: Any, total: Any) -> Any:
            new = total + (g - total) / (count + 1) if self._mean else total + g
            return new.astype(total.dtype)

        total = tree.map(collect, updates, state.acc_grads)
        period = self._every(state.gradient_step) if callable(self._every) else self._every
        count = safe_increment(count)
        if count < period:
            return zeros, state._replace(mini_step=count, acc_grads=total, skip_state=skip_state)
        mean = tree.map(lambda g, a: a.astype(fnp.asarray(g).dtype), updates, total)
        updates, inner = self._opt.update(mean, state.inner_opt_state, params, **extra)
        steps = safe_increment(state.gradient_step)
        cleared = tree.map(fnp.zeros_like, total)
        return updates, MultiStepsState(zero_count(), steps, inner, cleared, skip_state)

    def has_updated(self, state: OptState) -> Any:
        """Return whether the last update was a step of the optimiser."""
        return fnp.logical_and(state.mini_step == 0, state.gradient_step > 0)

    def gradient_transformation(self) -> GradientTransformationExtraArgs:
        """Return the optimiser as a pair of functions, for `chain` and the like."""
        return GradientTransformationExtraArgs(self.init, self.update)
