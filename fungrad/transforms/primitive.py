"""`primitive`: functions that only take plain arrays, with rules, as operations of fungrad.

At every level a primitive is one operation: one level up it applies itself again, so that the
foreign function itself is only ever called at the bottom, where plain arrays are left.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, overload

import numpy as np

from fungrad import tree
from fungrad.array import NUMERIC_KINDS, Array, unwrap
from fungrad.errors import (
    ArrayDTypeError,
    BatchedShapeError,
    BatchSizeError,
    CapturedTracerError,
    ForeignCodeError,
    NoRuleError,
    RuleResultError,
    StaticParameterError,
    TracerConversionError,
    UnsupportedFunctionError,
    describe,
)
from fungrad.function import Context, Function, settle
from fungrad.rules.families import align
from fungrad.trace import Tracer
from fungrad.transforms.call import argument_names, name_of, public
from fungrad.transforms.custom import Ruled, check_cotangent
from fungrad.transforms.custom_jvp import fill, fit_tangent, pull_tangents, transpose
from fungrad.transforms.forward import push_function
from fungrad.transforms.tape import Record


class ForeignOperation(Function):
    """The operation of a primitive."""

    primitive: ClassVar[Primitive]

    @classmethod
    def call(cls, *values: Any, **params: Any) -> Any:
        if any(isinstance(value, Tracer) for value in values):
            return _each(unwrap, cls.apply(*values, **params))
        return cls.compute(values, params)

    @classmethod
    def compute(cls, values: Sequence[Any], params: dict[str, Any]) -> Any:
        """Call the foreign function with plain arrays; return arrays that nobody else holds."""
        result = cls.primitive.function(*map(_plain, values), **params)
        if isinstance(result, tuple):
            return tuple([cls._own(each) for each in result])
        return cls._own(result)

    @classmethod
    def _own(cls, result: Any) -> Any:
        if isinstance(result, Tracer):
            raise CapturedTracerError(cls.__name__, result.owner.name)
        try:
            value = np.array(result)  # a copy: it may be memory that the next call writes to
        except ValueError:
            value = None
        if value is None or value.dtype.kind not in NUMERIC_KINDS:
            raise RuleResultError(
                f"the primitive {cls.__name__}",
                f"returned {describe(result)}; return an array, a number or a tuple of these (a "
                "function that fills a buffer must return it)",
            )
        return value if value.ndim else value[()]

    # --- derivatives ---

    @classmethod
    def _run(cls, ctx: Context, values: Sequence[Any], params: dict[str, Any]) -> Any:
        z = cls.call(*values, **params)
        ctx.saved_values["call"] = (values, z, params)
        return z

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        if cls.primitive.vjp_rule is not None:
            return super().linearize(values, parents, params, nested)
        z = cls.call(*values, **params)
        cls._require_rule(z)
        outputs = z if type(z) is tuple else (z,)

        def push(values: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
            return outputs, cls._tangents(outputs, values, tangents, z, params)

        return z, transpose(push, values, parents, cls.__name__)[1]

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        if type(notes) is Record:
            return pull_tangents(notes, parents, gradient)
        gradients = gradient if type(gradient) is tuple else (gradient,)
        return cls.backward(notes, *gradients)  # type: ignore[no-any-return]

    @classmethod
    def backward(cls, ctx: Context, *grad_outputs: Any) -> Any:
        values, z, params = ctx.saved_values["call"]
        where = f"the vjp rule of {cls.__name__}"
        cotangent = grad_outputs if type(z) is tuple else grad_outputs[0]
        args = (_each(public, cotangent), _each(public, z), *map(public, values))
        given = cls._apply_rule(cls.primitive.vjp_rule, where, args, params)
        if type(given) not in (tuple, list):
            given = (given,)
        if len(given) != len(values):
            raise RuleResultError(
                where,
                f"returned {len(given)} cotangent{'s' * (len(given) != 1)} for {len(values)} "
                f"arguments; return a tuple with one for each argument, None for zeros",
            )
        return [
            check_cotangent(leaf, *_spec_of(x), functools.partial(cls._name, i), where)
            for i, (leaf, x) in enumerate(zip(given, values, strict=True))
        ]

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        if cls.primitive.jvp_rule is None and cls.primitive.vjp_rule is not None:
            return push_function(cls, values, tangents, params)
        z = cls.call(*values, **params)
        cls._require_rule(z)
        outputs = z if type(z) is tuple else (z,)
        pushed = cls._tangents(outputs, values, tangents, z, params)
        return z, pushed if type(z) is tuple else pushed[0]

    @classmethod
    def _tangents(
        cls,
        outputs: tuple[Any, ...],
        values: Sequence[Any],
        tangents: Sequence[Any],
        z: Any,
        params: dict[str, Any],
    ) -> tuple[Any, ...]:
        if all(y.dtype.kind not in "fc" for y in outputs):
            return (None,) * len(outputs)
        where = f"the jvp rule of {cls.__name__}"
        filled = tuple([fill(t, x) for t, x in zip(tangents, values, strict=True)])
        args = (filled, _each(public, z), *map(public, values))
        given = cls._apply_rule(cls.primitive.jvp_rule, where, args, params)
        if type(given) not in (tuple, list) or type(z) is not tuple:
            given = (given,)
        if len(given) != len(outputs):
            raise RuleResultError(
                where,
                f"returned {len(given)} tangent{'s' * (len(given) != 1)} for {len(outputs)} "
                "outputs; return a tuple with one for each output, None for zeros",
            )
        names = [f"output[{i}]" for i in range(len(outputs))] if type(z) is tuple else ["output"]
        return tuple(
            [
                fit_tangent(leaf, y, name, where)
                for leaf, y, name in zip(given, outputs, names, strict=True)
            ]
        )

    @classmethod
    def _require_rule(cls, z: Any) -> None:
        primitive = cls.primitive
        if primitive.vjp_rule is None and primitive.jvp_rule is None:
            outputs = z if type(z) is tuple else (z,)
            if any(y.dtype.kind in "fc" for y in outputs):
                name = cls.__name__
                raise NoRuleError(name, "primitive", f"add {name}.defvjp(rule) or .defjvp(rule)")

    @classmethod
    def _apply_rule(
        cls, rule: Any, where: str, args: tuple[Any, ...], params: dict[str, Any]
    ) -> Any:
        try:
            return rule(*args, **params)
        except (TypeError, ValueError) as error:
            traced = any(isinstance(x, Tracer) for x in tree.leaves(args))
            for reason in (error, error.__cause__):
                if traced and isinstance(reason, (TracerConversionError, UnsupportedFunctionError)):
                    attempt = str(reason).partition(". ")[0].partition("; ")[0]
                    raise ForeignCodeError(where, cls.__name__, attempt) from error
            raise

    @classmethod
    def _name(cls, position: int) -> str:
        names = argument_names(cls.primitive.function)
        return names[position] if position < len(names) else f"argument {position}"

    # --- batches ---

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        primitive = cls.primitive
        if primitive.vmap_rule is not None:
            return cls._batch_by_rule(size, batched, values, params)
        if primitive.vectorized:
            z = cls.call(*align(batched, values), **params)
            for y in z if type(z) is tuple else (z,):
                if y.shape[:1] != (size,):
                    raise RuleResultError(
                        f"the primitive {cls.__name__}",
                        f"is vectorized, but returned {describe(y)} for a batch of {size}; it must "
                        "treat the rows of its arguments one by one: leave vectorized out, or add "
                        "a rule by defvmap",
                    )
            return z, True
        rows = [
            cls.call(*[x[row] if own else x for x, own in zip(values, batched)], **params)
            for row in range(size)
        ]
        return cls._stack(rows), True

    @classmethod
    def _stack(cls, rows: list[Any]) -> Any:
        title = f"vmap of {cls.__name__}"
        if not rows:
            raise BatchSizeError(
                title,
                "the batch has no examples, and only a call would tell the shape of its results; "
                "give the primitive vectorized=True, if it is, or a rule by defvmap",
            )
        columns = list(zip(*[z if type(z) is tuple else (z,) for z in rows], strict=True))
        for column in columns:
            shapes: dict[tuple[int, ...], int] = {}
            for row, y in enumerate(column):
                shapes.setdefault(y.shape, row)
            if len(shapes) > 1:
                raise BatchedShapeError(title, shapes)
        stacked = [unwrap(np.stack(column)) for column in columns]
        return tuple(stacked) if type(rows[0]) is tuple else stacked[0]

    @classmethod
    def _batch_by_rule(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        where = f"the vmap rule of {cls.__name__}"
        args = (size, tuple(batched), *map(public, values))
        pair = cls._apply_rule(cls.primitive.vmap_rule, where, args, params)
        if type(pair) not in (tuple, list) or len(pair) != 2:
            raise RuleResultError(
                where,
                f"returned {describe(pair)}; return a pair (output, whether it is a batch), and of "
                "several outputs a pair of tuples",
            )
        z, flags = pair
        z = tuple(map(settle, z)) if type(z) in (tuple, list) else settle(z)
        return z, tuple(flags) if type(flags) is list else flags


def _each(function: Callable[[Any], Any], z: Any) -> Any:
    """Apply a function to one output or to each of several."""
    return tuple(map(function, z)) if type(z) is tuple else function(z)


def _plain(value: Any) -> Any:
    """Return a read-only array, or a NumPy scalar."""
    value = np.asarray(value)
    if value.dtype.kind not in NUMERIC_KINDS:
        raise ArrayDTypeError(value.dtype)
    if value.flags.writeable:
        value = value.view()
        value.flags.writeable = False
    return value[()]


def _spec_of(value: Any) -> tuple[tuple[int, ...], Any]:
    value = value if hasattr(value, "dtype") else np.asarray(value)
    return value.shape, value.dtype


class Primitive(Ruled):
    """What `primitive` makes of a function: called like it, with rules for the transforms."""

    __slots__ = ("jvp_rule", "vectorized", "vjp_rule", "vmap_rule")
    verb = "primitive"
    kind = ForeignOperation
    settings = ("vectorized", "vjp_rule", "jvp_rule", "vmap_rule")

    def __init__(self, function: Callable[..., Any], vectorized: bool = False) -> None:
        super().__init__(function)
        self.vectorized = vectorized
        self.vjp_rule: Any = None
        self.jvp_rule: Any = None
        self.vmap_rule: Any = None
        self._make_operation(primitive=self)

    def __call__(self, *args: Any, **static: Any) -> Any:
        for name, value in static.items():
            if isinstance(value, Array):
                raise StaticParameterError(name_of(self.function), name, value)
        return self.operation.apply(*args, **static)

    def defvjp(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Set the reverse-mode rule; may be used as a decorator.

        Parameters
        ----------
        rule : callable
            ``rule(cotangent, output, *args, **static)`` returns the cotangent of the argument, or
            a tuple with one for each argument; None stands for zeros. Of several outputs both
            `cotangent` and `output` are tuples.

        Returns
        -------
        callable
            `rule` itself.
        """
        self.vjp_rule = self._checked(rule)
        return rule

    def defjvp(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Set the forward-mode rule; may be used as a decorator.

        Parameters
        ----------
        rule : callable
            ``rule(tangents, output, *args, **static)`` returns the tangent of the output, or a
            tuple with one for each output; None stands for zeros. `tangents` is a tuple with one
            for each argument, zeros where an argument is a constant.

        Returns
        -------
        callable
            `rule` itself.
        """
        self.jvp_rule = self._checked(rule)
        return rule

    def defvmap(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Set the batching rule; may be used as a decorator.

        Parameters
        ----------
        rule : callable
            ``rule(size, batched, *args, **static)`` returns the output for all examples, and
            whether it has an axis of them; of several outputs a tuple of each. `batched` says which
            arguments have the axis, in front; `size` is its length.

        Returns
        -------
        callable
            `rule` itself.
        """
        self.vmap_rule = self._checked(rule)
        return rule

    def _checked(self, rule: Any) -> Any:
        if not callable(rule):
            raise TypeError(f"{self.title}: a rule is a function, got {rule!r}")
        return rule


@overload
def primitive(fun: Callable[..., Any], *, vectorized: bool = False) -> Primitive: ...


@overload
def primitive(
    fun: None = None, *, vectorized: bool = False
) -> Callable[[Callable[..., Any]], Primitive]: ...


def primitive(fun: Callable[..., Any] | None = None, *, vectorized: bool = False) -> Any:
    """Make an operation of a function that only takes plain arrays.

    So functions of SciPy, compiled code and simulators take part in `grad`, `jvp`, `vmap` and every
    composition of them. The function is never called with anything but plain arrays, whatever
    transforms are at work.

    Parameters
    ----------
    fun : callable
        A pure function: positional arguments are read-only NumPy arrays or scalars, keyword
        arguments are static. Returns an array, a number, or a tuple of these for several outputs.
        They are copied, so it may return memory that it uses again. Without `fun` a decorator is
        returned.
    vectorized : bool
        Whether the function broadcasts its arguments and treats all elements alike, as NumPy's
        ufuncs do: `vmap` then calls it once, and otherwise once for each example.

    Returns
    -------
    callable
        The operation. Its methods `defvjp`, `defjvp` and `defvmap` set rules, written with
        functions of fungrad and NumPy, or with primitives. One rule of differentiation is enough:
        the other mode is its transpose.

    Raises
    ------
    NoRuleError
        By a derivative, if there is no rule.
    RuleResultError, RuleShapeError
        By a derivative or a batch, if a rule returns something else than it should.
    ForeignCodeError
        If a rule calls foreign code that is no primitive, where a higher derivative traces it.

    Examples
    --------
    >>> import math
    >>> @fg.primitive
    ... def erf(x):
    ...     return math.erf(x)
    >>> @erf.defvjp
    ... def erf_vjp(g, z, x):
    ...     return g * 2 / np.sqrt(np.pi) * np.exp(-x * x)
    >>> fg.grad(erf)(0.0)
    Array(1.12837917, dtype=float64)
    >>> fg.vmap(fg.grad(fg.grad(erf)))(fnp.array([0.0, 1.0]))
    Array([-0.        , -0.83021499], dtype=float64)
    """
    if fun is None:
        return functools.partial(Primitive, vectorized=vectorized)
    return Primitive(fun, vectorized)


__all__ = ["Primitive", "primitive"]
