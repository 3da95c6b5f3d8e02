"""The families of rules: all that can be said once about a kind of operation is said here.

A rule is a final class with an operation and its derivative; from the family come `forward` and
`backward`, the tape's `linearize` and `pull`, forward mode's `push` and batching's `batch`. Rules
are written with NumPy's own functions: on raw values these are NumPy's, on tracers they come back
to fungrad, so one expression serves every nesting.

In a rule `x` and `y` are inputs, `z` is the output, `g` the gradient of the output (cotangent) and
`t` a tangent. A parameter whose name starts with an underscore is not kept for the backward pass.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any, ClassVar

import numpy as np

from fungrad.array import RAW, Array
from fungrad.errors import ShapeError
from fungrad.function import Context, Function, cast
from fungrad.rules.placed import Placed

Kernel = Callable[..., Any]
BLOCK = 1 << 17  # elements; enough of them that a call costs little
LARGE = 1 << 21  # elements; below, memory matters less than time
PYTHON = frozenset([bool, int, float, complex])


class Rule(Function):
    """Common to the families: a NumPy `kernel` that computes the operation on raw values."""

    trusted = True
    masks = False
    kernel: ClassVar[Kernel]

    def __init_subclass__(cls) -> None:
        if "kernel" in cls.__dict__:
            cls.kernel = staticmethod(cls.kernel)

    @classmethod
    def call(cls, *values: Any, **params: Any) -> Any:
        only_python = True
        for value in values:
            kind = type(value)
            if kind not in RAW:
                return cls.apply(*values, **params)
            if kind not in PYTHON:
                only_python = False
        return cls.compute(*(as_numpy(values) if only_python else values), **params)

    @classmethod
    def compute(cls, *values: Any, **params: Any) -> Any:
        """Apply the kernel to raw values; name the operation if they do not fit together."""
        try:
            return cls.kernel(*values, **params)
        except np.linalg.LinAlgError:
            raise
        except ValueError as error:
            raise ShapeError(_public_name(cls), values, error) from None

    @classmethod
    def forward(cls, ctx: Context, *values: Any, **params: Any) -> Any:
        ctx.saved_values["parents"] = parents = [
            position if ctx.needs_input_grad[position] else -1 for position in range(len(values))
        ]
        values = tuple([v.value if type(v) is Array else v for v in values])
        if all(type(value) in PYTHON for value in values):
            values = as_numpy(values)
        nested = any(type(value) not in RAW for value in values)
        z, ctx.saved_values["notes"] = cls.linearize(list(values), parents, params, nested)
        return z

    @classmethod
    def backward(cls, ctx: Context, *gradients: Any) -> Any:
        gradient = gradients[0] if len(gradients) == 1 else gradients
        pulled = [
            each.added_to(None, False) if type(each) is Placed else each
            for each in cls.pull(ctx.saved_values["notes"], ctx.saved_values["parents"], gradient)
        ]
        return pulled[0] if len(pulled) == 1 else tuple(pulled)


class Constant(Rule):
    """An operation without a derivative: comparisons, rounding, positions, ...

    Every transform of derivatives passes it by; only batching needs to know how. By default its
    batch rule is that of an elementwise operation.
    """

    differentiable = False

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return cls.call(*align(batched, values), **params), True


class Elementwise(Rule):
    """A function of elements, with broadcasting: one partial derivative for each argument.

    A partial is a number, or a function of (output, and all inputs), or None where there is no
    derivative. A complex derivative is the complex partial where the function is holomorphic; a
    real function of a complex x has the partial du/dx - i du/dy.
    """

    partials: ClassVar[tuple[Any, ...]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if not hasattr(cls, "partials"):  # a family, such as `Chain`
            return
        cls.differentiable = any(partial is not None for partial in cls.partials)
        cls.linearize = staticmethod(_linearizer(cls))  # type: ignore[method-assign]

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        results: list[Any] = []
        for parent, partial in zip(parents, cls.partials):
            if parent < 0 or partial is None:
                results.append(None)
            elif type(partial) is FunctionType:
                if type(gradient) is np.ndarray and gradient.size > LARGE:
                    product = _product(partial)
                    results.append(in_blocks(product, notes, gradient))
                else:
                    results.append(gradient * partial(*notes))
            elif partial == 1:
                results.append(gradient)
            elif partial == -1:
                results.append(-gradient)
            else:
                results.append(gradient * partial)
        return results

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        z = cls.call(*values, **params)
        total = None
        for partial, tangent in zip(cls.partials, tangents, strict=True):
            if tangent is None or partial is None:
                continue
            term = tangent * (partial(z, *values) if callable(partial) else partial)
            total = term if total is None else total + term
        return z, None if total is None else conform(total, z)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return cls.call(*align(batched, values), **params), True


def _linearizer(cls: Any) -> Callable[..., tuple[Any, Any]]:
    """Make the `linearize` of an elementwise rule: the hottest function of the library.

    What can be decided when the class is made is decided here. For each set of wanted gradients,
    as bits, a getter picks from (output, *inputs, None) what the wanted partials read, and the
    None at the end for what they do not.
    """
    kernel, apply = cls.kernel, cls.apply
    reads = [_reads(partial) for partial in cls.partials]
    count = len(reads)
    getters = tuple(
        operator.itemgetter(
            *(
                position
                if any(bits >> i & 1 and position in read for i, read in enumerate(reads))
                else count + 1
                for position in range(count + 1)
            )
        )
        for bits in range(1 << count)
    )

    def linearize(
        values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        if nested:
            z = apply(*values, **params)
        else:
            try:
                z = kernel(*values, **params)
            except ValueError as error:
                raise ShapeError(_public_name(cls), values, error) from None
        if count == 1:
            bits = 1
        elif count == 2:
            x, y = parents
            bits = (x >= 0) + 2 * (y >= 0)
        else:
            bits = 0
            for position, parent in enumerate(parents):
                if parent >= 0:
                    bits |= 1 << position
        return z, getters[bits]((z, *values, None))

    return linearize


class Reduction(Rule):
    """A function that reduces axes: one weight gives both modes.

    The change of the result is ``sum(weight * change of x)`` over the axes. `weight` is a number or
    a function of ``(z, x, axis)``, z with its axes kept, or of more keyword parameters. `axis`
    reaches the rule as a tuple of non-negative ints, `keepdims` as a bool.
    """

    weight: ClassVar[Any]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if callable(cls.weight):
            cls.weight = staticmethod(cls.weight)

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        (x,) = values
        z = cls.call(x, **params) if nested else cls.compute(x, **params)
        if callable(cls.weight):
            return z, (z, x, x.shape, params)
        return z, (None, None, x.shape, params)

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        z, x, shape, params = notes
        axis, keepdims = params["axis"], params["keepdims"]
        if not keepdims:
            gradient = keep(gradient, axis, shape)
        if z is None:
            if cls.weight != 1:
                gradient = gradient * cls.weight
            return (broadcast(gradient, shape),)
        return (gradient * cls.weigh(z, x, params),)

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        (x,), (t,) = values, tangents
        z = cls.call(x, **params)
        weighted = t * (cls.weigh(z, x, params) if callable(cls.weight) else cls.weight)
        axis, keepdims = params["axis"], params["keepdims"]
        return z, conform(np.sum(weighted, axis=axis, keepdims=keepdims), z)

    @classmethod
    def weigh(cls, z: Any, x: Any, params: dict[str, Any]) -> Any:
        """Return the weight at x; z is the result with or without its axes."""
        params = dict(params)
        if not params.pop("keepdims"):
            z = keep(z, params["axis"], x.shape)
        return cls.weight(z, x, **params)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        axis = tuple([each + 1 for each in params["axis"]])
        return cls.call(*values, **{**params, "axis": axis}), True


class Linear(Rule):
    """A function that is linear in its only array: the transpose gives the reverse mode.

    `transpose(g, shape, params)` maps the gradient of the result to that of x, whose shape is
    given. `shift(size, x, params)` returns the parameters for an x with one more axis in front.
    """

    exact = True

    @staticmethod
    def transpose(g: Any, shape: tuple[int, ...], params: dict[str, Any]) -> Any:
        """Return the gradient of x."""
        raise NotImplementedError

    @staticmethod
    def shift(size: int, x: Any, params: dict[str, Any]) -> dict[str, Any]:
        """Return the parameters for a batch of `size` values, x being the batch."""
        raise NotImplementedError

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        (x,) = values
        z = cls.call(x, **params) if nested else cls.compute(x, **params)
        return z, (x.shape, params)

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        shape, params = notes
        return (cls.transpose(gradient, shape, params),)

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return cls.call(*values, **params), cls.call(*tangents, **params)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        (x,) = values
        return cls.call(x, **cls.shift(size, x, params)), True


class Bilinear(Rule):
    """A product: linear in each of two arrays, with one adjoint for each.

    ``adjoints[0](g, y, **params)`` is the gradient of x (and may be broadcast against it: the tape
    sums), ``adjoints[1](g, x, **params)`` that of y.
    """

    adjoints: ClassVar[tuple[Kernel, Kernel]]

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        # Each adjoint reads the other operand only.
        x, y = values
        kept_x = x if parents[1] >= 0 else None
        kept_y = y if parents[0] >= 0 else None
        z = cls.call(x, y, **params) if nested else cls.compute(x, y, **params)
        return z, (kept_x, kept_y, params)

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        x, y, params = notes
        return [
            None if parent < 0 else adjoint(gradient, other, **params)
            for parent, adjoint, other in zip(parents, cls.adjoints, (y, x), strict=True)
        ]

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        (x, y), (tx, ty) = values, tangents
        z = cls.call(x, y, **params)
        t = None if tx is None else cls.call(tx, y, **params)
        if ty is not None:
            other = cls.call(x, ty, **params)
            t = other if t is None else t + other
        return z, conform(t, z)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        raise NotImplementedError(f"{cls.__name__} is a Bilinear rule and needs its own batch")


# --- shared pieces -------------------------------------------------------------------------------


def _product(partial: Kernel) -> Kernel:
    return lambda *operands: operands[-1] * partial(*operands[:-1])


def in_blocks(function: Kernel, notes: Sequence[Any], gradient: Any) -> Any:
    """Return ``function(*notes, gradient)``, an elementwise function, for a large gradient.

    It is evaluated block by block, so that of what it computes on the way only the result takes
    memory.
    """
    shape = gradient.shape
    operands: list[Any] = []
    blocked = False
    for x in (*notes, gradient):
        if type(x) is np.ndarray:
            if x.shape == shape and x.flags.c_contiguous:
                blocked = True
                operands.append(x.reshape(-1))
            elif x.shape == shape and not any(x.strides):  # one number, broadcast
                operands.append(x[(0,) * x.ndim])
            elif x.ndim == 0:
                operands.append(x)
            else:
                return function(*notes, gradient)
        elif x is None or type(x) in RAW:
            operands.append(x)
        else:
            return function(*notes, gradient)
    if not blocked:
        return function(*notes, gradient)
    result: Any = None
    flat: Any = None
    for start in range(0, gradient.size, BLOCK):
        piece = slice(start, start + BLOCK)
        part = function(*[x[piece] if type(x) is np.ndarray and x.ndim else x for x in operands])
        if result is None:
            result = np.empty(shape, part.dtype)
            flat = result.reshape(-1)
        flat[piece] = part
    return result


def as_numpy(values: Sequence[Any]) -> tuple[Any, ...]:
    """Return Python numbers as NumPy scalars, so that NumPy's arithmetic holds among them."""
    return tuple([np.asarray(value)[()] for value in values])


