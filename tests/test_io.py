"""fungrad.io: what comes back, what others read, and what cannot be saved."""

from __future__ import annotations

import json
import math
import os
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import random as fg_random
from fungrad.errors import (
    NameConflictError,
    SavedTreeMismatchError,
    SavedTypeError,
    TracerConversionError,
    UnsavableError,
)
from fungrad.io import safetensors
from fungrad.tree_util import Partial, register_dataclass, register_static
from tests.saved import TYPES, Interval, Layer, Pair, assert_same, entry, raw

DATA = Path(__file__).parent / "data"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tree.safetensors"


def again(path: Path, tree: Any, **options: Any) -> Any:
    fg.save(path, tree)
    return fg.load(path, **options)


# --- what comes back -----------------------------------------------------------------------------


DTYPES = "?bhilqBHILQefdFD"
SHAPES = [(), (0, 3), (1,), (5,), (2, 3, 4)]


@pytest.mark.parametrize("code", DTYPES)
def test_dtypes(path, code):
    rng = np.random.default_rng(0)
    arrays = {str(shape): (100 * rng.normal(size=shape)).astype(code) for shape in SHAPES}
    arrays["swapped"] = arrays["(5,)"].astype(np.dtype(code).newbyteorder(">"))
    assert_same(again(path, arrays), arrays)


def test_layouts(path):
    x = np.arange(24.0).reshape(2, 3, 4)
    arrays = {
        "transposed": x.T,
        "fortran": np.asfortranarray(x),
        "reversed": x[::-1, :, ::-2],
        "broadcast": np.broadcast_to(np.float32(3), (3, 4)),
        "long": np.arange(2 * 2**18, dtype=np.uint8)[::2],  # in more than one piece
        "axes": np.ones((1,) * 32),
    }
    assert_same(again(path, arrays), arrays)


def test_special_numbers(path):
    x = np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324])
    nan = np.array([0x7FC00001, 0xFF800001], np.uint32).view(np.float32)  # with their bits
    z = np.stack([x, x[::-1]], axis=-1).view(np.complex128)
    found = again(path, {"x": x, "nan": nan, "z": z})
    for name, value in {"x": x, "nan": nan, "z": z}.items():
        assert np.asarray(found[name]).tobytes() == value.tobytes()


@register_static
class Name(str):
    pass


TREES: dict[str, Any] = {
    "array": np.ones(3),
    "scalar": np.float32(2.5),
    "number": 3.5,
    "text": "a b",
    "none": None,
    "empty": {},
    "empties": [(), [], {}, OrderedDict()],
    "numbers": [True, 1, -1, 2**200, 1.0, 1e300, -0.0, math.inf, -math.inf, math.nan, 1 - 2j],
    "complex": complex(math.nan, -0.0),
    "texts": ["", "é", "\ud800", '"', "\0", "\n", "a.b"],
    "keys": {1: 1, "a": 2, None: 3, (1, "b", None): 4, 2.5: 5, math.inf: 6, False: 7, 1j: 8},
    "odd keys": {"": 1, "a.b": {"c": np.ones(2)}, "é": 2, "\ud800": np.ones(1), "\0": 3, ".": 4},
    "reserved": {"__metadata__": np.ones(2), "fungrad": np.ones(1)},
    "conflicts": {"a.b": np.ones(1), "a": {"b": np.zeros(1)}, 0: 1, "0": 2},
    "conflicting text": {"a.b": 1, "a": {"b": 2}, "['a']['b']": 3},
    "order": {"z": 1, "a": 2, "m": np.ones(1)},
    "ordered": OrderedDict([("z", 1.0), ("a", np.ones(2))]),
    "default": defaultdict(list, {"x": np.ones(2)}),
    "default of nothing": defaultdict(None, {"x": 1}),
    "namedtuple": Pair(np.ones(2), {"a": Pair(1, (2,))}),
    "dataclass": [Layer(np.ones((2, 3)), None, ("tanh", 1, [2.0], {"a": None, 1: 1j})), Layer(1)],
    "training": {
        "params": [{"weight": np.ones((2, 3), np.float32), "bias": None}, (), {}],
        "state": (Pair(np.int32(3), [np.zeros(2)]), Pair((), ())),
        "step": 12,
    },
}


@pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
def test_trees(path, tree):
    assert_same(again(path, tree, types=TYPES), tree)


@pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
def test_trees_like_themselves(path, tree):
    if tree is not None:  # like=None is no tree
        assert_same(again(path, tree, like=tree), tree)


