"""The part of docs/benchmarks.md that a run writes."""

from pathlib import Path

from benchmarks.results import NotMeasured
from devstack.bootstrap import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN = "<!-- measured: begin. Written by `make bench`. -->"
END = "<!-- measured: end -->"


def write_measured(page: Path, text: str) -> None:
    """
    Raises:
        NotMeasured: the page has no place for it.
    """
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise NotMeasured(f"{page} lacks the two lines between which the figures belong: {BEGIN} and {END}")
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
