"""Sums and exchanges between the examples of a vmap."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors
from fungrad.lax import cond, while_loop
from fungrad.lax.collectives import (
    all_gather,
    axis_index,
    axis_size,
    pmax,
    pmean,
    pmin,
    ppermute,
    psum,
)

X = np.array([1.0, 2.0, -3.0, 0.5])
GRID = np.arange(12.0).reshape(3, 4) + 0.5


def same(given: Any, expected: Any) -> None:
    np.testing.assert_allclose(np.asarray(given), expected, rtol=1e-12, atol=1e-12)


def named(f: Any, name: str = "i") -> Any:
    return fg.vmap(f, axis_name=name)


@pytest.mark.parametrize(
    ("collective", "reduce"), [(psum, np.sum), (pmean, np.mean), (pmax, np.max), (pmin, np.min)]
)
def test_reductions(collective: Any, reduce: Any) -> None:
    same(named(lambda x: collective(x, "i"))(X), np.full(4, reduce(X)))
    same(named(lambda x: x - collective(x, "i"))(GRID), GRID - reduce(GRID, 0))
    tree = named(lambda x: collective({"a": x, "b": (2.0,)}, "i"))(X)
    same(tree["a"], np.full(4, reduce(X)))
    same(tree["b"][0], np.full(4, reduce(np.full(4, 2.0))))
    both = fg.vmap(fg.vmap(lambda x: collective(x, ("i", "j")), axis_name="j"), axis_name="i")
    same(both(GRID), np.full((3, 4), reduce(GRID)))

    def total(x: Any) -> Any:
        return named(lambda x: collective(x * x, "i") * fnp.sin(x))(x).sum()

    def plain(x: Any) -> Any:
        return (reduce(x * x) * np.sin(x)).sum()

    same(fg.grad(total)(X), fg.grad(plain)(X))
    same(fg.jvp(total, (X,), (X,))[1], fg.jvp(plain, (X,), (X,))[1])
    twice = fg.grad(lambda x: (fg.grad(total)(x) ** 2).sum())(X)
    same(twice, fg.grad(lambda x: (fg.grad(plain)(x) ** 2).sum())(X))


def test_a_gradient_inside_is_that_of_the_sum_of_all_examples() -> None:
    """Each example's value depends on all; their gradients are exchanged, too."""

    def f(x: Any) -> Any:
        return psum(x * x, "i") * fnp.sin(x)

    def total(x: Any) -> Any:
        return (np.sum(x * x) * np.sin(x)).sum()

    same(named(fg.grad(f))(X), fg.grad(total)(X))
    same(named(lambda x: fg.jvp(f, (x,), (x,))[1])(X).sum(), fg.jvp(total, (X,), (X,))[1])


def test_sharing_a_value_of_all_examples() -> None:
    same(named(lambda x: psum(1, "i") * x)(X), 4 * X)
    whole = fg.vmap(lambda x: psum(x, "i"), axis_name="i", out_axes=None)(X)
    same(whole, X.sum())


def test_all_gather() -> None:
    same(named(lambda x: all_gather(x, "i"))(X), np.tile(X, (4, 1)))
    given = named(lambda x: all_gather(x, "i", axis=1))(GRID)
    same(given, np.tile(GRID.T, (3, 1, 1)))
    given = named(lambda x: all_gather(x, "i", tiled=True))(GRID)
    same(given, np.tile(GRID.reshape(-1), (3, 1)))
    same(named(fg.grad(lambda x: (all_gather(x, "i") * x).sum()))(X), X.sum() + X.sum())


def test_positions_and_sizes() -> None:
    np.testing.assert_array_equal(named(lambda x: axis_index("i"))(X), np.arange(4))
    given = fg.vmap(
        fg.vmap(lambda x: 10 * axis_index("i") + axis_index("j"), axis_name="j"), axis_name="i"
    )(GRID)
    np.testing.assert_array_equal(given, 10 * np.arange(3)[:, None] + np.arange(4))
    assert named(lambda x: x * axis_size("i"))(X)[1] == 8.0
    sizes = fg.vmap(
        fg.vmap(lambda x: axis_size(("i", "j")), axis_name="j"), axis_name="i", out_axes=0
    )(GRID)
    assert np.all(sizes == 12)


