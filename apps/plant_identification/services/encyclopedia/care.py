"""How to care for a species: what each source says, in units and words people know, and where sources differ.

Nothing is filled in: a section that nobody said anything about is not there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext, pgettext_lazy

from apps.plant_identification.models import FactSource
from apps.plant_identification.services.encyclopedia.conflicts import Conflict, find_conflicts, words_of
from apps.plant_identification.services.encyclopedia.portrait import Fact
from apps.plant_identification.services.encyclopedia.properties import (
    PROPERTY_OF_FIELD,
    SECTIONS,
    WORDS,
)
from apps.plant_identification.services.encyclopedia.units import in_metric

_UNITS = {"degC": "°C", "d": pgettext_lazy("unit", "days")}
NUMBERED_UNITS = frozenset({"0-10", "1-3", "pH", "USDA zone"})  # the field's name says what the number means
_ORDER = {field: place for place, field in enumerate(PROPERTY_OF_FIELD)}


@dataclass(frozen=True, slots=True, kw_only=True)
class CareStatement:
    """`value` and `unit` are metric; the source's own stand in `said_value` and `said_unit`."""

    field: str
    text: str
    value: Any
    unit: str
    said_value: Any
    said_unit: str
    source: str
    stated_on: date
    is_verified: bool
    is_preferred: bool
    is_generated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CareSource:
    source: FactSource
    date: date  # the newest of what it says here


@dataclass(frozen=True, slots=True, kw_only=True)
class CareConflict:
    property: str
    text: str
    sources: tuple[str, ...]
    preferred: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CareSection:
    key: str
    title: str
    statements: tuple[CareStatement, ...]
    sources: tuple[CareSource, ...]
    conflicts: tuple[CareConflict, ...]


def write_care(facts: Sequence[Fact]) -> tuple[CareSection, ...]:
    """In the language of the moment. Facts that are no care instructions are left out."""
    known = [fact for fact in facts if fact.field in PROPERTY_OF_FIELD]
    known.sort(key=lambda fact: (_ORDER[fact.field], not fact.is_preferred, fact.source.key))
    conflicts = find_conflicts(known)
    by_key = {each.source.key: each.source for each in known}
    sections = (
        _section(
            key,
            [fact for fact in known if PROPERTY_OF_FIELD[fact.field].section == key],
            [_explain(each, by_key) for each in conflicts if each.property.section == key],
        )
        for key in SECTIONS
    )
    return tuple(section for section in sections if section.statements)


def describe_care(sections: Sequence[CareSection]) -> str:
    """One sentence on what is known, for whoever reads no further."""
    if not sections:
        return gettext("Nothing is known here about growing this plant, and nothing is made up.")
    titles = ", ".join(section.title for section in sections)
    if any(conflict.preferred is None for section in sections for conflict in section.conflicts):
        return gettext("Known: %(titles)s. Sources differ; each is shown.") % {"titles": titles}
    return gettext("Known: %(titles)s.") % {"titles": titles}


def _section(key: str, facts: Sequence[Fact], conflicts: Sequence[CareConflict]) -> CareSection:
    return CareSection(
        key=key,
        title=str(SECTIONS[key]),
        statements=tuple(_state(fact) for fact in facts),
        sources=tuple(_sources(facts)),
        conflicts=tuple(conflicts),
    )


def _sources(facts: Iterable[Fact]) -> Iterable[CareSource]:
    newest: dict[str, CareSource] = {}
    for fact in facts:
        known = newest.get(fact.source.key)
        if known is None or known.date < fact.stated_on:
            newest[fact.source.key] = CareSource(source=fact.source, date=fact.stated_on)
    return [newest[key] for key in sorted(newest)]


def _state(fact: Fact) -> CareStatement:
    value, unit = fact.value, fact.unit
    if isinstance(value, int | float) and not isinstance(value, bool):
        value, unit = in_metric(value, unit) or (value, unit)
    label = str(PROPERTY_OF_FIELD[fact.field].fields[fact.field])
    return CareStatement(
        field=fact.field,
        text=gettext("%(label)s: %(value)s") % {"label": label, "value": say(value, unit)},
        value=value,
        unit=unit,
        said_value=fact.value,
        said_unit=fact.unit,
        source=fact.source.key,
        stated_on=fact.stated_on,
        is_verified=fact.source.is_verified,
        is_preferred=fact.is_preferred,
    )


def say(value: Any, unit: str) -> str:
    """A value for people. Words that no catalog has are the source's own."""
    if isinstance(value, int | float):
        number = number_format(int(value) if value == int(value) else value)
        if unit in NUMBERED_UNITS or not unit:
            return number
        return f"{number} {_UNITS.get(unit, unit)}"
    return ", ".join(str(WORDS.get(word, word)) for word in words_of(value))


def _explain(conflict: Conflict, sources: dict[str, FactSource]) -> CareConflict:
    names = " · ".join(sources[key].title for key in conflict.sources)
    label = str(conflict.property.label)
    if conflict.preferred is None:
        text = gettext("%(label)s: sources differ (%(sources)s). Both are shown, nobody has judged yet.")
        values = {"label": label, "sources": names}
    else:
        text = gettext("%(label)s: sources differ (%(sources)s). Our editors go by %(preferred)s.")
        values = {"label": label, "sources": names, "preferred": sources[conflict.preferred].title}
    return CareConflict(
        property=conflict.property.key,
        text=text % values,
        sources=conflict.sources,
        preferred=conflict.preferred,
    )
