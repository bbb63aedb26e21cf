"""The structure of a JPEG up to its first scan."""

import re
import struct
from dataclasses import dataclass, field

from apps.core.images.errors import PhotoTypeUnsupported, PhotoUnreadable
from apps.core.images.formats.exif import EXIF_PREFIX, read_orientation
from apps.core.images.formats.jpeg_scans import find_end
from apps.core.images.types import UPRIGHT, PhotoHeader

MAGIC = b"\xff\xd8\xff"

_SOF0, _SOF1, _SOF2 = 0xC0, 0xC1, 0xC2
_DHT, _JPG, _DAC = 0xC4, 0xC8, 0xCC  # in the middle of the SOF numbers, but no frames
_EOI, _SOS, _DRI = 0xD9, 0xDA, 0xDD
_APP0, _APP1, _APP2, _APP14, _APP15, _COM = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
_WITHOUT_LENGTH = frozenset({0x01, 0xD8, *range(0xD0, 0xD8)})
_FRAMES = frozenset(range(_SOF0, 0xD0)) - {_DHT, _JPG, _DAC}
# Arithmetic coding (SOF9, SOF10) no camera writes and no browser reads.
_READABLE_FRAMES = frozenset({_SOF0, _SOF1, _SOF2})
_STREAMED_FRAMES = frozenset({_SOF0, _SOF1})

_ICC_PREFIX = b"ICC_PROFILE\x00"
# Long colour profiles and long XMP make some hundreds of segments. Without a bound, ten megabytes of empty
# segments would keep the interpreter busy for seconds.
_MAX_SEGMENTS = 2048
# Each scan of a progressive JPEG costs a pass over the whole picture and may be a few bytes long; encoders
# write about ten.
_MAX_SCANS = 100
# One 0xFF only, though any number may come before a marker: a repetition here would take quadratic time.
_MARKER = re.compile(rb"\xff([^\xff\x00])")


@dataclass(slots=True)
class JpegScan:
    content: bytes
    is_animated: bool = False
    header: PhotoHeader = field(init=False)
    restart_interval: int = 0  # in units; 0 without restart markers
    _frame: int = 0
    _sampling: list[tuple[int, int]] = field(default_factory=list)  # of each component, across and down
    _start_of_scan: int = 0
    _has_adobe_segment: bool = False
    _size: tuple[int, int] = (0, 0)
    _orientation: int | None = None
    _kept: list[slice] = field(default_factory=list)
    _icc_parts: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._read_segments()
        if not self._frame or not all(self._size):
            raise PhotoUnreadable
        (components_in_scan,) = struct.unpack_from(">B", self.content, self._start_of_scan + 4)
        streamed = self._frame in _STREAMED_FRAMES and components_in_scan == len(self._sampling)
        if not streamed and self.content.count(b"\xff\xda", self._start_of_scan) > _MAX_SCANS:
            raise PhotoUnreadable
        width, height = self._size
        self.header = PhotoHeader(
            format="jpeg",
            width=width,
            height=height,
            progressive=not streamed,
            orientation=self._orientation or UPRIGHT,
        )

    @property
    def has_plain_inks(self) -> bool:
        """Whether four inks are stored as they are; programs that name Adobe store them inverted."""
        return len(self._sampling) == 4 and not self._has_adobe_segment

    @property
    def unit_size(self) -> tuple[int, int]:
        """Of what a scan of all components is made of: 8, 16 or more pixels across and down."""
        if len(self._sampling) == 1:
            return 8, 8
        return 8 * max(across for across, _ in self._sampling), 8 * max(down for _, down in self._sampling)

    @property
    def blocks_in_unit(self) -> int:
        return 1 if len(self._sampling) == 1 else sum(across * down for across, down in self._sampling)

    def bare_picture(self) -> bytes:
        """Only the segments that make the first picture.

        Raises:
            PhotoUnreadable: its coded data is cut off, or has a marker in it that cannot be there.
        """
        end = find_end(
            self.content,
            self._start_of_scan,
            restart_interval=self.restart_interval,
            units=None if self.header.progressive else self._count_units(),
        )
        kept = [*self._kept, slice(self._start_of_scan, end)]
        return b"\xff\xd8" + b"".join(self.content[part] for part in kept)

    def icc_profile(self) -> bytes | None:
        # Each part starts with its number and the number of parts.
        parts = sorted(self._icc_parts)
        if not parts or any(part[:2] != bytes((i, len(parts))) for i, part in enumerate(parts, start=1)):
            return None
        return b"".join(part[2:] for part in parts)

    def _count_units(self) -> int:
        width, height = self.unit_size
        return -(-self.header.width // width) * -(-self.header.height // height)

    def _read_segments(self) -> None:
        """Read up to the first scan."""
        position = 2
        for _ in range(_MAX_SEGMENTS):
            found = _MARKER.search(self.content, position)
            if found is None:
                break
            marker, start, position = found[1][0], found.start(), found.end()
            if marker in _WITHOUT_LENGTH:
                continue
            (length,) = struct.unpack_from(">H", self.content, position)
            end = position + length
            if marker == _EOI or length < 2 or end > len(self.content):
                break
            if marker == _SOS:
                self._start_of_scan = start
                return
            self._read_segment(marker, start, self.content[position + 2 : end])
            position = end
        raise PhotoUnreadable

    def _read_segment(self, marker: int, start: int, body: bytes) -> None:
        end = start + 4 + len(body)
        if marker in _FRAMES:
            self._read_frame(marker, body)
        elif marker == _APP1 and body.startswith(EXIF_PREFIX):
            if self._orientation is None:
                self._orientation = read_orientation(body)
        elif marker == _APP2 and body.startswith(_ICC_PREFIX):
            self._icc_parts.append(body[len(_ICC_PREFIX) :])
        elif marker == _DRI:
            (self.restart_interval,) = struct.unpack_from(">H", body)
        elif marker == _APP14 and body.startswith(b"Adobe"):
            self._has_adobe_segment = True
        if _says_how_to_decode(marker, body):
            self._kept.append(slice(start, end))

    def _read_frame(self, marker: int, body: bytes) -> None:
        if self._frame:  # two frames: readers disagree about which one counts
            raise PhotoUnreadable
        precision, height, width, components = struct.unpack_from(">BHHB", body)
        if marker not in _READABLE_FRAMES or precision != 8:
            raise PhotoTypeUnsupported
        self._frame, self._size = marker, (width, height)
        factors = [body[7 + 3 * component] for component in range(components)]
        self._sampling = [(factor >> 4, factor & 15) for factor in factors]
        if not all(across and down for across, down in self._sampling):
            raise PhotoUnreadable


def _says_how_to_decode(marker: int, body: bytes) -> bool:
    # The JFIF and Adobe segments decide the colour space; every other application segment is metadata.
    if marker == _APP0:
        return body.startswith(b"JFIF\x00")
    if marker == _APP14:
        return body.startswith(b"Adobe")
    return marker != _COM and not _APP0 <= marker <= _APP15
