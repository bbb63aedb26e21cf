"""Several processes that want the same thing."""

import time
from itertools import chain

from apps.core.redis import OUTAGE, get_redis
from apps.core.resilience.locks import SharedLock
from apps.core.resilience.shared_cache import SharedCache
from apps.core.resilience.single_flight import FlightPolicy, SingleFlight
from apps.core.tests.fakes_resilience import PATIENCE_S, in_threads, listen, say, wait_until
from apps.core.tests.test_single_flight import KEY, Refused, RefusedCodec

pytest_plugins = ["apps.core.tests.fixtures_resilience"]

PROCESSES, THREADS = 5, 10
EXPIRE_S = 2
SLACK_S = 5.0  # a loaded machine may be late
POLICY = FlightPolicy(expire_s=EXPIRE_S, renew_every_s=0.3, poll_s=(0.02, 0.05))


def flight():
    return SingleFlight(SharedCache(), POLICY)


def fetch(load, *, wait_s=PATIENCE_S, flights=None):
    return (flights or flight()).fetch(KEY, load, wait_s=wait_s, ttl_s=60, failure_codec=RefusedCodec())


def load_slowly():
    get_redis().incr("loads")
    time.sleep(0.5)
    return {"name": "Ficus", "filler": "x" * 40_000}


def fail_slowly():
    get_redis().incr("loads")
    time.sleep(0.3)
    raise Refused("no credits")


def fetch_in_threads(barrier, number, load):
    flights = flight()
    barrier.wait(PATIENCE_S)
    outcomes = in_threads(THREADS, lambda _: fetch(load, flights=flights))
    return [
        (type(outcome).__name__, str(outcome))
        if isinstance(outcome, Exception)
        else (outcome.source, outcome.value["name"])
        for outcome in outcomes
    ]


def test_fifty_callers_in_five_processes_cause_one_load(fleet):
    outcomes = list(chain.from_iterable(fleet.run(fetch_in_threads, load_slowly, processes=PROCESSES)))

    assert get_redis().get("loads") == b"1"
    assert {name for _, name in outcomes} == {"Ficus"}
    assert [source for source, _ in outcomes].count("loaded") == 1


def test_fifty_callers_share_one_failure(fleet):
    outcomes = list(chain.from_iterable(fleet.run(fetch_in_threads, fail_slowly, processes=PROCESSES)))

    assert get_redis().get("loads") == b"1"
    assert set(outcomes) == {("Refused", "no credits")}
    assert len(outcomes) == PROCESSES * THREADS


def hold_until_told():
    OUTAGE.memo_s = 0.2

    def load():
        say("loading")
        listen()
        return {"name": "Ficus"}

    outcome = fetch(load)
    return (outcome.source, outcome.value["name"])


def wait_as_successor(barrier, number):
    def load():
        get_redis().incr("loads")
        return {"name": "Monstera"}

    barrier.wait(PATIENCE_S)
    say("waiting")
    outcome = fetch(load)
    return outcome.source, outcome.value["name"]


def test_a_killed_holder_is_replaced_by_exactly_one(fleet):
    holder = fleet.start(hold_until_told)
    assert holder.said() == "loading"
    barrier = fleet.context.Barrier(3)
    waiters = [fleet.start(wait_as_successor, barrier, number) for number in range(3)]
    assert [waiter.said() for waiter in waiters] == ["waiting"] * 3
    killed_at = time.monotonic()
    holder.kill()

    outcomes = [waiter.result() for waiter in waiters]

    assert time.monotonic() - killed_at < EXPIRE_S + SLACK_S
    assert get_redis().get("loads") == b"1"
    assert [source for source, _ in outcomes].count("loaded") == 1
    assert {name for _, name in outcomes} == {"Monstera"}


def follow():
    """Tells when it has met the holder's lock; asks a lost Redis again soon."""
    OUTAGE.memo_s = 0.2
    acquire = SharedLock.acquire

    def acquire_and_tell(lock):
        acquired = acquire(lock)
        SharedLock.acquire = acquire
        say("met the lock")
        return acquired

    SharedLock.acquire = acquire_and_tell

    def load():
        return {"name": "bought twice"}

    outcome = fetch(load)
    return (outcome.source, outcome.value["name"])


def test_a_redis_that_hangs_for_a_while_does_not_cause_a_second_load(fleet, own_redis):
    holder = fleet.start(hold_until_told)
    assert holder.said() == "loading"
    follower = fleet.start(follow)
    assert follower.said() == "met the lock"
    token = get_redis().get(f"lock:{KEY}")
    own_redis.pause()
    time.sleep(0.6 * EXPIRE_S)
    own_redis.resume()
    # Had its renewal died, the lock would be gone before this is over.
    ends_at = time.monotonic() + EXPIRE_S
    wait_until(lambda: time.monotonic() > ends_at)
    assert get_redis().get(f"lock:{KEY}") == token
    holder.tell("go on")

    assert holder.result() == ("loaded", "Ficus")
    assert follower.result() == ("followed", "Ficus")
