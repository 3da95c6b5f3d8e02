"""Every rule, by the table of cases: values, both modes, second order, batching, dtypes."""

from __future__ import annotations

import importlib
import itertools
import pkgutil
from typing import Any

import numpy as np
import pytest

import fungrad.rules
import tests.cases
from fungrad import vjp
from fungrad.function import Function
from fungrad.trace import Trace, Tracer
from fungrad.transforms.forward import jvp
from fungrad.transforms.vmap import vmap
from tests.cases import Case
from tests.numerical import directional

CASES: list[Case] = [
    case
    for module in pkgutil.iter_modules(tests.cases.__path__)
    for case in importlib.import_module(f"tests.cases.{module.name}").CASES
]
cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
derivatives = pytest.mark.parametrize(
    "case", [case for case in CASES if case.derivative], ids=lambda case: case.name
)


def outputs_of(result: Any) -> tuple[Any, ...]:
    return tuple(result) if isinstance(result, tuple) else (result,)


def is_inexact(x: Any) -> bool:
    return np.asarray(x).dtype.kind in "fc"


def random_like(x: Any, seed: int) -> Any:
    """Return a direction of the shape and dtype of x."""
    rng = np.random.default_rng([seed, *x.shape])
    direction = rng.normal(size=x.shape)
    if x.dtype.kind == "c":
        direction = direction + 1j * rng.normal(size=x.shape)
    return np.asarray(direction).astype(x.dtype)


def inner(xs: Any, ys: Any) -> float:
    """Return the real part of the sum of products: the pairing of cotangents and tangents."""
    return float(sum(np.real(np.sum(np.asarray(x) * np.asarray(y))) for x, y in zip(xs, ys)))


class Witness(Trace):
    """Lets every operation pass and notes which rule it was."""

    __slots__ = ("seen",)

    def __init__(self) -> None:
        super().__init__("witness")
        self.seen: set[Any] = set()

    def process(self, function: Any, args: Any, params: Any) -> Any:
        self.seen.add(function)
        values = [a.value if isinstance(a, Tracer) and a.owner is self else a for a in args]
        z = function.apply(*values, **params)
        return tuple(self.wrap(each) for each in z) if type(z) is tuple else self.wrap(z)

    def wrap(self, value: Any) -> Any:
        tracer = Tracer.__new__(Tracer)
        tracer.owner = self
        tracer.value = value
        return tracer


def rule_classes() -> list[type]:
    """Return the concrete rules of every module of `fungrad.rules`."""
    found = []
    for module in pkgutil.iter_modules(fungrad.rules.__path__):
        if module.name == "families":
            continue  # these classes, and Chain, are what rules are derived from
        namespace = importlib.import_module(f"fungrad.rules.{module.name}")
        found += [
            value
            for value in vars(namespace).values()
            if isinstance(value, type)
            and issubclass(value, Function)
            and value.__module__ == namespace.__name__
            and not value.__name__.startswith("_")
            and value.__name__ != "Chain"
        ]
    return found


def test_names_are_unique() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("rule", rule_classes(), ids=lambda rule: rule.__name__)
def test_every_rule_has_a_case(rule: type) -> None:
    assert any(rule in case.rules for case in CASES), f"add a row for {rule.__name__}"


@cases
def test_the_rule_is_applied(case: Case) -> None:
    witness = Witness()
    case.function(*[witness.wrap(np.asarray(x)[()]) for x in case.args])
    assert set(case.rules) <= witness.seen


@cases
def test_value(case: Case) -> None:
    given = case.function(*case.args)
    if case.reference is None:
        return
    for ours, theirs in zip(outputs_of(given), outputs_of(case.reference(*case.args)), strict=True):
        theirs = np.asarray(theirs)
        assert ours.shape == theirs.shape
        assert ours.dtype == theirs.dtype
        if case.exact:
            np.testing.assert_array_equal(np.asarray(ours), theirs)
        else:
            np.testing.assert_allclose(np.asarray(ours), theirs, rtol=1e-12, atol=1e-12)


@cases
def test_float32(case: Case) -> None:
    if not case.float32:
        return
    narrow = {"float64": np.float32, "complex128": np.complex64}
    args = [np.asarray(x).astype(narrow.get(str(np.asarray(x).dtype), x.dtype)) for x in case.args]
    for output in outputs_of(case.function(*args)):
        assert str(output.dtype) not in narrow
    if not case.derivative:
        return
    outputs, pullback = vjp(lambda *xs: _inexact_outputs(case, xs), *args)
    for x, gradient in zip(args, pullback(tuple(random_like(y, 1) for y in outputs))):
        if is_inexact(x):
            assert gradient.dtype == x.dtype
            assert gradient.shape == x.shape


def _inexact_outputs(case: Case, args: Any) -> tuple[Any, ...]:
    return tuple(y for y in outputs_of(case.function(*args)) if y.dtype.kind in "fc")


def run(case: Case) -> Any:
    """Return the case as a function of its inexact arguments, with a tuple of results."""
    inexact = [is_inexact(x) for x in case.args]

    def function(*xs: Any) -> tuple[Any, ...]:
        given = iter(xs)
        args = [next(given) if own else x for x, own in zip(case.args, inexact, strict=True)]
        return _inexact_outputs(case, args)

    return function, [x for x, own in zip(case.args, inexact, strict=True) if own]