def test_ppermute() -> None:
    ring = [(0, 1), (1, 2), (2, 3), (3, 0)]
    same(named(lambda x: ppermute(x, "i", ring))(X), np.roll(X, 1))
    same(named(lambda x: ppermute(x, "i", [(0, 1), (1, 3)]))(X), [0, 1, 0, 2])
    same(named(fg.grad(lambda x: ppermute(x * x, "i", ring) * axis_index("i")))(X), [2, 8, -18, 0])
    for perm, text in [
        ([(0, 1), (0, 2)], "source twice"),
        ([(0, 1), (2, 1)], "destination twice"),
        ([(0, 4)], "destination that is not there"),
    ]:
        with pytest.raises(ValueError, match=text):
            named(lambda x, perm=perm: ppermute(x, "i", perm))(X)


def test_two_axes_do_not_meet() -> None:
    def f(x: Any) -> Any:
        return psum(x, "i") * psum(x * x, "j") * axis_index("i") + axis_index("j")

    i, j = np.arange(3)[:, None], np.arange(4)
    expected = GRID.sum(0) * (GRID**2).sum(1)[:, None] * i + j
    same(fg.vmap(fg.vmap(f, axis_name="j"), axis_name="i")(GRID), expected)
    other = fg.vmap(fg.vmap(f, axis_name="i", in_axes=0), axis_name="j", in_axes=1, out_axes=1)
    same(other(GRID), expected)

    def total(x: Any) -> Any:
        return (x.sum(0) * (x**2).sum(1)[:, None] * i + j).sum()

    inside = fg.vmap(fg.vmap(fg.grad(f), axis_name="j"), axis_name="i")
    same(inside(GRID), fg.grad(total)(GRID))


def test_an_inner_batch_without_the_name() -> None:
    def f(row: Any) -> Any:
        return fg.vmap(lambda x: psum(x, "i") + x)(row)

    same(named(f)(GRID), GRID.sum(0) + GRID)
    same(named(fg.grad(lambda row: (f(row) ** 2).sum()))(GRID).shape, (3, 4))


def test_in_a_users_function() -> None:
    class Center(fg.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x - pmean(x, "i")

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g - pmean(g, "i")

    same(named(Center.apply)(X), X - X.mean())
    gradient = fg.grad(lambda x: (named(Center.apply)(x) ** 2).sum())(X)
    same(gradient, 2 * (X - X.mean()))


def test_before_and_after_branches() -> None:
    same(named(lambda x: x if psum(x, "i") > 0 else -x)(X), X)

    def before(x: Any) -> Any:
        total = psum(x, "i")
        return total if x > 0 else x

    same(named(before)(X), np.where(X > 0, X.sum(), X))
    with pytest.raises(errors.CollectiveError, match="needs all 4 examples, but only 3"):
        named(lambda x: psum(x, "i") if x > 0 else x)(X)


def test_in_a_branch_on_a_part_of_the_batch() -> None:
    for f in (
        lambda x: cond(x > 0, lambda x: psum(x, "i"), lambda x: x * 0, x),
        lambda x: while_loop(lambda y: y < 1.5, lambda y: y + 1 + psum(y, "i") ** 2, x),
        fg.grad(lambda x: cond(x > 0, lambda x: psum(x * x, "i"), lambda x: x * 0, x)),
    ):
        with pytest.raises(errors.CollectiveError):
            named(f)(X)


def test_names_that_are_not_there() -> None:
    with pytest.raises(errors.AxisNameError, match="no names at all"):
        psum(1.0, "i")
    with pytest.raises(errors.AxisNameError, match="running have 'j'"):
        fg.vmap(lambda x: psum(x, "i"), axis_name="j")(X)
    with pytest.raises(NameError):
        axis_index("i")


def test_the_innermost_axis_of_a_name_counts() -> None:
    given = named(lambda row: named(lambda x: psum(x, "i"))(row))(GRID)
    same(given, np.repeat(GRID.sum(1)[:, None], 4, 1))
    # ... and it is gone afterwards, also after an exception
    with pytest.raises(ZeroDivisionError):
        named(lambda x: 1 / 0)(X)
    with pytest.raises(errors.AxisNameError):
        axis_size("i")
