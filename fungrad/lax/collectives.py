"""Sums, means and exchanges between the examples of a `vmap`, by the name of its axis.

All of them are made from one operation, which gives every example the values of all.
"""

from __future__ import annotations

import operator
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from fungrad import tree
from fungrad.array import Array
from fungrad.errors import AxisNameError, CollectiveError
from fungrad.trace import Tracer
from fungrad.transforms.batch import Batched, BatchTrace, running
from fungrad.transforms.call import public
from fungrad.transforms.parts import Across


class AllGather(Across):
    """The values of all examples, along a new axis in front; the same for each example."""

    @classmethod
    def combine(cls, trace: BatchTrace, args: Sequence[Any], params: dict[str, Any]) -> Any:
        (x,) = args
        _check_whole(trace, x)
        if type(x) is Batched and x.owner is trace:
            return public(x.lower())
        x = x.value if type(x) is Array else x
        return public(np.broadcast_to(x, (trace.axis.size, *np.shape(x))))

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        return (ReduceScatter.call(gradient, **notes),)

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return cls.call(*values, **params), cls.call(*tangents, **params)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return np.moveaxis(cls.call(*values, **params), 0, 1), True


class ReduceScatter(Across):
    """For each example its own entry of the sum, over all examples, of arrays of entries."""

    @classmethod
    def combine(cls, trace: BatchTrace, args: Sequence[Any], params: dict[str, Any]) -> Any:
        (x,) = args
        _check_whole(trace, x)
        if type(x) is Batched and x.owner is trace:
            return Batched(trace, np.sum(x.lower(), axis=0), trace.rows)
        x = x.value if type(x) is Array else x
        return Batched(trace, x * trace.axis.size, trace.rows)

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        return (AllGather.call(gradient, **notes),)

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return cls.call(*values, **params), cls.call(*tangents, **params)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return cls.call(np.moveaxis(values[0], 1, 0), **params), True


def _check_whole(trace: BatchTrace, x: Any) -> None:
    rows = x.narrow()[0] if type(x) is Batched and x.owner is trace else trace.rows
    if rows is not trace.axis.everything:
        raise CollectiveError(trace.name, trace.axis.name, rows.size, trace.axis.size)


def _trace(axis_name: Hashable) -> BatchTrace:
    """Return the innermost running vmap whose axis has that name."""
    try:
        return running.get()[axis_name]
    except KeyError:
        raise AxisNameError(
            axis_name, [name for name in running.get() if not hasattr(name, "everything")]
        ) from None


def _each(axis_name: Any) -> tuple[Any, ...]:
    """Return the names in `axis_name`: one, or several in a tuple."""
    return axis_name if isinstance(axis_name, tuple) else (axis_name,)


def _gather(x: Any, axis_name: Hashable) -> Any:
    x = x if isinstance(x, Tracer) else np.asarray(x)
    return AllGather.apply(x, axis=_trace(axis_name).axis)


def _reduce(function: Any, x: Any, axis_name: Any) -> Any:
    def reduce(leaf: Any) -> Any:
        for name in _each(axis_name):
            leaf = function(_gather(leaf, name), axis=0)
        return leaf

    return tree.map(reduce, x)


def psum(x: Any, axis_name: Any) -> Any:
    """Return the sum over all examples of a `vmap`.

    Parameters
    ----------
    x : tree of arrays
        A value of each example; one that is the same for all counts as often as there are examples.
    axis_name : hashable or tuple of hashable
        What `vmap` was given as `axis_name`; several, to sum over all of these.

    Returns
    -------
    tree of arrays
        The sums, of the structure and shapes of `x`, the same for each example.

    Raises
    ------
    AxisNameError
        If no `vmap` that is running has an axis of that name.
    CollectiveError
        If only some of the examples are here, in a branch on a value.

    Examples
    --------
    >>> share = fg.vmap(lambda x: x / fg.lax.psum(x, "i"), axis_name="i")
    >>> share(fnp.array([1.0, 1.0, 2.0]))
    Array([0.25, 0.25, 0.5 ], dtype=float64)
    """
    return _reduce(np.sum, x, axis_name)


def pmean(x: Any, axis_name: Any) -> Any:
    """Return the mean over all examples of a `vmap`.

    Parameters
    ----------
    x : tree of arrays
        A value of each example.
    axis_name : hashable or tuple of hashable
        What `vmap` was given as `axis_name`.

    Returns
    -------
    tree of arrays
        The means, the same for each example.

    Raises
    ------
    AxisNameError, CollectiveError
        As for `psum`.

    Examples
    --------
    >>> center = fg.vmap(lambda x: x - fg.lax.pmean(x, "i"), axis_name="i")
    >>> center(fnp.array([1.0, 3.0]))
    Array([-1.,  1.], dtype=float64)
    """
    return _reduce(np.mean, x, axis_name)


def pmax(x: Any, axis_name: Any) -> Any:
    """Return the largest value among all examples of a `vmap`, element by element.

    Parameters
    ----------
    x : tree of arrays
        A value of each example.
    axis_name : hashable or tuple of hashable
        What `vmap` was given as `axis_name`.

    Returns
    -------
    tree of arrays
        The maxima, the same for each example. Ties share the gradient.

    Raises
    ------
    AxisNameError, CollectiveError
        As for `psum`.

    Examples
    --------
    >>> fg.vmap(lambda x: x / fg.lax.pmax(x, "i"), axis_name="i")(fnp.array([1.0, 4.0]))
    Array([0.25, 1.  ], dtype=float64)
    """
    return _reduce(np.max, x, axis_name)


