"""Counting in bins."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.errors import ShapeError
from fungrad.numpy import reductions
from fungrad.numpy.calculus import diff
from fungrad.numpy.common import as_array, concrete, is_traced, lift
from fungrad.numpy.sorting import searchsorted
from fungrad.numpy.untraced import call_numpy
from fungrad.rules import histograms as rules
from fungrad.trace import peek


def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    """Return the number of the bin of each element.

    Parameters
    ----------
    x : array_like
        The elements.
    bins : array_like
        The edges of the bins, ascending or descending.
    right : bool
        Whether an element that is equal to an edge lies below it.

    Returns
    -------
    Array
        Integers of the shape of `x`: 0 before the first edge, ``len(bins)`` behind the last one.

    Raises
    ------
    ValueError
        If the edges are not monotonic.

    Examples
    --------
    >>> fnp.digitize([0.5, 1.0, 3.0], [1.0, 2.0])
    Array([0, 1, 2], dtype=int64)
    """
    x, bins = lift(x, "digitize"), lift(bins, "digitize")
    steps = np.diff(peek(bins))
    side = "left" if right else "right"
    if np.all(steps >= 0):
        return searchsorted(bins, x, side)
    if np.any(steps > 0):
        raise ValueError("digitize needs edges that are monotonic")
    # The edges are descending: count those that come after.
    return len(bins) - searchsorted(np.flip(bins), x, side)


def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """Return how often each integer occurs, or the sums of its weights.

    Parameters
    ----------
    x : array_like of int
        The integers, none of them negative, in one axis.
    weights : array_like, optional
        A weight for each, differentiable.
    minlength : int
        The least length of the result.

    Returns
    -------
    Array
        Integers, or float64 with weights; one more than the largest element of `x`.

    Examples
    --------
    >>> fnp.bincount([0, 2, 2])
    Array([1, 0, 2], dtype=int64)
    >>> fnp.bincount([0, 2, 2], weights=[0.5, 1.0, 2.0])
    Array([0.5, 0. , 3. ], dtype=float64)
    """
    x = lift(x, "bincount")
    if not is_traced(x, weights):
        return call_numpy(np.bincount, x, weights, minlength)
    numbers = concrete(x)
    numbers = np.asarray(numbers)
    length = len(np.bincount(numbers, None, minlength))  # checks them, too
    if weights is None:
        return call_numpy(np.bincount, numbers, None, minlength)
    weights = lift(weights, "bincount")
    if weights.shape != numbers.shape:
        raise ShapeError("bincount", (numbers, weights), "there is one weight for each element")
    return rules.BinCount.apply(numbers, weights, length=length)


def histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Any:
    """Return the edges of the bins of a histogram.

    Parameters
    ----------
    a : array_like
        The elements.
    bins : int, str or array_like
        The number of bins of equal width; or a rule for that, as for `numpy.histogram_bin_edges`;
        or the edges themselves.
    range : pair of float, optional
        The first and the last edge; the smallest and largest element when left out.
    weights : array_like, optional
        Has no effect.

    Returns
    -------
    Array
        One more than there are bins.

    Examples
    --------
    >>> fnp.histogram_bin_edges([0.0, 1.0, 4.0], bins=2)
    Array([0., 2., 4.], dtype=float64)
    """
    a = lift(a, "histogram_bin_edges")
    if not isinstance(bins, str) and np.ndim(bins):
        return as_array(lift(bins, "histogram_bin_edges"))
    if not is_traced(a):
        return call_numpy(np.histogram_bin_edges, a, bins, range)
    if isinstance(bins, str):
        numbers = np.asarray(concrete(a))
        bins = len(np.histogram_bin_edges(numbers, bins, range)) - 1
    if range is not None or not a.size:
        low, high = (0.0, 1.0) if range is None else range
        return call_numpy(np.histogram_bin_edges, np.empty(0), bins, (low, high))
    low, high = reductions.min(a), reductions.max(a)
    equal = low == high  # NumPy takes a range of width 1 then
    return np.linspace(np.where(equal, low - 0.5, low), np.where(equal, high + 0.5, high), bins + 1)


def histogram(
    a: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None
) -> tuple[Any, Any]:
    """Return how many elements lie in each bin, and the edges of the bins.

    The counts have no derivative, the sums of weights, the edges and the densities have.

    Parameters
    ----------
    a : array_like
        The elements, taken as one axis.
    bins, range
        See `histogram_bin_edges`.
    density : bool, optional
        Whether to return densities, the integral of which is one.
    weights : array_like, optional
        A weight for each element.

    Returns
    -------
    histogram : Array
        Counts, sums of weights or densities; the last bin includes its upper edge.
    bin_edges : Array

    Examples
    --------
    >>> fnp.histogram([0.0, 1.0, 4.0], bins=2)
    (Array([2, 1], dtype=int64), Array([0., 2., 4.], dtype=float64))
    """
    a = lift(a, "histogram")
    if not is_traced(a, weights, bins):
        counts, edges = call_numpy(np.histogram, a, bins, range, density, weights)
        return counts, edges
    edges = histogram_bin_edges(a, bins, range, weights)
    a = np.reshape(a, (-1,))
    last = len(edges) - 1
    index = searchsorted(edges, a, "right") - 1
    index = np.where(a == edges[-1], last - 1, index)
    outside = (index < 0) | (index >= last)
    index = np.where(outside, last, index)  # one bin more, for what is in none
    if weights is None:
        z = rules.BinCount.apply(index, length=last + 1)[:last]
    else:
        weights = np.reshape(lift(weights, "histogram"), (-1,))
        z = rules.BinCount.apply(index, weights, length=last + 1)[:last].astype(weights.dtype)
    if not density:
        return z, edges
    return z / diff(edges) / reductions.sum(z), edges


__all__ = ["bincount", "digitize", "histogram", "histogram_bin_edges"]
