"""Updates multiplied by a number: the learning rate, fixed or by a schedule; and their signs."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from fungrad.array import Array
from fungrad.errors import OptimizerArgumentError, describe
from fungrad.optim.base import (
    GradientTransformationExtraArgs,
    ScalarOrSchedule,
    Schedule,
    identity,
)
from fungrad.optim.elementwise import Elementwise

NUMBERS = (int, float, Array, np.ndarray, np.generic)

__all__ = [
    "ScaleByScheduleState",
    "keep_params_nonnegative",
    "scale",
    "scale_by_learning_rate",
    "scale_by_schedule",
    "scale_by_sign",
]


class ScaleByScheduleState(NamedTuple):
    """The state of `scale_by_schedule`: the number of steps taken."""

    count: Any


def _scale(g: Any, *, step_size: Any) -> Any:
    return step_size * g


def scale(step_size: Any) -> GradientTransformationExtraArgs:
    """Return the transformation that multiplies updates by a number.

    Parameters
    ----------
    step_size : float
        The number.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.scale(-0.1).update({"w": 5.0}, optim.EmptyState())[0]
    {'w': Array(-0.5, dtype=float64)}
    """
    return Elementwise("scale", _scale, step_size=step_size).pair


def _scheduled(count: Any, schedule: Schedule, sign: int) -> dict[str, Any]:
    return {"step_size": sign * schedule(count)}


def scale_by_schedule(step_size_fn: Schedule) -> GradientTransformationExtraArgs:
    """Return the transformation that multiplies updates by a number that changes.

    Parameters
    ----------
    step_size_fn : callable
        A function of the number of steps taken before.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> halving = optim.scale_by_schedule(lambda count: 0.5**count)
    >>> updates, state = halving.update({"w": 4.0}, halving.init({"w": 1.0}))
    >>> halving.update({"w": 4.0}, state)[0]
    {'w': Array(2., dtype=float64)}
    """
    return Elementwise(
        "scale_by_schedule",
        _scale,
        ScaleByScheduleState,
        _scheduled,
        schedule=step_size_fn,
        sign=1,
    ).pair


def scale_by_learning_rate(
    learning_rate: ScalarOrSchedule = None, *, flip_sign: bool = True
) -> GradientTransformationExtraArgs:
    """Return the transformation that multiplies updates by minus the learning rate.

    Parameters
    ----------
    learning_rate : float or callable, optional
        A number, or a schedule; when left out, nothing changes.
    flip_sign : bool
        Whether to go down. With False the sign stays.

    Returns
    -------
    GradientTransformationExtraArgs

    Raises
    ------
    OptimizerArgumentError
        If the learning rate is something else.

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.scale_by_learning_rate(0.1).update({"w": 5.0}, optim.EmptyState())[0]
    {'w': Array(-0.5, dtype=float64)}
    """
    if learning_rate is None:
        return identity()
    sign = -1 if flip_sign else 1
    if callable(learning_rate):
        return Elementwise(
            "scale_by_learning_rate",
            _scale,
            ScaleByScheduleState,
            _scheduled,
            schedule=learning_rate,
            sign=sign,
        ).pair
    if not isinstance(learning_rate, NUMBERS):
        raise OptimizerArgumentError(
            "scale_by_learning_rate",
            f"the learning rate is a number or a schedule, not {describe(learning_rate)}",
        )
    rate: Any = learning_rate
    return Elementwise("scale_by_learning_rate", _scale, step_size=sign * rate).pair


def _sign(g: Any) -> Any:
    return np.sign(g)


def scale_by_sign() -> GradientTransformationExtraArgs:
    """Return the transformation that keeps only the signs of the updates.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.scale_by_sign().update({"w": -5.0}, optim.EmptyState())[0]
    {'w': Array(-1., dtype=float64)}
    """
    return Elementwise("scale_by_sign", _sign).pair


def _keep_nonnegative(g: Any, p: Any) -> Any:
    return np.where(p + g < 0, -p, g)


def keep_params_nonnegative() -> GradientTransformationExtraArgs:
    """Return the transformation after which no parameter falls below zero; it comes last.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> keep = optim.keep_params_nonnegative()
    >>> keep.update({"w": -5.0}, keep.init({"w": 1.0}), {"w": 1.0})[0]
    {'w': Array(-1., dtype=float64)}
    """
    return Elementwise("keep_params_nonnegative", _keep_nonnegative, needs_params=True).pair
