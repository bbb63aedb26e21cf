"""A new photo: what we add to the time the slower service takes anyway."""

import json

from benchmarks.clients import identify
from benchmarks.figures import Sample, ms
from benchmarks.http_load import ask
from benchmarks.photos import MEGAPIXEL, PHONE, make_photo
from benchmarks.results import NotMeasured, Result
from benchmarks.run_size import RunSize
from benchmarks.stack import Stack

LATENCY_S = {"plant_id": 0.3, "plantnet": 0.2}
PREPARATIONS = 1.5
OVERHEAD_S = 0.040
KINDS = {"1 megapixel": MEGAPIXEL, "12 megapixels": PHONE}


def measure(stack: Stack, size: RunSize) -> list[Result]:
    stack.reset_providers()
    for provider, seconds in LATENCY_S.items():
        stack.sandbox.fault(provider, "latency", seconds)
    kinds = list(KINDS)[: size.pick(None, 1)]
    return [_measure(stack, kind, count=size.pick(40, 2), warm_up=size.pick(4, 1)) for kind in kinds]


def _measure(stack: Stack, kind: str, *, count: int, warm_up: int) -> Result:
    photos = [make_photo(f"new {kind} {number}", KINDS[kind]) for number in range(warm_up + count)]
    warm, photos = photos[:warm_up], photos[warm_up:]
    for photo in warm:
        ask(stack.ports, identify(photo, stack.tokens[0]))
    answers = [ask(stack.ports, identify(photo, stack.tokens[0])) for photo in photos]
    states = {json.loads(answer.body)["status"] for answer in answers}
    if states != {"complete"}:
        raise NotMeasured(f"New photos were answered as {states}")
    preparation = measure_preparation(stack, photos)
    slower_s = max(LATENCY_S.values())
    promised_s = slower_s + PREPARATIONS * preparation.median_s + OVERHEAD_S
    whole = Sample.of(answer.seconds for answer in answers)
    return Result(
        name=f"identify, nothing cached, {kind}",
        measured=str(whole),
        promised=f"p95 ≤ {ms(promised_s)}",
        yardstick=f"slower service {ms(slower_s)}; preparing this photo alone {ms(preparation.median_s)}",
        holds=whole.p95_s <= promised_s,
    )


def measure_preparation(stack: Stack, photos: list[bytes]) -> Sample:
    """Of each of these photos alone, in a process of its own, while nothing else is going on."""
    folder = stack.directory / "preparation"
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{number}.jpg" for number in range(len(photos))]
    for path, photo in zip(paths, photos, strict=True):
        path.write_bytes(photo)
    return Sample.of(stack.probe("preparation", *map(str, paths)))
