"""The generator of JAX, to the last bit.

J. K. Salmon and others, Parallel random numbers: as easy as 1, 2, 3 (SC 2011): Threefry of two
words of 32 bits in 20 rounds. The numbers are those of JAX's default setting,
``jax_threefry_partitionable``: each element hashes its own position.
"""

# ruff: noqa: D102 - what the methods do is said in `Generator`

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fungrad.random.erfinv import erfinv, fused_32, fused_64
from fungrad.random.generators import Generator, Shape, Vector
from fungrad.random.philox import generator_of

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = np.uint32(0x1BD11BDA)
OTHERS = 3  # the last counter word of what is drawn by NumPy's Philox
BLOCK = 1 << 16  # elements, so that the rounds stay in the processor's cache


def threefry(words: Vector, x: Vector, y: Vector) -> tuple[Vector, Vector]:
    """Return the hash of pairs (x, y) under keys, whose two words are along the last axis."""
    one, two = words[..., 0], words[..., 1]
    schedule = (one, two, one ^ two ^ PARITY)
    x, y = x + one, y + two
    for step in range(5):
        for rotation in ROTATIONS[step % 2]:
            x += y
            y = (y << np.uint32(rotation)) | (y >> np.uint32(32 - rotation))
            y ^= x
        x += schedule[(step + 1) % 3]
        y += schedule[(step + 2) % 3]
        y += np.uint32(step + 1)
    return x, y


def hashes(words: Vector, shape: Shape) -> tuple[Vector, Vector]:
    """Return two words for each element of arrays of a shape."""
    count = math.prod(shape)
    lead = words.shape[:-1]
    words = words.reshape(-1, 1, 2)
    pairs = np.empty((2, words.shape[0], count), np.uint32)
    block = max(1, BLOCK // max(1, words.shape[0]))
    for start in range(0, count, block):
        positions = np.arange(start, min(start + block, count), dtype=np.uint64)
        high, low = (positions >> np.uint64(32)).astype(np.uint32), positions.astype(np.uint32)
        first, second = threefry(words, high, low)
        pairs[0, :, start : start + block] = first
        pairs[1, :, start : start + block] = second
    first, second = pairs.reshape(2, *lead, *shape)
    return first, second


class Threefry(Generator):
    """See the module."""

    name = "threefry2x32"
    words = 2
    dtype = np.dtype(np.uint32)
    fused = True
    vectorized = frozenset(
        {"split", "fold_in", "bits", "uniform", "normal", "exponential", "gumbel"}
    )

    def numpy(self, words: Vector) -> np.random.Generator:
        # JAX's numbers of these distributions are not promised; any function of the key will do.
        return generator_of(words.astype(np.uint64), np.array([0, 0, 0, OTHERS], np.uint64))

    def seed(self, low: Vector, high: Vector) -> Vector:
        return np.stack([low >> np.uint64(32), low & np.uint64(0xFFFFFFFF)], axis=-1).astype(
            np.uint32
        )

    def split(self, words: Vector, shape: Shape, dtype: Any) -> Vector:
        return np.stack(hashes(words, shape[:-1]), axis=-1)

    def fold_in(self, words: Vector, data: Any, shape: Shape, dtype: Any) -> Vector:
        low = np.asarray(data).astype(np.uint32)
        with np.errstate(over="ignore"):  # of numbers without axes
            return np.stack(threefry(words, np.zeros_like(low), low), axis=-1)

    def bits(self, words: Vector, shape: Shape, dtype: Any) -> Vector:
        first, second = hashes(words, shape)
        if dtype.itemsize < 8:
            return (first ^ second).astype(dtype)
        return first.astype(dtype) << np.uint64(32) | second

    def uniform(self, words: Vector, shape: Shape, dtype: Any) -> Vector:
        digits = np.finfo(dtype).nmant
        unsigned = np.dtype(f"u{dtype.itemsize}")
        bits = self.bits(words, shape, unsigned)
        bits >>= unsigned.type(8 * dtype.itemsize - digits)
        bits |= np.ones((), dtype).view(unsigned)  # now the digits of a number in [1, 2)
        return bits.view(dtype) - dtype.type(1)

    def between(self, words: Vector, low: Any, high: Any, shape: Shape, dtype: Any) -> Vector:
        """Return uniform numbers in [low, high)."""
        u = self.uniform(words, shape, dtype)
        return np.maximum(fused(u, dtype.type(high) - dtype.type(low), dtype.type(low)), low)

    def normal(self, words: Vector, shape: Shape, dtype: Any) -> Vector:
        low = np.nextafter(dtype.type(-1), dtype.type(0))
        u = self.between(words, low, 1, shape, dtype)
        z = erfinv(u.astype(np.float32) if dtype.itemsize == 2 else u)
        return z.astype(dtype) * dtype.type(math.sqrt(2))

    def exponential(self, words: Vector, shape: Shape, dtype: Any) -> Vector:
        return -np.log1p(-self.uniform(words, shape, dtype))

    def gumbel(self, words: Vector, shape: Shape, dtype: Any) -> Vector:
        u = self.between(words, np.finfo(dtype).tiny, 1, shape, dtype)
        return -np.log(-np.log(u))

    def randint(self, words: Vector, low: Any, high: Any, shape: Shape, dtype: Any) -> Vector:
        if np.any(np.greater_equal(low, high)):
            raise ValueError("low >= high")
        limits = np.iinfo(dtype)
        wide = dtype if limits.bits >= 32 else np.dtype(np.int32)
        unsigned = np.dtype(f"u{wide.itemsize}")
        first, second = [
            self.bits(each, shape, unsigned) for each in self.split(words, (2, 2), self.dtype)
        ]
        with np.errstate(over="ignore"):
            low = _clipped(low, limits.min, limits.max, unsigned)
            # The number of integers, modulo that of all: 0 stands for all of them.
            span = _clipped(high, limits.min, limits.max + 1, unsigned) - low
            everything = span == 0
            span = np.where(everything, unsigned.type(1), span)
            # Twice as many bits as the result has, modulo the span.
            factor = unsigned.type(2 ** (4 * unsigned.itemsize)) % span
            factor = factor * factor % span
            offset = (first % span * factor + second % span) % span
            offset = np.where(everything, second, offset)
            return np.asarray(low + offset).astype(wide).astype(dtype)

    def permutation(self, words: Vector, shape: Shape, dtype: Any) -> Vector:
        # Sorted by random bits, again and again, until it does not matter that some are equal.
        (count,) = shape
        x = np.arange(count, dtype=dtype)
        rounds = math.ceil(3 * math.log(max(1, count)) / math.log(2**32 - 1))
        for _ in range(rounds):
            words, own = self.split(words, (2, 2), self.dtype)
            x = x[np.argsort(self.bits(own, shape, np.dtype(np.uint32)), kind="stable")]
        return x


def _clipped(x: Any, least: int, most: int, dtype: Any) -> Any:
    """Return integers within limits, modulo the numbers that an unsigned dtype has."""
    if isinstance(x, int):
        return dtype.type(min(max(x, int(least)), int(most)) % 2 ** (8 * dtype.itemsize))
    x = np.asarray(x)
    own = np.iinfo(x.dtype)
    return np.clip(x, max(int(least), own.min), min(int(most), own.max)).astype(dtype)


def fused(x: Any, y: Any, z: Any) -> Vector:
    """Return x y + z in the dtype of x as XLA does: rounded once, but for float16."""
    if x.dtype == np.float16:
        return x * y + z
    return (fused_64 if x.dtype == np.float64 else fused_32)(x, y, z)
