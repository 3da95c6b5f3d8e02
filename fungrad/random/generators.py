"""Generators: what turns the words of a key into random numbers.

Each is a pure function of the words, of a shape and a dtype, and of parameters. `Generator` has
what can be said for all of them; its own numbers are those of NumPy's generator over `Philox`,
keyed by the words.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeAlias

import numpy as np

Shape = tuple[int, ...]
Vector: TypeAlias = Any
"""An ndarray."""


class Generator:
    """A way to make random numbers from the words of a key.

    The shapes are those of one result. What is named in `vectorized` takes words with any axes in
    front, which then stand in front of the result as well.

    Attributes
    ----------
    name : str
        What `key` is given as `impl`.
    words : int
        How many words a key has.
    dtype : dtype
        Of the words.
    fused : bool
        Whether ``u * (high - low) + low`` is rounded once, for uniform numbers.
    """

    name: ClassVar[str]
    words: ClassVar[int]
    dtype: ClassVar[np.dtype[Any]]
    fused: ClassVar[bool] = False
    vectorized: ClassVar[frozenset[str]] = frozenset()

    def numpy(self, words: Vector) -> np.random.Generator:
        """Return NumPy's generator at its start for these words."""
        raise NotImplementedError

    def seed(self, low: Vector, high: Vector) -> Vector:
        """Return the words for a seed, given as two numbers of 64 bits."""
        raise NotImplementedError

    def split(self, words: Vector, shape: Shape, dtype: Any) -> Vector:
        """Return words of independent keys; the last axis of `shape` is that of the words."""
        raise NotImplementedError

    def fold_in(self, words: Vector, data: Any, shape: Shape, dtype: Any) -> Vector:
        """Return words of a key that depends on an integer too."""
        raise NotImplementedError

    def bits(self, words: Vector, shape: Shape, dtype: Any) -> Vector:
        """Return unsigned integers."""
        raise NotImplementedError

    def uniform(self, words: Vector, shape: Shape, dtype: Any) -> Vector:
        """Return numbers in [0, 1)."""
        raise NotImplementedError

    def normal(self, words: Vector, shape: Shape, dtype: Any) -> Vector:
        """Return standard normal numbers."""
        raise NotImplementedError

    def exponential(self, words: Vector, shape: Shape, dtype: Any) -> Vector:
        """Return standard exponential numbers."""
        raise NotImplementedError

    def gumbel(self, words: Vector, shape: Shape, dtype: Any) -> Vector:
        """Return standard Gumbel numbers."""
        raise NotImplementedError

    def randint(self, words: Vector, low: Any, high: Any, shape: Shape, dtype: Any) -> Vector:
        """Return integers in [low, high)."""
        raise NotImplementedError

    def permutation(self, words: Vector, shape: Shape, dtype: Any) -> Vector:
        """Return the integers below a number, in random order."""
        raise NotImplementedError

    # --- the same for all ---

    def gamma(self, words: Vector, a: Any, shape: Shape, dtype: Any) -> Vector:
        """Return numbers of the gamma distribution."""
        return as_dtype(self.numpy(words).standard_gamma(a, shape), dtype)

    def loggamma(self, words: Vector, a: Any, shape: Shape, dtype: Any) -> Vector:
        """Return the logarithms of numbers of the gamma distribution."""
        # Below 1 they may be too small for a float. With U uniform, Gamma(a) has the distribution
        # of Gamma(a + 1) U**(1/a).
        generator = self.numpy(words)
        small = np.less(a, 1)
        with np.errstate(divide="ignore"):
            y = np.log(generator.standard_gamma(np.add(a, small), shape))
            if np.any(small):
                exponential = generator.standard_exponential(shape)
                y = np.where(small, y - exponential / np.asarray(a, float), y)
        return as_dtype(y, dtype)

    def poisson(self, words: Vector, rate: Any, shape: Shape, dtype: Any) -> Vector:
        """Return numbers of the Poisson distribution."""
        return as_dtype(self.numpy(words).poisson(rate, shape), dtype)

    def binomial(self, words: Vector, n: Any, p: Any, shape: Shape, dtype: Any) -> Vector:
        """Return numbers of the binomial distribution."""
        return as_dtype(self.numpy(words).binomial(n, p, shape), dtype)

    def multinomial(self, words: Vector, n: Any, p: Any, shape: Shape, dtype: Any) -> Vector:
        """Return numbers of the multinomial distribution, along the last axis."""
        p = np.asarray(p, float)
        shares = p / p.sum(axis=-1, keepdims=True)
        return as_dtype(self.numpy(words).multinomial(n, shares, shape[:-1]), dtype)

    def geometric(self, words: Vector, p: Any, shape: Shape, dtype: Any) -> Vector:
        """Return numbers of the geometric distribution."""
        return as_dtype(self.numpy(words).geometric(p, shape), dtype)

    def wald(self, words: Vector, mean: Any, shape: Shape, dtype: Any) -> Vector:
        """Return numbers of the inverse normal distribution of scale 1."""
        return as_dtype(self.numpy(words).wald(mean, 1.0, shape), dtype)

    def choice(self, words: Vector, p: Any, shape: Shape, dtype: Any) -> Vector:
        """Return positions, with probabilities proportional to p."""
        p = np.asarray(p)
        if not np.all(p >= 0) or not p.any():
            raise ValueError("the probabilities p are not all 0 or more, or all of them are 0")
        heaps = np.cumsum(p)
        chosen = heaps[-1] * (1 - self.uniform(words, shape, heaps.dtype))
        return np.searchsorted(heaps, chosen).astype(dtype)


def as_dtype(values: Any, dtype: Any) -> Any:
    """Return drawn numbers, an array or a single one, in a dtype."""
    return np.asarray(values).astype(dtype, copy=False)
