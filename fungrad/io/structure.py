"""The structure of a tree as JSON: one record for each node, children before their container.

A leaf is its name, a string; a container is an object that says its type and what its children are
to it. In a list, and not nested, so that no depth of a tree is too much for a reader.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from fungrad.errors import SavedFileError, SavedTypeError, UnsavableError, describe
from fungrad.io.values import NotJSONError, decode_value, encode_value, hashable
from fungrad.tree import LEAF, KeyPath, NodeType, TreeDef, format_path, node_type_of
from fungrad.tree.nodes import NAMEDTUPLE, node_types
from fungrad.tree.registration import DataclassNode

Record = str | dict[str, Any]

Result = TypeVar("Result")

PLAIN: dict[str, type] = {"None": type(None), "list": list, "tuple": tuple}
STANDARD = (*PLAIN.values(), dict, OrderedDict, defaultdict)
"""Python's own containers, but for namedtuples."""

CLASSES = ("namedtuple", "dataclass", "node")
"""The types of containers whose class is not Python's own."""

FACTORIES: dict[str, Any] = {
    "None": None,
    "bool": bool,
    "dict": dict,
    "float": float,
    "int": int,
    "list": list,
    "set": set,
    "str": str,
    "tuple": tuple,
}
"""What a defaultdict may call; other functions would be code out of a file."""


# --- from a tree to records -----------------------------------------------------------------------


def encode_structure(structure: TreeDef, names: Iterable[str]) -> list[Record]:
    """Return the records of a structure whose leaves have these names."""
    remaining = list(names)
    records: list[Record] = []
    pending: list[tuple[KeyPath, TreeDef]] = [((), structure)]
    while pending:  # from the right to the left: a container comes after its children in the end
        path, node = pending.pop()
        if node is LEAF:
            records.append(remaining.pop())
            continue
        children = node.children()
        records.append(_encode_node(node.node_type, node.data, len(children), path))
        keys = node.node_type.keys(node.data, len(children))
        pending.extend([((*path, key), child) for key, child in zip(keys, children)])
    return records[::-1]


def _encode_node(node_type: NodeType, data: Any, count: int, path: KeyPath) -> dict[str, Any]:
    cls, _ = node_type.node_data(data)
    if cls is type(None):
        return {"type": "None"}
    if cls is list or cls is tuple:
        return {"type": cls.__name__, "length": count}
    if cls is OrderedDict:
        return {"type": "OrderedDict", "keys": _encode_keys(data, path)}
    if cls is dict or cls is defaultdict:
        factory, keys = data
        record = {"type": cls.__name__, "keys": _encode_keys(keys, path)}
        return record if cls is dict else {**record, "factory": _factory_name(factory, path)}
    named = {"module": cls.__module__, "name": cls.__qualname__}
    if node_type is NAMEDTUPLE:
        return {"type": "namedtuple", **named, "fields": list(data._fields)}
    if isinstance(node_type, DataclassNode):
        static = {
            field: _encode_static(value, cls, path)
            for field, value in zip(node_type.meta_fields, data)
        }
        fields = list(node_type.data_fields)
        return {"type": "dataclass", **named, "fields": fields, "static": static}
    return {"type": "node", **named, "length": count, "static": _encode_static(data, cls, path)}


def _encode_keys(keys: Iterable[Any], path: KeyPath) -> list[Any]:
    encoded = []
    for key in keys:
        try:
            encoded.append(encode_value(key))
        except NotJSONError:
            raise UnsavableError(
                "save",
                f"a key of {format_path('tree', path)}",
                describe(key),
                "keys may be text, numbers, None, and tuples of these",
            ) from None
    return encoded


def _encode_static(value: Any, cls: type, path: KeyPath) -> Any:
    try:
        return encode_value(value)
    except NotJSONError as error:
        part = error.args[0]
        raise UnsavableError(
            "save",
            f"static data of {format_path('tree', path)}, a {cls.__name__},",
            describe(part),
            "static data may be text, numbers, None, and tuples, lists and dicts of these; save "
            "the parameters without the object, and make it anew",
        ) from None


def _factory_name(factory: Any, path: KeyPath) -> str:
    for name, known in FACTORIES.items():
        if factory is known:
            return name
    raise UnsavableError(
        "save",
        f"the default_factory of {format_path('tree', path)}",
        describe(factory),
        "a file holds no code: save dict(...) of it",
    )


# --- from records to a tree -----------------------------------------------------------------------


class KnownTypes:
    """The classes that a file may make objects of: those that the caller named.

    Parameters
    ----------
    path
        The file, for messages.
    types
        The classes.
    """

    def __init__(self, path: str, types: Iterable[type]) -> None:
        self.path = path
        self.types = tuple(types)
        for cls in self.types:
            if not isinstance(cls, type):
                raise TypeError(f"load: types are classes, not {cls!r}")

    def find(self, record: Mapping[str, Any]) -> type | None:
        """Return the class that a record names, also if it has moved to another module."""
        module, name = _get(record, "module", str), _get(record, "name", str)
        found = [cls for cls in self.types if cls.__qualname__ == name]
        exact = [cls for cls in found if cls.__module__ == module]
        return (exact or found)[0] if exact or len(found) == 1 else None

    def require_all(self, records: Iterable[Any]) -> None:
        """Check that all classes that records name are there.

        Raises
        ------
        SavedTypeError
            If some are not; the message has all of them.
        """
        missing: dict[tuple[str, str], None] = {}  # in their order, each once
        for record in records:
            if type(record) is dict and record.get("type") in CLASSES and not self.find(record):
                missing[record["module"], record["name"]] = None
        if missing:
            raise SavedTypeError.unknown(self.path, list(missing))

    def changed(self, cls: type, was: str, now: str) -> SavedTypeError:
        """Return the error for a class that does not fit a record any more."""
        return SavedTypeError.changed(self.path, cls.__name__, was, now)


