import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch

import pytest
from django.core.cache import caches
from django.http import HttpResponse
from django_ratelimit.core import get_usage
from rest_framework.request import Request

from apps.core.api import limits
from apps.core.api.addresses import UNKNOWN_ADDRESS, client_address
from apps.core.api.limits import Limiter, ProcessCounter, add_rate_limit_headers, peek_all
from apps.core.api.throttling import AddressThrottle
from apps.core.testing.clock import FakeClock
from devstack.redis import RedisServer

pytest_plugins = ["apps.core.tests.fixtures_resilience"]

HOUR_S = 3_600


@pytest.fixture
def limiter() -> Limiter:
    return Limiter("test", HOUR_S)


def test_the_one_after_the_last_is_exceeded(rf: Any, limiter: Limiter) -> None:
    request = rf.get("/")
    assert [limiter.count(request, key="a", limit=2).exceeded for _ in range(4)] == [False, False, True, True]
    assert not limiter.count(request, key="b", limit=2).exceeded


def test_looking_counts_nothing_and_sees_what_was_counted(rf: Any, limiter: Limiter) -> None:
    request = rf.get("/")
    assert limiter.peek(request, key="a", limit=1).remaining == 1
    assert not limiter.peek(request, key="a", limit=1).exceeded
    limiter.count(request, key="a", limit=1)
    seen = limiter.peek(request, key="a", limit=1)
    assert (seen.used, seen.remaining, seen.exceeded) == (1, 0, True)


def test_looking_reads_what_django_ratelimit_itself_would_read(rf: Any, limiter: Limiter) -> None:
    request = rf.get("/")
    for _ in range(3):
        limiter.count(request, key="a", limit=10)
    theirs = get_usage(
        request, group="test", key=lambda *_: "a", rate=(limits._COUNTED_UNDER, HOUR_S), increment=False
    )
    seen = limiter.peek(request, key="a", limit=10)
    assert seen.used == theirs["count"] == 3
    assert abs(seen.reset_s - theirs["time_left"]) <= 1


def test_a_changed_limit_keeps_what_was_counted(rf: Any, limiter: Limiter) -> None:
    request = rf.get("/")
    for _ in range(10):
        limiter.count(request, key="a", limit=10)
    upgraded = limiter.count(request, key="a", limit=20)
    assert (upgraded.used, upgraded.remaining, upgraded.exceeded) == (11, 9, False)
    assert limiter.count(request, key="a", limit=10).exceeded


def test_of_many_at_once_exactly_the_limit_get_through(rf: Any, limiter: Limiter) -> None:
    def call(_: int) -> bool:
        return limiter.count(rf.get("/"), key="a", limit=30).exceeded

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(call, range(100))).count(False) == 30


def test_several_limits_are_looked_at_with_one_question(rf: Any, settings: Any, limiter: Limiter) -> None:
    other = Limiter("other", 60)
    request = rf.get("/")
    limiter.count(request, key="a", limit=5)
    usages = peek_all(request, [(limiter, "a", 5), (other, "a", 1)])
    assert [usage.used for usage in usages] == [1, 0]
    assert [usage.group for usage in usages] == ["test", "other"]


def test_without_redis_each_process_counts(rf: Any, limiter: Limiter, own_redis: RedisServer) -> None:
    request = rf.get("/")
    limiter.count(request, key="a", limit=2)
    own_redis.kill()
    assert [limiter.count(request, key="a", limit=2).exceeded for _ in range(3)] == [False, False, True]
    assert limiter.peek(request, key="a", limit=2).exceeded
    assert not limiter.peek(request, key="b", limit=2).exceeded


def test_when_redis_is_back_it_counts_again(
    rf: Any, limiter: Limiter, own_redis: RedisServer, short_memo: float
) -> None:
    request = rf.get("/")
    own_redis.kill()
    limiter.count(request, key="a", limit=2)
    own_redis.start()
    until = time.monotonic() + 10
    while limits.OUTAGE.is_down and time.monotonic() < until:
        limiter.peek(request, key="a", limit=2)
    assert limiter.count(request, key="a", limit=2).used == 1


def test_a_window_of_the_process_ends() -> None:
    clock = FakeClock()
    counter = ProcessCounter(clock=clock)
    used, reset_s = counter.used("a", 60, increment=True)
    assert used == 1
    assert 1 <= reset_s <= 60
    clock.advance(reset_s + 1)
    assert counter.used("a", 60, increment=False)[0] == 0
    assert counter.used("a", 60, increment=True)[0] == 1


