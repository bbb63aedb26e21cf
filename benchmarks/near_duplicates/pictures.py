"""Drawn photos that are all different, many as alike as such get: the same seed, the same photos."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from random import Random

from PIL import Image

from benchmarks.near_duplicates.painting import (
    BLOOMS,
    GREENS,
    GROUNDS,
    SIZE,
    WHITE,
    Leaf,
    add_grain,
    paint_leaf_on,
    paint_thicket,
)

SPECIES = 8  # of which many leaves are shown that differ as two leaves of one plant do
HUES = ((75, 130, 60), (130, 150, 50), (190, 170, 60), (170, 80, 50), (95, 60, 80))
# How far a hand moves between two photos of a burst, in parts of the picture's width.
BURST_STEPS = (0.0, 0.006, 0.012, 0.02, 0.04)


@dataclass(frozen=True, slots=True)
class Picture:
    name: str
    family: str
    paint: Callable[[], Image.Image]


def seed_for(seed: int, family: str, number: int) -> Random:
    return Random(f"{seed} {family} {number}")


def thickets(seed: int, count: int) -> Iterator[Picture]:
    for number in range(count):
        yield Picture(f"thicket {number}", "thicket", partial(_paint_thicket, seed, number))


def _paint_thicket(seed: int, number: int) -> Image.Image:
    rng = seed_for(seed, "thicket", number)
    return add_grain(rng, paint_thicket(rng), 0.06)


def leaves_on_white(seed: int, count: int) -> Iterator[Picture]:
    for number in range(count):
        yield Picture(f"leaf on white {number}", "leaf on white", partial(_paint_leaf_on_white, seed, number))


def _paint_leaf_on_white(seed: int, number: int) -> Image.Image:
    """Leaves of one kind, laid down alike: what differs is a little of shape, size, place and angle."""
    rng, kind = seed_for(seed, "leaf", number), seed_for(seed, "kind of leaf", number % SPECIES)
    model = Leaf.grown(kind, 0.65 * SIZE[0])
    leaf = Leaf(
        length=model.length * rng.uniform(0.9, 1.1),
        width=model.width * rng.uniform(0.85, 1.15),
        waist=model.waist * rng.uniform(0.95, 1.05),
        bend=model.bend + rng.uniform(-0.02, 0.02) * model.length,
        teeth=model.teeth,
    )
    at = (0.5 + rng.uniform(-0.02, 0.02), 0.5 + rng.uniform(-0.02, 0.02))
    colour = kind.choice(GREENS)
    sheet = paint_leaf_on(WHITE, leaf, colour, angle=rng.uniform(-0.08, 0.08), at=at, shadow=number % 3 * 5)
    return add_grain(rng, sheet, 0.02)


def other_colours(seed: int, outlines: int) -> Iterator[Picture]:
    for outline in range(outlines):
        for hue in range(len(HUES)):
            yield Picture(
                f"outline {outline} in colour {hue}",
                "other colours",
                partial(_paint_hue, seed, outline, hue),
            )


def _paint_hue(seed: int, outline: int, hue: int) -> Image.Image:
    rng = seed_for(seed, "outline", outline)
    leaf = Leaf.grown(rng, rng.uniform(0.3, 0.8) * SIZE[0])
    ground = WHITE if outline % 2 else rng.choice(GROUNDS)
    return paint_leaf_on(ground, leaf, HUES[hue], angle=rng.uniform(0, math.pi))


def bursts(seed: int, plants: int) -> Iterator[Picture]:
    for plant in range(plants):
        for frame in range(len(BURST_STEPS)):
            yield Picture(f"burst {plant}, photo {frame}", "burst", partial(_paint_burst, seed, plant, frame))


def _paint_burst(seed: int, plant: int, frame: int) -> Image.Image:
    wide = (round(SIZE[0] * 1.2), round(SIZE[1] * 1.2))
    if plant % 2:
        scene = paint_thicket(seed_for(seed, "burst", plant), wide)
    else:
        scene = _paint_leaf_on_white(seed, 1_000 + plant).resize(wide, Image.Resampling.BICUBIC)
    return take_photo_of(scene, seed_for(seed, "hand", plant * 100 + frame), step=BURST_STEPS[frame])


def take_photo_of(scene: Image.Image, rng: Random, *, step: float) -> Image.Image:
    """The middle of the scene, moved by `step` of its width in some direction, with the grain of its own."""
    width, height = scene.width / 1.2, scene.height / 1.2
    direction = rng.uniform(0, 2 * math.pi)
    left = (scene.width - width) / 2 + step * width * math.cos(direction)
    top = (scene.height - height) / 2 + step * width * math.sin(direction)
    size = (round(width), round(height))
    box = (left, top, left + width, top + height)
    return add_grain(rng, scene.resize(size, Image.Resampling.BICUBIC, box=box), 0.03)


def plain_backgrounds(seed: int, count: int) -> Iterator[Picture]:
    for number in range(count):
        yield Picture(f"plain {number}", "plain", partial(_paint_plain, seed, number))


def _paint_plain(seed: int, number: int) -> Image.Image:
    """A seedling far away on a table, or next to nothing."""
    rng = seed_for(seed, "plain", number)
    leaf = Leaf.grown(rng, (0.0, 0.03, 0.08, 0.15)[number % 4] * SIZE[0] + 4)
    ground = (WHITE, GROUNDS[3], GROUNDS[4])[number % 3]
    at = (rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.7))
    sheet = paint_leaf_on(ground, leaf, rng.choice((*GREENS, *BLOOMS)), angle=rng.uniform(0, math.pi), at=at)
    return add_grain(rng, sheet, 0.02)
