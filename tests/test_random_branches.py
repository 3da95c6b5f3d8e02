"""Random programs with branches and loops, in batches and under derivatives, against Python loops.

Each program is written as source, so that a failure can be read and run.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad.lax import cond, switch, while_loop

SIZE = 5  # examples


class Writer:
    """Writes a function ``f(x, w)`` of a number and a vector of two."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines = ["def f(x, w):", "    a, b = x * w[0], fnp.sin(x) + w[1]"]
        self.block(1, 2)
        self.lines.append("    return a * 0.6 + b * x")

    def expression(self) -> str:
        x = self.random.choice(["a", "b", "x"])
        y = self.random.choice(["a", "b", "x", "w[0]", "w[1]", "0.5"])
        return self.random.choice(
            [
                f"{x} * 0.7 + {y}",
                f"fnp.sin({x}) * {y}",
                f"fnp.tanh({x} - {y})",
                f"fnp.exp(-({x} ** 2)) + {y} * 0.1",
                f"{x} / (1.5 + fnp.cos({y}))",
            ]
        )

    def predicate(self) -> str:
        left = self.random.choice(["a", "b", "x"])
        return f"{left} > {self.random.choice(['0.1', 'b * 0.3', '-0.2', 'w[1]', 'x'])}"

    def block(self, indent: int, depth: int) -> None:
        for _ in range(self.random.randint(1, 3)):
            kinds = [self.assign]
            if depth:
                kinds += [self.assign, self.branch, self.loop, self.decide, self.structured]
                kinds += [self.transform]
            self.random.choice(kinds)(indent, depth)

    def add(self, indent: int, *lines: str) -> None:
        self.lines.extend("    " * indent + line for line in lines)

    def target(self) -> str:
        return self.random.choice(["a", "b"])

    def assign(self, indent: int, depth: int) -> None:
        self.add(indent, f"{self.target()} = {self.expression()}")

    def branch(self, indent: int, depth: int) -> None:
        self.add(indent, f"if {self.predicate()}:")
        self.block(indent + 1, depth - 1)
        self.add(indent, "else:")
        self.block(indent + 1, depth - 1)

    def loop(self, indent: int, depth: int) -> None:
        t = self.target()
        self.add(
            indent,
            "steps = 0",
            f"while {t} < 1.0 and steps < 4:",
            f"    {t}, steps = {t} + 0.3 + 0.1 * fnp.cos(x), steps + 1",
        )

    def decide(self, indent: int, depth: int) -> None:
        t = self.target()
        bound = self.random.choice(["0.0", "a", "0.3"])
        self.add(
            indent,
            self.random.choice(
                [
                    f"{t} = max(min(a, b * 0.9 + 0.01), -2.0) * 0.8",
                    f"{t} = {t} * (1 + int(abs(x) * 2)) * 0.5",
                    f"v = fnp.stack([a, b, x]); {t} = 0.5 * fnp.sum(v[v > {bound}]) + 0.1 * {t}",
                ]
            ),
        )

    def structured(self, indent: int, depth: int) -> None:
        t, branches = self.target(), ", ".join(f"lambda a, b: {self.expression()}" for _ in "123")
        first, second, _ = branches.split(", lambda")
        self.add(
            indent,
            self.random.choice(
                [
                    f"{t} = cond({self.predicate()}, {first}, lambda{second}, a, b)",
                    f"{t} = switch(fnp.floor({t} * 2).astype(int) % 3, [{branches}], a, b)",
                    f"{t} = while_loop(lambda s: s[0] < 1.2 * abs(x), lambda s: (s[0] + 0.4 + "
                    f"0.05 * fnp.sin(x) ** 2, s[1] * 0.8 + w[0] * 0.1), ({t} * 0.0, {t}))[1]",
                ]
            ),
        )

    def transform(self, indent: int, depth: int) -> None:
        t = self.target()
        one, other = self.expression(), self.expression()
        self.add(
            indent,
            self.random.choice(
                [
                    f"{t} = fg.checkpoint(lambda a, b: {one} if {self.predicate()} else {other})"
                    "(a, b)",
                    f"{t} = 0.3 * fg.vmap(lambda q: q * a if q > b else q + b * 0.2)"
                    "(fnp.array([0.1, -0.4, 0.9])).sum()",
                    f"{t} = fg.grad(lambda a: {one})(a) * 0.5 + b * 0.1",
                ]
            ),
        )


