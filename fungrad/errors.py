"""The exceptions of fungrad: one class for each kind of mistake.

Every class also derives from the built-in exception that a caller would catch (``TypeError``,
``IndexError``, ...), and every message says what happened, where, with which values, and what to
write instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from numpy.linalg import LinAlgError


class FungradError(Exception):
    """Base class of every exception that fungrad defines."""

    def __reduce__(self) -> Any:
        # The classes make their text from other arguments than the text itself.
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(kind: type[FungradError], args: tuple[Any, ...], state: dict[str, Any]) -> Any:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


def describe(value: Any) -> str:
    """Return ``float64[3,4]`` for an array, the type and value for anything else.

    Examples
    --------
    >>> describe(np.ones((3, 4)))
    'float64[3,4]'
    >>> describe(2.5)
    'float 2.5'
    """
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return f"{value.dtype}[{','.join(map(str, value.shape))}]"
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"


def describe_all(values: Iterable[Any]) -> str:
    """Return the descriptions of several values, for instance ``float64[3] and float64[4]``."""
    return " and ".join(map(describe, values))


# --- arrays --------------------------------------------------------------------------------------


class ArrayImmutableError(FungradError, TypeError):
    """An operation tried to change an array."""

    def __init__(self, attempt: str, instead: str) -> None:
        super().__init__(f"fungrad arrays are immutable: instead of {attempt} write {instead}")


class ArrayDTypeError(FungradError, TypeError):
    """The elements are neither numbers nor booleans."""

    def __init__(self, dtype: Any) -> None:
        super().__init__(
            f"an array holds numbers or booleans, not elements of dtype {dtype}; "
            "keep such values in a list, a tree or a NumPy array"
        )


class OperandError(FungradError, TypeError):
    """An operand is nothing that an array can be made of."""

    def __init__(self, where: str, operand: Any) -> None:
        super().__init__(
            f"{where} got {describe(operand)} where it needs an array, a number or a nested list "
            "of numbers; call it on the leaves of a tree (fungrad.tree.map), and pass the static "
            "parameters of a Function by keyword"
        )


class ShapeError(FungradError, ValueError):
    """The shapes of the operands do not fit together."""

    def __init__(self, where: str, operands: Iterable[Any], reason: object) -> None:
        super().__init__(f"{where} of {describe_all(operands)}: {str(reason).strip()}")


class MatrixShapeError(ShapeError, LinAlgError):
    """An operand of linear algebra is no matrix, or not a square one."""


class IndexOutOfBoundsError(FungradError, IndexError):
    """An index does not name an element of the array, or there are too many indices."""

    def __init__(self, reason: object, array: Any) -> None:
        super().__init__(f"{reason}; the array is {describe(array)}")


class IndexTypeError(FungradError, IndexError):
    """Something is no index."""

    def __init__(self, given: str, advice: str) -> None:
        super().__init__(
            f"an index is an integer, a slice, None, ..., or an array of integers or booleans, "
            f"not {given}; {advice}"
        )


class UpdateDTypeError(FungradError, TypeError):
    """The values of an update do not fit the dtype of the array."""

    def __init__(self, how: str, given: str, dtype: Any, wanted: str) -> None:
        super().__init__(
            f"x.at[...].{how} would store {given} in an array of {dtype}, which cannot hold it; "
            f"convert the array first: x.astype({wanted}).at[...].{how}(...)"
        )


class BatchedShapeError(FungradError, TypeError):
    """The shape of a result would differ between the examples of a vmap."""

    def __init__(self, what: str, tracer: Any, instead: str) -> None:
        super().__init__(
            f"{what} needs the values of a {describe(tracer)} batched by {tracer.owner.name}, and "
            f"these differ between the examples; {instead}"
        )


# --- traces --------------------------------------------------------------------------------------


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


# --- functions -----------------------------------------------------------------------------------


class NoBackwardError(FungradError, NotImplementedError):
    """A Function without `backward` was differentiated."""

    def __init__(self, function: str) -> None:
        super().__init__(
            f"{function} has no backward, so it cannot be differentiated; add\n"
            "    @staticmethod\n    def backward(ctx, *grad_outputs): ...\n"
            "that returns one gradient (or None) for each positional argument of forward"
        )


class NoDerivativeError(FungradError, NotImplementedError):
    """An operation was differentiated where it has no derivative."""

    def __init__(self, where: str, reason: str, instead: str) -> None:
        super().__init__(f"{where} has no derivative: {reason}; {instead}")


class GradientCountError(FungradError, TypeError):
    """A backward returned the wrong number of gradients."""

    def __init__(self, function: str, given: int, wanted: int) -> None:
        super().__init__(
            f"{function}.backward returned {given} gradient{'s' * (given != 1)} for {wanted} "
            f"input{'s' * (wanted != 1)}; return one for each positional argument of forward, "
            "None where there is no gradient"
        )


class GradientShapeError(FungradError, ValueError):
    """A backward returned a gradient whose shape is not its input's."""

    def __init__(self, function: str, position: int, given: Any, wanted: str) -> None:
        super().__init__(
            f"{function}.backward returned a gradient {describe(given)} for input {position}, "
            f"which is {wanted}; a gradient has the shape of its input"
        )


