"""What the tests of resilience share: a clock to turn, threads at once, processes to kill."""

import multiprocessing
import threading
import time
from collections.abc import Callable
from typing import Any

from apps.core.redis_options import REDIS_CACHE_OPTIONS
from devstack.redis import RedisServer

PATIENCE_S = 20.0
# What members need: imported once instead of in each of them.
PRELOADED = [
    "django_redis.cache",
    "django_redis.client",
    "django_redis.serializers.json",
    "apps.core.tests.test_breaker_fleet",
    "apps.core.tests.test_single_flight_fleet",
    "apps.core.tests.test_single_flight_faults",
    "apps.plant_identification.tests.test_circuit_faults",
]


class ManualClock:
    """Stands still until told."""

    def __init__(self) -> None:
        self._now = 1_000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self._now

    def wall(self) -> float:
        return 1_700_000_000.0 + self._now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._now += seconds

    def advance(self, seconds: float) -> None:
        self._now += seconds


def wait_until(condition: Callable[[], object], *, within_s: float = PATIENCE_S) -> None:
    ends_at = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < ends_at, "waited in vain"
        time.sleep(0.005)


def in_threads(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run `work(0..count-1)` at the same moment; an exception is a result."""
    results: list[Any] = [None] * count
    together = threading.Barrier(count)

    def run(number: int) -> None:
        together.wait(PATIENCE_S)
        try:
            results[number] = work(number)
        except Exception as exc:  # noqa: BLE001 - the test looks at it
            results[number] = exc

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive(), "a thread never finished"
    return results


def cache_settings(url: str) -> dict[str, Any]:
    return {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": url,
            "KEY_PREFIX": "pc",
            "OPTIONS": REDIS_CACHE_OPTIONS,
        }
    }


def empty(server: RedisServer) -> None:
    import redis

    with redis.Redis.from_url(server.url) as client:
        client.flushall()


class Fleet:
    """Processes of their own that know the project only through Redis, as workers do."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(PRELOADED)
        self._children: list[Any] = []

    def start(self, work: Callable[..., Any], *args: Any) -> "Member":
        ours, theirs = self.context.Pipe()
        process = self.context.Process(target=_member_main, args=(self._url, theirs, work, args), daemon=True)
        process.start()
        theirs.close()
        self._children.append(process)
        return Member(process, ours)

    def run(self, work: Callable[..., Any], *args: Any, processes: int) -> list[Any]:
        """`work(barrier, number, *args)` in each, all at once."""
        barrier = self.context.Barrier(processes)
        members = [self.start(work, barrier, number, *args) for number in range(processes)]
        return [member.result() for member in members]

    def stop(self) -> None:
        for process in self._children:
            if process.is_alive():
                process.kill()
            process.join(PATIENCE_S)


class Member:
    def __init__(self, process: Any, pipe: Any) -> None:
        self._process, self._pipe = process, pipe

    @property
    def pid(self) -> int:
        return int(self._process.pid)

    def said(self) -> Any:
        """The next thing it says."""
        assert self._pipe.poll(PATIENCE_S), "it never said anything"
        return self._pipe.recv()

    result = said

    def has_news(self) -> bool:
        return bool(self._pipe.poll())

    def tell(self, word: Any) -> None:
        self._pipe.send(word)

    def kill(self) -> None:
        self._process.kill()
        self._process.join(PATIENCE_S)


def _member_main(url: str, pipe: Any, work: Callable[..., Any], args: tuple[Any, ...]) -> None:
    from django.conf import settings

    settings.configure(REDIS_URL=url, CACHES=cache_settings(url), USE_TZ=True)
    say.pipe = pipe
    pipe.send(work(*args))


def say(word: Any) -> None:
    """For work in a member: tell the test."""
    say.pipe.send(word)  # type: ignore[attr-defined]


def listen() -> Any:
    """For work in a member: wait for the test."""
    return say.pipe.recv()  # type: ignore[attr-defined]
