"""Where the lines and bars of a chart stand. The template draws them; a table beside it has the numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.plant_identification.services.experiment_report import Spread
from apps.plant_identification.services.proportions import Proportion

# As wide as a phone, so that letters are as large as they say there, and grow with the screen.
WIDTH = 320
LEFT, RIGHT = 8, 8
ROW_HEIGHT = 44
AXIS_HEIGHT = 24
BAR_GAP = 2
BARS_HEIGHT = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Whisker:
    """A share with its interval; the label stands above."""

    label: str
    label_y: float
    y: float
    x: float
    low_x: float
    high_x: float
    is_enough: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareChart:
    width: int
    height: int
    axis_y: int
    whiskers: tuple[Whisker, ...]
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    label: str  # "30–40 %: 12"


@dataclass(frozen=True, slots=True, kw_only=True)
class BarChart:
    width: int
    height: int
    base_y: int
    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, str], ...]


def _x(share: float) -> float:
    return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)


_TICKS = tuple((_x(percent / 100), f"{percent} %") for percent in (0, 25, 50, 75, 100))


def draw_shares(named: Sequence[tuple[str, Proportion]]) -> ShareChart:
    """Those that somebody judged."""
    whiskers: list[Whisker] = []
    for label, share in named:
        if share.interval is None or share.share is None:
            continue
        top = len(whiskers) * ROW_HEIGHT
        low, high = share.interval
        whiskers.append(
            Whisker(
                label=label,
                label_y=top + 16,
                y=top + 30,
                x=_x(share.share),
                low_x=_x(low),
                high_x=_x(high),
                is_enough=share.is_enough,
            )
        )
    axis = len(whiskers) * ROW_HEIGHT
    return ShareChart(
        width=WIDTH, height=axis + AXIS_HEIGHT, axis_y=axis, whiskers=tuple(whiskers), ticks=_TICKS
    )


def draw_histogram(spread: Spread) -> BarChart:
    highest = max(spread.histogram, default=0) or 1
    bins = len(spread.histogram)
    bars = []
    for place, count in enumerate(spread.histogram):
        begins, ends = _x(place / bins), _x((place + 1) / bins)
        height = round(BARS_HEIGHT * count / highest, 1)
        percents = f"{place * 100 // bins}–{(place + 1) * 100 // bins} %"
        bars.append(
            Bar(
                x=begins + BAR_GAP / 2,
                y=BARS_HEIGHT - height,
                width=round(ends - begins - BAR_GAP, 1),
                height=height,
                label=f"{percents}: {count}",
            )
        )
    return BarChart(
        width=WIDTH, height=BARS_HEIGHT + AXIS_HEIGHT, base_y=BARS_HEIGHT, bars=tuple(bars), ticks=_TICKS
    )
