"""Mistakes with trees."""

from __future__ import annotations

from fungrad.errors.base import FungradError, describe


class TreeMismatchError(FungradError, ValueError):
    """Two trees, or a tree and a list of leaves, do not fit together."""

    @classmethod
    def at(
        cls, caller: str, where: str, expected: str, given: str, advice: str
    ) -> TreeMismatchError:
        """Return the error for containers that differ at one place of the tree."""
        return cls(
            f"{caller}: the trees do not match at {where}\n"
            f"  expected: {expected}\n"
            f"  given:    {given}\n"
            f"{advice}"
        )

    @classmethod
    def too_few_leaves(
        cls, caller: str, structure: object, expected: int, given: int, where: str
    ) -> TreeMismatchError:
        """Return the error for a list of leaves that ends before the structure is filled."""
        return cls(
            f"{caller}: the structure has {expected} leaves, but the list of leaves has {given}; "
            f"nothing is left for {where}\n"
            f"  structure: {structure}\n"
            "Give one leaf for each * of the structure."
        )

    @classmethod
    def too_many_leaves(
        cls, caller: str, structure: object, expected: int, given: int
    ) -> TreeMismatchError:
        """Return the error for a list of leaves that goes on when the structure is filled."""
        return cls(
            f"{caller}: the structure has {expected} leaves, but the list of leaves has {given}; "
            f"the last {given - expected} would be dropped\n"
            f"  structure: {structure}\n"
            "Give one leaf for each * of the structure."
        )

    @classmethod
    def wrong_size(cls, caller: str, expected: tuple[int, ...], given: object) -> TreeMismatchError:
        """Return the error for a flat vector that has not the size of the tree."""
        return cls(
            f"{caller}: expected a vector of shape {expected}, one element for each number in the "
            f"tree, but got {describe(given)}; pass a vector like the one that ravel_pytree "
            "returned"
        )


class TreeStructureError(FungradError, TypeError):
    """Something else was given where the structure of a tree is needed."""

    @classmethod
    def instead(cls, given: object) -> TreeStructureError:
        """Return the error for what was given as a structure."""
        return cls(
            f"tree.unflatten takes the structure first and the leaves second, but the structure is "
            f"{describe(given)}; write tree.unflatten(structure, leaves)"
        )


class EmptyTreeError(FungradError, TypeError):
    """A tree without leaves has no value for what was asked."""


class TreeRegistrationError(FungradError, ValueError):
    """A class is not registered as a tree node, is so already, or cannot be."""


class StaticDataError(FungradError, TypeError):
    """The static data of a tree node cannot be compared or hashed."""

    @classmethod
    def of(cls, attempt: str, name: str, data: object) -> StaticDataError:
        """Return the error for static data for which the attempt failed."""
        return cls(
            f"tree: the static data of {name} cannot be {attempt}: {data!r}\n"
            "Static data are compared and hashed as a whole. Make arrays children of the node "
            "(data fields), and use a tuple in place of a list or dict."
        )
