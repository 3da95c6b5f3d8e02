"""What a caller expects of a file, said by a tree like the one in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from fungrad.errors import SavedTreeMismatchError, UnsavableError, describe
from fungrad.io.names import unique_names
from fungrad.io.structure import STANDARD, fold, static_of
from fungrad.io.values import LEAVES
from fungrad.tree import LEAF, TreeDef, flatten_with_path, format_path, keystr
from fungrad.tree.nodes import NAMEDTUPLE
from fungrad.tree.registration import DataclassNode

Statics = dict[tuple[str, ...], Any]
"""Static data by the path of their container, as text."""


class Expected:
    """A tree whose leaves say what a file should have.

    Names decide what belongs where, so the containers may be others than those that were saved.

    Parameters
    ----------
    like
        The tree.

    Raises
    ------
    UnsavableError
        If it has a leaf that no file has.
    """

    def __init__(self, like: Any) -> None:
        leaves, self.structure = flatten_with_path(like)
        for path, leaf in leaves:
            if type(leaf) not in LEAVES and not (hasattr(leaf, "shape") and hasattr(leaf, "dtype")):
                advice = "no file has such a leaf: leaves may be arrays, numbers and text"
                raise UnsavableError("load", format_path("like", path), describe(leaf), advice)
        names = unique_names([path for path, _ in leaves])
        self.leaves = {name: leaf for name, (_, leaf) in zip(names, leaves)}

    def check(self, path: str, found: Mapping[str, Any], records: Any) -> None:
        """Compare with what a file has, before its arrays are read.

        Parameters
        ----------
        path
            The file, for the message.
        found
            The leaves by name, or what has their shape and dtype.
        records
            The structure, or None if the file has none.

        Raises
        ------
        SavedTreeMismatchError
            If there is any difference; the message has all.
        """
        expected = self.leaves
        differences = {
            "not in the file": [
                f"{name} ({_kind(leaf)})" for name, leaf in expected.items() if name not in found
            ],
            "not in `like`": [
                f"{name} ({_kind(leaf)})" for name, leaf in found.items() if name not in expected
            ],
            "different": [
                f"{name} ({_kind(found[name])} in the file, {_kind(leaf)} in `like`)"
                for name, leaf in expected.items()
                if name in found and _kind(found[name]) != _kind(leaf)
            ],
        }
        if records is not None:
            differences["different static data"] = list(self._static_differences(records))
        if any(differences.values()):
            raise SavedTreeMismatchError(path, differences)

    def _static_differences(self, records: Any) -> Iterator[str]:
        own = _statics(self.structure)
        for path, saved in fold(records, _statics_of_leaf, _statics_of_record).items():
            if path in own and own[path] != saved:
                where = ".".join(path) or "the root"
                yield f"{where} ({describe(saved)} in the file, {describe(own[path])} in `like`)"

    def fill(self, leaves: Mapping[str, Any]) -> Any:
        """Return the tree with leaves that have been checked."""
        return self.structure.unflatten([leaves[name] for name in self.leaves])


def _kind(leaf: Any) -> str:
    """Return what must be equal of two leaves, as text."""
    if type(leaf) in LEAVES:
        return type(leaf).__name__
    dtype = np.dtype(leaf.dtype).newbyteorder("=")
    return f"{dtype}[{','.join(map(str, leaf.shape))}]"


# --- static data ----------------------------------------------------------------------------------


def _statics(structure: TreeDef) -> Statics:
    found: Statics = {}
    pending: list[tuple[tuple[str, ...], TreeDef]] = [((), structure)]
    while pending:
        path, node = pending.pop()
        if node is LEAF:
            continue
        node_type, children = node.node_type, node.children()
        if isinstance(node_type, DataclassNode):
            found[path] = dict(zip(node_type.meta_fields, node.data))
        elif node_type is not NAMEDTUPLE and node_type.cls not in STANDARD:
            found[path] = node.data
        keys = node_type.keys(node.data, len(children))
        names = [keystr((key,), simple=True) for key in keys]
        pending.extend([((*path, name), child) for name, child in zip(names, children)])
    return found


def _statics_of_leaf(name: str) -> Statics:
    return {}


def _statics_of_record(
    record: dict[str, Any], keys: Sequence[Any], children: list[Statics]
) -> Statics:
    found = {
        (str(key), *path): static
        for key, child in zip(keys, children)
        for path, static in child.items()
    }
    if record["type"] in ("dataclass", "node"):
        found[()] = static_of(record)
    return found
