"""Nested lists, tuples and dicts of arrays: all that the workloads need of pytrees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def leaves(tree: Any) -> list[Any]:
    """List the leaves of `tree` with dictionaries sorted by key, as every library returns them."""
    if isinstance(tree, dict):
        return [leaf for key in sorted(tree) for leaf in leaves(tree[key])]
    if isinstance(tree, (list, tuple)):
        return [leaf for branch in tree for leaf in leaves(branch)]
    return [tree]


def tree_map(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """Apply `function` to the corresponding leaves of `tree` and `others`."""
    if isinstance(tree, dict):
        return {key: tree_map(function, tree[key], *(o[key] for o in others)) for key in tree}
    if isinstance(tree, (list, tuple)):
        return type(tree)(tree_map(function, *branches) for branches in zip(tree, *others))
    return function(tree, *others)
