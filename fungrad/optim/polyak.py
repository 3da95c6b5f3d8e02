"""Steps whose length follows from how far the loss is above its minimum."""

from __future__ import annotations

from typing import Any

import numpy as np

import fungrad.numpy as fnp
from fungrad.errors import OptimizerArgumentError, UpdateArgumentError
from fungrad.optim.base import (
    EmptyState,
    GradientTransformationExtraArgs,
    OptState,
    Params,
    Transformation,
    Updates,
)
from fungrad.optim.norms import global_norm
from fungrad.optim.scaling import scale

__all__ = ["scale_by_polyak"]

_EPSILON = float(np.finfo(float).eps)


class _Polyak(Transformation):
    def __init__(self, f_min: Any, max_learning_rate: Any, eps: Any, variant: str) -> None:
        self.f_min = f_min
        self.max_learning_rate = max_learning_rate
        self.eps = eps
        self.variant = variant

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        if "value" not in extra:
            raise UpdateArgumentError(
                "scale_by_polyak", "it needs the loss at the parameters", ", value=value"
            )
        gap = extra["value"] - self.f_min
        if self.variant == "sps+":
            gap = fnp.maximum(gap, 0)
        square = global_norm(updates) ** 2 + self.eps
        moves = square > _EPSILON
        step = fnp.minimum(gap / fnp.where(moves, square, 1), self.max_learning_rate)
        updates, _ = scale(fnp.where(moves, step, 0)).update(updates, EmptyState())
        return updates, state


def scale_by_polyak(
    f_min: Any = 0.0, max_learning_rate: Any = 1.0, eps: Any = 0.0, variant: str = "sps"
) -> GradientTransformationExtraArgs:
    """Return the transformation of Polyak's steps: as long as a linear loss would need to f_min.

    Its update needs the loss at the parameters, ``value=``.

    Parameters
    ----------
    f_min : float
        The least loss.
    max_learning_rate : float
        The largest factor of the updates.
    eps : float
        Added to the square of the norm of the updates.
    variant : {"sps", "sps+"}
        With ``"sps+"`` there is no step back where the loss is below `f_min`.

    Returns
    -------
    GradientTransformationExtraArgs

    Raises
    ------
    OptimizerArgumentError
        If there is no such variant.
    UpdateArgumentError
        By update, without the value.

    Examples
    --------
    >>> from fungrad import optim
    >>> polyak = optim.scale_by_polyak()
    >>> polyak.update({"w": 2.0}, polyak.init({"w": 1.0}), value=1.0)[0]
    {'w': Array(0.5, dtype=float64)}
    """
    if variant not in ("sps", "sps+"):
        raise OptimizerArgumentError(
            "scale_by_polyak", f"variant is 'sps' or 'sps+', not {variant!r}"
        )
    return _Polyak(f_min, max_learning_rate, eps, variant).pair
