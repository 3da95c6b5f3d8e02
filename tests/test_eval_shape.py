"""eval_shape and ShapeDtypeStruct."""

from __future__ import annotations

import copy
import importlib
import pickle
import pkgutil
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
import tests.cases
from fungrad import errors
from tests.cases import Case

CASES: list[Case] = [
    case
    for module in pkgutil.iter_modules(tests.cases.__path__)
    for case in importlib.import_module(f"tests.cases.{module.name}").CASES
]

VALUES = {
    "arange",
    "bincount",
    "eig, complex values",
    "eigvals, complex values",
    "lstsq, vector",
    "trim_zeros",
}
"""Operations whose shapes or dtypes depend on values."""


def struct(*shape: int, dtype: Any = float) -> fg.ShapeDtypeStruct:
    return fg.ShapeDtypeStruct(shape, dtype)


def shape_of(x: Any) -> fg.ShapeDtypeStruct:
    return fg.ShapeDtypeStruct(x.shape, x.dtype)


# --- ShapeDtypeStruct ----------------------------------------------------------------------------


def test_struct() -> None:
    x = fg.ShapeDtypeStruct((2, 3), np.float32)
    assert (x.shape, x.dtype, x.ndim, x.size, len(x)) == ((2, 3), np.dtype("f4"), 2, 6, 2)
    assert repr(x) == "ShapeDtypeStruct(shape=(2, 3), dtype=float32)"
    assert x == fg.ShapeDtypeStruct([np.int64(2), 3], "float32")
    assert x != fg.ShapeDtypeStruct((2, 3), float)
    assert x != fg.ShapeDtypeStruct((3, 2), np.float32)
    assert x != "x"
    assert len({x, fg.ShapeDtypeStruct((2, 3), "f4"), fg.ShapeDtypeStruct((), "f4")}) == 2
    assert fg.ShapeDtypeStruct(3, int).shape == (3,)
    assert pickle.loads(pickle.dumps(x)) == copy.deepcopy(x) == x


def test_struct_does_not_change() -> None:
    x = struct(3)
    with pytest.raises(AttributeError):
        x.shape = (2,)
    with pytest.raises(AttributeError):
        del x.dtype
    with pytest.raises(AttributeError):
        x.name = "x"


@pytest.mark.parametrize(
    ("shape", "dtype", "kind"),
    [((-1,), float, ValueError), ((1.5,), float, TypeError), ((1,), "no", TypeError)],
)
def test_wrong_structs(shape: Any, dtype: Any, kind: Any) -> None:
    with pytest.raises(kind):
        fg.ShapeDtypeStruct(shape, dtype)


def test_struct_without_axes() -> None:
    x = struct()
    assert (x.ndim, x.size) == (0, 1)
    with pytest.raises(TypeError):
        len(x)


def test_struct_is_a_leaf() -> None:
    assert fg.tree.leaves({"x": struct(3)}) == [struct(3)]


# --- eval_shape ----------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_operation(case: Case) -> None:
    if case.name in VALUES:
        return
    args = [np.asarray(x) for x in case.args]
    expected = fg.tree.map(shape_of, case.function(*args))
    assert fg.eval_shape(case.function, *args) == expected


def test_trees_and_keywords() -> None:
    def f(p: Any, x: Any, *, scale: Any) -> Any:
        return {"y": p["w"] @ x * scale, "z": [None, fnp.sum(x), p["w"].astype(int)]}

    result = fg.eval_shape(f, {"w": struct(4, 3)}, np.ones(3), scale=struct(2, 1))
    assert result == {"y": struct(2, 4), "z": [None, struct(), struct(4, 3, dtype=int)]}


def test_nothing_is_computed() -> None:
    huge = struct(10**7, 10**7)
    assert fg.eval_shape(lambda x: fnp.sin(x @ x) + x[0], huge) == huge
    gradient = fg.eval_shape(fg.grad(lambda x: fnp.sum(fnp.exp(x @ x))), huge)
    assert gradient == huge


def test_dtypes() -> None:
    x = struct(3, dtype=np.float32)
    assert fg.eval_shape(lambda x: x * 2.0, x) == x
    assert fg.eval_shape(lambda x, y: x * y, x, 2.0) == x
    assert fg.eval_shape(lambda x, y: x * y, x, np.float64(2.0)) == struct(3)
    assert fg.eval_shape(lambda x: x > 0, x) == struct(3, dtype=bool)
    assert fg.eval_shape(lambda x: x * 1j, x) == struct(3, dtype=np.complex64)


