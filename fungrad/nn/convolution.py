"""Convolution and transposed convolution, along one, two or three axes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from fungrad import numpy as fnp
from fungrad.errors import LayerArgumentError, LayerShapeError
from fungrad.nn.layer import Layer, Params, as_input, parameter, title
from fungrad.nn.linear import Initializer, check_sizes, initial_weights
from fungrad.rules.correlation import Correlate, CorrelateBack
from fungrad.rules.windows import Pairs, Windows, windows

__all__ = [
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
]

MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
AXES = ("L", "HW", "DHW")


def for_each_axis(layer: Any, name: str, least: int) -> None:
    """Make a setting a tuple of one integer for each axis."""
    value, rank = getattr(layer, name), layer.rank
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,) * rank
    whole = all(isinstance(each, (int, np.integer)) and each >= least for each in values)
    if len(values) != rank or not whole:
        kind = "positive" if least == 1 else "non-negative"
        many = f", or {rank} of them" if rank > 1 else ""
        raise LayerArgumentError(
            type(layer).__name__, f"{name} is {value!r}; it must be a {kind} integer{many}"
        )
    object.__setattr__(layer, name, values)


def window_input(layer: Any, x: Any, channels: int | None = None) -> Any:
    """Return the input with a first axis of examples; raise if its shape is not that of a layer."""
    rank = layer.rank
    fits = x.ndim in (rank + 1, rank + 2)
    if not fits or (channels is not None and x.shape[-rank - 1] != channels):
        raise LayerShapeError(title(layer), x, expected_shape(rank, channels))
    return x if x.ndim == rank + 2 else x[None]


def expected_shape(rank: int, channels: int | None) -> str:
    """Return the text for the shapes that a layer over `rank` axes takes."""
    axes = ", ".join(AXES[rank - 1])
    middle = "C" if channels is None else channels
    return f"the shape (N, {middle}, {axes}), or ({middle}, {axes}) for one example"


def check_windows(layer: Layer, x: Any, over: Windows) -> None:
    """Raise if there is no place for a single window."""
    for length, reach, count in zip(over.padded, over.extent, over.outputs):
        if count < 1:
            raise LayerShapeError(
                title(layer),
                x,
                f"axes, padding included, that are at least as long as the window, {reach}; one "
                f"has the length {length}",
            )


class _Convolution(Layer):
    """What both directions share; `rank` is the number of axes."""

    rank: ClassVar[int]
    weight_axes: ClassVar[tuple[int, int]] = (1, 0)  # where JAX has outputs, and inputs

    in_channels: int
    out_channels: int
    kernel_size: Any
    stride: Any
    padding: Any
    dilation: Any
    groups: int
    bias: bool
    padding_mode: str

    def check(self) -> None:
        """Bring the settings into one form; raise if they do not fit together."""
        name = type(self).__name__
        check_sizes(self, "in_channels", "out_channels", "groups")
        for setting, least in (("kernel_size", 1), ("stride", 1), ("dilation", 1)):
            for_each_axis(self, setting, least)
        for side in ("in_channels", "out_channels"):
            if getattr(self, side) % self.groups:
                raise LayerArgumentError(
                    name,
                    f"groups is {self.groups}, which does not divide {side}, {getattr(self, side)}",
                )

    @property
    def weight_shape(self) -> tuple[int, ...]:
        """The shape of the weight, PyTorch's."""
        raise NotImplementedError

    def init(self, key: Any, dtype: Any = np.float32) -> Params:
        """Return new parameters."""
        shape = self.weight_shape
        fan_in = math.prod(shape[1:])
        axes = (*[self.rank + each for each in self.weight_axes], *range(self.rank))
        return initial_weights(self, key, shape, self.out_channels, fan_in, dtype, axes)

    def weights(self, params: Any) -> tuple[Any, Any]:
        """Return the weight, and the bias as what is added to the result, or None."""
        weight = parameter(self, params, "weight", self.weight_shape)
        if not self.bias:
            return weight, None
        bias = parameter(self, params, "bias", (self.out_channels,))
        return weight, fnp.reshape(bias, (self.out_channels, *(1,) * self.rank))

    def __repr__(self) -> str:
        parts = [str(self.in_channels), str(self.out_channels)]
        parts += [f"kernel_size={self.kernel_size}", f"stride={self.stride}"]
        usual: dict[str, Any] = {
            "padding": (0,) * self.rank,
            "output_padding": (0,) * self.rank,
            "dilation": (1,) * self.rank,
            "groups": 1,
            "bias": True,
            "padding_mode": "zeros",
        }
        for name, value in usual.items():
            if getattr(self, name, value) != value:
                parts.append(f"{name}={getattr(self, name)!r}")
        return f"{type(self).__name__}({', '.join(parts)})"


