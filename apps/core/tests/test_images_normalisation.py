import io
import struct
from concurrent.futures import ThreadPoolExecutor

import pillow_heif
import pytest
from PIL import Image

from apps.core.images import (
    NormalisedPhoto,
    PhotoHeader,
    PhotoLimits,
    PhotoUnreadable,
    inspect_photo,
    normalise_photo,
    sha256_hex,
)
from apps.core.images.formats.heif import HeifScan
from apps.core.tests import image_factory as factory

PHOTOS = factory.make_photos_of_every_kind()


def normalise(content: bytes, limits: PhotoLimits | None = None) -> NormalisedPhoto:
    limits = limits or PhotoLimits()
    return normalise_photo(content, inspect_photo(content, limits=limits), limits=limits)


def open_result(photo: NormalisedPhoto) -> Image.Image:
    return Image.open(io.BytesIO(photo.content))


def corners_of(photo: NormalisedPhoto) -> list[tuple[int, int, int]]:
    image = open_result(photo)
    right, bottom = image.width - 9, image.height - 9
    return [image.getpixel(place) for place in ((8, 8), (right, 8), (8, bottom), (right, bottom))]


def assert_close(found, expected, tolerance=6):
    for colour, wanted in zip(found, expected, strict=True):
        difference = max(abs(a - b) for a, b in zip(colour, wanted, strict=True))
        assert difference <= tolerance, (colour, wanted)


def read_segments(jpeg: bytes) -> list[tuple[int, bytes]]:
    segments, position = [], 2
    while jpeg[position + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", jpeg, position + 2)
        segments.append((jpeg[position + 1], jpeg[position + 4 : position + 2 + length]))
        position += 2 + length
    return segments


def make_photos_full_of_metadata() -> dict[str, bytes]:
    jpeg = factory.make_jpeg(exif=factory.make_exif(1), comment=b"secret comment", icc_profile=b"secret ICC")
    stuffed_jpeg = factory.insert_segments(
        jpeg,
        factory.make_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>secret GPS</x:xmpmeta>"),
        factory.make_segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x0asecret IPTC"),
        factory.make_segment(0xE0, b"JFXX\x00\x10secret thumbnail"),
        factory.make_segment(0xEC, b"Ducky secret"),
    )
    png = factory.insert_chunks(
        PHOTOS["png"],
        factory.make_chunk(b"tEXt", b"Comment\x00secret"),
        factory.make_chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x00\x00\x00\x00<x:xmpmeta>secret</x:xmpmeta>"),
    )
    second = factory.make_corners()
    of_several = factory.encode(
        second, "MPO", save_all=True, append_images=[second], exif=factory.make_exif(1)
    )
    return {
        "jpeg": stuffed_jpeg,
        "jpeg with a page behind it": factory.make_jpeg() + b"<html><script>secret()</script></html>",
        "jpeg of several pictures": of_several,
        "png": png,
        "webp": PHOTOS["webp"],
        "heic": PHOTOS["heic"],
    }


STUFFED = make_photos_full_of_metadata()


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "HEIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(file_format, orientation):
    photo = normalise(factory.make_turned(orientation, file_format=file_format))

    assert (photo.width, photo.height) == open_result(photo).size == (96, 64)
    assert_close(corners_of(photo), factory.CORNERS)


@pytest.mark.parametrize("name", PHOTOS)
def test_every_kind_becomes_a_baseline_rgb_jpeg(name):
    photo = normalise(PHOTOS[name])

    image = open_result(photo)
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (photo.width, photo.height))
    assert not inspect_photo(photo.content).progressive
    assert photo.sha256 == sha256_hex(photo.content)


