"""Files that mean harm or are broken, each with the answer it has to get."""

import random
import struct
import zlib
from collections.abc import Callable
from typing import NamedTuple

from PIL import Image

from apps.core.tests import image_factory as factory
from tests.photos import pngs

UNSUPPORTED = (415, "image_type_unsupported")
ANIMATED = (415, "image_animated")
TOO_LARGE = (413, "image_too_large")
TOO_MANY_PIXELS = (422, "image_too_many_pixels")
TOO_SMALL = (422, "image_too_small")
UNREADABLE = (422, "image_unreadable")
EMPTY = (400, "image_empty")


class Hostile(NamedTuple):
    make: Callable[[], bytes]
    answer: tuple[int, str]


Files = dict[str, Hostile]

TRUNCATION_POINTS = 20


def make_detailed(file_format: str, **options: object) -> bytes:
    return factory.encode(factory.make_gradient(320, 240), file_format, **options)


WHOLE: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: make_detailed("JPEG", quality=90),
    "jpeg progressive": lambda: make_detailed("JPEG", quality=90, progressive=True),
    "jpeg with restarts": lambda: make_detailed("JPEG", quality=90, restart_marker_rows=1),
    "jpeg cmyk": lambda: factory.encode(factory.make_gradient(320, 240).convert("CMYK")),
    "png": lambda: make_detailed("PNG"),
    "png palette": lambda: factory.encode(factory.make_gradient(320, 240).quantize(64), "PNG"),
    "png interlaced": lambda: pngs.make_png(
        lambda x, y: (x, y, x ^ y), depth=8, colour=pngs.TRUECOLOUR, interlaced=True
    ),
    "webp": lambda: make_detailed("WEBP"),
    "webp lossless": lambda: make_detailed("WEBP", lossless=True),
    "heic": lambda: make_detailed("HEIF"),
    "heic of tiles": lambda: make_detailed("HEIF", tile_size=64),
}


