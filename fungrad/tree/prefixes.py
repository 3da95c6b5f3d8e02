"""Prefixes: trees that stop early, such as the in_axes of a transform."""

from __future__ import annotations

from typing import Any

from fungrad.errors import TreeMismatchError
from fungrad.tree.flattening import IsLeaf, leaves, structure
from fungrad.tree.nodes import node_type_of
from fungrad.tree.paths import format_path
from fungrad.tree.treedef import LEAF, compare, first_difference, one_level

__all__ = [
    "broadcast",
    "broadcast_prefix",
]


def broadcast_prefix(
    prefix_tree: Any,
    full_tree: Any,
    is_leaf: IsLeaf = None,
    *,
    caller: str = "tree.broadcast",
    name: str = "prefix_tree",
) -> list[Any]:
    """Return for each leaf of a tree the leaf of a prefix above it.

    Parameters
    ----------
    prefix_tree
        A tree with the containers of the full one, but with leaves where that may have subtrees.
    full_tree
        Any tree.
    is_leaf
        A function of a subtree of the prefix that returns True where it is to be a leaf.
    caller, name
        What an error message calls the function and the prefix.

    Returns
    -------
    list
        Leaves of the prefix in the order of the full tree, each as often as the subtree below it
        has leaves.

    Raises
    ------
    TreeMismatchError
        If the tree is no prefix of the full one; the message names the place.

    Examples
    --------
    >>> fg.tree.broadcast_prefix((0, {"w": 1, "b": 2}), ([5, 6], {"b": 7, "w": 8}))
    [0, 0, 2, 1]
    """
    prefix_leaves: list[Any] = []
    if not _broadcast_prefix(prefix_tree, full_tree, is_leaf, prefix_leaves):
        difference = first_difference(structure(prefix_tree, is_leaf), full_tree, ())
        assert difference is not None
        path, prefix, subtree = difference
        full = one_level(subtree)
        expected_text, given_text = compare(full, prefix, None)
        raise TreeMismatchError.at(
            caller,
            format_path(name, path),
            expected_text if full is LEAF else f"a leaf or {expected_text}",
            given_text,
            "A prefix has the containers of the full tree down to its own leaves.",
        )
    return prefix_leaves


def _broadcast_prefix(prefix: Any, full: Any, is_leaf: IsLeaf, prefix_leaves: list[Any]) -> bool:
    node_type = node_type_of(type(prefix))
    if node_type is None or (is_leaf is not None and is_leaf(prefix)):
        prefix_leaves.extend([prefix] * len(leaves(full)))
        return True
    if node_type_of(type(full)) is not node_type:
        return False
    children, data = node_type.flatten(full)
    prefix_children, prefix_data = node_type.flatten(prefix)
    aligned = node_type.align(data, prefix_data, prefix_children)
    if aligned is None or len(aligned) != len(children):
        return False
    for prefix_child, child in zip(aligned, children):
        if not _broadcast_prefix(prefix_child, child, is_leaf, prefix_leaves):
            return False
    return True


def broadcast(prefix_tree: Any, full_tree: Any, is_leaf: IsLeaf = None) -> Any:
    """Spread the leaves of a prefix over a tree.

    Parameters
    ----------
    prefix_tree
        A tree with the containers of the full one, but with leaves where that may have subtrees.
    full_tree
        Any tree.
    is_leaf
        A function of a subtree of the prefix that returns True where it is to be a leaf.

    Returns
    -------
    tree
        The full tree, with each leaf replaced by the leaf of the prefix above it.

    Raises
    ------
    TreeMismatchError
        If the tree is no prefix of the full one; the message names the place.

    Examples
    --------
    >>> fg.tree.broadcast({"w": 0.1, "b": 0.0}, {"w": [1, 2], "b": 3})
    {'w': [0.1, 0.1], 'b': 0.0}
    """
    return structure(full_tree).unflatten(broadcast_prefix(prefix_tree, full_tree, is_leaf))
