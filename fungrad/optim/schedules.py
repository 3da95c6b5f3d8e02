"""Numbers that change from step to step: schedules of learning rates and other settings.

A schedule is a function of the number of steps taken so far. It can be pickled, traced, and called
with an array of counts, to be plotted for instance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import fungrad.numpy as fnp
from fungrad.errors import ScheduleError
from fungrad.optim.base import Schedule

__all__ = [
    "constant_schedule",
    "cosine_decay_schedule",
    "exponential_decay",
    "join_schedules",
    "linear_schedule",
    "polynomial_schedule",
    "warmup_constant_schedule",
    "warmup_cosine_decay_schedule",
    "warmup_exponential_decay_schedule",
]


class Scheduled:
    """A schedule by ``function(count, **settings)``, written with NumPy's functions."""

    def __init__(self, name: str, function: Callable[..., Any], **settings: Any) -> None:
        self.name = name
        self.function = function
        self.settings = settings

    def __call__(self, count: Any) -> Any:
        """Return the value after `count` steps."""
        return fnp.asarray(self.function(count, **self.settings))

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in self.settings.items())
        return f"{self.name}({settings})"


def require(condition: bool, name: str, reason: str) -> None:
    """Raise a ScheduleError unless the condition holds."""
    if not condition:
        raise ScheduleError(name, reason)


def _constant(count: Any, value: Any) -> Any:
    return value


def constant_schedule(value: Any) -> Schedule:
    """Return the schedule that does not change.

    Parameters
    ----------
    value : float
        Its value.

    Returns
    -------
    callable

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.constant_schedule(0.1)(1000)
    Array(0.1, dtype=float64)
    """
    return Scheduled("constant_schedule", _constant, value=value)


def _polynomial(
    count: Any,
    init_value: Any,
    end_value: Any,
    power: Any,
    transition_steps: Any,
    transition_begin: Any,
) -> Any:
    done = np.minimum(np.maximum(count - transition_begin, 0), transition_steps)
    left = 1 - done / transition_steps
    return (init_value - end_value) * left**power + end_value


def polynomial_schedule(
    init_value: Any,
    end_value: Any,
    power: Any,
    transition_steps: int,
    transition_begin: int = 0,
) -> Schedule:
    """Return the schedule that goes from one value to another along a power of the time left.

    Parameters
    ----------
    init_value, end_value : float
        The two values.
    power : float
        The exponent.
    transition_steps : int
        How many steps it takes. With none, the first value stays.
    transition_begin : int
        After how many steps it begins.

    Returns
    -------
    callable

    Raises
    ------
    ScheduleError
        If a number of steps is negative.

    Examples
    --------
    >>> from fungrad import optim
    >>> schedule = optim.polynomial_schedule(1.0, 0.0, power=2, transition_steps=10)
    >>> schedule(5)
    Array(0.25, dtype=float64)
    """
    return _polynomial_named(
        "polynomial_schedule", init_value, end_value, power, transition_steps, transition_begin
    )


def _polynomial_named(
    name: str, init_value: Any, end_value: Any, power: Any, steps: int, begin: int
) -> Schedule:
    require(steps >= 0, name, f"transition_steps is {steps}; it is the length of the way, so >= 0")
    require(begin >= 0, name, f"transition_begin is {begin}; it is a number of steps, so >= 0")
    if steps == 0:
        return constant_schedule(init_value)
    return Scheduled(
        name,
        _polynomial,
        init_value=init_value,
        end_value=end_value,
        power=power,
        transition_steps=steps,
        transition_begin=begin,
    )


def linear_schedule(
    init_value: Any, end_value: Any, transition_steps: int, transition_begin: int = 0
) -> Schedule:
    """Return the schedule that goes from one value to another in equal steps.

    Parameters
    ----------
    init_value, end_value, transition_steps, transition_begin
        See `polynomial_schedule`.

    Returns
    -------
    callable

    Raises
    ------
    ScheduleError
        If a number of steps is negative.

    Examples
    --------
    >>> from fungrad import optim
    >>> schedule = optim.linear_schedule(1.0, 0.0, transition_steps=10)
    >>> schedule(np.array([0, 5, 10, 15]))
    Array([1. , 0.5, 0. , 0. ], dtype=float64)
    """
    return _polynomial_named(
        "linear_schedule", init_value, end_value, 1, transition_steps, transition_begin
    )


