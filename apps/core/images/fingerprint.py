"""What two pictures are compared by: a perceptual hash to find candidates, and a colour layout to confirm.

Both come from one coarse grid of mean colours, which re-encoding and resizing hardly change, and look at
different things: the hash at the signs of slow waves of brightness over the whole picture, the layout at the
colour of each place.

The limits come from a measured corpus (`benchmarks/near_duplicates/`): at these no two different photos of it
look alike. That some copies are missed is the price.
"""

import io
import math
from dataclasses import dataclass
from operator import mul, sub

from PIL import Image

GRID = 16  # cells a side
WAVES = 8  # a side, from the slowest on; the mean is left out
HASH_BITS = WAVES * WAVES - 1  # fits into a signed integer of eight bytes
HASH_DISTANCE = 7  # bits that may differ

# In levels of 255.
LAYOUT_PEAK = 6  # may differ in one place and colour
LAYOUT_MEAN = 2.5  # on average
LEAST_WAVE = 0.35  # flatter ones come and go with an encoder's noise: they count as not there
LEAST_WAVES = 10  # a picture with fewer is too plain to be told from others

_REDUCING_GAP = 4.0  # a large picture is made smaller before its cells are made: a third of the work


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """`hash` has `HASH_BITS` bits; `layout` is red, green and blue of each cell, row by row."""

    hash: int
    layout: bytes


def take_fingerprint(image: Image.Image) -> Fingerprint | None:
    """Of an RGB picture; None where it shows too little."""
    # Not BOX, which gives each pixel to one cell: copies of other sizes would differ at the edges.
    grid = image.resize((GRID, GRID), Image.Resampling.HAMMING, reducing_gap=_REDUCING_GAP)
    heights = _measure_waves(grid.convert("L").tobytes())
    if sum(abs(height) > LEAST_WAVE for height in heights) < LEAST_WAVES:
        return None
    bits = sum(1 << place for place, height in enumerate(heights) if height > LEAST_WAVE)
    return Fingerprint(hash=bits, layout=grid.tobytes())


def fingerprint_jpeg(content: bytes) -> Fingerprint | None:
    """Of a photo that was normalised before."""
    with Image.open(io.BytesIO(content), formats=["JPEG"]) as image:
        return take_fingerprint(image.convert("RGB"))


def look_alike(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether both comparisons say that one photo is a copy of the other."""
    if hash_distance(one.hash, other.hash) > HASH_DISTANCE:
        return False
    differences = [abs(difference) for difference in map(sub, one.layout, other.layout)]
    is_close: bool = max(differences) <= LAYOUT_PEAK
    return is_close and sum(differences) <= LAYOUT_MEAN * len(differences)


def hash_distance(one: int, other: int) -> int:
    return (one ^ other).bit_count()


def _cosines(wave: int) -> tuple[float, ...]:
    return tuple(math.cos(math.pi * (place + 0.5) * wave / GRID) for place in range(GRID))


_BASIS = tuple(_cosines(wave) for wave in range(WAVES))
_SCALE = 4 / GRID**2


def _measure_waves(brightness: bytes) -> list[float]:
    """The height of each wave, in levels: the low end of a discrete cosine transform, without the mean.

    In plain Python it takes a fifth of a millisecond, and spares each process 20 MB of a library for it.
    """
    rows = [brightness[start : start + GRID] for start in range(0, GRID * GRID, GRID)]
    across = [[sum(map(mul, wave, row)) for row in rows] for wave in _BASIS]
    heights = [_SCALE * sum(map(mul, wave, column)) for column in across for wave in _BASIS]
    return heights[1:]
