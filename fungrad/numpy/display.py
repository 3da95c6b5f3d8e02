"""Arrays as text. Of a traced array its numbers are shown."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.numpy.common import lift
from fungrad.trace import peek


def array2string(a: Any, *args: Any, **kwargs: Any) -> str:
    """Return the elements as text; the parameters are those of `numpy.array2string`.

    Examples
    --------
    >>> fnp.array2string(fnp.array([1.0, 2.0]), precision=3, separator=", ")
    '[1., 2.]'
    """
    return np.array2string(peek(lift(a, "array2string")), *args, **kwargs)


def array_repr(arr: Any, *args: Any, **kwargs: Any) -> str:
    """Return the text that `repr` gives for the NumPy array; see `numpy.array_repr`.

    Examples
    --------
    >>> fnp.array_repr(fnp.array([1.0, 2.0]))
    'array([1., 2.])'
    """
    return np.array_repr(peek(lift(arr, "array_repr")), *args, **kwargs)


def array_str(a: Any, *args: Any, **kwargs: Any) -> str:
    """Return the elements as `print` shows them; see `numpy.array_str`.

    Examples
    --------
    >>> fnp.array_str(fnp.array([1.0, 2.0]))
    '[1. 2.]'
    """
    return np.array_str(peek(lift(a, "array_str")), *args, **kwargs)


__all__ = ["array2string", "array_repr", "array_str"]
