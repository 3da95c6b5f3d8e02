"""One library in a process of its own, which answers requests until its pipe closes."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any, Self

from benchmarks.libraries import TITLES, load
from benchmarks.libraries.base import Library
from benchmarks.memory import Peak, peak_memory
from benchmarks.workload import Inputs
from benchmarks.workloads import BY_NAME


class Failure(Exception):
    """The library raised an exception, or took too long."""


@dataclass(frozen=True)
class First:
    """The first call of a workload: its results, as NumPy arrays, and its duration."""

    results: list[Any]
    seconds: float


@dataclass(frozen=True)
class Timing:
    """The fastest of several calls, and the time that all of them took."""

    best: float
    spent: float


class Worker:
    """A handle on the process of one library.

    Parameters
    ----------
    library
        The library's name.
    timeout
        After how many seconds without an answer the process is killed.

    Raises
    ------
    Failure
        In every method, where the library raised an exception or took too long.
    """

    def __init__(self, library: str, timeout: float) -> None:
        self.subject = library
        self.timeout = timeout
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(library, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self.facts: dict[str, Any] = self._answer()

    def prepare(self, workload: str, inputs: Inputs) -> First:
        """Set a workload up and call it once."""
        first: First = self._ask(Session.prepare, workload, inputs)
        return first

    def measure(self, seconds: float) -> Timing:
        """Call the prepared workload again and again for some time, at least once."""
        timing: Timing = self._ask(Session.measure, seconds)
        return timing

    def memory(self, workload: str, inputs: Inputs) -> Peak:
        """Measure how much memory one call of a workload needs at its peak."""
        peak: Peak = self._ask(Session.memory, workload, inputs)
        return peak

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.kill()
        self._process.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, method: Callable[..., Any], *arguments: Any) -> Any:
        with suppress(OSError):  # the pipe is broken: there will be no answer either
            self._pipe.send((method.__name__, arguments))
        return self._answer()

    def _answer(self) -> Any:
        title = TITLES[self.subject]
        if not self._pipe.poll(self.timeout):
            self.close()
            raise Failure(f"{title}: no answer in {self.timeout:g} s")
        try:
            failed, answer = self._pipe.recv()
        except (EOFError, OSError):
            self.close()
            raise Failure(f"{title}: the process died") from None
        if failed:
            raise Failure(f"{title}: {answer}")
        return answer


class Session:
    """What a worker's process keeps between requests."""

    def __init__(self, library: Library) -> None:
        self.subject = library
        self.run: Callable[[], Any] = lambda: None
        # The C library learns from the first large block that is freed to keep such blocks. Without
        # it the history of a process decides whether every array is paid for with page faults.
        block = bytearray(31 << 20)
        del block

    def prepare(self, workload: str, inputs: Inputs) -> First:
        self.run = self.subject.task(BY_NAME[workload], inputs)
        start = perf_counter()
        output = self.run()
        seconds = perf_counter() - start
        return First(self.subject.results(output), seconds)

    def measure(self, seconds: float) -> Timing:
        run = self.run
        gc.collect()
        best, spent = float("inf"), 0.0
        while spent < seconds:
            start = perf_counter()
            run()
            elapsed = perf_counter() - start
            best = min(best, elapsed)
            spent += elapsed
        return Timing(best, spent)

    def memory(self, workload: str, inputs: Inputs) -> Peak:
        return peak_memory(self.subject.task(BY_NAME[workload], inputs))


def serve(name: str, pipe: Connection) -> None:
    """Load a library and answer requests: ``(failed, answer)`` for each."""
    try:
        library = load(name)
        session = Session(library)
        pipe.send((False, library.facts()))
    except Exception as exception:
        pipe.send((True, tail(exception)))
        return
    while True:
        try:
            method, arguments = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send((False, getattr(session, method)(*arguments)))
        except Exception as exception:
            pipe.send((True, tail(exception)))


def tail(exception: Exception) -> str:
    """The end of a traceback."""
    return "".join(traceback.format_exception(exception, limit=-2)).rstrip()
