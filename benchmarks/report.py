"""The report as lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks import machine
from benchmarks.libraries import IN_NUMPY, OURS, TITLES
from benchmarks.memory import Peak
from benchmarks.targets import IMPORT_SECONDS, MEMORY_PEER, MEMORY_SLACK, TARGETS, geometric_mean
from benchmarks.timing import Row

MISSED = "!"
UNSETTLED = "~"
TITLE, TIME, RATIO = 42, 12, 10


def machine_lines(facts: dict[str, Any], versions: dict[str, dict[str, Any]]) -> Iterator[str]:
    """The machine, the libraries, and what a reader should know before trusting the figures."""
    for heading in ("processor", "cores", "system", "python", "numpy", "blas"):
        yield f"{heading:12}{facts[heading]}"
    for library, about in versions.items():
        yield f"{TITLES[library]:12}" + ", ".join(f"{k} {v}" for k, v in about.items())
    for name, value in facts["environment"].items():
        yield f"{'environment':12}{name}={value}"
    load = facts["load"]
    if load is not None:
        note = f" {MISSED} other programs run: expect noise" if load > machine.BUSY else ""
        yield f"{'load':12}{load:.2f}{note}"


def timing_header(libraries: list[str]) -> Iterator[str]:
    """The heading of the table of times and ratios."""
    yield "Microseconds, the fastest of many calls; our time by the peer's"
    yield f"{MISSED} misses the target    {UNSETTLED} no two turns of the library agreed: noise"
    titles = "".join(f"{TITLES[library]:>{TIME}}" for library in libraries)
    ratios = "".join(f"{'/' + TITLES[peer]:>{RATIO}} " for peer in peers(libraries))
    yield f"{'':{TITLE}}{titles}  {ratios}".rstrip()


def timing_line(row: Row, libraries: list[str]) -> str:
    """One workload: its times, then its ratios, those that miss their target marked."""
    title = row.workload.title + (" (small)" if row.workload.small else "")
    times = "".join(f"{microseconds(row, library):>{TIME}}" for library in libraries)
    ratios = "".join(
        ratio(row.ratios.get(peer), TARGETS[peer].of(row.workload) if peer in TARGETS else None)
        for peer in peers(libraries)
    )
    return f"{title:{TITLE}}{times}  {ratios}".rstrip()


def mean_lines(rows: list[Row], libraries: list[str]) -> Iterator[str]:
    """The geometric means of the ratios, and the targets."""
    indent = TITLE + TIME * len(libraries) + 2
    compared = [peer for peer in peers(libraries) if any(peer in row.ratios for row in rows)]
    if not compared:
        return
    lines = dict.fromkeys(("geometric mean", "target, mean", "target, every", "target, small"), "")
    for peer in compared:
        mean = geometric_mean(row.ratios[peer] for row in rows if peer in row.ratios)
        target = TARGETS.get(peer)
        lines["geometric mean"] += ratio(mean, target.mean if target else None)
        for name in ("mean", "every", "small"):
            lines[f"target, {name}"] += ratio(getattr(target, name, None), None)
    for heading, text in lines.items():
        yield f"{heading:{indent}}{text}".rstrip()


def first_call_lines(rows: list[Row], library: str) -> Iterator[str]:
    """The first calls of a library that compiles."""
    yield f"First call of {TITLES[library]}, milliseconds"
    for row in rows:
        if library in row.first:
            yield f"{row.workload.title:{TITLE}}{row.first[library] * 1e3:>{TIME},.0f}"


def chain_lines(rows: list[Row], libraries: list[str]) -> Iterator[str]:
    """Time per operation for tapes of different lengths."""
    libraries = [library for library in libraries if any(library in row.best for row in rows)]
    yield "Long tapes, microseconds per operation, forward and backward"
    yield f"{'':{TITLE}}" + "".join(f"{TITLES[library]:>{TIME}}" for library in libraries)
    for row in rows:
        times = "".join(
            f"{row.best[library] / row.workload.operations * 1e6:>{TIME}.2f}"
            if library in row.best and row.workload.operations
            else f"{'-':>{TIME}}"
            for library in libraries
        )
        yield f"{row.workload.title:{TITLE}}{times}"


def memory_lines(title: str, peaks: dict[str, Peak]) -> Iterator[str]:
    """Peak memory of one workload."""
    yield f"Peak memory over the inputs, MB: {title}"
    peer = peaks.get(MEMORY_PEER)
    for library, peak in peaks.items():
        resident = "unknown" if peak.resident is None else f"{peak.resident / 1e6:,.0f}"
        traced = f"  (tracemalloc {peak.traced / 1e6:,.0f})" if library in IN_NUMPY else ""
        mark = f" {MISSED}" if library == OURS and more(peak, peer) else ""
        yield f"  {TITLES[library]:12}{resident:>8}{mark}{traced}"


def import_lines(seconds: dict[str, float]) -> Iterator[str]:
    """Import times."""
    yield "Import after `import numpy`, milliseconds (median of fresh processes)"
    for library, time in seconds.items():
        late = library == OURS and time > IMPORT_SECONDS
        mark = f" {MISSED} target {IMPORT_SECONDS * 1e3:.0f}" if late else ""
        yield f"  {TITLES[library]:12}{time * 1e3:>8,.0f}{mark}"


def more(peak: Peak, peer: Peak | None) -> bool:
    """Whether one peak is known to be clearly higher than another."""
    if peer is None or peak.resident is None or peer.resident is None:
        return False
    return peak.resident > MEMORY_SLACK * peer.resident


def peers(libraries: list[str]) -> list[str]:
    """The libraries that ours is compared with."""
    return [library for library in libraries if library != OURS] if OURS in libraries else []


def microseconds(row: Row, library: str) -> str:
    """A time as the table shows it."""
    if library not in row.best:
        return "-"
    seconds = row.best[library]
    digits = 0 if seconds >= 100e-6 else 1
    mark = UNSETTLED if len(row.turns[library]) > 1 and not row.settled(library) else ""
    return f"{mark}{seconds * 1e6:,.{digits}f}"


def ratio(value: float | None, target: float | None) -> str:
    """A ratio as the table shows it, with a mark where it misses the target."""
    if value is None:
        return f"{'-':>{RATIO}} "
    mark = MISSED if target is not None and value > target else " "
    return f"{value:>{RATIO}.3f}{mark}"