def test_the_factory_of_a_defaultdict_comes_back(path):
    found = again(path, defaultdict(list, {"x": 1}))
    assert found["new"] == []


def test_a_class_of_functions_comes_back(path):
    found = again(path, [Interval(np.ones(2), 3)], types=TYPES)[0]
    assert type(found) is Interval
    assert_same([found.low, found.high], [np.ones(2), 3])


def test_deep_trees(path):
    tree: Any = np.ones(1)
    for _ in range(400):
        tree = {"a": [tree]}
    found = again(path, tree)
    for _ in range(400):
        (found,) = found["a"]
    assert_same(found, np.ones(1))


KEYS = st.one_of(st.text(max_size=4), st.integers(), st.floats(), st.none(), st.booleans())
LEAVES = st.one_of(
    st.integers(),
    st.floats(),
    st.complex_numbers(),
    st.booleans(),
    st.text(max_size=3),
    st.just(np.arange(6.0).reshape(2, 3)),
    st.just(np.zeros((), np.complex128)),
)


@given(
    st.recursive(
        LEAVES | st.none(),
        lambda trees: st.one_of(
            st.lists(trees, max_size=3),
            st.tuples(trees, trees),
            st.dictionaries(KEYS, trees, max_size=4),
            st.builds(Pair, trees, trees),
            st.builds(Layer, trees, trees, KEYS.filter(lambda key: key == key)),
        ),
        max_leaves=12,
    )
)
def test_any_tree(tmp_path_factory, tree):
    path = tmp_path_factory.getbasetemp() / "any.safetensors"
    assert_same(again(path, tree, types=TYPES), tree)


def test_arrays_own_their_memory_and_cannot_be_changed(path):
    found = again(path, {"x": np.ones((2, 3)), "z": np.ones((2, 3), np.complex128)})
    for array in found.values():
        assert not array.value.flags.writeable
        assert array.value.flags.owndata
        assert array.value.flags.aligned


def test_arrays_of_other_libraries(path):
    class Foreign:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            return np.arange(3.0)

    assert_same(again(path, {"x": Foreign()}), {"x": np.arange(3.0)})


def test_gradients_go_through_loaded_parameters(path):
    params = again(path, {"w": np.array([1.0, 2.0])})
    assert_same(fg.grad(lambda p: fnp.sum(p["w"] ** 2))(params), {"w": np.array([2.0, 4.0])})


