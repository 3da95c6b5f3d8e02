"""Trees: round trips, order, matching, paths, registration and every error's text."""

from __future__ import annotations

import copy
import dataclasses
import functools
import operator
import pickle
import sys
import threading
from collections import OrderedDict, defaultdict, namedtuple
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fungrad import tree, tree_util
from fungrad.errors import (
    EmptyTreeError,
    FungradError,
    StaticDataError,
    TreeMismatchError,
    TreeRegistrationError,
    TreeStructureError,
)
from fungrad.tree import DictKey, FlattenedIndexKey, GetAttrKey, SequenceKey

# --- the containers of this file -----------------------------------------------------------------

Point = namedtuple("Point", "x y")


class Checked(NamedTuple):
    low: Any
    high: Any = 1.0


class PositivePoint(Point):
    def __new__(cls, x, y):
        assert x > 0
        return super().__new__(cls, x, y)


@tree_util.register_dataclass
@dataclasses.dataclass
class Linear:
    weight: Any
    bias: Any
    activation: str = tree.static(default="relu")


@tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    mean: Any
    norm: Any = dataclasses.field(init=False)
    name: str = dataclasses.field(default="frozen", metadata={"static": True})

    def __post_init__(self):
        assert self.mean > 0, "called by a transform"
        object.__setattr__(self, "norm", 2 * self.mean)


class Interval:
    def __init__(self, low, high):
        self.low, self.high = low, high

    def __eq__(self, other):
        return type(other) is Interval and (self.low, self.high) == (other.low, other.high)


tree_util.register_pytree_node(
    Interval, lambda i: ([i.low, i.high], None), lambda _, children: Interval(*children)
)


@tree_util.register_pytree_node_class
class Scaled:
    def __init__(self, value, factor):
        self.value, self.factor = value, factor

    def tree_flatten(self):
        return iter([self.value]), self.factor

    @classmethod
    def tree_unflatten(cls, factor, children):
        (value,) = children
        return cls(value, factor)


@tree_util.register_pytree_with_keys_class
class Named:
    def __init__(self, **fields):
        self.fields = fields

    def tree_flatten_with_keys(self):
        pairs = [(GetAttrKey(name), value) for name, value in self.fields.items()]
        return pairs, tuple(self.fields)

    @classmethod
    def tree_unflatten(cls, names, children):
        return cls(**dict(zip(names, children)))


@tree_util.register_static
@dataclasses.dataclass(frozen=True)
class Option:
    value: Any


@dataclasses.dataclass
class Unregistered:
    x: float


class DictSubclass(dict):
    pass


LEAVES = st.one_of(st.integers(), st.text(max_size=3), st.booleans(), st.floats(allow_nan=False))
KEYS = st.one_of(
    st.text(max_size=3), st.integers(), st.none(), st.tuples(st.integers(), st.text(max_size=2))
)


def containers(children):
    return st.one_of(
        st.lists(children, max_size=3),
        st.lists(children, max_size=3).map(tuple),
        st.dictionaries(KEYS, children, max_size=3),
        st.dictionaries(KEYS, children, max_size=3).map(OrderedDict),
        st.dictionaries(KEYS, children, max_size=3).map(lambda d: defaultdict(list, d)),
        st.builds(Point, children, children),
        st.builds(Linear, children, children, st.sampled_from(["relu", "tanh"])),
        st.builds(Interval, children, children),
        st.none(),
    )


TREES = st.recursive(LEAVES, containers, max_leaves=12)


def reversed_dicts(example):
    """The same tree with the keys of each dict in the opposite order."""
    if type(example) in (dict, defaultdict):
        items = [(key, reversed_dicts(value)) for key, value in reversed(example.items())]
        return dict(items) if type(example) is dict else defaultdict(example.default_factory, items)
    children, structure = tree.flatten(example, is_leaf=lambda subtree: subtree is not example)
    if tree_util.treedef_is_leaf(structure):
        return example
    return structure.unflatten([reversed_dicts(child) for child in children])


def text_of(error: type[Exception], function, *args, **kwargs):
    with pytest.raises(error) as caught:
        function(*args, **kwargs)
    assert isinstance(caught.value, FungradError)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (type(caught.value), str(caught.value))
    return str(caught.value)


# --- round trips ---------------------------------------------------------------------------------


@settings(deadline=None)
@given(TREES)
def test_round_trip(example):
    leaves, structure = tree.flatten(example)
    assert structure.unflatten(leaves) == example
    assert structure.num_leaves == len(leaves)
    assert tree.structure(example) == structure
    assert hash(tree.structure(example)) == hash(structure)
    assert tree.leaves(example) == leaves
    assert tree.unflatten(structure, iter(leaves)) == example


@settings(deadline=None)
@given(TREES)
def test_round_trip_with_paths(example):
    pairs, structure = tree.flatten_with_path(example)
    assert structure.same_order(tree.structure(example))
    assert [leaf for _, leaf in pairs] == tree.leaves(example)
    assert [path for path, _ in pairs] == structure.paths()
    for path, leaf in pairs:
        place = example
        for key in path:
            match key:
                case SequenceKey(name) | DictKey(name):
                    place = place[name]
                case GetAttrKey(name):
                    place = getattr(place, name)
                case FlattenedIndexKey(i):
                    place = (place.low, place.high)[i]
        assert place is leaf


