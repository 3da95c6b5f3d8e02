"""primitive: foreign functions with rules, under every nesting, and mistakes."""

from __future__ import annotations

import copy
import itertools
import math
import pickle
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors
from tests.test_custom import close, nest

ORDERS = ["".join(order) for n in range(4) for order in itertools.product("rfbv", repeat=n)]


def plain(x: Any) -> Any:
    """Return x; raise if it is not what foreign code may get."""
    assert type(x) in (np.ndarray, np.float64, np.float32, np.int64, np.complex128), type(x)
    assert type(x) is not np.ndarray or not x.flags.writeable
    return x


def make(function: Any, vjp: Any = None, jvp: Any = None, **settings: Any) -> Any:
    primitive = fg.primitive(function, **settings)
    if vjp is not None:
        primitive.defvjp(vjp)
    if jvp is not None:
        primitive.defjvp(jvp)
    return primitive


# --- one function, with every set of rules --------------------------------------------------------


def oscillate(x: Any, rate: Any, *, sign: float = 1.0) -> Any:
    """Return a product and a sine, of any shapes that broadcast."""
    return plain(x) * plain(rate), np.asarray(sign * np.sin(x * rate))


def oscillate_vjp(g: Any, z: Any, x: Any, rate: Any, sign: float = 1.0) -> Any:
    slope = g[0] + g[1] * sign * fnp.cos(z[0])
    return slope * rate, slope * x


def oscillate_jvp(t: Any, z: Any, x: Any, rate: Any, sign: float = 1.0) -> Any:
    phase = t[0] * rate + x * t[1]
    return phase, phase * sign * fnp.cos(z[0])


def reference(x: Any, rate: Any, *, sign: float = 1.0) -> Any:
    return x * rate, sign * fnp.sin(x * rate)


RULES: dict[str, Any] = {
    "vjp": {"vjp": oscillate_vjp},
    "jvp": {"jvp": oscillate_jvp},
    "both": {"vjp": oscillate_vjp, "jvp": oscillate_jvp},
}
PRIMITIVES = {
    f"{rules}-{'vectorized' if vectorized else 'rows'}": make(
        oscillate, **RULES[rules], vectorized=vectorized
    )
    for rules in RULES
    for vectorized in (False, True)
}
primitives = pytest.mark.parametrize("name", PRIMITIVES)


def scalar(oscillate: Any) -> Any:
    def f(x: Any) -> Any:
        y, z = oscillate(x, x * 0.5, sign=2.0)
        return y * z + z

    return f


@primitives
@pytest.mark.parametrize("order", ORDERS)
def test_every_nesting(name: str, order: str) -> None:
    close(nest(scalar(PRIMITIVES[name]), order)(0.7), nest(scalar(reference), order)(0.7))


@primitives
def test_arrays_in_every_transform(name: str) -> None:
    ours, x, rate = PRIMITIVES[name], np.array([0.1, -0.7, 2.0]), np.array([1.0, 2.0, 3.0])
    close(ours(x, rate, sign=-1.0), reference(x, rate, sign=-1.0))
    assert all(type(z) is fg.Array for z in ours(x, rate))
    g = (np.ones(3), x)
    close(fg.vjp(ours, x, rate)[1](g), fg.vjp(reference, x, rate)[1](g))
    close(fg.jvp(ours, (x, rate), g), fg.jvp(reference, (x, rate), g))
    close(fg.jacfwd(ours)(x, 2.0), fg.jacfwd(reference)(x, 2.0))
    close(fg.jacrev(ours)(x, 2.0), fg.jacrev(reference)(x, 2.0))
    for axes in [(0, 0), (0, None), (None, 0)]:
        close(fg.vmap(ours, axes)(x, rate), fg.vmap(reference, axes)(x, rate))

        def total(x: Any, rate: Any, f: Any, axes: Any) -> Any:
            y, z = fg.vmap(f, axes)(x, rate)
            return fnp.sum(y * z)

        for derivative in (fg.grad(total, (0, 1)), fg.jacfwd(total), fg.hessian(total)):
            close(derivative(x, rate, ours, axes), derivative(x, rate, reference, axes))
    rows = np.arange(6.0).reshape(3, 2)
    nested = fg.vmap(fg.vmap(ours, (0, None)), (0, 0))
    close(nested(rows, x), fg.vmap(fg.vmap(reference, (0, None)), (0, 0))(rows, x))


