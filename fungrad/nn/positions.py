"""Encodings of positions for transformers, which know no order otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad import numpy as fnp
from fungrad.errors import ShapeError
from fungrad.nn.activations import inexact
from fungrad.numpy.common import lift

__all__ = ["rotary_embedding", "sinusoidal_encoding"]


def sinusoidal_encoding(
    length: int, size: int, base: float = 10000.0, dtype: Any = np.float32
) -> Any:
    """Return vectors to add to those of a sequence: sines and cosines of the position.

    Parameters
    ----------
    length : int
        The number of positions.
    size : int
        The length of the vectors. Elements ``2 * i`` and ``2 * i + 1`` are the sine and cosine of
        ``position / base**(2 * i / size)``.
    base : float
        How slow the slowest are.
    dtype : dtype

    Returns
    -------
    Array
        ``[length, size]``

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.sinusoidal_encoding(3, 4).round(2)
    Array([[ 0.  ,  1.  ,  0.  ,  1.  ],
           [ 0.84,  0.54,  0.01,  1.  ],
           [ 0.91, -0.42,  0.02,  1.  ]], dtype=float32)
    """
    angles = np.arange(length)[:, None] * _frequencies((size + 1) // 2, size, base)
    both = np.stack([np.sin(angles), np.cos(angles)], axis=-1)
    return fnp.array(both.reshape(length, -1)[:, :size].astype(dtype))


def rotary_embedding(
    x: Any, positions: Any = None, base: float = 10000.0, interleaved: bool = False
) -> Any:
    """Return vectors turned by angles that grow with their positions.

    The product of a query and a key that are both turned depends on the distance of their
    positions alone.

    Parameters
    ----------
    x : array_like
        Queries or keys, ``[..., length, heads, size]``, the size being even.
    positions : array_like, optional
        Their positions, broadcast against ``[..., length]``; 0, 1, ... when left out.
    base : float
        How slow the slowest turn is.
    interleaved : bool
        Whether neighbours are turned together, instead of elements of both halves.

    Returns
    -------
    Array
        Of the shape of `x`.

    Raises
    ------
    ShapeError
        If the size is odd.

    Examples
    --------
    >>> from fungrad import nn
    >>> x = fnp.ones((3, 1, 2))
    >>> nn.rotary_embedding(x)[:, 0].round(2)
    Array([[ 1.  ,  1.  ],
           [-0.3 ,  1.38],
           [-1.33,  0.49]], dtype=float64)
    """
    x = inexact(x, "rotary_embedding")
    if x.ndim < 3 or x.shape[-1] % 2:
        raise ShapeError("rotary_embedding", (x,), "x is [..., length, heads, size], size even")
    size = x.shape[-1]
    positions = np.arange(x.shape[-3]) if positions is None else lift(positions, "positions")
    angles = positions[..., :, None, None] * _frequencies(size // 2, size, base)
    sine, cosine = np.sin(angles).astype(x.dtype), np.cos(angles).astype(x.dtype)
    if interleaved:
        first, second = x[..., 0::2], x[..., 1::2]
    else:
        first, second = x[..., : size // 2], x[..., size // 2 :]
    turned = [first * cosine - second * sine, second * cosine + first * sine]
    if not interleaved:
        return np.concatenate(turned, axis=-1)
    return np.reshape(np.stack(turned, axis=-1), x.shape)


def _frequencies(count: int, size: int, base: float) -> Any:
    return base ** (-2.0 * np.arange(count) / size)
