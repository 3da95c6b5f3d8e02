"""Paths: the steps that lead from the root of a tree to one of its subtrees."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Sequence
from typing import TypeAlias

__all__ = [
    "DictKey",
    "FlattenedIndexKey",
    "GetAttrKey",
    "KeyEntry",
    "KeyPath",
    "SequenceKey",
    "format_path",
    "keystr",
]

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


def list_keys(keys: Sequence[Hashable], most: int = 8) -> str:
    shown = ", ".join(_quote(key) for key in keys[:most])
    return shown if len(keys) <= most else f"{shown}, ... ({len(keys)} in all)"
