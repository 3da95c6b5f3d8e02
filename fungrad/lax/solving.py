"""Solvers with exact derivatives: `custom_root` and `custom_linear_solve`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fungrad import tree
from fungrad.array import unwrap
from fungrad.lax.closures import rebind
from fungrad.lax.implicit import (
    Linear,
    Root,
    Solver,
    Symmetric,
    capture,
    freeze_all,
    read_solution,
    solution,
    stopped,
)
from fungrad.numpy.common import as_array, lift
from fungrad.trace import Tracer
from fungrad.transforms.call import name_of, split_aux
from fungrad.transforms.stop import stop_gradient


def custom_root(
    f: Callable[[Any], Any],
    initial_guess: Any,
    solve: Callable[[Callable[[Any], Any], Any], Any],
    tangent_solve: Callable[[Callable[[Any], Any], Any], Any],
    has_aux: bool = False,
) -> Any:
    """Return a root of a function, with derivatives from the implicit function theorem.

    `f` closes over the parameters on which the root depends. The solver is not differentiated: it
    runs once, on values without derivatives, whatever it does on its way. Derivatives of every
    order, forward and reverse, come from `f` at the root.

    Parameters
    ----------
    f : callable
        A function whose root is wanted. Returns a tree of the structure and shapes of its argument.
    initial_guess : tree of arrays
        Where the solver starts. The root does not depend on it, as far as derivatives go.
    solve : callable
        ``solve(f, initial_guess)`` returns a root of f. It may use Python's control flow, `float`
        and other libraries; under `vmap` alone what it does is batched.
    tangent_solve : callable
        ``tangent_solve(g, y)`` returns the x with ``g(x) = y`` for a linear function g. It is g for
        the derivative of f in forward mode, and for the transpose of that in reverse mode. For
        numbers ``lambda g, y: y / g(1.0)`` will do, for vectors
        ``lambda g, y: fnp.linalg.solve(fg.jacobian(g)(y), y)``.
    has_aux : bool
        Whether `solve` returns a pair ``(root, auxiliary values)``.

    Returns
    -------
    root : tree of arrays
        Of the structure of `initial_guess`.
    aux : tree
        Only with `has_aux`; without derivatives.

    Raises
    ------
    SolverError
        If `f` or a solver returns another structure or shape than that of `initial_guess`.

    Examples
    --------
    >>> def newton(f, x):
    ...     while abs(f(x)) > 1e-9:
    ...         x = x - f(x) / fg.grad(f)(x)
    ...     return x
    >>> def cube_root(a):
    ...     return fg.lax.custom_root(lambda x: x**3 - a, 1.0, newton, lambda g, y: y / g(1.0))
    >>> cube_root(8.0).round(6)
    Array(2., dtype=float64)
    >>> fg.grad(cube_root)(8.0).round(6)  # 1 / (3 * 2**2)
    Array(0.083333, dtype=float64)
    """
    title = f"custom_root of {name_of(f)}"
    leaves, structure = tree.flatten(initial_guess)
    guess = [stopped(as_array(lift(leaf, title))) for leaf in leaves]
    found = rebind(solve, stop_gradient)(rebind(f, stop_gradient), structure.unflatten(guess))
    found, aux = split_aux(found, title) if has_aux else (found, None)
    x = read_solution(found, structure, guess, title)
    program, inputs = capture(f, x, structure, title)
    if inputs:
        solver = Solver(tangent_solve)
        equation = Root(title, program, structure, len(inputs), solver)
        x = solution(equation, x, inputs, freeze_all([solver]))
    root = structure.unflatten(x)
    return (root, stop_gradient(aux)) if has_aux else root


def custom_linear_solve(
    matvec: Callable[[Any], Any],
    b: Any,
    solve: Callable[[Callable[[Any], Any], Any], Any],
    transpose_solve: Callable[[Callable[[Any], Any], Any], Any] | None = None,
    symmetric: bool = False,
    has_aux: bool = False,
) -> Any:
    """Return the solution of a linear system, with derivatives that solve linear systems.

    `matvec` multiplies by the matrix, and may close over what that depends on. The solver is not
    differentiated: derivatives with respect to `b` and to what `matvec` closes over, of every
    order, are solutions of systems with the same matrix or its transpose.

    Parameters
    ----------
    matvec : callable
        A linear function; returns a tree of the structure and shapes of its argument.
    b : tree of arrays
        The right-hand side.
    solve : callable
        ``solve(matvec, b)`` returns the x with ``matvec(x) = b``. It may use Python's control flow,
        `float` and other libraries; under `vmap` alone what it does is batched.
    transpose_solve : callable, optional
        The same for the transposed matrix, whose product it is given. Only reverse mode needs it.
    symmetric : bool
        Whether the matrix is symmetric; then `solve` serves for the transposed one.
    has_aux : bool
        Whether `solve` and `transpose_solve` return pairs ``(solution, auxiliary values)``.

    Returns
    -------
    x : tree of arrays
        Of the structure of `b`.
    aux : tree
        Only with `has_aux`; without derivatives.

    Raises
    ------
    SolverError
        If `matvec` or a solver returns another structure or shape than that of `b`.
    TransposeSolveError
        In reverse mode, without `transpose_solve` and `symmetric`.

    Examples
    --------
    >>> def solve(matvec, b):  # Jacobi's method
    ...     x = fnp.zeros_like(b)
    ...     for _ in range(100):
    ...         x = x + (b - matvec(x)) / 4
    ...     return x
    >>> def solution(a, b):
    ...     return fg.lax.custom_linear_solve(lambda x: a @ x, b, solve, symmetric=True)
    >>> a, b = fnp.array([[4.0, 1.0], [1.0, 4.0]]), fnp.array([5.0, 5.0])
    >>> solution(a, b).round(6)
    Array([1., 1.], dtype=float64)
    >>> fg.grad(lambda b: solution(a, b)[0])(b).round(6)
    Array([ 0.266667, -0.066667], dtype=float64)
    """
    title = f"custom_linear_solve of {name_of(matvec)}"
    leaves, structure = tree.flatten(b)
    rhs = [as_array(lift(leaf, title)) for leaf in leaves]
    program, values = capture(matvec, [stopped(each) for each in rhs], structure, title)
    solver = Solver(solve, has_aux)
    transpose_solver = None if transpose_solve is None else Solver(transpose_solve, has_aux)
    kind = Symmetric if symmetric else Linear
    equation = kind(
        title,
        lambda x, values: program.run([*map(unwrap, x), *map(unwrap, values)]),
        structure,
        len(values),
        solver,
        transpose_solver,
    )
    x, aux = solver.solve(equation, rhs, values)
    if values or any(isinstance(each, Tracer) for each in rhs):
        extras = freeze_all([solver, transpose_solver])
        x = solution(equation, x, [*rhs, *values], extras)
    result = structure.unflatten(x)
    return (result, aux) if has_aux else result


__all__ = ["custom_linear_solve", "custom_root"]
