"""Changes to the bytes of a file that no program offers."""

import struct


def drop_segment(jpeg: bytes, start: bytes) -> bytes:
    """The JPEG without the application segment whose body starts so."""
    at = jpeg.index(start) - 4
    (length,) = struct.unpack_from(">H", jpeg, at + 2)
    return jpeg[:at] + jpeg[at + 2 + length :]


def write_exif_orientation(content: bytes, orientation: int) -> bytes:
    """The same file with another number in its EXIF, and nothing else told of it."""
    for order in "<>":
        entry = struct.pack(f"{order}HHI", 0x0112, 3, 1)
        if (at := content.find(entry)) > 0:
            return content[: at + 8] + struct.pack(f"{order}H", orientation) + content[at + 10 :]
    raise AssertionError("there is no orientation in it")


def make_video(size: int = 40_000) -> bytes:
    """The beginning of an MP4, as phones put it behind a motion photo."""
    kind = struct.pack(">I", 24) + b"ftypmp42\x00\x00\x00\x00isommp42"
    return kind + struct.pack(">I", size + 8) + b"mdat" + b"\xff\xd8\xff\xda\x00\x01" * (size // 6 + 1)
