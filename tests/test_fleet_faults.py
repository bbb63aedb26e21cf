"""What several server processes promise while things fail: each photo bought once, each event told once.

The services are held by the sandbox until everybody has arrived; locks of dead processes are shortened in
Redis instead of waited for. `FAULTS=long` starts four servers and not two, waits for the locks, and lets
Redis die while people wait. Scale in processes and threads is shown in every run by the faults' tests of
`apps/`, which need no servers.
"""

import os
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import psycopg
import pytest
import redis as redis_py
import requests

from apps.core.tests.fakes_faults import LONG, THREADS
from apps.core.tests.fakes_resilience import wait_until
from apps.plant_identification.tests.conftest import make_photo, states_of
from tests.fleet import running_fleet

pytestmark = pytest.mark.timeout(240)

PROCESSES = 4 if LONG else 2
EVERYBODY = PROCESSES * THREADS
CIRCUITS = {"plant_id": "cb:{plant_id_api}", "plantnet": "cb:{plantnet_api}"}


@pytest.fixture(scope="module")
def _one_fleet(tmp_path_factory):
    directory = tmp_path_factory.mktemp("faults")
    for folder in (directory, *list(directory.parents)[:2]):
        folder.chmod(0o755)  # PostgreSQL runs as another user where the tests run as root
    with running_fleet(directory, servers=PROCESSES) as fleet:
        yield fleet


@pytest.fixture
def redis(_one_fleet):
    with redis_py.Redis.from_url(_one_fleet.redis.url) as client:
        yield client


@pytest.fixture
def fleet(_one_fleet, redis):
    """As new: both circuits closed, and every process knows it."""
    _one_fleet.reset()
    for server in _one_fleet.servers:
        if server.process.poll() is not None:
            server.start()
    for turn in range(20):
        if {row(redis, name).get("state", "closed") for name in CIRCUITS} == {"closed"}:
            break
        let_open_periods_pass(redis)
        _one_fleet.servers[turn % PROCESSES].identify(make_photo(f"recovery {time.monotonic()}"))
    for server in _one_fleet.servers:
        assert server.identify(make_photo(f"{server.port} {time.monotonic()}")).json()["status"] == "complete"
    _one_fleet.reset()
    _one_fleet.log_begins = [server.log.stat().st_size for server in _one_fleet.servers]
    return _one_fleet


def row(redis, name):
    return {field.decode(): text.decode() for field, text in redis.hgetall(CIRCUITS[name]).items()}


def let_open_periods_pass(redis):
    """The clock that decides is Redis' own: move what it waits for into the past."""
    for key in CIRCUITS.values():
        if redis.hexists(key, "retry_at"):
            redis.hset(key, "retry_at", 1)
        redis.delete(f"{key}:trial")


def logged(fleet, pattern):
    """Of all processes since the test began."""
    found = []
    for server, begin in zip(fleet.servers, fleet.log_begins, strict=True):
        with server.log.open("rb") as log:
            log.seek(begin)
            found += re.findall(pattern, log.read().decode())
    return found


def posts(fleet):
    return {name: counters["identify_posts"] for name, counters in fleet.sandbox.counters().items()}


def pids_that_hold(redis):
    """Of the processes whose locks these are, by the locks' own words."""
    owners = [redis.get(key) for key in redis.keys("lock:*")]
    return {int(owner.decode().split("-")[-3]) for owner in owners if owner}


def worker_pids(server):
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return {pid for pid in pids if _group_of(pid) == server.process.pid}


def _group_of(pid):
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def holder_of(fleet, redis):
    wait_until(lambda: len(redis.keys("lock:*")) == 3)  # of the answer, and of each service's reply
    [pid] = pids_that_hold(redis)
    return next(server for server in fleet.servers if pid in worker_pids(server))


def call_all(callers, fleet, photos):
    """One call for each photo, the servers in turn."""
    calls = {server.port: [] for server in fleet.servers}
    for number, photo in enumerate(photos):
        server = fleet.servers[number % PROCESSES]
        calls[server.port].append(callers.submit(server.identify, photo))
    return calls


def require_rest(fleet, redis):
    """No lock and no call is left."""
    wait_until(lambda: not redis.keys("lock:*"))
    for name in CIRCUITS:
        fleet.sandbox.wait_for(name, "in_flight", at_most=0)


def count_records(fleet):
    with psycopg.connect(fleet.postgres.url) as database:
        counted = database.execute("SELECT count(*) FROM plant_identification_plantidentificationrequest")
        return counted.fetchone()[0]


