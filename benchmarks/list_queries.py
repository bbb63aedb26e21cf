"""Lists, species and searches with a million identifications: how often the database is asked, how long."""

from benchmarks.figures import Sample, ms
from benchmarks.results import Result
from benchmarks.run_size import RunSize
from benchmarks.stack import Stack

PROMISED_S = 0.010


def measure(stack: Stack, size: RunSize) -> list[Result]:
    # Kept answers ask nothing: what is measured is making them.
    told = stack.probe("lists", str(size.pick(100, 3)), PUBLIC_ANSWERS_KEPT_S="0")
    slowest = {kind: Sample.of(one["slowest_s"]) for kind, one in told.items()}
    together = {kind: Sample.of(one["together_s"]) for kind, one in told.items()}
    worst = max(slowest, key=lambda kind: slowest[kind].p95_s)
    worst_sum = max(together, key=lambda kind: together[kind].p95_s)
    varying = [
        kind for kind, one in told.items() if len(one["queries"]) > 1 and not kind.startswith("search")
    ]
    whole = sorted({f"{table} for {kind}" for kind, one in told.items() for table in one["whole_tables"]})
    counts = [queries for one in told.values() for queries in one["queries"]]
    rows = f"{size.identifications:,} identifications"
    return [
        Result(
            name=f"queries of {len(told)} kinds of lists and searches, {rows}",
            measured=f"the slowest kind ({worst}): {slowest[worst]}",
            promised=f"p95 < {ms(PROMISED_S)}",
            yardstick=f"all queries of a request together ({worst_sum}): {together[worst_sum]}",
            holds=slowest[worst].p95_s < PROMISED_S,
        ),
        Result(
            name="queries per request, pages of 1 to 100",
            measured=f"{min(counts)} to {max(counts)}; {_named(varying) or 'none varies with the rows'}",
            promised="constant",
            yardstick=f"large tables read from end to end: {', '.join(whole) or 'none'}",
            holds=not varying,
            depends_on_speed=False,
        ),
    ]


def _named(varying: list[str]) -> str:
    return f"varies: {', '.join(varying)}" if varying else ""
