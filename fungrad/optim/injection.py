"""Settings of optimisers as part of their state, where they can be looked at and changed."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

import fungrad.numpy as fnp
from fungrad import tree
from fungrad.array import Array
from fungrad.errors import OptimizerArgumentError
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
    "InjectHyperparamsState",
    "InjectStatefulHyperparamsState",
    "WrappedSchedule",
    "WrappedScheduleState",
    "inject_hyperparams",
]


class InjectHyperparamsState(NamedTuple):
    """The state of `inject_hyperparams`: steps, settings, states of schedules, the inner state."""

    count: Any
    hyperparams: dict[str, Any]
    hyperparams_states: dict[str, Any]
    inner_state: OptState


InjectStatefulHyperparamsState = InjectHyperparamsState


class WrappedScheduleState(NamedTuple):
    """The state of `WrappedSchedule`: the number of steps."""

    count: Any


class WrappedSchedule:
    """A schedule with a state, made of one without.

    Examples
    --------
    >>> from fungrad import optim
    >>> schedule = optim.WrappedSchedule(lambda count: 0.5**count)
    >>> state = schedule.update(schedule.init())
    >>> schedule(state)
    Array(0.5, dtype=float64)
    """

    def __init__(self, schedule_fn: Callable[[Any], Any]) -> None:
        self.schedule_fn = schedule_fn

    def init(self) -> WrappedScheduleState:
        """Return the first state."""
        return WrappedScheduleState(zero_count())

    def update(self, state: Any, **extra: Any) -> WrappedScheduleState:
        """Return the next state."""
        return WrappedScheduleState(safe_increment(state.count))

    def __call__(self, state: Any, **extra: Any) -> Any:
        """Return the value."""
        return self.schedule_fn(state.count)


def _is_stateful(value: Any) -> bool:
    return all(callable(getattr(value, name, None)) for name in ("init", "update", "__call__"))


class _Injected(Transformation):
    def __init__(
        self, factory: Callable[..., Any], settings: dict[str, Any], static: set[str], dtype: Any
    ) -> None:
        self.factory = factory
        self.dtype = dtype
        self.schedules: dict[str, Any] = {}
        self.numbers: dict[str, Any] = {}
        self.others: dict[str, Any] = {}
        for name, value in settings.items():
            if name in static or isinstance(value, bool):
                self.others[name] = value
            elif _is_stateful(value):
                self.schedules[name] = value
            elif callable(value):
                self.schedules[name] = WrappedSchedule(value)
            elif isinstance(value, (int, float, Array, np.ndarray, np.generic)):
                self.numbers[name] = value
            else:
                self.others[name] = value

    def _array(self, value: Any, dtype: Any) -> Any:
        """Return a setting as an array; a float in a dtype that suits the parameters."""
        return fnp.asarray(value, dtype=dtype if isinstance(value, float) else None)

    def _evaluate(self, states: dict[str, Any], dtype: Any, extra: dict[str, Any]) -> Any:
        return {
            name: fnp.asarray(schedule(states[name], **extra)).astype(dtype)
            for name, schedule in self.schedules.items()
        }

    def _inner(self, hyperparams: dict[str, Any]) -> GradientTransformationExtraArgs:
        return with_extra_args_support(self.factory(**self.others, **hyperparams))

    def init(self, params: Params) -> OptState:
        dtype = self.dtype or _float_dtype(params)
        states = {name: schedule.init() for name, schedule in self.schedules.items()}
        hyperparams = {name: self._array(value, dtype) for name, value in self.numbers.items()}
        hyperparams.update(self._evaluate(states, dtype, {}))
        inner = self._inner(hyperparams).init(params)
        return InjectHyperparamsState(zero_count(), hyperparams, states, inner)

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        dtype = self.dtype or _float_dtype(updates if params is None else params)
        hyperparams = {n: self._array(value, dtype) for n, value in state.hyperparams.items()}
        hyperparams.update(self._evaluate(state.hyperparams_states, dtype, extra))
        states = {
            name: schedule.update(state.hyperparams_states[name], **extra)
            for name, schedule in self.schedules.items()
        }
        updates, inner = self._inner(hyperparams).update(
            updates, state.inner_state, params, **extra
        )
        count = safe_increment(state.count)
        return updates, InjectHyperparamsState(count, hyperparams, states, inner)


def _float_dtype(params: Params) -> Any:
    dtypes = [fnp.asarray(leaf).real.dtype for leaf in tree.leaves(params)]
    floats = [dtype for dtype in dtypes if dtype.kind == "f"]
    return np.result_type(*floats) if floats else np.dtype(float)


class _Factory:
    """A function that makes an optimiser, with settings in the state."""

    def __init__(self, factory: Callable[..., Any], static: set[str], dtype: Any) -> None:
        functools.update_wrapper(self, factory, updated=())
        self.factory = factory
        self.static = static
        self.dtype = dtype

    def __call__(self, *args: Any, **kwargs: Any) -> GradientTransformationExtraArgs:
        bound = inspect.signature(self.factory).bind(*args, **kwargs)
        bound.apply_defaults()
        return _Injected(self.factory, dict(bound.arguments), self.static, self.dtype).pair


def inject_hyperparams(
    inner_factory: Callable[..., GradientTransformation],
    static_args: str | Iterable[str] = (),
    hyperparam_dtype: Any = None,
) -> Callable[..., GradientTransformationExtraArgs]:
    """Return a function that makes optimisers whose settings are part of their state.

    Parameters
    ----------
    inner_factory : callable
        A function that makes an optimiser, such as `adam`.
    static_args : str or iterable of str
        Names of arguments that are no numbers, or should not go into the state.
    hyperparam_dtype : dtype, optional
        That of the settings; that of the parameters, when left out.

    Returns
    -------
    callable
        Takes the arguments of `inner_factory`. The numbers among them are in
        ``state.hyperparams``, and so are the present values of schedules.

    Raises
    ------
    OptimizerArgumentError
        If a name of `static_args` is no argument.

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.inject_hyperparams(optim.sgd)(learning_rate=0.1)
    >>> state = optimizer.init({"w": 1.0})
    >>> state.hyperparams["learning_rate"] = fnp.asarray(0.01)
    >>> optimizer.update({"w": 1.0}, state)[0]
    {'w': Array(-0.01, dtype=float64)}
    """
    static = {static_args} if isinstance(static_args, str) else set(static_args)
    known = inspect.signature(inner_factory).parameters
    unknown = static - set(known)
    if unknown:
        raise OptimizerArgumentError(
            "inject_hyperparams",
            f"static_args has {', '.join(sorted(unknown))}, and the arguments of "
            f"{getattr(inner_factory, '__name__', inner_factory)} are {', '.join(known)}",
        )
    return _Factory(inner_factory, static, hyperparam_dtype)
