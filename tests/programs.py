"""Random smooth programs, for tests of transforms against each other.

A program is a list of steps, each of which applies an operation to earlier values. All operations
are smooth where they are used: what sorts or chooses keeps its operands apart. They are bounded, or
grow slowly, so that finite differences are accurate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

import fungrad.numpy as fnp
from tests.nesting import ALL_LETTERS, spell

Shape = tuple[int, ...]


def spread(xp: Any, x: Any, axis: int) -> Any:
    """Return values of x, bounded and set apart along an axis, in an order that is not sorted."""
    size = x.shape[axis]
    places = np.argsort(np.sin(np.arange(size) * 5.0 + 1)) * 3.0
    shape = [1] * x.ndim
    shape[axis] = size
    return xp.tanh(x) + places.reshape(shape).astype(x.dtype)


def mask(shape: Shape) -> Any:
    """Return a pattern of booleans."""
    return (np.arange(int(np.prod(shape))) % 3 != 1).reshape(shape)


def well_conditioned(xp: Any, x: Any) -> Any:
    return xp.tanh(x) / x.shape[-1] + 2 * np.eye(x.shape[-1], dtype=x.dtype)


ELEMENTWISE: dict[str, Callable[[Any, Any], Any]] = {
    "sin": lambda xp, x: xp.sin(x),
    "cos": lambda xp, x: xp.cos(x),
    "tanh": lambda xp, x: xp.tanh(x),
    "exp": lambda xp, x: xp.exp(xp.sin(x)),
    "expm1": lambda xp, x: xp.expm1(-xp.cos(x)),
    "log1p": lambda xp, x: xp.log1p(x * x),
    "sqrt": lambda xp, x: xp.sqrt(1 + xp.square(x)),
    "arctan": lambda xp, x: xp.arctan(2 * x),
    "arcsinh": lambda xp, x: xp.arcsinh(x),
    "reciprocal": lambda xp, x: xp.reciprocal(2 + xp.sin(x)),
    "power": lambda xp, x: xp.power(1.5 + xp.sin(x), 2.5),
    "square": lambda xp, x: xp.sin(x) ** 2,
    "abs": lambda xp, x: xp.abs(xp.tanh(x) - 2),
    "where": lambda xp, x: xp.where(xp.tanh(x) > 2, xp.sqrt(x - x), 3 * x),
    "masked": lambda xp, x: xp.where(mask(x.shape), x, xp.cos(x)),
    "clip": lambda xp, x: xp.clip(xp.sin(x), -2, 2),
    "operators": lambda xp, x: -x / 2 + 1 - 0.5 * x,
    "real": lambda xp, x: xp.real(xp.exp(1j * xp.sin(x)) * (1 + 2j)).astype(x.dtype),
}


def doubled_angle(xp: Any, x: Any) -> Any:
    """The sine of 2x; it depends on the values how."""
    if xp.sum(xp.sin(x)) > 0.1:
        return xp.sin(2 * x)
    return 2 * xp.sin(x) * xp.cos(x)


def halved_angle(xp: Any, x: Any) -> Any:
    """The cosine, by as many steps as the values need."""
    steps = 0
    while xp.sum(xp.abs(x)) > 1:
        x = x / 2
        steps += 1
    y = xp.cos(x)
    for _ in range(steps):
        y = 2 * y * y - 1
    return y


def middle(xp: Any, x: Any) -> Any:
    """Rotate by a number of places that depends on the values."""
    flat = xp.ravel(x)
    place = int(xp.argmax(spread(xp, flat, 0)))
    return x * flat[place]


FLOW: dict[str, Callable[[Any, Any], Any]] = {
    "if": doubled_angle,
    "while": halved_angle,
    "index": middle,
}
"""Python's control flow on values."""

