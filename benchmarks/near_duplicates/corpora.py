"""The measured corpora: of each seed one, made the same way of other pictures.

The limits were chosen on that of `TUNED`. That of `HELD_OUT` tells what they are worth.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from benchmarks.near_duplicates.hard_pictures import (
    blades,
    flowers_as_bright,
    grown_plants,
    rosettes,
    seedlings,
    tables,
)
from benchmarks.near_duplicates.photographs import real_photos
from benchmarks.near_duplicates.pictures import (
    BURST_STEPS,
    HUES,
    SPECIES,
    Picture,
    bursts,
    leaves_on_white,
    other_colours,
    plain_backgrounds,
    thickets,
)

TUNED = 1
HELD_OUT = 3


def corpus(seed: int, photos: Path | None = None, *, share: float = 1.0) -> list[Picture]:
    """All of it, or about this share; without `photos` the drawn part, 534 pictures."""

    def part(count: int) -> int:
        return max(1, round(count * share))

    drawn = [
        *thickets(seed, part(100)),
        *leaves_on_white(seed, part(96)),
        *other_colours(seed, part(14)),
        *bursts(seed, part(12)),
        *plain_backgrounds(seed, part(24)),
        *tables(seed, part(6)),
        *blades(seed, part(24)),
        *rosettes(seed, part(24)),
        *flowers_as_bright(seed, part(8)),
        *seedlings(seed, part(24)),
        *grown_plants(seed, part(12)),
    ]
    return [*drawn, *(real_photos(seed, photos) if photos else ())]


def few_pictures(seed: int) -> Iterator[Picture]:
    """For tests: one that is like no other, and of each hard kind two. None is too plain to take part."""
    yield from thickets(seed, 1)
    yield from islice(leaves_on_white(seed, 2 * SPECIES), 0, None, SPECIES)  # of one kind
    yield from islice(other_colours(seed, 2), len(HUES), len(HUES) + 2)
    yield from islice(bursts(seed, 2), len(BURST_STEPS), len(BURST_STEPS) + 2)
    yield from islice(tables(seed, 1), 2)
    yield from islice(flowers_as_bright(seed, 1), 2)
    yield from islice(grown_plants(seed, 1), 2)
