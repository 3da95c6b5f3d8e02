"""Operations: `Function`, and the notebook of one application, `Context`.

Every operation of fungrad is a subclass of `Function`, whether it comes with the library or is
written by a user. The whole dispatch is `Function.apply`: the youngest trace among the arguments
processes the application, and does so by running the function one layer down.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from fungrad.array import NUMERIC_KINDS, RAW, SCALARS, Array, operations, wrap
from fungrad.errors import (
    ArrayDTypeError,
    GradientCountError,
    GradientShapeError,
    NoBackwardError,
    OperandError,
    StaticParameterError,
)
from fungrad.trace import Trace, Tracer

OPERANDS = RAW | {Array}


class _Every:
    """The `needs_input_grad` of a Context made by hand: yes, whichever input is asked about."""

    __iter__ = None  # how many inputs there are is not known

    def __getitem__(self, index: int) -> bool:
        return True

    def __repr__(self) -> str:
        return "(True, ...)"


class Context:
    """The notebook of one application of a `Function`: `forward` writes, `backward` reads.

    Any attribute may be set besides those below. A Context made by hand wants every gradient, so a
    rule can be tried in a session.

    Attributes
    ----------
    saved_tensors : tuple
        What `save_for_backward` was given.
    saved_values : dict
        For what is no array: axes, shapes, modes.
    needs_input_grad : sequence of bool
        Whether a gradient is wanted, for each positional argument of `forward`.

    Examples
    --------
    >>> class Square(fg.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x
    ...     @staticmethod
    ...     def backward(ctx, grad_output):
    ...         (x,) = ctx.saved_tensors
    ...         return grad_output * 2 * x
    >>> ctx = fg.Context()
    >>> Square.forward(ctx, 3.0), Square.backward(ctx, 1.0)
    (9.0, 6.0)
    """

    __slots__ = ("__dict__", "_values", "needs_input_grad", "saved_tensors")

    saved_tensors: tuple[Any, ...]

    def __init__(self, needs_input_grad: Sequence[bool] | None = None) -> None:
        self.saved_tensors = ()
        self.needs_input_grad: Any = _Every() if needs_input_grad is None else needs_input_grad
        self._values: dict[str, Any] | None = None

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep arrays for `backward`, which finds them in `saved_tensors`."""
        self.saved_tensors = tensors

    @property
    def saved_values(self) -> dict[str, Any]:
        """A dict for what is no array."""
        if self._values is None:
            self._values = {}
        return self._values


class Function:
    """An operation with its own rule of differentiation.

    Subclass it with two static methods, and call it by `apply`. ``forward(ctx, *arrays, **params)``
    computes the result, or a tuple of results; ``backward(ctx, *grad_outputs)`` gets one gradient
    for each result and returns one for each positional argument of `forward`, in order, or None
    where there is none. Arrays are positional; what is passed by keyword is static and has no
    gradient.

    `forward` may call NumPy's functions and keep any intermediate result: it runs one layer down,
    so what it keeps is right at every nesting of transforms. `backward` must be linear in the
    gradients that it gets. Forward mode and batching are derived from these two methods.

    Examples
    --------
    >>> class Exp(fg.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         y = np.exp(x)
    ...         ctx.save_for_backward(y)
    ...         return y
    ...     @staticmethod
    ...     def backward(ctx, grad_output):
    ...         (y,) = ctx.saved_tensors
    ...         return grad_output * y
    >>> Exp.apply(0.0)
    Array(1., dtype=float64)
    >>> fg.grad(fg.grad(Exp.apply))(0.0)
    Array(1., dtype=float64)
    """

    differentiable: ClassVar[bool] = True
    """False for operations whose results are constants to every derivative."""

    trusted: ClassVar[bool] = False
    """True for fungrad's own rules, which need not be checked."""

    exact: ClassVar[bool] = False
    """True for rules whose gradients have the shape of their input without further ado."""

    cautious: ClassVar[bool] = False
    """True for rules whose partials take a `Guarded` gradient."""

    masks: ClassVar[bool] = True
    """Whether backward may return exact zeros where forward did not take a value."""

    push: ClassVar[Any] = None
    """Forward mode, one layer down; the families of rules have it."""

    batch: ClassVar[Any] = None
    """Batching, one layer down; the families of rules have it."""

    across: ClassVar[Any] = None
    """Batching by a rule that needs the trace: ``across(trace, args, params)``, tracers in and out;
    or NotImplemented."""

    jvp: ClassVar[Any] = None
    """A user's optional forward-mode rule, ``jvp(ctx, *tangents)``."""

    vmap: ClassVar[Any] = None
    """A user's optional batching rule, ``vmap(size, batched, *arrays, **params)``."""

    @staticmethod
    def forward(ctx: Context, *args: Any, **params: Any) -> Any:
        """Compute the result, and keep in `ctx` what `backward` needs."""
        raise NotImplementedError("a Function needs a static method forward(ctx, *arrays)")

    @staticmethod
    def backward(ctx: Context, *grad_outputs: Any) -> Any:
        """Return a gradient, or None, for each positional argument of `forward`."""
        raise NotImplementedError

    @classmethod
    def apply(cls, *args: Any, **params: Any) -> Any:
        """Apply the operation to arrays, given by position, with static parameters by keyword."""
        trace: Trace | None = None
        for arg in args:
            if type(arg) in OPERANDS:
                continue
            if not isinstance(arg, Tracer):
                return cls.apply(*[operand(each, cls.__name__) for each in args], **params)
            owner = arg.owner
            if trace is None or owner.id > trace.id:
                trace = owner
        if trace is None:
            return cls.evaluate(*args, **params)
        return trace.process(cls, args, params)

    @classmethod
    def evaluate(cls, *args: Any, **params: Any) -> Any:
        """Apply the operation where no transform runs: raw values in, an `Array` out."""
        given = [arg.value if type(arg) is Array else arg for arg in args]
        z = cls.call(*given, **params)
        if type(z) is tuple:
            return tuple([wrap(_unshare(each, args, cls.trusted)) for each in z])
        return wrap(_unshare(z, args, cls.trusted))

    @classmethod
    def call(cls, *values: Any, **params: Any) -> Any:
        """Apply the operation one layer down: raw values in, raw values out; or tracers."""
        ctx = Context((False,) * len(values))
        return cls._run(ctx, values, params)

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        """Apply one layer down for the tape; return the result and the notes for `pull`.

        A gradient is wanted where `parents` is not negative; `nested` says whether a value is a
        tracer.
        """
        if cls.backward is Function.backward:
            raise NoBackwardError(cls.__name__)
        ctx = Context(tuple([parent >= 0 for parent in parents]))
        return cls._run(ctx, values, params), ctx

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        """Return the gradients of the inputs from that of the output (a tuple, if several)."""
        gradients = gradient if type(gradient) is tuple else (gradient,)
        # The gradient may also be on its way to other inputs.
        results = cls.backward(notes, *map(_protect, gradients))
        if type(results) is not tuple:
            results = tuple(results) if type(results) is list else (results,)
        if len(results) != len(parents):
            raise GradientCountError(cls.__name__, len(results), len(parents))
        return [None if result is None else settle(result) for result in results]

    @classmethod
    def _run(cls, ctx: Context, values: Sequence[Any], params: dict[str, Any]) -> Any:
        for name, param in params.items():
            if isinstance(param, Array):
                raise StaticParameterError(cls.__name__, name, param)
        result = cls.forward(ctx, *map(_protect, values), **params)
        if type(result) in (tuple, list):
            return tuple([settle(each) for each in result])
        return settle(result)


def operand(x: Any, where: str) -> Any:
    """Return `x` as something that a Function takes: lists and the like become arrays."""
    if type(x) in OPERANDS or isinstance(x, Tracer):
        return x
    if isinstance(x, (list, tuple, np.ndarray)) or hasattr(x, "__array__"):
        return operations.asarray(x)
    raise OperandError(where, x)


def settle(value: Any) -> Any:
    """Return what a user's forward or backward returned as a value one layer down."""
    kind = type(value)
    if kind is Array:
        return value.value
    if kind in SCALARS or isinstance(value, Tracer):
        return value
    # The ndarray may be one that the user keeps and changes later: a view tells `wrap` to copy.
    value = np.asarray(value)
    if value.dtype.kind not in NUMERIC_KINDS:
        raise ArrayDTypeError(value.dtype)
    return _protect(value[()])


def fit(gradient: Any, shape: tuple[int, ...], dtype: Any, function: Any, position: int) -> Any:
    """Give a gradient the shape and dtype of its input: undo broadcasting, cast back.

    An operation broadcasts by repeating its input, so the gradient of the input is the sum over
    the repeats. A complex gradient of a real input keeps its real part.
    """
    if gradient.shape != shape:
        lead = len(gradient.shape) - len(shape)
        if lead < 0:
            raise _wrong_shape(function, position, gradient, shape, dtype)
        axes = list(range(lead))
        for axis, length in enumerate(shape, lead):
            if gradient.shape[axis] != length:
                if length != 1:
                    raise _wrong_shape(function, position, gradient, shape, dtype)
                axes.append(axis)
        if type(gradient) is np.ndarray:  # np.sum and np.reshape are Python functions around these
            if axes:
                gradient = np.add.reduce(gradient, axis=tuple(axes))
            gradient = gradient.reshape(shape) if shape else gradient[()]
        else:
            gradient = np.reshape(np.sum(gradient, axis=tuple(axes)), shape)
    return cast(gradient, dtype)


def cast(value: Any, dtype: Any) -> Any:
    """Convert a gradient or tangent to `dtype`, complex to real by taking the real part."""
    if value.dtype == dtype:
        return value
    if value.dtype.kind == "c" and dtype.kind != "c":
        value = value.real
    return value.astype(dtype)


def _wrong_shape(
    function: Any, position: int, gradient: Any, shape: tuple[int, ...], dtype: Any
) -> GradientShapeError:
    wanted = f"{dtype}[{','.join(map(str, shape))}]"
    return GradientShapeError(function.__name__, position, gradient, wanted)


def _protect(value: Any) -> Any:
    """Return a value that a user's forward cannot change in place."""
    if type(value) is np.ndarray and value.flags.writeable:
        value = value.view()
        value.flags.writeable = False
    return value


def _unshare(z: Any, args: Sequence[Any], trusted: bool) -> Any:
    """Copy a result that is, or looks into, an ndarray of the caller's, who may change it.

    A view of memory that only fungrad knows is made read-only at its owner instead.
    """
    if type(z) is np.ndarray:
        owner = z if z.base is None else z.base
        for arg in args:
            if type(arg) is np.ndarray and (arg is owner or arg.base is owner or arg.base is z):
                return z.copy()
        if trusted and owner is not z and type(owner) is np.ndarray and owner.base is None:
            z.flags.writeable = owner.flags.writeable = False
    return z


__all__ = ["Context", "Function", "cast", "fit", "operand", "settle"]
