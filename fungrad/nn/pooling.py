"""Layers that take the largest element, or the mean, of windows."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from fungrad import numpy as fnp
from fungrad.errors import LayerArgumentError, LayerShapeError
from fungrad.nn.convolution import check_windows, expected_shape, for_each_axis, window_input
from fungrad.nn.layer import Layer, as_input, title
from fungrad.rules.pooling import MaxWindows, SumWindows
from fungrad.rules.windows import Windows, windows

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
]


class _Pool(Layer):
    rank: ClassVar[int]

    kernel_size: Any
    stride: Any
    padding: Any
    ceil_mode: bool
    dilation: Any = 1

    def __post_init__(self) -> None:
        if self.stride is None:
            object.__setattr__(self, "stride", self.kernel_size)
        for name, least in (("kernel_size", 1), ("stride", 1), ("padding", 0), ("dilation", 1)):
            for_each_axis(self, name, least)
        for border, size in zip(self.padding, self.kernel_size):
            if 2 * border > size:
                raise LayerArgumentError(
                    type(self).__name__,
                    f"padding is {self.padding}; it must not be more than half of the window, "
                    f"which is {self.kernel_size}",
                )

    def over(self, x: Any) -> Windows:
        """Return the windows over an input."""
        lengths = x.shape[-self.rank :]
        pairs = []
        for axis in range(self.rank):
            n, border, step = lengths[axis], self.padding[axis], self.stride[axis]
            behind = border
            if self.ceil_mode:
                reach = self.dilation[axis] * (self.kernel_size[axis] - 1) + 1
                last = -(-(n + 2 * border - reach) // step) * step
                if last >= n + border:  # a window that would begin in the padding
                    last -= step
                behind = max(border, last + reach - n - border)
            pairs.append((border, behind))
        found = windows(lengths, self.kernel_size, self.stride, tuple(pairs), self.dilation)
        check_windows(self, x, found)
        return found


@dataclass(frozen=True)
class _MaxPool(_Pool):
    kernel_size: Any
    stride: Any = None
    padding: Any = 0
    dilation: Any = 1
    ceil_mode: bool = field(default=False, kw_only=True)

    def __call__(self, params: Any, x: Any) -> Any:
        """Return the largest element of each window."""
        x = as_input(x)
        window_input(self, x)
        return MaxWindows.apply(x, over=self.over(x))


@dataclass(frozen=True)
class _AvgPool(_Pool):
    kernel_size: Any
    stride: Any = None
    padding: Any = 0
    ceil_mode: bool = False
    count_include_pad: bool = True
    divisor_override: int | None = None

    def __call__(self, params: Any, x: Any) -> Any:
        """Return the mean of each window."""
        x = as_input(x)
        window_input(self, x)
        over = self.over(x)
        y = SumWindows.apply(x, over=over)
        if self.divisor_override is not None:
            return y / self.divisor_override
        counts = _counts(over, self.padding, self.count_include_pad)
        return y / (counts if isinstance(counts, int) else counts.astype(y.dtype))


@functools.lru_cache(maxsize=256)
def _counts(over: Windows, padding: tuple[int, ...], with_padding: bool) -> Any:
    """Return how many elements of each window count for its mean; a number if all are equal."""
    counts: Any = np.ones((), int)
    for axis in range(over.rank):
        first = np.arange(over.outputs[axis]) * over.stride[axis] - over.padding[axis][0]
        border = padding[axis] if with_padding else 0
        last = np.minimum(first + over.extent[axis], over.lengths[axis] + border)
        counts = np.multiply.outer(counts, last - np.maximum(first, -border))
    if counts.size and (counts == counts.flat[0]).all():
        return int(counts.flat[0])
    counts.flags.writeable = False
    return counts


class _AdaptivePool(Layer):
    rank: ClassVar[int]

    output_size: Any

    def __post_init__(self) -> None:
        value = self.output_size
        values = tuple(value) if isinstance(value, (tuple, list)) else (value,) * self.rank
        fine = all(
            each is None or (isinstance(each, (int, np.integer)) and each >= 1) for each in values
        )
        if len(values) != self.rank or not fine:
            raise LayerArgumentError(
                type(self).__name__,
                f"output_size is {value!r}; it must be a positive integer, or None to keep a "
                f"length{f', or {self.rank} of them' if self.rank > 1 else ''}",
            )
        object.__setattr__(self, "output_size", values)

    def __call__(self, params: Any, x: Any) -> Any:
        """Return as many numbers along each axis as were asked for."""
        x = as_input(x)
        window_input(self, x)
        lengths = x.shape[-self.rank :]
        if not all(lengths):
            raise LayerShapeError(title(self), x, expected_shape(self.rank, None))
        counts = tuple(
            [n if count is None else count for n, count in zip(lengths, self.output_size)]
        )
        if not any(n % count for n, count in zip(lengths, counts)):
            return self.even(x, tuple([n // count for n, count in zip(lengths, counts)]))
        for axis, (n, count) in enumerate(zip(lengths, counts)):
            if count != n:
                x = self.uneven(x, axis - self.rank, n, count)
        return x

    def even(self, x: Any, sizes: tuple[int, ...]) -> Any:
        """Pool windows of the given sizes, which fill the axes."""
        raise NotImplementedError

    def uneven(self, x: Any, axis: int, length: int, count: int) -> Any:
        """Pool windows along one axis that overlap."""
        raise NotImplementedError


def _edges(length: int, count: int) -> list[tuple[int, int]]:
    """Return where each of `count` windows begins and ends, as PyTorch lays them."""
    return [(i * length // count, -(-(i + 1) * length // count)) for i in range(count)]


@dataclass(frozen=True)
class _AdaptiveAvgPool(_AdaptivePool):
    output_size: Any

    def even(self, x: Any, sizes: tuple[int, ...]) -> Any:
        lead = x.ndim - self.rank
        shape, axes = list(x.shape[:lead]), []
        for n, size in zip(x.shape[lead:], sizes):
            shape += [n // size, size]
            axes.append(len(shape) - 1)
        return fnp.mean(fnp.reshape(x, shape), axis=tuple(axes))

    def uneven(self, x: Any, axis: int, length: int, count: int) -> Any:
        table = np.zeros((length, count))
        for column, (first, end) in enumerate(_edges(length, count)):
            table[first:end, column] = 1 / (end - first)
        if x.dtype.kind in "fc":
            table = table.astype(x.real.dtype)
        return fnp.moveaxis(fnp.matmul(fnp.moveaxis(x, axis, -1), table), -1, axis)


@dataclass(frozen=True)
class _AdaptiveMaxPool(_AdaptivePool):
    output_size: Any

    def even(self, x: Any, sizes: tuple[int, ...]) -> Any:
        none = ((0, 0),) * self.rank
        over = windows(x.shape[-self.rank :], sizes, sizes, none, (1,) * self.rank)
        return MaxWindows.apply(x, over=over)

    def uneven(self, x: Any, axis: int, length: int, count: int) -> Any:
        edges = _edges(length, count)
        widest = max(end - first for first, end in edges)
        # Shorter windows repeat their last element, which changes no maximum.
        rows = [[min(first + step, end - 1) for step in range(widest)] for first, end in edges]
        moved = fnp.moveaxis(fnp.take(x, np.array(rows).ravel(), axis=axis), axis, -1)
        over = windows((count * widest,), (widest,), (widest,), ((0, 0),), (1,))
        return fnp.moveaxis(MaxWindows.apply(moved, over=over), -1, axis)


class MaxPool1d(_MaxPool):
    """As `MaxPool2d`, along one axis.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.MaxPool1d(2)({}, fnp.ones((5, 4, 8))).shape
    (5, 4, 4)
    """

    rank = 1


class MaxPool2d(_MaxPool):
    """The largest element of each window, along two axes; of several, the first has the gradient.

    Parameters
    ----------
    kernel_size
        The lengths of the windows: one number for all axes, or one for each, as in what follows.
    stride
        From one window to the next; without it windows lie side by side.
    padding
        What each end of an axis is made longer by; no maximum is taken there.
    dilation
        From one element of a window to the next.
    ceil_mode
        Whether windows may reach over the end.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.MaxPool2d(2)({}, fnp.ones((5, 4, 8, 8))).shape
    (5, 4, 4, 4)
    """

    rank = 2


class MaxPool3d(_MaxPool):
    """As `MaxPool2d`, along three axes.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.MaxPool3d(2)({}, fnp.ones((5, 4, 8, 8, 8))).shape
    (5, 4, 4, 4, 4)
    """

    rank = 3


class AvgPool1d(_AvgPool):
    """As `AvgPool2d`, along one axis.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.AvgPool1d(2)({}, fnp.ones((5, 4, 8))).shape
    (5, 4, 4)
    """

    rank = 1


class AvgPool2d(_AvgPool):
    """The mean of each window, along two axes.

    Parameters
    ----------
    kernel_size
        The lengths of the windows: one number for all axes, or one for each, as in what follows.
    stride
        From one window to the next; without it windows lie side by side.
    padding
        How many zeros are put at each end of an axis.
    ceil_mode
        Whether windows may reach over the end.
    count_include_pad
        Whether the zeros count for the mean.
    divisor_override
        What the sums are divided by, instead of the number of elements.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.AvgPool2d(2)({}, fnp.ones((5, 4, 8, 8))).shape
    (5, 4, 4, 4)
    """

    rank = 2


class AvgPool3d(_AvgPool):
    """As `AvgPool2d`, along three axes.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.AvgPool3d(2)({}, fnp.ones((5, 4, 8, 8, 8))).shape
    (5, 4, 4, 4, 4)
    """

    rank = 3


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """As `AdaptiveAvgPool2d`, along one axis.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.AdaptiveAvgPool1d(3)({}, fnp.ones((5, 4, 8))).shape
    (5, 4, 3)
    """

    rank = 1


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """Means of windows, so many of them that the result has a given size, along two axes.

    Parameters
    ----------
    output_size
        The lengths of the result: one number for all axes, or one for each; None keeps a length.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.AdaptiveAvgPool2d(3)({}, fnp.ones((5, 4, 8, 8))).shape
    (5, 4, 3, 3)
    """

    rank = 2


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """As `AdaptiveAvgPool2d`, along three axes.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.AdaptiveAvgPool3d(3)({}, fnp.ones((5, 4, 8, 8, 8))).shape
    (5, 4, 3, 3, 3)
    """

    rank = 3


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """As `AdaptiveMaxPool2d`, along one axis.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.AdaptiveMaxPool1d(3)({}, fnp.ones((5, 4, 8))).shape
    (5, 4, 3)
    """

    rank = 1


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """Maxima of windows, so many of them that the result has a given size, along two axes.

    Parameters
    ----------
    output_size
        The lengths of the result: one number for all axes, or one for each; None keeps a length.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.AdaptiveMaxPool2d(3)({}, fnp.ones((5, 4, 8, 8))).shape
    (5, 4, 3, 3)
    """

    rank = 2


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """As `AdaptiveMaxPool2d`, along three axes.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.AdaptiveMaxPool3d(3)({}, fnp.ones((5, 4, 8, 8, 8))).shape
    (5, 4, 3, 3, 3)
    """

    rank = 3
