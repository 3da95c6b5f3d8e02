"""Choosing among values."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.array import operations
from fungrad.numpy.common import NUMBERS, as_array, is_traced, lift
from fungrad.numpy.comparison import isnan, isneginf, isposinf, logical_or, not_equal
from fungrad.numpy.conversion import astype, imag, real
from fungrad.rules import selection as rules


def where(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    """Return elements of x where the condition is true, of y elsewhere.

    All three broadcast against each other. The gradient of what is not chosen is exactly zero, also
    where its own derivative is infinite or NaN.

    Parameters
    ----------
    condition : array_like of bool
        Numbers are true if they are not zero.
    x, y : array_like
        The values to choose from. If both are left out, the indices at which the condition is
        true are returned, as `nonzero` does.

    Examples
    --------
    >>> fnp.where([True, False], 1.0, [2.0, 3.0])
    Array([1., 3.], dtype=float64)
    >>> fg.grad(lambda x: fnp.where(x > 0, fnp.sqrt(x), 0.0))(0.0)
    Array(0., dtype=float64)
    """
    if x is None and y is None:
        return operations.nonzero(condition)
    if x is None or y is None:
        raise ValueError("where takes a condition and both x and y, or the condition alone")
    condition = lift(condition, "where")
    if condition.dtype.kind != "b":
        condition = not_equal(condition, 0)
    return rules.Where.apply(condition, x, y)


def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Return elements of the first choice whose condition is true.

    Parameters
    ----------
    condlist : sequence of array_like of bool
        The conditions.
    choicelist : sequence of array_like
        As many choices; all broadcast against each other.
    default : array_like
        For elements at which no condition is true.

    Examples
    --------
    >>> x = fnp.array([1.0, 2.0, 3.0])
    >>> fnp.select([x < 2, x < 3], [x, 10 * x])
    Array([ 1., 20.,  0.], dtype=float64)
    """
    if len(condlist) != len(choicelist):
        raise ValueError(
            f"select got {len(condlist)} conditions and {len(choicelist)} choices; it takes one "
            "choice for each condition"
        )
    if not len(condlist):
        raise ValueError("select got no conditions; it takes at least one, with its choice")
    conditions = [lift(condition, "select") for condition in condlist]
    for position, condition in enumerate(conditions):
        if condition.dtype.kind != "b":
            raise TypeError(
                f"select: condition {position} is of dtype {condition.dtype}; write x != 0 to take "
                "numbers as truth values"
            )
    choices = [c if type(c) in NUMBERS else lift(c, "select") for c in (*choicelist, default)]
    dtype = np.result_type(*[c if type(c) in NUMBERS else c.dtype for c in choices])
    *choices, result = [astype(choice, dtype) for choice in choices]
    for condition, choice in zip(reversed(conditions), reversed(choices), strict=True):
        result = rules.Where.apply(condition, choice, result)
    return result


def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """Return the values of a function that is defined by pieces.

    The functions work element by element. Each is called with an array like x; where its condition
    is false it finds an element at which it is true, so no piece meets arguments out of its range.
    The result has the dtype of x.

    Parameters
    ----------
    x : array_like
        The arguments.
    condlist : sequence of array_like of bool
        Of the shape of x: where each piece applies. Of two, the later one wins.
    funclist : sequence of callable or scalar
        As many functions or numbers, or one more for the elements where no condition is true
        (which get 0 otherwise).
    *args, **kw :
        Passed on to the functions.

    Raises
    ------
    ValueError
        If the numbers of functions and conditions do not fit.

    Examples
    --------
    >>> x = fnp.array([-1.0, 4.0])
    >>> fnp.piecewise(x, [x < 0, x >= 0], [lambda x: -x, fnp.sqrt])
    Array([1., 2.], dtype=float64)
    """
    x = lift(x, "piecewise")
    conditions = _conditions(x, condlist)
    if len(funclist) == len(conditions) + 1:
        rest = conditions[0]
        for condition in conditions[1:]:
            rest = logical_or(rest, condition)
        conditions.append(not_equal(rest, True))
    elif len(funclist) != len(conditions):
        raise ValueError(
            f"piecewise got {len(funclist)} functions for {len(conditions)} conditions; it takes "
            "one function for each, and perhaps one more for the rest"
        )
    result = rules.Zero.apply(x)
    for condition, piece in zip(conditions, funclist, strict=True):
        if callable(piece):
            piece = _piece(piece, x, condition, args, kw)
        if piece is not None:
            result = rules.Where.apply(condition, astype(piece, x.dtype), result)
    return result


def maximum(x1: Any, x2: Any, /) -> Any:
    """Return the greater of two numbers; NaN if one is NaN.

    The gradient goes to the greater one; in a tie, one half to each.

    Parameters
    ----------
    x1, x2 : array_like
        Broadcast against each other.

    Examples
    --------
    >>> fnp.maximum([1.0, 5.0], 3.0)
    Array([3., 5.], dtype=float64)
    >>> fg.grad(fnp.maximum)(3.0, 3.0)
    Array(0.5, dtype=float64)
    """
    return rules.Maximum.apply(x1, x2)


