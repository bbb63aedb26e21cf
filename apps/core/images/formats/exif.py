"""The one thing wanted from EXIF: which way is up."""

import struct

from apps.core.images.types import UPRIGHT

EXIF_PREFIX = b"Exif\x00\x00"

_ORIENTATION_TAG = 0x0112
_MAX_ENTRIES = 512  # cameras write some tens
# How a number is stored in an entry, by EXIF field type: BYTE, SHORT, LONG.
_VALUE_FORMATS = {1: "B", 3: "H", 4: "I"}


def read_orientation(exif: bytes) -> int:
    """The orientation (1-8) in a block of EXIF; 1 for a block that says nothing or makes no sense."""
    tiff = exif.removeprefix(EXIF_PREFIX)
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(tiff[:4])
    if order is None:
        return UPRIGHT
    try:
        return _find_orientation(tiff, order)
    except struct.error:  # an offset that points out of the block
        return UPRIGHT


def _find_orientation(tiff: bytes, order: str) -> int:
    (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
    (entries,) = struct.unpack_from(f"{order}H", tiff, directory)
    for index in range(min(entries, _MAX_ENTRIES)):
        entry = directory + 2 + 12 * index
        tag, kind, count = struct.unpack_from(f"{order}HHI", tiff, entry)
        if tag != _ORIENTATION_TAG:
            continue
        if count != 1 or kind not in _VALUE_FORMATS:
            return UPRIGHT
        (value,) = struct.unpack_from(f"{order}{_VALUE_FORMATS[kind]}", tiff, entry + 8)
        return int(value) if 1 <= value <= 8 else UPRIGHT
    return UPRIGHT