class StaticParameterError(FungradError, TypeError):
    """An array was passed to a Function by keyword."""

    def __init__(self, function: str, name: str, value: Any) -> None:
        super().__init__(
            f"{function}.apply got the array {describe(value)} by keyword, {name}=...; keywords "
            "are static parameters without a gradient: pass arrays by position"
        )


# --- transforms ----------------------------------------------------------------------------------


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
    """The arguments of a vmap have different sizes along the axis of the examples."""

    def __init__(self, title: str, sizes: Iterable[int]) -> None:
        super().__init__(
            f"{title}: the mapped axes have the sizes {sorted(sizes)}; all must be equal, and at "
            "least one argument must be mapped (in_axes=None shares an argument)"
        )


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


# --- trees ---------------------------------------------------------------------------------------


class TreeMismatchError(FungradError, ValueError):
    """Two trees, or a tree and a list of leaves, do not fit together."""

    @classmethod
    def at(
        cls, caller: str, where: str, expected: str, given: str, advice: str
    ) -> TreeMismatchError:
        """Return the error for containers that differ at one place of the tree."""
        return cls(
            f"{caller}: the trees do not match at {where}\n"
            f"  expected: {expected}\n"
            f"  given:    {given}\n"
            f"{advice}"
        )

    @classmethod
    def too_few_leaves(
        cls, caller: str, structure: object, expected: int, given: int, where: str
    ) -> TreeMismatchError:
        """Return the error for a list of leaves that ends before the structure is filled."""
        return cls(
            f"{caller}: the structure has {expected} leaves, but the list of leaves has {given}; "
            f"nothing is left for {where}\n"
            f"  structure: {structure}\n"
            "Give one leaf for each * of the structure."
        )

    @classmethod
    def too_many_leaves(
        cls, caller: str, structure: object, expected: int, given: int
    ) -> TreeMismatchError:
        """Return the error for a list of leaves that goes on when the structure is filled."""
        return cls(
            f"{caller}: the structure has {expected} leaves, but the list of leaves has {given}; "
            f"the last {given - expected} would be dropped\n"
            f"  structure: {structure}\n"
            "Give one leaf for each * of the structure."
        )

    @classmethod
    def wrong_size(cls, caller: str, expected: tuple[int, ...], given: object) -> TreeMismatchError:
        """Return the error for a flat vector that has not the size of the tree."""
        return cls(
            f"{caller}: expected a vector of shape {expected}, one element for each number in the "
            f"tree, but got {describe(given)}; pass a vector like the one that ravel_pytree "
            "returned"
        )


class TreeStructureError(FungradError, TypeError):
    """Something else was given where the structure of a tree is needed."""

    @classmethod
    def instead(cls, given: object) -> TreeStructureError:
        """Return the error for what was given as a structure."""
        return cls(
            f"tree.unflatten takes the structure first and the leaves second, but the structure is "
            f"{describe(given)}; write tree.unflatten(structure, leaves)"
        )


class EmptyTreeError(FungradError, TypeError):
    """A tree without leaves has no value for what was asked."""


class TreeRegistrationError(FungradError, ValueError):
    """A class is not registered as a tree node, is so already, or cannot be."""


class StaticDataError(FungradError, TypeError):
    """The static data of a tree node cannot be compared or hashed."""

    @classmethod
    def of(cls, attempt: str, name: str, data: object) -> StaticDataError:
        """Return the error for static data for which the attempt failed."""
        return cls(
            f"tree: the static data of {name} cannot be {attempt}: {data!r}\n"
            "Static data are compared and hashed as a whole. Make arrays children of the node "
            "(data fields), and use a tuple in place of a list or dict."
        )
