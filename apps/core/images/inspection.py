"""Judging a photo by its structure, before anything is decoded."""

import struct
from collections.abc import Callable

from apps.core.images.errors import (
    PhotoAnimated,
    PhotoEmpty,
    PhotoTooLarge,
    PhotoTooManyPixels,
    PhotoTooSmall,
    PhotoTypeUnsupported,
    PhotoUnreadable,
)
from apps.core.images.formats import jpeg, png
from apps.core.images.formats.heif import HeifScan, is_heif
from apps.core.images.formats.jpeg import JpegScan
from apps.core.images.formats.png import PngScan
from apps.core.images.formats.webp import WebPScan, is_webp
from apps.core.images.limits import DEFAULT_LIMITS, PhotoLimits
from apps.core.images.types import PhotoHeader, Scan


def inspect_photo(content: bytes, *, limits: PhotoLimits = DEFAULT_LIMITS) -> PhotoHeader:
    """Say what kind of photo this is and how large, from its header alone.

    The content decides; neither a file name nor a declared type is asked for.

    Raises:
        PhotoRefused: it is not a photo that can be identified; the subclass says why.
    """
    if not content:
        raise PhotoEmpty
    if len(content) > limits.max_bytes:
        raise PhotoTooLarge(size_bytes=len(content), max_bytes=limits.max_bytes)
    scan = scan_structure(content)
    if scan.is_animated:
        raise PhotoAnimated
    _check_size(scan.header, limits)
    return scan.header


def scan_structure(content: bytes) -> Scan:
    """Read the structure of a file.

    Raises:
        PhotoTypeUnsupported: none of the accepted formats.
        PhotoUnreadable: one of them, but cut off or damaged.
    """
    read = _reader_of(content)
    try:
        return read(content)
    except (struct.error, IndexError):  # a field beyond the end of its block or of the file
        raise PhotoUnreadable from None


def _reader_of(content: bytes) -> Callable[[bytes], Scan]:
    if content.startswith(jpeg.MAGIC):
        return JpegScan
    if content.startswith(png.MAGIC):
        return PngScan
    if is_webp(content):
        return WebPScan
    if is_heif(content):
        return HeifScan
    raise PhotoTypeUnsupported


def _check_size(header: PhotoHeader, limits: PhotoLimits) -> None:
    is_baseline = header.format == "jpeg" and not header.progressive
    max_pixels = limits.max_baseline_pixels if is_baseline else limits.max_other_pixels
    if header.pixels > max_pixels:
        raise PhotoTooManyPixels(width=header.width, height=header.height, max_pixels=max_pixels)
    if header.short_side < limits.min_side:
        raise PhotoTooSmall(width=header.width, height=header.height, min_side=limits.min_side)
