"""Uniform numbers: bits, floats, integers, truth values."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.errors import RandomArgumentError
from fungrad.numpy.common import lift
from fungrad.random.arguments import (
    Shape,
    as_dtype,
    as_shape,
    parameters,
    real_dtype,
    result_shape,
)
from fungrad.random.keys import Key, Source, source
from fungrad.random.operations import GENERATORS, Between, FusedBetween


def between(drawn: Source, shape: Shape, dtype: Any, low: Any, high: Any) -> Any:
    """Return uniform numbers in [low, high)."""
    u = drawn.draw("uniform", shape, dtype)
    rule = FusedBetween if GENERATORS[drawn.impl].fused else Between
    return rule.apply(u, low, high)


def bits(key: Key, shape: Any = (), dtype: Any = None) -> Any:
    """Return unsigned integers of random bits.

    Parameters
    ----------
    key : Key
        One key.
    shape : int or tuple of int
        The shape of the result.
    dtype : dtype, optional
        Of unsigned integers; uint64 when left out.

    Examples
    --------
    >>> from fungrad import random
    >>> random.bits(random.key(0), (2,), np.uint8).dtype
    dtype('uint8')
    """
    dtype = as_dtype(dtype, "u", "bits", np.uint64)
    return source(key, "bits").draw("bits", as_shape(shape, "bits"), dtype)


def uniform(
    key: Key, shape: Any = (), dtype: Any = None, minval: Any = 0.0, maxval: Any = 1.0
) -> Any:
    """Return uniform numbers, at least `minval` and less than `maxval`.

    Parameters
    ----------
    key : Key
        One key.
    shape : int or tuple of int
        The shape of the result.
    dtype : dtype, optional
        Of floats; float64 when left out.
    minval, maxval : array_like
        The limits; they broadcast to the shape, and have derivatives.

    Examples
    --------
    >>> from fungrad import random
    >>> x = random.uniform(random.key(0), (1000,), minval=-1.0)
    >>> bool(-1 <= x.min() < -0.9 and 0.9 < x.max() < 1)
    True
    """
    dtype = real_dtype(dtype, "uniform")
    shape = as_shape(shape, "uniform")
    if type(minval) is float and type(maxval) is float and minval == 0.0 and maxval == 1.0:
        return source(key, "uniform").draw("uniform", shape, dtype)
    shape, (low, high) = parameters("uniform", shape, dtype, minval, maxval)
    return between(source(key, "uniform"), shape, dtype, low, high)


def randint(key: Key, shape: Any, minval: Any, maxval: Any, dtype: Any = None) -> Any:
    """Return random integers, at least `minval` and less than `maxval`.

    Each of them has the same probability. (With ``impl="threefry2x32"`` almost, as in JAX: the
    probabilities differ by one part in ``2**nbits / (maxval - minval)`` at most.)

    Parameters
    ----------
    key : Key
        One key.
    shape : int or tuple of int
        The shape of the result.
    minval, maxval : int or array_like of int
        The limits; they broadcast to the shape.
    dtype : dtype, optional
        Of integers; int64 when left out.

    Raises
    ------
    RandomArgumentError
        If there is no integer between the limits, or one that the dtype does not have.

    Examples
    --------
    >>> from fungrad import random
    >>> dice = random.randint(random.key(0), (100,), 1, 7)
    >>> int(dice.min()), int(dice.max())
    (1, 6)
    """
    dtype = as_dtype(dtype, "iu", "randint", np.int64)
    limits = [
        value if isinstance(value, int) else lift(value, "randint") for value in (minval, maxval)
    ]
    for limit in limits:
        if not isinstance(limit, int) and limit.dtype.kind not in "iub":
            raise RandomArgumentError("randint", f"the limits are integers, got {limit.dtype}")
    shape = result_shape("randint", as_shape(shape, "randint"), *map(np.shape, limits))
    return source(key, "randint").draw("randint", shape, dtype, *limits)


def bernoulli(key: Key, p: Any = 0.5, shape: Any = None, mode: str = "low") -> Any:
    """Return truth values, each true with probability p.

    Parameters
    ----------
    key : Key
        One key.
    p : array_like
        Probabilities.
    shape : int or tuple of int, optional
        The shape of the result; that of `p` when left out.
    mode : str
        Without effect; for programs that were written for JAX.

    Examples
    --------
    >>> from fungrad import random
    >>> float(random.bernoulli(random.key(0), 0.3, (10000,)).mean().round(2))
    0.3
    """
    p = lift(p, "bernoulli")
    dtype = p.dtype if p.dtype.kind == "f" else np.dtype(float)
    shape, (p,) = parameters("bernoulli", shape, dtype, p)
    return source(key, "bernoulli").draw("uniform", shape, dtype) < p


def rademacher(key: Key, shape: Any = (), dtype: Any = None) -> Any:
    """Return 1 or -1, each with probability 1/2.

    Parameters
    ----------
    key : Key
        One key.
    shape : int or tuple of int
        The shape of the result.
    dtype : dtype, optional
        Of the numbers; int64 when left out.

    Examples
    --------
    >>> from fungrad import random
    >>> sorted(set(random.rademacher(random.key(0), (100,)).tolist()))
    [-1, 1]
    """
    dtype = as_dtype(dtype, "ifc", "rademacher", np.int64)
    return signs(source(key, "rademacher"), as_shape(shape, "rademacher"), dtype)


def signs(drawn: Source, shape: Shape, dtype: Any) -> Any:
    """Return 1 or -1."""
    heads = drawn.draw("uniform", shape, np.float64) < 0.5
    return heads.astype(dtype) * 2 - 1
