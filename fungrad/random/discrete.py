"""Counts, choices and orders."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fungrad.array import Array
from fungrad.errors import RandomArgumentError, describe
from fungrad.numpy.common import axis_index, lift
from fungrad.random.arguments import (
    Shape,
    as_dtype,
    as_shape,
    parameters,
    result_shape,
)
from fungrad.random.keys import Key, Source, source
from fungrad.rules.constants import StopGradient


def poisson(key: Key, lam: Any, shape: Any = None, dtype: Any = None) -> Any:
    """Return counts of the Poisson distribution.

    Parameters
    ----------
    key : Key
        One key.
    lam : array_like
        The means, 0 or more.
    shape : int or tuple of int, optional
        The shape of the result; that of `lam` when left out.
    dtype : dtype, optional
        Of the counts; int64 when left out.

    Raises
    ------
    RandomArgumentError
        If a mean is negative or NaN.

    Examples
    --------
    >>> from fungrad import random
    >>> float(random.poisson(random.key(0), 5.0, (10000,)).mean().round(1))
    5.0
    """
    dtype = as_dtype(dtype, "iuf", "poisson", np.int64)
    shape, (lam,) = parameters("poisson", shape, None, lam)
    return source(key, "poisson").draw("poisson", shape, dtype, lam)


def binomial(key: Key, n: Any, p: Any, shape: Any = None, dtype: Any = None) -> Any:
    """Return counts of successes among n trials, each of probability p.

    Parameters
    ----------
    key : Key
        One key.
    n : array_like
        Numbers of trials, 0 or more; fractions are cut off.
    p : array_like
        Probabilities; they broadcast against `n`.
    shape : int or tuple of int, optional
        The shape of the result; that of the parameters when left out.
    dtype : dtype, optional
        Of the counts; float64 when left out.

    Raises
    ------
    RandomArgumentError
        If a number of trials is negative, or a probability not between 0 and 1.

    Examples
    --------
    >>> from fungrad import random
    >>> float(random.binomial(random.key(0), 10, 0.3, (10000,)).mean().round())
    3.0
    """
    dtype = as_dtype(dtype, "fiu", "binomial", np.float64)
    shape, (n, p) = parameters("binomial", shape, None, n, p)
    if n.dtype.kind not in "iub":
        n = n.astype(np.int64)
    return source(key, "binomial").draw("binomial", shape, dtype, n, p)


def multinomial(
    key: Key, n: Any, p: Any, *, shape: Any = None, dtype: Any = None, unroll: Any = 1
) -> Any:
    """Return how often each of several outcomes came in n trials.

    Parameters
    ----------
    key : Key
        One key.
    n : array_like
        Numbers of trials.
    p : array_like
        The outcomes' probabilities along the last axis; they need not sum up to 1.
    shape : tuple of int, optional
        The shape of the result, with the axis of the outcomes; that of `p` when left out.
    dtype : dtype, optional
        Of the counts; float64 when left out.
    unroll : int or bool
        Without effect; for programs that were written for JAX.

    Examples
    --------
    >>> from fungrad import random
    >>> float(random.multinomial(random.key(0), 100, [1.0, 2.0, 1.0]).sum())
    100.0
    """
    dtype = as_dtype(dtype, "fiu", "multinomial", np.float64)
    _, (n,) = parameters("multinomial", None, None, n)
    _, (p,) = parameters("multinomial", None, None, p)
    if not p.ndim:
        raise RandomArgumentError("multinomial", "p has no axis; it has one of all outcomes")
    if n.dtype.kind not in "iub":
        n = n.astype(np.int64)
    shape = result_shape(
        "multinomial", shape, (*np.broadcast_shapes(n.shape, p.shape[:-1]), p.shape[-1])
    )
    return source(key, "multinomial").draw("multinomial", shape, dtype, n, p)


def geometric(key: Key, p: Any, shape: Any = None, dtype: Any = None) -> Any:
    """Return how many trials of probability p it takes to the first success.

    Parameters
    ----------
    key : Key
        One key.
    p : array_like
        Probabilities, above 0.
    shape : int or tuple of int, optional
        The shape of the result; that of `p` when left out.
    dtype : dtype, optional
        Of integers; int64 when left out.

    Raises
    ------
    RandomArgumentError
        If a probability is not above 0 and at most 1.

    Examples
    --------
    >>> from fungrad import random
    >>> float(random.geometric(random.key(0), 0.25, (10000,)).mean().round())
    4.0
    """
    dtype = as_dtype(dtype, "iu", "geometric", np.int64)
    shape, (p,) = parameters("geometric", shape, None, p)
    return source(key, "geometric").draw("geometric", shape, dtype, p)


def categorical(
    key: Key,
    logits: Any,
    axis: int = -1,
    shape: Any = None,
    replace: bool = True,
    mode: str | None = None,
) -> Any:
    """Return positions, with probabilities proportional to ``exp(logits)``.

    Parameters
    ----------
    key : Key
        One key.
    logits : array_like
        Logarithms of weights; -inf stands for the weight zero.
    axis : int
        The axis of the positions.
    shape : tuple of int, optional
        The shape of the result; that of `logits` without the axis when left out. It ends like that.
    replace : bool
        Whether a position may come more than once.
    mode : str, optional
        Without effect; for programs that were written for JAX.

    Raises
    ------
    RandomArgumentError
        If there are fewer positions than are wanted without replacement.

    Examples
    --------
    >>> from fungrad import random
    >>> logits = np.log([0.2, 0.8])
    >>> float(random.categorical(random.key(0), logits, shape=(10000,)).mean().round(1))
    0.8
    """
    logits = lift(logits, "categorical")
    if logits.dtype.kind != "f":
        logits = logits.astype(float)
    axis = axis_index(axis, logits.ndim)
    rest = logits.shape[:axis] + logits.shape[axis + 1 :]
    shape = result_shape("categorical", shape, rest)
    front = shape[: len(shape) - len(rest)]
    drawn = source(key, "categorical")
    logits = StopGradient.apply(logits)
    if replace:
        lengths = list(shape[len(front) :])
        lengths.insert(axis, logits.shape[axis])
        noise = drawn.draw("gumbel", (*front, *lengths), logits.dtype)
        return np.argmax(noise + logits, axis=axis + len(front))
    count = math.prod(front)
    if count > logits.shape[axis]:
        raise RandomArgumentError(
            "categorical",
            f"{count} positions are wanted without replacement, and there are {logits.shape[axis]}",
        )
    noisy = logits + drawn.draw("gumbel", logits.shape, logits.dtype)
    chosen = _largest(np.moveaxis(noisy, axis, -1), count)
    return np.reshape(np.moveaxis(chosen, -1, 0), shape)


def _largest(x: Any, count: int) -> Any:
    """Return the positions of the largest elements along the last axis, the largest first."""
    return np.argsort(-x, axis=-1, kind="stable")[..., :count]


def permutation(key: Key, x: Any, axis: int = 0, independent: bool = False) -> Any:
    """Return the elements along an axis, or the integers below a number, in random order.

    Parameters
    ----------
    key : Key
        One key.
    x : int or array_like
        How many integers, or the array; its elements have derivatives.
    axis : int
        The axis.
    independent : bool
        Whether each line of elements along the axis gets an order of its own.

    Examples
    --------
    >>> from fungrad import random
    >>> sorted(random.permutation(random.key(0), 5).tolist())
    [0, 1, 2, 3, 4]
    """
    if isinstance(x, int):
        return _order(source(key, "permutation"), x)
    x = lift(x, "permutation")
    if not x.ndim:
        if x.dtype.kind not in "iu":
            raise RandomArgumentError(
                "permutation", f"x is {describe(x)}, neither integer nor array"
            )
        return _order(source(key, "permutation"), int(x))
    axis = axis_index(axis, x.ndim)
    drawn = source(key, "permutation")
    if independent and x.ndim > 1:
        noise = drawn.draw("bits", x.shape, np.uint64)
        return np.take_along_axis(x, np.argsort(noise, axis=axis, kind="stable"), axis)
    return np.take(_public(x), _order(drawn, x.shape[axis]), axis)


def _order(drawn: Source, count: int) -> Any:
    return drawn.draw("permutation", as_shape(count, "permutation"), np.int64)


def choice(
    key: Key,
    a: Any,
    shape: Any = (),
    replace: bool = True,
    p: Any = None,
    axis: int = 0,
    mode: str | None = None,
) -> Any:
    """Return elements that are chosen at random.

    Parameters
    ----------
    key : Key
        One key.
    a : int or array_like
        The elements along an axis, which have derivatives; or the number of integers from 0 on.
    shape : int or tuple of int
        What stands in place of the axis in the shape of the result.
    replace : bool
        Whether an element may be chosen more than once.
    p : array_like, optional
        Weights of the elements; all are the same when left out.
    axis : int
        The axis.
    mode : str, optional
        Without effect; for programs that were written for JAX.

    Raises
    ------
    RandomArgumentError
        If there are fewer elements than are wanted without replacement, or the weights do not fit.

    Examples
    --------
    >>> from fungrad import random
    >>> x = random.choice(random.key(0), np.array([1.0, 10.0]), (1000,), p=[0.9, 0.1])
    >>> float((x == 1.0).mean().round(1))
    0.9
    """
    shape = as_shape(shape, "choice")
    array = None if isinstance(a, int) else lift(a, "choice")
    if array is None or not array.ndim:
        array, count = None, int(a)
    else:
        axis = axis_index(axis, array.ndim)
        count = array.shape[axis]
    drawn = source(key, "choice")
    positions = _choose(drawn, count, shape, replace, p)
    return positions if array is None else np.take(_public(array), positions, axis)


def _choose(drawn: Source, count: int, shape: Shape, replace: bool, p: Any) -> Any:
    wanted = math.prod(shape)
    if count <= 0 and wanted:
        raise RandomArgumentError("choice", "there is nothing to choose from")
    if not replace and wanted > count:
        raise RandomArgumentError(
            "choice", f"{wanted} elements are wanted without replacement, and there are {count}"
        )
    if p is not None:
        p = lift(p, "choice")
        p = StopGradient.apply(p if p.dtype.kind == "f" else p.astype(float))
        if p.shape != (count,):
            raise RandomArgumentError("choice", f"p has shape {p.shape} for {count} elements")
        if replace:
            return drawn.draw("choice", shape, np.int64, p)
        noisy = np.log(p) + drawn.draw("gumbel", (count,), p.dtype)
        return np.reshape(_largest(noisy, wanted), shape)
    if replace:
        return drawn.draw("randint", shape, np.int64, 0, max(count, 1))
    return np.reshape(_order(drawn, count)[:wanted], shape)


def _public(x: Any) -> Any:
    return x if isinstance(x, Array) else Array(x)
