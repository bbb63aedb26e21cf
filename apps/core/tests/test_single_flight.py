"""One process: its threads, its cache, and Redis going away under it."""

import logging
import os
import re
import threading
import time
from collections import Counter

import pytest
import redis_lock
from django.core.cache import cache

from apps.core.redis import get_redis
from apps.core.resilience import flight_types
from apps.core.resilience.locks import RENEWER, SharedLock, get_lock_id
from apps.core.resilience.shared_cache import SharedCache
from apps.core.resilience.single_flight import FlightPolicy, FlightTimeout, SingleFlight
from apps.core.tests.fakes_resilience import in_threads, wait_until
from plant_community_backend.settings import stores

pytest_plugins = ["apps.core.tests.fixtures_resilience"]

DIGEST = "0123456789abcdef" * 4
KEY = f"plant_id:v3:host:{DIGEST}:options"
QUICK = FlightPolicy(
    expire_s=1, renew_every_s=0.2, poll_s=(0.01, 0.02), failure_ttl_s=5.0, id_prefix="plant_id"
)


class Refused(Exception):
    pass


class OwnAffair(Exception):
    pass


class RefusedCodec:
    def encode(self, failure):
        return {"text": str(failure)} if isinstance(failure, Refused) else None

    def decode(self, data):
        return Refused(data["text"])


class Loader:
    """Counts; waits for `go_on` if told to."""

    def __init__(self, value=None, *, failure=None, held=False):
        self.value = {"name": "Ficus"} if value is None else value
        self.failure = failure
        self.calls = 0
        self.go_on = threading.Event()
        if not held:
            self.go_on.set()

    def __call__(self):
        self.calls += 1
        assert self.go_on.wait(20)
        if self.failure is not None:
            raise self.failure
        return self.value


@pytest.fixture
def own_redis(own_redis, settings):
    """With the cache as the service has it."""
    cache_settings = stores.cache_settings(own_redis.url, sentinels=[], password="", sentinel_password="")
    settings.CACHES = {"default": cache_settings}
    return own_redis


@pytest.fixture(params=["with Redis", "without Redis"])
def anywhere(request):
    request.getfixturevalue("own_redis" if request.param == "with Redis" else "no_redis")


def flight(policy=QUICK, watcher=None):
    return SingleFlight(SharedCache(), policy, watcher=watcher)


def fetch(flights, load, *, wait_s=20.0, ttl_s=60.0, codec=True, key=KEY):
    return flights.fetch(
        key, load, wait_s=wait_s, ttl_s=ttl_s, failure_codec=RefusedCodec() if codec else None
    )


def test_the_first_loads_and_the_next_find_it(anywhere):
    flights, load = flight(), Loader()

    assert [fetch(flights, load).source for _ in range(3)] == ["loaded", "cached", "cached"]
    assert fetch(flights, load).value == {"name": "Ficus"}
    assert load.calls == 1


def test_fifty_threads_that_ask_at_once_cause_one_load(anywhere):
    flights, load = flight(), Loader(held=True)
    threading.Timer(0.3, load.go_on.set).start()

    results = in_threads(50, lambda _: fetch(flights, load))

    assert load.calls == 1
    assert {result.value["name"] for result in results} == {"Ficus"}
    assert sum(result.source == "loaded" for result in results) == 1


def test_a_failure_is_shared_by_all_who_waited_and_by_those_who_come_soon_after(anywhere):
    flights, load = flight(), Loader(failure=Refused("no"), held=True)
    threading.Timer(0.3, load.go_on.set).start()

    failures = in_threads(20, lambda _: fetch(flights, load))

    assert {(type(failure), str(failure)) for failure in failures} == {(Refused, "no")}
    assert len({id(failure) for failure in failures}) == 20
    with pytest.raises(Refused):
        fetch(flights, load)
    assert load.calls == 1


def test_a_failure_of_the_loaders_own_leaves_the_others_to_try_themselves(anywhere):
    flights = flight()
    load = Loader(failure=OwnAffair(), held=True)
    threading.Timer(0.2, load.go_on.set).start()

    failures = in_threads(5, lambda _: fetch(flights, load))

    assert all(isinstance(failure, OwnAffair) for failure in failures)
    assert load.calls == 5


def test_without_a_codec_a_failure_is_shared_in_the_process_and_forgotten(anywhere):
    flights, load = flight(), Loader(failure=Refused("no"), held=True)
    threading.Timer(0.2, load.go_on.set).start()

    failures = in_threads(5, lambda _: fetch(flights, load, codec=False))
    assert all(isinstance(failure, Refused) for failure in failures)
    assert load.calls == 1
    load.failure = None

    assert fetch(flights, load, codec=False).source == "loaded"