@settings(deadline=None)
@given(TREES)
def test_structures_pickle_and_copy(example):
    structure = tree.structure(example)
    for again in (pickle.loads(pickle.dumps(structure)), copy.copy(structure)):
        assert again == structure
        assert again.same_order(structure)
        assert repr(again) == repr(structure)
    assert copy.deepcopy(structure) == structure


@settings(deadline=None)
@given(TREES)
def test_order_of_keys_does_not_matter(example):
    other = reversed_dicts(example)
    assert other == example
    structure, other_structure = tree.structure(example), tree.structure(other)
    assert structure == other_structure
    assert hash(structure) == hash(other_structure)
    assert structure.flatten_up_to(other) == tree.leaves(example)
    assert tree.map(lambda x, y: (x, y), example, other) == tree.map(lambda x: (x, x), example)
    assert tree.broadcast(other, example) == example
    spread = tree.broadcast_prefix(other, example)
    assert spread == tree.leaves(example)


@settings(deadline=None)
@given(TREES, TREES)
def test_structures_differ_or_leaves_fit(one, other):
    leaves, structure = tree.flatten(one)
    if structure == tree.structure(other):
        assert len(structure.flatten_up_to(other)) == len(leaves)
    else:
        assert tree.structure((one, other)) != tree.structure((other, one))


@settings(deadline=None)
@given(TREES)
def test_structure_is_the_sum_of_its_children(example):
    structure = tree.structure(example)
    children = structure.children()
    assert structure.num_nodes == 1 + sum(child.num_nodes for child in children)
    if not tree_util.treedef_is_leaf(structure):
        assert structure.num_leaves == sum(child.num_leaves for child in children)
        flat, _ = tree_util.flatten_one_level(example)
        assert [tree.structure(child) for child in flat] == children


# --- what is a container -------------------------------------------------------------------------


def test_dicts_keep_their_order_and_take_mixed_keys():
    example = {"z": 1, 3: 2, None: 3, ("t", 1): 4, "a": 5}
    leaves, structure = tree.flatten(example)
    assert leaves == [1, 2, 3, 4, 5]
    assert list(structure.unflatten("abcde")) == list(example)
    assert tree.structure(example) == tree.structure(dict(reversed(example.items())))
    assert tree.structure({1: 0, 2: 0}) != tree.structure({1: 0, 3: 0})
    assert tree.structure({1: (0, 0), 2: 0}) != tree.structure({1: 0, 2: (0, 0)})
    assert not structure.same_order(tree.structure(dict(reversed(example.items()))))


def test_map_gives_the_order_of_the_first_tree():
    result = tree.map(lambda x, y: x + y, {"b": 1, "a": 2}, {"a": 10, "b": 20})
    assert list(result.items()) == [("b", 21), ("a", 12)]


def test_order_of_an_ordered_dict_belongs_to_it():
    ab, ba = OrderedDict(a=1, b=2), OrderedDict(b=2, a=1)
    assert tree.structure(ab) != tree.structure(ba)
    assert type(tree.map(str, ab)) is OrderedDict


def test_defaultdicts_keep_their_factory():
    example = defaultdict(int, a=1)
    result = tree.map(str, example)
    assert type(result) is defaultdict
    assert result["missing"] == 0
    assert tree.structure(example) != tree.structure(defaultdict(list, a=1))
    assert tree.structure(example) != tree.structure({"a": 1})


def test_none_is_an_empty_container():
    assert tree.flatten(None) == ([], tree.structure(None))
    assert tree.map(str, [None, 1]) == [None, "1"]
    assert tree.leaves(None, is_leaf=lambda x: x is None) == [None]
    assert tree.leaves([None, 1], is_leaf=lambda x: x is None) == [None, 1]


def test_only_exact_types_are_containers():
    for leaf in (
        Unregistered(1.0),
        DictSubclass(a=1),
        "text",
        {1, 2},
        np.ones(2),
        sys.version_info,
    ):
        assert tree.leaves(leaf) == [leaf] or leaf is tree.leaves(leaf)[0]
        assert tree.structure(leaf) is tree.LEAF


def test_namedtuples_are_made_without_their_constructor():
    example = PositivePoint(1, 2)
    result = tree.map(operator.neg, example)
    assert type(result) is PositivePoint
    assert result == (-1, -2)
    assert tree.map(str, Checked(1)) == Checked("1", "1.0")
    assert tree.structure(Point(1, 2)) != tree.structure(PositivePoint(1, 2))


def test_dataclasses_are_made_without_their_constructor():
    example = Frozen(3.0)
    leaves, structure = tree.flatten(example)
    assert leaves == [3.0, 6.0]
    result = structure.unflatten([-1, "anything"])
    assert (result.mean, result.norm, result.name) == (-1, "anything", "frozen")
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.mean = 2


