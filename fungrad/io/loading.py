"""From files to trees."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from io import BufferedReader
from typing import Any, NamedTuple

from fungrad.array import wrap
from fungrad.errors import SavedFileError, SavedTreeMismatchError
from fungrad.io import safetensors
from fungrad.io.matching import Expected
from fungrad.io.safetensors import Entry, Header
from fungrad.io.saving import STRUCTURE, VERSION
from fungrad.io.structure import KnownTypes, decode_structure
from fungrad.io.values import LEAVES, decode_value

__all__ = ["load", "metadata"]


class Contents(NamedTuple):
    """What a file holds.

    Attributes
    ----------
    entries : dict
        Where the arrays are, by name.
    values : dict
        The leaves that are no arrays, by name.
    records : list or None
        The structure of the tree; None in a file from elsewhere.
    """

    entries: dict[str, Entry]
    values: dict[str, Any]
    records: Any


def load(
    path: str | os.PathLike[str],
    *,
    like: Any = None,
    types: Iterable[type] = (),
    flat: bool = False,
) -> Any:
    """Read a file in the safetensors format.

    Parameters
    ----------
    path : str or path
        A file that `save` wrote, or one from elsewhere.
    like : tree, optional
        What is expected: a tree whose leaves have the shapes and dtypes of those in the file, such
        as freshly initialised parameters or the result of `fungrad.eval_shape`. The names decide
        what belongs where, so files from elsewhere will do, too.
    types : iterable of classes
        Classes of namedtuples and of registered containers. Only of these, and of the classes in
        `like`, are objects made: no file decides what is imported.
    flat : bool
        Return the arrays by name, as other readers see them, whatever structure there is.

    Returns
    -------
    tree
        With `like`, a tree with its containers. Else the tree that was saved, or a dict of the
        arrays by name if the file is from elsewhere. Arrays are `Array`; bfloat16 becomes float32,
        which is exact.

    Raises
    ------
    SavedFileError
        If the file is damaged or of another format.
    SavedTypeError
        If objects of a class that is not among `types` were saved.
    SavedTreeMismatchError
        If the file does not hold what `like` describes.
    OSError
        If there is no such file, or it cannot be read.

    See Also
    --------
    save : The inverse.
    fungrad.io.nest_names : Make nested dicts of the names in a file from elsewhere.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     fg.save(f"{directory}/layer.safetensors", {"weight": np.ones(2), "bias": 0.0})
    ...     fg.load(f"{directory}/layer.safetensors", like={"bias": 1.0, "weight": np.empty(2)})
    {'bias': 0.0, 'weight': Array([1., 1.], dtype=float64)}
    """
    name = os.fsdecode(path)
    known = KnownTypes(name, types)
    expected = None if like is None else Expected(like)
    with _opened(name) as (file, header):
        if flat:
            return _read(file, header.entries)
        contents = _contents(header)
        if expected is not None:
            expected.check(name, {**contents.entries, **contents.values}, contents.records)
        leaves = {**_read(file, contents.entries), **contents.values}
        if expected is not None:
            return expected.fill(leaves)
        if contents.records is None:
            return leaves
        return decode_structure(contents.records, leaves, known)


def metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    """Read the metadata of a file, and not its arrays.

    Parameters
    ----------
    path : str or path
        A file that `save` wrote, or one from elsewhere.

    Returns
    -------
    dict of str to str
        What was given to `save` as metadata.

    Raises
    ------
    SavedFileError
        If the file is damaged or of another format.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     path = f"{directory}/model.safetensors"
    ...     fg.save(path, {"w": np.ones(2)}, metadata={"license": "BSD-3-Clause"})
    ...     fg.io.metadata(path)
    {'license': 'BSD-3-Clause'}
    """
    with _opened(os.fsdecode(path)) as (_, header):
        return {key: text for key, text in header.metadata.items() if key != STRUCTURE}


@contextlib.contextmanager
def _opened(path: str) -> Iterator[tuple[BufferedReader, Header]]:
    """Open a file and read its header; what is wrong with it is a `SavedFileError`."""
    if not stat.S_ISREG(os.stat(path).st_mode):  # to open a pipe would wait for its other end
        raise SavedFileError(path, "it is a directory or another thing that is no file")
    with open(path, "rb") as file:
        try:
            yield file, safetensors.read_header(file, os.fstat(file.fileno()).st_size)
        except (SavedFileError, SavedTreeMismatchError):
            raise
        except RecursionError as error:
            raise SavedFileError(path, "its structure is nested too deeply") from error
        except ValueError as error:
            raise SavedFileError(path, error) from error


def _read(file: BufferedReader, entries: Mapping[str, Entry]) -> dict[str, Any]:
    return {name: wrap(array) for name, array in safetensors.read(file, entries).items()}


def _contents(header: Header) -> Contents:
    text = header.metadata.get(STRUCTURE)
    if text is None:
        return Contents(header.entries, {}, None)
    match safetensors.parse_json(text, "its structure"):
        case {
            "version": int(version),
            "values": dict(values),
            "complex128": list(complex128),
            "tree": list(records),
        }:
            pass
        case _:
            raise ValueError("its structure is incomplete")
    if version != VERSION:
        raise ValueError(
            f"its structure is of version {version}, and this fungrad knows {VERSION}; "
            "load(path, flat=True) has its arrays"
        )
    leaves = {name: decode_value(value) for name, value in values.items()}
    if any(type(leaf) not in LEAVES for leaf in leaves.values()) or leaves.keys() & header.entries:
        raise ValueError("its structure has leaves that cannot be")
    entries = dict(header.entries)
    for name in complex128:
        if type(name) is not str or name not in entries:
            raise ValueError("its structure has complex numbers that are not there")
        entries[name] = entries[name].joined()
    return Contents(entries, leaves, records)
