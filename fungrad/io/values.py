"""Python values as JSON: numbers, text, None, and tuples, lists and dicts of them."""

from __future__ import annotations

import math
from typing import Any

NUMBERS: tuple[type, ...] = (bool, int, float, complex)
LEAVES: tuple[type, ...] = (*NUMBERS, str)
"""The types of the leaves that are kept as they are; they are in the structure, not in arrays."""


class NotJSONError(TypeError):
    """A value is of another type."""


def encode_value(value: Any) -> Any:
    """Return a value as what JSON has; what it does not have is an object with the type's name."""
    kind = type(value)
    if value is None or kind is bool or kind is str or kind is int:
        return value
    if kind is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if kind is complex:
        return {"complex": [encode_value(value.real), encode_value(value.imag)]}
    if kind is tuple or kind is list:
        return {kind.__name__: [encode_value(item) for item in value]}
    if kind is dict:
        return {"dict": [[encode_value(key), encode_value(v)] for key, v in value.items()]}
    raise NotJSONError(value)


def decode_value(value: Any) -> Any:
    """Return what `encode_value` made JSON of.

    Raises
    ------
    ValueError
        If it made no such thing.
    """
    match value:
        case None | bool() | int() | float() | str():
            return value
        case {"float": ("inf" | "-inf" | "nan") as text, **rest} if not rest:
            return float(text)
        case {"complex": [real, imag], **rest} if not rest:
            parts = decode_value(real), decode_value(imag)
            if type(parts[0]) is float and type(parts[1]) is float:
                return complex(*parts)
        case {"tuple": list(items), **rest} if not rest:
            return tuple([decode_value(item) for item in items])
        case {"list": list(items), **rest} if not rest:
            return [decode_value(item) for item in items]
        case {"dict": list(items), **rest} if not rest:
            return _decode_dict(items)
    raise ValueError("its structure has a value that means nothing")


def _decode_dict(items: list[Any]) -> dict[Any, Any]:
    found = {}
    for item in items:
        match item:
            case [key, value]:
                found[hashable(decode_value(key))] = decode_value(value)
            case _:
                raise ValueError("its structure has a dict that is none")
    return found


def hashable(key: Any) -> Any:
    """Return a key of a dict, if it can be one.

    Raises
    ------
    ValueError
        If it cannot.
    """
    try:
        hash(key)
    except TypeError as error:
        raise ValueError("its structure has a dict with a key that cannot be one") from error
    return key
