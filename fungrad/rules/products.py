"""Products: linear in each of two arrays.

`Matmul` is ``x @ y`` for all ranks. `Contract` is every other product of two arrays, in the normal
form of einsum: each operand has different labels, and each label stands in at least two of x, y
and the result, with the same length in both. So the adjoint of a contraction is a contraction, and
all of them are matrix products of views.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from fungrad.errors import ShapeError
from fungrad.rules.families import Bilinear, Rule, align, conform

Labels = tuple[int, ...]


class Matmul(Rule):
    @staticmethod
    def kernel(x: Any, y: Any) -> Any:
        try:
            return np.matmul(x, y)
        except ValueError as error:
            raise ValueError(mismatch(x, y) or error) from None

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        x, y = values
        z = product(x, y)
        left, right = parents
        return z, (x if right >= 0 else None, y if left >= 0 else None, x.shape, y.shape)

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        x, y, x_shape, y_shape = notes
        left, right = parents
        return (
            gradient_of_left(gradient, y, x_shape) if left >= 0 else None,
            gradient_of_right(gradient, x, y_shape) if right >= 0 else None,
        )

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        (x, y), (tx, ty) = values, tangents
        z = product(x, y)
        t = None if tx is None else product(tx, y)
        if ty is not None:
            other = product(x, ty)
            t = other if t is None else t + other
        return z, conform(t, z)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        try:
            return _batched_product(batched, values), True
        except ShapeError:
            x, y = [value[0] if own else value for value, own in zip(values, batched, strict=True)]
            reason = mismatch(x, y)
            if reason is None:
                raise
            raise ShapeError("matmul", (x, y), reason) from None  # as the function sees them


def _batched_product(batched: Sequence[bool], values: Sequence[Any]) -> Any:
    (x, y), (own_x, own_y) = values, batched
    rank_x, rank_y = x.ndim - own_x, y.ndim - own_y
    if rank_x > 1 and rank_y > 1:
        return product(*align(batched, values))
    # A batch of vectors is a matrix, and one matrix product serves the whole batch.
    if not own_y and rank_x == 1 and 1 <= rank_y <= 2:
        return product(x, y)
    if not own_x and rank_y == 1 and 1 <= rank_x <= 2:
        return product(y, x.T)
    if rank_x == 1:
        x = x[..., None, :]
    if rank_y == 1:
        y = y[..., None]
    z = product(*align(batched, (x, y)))
    if rank_x == 1:
        z = z[..., 0, :]
    return z[..., 0] if rank_y == 1 else z


def product(x: Any, y: Any) -> Any:
    """Return ``x @ y`` by the quickest way; raw values may differ from NumPy's in the last bit."""
    if type(x) is not np.ndarray or type(y) is not np.ndarray:
        return Matmul.call(x, y)
    rank = x.ndim
    try:
        if 0 < y.ndim <= 2:
            if 0 < rank <= 2:
                return x.dot(y)  # half of the overhead of np.matmul
            if rank and x.shape[-1]:
                # One large product instead of a stack of small ones.
                return x.reshape(-1, x.shape[-1]).dot(y).reshape(x.shape[:-1] + y.shape[1:])
        return np.matmul(blas_ready(x), blas_ready(y))
    except ValueError as error:
        raise ShapeError("matmul", (x, y), mismatch(x, y) or error) from None


def mismatch(x: Any, y: Any) -> str | None:
    """Say why there is no ``x @ y``."""
    shape_x, shape_y = getattr(x, "shape", ()), getattr(y, "shape", ())
    if not shape_x or not shape_y:
        return "a scalar cannot be among them; multiply by it with *"
    rows, place = (shape_y[0], "only") if len(shape_y) == 1 else (shape_y[-2], "second to last")
    if shape_x[-1] != rows:
        return (
            f"the last axis of the first has length {shape_x[-1]}, but the {place} axis of the "
            f"second has length {rows}"
        )
    stack_x, stack_y = shape_x[:-2], shape_y[:-2]
    for length_x, length_y in zip(reversed(stack_x), reversed(stack_y), strict=False):
        if length_x != length_y and 1 not in (length_x, length_y):
            return f"stacks of shapes {stack_x} and {stack_y} do not broadcast"
    return None


def blas_ready(x: Any) -> Any:
    """Return a stack of matrices whose layout BLAS takes; NumPy's own loops are far slower."""
    if x.ndim < 2:
        return x
    rows, columns = x.shape[-2:]
    step, inner = x.strides[-2:]
    size = x.itemsize
    if (inner == size and step >= columns * size) or (step == size and inner >= rows * size):
        return x
    return np.ascontiguousarray(x)


