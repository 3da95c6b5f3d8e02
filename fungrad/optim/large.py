"""Optimisers for large batches and large models: steps by array, states by row and column."""

from __future__ import annotations

import functools
from typing import Any

from fungrad.optim.base import GradientTransformationExtraArgs, ScalarOrSchedule, Schedule
from fungrad.optim.clipping import clip_by_block_rms
from fungrad.optim.combining import chain
from fungrad.optim.factored import scale_by_factored_rms, scale_by_sm3
from fungrad.optim.layerwise import (
    scale_by_novograd,
    scale_by_param_block_rms,
    scale_by_trust_ratio,
)
from fungrad.optim.masking import masked
from fungrad.optim.moments import scale_by_adam
from fungrad.optim.momentum import ema, trace
from fungrad.optim.scaling import scale, scale_by_learning_rate
from fungrad.optim.weights import add_decayed_weights

__all__ = [
    "adafactor",
    "fromage",
    "lamb",
    "lars",
    "novograd",
    "sm3",
]


def lamb(
    learning_rate: ScalarOrSchedule,
    b1: Any = 0.9,
    b2: Any = 0.999,
    eps: Any = 1e-6,
    eps_root: Any = 0.0,
    weight_decay: ScalarOrSchedule = 0.0,
    mask: Any = None,
) -> GradientTransformationExtraArgs:
    """Return LAMB: Adam with steps in proportion to each array, for large batches.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    b1, b2, eps, eps_root
        See `scale_by_adam`.
    weight_decay : float or callable
        The part of the parameters that is taken off at each step, times the learning rate.
    mask : tree or callable, optional
        Which parameters decay; see `add_decayed_weights`.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.lamb(0.1)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.1, dtype=float64)
    """
    return chain(
        scale_by_adam(b1, b2, eps, eps_root),
        add_decayed_weights(weight_decay, mask),
        scale_by_trust_ratio(),
        scale_by_learning_rate(learning_rate),
    )


def lars(
    learning_rate: ScalarOrSchedule,
    weight_decay: ScalarOrSchedule = 0.0,
    weight_decay_mask: Any = True,
    trust_coefficient: Any = 0.001,
    eps: Any = 0.0,
    trust_ratio_mask: Any = True,
    momentum: Any = 0.9,
    nesterov: bool = False,
) -> GradientTransformationExtraArgs:
    """Return LARS: descent with steps in proportion to each array, for large batches.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    weight_decay, weight_decay_mask
        See `add_decayed_weights`.
    trust_coefficient, eps
        See `scale_by_trust_ratio`.
    trust_ratio_mask : bool, tree or callable
        Which arrays have steps in proportion; see `masked`.
    momentum, nesterov
        See `sgd`.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.lars(0.1)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.0001, dtype=float64)
    """
    trust = scale_by_trust_ratio(trust_coefficient=trust_coefficient, eps=eps)
    return chain(
        add_decayed_weights(weight_decay, weight_decay_mask),
        masked(trust, trust_ratio_mask),
        scale_by_learning_rate(learning_rate),
        trace(momentum, nesterov),
    )


def novograd(
    learning_rate: ScalarOrSchedule,
    b1: Any = 0.9,
    b2: Any = 0.25,
    eps: Any = 1e-6,
    eps_root: Any = 0.0,
    weight_decay: Any = 0.0,
) -> GradientTransformationExtraArgs:
    """Return NovoGrad: gradients over the average norm of their array.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    b1, b2, eps, eps_root, weight_decay
        See `scale_by_novograd`.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.novograd(0.1)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.1, dtype=float64)
    """
    return chain(
        scale_by_novograd(b1, b2, eps, eps_root, weight_decay),
        scale_by_learning_rate(learning_rate),
    )


def _shrink(learning_rate: Any) -> Any:
    return 1 / (1 + learning_rate**2) ** 0.5


def _shrunk_rate(count: Any, schedule: Schedule) -> Any:
    return schedule(count) * _shrink(schedule(count))


def _shrink_rate(count: Any, schedule: Schedule) -> Any:
    return _shrink(schedule(count)) - 1


def fromage(
    learning_rate: ScalarOrSchedule,
    min_norm: Any = 1e-6,
) -> GradientTransformationExtraArgs:
    """Return Fromage: steps that turn each array by a fixed angle.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    min_norm : float
        The least norm that counts.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.fromage(0.1)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.1045, dtype=float64)
    """
    if callable(learning_rate):
        shrunk = functools.partial(_shrunk_rate, schedule=learning_rate)
        shrink = functools.partial(_shrink_rate, schedule=learning_rate)
    else:
        shrunk = learning_rate * _shrink(learning_rate)
        shrink = _shrink(learning_rate) - 1
    return chain(
        scale_by_trust_ratio(min_norm),
        scale_by_learning_rate(shrunk),
        add_decayed_weights(shrink),
    )


def adafactor(
    learning_rate: ScalarOrSchedule = None,
    min_dim_size_to_factor: int = 128,
    decay_rate: Any = 0.8,
    decay_offset: Any = 0,
    multiply_by_parameter_scale: bool = True,
    clipping_threshold: Any = 1.0,
    momentum: Any = None,
    dtype_momentum: Any = None,
    weight_decay_rate: ScalarOrSchedule = None,
    eps: Any = 1e-30,
    factored: bool = True,
    weight_decay_mask: Any = None,
) -> GradientTransformationExtraArgs:
    """Return Adafactor: RMSProp that remembers rows and columns only.

    Parameters
    ----------
    learning_rate : float or callable, optional
        A number, or a schedule; 1, when left out.
    min_dim_size_to_factor, decay_rate, decay_offset, eps, factored
        See `scale_by_factored_rms`, where `decay_offset` is ``step_offset``.
    multiply_by_parameter_scale : bool
        Whether steps are in proportion to the size of each array.
    clipping_threshold : float, optional
        The largest size of the updates of an array; see `clip_by_block_rms`.
    momentum : float, optional
        How much of an average of the updates stays at each step; no average, when left out.
    dtype_momentum : dtype, optional
        That of the average; that of the parameters, when left out.
    weight_decay_rate : float or callable, optional
        The part of the parameters that is taken off at each step.
    weight_decay_mask : tree or callable, optional
        Which parameters decay; see `add_decayed_weights`.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.adafactor(0.1)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.1, dtype=float64)
    """
    parts = [scale_by_factored_rms(factored, decay_rate, decay_offset, min_dim_size_to_factor, eps)]
    if clipping_threshold is not None:
        parts.append(clip_by_block_rms(clipping_threshold))
    if learning_rate is not None:
        parts.append(scale_by_learning_rate(learning_rate, flip_sign=False))
    if multiply_by_parameter_scale:
        parts.append(scale_by_param_block_rms())
    if momentum is not None:
        parts.append(ema(momentum, debias=False, accumulator_dtype=dtype_momentum))
    if weight_decay_rate is not None:
        parts.append(add_decayed_weights(weight_decay_rate, weight_decay_mask))
    return chain(*parts, scale(-1))


def sm3(
    learning_rate: Any,
    momentum: Any = 0.9,
) -> GradientTransformationExtraArgs:
    """Return SM3: AdaGrad that remembers one number for each row and column.

    Parameters
    ----------
    learning_rate : float
        A number.
    momentum : float
        How much of the average update stays at each step.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.sm3(0.1)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.01, dtype=float64)
    """
    return chain(scale_by_sm3(momentum), scale(-learning_rate))
