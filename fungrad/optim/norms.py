"""Norms of trees and of arrays, safe to differentiate."""

from __future__ import annotations

from typing import Any

import numpy as np

import fungrad.numpy as fnp
from fungrad import tree
from fungrad.array import Array
from fungrad.optim.moments import abs_sq

__all__ = ["global_norm", "safe_norm", "safe_root_mean_squares"]


def sum_of_squares(x: Any) -> Any:
    """Return the sum of the squared absolute values; of plain arrays as a NumPy scalar."""
    if type(x) is Array:
        value = x.value
        if type(value) is np.ndarray and value.dtype.kind in "fc":
            flat = value.reshape(-1) if value.flags.c_contiguous else value.ravel("K")
            return np.vdot(flat, flat).real  # one pass over memory
        if value.dtype.kind == "f":
            return value * value
    return fnp.sum(abs_sq(fnp.asarray(x)))


def global_norm(updates: Any) -> Any:
    """Return the Euclidean norm of all elements of a tree together.

    Parameters
    ----------
    updates : tree
        Arrays.

    Returns
    -------
    Array
        One number; zero for a tree without leaves. Its gradient at zeros is zero.

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.global_norm({"w": fnp.array([3.0, 0.0]), "b": 4.0})
    Array(5., dtype=float64)
    """
    total = fnp.asarray(sum([sum_of_squares(x) for x in tree.leaves(updates)], np.float32(0)))
    positive = total > 0
    return fnp.where(positive, fnp.sqrt(fnp.where(positive, total, 1)), total)


def safe_norm(
    x: Any,
    min_norm: Any,
    ord: Any = None,  # noqa: A002
    axis: Any = None,
    keepdims: bool = False,
) -> Any:
    """Return the norm of an array, or a least one, with a gradient that is finite.

    Parameters
    ----------
    x : array_like
        A vector or matrix.
    min_norm : float
        What is returned for smaller norms.
    ord, axis, keepdims
        See `fungrad.numpy.linalg.norm`.

    Returns
    -------
    Array
        The norm.

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.safe_norm(fnp.array([3.0, 4.0]), 1e-3)
    Array(5., dtype=float64)
    >>> optim.safe_norm(fnp.zeros(2), 1e-3)
    Array(0.001, dtype=float64)
    """
    x = fnp.asarray(x)
    if ord is None and axis is None:
        norm = global_norm(x)
        norm = fnp.reshape(norm, (1,) * x.ndim) if keepdims else norm
    else:
        norm = fnp.linalg.norm(x, ord=ord, axis=axis, keepdims=keepdims)
    return fnp.where(norm <= min_norm, min_norm, norm)


def safe_root_mean_squares(x: Any, min_rms: Any) -> Any:
    """Return the root of the mean square of an array, or a least one, with a finite gradient.

    Parameters
    ----------
    x : array_like
        The array.
    min_rms : float
        What is returned for smaller ones.

    Returns
    -------
    Array
        One number.

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.safe_root_mean_squares(fnp.array([3.0, 4.0, 0.0, 0.0]), 1e-3)
    Array(2.5, dtype=float64)
    """
    x = fnp.asarray(x)
    rms = global_norm(x) / x.size**0.5
    return fnp.where(rms <= min_rms, min_rms, rms)
