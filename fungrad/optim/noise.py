"""Updates with noise."""

from __future__ import annotations

from typing import Any, NamedTuple

import fungrad.numpy as fnp
from fungrad import random, tree
from fungrad.errors import OptimizerArgumentError
from fungrad.optim.arithmetic import add_scale
from fungrad.optim.base import (
    GradientTransformationExtraArgs,
    OptState,
    Params,
    ScalarOrSchedule,
    Transformation,
    Updates,
    safe_increment,
    zero_count,
)
from fungrad.optim.combining import chain
from fungrad.optim.scaling import scale_by_learning_rate

__all__ = ["AddNoiseState", "add_noise", "noisy_sgd"]


class AddNoiseState(NamedTuple):
    """The state of `add_noise`: steps, and the key; each step draws by both."""

    count: Any
    rng_key: Any


class _AddNoise(Transformation):
    def __init__(self, eta: Any, gamma: Any, key: Any) -> None:
        self.eta = eta
        self.gamma = gamma
        self.key = key

    def init(self, params: Params) -> OptState:
        key = random.key(self.key) if isinstance(self.key, int) else self.key
        return AddNoiseState(zero_count(), key)

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        leaves, structure = tree.flatten(updates)
        count = safe_increment(state.count)
        step_key = random.fold_in(state.rng_key, count)
        noise = []
        for index, leaf in enumerate(map(fnp.asarray, leaves)):
            noise.append(random.normal(random.fold_in(step_key, index), leaf.shape, leaf.dtype))
        deviation = fnp.sqrt(self.eta / count**self.gamma)
        moved = add_scale(updates, deviation, structure.unflatten(noise))
        return moved, AddNoiseState(count, state.rng_key)


def add_noise(eta: Any, gamma: Any, key: Any = None) -> GradientTransformationExtraArgs:
    """Return the transformation that adds normal noise, less and less.

    Parameters
    ----------
    eta : float
        The variance at the first step.
    gamma : float
        How fast it falls: the variance at step t is ``eta / t**gamma``.
    key : Key or int
        The source of the noise.

    Returns
    -------
    GradientTransformationExtraArgs

    Raises
    ------
    OptimizerArgumentError
        Without a key.

    Examples
    --------
    >>> from fungrad import optim
    >>> from fungrad import random
    >>> noisy = optim.add_noise(0.01, 0.55, key=random.key(0))
    >>> updates, state = noisy.update({"w": fnp.zeros(2)}, noisy.init({"w": fnp.zeros(2)}))
    >>> updates["w"].shape
    (2,)
    """
    if key is None:
        raise OptimizerArgumentError(
            "add_noise", "noise comes from a key; pass key=random.key(0), or another number"
        )
    return _AddNoise(eta, gamma, key).pair


def noisy_sgd(
    learning_rate: ScalarOrSchedule, eta: Any = 0.01, gamma: Any = 0.55, key: Any = None
) -> GradientTransformationExtraArgs:
    """Return stochastic gradient descent with noise on the gradients.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    eta, gamma, key
        See `add_noise`.

    Returns
    -------
    GradientTransformationExtraArgs

    Raises
    ------
    OptimizerArgumentError
        Without a key.

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.noisy_sgd(0.1, key=0)
    >>> updates, state = optimizer.update({"w": 1.0}, optimizer.init({"w": 1.0}))
    >>> updates["w"].shape
    ()
    """
    return chain(add_noise(eta, gamma, key), scale_by_learning_rate(learning_rate))
