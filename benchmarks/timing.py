"""Timing of one workload in every library, in turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from time import sleep
from typing import Any

from benchmarks.agreement import difference
from benchmarks.libraries import OURS, TITLES
from benchmarks.worker import Failure, First, Worker
from benchmarks.workload import Workload

SETTLE = 0.05
"""Seconds to wait before a measurement: the threads of the last process spin for a while."""


AGREEMENT = 1.05
"""The two fastest turns of a library are to agree up to this factor."""

PATIENCE = 3
"""How much longer than planned a library is measured until they do."""


@dataclass
class Row:
    """What was measured of one workload: seconds by library, and what went wrong."""

    workload: Workload
    turns: dict[str, list[float]] = field(default_factory=dict)
    first: dict[str, float] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    @property
    def best(self) -> dict[str, float]:
        """The fastest call of every library."""
        return {library: min(times) for library, times in self.turns.items() if times}

    @property
    def ratios(self) -> dict[str, float]:
        """Our time by that of every peer."""
        best = self.best
        if OURS not in best:
            return {}
        return {peer: best[OURS] / time for peer, time in best.items() if peer != OURS}

    def settled(self, library: str) -> bool:
        """Whether the fastest time was confirmed by another turn."""
        times = sorted(self.turns[library])
        return len(times) > 1 and times[1] <= AGREEMENT * times[0]

    def record(self) -> dict[str, Any]:
        """What the JSON file says."""
        return {
            "workload": self.workload.name,
            "small": self.workload.small,
            "seconds": self.best,
            "turns": self.turns,
            "first call": self.first,
            "ratios": self.ratios,
        }


class Workers:
    """The processes of the libraries; one that was killed is started again when needed."""

    def __init__(self, libraries: list[str], timeout: float) -> None:
        self.libraries = libraries
        self.timeout = timeout
        self._running: dict[str, Worker] = {}

    def get(self, library: str) -> Worker:
        """Return the process of a library."""
        if library not in self._running:
            self._running[library] = Worker(library, self.timeout)
        return self._running[library]

    def drop(self, library: str) -> None:
        """End the process of a library."""
        if library in self._running:
            self._running.pop(library).close()

    def close(self) -> None:
        """End all processes."""
        for library in list(self._running):
            self.drop(library)


def time_workload(workload: Workload, workers: Workers, rounds: int, seconds: float) -> Row:
    """Run one workload in every library, compare the results, and time it.

    Parameters
    ----------
    workload
        What to run.
    workers
        The processes of the libraries.
    rounds
        How often every library has its turn; more often while its times do not settle.
    seconds
        How long a turn lasts. A library whose calls take longer has fewer turns, one at least.
    """
    row = Row(workload)
    inputs = workload.inputs()
    firsts: dict[str, First] = {}
    spent: dict[str, float] = {}

    def fail(library: str, failure: Failure) -> None:
        row.errors.append(f"{workload.name}: {failure}")
        row.turns.pop(library, None)
        workers.drop(library)

    for library in workers.libraries:
        if library not in workload.excluded:
            try:
                firsts[library] = workers.get(library).prepare(workload.name, inputs)
            except Failure as failure:
                fail(library, failure)
            else:
                row.first[library] = firsts[library].seconds
                row.turns[library] = []
                spent[library] = 0.0
    row.errors.extend(disagreements(workload, firsts))

    def waiting() -> list[str]:
        planned = rounds * seconds
        return [
            library
            for library in row.turns
            if spent[library] < (planned if row.settled(library) else PATIENCE * planned)
        ]

    turn = 0
    while libraries := waiting():
        for library in rotated(libraries, turn):
            sleep(SETTLE)
            try:
                timing = workers.get(library).measure(seconds)
            except Failure as failure:
                fail(library, failure)
            else:
                row.turns[library].append(timing.best)
                spent[library] += timing.spent
        turn += 1
    return row


def rotated(libraries: list[str], turn: int) -> list[str]:
    """Let another library begin in every round."""
    shift = turn % len(libraries)
    return libraries[shift:] + libraries[:shift]


def disagreements(workload: Workload, firsts: dict[str, First]) -> Iterator[str]:
    """Compare the results of all libraries with those of one, a peer if there is any."""
    reference = next((library for library in firsts if library != OURS), OURS)
    for library, first in firsts.items():
        text = difference(first.results, firsts[reference].results)
        if text is not None:
            yield f"{workload.name}: {TITLES[library]} and {TITLES[reference]} disagree: {text}"