BROADCASTING: dict[str, Callable[[Any, Any, Any], Any]] = {
    "add": lambda xp, x, y: x + 2 * y,
    "subtract": lambda xp, x, y: xp.subtract(x, y),
    "multiply": lambda xp, x, y: xp.sin(x) * y,
    "divide": lambda xp, x, y: x / (2 + xp.sin(y)),
    "power": lambda xp, x, y: xp.power(1.5 + xp.sin(x), xp.cos(y)),
    "logaddexp": lambda xp, x, y: xp.logaddexp(x, y),
    "hypot": lambda xp, x, y: xp.hypot(x, 2 + xp.sin(y)),
    "arctan2": lambda xp, x, y: xp.arctan2(2 + xp.sin(x), y),
    "maximum": lambda xp, x, y: xp.maximum(xp.tanh(x), 2 + xp.tanh(y)),
    "where": lambda xp, x, y: xp.where(xp.sin(x) < 2, y * 2, x),
    "remainder": lambda xp, x, y: xp.remainder(xp.tanh(x) / 4 + 0.5, 1 + y * y),
}

REDUCTIONS: dict[str, Callable[..., Any]] = {
    "sum": lambda xp, x, **k: xp.sum(x, **k),
    "mean": lambda xp, x, **k: xp.mean(x, **k),
    "prod": lambda xp, x, **k: xp.prod(1 + xp.sin(x) / 2, **k),
    "var": lambda xp, x, **k: xp.var(x, **k),
    "norm": lambda xp, x, **k: xp.sqrt(1 + xp.sum(x * x, **k)),
    "logsumexp": lambda xp, x, **k: xp.log(xp.sum(xp.exp(xp.sin(x)), **k)),
    "average": lambda xp, x, **k: xp.average(x, weights=1 + mask(x.shape), **k).astype(x.dtype),
}

ALONG_AN_AXIS: dict[str, Callable[[Any, Any, int], Any]] = {
    "sort": lambda xp, x, axis: xp.sort(spread(xp, x, axis), axis=axis),
    "take sorted": lambda xp, x, axis: xp.take_along_axis(
        x, xp.argsort(spread(xp, x, axis), axis=axis), axis=axis
    ),
    "max": lambda xp, x, axis: xp.max(spread(xp, x, axis), axis=axis),
    "median": lambda xp, x, axis: xp.median(spread(xp, x, axis), axis=axis),
    "cumsum": lambda xp, x, axis: xp.cumsum(x, axis=axis),
    "cumprod": lambda xp, x, axis: xp.cumprod(1 + xp.sin(x) / 2, axis=axis),
    "flip": lambda xp, x, axis: xp.flip(x, axis=axis),
    "roll": lambda xp, x, axis: xp.roll(x, 2, axis=axis),
    "repeat": lambda xp, x, axis: xp.repeat(x, 2, axis=axis),
    "concatenate": lambda xp, x, axis: xp.concatenate([x, xp.sin(x)], axis=axis),
    "stack": lambda xp, x, axis: xp.stack([x, 2 * x, xp.cos(x)], axis=axis),
    "take": lambda xp, x, axis: xp.take(x, [0, -1, 0], axis=axis),
    "moveaxis": lambda xp, x, axis: xp.moveaxis(x, axis, 0),
    "swapaxes": lambda xp, x, axis: xp.swapaxes(x, axis, -1),
    "expand_dims": lambda xp, x, axis: xp.expand_dims(x, axis),
    "diff": lambda xp, x, axis: xp.diff(x, axis=axis, append=xp.take(x, [0], axis=axis)),
    "split": lambda xp, x, axis: xp.split(x, [1], axis=axis)[0] * 2,
    "gradient": lambda xp, x, axis: xp.cumsum(x, axis=axis) - xp.sum(x, axis=axis, keepdims=True),
}

