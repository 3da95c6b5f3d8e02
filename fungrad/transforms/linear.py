"""Linear functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fungrad import tree
from fungrad.errors import (
    IntegerOutputError,
    NonFloatInputError,
    NotLinearError,
    TreeMismatchError,
    describe,
)
from fungrad.trace import peek
from fungrad.transforms.call import name_of, path_of
from fungrad.transforms.reverse import vjp


def linear_transpose(fun: Callable[..., Any], *primals: Any) -> Callable[[Any], tuple[Any, ...]]:
    """Return the transpose of a linear function.

    Where `fun` multiplies by a matrix A, its transpose multiplies by A.T, which is not made. That
    `fun` is linear is tested at random points; it runs three times.

    Parameters
    ----------
    fun : callable
        A linear function of `primals`; takes and returns trees of arrays.
    *primals : tree of arrays
        The shapes and dtypes of its arguments: arrays, whose values are not used, or
        `ShapeDtypeStruct`.

    Returns
    -------
    callable
        Takes a tree like the output of `fun`; returns a tuple of trees like the primals, one for
        each.

    Raises
    ------
    NotLinearError
        If `fun` is not linear; a function that adds a constant is not.
    NonFloatInputError
        If a leaf of the primals is no floating-point array.
    IntegerOutputError
        If `fun` returns integers.
    CotangentError
        By the transpose, if its argument does not have the output's structure and shapes.

    Examples
    --------
    >>> transpose = fg.linear_transpose(fnp.cumsum, fg.ShapeDtypeStruct((3,), float))
    >>> transpose(fnp.array([1.0, 2.0, 3.0]))
    (Array([6., 5., 3.], dtype=float64),)
    """
    title = f"linear_transpose of {name_of(fun)}"
    random = np.random.default_rng(0)
    leaves, structure = tree.flatten(primals)
    kinds = [_dtype_of(leaf) for leaf in leaves]
    for index, (leaf, dtype) in enumerate(zip(leaves, kinds, strict=True)):
        if dtype is None or dtype.kind not in "fc":
            _refuse(fun, primals, index, leaf, title)

    def point() -> list[Any]:
        return [
            _random(random, np.shape(leaf), dtype)
            for leaf, dtype in zip(leaves, kinds, strict=True)
        ]

    x, y = point(), point()
    # A function that is not linear may well be undefined at a random point.
    with np.errstate(all="ignore"):
        at_y, pullback = vjp(fun, *structure.unflatten(y))
        at_x = fun(*structure.unflatten(x))
        mixed = fun(*structure.unflatten([a - 2 * b for a, b in zip(x, y, strict=True)]))
        outputs, expected = tree.flatten(at_y)
        try:
            others = zip(expected.flatten_up_to(at_x), expected.flatten_up_to(mixed), strict=True)
        except TreeMismatchError:
            raise NotLinearError(title, repr(expected)) from None
        for b, (a, c) in zip(outputs, others, strict=True):
            if b.dtype.kind not in "fc":
                raise IntegerOutputError("linear_transpose", name_of(fun), describe(b))
            if not _is_linear(a, b, c):
                raise NotLinearError(title, describe(b))
    return pullback  # type: ignore[no-any-return]


def _dtype_of(leaf: Any) -> Any:
    if type(leaf) in (int, float):
        return np.dtype(float)
    if type(leaf) is complex:
        return np.dtype(complex)
    return np.dtype(leaf.dtype) if hasattr(leaf, "dtype") and hasattr(leaf, "shape") else None


def _refuse(function: Any, primals: tuple[Any, ...], index: int, leaf: Any, title: str) -> None:
    for place, primal in enumerate(primals):
        count = len(tree.leaves(primal))
        if index < count:
            raise NonFloatInputError(
                title,
                path_of(function, place, primal, index),
                leaf,
                "linear functions are those of floating-point arrays; close over other values",
            )
        index -= count


def _random(random: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> Any:
    values = random.uniform(1.0, 2.0, shape)
    if dtype.kind == "c":
        values = values + 1j * random.uniform(1.0, 2.0, shape)
    return np.asarray(values).astype(dtype)[()]


def _is_linear(a: Any, b: Any, c: Any) -> bool:
    """Return whether c is ``a - 2 * b``, but for rounding."""
    if np.shape(a) != b.shape or np.shape(c) != b.shape:
        return False
    scale = np.max(np.abs(a) + 2 * np.abs(b), initial=0.0)
    wrong = np.abs(c - (a - 2 * b)) <= np.sqrt(np.finfo(b.dtype).eps) * scale
    return bool(np.all(peek(wrong)))
