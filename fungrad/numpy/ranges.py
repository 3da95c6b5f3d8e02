"""Sequences of numbers at equal distances or equal ratios."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from fungrad import tree
from fungrad.array import Array, operations, unwrap, wrap
from fungrad.numpy.common import concrete, is_traced, lift
from fungrad.numpy.creation import array
from fungrad.numpy.joining import concatenate
from fungrad.numpy.shapes import broadcast_to, expand_dims, moveaxis, reshape


def arange(
    start: Any,
    stop: Any = None,
    step: Any = None,
    dtype: Any = None,
    *,
    device: str | None = None,
) -> Any:
    """Return numbers at equal distances, from `start` on, all before `stop`.

    Parameters
    ----------
    start, stop, step : number
        With one of them only, it is `stop`, and `start` is 0. They may be traced: derivatives are
        those at a fixed number of elements.
    dtype : dtype, optional
    device : {'cpu'}, optional

    Examples
    --------
    >>> fnp.arange(3)
    Array([0, 1, 2], dtype=int64)
    >>> fnp.arange(1.0, 2.0, 0.5)
    Array([1. , 1.5], dtype=float64)
    """
    if stop is None:
        start, stop = 0, start
    given = [start, stop, 1 if step is None else step]
    plain: Any = [
        np.asarray(concrete(each))[()] if isinstance(each, Array) else each for each in given
    ]
    first, last, distance = plain
    if not is_traced(*given):
        numbers = np.arange(first, last, distance, dtype)  # type: ignore[call-overload]
        return array(numbers, device=device)
    count = max(0, math.ceil((last - first) / distance))
    found = np.result_type(*[lift(each, "arange").dtype for each in given])
    result = operations.add(
        lift(start, "arange"), operations.multiply(lift(given[2], "arange"), np.arange(count))
    )
    return _to_dtype(result, found if dtype is None else dtype)


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    device: str | None = None,
) -> Any:
    """Return `num` numbers at equal distances between two.

    Parameters
    ----------
    start, stop : array_like
        Several sequences at once, if they are arrays.
    num : int
    endpoint : bool
        Whether `stop` is the last number.
    retstep : bool
        Whether to return the distance as well, as a pair.
    dtype : dtype, optional
        Numbers are rounded down for integers.
    axis : int
        Where the sequences lie in the result.
    device : {'cpu'}, optional

    Examples
    --------
    >>> fnp.linspace(0.0, 1.0, 3)
    Array([0. , 0.5, 1. ], dtype=float64)
    >>> fg.grad(lambda b: fnp.linspace(0.0, b, 3).sum())(1.0)
    Array(1.5, dtype=float64)
    """
    num = operator.index(num)
    if not is_traced(*tree.leaves((start, stop))):
        result: Any = np.linspace(  # type: ignore[call-overload]
            _plain(start), _plain(stop), num, endpoint, retstep, dtype, axis, device=device
        )
        return (wrap(result[0]), wrap(result[1])) if retstep else wrap(result)
    if num < 0:
        raise ValueError(f"linspace: the number of elements is {num}, which is negative")
    found = np.result_type(_promoted(start, stop), 0.0)
    first, last = lift(start, "linspace"), lift(stop, "linspace")
    delta = _to_dtype(operations.subtract(last, first), found)
    places = np.arange(num, dtype=found).reshape(-1, *(1,) * delta.ndim)
    intervals = num - 1 if endpoint else num
    step = operations.divide(delta, intervals) if intervals > 0 else array(np.nan)
    result = operations.add(
        operations.multiply(places, step if intervals > 0 else delta), _to_dtype(first, found)
    )
    if endpoint and num > 1:
        end = expand_dims(broadcast_to(_to_dtype(last, found), delta.shape), 0)
        result = concatenate([result[:-1], end], 0)
    result = moveaxis(result, 0, axis)
    if dtype is not None:
        if np.dtype(dtype).kind in "iu":
            result = operations.floor(result)
        result = _to_dtype(result, dtype)
    return (result, step) if retstep else result


def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """Return numbers at equal ratios: `base` to the powers of `linspace`.

    Parameters
    ----------
    start, stop : array_like
        The first and the last power.
    num : int
    endpoint : bool
        Whether `stop` is the last power.
    base : array_like
    dtype : dtype, optional
    axis : int
        Where the sequences lie in the result.

    Examples
    --------
    >>> fnp.logspace(0, 2, 3)
    Array([  1.,  10., 100.], dtype=float64)
    """
    if not is_traced(*tree.leaves((start, stop, base))):
        return wrap(
            np.logspace(_plain(start), _plain(stop), num, endpoint, _plain(base), dtype, axis)
        )
    root = lift(base, "logspace")
    if root.ndim:
        ndim = max(root.ndim, np.ndim(_plain(start)), np.ndim(_plain(stop)))
        start, stop, root = [array(each, ndmin=ndim) for each in (start, stop, root)]
        root = expand_dims(root, axis)
    elif not isinstance(base, Array):
        root = base
    powers = linspace(start, stop, num, endpoint, axis=axis)
    result = operations.power(root, powers)
    return result if dtype is None else _to_dtype(result, dtype)


def geomspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """Return `num` numbers at equal ratios between two.

    Parameters
    ----------
    start, stop : array_like
        The first and the last number; not 0.
    num : int
    endpoint : bool
        Whether `stop` is the last number.
    dtype : dtype, optional
    axis : int
        Where the sequences lie in the result.

    Examples
    --------
    >>> fnp.geomspace(1.0, 100.0, 3)
    Array([  1.,  10., 100.], dtype=float64)
    """
    if not is_traced(*tree.leaves((start, stop))):
        return wrap(np.geomspace(_plain(start), _plain(stop), num, endpoint, dtype, axis))
    found = np.result_type(_promoted(start, stop), np.float64)
    first = _to_dtype(lift(start, "geomspace"), found)
    last = _to_dtype(lift(stop, "geomspace"), found)
    ratio = operations.log(operations.divide(last, first))
    intervals = max(num - 1 if endpoint else num, 1)
    places = np.arange(num, dtype=found).reshape(-1, *(1,) * ratio.ndim) / intervals
    result = operations.multiply(first, operations.exp(operations.multiply(places, ratio)))
    if endpoint and num > 1:
        result = concatenate(
            [result[:-1], reshape(broadcast_to(last, ratio.shape), (1, *ratio.shape))]
        )
    result = moveaxis(result, 0, axis)
    return result if dtype is None else _to_dtype(result, dtype)


def _plain(x: Any) -> Any:
    return np.asarray(x) if isinstance(x, (list, tuple)) else unwrap(x)


def _promoted(*values: Any) -> Any:
    """Return the common dtype, in which Python's numbers are weak."""
    return np.result_type(
        *[v if type(v) in (bool, int, float, complex) else lift(v, "range").dtype for v in values]
    )


def _to_dtype(x: Any, dtype: Any) -> Any:
    return x if x.dtype == np.dtype(dtype) else operations.astype(x, dtype)


__all__ = ["arange", "geomspace", "linspace", "logspace"]
