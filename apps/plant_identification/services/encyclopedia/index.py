"""Keeping what the search looks in: the names of species, their words, and forms of these to mend typos."""

from collections.abc import Iterable, Iterator, Sequence

from django.db import transaction

from apps.plant_identification.models import NameKind, PlantSpecies, SpeciesName, SpeciesWord, SpellingKey
from apps.plant_identification.services.encyclopedia.spelling import (
    KEY_MAX_CHARS,
    KEY_MIN_CHARS,
    fold,
    spelling_keys,
)

BATCH = 500


def index_species(species: Sequence[PlantSpecies]) -> None:
    """Add what is not there yet. Rows go in one order everywhere, so that no two writers wait in a ring."""
    _add_names([name for one in species for name in names_of(one)])


def index_anew(species: Sequence[PlantSpecies]) -> None:
    """What is no name of theirs any more goes, too. The caller holds the species' locks."""
    SpeciesName.objects.filter(species__in=species).delete()
    index_species(species)


def _add_names(names: Sequence[SpeciesName]) -> None:
    in_order = sorted(names, key=lambda name: (name.species_id, name.folded))
    SpeciesName.objects.bulk_create(in_order, ignore_conflicts=True, batch_size=BATCH)
    _add_words({word for name in names for word in name.folded.split()})


def rebuild_index() -> int:
    """All of it anew, species by species, while everybody goes on searching. How many species there are."""
    done = 0
    batch: list[PlantSpecies] = []
    for species in PlantSpecies.objects.filter(merged_into=None).order_by("pk").iterator(chunk_size=BATCH):
        batch.append(species)
        if len(batch) == BATCH:
            done += _index_anew(batch)
            batch = []
    return done + _index_anew(batch)


def _index_anew(batch: Sequence[PlantSpecies]) -> int:
    with transaction.atomic():
        index_anew(batch)
    return len(batch)


def names_of(species: PlantSpecies) -> Iterator[SpeciesName]:
    """Each once. Where two kinds are written alike, the first kind counts."""
    seen: set[str] = set()
    vouched = {fold(name) for name in species.vouched_synonyms}
    for kind, name in _all_names(species):
        folded = fold(name)
        if folded and folded not in seen:
            seen.add(folded)
            yield SpeciesName(
                species=species,
                from_sandbox=species.from_sandbox,
                kind=kind,
                name=name,
                folded=folded,
                is_vouched=folded in vouched,
            )


def _all_names(species: PlantSpecies) -> Iterator[tuple[NameKind, str]]:
    yield NameKind.SCIENTIFIC, species.canonical_name
    for names in species.common_names.values():
        yield from ((NameKind.COMMON, name) for name in names)
    yield from ((NameKind.SYNONYM, name) for name in species.synonyms)


def _add_words(words: Iterable[str]) -> None:
    wanted = sorted(word for word in words if KEY_MIN_CHARS <= len(word) <= KEY_MAX_CHARS)
    known = set(SpeciesWord.objects.filter(word__in=wanted).values_list("word", flat=True))
    missing = [word for word in wanted if word not in known]
    if not missing:
        return
    SpeciesWord.objects.bulk_create(
        (SpeciesWord(word=word) for word in missing), ignore_conflicts=True, batch_size=BATCH
    )
    ids = dict(SpeciesWord.objects.filter(word__in=missing).values_list("word", "pk"))
    SpellingKey.objects.bulk_create(
        (SpellingKey(key=key, word_id=ids[word]) for word in missing for key in sorted(spelling_keys(word))),
        ignore_conflicts=True,
        batch_size=BATCH,
    )
