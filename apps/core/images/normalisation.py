"""Making every photo the same kind of photo: upright, sRGB, within 1,500 pixels, a JPEG without metadata."""

import os
import tempfile
from typing import IO

from PIL import Image

from apps.core.images.colour import to_opaque_8_bit, to_srgb
from apps.core.images.decoding import DECODER_FAILURES, decode
from apps.core.images.digest import sha256_hex
from apps.core.images.errors import PhotoUnreadable
from apps.core.images.fingerprint import take_fingerprint
from apps.core.images.inspection import scan_structure
from apps.core.images.limits import DEFAULT_LIMITS, PhotoLimits
from apps.core.images.slots import decode_slots
from apps.core.images.types import NormalisedPhoto, PhotoHeader, Scan

_GAP = 1.25
_TURN_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def normalise_photo(
    content: bytes, header: PhotoHeader, *, limits: PhotoLimits = DEFAULT_LIMITS
) -> NormalisedPhoto:
    """Turn a photo that `inspect_photo` has accepted into the form that is kept and sent.

    The same bytes always give the same bytes. Nothing of the file but its pixels gets into the result.

    Raises:
        PhotoUnreadable: the picture is cut off or damaged, or `header` is not the header of `content`.
        ImageWorkersBusy: no place for decoding became free within `limits.decode_wait_s`.
    """
    scan = scan_structure(content)
    if scan.is_animated or scan.header != header:
        raise PhotoUnreadable
    with decode_slots.hold(wait_s=limits.decode_wait_s):
        image = _prepare_pixels(scan, limits)
        fingerprint = take_fingerprint(image)
        encoded = _encode_jpeg(image, quality=limits.output_quality)
    return NormalisedPhoto(
        content=encoded,
        width=image.width,
        height=image.height,
        sha256=sha256_hex(encoded),
        fingerprint=fingerprint,
    )


def _prepare_pixels(scan: Scan, limits: PhotoLimits) -> Image.Image:
    header = scan.header
    decoded = decode(scan, target=_fit((header.width, header.height), limits.output_side))
    profile, image = decoded.icc_profile, decoded.pixels
    del decoded  # so that each step's picture goes when the next one is made
    try:
        image = to_opaque_8_bit(image)
        # Shrunk first: turning and converting then cost a tenth.
        image = _shrink(image, limits.output_side)
        if header.orientation in _TURN_UPRIGHT:
            image = image.transpose(_TURN_UPRIGHT[header.orientation])
        return to_srgb(image, profile)
    except DECODER_FAILURES as failure:  # a palette or transparency that does not fit the pixels
        raise PhotoUnreadable from failure


def _fit(size: tuple[int, int], side: int) -> tuple[int, int]:
    longest = max(size)
    if longest <= side:
        return size
    width, height = (max(1, round(edge * side / longest)) for edge in size)
    return width, height


def _shrink(image: Image.Image, side: int) -> Image.Image:
    size = _fit(image.size, side)
    if size == image.size:
        return image
    # As sharp as bicubic for half the work; what is more than a quarter too large is halved (or more) first.
    return image.resize(size, Image.Resampling.HAMMING, reducing_gap=_GAP)


def _encode_jpeg(image: Image.Image, *, quality: int) -> bytes:
    image.info = {}  # the encoder would write a comment that it finds here
    with _open_scratch_file() as file:
        image.save(file, "JPEG", quality=quality, subsampling="4:2:0")
        file.seek(0)
        return file.read()


def _open_scratch_file() -> IO[bytes]:
    """A file without a name, in memory where the system has such.

    Pillow's encoder holds the interpreter's lock while it fills a buffer of Python's, and lets go of it while
    it writes to a descriptor. For a photo of a megapixel that is a third of the time of its preparation.
    """
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("photo"), "w+b")
    return tempfile.TemporaryFile()
