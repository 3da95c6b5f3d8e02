"""Functions that close over traced values: the right number, or an error that says so by name."""

from __future__ import annotations

import itertools
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import lax
from fungrad.errors import (
    CapturedTracerError,
    EscapedTracerError,
    ForeignCodeError,
    TracerConversionError,
)
from tests.nesting import ALL_LETTERS, LETTERS, Map, spell

BY_NAME = (CapturedTracerError, EscapedTracerError, TracerConversionError)

# --- closures over the variables of transforms further out ---------------------------------------

RULED = {
    "function",
    "function_with_rules",
    "several_results",
    "custom_vjp",
    "custom_jvp",
    "custom_gradient",
    "primitive",
    "primitive_jvp",
}
"""Letters with a rule of their own, to which a captured value would be a constant: they may refuse.

(The others must do what the program says.)
"""


def sine(k: int, x: float) -> float:
    """Return the derivative of order k of the sine."""
    return math.sin(x + k * math.pi / 2)


def close(found: Any, wanted: float) -> bool:
    return bool(abs(np.asarray(found) - wanted) <= 1e-9 * max(1, abs(wanted)))


def nested(words: tuple[str, ...], function: Callable[..., Any], points: list[Map]) -> Map:
    """Nest a transform for each variable of a function, each within the function of the next.

    The points say where, as functions of the variable of the transform further out.
    """

    def level(depth: int, known: tuple[Any, ...]) -> Map:
        def body(x: Any) -> Any:
            variables = (*known, x)
            if depth == len(words) - 1:
                return function(*variables)
            return level(depth + 1, variables)(points[depth](x))

        return spell((words[depth],), body)[0]

    return level(0, ())


def captures(words: list[tuple[str, ...]], moving: bool) -> str:
    """Return a line for each nest of transforms with a wrong result.

    The function is sin(x + 2y + 3z), or its part for fewer variables. With `moving` the inner
    variables are evaluated at the outer ones, and so inner derivatives depend on these twice.
    """
    lines = []
    for word in words:
        orders = [ALL_LETTERS[name].order for name in word]

        def function(*variables: Any) -> Any:
            return fnp.sin(sum((i + 1) * v for i, v in enumerate(variables)))

        point = (lambda x: x) if moving else (lambda x: 0.3)
        factors = list(range(1, len(word) + 1))
        # What each variable stands for in the argument of the sine, given those further out.
        total = [sum(factors[i:]) if moving else factors[i] for i in range(len(word))]
        argument = 0.7 * total[0] + (0 if moving else 0.3 * sum(factors[1:]))
        wanted = sine(sum(orders), argument) * math.prod(
            t**k for t, k in zip(total, orders, strict=True)
        )
        try:
            found = nested(word, function, [point] * len(word))(0.7)
            if not close(found, wanted):
                lines.append(f"{' over '.join(word)}: {found!r} is not {wanted}")
        except BY_NAME as error:
            if not RULED & set(word[1:]):
                lines.append(f"{' over '.join(word)}: {type(error).__name__}: {error}")
        except Exception as error:
            lines.append(f"{' over '.join(word)}: {type(error).__name__}: {error}")
    return "\n".join(lines)


@pytest.mark.parametrize("moving", [False, True])
@pytest.mark.parametrize("first", ALL_LETTERS)
def test_pairs_of_variables(first: str, moving: bool) -> None:
    assert captures(list(itertools.product([first], ALL_LETTERS)), moving) == ""


@pytest.mark.parametrize("moving", [False, True])
@pytest.mark.parametrize("first", LETTERS)
def test_triples_of_variables(first: str, moving: bool) -> None:
    assert captures(list(itertools.product([first], LETTERS, LETTERS)), moving) == ""


# --- values that reach a rule, or the body of a loop, by another way than its arguments ----------


class Product(fg.Function):
    """Multiplies by a value that it finds in an attribute."""

    factor: Any = 1.0

    @staticmethod
    def forward(ctx: Any, y: Any) -> Any:
        ctx.save_for_backward(Product.factor)
        return y * Product.factor

    @staticmethod
    def backward(ctx: Any, grad_output: Any) -> Any:
        (factor,) = ctx.saved_tensors
        return grad_output * factor


def function_that_keeps(x: Any, y: Any) -> Any:
    class Multiply(fg.Function):
        @staticmethod
        def forward(ctx: Any, y: Any) -> Any:
            ctx.x = x
            return x * y

        @staticmethod
        def backward(ctx: Any, grad_output: Any) -> Any:
            return grad_output * ctx.x

    return Multiply.apply(y)


