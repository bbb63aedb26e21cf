"""The structure of a PNG, chunk by chunk."""

import struct
import zlib
from dataclasses import dataclass, field

from apps.core.images.errors import PhotoUnreadable
from apps.core.images.formats.exif import read_orientation
from apps.core.images.profiles import MAX_PROFILE_BYTES, profile_of_code_points
from apps.core.images.types import UPRIGHT, PhotoHeader

MAGIC = b"\x89PNG\r\n\x1a\n"

_IHDR_LENGTH = 13
_TRUECOLOUR = 2
_MAX_CHUNKS = 20_000  # chunks of 512 bytes, in a file of 10 MB
_PICTURE_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})


@dataclass(slots=True)
class PngScan:
    content: bytes
    is_animated: bool = False
    header: PhotoHeader = field(init=False)
    _orientation: int = UPRIGHT
    _depth_and_colour: tuple[int, int] = (0, 0)
    _size: tuple[int, int] = (0, 0)
    _chunks: list[tuple[bytes, int, int]] = field(default_factory=list)  # kind, start and end of the data
    _has_picture: bool = False
    _profile: tuple[int, int] | None = None
    _code_points: bytes = b""

    def __post_init__(self) -> None:
        self._read_chunks()
        if not self._has_picture or not all(self._size):
            raise PhotoUnreadable
        width, height = self._size
        self.header = PhotoHeader(format="png", width=width, height=height, orientation=self._orientation)

    def bare_picture(self) -> bytes:
        """Only the chunks that make the picture.

        Raises:
            PhotoUnreadable: picture data does not match its checksum.
        """
        parts = [MAGIC]
        for kind, start, end in self._chunks:
            body = self.content[start:end]
            (checksum,) = struct.unpack_from(">I", self.content, end)
            if zlib.crc32(body, zlib.crc32(kind)) != checksum:
                raise PhotoUnreadable
            if kind == b"tRNS" and self._depth_and_colour == (16, _TRUECOLOUR):
                body = _transparent_colour_in_8_bits(body)
                checksum = zlib.crc32(body, zlib.crc32(kind))
            parts += [struct.pack(">I4s", len(body), kind), body, struct.pack(">I", checksum)]
        return b"".join(parts)

    def icc_profile(self) -> bytes | None:
        if self._code_points:
            return profile_of_code_points(primaries=self._code_points[0], transfer=self._code_points[1])
        if self._profile is None:
            return None
        _name, _, compressed = self.content[slice(*self._profile)].partition(b"\x00")
        try:
            # Bounded: a few kilobytes can unpack to gigabytes.
            return zlib.decompressobj().decompress(compressed[1:], MAX_PROFILE_BYTES + 1)
        except zlib.error:
            return None

    def _read_chunks(self) -> None:
        position = len(MAGIC)
        for index in range(_MAX_CHUNKS):
            length, kind = struct.unpack_from(">I4s", self.content, position)
            start = position + 8
            end = start + length
            if end + 4 > len(self.content) or (index == 0) != (kind == b"IHDR"):
                break
            self._read_chunk(kind, start, end)
            if kind == b"IEND":
                return
            position = end + 4
        raise PhotoUnreadable

    def _read_chunk(self, kind: bytes, start: int, end: int) -> None:
        if kind in _PICTURE_CHUNKS:
            self._chunks.append((kind, start, end))
        match kind:
            case b"IHDR":
                self._read_image_header(start, end)
            case b"IDAT":
                self._has_picture = True
            case b"acTL" if not self._has_picture:  # after the picture it has no meaning
                (frames,) = struct.unpack_from(">I", self.content, start)
                self.is_animated = frames > 1
            case b"iCCP":
                self._profile = (start, end)
            case b"cICP" if end - start == 4:
                self._code_points = self.content[start:end]
            case b"eXIf":
                self._orientation = read_orientation(self.content[start:end])

    def _read_image_header(self, start: int, end: int) -> None:
        if end - start != _IHDR_LENGTH:
            raise PhotoUnreadable
        width, height, depth, colour = struct.unpack_from(">IIBB", self.content, start)
        self._size, self._depth_and_colour = (width, height), (depth, colour)


def _transparent_colour_in_8_bits(body: bytes) -> bytes:
    # The decoder gives 8 of the 16 bits of each channel, but compares them with this colour as it stands.
    return struct.pack(">3H", *(value >> 8 for value in struct.unpack_from(">3H", body)))
