"""Moving averages of trees, for optimisers of your own."""

from __future__ import annotations

from typing import Any

import fungrad.numpy as fnp
from fungrad import tree
from fungrad.optim.base import Updates
from fungrad.optim.moments import abs_sq

__all__ = [
    "bias_correction",
    "update_infinity_moment",
    "update_moment",
    "update_moment_per_elem_norm",
]


def update_moment(updates: Updates, moments: Updates, decay: Any, order: int) -> Updates:
    """Return moving averages of powers one step on.

    Parameters
    ----------
    updates, moments : tree
        What comes in, and the averages so far.
    decay : float
        How much of the averages stays.
    order : int
        The power.

    Returns
    -------
    tree
        ``(1 - decay) * updates**order + decay * moments``

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.update_moment({"w": 2.0}, {"w": 1.0}, decay=0.5, order=2)
    {'w': 2.5}
    """
    return tree.map(lambda g, m: (1 - decay) * g**order + decay * m, updates, moments)


def update_moment_per_elem_norm(
    updates: Updates, moments: Updates, decay: Any, order: int
) -> Updates:
    """Return moving averages of powers of absolute values one step on.

    Parameters
    ----------
    updates, moments, decay, order
        See `update_moment`.

    Returns
    -------
    tree
        ``(1 - decay) * abs(updates)**order + decay * moments``

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.update_moment_per_elem_norm({"w": 3.0 + 4.0j}, {"w": 0.0}, decay=0.5, order=2)
    {'w': Array(12.5, dtype=float64)}
    """

    def move(g: Any, moment: Any) -> Any:
        g = fnp.asarray(g)
        power = g**order if g.dtype.kind != "c" else abs_sq(g) ** (order / 2)
        return (1 - decay) * power + decay * moment

    return tree.map(move, updates, moments)


def update_infinity_moment(updates: Updates, moments: Updates, decay: Any, eps: Any) -> Updates:
    """Return the largest absolute values so far, older ones decaying, one step on.

    Parameters
    ----------
    updates, moments : tree
        What comes in, and the largest values so far.
    decay : float
        How much of these stays.
    eps : float
        Added to the absolute values.

    Returns
    -------
    tree
        ``maximum(abs(updates) + eps, decay * moments)``

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.update_infinity_moment({"w": -2.0}, {"w": 5.0}, decay=0.5, eps=0.0)
    {'w': Array(2.5, dtype=float64)}
    """
    return tree.map(
        lambda g, m: fnp.maximum(fnp.abs(g) + eps, decay * fnp.asarray(m)), updates, moments
    )


def bias_correction(moment: Updates, decay: Any, count: Any) -> Updates:
    """Return moving averages that started at zero as if they had not.

    Parameters
    ----------
    moment : tree
        The averages.
    decay : float
        How much of them stayed at each step.
    count : int
        The number of steps.

    Returns
    -------
    tree
        ``moment / (1 - decay**count)``

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.bias_correction({"w": 0.75}, decay=0.5, count=2)
    {'w': Array(1., dtype=float64)}
    """
    share = 1 - decay ** fnp.asarray(count)
    return tree.map(lambda m: m / share.astype(fnp.real(m).dtype), moment)
