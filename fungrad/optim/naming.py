"""Values in trees by name: the learning rate in the state of an optimiser, for instance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fungrad.tree import DictKey, GetAttrKey, SequenceKey

__all__ = ["get", "get_all_with_path", "set"]

Filter = Callable[[Any, Any], bool]


def _fields(node: Any) -> list[tuple[Any, Any, Any]]:
    """Return the last step of the path, the name and the value of each child with a name."""
    if isinstance(node, tuple) and hasattr(node, "_fields"):
        return [(GetAttrKey(name), name, getattr(node, name)) for name in node._fields]
    if isinstance(node, dict):
        return [(DictKey(key), key, value) for key, value in node.items()]
    if isinstance(node, (tuple, list)):
        return [(SequenceKey(index), None, value) for index, value in enumerate(node)]
    return []


def _search(node: Any, name: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
    if type(node).__name__ == name:
        yield path, node
    for key, own_name, value in _fields(node):
        if own_name is not None and own_name == name:
            yield (*path, key), value
        yield from _search(value, name, (*path, key))


def get_all_with_path(
    tree: Any, key: Any, filtering: Filter | None = None
) -> list[tuple[Any, Any]]:
    """Return all values of one name in a tree, with their paths.

    Parameters
    ----------
    tree : tree
        Dicts, NamedTuples and sequences.
    key : str
        A key, the name of a field, or that of a NamedTuple class.
    filtering : callable, optional
        ``filtering(path, value)`` says which values to take.

    Returns
    -------
    list of tuple
        A pair (path, value) for each.

    Examples
    --------
    >>> from fungrad import optim
    >>> state = optim.adam(0.1).init({"w": 1.0})
    >>> [value for path, value in optim.tree.get_all_with_path(state, "mu")]
    [{'w': Array(0., dtype=float64)}]
    """
    found = _search(tree, key, ())
    return [pair for pair in found if filtering is None or filtering(*pair)]


def get(tree: Any, key: Any, default: Any = None, filtering: Filter | None = None) -> Any:
    """Return the one value of a name in a tree.

    Parameters
    ----------
    tree, key, filtering
        See `get_all_with_path`.
    default : object
        What to return where there is none.

    Returns
    -------
    object
        The value.

    Raises
    ------
    KeyError
        If there are several.

    Examples
    --------
    >>> from fungrad import optim
    >>> state = optim.adam(0.1).init({"w": 1.0})
    >>> optim.tree.get(state, "count")
    Array(0, dtype=int32)
    """
    found = get_all_with_path(tree, key, filtering)
    if len(found) > 1:
        raise KeyError(f"{key!r} stands in the tree {len(found)} times; choose with filtering=")
    return found[0][1] if found else default


def set(  # noqa: A001
    tree: Any, filtering: Filter | None = None, /, **kwargs: Any
) -> Any:
    """Return a tree with other values under some names, wherever these stand.

    Parameters
    ----------
    tree : tree
        Dicts, NamedTuples and sequences.
    filtering : callable, optional
        ``filtering(path, value)`` says which values to replace.
    **kwargs
        The new values.

    Returns
    -------
    tree
        A new tree.

    Raises
    ------
    KeyError
        If a name is not there.

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.inject_hyperparams(optim.sgd)(learning_rate=0.1)
    >>> state = optim.tree.set(optimizer.init({"w": 1.0}), learning_rate=0.01)
    >>> optim.tree.get(state, "learning_rate")
    0.01
    """
    for name in kwargs:
        if not get_all_with_path(tree, name, filtering):
            raise KeyError(f"{name!r} does not stand in the tree")
    return _replaced(tree, kwargs, filtering, ())


def _replaced(
    node: Any, values: dict[str, Any], filtering: Filter | None, path: tuple[Any, ...]
) -> Any:
    def chosen(name: Any, place: tuple[Any, ...], value: Any) -> bool:
        return name in values and (filtering is None or filtering(place, value))

    if chosen(type(node).__name__, path, node):
        return values[type(node).__name__]
    children = [
        values[name]
        if name is not None and chosen(name, (*path, key), value)
        else _replaced(value, values, filtering, (*path, key))
        for key, name, value in _fields(node)
    ]
    if isinstance(node, dict):
        return type(node)(zip(node, children))
    if isinstance(node, tuple) and hasattr(node, "_fields"):
        return type(node)(*children)
    return type(node)(children) if isinstance(node, (tuple, list)) else node
