"""The table and the verdict."""

import math
import sys
from collections import Counter

from tests.chaos.leavings import memory
from tests.chaos.performance import Episode, Performance

COLUMNS = ("complete", "partial", "stale", "queued", "503", "lost")
SHOWN = 40


def say(line: str = "") -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def heading() -> str:
    counts = "".join(f"{name:>9}" for name in COLUMNS)
    return f"{'fault':34}{'for s':>6}{'requests':>9}{counts}{'other':>7}{'worst s':>9}{'back after s':>13}"


def row(run: Performance, episode: Episode) -> str:
    visits = run.visits_of(episode)
    counts = Counter(visit.outcome for visit in visits)
    other = len(visits) - sum(counts[name] for name in COLUMNS)
    worst = max((visit.waited_s for visit in visits), default=0)
    back = episode.recovered - episode.ended
    shown = "".join(f"{counts[name]:9}" for name in COLUMNS)
    told = f"{back:13.1f}" if math.isfinite(back) else f"{'never':>13}"
    lasted = episode.ended - episode.began
    return f"{episode.fault.name:34}{lasted:6.1f}{len(visits):9}{shown}{other:7}{worst:9.1f}{told}"


def totals(run: Performance) -> list[str]:
    visits = run.journal.visits()
    by_outcome = ", ".join(
        f"{count} {name}" for name, count in Counter(v.outcome for v in visits).most_common()
    )
    sizes = "; ".join(
        f"{role} {' '.join(f'{size:.0f}' for size in tenths)}" for role, tenths in memory(run).items()
    )
    rest = ", ".join(
        f"{role} {what} {run.before[role][what]:.0f} → {count:.0f}"
        for role, counts in run.after.items()
        for what, count in counts.items()
        if what != "MB"
    )
    return [
        f"{len(visits)} requests: {by_outcome}",
        f"MB in memory, by tenths of the run: {sizes}",
        f"at rest, before the first fault and after the last: {rest}",
    ]


def verdict(found: list[str], repeat: str) -> list[str]:
    if not found:
        return ["PASS"]
    more = [f"  … and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return [
        f"FAIL: {len(found)} violations; again with {repeat}",
        *(f"  {one}" for one in found[:SHOWN]),
        *more,
    ]
