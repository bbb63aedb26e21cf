"""A person's data in one file: asked for, made in the background, fetched for a few days, removed."""

import logging
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage, storages
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import get_language

from apps.core.background import enqueue
from apps.core.db import short_connection
from apps.core.languages import ENGLISH, writing_in
from apps.core.resilience.pool import BoundedPool, PoolFull
from apps.users.constants import EXPORT_LINK_S, EXPORT_LINK_SALT
from apps.users.exceptions import ExportLinkDead
from apps.users.models import AccountExport, SecurityEventKind, User
from apps.users.services.archives import StreamedFile, stream_archive
from apps.users.services.mail import send_export_ready
from apps.users.services.security_events import note_security_event
from apps.users.types import Client

logger = logging.getLogger(__name__)

MAKE_EXPORTS = "users.make_exports"
EXPORTS_PER_RUN = 5
CLAIM = timedelta(minutes=5)  # one whose worker died is made by another after this
RENEW_EVERY_S = 60
RETRY_AFTER = timedelta(minutes=2)
ATTEMPTS_MAX = 5
REMOVED_AT_ONCE = 500

State = AccountExport.State
# Only where there is no broker at all, as on a first look without Redis: then this process makes them.
_maker = BoundedPool("account-exports", max_workers=1, max_queue=20)


class ExportUnwanted(Exception):
    """The account was deleted while its export was being made."""


@dataclass(frozen=True, slots=True)
class ExportLink:
    """`path` is the address without scheme and host; it works for whoever holds it."""

    path: str
    expires_at: datetime


def find_export(*, user: User) -> AccountExport | None:
    """The latest. What has ended is not there any more, whether it was removed yet or not."""
    alive = Q(state=State.WAITING) | Q(expires_at__gt=datetime.now(UTC))
    return AccountExport.objects.filter(alive, user=user).order_by("-created_at").first()


def ask_for_export(*, user: User, client: Client) -> AccountExport:
    """One is made at a time; who asks while one is being made is told of that one. An older file goes."""
    now = datetime.now(UTC)
    with transaction.atomic():
        export, is_new = AccountExport.objects.get_or_create(
            user=user,
            state=State.WAITING,
            defaults={
                "language": get_language() or ENGLISH,
                "expires_at": now + settings.ACCOUNT_EXPORT_KEPT,
                "next_attempt_at": now,
            },
        )
        if is_new:
            AccountExport.objects.filter(user=user).exclude(pk=export.pk).update(expires_at=now)
            note_security_event(user=user, kind=SecurityEventKind.EXPORT_ASKED, client=client)
            transaction.on_commit(_begin)
    return export


def _begin() -> None:
    """Where the broker does not hear it, beat finds the row within a minute."""
    if enqueue(MAKE_EXPORTS) or settings.CELERY_BROKER_URL:
        return
    try:
        _maker.submit(_make_in_thread)
    except PoolFull:  # those before it make this one too
        logger.info("export_waits", extra={"event": "export_waits"})


def _make_in_thread() -> None:
    with short_connection():
        make_due_exports()


def make_due_exports() -> int:
    """How many were made. One that cannot be made holds up no other."""
    made = 0
    _give_up_hopeless()
    for _ in range(EXPORTS_PER_RUN):
        export = _claim()
        if export is None:
            break
        try:
            _make(export)
            made += 1
        except ExportUnwanted:
            continue
        except Exception:
            logger.exception("export_failed", extra={"event": "export_failed", "attempts": export.attempts})
            _put_back(export)
    return made


def _claim() -> AccountExport | None:
    now = datetime.now(UTC)
    with transaction.atomic():
        due = AccountExport.objects.filter(state=State.WAITING, next_attempt_at__lte=now)
        export = due.order_by("next_attempt_at").select_for_update(skip_locked=True, of=("self",)).first()
        if export is None:
            return None
        remove_file(export)  # half of one, left by a worker that died
        export.path = f"{uuid.uuid4().hex}.zip"
        export.attempts += 1
        export.next_attempt_at = now + CLAIM
        export.save(update_fields=["path", "attempts", "next_attempt_at", "updated_at"])
    return export