@pytest.mark.parametrize("vectorized", [False, True])
def test_examples_of_different_ranks_are_aligned(vectorized: bool) -> None:
    ours = make(lambda x, y: x + y, lambda g, z, x, y: (g, g), vectorized=vectorized)
    x, y = np.arange(6.0).reshape(2, 3), np.array([10.0, 20.0])
    close(fg.vmap(ours)(x, y), x + y[:, None])
    gx, gy = fg.grad(lambda x, y: fg.vmap(ours)(x, y).sum(), (0, 1))(x, y)
    close((gx, gy), (np.ones((2, 3)), [3.0, 3.0]))


@pytest.mark.parametrize("only", ["vjp", "jvp"])
def test_the_rule_is_in_use(only: str) -> None:
    rules: Any = {"vjp": lambda g, z, x: g * 100.0 * x, "jvp": lambda t, z, x: t[0] * 100.0 * x}
    f = make(lambda x: plain(x) ** 3, **{only: rules[only]})
    for order in ["r", "f", "v", "br", "bf", "rb", "fb"]:
        close(nest(f, order)(0.7), 70.0)
    for order in ["rr", "fr", "rf", "ff", "brr", "rbr", "rrb"]:
        close(nest(f, order)(0.7), 100.0)


def test_each_mode_has_its_rule() -> None:
    f = make(lambda x: x, lambda g, z, x: 2.0 * g, lambda t, z, x: 3.0 * t[0])
    assert fg.grad(f)(1.0) == 2.0
    assert fg.jvp(f, (1.0,), (1.0,))[1] == 3.0


def test_a_derivative_by_another_primitive() -> None:
    sin, cos = fg.primitive(math.sin), fg.primitive(math.cos)
    sin.defvjp(lambda g, z, x: g * cos(x))
    cos.defvjp(lambda g, z, x: -g * sin(x))
    for order in ORDERS:
        close(nest(sin, order)(0.7), nest(fnp.sin, order)(0.7))
    x = np.array([0.1, 0.2])
    close(fg.hessian(lambda x: fg.vmap(sin)(x).sum())(x), np.diag(-np.sin(x)))


def test_airy_functions_of_scipy() -> None:
    special = pytest.importorskip("scipy.special")
    airy = fg.primitive(special.airy, vectorized=True)

    @airy.defvjp
    def airy_vjp(g: Any, z: Any, x: Any) -> Any:
        a, da, b, db = z
        return g[0] * da + g[1] * x * a + g[2] * db + g[3] * x * b

    x = np.linspace(-2.0, 2.0, 5)
    a, da, _, _ = special.airy(x)

    def f(x: Any) -> Any:
        return airy(x)[0]

    close(f(x), a)
    close(fg.vmap(fg.grad(f))(x), da)
    close(fg.vmap(fg.grad(fg.grad(f)))(x), x * a)
    close(fg.vmap(fg.grad(fg.grad(fg.grad(f))))(x), a + x * da)
    close(fg.hessian(lambda x: f(x).sum())(x), np.diag(x * a))
    close(fg.jvp(fg.grad(f), (0.5,), (1.0,))[1], 0.5 * special.airy(0.5)[0])


# --- what foreign code gets and returns -----------------------------------------------------------


def test_a_buffer_that_is_used_again() -> None:
    buffer = np.zeros(3)

    def fill(x: Any) -> Any:
        np.multiply(plain(x), 2.0, out=buffer)
        return buffer

    double = make(fill, lambda g, z, x: 2.0 * g)
    x = np.ones(3)
    first, second = double(x), double(10 * x)
    assert first.tolist() == [2.0, 2.0, 2.0]
    assert second.tolist() == [20.0, 20.0, 20.0]
    gradient = fg.grad(lambda x: fnp.sum(double(x) * double(10 * x)))(x)
    assert gradient.tolist() == [80.0, 80.0, 80.0]
    assert fg.vmap(double)(np.eye(3)).tolist() == (2 * np.eye(3)).tolist()
    assert buffer.flags.writeable


def test_arguments_cannot_be_changed() -> None:
    def spoil(x: Any) -> Any:
        x += 1
        return x

    given = np.ones(3)
    for x in (given, fnp.ones(3)):
        with pytest.raises(ValueError, match="read-only"):
            fg.primitive(spoil)(x)
    assert given.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("given", "dtype"),
    [
        (3, np.int64),
        (3.0, np.float64),
        (1j, np.complex128),
        ([1.0, 2.0], np.float64),
        (np.float32(1.0), np.float32),
        (np.ones(2, np.float32), np.float32),
        (fnp.ones(2), np.float64),
    ],
)
def test_what_goes_in_and_comes_out(given: Any, dtype: Any) -> None:
    result = fg.primitive(lambda x: plain(x))(given)
    assert type(result) is fg.Array
    assert result.dtype == dtype
    close(result, np.asarray(given))


