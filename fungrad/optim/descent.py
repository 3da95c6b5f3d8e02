"""Gradient descent, with momentum, by signs, by the size of gradients so far."""

from __future__ import annotations

from typing import Any

from fungrad.optim.adaptive import (
    scale_by_adadelta,
    scale_by_rms,
    scale_by_rprop,
    scale_by_rss,
    scale_by_stddev,
)
from fungrad.optim.base import GradientTransformationExtraArgs, ScalarOrSchedule, identity
from fungrad.optim.combining import chain
from fungrad.optim.moments import scale_by_adam
from fungrad.optim.momentum import ema, scale_by_optimistic_gradient, trace
from fungrad.optim.polyak import scale_by_polyak
from fungrad.optim.scaling import scale, scale_by_learning_rate, scale_by_sign
from fungrad.optim.weights import add_decayed_weights

__all__ = [
    "adadelta",
    "adagrad",
    "optimistic_adam_v2",
    "optimistic_gradient_descent",
    "polyak_sgd",
    "rmsprop",
    "rprop",
    "sgd",
    "sign_sgd",
    "signum",
]


def sgd(
    learning_rate: ScalarOrSchedule,
    momentum: Any = None,
    nesterov: bool = False,
    accumulator_dtype: Any = None,
) -> GradientTransformationExtraArgs:
    """Return stochastic gradient descent, with or without momentum.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    momentum : float, optional
        How much of the last step is taken again; 0.9 for instance.
    nesterov : bool
        Whether to look one step ahead.
    accumulator_dtype : dtype, optional
        That of the momentum; that of the parameters, when left out.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.sgd(0.1, momentum=0.9)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.5, dtype=float64)
    """
    before = identity() if momentum is None else trace(momentum, nesterov, accumulator_dtype)
    return chain(before, scale_by_learning_rate(learning_rate))


def sign_sgd(
    learning_rate: ScalarOrSchedule,
) -> GradientTransformationExtraArgs:
    """Return descent by the signs of the gradients.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.sign_sgd(0.1)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.1, dtype=float64)
    """
    return chain(scale_by_sign(), scale_by_learning_rate(learning_rate))


def signum(
    learning_rate: ScalarOrSchedule,
    beta: Any = 0.9,
    accumulator_dtype: Any = None,
) -> GradientTransformationExtraArgs:
    """Return descent by the signs of the average gradients.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    beta : float
        How much of the average stays at each step.
    accumulator_dtype : dtype, optional
        That of the average; that of the parameters, when left out.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.signum(0.1)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.1, dtype=float64)
    """
    return chain(
        ema(beta, debias=False, accumulator_dtype=accumulator_dtype),
        scale_by_sign(),
        scale_by_learning_rate(learning_rate),
    )


def rprop(
    learning_rate: Any,
    eta_minus: Any = 0.5,
    eta_plus: Any = 1.2,
    min_step_size: Any = 1e-6,
    max_step_size: Any = 50.0,
) -> GradientTransformationExtraArgs:
    """Return Rprop, for gradients without noise: steps that grow while their sign stays.

    Parameters
    ----------
    learning_rate : float
        The size of the first steps.
    eta_minus, eta_plus, min_step_size, max_step_size
        See `scale_by_rprop`.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.rprop(0.1)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.1, dtype=float64)
    """
    steps = scale_by_rprop(learning_rate, eta_minus, eta_plus, min_step_size, max_step_size)
    return chain(steps, scale(-1.0))


def optimistic_gradient_descent(
    learning_rate: ScalarOrSchedule,
    alpha: Any = 1.0,
    beta: Any = 1.0,
) -> GradientTransformationExtraArgs:
    """Return descent that extrapolates from the last gradient and this one, for games.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    alpha, beta
        See `scale_by_optimistic_gradient`.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.optimistic_gradient_descent(0.1)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.5, dtype=float64)
    """
    return chain(scale_by_optimistic_gradient(alpha, beta), scale_by_learning_rate(learning_rate))


