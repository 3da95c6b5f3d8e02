"""Cumulative results of an associative operation: `associative_scan`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fungrad import tree
from fungrad.errors import LoopLengthError, StepOutputError, TreeMismatchError, describe
from fungrad.numpy.common import as_array, axis_index, lift
from fungrad.numpy.joining import concatenate, stack
from fungrad.numpy.shapes import flip, reshape
from fungrad.transforms.call import name_of


def associative_scan(
    fn: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0
) -> Any:
    """Combine the elements from the first up to each one, by an associative operation.

    The result has ``e[0]``, ``fn(e[0], e[1])``, ``fn(fn(e[0], e[1]), e[2])``, and so on. Because
    `fn` is associative, whole arrays of elements can be combined at once, and it is called about
    twice the logarithm of their number times.

    Parameters
    ----------
    fn : callable
        Takes two trees like `elems` with fewer elements along the axis, as many in both; returns
        the combined elements: a tree of the same structure and shapes.
    elems : tree of arrays
        All of one length along `axis`.
    reverse : bool
        Whether to combine from the last element down to each one.
    axis : int
        The axis of the elements.

    Returns
    -------
    tree of arrays
        Like `elems`.

    Raises
    ------
    LoopLengthError
        If the leaves do not have one length along `axis`.
    StepOutputError
        If `fn` returns another structure or shape.

    Examples
    --------
    >>> fg.lax.associative_scan(fnp.multiply, fnp.array([1, 2, 3, 4]))
    Array([ 1,  2,  6, 24], dtype=int64)
    >>> def compose(first, then):  # of the functions x -> a x + b
    ...     return first[0] * then[0], first[1] * then[0] + then[1]
    >>> fg.lax.associative_scan(compose, (fnp.array([1.0, 0.5]), fnp.array([2.0, 3.0])))
    (Array([1. , 0.5], dtype=float64), Array([2., 4.], dtype=float64))
    """
    title = f"associative_scan of {name_of(fn)}"
    leaves, structure = tree.flatten(elems)
    arrays = [as_array(lift(leaf, title)) for leaf in leaves]
    axes = [axis_index(axis, array.ndim) for array in arrays]
    lengths = [array.shape[each] for array, each in zip(arrays, axes, strict=True)]
    if len(set(lengths)) > 1:
        paths = [tree.format_path("elems", path) for path, _ in tree.leaves_with_path(elems)]
        raise LoopLengthError.leaves(title, list(zip(paths, lengths, strict=True)))
    combined = _Combined(fn, structure, axes, title)
    if reverse:
        arrays = [flip(array, each) for array, each in zip(arrays, axes, strict=True)]
    results = combined.prefixes(arrays)
    if reverse:
        results = [flip(array, each) for array, each in zip(results, axes, strict=True)]
    return structure.unflatten(results)


class _Combined:
    """An associative operation on the leaves of trees."""

    def __init__(self, function: Any, structure: Any, axes: list[int], title: str) -> None:
        self.function = function
        self.structure = structure
        self.axes = axes
        self.title = title

    def prefixes(self, arrays: list[Any]) -> list[Any]:
        """Return the elements combined from the first up to each one."""
        count = arrays[0].shape[self.axes[0]] if arrays else 0
        if count < 2:
            return arrays
        # Neighbours combined, and these from the first on, are every second result.
        pairs = self.combine(self.cut(arrays, 0, count - 1, 2), self.cut(arrays, 1, count, 2))
        odd = self.prefixes(pairs)
        even = self.cut(arrays, 0, 1, 1)
        if count > 2:
            others = (count - 1) // 2
            behind = self.combine(self.cut(odd, 0, others, 1), self.cut(arrays, 2, count, 2))
            even = [concatenate(both, each) for *both, each in zip(even, behind, self.axes)]
        return [self.interleave(*both) for both in zip(even, odd, self.axes)]

    def combine(self, first: list[Any], then: list[Any]) -> list[Any]:
        """Call the function on trees; return the leaves of its result."""
        result = self.function(self.structure.unflatten(first), self.structure.unflatten(then))
        try:
            leaves = self.structure.flatten_up_to(result, caller=self.title, name="the result")
        except TreeMismatchError as error:
            raise StepOutputError(str(error)) from None
        combined = [as_array(lift(leaf, self.title)) for leaf in leaves]
        for position, (given, leaf) in enumerate(zip(first, combined, strict=True)):
            if given.shape != leaf.shape:
                path = tree.format_path("the result", self.structure.paths()[position])
                raise StepOutputError.combined(self.title, path, describe(given), describe(leaf))
        return combined

    def cut(self, arrays: list[Any], start: int, stop: int, step: int) -> list[Any]:
        """Return slices of the axes."""
        return [
            array[(*(slice(None),) * each, slice(start, stop, step))]
            for array, each in zip(arrays, self.axes, strict=True)
        ]

    @staticmethod
    def interleave(even: Any, odd: Any, axis: int) -> Any:
        """Return the elements of both in turn; `even` may have one more."""
        count, extra = odd.shape[axis], even.shape[axis] - odd.shape[axis]
        before = (slice(None),) * axis
        pairs = stack([even[(*before, slice(count))], odd], axis + 1)
        shape = (*odd.shape[:axis], 2 * count, *odd.shape[axis + 1 :])
        both = reshape(pairs, shape)
        return concatenate([both, even[(*before, slice(count, None))]], axis) if extra else both


__all__ = ["associative_scan"]