def test_numbers_lists_and_tuples_of_results() -> None:
    assert fg.primitive(lambda x: float(x))(2).dtype == np.float64
    assert fg.primitive(lambda x: [1.0, 2.0])(2).shape == (2,)
    y, n = fg.primitive(lambda x: (x, 3))(2.0)
    assert (y, n) == (2.0, 3)
    z = fg.primitive(lambda x: fnp.sin(x))(2.0)
    assert type(z) is fg.Array
    assert fg.primitive(lambda: 3.0)() == 3.0


def test_integers_have_no_derivative() -> None:
    floor = fg.primitive(math.floor)
    assert fg.grad(lambda x: x * floor(x))(2.5) == 2.0
    assert fg.jvp(lambda x: x * floor(x), (2.5,), (1.0,))[1] == 2.0
    close(fg.vmap(fg.grad(lambda x: x * floor(x)))(np.array([1.5, 2.5])), [1.0, 2.0])
    take = make(lambda x, n: x[n], lambda g, z, x, n: (fnp.zeros_like(x).at[n].add(g), None))
    x = np.array([1.0, 2.0, 3.0])
    close(fg.grad(take)(x, 1), [0.0, 1.0, 0.0])
    close(fg.vmap(fg.grad(take), (None, 0))(x, np.array([0, 2])), np.eye(3)[[0, 2]])
    close(fg.jvp(lambda x: take(x, 2), (x,), (x,))[1], 3.0)
    y = make(lambda x: (x, 3), jvp=lambda t, z, x: (5.0 * t[0], None))
    assert fg.grad(lambda x: y(x)[0] * y(x)[1])(1.0) == 15.0


def test_dtypes_and_shapes_of_gradients() -> None:
    ours = make(lambda x, y: x * y, lambda g, z, x, y: (g * y, g * x))
    gx, gy = fg.grad(lambda x, y: ours(x, y).sum(), (0, 1))(np.ones((2, 3)), np.float32(2.0))
    assert gx.shape == (2, 3)
    assert gy.dtype == np.float32 and gy == 6.0
    z = np.array([1 + 2j, 3j])
    close(
        fg.grad(lambda z: fnp.sum(fnp.abs(ours(z, z)) ** 2))(z),
        fg.grad(lambda z: fnp.sum(fnp.abs(z * z) ** 2))(z),
    )


def test_static_parameters() -> None:
    power = make(lambda x, *, n: x**n, lambda g, z, x, n: g * n * x ** (n - 1))
    assert fg.grad(lambda x: power(x, n=3))(2.0) == 12.0
    close(fg.vmap(lambda x: power(x, n=3))(np.array([1.0, 2.0])), [1.0, 8.0])
    with pytest.raises(errors.StaticParameterError, match="pass arrays by position"):
        fg.grad(lambda n: power(2.0, n=n))(3.0)


def test_without_rules() -> None:
    f = fg.primitive(lambda x: x * 2.0)
    assert f(1.0) == 2.0
    assert fg.vmap(f)(np.ones(2)).tolist() == [2.0, 2.0]
    assert fg.grad(lambda x: x * f(3.0))(1.0) == 6.0
    for run in (
        lambda: fg.grad(f)(1.0),
        lambda: fg.jvp(f, (1.0,), (1.0,)),
        lambda: fg.vmap(fg.grad(f))(np.ones(2)),
        lambda: fg.grad(lambda x: fg.vmap(f)(x).sum())(np.ones(2)),
    ):
        with pytest.raises(errors.NoRuleError, match=r"add <lambda>\.defvjp\(rule\)"):
            run()


# --- batches --------------------------------------------------------------------------------------


def test_how_often_foreign_code_is_called() -> None:
    shapes: list[Any] = []

    def f(x: Any) -> Any:
        shapes.append(np.shape(x))
        return x * 2.0

    rows = np.ones((3, 2))
    fg.vmap(make(f))(rows)
    assert shapes == [(2,)] * 3
    shapes.clear()
    fg.vmap(make(f, vectorized=True))(rows)
    assert shapes == [(3, 2)]
    shapes.clear()
    fg.vmap(fg.grad(lambda x: make(f, lambda g, z, x: 2.0 * g)(x).sum()))(rows)
    assert shapes == [(2,)] * 3