def _make(export: AccountExport) -> None:
    storage, path = _exports(), export.path
    pieces = stream_archive(export.user, language=export.language)
    try:
        storage.save(path, StreamedFile(_while_wanted(export, pieces)))
        until = _finish(export, storage.size(path))
    except BaseException:
        storage.delete(path)
        raise
    with writing_in(export.language):
        send_export_ready(email=export.user.email, until=until)


def _finish(export: AccountExport, size_bytes: int) -> datetime:
    now = datetime.now(UTC)
    until: datetime = now + settings.ACCOUNT_EXPORT_KEPT
    ready = {"state": State.READY, "ready_at": now, "expires_at": until, "size_bytes": size_bytes}
    if not _mine(export).update(**ready):
        raise ExportUnwanted
    return until


def _while_wanted(export: AccountExport, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """However long it takes, nobody else begins to make it; and it ends with the account."""
    renewed_at = time.monotonic()
    for piece in pieces:
        yield piece
        if time.monotonic() - renewed_at >= RENEW_EVERY_S:
            renewed_at = time.monotonic()
            if not _mine(export).update(next_attempt_at=datetime.now(UTC) + CLAIM):
                raise ExportUnwanted


def _mine(export: AccountExport) -> QuerySet[AccountExport]:
    return AccountExport.objects.filter(pk=export.pk, path=export.path, state=State.WAITING)


def _put_back(export: AccountExport) -> None:
    _mine(export).update(next_attempt_at=datetime.now(UTC) + RETRY_AFTER * export.attempts)


def _give_up_hopeless() -> None:
    """Those that failed, or took their worker along, time and again. Their owners may ask anew."""
    hopeless = AccountExport.objects.filter(
        state=State.WAITING, attempts__gte=ATTEMPTS_MAX, next_attempt_at__lte=datetime.now(UTC)
    )
    if given_up := hopeless.update(state=State.FAILED):
        logger.error("export_given_up", extra={"event": "export_given_up", "count": given_up})


def remove_expired_exports() -> int:
    """With their files. Bounded; the rest comes next time."""
    ended = AccountExport.objects.filter(expires_at__lte=datetime.now(UTC)).exclude(state=State.WAITING)
    ids = list(ended.values_list("pk", flat=True)[:REMOVED_AT_ONCE])
    deleted, _ = AccountExport.objects.filter(pk__in=ids).delete()
    return deleted


def remove_file(export: AccountExport) -> None:
    """Before its row goes, however that goes: no file is left that no row names."""
    if export.path:
        _exports().delete(export.path)


def address_export(export: AccountExport) -> ExportLink | None:
    """A download carries no headers of ours, so the address itself is the permission, for a short while."""
    if export.state != State.READY:
        return None
    expires = min(int(time.time()) + EXPORT_LINK_S, int(export.expires_at.timestamp()))
    path = reverse("v1:auth:me-export-file", args=[export.pk])
    # Under this name a signature is cut out of every log line.
    query = urlencode({"expires": expires, "signature": _signer().signature(_spell(export.pk, str(expires)))})
    return ExportLink(path=f"{path}?{query}", expires_at=datetime.fromtimestamp(expires, UTC))


def open_export(*, export_id: UUID, expires: str, signature: str, client: Client) -> "File[bytes]":
    """
    Raises:
        ExportLinkDead: forged, ended, or its file or account is gone.
    """
    try:
        signed = _signer().unsign(f"{_spell(export_id, expires)}:{signature}")
    except BadSignature:
        raise ExportLinkDead from None
    if int(signed.rpartition(":")[2]) <= time.time():  # signed by us, so it is a number
        raise ExportLinkDead
    ready = AccountExport.objects.select_related("user").filter(
        pk=export_id,
        state=State.READY,
        expires_at__gt=datetime.now(UTC),
        user__is_active=True,
        user__deletion_due_at=None,
    )
    export = ready.first()
    if export is None:
        raise ExportLinkDead
    try:
        file: File[bytes] = _exports().open(export.path)
    except FileNotFoundError:
        logger.warning("export_file_missing", extra={"event": "export_file_missing"})
        raise ExportLinkDead from None
    note_security_event(user=export.user, kind=SecurityEventKind.EXPORT_FETCHED, client=client)
    return file


def _spell(export_id: UUID, expires: str) -> str:
    return f"{export_id}:{expires}"


def _signer() -> Signer:
    return Signer(salt=EXPORT_LINK_SALT)


def _exports() -> Storage:
    return storages["exports"]
