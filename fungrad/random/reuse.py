"""The check that no key is used twice.

What is used up is the memory of a key's words. So it does not matter by which way a key comes back:
in another container, as ``keys[0]`` taken twice, as an argument of a transform, inside of `vmap`.

A transform may run a function more than once: `vmap`, if its examples decide differently; `scan`,
if the first step widens the carry; a check of derivatives. Runs that are alternatives of each other
may use the same keys; which run it is, is read off the stack.
"""

from __future__ import annotations

import os
import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import CodeType, FrameType
from typing import Any, NamedTuple

import numpy as np

from fungrad.array import Array
from fungrad.errors import KeyReuseError
from fungrad.lax.conditionals import _branch
from fungrad.lax.loops import _Loop
from fungrad.trace import peek
from fungrad.transforms.batch import BatchTrace
from fungrad.transforms.boundary import PACKAGE
from fungrad.transforms.shapes import eval_shape

SWITCH = "FUNGRAD_ALLOW_KEY_REUSE"
NUMPY = os.path.dirname(os.path.abspath(np.__file__)) + os.sep

_allowed: ContextVar[bool] = ContextVar(
    "_allowed", default=os.environ.get(SWITCH, "0") not in ("", "0")
)
_lock = threading.Lock()


@contextmanager
def allow_reuse() -> Iterator[None]:
    """Switch the check for keys that are used twice off, inside of a ``with`` statement.

    With ``FUNGRAD_ALLOW_KEY_REUSE=1`` in the environment it is off from the start.

    Examples
    --------
    >>> from fungrad import random
    >>> key = random.key(0)
    >>> with random.allow_reuse():
    ...     bool(random.uniform(key) == random.uniform(key))
    True
    """
    token = _allowed.set(True)
    try:
        yield
    finally:
        _allowed.reset(token)


# --- runs ----------------------------------------------------------------------------------------


class Alternative(NamedTuple):
    """One of several runs of a function: `owner` says of what, `which` says which."""

    owner: Any
    which: Any

    def excludes(self, other: Alternative) -> bool:
        """Whether only one of two runs counts."""
        return bool(self.owner == other.owner and self.which != other.which)


class Part(Alternative):
    """A run of a branch on some rows of a batch."""

    def excludes(self, other: Alternative) -> bool:
        """Whether they have no row in common."""
        return bool(self.owner is other.owner and not self.which.within(other.which)[0].size)


def _part_of_batch(frame: FrameType) -> Alternative:
    # A batch that was split runs part by part; each adds its result.
    return Alternative(frame.f_locals["self"].id, len(frame.f_locals["results"]))


def _branch_of_batch(frame: FrameType) -> Alternative | None:
    names = frame.f_locals
    return Part(names["axis"], names["rows"]) if names["axis"] is not None else None


def _first_step(frame: FrameType) -> Alternative:
    loop = frame.f_locals["self"]
    return Alternative(weakref.ref(loop), tuple(loop.carry.types))


ALTERNATIVES: dict[CodeType, Any] = {
    BatchTrace.run.__code__: _part_of_batch,
    _branch.__code__: _branch_of_batch,
    _Loop.first.__code__: _first_step,
}
REHEARSALS = {("fungrad.transforms.shapes", eval_shape.__name__), ("fungrad.debug.nans", "run")}
"""Functions that run others beside the real run, by module and name."""


class Use(NamedTuple):
    """One use of a key: by which function, in which line, in which runs."""

    function: str
    file: str
    line: int
    scope: str
    alternatives: tuple[Alternative, ...] = ()

    def conflicts(self, other: Use) -> bool:
        """Whether both happen in the same run."""
        return not any(
            mine.excludes(theirs) for mine in self.alternatives for theirs in other.alternatives
        )

    def __str__(self) -> str:
        here = os.getcwd() + os.sep
        file = self.file.removeprefix(here)
        scope = "" if self.scope == "<module>" else f", in {self.scope}"
        return f"{self.function} at {file}:{self.line}{scope}"


