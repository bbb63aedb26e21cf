"""Which providers there are. A further one is a package beside this and one entry in `SPECS`."""

import os
import threading
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed
from django.db import DatabaseError, InterfaceError

from apps.core.http import OutboundClient
from apps.core.resilience.breaker import SharedBreaker
from apps.core.resilience.clock import DeadlinePassed
from apps.core.resilience.pool import BoundedPool
from apps.core.resilience.shared_cache import SharedCache
from apps.core.resilience.single_flight import FlightPolicy, SingleFlight
from apps.plant_identification import constants
from apps.plant_identification.circuit_monitoring import CircuitStats, create_monitored_circuit
from apps.plant_identification.exceptions import (
    ProviderMisconfigured,
    ProviderNotAsked,
    ProviderQuotaReached,
    ProviderRefusedKey,
    ProviderRefusedPhoto,
)
from apps.plant_identification.metrics import CircuitMetrics, FlightMetrics, prepare_series
from apps.plant_identification.services.degradation import DegradationWatch
from apps.plant_identification.services.plant_id_service import PlantIDAPIService
from apps.plant_identification.services.plantnet_service import PlantNetAPIService
from apps.plant_identification.services.provider_call import ProviderCall
from apps.plant_identification.services.provider_pause import ProviderPause
from apps.plant_identification.services.provider_spec import ProviderSpec
from apps.plant_identification.services.quota import QuotaLedger
from apps.plant_identification.services.quota_rules import PLANT_ID_RULE, PLANTNET_RULE

FLIGHT_POLICY = FlightPolicy(
    expire_s=constants.CACHE_LOCK_EXPIRE,
    renew_every_s=constants.CACHE_LOCK_RENEW_EVERY_S,
    failure_ttl_s=constants.FAILURE_MARKER_S,
    id_prefix=constants.CACHE_LOCK_ID_PREFIX,
    blocking=constants.CACHE_LOCK_BLOCKING,
    auto_renewal=constants.CACHE_LOCK_AUTO_RENEWAL,
)


# What says nothing about the service: our mistakes, our limits, our database.
NEUTRAL = (
    ProviderRefusedKey,
    ProviderQuotaReached,
    ProviderMisconfigured,
    ProviderNotAsked,
    DeadlinePassed,
    DatabaseError,
    InterfaceError,
)


PLANT_ID = ProviderSpec(
    name="plant_id",
    label="Plant.id",
    key_setting="PLANT_ID_API_KEY",
    url_setting="PLANT_ID_BASE_URL",
    service=PlantIDAPIService,
    is_paid=True,
    timeout_s=constants.PLANT_ID_API_TIMEOUT,
    circuit_name=constants.PLANT_ID_CIRCUIT_NAME,
    circuit_timeout_s=constants.PLANT_ID_CIRCUIT_TIMEOUT,
    fail_max=constants.PLANT_ID_CIRCUIT_FAIL_MAX,
    reset_timeout_s=constants.PLANT_ID_CIRCUIT_RESET_TIMEOUT,
    success_threshold=constants.PLANT_ID_CIRCUIT_SUCCESS_THRESHOLD,
    max_workers=constants.PLANT_ID_MAX_WORKERS,
    max_queue=constants.PLANT_ID_MAX_QUEUE,
    quota=PLANT_ID_RULE,
)
PLANTNET = ProviderSpec(
    name="plantnet",
    label="PlantNet",
    key_setting="PLANTNET_API_KEY",
    url_setting="PLANTNET_BASE_URL",
    service=PlantNetAPIService,
    is_paid=False,
    timeout_s=constants.PLANTNET_API_TIMEOUT,
    circuit_name=constants.PLANTNET_CIRCUIT_NAME,
    circuit_timeout_s=constants.PLANTNET_CIRCUIT_TIMEOUT,
    fail_max=constants.PLANTNET_CIRCUIT_FAIL_MAX,
    reset_timeout_s=constants.PLANTNET_CIRCUIT_RESET_TIMEOUT,
    success_threshold=constants.PLANTNET_CIRCUIT_SUCCESS_THRESHOLD,
    max_workers=constants.PLANTNET_MAX_WORKERS,
    max_queue=constants.PLANTNET_MAX_QUEUE,
    quota=PLANTNET_RULE,
)
SPECS: tuple[ProviderSpec, ...] = (PLANT_ID, PLANTNET)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredProvider:
    """A provider with a key, ready to be asked."""

    spec: ProviderSpec
    call: ProviderCall
    pool: BoundedPool
    stats: CircuitStats

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def is_paid(self) -> bool:
        return self.spec.is_paid

    @property
    def circuit(self) -> SharedBreaker:
        return self.call.circuit

    @property
    def pause(self) -> ProviderPause:
        return self.call.pause


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """One per process: breakers, pools and caches are shared by all its threads."""

    specs: tuple[ProviderSpec, ...]
    providers: tuple[ConfiguredProvider, ...]
    cache: SharedCache
    flight: SingleFlight

    @property
    def hosts(self) -> str:
        """Names the services behind an answer; part of every key of a whole answer."""
        return ",".join(f"{provider.name}@{provider.call.provider.host}" for provider in self.providers)

    def get(self, name: str) -> ConfiguredProvider | None:
        return next((provider for provider in self.providers if provider.name == name), None)

    def assesses_health(self, name: str) -> bool:
        provider = self.get(name)
        return provider is not None and provider.call.provider.assesses_health


