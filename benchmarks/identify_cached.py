"""A photo that was answered before, beside a bare view that does the least such a view can do."""

from dataclasses import dataclass
from statistics import median

from benchmarks.clients import Taking, bare_upload, identify
from benchmarks.figures import ms
from benchmarks.http_load import Call, ask, run_load
from benchmarks.photos import make_photo
from benchmarks.results import Result
from benchmarks.run_size import RunSize
from benchmarks.stack import Stack

SHARE = 0.7
UNLOADED_P95_S = 0.050
CONNECTIONS = 16


def measure(stack: Stack, size: RunSize) -> list[Result]:
    photo = make_photo("cached")
    ours = [identify(photo, token, kind="cached") for token in stack.tokens]
    bare = [bare_upload(photo, token) for token in stack.tokens]
    ask(stack.ports, ours[0])  # from now on it is cached
    stack.answer_file.write_bytes(ask(stack.ports, ours[0]).body)
    rounds = [_round(stack, ours, bare, size.pick(4.0, 0.5)) for _ in range(size.pick(7, 2))]
    share = median(mine.per_s / yardstick.per_s for mine, yardstick in rounds)
    rates = [_rate(list(runs)) for runs in zip(*rounds, strict=True)]
    alone = run_load(stack.ports, Taking(ours), connections=1, seconds=size.pick(5.0, 0.5)).sample()
    alone_bare = run_load(stack.ports, Taking(bare), connections=1, seconds=size.pick(3.0, 0.3)).sample()
    return [
        Result(
            name="identify, answer cached",
            measured=f"{share:.2f} of the bare view's: {rates[0]}",
            promised=f"≥ {SHARE}",
            yardstick=f"bare DRF view {rates[1]}",
            holds=share >= SHARE,
        ),
        Result(
            name="identify, answer cached, unloaded",
            measured=str(alone),
            promised=f"p95 < {ms(UNLOADED_P95_S)}",
            yardstick=f"bare DRF view {alone_bare}",
            holds=alone.p95_s < UNLOADED_P95_S,
        ),
    ]


@dataclass(frozen=True, slots=True)
class _Run:
    per_s: float
    cpu_ms: float
    """Of the whole product for one request: steadier than rates where others use the machine, too."""


def _round(stack: Stack, ours: list[Call], bare: list[Call], seconds: float) -> tuple[_Run, _Run]:
    """One after the other within seconds, so that a slow moment of the machine meets both."""
    return _run(stack, ours, seconds), _run(stack, bare, seconds)


def _run(stack: Stack, calls: list[Call], seconds: float) -> _Run:
    before = stack.used()
    load = run_load(stack.ports, Taking(calls), connections=CONNECTIONS, seconds=seconds)
    return _Run(per_s=load.per_s, cpu_ms=stack.used().since(before).total_s / load.count * 1000)


def _rate(runs: list[_Run]) -> str:
    rate, cpu_ms = median(run.per_s for run in runs), median(run.cpu_ms for run in runs)
    return f"{rate:,.0f}/s, {cpu_ms:.1f} ms of CPU each"
