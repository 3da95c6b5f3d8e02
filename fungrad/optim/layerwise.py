"""Transformations by the norms of whole arrays: of parameters, of updates."""

from __future__ import annotations

from typing import Any, NamedTuple

import fungrad.numpy as fnp
from fungrad import tree
from fungrad.errors import MissingParametersError
from fungrad.optim.base import (
    GradientTransformationExtraArgs,
    Leafwise,
    OptState,
    Params,
    Transformation,
    Updates,
    safe_increment,
    zero_count,
)
from fungrad.optim.norms import safe_norm, safe_root_mean_squares, sum_of_squares

__all__ = [
    "ScaleByNovogradState",
    "scale_by_novograd",
    "scale_by_param_block_norm",
    "scale_by_param_block_rms",
    "scale_by_trust_ratio",
]


def _times(g: Any, factor: Any) -> Any:
    """Multiply an array by a number in the dtype of the array."""
    return g * fnp.asarray(factor).astype(g.real.dtype)


def _by_block_norm(g: Any, p: Any, min_scale: Any) -> Any:
    return _times(g, safe_norm(p, min_scale))


def scale_by_param_block_norm(min_scale: Any = 1e-3) -> GradientTransformationExtraArgs:
    """Return the transformation that multiplies updates by the norm of their parameter.

    Parameters
    ----------
    min_scale : float
        The least factor.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> by_norm = optim.scale_by_param_block_norm()
    >>> by_norm.update({"w": 2.0}, optim.EmptyState(), {"w": 3.0})[0]
    {'w': Array(6., dtype=float64)}
    """
    return Leafwise("scale_by_param_block_norm", _by_block_norm, True, min_scale=min_scale).pair


def _by_block_rms(g: Any, p: Any, min_scale: Any) -> Any:
    return _times(g, safe_root_mean_squares(p, min_scale))


def scale_by_param_block_rms(min_scale: Any = 1e-3) -> GradientTransformationExtraArgs:
    """Return the transformation that multiplies updates by the mean size of their parameter.

    Parameters
    ----------
    min_scale : float
        The least factor.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> by_rms = optim.scale_by_param_block_rms()
    >>> by_rms.update({"w": 2.0}, optim.EmptyState(), {"w": 3.0})[0]
    {'w': Array(6., dtype=float64)}
    """
    return Leafwise("scale_by_param_block_rms", _by_block_rms, True, min_scale=min_scale).pair


def _by_trust(g: Any, p: Any, min_norm: Any, trust_coefficient: Any, eps: Any) -> Any:
    param_norm, update_norm = safe_norm(p, min_norm), safe_norm(g, min_norm)
    known = fnp.logical_and(param_norm != 0, update_norm != 0)
    ratio = trust_coefficient * param_norm / fnp.where(known, update_norm + eps, 1)
    return _times(g, fnp.where(known, ratio, 1))


def scale_by_trust_ratio(
    min_norm: Any = 0.0, trust_coefficient: Any = 1.0, eps: Any = 0.0
) -> GradientTransformationExtraArgs:
    """Return the transformation of LARS and LAMB: updates as large as their parameter.

    Parameters
    ----------
    min_norm : float
        The least norm, of parameters and updates.
    trust_coefficient : float
        The norm of the update over that of the parameter.
    eps : float
        Added to the norm of the update.

    Returns
    -------
    GradientTransformationExtraArgs
        Where either norm is zero, the update passes unchanged.

    Examples
    --------
    >>> from fungrad import optim
    >>> trust = optim.scale_by_trust_ratio()
    >>> trust.update({"w": fnp.array([0.0, 2.0])}, (), {"w": fnp.array([3.0, 4.0])})[0]
    {'w': Array([0., 5.], dtype=float64)}
    """
    return Leafwise(
        "scale_by_trust_ratio",
        _by_trust,
        True,
        min_norm=min_norm,
        trust_coefficient=trust_coefficient,
        eps=eps,
    ).pair


class ScaleByNovogradState(NamedTuple):
    """The state of `scale_by_novograd`: steps, average updates, an average square by array."""

    count: Any
    mu: Updates
    nu: Updates


class _Novograd(Transformation):
    def __init__(
        self, b1: Any, b2: Any, eps: Any, eps_root: Any, weight_decay: Any, mu_dtype: Any
    ) -> None:
        self.b1, self.b2 = b1, b2
        self.eps, self.eps_root = eps, eps_root
        self.weight_decay = weight_decay
        self.mu_dtype = mu_dtype

    def init(self, params: Params) -> OptState:
        mu = tree.map(lambda p: fnp.zeros_like(p, dtype=self.mu_dtype), params)
        nu = tree.map(lambda p: fnp.zeros((), fnp.asarray(p).real.dtype), params)
        return ScaleByNovogradState(zero_count(), mu, nu)

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        if params is None:
            raise MissingParametersError("scale_by_novograd")
        first = bool(state.count == 0)

        def average(g: Any, nu: Any) -> Any:
            square = fnp.asarray(sum_of_squares(g))
            return square if first else self.b2 * nu + (1 - self.b2) * square

        def move(g: Any, p: Any, mu: Any, nu: Any) -> Any:
            new = g / (fnp.sqrt(nu + self.eps_root) + self.eps) + self.weight_decay * p
            return (new if first else self.b1 * mu + new).astype(mu.dtype)

        nu = tree.map(average, updates, state.nu)
        mu = tree.map(move, tree.map(fnp.asarray, updates), params, state.mu, nu)
        return mu, ScaleByNovogradState(safe_increment(state.count), mu, nu)


def scale_by_novograd(
    b1: Any = 0.9,
    b2: Any = 0.25,
    eps: Any = 1e-8,
    eps_root: Any = 0.0,
    weight_decay: Any = 0.0,
    mu_dtype: Any = None,
) -> GradientTransformationExtraArgs:
    """Return the transformation of NovoGrad: gradients over the average norm of their array.

    Parameters
    ----------
    b1, b2 : float
        How much of the average update and of the average square stays at each step.
    eps, eps_root : float
        Added to the root, and under it.
    weight_decay : float
        The part of the parameters that is added.
    mu_dtype : dtype, optional
        That of the average updates; that of the parameters, when left out.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> novograd = optim.scale_by_novograd()
    >>> state = novograd.init({"w": 1.0})
    >>> novograd.update({"w": 5.0}, state, {"w": 1.0})[0]["w"].round(6)
    Array(1., dtype=float64)
    """
    return _Novograd(b1, b2, eps, eps_root, weight_decay, mu_dtype).pair
