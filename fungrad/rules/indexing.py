"""Indexing: reading and writing parts of an array.

Static indices (integers, slices, None, ...) are a parameter; index arrays are positional arguments,
so that they may be batched. `lead` counts the axes in front of the indexed ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from types import EllipsisType
from typing import Any, TypeAlias

import numpy as np

from fungrad.array import RAW
from fungrad.function import fit
from fungrad.rules.families import Constant, Linear, Rule, align, broadcast
from fungrad.rules.placed import Placed

BasicItem: TypeAlias = int | slice | EllipsisType | None

DUPLICATES_MATTER = 1024  # elements; below, looking for repeated rows gains nothing


class BasicIndex:
    """An index without arrays, as a static parameter.

    Slices cannot be hashed before Python 3.12; and hashing them only when asked keeps the cost of
    ``x[i]`` low.
    """

    __slots__ = ("items",)

    def __init__(self, items: BasicItem | tuple[BasicItem, ...]) -> None:
        self.items = items

    def behind_batch(self) -> BasicIndex:
        """Return the same index for a batch of arrays."""
        items = self.items if type(self.items) is tuple else (self.items,)
        return BasicIndex((slice(None), *items))

    def rank(self, shape: tuple[int, ...]) -> int:
        """Return the number of axes of an indexed array of that shape."""
        return np.broadcast_to(np.False_, shape)[self.items].ndim

    def _key(self) -> Any:
        items = self.items if type(self.items) is tuple else (self.items,)
        return tuple(
            (item.start, item.stop, item.step) if type(item) is slice else item for item in items
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BasicIndex) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"BasicIndex({self.items!r})"


class Slice(Linear):
    """``x[index]`` for a static index."""

    @staticmethod
    def kernel(x: Any, index: BasicIndex) -> Any:
        z = x[index.items]
        return z[()] if type(z) is np.ndarray and not z.shape else z

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        (x,) = values
        z = cls.apply(x, **params) if nested else cls.kernel(x, **params)
        return z, (x.shape, params)

    @staticmethod
    def transpose(g: Any, shape: tuple[int, ...], params: dict[str, Any]) -> Any:
        if type(g) not in RAW or not shape:
            return Place.call(g, shape=shape, **params)
        items = params["index"].items

        def write(out: Any) -> None:
            out[items] += g

        return Placed(shape, g.dtype, write)

    @staticmethod
    def shift(size: int, x: Any, params: dict[str, Any]) -> dict[str, Any]:
        return {"index": params["index"].behind_batch()}


class Place(Linear):
    """Zeros of a shape, with x at a static index."""

    @staticmethod
    def kernel(x: Any, index: BasicIndex, shape: tuple[int, ...]) -> Any:
        z = np.zeros(shape, x.dtype)
        z[index.items] = x
        return z if shape else z[()]

    @staticmethod
    def transpose(g: Any, shape: tuple[int, ...], params: dict[str, Any]) -> Any:
        return Slice.call(g, index=params["index"])

    @staticmethod
    def shift(size: int, x: Any, params: dict[str, Any]) -> dict[str, Any]:
        return {"index": params["index"].behind_batch(), "shape": (size, *params["shape"])}


class Gather(Rule):
    """Elements or rows at index arrays: ``x[(:,) * lead + indices]``."""

    masks = True

    @staticmethod
    def kernel(x: Any, *indices: Any, lead: int) -> Any:
        if len(indices) == 1 and type(x) is np.ndarray and x.flags.c_contiguous:
            return x.take(indices[0], axis=lead)  # quicker than the general way
        return x[(slice(None),) * lead + indices]

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        x, *indices = values
        return cls.call(*values, **params), (x.shape, indices, params)

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        shape, indices, params = notes
        rest = [None] * len(indices)
        if all(type(each) in RAW for each in (gradient, *indices)):
            write = partial(
                accumulate, np.add, values=gradient, indices=indices, lead=params["lead"]
            )
            return (Placed(shape, gradient.dtype, write), *rest)
        zeros = broadcast(gradient.dtype.type(0), shape)
        return (AddAt.call(zeros, gradient, *indices, **params), *rest)

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        indices = values[1:]
        return cls.call(*values, **params), cls.call(tangents[0], *indices, **params)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        x, *indices = values
        lead = params["lead"]
        if not any(batched[1:]):
            return cls.call(x, *indices, lead=lead + 1), True
        indices = align(batched[1:], indices)
        if not batched[0]:
            return np.moveaxis(cls.call(x, *indices, lead=lead), lead, 0), True
        moved = _lead_behind(x, lead, len(indices))
        z = cls.call(moved, _examples(size, indices), *indices, lead=0)
        return _lead_in_front(z, lead, _rank(indices) - 1), True


class _Write(Rule):
    """A copy of x with something done at an index; the second argument holds the values.

    Unless a subclass says otherwise, the result is linear in x and the values together.
    """

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        z = cls.call(*values, **params)
        t_x, t_values, *_ = tangents
        t_x = broadcast(z.dtype.type(0), z.shape) if t_x is None else t_x
        t_values = z.dtype.type(0) if t_values is None else t_values
        return z, cls.call(t_x, t_values, *values[2:], **params)

    @classmethod
    def fit_values(cls, gradient: Any, shape: tuple[int, ...]) -> Any:
        """Sum over what the values were repeated to: it need not have the shape of the result."""
        return fit(gradient, shape, gradient.dtype, cls, 1)


class SetSlice(_Write):
    """A copy of x with values at a static index."""

    masks = True

    @staticmethod
    def kernel(x: Any, values: Any, index: BasicIndex) -> Any:
        z = np.array(x)
        z[index.items] = values
        return z if z.shape else z[()]

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        return cls.call(*values, **params), (values[1].shape, params)

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        shape, params = notes
        g_x = g_values = None
        if parents[0] >= 0:
            g_x = cls.call(gradient, gradient.dtype.type(0), **params)
        if parents[1] >= 0:
            g_values = cls.fit_values(Slice.call(gradient, **params), shape)
        return g_x, g_values

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        x, new = values
        index = params["index"]
        if batched[1]:
            shape = x.shape[1:] if batched[0] else x.shape
            new = _raise_rank(new, 1 + index.rank(shape))
        if not batched[0]:
            x = np.broadcast_to(x, (size, *x.shape))
        return cls.call(x, new, index=index.behind_batch()), True


class _WriteAt(_Write):
    """Values written at index arrays: arguments x, values and the arrays."""

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        _, new, *indices = values
        return cls.call(*values, **params), (new.shape, indices, params)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        x, new, *indices = values
        lead = params["lead"]
        if not batched[0]:
            x = np.broadcast_to(x, (size, *x.shape))
        if not any(batched[2:]):
            if batched[1]:
                new = _raise_rank(new, x.ndim - len(indices) + _rank(indices))
            return cls.call(x, new, *indices, lead=lead + 1), True
        indices = align(batched[2:], indices)
        rank = _rank(indices) - 1
        full = x.ndim - len(indices) + rank
        if batched[1]:
            new = _raise_rank(new, full)
        elif lead:  # its axes move with those of x
            new = np.reshape(new, (*(1,) * (full - new.ndim), *new.shape))
        moved = _lead_behind(x, lead, len(indices))
        new = _lead_behind(new, lead, rank)
        z = cls.call(moved, new, _examples(size, indices), *indices, lead=0)
        return _lead_in_front(z, lead, len(indices)), True


class SetAt(_WriteAt):
    """A copy of x with values at index arrays; of a repeated index the last one counts."""

    masks = True

    @staticmethod
    def kernel(x: Any, values: Any, *indices: Any, lead: int) -> Any:
        z = x.copy()
        z[(slice(None),) * lead + indices] = values
        return z

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        shape, indices, params = notes
        g_x = g_values = None
        if parents[0] >= 0:
            g_x = cls.call(gradient, gradient.dtype.type(0), *indices, **params)
        if parents[1] >= 0:
            g_values = Gather.call(gradient, *indices, **params)
            lead, behind = params["lead"], params["lead"] + len(indices)
            won = LastWins.call(*indices, dims=gradient.shape[lead:behind])
            if type(won) not in RAW or not won.all():
                won = np.reshape(won, (*won.shape, *(1,) * (gradient.ndim - behind)))
                g_values = np.where(won, g_values, gradient.dtype.type(0))
            g_values = cls.fit_values(g_values, shape)
        return (g_x, g_values, *[None] * len(indices))


class AddAt(_WriteAt):
    """A copy of x with values added at index arrays; repeated indices add up."""

    @staticmethod
    def kernel(x: Any, values: Any, *indices: Any, lead: int) -> Any:
        return accumulate(np.add, x.copy(), values, indices, lead)

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        shape, indices, params = notes
        g_values = None
        if parents[1] >= 0:
            g_values = cls.fit_values(Gather.call(gradient, *indices, **params), shape)
        return (gradient, g_values, *[None] * len(indices))


class _ExtremumAt(_WriteAt):
    """The extremum of x and all values at an index; those that attain it share the derivative."""

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        z = cls.call(*values, **params)
        return z, (z, values, params)

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        z, values, params = notes
        indices = values[2:]
        share_x, share_values = cls.shares(z, values, params)
        g_x = gradient * share_x if parents[0] >= 0 else None
        g_values = None
        if parents[1] >= 0:
            g_values = Gather.call(gradient, *indices, **params) * share_values
            g_values = cls.fit_values(g_values, values[1].shape)
        return (g_x, g_values, *[None] * len(indices))

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        z = cls.call(*values, **params)
        indices = values[2:]
        share_x, share_values = cls.shares(z, values, params)
        zero = z.dtype.type(0)
        t_x, t_values, *_ = tangents
        t = broadcast(zero, z.shape) if t_x is None else t_x * share_x
        if t_values is not None:
            t = AddAt.call(t, t_values * share_values, *indices, **params)
        return z, t

    @classmethod
    def shares(cls, z: Any, values: Sequence[Any], params: dict[str, Any]) -> tuple[Any, Any]:
        """Return the derivatives of z with respect to x and the values, as weights."""
        x, new, *indices = values
        z_there = Gather.call(z, *indices, **params)
        # A column or a number that is broadcast counts once for each place that it goes to.
        attains_x = (x == z).astype(z.dtype)
        attains = (new == z_there).astype(z.dtype)
        count = np.maximum(AddAt.call(attains_x, attains, *indices, **params), 1)
        return attains_x / count, attains / Gather.call(count, *indices, **params)


class MaximumAt(_ExtremumAt):
    @staticmethod
    def kernel(x: Any, values: Any, *indices: Any, lead: int) -> Any:
        return accumulate(np.maximum, x.copy(), values, indices, lead)


class MinimumAt(_ExtremumAt):
    @staticmethod
    def kernel(x: Any, values: Any, *indices: Any, lead: int) -> Any:
        return accumulate(np.minimum, x.copy(), values, indices, lead)


class LastWins(Constant):
    """Whether no later element of the index arrays names the same place.

    `dims` are the lengths of the axes that are indexed.
    """

    @staticmethod
    def kernel(*indices: Any, dims: tuple[int, ...]) -> Any:
        rows = flat_rows(indices, dims)
        order = np.arange(rows.size).reshape(rows.shape)
        last = np.empty(np.prod(dims, dtype=np.intp), np.intp)
        last[rows] = order
        return last[rows] == order

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        indices = align(batched, values)
        return cls.call(_examples(size, indices), *indices, dims=(size, *params["dims"])), True


# --- shared pieces -------------------------------------------------------------------------------


def accumulate(ufunc: np.ufunc, out: Any, values: Any, indices: Sequence[Any], lead: int) -> Any:
    """Do ``ufunc.at(out, (:,) * lead + indices, values)`` quickly, and return out.

    NumPy's `at` is quick for one axis only, so the elements are numbered as in one axis. The
    indices must be in range.
    """
    if out.ndim == 1:
        # `ufunc.at` reads beyond the end of values that it would have to broadcast (NumPy 2.4).
        (index,) = indices
        ufunc.at(out, index, np.broadcast_to(values, index.shape))
        return out
    behind = lead + len(indices)
    dims, row = out.shape[lead:behind], out.shape[behind:]
    rows = flat_rows(indices, dims)
    length = _product(row)
    values = np.broadcast_to(values, (*out.shape[:lead], *rows.shape, *row))
    if (
        ufunc is np.add
        and not lead
        and values.size > DUPLICATES_MATTER
        and out.size <= 4 * values.size
        and np.bincount(rows.ravel()).max() <= 1
    ):
        out.reshape(-1, *row)[rows] += values
        return out
    elements = rows
    if length != 1:
        elements = np.add.outer(rows * length, np.arange(length))
    if lead:
        count = _product(out.shape[:lead])
        step = _product(out.shape[lead:])
        elements = np.add.outer(np.arange(count) * step, elements)
    ufunc.at(out.reshape(-1), elements.reshape(-1), values.reshape(-1))
    return out


def flat_rows(indices: Sequence[Any], dims: tuple[int, ...]) -> Any:
    """Return the numbers of the places that index arrays name, counted along all axes."""
    if len(indices) == 1:
        (index,) = indices
        return np.where(np.less(index, 0), np.add(index, dims[0]), index)
    return np.ravel_multi_index(tuple(indices), dims, mode="wrap")


def _product(lengths: Sequence[int]) -> int:
    product = 1
    for length in lengths:
        product *= length
    return product


def _rank(indices: Sequence[Any]) -> int:
    return max([index.ndim for index in indices])  # type: ignore[no-any-return]


def _examples(size: int, indices: Sequence[Any]) -> Any:
    """Return the index array of the batch axis itself."""
    return np.arange(size).reshape(size, *(1,) * (_rank(indices) - 1))


def _raise_rank(x: Any, rank: int) -> Any:
    """Insert axes behind the batch axis until x has that many."""
    if x.ndim == rank:
        return x
    return np.reshape(x, (x.shape[0], *(1,) * (rank - x.ndim), *x.shape[1:]))


def _lead_behind(x: Any, lead: int, count: int) -> Any:
    """Move the `lead` axes that follow the batch axis behind the next `count` axes."""
    if not lead:
        return x
    return np.moveaxis(x, range(1, 1 + lead), range(1 + count, 1 + count + lead))


def _lead_in_front(x: Any, lead: int, count: int) -> Any:
    """Undo `_lead_behind`."""
    if not lead:
        return x
    return np.moveaxis(x, range(1 + count, 1 + count + lead), range(1, 1 + lead))
