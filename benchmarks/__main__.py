"""The command ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from benchmarks import machine, report
from benchmarks.imports import import_seconds
from benchmarks.libraries import COMPILED, TITLES, importable
from benchmarks.memory import Peak
from benchmarks.timing import Row, Workers, time_workload
from benchmarks.worker import Failure, Worker
from benchmarks.workloads import BY_NAME, LONG, MEMORY, TIMED

EAGER = [library for library in TITLES if library != COMPILED]


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmarks and print a report; return 1 if a library failed or two disagreed."""
    options = parse(arguments)
    libraries = [library for library in options.libraries if importable(library)]
    show(f"not installed: {TITLES[name]}" for name in options.libraries if name not in libraries)
    compiled = [COMPILED] if options.jit and importable(COMPILED) else []
    errors: list[str] = []
    record: dict[str, Any] = {"machine": machine.facts()}

    workers = Workers(libraries + compiled, options.timeout)
    try:
        record["libraries"] = versions(workers, errors)
        show(report.machine_lines(record["machine"], record["libraries"]))
        record["timings"] = timings(workers, options, errors)
        record["long tapes"] = long_tapes(workers, options, errors)
    finally:
        workers.close()
    libraries = [library for library in libraries if library in record["libraries"]]
    record["memory"] = memory(libraries, options, errors)
    record["imports"] = imports(libraries, options)

    record["errors"] = errors
    show(f"ERROR {error}" for error in errors)
    if options.json is not None:
        options.json.write_text(json.dumps(record, indent=2) + "\n")
    return 1 if errors else 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Compare fungrad with autograd, PyTorch and JAX: speed, memory, import time.",
        epilog="exit status: 1 if a library failed or two libraries computed different results",
    )
    parser.add_argument(
        "--only",
        metavar="PATTERN",
        nargs="+",
        default=[],
        help="run only what matches: part of a name, or a pattern with * and ?",
    )
    parser.add_argument(
        "--libraries", nargs="+", choices=EAGER, default=EAGER, help="default: all that import"
    )
    parser.add_argument("--jit", action="store_true", help="add a column for JAX with jit")
    parser.add_argument("--rounds", type=int, help="turns of every library (default 5)")
    parser.add_argument("--seconds", type=float, help="duration of a turn (default 0.3)")
    parser.add_argument(
        "--quick", action="store_true", help="2 turns of 0.05 s: to try it out, not for figures"
    )
    parser.add_argument(
        "--timeout", type=float, default=60.0, help="seconds after which a library is given up"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all results to a file")
    parser.add_argument("--list", action="store_true", help="list the names and stop")
    options = parser.parse_args(arguments)
    if options.list:
        parser.exit(message="\n".join([*BY_NAME, "imports"]) + "\n")
    rounds, seconds = (2, 0.05) if options.quick else (5, 0.3)
    options.rounds = options.rounds or rounds
    options.seconds = options.seconds or seconds
    return options


def selected(name: str, options: argparse.Namespace) -> bool:
    """Whether ``--only`` lets something of this name through."""
    return not options.only or any(
        fnmatch(name, pattern if set(pattern) & set("*?[") else f"*{pattern}*")
        for pattern in options.only
    )


def versions(workers: Workers, errors: list[str]) -> dict[str, dict[str, Any]]:
    """Start every library and ask for its facts; leave those out that do not start."""
    facts = {}
    for library in list(workers.libraries):
        try:
            facts[library] = workers.get(library).facts
        except Failure as failure:
            errors.append(str(failure))
            workers.libraries.remove(library)
    return facts


def timings(
    workers: Workers, options: argparse.Namespace, errors: list[str]
) -> list[dict[str, Any]]:
    """Time the workloads and print the table as it grows."""
    rows: list[Row] = []
    for workload in TIMED:
        if selected(workload.name, options):
            if not rows:
                show(["", *report.timing_header(workers.libraries)])
            row = time_workload(workload, workers, options.rounds, options.seconds)
            show([report.timing_line(row, workers.libraries)])
            errors.extend(row.errors)
            rows.append(row)
    show(report.mean_lines(rows, workers.libraries))
    if COMPILED in workers.libraries and rows:
        show(["", *report.first_call_lines(rows, COMPILED)])
    return [row.record() for row in rows]


def long_tapes(
    workers: Workers, options: argparse.Namespace, errors: list[str]
) -> list[dict[str, Any]]:
    """Time chains of many operations."""
    rows = [
        time_workload(workload, workers, 2, options.seconds)
        for workload in (LONG[:-1] if options.quick else LONG)
        if selected(workload.name, options)
    ]
    for row in rows:
        errors.extend(row.errors)
    if rows:
        show(["", *report.chain_lines(rows, workers.libraries)])
    return [row.record() for row in rows]


def memory(
    libraries: list[str], options: argparse.Namespace, errors: list[str]
) -> dict[str, dict[str, Any]]:
    """Measure peak memory, every library in a fresh process."""
    record = {}
    for workload in MEMORY:
        if selected(workload.name, options):
            peaks: dict[str, Peak] = {}
            for library in libraries:
                try:
                    with Worker(library, options.timeout) as worker:
                        peaks[library] = worker.memory(workload.name, workload.inputs())
                except Failure as failure:
                    errors.append(f"{workload.name}: {failure}")
            show(["", *report.memory_lines(workload.title, peaks)])
            record[workload.name] = {library: asdict(peak) for library, peak in peaks.items()}
    return record


def imports(libraries: list[str], options: argparse.Namespace) -> dict[str, float]:
    """Measure import times."""
    if not selected("imports", options):
        return {}
    seconds = import_seconds(libraries, 3 if options.quick else 9)
    show(["", *report.import_lines(seconds)])
    return seconds


def show(lines: Iterable[str]) -> None:
    """Print lines at once, though they go into a file."""
    for line in lines:
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
