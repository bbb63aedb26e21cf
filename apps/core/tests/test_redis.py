import json
import logging
import os
import time

import msgspec
import pytest
import redis as redis_py
from django.core.cache import cache

from apps.core import redis as shared
from apps.core.outage import Outage
from apps.core.redis import OUTAGE, get_redis, is_redis_available
from apps.core.redis.outage import RedisLeftAlone
from apps.core.redis.pool import (
    WatchedConnection,
    WatchedPool,
    WatchedSentinelPool,
    WatchedSSLConnection,
    WatchedUnixConnection,
)
from apps.core.redis_options import (
    REDIS_CACHE_OPTIONS,
    REDIS_CONNECT_TIMEOUT_S,
    REDIS_READ_TIMEOUT_S,
    redis_cache_options,
)
from apps.core.tests.fakes_resilience import in_threads, wait_until
from devstack.processes import Child, free_port
from devstack.redis import find_program
from plant_community_backend.settings import stores

pytest_plugins = ["apps.core.tests.fixtures_resilience"]


def seconds(work):
    started = time.monotonic()
    result = work()
    return time.monotonic() - started, result


def test_the_cache_keeps_json_and_the_client_is_one_per_address(own_redis):
    cache.set("plant", {"name": "Ficus", "parts": ["leaf"]}, 60)

    assert cache.get("plant") == {"name": "Ficus", "parts": ["leaf"]}
    assert get_redis().get("pc:1:plant") == b'{"name": "Ficus", "parts": ["leaf"]}'
    assert get_redis() is get_redis()
    assert is_redis_available()


@pytest.fixture
def cache_of_the_service(own_redis, settings):
    cache_settings = stores.cache_settings(own_redis.url, sentinels=[], password="", sentinel_password="")
    settings.CACHES = {"default": cache_settings}
    return cache


@pytest.mark.parametrize(
    "value",
    [{"name": "Ficus", "parts": ["leaf", 1.5, None]}, "12", 12, True, 2**80, "\ud800", float("inf"), "é", []],
)
def test_what_goes_into_the_cache_comes_out(cache_of_the_service, value):
    cache_of_the_service.set("k", value, 60)

    assert cache_of_the_service.get("k") == value
    assert cache_of_the_service.get_many(["k", "l"]) == {"k": value}
    assert json.loads(get_redis().get("pc:1:k")) == value


@pytest.mark.parametrize("value", [b"bytes", {"a": b"bytes"}, {1}, object()])
def test_what_json_cannot_hold_does_not_go_into_the_cache(cache_of_the_service, value):
    with pytest.raises(TypeError):
        cache_of_the_service.set("k", value, 60)


def test_the_cache_counts(cache_of_the_service):
    assert cache_of_the_service.add("k", 0, 60)
    assert cache_of_the_service.incr("k") == 1
    assert (cache_of_the_service.get("k"), get_redis().get("pc:1:k")) == (1, b"1")


def test_text_that_is_json_already_is_kept_as_it_is(cache_of_the_service):
    cache_of_the_service.set("k", msgspec.Raw(b'{ "name":"Ficus"}'), 60)

    assert get_redis().get("pc:1:k") == b'{ "name":"Ficus"}'
    assert cache_of_the_service.get("k") == {"name": "Ficus"}


@pytest.mark.parametrize("broken", [b"", b"\x80\x04\x95 pickled", b"{", b"\xff", b'{"a":1}x'])
def test_what_is_not_json_is_an_error_of_value(cache_of_the_service, broken):
    get_redis().set("pc:1:k", broken)

    with pytest.raises(ValueError):
        cache_of_the_service.get("k")


def test_without_an_address_there_is_no_client_and_nothing_to_wait_for(no_redis):
    assert get_redis() is None
    assert not is_redis_available()


def test_a_redis_that_hangs_costs_one_timeout_for_cache_and_client_together(own_redis):
    cache.set("plant", "Ficus", 60)
    own_redis.pause()

    first, value = seconds(lambda: cache.get("plant", "none"))
    rest, _ = seconds(
        lambda: [cache.get("plant") for _ in range(20)] + [is_redis_available() for _ in range(20)]
    )

    assert value == "none"
    assert REDIS_READ_TIMEOUT_S * 0.9 < first < REDIS_READ_TIMEOUT_S * 3
    assert rest < REDIS_READ_TIMEOUT_S / 2
    with pytest.raises(RedisLeftAlone):
        get_redis().get("x")


def test_threads_that_meet_a_hanging_redis_wait_at_the_same_time_not_in_turn(own_redis):
    own_redis.pause()

    took, _ = seconds(lambda: in_threads(16, lambda _: [cache.get("plant") for _ in range(5)]))

    assert took < REDIS_READ_TIMEOUT_S * 3


