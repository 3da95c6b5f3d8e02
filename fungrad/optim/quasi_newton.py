"""L-BFGS: steps by an estimate of the Hessian from the last few steps."""

from __future__ import annotations

from typing import Any, NamedTuple

import fungrad.numpy as fnp
from fungrad import tree
from fungrad.errors import MissingParametersError, OptimizerArgumentError
from fungrad.optim.arithmetic import add_scale, norm, real, sub, vdot
from fungrad.optim.arithmetic import scale as scale_tree
from fungrad.optim.base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    OptState,
    Params,
    ScalarOrSchedule,
    Transformation,
    Updates,
    identity,
    safe_increment,
    zero_count,
)
from fungrad.optim.combining import chain
from fungrad.optim.filling import zeros_like
from fungrad.optim.linesearch import number_dtype
from fungrad.optim.scaling import scale, scale_by_learning_rate
from fungrad.optim.zoom import scale_by_zoom_linesearch

__all__ = ["ScaleByLBFGSState", "lbfgs", "scale_by_lbfgs"]


class ScaleByLBFGSState(NamedTuple):
    """The state of `scale_by_lbfgs`.

    It has the last parameters and gradients, and for the last steps the differences of both and
    the inverses of their products. These are rings: the oldest step is written over.
    """

    count: Any
    params: Params
    updates: Updates
    diff_params_memory: Any
    diff_updates_memory: Any
    weights_memory: Any


class _LBFGS(Transformation):
    def __init__(self, memory_size: int, scale_init_precond: bool) -> None:
        self.size = memory_size
        self.scaled = scale_init_precond

    def init(self, params: Params) -> OptState:
        def ring(param: Any) -> Any:
            param = fnp.asarray(param)
            return fnp.zeros((self.size, *param.shape), param.dtype)

        zeros, rings = zeros_like(params), tree.map(ring, params)
        weights = fnp.zeros(self.size, number_dtype(params))
        return ScaleByLBFGSState(zero_count(), zeros, zeros, rings, rings, weights)

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        if params is None:
            raise MissingParametersError("scale_by_lbfgs")
        params, updates = tree.map(fnp.asarray, params), tree.map(fnp.asarray, updates)
        count = int(state.count)
        moves, changes = state.diff_params_memory, state.diff_updates_memory
        weights = state.weights_memory
        if count == 0:
            identity_scale = 1 / fnp.maximum(norm(updates), 1) if self.scaled else 1.0
        else:
            move, change = sub(params, state.params), sub(updates, state.updates)
            product = real(vdot(change, move))
            weight = fnp.where(product == 0, 0, 1 / fnp.where(product == 0, 1, product))
            place = (count - 1) % self.size
            moves = tree.map(lambda ring, new: ring.at[place].set(new), moves, move)
            changes = tree.map(lambda ring, new: ring.at[place].set(new), changes, change)
            weights = weights.at[place].set(weight)
            square = norm(change, squared=True)
            known = square > 0
            ratio = fnp.where(known, product / fnp.where(known, square, 1), 1)
            identity_scale = ratio if self.scaled else 1.0
        newest_first = [(count - 1 - i) % self.size for i in range(min(count, self.size))]
        step = _times_inverse_hessian(
            updates, moves, changes, weights, identity_scale, newest_first
        )
        return step, ScaleByLBFGSState(
            safe_increment(state.count), params, updates, moves, changes, weights
        )


def _times_inverse_hessian(
    vector: Updates,
    moves: Any,
    changes: Any,
    weights: Any,
    identity_scale: Any,
    newest_first: list[int],
) -> Updates:
    """Multiply by the estimate of the inverse Hessian: the recursion in two loops."""
    memory = [
        (tree.map(lambda x: x[i], moves), tree.map(lambda x: x[i], changes), weights[i])  # noqa: B023
        for i in newest_first
    ]
    alphas = []
    for move, change, weight in memory:
        alphas.append(weight * real(vdot(move, vector)))
        vector = add_scale(vector, -alphas[-1], change)
    vector = scale_tree(identity_scale, vector)
    for (move, change, weight), alpha in zip(reversed(memory), reversed(alphas)):
        beta = weight * real(vdot(change, vector))
        vector = add_scale(vector, alpha - beta, move)
    return vector


def scale_by_lbfgs(
    memory_size: int = 10, scale_init_precond: bool = True
) -> GradientTransformationExtraArgs:
    """Return the transformation of L-BFGS: gradients times an estimate of the inverse Hessian.

    Parameters
    ----------
    memory_size : int
        From how many of the last steps the estimate is made.
    scale_init_precond : bool
        Whether it starts from a multiple of the identity that fits the last step; with False, from
        the identity.

    Returns
    -------
    GradientTransformationExtraArgs

    Raises
    ------
    OptimizerArgumentError
        If the memory holds no step.

    Examples
    --------
    >>> from fungrad import optim
    >>> newton = optim.scale_by_lbfgs()
    >>> state = newton.init(fnp.zeros(2))
    >>> newton.update(fnp.array([3.0, 4.0]), state, fnp.zeros(2))[0]
    Array([0.6, 0.8], dtype=float64)
    """
    if memory_size < 1:
        raise OptimizerArgumentError(
            "scale_by_lbfgs", f"memory_size is at least 1, not {memory_size}"
        )
    return _LBFGS(memory_size, scale_init_precond).pair


_ZOOM = scale_by_zoom_linesearch(max_linesearch_steps=20, initial_guess_strategy="one")


def lbfgs(
    learning_rate: ScalarOrSchedule = None,
    memory_size: int = 10,
    scale_init_precond: bool = True,
    linesearch: GradientTransformation | None = _ZOOM,
) -> GradientTransformationExtraArgs:
    """Return L-BFGS, for smooth losses without noise.

    Its update needs ``value=``, ``grad=`` and ``value_fn=``, for the line search.

    Parameters
    ----------
    learning_rate : float or callable, optional
        The length of the steps before the line search; 1, when left out.
    memory_size, scale_init_precond
        See `scale_by_lbfgs`.
    linesearch : GradientTransformation, optional
        The line search; None takes the steps as they are.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> def loss(x):
    ...     return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
    >>> optimizer = optim.lbfgs()
    >>> x = fnp.array([-1.0, 1.0])
    >>> state = optimizer.init(x)
    >>> value_and_grad = optim.value_and_grad_from_state(loss)
    >>> for _ in range(40):
    ...     value, grad = value_and_grad(x, state=state)
    ...     updates, state = optimizer.update(
    ...         grad, state, x, value=value, grad=grad, value_fn=loss
    ...     )
    ...     x = optim.apply_updates(x, updates)
    >>> x.round(6)
    Array([1., 1.], dtype=float64)
    """
    return chain(
        scale_by_lbfgs(memory_size, scale_init_precond),
        scale(-1.0) if learning_rate is None else scale_by_learning_rate(learning_rate),
        identity() if linesearch is None else linesearch,
    )
