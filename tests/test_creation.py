"""Making arrays, padding them, dtypes: values as NumPy's, conversions, errors."""

# ruff: noqa: B023 (functions made in a loop are called in the same round)

from __future__ import annotations

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors
from fungrad.transforms.forward import jvp
from fungrad.transforms.vmap import vmap

X = np.random.default_rng(0).normal(size=(3, 4))
N = np.arange(12).reshape(3, 4)

CALLS = [
    ("array", ([[1, 2], [3, 4]],), {}),
    ("array", ([1, 2.5, True],), {}),
    ("array", ([],), {}),
    ("array", (3,), {}),
    ("array", (1j,), {}),
    ("array", (True,), {}),
    ("array", ([1, 2],), {"dtype": np.float32}),
    ("array", ([1.7],), {"dtype": int}),
    ("array", (2.0,), {"ndmin": 2}),
    ("array", (range(3),), {}),
    ("array", ([np.float32(1), np.float32(2)],), {}),
    ("array", ([np.float32(1), 2.0],), {}),
    ("asarray", ([1, 2],), {"dtype": complex}),
    ("asanyarray", (X,), {}),
    ("asarray_chkfinite", (X,), {}),
    ("ascontiguousarray", (1.0,), {}),
    ("asfortranarray", (X,), {}),
    ("copy", (X,), {}),
    ("zeros", (3,), {}),
    ("zeros", ((2, 0),), {"dtype": bool}),
    ("ones", ((2, 3),), {"dtype": np.complex64}),
    ("ones", ((),), {}),
    ("full", ((2, 2), 7), {}),
    ("full", (3, [1.0, 2.0, 3.0]), {}),
    ("full", ((2,), 1), {"dtype": float}),
    ("zeros_like", (X,), {}),
    ("zeros_like", ([1, 2],), {"dtype": float, "shape": (3,)}),
    ("ones_like", (N,), {}),
    ("ones_like", (2.0,), {}),
    ("full_like", (N, 2.7), {}),
    ("full_like", (X, 2), {"shape": (2,)}),
    ("eye", (3,), {}),
    ("eye", (2, 3, 1), {"dtype": int}),
    ("identity", (2,), {}),
    ("identity", (2,), {"dtype": np.float32}),
    ("arange", (5,), {}),
    ("arange", (5.0,), {}),
    ("arange", (2, 11, 3), {}),
    ("arange", (1.0, 0.0, -0.25), {}),
    ("arange", (3,), {"dtype": np.float32}),
    ("arange", (5, 2), {}),
    ("arange", (np.float32(0), np.float32(1), np.float32(0.3)), {}),
    ("linspace", (0, 1), {}),
    ("linspace", (0, 1, 5), {"endpoint": False}),
    ("linspace", ([0, 1], [2, 5], 4), {"axis": -1}),
    ("linspace", (0, 10, 4), {"dtype": int}),
    ("linspace", (0, 10, 4), {"retstep": True}),
    ("linspace", (2.0, 3.0, 1), {}),
    ("linspace", (2.0, 3.0, 0), {}),
    ("linspace", (0, 1j, 3), {}),
    ("logspace", (0, 3, 4), {}),
    ("logspace", (0, 3, 4), {"base": [2.0, 3.0]}),
    ("geomspace", (1, 1000, 4), {}),
    ("geomspace", (-1.0, -8.0, 4), {}),
    ("geomspace", (1, 1j, 3), {}),
    ("fromiter", ((n * n for n in ()), float), {}),
    ("frombuffer", (np.arange(3.0).tobytes(),), {"count": 2}),
    ("fromstring", ("1 2 3",), {"sep": " ", "dtype": int}),
    ("fromfunction", (lambda i, j: i * j, (2, 3)), {}),
    ("apply_along_axis", (np.sort, 0, X), {}),
    ("apply_along_axis", (lambda v: v.sum(), -1, X), {}),
    ("apply_over_axes", (np.sum, np.ones((2, 3, 4)), (0, -1)), {}),
]


def check(ours, theirs):
    if isinstance(theirs, tuple):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs):
            check(a, b)
    else:
        assert isinstance(ours, fg.Array)
        assert ours.dtype == np.asarray(theirs).dtype
        assert ours.shape == np.shape(theirs)
        np.testing.assert_array_equal(np.asarray(ours), theirs)


@pytest.mark.parametrize(
    ("name", "args", "kwargs"), CALLS, ids=[f"{name}-{i}" for i, (name, *_) in enumerate(CALLS)]
)
def test_values_are_numpys(name, args, kwargs):
    check(getattr(fnp, name)(*args, **kwargs), getattr(np, name)(*args, **kwargs))


