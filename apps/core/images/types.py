"""What is known about a photo before and after it is decoded."""

from dataclasses import dataclass
from typing import Literal, Protocol

from apps.core.images.fingerprint import Fingerprint

PhotoFormat = Literal["jpeg", "png", "webp", "heic"]

UPRIGHT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoHeader:
    """What the first bytes say, without decoding anything.

    `width` and `height` are those of the picture as it comes out of the decoder; `orientation` is the EXIF
    number (1-8) that says how to turn it upright. HEIC is always 1: its decoder turns the picture itself.
    `progressive` is true of every JPEG that can only be decoded with all of it in memory: the progressive
    ones, and sequential ones that come in several scans.
    """

    format: PhotoFormat
    width: int
    height: int
    progressive: bool = False
    orientation: int = UPRIGHT

    @property
    def pixels(self) -> int:
        return self.width * self.height

    @property
    def short_side(self) -> int:
        return min(self.width, self.height)


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalisedPhoto:
    """An upright sRGB JPEG without metadata. `sha256` is the digest of `content`, in hexadecimal.

    A picture too plain to be told from others has no fingerprint.
    """

    content: bytes
    width: int
    height: int
    sha256: str
    fingerprint: Fingerprint | None


class Scan(Protocol):
    """One format's reading of a file's structure."""

    @property
    def header(self) -> PhotoHeader: ...

    @property
    def is_animated(self) -> bool: ...

    def bare_picture(self) -> bytes:
        """The same picture without what a decoder need not see: metadata, further frames, trailing data."""
        ...

    def icc_profile(self) -> bytes | None: ...
