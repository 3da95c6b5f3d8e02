"""The array itself: it never changes, and otherwise it is what an ndarray is."""

from __future__ import annotations

import copy
import io
import json
import math
import operator
import pickle

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors

X = np.array([[3.0, 1.0, 2.0], [6.0, 5.0, 4.0]])
N = np.array([[3, 1, 2], [6, 5, 4]])
C = X + 1j * N
B = X > 2


def check(ours, theirs):
    """Compare with what NumPy gives: Arrays for its arrays and scalars."""
    if isinstance(theirs, (tuple, list)) and isinstance(ours, (tuple, list)):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs):
            check(a, b)
    elif isinstance(theirs, (np.ndarray, np.generic)):
        assert isinstance(ours, fg.Array)
        assert ours.dtype == theirs.dtype
        assert ours.shape == theirs.shape
        np.testing.assert_array_equal(np.asarray(ours), theirs)
    else:
        assert ours == theirs
        assert type(ours) is type(theirs)


# --- it never changes ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attempt", "instead"),
    [
        (lambda x: operator.setitem(x, 0, 1.0), "x = x.at[i].set(v)"),
        (lambda x: operator.setitem(x, slice(None), 1.0), "x = x.at[i].set(v)"),
        (lambda x: operator.delitem(x, 0), "fnp.delete"),
        (lambda x: setattr(x, "shape", (6,)), "x.reshape"),
        (lambda x: setattr(x, "dtype", int), "x.astype"),
        (lambda x: setattr(x, "real", 0.0), "1j * x.imag"),
        (lambda x: setattr(x, "imag", 0.0), "x.real + 1j"),
        (lambda x: setattr(x, "T", 0.0), "value.T"),
        (lambda x: setattr(x, "flat", 0.0), "full_like"),
        (lambda x: setattr(x, "value", 0.0), "a new array"),
        (lambda x: setattr(x, "anything", 0.0), "a new array"),
        (lambda x: delattr(x, "value"), "a new array"),
        (lambda x: x.fill(0.0), "full_like"),
        (lambda x: x.itemset(0, 1.0), ".at[i].set"),
        (lambda x: x.partition(1), "fnp.partition"),
        (lambda x: x.put([0], 1.0), ".at[i].set"),
        (lambda x: x.resize((3,)), "fnp.resize"),
        (lambda x: x.setfield(0.0, float), "astype"),
        (lambda x: x.setflags(write=True), "np.array(x)"),
        (lambda x: x.sort(), "fnp.sort"),
        (lambda x: x.byteswap(inplace=True), "x.byteswap()"),
        (lambda x: np.copyto(x, 0.0), "fnp.where"),
        (lambda x: np.put(x, [0], 1.0), ".at[indices].set"),
        (lambda x: np.place(x, x > 0, 1.0), "fnp.where"),
        (lambda x: np.putmask(x, x > 0, 1.0), "fnp.where"),
        (lambda x: np.fill_diagonal(x, 1.0), ".at["),
        (lambda x: np.put_along_axis(x, np.array([[0]]), 1.0, 0), "fnp.put_along_axis"),
        (lambda x: np.add.at(x, 0, 1.0), ".at[i].add(v)"),
        (lambda x: np.maximum.at(x, 0, 1.0), ".at[i].max(v)"),
        (lambda x: np.add(x, 1.0, out=x), "x = np.add(...)"),
        (lambda x: np.add(np.ones((2, 3)), 1.0, out=x), "x = np.add(...)"),
        (lambda x: np.sum(x, axis=0, out=np.zeros(3)), "out="),
        (lambda x: np.concatenate([x, x], out=np.zeros((4, 3))), "out="),
        (lambda x: np.clip(x, 0, 1, out=x), "out="),
    ],
)  # fmt: skip
def test_what_would_change_it_is_refused(attempt, instead):
    x = fnp.array(X)
    with pytest.raises(errors.ArrayImmutableError) as caught:
        attempt(x)
    assert instead in str(caught.value)
    np.testing.assert_array_equal(np.asarray(x), X)


