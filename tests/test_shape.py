"""Functions of the shape: values as NumPy's, errors, and what the table of cases does not reach."""

from __future__ import annotations

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors
from fungrad.transforms.forward import jvp
from fungrad.transforms.vmap import vmap

V = np.arange(6.0)
M = np.arange(6.0).reshape(2, 3)
B = np.arange(24.0).reshape(2, 3, 4)

CALLS = [
    ("reshape", (B, (4, -1)), {}),
    ("reshape", (B, 24), {}),
    ("reshape", (B, [np.int64(3), 8]), {}),
    ("reshape", (B, (4, 6)), {"order": "F"}),
    ("reshape", (B.T, (4, 6)), {"order": "A"}),
    ("reshape", (np.zeros((0, 3)), (3, 0)), {}),
    ("reshape", (np.zeros((0, 3)), (-1, 3)), {}),
    ("reshape", ([[1, 2], [3, 4]], 4), {}),
    ("ravel", (B,), {}),
    ("ravel", (B,), {"order": "F"}),
    ("ravel", (3.0,), {}),
    ("transpose", (B,), {}),
    ("transpose", (B, (0, -1, 1)), {}),
    ("transpose", (5.0,), {}),
    ("permute_dims", (B, (2, 0, 1)), {}),
    ("matrix_transpose", (B,), {}),
    ("moveaxis", (B, 0, -1), {}),
    ("moveaxis", (B, [0, -1], [1, 0]), {}),
    ("rollaxis", (B, 2), {}),
    ("rollaxis", (B, 0, 3), {}),
    ("swapaxes", (B, -1, 0), {}),
    ("expand_dims", (V, 0), {}),
    ("expand_dims", (V, (0, -1)), {}),
    ("expand_dims", (1.0, 0), {}),
    ("squeeze", (np.ones((1, 2, 1)),), {}),
    ("squeeze", (np.ones((1, 2, 1)), -1), {}),
    ("squeeze", (np.ones((1, 2, 1)), (0, 2)), {}),
    ("broadcast_to", (M, (4, 2, 3)), {}),
    ("broadcast_to", (1.0, ()), {}),
    ("broadcast_to", (1, 3), {}),
    ("broadcast_arrays", (V[:, None], V, 1.0), {}),
    ("broadcast_arrays", (), {}),
    ("broadcast_shapes", ((2, 1), 3, (5, 1, 1)), {}),
    ("atleast_1d", (1.0,), {}),
    ("atleast_1d", (1.0, V), {}),
    ("atleast_2d", (1.0,), {}),
    ("atleast_2d", (V, B), {}),
    ("atleast_3d", (1.0,), {}),
    ("atleast_3d", (V, M, B), {}),
    ("concatenate", ([M, M],), {}),
    ("concatenate", ([M, M], -1), {}),
    ("concatenate", ((M, V), None), {}),
    ("concatenate", ([[1, 2], [3.5]],), {}),
    ("concatenate", ([[True], [2]],), {}),
    ("concatenate", ([np.float32([1]), np.float64([1])],), {}),
    ("concatenate", ([V, V],), {"dtype": np.float32}),
    ("concat", ([M, M],), {"axis": 1}),
    ("stack", ([M, M],), {}),
    ("stack", ([M, M], -1), {}),
    ("stack", ([1, 2.5],), {}),
    ("stack", ([np.float32(1), np.float32(2)],), {}),
    ("stack", ([V, V],), {"dtype": np.complex64}),
    ("vstack", ([V, M.ravel()],), {}),
    ("vstack", ([1.0, 2.0],), {}),
    ("hstack", ([V, V],), {}),
    ("hstack", ([M, M],), {}),
    ("hstack", ([1.0, 2.0],), {}),
    ("dstack", ([V, V],), {}),
    ("dstack", ([M, M],), {}),
    ("column_stack", ([V, V],), {}),
    ("column_stack", ([V[:2], M],), {}),
    ("block", ([[M, M], [M, M]],), {}),
    ("block", ([1.0, V],), {}),
    ("block", (M,), {}),
    ("block", ([[[B, B]], [[B, B]]],), {}),
    ("split", (V, 3), {}),
    ("split", (V, [2, 4]), {}),
    ("split", (B, 2, -1), {}),
    ("split", (V, [4, 2]), {}),
    ("split", (V, [3, 9]), {}),
    ("split", (V, [-2]), {}),
    ("array_split", (V, 4), {}),
    ("array_split", (V, 8), {}),
    ("vsplit", (M, 2), {}),
    ("hsplit", (M, 3), {}),
    ("hsplit", (V, 3), {}),
    ("dsplit", (B, 2), {}),
    ("unstack", (M,), {}),
    ("unstack", (M,), {"axis": -1}),
    ("tile", (V, 2), {}),
    ("tile", (M, (2, 1, 3)), {}),
    ("tile", (B, (2, 1)), {}),
    ("tile", (1.0, 3), {}),
    ("tile", (V, 0), {}),
    ("repeat", (V, 2), {}),
    ("repeat", (M, 2, 0), {}),
    ("repeat", (M, [1, 0, 2], 1), {}),
    ("repeat", (M, [3]), {}),
    ("repeat", (3, 4), {}),
    ("repeat", (V, 0), {}),
    ("resize", (V, (2, 2)), {}),
    ("resize", (V, (4, 4)), {}),
    ("resize", (V, 3), {}),
    ("resize", (np.zeros(0), (2, 2)), {}),
    ("append", (V, 7.0), {}),
    ("append", (M, M, 0), {}),
    ("delete", (V, 1), {}),
    ("delete", (V, [0, -1]), {}),
    ("delete", (M, slice(0, 3, 2), 1), {}),
    ("delete", (V, V > 2), {}),
    ("delete", (M, []), {}),
    ("insert", (V, 1, 9.0), {}),
    ("insert", (V, [1, 4], [9.0, 8.0]), {}),
    ("insert", (V, [4, 1, 1], 9.0), {}),
    ("insert", (M, 1, 9.0, 1), {}),
    ("insert", (M, -1, [9.0, 8.0], 1), {}),
    ("insert", (M, [1], [[9.0], [8.0]], 1), {}),
    ("insert", (M, slice(0, 2), [9.0, 8.0], 1), {}),
    ("insert", (np.arange(3), 1, 2.7), {}),
    ("trim_zeros", (np.array([0, 0, 1, 2, 0]),), {}),
    ("trim_zeros", (np.array([0, 0, 1, 2, 0]), "f"), {}),
    ("trim_zeros", (np.array([0, 0, 1, 2, 0]), "b"), {}),
    ("trim_zeros", (np.zeros(3),), {}),
    ("flip", (B,), {}),
    ("flip", (B, (0, -1)), {}),
    ("flip", (1.0,), {}),
    ("fliplr", (M,), {}),
    ("flipud", (V,), {}),
    *[("rot90", (M, k), {}) for k in range(-2, 5)],
    ("rot90", (B,), {"axes": (2, 0)}),
    ("roll", (V, 2), {}),
    ("roll", (M, 1), {}),
    ("roll", (B, (1, -2), (0, 2)), {}),
    ("roll", (B, 7, (0, 2)), {}),
    ("roll", (V, -10, 0), {}),
    ("roll", (V, (1, 2), 0), {}),
    ("diagonal", (M,), {}),
    ("diagonal", (B, -1, 2, 0), {}),
    ("trace", (M,), {}),
    ("trace", (B, 1, 1, 2), {}),
    ("trace", (np.eye(2, dtype=np.int8),), {}),
    ("diag", (V,), {}),
    ("diag", (V, -2), {}),
    ("diag", (M, 1), {}),
    ("diag", (M, 5), {}),
    ("diagflat", (M, 1), {}),
    ("tri", (3,), {}),
    ("tri", (3, 4, -1), {"dtype": int}),
    ("tril", (B, 1), {}),
    ("tril", (V,), {}),
    ("triu", (B, -1), {}),
    ("vander", (V,), {}),
    ("vander", ([1, 2], 3), {"increasing": True}),
    ("vander", (V, 0), {}),
    ("unwrap", (V * 2,), {}),
    ("unwrap", (B * 3,), {"axis": 0, "discont": 4.0}),
    ("unwrap", (np.array([0, 100, 200, 300]),), {"period": 256}),
]