def close(ours: float, theirs: float, tolerance: float) -> bool:
    return abs(ours - theirs) <= tolerance * max(1.0, abs(theirs))


@derivatives
def test_forward_mode(case: Case) -> None:
    function, xs = run(case)
    directions = [random_like(np.asarray(x), 2) for x in xs]
    _, tangents = jvp(function, tuple(xs), tuple(directions))
    expected = directional(function, xs, directions)
    for ours, theirs in zip(tangents, expected, strict=True):
        assert ours.shape == theirs.shape
        scale = max(1.0, float(np.max(np.abs(theirs), initial=0.0)))
        np.testing.assert_allclose(np.asarray(ours), theirs, atol=case.tolerance * scale, rtol=0)


@derivatives
def test_reverse_mode(case: Case) -> None:
    function, xs = run(case)
    outputs, pullback = vjp(function, *xs)
    cotangents = tuple(random_like(y, 3) for y in outputs)
    gradients = pullback(cotangents)
    assert all(g.shape == np.shape(x) for g, x in zip(gradients, xs, strict=True))
    for seed in (4, 5):
        directions = [random_like(np.asarray(x), seed) for x in xs]
        expected = directional(function, xs, directions)
        assert close(inner(gradients, directions), inner(cotangents, expected), case.tolerance)


@derivatives
def test_second_order(case: Case) -> None:
    if not case.second:
        return
    function, xs = run(case)
    outputs, _ = vjp(function, *xs)
    cotangents = tuple(random_like(y, 6) for y in outputs)
    directions = [random_like(np.asarray(x), 7) for x in xs]

    def gradients(*args: Any) -> Any:
        return vjp(function, *args)[1](cotangents)

    def pushed(*args: Any) -> Any:
        return jvp(function, args, tuple(directions))[1]

    weights = [random_like(np.asarray(x), 8) for x in xs]
    expected = inner(weights, directional(gradients, xs, directions))
    forward_over_reverse = jvp(gradients, tuple(xs), tuple(directions))[1]
    assert close(inner(weights, forward_over_reverse), expected, case.tolerance)
    outs, pullback = vjp(gradients, *xs)
    reverse_over_reverse = pullback(
        tuple(np.asarray(w).astype(o.dtype) for w, o in zip(weights, outs))
    )
    assert close(inner(reverse_over_reverse, directions), expected, case.tolerance)
    outs, pullback = vjp(pushed, *xs)
    reverse_over_forward = pullback(cotangents)
    along = [random_like(np.asarray(x), 9) for x in xs]
    expected = inner(cotangents, directional(pushed, xs, along))
    assert close(inner(reverse_over_forward, along), expected, case.tolerance)
    forward_over_forward = jvp(pushed, tuple(xs), tuple(along))[1]
    assert close(inner(cotangents, forward_over_forward), expected, case.tolerance)


def batches(case: Case) -> Any:
    """Yield each non-empty subset of batched arguments, as flags."""
    for flags in itertools.product((False, True), repeat=len(case.args)):
        if any(flags):
            yield flags


def batch_of(x: Any, own: bool) -> Any:
    """Return three variants of x along a new first axis, or x itself."""
    x = np.asarray(x)
    if not own:
        return x
    if x.dtype.kind in "fc":
        return np.stack([x, x * 1.01, x * 0.99]).astype(x.dtype)
    return np.stack([x, x, x])


@cases
def test_vmap(case: Case) -> None:
    if not case.vmap:
        return
    for flags in batches(case):
        args = [batch_of(x, own) for x, own in zip(case.args, flags, strict=True)]
        axes = tuple(0 if own else None for own in flags)
        given = outputs_of(vmap(case.function, in_axes=axes)(*args))
        rows = [
            outputs_of(case.function(*[x[i] if own else x for x, own in zip(args, flags)]))
            for i in range(3)
        ]
        for position, ours in enumerate(given):
            theirs = np.stack([np.asarray(row[position]) for row in rows])
            assert ours.dtype == theirs.dtype
            np.testing.assert_allclose(np.asarray(ours), theirs, rtol=1e-12, atol=1e-12)


@derivatives
def test_vmap_of_gradient_and_gradient_of_vmap(case: Case) -> None:
    if not case.vmap:
        return
    function, xs = run(case)
    outputs, _ = vjp(function, *xs)
    cotangents = tuple(random_like(y, 10) for y in outputs)

    def gradients(*args: Any) -> Any:
        return vjp(function, *args)[1](cotangents)

    batched = [batch_of(x, True) for x in xs]
    rows = [gradients(*[x[i] for x in batched]) for i in range(3)]
    per_row = vmap(gradients)(*batched)
    _, pullback = vjp(vmap(function), *batched)
    together = pullback(tuple(np.stack([c] * 3) for c in cotangents))
    for position in range(len(xs)):
        theirs = np.stack([np.asarray(row[position]) for row in rows])
        np.testing.assert_allclose(np.asarray(per_row[position]), theirs, rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(np.asarray(together[position]), theirs, rtol=1e-9, atol=1e-11)