def test_static_fields_belong_to_the_structure():
    relu, tanh = Linear(1, 2), Linear(1, 2, "tanh")
    assert tree.structure(relu) != tree.structure(tanh)
    assert tree.map(str, tanh) == Linear("1", "2", "tanh")


def test_subclasses_of_registered_classes_are_leaves():
    class Special(Linear):
        pass

    assert tree.structure(Special(1, 2)) is tree.LEAF


def test_fields_can_be_named_on_registration():
    @tree_util.register_dataclass(data_fields=["x"], meta_fields=["n"], drop_fields=["cache"])
    @dataclasses.dataclass
    class Model:
        x: Any
        n: int
        cache: list[Any] = dataclasses.field(default_factory=list)
        late: int = dataclasses.field(default=7, init=False)
        unset: int = dataclasses.field(init=False)

    model = Model(1.0, 2, ["something"])
    model.late = 8
    assert repr(tree.structure(model)) == "PyTreeDef(Model(x=*, n=2))"
    result = tree.map(str, model)
    assert (result.x, result.n, result.cache, result.late) == ("1.0", 2, [], 7)
    assert not hasattr(result, "unset")


def test_any_class_can_be_registered_by_its_attributes():
    class Plain:
        def __init__(self):
            raise AssertionError("called by a transform")

    register = functools.partial(
        tree_util.register_dataclass, data_fields=("a", "b"), meta_fields=("c",)
    )
    assert register(Plain) is Plain
    plain = object.__new__(Plain)
    plain.a, plain.b, plain.c = 1, {"x": 2}, "static"
    result = tree.map(str, plain)
    assert (result.a, result.b, result.c) == ("1", {"x": "2"}, "static")
    assert [tree.keystr(path) for path, _ in tree.leaves_with_path(plain)] == [".a", ".b['x']"]


def test_static_merges_metadata():
    @dataclasses.dataclass
    class Model:
        n: int = tree.static(default=3, metadata={"unit": "m"})

    (field,) = dataclasses.fields(Model)
    assert dict(field.metadata) == {"unit": "m", "static": True}
    assert Model().n == 3


def test_custom_classes():
    example = [Scaled(1, "twice"), Named(a=2, b=(3, 4)), Interval(5, None)]
    leaves, structure = tree.flatten(example)
    assert leaves == [1, 2, 3, 4, 5]
    result = structure.unflatten("abcde")
    assert (result[0].value, result[0].factor) == ("a", "twice")
    assert result[1].fields == {"a": "b", "b": ("c", "d")}
    assert result[2] == Interval("e", None)
    assert [tree.keystr(path) for path, _ in tree.leaves_with_path(example)] == [
        "[0][<flat index 0>]",
        "[1].a",
        "[1].b[0]",
        "[1].b[1]",
        "[2][<flat index 0>]",
    ]


def test_keys_are_optional_beside_a_flatten_function():
    class Both:
        def __init__(self, x):
            self.x = x

    tree_util.register_pytree_with_keys(
        Both,
        lambda both: (((GetAttrKey("x"), both.x),), None),
        lambda _, children: Both(*children),
        lambda both: ((both.x,), None),
    )
    assert tree.leaves(Both(1)) == [1]
    assert tree.leaves_with_path(Both(1)) == [((GetAttrKey("x"),), 1)]


def test_static_classes_have_no_leaves():
    assert tree.flatten([Option(1), 2]) == ([2], tree.structure([Option(1), 3]))
    assert tree.structure(Option(1)) != tree.structure(Option(2))
    assert tree.map(str, (Option(1), 2)) == (Option(1), "2")


# --- structures ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("example", "text"),
    [
        (1.0, "*"),
        (None, "None"),
        ({"w": 1, "b": (1, None)}, "{'w': *, 'b': (*, None)}"),
        ((1,), "(*,)"),
        ([], "[]"),
        ((), "()"),
        ({}, "{}"),
        (OrderedDict(a=[1]), "OrderedDict({'a': [*]})"),
        (defaultdict(int, a=1), "defaultdict(<class 'int'>, {'a': *})"),
        (Point(1, (2,)), "Point(x=*, y=(*,))"),
        (Linear(1, None), "Linear(weight=*, bias=None, activation='relu')"),
        (Interval(1, 2), "Interval(*, *)"),
        (Scaled(1, 3), "Scaled[3](*)"),
        (Option(3), "Option(value=3)"),
    ],
)
def test_repr(example, text):
    assert repr(tree.structure(example)) == f"PyTreeDef({text})"


@pytest.mark.parametrize(
    ("example", "data"),
    [
        (1.0, None),
        (None, (type(None), None)),
        ([1], (list, None)),
        ({"w": 1, "b": 2}, (dict, ["w", "b"])),
        (OrderedDict(a=1), (OrderedDict, ("a",))),
        (defaultdict(int, a=1), (defaultdict, (int, ("a",)))),
        (Point(1, 2), (Point, None)),
        (Linear(1, 2), (Linear, ("relu",))),
        (Scaled(1, 3), (Scaled, 3)),
    ],
)
def test_node_data(example, data):
    assert tree.structure(example).node_data() == data


