"""The quota ledger: what is taken from the outside services, written down before it is taken.

It lives in the database because Redis may come back empty, and money must not. No database, no paid
call. Each method is one short transaction on a connection that is given back at once, so that threads
of the provider pools may call it.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum

from apps.core.db import short_connection
from apps.plant_identification import constants
from apps.plant_identification.exceptions import ProviderError, ProviderQuotaReached, ProviderRefusedKey
from apps.plant_identification.models import QuotaReservation, QuotaShare, QuotaWindow

State = QuotaReservation.State
ANONYMOUS = "anon"
TOKEN_KEPT_DAYS = 180  # Plant.id keeps an identification for 6 months
LOST_REPLY_KEPT = timedelta(days=1)  # later than this a lost reply is not looked for again


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaRule:
    """How one service counts: per UTC day or month, one unit a photo, one more where health is paid."""

    window: Literal["day", "month"]
    limit_setting: str
    health_cost: int
    share_of: Literal["limit", "remaining"]
    warn_ratio: float


PLANT_ID_RULE = QuotaRule(
    window="month",
    limit_setting="PLANT_ID_MONTHLY_QUOTA",
    health_cost=1,
    share_of="remaining",
    warn_ratio=constants.PLANT_ID_WARN_RATIO,
)
PLANTNET_RULE = QuotaRule(
    window="day",
    limit_setting="PLANTNET_DAILY_QUOTA",
    health_cost=0,
    share_of="limit",
    warn_ratio=constants.PLANTNET_WARN_RATIO,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCall:
    """An earlier call for the same photos: its reply may be fetched instead of bought again."""

    id: int
    with_health: bool
    access_token: str  # "" where nobody saw the reply


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaUse:
    used: int
    limit: int
    resets_at: datetime

    @property
    def ratio(self) -> float:
        return self.used / self.limit if self.limit else 1.0


class QuotaLedger:
    """The ledger of one account: a provider at a host, so that the sandbox's calls stay apart."""

    def __init__(self, *, account: str, rule: QuotaRule) -> None:
        self.account = account
        self.rule = rule

    @property
    def limit(self) -> int:
        limit: int = getattr(settings, self.rule.limit_setting)
        return limit

    def reserve(self, *, question_key: str, principal: str, with_health: bool) -> int:
        """Take what one call costs. The number returned is the call's `custom_id`.

        Raises:
            ProviderQuotaReached: the window, or this principal's share of it, has no room for it.
        """
        with short_connection():
            reservation = self._take(question_key, principal, with_health=with_health)
        if reservation is None:
            raise ProviderQuotaReached(retry_after_s=self.seconds_to_reset())
        return reservation.pk

    def _take(self, question_key: str, principal: str, *, with_health: bool) -> QuotaReservation | None:
        cost = 1 + (self.rule.health_cost if with_health else 0)
        starts_on, today = self._bounds()[0], _today()
        allowed = self._share_limit(principal)
        # The window's row is everybody's: it is locked last, for the length of one UPDATE and the commit.
        with transaction.atomic():
            if not self._raise_share(principal, today, cost=cost, allowed=allowed):
                return None
            reservation = QuotaReservation.objects.create(
                account=self.account,
                window_starts_on=starts_on,
                principal=principal,
                day=today,
                question_key=question_key,
                with_health=with_health,
                cost=cost,
            )
            if self._raise_window(cost=cost):
                return reservation
            transaction.set_rollback(True)
        return None

    def _raise_share(self, principal: str, day: date, *, cost: int, allowed: int) -> bool:
        share = QuotaShare.objects.filter(account=self.account, principal=principal, day=day)
        if share.filter(used__lte=allowed - cost).update(used=F("used") + cost):
            return True
        QuotaShare.objects.get_or_create(account=self.account, principal=principal, day=day)
        return bool(share.filter(used__lte=allowed - cost).update(used=F("used") + cost))

    def _raise_window(self, *, cost: int) -> bool:
        window = self._windows().filter(used__lte=self.limit - cost)
        if window.update(used=F("used") + cost):
            return True
        self._window()
        return bool(window.update(used=F("used") + cost))

    def _share_limit(self, principal: str) -> int:
        base = self.limit
        if self.rule.share_of == "remaining":
            used = self._windows().values_list("used", flat=True).first() or 0
            own = QuotaShare.objects.filter(account=self.account, principal=principal, day=_today())
            base = max(0, self.limit - used) + (own.values_list("used", flat=True).first() or 0)
        one_with_health = 1 + self.rule.health_cost
        return max(one_with_health, int(base * settings.QUOTA_USER_SHARE))

    def find_past_call(self, *, question_key: str, with_health: bool) -> PastCall | None:
        """The newest call for these photos whose reply may still lie at the service."""
        now = datetime.now(UTC)
        with short_connection():
            past = (
                QuotaReservation.objects.filter(account=self.account, question_key=question_key)
                .filter(
                    Q(state=State.ANSWERED, created_at__gt=now - timedelta(days=TOKEN_KEPT_DAYS))
                    & ~Q(access_token="")
                    | Q(state__in=[State.RESERVED, State.UNKNOWN], created_at__gt=now - LOST_REPLY_KEPT)
                )
                .filter(**({"with_health": True} if with_health else {}))
                .order_by("-id")
                .first()
            )
        if past is None:
            return None
        return PastCall(id=past.pk, with_health=past.with_health, access_token=past.access_token)

    def settle_answered(self, reservation_id: int, *, access_token: str | None) -> None:
        with short_connection():
            QuotaReservation.objects.filter(pk=reservation_id).update(
                state=State.ANSWERED, access_token=access_token or "", updated_at=datetime.now(UTC)
            )

    def settle_failed(self, reservation_id: int, error: ProviderError) -> None:
        """Refund what was provably not sent, or refused before any work; all else stays charged."""
        if not error.request_sent or isinstance(error, ProviderRefusedKey | ProviderQuotaReached):
            self.refund(reservation_id)
        elif error.is_outage:
            self._mark(reservation_id, State.UNKNOWN)
        else:
            self._mark(reservation_id, State.CHARGED)

    def refund(self, reservation_id: int) -> None:
        with short_connection(), transaction.atomic():
            reservation = QuotaReservation.objects.get(pk=reservation_id)
            mine = QuotaReservation.objects.filter(pk=reservation_id, state=State.RESERVED)
            if not mine.update(state=State.REFUNDED):
                return
            back = F("used") - reservation.cost
            QuotaShare.objects.filter(
                account=self.account, principal=reservation.principal, day=reservation.day
            ).update(used=back)
            self._windows(reservation.window_starts_on).update(used=back)

    def forget_past_call(self, reservation_id: int) -> None:
        """The service does not have it (any more): the next question is a new call. It stays charged."""
        self._mark(reservation_id, State.CHARGED)

    def _mark(self, reservation_id: int, state: QuotaReservation.State) -> None:
        with short_connection():
            QuotaReservation.objects.filter(pk=reservation_id).update(
                state=state, access_token="", updated_at=datetime.now(UTC)
            )

    def correct(self, *, remaining: int) -> None:
        """Make the ledger no more hopeful than the service, which says what is left.

        Calls under way are not in the service's figure yet. Calls whose outcome nobody saw are: where
        the service counts fewer than we do, they turn out not to have been charged.
        """
        with short_connection():
            window = self._window()
            mine = QuotaReservation.objects.filter(
                account=self.account, window_starts_on=window.starts_on
            ).aggregate(
                under_way=Sum("cost", filter=Q(state=State.RESERVED), default=0),
                sure=Sum("cost", filter=Q(state__in=[State.RESERVED, State.ANSWERED]), default=0),
            )
            used = max(mine["sure"], self.limit - remaining + mine["under_way"])
            self._windows().update(used=max(0, used))

    def note_remaining(self, remaining: int) -> None:
        """A reply said what is left. Replies overtake each other, so this only ever raises what is used."""
        used = max(0, self.limit - remaining)
        with short_connection():
            self._windows().filter(used__lt=used).update(used=used)

    def claim_warning(self) -> bool:
        """True for one caller per window."""
        self._window()
        return bool(self._windows().filter(warned_at=None).update(warned_at=datetime.now(UTC)))

    def use(self) -> QuotaUse:
        used = self._windows().values_list("used", flat=True).first()
        return QuotaUse(used=used or 0, limit=self.limit, resets_at=self._resets_at())

    def seconds_to_reset(self) -> float:
        return (self._resets_at() - datetime.now(UTC)).total_seconds()

    def _resets_at(self) -> datetime:
        return datetime.combine(self._bounds()[1], time(), tzinfo=UTC)

    def _bounds(self) -> tuple[date, date]:
        today = _today()
        if self.rule.window == "day":
            return today, today + timedelta(days=1)
        first = today.replace(day=1)
        return first, (first + timedelta(days=32)).replace(day=1)

    def _windows(self, starts_on: date | None = None) -> QuerySet[QuotaWindow]:
        return QuotaWindow.objects.filter(account=self.account, starts_on=starts_on or self._bounds()[0])

    def _window(self) -> QuotaWindow:
        window, _ = QuotaWindow.objects.get_or_create(account=self.account, starts_on=self._bounds()[0])
        return window


def _today() -> date:
    return datetime.now(UTC).date()


def question_key(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
