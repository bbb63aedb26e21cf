"""How many identifications an hour somebody may make."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from apps.plant_identification.services.records import User
from apps.plant_identification.services.registry import ConfiguredProvider, Registry
from apps.users.public import tier_of

TIGHTER_FROM = 0.70  # of Plant.id's month
TIGHTEST_FROM = 0.90
FACTOR_KEPT_S = 25  # for all processes
FACTOR_MEMO_S = 5  # in each of them


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlyLimit:
    key: str
    limit: int
    tier: str | None  # of somebody who is signed in
    factor: float
    """What is left of the tier's limit as the paid service's month runs out."""


def hourly_limit(registry: Registry, user: User) -> HourlyLimit:
    """By tier, less as the paid service's month runs out; who is not signed in shares one small bucket."""
    tier = tier_of(user)
    if tier is None:
        return HourlyLimit(key="anon", limit=settings.IDENTIFY_RATE_ANONYMOUS, tier=None, factor=1.0)
    full: int = getattr(settings, f"IDENTIFY_RATE_{tier.value.upper()}")
    factor = _factor(registry)
    limit = max(1, int(full * factor))
    return HourlyLimit(key=f"user-{user.pk}", limit=limit, tier=tier.value, factor=factor)


def _factor(registry: Registry) -> float:
    """Of several paid services the one with most left decides: it is there to be used."""
    ratios = [_ratio(registry, provider) for provider in registry.providers if provider.is_paid]
    ratio = min(ratios, default=0.0)
    if ratio > TIGHTEST_FROM:
        return 0.1
    return 0.5 if ratio > TIGHTER_FROM else 1.0


def _ratio(registry: Registry, paid: ConfiguredProvider) -> float:
    key = f"{paid.name}:quota-ratio:{paid.call.ledger.account}"
    ratio = registry.cache.get_lately(key, within_s=FACTOR_MEMO_S)
    if not isinstance(ratio, float | int):
        ratio = paid.call.ledger.use().ratio
        registry.cache.set(key, ratio, ttl_s=FACTOR_KEPT_S)
    return ratio


class Admission:
    """Counts an accepted request against its caller's limit, once."""

    def __init__(self, count: Callable[[], None]) -> None:
        self._count = count
        self._counted = False

    def count(self) -> None:
        """
        Raises:
            LimitReached: the room that was there when the request came is gone.
        """
        if not self._counted:
            self._counted = True
            self._count()
