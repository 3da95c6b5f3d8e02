"""Policies: which results a checkpointed function keeps instead of computing them again.

A policy is a function ``policy(function, *shapes, **params)``. It is asked about each operation: a
`fungrad.Function`, the shapes of its arguments, and its static parameters. It says whether the
result is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from fungrad import tree
from fungrad.array import RAW, Array
from fungrad.rules.families import Linear
from fungrad.rules.products import Contract, Matmul

Policy: TypeAlias = Callable[..., bool]


class Name(Linear):
    """The same array, under a name."""

    @staticmethod
    def kernel(x: Any, name: str) -> Any:
        return x

    @staticmethod
    def transpose(g: Any, shape: tuple[int, ...], params: dict[str, Any]) -> Any:
        return g

    @staticmethod
    def shift(size: int, x: Any, params: dict[str, Any]) -> dict[str, Any]:
        return params


def checkpoint_name(x: Any, name: str) -> Any:
    """Give a value a name by which a policy of `checkpoint` can keep it.

    Parameters
    ----------
    x : tree of arrays
    name : str

    Returns
    -------
    tree of arrays
        The same values.

    Examples
    --------
    >>> def block(w, x):
    ...     h = fg.checkpoint_name(w @ x, "hidden")
    ...     return fnp.tanh(h).sum()
    >>> policy = fg.checkpoint_policies.save_only_these_names("hidden")
    >>> fg.grad(fg.checkpoint(block, policy=policy))(np.eye(2), np.ones(2))
    Array([[0.41997434, 0.41997434],
           [0.41997434, 0.41997434]], dtype=float64)
    """
    if not isinstance(name, str):
        raise TypeError(f"checkpoint_name: the name is a str, got {name!r}")
    return tree.map(
        lambda leaf: (
            Name.apply(leaf, name=name) if isinstance(leaf, Array) or type(leaf) in RAW else leaf
        ),
        x,
    )


def everything_saveable(function: Any, /, *shapes: Any, **params: Any) -> bool:
    """Keep every result, as if there were no checkpoint."""
    return True


def nothing_saveable(function: Any, /, *shapes: Any, **params: Any) -> bool:
    """Keep nothing but the inputs, as without a policy."""
    return False


def dots_saveable(function: Any, /, *shapes: Any, **params: Any) -> bool:
    """Keep the results of matrix products and contractions, which cost most to compute."""
    return function in (Matmul, Contract)


def dots_with_no_batch_dims_saveable(function: Any, /, *shapes: Any, **params: Any) -> bool:
    """Keep the results of products of matrices, but not of stacks of matrices with stacks."""
    if function is Matmul:
        return any(len(shape) <= 2 for shape in shapes)
    if function is Contract:
        x, y, z = params["labels"]
        return not set(x) & set(y) & set(z)
    return False


checkpoint_dots = dots_saveable
checkpoint_dots_with_no_batch_dims = dots_with_no_batch_dims_saveable


class _Names:
    """The policies by name; a class, so that they pickle."""

    def __init__(self, names: tuple[str, ...], saved: bool, others: bool) -> None:
        self.names, self.saved, self.others = frozenset(names), saved, others

    def __call__(self, function: Any, /, *shapes: Any, **params: Any) -> bool:
        if function is not Name:
            return self.others
        return self.saved if params["name"] in self.names else not self.saved


class _Either:
    def __init__(self, *policies: Policy) -> None:
        self.policies = policies

    def __call__(self, function: Any, /, *shapes: Any, **params: Any) -> bool:
        return any(policy(function, *shapes, **params) for policy in self.policies)


def save_only_these_names(*names: str) -> Policy:
    """Keep the values to which `checkpoint_name` gave one of these names, and nothing else."""
    return _Names(names, saved=True, others=False)


def save_any_names_but_these(*names: str) -> Policy:
    """Keep the values to which `checkpoint_name` gave any other name, and nothing else."""
    return _Names(names, saved=False, others=False)


def save_anything_except_these_names(*names: str) -> Policy:
    """Keep every result but those to which `checkpoint_name` gave one of these names."""
    return _Names(names, saved=False, others=True)


def save_from_both_policies(policy_1: Policy, policy_2: Policy) -> Policy:
    """Keep what either policy keeps."""
    return _Either(policy_1, policy_2)


__all__ = [
    "checkpoint_dots",
    "checkpoint_dots_with_no_batch_dims",
    "dots_saveable",
    "dots_with_no_batch_dims_saveable",
    "everything_saveable",
    "nothing_saveable",
    "save_any_names_but_these",
    "save_anything_except_these_names",
    "save_from_both_policies",
    "save_only_these_names",
]
