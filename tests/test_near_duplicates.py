"""The short form of `python -m benchmarks.near_duplicates`: a few pictures of each hard kind."""

from itertools import islice

import pytest

from benchmarks.near_duplicates.comparing import Shot, compare
from benchmarks.near_duplicates.pictures import (
    BURST_STEPS,
    SPECIES,
    bursts,
    leaves_on_white,
    other_colours,
    plain_backgrounds,
    thickets,
)
from benchmarks.near_duplicates.shooting import shoot


def pictures():
    yield from thickets(2)
    yield from islice(leaves_on_white(3 * SPECIES), 0, None, SPECIES)  # three leaves of one kind
    yield from islice(other_colours(1), 3)
    yield from islice(bursts(2), len(BURST_STEPS) - 2, len(BURST_STEPS) + 2)  # of a leaf, and of a thicket
    yield from plain_backgrounds(1)


@pytest.fixture(scope="module")
def shots() -> list[Shot]:
    return [shot for number, picture in enumerate(pictures()) for shot in shoot(number, picture)]


def test_no_two_pictures_share_an_answer(shots):
    figures = compare(shots)

    assert figures.pictures == 13
    assert figures.pairs_of_others > 50_000
    assert figures.false_hits == 0


def test_nearly_all_copies_are_found(shots):
    figures = compare([shot for shot in shots if shot.family != "plain"])

    assert set(figures.copies) >= {"JPEG 40", "PNG", "WEBP", "HEIF", "EXIF rotation"}
    assert figures.hit_rate >= 0.95


def test_what_is_too_plain_takes_no_part(shots):
    assert all(shot.fingerprint is None for shot in shots if shot.family == "plain")


def test_the_corpus_has_pairs_that_only_the_second_comparison_tells_apart(shots):
    """Or its zero would say nothing about the layout."""
    assert len(compare(shots).others.first) > 100
