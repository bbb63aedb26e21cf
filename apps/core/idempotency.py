"""Requests that are sent again because their answer was lost, and do their work once.

    found = claim_or_wait(asked)      # a Claim: do the work. Or the answer that it got before
    keep_answer(claim, answer)        # in the transaction of the work
    give_up(claim)                    # nothing worth keeping came of it: the next one may try

Everything is in the database, because an answer must be kept in one step with what it tells of. Work that
is done there alone takes its claim in its own transaction (`claim_in_transaction`): a process that dies takes
both with it. Work that waits for others meanwhile commits its claim first; should its process die, the claim
ends by itself.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import OperationalError, connection
from django.utils import timezone

from apps.core.codes import ErrorCode
from apps.core.db import release_connection
from apps.core.exceptions import DomainError
from apps.core.models import KeyedRequest
from apps.core.resilience.clock import SYSTEM_CLOCK, Clock, Deadline
from apps.core.sentences import Sentence

KEPT = timedelta(days=1)
KEPT_PER_PRINCIPAL = 1_000  # the newest; whoever sends more has no use for the old ones
CLAIM = timedelta(seconds=45)  # longer than an identification may take
WAIT_S = 30  # for the answer to somebody else's identical request
LOCK_WAIT_S = 3  # the same within a transaction, where waiting holds a connection
PAUSE_S, PAUSE_MAX_S = 0.05, 0.5
RETRY_AFTER_S = 2
BATCH, BATCHES = 500, 100  # removed at a time, and by one run
_LOCK_NOT_AVAILABLE = "55P03"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request by digests: who sent which key, and what was asked."""

    identity: str
    principal: str
    fingerprint: str
    owner_id: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    identity: str
    number: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes | None
    """None where it held a secret, or told of something that was deleted since: never told again."""
    about: UUID | None = None


class KeyReused(DomainError):
    code = ErrorCode.IDEMPOTENCY_KEY_REUSED
    detail = Sentence(
        "This Idempotency-Key was used for another request. Take a new one for each new request."
    )


class RequestInProgress(DomainError):
    """Also where the claim was lost: then somebody else is doing the work, and will keep the answer."""

    code = ErrorCode.REQUEST_IN_PROGRESS
    detail = Sentence("This request is still being worked on. Please ask again in a moment.")

    def __init__(self) -> None:
        super().__init__(retry_after_s=RETRY_AFTER_S)


class AlreadyDone(DomainError):
    code = ErrorCode.ALREADY_DONE
    detail = Sentence("This was done already. Its answer is not told a second time.")


def is_known(identity: str) -> bool:
    return KeyedRequest.objects.filter(pk=identity, created_at__gt=timezone.now() - KEPT).exists()


def claim_or_wait(
    asked: Asked, *, before_waiting: Callable[[], object] = lambda: None, clock: Clock = SYSTEM_CLOCK
) -> Claim | Answer:
    """Of any number of callers at once one gets the claim; the others wait for the answer.

    Raises:
        KeyReused
        RequestInProgress: it takes longer than anybody waits.
    """
    deadline, pause_s = Deadline.after(WAIT_S, clock), PAUSE_S
    while True:
        found = _claim(asked)
        if found is not None:
            return found
        if deadline.expired:
            raise RequestInProgress
        before_waiting()
        release_connection()  # whoever does the work needs it more
        clock.sleep(pause_s)
        pause_s = min(2 * pause_s, PAUSE_MAX_S)


def claim_in_transaction(asked: Asked) -> Claim | Answer:
    """The same in the transaction of the work: the others wait until it ends, whichever way.

    Raises:
        KeyReused
        RequestInProgress: it takes longer than anybody waits. The transaction is broken.
    """
    with _waiting_for_locks():
        found = _claim(asked)
    if found is None:
        raise RequestInProgress
    return found


def keep_answer(claim: Claim, answer: Answer) -> None:
    """
    Raises:
        RequestInProgress: the claim had ended, and another one has taken the work over.
    """
    mine = KeyedRequest.objects.filter(pk=claim.identity, claim=claim.number, status=None)
    kept = mine.update(
        status=answer.status, headers=dict(answer.headers), body=answer.body, about=answer.about
    )
    if not kept:
        raise RequestInProgress


def give_up(claim: Claim) -> None:
    KeyedRequest.objects.filter(pk=claim.identity, claim=claim.number, status=None).delete()


def withhold_answers(*, about: UUID) -> None:
    """What they tell of was deleted. That it was done is remembered: a late repeat must not do it again."""
    KeyedRequest.objects.filter(about=about).update(body=None, about=None)


def forget_old_requests() -> int:
    """Bounded; the rest comes next time."""
    removed = 0
    for _ in range(BATCHES):
        old = KeyedRequest.objects.filter(created_at__lte=timezone.now() - KEPT)
        batch = list(old.values_list("pk", flat=True)[:BATCH])
        count, _ = KeyedRequest.objects.filter(pk__in=batch).delete()
        removed += count
        if count < BATCH:
            break
    return removed


def _claim(asked: Asked) -> Claim | Answer | None:
    """None while somebody else works on it."""
    now, mine = timezone.now(), Claim(identity=asked.identity, number=uuid4())
    row = _row(asked)
    if row is None:
        _write(asked, mine)
        row = _row(asked)
    if row is None:  # given up between the two
        return None
    if row.claim == mine.number:
        return mine
    is_old = row.created_at <= now - KEPT
    if row.fingerprint != asked.fingerprint and not is_old:
        raise KeyReused
    if is_old or (row.status is None and row.claimed_until <= now):
        return mine if _take_over(row, asked, mine) else None
    if row.status is None:
        return None
    body = None if row.body is None else bytes(row.body)
    return Answer(status=row.status, headers=row.headers, body=body)


def _row(asked: Asked) -> KeyedRequest | None:
    return KeyedRequest.objects.filter(pk=asked.identity).first()


def _write(asked: Asked, mine: Claim) -> None:
    """Of several at once one is written. Within transactions the others wait for the end of that one's."""
    now = timezone.now()
    newest = KeyedRequest.objects.filter(principal=asked.principal).order_by("-created_at")
    surplus = newest.values_list("pk", flat=True)[KEPT_PER_PRINCIPAL - 1 : KEPT_PER_PRINCIPAL + BATCH]
    KeyedRequest.objects.filter(pk__in=list(surplus)).delete()
    row = KeyedRequest(
        identity=asked.identity,
        principal=asked.principal,
        fingerprint=asked.fingerprint,
        owner_id=asked.owner_id,
        claim=mine.number,
        claimed_until=now + CLAIM,
        created_at=now,
    )
    KeyedRequest.objects.bulk_create([row], ignore_conflicts=True)


def _take_over(row: KeyedRequest, asked: Asked, mine: Claim) -> bool:
    now = timezone.now()
    as_seen = KeyedRequest.objects.filter(pk=row.pk, claim=row.claim, status=row.status)
    return bool(
        as_seen.update(
            fingerprint=asked.fingerprint,
            claim=mine.number,
            claimed_until=now + CLAIM,
            created_at=now,
            status=None,
            headers={},
            body=None,
            about=None,
        )
    )


@contextmanager
def _waiting_for_locks() -> Iterator[None]:
    """For a bounded time. SQLite has a bound of its own."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT_S}s'")
        try:
            yield
        except OperationalError as exc:
            if getattr(exc.__cause__, "sqlstate", "") == _LOCK_NOT_AVAILABLE:
                raise RequestInProgress from None
            raise
        cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
