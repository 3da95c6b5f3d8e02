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
        self.function = function
        self.transform = transform
        super().__init__(
            f"{function} used a value traced by {transform} that is not among its arguments, so "
            f"its gradient would be lost; make it one more argument of {function}, by position"
        )


class TracerConversionError(FungradError, TypeError):
    """A traced value was turned into a plain number or NumPy array, which cuts the gradient."""

    def __init__(self, tracer: Any, conversion: str) -> None:
        joined = "fnp.array([x, y]), not np.array([x, y]); " if "array" in conversion else ""
        advice = (
            "Use functions of NumPy or fungrad.numpy on it: np.sin(x), not math.sin(x) or scipy; "
            f"{joined}y = y.at[i].set(x), not y[i] = x. "
        )
        what = f"{conversion} of a {describe(tracer)} traced by {tracer.owner.name}"
        if tracer.derivative:
            cured = re.sub(r"\bx\b", "fungrad.stop_gradient(x)", conversion)
            super().__init__(
                f"{what} would cut the gradient. {advice}Or say that the gradient stops here: "
                f"{cured}"
            )
        else:
            super().__init__(
                f"{what}, where it stands for more than one value. {advice}Or take the values one "
                "by one: x.tolist() runs the rest of the function for each of them alone"
            )


class UnsupportedFunctionError(FungradError, TypeError):
    """A NumPy function that fungrad does not have was called on an array or a traced value."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} {reason}")


class NoValueError(FungradError, TypeError):
    """Something was to be decided by a value where there are only shapes."""

    def __init__(self, tracer: Any) -> None:
        super().__init__(
            f"a decision needs the value of a {describe(tracer)} in {tracer.owner.name}, which has "
            "no examples and so only shapes; decide by shapes, or choose with fnp.where"
        )


class BatchedShapeError(FungradError, ValueError):
    """The examples of a vmap have results of different shapes."""

    def __init__(self, title: str, shapes: dict[tuple[int, ...], int]) -> None:
        found = ", ".join(f"{shape} for example {row}" for shape, row in shapes.items())
        super().__init__(
            f"{title}: the results of the examples have different shapes: {found}; one array "
            "cannot hold them. Return results of one shape: fnp.where(mask, x, 0) in place of "
            "x[mask], or reduce it inside of the function"
        )
