"""Copies of answered photos: how many are told the photo's own answer, and whether another photo ever is.

The whole corpora and their curves are `benchmarks.near_duplicates`; this is the part that fits in here.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import islice

from benchmarks.clients import identify
from benchmarks.figures import Sample, ms
from benchmarks.http_load import ask
from benchmarks.near_duplicates.comparing import Figures, Shot, compare
from benchmarks.near_duplicates.copies import copies_of
from benchmarks.near_duplicates.corpora import HELD_OUT, corpus, few_pictures
from benchmarks.near_duplicates.pictures import Picture, thickets
from benchmarks.near_duplicates.shooting import shoot_all
from benchmarks.results import NotMeasured, Result
from benchmarks.run_size import RunSize
from benchmarks.stack import Stack

LEAST_FOUND = 0.95
LOOKUP_S = 0.005
SHARE = 0.3  # of the drawn corpus
FROM_CACHE = ("near", "hit")
QUICK = 5  # pictures; tests/test_near_duplicates.py has some of every hard kind
UNSEEN = 200  # the first pictures that the corpus does not show


def measure(stack: Stack, size: RunSize) -> list[Result]:
    pictures = size.pick(corpus(HELD_OUT, share=SHARE), list(islice(few_pictures(HELD_OUT), QUICK)))
    figures = compare([shot for of_picture in shoot_all(pictures) for shot in of_picture])
    sent = list(islice(thickets(HELD_OUT, UNSEEN + size.pick(12, 2)), UNSEEN, None))
    answered = [state for picture in sent for state in _send(stack, picture, copies=size.pick(30, 8))]
    return [*_recognised(figures, answered), _looked_up(stack, figures.shots, size)]


def _send(stack: Stack, picture: Picture, *, copies: int) -> Iterator[bool]:
    """Whether the server answers each copy from its cache, once it has answered the picture."""
    stack.reset_providers()
    first, *others = (content for _, content in copies_of(picture.paint()))
    if _cache_state(stack, first) != "miss":
        raise NotMeasured(f"{picture.name} was taken for another picture")
    every = max(1, len(others) // copies)
    for content in others[::every]:
        yield _cache_state(stack, content) in FROM_CACHE


def _cache_state(stack: Stack, photo: bytes) -> str:
    answer = json.loads(ask(stack.ports, identify(photo, stack.tokens[0])).body)
    if answer["status"] != "complete":
        raise NotMeasured(f"A photo was answered as {answer['status']}")
    return str(answer["cache"])


def _recognised(figures: Figures, answered: Sequence[bool]) -> Iterator[Result]:
    worst, _, rate = min(figures.rates("kind"), key=lambda kind: kind[2])
    over_http = sum(answered) / len(answered)
    yield Result(
        name=f"{len(figures.copies):,} copies of {figures.pictures} photos: told the photo's answer",
        measured=f"{figures.hit_rate:.1%}; the worst kind, {worst}: {rate:.1%}",
        promised=f"≥ {LEAST_FOUND:.0%}",
        yardstick=f"{len(answered)} more sent to the server: {over_http:.1%} from its cache",
        holds=figures.hit_rate >= LEAST_FOUND and over_http >= LEAST_FOUND,
        depends_on_speed=False,
    )
    one, other, light, hue = next(figures.nearest_others(1))
    yield Result(
        name="different photos that share an answer",
        measured=f"{figures.false_hits} of {figures.pairs_of_others:,} pairs",
        promised="0",
        yardstick=f"the nearest, “{one}” and “{other}”, differ by {light} and {hue} levels",
        holds=figures.false_hits == 0,
        depends_on_speed=False,
    )


def _looked_up(stack: Stack, shots: Sequence[Shot], size: RunSize) -> Result:
    models = stack.directory / "hashes.json"
    models.write_text(json.dumps([shot.fingerprint.hash for shot in shots if shot.fingerprint]))
    told = stack.probe("lookups", str(size.pick(100_000, 1_000)), str(models))
    times, bare = Sample.of(told["times_s"]), Sample.of(told["bare_s"])
    return Result(
        name=f"looking for a photo's copy among {told['rows']:,} fingerprints",
        measured=str(times),
        promised=f"p95 < {ms(LOOKUP_S)}",
        yardstick=f"reading one answer by its key: {bare}",
        holds=times.p95_s < LOOKUP_S,
    )
