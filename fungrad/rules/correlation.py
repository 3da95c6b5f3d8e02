"""Convolution as neural networks know it: products of a kernel with windows of an array.

Three arrays belong together: the array x of shape ``(N, G, C, *lengths)``, the kernel w
``(G, O, C, *kernel)``, and the result z ``(N, G, O, *outputs)``, for N examples, G groups, and C
and O channels in each group. The number ``sum(z * Correlate(x, w))`` is linear in each of the
three; each rule below is its derivative by one of them, and so the adjoints of each rule are the
two others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from fungrad.rules.families import Bilinear
from fungrad.rules.windows import Windows, pad

BLOCK = 1 << 20  # bytes of the windows that are laid out at a time; they should stay in the cache


class _Correlation(Bilinear):
    """A batch is made one of the axes N, G, O, C, which one product serves."""

    merged: ClassVar[tuple[tuple[int, int, int], ...]]
    """The axes of the operands and of the result that take the batch: if the first operand has one,
    if the second has, if both have."""

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        own_x, own_y = batched
        *axes, axis = cls.merged[own_x + 2 * own_y - 1]
        length = values[0].shape[axes[0] + 1] if own_x else values[1].shape[axes[1] + 1]
        operands = [
            _merge(value, place) if own else value
            for value, own, place in zip(values, batched, axes)
        ]
        z = cls.call(*operands, **params)
        shape = z.shape
        z = np.reshape(z, (*shape[:axis], size, length, *shape[axis + 1 :]))
        return np.moveaxis(z, axis, 0), True


def _merge(x: Any, axis: int) -> Any:
    shape = x.shape[1:]
    merged = (*shape[:axis], x.shape[0] * shape[axis], *shape[axis + 1 :])
    return np.reshape(np.moveaxis(x, 0, axis), merged)


class Correlate(_Correlation):
    """The result z, from the array x and the kernel w."""

    merged = ((0, -1, 0), (-1, 1, 2), (1, 0, 1))
    adjoints = (
        lambda g, w, over: CorrelateBack.call(g, w, over=over),
        lambda g, x, over: CorrelateKernel.call(x, g, over=over),
    )

    @staticmethod
    def kernel(x: Any, w: Any, over: Windows) -> Any:
        examples, groups = x.shape[:2]
        rows = _flat(w, 2)
        shape = (examples, groups, w.shape[1], *over.outputs)
        if over.are_points:
            return np.matmul(rows, _flat(x, 3)).reshape(shape)
        z = np.empty(shape, np.result_type(x, w))
        view = _view(x, over)
        for piece in _blocks(z, x.shape[2] * math.prod(over.kernel), over):
            part = z[piece]
            product = np.matmul(rows, _columns(view[piece], over))
            part[...] = _examples_first(product, part.shape)
        return z


class CorrelateBack(_Correlation):
    """The array x, from the result z and the kernel w: transposed convolution."""

    merged = ((0, -1, 0), (-1, 2, 2), (1, 0, 1))
    adjoints = (
        lambda g, w, over: Correlate.call(g, w, over=over),
        lambda g, z, over: CorrelateKernel.call(g, z, over=over),
    )

    @staticmethod
    def kernel(z: Any, w: Any, over: Windows) -> Any:
        examples, groups = z.shape[:2]
        channels = w.shape[2]
        rows = _flat(w, 2).mT
        shape = (examples, groups, channels)
        if over.are_points:
            return np.matmul(rows, _flat(z, 3)).reshape((*shape, *over.lengths))
        x: Any = np.zeros((*shape, *over.padded), np.result_type(z, w))
        places = list(over.places())
        for piece in _blocks(z, channels * len(places), over):
            some, _, _, lines, *_ = piece
            part = z[piece]
            product = _outer_or_matmul(rows, _examples_last(part))
            columns = product.reshape((groups, channels, len(places), len(part), *part.shape[3:]))
            target = x[some].transpose((1, 2, 0, *range(3, x.ndim)))
            first = lines.start * over.stride[0]
            last = (lines.stop - 1) * over.stride[0] + 1
            for number, (line, *rest) in enumerate(places):
                moved = slice(line.start + first, line.start + last, line.step)
                target[(..., moved, *rest)] += columns[:, :, number]
        return x[over.inner()]


class CorrelateKernel(_Correlation):
    """The kernel w, from the array x and the result z."""

    merged = ((2, -1, 2), (-1, 2, 1), (1, 1, 0))
    adjoints = (
        lambda g, z, over: CorrelateBack.call(z, g, over=over),
        lambda g, x, over: Correlate.call(x, g, over=over),
    )

    @staticmethod
    def kernel(x: Any, z: Any, over: Windows) -> Any:
        (groups, channels), outputs = x.shape[1:3], z.shape[2]
        size = channels * math.prod(over.kernel)
        w = np.zeros((groups, outputs, size), np.result_type(x, z))
        view = _view(x, over)
        for piece in _blocks(z, size, over):
            w += np.matmul(_examples_last(z[piece]), _columns(view[piece], over).mT)
        return w.reshape((groups, outputs, channels, *over.kernel))


def _outer_or_matmul(x: Any, y: Any) -> Any:
    return x * y if y.shape[1] == 1 else np.matmul(x, y)


def _flat(x: Any, lead: int) -> Any:
    """Make all axes one but the first few."""
    return x.reshape((*x.shape[:lead], math.prod(x.shape[lead:])))


def _view(x: Any, over: Windows) -> Any:
    """Return a view of the windows: ``(N, G, C, *outputs, *kernel)``."""
    view = np.lib.stride_tricks.sliding_window_view(pad(x, over), over.extent, over.axes)
    steps = [slice(None, None, step) for step in (*over.stride, *over.dilation)]
    return view[(slice(None), slice(None), slice(None), *steps)]


def _columns(view: Any, over: Windows) -> Any:
    """Lay windows out as the columns of a matrix for each group: ``(G, C * kernel, N * outputs)``.

    This is a copy of as many numbers as the windows have.
    """
    last = 3 + over.rank
    order = (1, 2, *range(last, view.ndim), 0, *range(3, last))
    examples, groups, channels, *outputs = view.shape[:last]
    shape = (groups, channels * math.prod(over.kernel), examples * math.prod(outputs))
    return view.transpose(order).reshape(shape)


def _examples_last(z: Any) -> Any:
    """Return ``(N, G, O, *outputs)`` as ``(G, O, N * outputs)``."""
    moved = z.transpose((1, 2, 0, *range(3, z.ndim)))
    return _flat(moved, 2)


def _examples_first(z: Any, shape: tuple[int, ...]) -> Any:
    """Return ``(G, O, N * outputs)`` as ``(N, G, O, *outputs)``, which is `shape`."""
    split = z.reshape((*shape[1:3], shape[0], *shape[3:]))
    return split.transpose((2, 0, 1, *range(3, split.ndim)))


def _blocks(z: Any, size: int, over: Windows) -> Iterator[tuple[slice, ...]]:
    """Yield indices that part z: several examples, or some lines of one, as columns of `size`."""
    examples, groups = z.shape[:2]
    whole = slice(None)
    lines, *rest = over.outputs
    line = max(1, groups * size * math.prod(rest) * z.itemsize)
    at_once = max(1, BLOCK // (line * lines))
    height = lines if line * lines <= BLOCK else max(1, BLOCK // line)
    for first in range(0, examples, at_once):
        for top in range(0, lines, height):
            yield (
                slice(first, min(first + at_once, examples)),
                whole,
                whole,
                slice(top, min(top + height, lines)),
            )
