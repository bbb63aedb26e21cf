"""What this app keeps about people.

What photos leave behind that several people may share (answers, files, copies at the services) follows the
records by itself: `services/purging.py`.
"""

from collections.abc import Mapping
from typing import Any

from django.core.files.storage import storages

from apps.plant_identification.models import (
    IdentificationFeedback,
    Plant,
    PlantCollection,
    PlantIdentificationRequest,
    QuotaReservation,
    QuotaShare,
)
from apps.plant_identification.services.records import principal_of
from apps.users.public import PersonalFile, PersonalRows

FORMER_PRINCIPAL = "user-deleted"
_RECORD = (
    "id",
    "created_at",
    "updated_at",
    "deleted_at",
    "from_sandbox",
    "status",
    "cache",
    "options",
    "perceptual_hashes",
    "experiment_id",
    "experiment_group",
    "timings",
)


def _photos_of(record: PlantIdentificationRequest) -> tuple[PersonalFile, ...]:
    if record.photos is None:
        return ()
    return tuple(
        PersonalFile(name=f"photos/{record.photos_id}-{position}.jpg", storage=storages["photos"], path=path)
        for position, path in enumerate(record.photos.paths, start=1)
    )


def _describe_record(record: PlantIdentificationRequest) -> Mapping[str, Any]:
    return {
        **{name: getattr(record, name) for name in _RECORD},
        "answer": _public(record.answer.document) if record.answer else None,
        "photos": [file.name for file in _photos_of(record)],
    }


def _public(document: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in document.items() if name != "likely"}


PERSONAL_TABLES = (
    PersonalRows(
        model=PlantIdentificationRequest,
        ties=("owner",),
        file="identifications",
        describe=_describe_record,
        related=("answer", "photos"),
        files=_photos_of,
    ),
    PersonalRows(model=IdentificationFeedback, ties=("request__owner",), file="feedback"),
    PersonalRows(model=PlantCollection, ties=("owner",), file="collections", hidden=("folded_name",)),
    PersonalRows(model=Plant, ties=("owner",), file="plants"),
    PersonalRows(model=QuotaShare, ties=("principal",), value=principal_of, file="quota"),
    PersonalRows(
        model=QuotaReservation,
        ties=("principal",),
        value=principal_of,
        file="paid-calls",
        shown=("created_at", "account", "cost", "state", "with_health"),
        kept_as={"principal": FORMER_PRINCIPAL},
    ),
)
