"""Trees: containers taken apart into leaves, put together again, mapped, and addressed by path.

A tree is a dict, list, tuple, namedtuple, None or an object of a registered class, whose children
are trees again. Anything else is a leaf. `flatten` separates a tree into its leaves and a
`TreeDef`, its structure; everything else in this file is made of the two.

Each class of containers has one `NodeType`, which knows how to take its objects apart. Dicts keep
their insertion order, and two dicts with the same keys match in any order.
"""

from __future__ import annotations

import builtins
import dataclasses
import functools
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from fungrad.errors import (
    EmptyTreeError,
    StaticDataError,
    TreeMismatchError,
    TreeRegistrationError,
    describe,
)

__all__ = [
    "LEAF",
    "DictKey",
    "FlattenedIndexKey",
    "GetAttrKey",
    "KeyEntry",
    "KeyPath",
    "NodeType",
    "SequenceKey",
    "TreeDef",
    "all",
    "broadcast",
    "broadcast_prefix",
    "flatten",
    "flatten_with_path",
    "format_path",
    "keystr",
    "leaves",
    "leaves_with_path",
    "map",
    "map_with_path",
    "node_type_of",
    "reduce",
    "reduce_associative",
    "register",
    "static",
    "structure",
    "transpose",
    "unflatten",
]

IsLeaf: TypeAlias = Callable[..., bool] | None


# --- paths ---------------------------------------------------------------------------------------

KeyEntry: TypeAlias = Hashable
"""One step of a path; ``str(entry)`` shows how Python would write it."""

KeyPath: TypeAlias = tuple[KeyEntry, ...]
"""The steps from the root of a tree to one of its subtrees."""


@dataclasses.dataclass(frozen=True, slots=True)
class SequenceKey:
    """The place ``[idx]`` of a child in a list or tuple."""

    idx: int

    def __str__(self) -> str:
        return f"[{self.idx!r}]"


@dataclasses.dataclass(frozen=True, slots=True)
class DictKey:
    """The place ``[key]`` of a child in a dict."""

    key: Hashable

    def __str__(self) -> str:
        return f"[{self.key!r}]"


@dataclasses.dataclass(frozen=True, slots=True)
class GetAttrKey:
    """The place ``.name`` of a child that is an attribute."""

    name: str

    def __str__(self) -> str:
        return f".{self.name}"


@dataclasses.dataclass(frozen=True, slots=True)
class FlattenedIndexKey:
    """The place of a child in a registered class that gives its children no names."""

    key: int

    def __str__(self) -> str:
        return f"[<flat index {self.key!r}>]"


def keystr(keys: KeyPath, *, simple: bool = False, separator: str = "") -> str:
    """Write a path as text.

    Parameters
    ----------
    keys
        The path, as `flatten_with_path` gives it.
    simple
        Write only the keys, without brackets, quotes and dots.
    separator
        The text between two keys.

    Returns
    -------
    str
        The steps of the path, joined.

    Examples
    --------
    >>> [(path, _)] = fg.tree.leaves_with_path({"dec": [{"weight": 1.0}]})
    >>> fg.tree_util.keystr(path)
    "['dec'][0]['weight']"
    >>> fg.tree_util.keystr(path, simple=True, separator="/")
    'dec/0/weight'
    """
    return separator.join(_simple(key) if simple else str(key) for key in keys)


def _simple(key: KeyEntry) -> str:
    match key:
        case SequenceKey(name) | DictKey(name) | GetAttrKey(name) | FlattenedIndexKey(name):
            return str(name)
        case _:
            return str(key)


def format_path(root: str, path: KeyPath) -> str:
    """Write a path after the name of its tree, with double quotes: the form of error messages.

    Parameters
    ----------
    root
        The name of the whole tree, for instance that of an argument.
    path
        The path within the tree.

    Returns
    -------
    str
        Python code that leads to the place.

    Examples
    --------
    >>> from fungrad.tree import DictKey, GetAttrKey, SequenceKey, format_path
    >>> print(format_path("params", (DictKey("dec"), SequenceKey(2), GetAttrKey("weight"))))
    params["dec"][2].weight
    """
    return root + "".join(
        f"[{_quote(key.key)}]" if isinstance(key, DictKey) else str(key) for key in path
    )


def _quote(key: Hashable) -> str:
    text = repr(key)
    plain = isinstance(key, str) and text == f"'{key}'" and '"' not in text
    return f'"{key}"' if plain else text