def test_structures_are_not_equal_to_other_things():
    assert tree.structure([1]) != [1]
    assert tree.structure([1]) != "PyTreeDef([*])"
    assert len({tree.structure([1]), tree.structure([2]), tree.structure((1,))}) == 2


def test_structure_of_a_leaf_is_one_object():
    assert tree.structure(1.0) is tree.LEAF
    assert pickle.loads(pickle.dumps(tree.LEAF)) is tree.LEAF
    assert copy.deepcopy(tree.LEAF) is tree.LEAF
    assert tree.LEAF.unflatten([3]) == 3
    assert tree.LEAF.flatten_up_to([3]) == [[3]]


def test_compose():
    outer, inner = tree.structure({"a": 0, "b": [0, None]}), tree.structure((0, 0))
    assert outer.compose(inner) == tree.structure({"a": (0, 0), "b": [(0, 0), None]})
    assert outer.compose(tree.LEAF) == outer
    assert tree.LEAF.compose(outer) == outer


@pytest.mark.parametrize("kind", ["list", "dict", "dataclass"])
def test_deep_trees(kind):
    depth = 700
    example: Any = 1.0
    for _ in range(depth):
        example = {"list": [example], "dict": {"k": example}}.get(kind, Linear(example, None))
    leaves, structure = tree.flatten(example)
    assert leaves == [1.0]
    again = pickle.loads(pickle.dumps(structure))
    assert again is not structure
    assert again == structure
    assert hash(again) == hash(structure)
    assert repr(structure).count("*") == 1
    assert len(structure.paths()[0]) == depth
    assert structure.num_nodes == depth + 1 + (depth if kind == "dataclass" else 0)
    assert structure.flatten_up_to(example) == [1.0]
    assert tree.leaves(tree.map(lambda x, y: x + y, example, example)) == [2.0]
    assert tree.broadcast_prefix(example, example) == [1.0]
    assert structure.compose(structure).num_leaves == 1
    [(path, leaf)] = tree.leaves_with_path(example)
    assert (len(path), leaf) == (depth, 1.0)
    with pytest.raises(TreeMismatchError):
        structure.compose(tree.structure([0])).flatten_up_to(example)


def test_threads_flatten_at_the_same_time():
    example = {"a": [1, (2, None)], "b": Linear(3, 4)}
    results = []

    def work():
        for _ in range(100):
            leaves, structure = tree.flatten(example)
            results.append((structure.unflatten(leaves), hash(structure)))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 400
    assert all(result == (example, hash(tree.structure(example))) for result in results)


# --- functions -----------------------------------------------------------------------------------


def test_is_leaf_stops_the_descent():
    example = {"a": [1, 2], "b": ((3, 4), 5)}

    def is_pair(subtree):
        return isinstance(subtree, (list, tuple)) and len(subtree) == 2

    assert tree.leaves(example, is_leaf=is_pair) == [[1, 2], ((3, 4), 5)]
    assert tree.map(len, example, is_leaf=is_pair) == {"a": 2, "b": 2}
    assert tree.leaves([1, 2], is_leaf=is_pair) == [[1, 2]]
    assert tree.leaves_with_path(example, is_leaf=is_pair)[0] == ((DictKey("a"),), [1, 2])
    short = tree.leaves_with_path(
        example, is_leaf=lambda path, subtree: len(path) == 1, is_leaf_takes_path=True
    )
    assert [leaf for _, leaf in short] == [[1, 2], ((3, 4), 5)]
    assert tree.map_with_path(
        lambda path, x, y: (tree.keystr(path), x, y),
        example,
        {"b": 7, "a": 6},
        is_leaf=lambda path, subtree: len(path) == 1,
        is_leaf_takes_path=True,
    ) == {"a": ("['a']", [1, 2], 6), "b": ("['b']", ((3, 4), 5), 7)}


def test_the_rest_may_be_deeper():
    assert tree.map(lambda x, y: (x, y), {"a": 1}, {"a": [2, None]}) == {"a": (1, [2, None])}


def test_map_with_path():
    example = {"w": [1, 2], "b": 3}
    assert tree.map_with_path(lambda path, x: tree.keystr(path), example) == {
        "w": ["['w'][0]", "['w'][1]"],
        "b": "['b']",
    }
    assert tree.map_with_path(lambda path, *xs: xs, example, example, example)["b"] == (3, 3, 3)


def test_reduce():
    example = {"b": 3, "a": [1, 2]}
    assert tree.reduce(operator.sub, example) == 0
    assert tree.reduce(operator.sub, example, 10) == 4
    assert tree.reduce(operator.add, [None], None) is None
    assert tree.reduce(operator.add, [[1], [2]], is_leaf=lambda x: x == [1] or x == [2]) == [1, 2]
    assert tree.reduce_associative(Point, [1, 2, 3, 4, 5]) == ((1, 2), (3, (4, 5)))
    assert tree.reduce_associative(Point, [1], identity=0) == 1
    assert tree.reduce_associative(Point, [], identity=None) is None


