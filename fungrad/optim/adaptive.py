"""Transformations by the size of single gradients so far: AdaGrad, RMSProp, Adadelta, Rprop."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from fungrad.optim.base import GradientTransformationExtraArgs, Updates
from fungrad.optim.elementwise import Elementwise
from fungrad.optim.moments import abs_sq, mean

__all__ = [
    "ScaleByAdaDeltaState",
    "ScaleByRStdDevState",
    "ScaleByRStdDevWithCountState",
    "ScaleByRmsState",
    "ScaleByRmsWithCountState",
    "ScaleByRpropState",
    "ScaleByRssState",
    "scale_by_adadelta",
    "scale_by_rms",
    "scale_by_rprop",
    "scale_by_rss",
    "scale_by_stddev",
]


class ScaleByRssState(NamedTuple):
    """The state of `scale_by_rss`: sums of squares."""

    sum_of_squares: Updates


class ScaleByRmsState(NamedTuple):
    """The state of `scale_by_rms`: average squares."""

    nu: Updates


class ScaleByRmsWithCountState(NamedTuple):
    """The state of `scale_by_rms` with `bias_correction`: steps, and average squares."""

    count: Any
    nu: Updates


class ScaleByRStdDevState(NamedTuple):
    """The state of `scale_by_stddev`: average gradients, and average squares."""

    mu: Updates
    nu: Updates


class ScaleByRStdDevWithCountState(NamedTuple):
    """The state of `scale_by_stddev` with `bias_correction`."""

    count: Any
    mu: Updates
    nu: Updates


class ScaleByAdaDeltaState(NamedTuple):
    """The state of `scale_by_adadelta`: average squares of the gradients and of the updates."""

    e_g: Updates
    e_x: Updates


class ScaleByRpropState(NamedTuple):
    """The state of `scale_by_rprop`: the size of each step, and the last updates."""

    step_sizes: Updates
    prev_updates: Updates


def _rss(g: Any, total: Any, *, eps: Any) -> tuple[Any, Any]:
    total = total + abs_sq(g)
    # Where the sum is zero, so is the gradient: any divisor will do.
    return g / np.sqrt(np.where(total == 0, 1, total + eps)), total


def scale_by_rss(
    initial_accumulator_value: Any = 0.1, eps: Any = 1e-7
) -> GradientTransformationExtraArgs:
    """Return the transformation of AdaGrad: gradients over the root of the sum of their squares.

    Parameters
    ----------
    initial_accumulator_value : float
        What the sum starts with.
    eps : float
        Added under the root.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> adagrad = optim.scale_by_rss()
    >>> adagrad.update({"w": 5.0}, adagrad.init({"w": 1.0}))[0]["w"].round(3)
    Array(0.998, dtype=float64)
    """
    fill = {"sum_of_squares": initial_accumulator_value}
    return Elementwise("scale_by_rss", _rss, ScaleByRssState, fill=fill, eps=eps).pair


def _average_numbers(
    decay: Any, eps: Any, eps_in_sqrt: bool, bias_correction: bool, count: Any = None
) -> dict[str, Any]:
    grow = 1 / (1 - decay ** (count + 1)) if bias_correction else None
    return {"a": 1 - decay, "b": decay, "grow": grow, "eps": eps, "eps_in_sqrt": eps_in_sqrt}


def _over_root(g: Any, square: Any, eps: Any, eps_in_sqrt: bool) -> Any:
    return g / (np.sqrt(square + eps) if eps_in_sqrt else np.sqrt(square) + eps)


def _rms(
    g: Any, nu: Any, *, a: Any, b: Any, grow: Any, eps: Any, eps_in_sqrt: bool
) -> tuple[Any, Any]:
    nu = mean(abs_sq(g), nu, a, b)
    return _over_root(g, nu if grow is None else grow * nu, eps, eps_in_sqrt), nu


def scale_by_rms(
    decay: Any = 0.9,
    eps: Any = 1e-8,
    initial_scale: Any = 0.0,
    eps_in_sqrt: bool = True,
    bias_correction: bool = False,
) -> GradientTransformationExtraArgs:
    """Return the transformation of RMSProp: gradients over the root of their average squares.

    Parameters
    ----------
    decay : float
        How much of the average square stays at each step.
    eps : float
        Added under the root, or with ``eps_in_sqrt=False`` to the root, as PyTorch does.
    initial_scale : float
        What the average starts with.
    eps_in_sqrt : bool
        See `eps`.
    bias_correction : bool
        Whether to make up for the start at zero.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> rms = optim.scale_by_rms()
    >>> rms.update({"w": 5.0}, rms.init({"w": 1.0}))[0]["w"].round(3)
    Array(3.162, dtype=float64)
    """
    return Elementwise(
        "scale_by_rms",
        _rms,
        ScaleByRmsWithCountState if bias_correction else ScaleByRmsState,
        _average_numbers,
        fill={"nu": initial_scale},
        decay=decay,
        eps=eps,
        eps_in_sqrt=eps_in_sqrt,
        bias_correction=bias_correction,
    ).pair


def _stddev(
    g: Any, mu: Any, nu: Any, *, a: Any, b: Any, grow: Any, eps: Any, eps_in_sqrt: bool
) -> tuple[Any, Any, Any]:
    mu = mean(g, mu, a, b)
    nu = mean(abs_sq(g), nu, a, b)
    here, square = (mu, nu) if grow is None else (grow * mu, grow * nu)
    return _over_root(g, square - abs_sq(here), eps, eps_in_sqrt), mu, nu


def scale_by_stddev(
    decay: Any = 0.9,
    eps: Any = 1e-8,
    initial_scale: Any = 0.0,
    eps_in_sqrt: bool = True,
    bias_correction: bool = False,
) -> GradientTransformationExtraArgs:
    """Return the transformation of centred RMSProp: gradients over their standard deviation.

    Parameters
    ----------
    decay, eps, initial_scale, eps_in_sqrt, bias_correction
        See `scale_by_rms`.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> stddev = optim.scale_by_stddev()
    >>> stddev.update({"w": 5.0}, stddev.init({"w": 1.0}))[0]["w"].round(3)
    Array(3.333, dtype=float64)
    """
    return Elementwise(
        "scale_by_stddev",
        _stddev,
        ScaleByRStdDevWithCountState if bias_correction else ScaleByRStdDevState,
        _average_numbers,
        fill={"nu": initial_scale},
        decay=decay,
        eps=eps,
        eps_in_sqrt=eps_in_sqrt,
        bias_correction=bias_correction,
    ).pair


def _adadelta_numbers(rho: Any, eps: Any) -> dict[str, Any]:
    return {"a": 1 - rho, "b": rho, "eps": eps}


def _adadelta(g: Any, e_g: Any, e_x: Any, *, a: Any, b: Any, eps: Any) -> tuple[Any, Any, Any]:
    e_g = mean(abs_sq(g), e_g, a, b)
    update = np.sqrt(e_x + eps) / np.sqrt(e_g + eps) * g
    return update, e_g, mean(abs_sq(update), e_x, a, b)


def scale_by_adadelta(rho: Any = 0.9, eps: Any = 1e-6) -> GradientTransformationExtraArgs:
    """Return the transformation of Adadelta: steps as large as the last ones were.

    Parameters
    ----------
    rho : float
        How much of the average squares stays at each step.
    eps : float
        Added under the roots.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> adadelta = optim.scale_by_adadelta()
    >>> adadelta.update({"w": 5.0}, adadelta.init({"w": 1.0}))[0]["w"].round(4)
    Array(0.0032, dtype=float64)
    """
    return Elementwise(
        "scale_by_adadelta", _adadelta, ScaleByAdaDeltaState, _adadelta_numbers, rho=rho, eps=eps
    ).pair


def _rprop(
    g: Any,
    step: Any,
    previous: Any,
    *,
    eta_minus: Any,
    eta_plus: Any,
    min_step_size: Any,
    max_step_size: Any,
) -> tuple[Any, Any, Any]:
    agreement = g * previous
    factor = np.where(agreement > 0, eta_plus, eta_minus).astype(step.dtype)
    moved = np.minimum(np.maximum(step * factor, min_step_size), max_step_size)
    step = np.where(agreement == 0, step, moved)
    update = np.where(agreement < 0, 0, step * np.sign(g))
    return update, step, update


def scale_by_rprop(
    learning_rate: Any,
    eta_minus: Any = 0.5,
    eta_plus: Any = 1.2,
    min_step_size: Any = 1e-6,
    max_step_size: Any = 50.0,
) -> GradientTransformationExtraArgs:
    """Return the transformation of Rprop: steps that grow while the sign of the gradient stays.

    Parameters
    ----------
    learning_rate : float
        The size of the first steps.
    eta_minus, eta_plus : float
        Factors of the size where the sign changes and where it stays.
    min_step_size, max_step_size : float
        Bounds of the size.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> rprop = optim.scale_by_rprop(0.1)
    >>> updates, state = rprop.update({"w": 5.0}, rprop.init({"w": 1.0}))
    >>> rprop.update({"w": 3.0}, state)[0]
    {'w': Array(0.12, dtype=float64)}
    """
    return Elementwise(
        "scale_by_rprop",
        _rprop,
        ScaleByRpropState,
        fill={"step_sizes": learning_rate},
        eta_minus=eta_minus,
        eta_plus=eta_plus,
        min_step_size=min_step_size,
        max_step_size=max_step_size,
    ).pair
