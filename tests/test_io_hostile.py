"""Files that are cut off, damaged, or made to harm: one kind of error, whatever they hold."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fungrad as fg
from fungrad.errors import SavedFileError, SavedTreeMismatchError
from fungrad.io import safetensors
from tests.saved import TYPES, Interval, Layer, Pair, entry, raw


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hostile.safetensors"


def rewrite(path: Path, content: bytes) -> None:
    """Write a new file: some systems wait for the disk when an old one becomes empty first."""
    path.unlink()
    path.write_bytes(content)


def structure(**changes: Any) -> dict[str, Any]:
    """The header of a file with a structure."""
    content = {"version": 1, "values": {}, "complex128": [], "tree": ["x"], **changes}
    return {"__metadata__": {"fungrad": json.dumps(content)}, "x": entry()}


def node(kind: str, **content: Any) -> dict[str, Any]:
    return structure(tree=["x", {"type": kind, "module": "m", "name": "n", **content}])


FOUR = b"\0\0\0\0"
DEEP = 100_000

HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "seven bytes": b"\0" * 7,
    "no header": b"\0" * 8,
    "a pickle": b"\x80\x04\x95\x0b\0\0\0\0\0\0\0\x8c\x07builtins\x94.",
    "a zip": b"PK\x03\x04" + b"\0" * 100,
    "longer than the file": (1000).to_bytes(8, "little") + b"{}",
    "longer than anything": b"\xff" * 8 + b"{}",
    "no UTF-8": raw(b'{"\xff":1}'),
    "UTF-16": raw("{}".encode("utf-16")),
    "no JSON": raw(b"{"),
    "no object": raw(b"[]"),
    "a number": raw(b"1"),
    "two objects": raw(b"{}{}"),
    "NaN": raw(b'{"x":NaN}'),
    "an infinity": raw(b'{"x":{"dtype":"F32","shape":[Infinity],"data_offsets":[0,4]}}', FOUR),
    "deep lists": raw(b"[" * DEEP),
    "deep objects": raw(b'{"a":' * DEEP),
    "a long number": raw(b'{"x":' + b"1" * 10_000 + b"}"),
    "a key twice": raw(b'{"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"x":{}}'),
    "a key twice below": raw(b'{"x":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
    "metadata no object": raw({"__metadata__": []}),
    "metadata null": raw({"__metadata__": None}),
    "metadata no text": raw({"__metadata__": {"a": 1}}),
    "an entry no object": raw({"x": 1}),
    "an entry without shape": raw({"x": {"dtype": "F32", "data_offsets": [0, 4]}}, FOUR),
    "a dtype unknown": raw({"x": entry("F31")}, FOUR),
    "a dtype of eight bits": raw({"x": entry("F8_E5M2", [4])}, FOUR),
    "a dtype no text": raw({"x": entry(["F32"])}, FOUR),
    "a shape no list": raw({"x": entry(shape="1")}, FOUR),
    "a shape of floats": raw({"x": entry(shape=[1.0])}, FOUR),
    "a shape of booleans": raw({"x": entry(shape=[True])}, FOUR),
    "a negative shape": raw({"x": entry(shape=[-1, -1])}, FOUR),
    "a huge shape": raw({"x": entry(shape=[2**62, 2**62])}, FOUR),
    "a shape that wraps around": raw({"x": entry(shape=[2**32, 2**32 + 1])}, FOUR),
    "a huge shape of nothing": raw({"x": entry(shape=[0, 2**62, 2**62], offsets=[0, 0])}),
    "a huge number": raw({"x": entry(shape=[10**4000])}, FOUR),
    "many axes": raw({"x": entry(shape=[1] * 65)}, FOUR),
    "more axes": raw({"x": entry(shape=[2**60] * 100_000)}, FOUR),
    "offsets of floats": raw({"x": entry(offsets=[0.0, 4.0])}, FOUR),
    "one offset": raw({"x": entry(offsets=[0])}, FOUR),
    "three offsets": raw({"x": entry(offsets=[0, 4, 4])}, FOUR),
    "offsets below zero": raw({"x": entry(offsets=[-4, 0])}, FOUR),
    "offsets beyond the end": raw({"x": entry(offsets=[4, 8])}, FOUR),
    "offsets backwards": raw({"x": entry(offsets=[4, 0])}, FOUR),
    "a span too short": raw({"x": entry(shape=[2])}, FOUR),
    "a span too long": raw({"x": entry(shape=[0])}, FOUR),
    "overlap": raw({"x": entry(), "y": entry()}, FOUR),
    "a part of another": raw({"x": entry(shape=[2], offsets=[0, 8]), "y": entry()}, 2 * FOUR),
    "a gap": raw({"x": entry(), "y": entry(offsets=[8, 12])}, 3 * FOUR),
    "a gap before": raw({"x": entry(offsets=[4, 8])}, 2 * FOUR),
    "more at the end": raw({"x": entry()}, 2 * FOUR),
    "less at the end": raw({"x": entry()}, b"\0\0\0"),
    "booleans that are none": raw({"x": entry("BOOL", [4])}, b"\0\1\2\1"),
    "structure no JSON": raw({"__metadata__": {"fungrad": "{"}, "x": entry()}, FOUR),
    "structure no object": raw({"__metadata__": {"fungrad": "[]"}, "x": entry()}, FOUR),
    "structure empty": raw({"__metadata__": {"fungrad": "{}"}, "x": entry()}, FOUR),
    "structure deep": raw({"__metadata__": {"fungrad": "[" * DEEP}, "x": entry()}, FOUR),
    "another version": raw(structure(version=2), FOUR),
    "a version no number": raw(structure(version="1"), FOUR),
    "no records": raw(structure(tree=[]), FOUR),
    "two roots": raw(structure(tree=["x", {"type": "None"}]), FOUR),
    "a leaf that is not there": raw(structure(tree=["y"]), FOUR),
    "a leaf that is there twice": raw(structure(tree=["x", "x", {"type": "list", "length": 2}])),
    "a leaf left over": raw(structure(tree=[{"type": "None"}]), FOUR),
    "a record no object": raw(structure(tree=["x", 1]), FOUR),
    "a record of no type": raw(node("?"), FOUR),
    "a type no text": raw(structure(tree=["x", {"type": ["list"]}]), FOUR),
    "no length": raw(node("list"), FOUR),
    "a negative length": raw(node("list", length=-1), FOUR),
    "a length too long": raw(node("tuple", length=2**70), FOUR),
    "a length no number": raw(node("tuple", length=True), FOUR),
    "keys no list": raw(node("dict", keys={"a": 1}), FOUR),
    "a key that has no hash": raw(node("dict", keys=[{"list": [1]}]), FOUR),
    "a key that has no hash within": raw(node("dict", keys=[{"tuple": [{"list": []}]}]), FOUR),
    "keys that are equal": raw(structure(tree=["x", {"type": "dict", "keys": [1, True]}]), FOUR),
    "a factory unknown": raw(node("defaultdict", keys=["a"], factory="exec"), FOUR),
    "a factory no text": raw(node("defaultdict", keys=["a"], factory=["list"]), FOUR),
    "a value that means nothing": raw(node("dict", keys=[{"set": [1]}]), FOUR),
    "a value that means two things": raw(node("dict", keys=[{"tuple": [], "list": []}]), FOUR),
    "a complex number of text": raw(node("dict", keys=[{"complex": ["1", "2"]}]), FOUR),
    "a float of anything": raw(node("dict", keys=[{"float": "1" * 100}]), FOUR),
    "a pair of three": raw(node("dict", keys=[{"dict": [[1, 2, 3]]}]), FOUR),
    "a class unknown": raw(node("namedtuple", fields=["a"]), FOUR),
    "a class of the standard library": raw(
        node("node", module="os", name="system", length=1, static="true"), FOUR
    ),
    "a class without a name": raw(structure(tree=["x", {"type": "namedtuple"}]), FOUR),
    "a namedtuple that is none": raw(node("namedtuple", name="Layer", fields=["a"]), FOUR),
    "a dataclass that is none": raw(node("dataclass", name="Pair", fields=[], static={}), FOUR),
    "fields no list": raw(node("namedtuple", name="Pair", fields="first"), FOUR),
    "fields of another": raw(node("namedtuple", name="Pair", fields=[1, {}]), FOUR),
    "a node of too few": raw(node("node", name="Interval", length=1, static="m"), FOUR),
    "a node that refuses": raw(node("node", name="Interval", length=1, static="?"), FOUR),
    "values no object": raw(structure(values=[]), FOUR),
    "a value no leaf": raw(structure(values={"y": {"list": []}}), FOUR),
    "a value none": raw(structure(values={"y": None}), FOUR),
    "a value of a name that an array has": raw(structure(values={"x": 1}), FOUR),
    "complex numbers of nothing": raw(structure(complex128=["y"]), FOUR),
    "complex numbers of no name": raw(structure(complex128=[["x"]]), FOUR),
    "complex numbers of float32": raw(structure(complex128=["x"]), FOUR),
    "complex numbers twice": raw(
        {**structure(complex128=["x", "x"]), "x": entry("F64", [1, 2], [0, 16])}, 4 * FOUR
    ),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files(path, content):
    path.write_bytes(content)
    with pytest.raises(SavedFileError) as caught:
        fg.load(path, types=TYPES)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("depth", [100, 400, 440, 480, 500, 1000, 10_000])
def test_deep_values(path, depth):
    """Whether JSON's parser or the decoder gives up first depends on Python."""
    key = '{"tuple":[' * depth + "]}" * depth
    text = json.dumps(structure(tree=["x", {"type": "dict", "keys": []}]))
    text = text.replace('\\"keys\\": []', '\\"keys\\": [' + key.replace('"', '\\"') + "]")
    path.write_bytes(raw(text.encode(), FOUR))
    if depth == 100:
        assert len(fg.load(path)) == 1
    else:
        try:
            fg.load(path)
        except SavedFileError as error:
            assert len(str(error)) < 1000


