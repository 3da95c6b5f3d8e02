"""Schedules in pieces: steps, lines between given values, one cycle, warm restarts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from fungrad.errors import ScheduleError
from fungrad.optim.base import Schedule
from fungrad.optim.schedules import (
    Scheduled,
    join_schedules,
    require,
    warmup_cosine_decay_schedule,
)

__all__ = [
    "cosine_onecycle_schedule",
    "linear_onecycle_schedule",
    "piecewise_constant_schedule",
    "piecewise_interpolate_schedule",
    "sgdr_schedule",
]


def _steps(count: Any, init_value: Any, boundaries_and_scales: Mapping[int, Any]) -> Any:
    value = init_value
    for boundary, factor in sorted(boundaries_and_scales.items()):
        value = np.where(count < boundary, value, value * factor)
    return value


def _check_factors(name: str, factors: Mapping[int, Any] | None) -> dict[int, Any]:
    for boundary, factor in (factors or {}).items():
        require(
            not isinstance(factor, (int, float)) or factor >= 0,
            name,
            f"the factor at step {boundary} is {factor}; the values are factors of the value "
            "before, so they must not be negative",
        )
    return dict(factors or {})


def piecewise_constant_schedule(
    init_value: Any, boundaries_and_scales: Mapping[int, Any] | None = None
) -> Schedule:
    """Return the schedule that is multiplied by a factor at certain steps.

    Parameters
    ----------
    init_value : float
        Where it starts.
    boundaries_and_scales : dict, optional
        The factor for each of these steps.

    Returns
    -------
    callable

    Raises
    ------
    ScheduleError
        If a factor is negative.

    Examples
    --------
    >>> from fungrad import optim
    >>> schedule = optim.piecewise_constant_schedule(1.0, {10: 0.5, 20: 0.1})
    >>> schedule(np.array([0, 9, 10, 20]))
    Array([1.  , 1.  , 0.5 , 0.05], dtype=float64)
    """
    name = "piecewise_constant_schedule"
    factors = _check_factors(name, boundaries_and_scales)
    return Scheduled(name, _steps, init_value=init_value, boundaries_and_scales=factors)


def _linear(start: Any, end: Any, share: Any) -> Any:
    return (end - start) * share + start


def _cosine(start: Any, end: Any, share: Any) -> Any:
    return end + (start - end) / 2 * (np.cos(np.pi * share) + 1)


_WAYS = {"linear": _linear, "cosine": _cosine}


def _interpolated(
    count: Any, interpolate_type: str, init_value: Any, boundaries_and_scales: Mapping[int, Any]
) -> Any:
    start, begin, value = init_value, 0, init_value
    for boundary, factor in sorted(boundaries_and_scales.items()):
        end = start * factor
        share = np.minimum((count - begin) / max(boundary - begin, 1), 1)
        way = _WAYS[interpolate_type](start, end, share)
        value = np.where(count < begin, value, np.where(count < boundary, way, end))
        start, begin = end, boundary
    return value


def piecewise_interpolate_schedule(
    interpolate_type: str,
    init_value: Any,
    boundaries_and_scales: Mapping[int, Any] | None = None,
) -> Schedule:
    """Return the schedule that goes from value to value, each a factor of the one before.

    Parameters
    ----------
    interpolate_type : {"linear", "cosine"}
        The way between two values.
    init_value : float
        Where it starts.
    boundaries_and_scales : dict, optional
        The factors, and the steps at which the values are reached.

    Returns
    -------
    callable

    Raises
    ------
    ScheduleError
        If a factor is negative, or there is no such way.

    Examples
    --------
    >>> from fungrad import optim
    >>> schedule = optim.piecewise_interpolate_schedule("linear", 1.0, {10: 2.0, 20: 0.5})
    >>> schedule(np.array([0, 5, 10, 15, 20]))
    Array([1. , 1.5, 2. , 1.5, 1. ], dtype=float64)
    """
    name = "piecewise_interpolate_schedule"
    if interpolate_type not in _WAYS:
        ways = " or ".join(map(repr, _WAYS))
        raise ScheduleError(name, f"interpolate_type is {ways}, not {interpolate_type!r}")
    factors = _check_factors(name, boundaries_and_scales)
    return Scheduled(
        name,
        _interpolated,
        interpolate_type=interpolate_type,
        init_value=init_value,
        boundaries_and_scales=factors,
    )


def linear_onecycle_schedule(
    transition_steps: int,
    peak_value: Any,
    pct_start: float = 0.3,
    pct_final: float = 0.85,
    div_factor: Any = 25.0,
    final_div_factor: Any = 1e4,
) -> Schedule:
    """Return the schedule that rises and falls once, along straight lines.

    Parameters
    ----------
    transition_steps : int
        How many steps it takes in all.
    peak_value : float
        The highest value.
    pct_start, pct_final : float
        After which share of the steps it is highest, and back where it started.
    div_factor : float
        The highest value over the first.
    final_div_factor : float
        The first value over the last.

    Returns
    -------
    callable

    Raises
    ------
    ScheduleError
        If the number of steps is not positive.

    Examples
    --------
    >>> from fungrad import optim
    >>> schedule = optim.linear_onecycle_schedule(100, 1.0, div_factor=10.0)
    >>> schedule(np.array([0, 30, 85, 100]))
    Array([1.e-01, 1.e+00, 1.e-01, 1.e-05], dtype=float64)
    """
    require(
        transition_steps > 0,
        "linear_onecycle_schedule",
        f"transition_steps is {transition_steps}; it is the length of the cycle, so positive",
    )
    return piecewise_interpolate_schedule(
        "linear",
        peak_value / div_factor,
        {
            int(pct_start * transition_steps): div_factor,
            int(pct_final * transition_steps): 1 / div_factor,
            transition_steps: 1 / final_div_factor,
        },
    )


def cosine_onecycle_schedule(
    transition_steps: int,
    peak_value: Any,
    pct_start: float = 0.3,
    div_factor: Any = 25.0,
    final_div_factor: Any = 1e4,
) -> Schedule:
    """Return the schedule that rises and falls once, along cosines.

    Parameters
    ----------
    transition_steps, peak_value, pct_start, div_factor, final_div_factor
        See `linear_onecycle_schedule`.

    Returns
    -------
    callable

    Raises
    ------
    ScheduleError
        If the number of steps is not positive.

    Examples
    --------
    >>> from fungrad import optim
    >>> schedule = optim.cosine_onecycle_schedule(100, 1.0, div_factor=10.0)
    >>> schedule(np.array([0, 15, 30]))
    Array([0.1 , 0.55, 1.  ], dtype=float64)
    """
    require(
        transition_steps > 0,
        "cosine_onecycle_schedule",
        f"transition_steps is {transition_steps}; it is the length of the cycle, so positive",
    )
    return piecewise_interpolate_schedule(
        "cosine",
        peak_value / div_factor,
        {
            int(pct_start * transition_steps): div_factor,
            int(transition_steps): 1 / (div_factor * final_div_factor),
        },
    )


def sgdr_schedule(cosine_kwargs: Iterable[Mapping[str, Any]]) -> Schedule:
    """Return several schedules of `warmup_cosine_decay_schedule` in a row: warm restarts.

    Parameters
    ----------
    cosine_kwargs : iterable of dict
        The arguments of each.

    Returns
    -------
    callable

    Raises
    ------
    ScheduleError
        As by `warmup_cosine_decay_schedule`.

    Examples
    --------
    >>> from fungrad import optim
    >>> cycle = dict(init_value=0.0, peak_value=1.0, warmup_steps=2, decay_steps=10)
    >>> optim.sgdr_schedule([cycle, cycle])(np.array([2, 10, 12]))
    Array([1., 0., 1.], dtype=float64)
    """
    cycles = list(cosine_kwargs)
    lengths = np.cumsum([cycle["decay_steps"] for cycle in cycles])
    parts = [warmup_cosine_decay_schedule(**cycle) for cycle in cycles]
    return join_schedules(parts, [int(length) for length in lengths[:-1]])
