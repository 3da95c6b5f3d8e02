"""Rows of the rules of layers: convolution, pooling, normalization, the linear layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.rules import affine, correlation, normalization, pooling
from fungrad.rules.windows import Windows, windows
from tests.cases import Case, complex_normal, normal


def over(*lengths: int, kernel: Any, stride: int = 1, padding: Any = 0, dilation: int = 1) -> Any:
    rank = len(lengths)
    pairs = ((padding, padding),) * rank if isinstance(padding, int) else padding
    return windows(lengths, kernel, (stride,) * rank, pairs, (dilation,) * rank)


def correlations(
    name: str, examples: int, groups: int, channels: int, outputs: int, found: Windows
) -> list[Case]:
    """Make a row for each of the three products that belong together."""
    x = normal(examples, groups, channels, *found.lengths)
    w = normal(groups, outputs, channels, *found.kernel, seed=1)
    z = normal(examples, groups, outputs, *found.outputs, seed=2)
    return [
        product(name, correlation.Correlate, x, w, found, lambda x, w: correlate(x, w, found)),
        product(name, correlation.CorrelateBack, z, w, found),
        product(name, correlation.CorrelateKernel, x, z, found),
    ]


def product(name: str, rule: Any, x: Any, y: Any, found: Windows, reference: Any = None) -> Case:
    return Case(
        f"{rule.__name__}, {name}",
        (rule,),
        lambda x, y: rule.apply(x, y, over=found),
        (x, y),
        reference,
        exact=False,
    )


def correlate(x: Any, w: Any, found: Windows) -> Any:
    """Return what `Correlate` does, one number at a time."""
    pads = ((0, 0), (0, 0), (0, 0), *found.padding)
    x = np.pad(x, pads)
    z = np.zeros((*x.shape[:2], w.shape[1], *found.outputs), np.result_type(x, w))
    for place in np.ndindex(*found.outputs):
        index = tuple(
            slice(at * step, at * step + reach, gap)
            for at, step, reach, gap in zip(place, found.stride, found.extent, found.dilation)
        )
        window = x[(..., *index)]
        summed = tuple(range(3, x.ndim + 1))
        z[(..., *place)] = np.sum(window[:, :, None] * w, axis=summed)
    return z


def windowed(name: str, rule: Any, x: Any, found: Windows, reduce: Any = None) -> Case:
    """Make a row of a rule over the last axes."""

    def reference(x: Any) -> Any:
        fill = 0 if reduce is np.sum else -np.inf
        x = np.pad(x, [(0, 0)] * (x.ndim - found.rank) + list(found.padding), constant_values=fill)
        view = np.lib.stride_tricks.sliding_window_view(x, found.extent, found.axes)
        steps = [slice(None, None, step) for step in (*found.stride, *found.dilation)]
        return reduce(view[(..., *steps)], axis=found.axes)

    return Case(
        f"{rule.__name__}, {name}",
        (rule,),
        lambda x: rule.apply(x, over=found),
        (x,),
        reference if reduce is not None else None,
        exact=False,
        derivative=rule is not pooling.ArgmaxWindows,
    )


def distinct(*shape: int) -> Any:
    """Return numbers of which no two are close, so that a maximum stays where it is."""
    count = int(np.prod(shape))
    return np.random.default_rng(count).permutation(count).reshape(shape) * 0.1


TILES = over(4, 6, kernel=(2, 3), stride=3)
OVERLAP = over(5, 4, kernel=(3, 2), stride=2, padding=((1, 1), (1, 0)))
DILATED = over(6, kernel=(2,), dilation=3)


def positions(found: Windows, *lead: int) -> Any:
    size = int(np.prod(found.kernel))
    return np.random.default_rng(0).integers(0, size, (*lead, *found.outputs)).astype(np.uint8)


def at_positions(rule: Any, name: str, found: Windows, lengths: tuple[int, ...]) -> Case:
    return Case(
        f"{rule.__name__}, {name}",
        (rule,),
        lambda x, which: rule.apply(x, which, over=found),
        (normal(2, *lengths), positions(found, 2)),
        None,
    )


def standardize(x: Any, axis: tuple[int, ...], epsilon: float) -> Any:
    mean, variance = x.mean(axis, keepdims=True), x.var(axis, keepdims=True)
    return (x - mean) / np.sqrt(variance + epsilon), mean, variance


def standardized(name: str, x: Any, axis: tuple[int, ...], part: Any = slice(None)) -> Case:
    return Case(
        f"standardize, {name}",
        (normalization.Standardize,),
        lambda x: normalization.Standardize.apply(x, axis=axis, epsilon=1e-3)[part],
        (x,),
        lambda x: standardize(x, axis, 1e-3)[part],
        exact=False,
    )


def scaled(x: Any, axis: tuple[int, ...]) -> Any:
    return x / np.sqrt(np.mean(x * x, axis=axis, keepdims=True) + 1e-3)


def linear(name: str, x: Any, w: Any, b: Any) -> Case:
    return Case(
        f"affine {name}",
        (affine.Affine,),
        lambda *xs: affine.Affine.apply(*xs),
        (x, w, b),
        lambda x, w, b: x @ w.T + b,
        exact=False,
    )


CASES = [
    *correlations("one axis", 2, 1, 2, 3, over(6, kernel=(3,))),
    *correlations("padding and stride", 2, 1, 2, 3, over(5, 6, kernel=(3, 2), stride=2, padding=1)),
    *correlations("dilation and groups", 2, 2, 2, 1, over(6, 5, kernel=(2, 2), dilation=2)),
    *correlations(
        "uneven padding", 1, 1, 1, 2, over(4, 3, kernel=(2, 2), padding=((0, 1), (1, 2)))
    ),
    *correlations("three axes", 1, 1, 2, 1, over(3, 2, 3, kernel=(2, 2, 2), padding=1, stride=2)),
    *correlations("points", 2, 2, 2, 3, over(2, 3, kernel=(1, 1))),
    *correlations("each channel by itself", 2, 3, 1, 1, over(4, 4, kernel=(3, 3), padding=1)),
    *correlations("no example", 0, 1, 2, 2, over(4, kernel=(2,))),
    product(
        "complex",
        correlation.Correlate,
        complex_normal(2, 1, 2, 6),
        complex_normal(1, 2, 2, 2, seed=3),
        DILATED,
        lambda x, w: correlate(x, w, DILATED),
    ),
    windowed("side by side", pooling.SumWindows, normal(2, 4, 6), TILES, np.sum),
    windowed("overlapping", pooling.SumWindows, normal(5, 4), OVERLAP, np.sum),
    windowed("dilated", pooling.SumWindows, normal(2, 1, 6), DILATED, np.sum),
    windowed("side by side", pooling.SpreadWindows, normal(2, *TILES.outputs), TILES),
    windowed("overlapping", pooling.SpreadWindows, normal(*OVERLAP.outputs), OVERLAP),
    windowed("side by side", pooling.MaxWindows, distinct(2, 4, 6), TILES, np.max),
    windowed("overlapping", pooling.MaxWindows, distinct(2, 5, 4), OVERLAP, np.max),
    windowed("dilated", pooling.MaxWindows, distinct(6), DILATED, np.max),
    windowed("overlapping", pooling.ArgmaxWindows, distinct(2, 5, 4), OVERLAP),
    at_positions(pooling.TakeFromWindows, "side by side", TILES, TILES.lengths),
    at_positions(pooling.TakeFromWindows, "overlapping", OVERLAP, OVERLAP.lengths),
    at_positions(pooling.PlaceInWindows, "side by side", TILES, TILES.outputs),
    at_positions(pooling.PlaceInWindows, "overlapping", OVERLAP, OVERLAP.outputs),
    standardized("last axis", normal(2, 5), (1,)),
    standardized("several axes", normal(3, 2, 2, 2), (0, 2, 3)),
    standardized("all axes", normal(4), (0,)),
    standardized("only the result", normal(3, 4), (1,), slice(0, 1)),
    standardized("only the moments", normal(3, 4), (0,), slice(1, 3)),
    Case(
        "scale to unit mean square",
        (normalization.ScaleToUnit,),
        lambda x: normalization.ScaleToUnit.apply(x, axis=(1, 2), epsilon=1e-3),
        (normal(2, 3, 2),),
        lambda x: scaled(x, (1, 2)),
        exact=False,
    ),
    linear("[4,3] [2,3]", normal(4, 3), normal(2, 3), normal(2)),
    linear("[3] [2,3]", normal(3), normal(2, 3), normal(2)),
    linear("[2,4,3] [2,3]", normal(2, 4, 3), normal(2, 3), normal(2)),
    linear("[0,3] [2,3]", normal(0, 3), normal(2, 3), normal(2)),
    linear("complex", complex_normal(4, 3), normal(2, 3), normal(2)),
]
