"""From untrusted uploads to the photos that are sent and kept."""

import hashlib
import logging
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import DatabaseError, IntegrityError, InterfaceError

from apps.core.codes import ErrorCode
from apps.core.db import release_connection
from apps.core.exceptions import DomainError, FieldError
from apps.core.images import (
    ImageWorkersBusy,
    PhotoHeader,
    PhotoLimits,
    PhotoRefused,
    decode_slots,
    fingerprint_jpeg,
    inspect_photo,
    normalise_photo,
    sha256_hex,
)
from apps.core.resilience.clock import Deadline
from apps.core.sentences import Sentence
from apps.plant_identification import constants
from apps.plant_identification.exceptions import IdentificationBusy
from apps.plant_identification.models import PhotoSet
from apps.plant_identification.types import Organ, PreparedPhoto, Upload

logger = logging.getLogger(__name__)

LIMITS = PhotoLimits(max_bytes=constants.MAX_PHOTO_BYTES)


class PhotoNotAccepted(DomainError):
    """A photo that cannot be used; the code and the sentence say why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """Uploads whose headers passed; nothing is decoded yet."""

    uploads: tuple[Upload, ...]
    headers: tuple[PhotoHeader, ...]
    digest: str  # with the organs
    photo_digest: str  # without


class Decoder:
    """Decodes a request's photos when they are first needed, and only once."""

    def __init__(self, inspected: Inspected) -> None:
        self.inspected = inspected
        self._photos: tuple[PreparedPhoto, ...] | None = None

    def photos(self, deadline: Deadline) -> tuple[PreparedPhoto, ...]:
        if self._photos is None:
            self._photos = prepare_photos(self.inspected, deadline)
        return self._photos


def inspect_uploads(uploads: Sequence[Upload]) -> Inspected:
    """
    Raises:
        PhotoNotAccepted: none, too many, too large, or one that is no photo.
    """
    if not uploads:
        raise PhotoNotAccepted(
            Sentence("Send a photo of the plant in the field `image`."),
            code=ErrorCode.IMAGE_MISSING,
            errors=[FieldError("image", ErrorCode.IMAGE_MISSING, Sentence("No photo was sent."))],
        )
    if len(uploads) > constants.MAX_PHOTOS:
        message = Sentence("Send at most %(most)d photos of one plant.", {"most": constants.MAX_PHOTOS})
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
    digests = [sha256_hex(upload.content) for upload in uploads]
    with_organs = [
        digest if upload.organ is Organ.AUTO else f"{digest}:{upload.organ}"
        for digest, upload in zip(digests, uploads, strict=True)
    ]
    return Inspected(
        uploads=tuple(uploads),
        headers=tuple(headers),
        digest=_joint_digest(with_organs),
        photo_digest=_joint_digest(digests),
    )


def _joint_digest(parts: Sequence[str]) -> str:
    """sha256 hex: a single photo's own, else of all in any order."""
    if len(parts) == 1 and ":" not in parts[0]:
        return parts[0]
    return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()


def prepare_photos(inspected: Inspected, deadline: Deadline) -> tuple[PreparedPhoto, ...]:
    """Once: the uploads have no content afterwards, unless it raises.

    Raises:
        DeadlinePassed: no time was left to decode them.
        PhotoNotAccepted: a photo that cannot be decoded.
        IdentificationBusy: all decoders stayed busy.
    """
    prepared = []
    for position, (upload, header) in enumerate(zip(inspected.uploads, inspected.headers, strict=True)):
        limits = replace(LIMITS, decode_wait_s=min(LIMITS.decode_wait_s, deadline.require()))
        try:
            photo = normalise_photo(upload.content, header, limits=limits)
        except PhotoRefused as refusal:
            raise _not_accepted(refusal, position, len(inspected.uploads)) from None
        except ImageWorkersBusy:
            raise IdentificationBusy(retry_after_s=5) from None
        prepared.append(
            PreparedPhoto(
                content=photo.content,
                organ=upload.organ,
                width=photo.width,
                height=photo.height,
                fingerprint=photo.fingerprint,
            )
        )
    for upload in inspected.uploads:  # only now: whoever was refused a place or time may try again
        upload.let_go()
    return tuple(prepared)


