"""What the language model may cost in a month. Every change is one conditional UPDATE."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.conf import settings
from django.db.models import F, Value
from django.db.models.functions import Greatest

from apps.plant_identification.models import CareModelMonth


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    starts_on: date
    tokens: int


def reserve(*, tokens: int) -> Reservation | None:
    """Room for one call of at most so many tokens; None where the month has none."""
    starts_on = datetime.now(UTC).date().replace(day=1)
    CareModelMonth.objects.bulk_create([CareModelMonth(starts_on=starts_on)], ignore_conflicts=True)
    within = CareModelMonth.objects.filter(
        starts_on=starts_on,
        calls__lt=settings.CARE_MODEL_MONTHLY_CALLS,
        tokens__lte=settings.CARE_MODEL_MONTHLY_TOKENS - tokens,
    )
    if not within.update(calls=F("calls") + 1, tokens=F("tokens") + tokens):
        return None
    return Reservation(starts_on=starts_on, tokens=tokens)


def settle(reservation: Reservation, *, used: int) -> None:
    """The reply said what it cost. Where nobody saw a reply, all that was reserved stays taken."""
    _give_back(reservation, reservation.tokens - used)


def refund(reservation: Reservation) -> None:
    """Provably nothing was sent."""
    _give_back(reservation, reservation.tokens, calls=1)


def _give_back(reservation: Reservation, tokens: int, calls: int = 0) -> None:
    CareModelMonth.objects.filter(starts_on=reservation.starts_on).update(
        calls=Greatest(F("calls") - calls, Value(0)), tokens=Greatest(F("tokens") - tokens, Value(0))
    )
