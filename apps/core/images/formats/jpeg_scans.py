"""The way through a JPEG's coded data, from marker to marker.

No byte of coded data looks like a marker, but damage often does: a decoder stops there without a word, and
what is missing comes out grey. Restart markers are numbered, so that a lost one shows.
"""

import re
import struct

from apps.core.images.errors import PhotoUnreadable

_DHT, _RST0, _RST7, _EOI, _SOS, _DQT, _DNL, _DRI = 0xC4, 0xD0, 0xD7, 0xD9, 0xDA, 0xDB, 0xDC, 0xDD
_BETWEEN_SCANS = frozenset({_DHT, _DQT, _DNL, _DRI, *range(0xE0, 0xF0), 0xFE})

_MARKER_IN_DATA = re.compile(rb"\xff([^\xff\x00])")
_MARKER = re.compile(rb"\xff{1,64}([^\xff\x00])")
_MAX_PARTS = 2048  # scans, and what is between them


def find_end(content: bytes, start: int, *, restart_interval: int, units: int | None) -> int:
    """Where the picture ends whose first scan begins at `start`.

    `units` is the number of units in that scan where it holds the whole picture.

    Raises:
        PhotoUnreadable: the end is missing, or a marker is where none can be.
    """
    position, interval = start, restart_interval
    for _ in range(_MAX_PARTS):
        found = _MARKER.match(content, position)
        if found is None:
            break
        marker, body = found[1][0], found.end()
        if marker == _EOI:
            return body
        (length,) = struct.unpack_from(">H", content, body)
        position = body + length
        if marker == _SOS:
            position, restarts = _skip_data(content, position, allows_restarts=bool(interval))
            if units is not None and not _is_right_number(restarts, units, interval):
                break
            units = None
        elif marker not in _BETWEEN_SCANS:
            break
        elif marker == _DRI:
            (interval,) = struct.unpack_from(">H", content, body + 2)
    raise PhotoUnreadable


def _skip_data(content: bytes, position: int, *, allows_restarts: bool) -> tuple[int, int]:
    """Where the next marker that is no restart begins, and how many restarts came before it."""
    for restarts, found in enumerate(_MARKER_IN_DATA.finditer(content, position)):
        marker = found[1][0]
        if not _RST0 <= marker <= _RST7:
            return found.start(), restarts
        if not allows_restarts or marker != _RST0 + restarts % 8:
            break
    raise PhotoUnreadable


def _is_right_number(restarts: int, units: int, interval: int) -> bool:
    # Some cameras end the last interval with a marker as well.
    return not interval or restarts - (units - 1) // interval in {0, 1}
