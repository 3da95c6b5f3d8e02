"""Perturbation confusion, values that escape, exceptions half-way, threads."""

from __future__ import annotations

import itertools
import math
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import lax
from fungrad.errors import (
    CapturedTracerError,
    EscapedTracerError,
    FungradError,
    OutputTypeError,
)
from fungrad.transforms.batch import running
from tests.nesting import ALL_LETTERS, PROGRAMS, Map, spell

FIRST = {name: letter.transform for name, letter in ALL_LETTERS.items() if letter.order == 1}

# --- perturbation confusion ----------------------------------------------------------------------


def sum_of_both(outer: Any, inner: Any) -> tuple[Any, float]:
    """Siskind and Pearlmutter (2005): d/dx (x d/dy (x + y)) is 1, and 2 with confusion."""
    return outer(lambda x: x * inner(lambda y: x + y)(1.0))(1.0), 1


def product_of_both(outer: Any, inner: Any) -> tuple[Any, float]:
    return outer(lambda x: x * inner(lambda y: x * y)(2.0))(3.0), 6


def at_the_outer_variable(outer: Any, inner: Any) -> tuple[Any, float]:
    return outer(lambda x: inner(lambda y: x * y * y)(x))(3.0), 12


def one_name_for_both(outer: Any, inner: Any) -> tuple[Any, float]:
    return outer(lambda x: inner(lambda x: x**3)(x))(3.0), 18


def constant_that_is_the_outer_variable(outer: Any, inner: Any) -> tuple[Any, float]:
    return outer(lambda x: x + inner(lambda y: x * x)(x))(3.0), 1


def constant(outer: Any, inner: Any) -> tuple[Any, float]:
    return outer(lambda x: x * inner(lambda y: 7.0)(x))(3.0), 0


def left_behind(outer: Any, inner: Any) -> tuple[Any, float]:
    """What the inner function leaves behind belongs to the outer variable alone."""

    def f(x: Any) -> Any:
        found = []

        def g(y: Any) -> Any:
            found.append(x * x)
            return y * found[0]

        return inner(g)(5.0) * found[0]

    return outer(f)(2.0), 32


def made_outside(outer: Any, inner: Any) -> tuple[Any, float]:
    def power(x: Any) -> Map:
        return lambda y: y * x * x

    return outer(lambda x: inner(power(x))(x) * x)(2.0), 12


def one_function_for_both(outer: Any, inner: Any) -> tuple[Any, float]:
    def f(x: Any, depth: int = 1) -> Any:
        return x**3 if depth == 0 else inner(lambda y: f(y, depth - 1) * x)(x)

    return outer(f)(2.0), 36  # d/dx 3 x^2 x


def church_encoded(outer: Any, inner: Any) -> tuple[Any, float]:
    """Pairs as functions, with the variable of one derivative behind that of another."""

    def pair(a: Any, b: Any) -> Any:
        return lambda select: select(a, b)

    def f(x: Any) -> Any:
        both = pair(x * x, inner(lambda y: pair(x, y)(lambda a, b: a * b))(x))
        return both(lambda a, b: a * b)

    return outer(f)(2.0), 12


CONFUSIONS = [
    sum_of_both,
    product_of_both,
    at_the_outer_variable,
    one_name_for_both,
    constant_that_is_the_outer_variable,
    constant,
    left_behind,
    made_outside,
    one_function_for_both,
    church_encoded,
]


@pytest.mark.parametrize("outer", FIRST)
@pytest.mark.parametrize("case", CONFUSIONS, ids=lambda case: case.__name__)
def test_perturbation_confusion(case: Any, outer: str) -> None:
    found = {inner: case(FIRST[outer], FIRST[inner]) for inner in FIRST}
    assert {inner: value for inner, (value, wanted) in found.items() if value != wanted} == {}


def test_directions_that_are_traced() -> None:
    f = PROGRAMS["sine"].function
    exact = PROGRAMS["sine"].exact
    wanted = 0.7 * exact(2, 0.7) + exact(1, 0.7)
    for outer in FIRST.values():
        assert np.isclose(outer(lambda x: fg.jvp(f, (x,), (x,))[1])(0.7), wanted)
        assert np.isclose(outer(lambda x: fg.vjp(f, x)[1](x)[0])(0.7), wanted)
        assert np.isclose(outer(lambda x: fg.linearize(f, x)[1](x))(0.7), wanted)
        # Of the direction alone, the map is linear.
        assert np.isclose(outer(lambda x: fg.jvp(f, (0.7,), (x,))[1])(2.0), exact(1, 0.7))
        assert np.isclose(outer(lambda x: fg.vjp(f, 0.7)[1](x)[0])(2.0), exact(1, 0.7))
        assert np.isclose(outer(lambda x: fg.linearize(f, 0.7)[1](x))(2.0), exact(1, 0.7))


