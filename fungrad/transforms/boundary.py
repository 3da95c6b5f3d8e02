"""The border between the user's code and fungrad, which every call of a transform crosses.

An exception that comes out of the user's function is shown without fungrad's own frames between the
user's. And whoever debugs can watch the calls: see `WATCH`.
"""

from __future__ import annotations

import functools
import os
import types
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

from fungrad.errors import FungradError

P = ParamSpec("P")
R = TypeVar("R")

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
SWITCH = "FUNGRAD_FULL_TRACEBACKS"

WATCH: ContextVar[Callable[..., Any] | None] = ContextVar("WATCH", default=None)
"""Called with ``(function, args, kwargs)`` in place of each call that crosses the border."""


def boundary(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function, or a method `__call__`, one that crosses the border when it is called."""
    watching = WATCH.get

    @functools.wraps(function)
    def crossing(*args: P.args, **kwargs: P.kwargs) -> R:
        watch = watching()
        try:
            if watch is not None:
                return watch(function, args, kwargs)  # type: ignore[no-any-return]
            if kwargs:
                return function(*args, **kwargs)
            return function(*args)  # type: ignore[call-arg]  # quicker than with no keywords
        except Exception as error:
            shorten(error)
            raise  # as it stands, this adds no line to the traceback

    return crossing


def is_internal(frame: types.FrameType) -> bool:
    """Whether the code of a frame is fungrad's own."""
    return frame.f_code.co_filename.startswith(PACKAGE)


def shorten(error: BaseException | None) -> None:
    """Take fungrad's frames out of the traceback of an exception, and of those that led to it.

    The frames behind the user's last one stay, for they may show a mistake of fungrad; but not
    where the exception is one of fungrad's own, whose message says all.
    """
    if os.environ.get(SWITCH, "0") not in ("", "0"):
        return
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        error.__traceback__ = _shortened(error.__traceback__, isinstance(error, FungradError))
        hidden = error.__suppress_context__
        error = error.__cause__ or (None if hidden else error.__context__)


def _shortened(traceback: types.TracebackType | None, to_the_end: bool) -> Any:
    entries = []
    while traceback is not None:
        entries.append(traceback)
        traceback = traceback.tb_next
    behind = not to_the_end
    kept: types.TracebackType | None = None
    for entry in reversed(entries):
        internal = is_internal(entry.tb_frame)
        if not internal:
            behind = False
        crossing = entry.tb_frame.f_code.co_filename == shorten.__code__.co_filename
        if not internal or (behind and not crossing):
            kept = types.TracebackType(kept, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return kept
