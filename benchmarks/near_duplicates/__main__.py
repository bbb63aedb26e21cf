"""Copies that are recognised, and different photos that are not: `python -m benchmarks.near_duplicates`.

Prints the tables of decision 0025, for each corpus. Drawn pictures are always compared; `--photos` adds those
of a folder.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.figures import ms
from benchmarks.near_duplicates.comparing import (
    BRIGHTNESS_PEAKS,
    COLOUR_PEAKS,
    HASH_DISTANCES,
    Figures,
    Shot,
    compare,
    curve,
)
from benchmarks.near_duplicates.corpora import HELD_OUT, TUNED, corpus
from benchmarks.near_duplicates.looking_up import Lookups, measure_lookups
from benchmarks.near_duplicates.shooting import (
    cpu_of_fingerprint_ms,
    matched_by_flower,
    matched_by_shift,
    shoot_all,
)

LEAST_HIT_RATE = 0.95
LOOKUP_S = 0.005
NEAREST = 12
CURVES = {"brightness": BRIGHTNESS_PEAKS, "colour": COLOUR_PEAKS, "distance": HASH_DISTANCES}


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code: 1 where a promise is not kept."""
    parser = argparse.ArgumentParser(prog="benchmarks.near_duplicates", description=__doc__)
    parser.add_argument("--photos", type=Path, help="a folder of JPEGs that are all different")
    parser.add_argument("--seed", type=int, action="append", help="of a corpus; may be given several times")
    parser.add_argument("--rows", type=int, default=100_000, help="hashes in the index; 0 skips the lookups")
    options = parser.parse_args(arguments)
    is_kept = True
    for seed in options.seed or (TUNED, HELD_OUT):
        shots = shoot_corpus(seed, options.photos)
        figures = compare(shots)
        print_figures(seed, figures)
        is_kept &= figures.false_hits == 0 and figures.hit_rate >= LEAST_HIT_RATE
    print(f"CPU of a fingerprint of 1,000 × 1,000 pixels: {cpu_of_fingerprint_ms((1_000, 1_000)):.2f} ms\n")
    if options.rows:
        lookups = measure_lookups(options.rows, [shot.fingerprint.hash for shot in shots if shot.fingerprint])
        print_lookups(lookups)
        is_kept &= lookups.times.p95_s < LOOKUP_S
    return 0 if is_kept else 1


def shoot_corpus(seed: int, photos: Path | None) -> list[Shot]:
    pictures, shots = corpus(seed, photos), []
    for number, of_picture in enumerate(shoot_all(pictures), start=1):
        shots += of_picture
        if sys.stderr.isatty():
            print(f"\r{number} of {len(pictures)}", end="", file=sys.stderr)
    return shots


def print_figures(seed: int, figures: Figures) -> None:
    print_table(
        (f"corpus {seed}", ""),
        [
            ("different pictures", f"{figures.pictures:,}"),
            ("of these too plain to take part", f"{figures.plain:,}"),
            ("files", f"{len(figures.shots):,}"),
            ("pairs of different pictures", f"{figures.pairs_of_others:,}"),
            ("of these with near hashes", f"{len(figures.others.first):,}"),
            ("**of these alike (false hits)**", f"**{figures.false_hits:,}**"),
            ("copies", f"{len(figures.copies):,}"),
            ("**copies found**", f"**{figures.hit_rate:.2%}**"),
        ],
    )
    for part in ("kind", "family"):
        rows = [(name, f"{count:,}", f"{rate:.2%}") for name, count, rate in figures.rates(part)]
        print_table((part, "copies", "found"), rows)
    for limit, values in CURVES.items():
        found = curve(figures, limit, values)
        rows = [(str(value), f"{rate:.2%}", f"{wrong:,}") for value, rate, wrong in found]
        print_table((f"limit of {limit}", "copies found", "false hits"), rows)
    print_table(
        ("nearest different pictures", "", "brightness", "colour"),
        [(one, other, str(light), str(hue)) for one, other, light, hue in figures.nearest_others(NEAREST)],
    )
    for what, matched in (("moved by", matched_by_shift(seed)), ("a flower opened", matched_by_flower(seed))):
        shares = [(f"{size:.1%}", f"{share:.0%}") for size, share in matched]
        print_table((f"{what}, of the width", "pairs that match"), shares)


def print_lookups(lookups: Lookups) -> None:
    print_table(
        ("lookups in PostgreSQL", ""),
        [
            ("hashes in the index", f"{lookups.rows:,}"),
            ("copies found", f"{lookups.copies_found} of {lookups.copies}"),
            ("others found", f"{lookups.others_found}"),
            ("a lookup", str(lookups.times)),
            ("of these nobody's copy", str(lookups.times_of_others)),
            ("one answer by its key", str(lookups.bare)),
            ("promised", f"p95 < {ms(LOOKUP_S)}"),
        ],
    )


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    for row in (head, ("---",) * len(head), *rows):
        print("| " + " | ".join(row) + " |")
    print()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