def _list_keys(keys: Sequence[Hashable], most: int = 8) -> str:
    shown = ", ".join(_quote(key) for key in keys[:most])
    return shown if len(keys) <= most else f"{shown}, ... ({len(keys)} in all)"


# --- node types ----------------------------------------------------------------------------------


class NodeType:
    """How the objects of one class of containers are taken apart and put together.

    Parameters
    ----------
    cls
        The class; its subclasses are not included.
    """

    __slots__ = ("cls",)

    def __init__(self, cls: type) -> None:
        self.cls = cls

    def flatten(self, tree: Any) -> tuple[Sequence[Any], Any]:
        """Return the children, and all else that is needed to make the object again."""
        raise NotImplementedError

    def unflatten(self, data: Any, children: tuple[Any, ...]) -> Any:
        """Make an object from what `flatten` returned, or from other children."""
        raise NotImplementedError

    def keys(self, data: Any, count: int) -> Sequence[KeyEntry]:
        """Return the last step of the path of each child."""
        return [FlattenedIndexKey(i) for i in range(count)]

    def flatten_with_keys(self, tree: Any) -> tuple[Sequence[KeyEntry], Sequence[Any], Any]:
        """Return the keys of the children beside what `flatten` returns."""
        children, data = self.flatten(tree)
        return self.keys(data, len(children)), children, data

    def align(self, expected: Any, given: Any, children: Sequence[Any]) -> Sequence[Any] | None:
        """Return the children of an object with the given data in the order of the expected data.

        The result is None where the data say that the two objects do not match.
        """
        try:
            return children if expected is given or expected == given else None
        except (TypeError, ValueError) as error:
            raise StaticDataError.of("compared", self.cls.__name__, given) from error

    def hash(self, data: Any, children: Sequence[int]) -> int:
        """Return the hash of a structure from the hashes of its children."""
        try:
            return hash((self.cls, data, *children))
        except TypeError as error:
            raise StaticDataError.of("hashed", self.cls.__name__, data) from error

    def node_data(self, data: Any) -> tuple[type, Any]:
        """Return the class of the object and its data as the user sees them."""
        return self.cls, data

    def show(self, data: Any, children: Sequence[str]) -> str:
        """Return the structure's text from those of its children."""
        static_text = "" if data is None else f"[{data!r}]"
        return f"{self.cls.__name__}{static_text}({', '.join(children)})"

    def describe(self, data: Any, count: int) -> str:
        """Return a description of one object for an error message."""
        static_text = "" if data is None else f" and static data {data!r}"
        return f"{self.cls.__name__} with {count} children{static_text}"


class LeafNode(NodeType):
    """The type of `LEAF`: it stands where a tree has a leaf, and no object has it."""

    __slots__ = ()

    def show(self, data: Any, children: Sequence[str]) -> str:
        return "*"

    def describe(self, data: Any, count: int) -> str:
        return "a leaf"


class NoneNode(NodeType):
    """None: a container without children."""

    __slots__ = ()

    def flatten(self, tree: None) -> tuple[Sequence[Any], Any]:
        return (), None

    def unflatten(self, data: Any, children: tuple[Any, ...]) -> None:
        return None

    def show(self, data: Any, children: Sequence[str]) -> str:
        return "None"

    def describe(self, data: Any, count: int) -> str:
        return "None"


class SequenceNode(NodeType):
    """Lists and tuples."""

    __slots__ = ()

    def flatten(self, tree: Any) -> tuple[Sequence[Any], Any]:
        return tree, None

    def unflatten(self, data: Any, children: tuple[Any, ...]) -> Any:
        return children if self.cls is tuple else list(children)

    def keys(self, data: Any, count: int) -> Sequence[KeyEntry]:
        return [SequenceKey(i) for i in range(count)]

    def show(self, data: Any, children: Sequence[str]) -> str:
        text = ", ".join(children)
        if self.cls is list:
            return f"[{text}]"
        return f"({text},)" if len(children) == 1 else f"({text})"

    def describe(self, data: Any, count: int) -> str:
        return f"{self.cls.__name__} of length {count}"


class NamedTupleNode(NodeType):
    """All namedtuples at once; the data is the class of the object."""

    __slots__ = ()

    def flatten(self, tree: Any) -> tuple[Sequence[Any], Any]:
        return tree, type(tree)

    def unflatten(self, data: Any, children: tuple[Any, ...]) -> Any:
        # A __new__ of the user's could convert or check its arguments, which may be tracers here.
        return tuple.__new__(data, children)

    def keys(self, data: Any, count: int) -> Sequence[KeyEntry]:
        return [GetAttrKey(name) for name in data._fields]

    def node_data(self, data: Any) -> tuple[type, Any]:
        return data, None

    def show(self, data: Any, children: Sequence[str]) -> str:
        fields = ", ".join(f"{name}={child}" for name, child in zip(data._fields, children))
        return f"{data.__name__}({fields})"

    def describe(self, data: Any, count: int) -> str:
        return f"namedtuple {data.__name__}"


