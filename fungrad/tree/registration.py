"""The registration of classes as containers."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar, overload

from fungrad.errors import TreeRegistrationError, describe
from fungrad.tree.nodes import NodeType, register
from fungrad.tree.paths import GetAttrKey, KeyEntry

__all__ = [
    "register_dataclass",
    "register_pytree_node",
    "register_pytree_node_class",
    "register_pytree_with_keys",
    "register_pytree_with_keys_class",
    "register_static",
    "static",
]

Class = TypeVar("Class", bound=type)

Flatten = Callable[[Any], tuple[Iterable[Any], Any]]
FlattenWithKeys = Callable[[Any], tuple[Iterable[tuple[KeyEntry, Any]], Any]]
Unflatten = Callable[[Any, Any], Any]


class CustomNode(NodeType):
    """A class registered with functions of the user's."""

    __slots__ = ("flatten_function", "flatten_with_keys_function", "unflatten_function")

    def __init__(
        self,
        cls: type,
        flatten_function: Flatten | None,
        unflatten_function: Unflatten,
        flatten_with_keys_function: FlattenWithKeys | None,
    ) -> None:
        super().__init__(cls)
        self.flatten_function = flatten_function
        self.unflatten_function = unflatten_function
        self.flatten_with_keys_function = flatten_with_keys_function

    def flatten(self, tree: Any) -> tuple[Sequence[Any], Any]:
        if self.flatten_function is None:
            _, children, data = self.flatten_with_keys(tree)
            return children, data
        children, data = self._pair(self.flatten_function(tree))
        return tuple(children), data

    def unflatten(self, data: Any, children: tuple[Any, ...]) -> Any:
        return self.unflatten_function(data, children)

    def flatten_with_keys(self, tree: Any) -> tuple[Sequence[KeyEntry], Sequence[Any], Any]:
        if self.flatten_with_keys_function is None:
            return super().flatten_with_keys(tree)
        pairs, data = self._pair(self.flatten_with_keys_function(tree))
        pairs = tuple(pairs)
        return [key for key, _ in pairs], [child for _, child in pairs], data

    def _pair(self, result: Any) -> tuple[Any, Any]:
        if isinstance(result, tuple) and len(result) == 2:
            return result
        raise TreeRegistrationError(
            f"the flatten function of {self.cls.__name__} returned {describe(result)}; it must "
            "return a tuple (children, static data)"
        )


class DataclassNode(NodeType):
    """A class whose children and static data are attributes.

    `unflatten` sets the attributes without calling the class: its ``__init__`` and
    ``__post_init__`` may check or convert values, but the leaves of a tree may be anything.
    """

    __slots__ = ("data_fields", "dropped", "meta_fields")

    def __init__(
        self,
        cls: type,
        data_fields: Sequence[str],
        meta_fields: Sequence[str],
        dropped: Sequence[dataclasses.Field[Any]],
    ) -> None:
        super().__init__(cls)
        self.data_fields = tuple(data_fields)
        self.meta_fields = tuple(meta_fields)
        self.dropped = tuple(dropped)

    def flatten(self, tree: Any) -> tuple[Sequence[Any], Any]:
        children = tuple([getattr(tree, name) for name in self.data_fields])
        return children, tuple([getattr(tree, name) for name in self.meta_fields])

    def unflatten(self, data: Any, children: tuple[Any, ...]) -> Any:
        tree: Any = object.__new__(self.cls)
        # Frozen dataclasses refuse plain assignment.
        set_attribute = object.__setattr__
        for name, value in zip(self.data_fields, children):
            set_attribute(tree, name, value)
        for name, value in zip(self.meta_fields, data):
            set_attribute(tree, name, value)
        for field in self.dropped:
            if field.default is not dataclasses.MISSING:
                set_attribute(tree, field.name, field.default)
            elif field.default_factory is not dataclasses.MISSING:
                set_attribute(tree, field.name, field.default_factory())
        return tree

    def keys(self, data: Any, count: int) -> Sequence[KeyEntry]:
        return [GetAttrKey(name) for name in self.data_fields]

    def show(self, data: Any, children: Sequence[str]) -> str:
        fields = [f"{name}={child}" for name, child in zip(self.data_fields, children)]
        fields += [f"{name}={value!r}" for name, value in zip(self.meta_fields, data)]
        return f"{self.cls.__name__}({', '.join(fields)})"

    def describe(self, data: Any, count: int) -> str:
        fields = [f"{name}={value!r}" for name, value in zip(self.meta_fields, data)]
        return f"{self.cls.__name__}{' with ' * bool(fields)}{', '.join(fields)}"


class StaticNode(NodeType):
    """A class whose objects are static data and nothing else."""

    __slots__ = ()

    def flatten(self, tree: Any) -> tuple[Sequence[Any], Any]:
        return (), tree

    def unflatten(self, data: Any, children: tuple[Any, ...]) -> Any:
        return data

    def show(self, data: Any, children: Sequence[str]) -> str:
        return repr(data)

    def describe(self, data: Any, count: int) -> str:
        return f"static {data!r}"