calls = pytest.mark.parametrize(
    ("name", "args", "kwargs"), CALLS, ids=[f"{name}-{i}" for i, (name, *_) in enumerate(CALLS)]
)


def same(ours, theirs):
    if isinstance(theirs, (tuple, list)) and not all(isinstance(n, int) for n in theirs):
        assert type(ours) is type(theirs)
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs):
            same(a, b)
    elif isinstance(theirs, (np.ndarray, np.generic)):
        assert isinstance(ours, fg.Array)
        assert ours.shape == theirs.shape
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(np.asarray(ours), theirs)
    else:
        assert ours == theirs


def numpy_result(name, args, kwargs):
    if name == "unstack" and not hasattr(np, "unstack"):
        return tuple(np.moveaxis(args[0], kwargs.get("axis", 0), 0))
    return getattr(np, name)(*args, **kwargs)


def wrapped(x):
    """The same argument, with fungrad's arrays for NumPy's."""
    if isinstance(x, np.ndarray):
        return fnp.array(x)
    return type(x)(map(wrapped, x)) if isinstance(x, (tuple, list)) else x


@calls
def test_values_are_numpys(name, args, kwargs):
    expected = numpy_result(name, args, kwargs)
    same(getattr(fnp, name)(*args, **kwargs), expected)
    same(getattr(fnp, name)(*map(wrapped, args), **kwargs), expected)


