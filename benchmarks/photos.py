"""Photos nobody has sent before: each has other shapes, so that no two pass for copies of one another."""

import io
import random
from functools import cache

from PIL import Image, ImageChops

MEGAPIXEL = (1000, 1000)
PHONE = (4000, 3000)
UPLOAD_MAX_BYTES = 10_000_000
_GRID = 12  # coarse squares the shapes are made of
_QUALITY = 88
_GRAIN = 8


@cache
def _grain(size: tuple[int, int]) -> Image.Image:
    return Image.effect_noise(size, _GRAIN).convert("RGB")


def make_photo(seed: str, size: tuple[int, int] = MEGAPIXEL) -> bytes:
    """A JPEG with shapes, grain and as many bytes as photographs have. A seed gives the same again."""
    rng = random.Random(seed)
    coarse = Image.frombytes("RGB", (_GRID, _GRID), rng.randbytes(3 * _GRID * _GRID))
    image = ImageChops.overlay(coarse.resize(size, Image.Resampling.BICUBIC), _grain(size))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


def make_largest_upload(seed: str) -> bytes:
    """Twelve megapixels, filled up to the most a photo may have; what follows a JPEG's end is ignored."""
    return make_photo(seed, PHONE).ljust(UPLOAD_MAX_BYTES, b"\0")