WHOLE: dict[str, Callable[[Any, Any], Any]] = {
    "ravel": lambda xp, x: xp.ravel(x),
    "reshape": lambda xp, x: xp.reshape(x, (-1, *x.shape[::-1][:1])),
    "transpose": lambda xp, x: xp.transpose(x),
    "reverse": lambda xp, x: x[..., ::-1],
    "newaxis": lambda xp, x: x[None, ..., None],
    "first": lambda xp, x: x[0],
    "last": lambda xp, x: x[..., -1],
    "fancy": lambda xp, x: x[np.array([[0, -1], [0, 0]])],
    "boolean": lambda xp, x: x[mask(x.shape)],
    "two arrays": lambda xp, x: x[[0, -1, 0], ..., [-1, 0, 0]] if x.ndim > 1 else x[[0, 0]],
    "broadcast_to": lambda xp, x: xp.broadcast_to(x, (2, *x.shape)),
    "pad": lambda xp, x: xp.pad(x, [(1, 0)] * x.ndim),
    "tile": lambda xp, x: xp.tile(x, 2),
    "squeeze": lambda xp, x: xp.squeeze(x),
    "outer": lambda xp, x: xp.outer(xp.sin(x), x),
    "gram": lambda xp, x: xp.matmul(xp.swapaxes(xp.sin(x), -1, -2), x),
    "tril": lambda xp, x: xp.tril(x),
    "diagonal": lambda xp, x: xp.diagonal(x, axis1=-2, axis2=-1),
    "trace": lambda xp, x: xp.einsum("...ij->...ji", x) * 2,
    "inverse": lambda xp, x: xp.linalg.inv(well_conditioned(xp, x[..., : x.shape[-2], :])),
    "solve": lambda xp, x: xp.linalg.solve(well_conditioned(xp, x), xp.cos(x)),
    "slogdet": lambda xp, x: xp.linalg.slogdet(well_conditioned(xp, x))[1],
}
NEEDS_AXES = dict.fromkeys(["first", "last", "fancy", "boolean", "two arrays", "reverse", "pad"], 1)
NEEDS_AXES |= dict.fromkeys(["gram", "tril", "diagonal", "trace"], 2)
NEEDS_SQUARE = {"inverse", "solve", "slogdet"}

PRODUCTS: dict[str, tuple[int, int, Callable[[Any, Any, Any], Any]]] = {
    "dot": (1, 1, lambda xp, x, y: xp.dot(xp.sin(x), y)),
    "matrix times vector": (2, 1, lambda xp, x, y: xp.sin(x) @ y),
    "vector times matrix": (1, 2, lambda xp, x, y: x @ xp.swapaxes(xp.sin(y), 0, 1)),
    "matmul": (2, 2, lambda xp, x, y: xp.matmul(xp.sin(x), y.T)),
    "einsum": (2, 2, lambda xp, x, y: xp.einsum("ij,kj->ik", x, xp.sin(y))),
    "einsum with three": (1, 2, lambda xp, x, y: xp.einsum("j,ij,j->i", xp.sin(x), y, x)),
    "tensordot": (3, 2, lambda xp, x, y: xp.tensordot(x, xp.sin(y), ([2], [1]))),
    "batches": (3, 2, lambda xp, x, y: xp.matmul(xp.sin(x), xp.swapaxes(y, 0, 1))),
}
"""Products along the last axes of both operands, of so many axes each."""


class Step(NamedTuple):
    """One operation: its kind, its name, the places of its operands, and an axis or the like.

    The kind may be a letter of `tests.nesting`, a transform of an operation on single elements.
    """

    kind: str
    name: str
    operands: tuple[int, ...]
    params: Any = None


class Program(NamedTuple):
    """A function of arrays of these shapes; it returns the sum of its last values, or these."""

    shapes: tuple[Shape, ...]
    steps: tuple[Step, ...]

    def values(self, xp: Any, inputs: Sequence[Any]) -> list[Any]:
        """Return the value of each step, by the functions of a namespace."""
        values = list(inputs)
        for step in self.steps:
            values.append(apply(xp, step, [values[place] for place in step.operands]))
        return values[len(inputs) :]

    def __call__(self, *inputs: Any) -> Any:
        """Return the last value, with something of the others."""
        *others, last = self.values(fnp, inputs)
        for position, other in enumerate(others):
            last = last + fnp.mean(other) * (0.3 + position / 10)
        return last

    def total(self, *inputs: Any) -> Any:
        """Return one number: a sum with different weights."""
        y = self(*inputs)
        weights = np.cos(np.arange(y.size)).reshape(y.shape).astype(y.dtype)
        return fnp.sum(weights * y)