def test_nobody_waits_longer_than_asked(anywhere):
    flights, load = flight(), Loader(held=True)
    leader = threading.Thread(target=fetch, args=(flights, load))
    leader.start()
    wait_until(lambda: load.calls)
    started = time.monotonic()

    with pytest.raises(FlightTimeout):
        fetch(flights, load, wait_s=0.2)

    assert 0.2 <= time.monotonic() - started < 2
    load.go_on.set()
    leader.join()
    assert load.calls == 1


class Watcher:
    def __init__(self):
        self.heard = []

    def ended(self, end, *, waited_s):
        self.heard.append((end, waited_s))


def test_a_watcher_hears_of_each_caller_once_and_how_long_it_waited(anywhere):
    watcher = Watcher()
    flights, load = flight(watcher=watcher), Loader(held=True)
    leader = threading.Thread(target=fetch, args=(flights, load))
    leader.start()
    wait_until(lambda: load.calls)
    with pytest.raises(FlightTimeout):
        fetch(flights, load, wait_s=0.5)
    followed = []
    follower = threading.Thread(target=lambda: followed.append(fetch(flights, load).source))
    follower.start()
    wait_until(lambda: flights._under_way[KEY]._waiters)
    load.go_on.set()
    follower.join()
    leader.join()
    assert followed == ["followed"]
    fetch(flights, load)
    for failing in ("a", "a"):
        with pytest.raises(Refused):
            fetch(flights, Loader(failure=Refused("no")), key=failing)

    waited = dict(sorted(watcher.heard))
    assert Counter(end for end, _ in watcher.heard) == {**dict.fromkeys(waited, 1), "loaded": 2}
    assert set(waited) == {"loaded", "timed_out", "followed", "cached", "told"}
    assert waited["timed_out"] >= 0.5 > max(waited["loaded"], waited["told"])
    assert waited["followed"] > 0


def hold_lock(key=KEY, expire_s=10):
    lock = SharedLock(get_redis(), key, lock_id=get_lock_id("other"), expire_s=expire_s)
    assert lock.acquire()
    return lock


def test_one_who_waits_for_another_process_gives_up_in_time_without_loading(own_redis):
    hold_lock()
    flights, load = flight(), Loader()
    started = time.monotonic()

    with pytest.raises(FlightTimeout):
        fetch(flights, load, wait_s=0.3)

    assert 0.3 <= time.monotonic() - started < 2
    assert load.calls == 0


def test_a_leader_out_of_time_does_not_end_the_wait_of_those_who_have_more(own_redis):
    lock = hold_lock()
    flights, load = flight(), Loader()
    patient, ended = [], []

    def hurry():
        with pytest.raises(FlightTimeout):
            fetch(flights, load, wait_s=0.3, codec=False)
        ended.append("hurried")

    hurried = threading.Thread(target=hurry)
    hurried.start()
    wait_until(lambda: flights._under_way)
    follower = threading.Thread(target=lambda: patient.append(fetch(flights, load, wait_s=20, codec=False)))
    follower.start()
    hurried.join()
    assert (ended, patient) == (["hurried"], [])

    lock.release()
    follower.join()

    assert patient[0].source == "loaded"


def test_giving_up_at_once_where_following_is_turned_off(own_redis):
    hold_lock()
    flights = flight(FlightPolicy(blocking=False))

    with pytest.raises(FlightTimeout):
        fetch(flights, Loader())


def test_what_another_process_stored_meanwhile_is_found_and_not_loaded(own_redis):
    lock = hold_lock()
    flights, load = flight(), Loader()
    results = []
    waiter = threading.Thread(target=lambda: results.append(fetch(flights, load)))
    waiter.start()
    wait_until(lambda: flights._under_way)
    cache.set(KEY, {"name": "Monstera"}, 60)
    waiter.join()
    lock.release()

    assert (results[0].value, results[0].source, load.calls) == ({"name": "Monstera"}, "followed", 0)


@pytest.mark.parametrize("lock_is_free", [True, False], ids=["got the lock", "gave up on it"])
def test_the_cache_is_read_again_before_loading_and_before_giving_up(own_redis, monkeypatch, lock_is_free):
    def others_store_first(_):
        cache.set(KEY, {"name": "Monstera"}, 60)
        return lock_is_free

    monkeypatch.setattr(SharedLock, "acquire", others_store_first)
    load = Loader()

    result = fetch(flight(), load, wait_s=0)

    assert (result.value, result.source, load.calls) == ({"name": "Monstera"}, "followed", 0)


def test_how_long_a_value_is_kept_may_depend_on_it(own_redis):
    fetch(flight(), Loader(), ttl_s=lambda value: 7 if value["name"] == "Ficus" else 1)

    assert cache.ttl(KEY) in {6, 7}


def test_a_value_kept_for_no_time_is_answered_but_not_stored(own_redis):
    flights, load = flight(), Loader()

    assert fetch(flights, load, ttl_s=0).value == {"name": "Ficus"}
    assert fetch(flights, load, ttl_s=0).source == "loaded"


