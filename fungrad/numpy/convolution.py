"""Convolution and correlation of sequences."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.errors import ShapeError
from fungrad.numpy.common import is_traced, lift
from fungrad.numpy.untraced import call_numpy
from fungrad.rules import convolution as rules


def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """Return the discrete convolution of two sequences.

    Parameters
    ----------
    a, v : array_like
        The sequences, each with one axis.
    mode : {"full", "same", "valid"}
        All places where they overlap; as many as the longer one has; those of complete overlap.

    Returns
    -------
    Array
        The sums of products.

    Raises
    ------
    ShapeError
        If one of them is empty or has another number of axes.

    Examples
    --------
    >>> fnp.convolve([1.0, 2.0, 3.0], [0.0, 1.0])
    Array([0., 1., 2., 3.], dtype=float64)
    """
    a, v = _sequences("convolve", a, v, mode)
    if not is_traced(a, v):
        return call_numpy(np.convolve, a, v, mode)
    return _window(a, v, mode, (min(len(a), len(v)) - 1) // 2)


def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    """Return the cross-correlation of two sequences: the sums of ``a[n + k] * conj(v[n])``.

    Parameters
    ----------
    a, v : array_like
        The sequences, each with one axis.
    mode : {"valid", "same", "full"}
        The places of complete overlap; as many as the longer one has; all where they overlap.

    Returns
    -------
    Array
        The sums of products.

    Raises
    ------
    ShapeError
        If one of them is empty or has another number of axes.

    Examples
    --------
    >>> fnp.correlate([1.0, 2.0, 3.0], [0.0, 1.0])
    Array([2., 3.], dtype=float64)
    """
    a, v = _sequences("correlate", a, v, mode)
    if not is_traced(a, v):
        return call_numpy(np.correlate, a, v, mode)
    # NumPy swaps the two where v is the longer one, and reverses the result.
    middle = (len(v) - 1) // 2 if len(a) >= len(v) else len(a) // 2
    return _window(a, np.conj(np.flip(v)), mode, middle)


def _sequences(name: str, a: Any, v: Any, mode: str) -> tuple[Any, Any]:
    a, v = np.atleast_1d(lift(a, name)), np.atleast_1d(lift(v, name))
    if a.ndim != 1 or v.ndim != 1 or not a.size or not v.size:
        raise ShapeError(name, (a, v), "it needs two sequences that are not empty")
    if mode not in ("full", "same", "valid"):
        raise ValueError(f'mode must be "full", "same" or "valid", got {mode!r}')
    return a, v


def _window(a: Any, v: Any, mode: str, middle: int) -> Any:
    short, long = sorted((len(a), len(v)))
    start, stop = {
        "full": (0, short + long - 1),
        "same": (middle, middle + long),
        "valid": (short - 1, long),
    }[mode]
    return rules.Convolve.apply(a, v, start=start, stop=stop, lengths=(len(a), len(v)))


__all__ = ["convolve", "correlate"]
