"""PNGs of every depth, kind of colour and interlacing: Pillow writes only some of them."""

import struct
import zlib
from collections.abc import Callable, Iterable

from apps.core.tests.image_factory import make_chunk

GREY, TRUECOLOUR, PALETTE, GREY_ALPHA, TRUECOLOUR_ALPHA = 0, 2, 3, 4, 6

# Of each pass: first column and row, and the steps between its columns and rows.
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
ALL_AT_ONCE = ((0, 0, 1, 1),)

PixelAt = Callable[[int, int], Iterable[int]]


def make_png(
    pixel_at: PixelAt,
    *,
    depth: int,
    colour: int,
    size: tuple[int, int] = (96, 64),
    interlaced: bool = False,
    extra: bytes = b"",
) -> bytes:
    """`pixel_at(x, y)` gives the samples; `extra` are chunks between header and picture."""
    width, height = size
    rows = []
    for left, top, across, down in ADAM7 if interlaced else ALL_AT_ONCE:
        for y in range(top, height, down):
            samples = [sample for x in range(left, width, across) for sample in pixel_at(x, y)]
            if samples:
                rows.append(b"\x00" + _pack(samples, depth))
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    return (
        b"\x89PNG\r\n\x1a\n"
        + make_chunk(b"IHDR", header)
        + extra
        + make_chunk(b"IDAT", zlib.compress(b"".join(rows)))
        + make_chunk(b"IEND", b"")
    )


def _pack(samples: list[int], depth: int) -> bytes:
    if depth == 16:
        return struct.pack(f">{len(samples)}H", *samples)
    if depth == 8:
        return bytes(samples)
    bits = "".join(f"{sample:0{depth}b}" for sample in samples)
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")
