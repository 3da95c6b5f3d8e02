"""Solutions of equations as operations: their derivatives come from the equation alone.

How a solution x of ``residual(x, inputs) = 0`` was found does not matter. If the inputs change, x
changes so that the residual stays zero, and the change solves a linear equation. So a solver runs
once, on plain values, and every derivative is the solution of a linear equation, which is an
operation of the same kind again: there are derivatives of every order.

Values here are lists of leaves, one layer down or not, as the caller has them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fungrad import tree
from fungrad.array import unwrap
from fungrad.errors import SolverError, TransposeSolveError, TreeMismatchError, describe
from fungrad.function import Function
from fungrad.lax.closures import fill, freeze, rebind
from fungrad.numpy.common import as_array, lift
from fungrad.trace import Tracer
from fungrad.transforms.batch import Batched, BatchTrace, join, spread
from fungrad.transforms.batch import lift as lift_rows
from fungrad.transforms.call import name_of, public, split_aux
from fungrad.transforms.forward import pushforward
from fungrad.transforms.graph import GraphTrace, Program, Stopped, is_own
from fungrad.transforms.rows import Rows
from fungrad.transforms.stop import stop_gradient
from fungrad.transforms.tape import record, zeros

Leaves = list[Any]

# --- the operation -------------------------------------------------------------------------------


class Equation:
    """What a solution solves. The first `count` operands of its operation are the solution."""

    title: str
    count: int
    inputs: int
    """How many operands come behind the solution; those behind them have no derivative."""

    def residual(self, x: Leaves, inputs: Leaves) -> Leaves:
        """Return what is zero at the solution."""
        raise NotImplementedError

    def correct(
        self, rhs: Leaves, x: Leaves, inputs: Leaves, extras: Leaves, transposed: bool
    ) -> Leaves:
        """Solve the equation's linear form at x, or its transpose, for a right-hand side."""
        raise NotImplementedError


class Solution(Function):
    """A solution, which is known, with its derivatives.

    The operands are the solution as it was found, the inputs of the equation, and further values
    that solvers close over, which have no derivative.
    """

    trusted = True

    @classmethod
    def call(cls, *values: Any, equation: Equation) -> Any:
        if any(map(_is_derived, values)):
            return tuple(map(unwrap, cls.apply(*values, equation=equation)))
        return tuple(values[: equation.count])

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        z = cls.call(*values, **params)
        return z, (z, values, params["equation"])

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        z, values, equation = notes
        first, last = equation.count, equation.count + equation.inputs
        inputs, extras = values[first:last], values[last:]
        wanted = [place for place, parent in enumerate(parents[first:last]) if parent >= 0]
        results: list[Any] = [None] * len(values)
        if not wanted:
            return results
        w = equation.correct(list(gradient), list(z), inputs, extras, True)

        def residual(*tracers: Any) -> tuple[Any, None]:
            given = list(inputs)
            for place, tracer in zip(wanted, tracers, strict=True):
                given[place] = tracer
            return equation.residual(list(z), given), None

        _, _, taped = record(residual, [inputs[place] for place in wanted], equation.title)
        pulled = taped.pull([unwrap(-each) for each in w], consume=True)
        for place, each in zip(wanted, pulled, strict=True):
            results[first + place] = each
        return results

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        equation = params["equation"]
        first, last = equation.count, equation.count + equation.inputs
        z = cls.call(*values, **params)
        inputs, extras = values[first:last], values[last:]
        moved = [place for place in range(last - first) if tangents[first + place] is not None]
        if not moved:
            return z, (None,) * len(z)

        def residual(*duals: Any) -> tuple[Any, None]:
            given = list(inputs)
            for place, dual in zip(moved, duals, strict=True):
                given[place] = dual
            return equation.residual(list(z), given), None

        starts = [inputs[place] for place in moved]
        directions = [tangents[first + place] for place in moved]
        _, change, _, _ = pushforward(residual, starts, directions, equation.title)
        rhs = [unwrap(-each) for each in change]
        return z, tuple(map(unwrap, equation.correct(rhs, list(z), inputs, extras, False)))

    @classmethod
    def across(cls, trace: BatchTrace, args: Sequence[Any], params: dict[str, Any]) -> Any:
        equation = params["equation"]
        values: Leaves = []
        batched: list[bool] = []
        rows = trace.rows
        for arg in args:
            own = type(arg) is Batched and arg.owner is trace
            if own:
                rows, arg = arg.narrow()
            values.append(unwrap(arg))
            batched.append(own)
        count = equation.count
        for place in range(count):
            if not batched[place]:
                values[place] = np.broadcast_to(
                    values[place], (rows.size, *np.shape(values[place]))
                )
        mapped = Mapped(equation, rows, batched[count:])
        return tuple([Batched(trace, unwrap(z), rows) for z in cls.apply(*values, equation=mapped)])


