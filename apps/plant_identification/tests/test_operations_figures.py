"""What `/ops/` shows: circuits, quotas, queues, sums of the last hour, and what happened lately."""

import json
from collections import deque
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.core.fleet import counts, events
from apps.core.fleet.counts import COUNTS, STEP_S, _key
from apps.core.fleet.events import KEPT, KEPT_S, STREAM, note_event, recent_events
from apps.core.models import AuditEntry
from apps.core.redis import get_redis
from apps.core.tests.fakes_resilience import wait_until
from apps.plant_identification.metrics import FlightMetrics
from apps.plant_identification.models import PlantIdentificationRequest
from apps.plant_identification.services import health, operations
from apps.plant_identification.services.degradation import DegradationWatch
from apps.plant_identification.services.registry import registry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sandbox")]

pytest_plugins = ["apps.core.tests.fixtures_resilience"]


@pytest.fixture(autouse=True)
def _nothing_happened_yet(monkeypatch):
    """And counts stay in memory."""
    COUNTS.forget()
    monkeypatch.setattr(counts, "WRITE_EVERY_S", 60)
    monkeypatch.setattr(events, "_own", deque(maxlen=KEPT))
    yield
    if COUNTS._writer is not None:
        COUNTS._writer.cancel()
    COUNTS.forget()


def board():
    """As it reaches the page."""
    return json.loads(json.dumps(operations.describe_operations(registry())))


def circuit_shown(name="plant_id"):
    return next(circuit for circuit in board()["circuits"] if circuit["name"] == name)


def fail(circuit):
    with pytest.raises(ZeroDivisionError):
        circuit.call(lambda: 1 / 0)


def let_the_open_period_pass():
    get_redis().hset("cb:{plant_id_api}", "retry_at", 1)


def test_a_circuit_is_shown_on_its_way_down_and_up_again():
    circuit = registry().get("plant_id").call.circuit
    fail(circuit)
    shown = circuit_shown()
    assert (shown["state"], shown["available"]) == ("closed", True)
    assert (shown["fail_count"], shown["fail_max"]) == (1, 3)
    assert (shown["retry_in_s"], shown["open_for_s"], shown["changed_s_ago"]) == (None, None, None)

    fail(circuit)
    fail(circuit)
    shown = circuit_shown()
    assert (shown["state"], shown["fail_count"], shown["available"]) == ("open", 3, False)
    assert 0 < shown["retry_in_s"] <= shown["open_period_s"] == 60
    assert 0 <= shown["open_for_s"] < 60
    assert 0 <= shown["changed_s_ago"] < 60

    let_the_open_period_pass()
    fail(circuit)
    shown = circuit_shown()
    assert 60 < shown["retry_in_s"] <= shown["open_period_s"] == 120

    let_the_open_period_pass()
    circuit.call(int)
    shown = circuit_shown()
    assert (shown["state"], shown["retry_in_s"]) == ("half_open", None)
    assert (shown["success_count"], shown["success_threshold"]) == (1, 2)


def test_what_was_taken_of_a_quota_is_shown():
    ledger = registry().get("plant_id").call.ledger
    ledger.reserve(question_key="q", principal="somebody", with_health=True)
    quota = circuit_shown()["quota"]

    assert (quota["used"], quota["limit"], quota["window"]) == (2, ledger.limit, "month")
    assert circuit_shown("plantnet")["quota"]["used"] == 0
    assert circuit_shown("plantnet")["quota"]["window"] == "day"


def test_tasks_and_photos_that_wait_are_counted():
    get_redis().rpush("slow", "task", "task")
    get_redis().rpush("fast", "task")
    rows = PlantIdentificationRequest.objects
    for status in ("queued", "queued", "stale"):
        rows.create(from_sandbox=True, options={}, status=status, cache="miss")
    rows.create(from_sandbox=True, options={}, status="queued", cache="miss", deleted_at=timezone.now())

    shown = board()
    assert {queue["name"]: queue["length"] for queue in shown["queues"]} == {
        "fast": 1,
        "default": 0,
        "slow": 2,
        "priority": 0,
    }
    assert shown["waiting"] == 2


def test_answers_are_counted_by_how_they_turned_out_and_where_they_came_from():
    COUNTS.add(identified_complete=1, cache_miss=1)
    COUNTS.add(identified_partial=1, cache_hit=1)
    COUNTS.add(identified_none=1)

    shown = board()
    assert shown["identified"] == {"complete": 1, "partial": 1, "none": 1}
    assert shown["cache"] == {"miss": 1, "hit": 1}


def test_an_hour_is_summed_up_and_no_more(monkeypatch):
    now = 1_000 * STEP_S + 7
    monkeypatch.setattr(counts, "time", SimpleNamespace(time=lambda: now))
    for steps_ago, amount in ((0, 1), (11, 10), (12, 100)):
        get_redis().hincrby(_key(1_000 - steps_ago), "cache_hit", amount)

    assert board()["cache"] == {"hit": 11}


def test_without_a_database_the_rest_is_shown(monkeypatch):
    monkeypatch.setattr(health, "_is_database_up", lambda: False)
    note_event("redis_back", away_s=1)

    shown = board()
    assert (shown["database"], shown["status"]) == (False, "unhealthy")
    assert (shown["waiting"], shown["audit"]) == (None, None)
    assert circuit_shown()["quota"] is None
    assert circuit_shown()["state"] == "closed"
    assert (len(shown["queues"]), len(shown["events"])) == (4, 1)