def test_the_lock_outlives_a_load_of_many_expiry_times(own_redis):
    flights, load = flight(), Loader(held=True)
    results = []
    leader = threading.Thread(target=lambda: results.append(fetch(flights, load)))
    leader.start()
    wait_until(lambda: load.calls)
    token = get_redis().get(f"lock:{KEY}")
    ends_at = time.monotonic() + 2.5 * QUICK.expire_s
    while time.monotonic() < ends_at:
        assert get_redis().get(f"lock:{KEY}") == token
        time.sleep(0.05)
    load.go_on.set()
    leader.join()

    assert results[0].source == "loaded"
    assert get_redis().get(f"lock:{KEY}") is None


@pytest.mark.parametrize("loss", ["kill", "pause"])
def test_a_redis_lost_during_the_load_does_not_lose_the_result(own_redis, loss):
    flights, load = flight(), Loader(held=True)
    results = []
    leader = threading.Thread(target=lambda: results.append(fetch(flights, load)))
    leader.start()
    wait_until(lambda: load.calls)

    getattr(own_redis, loss)()
    load.go_on.set()
    leader.join()

    assert results[0].value == {"name": "Ficus"}
    assert fetch(flights, load).source == "cached"  # in this process
    assert load.calls == 1


def test_a_lock_that_redis_forgot_is_taken_again_while_the_work_goes_on(own_redis):
    flights, load = flight(), Loader(held=True)
    leader = threading.Thread(target=fetch, args=(flights, load))
    leader.start()
    wait_until(lambda: load.calls)
    token = get_redis().get(f"lock:{KEY}")
    get_redis().flushall()

    wait_until(lambda: get_redis().get(f"lock:{KEY}") == token)
    load.go_on.set()
    leader.join()


def test_a_lock_that_another_took_is_left_to_it(own_redis, caplog):
    flights, load = flight(), Loader(held=True)
    results = []
    leader = threading.Thread(target=lambda: results.append(fetch(flights, load)))
    leader.start()
    wait_until(lambda: load.calls)
    get_redis().set(f"lock:{KEY}", "somebody-else", ex=60)
    wait_until(lambda: "Lost the lock" in caplog.text)
    load.go_on.set()
    leader.join()

    assert results[0].source == "loaded"
    assert get_redis().get(f"lock:{KEY}") == b"somebody-else"


def test_the_lock_id_says_who_holds_it():
    parts = re.fullmatch(r"plant_id-(.+)-(\d+)-(\d+)-[0-9a-f]{8}", get_lock_id("plant_id"))

    assert (int(parts[2]), int(parts[3])) == (os.getpid(), threading.get_ident())
    assert get_lock_id("plant_id") != get_lock_id("plant_id")


def test_a_lock_id_is_made_for_those_who_go_as_far_as_the_lock(own_redis, monkeypatch):
    made = []
    monkeypatch.setattr(flight_types, "get_lock_id", lambda prefix: made.append(prefix) or "x")
    flights = flight()
    for _ in range(3):
        fetch(flights, Loader())

    assert made == ["plant_id"]


def test_what_happens_to_the_lock_is_logged(own_redis, caplog):
    caplog.set_level(logging.DEBUG, "apps.core.resilience")
    flights = flight()

    fetch(flights, Loader())
    fetch(flights, Loader())
    hold_lock("x")
    with pytest.raises(FlightTimeout):
        fetch(flights, Loader(), wait_s=0.05, key="x")

    for text in (
        r"\[LOCK\] Attempting lock for 01234567… \(id: plant_id-\S+\)",
        r"\[LOCK\] Lock acquired for 01234567… \(id: plant_id-\S+\)",
        r"\[LOCK\] Released lock for 01234567…",
        r"\[LOCK\] Lock acquisition timed out after 0 s",
        r"\[CACHE\] MISS for 01234567…",
        r"\[CACHE\] Stored 01234567… \(ttl=60s\)",
        r"\[CACHE\] HIT for 01234567…",
    ):
        assert re.search(text, caplog.text), text
    assert all(record.event for record in caplog.records if record.name.startswith("apps.core.resilience"))


def test_what_happens_every_time_is_logged_for_those_who_look_closely_only(own_redis, caplog):
    caplog.set_level(logging.INFO)

    fetch(flight(), Loader())
    fetch(flight(), Loader())

    assert caplog.records == []


