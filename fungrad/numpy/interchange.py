"""Arrays out of iterators, bytes, text, and the arrays of other libraries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from fungrad.array import Array, wrap
from fungrad.numpy.creation import array, zeros


def fromiter(iter: Iterable[Any], dtype: Any, count: int = -1) -> Any:
    """Return the numbers that an iterator gives, in one axis.

    Examples
    --------
    >>> fnp.fromiter((n * n for n in range(3)), float)
    Array([0., 1., 4.], dtype=float64)
    """
    items = list(iter)
    if count >= 0:
        if len(items) < count:
            raise ValueError(f"fromiter: the iterator gave {len(items)} numbers, not {count}")
        items = items[:count]
    return array(items, dtype) if items else zeros(0, dtype)


def frombuffer(buffer: Any, dtype: Any = float, count: int = -1, offset: int = 0) -> Any:
    """Return the bytes of a buffer read as numbers, in one axis; they are copied.

    Examples
    --------
    >>> fnp.frombuffer(bytes([1, 2]), np.uint8)
    Array([1, 2], dtype=uint8)
    """
    return wrap(np.frombuffer(buffer, dtype, count, offset).copy())


def fromstring(string: str, dtype: Any = float, count: int = -1, *, sep: str) -> Any:
    """Return the numbers that a text holds.

    Examples
    --------
    >>> fnp.fromstring("1 2", sep=" ")
    Array([1., 2.], dtype=float64)
    """
    return wrap(np.fromstring(string, dtype, count, sep=sep))


def from_dlpack(x: Any, /, *, device: str | None = None, copy: bool | None = None) -> Any:
    """Return the array of another library, handed over by the DLPack protocol; it is copied.

    Parameters
    ----------
    x : object
        With the methods ``__dlpack__`` and ``__dlpack_device__``.
    device : {'cpu'}, optional
    copy : bool, optional
        False is an error: the owner could change the elements.

    Examples
    --------
    >>> fnp.from_dlpack(np.array([1.0, 2.0]))
    Array([1., 2.], dtype=float64)
    """
    if isinstance(x, Array):
        return x
    return array(np.from_dlpack(x), copy=copy, device=device)


__all__ = ["from_dlpack", "frombuffer", "fromiter", "fromstring"]
