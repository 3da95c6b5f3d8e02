"""Words of transforms: every pair over all programs, and triples, also inside of a fourth."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import lax
from tests.nesting import ALL_LETTERS, LETTERS, PROGRAMS, spell

ELEMENTWISE = [name for name, program in PROGRAMS.items() if program.elementwise]
VECTOR = np.array([0.7, -0.4, 1.9])


def failures(words: Iterable[tuple[str, ...]], program: str, x: Any, highest: int = 6) -> str:
    """Return a line for each word whose result at a point is not the derivative.

    Words of a higher order are left out.
    """
    with np.errstate(all="ignore"):  # about warnings there is a test of its own
        return "\n".join(complaints(words, program, x, highest))


def complaints(
    words: Iterable[tuple[str, ...]], program: str, x: Any, highest: int
) -> Iterator[str]:
    for word in words:
        function, order = spell(word, PROGRAMS[program].function)
        if order > highest:
            continue
        wanted = np.vectorize(lambda each, k=order: PROGRAMS[program].exact(k, each))(x)
        try:
            found = np.asarray(function(x))  # raises if a tracer came out
            wrong = found.shape != wanted.shape or found.dtype != np.float64
            if wrong or not np.allclose(found, wanted, rtol=1e-7, atol=1e-7):
                yield f"{' of '.join(word)} at {x}: {found!r} is not {wanted!r}"
        except Exception as error:
            yield f"{' of '.join(word)} at {x}: {type(error).__name__}: {error}"


@pytest.mark.parametrize("program", PROGRAMS)
def test_single_letters(program: str) -> None:
    words = [(name,) for name in ALL_LETTERS]
    for x in VECTOR.tolist():
        assert failures(words, program, x) == ""


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("first", ALL_LETTERS)
def test_pairs(first: str, program: str) -> None:
    assert failures(itertools.product([first], ALL_LETTERS), program, 0.7) == ""


@pytest.mark.parametrize("program", ELEMENTWISE)
@pytest.mark.parametrize("first", ALL_LETTERS)
def test_pairs_over_an_array(first: str, program: str) -> None:
    # The Jacobian of a Jacobian is large, and tested otherwise.
    assert failures(itertools.product([first], ALL_LETTERS), program, VECTOR, highest=3) == ""


def test_derivatives_do_not_warn() -> None:
    """Where the values are tame, infinite derivatives on the way are nobody's concern."""
    words = itertools.product(ALL_LETTERS, repeat=2)
    assert "\n".join(complaints(words, "masked", VECTOR, highest=2)) == ""


@pytest.mark.parametrize(("program", "highest"), [("sine", 6), ("logistic", 4)])
@pytest.mark.parametrize("first", LETTERS)
def test_triples(first: str, program: str, highest: int) -> None:
    words = itertools.product([first], LETTERS, LETTERS)
    assert failures(words, program, 0.7, highest) == ""


# What only a transform further out sees: a checkpoint is one for a tape, for instance.
@pytest.mark.parametrize(
    ("outermost", "program"), [("grad", "saving"), ("jvp", "outer"), ("vmap", "sine")]
)
@pytest.mark.parametrize("first", LETTERS)
def test_triples_inside_of_another(first: str, outermost: str, program: str) -> None:
    words = itertools.product([outermost], [first], LETTERS, LETTERS)
    assert failures(words, program, -0.4, highest=3) == ""


@pytest.mark.parametrize(
    "word",
    [
        ("grad",) * 6,
        ("jvp",) * 6,
        ("vjp", "jvp") * 3,
        ("hessian",) * 3,
        ("jacfwd", "jacrev") * 3,
        ("vmap", "grad") * 4,
        ("grad", "checkpoint") * 4,
        ("linearize", "vmap") * 3,
        ("function", "grad", "vmap", "checkpoint", "jvp"),
        ("custom_vjp", "vmap", "custom_jvp", "function", "grad"),
        ("grad", "vmap", "checkpoint", "vmap", "checkpoint", "grad"),
        ("jvp", "scan_in_segments", "vmap", "scan", "grad", "custom_vjp"),
        ("vmap", "grad", "while_loop", "vmap", "cond", "grad"),
    ],
    ids=" ".join,
)
def test_long_words(word: tuple[str, ...]) -> None:
    assert failures([word], "sine", 0.7) == ""
    assert failures([word], "logistic", -0.4) == ""


def test_a_structured_branch_after_one_of_python() -> None:
    """What was computed for all examples is narrowed twice, each time by another criterion."""

    def f(x: Any) -> Any:
        before = fnp.sin(x)
        y = before + x if x > 0 else before - x
        closed = lax.cond(abs(x) > 2, lambda: before * y, lambda: before + y)
        given = lax.cond(x * x < 2, lambda a, b: a * b * b, lambda a, b: a - b, before, closed)
        return lax.while_loop(lambda s: abs(s) < abs(before), lambda s: s * 2 + before, given)

    xs = np.array([-1.0, 1.0, 3.0, -2.5, 5.0, -0.3, 1.7, -7.0])
    letters = ("jvp", "grad", "jacrev", "linearize", "checkpoint", "vmap")
    for word in [(), *itertools.product(letters), *itertools.product(letters, repeat=2)]:
        function, _ = spell(word, f)
        one_by_one = [float(np.asarray(function(x))) for x in xs]
        assert np.allclose(fg.vmap(function)(xs), one_by_one), word
        if "vmap" not in word:
            every, _ = spell(word, fg.vmap(f))
            assert np.allclose(every(xs), one_by_one), word