def test_own_rule_for_batches() -> None:
    f = make(lambda x, y: (x @ y, x), lambda g, z, x, y: (g[0] * y + g[1], g[0] * x))
    calls: list[Any] = []

    @f.defvmap
    def f_vmap(size: int, batched: Any, x: Any, y: Any) -> Any:
        calls.append((size, batched))
        return (fnp.sum(x * y, axis=-1), x), (True, batched[0])

    x, y = np.arange(6.0).reshape(3, 2), np.ones(2)
    value, same = fg.vmap(f, (0, None))(x, y)
    close((value, same), (x.sum(1), x))
    close(fg.vmap(f, (None, 0), (0, None))(y, x), (x.sum(1), y))
    close(fg.grad(lambda y: fg.vmap(f, (0, None))(x, y)[0].sum())(y), x.sum(0))
    assert calls == [(3, (True, False)), (3, (False, True)), (3, (True, False))]
    f.defvmap(lambda size, batched, x, y: x)
    with pytest.raises(errors.RuleResultError, match=r"vmap rule .* return a pair"):
        fg.vmap(f, (0, None))(x, y)


def test_batches_that_have_no_result() -> None:
    with pytest.raises(
        errors.BatchedShapeError, match=r"\(1,\) for example 0, \(2,\) for example 1"
    ):
        fg.vmap(fg.primitive(lambda x: np.ones(int(x))))(np.array([1, 2]))
    with pytest.raises(errors.BatchSizeError, match="the batch has no examples"):
        fg.vmap(fg.primitive(lambda x: x))(np.ones((0, 2)))
    assert fg.vmap(fg.primitive(lambda x: x, vectorized=True))(np.ones((0, 2))).shape == (0, 2)
    with pytest.raises(errors.RuleResultError, match=r"is vectorized, but returned float64\[\]"):
        fg.vmap(fg.primitive(np.sum, vectorized=True))(np.ones((2, 3)))


