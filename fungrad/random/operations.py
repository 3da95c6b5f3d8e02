"""Operations on the words of keys: how transforms see random numbers."""

# ruff: noqa: D101, D102 - as in the package of rules

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.errors import RandomArgumentError
from fungrad.random.generators import Generator
from fungrad.random.philox import Philox
from fungrad.random.threefry import Threefry, fused
from fungrad.rules.chain import Chain
from fungrad.rules.families import Constant

GENERATORS: dict[str, Generator] = {each.name: each for each in (Philox(), Threefry())}


class Seed(Constant):
    @staticmethod
    def kernel(seed: Any, impl: str) -> Any:
        seed = np.asarray(seed)
        high = np.where(seed < 0, np.uint64(2**64 - 1), np.uint64(0))
        return GENERATORS[impl].seed(seed.astype(np.uint64), high)


class Clone(Constant):
    @staticmethod
    def kernel(words: Any) -> Any:
        return words.copy()


class Sample(Constant):
    """What a method of a generator returns for words and parameters.

    `shape` and `dtype` are those of the result of one key. The operands have `lead` axes in front,
    along which there are other keys and parameters: the result is that of a loop over them.
    """

    @staticmethod
    def kernel(
        words: Any, *parameters: Any, impl: str, method: str, shape: Any, dtype: Any, lead: int
    ) -> Any:
        generator = GENERATORS[impl]
        function = getattr(generator, method)
        if not lead or method in generator.vectorized:
            return function(words, *parameters, shape, dtype)
        result = np.empty((*words.shape[:lead], *shape), dtype)
        for index in np.ndindex(*words.shape[:lead]):
            result[index] = function(
                words[index], *[each[index] for each in parameters], shape, dtype
            )
        return result

    @classmethod
    def compute(cls, *values: Any, **params: Any) -> Any:
        try:
            return cls.kernel(*values, **params)[()]
        except ValueError as error:
            raise RandomArgumentError(params["method"], str(error)) from None

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        spread = [
            value if own else np.broadcast_to(value, (size, *np.shape(value)))
            for value, own in zip(values, batched, strict=True)
        ]
        return cls.call(*spread, **{**params, "lead": params["lead"] + 1}), True


# --- uniform numbers ----------------------------------------------------------------------------


class Between(Chain):
    """Uniform numbers in [low, high), made of numbers in [0, 1)."""

    @staticmethod
    def kernel(u: Any, low: Any, high: Any) -> Any:
        z = low + u * (high - low)
        # Rounding may give `high` itself.
        return np.where((z >= high) & (low < high), np.nextafter(high, low), z)[()]

    partials = (
        lambda _z, _u, low, high, g: g * (high - low),
        lambda _z, u, _low, _high, g: g * (1 - u),
        lambda _z, u, _low, _high, g: g * u,
    )


class FusedBetween(Between):
    """The same, with product and sum rounded once, as JAX does."""

    @staticmethod
    def kernel(u: Any, low: Any, high: Any) -> Any:
        return np.maximum(low, fused(u, high - low, low))[()]