def test_empty_arrays_are_zeros():
    check(fnp.empty(3), np.zeros(3))
    check(fnp.empty_like(N), np.zeros_like(N))


@pytest.mark.parametrize(
    "mode",
    [
        "edge",
        "reflect",
        "symmetric",
        "wrap",
        "mean",
        "maximum",
        "minimum",
        "median",
        "linear_ramp",
        "constant",
    ],
)
@pytest.mark.parametrize("width", [1, (2, 0), ((0, 3), (9, 1)), ((5,),), {1: (2, 1)}, {-1: 3}])
def test_padding_eager_and_traced(mode, width):
    theirs = np.pad(X, _pairs(width), mode)
    check(fnp.pad(X, width, mode), theirs)
    check(fnp.pad(fnp.array(N), width, mode), np.pad(N, _pairs(width), mode))
    value, pullback = fg.vjp(lambda x: fnp.pad(x, width, mode), X)
    np.testing.assert_allclose(np.asarray(value), theirs, rtol=1e-12, atol=1e-12)
    _, tangent = jvp(lambda x: fnp.pad(x, width, mode), (X,), (X,))
    (gradient,) = pullback(value)
    assert np.isclose(np.sum(np.asarray(gradient) * X), np.sum(np.asarray(tangent) * theirs))


def _pairs(width):
    if not isinstance(width, dict):
        return width
    pairs = [(0, 0), (0, 0)]
    for axis, each in width.items():
        pairs[axis] = (each, each) if isinstance(each, int) else each
    return pairs


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "constant", "constant_values": 2.5},
        {"mode": "constant", "constant_values": ((1.0, 2.0), (3.0, 4.0))},
        {"mode": "linear_ramp", "end_values": (1.0, -1.0)},
        {"mode": "maximum", "stat_length": 2},
        {"mode": "mean", "stat_length": ((1, 2), (9, 1))},
        {"mode": "reflect", "reflect_type": "odd"},
        {"mode": "symmetric", "reflect_type": "odd"},
    ],
    ids=str,
)
def test_options_of_padding(options):
    for x in (X, X[:1], X[:, :1]):
        theirs = np.pad(x, ((3, 1), (2, 7)), **options)
        check(fnp.pad(x, ((3, 1), (2, 7)), **options), theirs)
        value, _ = fg.vjp(lambda a: fnp.pad(a, ((3, 1), (2, 7)), **options), x)
        np.testing.assert_allclose(np.asarray(value), theirs, rtol=1e-12, atol=1e-12)


def test_padding_by_constants_has_gradients_of_the_constants():
    gradient = fg.grad(lambda c: fnp.sum(fnp.pad(X, 1, constant_values=c)))(2.0)
    assert float(gradient) == 30 - 12
    pairs = fg.grad(lambda c: fnp.sum(fnp.pad(X, 1, constant_values=c)))(np.ones((2, 2)))
    np.testing.assert_array_equal(np.asarray(pairs), [[4, 4], [5, 5]])
    gradient = fg.grad(lambda a, b: fnp.sum(fnp.pad(X, 1, constant_values=(a, b))), argnums=(0, 1))(
        1.0, 2.0
    )
    assert [float(each) for each in gradient] == [9.0, 9.0]
    gradient = fg.grad(lambda c: fnp.sum(fnp.pad([1.0], (0, 2), "linear_ramp", end_values=c)))(2.0)
    assert float(gradient) == 1.5


