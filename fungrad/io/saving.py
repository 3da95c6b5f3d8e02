"""From trees to files."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from fungrad.errors import UnsavableError, describe
from fungrad.io import safetensors
from fungrad.io.names import is_text, unique_names
from fungrad.io.replacement import replaced
from fungrad.io.structure import encode_structure
from fungrad.io.values import LEAVES, encode_value
from fungrad.tree import KeyPath, flatten_with_path, format_path

__all__ = ["save"]

STRUCTURE = "fungrad"
"""The name of the structure among the metadata."""

VERSION = 1


def save(
    path: str | os.PathLike[str], tree: Any, *, metadata: Mapping[str, str] | None = None
) -> None:
    """Write a tree to a file in the safetensors format.

    Arrays are written by names such as ``params.0.weight``, and every reader of the format gets
    them. The rest of the tree, its containers and Python's own numbers and text, stands beside
    them, so that `load` returns the same tree.

    A file that is there is replaced as a whole: whenever the process or the machine stops, it is
    either the old file or the new one.

    Parameters
    ----------
    path : str or path
        The file; its name usually ends in ``.safetensors``.
    tree
        A tree of arrays, Python numbers and text, for instance parameters and the state of an
        optimiser. Its keys may be text, numbers, None and tuples of these.
    metadata : mapping of str to str, optional
        Text for people and other programs; `fungrad.io.metadata` reads it.

    Raises
    ------
    UnsavableError
        If a leaf, a key or static data is something that a file cannot hold.
    OSError
        If the file cannot be written; a file that was there is unchanged.

    See Also
    --------
    load : The inverse.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     path = f"{directory}/checkpoint.safetensors"
    ...     fg.save(path, {"params": [np.ones(2), None], "step": 5}, metadata={"by": "me"})
    ...     fg.load(path)
    {'params': [Array([1., 1.], dtype=float64), None], 'step': 5}
    """
    leaves, structure = flatten_with_path(tree)
    names = unique_names([where for where, _ in leaves])
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    values: dict[str, Any] = {}
    for name, (where, leaf) in zip(names, leaves):
        if type(leaf) in LEAVES:
            values[name] = encode_value(leaf)
        else:
            arrays[name] = _as_array(leaf, where)
    texts = _checked(metadata or {})
    texts[STRUCTURE] = _structure_text(encode_structure(structure, names), arrays, values)
    header = safetensors.make_header(arrays, texts)
    if len(header) > safetensors.MAX_HEADER:
        raise UnsavableError(
            "save",
            "the tree",
            f"one whose names, text and metadata take {len(header)} bytes",
            f"the format has room for {safetensors.MAX_HEADER}: save long text in another file",
        )
    with replaced(os.fsdecode(path)) as file:
        safetensors.write(file, header, arrays)


def _structure_text(records: list[Any], arrays: safetensors.Arrays, values: dict[str, Any]) -> str:
    complex128 = [name for name, array in arrays.items() if safetensors.is_complex128(array.dtype)]
    content = {
        "version": VERSION,
        "values": values,
        "complex128": complex128,
        "tree": records,
    }
    try:
        return json.dumps(content, separators=(",", ":"), allow_nan=False)
    except ValueError as error:  # Python does not write integers of thousands of digits
        what = "one with an int of too many digits"
        raise UnsavableError("save", "the tree", what, f"keep it as text ({error})") from error


def _as_array(leaf: Any, where: KeyPath) -> np.ndarray[Any, Any]:
    if isinstance(leaf, (np.ndarray, np.generic)) or hasattr(leaf, "__array__"):
        try:
            array = np.asarray(leaf)
        except TypeError as error:
            error.add_note(f"save met it at {format_path('tree', where)}")
            raise
        if safetensors.is_savable(array.dtype):
            return array
        advice = "convert it to numbers of another dtype, x.astype(...)"
    else:
        advice = (
            "leaves may be arrays, numbers and text; take it out of the tree, or register its "
            "class as a container (fungrad.tree_util)"
        )
    raise UnsavableError("save", format_path("tree", where), describe(leaf), advice)


def _checked(metadata: Mapping[str, str]) -> dict[str, str]:
    for key, text in metadata.items():
        where = f"metadata[{key!r}]"
        for part in (key, text):
            if not isinstance(part, str):
                advice = "metadata are text: write str(...)"
                raise UnsavableError("save", where, describe(part), advice)
            if not is_text(part):
                advice = "half of a surrogate pair cannot be written"
                raise UnsavableError("save", where, describe(part), advice)
        if key == STRUCTURE:
            what = "the place of the tree's structure"
            raise UnsavableError("save", where, what, "take another key")
    return dict(metadata)
