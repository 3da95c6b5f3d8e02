"""Containers and structures one level at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fungrad.errors import TreeMismatchError, TreeRegistrationError, describe
from fungrad.tree.flattening import structure
from fungrad.tree.nodes import node_type_of
from fungrad.tree.paths import KeyEntry, KeyPath, SequenceKey, format_path
from fungrad.tree.treedef import LEAF, TreeDef

__all__ = [
    "all_leaves",
    "build_tree",
    "flatten_one_level",
    "flatten_one_level_with_keys",
    "is_tree_node",
    "treedef_children",
    "treedef_is_leaf",
    "treedef_tuple",
]


def all_leaves(iterable: Iterable[Any], is_leaf: Callable[[Any], bool] | None = None) -> bool:
    """Return whether all elements are leaves.

    Parameters
    ----------
    iterable
        Any objects.
    is_leaf
        A function of an element that returns True where it is to be a leaf.

    Returns
    -------
    bool
        False if an element is a container, as None is.

    Examples
    --------
    >>> fg.tree_util.all_leaves([1.0, "a"]), fg.tree_util.all_leaves([1.0, (2.0,)])
    (True, False)
    """
    return all(
        node_type_of(type(item)) is None or (is_leaf is not None and is_leaf(item))
        for item in iterable
    )


def is_tree_node(cls: type) -> bool:
    """Return whether the objects of a class are containers.

    Parameters
    ----------
    cls
        Any class.

    Returns
    -------
    bool
        True for registered classes and namedtuples.

    Examples
    --------
    >>> fg.tree_util.is_tree_node(dict), fg.tree_util.is_tree_node(float)
    (True, False)
    """
    return node_type_of(cls) is not None


def flatten_one_level(tree: Any) -> tuple[Iterable[Any], Any]:
    """Return the children and the static data of a container.

    Parameters
    ----------
    tree
        A container.

    Returns
    -------
    tuple
        The children, and what else is needed to make the container.

    Raises
    ------
    TreeRegistrationError
        If the object is a leaf.

    Examples
    --------
    >>> fg.tree_util.flatten_one_level({"w": 1.0, "b": (2.0, 3.0)})
    ((1.0, (2.0, 3.0)), ['w', 'b'])
    """
    pairs, data = flatten_one_level_with_keys(tree)
    return tuple(child for _, child in pairs), data


def flatten_one_level_with_keys(tree: Any) -> tuple[Iterable[tuple[KeyEntry, Any]], Any]:
    """Return the children of a container with their keys, and its static data.

    Parameters
    ----------
    tree
        A container.

    Returns
    -------
    tuple
        Pairs (key, child), and what else is needed to make the container.

    Raises
    ------
    TreeRegistrationError
        If the object is a leaf.

    Examples
    --------
    >>> fg.tree_util.flatten_one_level_with_keys([1.0])
    (((SequenceKey(idx=0), 1.0),), None)
    """
    node_type = node_type_of(type(tree))
    if node_type is None:
        raise TreeRegistrationError(
            f"flatten_one_level: {describe(tree)} is a leaf; pass a container, or register its "
            "class with register_dataclass or register_pytree_node"
        )
    keys, children, data = node_type.flatten_with_keys(tree)
    return tuple(zip(keys, children)), node_type.node_data(data)[1]


def build_tree(treedef: TreeDef, xs: Any) -> Any:
    """Make a tree from its structure and its leaves in nested iterables.

    Parameters
    ----------
    treedef
        The structure.
    xs
        For a leaf the value, for a container an iterable of what its children are built from.

    Returns
    -------
    tree
        The tree with these leaves.

    Raises
    ------
    TreeMismatchError
        If an iterable has not as many elements as the container has children.

    Examples
    --------
    >>> fg.tree_util.build_tree(fg.tree.structure({"a": 0, "b": (0, 0)}), [1, [2, 3]])
    {'a': 1, 'b': (2, 3)}
    """
    return _build_tree(treedef, xs, ())


def _build_tree(treedef: TreeDef, xs: Any, path: KeyPath) -> Any:
    if treedef is LEAF:
        return xs
    children, values = treedef.children(), list(xs)
    if len(children) != len(values):
        raise TreeMismatchError.at(
            "build_tree",
            format_path("xs", path),
            f"{len(children)} elements for {treedef}",
            f"{len(values)} elements",
            "Give one element for each child of the structure.",
        )
    built = []
    for i, (child, value) in enumerate(zip(children, values)):
        built.append(_build_tree(child, value, (*path, SequenceKey(i))))
    return treedef.node_type.unflatten(treedef.data, tuple(built))


def treedef_children(treedef: TreeDef) -> list[TreeDef]:
    """Return the structures of the root's children.

    Parameters
    ----------
    treedef
        A structure.

    Returns
    -------
    list of TreeDef
        One structure for each child, none for a leaf.

    Examples
    --------
    >>> fg.tree_util.treedef_children(fg.tree.structure([1, (2, 3)]))
    [PyTreeDef(*), PyTreeDef((*, *))]
    """
    return treedef.children()


def treedef_is_leaf(treedef: TreeDef) -> bool:
    """Return whether a structure is that of a leaf.

    Parameters
    ----------
    treedef
        A structure.

    Returns
    -------
    bool
        False for containers, also for empty ones.

    Examples
    --------
    >>> fg.tree_util.treedef_is_leaf(fg.tree.structure(1.0))
    True
    """
    return treedef is LEAF


def treedef_tuple(treedefs: Iterable[TreeDef]) -> TreeDef:
    """Return the structure of a tuple of trees.

    Parameters
    ----------
    treedefs
        The structures of the trees.

    Returns
    -------
    TreeDef
        The structure of their tuple.

    Examples
    --------
    >>> fg.tree_util.treedef_tuple([fg.tree.structure(1), fg.tree.structure([2, 3])])
    PyTreeDef((*, [*, *]))
    """
    children = tuple(treedefs)
    num_leaves = sum(child.num_leaves for child in children)
    return TreeDef(structure(()).node_type, None, children, num_leaves)
