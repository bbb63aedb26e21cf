"""Copies look alike, other pictures do not, and pictures of next to nothing take no part."""

import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageFilter

from apps.core.images import (
    HASH_DISTANCE,
    Fingerprint,
    hash_distance,
    inspect_photo,
    look_alike,
    normalise_photo,
)
from apps.core.images.fingerprint import (
    BRIGHTNESS_PEAK,
    COLOUR_PEAK,
    GRID,
    HASH_BITS,
    LAYOUT_BYTES,
    LEAST_SPAN,
    take_fingerprint,
)
from apps.core.tests.image_factory import TURN_AWAY, encode, make_exif

hashes = st.integers(0, 2**HASH_BITS - 1)
layouts = st.binary(min_size=LAYOUT_BYTES, max_size=LAYOUT_BYTES)


def paint(seed=1, size=(400, 300), ground=(200, 190, 170)):
    """Patches of many sizes, like nothing but itself."""
    rng = random.Random(seed)
    image = Image.new("RGB", size, ground)
    for _ in range(60):
        x, y, side = rng.randrange(size[0]), rng.randrange(size[1]), rng.randrange(10, 90)
        image.paste(tuple(rng.randrange(256) for _ in range(3)), (x, y, x + side, y + side))
    return image.filter(ImageFilter.GaussianBlur(1.5))  # no lens draws an edge within one pixel


def fingerprint_of(content):
    return normalise_photo(content, inspect_photo(content)).fingerprint


@pytest.mark.parametrize("quality", [95, 75, 40])
@pytest.mark.parametrize("file_format", ["JPEG", "WEBP", "HEIF"])
def test_a_copy_in_another_format_and_quality_looks_alike(file_format, quality):
    copy = fingerprint_of(encode(paint(), file_format, quality=quality))

    assert look_alike(fingerprint_of(encode(paint(), "PNG")), copy)


@pytest.mark.parametrize("size", [(300, 225), (200, 150), (160, 120)])
def test_a_copy_of_another_size_looks_alike(size):
    copy = paint().resize(size, Image.Resampling.LANCZOS)

    assert look_alike(take_fingerprint(paint()), fingerprint_of(encode(copy, quality=80)))


@pytest.mark.parametrize("orientation", TURN_AWAY)
def test_a_copy_that_exif_turns_upright_looks_alike(orientation):
    stored = encode(paint().transpose(TURN_AWAY[orientation]), quality=85, exif=make_exif(orientation))

    assert look_alike(take_fingerprint(paint()), fingerprint_of(stored))


def test_a_picture_that_is_really_turned_is_another_one():
    assert not look_alike(take_fingerprint(paint()), take_fingerprint(paint().rotate(180)))


def test_other_pictures_look_different():
    fingerprints = [take_fingerprint(paint(seed)) for seed in range(20)]

    alike = [(a, b) for a in range(20) for b in range(a) if look_alike(fingerprints[a], fingerprints[b])]

    assert alike == []


def test_the_same_forms_in_other_colours_have_one_hash_and_look_different():
    """Which is what the second comparison is there for."""
    picture = paint()
    red, green, blue = picture.split()
    # As bright as before, to the eye of the hash.
    shifted = Image.merge("RGB", (red.point(lambda v: v * 0.8), green, blue.point(lambda v: v * 0.8 + 51)))
    one, other = take_fingerprint(picture), take_fingerprint(shifted)

    assert hash_distance(one.hash, other.hash) <= HASH_DISTANCE
    assert not look_alike(one, other)


@pytest.mark.parametrize("step", [4, 12, 40])
def test_the_next_photo_of_a_burst_looks_different(step):
    """A hundredth of the picture's width is enough."""
    assert not look_alike(take_fingerprint(paint()), take_fingerprint(ImageChops.offset(paint(), step, 0)))


@pytest.mark.parametrize("colour", ["white", "black", (90, 140, 60)])
def test_a_plain_picture_has_no_fingerprint(colour):
    assert take_fingerprint(Image.new("RGB", (640, 480), colour)) is None


