"""What operators see of identification in all processes, and the switches they have."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import DatabaseError, InterfaceError

from apps.core.audit import auditing, recent_entries
from apps.core.fleet.counts import COUNTS
from apps.core.fleet.events import note_event, recent_events
from apps.core.redis import RedisGone, get_redis
from apps.core.resilience.breaker import Snapshot
from apps.plant_identification.models import PlantIdentificationRequest
from apps.plant_identification.services.health import describe_health
from apps.plant_identification.services.provider_spec import ProviderSpec
from apps.plant_identification.services.registry import ConfiguredProvider, Registry
from apps.plant_identification.services.side_service import SideService
from apps.plant_identification.services.side_services import side_services
from apps.plant_identification.types import AnswerStatus

EVENTS_SHOWN = 40
AUDIT_SHOWN = 20


class CircuitAction(StrEnum):
    """
    `force-open`: nobody is called until an operator says otherwise. `close`: calls go through at once, as if
    nothing had failed. `reset`: the same, and a pause after a refused key or a used-up quota ends too.
    """

    FORCE_OPEN = "force-open"
    CLOSE = "close"
    RESET = "reset"

    @property
    def audit_name(self) -> str:
        return f"circuit.{self.value.replace('-', '_')}"


def switch_circuit(
    provider: ConfiguredProvider | SideService, action: CircuitAction, *, actor: AbstractBaseUser, reason: str
) -> None:
    """For all processes at once, and written down.

    Raises:
        SwitchUnreachable: Redis is away; nothing was changed or written down.
        DatabaseError: it could not be written down, so nothing was changed.
    """
    circuit, pause_of = provider.circuit, provider.pause
    with auditing(actor=actor, action=action.audit_name, target=circuit.name, reason=reason) as entry:
        pause = pause_of and pause_of.left()
        switched = circuit.hold_open() if action is CircuitAction.FORCE_OPEN else circuit.close_for_all()
        if action is CircuitAction.RESET and pause_of:
            pause_of.end()
        entry.before = _in_short(switched.before) | {"paused": pause is not None}
        left = action is not CircuitAction.RESET and pause is not None
        entry.after = _in_short(switched.after) | {"paused": left}
    note_event(entry.action, about=circuit.name, by=entry.actor_name)


def _in_short(circuit: Snapshot) -> dict[str, Any]:
    return {
        "state": circuit.state.replace("-", "_"),
        "is_forced": circuit.is_held,
        "fail_count": circuit.fail_count,
    }


def describe_operations(registry: Registry) -> dict[str, Any]:
    """Everything at one moment. Each part that cannot be known now is None, and the rest is told."""
    health = describe_health(registry, with_details=True)
    services = health["services"]
    # Without Redis there is only what this process counted, which would pass for all.
    is_shared = services["redis"]["available"] or get_redis() is None
    counts = COUNTS.last_hour() if is_shared else None
    database_up = services["database"]["available"]
    return {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "status": health["status"],
        "message": health["message"],
        "sandbox": settings.PROVIDER_SANDBOX,
        "redis": services["redis"]["available"],
        "database": database_up,
        "workers": services["celery"]["available"],
        "circuits": [
            *(_circuit(spec, registry.get(spec.name), services[spec.name]) for spec in registry.specs),
            *(_side_circuit(side, services[side.name]) for side in side_services()),
        ],
        "queues": _queues(),
        "waiting": _count_waiting() if database_up else None,
        "identified": None if counts is None else _with_prefix(counts, "identified_"),
        "cache": None if counts is None else _with_prefix(counts, "cache_"),
        "locks": None if counts is None else _lock_waits(counts),
        "events": [asdict(event) | {"at": event.at.isoformat()} for event in recent_events(EVENTS_SHOWN)],
        "audit": _audit() if database_up else None,
    }


def _circuit(
    spec: ProviderSpec, provider: ConfiguredProvider | None, public: Mapping[str, Any]
) -> dict[str, Any]:
    known = {"name": spec.name, "label": spec.label, "circuit": spec.circuit_name, "configured": False}
    if provider is None:
        return known
    pause = provider.call.pause.left()
    return (
        known
        | _circuit_now(provider, available=public["available"])
        | {
            "pause": pause and {"state": str(pause.state), "left_s": math.ceil(pause.retry_after_s or 0)},
            "quota": public["quota"] and public["quota"] | {"window": spec.quota.window},
        }
    )


def _side_circuit(side: SideService, public: Mapping[str, Any]) -> dict[str, Any]:
    known = {"name": side.name, "label": side.label, "circuit": side.circuit.name}
    return known | _circuit_now(side, available=public["available"]) | {"pause": None, "quota": None}


def _circuit_now(service: ConfiguredProvider | SideService, *, available: bool) -> dict[str, Any]:
    snapshot, circuit = service.stats.snapshot(), service.circuit
    return {
        "configured": True,
        "available": available,
        "state": snapshot.state.replace("-", "_"),
        "is_forced": snapshot.is_held,
        # False: Redis could not be asked, and this is what the process that answers knows.
        "is_shared": snapshot.source == "shared" or get_redis() is None,
        "fail_count": snapshot.fail_count,
        "fail_max": circuit.fail_max,
        "success_count": snapshot.success_count,
        "success_threshold": circuit.success_threshold,
        "retry_in_s": round(snapshot.retry_in_s, 1)
        if snapshot.state == "open" and not snapshot.is_held
        else None,
        "open_period_s": circuit.policy.open_period_s(snapshot.trips),
        "open_for_s": None if snapshot.open_for_s is None else round(snapshot.open_for_s, 1),
        "changed_s_ago": None if snapshot.changed_s_ago is None else round(snapshot.changed_s_ago, 1),
    }


def _queues() -> list[dict[str, Any]] | None:
    """Tasks that wait in each queue; None while nobody can be asked."""
    redis = get_redis()
    if redis is None:
        return None
    names = [queue.name for queue in settings.CELERY_TASK_QUEUES]
    pipeline = redis.pipeline(transaction=False)
    for name in names:
        pipeline.llen(name)
    try:
        lengths = pipeline.execute()
    except RedisGone:
        return None
    return [{"name": name, "length": length} for name, length in zip(names, lengths, strict=True)]


def _count_waiting() -> int | None:
    """Identifications that wait for a provider."""
    try:
        return PlantIdentificationRequest.objects.filter(status=AnswerStatus.QUEUED, deleted_at=None).count()
    except (DatabaseError, InterfaceError):
        return None


def _lock_waits(counts: Counter[str]) -> dict[str, int]:
    waits = counts["lock_waits"]
    return {
        "waits": waits,
        "long": counts["lock_waits_long"],
        "timeouts": counts["lock_timeouts"],
        "mean_ms": round(counts["lock_wait_ms"] / max(1, waits)),
    }


def _with_prefix(counts: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix): amount for name, amount in counts.items() if name.startswith(prefix)}


def _audit() -> list[dict[str, Any]] | None:
    try:
        rows = recent_entries(limit=AUDIT_SHOWN, actions="circuit.")
    except (DatabaseError, InterfaceError):
        return None
    return [row | {"at": row["at"].isoformat()} for row in rows]