def test_other_arguments_are_passed_as_they_are() -> None:
    def f(x: Any, times: int, name: str, function: Any) -> Any:
        for _ in range(times):
            x = function(x)
        return x if name == "x" else 0

    assert fg.eval_shape(f, struct(2), 3, "x", lambda x: fnp.stack([x, x])) == struct(2, 2, 2, 2)
    assert fg.eval_shape(f, struct(2), 3, "y", fnp.sin) == struct(dtype=int)


def test_constants() -> None:
    assert fg.eval_shape(lambda: (np.ones(3), 1.0, 2, True)) == (
        struct(3),
        struct(),
        struct(dtype=int),
        struct(dtype=bool),
    )


def test_shapes_are_checked_as_ever() -> None:
    with pytest.raises(errors.ShapeError):
        fg.eval_shape(lambda x, y: x + y, struct(2), struct(3))
    with pytest.raises(IndexError):
        fg.eval_shape(lambda x: x[5], struct(2))


def test_decisions_by_shape() -> None:
    def f(x: Any) -> Any:
        return x.T if x.shape[0] > 2 and x.ndim == 2 and len(x) == 3 else x

    assert fg.eval_shape(f, struct(3, 2)) == struct(2, 3)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x if x[0] > 0 else -x,
        lambda x: x * float(x[0]),
        lambda x: x[int(x[0])],
        lambda x: x[x > 0],
        lambda x: fnp.arange(x[0]),
        lambda x: fnp.nonzero(x),
        lambda x: x[0].item(),
        lambda x: x.tolist(),
        lambda x: [x for _ in range(x[0].astype(int))],
        fg.grad(lambda x: x[0] if x[0] > 0 else -x[0]),
        fg.vmap(lambda x: x if x > 0 else -x),
    ],
)
def test_decisions_by_value(function: Any) -> None:
    with pytest.raises(errors.NoValueError, match="eval_shape of"):
        fg.eval_shape(function, struct(3))


def test_results_that_are_no_arrays() -> None:
    with pytest.raises(errors.OutputTypeError):
        fg.eval_shape(lambda x: "text", struct(3))


def test_escaped_tracers_are_dead() -> None:
    kept: list[Any] = []
    fg.eval_shape(lambda x: kept.append(x) or x, struct(3))
    with pytest.raises(errors.EscapedTracerError, match="eval_shape"):
        kept[0] + 1


def test_functions_of_the_user() -> None:
    class Double(fg.Function):
        @staticmethod
        def forward(ctx: fg.Context, x: Any) -> Any:
            ctx.save_for_backward(np.exp(x))
            return np.concatenate([x, x])

        @staticmethod
        def backward(ctx: fg.Context, g: Any) -> Any:
            (y,) = ctx.saved_tensors
            return g[: len(y)] * y

    assert fg.eval_shape(Double.apply, struct(3)) == struct(6)
    assert fg.eval_shape(fg.jacrev(Double.apply), struct(3)) == struct(6, 3)


def test_with_other_transforms() -> None:
    def f(x: Any) -> Any:
        return fnp.sin(x) * fnp.sum(x)

    x = struct(3)
    assert fg.eval_shape(fg.jacfwd(f), x) == struct(3, 3)
    assert fg.eval_shape(fg.hessian(f), x) == struct(3, 3, 3)
    assert fg.eval_shape(fg.vmap(fg.jacrev(f)), struct(5, 3)) == struct(5, 3, 3)
    assert fg.eval_shape(fg.deriv(fnp.sin, 2), x) == x
    assert fg.eval_shape(fg.linear_transpose(lambda x: x[:2], x), struct(2)) == (x,)
    assert fg.eval_shape(lambda x: fg.jvp(f, (x,), (x,)), x) == (x, x)

    def inside(x: Any) -> Any:
        assert fg.eval_shape(lambda y: x * y, struct(2, 1)) == struct(2, 3)
        assert fg.eval_shape(f, x) == struct(3)
        return fnp.sum(x)

    np.testing.assert_array_equal(fg.grad(inside)(np.ones(3)), np.ones(3))
    np.testing.assert_array_equal(fg.vmap(inside)(np.ones((2, 3))), [3.0, 3.0])