def shorten_locks_of(redis, pids):
    """What happens by itself 10 s after a process died."""
    for key in redis.keys("lock:*"):
        owner = redis.get(key)
        if owner and int(owner.decode().split("-")[-3]) in pids:
            redis.pexpire(key, 1)


def test_a_killed_holder_costs_no_survivor_its_answer_and_nobody_a_second_plant_id_call(fleet, redis):
    fleet.sandbox.hold()
    with ThreadPoolExecutor(EVERYBODY) as callers:
        calls = call_all(callers, fleet, [make_photo("killed holder")] * EVERYBODY)
        for name in CIRCUITS:
            fleet.sandbox.wait_for(name, "in_flight", at_least=1)
        holder = holder_of(fleet, redis)
        pids = worker_pids(holder)
        holder.kill()
        fleet.sandbox.release()
        if LONG:
            wait_until(lambda: not pids & pids_that_hold(redis))
        wait_until(lambda: shorten_locks_of(redis, pids) or not pids & pids_that_hold(redis))
        survivors = [call.result() for port, made in calls.items() if port != holder.port for call in made]

    assert Counter(response.status_code for response in survivors) == {200: EVERYBODY - THREADS}
    assert {response.json()["status"] for response in survivors} == {"complete"}
    counters = fleet.sandbox.counters()
    assert counters["plant_id"]["identify_posts"] == 1
    assert counters["plant_id"]["identify_gets"] >= 1
    assert counters["plantnet"]["identify_posts"] <= 2
    require_rest(fleet, redis)


def test_work_of_a_killed_server_is_done_once_by_another_for_the_same_key_and_paid_once(fleet, redis):
    holder, survivor = fleet.servers[:2]
    photo, key = make_photo("killed with a key"), {"Idempotency-Key": "of-the-killed-one"}
    records = count_records(fleet)
    fleet.sandbox.hold()
    with ThreadPoolExecutor(1) as callers:
        lost = callers.submit(holder.identify, photo, **key)
        for name in CIRCUITS:
            fleet.sandbox.wait_for(name, "in_flight", at_least=1)
        pids = worker_pids(holder)
        holder.kill()
        assert lost.exception() is not None
    fleet.sandbox.release()
    wait_until(lambda: shorten_locks_of(redis, pids) or not pids & pids_that_hold(redis))
    with psycopg.connect(fleet.postgres.url) as database:  # what happens by itself 45 s after it began
        database.execute("UPDATE core_keyedrequest SET claimed_until = now() WHERE status IS NULL")

    first, again = survivor.identify(photo, **key), survivor.identify(photo, **key)

    assert (first.status_code, first.json()["status"]) == (200, "complete")
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    counters = fleet.sandbox.counters()
    assert counters["plant_id"]["identify_posts"] == 1
    assert counters["plant_id"]["identify_gets"] >= 1
    assert counters["plantnet"]["identify_posts"] <= 2
    assert count_records(fleet) == records + 1


def test_the_same_key_at_several_servers_at_once_makes_one_record(fleet, redis):
    photo, key = make_photo("one key for all"), {"Idempotency-Key": "at-every-server"}
    records = count_records(fleet)
    fleet.sandbox.hold()
    with ThreadPoolExecutor(10) as callers:
        calls = [
            callers.submit(fleet.servers[number % PROCESSES].identify, photo, **key) for number in range(10)
        ]
        fleet.sandbox.wait_for("plant_id", "in_flight", at_least=1)
        fleet.sandbox.release()
        answers = [call.result() for call in calls]

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert ["Idempotent-Replayed" in answer.headers for answer in answers].count(False) == 1
    assert count_records(fleet) == records + 1
    assert posts(fleet) == {"plant_id": 1, "plantnet": 1}
    require_rest(fleet, redis)


@pytest.mark.parametrize("status", [500, 429, 401])
def test_what_fails_for_one_fails_for_all_with_one_call(fleet, redis, status):
    """No convoy: nobody tries again what has just failed for all."""
    fleet.sandbox.fault("both", "status", status)
    fleet.sandbox.hold()
    with ThreadPoolExecutor(EVERYBODY) as callers:
        calls = call_all(callers, fleet, [make_photo(f"fails with {status}")] * EVERYBODY)
        for name in CIRCUITS:
            fleet.sandbox.wait_for(name, "in_flight", at_least=1)
        fleet.sandbox.release()
        answers = [call.result() for made in calls.values() for call in made]

    assert Counter(response.status_code for response in answers) == {503: EVERYBODY}
    assert posts(fleet) == {"plant_id": 1, "plantnet": 1}
    require_rest(fleet, redis)
    for key in redis.keys("*:pause"):
        redis.delete(key)


