"""Windows that move over the last axes of an array: what convolution and pooling share."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

Pairs = tuple[tuple[int, int], ...]


class Windows(NamedTuple):
    """How windows lie on axes of given lengths; made by `windows`.

    Each attribute has an entry for each of the axes, the last ones of an array.

    Attributes
    ----------
    lengths : tuple of int
        Of the array.
    kernel : tuple of int
        Elements of a window.
    stride : tuple of int
        From one window to the next.
    padding : tuple of pairs of int
        Elements that are put in front and behind.
    dilation : tuple of int
        From one element of a window to the next.
    extent : tuple of int
        From the first to the last element of a window, both included.
    outputs : tuple of int
        How many windows there are; not positive where not one finds place.
    """

    lengths: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: Pairs
    dilation: tuple[int, ...]
    extent: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.lengths)

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes, counted from the end."""
        return tuple(range(-self.rank, 0))

    @property
    def padded(self) -> tuple[int, ...]:
        """The lengths after padding."""
        return tuple([n + sum(pair) for n, pair in zip(self.lengths, self.padding)])

    @property
    def are_points(self) -> bool:
        """Whether each window is one element, and each element a window."""
        return self.padded == self.lengths and self.lengths == self.outputs

    def along(self, axis: int) -> Windows:
        """Return the windows along one of the axes, the padding being done."""
        return windows(
            (self.padded[axis],),
            (self.kernel[axis],),
            (self.stride[axis],),
            ((0, 0),),
            (self.dilation[axis],),
        )

    def inner(self) -> tuple[Any, ...]:
        """Return the index of what is not padding."""
        return (
            ...,
            *[slice(pair[0], pair[0] + n) for n, pair in zip(self.lengths, self.padding)],
        )

    def places(self) -> Iterator[tuple[slice, ...]]:
        """Yield the slices of the first element of all windows, of the second, and so on."""
        ranges = [
            [slice(at, at + (count - 1) * step + 1, step) for at in range(0, reach, gap)]
            for count, step, gap, reach in zip(
                self.outputs, self.stride, self.dilation, self.extent
            )
        ]
        return itertools.product(*ranges)


@functools.lru_cache(maxsize=4096)
def windows(
    lengths: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    padding: Pairs,
    dilation: tuple[int, ...],
) -> Windows:
    """Return the windows over axes of the given lengths."""
    extent = tuple([step * (size - 1) + 1 for step, size in zip(dilation, kernel)])
    outputs = tuple(
        [
            (n + before + behind - reach) // step + 1
            for n, (before, behind), reach, step in zip(lengths, padding, extent, stride)
        ]
    )
    return Windows(lengths, kernel, stride, padding, dilation, extent, outputs)


def pad(x: Any, over: Windows, fill: Any = 0) -> Any:
    """Return the array with its padding, x itself where there is none."""
    if over.padded == over.lengths:
        return x
    z = np.full((*x.shape[: -over.rank], *over.padded), fill, x.dtype)
    z[over.inner()] = x
    return z


def smallest(dtype: Any) -> Any:
    """Return the smallest number of a dtype: the padding that no maximum takes."""
    if dtype.kind == "f":
        return -math.inf
    return False if dtype.kind == "b" else np.iinfo(dtype).min
