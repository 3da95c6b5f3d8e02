"""jvp."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors


class Pair(NamedTuple):
    a: Any
    b: Any


class Cube(fg.Function):
    """A user's operation, without forward mode of its own."""

    @staticmethod
    def forward(ctx: fg.Context, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx: fg.Context, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 3 * x * x * g


def test_value_and_tangent() -> None:
    value, tangent = fg.jvp(fnp.exp, (0.0,), (2.0,))
    assert isinstance(value, fg.Array)
    assert isinstance(tangent, fg.Array)
    assert (value, tangent) == (1.0, 2.0)


def test_several_arguments_and_trees() -> None:
    def f(p: Any, q: Any) -> Any:
        return Pair(p["x"] * q[0], [p["x"] ** 2])

    value, tangent = fg.jvp(f, ({"x": 3.0}, (4.0, None)), ({"x": 1.0}, (10.0, None)))
    assert value == Pair(12.0, [9.0])
    assert tangent == Pair(34.0, [6.0])


def test_dicts_match_in_any_order() -> None:
    def f(p: Any) -> Any:
        return p["a"] + 10 * p["b"]

    _, tangent = fg.jvp(f, ({"a": 1.0, "b": 2.0},), ({"b": 1.0, "a": 0.0},))
    assert tangent == 10.0


def test_aux() -> None:
    def f(x: Any) -> Any:
        return x * x, {"twice": 2 * x, "name": "f"}

    value, tangent, aux = fg.jvp(f, (3.0,), (1.0,), has_aux=True)
    assert (value, tangent) == (9.0, 6.0)
    assert aux == {"twice": 6.0, "name": "f"}
    assert type(aux["twice"]) is fg.Array
    with pytest.raises(errors.AuxError):
        fg.jvp(fnp.sin, (3.0,), (1.0,), has_aux=True)


@pytest.mark.parametrize("tangent", [None, np.zeros(2), np.ones(2, int), np.zeros(2, [("v", "V")])])
def test_the_tangent_of_integers_is_not_used(tangent: Any) -> None:
    value, moved = fg.jvp(lambda x, n: x * n, (2.0, np.array([3, 4])), (1.0, tangent))
    np.testing.assert_array_equal(value, [6.0, 8.0])
    np.testing.assert_array_equal(moved, [3.0, 4.0])


def test_the_tangent_of_integers_has_their_shape() -> None:
    with pytest.raises(errors.TangentError, match=r"tangents\[1\] is float64\[3\].*int64\[2\]"):
        fg.jvp(lambda x, n: x * n, (2.0, np.array([3, 4])), (1.0, np.zeros(3)))


def test_integer_and_constant_results_have_zero_tangents() -> None:
    value, tangent = fg.jvp(lambda x: (x > 0, 3, np.ones(2), x.astype(int)), (2.0,), (1.0,))
    assert [each.dtype for each in value] == [bool, int, float, int]
    assert [each.dtype for each in tangent] == [float] * 4
    assert [each.shape for each in tangent] == [(), (), (2,), ()]
    assert not any(np.any(each) for each in tangent)


def test_dtypes() -> None:
    x = np.ones(2, np.float32)
    value, tangent = fg.jvp(lambda x: x * x, (x,), (np.ones(2),))
    assert value.dtype == tangent.dtype == np.float32
    value, tangent = fg.jvp(lambda x: x.astype(float), (x,), (x,))
    assert value.dtype == tangent.dtype == np.float64
    value, tangent = fg.jvp(lambda x: x * 1j, (x,), (x,))
    assert value.dtype == tangent.dtype == np.complex64
    _, tangent = fg.jvp(fnp.square, (1 + 2j,), (1.0,))
    assert tangent == 2 + 4j
    _, tangent = fg.jvp(fnp.square, (3,), (1,))
    assert tangent == 6.0


@pytest.mark.parametrize(
    ("primals", "tangents", "message"),
    [
        (2.0, (1.0,), "primals is float 2.0"),
        (np.ones(1), np.ones(1), r"primals is float64\[1\]"),
        ((2.0,), (1.0, 2.0), "1 primals and 2 tangents"),
        (({"a": 1.0},), ({"b": 1.0},), "(?s)do not match.*tangents"),
        (({"a": [1.0]},), ({"a": ["no"]},), r'tangents\[0\]\["a"\]\[0\] is str .*no array'),
        ((1.0,), (None,), r"tangents\[0\] is NoneType None where primals\[0\] is float64\[\]"),
        ((1.0,), (1j,), "it must be real"),
        ((np.ones(2),), (np.ones((2, 1)),), "the shapes differ"),
    ],
)
def test_tangents_that_do_not_fit(primals: Any, tangents: Any, message: str) -> None:
    with pytest.raises(errors.TangentError, match=message):
        fg.jvp(lambda x: x, primals, tangents)


def test_what_is_no_number() -> None:
    with pytest.raises(errors.NonFloatInputError, match="text"):
        fg.jvp(lambda text: text, ("abc",), (1.0,))
    with pytest.raises(errors.OutputTypeError):
        fg.jvp(lambda x: "abc", (1.0,), (1.0,))


def test_no_perturbation_confusion() -> None:
    def outer(x: Any) -> Any:
        return x * fg.jvp(lambda y: x + y, (1.0,), (1.0,))[1]

    assert fg.jvp(outer, (1.0,), (1.0,))[1] == 1.0
    assert fg.grad(outer)(1.0) == 1.0


def test_three_deep() -> None:
    def derivative(f: Any) -> Any:
        return lambda x: fg.jvp(f, (x,), (1.0,))[1]

    third = derivative(derivative(derivative(lambda x: x**4)))
    assert third(2.0) == 48.0
    assert derivative(fg.grad(derivative(lambda x: x**4)))(2.0) == 48.0
    assert fg.grad(derivative(fg.grad(Cube.apply)))(2.0) == 6.0
    np.testing.assert_allclose(fg.vmap(third)(np.array([1.0, 2.0])), [24.0, 48.0])


def test_a_function_of_the_user() -> None:
    assert fg.jvp(Cube.apply, (2.0,), (10.0,)) == (8.0, 120.0)


def test_control_flow() -> None:
    def f(x: Any) -> Any:
        return x * x if x > 0 else -x

    assert fg.jvp(f, (3.0,), (1.0,))[1] == 6.0
    assert fg.jvp(f, (-3.0,), (1.0,))[1] == -1.0


def test_escaped_tracers_are_dead_also_after_an_error() -> None:
    kept: list[Any] = []

    def f(x: Any) -> Any:
        kept.append(x)
        raise KeyError("half-way")

    with pytest.raises(KeyError):
        fg.jvp(f, (3.0,), (1.0,))
    with pytest.raises(errors.EscapedTracerError, match="jvp of f"):
        kept[0] + 1


def test_no_leaves() -> None:
    assert fg.jvp(lambda: 3.0, (), ()) == (3.0, 0.0)
    assert fg.jvp(lambda x: {}, (1.0,), (1.0,)) == ({}, {})
    value, tangent = fg.jvp(fnp.sin, (np.zeros((0, 2)),), (np.zeros((0, 2)),))
    assert value.shape == tangent.shape == (0, 2)
