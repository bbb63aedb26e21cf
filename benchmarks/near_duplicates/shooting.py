"""From pictures to shots: each copy goes through the product's own preparation."""

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

from PIL import Image

from apps.core.images import inspect_photo, normalise_photo
from apps.core.images.fingerprint import look_alike, take_fingerprint
from benchmarks.near_duplicates.comparing import Shot
from benchmarks.near_duplicates.copies import copies_of
from benchmarks.near_duplicates.hard_pictures import paint_with_flower
from benchmarks.near_duplicates.painting import paint_thicket
from benchmarks.near_duplicates.pictures import Picture, seed_for, take_photo_of

# In parts of the picture's width.
SHIFTS = (0.001, 0.002, 0.003, 0.004, 0.006, 0.01)
FLOWERS = (0.01, 0.02, 0.03, 0.04, 0.06, 0.08)
SCENES = 50
BASE = 100  # other plants than the corpus shows


def shoot(number: int, picture: Picture) -> list[Shot]:
    return [
        Shot(
            number=number,
            name=picture.name,
            family=picture.family,
            kind=kind,
            fingerprint=normalise_photo(content, inspect_photo(content)).fingerprint,
        )
        for kind, content in copies_of(picture.paint())
    ]


def shoot_all(pictures: Sequence[Picture]) -> Iterator[list[Shot]]:
    with ProcessPoolExecutor(os.cpu_count()) as processes:
        yield from processes.map(shoot, range(len(pictures)), pictures, chunksize=2)


def matched_by_shift(seed: int) -> Iterator[tuple[float, float]]:
    """How far a hand may move while the next photo still passes for the same: part of the pairs that do."""
    for step in SHIFTS:
        yield step, sum(_matches_moved(seed, number, step) for number in range(SCENES)) / SCENES


def _matches_moved(seed: int, number: int, step: float) -> bool:
    scene = paint_thicket(seed_for(seed, "scene", number))
    first = take_photo_of(scene, seed_for(seed, "first", number), step=0)
    return _match(first, take_photo_of(scene, seed_for(seed, "second", number), step=step))


def matched_by_flower(seed: int) -> Iterator[tuple[float, float]]:
    """How large a flower may open while the next photo, from the same place, still passes for the same."""
    for wide in FLOWERS:
        matched = sum(
            _match(
                paint_with_flower(seed, BASE + number, wide=0),
                paint_with_flower(seed, BASE + number, wide=wide),
            )
            for number in range(SCENES)
        )
        yield wide, matched / SCENES


def _match(first: Image.Image, second: Image.Image) -> bool:
    one, other = take_fingerprint(first), take_fingerprint(second)
    return one is not None and other is not None and look_alike(one, other)


def cpu_of_fingerprint_ms(size: tuple[int, int], times: int = 50) -> float:
    image = Image.merge("RGB", [Image.effect_noise(size, 60)] * 3)
    started = time.process_time()
    for _ in range(times):
        take_fingerprint(image)
    return (time.process_time() - started) / times * 1_000
