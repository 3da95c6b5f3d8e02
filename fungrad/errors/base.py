"""The base of the exceptions, and how they describe values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class FungradError(Exception):
    """Base class of every exception that fungrad defines."""

    def __init_subclass__(cls) -> None:
        cls.__module__ = "fungrad.errors"  # where users find it

    def __reduce__(self) -> Any:
        # The classes make their text from other arguments than the text itself.
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(kind: type[FungradError], args: tuple[Any, ...], state: dict[str, Any]) -> Any:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


def describe(value: Any) -> str:
    """Return ``float64[3,4]`` for an array, the type and value for anything else.

    Examples
    --------
    >>> describe(np.ones((3, 4)))
    'float64[3,4]'
    >>> describe(2.5)
    'float 2.5'
    """
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return f"{value.dtype}[{','.join(map(str, value.shape))}]"
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"


def describe_all(values: Iterable[Any]) -> str:
    """Return the descriptions of several values, for instance ``float64[3] and float64[4]``."""
    return " and ".join(map(describe, values))
