"""Mistakes with files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from fungrad.errors.base import FungradError
from fungrad.errors.trees import TreeMismatchError

MOST = 8
"""How many names of a long list a message shows."""

LONGEST = 60
"""How much of a name that a file has a message shows."""


class SavedFileError(FungradError, ValueError):
    """A file is damaged, or is no file of arrays."""

    def __init__(self, path: str, reason: object) -> None:
        super().__init__(f'"{path}" cannot be read as a safetensors file: {reason}')


class SavedTypeError(SavedFileError):
    """A file holds objects of a class that the caller did not name, or that has changed."""

    def __init__(self, path: str, reason: str) -> None:
        FungradError.__init__(
            self,
            f'"{path}" {reason}, or load(path, like=tree) with a tree of the same structure, or '
            "load(path, flat=True) for the arrays by their names",
        )

    @classmethod
    def unknown(cls, path: str, classes: Sequence[tuple[str, str]]) -> SavedTypeError:
        """Return the error for classes, given as module and name, that are not among the types."""
        full = [f"{module}.{name}"[:LONGEST] for module, name in classes]
        short = [name.rpartition(".")[2][:LONGEST] for _, name in classes]
        return cls(
            path,
            f"holds objects of {_shorten(full)}, and a file does not decide what is imported; "
            f"write load(path, types=[{_shorten(short)}])",
        )

    @classmethod
    def changed(cls, path: str, name: str, was: str, now: str) -> SavedTypeError:
        """Return the error for a class that is not what it was when the file was written."""
        return cls(
            path,
            f"holds an object of {name}, which {was}, and {now} now; write load(path, types=[...]) "
            "with the class as it was",
        )


class SavedTreeMismatchError(TreeMismatchError):
    """A file does not hold what the tree `like` describes."""

    def __init__(self, path: str, differences: Mapping[str, Sequence[str]]) -> None:
        lines = [f"\n  {kind}: {_shorten(texts)}" for kind, texts in differences.items() if texts]
        super().__init__(
            f'load: "{path}" does not hold a tree like `like`{"".join(lines)}\n'
            "Change `like`, or load the file without it, change the tree, and save that."
        )


def _shorten(texts: Sequence[str]) -> str:
    shown = ", ".join(texts[:MOST])
    return shown if len(texts) <= MOST else f"{shown}, ... ({len(texts)} in all)"


class UnsavableError(FungradError, TypeError):
    """Something in a tree cannot be written to a file."""

    def __init__(self, caller: str, where: str, what: str, advice: str) -> None:
        super().__init__(f"{caller}: {where} is {what}; {advice}")


class NameConflictError(FungradError, ValueError):
    """Two leaves of a tree would have one name, or a name is a leaf's and a container's."""

    @classmethod
    def of_leaves(cls, caller: str, name: str, places: Iterable[str]) -> NameConflictError:
        """Return the error for leaves that would have the same name."""
        return cls(
            f'{caller}: {" and ".join(places)} would both be named "{name}"; rename a key, so '
            "that names joined by dots stay apart"
        )

    @classmethod
    def of_container(cls, name: str, longer: str) -> NameConflictError:
        """Return the error for a name that goes on in another."""
        return cls(
            f'nest_names: "{name}" would be a leaf, and a container because of "{longer}"; rename '
            "one of them, or keep the flat dict"
        )