def test_padding_by_a_function():
    def fill(vector, width, axis, kwargs):
        vector[: width[0]] = kwargs["value"]

    check(fnp.pad(X, 1, fill, value=3.0), np.pad(X, 1, fill, value=3.0))
    with pytest.raises(errors.UnsupportedFunctionError, match=r"fnp\.concatenate"):
        fg.grad(lambda x: fnp.pad(x, 1, fill).sum())(X)


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: fnp.array("text"), errors.OperandError, "str 'text'"),
        (lambda: fnp.array(["text"]), errors.ArrayDTypeError, "<U4"),
        (lambda: fnp.array(None), errors.OperandError, "None"),
        (lambda: fnp.array([None]), errors.ArrayDTypeError, "object"),
        (lambda: fnp.array({"a": 1}), errors.OperandError, "dict"),
        (
            lambda: fnp.array(np.array(["2020-01-01"], "M8[D]")),
            errors.ArrayDTypeError,
            "datetime64",
        ),
        (lambda: fnp.array([[1, 2], [3]]), errors.ShapeError, "inhomogeneous"),
        (lambda: fnp.array([1.0], copy=False), ValueError, "copy=False"),
        (lambda: fnp.array([1.0], device="gpu"), ValueError, "'gpu'"),
        (lambda: fnp.zeros(2, dtype=object), errors.ArrayDTypeError, "object"),
        (lambda: fnp.full((2,), [1.0, 2.0, 3.0]), errors.ShapeError, "float64[3]"),
        (lambda: fnp.asarray_chkfinite([1.0, np.nan]), ValueError, "1 of 2 elements"),
        (lambda: fnp.pad(X, 1, "spiral"), ValueError, "'spiral'"),
        (lambda: fnp.pad(X, -1), ValueError, "negative"),
        (lambda: fnp.pad(X, 0.5), TypeError, "float64"),
        (lambda: fnp.pad(X, 1, "edge", constant_values=1), TypeError, "constant_values"),
        (lambda: fnp.fromiter([1, 2], int, 3), ValueError, "gave 2 numbers"),
        (lambda: fnp.vander(X), errors.ShapeError, "a vector"),
        (lambda: fnp.meshgrid([1], indexing="yx"), ValueError, "'yx'"),
        (lambda: fnp.apply_along_axis(np.sum, 0, np.zeros((3, 0))), errors.ShapeError, "no slice"),
        (lambda: fnp.vectorize(abs, signature="x->y"), ValueError, "signature"),
        (
            lambda: fg.grad(lambda a: fnp.array([[a, 1.0], [a]])[0, 0])(1.0),
            errors.ShapeError,
            "same shape",
        ),
        (lambda: fg.grad(lambda a: fnp.linspace(a, 1.0, -1).sum())(1.0), ValueError, "negative"),
        (
            lambda: vmap(lambda n: fnp.arange(n))(np.array([1, 2])),
            errors.BatchedShapeError,
            "(1,) for example 0, (2,) for example 1",
        ),
    ],
)
def test_errors(call, kind, text):
    with pytest.raises(kind) as caught:
        call()
    assert text in str(caught.value)


# --- traced values -------------------------------------------------------------------------------


def test_lists_with_traced_values_become_traced_arrays():
    def f(x, y):
        matrix = fnp.array([[x, 1, y], (x * y, 0.0, 2)])
        assert matrix.shape == (2, 3)
        return fnp.sum(matrix * np.arange(6.0).reshape(2, 3))

    assert [float(g) for g in fg.grad(f, argnums=(0, 1))(2.0, 3.0)] == [9.0, 8.0]

    def late(x):
        return fnp.sum(fnp.asarray([*range(20), x]) ** 2)

    assert float(fg.grad(late)(3.0)) == 6.0
    rows = fg.grad(lambda x: fnp.sum(fnp.array([x, x, np.ones(2)]) ** 2))(np.ones(2))
    np.testing.assert_array_equal(np.asarray(rows), [4.0, 4.0])
    given = vmap(lambda x: fnp.array([x, 1.0]))(np.arange(2.0))
    np.testing.assert_array_equal(np.asarray(given), [[0, 1], [1, 1]])


def test_the_dtype_of_a_list_is_the_same_traced_and_not():
    for items in ([1.0, np.float32(2)], [np.float32(1), np.float32(2)], [1, np.float32(2)]):
        expected = np.array(items).dtype
        seen = []

        def f(x):
            made = fnp.array([items[0], x])
            seen.append(made.dtype)
            return made.sum()

        fg.grad(f)(items[1])
        assert seen == [expected]
    with_dtype = fg.grad(lambda x: fnp.array([x, 1], dtype=np.float32).sum())(np.float64(2))
    assert with_dtype.dtype == np.float64


def test_numpys_array_of_traced_values_is_an_error_that_names_the_cure():
    for call in (lambda x: np.array([x, 1.0]), lambda x: np.asarray(x), lambda x: np.array([[x]])):
        with pytest.raises(errors.TracerConversionError, match=r"fnp.array\(\[x, y\]\)"):
            fg.grad(lambda x: call(x).sum())(1.0)


def test_arange_and_linspace_have_derivatives_of_their_ends():
    gradient = fg.grad(lambda a, b: fnp.sum(fnp.arange(a, 10.0, b)), argnums=(0, 1))(0.5, 2.0)
    assert [float(g) for g in gradient] == [5.0, 10.0]
    gradient = fg.grad(lambda a, b: fnp.sum(fnp.linspace(a, b, 5)), argnums=(0, 1))(0.0, 1.0)
    assert np.allclose([float(g) for g in gradient], [2.5, 2.5])
    step = fg.grad(lambda b: fnp.linspace(0.0, b, 5, retstep=True)[1])(1.0)
    assert float(step) == 0.25
    gradient = fg.grad(lambda a: fnp.geomspace(a, 8.0, 4)[1])(1.0)
    assert np.isclose(float(gradient), 2 * 2 / 3)
    gradient = fg.grad(lambda c: fnp.logspace(1, 2, 2, base=c)[1])(3.0)
    assert np.isclose(float(gradient), 6.0)
    value, _ = fg.vjp(lambda a: fnp.linspace(a, [1.0, 2.0], 3, dtype=int, axis=1), 0.5)
    check(value, np.linspace(0.5, [1.0, 2.0], 3, dtype=int, axis=1))
    value, _ = fg.vjp(lambda a: fnp.geomspace(a, -8.0, 4), -1.0)
    np.testing.assert_allclose(np.asarray(value), [-1, -2, -4, -8])


