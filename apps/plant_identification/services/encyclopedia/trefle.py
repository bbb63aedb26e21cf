"""Trefle as this process asks it: behind a circuit and the fleet's limit. Without a key there is none."""

import logging
from dataclasses import dataclass
from functools import partial

from django.conf import settings

from apps.core.fleet.events import note_event
from apps.core.http import OutboundClient
from apps.core.resilience.breaker import CircuitOpen
from apps.core.resilience.token_bucket import TokenBucket
from apps.plant_identification import constants
from apps.plant_identification.exceptions import (
    ProviderCircuitOpen,
    ProviderError,
    ProviderQuotaReached,
    ProviderRefusedKey,
)
from apps.plant_identification.models import FactSource
from apps.plant_identification.services.encyclopedia.sources import service_source
from apps.plant_identification.services.encyclopedia.trefle_client import (
    Found,
    Known,
    TrefleAPIService,
    Unchanged,
)
from apps.plant_identification.services.side_service import (
    OnePerProcess,
    SideService,
    make_side_service,
)

logger = logging.getLogger(__name__)

NAME, LABEL = "trefle", "Trefle"
ALARM_EVERY_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Trefle:
    service: TrefleAPIService
    side: SideService
    bucket: TokenBucket

    def find(self, name: str, known: Known) -> Found | Unchanged | None:
        """
        Raises:
            ProviderError: nobody knows, or may ask now; `retry_after_s` may say until when.
        """
        try:
            with self.side.circuit.calling():
                return self.service.find(name, known)
        except CircuitOpen as refusal:
            raise ProviderCircuitOpen(retry_after_s=refusal.retry_after_s) from None
        except ProviderError as failure:
            self._leave_alone(failure)
            raise

    def _leave_alone(self, failure: ProviderError) -> None:
        """What the service asks of one process, all heed."""
        if isinstance(failure, ProviderQuotaReached):
            self.bucket.close_for(failure.retry_after_s or constants.TREFLE_PAUSE_S)
        elif isinstance(failure, ProviderRefusedKey):
            self.bucket.close_for(constants.KEY_REFUSED_PAUSE_S)
            event = "provider_key_refused"
            logger.error(event, extra={"event": event, "provider": NAME, "status": failure.status_code})
            note_event(event, about=NAME, once_in_s=ALARM_EVERY_S, status=failure.status_code)


def _make() -> Trefle | None:
    if not settings.TREFLE_API_KEY:
        return None
    bucket = TokenBucket(NAME, capacity=constants.TREFLE_AT_ONCE, per_minute=constants.TREFLE_PER_MINUTE)
    service = TrefleAPIService(
        http=OutboundClient(secrets=[settings.TREFLE_API_KEY]),
        base_url=settings.TREFLE_BASE_URL,
        api_key=settings.TREFLE_API_KEY,
        take_turn=partial(bucket.wait_for_turn, constants.TREFLE_TURN_S),
    )
    side = make_side_service(
        name=NAME,
        label=LABEL,
        circuit_name=constants.TREFLE_CIRCUIT_NAME,
        fail_max=constants.TREFLE_CIRCUIT_FAIL_MAX,
        reset_timeout=constants.TREFLE_CIRCUIT_RESET_TIMEOUT,
        timeout=constants.TREFLE_CIRCUIT_TIMEOUT,
    )
    return Trefle(service=service, side=side, bucket=bucket)


_holder = OnePerProcess(_make, settings=frozenset({"TREFLE_API_KEY", "TREFLE_BASE_URL"}))
trefle = _holder.get


def trefle_source() -> FactSource:
    return service_source(name=NAME, label=LABEL, url="https://trefle.io")