def test_paths(path, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for each in ("x.safetensors", Path("x.safetensors"), str(path), b"x.safetensors"):
        fg.save(each, {"x": 1})
        assert fg.load(each) == {"x": 1}
    long = tmp_path / ("é" * 100)
    assert again(long, 1) == 1


def test_metadata(path):
    texts = {"model": "small", "": "", "é": "\n\0", "format": "pt"}
    fg.save(path, {"x": np.ones(2)}, metadata=texts)
    assert fg.io.metadata(path) == texts
    fg.save(path, [])
    assert fg.io.metadata(path) == {}


# --- the format, and files from elsewhere --------------------------------------------------------


def test_the_bytes(path):
    """A file as the format's description has it: anybody's reader will do."""
    fg.save(
        path,
        {"small": np.array([1, 2, 3], np.int8), "z": np.array([1 + 2j]), "net": [np.float32(1.5)]},
        metadata={"by": "me"},
    )
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    assert content[8:9] == b"{"
    assert length % 8 == 0
    assert set(header.pop("__metadata__")) == {"by", "fungrad"}
    assert header == {
        "small": entry("I8", [3], [20, 23]),
        "z": entry("F64", [1, 2], [0, 16]),
        "net.0": entry("F32", [], [16, 20]),
    }
    assert list(header) == ["small", "z", "net.0"]
    numbers = np.array([1.0, 2.0]).tobytes() + np.float32(1.5).tobytes() + bytes([1, 2, 3])
    assert content[8 + length :] == numbers


def test_nested_dicts_have_the_names_of_pytorch(path):
    fg.save(path, {"encoder": {"0": {"weight": np.ones(2), "bias": np.ones(1)}}})
    assert list(fg.load(path, flat=True)) == ["encoder.0.weight", "encoder.0.bias"]


RECORDED = json.loads((DATA / "pytorch.json").read_text(encoding="utf-8"))


def test_a_file_of_pytorch():
    found = fg.load(DATA / "pytorch.safetensors")
    assert sorted(found) == sorted(RECORDED["tensors"])
    for name, numbers in RECORDED["tensors"].items():
        array = found[name]
        if array.dtype.kind == "c":
            array = fnp.stack([array.real, array.imag], axis=-1)
        assert np.asarray(array).tolist() == numbers
        kind = name.removeprefix("dtypes.")
        wanted = {"bfloat16": "float32"}.get(kind, kind if name != kind else "float32")
        assert found[name].dtype == wanted
    assert fg.io.metadata(DATA / "pytorch.safetensors") == {"format": "pt"}


def test_a_model_of_pytorch_computes_the_same():
    params = fg.io.nest_names(fg.load(DATA / "pytorch.safetensors"))["model"]
    assert list(params) == ["0", "2"]
    x = np.array(RECORDED["x"], np.float32)
    hidden = fnp.tanh(x @ params["0"]["weight"].T + params["0"]["bias"])
    y = hidden @ params["2"]["weight"].T + params["2"]["bias"]
    np.testing.assert_allclose(np.asarray(y), np.array(RECORDED["y"]), rtol=1e-5, atol=1e-6)


def test_a_file_of_pytorch_fills_a_tree(path):
    flat = fg.load(DATA / "pytorch.safetensors")
    fg.save(path, {name: array for name, array in flat.items() if name.startswith("model.")})
    bytes_without_structure(path)
    shapes = {"weight": fg.ShapeDtypeStruct((4, 3), np.float32), "bias": np.empty(4, np.float32)}
    last = {"bias": fnp.zeros(2, np.float32), "weight": np.empty((2, 4), np.float32)}
    found = fg.load(path, like={"model": [shapes, (), last]})
    assert_same(found["model"][2]["bias"], flat["model.2.bias"])
    assert found["model"][1] == ()


def bytes_without_structure(path: Path) -> None:
    """Make the file one from elsewhere."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    del header["__metadata__"]
    path.write_bytes(raw(header, content[8 + length :]))


def test_bfloat16_is_exact(path):
    bits = np.arange(2**16, dtype=np.uint16)
    path.write_bytes(raw({"x": entry("BF16", [256, 256], [0, 2**17])}, bits.tobytes()))
    found = np.asarray(fg.load(path)["x"])
    expected = (bits.astype(np.uint32) << 16).view(np.float32).reshape(256, 256)
    assert found.tobytes() == expected.tobytes()


def test_a_minimal_file(path):
    path.write_bytes(raw({}))
    assert fg.load(path) == {}
    path.write_bytes(raw(b' {"x":{"data_offsets":[0,1],"dtype":"U8","shape":[]}}  ', b"\7"))
    assert_same(fg.load(path), {"x": np.uint8(7)})


def test_flat_gives_the_arrays_by_name(path):
    fg.save(path, {"a": [np.ones(2), 3, np.array([1 + 2j])], "b": Pair(np.zeros(1), None)})
    found = fg.load(path, flat=True)
    expected = {"a.0": np.ones(2), "a.2": np.array([[1.0, 2.0]]), "b.first": np.zeros(1)}
    assert_same(found, expected)


# --- names ---------------------------------------------------------------------------------------


def test_names_there_and_back():
    tree = {"a": {"0": {"weight": 1, "": 2}}, "b": 3, "c": {"": {"": 4}}}
    flat = fg.io.flatten_names(tree)
    assert flat == {"a.0.weight": 1, "a.0.": 2, "b": 3, "c..": 4}
    assert fg.io.nest_names(flat) == tree
    assert fg.io.nest_names({}) == {}


def test_names_of_any_containers():
    tree = [Pair(1, {2: 3}), Layer(4, 5), Interval(6, 7), None, ()]
    names = ["0.first", "0.second.2", "1.weight", "1.bias", "2.0", "2.1"]
    assert list(fg.io.flatten_names(tree)) == names


def test_names_may_be_used_inside_of_transforms():
    def loss(params):
        return sum(fnp.sum(x**2) for x in fg.io.flatten_names(params).values())

    params = {"a": {"w": np.array([3.0])}}
    assert_same(fg.grad(loss)(params), {"a": {"w": np.array([6.0])}})


def test_values_that_are_dicts_stay_values():
    value: dict[str, Any] = {}
    assert fg.io.nest_names({"a.b": value})["a"]["b"] is value
    with pytest.raises(NameConflictError):
        fg.io.nest_names({"a": value, "a.b": 1})


@pytest.mark.parametrize(
    "flat", [{"a": 1, "a.b": 2}, {"a.b": 2, "a": 1}, {"": 1, ".": 2}, {"a.b.c": 1, "a.b": 2}]
)
def test_names_that_go_on_in_others(flat):
    with pytest.raises(NameConflictError):
        fg.io.nest_names(flat)


def test_names_that_would_be_equal():
    with pytest.raises(NameConflictError, match=r'tree\["a"\]\["b"\] and tree\["a.b"\]'):
        fg.io.flatten_names({"a": {"b": 1}, "a.b": 2})


def test_many_dots_take_no_long_time():
    nested = fg.io.nest_names({"a" + ".a" * 100_000: 1})
    while isinstance(nested, dict):
        (nested,) = nested.values()
    assert nested == 1


# --- like ----------------------------------------------------------------------------------------


def test_like_decides_the_containers(path):
    fg.save(path, {"0": np.ones(2), "1": {"first": 1, "second": "a"}})
    assert_same(fg.load(path, like=(np.empty(2), Pair(0, ""))), (np.ones(2), Pair(1, "a")))


def test_like_in_another_order(path):
    fg.save(path, {"a": np.ones(2), "b": np.zeros(3), 0: 1, "0": 2})
    like = {"0": 0, "b": np.empty(3), 0: 0, "a": np.empty(2)}
    assert_same(fg.load(path, like=like), {"0": 2, "b": np.zeros(3), 0: 1, "a": np.ones(2)})


def test_like_the_shapes_of_a_function(path):
    fg.save(path, {"w": np.ones((2, 3), np.complex128)})
    like = fg.eval_shape(lambda: {"w": fnp.zeros((2, 3), np.complex128)})
    assert_same(fg.load(path, like=like), {"w": np.ones((2, 3), np.complex128)})


@pytest.mark.parametrize(
    ("like", "words"),
    [
        ({"x": np.ones(2)}, r"not in `like`: step \(int\)"),
        ({"x": np.ones(2), "step": 1, "y": 0.5}, r"not in the file: y \(float\)"),
        ({"x": np.ones(3), "step": 1}, r"x \(float64\[2\] in the file, float64\[3\] in `like`\)"),
        ({"x": np.ones(2, np.float32), "step": 1}, r"x \(float64\[2\] in the file, float32\[2\]"),
        ({"x": np.ones(2), "step": 1.0}, r"step \(int in the file, float in `like`\)"),
        ({"x": np.ones(2), "step": np.int64(1)}, r"step \(int in the file, int64\[\] in"),
        ({"x": np.ones(2), "step": True}, r"step \(int in the file, bool in"),
    ],
)
def test_like_something_else(path, like, words):
    fg.save(path, {"x": np.ones(2), "step": 3})
    with pytest.raises(SavedTreeMismatchError, match=words):
        fg.load(path, like=like)


def test_like_with_other_static_data(path):
    fg.save(path, {"net": [Layer(1.0, 2.0), Interval(1, 2)]})
    net = [Layer(1.0, 2.0, "tanh"), Interval(1, 2)]
    words = r"net\.0 \(dict {'activation': 'relu'} in the file, dict {'activation': 'tanh'} in"
    with pytest.raises(SavedTreeMismatchError, match=words):
        fg.load(path, like={"net": net})
    found = fg.load(path, like={"net": [{"weight": 0.0, "bias": 0.0}, (0, 0)]})
    assert found == {"net": [{"weight": 1.0, "bias": 2.0}, (1, 2)]}


def test_like_with_a_key_of_random_numbers(path):
    tree = {"key": (random_key := fg_random.key(3)), "keys": fg_random.split(random_key, 2)}
    fg.save(path, tree)
    for found in (fg.load(path, like=tree), fg.load(path, types=[fg_random.Key])):
        assert fg_random.bits(found["key"]) == fg_random.bits(fg_random.key(3))
        assert found["keys"].shape == (2,)
    with pytest.raises(SavedTreeMismatchError, match="str 'philox' in the file, str 'threefry"):
        fg.load(path, like={"key": fg_random.key(3, impl="threefry2x32"), "keys": tree["keys"]})


def test_like_with_a_leaf_that_no_file_has(path):
    fg.save(path, {"x": 1})
    with pytest.raises(UnsavableError, match=r'load: like\["f"\] is builtin_function_or_method'):
        fg.load(path, like={"x": 1, "f": len})


def test_a_long_list_of_differences_is_cut(path):
    fg.save(path, {"x": list(range(100))})
    with pytest.raises(SavedTreeMismatchError, match=r"\.\.\. \(100 in all\)"):
        fg.load(path, like={"y": 1})


# --- types ---------------------------------------------------------------------------------------


def test_no_class_is_looked_up(path):
    fg.save(path, {"state": [Pair(1, 2), Layer(1, 2), Pair(1, 2)]})
    words = r"holds objects of tests\.saved\.Pair, tests\.saved\.Layer, .*types=\[Pair, Layer\]"
    with pytest.raises(SavedTypeError, match=words):
        fg.load(path)
    assert list(fg.load(path, flat=True)) == []


def test_a_class_that_moved(path):
    fg.save(path, Pair(1, 2))
    moved = type(Pair)("Pair", (Pair,), {"__module__": "elsewhere", "__slots__": ()})
    assert type(fg.load(path, types=[moved])) is moved
    with pytest.raises(SavedTypeError):  # which of the two?
        fg.load(path, types=[moved, type(Pair)("Pair", (Pair,), {"__module__": "here"})])
    assert type(fg.load(path, types=[moved, Pair])) is Pair


def changed(old: Any, name: str, **replacement: Any) -> Any:
    return type(name, (), {"__qualname__": old.__qualname__, **replacement})


def test_classes_that_changed(path):
    class Other(NamedTuple):
        first: Any
        third: Any

    Other.__qualname__ = "Pair"
    fg.save(path, Pair(1, 2))
    with pytest.raises(SavedTypeError, match="had the fields first, second, and has first, third"):
        fg.load(path, types=[Other])
    with pytest.raises(SavedTypeError, match="was a namedtuple, and is none now"):
        fg.load(path, types=[changed(Pair, "Pair")])
    fg.save(path, Layer(1, 2))
    with pytest.raises(SavedTypeError, match="was a registered dataclass, and is none now"):
        fg.load(path, types=[changed(Layer, "Layer")])
    fg.save(path, Interval(1, 2))
    with pytest.raises(SavedTypeError, match="was registered with functions of its own, and is"):
        fg.load(path, types=[changed(Interval, "Interval")])


def test_dataclasses_that_changed(path):
    @register_dataclass
    @dataclass
    class Fewer:
        weight: Any
        activation: Any = fg.tree.static(default="relu")  # noqa: RUF009

    @register_dataclass
    @dataclass
    class LessStatic:
        weight: Any
        bias: Any

    fg.save(path, Layer(1, 2))
    for cls in (Fewer, LessStatic):
        cls.__qualname__ = "Layer"
        with pytest.raises(SavedTypeError, match="had the fields"):
            fg.load(path, types=[cls])


def test_types_must_be_classes(path):
    fg.save(path, 1)
    with pytest.raises(TypeError, match="types are classes, not 'Pair'"):
        fg.load(path, types=["Pair"])  # type: ignore[list-item]


# --- what cannot be saved ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tree",
    [
        {"a": [len]},
        {"a": b"bytes"},
        {"a": {1, 2}},
        {"a": np.array([None])},
        {"a": np.array(["text"])},
        {"a": np.datetime64("2020-01-01")},
        {"a": np.longdouble(1)},
        {"a": np.zeros(2, [("x", int)])},
        {"a": Interval},
        {b"key": 1},
        {np.int64(1): 1},
        {("a", len): 1},
        {"a": Layer(1, 2, np.float64(2))},
        {"a": Layer(1, 2, {"b": len})},
        {"a": Name("x")},
        Partial(np.sin, 1.0),
        defaultdict(lambda: 1, a=1),
        pytest.param({"a": 10**5000}, id="digits"),
    ],
    ids=repr,
)
def test_unsavable(path, tree):
    fg.save(path, "old")
    with pytest.raises(UnsavableError, match=r"^save: "):
        fg.save(path, tree)
    assert fg.load(path) == "old"
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize(
    "texts", [{"a": 1}, {1: "a"}, {"fungrad": "a"}, {"a": "\ud800"}, {"\ud800": "a"}, {"a": None}]
)
def test_metadata_that_is_no_text(path, texts):
    with pytest.raises(UnsavableError, match=r"^save: metadata\["):
        fg.save(path, {}, metadata=texts)


def test_traced_values(path):
    with pytest.raises(TracerConversionError) as caught:
        fg.grad(lambda x: fg.save(path, {"x": [x]}) or x)(1.0)
    assert caught.value.__notes__ == ['save met it at tree["x"][0]']
    assert not path.exists()


def test_a_header_that_is_too_long(path, monkeypatch):
    monkeypatch.setattr(safetensors, "MAX_HEADER", 1000)
    with pytest.raises(UnsavableError, match="the format has room for 1000"):
        fg.save(path, "a" * 1000)
