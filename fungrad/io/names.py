"""Names of leaves: the keys of their paths joined by dots, as PyTorch writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fungrad.errors import NameConflictError
from fungrad.tree import KeyPath, format_path, keystr, leaves_with_path

__all__ = ["flatten_names", "nest_names"]

ROOT = "value"
"""The name of a leaf that is the whole tree."""

RESERVED = ("", "__metadata__")
"""Names that no array can have in a file."""


def flatten_names(tree: Any) -> dict[str, Any]:
    """Return the leaves of a tree by name: the keys of their paths joined by dots.

    Parameters
    ----------
    tree
        Any tree; its leaves may be traced.

    Returns
    -------
    dict of str to leaf
        The leaves in their order.

    Raises
    ------
    NameConflictError
        If two leaves would have the same name.

    See Also
    --------
    nest_names : The inverse, for nested dicts with strings as keys.

    Examples
    --------
    >>> fg.io.flatten_names({"encoder": [{"weight": 1.0}, {"weight": 2.0}], "scale": 3.0})
    {'encoder.0.weight': 1.0, 'encoder.1.weight': 2.0, 'scale': 3.0}
    """
    leaves = leaves_with_path(tree)
    names = [_dotted(path) for path, _ in leaves]
    _check_unique("flatten_names", names, [path for path, _ in leaves])
    return {name: leaf for name, (_, leaf) in zip(names, leaves)}


def nest_names(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested dicts of values with dots in their names: ``"a.0"`` becomes ``["a"]["0"]``.

    Parameters
    ----------
    flat
        Values by name, such as a file from PyTorch gives.

    Returns
    -------
    dict
        Dicts in dicts; their keys are strings, also those that look like numbers.

    Raises
    ------
    NameConflictError
        If a name goes on in another: ``"a"`` beside ``"a.b"``.

    See Also
    --------
    flatten_names : The inverse.

    Examples
    --------
    >>> fg.io.nest_names({"encoder.0.weight": 1.0, "encoder.0.bias": 2.0, "scale": 3.0})
    {'encoder': {'0': {'weight': 1.0, 'bias': 2.0}}, 'scale': 3.0}
    """
    nested: dict[str, Any] = {}
    made = {id(nested)}  # a value may be a dict, too
    for name, value in flat.items():
        *keys, last = name.split(".")
        container = nested
        for depth, key in enumerate(keys):
            if key not in container:
                container[key] = {}
                made.add(id(container[key]))
            container = container[key]
            if id(container) not in made:
                raise NameConflictError.of_container(".".join(keys[: depth + 1]), name)
        if last in container:
            longer = next(other for other in flat if other.startswith(f"{name}."))
            raise NameConflictError.of_container(name, longer)
        container[last] = value
    return nested


def unique_names(paths: Sequence[KeyPath]) -> list[str]:
    """Return a name for each leaf of a tree, for a file.

    Names that would not do, because they are taken twice or reserved, are written as Python code,
    ``['a.b']``. So names depend on the paths and not on their order: a dict whose keys are in
    another order has the same.
    """
    names = [_dotted(path) for path in paths]
    taken = _repeated(names)
    names = [
        keystr(path) if name in taken or name in RESERVED or not is_text(name) else name
        for name, path in zip(names, paths)
    ]
    if _repeated(names):  # by a key that looks like Python code
        names = [keystr(path) or ROOT for path in paths]
        _check_unique("save", names, paths)
    return names


def is_text(string: str) -> bool:
    """Return whether a string can be written as UTF-8, which half of a surrogate pair cannot."""
    try:
        string.encode()
    except UnicodeEncodeError:
        return False
    return True


def _dotted(path: KeyPath) -> str:
    return keystr(path, simple=True, separator=".") if path else ROOT


def _repeated(names: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    return {name for name in names if name in seen or seen.add(name)}  # type: ignore[func-returns-value]


def _check_unique(caller: str, names: Sequence[str], paths: Sequence[KeyPath]) -> None:
    for name in _repeated(names):
        places = [format_path("tree", path) for path, own in zip(paths, names) if own == name]
        raise NameConflictError.of_leaves(caller, name, places)
