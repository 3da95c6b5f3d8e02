"""Layers made of layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, overload

from fungrad import numpy as fnp
from fungrad import random
from fungrad.errors import (
    LayerArgumentError,
    LayerParameterError,
    LayerShapeError,
)
from fungrad.nn.layer import OPTIONS, Layer, as_input, has_layers, show, title

__all__ = ["Flatten", "Identity", "Residual", "Sequential", "Unflatten"]


@dataclass(frozen=True, init=False)
class Sequential(Layer):
    """Layers and functions, one applied to the result of the other.

    Functions of one array, such as ``nn.relu`` and ``np.tanh``, stand beside layers; they have no
    parameters. The parameters and the state of a child are in a dict under its name, and a child
    that has none has no entry. Each child that draws random numbers gets a key of its own.

    Parameters
    ----------
    *layers
        Layers and functions; their names are '0', '1', .... Or one dict (an `OrderedDict` will do)
        of names and layers.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> model = nn.Sequential(nn.Linear(4, 8), np.tanh, nn.Linear(8, 2))
    >>> model
    Sequential(
      (0): Linear(in_features=4, out_features=8, bias=True)
      (1): tanh
      (2): Linear(in_features=8, out_features=2, bias=True)
    )
    >>> params = model.init(random.key(0))
    >>> fg.tree.map(np.shape, params)
    {'0': {'weight': (8, 4), 'bias': (8,)}, '2': {'weight': (2, 8), 'bias': (2,)}}
    >>> model(params, fnp.ones((5, 4))).shape
    (5, 2)
    """

    layers: tuple[Callable[..., Any], ...]
    names: tuple[str, ...]
    options: tuple[frozenset[str], ...] = field(init=False, compare=False, repr=False)

    def __init__(self, *layers: Any) -> None:
        if len(layers) == 1 and isinstance(layers[0], Mapping):
            named = {str(name): layer for name, layer in layers[0].items()}
        else:
            named = {str(index): layer for index, layer in enumerate(layers)}
        kind = type(self).__name__
        for name, layer in named.items():
            if isinstance(layer, type) or not callable(layer):
                raise LayerArgumentError(
                    kind,
                    f"{name!r} is {layer!r}; it takes layers and functions of one array, "
                    "such as nn.Linear(4, 2) and nn.relu",
                )
            if "." in name:
                raise LayerArgumentError(kind, f"the name {name!r} contains a dot; dots part paths")
        # Frozen dataclasses refuse plain assignment.
        object.__setattr__(self, "layers", tuple(named.values()))
        object.__setattr__(self, "names", tuple(named))
        uses = [frozenset(each for each in OPTIONS if _uses(layer, each)) for layer in self.layers]
        object.__setattr__(self, "options", tuple(uses))

    def __call__(
        self, params: Any, x: Any, *, state: Any = None, key: Any = None, training: bool = False
    ) -> Any:
        """Apply one after the other."""
        if not isinstance(params, Mapping):
            raise LayerParameterError.missing(title(self), self._first(), params)
        after = None if state is None else dict(state)
        keys: Any = [None] * len(self.layers)
        if key is not None and self.uses("key"):
            keys = random.split(key, len(self.layers))
        for name, layer, takes, own in zip(self.names, self.layers, self.options, keys):
            if not isinstance(layer, Layer):
                x = layer(x)
                continue
            options: dict[str, Any] = {}
            if training and "training" in takes:
                options["training"] = True
            if own is not None and "key" in takes:
                options["key"] = own
            if after is None or "state" not in takes:
                x = layer(params.get(name, {}), x, **options)
                continue
            x, changed = layer(params.get(name, {}), x, state=after.get(name, {}), **options)
            if changed:
                after[name] = changed
        return x if after is None else (x, after)

    def uses(self, option: str) -> bool:
        """Return whether it makes a difference to a child."""
        return any(option in each for each in self.options)

    def _first(self) -> str:
        """Return the name of the first child that is a layer."""
        return next((name for name, _ in self.children()), "0")

    def entries(self) -> Iterator[tuple[str, Any]]:
        """Yield the name and value of each child, functions included."""
        yield from zip(self.names, self.layers)

    def __repr__(self) -> str:
        return super().__repr__() if has_layers(self) else self._short()

    def _short(self) -> str:
        return f"{type(self).__name__}({', '.join(map(show, self.layers))})"

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.layers)

    @overload
    def __getitem__(self, index: int | str) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...
    def __getitem__(self, index: Any) -> Any:
        """Return a child by its position or name; for a slice, a Sequential of several."""
        if isinstance(index, slice):
            return Sequential(dict(zip(self.names[index], self.layers[index])))
        if isinstance(index, str):
            return dict(zip(self.names, self.layers))[index]
        return self.layers[index]


def _uses(layer: Any, option: str) -> bool:
    return isinstance(layer, Layer) and layer.uses(option)


class Residual(Sequential):
    """Layers whose result is added to their input.

    Parameters
    ----------
    *layers
        As in `Sequential`; the result must have the shape of the input.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> block = nn.Residual(nn.Linear(3, 3), np.tanh)
    >>> params = block.init(random.key(0))
    >>> params["0"]["weight"].shape
    (3, 3)
    >>> block(params, fnp.zeros(3)).shape
    (3,)
    """

    def __call__(
        self, params: Any, x: Any, *, state: Any = None, key: Any = None, training: bool = False
    ) -> Any:
        """Return the input plus what the layers make of it."""
        x = as_input(x)
        result = super().__call__(params, x, state=state, key=key, training=training)
        y, after = (result, None) if state is None else result
        if y.shape != x.shape:
            raise LayerShapeError(
                title(self), x, f"the shape of the result, which is {y.shape}", "both are added"
            )
        return x + y if state is None else (x + y, after)


@dataclass(frozen=True)
class Identity(Layer):
    """A layer that returns its input.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.Identity()({}, 3.0)
    3.0
    """

    def __call__(self, params: Any, x: Any) -> Any:
        """Return x."""
        return x


@dataclass(frozen=True)
class Flatten(Layer):
    """A layer that makes several axes one: all but the first, if nothing else is said.

    Parameters
    ----------
    start_dim
        The first of the axes.
    end_dim
        The last of them.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.Flatten()({}, fnp.ones((5, 2, 3))).shape
    (5, 6)
    """

    start_dim: int = 1
    end_dim: int = -1

    def __call__(self, params: Any, x: Any) -> Any:
        """Return x with the axes made one."""
        x = as_input(x)
        rank = x.ndim
        first, last = (each + rank if each < 0 else each for each in (self.start_dim, self.end_dim))
        if not 0 <= first <= last < rank:
            raise LayerShapeError(
                title(self), x, f"an array with the axes {self.start_dim} to {self.end_dim}"
            )
        shape = x.shape
        length = 1
        for each in shape[first : last + 1]:
            length *= each
        return fnp.reshape(x, (*shape[:first], length, *shape[last + 1 :]))


@dataclass(frozen=True)
class Unflatten(Layer):
    """A layer that makes one axis several.

    Parameters
    ----------
    dim
        The axis.
    unflattened_size
        The lengths of the axes that it becomes; one of them may be -1.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.Unflatten(1, (2, 3))({}, fnp.ones((5, 6))).shape
    (5, 2, 3)
    """

    dim: int
    unflattened_size: tuple[int, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "unflattened_size", tuple(self.unflattened_size))

    def __call__(self, params: Any, x: Any) -> Any:
        """Return x with the axis parted."""
        x = as_input(x)
        dim = self.dim + x.ndim if self.dim < 0 else self.dim
        if not 0 <= dim < x.ndim:
            raise LayerShapeError(title(self), x, f"an array with an axis {self.dim}")
        return fnp.reshape(x, (*x.shape[:dim], *self.unflattened_size, *x.shape[dim + 1 :]))
