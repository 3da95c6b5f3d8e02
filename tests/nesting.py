"""An algebra of transforms, for tests of their nesting.

A program is a function of one number whose derivatives of every order are known. A letter is a
transform that makes another such function of it: its derivative of some order. So the result of any
word, a transform of a transform of a transform of a program, is known, too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.polynomial import Polynomial

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import lax

Map = Callable[[Any], Any]

# --- programs ------------------------------------------------------------------------------------


class Program(NamedTuple):
    """A function, and its derivative of order k at x as ``exact(k, x)``.

    If it is `elementwise`, it takes arrays of any shape.
    """

    function: Map
    exact: Callable[[int, float], float]
    elementwise: bool = False


def sine(x: Any) -> Any:
    return fnp.sin(2 * x)


def sine_exact(k: int, x: float) -> float:
    return 2**k * math.sin(2 * x + k * math.pi / 2)


def exponential(x: Any) -> Any:
    return np.exp(x / 2)


def exponential_exact(k: int, x: float) -> float:
    return 0.5**k * math.exp(x / 2)


POLYNOMIAL = Polynomial([0.5, 0, -2, 0, 1, 1])


def polynomial(x: Any) -> Any:
    """Horner's scheme: a Python loop whose length does not depend on x."""
    y = 0.0
    for coefficient in POLYNOMIAL.coef[::-1]:
        y = y * x + coefficient
    return y


def polynomial_exact(k: int, x: float) -> float:
    return float(POLYNOMIAL.deriv(k)(x))


def lorentzian(x: Any) -> Any:
    return 1 / (1 + x**2)


def lorentzian_exact(k: int, x: float) -> float:
    return ((-1) ** k * math.factorial(k) / (x - 1j) ** (k + 1)).imag


def logistic(x: Any) -> Any:
    """A Python branch on the value."""
    if x >= 0:
        return 1 / (1 + fnp.exp(-x))
    e = fnp.exp(x)
    return e / (1 + e)


def logistic_exact(k: int, x: float) -> float:
    derivative = Polynomial([0, 1])  # in s, the value
    for _ in range(k):
        derivative = derivative.deriv() * Polynomial([0, 1, -1])
    return float(derivative(1 / (1 + math.exp(-x))))


def scaled(x: Any) -> Any:
    """The exponential by scaling and squaring: a Python loop as long as the value says."""
    steps = 0
    while abs(x) > 0.25:
        x = x / 2
        steps += 1
    y = 1 + x * (1 + x / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5))))
    for each in range(6, 15):
        y = y + x**each / math.factorial(each)
    for _ in range(steps):
        y = y * y
    return y


def scaled_exact(k: int, x: float) -> float:
    return math.exp(x)


def rotation(x: Any) -> Any:
    """The sine of 2x, by a product of rotations."""
    c, s = fnp.cos(x), fnp.sin(x)
    turn = fnp.stack([fnp.stack([c, -s]), fnp.stack([s, c])])
    twice = fnp.where(fnp.eye(2, dtype=bool), 0, fnp.matmul(turn, turn))
    return fnp.sum(twice * fnp.array([[5.0, 2.0], [4.0, 3.0]])) + np.ravel(twice)[1]


def outer(x: Any) -> Any:
    """x exp(x), as a derivative of a function that closes over x."""
    return fg.grad(lambda y: fnp.exp(x * y))(1.0)


def outer_exact(k: int, x: float) -> float:
    return (x + k) * math.exp(x)


