"""`custom_jvp`: functions with a forward-mode rule of the user's own.

Reverse mode transposes the map from tangents to tangents: it is recorded on a tape of its own, and
the pullback walks back along that. Batching makes a call of the same operation whose function and
rule run on batches, so that the rule stays in use whatever is derived from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fungrad import tree
from fungrad.array import unwrap
from fungrad.errors import (
    CapturedTracerError,
    NoRuleError,
    RuleResultError,
    RuleShapeError,
    describe,
)
from fungrad.function import Context, cast
from fungrad.trace import Tracer
from fungrad.transforms.batch import Batched, BatchTrace, join, lift
from fungrad.transforms.batch import spread as spread_over
from fungrad.transforms.call import name_of, public, raw_leaf
from fungrad.transforms.custom import (
    PYTHON,
    Call,
    CustomFunction,
    CustomOperation,
    check_open,
    spec,
    spread,
)
from fungrad.transforms.rows import Rows
from fungrad.transforms.tape import Record, record, zeros

Leaves = tuple[Any, ...]


class CustomJVP(CustomOperation):
    """The operation of a `custom_jvp` function."""

    @staticmethod
    def forward(ctx: Context, *values: Any, **params: Any) -> Any:
        return _one_or_several(params["call"].run(values))

    @classmethod
    def push(
        cls, values: Sequence[Any], tangents: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        outputs, pushed = params["call"].push(values, tangents)
        return _one_or_several(outputs), _one_or_several(pushed)

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        outputs, taped = transpose(params["call"].push, values, parents, cls.__name__)
        return _one_or_several(outputs), taped

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        return pull_tangents(notes, parents, gradient)

    @classmethod
    def across(cls, trace: BatchTrace, args: Leaves, params: dict[str, Any]) -> Any:
        rows = trace.rows
        values = []
        batched = []
        for arg in args:
            own = type(arg) is Batched and arg.owner is trace
            batched.append(own)
            if own:
                rows, arg = arg.narrow()
            values.append(unwrap(arg))
        call = BatchedJVPCall(params["call"], rows, tuple(batched), f"vmap of {cls.__name__}")
        z = cls.apply(*values, call=call)
        leaves = []
        for each in z if type(z) is tuple else (z,):
            value = unwrap(each)
            if isinstance(value, Tracer) and value.owner.id >= trace.id:
                raise CapturedTracerError(cls.__name__, value.owner.name)
            leaves.append(Batched(trace, value, rows))
        return _one_or_several(tuple(leaves))


def _one_or_several(leaves: Leaves) -> Any:
    return leaves[0] if len(leaves) == 1 else leaves


def transpose(
    push: Callable[..., tuple[Leaves, Leaves]],
    values: Sequence[Any],
    parents: Sequence[int],
    name: str,
) -> tuple[Leaves, Record]:
    """Run a forward-mode rule; return its outputs, and the record of its map of tangents."""

    def run(*tracers: Any) -> tuple[Leaves, Leaves]:
        rest = iter(tracers)
        tangents = [next(rest) if parent >= 0 else None for parent in parents]
        outputs, pushed = push(values, tangents)
        return pushed, outputs

    starts = [
        zeros(value.shape, value.dtype)
        for value, parent in zip(values, parents, strict=True)
        if parent >= 0
    ]
    # The tangents are zeros here, and their numbers of no interest: 0 * inf is no reason to warn.
    with np.errstate(all="ignore"):
        _, outputs, taped = record(run, starts, f"the rule of {name}")
    return outputs, taped


def pull_tangents(taped: Record, parents: Sequence[int], gradient: Any) -> list[Any]:
    """Carry gradients back along the map that `transpose` has recorded."""
    pulled = iter(taped.pull(gradient if type(gradient) is tuple else (gradient,)))
    return [next(pulled) if parent >= 0 else None for parent in parents]


def fill(tangent: Any, value: Any) -> Any:
    """Return a tangent, zeros if there is none or the value is an integer."""
    if tangent is not None:
        return public(tangent)
    if type(value) in PYTHON:
        return 0.0  # as weak as the number itself
    floating = value.dtype.kind in "fc"
    return public(zeros(value.shape, value.dtype if floating else np.dtype(float)))


def fit_tangent(leaf: Any, value: Any, path: str, where: str) -> Any:
    """Return a tangent that a rule returned one layer down, fitted to its output.

    It is None where there is none: for an integer, or by the rule's own word.

    Raises
    ------
    RuleResultError
        If it is no number or array of numbers.
    RuleShapeError
        If it cannot be broadcast to the shape of the output.
    """
    if leaf is None or value.dtype.kind not in "fc":
        return None
    wanted = spec(value.shape, value.dtype)
    try:
        tangent = check_open(raw_leaf(leaf))
    except TypeError:
        raise RuleResultError(
            where,
            f"returned {describe(leaf)} as the tangent of {path}, which is {wanted}; return an "
            "array of its shape, or None for zeros",
        ) from None
    if tangent.shape != value.shape:
        try:
            tangent = np.broadcast_to(tangent, value.shape)
        except ValueError:
            raise RuleShapeError(where, "tangent", tangent, path, wanted) from None
    return unwrap(cast(tangent, value.dtype))


class JVPCall(Call):
    """One call of a `custom_jvp` function, as operations on leaves one layer down."""

    __slots__ = ()
    function: custom_jvp

    def run(self, values: Sequence[Any]) -> Leaves:
        """Return the leaves of the output."""
        return self.pack(self.function.function(*self.arguments(values)), self.function.title)

    def push(self, values: Sequence[Any], tangents: Sequence[Any]) -> tuple[Leaves, Leaves]:
        """Return the leaves of the output and their tangents; None is a tangent of zeros."""
        where = f"the jvp rule of {name_of(self.function.function)}"
        filled = [fill(t, v) for t, v in zip(tangents, values, strict=True)]
        primals, directions = self.trees(values), self.trees(filled)
        if self.function.rule is None:
            pair: Any = self._add_up(primals, directions, tangents)
        else:
            pair = self.function.rule(*self.static, primals, directions)
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise RuleResultError(
                where,
                f"returned {describe(pair)}; return a pair (output, tangent of the output)",
            )
        outputs = self.pack(pair[0], where)
        structure = self.output
        leaves = spread(structure, pair[1], "tangent", where)
        paths = structure.paths()
        return outputs, tuple(
            [
                fit_tangent(leaf, y, tree.format_path("output", path), where)
                for leaf, y, path in zip(leaves, outputs, paths, strict=True)
            ]
        )

    def _add_up(self, primals: Leaves, directions: Leaves, tangents: Sequence[Any]) -> Any:
        """Do what the rules for single arguments say: add the tangents that each of them gives."""
        rules = self.function.rules
        where = f"the jvp rules of {name_of(self.function.function)}"
        if len(rules) != len(primals):
            raise RuleResultError(
                where,
                f"are {len(rules)} for {len(primals)} arguments; give defjvps one for each, None "
                "for an argument without a derivative",
            )
        output = self.function(*primals)  # itself, so that higher derivatives use the rules, too
        total = None
        given = iter(tangents)
        for rule, structure, direction in zip(rules, self.structures, directions, strict=True):
            moves = [next(given) is not None for _ in range(structure.num_leaves)]
            if rule is None or not any(moves):
                continue
            term = rule(direction, output, *primals)
            total = term if total is None else tree.map(np.add, total, term)
        return output, total

    def pack(self, output: Any, where: str) -> Leaves:
        """Take an output apart: return a tuple of its leaves, one layer down."""
        leaves = super().pack(output, where)
        return leaves if type(leaves) is tuple else (leaves,)


class BatchedJVPCall:
    """A call on some rows of a batch: the operations of another call, under a batch trace."""

    __slots__ = ("batched", "inner", "rows", "title")

    def __init__(self, inner: Any, rows: Rows, batched: tuple[bool, ...], title: str) -> None:
        self.inner = inner
        self.rows = rows
        self.batched = batched
        self.title = title

    def __repr__(self) -> str:
        return f"vmap of {self.inner!r}"

    def run(self, values: Sequence[Any]) -> Leaves:
        """Return the leaves of the outputs of all rows."""
        return self._under_trace(self.inner.run, values)

    def push(self, values: Sequence[Any], tangents: Sequence[Any]) -> tuple[Leaves, Leaves]:
        """Return the leaves of the outputs of all rows, and their tangents."""
        count = len(values)

        def run(lifted: list[Any]) -> Leaves:
            outputs, pushed = self.inner.push(lifted[:count], lifted[count:])
            return (*outputs, *pushed)

        leaves = self._under_trace(run, [*values, *tangents])
        half = len(leaves) // 2
        return leaves[:half], leaves[half:]

    def _under_trace(self, function: Callable[..., Leaves], values: Sequence[Any]) -> Leaves:
        rows = self.rows
        with BatchTrace(self.title, rows.axis, rows) as trace:
            lifted = [
                lift(trace, value) if own and value is not None else value
                for value, own in zip(values, self.batched * 2)
            ]

            def run() -> list[Any]:
                return [
                    None if each is None else spread_over(each, trace) for each in function(lifted)
                ]

            parts = trace.run(run)
        columns = zip(*[leaves for _, leaves in parts], strict=True)
        return tuple([self._join([part for part, _ in parts], column) for column in columns])

    def _join(self, parts: Sequence[Rows], column: Sequence[Any]) -> Any:
        known = next((each for each in column if each is not None), None)
        if known is None:
            return None
        filled = [
            np.zeros((part.size, *known.shape[1:]), known.dtype) if each is None else each
            for part, each in zip(parts, column, strict=True)
        ]
        return join(list(zip(parts, filled, strict=True)), self.title)


class custom_jvp(CustomFunction):
    """Give a function a forward-mode rule of its own.

    The function is then one operation to every transform: `jvp` and `jacfwd` take the rule instead
    of looking into the function, `grad` and `vjp` transpose the rule. It may be used as a
    decorator. Where nothing is differentiated, the function itself runs.

    Parameters
    ----------
    fun : callable
        A pure function of trees of arrays. Keyword arguments of a call are brought to their
        positions, and defaults filled in: the rule gets all arguments by position.
    nondiff_argnums : int or sequence of int
        Which arguments are static: no arrays, but functions, names, modes.
    nondiff_argnames : str or sequence of str
        The same, by name.

    Raises
    ------
    NoRuleError
        By a call, if there is no rule yet.
    RuleArgumentError
        By a call, if an argument is neither static nor a tree of arrays.
    RuleResultError, RuleShapeError
        By a derivative, if the rule returns something else than it should.

    Notes
    -----
    The rule must be linear in the tangents. It is differentiated again, for higher derivatives, as
    code: so it may call any functions of fungrad and NumPy, the function itself included.

    Examples
    --------
    >>> @fg.custom_jvp
    ... def log1pexp(x):
    ...     return fnp.log(1 + fnp.exp(x))
    >>> @log1pexp.defjvp
    ... def log1pexp_jvp(primals, tangents):
    ...     (x,), (t,) = primals, tangents
    ...     return log1pexp(x), t * (1 - 1 / (1 + fnp.exp(x)))
    >>> fg.grad(log1pexp)(100.0)
    Array(1., dtype=float64)
    """

    __slots__ = ("rule", "rules")
    verb = "custom_jvp"
    kind = CustomJVP
    call_type = JVPCall
    settings = ("nondiff", "rule", "rules")

    def __init__(
        self,
        fun: Callable[..., Any],
        nondiff_argnums: int | Sequence[int] = (),
        nondiff_argnames: str | Sequence[str] = (),
    ) -> None:
        super().__init__(fun, nondiff_argnums, nondiff_argnames)
        self.rule: Any = None
        self.rules: tuple[Any, ...] = ()

    def defjvp(self, jvp: Callable[..., Any]) -> Callable[..., Any]:
        """Set the rule; may be used as a decorator.

        Parameters
        ----------
        jvp : callable
            Takes the static arguments, a tuple of the other arguments, and a tuple of their
            tangents, of the same structures. Returns a pair: the output, and its tangent of the
            same structure; None stands for zeros. Integers have tangents of zeros.

        Returns
        -------
        callable
            `jvp` itself.
        """
        if not callable(jvp):
            raise TypeError(f"{self.title}: defjvp takes a function, got {jvp!r}")
        self.rule, self.rules = jvp, ()
        return jvp

    def defjvps(self, *jvps: Callable[..., Any] | None) -> None:
        """Set a rule for each argument; their tangents are added.

        Parameters
        ----------
        *jvps : callable or None
            Each takes the tangent of its argument, the output, and all arguments; returns the
            tangent of the output. None says that there is no derivative.
        """
        if self.nondiff:
            raise TypeError(f"{self.title}: defjvps knows no static arguments; use defjvp")
        for jvp in jvps:
            if jvp is not None and not callable(jvp):
                raise TypeError(f"{self.title}: defjvps takes functions or None, got {jvp!r}")
        if not jvps:
            raise TypeError(f"{self.title}: defjvps takes a rule for each argument, got none")
        self.rule, self.rules = None, jvps

    def require_rule(self) -> None:
        if self.rule is None and not self.rules:
            name = name_of(self.function)
            raise NoRuleError(name, "custom_jvp", f"add {name}.defjvp(rule)")


__all__ = ["custom_jvp"]
