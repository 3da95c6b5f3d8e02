"""Reductions: sums, products, extremes, moments, norms, and what is normalised by them.

`axis` is a tuple of non-negative ints, `keepdims` a bool, `dtype` a dtype or None.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.array import RAW
from fungrad.rules.families import Constant, Linear, Reduction, Rule, keep

EXACT_IN_FLOAT32 = 1 << 24

# For ndarrays, with (x, axis, dtype, None, keepdims): np.sum and its like are Python functions
# around these.
sum_of: Any = np.add.reduce
product_of: Any = np.multiply.reduce
largest_of: Any = np.maximum.reduce
smallest_of: Any = np.minimum.reduce


# --- sums and products ---------------------------------------------------------------------------


class _LinearReduction(Linear):
    @staticmethod
    def shift(size: int, x: Any, params: dict[str, Any]) -> dict[str, Any]:
        return {**params, "axis": tuple([axis + 1 for axis in params["axis"]])}


class Sum(_LinearReduction):
    @staticmethod
    def kernel(x: Any, axis: tuple[int, ...], keepdims: bool, dtype: Any = None) -> Any:
        if type(x) is np.ndarray:
            return sum_of(x, axis, dtype, None, keepdims)
        return np.sum(x, axis=axis, dtype=dtype, keepdims=keepdims)

    @staticmethod
    def transpose(g: Any, shape: tuple[int, ...], params: dict[str, Any]) -> Any:
        return spread(g, shape, params["axis"], params["keepdims"])


class Mean(_LinearReduction):
    @staticmethod
    def kernel(x: Any, axis: tuple[int, ...], keepdims: bool, dtype: Any = None) -> Any:
        if type(x) is np.ndarray and dtype is None and x.dtype.char in "dfD":
            count = count_along(x.shape, axis)
            if 0 < count < EXACT_IN_FLOAT32:  # np.mean's own arithmetic, without its overhead
                return sum_of(x, axis, None, None, keepdims) / count
        return np.mean(x, axis=axis, dtype=dtype, keepdims=keepdims)

    @staticmethod
    def transpose(g: Any, shape: tuple[int, ...], params: dict[str, Any]) -> Any:
        axis = params["axis"]
        return spread(g / (count_along(shape, axis) or 1), shape, axis, params["keepdims"])


class Prod(Reduction):
    @staticmethod
    def kernel(x: Any, axis: tuple[int, ...], keepdims: bool, dtype: Any = None) -> Any:
        if type(x) is np.ndarray:
            return product_of(x, axis, dtype, None, keepdims)
        return np.prod(x, axis=axis, dtype=dtype, keepdims=keepdims)

    @staticmethod
    def weight(z: Any, x: Any, axis: tuple[int, ...], dtype: Any = None) -> Any:
        if type(x) in RAW and is_normal(z):
            return z / x
        # One zero leaves one product that is not zero, two leave none: nothing to divide by.
        order = (*axis, *[each for each in range(x.ndim) if each not in axis])
        moved = np.transpose(x, order)
        rows = count_along(x.shape, axis)
        others = product_of_others(np.reshape(moved, (rows, *moved.shape[len(axis) :])))
        return np.transpose(np.reshape(others, moved.shape), inverse_order(order))


def product_of_others(x: Any) -> Any:
    """Return, for each element along the first axis, the product of all others.

    Pairs are multiplied, the others of each pair come from a problem of half the size. There is
    no division, so zeros do no harm, in the derivatives of any order neither.
    """
    length = len(x)
    if length < 2:
        return np.ones_like(x)
    if length % 2:
        x = np.concatenate([x, np.ones_like(x[:1])])
    left, right = x[0::2], x[1::2]
    others = product_of_others(left * right)
    both = np.stack([others * right, others * left], axis=1)
    return np.reshape(both, x.shape)[:length]


# --- extremes ------------------------------------------------------------------------------------


class _Extreme(Reduction):
    """The largest or smallest element; all that are equal to it have the same share."""

    @staticmethod
    def weight(z: Any, x: Any, axis: tuple[int, ...]) -> Any:
        hit, count = ties(z, x, axis)
        return hit.astype(x.dtype) / count

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        z, x, shape, params = notes
        axis = params["axis"]
        if not params["keepdims"]:
            z, gradient = keep(z, axis, shape), keep(gradient, axis, shape)
        hit, count = ties(z, x, axis)
        return (np.where(hit, gradient / count, 0),)  # a product would make NaN of 0 * inf


def ties(z: Any, x: Any, axis: tuple[int, ...]) -> tuple[Any, Any]:
    """Return which elements are the extreme z, and how many; the NaNs where that is one."""
    hit = x == z
    if type(hit) is np.ndarray and len(axis) == hit.ndim:
        count = np.count_nonzero(hit)
        if count:
            return hit, count
    hit = hit | (x != x)
    return hit, CountNonzero.call(hit, axis=axis, keepdims=True).astype(x.dtype)


class Max(_Extreme):
    @staticmethod
    def kernel(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
        if type(x) is np.ndarray:
            return largest_of(x, axis, None, None, keepdims)
        return np.max(x, axis=axis, keepdims=keepdims)


class Min(_Extreme):
    @staticmethod
    def kernel(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
        if type(x) is np.ndarray:
            return smallest_of(x, axis, None, None, keepdims)
        return np.min(x, axis=axis, keepdims=keepdims)


# --- moments -------------------------------------------------------------------------------------


class Var(Reduction):
    @staticmethod
    def kernel(
        x: Any, axis: tuple[int, ...], keepdims: bool, ddof: float = 0, dtype: Any = None
    ) -> Any:
        if type(x) is np.ndarray and dtype is None and x.dtype.char in "df" and type(ddof) is int:
            count = count_along(x.shape, axis)
            if ddof < count < EXACT_IN_FLOAT32:  # np.var's own arithmetic, without its overhead
                deviation = x - sum_of(x, axis, None, None, True) / count
                np.multiply(deviation, deviation, out=deviation)
                return sum_of(deviation, axis, None, None, keepdims) / (count - ddof)
        return np.var(x, axis=axis, dtype=dtype, ddof=ddof, keepdims=keepdims)

    @staticmethod
    def weight(z: Any, x: Any, axis: tuple[int, ...], ddof: float = 0, dtype: Any = None) -> Any:
        freedom = count_along(x.shape, axis) - ddof
        return deviation_of(x, axis) * (2 / freedom if freedom > 0 else np.nan)


class Std(Reduction):
    @staticmethod
    def kernel(
        x: Any, axis: tuple[int, ...], keepdims: bool, ddof: float = 0, dtype: Any = None
    ) -> Any:
        return np.sqrt(Var.kernel(x, axis=axis, keepdims=keepdims, ddof=ddof, dtype=dtype))

    @staticmethod
    def weight(z: Any, x: Any, axis: tuple[int, ...], ddof: float = 0, dtype: Any = None) -> Any:
        freedom = count_along(x.shape, axis) - ddof
        # Equal values have the deviations 0, and 0 / inf is 0: the tip of the cone is flat.
        scale = np.where(z == 0, np.inf, z) * (freedom if freedom > 0 else np.nan)
        deviation = deviation_of(x, axis)
        # The rounding of the mean is all that equal values may deviate by: it is the same for all.
        return (deviation - Mean.call(deviation, axis=axis, keepdims=True)) / scale


def deviation_of(x: Any, axis: tuple[int, ...]) -> Any:
    """Return the deviation from the mean, conjugate where it is complex."""
    deviation = x - Mean.call(x, axis=axis, keepdims=True)
    return np.conj(deviation) if x.dtype.kind == "c" else deviation


# --- norms ---------------------------------------------------------------------------------------


class EuclideanNorm(Reduction):
    """The square root of the sum of squares; `whole` takes np.linalg.norm's way for all elements.

    At the zero vector the gradient is zero, the smallest of the subgradients.
    """

    @staticmethod
    def kernel(x: Any, axis: tuple[int, ...], keepdims: bool, whole: bool = False) -> Any:
        if not whole:
            return np.sqrt(Sum.kernel(squares(x), axis, keepdims))
        z = np.linalg.norm(x)
        return np.reshape(z, (1,) * x.ndim) if keepdims else z

    @staticmethod
    def weight(z: Any, x: Any, axis: tuple[int, ...], whole: bool = False) -> Any:
        direction = np.conj(x) if x.dtype.kind == "c" else x
        return direction / np.where(z == 0, np.inf, z)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return super().batch(size, batched, values, {**params, "whole": False})


class PNorm(Reduction):
    """The sum of the absolute values to the power `order`, to the power 1 / `order`."""

    @staticmethod
    def kernel(x: Any, axis: tuple[int, ...], keepdims: bool, order: float) -> Any:
        powers = np.abs(x) ** order
        z = Sum.kernel(powers, axis, keepdims)
        return z ** np.reciprocal(order, dtype=z.dtype)

    @staticmethod
    def weight(z: Any, x: Any, axis: tuple[int, ...], order: float) -> Any:
        size = np.abs(x)
        size = np.where(size == 0, 1, size)  # the sign is 0 there
        if order > 1:
            power = (size / np.where(z == 0, np.inf, z)) ** (order - 1)
        else:
            power = (z / size) ** (1 - order)
        sign = np.sign(x)
        return power * (np.conj(sign) if x.dtype.kind == "c" else sign)


def squares(x: Any) -> Any:
    """Return the squares of the absolute values, in np.linalg.norm's arithmetic."""
    return (np.conj(x) * x).real if x.dtype.kind == "c" else x * x


