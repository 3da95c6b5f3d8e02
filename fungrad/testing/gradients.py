"""`check_grads`: the derivatives of a function against numerical ones."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fungrad.errors import GradientMismatchError
from fungrad.testing.comparison import (
    TRANSFORMS,
    Comparison,
    GradientReport,
    Probe,
    path_of_probe,
    show,
    unit_probe,
)
from fungrad.testing.differences import Numerical, contract, scale_of
from fungrad.testing.flat import Flat, element, first_index
from fungrad.transforms.forward import jvp
from fungrad.transforms.reverse import vjp

ALL = 32  # elements of a leaf that are checked one by one
DIRECTIONS = 3  # in a larger leaf
TOLERANCES = ((1e-10, 1e-6), (1e-5, 2e-3), (1.0, 5e-2))  # relative, up to some precision


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int = 1,
    modes: str | Sequence[str] = ("fwd", "rev"),
    atol: float | None = None,
    rtol: float | None = None,
    eps: float | None = None,
) -> GradientReport:
    """Compare the derivatives of a function with numerical ones.

    All elements of small arrays are checked one by one, larger arrays along random directions.
    The numerical derivatives are complex steps where `f` can be evaluated so, central differences
    in float64 elsewhere; where they disagree with the derivative, they are repeated with many step
    sizes before it is called wrong.

    Parameters
    ----------
    f : callable
        A pure function of trees of arrays; returns a tree of arrays of any shapes.
    args : tuple
        The arguments, one item for each: a point where `f` is smooth. Floating-point leaves are
        varied; integers, booleans and Python ints stay as they are.
    order : int
        Up to which order; the derivatives of order 2 are those of `jvp` and `vjp` of `f`.
    modes : sequence of {"fwd", "rev"}
        Forward mode (`jvp`), reverse mode (`vjp`), or both; at order 2 in all pairs.
    atol, rtol : float, optional
        Wrong is what differs by more than ``atol + rtol * |numerical derivative|``. By default
        they follow from the dtypes and from the size of the derivatives.
    eps : float, optional
        The step size of the differences; with it, complex steps are not tried.

    Returns
    -------
    GradientReport
        How many numbers were compared, and which was the worst.

    Raises
    ------
    GradientMismatchError
        If a derivative is wrong: an `AssertionError` that says which, and by how much.
    DerivativeCheckError
        If there is nothing to compare: no floating-point number, or a result that is not finite.

    Examples
    --------
    >>> from fungrad.testing import check_grads
    >>> def loss(params, x):
    ...     return fnp.sum(fnp.tanh(params["w"] * x + params["b"]))
    >>> params = {"w": fnp.array([1.0, 2.0]), "b": 0.5}
    >>> report = check_grads(loss, (params, 3.0), order=2)
    >>> report.count, report.difference < report.tolerance
    (32, True)
    """
    modes = (modes,) if isinstance(modes, str) else tuple(modes)
    if not modes or set(modes) - set(TRANSFORMS):
        raise ValueError(f'check_grads: modes are "fwd" and "rev", got {modes!r}')
    if order < 1:
        raise ValueError(f"check_grads: order is at least 1, got {order}")
    flat = Flat(f, args, "check_grads")
    check = _Check(modes, atol, rtol, eps)
    check.run(flat, order)
    worst = check.worst
    assert worst is not None
    return GradientReport(
        flat.name,
        check.count,
        check.transform,
        path_of_probe(flat, worst.probe),
        worst.difference,
        worst.tolerance,
    )


class _Pushed(Flat):
    """The tangents of another function along a fixed direction."""

    def __init__(self, flat: Flat, directions: list[Any]) -> None:
        self.flat, self.directions = flat, directions
        self.name = f"jvp of {flat.name}"
        self.values, self.paths, self.title = flat.values, flat.paths, flat.title

    def __call__(self, *values: Any) -> list[Any]:
        tangents: list[Any] = jvp(self.flat, values, tuple(self.directions))[1]
        self.outputs = [f"tangent of {output}" for output in self.flat.outputs]
        return tangents


class _Pulled(Flat):
    """The gradients of another function for a fixed cotangent."""

    def __init__(self, flat: Flat, cotangents: list[Any]) -> None:
        self.flat, self.cotangents = flat, cotangents
        self.name = f"vjp of {flat.name}"
        self.values, self.paths, self.title = flat.values, flat.paths, flat.title
        self.outputs = [f"gradient of {path}" for path in flat.paths]

    def __call__(self, *values: Any) -> list[Any]:
        return list(vjp(self.flat, *values)[1](self.cotangents))


class _Check:
    """The settings of a call of `check_grads`, and what it has seen."""

    def __init__(
        self, modes: Sequence[str], atol: float | None, rtol: float | None, eps: float | None
    ) -> None:
        self.modes, self.atol, self.rtol, self.eps = modes, atol, rtol, eps
        self.rng = np.random.default_rng(0)
        self.count = 0
        self.worst: Comparison | None = None
        self.transform = ""

    def run(self, flat: Flat, order: int) -> None:
        """Check the first derivatives of a function, then the derivatives of these."""
        numerical = Numerical(flat, self.eps, self.rng)
        cotangents = self._cotangents(flat)
        level = _Level(self, flat, numerical, cotangents)
        wrong: list[Comparison] = []
        for leaf in range(len(flat.values)):
            for probe in self._probes(leaf, flat.values[leaf]):
                for comparison in level.compare(probe):
                    self._note(comparison, flat)
                    if comparison.excess > 1:
                        wrong.append(comparison)
        if wrong:
            raise GradientMismatchError(level.report(wrong))
        if order > 1:
            for mode in self.modes:
                derived: Flat
                if mode == "fwd":
                    derived = _Pushed(flat, [self._random(x) for x in flat.values])
                else:
                    derived = _Pulled(flat, cotangents)
                self.run(derived, order - 1)

    def _note(self, comparison: Comparison, flat: Flat) -> None:
        self.count += 1
        if self.worst is None or comparison.excess > self.worst.excess:
            self.worst = comparison
            self.transform = f"{TRANSFORMS[comparison.mode]} of {flat.name}"

    def _random(self, value: Any) -> Any:
        direction = self.rng.normal(size=value.shape)
        if value.dtype.kind == "c":
            direction = direction + 1j * self.rng.normal(size=value.shape)
        return np.asarray(direction).astype(value.dtype)

    def _cotangents(self, flat: Flat) -> list[Any]:
        outputs = [np.asarray(y) for y in vjp(flat, *flat.values)[0]]
        if sum(y.size for y in outputs) == 1:  # then they are the gradient itself
            return [np.ones_like(y) for y in outputs]
        return [self._random(y) for y in outputs]

    def _probes(self, leaf: int, value: Any) -> Iterator[Probe]:
        imaginary = (False, True) if value.dtype.kind == "c" else (False,)
        if value.size <= ALL:
            for index, imag in itertools.product(np.ndindex(value.shape), imaginary):
                if np.isfinite(value[index]):
                    yield unit_probe(leaf, value, index, imag)
        else:
            for _ in range(DIRECTIONS):
                yield Probe(leaf, self._random(value) * scale_of(value), None)


class _Level:
    """The comparison of the first derivatives of one function."""

    def __init__(
        self, check: _Check, flat: Flat, numerical: Numerical, cotangents: list[Any]
    ) -> None:
        self.check, self.flat, self.numerical = check, flat, numerical
        self.cotangents = cotangents
        self.precision = max(
            numerical.precision,
            *[float(np.finfo(np.asarray(x).dtype).eps) for x in (*flat.values, *cotangents)],
        )
        default = next(rtol for limit, rtol in TOLERANCES if self.precision <= limit)
        self.rtol = default if check.rtol is None else check.rtol
        self.rounding = min(1000 * self.precision, default / 100)
        self.gradients: list[Any] | None = None
        if "rev" in check.modes:
            self.gradients = list(vjp(flat, *flat.values)[1](cotangents))

    def compare(self, probe: Probe) -> list[Comparison]:
        """Compare along one direction; return the worst element for each mode and output."""
        comparisons = self._against(probe, self.numerical.along(probe.leaf, probe.direction))
        if all(each.excess <= 1 for each in comparisons):
            return comparisons
        careful, errors = self.numerical.carefully(probe.leaf, probe.direction)
        again = self._against(probe, careful, errors)
        return [min(pair, key=lambda each: each.excess) for pair in zip(comparisons, again)]

    def _against(
        self, probe: Probe, expected: list[Any], errors: list[Any] | None = None
    ) -> list[Comparison]:
        tolerances = []
        for output, (slope, y) in enumerate(zip(expected, self.numerical.results, strict=True)):
            tolerance = self._tolerance(probe, output, slope, y)
            if errors is not None:
                # Up to a limit: where the differences do not settle, nothing would be wrong.
                tolerance = tolerance + np.minimum(2 * errors[output], 10 * tolerance)
            tolerances.append(tolerance)
        comparisons = []
        if "fwd" in self.check.modes:
            tangents = [np.zeros_like(x) for x in self.flat.values]
            tangents[probe.leaf] = probe.direction.astype(tangents[probe.leaf].dtype)
            moved = jvp(self.flat, tuple(self.flat.values), tuple(tangents))[1]
            for output, given in enumerate(moved):
                if expected[output].size:
                    comparisons.append(
                        self._worst(
                            probe, output, np.asarray(given), expected[output], tolerances[output]
                        )
                    )
        if self.gradients is not None:
            with np.errstate(all="ignore"):
                weighted = [
                    np.ravel(np.abs(c) * t)
                    for c, t in zip(self.cotangents, tolerances, strict=True)
                ]
            comparisons.append(
                Comparison(
                    "rev",
                    probe,
                    None,
                    (),
                    contract([probe.direction], [self.gradients[probe.leaf]]),
                    contract(self.cotangents, expected),
                    float(np.linalg.norm(np.concatenate(weighted))),
                )
            )
        return comparisons

    def _tolerance(self, probe: Probe, output: int, slope: Any, y: Any) -> Any:
        """Return how far each element of a derivative may be off."""
        with np.errstate(all="ignore"):
            tolerance = self.rtol * np.abs(slope)
            if self.check.atol is not None:
                return tolerance + self.check.atol * float(np.linalg.norm(probe.direction))
            length = float(np.max(np.abs(probe.direction), initial=0.0))
            largest = np.max(np.abs(slope), initial=0.0, where=np.isfinite(slope))
            size = max(1.0, float(np.max(np.abs(y), initial=0.0)))
            rounding = self.rounding * size + self.numerical.noise[output]
            return tolerance + self.rtol * largest + rounding * max(1.0, length)

    def _worst(
        self, probe: Probe, output: int, given: Any, expected: Any, tolerance: Any
    ) -> Comparison:
        with np.errstate(all="ignore"):
            excess = np.abs(given - expected) / tolerance
        excess = np.where(np.isnan(excess) & (given != expected), np.inf, excess)
        place = first_index(excess == np.nanmax(excess, initial=0.0))
        return Comparison(
            "fwd",
            probe,
            output,
            place,
            given[place],
            expected[place],
            float(np.asarray(tolerance)[place]),
        )

    # --- the report ---

    def report(self, wrong: list[Comparison]) -> str:
        """Return the text of the error: the worst of what is wrong, and where to look."""
        worst = max(wrong, key=lambda each: each.excess)
        worst = self._locate(worst)
        scale = self._unit_of(worst)
        flat, probe = self.flat, worst.probe
        transform = TRANSFORMS[worst.mode]
        where = f"with respect to {path_of_probe(flat, probe)}"
        if worst.output is not None:
            where = f"in {element(flat.outputs[worst.output], worst.place)} {where}"
        elif sum(c.size for c in self.cotangents) > 1:
            where += ", for a random cotangent"
        lines = [
            f"{flat.title}: {transform} of {flat.name} is wrong {where}",
            f"    by {transform}: {show(worst.given / scale)}",
            f"    numerically: {show(worst.expected / scale)}",
            f"    difference: {worst.difference / scale:.3g}, where "
            f"{worst.tolerance / scale:.1e} is tolerated",
        ]
        lines += [self._extent(wrong, worst), *self._hints(wrong, worst)]
        return "\n".join(filter(None, lines))

    def _locate(self, comparison: Comparison) -> Comparison:
        """Return a comparison for one element of which that of a random direction was wrong."""
        probe = comparison.probe
        if probe.index is not None:
            return comparison
        value = self.flat.values[probe.leaf]
        candidates = np.arange(value.size)
        while len(candidates) > 1:
            half = len(candidates) // 2
            excesses = []
            for part in (candidates[:half], candidates[half:]):
                direction = np.zeros(value.size, probe.direction.dtype)
                direction[part] = probe.direction.reshape(-1)[part]
                excesses.append(self._same(comparison, direction.reshape(value.shape)).difference)
            candidates = candidates[:half] if excesses[0] >= excesses[1] else candidates[half:]
        index = tuple(int(i) for i in np.unravel_index(int(candidates[0]), value.shape))
        imaginary = (False, True) if value.dtype.kind == "c" else (False,)
        probes = [unit_probe(probe.leaf, value, index, each) for each in imaginary]
        found = [replace(self._same(comparison, each.direction), probe=each) for each in probes]
        located = max(found, key=lambda each: each.difference)
        return located if located.excess > 1 else comparison

    def _same(self, comparison: Comparison, direction: Any) -> Comparison:
        """Return the same comparison along another direction."""
        probe = Probe(comparison.probe.leaf, direction, None)
        return next(
            each
            for each in self._against(probe, self.numerical.along(probe.leaf, direction))
            if (each.mode, each.output) == (comparison.mode, comparison.output)
        )

    def _unit_of(self, comparison: Comparison) -> float:
        """Return the length of the step that a comparison is about."""
        probe = comparison.probe
        return 1.0 if probe.index is None else float(np.abs(probe.direction[probe.index]))

    def _extent(self, wrong: list[Comparison], worst: Comparison) -> str:
        leaf = worst.probe.leaf
        lines = []
        own = {each.probe.index for each in wrong if each.probe.leaf == leaf}
        size = self.flat.values[leaf].size
        if None not in own and size > 1:
            path = self.flat.paths[leaf]
            lines.append(f"    {len(own)} of {size} elements of {path} are affected")
        others = sorted({each.probe.leaf for each in wrong} - {leaf})
        if others:
            paths = [self.flat.paths[other] for other in others]
            shown = ", ".join(paths[:4]) + (", ..." if len(paths) > 4 else "")
            lines.append(f"    wrong, too: {shown}")
        return "\n".join(lines)

    def _hints(self, wrong: list[Comparison], worst: Comparison) -> list[str]:
        probe = worst.probe
        behind, ahead = self.numerical.sides(probe.leaf, probe.direction)
        if worst.output is None:
            left, right = contract(self.cotangents, behind), contract(self.cotangents, ahead)
        else:
            left, right = (side[worst.output][worst.place] for side in (behind, ahead))
        scale = self._unit_of(worst)
        given, expected = worst.given, worst.expected
        if not (np.isfinite(left) and np.isfinite(right)):
            path = path_of_probe(self.flat, probe)
            return [f"the function is not finite on both sides of {path}: take a point further in"]
        if abs(right - left) > 0.01 * max(abs(left), abs(right)) + 10 * worst.tolerance:
            return [
                f"there is a kink or a jump at this point: the difference behind it is "
                f"{show(left / scale)}, ahead of it {show(right / scale)}; take another point"
            ]
        if not np.isfinite(given):
            return ["fungrad.debug_nans shows which operation made it"]
        hints = []
        if given == 0:
            hints.append(
                "the derivative is zero: is there a stop_gradient, a conversion by float() or "
                "np.asarray(), a rounding, or a None from a backward?"
            )
        elif expected != 0 and len(wrong) > 1 and np.isfinite(expected):
            ratios = [
                np.real(each.given / each.expected) for each in wrong if abs(each.expected) > 0
            ]
            factor = float(np.mean(ratios))
            if np.ptp(ratios) < 1e-3 * abs(factor) and abs(factor - 1) > 0.01:
                hints.append(f"all that is wrong is so by the same factor, {factor:.4g}")
        modes = {each.mode for each in wrong}
        if set(self.check.modes) == {"fwd", "rev"} and len(modes) == 1:
            hints.append(
                "jvp is right: look at the backward of what the function calls"
                if modes == {"rev"}
                else "vjp is right: look at the jvp rules of what the function calls"
            )
        return hints
