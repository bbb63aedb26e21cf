"""`python -m benchmarks`: measures what the product promises in numbers and prints it as a table.

A whole run also writes the table into docs/benchmarks.md.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks import (
    identify_cached,
    identify_uncached,
    list_queries,
    load_mix,
    memory,
    near_copies,
    parallel_photos,
    provider_down,
    quota,
    same_photo,
)
from benchmarks.figures import loop_s
from benchmarks.layout import Layout, shipped_layout
from benchmarks.machine import describe_machine
from benchmarks.page import PAGE, write_measured
from benchmarks.results import NotMeasured, Result, table
from benchmarks.run_size import RunSize
from benchmarks.stack import Stack, running_stack

Measure = Callable[[Stack, RunSize], list[Result]]
# In this order: the first two start the web server anew, and the last one leaves a circuit open.
BENCHMARKS: Mapping[str, Measure] = {
    "quota": quota.measure,
    "memory": memory.measure,
    "uncached": identify_uncached.measure,
    "cached": identify_cached.measure,
    "same": same_photo.measure,
    "parallel": parallel_photos.measure,
    "queries": list_queries.measure,
    "copies": near_copies.measure,
    "load": load_mix.measure,
    "down": provider_down.measure,
}
RESTARTING = ("quota", "memory")
PEOPLE = 40
"""Whose tokens the benchmarks use: the most eager of all."""


def main(arguments: Sequence[str]) -> int:
    """Returns 1 where a promise does not hold; in a quick run only what no machine may break counts."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--only", choices=BENCHMARKS, action="append", help="may be given several times")
    parser.add_argument("--quick", action="store_true", help="see that everything runs")
    parser.add_argument("--workers", type=int, help="so many web processes instead of those that ship")
    parser.add_argument("--json", type=Path, help="write the results there, too")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    size = RunSize(is_quick=options.quick)
    before_s = loop_s()
    shipped = shipped_layout()
    layout = replace(shipped, workers=options.workers or shipped.workers)
    results, about = _run(options.only or list(BENCHMARKS), size, layout)
    about += f" A plain loop took {before_s * 1000:.1f} ms before and {loop_s() * 1000:.1f} ms after."
    print(f"\n{about}\n\n{table(results)}")
    if layout == shipped and not (options.only or options.quick):
        write_measured(PAGE, f"{about}\n\n{table(results)}")
    if options.json:
        options.json.write_text(json.dumps([asdict(result) for result in results]), encoding="utf-8")
    counted = [result for result in results if not (options.quick and result.depends_on_speed)]
    return int(any(result.holds is False for result in counted))


def _run(names: Sequence[str], size: RunSize, layout: Layout) -> tuple[list[Result], str]:
    results: list[Result] = []
    with _directory() as directory, running_stack(directory, layout) as stack:
        _say(f"Filling the database with {size.identifications:,} identifications ...")
        stack.probe("prepare", str(size.identifications))
        stack.tokens = tuple(stack.probe("tokens", *map(str, range(min(PEOPLE, size.pick(PEOPLE, 10))))))
        stack.answer_file.write_text("{}", encoding="utf-8")
        for name in BENCHMARKS:
            if name not in names:
                continue
            began = time.monotonic()
            if not (stack.serves_as_usual or name in RESTARTING):
                stack.serve()
            try:
                measured = BENCHMARKS[name](stack, size)
            except NotMeasured as problem:
                raise NotMeasured(f"{name}: {problem}\n{stack.last_lines()}") from None
            results += measured
            for result in measured:
                _say(f"{result.name}: {result.measured} (promised {result.promised})")
            _say(f"  [{name} took {time.monotonic() - began:.0f} s]")
        return results, describe_machine(stack)


@contextlib.contextmanager
def _directory() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="plant-benchmarks-"))
    if os.geteuid() == 0:
        directory.chmod(0o711)  # PostgreSQL, as another user, passes through
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except NotMeasured as problem:
        sys.exit(f"benchmarks: {problem}")
