"""Calculus on samples: differences, derivatives, integrals, interpolation."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.array import Array
from fungrad.errors import ShapeError, describe
from fungrad.numpy import reductions
from fungrad.numpy.common import NUMBERS, axis_index, is_traced, lift
from fungrad.numpy.sorting import argsort, searchsorted
from fungrad.numpy.untraced import call_numpy


def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Return the differences of neighbours along an axis.

    Parameters
    ----------
    a : array_like
        The elements.
    n : int
        How many times to take differences.
    axis : int
        The axis.
    prepend, append : array_like, optional
        What is put in front of the elements, and behind them, first.

    Returns
    -------
    Array
        Along the axis `n` elements fewer.

    Examples
    --------
    >>> fnp.diff([1.0, 4.0, 9.0])
    Array([3., 5.], dtype=float64)
    """
    a = lift(a, "diff")
    if n < 0:
        raise ValueError(f"n is how many times to take differences, got {n}")
    if not a.ndim:
        raise ShapeError("diff", (a,), "a number has no neighbours")
    axis = axis_index(axis, a.ndim)
    ends = [None if end is None else _end(lift(end, "diff"), a, axis) for end in (prepend, append)]
    parts = [part for part in (ends[0], a, ends[1]) if part is not None]
    z = np.concatenate(parts, axis=axis) if len(parts) > 1 else a
    if not is_traced(z):
        return call_numpy(np.diff, z, n, axis) if n else Array(z)
    ahead, behind = _slices(z.ndim, axis, slice(1, None), slice(None, -1))
    for _ in range(n):
        z = z[ahead] != z[behind] if z.dtype == bool else z[ahead] - z[behind]
    return z


def _end(end: Any, a: Any, axis: int) -> Any:
    if end.ndim:
        return end
    return np.broadcast_to(end, [1 if i == axis else n for i, n in enumerate(a.shape)])


def _slices(ndim: int, axis: int, *indices: Any) -> list[tuple[Any, ...]]:
    """Return indices that act on one axis."""
    return [(*(slice(None),) * axis, index) for index in indices]


def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """Return the differences of neighbours, all elements taken as one axis.

    Parameters
    ----------
    ary : array_like
        The elements.
    to_end, to_begin : array_like, optional
        What is put behind the differences, and in front of them.

    Returns
    -------
    Array
        With one axis.

    Examples
    --------
    >>> fnp.ediff1d([1.0, 4.0, 9.0], to_begin=0.0)
    Array([0., 3., 5.], dtype=float64)
    """
    z = diff(np.reshape(lift(ary, "ediff1d"), (-1,)))
    ends = [None if end is None else lift(end, "ediff1d") for end in (to_begin, to_end)]
    for end in ends:
        if end is not None and not np.can_cast(end.dtype, z.dtype, "same_kind"):
            raise TypeError(f"the differences are {z.dtype}, which cannot hold {describe(end)}")
    first, last = [None if end is None else np.reshape(end, (-1,)).astype(z.dtype) for end in ends]
    parts = [part for part in (first, z, last) if part is not None]
    return np.concatenate(parts) if len(parts) > 1 else z


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """Return the integral along an axis by the trapezoidal rule.

    Parameters
    ----------
    y : array_like
        The samples.
    x : array_like, optional
        Where they were taken: one axis, or the shape of `y`.
    dx : array_like
        The distance of neighbours, without `x`.
    axis : int
        The axis.

    Returns
    -------
    Array
        The integrals.

    Examples
    --------
    >>> fnp.trapezoid([1.0, 2.0, 3.0])
    Array(4., dtype=float64)
    """
    y = lift(y, "trapezoid")
    if x is None:
        distance = dx if type(dx) in NUMBERS else lift(dx, "trapezoid")
    else:
        x = lift(x, "trapezoid")
        distance = diff(x, axis=axis if x.ndim > 1 else 0)
    axis = axis_index(axis, y.ndim)
    if x is not None and x.ndim == 1:
        distance = np.reshape(distance, (-1,) + (1,) * (y.ndim - axis - 1))
    ahead, behind = _slices(y.ndim, axis, slice(1, None), slice(None, -1))
    return reductions.sum(distance * (y[ahead] + y[behind]) / 2.0, axis)


