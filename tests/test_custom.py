"""custom_vjp, custom_jvp and custom_gradient: their rules under every nesting, and mistakes."""

from __future__ import annotations

import copy
import functools
import itertools
import pickle
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors
from fungrad.lax.collectives import psum

ORDERS = ["".join(order) for n in range(4) for order in itertools.product("rfbv", repeat=n)]


def nest(function: Any, order: str) -> Any:
    """Apply transforms to a function of a number; all but b take its derivative."""
    for step in order:
        if step == "r":
            function = fg.grad(function)
        elif step == "f":
            function = (lambda f: lambda x: fg.jvp(f, (x,), (1.0,))[1])(function)
        elif step == "b":
            function = (lambda f: lambda x: fg.vmap(f)(fnp.stack([x, x * 2]))[0])(function)
        elif step == "v":
            function = (lambda f: lambda x: fg.vjp(f, x)[1](1.0)[0])(function)
    return function


def custom_vjp(function: Any, fwd: Any, bwd: Any, **settings: Any) -> Any:
    custom = fg.custom_vjp(function, **settings)
    custom.defvjp(fwd, bwd)
    return custom


def custom_jvp(function: Any, rule: Any, **settings: Any) -> Any:
    custom = fg.custom_jvp(function, **settings)
    custom.defjvp(rule)
    return custom


def close(ours: Any, theirs: Any) -> None:
    leaves, structure = fg.tree.flatten(ours)
    for one, other in zip(leaves, structure.flatten_up_to(theirs), strict=True):
        np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=1e-11, atol=1e-13)


# --- true rules: sin(w x) in trees ----------------------------------------------------------------


def wave(params: Any, x: Any) -> Any:
    return {"sin": fnp.sin(params["w"] * x), "both": [params["w"] * x]}


def wave_fwd(params: Any, x: Any) -> Any:
    phase = params["w"] * x
    return {"sin": fnp.sin(phase), "both": [phase]}, {"p": params, "x": x, "note": "text"}


def wave_bwd(residuals: Any, g: Any) -> Any:
    assert residuals["note"] == "text"
    w, x = residuals["p"]["w"], residuals["x"]
    slope = g["sin"] * fnp.cos(w * x) + g["both"][0]
    return {"w": slope * x}, slope * w


def wave_jvp(primals: Any, tangents: Any) -> Any:
    (params, x), (dparams, dx) = primals, tangents
    output = WAVES["jvp"](params, x)
    dphase = dparams["w"] * x + params["w"] * dx
    return output, {"both": [dphase], "sin": fnp.cos(params["w"] * x) * dphase}


def wave_gradient(params: Any, x: Any) -> Any:
    output, residuals = wave_fwd(params, x)
    return output, lambda g: wave_bwd(residuals, g)


WAVES = {
    "vjp": custom_vjp(wave, wave_fwd, wave_bwd),
    "jvp": custom_jvp(wave, wave_jvp),
    "gradient": fg.custom_gradient(wave_gradient),
}
kinds = pytest.mark.parametrize("kind", WAVES)


def scalar(wave: Any) -> Any:
    def f(x: Any) -> Any:
        output = wave({"w": x * 0.5}, x)
        return output["sin"] * 3 + output["both"][0] * output["sin"]

    return f


@kinds
@pytest.mark.parametrize("order", ORDERS)
def test_a_true_rule_at_every_nesting(kind: str, order: str) -> None:
    close(nest(scalar(WAVES[kind]), order)(0.7), nest(scalar(wave), order)(0.7))


@kinds
def test_trees_in_every_transform(kind: str) -> None:
    ours, x = WAVES[kind], np.array([0.1, -0.7, 2.0])
    params = {"w": np.array([1.0, 2.0, 3.0])}
    close(ours(params, x), wave(params, x))
    cotangent = {"sin": np.ones(3), "both": [x]}
    close(fg.vjp(ours, params, x)[1](cotangent), fg.vjp(wave, params, x)[1](cotangent))
    tangents = ({"w": x}, np.ones(3))
    close(fg.jvp(ours, (params, x), tangents), fg.jvp(wave, (params, x), tangents))
    for axes in [(0, 0), (None, 0), ({"w": 0}, None)]:
        close(
            fg.vmap(ours, in_axes=axes)(params, x),
            fg.vmap(wave, in_axes=axes)(params, x),
        )

        def total(params: Any, x: Any, f: Any, axes: Any) -> Any:
            output = fg.vmap(f, in_axes=axes)(params, x)
            return fnp.sum(output["sin"] * x) + fnp.sum(output["both"][0] ** 2)

        given = functools.partial(fg.grad(total, argnums=(0, 1)), params, x)
        close(given(ours, axes), given(wave, axes))
    close(fg.jacfwd(ours, 1)(params, x), fg.jacfwd(wave, 1)(params, x))
    close(fg.jacrev(ours, 1)(params, x), fg.jacrev(wave, 1)(params, x))

    def loss(x: Any, f: Any) -> Any:
        return fnp.sum(f(params, x)["sin"] * x)

    close(fg.hessian(loss)(x, ours), fg.hessian(loss)(x, wave))
    close(fg.grad(fg.checkpoint(loss))(x, ours), fg.grad(loss)(x, wave))
    close(fg.linearize(ours, params, x)[1](*tangents), fg.jvp(wave, (params, x), tangents)[1])
    rows = np.stack([x, 2 * x])
    nested = fg.vmap(fg.vmap(lambda w, x, f: f({"w": w}, x), in_axes=(None, 0, None)),
                     in_axes=(0, 0, None))  # fmt: skip
    close(nested(np.array([1.0, 2.0]), rows, ours), nested(np.array([1.0, 2.0]), rows, wave))