def test_a_load_costs_six_questions_to_redis_and_finding_the_value_one(own_redis):
    flights = flight()
    fetch(flights, Loader(), key="scripts are known from now on")
    redis = get_redis()

    def counted(work):
        redis.config_resetstat()
        work()
        asked = {name: entry["calls"] for name, entry in redis.info("commandstats").items()}
        # Redis counts what the unlocking script does, too: one GET, among others.
        return {name: asked[f"cmdstat_{name}"] for name in ("get", "mget", "set", "evalsha") if
                f"cmdstat_{name}" in asked}  # fmt: skip

    assert counted(lambda: fetch(flights, Loader())) == {"get": 1, "mget": 2, "set": 2, "evalsha": 1}
    assert counted(lambda: fetch(flights, Loader())) == {"mget": 1}


def test_a_lock_whose_reply_was_lost_on_the_way_is_ours_all_the_same(own_redis):
    first, again, other = (SharedLock(get_redis(), KEY, lock_id=i, expire_s=10) for i in ("me", "me", "you"))

    assert first.acquire()
    assert again.acquire()
    assert not other.acquire()
    assert again.release()
    assert other.acquire()


def test_the_library_s_own_locks_go_on_working_beside_ours(own_redis):
    hold_lock("ours").release()

    with redis_lock.Lock(get_redis(), "theirs", expire=10):
        assert get_redis().exists("lock:theirs")
    assert not get_redis().exists("lock:theirs")


class Due:
    """Notes that it was renewed."""

    lock_id = "x"

    def __init__(self):
        self.renewed = threading.Event()

    def renew(self):
        self.renewed.set()
        return True

    def release(self):
        return True


def test_a_lock_that_is_due_before_all_others_is_renewed_in_time():
    late, soon = Due(), Due()
    with RENEWER.keeping(late, every_s=600):
        wait_until(lambda: RENEWER._wakes_at < float("inf"))
        with RENEWER.keeping(soon, every_s=0.02):
            assert soon.renewed.wait(20)
    assert not late.renewed.is_set()


def test_a_lock_renewed_while_its_holder_gives_it_back_is_not_kept_by_nobody(own_redis, monkeypatch):
    renewing, go_on = threading.Event(), threading.Event()
    renew = SharedLock.renew

    def renew_late(lock):
        renewing.set()
        assert go_on.wait(20)
        return renew(lock)

    monkeypatch.setattr(SharedLock, "renew", renew_late)
    lock = hold_lock()
    with RENEWER.keeping(lock, every_s=0.01):
        assert renewing.wait(20)
    assert lock.release()
    monkeypatch.undo()
    go_on.set()
    with RENEWER.keeping(later := Due(), every_s=0.01):  # its turn comes when that one is done with
        assert later.renewed.wait(20)

    assert not get_redis().exists(f"lock:{KEY}")


def test_who_waits_for_the_lock_does_not_get_it_before_the_result(own_redis, monkeypatch):
    """Redis is lost for the moment in which the result is ready, and back when the lock could be released."""
    may_tell, tell = threading.Event(), SharedCache.set
    monkeypatch.setattr(SharedCache, "set", lambda *given: may_tell.is_set() and tell(*given))
    assert fetch(flight(), Loader()).source == "loaded"
    elsewhere, load, found = flight(), Loader(), []
    waiter = threading.Thread(target=lambda: found.append(fetch(elsewhere, load).source))
    waiter.start()
    wait_until(lambda: elsewhere._fleet._holder_seen_at or found)
    may_tell.set()
    waiter.join()

    assert (found, load.calls) == (["followed"], 0)


def test_a_lock_stays_until_what_was_done_under_it_is_told(own_redis):
    asked, told = [], threading.Event()
    hold_lock_until_told(lambda: asked.append(1) or told.is_set())

    wait_until(lambda: len(asked) > 1)
    assert get_redis().exists(f"lock:{KEY}")
    told.set()

    wait_until(lambda: not get_redis().exists(f"lock:{KEY}"))
    assert not RENEWER._due


def test_what_cannot_be_told_in_time_is_given_up(own_redis):
    hold_lock_until_told(lambda: False, within_s=0.3)

    wait_until(lambda: not RENEWER._due)
    wait_until(lambda: not get_redis().exists(f"lock:{KEY}"))


def test_of_too_many_untold_the_latest_leave_their_locks_to_run_out(own_redis, monkeypatch):
    monkeypatch.setattr(RENEWER, "_MANY_UNTOLD", 1)
    told = threading.Event()
    hold_lock_until_told(told.is_set)
    hold_lock_until_told(told.is_set, key="another")
    told.set()

    wait_until(lambda: not get_redis().exists(f"lock:{KEY}"))
    assert get_redis().exists("lock:another")


def hold_lock_until_told(tell, *, key=KEY, within_s=20):
    RENEWER.release_when_told(hold_lock(key), tell, within_s=within_s)


def test_a_redis_that_is_away_is_logged_and_not_waited_for(own_redis, caplog):
    caplog.set_level(logging.INFO, "apps.core.resilience")
    own_redis.kill()

    assert fetch(flight(), Loader()).source == "loaded"
    assert "[LOCK] Redis unavailable" in caplog.text
