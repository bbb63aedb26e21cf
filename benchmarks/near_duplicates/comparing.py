"""Every photo of a corpus with every other, by the product's own comparisons, many at a time."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from apps.core.images.fingerprint import (
    BRIGHTNESS_PEAK,
    COLOUR_PEAK,
    GRID,
    HASH_DISTANCE,
    LAYOUT_BYTES,
    Fingerprint,
)

ROWS_AT_ONCE = 256
PAIRS_AT_ONCE = 20_000
# Limits of the curves.
BRIGHTNESS_PEAKS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 255)
COLOUR_PEAKS = (1, 2, 3, 4, 6, 8, 10, 12, 255)
HASH_DISTANCES = (0, 1, 2, 3)
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shot:
    """One file of one picture; `number` is the picture's."""

    number: int
    name: str
    family: str
    kind: str
    fingerprint: Fingerprint | None


@dataclass(frozen=True, slots=True)
class Pairs:
    """Of pairs whose hashes are near: places in the list of shots, and how much they differ."""

    first: Integers
    second: Integers
    hash: Integers
    brightness: Integers
    colour: Integers

    def alike(
        self, *, brightness: int = BRIGHTNESS_PEAK, colour: int = COLOUR_PEAK, distance: int = HASH_DISTANCE
    ) -> npt.NDArray[np.bool_]:
        return (self.brightness <= brightness) & (self.colour <= colour) & (self.hash <= distance)

    def distance(self) -> npt.NDArray[np.float64]:
        """In parts of the limits: what is at most 1 is alike."""
        return np.maximum(self.brightness / BRIGHTNESS_PEAK, self.colour / COLOUR_PEAK)


@dataclass(frozen=True, slots=True)
class Figures:
    shots: Sequence[Shot]
    pictures: int
    plain: int
    pairs_of_others: int
    others: Pairs  # of different pictures
    copies: Integers  # places of all shots but each picture's first
    pairs_of_copies: Pairs  # of those, with the first

    @property
    def false_hits(self) -> int:
        return int(self.others.alike().sum())

    @property
    def hit_rate(self) -> float:
        return float(self.pairs_of_copies.alike().sum()) / len(self.copies)

    def rates(self, part: str) -> Iterator[tuple[str, int, float]]:
        """By the copies' `kind` or `family`: how many there are, and the part of them that is found."""
        found = self.pairs_of_copies.second[self.pairs_of_copies.alike()]
        hits = Counter[str](getattr(self.shots[place], part) for place in found)
        for name, count in Counter[str](getattr(self.shots[place], part) for place in self.copies).items():
            yield name, count, hits[name] / count

    def nearest_others(self, count: int) -> Iterator[tuple[str, str, int, int]]:
        """Pairs of different pictures, each at its nearest: names, and the differences."""
        seen = set[tuple[int, int]]()
        for place in np.argsort(self.others.distance(), kind="stable"):
            one, other = (self.shots[side[place]] for side in (self.others.first, self.others.second))
            if (one.number, other.number) in seen:
                continue
            seen.add((one.number, other.number))
            yield one.name, other.name, int(self.others.brightness[place]), int(self.others.colour[place])
            if len(seen) == count:
                return


def compare(shots: Sequence[Shot]) -> Figures:
    """Copies with the first shot of their picture, and all shots with those of other pictures."""
    firsts: dict[int, int] = {}
    for place, shot in enumerate(shots):
        firsts.setdefault(shot.number, place)
    taking_part = np.array([place for place, shot in enumerate(shots) if shot.fingerprint], dtype=np.int64)
    measured = _Measured.of(shots)
    numbers = np.array([shot.number for shot in shots])
    copies = np.array([place for place, shot in enumerate(shots) if firsts[shot.number] != place])
    of_first = np.array([firsts[shot.number] for shot in shots])
    both = np.isin(copies, taking_part) & np.isin(of_first[copies], taking_part)
    return Figures(
        shots=shots,
        pictures=len(firsts),
        plain=sum(shots[place].fingerprint is None for place in firsts.values()),
        pairs_of_others=_pairs_of_others(numbers[taking_part]),
        others=measured.pairs(*_near_hashes(measured.hashes, numbers, taking_part)),
        copies=copies,
        pairs_of_copies=measured.pairs(of_first[copies[both]], copies[both]),
    )


@dataclass(frozen=True, slots=True)
class _Measured:
    """The fingerprints as numbers; nothing where there is none."""

    hashes: npt.NDArray[np.uint64]
    layouts: npt.NDArray[np.int16]

    @classmethod
    def of(cls, shots: Sequence[Shot]) -> "_Measured":
        empty = Fingerprint(hash=0, layout=bytes(LAYOUT_BYTES))
        known = [shot.fingerprint or empty for shot in shots]
        layouts = np.frombuffer(b"".join(each.layout for each in known), np.uint8)
        return cls(
            hashes=np.array([each.hash for each in known], dtype=np.uint64),
            layouts=layouts.reshape(-1, LAYOUT_BYTES).astype(np.int16),
        )

    def pairs(self, first: Integers, second: Integers) -> Pairs:
        brightness, colour = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for start in range(0, len(first), PAIRS_AT_ONCE):
            piece = slice(start, start + PAIRS_AT_ONCE)
            difference = np.abs(self.layouts[first[piece]] - self.layouts[second[piece]])
            brightness.append(difference[:, : GRID**2].max(axis=1).astype(np.int64))
            colour.append(difference[:, GRID**2 :].max(axis=1).astype(np.int64))
        distances = np.bitwise_count(self.hashes[first] ^ self.hashes[second]).astype(np.int64)
        return Pairs(first, second, distances, np.concatenate(brightness), np.concatenate(colour))


def _pairs_of_others(numbers: Integers) -> int:
    _, counts = np.unique(numbers, return_counts=True)
    return int((len(numbers) ** 2 - (counts**2).sum()) // 2)


def _near_hashes(
    hashes: npt.NDArray[np.uint64], numbers: Integers, taking_part: Integers
) -> tuple[Integers, Integers]:
    hashes, numbers = hashes[taking_part], numbers[taking_part]
    first, second = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for start in range(0, len(hashes), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        near = np.bitwise_count(hashes[rows, None] ^ hashes[None, start:]) <= HASH_DISTANCE
        near &= numbers[rows, None] != numbers[None, start:]
        one, other = np.nonzero(np.triu(near))
        first.append(taking_part[one + start])
        second.append(taking_part[other + start])
    return np.concatenate(first), np.concatenate(second)


def curve(figures: Figures, limit: str, values: Sequence[int]) -> Iterator[tuple[int, float, int]]:
    """For each value of one limit, the others as they are: the part of the copies found, and false hits."""
    for value in values:
        found = figures.pairs_of_copies.alike(**{limit: value}).sum()
        yield value, float(found) / len(figures.copies), int(figures.others.alike(**{limit: value}).sum())