def test_neither_have_a_grainy_wall_a_slow_gradient_and_a_speck_on_white():
    rng = random.Random(1)
    grain = Image.frombytes("L", (640, 480), rng.randbytes(640 * 480))
    wall = grain.point(lambda v: 180 + v // 8).convert("RGB")
    gradient = Image.linear_gradient("L").resize((640, 480)).point(lambda v: 200 + v // 40).convert("RGB")
    speck = Image.new("RGB", (640, 480), "white")
    speck.paste((40, 90, 40), (300, 200, 306, 204))

    assert [take_fingerprint(each) for each in (wall, gradient, speck)] == [None] * 3


def test_what_hardly_stands_out_in_fog_is_too_plain():
    """Of so little contrast the limits would overlook half."""
    fog = paint().point(lambda value: 120 + value * (LEAST_SPAN - 2) // 255)

    assert take_fingerprint(paint()) is not None
    assert take_fingerprint(fog) is None


@pytest.mark.parametrize("size", [(64, 64), (65, 300), (161, 64), (319, 321), (1500, 97)])
def test_every_shape_of_picture_has_a_fingerprint(size):
    fingerprint = take_fingerprint(paint().resize(size))

    assert fingerprint is not None
    assert len(fingerprint.layout) == LAYOUT_BYTES


@pytest.mark.parametrize("size", [(1199, 899), (805, 604), (640, 480), (340, 255)])
def test_a_picture_is_averaged_alike_whatever_its_size(size):
    """Though in most sizes the last pixels, when it is made smaller first, stand for less than the others."""
    large = Image.new("RGB", (1200, 900), (190, 190, 190))
    for place in range(0, 1200, 150):
        large.paste((60, 70, 50), (place + 40, place // 2, place + 120, place // 2 + 330))
    small = large.resize(size, Image.Resampling.LANCZOS)

    assert look_alike(take_fingerprint(large), take_fingerprint(small))


def test_a_fingerprint_of_an_older_kind_is_nobodys():
    old = Fingerprint(hash=5, layout=bytes(768))

    assert not look_alike(old, Fingerprint(hash=5, layout=bytes(LAYOUT_BYTES)))


def test_a_photo_too_plain_is_normalised_like_any_other():
    file = io.BytesIO()
    Image.new("RGB", (640, 480), "white").save(file, "PNG")

    photo = normalise_photo(file.getvalue(), inspect_photo(file.getvalue()))

    assert photo.fingerprint is None
    assert photo.content.startswith(b"\xff\xd8")


@given(hashes, hashes, hashes)
def test_the_distance_of_hashes_is_a_distance(a, b, c):
    assert hash_distance(a, a) == 0
    assert hash_distance(a, b) == hash_distance(b, a)
    assert hash_distance(a, c) <= hash_distance(a, b) + hash_distance(b, c)


@given(hashes, layouts)
def test_everything_looks_like_itself(value, layout):
    assert look_alike(Fingerprint(hash=value, layout=layout), Fingerprint(hash=value, layout=layout))


@given(hashes, hashes, layouts, layouts)
def test_looking_alike_is_mutual(a, b, one, other):
    first, second = Fingerprint(hash=a, layout=one), Fingerprint(hash=b, layout=other)

    assert look_alike(first, second) == look_alike(second, first)


@pytest.mark.parametrize(
    ("place", "peak"),
    [(0, BRIGHTNESS_PEAK), (GRID**2 - 1, BRIGHTNESS_PEAK), (GRID**2, COLOUR_PEAK), (-1, COLOUR_PEAK)],
)
def test_one_place_of_another_colour_is_enough_to_look_different(place, peak):
    layout = bytearray([100] * LAYOUT_BYTES)
    one = Fingerprint(hash=5, layout=bytes(layout))
    layout[place] += peak
    almost = Fingerprint(hash=5, layout=bytes(layout))
    layout[place] += 1
    other = Fingerprint(hash=5, layout=bytes(layout))

    assert look_alike(one, almost)
    assert not look_alike(one, other)


@given(hashes, st.sets(st.integers(0, HASH_BITS - 1), max_size=HASH_BITS))
def test_too_distant_hashes_look_different_whatever_the_colours(value, flipped):
    other = value
    for bit in flipped:
        other ^= 1 << bit
    layout = bytes(LAYOUT_BYTES)

    alike = look_alike(Fingerprint(hash=value, layout=layout), Fingerprint(hash=other, layout=layout))

    assert alike == (len(flipped) <= HASH_DISTANCE)
