"""Applying Python functions along axes and to elements."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fungrad.array import operations
from fungrad.errors import ShapeError
from fungrad.numpy.common import as_array, axis_index, lift
from fungrad.numpy.joining import stack
from fungrad.numpy.shapes import broadcast_to, expand_dims, moveaxis, reshape


def apply_along_axis(
    func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any
) -> Any:
    """Return the results of a function for each one-dimensional slice along an axis.

    The function runs once for each slice; `fungrad.vmap` runs it for all of them at once.

    Parameters
    ----------
    func1d : callable
        Takes a slice; returns a number or an array, whose axes stand in the place of `axis`.
    axis : int
    arr : array_like
    *args, **kwargs
        For `func1d`.

    Examples
    --------
    >>> fnp.apply_along_axis(lambda row: row[0] + row[-1], 1, [[1, 2, 3], [4, 5, 6]])
    Array([ 4, 10], dtype=int64)
    """
    x = as_array(lift(arr, "apply_along_axis"))
    axis = axis_index(axis, x.ndim)
    x = moveaxis(x, axis, -1)
    outer = x.shape[:-1]
    if 0 in outer:
        raise ShapeError("apply_along_axis", [x], "there is no slice to apply the function to")
    results = [lift(func1d(x[place], *args, **kwargs), "func1d") for place in np.ndindex(outer)]
    shape = results[0].shape
    joined = reshape(stack(results), (*outer, *shape))
    inner = range(len(outer), len(outer) + len(shape))
    return moveaxis(joined, inner, range(axis, axis + len(shape)))


def apply_over_axes(func: Callable[..., Any], a: Any, axes: Any) -> Any:
    """Return the array after ``func(array, axis)`` for each of the axes, in order.

    Parameters
    ----------
    func : callable
        Takes an array and an axis; a result without that axis gets it back, of length one.
    a : array_like
    axes : int or sequence of int

    Examples
    --------
    >>> fnp.apply_over_axes(fnp.sum, fnp.ones((2, 3, 4)), [0, 2])
    Array([[[8.],
            [8.],
            [8.]]], dtype=float64)
    """
    x = as_array(lift(a, "apply_over_axes"))
    for axis in axes if np.iterable(axes) else (axes,):
        place = axis_index(axis, x.ndim)
        result = lift(func(x, place), "func")
        if result.ndim == x.ndim - 1:
            result = expand_dims(result, place)
        if result.ndim != x.ndim:
            raise ShapeError("apply_over_axes", [result], f"the function must keep {x.ndim} axes")
        x = as_array(result)
    return x


class vectorize:
    """A function of numbers, or of small arrays, as one of arrays that broadcast.

    The function runs once for each element; `fungrad.vmap` runs it for all of them at once.

    Parameters
    ----------
    pyfunc : callable
    otypes : str or sequence of dtype, optional
        The dtypes of the results.
    doc : str, optional
        The docstring; that of `pyfunc` when left out.
    excluded : set of int or str, optional
        Arguments that are passed as they are, by position or keyword.
    cache : bool
        Without effect.
    signature : str, optional
        The axes of each argument and result that belong to `pyfunc`: ``"(n),(n)->()"``.

    Examples
    --------
    >>> f = fnp.vectorize(lambda a, b: a if a > b else b)
    >>> f([1.0, 2.0, 3.0], 2.0)
    Array([2., 2., 3.], dtype=float64)
    """

    def __init__(
        self,
        pyfunc: Callable[..., Any],
        otypes: Any = None,
        doc: str | None = None,
        excluded: Any = None,
        cache: bool = False,
        signature: str | None = None,
    ) -> None:
        functools.update_wrapper(self, pyfunc)
        if doc is not None:
            self.__doc__ = doc
        self.pyfunc = pyfunc
        self.otypes = None if otypes is None else [np.dtype(each) for each in otypes]
        self.excluded = frozenset(() if excluded is None else excluded)
        self.signature = signature
        self._axes = None if signature is None else _parse_signature(signature)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Apply the function to each element."""
        mapped: dict[Any, Any] = {
            key: as_array(lift(value, "vectorize"))
            for key, value in [*enumerate(args), *kwargs.items()]
            if key not in self.excluded
        }
        cores = self._core_counts(mapped)
        shape = np.broadcast_shapes(*[x.shape[: x.ndim - cores[key]] for key, x in mapped.items()])
        if 0 in shape:
            raise ShapeError("vectorize", mapped.values(), "there is no element to apply it to")
        spread = {
            key: broadcast_to(x, (*shape, *x.shape[x.ndim - cores[key] :]))
            for key, x in mapped.items()
        }
        outputs: list[tuple[Any, ...]] = []
        several = False
        for place in np.ndindex(shape):
            given = {key: x[place] for key, x in spread.items()}
            result = self.pyfunc(
                *[given.get(position, arg) for position, arg in enumerate(args)],
                **{name: given.get(name, arg) for name, arg in kwargs.items()},
            )
            several = isinstance(result, tuple)
            outputs.append(result if several else (result,))
        results = []
        for position, column in enumerate(zip(*outputs, strict=True)):
            joined = stack([lift(each, "vectorize") for each in column])
            joined = reshape(joined, (*shape, *joined.shape[1:]))
            if self.otypes is not None:
                joined = operations.astype(joined, self.otypes[position])
            results.append(joined)
        return tuple(results) if several else results[0]

    def _core_counts(self, mapped: dict[Any, Any]) -> dict[Any, int]:
        """Return how many axes of each argument belong to the function; check their lengths."""
        if self._axes is None:
            return dict.fromkeys(mapped, 0)
        if len(self._axes) != len(mapped):
            raise TypeError(
                f"vectorize: the signature {self.signature!r} has {len(self._axes)} arguments, "
                f"the call {len(mapped)}"
            )
        lengths: dict[str, int] = {}
        for names, x in zip(self._axes, mapped.values(), strict=True):
            if x.ndim < len(names):
                raise ShapeError("vectorize", [x], f"the signature asks for the axes {names}")
            for name, length in zip(names, x.shape[x.ndim - len(names) :], strict=True):
                if lengths.setdefault(name, length) != length:
                    raise ShapeError(
                        "vectorize",
                        mapped.values(),
                        f"the axis {name} has the lengths {lengths[name]} and {length}",
                    )
        return {key: len(names) for key, names in zip(mapped, self._axes, strict=True)}


def _parse_signature(signature: str) -> Sequence[tuple[str, ...]]:
    """Return the names of the axes of each argument in ``"(m,n),(n)->(m)"``."""
    argument = r"\(\w*(?:,\w+)*\)"
    arguments = rf"{argument}(?:,{argument})*"
    text = re.sub(r"\s+", "", signature)
    if not re.fullmatch(rf"{arguments}->{arguments}", text):
        raise ValueError(f'vectorize: {signature!r} is not a signature such as "(m,n),(n)->(m)"')
    found = re.findall(r"\(([^)]*)\)", text.split("->")[0])
    return [tuple(filter(None, names.split(","))) for names in found]


__all__ = ["apply_along_axis", "apply_over_axes", "vectorize"]
