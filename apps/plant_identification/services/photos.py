"""From untrusted uploads to the photos that are sent and kept."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.core.files.storage import storages

from apps.core.codes import ErrorCode
from apps.core.exceptions import DomainError, FieldError
from apps.core.images import (
    ImageWorkersBusy,
    PhotoHeader,
    PhotoLimits,
    PhotoRefused,
    inspect_photo,
    normalise_photo,
    sha256_hex,
)
from apps.plant_identification import constants
from apps.plant_identification.exceptions import IdentificationBusy
from apps.plant_identification.models import PhotoSet
from apps.plant_identification.types import Organ, PreparedPhoto, Upload

LIMITS = PhotoLimits(max_bytes=constants.MAX_PHOTO_BYTES)


class PhotoNotAccepted(DomainError):
    """A photo that cannot be used; the code and the sentence say why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """Uploads whose headers passed; nothing is decoded yet."""

    uploads: tuple[Upload, ...]
    headers: tuple[PhotoHeader, ...]
    digest: str


def inspect_uploads(uploads: Sequence[Upload]) -> Inspected:
    """
    Raises:
        PhotoNotAccepted: none, too many, too large, or one that is no photo.
    """
    if not uploads:
        raise PhotoNotAccepted(
            "Send a photo of the plant in the field `image`.",
            code=ErrorCode.IMAGE_MISSING,
            errors=[FieldError("image", ErrorCode.IMAGE_MISSING, "No photo was sent.")],
        )
    if len(uploads) > constants.MAX_PHOTOS:
        message = f"Send at most {constants.MAX_PHOTOS} photos of one plant."
        raise PhotoNotAccepted(
            message,
            code=ErrorCode.TOO_MANY_IMAGES,
            errors=[FieldError("images", ErrorCode.TOO_MANY_IMAGES, message)],
        )
    headers = []
    for position, upload in enumerate(uploads):
        try:
            headers.append(inspect_photo(upload.content, limits=LIMITS))
        except PhotoRefused as refusal:
            raise _not_accepted(refusal, position, len(uploads)) from None
    return Inspected(uploads=tuple(uploads), headers=tuple(headers), digest=digest_of(uploads))


def digest_of(uploads: Sequence[Upload]) -> str:
    """sha256 hex: of the bytes for a single photo, else of all photos with their organs, in any order."""
    single = uploads[0]
    if len(uploads) == 1 and single.organ is Organ.AUTO:
        return sha256_hex(single.content)
    parts = sorted(f"{sha256_hex(upload.content)}:{upload.organ}" for upload in uploads)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def prepare_photos(inspected: Inspected) -> tuple[PreparedPhoto, ...]:
    """
    Raises:
        PhotoNotAccepted: a photo that cannot be decoded.
        IdentificationBusy: all decoders stayed busy.
    """
    prepared = []
    for position, (upload, header) in enumerate(zip(inspected.uploads, inspected.headers, strict=True)):
        try:
            photo = normalise_photo(upload.content, header, limits=LIMITS)
        except PhotoRefused as refusal:
            raise _not_accepted(refusal, position, len(inspected.uploads)) from None
        except ImageWorkersBusy:
            raise IdentificationBusy(retry_after_s=5) from None
        prepared.append(PreparedPhoto(content=photo.content, organ=upload.organ))
    return tuple(prepared)


def write_photos(photos: Sequence[PreparedPhoto]) -> list[str]:
    """Under random names: neither the user's file name nor the digest can be guessed from them."""
    storage = storages["photos"]
    paths = []
    for photo in photos:
        name = uuid.uuid4().hex
        paths.append(storage.save(f"{name[:2]}/{name}.jpg", ContentFile(photo.content)))
    return paths


def keep_photo_set(digest: str, photos: Sequence[PreparedPhoto], paths: list[str]) -> PhotoSet:
    """The one set of files for these photos; `paths` go where somebody else's are kept already."""
    own = PhotoSet(digest=digest, paths=paths, organs=[photo.organ for photo in photos])
    PhotoSet.objects.bulk_create([own], ignore_conflicts=True)
    kept = PhotoSet.objects.get(digest=digest)
    if kept.pk != own.pk:
        delete_photos(paths)
    return kept


def read_photos(photo_set: PhotoSet) -> tuple[PreparedPhoto, ...]:
    storage = storages["photos"]
    photos = []
    for path, organ in zip(photo_set.paths, photo_set.organs, strict=True):
        with storage.open(path) as file:
            photos.append(PreparedPhoto(content=file.read(), organ=Organ(organ)))
    return tuple(photos)


def delete_photos(paths: Sequence[str]) -> None:
    storage = storages["photos"]
    for path in paths:
        storage.delete(path)


def _not_accepted(refusal: PhotoRefused, position: int, count: int) -> PhotoNotAccepted:
    field = "image" if count == 1 else f"images[{position}]"
    return PhotoNotAccepted(
        refusal.message, code=refusal.code, errors=[FieldError(field, refusal.code, refusal.message)]
    )
