import contextlib
import os
import random
import struct
import subprocess
import sys
import time
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from apps.core.images import PhotoRefused, PhotoUnreadable, inspect_photo, normalise_photo
from apps.core.images.decoding import decode
from apps.core.images.formats.jpeg import JpegScan
from apps.core.tests import image_factory as factory

PHOTOS = factory.make_photos_of_every_kind()
WEBP_CHUNKS = PHOTOS["webp lossless"][12:] + b"abcd\x00\x00\x00\x00" * 1_000_000
WHOLE_ONCE_THE_FIRST_PICTURE_IS = {"jpeg of several pictures"}


def normalise(content: bytes) -> None:
    normalise_photo(content, inspect_photo(content))


def damage(content: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 8))):
        at = chance.randrange(min(len(damaged), chance.choice((100, 400, 10_000))))
        match chance.randrange(5):
            case 0:
                damaged[at] = chance.randrange(256)
            case 1:
                damaged[at : at + 4] = chance.choice((bytes(4), b"\xff" * 4, b"\x7f\xff\xff\xff"))
            case 2:
                del damaged[at : at + chance.randrange(1, 20)]
            case 3:
                damaged[at:at] = chance.randbytes(chance.randrange(1, 20))
            case 4:
                damaged[at:at] = damaged[: chance.randrange(1, 200)]
    return bytes(damaged)


def repair_checksums(png: bytes) -> bytes:
    """With wrong checksums no damage would get as far as the decoder."""
    repaired, position = bytearray(png), 8
    while position + 12 <= len(png):
        (length,) = struct.unpack_from(">I", png, position)
        end = position + 8 + length
        if end + 4 > len(png):
            break
        struct.pack_into(">I", repaired, end, zlib.crc32(png[position + 4 : end]))
        position = end + 4
    return bytes(repaired)


@pytest.mark.parametrize("name", PHOTOS)
def test_damaged_photos_are_refused_or_read_but_never_fail_otherwise(name):
    chance = random.Random(f"{name} 1")
    for _ in range(60):
        content = damage(PHOTOS[name], chance)
        if name.startswith("png"):
            content = repair_checksums(content)
        with contextlib.suppress(PhotoRefused):
            normalise(content)


