"""Further photos that are easily confused: most of the picture stays the same from one to the next."""

import math
from collections.abc import Iterator
from functools import partial
from random import Random

from PIL import Image, ImageDraw, ImageFilter

from benchmarks.near_duplicates.painting import (
    BLOOMS,
    GREENS,
    GROUNDS,
    SIZE,
    WHITE,
    Colour,
    Leaf,
    Point,
    add_grain,
    draw_flower,
    draw_leaf,
    make_ground,
    paint_thicket,
    shade,
)
from benchmarks.near_duplicates.pictures import HUES, Picture, seed_for

KINDS = 4
PLANTS_A_TABLE = 6
BRIGHTNESS = 110
GROWTH = (0.0, 0.08, 0.12)  # of a flower that has opened since, in parts of the picture's width


def tables(seed: int, count: int) -> Iterator[Picture]:
    """Different plants in the same pot on the same table, before a camera that stands still."""
    for table in range(count):
        for plant in range(PLANTS_A_TABLE):
            yield Picture(
                f"table {table}, plant {plant}", "same table", partial(_paint_table, seed, table, plant)
            )


def _paint_table(seed: int, table: int, plant: int) -> Image.Image:
    scene, rng = seed_for(seed, "table", table), seed_for(seed, "on table", table * 100 + plant)
    wall, wood = scene.sample(GROUNDS, 2)
    image = make_ground(scene, SIZE, (wall, shade(wall, 0.9)), rough=0.05)
    draw = ImageDraw.Draw(image)
    edge, middle = scene.uniform(0.6, 0.8) * SIZE[1], scene.uniform(0.4, 0.6) * SIZE[0]
    draw.rectangle((0, edge, *SIZE), fill=wood)
    width, height = scene.uniform(0.05, 0.1) * SIZE[0], scene.uniform(0.12, 0.2) * SIZE[1]
    rim = edge - height / 2
    foot = rim + height
    pot = [
        (middle - width, rim),
        (middle + width, rim),
        (middle + width * 0.7, foot),
        (middle - width * 0.7, foot),
    ]
    draw.polygon(pot, fill=scene.choice(BLOOMS))
    _draw_plant(rng, image, (middle, rim), length=rng.uniform(0.08, 0.25) * SIZE[0])
    return add_grain(rng, image.filter(ImageFilter.GaussianBlur(1)), 0.03)


def _draw_plant(rng: Random, image: Image.Image, foot: Point, *, length: float) -> None:
    leaf, colour = Leaf.grown(rng, length), rng.choice(GREENS)
    for _ in range(rng.randrange(3, 12)):
        angle = rng.uniform(-0.9, -0.1) * math.pi
        centre = (foot[0] + math.cos(angle) * length / 2, foot[1] + math.sin(angle) * length / 2)
        draw_leaf(image, leaf, centre, angle, shade(colour, rng.uniform(0.7, 1.3)))


def blades(seed: int, count: int) -> Iterator[Picture]:
    """Grass: thin, upright and everywhere."""
    for number in range(count):
        yield Picture(f"blades {number}", "blades", partial(_paint_blades, seed, number))


def _paint_blades(seed: int, number: int) -> Image.Image:
    rng, kind = seed_for(seed, "blades", number), seed_for(seed, "kind of blades", number % KINDS)
    sky, colour = kind.choice(GROUNDS), kind.choice(GREENS)
    slope = kind.uniform(0.05, 0.3)
    image = make_ground(kind, SIZE, (sky, colour), rough=0.05)
    for _ in range(kind.randrange(60, 160)):
        leaf = Leaf(
            length=rng.uniform(0.3, 0.9) * SIZE[1], width=rng.uniform(5, 16), waist=1, bend=0, teeth=0
        )
        foot = (rng.uniform(0, SIZE[0]), SIZE[1] * 0.75)
        draw_leaf(image, leaf, foot, -math.pi / 2 + rng.gauss(0, slope), shade(colour, rng.uniform(0.6, 1.4)))
    return add_grain(rng, image.filter(ImageFilter.GaussianBlur(1)), 0.03)


def rosettes(seed: int, count: int) -> Iterator[Picture]:
    """Succulents of few kinds from above, each in the middle of its picture."""
    for number in range(count):
        yield Picture(f"rosette {number}", "rosette", partial(_paint_rosette, seed, number))