class OrderedDictNode(NodeType):
    """OrderedDicts, whose order belongs to the structure; the data are the keys."""

    __slots__ = ()

    def flatten(self, tree: Any) -> tuple[Sequence[Any], Any]:
        return tuple(tree.values()), tuple(tree)

    def unflatten(self, data: Any, children: tuple[Any, ...]) -> Any:
        return OrderedDict(zip(data, children))

    def keys(self, data: Any, count: int) -> Sequence[KeyEntry]:
        return [DictKey(key) for key in data]

    def show(self, data: Any, children: Sequence[str]) -> str:
        items = ", ".join(f"{key!r}: {child}" for key, child in zip(data, children))
        return f"OrderedDict({{{items}}})"

    def describe(self, data: Any, count: int) -> str:
        return f"OrderedDict with the keys {_list_keys(data)} in this order"


class DictNode(NodeType):
    """Dicts and defaultdicts; the data are the default factory and the keys.

    Dicts with the same set of keys have equal structures, as they are equal objects in Python.
    """

    __slots__ = ()

    def flatten(self, tree: Any) -> tuple[Sequence[Any], Any]:
        factory = None if self.cls is dict else tree.default_factory
        return tuple(tree.values()), (factory, tuple(tree))

    def unflatten(self, data: Any, children: tuple[Any, ...]) -> Any:
        items = zip(data[1], children)
        return dict(items) if self.cls is dict else defaultdict(data[0], items)

    def keys(self, data: Any, count: int) -> Sequence[KeyEntry]:
        return [DictKey(key) for key in data[1]]

    def align(self, expected: Any, given: Any, children: Sequence[Any]) -> Sequence[Any] | None:
        if expected == given:
            return children
        if expected[0] != given[0] or len(expected[1]) != len(given[1]):
            return None
        by_key = dict(zip(given[1], children))
        try:
            return [by_key[key] for key in expected[1]]
        except KeyError:
            return None

    def hash(self, data: Any, children: Sequence[int]) -> int:
        return hash((self.cls, data[0], frozenset(zip(data[1], children))))

    def node_data(self, data: Any) -> tuple[type, Any]:
        return self.cls, list(data[1]) if self.cls is dict else data

    def show(self, data: Any, children: Sequence[str]) -> str:
        items = ", ".join(f"{key!r}: {child}" for key, child in zip(data[1], children))
        return f"{{{items}}}" if self.cls is dict else f"defaultdict({data[0]!r}, {{{items}}})"

    def describe(self, data: Any, count: int) -> str:
        name = "dict" if self.cls is dict else f"defaultdict of {data[0]!r}"
        return f"{name} with the keys {_list_keys(data[1])}" if count else f"empty {name}"


NAMEDTUPLE = NamedTupleNode(tuple)

_node_types: dict[type, NodeType] = {
    type(None): NoneNode(type(None)),
    list: SequenceNode(list),
    tuple: SequenceNode(tuple),
    dict: DictNode(dict),
    defaultdict: DictNode(defaultdict),
    OrderedDict: OrderedDictNode(OrderedDict),
}


def register(node_type: NodeType) -> None:
    """Make the objects of a class containers of the tree functions.

    The functions of `fungrad.tree_util` are the convenient way to the same end.

    Parameters
    ----------
    node_type
        What knows how to take the objects apart.

    Raises
    ------
    TreeRegistrationError
        If the class is registered already, or is no class.

    Examples
    --------
    >>> class Pair(list): pass
    >>> class PairNode(fg.tree.NodeType):
    ...     def flatten(self, tree):
    ...         return tuple(tree), None
    ...     def unflatten(self, data, children):
    ...         return Pair(children)
    >>> fg.tree.register(PairNode(Pair))
    >>> fg.tree.leaves([1, Pair([2, 3])])
    [1, 2, 3]
    """
    cls = node_type.cls
    if not isinstance(cls, type):
        raise TreeRegistrationError(
            f"only a class can be registered as a tree node, not {describe(cls)}; pass the class "
            "of the objects"
        )
    if _node_types.setdefault(cls, node_type) is not node_type:
        raise TreeRegistrationError(
            f"the class {cls.__module__}.{cls.__qualname__} is a tree node already; register each "
            "class once, right after its definition"
        )