def test_full_takes_a_traced_value():
    assert float(fg.grad(lambda v: fnp.sum(fnp.full((2, 3), v)))(1.0)) == 6.0
    assert float(fg.grad(lambda v: fnp.sum(fnp.full_like(np.ones(4), v)))(1.0)) == 4.0
    gradient = fg.grad(lambda v: fnp.sum(fnp.full((2,), v, dtype=np.float32)))(np.float64(1.0))
    assert gradient.dtype == np.float64


def test_likes_of_a_traced_array_are_constants():
    gradient = fg.grad(lambda x: fnp.sum(fnp.zeros_like(x) + fnp.ones_like(x)) + x[0])(np.ones(2))
    np.testing.assert_array_equal(np.asarray(gradient), [1.0, 0.0])
    assert vmap(fnp.zeros_like)(X).shape == X.shape


def test_vectorize():
    f = fnp.vectorize(lambda a, b: (a + b, a * b), otypes=[float, np.float32])
    total, product = f([1, 2], [[3], [4]])
    check(total, np.array([[4.0, 5.0], [5.0, 6.0]]))
    assert product.dtype == np.float32
    dot = fnp.vectorize(fnp.dot, signature="(n),(n)->()")
    check(dot(X, X[0]), np.vectorize(np.dot, signature="(n),(n)->()")(X, X[0]))
    scaled = fnp.vectorize(lambda a, k: a * len(k), excluded={1, "k"})
    check(scaled([1, 2], "abc"), np.array([3, 6]))
    check(scaled([1, 2], k="ab"), np.array([2, 4]))
    gradient = fg.grad(lambda x: fnp.sum(fnp.vectorize(lambda a: a * a if a > 0 else a)(x)))(
        np.array([2.0, -3.0])
    )
    np.testing.assert_array_equal(np.asarray(gradient), [4.0, 1.0])
    with pytest.raises(errors.ShapeError, match="the axis n has the lengths 4 and 3"):
        dot(X, X[:, 0])
    with pytest.raises(TypeError, match="2 arguments, the call 1"):
        dot(X)
    assert fnp.vectorize(abs, doc="D").__doc__ == "D"


# --- dtypes --------------------------------------------------------------------------------------


def test_names_are_numpys():
    for name in (
        "pi",
        "e",
        "inf",
        "euler_gamma",
        "float32",
        "int8",
        "complex64",
        "bool",
        "bool_",
        "newaxis",
        "integer",
        "finfo",
        "iinfo",
        "dtype",
    ):
        assert getattr(fnp, name) is getattr(np, name) or getattr(fnp, name) == getattr(np, name)
    assert fnp.ndarray is fg.Array
    assert fnp.nan != fnp.nan


def test_what_arrays_tell_without_their_elements():
    def look(x):
        assert fnp.shape(x) == np.shape(x) == (3, 4)
        assert fnp.ndim(x) == np.ndim(x) == 2
        assert fnp.size(x) == np.size(x) == 12
        assert fnp.size(x, 1) == np.size(x, 1) == 4
        assert not fnp.iscomplexobj(x)
        assert np.isrealobj(x)
        assert fnp.result_type(x, np.float32) == np.result_type(x, np.float32) == np.float64
        assert fnp.result_type(x, 1j) == np.complex128
        assert np.can_cast(x, np.float32, "same_kind")
        assert fnp.can_cast(x, complex)
        assert np.common_type(x) is np.float64
        assert np.min_scalar_type(x) == np.float64
        assert not fnp.isfortran(fg.stop_gradient(x))
        assert not np.isscalar(x)
        return x.sum()

    look(fnp.array(X))
    fg.grad(look)(X)
    assert fnp.result_type(fnp.ones(2, np.float32), 1.0) == np.float32
    assert fnp.min_scalar_type(300) == np.uint16
    assert fnp.promote_types(np.int8, np.uint8) == np.int16
    assert fnp.isdtype(np.float32, "real floating")


def test_text():
    seen = []

    def look(x):
        seen.extend([np.array2string(x), fnp.array_str(x), fnp.array_repr(x)])
        return x.sum()

    fg.grad(look)(np.ones(2))
    assert seen == ["[1. 1.]", "[1. 1.]", "array([1., 1.])"]