# --- normalised exponentials ---------------------------------------------------------------------


class LogSumExp(Reduction):
    @staticmethod
    def kernel(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
        largest, shifted = shift_exponents(x, axis)
        z = np.log(total_of(exponentials(shifted), axis)) + largest
        return z if keepdims else np.squeeze(z, axis)[()]

    @staticmethod
    def weight(z: Any, x: Any, axis: tuple[int, ...]) -> Any:
        return Softmax.call(x, axis=axis)  # exp(x - z) would lose what z has lost


class Softmax(Rule):
    @staticmethod
    def kernel(x: Any, axis: tuple[int, ...]) -> Any:
        _, shifted = shift_exponents(x, axis)
        powers = exponentials(shifted)
        powers /= total_of(powers, axis)
        return powers

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        z = cls.call(*values, **params)
        return z, (z, params["axis"])

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        z, axis = notes
        weighted = gradient * z
        return (weighted - z * Sum.call(weighted, axis=axis, keepdims=True),)

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        z = cls.call(*values, **params)
        weighted = tangents[0] * z
        return z, weighted - z * Sum.call(weighted, axis=params["axis"], keepdims=True)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return cls.call(*values, axis=tuple([axis + 1 for axis in params["axis"]])), True


class LogSoftmax(Softmax):
    @staticmethod
    def kernel(x: Any, axis: tuple[int, ...]) -> Any:
        _, shifted = shift_exponents(x, axis)
        return shifted - np.log(total_of(np.exp(shifted), axis))

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        z, axis = notes
        return (gradient - np.exp(z) * Sum.call(gradient, axis=axis, keepdims=True),)

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        z = cls.call(*values, **params)
        (t,) = tangents
        return z, t - Sum.call(t * np.exp(z), axis=params["axis"], keepdims=True)


def shift_exponents(x: Any, axis: tuple[int, ...]) -> tuple[Any, Any]:
    """Return the largest element, its axes kept, and x less it: what exp can take.

    Where the largest is infinite the differences are the limits: 0 for what is equal to +inf, and
    -inf where all are -inf.
    """
    real = x.real if x.dtype.kind == "c" else x
    if not x.size:
        largest = np.max(real, axis=axis, keepdims=True, initial=-np.inf)
        return largest, x - largest
    largest = Max.kernel(real, axis, True)
    if np.isfinite(largest).all():
        return largest, x - largest
    with np.errstate(invalid="ignore"):  # inf - inf
        shifted = x - np.where(largest == -np.inf, 0, largest)
    return largest, np.where(x == np.inf, 0, shifted)


def exponentials(shifted: Any) -> Any:
    """Return their exp, in their own memory."""
    return np.exp(shifted, out=shifted if type(shifted) is np.ndarray else None)


def total_of(powers: Any, axis: tuple[int, ...]) -> Any:
    """Return the sum: of real ones at least 1, unless all of them are zero; take 1 then, too."""
    total = Sum.kernel(powers, axis, True)
    return total if powers.dtype.kind == "c" else np.maximum(total, 1)


# --- positions and decisions ---------------------------------------------------------------------


class _ConstantReduction(Constant):
    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        axis = tuple([axis + 1 for axis in params["axis"]])
        return cls.call(*values, axis=axis, keepdims=params["keepdims"]), True


class AnyTrue(_ConstantReduction):
    @staticmethod
    def kernel(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
        return np.any(x, axis=axis, keepdims=keepdims)


class AllTrue(_ConstantReduction):
    @staticmethod
    def kernel(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
        return np.all(x, axis=axis, keepdims=keepdims)


class CountNonzero(_ConstantReduction):
    @staticmethod
    def kernel(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
        if len(axis) == x.ndim and not keepdims:
            return np.intp(np.count_nonzero(x))  # many times quicker
        return Sum.kernel(x.astype(bool, copy=False), axis, keepdims, np.intp)


class _Position(Constant):
    """A position along one axis."""

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return cls.call(*values, axis=params["axis"] + 1, keepdims=params["keepdims"]), True


class ArgMax(_Position):
    @staticmethod
    def kernel(x: Any, axis: int, keepdims: bool) -> Any:
        return np.argmax(x, axis=axis, keepdims=keepdims)


class ArgMin(_Position):
    @staticmethod
    def kernel(x: Any, axis: int, keepdims: bool) -> Any:
        return np.argmin(x, axis=axis, keepdims=keepdims)


# --- shared pieces -------------------------------------------------------------------------------


def spread(g: Any, shape: tuple[int, ...], axis: tuple[int, ...], keepdims: bool) -> Any:
    """Repeat the gradient of a reduced array along the axes that were reduced, without a copy."""
    if not shape:
        return g
    if type(g) not in RAW:
        return np.broadcast_to(g if keepdims else keep(g, axis, shape), shape)
    # What np.broadcast_to does, in a third of the time: axes with steps of no bytes.
    g = np.asarray(g, order="C")
    if len(axis) == len(shape):
        steps = [0] * len(shape)
    elif keepdims:
        steps = [0 if i in axis else step for i, step in enumerate(g.strides)]
    else:
        steps = list(g.strides)
        for each in axis:
            steps.insert(each, 0)
    return np.ndarray(shape, g.dtype, g, 0, steps)


def count_along(shape: tuple[int, ...], axis: tuple[int, ...]) -> int:
    """Return the number of elements along the axes."""
    count = 1
    for each in axis:
        count *= shape[each]
    return count


def is_normal(z: Any) -> bool:
    """Whether all numbers are finite and large enough to be divided without loss."""
    size = np.abs(z)
    return bool(np.all((size >= np.finfo(z.dtype).tiny) & (size < np.inf)))


def inverse_order(order: Sequence[int]) -> tuple[int, ...]:
    """Return the axes that undo a transposition."""
    return tuple([order.index(axis) for axis in range(len(order))])