def test_in_place_operators_bind_a_new_array():
    x = first = fnp.array(X)
    for change in ("iadd", "isub", "imul", "itruediv", "ipow", "ifloordiv", "imod"):
        x = getattr(operator, change)(x, 2.0)
        assert x is not first
        np.testing.assert_array_equal(np.asarray(first), X)
    n = fnp.array(N)
    for change in ("iand", "ior", "ixor", "ilshift", "irshift"):
        assert getattr(operator, change)(n, 1) is not n
    np.testing.assert_array_equal(np.asarray(n), N)
    m = fnp.eye(3)
    m @= fnp.ones((3, 3))
    np.testing.assert_array_equal(np.asarray(m), np.ones((3, 3)))


def test_an_ndarray_may_be_changed_in_place_by_an_array():
    y = np.ones(3)
    before = y
    y += fnp.ones(3)
    assert before is y
    np.testing.assert_array_equal(y, np.full(3, 2.0))
    y -= 0.5 * fg.grad(lambda y: fnp.sum(y * y))(y)
    np.testing.assert_array_equal(before, np.zeros(3))


def test_an_ndarray_may_not_be_changed_in_place_by_a_traced_value():
    def f(x):
        y = np.ones(3)
        y += x
        return np.sum(y)

    with pytest.raises(errors.ArrayImmutableError, match=r"np\.add"):
        fg.grad(f)(1.0)


def views(x):
    yield np.asarray(x)
    yield np.array(x, copy=False)
    yield x.__array__()
    yield np.asarray(memoryview(x.data))
    yield np.from_dlpack(x)
    yield np.asarray(x.T)
    yield np.asarray(x[1:])
    yield np.asarray(x.reshape(6))
    yield np.asarray(x.real)


def test_no_view_can_be_written_to():
    x = fnp.array(X)
    for view in views(x):
        if view.flags.writeable:  # a copy: NumPy 2.0 cannot hand over read-only memory by DLPack
            view[...] = 0.0
        else:
            with pytest.raises(ValueError, match="read-only"):
                view[...] = 0.0
            with pytest.raises(ValueError, match="WRITEABLE"):
                view.flags.writeable = True
    np.testing.assert_array_equal(np.asarray(x), X)
    assert not x.flags.writeable
    assert not isinstance(np.asarray(x).base, np.ndarray)  # whose flags could be changed
    assert x.base is None
    assert x.data.readonly


def test_a_copy_by_numpy_is_free():
    x = fnp.array(X)
    for mine in (np.array(x), np.array(x, dtype=np.float32), np.asarray(x, dtype=int)):
        mine[...] = 0
    np.testing.assert_array_equal(np.asarray(x), X)
    with pytest.raises(ValueError, match="needs a copy"):
        np.asarray(x, dtype=int, copy=False)


@pytest.mark.parametrize(
    "make",
    [
        fnp.array,
        fnp.asarray,
        fg.Array,
        lambda s: fnp.asarray(s[:]),
        lambda s: fnp.array(memoryview(s)),
        fnp.from_dlpack,
        lambda s: fnp.reshape(s, (2, 3)),
        lambda s: fnp.broadcast_to(s, (2, 3)),
        lambda s: fnp.transpose(s).T,
        lambda s: fnp.concatenate([s]),
        lambda s: fnp.atleast_1d(s),
        lambda s: fnp.real(s),
        lambda s: fnp.split(s, 1)[0],
        lambda s: fnp.positive(s),
        lambda s: fg.vjp(lambda x: x, s)[0],
        lambda s: fg.stop_gradient(fnp.asarray(s)),
    ],
)
def test_the_source_may_change_later(make):
    for source in (np.array(X), np.array(X[::-1])[::-1], np.array(X.T).T):
        source = np.require(source)
        x = make(source)
        source[...] = -1.0
        np.testing.assert_array_equal(np.asarray(x), X)
        assert source.flags.writeable


def test_a_buffer_may_change_later():
    buffer = bytearray(X.tobytes())
    x = fnp.frombuffer(buffer)
    buffer[:] = bytes(len(buffer))
    np.testing.assert_array_equal(np.asarray(x), X.ravel())


def test_a_read_only_view_of_memory_that_changes_is_copied():
    owner = np.array(X)
    view = owner.view()
    view.flags.writeable = False
    x, y = fnp.asarray(view), fnp.reshape(view, 6)
    owner[...] = 0.0
    np.testing.assert_array_equal(np.asarray(x), X)
    np.testing.assert_array_equal(np.asarray(y), X.ravel())


