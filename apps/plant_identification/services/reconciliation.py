"""Keeping the ledger honest, and telling people before the quota is gone."""

import logging
from datetime import UTC, datetime

from django.core.mail import mail_managers

from apps.core.fleet.events import note_event
from apps.core.resilience.clock import Deadline
from apps.plant_identification.exceptions import ProviderError
from apps.plant_identification.services.registry import ConfiguredProvider, Registry

logger = logging.getLogger(__name__)

USAGE_TIMEOUT_S = 15


def correct_quotas(registry: Registry) -> None:
    """Ask each service what is left, and write it down. What cannot be asked keeps its ledger as it is."""
    for provider in registry.providers:
        asked_at = datetime.now(UTC)  # before: a call that ends meanwhile may be missing in the figure
        try:
            usage = provider.call.provider.usage(deadline=Deadline.after(USAGE_TIMEOUT_S))
        except ProviderError as failure:
            logger.warning(
                "quota_not_corrected",
                extra={"event": "quota_not_corrected", "provider": provider.name, "state": failure.state},
            )
            continue
        if usage is not None and usage.remaining is not None:
            provider.call.ledger.correct(remaining=usage.remaining, asked_at=asked_at)


def check_quotas(registry: Registry) -> None:
    """Warn once per day or month and provider when most of the quota is used."""
    for provider in registry.providers:
        use = provider.call.ledger.use()
        if use.ratio >= provider.spec.quota.warn_ratio and provider.call.ledger.claim_warning():
            _warn(provider, used=use.used, limit=use.limit, resets_at=use.resets_at)


def _warn(provider: ConfiguredProvider, *, used: int, limit: int, resets_at: datetime) -> None:
    sentence = (
        f"{provider.spec.label}: {used} of {limit} calls are used. "
        f"The count starts anew on {resets_at.astimezone(UTC):%Y-%m-%d}."
    )
    logger.warning(
        "quota_nearly_used",
        extra={"event": "quota_nearly_used", "provider": provider.name, "used": used, "limit": limit},
    )
    note_event("quota_nearly_used", about=provider.name, used=used, limit=limit)
    mail_managers(f"{provider.spec.label} quota", sentence, fail_silently=True)