def test_a_redis_that_is_gone_costs_no_error_and_comes_back_by_itself(own_redis, short_memo, caplog):
    caplog.set_level(logging.INFO)
    cache.set("plant", "Ficus", 60)
    own_redis.kill()

    for _ in range(10):
        assert cache.get("plant") is None
        assert cache.set("plant", "Ficus", 60) is None
    own_redis.start()

    wait_until(lambda: cache.set("plant", "Monstera", 60), within_s=5)
    assert cache.get("plant") == "Monstera"
    assert is_redis_available()
    events = [record.event for record in caplog.records if record.name == "apps.core.outage"]
    assert events == ["redis_unavailable", "redis_back"]


def test_a_restart_between_two_operations_is_not_an_outage(own_redis):
    cache.set("plant", "Ficus", 60)
    own_redis.kill()
    own_redis.start()

    assert cache.get("plant") is None
    assert not OUTAGE.is_down


def test_availability_asks_redis_at_most_once_in_a_while(own_redis, monkeypatch):
    assert is_redis_available()
    pings = []
    monkeypatch.setattr(get_redis(), "ping", lambda: pings.append(1) or True)

    assert all(is_redis_available() for _ in range(50))
    assert pings == []
    monkeypatch.setattr(shared, "REDIS_PROBE_EVERY_S", 0.0)
    assert is_redis_available()
    assert pings == [1]


def test_after_the_memo_one_thread_asks_and_the_others_are_still_refused():
    outage = Outage("Redis", memo_s=0.0, left_alone=RedisLeftAlone, meanwhile="", events=("gone", "back"))
    outage.note_failure(TimeoutError())
    outage.admit()
    outage.memo_s = 60.0
    outage.note_failure(TimeoutError())
    outage._refuse_until = 0.0

    outcomes = in_threads(8, lambda _: outage.admit())

    assert sum(outcome is None for outcome in outcomes) == 1
    assert sum(isinstance(outcome, RedisLeftAlone) for outcome in outcomes) == 7
    outage.note_answer()
    assert in_threads(4, lambda _: outage.admit()) == [None] * 4


def test_a_forked_child_finds_out_for_itself(own_redis):
    get_redis().set("x", 1)
    OUTAGE.note_failure(TimeoutError())
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if get_redis().get("x") == b"1" else 1)
        finally:
            os._exit(2)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("redis://h/0", WatchedConnection),
        ("rediss://h/0", WatchedSSLConnection),
        ("unix:///run/redis.sock", WatchedUnixConnection),
    ],
)
def test_every_kind_of_connection_is_watched(url, kind):
    pool = WatchedPool.from_url(url, **REDIS_CACHE_OPTIONS["CONNECTION_POOL_KWARGS"])

    assert pool.connection_class is kind
    assert pool.connection_kwargs["socket_connect_timeout"] == REDIS_CONNECT_TIMEOUT_S
    assert pool.make_connection().retry.get_retries() == 0


@pytest.fixture
def sentinel_port(own_redis, tmp_path):
    """A Sentinel that watches this test's Redis under the name `plants`."""
    port = free_port()
    password = own_redis.url.split(":")[2].split("@")[0]
    config = tmp_path / "sentinel.conf"
    config.write_text(
        f"port {port}\nbind 127.0.0.1\ndir {tmp_path}\n"
        f"sentinel monitor plants 127.0.0.1 {own_redis.port} 1\nsentinel auth-pass plants {password}\n"
    )
    child = Child(name="sentinel", command=[find_program(), str(config), "--sentinel"], log=tmp_path / "log")
    child.start()
    client = redis_py.Redis(port=port, socket_timeout=1)

    def answers():
        try:
            return client.ping()
        except redis_py.RedisError:
            return False

    wait_until(answers)
    client.close()
    yield port
    child.kill()


def test_sentinel_names_the_master_for_cache_and_client(own_redis, sentinel_port, settings):
    password = own_redis.url.split(":")[2].split("@")[0]
    settings.REDIS_URL = f"redis://plants/0?test={sentinel_port}".split("?")[0]
    settings.REDIS_PASSWORD = password
    settings.REDIS_SENTINELS = [("127.0.0.1", sentinel_port)]
    settings.CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": settings.REDIS_URL,
            "OPTIONS": redis_cache_options(settings.REDIS_SENTINELS, password),
        }
    }
    shared._forget_clients()
    try:
        cache.set("plant", "Ficus", 60)

        assert get_redis().get(":1:plant") == b'"Ficus"'
        assert isinstance(get_redis().connection_pool, WatchedSentinelPool)
        own_redis.pause()
        assert cache.get("plant") is None
        assert OUTAGE.is_down
    finally:
        shared._forget_clients()
