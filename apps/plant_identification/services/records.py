"""Each accepted request's own record, and what its owner is told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.core.db import insert_rows
from apps.core.fleet.counts import COUNTS
from apps.core.languages import writing_in
from apps.core.links import link_to
from apps.plant_identification.exceptions import AccountGone
from apps.plant_identification.models import PhotoSet, PlantIdentificationRequest
from apps.plant_identification.services.answers import KeptAnswer
from apps.plant_identification.services.encyclopedia.species import headline_species_id
from apps.plant_identification.services.experiments import NO_EXPERIMENT, Assignment
from apps.plant_identification.services.photos import Inspected
from apps.plant_identification.services.quota import ANONYMOUS
from apps.plant_identification.services.toxicity import tell_toxicity
from apps.plant_identification.types import AnswerStatus, Options

User = AbstractBaseUser | AnonymousUser


@dataclass(frozen=True, slots=True, kw_only=True)
class Identification:
    """One accepted request and the public answer to it."""

    record: PlantIdentificationRequest
    document: Mapping[str, Any]


Keep = Callable[[Identification], None]
"""Called with what was written, in the transaction that writes it."""


def owner_of(user: User) -> Any | None:
    return user.pk if user.is_authenticated else None


def principal_of(user: User) -> str:
    """Whose share of the quota a paid call is taken from."""
    return f"user-{user.pk}" if user.is_authenticated else ANONYMOUS


def save_record(
    *,
    user: User,
    inspected: Inspected,
    options: Options,
    kept: KeptAnswer,
    cache: str,
    timings: Mapping[str, int],
    assignment: Assignment = NO_EXPERIMENT,
    keep: Keep | None = None,
) -> Identification:
    """
    Raises:
        IntegrityError: the kept answer was deleted meanwhile.
        AccountGone: so was the account.
    """
    return _save(
        user,
        inspected,
        options,
        assignment,
        keep,
        document=kept.document,
        photos_id=kept.photo_set_id,
        answer_id=kept.answer_id,
        status=kept.document["status"],
        cache=cache,
        timings=timings,
        perceptual_hashes=kept.perceptual_hashes,
    )


def save_queued(
    *,
    user: User,
    inspected: Inspected,
    options: Options,
    photo_set: PhotoSet,
    perceptual_hashes: Sequence[str],
    assignment: Assignment = NO_EXPERIMENT,
    keep: Keep | None = None,
) -> Identification:
    return _save(
        user,
        inspected,
        options,
        assignment,
        keep,
        document=None,
        photos=photo_set,
        status=AnswerStatus.QUEUED,
        cache="miss",
        next_attempt_at=datetime.now(UTC),
        perceptual_hashes=perceptual_hashes,
    )


def _save(
    user: User,
    inspected: Inspected,
    options: Options,
    assignment: Assignment,
    keep: Keep | None,
    *,
    document: Mapping[str, Any] | None,
    **rest: Any,
) -> Identification:
    record = PlantIdentificationRequest(
        owner_id=owner_of(user),
        from_sandbox=settings.PROVIDER_SANDBOX,
        digest=inspected.digest,
        photo_digest=inspected.photo_digest,
        options=msgspec.to_builtins(options),
        experiment_id=assignment.experiment_id,
        experiment_group=assignment.group,
        **rest,
    )
    try:
        made = _write(record, document, keep)
    except IntegrityError:
        if user.is_authenticated and not get_user_model().objects.filter(pk=user.pk).exists():
            raise AccountGone from None
        raise
    COUNTS.add(**{f"identified_{record.status}": 1, f"cache_{record.cache}": 1})
    return made


def _write(
    record: PlantIdentificationRequest, document: Mapping[str, Any] | None, keep: Keep | None
) -> Identification:
    if keep is None:
        insert_rows([record])
        return describe(record, document)
    with transaction.atomic():
        insert_rows([record])
        made = describe(record, document)
        keep(made)
    return made


def describe(record: PlantIdentificationRequest, document: Mapping[str, Any] | None) -> Identification:
    """The public answer: what everybody is told plus what belongs to this record."""
    public = dict(document) if document is not None else _nothing_yet(record)
    answered_at = public["answered_at"]
    if record.status != AnswerStatus.PARTIAL:  # a partial answer may have become complete since
        public["status"] = record.status
    with writing_in(record.options["language"]):
        public |= tell_toxicity(public)
    public.pop("likely", None)
    public |= {
        "id": str(record.pk),
        "cache": record.cache,
        "age_s": _age_s(answered_at),
        "created_at": record.created_at.isoformat(),
        "links": links_of(record, species_id=headline_species_id(public)),
    }
    return Identification(record=record, document=public)


def links_of(record: PlantIdentificationRequest, *, species_id: Any) -> dict[str, str | None]:
    # The others lie below it; to look each up would take longer than the rest of a list's entry.
    itself = link_to("v1:plant-identification:request-detail", record.pk)
    return {
        "self": itself,
        "feedback": f"{itself}feedback/",
        "photo": f"{itself}photo/" if record.photos_id else None,
        "species": link_to("v1:plant-identification:species-detail", species_id) if species_id else None,
    }


def _age_s(answered_at: str | None) -> int | None:
    if answered_at is None:
        return None
    return max(0, round((datetime.now(UTC) - datetime.fromisoformat(answered_at)).total_seconds()))


_NULLS = (
    "is_plant",
    "is_plant_probability",
    "plant_name",
    "name",
    "common_name",
    "scientific_name",
    "rank",
    "confidence",
    "probability",
    "source",
    "description",
    "description_attribution",
    "image_url",
    "image_attribution",
    "watering",
    "watering_text",
    "propagation_methods",
    "edible_parts",
    "edible_warning",
    "toxicity",
    "care_instructions",
    "disease_detection",
    "answered_at",
)
_EMPTY_LISTS = ("common_names", "similar_images", "suggestions", "disease_suggestions", "providers", "likely")


def _nothing_yet(record: PlantIdentificationRequest) -> dict[str, Any]:
    with writing_in(record.options["language"]):
        return empty_document(
            _("Your photo is in the queue. It will be identified as soon as a service is back.")
        )


def empty_document(summary: str) -> dict[str, Any]:
    """All fields of an answer that is not there."""
    return {
        **dict.fromkeys(_NULLS),
        **{name: [] for name in _EMPTY_LISTS},
        "success": True,
        "agreement": "none",
        "sources": {},
        "languages": {},
        "summary": summary,
    }