def test_three_closures_deep() -> None:
    def f(x: Any, y: Any, z: Any) -> Any:
        return x * x * y * y * z * z

    some = [FIRST[name] for name in ("grad", "vjp", "jvp", "jacfwd", "jacrev", "linearize")]
    for a, b, c in itertools.product(some, repeat=3):
        found = a(lambda x, b=b, c=c: b(lambda y: c(lambda z: f(x, y, z))(y))(x))(2.0)
        # z at y: 2 x^2 y^3; of y, at x: 6 x^4; of x: 24 x^3
        assert found == 24 * 8


def test_functions_that_return_functions() -> None:
    """Manzyuk et al. (2012): the derivative of u -> (f -> (x -> f(x + u))), applied twice."""

    def shift(u: Any) -> Callable[[Map], Map]:
        return lambda f: lambda x: f(x + u)

    for d in FIRST.values():

        def derivative(f: Map, d: Any = d) -> Map:
            return lambda x: d(lambda u: shift(u)(f)(x))(0.0)

        assert np.isclose(derivative(derivative(fnp.exp))(1.0), math.e)
        assert np.isclose(derivative(derivative(derivative(fnp.sin)))(1.0), -math.cos(1))
    # A function is no array: what it closes over cannot come out through it.
    with pytest.raises(OutputTypeError):
        fg.jvp(shift, (0.0,), (1.0,))
    with pytest.raises(FungradError):
        fg.grad(shift)(0.0)
    with pytest.raises(FungradError):
        fg.vmap(shift)(fnp.zeros(2))


def test_axis_names_of_one_name() -> None:
    values = fnp.array([1.0, 2.0, 4.0])

    def inner(y: Any) -> Any:
        return lax.psum(y, "i")

    def outer(x: Any) -> Any:
        within = fg.vmap(inner, axis_name="i")(fnp.stack([x, 10 * x]))  # of its own two
        return within[0] + 100 * lax.psum(x, "i")  # of these three again

    found = fg.vmap(outer, axis_name="i")(values)
    assert found.tolist() == [711, 722, 744]
    gradient = fg.grad(lambda v: fnp.sum(fg.vmap(outer, axis_name="i")(v)))(values)
    assert gradient.tolist() == [311, 311, 311]


def test_axis_of_an_outer_transform_inside_of_a_derivative() -> None:
    def f(x: Any) -> Any:
        return fg.grad(lambda y: y * y * lax.psum(x, "i"))(x)

    values = fnp.array([1.0, 2.0])
    assert fg.vmap(f, axis_name="i")(values).tolist() == [6, 12]
    jacobian = fg.jacfwd(fg.vmap(f, axis_name="i"))(values)  # f is 2 x (x + y)
    assert jacobian.tolist() == [[8, 2], [4, 10]]
    assert fg.jacrev(fg.vmap(f, axis_name="i"))(values).tolist() == [[8, 2], [4, 10]]


# --- values that escape --------------------------------------------------------------------------


ESCAPES = {
    "a list": lambda x, keep: keep.append(x) or x,
    "a result in a list": lambda x, keep: keep.append(x * 2) or x,
    "a generator": lambda x, keep: keep.append(v * 2 for v in [x]) or x,
    "a closure": lambda x, keep: keep.append(lambda: x * 2) or x,
    "a pullback": lambda x, keep: keep.append(fg.vjp(fnp.sin, x)[1]) or x,
    "a linear map": lambda x, keep: keep.append(fg.linearize(fnp.sin, x)[1]) or x,
    "a converted closure": lambda x, keep: (
        keep.append(fg.closure_convert(lambda y: x * y, 1.0)[0]) or x
    ),
}


def use(kept: Any) -> Any:
    """Compute with something that came out of a transform by the back door."""
    if isinstance(kept, Iterator):
        return next(kept)
    if not callable(kept):
        return kept * 2.0
    try:
        return kept(1.0)
    except TypeError:
        return kept()


@pytest.mark.parametrize("way", ESCAPES)
@pytest.mark.parametrize("name", [*FIRST, "vmap"])
def test_values_that_outlive_their_transform(name: str, way: str) -> None:
    keep: list[Any] = []
    spell((name,), lambda x: ESCAPES[way](x, keep))[0](0.7)
    with pytest.raises(FungradError) as caught:
        use(keep[0])
        for d in FIRST.values():
            d(lambda y: y * use(keep[0]))(1.0)
    if way != "a converted closure":  # it misses its constants before
        assert isinstance(caught.value, EscapedTracerError)
    # Nothing is left behind by that.
    assert np.isclose(fg.grad(fg.grad(fnp.sin))(0.7), -math.sin(0.7))