# --- rules that are wrong on purpose: which rule is in use? ---------------------------------------


CUBES = {
    "vjp": custom_vjp(lambda x: x**3, lambda x: (x**3, x), lambda x, g: (g * 100.0 * x,)),
    "jvp": custom_jvp(lambda x: x**3, lambda p, t: (p[0] ** 3, t[0] * 100.0 * p[0])),
    "gradient": fg.custom_gradient(lambda x: (x**3, lambda g: (g * 100.0 * x,))),
}
cubes = pytest.mark.parametrize("kind", CUBES)


def through_vjp(x: Any) -> Any:
    """Return sin(x), whose rule keeps the pullback of the sine."""
    return fnp.sin(x)


def keep_pullback(x: Any) -> Any:
    return fg.vjp(fnp.sin, x)


THROUGH = custom_vjp(through_vjp, keep_pullback, lambda pullback, g: pullback(g))


@pytest.mark.parametrize("order", ORDERS)
def test_a_function_among_the_residuals(order: str) -> None:
    close(nest(THROUGH, order)(0.7), nest(fnp.sin, order)(0.7))


@cubes
@pytest.mark.parametrize("order", ["r", "f", "v", "br", "bf", "rb", "fb", "bv", "brb", "bbr"])
def test_the_rule_is_in_use(kind: str, order: str) -> None:
    close(nest(CUBES[kind], order)(0.7), 70.0)


@cubes
@pytest.mark.parametrize("order", ["rr", "fr", "rf", "ff", "brr", "rbr", "rrb", "fbr", "rfb"])
def test_the_rule_is_differentiated_again(kind: str, order: str) -> None:
    close(nest(CUBES[kind], order)(0.7), 100.0)


def test_a_rule_that_calls_its_function_uses_the_rule_again() -> None:
    f = fg.custom_jvp(lambda x: x**3)
    f.defjvp(lambda p, t: (f(p[0]), f(p[0]) * t[0]))  # as if it were exp
    for order in ["r", "f", "rr", "rf", "fr", "rrr", "brr", "rbr", "rrb"]:
        close(nest(f, order)(2.0), 8.0)
    g = fg.custom_vjp(lambda x: x**3)
    g.defvjp(lambda x: (g(x), x), lambda x, c: (g(x) * c,))
    for order in ["r", "f", "rr", "rf", "fr", "rrr", "brr", "rbr", "rrb"]:
        close(nest(g, order)(2.0), 8.0)


def test_the_function_itself_runs_without_derivatives() -> None:
    calls: list[str] = []

    def note(name: str, result: Any) -> Any:
        calls.append(name)
        return result

    f = custom_vjp(
        lambda x: note("fun", x), lambda x: note("fwd", (x, None)), lambda r, g: note("bwd", (g,))
    )
    f(1.0)
    fg.vmap(f)(np.ones(3))
    fg.grad(lambda x: x * f(2.0))(1.0)  # a constant
    assert calls == ["fun"] * 3
    fg.grad(f)(1.0)
    fg.vmap(fg.grad(f))(np.ones(3))
    fg.grad(lambda x: fg.vmap(f)(x).sum())(np.ones(3))
    assert calls[3:] == ["fwd", "bwd"] * 3
    g = custom_jvp(lambda x: note("fun", x), lambda p, t: note("rule", (p[0], t[0])))
    calls.clear()
    g(1.0)
    fg.vmap(g)(np.ones(3))
    fg.grad(g)(1.0)
    fg.jvp(g, (1.0,), (1.0,))
    fg.vmap(fg.grad(g))(np.ones(3))
    fg.grad(lambda x: fg.vmap(g)(x).sum())(np.ones(3))
    assert calls == ["fun"] * 2 + ["rule"] * 4


