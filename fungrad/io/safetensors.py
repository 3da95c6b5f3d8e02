"""The safetensors format: eight bytes with the length of a header, the header, the arrays.

The header is a JSON object: the dtype, the shape and the first and last byte of each array by its
name, and texts by theirs under ``"__metadata__"``. The arrays follow without gaps, in C order and
little-endian. (https://huggingface.co/docs/safetensors)

Reading raises ``ValueError`` for whatever is wrong with a file, and allocates no more than a small
multiple of what the file has.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from io import BufferedReader
from typing import Any, BinaryIO, NamedTuple

import numpy as np

Arrays = Mapping[str, np.ndarray[Any, Any]]

MAX_HEADER = 100_000_000
"""Bytes of the longest header that readers of the format accept."""

ALIGNMENT = 8
"""The header ends at a multiple of it, so that elements are aligned in a file mapped to memory."""

METADATA = "__metadata__"

CODES: dict[str, str] = {
    "BOOL": "|b1",
    "U8": "|u1",
    "I8": "|i1",
    "U16": "<u2",
    "I16": "<i2",
    "F16": "<f2",
    "U32": "<u4",
    "I32": "<i4",
    "F32": "<f4",
    "U64": "<u8",
    "I64": "<i8",
    "F64": "<f8",
    "C64": "<c8",
}
"""NumPy's name for each dtype of the format that it has, too."""

DTYPES = {code: dtype for dtype, code in CODES.items()}

COMPLEX128 = "<c16"
"""The format has no such dtype: real and imaginary parts are a last axis of F64."""

BFLOAT16 = "BF16"
"""The upper half of a float32, as which it is read."""