def register_pytree_node(
    nodetype: type,
    flatten_func: Flatten,
    unflatten_func: Unflatten,
    flatten_with_keys_func: FlattenWithKeys | None = None,
) -> None:
    """Make the objects of a class containers, by functions that take them apart.

    Parameters
    ----------
    nodetype
        The class; its subclasses are not included.
    flatten_func
        A function of an object that returns its children and its static data, a pair. Static data
        need ``==``, and ``hash`` where structures are hashed.
    unflatten_func
        A function of static data and children that returns an object. It must not check the
        children, which may be anything.
    flatten_with_keys_func
        Like flatten_func, with pairs (key, child) in place of children.

    Raises
    ------
    TreeRegistrationError
        If the class is registered already.

    Examples
    --------
    >>> class Interval:
    ...     def __init__(self, low, high):
    ...         self.low, self.high = low, high
    >>> fg.tree_util.register_pytree_node(
    ...     Interval, lambda i: ((i.low, i.high), None), lambda _, children: Interval(*children)
    ... )
    >>> fg.tree.leaves([Interval(1.0, 2.0), 3.0])
    [1.0, 2.0, 3.0]
    """
    register(CustomNode(nodetype, flatten_func, unflatten_func, flatten_with_keys_func))


def register_pytree_with_keys(
    nodetype: type,
    flatten_with_keys: FlattenWithKeys,
    unflatten_func: Unflatten,
    flatten_func: Flatten | None = None,
) -> None:
    """Make the objects of a class containers whose children have names in paths.

    Parameters
    ----------
    nodetype
        The class; its subclasses are not included.
    flatten_with_keys
        A function of an object that returns pairs (key, child) and its static data, a pair.
    unflatten_func
        A function of static data and children that returns an object.
    flatten_func
        A faster flatten_with_keys that returns children without keys.

    Raises
    ------
    TreeRegistrationError
        If the class is registered already.

    Examples
    --------
    >>> class Circle:
    ...     def __init__(self, radius):
    ...         self.radius = radius
    >>> fg.tree_util.register_pytree_with_keys(
    ...     Circle,
    ...     lambda c: (((fg.tree_util.GetAttrKey("radius"), c.radius),), None),
    ...     lambda _, children: Circle(*children),
    ... )
    >>> [(path, leaf)] = fg.tree.leaves_with_path([Circle(2.0)])
    >>> fg.tree.keystr(path)
    '[0].radius'
    """
    register(CustomNode(nodetype, flatten_func, unflatten_func, flatten_with_keys))


def register_pytree_node_class(cls: Class) -> Class:
    """Make the objects of a class containers by its methods; a decorator.

    Parameters
    ----------
    cls
        A class with a method ``tree_flatten(self)`` that returns children and static data, and a
        class method ``tree_unflatten(cls, data, children)``.

    Returns
    -------
    type
        The class itself.

    Raises
    ------
    TreeRegistrationError
        If the class is registered already.

    Examples
    --------
    >>> @fg.tree_util.register_pytree_node_class
    ... class Scale:
    ...     def __init__(self, factor):
    ...         self.factor = factor
    ...     def tree_flatten(self):
    ...         return (self.factor,), None
    ...     @classmethod
    ...     def tree_unflatten(cls, data, children):
    ...         return cls(*children)
    >>> fg.tree.map(lambda x: 2 * x, Scale(3.0)).factor
    6.0
    """
    _require_methods(cls, "register_pytree_node_class", "tree_flatten", "tree_unflatten")
    definition: Any = cls
    register_pytree_node(cls, definition.tree_flatten, definition.tree_unflatten)
    return cls


def register_pytree_with_keys_class(cls: Class) -> Class:
    """Make the objects of a class containers whose children have names; a decorator.

    Parameters
    ----------
    cls
        A class with a method ``tree_flatten_with_keys(self)`` that returns pairs (key, child) and
        static data, a class method ``tree_unflatten(cls, data, children)``, and perhaps a method
        ``tree_flatten(self)``.

    Returns
    -------
    type
        The class itself.

    Raises
    ------
    TreeRegistrationError
        If the class is registered already.

    Examples
    --------
    >>> @fg.tree_util.register_pytree_with_keys_class
    ... class Shift:
    ...     def __init__(self, by):
    ...         self.by = by
    ...     def tree_flatten_with_keys(self):
    ...         return ((fg.tree_util.GetAttrKey("by"), self.by),), None
    ...     @classmethod
    ...     def tree_unflatten(cls, data, children):
    ...         return cls(*children)
    >>> fg.tree.leaves_with_path(Shift(3.0))
    [((GetAttrKey(name='by'),), 3.0)]
    """
    name = "register_pytree_with_keys_class"
    _require_methods(cls, name, "tree_flatten_with_keys", "tree_unflatten")
    definition: Any = cls
    register_pytree_with_keys(
        cls,
        definition.tree_flatten_with_keys,
        definition.tree_unflatten,
        getattr(cls, "tree_flatten", None),
    )
    return cls


