"""Functions that choose among values, and the shape of numbers: signs, exponents, complex parts.

Where a value is not chosen its gradient is exactly zero, also where the gradient of the result is
infinite. Where two values tie, each gets one half.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.array import SCALARS
from fungrad.rules.chain import Chain, choose, guarded_scale, masked, scalar
from fungrad.rules.families import Constant, Elementwise, conform


class Where(Chain):
    cautious = False
    masks = True

    @staticmethod
    def kernel(condition: Any, x: Any, y: Any) -> Any:
        if type(condition) is np.bool and type(x) is type(y) and type(x) in SCALARS:
            return x if condition else y
        return scalar(np.where(condition, x, y))

    partials = (
        None,
        lambda _z, condition, _x, _y, g: masked(g, condition),
        lambda _z, condition, _x, _y, g: masked(g, _opposite(condition)),
    )


def _opposite(condition: Any) -> Any:
    return not condition if type(condition) is np.bool else np.logical_not(condition)


def taken(g: Any, z: Any, x: Any, y: Any) -> Any:
    """Return g where z was taken from x, one half of it where y is the same, zero elsewhere."""
    if type(z) in SCALARS:
        if not _same(x, z):
            return masked(g, False)
        return g / 2 if _same(y, z) else g
    from_x, from_y = np.equal(x, z), np.equal(y, z)
    if type(from_x) is type(from_y) is np.ndarray and (from_x ^ from_y).all():
        return masked(g, from_x)
    # NaN comes from the side, or the sides, that are NaN.
    nan = np.isnan(z)
    from_x, from_y = from_x | (nan & np.isnan(x)), from_y | (nan & np.isnan(y))
    return masked(choose(from_y, g / 2, g), from_x)


def _same(x: Any, z: Any) -> bool:
    return bool(x == z or (x != x and z != z))


class Maximum(Chain):
    cautious = False
    masks = True
    kernel = np.maximum
    partials = (
        lambda z, x, y, g: taken(g, z, x, y),
        lambda z, x, y, g: taken(g, z, y, x),
    )


class Minimum(Chain):
    cautious = False
    masks = True
    kernel = np.minimum
    partials = Maximum.partials


class Fmax(Chain):
    cautious = False
    masks = True
    kernel = np.fmax
    partials = Maximum.partials


class Fmin(Chain):
    cautious = False
    masks = True
    kernel = np.fmin
    partials = Maximum.partials


def _clip_by_x(z: Any, x: Any, low: Any, high: Any, g: Any) -> Any:
    raised = np.maximum(x, low)
    return taken(taken(g, z, raised, high), raised, x, low)


def _clip_by_low(z: Any, x: Any, low: Any, high: Any, g: Any) -> Any:
    raised = np.maximum(x, low)
    return taken(taken(g, z, raised, high), raised, low, x)


class Clip(Chain):
    """``minimum(maximum(x, low), high)`` in one pass."""

    cautious = False
    masks = True
    kernel = np.clip
    partials = (
        _clip_by_x,
        _clip_by_low,
        lambda z, x, low, high, g: taken(g, z, high, np.maximum(x, low)),
    )


class NanToNum(Chain):
    cautious = False
    masks = True
    kernel = np.nan_to_num
    partials = (lambda _z, x, g: _by_parts(g, x, lambda part, x: masked(part, np.isfinite(x))),)


def _by_parts(g: Any, x: Any, function: Any) -> Any:
    """Apply a function of (g, x) to real and imaginary parts, if there are any."""
    if x.dtype.kind != "c":
        return function(g, x)
    return function(np.real(g), np.real(x)) + function(np.imag(g), np.imag(x)) * 1j


class Heaviside(Chain):
    cautious = False
    masks = True
    kernel = np.heaviside
    partials = (None, lambda _z, x, _y, g: masked(g, np.equal(x, 0)))


# --- signs and exponents -------------------------------------------------------------------------


def _absolute_by_x(z: Any, x: Any, g: Any) -> Any:
    if x.dtype.kind != "c":
        return guarded_scale(g, np.sign(x))
    return guarded_scale(g, np.conjugate(x) / choose(np.equal(z, 0), np.inf, z))


class Absolute(Chain):
    cautious = False
    masks = True
    kernel = abs
    partials = (_absolute_by_x,)


class Sign(Constant):
    kernel = np.sign


class ComplexSign(Elementwise):
    """``x / abs(x)``: has a derivative, but not a complex one."""

    kernel = np.sign
    partials = (lambda z, x: z / x,)  # for what they read

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        z, x = notes
        along = np.real(gradient * z) * np.conjugate(z)
        return (guarded_scale(gradient - along, _inverse_length(x)),)

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        (x,), (t,) = values, tangents
        z = cls.call(x)
        along = np.real(t * np.conjugate(z)) * z
        return z, conform(guarded_scale(t - along, _inverse_length(x)), z)


def _inverse_length(x: Any) -> Any:
    length = np.absolute(x)
    return 1 / choose(np.equal(length, 0), np.inf, length)


class Copysign(Chain):
    cautious = False
    masks = True
    kernel = np.copysign
    partials = (
        lambda _z, x, y, g: choose(np.equal(np.signbit(x), np.signbit(y)), g, -g),
        None,
    )


class Ldexp(Chain):
    cautious = False
    masks = True
    kernel = np.ldexp
    partials = (lambda _z, _x, y, g: np.ldexp(g, y), None)


class Mantissa(Chain):
    """The first result of frexp."""

    cautious = False
    masks = True

    @staticmethod
    def kernel(x: Any) -> Any:
        return np.frexp(x)[0]

    partials = (lambda _z, x, g: np.ldexp(g, -Exponent.call(x)),)


class Exponent(Constant):
    """The second result of frexp."""

    @staticmethod
    def kernel(x: Any) -> Any:
        return np.frexp(x)[1]


class Fraction(Elementwise):
    """The first result of modf."""

    @staticmethod
    def kernel(x: Any) -> Any:
        return np.modf(x)[0]

    partials = (1,)


class IntegralPart(Constant):
    """The second result of modf."""

    @staticmethod
    def kernel(x: Any) -> Any:
        return np.modf(x)[1]


# --- complex numbers and dtypes ------------------------------------------------------------------


class Real(Elementwise):
    kernel = np.real
    partials = (1,)


class Imag(Elementwise):
    kernel = np.imag
    partials = (-1j,)


class Zero(Constant):
    """Zeros of the shape and dtype of x: the imaginary part of real numbers."""

    @staticmethod
    def kernel(x: Any) -> Any:
        return scalar(np.zeros_like(x))


class Conjugate(Chain):
    cautious = False
    masks = True
    kernel = np.conjugate
    partials = (lambda _z, _x, g: np.conjugate(g),)


class AsType(Elementwise):
    """A conversion between floating-point dtypes; the tape casts the gradient back."""

    @staticmethod
    def kernel(x: Any, dtype: Any) -> Any:
        return x.astype(dtype)

    partials = (1,)


class AsInteger(Constant):
    """A conversion to integers or booleans."""

    @staticmethod
    def kernel(x: Any, dtype: Any) -> Any:
        return x.astype(dtype)


class Representative(Constant):
    """For each example, an element of x at which the mask is true, if it is so anywhere.

    `ndim` is the rank of one example.
    """

    @staticmethod
    def kernel(x: Any, mask: Any, ndim: int) -> Any:
        x, mask = np.broadcast_arrays(x, mask)
        lead = x.shape[: x.ndim - ndim]
        if not x.size:
            return np.zeros(lead, x.dtype)[()]
        rows = (*lead, -1)
        x, mask = np.reshape(x, rows), np.reshape(mask, rows)
        first = np.argmax(mask, axis=-1)[..., None]
        found = np.take_along_axis(x, first, axis=-1)[..., 0]
        anywhere = x.ravel()[np.argmax(mask)]
        return choose(mask.any(axis=-1), found, anywhere)
