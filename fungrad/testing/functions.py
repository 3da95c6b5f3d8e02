"""`check_function`: whether a `Function` keeps what a Function promises."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fungrad.array import wrap
from fungrad.errors import FunctionCheckError, describe
from fungrad.function import Function, fit, operand
from fungrad.rules.placed import Placed
from fungrad.testing.flat import element, first_index
from fungrad.testing.gradients import check_grads
from fungrad.transforms.call import own, raw_leaf
from fungrad.transforms.reverse import vjp
from fungrad.transforms.vmap import vmap

EXAMPLES = 3  # in a batch
CLOSE = 1e-8  # relative; two ways to compute the same number
NARROW = {"d": np.float32, "D": np.complex64}


@dataclass(frozen=True)
class FunctionReport:
    """What `check_function` checked: its str is one line.

    Attributes
    ----------
    name : str
        The class.
    passed : tuple of str
        The checks.

    Examples
    --------
    >>> from fungrad.testing import FunctionReport
    >>> print(FunctionReport("Sin", ("backward", "vmap")))
    Sin passed 2 checks: backward, vmap
    """

    name: str
    passed: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name} passed {len(self.passed)} checks: {', '.join(self.passed)}"


def check_function(function: type[Function], /, *args: Any, **params: Any) -> FunctionReport:
    """Check a `Function` of your own, at one point.

    Checked are: that `forward` is pure; that `backward` returns one gradient for each input, of its
    shape and dtype, linear in the gradients that it gets, and right, in first and second order;
    that it does without gradients that nobody needs; forward mode and batching, derived or by the
    Function's own `jvp` and `vmap`; and the gradient of a batch and batches of gradients.

    Parameters
    ----------
    function : subclass of Function
        The operation; one of fungrad's own rules is checked likewise.
    *args, **params
        What `apply` takes: arrays at which the operation is smooth, and static parameters.

    Returns
    -------
    FunctionReport
        What was checked.

    Raises
    ------
    FunctionCheckError
        If a check fails: an `AssertionError` with all that failed, the worst first.

    Examples
    --------
    >>> from fungrad.testing import check_function
    >>> class Cube(fg.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x**3
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return g * 3 * x**2
    >>> print(check_function(Cube, np.array([1.0, 2.0])))
    Cube passed 10 checks: forward, backward, reverse mode, forward mode, linearity, second order,
    vmap, vmap and grad, needs_input_grad, float32
    """
    if not (isinstance(function, type) and issubclass(function, Function)):
        raise TypeError(
            f"check_function takes a subclass of Function and its arguments, got "
            f"{describe(function)}; a plain function is checked by check_grads"
        )
    checker = _Checker(function, args, params)
    passed: list[str] = []
    failed: dict[str, str] = {}
    for name, check, needs in checker.checks():
        if not failed.keys().isdisjoint(needs):
            continue
        try:
            check()
        except Exception as error:
            kind = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
            failed[name] = f"{kind}{error}"
        else:
            passed.append(name)
    if failed:
        raise FunctionCheckError(function.__name__, failed, passed)
    return FunctionReport(function.__name__, tuple(passed))


class _Checker:
    """The checks of one Function at one point."""

    def __init__(
        self, function: type[Function], args: Sequence[Any], params: dict[str, Any]
    ) -> None:
        self.function, self.params = function, params
        # As `apply` has them: NumPy's scalars for Python's numbers would narrow or widen.
        self.args = [operand(arg, function.__name__) for arg in args]
        self.values = [own(raw_leaf(arg)) for arg in self.args]
        self.inexact = [
            i for i, value in enumerate(self.values) if value.dtype.kind in "fc" and value.size
        ]
        self.rng = np.random.default_rng(0)

    def checks(self) -> Iterator[tuple[str, Callable[[], None], tuple[str, ...]]]:
        """Yield name, check, and those without which it makes no sense; the worst first."""
        yield "forward", self.check_forward, ()
        differentiable = (
            self.function.differentiable
            and self.function.backward is not Function.backward
            and bool(self.inexact)
        )
        if differentiable:
            yield "backward", self.check_backward, ("forward",)
            yield "reverse mode", self.check_reverse_mode, ("forward", "backward")
            derived = () if self.function.jvp or self.function.push else ("reverse mode",)
            yield "forward mode", self.check_forward_mode, ("forward", "backward", *derived)
            yield "linearity", self.check_linearity, ("forward", "backward")
            first = ("forward", "backward", "reverse mode", "forward mode")
            yield "second order", self.check_second_order, first
        yield "vmap", self.check_vmap, ("forward",)
        if differentiable:
            yield "vmap and grad", self.check_vmap_and_grad, ("forward", "backward", "vmap")
            yield "needs_input_grad", self.check_needs, ("forward", "backward")
            yield "float32", self.check_float32, ("forward", "backward")

    # --- forward and backward by themselves ---

    def check_forward(self) -> None:
        before = [np.array(value) for value in self.values]
        first = self.apply(*self.args)
        second = self.apply(*self.args)
        for position, (value, copy) in enumerate(zip(self.values, before, strict=True)):
            _require(_same(value, copy), f"forward changed its input {position}")
        for output, (y, z) in enumerate(zip(first, second, strict=True)):
            _require(
                _same(np.asarray(y), np.asarray(z)),
                f"forward is not pure: output {output} is another one in a second call with the "
                "same arguments",
            )

    def check_backward(self) -> None:
        notes, outputs = self.linearize(self.values)
        cotangents = [_random(self.rng, y) for y in outputs]
        first = self.pull(notes, cotangents)
        for position, (a, b) in enumerate(zip(first, self.pull(notes, cotangents), strict=True)):
            _require(
                (a is None) == (b is None) and (a is None or _same(a, b)),
                f"backward is not pure: the gradient of input {position} is another one when it "
                "is called again",
            )

    def check_linearity(self) -> None:
        notes, outputs = self.linearize(self.values)
        one = [_random(self.rng, y) for y in outputs]
        other = [_random(self.rng, y) for y in outputs]
        both = [(2 * a - 3 * b).astype(a.dtype) for a, b in zip(one, other, strict=True)]
        for position, (a, b, c) in enumerate(
            zip(*[self.pull(notes, each) for each in (one, other, both)], strict=True)
        ):
            if a is None or b is None or c is None:
                continue
            _close(
                c,
                2 * a - 3 * b,
                f"backward is not linear in the gradient that it gets, so forward mode, which is "
                f"derived from it, is wrong: for 2 * g - 3 * h the gradient of input {position}",
                "as those for g and for h tell",
            )

    def check_needs(self) -> None:
        notes, outputs = self.linearize(self.values)
        cotangents = [_random(self.rng, y) for y in outputs]
        expected = self.pull(notes, cotangents)
        for left_out in self.inexact:
            wanted = [position for position in self.inexact if position != left_out]
            if not wanted:
                continue
            notes, _ = self.linearize(self.values, wanted)
            for position, gradient in enumerate(self.pull(notes, cotangents, wanted)):
                if position in wanted and expected[position] is not None:
                    what = f"where input {left_out} needs no gradient, that of input {position}"
                    _require(gradient is not None, f"{what} is None")
                    _close(gradient, expected[position], what, "as where all do")

    def check_float32(self) -> None:
        values = [
            arg  # a Python number is as narrow as it has to be
            if type(arg) in (bool, int)
            else np.asarray(value).astype(NARROW.get(value.dtype.char, value.dtype))[()]
            for arg, value in zip(self.args, self.values, strict=True)
        ]
        notes, outputs = self.linearize(values)
        for output, y in enumerate(outputs):
            _require(
                y.dtype.char not in NARROW,
                f"forward makes output {output} {y.dtype} of narrower inputs "
                f"({', '.join(str(np.asarray(value).dtype) for value in values)}); {_WIDENING}",
            )
        cotangents = [_random(self.rng, y) for y in outputs]
        for position, gradient in enumerate(self.pull(notes, cotangents, raw=True)):
            if gradient is not None and position in self.inexact:
                _require(
                    gradient.dtype.char not in NARROW,
                    f"backward makes the gradient of input {position} {gradient.dtype}, where the "
                    f"input is {values[position].dtype}; {_WIDENING}",
                )

    # --- under transforms ---

    def check_reverse_mode(self) -> None:
        check_grads(self.named(), self.floats(), modes="rev")

    def check_forward_mode(self) -> None:
        check_grads(self.named(), self.floats(), modes="fwd")

    def check_second_order(self) -> None:
        check_grads(self.named(), self.floats(), order=2)

    def check_vmap(self) -> None:
        count = len(self.args)
        subsets: list[tuple[bool, ...]]
        if count <= 4:
            subsets = list(itertools.product((False, True), repeat=count))
        else:
            subsets = [tuple(i == j for j in range(count)) for i in range(count)]
        for flags in subsets:
            if not any(flags):
                continue
            args = [
                _batch(value) if own else arg
                for arg, value, own in zip(self.args, self.values, flags, strict=True)
            ]
            axes = tuple(0 if own else None for own in flags)
            together = vmap(self.apply, in_axes=axes)(*args)
            rows = [
                self.apply(*[x[i] if own else x for x, own in zip(args, flags, strict=True)])
                for i in range(EXAMPLES)
            ]
            inputs = " and ".join(str(i) for i, own in enumerate(flags) if own)
            for output, ours in enumerate(together):
                theirs = np.stack([np.asarray(row[output]) for row in rows])
                what = f"with a batch of input {inputs}, output {output} by vmap"
                _close(ours, theirs, what, "as one by one")

    def check_vmap_and_grad(self) -> None:
        function = self.named()
        floats = self.floats()
        outputs, _ = vjp(function, *floats)
        cotangents = tuple(_random(self.rng, np.asarray(y)) for y in outputs)

        def gradients(*xs: Any) -> Any:
            return vjp(function, *xs)[1](cotangents)

        batches = [_batch(np.asarray(x)) for x in floats]
        rows = [gradients(*[x[i] for x in batches]) for i in range(EXAMPLES)]
        per_row = vmap(gradients)(*batches)
        _, pullback = vjp(vmap(function), *batches)
        together = pullback(tuple(np.stack([c] * EXAMPLES) for c in cotangents))
        for position, (each, both) in enumerate(zip(per_row, together, strict=True)):
            theirs = np.stack([np.asarray(row[position]) for row in rows])
            where = f"of input {self.inexact[position]}"
            _close(each, theirs, f"the gradient {where} under vmap", "as one by one")
            _close(both, theirs, f"the gradient {where} of vmap", "as one by one")

    # --- shared ---

    def apply(self, *args: Any) -> tuple[Any, ...]:
        """Return the outputs as a tuple."""
        result = self.function.apply(*args, **self.params)
        return result if type(result) is tuple else (result,)

    def floats(self) -> tuple[Any, ...]:
        """Return the floating-point arguments."""
        return tuple(wrap(self.values[position]) for position in self.inexact)

    def named(self) -> Callable[..., tuple[Any, ...]]:
        """Return the operation as a function of its floating-point arguments, with its name."""

        def function(*floats: Any) -> tuple[Any, ...]:
            args = list(self.args)
            for position, x in zip(self.inexact, floats, strict=True):
                args[position] = x
            return tuple(y for y in self.apply(*args) if y.dtype.kind in "fc")

        function.__name__ = self.function.__name__
        return function

    def linearize(
        self, values: Sequence[Any], wanted: Sequence[int] | None = None
    ) -> tuple[Any, list[Any]]:
        """Run forward; return the notes for `pull`, and the outputs."""
        z, notes = self.function.linearize(
            list(values), self.parents(wanted), dict(self.params), False
        )
        return notes, list(z) if type(z) is tuple else [z]

    def pull(
        self,
        notes: Any,
        cotangents: Sequence[Any],
        wanted: Sequence[int] | None = None,
        raw: bool = False,
    ) -> list[Any]:
        """Run backward; return the gradients in their inputs' shapes, or just as they are."""
        parents = self.parents(wanted)
        cotangent = tuple(cotangents) if len(cotangents) > 1 else cotangents[0]
        with np.errstate(all="ignore"):
            pulled = self.function.pull(notes, parents, cotangent)
            gradients = [
                each.added_to(None, False) if type(each) is Placed else each for each in pulled
            ]
            # Rules may leave out the gradients of further inputs that are the first once more.
            gradients += [None] * (len(parents) - len(gradients))
            if raw:
                return gradients
            return [
                None
                if gradient is None or parent < 0
                else fit(gradient, value.shape, value.dtype, self.function, position)
                for position, (gradient, parent, value) in enumerate(
                    zip(gradients, parents, self.values, strict=True)
                )
            ]

    def parents(self, wanted: Sequence[int] | None) -> tuple[int, ...]:
        """Return for each input a number that is negative where no gradient is wanted."""
        wanted = self.inexact if wanted is None else wanted
        return tuple([i if i in wanted else -1 for i in range(len(self.values))])


_WIDENING = (
    "beside an array, Python's numbers are as narrow as the array, and NumPy's float64 numbers "
    "(such as np.sqrt(2.0)) are not: write math.sqrt(2.0)"
)


def _random(rng: np.random.Generator, like: Any) -> Any:
    """Return random numbers of the shape and dtype of an output; zeros for integers."""
    array = np.asarray(like)
    if array.dtype.kind not in "fc":
        return np.zeros(array.shape)[()]
    numbers = rng.normal(size=array.shape)
    if array.dtype.kind == "c":
        numbers = numbers + 1j * rng.normal(size=array.shape)
    return np.asarray(numbers).astype(array.dtype)[()]


def _batch(value: Any) -> Any:
    """Return variants of a value along a new first axis."""
    array = np.asarray(value)
    if array.dtype.kind not in "fc":
        return np.stack([array] * EXAMPLES)
    return np.stack([array, array * 1.01, array * 0.99]).astype(array.dtype)


def _same(x: Any, y: Any) -> bool:
    return np.array_equal(x, y, equal_nan=np.asarray(x).dtype.kind in "fc")


def _require(holds: bool, text: str) -> None:
    if not holds:
        raise AssertionError(text)


def _close(given: Any, expected: Any, what: str, why: str) -> None:
    """Raise unless two arrays agree, naming the worst element."""
    given, expected = np.asarray(given), np.asarray(expected)
    _require(
        given.shape == expected.shape,
        f"{what} has the shape {given.shape}, not {expected.shape} {why}",
    )
    if not given.size:
        return
    kinds = [x.dtype for x in (given, expected) if x.dtype.kind in "fc"]
    eps = max((float(np.finfo(dtype).eps) for dtype in kinds), default=0.0)
    scale = float(np.max(np.abs(expected), where=np.isfinite(expected), initial=0.0))
    with np.errstate(all="ignore"):
        off = np.abs(np.subtract(given, expected, dtype=np.result_type(given, expected, float)))
        fine = (off <= max(CLOSE, 100 * eps) * max(scale, 1e-300)) | (given == expected)
    fine |= np.isnan(given) & np.isnan(expected)
    if not fine.all():
        index = first_index(~fine & (off == np.max(off, where=~fine, initial=0.0)) | np.isnan(off))
        raise AssertionError(
            f"{element(what, index)} is {given[index]:.10g}, not {expected[index]:.10g} {why}"
        )
