"""`Layer`: a frozen description of a function that has parameters.

A layer holds no array. What it needs comes in as arguments and what changes goes out as results, so
a network is a pure function, and every transform applies to it.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import textwrap
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from fungrad import numpy as fnp
from fungrad import random
from fungrad.array import Array
from fungrad.errors import (
    IgnoredArgumentError,
    LayerParameterError,
    LayerShapeError,
    MissingKeyError,
    MissingStateError,
)
from fungrad.tree_util import register_static

__all__ = ["Layer"]

Params = dict[str, Any]

OPTIONS = ("state", "key", "training")
LOCATED = (
    IgnoredArgumentError,
    LayerParameterError,
    LayerShapeError,
    MissingKeyError,
    MissingStateError,
)


class Layer:
    """The base of layers: frozen dataclasses whose fields are settings and other layers.

    ``params = layer.init(key)`` makes the parameters, ``y = layer(params, x)`` applies the layer.
    There are three more arguments, all by keyword, and every layer takes them:

    - `state`: what changes in training, such as running statistics, made by ``init_state()``. With
      it the result is a pair ``(y, new state)``.
    - `key`: a random key, for what is random in training.
    - `training`: True in training; there is no other mode anywhere.

    A layer of your own is a frozen dataclass that derives from `Layer` and defines ``__call__``.
    Its fields that are layers, or tuples, lists and dicts of layers, are its children: `init` and
    `init_state` make their parameters and states under the names of the fields. Its ``__call__``
    need take only those of the three arguments that it uses.

    Layers are static: they can be compared, hashed and pickled, and have no leaves in a tree.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from fungrad import nn, random
    >>> @dataclass(frozen=True)
    ... class Gated(nn.Layer):
    ...     value: nn.Linear
    ...     gate: nn.Linear
    ...
    ...     def __call__(self, params, x):
    ...         gate = 1 / (1 + fnp.exp(-self.gate(params["gate"], x)))
    ...         return gate * self.value(params["value"], x)
    >>> layer = Gated(nn.Linear(3, 2), nn.Linear(3, 2))
    >>> params = layer.init(random.key(0))
    >>> fg.tree.map(np.shape, params)
    {'value': {'weight': (2, 3), 'bias': (2,)}, 'gate': {'weight': (2, 3), 'bias': (2,)}}
    >>> layer(params, fnp.ones(3)).shape
    (2,)
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        register_static(cls)
        if "__call__" in cls.__dict__:
            cls.__call__ = _wrapped(cls.__dict__["__call__"])  # type: ignore[method-assign]
        if "__repr__" not in cls.__dict__:
            cls.__repr__ = cls.__repr__  # type: ignore[method-assign]  # not the dataclass's own

    def init(self, key: Any, dtype: Any = np.float32) -> Params:
        """Return new parameters: those of the children under their names.

        Parameters
        ----------
        key
            A random key, which is split: each child gets its own.
        dtype
            The dtype of the parameters.

        Returns
        -------
        dict
            Children without parameters are left out.
        """
        return _gathered(dict(self.entries()), key, lambda layer, own: layer.init(own, dtype))

    def init_state(self, dtype: Any = np.float32) -> Params:
        """Return what the layer keeps from call to call, as it is in the beginning.

        Parameters
        ----------
        dtype
            The dtype of its arrays.

        Returns
        -------
        dict
            Children without state are left out; it is empty if the layer keeps nothing.
        """
        return _gathered(dict(self.entries()), None, lambda layer, _: layer.init_state(dtype))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Apply the layer: ``layer(params, x, *, state=None, key=None, training=False)``."""
        raise NotImplementedError(
            f"{type(self).__name__} does not define __call__(self, params, x)"
        )

    def entries(self) -> Iterator[tuple[str, Any]]:
        """Yield the name and value of each field: settings and children."""
        if dataclasses.is_dataclass(self):
            for field in dataclasses.fields(self):
                yield field.name, getattr(self, field.name)
        else:
            yield from vars(self).items()

    def children(self) -> Iterator[tuple[str, Layer]]:
        """Yield the path and value of each child, those in tuples, lists and dicts included."""
        for name, value in self.entries():
            yield from _layers_in(name, value)

    def uses(self, option: str) -> bool:
        """Return whether 'state', 'key' or 'training' makes a difference, here or in a child."""
        own = option in getattr(type(self).__call__, "takes", ())
        return own or any(child.uses(option) for _, child in self.children())

    def __repr__(self) -> str:
        name = type(self).__name__
        if not has_layers(self):
            shown: Any = dataclasses.fields(self) if dataclasses.is_dataclass(self) else ()
            settings = [f"{each.name}={getattr(self, each.name)!r}" for each in shown if each.repr]
            return f"{name}({', '.join(settings)})"
        return block(name, self.entries())


def _wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a layer's own ``__call__`` one that takes all options and says where an error was."""
    parameters = inspect.signature(function).parameters.values()
    takes = frozenset(OPTIONS) & {each.name for each in parameters}
    if any(each.kind is each.VAR_KEYWORD for each in parameters):
        takes = frozenset(OPTIONS)

    @functools.wraps(function)
    def call(self: Layer, *inputs: Any, **options: Any) -> Any:
        state = None
        try:
            for name in OPTIONS:
                if name in options and name not in takes:
                    value = options.pop(name)
                    if name == "state":
                        state = value
                    if name == "key" or value is None or value is False:
                        continue
                    for path, child in self.children():
                        if child.uses(name):
                            raise IgnoredArgumentError(title(self), name, f"{path}, {title(child)}")
            result = function(self, *inputs, **options)
        except Exception as error:
            _locate(error, self)
            raise
        return result if state is None else (result, state)

    call.takes = takes  # type: ignore[attr-defined]
    return call