def function_of_several_results(x: Any, y: Any) -> Any:
    class Several(fg.Function):
        @staticmethod
        def forward(ctx: Any, y: Any) -> Any:
            return 2 * y, x * y

        @staticmethod
        def backward(ctx: Any, first: Any, second: Any) -> Any:
            return 2 * first + second * x

    return Several.apply(y)[1]


def function_with_backward_only(x: Any, y: Any) -> Any:
    """The value is x y, made of an argument and of the backward pass of something else."""

    class Identity(fg.Function):
        @staticmethod
        def forward(ctx: Any, y: Any) -> Any:
            return y

        @staticmethod
        def backward(ctx: Any, grad_output: Any) -> Any:
            return grad_output * x

    return y * fg.grad(Identity.apply)(2.0)


def vjp_of_both(x: Any, y: Any) -> Any:
    f = fg.custom_vjp(lambda y: x * y)
    f.defvjp(lambda y: (x * y, x), lambda kept, g: (g * kept,))
    return f(y)


def vjp_backward_only(x: Any, y: Any) -> Any:
    f = fg.custom_vjp(lambda y: 1.0 * y)
    f.defvjp(lambda y: (1.0 * y, None), lambda _, g: (g * x,))
    return y * fg.grad(f)(2.0)


def jvp_of_both(x: Any, y: Any) -> Any:
    f = fg.custom_jvp(lambda y: x * y)
    f.defjvp(lambda primals, tangents: (x * primals[0], x * tangents[0]))
    return f(y)


def jvp_tangent_only(x: Any, y: Any) -> Any:
    f = fg.custom_jvp(lambda y: 1.0 * y)
    f.defjvp(lambda primals, tangents: (1.0 * primals[0], x * tangents[0]))
    return y * fg.jvp(f, (2.0,), (1.0,))[1]


def custom_gradient_of_both(x: Any, y: Any) -> Any:
    return fg.custom_gradient(lambda y: (x * y, lambda g: g * x))(y)


def primitive_of_both(x: Any, y: Any) -> Any:
    f = fg.primitive(lambda y: x * y)
    f.defvjp(lambda g, z, y: g * x)
    return f(y)


def primitive_rule_only(x: Any, y: Any) -> Any:
    f = fg.primitive(lambda y: 1.0 * y)
    f.defvjp(lambda g, z, y: g * x)
    return y * fg.grad(f)(2.0)


def checkpoint_of_both(x: Any, y: Any) -> Any:
    return fg.checkpoint(lambda y: x * y)(y)


def checkpoint_with_policy(x: Any, y: Any) -> Any:
    policy = fg.checkpoint_policies.everything_saveable
    return fg.checkpoint(lambda y: fnp.sin(x) / fnp.sin(x) * x * y, policy=policy)(y)


def checkpoint_of_the_other(x: Any, y: Any) -> Any:
    return fg.checkpoint(lambda y: x * 1.0 + 0 * y)(y) * y


def checkpoint_of_nothing(x: Any, y: Any) -> Any:
    return fg.checkpoint(lambda: x * y)()


def converted(x: Any, y: Any) -> Any:
    f, consts = fg.closure_convert(lambda y: x * y, y)
    return f(y, *consts)


def converted_for_a_number(x: Any, y: Any) -> Any:
    f, consts = fg.closure_convert(lambda z: x * y * z, 1.0)
    return f(1.0, *consts)


def linearized(x: Any, y: Any) -> Any:
    return fg.linearize(lambda z: x * z, y)[1](y)


def linearized_along_another(x: Any, y: Any) -> Any:
    value, along = fg.linearize(lambda z: z * y, 2.0)
    return along(x) + 0 * value


def pulled_back(x: Any, y: Any) -> Any:
    return fg.vjp(lambda z: x * z, 2.0)[1](y)[0]


def scanned(x: Any, y: Any) -> Any:
    return lax.scan(lambda c, s: (c + s * x, None), 0 * y, fnp.ones(3))[0] * y / 3


def scanned_output(x: Any, y: Any) -> Any:
    return lax.scan(lambda c, s: (c, x), fnp.zeros(2), fnp.ones(3))[1][2] * y


def scanned_from_a_number(x: Any, y: Any) -> Any:
    return lax.scan(lambda c, s: (c + x * s, c), 0.0, fnp.ones(3))[0] * y / 3