def test_what_a_function_returns_may_change_later():
    buffer = np.zeros(3)

    class Fill(fg.Function):
        @staticmethod
        def forward(ctx, x):
            buffer[:] = np.asarray(x)
            return buffer

    first = Fill.apply(np.ones(3))
    buffer[:] = 7.0
    np.testing.assert_array_equal(np.asarray(first), np.ones(3))


def test_copies_are_the_array_itself():
    x = fnp.array(X)
    assert copy.copy(x) is x
    assert copy.deepcopy(x) is x
    assert copy.deepcopy({"w": x})["w"] is x
    assert x.copy() is x
    assert x.to_device("cpu") is x
    with pytest.raises(ValueError, match="cpu"):
        x.to_device("gpu")


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickle(protocol):
    for value in (X, N, C, B, np.float32(1.5), np.zeros((0, 3))):
        x = fnp.array(value)
        again = pickle.loads(pickle.dumps(x, protocol))
        check(again, np.asarray(value)[()])
        assert not again.flags.writeable


def test_arrays_are_not_hashable():
    with pytest.raises(TypeError, match="unhashable"):
        hash(fnp.array(X))
    with pytest.raises(TypeError, match="unhashable"):
        {fnp.array(1.0)}


# --- it is what an ndarray is --------------------------------------------------------------------

ATTRIBUTES = [
    "shape",
    "dtype",
    "ndim",
    "size",
    "itemsize",
    "nbytes",
    "strides",
    "T",
    "mT",
    "real",
    "imag",
    "device",
]
METHODS = [
    ("all", (), {}),
    ("all", (), {"axis": 0}),
    ("any", (1,), {}),
    ("argmax", (), {}),
    ("argmax", (1,), {"keepdims": True}),
    ("argmin", (), {"axis": 0}),
    ("argpartition", (1,), {}),
    ("argsort", (), {}),
    ("argsort", (0,), {}),
    ("astype", (np.float32,), {}),
    ("astype", (complex,), {"copy": False}),
    ("byteswap", (), {}),
    ("clip", (2, 4), {}),
    ("clip", (), {"max": 3}),
    ("compress", ([False, True],), {"axis": 0}),
    ("conj", (), {}),
    ("conjugate", (), {}),
    ("copy", (), {}),
    ("cumprod", (), {}),
    ("cumsum", (1,), {}),
    ("diagonal", (), {}),
    ("diagonal", (1,), {}),
    ("dot", (np.ones((3, 2)),), {}),
    ("flatten", (), {}),
    ("flatten", ("F",), {}),
    ("item", (4,), {}),
    ("item", (1, 2), {}),
    ("max", (), {}),
    ("max", (0,), {}),
    ("mean", (), {}),
    ("mean", (), {"axis": 1, "keepdims": True}),
    ("min", (), {"axis": -1}),
    ("nonzero", (), {}),
    ("prod", (), {}),
    ("ravel", (), {}),
    ("ravel", ("F",), {}),
    ("repeat", (2,), {}),
    ("repeat", ([1, 2], 0), {}),
    ("reshape", (3, 2), {}),
    ("reshape", ((3, -1),), {}),
    ("reshape", (6,), {"order": "F"}),
    ("round", (), {}),
    ("searchsorted", (2.5,), {}),
    ("squeeze", (), {}),
    ("std", (), {}),
    ("std", (), {"axis": 0, "ddof": 1}),
    ("sum", (), {}),
    ("sum", (1,), {"keepdims": True}),
    ("swapaxes", (0, 1), {}),
    ("take", ([0, 5, 2],), {}),
    ("take", ([0, 1], 1), {}),
    ("tobytes", (), {}),
    ("tobytes", ("F",), {}),
    ("tolist", (), {}),
    ("trace", (), {}),
    ("trace", (1,), {}),
    ("transpose", (), {}),
    ("transpose", (1, 0), {}),
    ("transpose", ((0, 1),), {}),
    ("var", (), {}),
    ("view", (), {}),
    ("view", (np.uint8,), {}),
]
ABSENT = {"ctypes", "getfield", "newbyteorder", "tostring"}
CHANGING = {"fill", "partition", "put", "resize", "setfield", "setflags", "sort", "itemset"}
ELSEWHERE = {
    "at",
    "base",
    "choose",
    "data",
    "dump",
    "dumps",
    "flags",
    "flat",
    "ptp",
    "to_device",
    "tofile",
}