def minimum(x1: Any, x2: Any, /) -> Any:
    """Return the lesser of two numbers; NaN if one is NaN.

    The gradient goes to the lesser one; in a tie, one half to each.

    Parameters
    ----------
    x1, x2 : array_like
        Broadcast against each other.

    Examples
    --------
    >>> fnp.minimum([1.0, 5.0], 3.0)
    Array([1., 3.], dtype=float64)
    """
    return rules.Minimum.apply(x1, x2)


def fmax(x1: Any, x2: Any, /) -> Any:
    """Return the greater of two numbers; the other one if one is NaN.

    The gradient goes to the greater one; in a tie, one half to each.

    Parameters
    ----------
    x1, x2 : array_like
        Broadcast against each other.

    Examples
    --------
    >>> fnp.fmax([1.0, np.nan], 3.0)
    Array([3., 3.], dtype=float64)
    """
    return rules.Fmax.apply(x1, x2)


def fmin(x1: Any, x2: Any, /) -> Any:
    """Return the lesser of two numbers; the other one if one is NaN.

    The gradient goes to the lesser one; in a tie, one half to each.

    Parameters
    ----------
    x1, x2 : array_like
        Broadcast against each other.

    Examples
    --------
    >>> fnp.fmin([1.0, np.nan], 3.0)
    Array([1., 3.], dtype=float64)
    """
    return rules.Fmin.apply(x1, x2)


def clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    """Return the numbers with those outside of an interval moved to its nearest end.

    Inside of the interval the gradient goes to the number, outside of it to the end; where they are
    equal one half goes to each, as for ``minimum(maximum(a, a_min), a_max)``.

    Parameters
    ----------
    a : array_like
        Real numbers.
    a_min, a_max : array_like, optional
        The ends; None, or left out, is no bound. All broadcast against each other.
    min, max : array_like, optional
        Other names of the ends.

    Raises
    ------
    ValueError
        If a bound is passed by both of its names.

    Examples
    --------
    >>> fnp.clip([-1.0, 0.5, 2.0], 0, 1)
    Array([0. , 0.5, 1. ], dtype=float64)
    >>> fg.grad(lambda x: fnp.clip(x, 0, 1))(1.0)
    Array(0.5, dtype=float64)
    """
    if min is not None or max is not None:
        if a_min is not None or a_max is not None:
            raise ValueError("clip got both a_min or a_max and min or max; pass each bound once")
        a_min, a_max = min, max
    a = lift(a, "clip")
    if a_min is None and a_max is None:
        return as_array(a)
    if a_max is None:
        return rules.Maximum.apply(a, a_min)
    if a_min is None:
        return rules.Minimum.apply(a, a_max)
    return rules.Clip.apply(a, a_min, a_max)


def nan_to_num(
    x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    """Return the numbers with NaN and infinities replaced.

    Parameters
    ----------
    x : array_like
        Real or complex numbers.
    copy : bool
        Without effect: arrays are immutable.
    nan : array_like
        What replaces NaN.
    posinf, neginf : array_like, optional
        What replaces the infinities; the largest numbers of the dtype when left out.

    Examples
    --------
    >>> fnp.nan_to_num([1.0, np.nan], nan=-1.0)
    Array([ 1., -1.], dtype=float64)
    """
    x = lift(x, "nan_to_num")
    fills = (nan, posinf, neginf)
    if all(fill is None or type(fill) in NUMBERS for fill in fills):
        return rules.NanToNum.apply(x, nan=nan, posinf=posinf, neginf=neginf)
    if x.dtype.kind not in "fc":
        return as_array(x)
    if x.dtype.kind == "c":
        parts = [nan_to_num(part, True, *fills) for part in (real(x), imag(x))]
        return parts[0] + parts[1] * 1j
    for where_true, fill in ((isnan, nan), (isposinf, posinf), (isneginf, neginf)):
        if fill is None:
            fill = np.finfo(x.dtype).max if where_true is isposinf else np.finfo(x.dtype).min
        x = where(where_true(x), astype(fill, x.dtype), x)
    return x


def _conditions(x: Any, condlist: Any) -> list[Any]:
    """Return the conditions of piecewise, each an array of bool."""
    if isinstance(condlist, (list, tuple)):
        conditions = [lift(condition, "piecewise") for condition in condlist]
        if conditions and x.ndim and not conditions[0].ndim:  # one condition, as a list of bools
            conditions = [lift(condlist, "piecewise")]
    else:
        condlist = lift(condlist, "piecewise")
        conditions = [condlist] if condlist.ndim == x.ndim else list(condlist)
    return [astype(condition, bool) for condition in conditions]


def _piece(piece: Any, x: Any, condition: Any, args: Any, kw: Any) -> Any:
    """Return the function at x where the condition is true; None if it is so nowhere."""
    if not x.size or (not is_traced(condition) and not condition.any()):
        return None
    inside = rules.Representative.apply(x, condition, ndim=x.ndim)
    return piece(rules.Where.apply(condition, x, inside), *args, **kw)


__all__ = [
    "clip",
    "fmax",
    "fmin",
    "maximum",
    "minimum",
    "nan_to_num",
    "piecewise",
    "select",
    "where",
]
