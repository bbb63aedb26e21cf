"""What identifications teach the encyclopedia. Answers neither wait for it nor fail by it."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from apps.core.db import short_connection
from apps.core.kept_answers import forget_answers
from apps.core.resilience.clock import Deadline
from apps.core.resilience.pool import BoundedPool, PoolFull
from apps.plant_identification import constants
from apps.plant_identification.models import PlantSpecies, SpeciesName
from apps.plant_identification.services.encyclopedia.facts import FACTS, learn_facts
from apps.plant_identification.services.encyclopedia.growing import Said, find_untold, keep_growing_facts
from apps.plant_identification.services.encyclopedia.index import index_species
from apps.plant_identification.services.encyclopedia.news import TAUGHT, news_key
from apps.plant_identification.services.names import canonical_name
from apps.plant_identification.types import ProviderReply

logger = logging.getLogger(__name__)

# One at a time: with many photos at once, those that still wait for their answers go first.
_teacher = BoundedPool("encyclopedia", max_workers=1, max_queue=64)


def teach_later(linked: Mapping[str, UUID], replies: Sequence[ProviderReply]) -> None:
    """Learn what is news once the answer is committed; what finds no room is left to the next answer."""
    if any(_find_news(linked, replies)):
        transaction.on_commit(lambda: _hand_over(linked, replies))


def _hand_over(linked: Mapping[str, UUID], replies: Sequence[ProviderReply]) -> None:
    begins = Deadline.after(constants.LESSON_AFTER_S)
    try:
        _teacher.submit(_teach, linked, replies, begins)
    except PoolFull:
        logger.info("species_not_taught", extra={"event": "species_not_taught", "error": "PoolFull"})


def _teach(linked: Mapping[str, UUID], replies: Sequence[ProviderReply], begins: Deadline) -> None:
    begins.clock.sleep(begins.remaining_s())
    with short_connection():
        try:
            learn_species(linked, replies)
        except Exception:
            logger.exception("species_not_taught", extra={"event": "species_not_taught"})


def learn_species(linked: Mapping[str, UUID], replies: Sequence[ProviderReply]) -> None:
    """Keep what the services say about the species they name, and make it findable.

    Waits for nobody: a species that another process is teaching at this moment is left to the next answer
    that names it. Otherwise two could wait for each other.
    """
    said, unseen = _find_news(linked, replies)
    if not said and not unseen:  # by now
        return
    with transaction.atomic():
        left = _write_news(list(said.values()), unseen)
        learned = [key for key, (pk, _, _) in said.items() if pk not in left]
        learned += [pk.bytes for pk in unseen - left]
        transaction.on_commit(lambda: TAUGHT.add(learned))


def _find_news(
    linked: Mapping[str, UUID], replies: Sequence[ProviderReply]
) -> tuple[dict[bytes, Said], set[UUID]]:
    """What this process has not seen taught: statements by their key, and species."""
    ids = {canonical_name(name): pk for name, pk in linked.items()}
    said = {
        news_key(ids[name], reply.provider, suggestion): (ids[name], reply.provider, suggestion)
        for reply in replies
        for suggestion in reply.suggestions
        if (name := canonical_name(suggestion.scientific_name)) in ids
    }
    news = {key: one for key, one in said.items() if key not in TAUGHT}
    return news, {pk for pk in ids.values() if pk.bytes not in TAUGHT}


def _write_news(said: Sequence[Said], unseen: Iterable[UUID]) -> set[UUID]:
    """The species that somebody else is teaching right now, and that were left alone."""
    is_named = Exists(SpeciesName.objects.filter(species=OuterRef("pk")))
    # One that was merged since it was linked is taught nothing: its names belong to the other now.
    own = PlantSpecies.objects.filter(merged_into=None)
    known: Mapping[UUID, Any] = own.annotate(is_findable=is_named).in_bulk(
        [*unseen, *(pk for pk, _, _ in said)]
    )
    news = {pk for pk, species in known.items() if not species.is_findable}
    news |= {
        pk
        for pk, provider, suggestion in said
        if pk in known and learn_facts(known[pk], suggestion, provider)
    }
    news |= find_untold(said)
    if not news:
        return news
    # Read again under the lock: somebody else may have taught them meanwhile.
    taught = own.select_for_update(skip_locked=True, no_key=True).in_bulk(news)
    for pk, provider, suggestion in said:
        if pk in taught:
            learn_facts(taught[pk], suggestion, provider)
    # They are all there. `bulk_update`, a case for each fact of each species, took as long as all the rest.
    PlantSpecies.objects.bulk_create(
        taught.values(), update_conflicts=True, unique_fields=["id"], update_fields=FACTS
    )
    index_species(list(taught.values()))
    keep_growing_facts(said, taught.keys())
    forget_answers(constants.SPECIES_ANSWERS)
    return news - taught.keys()
