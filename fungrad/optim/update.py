"""Parameters and updates put together."""

from __future__ import annotations

from typing import Any

import fungrad.numpy as fnp
from fungrad import tree
from fungrad.errors import UpdateShapeError, describe
from fungrad.optim.base import Params, Updates
from fungrad.optim.elementwise import Elementwise, Step, lower, map_elements

__all__ = ["apply_updates", "incremental_update", "periodic_update"]


def _add(param: Any, update: Any) -> Any:
    new = param + update
    return new if new.dtype == param.dtype else new.astype(param.dtype)


_ADD = Step([Elementwise("apply_updates", _add, needs_params=True)], [{}])


def apply_updates(params: Params, updates: Updates) -> Params:
    """Return the parameters with the updates added.

    Parameters
    ----------
    params : tree
        The parameters.
    updates : tree
        A tree like the parameters, from the update of an optimiser. Where it has None, the
        parameter stays as it is.

    Returns
    -------
    tree
        The new parameters, in the dtypes of the old ones.

    Raises
    ------
    TreeMismatchError
        If the trees differ.
    UpdateShapeError
        If an update has not the shape of its parameter.

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.apply_updates({"w": 1.0, "b": 2.0}, {"w": 0.5, "b": -0.5})
    {'w': Array(1.5, dtype=float64), 'b': Array(1.5, dtype=float64)}
    """
    leaves, structure = tree.flatten(params)
    changes = structure.flatten_up_to(updates, caller="apply_updates", name="updates")
    results: list[Any] = list(leaves)
    moving = [index for index, change in enumerate(changes) if change is not None]
    old = [lower(leaves[index]) for index in moving]
    new = [lower(changes[index]) for index in moving]
    for index, param, update in zip(moving, old, new):
        if param.shape != update.shape:
            path = structure.paths()[index]
            raise UpdateShapeError(
                "apply_updates",
                tree.format_path("updates", path),
                describe(update),
                tree.format_path("params", path),
                describe(param),
            )
    (sums,) = map_elements(_ADD, [old, new])
    for index, each in zip(moving, sums):
        results[index] = each
    return structure.unflatten(results)


def incremental_update(new_tensors: Params, old_tensors: Params, step_size: Any) -> Params:
    """Return parameters on the way from old ones to new ones: a moving average of parameters.

    Parameters
    ----------
    new_tensors, old_tensors : tree
        Two trees of arrays.
    step_size : float
        How much of the way to go; 1 gives the new ones.

    Returns
    -------
    tree
        ``step_size * new + (1 - step_size) * old`` for each leaf.

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.incremental_update({"w": 2.0}, {"w": 1.0}, 0.25)
    {'w': 1.25}
    """
    return tree.map(
        lambda new, old: step_size * new + (1 - step_size) * old, new_tensors, old_tensors
    )


def periodic_update(
    new_tensors: Params, old_tensors: Params, steps: Any, update_period: int
) -> Params:
    """Return the new parameters after every `update_period` steps, and the old ones otherwise.

    Parameters
    ----------
    new_tensors, old_tensors : tree
        Two trees of arrays.
    steps : int
        The number of steps taken.
    update_period : int
        How often to take the new ones.

    Returns
    -------
    tree
        One of the two.

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.periodic_update({"w": 2.0}, {"w": 1.0}, steps=10, update_period=5)
    {'w': 2.0}
    """
    return new_tensors if fnp.asarray(steps) % update_period == 0 else old_tensors
