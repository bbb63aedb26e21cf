"""The short form of `python -m benchmarks.near_duplicates`: a few pictures of each hard kind."""

import io

import pytest
from PIL import Image

from benchmarks.near_duplicates.comparing import BRIGHTNESS_PEAKS, Shot, compare, curve
from benchmarks.near_duplicates.copies import copies_of
from benchmarks.near_duplicates.corpora import HELD_OUT, TUNED, corpus, few_pictures
from benchmarks.near_duplicates.photographs import real_photos
from benchmarks.near_duplicates.pictures import plain_backgrounds
from benchmarks.near_duplicates.shooting import shoot

FEW = 13


@pytest.fixture(scope="module")
def shots() -> list[Shot]:
    pictures = [*few_pictures(HELD_OUT), *plain_backgrounds(HELD_OUT, 1)]
    return [shot for number, picture in enumerate(pictures) for shot in shoot(number, picture)]


@pytest.fixture(scope="module")
def figures(shots):
    return compare(shots)


@pytest.fixture
def photo(tmp_path):
    """A folder with a photo that lies on its side, and says so."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.linear_gradient("L").convert("RGB").resize((120, 80)).save(tmp_path / "lying.jpg", exif=exif)
    return tmp_path


def test_no_two_pictures_share_an_answer(figures):
    assert figures.pictures == FEW + 1
    assert figures.pairs_of_others > 50_000
    assert figures.false_hits == 0


def test_nearly_all_copies_are_found(shots):
    found = compare([shot for shot in shots if shot.family != "plain"])

    assert {kind for kind, *_ in found.rates("kind")} >= {"JPEG 40", "PNG", "WEBP", "HEIF", "EXIF rotation"}
    assert found.plain == 0
    assert found.hit_rate >= 0.95


def test_what_is_too_plain_takes_no_part(shots, figures):
    assert figures.plain == 1
    assert all(shot.fingerprint is None for shot in shots if shot.family == "plain")
    assert {name: rate for name, _, rate in figures.rates("family")}["plain"] == 0


def test_the_corpus_has_pairs_that_only_the_second_comparison_tells_apart(figures):
    """Or its zero would say nothing about the layout."""
    assert len(figures.others.first) > 100
    assert figures.others.alike(brightness=255, colour=255).all()


def test_of_some_pairs_only_the_brightness_or_only_the_colours_tell(figures):
    assert figures.others.alike(colour=255).any()
    assert figures.others.alike(brightness=30).any()


def test_wider_limits_find_more_and_err_more(figures):
    points = list(curve(figures, "brightness", BRIGHTNESS_PEAKS))

    assert [found for _, found, _ in points] == sorted(found for _, found, _ in points)
    assert [wrong for *_, wrong in points] == sorted(wrong for *_, wrong in points)


def test_the_nearest_pictures_are_told_once_each_and_nearest_first(figures):
    nearest = list(figures.nearest_others(3))

    assert len({(one, other) for one, other, *_ in nearest}) == len(nearest) > 1
    assert all(one != other for one, other, *_ in nearest)


def test_another_seed_gives_other_pictures_and_the_same_seed_the_same():
    first, again, other = (next(few_pictures(seed)).paint() for seed in (TUNED, TUNED, HELD_OUT))

    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_each_corpus_has_hundreds_of_pictures_with_names_of_their_own():
    names = [picture.name for picture in corpus(HELD_OUT)]

    assert len(set(names)) == len(names) >= 500


def test_a_photograph_becomes_many_different_pictures_that_stand_upright(photo):
    pictures = list(real_photos(TUNED, photo))

    assert {picture.family for picture in pictures} == {"real", "real burst", "real, cut", "real, turned"}
    assert pictures[0].paint().size == (80, 120)


def test_a_copy_says_nothing_of_the_photograph_it_was_made_of(photo):
    """Else some formats would be turned once more."""
    picture = next(real_photos(TUNED, photo)).paint()
    for kind, content in copies_of(picture):
        with Image.open(io.BytesIO(content)) as copy:
            assert (0x0112 in copy.getexif()) == (kind == "EXIF rotation")