def _use(function: str) -> Use | None:
    """Return the use that is made of a key now; None in a rehearsal."""
    frame: FrameType | None = sys._getframe(2)
    place = None
    alternatives = []
    while frame is not None:
        code = frame.f_code
        file = code.co_filename
        if file.startswith(PACKAGE):
            reader = ALTERNATIVES.get(code)
            if reader is not None:
                alternative = reader(frame)
                if alternative is not None:
                    alternatives.append(alternative)
            module = frame.f_globals["__name__"]
            if module.startswith("fungrad.testing") or (module, code.co_name) in REHEARSALS:
                return None
        elif place is None and not file.startswith(NUMPY):
            place = (file, frame.f_lineno, code.co_name)
        frame = frame.f_back
    return Use(function, *(place or ("<unknown>", 0, "<module>")), tuple(alternatives))


# --- memory --------------------------------------------------------------------------------------


class _Owner(weakref.ref[Any]):
    """The array that owns the memory of words, as long as somebody else holds it."""

    __slots__ = ("identity",)

    identity: int


class _Record:
    """Which keys in the memory of an array of words have been used, and where.

    `marks` has one number for each key: 0, or 1 plus the position in `uses` of the last use.
    """

    __slots__ = ("marks", "owner", "uses")

    def __init__(self, owner: Any, width: int) -> None:
        self.owner = _Owner(owner, _forget)
        self.owner.identity = id(owner)
        self.marks = np.zeros(-(-owner.nbytes // width), np.int32)
        self.uses: list[Use] = []


_records: dict[int, _Record] = {}
"""By the id of the array that owns the memory."""


def _forget(owner: _Owner) -> None:
    record = _records.get(owner.identity)
    if record is not None and record.owner is owner:
        del _records[owner.identity]


def _address(array: Any) -> int:
    return int(array.__array_interface__["data"][0])


def _find(words: Any) -> tuple[Any, Any]:
    """Return the record of the keys with these words, and their marks in it."""
    while isinstance(words, Array):  # down to the numbers, of all examples of a batch
        words = words.value
    width = words.shape[-1] * words.itemsize
    owner = words.base if type(words.base) is np.ndarray else words
    offset, rest = 0, 0
    if words is not owner:
        offset, rest = divmod(_address(words) - _address(owner), width)
    steps = words.strides[:-1]
    if rest or words.strides[-1] != words.itemsize or any(step % width for step in steps):
        return None, None  # in this memory they do not stand as keys do
    record = _records.get(id(owner))
    if record is None or record.owner() is not owner:
        record = _records[id(owner)] = _Record(owner, width)
    size = record.marks.itemsize
    if words is owner and words.flags.c_contiguous:
        return record, record.marks.reshape(words.shape[:-1])
    strides = [step // width * size for step in steps]
    marks: Any = np.ndarray(words.shape[:-1], np.int32, record.marks, offset * size, strides)
    return record, marks


def spend(words: Any, function: str, impl: str) -> None:
    """Note that the keys with these words are used by a function.

    Raises
    ------
    KeyReuseError
        If one of them was used before.
    """
    if _allowed.get():
        return
    use = _use(function)
    if use is None:
        return
    with _lock:
        record, marks = _find(words)
        if record is None:
            return
        for mark in np.unique(marks).tolist() if marks.ndim else (int(marks),):
            if mark and record.uses[mark - 1].conflicts(use):
                name = f"Key({peek(words)}, impl={impl!r})" if not marks.ndim else "one of the keys"
                raise KeyReuseError(name, str(record.uses[mark - 1]), str(use))
        record.uses.append(use)
        marks[...] = len(record.uses)


def used_at(words: Any) -> Use | None:
    """Return the last use of some of the keys, None if they are fresh."""
    with _lock:
        record, marks = _find(words)
        mark = 0 if record is None else int(marks.max(initial=0))
        return record.uses[mark - 1]._replace(alternatives=()) if mark else None


def mark_used(words: Any, use: Use) -> None:
    """Note a use that happened elsewhere: before a key was pickled."""
    with _lock:
        record, marks = _find(words)
        if record is not None:
            record.uses.append(use)
            marks[...] = len(record.uses)
