"""Whether a colour profile holds what it says it holds.

LittleCMS makes room for as many entries as a table claims before it reads the first: a profile of
400 bytes took 400 MB. Only the kinds of tags that it reads for a picture's conversion matter.
"""

import struct
from math import prod

_HEADER_BYTES, _ENTRY_BYTES = 128, 12
_MOST_TAGS = 100  # as many as LittleCMS takes


def keeps_its_claims(profile: bytes) -> bool:
    """False where a table claims more entries than it has bytes, or lies outside the profile."""
    try:
        (count,) = struct.unpack_from(">I", profile, _HEADER_BYTES)
        if count > _MOST_TAGS:
            return False
        table = [
            struct.unpack_from(">4xII", profile, _HEADER_BYTES + 4 + _ENTRY_BYTES * number)
            for number in range(count)
        ]
        return all(_fits(profile, offset, size) for offset, size in table)
    except (struct.error, IndexError):
        return False


def _fits(profile: bytes, offset: int, size: int) -> bool:
    tag = profile[offset : offset + size]
    return len(tag) == size and _claimed_bytes(tag) <= size


def _claimed_bytes(tag: bytes) -> int:
    kind = tag[:4]
    if kind == b"mluc":
        return 12 * _number(tag, 8)
    if kind == b"curv":
        return 2 * _number(tag, 8)
    if kind == b"ncl2":
        return 38 * _number(tag, 12)
    if kind in {b"mft1", b"mft2"}:
        channels, results, points = tag[8], tag[9], tag[10]
        return int(points**channels) * results * (2 if kind == b"mft2" else 1)
    if kind in {b"mAB ", b"mBA "} and (start := _number(tag, 24)):
        channels, results = tag[8], tag[9]
        return prod(tag[start : start + channels]) * results * tag[start + 16]
    return 0


def _number(tag: bytes, place: int) -> int:
    (value,) = struct.unpack_from(">I", tag, place)
    return int(value)