def _is_derived(x: Any) -> bool:
    """Whether a transform at any level follows the derivatives of x."""
    while isinstance(x, Tracer):
        if x.derivative:
            return True
        x = x.value
    return False


def solution(equation: Equation, x: Leaves, inputs: Leaves, extras: Leaves) -> Leaves:
    """Return x, without derivatives so far, with those of the equation's solution."""
    return list(Solution.apply(*x, *inputs, *extras, equation=equation))


# --- equations -----------------------------------------------------------------------------------


class Root(Equation):
    """A program of (x, inputs) is zero."""

    def __init__(
        self, title: str, program: Program, structure: Any, inputs: int, tangent_solve: Solver
    ) -> None:
        self.title = title
        self.program = program
        self.structure = structure
        self.count = structure.num_leaves
        self.inputs = inputs
        self.tangent_solve = tangent_solve

    def residual(self, x: Leaves, inputs: Leaves) -> Leaves:
        """Return what the program makes of x and its other inputs."""
        return self.program.run([*map(unwrap, x), *map(unwrap, inputs)])

    def correct(
        self, rhs: Leaves, x: Leaves, inputs: Leaves, extras: Leaves, transposed: bool
    ) -> Leaves:
        """Solve the system with the derivative of the program at x."""
        linear = Linear(
            self.title,
            self._derivative,
            self.structure,
            self.count + self.inputs,
            self.tangent_solve,
            self.tangent_solve,
        )
        if transposed:
            linear = linear.transposed()
        return linear.find(rhs, [*x, *inputs], extras)

    def _derivative(self, v: Leaves, values: Leaves) -> Leaves:
        """Return the derivative of the program along v, at values of (x, inputs)."""
        x, inputs = values[: self.count], values[self.count :]

        def residual(*duals: Any) -> tuple[Any, None]:
            return self.residual(list(duals), inputs), None

        _, change, _, _ = pushforward(residual, list(map(unwrap, x)), v, self.title)
        return change


class Linear(Equation):
    """``multiply(x, values) = b``; b and the values are the inputs."""

    def __init__(
        self,
        title: str,
        multiply: Callable[[Leaves, Leaves], Leaves],
        structure: Any,
        values: int,
        solver: Solver,
        transpose_solver: Solver | None,
    ) -> None:
        self.title = title
        self.multiply = multiply
        self.structure = structure
        self.count = structure.num_leaves
        self.inputs = self.count + values
        self.solver = solver
        self.transpose_solver = transpose_solver

    def residual(self, x: Leaves, inputs: Leaves) -> Leaves:
        """Return what is left of the product when b is subtracted."""
        products = self.multiply(x, inputs[self.count :])
        return [unwrap(a - b) for a, b in zip(products, inputs, strict=False)]

    def correct(
        self, rhs: Leaves, x: Leaves, inputs: Leaves, extras: Leaves, transposed: bool
    ) -> Leaves:
        """Solve the same system for another right-hand side, or the transposed one."""
        linear = self.transposed() if transposed else self
        return linear.find(rhs, inputs[self.count :], extras)

    def find(self, b: Leaves, values: Leaves, extras: Leaves) -> Leaves:
        """Return the solution, with its derivatives with respect to b and the values."""
        x, _ = self.solver.solve(self, b, values, extras)
        return solution(self, x, [*b, *values], extras)

    def transposed(self) -> Linear:
        """Return the equation with the transposed matrix."""
        if self.transpose_solver is None:
            raise TransposeSolveError(self.title)
        return Linear(
            self.title,
            self._multiply_transposed,
            self.structure,
            self.inputs - self.count,
            self.transpose_solver,
            self.solver,
        )

    def _multiply_transposed(self, w: Leaves, values: Leaves) -> Leaves:
        w = [unwrap(each) for each in w]

        def multiply(*x: Any) -> tuple[Any, None]:
            return self.multiply(list(x), values), None

        starts = [zeros(each.shape, each.dtype) for each in w]
        _, _, taped = record(multiply, starts, self.title)
        return taped.pull(w, consume=True)


class Symmetric(Linear):
    """A linear equation with a symmetric matrix."""

    def transposed(self) -> Linear:
        """Return this equation."""
        return self


class Solver:
    """A user's function that solves linear equations, ``function(multiply, b)``."""

    def __init__(self, function: Any, has_aux: bool = False) -> None:
        self.function = function
        self.has_aux = has_aux
        self.frozen: Any = None

    def solve(
        self, equation: Linear, b: Leaves, values: Leaves, extras: Leaves | None = None
    ) -> tuple[Leaves, Any]:
        """Return a solution without derivatives, and what else the function returned.

        The `extras` stand for the traced values that the solvers of an equation closed over when
        they were frozen.
        """
        structure, title = equation.structure, equation.title
        fixed = list(map(stopped, values))
        rhs = list(map(stopped, b))

        def multiply(v: Any) -> Any:
            leaves = [as_array(lift(leaf, title)) for leaf in structure.flatten_up_to(v)]
            return structure.unflatten(list(map(public, equation.multiply(leaves, fixed))))

        if extras is None:
            function = rebind(self.function, stop_gradient)
        else:
            function = fill(self.frozen, list(map(stopped, extras)))
        result, aux = function(multiply, structure.unflatten(rhs)), None
        if self.has_aux:
            result, aux = split_aux(result, title)
        return read_solution(result, structure, rhs, title), stop_gradient(aux)


