"""Which examples of a batch a value holds, and what has been computed for them.

When a function decides something by a batched value, the batch is split: the run goes on with the
examples that agree, and the others are run again later, alone. Values computed before the split
still hold all examples; they are narrowed when they are next used.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.array import RAW, Array

MEMORY = 1 << 26  # bytes of results that a batch remembers, in case that it is split
ENTRY = 512  # bytes; about what remembering one operation takes beside its results
PYTHON = frozenset([bool, int, float, complex])
SMALL = 1024  # bytes; constants up to here are compared by value


class Axis:
    """The axis of the examples of one vmap.

    Attributes
    ----------
    size : int
        The number of examples.
    name : hashable
        What `axis_name` was given; None without a name.
    everything : Rows
        All examples.
    """

    __slots__ = ("_known", "everything", "name", "size")

    def __init__(self, size: int, name: Any = None) -> None:
        self.size = size
        self.name = name
        self._known: dict[bytes, Rows] = {}
        self.everything = Rows(self, None)

    def rows(self, indices: np.ndarray[Any, Any]) -> Rows:
        """Return the rows at sorted positions; the same object for the same positions."""
        if len(indices) == self.size:
            return self.everything
        key = indices.tobytes()
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = Rows(self, indices)
        return found

    def forget(self) -> None:
        """Drop what can be made again: rows that know each other live as long as one is used."""
        for rows in (*self._known.values(), self.everything):
            rows.forget()
        self._known.clear()

    def __repr__(self) -> str:
        return f"Axis({self.size}, {self.name!r})"


class Rows:
    """Some of the examples along an axis, in order; made by `Axis.rows`."""

    __slots__ = ("_indices", "_within", "axis", "size")

    def __init__(self, axis: Axis, indices: np.ndarray[Any, Any] | None) -> None:
        self.axis = axis
        self._indices = indices
        self.size = axis.size if indices is None else len(indices)
        self._within: dict[Rows, tuple[Rows, Any]] = {}

    @property
    def indices(self) -> np.ndarray[Any, Any]:
        """The positions of the examples, in order."""
        if self._indices is None:
            self._indices = np.arange(self.size)
        return self._indices

    def within(self, other: Rows) -> tuple[Rows, Any]:
        """Return the rows of `other` that are among these, and their positions in `other`.

        The positions are a slice, if they can be.
        """
        found = self._within.get(other)
        if found is None:
            positions = np.searchsorted(other.indices, self.indices)
            among = positions < other.size
            among[among] = other.indices[positions[among]] == self.indices[among]
            rows = self if among.all() else self.axis.rows(self.indices[among])
            found = self._within[other] = (rows, _as_slice(positions[among]))
        return found

    def forget(self) -> None:
        """Drop what can be made again."""
        self._within.clear()
        if self is self.axis.everything:
            self._indices = None

    def without(self, other: Rows) -> Rows:
        """Return these rows except for those of `other`."""
        return self.axis.rows(np.setdiff1d(self.indices, other.indices, assume_unique=True))

    def together(self, other: Rows) -> Rows:
        """Return these rows and those of `other`."""
        return self.axis.rows(np.union1d(self.indices, other.indices))

    def groups(self, answers: np.ndarray[Any, Any]) -> list[Rows]:
        """Return the rows by their answers, an array with one of any shape for each row.

        There is one group if all agree. The first group is that of True, or else the largest.
        """
        flat = answers.reshape(self.size, -1)
        if not flat.shape[1]:
            return [self]
        # Zeros of both signs are equal, and not the same.
        if (flat == flat[0]).all() and (flat.dtype.kind not in "fc" or flat.all()):
            return [self]
        if flat.shape[1] == 1 and flat.dtype.kind == "b":
            chosen = flat[:, 0]
            return [self.axis.rows(self.indices[chosen]), self.axis.rows(self.indices[~chosen])]
        whole = np.ascontiguousarray(flat)
        whole = whole.view(np.dtype((np.void, whole.dtype.itemsize * whole.shape[1])))[:, 0]
        _, inverse = np.unique(whole, return_inverse=True)
        sizes = np.bincount(inverse)
        order = np.argsort(-sizes, kind="stable")
        return [self.axis.rows(self.indices[inverse == group]) for group in order]

    def __repr__(self) -> str:
        return f"Rows({self.indices.tolist()})"


def _as_slice(positions: np.ndarray[Any, Any]) -> Any:
    if len(positions) and positions[-1] - positions[0] == len(positions) - 1:
        return slice(int(positions[0]), int(positions[-1]) + 1)
    return positions


class Memory:
    """The results of a run, in order, for runs that begin in the same way.

    A part of a split batch is run again from the start. Up to the split it meets the same
    operations on the same values, and takes their results from here.
    """

    __slots__ = ("_entries", "_limit", "_position", "_room")

    def __init__(self) -> None:
        self._entries: list[tuple[Any, tuple[Any, ...], dict[str, Any], Any]] = []
        self._position = 0
        self._limit = 0  # how many of the entries belong to this run
        self._room = MEMORY

    def prefix(self) -> Memory:
        """Return what is known so far, for a run of its own from the start."""
        memory = Memory()
        memory._entries = self._entries
        memory._limit = self._position
        memory._room = self._room
        return memory

    def recall(self, function: Any, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Return the result of the next operation, None if it is not known."""
        position = self._position
        if position >= self._limit:
            return None
        known, known_args, known_params, result = self._entries[position]
        if known is function and len(known_args) == len(args):
            for x, y in zip(known_args, args):
                if x is not y and not _same(x, y):
                    break
            else:
                if known_params is params or _equal(known_params, params):
                    self._position = position + 1
                    return result
        self._limit = position  # another way was taken: nothing after this is the same
        return None

    def note(
        self, function: Any, args: tuple[Any, ...], params: dict[str, Any], result: Any, size: int
    ) -> None:
        """Remember a result that was not known, of that many bytes."""
        if self._room < 0:
            return
        entries = self._entries
        if len(entries) > self._position:  # the rest belongs to another run
            entries = self._entries = entries[: self._position]
        self._room -= ENTRY + size
        if self._room < 0:  # too much to hold; a part will have to compute it again
            self._entries, self._limit, self._position = [], 0, 0
            return
        entries.append((function, args, params, result))
        self._position += 1
        self._limit = self._position


def _same(x: Any, y: Any) -> bool:
    if x is y:
        return True
    kind = type(x)
    if kind is not type(y):
        return False
    if kind in PYTHON:
        return repr(x) == repr(y)  # 0.0 and -0.0 are not the same
    if kind is Array:
        x, y = x.value, y.value
    return bool(
        type(x) in RAW
        and type(x) is type(y)
        and x.dtype == y.dtype
        and x.shape == y.shape
        and x.nbytes <= SMALL
        and x.tobytes() == y.tobytes()
    )


def _equal(some: dict[str, Any], others: dict[str, Any]) -> bool:
    try:
        return bool(some == others)
    except Exception:  # whatever a parameter's own comparison raises: not known to be equal
        return False


def take(value: Any, positions: Any) -> Any:
    """Return the rows of a batch at positions as `Rows.within` returns them."""
    result = value[positions]
    return result.value if type(result) is Array else result