def test_a_custom_function_inside_of_the_rules_of_another() -> None:
    square = custom_jvp(lambda x: x * x, lambda p, t: (p[0] * p[0], 10.0 * t[0]))
    f = custom_vjp(
        lambda x: square(x), lambda x: (square(x), x), lambda x, g: (g * square(x) * 2.0,)
    )
    close(fg.grad(f)(3.0), 18.0)
    close(fg.grad(fg.grad(f))(3.0), 20.0)
    close(fg.vmap(fg.grad(fg.grad(f)))(np.array([3.0, 4.0])), [20.0, 20.0])
    outer = custom_jvp(lambda x: f(x), lambda p, t: (f(p[0]), fg.grad(f)(p[0]) * t[0]))
    close(fg.grad(fg.grad(outer))(3.0), 20.0)


# --- arguments ------------------------------------------------------------------------------------


def scaled(x: Any, power: Any = 2, *, scale: Any = None) -> Any:
    return x**power


def test_keywords_and_defaults_reach_the_rule_by_position() -> None:
    seen: list[Any] = []

    def fwd(x: Any, power: Any, factor: Any) -> Any:
        seen.append((type(power), factor))
        return factor * x**power, (x, power, factor)

    def bwd(residuals: Any, g: Any) -> Any:
        x, power, factor = residuals
        return g * factor * power * x ** (power - 1), None, g * x**power

    f = custom_vjp(lambda x, power=2, factor=3.0: factor * x**power, fwd, bwd)
    close(fg.grad(f)(2.0), 12.0)
    close(fg.grad(lambda x: f(factor=5.0, x=x))(2.0), 20.0)
    close(fg.grad(f, argnames="factor")(2.0, factor=1.0), 4.0)
    close(fg.grad(f)(2.0, 3), 36.0)
    assert [kind for kind, _ in seen] == [int] * 4
    assert seen[1] == (int, 5.0)
    g = custom_vjp(scaled, lambda x, n: (x**n, (x, n)), lambda r, c: (c * r[1] * r[0], None))
    close(fg.grad(g)(3.0), 6.0)  # a parameter by keyword only keeps its default
    h = custom_jvp(np.sin, lambda p, t: (np.sin(p[0]), t[0] * 2))
    close(fg.grad(h)(0.5), 2.0)
    with pytest.raises(TypeError, match=r"<lambda>\(\): missing a required argument: 'x'"):
        f(factor=1.0)
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        f(1.0, z=1.0)


@pytest.mark.parametrize("settings", [{"nondiff_argnums": (0, 2)}, {"nondiff_argnames": ["f", "n"]},
                                      {"nondiff_argnums": 0, "nondiff_argnames": "n"}])  # fmt: skip
def test_static_arguments(settings: Any) -> None:
    def apply(f: Any, x: Any, n: str) -> Any:
        return f(x)

    ours = custom_vjp(
        apply, lambda f, x, n: (f(x), x), lambda f, n, x, g: (g * f(x) * len(n),), **settings
    )
    close(fg.grad(lambda x: ours(fnp.exp, x, "xyz"))(0.5), 3 * np.exp(0.5))
    close(fg.vmap(fg.grad(lambda x: ours(n="xyz", x=x, f=fnp.exp)))(np.zeros(2)), [3.0, 3.0])
    ours = custom_jvp(apply, lambda f, n, p, t: (f(p[0]), t[0] * f(p[0]) * len(n)), **settings)
    close(fg.grad(lambda x: ours(fnp.exp, x, "xyz"))(0.5), 3 * np.exp(0.5))
    close(
        fg.grad(lambda x: fg.vmap(lambda x: ours(fnp.exp, x, "xy"))(x).sum())(np.zeros(2)), [2, 2]
    )


def test_integers_are_constants() -> None:
    def rule(primals: Any, tangents: Any) -> Any:
        (x, n), (dx, dn) = primals, tangents
        assert dn.dtype == float and not fnp.any(dn)
        return x[n], dx[n]

    x, n = np.array([1.0, 2.0, 3.0]), np.array([0, 2])
    take = custom_jvp(lambda x, n: x[n], rule)
    close(fg.grad(lambda x: take(x, n).sum())(x), [1.0, 0.0, 1.0])
    close(fg.jvp(lambda x: take(x, n), (x,), (x,))[1], [1.0, 3.0])
    close(fg.vmap(fg.grad(lambda x, n: take(x, n)), in_axes=(None, 0))(x, n), np.eye(3)[n])
    close(fg.grad(lambda x: fg.vmap(take, in_axes=(None, 0))(x, n).sum())(x), [1.0, 0.0, 1.0])
    put = custom_vjp(
        lambda x, n: x[n], lambda x, n: (x[n], (n, x.shape)),
        lambda r, g: (fnp.zeros(r[1]).at[r[0]].add(g), np.ones(2)),
    )  # fmt: skip
    close(fg.grad(lambda x: put(x, n).sum())(x), [1.0, 0.0, 1.0])
    close(fg.vjp(put, x, n)[1](np.ones(2)), ([1.0, 0.0, 1.0], [0.0, 0.0]))


