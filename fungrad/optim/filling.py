"""Trees of zeros, ones and other numbers."""

from __future__ import annotations

from typing import Any

import fungrad.numpy as fnp
from fungrad import tree as trees

__all__ = ["full_like", "ones_like", "zeros_like"]

Tree = Any


def zeros_like(tree: Tree, dtype: Any = None) -> Tree:
    """Return a tree of zeros.

    Parameters
    ----------
    tree : tree
        Arrays, for the shapes.
    dtype : dtype, optional
        That of the zeros; that of each array, when left out.

    Returns
    -------
    tree

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.tree.zeros_like({"w": fnp.ones(2)})
    {'w': Array([0., 0.], dtype=float64)}
    """
    return trees.map(lambda leaf: fnp.zeros_like(leaf, dtype=dtype), tree)


def ones_like(tree: Tree, dtype: Any = None) -> Tree:
    """Return a tree of ones.

    Parameters
    ----------
    tree, dtype
        See `zeros_like`.

    Returns
    -------
    tree

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.tree.ones_like({"w": fnp.zeros(2)})
    {'w': Array([1., 1.], dtype=float64)}
    """
    return trees.map(lambda leaf: fnp.ones_like(leaf, dtype=dtype), tree)


def full_like(tree: Tree, fill_value: Any, dtype: Any = None) -> Tree:
    """Return a tree of one number.

    Parameters
    ----------
    tree : tree
        Arrays, for the shapes.
    fill_value : float
        The number.
    dtype : dtype, optional
        See `zeros_like`.

    Returns
    -------
    tree

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.tree.full_like({"w": fnp.zeros(2)}, 5.0)
    {'w': Array([5., 5.], dtype=float64)}
    """
    return trees.map(lambda leaf: fnp.full_like(leaf, fill_value, dtype=dtype), tree)
