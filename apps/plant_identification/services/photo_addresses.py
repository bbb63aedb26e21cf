"""Addresses that show one photo of one record to whoever holds them, for a short while.

An `<img>` sends no headers, so the address itself is the permission: record, position and end are
signed together. It stops working earlier when the record is deleted.
"""

import hashlib
import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.core.files.storage import storages
from django.core.signing import BadSignature, Signer
from django.urls import reverse

from apps.core.codes import ErrorCode
from apps.core.exceptions import DomainError
from apps.plant_identification import constants
from apps.plant_identification.exceptions import RecordNotFound
from apps.plant_identification.models import PlantIdentificationRequest
from apps.plant_identification.types import Organ

logger = logging.getLogger(__name__)

_SALT = "plant_identification.photo_address"
STORAGE_RETRY_AFTER_S = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressedPhoto:
    """`path` is the address without scheme and host. Sizes are in pixels."""

    position: int
    organ: Organ
    path: str
    width: int | None
    height: int | None
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPhoto:
    storage_path: str
    expires_in_s: int

    @property
    def etag(self) -> str:
        """A file is written once and never changed. Its path stays our secret."""
        return f'"{hashlib.sha256(self.storage_path.encode()).hexdigest()[:32]}"'


def address_photos(record: PlantIdentificationRequest) -> list[AddressedPhoto]:
    """Of each photo of the record, from the first; none where they could not be stored."""
    photos = record.photos
    if photos is None:
        return []
    expires = int(time.time()) + constants.PHOTO_ADDRESS_S
    sizes = photos.sizes or [(None, None)] * len(photos.organs)
    return [
        AddressedPhoto(
            position=position,
            organ=Organ(organ),
            path=_address(record.pk, position, expires),
            width=width,
            height=height,
            expires_at=datetime.fromtimestamp(expires, UTC),
        )
        for position, (organ, (width, height)) in enumerate(zip(photos.organs, sizes, strict=True), start=1)
    ]


def find_photo(*, request_id: UUID, position: int, expires: str, signature: str) -> FoundPhoto:
    """
    Raises:
        RecordNotFound: whatever is wrong with the address; one who has it made up learns nothing.
    """
    try:
        signed = _signer().unsign(f"{_spell(request_id, position, expires)}:{signature}")
    except BadSignature:
        raise RecordNotFound from None
    # Signed by us, so it is a number.
    left_s = int(signed.rpartition(":")[2]) - int(time.time())
    shown = PlantIdentificationRequest.objects.filter(
        pk=request_id, deleted_at=None, from_sandbox=settings.PROVIDER_SANDBOX
    ).select_related("photos")
    record = shown.first() if left_s > 0 else None
    if record is None or record.photos is None or position > len(record.photos.paths):
        raise RecordNotFound
    return FoundPhoto(storage_path=record.photos.paths[position - 1], expires_in_s=left_s)


def read_photo(photo: FoundPhoto) -> bytes:
    """
    Raises:
        RecordNotFound: the file is not there (any more).
        DomainError: the storage cannot be read now.
    """
    try:
        with storages["photos"].open(photo.storage_path) as file:
            content: bytes = file.read()
    except FileNotFoundError:
        logger.warning("photo_file_missing", extra={"event": "photo_file_missing"})
        raise RecordNotFound from None
    except OSError as exc:
        logger.exception("photo_not_read", extra={"event": "photo_not_read", "error": type(exc).__name__})
        raise DomainError(code=ErrorCode.SERVICE_UNAVAILABLE, retry_after_s=STORAGE_RETRY_AFTER_S) from None
    return content


def _address(request_id: UUID, position: int, expires: int) -> str:
    path = reverse("v1:plant-identification:request-photo-file", args=[request_id, position])
    signature = _signer().signature(_spell(request_id, position, str(expires)))
    # Under this name a signature is cut out of every log line.
    return f"{path}?{urlencode({'expires': expires, 'signature': signature})}"


def _spell(request_id: UUID, position: int, expires: str) -> str:
    return f"{request_id}:{position}:{expires}"


def _signer() -> Signer:
    return Signer(salt=_SALT)
