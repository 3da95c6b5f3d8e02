"""The normal distribution in float32 arithmetic: ten times quicker than in float64."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.rules.kernels.common import Vector, polynomial

LIMIT = np.float32(5.5**2)
"""Where x**2 is larger, one tail or the other is less than the rounding error of the whole."""

# log(ndtr(x) / ndtr(-x)) / x for x**2 in [0, LIMIT], in 2 x**2 / LIMIT - 1.
LOG_ODDS = (
    -0.00275997349,
    -0.000894603344,
    0.00985548014,
    -0.00470293446,
    -0.00146979955,
    -0.000839538965,
    -0.00740300081,
    0.0372080371,
    -0.128913031,
    0.787648114,
    2.54487884,
)


def distribution32(x: Vector) -> Any:
    """Return the normal distribution function of a float32 array.

    The error is a few units of the last digit of the larger tail, and less than
    1e-4 of the smaller one down to -5.
    """
    t = np.minimum(x * x, LIMIT)
    t *= 2 / LIMIT
    t -= 1
    odds = polynomial(LOG_ODDS, t)
    odds *= x
    np.negative(odds, out=odds)
    with np.errstate(over="ignore"):
        np.exp(odds, out=odds)
    odds += 1
    return np.reciprocal(odds, out=odds)
