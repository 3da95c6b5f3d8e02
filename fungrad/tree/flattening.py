"""Trees taken apart into leaves and structure, with and without paths, and made again."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from fungrad.errors import TreeStructureError
from fungrad.tree.nodes import NodeType, node_type_of, node_types
from fungrad.tree.paths import KeyPath
from fungrad.tree.treedef import LEAF, TreeDef

__all__ = [
    "flatten",
    "flatten_with_path",
    "leaves",
    "leaves_with_path",
    "structure",
    "unflatten",
]

IsLeaf: TypeAlias = Callable[..., bool] | None
"""A function of a subtree that returns True where the subtree is to be a leaf."""


def flatten(tree: Any, is_leaf: IsLeaf = None) -> tuple[list[Any], TreeDef]:
    """Separate a tree into its leaves and its structure.

    Parameters
    ----------
    tree
        Any tree.
    is_leaf
        A function of a subtree that returns True where the subtree is to be a leaf.

    Returns
    -------
    leaves : list
        The leaves from left to right, those of a dict in its own order.
    structure : TreeDef
        What remains without the leaves.

    Examples
    --------
    >>> fg.tree.flatten({"w": 1.0, "b": (2.0, None)})
    ([1.0, 2.0], PyTreeDef({'w': *, 'b': (*, None)}))
    """
    node_type = node_type_of(type(tree))
    if node_type is None or (is_leaf is not None and is_leaf(tree)):
        return [tree], LEAF
    leaves: list[Any] = []
    structure = _flatten(tree, node_type, leaves, is_leaf)
    return leaves, structure


def _flatten(tree: Any, node_type: NodeType, leaves: list[Any], is_leaf: IsLeaf) -> TreeDef:
    children, data = node_type.flatten(tree)
    before = len(leaves)
    structures = []
    for child in children:
        child_type = node_types.get(type(child))
        if child_type is None and isinstance(child, tuple):
            child_type = node_type_of(type(child))
        if child_type is None or (is_leaf is not None and is_leaf(child)):
            leaves.append(child)
            structures.append(LEAF)
        else:
            structures.append(_flatten(child, child_type, leaves, is_leaf))
    return TreeDef(node_type, data, tuple(structures), len(leaves) - before)


def unflatten(treedef: TreeDef, leaves: Iterable[Any]) -> Any:
    """Make a tree from its structure and its leaves: the inverse of `flatten`.

    Parameters
    ----------
    treedef
        The structure.
    leaves
        As many values as the structure has leaves.

    Returns
    -------
    tree
        The tree with these leaves.

    Raises
    ------
    TreeMismatchError
        If the number of leaves is another.
    TreeStructureError
        If the first argument is no structure.

    Examples
    --------
    >>> leaves, structure = fg.tree.flatten({"w": 1.0, "b": 2.0})
    >>> fg.tree.unflatten(structure, [10 * leaf for leaf in leaves])
    {'w': 10.0, 'b': 20.0}
    """
    if not isinstance(treedef, TreeDef):
        raise TreeStructureError.instead(treedef)
    return treedef.unflatten(leaves)


def leaves(tree: Any, is_leaf: IsLeaf = None) -> list[Any]:
    """Return the leaves of a tree.

    Parameters
    ----------
    tree, is_leaf
        As for `flatten`.

    Returns
    -------
    list
        The leaves from left to right.

    Examples
    --------
    >>> fg.tree.leaves({"w": 1.0, "b": (2.0, None)})
    [1.0, 2.0]
    """
    return flatten(tree, is_leaf)[0]


def structure(tree: Any, is_leaf: IsLeaf = None) -> TreeDef:
    """Return the structure of a tree.

    Parameters
    ----------
    tree, is_leaf
        As for `flatten`.

    Returns
    -------
    TreeDef
        The containers without the leaves.

    Examples
    --------
    >>> fg.tree.structure([1.0, {"b": 2.0}])
    PyTreeDef([*, {'b': *}])
    """
    return flatten(tree, is_leaf)[1]


def flatten_with_path(
    tree: Any, is_leaf: IsLeaf = None, is_leaf_takes_path: bool = False
) -> tuple[list[tuple[KeyPath, Any]], TreeDef]:
    """Separate a tree into its leaves with their paths, and its structure.

    Parameters
    ----------
    tree
        Any tree.
    is_leaf
        A function of a subtree that returns True where the subtree is to be a leaf.
    is_leaf_takes_path
        Call ``is_leaf(path, subtree)``.

    Returns
    -------
    leaves : list of tuple
        A pair (path, leaf) for each leaf.
    structure : TreeDef
        What remains without the leaves.

    Examples
    --------
    >>> leaves, structure = fg.tree.flatten_with_path({"w": [1.0, 2.0]})
    >>> leaves[1]
    ((DictKey(key='w'), SequenceKey(idx=1)), 2.0)
    """
    if is_leaf is not None and not is_leaf_takes_path:
        is_leaf = functools.partial(_ignore_path, is_leaf)
    leaves: list[tuple[KeyPath, Any]] = []
    structure = _flatten_with_path(tree, (), leaves, is_leaf)
    return leaves, structure


def _ignore_path(is_leaf: Callable[[Any], bool], path: KeyPath, subtree: Any) -> bool:
    return is_leaf(subtree)


def _flatten_with_path(
    tree: Any, path: KeyPath, leaves: list[tuple[KeyPath, Any]], is_leaf: IsLeaf
) -> TreeDef:
    node_type = node_type_of(type(tree))
    if node_type is None or (is_leaf is not None and is_leaf(path, tree)):
        leaves.append((path, tree))
        return LEAF
    keys, children, data = node_type.flatten_with_keys(tree)
    before = len(leaves)
    structures = []
    for key, child in zip(keys, children, strict=True):
        structures.append(_flatten_with_path(child, (*path, key), leaves, is_leaf))
    return TreeDef(node_type, data, tuple(structures), len(leaves) - before)


def leaves_with_path(
    tree: Any, is_leaf: IsLeaf = None, is_leaf_takes_path: bool = False
) -> list[tuple[KeyPath, Any]]:
    """Return the leaves of a tree with their paths.

    Parameters
    ----------
    tree, is_leaf, is_leaf_takes_path
        As for `flatten_with_path`.

    Returns
    -------
    list of tuple
        A pair (path, leaf) for each leaf.

    Examples
    --------
    >>> for path, leaf in fg.tree.leaves_with_path({"w": [1.0, 2.0], "b": 3.0}):
    ...     print(fg.tree.keystr(path), leaf)
    ['w'][0] 1.0
    ['w'][1] 2.0
    ['b'] 3.0
    """
    return flatten_with_path(tree, is_leaf, is_leaf_takes_path)[0]
