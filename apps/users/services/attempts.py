"""Counting in the database how often something was tried; see ADR 0029.

An attempt is counted before it is made, and taken back when it was no failure: of any number of callers
at once no more get through than the limit allows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from apps.users.constants import ATTEMPT_COUNTS_MAX, ATTEMPTS_SALT, FIRST_DELAY_S
from apps.users.models import AttemptCount

# Every 256th key, which ones nobody knows: whoever counts under it looks after the table.
_CARETAKER = "00"
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Rule:
    """So many attempts in a period. Then none until it is over; or, where the delay grows, single ones
    after a pause that doubles up to a whole period."""

    limit: int
    period_s: int
    delay_grows: bool = False

    def refused_until(self, count: AttemptCount, now: datetime) -> datetime | None:
        """Once this attempt has been counted, too."""
        if count.attempts < self.limit:
            return None
        if not self.delay_grows:
            return count.expires_at
        beyond = min(count.attempts - self.limit, 20)
        return now + timedelta(seconds=min(FIRST_DELAY_S * 2**beyond, self.period_s))


@dataclass(frozen=True, slots=True)
class Tally:
    attempts: int
    reset_s: float
    refused_s: float = 0.0
    """How long nothing is let through. Zero where the attempt was counted."""


def count_attempt(*, subjects: Sequence[str], rule: Rule) -> list[Tally]:
    """One more under each of the subjects, or under none: where one of them is refused."""
    keys = [_key(subject) for subject in subjects]
    now = timezone.now()
    with transaction.atomic():
        counts = _locked(keys, now)
        for count in counts.values():
            if count.expires_at <= now:
                count.attempts, count.refused_until = 0, None
                count.expires_at = now + timedelta(seconds=rule.period_s)
        tallies = [_tally(counts[key], rule, now) for key in keys]
        if not any(tally.refused_s for tally in tallies):
            for count in counts.values():
                _count_one_more(count, rule, now)
            tallies = [_reset_of(counts[key], now) for key in keys]
        AttemptCount.objects.bulk_update(counts.values(), ["attempts", "refused_until", "expires_at"])
    if any(key.endswith(_CARETAKER) for key in keys):
        forget_old_counts()
    return tallies


def look_at_attempts(*, subjects: Sequence[str], rule: Rule) -> list[Tally]:
    """How it stands; counts nothing."""
    keys, now = [_key(subject) for subject in subjects], timezone.now()
    counts = {count.key: count for count in AttemptCount.objects.filter(key__in=keys, expires_at__gt=now)}
    nothing = Tally(0, rule.period_s)
    return [_tally(counts[key], rule, now) if key in counts else nothing for key in keys]


def take_attempt_back(*, subjects: Sequence[str], rule: Rule) -> None:
    """It was no failure. What had to wait because of it need not."""
    with transaction.atomic():
        locked = AttemptCount.objects.select_for_update().order_by("key")
        counts = list(locked.filter(key__in=[_key(subject) for subject in subjects]))
        for count in counts:
            count.attempts = max(0, count.attempts - 1)
            if rule.delay_grows or count.attempts < rule.limit:
                count.refused_until = None
        AttemptCount.objects.bulk_update(counts, ["attempts", "refused_until"])


def forget_old_counts() -> None:
    """What is over, and what is too much. Rows that somebody counts under at this moment are left alone."""
    free = AttemptCount.objects.select_for_update(skip_locked=True)
    with transaction.atomic():
        _delete(free.filter(expires_at__lte=timezone.now()).order_by("expires_at"), _AT_ONCE)
        beyond = AttemptCount.objects.count() - ATTEMPT_COUNTS_MAX
        if beyond > 0:
            _delete(free.order_by("expires_at"), beyond)


def _locked(keys: Sequence[str], now: datetime) -> dict[str, AttemptCount]:
    """A row for each, ours until the transaction ends. In one order, so that no two wait for each other."""
    AttemptCount.objects.bulk_create(
        [AttemptCount(key=key, expires_at=now) for key in sorted(keys)],
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["key"],  # changes nothing, and locks
    )
    return {count.key: count for count in AttemptCount.objects.filter(key__in=keys)}


def _tally(count: AttemptCount, rule: Rule, now: datetime) -> Tally:
    until = count.refused_until
    if rule.limit < 1:  # switched off
        until = count.expires_at
    refused_s = (until - now).total_seconds() if until is not None and until > now else 0.0
    return Tally(count.attempts, (count.expires_at - now).total_seconds(), refused_s)


def _reset_of(count: AttemptCount, now: datetime) -> Tally:
    return Tally(count.attempts, (count.expires_at - now).total_seconds())


def _count_one_more(count: AttemptCount, rule: Rule, now: datetime) -> None:
    count.attempts += 1
    count.refused_until = rule.refused_until(count, now)
    if rule.delay_grows and count.refused_until is not None:
        # Forgotten only after a period without attempts: else each wait would begin with five of them.
        count.expires_at = count.refused_until + timedelta(seconds=rule.period_s)


def _delete(counts: models.QuerySet[AttemptCount], at_most: int) -> None:
    AttemptCount.objects.filter(pk__in=list(counts.values_list("pk", flat=True)[:at_most])).delete()


def _key(subject: str) -> str:
    """What is counted may be an address or a name, and a table of them is nobody's business."""
    return salted_hmac(ATTEMPTS_SALT, subject, algorithm="sha256").hexdigest()
