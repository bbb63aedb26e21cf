import struct

import pytest
from PIL import Image, ImageFile

from apps.core.images import (
    PhotoAnimated,
    PhotoEmpty,
    PhotoLimits,
    PhotoMissing,
    PhotoRefused,
    PhotoTooLarge,
    PhotoTooManyPixels,
    PhotoTooSmall,
    PhotoTypeUnsupported,
    PhotoUnreadable,
    inspect_photo,
)
from apps.core.tests import image_factory as factory

PHOTOS = factory.make_photos_of_every_kind()


@pytest.fixture
def nothing_may_be_decoded(monkeypatch):
    def fail(*args, **kwargs):
        pytest.fail("the picture was opened or decoded")

    monkeypatch.setattr(Image, "open", fail)
    monkeypatch.setattr(ImageFile.ImageFile, "__init__", fail)
    monkeypatch.setattr(ImageFile.ImageFile, "load", fail)


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.usefixtures("nothing_may_be_decoded")
def test_every_accepted_kind_is_told_by_its_content_without_decoding(name):
    header = inspect_photo(PHOTOS[name])

    assert header.format == name.split()[0]
    assert {header.width, header.height} <= {96, 64, 256, 128}


def test_a_progressive_jpeg_is_told_from_a_baseline_one():
    assert not inspect_photo(factory.make_jpeg()).progressive
    assert inspect_photo(factory.make_jpeg(progressive=True)).progressive


def test_a_sequential_jpeg_in_several_scans_counts_as_progressive():
    # Its decoder has to keep all coefficients, as for a progressive one.
    jpeg = factory.make_jpeg()
    scan = jpeg.index(b"\xff\xda")
    of_one_component = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
    several = jpeg[:scan] + of_one_component + jpeg[scan + 14 :]

    assert inspect_photo(several).progressive


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_in_the_header(orientation):
    assert inspect_photo(factory.make_turned(orientation)).orientation == orientation


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_heic_is_always_upright_because_its_decoder_turns_it(orientation):
    header = inspect_photo(factory.make_turned(orientation, file_format="HEIF"))

    assert (header.orientation, header.width, header.height) == (1, 96, 64)


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE html><html><body>hello</body></html>",
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b'<?xml version="1.0"?><svg/>',
        b"%PDF-1.7\n",
        b"just some words",
        b"\x00",
        b"\xff\xd8",
        b"BM" + bytes(100),
        b"II*\x00" + bytes(100),
        b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00mif1avif" + bytes(100),
        b"\x00\x00\x00\x1cftypisom\x00\x00\x00\x00isommp42" + bytes(100),
        b"RIFF\x00\x00\x00\x00WAVEfmt ",
        b"<html>" + factory.make_jpeg(),
        factory.encode(factory.make_corners(), "GIF"),
        factory.encode(
            factory.make_corners(), "GIF", save_all=True, append_images=[Image.new("RGB", (96, 64))]
        ),
        factory.encode(factory.make_corners(), "TIFF"),
        factory.encode(factory.make_corners(), "AVIF"),
    ],
    ids=range(17),
)
def test_anything_else_is_an_unsupported_type(content):
    with pytest.raises(PhotoTypeUnsupported):
        inspect_photo(content)


def test_a_heic_container_with_another_codec_is_an_unsupported_type():
    with pytest.raises(PhotoTypeUnsupported):
        inspect_photo(PHOTOS["heic"].replace(b"hvc1", b"av01"))


@pytest.mark.parametrize("marker", [0xC3, 0xC5, 0xC7, 0xC9, 0xCA, 0xCB, 0xCF])
def test_a_lossless_hierarchical_or_arithmetic_jpeg_is_an_unsupported_type(marker):
    with pytest.raises(PhotoTypeUnsupported):
        inspect_photo(factory.make_jpeg().replace(b"\xff\xc0", bytes((0xFF, marker)), 1))


