import logging
import re
import time
from datetime import UTC, datetime

import pytest

from apps.core.resilience.breaker import BreakerPolicy, CircuitOpen, SharedBreaker
from apps.core.tests.fakes_resilience import in_threads, wait_until
from apps.plant_identification.circuit_monitoring import (
    CircuitMonitor,
    create_monitored_circuit,
    log_all_open,
    log_degraded,
)

pytest_plugins = ["apps.core.tests.fixtures_resilience"]

LOGGER = "apps.plant_identification.circuit_monitoring"


class Timeout(Exception):
    pass


class NoCredits(Exception):
    pass


def fail(text="read timed out"):
    raise Timeout(text)


def attempt(circuit, work=fail):
    try:
        return circuit.call(work)
    except (Timeout, NoCredits, CircuitOpen) as exc:
        return type(exc)


@pytest.fixture(params=["own_redis", "no_redis"])
def anywhere(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def lines(caplog):
    """Level and text of what was logged so far, and forget it."""
    caplog.set_level(logging.DEBUG, LOGGER)

    def take():
        records = [record for record in caplog.records if record.name == LOGGER]
        assert all(record.event for record in records)
        caplog.clear()
        return [(record.levelname, record.getMessage()) for record in records]

    return take


def test_the_whole_life_of_an_outage_is_in_the_log(anywhere, lines):
    circuit, _, _ = create_monitored_circuit("plant_id_api", 3, 0.2, success_threshold=2, timeout=35)
    assert lines() == [
        ("INFO", "[CIRCUIT] Initialized circuit breaker for plant_id_api (fail_max=3, reset_timeout=0s)")
    ]

    attempt(circuit)
    attempt(circuit)
    assert lines() == [
        ("WARNING", "[CIRCUIT] plant_id_api call FAILED - Timeout: read timed out (fail_count=1/3)"),
        ("WARNING", "[CIRCUIT] plant_id_api call FAILED - Timeout: read timed out (fail_count=2/3)"),
        ("WARNING", "[CIRCUIT] plant_id_api WARNING - One more failure will open circuit"),
    ]
    attempt(circuit)
    assert lines() == [
        ("WARNING", "[CIRCUIT] plant_id_api call FAILED - Timeout: read timed out (fail_count=3/3)"),
        ("ERROR", "[CIRCUIT] plant_id_api state transition: CLOSED → OPEN (fail_count=3)"),
        ("ERROR", "[CIRCUIT] plant_id_api circuit OPENED - API calls blocked for 0s"),
    ]
    attempt(circuit)
    assert lines() == [
        ("INFO", "[CIRCUIT] plant_id_api call BLOCKED - Circuit is OPEN, fast-failing without API call")
    ]
    time.sleep(0.22)
    attempt(circuit, int)
    attempt(circuit, int)
    told = lines()
    assert told[:-1] == [
        ("INFO", "[CIRCUIT] plant_id_api state transition: OPEN → HALF-OPEN (fail_count=3)"),
        ("INFO", "[CIRCUIT] plant_id_api entering HALF-OPEN state - Testing service recovery"),
        ("INFO", "[CIRCUIT] plant_id_api recovery test SUCCESS (1/2 required)"),
        ("INFO", "[CIRCUIT] plant_id_api recovery test SUCCESS (2/2 required)"),
        ("INFO", "[CIRCUIT] plant_id_api state transition: HALF-OPEN → CLOSED (fail_count=0)"),
    ]
    assert re.fullmatch(
        r"\[CIRCUIT\] plant_id_api circuit CLOSED - Service recovered after \d\.\ds downtime", told[-1][1]
    )


def test_the_numbers_in_the_log_are_the_configured_ones(anywhere, lines):
    circuit, _, _ = create_monitored_circuit("plant_id_api", fail_max=1, reset_timeout=60)

    attempt(circuit)

    texts = [text for _, text in lines()]
    assert texts[0].endswith("(fail_max=1, reset_timeout=60s)")
    assert texts[-1] == "[CIRCUIT] plant_id_api circuit OPENED - API calls blocked for 60s"


def test_many_threads_that_fail_at_once_make_one_line_per_event(anywhere, lines):
    circuit, _, _ = create_monitored_circuit("plantnet_api", 5, 30)

    in_threads(24, lambda _: attempt(circuit))

    texts = [text for _, text in lines()]
    for once in ("state transition", "circuit OPENED", "One more failure"):
        assert sum(once in text for text in texts) == 1, once


def test_no_key_gets_into_the_log(anywhere, lines):
    circuit, _, _ = create_monitored_circuit("plantnet_api", 5, 30)

    attempt(circuit, lambda: fail("GET /v2/identify/all?api-key=SECRET " + "x" * 10_000))

    text = lines()[-1][1]
    assert "SECRET" not in text
    assert len(text) < 400


def test_an_outage_that_lasts_is_critical_once(anywhere, lines):
    policy = BreakerPolicy(fail_max=1, reset_timeout_s=60, stuck_after_s=0.0)
    circuit = SharedBreaker("plant_id_api", policy, listeners=[CircuitMonitor("plant_id_api")])
    attempt(circuit)
    lines()

    attempt(circuit)
    attempt(circuit)

    (critical,) = [text for level, text in lines() if level == "CRITICAL"]
    assert re.fullmatch(r"\[CIRCUIT\] plant_id_api CRITICAL - Circuit has not closed for \d+s", critical)


def test_the_status_of_a_healthy_circuit(anywhere):
    _, _, stats = create_monitored_circuit("plant_id_api", 3, 60, success_threshold=2, timeout=35)

    assert stats.is_healthy()
    assert stats.get_status() == {
        "state": "closed",
        "service_name": "plant_id_api",
        "fail_count": 0,
        "fail_max": 3,
        "reset_timeout": 60,
        "success_threshold": 2,
        "is_healthy": True,
        "is_degraded": False,
        "is_unavailable": False,
        "last_state_change": None,
        "open_duration_seconds": None,
        "retry_in_seconds": None,
    }


def test_the_status_of_an_open_circuit_is_the_same_in_every_instance(own_redis):
    circuit, _, _ = create_monitored_circuit("plant_id_api", 3, 60)
    _, _, stats = create_monitored_circuit("plant_id_api", 3, 60)
    for _ in range(3):
        attempt(circuit)

    status = stats.get_status()

    assert not stats.is_healthy()
    assert (status["state"], status["is_unavailable"], status["fail_count"]) == ("open", True, 3)
    assert 0 <= status["open_duration_seconds"] < 10
    assert 50 < status["retry_in_seconds"] <= 60
    changed = datetime.fromisoformat(status["last_state_change"])
    assert abs((datetime.now(UTC) - changed).total_seconds()) < 10


def test_the_status_of_a_circuit_that_recovers(anywhere):
    circuit, _, stats = create_monitored_circuit("plant_id_api", 1, 0.1, success_threshold=2)
    attempt(circuit)
    wait_until(lambda: attempt(circuit, int) == 0)

    status = stats.get_status()

    assert (status["state"], status["is_degraded"], status["is_healthy"]) == ("half_open", True, False)
    assert status["retry_in_seconds"] is None
    assert status["open_duration_seconds"] >= 0.1


def test_looking_at_the_status_never_starts_a_trial(anywhere):
    circuit, _, stats = create_monitored_circuit("plant_id_api", 1, 0.05)
    attempt(circuit)
    wait_until(lambda: stats.get_status()["retry_in_seconds"] == 0)

    assert {stats.get_status()["state"] for _ in range(3)} == {"open"}


def test_neutral_failures_do_not_count(anywhere):
    circuit, _, stats = create_monitored_circuit("plant_id_api", 1, 60, neutral=[NoCredits])

    def decline():
        raise NoCredits

    attempt(circuit, decline)

    assert stats.is_healthy()


def test_what_remains_of_the_service_is_logged(lines):
    log_degraded(unavailable="Plant.id", using="PlantNet")
    log_degraded(unavailable="PlantNet", using="Plant.id")
    log_all_open()

    assert lines() == [
        ("WARNING", "[CIRCUIT] DEGRADED: Plant.id circuit OPEN, using PlantNet only"),
        ("WARNING", "[CIRCUIT] DEGRADED: PlantNet circuit OPEN, using Plant.id only"),
        ("CRITICAL", "[CIRCUIT] CRITICAL: Both circuits OPEN - no API available"),
    ]