def build_registry(specs: tuple[ProviderSpec, ...]) -> Registry:
    cache = SharedCache()
    flight = SingleFlight(cache, FLIGHT_POLICY, watcher=FlightMetrics("answer"))
    configured = [spec for spec in specs if getattr(settings, spec.key_setting)]
    http = OutboundClient(secrets=[getattr(settings, spec.key_setting) for spec in configured])
    watch = DegradationWatch()
    turns = threading.Semaphore(constants.LEDGER_TURNS)
    providers = tuple(_configure(spec, http, cache, watch, turns) for spec in configured)
    watch.follow({provider.spec.label: provider.call.circuit for provider in providers})
    return Registry(specs=specs, providers=providers, cache=cache, flight=flight)


def _configure(
    spec: ProviderSpec,
    http: OutboundClient,
    cache: SharedCache,
    watch: DegradationWatch,
    ledger_turns: threading.Semaphore,
) -> ConfiguredProvider:
    service = spec.service(
        http=http, base_url=getattr(settings, spec.url_setting), api_key=getattr(settings, spec.key_setting)
    )
    circuit, _, stats = create_monitored_circuit(
        spec.circuit_name,
        fail_max=spec.fail_max,
        reset_timeout=spec.reset_timeout_s,
        success_threshold=spec.success_threshold,
        timeout=spec.circuit_timeout_s,
        neutral=NEUTRAL,
        exclude=[ProviderRefusedPhoto],
        listeners=[watch, CircuitMetrics(spec.name)],
    )
    call = ProviderCall(
        provider=service,
        circuit=circuit,
        ledger=QuotaLedger(account=f"{spec.name}@{service.host}", rule=spec.quota),
        cache=cache,
        flight=SingleFlight(cache, FLIGHT_POLICY, watcher=FlightMetrics(spec.name)),
        timeout_s=spec.timeout_s,
        ledger_turns=ledger_turns,
    )
    pool = BoundedPool(spec.name, max_workers=spec.max_workers, max_queue=spec.max_queue)
    prepare_series(spec.name)
    return ConfiguredProvider(spec=spec, call=call, pool=pool, stats=stats)


class _Holder:
    """Builds the registry with the first question, and only once: two would be two sets of breakers."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._lock = threading.Lock()
        self._registry: Registry | None = None

    def get(self) -> Registry:
        if self._registry is None:
            with self._lock:
                self._registry = self._registry or build_registry(SPECS)
        return self._registry


_holder = _Holder()
registry = _holder.get


def _forget_registry(*, setting: str, **_: Any) -> None:
    of_providers = frozenset[str]().union(*(spec.settings for spec in SPECS))
    if setting in of_providers or setting.startswith(("REDIS_", "CACHES")):
        _holder.forget()


setting_changed.connect(_forget_registry, dispatch_uid="plant_identification.registry")
os.register_at_fork(after_in_child=_holder.forget)
