"""The quota ledger: what is taken from the outside services, written down before it is taken.

It lives in the database because Redis may come back empty, and money must not. No database, no paid
call. Each method is one short transaction on a connection that is given back at once, so that threads
of the provider pools may call it.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet, Sum

from apps.core.db import short_connection
from apps.core.resilience.clock import SYSTEM_CLOCK, Clock
from apps.plant_identification.exceptions import (
    ProviderError,
    ProviderQuotaReached,
    ProviderRefusedKey,
    ProviderShareReached,
)
from apps.plant_identification.models import QuotaReservation, QuotaShare, QuotaWindow
from apps.plant_identification.models.quota import change_or_open
from apps.plant_identification.services import quota_statements
from apps.plant_identification.services.quota_period import QuotaPeriod
from apps.plant_identification.services.quota_rules import QuotaRule

State = QuotaReservation.State
ANONYMOUS = "anon"
TOKEN_KEPT_DAYS = 180  # Plant.id keeps an identification for 6 months
LOST_REPLY_KEPT = timedelta(days=1)  # later than this a lost reply is not looked for again
LONGEST_CALL = timedelta(seconds=120)  # well above every provider's deadline: older, its process is dead


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCall:
    """An earlier call for the same photos: its reply may be fetched instead of bought again."""

    id: int
    with_health: bool
    access_token: str  # "" where nobody saw the reply
    state: QuotaReservation.State  # as it was seen


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaUse:
    used: int
    limit: int
    resets_at: datetime

    @property
    def ratio(self) -> float:
        return self.used / self.limit if self.limit else 1.0


class QuotaLedger:
    """The ledger of one account: a provider at a host, so that the sandbox's calls stay apart.

    Rows are always locked in the order reservation, share, window.
    """

    def __init__(self, *, account: str, rule: QuotaRule, clock: Clock = SYSTEM_CLOCK) -> None:
        self.account = account
        self.rule = rule
        self._clock = clock

    @property
    def limit(self) -> int:
        limit: int = getattr(settings, self.rule.limit_setting)
        return limit

    def reserve(self, *, question_key: str, principal: str, with_health: bool) -> int:
        """Take what one call costs. The number returned is the call's `custom_id`.

        Raises:
            ProviderShareReached: this principal's part of the window has no room for it until tomorrow.
            ProviderQuotaReached: the window has none.
        """
        period = self._period()
        call = self._describe(period, question_key, principal, with_health=with_health)
        # The window's row is everybody's: it is locked last, for the length of one UPDATE and the commit.
        with short_connection(), transaction.atomic():
            reservation = quota_statements.write_reservation(call)
            if not self._raise_share(call):
                raise self._refusal(period, cost=call["cost"])
            if not self._raise_window(call):
                raise ProviderQuotaReached(retry_after_s=period.left_of_window_s)
        return reservation

    def find_or_reserve(self, *, question_key: str, principal: str, with_health: bool) -> PastCall | int:
        """`find_past_call`, and where it finds none, `reserve`: in one statement where all is as usual.

        Raises:
            ProviderShareReached, ProviderQuotaReached: as `reserve` does.
        """
        if connection.vendor == "postgresql":
            call = self._describe(self._period(), question_key, principal, with_health=with_health)
            with short_connection():
                past, reservation = quota_statements.find_or_reserve(call | self._still_kept())
            found = reservation if past is None else _read_past_call(past)
        else:
            found = self.find_past_call(question_key=question_key, with_health=with_health)
        return found or self.reserve(question_key=question_key, principal=principal, with_health=with_health)

    def _describe(
        self, period: QuotaPeriod, question_key: str, principal: str, *, with_health: bool
    ) -> dict[str, Any]:
        """What the statements want to know of a call that is about to be made."""
        cost, most = 1 + (self.rule.health_cost if with_health else 0), 1 + self.rule.health_cost
        part = settings.QUOTA_USER_SHARE
        if self.rule.share_of == "limit":
            part, most = 0, max(most, int(self.limit * part))
        return {
            "account": self.account,
            "starts_on": period.starts_on,
            "principal": principal,
            "day": period.day,
            "cost": cost,
            "limit": self.limit,
            "part": part,
            "most": most,
            "question_key": question_key,
            "with_health": with_health,
            "created_at": period.moment,
        }

    def _raise_share(self, call: dict[str, Any]) -> bool:
        """Where it may take that much more; one identification with health always fits in."""
        first = QuotaShare(account=self.account, principal=call["principal"], day=call["day"])
        return change_or_open(partial(quota_statements.raise_share, call), QuotaShare.objects, first)

    def _raise_window(self, call: dict[str, Any]) -> bool:
        first = QuotaWindow(account=self.account, starts_on=call["starts_on"])
        return change_or_open(partial(quota_statements.raise_window, call), QuotaWindow.objects, first)

    def _refusal(self, period: QuotaPeriod, *, cost: int) -> ProviderQuotaReached:
        """Why there is no room in a share: because the window has none, or for this principal only."""
        if self._used(period) + cost > self.limit:
            return ProviderQuotaReached(retry_after_s=period.left_of_window_s)
        return ProviderShareReached(retry_after_s=period.left_of_day_s)

    def find_past_call(self, *, question_key: str, with_health: bool) -> PastCall | None:
        """The newest call for these photos whose reply may still lie at the service."""
        wanted = {"account": self.account, "question_key": question_key, "with_health": with_health}
        with short_connection():
            row = quota_statements.find_past_call(wanted | self._still_kept())
        return None if row is None else _read_past_call(row)

    def _still_kept(self) -> dict[str, Any]:
        now = self._now()
        return {"kept_since": now - timedelta(days=TOKEN_KEPT_DAYS), "lost_since": now - LOST_REPLY_KEPT}

    def settle_answered(
        self, reservation_id: int, *, access_token: str | None, remaining: int | None = None
    ) -> None:
        """Whatever was believed of the call before: a reply is proof.

        `remaining` is what it said is left of its own window. It cannot know of the other calls under way,
        which are added. Replies overtake each other, so this only ever raises what is used, and before the
        call is settled: one that is answered and not noted yet would be missing from another's figure.
        """
        now = self._now()
        said = {
            "id": reservation_id,
            "access_token": access_token or "",
            "settled_at": now,
            "account": self.account,
            "known_used": None if remaining is None else max(0, self.limit - remaining),
            "under_way_since": now - LONGEST_CALL,
        }
        with short_connection():
            if not quota_statements.settle_unless_behind(said):
                self._raise_to(said)
                quota_statements.settle_answered(said)

    def _raise_to(self, said: dict[str, Any]) -> None:
        """One SELECT sees window and reservations as of one moment, an UPDATE that waited for the row would
        not: it needs the lock first."""
        if behind := quota_statements.find_window_behind(said):
            window = self._windows(behind[0])
            with transaction.atomic():
                window.update(used=F("used"))
                if behind := quota_statements.find_window_behind(said):
                    window.update(used=behind[1])

    def settle_failed(self, reservation_id: int, error: ProviderError) -> None:
        """Refund what was provably not sent, or refused before any work; all else stays charged."""
        if not error.request_sent or isinstance(error, ProviderRefusedKey | ProviderQuotaReached):
            self.refund(reservation_id)
            return
        # Somebody else may have fetched the reply by now: then the call is answered, and stays so.
        with short_connection():
            QuotaReservation.objects.filter(
                pk=reservation_id, state__in=[State.RESERVED, State.UNKNOWN]
            ).update(state=State.UNKNOWN if error.is_outage else State.CHARGED, settled_at=self._now())

    def refund(self, reservation_id: int) -> None:
        """Give back what is still under way, where it was taken: nothing else is known to be ours."""
        with short_connection():
            taken = QuotaReservation.objects.get(pk=reservation_id)
            with transaction.atomic():
                mine = QuotaReservation.objects.filter(pk=reservation_id, state=State.RESERVED)
                if not mine.update(state=State.REFUNDED, settled_at=self._now()):
                    return
                back = F("used") - taken.cost
                QuotaShare.objects.filter(
                    account=self.account, principal=taken.principal, day=taken.day
                ).update(used=back)
                self._windows(taken.window_starts_on).update(used=back)

    def forget_past_call(self, past: PastCall) -> None:
        """The service does not have it (any more): the next question is a new call. It stays charged.

        Nothing happens where the call has moved on since it was seen, or may still be under way.
        """
        seen = QuotaReservation.objects.filter(pk=past.id, state=past.state)
        if past.state == State.RESERVED:
            seen = seen.filter(created_at__lte=self._now() - LONGEST_CALL)
        state = State.ANSWERED if past.state == State.ANSWERED else State.CHARGED
        with short_connection():
            seen.update(state=state, access_token="")

    def correct(self, *, remaining: int, asked_at: datetime) -> None:
        """Make the ledger agree with the service, which was asked at `asked_at` what is left.

        What was under way then or later may be missing in its figure, and is added. Calls whose outcome
        nobody saw are in it: where the service counts fewer than we do, they were not charged.
        """
        starts_on = self._period(asked_at).starts_on
        with short_connection(), transaction.atomic():
            self._give_up_orphans(asked_at)
            # Nobody takes from it until the commit. By an UPDATE, for SQLite knows no SELECT … FOR UPDATE.
            self._update_window(starts_on, Q(), used=F("used"))
            unseen = Q(state=State.RESERVED) | Q(created_at__gte=asked_at) | Q(settled_at__gte=asked_at)
            taken = self._reservations().filter(window_starts_on=starts_on).exclude(state=State.REFUNDED)
            mine = taken.aggregate(
                unseen=Sum("cost", filter=unseen, default=0),
                answered=Sum("cost", filter=Q(state=State.ANSWERED, settled_at__lt=asked_at), default=0),
            )
            seen = max(self.limit - remaining, mine["answered"])
            self._windows(starts_on).update(used=seen + mine["unseen"])

    def _give_up_orphans(self, moment: datetime) -> None:
        """Calls of processes that were killed: what they cost is in the service's figure by now."""
        orphans = self._reservations().filter(state=State.RESERVED, created_at__lt=moment - LONGEST_CALL)
        orphans.update(state=State.UNKNOWN)  # without `settled_at`: nothing happened to them just now

    def claim_warning(self) -> bool:
        """True for one caller per window."""
        period = self._period()
        return self._update_window(period.starts_on, Q(warned_at=None), warned_at=period.moment)

    def use(self) -> QuotaUse:
        period = self._period()
        return QuotaUse(used=self._used(period), limit=self.limit, resets_at=period.ends_at)

    def seconds_to_reset(self) -> float:
        return self._period().left_of_window_s

    def _used(self, period: QuotaPeriod) -> int:
        return self._windows(period.starts_on).values_list("used", flat=True).first() or 0

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.wall(), UTC)

    def _period(self, moment: datetime | None = None) -> QuotaPeriod:
        return QuotaPeriod.of(moment or self._now(), window=self.rule.window)

    def _reservations(self) -> QuerySet[QuotaReservation]:
        return QuotaReservation.objects.filter(account=self.account)

    def _windows(self, starts_on: date) -> QuerySet[QuotaWindow]:
        return QuotaWindow.objects.filter(account=self.account, starts_on=starts_on)

    def _update_window(self, starts_on: date, condition: Q, **changes: Any) -> bool:
        first = QuotaWindow(account=self.account, starts_on=starts_on)
        window = self._windows(starts_on).filter(condition)
        return change_or_open(lambda: bool(window.update(**changes)), QuotaWindow.objects, first)


def question_key(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _read_past_call(row: quota_statements.PastRow) -> PastCall:
    number, had_health, access_token, state = row
    return PastCall(id=number, with_health=had_health, access_token=access_token, state=State(state))
