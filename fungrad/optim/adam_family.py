"""Optimisers of the family of Adam."""

from __future__ import annotations

from typing import Any

from fungrad.optim.base import GradientTransformationExtraArgs, ScalarOrSchedule
from fungrad.optim.combining import chain
from fungrad.optim.moments import scale_by_adam, scale_by_adamax, scale_by_amsgrad, scale_by_radam
from fungrad.optim.relatives import scale_by_adan, scale_by_belief, scale_by_lion, scale_by_yogi
from fungrad.optim.scaling import scale_by_learning_rate
from fungrad.optim.weights import add_decayed_weights

__all__ = [
    "adabelief",
    "adam",
    "adamax",
    "adamaxw",
    "adamw",
    "adan",
    "amsgrad",
    "lion",
    "nadam",
    "nadamw",
    "radam",
    "yogi",
]


def adam(
    learning_rate: ScalarOrSchedule,
    b1: Any = 0.9,
    b2: Any = 0.999,
    eps: Any = 1e-8,
    eps_root: Any = 0.0,
    mu_dtype: Any = None,
    *,
    nesterov: bool = False,
) -> GradientTransformationExtraArgs:
    """Return Adam: steps by average gradients over the root of average squares.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    b1, b2, eps, eps_root, mu_dtype, nesterov
        See `scale_by_adam`.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.adam(0.1)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.1, dtype=float64)
    """
    return chain(
        scale_by_adam(b1, b2, eps, eps_root, mu_dtype, nesterov=nesterov),
        scale_by_learning_rate(learning_rate),
    )


def nadam(
    learning_rate: ScalarOrSchedule,
    b1: Any = 0.9,
    b2: Any = 0.999,
    eps: Any = 1e-8,
    eps_root: Any = 0.0,
    mu_dtype: Any = None,
    *,
    nesterov: bool = True,
) -> GradientTransformationExtraArgs:
    """Return NAdam: Adam that looks one step ahead, as Nesterov's momentum does.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    b1, b2, eps, eps_root, mu_dtype, nesterov
        See `scale_by_adam`.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.nadam(0.1)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.1474, dtype=float64)
    """
    return adam(learning_rate, b1, b2, eps, eps_root, mu_dtype, nesterov=nesterov)


def adamw(
    learning_rate: ScalarOrSchedule,
    b1: Any = 0.9,
    b2: Any = 0.999,
    eps: Any = 1e-8,
    eps_root: Any = 0.0,
    mu_dtype: Any = None,
    weight_decay: ScalarOrSchedule = 1e-4,
    mask: Any = None,
    *,
    nesterov: bool = False,
) -> GradientTransformationExtraArgs:
    """Return AdamW: Adam with weight decay beside the gradients, not in them.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    b1, b2, eps, eps_root, mu_dtype, nesterov
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
    >>> optimizer = optim.adamw(0.1, weight_decay=0.1)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.11, dtype=float64)
    """
    return chain(
        scale_by_adam(b1, b2, eps, eps_root, mu_dtype, nesterov=nesterov),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )


def nadamw(
    learning_rate: ScalarOrSchedule,
    b1: Any = 0.9,
    b2: Any = 0.999,
    eps: Any = 1e-8,
    eps_root: Any = 0.0,
    mu_dtype: Any = None,
    weight_decay: ScalarOrSchedule = 1e-4,
    mask: Any = None,
    *,
    nesterov: bool = True,
) -> GradientTransformationExtraArgs:
    """Return NAdamW: NAdam with weight decay beside the gradients.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    b1, b2, eps, eps_root, mu_dtype, nesterov
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
    >>> optimizer = optim.nadamw(0.1, weight_decay=0.1)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.1574, dtype=float64)
    """
    return adamw(
        learning_rate, b1, b2, eps, eps_root, mu_dtype, weight_decay, mask, nesterov=nesterov
    )


def adamax(
    learning_rate: ScalarOrSchedule,
    b1: Any = 0.9,
    b2: Any = 0.999,
    eps: Any = 1e-8,
) -> GradientTransformationExtraArgs:
    """Return Adamax: Adam with the largest gradient in place of the average square.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    b1, b2, eps
        See `scale_by_adamax`.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.adamax(0.1)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.1, dtype=float64)
    """
    return chain(scale_by_adamax(b1, b2, eps), scale_by_learning_rate(learning_rate))


