"""The functions of trees by their longer names, and the registration of classes as tree nodes.

`tree_map` here is `map` in `fungrad.tree`, and so on. The ``register_*`` functions make objects of
the user's classes containers, so that every transform looks inside them.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar, overload

from fungrad.errors import TreeMismatchError, TreeRegistrationError, describe
from fungrad.tree import (
    LEAF,
    DictKey,
    FlattenedIndexKey,
    GetAttrKey,
    KeyEntry,
    KeyPath,
    NodeType,
    SequenceKey,
    TreeDef,
    broadcast_prefix,
    format_path,
    keystr,
    node_type_of,
    register,
)
from fungrad.tree import TreeDef as PyTreeDef
from fungrad.tree import all as tree_all
from fungrad.tree import broadcast as tree_broadcast
from fungrad.tree import flatten as tree_flatten
from fungrad.tree import flatten_with_path as tree_flatten_with_path
from fungrad.tree import leaves as tree_leaves
from fungrad.tree import leaves_with_path as tree_leaves_with_path
from fungrad.tree import map as tree_map
from fungrad.tree import map_with_path as tree_map_with_path
from fungrad.tree import reduce as tree_reduce
from fungrad.tree import reduce_associative as tree_reduce_associative
from fungrad.tree import structure as tree_structure
from fungrad.tree import transpose as tree_transpose
from fungrad.tree import unflatten as tree_unflatten

__all__ = [
    "DictKey",
    "FlattenedIndexKey",
    "GetAttrKey",
    "KeyEntry",
    "KeyPath",
    "Partial",
    "PyTreeDef",
    "SequenceKey",
    "all_leaves",
    "broadcast_prefix",
    "build_tree",
    "flatten_one_level",
    "flatten_one_level_with_keys",
    "format_path",
    "is_tree_node",
    "keystr",
    "register_dataclass",
    "register_pytree_node",
    "register_pytree_node_class",
    "register_pytree_with_keys",
    "register_pytree_with_keys_class",
    "register_static",
    "tree_all",
    "tree_broadcast",
    "tree_flatten",
    "tree_flatten_with_path",
    "tree_leaves",
    "tree_leaves_with_path",
    "tree_map",
    "tree_map_with_path",
    "tree_reduce",
    "tree_reduce_associative",
    "tree_structure",
    "tree_transpose",
    "tree_unflatten",
    "treedef_children",
    "treedef_is_leaf",
    "treedef_tuple",
]

Class = TypeVar("Class", bound=type)
Result = TypeVar("Result")

Flatten = Callable[[Any], tuple[Iterable[Any], Any]]
FlattenWithKeys = Callable[[Any], tuple[Iterable[tuple[KeyEntry, Any]], Any]]
Unflatten = Callable[[Any, Any], Any]


# --- registration --------------------------------------------------------------------------------


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


class PartialNode(NodeType):
    """`Partial`: the arguments are children, the function is static."""

    __slots__ = ()

    def flatten(self, tree: Partial[Any]) -> tuple[Sequence[Any], Any]:
        return (tree.args, tree.keywords), tree.func

    def unflatten(self, data: Any, children: tuple[Any, ...]) -> Any:
        args, keywords = children
        return Partial(data, *args, **keywords)

    def keys(self, data: Any, count: int) -> Sequence[KeyEntry]:
        return [GetAttrKey("args"), GetAttrKey("keywords")]


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


# --- a function with arguments -------------------------------------------------------------------


class Partial(functools.partial[Result]):
    """A function with some arguments filled in, which is a tree of these arguments.

    The function and the names of keywords belong to the structure. A `Partial` of a `Partial` is
    one with the arguments of both; a plain `functools.partial` stays whole, as a static function.

    Parameters
    ----------
    func
        The function.
    *args, **keywords
        Its first arguments.

    Examples
    --------
    >>> scaled = fg.tree_util.Partial(np.multiply, 3.0)
    >>> scaled(2.0)
    np.float64(6.0)
    >>> fg.tree.leaves(scaled)
    [3.0]
    """

    def __new__(
        cls, func: Callable[..., Result], /, *args: Any, **keywords: Any
    ) -> Partial[Result]:
        if isinstance(func, Partial):
            args, keywords = (*func.args, *args), {**func.keywords, **keywords}
            func = func.func
        partial: Any = super().__new__(cls, func)
        # The constructor of functools.partial would open a plain partial and take its arguments.
        partial.__setstate__((func, args, keywords, None))
        return partial  # type: ignore[no-any-return]


register(PartialNode(Partial))


# --- structures and single levels ----------------------------------------------------------------


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
    return TreeDef(tree_structure(()).node_type, None, children, num_leaves)