def fold(
    records: Iterable[Any],
    at_leaf: Callable[[str], Result],
    at_node: Callable[[dict[str, Any], Sequence[Any], list[Result]], Result],
) -> Result:
    """Make one value of all records, from the leaves up.

    Parameters
    ----------
    records
        As `encode_structure` returns them.
    at_leaf
        A function of the name of a leaf.
    at_node
        A function of a container's record, the keys of its children and their values.

    Raises
    ------
    ValueError
        If the records are wrong.
    """
    stack: list[Result] = []
    for record in records:
        if type(record) is str:
            stack.append(at_leaf(record))
            continue
        keys = _child_keys(_expect(record, dict))
        if len(keys) > len(stack):
            raise ValueError("its structure has a container with more children than there are")
        first = len(stack) - len(keys)
        children = stack[first:]
        del stack[first:]
        stack.append(at_node(record, keys, children))
    if len(stack) != 1:
        raise ValueError("its structure is not one tree")
    return stack[0]


def _child_keys(record: dict[str, Any]) -> Sequence[Any]:
    match record.get("type"):
        case "None":
            return ()
        case "list" | "tuple" | "node":
            length = _get(record, "length", int)
            if not 0 <= length < 2**31:  # more than there are; range() has limits of its own
                raise ValueError("its structure has a container of a length that cannot be")
            return range(length)
        case "dict" | "OrderedDict" | "defaultdict":
            keys = [hashable(decode_value(key)) for key in _get(record, "keys", list)]
            if len(set(keys)) != len(keys):
                raise ValueError("its structure has a dict with a key twice")
            return keys
        case "namedtuple" | "dataclass":
            fields: list[Any] = _get(record, "fields", list)
            return fields
    raise ValueError("its structure has a container of a type that this fungrad does not know")


def decode_structure(records: Iterable[Any], leaves: Mapping[str, Any], known: KnownTypes) -> Any:
    """Return the tree of which these are the records, with all of the leaves.

    Raises
    ------
    SavedTypeError
        If there are objects of a class that is not known, or has changed.
    ValueError
        If the records are wrong.
    """
    known.require_all(records)
    unused = dict(leaves)

    def at_leaf(name: str) -> Any:
        if name not in unused:
            raise ValueError(f"its structure has a leaf {name!r:.60}, and the file has none")
        return unused.pop(name)

    def at_node(record: dict[str, Any], keys: Sequence[Any], children: list[Any]) -> Any:
        node_type, data = _decode_node(record, keys, known)
        try:
            return node_type.unflatten(data, tuple(children))
        except Exception as error:  # from code of the class, which may check what it is given
            reason = f"a {node_type.cls.__name__} cannot be made of what it has ({error})"
            raise SavedFileError(known.path, reason) from error

    tree = fold(records, at_leaf, at_node)
    if unused:
        raise ValueError("its structure does not hold all that the file has")
    return tree


def _decode_node(
    record: dict[str, Any], keys: Sequence[Any], known: KnownTypes
) -> tuple[NodeType, Any]:
    kind = record["type"]
    if kind in PLAIN:
        return node_types[PLAIN[kind]], None
    if kind == "OrderedDict":
        return node_types[OrderedDict], tuple(keys)
    if kind == "dict":
        return node_types[dict], (None, tuple(keys))
    if kind == "defaultdict":
        factory = record.get("factory")
        if not isinstance(factory, str) or factory not in FACTORIES:
            raise ValueError("its structure has a defaultdict of something unknown")
        return node_types[defaultdict], (FACTORIES[factory], tuple(keys))
    cls = known.find(record)
    assert cls is not None
    node_type = node_type_of(cls)
    if kind == "namedtuple":
        if node_type is not NAMEDTUPLE:
            raise known.changed(cls, "was a namedtuple", "is none")
        _check_fields(cls, keys, cls._fields, known)  # type: ignore[attr-defined]
        return node_type, cls
    static = static_of(record)
    if kind == "dataclass":
        if not isinstance(node_type, DataclassNode):
            raise known.changed(cls, "was a registered dataclass", "is none")
        _check_fields(cls, keys, node_type.data_fields, known)
        _check_fields(cls, list(static), node_type.meta_fields, known)
        return node_type, tuple(static.values())
    if node_type is None or node_type is NAMEDTUPLE or isinstance(node_type, DataclassNode):
        raise known.changed(cls, "was registered with functions of its own", "is not")
    return node_type, static


def static_of(record: dict[str, Any]) -> Any:
    """Return the static data of a container; those of a dataclass by the names of its fields."""
    if record["type"] == "dataclass":
        static = _get(record, "static", dict)
        return {name: decode_value(value) for name, value in static.items()}
    return decode_value(record.get("static"))


def _check_fields(cls: type, saved: Sequence[Any], now: Sequence[str], known: KnownTypes) -> None:
    if list(saved) != list(now):
        before = f"had the fields {', '.join(map(str, saved))}"
        raise known.changed(cls, before, f"has {', '.join(now)}")


def _get(record: Mapping[str, Any], key: str, kind: type) -> Any:
    return _expect(record.get(key), kind)


def _expect(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise ValueError(f"its structure has {type(value).__name__} in place of {kind.__name__}")
    return value