def test_all():
    assert tree.all({"a": True, "b": [1, None]}) is True
    assert tree.all([1, 0]) is False
    assert tree.all([None, 1], is_leaf=lambda x: x is None) is False


def test_transpose():
    example = {"x": [1, (2, None)], "y": [3, (4, None)]}
    outer, inner = tree.structure({"y": 0, "x": 0}), tree.structure([0, (0, None)])
    wanted = [{"y": 3, "x": 1}, ({"y": 4, "x": 2}, None)]
    assert tree.transpose(outer, inner, example) == wanted
    assert tree.transpose(outer, None, example) == wanted
    assert tree.transpose(tree.structure([]), inner, []) == [[], ([], None)]
    assert tree.transpose(outer, tree.structure(None), {"x": None, "y": None}) is None


def test_broadcast():
    full = {"w": [1, (2, 3)], "b": None, "c": 4}
    assert tree.broadcast(0, full) == {"w": [0, (0, 0)], "b": None, "c": 0}
    prefix = {"c": 7, "w": [5, 6], "b": None}
    assert tree.broadcast(prefix, full) == {"w": [5, (6, 6)], "b": None, "c": 7}
    assert tree.broadcast_prefix(prefix, full) == [5, 6, 6, 7]
    is_none = functools.partial(operator.is_, None)
    assert tree.broadcast_prefix((None, 0), ([1, 2], 3), is_leaf=is_none) == [None, None, 0]
    assert tree.broadcast_prefix(None, [1, 2], is_leaf=is_none) == [None, None]


def test_all_leaves():
    assert tree_util.all_leaves([1, "a", np.ones(2)])
    assert not tree_util.all_leaves([1, None])
    assert not tree_util.all_leaves([(1,)])
    assert tree_util.all_leaves([(1,)], is_leaf=lambda x: isinstance(x, tuple))


def test_single_levels():
    assert tree_util.is_tree_node(Point)
    assert tree_util.is_tree_node(type(None))
    assert not tree_util.is_tree_node(np.ndarray)
    assert tree_util.flatten_one_level({"b": 1, "a": (2,)}) == ((1, (2,)), ["b", "a"])
    assert tree_util.flatten_one_level(None) == ((), None)
    assert tree_util.flatten_one_level_with_keys(Point(1, 2)) == (
        ((GetAttrKey("x"), 1), (GetAttrKey("y"), 2)),
        None,
    )


def test_structure_functions():
    leaf, pair = tree.structure(1), tree.structure((1, 2))
    both = tree_util.treedef_tuple(iter([leaf, pair]))
    assert both == tree.structure((1, (2, 3)))
    assert both.num_leaves == 3
    assert tree_util.treedef_children(both) == [leaf, pair]
    assert tree_util.treedef_is_leaf(leaf)
    assert not tree_util.treedef_is_leaf(tree.structure(None))
    assert tree_util.build_tree(both, ["a", iter("bc")]) == ("a", ("b", "c"))


# --- paths ---------------------------------------------------------------------------------------


def test_keystr():
    path = (DictKey("dec"), SequenceKey(2), GetAttrKey("weight"), FlattenedIndexKey(1), DictKey(3))
    assert tree.keystr(path) == "['dec'][2].weight[<flat index 1>][3]"
    assert tree.keystr(path, simple=True, separator="/") == "dec/2/weight/1/3"
    assert tree.keystr(path[:2], separator=" > ") == "['dec'] > [2]"
    assert tree.keystr(()) == ""
    assert tree.keystr(("own key", 3), simple=True, separator=".") == "own key.3"


def test_format_path():
    path = (DictKey("dec"), SequenceKey(2), GetAttrKey("weight"), DictKey(("a", 1)), DictKey('"'))
    assert tree.format_path("params", path) == """params["dec"][2].weight[('a', 1)]['"']"""
    assert tree.format_path("params", (DictKey("it's\n"),)) == """params["it's\\n"]"""


def test_keys_are_values():
    assert repr([DictKey("a"), SequenceKey(1), GetAttrKey("b"), FlattenedIndexKey(2)]) == (
        "[DictKey(key='a'), SequenceKey(idx=1), GetAttrKey(name='b'), FlattenedIndexKey(key=2)]"
    )
    assert len({DictKey("a"), DictKey("a"), DictKey("b"), GetAttrKey("a")}) == 3
    assert pickle.loads(pickle.dumps(DictKey("a"))) == DictKey("a")


# --- Partial -------------------------------------------------------------------------------------


def power(x, n=2, *, scale=1):
    return scale * x**n