def perceptual_hashes_of(photos: Sequence[PreparedPhoto]) -> tuple[str, ...]:
    """16 hex digits a photo; empty for one that has none."""
    return tuple(f"{photo.fingerprint.hash:016x}" if photo.fingerprint else "" for photo in photos)


class PhotoKeeper:
    """Keeps a question's photos when first asked to, and only once."""

    def __init__(self, digest: str, photos: Sequence[PreparedPhoto]) -> None:
        self._digest, self._photos = digest, photos
        self._kept: PhotoSet | None = None
        self._is_done = False

    def keep_early(self) -> bool:
        """While its thread waits for something else. Should that come to nothing, they are swept up later.

        False while others' photos wait to be prepared: those have not even been asked about.
        """
        if decode_slots.are_all_taken():
            return False
        with suppress(DatabaseError, InterfaceError):  # the database may be back when they are needed
            self.keep()
        release_connection()
        return True

    def keep(self) -> PhotoSet | None:
        """None where they cannot be: an answer that was paid for is worth more than the picture beside it."""
        if not self._is_done:
            try:
                self._kept = keep_photos(self._digest, self._photos)
            except OSError as exc:
                event = {"event": "photo_not_stored", "error": type(exc).__name__}
                logger.exception(event["event"], extra=event)
            self._is_done = True
        return self._kept


def keep_photos(digest: str, photos: Sequence[PreparedPhoto]) -> PhotoSet:
    """The one set of files for these photos, written where nobody has written it yet.

    Raises:
        OSError: the storage is full or away; nothing was left behind.
    """
    same = PhotoSet.objects.filter(digest=digest)
    # Marked as needed: whoever removes what nobody needs gives a record some time to be written.
    if same.update(updated_at=datetime.now(UTC)) and (kept := same.first()) is not None:
        return kept
    paths = _write(photos)
    try:
        organs = [photo.organ for photo in photos]
        sizes = [[photo.width, photo.height] for photo in photos]
        return PhotoSet.objects.create(digest=digest, paths=paths, organs=organs, sizes=sizes)
    except IntegrityError:  # another process was faster
        delete_photos(paths)
        return PhotoSet.objects.get(digest=digest)
    except DatabaseError:
        delete_photos(paths)
        raise


def _write(photos: Sequence[PreparedPhoto]) -> list[str]:
    """Under random names: neither the user's file name nor the digest can be guessed from them."""
    storage = storages["photos"]
    paths: list[str] = []
    try:
        for photo in photos:
            name = uuid.uuid4().hex
            paths.append(storage.save(f"{name[:2]}/{name}.jpg", ContentFile(photo.content)))
    except OSError:
        delete_photos(paths)
        raise
    return paths


def read_photos(photo_set: PhotoSet) -> tuple[PreparedPhoto, ...]:
    storage = storages["photos"]
    photos = []
    for path, organ in zip(photo_set.paths, photo_set.organs, strict=True):
        with storage.open(path) as file:
            content = file.read()
        photos.append(
            PreparedPhoto(content=content, organ=Organ(organ), fingerprint=fingerprint_jpeg(content))
        )
    return tuple(photos)


def delete_photos(paths: Sequence[str]) -> None:
    storage = storages["photos"]
    for path in paths:
        storage.delete(path)


def _not_accepted(refusal: PhotoRefused, position: int, count: int) -> PhotoNotAccepted:
    field = "image" if count == 1 else f"images[{position}]"
    return PhotoNotAccepted(
        refusal.detail, code=refusal.code, errors=[FieldError(field, refusal.code, refusal.detail)]
    )
