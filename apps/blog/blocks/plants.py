"""What the encyclopedia knows about a species, inside a post. Nothing of it is copied: it stays current."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from wagtail import blocks
from wagtail.snippets.blocks import SnippetChooserBlock

from apps.blog.blocks.pictures import describe_image
from apps.blog.blocks.text import ParagraphBlock
from apps.blog.constants import CARE_FIELDS, NOTE_FEATURES, UNIT_WORDS
from apps.core.languages import ENGLISH
from apps.plant_identification.public import (
    Fact,
    FactSource,
    Hazard,
    PlantSpecies,
    SpeciesPortrait,
    portray_species,
)


class Portraits:
    """Of the species that blocks of one page show: all looked up together, when the first is needed."""

    def __init__(self, ids: Iterable[UUID]) -> None:
        self._ids = frozenset(ids)

    @cached_property
    def _found(self) -> Any:
        return portray_species(self._ids)

    def of(self, species: PlantSpecies) -> SpeciesPortrait | None:
        found: SpeciesPortrait | None = self._found.get(species.pk)
        return found


class PlantValue(blocks.StructValue):  # type: ignore[misc]
    portraits: Portraits | None = None

    @property
    def portrait(self) -> SpeciesPortrait | None:
        """None when the species was deleted, or is not of the present mode."""
        species = self["species"]
        if species is None:
            return None
        if self.portraits is None:  # just written, and not yet read from the database
            self.portraits = Portraits([species.pk])
        return self.portraits.of(species)

    @property
    def common_name(self) -> str:
        return (self.portrait.species.common_name(ENGLISH) if self.portrait else None) or ""

    @property
    def care(self) -> list["CareLine"]:
        facts = self.portrait.facts if self.portrait else ()
        return care_lines(facts)


@dataclass(frozen=True, slots=True)
class CareLine:
    label: str
    text: str
    source: FactSource
    stated_on: date


def care_lines(facts: Iterable[Fact]) -> list[CareLine]:
    """In the order that people ask for it; sources that differ stand one below the other."""
    facts = list(facts)
    return [line for label, fields in CARE_FIELDS.items() for line in _care_lines(label, fields, facts)]


def _care_lines(label: str, fields: tuple[str, ...], facts: Iterable[Fact]) -> Iterator[CareLine]:
    by_source: dict[str, list[Fact]] = {}
    for fact in facts:
        if fact.field in fields:
            by_source.setdefault(fact.source.key, []).append(fact)
    for said in by_source.values():
        said.sort(key=lambda fact: fields.index(fact.field))
        yield CareLine(label, _say(said, fields), said[0].source, min(fact.stated_on for fact in said))


def _say(facts: list[Fact], fields: tuple[str, ...]) -> str:
    values = list(dict.fromkeys(_value(fact) for fact in facts))
    unit = UNIT_WORDS.get(facts[0].unit, facts[0].unit)
    text = " to ".join(values)
    if len(facts) < len(fields):
        text = f"at {'least' if facts[0].field == fields[0] else 'most'} {text}"
    return f"{text} {unit}".strip()


def _value(fact: Fact) -> str:
    return ", ".join(map(str, fact.value)) if isinstance(fact.value, list) else str(fact.value)


class SpeciesChooserBlock(SnippetChooserBlock):  # type: ignore[misc]
    """Wagtail expects keys that JSON can hold and gives back as they were; ours are UUIDs."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("plant_identification.PlantSpecies", **kwargs)

    def bulk_to_python(self, values: list[Any]) -> list[PlantSpecies | None]:
        found: list[PlantSpecies | None] = super().bulk_to_python([_as_key(value) for value in values])
        return found

    def get_form_state(self, value: Any) -> dict[str, Any] | None:
        state = super().get_form_state(value)
        return state and {**state, "id": str(state["id"])}


def _as_key(value: Any) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:  # none, or none that was ever one of ours
        return None


class PlantBlock(blocks.StructBlock):  # type: ignore[misc]
    """Has a field `species`."""

    def bulk_to_python(self, values: list[Any]) -> list[Any]:
        found: list[Any] = super().bulk_to_python(values)
        together = Portraits(value["species"].pk for value in found if value["species"])
        for value in found:
            value.portraits = together
        return found


class PlantSpotlightBlock(PlantBlock):
    species = SpeciesChooserBlock()
    text = ParagraphBlock(
        features=NOTE_FEATURES,
        required=False,
        help_text="Why it is shown. Its facts come by themselves.",
    )

    class Meta:
        icon = "view"
        template = "blog/blocks/plant_spotlight.html"
        value_class = PlantValue

    def get_api_representation(self, value: Any, context: dict[str, Any] | None = None) -> dict[str, Any]:
        portrait = value.portrait
        return {
            "text": self.child_blocks["text"].get_api_representation(value["text"], context),
            "species": portrait and _tell_species(portrait.species),
            "facts": [_tell_fact(fact) for fact in portrait.facts] if portrait else [],
            "hazards": [_tell_hazard(hazard) for hazard in portrait.hazards] if portrait else [],
            "picture": _tell_picture(portrait),
        }


class CareCardBlock(PlantBlock):
    species = SpeciesChooserBlock()
    text = ParagraphBlock(
        features=NOTE_FEATURES, required=False, help_text="Your own advice, below what the sources say."
    )

    class Meta:
        icon = "list-ul"
        template = "blog/blocks/care_card.html"
        value_class = PlantValue

    def get_api_representation(self, value: Any, context: dict[str, Any] | None = None) -> dict[str, Any]:
        portrait = value.portrait
        return {
            "text": self.child_blocks["text"].get_api_representation(value["text"], context),
            "species": portrait and _tell_species(portrait.species),
            "care": [{"label": line.label, "text": line.text, **_tell_source(line)} for line in value.care],
        }


def species_shown_in(body: Any) -> list[PlantSpecies]:
    """Each once, in the order of the text."""
    shown = (block.value["species"] for block in body if isinstance(block.value, PlantValue))
    return list({species.pk: species for species in shown if species is not None}.values())


def _tell_species(species: PlantSpecies) -> dict[str, Any]:
    return {
        "id": str(species.pk),
        "scientific_name": species.canonical_name,
        "authorship": species.authorship,
        "family": species.family,
        "common_names": species.common_names,
    }


def _tell_fact(fact: Fact) -> dict[str, Any]:
    return {
        "field": fact.field,
        "value": fact.value,
        "unit": fact.unit,
        **_tell_source(fact),
    }


def _tell_hazard(hazard: Hazard) -> dict[str, Any]:
    return {
        "target": hazard.target,
        "level": hazard.level,
        "parts": hazard.parts,
        "effects": hazard.effects,
        **_tell_source(hazard),
    }


def _tell_source(said: Fact | Hazard | CareLine) -> dict[str, Any]:
    source = said.source
    return {
        "source": {
            "key": source.key,
            "title": source.title,
            "url": source.url,
            "licence": source.licence,
            "credit": source.credit,
            "is_verified": source.is_verified,
        },
        "stated_on": said.stated_on.isoformat(),
    }


def _tell_picture(portrait: SpeciesPortrait | None) -> dict[str, Any] | None:
    if portrait is None or not portrait.pictures:
        return None
    first = portrait.pictures[0]
    return {
        "alt_text": first.caption,
        "credit": first.credit,
        "licence": first.licence,
        "licence_url": first.licence_url,
        "source_url": first.source_url,
        "image": describe_image(first.image),
    }
