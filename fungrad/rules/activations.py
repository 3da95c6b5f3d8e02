"""Activation functions: of one array, smooth but for a point, and the most used of all functions.

Each keeps one array for the way back: its result, or its own derivative, which costs little beside
the value and nothing later.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.array import RAW
from fungrad.rules.chain import BOXES, Chain, choose, masked
from fungrad.rules.families import Rule, align
from fungrad.rules.kernels.normal_distribution import distribution32
from fungrad.rules.special import Ndtr

PIECE = 1 << 14  # elements; the intermediate results of so many stay in the processor's cache
ROOT_2_PI = math.sqrt(2 * math.pi)


class Relu(Chain):
    """Its result says where it is flat, and nothing else is kept; at 0 it is flat, too."""

    cautious = False
    masks = True

    @staticmethod
    def kernel(x: Any) -> Any:
        return np.maximum(x, 0)

    partials = (lambda z, _x, g: masked(g, z > 0),)


class Sigmoid(Chain):
    @staticmethod
    def kernel(x: Any) -> Any:
        with np.errstate(over="ignore"):  # 1 / inf is the limit
            if type(x) is not np.ndarray or not x.ndim:
                return 1 / (1 + np.exp(-x))
            z = np.negative(x)
            np.exp(z, out=z)
            z += 1
            return np.reciprocal(z, out=z)

    partials = (lambda z, _x, g: g * (z * (1 - z)),)


def _between(slope: Any) -> bool:
    return type(slope) in (int, float) and 0 <= slope <= 1


def _leaky_relu_by_x(_z: Any, x: Any, slope: Any, g: Any) -> Any:
    if _between(slope):  # several times quicker than a choice
        return g * np.maximum((x >= 0).astype(x.dtype), slope)
    return choose(x >= 0, g, g * slope)


class LeakyRelu(Chain):
    cautious = False
    masks = True

    @staticmethod
    def kernel(x: Any, slope: Any) -> Any:
        return np.maximum(x, slope * x) if _between(slope) else choose(x >= 0, x, slope * x)

    partials = (
        _leaky_relu_by_x,
        lambda _z, x, _slope, g: masked(g * x, x < 0),
    )


class Clamp(Chain):
    """x clipped to an interval of numbers; flat at its ends, unlike `Clip`."""

    cautious = False
    masks = True

    @staticmethod
    def kernel(x: Any, low: Any, high: Any) -> Any:
        return np.minimum(np.maximum(x, low), high)

    partials = (
        lambda z, _x, low, high, g: masked(g, (low < z) & (z < high)),
        None,
        None,
    )


def _elu_by_x(_z: Any, x: Any, alpha: Any, g: Any) -> Any:
    growth = np.exp(np.minimum(x, 0))
    if type(alpha) in (int, float) and alpha == 1:
        return g * growth
    return g * choose(x > 0, 1, alpha * growth)


class Elu(Chain):
    """``x`` where it is positive, ``alpha * expm1(x)`` elsewhere."""

    @staticmethod
    def kernel(x: Any, alpha: Any) -> Any:
        return np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0))

    partials = (
        _elu_by_x,
        lambda _z, x, _alpha, g: g * np.expm1(np.minimum(x, 0)),
    )


# --- functions that keep their derivative --------------------------------------------------------


class _Curve(Rule):
    """A function of elements whose derivative shares work with its value.

    ``curve(x)`` returns both, written with NumPy's functions. Where no transform runs further out
    the derivative is kept, else x: then it has to be differentiated itself.
    """

    @staticmethod
    def curve(x: Any) -> tuple[Any, Any]:
        """Return the value and the derivative."""
        raise NotImplementedError

    @classmethod
    def compute(cls, *values: Any, **params: Any) -> Any:
        return _in_pieces(cls.curve, values[0], 1)[0]

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        (x,) = values
        if nested:
            return cls.apply(x), (x, None)
        z, slope = _in_pieces(cls.curve, x, 2)
        return z, (None, slope)

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        x, slope = notes
        result = gradient * (cls.curve(x)[1] if slope is None else slope)
        return (result.value if type(result) in BOXES else result,)

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        (x,), (t,) = values, tangents
        if type(x) in RAW:
            z, slope = _in_pieces(cls.curve, x, 2)
            return z, t * slope
        return cls.apply(x), t * cls.curve(x)[1]

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return cls.call(*align(batched, values)), True


def _in_pieces(curve: Any, x: Any, count: int) -> tuple[Any, ...]:
    """Return the first results of a function of elements, computed piece by piece."""
    with np.errstate(over="ignore"):  # of exponentials, where the function has its limit
        if type(x) is not np.ndarray or x.size <= PIECE or not x.flags.c_contiguous:
            return curve(x)[:count]  # type: ignore[no-any-return]
        flat = x.reshape(-1)
        results = [np.empty_like(x) for _ in range(count)]
        views = [result.reshape(-1) for result in results]
        for start in range(0, x.size, PIECE):
            piece = slice(start, start + PIECE)
            for view, part in zip(views, curve(flat[piece])):
                view[piece] = part
        return tuple(results)


class Softplus(_Curve):
    @staticmethod
    def curve(x: Any) -> tuple[Any, Any]:
        return np.maximum(x, 0) + np.log1p(np.exp(-np.absolute(x))), Sigmoid.call(x)


class LogSigmoid(_Curve):
    @staticmethod
    def curve(x: Any) -> tuple[Any, Any]:
        return np.minimum(x, 0) - np.log1p(np.exp(-np.absolute(x))), Sigmoid.call(-x)


class Silu(_Curve):
    @staticmethod
    def curve(x: Any) -> tuple[Any, Any]:
        share = Sigmoid.call(x)
        z = x * share
        return z, share + z * (1 - share)


class Gelu(_Curve):
    """x times the probability that a normal variable is less than x."""

    @staticmethod
    def curve(x: Any) -> tuple[Any, Any]:
        if type(x) is np.ndarray and x.dtype == np.float32:
            share = distribution32(x)
        else:
            share = Ndtr.call(x)
        return x * share, share + x * (np.exp(-0.5 * (x * x)) / ROOT_2_PI)


class GeluTanh(_Curve):
    """The approximation ``x / 2 * (1 + tanh(u))``, which is ``x * sigmoid(2 * u)``."""

    LINEAR = 2 * math.sqrt(2 / math.pi)
    CUBIC = LINEAR * 0.044715

    @staticmethod
    def curve(x: Any) -> tuple[Any, Any]:
        cubic = GeluTanh.CUBIC * (x * x)
        share = Sigmoid.call(x * (GeluTanh.LINEAR + cubic))
        z = x * share
        return z, share + z * (1 - share) * (GeluTanh.LINEAR + 3 * cubic)


class Mish(_Curve):
    """``x * tanh(softplus(x))``, a fraction of exponentials."""

    @staticmethod
    def curve(x: Any) -> tuple[Any, Any]:
        power = np.exp(np.minimum(x, 20))  # the fraction is 1 from there on
        product = power * (power + 2)
        share = product / (product + 2)
        return x * share, share + 4 * x * (power * (power + 1) / np.square(product + 2))