def test_many_failures_at_once_open_the_circuit_once_and_one_trial_at_a_time_follows(fleet, redis):
    fleet.sandbox.fault("plant_id", "status", 500)
    fleet.sandbox.hold("plant_id")
    with ThreadPoolExecutor(EVERYBODY) as callers:
        calls = call_all(callers, fleet, [make_photo(f"failing {number}") for number in range(EVERYBODY)])
        fleet.sandbox.wait_for("plant_id", "in_flight", at_least=EVERYBODY, timeout_s=60)
        fleet.sandbox.release("plant_id")
        answers = [call.result() for made in calls.values() for call in made]
    assert {response.json()["status"] for response in answers} == {"partial"}
    assert row(redis, "plant_id")["state"] == "open"
    for once in (
        r"state transition: CLOSED → OPEN \(fail_count=3\)",
        "circuit OPENED - API calls blocked for 60s",
        "One more failure will open circuit",
        "DEGRADED: Plant.id circuit OPEN, using PlantNet only",
    ):
        assert len(logged(fleet, once)) == 1, once

    fleet.sandbox.clear_faults()
    let_open_periods_pass(redis)
    for trial in range(2):
        before = posts(fleet)["plant_id"]
        fleet.sandbox.hold("plant_id")
        with ThreadPoolExecutor(EVERYBODY) as callers:
            photos = [make_photo(f"trial {trial} {number}") for number in range(EVERYBODY)]
            calls = [call for made in call_all(callers, fleet, photos).values() for call in made]
            wait_until(lambda calls=calls: sum(call.done() for call in calls) == EVERYBODY - 1)
            assert posts(fleet)["plant_id"] - before == 1
            fleet.sandbox.release("plant_id")
            states = Counter(states_of(call.result())["plant_id"] for call in calls)
        assert states == {"answered": 1, "circuit_open": EVERYBODY - 1}
    assert row(redis, "plant_id")["state"] == "closed"
    for once in (
        r"state transition: OPEN → HALF-OPEN",
        "entering HALF-OPEN state",
        r"recovery test SUCCESS \(1/2",
        r"recovery test SUCCESS \(2/2",
        "circuit CLOSED - Service recovered after",
    ):
        assert len(logged(fleet, once)) == 1, once
    require_rest(fleet, redis)


@pytest.mark.skipif(not LONG, reason="waits for locks to run out; FAULTS=long")
@pytest.mark.parametrize("loss", ["killed", "hung"])
def test_redis_lost_while_all_wait_costs_no_answer_and_no_second_plant_id_call(fleet, redis, loss):
    fleet.sandbox.hold()
    with ThreadPoolExecutor(EVERYBODY) as callers:
        calls = call_all(callers, fleet, [make_photo(f"redis {loss}")] * EVERYBODY)
        for name in CIRCUITS:
            fleet.sandbox.wait_for(name, "in_flight", at_least=1)
        holder_of(fleet, redis)
        {"killed": fleet.redis.kill, "hung": fleet.redis.pause}[loss]()
        try:
            fleet.sandbox.release()
            answers = [call.result() for made in calls.values() for call in made]
        finally:
            fleet.redis.resume()
            if loss == "killed":
                fleet.redis.start()

    assert Counter(response.status_code for response in answers) == {200: EVERYBODY}
    assert posts(fleet)["plant_id"] == 1
    assert posts(fleet)["plantnet"] <= PROCESSES


def test_guesses_are_counted_for_all_processes_together_while_redis_is_away(fleet):
    together = Barrier(EVERYBODY)

    def guess(number):
        together.wait(timeout=30)
        url = f"{fleet.servers[number % PROCESSES].url}/api/v1/auth/token/"
        return requests.post(url, json={"login": "moss@example.org", "password": "guess"}, timeout=60)

    fleet.redis.kill()
    try:
        with ThreadPoolExecutor(EVERYBODY) as pool:
            answers = list(pool.map(guess, range(EVERYBODY)))
    finally:
        fleet.redis.start()
        wait_until(lambda: all(each.health()["services"]["redis"]["available"] for each in fleet.servers))

    assert Counter(answer.status_code for answer in answers) == {401: 5, 429: EVERYBODY - 5}