def test_where_no_redis_is_configured_one_process_is_all_there_is(no_redis):
    COUNTS.add(cache_hit=1)

    shown = board()
    assert (shown["redis"], shown["queues"], shown["cache"]) == (False, None, {"hit": 1})
    assert circuit_shown()["is_shared"]


def test_the_last_twenty_switches_are_shown_and_nothing_else_of_the_audit_log():
    who = uuid4()
    for number in range(25):
        AuditEntry.objects.create(actor_id=who, action="circuit.close", reason=str(number))
    AuditEntry.objects.create(actor_id=who, action="account.close")

    assert [row["reason"] for row in board()["audit"]] == [str(number) for number in range(24, 4, -1)]


def test_events_are_of_the_last_day():
    day_ago_ms = get_redis().time()[0] * 1000 - KEPT_S * 1000
    get_redis().xadd(STREAM, {"kind": "redis_gone", "about": ""}, id=f"{day_ago_ms - 60_000}-0")
    get_redis().xadd(STREAM, {"kind": "redis_back", "about": ""}, id=f"{day_ago_ms + 60_000}-0")

    assert [event["kind"] for event in board()["events"]] == ["redis_back"]


def test_what_happened_without_redis_is_shown_by_who_saw_it(own_redis):
    own_redis.stop()
    note_event("circuit_opened", about="plantnet_api", fail_count=5)

    [event] = board()["events"]
    assert (event["kind"], event["about"], event["facts"]) == (
        "circuit_opened",
        "plantnet_api",
        {"fail_count": "5"},
    )


def test_events_are_bounded_in_number_and_newest_first():
    for number in range(KEPT + 20):
        note_event("quota_nearly_used", about="plantnet", used=number)

    assert get_redis().xlen("core:fleet-events") == KEPT
    assert [event.facts["used"] for event in recent_events(2)] == [str(KEPT + 19), str(KEPT + 18)]


def test_of_a_storm_of_one_kind_only_the_first_is_written_down():
    for _ in range(5):
        note_event("lock_timeout", once_in_s=30, waited_s=40)
    note_event("lock_timeout", about="another", once_in_s=30)

    assert len(recent_events(10)) == 2


def test_a_circuit_that_opens_and_closes_is_among_the_events():
    circuit = registry().get("plant_id").call.circuit
    assert any(isinstance(listener, DegradationWatch) for listener in circuit.listeners)
    circuit.force_open()
    circuit.force_closed()

    assert [event.kind for event in recent_events(5)][:2] == ["circuit_closed", "circuit_opened"]


def test_lock_waits_are_summed_up():
    metrics = FlightMetrics("answer")
    metrics.ended("followed", waited_s=0.5)
    metrics.ended("timed_out", waited_s=1.5)
    for nobody_waited_for in ("cached", "told", "loaded"):
        metrics.ended(nobody_waited_for, waited_s=9)

    locks = board()["locks"]
    assert locks == {"waits": 2, "long": 1, "timeouts": 1, "mean_ms": 1000}
    assert [event.facts for event in recent_events(5)] == [{"waited_s": "1.5"}]


def test_a_burst_of_counts_is_one_write_a_second(monkeypatch):
    written = []
    monkeypatch.setattr(counts, "_write", lambda sums: written.append(dict(sums)) or True)
    monkeypatch.setattr(counts, "WRITE_EVERY_S", 0.05)
    for _ in range(1000):
        COUNTS.add(cache_hit=1)

    wait_until(lambda: sum(row["cache_hit"] for row in written) == 1000)
    assert len(written) < 5
    assert not COUNTS.last_hour()


def test_what_one_process_counts_the_others_see(monkeypatch):
    monkeypatch.setattr(counts, "WRITE_EVERY_S", 0.01)
    COUNTS.add(cache_hit=2)
    wait_until(lambda: get_redis().keys("core:fleet-counts:*"))
    COUNTS.forget()

    assert board()["cache"] == {"hit": 2}
    [key] = get_redis().keys("core:fleet-counts:*")
    assert 3_600 < get_redis().ttl(key) <= 7_200


def test_what_could_not_be_written_is_written_with_the_next_count(monkeypatch):
    monkeypatch.setattr(counts, "WRITE_EVERY_S", 0.01)
    tries = []
    monkeypatch.setattr(counts, "_write", lambda sums: tries.append(dict(sums)) or len(tries) > 1)
    COUNTS.add(cache_hit=1)
    wait_until(lambda: tries and COUNTS.last_hour()["cache_hit"] == 1)
    COUNTS.add(cache_hit=1)
    wait_until(lambda: len(tries) == 2)

    assert tries == [{"cache_hit": 1}, {"cache_hit": 2}]


def test_a_document_has_a_bounded_size():
    for number in range(100):
        note_event("provider_misconfigured", about="plant_id", status=number, more="x" * 500)

    shown = board()
    assert len(shown["events"]) == operations.EVENTS_SHOWN
    assert len(json.dumps(shown)) < 20_000
