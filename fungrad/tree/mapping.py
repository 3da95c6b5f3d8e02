"""Functions applied to all leaves of one tree or several."""

from __future__ import annotations

import builtins
import functools
from collections.abc import Callable
from typing import Any

from fungrad.errors import EmptyTreeError
from fungrad.tree.flattening import IsLeaf, flatten, flatten_with_path, leaves, structure
from fungrad.tree.treedef import TreeDef

__all__ = [
    "all",
    "map",
    "map_with_path",
    "reduce",
    "reduce_associative",
    "transpose",
]


def map(  # noqa: A001
    f: Callable[..., Any], tree: Any, *rest: Any, is_leaf: IsLeaf = None
) -> Any:
    """Apply a function to each leaf, or to the leaves of several trees that stand together.

    Parameters
    ----------
    f
        A function of as many arguments as there are trees.
    tree
        The tree that gives the structure of the result.
    *rest
        Trees of the same structure. Where the first tree has a leaf they may have subtrees, which
        are handed to the function whole. Dicts are matched by key.
    is_leaf
        A function of a subtree of the first tree that returns True where it is to be a leaf.

    Returns
    -------
    tree
        The first tree with its leaves replaced by the results.

    Raises
    ------
    TreeMismatchError
        If the containers of the trees differ; the message names the place.

    Examples
    --------
    >>> fg.tree.map(lambda p, g: p - 0.5 * g, {"w": 1.0, "b": 2.0}, {"b": 20.0, "w": 10.0})
    {'w': -4.0, 'b': -8.0}
    """
    first, treedef = flatten(tree, is_leaf)
    if not rest:
        return treedef.unflatten([f(leaf) for leaf in first])
    columns = [
        treedef.flatten_up_to(other, caller="tree.map", name=f"rest[{i}]")
        for i, other in enumerate(rest)
    ]
    return treedef.unflatten([f(*row) for row in zip(first, *columns)])


def map_with_path(
    f: Callable[..., Any],
    tree: Any,
    *rest: Any,
    is_leaf: IsLeaf = None,
    is_leaf_takes_path: bool = False,
) -> Any:
    """Apply a function to each leaf and its path, as `map` does without the path.

    Parameters
    ----------
    f
        A function of the path and of one leaf of each tree.
    tree, *rest
        As for `map`.
    is_leaf, is_leaf_takes_path
        As for `flatten_with_path`.

    Returns
    -------
    tree
        The first tree with its leaves replaced by the results.

    Raises
    ------
    TreeMismatchError
        If the containers of the trees differ; the message names the place.

    Examples
    --------
    >>> decay = lambda path, p: p if fg.tree.keystr(path) == "['b']" else 0.9 * p
    >>> fg.tree.map_with_path(decay, {"w": 10.0, "b": 10.0})
    {'w': 9.0, 'b': 10.0}
    """
    first, treedef = flatten_with_path(tree, is_leaf, is_leaf_takes_path)
    columns = [
        treedef.flatten_up_to(other, caller="tree.map_with_path", name=f"rest[{i}]")
        for i, other in enumerate(rest)
    ]
    return treedef.unflatten([f(*pair, *others) for pair, *others in zip(first, *columns)])


def reduce(
    function: Callable[[Any, Any], Any],
    tree: Any,
    initializer: Any = ...,
    is_leaf: IsLeaf = None,
) -> Any:
    """Combine the leaves from left to right.

    Parameters
    ----------
    function
        A function of the result so far and a leaf.
    tree
        Any tree.
    initializer
        The first result; without it, this is the first leaf.
    is_leaf
        As for `flatten`.

    Returns
    -------
    result
        The last result.

    Raises
    ------
    EmptyTreeError
        If there is neither a leaf nor an initializer.

    Examples
    --------
    >>> fg.tree.reduce(lambda total, x: total + x, {"a": 1, "b": [2, 3]})
    6
    >>> fg.tree.reduce(lambda total, x: total + x, [], 0)
    0
    """
    values = leaves(tree, is_leaf)
    if initializer is not ...:
        return functools.reduce(function, values, initializer)
    if not values:
        raise EmptyTreeError(
            "tree.reduce: the tree has no leaves, so there is no first result; pass it as "
            "initializer="
        )
    return functools.reduce(function, values)


