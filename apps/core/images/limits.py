"""The numbers a photo is judged by."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoLimits:
    """What is accepted, and what a normalised photo looks like."""

    max_bytes: int = 10 * 1024 * 1024
    # A baseline JPEG is decoded line by line and at a fraction of its size; everything else needs its whole
    # picture in memory, so it may have half the pixels.
    max_baseline_pixels: int = 50_000_000
    max_other_pixels: int = 25_000_000
    min_side: int = 64
    output_side: int = 1500
    output_quality: int = 85
    decode_wait_s: float = 10.0


DEFAULT_LIMITS = PhotoLimits()
