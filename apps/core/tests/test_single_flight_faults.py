"""One key, four processes with sixteen threads each, and everything that can go wrong between them.

`FAULTS=long` runs the faults several times over, and with the locks' real times.
"""

import os
import signal
import time
from collections import Counter

import pytest

from apps.core.redis import get_redis
from apps.core.redis_options import REDIS_READ_TIMEOUT_S
from apps.core.resilience.locks import SharedLock
from apps.core.resilience.shared_cache import SharedCache
from apps.core.resilience.single_flight import FlightPolicy, FlightTimeout, SingleFlight
from apps.core.tests.fakes_faults import EVERYBODY, LONG, PROCESSES, THREADS, Crew, ServiceDown
from apps.core.tests.fakes_resilience import PATIENCE_S, Fleet, cache_settings, empty, wait_until
from devstack.redis import RedisServer

pytest_plugins = ["apps.core.tests.fixtures_resilience"]
pytestmark = pytest.mark.timeout(180)

KEY = "plant_id:v3:host:" + "0123456789abcdef" * 4 + ":options"
LOCK = f"lock:{KEY}"
LOGGER = "apps.core.resilience"
# Long enough that no test waits for it, unless it says so: dead holders' locks are shortened in Redis.
PATIENT = FlightPolicy(expire_s=60, renew_every_s=0.3, poll_s=(0.02, 0.05))
REAL = FlightPolicy()
SLACK_S = 5.0  # a loaded machine may be late
ROUNDS = 5 if LONG else 1


class FailureCodec:
    def encode(self, failure):
        return str(failure) if isinstance(failure, ServiceDown) else None

    def decode(self, data):
        return ServiceDown(data)


def make_caller(post, number, policy):
    """Work in a member: fetches through its own flights what is loaded from the service."""
    flights = SingleFlight(SharedCache(), policy)
    post.under_way = lambda: len(flights._under_way)

    def call(order):
        found = flights.fetch(
            order.get("key", KEY),
            lambda: {"by": number, "said": post.serve(order)},
            wait_s=order.get("wait_s", 2 * PATIENCE_S),
            ttl_s=60,
            failure_codec=FailureCodec(),
        )
        return found.source, found.value["by"]

    return call


@pytest.fixture
def redis(own_redis):
    return get_redis()


@pytest.fixture
def crew(fleet):
    return Crew(fleet, LOGGER, make_caller, PATIENT)


def begin_all(crew, redis, **order):
    """64 callers at once: one is at the service, and every other process has met its lock."""
    holder = begin_and_meet(crew, "answer", **order)
    return holder, redis.get(LOCK)


def begin_and_meet(crew, does, **order):
    """Until each of the other processes goes on looking at the cache: it knows that the lock is taken."""
    looked_before = {number: crew.do(number, looks) for number in crew.alive}
    crew.begin(does, held=True, **order)
    crew.wait_inside(1)
    [holder] = crew.where_inside()
    wait_for_looks(crew, looked_before, holder)
    return holder


def wait_for_looks(crew, looked_before, holder):
    for number, seen in looked_before.items():
        if number != holder:
            wait_until(lambda number=number, seen=seen: crew.do(number, looks) > seen + 1)


looked = {"times": 0}


def looks():
    return looked["times"]


def counting_looks(post, number, policy):
    """As `make_caller`, and counts how often the lock was found taken."""
    acquire = SharedLock.acquire

    def acquire_and_count(lock):
        acquired = acquire(lock)
        looked["times"] += not acquired
        return acquired

    SharedLock.acquire = acquire_and_count
    return make_caller(post, number, policy)


@pytest.fixture
def watched(fleet):
    return Crew(fleet, LOGGER, counting_looks, PATIENT)


def require_rest(crew, redis):
    crew.require_rest()
    wait_until(lambda: not redis.keys("lock:*"))


def test_sixty_four_callers_in_four_processes_cause_one_load(watched, redis):
    holder, _ = begin_all(watched, redis)
    watched.let_go()

    outcomes = Counter(watched.outcomes())

    assert watched.made == 1
    assert outcomes[("loaded", holder)] == 1
    assert {by for _, by in outcomes} == {holder}
    assert outcomes.total() == EVERYBODY
    require_rest(watched, redis)


def test_sixty_four_callers_share_one_failure_and_form_no_convoy(watched, redis):
    begin_and_meet(watched, "fail")
    watched.let_go()

    assert Counter(watched.outcomes()) == {("ServiceDown", "no answer"): EVERYBODY}
    assert watched.made == 1
    assert watched.call("answer") == {("ServiceDown", "no answer"): EVERYBODY}  # those who come just after
    assert watched.made == 1
    require_rest(watched, redis)