def warmup_constant_schedule(init_value: Any, peak_value: Any, warmup_steps: int) -> Schedule:
    """Return the schedule that rises linearly and stays.

    Parameters
    ----------
    init_value, peak_value : float
        Where it starts and where it stays.
    warmup_steps : int
        How many steps it rises.

    Returns
    -------
    callable

    Raises
    ------
    ScheduleError
        If a number of steps is negative.

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.warmup_constant_schedule(0.0, 1.0, warmup_steps=4)(np.array([0, 2, 9]))
    Array([0. , 0.5, 1. ], dtype=float64)
    """
    return linear_schedule(init_value, peak_value, warmup_steps)


def _exponential(
    count: Any,
    init_value: Any,
    transition_steps: Any,
    decay_rate: Any,
    transition_begin: Any,
    staircase: bool,
    end_value: Any,
) -> Any:
    done = np.maximum(count - transition_begin, 0) / transition_steps
    if staircase:
        done = np.floor(done)
    value = init_value * decay_rate**done
    if end_value is None:
        return value
    return np.maximum(value, end_value) if decay_rate < 1 else np.minimum(value, end_value)


def exponential_decay(
    init_value: Any,
    transition_steps: int,
    decay_rate: Any,
    transition_begin: int = 0,
    staircase: bool = False,
    end_value: Any = None,
) -> Schedule:
    """Return the schedule that is multiplied by a factor again and again.

    Parameters
    ----------
    init_value : float
        Where it starts.
    transition_steps : int
        How many steps it takes to be multiplied once. With none, the first value stays.
    decay_rate : float
        The factor.
    transition_begin : int
        After how many steps it begins.
    staircase : bool
        Whether it changes all at once, after `transition_steps` steps.
    end_value : float, optional
        Where it stops.

    Returns
    -------
    callable

    Raises
    ------
    ScheduleError
        If a number of steps is negative, or the factor zero.

    Examples
    --------
    >>> from fungrad import optim
    >>> schedule = optim.exponential_decay(1.0, transition_steps=10, decay_rate=0.5)
    >>> schedule(np.array([0, 10, 20]))
    Array([1.  , 0.5 , 0.25], dtype=float64)
    """
    name = "exponential_decay"
    require(transition_steps >= 0, name, f"transition_steps is {transition_steps}; it must be >= 0")
    require(transition_begin >= 0, name, f"transition_begin is {transition_begin}; it must be >= 0")
    require(
        not isinstance(decay_rate, (int, float)) or decay_rate != 0,
        name,
        "decay_rate is 0, so nothing is left after the first step; use join_schedules to stop",
    )
    if transition_steps == 0:
        return constant_schedule(init_value)
    return Scheduled(
        name,
        _exponential,
        init_value=init_value,
        transition_steps=transition_steps,
        decay_rate=decay_rate,
        transition_begin=transition_begin,
        staircase=staircase,
        end_value=end_value,
    )


def _cosine(count: Any, init_value: Any, decay_steps: Any, alpha: Any, exponent: Any) -> Any:
    share = np.minimum(count, decay_steps) / decay_steps
    left = (0.5 * (1 + np.cos(np.pi * share))) ** exponent
    return init_value * ((1 - alpha) * left + alpha)


def cosine_decay_schedule(
    init_value: Any, decay_steps: int, alpha: Any = 0.0, exponent: Any = 1.0
) -> Schedule:
    """Return the schedule that falls along half a period of the cosine.

    Parameters
    ----------
    init_value : float
        Where it starts.
    decay_steps : int
        How many steps it falls.
    alpha : float
        Where it ends, as a share of the start.
    exponent : float
        The power of the cosine.

    Returns
    -------
    callable

    Raises
    ------
    ScheduleError
        If `decay_steps` is not positive.

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.cosine_decay_schedule(1.0, decay_steps=10)(np.array([0, 5, 10])).round(6)
    Array([1. , 0.5, 0. ], dtype=float64)
    """
    require(
        decay_steps > 0,
        "cosine_decay_schedule",
        f"decay_steps is {decay_steps}; it must be positive (with a warm-up, decay_steps counts "
        "both, and must be larger than warmup_steps)",
    )
    return Scheduled(
        "cosine_decay_schedule",
        _cosine,
        init_value=init_value,
        decay_steps=decay_steps,
        alpha=alpha,
        exponent=exponent,
    )