def test_partial_is_a_function_and_a_tree():
    cube = tree_util.Partial(power, n=3, scale=2)
    assert cube(2) == 16
    assert cube(2, scale=1) == 8
    assert tree.leaves(cube) == [3, 2]
    assert tree.map(lambda n: n + 1, cube)(2) == 3 * 2**4
    assert [tree.keystr(path) for path, _ in tree.leaves_with_path(cube)] == [
        ".keywords['n']",
        ".keywords['scale']",
    ]
    assert tree.structure(cube) == tree.structure(tree_util.Partial(power, scale=0, n=0))
    assert tree.structure(cube) != tree.structure(tree_util.Partial(pow, scale=0, n=0))
    assert tree.structure(cube) != tree.structure(tree_util.Partial(power, 0, 0))
    assert hash(tree.structure(cube))
    assert isinstance(cube, functools.partial)
    assert pickle.loads(pickle.dumps(cube))(2) == 16
    assert repr(tree.structure(tree_util.Partial(print, 1))) == (
        "PyTreeDef(Partial[<built-in function print>]((*,), {}))"
    )


def test_partial_of_partials():
    nested = tree_util.Partial(tree_util.Partial(power, 2, scale=5), 3, scale=1)
    assert (nested.func, nested.args, nested.keywords) == (power, (2, 3), {"scale": 1})
    assert nested() == 8
    plain = functools.partial(power, n=3)
    opaque = tree_util.Partial(plain, scale=2)
    assert opaque.func is plain
    assert opaque(2) == 16
    assert tree.leaves(opaque) == [2]
    assert tree.structure(tree.map(str, opaque)) == tree.structure(opaque)
    assert pickle.loads(pickle.dumps(opaque))(2) == 16
    with pytest.raises(TypeError):
        tree_util.Partial(3)


# --- mismatches ----------------------------------------------------------------------------------

PARAMS = {"enc": 1.0, "dec": [1.0, (2.0,), {"weight": 3.0, "bias": 4.0}]}


def replaced(path, value):
    example = copy.deepcopy(PARAMS)
    *place, last = path
    functools.reduce(operator.getitem, place, example)[last] = value
    return example


@pytest.mark.parametrize(
    ("other", "where", "expected", "given"),
    [
        (
            replaced(["dec", 2], (5.0,)),
            'rest[0]["dec"][2]',
            'dict with the keys "weight", "bias"',
            "tuple of length 1",
        ),
        (
            replaced(["dec", 2], {"weight": 1, "b": 2}),
            'rest[0]["dec"][2]',
            'dict with the keys "weight", "bias"',
            'dict with the keys "weight", "b" (missing "bias"; unexpected "b")',
        ),
        (
            replaced(["dec", 2], {}),
            'rest[0]["dec"][2]',
            'dict with the keys "weight", "bias"',
            'empty dict (missing "weight", "bias")',
        ),
        (
            replaced(["dec", 1], np.ones((3, 4), np.float32)),
            'rest[0]["dec"][1]',
            "tuple of length 1",
            "a leaf, float32[3,4]",
        ),
        (replaced(["dec", 1], None), 'rest[0]["dec"][1]', "tuple of length 1", "None"),
        (
            replaced(["dec"], [1.0]),
            'rest[0]["dec"]',
            "list of length 3",
            "list of length 1",
        ),
        (
            3.5,
            "rest[0]",
            'dict with the keys "enc", "dec"',
            "a leaf, float 3.5",
        ),
        (
            dict.fromkeys(range(20)),
            "rest[0]",
            'dict with the keys "enc", "dec"',
            "dict with the keys 0, 1, 2, 3, 4, 5, 6, 7, ... (20 in all) "
            '(missing "enc", "dec"; unexpected 0, 1, 2, 3, 4, 5, 6, 7, ... (20 in all))',
        ),
        (
            defaultdict(int, PARAMS),
            "rest[0]",
            'dict with the keys "enc", "dec"',
            'defaultdict of <class \'int\'> with the keys "enc", "dec"',
        ),
    ],
)
def test_map_names_the_place(other, where, expected, given):
    assert text_of(TreeMismatchError, tree.map, operator.add, PARAMS, other) == (
        f"tree.map: the trees do not match at {where}\n"
        f"  expected: {expected}\n"
        f"  given:    {given}\n"
        "Give both the same containers, with the same keys and lengths."
    )


@pytest.mark.parametrize(
    ("tree_", "other", "expected", "given"),
    [
        (
            Linear(1, 2),
            Linear(1, 2, "tanh"),
            "Linear with activation='relu'",
            "Linear with activation='tanh'",
        ),
        (Point(1, 2), Checked(1, 2), "namedtuple Point", "namedtuple Checked"),
        (Frozen(1), Linear(1, 2), "Frozen with name='frozen'", "Linear with activation='relu'"),
        (Interval(1, 2), (1, 2), "Interval with 2 children", "tuple of length 2"),
        (
            Scaled(1, 2),
            Scaled(1, 3),
            "Scaled with 1 children and static data 2",
            "Scaled with 1 children and static data 3",
        ),
        (Option(1), Option(2), "static Option(value=1)", "static Option(value=2)"),
        (None, 3, "None", "a leaf, int 3"),
        (
            OrderedDict(a=1, b=2),
            OrderedDict(b=1, a=2),
            'OrderedDict with the keys "a", "b" in this order',
            'OrderedDict with the keys "b", "a" in this order',
        ),
    ],
)
def test_containers_are_described(tree_, other, expected, given):
    assert text_of(TreeMismatchError, tree.map, operator.add, tree_, other) == (
        "tree.map: the trees do not match at rest[0]\n"
        f"  expected: {expected}\n"
        f"  given:    {given}\n"
        "Give both the same containers, with the same keys and lengths."
    )