def scanned_in_segments(x: Any, y: Any) -> Any:
    ones = fnp.ones(6)
    return lax.scan(lambda c, s: (c + s * x, c), 0 * y, ones, checkpoint=2)[0] * y / 6


def scanned_in_segments_from_outside(x: Any, y: Any) -> Any:
    ones = fnp.ones(6)
    return lax.scan(lambda c, s: (c + s * x, c), 0.0, ones, checkpoint=2)[0] * y / 6


def branched(x: Any, y: Any) -> Any:
    return lax.cond(y > 0, lambda: x * y, lambda: y * x)


def branched_by_x(x: Any, y: Any) -> Any:
    return lax.cond(x > 0.5, lambda z: x * z, lambda z: z * x, y)


def switched(x: Any, y: Any) -> Any:
    return lax.switch(1, [lambda: y, lambda: x * y])


def while_looped(x: Any, y: Any) -> Any:
    """x y, by adding y where the condition and the body close over both."""
    start = (0 * y, 0)
    return lax.while_loop(
        lambda s: s[1] < 4 + 0 * (x > y), lambda s: (s[0] + x * y / 4, s[1] + 1), start
    )[0]


def fori_looped(x: Any, y: Any) -> Any:
    return lax.fori_loop(0, 4, lambda i, total: total + x * y / 4, 0 * y)


def fori_looped_from_a_number(x: Any, y: Any) -> Any:
    return lax.fori_loop(0, 4, lambda i, total: total + x * y / 4, 0.0)


def mapped(x: Any, y: Any) -> Any:
    return fnp.sum(lax.map(lambda s: s * x * y, fnp.array([0.25, 0.75])))


def associated(x: Any, y: Any) -> Any:
    """Sums whose operator closes over x: ((a + b) x / x ...)."""
    parts = fnp.stack([y, y, y])
    return lax.associative_scan(lambda a, b: (a + b) * (x / x), parts)[2] * x / 3


def batched(x: Any, y: Any) -> Any:
    return fg.vmap(lambda s: s * x * y)(fnp.array([1.0, 2.0]))[0]


def batched_with_a_branch(x: Any, y: Any) -> Any:
    values = fnp.array([1.0, -2.0, 3.0])
    return fg.vmap(lambda s: x * y if s > 0 else 7.0)(values)[2]


def batched_function(x: Any, y: Any) -> Any:
    return fg.vmap(lambda s: function_that_keeps(x, s * y))(fnp.array([1.0, 2.0]))[0]


def remembered(x: Any, y: Any) -> Any:
    Product.factor = x
    try:
        return Product.apply(y)
    finally:
        Product.factor = 1.0


def generated(x: Any, y: Any) -> Any:
    return next(x * z for z in [y])


ROUTES = [
    function_that_keeps,
    function_of_several_results,
    function_with_backward_only,
    vjp_of_both,
    vjp_backward_only,
    jvp_of_both,
    jvp_tangent_only,
    custom_gradient_of_both,
    primitive_of_both,
    primitive_rule_only,
    checkpoint_of_both,
    checkpoint_with_policy,
    checkpoint_of_the_other,
    checkpoint_of_nothing,
    converted,
    converted_for_a_number,
    linearized,
    linearized_along_another,
    pulled_back,
    scanned,
    scanned_output,
    scanned_from_a_number,
    scanned_in_segments,
    scanned_in_segments_from_outside,
    branched,
    branched_by_x,
    switched,
    while_looped,
    fori_looped,
    fori_looped_from_a_number,
    mapped,
    associated,
    batched,
    batched_with_a_branch,
    batched_function,
    remembered,
    generated,
]
"""Functions of two variables whose value is their product, however they come to it."""

REFUSED = {
    function_that_keeps,
    function_of_several_results,
    vjp_of_both,
    jvp_of_both,
    custom_gradient_of_both,
    primitive_of_both,
    batched_function,
    remembered,
}
"""Those whose rule is not told about a value that it depends on."""

DIFFERENTIATED = {
    "of x": (lambda f: lambda x: f(x, 3.0), 3.0),
    "of y": (lambda f: lambda y: f(2.0, y), 2.0),
    "of both": (lambda f: lambda x: f(x, x), 2 * 0.7),
    "of both, one by the other": (
        lambda f: lambda x: f(x, fnp.sin(x)),
        math.sin(0.7) + 0.7 * math.cos(0.7),
    ),
}
"""Functions of one number that a route makes, and their derivatives at 0.7."""

