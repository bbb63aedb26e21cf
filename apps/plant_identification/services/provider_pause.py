"""Leaving a service alone that refuses our key or our account, and sounding the alarm."""

import logging
import time
from dataclasses import dataclass

from apps.core.fleet.events import note_event
from apps.core.resilience.shared_cache import SharedCache
from apps.plant_identification import constants
from apps.plant_identification.exceptions import (
    ProviderError,
    ProviderMisconfigured,
    ProviderQuotaReached,
    ProviderRefusedKey,
)
from apps.plant_identification.services.provider import Provider
from apps.plant_identification.services.quota import QuotaLedger

logger = logging.getLogger(__name__)

ALARM_EVERY_S = 60  # for operators; the log gets each


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPause:
    provider: Provider
    ledger: QuotaLedger
    cache: SharedCache

    def heed(self) -> None:
        """
        Raises:
            ProviderRefusedKey, ProviderQuotaReached: the service said so a while ago, and is left alone.
        """
        pause = self.cache.get(self._key)
        if isinstance(pause, dict):
            # Redis' clock says that it is still on; how long, two hosts' clocks, so only within bounds.
            longest_s = pause.get("for_s", constants.KEY_REFUSED_PAUSE_S)
            left_s = min(max(1.0, pause["until"] - time.time()), longest_s)
            kind = ProviderRefusedKey if pause["kind"] == "ProviderRefusedKey" else ProviderQuotaReached
            raise kind(retry_after_s=left_s)

    def is_on(self) -> bool:
        return self.left() is not None

    def left(self) -> ProviderError | None:
        """Why and for how long the service is left alone; None while it is not."""
        try:
            self.heed()
        except ProviderError as pause:
            return pause
        return None

    def end(self) -> None:
        self.cache.delete(self._key)

    def note(self, failure: BaseException | None) -> None:
        """Pause, and sound the alarm, where a call's failure asks for it."""
        # Without a status it was our own ledger that refused, which concerns one user or one window.
        if not isinstance(failure, ProviderError) or failure.status_code is None:
            return
        if isinstance(failure, ProviderRefusedKey):
            self._begin(failure, constants.KEY_REFUSED_PAUSE_S)
            self._alarm("provider_key_refused", status=failure.status_code)
        elif isinstance(failure, ProviderQuotaReached):
            known_reset_s = min(self.ledger.seconds_to_reset(), constants.QUOTA_PAUSE_MAX_S)
            self._begin(failure, failure.retry_after_s or known_reset_s)
            self._alarm("provider_quota_exhausted", retry_after_s=failure.retry_after_s)
        elif isinstance(failure, ProviderMisconfigured):
            self._alarm("provider_misconfigured", status=failure.status_code)

    def _begin(self, failure: ProviderError, seconds: float) -> None:
        failure.retry_after_s = seconds
        pause = {"kind": type(failure).__name__, "until": time.time() + seconds, "for_s": seconds}
        self.cache.set(self._key, pause, ttl_s=seconds)

    def _alarm(self, event: str, **fields: object) -> None:
        logger.error(event, extra={"event": event, "provider": self.provider.name, **fields})
        note_event(event, about=self.provider.name, once_in_s=ALARM_EVERY_S, **fields)

    @property
    def _key(self) -> str:
        return f"{self.provider.name}:{self.provider.api_version}:{self.provider.host}:pause"