@pytest.mark.parametrize("name", [*FIRST, "vmap"])
def test_an_inner_value_used_by_the_outer_function(name: str) -> None:
    def f(x: Any) -> Any:
        keep: list[Any] = []
        FIRST["grad"](lambda y: keep.append(y * x) or y * x)(x)
        return keep[0] * x

    with pytest.raises(EscapedTracerError):
        spell((name,), f)[0](0.7)


@pytest.mark.parametrize("outer", FIRST)
@pytest.mark.parametrize("inner", FIRST)
def test_a_running_sum_that_meets_an_inner_variable(inner: str, outer: str) -> None:
    """A generator of the outer function is sent an inner value, and asked later."""

    def totals() -> Any:
        total: Any = 0.0
        while True:
            total = total + (yield total)

    def f(x: Any) -> Any:
        total = totals()
        next(total)
        total.send(x)
        FIRST[inner](lambda y: total.send(y * x) and y)(2.0)
        return total.send(x)

    with pytest.raises(EscapedTracerError):
        FIRST[outer](f)(0.7)


@pytest.mark.parametrize("inner", ["grad", "vjp", "jvp", "jacrev", "linearize"])
def test_a_generator_shared_by_two_levels(inner: str) -> None:
    """It is made outside and advanced inside: its values belong to the outer variable."""

    def f(x: Any) -> Any:
        powers = (x**n for n in itertools.count(1))
        slope = FIRST[inner](lambda y: y * next(powers))(next(powers))
        return slope * next(powers)

    for outer in FIRST.values():
        assert outer(f)(1.0) == 5


def test_a_younger_transform_that_still_runs() -> None:
    """Two transforms in two threads; the older one returns a value of the younger one."""
    given, used = threading.Event(), threading.Event()
    shared: list[Any] = []

    def younger(y: Any) -> Any:
        shared.append(y * y)
        given.set()
        used.wait(10)
        return y * 3

    def older(x: Any) -> Any:
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(fg.grad(younger), 1.0)
            given.wait(10)
            try:
                return shared[0] * x
            finally:
                used.set()
                results.append(other)

    def older_as_it_is(x: Any) -> Any:
        pool = ThreadPoolExecutor(1)
        results.append(pool.submit(fg.grad(younger), 1.0))
        given.wait(10)
        pool.shutdown(wait=False)
        return shared[0] * x

    results: list[Any] = []
    with pytest.raises(CapturedTracerError):
        fg.grad(older_as_it_is)(2.0)
    used.set()
    assert results[0].result(10) == 3
    given.clear(), used.clear(), shared.clear(), results.clear()
    with pytest.raises(FungradError):  # it is over by now, or still runs
        fg.grad(older)(2.0)
    assert results[0].result(10) == 3


# --- exceptions half-way -------------------------------------------------------------------------


class Stop(Exception):
    pass


class Halt(BaseException):
    pass


def state() -> Any:
    """Return all that a transform may change for as long as it runs."""
    return running.get(), np.geterr(), np.geterrcall()


def interrupt(word: tuple[str, ...], kind: Any) -> None:
    """Run a word over a function that raises half-way, twice, and then over one that does not."""
    before = state()
    fail = True

    def f(x: Any) -> Any:
        y = fnp.sin(2 * x)
        if fail:
            raise kind("half-way")
        return y

    function, order = spell(word, f)
    for _ in range(2):
        with pytest.raises(kind, match="half-way"):
            function(0.7)
        assert state() == before
    fail = False
    assert np.isclose(function(0.7), PROGRAMS["sine"].exact(order, 0.7)), word


@pytest.mark.parametrize("kind", [Stop, Halt])
@pytest.mark.parametrize("outer", ALL_LETTERS)
def test_exceptions_leave_nothing_behind(outer: str, kind: Any) -> None:
    for inner in ALL_LETTERS:
        interrupt((outer, inner), kind)


@pytest.mark.parametrize("outer", ALL_LETTERS)
def test_exceptions_that_the_function_catches(outer: str) -> None:
    """A transform inside fails, and the function goes on without it."""
    for inner in ALL_LETTERS:

        def broken(y: Any) -> Any:
            fnp.cos(y) * y
            raise Stop

        def f(x: Any, inner: str = inner) -> Any:
            y = 2 * x
            try:
                y = spell((inner,), broken)[0](y)
            except Stop:
                y = fnp.sin(y)
            return y

        function, order = spell((outer,), f)
        assert np.isclose(function(0.7), PROGRAMS["sine"].exact(order, 0.7)), inner