def freeze_all(solvers: Sequence[Solver | None]) -> Leaves:
    """Freeze the functions of solvers, and return the traced values that they close over."""
    extras: Leaves = []
    for solver in solvers:
        if solver is not None:
            solver.frozen = freeze(solver.function, extras)
    return extras


class Mapped(Equation):
    """An equation for each of the rows of a batch; `batched` says which operands differ."""

    def __init__(self, equation: Equation, rows: Rows, batched: Sequence[bool]) -> None:
        self.title = equation.title
        self.count = equation.count
        self.inputs = equation.inputs
        self.equation = equation
        self.rows = rows
        self.batched = batched

    def residual(self, x: Leaves, inputs: Leaves) -> Leaves:
        """Return the residuals of all rows."""

        def run(lifted: Leaves) -> Leaves:
            return self.equation.residual(lifted[: self.count], lifted[self.count :])

        return self._run(run, [*x, *inputs], [True] * self.count)

    def correct(
        self, rhs: Leaves, x: Leaves, inputs: Leaves, extras: Leaves, transposed: bool
    ) -> Leaves:
        """Solve the systems of all rows."""
        count = self.count
        first, last = 2 * count, 2 * count + self.inputs

        def run(lifted: Leaves) -> Leaves:
            rhs, x = lifted[:count], lifted[count:first]
            return self.equation.correct(rhs, x, lifted[first:last], lifted[last:], transposed)

        return self._run(run, [*rhs, *x, *inputs, *extras], [True] * first)

    def _run(
        self, function: Callable[[Leaves], Leaves], values: Leaves, leading: list[bool]
    ) -> Leaves:
        with BatchTrace(self.title, self.rows.axis, self.rows) as trace:
            lifted = [
                lift_rows(trace, unwrap(value)) if own else value
                for value, own in zip(values, [*leading, *self.batched], strict=False)
            ]
            parts = trace.run(lambda: [spread(each, trace) for each in function(lifted)])
        return [
            unwrap(join([(rows, results[position]) for rows, results in parts], self.title))
            for position in range(len(parts[0][1]))
        ]


# --- reading what users return -------------------------------------------------------------------


def stopped(x: Any) -> Any:
    """Return a value as users see it, without derivatives."""
    return stop_gradient(public(x))


def read_solution(result: Any, structure: Any, like: Leaves, title: str) -> Leaves:
    """Return the leaves of a solution, without derivatives.

    Raises
    ------
    SolverError
        If it does not have the structure and shapes of `like`.
    """
    leaves = read(result, structure, like, title, "the solution")
    floats = [leaf if leaf.dtype.kind in "fc" else leaf.astype(float) for leaf in leaves]
    return list(map(stopped, floats))


def read(result: Any, structure: Any, like: Leaves, title: str, name: str) -> Leaves:
    """Return the leaves of what a user's function returned."""
    try:
        leaves = structure.flatten_up_to(result, caller=title, name=name)
    except TreeMismatchError as error:
        raise SolverError(str(error)) from None
    arrays = [as_array(lift(leaf, title)) for leaf in leaves]
    for position, (array, wanted) in enumerate(zip(arrays, like, strict=True)):
        if array.shape != wanted.shape:
            path = tree.format_path(name, structure.paths()[position])
            raise SolverError.shape(title, path, describe(array), describe(wanted))
    return arrays


def capture(
    function: Callable[[Any], Any], x: Leaves, structure: Any, title: str
) -> tuple[Program, Leaves]:
    """Return a function as a program of x and of the traced values that it closes over; and these.

    Raises
    ------
    SolverError
        If it does not return the structure and shapes of x.
    """
    name = name_of(function)
    trace = GraphTrace(title, Stopped)
    try:
        inputs = [trace.input(unwrap(each)) for each in x]
        result = function(structure.unflatten(inputs))
        leaves = read(result, structure, x, title, f"the result of {name}")
        slots = [leaf.slot if is_own(leaf, trace) else trace.find(leaf)[0] for leaf in leaves]
    finally:
        trace.closed = True
    return trace.program(inputs, slots), [each for _, each in trace.captured]


__all__ = [
    "Linear",
    "Root",
    "Solver",
    "Symmetric",
    "capture",
    "freeze_all",
    "read_solution",
    "solution",
    "stopped",
]
