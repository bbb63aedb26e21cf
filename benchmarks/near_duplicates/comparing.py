"""Every photo of the corpus with every other, by the product's own comparisons, many at a time."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from apps.core.images.fingerprint import (
    GRID,
    HASH_DISTANCE,
    LAYOUT_MEAN,
    LAYOUT_PEAK,
    Fingerprint,
)

ROWS_AT_ONCE = 256
PAIRS_AT_ONCE = 20_000
PEAKS = (2, 4, 6, 8, 12, 16, 24, 255)  # limits of the curve
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shot:
    """One file of one picture; `number` is the picture's."""

    number: int
    family: str
    kind: str
    fingerprint: Fingerprint | None


@dataclass(frozen=True, slots=True)
class Pairs:
    """Of pairs whose hashes are near: which pictures, and how much their layouts differ."""

    first: Integers
    second: Integers
    peak: Integers
    mean: npt.NDArray[np.float64]

    def alike(self, peak: int = LAYOUT_PEAK, mean: float = LAYOUT_MEAN) -> npt.NDArray[np.bool_]:
        return (self.peak <= peak) & (self.mean <= mean)


@dataclass(frozen=True, slots=True)
class Figures:
    pictures: int
    plain: int
    shots: int
    pairs_of_others: int
    others: Pairs  # near by their hash, though of different pictures
    copies: Counter[str]
    hits: Counter[str]
    hits_of_families: Counter[str]
    copies_of_families: Counter[str]
    copy_peaks: Integers  # of copies with a fingerprint whose hash is near
    copy_means: npt.NDArray[np.float64]

    @property
    def false_hits(self) -> int:
        return int(self.others.alike().sum())

    @property
    def hit_rate(self) -> float:
        return self.hits.total() / self.copies.total()


def compare(shots: Sequence[Shot]) -> Figures:
    """Copies with the first shot of their picture, and all shots with those of other pictures."""
    known = [shot for shot in shots if shot.fingerprint]
    hashes = np.array([shot.fingerprint.hash for shot in known if shot.fingerprint], dtype=np.uint64)
    layouts = np.array(
        [np.frombuffer(shot.fingerprint.layout, np.uint8) for shot in known if shot.fingerprint],
        dtype=np.int16,
    ).reshape(-1, 3 * GRID * GRID)
    numbers = np.array([shot.number for shot in known])
    firsts: dict[int, int] = {}
    for place, shot in enumerate(shots):
        firsts.setdefault(shot.number, place)
    copies = [place for place, shot in enumerate(shots) if firsts[shot.number] != place]
    return _figures(shots, firsts, copies, _near_others(hashes, layouts, numbers), _pairs_of_others(numbers))


def _figures(
    shots: Sequence[Shot], firsts: dict[int, int], copies: Sequence[int], others: Pairs, pairs: int
) -> Figures:
    copied, hits, family_copies, family_hits = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    peaks, means = [], []
    for place in copies:
        shot, first = shots[place], shots[firsts[shots[place].number]]
        copied[shot.kind] += 1
        family_copies[shot.family] += 1
        if shot.fingerprint is None or first.fingerprint is None:
            continue
        if (shot.fingerprint.hash ^ first.fingerprint.hash).bit_count() > HASH_DISTANCE:
            continue
        peak, mean = _difference(shot.fingerprint, first.fingerprint)
        peaks.append(peak)
        means.append(mean)
        is_hit = peak <= LAYOUT_PEAK and mean <= LAYOUT_MEAN
        hits[shot.kind] += is_hit
        family_hits[shot.family] += is_hit
    plain = sum(shots[place].fingerprint is None for place in firsts.values())
    return Figures(
        pictures=len(firsts),
        plain=plain,
        shots=len(shots),
        pairs_of_others=pairs,
        others=others,
        copies=copied,
        hits=hits,
        hits_of_families=family_hits,
        copies_of_families=family_copies,
        copy_peaks=np.array(peaks),
        copy_means=np.array(means),
    )


def _difference(one: Fingerprint, other: Fingerprint) -> tuple[int, float]:
    differences = [abs(a - b) for a, b in zip(one.layout, other.layout, strict=True)]
    return max(differences), sum(differences) / len(differences)


def _pairs_of_others(numbers: Integers) -> int:
    _, counts = np.unique(numbers, return_counts=True)
    return int((len(numbers) ** 2 - (counts**2).sum()) // 2)


def _near_others(hashes: npt.NDArray[np.uint64], layouts: npt.NDArray[np.int16], numbers: Integers) -> Pairs:
    found = list(_near_hashes(hashes, numbers))
    first = np.concatenate([pair[0] for pair in found]) if found else np.empty(0, np.int64)
    second = np.concatenate([pair[1] for pair in found]) if found else np.empty(0, np.int64)
    peaks, means = [np.empty(0, np.int64)], [np.empty(0)]
    for start in range(0, len(first), PAIRS_AT_ONCE):
        piece = slice(start, start + PAIRS_AT_ONCE)
        difference = np.abs(layouts[first[piece]] - layouts[second[piece]])
        peaks.append(difference.max(axis=1).astype(np.int64))
        means.append(difference.mean(axis=1))
    return Pairs(numbers[first], numbers[second], np.concatenate(peaks), np.concatenate(means))


def _near_hashes(hashes: npt.NDArray[np.uint64], numbers: Integers) -> Iterator[tuple[Integers, Integers]]:
    for start in range(0, len(hashes), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        near = np.bitwise_count(hashes[rows, None] ^ hashes[None, start:]) <= HASH_DISTANCE
        near &= numbers[rows, None] != numbers[None, start:]
        one, other = np.nonzero(np.triu(near))
        yield one + start, other + start


def curve(figures: Figures) -> Iterator[tuple[int, float, int]]:
    """For each limit of the layout's peak: the part of the copies that are found, and the false hits."""
    for peak in PEAKS:
        found = (figures.copy_peaks <= peak) & (figures.copy_means <= LAYOUT_MEAN)
        yield peak, float(found.sum()) / figures.copies.total(), int(figures.others.alike(peak).sum())
