"""Copies that are recognised, and different photos that are not: `python -m benchmarks.near_duplicates`.

Prints the tables of decision 0025. Drawn pictures are always compared; `--photos` adds those of a folder.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.near_duplicates.comparing import Figures, Shot, compare, curve
from benchmarks.near_duplicates.looking_up import Lookups, measure_lookups
from benchmarks.near_duplicates.pictures import corpus
from benchmarks.near_duplicates.shooting import cpu_of_fingerprint_ms, matched_by_shift, shoot_all

LEAST_HIT_RATE = 0.95
MOST_LOOKUP_MS = 5.0


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code: 1 where a promise is not kept."""
    parser = argparse.ArgumentParser(prog="benchmarks.near_duplicates", description=__doc__)
    parser.add_argument("--photos", type=Path, help="a folder of JPEGs that are all different")
    parser.add_argument("--rows", type=int, default=100_000, help="hashes in the index; 0 skips the lookups")
    options = parser.parse_args(arguments)
    pictures = corpus(options.photos)
    shots: list[Shot] = []
    for number, of_picture in enumerate(shoot_all(pictures), start=1):
        shots += of_picture
        if sys.stderr.isatty():
            print(f"\r{number} of {len(pictures)}", end="", file=sys.stderr)
    figures = compare(shots)
    print_figures(figures)
    is_kept = figures.false_hits == 0 and figures.hit_rate >= LEAST_HIT_RATE
    if options.rows:
        lookups = measure_lookups(options.rows, [shot.fingerprint.hash for shot in shots if shot.fingerprint])
        print_lookups(lookups)
        is_kept &= lookups.percentile_ms(95) < MOST_LOOKUP_MS
    return 0 if is_kept else 1


def print_figures(figures: Figures) -> None:
    print_table(
        ("corpus", ""),
        [
            ("different pictures", f"{figures.pictures:,}"),
            ("of these too plain to take part", f"{figures.plain:,}"),
            ("files", f"{figures.shots:,}"),
            ("pairs of different pictures", f"{figures.pairs_of_others:,}"),
            ("of these with near hashes", f"{len(figures.others.first):,}"),
            ("**of these alike (false hits)**", f"**{figures.false_hits:,}**"),
            ("copies", f"{figures.copies.total():,}"),
            ("**copies found**", f"**{figures.hit_rate:.2%}**"),
        ],
    )
    print_table(
        ("kind of copy", "copies", "found"),
        [(kind, f"{n:,}", f"{figures.hits[kind] / n:.2%}") for kind, n in figures.copies.items()],
    )
    print_table(
        ("family", "copies", "found"),
        [
            (family, f"{n:,}", f"{figures.hits_of_families[family] / n:.2%}")
            for family, n in figures.copies_of_families.items()
        ],
    )
    print_table(
        ("layout may differ by", "copies found", "false hits"),
        [(str(peak), f"{found:.2%}", f"{wrong:,}") for peak, found, wrong in curve(figures)],
    )
    print_table(
        ("moved by, of the width", "pairs that match"),
        [(f"{step:.1%}", f"{part:.0%}") for step, part in matched_by_shift()],
    )
    print(
        f"CPU for one fingerprint of 1,000 × 1,000 pixels: {cpu_of_fingerprint_ms((1_000, 1_000)):.2f} ms\n"
    )


def print_lookups(lookups: Lookups) -> None:
    print_table(
        ("lookups in PostgreSQL", ""),
        [
            ("hashes in the index", f"{lookups.rows:,}"),
            ("copies found", f"{lookups.copies_found} of {lookups.copies}"),
            ("others found", f"{lookups.others_found}"),
            ("p50", f"{lookups.percentile_ms(50):.2f} ms"),
            ("p95", f"{lookups.percentile_ms(95):.2f} ms"),
        ],
    )


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    for row in (head, ("---",) * len(head), *rows):
        print("| " + " | ".join(row) + " |")
    print()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
