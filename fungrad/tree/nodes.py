"""Node types: how the containers of each class are taken apart and put together."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from typing import Any

from fungrad.errors import StaticDataError, TreeRegistrationError, describe
from fungrad.tree.paths import (
    DictKey,
    FlattenedIndexKey,
    GetAttrKey,
    KeyEntry,
    SequenceKey,
    list_keys,
)

__all__ = [
    "NodeType",
    "node_type_of",
    "register",
]


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
        return f"OrderedDict with the keys {list_keys(data)} in this order"


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
        return f"{name} with the keys {list_keys(data[1])}" if count else f"empty {name}"


NAMEDTUPLE = NamedTupleNode(tuple)

node_types: dict[type, NodeType] = {
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
    if node_types.setdefault(cls, node_type) is not node_type:
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
    node_type = node_types.get(cls)
    if node_type is None and issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return NAMEDTUPLE
    return node_type
