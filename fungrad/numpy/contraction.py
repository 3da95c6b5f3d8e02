"""Sums of products under transforms: contractions as matrix products of two arrays at a time."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.errors import ShapeError
from fungrad.rules import products as rules
from fungrad.rules.products import Labels


def sum_over(a: Any, b: Any, axes_a: tuple[int, ...], axes_b: tuple[int, ...], where: str) -> Any:
    """Contract pairs of axes; the others follow each other, those of `a` first."""
    labels_a = list(range(a.ndim))
    labels_b = list(range(a.ndim, a.ndim + b.ndim))
    for axis_a, axis_b in zip(axes_a, axes_b, strict=True):
        if a.shape[axis_a] != b.shape[axis_b]:
            raise ShapeError(
                where,
                (a, b),
                f"axis {axis_a} of the first has length {a.shape[axis_a]}, axis {axis_b} of the "
                f"second {b.shape[axis_b]}",
            )
        labels_b[axis_b] = axis_a
    result = [label for label in labels_a if label not in axes_a]
    result += [label for axis, label in enumerate(labels_b) if axis not in axes_b]
    return rules.Contract.apply(a, b, labels=(tuple(labels_a), tuple(labels_b), tuple(result)))


def contract_cores(where: str, x: Any, y: Any, core_x: Labels, core_y: Labels, core: Labels) -> Any:
    """Contract the core axes, given by negative labels; the axes in front broadcast."""
    if x.ndim < len(core_x) or y.ndim < len(core_y):
        ranks = f"{len(core_x)} and {len(core_y)}"
        raise ShapeError(where, (x, y), f"the operands need at least {ranks} axes")
    rank_x, rank_y = x.ndim - len(core_x), y.ndim - len(core_y)
    rank = max(rank_x, rank_y)
    labels = ((*range(rank - rank_x, rank), *core_x), (*range(rank - rank_y, rank), *core_y))
    return contract([x, y], labels, (*range(rank), *core), False, where)


def contract(
    arrays: Sequence[Any],
    labels: Sequence[Labels],
    result: Labels,
    optimize: Any,
    where: str,
) -> Any:
    """Contract any number of arrays, two at a time; axes of length one broadcast."""
    if len(arrays) == 2:
        x, y = arrays
        shared = _shared_axes(*labels, result)
        if shared is not None and all(x.shape[i] == y.shape[j] for i, j in shared):
            return rules.Contract.apply(x, y, labels=(*labels, result))
    check_lengths(arrays, labels, where)
    pending = list(zip(arrays, labels, strict=True))
    for positions in _path(pending, result, optimize):
        chosen = [pending[position] for position in positions]
        pending = [each for i, each in enumerate(pending) if i not in positions]
        while len(chosen) > 1:
            first, second, *chosen = chosen
            later = {label for _, each in (*chosen, *pending) for label in each}
            wanted = result if not later else (*result, *sorted(later.difference(result)))
            chosen.insert(0, _contract_two(*first, *second, wanted))
        pending += chosen
    ((x, found),) = pending
    x, found = _simplify(x, found, set(result))
    order = tuple([found.index(label) for label in result])
    return x if order == tuple(range(len(order))) else np.transpose(x, order)


@functools.lru_cache(maxsize=4096)
def _shared_axes(x: Labels, y: Labels, result: Labels) -> list[tuple[int, int]] | None:
    """Return the pairs of axes with the same label if the labels are in normal form, else None."""
    for one, other in ((x, y), (y, x)):
        if len(set(one)) < len(one) or not set(one).issubset((*other, *result)):
            return None
    return [(axis, y.index(label)) for axis, label in enumerate(x) if label in y]


def _path(
    pending: list[tuple[Any, Labels]], result: Labels, optimize: Any
) -> list[tuple[int, ...]]:
    """Return which of the pending operands to contract, step by step."""
    if len(pending) <= 2:
        return [(0, 1)] if len(pending) == 2 else []
    if optimize in (False, True):
        optimize = "greedy"
    operands = [each for x, labels in pending for each in (hollow(x), list(labels))]
    try:
        path = np.einsum_path(*operands, list(result), optimize=optimize)[0]
    except TypeError:  # NumPy has letters for 52 labels
        return [(0, 1)] * (len(pending) - 1)
    return [tuple(each) for each in path[1:]]


def hollow(x: Any) -> Any:
    """Return an ndarray of the shape of x that takes no memory."""
    return np.broadcast_to(np.zeros((), x.dtype), x.shape)


def _contract_two(x: Any, labels_x: Labels, y: Any, labels_y: Labels, wanted: Labels) -> Any:
    """Contract two operands, to those of their labels that are wanted; return these too."""
    x, labels_x = _diagonals(x, labels_x)
    y, labels_y = _diagonals(y, labels_y)
    # What broadcasts is as if it were not there.
    lengths_x = dict(zip(labels_x, x.shape, strict=True))
    lengths_y = dict(zip(labels_y, y.shape, strict=True))
    both = set(labels_x).intersection(labels_y)
    x, labels_x = _drop(
        x, labels_x, {each for each in both if lengths_x[each] == 1 != lengths_y[each]}
    )
    y, labels_y = _drop(
        y, labels_y, {each for each in both if lengths_y[each] == 1 != lengths_x[each]}
    )
    x, labels_x = _sum_out(x, labels_x, {*labels_y, *wanted})
    y, labels_y = _sum_out(y, labels_y, {*labels_x, *wanted})
    here = {*labels_x, *labels_y}
    labels = tuple([label for label in wanted if label in here])
    return rules.Contract.apply(x, y, labels=(labels_x, labels_y, labels)), labels


def _simplify(x: Any, labels: Labels, wanted: set[int]) -> tuple[Any, Labels]:
    return _sum_out(*_diagonals(x, labels), wanted)


def _diagonals(x: Any, labels: Labels) -> tuple[Any, Labels]:
    """Take the diagonal of each label that stands there more than once."""
    while len(set(labels)) < len(labels):
        label = next(label for label in labels if labels.count(label) > 1)
        first = labels.index(label)
        second = labels.index(label, first + 1)
        if x.shape[first] != x.shape[second]:  # one of them is 1, and broadcasts
            axis = first if x.shape[first] == 1 else second
            x = np.reshape(x, (*x.shape[:axis], *x.shape[axis + 1 :]))
            labels = (*labels[:axis], *labels[axis + 1 :])
            continue
        x = np.diagonal(x, axis1=first, axis2=second)
        labels = (*[each for i, each in enumerate(labels) if i not in (first, second)], label)
    return x, labels


def _drop(x: Any, labels: Labels, unwanted: set[int]) -> tuple[Any, Labels]:
    """Drop axes of length one."""
    if not unwanted:
        return x, labels
    kept = [(label, n) for label, n in zip(labels, x.shape, strict=True) if label not in unwanted]
    x = np.reshape(x, tuple([length for _, length in kept]))
    return x, tuple([label for label, _ in kept])


def _sum_out(x: Any, labels: Labels, wanted: set[int]) -> tuple[Any, Labels]:
    """Sum over the labels that are not wanted."""
    axes = tuple([axis for axis, label in enumerate(labels) if label not in wanted])
    if not axes:
        return x, labels
    return np.sum(x, axis=axes), tuple([label for label in labels if label in wanted])


def check_lengths(arrays: Sequence[Any], labels: Sequence[Labels], where: str) -> None:
    """Raise if a label has several lengths; one broadcasts."""
    lengths: dict[int, int] = {}
    for position, (x, each) in enumerate(zip(arrays, labels, strict=True)):
        for axis, (label, length) in enumerate(zip(each, x.shape, strict=True)):
            before = lengths.setdefault(label, length)
            if before == 1:
                lengths[label] = length
            elif length not in (1, before):
                reason = f"axis {axis} of operand {position} has length {length} and meets {before}"
                raise ShapeError(where, arrays, reason)
