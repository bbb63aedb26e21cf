"""The two forms of a run, from the first process to the verdict."""

import random
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.chaos.faults import Fault, one_of_each_kind, shuffled
from tests.chaos.performance import LONG, SHORT, Pace, Performance
from tests.chaos.report import heading, row, say, totals
from tests.chaos.stage import running_stage
from tests.chaos.witness import violations


def run_short(folder: Path, *, seed: int) -> list[str]:
    """Each kind of fault once, with clocks set forward where only time is waited for."""
    rng = random.Random(seed)
    return _run(
        folder, seed, SHORT, [(fault, rng.uniform(*SHORT.fault_s)) for fault in one_of_each_kind(rng)]
    )


def run_long(folder: Path, *, seed: int, minutes: float, only: str = "") -> list[str]:
    """Faults in an order that the seed decides, with every wait waited for; `only` is a pattern for names."""
    return _run(folder, seed, LONG, _faults(seed, minutes, only))


def _run(folder: Path, seed: int, pace: Pace, faults: Iterable[tuple[Fault, float]]) -> list[str]:
    """Each violation; the table is told on the way."""
    say(f"seed {seed}")
    with running_stage(folder) as stage:
        run = Performance(stage, seed, pace)
        say(heading())
        run.play(faults, lambda episode: say(row(run, episode)))
        for line in totals(run):
            say(line)
        return list(violations(run))


def _faults(seed: int, minutes: float, only: str) -> Iterator[tuple[Fault, float]]:
    """Shuffled decks, one after the other, until the time is over."""
    rng = random.Random(seed)
    until = time.monotonic() + 60 * minutes
    while True:
        for fault in shuffled(rng):
            seconds = rng.uniform(*LONG.fault_s)
            if time.monotonic() > until:
                return
            if re.search(only, fault.name):
                yield fault, seconds
