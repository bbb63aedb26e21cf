"""Asking Trefle about species, one at a time and each by one worker only, and keeping what it says."""

import logging
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F, Q

from apps.core.background import enqueue
from apps.core.db import release_connection
from apps.plant_identification import constants
from apps.plant_identification.exceptions import (
    ProviderCircuitOpen,
    ProviderError,
    ProviderNotAsked,
    ProviderQuotaReached,
    ProviderRefusedKey,
)
from apps.plant_identification.models import LookupState, PlantSpecies, TrefleLookup
from apps.plant_identification.services.encyclopedia.statements import confirm_statements, keep_statements
from apps.plant_identification.services.encyclopedia.trefle import Trefle, trefle, trefle_source
from apps.plant_identification.services.encyclopedia.trefle_client import Found, Known, Unchanged

logger = logging.getLogger(__name__)

ENRICH_SPECIES = "plant_identification.enrich_species"
WANTED = True
_LEFT_FOR_LATER = (ProviderNotAsked, ProviderCircuitOpen, ProviderQuotaReached, ProviderRefusedKey)


class Enriched(StrEnum):
    FOUND = "found"
    UNCHANGED = "unchanged"
    UNKNOWN = "unknown"
    NOT_DUE = "not_due"  # somebody else is asking, or it was asked lately
    LATER = "later"  # nobody may be asked now
    FAILED = "failed"
    OFF = "off"


def request_enrichment(*, species_id: UUID) -> bool:
    """Have Trefle asked soon, whenever it was asked last. False where nobody can be told."""
    return trefle() is not None and enqueue(ENRICH_SPECIES, str(species_id), WANTED)


def enrich_due_species(*, at_most: int = constants.TREFLE_BATCH) -> int:
    """Those never asked about come first, the most identified before others. How many were asked about."""
    if trefle() is None:
        return 0
    now = datetime.now(UTC)
    due = Q(trefle_lookup=None) | Q(trefle_lookup__next_at__lte=now)
    species = PlantSpecies.objects.visible().filter(due)
    never_first = F("trefle_lookup__asked_at").asc(nulls_first=True)
    in_order = species.order_by(never_first, "-identification_count", "pk")
    asked = 0
    for species_id in list(in_order.values_list("pk", flat=True)[:at_most]):
        outcome = enrich_species(species_id=species_id)
        if outcome in {Enriched.LATER, Enriched.FAILED}:  # the next ones would fare no better
            break
        asked += outcome is not Enriched.NOT_DUE
    return asked


def enrich_species(*, species_id: UUID, is_wanted: bool = False) -> Enriched:
    """`is_wanted`: whenever it was asked last. Running it twice does no harm, and asks once."""
    service = trefle()
    species = PlantSpecies.objects.visible().filter(pk=species_id).first()
    if service is None or species is None:
        return Enriched.OFF
    lookup = _claim(species, is_wanted=is_wanted)
    if lookup is None:
        return Enriched.NOT_DUE
    return _ask(service, species, lookup)


def _claim(species: PlantSpecies, *, is_wanted: bool) -> TrefleLookup | None:
    """One UPDATE decides who asks. A claim whose holder died ends by itself."""
    now = datetime.now(UTC)
    rows = TrefleLookup.objects.filter(species=species)
    if not rows.exists():
        TrefleLookup.objects.bulk_create([TrefleLookup(species=species, next_at=now)], ignore_conflicts=True)
    claim = uuid4()
    free = rows.filter(Q(claimed_until=None) | Q(claimed_until__lte=now))
    due = free if is_wanted else free.filter(next_at__lte=now)
    until = now + timedelta(seconds=constants.TREFLE_CLAIM_S)
    return rows.get() if due.update(claim=claim, claimed_until=until) else None


def _ask(service: Trefle, species: PlantSpecies, lookup: TrefleLookup) -> Enriched:
    known = Known(slug=lookup.slug, etag=lookup.etag)
    release_connection()  # a slow service must not hold one
    try:
        found = service.find(species.canonical_name, known)
    except _LEFT_FOR_LATER as refusal:
        wait_s = refusal.retry_after_s or constants.TREFLE_PAUSE_S
        _settle(lookup, next_at=_in(wait_s))
        return Enriched.LATER
    except ProviderError as failure:
        _put_off(lookup, failure)
        return Enriched.FAILED
    return _keep(species, lookup, found)


def _put_off(lookup: TrefleLookup, failure: ProviderError) -> None:
    wait_s = min(constants.TREFLE_RETRY_MAX_S, constants.TREFLE_RETRY_S * 2 ** min(lookup.attempts, 10))
    state = LookupState.FAILED if lookup.state == LookupState.NEW else lookup.state
    _settle(
        lookup, state=state, attempts=lookup.attempts + 1, asked_at=datetime.now(UTC), next_at=_in(wait_s)
    )
    logger.info(
        "enrichment_put_off",
        extra={"event": "enrichment_put_off", "state": str(failure.state), "wait_s": wait_s},
    )


def _keep(species: PlantSpecies, lookup: TrefleLookup, found: Found | Unchanged | None) -> Enriched:
    now = datetime.now(UTC)
    answered = {"asked_at": now, "attempts": 0}
    with transaction.atomic():
        # First, so that of two workers the one whose claim has ended writes nothing.
        if isinstance(found, Found):
            slug = found.species.slug or lookup.slug
            if _settle(
                lookup,
                **answered,
                state=LookupState.FOUND,
                slug=slug,
                etag=found.etag if slug else "",
                next_at=_in(constants.TREFLE_KEPT_S),
            ):
                keep_statements(
                    species_id=species.pk,
                    source=trefle_source(),
                    statements=found.species.statements,
                    stated_on=now.date(),
                )
            return Enriched.FOUND
        if found is None:
            unknown = {"state": LookupState.UNKNOWN, "slug": "", "etag": ""}
            if _settle(lookup, **answered, **unknown, next_at=_in(constants.TREFLE_UNKNOWN_S)):
                keep_statements(
                    species_id=species.pk, source=trefle_source(), statements=[], stated_on=now.date()
                )
            return Enriched.UNKNOWN
        if _settle(lookup, **answered, next_at=_in(constants.TREFLE_KEPT_S)):
            confirm_statements(species_id=species.pk, source=trefle_source(), stated_on=now.date())
        return Enriched.UNCHANGED


def _settle(lookup: TrefleLookup, **changes: object) -> bool:
    """Write down what came of it, and let go. False where the claim has gone to another."""
    mine = TrefleLookup.objects.filter(pk=lookup.pk, claim=lookup.claim)
    return bool(mine.update(claim=None, claimed_until=None, updated_at=datetime.now(UTC), **changes))


def _in(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)