def test_no_name_of_ndarray_is_forgotten():
    names = {name for name in dir(np.ndarray) if not name.startswith("_")} - ABSENT
    tested = {*ATTRIBUTES, *(name for name, *_ in METHODS), *CHANGING, *ELSEWHERE}
    assert names <= tested
    assert all(hasattr(fg.Array, name) for name in names)
    special = {
        name
        for name in vars(np.ndarray)
        if name.startswith("__")
        and not name.startswith(("__array", "__i"))
        and name != "__class_getitem__"
    }
    assert special - {"__setstate__"} <= set(dir(fg.Array))


@pytest.mark.parametrize(
    "value", [X, N, C, B, np.zeros((0, 3)), np.float32(2.5)], ids=lambda v: f"{v.dtype}{v.shape}"
)
@pytest.mark.parametrize("name", ATTRIBUTES)
def test_attributes_are_numpys(name, value):
    if name == "mT" and np.ndim(value) < 2:
        with pytest.raises(ValueError, match="mat"):
            _ = fnp.array(value).mT
        return
    if name == "device" and not hasattr(value, "device"):
        return
    check(getattr(fnp.array(value), name), getattr(np.asarray(value), name))


@pytest.mark.parametrize("value", [X, N, C, B], ids=lambda v: str(v.dtype))
@pytest.mark.parametrize(
    ("name", "args", "kwargs"), METHODS, ids=[f"{name}-{i}" for i, (name, *_) in enumerate(METHODS)]
)
def test_methods_are_numpys(name, args, kwargs, value):
    if name == "searchsorted":
        value = np.sort(value.ravel())
    if name == "view" and args and value.dtype == bool:
        args = (np.int8,)
    try:
        theirs = getattr(value, name)(*args, **kwargs)
    except (TypeError, np.exceptions.ComplexWarning) as error:
        with pytest.raises(type(error)):
            getattr(fnp.array(value), name)(*args, **kwargs)
        return
    if name.startswith("conj") and value.dtype == bool:
        theirs = np.conj(value)  # the function's int8, not the method's bool
    ours = getattr(fnp.array(value), name)(*args, **kwargs)
    if isinstance(theirs, tuple):
        theirs = tuple(theirs)
    if name == "item":
        assert ours == theirs
        assert type(ours) is type(theirs)
    else:
        check(ours, theirs)


def test_the_other_methods(tmp_path):
    x = fnp.array(X)
    check(x.flat, X.ravel())
    check(list(x.flat)[3], X.flat[3])
    check(x.ptp(1), np.ptp(X, 1))
    check(fnp.array([1, 0]).choose([[1, 2], [3, 4]]), np.array([3, 2]))
    np.testing.assert_array_equal(pickle.loads(x.dumps()), X)
    x.dump(tmp_path / "dumped")
    np.testing.assert_array_equal(np.load(tmp_path / "dumped", allow_pickle=True), X)
    x.tofile(tmp_path / "raw")
    np.testing.assert_array_equal(np.fromfile(tmp_path / "raw"), X.ravel())
    stream = io.BytesIO()
    np.save(stream, x)
    stream.seek(0)
    np.testing.assert_array_equal(np.load(stream), X)
    assert x.item(0) == 3.0
    assert json.dumps(x.tolist()) == json.dumps(X.tolist())
    with pytest.raises(errors.UnsupportedFunctionError, match="no derivative"):
        fg.grad(lambda a: a.view(np.int64).sum())(X)


def test_the_array_api_namespace():
    x = fnp.array(X)
    namespace = x.__array_namespace__()
    assert namespace is fnp
    assert namespace.sum(x) == X.sum()
    assert x.__array_namespace__(api_version="2024.12") is fnp


def test_dlpack_both_ways():
    x = fnp.array(X)
    given = np.from_dlpack(x)
    np.testing.assert_array_equal(given, X)
    assert x.__dlpack_device__() == (1, 0)
    check(fnp.from_dlpack(X), X)
    assert fnp.from_dlpack(x) is x
    with pytest.raises(BufferError, match="without a copy"):
        x.__dlpack__(copy=False)


# --- numbers and containers ----------------------------------------------------------------------