FIRST = [name for name, letter in ALL_LETTERS.items() if letter.order == 1]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.__name__)
@pytest.mark.parametrize("which", DIFFERENTIATED)
def test_routes(route: Any, which: str) -> None:
    restrict, wanted = DIFFERENTIATED[which]
    lines = []
    for word in [(name,) for name in FIRST] + [(name, "vmap") for name in FIRST]:
        differentiate = spell(word, restrict(route))[0]
        try:
            found = differentiate(0.7)
            if not close(found, wanted):
                lines.append(f"{' of '.join(word)} {which}: {found!r} is not {wanted}")
        except BY_NAME as error:
            if route not in REFUSED:
                lines.append(f"{' of '.join(word)} {which}: {type(error).__name__}: {error}")
        except Exception as error:
            lines.append(f"{' of '.join(word)} {which}: {type(error).__name__}: {error}")
    assert "\n".join(lines) == ""


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.__name__)
@pytest.mark.parametrize("outer", FIRST)
def test_routes_of_two_transforms(outer: str, route: Any) -> None:
    """The mixed derivative of the product is 1, whichever variable comes first."""
    lines = []
    for inner in FIRST:
        for which, f in (("x", lambda x, y: route(x, y)), ("y", lambda x, y: route(y, x))):
            try:
                found = nested((outer, inner), f, [lambda x: 0.3])(0.7)
                if not close(found, 1.0):
                    lines.append(f"{outer} of {which}, {inner} of the other: {found!r} is not 1")
            except BY_NAME as error:
                if route not in REFUSED:
                    lines.append(
                        f"{outer} of {which}, {inner} of the other: {type(error).__name__}: {error}"
                    )
            except Exception as error:
                lines.append(f"{outer} of {which}, {inner}: {type(error).__name__}: {error}")
    assert "\n".join(lines) == ""


REFUSALS: dict[str, Callable[[Map], Any]] = {
    "grad": lambda f: fg.grad(f)(2.0),
    "jvp": lambda f: fg.jvp(f, (2.0,), (1.0,)),
    "vmap": lambda f: fg.vmap(f)(fnp.ones(2)),
    "grad of vmap": lambda f: fg.grad(lambda v: fnp.sum(fg.vmap(f)(v)))(fnp.ones(2)),
    "vmap of grad": lambda f: fg.vmap(fg.grad(f))(fnp.ones(2)),
    "jvp of vmap": lambda f: fg.jvp(fg.vmap(f), (fnp.ones(2),), (fnp.ones(2),)),
    "grad of checkpoint": lambda f: fg.grad(fg.checkpoint(f))(2.0),
    "grad of scan": lambda f: fg.grad(lambda x: lax.scan(lambda c, _: (f(c), None), x, None, 2)[0])(
        2.0
    ),
}


@pytest.mark.parametrize("way", REFUSALS)
@pytest.mark.parametrize("route", [route for route in ROUTES if route in REFUSED])
def test_refusals(route: Any, way: str) -> None:
    """A rule cannot know of what its function closes over: that is said."""
    with pytest.raises(CapturedTracerError):
        REFUSALS[way](lambda x: route(x, 3.0 * x))


@pytest.mark.parametrize("way", REFUSALS)
def test_refusals_name_the_function(way: str) -> None:
    with pytest.raises(CapturedTracerError, match=r"^Multiply used a value"):
        REFUSALS[way](lambda x: function_that_keeps(x, 3.0 * x))


# --- conversions to plain numbers, which would cut a derivative ----------------------------------

CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "float(x)": float,
    "math.sin(x)": math.sin,
    "x.item()": lambda x: x.item(),
    "x.tolist()": lambda x: x.tolist(),
    "np.asarray(x)": np.asarray,
    "np.array([x])": lambda x: np.array([x])[0],
    "pickle.dumps(x)": lambda x: pickle.loads(pickle.dumps(x)),
}
KEEPING = [name for name, letter in ALL_LETTERS.items() if letter.order == 0]


@pytest.mark.parametrize("conversion", CONVERSIONS)
@pytest.mark.parametrize("letter", KEEPING)
def test_conversions_cut_no_derivative(letter: str, conversion: str) -> None:
    convert = CONVERSIONS[conversion]
    for outer in FIRST:
        for word in [(outer, letter), (outer, letter, "vmap"), (outer, "checkpoint", letter)]:
            with pytest.raises((TracerConversionError, ForeignCodeError)):
                found = spell(word, lambda x: x * convert(x))[0](fnp.array(0.7))
                print(word, found)  # shown, if there is one
