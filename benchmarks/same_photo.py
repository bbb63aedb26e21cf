"""One photo, asked for by many at once: bought once, and answered to all."""

from benchmarks.clients import identify
from benchmarks.figures import Sample, ms
from benchmarks.http_load import ask_all_at_once
from benchmarks.identify_uncached import measure_preparation
from benchmarks.photos import make_photo
from benchmarks.results import Result
from benchmarks.run_size import RunSize
from benchmarks.stack import Stack

CALLERS = (8, 32, 64)
LATENCIES_S = (0.3, 3.0, 15.0)
OVERHEAD_S = 0.250


def measure(stack: Stack, size: RunSize) -> list[Result]:
    cases = [(callers, latency_s) for callers in CALLERS for latency_s in LATENCIES_S[:2]]
    cases = [*cases, (CALLERS[1], LATENCIES_S[2])][: size.pick(None, 1)]
    photos = [make_photo(f"wanted by many {number}") for number in range(len(cases))]
    preparation_s = measure_preparation(stack, photos).median_s
    runs = [_measure(stack, photo, *case) for case, photo in zip(cases, photos, strict=True)]
    calls = {count for run in runs for count in run[1]}
    worst_s = max(late_s for late_s, _ in runs)
    sizes = ", ".join(f"{callers} × {latency_s:g} s" for callers, latency_s in cases)
    return [
        Result(
            name="same photo at once: calls per provider",
            measured=f"{', '.join(map(str, sorted(calls)))} in each of {len(runs)} runs",
            promised="1",
            yardstick=f"callers × provider time: {sizes}",
            holds=calls == {1},
            depends_on_speed=False,
        ),
        Result(
            name="same photo at once: the last answer, after the provider's time",
            measured=ms(worst_s),
            promised=f"≤ {ms(preparation_s + OVERHEAD_S)}",
            yardstick=f"preparing the photo alone {ms(preparation_s)}; {stack.layout.workers} processes",
            holds=worst_s <= preparation_s + OVERHEAD_S,
        ),
    ]


def _measure(stack: Stack, photo: bytes, callers: int, latency_s: float) -> tuple[float, set[int]]:
    stack.reset_providers()
    stack.sandbox.fault("both", "latency", latency_s)
    tokens = [stack.tokens[number % len(stack.tokens)] for number in range(callers)]
    answers = ask_all_at_once(stack.ports, [identify(photo, token) for token in tokens])
    calls = {counters["identify_posts"] for counters in stack.sandbox.counters().values()}
    return Sample.of(answer.seconds for answer in answers).max_s - latency_s, calls