def test_a_killed_holder_is_replaced_by_one_and_all_survivors_are_answered(watched, redis):
    for _ in range(min(ROUNDS, PROCESSES - 1)):
        made, survivors = watched.made, (len(watched.alive) - 1) * THREADS
        holder, token = begin_all(watched, redis)
        watched.kill(holder)
        assert redis.get(LOCK) == token
        redis.pexpire(LOCK, 1)  # what happens by itself after the lock's time
        watched.wait_inside(1)
        assert redis.get(LOCK) != token
        [successor] = watched.where_inside()
        watched.let_go()

        outcomes = Counter(watched.outcomes())

        assert watched.made - made == 2
        assert outcomes[("loaded", successor)] == 1
        assert {by for _, by in outcomes} == {successor}
        assert outcomes.total() == survivors
        require_rest(watched, redis)
        empty_cache(redis)


def empty_cache(redis):
    for key in redis.keys("pc:*"):
        redis.delete(key)


def test_a_holder_that_froze_past_its_lock_keeps_its_result_and_leaves_the_lock_to_another(watched, redis):
    holder, token = begin_all(watched, redis)
    os.kill(watched.members[holder].pid, signal.SIGSTOP)
    redis.delete(LOCK)  # its time passed
    wait_until(lambda: watched.inside == 2)
    [successor] = [number for number in watched.where_inside() if number != holder]
    taken = redis.get(LOCK)
    os.kill(watched.members[holder].pid, signal.SIGCONT)
    watched.let_go(of=[holder])

    mine = Counter(watched.outcomes(of=[holder]))
    assert mine[("loaded", holder)] == 1
    assert {by for _, by in mine} == {holder}
    assert redis.get(LOCK) == taken != token  # given back by its own token only
    watched.let_go()
    outcomes = Counter(watched.outcomes(of=[number for number in watched.alive if number != holder]))

    assert watched.made == 2
    assert outcomes[("loaded", successor)] == 1
    assert outcomes.total() == EVERYBODY - THREADS
    require_rest(watched, redis)


@pytest.mark.parametrize("loss", ["killed", "hung"])
def test_redis_lost_while_they_wait_costs_one_load_a_process_at_most_and_no_error(
    fleet, redis, own_redis, loss
):
    """Who knows of a holder waits as long as its lock would have lived, and then loads in its place."""
    policy = FlightPolicy(expire_s=1, renew_every_s=0.2, poll_s=(0.02, 0.05))
    crew = Crew(fleet, LOGGER, counting_looks, policy)
    begin_all(crew, redis)
    {"killed": own_redis.kill, "hung": own_redis.pause}[loss]()

    crew.wait_inside(PROCESSES)
    crew.let_go()
    outcomes = Counter(crew.outcomes())

    assert crew.made == PROCESSES
    assert outcomes == {
        outcome: count
        for number in range(PROCESSES)
        for outcome, count in {("loaded", number): 1, ("followed", number): THREADS - 1}.items()
    }
    assert crew.call("answer").total() == EVERYBODY  # found by each in its own copy
    assert crew.made == PROCESSES
    own_redis.resume()
    if loss == "killed":
        own_redis.start()
    for number in crew.alive:
        wait_until(lambda number=number: crew.do(number, redis_answers))
    require_rest(crew, redis)


def redis_answers():
    try:
        return bool(get_redis().ping())
    except Exception:  # noqa: BLE001 - it is not back yet
        return False


def test_a_holder_that_finishes_without_redis_answers_its_own_process_at_once(watched, redis, own_redis):
    holder, _ = begin_all(watched, redis)
    own_redis.kill()
    watched.let_go(of=[holder])

    mine = Counter(watched.outcomes(of=[holder]))

    assert mine == {("loaded", holder): 1, ("followed", holder): THREADS - 1}
    assert watched.made == 1
    others = [number for number in watched.alive if number != holder]
    watched.let_go(of=others)
    own_redis.start()  # empty: one who waits may have the lock before it is the holder's again
    answered = Counter(watched.outcomes(of=others))
    assert {source for source, _ in answered} <= {"loaded", "followed"}
    assert answered.total() == EVERYBODY - THREADS
    loaded_again = sum(count for (source, _), count in answered.items() if source == "loaded")
    assert watched.made == 1 + loaded_again <= 2
    require_rest(watched, redis)


def test_a_result_that_a_hanging_redis_was_not_told_is_told_when_it_answers(watched, redis, own_redis):
    for number in range(ROUNDS):  # another key each time: without Redis everybody finds what it had itself
        made = watched.made
        holder = begin_and_meet(watched, "answer", key=f"{KEY}:{number}")
        own_redis.pause()
        wait_until(lambda holder=holder: not watched.do(holder, redis_answers))  # it leaves Redis alone now
        watched.let_go(of=[holder])
        assert Counter(watched.outcomes(of=[holder]))[("loaded", holder)] == 1

        own_redis.resume()

        others = [number for number in watched.alive if number != holder]
        assert Counter(watched.outcomes(of=others)) == {("followed", holder): EVERYBODY - THREADS}
        assert watched.made - made == 1
        require_rest(watched, redis)
        wait_until(lambda: all(watched.do(number, redis_answers) for number in watched.alive))


