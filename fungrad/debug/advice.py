"""What to do about a NaN, by the operation that made it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

DOMAINS = {
    "log": "positive numbers",
    "log2": "positive numbers",
    "log10": "positive numbers",
    "log1p": "numbers above -1",
    "sqrt": "non-negative numbers",
    "arcsin": "numbers from -1 to 1",
    "arccos": "numbers from -1 to 1",
    "arccosh": "numbers from 1 on",
    "arctanh": "numbers between -1 and 1",
}


def advise(operation: str, operands: Sequence[Any], singular: str | None) -> str:
    """Return advice about an operation on numbers.

    `singular` is an operation of the user whose derivative was not finite, if it is about that.
    """
    if singular is not None:
        return _keep_away(singular)
    if not all(np.size(x) for x in operands):
        return "an operand has no elements"
    if operation in DOMAINS:
        return (
            f"`{operation}` takes {DOMAINS[operation]}: limit its argument, with fnp.clip or "
            "fnp.where"
        )
    values = [np.asarray(x) for x in operands if np.size(x) == 1]
    infinite = any(np.isinf(x).any() for x in values)
    if operation in ("add", "subtract") and infinite:
        return (
            "two infinities have no difference: keep their arguments smaller; for logarithms of "
            "sums of exponentials there is fnp.logaddexp"
        )
    if operation in ("divide", "remainder", "fmod", "floor_divide"):
        return (
            "divide where the divisor is not zero, fnp.where(y != 0, x / y, 0), or keep it away "
            "from zero"
        )
    if operation in ("power", "float_power") and not infinite:
        return "a negative number has no real power that is no integer: take fnp.abs of it"
    if infinite:
        return "an infinity is no number to go on with: keep the values smaller"
    return ""


def _keep_away(singular: str) -> str:
    return (
        f"`{singular}` has no finite derivative there: keep its argument away from that point, or "
        "take another value there, with fnp.where (it passes nothing back to what it did not take)"
    )


def advise_infinity(operation: str, singular: str | None) -> str:
    """Return advice about an operation that made an infinity of finite numbers."""
    if singular is not None:
        return _keep_away(singular)
    if operation in ("divide", "reciprocal"):
        return "the divisor is zero: keep it away from zero, or use fnp.where"
    if operation.startswith("log"):
        return f"`{operation}` of zero: keep its argument away from zero"
    if operation.startswith(("exp", "power", "square", "cosh", "sinh")):
        return "the result is too large for its dtype: subtract the largest exponent first"
    return "the result is too large for its dtype, or divided by zero"
