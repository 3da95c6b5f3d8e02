"""Stopping derivatives."""

from __future__ import annotations

from typing import Any

from fungrad import tree
from fungrad.array import RAW, Array
from fungrad.rules.constants import StopGradient


def stop_gradient(x: Any) -> Any:
    """Return the values of a tree as constants: no derivative passes through them.

    Parameters
    ----------
    x : tree
        Arrays and numbers are stopped; any other leaf is returned as it is.

    Returns
    -------
    tree
        Of the same structure and values. Under `grad` alone the leaves are plain arrays, which
        `float` and `np.asarray` can convert.

    Examples
    --------
    >>> fg.grad(lambda x: x * fg.stop_gradient(x))(3.0)
    Array(3., dtype=float64)
    """
    return tree.map(_stop, x)


def _stop(leaf: Any) -> Any:
    return StopGradient.apply(leaf) if isinstance(leaf, Array) or type(leaf) in RAW else leaf
