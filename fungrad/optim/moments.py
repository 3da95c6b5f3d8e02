"""Transformations by moving averages of the gradients and their squares: the family of Adam.

In the kernels, ``mu`` is the average of the gradients and ``nu`` that of their squares; ``b1`` and
``b2`` say how much of the old average stays, ``a1`` and ``a2`` how much of the gradient comes in.
Averages that start at zero are too small at first: ``scale`` and ``grow`` make up for it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from fungrad.errors import OptimizerArgumentError
from fungrad.optim.base import GradientTransformationExtraArgs, Updates
from fungrad.optim.elementwise import Elementwise

__all__ = [
    "ScaleByAdamState",
    "ScaleByAmsgradState",
    "scale_by_adam",
    "scale_by_adamax",
    "scale_by_amsgrad",
    "scale_by_radam",
]


class ScaleByAdamState(NamedTuple):
    """The state of `scale_by_adam` and its kin: steps, average gradients, average squares."""

    count: Any
    mu: Updates
    nu: Updates


class ScaleByAmsgradState(NamedTuple):
    """The state of `scale_by_amsgrad`: that of Adam, and the largest average squares so far."""

    count: Any
    mu: Updates
    nu: Updates
    nu_max: Updates


def abs_sq(x: Any) -> Any:
    """Return the squared absolute values."""
    return (x * x.conj()).real if x.dtype.kind == "c" else np.square(x)


def mean(g: Any, old: Any, a: Any, b: Any) -> Any:
    """Return a moving average one step on."""
    new = b * old
    if new.dtype != g.dtype:
        return new + a * g
    new += a * g  # in place where it is a NumPy array: fewer of them stay in the cache
    return new


def first_moment(count: Any, b1: Any, nesterov: bool) -> dict[str, Any]:
    """Return the numbers of the average gradient and of what is taken for it in this step."""
    t = count + 1
    here = 1 / (1 - b1**t)
    if not nesterov:
        return {"a1": 1 - b1, "b1": b1, "scale": here, "own": None}
    return {"a1": 1 - b1, "b1": b1, "scale": b1 / (1 - b1 ** (t + 1)), "own": (1 - b1) * here}


def estimate(g: Any, mu: Any, scale: Any, own: Any) -> Any:
    """Return the average gradient as this step takes it; see `first_moment`."""
    return scale * mu if own is None else scale * mu + own * g


def _zero_is_none(number: Any) -> Any:
    """Spare an addition where a setting is zero."""
    return None if isinstance(number, (int, float)) and number == 0 else number


# --- Adam ----------------------------------------------------------------------------------------


def _adam_numbers(
    count: Any, b1: Any, b2: Any, eps: Any, eps_root: Any, nesterov: bool
) -> dict[str, Any]:
    # mu / (sqrt(nu / share + eps_root) + eps), with the constants drawn together.
    share = 1 - b2 ** (count + 1)
    numbers = first_moment(count, b1, nesterov)
    root = share**0.5
    numbers["scale"] = numbers["scale"] * root
    if nesterov:
        numbers["own"] = numbers["own"] * root
    inside = _zero_is_none(eps_root)
    return {
        **numbers,
        "a2": 1 - b2,
        "b2": b2,
        "eps": eps * root,
        "eps_root": None if inside is None else inside * share,
    }


def _adam(
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
    eps: Any,
    eps_root: Any,
) -> Any:
    mu = mean(g, mu, a1, b1)
    nu = mean(abs_sq(g), nu, a2, b2)
    size = np.sqrt(nu if eps_root is None else nu + eps_root)
    size += eps
    return estimate(g, mu, scale, own) / size, mu, nu


def scale_by_adam(
    b1: Any = 0.9,
    b2: Any = 0.999,
    eps: Any = 1e-8,
    eps_root: Any = 0.0,
    mu_dtype: Any = None,
    *,
    nesterov: bool = False,
) -> GradientTransformationExtraArgs:
    """Return the transformation of Adam: average gradients over the root of average squares.

    Parameters
    ----------
    b1, b2 : float
        How much of the average gradient and of the average square stays at each step.
    eps : float
        Added to the root, which may be zero.
    eps_root : float
        Added under the root. It must not be zero to differentiate through steps with gradients
        that are zero.
    mu_dtype : dtype, optional
        That of the average gradients; that of the parameters, when left out.
    nesterov : bool
        Whether to look one step ahead (NAdam).

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> adam = optim.scale_by_adam()
    >>> updates, state = adam.update({"w": 5.0}, adam.init({"w": 1.0}))
    >>> updates["w"].round(6)
    Array(1., dtype=float64)
    """
    return Elementwise(
        "scale_by_adam",
        _adam,
        ScaleByAdamState,
        _adam_numbers,
        dtypes={"mu": mu_dtype},
        b1=b1,
        b2=b2,
        eps=eps,
        eps_root=eps_root,
        nesterov=nesterov,
    ).pair


def _amsgrad_numbers(
    count: Any, b1: Any, b2: Any, eps: Any, eps_root: Any, correct_mu: bool, correct_nu: bool
) -> dict[str, Any]:
    t = count + 1
    return {
        "a1": 1 - b1,
        "b1": b1,
        "a2": 1 - b2,
        "b2": b2,
        "scale": 1 / (1 - b1**t) if correct_mu else 1.0,
        "grow": 1 / (1 - b2**t) if correct_nu else 1.0,
        "eps": eps,
        "eps_root": eps_root,
    }


def _amsgrad(
    g: Any,
    mu: Any,
    nu: Any,
    nu_max: Any,
    *,
    a1: Any,
    b1: Any,
    a2: Any,
    b2: Any,
    scale: Any,
    grow: Any,
    eps: Any,
    eps_root: Any,
) -> Any:
    mu = mean(g, mu, a1, b1)
    nu = mean(abs_sq(g), nu, a2, b2)
    nu_max = np.maximum(nu_max, grow * nu)
    return scale * mu / (np.sqrt(nu_max + eps_root) + eps), mu, nu, nu_max


def scale_by_amsgrad(
    b1: Any = 0.9,
    b2: Any = 0.999,
    eps: Any = 1e-8,
    eps_root: Any = 0.0,
    mu_dtype: Any = None,
    bias_correction_mu: bool = True,
    bias_correction_nu: bool = True,
) -> GradientTransformationExtraArgs:
    """Return the transformation of AMSGrad: Adam with the largest average squares so far.

    Parameters
    ----------
    b1, b2, eps, eps_root, mu_dtype
        See `scale_by_adam`.
    bias_correction_mu, bias_correction_nu : bool
        Whether the averages are made up for starting at zero.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> amsgrad = optim.scale_by_amsgrad()
    >>> updates, state = amsgrad.update({"w": 5.0}, amsgrad.init({"w": 1.0}))
    >>> updates["w"].round(6)
    Array(1., dtype=float64)
    """
    return Elementwise(
        "scale_by_amsgrad",
        _amsgrad,
        ScaleByAmsgradState,
        _amsgrad_numbers,
        dtypes={"mu": mu_dtype},
        b1=b1,
        b2=b2,
        eps=eps,
        eps_root=eps_root,
        correct_mu=bias_correction_mu,
        correct_nu=bias_correction_nu,
    ).pair


def _adamax_numbers(count: Any, b1: Any, b2: Any, eps: Any) -> dict[str, Any]:
    scale = 1 / (1 - b1 ** (count + 1))
    return {"a1": 1 - b1, "b1": b1, "b2": b2, "scale": scale, "eps": eps}


def _adamax(g: Any, mu: Any, nu: Any, *, a1: Any, b1: Any, b2: Any, scale: Any, eps: Any) -> Any:
    mu = mean(g, mu, a1, b1)
    nu = np.maximum(np.abs(g) + eps, b2 * nu)
    return scale * mu / nu, mu, nu


def scale_by_adamax(
    b1: Any = 0.9, b2: Any = 0.999, eps: Any = 1e-8
) -> GradientTransformationExtraArgs:
    """Return the transformation of Adamax: Adam with the largest gradient in place of the average.

    Parameters
    ----------
    b1, b2, eps
        See `scale_by_adam`; `b2` is how much of the largest gradient stays.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> adamax = optim.scale_by_adamax()
    >>> updates, state = adamax.update({"w": 5.0}, adamax.init({"w": 1.0}))
    >>> updates["w"].round(6)
    Array(1., dtype=float64)
    """
    return Elementwise(
        "scale_by_adamax", _adamax, ScaleByAdamState, _adamax_numbers, b1=b1, b2=b2, eps=eps
    ).pair


def _radam_numbers(
    count: Any, b1: Any, b2: Any, eps: Any, eps_root: Any, threshold: Any, nesterov: bool
) -> dict[str, Any]:
    t = count + 1
    power = b2**t
    longest = 2 / (1 - b2) - 1  # how many gradients the average square is worth, in the end
    length = longest - 2 * t * power / (1 - power)  # and now
    numbers = {
        **first_moment(count, b1, nesterov),
        "a2": 1 - b2,
        "b2": b2,
        "grow": 1 / (1 - power),
        "rectified": None,
        "eps": eps,
        "eps_root": eps_root,
    }
    if length >= threshold:
        ratio = (length - 4) * (length - 2) * longest
        numbers["rectified"] = (ratio / ((longest - 4) * (longest - 2) * length)) ** 0.5
    return numbers


def _radam(
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
    rectified: Any,
    eps: Any,
    eps_root: Any,
) -> Any:
    mu = mean(g, mu, a1, b1)
    nu = mean(abs_sq(g), nu, a2, b2)
    update = estimate(g, mu, scale, own)
    if rectified is not None:
        update = rectified * update / (np.sqrt(grow * nu + eps_root) + eps)
    return update, mu, nu


def scale_by_radam(
    b1: Any = 0.9,
    b2: Any = 0.999,
    eps: Any = 1e-8,
    eps_root: Any = 0.0,
    threshold: Any = 5.0,
    *,
    nesterov: bool = False,
) -> GradientTransformationExtraArgs:
    """Return the transformation of rectified Adam, which trusts the average squares step by step.

    Parameters
    ----------
    b1, b2, eps, eps_root, nesterov
        See `scale_by_adam`.
    threshold : float
        How many gradients the average square must be worth to be used; more than four.

    Returns
    -------
    GradientTransformationExtraArgs

    Raises
    ------
    OptimizerArgumentError
        If the threshold is less than four.

    Examples
    --------
    >>> from fungrad import optim
    >>> radam = optim.scale_by_radam()
    >>> updates, state = radam.update({"w": 5.0}, radam.init({"w": 1.0}))
    >>> updates["w"]
    Array(5., dtype=float64)
    """
    if isinstance(threshold, (int, float)) and threshold < 4:
        raise OptimizerArgumentError(
            "scale_by_radam",
            f"threshold is {threshold}; the variance of the steps is known from 4 gradients on",
        )
    return Elementwise(
        "scale_by_radam",
        _radam,
        ScaleByAdamState,
        _radam_numbers,
        b1=b1,
        b2=b2,
        eps=eps,
        eps_root=eps_root,
        threshold=threshold,
        nesterov=nesterov,
    ).pair
