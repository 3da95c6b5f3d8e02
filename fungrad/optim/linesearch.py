"""Line searches: how far to go along an update, decided by the loss itself.

The update of a line search needs the loss and its gradient at the parameters, and the function:
``update(updates, state, params, value=value, grad=gradient, value_fn=loss)``. It keeps the loss and
the gradient at the new parameters, which `value_and_grad_from_state` finds for the next step.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import fungrad.numpy as fnp
from fungrad import tree
from fungrad.errors import MissingParametersError, OptimizerArgumentError, UpdateArgumentError
from fungrad.optim.arithmetic import add_scale, conj, real, scale, vdot
from fungrad.optim.base import (
    GradientTransformationExtraArgs,
    OptState,
    Params,
    Transformation,
    Updates,
)
from fungrad.optim.filling import zeros_like
from fungrad.optim.naming import get
from fungrad.transforms.reverse import value_and_grad

__all__ = [
    "BacktrackingLinesearchInfo",
    "ScaleByBacktrackingLinesearchState",
    "scale_by_backtracking_linesearch",
    "value_and_grad_from_state",
]


class BacktrackingLinesearchInfo(NamedTuple):
    """How the last search went: its trials, and by how much the loss fell too little."""

    num_linesearch_steps: Any
    decrease_error: Any


class ScaleByBacktrackingLinesearchState(NamedTuple):
    """The state of `scale_by_backtracking_linesearch`."""

    learning_rate: Any
    value: Any
    grad: Updates
    info: BacktrackingLinesearchInfo


class LineSearch(Transformation):
    """A transformation that tries the loss along the update."""

    name: str

    def check(self, params: Params, extra: dict[str, Any]) -> dict[str, Any]:
        """Check the further arguments of an update; return those that the loss takes."""
        if params is None:
            raise MissingParametersError(self.name)
        missing = [name for name in ("value", "grad", "value_fn") if name not in extra]
        if missing:
            raise UpdateArgumentError(
                self.name,
                f"it tries the loss along the update, and was not given {', '.join(missing)}",
                ", value=value, grad=gradients, value_fn=loss",
            )
        rest = {
            key: each for key, each in extra.items() if key not in ("value", "grad", "value_fn")
        }
        parameters = inspect.signature(extra["value_fn"]).parameters
        open_ended = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
        unknown = [] if open_ended else [key for key in rest if key not in parameters]
        if unknown:
            raise UpdateArgumentError(
                self.name,
                f"the loss has no parameter {', '.join(unknown)}; further arguments go to it",
                ", value=value, grad=gradients, value_fn=loss",
            )
        return rest


def slope_along(updates: Updates, grad: Updates) -> Any:
    """Return the derivative of the loss along the updates."""
    return real(vdot(conj(grad), updates))


def number_dtype(params: Params) -> Any:
    """Return the dtype of a loss of these parameters."""
    dtypes = [fnp.asarray(leaf).real.dtype for leaf in tree.leaves(params)]
    return np.result_type(*dtypes) if dtypes else np.dtype(float)


def value_and_grad_from_state(value_fn: Callable[..., Any]) -> Callable[..., tuple[Any, Any]]:
    """Return `value_and_grad` that finds both in the state of an optimiser, if they are there.

    Parameters
    ----------
    value_fn : callable
        The loss, a function of the parameters and further arguments.

    Returns
    -------
    callable
        Takes the arguments of `value_fn` and ``state=``, the state of an optimiser with a line
        search; returns the value and the gradient. It computes them where the state is new.

    Raises
    ------
    OptimizerArgumentError
        By the result, if the state keeps no value or no gradient.

    Examples
    --------
    >>> from fungrad import optim
    >>> loss = lambda w: fnp.sum((w - 1.0) ** 2)
    >>> optimizer = optim.lbfgs()
    >>> state = optimizer.init(fnp.zeros(2))
    >>> optim.value_and_grad_from_state(loss)(fnp.zeros(2), state=state)
    (Array(2., dtype=float64), Array([-2., -2.], dtype=float64))
    """
    return _FromState(value_fn)


class _FromState:
    def __init__(self, value_fn: Callable[..., Any]) -> None:
        self.value_fn = value_fn

    def __call__(self, params: Params, *args: Any, state: OptState, **kwargs: Any) -> Any:
        value, grad = get(state, "value"), get(state, "grad")
        if value is None or grad is None:
            raise OptimizerArgumentError(
                "value_and_grad_from_state",
                "the state keeps no value and gradient; use the state of an optimizer with a line "
                "search, as lbfgs, and with store_grad=True for backtracking",
            )
        if fnp.isfinite(value):
            return value, grad
        return value_and_grad(self.value_fn)(params, *args, **kwargs)


# --- backtracking --------------------------------------------------------------------------------


class _Backtracking(LineSearch):
    name = "scale_by_backtracking_linesearch"

    def __init__(
        self,
        most: int,
        slope_rtol: float,
        decrease_factor: float,
        increase_factor: float,
        max_learning_rate: float,
        atol: float,
        rtol: float,
        store_grad: bool,
    ) -> None:
        self.most = most
        self.slope_rtol = slope_rtol
        self.decrease_factor = decrease_factor
        self.increase_factor = increase_factor
        self.max_learning_rate = max_learning_rate
        self.atol = atol
        self.rtol = rtol
        self.store_grad = store_grad

    def init(self, params: Params) -> OptState:
        dtype = number_dtype(params)
        infinity = fnp.asarray(np.inf, dtype)
        return ScaleByBacktrackingLinesearchState(
            fnp.ones((), dtype),
            infinity,
            zeros_like(params) if self.store_grad else None,
            BacktrackingLinesearchInfo(fnp.asarray(0), infinity),
        )

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        rest = self.check(params, extra)
        value, function = extra["value"], functools.partial(extra["value_fn"], **rest)
        slope = slope_along(updates, extra["grad"])
        dtype = state.learning_rate.dtype
        rate = fnp.minimum(self.increase_factor * state.learning_rate, self.max_learning_rate)
        trials = 0
        with np.errstate(over="ignore", invalid="ignore"):
            while True:
                new_params = add_scale(params, rate, updates)
                new_value = fnp.asarray(function(new_params))
                wanted = (1 + self.rtol) * value + rate * self.slope_rtol * slope
                error = fnp.maximum(new_value - wanted, 0)
                error = fnp.where(fnp.isnan(error), np.inf, error)
                trials += 1
                if error <= self.atol or trials > self.most:
                    break
                rate = self.decrease_factor * rate
        grad = value_and_grad(function)(new_params)[1] if self.store_grad else None
        if fnp.isinf(error):  # no trial was worth anything: stay
            rate, new_value, grad = 0 * rate, value, extra["grad"] if self.store_grad else None
        info = BacktrackingLinesearchInfo(fnp.asarray(trials), error.astype(dtype))
        new_state = ScaleByBacktrackingLinesearchState(
            rate.astype(dtype), fnp.asarray(new_value).astype(dtype), grad, info
        )
        return scale(rate, updates), new_state


def scale_by_backtracking_linesearch(
    max_backtracking_steps: int,
    slope_rtol: float = 1e-4,
    decrease_factor: float = 0.8,
    increase_factor: float = 1.5,
    max_learning_rate: float = 1.0,
    atol: float = 0.0,
    rtol: float = 0.0,
    store_grad: bool = False,
) -> GradientTransformationExtraArgs:
    """Return the line search that shortens a step until the loss falls enough (Armijo).

    Its update needs ``value=``, ``grad=`` and ``value_fn=``.

    Parameters
    ----------
    max_backtracking_steps : int
        How often a step is shortened at most.
    slope_rtol : float
        How much of the fall that the slope promises is enough.
    decrease_factor : float
        By what a step is shortened.
    increase_factor : float
        The first trial over the last step.
    max_learning_rate : float
        The longest step.
    atol, rtol : float
        By how much the loss may fall less than wanted, or rise.
    store_grad : bool
        Whether to keep the gradient at the new parameters, for `value_and_grad_from_state`.

    Returns
    -------
    GradientTransformationExtraArgs

    Raises
    ------
    UpdateArgumentError
        By update, if one of its arguments is missing.

    Examples
    --------
    >>> from fungrad import optim
    >>> loss = lambda w: 10 * w**2
    >>> optimizer = optim.chain(
    ...     optim.sgd(1.0), optim.scale_by_backtracking_linesearch(max_backtracking_steps=20)
    ... )
    >>> value, grad = fg.value_and_grad(loss)(1.0)
    >>> state = optimizer.init(1.0)
    >>> updates, state = optimizer.update(
    ...     grad, state, 1.0, value=value, grad=grad, value_fn=loss
    ... )
    >>> bool(loss(1.0 + updates) < value)
    True
    """
    return _Backtracking(
        max_backtracking_steps,
        slope_rtol,
        decrease_factor,
        increase_factor,
        max_learning_rate,
        atol,
        rtol,
        store_grad,
    ).pair