def test_the_messages_of_long_names_are_short(path):
    path.write_bytes(raw({"x" * 100_000: entry("F31" * 10_000)}, FOUR))
    with pytest.raises(SavedFileError) as caught:
        fg.load(path)
    assert len(str(caught.value)) < 1000


def test_a_header_over_the_limit(path):
    with open(path, "wb") as file:  # with a hole in place of the header
        file.write((safetensors.MAX_HEADER + 1).to_bytes(8, "little"))
        file.truncate(safetensors.MAX_HEADER + 1000)
    with pytest.raises(SavedFileError, match="more than 100000000"):
        fg.load(path)


SMALL = {
    "p": [np.arange(3, dtype=np.float32), Pair(True, Layer(np.array([1j]))), "text"],
    "s": {(1, None): Interval(1.5, np.array([True, False]))},
}


@pytest.fixture
def small(path):
    fg.save(path, SMALL, metadata={"a": "b"})
    return path.read_bytes()


def test_a_file_cut_off_anywhere(path, small):
    for length in range(len(small)):
        rewrite(path, small[:length])
        for options in ({"types": TYPES}, {"flat": True}):
            with pytest.raises(SavedFileError):
                fg.load(path, **options)


def test_a_file_with_something_added(path, small):
    path.write_bytes(small + b"\0")
    with pytest.raises(SavedFileError):
        fg.load(path)


