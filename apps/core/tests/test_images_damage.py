"""Damage that a decoder does not mention, and what stands between the product and libwebp."""

import ctypes
import platform
import struct

import pytest

from apps.core.images import PhotoUnreadable, inspect_photo, libwebp, normalise_photo
from apps.core.images.memory import give_large_blocks_back
from apps.core.tests import image_factory as factory

PHOTOS = {
    name: photo for name, photo in factory.make_photos_of_every_kind().items() if name.startswith("webp")
}


def normalise(content: bytes) -> None:
    normalise_photo(content, inspect_photo(content))


def make_detailed_jpeg(**options):
    return factory.encode(factory.make_gradient(800, 600), quality=97, **options)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}], ids=str)
@pytest.mark.parametrize("marker", [0x01, 0xC0, 0xCC, 0xD8, 0xD0])
def test_a_marker_where_none_can_be_means_damage(options, marker):
    # The decoder stops there without a word, and the rest comes out grey.
    jpeg = bytearray(make_detailed_jpeg(**options))
    middle = len(jpeg) // 2
    if options and marker == 0xD0:
        marker = 0xD7  # out of order
    jpeg[middle : middle + 2] = bytes((0xFF, marker))

    with pytest.raises(PhotoUnreadable):
        normalise(bytes(jpeg))


def test_a_lost_restart_marker_means_damage():
    jpeg = make_detailed_jpeg(restart_marker_rows=1)
    lost = jpeg.rindex(b"\xff", 0, len(jpeg) - 2)
    while not 0xD0 <= jpeg[lost + 1] <= 0xD7:
        lost = jpeg.rindex(b"\xff", 0, lost)

    normalise(jpeg)
    with pytest.raises(PhotoUnreadable):
        normalise(jpeg[:lost] + jpeg[lost + 2 :])


@pytest.mark.parametrize("options", [{}, {"subsampling": "4:4:4"}, {"optimize": True}], ids=str)
def test_a_baseline_jpeg_without_its_middle_is_refused(options):
    jpeg = make_detailed_jpeg(**options)
    assert not inspect_photo(jpeg).progressive

    with pytest.raises(PhotoUnreadable):
        normalise(jpeg[: len(jpeg) // 2] + jpeg[len(jpeg) * 3 // 4 :])


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("quality", [30, 75, 90, 100])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("is_optimised", [False, True])
@pytest.mark.parametrize("size", [(640, 640), (65, 400), (3001, 900)])
def test_a_picture_that_really_ends_in_that_grey_is_taken(mode, quality, subsampling, is_optimised, size):
    picture = factory.make_gradient(*size)
    picture.paste((128, 128, 128), (0, size[1] // 3, *size))

    options = {"subsampling": subsampling} if mode == "RGB" else {}
    normalise(factory.encode(picture.convert(mode), quality=quality, optimize=is_optimised, **options))


def test_webp_comes_out_the_same_where_libwebp_cannot_be_asked_directly(monkeypatch):
    direct = [normalise_photo(PHOTOS[name], inspect_photo(PHOTOS[name])) for name in PHOTOS]
    monkeypatch.setattr(libwebp, "_decoders", {})

    assert [normalise_photo(PHOTOS[name], inspect_photo(PHOTOS[name])) for name in PHOTOS] == direct


def test_libwebp_never_writes_more_than_the_size_that_was_checked():
    webp = PHOTOS["webp lossless"]

    with pytest.raises(ValueError, match="refuses"):
        libwebp.decode_webp(webp, size=(95, 64), has_alpha=False)


def test_a_webp_whose_canvas_is_not_the_size_of_its_picture_is_refused():
    webp = PHOTOS["webp alpha"]
    assert webp[12:16] == b"VP8X"

    with pytest.raises(PhotoUnreadable):
        inspect_photo(webp[:24] + bytes((200,)) + webp[25:])


def test_a_webp_of_two_pictures_is_refused():
    webp = PHOTOS["webp lossless"]

    with pytest.raises(PhotoUnreadable):
        inspect_photo(webp[:4] + struct.pack("<I", 2 * len(webp) - 20) + webp[8:] + webp[12:])


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the option is glibc's")
def test_glibc_is_told_to_give_large_blocks_back():
    assert give_large_blocks_back()


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())

    assert not give_large_blocks_back()