def apply(xp: Any, step: Step, x: list[Any]) -> Any:
    kind, name, _, params = step
    if kind == "elementwise":
        return ELEMENTWISE[name](xp, *x)
    if kind == "flow":
        return FLOW[name](xp, *x)
    if kind == "broadcasting":
        return BROADCASTING[name](xp, *x)
    if kind == "reduction":
        return REDUCTIONS[name](xp, *x, **params)
    if kind == "axis":
        return ALONG_AN_AXIS[name](xp, *x, params)
    if kind == "whole":
        return WHOLE[name](xp, *x)
    if kind == "product":
        return PRODUCTS[name][2](xp, *x)
    if xp is np:
        return 1.0 * x[0]  # the right shape
    return spell((kind,), lambda x: ELEMENTWISE[name](xp, x))[0](*x)


LARGEST = 40  # elements


WRAPPERS = [name for name, letter in ALL_LETTERS.items() if letter.order < 2]


@st.composite
def steps(draw: Callable[..., Any], shapes: list[Shape], wrapped: bool) -> Step:
    """Draw an operation that can be applied to values of these shapes."""
    # Recent values more often than not, so that chains arise.
    place = len(shapes) - 1 - draw(st.sampled_from([0, 0, 0, 1, 2, 3])) % len(shapes)
    shape = shapes[place]
    rank = len(shape)
    if wrapped and draw(st.integers(0, 3)) == 0:
        letter, name = draw(st.sampled_from(WRAPPERS)), draw(st.sampled_from(list(ELEMENTWISE)))
        return Step(letter, name, (place,))
    fitting = [("elementwise", name, (place,)) for name in ELEMENTWISE]
    fitting += [("flow", name, (place,)) for name in FLOW] * 3
    for other, theirs in enumerate(shapes):
        try:
            np.broadcast_shapes(shape, theirs)
        except ValueError:
            continue
        fitting += [("broadcasting", name, (place, other)) for name in BROADCASTING]
    if rank:
        fitting += [("reduction", name, (place,)) for name in REDUCTIONS] * 2
        fitting += [("axis", name, (place,)) for name in ALONG_AN_AXIS]
    for name in WHOLE:
        square = rank >= 2 and shape[-1] == shape[-2]
        if rank >= NEEDS_AXES.get(name, 0) and (square or name not in NEEDS_SQUARE):
            fitting.append(("whole", name, (place,)))
    for name, (left, right, _) in PRODUCTS.items():
        fitting += [
            ("product", name, (place, other))
            for other, theirs in enumerate(shapes)
            if (rank, len(theirs)) == (left, right) and shape[-1] == theirs[-1]
        ] * 3
    kind, name, operands = draw(st.sampled_from(fitting))
    params: Any = None
    if kind == "reduction":
        axes = [None, *range(-rank, rank)] + ([(0, -1)] if rank > 1 else [])
        if name == "average":
            axes = [None]
        axis = draw(st.sampled_from(axes))
        params = {"axis": axis, "keepdims": draw(st.booleans())}
    elif kind == "axis":
        params = draw(st.integers(-rank, rank - 1))
    return Step(kind, name, operands, params)


@st.composite
def programs(draw: Callable[..., Any], most: int = 5, wrapped: bool = True) -> Program:
    """Draw a program of some steps, for one to three inputs.

    Without `wrapped` it has no transforms inside, and NumPy can run it.
    """
    sides = st.lists(st.integers(1, 3), min_size=0, max_size=3)
    shapes = [tuple(draw(sides)) for _ in range(draw(st.integers(1, 3)))]
    inputs = tuple(shapes)
    chosen: list[Step] = []
    for _ in range(draw(st.integers(1, most))):
        step = draw(steps(shapes, wrapped))
        # The shape of the result, from NumPy itself.
        z = apply(np, step, [np.ones(shapes[place]) for place in step.operands])
        if z.size > LARGEST or z.ndim > 4:
            continue
        chosen.append(step)
        shapes.append(z.shape)
    if not chosen:
        chosen.append(Step("elementwise", "sin", (0,)))
    return Program(inputs, tuple(chosen))


def random_arrays(shapes: Sequence[Shape], seed: int, lead: Shape = ()) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(*lead, *shape)) for shape in shapes]