def compositions(f: Any, x: Any, w: Any) -> dict[str, tuple[Callable[[], Any], str]]:
    """Ways to the values and derivatives of all examples at once, and which these are."""
    ones = np.ones(SIZE)

    def rows(g: Any) -> Any:
        return fg.vmap(g, in_axes=(0, None))

    def twice(g: Any) -> Any:
        return fg.vmap(lambda w: rows(g)(x, w))(np.stack([w, w]))[1]

    return {
        "vmap": (lambda: rows(f)(x, w), "value"),
        "vmap grad": (lambda: rows(fg.grad(f))(x, w), "slope"),
        "vmap grad w": (lambda: rows(fg.grad(f, 1))(x, w), "slope in w"),
        "grad vmap": (lambda: fg.grad(lambda x: rows(f)(x, w).sum())(x), "slope"),
        "grad vmap w": (lambda: fg.grad(lambda w: rows(f)(x, w).sum())(w), "sum in w"),
        "vmap jvp": (
            lambda: fg.vmap(lambda x: fg.jvp(lambda x: f(x, w), (x,), (1.0,))[1])(x),
            "slope",
        ),
        "jvp vmap": (lambda: fg.jvp(lambda x: rows(f)(x, w), (x,), (ones,))[1], "slope"),
        "linearize vmap": (lambda: fg.linearize(lambda x: rows(f)(x, w), x)[1](ones), "slope"),
        "vmap grad grad": (lambda: rows(fg.grad(fg.grad(f)))(x, w), "second"),
        "grad vmap grad": (lambda: fg.grad(lambda x: rows(fg.grad(f))(x, w).sum())(x), "second"),
        "vmap jvp grad": (
            lambda: fg.vmap(lambda x: fg.jvp(lambda x: fg.grad(f)(x, w), (x,), (1.0,))[1])(x),
            "second",
        ),
        "grad checkpoint vmap": (
            lambda: fg.grad(fg.checkpoint(lambda x: rows(f)(x, w).sum()))(fnp.array(x)),
            "slope",
        ),
        "vmap vmap": (lambda: twice(f), "value"),
        "vmap vmap grad": (lambda: twice(fg.grad(f)), "slope"),
    }


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_batch_is_a_loop(seed: int) -> None:
    source = "\n".join(Writer(seed).lines)
    names: dict[str, Any] = {
        "fg": fg, "fnp": fnp, "cond": cond, "switch": switch, "while_loop": while_loop
    }  # fmt: skip
    exec(source, names)
    f = names["f"]
    rng = np.random.default_rng(seed)
    x, w = rng.normal(size=SIZE), rng.normal(size=2)
    by_w = np.array([np.asarray(fg.grad(f, 1)(each, w)) for each in x])
    expected = {
        "value": np.array([float(f(fnp.array(each), fnp.array(w))) for each in x]),
        "slope": np.array([float(fg.grad(f)(each, w)) for each in x]),
        "slope in w": by_w,
        "sum in w": by_w.sum(0),
        "second": np.array([float(fg.grad(fg.grad(f))(each, w)) for each in x]),
    }
    for name, (compute, which) in compositions(f, x, w).items():
        scale = 1 + np.abs(expected[which]).max()
        np.testing.assert_allclose(
            np.asarray(compute()) / scale,
            expected[which] / scale,
            rtol=0,
            atol=1e-9,
            err_msg=f"{name}\n{source}",
        )
