"""`custom_vjp` and `custom_gradient`: functions with a reverse-mode rule of the user's own.

Forward mode is derived: the user's backward pass is linear in the cotangent, so its transpose is
the pushforward. Batching runs the rule itself on batches. Both are what any `Function` gets.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fungrad import tree
from fungrad.array import RAW, Array
from fungrad.errors import NoRuleError, RuleResultError, describe
from fungrad.function import Context
from fungrad.trace import Tracer
from fungrad.transforms.call import Transformed, name_of, public
from fungrad.transforms.custom import (
    Call,
    CustomFunction,
    CustomOperation,
    check_cotangent,
    spread,
)

PLAIN = (Array, *RAW, str, bytes, type, np.dtype)
"""The types of residuals that close over nothing."""


class CustomVJP(CustomOperation):
    """The operation of a `custom_vjp` function."""

    @staticmethod
    def forward(ctx: Context, *values: Any, **params: Any) -> Any:
        call = params["call"]
        function: custom_vjp = call.function
        args = call.arguments(values)
        if not any(ctx.needs_input_grad):
            output = call.pack(function.function(*args), function.title)
            function.remember(call, output)
            return output
        where = f"the fwd rule of {name_of(function.function)}"
        pair = function.fwd(*args)
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise RuleResultError(
                where,
                f"returned {describe(pair)}; return a pair (output, residuals), where the "
                "residuals are whatever bwd needs, or None",
            )
        output = call.pack(pair[0], where)
        function.compare(call, output, args, where)
        ctx.saved_values.update(call=call, output=call.output, residuals=pair[1])
        if not all(isinstance(leaf, PLAIN) for leaf in tree.leaves(pair[1])):
            owners = {value.owner for value in values if isinstance(value, Tracer)}
            ctx.saved_values.update(values=values, owners=tuple(owners))
        return output

    @staticmethod
    def backward(ctx: Context, *grad_outputs: Any) -> Any:
        saved = ctx.saved_values
        call, residuals = saved["call"], saved["residuals"]
        if any(owner.closed for owner in saved.get("owners", ())):
            # A batch wraps the residuals again, but not what a function among them closes over.
            residuals = call.function.fwd(*call.arguments(saved["values"]))[1]
        cotangent = tree.unflatten(saved["output"], [public(g) for g in grad_outputs])
        return pulled(call, call.function.bwd(*call.static, residuals, cotangent))

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        # The gradients become arrays, so they need no protection from what bwd does.
        gradients = gradient if type(gradient) is tuple else (gradient,)
        return cls.backward(notes, *gradients)  # type: ignore[no-any-return]


def pulled(call: Call, given: Any) -> list[Any]:
    """Return the cotangents of the leaves from what a bwd rule returned."""
    where = f"the bwd rule of {name_of(call.function.function)}"
    names = call.names()
    if type(given) not in (tuple, list) or len(given) != len(names):
        wanted = ", ".join(f"g_{name}" if name.isidentifier() else "g" for name in names)
        returned = (
            describe(given)
            if type(given) not in (tuple, list)
            else f"{len(given)} cotangent{'s' * (len(given) != 1)} for {len(names)} argument"
            f"{'s' * (len(names) != 1)}"
        )
        raise RuleResultError(
            where,
            f"returned {returned}; return a tuple with one cotangent for each differentiated "
            f"argument: return ({wanted}{',' * (len(names) == 1)})",
        )
    leaves: list[Any] = []
    for name, structure, cotangent in zip(names, call.structures, given, strict=True):
        leaves.extend(spread(structure, cotangent, name, where))
    return [
        check_cotangent(leaf, *call.specs[index], functools.partial(call.path, index), where)
        for index, leaf in enumerate(leaves)
    ]


class custom_vjp(CustomFunction):
    """Give a function a reverse-mode rule of its own.

    The function is then one operation to every transform: `grad` and `vjp` take the rule instead of
    looking into the function. It may be used as a decorator. Where nothing is differentiated, the
    function itself runs.

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
    The rule is differentiated again, for higher derivatives, as code: so it may call any functions
    of fungrad and NumPy, the function itself included. Forward mode (`jvp`, `jacfwd`, `hessian`)
    transposes `bwd`, which must be linear in the cotangent for it.

    Examples
    --------
    >>> @fg.custom_vjp
    ... def clip_gradient(x, limit):
    ...     return x
    >>> def fwd(x, limit):
    ...     return x, limit
    >>> def bwd(limit, g):
    ...     return fnp.clip(g, -limit, limit), None
    >>> clip_gradient.defvjp(fwd, bwd)
    >>> fg.grad(lambda x: clip_gradient(x, 1.0) ** 3)(5.0)
    Array(1., dtype=float64)
    """

    __slots__ = ("_seen", "bwd", "fwd")
    verb = "custom_vjp"
    kind = CustomVJP
    call_type = Call
    settings = ("nondiff", "fwd", "bwd")

    def __init__(
        self,
        fun: Callable[..., Any],
        nondiff_argnums: int | Sequence[int] = (),
        nondiff_argnames: str | Sequence[str] = (),
    ) -> None:
        super().__init__(fun, nondiff_argnums, nondiff_argnames)
        self.fwd: Any = None
        self.bwd: Any = None
        self._seen: Any = None

    def defvjp(self, fwd: Callable[..., Any], bwd: Callable[..., Any]) -> None:
        """Set the rule.

        Parameters
        ----------
        fwd : callable
            Takes the arguments of the function; returns a pair ``(output, residuals)``. The
            residuals are a tree of whatever `bwd` needs.
        bwd : callable
            Takes the static arguments, the residuals, and the cotangent of the output, which has
            the structure of the output. Returns a tuple of cotangents, one for each argument that
            is not static, of the structure of the argument; None stands for zeros, also for those
            of a whole tree.
        """
        for rule in (fwd, bwd):
            if not callable(rule):
                raise TypeError(f"{self.title}: defvjp takes two functions, got {rule!r}")
        self.fwd, self.bwd = fwd, bwd

    def require_rule(self) -> None:
        if self.fwd is None:
            name = name_of(self.function)
            raise NoRuleError(name, "custom_vjp", f"add {name}.defvjp(fwd, bwd)")

    def remember(self, call: Call, output: Any) -> None:
        """Note the form of an output of the function itself."""
        self._seen = (_signature(call), _form(call.output, output))

    def compare(self, call: Call, output: Any, args: Sequence[Any], where: str) -> None:
        """Raise if the function is known to return another form than fwd did."""
        if self._seen is None or self._seen[0] != _signature(call):
            return
        structure = call.output
        form = _form(structure, output)
        if _same(self._seen[1], form):
            return
        # The form may depend on values or on Python's state: ask for that at these arguments.
        actual = call.pack(self.function(*args), self.title)
        expected = _form(call.output, actual)
        call.output = structure
        if not _same(expected, form):
            raise RuleResultError(
                where,
                f"returned the output {tree.unflatten(*form)!r} where the function returns "
                f"{tree.unflatten(*expected)!r}; both must have one structure, shapes and dtypes",
            )


class _Spec(str):
    """The description of a leaf, shown without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


