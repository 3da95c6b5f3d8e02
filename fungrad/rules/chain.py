"""The family of elementwise operations whose derivatives need care, and its products.

Where `where`, `maximum` or an index array do not take a value, its gradient is exactly zero. It
must remain so on its way back, also through a derivative that is infinite or NaN there: the
gradient of ``where(x > 0, sqrt(x), 0)`` at 0 is 0. In a guarded product a zero gradient (or
tangent) therefore wins over any other factor. Guarded products are operations with derivatives of
their own, so this holds in every mode and order. An infinite or NaN factor is rare; one quick pass
over the factor tells. They are meant for derivatives, computed without NumPy's warnings.

That pass costs as much as a small product itself. So products and quotients of a plain gradient
are plain; those of a `Guarded` gradient are guarded. The walk along the tape passes the latter only
where zeros and infinities can meet.
"""

from __future__ import annotations

import cmath
from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.array import RAW, Array, unwrap
from fungrad.rules.families import LARGE, Elementwise, Kernel, conform, in_blocks


class Guarded:
    """A gradient or tangent whose zeros win in products and quotients."""

    __slots__ = ("value",)
    __array_ufunc__ = None

    def __init__(self, value: Any) -> None:
        self.value = value

    def __neg__(self) -> Guarded:
        return Guarded(-self.value)

    def __mul__(self, factor: Any) -> Guarded:
        return Guarded(guarded_scale(self.value, factor))

    def __truediv__(self, divisor: Any) -> Guarded:
        return Guarded(guarded_quotient(self.value, divisor))


BOXES = frozenset([Array, Guarded])
"""What a partial may return around its result: NumPy gives a constant of an outer transform as an
Array."""


class Chain(Elementwise):
    """A function of elements whose partials apply the chain rule themselves.

    Each gets a gradient or a tangent g after (output, and all inputs), and returns g times the
    derivative. This is the form for a derivative that is infinite somewhere, for divisions and for
    selections. A `cautious` rule takes a `Guarded` g as well: it does nothing with g but multiply
    it, divide it, negate it and mask it.
    """

    cautious = True

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        results: list[Any] = []
        large = type(gradient) is np.ndarray and gradient.size > LARGE
        for parent, partial in zip(parents, cls.partials):
            if parent < 0 or partial is None:
                results.append(None)
                continue
            result = in_blocks(partial, notes, gradient) if large else partial(*notes, gradient)
            results.append(result.value if type(result) in BOXES else result)
        return results

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        z = cls.call(*values, **params)
        total = None
        # NumPy's warnings are for the values; the walk of the tape is silent likewise.
        with np.errstate(all="ignore"):
            for partial, tangent in zip(cls.partials, tangents, strict=True):
                if tangent is None or partial is None:
                    continue
                term = partial(z, *values, Guarded(tangent) if cls.cautious else tangent)
                term = term.value if type(term) in BOXES else term
                total = term if total is None else total + term
        return z, None if total is None else conform(total, z)


# --- products ------------------------------------------------------------------------------------

SMALL = 8192  # elements; above, BLAS may wait for its threads, which costs more than a pass


def finite(x: Any) -> bool:
    """Return whether all elements are finite; may return False if they are very large."""
    if type(x) is not np.ndarray:
        return cmath.isfinite(x)
    if x.size > SMALL:
        return bool(np.isfinite(x).all())
    flat = x.ravel("K")
    return cmath.isfinite(flat.dot(flat))  # infinities and NaN survive it


def _zero(x: Any, y: Any) -> Any:
    return type(x)(0) if type(x) is type(y) else np.result_type(x, y).type(0)


def _scale(g: Any, factor: Any) -> Any:
    if type(g) is not np.ndarray and type(factor) is not np.ndarray:
        return g * factor if g else _zero(g, factor)
    if finite(factor):
        return g * factor
    return np.where(g == 0, g, g * factor)


def _divide(g: Any, divisor: Any) -> Any:
    if type(g) is not np.ndarray and type(divisor) is not np.ndarray:
        return g / divisor if g else _zero(g, divisor)
    z = g / divisor
    return z if finite(z) else np.where(g == 0, g, z)


def _multiply(x: Any, y: Any) -> Any:
    if type(x) is not np.ndarray and type(y) is not np.ndarray:
        return x * y if x and y else _zero(x, y)
    if finite(x) and finite(y):
        return x * y
    return np.where(x == 0, x, np.where(y == 0, y, x * y))


def _silent(kernel: Kernel) -> Kernel:
    """Return a kernel of derivatives; NumPy's warnings are for values."""

    def silent(x: Any, y: Any) -> Any:
        with np.errstate(all="ignore"):
            return kernel(x, y)

    return silent


class Scale(Chain):
    cautious = False
    masks = True
    kernel = _silent(_scale)
    partials = (
        lambda _z, _x, y, g: guarded_scale(g, y),
        lambda _z, x, _y, g: guarded_multiply(x, g),
    )


class Quotient(Chain):
    cautious = False
    masks = True
    kernel = _silent(_divide)
    partials = (
        lambda _z, _x, y, g: guarded_quotient(g, y),
        lambda z, _x, y, g: -guarded_multiply(z, guarded_quotient(g, y)),
    )


class Product(Chain):
    cautious = False
    masks = True
    kernel = _silent(_multiply)
    partials = (
        lambda _z, _x, y, g: guarded_multiply(y, g),
        lambda _z, x, _y, g: guarded_multiply(x, g),
    )


def guarded_scale(g: Any, factor: Any) -> Any:
    """Return ``g * factor``, zero where g is zero."""
    if type(g) in RAW and type(factor) in RAW:
        return _scale(g, factor)
    return unwrap(Scale.apply(g, factor))


def guarded_quotient(g: Any, divisor: Any) -> Any:
    """Return ``g / divisor``, zero where g is zero."""
    if type(g) in RAW and type(divisor) in RAW:
        return _divide(g, divisor)
    return unwrap(Quotient.apply(g, divisor))


def guarded_multiply(x: Any, y: Any) -> Any:
    """Return ``x * y``, zero where one of them is zero."""
    if type(x) in RAW and type(y) in RAW:
        return _multiply(x, y)
    return unwrap(Product.apply(x, y))


def masked(g: Any, keep: Any) -> Any:
    """Return g where `keep` is true, zero elsewhere, whatever g is there."""
    if type(g) is Guarded:
        return Guarded(masked(g.value, keep))
    if type(g) not in RAW or type(keep) not in RAW:
        return choose(keep, g, 0)
    if type(g) is not np.ndarray and type(keep) is not np.ndarray:
        return g if keep else type(g)(0)
    if finite(g):  # then a product does, several times quicker than a choice
        return g * keep
    return np.where(keep, g, 0)


def choose(condition: Any, x: Any, y: Any) -> Any:
    """Return ``np.where(condition, x, y)`` one layer down."""
    return scalar(unwrap(np.where(condition, x, y)))


def scalar(z: Any) -> Any:
    """Return what some functions of NumPy give as an ndarray without axes as a number."""
    return z[()] if type(z) is np.ndarray and not z.ndim else z