def _locate(error: Any, layer: Layer) -> None:
    """Write into an exception at which layer it came up, by a path from the outermost one.

    On its way out the exception passes each layer that encloses the place.
    """
    inner, path, text = getattr(error, "layer_trail", (None, "", title(layer)))
    names = [name for name, child in layer.children() if id(child) == inner]
    if names:
        path = " or ".join(names) + ("." + path if path else "")
        if isinstance(error, LOCATED):
            error.place(path)
    if not isinstance(error, LOCATED):
        note = f"in layer {path}, {text}" if path else f"in layer {text}"
        if inner is None:
            error.add_note(note)
        else:
            error.__notes__[-1] = note
    error.layer_trail = (id(layer), path, text)


def _layers_in(path: str, value: Any) -> Iterator[tuple[str, Layer]]:
    if isinstance(value, Layer):
        yield path, value
    elif isinstance(value, (tuple, list, dict)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for name, each in items:
            yield from _layers_in(f"{path}.{name}", each)


def has_layers(value: Any) -> bool:
    """Return whether there is a child in a layer, or a layer in a container."""
    children = value.children() if isinstance(value, Layer) else _layers_in("", value)
    return next(children, None) is not None


def _gathered(entries: dict[Any, Any], key: Any, make: Callable[[Layer, Any], Any]) -> Params:
    """Return what `make` gives for the layers among the entries, by name, but for what is empty."""
    chosen = {
        str(name): value
        for name, value in entries.items()
        if isinstance(value, Layer) or has_layers(value)
    }
    keys = random.split(key, len(chosen)) if key is not None and chosen else [None] * len(chosen)
    made = {}
    for (name, value), own in zip(chosen.items(), keys):
        if isinstance(value, Layer):
            result = make(value, own)
        else:
            items = value if isinstance(value, dict) else dict(enumerate(value))
            result = _gathered(items, own, make)
        if result:
            made[name] = result
    return made


# --- what layers share ---------------------------------------------------------------------------


def parameter(layer: Layer, params: Any, name: str, shape: tuple[int, ...]) -> Any:
    """Return the parameter of that name, which must have that shape."""
    try:
        value = params[name]
    except (KeyError, TypeError, IndexError):
        raise LayerParameterError.missing(title(layer), name, params) from None
    if getattr(value, "shape", None) != shape:
        raise LayerParameterError.shape(title(layer), name, value, shape)
    return value


def part(params: Any, name: str) -> Any:
    """Return the parameters of a child, an empty dict where it has none."""
    return params.get(name, {}) if isinstance(params, dict) else params[name]


def as_input(x: Any, like: Any = None) -> Any:
    """Return an input as an array, of the dtype of a parameter if one is given."""
    if not isinstance(x, (Array, np.ndarray)):
        x = fnp.asarray(x)
    if like is None or x.dtype == like.dtype or x.dtype.kind == "c":
        return x
    return x.astype(like.dtype)


def title(layer: Any) -> str:
    """Return how messages call a layer: with its settings, or only by its name if it is large."""
    text = show(layer)
    return text if "\n" not in text else type(layer).__name__


def show(value: Any) -> str:
    """Return a layer, function or setting as text; a function by its name."""
    if isinstance(value, (tuple, list, dict)) and has_layers(value):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return block(type(value).__name__, items)
    if isinstance(value, Layer) or not callable(value):
        return repr(value)
    return str(getattr(value, "__name__", None) or repr(value))


def block(name: str, entries: Iterable[tuple[Any, Any]]) -> str:
    """Return what is made of several things as text, one below the other."""
    text = "\n".join(f"({key}): {show(value)}" for key, value in entries)
    return f"{name}(\n{textwrap.indent(text, '  ')}\n)"