@calls
def test_numpys_functions_come_to_fungrad(name, args, kwargs):
    given = tuple(map(wrapped, args))
    if not any(isinstance(x, fg.Array) for x in fg.tree.leaves(given)) or not hasattr(np, name):
        return
    if name in ("broadcast_shapes", "tri"):
        return
    result = getattr(np, name)(*given, **kwargs)
    same(result, numpy_result(name, args, kwargs))


@calls
def test_traced_values_are_numpys(name, args, kwargs):
    """Under grad of the first array among the arguments."""
    if name in ("broadcast_shapes", "tri") or not args:
        return
    first = args[0]
    array = first[0] if isinstance(first, (tuple, list)) and first else first
    if not isinstance(array, np.ndarray) or array.dtype != float:
        return
    if name == "trim_zeros" and not array.any():
        return

    def call(x):
        new = type(first)([x, *first[1:]]) if isinstance(first, (tuple, list)) else x
        return getattr(fnp, name)(new, *args[1:], **kwargs)

    output, pullback = fg.vjp(call, array)
    theirs = numpy_result(name, args, kwargs)
    for ours, expected in zip(fg.tree.leaves(output), fg.tree.leaves(theirs), strict=True):
        assert ours.dtype == expected.dtype
        np.testing.assert_allclose(np.asarray(ours), expected, rtol=1e-12, atol=1e-12)
    (gradient,) = pullback(output)
    _, tangents = jvp(call, (array,), (array,))
    forward = sum(
        np.sum(np.asarray(t) * np.asarray(y))
        for t, y in zip(fg.tree.leaves(tangents), fg.tree.leaves(output))
    )
    assert np.isclose(np.sum(np.asarray(gradient) * array), forward, rtol=1e-5)


def test_the_result_never_shares_memory_with_an_ndarray():
    x = np.arange(4.0)
    results = [
        fnp.reshape(x, (2, 2)),
        fnp.transpose(x),
        fnp.ravel(x),
        fnp.squeeze(x),
        fnp.broadcast_to(x, (2, 4)),
        fnp.atleast_1d(x),
        fnp.flip(x),
        fnp.rot90(x.reshape(2, 2), 0),
        fnp.expand_dims(x, 0),
        *fnp.split(x, 2),
        *fnp.broadcast_arrays(x, 1.0),
        fnp.diagonal(x.reshape(2, 2)),
        fnp.asarray(x),
    ]
    before = [np.array(each) for each in results]
    x[:] = -1
    for result, expected in zip(results, before):
        np.testing.assert_array_equal(np.asarray(result), expected)


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: fnp.reshape(V, (4,)), errors.ShapeError, "reshape of float64[6]"),
        (lambda: fnp.reshape(V, (4, -1)), errors.ShapeError, "6 elements do not fit"),
        (lambda: fnp.reshape(V, (-1, -1)), errors.ShapeError, "only one length"),
        (lambda: fnp.reshape(V, (6,), order="X"), ValueError, "'X'"),
        (lambda: fnp.transpose(M, (0, 0)), ValueError, "no permutation"),
        (lambda: fnp.transpose(M, (0,)), ValueError, "no permutation"),
        (lambda: fnp.squeeze(M, 0), errors.ShapeError, "axis 0 has length 2"),
        (lambda: fnp.broadcast_to(M, (3, 2)), errors.ShapeError, "broadcast_to of float64[2,3]"),
        (lambda: fnp.moveaxis(M, 0, (0, 1)), ValueError, "as many axes"),
        (lambda: fnp.matrix_transpose(V), errors.ShapeError, "two axes"),
        (lambda: fnp.expand_dims(V, 3), np.exceptions.AxisError, "axis 3"),
        (lambda: fnp.flip(V, 1), np.exceptions.AxisError, "axis 1"),
        (lambda: fnp.fliplr(V), errors.ShapeError, "two axes"),
        (lambda: fnp.rot90(M, axes=(0, 0)), ValueError, "twice"),
        (lambda: fnp.concatenate([V, M]), errors.ShapeError, "float64[6] and float64[2,3]"),
        (lambda: fnp.concatenate([1.0, 2.0]), errors.ShapeError, "fnp.stack"),
        (lambda: fnp.concatenate([]), ValueError, "one array at least"),
        (lambda: fnp.concatenate([V], dtype=int), TypeError, "float64 to int64"),
        (lambda: fnp.stack([V, M]), errors.ShapeError, "same shape"),
        (lambda: fnp.block([[V], V]), ValueError, "depths"),
        (lambda: fnp.block([]), ValueError, "empty"),
        (lambda: fnp.split(V, 4), errors.ShapeError, "no 4 equal pieces"),
        (lambda: fnp.array_split(V, 0), ValueError, "not positive"),
        (lambda: fnp.vsplit(V, 2), errors.ShapeError, "2 axes at least"),
        (lambda: fnp.repeat(V, -1), ValueError, "negative"),
        (lambda: fnp.diagonal(V), errors.ShapeError, "two axes"),
        (lambda: fnp.diagonal(M, 0, 1, 1), ValueError, "both 1"),
        (lambda: fnp.diag(B), errors.ShapeError, "a vector or a matrix"),
        (lambda: fnp.tril(1.0), errors.ShapeError, "needs an axis"),
        (lambda: fnp.trim_zeros(V, "x"), ValueError, "'x'"),
    ],
)
def test_errors(call, kind, text):
    with pytest.raises(kind) as caught:
        call()
    assert text in str(caught.value)


