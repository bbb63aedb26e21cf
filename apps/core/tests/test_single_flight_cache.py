"""What several processes remember together, and each alone while Redis is away."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.core.cache import cache

from apps.core.redis import OUTAGE, get_redis
from apps.core.resilience import shared_cache
from apps.core.resilience.shared_cache import LocalStore, SharedCache, key_hint
from apps.core.tests.fakes_resilience import ManualClock
from apps.core.tests.test_single_flight import DIGEST, KEY, anywhere, own_redis

pytest_plugins = ["apps.core.tests.fixtures_resilience"]
__all__ = ["anywhere", "own_redis"]  # fixtures


def test_a_value_that_is_not_json_is_a_miss_and_is_removed(own_redis):
    get_redis().set("pc:1:k", b"\x80\x04\x95 pickled")

    assert SharedCache().get("k") is None
    assert get_redis().get("pc:1:k") is None


@pytest.mark.parametrize("broken", [b"\x80\x04\x95 pickled", b"[" * 100_000, b"{"])
def test_one_that_cannot_be_read_takes_no_other_along(own_redis, broken):
    shared = SharedCache()
    shared.set("good", {"name": "Ficus"}, 60)
    get_redis().set("pc:1:bad", broken)

    assert shared.get_many(["bad", "good", "missing"]) == {"good": {"name": "Ficus"}}
    assert get_redis().get("pc:1:bad") is None


def test_several_are_found_together_while_redis_is_there_and_while_it_is_away(own_redis):
    shared = SharedCache()
    for key in "abc":
        shared.set(key, [key, 0], 60)
    get_redis().set("pc:1:b", "null")
    cache.delete("c")

    assert shared.get_many("abc") == {"a": ["a", 0]}
    own_redis.kill()
    assert shared.get_many("abcd") == {key: [key, 0] for key in "abc"}
    assert SharedCache().get_many("abcd") == {}


def test_a_deletion_says_what_redis_said_and_not_what_was_believed_of_it(own_redis, monkeypatch):
    shared = SharedCache()
    shared.set("a", 1, 60)
    monkeypatch.setattr(shared_cache, "OUTAGE", SimpleNamespace(is_down=True))  # until a moment ago

    assert shared.delete("a")
    assert not cache.get("a")
    own_redis.kill()
    monkeypatch.setattr(shared_cache, "OUTAGE", SimpleNamespace(is_down=False))  # not known yet
    assert not shared.delete("a")


def test_several_are_found_together_without_redis(no_redis):
    shared = SharedCache()
    shared.set("a", 0, 60)
    shared.set("b", {"parts": ("leaf",)}, 60)
    cache.delete("b")

    assert shared.get_many(["a", "b", "c"]) == {"a": 0, "b": {"parts": ["leaf"]}}


def test_what_lies_in_redis_is_plain_json_for_everybody(own_redis):
    SharedCache().set("k", {"parts": ("leaf", 1.5, None, True), "é": "ü"}, 60)

    plain = {"parts": ["leaf", 1.5, None, True], "é": "ü"}
    assert json.loads(get_redis().get("pc:1:k")) == plain
    assert cache.get("k") == plain


def test_values_stay_with_the_process_while_redis_is_away(own_redis):
    shared = SharedCache()
    shared.set("k", {"parts": ("leaf",)}, 60)
    own_redis.kill()
    shared.set("new", [1], 60)

    assert shared.get("k") == {"parts": ["leaf"]}
    assert shared.get("new") == [1]
    assert SharedCache().get("k") is None


def test_while_redis_answers_it_alone_decides(own_redis):
    shared = SharedCache()
    shared.set("k", 1, 60)
    cache.delete("k")

    assert shared.get("k") is None


def test_deleting_tells_whether_the_others_will_know(own_redis):
    shared = SharedCache()
    shared.set("k", 1, 60)
    assert shared.delete("k")
    own_redis.kill()

    assert not shared.delete("k")
    assert OUTAGE.is_down


@pytest.mark.parametrize(
    "value",
    [None, object(), b"bytes", {"a": b"bytes"}, {1}, [{1}], datetime.now(UTC), Decimal(1), uuid4()],
)
def test_what_json_cannot_hold_is_refused(anywhere, value):
    with pytest.raises((TypeError, ValueError)):
        SharedCache().set("k", value, 60)


@pytest.mark.parametrize(
    "value",
    [0, False, "", [], {}, 1.5, "12", 2**80, 1e300, float("inf"), "\ud800", {"big": "x" * 40_000}],
)
def test_what_goes_in_comes_out(anywhere, value):
    shared = SharedCache()
    shared.set("k", value, 60)

    assert shared.get("k") == value


def test_what_was_read_lately_is_not_asked_again_until_it_is_old(own_redis):
    clock = ManualClock()
    cache, other = SharedCache(clock=clock), SharedCache(clock=clock)
    assert cache.get_lately("ratio", within_s=5) is None  # a miss is not remembered
    other.set("ratio", 0.5, ttl_s=60)
    assert cache.get_lately("ratio", within_s=5) == 0.5
    other.set("ratio", 0.9, ttl_s=60)
    assert cache.get_lately("ratio", within_s=5) == 0.5
    assert cache.get("ratio") == 0.9

    clock.advance(5)
    assert cache.get_lately("ratio", within_s=5) == 0.9


@pytest.mark.parametrize(
    "change", [lambda cache: cache.set("key", 2, ttl_s=60), lambda cache: cache.delete("key")]
)
def test_what_the_process_changes_itself_it_sees_at_once(own_redis, change):
    cache = SharedCache()
    cache.set("key", 1, ttl_s=60)
    assert cache.get_lately("key", within_s=60) == 1
    change(cache)
    assert cache.get_lately("key", within_s=60) == cache.get("key")


def test_the_copies_are_bounded_and_expire():
    clock = ManualClock()
    store = LocalStore(max_entries=2, max_bytes=10, clock=clock)
    for key in "abc":
        store.set(key, b"1", 5)
    assert [store.get(key) for key in "abc"] == [None, b"1", b"1"]
    store.set("d", b"x" * 10, 5)
    assert [store.get(key) for key in "bcd"] == [None, None, b"x" * 10]
    clock.advance(5)
    assert store.get("d") is None
    store.set("e", b"x" * 11, 5)
    assert store.get("e") is None


def test_a_key_is_named_by_its_digest_or_by_its_own():
    assert key_hint(KEY) == DIGEST[:8]
    assert re.fullmatch("[0-9a-f]{8}", key_hint("no digest in here"))