@pytest.mark.parametrize("name", STUFFED)
def test_nothing_but_the_picture_gets_into_the_result(name):
    photo = normalise(STUFFED[name])

    needles = (
        b"Exif",
        b"http://",
        b"ICC_PROFILE",
        b"GPS",
        b"secret",
        b"Secret",
        b"Photoshop",
        b"MPF",
        b"JFXX",
    )
    assert [needle for needle in needles if needle in photo.content] == []
    application_segments = [
        (m, body) for m, body in read_segments(photo.content) if 0xE0 <= m <= 0xEF or m == 0xFE
    ]
    assert application_segments == [(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")]
    assert photo.content.endswith(b"\xff\xd9")
    assert photo.content.count(b"\xff\xd8\xff") == 1


@pytest.mark.parametrize("name", STUFFED)
def test_the_test_photos_do_carry_what_must_not_come_through(name):
    assert any(needle in STUFFED[name] for needle in (b"Exif", b"eXIf", b"EXIF", b"secret"))


def test_the_first_picture_of_a_phones_file_of_several_is_taken():
    other = Image.new("RGB", (96, 64), "white")
    content = factory.encode(
        factory.make_corners(),
        "MPO",
        save_all=True,
        append_images=[other],
        quality=95,
        exif=factory.make_exif(1),
    )

    assert_close(corners_of(normalise(content)), factory.CORNERS)


@pytest.mark.parametrize(
    "tail", [b"\x00" * 5000, b"<html></html>", b"MotionPhoto_Data", factory.make_jpeg(80, 80)]
)
@pytest.mark.parametrize("name", ["jpeg", "png", "webp"])
def test_data_behind_the_picture_changes_nothing(name, tail):
    assert normalise(PHOTOS[name] + tail) == normalise(PHOTOS[name])


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1500, 1000), (1500, 1000)),
        ((1501, 1000), (1500, 999)),
        ((1000, 3000), (500, 1500)),
        ((6000, 64), (1500, 16)),
        ((80, 64), (80, 64)),
    ],
)
@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
def test_the_long_side_is_at_most_1500_and_small_photos_are_not_enlarged(file_format, size, expected):
    photo = normalise(factory.encode(Image.new("RGB", size, factory.GREEN), file_format))

    assert (photo.width, photo.height) == open_result(photo).size == expected


def test_a_large_jpeg_keeps_its_picture_when_it_is_decoded_at_a_fraction():
    photo = normalise(factory.make_jpeg(4000, 3000))

    assert (photo.width, photo.height) == (1500, 1125)
    assert_close(corners_of(photo), factory.CORNERS)


def test_a_turned_large_photo_is_turned_and_shrunk():
    photo = normalise(factory.make_turned(6, size=(1600, 3200)))

    assert (photo.width, photo.height) == (750, 1500)
    assert_close(corners_of(photo), factory.CORNERS)


@pytest.mark.parametrize("name", PHOTOS)
def test_the_same_bytes_always_give_the_same_bytes(name):
    content = PHOTOS[name]
    with ThreadPoolExecutor(4) as pool:
        results = set(pool.map(normalise, [content] * 4))

    assert len(results) == 1


def test_the_limits_decide_size_and_quality_of_the_result():
    content = factory.encode(factory.make_gradient(400, 300), quality=95)

    small = normalise(content, PhotoLimits(output_side=100))
    coarse = normalise(content, PhotoLimits(output_quality=20))
    assert (small.width, small.height) == (100, 75)
    assert len(coarse.content) < len(normalise(content).content)


def test_the_encoder_writes_to_a_descriptor_and_so_lets_other_threads_work(monkeypatch):
    save, files = Image.Image.save, []

    def record(image, file, *args, **kwargs):
        assert file.fileno() > 0  # raises for a buffer in Python
        files.append(file)
        save(image, file, *args, **kwargs)

    content = factory.make_jpeg()
    monkeypatch.setattr(Image.Image, "save", record)
    normalise(content)

    assert [file.closed for file in files] == [True]


def test_a_header_of_another_photo_is_refused():
    header = PhotoHeader(format="jpeg", width=64, height=64)

    with pytest.raises(PhotoUnreadable):
        normalise_photo(factory.make_jpeg(), header)


def test_of_a_heic_with_several_pictures_the_decoder_sees_the_main_one_and_no_metadata():
    pictures = [factory.make_corners(), Image.new("RGB", (96, 64)), Image.new("RGB", (96, 64))]
    content = factory.encode(
        pictures[0],
        "HEIF",
        save_all=True,
        append_images=pictures[1:],
        exif=factory.make_exif(1),
        xmp=b"<secret/>",
    )
    assert len(pillow_heif.open_heif(content)) == 3

    bare = pillow_heif.open_heif(HeifScan(content).bare_picture())
    assert len(bare) == 1
    assert (bare.info["exif"], bare.info.get("xmp"), bare.info["metadata"]) == (None, None, [])
    assert_close(corners_of(normalise(content)), factory.CORNERS)