def _signature(call: Call) -> tuple[Any, ...]:
    """Return what the form of an output usually depends on."""
    return call.structures, call.specs, tuple(map(id, call.static))


def _form(structure: Any, output: Any) -> tuple[Any, list[str]]:
    """Return the structure of an output, and the shape and dtype of each leaf."""
    leaves = output if type(output) is tuple else (output,)
    return structure, [_Spec(describe(leaf)) for leaf in leaves]


def _same(one: tuple[Any, Any], other: tuple[Any, Any]) -> bool:
    """Return whether two forms are the same, in whatever order the keys of their dicts are."""
    same: bool = one[0] == other[0]
    return same and one[0].flatten_up_to(tree.unflatten(*other)) == one[1]


# --- custom_gradient -----------------------------------------------------------------------------


class CustomGradient(Transformed):
    """A function that returns its output and its vjp function, as a function of the output."""

    verb = "custom_gradient"

    def __call__(self, *args: Any) -> Any:
        return self.fwd(*args)[0]

    def fwd(self, *args: Any) -> tuple[Any, Any]:
        """Return the output, and the vjp function as the residual."""
        pair = self.function(*args)
        if not isinstance(pair, (tuple, list)) or len(pair) != 2 or not callable(pair[1]):
            raise RuleResultError(
                self.title,
                f"needs a function that returns a pair (output, vjp function), but it returned "
                f"{describe(pair)}",
            )
        return pair[0], pair[1]

    def bwd(self, vjp: Any, cotangent: Any) -> Any:
        """Call the vjp function; that of one argument may return its cotangent alone."""
        given = vjp(cotangent)
        return (given,) if tree.structure(given) is tree.LEAF else given


def custom_gradient(fun: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function a reverse-mode rule that shares the variables of its forward pass.

    Parameters
    ----------
    fun : callable
        A pure function that returns a pair: its output, and a function that maps the cotangent of
        the output to a tuple of cotangents, one for each argument (or to that of the only one).

    Returns
    -------
    callable
        A function of the same arguments that returns the output alone.

    Raises
    ------
    RuleResultError
        By the result, if `fun` returns no pair, or the wrong cotangents.

    See Also
    --------
    custom_vjp : With the two halves of the rule as two functions.

    Examples
    --------
    >>> @fg.custom_gradient
    ... def log1pexp(x):
    ...     e = fnp.exp(x)
    ...     return fnp.log(1 + e), lambda g: g * (1 - 1 / (1 + e))
    >>> fg.grad(log1pexp)(0.0)
    Array(0.5, dtype=float64)
    """
    rule = CustomGradient(fun)
    function = custom_vjp(rule)
    function.defvjp(rule.fwd, rule.bwd)
    return function


__all__ = ["custom_gradient", "custom_vjp"]
