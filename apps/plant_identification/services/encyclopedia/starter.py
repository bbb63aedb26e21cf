"""Loading the starter catalogue: its species and what is said of them, then its pictures, then duplicates."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from apps.plant_identification.exceptions import MergeRefused
from apps.plant_identification.models import PlantSpecies
from apps.plant_identification.services.encyclopedia.catalogue import Catalogue
from apps.plant_identification.services.encyclopedia.facts import EDITORS
from apps.plant_identification.services.encyclopedia.loading import Loaded, Tally, load_entries
from apps.plant_identification.services.encyclopedia.merging import merge_species
from apps.plant_identification.services.encyclopedia.pictures import load_pictures


@dataclass(slots=True)
class Report:
    loaded: Loaded
    pictures: Tally
    merged: list[str] = field(default_factory=list)
    left_apart: list[str] = field(default_factory=list)  # for an editor to look at


def load_catalogue(*, catalogue: Catalogue) -> Report:
    """Into the present world. May run any number of times, and at once: a further run changes nothing."""
    report = Report(loaded=load_entries(catalogue=catalogue), pictures=load_pictures(catalogue=catalogue))
    for source, target in _taught_by_synonyms(catalogue):
        if _is_touched_by_hand(source):
            report.left_apart.append(source.canonical_name)
            continue
        try:
            merge_species(source=source, target=target)
            report.merged.append(source.canonical_name)
        except MergeRefused:
            report.left_apart.append(source.canonical_name)
    return report


def _taught_by_synonyms(catalogue: Catalogue) -> Iterator[tuple[PlantSpecies, PlantSpecies]]:
    """Entries that identifications made of a name before the catalogue said what it is a synonym of."""
    meant = _accepted_names(catalogue)
    taught = PlantSpecies.objects.visible().filter(canonical_name__in=meant)
    for source in taught.order_by("canonical_name"):
        target = PlantSpecies.objects.visible().filter(canonical_name=meant[source.canonical_name]).first()
        if target is not None:
            yield source, target


def _accepted_names(catalogue: Catalogue) -> Mapping[str, str]:
    """Synonym -> accepted name, without those that mean several species, or are themselves accepted."""
    accepted = {entry.name for entry in catalogue.entries}
    pairs = [(synonym, entry.name) for entry in catalogue.entries for synonym in entry.synonyms]
    times = Counter(synonym for synonym, _ in pairs)
    return {synonym: name for synonym, name in pairs if times[synonym] == 1 and synonym not in accepted}


def _is_touched_by_hand(species: PlantSpecies) -> bool:
    has_editors_word = any(said.get("source") == EDITORS for said in species.sources.values())
    return has_editors_word or species.latest_revision_id is not None
