"""Dropout: in training, a part of the numbers is set to zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from fungrad import random
from fungrad.errors import LayerArgumentError, LayerShapeError, MissingKeyError
from fungrad.nn.layer import Layer, as_input, title

__all__ = ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d"]


@dataclass(frozen=True)
class Dropout(Layer):
    """Set numbers to zero at random in training, and make the others larger instead.

    With ``training=True`` each number is zero with the probability p, drawn from `key`, and the
    others are divided by ``1 - p``. Otherwise the input is returned as it is.

    Parameters
    ----------
    p
        The probability.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> layer = nn.Dropout(0.5)
    >>> layer({}, fnp.ones(4))
    Array([1., 1., 1., 1.], dtype=float64)
    >>> y = layer({}, fnp.ones(1000), key=random.key(0), training=True)
    >>> np.unique(y)
    Array([0., 2.], dtype=float64)
    """

    p: float = 0.5

    rank: ClassVar[int | None] = None

    def __post_init__(self) -> None:
        if not 0 <= self.p <= 1:
            raise LayerArgumentError(
                type(self).__name__, f"p is {self.p!r}; it must be a probability, from 0 to 1"
            )

    def __call__(self, params: Any, x: Any, *, key: Any = None, training: bool = False) -> Any:
        """Return x; in training with numbers set to zero."""
        if not training or self.p == 0:
            return x
        if key is None:
            raise MissingKeyError(title(self))
        x = as_input(x)
        if self.p == 1:
            return x * np.int8(0)
        dtype = x.dtype if x.dtype.kind in "fc" else np.dtype(float)
        keep = random.bernoulli(key, 1 - self.p, self.shape_of_choices(x))
        return x * (keep * dtype.type(1 / (1 - self.p)))

    def shape_of_choices(self, x: Any) -> tuple[int, ...]:
        """Return the shape of what is drawn."""
        shape: tuple[int, ...] = x.shape
        if self.rank is None:
            return shape
        if len(shape) not in (self.rank + 1, self.rank + 2):
            axes = ", ".join(("L", "HW", "DHW")[self.rank - 1])
            raise LayerShapeError(
                title(self), x, f"the shape (N, C, {axes}), or (C, {axes}) for one example"
            )
        return (*shape[: -self.rank], *(1,) * self.rank)


class Dropout1d(Dropout):
    """Set whole channels to zero at random: the last axis of ``(N, C, L)``, see `Dropout`.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> y = nn.Dropout1d(0.5)({}, fnp.ones((2, 3, 4)), key=random.key(0), training=True)
    >>> bool(np.all(y == y[..., :1]))
    True
    """

    rank = 1


class Dropout2d(Dropout):
    """Set whole channels to zero at random: the last two axes of ``(N, C, H, W)``, see `Dropout`.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> y = nn.Dropout2d(0.5)({}, fnp.ones((2, 3, 4, 4)), key=random.key(0), training=True)
    >>> bool(np.all(y == y[..., :1, :1]))
    True
    """

    rank = 2


class Dropout3d(Dropout):
    """Set whole channels to zero at random: the last three axes, see `Dropout`.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> layer = nn.Dropout3d(0.5)
    >>> layer({}, fnp.ones((2, 3, 4, 4, 4)), key=random.key(0), training=True).shape
    (2, 3, 4, 4, 4)
    """

    rank = 3
