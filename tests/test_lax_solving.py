"""Solvers with exact derivatives: custom_root and custom_linear_solve."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors, lax

RANDOM = np.random.default_rng(0)
MATRIX = RANDOM.normal(size=(3, 3)) + 4 * np.eye(3)
VECTOR = RANDOM.normal(size=3)
MATRICES = np.stack([MATRIX, MATRIX.T + 0.5])
VECTORS = np.stack([VECTOR, VECTOR**2])


def close(one, other, tolerance=1e-9):
    leaves, structure = fg.tree.flatten(one)
    for a, b in zip(leaves, structure.flatten_up_to(other), strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), tolerance, tolerance)


def second(f):
    """Reverse mode twice."""
    return lambda a, b: fg.grad(
        lambda a, b: sum(g.sum() for g in fg.grad(f, argnums=(0, 1))(a, b)), argnums=(0, 1)
    )(a, b)


TRANSFORMS = {
    "value": lambda f: f(MATRIX, VECTOR),
    "grad": lambda f: fg.grad(f, argnums=(0, 1))(MATRIX, VECTOR),
    "jvp": lambda f: fg.jvp(f, (MATRIX, VECTOR), (MATRIX**2, VECTOR**2)),
    "grad grad": lambda f: second(f)(MATRIX, VECTOR),
    "jvp grad": lambda f: fg.jvp(fg.grad(f), (MATRIX, VECTOR), (MATRIX, VECTOR)),
    "grad jvp": lambda f: fg.grad(lambda b: fg.jvp(f, (MATRIX, b), (MATRIX, VECTOR))[1])(VECTOR),
    "hessian": lambda f: fg.hessian(f, argnums=(0, 1))(MATRIX, VECTOR),
    "third": lambda f: fg.jacfwd(fg.hessian(f, 1), 1)(MATRIX, VECTOR),
    "vmap": lambda f: fg.vmap(f)(MATRICES, VECTORS),
    "vmap grad": lambda f: fg.vmap(fg.grad(f, argnums=(0, 1)))(MATRICES, VECTORS),
    "vmap grad of a": lambda f: fg.vmap(fg.grad(f, argnums=(0, 1)), (0, None))(MATRICES, VECTOR),
    "vmap grad of b": lambda f: fg.vmap(fg.grad(f, argnums=(0, 1)), (None, 0))(MATRIX, VECTORS),
    "grad vmap": lambda f: fg.grad(lambda a, b: fg.vmap(f)(a, b).sum(), argnums=(0, 1))(
        MATRICES, VECTORS
    ),
    "grad vmap of b": lambda f: fg.grad(
        lambda a, b: fg.vmap(f, (None, 0))(a, b).sum(), argnums=(0, 1)
    )(MATRIX, VECTORS),
    "jvp vmap": lambda f: fg.jvp(fg.vmap(f), (MATRICES, VECTORS), (MATRICES, VECTORS)),
    "grad grad vmap": lambda f: second(lambda a, b: fg.vmap(f)(a, b).sum())(MATRICES, VECTORS),
    "jvp grad vmap": lambda f: fg.jvp(
        fg.grad(lambda a: fg.vmap(f)(a, VECTORS).sum()), (MATRICES,), (MATRICES,)
    ),
    "vmap vmap": lambda f: fg.vmap(fg.vmap(fg.grad(f), (None, 0)), (0, None))(MATRICES, VECTORS),
    "vmap hessian": lambda f: fg.vmap(fg.hessian(f, 1))(MATRICES, VECTORS),
    "grad checkpoint": lambda f: fg.grad(fg.checkpoint(f), argnums=(0, 1))(MATRIX, VECTOR),
}
every_transform = pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)

# --- linear systems ------------------------------------------------------------------------------


def dense(multiply, b):
    return fnp.linalg.solve(fg.jacobian(multiply)(b), b)


def direct(a, b):
    return fnp.sum(fnp.sin(fnp.linalg.solve(a, b)))


def by_product(a, b):
    """The solver knows the matrix by its product only."""
    return fnp.sum(fnp.sin(lax.custom_linear_solve(lambda x: a @ x, b, dense, dense)))


def by_closure(a, b):
    """The solvers close over the matrix."""
    x = lax.custom_linear_solve(
        lambda x: a @ x,
        b,
        lambda _, b: fnp.linalg.solve(a, b),
        partial(lambda matrix, _, b: fnp.linalg.solve(matrix["a"].T, b), {"a": a}),
    )
    return fnp.sum(fnp.sin(x))


@every_transform
@pytest.mark.parametrize("function", [by_product, by_closure])
def test_linear_systems(function, transform):
    close(transform(function), transform(direct))


def test_symmetric_systems_by_iteration():
    def jacobi(multiply, b):
        x = fnp.zeros_like(b)
        while True:
            residual = b - multiply(x)
            if fnp.max(abs(residual)) < 1e-13:
                return x
            x = x + residual / 6

    def solution(a, b):
        a = (a + a.T) / 2
        return fnp.sum(fnp.sin(lax.custom_linear_solve(lambda x: a @ x, b, jacobi, symmetric=True)))

    def expected(a, b):
        return direct((a + a.T) / 2, b)

    for name in ("grad", "grad grad", "hessian", "vmap grad", "grad vmap", "jvp vmap"):
        close(TRANSFORMS[name](solution), TRANSFORMS[name](expected), 1e-8)


def test_forward_mode_needs_no_transposed_solver():
    def f(a, b):
        return fnp.sum(lax.custom_linear_solve(lambda x: a @ x, b, dense))

    def expected(a, b):
        return fnp.sum(fnp.linalg.solve(a, b))

    for name in ("jvp", "jvp vmap"):
        close(TRANSFORMS[name](f), TRANSFORMS[name](expected))
    close(fg.jacfwd(fg.jacfwd(f))(MATRIX, VECTOR), fg.hessian(expected)(MATRIX, VECTOR))
    with pytest.raises(errors.TransposeSolveError, match="pass transpose_solve="):
        fg.grad(f)(MATRIX, VECTOR)


def test_systems_of_trees_with_auxiliary_values():
    def multiply(a, x):
        return {
            "u": a[:2, :2] @ x["u"] + a[:2, 2] * x["v"],
            "v": a[2, :2] @ x["u"] + a[2, 2] * x["v"],
        }

    def solve(product, b):
        flat = lambda x: fnp.append(x["u"], x["v"])  # noqa: E731
        tree = lambda x: {"u": x[:2], "v": x[2]}  # noqa: E731
        x = dense(lambda x: flat(product(tree(x))), flat(b))
        return tree(x), "steps"

    def f(a, b):
        b = {"v": b[2], "u": b[:2]}
        x, aux = lax.custom_linear_solve(lambda x: multiply(a, x), b, solve, solve, has_aux=True)
        assert aux == "steps"
        return fnp.sum(fnp.sin(x["u"])) + fnp.sin(x["v"])

    for name in ("value", "grad", "hessian", "vmap grad", "grad vmap"):
        close(TRANSFORMS[name](f), TRANSFORMS[name](direct))


def test_complex_systems():
    a, b = MATRIX + 1j * MATRIX.T, VECTOR + 2j

    def f(solve):
        return lambda a, b: fnp.sum(abs(solve(a, b)) ** 2)

    def custom(a, b):
        return lax.custom_linear_solve(
            lambda x: a @ x,
            b,
            lambda _, b: np.linalg.solve(a, b),
            lambda _, b: np.linalg.solve(a.T, b),
        )

    given = fg.grad(f(custom), argnums=(0, 1))(a, b)
    close(given, fg.grad(f(fnp.linalg.solve), argnums=(0, 1))(a, b))


def test_solvers_are_frozen_when_they_are_given():
    """The variables that they close over have other values when the way back comes to them."""

    def f(b):
        x = b
        for step in range(3):
            matrix = MATRIX + step * np.eye(3)
            x = lax.custom_linear_solve(
                lambda x: matrix @ x,  # noqa: B023
                x,
                lambda _, b: np.linalg.solve(matrix, b),  # noqa: B023
                lambda _, b: np.linalg.solve(matrix.T, b),  # noqa: B023
            )
        matrix[:] = 0.0
        return fnp.sum(x)

    def expected(b):
        for step in range(3):
            b = fnp.linalg.solve(MATRIX + step * np.eye(3), b)
        return fnp.sum(b)

    close(fg.grad(f)(VECTOR), fg.grad(expected)(VECTOR))


def test_other_libraries_may_solve():
    def solve(multiply, b):
        assert type(np.asarray(b)) is np.ndarray
        columns = [np.asarray(multiply(row)) for row in np.eye(3)]
        return np.linalg.solve(np.stack(columns, 1), np.asarray(b))

    def f(a, b):
        return fnp.sum(fnp.sin(lax.custom_linear_solve(lambda x: a @ x, b, solve, solve)))

    for name in ("grad", "grad grad", "jvp grad"):
        close(TRANSFORMS[name](f), TRANSFORMS[name](direct))


@fg.tree_util.register_dataclass
@dataclass
class System:
    matrix: Any

    def multiply(self, x):
        return self.matrix @ x

    def solve(self, _, b):
        return fnp.linalg.solve(self.matrix, b)


def by_methods(a, b):
    system, transposed = System(a), System(a.T)
    x = lax.custom_linear_solve(system.multiply, b, system.solve, transposed.solve)
    return fnp.sum(fnp.sin(x))


def by_defaults(a, b):
    def recursive(_, b, *, a=a, depth=2):
        return recursive(_, b, a=a, depth=depth - 1) if depth else fnp.linalg.solve(a, b)

    x = lax.custom_linear_solve(
        lambda x, a=a: a @ x, b, recursive, lambda _, b, a=a: fnp.linalg.solve(a.T, b)
    )
    return fnp.sum(fnp.sin(x))


@pytest.mark.parametrize("function", [by_methods, by_defaults])
@pytest.mark.parametrize("name", ["grad", "grad grad", "vmap grad", "grad vmap", "jvp vmap"])
def test_where_traced_values_are_found(function, name):
    close(TRANSFORMS[name](function), TRANSFORMS[name](direct))


class Anything:
    matrix = None


def test_traced_values_that_are_not_found_are_errors():
    place = Anything()

    def f(a, b):
        place.matrix = a
        x = lax.custom_linear_solve(
            lambda x: place.matrix @ x,
            b,
            lambda _, b: fnp.linalg.solve(place.matrix, b),
            lambda _, b: fnp.linalg.solve(place.matrix.T, b),
        )
        return fnp.sum(fnp.sin(x))

    close(TRANSFORMS["jvp"](f), TRANSFORMS["jvp"](direct))
    with pytest.raises(errors.EscapedTracerError):
        TRANSFORMS["grad"](f)
    with pytest.raises(errors.CapturedTracerError):
        TRANSFORMS["jvp vmap"](f)


def test_integers_and_nothing_to_solve():
    f = lambda a, b: lax.custom_linear_solve(lambda x: a * x, b, lambda _, b: b / a, symmetric=True)  # noqa: E731
    gradient = fg.grad(lambda a: f(a, np.array([1, 2])).sum())(2.0)
    assert float(gradient) == -0.75
    assert fg.grad(lambda b: f(2.0, b).sum())(fnp.zeros(0)).shape == (0,)
    half = fg.grad(lambda a: f(a, np.ones(2, np.float32)).sum())(np.float32(2))
    assert half.dtype == np.float32


def test_what_is_wrong_with_a_system_is_said():
    with pytest.raises(errors.SolverError, match=r"the result of <lambda> is float64\[\]"):
        lax.custom_linear_solve(lambda x: x.sum(), VECTOR, dense)
    with pytest.raises(errors.SolverError, match=r"the solution is float64\[1\]"):
        lax.custom_linear_solve(lambda x: 2 * x, VECTOR, lambda _, b: b[:1])
    with pytest.raises(errors.SolverError, match="trees do not match at the solution"):
        lax.custom_linear_solve(lambda x: x, (VECTOR,), lambda _, b: {"x": b})
    with pytest.raises(errors.AuxError):
        lax.custom_linear_solve(lambda x: 2 * x, VECTOR, lambda _, b: b / 2, has_aux=True)


# --- roots ---------------------------------------------------------------------------------------


def newton(f, x):
    for _ in range(100):
        step = f(x) / fg.grad(f)(x)
        if abs(step) < 1e-13:
            break
        x = x - step
    return x


def divide(g, y):
    return y / g(1.0)


def cube_root(a):
    return lax.custom_root(lambda x: x**3 - a, 1.0, newton, divide)


def test_roots_of_numbers():
    a = 8.0
    assert float(cube_root(a)) == pytest.approx(2.0)
    derivatives = [1 / 12, -2 / 9 * a ** (-5 / 3), 10 / 27 * a ** (-8 / 3)]
    f = cube_root
    for expected in derivatives:
        f = fg.grad(f)
        assert float(f(a)) == pytest.approx(expected)
    f = cube_root
    for expected in derivatives:
        f = fg.jacfwd(f)
        assert float(f(a)) == pytest.approx(expected)


def test_roots_under_vmap_by_pythons_control_flow():
    a = fnp.array([1.0, 8.0, 1e6, 27.0])
    first, other = a ** (-2 / 3) / 3, -2 / 9 * a ** (-5 / 3)
    total = lambda a: fg.vmap(cube_root)(a).sum()  # noqa: E731
    close(fg.vmap(cube_root)(a), np.cbrt(a))
    close(fg.vmap(fg.grad(cube_root))(a), first)
    close(fg.grad(total)(a), first)
    close(fg.vmap(fg.grad(fg.grad(cube_root)))(a), other)
    close(fg.grad(lambda a: fg.grad(total)(a).sum())(a), other)
    close(fg.jvp(fg.vmap(cube_root), (a,), (fnp.ones(4),))[1], first)
    close(fg.hessian(total)(a), np.diag(other))


def vector_newton(f, x):
    while True:
        residual = f(x)
        if fnp.max(abs(residual)) < 1e-13:
            return x
        x = x - fnp.linalg.solve(fg.jacobian(f)(x), residual)


def through_root(a, b):
    """The root of a x + x**3 = a s + s**3, which is s, a function of a and b."""
    s = fnp.sin(b) + a[0] / 10
    x = lax.custom_root(lambda x: a @ x + x**3 - (a @ s + s**3), fnp.zeros(3), vector_newton, dense)
    return fnp.sum(x**2 * a[1])


def around_root(a, b):
    s = fnp.sin(b) + a[0] / 10
    return fnp.sum(s**2 * a[1])


@every_transform
def test_roots_of_vectors(transform):
    close(transform(through_root), transform(around_root), 1e-7)


def test_roots_of_trees_with_auxiliary_values():
    def f(a, b):
        def equations(t):
            return {"x": t["x"] + t["y"] - a, "y": t["x"] - t["y"] - b}

        def solve(f, start):
            assert float(f(start)["x"]) == -float(fg.stop_gradient(a))
            x = (a + b) / 2
            return {"x": x, "y": a - x}, {"steps": 1, "x": x}

        def tangent_solve(g, y):
            rows = [g({"x": 1.0, "y": 0.0}), g({"x": 0.0, "y": 1.0})]
            matrix = fnp.array([[row[key] for row in rows] for key in ("x", "y")])
            x = fnp.linalg.solve(matrix, fnp.stack([y["x"], y["y"]]))
            return {"y": x[1], "x": x[0]}

        t, aux = lax.custom_root(equations, {"x": 0, "y": 0.0}, solve, tangent_solve, has_aux=True)
        assert aux["steps"] == 1
        return t["x"] * t["y"], aux["x"]

    (gradient, aux) = fg.grad(f, argnums=(0, 1), has_aux=True)(3.0, 1.0)
    close(gradient, (1.5, -0.5))  # of (a + b) (a - b) / 4
    assert float(aux) == 2.0
    close(fg.hessian(lambda a: f(a, 1.0)[0])(3.0), 0.5)


def test_minima_are_roots_of_gradients():
    def argmin(b):
        loss = lambda x: fnp.sum((x - b) ** 2) / 2 + fnp.sum(x**2)  # noqa: E731
        return lax.custom_root(fg.grad(loss), fnp.zeros(3), vector_newton, dense)

    close(argmin(VECTOR), VECTOR / 3)
    close(fg.jacobian(argmin)(VECTOR), np.eye(3) / 3)
    close(fg.jacfwd(argmin)(VECTOR), np.eye(3) / 3)


def test_the_solver_sees_plain_values_and_runs_once():
    runs = []

    def solve(f, x):
        runs.append(type(f(x)))
        return math.sqrt(-float(f(x)))

    root = lambda a: lax.custom_root(lambda x: x**2 - a, 0.0, solve, divide)  # noqa: E731
    assert float(fg.grad(fg.grad(root))(9.0)) == pytest.approx(-0.25 * 9**-1.5)
    assert runs == [fg.Array]


def test_a_root_that_depends_on_nothing():
    root = lax.custom_root(lambda x: x**2 - 4.0, 1.0, newton, divide)
    assert float(root) == pytest.approx(2.0)
    gradient = fg.grad(lambda a: a * lax.custom_root(lambda x: x - 4.0, a, newton, divide))(3.0)
    assert float(gradient) == 4.0
    only = lambda a: lax.custom_root(lambda x: (x[0] - a, x[1] - 1.0), (0.0, 0.0), both, each)  # noqa: E731
    both = lambda f, x: (-f(x)[0], -f(x)[1])  # noqa: E731
    each = lambda g, y: y  # noqa: E731
    assert float(fg.grad(lambda a: only(a)[0])(2.0)) == 1.0


def test_roots_inside_branches_and_loops():
    a = fnp.array([1.0, 8.0, 1e6])
    branch = lambda a: lax.cond(a > 5, cube_root, lambda a: a * a, a)  # noqa: E731
    expected = np.where(a > 5, a ** (-2 / 3) / 3, 2 * a)
    close(fg.vmap(fg.grad(branch))(a), expected)
    close(fg.grad(lambda a: fg.vmap(branch)(a).sum())(a), expected)

    def chain(root, checkpoint=None):
        def f(a):
            return lax.scan(lambda c, x: (root(c + x), c), a, fnp.ones(3), checkpoint=checkpoint)[0]

        return f

    for checkpoint in (None, True):
        f = chain(cube_root, checkpoint)
        close(fg.grad(f)(4.0), fg.grad(chain(fnp.cbrt))(4.0))
        close(fg.grad(fg.grad(f))(4.0), fg.grad(fg.grad(chain(fnp.cbrt)))(4.0))


def test_what_is_wrong_with_a_root_is_said():
    with pytest.raises(errors.SolverError, match=r"the solution is float64\[2\]"):
        lax.custom_root(lambda x: x, 0.0, lambda f, x: np.zeros(2), divide)
    with pytest.raises(errors.SolverError, match=r"the result of <lambda> is float64\[2\]"):
        lax.custom_root(lambda x: fnp.stack([x, x]), 0.0, lambda f, x: x, divide)
    with pytest.raises(errors.SolverError, match="the solution"):
        fg.grad(lambda a: lax.custom_root(lambda x: x - a, 0.0, newton, lambda g, y: fnp.ones(3)))(
            1.0
        )