def test_an_integer_output_has_no_derivative() -> None:
    def count(x: Any) -> Any:
        return x, fnp.sum(x > 0)

    for f in (
        custom_vjp(count, lambda x: (count(x), None), lambda r, g: (g[0] * 5,)),
        custom_jvp(count, lambda p, t: (count(p[0]), (t[0] * 5, None))),
    ):
        close(fg.grad(lambda x, f=f: fnp.sum(f(x)[0]) * f(x)[1])(np.array([1.0, -1.0])), [5.0, 5.0])
        ones = np.ones((1, 2))
        close(fg.vmap(f)(ones), (ones, [2]))
        close(fg.jvp(fg.vmap(f), (ones,), (ones,))[1], (5 * ones, [0]))


def test_python_numbers_stay_weak() -> None:
    x = np.ones(2, np.float32)
    for f in (
        custom_vjp(lambda x, s: x * s, lambda x, s: (x * s, s), lambda s, g: (g * s, None)),
        custom_jvp(lambda x, s: x * s, lambda p, t: (p[0] * p[1], t[0] * p[1])),
    ):
        assert f(x, 2.0).dtype == np.float32
        assert fg.grad(lambda x, f=f: f(x, 2.0).sum())(x).dtype == np.float32
        assert fg.vmap(lambda x, f=f: f(x, 2.0))(x).dtype == np.float32
        assert fg.jvp(lambda x, f=f: f(x, 2.0), (x,), (x,))[1].dtype == np.float32


def test_gradients_get_the_dtype_and_the_shape_of_their_argument() -> None:
    f = custom_vjp(lambda x, b: x + b, lambda x, b: (x + b, None), lambda r, g: (g, g))
    x, b = np.ones((2, 3)), np.ones(3, np.float32)
    gx, gb = fg.grad(lambda x, b: f(x, b).sum(), argnums=(0, 1))(x, b)
    assert gx.shape == (2, 3) and gb.dtype == np.float32
    assert gb.tolist() == [2.0, 2.0, 2.0]
    gb = fg.grad(lambda b: fg.vmap(f, in_axes=(0, None))(x, b).sum())(b)
    assert gb.dtype == np.float32 and gb.tolist() == [2.0, 2.0, 2.0]


def test_complex_values() -> None:
    z = np.array([1 + 2j, -0.5j])

    def f(z: Any) -> Any:
        return z * z

    def loss(z: Any, f: Any) -> Any:
        return fnp.sum(fnp.abs(f(z)) ** 2)

    vjp = custom_vjp(f, lambda z: (f(z), z), lambda z, g: (g * 2 * z,))
    jvp = custom_jvp(f, lambda p, t: (f(p[0]), 2 * p[0] * t[0]))
    for ours in (vjp, jvp):
        close(fg.grad(loss)(z, ours), fg.grad(loss)(z, f))
        close(fg.jvp(ours, (z,), (z * 1j,)), fg.jvp(f, (z,), (z * 1j,)))
        close(fg.vmap(fg.grad(loss), in_axes=(0, None))(z, ours), fg.grad(loss)(z, f))


def test_empty_arrays_and_no_arguments() -> None:
    f = custom_vjp(lambda x: x, lambda x: (x, None), lambda r, g: (g,))
    assert fg.grad(lambda x: f(x).sum())(np.ones((0, 3))).shape == (0, 3)
    assert fg.vmap(f)(np.ones((0, 3))).shape == (0, 3)
    g = custom_vjp(lambda: 1.0, lambda: (1.0, None), lambda r, g: ())
    assert g() == 1.0
    h = custom_vjp(lambda x: {}, lambda x: ({}, None), lambda r, g: (None,))
    assert h(1.0) == {}
    assert fg.grad(lambda x: x if h(x) == {} else 0.0)(1.0) == 1.0


def test_the_given_array_is_not_changed_nor_kept() -> None:
    given = np.ones(3)
    f = custom_vjp(lambda x: x, lambda x: (x, x), lambda x, g: (g * x,))
    y, pullback = fg.vjp(f, given)
    eager = f(given)
    given[0] = 7.0
    assert y.tolist() == eager.tolist() == pullback(np.ones(3))[0].tolist() == [1.0, 1.0, 1.0]


def test_pullbacks_run_many_times() -> None:
    for f in CUBES.values():
        _, pullback = fg.vjp(f, 2.0)
        assert [float(pullback(g)[0]) for g in (1.0, 2.0, 1.0)] == [200.0, 400.0, 200.0]


