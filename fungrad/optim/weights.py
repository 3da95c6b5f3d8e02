"""Decay of the weights, and what is done to gradients before anything else."""

from __future__ import annotations

from typing import Any, NamedTuple

import fungrad.numpy as fnp
from fungrad import tree
from fungrad.optim.base import (
    GradientTransformationExtraArgs,
    Leafwise,
    OptState,
    Params,
    ScalarOrSchedule,
    Schedule,
    Transformation,
    Updates,
)
from fungrad.optim.elementwise import Elementwise
from fungrad.optim.masking import masked

__all__ = [
    "WeightDecaySchedule",
    "ZeroNansState",
    "add_decayed_weights",
    "centralize",
    "zero_nans",
]


class WeightDecaySchedule(NamedTuple):
    """The state of `add_decayed_weights` with a schedule: the number of steps taken."""

    count: Any


class ZeroNansState(NamedTuple):
    """The state of `zero_nans`: for each parameter, whether its last gradient had a NaN."""

    found_nan: Any


def _decay(g: Any, p: Any, *, weight_decay: Any) -> Any:
    return g + weight_decay * p


def _decay_numbers(count: Any, schedule: Schedule) -> dict[str, Any]:
    return {"weight_decay": schedule(count)}


def add_decayed_weights(
    weight_decay: ScalarOrSchedule = 0.0, mask: Any = None
) -> GradientTransformationExtraArgs:
    """Return the transformation that adds a part of the parameters to the updates.

    Parameters
    ----------
    weight_decay : float or callable
        How large a part: a number, or a schedule.
    mask : tree or callable, optional
        A tree of bools like the parameters, or a function that makes it of the parameters: which
        of them decay. All, when left out.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> decay = optim.add_decayed_weights(0.1, mask={"w": True, "b": False})
    >>> params = {"w": 2.0, "b": 2.0}
    >>> decay.update({"w": 1.0, "b": 1.0}, decay.init(params), params)[0]
    {'w': Array(1.2, dtype=float64), 'b': 1.0}
    """
    if callable(weight_decay):
        pair = Elementwise(
            "add_decayed_weights",
            _decay,
            WeightDecaySchedule,
            _decay_numbers,
            needs_params=True,
            schedule=weight_decay,
        ).pair
    else:
        pair = Elementwise(
            "add_decayed_weights", _decay, needs_params=True, weight_decay=weight_decay
        ).pair
    return pair if mask is None else masked(pair, mask)


class _ZeroNans(Transformation):
    def init(self, params: Params) -> OptState:
        return ZeroNansState(tree.map(lambda _: fnp.asarray(False), params))

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        found = tree.map(lambda g: fnp.any(fnp.isnan(g)), updates)
        cleared = tree.map(lambda g: fnp.where(fnp.isnan(g), 0, g), updates)
        return cleared, ZeroNansState(found)


def zero_nans() -> GradientTransformationExtraArgs:
    """Return the transformation that sets NaNs to zero, and says in its state where it met them.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> zero = optim.zero_nans()
    >>> zero.update({"w": fnp.array([1.0, np.nan])}, zero.init({"w": fnp.zeros(2)}))
    ({'w': Array([1., 0.], dtype=float64)}, ZeroNansState(found_nan={'w': Array(True, dtype=bool)}))
    """
    return _ZeroNans().pair


def _centralize(g: Any) -> Any:
    return g - fnp.mean(g, axis=tuple(range(1, g.ndim)), keepdims=True) if g.ndim > 1 else g


def centralize() -> GradientTransformationExtraArgs:
    """Return the transformation that takes from each row of an array its mean.

    Returns
    -------
    GradientTransformationExtraArgs
        Arrays of less than two axes pass unchanged.

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.centralize().update({"w": fnp.array([[1.0, 3.0], [2.0, 2.0]])}, ())[0]["w"]
    Array([[-1.,  1.],
           [ 0.,  0.]], dtype=float64)
    """
    return Leafwise("centralize", _centralize).pair
