"""Sums of products in Einstein's notation."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.errors import ShapeError
from fungrad.numpy.common import is_traced, lift
from fungrad.numpy.contraction import check_lengths, contract, hollow
from fungrad.numpy.products import plain
from fungrad.rules.products import Labels


def einsum(
    *operands: Any,
    optimize: Any = False,
    dtype: Any = None,
    order: str = "K",
    casting: str = "safe",
) -> Any:
    """Return the sum of products that subscripts describe, in Einstein's notation.

    Parameters
    ----------
    *operands
        The subscripts and then the arrays, ``einsum("ij,jk->ik", a, b)``; or each array followed
        by a list of ints for its axes, and the list for the result last: ``einsum(a, [0, 1], b,
        [1, 2], [0, 2])``. A label that appears twice in one operand takes its diagonal, one that
        the result lacks is summed over, ``...`` stands for any number of axes that broadcast.
        Without ``->`` the result has the labels that appear once, in alphabetical order.
    optimize : bool, str or list
        The order in which more than two arrays are contracted, as for `numpy.einsum`. Under
        transforms contraction is always pairwise, in the order that ``"greedy"`` finds if none is
        given.
    dtype : dtype, optional
        Compute in this dtype.
    order, casting : str
        As for `numpy.einsum`; under transforms without effect.

    Returns
    -------
    Array

    Raises
    ------
    ShapeError
        If the subscripts do not fit the arrays, or a label has several lengths.

    Examples
    --------
    >>> x = fnp.array([[1.0, 2.0], [3.0, 4.0]])
    >>> fnp.einsum("ii", x)
    Array(5., dtype=float64)
    >>> fnp.einsum("ij,j->i", x, fnp.array([1.0, 1.0]))
    Array([3., 7.], dtype=float64)
    """
    subscripts, arrays = _split(operands, "einsum")
    if not is_traced(*arrays):
        params = {"optimize": optimize, "dtype": dtype, "order": order, "casting": casting}
        try:
            return plain(np.einsum, *_joined(subscripts, arrays), **params)
        except ShapeError:
            check_lengths(arrays, _parse(subscripts, arrays)[0], "einsum")  # says it better
            raise
    if dtype is not None:
        arrays = [x.astype(dtype) for x in arrays]
    labels, result = _parse(subscripts, arrays)
    return contract(arrays, labels, result, optimize, "einsum")


def einsum_path(*operands: Any, optimize: Any = "greedy") -> Any:
    """Return the order of contraction that `einsum` would use, and a report on its cost.

    Parameters
    ----------
    *operands
        As for `einsum`; only the shapes matter.
    optimize : bool, str or list
        ``"greedy"``, ``"optimal"``, or a pair of one of these and a limit to the size of
        intermediate results.

    Returns
    -------
    path : list
    report : str

    Examples
    --------
    >>> a = fnp.ones((2, 3))
    >>> fnp.einsum_path("ij,kj,kl->il", a, a, a)[0]
    ['einsum_path', (0, 1), (0, 1)]
    """
    subscripts, arrays = _split(operands, "einsum_path")
    return np.einsum_path(*_joined(subscripts, map(hollow, arrays)), optimize=optimize)


def _split(operands: Sequence[Any], where: str) -> tuple[Any, list[Any]]:
    """Take the two forms of einsum's arguments apart: subscripts, and arrays."""
    if not operands:
        raise ValueError(f"{where} needs subscripts and arrays, such as {where}('ij->ji', x)")
    if isinstance(operands[0], str):
        return operands[0], [lift(x, where) for x in operands[1:]]
    arrays = [lift(x, where) for x in operands[: len(operands) // 2 * 2 : 2]]
    sublists = [tuple(each) for each in operands[1::2]]
    return (*sublists, tuple(operands[-1]) if len(operands) % 2 else None), arrays


def _joined(subscripts: Any, arrays: Any) -> list[Any]:
    """Return the arguments as NumPy's functions take them: the inverse of `_split`."""
    if isinstance(subscripts, str):
        return [subscripts, *arrays]
    *sublists, result = subscripts
    args = [each for pair in zip(arrays, map(list, sublists), strict=True) for each in pair]
    return args if result is None else [*args, list(result)]


def _parse(subscripts: Any, arrays: Sequence[Any]) -> tuple[tuple[Labels, ...], Labels]:
    try:
        return _labels(subscripts, tuple([x.ndim for x in arrays]))
    except ValueError as error:
        raise ShapeError(f"einsum {subscripts!r}", arrays, error) from None


@functools.lru_cache(maxsize=4096)
def _labels(subscripts: Any, ranks: tuple[int, ...]) -> tuple[tuple[Labels, ...], Labels]:
    """Return the labels of each axis of each operand and of the result, as small ints."""
    inputs, result = _terms(subscripts)
    if len(inputs) != len(ranks):
        raise ValueError(f"there are subscripts for {len(inputs)} arrays")
    dots = max(
        [rank - len(term) + 1 for term, rank in zip(inputs, ranks, strict=True) if ... in term],
        default=0,
    )
    expanded = []
    for term, rank in zip(inputs, ranks, strict=True):
        named = len(term) - (... in term)
        if rank < named or (rank > named and ... not in term):
            raise ValueError(f"an array with {rank} axes has subscripts for {named}")
        expanded.append(_expand(term, rank - named))
    if result is None:
        flat = [label for term in inputs for label in term if label is not ...]
        result = (*[...] * (dots > 0), *sorted({x for x in flat if flat.count(x) == 1}))
    expanded.append(_expand(result, dots))
    numbers: dict[Any, int] = {}
    for term in expanded[:-1]:
        for label in term:
            numbers.setdefault(label, len(numbers))
    for label in expanded[-1]:
        if label not in numbers:
            raise ValueError(f"the result has the subscript {label}, but no array has")
        if expanded[-1].count(label) > 1:
            raise ValueError(f"the result has the subscript {label} twice")
    *terms, last = [tuple([numbers[label] for label in term]) for term in expanded]
    return tuple(terms), last


def _terms(subscripts: Any) -> tuple[list[tuple[Any, ...]], tuple[Any, ...] | None]:
    """Return the labels of the operands and the result as written; None if there is no result."""
    if not isinstance(subscripts, str):
        return list(subscripts[:-1]), subscripts[-1]
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    terms = [_letters(term) for term in left.split(",")]
    return terms, _letters(right) if arrow else None


def _letters(term: str) -> tuple[Any, ...]:
    head, dots, tail = term.partition("...")
    letters = head + tail
    if not (letters.isascii() and letters.isalpha()) and letters:
        raise ValueError(f"subscripts are letters and '...', got {term!r}")
    return (*head, *[...] * bool(dots), *tail)


def _expand(term: tuple[Any, ...], count: int) -> tuple[Any, ...]:
    """Replace the ellipsis by labels for `count` axes, counted from the right."""
    if ... not in term:
        return term
    at = term.index(...)
    if ... in term[at + 1 :]:
        raise ValueError("there is more than one '...' in a term")
    dots = [("...", position) for position in range(-count, 0)]
    return (*term[:at], *dots, *term[at + 1 :])


__all__ = ["einsum", "einsum_path"]
