"""What is true of the services for all processes at once, asked for when Prometheus looks."""

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from apps.core.db import short_connection
from apps.plant_identification.services.registry import ConfiguredProvider, registry
from apps.plant_identification.services.side_service import SideService
from apps.plant_identification.services.side_services import side_services

_STATE = {"closed": 0, "half-open": 1, "open": 2}


def circuits() -> Iterator[Metric]:
    """Without Redis the states are this process' own, and nobody knows the time all were open."""
    state = GaugeMetricFamily("plant_id_circuit_state", "0 closed, 1 half-open, 2 open.", labels=["provider"])
    open_s = CounterMetricFamily(
        "plant_id_circuit_open_duration_seconds",
        "Time not closed, the outage of the moment included.",
        labels=["provider"],
    )
    services: list[ConfiguredProvider | SideService] = [*registry().providers, *side_services()]
    for provider in services:
        now = provider.stats.snapshot()
        state.add_metric([provider.name], _STATE[now.state])
        if now.open_total_s is not None:
            open_s.add_metric([provider.name], now.open_total_s)
    yield from (state, open_s)


def quotas() -> Iterator[Metric]:
    """
    Raises:
        DatabaseError, InterfaceError
    """
    used = GaugeMetricFamily("plant_id_quota_used_ratio", "1 is all of it.", labels=["provider", "window"])
    with short_connection():
        for provider in registry().providers:
            used.add_metric([provider.name, provider.spec.quota.window], provider.call.ledger.use().ratio)
    yield used