def test_files_with_wrong_bytes(path, small):
    """What is not noticed gives a tree; what is noticed is one kind of error."""
    rng = random.Random(0)
    length = int.from_bytes(small[:8], "little")
    caught = 0
    for _ in range(2000):
        content = bytearray(small)
        for _ in range(rng.choice([1, 1, 1, 2, 5])):
            content[rng.randrange(8 + length)] = rng.randrange(256)
        rewrite(path, content)
        for options in ({"types": TYPES}, {"flat": True}, {"like": SMALL}):
            try:
                fg.load(path, **options)
            except SavedFileError:
                caught += 1
            except SavedTreeMismatchError:
                assert "like" in options
    assert caught > 2000


def test_headers_with_parts_exchanged(path, small):
    """Valid JSON of the right words in wrong places gets further than wrong bytes."""
    rng = random.Random(0)
    length = int.from_bytes(small[:8], "little")
    header = json.loads(small[8 : 8 + length])
    header["__metadata__"]["fungrad"] = json.loads(header["__metadata__"]["fungrad"])
    for _ in range(2000):
        content = json.loads(json.dumps(header))
        places = list(all_places(content))
        for _ in range(rng.choice([1, 2, 3])):
            container, key = rng.choice(places)
            source, other = rng.choice(places)
            container[key] = json.loads(json.dumps(source[other]))
        if isinstance(content.get("__metadata__"), dict):
            metadata = content["__metadata__"]
            metadata["fungrad"] = json.dumps(metadata.get("fungrad"))
        rewrite(path, raw(content, small[8 + length :]))
        for options in ({"types": TYPES}, {"flat": True}, {"like": SMALL}):
            try:
                fg.load(path, **options)
            except SavedFileError:
                pass
            except SavedTreeMismatchError:
                assert "like" in options


def all_places(content: Any) -> Any:
    """Pairs of a container and a key or index in it."""
    keys = content if isinstance(content, dict) else range(len(content))
    for key in keys:
        yield content, key
        if isinstance(content[key], (dict, list)):
            yield from all_places(content[key])


def test_a_file_that_shrinks_while_it_is_read(path, monkeypatch):
    fg.save(path, {"x": np.ones(1000)})
    size = path.stat().st_size
    os.truncate(path, size - 10)
    monkeypatch.setattr(
        os, "fstat", lambda descriptor: os.stat_result((0,) * 6 + (size,) + (0,) * 3)
    )
    with pytest.raises(SavedFileError, match="shorter"):
        fg.load(path)
