"""Colour profiles for pictures that name their colours by number (ITU-T H.273) and carry no profile."""

import struct
from functools import lru_cache

MAX_PROFILE_BYTES = 4 * 1024 * 1024  # profiles for print have some 3 MB, those of cameras less than 1 kB

_PRIMARIES_DISPLAY_P3 = 12
_TRANSFER_SRGB = 13

_D50 = (0.9642, 1.0, 0.8249)
# The columns of the matrix to XYZ, adapted to D50 as the ICC wants it.
_P3_RED = (0.515102, 0.241182, -0.001050)
_P3_GREEN = (0.291965, 0.692236, 0.041882)
_P3_BLUE = (0.157153, 0.066582, 0.784378)
# The sRGB curve: ((x + 0.055) / 1.055) ** 2.4 from 0.04045 on, x / 12.92 below.
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def profile_of_code_points(*, primaries: int, transfer: int) -> bytes | None:
    """A profile for the numbers, or None where they mean sRGB or nothing photos are taken in."""
    if (primaries, transfer) == (_PRIMARIES_DISPLAY_P3, _TRANSFER_SRGB):
        return display_p3_profile()
    return None


@lru_cache(maxsize=1)
def display_p3_profile() -> bytes:
    """Display P3, the colour space of phones' cameras, as an ICC profile of the smallest kind."""
    curve = _curve(*_SRGB_CURVE)
    return _assemble(
        {
            b"desc": _text("Display P3"),
            b"wtpt": _xyz(*_D50),
            b"rXYZ": _xyz(*_P3_RED),
            b"gXYZ": _xyz(*_P3_GREEN),
            b"bXYZ": _xyz(*_P3_BLUE),
            b"rTRC": curve,
            b"gTRC": curve,
            b"bTRC": curve,
        }
    )


def _assemble(tags: dict[bytes, bytes]) -> bytes:
    header_size, table_entry_size = 128, 12
    offset = header_size + 4 + table_entry_size * len(tags)
    table, bodies = [struct.pack(">I", len(tags))], []
    for signature, body in tags.items():
        table.append(struct.pack(">4sII", signature, offset, len(body)))
        bodies.append(body)
        offset += len(body)
    return _header(offset) + b"".join(table + bodies)


def _header(size: int) -> bytes:
    head = struct.pack(">I4xI4s4s4s12x4s", size, 0x04000000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    white = b"".join(_fixed(value) for value in _D50)
    return head.ljust(68, b"\x00") + white + bytes(128 - 68 - len(white))


def _xyz(x: float, y: float, z: float) -> bytes:
    return b"XYZ \x00\x00\x00\x00" + _fixed(x) + _fixed(y) + _fixed(z)


def _curve(*parameters: float) -> bytes:
    return b"para\x00\x00\x00\x00\x00\x03\x00\x00" + b"".join(map(_fixed, parameters))


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    body = struct.pack(">4s4xII2s2sII", b"mluc", 1, 12, b"en", b"US", len(encoded), 28) + encoded
    return body + bytes(-len(body) % 4)


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))