def gradient_of_left(g: Any, y: Any, shape: tuple[int, ...]) -> Any:
    """Return the gradient of x, which has the given shape, in ``x @ y``."""
    rank, rank_y = len(shape), y.ndim
    if rank_y == 2:
        if rank == 1:
            return product(y, g)
        return product(g, y.T)
    if rank_y == 1:
        return g * y if rank == 1 else g[..., None] * y
    if rank == 1:
        return product(y, g[..., None])[..., 0]
    if rank == 2:  # x is shared by the stack: one product instead of a stack and its sum
        stack = tuple(range(2, rank_y))
        return Contract.call(g, y, labels=((*stack, 0, -1), (*stack, 1, -1), (0, 1)))
    return product(g, y.mT)


def gradient_of_right(g: Any, x: Any, shape: tuple[int, ...]) -> Any:
    """Return the gradient of y, which has the given shape, in ``x @ y``."""
    rank, rank_x = len(shape), x.ndim
    if rank_x == 1:
        if rank == 1:
            return g * x
        return x[:, None] * (g if rank == 2 else g[..., None, :])
    if rank > 2:
        return product(x.mT, g)
    if rank_x > 2:  # y is shared by the stack: one product instead of a stack and its sum
        lead = math.prod(x.shape[:-1])
        x = x.reshape(lead, x.shape[-1])
        g = g.reshape((lead, *shape[1:]))
    if rank == 1:
        return product(g, x)
    return product(x.T, g)


class Contract(Bilinear):
    """The product of two arrays, summed over the labels that the result does not have."""

    @staticmethod
    def kernel(x: Any, y: Any, labels: tuple[Labels, Labels, Labels]) -> Any:
        plan = _plan(*labels)
        if not plan.summed:
            return _spread(x, *plan.spread[0]) * _spread(y, *plan.spread[1])
        x = x.transpose(plan.order_x)
        y = y.transpose(plan.order_y)
        stack, free_x, summed = plan.stack, plan.free_x, plan.summed
        shape_x, shape_y = x.shape, y.shape
        lead = shape_x[:stack]
        rows, columns = shape_x[stack : stack + free_x], shape_y[stack + summed :]
        length = math.prod(shape_y[stack : stack + summed])
        if free_x != 1 or summed != 1:
            x = x.reshape((*lead, math.prod(rows), length))
        if plan.free_y != 1 or summed != 1:
            y = y.reshape((*lead, length, math.prod(columns)))
        z = product(x, y)
        if free_x != 1 or plan.free_y != 1:
            z = z.reshape(lead + rows + columns)
        return z.transpose(plan.order_z) if z.ndim else z[()]

    adjoints = (
        lambda g, y, labels: Contract.call(g, y, labels=(labels[2], labels[1], labels[0])),
        lambda g, x, labels: Contract.call(x, g, labels=(labels[0], labels[2], labels[1])),
    )

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        x, y, z = params["labels"]
        new = max((-1, *x, *y)) + 1
        own_x, own_y = batched
        labels = ((new, *x) if own_x else x, (new, *y) if own_y else y, (new, *z))
        return cls.call(*values, labels=labels), True


class _Plan(NamedTuple):
    """How a contraction becomes a matrix product: the axes in order, and how many of each kind."""

    stack: int
    free_x: int
    free_y: int
    summed: int
    order_x: tuple[int, ...]
    order_y: tuple[int, ...]
    order_z: tuple[int, ...]
    spread: tuple[tuple[tuple[int, ...], tuple[int | None, ...]], ...]


@functools.lru_cache(maxsize=4096)
def _plan(x: Labels, y: Labels, z: Labels) -> _Plan:
    stack = [label for label in z if label in x and label in y]
    free_x = [label for label in x if label not in y]
    free_y = [label for label in y if label not in x]
    summed = [label for label in x if label not in z]
    made = stack + free_x + free_y
    return _Plan(
        len(stack),
        len(free_x),
        len(free_y),
        len(summed),
        tuple([x.index(label) for label in stack + free_x + summed]),
        tuple([y.index(label) for label in stack + summed + free_y]),
        tuple([made.index(label) for label in z]),
        tuple(
            (
                tuple([each.index(label) for label in z if label in each]),
                tuple([0 if label in each else None for label in z]),
            )
            for each in (x, y)
        ),
    )


def _spread(x: Any, order: tuple[int, ...], places: tuple[int | None, ...]) -> Any:
    """Put the axes in order, with axes of length one where a place is None."""
    if not order:
        return x
    lengths = iter(x.shape[axis] for axis in order)
    shape = [1 if place is None else next(lengths) for place in places]
    return x.transpose(order).reshape(shape)


class Cross(Bilinear):
    """The vector product of three-dimensional vectors along the last axis."""

    kernel = np.cross
    adjoints = (lambda g, y: Cross.call(y, g), lambda g, x: Cross.call(g, x))

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return cls.call(*align(batched, values)), True


__all__ = ["Contract", "Cross", "Labels", "Matmul", "product"]