@dataclass(frozen=True, repr=False)
class _Conv(_Convolution):
    in_channels: int
    out_channels: int
    kernel_size: Any
    stride: Any = 1
    padding: Any = 0
    dilation: Any = 1
    groups: int = 1
    bias: bool = True
    padding_mode: str = "zeros"
    weight_init: Initializer | None = field(default=None, kw_only=True)
    bias_init: Initializer | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self.check()
        if self.padding == "same":
            if any(step != 1 for step in self.stride):
                raise LayerArgumentError(
                    type(self).__name__,
                    f"padding='same' keeps the lengths, which a stride of {self.stride} cannot",
                )
        elif self.padding == "valid":
            object.__setattr__(self, "padding", (0,) * self.rank)
        elif isinstance(self.padding, str):
            raise LayerArgumentError(
                type(self).__name__,
                f"padding is {self.padding!r}; it must be an integer, {self.rank} of them, 'same' "
                "or 'valid'",
            )
        else:
            for_each_axis(self, "padding", 0)
        if self.padding_mode not in MODES:
            raise LayerArgumentError(
                type(self).__name__,
                f"padding_mode is {self.padding_mode!r}; it must be one of {', '.join(MODES)}",
            )

    @property
    def weight_shape(self) -> tuple[int, ...]:
        """The shape of the weight, PyTorch's."""
        return (self.out_channels, self.in_channels // self.groups, *self.kernel_size)

    def pairs(self) -> Pairs:
        """Return the padding in front of and behind each axis."""
        if self.padding != "same":
            return tuple([(each, each) for each in self.padding])
        totals = [step * (size - 1) for step, size in zip(self.dilation, self.kernel_size)]
        return tuple([(total // 2, total - total // 2) for total in totals])

    def __call__(self, params: Any, x: Any) -> Any:
        """Return the convolution of x with the weight, plus the bias."""
        weight, bias = self.weights(params)
        given = as_input(x)
        x = as_input(window_input(self, given, self.in_channels), weight)
        pairs = self.pairs()
        if self.padding_mode != "zeros":
            x = fnp.pad(x, ((0, 0), (0, 0), *pairs), mode=MODES[self.padding_mode])
            pairs = ((0, 0),) * self.rank
        lengths, groups = x.shape[2:], self.groups
        over = windows(lengths, self.kernel_size, self.stride, pairs, self.dilation)
        check_windows(self, given, over)
        x = fnp.reshape(x, (x.shape[0], groups, self.in_channels // groups, *lengths))
        w = fnp.reshape(weight, (groups, self.out_channels // groups, *weight.shape[1:]))
        y = Correlate.apply(x, w, over=over)
        y = fnp.reshape(y, (x.shape[0], self.out_channels, *over.outputs))
        if bias is not None:
            y = y + bias
        return y if given.ndim == self.rank + 2 else y[0]


@dataclass(frozen=True, repr=False)
class _ConvTranspose(_Convolution):
    weight_axes: ClassVar[tuple[int, int]] = (0, 1)

    in_channels: int
    out_channels: int
    kernel_size: Any
    stride: Any = 1
    padding: Any = 0
    output_padding: Any = 0
    groups: int = 1
    bias: bool = True
    dilation: Any = 1
    padding_mode: str = "zeros"
    weight_init: Initializer | None = field(default=None, kw_only=True)
    bias_init: Initializer | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self.check()
        name = type(self).__name__
        for_each_axis(self, "padding", 0)
        for_each_axis(self, "output_padding", 0)
        if any(more >= step for more, step in zip(self.output_padding, self.stride)):
            raise LayerArgumentError(
                name,
                f"output_padding is {self.output_padding}; it must be smaller than the stride, "
                f"which is {self.stride}",
            )
        if self.padding_mode != "zeros":
            raise LayerArgumentError(
                name, f"padding_mode is {self.padding_mode!r}; only 'zeros' is possible"
            )

    @property
    def weight_shape(self) -> tuple[int, ...]:
        """The shape of the weight, PyTorch's."""
        return (self.in_channels, self.out_channels // self.groups, *self.kernel_size)

    def __call__(self, params: Any, x: Any) -> Any:
        """Return the transposed convolution of x with the weight, plus the bias."""
        weight, bias = self.weights(params)
        given = as_input(x)
        x = as_input(window_input(self, given, self.in_channels), weight)
        lengths = tuple(
            [
                (count - 1) * step - 2 * border + reach * (size - 1) + more + 1
                for count, step, border, reach, size, more in zip(
                    x.shape[2:],
                    self.stride,
                    self.padding,
                    self.dilation,
                    self.kernel_size,
                    self.output_padding,
                )
            ]
        )
        if min(lengths) < 1 or not all(x.shape[2:]):
            raise LayerShapeError(
                title(self), given, f"one large enough that the result, {lengths}, is not empty"
            )
        pairs = tuple([(each, each) for each in self.padding])
        over = windows(lengths, self.kernel_size, self.stride, pairs, self.dilation)
        inputs = (self.groups, self.in_channels // self.groups)
        x = fnp.reshape(x, (x.shape[0], *inputs, *x.shape[2:]))
        w = fnp.reshape(weight, (*inputs, *weight.shape[1:]))
        y = CorrelateBack.apply(x, w, over=over)
        y = fnp.reshape(y, (x.shape[0], self.out_channels, *lengths))
        if bias is not None:
            y = y + bias
        return y if given.ndim == self.rank + 2 else y[0]


class Conv1d(_Conv):
    """Convolution along one axis; the parameters are those of `Conv2d`.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> layer = nn.Conv1d(2, 4, 3, padding="same")
    >>> layer(layer.init(random.key(0)), fnp.ones((5, 2, 10))).shape
    (5, 4, 10)
    """

    rank = 1


class Conv2d(_Conv):
    """Convolution along two axes, as neural networks know it: the kernel is not reversed.

    Parameters
    ----------
    in_channels, out_channels
        The channels of the input ``(N, in_channels, H, W)`` and of the result. The input may also
        be a single example, without the axis N.
    kernel_size
        The lengths of the kernel: one number for both axes, or two, as in all that follows.
    stride
        From one place of the kernel to the next.
    padding
        How many zeros are put at each end of an axis; or 'same', as many as keep its length; or
        'valid', none.
    dilation
        From one element of the kernel to the next.
    groups
        Into how many groups the channels are parted; results see only inputs of their own group.
    bias
        Whether a bias is added to each channel.
    padding_mode
        'zeros'; or what is put at the ends instead, 'reflect', 'replicate' or 'circular'.
    weight_init, bias_init
        Initialisers, functions ``(key, shape, dtype)``, instead of PyTorch's. That of the weight
        gets the shape ``(*kernel_size, in_channels // groups, out_channels)``.

    Notes
    -----
    Parameters: 'weight' ``(out_channels, in_channels // groups, *kernel_size)`` and 'bias'
    ``(out_channels,)``.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> layer = nn.Conv2d(1, 4, 3, padding=1)
    >>> layer
    Conv2d(1, 4, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
    >>> params = layer.init(random.key(0))
    >>> params["weight"].shape
    (4, 1, 3, 3)
    >>> layer(params, fnp.ones((5, 1, 8, 8))).shape
    (5, 4, 8, 8)
    """

    rank = 2


class Conv3d(_Conv):
    """Convolution along three axes; the parameters are those of `Conv2d`.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> layer = nn.Conv3d(1, 2, 3, stride=2)
    >>> layer(layer.init(random.key(0)), fnp.ones((1, 7, 7, 7))).shape
    (2, 3, 3, 3)
    """

    rank = 3


class ConvTranspose1d(_ConvTranspose):
    """Transposed convolution along one axis; the parameters are those of `ConvTranspose2d`.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> layer = nn.ConvTranspose1d(4, 2, 2, stride=2)
    >>> layer(layer.init(random.key(0)), fnp.ones((5, 4, 10))).shape
    (5, 2, 20)
    """

    rank = 1


class ConvTranspose2d(_ConvTranspose):
    """Transposed convolution along two axes: the derivative of a convolution by its input.

    It makes from the shape of the result of a `Conv2d` with the same settings the shape of its
    input, and is used to make images larger.

    Parameters
    ----------
    in_channels, out_channels
        The channels of the input ``(N, in_channels, H, W)`` and of the result.
    kernel_size, stride, padding, dilation, groups, bias
        As in `Conv2d`: padding is what the result is cut by at each end.
    output_padding
        What the result is longer by at one end, where the stride leaves several lengths.
    padding_mode
        Only 'zeros'.
    weight_init, bias_init
        As in `Conv2d`; that of the weight gets the shape
        ``(*kernel_size, in_channels, out_channels // groups)``.

    Notes
    -----
    Parameters: 'weight' ``(in_channels, out_channels // groups, *kernel_size)`` and 'bias'
    ``(out_channels,)``.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> layer = nn.ConvTranspose2d(4, 1, 3, stride=2, padding=1, output_padding=1)
    >>> layer(layer.init(random.key(0)), fnp.ones((5, 4, 7, 7))).shape
    (5, 1, 14, 14)
    """

    rank = 2


class ConvTranspose3d(_ConvTranspose):
    """Transposed convolution along three axes; the parameters are those of `ConvTranspose2d`.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> layer = nn.ConvTranspose3d(1, 2, 2, stride=2)
    >>> layer(layer.init(random.key(0)), fnp.ones((1, 3, 3, 3))).shape
    (2, 6, 6, 6)
    """

    rank = 3