def test_classes_with_one_name_are_told_apart():
    def define():
        @tree_util.register_dataclass
        @dataclasses.dataclass
        class Cell:
            x: Any

        return Cell

    assert text_of(TreeMismatchError, tree.map, operator.add, define()(1), define()(1)) == (
        "tree.map: the trees do not match at rest[0]\n"
        "  expected: Cell\n"
        "  given:    Cell of another class with the same name, as after a second definition\n"
        "Give both the same containers, with the same keys and lengths."
    )


def test_paths_pass_through_registered_classes():
    one = {"m": Linear([1, Named(a=(2,))], 3)}
    two = {"m": Linear([1, Named(a=2)], 3)}
    text = text_of(TreeMismatchError, tree.map_with_path, operator.add, one, one, two)
    assert text.startswith(
        'tree.map_with_path: the trees do not match at rest[1]["m"].weight[1].a\n'
        "  expected: tuple of length 1\n"
        "  given:    a leaf, int 2\n"
    )


def test_flatten_up_to_takes_names():
    structure = tree.structure((1, [2]))
    text = text_of(
        TreeMismatchError, structure.flatten_up_to, (1, 2), caller="vjp of f", name="cotangent"
    )
    assert text == (
        "vjp of f: the trees do not match at cotangent[1]\n"
        "  expected: list of length 1\n"
        "  given:    a leaf, int 2\n"
        "Give both the same containers, with the same keys and lengths."
    )


def test_too_few_leaves():
    assert text_of(TreeMismatchError, tree.unflatten, tree.structure(PARAMS), range(4)) == (
        "tree.unflatten: the structure has 5 leaves, but the list of leaves has 4; nothing is left "
        'for tree["dec"][2]["bias"]\n'
        "  structure: PyTreeDef({'enc': *, 'dec': [*, (*,), {'weight': *, 'bias': *}]})\n"
        "Give one leaf for each * of the structure."
    )


def test_too_many_leaves():
    assert text_of(TreeMismatchError, tree.LEAF.unflatten, [1, 2, 3]) == (
        "tree.unflatten: the structure has 1 leaves, but the list of leaves has 3; the last 2 "
        "would be dropped\n"
        "  structure: PyTreeDef(*)\n"
        "Give one leaf for each * of the structure."
    )


def test_structure_and_leaves_in_the_wrong_order():
    assert text_of(TreeStructureError, tree.unflatten, [1, 2], tree.structure([1, 2])) == (
        "tree.unflatten takes the structure first and the leaves second, but the structure is "
        "list [1, 2]; write tree.unflatten(structure, leaves)"
    )


@pytest.mark.parametrize(
    ("prefix", "where", "expected", "given"),
    [
        (
            {"enc": 0, "dec": (0, 1)},
            'prefix_tree["dec"]',
            "a leaf or list of length 3",
            "tuple of length 2",
        ),
        (
            {"enc": 0},
            "prefix_tree",
            'a leaf or dict with the keys "enc", "dec"',
            'dict with the keys "enc" (missing "dec")',
        ),
        (
            {"enc": [0], "dec": 1},
            'prefix_tree["enc"]',
            "a leaf",
            "list of length 1",
        ),
        (
            {"enc": 0, "dec": [0, None, 1]},
            'prefix_tree["dec"][1]',
            "a leaf or tuple of length 1",
            "None",
        ),
    ],
)
def test_broadcast_names_the_place(prefix, where, expected, given):
    assert text_of(TreeMismatchError, tree.broadcast, prefix, PARAMS) == (
        f"tree.broadcast: the trees do not match at {where}\n"
        f"  expected: {expected}\n"
        f"  given:    {given}\n"
        "A prefix has the containers of the full tree down to its own leaves."
    )


def test_broadcast_prefix_takes_names():
    text = text_of(
        TreeMismatchError,
        tree.broadcast_prefix,
        ({"x": 0}, None),
        ({"w": 1}, 2),
        is_leaf=lambda x: x is None,
        caller="vmap",
        name="in_axes",
    )
    assert text == (
        "vmap: the trees do not match at in_axes[0]\n"
        '  expected: a leaf or dict with the keys "w"\n'
        '  given:    dict with the keys "x" (missing "w"; unexpected "x")\n'
        "A prefix has the containers of the full tree down to its own leaves."
    )


def test_transpose_mismatches():
    outer, inner = tree.structure([0, 0]), tree.structure((0, 0))
    text = text_of(TreeMismatchError, tree.transpose, outer, inner, [(1, 2), (3, 4, 5)])
    assert text == (
        "tree.transpose: the trees do not match at pytree_to_transpose[1]\n"
        "  expected: tuple of length 2\n"
        "  given:    tuple of length 3\n"
        "Give both the same containers, with the same keys and lengths."
    )
    assert text_of(EmptyTreeError, tree.transpose, tree.structure([]), None, []) == (
        "tree.transpose: the outer structure has no leaves, so the inner one cannot be read off; "
        "pass it as inner_treedef="
    )