def cut(content: bytes, point: int) -> bytes:
    """The beginning of a file, up to one of the points that divide it evenly."""
    return content[: len(content) * point // (TRUNCATION_POINTS + 1)]


def make_webp_header(kind: bytes, body: bytes) -> bytes:
    chunk = struct.pack("<4sI", kind, len(body)) + body
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk


def make_bombs() -> Files:
    lossy = b"\x10\x00\x00\x9d\x01\x2a" + struct.pack("<HH", 16383, 16383) + bytes(40)
    lossless = b"\x2f" + struct.pack("<I", 16382 | 16382 << 14) + bytes(40)
    heic = factory.encode(Image.new("RGB", (128, 128)), "HEIF")
    small, vast = struct.pack(">II", 128, 128), struct.pack(">II", 30_000, 30_000)
    tiff = b"II*\x00\x08\x00\x00\x00\x02\x00" + b"\x00\x01\x04\x00\x01\x00\x00\x00\xff\xff\xff\x7f" * 2
    return {
        "png of 900 megapixels": Hostile(
            lambda: factory.make_png_header_only(30_000, 30_000), TOO_MANY_PIXELS
        ),
        "png of a billion billion pixels": Hostile(
            lambda: factory.make_png_header_only(2**31 - 1, 2**31 - 1), TOO_MANY_PIXELS
        ),
        "png of one bit, 100 megapixels": Hostile(
            lambda: factory.encode(Image.new("1", (10_000, 10_000)), "PNG"), TOO_MANY_PIXELS
        ),
        "png that unpacks to less than it says": Hostile(
            lambda: factory.make_png_header_only(5000, 5000), UNREADABLE
        ),
        "jpeg of 4 gigapixels": Hostile(
            lambda: factory.resize_jpeg_header(factory.make_jpeg(), 65_500, 65_500), TOO_MANY_PIXELS
        ),
        "jpeg progressive of 26 megapixels": Hostile(
            lambda: factory.resize_jpeg_header(factory.make_jpeg(progressive=True), 5200, 5000),
            TOO_MANY_PIXELS,
        ),
        "jpeg of 50 megapixels with the data of a few": Hostile(
            lambda: factory.resize_jpeg_header(factory.make_jpeg(), 10_000, 5000), UNREADABLE
        ),
        "jpeg of 2000 passes": Hostile(make_jpeg_of_many_scans, UNREADABLE),
        "webp lossy of 268 megapixels": Hostile(lambda: make_webp_header(b"VP8 ", lossy), TOO_MANY_PIXELS),
        "webp lossless of 268 megapixels": Hostile(
            lambda: make_webp_header(b"VP8L", lossless), TOO_MANY_PIXELS
        ),
        "webp with a canvas of 281 terapixels": Hostile(
            lambda: make_webp_header(b"VP8X", bytes(4) + b"\xff" * 6), UNREADABLE
        ),
        "heic of 900 megapixels": Hostile(lambda: heic.replace(small, vast), TOO_MANY_PIXELS),
        "heic larger than it says": Hostile(
            lambda: factory.encode(Image.new("RGB", (800, 800)), "HEIF").replace(
                struct.pack(">II", 800, 800), struct.pack(">II", 100, 100)
            ),
            UNREADABLE,
        ),
        "tiff of 2 gigapixels a side": Hostile(lambda: tiff + bytes(100), UNSUPPORTED),
        "gif of 4 gigapixels": Hostile(
            lambda: b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + bytes(100), UNSUPPORTED
        ),
    }


def make_jpeg_of_many_scans() -> bytes:
    jpeg = factory.make_jpeg(progressive=True)
    last_scan = jpeg.rindex(b"\xff\xda")
    return jpeg[:-2] + jpeg[last_scan:-2] * 2000 + b"\xff\xd9"


def make_many_parts() -> Files:
    jpeg, png, heic = (factory.encode(factory.make_corners(), kind) for kind in ("JPEG", "PNG", "HEIF"))
    webp = factory.encode(factory.make_corners(), "WEBP", lossless=True)
    chunks = webp[12:] + b"abcd\x00\x00\x00\x00" * 1_000_000
    comments = factory.make_segment(0xFE, b"x" * 60) * 100_000
    texts = factory.make_chunk(b"tEXt", b"Comment\x00x") * 300_000
    return {
        "jpeg of 100,000 comments": Hostile(lambda: factory.insert_segments(jpeg, comments), UNREADABLE),
        "jpeg of empty segments": Hostile(
            lambda: b"\xff\xd8\xff" + b"\xfe\x00\x02\xff" * 2_000_000, UNREADABLE
        ),
        "jpeg of fill bytes": Hostile(lambda: b"\xff\xd8" + b"\xff" * 8_000_000 + b"\x00", UNREADABLE),
        "png of 300,000 texts": Hostile(lambda: factory.insert_chunks(png, texts), UNREADABLE),
        "webp of a million chunks": Hostile(
            lambda: b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks, UNREADABLE
        ),
        "heic of a million boxes": Hostile(lambda: heic + b"\x00\x00\x00\x08free" * 1_000_000, UNREADABLE),
        "heic whose boxes hold themselves": Hostile(
            lambda: heic[:24] + b"\x00\x00\x00\x01meta" + struct.pack(">Q", 2**63) + bytes(100), UNREADABLE
        ),
        "more metadata than a photo may have bytes": Hostile(
            lambda: factory.insert_segments(jpeg, factory.make_segment(0xE1, bytes(65_000)) * 170), TOO_LARGE
        ),
    }


def make_wrong_kinds() -> Files:
    jpeg = factory.make_jpeg()
    png, webp, heic = (factory.encode(factory.make_corners(), kind) for kind in ("PNG", "WEBP", "HEIF"))
    others = {
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "html": b"<!DOCTYPE html><html><script>alert(1)</script></html>",
        "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
        "zip": b"PK\x03\x04" + bytes(200),
        "elf": b"\x7fELF\x02\x01\x01" + bytes(200),
        "exe": b"MZ" + bytes(200),
        "text": b"just some words",
        "php": b"<?php system($_GET['x']); ?>",
        "mp4": b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42" + bytes(200),
        "wav": b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(200),
        "jpeg xl": b"\xff\x0a" + bytes(200),
        "bmp": factory.encode(factory.make_corners(), "BMP"),
        "tiff": factory.encode(factory.make_corners(), "TIFF"),
        "avif": factory.encode(factory.make_corners(), "AVIF"),
        "jpeg 2000": factory.encode(factory.make_corners(), "JPEG2000"),
        "ico": factory.encode(Image.new("RGB", (64, 64)), "ICO"),
        "eps": factory.encode(factory.make_corners(), "EPS"),
        "gif and then a jpeg": b"GIF89a" + jpeg,
        "pdf and then a jpeg": b"%PDF-1.7\n" + jpeg,
        "page and then a jpeg": b"<html><!--" + jpeg + b"--></html>",
        "jpeg whose first byte is wrong": b"\xfe" + jpeg[1:],
        "png whose line ends were changed": png.replace(b"\r\n", b"\n", 1),
        "webp that says it is sound": webp[:8] + b"WAVE" + webp[12:],
        "heic that says it is a video": heic.replace(b"ftypheic", b"ftypmp42"),
        "heic with another codec": heic.replace(b"hvc1", b"av01"),
    }
    inside_out = {
        "jpeg magic on a png": b"\xff\xd8\xff" + png[3:],
        "png magic on a jpeg": png[:8] + jpeg,
        "webp magic on a jpeg": b"RIFF" + struct.pack("<I", len(jpeg) + 4) + b"WEBP" + jpeg,
        "heic brand on a jpeg": heic[:24] + jpeg,
        "heic brand on a video": heic[:24] + b"\x00\x00\x00\x10mdat" + bytes(8) + b"\x00\x00\x00\x08moov",
    }
    return {
        **{name: Hostile(lambda c=content: c, UNSUPPORTED) for name, content in others.items()},
        **{name: Hostile(lambda c=content: c, UNREADABLE) for name, content in inside_out.items()},
        "nothing": Hostile(lambda: b"", EMPTY),
        "a thumbnail": Hostile(lambda: factory.make_jpeg(63, 63), TOO_SMALL),
        "over 10 MB": Hostile(lambda: jpeg.ljust(10 * 1024 * 1024 + 1, b"\x00"), TOO_LARGE),
    }


def make_refused_variants() -> Files:
    frames = [factory.make_corners(), Image.new("RGB", (96, 64), "red")]
    moving = {"save_all": True, "append_images": frames[1:], "duration": 100}
    jpeg = factory.make_jpeg()
    frame = b"\xff\xc0\x00\x11"
    files: Files = {
        f"jpeg of process {marker:#x}": Hostile(
            lambda m=marker: jpeg.replace(frame, bytes((0xFF, m, 0, 0x11)), 1), UNSUPPORTED
        )
        for marker in (0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF)
    }
    return {
        **files,
        "jpeg of 12 bits": Hostile(lambda: jpeg.replace(frame + b"\x08", frame + b"\x0c"), UNSUPPORTED),
        "gif animation": Hostile(lambda: factory.encode(frames[0], "GIF", **moving), UNSUPPORTED),
        "webp animation": Hostile(lambda: factory.encode(frames[0], "WEBP", **moving), ANIMATED),
        "png animation": Hostile(lambda: factory.encode(frames[0], "PNG", **moving), ANIMATED),
        "heif sequence": Hostile(
            lambda: factory.encode(frames[0], "HEIF").replace(b"ftypheic", b"ftyphevc"), ANIMATED
        ),
    }


def make_damaged() -> Files:
    def overwrite(content: bytes, noise: bytes) -> bytes:
        middle = len(content) // 2
        return content[:middle] + noise + content[middle + len(noise) :]

    def without_a_quarter(content: bytes) -> bytes:
        return content[: len(content) // 2] + content[len(content) * 3 // 4 :]

    large = factory.encode(factory.make_gradient(1600, 1200), quality=97)
    interval = WHOLE["jpeg with restarts"]()
    third = interval.index(b"\xff\xd2")
    png = WHOLE["png"]()
    stuffing = random.Random(1).randbytes(4096)
    return {
        "jpeg with noise in its middle": Hostile(lambda: overwrite(large, stuffing), UNREADABLE),
        "jpeg that lacks a quarter": Hostile(lambda: without_a_quarter(large), UNREADABLE),
        "jpeg whose end was wiped": Hostile(
            lambda: large[: len(large) // 2] + bytes(len(large) // 2), UNREADABLE
        ),
        "jpeg that lacks an interval": Hostile(
            lambda: interval[:third] + interval[interval.index(b"\xff\xd3") :], UNREADABLE
        ),
        "jpeg with two frames": Hostile(make_jpeg_of_two_frames, UNREADABLE),
        "png with one bit wrong": Hostile(
            lambda: overwrite(png, bytes((png[len(png) // 2] ^ 1,))), UNREADABLE
        ),
        "png with noise that has its checksum": Hostile(lambda: make_png_of(stuffing), UNREADABLE),
        "png of a filter that does not exist": Hostile(
            lambda: make_png_of(zlib.compress(b"\x09" * 1_000_000)), UNREADABLE
        ),
        "webp with noise in its middle": Hostile(
            lambda: overwrite(WHOLE["webp lossless"](), stuffing), UNREADABLE
        ),
    }


def make_png_of(data: bytes) -> bytes:
    """A PNG whose structure is sound and whose picture is this."""
    head = factory.make_png_header_only(256, 256)[:33]
    return head + factory.make_chunk(b"IDAT", data) + factory.make_chunk(b"IEND", b"")


def make_jpeg_of_two_frames() -> bytes:
    jpeg = factory.make_jpeg()
    frame = jpeg.index(b"\xff\xc0")
    return jpeg[:frame] + jpeg[frame : frame + 19] * 2 + jpeg[frame + 19 :]


FILES: Files = {
    **make_bombs(),
    **make_many_parts(),
    **make_wrong_kinds(),
    **make_refused_variants(),
    **make_damaged(),
}
