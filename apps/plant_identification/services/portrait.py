"""What the services say about one plant, field by field, and whose word each field is.

Where several say something, the one that is surest of the plant is heard. Nothing is filled in: a field that
nobody gave stays empty, and a genus is never described with what was said about one of its species. Common
names are in the language asked, else in English, else there are none; never in two languages at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from apps.core.languages import ENGLISH
from apps.plant_identification.services.candidates import COMBINED, Candidate, source_name
from apps.plant_identification.services.names import canonical_name, genus_of, rank_of, species_name
from apps.plant_identification.services.safety import poison_language, toxicity
from apps.plant_identification.types import (
    Attribution,
    CareInstructions,
    ProviderSuggestion,
    Rank,
    SimilarImage,
    Watering,
)

MAX_COMMON_NAMES = 10
MAX_SIMILAR_IMAGES = 10

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    scientific_name: str | None = None
    rank: Rank | None = None
    authorship: str | None = None
    genus: str | None = None
    family: str | None = None
    gbif_id: int | None = None
    url: str | None = None
    taxonomy: Mapping[str, str] | None = None
    common_names: tuple[str, ...] = ()
    description: str | None = None
    description_attribution: Attribution | None = None
    image_url: str | None = None
    image_attribution: Attribution | None = None
    similar_images: tuple[SimilarImage, ...] = ()
    watering: Watering | None = None
    propagation_methods: tuple[str, ...] | None = None
    care: CareInstructions | None = None
    toxicity: str | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=dict)

    @property
    def common_name(self) -> str | None:
        return self.common_names[0] if self.common_names else None


def portray(candidate: Candidate, language: str = ENGLISH) -> Portrait:
    words = _Words(candidate, language)
    name, rank = display_name(candidate)
    words.sources["scientific_name"] = candidate.members[0].provider if candidate.members else COMBINED
    described = words.who("description", lambda said: said.description)
    image_url, image_attribution = _image(words)
    return Portrait(
        scientific_name=name,
        rank=rank,
        authorship=words.take("authorship", partial(_author_of, name)),
        genus=genus_of(name) or words.take("genus", lambda said: said.genus),
        family=words.take("family", lambda said: said.family),
        gbif_id=words.take("gbif_id", lambda said: said.gbif_id),
        url=words.take("url", lambda said: said.url),
        taxonomy=words.take("taxonomy", lambda said: said.taxonomy),
        common_names=words.join_names(),
        description=described.description if described else None,
        description_attribution=described.description_attribution if described else None,
        image_url=image_url,
        image_attribution=image_attribution,
        similar_images=words.join_images(),
        watering=words.take("watering", lambda said: said.watering),
        propagation_methods=words.take("propagation_methods", lambda said: said.propagation_methods),
        care=_care(words),
        toxicity=toxicity(candidate),
        sources=words.sources,
        languages=words.languages | poison_language([candidate]),
    )


def display_name(candidate: Candidate) -> tuple[str, Rank]:
    """The surest service's name; below the species only where all name the same there."""
    if not candidate.members:
        return candidate.key.capitalize(), "genus"
    spelled = [member.suggestion.scientific_name for member in candidate.members]
    if candidate.is_genus:
        return canonical_name(spelled[0]), "genus"
    if len({canonical_name(name) for name in spelled}) == 1 and rank_of(spelled[0]) == "infraspecies":
        return canonical_name(spelled[0]), "infraspecies"
    return species_name(spelled[0]), "species"


def _author_of(name: str, said: ProviderSuggestion) -> str | None:
    """A synonym has an author of its own, and so has a variety."""
    return said.authorship if canonical_name(said.scientific_name) == name else None


class _Words:
    """The members' words, and a note of whose were used."""

    def __init__(self, candidate: Candidate, language: str) -> None:
        self._candidate = candidate
        self._members = candidate.members
        self._language = language
        self.sources: dict[str, str] = {}
        self.languages: dict[str, str] = {}

    def who(self, field_name: str, read: Callable[[ProviderSuggestion], object]) -> ProviderSuggestion | None:
        for member in self._members:
            if read(member.suggestion):
                self.sources[field_name] = member.provider
                if spoken := member.suggestion.languages.get(field_name):
                    self.languages[field_name] = spoken
                return member.suggestion
        return None

    def take(self, field_name: str, read: Callable[[ProviderSuggestion], T | None]) -> T | None:
        said = self.who(field_name, read)
        return read(said) if said else None

    def join_names(self) -> tuple[str, ...]:
        """Everybody's common names in one language, each once whatever its case."""
        for language in dict.fromkeys([self._language, ENGLISH]):
            read = partial(self._names_in, language)
            names: dict[str, str] = {}
            for member in self._members:
                for name in read(member.suggestion):
                    names.setdefault(name.casefold(), name)
            if names:
                self.languages["common_names"] = language
                self._note_all("common_names", read)
                return tuple(names.values())[:MAX_COMMON_NAMES]
        return ()

    def _names_in(self, language: str, said: ProviderSuggestion) -> tuple[str, ...]:
        """A service that does not tell its language is taken to have answered in the one asked."""
        return said.common_names if said.languages.get("common_names", self._language) == language else ()

    def join_images(self) -> tuple[SimilarImage, ...]:
        images = {image.url: image for member in self._members for image in member.suggestion.similar_images}
        self._note_all("similar_images", lambda said: said.similar_images)
        return tuple(images.values())[:MAX_SIMILAR_IMAGES]

    def _note_all(self, field_name: str, read: Callable[[ProviderSuggestion], object]) -> None:
        if source := source_name(self._candidate.givers(read)):
            self.sources[field_name] = source


def _image(words: _Words) -> tuple[str | None, Attribution | None]:
    """The picture a service shows for the plant, else its first photo of one."""
    shown = words.who("image_url", lambda said: said.image_url)
    if shown:
        return shown.image_url, shown.image_attribution
    pictured = words.who("image_url", lambda said: said.similar_images)
    if not pictured:
        return None, None
    photo = pictured.similar_images[0]
    attribution = Attribution(
        citation=photo.citation, license_name=photo.license_name, license_url=photo.license_url
    )
    return photo.url, None if attribution == Attribution() else attribution


def _care(words: _Words) -> CareInstructions | None:
    """Only what was said; no service says anything about temperature."""
    methods = words.take("care_instructions.propagation", lambda said: said.propagation_methods)
    care = {
        "watering": words.take("care_instructions.watering", lambda said: said.watering_text),
        "light": words.take("care_instructions.light", lambda said: said.light_text),
        "soil": words.take("care_instructions.soil", lambda said: said.soil_text),
        "propagation": ", ".join(methods) if methods else None,
    }
    givers = {words.sources.pop(f"care_instructions.{name}") for name, text in care.items() if text}
    if not givers:
        return None
    return CareInstructions(**care, sources=tuple(sorted(givers)))
