"""Pictures for the demo posts, drawn here, so that nobody else has a right in them."""

import math
from collections.abc import Callable, Iterator
from functools import cache
from io import BytesIO

from PIL import Image, ImageDraw

WIDTH, HEIGHT = 1280, 800
_FINE = 2  # drawn larger and shrunk, for smooth edges
CREDIT = "Drawn for Plant Community, CC0 1.0"

Point = tuple[float, float]
_TINTS = {"meadow": ("#e9efe2", "#dbe5d2"), "sand": ("#f3ece0", "#e8dcc6"), "sky": ("#e4edf2", "#d2e1ea")}
_DARK, _GREEN, _LIGHT, _PALE = "#1f5b36", "#2f7d4b", "#63a46f", "#a9cf9f"
_RED, _ROSE, _GOLD, _CLAY = "#b23a3a", "#d98c9c", "#e3b341", "#b8693f"


class _Sheet:
    def __init__(self, tint: str) -> None:
        paper, shade = _TINTS[tint]
        self._image = Image.new("RGB", (WIDTH * _FINE, HEIGHT * _FINE), paper)
        self._draw = ImageDraw.Draw(self._image)
        self.disc((WIDTH * 0.5, HEIGHT * 0.52), 330, shade)

    def shape(self, points: list[Point], colour: str) -> None:
        self._draw.polygon([(x * _FINE, y * _FINE) for x, y in points], fill=colour)

    def disc(self, centre: Point, radius: float, colour: str) -> None:
        self._draw.circle((centre[0] * _FINE, centre[1] * _FINE), radius * _FINE, fill=colour)

    def line(self, points: list[Point], width: float, colour: str) -> None:
        fine = [(x * _FINE, y * _FINE) for x, y in points]
        self._draw.line(fine, fill=colour, width=round(width * _FINE), joint="curve")

    def leaf(self, foot: Point, angle: float, length: float, width: float, colour: str, vein: str) -> None:
        """From its foot into a direction, widest below the middle, with a vein to its tip."""
        steps = [index / 30 for index in range(31)]
        side = [(length * at, width * math.sin(math.pi * at**0.8)) for at in steps]
        outline = [*side, *((along, -across) for along, across in reversed(side))]
        self.shape([_turned(foot, angle, *point) for point in outline], colour)
        self.line([foot, _turned(foot, angle, length * 0.94, 0)], max(2, width / 22), vein)
        for at in (0.2, 0.36, 0.52, 0.68):
            reach = width * math.sin(math.pi * (at + 0.16) ** 0.8) * 0.8
            for across in (reach, -reach):
                ends = [(length * at, 0.0), (length * (at + 0.16), across)]
                self.line([_turned(foot, angle, *end) for end in ends], max(1.5, width / 40), vein)

    def to_jpeg(self) -> bytes:
        shrunk = self._image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        content = BytesIO()
        shrunk.save(content, "JPEG", quality=86)
        return content.getvalue()


def _turned(foot: Point, angle: float, along: float, across: float) -> Point:
    turn = math.radians(angle)
    x = foot[0] + along * math.cos(turn) - across * math.sin(turn)
    return x, foot[1] + along * math.sin(turn) + across * math.cos(turn)


def _curve(start: Point, bend: Point, end: Point, count: int = 40) -> list[Point]:
    def at(share: float, axis: int) -> float:
        rest = 1 - share
        return rest**2 * start[axis] + 2 * rest * share * bend[axis] + share**2 * end[axis]

    return [(at(index / count, 0), at(index / count, 1)) for index in range(count + 1)]


def _pairs(stem: list[Point], every: int) -> Iterator[tuple[Point, float, float]]:
    """Places along a stem: where, which way the stem goes there, and how far along."""
    for index in range(every, len(stem) - 1, every):
        (x, y), (further_x, further_y) = stem[index], stem[index + 1]
        yield (x, y), math.degrees(math.atan2(further_y - y, further_x - x)), index / len(stem)


def _one_leaf(sheet: _Sheet) -> None:
    sheet.line([(470, 700), (560, 560)], 16, _DARK)
    sheet.leaf((545, 590), -48, 560, 190, _GREEN, _PALE)


def _frond(sheet: _Sheet) -> None:
    for end, colour in (((330, 210), _LIGHT), ((960, 190), _LIGHT), ((640, 110), _GREEN)):
        stem = _curve((640, 730), (640, 330), end)
        sheet.line(stem, 8, _DARK)
        for place, way, share in _pairs(stem, 3):
            length = 150 * math.sin(math.pi * (0.25 + 0.72 * share))
            for side in (-62, 62):
                sheet.leaf(place, way + side, length, length / 7, colour, _DARK)


def _branch(sheet: _Sheet) -> None:
    stem = _curve((250, 620), (560, 520), (1030, 250))
    sheet.line(stem, 14, _CLAY)
    for place, way, share in _pairs(stem, 7):
        for side, colour in ((-55, _GREEN), (55, _LIGHT)):
            sheet.leaf(place, way + side, 190 - 60 * share, 52 - 14 * share, colour, _DARK)
    for place, way, _ in _pairs(stem, 10):
        for reach in (40, 74):
            centre = _turned(place, way + 90, reach, reach / 3)
            sheet.disc(centre, 25, _RED)
            sheet.disc((centre[0] - 8, centre[1] - 8), 6, _ROSE)


def _flower(sheet: _Sheet) -> None:
    stem = _curve((640, 760), (600, 600), (640, 400))
    sheet.line(stem, 14, _DARK)
    sheet.leaf((620, 640), -150, 250, 60, _GREEN, _DARK)
    sheet.leaf((625, 590), -25, 250, 60, _LIGHT, _DARK)
    for petal in range(10):
        sheet.leaf((640, 370), petal * 36 - 90, 235, 58, _ROSE if petal % 2 else "#e5aab5", _RED)
    sheet.disc((640, 370), 70, _GOLD)
    for dot in range(14):
        sheet.disc(_turned((640, 370), dot * 360 / 14, 48, 0), 7, _CLAY)


def _pot(sheet: _Sheet) -> None:
    for angle, length, colour in (
        (-150, 300, _LIGHT),
        (-30, 300, _LIGHT),
        (-125, 400, _GREEN),
        (-55, 400, _GREEN),
        (-90, 450, _DARK),
    ):
        sheet.leaf((640, 560), angle, length, 62, colour, _PALE)
    sheet.shape([(500, 540), (780, 540), (745, 740), (535, 740)], _CLAY)
    sheet.shape([(480, 520), (800, 520), (800, 570), (480, 570)], "#a35a34")


_MOTIFS: dict[str, tuple[str, Callable[[_Sheet], None]]] = {
    "leaf": ("A single leaf with its veins", _one_leaf),
    "frond": ("Three fronds of a fern", _frond),
    "branch": ("A branch with leaves and red berries", _branch),
    "flower": ("A rose-coloured flower from the front", _flower),
    "pot": ("A house plant with long leaves in a clay pot", _pot),
}


def describe_drawing(motif: str) -> str:
    return _MOTIFS[motif][0]


@cache
def draw(motif: str, tint: str) -> bytes:
    """A JPEG; the same each time."""
    sheet = _Sheet(tint)
    _MOTIFS[motif][1](sheet)
    return sheet.to_jpeg()