def test_an_infinite_slope_does_not_warn() -> None:
    root = custom_jvp(fnp.sqrt, lambda p, t: (fnp.sqrt(p[0]), t[0] / (2 * fnp.sqrt(p[0]))))
    assert fg.grad(root)(0.0) == np.inf
    assert fg.grad(lambda x: fnp.where(x > 0, root(x), 0.0))(0.0) == 0.0


def test_control_flow_in_a_batch() -> None:
    x = np.array([1.0, -2.0, 3.0, -4.0])

    def bend(x: Any) -> Any:
        return x * x if x > 0 else -x

    def slope(x: Any) -> Any:
        return 2 * x if x > 0 else -100.0

    expected = [2.0, -100.0, 6.0, -100.0]
    for f in (
        custom_vjp(bend, lambda x: (bend(x), x), lambda x, g: (g * slope(x),)),
        custom_jvp(bend, lambda p, t: (bend(p[0]), t[0] * slope(p[0]))),
        fg.custom_gradient(lambda x: (bend(x), lambda g: g * slope(x))),
    ):
        close(fg.vmap(f)(x), [1.0, 2.0, 9.0, 4.0])
        close(fg.vmap(fg.grad(f))(x), expected)
        close(fg.grad(lambda x, f=f: fg.vmap(f)(x).sum())(x), expected)
        close(fg.jvp(fg.vmap(f), (x,), (np.ones(4),))[1], expected)
        close(fg.vmap(fg.grad(fg.grad(f)))(x), [2.0, 0.0, 2.0, 0.0])

        def loop(x: Any, f: Any = f) -> Any:
            while x < 20:
                x = f(x + 1.0)
            return x

        close(fg.vmap(loop)(x), [loop(each) for each in x])
        close(fg.vmap(fg.grad(loop))(x), [fg.grad(loop)(each) for each in x])


def test_named_axes_inside_of_the_rules() -> None:
    x = np.array([1.0, 2.0, 3.0])

    def f(x: Any) -> Any:
        return x * psum(x, "i")

    def slope(x: Any) -> Any:
        return 10 * psum(x, "i")

    for ours in (
        custom_vjp(f, lambda x: (f(x), x), lambda x, g: (g * slope(x),)),
        custom_jvp(f, lambda p, t: (f(p[0]), t[0] * slope(p[0]))),
        fg.custom_gradient(lambda x: (f(x), lambda g: g * slope(x))),
    ):
        mapped = fg.vmap(ours, axis_name="i")
        close(mapped(x), 6 * x)
        close(fg.vmap(fg.grad(ours), axis_name="i")(x), [60.0] * 3)
        close(fg.grad(lambda x, f=mapped: f(x).sum())(x), [60.0] * 3)
        close(fg.jvp(mapped, (x,), (x,))[1], 60 * x)


def test_defvjps_of_single_arguments() -> None:
    f = fg.custom_jvp(lambda x, y, n: x * y)
    f.defjvps(lambda t, z, x, y, n: t * y, lambda t, z, x, y, n: t * z / y, None)
    close(fg.grad(f, argnums=(0, 1))(2.0, 3.0, 1.0), (3.0, 2.0))
    close(fg.grad(f, argnums=2)(2.0, 3.0, 1.0), 0.0)
    close(fg.grad(fg.grad(f), argnums=1)(2.0, 3.0, 1.0), 1.0)
    close(fg.vmap(fg.grad(f), in_axes=(0, None, None))(np.ones(2), 3.0, 1.0), [3.0, 3.0])
    with pytest.raises(TypeError, match="knows no static arguments"):
        fg.custom_jvp(lambda x, n: x, nondiff_argnums=1).defjvps(lambda t, z, x: t)
    with pytest.raises(TypeError, match="a rule for each argument, got none"):
        f.defjvps()
    with pytest.raises(TypeError, match="functions or None, got 3"):
        f.defjvps(3)  # type: ignore[arg-type]


# --- as decorators, methods, pickles --------------------------------------------------------------