def pmin(x: Any, axis_name: Any) -> Any:
    """Return the smallest value among all examples of a `vmap`, element by element.

    Parameters
    ----------
    x : tree of arrays
        A value of each example.
    axis_name : hashable or tuple of hashable
        What `vmap` was given as `axis_name`.

    Returns
    -------
    tree of arrays
        The minima, the same for each example. Ties share the gradient.

    Raises
    ------
    AxisNameError, CollectiveError
        As for `psum`.

    Examples
    --------
    >>> fg.vmap(lambda x: x - fg.lax.pmin(x, "i"), axis_name="i")(fnp.array([1.0, 4.0]))
    Array([0., 3.], dtype=float64)
    """
    return _reduce(np.min, x, axis_name)


def all_gather(x: Any, axis_name: Hashable, *, axis: int = 0, tiled: bool = False) -> Any:
    """Return the values of all examples of a `vmap`, along an axis.

    Parameters
    ----------
    x : tree of arrays
        A value of each example.
    axis_name : hashable
        What `vmap` was given as `axis_name`.
    axis : int
        Where the axis of the examples stands in the results.
    tiled : bool
        Join along the existing axis `axis` instead of a new one.

    Returns
    -------
    tree of arrays
        The values, the same for each example.

    Raises
    ------
    AxisNameError, CollectiveError
        As for `psum`.

    Examples
    --------
    >>> rank = lambda x: fnp.sum(fg.lax.all_gather(x, "i") < x)
    >>> fg.vmap(rank, axis_name="i")(fnp.array([0.5, -1.0, 2.0]))
    Array([1, 0, 2], dtype=int64)
    """

    def gather(leaf: Any) -> Any:
        values = _gather(leaf, axis_name)
        if not tiled:
            return np.moveaxis(values, 0, axis) if axis else values
        return np.concatenate([values[i] for i in range(values.shape[0])], axis=axis)

    return tree.map(gather, x)


def axis_index(axis_name: Hashable) -> Any:
    """Return the position of each example along the axis of a `vmap`.

    Parameters
    ----------
    axis_name : hashable
        What `vmap` was given as `axis_name`.

    Returns
    -------
    Array
        An integer for each example.

    Raises
    ------
    AxisNameError
        If no `vmap` that is running has an axis of that name.

    Examples
    --------
    >>> fg.vmap(lambda x: x + fg.lax.axis_index("i"), axis_name="i")(fnp.zeros(3))
    Array([0., 1., 2.], dtype=float64)
    """
    trace = _trace(axis_name)
    return Batched(trace, trace.rows.indices, trace.rows)


def axis_size(axis_name: Any) -> int:
    """Return the number of examples of a `vmap`.

    Parameters
    ----------
    axis_name : hashable or tuple of hashable
        What `vmap` was given as `axis_name`; several, for the product.

    Returns
    -------
    int

    Raises
    ------
    AxisNameError
        If no `vmap` that is running has an axis of that name.

    Examples
    --------
    >>> fg.vmap(lambda x: x / fg.lax.axis_size("i"), axis_name="i")(fnp.ones(4))
    Array([0.25, 0.25, 0.25, 0.25], dtype=float64)
    """
    size = 1
    for name in _each(axis_name):
        size *= _trace(name).axis.size
    return size


def ppermute(x: Any, axis_name: Hashable, perm: Sequence[tuple[int, int]]) -> Any:
    """Send the value of each example to another one.

    Parameters
    ----------
    x : tree of arrays
        A value of each example.
    axis_name : hashable
        What `vmap` was given as `axis_name`.
    perm : sequence of pairs of int
        ``(source, destination)``; no source and no destination twice. Examples to which nothing
        is sent get zeros.

    Returns
    -------
    tree of arrays
        What each example was sent.

    Raises
    ------
    AxisNameError, CollectiveError
        As for `psum`.
    ValueError
        If `perm` names an example twice, or one that there is not.

    Examples
    --------
    >>> shift = lambda x: fg.lax.ppermute(x, "i", [(0, 1), (1, 2), (2, 0)])
    >>> fg.vmap(shift, axis_name="i")(fnp.array([1.0, 2.0, 3.0]))
    Array([3., 1., 2.], dtype=float64)
    """
    size = axis_size(axis_name)
    pairs = [(operator.index(source), operator.index(to)) for source, to in perm]
    for which, places in (
        ("source", [source for source, _ in pairs]),
        ("destination", [to for _, to in pairs]),
    ):
        if len(set(places)) != len(places):
            raise ValueError(f"ppermute: perm names a {which} twice: {list(perm)}")
        if not all(0 <= place < size for place in places):
            raise ValueError(
                f"ppermute: perm names a {which} that is not there: {list(perm)}; there are "
                f"{size} examples, from 0"
            )
    sources = np.zeros(size, np.intp)
    sent = np.zeros(size, bool)
    for source, to in pairs:
        sources[to], sent[to] = source, True
    here = axis_index(axis_name)

    def move(leaf: Any) -> Any:
        values = _gather(leaf, axis_name)
        received = values[public(sources)[here]]
        return np.where(public(sent)[here], received, values.dtype.type(0))

    return tree.map(move, x)


__all__ = [
    "all_gather",
    "axis_index",
    "axis_size",
    "pmax",
    "pmean",
    "pmin",
    "ppermute",
    "psum",
]
