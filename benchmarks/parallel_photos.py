"""Different photos at once do not wait for each other."""

from statistics import median

from benchmarks.clients import identify
from benchmarks.figures import Sample, ms
from benchmarks.http_load import ask, ask_all_at_once
from benchmarks.photos import make_photo
from benchmarks.results import Result
from benchmarks.run_size import RunSize
from benchmarks.stack import Stack

AT_ONCE = 32
LATENCY_S = 1.0
PROMISED_S = 1.5


def measure(stack: Stack, size: RunSize) -> list[Result]:
    at_once = size.pick(AT_ONCE, 8)
    bursts = [_burst(stack, f"burst {number}", at_once) for number in range(size.pick(7, 1))]
    lasts = Sample.of(burst.max_s for burst in bursts)
    alone = ask(stack.ports, identify(make_photo("not in a burst"), stack.tokens[0])).seconds
    return [
        Result(
            name=f"{at_once} different photos at once: the last answer",
            measured=f"median of {lasts.n} bursts {ms(median(lasts.times_s))}, worst {ms(lasts.max_s)}",
            promised=f"≤ {ms(PROMISED_S)}",
            yardstick=f"one alone {ms(alone)}; one after the other {at_once * alone:.0f} s",
            holds=lasts.max_s <= PROMISED_S,
        )
    ]


def _burst(stack: Stack, name: str, at_once: int) -> Sample:
    photos = [make_photo(f"{name} {number}") for number in range(at_once)]
    stack.reset_providers()
    stack.sandbox.fault("both", "latency", LATENCY_S)
    tokens = [stack.tokens[number % len(stack.tokens)] for number in range(at_once)]
    calls = [identify(photo, token) for photo, token in zip(photos, tokens, strict=True)]
    return Sample.of(answer.seconds for answer in ask_all_at_once(stack.ports, calls))