def test_conversion_to_numbers():
    assert float(fnp.array(2.5)) == 2.5
    assert int(fnp.array(2.5)) == 2
    assert complex(fnp.array(2.5)) == 2.5 + 0j
    assert bool(fnp.array(0.0)) is False
    assert bool(fnp.array([3])) is True
    assert operator.index(fnp.array(3)) == 3
    assert list(range(5))[fnp.array(2)] == 2
    assert "abc"[fnp.array(1)] == "b"
    assert math.sqrt(fnp.array(4.0)) == 2.0
    assert math.floor(fnp.array(2.5)) == 2
    assert round(fnp.array(2.567), 1) == 2.6
    assert divmod(fnp.array(7), 3) == (2, 1)
    assert f"{fnp.array(2.5):.2f}" == "2.50"
    assert format(fnp.array([1.0])) == "[1.]"
    for wrong in (float, int, complex):
        with pytest.raises(TypeError):
            wrong(fnp.array(X))
    with pytest.raises(ValueError, match="ambiguous"):
        bool(fnp.array(X))
    for value in (2.5, 1j, X):
        with pytest.raises(TypeError):
            operator.index(fnp.array(value))
    with pytest.raises(TypeError, match="one number"):
        format(fnp.array(X), ".2f")


def test_containers():
    x = fnp.array(X)
    assert len(x) == 2
    rows = list(x)
    check(rows, list(X))
    _, second = x
    check(second, X[1])
    assert [float(v) for v in reversed(x[0])] == [2.0, 1.0, 3.0]
    assert 3.0 in x
    assert 9.0 not in x
    assert (x == X).all()
    assert next(zip(x[0], x[1])) == (3.0, 6.0)
    assert max(x[0]) == 3.0
    assert sum(x[0]) == 6.0
    assert sorted(x[0]) == [1.0, 2.0, 3.0]
    for use in (len, list, iter):
        with pytest.raises(TypeError, match=r"its shape is \(\)"):
            use(fnp.array(1.0))


def test_iteration_has_gradients():
    gradient = fg.grad(lambda x: sum(fnp.sum(row**2) * i for i, row in enumerate(x)))(X)
    np.testing.assert_array_equal(np.asarray(gradient), np.stack([0 * X[0], 2 * X[1]]))
    gradient = fg.grad(lambda x: sum(v * v for v in x.flat))(X)
    np.testing.assert_array_equal(np.asarray(gradient), 2 * X)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.5, "Array(1.5, dtype=float64)"),
        (3, "Array(3, dtype=int64)"),
        (True, "Array(True, dtype=bool)"),
        (1 + 2j, "Array(1.+2.j, dtype=complex128)"),
        (np.float32(0.1), "Array(0.1, dtype=float32)"),
        ([], "Array([], dtype=float64)"),
        (np.zeros((0, 3)), "Array([], shape=(0, 3), dtype=float64)"),
        ([1.0, 2.5], "Array([1. , 2.5], dtype=float64)"),
        ([True, False], "Array([ True, False], dtype=bool)"),
        (np.ones((2, 2), np.float32), "Array([[1., 1.],\n       [1., 1.]], dtype=float32)"),
        ([1j], "Array([0.+1.j], dtype=complex128)"),
    ],
)
def test_repr(value, text):
    assert repr(fnp.array(value)) == text
    assert str(fnp.array(value)) == str(np.asarray(value))


# --- operators and NumPy's protocols -------------------------------------------------------------

BINARY = [
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "lt",
    "le",
    "gt",
    "ge",
    "eq",
    "ne",
]
INTEGER = ["and_", "or_", "xor", "lshift", "rshift", "divmod"]
SCALARS = [2, 2.0, np.float32(2), np.int8(2), np.array([1.0, 2.0, 4.0])]


def apply(name, a, b):
    return divmod(a, b) if name == "divmod" else getattr(operator, name)(a, b)


@pytest.mark.parametrize("name", BINARY)
def test_operators_on_both_sides(name):
    for value in (X, X.astype(np.float32), N):
        for other in SCALARS:
            check(apply(name, fnp.array(value), other), apply(name, value, other))
            check(apply(name, other, fnp.array(value)), apply(name, other, value))
        check(apply(name, fnp.array(value), fnp.array(X)), apply(name, value, X))


