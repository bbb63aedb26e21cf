"""What the whole server sustains on this machine, everything included, and what the rest of it costs."""

import json
import random
from collections.abc import Iterator, Mapping

from benchmarks.clients import BARE_READ, HEALTH, Taking, identify, read
from benchmarks.figures import Sample, ms
from benchmarks.http_load import Call, Load, ask, run_load
from benchmarks.photos import MEGAPIXEL, make_photo
from benchmarks.processes import CpuTimes
from benchmarks.results import NotMeasured, Result
from benchmarks.run_size import RunSize
from benchmarks.stack import Stack

MIX = {"lists": 40, "species": 25, "cached": 18, "blog": 10, "new": 2, "health": 5}
READS = {"lists": 40, "species": 25, "blog": 10, "health": 5}
MIX_PER_S, READS_PER_S = 400, 1_000
EVERYDAY_PER_S = 100
EVERYDAY_P95_S = 0.200
LATENCY_S = 0.5
SMALL = (320, 240)
CONNECTIONS = 48
API = "/api/v1/plant-identification"
SEARCHES = ("red", "lily", "mon", "forest moss", "calo", "thistle", "golden river", "osa")


def measure(stack: Stack, size: RunSize) -> list[Result]:
    seconds = size.pick(20.0, 1.0)
    stack.reset_providers()
    stack.sandbox.fault("both", "latency", LATENCY_S)
    calls = _calls(stack, new=round(seconds * size.pick(30, 60)), new_size=size.pick(MEGAPIXEL, SMALL))
    run_load(stack.ports, _Mixed(calls, READS), connections=8, seconds=size.pick(3.0, 0.5))  # warm
    mix, mix_cpu = _run(stack, _Mixed(calls, MIX), seconds)
    reads, reads_cpu = _run(stack, _Mixed(calls, READS), seconds / 2)
    bare, bare_cpu = _run(stack, Taking([read(BARE_READ, token) for token in stack.tokens]), seconds / 2)
    calm = run_load(
        stack.ports,
        _Mixed(calls, MIX),
        connections=CONNECTIONS,
        seconds=seconds,
        per_s=size.pick(EVERYDAY_PER_S, 40),
    )
    everyday = Sample.of(time_s for kind in MIX if kind != "new" for time_s in calm.times_s[kind])
    return [
        _result("load, the whole mix", mix, mix_cpu, bare, MIX_PER_S, stack),
        _result("load, reads alone", reads, reads_cpu, bare, READS_PER_S, stack),
        Result(
            name="bare view that reads the user and one row",
            measured=_rate(bare, bare_cpu),
            promised="–",
            yardstick=_shares(bare, bare_cpu),
            holds=None,
        ),
        Result(
            name=f"everyday answers, {calm.per_s:.0f}/s of the mix",
            measured=str(everyday),
            promised=f"p95 < {ms(EVERYDAY_P95_S)}",
            yardstick=f"new photos, whose services take {ms(LATENCY_S)}: {calm.sample('new')}",
            holds=everyday.p95_s < EVERYDAY_P95_S,
        ),
    ]


def _run(stack: Stack, next_call: "Taking | _Mixed", seconds: float) -> tuple[Load, CpuTimes]:
    before = stack.used()
    load = run_load(stack.ports, next_call, connections=CONNECTIONS, seconds=seconds)
    return load, stack.used().since(before)


def _result(name: str, load: Load, cpu: CpuTimes, bare: Load, promised: int, stack: Stack) -> Result:
    each = f"{load.per_s / stack.layout.workers:,.0f}/s per process"
    return Result(
        name=name,
        measured=f"{_rate(load, cpu)}, {each}, {load.per_s / bare.per_s:.2f} of the bare view's",
        promised=f"≥ {promised:,}/s on 2 cores",
        yardstick=f"{load.sample()}; {_shares(load, cpu)}",
        holds=load.per_s >= promised,
    )


def _rate(load: Load, cpu: CpuTimes) -> str:
    """With what one core would do that had nobody else to serve, the load generator left out."""
    return f"{load.per_s:,.0f}/s, {load.count / cpu.total_s:,.0f}/s per core in use"


def _shares(load: Load, cpu: CpuTimes) -> str:
    return f"cores: {cpu.shares(load.seconds)}, load generator {load.cpu_s / load.seconds:.2f}"


class _Mixed:
    """Calls in the proportions of a mix, in an order that is the same each time. New photos are used up."""

    def __init__(self, calls: Mapping[str, Iterator[Call]], mix: Mapping[str, int]) -> None:
        self._calls = calls
        self._kinds = [kind for kind, share in mix.items() for _ in range(share)]
        random.Random(1).shuffle(self._kinds)
        self._next = 0

    def __call__(self) -> Call:
        kind = self._kinds[self._next % len(self._kinds)]
        self._next += 1
        call = next(self._calls[kind], None)
        if call is None:
            raise NotMeasured(
                f"There are no more calls of the kind {kind}; this machine is faster than thought."
            )
        return call


def _calls(stack: Stack, *, new: int, new_size: tuple[int, int]) -> dict[str, Iterator[Call]]:
    tokens = stack.tokens
    photos = [make_photo(f"often sent {number}") for number in range(8)]
    for photo in photos:
        ask(stack.ports, identify(photo, tokens[0]))
    own = ("history/", "requests/", "plants/", "history/?status=partial", "requests/?page_size=10")
    species = _addresses(stack, f"{API}/species/?page_size=100")
    public = [f"{API}/species/", f"{API}/species/?ordering=name", *species[:8]]
    public += [f"{API}/search/species/?q={text.replace(' ', '+')}" for text in SEARCHES]
    posts = [f"/api/v2/blog-posts/{number}/" for number in _post_ids(stack)]
    fresh = (
        identify(make_photo(f"new in the mix {number}", new_size), tokens[number % len(tokens)], kind="new")
        for number in range(new)
    )
    return {
        "lists": _forever([read(f"{API}/{path}", token, kind="lists") for token in tokens for path in own]),
        "species": _forever([read(path, token, kind="species") for token in tokens for path in public]),
        "cached": _forever([identify(photo, token, kind="cached") for token in tokens for photo in photos]),
        "blog": _forever([read(path, kind="blog") for path in ("/api/v2/blog-posts/", *posts)]),
        "new": iter(list(fresh)),
        "health": _forever([read(HEALTH, kind="health")]),
    }


def _forever(calls: list[Call]) -> Iterator[Call]:
    random.Random(2).shuffle(calls)
    take = Taking(calls)
    while True:
        yield take()


def _addresses(stack: Stack, path: str) -> list[str]:
    return [one["links"]["self"] for one in json.loads(ask(stack.ports, read(path)).body)["results"]]


def _post_ids(stack: Stack) -> list[int]:
    return [post["id"] for post in json.loads(ask(stack.ports, read("/api/v2/blog-posts/")).body)["items"]]