def node_type_of(cls: type) -> NodeType | None:
    """Return what takes the objects of a class apart, or None if they are leaves.

    Parameters
    ----------
    cls
        Any class.

    Returns
    -------
    NodeType or None
        The node type of the class.

    Examples
    --------
    >>> fg.tree.node_type_of(list).cls
    <class 'list'>
    >>> fg.tree.node_type_of(float) is None
    True
    """
    node_type = _node_types.get(cls)
    if node_type is None and issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return NAMEDTUPLE
    return node_type


# --- structures ----------------------------------------------------------------------------------


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

    # The recursions below take one frame for each level and no comprehensions, which are frames
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
            difference = _first_difference(self, tree, ())
            assert difference is not None
            path, expected, subtree = difference
            expected_text, given_text = _compare(expected, _one_level(subtree), subtree)
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


def _flatten(tree: Any, node_type: NodeType, leaves: list[Any], is_leaf: IsLeaf) -> TreeDef:
    children, data = node_type.flatten(tree)
    before = len(leaves)
    structures = []
    for child in children:
        child_type = _node_types.get(type(child))
        if child_type is None and isinstance(child, tuple):
            child_type = node_type_of(type(child))
        if child_type is None or (is_leaf is not None and is_leaf(child)):
            leaves.append(child)
            structures.append(LEAF)
        else:
            structures.append(_flatten(child, child_type, leaves, is_leaf))
    return TreeDef(node_type, data, tuple(structures), len(leaves) - before)


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


# --- mismatches ----------------------------------------------------------------------------------


def _first_difference(
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
        difference = _first_difference(child_structure, child, (*path, key))
        if difference is not None:
            return difference
    return None


def _one_level(tree: Any) -> TreeDef:
    node_type = node_type_of(type(tree))
    if node_type is None:
        return LEAF
    children, data = node_type.flatten(tree)
    return TreeDef(node_type, data, (LEAF,) * len(children), len(children))


def _compare(expected: TreeDef, given: TreeDef, given_leaf: Any) -> tuple[str, str]:
    """Describe two containers that differ, so that the descriptions do."""
    expected_text = expected.node_type.describe(expected.data, len(expected._children))
    if given is LEAF:
        return expected_text, f"a leaf, {describe(given_leaf)}"
    given_text = given.node_type.describe(given.data, len(given._children))
    if expected.node_type is given.node_type and isinstance(expected.node_type, DictNode):
        missing = [key for key in expected.data[1] if key not in given.data[1]]
        extra = [key for key in given.data[1] if key not in expected.data[1]]
        notes = [f"missing {_list_keys(missing)}"] * bool(missing)
        notes += [f"unexpected {_list_keys(extra)}"] * bool(extra)
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


# --- functions of trees --------------------------------------------------------------------------


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

    Examples
    --------
    >>> leaves, structure = fg.tree.flatten({"w": 1.0, "b": 2.0})
    >>> fg.tree.unflatten(structure, [10 * leaf for leaf in leaves])
    {'w': 10.0, 'b': 20.0}
    """
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


def map(f: Callable[..., Any], tree: Any, *rest: Any, is_leaf: IsLeaf = None) -> Any:
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


def all(tree: Any, *, is_leaf: IsLeaf = None) -> bool:
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
        difference = _first_difference(structure(prefix_tree, is_leaf), full_tree, ())
        assert difference is not None
        path, prefix, subtree = difference
        full = _one_level(subtree)
        expected_text, given_text = _compare(full, prefix, None)
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


def static(**kwargs: Any) -> Any:
    """Declare a field of a dataclass that is no child: it belongs to the structure.

    Parameters
    ----------
    **kwargs
        The arguments of `dataclasses.field`.

    Returns
    -------
    field
        What `fungrad.tree_util.register_dataclass` takes for a static field.

    Examples
    --------
    >>> import dataclasses
    >>> @fg.tree_util.register_dataclass
    ... @dataclasses.dataclass
    ... class Layer:
    ...     weight: float
    ...     activation: str = fg.tree.static(default="relu")
    >>> fg.tree.flatten(Layer(2.0))
    ([2.0], PyTreeDef(Layer(weight=*, activation='relu')))
    """
    metadata = {**(kwargs.pop("metadata", None) or {}), "static": True}
    return dataclasses.field(metadata=metadata, **kwargs)
