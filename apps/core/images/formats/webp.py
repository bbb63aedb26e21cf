"""The structure of a WebP: RIFF chunks."""

import struct
from dataclasses import dataclass, field

from apps.core.images.errors import PhotoUnreadable
from apps.core.images.formats.exif import read_orientation
from apps.core.images.types import UPRIGHT, PhotoHeader

_RIFF_HEADER = 12
_MAX_CHUNKS = 1000
_LOSSY_SIGNATURE = b"\x9d\x01\x2a"
_LOSSLESS_SIGNATURE = 0x2F
_14_BITS = 0x3FFF


def is_webp(content: bytes) -> bool:
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


@dataclass(slots=True)
class WebPScan:
    content: bytes
    header: PhotoHeader = field(init=False)
    _size: tuple[int, int] = (0, 0)
    _frames: int = 0
    _end: int = 0
    _orientation: int = UPRIGHT
    _profile: bytes | None = None

    def __post_init__(self) -> None:
        (riff_size,) = struct.unpack_from("<I", self.content, 4)
        self._end = riff_size + 8
        if self._end > len(self.content):
            raise PhotoUnreadable
        self._read_chunks()
        width, height = self._size
        if not width or not height:
            raise PhotoUnreadable
        self.header = PhotoHeader(format="webp", width=width, height=height, orientation=self._orientation)

    @property
    def is_animated(self) -> bool:
        return self._frames > 1

    def bare_picture(self) -> bytes:
        return self.content[: self._end]

    def icc_profile(self) -> bytes | None:
        return self._profile

    def _read_chunks(self) -> None:
        position = _RIFF_HEADER
        for _ in range(_MAX_CHUNKS):
            kind, length = struct.unpack_from("<4sI", self.content, position)
            start = position + 8
            if start + length > self._end:
                break
            self._read_chunk(kind, start, length)
            position = start + length + length % 2  # chunks start at even places
            if position >= self._end:
                return
        raise PhotoUnreadable

    def _read_chunk(self, kind: bytes, start: int, length: int) -> None:
        body = self.content[start : start + min(length, 10)]
        match kind:
            case b"VP8X":
                self._size = _canvas_size(body)
            case b"VP8 " if not all(self._size):
                self._size = _lossy_size(body)
            case b"VP8L" if not all(self._size):
                self._size = _lossless_size(body)
            case b"ANMF":
                self._frames += 1
            case b"ICCP":
                self._profile = self.content[start : start + length]
            case b"EXIF":
                self._orientation = read_orientation(self.content[start : start + length])


def _canvas_size(body: bytes) -> tuple[int, int]:
    if len(body) < 10:
        raise PhotoUnreadable
    return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1


def _lossy_size(body: bytes) -> tuple[int, int]:
    signature, width, height = struct.unpack_from("<3x3sHH", body)
    if signature != _LOSSY_SIGNATURE:
        raise PhotoUnreadable
    return width & _14_BITS, height & _14_BITS


def _lossless_size(body: bytes) -> tuple[int, int]:
    signature, bits = struct.unpack_from("<BI", body)
    if signature != _LOSSLESS_SIGNATURE:
        raise PhotoUnreadable
    return (bits & _14_BITS) + 1, (bits >> 14 & _14_BITS) + 1
