"""A Redis to break. Use as a plugin: `pytest_plugins = ["apps.core.tests.fixtures_resilience"]`."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches

from apps.core.redis import OUTAGE
from apps.core.resilience.locks import RENEWER
from apps.core.tests.fakes_resilience import Fleet, cache_settings, empty, wait_until
from devstack.redis import RedisServer
from devstack.servers import redis_server


@pytest.fixture(scope="module")
def redis_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def own_redis(redis_of_module: RedisServer, settings: Any) -> Iterator[RedisServer]:
    """A Redis that this test may stop, kill, freeze and empty; the project's settings point to it."""
    settings.REDIS_URL = redis_of_module.url
    settings.CACHES = cache_settings(redis_of_module.url)
    empty(redis_of_module)
    OUTAGE.forget()
    yield redis_of_module
    redis_of_module.resume()
    if redis_of_module.child.exit_code is not None:
        redis_of_module.start()
    OUTAGE.forget()
    wait_until(lambda: not RENEWER._due)  # what Redis was not told of this test is not told to the next one


@pytest.fixture
def no_redis(settings: Any) -> Iterator[None]:
    settings.REDIS_URL = ""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    caches["default"].clear()
    OUTAGE.forget()
    yield
    OUTAGE.forget()


@pytest.fixture
def short_memo(monkeypatch: pytest.MonkeyPatch) -> float:
    """Redis is asked again soon after a failure."""
    monkeypatch.setattr(OUTAGE, "memo_s", 0.2)
    return 0.2


@pytest.fixture
def fleet(own_redis: RedisServer) -> Iterator[Fleet]:
    members = Fleet(own_redis.url)
    yield members
    members.stop()