def test_shapes_may_depend_on_batched_values():
    given = vmap(lambda x, n: fnp.repeat(x, n).sum())(M, np.array([1, 2]))
    np.testing.assert_array_equal(given, [M[0].sum(), 2 * M[1].sum()])
    with pytest.raises(errors.BatchedShapeError, match="different shapes"):
        vmap(lambda x, n: fnp.repeat(x, n))(M, np.array([1, 2]))
    x = np.array([[0.0, 1.0, 2.0], [0.0, 0.0, 3.0]])
    np.testing.assert_array_equal(vmap(lambda row: fnp.trim_zeros(row).sum())(x), [3.0, 3.0])


def test_shapes_that_depend_on_traced_values_follow_them():
    gradient = fg.grad(lambda x: fnp.sum(fnp.trim_zeros(x) ** 2))(np.array([0.0, 3.0, 0.0]))
    np.testing.assert_array_equal(np.asarray(gradient), [0.0, 6.0, 0.0])


def test_split_then_concatenate_is_the_identity_in_both_modes():
    def f(x):
        return fnp.concatenate(fnp.split(x, 3)[::-1])

    y, pullback = fg.vjp(f, V)
    np.testing.assert_array_equal(np.asarray(y), [4, 5, 2, 3, 0, 1])
    np.testing.assert_array_equal(np.asarray(pullback(y)[0]), V)


def test_insert_takes_a_mask():
    mask = np.array([True, False, False, True, False, False])
    same(fnp.insert(V, mask, 9.0), np.insert(V, [0, 3], 9.0))
    same(fnp.insert(V, fnp.array(mask), [9.0, 8.0]), np.insert(V, [0, 3], [9.0, 8.0]))


def test_an_unused_piece_has_a_gradient_of_zeros():
    gradient = fg.grad(lambda x: fnp.sum(fnp.split(x, 3)[1] ** 2))(V)
    np.testing.assert_array_equal(np.asarray(gradient), [0, 0, 4, 6, 0, 0])


def test_parameters_of_rules_can_be_hashed():
    seen = []

    class Watching(fg.trace.Trace):
        def process(self, function, args, params):
            hash(tuple(sorted(params.items(), key=str)))
            seen.append(function.__name__)
            values = [a.value if isinstance(a, fg.trace.Tracer) else a for a in args]
            return fg.array.wrap(function.call(*values, **params))

    x = fg.trace.Tracer.__new__(fg.trace.Tracer)
    x.owner, x.value = Watching("watching"), M
    fnp.roll(fnp.flip(x), 1, 0)
    fnp.pad(x, 1)
    fnp.moveaxis(x, 0, 1)
    x[1:, ::-1]
    x.at[..., 1].set(0.0)
    fnp.tril(x)
    fnp.diagonal(x)
    assert {"Flip", "Place", "Slice", "SetSlice", "Triangle", "Diagonal"} <= set(seen)