@pytest.mark.parametrize("name", sorted(set(PHOTOS) - WHOLE_ONCE_THE_FIRST_PICTURE_IS))
def test_a_photo_cut_off_anywhere_is_refused(name):
    content = PHOTOS[name]
    for part in range(1, 20):
        with pytest.raises(PhotoRefused):
            normalise(content[: len(content) * part // 20])


@pytest.mark.parametrize("options", [{}, {"progressive": True}], ids=["baseline", "progressive"])
def test_a_large_jpeg_cut_off_anywhere_is_refused(options):
    # Decoded at a fraction of its size, and too long for one read.
    content = factory.encode(factory.make_gradient(3200, 2400), quality=97, **options)
    assert len(content) > 200_000
    for part in (5, 12, 18, 19):
        with pytest.raises(PhotoUnreadable):
            normalise(content[: len(content) * part // 20])


def test_picture_data_that_does_not_match_its_checksum_is_refused():
    content = bytearray(PHOTOS["png"])
    content[-13] ^= 1  # the last byte of the checksum before the end chunk

    with pytest.raises(PhotoUnreadable):
        normalise(bytes(content))


def test_a_picture_that_its_decoder_finds_larger_than_the_checked_header_is_refused():
    scan = JpegScan(PHOTOS["jpeg"])
    scan.header = replace(scan.header, width=scan.header.width - 1)

    with pytest.raises(PhotoUnreadable):
        decode(scan, target=(96, 64))


def test_a_header_that_promises_more_than_the_data_holds_is_refused():
    with pytest.raises(PhotoUnreadable):
        normalise(factory.make_png_header_only(3000, 3000))


def test_a_heic_whose_picture_is_larger_than_its_box_says_is_refused():
    picture = factory.encode(Image.new("RGB", (1000, 1000)), "HEIF")

    with pytest.raises(PhotoUnreadable):
        normalise(picture.replace(struct.pack(">II", 1000, 1000), struct.pack(">II", 100, 100)))


def test_a_heic_that_describes_its_picture_twice_is_refused():
    # The copy for the decoder is made by one description, and the decoder might follow the other.
    heic = PHOTOS["heic"]
    (length,) = struct.unpack_from(">I", heic, heic.index(b"meta") - 4)
    description = heic[heic.index(b"meta") - 4 :][:length]

    with pytest.raises(PhotoUnreadable):
        inspect_photo(heic + description)


def test_a_progressive_jpeg_of_very_many_scans_is_refused():
    # Each costs a pass over all pixels: minutes for a few kilobytes.
    jpeg = factory.make_jpeg(progressive=True)
    last_scan = jpeg.rindex(b"\xff\xda")

    with pytest.raises(PhotoUnreadable):
        inspect_photo(jpeg[:-2] + jpeg[last_scan:-2] * 200 + b"\xff\xd9")


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8\xff" + b"\xfe\x00\x02\xff" * 2_000_000,
        b"\xff\xd8" + b"\xff" * 8_000_000 + b"\x00",
        b"\xff\xd8\xff" + bytes(8_000_000),
        factory.insert_chunks(PHOTOS["png"], factory.make_chunk(b"abCd", b"") * 600_000),
        b"RIFF" + struct.pack("<I", len(WEBP_CHUNKS) + 4) + b"WEBP" + WEBP_CHUNKS,
        PHOTOS["heic"] + b"\x00\x00\x00\x08free" * 1_000_000,
    ],
    ids=["empty segments", "fill bytes", "zeros", "empty chunks", "empty riff chunks", "empty boxes"],
)
def test_a_file_made_of_very_many_parts_is_refused_quickly(content):
    started = time.thread_time()
    with pytest.raises(PhotoUnreadable):
        inspect_photo(content)

    assert time.thread_time() - started < 0.5


def test_texts_that_unpack_to_very_much_are_never_unpacked():
    bomb = zlib.compress(bytes(50_000_000))
    content = factory.insert_chunks(
        PHOTOS["png"],
        *[factory.make_chunk(b"zTXt", b"k%d\x00\x00" % number + bomb) for number in range(20)],
        factory.make_chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x01\x00\x00\x00" + bomb),
    )

    started = time.thread_time()
    normalise(content)
    assert time.thread_time() - started < 0.5


def test_a_megabyte_of_exif_does_not_keep_a_photo_from_being_read():
    segment = factory.make_segment(0xE1, b"Exif\x00\x00II*\x00\x08\x00\x00\x00\xff\xff" + bytes(65_000))

    normalise(factory.insert_segments(PHOTOS["jpeg"], *[segment] * 100))


MEASURE = """
import sys
from apps.core.images import inspect_photo, normalise_photo

def read_kb(field):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(field))

content = open(sys.argv[1], "rb").read()
before = read_kb("VmRSS")
normalise_photo(content, inspect_photo(content))
print((read_kb("VmHWM") - before) * 1024)
"""


SQUARE, WIDE = (5000, 5000), (10_000, 5000)


@pytest.mark.timeout(300)
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak from Linux's /proc")
@pytest.mark.parametrize(
    ("file_format", "mode", "size", "options"),
    [
        ("WEBP", "RGB", SQUARE, {"quality": 10, "method": 0}),
        ("WEBP", "RGBA", SQUARE, {"quality": 10, "method": 0}),
        ("WEBP", "RGBA", SQUARE, {"lossless": True, "method": 0, "quality": 0}),
        ("PNG", "RGBA", SQUARE, {"compress_level": 1}),
        ("PNG", "P", SQUARE, {"compress_level": 1, "transparency": bytes(range(256))}),
        ("PNG", "I;16", SQUARE, {"compress_level": 1}),
        ("JPEG", "CMYK", SQUARE, {"progressive": True, "subsampling": 0}),
        ("JPEG", "RGB", WIDE, {}),
        ("JPEG", "CMYK", WIDE, {"subsampling": 0}),
        ("HEIF", "RGBA", SQUARE, {"quality": 20, "enc_params": {"preset": "ultrafast"}}),
    ],
    ids=lambda value: str(value).replace(" ", "") if isinstance(value, str | tuple) else "",
)
def test_the_largest_photos_are_prepared_in_less_than_300_megabytes(
    tmp_path, file_format, mode, size, options
):
    photo = tmp_path / "photo"
    colour = (30,) * len(mode) if mode in {"RGB", "RGBA", "CMYK"} else 30
    photo.write_bytes(factory.encode(Image.new(mode, size, colour), file_format, **options))

    measured = subprocess.run(
        [sys.executable, "-c", MEASURE, str(photo)],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "plant_community_backend.settings.test"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert int(measured.stdout) < 300_000_000
