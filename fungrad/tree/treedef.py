"""Structures: trees without their leaves, and what is said where a tree does not match one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fungrad.errors import TreeMismatchError, TreeRegistrationError, describe
from fungrad.tree.nodes import DictNode, LeafNode, NodeType, node_type_of
from fungrad.tree.paths import KeyPath, format_path, list_keys

__all__ = [
    "LEAF",
    "TreeDef",
]


class TreeDef:
    """The structure of a tree: its containers without its leaves.

    Structures come from `structure` and `flatten`. They compare equal if their containers match,
    hash if the static data of all nodes do, and can be pickled.

    Equal structures may hold the keys of a dict in different orders, and each lists its leaves in
    its own. Leaves of another tree are brought to this structure's order by `flatten_up_to`;
    `same_order` tells whether they are in it already.

    Attributes
    ----------
    num_leaves
        The number of leaves.

    Examples
    --------
    >>> structure = fg.tree.structure({"w": 1.0, "b": (2.0, None)})
    >>> structure
    PyTreeDef({'w': *, 'b': (*, None)})
    >>> structure.num_leaves
    2
    >>> structure.unflatten([10, 20])
    {'w': 10, 'b': (20, None)}
    >>> structure == fg.tree.structure({"b": (0, None), "w": 0})
    True
    """

    __slots__ = ("_children", "_hash", "data", "node_type", "num_leaves")

    # Recursions over trees take one frame for each level and no comprehensions, which are frames
    # too in Python 3.11: so trees of many hundred levels stay within the recursion limit.

    def __init__(
        self, node_type: NodeType, data: Any, children: tuple[TreeDef, ...], num_leaves: int
    ) -> None:
        self.node_type = node_type
        self.data = data
        self._children = children
        self.num_leaves = num_leaves
        self._hash: int | None = None

    @property
    def num_nodes(self) -> int:
        """The number of containers and leaves together.

        Examples
        --------
        >>> fg.tree.structure([1, (2, None)]).num_nodes
        5
        """
        count = 0
        pending = [self]
        while pending:
            count += 1
            pending.extend(pending.pop()._children)
        return count

    def children(self) -> list[TreeDef]:
        """Return the structures of the root's children.

        Returns
        -------
        list of TreeDef
            One structure for each child, none for a leaf.

        Examples
        --------
        >>> fg.tree.structure([1, (2, 3)]).children()
        [PyTreeDef(*), PyTreeDef((*, *))]
        """
        return list(self._children)

    def node_data(self) -> tuple[type, Any] | None:
        """Return the class of the root and its static data.

        Returns
        -------
        tuple or None
            The class, and the keys of a dict or what the registered flatten function returned;
            None for a leaf.

        Examples
        --------
        >>> fg.tree.structure({"w": 1, "b": 2}).node_data()
        (<class 'dict'>, ['w', 'b'])
        """
        return None if self is LEAF else self.node_type.node_data(self.data)

    def unflatten(self, leaves: Iterable[Any]) -> Any:
        """Make a tree of this structure.

        Parameters
        ----------
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

        Examples
        --------
        >>> fg.tree.structure({"w": 1, "b": 2}).unflatten(["x", "y"])
        {'w': 'x', 'b': 'y'}
        """
        values = leaves if isinstance(leaves, (list, tuple)) else list(leaves)
        if len(values) != self.num_leaves:
            raise _leaf_count_error(self, len(values))
        if self is LEAF:
            return values[0]
        return _unflatten(self, iter(values))

    def flatten_up_to(
        self, tree: Any, *, caller: str = "TreeDef.flatten_up_to", name: str = "tree"
    ) -> list[Any]:
        """Return the subtrees of a tree that stand where this structure has its leaves.

        Parameters
        ----------
        tree
            A tree of which this structure is a prefix: the same containers, until a leaf of the
            structure meets any subtree.
        caller, name
            What an error message calls the function and the tree.

        Returns
        -------
        list
            The subtrees in the order of this structure.

        Raises
        ------
        TreeMismatchError
            If the containers differ; the message names the place.

        Examples
        --------
        >>> structure = fg.tree.structure({"w": 1, "b": 2})
        >>> structure.flatten_up_to({"b": [3, 4], "w": 5})
        [5, [3, 4]]
        """
        if self is LEAF:
            return [tree]
        subtrees: list[Any] = []
        if not _flatten_up_to(self, tree, subtrees):
            difference = first_difference(self, tree, ())
            assert difference is not None
            path, expected, subtree = difference
            expected_text, given_text = compare(expected, one_level(subtree), subtree)
            raise TreeMismatchError.at(
                caller,
                format_path(name, path),
                expected_text,
                given_text,
                "Give both the same containers, with the same keys and lengths.",
            )
        return subtrees

    def compose(self, inner: TreeDef) -> TreeDef:
        """Return the structure that has another one in place of each leaf.

        Parameters
        ----------
        inner
            The structure of the new leaves.

        Returns
        -------
        TreeDef
            The structure of a tree of trees.

        Examples
        --------
        >>> fg.tree.structure([1, 2]).compose(fg.tree.structure({"a": 0}))
        PyTreeDef([{'a': *}, {'a': *}])
        """
        return _compose(self, inner)

    def same_order(self, other: TreeDef) -> bool:
        """Return whether an equal structure also lists its leaves in the same order.

        Parameters
        ----------
        other
            Another structure.

        Returns
        -------
        bool
            True if the structures are equal and all their dicts have their keys in the same order.

        Examples
        --------
        >>> ab, ba = fg.tree.structure({"a": 1, "b": 2}), fg.tree.structure({"b": 2, "a": 1})
        >>> ab == ba, ab.same_order(ba)
        (True, False)
        """
        return _equal(self, other, in_order=True)

    def paths(self) -> list[KeyPath]:
        """Return the paths of the leaves.

        The children of a class that was registered with keys of its own count as unnamed here: only
        its objects know the keys. `flatten_with_path` asks them.

        Returns
        -------
        list of tuple
            One path for each leaf.

        Examples
        --------
        >>> [fg.tree.keystr(path) for path in fg.tree.structure({"w": [1, 2]}).paths()]
        ["['w'][0]", "['w'][1]"]
        """
        paths: list[KeyPath] = []
        pending: list[tuple[KeyPath, TreeDef]] = [((), self)]
        while pending:
            path, structure = pending.pop()
            if structure is LEAF:
                paths.append(path)
            children = structure._children
            keys = structure.node_type.keys(structure.data, len(children)) if children else ()
            pending.extend(reversed([((*path, k), child) for k, child in zip(keys, children)]))
        return paths

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TreeDef):
            return NotImplemented
        return _equal(self, other, in_order=False)

    def __hash__(self) -> int:
        return _hash(self)

    def __repr__(self) -> str:
        return f"PyTreeDef({_show(self)})"

    def __reduce__(self) -> tuple[Any, ...]:
        # A flat list of nodes, children first: pickle's own recursion would limit the depth.
        records: list[tuple[type, Any, int] | None] = []
        pending = [self]
        while pending:
            structure = pending.pop()
            if structure is LEAF:
                records.append(None)
            else:
                cls = structure.node_type.node_data(structure.data)[0]
                records.append((cls, structure.data, len(structure._children)))
            pending.extend(structure._children)
        return _rebuild, (records[::-1],)


LEAF = TreeDef(LeafNode(object), None, (), 1)
"""The structure of a leaf; there is only this one."""


def _rebuild(records: list[tuple[type, Any, int] | None]) -> TreeDef:
    finished: list[TreeDef] = []
    for record in records:
        if record is None:
            finished.append(LEAF)
            continue
        cls, data, count = record
        node_type = node_type_of(cls)
        if node_type is None:
            raise TreeRegistrationError(
                f"the class {cls.__module__}.{cls.__qualname__} is not registered as a tree node "
                "in this process; import the module that registers it before loading the structure"
            )
        children = tuple(finished[len(finished) - count :])
        del finished[len(finished) - count :]
        num_leaves = sum(child.num_leaves for child in children)
        finished.append(TreeDef(node_type, data, children, num_leaves))
    return finished.pop()


def _unflatten(structure: TreeDef, leaves: Iterator[Any]) -> Any:
    children = []
    for child in structure._children:
        children.append(next(leaves) if child is LEAF else _unflatten(child, leaves))
    return structure.node_type.unflatten(structure.data, tuple(children))


def _flatten_up_to(structure: TreeDef, tree: Any, subtrees: list[Any]) -> bool:
    node_type = structure.node_type
    if node_type_of(type(tree)) is not node_type:
        return False
    children, data = node_type.flatten(tree)
    aligned = node_type.align(structure.data, data, children)
    if aligned is None or len(aligned) != len(structure._children):
        return False
    for child_structure, child in zip(structure._children, aligned):
        if child_structure is LEAF:
            subtrees.append(child)
        elif not _flatten_up_to(child_structure, child, subtrees):
            return False
    return True


def _compose(outer: TreeDef, inner: TreeDef) -> TreeDef:
    if outer is LEAF:
        return inner
    children = []
    for child in outer._children:
        children.append(_compose(child, inner))
    return TreeDef(
        outer.node_type, outer.data, tuple(children), outer.num_leaves * inner.num_leaves
    )


def _equal(one: TreeDef, other: TreeDef, in_order: bool) -> bool:
    if one is other:
        return True
    node_type, children = one.node_type, one._children
    if (
        node_type is not other.node_type
        or one.num_leaves != other.num_leaves
        or len(children) != len(other._children)
    ):
        return False
    aligned = node_type.align(one.data, other.data, other._children)
    if aligned is None or (in_order and aligned is not other._children):
        return False
    for child, other_child in zip(children, aligned):
        if child is not other_child and not _equal(child, other_child, in_order):
            return False
    return True


def _hash(structure: TreeDef) -> int:
    if structure._hash is None:
        hashes = []
        for child in structure._children:
            hashes.append(_hash(child))
        structure._hash = structure.node_type.hash(structure.data, hashes)
    return structure._hash


def _show(structure: TreeDef) -> str:
    texts = []
    for child in structure._children:
        texts.append(_show(child))
    return structure.node_type.show(structure.data, texts)


# --- mismatches -----------------------------------------------------------------------------------


def first_difference(
    structure: TreeDef, tree: Any, path: KeyPath
) -> tuple[KeyPath, TreeDef, Any] | None:
    """Return the first place where a tree leaves a structure, with what both have there."""
    if structure is LEAF:
        return None
    node_type = node_type_of(type(tree))
    if node_type is None or node_type is not structure.node_type:
        return path, structure, tree
    keys, children, data = node_type.flatten_with_keys(tree)
    aligned = node_type.align(structure.data, data, list(zip(keys, children)))
    if aligned is None or len(aligned) != len(structure._children):
        return path, structure, tree
    for child_structure, (key, child) in zip(structure._children, aligned):
        difference = first_difference(child_structure, child, (*path, key))
        if difference is not None:
            return difference
    return None


def one_level(tree: Any) -> TreeDef:
    node_type = node_type_of(type(tree))
    if node_type is None:
        return LEAF
    children, data = node_type.flatten(tree)
    return TreeDef(node_type, data, (LEAF,) * len(children), len(children))


def compare(expected: TreeDef, given: TreeDef, given_leaf: Any) -> tuple[str, str]:
    """Describe two containers that differ, so that the descriptions do."""
    expected_text = expected.node_type.describe(expected.data, len(expected._children))
    if given is LEAF:
        return expected_text, f"a leaf, {describe(given_leaf)}"
    given_text = given.node_type.describe(given.data, len(given._children))
    if expected.node_type is given.node_type and isinstance(expected.node_type, DictNode):
        missing = [key for key in expected.data[1] if key not in given.data[1]]
        extra = [key for key in given.data[1] if key not in expected.data[1]]
        notes = [f"missing {list_keys(missing)}"] * bool(missing)
        notes += [f"unexpected {list_keys(extra)}"] * bool(extra)
        given_text += f" ({'; '.join(notes)})" if notes else ""
    if given_text == expected_text:
        given_text += " of another class with the same name, as after a second definition"
    return expected_text, given_text


def _leaf_count_error(structure: TreeDef, given: int) -> TreeMismatchError:
    caller, expected = "tree.unflatten", structure.num_leaves
    if given > expected:
        return TreeMismatchError.too_many_leaves(caller, structure, expected, given)
    where = format_path("tree", structure.paths()[given])
    return TreeMismatchError.too_few_leaves(caller, structure, expected, given, where)
