"""The generator by default: NumPy's `Generator` over NumPy's `Philox`, keyed by two words.

J. K. Salmon and others, Parallel random numbers: as easy as 1, 2, 3 (SC 2011). A block of Philox is
a hash of a key of 128 bits and a counter of 256; samples take the counters that NumPy takes, from
1 on. Keys are derived by blocks whose last counter word is not 0, which no sample reaches.
"""

# ruff: noqa: D102 - what the methods do is said in `Generator`

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np

from fungrad.random.generators import Generator, Shape, Vector, as_dtype

SPLIT, FOLD_IN = 1, 2
BLOCK = 4  # words


START = np.zeros(4, np.uint64)


class _Own(threading.local):
    """NumPy's generator of one thread: to set its state takes a tenth of the time to make one."""

    def __init__(self) -> None:
        self.bits = np.random.Philox(key=0)
        self.generator = np.random.Generator(self.bits)
        self.state: Any = self.bits.state

    def start(self, words: Vector, counter: Vector) -> None:
        """Begin with a key and a counter."""
        self.state["state"]["key"] = words
        self.state["state"]["counter"] = counter
        self.bits.state = self.state


_own = _Own()


def generator_of(words: Vector, counter: Vector = START) -> np.random.Generator:
    """Return NumPy's generator for a key, to be used before the next one is asked for."""
    _own.start(words, counter)
    return _own.generator


def blocks_of(words: Vector, counter: tuple[int, ...], count: int) -> Vector:
    """Return blocks of four words, for a key and the counters after the given one."""
    _own.start(words, np.array(counter, np.uint64))
    return _own.bits.random_raw(BLOCK * count).reshape(count, BLOCK)


class Philox(Generator):
    """See the module."""

    name = "philox"
    words = 2
    dtype = np.dtype(np.uint64)

    def numpy(self, words: Vector) -> np.random.Generator:
        return generator_of(words)

    def seed(self, low: Vector, high: Vector) -> Vector:
        return np.stack([low, high], axis=-1)

    def split(self, words: Vector, shape: Shape, dtype: Any) -> Vector:
        count = math.prod(shape[:-1])
        blocks = blocks_of(words, (0, 0, 0, SPLIT), count)
        return blocks[:, : self.words].reshape(shape)

    def fold_in(self, words: Vector, data: Any, shape: Shape, dtype: Any) -> Vector:
        counter = (int(data) % 2**64, 0, 0, FOLD_IN)
        return blocks_of(words, counter, 1)[0, : self.words].copy()

    def bits(self, words: Vector, shape: Shape, dtype: Any) -> Vector:
        count = math.prod(shape)
        raw = generator_of(words).bit_generator.random_raw(-(-count * dtype.itemsize // 8))
        narrow = np.asarray(raw).astype("<u8", copy=False).view(dtype.newbyteorder("<"))
        return narrow[:count].astype(dtype).reshape(shape)

    def uniform(self, words: Vector, shape: Shape, dtype: Any) -> Vector:
        if dtype.itemsize >= 4:
            return as_dtype(self.numpy(words).random(shape, _native(dtype)), dtype)
        # Fewer bits than float32 has: rounded, its numbers could be 1.
        digits = np.finfo(dtype).nmant + 1
        raw = self.bits(words, shape, np.dtype(np.uint16)) >> (16 - digits)
        return (raw / 2.0**digits).astype(dtype)

    def normal(self, words: Vector, shape: Shape, dtype: Any) -> Vector:
        return as_dtype(self.numpy(words).standard_normal(shape, _native(dtype)), dtype)

    def exponential(self, words: Vector, shape: Shape, dtype: Any) -> Vector:
        return as_dtype(self.numpy(words).standard_exponential(shape, _native(dtype)), dtype)

    def gumbel(self, words: Vector, shape: Shape, dtype: Any) -> Vector:
        return np.negative(np.log(self.exponential(words, shape, dtype)))

    def randint(self, words: Vector, low: Any, high: Any, shape: Shape, dtype: Any) -> Vector:
        return np.asarray(self.numpy(words).integers(low, high, shape, dtype))

    def permutation(self, words: Vector, shape: Shape, dtype: Any) -> Vector:
        return self.numpy(words).permutation(shape[0]).astype(dtype, copy=False)


def _native(dtype: Any) -> Any:
    return np.float64 if dtype.itemsize > 4 else np.float32