def failing_rules() -> dict[str, Map]:
    def fail(*args: Any) -> Any:
        raise Stop("half-way")

    class Failing(fg.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return np.sin(x)

        @staticmethod
        def backward(ctx: Any, grad_output: Any) -> Any:
            return fail()

    by_vjp = fg.custom_vjp(fnp.sin)
    by_vjp.defvjp(lambda x: (fnp.sin(x), None), fail)
    by_jvp = fg.custom_jvp(fnp.sin)
    by_jvp.defjvp(fail)
    foreign = fg.primitive(np.sin)
    foreign.defvjp(fail)
    return {
        "Function": Failing.apply,
        "custom_vjp": by_vjp,
        "custom_gradient": fg.custom_gradient(lambda x: (fnp.sin(x), fail)),
        "custom_jvp": by_jvp,
        "primitive": foreign,
    }


@pytest.mark.parametrize("rule", failing_rules())
@pytest.mark.parametrize("outer", FIRST)
def test_exceptions_in_a_rule(outer: str, rule: str) -> None:
    before = state()
    for inner in ("vmap", "checkpoint", "scan_in_segments", *FIRST):
        with pytest.raises(Stop):
            spell((outer, inner), failing_rules()[rule])[0](0.7)
        assert state() == before
        assert np.isclose(FIRST[outer](fnp.sin)(0.7), math.cos(0.7))


def test_a_pullback_works_after_one_that_failed() -> None:
    fail = True

    class Fragile(fg.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return np.sin(x)

        @staticmethod
        def backward(ctx: Any, grad_output: Any) -> Any:
            if fail:
                raise Stop
            return grad_output * 3

    _, pullback = fg.vjp(lambda x: 2 * Fragile.apply(2 * x), 0.7)
    with pytest.raises(Stop):
        pullback(1.0)
    fail = False
    assert pullback(1.0)[0] == 12


# --- threads -------------------------------------------------------------------------------------


@pytest.fixture
def busy() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("busy")
def test_threads() -> None:
    """Eight threads run all transforms, each in another order."""
    start = threading.Barrier(8)
    words = [(first, second) for first in ALL_LETTERS for second in ("vmap", "grad", "function")]

    def work(seed: int) -> list[str]:
        order = np.random.default_rng(seed).permutation(len(words))
        wrong = []
        x = 0.3 + 0.1 * seed
        start.wait(10)
        for position in order:
            word = words[position]
            function, k = spell(word, PROGRAMS["logistic"].function)
            found = function(x)
            if not np.isclose(np.asarray(found), PROGRAMS["logistic"].exact(k, x)):
                wrong.append(f"{' of '.join(word)} at {x}: {found!r}")
        return wrong

    with ThreadPoolExecutor(8) as pool:
        assert [line for lines in pool.map(work, range(8)) for line in lines] == []


@pytest.mark.usefixtures("busy")
def test_threads_that_share_transformed_functions() -> None:
    functions = {name: spell((name,), PROGRAMS["scaled"].function) for name in ALL_LETTERS}
    start = threading.Barrier(8)

    def work(seed: int) -> list[str]:
        x = 0.3 + 0.1 * seed
        start.wait(10)
        found = {name: function(x) for name, (function, _) in functions.items()}
        return [name for name, y in found.items() if not np.isclose(np.asarray(y), math.exp(x))]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [[]] * 8


@pytest.mark.usefixtures("busy")
def test_threads_that_share_a_pullback() -> None:
    _, pullback = fg.vjp(PROGRAMS["scaled"].function, 0.7)
    _, linear = fg.linearize(PROGRAMS["scaled"].function, 0.7)
    start = threading.Barrier(8)

    def work(seed: int) -> float:
        start.wait(10)
        return sum(float(pullback(float(seed))[0]) + float(linear(seed)) for _ in range(20))

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, range(8)))
    assert np.allclose(found, [40 * seed * math.exp(0.7) for seed in range(8)])


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("name", FIRST)
def test_threads_inside_of_a_function(name: str) -> None:
    """The function itself works in threads, which share its trace."""

    def part(x: Any, n: int) -> Any:
        for _ in range(20):
            x = x * 1.0
        return x * n

    def f(x: Any) -> Any:
        with ThreadPoolExecutor(4) as pool:
            return sum(pool.map(lambda n: part(x, n), range(8)))

    for _ in range(3):
        assert np.isclose(FIRST[name](f)(0.7), 28)
