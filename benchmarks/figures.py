"""Medians, percentiles, and how steady the machine was while they were taken."""

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

LOOP_ROUNDS = 200_000
LOOP_REPEATS = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """Some measured times, in seconds."""

    times_s: tuple[float, ...]

    @classmethod
    def of(cls, times_s: Iterable[float]) -> "Sample":
        return cls(tuple(sorted(times_s)))

    @property
    def n(self) -> int:
        return len(self.times_s)

    @property
    def median_s(self) -> float:
        return median(self.times_s)

    @property
    def p95_s(self) -> float:
        return percentile(self.times_s, 95)

    @property
    def max_s(self) -> float:
        return self.times_s[-1]

    def __str__(self) -> str:
        return f"p95 {ms(self.p95_s)} (median {ms(self.median_s)}, n {self.n})"


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent of the values do not exceed.

    Raises:
        ValueError: there are none.
    """
    if not ordered:
        raise ValueError("nothing was measured")
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds * 1000:,.0f} ms"


def loop_s() -> float:
    """The machine's own yardstick: the same plain loop, before and after everything else."""

    def once() -> float:
        began = time.perf_counter()
        total = 0
        for number in range(LOOP_ROUNDS):
            total += number
        return time.perf_counter() - began

    return median(once() for _ in range(LOOP_REPEATS))