def keep(z: Any, axis: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """Give a reduced array its axes back, each of length one; a single number needs none."""
    if len(axis) == len(shape):
        return z
    kept = list(shape)
    for each in axis:
        kept[each] = 1
    return z.reshape(kept)


def broadcast(value: Any, shape: tuple[int, ...]) -> Any:
    """Return ``np.broadcast_to(value, shape)``, quicker where the value is one number."""
    if type(value) in RAW and not value.shape:
        # Steps of zero bytes: every element is the same memory.
        one = np.asarray(value)
        return np.ndarray(shape, one.dtype, one, strides=(0,) * len(shape))
    return np.broadcast_to(value, shape)


def conform(tangent: Any, z: Any) -> Any:
    """Give a tangent the shape and dtype of its output."""
    if tangent.shape != z.shape:
        tangent = broadcast(tangent, z.shape)
    return tangent if tangent.dtype == z.dtype else cast(tangent, z.dtype)


def align(batched: Sequence[bool], values: Sequence[Any]) -> list[Any]:
    """Insert axes behind the batch axes until all batched values have the same number of axes.

    Values without a batch broadcast against the rest from the right, as they are.
    """
    rank = max(
        getattr(value, "ndim", 0) + (not own) for value, own in zip(values, batched, strict=True)
    )
    aligned = []
    for value, own in zip(values, batched, strict=True):
        if own and value.ndim < rank:
            shape = (value.shape[0], *(1,) * (rank - value.ndim), *value.shape[1:])
            value = np.reshape(value, shape)
        aligned.append(value)
    return aligned


def _reads(partial: Any) -> set[int]:
    """Return the positions of (output, *inputs) that a partial reads."""
    if not callable(partial):
        return set()
    names = inspect.signature(partial).parameters
    return {position for position, name in enumerate(names) if not name.startswith("_")}


def _public_name(cls: type) -> str:
    """Return the name in NumPy's spelling: ``FloorDivide`` is ``floor_divide``."""
    return "".join(
        "_" + letter.lower() if letter.isupper() and i else letter.lower()
        for i, letter in enumerate(cls.__name__)
    )