def test_control_flow_around_it() -> None:
    collatz = fg.primitive(lambda n: n // 2 if n % 2 == 0 else 3 * n + 1)

    def steps(n: Any) -> Any:
        count = 0
        while n > 1:
            n, count = collatz(n), count + 1
        return count

    assert fg.vmap(steps)(np.array([1, 6, 7])).tolist() == [0, 8, 16]


# --- as decorators, pickles -----------------------------------------------------------------------


@fg.primitive(vectorized=True)
def decorated(x: Any) -> Any:
    """Say something."""
    return x * 2.0


@decorated.defjvp
def decorated_jvp(t: Any, z: Any, x: Any) -> Any:
    return 7.0 * t[0]


def undecorated(x: Any) -> Any:
    return x * 2.0


def undecorated_vjp(g: Any, z: Any, x: Any) -> Any:
    return 7.0 * g


def test_names_and_pickles() -> None:
    assert decorated.__name__ == "decorated"
    assert decorated.__doc__ == "Say something."
    assert repr(decorated) == "<primitive of decorated>"
    assert pickle.loads(pickle.dumps(decorated)) is decorated
    for f in (decorated, make(undecorated, undecorated_vjp, vectorized=True)):
        for again in (pickle.loads(pickle.dumps(f)), copy.deepcopy(f)):
            assert fg.grad(again)(1.0) == 7.0
            assert again.vectorized
        assert pickle.loads(pickle.dumps(fg.grad(f)))(1.0) == 7.0


# --- mistakes -------------------------------------------------------------------------------------


def test_a_captured_traced_value_is_named() -> None:
    def f(s: Any, x: Any) -> Any:
        return make(lambda x: x * s, lambda g, z, x: g * s)(x)

    for run in (
        lambda: fg.grad(lambda s: f(s, s * 1.0))(2.0),
        lambda: fg.grad(lambda s: f(s, 3.0))(2.0),
        lambda: fg.vmap(lambda s: f(s, s * 1.0))(np.ones(2)),
        lambda: fg.grad(lambda s: fg.grad(lambda x: f(s, x))(3.0))(2.0),
        lambda: fg.jvp(lambda s: f(s, s), (2.0,), (1.0,)),
    ):
        with pytest.raises(errors.CapturedTracerError, match="<lambda> used a value traced by"):
            run()
    with pytest.raises(errors.EscapedTracerError):
        fg.grad(lambda s: make(lambda x: x, lambda g, z, x: g * s)(s))(2.0)
    with pytest.raises(errors.TracerConversionError):
        fg.grad(lambda s: make(lambda x: x * float(s), lambda g, z, x: g)(s))(2.0)


def array_rule(g: Any, z: Any, x: Any) -> Any:
    table = np.zeros(2)
    table[0] = x
    return g * table[0]


@pytest.mark.parametrize(
    ("rule", "call"),
    [
        (lambda g, z, x: g * math.cos(x), r"float\(x\) of a float64\[\] traced by"),
        (lambda g, z, x: g * np.frompyfunc(math.cos, 1, 1)(x), "has no rule in fungrad"),
        (array_rule, "traced by"),
    ],
)
def test_a_rule_that_calls_foreign_code_on_traced_values(rule: Any, call: str) -> None:
    f = make(math.sin, rule)
    fg.grad(f)(0.5)
    for run in (
        lambda: fg.grad(fg.grad(f))(0.5),
        lambda: fg.jvp(fg.grad(f), (0.5,), (1.0,)),
    ):
        with pytest.raises(errors.ForeignCodeError, match=call) as caught:
            run()
        assert "the vjp rule of sin called foreign code on a traced value" in str(caught.value)
        assert "wrap that code with fungrad.primitive, too" in str(caught.value)


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        (1.0, errors.RuleResultError, "returned 1 cotangent for 2 arguments; return a tuple"),
        ((None, "g"), errors.RuleResultError, "returned str 'g' as the cotangent of y"),
        ((np.ones(4), 1.0), errors.RuleShapeError, r"float64\[4\] for x, which is float64\[3\]"),
    ],
)
def test_a_wrong_cotangent_is_named(given: Any, kind: Any, message: str) -> None:
    def f(x: Any, y: Any) -> Any:
        return x * y

    ours = make(f, lambda g, z, x, y: given)
    for derivative in (
        lambda: fg.grad(lambda x, y: fnp.sum(ours(x, y)), (0, 1))(np.ones(3), 1.0),
        lambda: fg.jvp(ours, (np.ones(3), 1.0), (np.ones(3), 1.0)),
    ):
        with pytest.raises(kind, match=message):
            derivative()


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        (1.0, errors.RuleResultError, "returned 1 tangent for 2 outputs; return a tuple"),
        ((1.0, "t"), errors.RuleResultError, r"returned str 't' as the tangent of output\[1\]"),
        ((np.ones(4), 1.0), errors.RuleShapeError, r"float64\[4\] for output\[0\]"),
    ],
)
def test_a_wrong_tangent_is_named(given: Any, kind: Any, message: str) -> None:
    ours = make(lambda x: (x, x), jvp=lambda t, z, x: given)
    for derivative in (
        lambda: fg.grad(lambda x: fnp.sum(ours(x)[0]))(np.ones(3)),
        lambda: fg.jvp(ours, (np.ones(3),), (np.ones(3),)),
    ):
        with pytest.raises(kind, match=message):
            derivative()


@pytest.mark.parametrize("result", [None, "text", [[1.0], [1.0, 2.0]], {"a": 1.0}])
def test_a_wrong_result_is_named(result: Any) -> None:
    with pytest.raises(errors.RuleResultError, match=r"the primitive f returned .*fills a buffer"):

        @fg.primitive
        def f(x: Any) -> Any:
            return result

        f(1.0)


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(errors.OperandError):
        fg.primitive(lambda x: x)("text")
    with pytest.raises(errors.ArrayDTypeError):
        fg.primitive(lambda x: x)(np.array(["text"]))
    with pytest.raises(TypeError, match="takes a function, got 3"):
        fg.primitive(3)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="a rule is a function, got 3"):
        fg.primitive(lambda x: x).defvjp(3)  # type: ignore[arg-type]


def test_an_exception_half_way_leaves_nothing_behind() -> None:
    def fail(x: Any) -> Any:
        if x > 2:
            raise ZeroDivisionError
        return x

    f = make(fail, lambda g, z, x: g)
    for run in (lambda x: fg.grad(f)(x[0]), lambda x: fg.vmap(fg.grad(f))(x)[0]):
        with pytest.raises(ZeroDivisionError):
            run(np.array([3.0]))
        assert run(np.array([1.0])) == 1.0