def adamaxw(
    learning_rate: ScalarOrSchedule,
    b1: Any = 0.9,
    b2: Any = 0.999,
    eps: Any = 1e-8,
    weight_decay: ScalarOrSchedule = 1e-4,
    mask: Any = None,
) -> GradientTransformationExtraArgs:
    """Return Adamax with weight decay beside the gradients.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    b1, b2, eps
        See `scale_by_adamax`.
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
    >>> optimizer = optim.adamaxw(0.1, weight_decay=0.1)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.11, dtype=float64)
    """
    return chain(
        scale_by_adamax(b1, b2, eps),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )


def amsgrad(
    learning_rate: ScalarOrSchedule,
    b1: Any = 0.9,
    b2: Any = 0.999,
    eps: Any = 1e-8,
    eps_root: Any = 0.0,
    mu_dtype: Any = None,
    bias_correction_mu: bool = True,
    bias_correction_nu: bool = True,
) -> GradientTransformationExtraArgs:
    """Return AMSGrad: Adam with the largest average squares so far.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    b1, b2, eps, eps_root, mu_dtype, bias_correction_mu, bias_correction_nu
        See `scale_by_amsgrad`.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.amsgrad(0.1)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.1, dtype=float64)
    """
    return chain(
        scale_by_amsgrad(b1, b2, eps, eps_root, mu_dtype, bias_correction_mu, bias_correction_nu),
        scale_by_learning_rate(learning_rate),
    )


def radam(
    learning_rate: ScalarOrSchedule,
    b1: Any = 0.9,
    b2: Any = 0.999,
    eps: Any = 1e-8,
    eps_root: Any = 0.0,
    threshold: Any = 5.0,
    *,
    nesterov: bool = False,
) -> GradientTransformationExtraArgs:
    """Return RAdam: Adam that trusts its average squares step by step.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    b1, b2, eps, eps_root, threshold, nesterov
        See `scale_by_radam`.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.radam(0.1)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.5, dtype=float64)
    """
    return chain(
        scale_by_radam(b1, b2, eps, eps_root, threshold, nesterov=nesterov),
        scale_by_learning_rate(learning_rate),
    )


def adabelief(
    learning_rate: ScalarOrSchedule,
    b1: Any = 0.9,
    b2: Any = 0.999,
    eps: Any = 1e-16,
    eps_root: Any = 1e-16,
    *,
    nesterov: bool = False,
) -> GradientTransformationExtraArgs:
    """Return AdaBelief: small steps where gradients surprise.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    b1, b2, eps, eps_root, nesterov
        See `scale_by_belief`.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.adabelief(0.1)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.1111, dtype=float64)
    """
    return chain(
        scale_by_belief(b1, b2, eps, eps_root, nesterov=nesterov),
        scale_by_learning_rate(learning_rate),
    )


def yogi(
    learning_rate: ScalarOrSchedule,
    b1: Any = 0.9,
    b2: Any = 0.999,
    eps: Any = 1e-3,
) -> GradientTransformationExtraArgs:
    """Return Yogi: Adam whose average squares change by steady amounts.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    b1, b2, eps
        See `scale_by_yogi`.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.yogi(0.1)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.1, dtype=float64)
    """
    return chain(scale_by_yogi(b1, b2, eps), scale_by_learning_rate(learning_rate))


def adan(
    learning_rate: ScalarOrSchedule,
    b1: Any = 0.98,
    b2: Any = 0.92,
    b3: Any = 0.99,
    eps: Any = 1e-8,
    eps_root: Any = 1e-8,
    weight_decay: ScalarOrSchedule = 0.0,
    mask: Any = None,
) -> GradientTransformationExtraArgs:
    """Return Adan: Adam with the average change of the gradients.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    b1, b2, b3, eps, eps_root
        See `scale_by_adan`.
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
    >>> optimizer = optim.adan(0.1)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.1, dtype=float64)
    """
    return chain(
        scale_by_adan(b1, b2, b3, eps, eps_root),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )


def lion(
    learning_rate: ScalarOrSchedule,
    b1: Any = 0.9,
    b2: Any = 0.99,
    mu_dtype: Any = None,
    weight_decay: ScalarOrSchedule = 1e-3,
    mask: Any = None,
) -> GradientTransformationExtraArgs:
    """Return Lion: steps by the sign of the gradient mixed with its average.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    b1, b2, mu_dtype
        See `scale_by_lion`.
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
    >>> optimizer = optim.lion(0.1)
    >>> params = {"w": 1.0}
    >>> updates, state = optimizer.update({"w": 5.0}, optimizer.init(params), params)
    >>> updates["w"].round(4)
    Array(-0.1001, dtype=float64)
    """
    return chain(
        scale_by_lion(b1, b2, mu_dtype),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )
