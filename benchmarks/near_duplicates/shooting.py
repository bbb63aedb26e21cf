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
from benchmarks.near_duplicates.painting import paint_thicket
from benchmarks.near_duplicates.pictures import Picture, seed_for, take_photo_of

SHIFTS = (0.001, 0.002, 0.004, 0.006, 0.01, 0.02)  # of the picture's width
SCENES = 20


def shoot(number: int, picture: Picture) -> list[Shot]:
    return [
        Shot(number, picture.family, kind, normalise_photo(content, inspect_photo(content)).fingerprint)
        for kind, content in copies_of(picture.paint())
    ]


def shoot_all(pictures: Sequence[Picture]) -> Iterator[list[Shot]]:
    with ProcessPoolExecutor(os.cpu_count()) as processes:
        yield from processes.map(shoot, range(len(pictures)), pictures, chunksize=2)


def matched_by_shift() -> Iterator[tuple[float, float]]:
    """How far a hand may move while the next photo still passes for the same: part of the pairs that do."""
    for step in SHIFTS:
        matched = sum(_matches(number, step) for number in range(SCENES))
        yield step, matched / SCENES


def _matches(number: int, step: float) -> bool:
    scene = paint_thicket(seed_for("scene", number))
    first = take_photo_of(scene, seed_for("first", number), step=0)
    second = take_photo_of(scene, seed_for("second", number), step=step)
    one, other = take_fingerprint(first), take_fingerprint(second)
    return one is not None and other is not None and look_alike(one, other)


def cpu_of_fingerprint_ms(size: tuple[int, int], times: int = 50) -> float:
    image = Image.merge("RGB", [Image.effect_noise(size, 60)] * 3)
    started = time.process_time()
    for _ in range(times):
        take_fingerprint(image)
    return (time.process_time() - started) / times * 1_000
