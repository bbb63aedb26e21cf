"""Plants and places as a camera might show them, drawn by code: the same seed gives the same picture."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Point = tuple[float, float]

SIZE = (640, 480)
WHITE = (250, 250, 248)
GREENS: tuple[Colour, ...] = ((60, 120, 40), (90, 150, 60), (40, 90, 45), (120, 160, 70), (75, 130, 90))
BLOOMS: tuple[Colour, ...] = ((210, 60, 70), (240, 200, 60), (230, 230, 235), (150, 80, 170), (240, 140, 60))
GROUNDS: tuple[Colour, ...] = ((110, 90, 70), (150, 180, 210), (60, 75, 50), (190, 185, 170), (35, 40, 35))


@dataclass(frozen=True, slots=True)
class Leaf:
    """An outline. `waist` moves the widest place, `bend` and `length` are in pixels, `teeth` cut the edge."""

    length: float
    width: float
    waist: float
    bend: float
    teeth: int

    @classmethod
    def grown(cls, rng: Random, length: float) -> "Leaf":
        return cls(
            length=length,
            width=length * rng.uniform(0.18, 0.45),
            waist=rng.uniform(0.6, 1.6),
            bend=rng.uniform(-0.25, 0.25) * length,
            teeth=rng.choice((0, 0, 9, 17, 25)),
        )

    def outline(self, centre: Point, angle: float) -> list[Point]:
        return [*self._edge(1, centre, angle), *reversed(list(self._edge(-1, centre, angle)))]

    def spine(self, centre: Point, angle: float) -> list[Point]:
        return list(self._edge(0, centre, angle))

    def _edge(self, side: int, centre: Point, angle: float, steps: int = 60) -> Iterator[Point]:
        for step in range(steps + 1):
            along = step / steps
            tooth = 1 - 0.15 * abs(math.sin(math.pi * self.teeth * along))
            wide = side * self.width * math.sin(math.pi * along**self.waist) * tooth / 2
            x, y = (along - 0.5) * self.length, wide + self.bend * math.sin(math.pi * along)
            yield (
                centre[0] + x * math.cos(angle) - y * math.sin(angle),
                centre[1] + x * math.sin(angle) + y * math.cos(angle),
            )


def shade(colour: Colour, by: float) -> Colour:
    red, green, blue = (max(0, min(255, round(part * by))) for part in colour)
    return red, green, blue


def draw_leaf(image: Image.Image, leaf: Leaf, centre: Point, angle: float, colour: Colour) -> None:
    draw = ImageDraw.Draw(image)
    draw.polygon(leaf.outline(centre, angle), fill=colour)
    draw.line(leaf.spine(centre, angle), fill=shade(colour, 1.25), width=max(1, round(leaf.width / 25)))


def draw_flower(image: Image.Image, centre: Point, radius: float, colour: Colour, petals: int) -> None:
    for petal in range(petals):
        angle = 2 * math.pi * petal / petals
        place = (centre[0] + math.cos(angle) * radius / 2, centre[1] + math.sin(angle) * radius / 2)
        leaf = Leaf(length=radius, width=radius * 0.5, waist=1.0, bend=0, teeth=0)
        draw_leaf(image, leaf, place, angle, colour)


def make_ground(
    rng: Random, size: tuple[int, int], colours: tuple[Colour, Colour], rough: float
) -> Image.Image:
    """Two colours that run into each other, with blurred spots, as an unsharp background has them."""
    slope = Image.linear_gradient("L").rotate(rng.uniform(0, 360)).resize(size)
    ground = Image.composite(Image.new("RGB", size, colours[0]), Image.new("RGB", size, colours[1]), slope)
    spots = Image.frombytes("RGB", (12, 9), rng.randbytes(12 * 9 * 3)).resize(size, Image.Resampling.BICUBIC)
    return Image.blend(ground, spots, rough)


def add_grain(rng: Random, image: Image.Image, strength: float) -> Image.Image:
    """A sensor's noise, of its own for each photo."""
    small = (image.width // 2, image.height // 2)
    noise = Image.frombytes("L", small, rng.randbytes(small[0] * small[1])).resize(image.size)
    grain = noise.point([round(value * strength) for value in range(256)])
    return ImageChops.add(image, Image.merge("RGB", (grain, grain, grain)), offset=-round(128 * strength))


def paint_thicket(rng: Random, size: tuple[int, int] = SIZE) -> Image.Image:
    """Leaves over leaves before an unsharp background, sometimes with flowers."""
    image = make_ground(rng, size, (rng.choice(GROUNDS), rng.choice(GREENS)), rough=rng.uniform(0.05, 0.35))
    colour, flower = rng.choice(GREENS), rng.choice(BLOOMS)
    kind = Leaf.grown(rng, rng.uniform(0.15, 0.45) * size[0])
    for _ in range(rng.randrange(12, 50)):
        place = (rng.uniform(0, size[0]), rng.uniform(0, size[1]))
        draw_leaf(image, kind, place, rng.uniform(0, 2 * math.pi), shade(colour, rng.uniform(0.6, 1.4)))
    for _ in range(rng.choice((0, 1, 3, 8))):
        place = (rng.uniform(0, size[0]), rng.uniform(0, size[1]))
        draw_flower(image, place, rng.uniform(0.05, 0.14) * size[0], flower, rng.randrange(4, 9))
    return image.filter(ImageFilter.GaussianBlur(1.2))


def paint_leaf_on(
    ground: Colour, leaf: Leaf, colour: Colour, *, angle: float, at: Point = (0.5, 0.5), shadow: int = 0
) -> Image.Image:
    """One leaf on a sheet, as from a scanner or a herbarium; `at` in parts of the sheet."""
    image = Image.new("RGB", SIZE, ground)
    centre = (at[0] * SIZE[0], at[1] * SIZE[1])
    if shadow:
        ImageDraw.Draw(image).polygon(
            leaf.outline((centre[0] + shadow, centre[1] + shadow), angle), fill=shade(ground, 0.85)
        )
        image = image.filter(ImageFilter.GaussianBlur(shadow))
    draw_leaf(image, leaf, centre, angle, colour)
    return image.filter(ImageFilter.GaussianBlur(0.8))