def _require_methods(cls: type, caller: str, *names: str) -> None:
    for name in names:
        if not callable(getattr(cls, name, None)):
            raise TreeRegistrationError(
                f"{caller}: {describe(cls)} has no method {name}; define it in the class"
            )


@overload
def register_dataclass(
    nodetype: Class,
    data_fields: Sequence[str] | None = None,
    meta_fields: Sequence[str] | None = None,
    drop_fields: Sequence[str] = (),
) -> Class: ...
@overload
def register_dataclass(
    nodetype: None = None,
    data_fields: Sequence[str] | None = None,
    meta_fields: Sequence[str] | None = None,
    drop_fields: Sequence[str] = (),
) -> Callable[[Class], Class]: ...
def register_dataclass(
    nodetype: Any = None,
    data_fields: Sequence[str] | None = None,
    meta_fields: Sequence[str] | None = None,
    drop_fields: Sequence[str] = (),
) -> Any:
    """Make the objects of a dataclass containers; a decorator, with or without arguments.

    Transforms make new objects without calling ``__init__`` or ``__post_init__``.

    Parameters
    ----------
    nodetype
        The dataclass. Another class will do if both kinds of fields are given.
    data_fields
        The names of the children. Without it, these are all fields not declared by `static`.
    meta_fields
        The names of the static fields. Without it, these are the fields declared by
        `fungrad.tree.static`.
    drop_fields
        The names of fields that new objects get only their defaults for.

    Returns
    -------
    type
        The class itself, or a decorator if the class is not given.

    Raises
    ------
    TreeRegistrationError
        If the class is registered already or is no dataclass, or a field is missing, unknown or
        named twice.

    Examples
    --------
    >>> import dataclasses
    >>> @fg.tree_util.register_dataclass
    ... @dataclasses.dataclass(frozen=True)
    ... class Affine:
    ...     weight: float
    ...     bias: float
    ...     name: str = fg.tree.static(default="affine")
    >>> fg.tree.map(lambda x: 2 * x, Affine(1.0, 2.0))
    Affine(weight=2.0, bias=4.0, name='affine')
    """
    if nodetype is None:
        return functools.partial(
            register_dataclass,
            data_fields=data_fields,
            meta_fields=meta_fields,
            drop_fields=drop_fields,
        )
    register(_dataclass_node(nodetype, data_fields, meta_fields, drop_fields))
    return nodetype


def _dataclass_node(
    cls: type,
    data_fields: Sequence[str] | None,
    meta_fields: Sequence[str] | None,
    drop_fields: Sequence[str],
) -> DataclassNode:
    is_dataclass = isinstance(cls, type) and dataclasses.is_dataclass(cls)
    if not is_dataclass and (data_fields is None or meta_fields is None):
        raise TreeRegistrationError(
            f"register_dataclass: {describe(cls)} is no dataclass; decorate it with "
            "@dataclasses.dataclass first (written below), or pass data_fields= and meta_fields="
        )
    fields = {field.name: field for field in dataclasses.fields(cls)} if is_dataclass else {}
    if meta_fields is None:
        static_names = [name for name, field in fields.items() if field.metadata.get("static")]
        meta_fields = [n for n in static_names if n not in (*(data_fields or ()), *drop_fields)]
    if data_fields is None:
        data_fields = [name for name in fields if name not in (*meta_fields, *drop_fields)]
    if is_dataclass:
        _check_fields(cls, fields, [*data_fields, *meta_fields, *drop_fields])
    dropped = [f for n, f in fields.items() if n not in data_fields and n not in meta_fields]
    return DataclassNode(cls, data_fields, meta_fields, dropped)


def _check_fields(
    cls: type, fields: dict[str, dataclasses.Field[Any]], listed: Sequence[str]
) -> None:
    required = [name for name, field in fields.items() if field.init]
    faults = {
        "not listed": [name for name in required if name not in listed],
        "unknown": [name for name in listed if name not in fields],
        "listed twice": [name for name in fields if listed.count(name) > 1],
    }
    texts = [f"{fault}: {', '.join(names)}" for fault, names in faults.items() if names]
    if texts:
        raise TreeRegistrationError(
            f"register_dataclass: the fields of {cls.__name__} are {', '.join(fields)}, and each "
            "must be in one of data_fields, meta_fields and drop_fields; " + "; ".join(texts)
        )


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


def register_static(cls: Class) -> Class:
    """Make the objects of a class part of the structure, without leaves; a decorator.

    Parameters
    ----------
    cls
        A class whose objects have ``==`` and ``hash``.

    Returns
    -------
    type
        The class itself.

    Raises
    ------
    TreeRegistrationError
        If the class is registered already.

    Examples
    --------
    >>> @fg.tree_util.register_static
    ... class Name(str): pass
    >>> fg.tree.flatten({"layer": Name("dense"), "w": 1.0})
    ([1.0], PyTreeDef({'layer': 'dense', 'w': *}))
    """
    register(StaticNode(cls))
    return cls