@pytest.mark.parametrize("name", INTEGER)
def test_integer_operators(name):
    for other in (2, np.int64(3), np.array([1, 2, 3])):
        check(apply(name, fnp.array(N), other), apply(name, N, other))
        check(apply(name, other, fnp.array(N)), apply(name, other, N))


def test_unary_operators():
    x = fnp.array(X)
    check(-x, -X)
    check(+x, +X)
    check(abs(-x), X)
    check(~fnp.array(N), ~N)
    check(round(x), np.round(X))
    check(x @ X.T, X @ X.T)
    check(X @ x.T, X @ X.T)
    check([1.0, 2.0] @ x, [1.0, 2.0] @ X)
    check([1, 2, 3] + x, [1, 2, 3] + X)  # noqa: RUF005
    with pytest.raises(TypeError, match="modulus"):
        pow(x, 2, 3)


def test_an_unknown_operand_may_know_what_to_do():
    class Knows:
        def __radd__(self, other):
            return "known"

        def __rmatmul__(self, other):
            return "known"

        def __gt__(self, other):
            return "greater"

    x = fnp.array(X)
    assert x + Knows() == "known"
    assert x @ Knows() == "known"
    assert (x < Knows()) == "greater"
    for other in ("text", None, object(), {}):
        with pytest.raises(TypeError):
            x + other
        with pytest.raises(TypeError):
            other * x
        with pytest.raises(TypeError):
            _ = x < other
        assert (x == other) is False
        assert (x != other) is True


def test_ufuncs():
    x = fnp.array(X)
    check(np.sin(x), np.sin(X))
    check(np.add(x, X), X + X)
    check(np.add(1, x), 1 + X)
    check(np.add(x, 1, dtype=np.float32), np.add(X, 1, dtype=np.float32))
    check(np.divmod(x, 2), np.divmod(X, 2))
    check(np.modf(x), np.modf(X))
    check(np.add.reduce(x), np.add.reduce(X))
    check(np.add.reduce(x, axis=None), np.add.reduce(X, axis=None))
    check(
        np.multiply.reduce(x, axis=1, keepdims=True), np.multiply.reduce(X, axis=1, keepdims=True)
    )
    check(np.maximum.reduce(x), np.maximum.reduce(X))
    check(np.logical_or.reduce(x > 2), np.logical_or.reduce(X > 2))
    check(np.add.accumulate(x, axis=1), np.add.accumulate(X, axis=1))
    check(np.multiply.accumulate(x), np.multiply.accumulate(X))
    check(np.multiply.outer(x, np.arange(2)), np.multiply.outer(X, np.arange(2)))
    check(np.subtract.outer(np.arange(2.0), x), np.subtract.outer(np.arange(2.0), X))
    check(np.hypot.reduce(x), np.hypot.reduce(X))
    check(np.add.reduceat(x, [0, 1]), np.add.reduceat(X, [0, 1]))
    gradient = fg.grad(lambda a: np.sum(np.multiply.outer(a, a)))(np.array([1.0, 2.0]))
    np.testing.assert_array_equal(np.asarray(gradient), [6.0, 6.0])
    with pytest.raises(errors.UnsupportedFunctionError, match="has no rule"):
        fg.grad(lambda a: np.sum(np.add.reduceat(a, [0, 1])))(np.ones(3))


def test_functions_by_protocol():
    x = fnp.array(X)
    check(np.concatenate([x, X]), np.concatenate([X, X]))
    check(np.where(x > 2, x, 0.0), np.where(X > 2, X, 0.0))
    check(np.linalg.norm(x), np.linalg.norm(X))
    assert np.shape(x) == (2, 3)
    assert np.allclose(x, X)
    assert isinstance(np.median(x), fg.Array)
    np.testing.assert_allclose(x, X)
    np.testing.assert_array_equal(x, X)


@pytest.mark.parametrize("value", ["text", None, {}, object()])
def test_only_numbers_are_elements(value):
    with pytest.raises(TypeError):
        fg.Array(value)


def test_the_class_makes_arrays():
    check(fg.Array([1, 2]), np.array([1, 2]))
    check(fg.Array(X, dtype=np.float32), X.astype(np.float32))
    check(fg.Array(2.0), np.float64(2.0))
    with pytest.raises(errors.ArrayDTypeError, match="<U4"):
        fg.Array(["text"])
    assert isinstance(fg.grad(lambda x: x)(1.0), fg.Array)