def test_a_jpeg_of_twelve_bits_is_an_unsupported_type():
    with pytest.raises(PhotoTypeUnsupported):
        inspect_photo(factory.make_jpeg().replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc0\x00\x11\x0c"))


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_an_animation_is_refused(file_format):
    frames = [factory.make_corners(), Image.new("RGB", (96, 64), "red")]
    content = factory.encode(frames[0], file_format, save_all=True, append_images=frames[1:], duration=100)

    with pytest.raises(PhotoAnimated):
        inspect_photo(content)


def test_a_heif_sequence_is_refused_as_animated():
    with pytest.raises(PhotoAnimated):
        inspect_photo(PHOTOS["heic"].replace(b"ftypheic", b"ftyphevc"))


def test_an_animation_of_one_frame_is_a_photo():
    one_frame = factory.make_chunk(b"acTL", struct.pack(">II", 1, 0))

    assert inspect_photo(factory.insert_chunks(PHOTOS["png"], one_frame)).format == "png"


def test_no_bytes_are_an_empty_photo():
    with pytest.raises(PhotoEmpty):
        inspect_photo(b"")


def test_a_photo_may_have_ten_megabytes_and_not_one_byte_more():
    jpeg = factory.make_jpeg()
    limit = 10 * 1024 * 1024

    inspect_photo(jpeg.ljust(limit, b"\x00"))
    with pytest.raises(PhotoTooLarge) as refusal:
        inspect_photo(jpeg.ljust(limit + 1, b"\x00"))

    assert refusal.value.limit == {"max_bytes": limit, "bytes": limit + 1}
    assert "10 MB" in refusal.value.message


@pytest.mark.usefixtures("nothing_may_be_decoded")
def test_too_many_pixels_are_refused_from_the_header_alone():
    with pytest.raises(PhotoTooManyPixels) as refusal:
        inspect_photo(factory.make_png_header_only(10_000, 10_000))

    assert refusal.value.limit == {"max_pixels": 25_000_000, "width": 10_000, "height": 10_000}


@pytest.mark.parametrize(
    ("progressive", "accepted", "refused"),
    [(False, (10_000, 5_000), (10_000, 5_001)), (True, (5_000, 5_000), (5_001, 5_000))],
)
def test_a_baseline_jpeg_may_have_twice_the_pixels_of_a_progressive_one(progressive, accepted, refused):
    jpeg = factory.make_jpeg(progressive=progressive)

    assert inspect_photo(factory.resize_jpeg_header(jpeg, *accepted)).width == accepted[0]
    with pytest.raises(PhotoTooManyPixels):
        inspect_photo(factory.resize_jpeg_header(jpeg, *refused))


def test_the_pixels_of_webp_and_heic_are_counted_too():
    limits = PhotoLimits(max_other_pixels=96 * 64 - 1)

    for name in ("webp", "webp lossless", "webp alpha", "heic"):
        with pytest.raises(PhotoTooManyPixels):
            inspect_photo(PHOTOS[name], limits=limits)


@pytest.mark.parametrize("size", [(63, 200), (200, 63), (1, 1)])
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_a_side_below_64_pixels_is_too_small(size, file_format):
    with pytest.raises(PhotoTooSmall) as refusal:
        inspect_photo(factory.encode(Image.new("RGB", size), file_format))

    assert refusal.value.limit["min_side"] == 64


@pytest.mark.parametrize("size", [(0, 64), (64, 0)])
def test_a_picture_without_pixels_is_unreadable(size):
    with pytest.raises(PhotoUnreadable):
        inspect_photo(factory.make_png_header_only(*size))
    with pytest.raises(PhotoUnreadable):
        inspect_photo(factory.resize_jpeg_header(factory.make_jpeg(), *size))


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "heic"])
@pytest.mark.parametrize("length", [12, 20, 30, 40, 60])
def test_a_header_that_is_cut_off_is_refused(name, length):
    with pytest.raises(PhotoRefused):
        inspect_photo(PHOTOS[name][:length])


def test_a_jpeg_with_two_frame_headers_is_refused():
    # Readers disagree about which of the two sizes counts.
    jpeg = factory.make_jpeg()
    frame = jpeg.index(b"\xff\xc0")

    with pytest.raises(PhotoUnreadable):
        inspect_photo(jpeg[:frame] + jpeg[frame : frame + 19] * 2 + jpeg[frame + 19 :])


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\x00\x00",
        b"Exif\x00\x00junk and more junk",
        b"Exif\x00\x00II*\x00\xff\xff\xff\xff",
        b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff",
        b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x09\x00\x00\x00",
        b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x02\x00\x01\x00\x00\x00\x06\x00\x00\x00",
        b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\xff\xff\xff\xff\x06\x00\x00\x00",
    ],
    ids=range(7),
)
def test_exif_that_makes_no_sense_means_upright(exif):
    jpeg = factory.insert_segments(factory.make_jpeg(), factory.make_segment(0xE1, exif))

    assert inspect_photo(jpeg).orientation == 1


def test_each_refusal_has_its_code_and_tells_what_to_do():
    refusals = {
        PhotoMissing(): "image_missing",
        PhotoEmpty(): "image_empty",
        PhotoTypeUnsupported(): "image_type_unsupported",
        PhotoAnimated(): "image_animated",
        PhotoTooLarge(size_bytes=2, max_bytes=1): "image_too_large",
        PhotoTooManyPixels(width=2, height=2, max_pixels=1): "image_too_many_pixels",
        PhotoTooSmall(width=2, height=2, min_side=64): "image_too_small",
        PhotoUnreadable(): "image_unreadable",
    }

    assert {refusal.code for refusal in refusals} == set(refusals.values())
    assert all(refusal.code == code for refusal, code in refusals.items())
    assert all("Please" in refusal.message for refusal in refusals)
