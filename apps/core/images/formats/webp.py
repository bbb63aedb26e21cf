"""The structure of a WebP: RIFF chunks."""

import struct
from dataclasses import dataclass, field

from apps.core.images.errors import PhotoUnreadable
from apps.core.images.formats.exif import read_orientation
from apps.core.images.types import UPRIGHT, PhotoHeader

_RIFF_HEADER = 12
_FRAME_HEADER = 16
_MAX_CHUNKS = 1000
_LOSSY_SIGNATURE = b"\x9d\x01\x2a"
_LOSSLESS_SIGNATURE = 0x2F
_14_BITS = 0x3FFF
_ALPHA_BIT = 1 << 28  # of a lossless picture's header
_ALPHA_FLAG = 0x10  # of the extended header


def is_webp(content: bytes) -> bool:
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


@dataclass(slots=True)
class WebPScan:
    """An animation of one frame is a photo: that frame."""

    content: bytes
    header: PhotoHeader = field(init=False)
    has_alpha: bool = False
    _size: tuple[int, int] = (0, 0)
    _canvas: tuple[int, int] | None = None
    _frames: int = 0
    _end: int = 0
    _chunks_read: int = 0
    _orientation: int = UPRIGHT
    _profile: bytes | None = None
    _picture: slice | None = None
    _alpha: slice | None = None

    def __post_init__(self) -> None:
        (riff_size,) = struct.unpack_from("<I", self.content, 4)
        self._end = riff_size + 8
        if self._end > len(self.content):
            raise PhotoUnreadable
        self._read_chunks(_RIFF_HEADER, self._end)
        width, height = (self._canvas or (1, 1)) if self.is_animated else self._size
        if not width or not height or (not self._frames and self._canvas not in {None, self._size}):
            raise PhotoUnreadable
        self.header = PhotoHeader(format="webp", width=width, height=height, orientation=self._orientation)

    @property
    def is_animated(self) -> bool:
        return self._frames > 1

    def bare_picture(self) -> bytes:
        if self._picture is None:
            raise PhotoUnreadable
        chunks = self.content[self._picture]
        if self._alpha is not None:
            chunks = _extended_header(*self._size) + self.content[self._alpha] + chunks
        return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks

    def icc_profile(self) -> bytes | None:
        return self._profile

    def _read_chunks(self, position: int, end: int) -> None:
        while position < end:
            self._chunks_read += 1
            kind, length = struct.unpack_from("<4sI", self.content, position)
            start = position + 8
            if start + length > end or self._chunks_read > _MAX_CHUNKS:
                raise PhotoUnreadable
            self._read_chunk(kind, start, length)
            position = start + length + length % 2  # chunks start at even places

    def _read_chunk(self, kind: bytes, start: int, length: int) -> None:
        body = self.content[start : start + min(length, 10)]
        whole = slice(start - 8, start + length + length % 2)
        match kind:
            case b"VP8X":
                self._canvas = _canvas_size(body)
            case b"VP8 ":
                self._take_picture(_lossy_size(body), whole)
            case b"VP8L":
                self._take_picture(_lossless_size(body), whole)
                self.has_alpha = bool(struct.unpack_from("<xI", body)[0] & _ALPHA_BIT)
            case b"ALPH" if self._picture is None:  # behind the picture it has no meaning
                self._alpha, self.has_alpha = whole, True
            case b"ANMF":
                self._frames += 1
                if self._frames == 1:
                    self._read_chunks(start + _FRAME_HEADER, start + length)
            case b"ICCP":
                self._profile = self.content[start : start + length]
            case b"EXIF":
                self._orientation = read_orientation(self.content[start : start + length])

    def _take_picture(self, size: tuple[int, int], chunk: slice) -> None:
        if self._picture is not None:  # with two of them, readers disagree about which one counts
            raise PhotoUnreadable
        self._size, self._picture = size, chunk


def _extended_header(width: int, height: int) -> bytes:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return struct.pack("<4sIB3x", b"VP8X", 10, _ALPHA_FLAG) + size


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
