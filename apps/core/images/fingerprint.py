"""What two pictures are compared by: a perceptual hash to find candidates, and a layout to confirm.

Both come from one grid of mean colours, which re-encoding and resizing hardly change, and look at different
things: the hash at the signs of slow waves of brightness over the whole picture, the layout at each place. It
has the brightness finely and the colours coarsely, because that is how encoders keep them.

The limits come from measured corpora (`benchmarks/near_duplicates/`): at these no two different photos of
them look alike. That some copies are missed is the price.
"""

import io
import math
from dataclasses import dataclass
from operator import mul, sub

from PIL import Image

GRID = 32  # cells a side, for brightness
COLOUR_GRID = 8
WAVE_GRID = 16
LAYOUT_BYTES = GRID**2 + 2 * COLOUR_GRID**2
WAVES = 8  # a side, from the slowest on; the mean is left out
HASH_BITS = WAVES * WAVES - 1  # fits into a signed integer of eight bytes
HASH_DISTANCE = 3  # bits that may differ

# In levels of 255.
BRIGHTNESS_PEAK = 5  # may differ in one place
COLOUR_PEAK = 3  # likewise, in blue or red against the brightness
LEAST_SPAN = 12  # from the darkest to the brightest place: with less, that peak would be half of all there is
LEAST_HIGH = 1.0  # flatter waves come and go with an encoder's noise: for the hash they are not there
LEAST_WAVE = 0.35
LEAST_WAVES = 10  # as high or deep as that: a picture with fewer is too plain to be told from others

# A large picture is made smaller first, for half the work. To fewer pixels than these a side of a cell, and
# copies of other sizes would differ at hard edges.
_PIXELS_A_CELL = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """`hash` has `HASH_BITS` bits; `layout` is each cell's brightness, row by row, then blue, then red."""

    hash: int
    layout: bytes


def take_fingerprint(image: Image.Image) -> Fingerprint | None:
    """Of an RGB picture; None where it shows too little."""
    brightness, *colours = _average(image).convert("YCbCr").split()
    heights = _measure_waves(brightness.reduce(GRID // WAVE_GRID).tobytes())
    cells = brightness.tobytes()
    if max(cells) - min(cells) < LEAST_SPAN or sum(abs(each) > LEAST_WAVE for each in heights) < LEAST_WAVES:
        return None
    bits = sum(1 << place for place, height in enumerate(heights) if height > LEAST_HIGH)
    coarse = [colour.reduce(GRID // COLOUR_GRID).tobytes() for colour in colours]
    return Fingerprint(hash=bits, layout=b"".join([cells, *coarse]))


def fingerprint_jpeg(content: bytes) -> Fingerprint | None:
    """Of a photo that was normalised before."""
    with Image.open(io.BytesIO(content), formats=["JPEG"]) as image:
        return take_fingerprint(image.convert("RGB"))


def look_alike(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether both comparisons say that one photo is a copy of the other."""
    if hash_distance(one.hash, other.hash) > HASH_DISTANCE or len(one.layout) != len(other.layout):
        return False
    differences = [abs(difference) for difference in map(sub, one.layout, other.layout)]
    is_as_bright: bool = max(differences[: GRID**2]) <= BRIGHTNESS_PEAK
    return is_as_bright and max(differences[GRID**2 :]) <= COLOUR_PEAK


def hash_distance(one: int, other: int) -> int:
    return (one ^ other).bit_count()


def _average(image: Image.Image) -> Image.Image:
    """The picture in `GRID` by `GRID` pixels."""
    factor = max(1, min(image.size) // (GRID * _PIXELS_A_CELL))
    reduced = image.reduce(factor) if factor > 1 else image
    whole = (0, 0, image.width / factor, image.height / factor)  # its last pixels may stand for less
    # Not BOX, which gives each pixel to one cell: copies of other sizes would differ at the edges.
    return reduced.resize((GRID, GRID), Image.Resampling.HAMMING, box=whole)


def _cosines(wave: int) -> tuple[float, ...]:
    return tuple(math.cos(math.pi * (place + 0.5) * wave / WAVE_GRID) for place in range(WAVE_GRID))


_BASIS = tuple(_cosines(wave) for wave in range(WAVES))
_SCALE = 4 / WAVE_GRID**2


def _measure_waves(brightness: bytes) -> list[float]:
    """The height of each wave, in levels: the low end of a discrete cosine transform, without the mean.

    In plain Python it takes a tenth of a millisecond, and spares each process 20 MB of a library for it.
    """
    rows = [brightness[start : start + WAVE_GRID] for start in range(0, WAVE_GRID**2, WAVE_GRID)]
    across = [[sum(map(mul, wave, row)) for row in rows] for wave in _BASIS]
    heights = [_SCALE * sum(map(mul, wave, column)) for column in across for wave in _BASIS]
    return heights[1:]
