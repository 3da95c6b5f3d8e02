"""Arithmetic with trees of arrays."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

import fungrad.numpy as fnp
from fungrad import tree as trees
from fungrad.errors import OptimizerArgumentError

__all__ = [
    "add",
    "add_scale",
    "cast",
    "cast_like",
    "conj",
    "div",
    "max",
    "min",
    "mul",
    "norm",
    "real",
    "scale",
    "size",
    "sub",
    "sum",
    "vdot",
    "where",
]

Tree = Any


def add(tree_x: Tree, tree_y: Tree, *other_trees: Tree) -> Tree:
    """Return the sum of trees, leaf by leaf.

    Parameters
    ----------
    tree_x, tree_y, *other_trees : tree
        Arrays.

    Returns
    -------
    tree

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.tree.add({"w": 1.0}, {"w": 2.0})
    {'w': 3.0}
    """
    return trees.map(
        lambda *leaves: builtins.sum(leaves[1:], leaves[0]), tree_x, tree_y, *other_trees
    )


def sub(tree_x: Tree, tree_y: Tree) -> Tree:
    """Return the difference of two trees, leaf by leaf.

    Parameters
    ----------
    tree_x, tree_y : tree
        Arrays.

    Returns
    -------
    tree

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.tree.sub({"w": 1.0}, {"w": 2.0})
    {'w': -1.0}
    """
    return trees.map(lambda x, y: x - y, tree_x, tree_y)


def mul(tree_x: Tree, tree_y: Tree) -> Tree:
    """Return the product of two trees, leaf by leaf.

    Parameters
    ----------
    tree_x, tree_y : tree
        Arrays.

    Returns
    -------
    tree

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.tree.mul({"w": 3.0}, {"w": 2.0})
    {'w': 6.0}
    """
    return trees.map(lambda x, y: x * y, tree_x, tree_y)


def div(tree_x: Tree, tree_y: Tree) -> Tree:
    """Return the quotient of two trees, leaf by leaf.

    Parameters
    ----------
    tree_x, tree_y : tree
        Arrays.

    Returns
    -------
    tree

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.tree.div({"w": 3.0}, {"w": 2.0})
    {'w': 1.5}
    """
    return trees.map(lambda x, y: x / y, tree_x, tree_y)


def _times(scalar: Any, leaf: Any) -> Any:
    """Multiply a leaf by a number, in the dtype of the leaf."""
    leaf = fnp.asarray(leaf)
    if isinstance(scalar, (int, float, complex)):
        return scalar * leaf
    scalar = fnp.asarray(scalar)
    return (scalar if scalar.dtype.kind == "c" else scalar.astype(leaf.real.dtype)) * leaf


def scale(scalar: Any, tree: Tree) -> Tree:
    """Return a tree multiplied by a number.

    Parameters
    ----------
    scalar : float
        The number.
    tree : tree
        Arrays; they keep their dtypes.

    Returns
    -------
    tree

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.tree.scale(2.0, {"w": 3.0})
    {'w': Array(6., dtype=float64)}
    """
    return trees.map(lambda leaf: _times(scalar, leaf), tree)


def add_scale(tree_x: Tree, scalar: Any, tree_y: Tree) -> Tree:
    """Return a tree plus a number times another.

    Parameters
    ----------
    tree_x : tree
        Arrays.
    scalar : float
        The number.
    tree_y : tree
        Arrays.

    Returns
    -------
    tree

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.tree.add_scale({"w": 1.0}, 2.0, {"w": 3.0})
    {'w': Array(7., dtype=float64)}
    """
    return trees.map(lambda x, y: x + _times(scalar, y), tree_x, tree_y)


def sum(tree: Tree) -> Any:  # noqa: A001
    """Return the sum of all elements of a tree.

    Parameters
    ----------
    tree : tree
        Arrays.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.tree.sum({"w": fnp.array([1.0, 2.0]), "b": 3.0})
    Array(6., dtype=float64)
    """
    return fnp.asarray(builtins.sum([fnp.sum(leaf) for leaf in trees.leaves(tree)]))


def max(tree: Tree) -> Any:  # noqa: A001
    """Return the largest element of a tree.

    Parameters
    ----------
    tree : tree
        Arrays; none of them empty.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.tree.max({"w": fnp.array([1.0, 2.0]), "b": 3.0})
    Array(3., dtype=float64)
    """
    return trees.reduce(fnp.maximum, [fnp.max(leaf) for leaf in trees.leaves(tree)])


def min(tree: Tree) -> Any:  # noqa: A001
    """Return the smallest element of a tree.

    Parameters
    ----------
    tree : tree
        Arrays; none of them empty.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.tree.min({"w": fnp.array([1.0, 2.0]), "b": 3.0})
    Array(1., dtype=float64)
    """
    return trees.reduce(fnp.minimum, [fnp.min(leaf) for leaf in trees.leaves(tree)])


def vdot(tree_x: Tree, tree_y: Tree) -> Any:
    """Return the inner product of two trees; the first one is conjugated.

    Parameters
    ----------
    tree_x, tree_y : tree
        Arrays.

    Returns
    -------
    Array

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.tree.vdot({"w": fnp.array([1.0, 2.0]), "b": 3.0}, {"w": fnp.ones(2), "b": 1.0})
    Array(6., dtype=float64)
    """
    products = trees.leaves(trees.map(fnp.vdot, tree_x, tree_y))
    return fnp.asarray(builtins.sum(products[1:], products[0]) if products else 0.0)


def norm(tree: Tree, ord: Any = None, squared: bool = False) -> Any:  # noqa: A002
    """Return the norm of all elements of a tree together.

    Parameters
    ----------
    tree : tree
        Arrays.
    ord : {None, 1, 2, inf}
        Which norm; None is 2.
    squared : bool
        Whether to return its square.

    Returns
    -------
    Array

    Raises
    ------
    OptimizerArgumentError
        If `ord` is another one.

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.tree.norm({"w": fnp.array([3.0, 0.0]), "b": 4.0})
    Array(5., dtype=float64)
    """
    if ord is None or ord == 2:
        square = real(vdot(tree, tree))
        if squared:
            return square
        positive = square > 0  # the root has a gradient at zero this way
        return fnp.where(positive, fnp.sqrt(fnp.where(positive, square, 1)), square)
    if ord == 1:
        result = sum(trees.map(fnp.abs, tree))
    elif ord in (np.inf, "inf", "infinity"):
        result = max(trees.map(fnp.abs, tree))
    else:
        raise OptimizerArgumentError("tree.norm", f"ord is 1, 2 or inf, not {ord!r}")
    return result**2 if squared else result


def size(tree: Tree) -> int:
    """Return the number of elements of a tree.

    Parameters
    ----------
    tree : tree
        Arrays.

    Returns
    -------
    int

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.tree.size({"w": fnp.ones((2, 3)), "b": 1.0})
    7
    """
    return builtins.sum([fnp.asarray(leaf).size for leaf in trees.leaves(tree)])


def where(condition: Any, tree_x: Tree, tree_y: Tree) -> Tree:
    """Return one tree or the other, element by element.

    Parameters
    ----------
    condition : array_like
        Where to take the first.
    tree_x, tree_y : tree
        Arrays.

    Returns
    -------
    tree

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.tree.where(True, {"w": 1.0}, {"w": 2.0})
    {'w': Array(1., dtype=float64)}
    """
    return trees.map(lambda x, y: fnp.where(condition, x, y), tree_x, tree_y)


def cast(tree: Tree, dtype: Any) -> Tree:
    """Return a tree in another dtype.

    Parameters
    ----------
    tree : tree
        Arrays.
    dtype : dtype or None
        The dtype; None changes nothing.

    Returns
    -------
    tree

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.tree.cast({"w": fnp.zeros(2)}, np.float32)
    {'w': Array([0., 0.], dtype=float32)}
    """
    return tree if dtype is None else trees.map(lambda x: fnp.asarray(x).astype(dtype), tree)


def cast_like(tree: Tree, other_tree: Tree) -> Tree:
    """Return a tree in the dtypes of another.

    Parameters
    ----------
    tree, other_tree : tree
        Arrays.

    Returns
    -------
    tree

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.tree.cast_like({"w": fnp.zeros(2)}, {"w": fnp.ones(2, np.float32)})
    {'w': Array([0., 0.], dtype=float32)}
    """
    return trees.map(lambda x, y: fnp.asarray(x).astype(fnp.asarray(y).dtype), tree, other_tree)


def real(tree: Tree) -> Tree:
    """Return the real parts of a tree.

    Parameters
    ----------
    tree : tree
        Arrays.

    Returns
    -------
    tree

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.tree.real({"w": 1.0 + 2.0j})
    {'w': Array(1., dtype=float64)}
    """
    return trees.map(fnp.real, tree)


def conj(tree: Tree) -> Tree:
    """Return the complex conjugates of a tree.

    Parameters
    ----------
    tree : tree
        Arrays.

    Returns
    -------
    tree

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.tree.conj({"w": 1.0 + 2.0j})
    {'w': Array(1.-2.j, dtype=complex128)}
    """
    return trees.map(fnp.conj, tree)
