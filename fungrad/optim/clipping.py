"""Updates kept within bounds."""

from __future__ import annotations

from typing import Any

import numpy as np

import fungrad.numpy as fnp
from fungrad import tree
from fungrad.errors import OptimizerArgumentError, describe
from fungrad.optim.base import GradientTransformationExtraArgs, Leafwise, Updates
from fungrad.optim.elementwise import Elementwise
from fungrad.optim.moments import abs_sq
from fungrad.optim.norms import global_norm, safe_root_mean_squares
from fungrad.transforms.vmap import vmap

__all__ = [
    "adaptive_grad_clip",
    "clip",
    "clip_by_block_rms",
    "clip_by_global_norm",
    "normalize_by_update_norm",
    "per_example_global_norm_clip",
    "unitwise_clip",
    "unitwise_norm",
]


def _clip(g: Any, *, max_delta: Any) -> Any:
    return np.minimum(np.maximum(g, -max_delta), max_delta)


def clip(max_delta: Any) -> GradientTransformationExtraArgs:
    """Return the transformation that keeps each element between two bounds.

    Parameters
    ----------
    max_delta : float
        The upper bound, and minus the lower one.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.clip(1.0).update({"w": fnp.array([0.5, -3.0])}, optim.EmptyState())[0]
    {'w': Array([ 0.5, -1. ], dtype=float64)}
    """
    return Elementwise("clip", _clip, max_delta=max_delta).pair


def _factor(g: Any, *, factor: Any) -> Any:
    return g if factor is None else factor * g


def _clip_numbers(max_norm: Any, updates: Updates) -> dict[str, Any]:
    norm = global_norm(updates)
    return {"factor": None if norm < max_norm else max_norm / norm}


def clip_by_global_norm(max_norm: Any) -> GradientTransformationExtraArgs:
    """Return the transformation that shortens the updates, all by one factor, to a largest norm.

    Parameters
    ----------
    max_norm : float
        The largest norm of all updates together.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> clip = optim.clip_by_global_norm(1.0)
    >>> clip.update({"w": 3.0, "b": 4.0}, optim.EmptyState())[0]
    {'w': Array(0.6, dtype=float64), 'b': Array(0.8, dtype=float64)}
    """
    return Elementwise(
        "clip_by_global_norm", _factor, numbers=_clip_numbers, survey=True, max_norm=max_norm
    ).pair


def _normalize_numbers(scale_factor: Any, eps: Any, updates: Updates) -> dict[str, Any]:
    return {"factor": scale_factor / (global_norm(updates) + eps)}


def normalize_by_update_norm(
    scale_factor: Any = 1.0, eps: Any = 1e-6
) -> GradientTransformationExtraArgs:
    """Return the transformation that gives all updates together a fixed norm.

    Parameters
    ----------
    scale_factor : float
        The norm.
    eps : float
        Added to the norm of the updates, which may be zero.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> normalize = optim.normalize_by_update_norm(eps=0.0)
    >>> normalize.update({"w": 3.0, "b": 4.0}, optim.EmptyState())[0]
    {'w': Array(0.6, dtype=float64), 'b': Array(0.8, dtype=float64)}
    """
    return Elementwise(
        "normalize_by_update_norm",
        _factor,
        numbers=_normalize_numbers,
        survey=True,
        scale_factor=scale_factor,
        eps=eps,
    ).pair


def _clip_block(g: Any, threshold: Any) -> Any:
    return g / fnp.maximum(1, safe_root_mean_squares(g, 0) / threshold).astype(g.real.dtype)


def clip_by_block_rms(threshold: Any) -> GradientTransformationExtraArgs:
    """Return the transformation that keeps the root mean square of each array below a bound.

    Parameters
    ----------
    threshold : float
        The bound.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> clip = optim.clip_by_block_rms(1.0)
    >>> clip.update({"w": fnp.array([3.0, 3.0]), "b": 0.5}, optim.EmptyState())[0]
    {'w': Array([1., 1.], dtype=float64), 'b': Array(0.5, dtype=float64)}
    """
    return Leafwise("clip_by_block_rms", _clip_block, threshold=threshold).pair


# --- each unit on its own ------------------------------------------------------------------------

_UNIT_AXES: dict[int, tuple[int, ...]] = {2: (0,), 3: (0,), 4: (0, 1, 2), 5: (0, 1, 2, 3)}