class Scale:
    """The instance is static."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    @functools.partial(fg.custom_vjp, nondiff_argnums=(0,))
    def apply(self, x: Any) -> Any:
        return x

    def fwd(self, x: Any) -> Any:
        return x, None

    def bwd(self, residuals: Any, g: Any) -> Any:
        return (g * self.factor,)

    apply.defvjp(fwd, bwd)


@fg.custom_jvp
def decorated(x: Any) -> Any:
    """Say something."""
    return x


@decorated.defjvp
def decorated_rule(primals: Any, tangents: Any) -> Any:
    return decorated(*primals), 7.0 * tangents[0]


@fg.custom_gradient
def decorated_gradient(x: Any) -> Any:
    return x, lambda g: 7.0 * g


def plain(x: Any) -> Any:
    return x


def plain_jvp(t: Any, output: Any, x: Any) -> Any:
    return 7.0 * t


def plain_fwd(x: Any) -> Any:
    return x, None


def plain_bwd(residuals: Any, g: Any) -> Any:
    return (7.0 * g,)


def plain_pair(x: Any) -> Any:
    return x, functools.partial(fnp.multiply, 7.0)


def test_methods() -> None:
    scale = Scale(3.0)
    assert scale.apply(2.0) == 2.0
    assert fg.grad(scale.apply)(2.0) == 3.0
    assert fg.vmap(fg.grad(scale.apply))(np.ones(2)).tolist() == [3.0, 3.0]


def test_a_call_shows_what_is_static() -> None:
    f = custom_vjp(lambda x, mode: x, plain_fwd, plain_bwd, nondiff_argnames="mode")
    graph = str(fg.make_graph(lambda x: f(x, "up"))(1.0))
    assert "call=<lambda>(x, mode='up')" in graph


def test_names_and_docstrings() -> None:
    assert decorated.__name__ == "decorated"
    assert decorated.__doc__ == "Say something."
    assert repr(decorated) == "<custom_jvp of decorated>"
    assert decorated_rule.__name__ == "decorated_rule"
    assert repr(fg.grad(decorated)) == "<grad of decorated>"


def test_pickles() -> None:
    by_parts = fg.custom_jvp(plain)
    by_parts.defjvps(plain_jvp)
    undecorated = [
        custom_vjp(plain, plain_fwd, plain_bwd), by_parts, fg.custom_gradient(plain_pair)
    ]  # fmt: skip
    for f in [decorated, decorated_gradient, Scale(7.0).apply, *undecorated]:
        for again in (pickle.loads(pickle.dumps(f)), copy.deepcopy(f)):
            assert fg.grad(again)(1.0) == 7.0
        assert pickle.loads(pickle.dumps(fg.grad(f)))(1.0) == 7.0
    assert pickle.loads(pickle.dumps(decorated)) is decorated


def test_a_custom_function_of_a_custom_function_has_its_own_rules() -> None:
    outer = fg.custom_jvp(decorated)
    with pytest.raises(errors.NoRuleError):
        outer(1.0)
    outer.defjvp(lambda p, t: (decorated(p[0]), t[0] * 2))
    assert fg.grad(outer)(1.0) == 2.0
    assert fg.grad(decorated)(1.0) == 7.0


# --- captured values ------------------------------------------------------------------------------


def capture(kind: str, s: Any) -> Any:
    """Return x * s, with a rule that also closes over s."""
    if kind == "vjp":
        return custom_vjp(lambda x: x * s, lambda x: (x * s, None), lambda r, g: (g * s,))
    if kind == "jvp":
        return custom_jvp(lambda x: x * s, lambda p, t: (p[0] * s, t[0] * s))
    return fg.custom_gradient(lambda x: (x * s, lambda g: (g * s,)))


@kinds
def test_a_captured_value_of_the_same_transform_is_named(kind: str) -> None:
    def f(s: Any) -> Any:
        return capture(kind, s)(s * 1.0)

    with pytest.raises(errors.CapturedTracerError, match="traced by grad of f"):
        fg.grad(f)(2.0)
    with pytest.raises(errors.CapturedTracerError, match="traced by jvp of f"):
        fg.jvp(f, (2.0,), (1.0,))
    with pytest.raises(errors.CapturedTracerError, match="traced by vmap of f"):
        fg.vmap(f)(np.ones(3))
    with pytest.raises(errors.CapturedTracerError):
        fg.grad(lambda s: fg.vmap(lambda x: capture(kind, s)(x))(s * np.ones(3)).sum())(2.0)
    with pytest.raises(errors.CapturedTracerError):
        fg.grad(lambda x: fg.grad(lambda s: capture(kind, s)(x))(1.0))(2.0)


@kinds
def test_a_captured_value_of_an_outer_transform_is_right(kind: str) -> None:
    assert fg.grad(lambda s: fg.grad(lambda x: capture(kind, s)(x) * x)(3.0))(2.0) == 6.0
    assert fg.grad(lambda s: capture(kind, s)(3.0))(2.0) == 3.0
    over = np.arange(3.0)
    assert fg.grad(lambda s: fg.vmap(lambda x: capture(kind, s)(x))(over).sum())(2.0) == 3.0
    assert fg.grad(lambda s: fg.vmap(fg.grad(capture(kind, s)))(over).sum())(2.0) == 3.0
    close(fg.vmap(lambda s: fg.grad(capture(kind, s))(1.0))(over), over)


@pytest.mark.parametrize(
    "make",
    [
        lambda s: custom_vjp(plain, lambda x: (x, s), lambda r, g: (g * r,)),
        lambda s: custom_vjp(plain, lambda x: (x, None), lambda r, g: (g * s,)),
        lambda s: custom_vjp(plain, lambda x: (x, None), lambda r, g: (s,)),
        lambda s: custom_jvp(plain, lambda p, t: (p[0], t[0] * s)),
        lambda s: fg.custom_gradient(lambda x: (x, lambda g: (g * s,))),
    ],
)
def test_a_value_that_only_a_rule_captures_is_an_error(make: Any) -> None:
    with pytest.raises((errors.EscapedTracerError, errors.CapturedTracerError)):
        fg.grad(lambda s: make(s)(s * 1.0))(2.0)
    with pytest.raises((errors.EscapedTracerError, errors.CapturedTracerError)):
        fg.vmap(fg.grad(lambda s: make(s)(s * 1.0)))(np.ones(2))


# --- mistakes -------------------------------------------------------------------------------------


def linear(params: Any, x: Any) -> Any:
    return params["w"] * x


def linear_fwd(params: Any, x: Any) -> Any:
    return linear(params, x), None


RESULT, SHAPE = errors.RuleResultError, errors.RuleShapeError
PARAMS = {"w": np.ones(3), "b": 1.0}


def gradient_of(f: Any) -> Any:
    return fg.grad(lambda params, x: fnp.sum(f(params, x)))(PARAMS, 2.0)


def test_a_none_stands_for_zeros() -> None:
    for given, expected in [
        ((None, None), {"w": np.zeros(3), "b": 0.0}),
        (({"b": None, "w": np.ones(3)}, None), {"w": np.ones(3), "b": 0.0}),
        ([{"b": 2.0, "w": None}, None], {"w": np.zeros(3), "b": 2.0}),
    ]:
        close(
            gradient_of(custom_vjp(linear, linear_fwd, lambda r, g, given=given: given)), expected
        )
    f = custom_jvp(lambda x: (x, x), lambda p, t: ((p[0], p[0]), (None, t[0])))
    close(fg.jacfwd(f)(1.0), (0.0, 1.0))
    close(fg.jacrev(f)(1.0), (0.0, 1.0))
    f = custom_jvp(lambda x: (x, x), lambda p, t: ((p[0], p[0]), None))
    close(fg.jacrev(f)(1.0), (0.0, 0.0))


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        (np.ones(3), RESULT, r"returned float64\[3\].*return \(g_params, g_x\)"),
        ((None,), RESULT, "returned 1 cotangent for 2 arguments; return a tuple"),
        (({"w": 1.0}, None), RESULT, r'(?s)match at params\n.*missing "b"'),
        (([1.0, 1.0], None), RESULT, "(?s)another structure.*list of length 2"),
        ((1.0, None), RESULT, "(?s)another structure.*a leaf, float 1.0"),
        (({"w": {"a": 1.0}, "b": 1.0}, None), RESULT, r'cotangent of params\["w"\]'),
        (({"w": np.ones(4), "b": 1.0}, None), SHAPE, r'params\["w"\], .* float64\[3\]'),
        (({"w": 0.0, "b": 1.0}, None), SHAPE, r'float64\[\] for params\["w"\]'),
        (({"w": None, "b": "g"}, None), RESULT, "returned str 'g' as the cotangent"),
    ],
)
def test_a_wrong_cotangent_is_named(given: Any, kind: Any, message: str) -> None:
    f = custom_vjp(linear, linear_fwd, lambda r, g: given)
    with pytest.raises(kind, match=message) as caught:
        gradient_of(f)
    assert str(caught.value).startswith("the bwd rule of linear returned ")
    with pytest.raises(kind, match=message):
        fg.vmap(fg.grad(lambda x: fnp.sum(f(PARAMS, x))))(np.ones(2))
    with pytest.raises(kind, match=message):
        fg.jvp(f, (PARAMS, 2.0), (PARAMS, 2.0))


def test_a_wrong_fwd_is_named() -> None:
    f = custom_vjp(linear, linear, lambda r, g: (None, None))
    with pytest.raises(errors.RuleResultError, match="the fwd rule of linear returned float64"):
        gradient_of(f)
    f = custom_vjp(lambda x: {"y": x}, lambda x: (x, None), lambda r, g: (g,))
    f(1.0)
    with pytest.raises(errors.RuleResultError, match=r"where the function returns {'y': float64"):
        fg.grad(f)(1.0)
    f = custom_vjp(plain, lambda x: (x.astype(np.float32), None), lambda r, g: (g,))
    f(1.0)
    with pytest.raises(errors.RuleResultError, match=r"the output float32\[\] where"):
        fg.grad(f)(1.0)


def test_the_form_of_an_output_may_depend_on_values() -> None:
    def parts(x: Any) -> Any:
        return {"y": x} if x > 0 else (x, x)

    f = custom_vjp(parts, lambda x: (parts(x), None), lambda r, g: (sum(fg.tree.leaves(g)),))
    f(1.0)
    assert fg.grad(lambda x: f(x)[0])(-1.0) == 1.0


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        (1.0, errors.RuleResultError, r"returned float 1.0; return a pair"),
        (({"y": 1.0}, 1.0), errors.RuleResultError, "(?s)match at tangent\n.*a leaf, float 1.0"),
        (({"y": 1.0}, {"y": "t"}), errors.RuleResultError, r'tangent of output\["y"\]'),
        (({"y": 1.0}, {"y": np.ones(3)}), errors.RuleShapeError, r'float64\[3\] for output\["y"\]'),
        (({"y": "z"}, {"y": 1.0}), errors.RuleResultError, "returned str 'z' at output"),
    ],
)
def test_a_wrong_tangent_is_named(given: Any, kind: Any, message: str) -> None:
    f = custom_jvp(lambda x: {"y": x}, lambda p, t: given)
    for derivative in (
        lambda: fg.jvp(f, (1.0,), (1.0,)),
        lambda: fg.grad(lambda x: f(x)["y"])(1.0),
        lambda: fg.vmap(fg.grad(lambda x: f(x)["y"]))(np.ones(2)),
    ):
        with pytest.raises(kind, match=message):
            derivative()


def test_wrong_arguments_are_named() -> None:
    f = custom_vjp(lambda x, mode: x, lambda x, mode: (x, None), lambda r, g: (g, None))
    with pytest.raises(errors.RuleArgumentError, match=r"mode is str 'a'.*nondiff_argnums=\(1,\)"):
        f(1.0, "a")
    with pytest.raises(errors.RuleArgumentError, match=r'x\["k"\] is object'):
        f({"k": object()}, 1.0)
    with pytest.raises(errors.RuleArgumentError, match="keyword only"):
        custom_vjp(scaled, plain_fwd, plain_bwd)(1.0, scale=2.0)
    f = custom_jvp(lambda x, n: x, lambda n, p, t: (p, t), nondiff_argnums=1)
    with pytest.raises(errors.RuleArgumentError, match=r'n\["a"\] is static.*traced by grad of'):
        fg.grad(lambda x: f(x, {"a": x}))(1.0)
    with pytest.raises(errors.ArgumentIndexError, match="argument 1, but the call has 1"):
        custom_jvp(lambda *xs: xs[0], lambda p, t: (p, t), nondiff_argnums=1)(1.0)
    with pytest.raises(errors.ArgumentIndexError, match="positions from 0, got -1"):
        fg.custom_vjp(plain, nondiff_argnums=-1)
    with pytest.raises(errors.ArgumentIndexError, match="names 'z', but the parameters are x"):
        fg.custom_vjp(plain, nondiff_argnames="z")
    with pytest.raises(TypeError, match="takes a function, got 3"):
        fg.custom_vjp(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="defvjp takes two functions, got None"):
        fg.custom_vjp(plain).defvjp(plain, None)  # type: ignore[arg-type]


def test_a_missing_rule_is_named() -> None:
    for custom, method in [(fg.custom_vjp(plain), "defvjp"), (fg.custom_jvp(plain), "defjvp")]:
        with pytest.raises(errors.NoRuleError, match=rf"add plain\.{method}\("):
            custom(1.0)


def test_wrong_custom_gradients_are_named() -> None:
    with pytest.raises(errors.RuleResultError, match=r"needs a function that returns a pair"):
        fg.custom_gradient(plain)(1.0)
    f = fg.custom_gradient(lambda x, y: (x, lambda g: g))
    with pytest.raises(errors.RuleResultError, match=r"return \(g_x, g_y\)"):
        fg.grad(f)(1.0, 2.0)


def test_an_exception_half_way_leaves_nothing_behind() -> None:
    fail = [True]

    def bwd(residuals: Any, g: Any) -> Any:
        if fail[0]:
            raise ZeroDivisionError
        return (g * 2,)

    f = custom_vjp(plain, plain_fwd, bwd)
    h = custom_jvp(plain, lambda p, t: (p[0], bwd(None, t[0])[0]))
    for function in (f, h):
        for run in (
            lambda f=function: fg.grad(f)(1.0),
            lambda f=function: fg.vmap(fg.grad(f))(np.ones(1))[0],
            lambda f=function: fg.grad(lambda x: fg.vmap(f)(x).sum())(np.ones(1))[0],
        ):
            fail[0] = True
            with pytest.raises(ZeroDivisionError):
                run()
            fail[0] = False
            assert run() == 2.0