def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Return the derivatives of samples, by differences of second order inside.

    Parameters
    ----------
    f : array_like
        The samples.
    *varargs : array_like
        Their distance along all axes; or one for each axis, a number or the places of the samples.
    axis : int or tuple of int, optional
        The axes; all of them when left out.
    edge_order : {1, 2}
        The order of the differences at the ends.

    Returns
    -------
    Array, or tuple of Array
        Of the shape of `f`, one for each axis.

    Examples
    --------
    >>> fnp.gradient([1.0, 4.0, 9.0, 16.0])
    Array([3., 4., 6., 7.], dtype=float64)
    """
    f = lift(f, "gradient")
    spacing = [each if type(each) in NUMBERS else lift(each, "gradient") for each in varargs]
    if not is_traced(f, *spacing):
        return call_numpy(np.gradient, f, *spacing, axis=axis, edge_order=edge_order)
    given = range(f.ndim) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    axes = [axis_index(each, f.ndim) for each in given]
    if not spacing:
        spacing = [1.0]
    if len(spacing) == 1 and not _rank(spacing[0]):
        spacing = spacing * len(axes)
    if len(spacing) != len(axes):
        raise TypeError(f"gradient got {len(varargs)} distances for {len(axes)} axes")
    if edge_order not in (1, 2):
        raise ValueError(f"edge_order must be 1 or 2, got {edge_order}")
    f = reductions.as_inexact(f)
    found = [
        _slope(f, distance, each, edge_order) for each, distance in zip(axes, spacing, strict=True)
    ]
    return found[0] if len(found) == 1 else tuple(found)


def _rank(x: Any) -> int:
    return 0 if type(x) in NUMBERS else len(x.shape)


def _slope(f: Any, places: Any, axis: int, edge_order: int) -> Any:
    """Return the derivatives along one axis."""
    length = f.shape[axis]
    if length < edge_order + 1:
        raise ShapeError("gradient", (f,), f"axis {axis} needs {edge_order + 1} elements or more")
    if _rank(places) and places.shape != (length,):
        raise ShapeError("gradient", (f, places), f"axis {axis} needs {length} places")

    def at(start: int | None, stop: int | None) -> Any:
        return f[(*(slice(None),) * axis, slice(start, stop))]

    steps = diff(reductions.as_inexact(places)) if _rank(places) else None

    def step(start: int, stop: int | None) -> Any:
        if steps is None:
            return places
        return np.reshape(steps[start:stop], (-1,) + (1,) * (f.ndim - axis - 1))

    left, right = step(0, -1), step(1, None)
    if steps is None:
        inside = (at(2, None) - at(None, -2)) / (2.0 * places)
    else:
        inside = (
            -right / (left * (left + right)) * at(None, -2)
            + (right - left) / (left * right) * at(1, -1)
            + left / (right * (left + right)) * at(2, None)
        )
    if edge_order == 1:
        first = (at(1, 2) - at(0, 1)) / step(0, 1)
        last = (at(-1, None) - at(-2, -1)) / step(-1, None)
    else:
        first = _edge(at(0, 1), at(1, 2), at(2, 3), step(0, 1), step(1, 2))
        last = -_edge(at(-1, None), at(-2, -1), at(-3, -2), step(-1, None), step(-2, -1))
    return np.concatenate([first, inside, last], axis=axis).astype(f.dtype)


def _edge(f0: Any, f1: Any, f2: Any, near: Any, far: Any) -> Any:
    """Return the one-sided derivative of second order, from distances that need not be equal."""
    return (
        -(2.0 * near + far) / (near * (near + far)) * f0
        + (near + far) / (near * far) * f1
        - near / (far * (near + far)) * f2
    )


def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    """Return the values at some places of the polygon through given points.

    It is differentiable in the places, the places of the points and their values.

    Parameters
    ----------
    x : array_like
        The places.
    xp : array_like
        The places of the points, ascending unless `period` is given.
    fp : array_like
        The values of the points, real or complex.
    left, right : number, optional
        The value before the first point and behind the last one; theirs when left out.
    period : float, optional
        The period of a function that repeats itself.

    Returns
    -------
    Array
        Of the shape of `x`.

    Raises
    ------
    ShapeError
        If `xp` and `fp` are not vectors of one length.

    Examples
    --------
    >>> fnp.interp(1.5, [1.0, 2.0], [10.0, 20.0])
    Array(15., dtype=float64)
    """
    x, xp, fp = lift(x, "interp"), lift(xp, "interp"), lift(fp, "interp")
    if not is_traced(x, xp, fp, left, right, period):
        return call_numpy(np.interp, x, xp, fp, left, right, period)
    if xp.ndim != 1 or xp.shape != fp.shape or not len(xp):
        raise ShapeError("interp", (xp, fp), "the points are two vectors of one length, not 0")
    x, xp = x.astype(float), xp.astype(float)
    fp = fp.astype(complex if fp.dtype.kind == "c" else float)
    if period is not None:
        period = np.abs(period)
        left = right = None
        x, xp = x % period, xp % period
        order = argsort(xp)
        xp, fp = np.take(xp, order), np.take(fp, order)
        xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = np.concatenate([fp[-1:], fp, fp[:1]])
    before, after = x < xp[0], x > xp[-1]
    if len(xp) == 1:
        z = np.broadcast_to(fp[0], x.shape)
    else:
        index = np.clip(searchsorted(xp, x, "right") - 1, 0, len(xp) - 2)
        start, end = np.take(xp, index), np.take(xp, index + 1)
        low, high = np.take(fp, index), np.take(fp, index + 1)
        width = end - start
        slope = (high - low) / np.where(width == 0, 1, width)
        z = np.where((width == 0) & (x == end), high, slope * (x - start) + low)
    z = np.where(before, fp[0] if left is None else left, z)
    return np.where(after, fp[-1] if right is None else right, z)


__all__ = ["diff", "ediff1d", "gradient", "interp", "trapezoid"]