def unitwise_norm(x: Any, axis: Any = None) -> Any:
    """Return the norm of what comes into each unit of a layer, repeated to the shape of x.

    Parameters
    ----------
    x : array_like
        The weights of a layer, its units along the last axis.
    axis : int or tuple of int, optional
        The axes to sum over; without it all but the last, of vectors the only one, and of three
        axes the first.

    Returns
    -------
    Array
        Of the shape of x.

    Raises
    ------
    OptimizerArgumentError
        If x has more than five axes and `axis` is left out.

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.unitwise_norm(fnp.array([[3.0, 0.0], [4.0, 1.0]]))
    Array([[5., 1.],
           [5., 1.]], dtype=float64)
    """
    x = fnp.asarray(x)
    if axis is None and sum([length != 1 for length in x.shape]) > 1:
        if x.ndim not in _UNIT_AXES:
            raise OptimizerArgumentError(
                "unitwise_norm",
                f"what a unit of {describe(x)} is is not known; pass axis=, the axes to sum over",
            )
        axis = _UNIT_AXES[x.ndim]
    total = fnp.sum(abs_sq(x), axis=axis, keepdims=True)
    norm = fnp.where(total > 0, fnp.sqrt(fnp.where(total > 0, total, 1)), 0)
    return fnp.broadcast_to(norm, x.shape)


def unitwise_clip(g_norm: Any, max_norm: Any, grad: Any, div_eps: Any = 1e-6) -> Any:
    """Return a gradient shortened where its norm exceeds a bound.

    Parameters
    ----------
    g_norm, max_norm : array_like
        The norm and the bound for each element, from `unitwise_norm`.
    grad : array_like
        The gradient.
    div_eps : float
        The least norm to divide by.

    Returns
    -------
    Array
        Of the shape of the gradient.

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.unitwise_clip(fnp.array([5.0, 5.0]), fnp.array([1.0, 1.0]), fnp.array([3.0, 4.0]))
    Array([0.6, 0.8], dtype=float64)
    """
    grad = fnp.asarray(grad)
    clipped = grad * (max_norm / fnp.maximum(g_norm, div_eps))
    return fnp.where(g_norm < max_norm, grad, clipped)


def _adaptive(g: Any, p: Any, clipping: Any, eps: Any, axis: Any) -> Any:
    largest = clipping * fnp.maximum(unitwise_norm(p, axis), eps)
    return unitwise_clip(unitwise_norm(g, axis), largest, g)


def adaptive_grad_clip(
    clipping: Any, eps: Any = 1e-3, axis: Any = None
) -> GradientTransformationExtraArgs:
    """Return the transformation that keeps updates small against the weights of the same unit.

    Parameters
    ----------
    clipping : float
        The largest ratio of norms.
    eps : float
        The least norm of weights that counts.
    axis : int or tuple of int, optional
        See `unitwise_norm`.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> clip = optim.adaptive_grad_clip(0.1)
    >>> clip.update({"w": 5.0}, optim.EmptyState(), {"w": 2.0})[0]
    {'w': Array(0.2, dtype=float64)}
    """
    return Leafwise(
        "adaptive_grad_clip", _adaptive, True, clipping=clipping, eps=eps, axis=axis
    ).pair


def per_example_global_norm_clip(grads: Updates, l2_norm_clip: Any) -> tuple[Updates, Any]:
    """Shorten the gradient of each example of a batch, and sum over the batch.

    Parameters
    ----------
    grads : tree
        Gradients by example, along the first axis of every leaf, as ``vmap(grad(loss))`` returns.
    l2_norm_clip : float
        The largest norm of the gradient of an example.

    Returns
    -------
    sums : tree
        The sums of the shortened gradients.
    count : Array
        How many were shortened.

    Raises
    ------
    OptimizerArgumentError
        If the leaves have no first axis of one length.

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.per_example_global_norm_clip({"w": fnp.array([[3.0, 4.0], [0.1, 0.0]])}, 1.0)
    ({'w': Array([0.7, 0.8], dtype=float64)}, Array(1, dtype=int64))
    """
    leaves = [fnp.asarray(leaf) for leaf in tree.leaves(grads)]
    if len({leaf.shape[:1] for leaf in leaves}) != 1 or not leaves[0].ndim:
        raise OptimizerArgumentError(
            "per_example_global_norm_clip",
            "the gradients need a first axis of one length, for the examples; they are "
            f"{', '.join(map(describe, leaves))}; use vmap(grad(loss), in_axes=(None, 0))",
        )
    norms = vmap(global_norm)(grads)
    factors = fnp.where(norms > l2_norm_clip, l2_norm_clip / fnp.where(norms > 0, norms, 1), 1)
    sums = tree.map(
        lambda g: fnp.tensordot(factors.astype(g.real.dtype), g, axes=1),
        tree.map(fnp.asarray, grads),
    )
    return sums, fnp.sum(factors < 1)