def test_the_counters_of_a_process_are_bounded() -> None:
    counter = ProcessCounter(max_keys=3, clock=FakeClock())
    for key in "abcd":
        counter.used(key, 60, increment=True)
    assert [counter.used(key, 60, increment=False)[0] for key in "abcd"] == [0, 1, 1, 1]


def test_looking_at_strangers_takes_no_place() -> None:
    counter = ProcessCounter(max_keys=1, clock=FakeClock())
    counter.used("a", 60, increment=True)
    for number in range(10):
        counter.used(f"{number}", 60, increment=False)
    assert counter.used("a", 60, increment=False)[0] == 1


def test_the_answer_tells_what_is_left(rf: Any, limiter: Limiter) -> None:
    request, response = rf.get("/"), HttpResponse()
    usage = limiter.count(Request(request), key="a", limit=100)
    add_rate_limit_headers(request, response)
    assert response["RateLimit-Policy"] == '"test";q=100;w=3600'
    assert response["RateLimit"] == f'"test";r=99;t={usage.reset_s}'


def test_an_answer_without_limits_has_no_such_headers(rf: Any) -> None:
    response = HttpResponse()
    add_rate_limit_headers(rf.get("/"), response)
    assert not {"RateLimit", "RateLimit-Policy"} & set(response.headers)


def test_an_address_is_throttled_beyond_its_limit(rf: Any) -> None:
    class TwoAMinute(AddressThrottle):
        group = "two"
        period_s = 60

        def limit(self) -> int:
            return 2

    request = Request(rf.get("/"))
    throttles = [TwoAMinute() for _ in range(3)]
    assert [throttle.allow_request(request, None) for throttle in throttles] == [True, True, False]
    assert 1 <= throttles[-1].wait() <= 60
    assert TwoAMinute().allow_request(Request(rf.get("/", REMOTE_ADDR="10.0.0.9")), None)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "peer", "address"),
    [
        (0, "1.2.3.4", "10.0.0.1", "10.0.0.1"),
        (1, "1.2.3.4", "10.0.0.1", "1.2.3.4"),
        (1, "6.6.6.6, 1.2.3.4", "10.0.0.1", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 10.0.0.2", "10.0.0.1", "1.2.3.4"),
        (2, "1.2.3.4", "10.0.0.1", "1.2.3.4"),
        (1, "", "10.0.0.1", "10.0.0.1"),
        (1, " , ", "10.0.0.1", "10.0.0.1"),
        (1, "1.2.3.4:5678", "10.0.0.1", "1.2.3.4"),
        (1, "[2001:db8:1:2:3:4:5:6]:443", "10.0.0.1", "2001:db8:1:2::/64"),
        (1, "2001:db8:1:2:ffff::1", "10.0.0.1", "2001:db8:1:2::/64"),
        (0, "", "::ffff:1.2.3.4", "1.2.3.4"),
        (0, "", "fe80::1%eth0", "fe80::/64"),
        (1, "not an address", "10.0.0.1", UNKNOWN_ADDRESS),
        (0, "", "", UNKNOWN_ADDRESS),
    ],
)
def test_an_address_is_what_our_own_proxies_saw(
    rf: Any, settings: Any, proxies: int, forwarded: str, peer: str, address: str
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    request = rf.get("/", REMOTE_ADDR=peer, **({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}))
    assert client_address(request) == address
    assert client_address(Request(request)) == address


def test_what_was_looked_at_is_counted_with_one_question(rf: Any, settings: Any, limiter: Limiter) -> None:
    limiter.count(rf.get("/"), key="a", limit=3)
    request = rf.get("/")
    limiter.peek(request, key="a", limit=3)
    asked = caches[settings.RATELIMIT_USE_CACHE]
    with patch.object(asked, "add", side_effect=AssertionError):
        assert limiter.count(request, key="a", limit=3).used == 2


def test_of_many_who_have_looked_exactly_the_limit_get_through(rf: Any, limiter: Limiter) -> None:
    limiter.count(rf.get("/"), key="a", limit=10)

    def look_and_count(_: int) -> bool:
        request = rf.get("/")
        limiter.peek(request, key="a", limit=10)
        return not limiter.count(request, key="a", limit=10).exceeded

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(look_and_count, range(50))) == 9


def test_a_window_that_ends_between_looking_and_counting_begins_anew(
    rf: Any, settings: Any, limiter: Limiter
) -> None:
    limiter.count(rf.get("/"), key="a", limit=3)
    request = rf.get("/")
    limiter.peek(request, key="a", limit=3)
    caches[settings.RATELIMIT_USE_CACHE].delete(limiter.window("a")[0])
    assert limiter.count(request, key="a", limit=3).used == 1
