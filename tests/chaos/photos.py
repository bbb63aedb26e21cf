"""What the load sends: photos by number, and files that are none."""

import io
import random

from PIL import Image

BLOCKS = (10, 8)
SIZE = (320, 256)


def photo(seed: int, number: int) -> bytes:
    """The same bytes for the same number; no two numbers look alike."""
    blocks = random.Random(f"{seed} {number}").randbytes(3 * BLOCKS[0] * BLOCKS[1])
    image = Image.frombytes("RGB", BLOCKS, blocks).resize(SIZE, Image.Resampling.NEAREST)
    return _jpeg(image)


def _jpeg(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=88)
    return file.getvalue()


# What is no photo, and the code that says so.
BAD_UPLOADS = (
    (b"This is not a photo.", "image_type_unsupported"),
    (_jpeg(Image.new("RGB", (32, 32), "green")), "image_too_small"),
    (b"", "image_empty"),
    (_jpeg(Image.effect_noise((256, 256), 80).convert("RGB"))[:9_000], "image_unreadable"),
)


def wants_health(number: int) -> bool:
    """One photo in five is asked without."""
    return number % 5 != 0