def reduce_associative(
    operation: Callable[[Any, Any], Any],
    tree: Any,
    *,
    identity: Any = ...,
    is_leaf: IsLeaf = None,
) -> Any:
    """Combine the leaves pairwise, as a balanced tree: rounding errors grow slowly.

    Parameters
    ----------
    operation
        An associative function of two neighbours.
    tree
        Any tree.
    identity
        The result for a tree without leaves.
    is_leaf
        As for `flatten`.

    Returns
    -------
    result
        The combination of all leaves in their order.

    Raises
    ------
    EmptyTreeError
        If there is neither a leaf nor an identity.

    Examples
    --------
    >>> fg.tree.reduce_associative(lambda a, b: f"({a}{b})", ["a", "b", "c", "d"])
    '((ab)(cd))'
    """
    values = leaves(tree, is_leaf)
    if values:
        return _reduce_balanced(operation, values)
    if identity is ...:
        raise EmptyTreeError(
            "tree.reduce_associative: the tree has no leaves, so there is no result; pass it as "
            "identity="
        )
    return identity


def _reduce_balanced(operation: Callable[[Any, Any], Any], values: list[Any]) -> Any:
    if len(values) == 1:
        return values[0]
    middle = len(values) // 2
    return operation(
        _reduce_balanced(operation, values[:middle]), _reduce_balanced(operation, values[middle:])
    )


def all(tree: Any, *, is_leaf: IsLeaf = None) -> bool:  # noqa: A001
    """Return whether all leaves are true.

    Parameters
    ----------
    tree, is_leaf
        As for `flatten`.

    Returns
    -------
    bool
        False if a leaf is false.

    Examples
    --------
    >>> fg.tree.all({"a": True, "b": [True, False]})
    False
    >>> fg.tree.all([])
    True
    """
    return builtins.all(leaves(tree, is_leaf))


def transpose(
    outer_treedef: TreeDef, inner_treedef: TreeDef | None, pytree_to_transpose: Any
) -> Any:
    """Turn a tree of trees inside out.

    Parameters
    ----------
    outer_treedef
        The structure of the outer tree.
    inner_treedef
        The structure that all its leaves have; None takes that of the first.
    pytree_to_transpose
        The tree of trees.

    Returns
    -------
    tree
        A tree of the inner structure, whose leaves are trees of the outer one.

    Raises
    ------
    TreeMismatchError
        If the tree has not this structure; the message names the place.
    EmptyTreeError
        If the inner structure is None and there is no leaf to take it from.

    Examples
    --------
    >>> pairs = {"x": (1, 2), "y": (3, 4)}
    >>> fg.tree.transpose(fg.tree.structure({"x": 0, "y": 0}), None, pairs)
    ({'x': 1, 'y': 3}, {'x': 2, 'y': 4})
    """
    caller, name = "tree.transpose", "pytree_to_transpose"
    if inner_treedef is None:
        subtrees = outer_treedef.flatten_up_to(pytree_to_transpose, caller=caller, name=name)
        if not subtrees:
            raise EmptyTreeError(
                "tree.transpose: the outer structure has no leaves, so the inner one cannot be "
                "read off; pass it as inner_treedef="
            )
        inner_treedef = structure(subtrees[0])
    both = outer_treedef.compose(inner_treedef)
    values = both.flatten_up_to(pytree_to_transpose, caller=caller, name=name)
    width = inner_treedef.num_leaves
    return inner_treedef.unflatten(
        [outer_treedef.unflatten(values[i::width]) for i in range(width)]
    )