class Entry(NamedTuple):
    """What the header says of an array.

    Attributes
    ----------
    code : str
        The dtype of the elements as they are read from the file.
    shape : tuple of int
        The shape.
    start, stop : int
        The place of the bytes, counted from the end of the header.
    bfloat16 : bool
        Whether the elements are the upper halves of float32.
    """

    code: str
    shape: tuple[int, ...]
    start: int
    stop: int
    bfloat16: bool = False

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the array that `read` makes."""
        return np.dtype(np.float32 if self.bfloat16 else self.code).newbyteorder("=")

    def joined(self) -> Entry:
        """Return the entry of the complex128 array whose parts are the last axis of this one.

        Raises
        ------
        ValueError
            If they cannot be.
        """
        if self.code != "<f8" or self.shape[-1:] != (2,):
            raise ValueError("an array of the parts of complex128 numbers has another shape")
        return self._replace(code=COMPLEX128, shape=self.shape[:-1])


class Header(NamedTuple):
    """What a file says of itself: its arrays and its texts, by name."""

    entries: dict[str, Entry]
    metadata: dict[str, str]


# --- writing --------------------------------------------------------------------------------------


def is_savable(dtype: np.dtype[Any]) -> bool:
    """Return whether arrays of a dtype can be written."""
    return _code(dtype) in DTYPES or is_complex128(dtype)


def is_complex128(dtype: np.dtype[Any]) -> bool:
    """Return whether arrays of a dtype are written as their real and imaginary parts."""
    return _code(dtype) == COMPLEX128


def _code(dtype: np.dtype[Any]) -> str:
    return dtype.newbyteorder("<").str


def make_header(arrays: Arrays, metadata: Mapping[str, str]) -> bytes:
    """Return the bytes that come before the arrays."""
    spans: dict[str, list[int]] = {}
    stop = 0
    for name in _in_file_order(arrays):
        start, stop = stop, stop + arrays[name].nbytes
        spans[name] = [start, stop]
    header: dict[str, Any] = {METADATA: dict(metadata)}
    for name, array in arrays.items():
        code, shape = _code(array.dtype), array.shape
        if is_complex128(array.dtype):
            code, shape = "<f8", (*shape, 2)
        header[name] = {"dtype": DTYPES[code], "shape": shape, "data_offsets": spans[name]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    return len(text).to_bytes(8, "little") + text


def write(file: BinaryIO, header: bytes, arrays: Arrays) -> None:
    """Write a header and its arrays, in pieces: no array is copied as a whole."""
    file.write(header)
    for name in _in_file_order(arrays):
        array = arrays[name]
        pieces: Any = np.nditer(  # type: ignore[call-overload]  # which does not know "contig"
            array,
            flags=["external_loop", "buffered", "zerosize_ok"],
            op_flags=[["readonly", "contig"]],
            op_dtypes=[_code(array.dtype)],
            order="C",
            casting="equiv",
            buffersize=2**16,
        )
        for piece in pieces:
            file.write(piece.data)


def _in_file_order(arrays: Arrays) -> list[str]:
    """Return the names with the widest elements first, so that all are aligned without gaps."""
    return sorted(arrays, key=lambda name: -arrays[name].itemsize)


# --- reading --------------------------------------------------------------------------------------


def read_header(file: BufferedReader, size: int) -> Header:
    """Read and check the header of a file of `size` bytes."""
    if size < 8:
        raise ValueError(f"it has {size} bytes, and a header takes eight at least")
    length = int.from_bytes(file.read(8), "little")
    if length > size - 8:
        raise ValueError(
            f"its header would take {length} bytes, and there are {size - 8}; it is cut off, or of "
            "another format, as those of torch.save and np.savez are"
        )
    if length > MAX_HEADER:
        raise ValueError(f"its header has {length} bytes, more than {MAX_HEADER}")
    content = parse_json(file.read(length), "the header")
    if type(content) is not dict:
        raise ValueError("its header is no JSON object")
    metadata = content.pop(METADATA, {})
    if type(metadata) is not dict or any(type(text) is not str for text in metadata.values()):
        raise ValueError(f"its {METADATA} is no object of strings")
    entries = {name: _parse_entry(name, entry) for name, entry in content.items()}
    end = 0
    for name, entry in sorted(entries.items(), key=lambda item: item[1][2:4]):
        if entry.start != end:
            how = "overlaps with another" if entry.start < end else "leaves a gap before it"
            raise ValueError(f"the array {show(name)} {how}")
        end = entry.stop
    if end != size - 8 - length:
        raise ValueError(
            f"its arrays take {end} bytes, and {size - 8 - length} follow the header; take another "
            "copy of the file"
        )
    return Header(entries, metadata)


def parse_json(text: bytes | str, what: str) -> Any:
    """Read JSON that is strict: no key twice, no numbers that JSON does not have."""
    try:
        if isinstance(text, bytes):
            text = text.decode()
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{what} is no valid JSON ({error})") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _parse_entry(name: str, entry: Any) -> Entry:
    match entry:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [start, stop]}:
            pass
        case _:
            raise ValueError(f"the array {show(name)} has no dtype, shape and data_offsets")
    bfloat16 = dtype == BFLOAT16
    if not bfloat16 and dtype not in CODES:
        raise ValueError(
            f"the array {show(name)} has the dtype {show(dtype)}, which NumPy does not have; "
            "convert it where the file was written"
        )
    # Bounded first: the product of a million huge numbers would take for ever.
    if len(shape) > 64 or not all(type(n) is int and 0 <= n < 2**63 for n in shape):
        raise ValueError(f"the array {show(name)} has a shape that no array has")
    if type(start) is not int or type(stop) is not int:
        raise ValueError(f"the array {show(name)} has data_offsets that are no integers")
    found = Entry("<u2" if bfloat16 else CODES[dtype], tuple(shape), start, stop, bfloat16)
    if stop - start != math.prod(shape) * np.dtype(found.code).itemsize:
        raise ValueError(
            f"the array {show(name)} is {dtype}[{','.join(map(str, shape))}], which does not take "
            f"{stop - start} bytes"
        )
    return found


def read(file: BufferedReader, entries: Mapping[str, Entry]) -> dict[str, np.ndarray[Any, Any]]:
    """Read the arrays of a file of which the header was read; each owns its memory."""
    arrays = {}
    for name in sorted(entries, key=lambda name: entries[name][2:4]):
        arrays[name] = _read_array(file, name, entries[name])
    return {name: arrays[name] for name in entries}


def _read_array(file: BufferedReader, name: str, entry: Entry) -> np.ndarray[Any, Any]:
    array = np.empty(entry.shape, entry.code)
    memory = array.reshape(-1).view(np.uint8)
    if file.readinto(memory.data) != memory.size:
        raise ValueError("it became shorter while it was read")
    if entry.code == "|b1" and memory.size and memory.max() > 1:
        raise ValueError(f"the array {show(name)} has booleans that are neither 0 nor 1")
    if sys.byteorder == "big":
        array = array.astype(array.dtype.newbyteorder("="))
    if entry.bfloat16:
        wide = np.empty(entry.shape, np.float32)
        np.left_shift(array, 16, out=wide.view(np.uint32), dtype=np.uint32)
        return wide
    return array


def show(text: str) -> str:
    """Return a text of a file as a message shows it: quoted, and not too long."""
    return json.dumps(text if len(text) <= 60 else f"{text[:57]}...")
