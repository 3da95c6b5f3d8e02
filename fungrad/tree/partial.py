"""A function with some of its arguments, as a tree of these arguments."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from fungrad.tree.nodes import NodeType, register
from fungrad.tree.paths import GetAttrKey, KeyEntry

__all__ = [
    "Partial",
]

Result = TypeVar("Result")


class PartialNode(NodeType):
    """`Partial`: the arguments are children, the function is static."""

    __slots__ = ()

    def flatten(self, tree: Partial[Any]) -> tuple[Sequence[Any], Any]:
        return (tree.args, tree.keywords), tree.func

    def unflatten(self, data: Any, children: tuple[Any, ...]) -> Any:
        args, keywords = children
        return Partial(data, *args, **keywords)

    def keys(self, data: Any, count: int) -> Sequence[KeyEntry]:
        return [GetAttrKey("args"), GetAttrKey("keywords")]


class Partial(functools.partial[Result]):
    """A function with some arguments filled in, which is a tree of these arguments.

    The function and the names of keywords belong to the structure. A `Partial` of a `Partial` is
    one with the arguments of both; a plain `functools.partial` stays whole, as a static function.

    Parameters
    ----------
    func
        The function.
    *args, **keywords
        Its first arguments.

    Examples
    --------
    >>> scaled = fg.tree_util.Partial(np.multiply, 3.0)
    >>> scaled(2.0)
    np.float64(6.0)
    >>> fg.tree.leaves(scaled)
    [3.0]
    """

    def __new__(
        cls, func: Callable[..., Result], /, *args: Any, **keywords: Any
    ) -> Partial[Result]:
        """Make a partial, with the arguments of `func` before the others if it is one."""
        if isinstance(func, Partial):
            args, keywords = (*func.args, *args), {**func.keywords, **keywords}
            func = func.func
        partial: Any = super().__new__(cls, func)
        # The constructor of functools.partial would open a plain partial and take its arguments.
        partial.__setstate__((func, args, keywords, None))
        return partial  # type: ignore[no-any-return]


register(PartialNode(Partial))
