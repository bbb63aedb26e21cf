import io
import struct
import zlib

import pytest
from PIL import Image, ImageCms

from apps.core.images import inspect_photo, normalise_photo
from apps.core.images.profiles import display_p3_profile
from apps.core.tests import image_factory as factory


def colour_of(content: bytes) -> tuple[int, int, int]:
    photo = normalise_photo(content, inspect_photo(content))
    return Image.open(io.BytesIO(photo.content)).getpixel((32, 32))


def assert_close(found, expected, tolerance=4):
    assert max(abs(a - b) for a, b in zip(found, expected, strict=True)) <= tolerance, (found, expected)


def p3_to_srgb(colour: tuple[int, int, int]) -> tuple[int, ...]:
    """By the published matrix between the two spaces, which share white point and curve."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in colour)]
    matrix = ((1.2249, -0.2247, 0.0), (-0.0420, 1.0419, 0.0), (-0.0197, -0.0786, 1.0979))
    mixed = [min(1, max(0, sum(m * v for m, v in zip(row, linear, strict=True)))) for row in matrix]
    return tuple(
        round(255 * (12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055)) for v in mixed
    )


def make_patch(colour, mode="RGB") -> Image.Image:
    return Image.new(mode, (64, 64), colour)


P3_COLOUR = (180, 120, 60)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_display_p3_becomes_srgb(file_format):
    content = factory.encode(make_patch(P3_COLOUR), file_format, icc_profile=display_p3_profile(), quality=95)

    assert_close(colour_of(content), p3_to_srgb(P3_COLOUR))
    assert max(abs(a - b) for a, b in zip(P3_COLOUR, p3_to_srgb(P3_COLOUR), strict=True)) > 10


def test_a_heic_that_names_display_p3_by_number_becomes_srgb():
    numbers = {
        "color_primaries": 12,
        "transfer_characteristics": 13,
        "matrix_coefficients": 6,
        "full_range_flag": 1,
    }
    content = factory.encode(make_patch(P3_COLOUR), "HEIF", quality=95, **numbers)

    assert_close(colour_of(content), p3_to_srgb(P3_COLOUR))


def test_a_png_that_names_display_p3_by_number_becomes_srgb():
    png = factory.encode(make_patch(P3_COLOUR), "PNG")

    content = factory.insert_chunks(png, factory.make_chunk(b"cICP", bytes((12, 13, 0, 1))))
    assert_close(colour_of(content), p3_to_srgb(P3_COLOUR))


def test_a_profile_in_several_segments_is_put_together_in_its_order():
    profile = display_p3_profile()
    parts = [profile[:100], profile[100:300], profile[300:]]
    segments = [
        factory.make_segment(0xE2, b"ICC_PROFILE\x00" + bytes((number, 3)) + part)
        for number, part in enumerate(parts, start=1)
    ]
    jpeg = factory.encode(make_patch(P3_COLOUR), quality=95)

    content = factory.insert_segments(jpeg, *reversed(segments))
    assert_close(colour_of(content), p3_to_srgb(P3_COLOUR))


@pytest.mark.parametrize(
    "profile",
    [
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        b"junk",
        bytes(200),
        display_p3_profile()[:200],
        display_p3_profile().replace(b"RGB XYZ ", b"CMYKLab "),
    ],
    ids=["srgb", "junk", "zeros", "cut off", "of another colour space"],
)
def test_an_srgb_or_unusable_profile_leaves_the_colours_alone(profile):
    content = factory.encode(make_patch(P3_COLOUR), icc_profile=profile, quality=95)

    assert_close(colour_of(content), P3_COLOUR)


def test_a_profile_that_unpacks_to_gigabytes_is_ignored():
    packed = b"name\x00\x00" + zlib.compress(bytes(30_000_000))
    png = factory.encode(make_patch(P3_COLOUR), "PNG")

    assert_close(colour_of(factory.insert_chunks(png, factory.make_chunk(b"iCCP", packed))), P3_COLOUR)


def test_a_print_profile_is_applied_to_cmyk():
    profile = factory.make_cmyk_profile_of_one_colour(lightness=150, a=128 + 50, b=128)

    red, green, blue = colour_of(factory.encode(make_patch((10, 200, 30, 0), "CMYK"), icc_profile=profile))
    assert red > green + 60
    assert red > blue


def test_cmyk_as_image_programs_write_it_is_not_inverted():
    content = factory.encode(make_patch((0, 255, 255, 0), "CMYK"), quality=95)

    assert b"Adobe" in content
    assert_close(colour_of(content), (255, 0, 0))


def test_cmyk_stored_as_ycck_keeps_its_colours():
    # The three numbers stand for luminance and colour once the Adobe segment says so (transform 2).
    luminance, blue, red = 150, 100, 170
    stored = make_patch((255 - luminance, 255 - blue, 255 - red, 0), "CMYK")
    content = factory.encode(stored, quality=100)
    adobe = content.index(b"Adobe")
    content = content[: adobe + 11] + b"\x02" + content[adobe + 12 :]

    inks = (
        luminance + 1.402 * (red - 128),
        luminance - 0.344 * (blue - 128) - 0.714 * (red - 128),
        luminance + 1.772 * (blue - 128),
    )
    assert_close(colour_of(content), [round(255 - ink) for ink in inks])


@pytest.mark.parametrize(
    ("mode", "colour"), [("RGBA", (200, 0, 0, 128)), ("LA", (0, 128))], ids=["colour", "grey"]
)
def test_what_is_half_transparent_is_mixed_with_white(mode, colour):
    expected = (227, 127, 127) if mode == "RGBA" else (127, 127, 127)

    assert_close(colour_of(factory.encode(make_patch(colour, mode), "PNG")), expected)


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "HEIF"])
def test_what_is_fully_transparent_becomes_white(file_format):
    content = factory.encode(make_patch((200, 10, 10, 0), "RGBA"), file_format)

    assert_close(colour_of(content), (255, 255, 255))


@pytest.mark.parametrize(
    ("image", "transparency"),
    [
        (make_patch((10, 200, 30)), (10, 200, 30)),
        (make_patch(77, "L"), 77),
        (make_patch(0, "1"), 0),
        (make_patch((10, 200, 30)).quantize(2), 0),
        (make_patch((10, 200, 30)).quantize(2), bytes((0, 0))),
    ],
    ids=["colour", "grey", "bilevel", "one palette entry", "palette alphas"],
)
def test_a_transparent_colour_becomes_white(image, transparency):
    assert_close(colour_of(factory.encode(image, "PNG", transparency=transparency)), (255, 255, 255))


def test_another_colour_than_the_transparent_one_stays():
    content = factory.encode(make_patch((10, 200, 30)), "PNG", transparency=(10, 200, 31))

    assert_close(colour_of(content), (10, 200, 30))


@pytest.mark.parametrize("grey", [0, 300, 12_000, 40_000, 65_535])
def test_16_bit_grey_is_scaled_and_not_clipped(grey):
    assert_close(colour_of(factory.make_16_bit_png(0, (grey,))), [grey >> 8] * 3)


@pytest.mark.parametrize(
    ("colour_type", "pixel", "expected"),
    [
        (2, (12_000, 40_000, 65_535), (46, 156, 255)),
        (6, (12_000, 40_000, 65_535, 65_535), (46, 156, 255)),
        (6, (0, 0, 0, 32_768), (127, 127, 127)),
        (4, (0, 32_768), (127, 127, 127)),
    ],
)
def test_16_bit_colour_and_transparency_are_scaled_and_not_clipped(colour_type, pixel, expected):
    assert_close(colour_of(factory.make_16_bit_png(colour_type, pixel)), expected)


@pytest.mark.parametrize(("colour_type", "pixel"), [(0, (12_345,)), (2, (12_345, 40_001, 333))])
def test_a_transparent_colour_of_16_bits_becomes_white(colour_type, pixel):
    colour = factory.make_chunk(b"tRNS", struct.pack(f">{len(pixel)}H", *pixel))

    content = factory.make_16_bit_png(colour_type, pixel, extra=colour)
    assert_close(colour_of(content), (255, 255, 255))


def test_only_the_exact_transparent_grey_of_16_bits_becomes_white():
    other = factory.make_chunk(b"tRNS", struct.pack(">H", 12_346))

    assert_close(colour_of(factory.make_16_bit_png(0, (12_345,), extra=other)), [12_345 >> 8] * 3)


def test_grey_becomes_grey():
    assert_close(colour_of(factory.encode(make_patch(77, "L"))), (77, 77, 77))


def test_ten_bit_heic_is_scaled_to_eight():
    # Depth beyond eight bits reaches the encoder only as a 16-bit picture.
    content = factory.encode(make_patch(30_000, "I;16"), "HEIF", quality=95)

    assert_close(colour_of(content), [30_000 >> 8] * 3)
