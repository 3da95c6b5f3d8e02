"""Mistakes in calls of the transforms."""

from __future__ import annotations

from typing import Any

from fungrad.errors.base import FungradError, describe


class NonScalarOutputError(FungradError, TypeError):
    """grad was asked for the gradient of a function whose result is not one number."""

    def __init__(self, transform: str, name: str, output: str) -> None:
        super().__init__(
            f"{transform} needs a function that returns one number, but {name} returned {output}; "
            "reduce it, with .sum() or .mean() for instance, or use vjp; if it returns a pair "
            "(number, other results), pass has_aux=True"
            if output != "NoneType None"
            else f"{transform} needs a function that returns one number, but {name} returned None; "
            "is a return missing?"
        )


class ComplexOutputError(FungradError, TypeError):
    """The result of a differentiated function is complex without holomorphic=True, or not with."""

    def __init__(self, transform: str, name: str, output: str, holomorphic: bool) -> None:
        super().__init__(
            f"{transform} with holomorphic=True needs a complex result, but {name} returned "
            f"{output}; leave holomorphic out"
            if holomorphic
            else f"{transform} needs a real result, but {name} returned {output}; pass "
            "holomorphic=True if the function is holomorphic, or take its real part or absolute "
            "value"
        )


class ComplexInputError(FungradError, TypeError):
    """Forward mode was asked for the Jacobian with respect to complex values."""

    def __init__(self, title: str, path: str, given: str) -> None:
        super().__init__(
            f"{title}: {path} is {given}, and along a complex number there are two "
            "directions; pass holomorphic=True if the function is holomorphic, use jacrev if its "
            "result is real, or jvp for one direction"
        )


class NotElementwiseError(FungradError, ValueError):
    """deriv was given a function that mixes the elements of its argument."""

    def __init__(self, title: str, given: str, output: str) -> None:
        super().__init__(
            f"{title}: in the result, {output}, an element depends on several elements of the "
            f"argument, {given}"
            + (", or it is not holomorphic" if given.startswith("complex") else "")
            + ", so it has no one derivative; use jacobian for all of them, grad for a result "
            "that is one number, or vmap over a function of one number"
        )


class NotLinearError(FungradError, ValueError):
    """linear_transpose was given a function that is not linear."""

    def __init__(self, title: str, output: str) -> None:
        super().__init__(
            f"{title}: the function is not linear: f(x - 2 y) is not f(x) - 2 f(y) at random x and "
            f"y, in its result {output}; leave out added constants (f(0) must be 0), or use vjp, "
            "which transposes the derivative at a point"
        )


class IntegerOutputError(FungradError, TypeError):
    """The result of a differentiated function is an integer or a boolean."""

    def __init__(self, transform: str, name: str, output: str) -> None:
        super().__init__(
            f"{transform} needs a floating-point result, but {name} returned {output}, which has "
            "no derivative; was a comparison, a count or an index returned by mistake?"
        )


class OutputTypeError(FungradError, TypeError):
    """A differentiated function returned something that is no number or array."""

    def __init__(self, title: str, output: Any) -> None:
        super().__init__(
            f"{title}: the function returned {describe(output)}, which is no number or array of "
            "numbers; return such values beside the result, with has_aux=True"
        )


class AuxError(FungradError, TypeError):
    """A function under has_aux=True did not return a pair."""

    def __init__(self, title: str, output: Any) -> None:
        super().__init__(
            f"{title} with has_aux=True needs a function that returns a pair (result, other "
            f"results), but it returned {describe(output)}"
        )


class CotangentError(FungradError, ValueError):
    """A pullback was given a cotangent that does not fit the output."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__(
            f"pullback of {title}: the cotangent {text.rstrip('.')}; pass a tree like the output, "
            "for instance fungrad.tree.map(fnp.ones_like, output)"
        )


class TangentError(FungradError, ValueError):
    """The tangents of a jvp do not fit the primals."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__(
            f"{title}: {text}; pass tangents of the structure and shapes of the primals, for "
            "instance fungrad.tree.map(fnp.ones_like, primals)"
        )


class BatchSizeError(FungradError, ValueError):
    """The arguments of a vmap do not have one size along the axis of the examples."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__(f"{title}: {text}")


class BatchAxisError(FungradError, ValueError):
    """An argument of a vmap does not have the axis that in_axes names."""

    def __init__(self, title: str, path: str, text: str) -> None:
        super().__init__(f"{title}: {path} {text}")


class BatchedOutputError(FungradError, ValueError):
    """The results of the examples of a vmap do not fit together, or do not fit out_axes."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__(f"{title}: {text}")


class InexactError(FungradError, TypeError):
    """A value has no derivative; raised again with its path as `NonFloatInputError`."""


class NonFloatInputError(FungradError, TypeError):
    """A derivative was asked for with respect to values that are not floating point."""

    def __init__(self, title: str, path: str, given: Any, reason: str) -> None:
        super().__init__(f"{title}: {path} is {describe(given)}; {reason}")


class ArgumentIndexError(FungradError, ValueError):
    """argnums or argnames do not name an argument of the call."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