def _paint_rosette(seed: int, number: int) -> Image.Image:
    rng, kind = seed_for(seed, "rosette", number), seed_for(seed, "kind of rosette", number % KINDS)
    ground, colour = kind.choice(GROUNDS), kind.choice(GREENS)
    petals, rings = kind.randrange(5, 9), kind.randrange(3, 6)
    image = make_ground(rng, SIZE, (ground, shade(ground, 0.8)), rough=0.05)
    turned, radius = rng.uniform(0, 2 * math.pi), rng.uniform(0.35, 0.45) * SIZE[1]
    for ring in range(rings):
        length = radius * (1 - ring / rings)
        leaf = Leaf(length=length, width=length * 0.7, waist=1.4, bend=0, teeth=0)
        for petal in range(petals):
            angle = turned + 2 * math.pi * (petal + ring / 2) / petals
            centre = (SIZE[0] / 2 + math.cos(angle) * length / 2, SIZE[1] / 2 + math.sin(angle) * length / 2)
            draw_leaf(image, leaf, centre, angle, shade(colour, 0.6 + 0.8 * ring / rings))
    return add_grain(rng, image.filter(ImageFilter.GaussianBlur(1)), 0.03)


def flowers_as_bright(seed: int, count: int) -> Iterator[Picture]:
    """One flower in colours that are equally bright, so that the hash sees no difference at all."""
    for flower in range(count):
        for hue in range(len(HUES)):
            yield Picture(
                f"flower {flower} in colour {hue}", "as bright", partial(_paint_flower, seed, flower, hue)
            )


def _paint_flower(seed: int, flower: int, hue: int) -> Image.Image:
    rng = seed_for(seed, "as bright", flower)
    image = paint_thicket(rng) if flower % 2 else Image.new("RGB", SIZE, WHITE)
    place = (rng.uniform(0.3, 0.7) * SIZE[0], rng.uniform(0.3, 0.7) * SIZE[1])
    radius, petals = rng.uniform(0.08, 0.25) * SIZE[0], rng.randrange(4, 9)
    draw_flower(image, place, radius, _as_bright(HUES[hue]), petals)
    own = seed_for(seed, "grain of flower", flower * 100 + hue)
    return add_grain(own, image.filter(ImageFilter.GaussianBlur(1)), 0.03)


def _as_bright(colour: Colour) -> Colour:
    red, green, blue = colour
    return shade(colour, BRIGHTNESS / (0.299 * red + 0.587 * green + 0.114 * blue))


def seedlings(seed: int, count: int) -> Iterator[Picture]:
    """Two small leaves on a stem in the middle of a white sheet."""
    for number in range(count):
        yield Picture(f"seedling {number}", "seedling", partial(_paint_seedling, seed, number))


def _paint_seedling(seed: int, number: int) -> Image.Image:
    rng, kind = seed_for(seed, "seedling", number), seed_for(seed, "kind of seedling", number % KINDS)
    size, colour = kind.uniform(0.06, 0.12) * SIZE[0], kind.choice(GREENS)
    image = Image.new("RGB", SIZE, WHITE)
    middle = (SIZE[0] * rng.uniform(0.48, 0.52), SIZE[1] * rng.uniform(0.48, 0.52))
    stem = Leaf(length=size * rng.uniform(1.2, 1.8), width=size / 12, waist=1, bend=size / 10, teeth=0)
    draw_leaf(image, stem, (middle[0], middle[1] + stem.length / 2), math.pi / 2, shade(colour, 0.8))
    for side in (-1, 1):
        leaf = Leaf(length=size * rng.uniform(0.85, 1.15), width=size * 0.5, waist=1, bend=0, teeth=0)
        angle = side * rng.uniform(0.3, 0.6) - math.pi / 2
        centre = (middle[0] + math.cos(angle) * size / 2, middle[1] + math.sin(angle) * size / 2)
        draw_leaf(image, leaf, centre, angle, shade(colour, rng.uniform(0.9, 1.1)))
    return add_grain(rng, image.filter(ImageFilter.GaussianBlur(0.8)), 0.02)


def grown_plants(seed: int, count: int) -> Iterator[Picture]:
    """The same plant from the same place: before a flower has opened, with it, and with it larger."""
    for plant in range(count):
        for time in range(len(GROWTH)):
            yield Picture(f"grown {plant}, time {time}", "grown", partial(_paint_grown, seed, plant, time))


def _paint_grown(seed: int, plant: int, time: int) -> Image.Image:
    return paint_with_flower(seed, plant, wide=GROWTH[time])


def paint_with_flower(seed: int, plant: int, *, wide: float) -> Image.Image:
    """A plant, and a flower of this part of the picture's width somewhere on it."""
    rng = seed_for(seed, "grown", plant)
    image = paint_thicket(rng)
    place = (rng.uniform(0.2, 0.8) * SIZE[0], rng.uniform(0.2, 0.8) * SIZE[1])
    colour, petals = rng.choice(BLOOMS), rng.randrange(4, 9)
    if wide:
        draw_flower(image, place, wide / 2 * SIZE[0], colour, petals)
    own = seed_for(seed, "grain of grown", round(plant * 10_000 + wide * 1_000))
    return add_grain(own, image.filter(ImageFilter.GaussianBlur(0.8)), 0.03)