@pytest.mark.parametrize("emptied_by", ["flush", "restart"])
def test_a_redis_that_forgets_the_lock_costs_one_load_more_at_most(watched, redis, own_redis, emptied_by):
    for _ in range(ROUNDS):
        made = watched.made
        begin_all(watched, redis)
        if emptied_by == "flush":
            empty(own_redis)
        else:
            own_redis.kill()
            own_redis.start()
        wait_until(lambda: redis.exists(LOCK))  # its holder's again, or another's
        wait_until(lambda: all(watched.do(number, redis_answers) for number in watched.alive))
        assert watched.inside == watched.made - made <= 2
        watched.let_go()

        assert {by for _, by in watched.outcomes()} <= set(range(PROCESSES))
        assert watched.made - made <= 2
        require_rest(watched, redis)
        empty_cache(redis)


@pytest.fixture
def durable_redis(tmp_path, settings):
    server = RedisServer(tmp_path / "redis", durable=True)
    server.start()
    settings.REDIS_URL = server.url
    yield server
    server.kill()


def test_a_redis_that_restarts_and_forgets_nothing_causes_no_second_load(durable_redis, settings):
    settings.CACHES = cache_settings(durable_redis.url)
    fleet = Fleet(durable_redis.url)
    try:
        watched = Crew(fleet, LOGGER, counting_looks, PATIENT)
        redis = get_redis()
        holder, token = begin_all(watched, redis)
        for _ in range(2 * ROUNDS):
            durable_redis.kill()
            durable_redis.start()
            wait_until(lambda: redis_answers() and redis.get(LOCK) == token)
            looked_before = {number: watched.do(number, looks) for number in watched.alive}
            wait_for_looks(watched, looked_before, holder)
        watched.let_go()

        assert {by for _, by in watched.outcomes()} == {holder}
        assert watched.made == 1
        require_rest(watched, redis)
    finally:
        fleet.stop()


def test_nobody_waits_longer_than_its_own_deadline_whatever_the_others_have(watched, redis):
    """Short ones lead, follow and wait beside patient ones; the load goes on all the while."""
    watched.begin("answer", of=[0], threads=1, held=True)
    watched.wait_inside(1)
    waits_s = [0.1, 0.4, 0.2, 0.8]
    for wait_s in waits_s:
        watched.begin("answer", threads=THREADS // 8, wait_s=wait_s)
    watched.begin("answer", threads=THREADS // 2, wait_s=3 * PATIENCE_S)
    hurried = len(waits_s) * PROCESSES * (THREADS // 8)

    wait_until(lambda: watched.ended == hurried)  # while the load is still under way
    assert (watched.made, watched.inside) == (1, 1)
    watched.let_go()
    outcomes = watched.timed_outcomes()

    late = [waited_s for said, waited_s in outcomes if said[0] == FlightTimeout.__name__]
    assert len(late) == hurried
    per_wait = hurried // len(waits_s)
    for wait_s, waited_s in zip(sorted(waits_s * per_wait), sorted(late), strict=True):
        assert wait_s <= waited_s < wait_s + SLACK_S
    answered = Counter(said for said, _ in outcomes if said[0] != FlightTimeout.__name__)
    assert answered == {("loaded", 0): 1, ("followed", 0): PROCESSES * (THREADS // 2)}
    require_rest(watched, redis)


def test_waiters_keep_their_deadlines_beside_a_hanging_redis(watched, redis, own_redis):
    """Whoever leads the waiting next knows of the holder from those who gave up, and does not load."""
    begin_all(watched, redis, wait_s=2.0)
    own_redis.pause()

    wait_until(lambda: watched.ended >= EVERYBODY - THREADS)  # all but the holder's process

    own_redis.resume()
    watched.let_go()
    outcomes = watched.timed_outcomes()
    late = [waited_s for said, waited_s in outcomes if said[0] == FlightTimeout.__name__]
    assert EVERYBODY - THREADS <= len(late) < EVERYBODY
    assert max(late) < 2.0 + 2 * REDIS_READ_TIMEOUT_S + SLACK_S
    assert watched.made == 1


def test_the_real_lock_outlives_three_seconds_of_a_hanging_redis(fleet, redis, own_redis):
    """It begins to hang when the renewal is due; the lock lives 10 s and is renewed every 3."""
    crew = Crew(fleet, LOGGER, counting_looks, REAL)
    holder, token = begin_all(crew, redis)
    for _ in range(ROUNDS):
        wait_until(lambda: redis.pttl(LOCK) < 7_300)
        own_redis.pause()
        hung_until = time.monotonic() + 3.0
        wait_until(lambda until=hung_until: time.monotonic() > until)
        own_redis.resume()

        wait_until(lambda: redis_answers() and redis.pttl(LOCK) > 9_000)
        assert redis.get(LOCK) == token
    assert crew.made == 1
    crew.let_go()

    assert {by for _, by in crew.outcomes()} == {holder}
    assert crew.made == 1
    require_rest(crew, redis)