def optimistic_adam_v2(
    learning_rate: ScalarOrSchedule,
    *,
    alpha: Any = 1.0,
    beta: Any = 1.0,
    b1: Any = 0.9,
    b2: Any = 0.999,
    eps: Any = 1e-8,
    eps_root: Any = 0.0,
    mu_dtype: Any = None,
    nesterov: bool = True,
) -> GradientTransformationExtraArgs:
    """Return Adam that extrapolates from its last step and this one, for games.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    alpha, beta
        See `scale_by_optimistic_gradient`.
    b1, b2, eps, eps_root, mu_dtype, nesterov
        See `scale_by_adam`.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.optimistic_adam_v2(0.1)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.1474, dtype=float64)
    """
    return chain(
        scale_by_adam(b1, b2, eps, eps_root, mu_dtype, nesterov=nesterov),
        scale_by_optimistic_gradient(alpha, beta),
        scale_by_learning_rate(learning_rate),
    )


def polyak_sgd(
    max_learning_rate: Any = 1.0,
    scaling: ScalarOrSchedule = 1.0,
    f_min: Any = 0.0,
    eps: Any = 0.0,
    variant: str = "sps",
) -> GradientTransformationExtraArgs:
    """Return descent with steps by Polyak's rule; update needs the loss, ``value=``.

    Parameters
    ----------
    max_learning_rate : float
        The largest learning rate.
    scaling : float or callable
        A factor of the steps: a number, or a schedule.
    f_min, eps, variant
        See `scale_by_polyak`.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> loss = lambda w: w**2
    >>> optimizer = optim.polyak_sgd()
    >>> value, gradient = fg.value_and_grad(loss)(1.0)
    >>> optimizer.update(gradient, optimizer.init(1.0), 1.0, value=value)[0]
    Array(-0.5, dtype=float64)
    """
    return chain(sgd(scaling), scale_by_polyak(f_min, max_learning_rate, eps, variant))


def adagrad(
    learning_rate: ScalarOrSchedule,
    initial_accumulator_value: Any = 0.1,
    eps: Any = 1e-7,
) -> GradientTransformationExtraArgs:
    """Return AdaGrad: steps over the root of the sum of all squares.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    initial_accumulator_value, eps
        See `scale_by_rss`.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.adagrad(0.1)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.0998, dtype=float64)
    """
    return chain(
        scale_by_rss(initial_accumulator_value, eps), scale_by_learning_rate(learning_rate)
    )


def rmsprop(
    learning_rate: ScalarOrSchedule,
    decay: Any = 0.9,
    eps: Any = 1e-8,
    initial_scale: Any = 0.0,
    eps_in_sqrt: bool = True,
    centered: bool = False,
    momentum: Any = None,
    nesterov: bool = False,
    bias_correction: bool = False,
) -> GradientTransformationExtraArgs:
    """Return RMSProp: steps over the root of average squares.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    decay, eps, initial_scale, eps_in_sqrt, bias_correction
        See `scale_by_rms`. PyTorch has ``decay=0.99, eps_in_sqrt=False``.
    centered : bool
        Whether to take the standard deviation in place of the root.
    momentum, nesterov
        See `sgd`.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.rmsprop(0.1)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.3162, dtype=float64)
    """
    scale_by_size = scale_by_stddev if centered else scale_by_rms
    return chain(
        scale_by_size(decay, eps, initial_scale, eps_in_sqrt, bias_correction),
        scale_by_learning_rate(learning_rate),
        identity() if momentum is None else trace(momentum, nesterov),
    )


def adadelta(
    learning_rate: ScalarOrSchedule = None,
    rho: Any = 0.9,
    eps: Any = 1e-6,
    weight_decay: ScalarOrSchedule = 0.0,
    weight_decay_mask: Any = None,
) -> GradientTransformationExtraArgs:
    """Return Adadelta: steps as large as the last ones were.

    Parameters
    ----------
    learning_rate : float or callable, optional
        A number, or a schedule. Without one the steps are *added*: it comes with its sign.
    rho, eps
        See `scale_by_adadelta`.
    weight_decay, weight_decay_mask
        See `add_decayed_weights`.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.adadelta(1.0)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.0032, dtype=float64)
    """
    return chain(
        add_decayed_weights(weight_decay, weight_decay_mask),
        scale_by_adadelta(rho, eps),
        scale_by_learning_rate(learning_rate),
    )
