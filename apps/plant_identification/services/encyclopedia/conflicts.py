"""Where sources contradict each other. Pure: what is stated goes in, what cannot both be true comes out.

Two statements can be compared where they are numbers of one unit, or words of one kind. A number on one
source's scale and another's word are no contradiction: nobody documents how the one becomes the other.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Protocol

from apps.plant_identification.services.encyclopedia.properties import (
    PROPERTIES,
    PROPERTY_OF_FIELD,
    Property,
)
from apps.plant_identification.services.encyclopedia.units import in_metric

_BETWEEN_WORDS = re.compile(r"[;,]")
# Scales in words. What is said on different ones is not compared.
_SCALES: Mapping[str, tuple[frozenset[str], ...]] = {
    "light": (frozenset({"full", "partial", "shade"}), frozenset({"sun", "part shade", "shade"})),
}


class Source(Protocol):
    @property
    def key(self) -> str: ...


class Stated(Protocol):
    """A fact, as a row or as a value."""

    @property
    def field(self) -> str: ...
    @property
    def value(self) -> Any: ...
    @property
    def unit(self) -> str: ...
    @property
    def source(self) -> Source: ...
    @property
    def is_preferred(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    property: Property
    sources: tuple[str, ...]  # keys of those that contradict one another
    preferred: str | None  # whom an editor has chosen


@dataclass(frozen=True, slots=True)
class _Range:
    low: float
    high: float
    unit: str


_Words = frozenset[str]


def find_conflicts(facts: Iterable[Stated]) -> tuple[Conflict, ...]:
    """One for each property on which sources differ, chosen by an editor or not."""
    stated: dict[str, dict[str, list[Stated]]] = {}
    for fact in facts:
        if known := PROPERTY_OF_FIELD.get(fact.field):
            stated.setdefault(known.key, {}).setdefault(fact.source.key, []).append(fact)
    found = (_judge(each, stated[each.key]) for each in PROPERTIES if each.key in stated and each.is_compared)
    return tuple(conflict for conflict in found if conflict is not None)


def _judge(known: Property, by_source: Mapping[str, list[Stated]]) -> Conflict | None:
    claims = {source: list(_claims(known, facts)) for source, facts in by_source.items()}
    differing = {
        source
        for pair in combinations(sorted(claims), 2)
        if any(_contradict(known, one, other) for one in claims[pair[0]] for other in claims[pair[1]])
        for source in pair
    }
    if not differing:
        return None
    chosen = sorted(source for source, facts in by_source.items() if any(fact.is_preferred for fact in facts))
    return Conflict(property=known, sources=tuple(sorted(differing)), preferred=chosen[0] if chosen else None)


def _claims(known: Property, facts: Iterable[Stated]) -> Iterable[_Range | _Words]:
    """What one source says of a property."""
    numbers: dict[str, dict[str, float]] = {}
    for fact in facts:
        if isinstance(fact.value, int | float) and not isinstance(fact.value, bool):
            value, unit = in_metric(fact.value, fact.unit) or (fact.value, fact.unit)
            numbers.setdefault(unit, {})[fact.field] = value
        elif words := words_of(fact.value):
            yield frozenset(words)
    for unit, ends in numbers.items():
        yield _range(known, ends, unit)


def _range(known: Property, ends: Mapping[str, float], unit: str) -> _Range:
    names = {field.rpartition("_")[2] for field in ends}
    low = -math.inf if known.is_open and "min" not in names else min(ends.values())
    high = math.inf if known.is_open and "max" not in names else max(ends.values())
    return _Range(low, high, unit)


def words_of(value: Any) -> list[str]:
    """Of a list, or of a text that is one: “tree; shrub”."""
    texts = (
        value if isinstance(value, list) else _BETWEEN_WORDS.split(value) if isinstance(value, str) else []
    )
    return [text.strip().casefold() for text in texts if isinstance(text, str) and text.strip()]


def _contradict(known: Property, one: _Range | _Words, other: _Range | _Words) -> bool:
    if isinstance(one, _Range) and isinstance(other, _Range):
        if one.unit != other.unit:
            return False
        gap = max(one.low - other.high, other.low - one.high)
        ends = [abs(end) for end in (one.low, one.high, other.low, other.high) if math.isfinite(end)]
        return gap > max(known.margin, known.slack * max(ends))
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return one.isdisjoint(other) and _is_one_scale(known.key, one, other)
    return False


def _is_one_scale(key: str, one: _Words, other: _Words) -> bool:
    scales = _SCALES.get(key)
    return scales is None or any(one | other <= scale for scale in scales)
