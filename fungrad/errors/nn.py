"""Mistakes with the layers of neural networks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fungrad.errors.base import FungradError, describe


class LayerArgumentError(FungradError, ValueError):
    """A layer was made with a setting that it cannot have."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")


class _LayerError(FungradError):
    """A layer was called in a way that it cannot be; the message says which layer, by its path."""

    def __init__(self, layer: str, reason: str) -> None:
        super().__init__(f"{layer}: {reason}")
        self.path = ""
        self.text = self.args[0]

    def place(self, path: str) -> None:
        """Put the path of the layer, from the one that was called, in front of the message."""
        self.path = path
        self.args = (f"layer {path}, {self.text}",)


class LayerShapeError(_LayerError, ValueError):
    """The input of a layer has not the shape that it takes."""

    def __init__(self, layer: str, given: Any, expected: str, hint: str = "") -> None:
        super().__init__(
            layer, f"the input is {describe(given)}; expected {expected}{hint and '; ' + hint}"
        )


class CarriedStateError(LayerShapeError):
    """What a layer carries from call to call does not fit: a hidden state, or a cache."""

    def __init__(self, layer: str, reason: str) -> None:
        _LayerError.__init__(self, layer, reason)

    @classmethod
    def initial(
        cls, layer: str, name: str, given: Any, shape: Sequence[int], axes: str
    ) -> CarriedStateError:
        """Return the error for an initial state of another shape."""
        return cls(layer, f"{name} is {describe(given)}; expected the shape {tuple(shape)}, {axes}")

    @classmethod
    def full(cls, layer: str, room: int, taken: int, more: int) -> CarriedStateError:
        """Return the error for a cache that has not enough room."""
        return cls(
            layer,
            f"the cache has room for {room} positions, {taken} are taken, and {more} more were "
            f"given; make a larger one, with layer.init_cache(batch, {taken + more})",
        )


class LayerMaskError(LayerShapeError):
    """A mask of an attention layer has not the shape of the scores."""

    def __init__(self, layer: str, name: str, given: Any, scores: Sequence[int]) -> None:
        _LayerError.__init__(
            self,
            layer,
            f"{name} is {describe(given)}; it must broadcast against the scores, "
            f"{tuple(scores)}: (batch, heads, queries, keys)",
        )


class LayerParameterError(_LayerError, ValueError):
    """The parameters given to a layer are not its own."""

    @classmethod
    def missing(cls, layer: str, name: str, params: Any) -> LayerParameterError:
        """Return the error for a parameter, or the parameters of a child, that are not there."""
        if isinstance(params, dict):
            given = f"a dict with the keys {_listed(params)}" if params else "an empty dict"
        else:
            given = describe(params)
        return cls(
            layer,
            f"the parameters have no {name!r}, they are {given}; make them with layer.init(key), "
            "and pass those of a child as params[name of the child]",
        )

    @classmethod
    def shape(
        cls, layer: str, name: str, given: Any, expected: Sequence[int]
    ) -> LayerParameterError:
        """Return the error for a parameter of another shape."""
        return cls(
            layer,
            f"the parameter {name!r} is {describe(given)}; expected the shape "
            f"({', '.join(map(str, expected))}{',' * (len(expected) == 1)}), as layer.init(key) "
            "makes it",
        )


class MissingStateError(_LayerError, TypeError):
    """A layer keeps a state, and was called without it."""

    def __init__(self, layer: str, name: str) -> None:
        super().__init__(
            layer,
            f"there is no {name!r} in the state; make a state with state = layer.init_state(), "
            "and write y, state = layer(params, x, state=state)",
        )


class MissingKeyError(_LayerError, TypeError):
    """A layer draws random numbers in training, and was called without a key."""

    def __init__(self, layer: str) -> None:
        super().__init__(
            layer,
            "training=True draws random numbers and needs a key: write "
            "layer(params, x, key=key, training=True), with a new key for each call",
        )


class StateDictError(FungradError, ValueError):
    """Arrays by name are not those of a layer."""

    def __init__(self, layer: str, reason: str) -> None:
        super().__init__(
            f"load_state_dict of {layer}: {reason}; make the layer as the one whose arrays these "
            "are"
        )


class IgnoredArgumentError(_LayerError, TypeError):
    """A layer does not hand on to its children what they need."""

    def __init__(self, layer: str, name: str, child: str) -> None:
        options = "*, state=None, key=None, training=False"
        super().__init__(
            layer,
            f"its __call__ takes no {name}=, which its child {child} needs; write "
            f"def __call__(self, params, x, {options}) and hand them on",
        )


def _listed(keys: Iterable[Any]) -> str:
    return ", ".join(map(repr, keys))
