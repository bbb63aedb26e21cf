"""Small generated pictures, so that every address in a reply leads back to the sandbox."""

import functools
import hashlib
import struct
import zlib

SIZE_PX = 96
SMALL_SIZE_PX = 48


@functools.lru_cache(maxsize=256)
def draw_leaf(*, seed: str, size_px: int) -> bytes:
    """A PNG of one leaf on a plain ground; colours and shape follow the seed."""
    colours = hashlib.sha256(seed.encode()).digest()
    ground = bytes((200 + colours[0] % 50, 205 + colours[1] % 45, 190 + colours[2] % 50))
    leaf = bytes((30 + colours[3] % 80, 110 + colours[4] % 110, 30 + colours[5] % 70))
    slimness = 1.2 + colours[6] / 128
    rows = (b"\x00" + _draw_row(y, size_px, slimness, leaf, ground) for y in range(size_px))
    return _encode_png(size_px, b"".join(rows))


def _draw_row(y: int, size_px: int, slimness: float, leaf: bytes, ground: bytes) -> bytes:
    along = y / (size_px - 1)
    half_width = 4 * along * (1 - along) / slimness * size_px / 2
    left = round(size_px / 2 - half_width)
    width = round(2 * half_width)
    return ground * left + leaf * width + ground * (size_px - left - width)


def _encode_png(size_px: int, raw: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", size_px, size_px, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
