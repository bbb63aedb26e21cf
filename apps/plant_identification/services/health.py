"""What can be said about identification right now without asking anybody outside."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from apps.core.health.probes import probe_database
from apps.core.health.readiness import check_readiness
from apps.core.health.workers import workers_alive
from apps.core.redis import is_redis_available
from apps.plant_identification.services.quota import QuotaUse
from apps.plant_identification.services.registry import ConfiguredProvider, Registry
from apps.plant_identification.services.side_service import SideService
from apps.plant_identification.services.side_services import side_services

HEALTHY, DEGRADED, UNHEALTHY = "healthy", "degraded", "unhealthy"
_MESSAGES = {
    HEALTHY: _("Identification works."),
    DEGRADED: _("Identification works, with less than everything behind it."),
    UNHEALTHY: _("Nothing can be identified at the moment."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderHealth:
    name: str
    configured: bool
    available: bool
    circuit: Mapping[str, Any] | None
    quota: QuotaUse | None


def describe_health(registry: Registry, *, with_details: bool) -> dict[str, Any]:
    """The health document. Details (quotas, circuits) are for staff."""
    database_up = _is_database_up()
    providers = [_provider_health(registry, spec.name, database_up=database_up) for spec in registry.specs]
    redis_up, workers_up = is_redis_available(), workers_alive()
    status = _status(providers, all_else=database_up and redis_up and workers_up, database_up=database_up)
    configured = any(provider.configured for provider in providers)
    return {
        "status": status,
        "circuit_state": _worst_state(providers),
        "timestamp": datetime.now(UTC).isoformat(),
        "version": settings.VERSION,
        "message": gettext(_MESSAGES[status]) if configured else _say_how_to_configure(registry),
        "sandbox": settings.PROVIDER_SANDBOX,
        "services": {provider.name: _public(provider, with_details=with_details) for provider in providers}
        | {side.name: _side_health(side) for side in side_services()}
        | {
            "redis": {"available": redis_up},
            "database": {"available": database_up},
            "celery": {"available": workers_up},
        },
        "circuit_breakers": (
            {provider.name: provider.circuit for provider in providers if provider.circuit}
            | {side.name: side.stats.get_status() for side in side_services()}
            if with_details
            else {}
        ),
        "authentication": {
            "mode": "development" if settings.DEBUG else "production",
            "requires_auth": not settings.DEBUG,
        },
    }


def _status(providers: list[ProviderHealth], *, all_else: bool, database_up: bool) -> str:
    if not database_up or not any(provider.available for provider in providers):
        return UNHEALTHY
    wanted = [provider for provider in providers if provider.configured]
    return HEALTHY if all_else and all(provider.available for provider in wanted) else DEGRADED


def _say_how_to_configure(registry: Registry) -> str:
    keys = f" {gettext('or')} ".join(spec.key_setting for spec in registry.specs)
    return gettext("No identification service is configured: set %(settings)s.") % {"settings": keys}


def _worst_state(providers: list[ProviderHealth]) -> str | None:
    states = {provider.circuit["state"] for provider in providers if provider.circuit}
    return next((state for state in ("open", "half_open", "closed") if state in states), None)


def _provider_health(registry: Registry, name: str, *, database_up: bool) -> ProviderHealth:
    provider = registry.get(name)
    if provider is None:
        return ProviderHealth(name=name, configured=False, available=False, circuit=None, quota=None)
    circuit = provider.stats.get_status()
    quota = provider.call.ledger.use() if database_up else None
    return ProviderHealth(
        name=name,
        configured=True,
        available=_can_answer(provider, circuit, quota),
        circuit=circuit,
        quota=quota,
    )


def _can_answer(provider: ConfiguredProvider, circuit: Mapping[str, Any], quota: QuotaUse | None) -> bool:
    has_quota = quota is not None and quota.used < quota.limit
    # An open circuit whose period is over admits the next call; without traffic nobody has tried yet.
    is_blocked = circuit["state"] == "open" and circuit["retry_in_seconds"] != 0
    return has_quota and not is_blocked and not provider.call.pause.is_on()


def _side_health(side: SideService) -> dict[str, Any]:
    """Identification does well without it, so it says nothing about the status."""
    circuit = side.stats.get_status()
    is_blocked = circuit["state"] == "open" and circuit["retry_in_seconds"] != 0
    return {
        "available": not is_blocked,
        "configured": True,
        "circuit_state": circuit["state"],
        "fail_count": f"{circuit['fail_count']}/{circuit['fail_max']}",
        "quota": None,
    }


def _public(provider: ProviderHealth, *, with_details: bool) -> dict[str, Any]:
    circuit = provider.circuit
    return {
        "available": provider.available,
        "configured": provider.configured,
        "circuit_state": circuit["state"] if circuit else None,
        "fail_count": f"{circuit['fail_count']}/{circuit['fail_max']}" if circuit else None,
        "quota": _public_quota(provider.quota) if with_details else None,
    }


def _public_quota(quota: QuotaUse | None) -> dict[str, Any] | None:
    if quota is None:
        return None
    return {"used": quota.used, "limit": quota.limit, "resets_at": quota.resets_at.isoformat()}


def _is_database_up() -> bool:
    """As `/readyz` asks: one that hangs is given up after a moment, and counts as gone."""
    return check_readiness({"database": probe_database}).status == "ok"