def test_build_tree_mismatch():
    structure = tree.structure({"a": 1, "b": (2, 3)})
    assert text_of(TreeMismatchError, tree_util.build_tree, structure, [1, [2]]) == (
        "build_tree: the trees do not match at xs[1]\n"
        "  expected: 2 elements for PyTreeDef((*, *))\n"
        "  given:    1 elements\n"
        "Give one element for each child of the structure."
    )


def test_empty_trees():
    assert text_of(EmptyTreeError, tree.reduce, operator.add, [None]) == (
        "tree.reduce: the tree has no leaves, so there is no first result; pass it as initializer="
    )
    assert text_of(EmptyTreeError, tree.reduce_associative, operator.add, {}) == (
        "tree.reduce_associative: the tree has no leaves, so there is no result; pass it as "
        "identity="
    )


# --- registration errors -------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [list, dict, type(None), Linear, Interval, Option])
def test_double_registration(cls):
    register = functools.partial(tree_util.register_pytree_node, cls, list, list)
    assert text_of(TreeRegistrationError, register) == (
        f"the class {cls.__module__}.{cls.__qualname__} is a tree node already; register each "
        "class once, right after its definition"
    )
    assert tree.leaves([1, (2, {"a": 3})]) == [1, 2, 3]


def test_only_classes_can_be_registered():
    assert text_of(TreeRegistrationError, tree_util.register_static, 3) == (
        "only a class can be registered as a tree node, not int 3; pass the class of the objects"
    )


def test_dataclass_required():
    assert text_of(TreeRegistrationError, tree_util.register_dataclass, DictSubclass) == (
        f"register_dataclass: type {DictSubclass!r} is no dataclass; decorate it with "
        "@dataclasses.dataclass first (written below), or pass data_fields= and meta_fields="
    )


def test_fields_must_be_complete():
    register = tree_util.register_dataclass
    assert text_of(TreeRegistrationError, register, Unregistered, [], ["y", "y"], ["z"]) == (
        "register_dataclass: the fields of Unregistered are x, and each must be in one of "
        "data_fields, meta_fields and drop_fields; not listed: x; unknown: y, y, z"
    )
    assert text_of(TreeRegistrationError, register, Unregistered, ["x"], ["x"]) == (
        "register_dataclass: the fields of Unregistered are x, and each must be in one of "
        "data_fields, meta_fields and drop_fields; listed twice: x"
    )
    assert tree.structure(Unregistered(1.0)) is tree.LEAF


def test_methods_required():
    class Bare:
        pass

    with pytest.raises(TreeRegistrationError, match=r"has no method tree_flatten; define it"):
        tree_util.register_pytree_node_class(Bare)
    with pytest.raises(TreeRegistrationError, match=r"has no method tree_flatten_with_keys;"):
        tree_util.register_pytree_with_keys_class(Bare)


def test_flatten_functions_return_a_pair():
    class Wrong:
        pass

    tree_util.register_pytree_node(Wrong, lambda wrong: [1, 2], lambda data, children: Wrong())
    assert text_of(TreeRegistrationError, tree.flatten, Wrong()) == (
        "the flatten function of Wrong returned list [1, 2]; it must return a tuple (children, "
        "static data)"
    )


def test_a_leaf_has_no_level():
    assert text_of(TreeRegistrationError, tree_util.flatten_one_level, 3.0) == (
        "flatten_one_level: float 3.0 is a leaf; pass a container, or register its class with "
        "register_dataclass or register_pytree_node"
    )


def test_loading_an_unregistered_class():
    records = tree.structure([Linear(1, 2)]).__reduce__()[1][0]
    unknown = [r and (Unregistered if r[0] is Linear else r[0], *r[1:]) for r in records]
    rebuild = tree.structure([]).__reduce__()[0]
    assert text_of(TreeRegistrationError, rebuild, unknown) == (
        f"the class {__name__}.Unregistered is not registered as a tree node in this process; "
        "import the module that registers it before loading the structure"
    )


def test_static_data_that_do_not_compare():
    one, other = Scaled(1, np.ones(2)), Scaled(1, np.ones(2))
    advice = (
        "Static data are compared and hashed as a whole. Make arrays children of the node (data "
        "fields), and use a tuple in place of a list or dict."
    )
    text = text_of(StaticDataError, operator.eq, tree.structure(one), tree.structure(other))
    assert text == (
        f"tree: the static data of Scaled cannot be compared: array([1., 1.])\n{advice}"
    )
    text = text_of(StaticDataError, hash, tree.structure([Linear(1, 2, activation=["relu"])]))
    assert text == f"tree: the static data of Linear cannot be hashed: (['relu'],)\n{advice}"
    # The same array is the same data; only hashing needs more.
    assert tree.structure(one) == tree.structure(one)
