"""What other spaces' colours are in sRGB, by the published formulas and not by the code under test."""

import struct
from collections.abc import Sequence

from apps.core.images import profiles

Colour = tuple[int, ...]

# Columns of the matrices to XYZ, adapted to D50.
_SRGB_TO_XYZ = ((0.43607, 0.38515, 0.14307), (0.22249, 0.71687, 0.06061), (0.01392, 0.09708, 0.71410))
_XYZ_TO_SRGB = ((3.13386, -1.61687, -0.49061), (-0.97877, 1.91614, 0.03345), (0.07194, -0.22899, 1.40524))
_ADOBE_TO_XYZ = ((0.60974, 0.20528, 0.14919), (0.31111, 0.62567, 0.06322), (0.01947, 0.06087, 0.74457))
_P3_TO_XYZ = ((0.51512, 0.29198, 0.15710), (0.24120, 0.69225, 0.06657), (-0.00105, 0.04189, 0.78407))
_ADOBE_GAMMA = 563 / 256
_D50 = (0.9642, 1.0, 0.8249)


def from_adobe_rgb(colour: Colour) -> Colour:
    return _to_srgb([(value / 255) ** _ADOBE_GAMMA for value in colour], _ADOBE_TO_XYZ)


def from_display_p3(colour: Colour) -> Colour:
    return _to_srgb([_straighten(value / 255) for value in colour], _P3_TO_XYZ)


def on_white(colour: Colour, alpha: int) -> Colour:
    return tuple(round((value * alpha + 255 * (255 - alpha)) / 255) for value in colour)


def luminance(colour: Colour) -> Colour:
    red, green, blue = colour
    return (round(0.299 * red + 0.587 * green + 0.114 * blue),) * 3


def make_adobe_rgb_profile() -> bytes:
    curve = b"curv\x00\x00\x00\x00" + struct.pack(">IH", 1, 563) + bytes(2)
    columns = zip(*_ADOBE_TO_XYZ, strict=True)
    red, green, blue = (profiles._xyz(*column) for column in columns)
    return profiles._assemble(
        {
            b"desc": profiles._text("Adobe RGB (1998)"),
            b"wtpt": profiles._xyz(*_D50),
            b"rXYZ": red,
            b"gXYZ": green,
            b"bXYZ": blue,
            b"rTRC": curve,
            b"gTRC": curve,
            b"bTRC": curve,
        }
    )


def make_ink_profile(of_inks: dict[Colour, Colour]) -> bytes:
    """A print profile: of full inks (each 0 or 1 of C, M, Y, K) these give these colours, others black."""
    corners = [tuple(index >> bit & 1 for bit in (3, 2, 1, 0)) for index in range(16)]
    lab = b"".join(_lab_bytes(of_inks.get(corner, (0, 0, 0))) for corner in corners)
    identity = bytes(range(256))
    matrix = b"".join(struct.pack(">i", 65536 if index % 4 == 0 else 0) for index in range(9))
    table = b"mft1\x00\x00\x00\x00\x04\x03\x02\x00" + matrix + identity * 4 + lab + identity * 3
    white = profiles._xyz(*_D50)
    tags, offset = b"", 128 + 4 + 2 * 12
    for signature, body in ((b"A2B0", table), (b"wtpt", white)):
        tags += struct.pack(">4sII", signature, offset, len(body))
        offset += len(body)
    head = struct.pack(">I4xI4s4s4s12x4s", offset, 0x02400000, b"prtr", b"CMYK", b"Lab ", b"acsp")
    head = head.ljust(68, b"\x00") + white[8:]
    return head.ljust(128, b"\x00") + struct.pack(">I", 2) + tags + table + white


def _straighten(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _bend(value: float) -> int:
    value = min(1.0, max(0.0, value))
    return round(255 * (12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055))


def _multiply(matrix: Sequence[Sequence[float]], vector: Sequence[float]) -> list[float]:
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def _to_srgb(linear: list[float], to_xyz: Sequence[Sequence[float]]) -> Colour:
    return tuple(_bend(value) for value in _multiply(_XYZ_TO_SRGB, _multiply(to_xyz, linear)))


def _lab_bytes(colour: Colour) -> bytes:
    xyz = _multiply(_SRGB_TO_XYZ, [_straighten(value / 255) for value in colour])
    x, y, z = (_cube_root(value / white) for value, white in zip(xyz, _D50, strict=True))
    lightness, a, b = 116 * y - 16, 500 * (x - y), 200 * (y - z)
    return bytes((round(lightness * 2.55), round(a) + 128, round(b) + 128))


def _cube_root(value: float) -> float:
    return value ** (1 / 3) if value > 216 / 24389 else (24389 / 27 * value + 16) / 116
