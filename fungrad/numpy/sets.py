"""The distinct elements of an array.

How many there are depends on the values, so `vmap` cannot run these functions on batched ones.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from fungrad.array import wrap
from fungrad.numpy.common import axis_index, concrete, is_traced, lift
from fungrad.numpy.untraced import call_numpy


class UniqueAllResult(NamedTuple):
    """What `unique_all` returns."""

    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class UniqueCountsResult(NamedTuple):
    """What `unique_counts` returns."""

    values: Any
    counts: Any


class UniqueInverseResult(NamedTuple):
    """What `unique_inverse` returns."""

    values: Any
    inverse_indices: Any


def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Any:
    """Return the distinct elements in ascending order.

    The gradient goes to the first of equal elements.

    Parameters
    ----------
    ar : array_like
        The elements; taken as one axis unless `axis` is given.
    return_index : bool
        Whether to return the index of the first of each.
    return_inverse : bool
        Whether to return, for each element, the index of its equal in the result.
    return_counts : bool
        Whether to return how many there are of each.
    axis : int, optional
        The axis along which whole subarrays are compared.
    equal_nan : bool
        Whether NaNs are equal to each other.
    sorted : bool
        The result is sorted in any case.

    Returns
    -------
    Array, or tuple of Array
        The distinct elements, and what else was asked for.

    Examples
    --------
    >>> fnp.unique([3, 1, 3])
    Array([1, 3], dtype=int64)
    >>> values, counts = fnp.unique([3, 1, 3], return_counts=True)
    >>> counts
    Array([1, 2], dtype=int64)
    """
    ar = lift(ar, "unique")
    options: dict[str, Any] = {"axis": axis, "equal_nan": equal_nan}
    if not is_traced(ar):
        return call_numpy(np.unique, ar, return_index, return_inverse, return_counts, **options)
    numbers = np.asarray(concrete(ar))
    _, index, inverse, counts = np.unique(numbers, True, True, True, **options)
    if axis is None:
        values = np.take(np.reshape(ar, (-1,)), index)
    else:
        values = np.take(ar, index, axis=axis_index(axis, ar.ndim))
    wanted = {"index": return_index, "inverse": return_inverse, "counts": return_counts}
    found = {"index": index, "inverse": inverse, "counts": counts}
    others = [wrap(found[name]) for name in found if wanted[name]]
    return (values, *others) if others else values


def unique_all(x: Any, /) -> UniqueAllResult:
    """Return the distinct elements, first indices, inverse indices and counts.

    Parameters
    ----------
    x : array_like
        The elements; NaNs are all distinct.

    Returns
    -------
    namedtuple of Array
        With the fields `values`, `indices`, `inverse_indices` and `counts`.

    Examples
    --------
    >>> fnp.unique_all([3, 1, 3]).indices
    Array([1, 0], dtype=int64)
    """
    return UniqueAllResult(*unique(x, True, True, True, equal_nan=False))


def unique_counts(x: Any, /) -> UniqueCountsResult:
    """Return the distinct elements and how many there are of each.

    Parameters
    ----------
    x : array_like
        The elements; NaNs are all distinct.

    Returns
    -------
    namedtuple of Array
        With the fields `values` and `counts`.

    Examples
    --------
    >>> fnp.unique_counts([3, 1, 3]).counts
    Array([1, 2], dtype=int64)
    """
    return UniqueCountsResult(*unique(x, return_counts=True, equal_nan=False))


def unique_inverse(x: Any, /) -> UniqueInverseResult:
    """Return the distinct elements, and for each element the index of its equal among them.

    Parameters
    ----------
    x : array_like
        The elements; NaNs are all distinct.

    Returns
    -------
    namedtuple of Array
        With the fields `values` and `inverse_indices`.

    Examples
    --------
    >>> fnp.unique_inverse([3, 1, 3]).inverse_indices
    Array([1, 0, 1], dtype=int64)
    """
    return UniqueInverseResult(*unique(x, return_inverse=True, equal_nan=False))


def unique_values(x: Any, /) -> Any:
    """Return the distinct elements in ascending order.

    Parameters
    ----------
    x : array_like
        The elements; NaNs are all distinct.

    Returns
    -------
    Array
        The distinct elements.

    Examples
    --------
    >>> fnp.unique_values([3, 1, 3])
    Array([1, 3], dtype=int64)
    """
    return unique(x, equal_nan=False)


__all__ = ["unique", "unique_all", "unique_counts", "unique_inverse", "unique_values"]
