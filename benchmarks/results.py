"""One line for each promised number, and how it is printed."""

from collections.abc import Sequence
from dataclasses import dataclass


class NotMeasured(Exception):
    """Something answered otherwise than it must, so the figures would mean nothing; the text says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    name: str
    measured: str
    promised: str
    yardstick: str
    """What was measured in the same run to compare with."""

    holds: bool | None
    """None: told, because somebody plans with it, but no promise."""

    depends_on_speed: bool = True
    """False: it has to hold on every machine, however slow or busy."""

    @property
    def verdict(self) -> str:
        return {True: "yes", False: "**no**", None: "–"}[self.holds]


COLUMNS = ("promise", "measured", "promised", "in the same run", "holds")


def table(results: Sequence[Result]) -> str:
    """In Markdown, aligned so that it reads well in a terminal, too."""
    rows = [COLUMNS, *((r.name, r.measured, r.promised, r.yardstick, r.verdict) for r in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"

    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([line(rows[0]), rule, *(line(row) for row in rows[1:])])
