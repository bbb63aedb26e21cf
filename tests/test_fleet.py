"""What two server processes promise together: one call per photo, one circuit, no Redis needed."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.plant_identification.tests.conftest import make_photo, states_of
from tests.fleet import running_fleet

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def _one_fleet(tmp_path_factory):
    directory = tmp_path_factory.mktemp("fleet")
    for folder in (directory, *list(directory.parents)[:2]):
        folder.chmod(0o755)  # PostgreSQL runs as another user where the tests run as root
    with running_fleet(directory) as fleet:
        fleet.identify_all([make_photo(f"warm {number}") for number in range(4)])
        yield fleet


@pytest.fixture
def fleet(_one_fleet):
    """As new, and each process knows that both circuits are closed: without Redis that is what counts."""
    _one_fleet.reset()
    for server in _one_fleet.servers:
        _wait_until(lambda server=server: _is_complete(server), seconds=20)
    _one_fleet.reset()
    return _one_fleet


def _is_complete(server):
    return server.identify(make_photo(f"{server.port} {time.monotonic()}")).json()["status"] == "complete"


def _redis_client(fleet):
    import redis

    return redis.Redis.from_url(fleet.redis.url)


def posts(fleet):
    return {name: counters["identify_posts"] for name, counters in fleet.sandbox.counters().items()}


@pytest.mark.parametrize("latency_s", [0.3, 15])
def test_the_same_photo_32_times_is_bought_once(fleet, latency_s):
    fleet.sandbox.fault("both", "latency", latency_s)
    photo = make_photo(f"same {latency_s}", size=(1000, 1000))

    answers = fleet.identify_all([photo] * 32)

    assert {response.json()["status"] for _, response in answers} == {"complete"}
    assert posts(fleet) == {"plant_id": 1, "plantnet": 1}
    assert len({response.json()["id"] for _, response in answers}) == 32
    assert max(seconds for seconds, _ in answers) < latency_s + 2


def test_more_signed_in_people_than_database_connections_wait_for_the_same_photo(fleet):
    """Who waits holds no connection: else the ledger would find none for the call they wait for."""
    token = fleet.new_token()
    fleet.sandbox.fault("both", "latency", 2)
    photo = make_photo("popular")
    with ThreadPoolExecutor(40) as callers:
        calls = [
            callers.submit(fleet.servers[0].identify, photo, Authorization=f"Bearer {token}")
            for _ in range(40)
        ]
        answers = [call.result() for call in calls]

    assert {response.status_code for response in answers} == {200}
    assert posts(fleet) == {"plant_id": 1, "plantnet": 1}


def test_32_different_photos_do_not_queue_behind_each_other(fleet):
    fleet.sandbox.fault("both", "latency", 1)
    photos = [make_photo(f"different {number}", size=(1000, 1000)) for number in range(32)]

    answers = fleet.identify_all(photos)

    assert {response.json()["status"] for _, response in answers} == {"complete"}
    assert posts(fleet) == {"plant_id": 32, "plantnet": 32}
    assert fleet.sandbox.counters("plant_id")["max_in_flight"] > 20
    assert (
        max(seconds for seconds, _ in answers) < 4
    )  # benchmarks measure; this only shows that nothing queues


def test_when_the_holder_is_killed_the_others_are_answered_without_buying_again(fleet):
    holder, survivor = fleet.servers
    photo = make_photo("killed holder")
    fleet.sandbox.fault("both", "latency", 3)
    with ThreadPoolExecutor(9) as callers:
        lost = callers.submit(holder.identify, photo)
        fleet.sandbox.wait_for("plant_id", "in_flight", at_least=1)
        fleet.sandbox.wait_for("plantnet", "in_flight", at_least=1)
        waiting = [callers.submit(survivor.identify, photo) for _ in range(8)]
        fleet.sandbox.wait_for("plant_id", "in_flight", at_least=1)
        holder.kill()
        answers = [call.result() for call in waiting]
        assert lost.exception() is not None
    holder.start()

    assert {response.status_code for response in answers} == {200}
    counters = fleet.sandbox.counters()
    assert counters["plant_id"]["identify_posts"] == 1
    assert counters["plant_id"]["identify_gets"] >= 1
    assert counters["plantnet"]["identify_posts"] <= 2


def test_a_failing_service_is_left_alone_by_every_process_after_three_failures(fleet):
    fleet.sandbox.fault("plant_id", "status", 500)

    for number in range(3):
        response = fleet.servers[number % 2].identify(make_photo(f"failing {number}"))
        assert (response.json()["status"], states_of(response)["plant_id"]) == ("partial", "failed")
    fleet.sandbox.fault("plant_id", "latency", 5)
    for number, server in enumerate(fleet.servers):
        response = server.identify(make_photo(f"open {number}"))
        assert states_of(response) == {"plant_id": "circuit_open", "plantnet": "answered"}
        assert response.elapsed.total_seconds() < 2
    assert posts(fleet)["plant_id"] == 3
    assert {server.health()["services"]["plant_id"]["circuit_state"] for server in fleet.servers} == {"open"}


def test_both_down_is_said_with_a_time_to_come_back_and_heals_by_itself(fleet):
    fleet.sandbox.fault("both", "status", 503)
    for number in range(6):
        response = fleet.servers[number % 2].identify(make_photo(f"down {number}"))
    assert response.status_code == 503
    assert response.json()["code"] == "provider_unavailable"
    assert int(response.headers["Retry-After"]) > 0

    fleet.sandbox.clear_faults()
    _let_open_periods_pass(fleet)
    for number in range(4):  # trials: two successes close a circuit
        fleet.servers[number % 2].identify(make_photo(f"trial {number}"))
    response = fleet.servers[0].identify(make_photo("after repair"))

    assert response.json()["status"] == "complete", response.json()


def _let_open_periods_pass(fleet):
    """Move the circuits' retry time into the past: the clock that decides is Redis' own."""
    client = _redis_client(fleet)
    for key in client.keys("cb:*"):
        if client.type(key) == b"hash" and client.hexists(key, "retry_at"):
            client.hset(key, "retry_at", 1)
    client.close()


def test_answers_that_blame_the_photo_leave_both_circuits_closed(fleet):
    fleet.sandbox.fault("plant_id", "plain_text", {"status": 400, "body": "Invalid image data"})
    fleet.sandbox.fault("plantnet", "not_a_plant")
    fleet.identify_all([make_photo(f"blamed {number}") for number in range(100)])

    services = fleet.servers[0].health()["services"]
    assert {services[name]["circuit_state"] for name in ("plant_id", "plantnet")} == {"closed"}
    assert services["plant_id"]["fail_count"] == "0/3"


def test_without_redis_identification_goes_on_and_comes_back(fleet):
    for number, server in enumerate(fleet.servers):  # a circuit that was open is closed for those who ask
        assert server.identify(make_photo(f"still with redis {number}")).status_code == 200
    fleet.redis.stop()
    try:
        for number, server in enumerate(fleet.servers * 2):
            response = server.identify(make_photo(f"no redis {number}"))
            assert response.json()["status"] == "complete"
        assert {server.health()["status"] for server in fleet.servers} == {"degraded"}
    finally:
        fleet.redis.start()
    for server in fleet.servers:
        _wait_until(lambda server=server: server.health()["services"]["redis"]["available"], seconds=10)


def test_a_hanging_redis_costs_a_moment_not_the_answer(fleet):
    fleet.redis.pause()
    try:
        started = time.monotonic()
        response = fleet.servers[0].identify(make_photo("hanging redis"))
        assert response.json()["status"] == "complete"
        assert time.monotonic() - started < 5
    finally:
        fleet.redis.resume()
    _wait_until(lambda: fleet.servers[0].health()["services"]["redis"]["available"], seconds=10)


def _wait_until(condition, *, seconds):
    woken = threading.Event()
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        woken.wait(0.1)
