"""What becomes of a photo on its way through programs and messengers: still the same photo."""

import io
from collections.abc import Iterator
from typing import Any

import pillow_heif
from PIL import Image

QUALITIES = (95, 85, 75, 60, 40)
SIZES = (1.0, 0.67, 0.4)
OTHER_FORMATS: dict[str, dict[str, Any]] = {
    "PNG": {"compress_level": 1},
    "WEBP": {"quality": 80, "method": 0},
    "HEIF": {"quality": 60, "enc_params": {"preset": "ultrafast"}},
}
ORIENTATION = 0x0112
TURN_AWAY = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}

pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


def copies_of(image: Image.Image) -> Iterator[tuple[str, bytes]]:
    """Each copy with its kind: 15 JPEGs, 9 of other formats, 7 that EXIF turns."""
    for size in SIZES:
        resized = image.resize(_scaled(image, size), Image.Resampling.LANCZOS) if size < 1 else image
        for quality in QUALITIES:
            yield f"JPEG {quality}", encode(resized, "JPEG", quality=quality)
        for file_format, options in OTHER_FORMATS.items():
            yield file_format, encode(resized, file_format, **options)
    yield from turned_copies_of(image)


def turned_copies_of(image: Image.Image) -> Iterator[tuple[str, bytes]]:
    for orientation, turn in TURN_AWAY.items():
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        yield "EXIF rotation", encode(image.transpose(turn), "JPEG", quality=85, exif=exif)


def encode(image: Image.Image, file_format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def _scaled(image: Image.Image, by: float) -> tuple[int, int]:
    return max(64, round(image.width * by)), max(64, round(image.height * by))
