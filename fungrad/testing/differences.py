"""Numerical derivatives: complex steps where they are possible, central differences elsewhere."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.array import wrap
from fungrad.errors import DerivativeCheckError
from fungrad.testing.flat import Flat, element, first_index

TINY = 1e-25  # the complex step: its square is lost against any number
SHORT = 1e-10  # a step that gets lost in float32
AGREEMENT = 1e-4  # of complex steps with differences, relative, to trust the former
STEPS = 16  # of the slow differences
NARROW: dict[str, Any] = {"e": np.float64, "f": np.float64, "F": np.complex128}


class Numerical:
    """The numerical derivatives of a function at one point.

    Narrow floats are widened: the differences are taken in float64 wherever the function computes
    in the dtype of its arguments.

    Attributes
    ----------
    results : list of ndarrays
        The outputs at the point.
    precision : float
        The relative precision of the results.
    noise : list of float
        How far the derivatives along a direction of unit length may be off by rounding alone.
    """

    def __init__(self, flat: Flat, eps: float | None, rng: np.random.Generator) -> None:
        self.flat = flat
        self.wide = [_widen(value) for value in flat.values]
        try:
            self.results = self._at(self.wide)
        except Exception:  # it may insist on its dtype
            self.wide = [np.asarray(value) for value in flat.values]
            self.results = self._at(self.wide)
        self._check_finite()
        self.precision = max(float(np.finfo(y.dtype).eps) for y in self.results)
        self.step = self.precision ** (1 / 3) if eps is None else eps
        self.analytic = False
        if eps is None:
            directions = {
                leaf: rng.normal(size=x.shape) * scale_of(x) for leaf, x in enumerate(self.wide)
            }
            slopes = self._central(directions, self.step)
            if self._is_narrow(directions, slopes):
                self.precision = float(np.finfo(np.float32).eps)
                self.step = self.precision ** (1 / 3)
            else:
                self.analytic = self._is_analytic(directions, slopes)
        unit = 0.0 if self.analytic else 4 * self.precision / self.step
        self.noise = [_largest(y) * unit for y in self.results]

    def along(self, leaf: int, direction: Any) -> list[Any]:
        """Return the derivatives of the outputs along a direction in one leaf."""
        if self.analytic:
            return self._complex_step({leaf: direction})
        return self._central({leaf: direction}, self.step)

    def carefully(self, leaf: int, direction: Any) -> tuple[list[Any], list[Any]]:
        """Return the derivatives by differences of many step sizes, and how far they may be off.

        Each is extrapolated from two step sizes; for each output the best pair is taken.
        """
        widths = [max(self.step, 1e-2) * 4.0**-k for k in range(STEPS)]
        central = [self._central({leaf: direction}, width) for width in widths]
        best: list[Any] = []
        errors: list[Any] = []
        for output, y in enumerate(self.results):
            rounding = 4 * self.precision * np.max(np.abs(y), initial=0.0)
            values = [column[output] for column in central]
            better = [(16 * b - a) / 15 for a, b in itertools.pairwise(values)]
            found = np.full(y.shape, np.nan, np.result_type(*better))
            error = np.full(y.shape, np.inf)
            for k, (a, b) in enumerate(itertools.pairwise(better)):
                with np.errstate(invalid="ignore"):
                    off = np.abs(b - a) + rounding / widths[k + 2]
                closer = off < error
                found, error = np.where(closer, b, found), np.where(closer, off, error)
            best.append(found)
            errors.append(error)
        return best, errors

    def sides(self, leaf: int, direction: Any) -> tuple[list[Any], list[Any]]:
        """Return the derivatives behind and ahead of the point, from differences to one side."""
        width = 8 * self.step
        pairs = []
        for sign in (-1.0, 1.0):
            near, far = (
                self._at(self._moved({leaf: direction}, sign * size)) for size in (width / 2, width)
            )
            pairs.append(
                [
                    sign * (4 * b - c - 3 * a) / width
                    for a, b, c in zip(self.results, near, far, strict=True)
                ]
            )
        return pairs[0], pairs[1]

    def _at(self, values: Sequence[Any]) -> list[Any]:
        with np.errstate(all="ignore"):
            return [np.asarray(y) for y in self.flat(*[wrap(np.array(x)) for x in values])]

    def _moved(self, directions: dict[int, Any], step: Any) -> list[Any]:
        imaginary = type(step) is complex  # then all leaves are complex, as none would mix them
        moved = [x.astype(complex) if imaginary else x for x in self.wide]
        for leaf, direction in directions.items():
            x = moved[leaf]
            moved[leaf] = np.asarray(x + step * direction).astype(x.dtype)
        return moved

    def _central(self, directions: dict[int, Any], step: float) -> list[Any]:
        ahead, behind = (self._at(self._moved(directions, sign * step)) for sign in (1, -1))
        with np.errstate(all="ignore"):
            return [(a - b) / (2 * step) for a, b in zip(ahead, behind, strict=True)]

    def _complex_step(self, directions: dict[int, Any]) -> list[Any]:
        return [y.imag / TINY for y in self._at(self._moved(directions, TINY * 1j))]

    def _is_narrow(self, directions: dict[int, Any], slopes: list[Any]) -> bool:
        """Whether the function does not follow a step that float64 could follow."""
        if self.precision > np.finfo(np.float64).eps:
            return False
        moved = self._at(self._moved(directions, SHORT))
        if not all(np.array_equal(z, y) for y, z in zip(self.results, moved, strict=True)):
            return False
        # At a jump the differences depend on the step size, with narrow numbers they do not.
        wide = self._central(directions, float(np.finfo(np.float32).eps) ** (1 / 3))
        pairs = list(zip(self.results, slopes, wide, strict=True))
        followed = [_largest(slope) * SHORT <= 1e-12 * _largest(y) for y, slope, _ in pairs]
        return not all(followed) and all(_largest(a - b) <= 0.2 * _largest(b) for _, a, b in pairs)

    def _is_analytic(self, directions: dict[int, Any], slopes: list[Any]) -> bool:
        """Whether complex steps give what differences give, along a direction in all leaves."""
        if any(x.dtype.kind == "c" for x in (*self.wide, *self.results)):
            return False
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
                ahead = self._at(self._moved(directions, TINY * 1j))
        except Exception:  # it was not written for complex numbers
            return False
        for y, z, slope in zip(self.results, ahead, slopes, strict=True):
            if z.dtype.kind != "c" or z.shape != y.shape:
                return False
            with np.errstate(all="ignore"):
                same = np.abs(z.real - y) <= 1e-12 * _largest(y)
                off = np.abs(z.imag / TINY - slope)
                along = off <= AGREEMENT * _largest(slope) + 1e-8 * _largest(y)
            if not (np.all(same) and np.all(along)):
                return False
        return True

    def _check_finite(self) -> None:
        for where, y in zip(self.flat.outputs, self.results, strict=True):
            wrong = ~np.isfinite(y)
            if wrong.any():
                index = first_index(wrong)
                raise DerivativeCheckError(
                    self.flat.title,
                    f"{element(where, index)} is {y[index]} at these arguments; take some where "
                    "the function is finite (fungrad.debug_nans finds where a NaN is made)",
                )


def scale_of(x: Any) -> Any:
    """Return the length of a step for each element of x, before the step size.

    What is not finite stays as it is.
    """
    return np.where(np.isfinite(x), np.maximum(1.0, np.abs(x)), 0.0)


def _largest(x: Any) -> float:
    """Return the largest absolute value."""
    return float(np.max(np.abs(x), initial=0.0))


def _widen(value: Any) -> Any:
    array = np.asarray(value)
    return array.astype(NARROW.get(array.dtype.char, array.dtype))


def contract(weights: Sequence[Any], values: Sequence[Any]) -> float:
    """Return the real part of the sum of products: the pairing of cotangents and tangents."""
    with np.errstate(all="ignore"):
        return float(
            sum(np.real(np.sum(w * np.asarray(v))) for w, v in zip(weights, values, strict=True))
        )
