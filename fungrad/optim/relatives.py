"""Relatives of Adam that go their own way: by belief, by sign, by differences."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from fungrad.errors import OptimizerArgumentError
from fungrad.optim.base import GradientTransformationExtraArgs, Updates
from fungrad.optim.elementwise import Elementwise
from fungrad.optim.moments import ScaleByAdamState, abs_sq, estimate, first_moment, mean

__all__ = [
    "ScaleByAdanState",
    "ScaleByBeliefState",
    "ScaleByLionState",
    "scale_by_adan",
    "scale_by_belief",
    "scale_by_lion",
    "scale_by_yogi",
]


class ScaleByBeliefState(NamedTuple):
    """The state of `scale_by_belief`: steps, average gradients, average squared surprises."""

    count: Any
    mu: Updates
    nu: Updates


class ScaleByLionState(NamedTuple):
    """The state of `scale_by_lion`: steps and average gradients."""

    count: Any
    mu: Updates


class ScaleByAdanState(NamedTuple):
    """The state of `scale_by_adan`: averages, the last gradients, and the steps `t`."""

    m: Updates
    v: Updates
    n: Updates
    g: Updates
    t: Any


def _belief_numbers(
    count: Any, b1: Any, b2: Any, eps: Any, eps_root: Any, nesterov: bool
) -> dict[str, Any]:
    return {
        **first_moment(count, b1, nesterov),
        "a2": 1 - b2,
        "b2": b2,
        "grow": 1 / (1 - b2 ** (count + 1)),
        "eps": eps,
        "eps_root": eps_root,
    }


def _belief(
    g: Any,
    mu: Any,
    nu: Any,
    *,
    a1: Any,
    b1: Any,
    scale: Any,
    own: Any,
    a2: Any,
    b2: Any,
    grow: Any,
    eps: Any,
    eps_root: Any,
) -> Any:
    mu = mean(g, mu, a1, b1)
    nu = mean(abs_sq(g - mu), nu, a2, b2) + eps_root
    return estimate(g, mu, scale, own) / (np.sqrt(grow * nu) + eps), mu, nu


def scale_by_belief(
    b1: Any = 0.9,
    b2: Any = 0.999,
    eps: Any = 1e-16,
    eps_root: Any = 1e-16,
    *,
    nesterov: bool = False,
) -> GradientTransformationExtraArgs:
    """Return the transformation of AdaBelief: small steps where gradients surprise.

    Parameters
    ----------
    b1, b2, eps, eps_root, nesterov
        See `scale_by_adam`; the squares are those of the gradients less their average.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> belief = optim.scale_by_belief()
    >>> updates, state = belief.update({"w": 5.0}, belief.init({"w": 1.0}))
    >>> updates["w"].round(6)
    Array(1.111111, dtype=float64)
    """
    return Elementwise(
        "scale_by_belief",
        _belief,
        ScaleByBeliefState,
        _belief_numbers,
        b1=b1,
        b2=b2,
        eps=eps,
        eps_root=eps_root,
        nesterov=nesterov,
    ).pair


def _yogi(
    g: Any,
    mu: Any,
    nu: Any,
    *,
    a1: Any,
    b1: Any,
    scale: Any,
    own: Any,
    a2: Any,
    b2: Any,
    grow: Any,
    eps: Any,
    eps_root: Any,
) -> Any:
    square = abs_sq(g)
    mu = mean(g, mu, a1, b1)
    nu = nu - a2 * np.sign(nu - square) * square
    return scale * mu / (np.sqrt(grow * nu + eps_root) + eps), mu, nu


def scale_by_yogi(
    b1: Any = 0.9,
    b2: Any = 0.999,
    eps: Any = 1e-3,
    eps_root: Any = 0.0,
    initial_accumulator_value: Any = 1e-6,
) -> GradientTransformationExtraArgs:
    """Return the transformation of Yogi: Adam whose average squares change by steady amounts.

    Parameters
    ----------
    b1, b2, eps, eps_root
        See `scale_by_adam`.
    initial_accumulator_value : float
        What both averages start with.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> yogi = optim.scale_by_yogi()
    >>> updates, state = yogi.update({"w": 5.0}, yogi.init({"w": 1.0}))
    >>> updates["w"].round(3)
    Array(1., dtype=float64)
    """
    fill = {"mu": initial_accumulator_value, "nu": initial_accumulator_value}
    return Elementwise(
        "scale_by_yogi",
        _yogi,
        ScaleByAdamState,
        _belief_numbers,
        fill=fill,
        b1=b1,
        b2=b2,
        eps=eps,
        eps_root=eps_root,
        nesterov=False,
    ).pair


def _hard(x: Any, beta: Any) -> Any:
    return np.sign(x)


def _smooth(x: Any, beta: Any) -> Any:
    return np.tanh(beta * x)


def _refined(x: Any, beta: Any) -> Any:
    return np.where(np.abs(x) < 1, x, np.sign(x))


_LION_MODES = {"hard": _hard, "smooth": _smooth, "refined": _refined}


def _lion_numbers(count: Any, b1: Any, b2: Any, mode: str, beta: Any) -> dict[str, Any]:
    return {"a1": 1 - b1, "b1": b1, "a2": 1 - b2, "b2": b2, "mode": mode, "beta": beta}


def _lion(
    g: Any, mu: Any, *, a1: Any, b1: Any, a2: Any, b2: Any, mode: str, beta: Any
) -> tuple[Any, Any]:
    return _LION_MODES[mode](mean(g, mu, a1, b1), beta), mean(g, mu, a2, b2)


def scale_by_lion(
    b1: Any = 0.9,
    b2: Any = 0.99,
    mu_dtype: Any = None,
    *,
    mode: str = "hard",
    smooth_beta: Any = 1.0,
) -> GradientTransformationExtraArgs:
    """Return the transformation of Lion: the sign of the gradient mixed with its average.

    Parameters
    ----------
    b1 : float
        The share of the average gradient in the mixture.
    b2 : float
        How much of the average gradient stays at each step.
    mu_dtype : dtype, optional
        That of the average gradients; that of the parameters, when left out.
    mode : {"hard", "smooth", "refined"}
        The sign; ``tanh(smooth_beta * x)``; or the sign of what is larger than one.
    smooth_beta : float
        See `mode`.

    Returns
    -------
    GradientTransformationExtraArgs

    Raises
    ------
    OptimizerArgumentError
        If there is no such mode.

    Examples
    --------
    >>> from fungrad import optim
    >>> lion = optim.scale_by_lion()
    >>> updates, state = lion.update({"w": -5.0}, lion.init({"w": 1.0}))
    >>> updates["w"]
    Array(-1., dtype=float64)
    """
    if mode not in _LION_MODES:
        raise OptimizerArgumentError(
            "scale_by_lion", f"mode is one of {', '.join(map(repr, _LION_MODES))}, not {mode!r}"
        )
    return Elementwise(
        "scale_by_lion",
        _lion,
        ScaleByLionState,
        _lion_numbers,
        dtypes={"mu": mu_dtype},
        b1=b1,
        b2=b2,
        mode=mode,
        beta=smooth_beta,
    ).pair


def _adan_numbers(count: Any, b1: Any, b2: Any, b3: Any, eps: Any, eps_root: Any) -> dict[str, Any]:
    t = count + 1
    return {
        "a1": 1 - b1,
        "b1": b1,
        "a2": 1 - b2,
        "b2": b2,
        "a3": 1 - b3,
        "b3": b3,
        "scale_m": 1 / (1 - b1**t),
        "scale_v": (1 - b2) / (1 - b2**t),
        "grow": 1 / (1 - b3**t),
        "moving": 1 * (count > 0),
        "eps": eps,
        "eps_root": eps_root,
    }


def _adan(
    g: Any,
    m: Any,
    v: Any,
    n: Any,
    old: Any,
    *,
    a1: Any,
    b1: Any,
    a2: Any,
    b2: Any,
    a3: Any,
    b3: Any,
    scale_m: Any,
    scale_v: Any,
    grow: Any,
    moving: Any,
    eps: Any,
    eps_root: Any,
) -> Any:
    change = moving * (g - old)
    m = mean(g, m, a1, b1)
    v = mean(change, v, a2, b2)
    n = mean(abs_sq(g + a2 * change), n, a3, b3)
    update = (scale_m * m + scale_v * v) / (np.sqrt(grow * n + eps_root) + eps)
    return update, m, v, n, g


def scale_by_adan(
    b1: Any = 0.98, b2: Any = 0.92, b3: Any = 0.99, eps: Any = 1e-8, eps_root: Any = 0.0
) -> GradientTransformationExtraArgs:
    """Return the transformation of Adan: Adam with the average change of the gradients.

    Parameters
    ----------
    b1, b2, b3 : float
        How much of the average gradient, of the average change and of the average square stays at
        each step.
    eps, eps_root : float
        See `scale_by_adam`.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> adan = optim.scale_by_adan()
    >>> updates, state = adan.update({"w": 5.0}, adan.init({"w": 1.0}))
    >>> updates["w"].round(6)
    Array(1., dtype=float64)
    """
    return Elementwise(
        "scale_by_adan",
        _adan,
        ScaleByAdanState,
        _adan_numbers,
        counter="t",
        b1=b1,
        b2=b2,
        b3=b3,
        eps=eps,
        eps_root=eps_root,
    ).pair