# --- in pieces -----------------------------------------------------------------------------------


def _joined(step: Any, schedules: Sequence[Schedule], boundaries: Sequence[int]) -> Any:
    value = schedules[0](step)
    for boundary, schedule in zip(boundaries, schedules[1:]):
        value = np.where(step < boundary, value, schedule(step - boundary))
    return value


def join_schedules(schedules: Sequence[Schedule], boundaries: Sequence[int]) -> Schedule:
    """Return several schedules as one, each beginning where the one before ends.

    Parameters
    ----------
    schedules : sequence of callable
        The schedules. Each counts from its own beginning.
    boundaries : sequence of int
        The steps at which the second and later ones begin.

    Returns
    -------
    callable

    Raises
    ------
    ScheduleError
        If there is not one boundary less than schedules.

    Examples
    --------
    >>> from fungrad import optim
    >>> parts = [optim.linear_schedule(0.0, 1.0, 4), optim.constant_schedule(0.5)]
    >>> optim.join_schedules(parts, [4])(np.array([0, 2, 4]))
    Array([0. , 0.5, 0.5], dtype=float64)
    """
    schedules, boundaries = list(schedules), list(boundaries)
    require(
        len(schedules) == len(boundaries) + 1,
        "join_schedules",
        f"there are {len(schedules)} schedules and {len(boundaries)} boundaries; a boundary stands "
        "between two schedules, so there is one less of them",
    )
    return Scheduled("join_schedules", _joined, schedules=schedules, boundaries=boundaries)


def warmup_cosine_decay_schedule(
    init_value: Any,
    peak_value: Any,
    warmup_steps: int,
    decay_steps: int,
    end_value: Any = 0.0,
    exponent: Any = 1.0,
) -> Schedule:
    """Return the schedule that rises linearly and falls along a cosine.

    Parameters
    ----------
    init_value, peak_value, end_value : float
        Where it starts, where it turns, where it ends.
    warmup_steps : int
        How many steps it rises.
    decay_steps : int
        How many steps it takes in all.
    exponent : float
        The power of the cosine.

    Returns
    -------
    callable

    Raises
    ------
    ScheduleError
        If `decay_steps` is not larger than `warmup_steps`.

    Examples
    --------
    >>> from fungrad import optim
    >>> schedule = optim.warmup_cosine_decay_schedule(0.0, 1.0, warmup_steps=10, decay_steps=30)
    >>> schedule(np.array([0, 5, 10, 20, 30])).round(6)
    Array([0. , 0.5, 1. , 0.5, 0. ], dtype=float64)
    """
    never = isinstance(peak_value, (int, float)) and peak_value == 0
    parts = [
        linear_schedule(init_value, peak_value, warmup_steps),
        cosine_decay_schedule(
            peak_value,
            decay_steps - warmup_steps,
            alpha=0.0 if never else end_value / peak_value,
            exponent=exponent,
        ),
    ]
    return join_schedules(parts, [warmup_steps])


def warmup_exponential_decay_schedule(
    init_value: Any,
    peak_value: Any,
    warmup_steps: int,
    transition_steps: int,
    decay_rate: Any,
    transition_begin: int = 0,
    staircase: bool = False,
    end_value: Any = None,
) -> Schedule:
    """Return the schedule that rises linearly and falls exponentially.

    Parameters
    ----------
    init_value, peak_value : float
        Where it starts and where it turns.
    warmup_steps : int
        How many steps it rises.
    transition_steps, decay_rate, transition_begin, staircase, end_value
        See `exponential_decay`; counted from the turn.

    Returns
    -------
    callable

    Raises
    ------
    ScheduleError
        If a number of steps is negative, or the factor zero.

    Examples
    --------
    >>> from fungrad import optim
    >>> schedule = optim.warmup_exponential_decay_schedule(0.0, 1.0, 2, 10, 0.5)
    >>> schedule(np.array([1, 2, 12]))
    Array([0.5, 1. , 0.5], dtype=float64)
    """
    parts = [
        linear_schedule(init_value, peak_value, warmup_steps),
        exponential_decay(
            peak_value, transition_steps, decay_rate, transition_begin, staircase, end_value
        ),
    ]
    return join_schedules(parts, [warmup_steps])