class Root(fg.Function):
    """exp(x / 2); keeps an intermediate result, which is no argument, in three ways."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        quarter = np.exp(x / 4)
        ctx.save_for_backward(quarter)
        ctx.half = quarter / 2
        ctx.saved_values["one"] = quarter / quarter
        return quarter * quarter

    @staticmethod
    def backward(ctx: Any, grad_output: Any) -> Any:
        (quarter,) = ctx.saved_tensors
        return grad_output * quarter * ctx.half * ctx.saved_values["one"]


def masked(x: Any) -> Any:
    """The logistic function by masks; a side that is not taken has no finite derivative."""
    e = fnp.exp(x)
    return fnp.where(x >= 0, 1 / (1 + 1 / e), fnp.where(x < 0, e / (1 + e), fnp.sqrt(x - x)))


def saving(x: Any) -> Any:
    return Root.apply(x)


def loops(x: Any) -> Any:
    """The exponential of x / 2, by the structured loops and branches."""

    def square(y: Any, _: Any) -> tuple[Any, Any]:
        return y * y, y

    start, _ = lax.scan(square, fnp.exp(x / 16), None, length=2)
    doubled, _ = lax.while_loop(lambda s: s[1] < 1, lambda s: (s[0] * s[0], s[1] + 1), (start, 0))
    return lax.cond(x > 0, lambda y: y * 1.0, lambda y: 1.0 * y, doubled)


def sorting(x: Any) -> Any:
    """x exp(x), by sorting, cumulative sums and integer decisions."""
    steps = fnp.sort(fnp.stack([x, x + 1, x - 1]))
    middle = steps[fnp.argsort(steps)[1]]
    total = fnp.cumsum(steps)[-1] / 3
    return fnp.dot(fnp.stack([middle, total]), fnp.full(2, 0.5)) * fnp.exp(fnp.max(steps) - 1)


PROGRAMS = {
    "sine": Program(sine, sine_exact, True),
    "exponential": Program(exponential, exponential_exact, True),
    "polynomial": Program(polynomial, polynomial_exact, True),
    "lorentzian": Program(lorentzian, lorentzian_exact, True),
    "logistic": Program(logistic, logistic_exact),
    "scaled": Program(scaled, scaled_exact),
    "rotation": Program(rotation, sine_exact),
    "outer": Program(outer, outer_exact),
    "saving": Program(saving, exponential_exact, True),
    "masked": Program(masked, logistic_exact, True),
    "loops": Program(loops, exponential_exact),
    "sorting": Program(sorting, outer_exact),
}

# --- letters -------------------------------------------------------------------------------------

# They also take functions of all elements of an array, and then differentiate each of these.


def total(f: Map) -> Map:
    return lambda x: fnp.sum(f(x)) if np.shape(x) else f(x)


def diagonal(tensor: Any, x: Any) -> Any:
    """Return what a Jacobian says of each element of x with respect to itself."""
    size = np.size(x)
    matrix = fnp.reshape(tensor, (size, size))
    return fnp.reshape(fnp.diagonal(matrix), np.shape(x))


def ones_like(x: Any) -> Any:
    return np.ones(np.shape(x))[()]


def array(values: list[Any], x: Any) -> Any:
    """Return constants in the dtype of x."""
    return fnp.array(values, dtype=getattr(x, "dtype", None))


def grad(f: Map) -> Map:
    return fg.grad(total(f))


def value_and_grad(f: Map) -> Map:
    return lambda x: fg.value_and_grad(total(f))(x)[1]


def vjp(f: Map) -> Map:
    def derivative(x: Any) -> Any:
        _, pullback = fg.vjp(f, x)
        pullback(3 * ones_like(x))  # it may be called again
        return pullback(ones_like(x))[0]

    return derivative


def jvp(f: Map) -> Map:
    return lambda x: fg.jvp(f, (x,), (ones_like(x),))[1]


def vmap(f: Map) -> Map:
    def average(x: Any) -> Any:
        """f(x), of a batch in which another example may take other branches."""
        y = fg.vmap(f)(fnp.stack([x, x * 0 - 1.3, x]))
        return y[0] / 4 + 3 / 4 * y[2]

    return average


def vmap_with_branch(f: Map) -> Map:
    def one(x: Any) -> Any:
        before = 1.0 * x  # of all examples, and then used for some of them
        return f(before) if fnp.sum(x) > 0 else 1.0 * f(before)

    return lambda x: fg.vmap(one)(fnp.stack([-x, x, x + 1]))[1]


def checkpoint(f: Map) -> Map:
    return fg.checkpoint(f)


def jacfwd(f: Map) -> Map:
    return lambda x: diagonal(fg.jacfwd(f)(x), x)


def jacrev(f: Map) -> Map:
    return lambda x: diagonal(fg.jacrev(f)(x), x)


def hessian(f: Map) -> Map:
    return lambda x: diagonal(fg.hessian(total(f))(x), x)


def linearize(f: Map) -> Map:
    def derivative(x: Any) -> Any:
        _, linear = fg.linearize(f, x)
        linear(3 * ones_like(x))
        return linear(ones_like(x))

    return derivative


def custom_vjp(f: Map) -> Map:
    ruled = fg.custom_vjp(lambda x: f(x))
    ruled.defvjp(lambda x: (f(x), x), lambda x, g: (g * fg.grad(total(f))(x),))
    return ruled


def custom_jvp(f: Map) -> Map:
    ruled = fg.custom_jvp(lambda x: f(x))
    ruled.defjvp(lambda primals, tangents: fg.jvp(f, primals, tangents))
    return ruled


def function(f: Map) -> Map:
    class Saving(fg.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            y, pullback = fg.vjp(f, x)
            ctx.save_for_backward(pullback(ones_like(x))[0])
            return y

        @staticmethod
        def backward(ctx: Any, grad_output: Any) -> Any:
            (derivative,) = ctx.saved_tensors
            return grad_output * derivative

    return Saving.apply


def primitive(f: Map) -> Map:
    def plain(x: Any) -> Any:
        assert isinstance(x, (np.ndarray, np.generic))
        return f(x)

    foreign = fg.primitive(plain)
    foreign.defvjp(lambda g, y, x: g * fg.grad(total(f))(x))
    return foreign


def custom_gradient(f: Map) -> Map:
    def ruled(x: Any) -> Any:
        y, derivative = fg.jvp(f, (x,), (ones_like(x),))
        return y, lambda g: g * derivative

    return fg.custom_gradient(ruled)


def primitive_jvp(f: Map) -> Map:
    foreign = fg.primitive(lambda x: np.asarray(f(x)))
    foreign.defjvp(lambda tangents, y, x: tangents[0] * diagonal(fg.jacfwd(f)(x), x))
    return foreign


def hvp(f: Map) -> Map:
    return lambda x: fg.hvp(total(f), (x,), (ones_like(x),))


def deriv(f: Map) -> Map:
    return fg.deriv(f)


def closure_convert(f: Map) -> Map:
    def converted(x: Any) -> Any:
        convert, consts = fg.closure_convert(f, x)
        return convert(x, *consts)

    return converted


def vmap_of_grad(f: Map) -> Map:
    return lambda x: fg.vmap(fg.grad(total(f)))(fnp.stack([x - 1, x]))[1]


def grad_of_vmap(f: Map) -> Map:
    return lambda x: fg.grad(lambda xs: fnp.sum(fg.vmap(f)(xs)))(fnp.stack([x - 1, x]))[1]


def shared(f: Map) -> Map:
    """vmap with an argument that all examples share, and axes that are not the first."""

    def mixed(x: Any) -> Any:
        mapped = fg.vmap(lambda a, b: f(a) * b[0], in_axes=(None, 1), out_axes=-1)
        return mapped(x, array([[0.25, 0.75], [9.0, 9.0]], x)).sum(axis=-1)

    return mixed


def scan(f: Map) -> Map:
    def last(x: Any) -> Any:
        steps = array([3.0, 1.0], x)
        return lax.scan(lambda c, s: (c * 0 + s * f(x), c), 0 * x, steps)[0]

    return last


def scan_in_segments(f: Map) -> Map:
    def collected(x: Any) -> Any:
        """f(x), by a loop that computes its steps again on the way back."""
        steps = array([3.0, 2.0, 1.0], x)
        return lax.scan(lambda c, s: (c, f(c) * s), x, steps, checkpoint=2)[1][-1]

    return collected


def while_loop(f: Map) -> Map:
    def looped(x: Any) -> Any:
        return lax.while_loop(lambda s: s[1] < 2, lambda s: (f(x), s[1] + 1), (0 * x, 0))[0]

    return looped


def cond(f: Map) -> Map:
    return lambda x: lax.cond(fnp.sum(x) > 0, f, lambda y: 1 * f(y), x)


def pmean(f: Map) -> Map:
    def middle(x: Any) -> Any:
        """f(x), where each example contributes to x."""
        mapped = fg.vmap(lambda y: f(lax.pmean(y, "i")), axis_name="i")
        return mapped(fnp.stack([x - 1, x + 1]))[1]

    return middle


def with_aux(f: Map) -> Map:
    """The derivative, as the average of several, with auxiliary values that depend on x."""

    def derivative(x: Any) -> Any:
        def both(x: Any) -> Any:
            return f(x), {"x": x, "n": 3}

        def summed(x: Any) -> Any:
            return total(f)(x), {"x": x, "n": 3}

        one, aux = fg.grad(summed, has_aux=True)(x)
        _, two, more = fg.jvp(both, (x,), (ones_like(x),), has_aux=True)
        _, pullback, others = fg.vjp(both, x, has_aux=True)
        assert aux["n"] == more["n"] == others["n"] == 3
        slopes = one + two + 2 * pullback(ones_like(x))[0]
        return slopes / (4 + aux["x"] - more["x"])

    return derivative


def returned_twice(f: Map) -> Map:
    def derivative(x: Any) -> Any:
        def several(x: Any) -> Any:
            y = f(x)
            return y, {"again": y, "input": x, "constant": 2.0}

        ones = ones_like(x)
        _, pullback = fg.vjp(several, x)
        weights = {"again": 3 * ones / 4, "input": 0 * ones, "constant": 5.0}
        return pullback((ones / 4, weights))[0]

    return derivative


def in_a_tree(f: Map) -> Map:
    def derivative(x: Any) -> Any:
        def g(point: Any, scale: Any) -> Any:
            return total(f)(point["a"] + point["b"][0]) * scale

        point = {"a": x / 4, "b": [3 * x / 4, None]}
        return fg.grad(g, argnums=(0,))(point, scale=1.0)[0]["b"][0]

    return derivative


def checkpoint_with_policy(f: Map) -> Map:
    policies = fg.checkpoint_policies
    policy = policies.save_only_these_names("input")
    return fg.checkpoint(lambda x: f(fg.checkpoint_name(1.0 * x, "input")), policy=policy)


def function_with_rules(f: Map) -> Map:
    class Complete(fg.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return f(x)

        @staticmethod
        def backward(ctx: Any, grad_output: Any) -> Any:
            (x,) = ctx.saved_tensors
            return grad_output * fg.grad(total(f))(x)

        @staticmethod
        def jvp(ctx: Any, tangent: Any) -> Any:
            (x,) = ctx.saved_tensors
            return tangent * fg.grad(total(f))(x)

        @staticmethod
        def vmap(size: int, batched: Any, x: Any) -> Any:
            return fg.vmap(f)(x), True

    return Complete.apply


def several_results(f: Map) -> Map:
    """A Function of two arguments with three results, one of them an integer."""

    class Several(fg.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            ctx.save_for_backward(x, y)
            return f(x), x * y, 7

        @staticmethod
        def backward(ctx: Any, first: Any, second: Any, third: Any) -> Any:
            x, y = ctx.saved_tensors
            slope = fg.jvp(f, (x,), (ones_like(x),))[1]
            return first * slope + second * y, second * x

    def combined(x: Any) -> Any:
        first, second, third = Several.apply(x, 3.0)
        return first * int(third) / 7 + second - 3 * x

    return combined


class Letter(NamedTuple):
    """A transform of functions, and how many derivatives it takes."""

    transform: Callable[[Map], Map]
    order: int


LETTERS = {
    "grad": Letter(grad, 1),
    "value_and_grad": Letter(value_and_grad, 1),
    "vjp": Letter(vjp, 1),
    "jvp": Letter(jvp, 1),
    "vmap": Letter(vmap, 0),
    "vmap_with_branch": Letter(vmap_with_branch, 0),
    "checkpoint": Letter(checkpoint, 0),
    "jacfwd": Letter(jacfwd, 1),
    "jacrev": Letter(jacrev, 1),
    "hessian": Letter(hessian, 2),
    "linearize": Letter(linearize, 1),
    "custom_vjp": Letter(custom_vjp, 0),
    "custom_jvp": Letter(custom_jvp, 0),
    "function": Letter(function, 0),
    "primitive": Letter(primitive, 0),
}
"""The letters of which there are words of three."""

ALL_LETTERS = LETTERS | {
    "custom_gradient": Letter(custom_gradient, 0),
    "primitive_jvp": Letter(primitive_jvp, 0),
    "hvp": Letter(hvp, 2),
    "deriv": Letter(deriv, 1),
    "closure_convert": Letter(closure_convert, 0),
    "vmap_of_grad": Letter(vmap_of_grad, 1),
    "grad_of_vmap": Letter(grad_of_vmap, 1),
    "shared": Letter(shared, 0),
    "scan": Letter(scan, 0),
    "scan_in_segments": Letter(scan_in_segments, 0),
    "while_loop": Letter(while_loop, 0),
    "cond": Letter(cond, 0),
    "pmean": Letter(pmean, 0),
    "with_aux": Letter(with_aux, 1),
    "returned_twice": Letter(returned_twice, 1),
    "in_a_tree": Letter(in_a_tree, 1),
    "checkpoint_with_policy": Letter(checkpoint_with_policy, 0),
    "function_with_rules": Letter(function_with_rules, 0),
    "several_results": Letter(several_results, 0),
}
"""Those of which there are words of two."""


def spell(word: Sequence[str], function: Map) -> tuple[Map, int]:
    """Return the function that a word makes of another one, and the order of its derivative."""
    for name in reversed(word):
        function = ALL_LETTERS[name].transform(function)
    return function, sum(ALL_LETTERS[name].order for name in word)
