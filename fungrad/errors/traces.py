"""Mistakes with traced values."""

from __future__ import annotations

import re
from typing import Any

from fungrad.errors.base import FungradError, describe


class EscapedTracerError(FungradError, RuntimeError):
    """A traced value was used after its transform had returned."""

    def __init__(self, tracer: Any) -> None:
        super().__init__(
            f"this {describe(tracer)} belongs to {tracer.owner.name}, which has already returned; "
            "it was kept in a variable, an attribute or a list outside of the function. Return it "
            "from the function instead (has_aux=True takes values beside the result)"
        )


class CapturedTracerError(FungradError, RuntimeError):
    """A Function used a traced value that is not one of its arguments."""

    def __init__(self, function: str, transform: str) -> None:
        super().__init__(
            f"{function} used a value traced by {transform} that is not among its arguments, so "
            f"its gradient would be lost; pass that value to {function}.apply by position"
        )


class TracerConversionError(FungradError, TypeError):
    """A traced value was turned into a plain number or NumPy array, which cuts the gradient."""

    def __init__(self, tracer: Any, conversion: str) -> None:
        cured = re.sub(r"\bx\b", "fungrad.stop_gradient(x)", conversion)
        joined = "fnp.array([x, y]), not np.array([x, y]); " if "array" in conversion else ""
        super().__init__(
            f"{conversion} of a {describe(tracer)} traced by {tracer.owner.name} would cut the "
            "gradient. Use functions of NumPy or fungrad.numpy on it: np.sin(x), not math.sin(x) "
            f"or scipy; {joined}y = y.at[i].set(x), not y[i] = x. Or say that the gradient stops "
            f"here: {cured}"
        )


class UnsupportedFunctionError(FungradError, TypeError):
    """A NumPy function that fungrad does not have was called on an array or a traced value."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} {reason}")
