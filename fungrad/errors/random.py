"""Mistakes with random numbers."""

from __future__ import annotations

from typing import Any

from fungrad.errors.base import FungradError, describe


class KeyReuseError(FungradError, RuntimeError):
    """A key was used twice, which gives the same random numbers twice."""

    def __init__(self, key: str, first: str, second: str) -> None:
        super().__init__(
            f"{key} is used twice:\n  first by {first}\n  again by {second}\n"
            "What is drawn from one key is not independent. Give each use a key of its own: "
            "key, subkey = fungrad.random.split(key), or fungrad.random.fold_in(key, step) in a "
            "loop. If both shall draw the same numbers, write fungrad.random.clone(key); "
            "fungrad.random.allow_reuse() switches the check off"
        )


class KeyTypeError(FungradError, TypeError):
    """Something is used as a key that is none, or a key as an array of numbers."""

    def __init__(self, where: str, reason: str, instead: str) -> None:
        super().__init__(f"{where}: {reason}; {instead}")

    @classmethod
    def no_key(cls, where: str, given: Any) -> KeyTypeError:
        """Something else stands in the place of a key."""
        return cls(
            where,
            f"the first argument is {describe(given)}, not a key",
            "make one by fungrad.random.key(seed), or of its words by "
            "fungrad.random.wrap_key_data(words)",
        )


class KeyShapeError(FungradError, ValueError):
    """An array of keys stands where one key is needed."""

    def __init__(self, where: str, shape: tuple[int, ...]) -> None:
        super().__init__(
            f"{where} takes one key and got an array of keys of shape {shape}; take one of them, "
            f"keys[i], or draw from each: fungrad.vmap(fungrad.random.{where})(keys)"
        )


class RandomArgumentError(FungradError, ValueError):
    """A shape, a dtype or a parameter that a distribution does not have."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}")
