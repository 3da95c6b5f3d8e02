"""Layers that standardize their input: by example, by group of channels, or by batch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from fungrad import numpy as fnp
from fungrad.errors import LayerArgumentError, LayerShapeError, MissingStateError
from fungrad.nn.convolution import expected_shape
from fungrad.nn.layer import Layer, Params, as_input, parameter, title
from fungrad.nn.linear import check_sizes
from fungrad.rules.normalization import ScaleToUnit, Standardize
from fungrad.transforms.stop import stop_gradient

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "GroupNorm",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "LayerNorm",
    "RMSNorm",
]


def ones_and_zeros(shape: tuple[int, ...], dtype: Any, bias: bool = True) -> Params:
    """Return the parameters that change nothing."""
    params = {"weight": fnp.ones(shape, dtype)}
    return {**params, "bias": fnp.zeros(shape, dtype)} if bias else params


class _OverLastAxes(Layer):
    """A normalization over the last axes, whose lengths are `normalized_shape`."""

    normalized_shape: Any
    elementwise_affine: bool

    def __post_init__(self) -> None:
        shape = self.normalized_shape
        shape = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
        fine = all(isinstance(each, (int, np.integer)) and each >= 1 for each in shape)
        if not shape or not fine:
            raise LayerArgumentError(
                type(self).__name__,
                f"normalized_shape is {self.normalized_shape!r}; it must be a positive integer or "
                "several, the lengths of the last axes",
            )
        object.__setattr__(self, "normalized_shape", shape)

    def axes_of(self, x: Any) -> tuple[int, ...]:
        """Return the axes, which must have the right lengths."""
        shape = self.normalized_shape
        rank = x.ndim
        if rank < len(shape) or x.shape[rank - len(shape) :] != shape:
            raise LayerShapeError(title(self), x, f"the shape (..., {', '.join(map(str, shape))})")
        return tuple(range(rank - len(shape), rank))


@dataclass(frozen=True)
class LayerNorm(_OverLastAxes):
    """Standardize over the last axes: mean 0 and variance 1, then a weight and a bias.

    Parameters
    ----------
    normalized_shape
        The lengths of these axes; one number for the last axis.
    eps
        What is added to the variance.
    elementwise_affine
        Whether there are parameters.
    bias
        Whether there is a bias among them.

    Notes
    -----
    Parameters: 'weight' and 'bias', both of the shape `normalized_shape`.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> layer = nn.LayerNorm(4)
    >>> layer(layer.init(random.key(0)), [[1.0, 2.0, 3.0, 4.0]]).round(2)
    Array([[-1.34, -0.45,  0.45,  1.34]], dtype=float32)
    """

    normalized_shape: Any
    eps: float = 1e-5
    elementwise_affine: bool = True
    bias: bool = True

    def init(self, key: Any, dtype: Any = np.float32) -> Params:
        """Return parameters that change nothing."""
        if not self.elementwise_affine:
            return {}
        return ones_and_zeros(self.normalized_shape, dtype, self.bias)

    def __call__(self, params: Any, x: Any) -> Any:
        """Return x standardized."""
        x = as_input(x)
        axes = self.axes_of(x)
        if not self.elementwise_affine:
            return Standardize.apply(x, axis=axes, epsilon=self.eps)[0]
        weight = parameter(self, params, "weight", self.normalized_shape)
        y = Standardize.apply(as_input(x, weight), axis=axes, epsilon=self.eps)[0] * weight
        return y + parameter(self, params, "bias", self.normalized_shape) if self.bias else y


@dataclass(frozen=True)
class RMSNorm(_OverLastAxes):
    """Divide by the root of the mean square over the last axes, then multiply by a weight.

    Parameters
    ----------
    normalized_shape
        The lengths of these axes; one number for the last axis.
    eps
        What is added to the mean square; without it the resolution of the dtype.
    elementwise_affine
        Whether there is a weight.

    Notes
    -----
    Parameters: 'weight', of the shape `normalized_shape`.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> layer = nn.RMSNorm(2)
    >>> layer(layer.init(random.key(0)), [1.0, 7.0]).round(2)
    Array([0.2, 1.4], dtype=float32)
    """

    normalized_shape: Any
    eps: float | None = None
    elementwise_affine: bool = True

    def init(self, key: Any, dtype: Any = np.float32) -> Params:
        """Return a weight that changes nothing."""
        if not self.elementwise_affine:
            return {}
        return ones_and_zeros(self.normalized_shape, dtype, bias=False)

    def __call__(self, params: Any, x: Any) -> Any:
        """Return x scaled."""
        weight = None
        if self.elementwise_affine:
            weight = parameter(self, params, "weight", self.normalized_shape)
        x = as_input(x)
        axes = self.axes_of(x)
        x = as_input(x, weight)
        epsilon = self.eps
        if epsilon is None:
            epsilon = float(np.finfo(x.dtype if x.dtype.kind == "f" else float).eps)
        y = ScaleToUnit.apply(x, axis=axes, epsilon=epsilon)
        return y if weight is None else y * weight


@dataclass(frozen=True)
class GroupNorm(Layer):
    """Standardize each example over groups of channels, then a weight and a bias for each channel.

    Parameters
    ----------
    num_groups
        Into how many groups the channels are parted.
    num_channels
        The channels, along axis 1 of ``(N, C, ...)``.
    eps
        What is added to the variance.
    affine
        Whether there are parameters.

    Notes
    -----
    Parameters: 'weight' and 'bias' ``(num_channels,)``.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> layer = nn.GroupNorm(2, 4)
    >>> layer(layer.init(random.key(0)), fnp.ones((5, 4, 8, 8))).shape
    (5, 4, 8, 8)
    """

    num_groups: int
    num_channels: int
    eps: float = 1e-5
    affine: bool = True

    def __post_init__(self) -> None:
        check_sizes(self, "num_groups", "num_channels")
        if self.num_channels % self.num_groups:
            raise LayerArgumentError(
                "GroupNorm",
                f"num_groups is {self.num_groups}, which does not divide num_channels, "
                f"{self.num_channels}",
            )

    def init(self, key: Any, dtype: Any = np.float32) -> Params:
        """Return parameters that change nothing."""
        return ones_and_zeros((self.num_channels,), dtype) if self.affine else {}

    def __call__(self, params: Any, x: Any) -> Any:
        """Return x standardized."""
        weight, bias = weight_and_bias(self, params, self.num_channels)
        x = as_input(x)
        if x.ndim < 2 or x.shape[1] != self.num_channels:
            raise LayerShapeError(title(self), x, f"the shape (N, {self.num_channels}, ...)")
        x = as_input(x, weight)
        shape = x.shape
        # The length is written out: -1 could not be inferred where there is no example.
        length = math.prod(shape[1:]) // self.num_groups
        x = fnp.reshape(x, (shape[0], self.num_groups, length))
        x = Standardize.apply(x, axis=(2,), epsilon=self.eps)[0]
        return affine(fnp.reshape(x, shape), weight, bias)


def weight_and_bias(layer: Any, params: Any, channels: int) -> tuple[Any, Any]:
    """Return both parameters, None where a layer has none."""
    if not layer.affine:
        return None, None
    return tuple([parameter(layer, params, name, (channels,)) for name in ("weight", "bias")])


def affine(x: Any, weight: Any, bias: Any) -> Any:
    """Return ``x * weight + bias`` with a number of each for each channel, axis 1 of x."""
    if weight is None:
        return x
    shape = (len(weight), *(1,) * (x.ndim - 2))
    return x * fnp.reshape(weight, shape) + fnp.reshape(bias, shape)


class _WithStatistics(Layer):
    """Standardization by statistics of what comes in; running means of them are the state."""

    rank: ClassVar[int]
    with_batch: ClassVar[bool]
    """Whether the statistics are those of the batch, not of each example."""

    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool

    def __post_init__(self) -> None:
        check_sizes(self, "num_features")
        if self.momentum is None and not self.with_batch:
            raise LayerArgumentError(
                type(self).__name__, "momentum is None; there is no mean of all batches here"
            )

    def init(self, key: Any, dtype: Any = np.float32) -> Params:
        """Return parameters that change nothing."""
        return ones_and_zeros((self.num_features,), dtype) if self.affine else {}

    def init_state(self, dtype: Any = np.float32) -> Params:
        """Return the running statistics of standardized numbers."""
        if not self.track_running_stats:
            return {}
        return {
            "running_mean": fnp.zeros(self.num_features, dtype),
            "running_var": fnp.ones(self.num_features, dtype),
            "num_batches_tracked": fnp.zeros((), np.int64),
        }

    def __call__(self, params: Any, x: Any, *, state: Any = None, training: bool = False) -> Any:
        """Return x standardized; with `state` a pair of it and the new state."""
        weight, bias = weight_and_bias(self, params, self.num_features)
        x = as_input(x)
        whole = as_input(self.examples(x), weight)
        if not training and self.track_running_stats:
            y = self.by_running_statistics(whole, weight, bias, state)
            after = state
        else:
            axes = (*((0,) if self.with_batch else ()), *range(2, whole.ndim))
            count = math.prod(whole.shape[axis] for axis in axes)
            if training and count < 2:
                raise LayerShapeError(
                    title(self),
                    x,
                    "more than one number for each channel, to take the variance of in training",
                )
            y, mean, variance = Standardize.apply(whole, axis=axes, epsilon=self.eps)
            y = affine(y, weight, bias)
            after = state
            if state is not None and self.track_running_stats:
                unbiased = stop_gradient(variance) * (count / (count - 1))
                after = self.moved(state, stop_gradient(mean), unbiased)
        if y.ndim != x.ndim:
            y = y[0]
        return y if state is None else (y, after)

    def examples(self, x: Any) -> Any:
        """Return x with an axis of examples; raise if it has not the right shape."""
        raise NotImplementedError

    def by_running_statistics(self, x: Any, weight: Any, bias: Any, state: Any) -> Any:
        """Return x standardized by the running statistics."""
        mean, variance = (self.running(state, name) for name in ("running_mean", "running_var"))
        scale = 1 / fnp.sqrt(variance + self.eps)
        if weight is not None:
            scale = weight * scale
        shift = -mean * scale
        if bias is not None:
            shift = bias + shift
        return affine(x, scale.astype(x.dtype), shift.astype(x.dtype))

    def running(self, state: Any, name: str) -> Any:
        """Return a part of the state."""
        if state is None or name not in state:
            raise MissingStateError(title(self), name)
        return as_input(state[name])

    def moved(self, state: Any, mean: Any, variance: Any) -> Params:
        """Return the state after one more batch."""
        number = self.running(state, "num_batches_tracked") + int(self.with_batch)
        share = self.momentum
        after = dict(state)
        for name, now in (("running_mean", mean), ("running_var", variance)):
            old = self.running(state, name)
            now = fnp.reshape(fnp.mean(now, axis=0), (self.num_features,)).astype(old.dtype)
            if share is None:
                after[name] = old + (now - old) / number.astype(old.dtype)
            else:
                after[name] = (1 - share) * old + share * now
        return {**after, "num_batches_tracked": number}


@dataclass(frozen=True)
class _BatchNorm(_WithStatistics):
    with_batch = True

    num_features: int
    eps: float = 1e-5
    momentum: float | None = 0.1
    affine: bool = True
    track_running_stats: bool = True

    def examples(self, x: Any) -> Any:
        ranks = (2, 3) if self.rank == 1 else (self.rank + 2,)
        if x.ndim not in ranks or x.shape[1] != self.num_features:
            n = self.num_features
            text = ("", f"the shape (N, {n}) or (N, {n}, L)", f"the shape (N, {n}, H, W)")
            texts = (*text, f"the shape (N, {n}, D, H, W)")
            raise LayerShapeError(title(self), x, texts[self.rank])
        return x


@dataclass(frozen=True)
class _InstanceNorm(_WithStatistics):
    with_batch = False

    num_features: int
    eps: float = 1e-5
    momentum: float = 0.1
    affine: bool = False
    track_running_stats: bool = False

    def examples(self, x: Any) -> Any:
        rank = self.rank
        if x.ndim not in (rank + 1, rank + 2) or x.shape[-rank - 1] != self.num_features:
            raise LayerShapeError(title(self), x, expected_shape(rank, self.num_features))
        return x if x.ndim == rank + 2 else x[None]


class BatchNorm1d(_BatchNorm):
    """Batch normalization of ``(N, C)`` or ``(N, C, L)``, see `BatchNorm2d`.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> layer = nn.BatchNorm1d(3)
    >>> params, state = layer.init(random.key(0)), layer.init_state()
    >>> layer(params, fnp.ones((5, 3)), state=state)[0].shape
    (5, 3)
    """

    rank = 1


class BatchNorm2d(_BatchNorm):
    """Batch normalization: standardize each channel over all examples, then a weight and a bias.

    With ``training=True`` the mean and the variance are those of the batch, and with `state` the
    result is a pair: y, and a state whose running statistics have moved towards them. Otherwise the
    running statistics are used, and `state` must be there.

    Parameters
    ----------
    num_features
        The channels, along axis 1 of ``(N, C, H, W)``.
    eps
        What is added to the variance.
    momentum
        The share of the batch in the running statistics; None for the mean of all batches.
    affine
        Whether there are parameters.
    track_running_stats
        Whether there is a state; without it the statistics are always those of the batch.

    Notes
    -----
    Parameters: 'weight' and 'bias' ``(num_features,)``. State: 'running_mean', 'running_var' (of
    the unbiased variance) and 'num_batches_tracked'. No derivative passes through the new state.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> layer = nn.BatchNorm2d(3)
    >>> params, state = layer.init(random.key(0)), layer.init_state()
    >>> x = 2 + fnp.zeros((5, 3, 4, 4))
    >>> y, state = layer(params, x, state=state, training=True)
    >>> state["running_mean"]
    Array([0.2, 0.2, 0.2], dtype=float32)
    >>> y, state = layer(params, x, state=state)
    """

    rank = 2


class BatchNorm3d(_BatchNorm):
    """Batch normalization of ``(N, C, D, H, W)``, see `BatchNorm2d`.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> layer = nn.BatchNorm3d(3)
    >>> params, state = layer.init(random.key(0)), layer.init_state()
    >>> layer(params, fnp.ones((5, 3, 2, 2, 2)), state=state)[0].shape
    (5, 3, 2, 2, 2)
    """

    rank = 3


class InstanceNorm1d(_InstanceNorm):
    """Instance normalization of ``(N, C, L)``, see `InstanceNorm2d`.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.InstanceNorm1d(3)({}, fnp.ones((5, 3, 4))).shape
    (5, 3, 4)
    """

    rank = 1


class InstanceNorm2d(_InstanceNorm):
    """Instance normalization: standardize each channel of each example by itself.

    Parameters
    ----------
    num_features
        The channels of ``(N, C, H, W)``, or of a single example without the axis N.
    eps
        What is added to the variance.
    momentum
        The share of the batch in the running statistics.
    affine
        Whether there are parameters 'weight' and 'bias'.
    track_running_stats
        Whether there is a state, as in `BatchNorm2d`, by which to standardize outside training.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.InstanceNorm2d(3)({}, fnp.ones((5, 3, 4, 4))).shape
    (5, 3, 4, 4)
    """

    rank = 2


class InstanceNorm3d(_InstanceNorm):
    """Instance normalization of ``(N, C, D, H, W)``, see `InstanceNorm2d`.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.InstanceNorm3d(3)({}, fnp.ones((5, 3, 2, 2, 2))).shape
    (5, 3, 2, 2, 2)
    """

    rank = 3
