"""Processes that make calls when told, in many threads at once, and keep them at the service until told.

What a member counts stands in memory without locks: a killed process could take a lock with it.
"""

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from django.core.cache import caches

from apps.core.redis import OUTAGE, get_redis
from apps.core.resilience.locks import RENEWER
from apps.core.tests.fakes_resilience import PATIENCE_S, Fleet, Member, listen, say, wait_until

LONG = os.environ.get("FAULTS") == "long"
PROCESSES, THREADS = 4, 16
EVERYBODY = PROCESSES * THREADS
# Threads that are there for good once something was done.
_AT_REST = {"MainThread", "lock-renewer"}


class ServiceDown(Exception):
    pass


class Post:
    """A member's end: the service its calls reach, and what it tells."""

    def __init__(self, number: int, made: Any, inside: Any, ended: Any) -> None:
        self._number, self._made, self._inside, self._ended = number, made, inside, ended
        self._guard = threading.Lock()
        self._gate = threading.Semaphore(0)
        self.under_way: Callable[[], int] = lambda: 0

    def serve(self, order: dict[str, Any]) -> str:
        """One call at the service: fails or answers, at once or when let go."""
        self._count(self._made, 1)
        self._count(self._inside, 1)
        try:
            if order.get("held"):
                assert self._gate.acquire(timeout=3 * PATIENCE_S)
        finally:
            self._count(self._inside, -1)
        if order["does"] == "fail":
            raise ServiceDown("no answer")
        return str(order["does"])

    def let_go(self, count: int) -> None:
        self._gate.release(count)

    def close_gate(self) -> None:
        while self._gate.acquire(blocking=False):
            pass

    def note_end(self) -> None:
        self._count(self._ended, 1)

    def _count(self, what: Any, change: int) -> None:
        with self._guard:
            what[self._number] += change

    def rest(self) -> dict[str, Any]:
        """What is still held, by whom. Nothing, once all calls are over."""
        pools = [get_redis().connection_pool, caches["default"].client.get_client().connection_pool]
        return {
            "threads": sorted(thread.name for thread in threading.enumerate() if thread.name not in _AT_REST),
            "renewed": len(RENEWER._due),
            "under way": self.under_way(),
            "connections": [pool.max_connections - pool.pool.qsize() for pool in pools],
        }


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.kept: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append((record.levelname, record.getMessage()))

    def take(self) -> list[tuple[str, str]]:
        taken, self.kept = self.kept, []
        return taken


class _Callers:
    """The threads of a member, and what came of their calls."""

    def __init__(self, post: Post, call: Callable[[dict[str, Any]], Any], lines: _Lines) -> None:
        self._post, self._call, self._lines = post, call, lines
        self._threads: list[threading.Thread] = []
        self._outcomes: list[Any] = []
        self._go = threading.Event()

    def arm(self, how_many: int, order: dict[str, Any]) -> str:
        work = {"target": self._run, "args": (order, self._go), "daemon": True}
        new = [threading.Thread(**work) for _ in range(how_many)]
        for thread in new:
            thread.start()
        self._threads += new
        return "armed"

    def go(self) -> None:
        self._go.set()
        self._go = threading.Event()

    def let_go(self, count: int) -> None:
        self._post.let_go(count)

    def results(self) -> list[Any]:
        for thread in self._threads:
            thread.join(PATIENCE_S)
        assert not any(thread.is_alive() for thread in self._threads), "a caller is never answered"
        self._threads.clear()
        self._post.close_gate()
        taken, self._outcomes = self._outcomes, []
        return taken

    def lines(self) -> list[tuple[str, str]]:
        return self._lines.take()

    def rest(self) -> dict[str, Any]:
        return self._post.rest()

    def do(self, what: Callable[..., Any], *args: Any) -> Any:
        return what(*args)

    def _run(self, order: dict[str, Any], go: threading.Event) -> None:
        assert go.wait(PATIENCE_S)
        started = time.monotonic()
        try:
            said = self._call(order)
        except Exception as exc:  # noqa: BLE001 - the test looks at it
            said = (type(exc).__name__, str(exc))
        self._outcomes.append((said, time.monotonic() - started))
        self._post.note_end()


def take_orders(
    number: int,
    counts: tuple[Any, Any, Any],
    logger: str,
    make_caller: Callable[..., Callable[[dict[str, Any]], Any]],
    *args: Any,
) -> None:
    """The work of a member of a `Crew`."""
    lines = _Lines()
    logging.getLogger(logger).addHandler(lines)
    logging.getLogger(logger).setLevel(logging.DEBUG)
    OUTAGE.memo_s = 0.2
    post = Post(number, *counts)
    callers = _Callers(post, make_caller(post, number, *args), lines)
    say("ready")
    while True:
        order, *parts = listen()
        said = getattr(callers, order)(*parts)
        if order not in {"go", "let_go"}:  # nobody waits to hear of these
            say(said)


class Crew:
    """The test's end: several members that act as one fleet."""

    def __init__(
        self,
        fleet: Fleet,
        logger: str,
        make_caller: Callable[..., Any],
        *args: Any,
        processes: int = PROCESSES,
    ) -> None:
        counts = [fleet.context.Array("i", processes, lock=False) for _ in range(3)]
        self._made, self._inside, self._ended = counts
        self.members: list[Member] = [
            fleet.start(take_orders, number, tuple(counts), logger, make_caller, *args)
            for number in range(processes)
        ]
        self.alive = list(range(processes))
        for member in self.members:
            assert member.said() == "ready"

    @property
    def made(self) -> int:
        """Calls that reached the service so far."""
        return sum(self._made)

    @property
    def inside(self) -> int:
        """Calls that are at the service now."""
        return sum(self._inside[number] for number in self.alive)

    @property
    def ended(self) -> int:
        return sum(self._ended)

    def where_inside(self) -> list[int]:
        return [number for number in self.alive if self._inside[number]]

    def begin(
        self, does: str, *, of: Iterable[int] | None = None, threads: int = THREADS, **order: Any
    ) -> None:
        """Calls from so many threads of each of these members, all at the same moment."""
        numbers = self.alive if of is None else list(of)
        for number in numbers:
            self.members[number].tell(("arm", threads, {"does": does, **order}))
        for number in numbers:
            assert self.members[number].said() == "armed"
        for number in numbers:
            self.members[number].tell(("go",))

    def let_go(self, *, of: Iterable[int] | None = None, count: int = 1_000) -> None:
        for number in self.alive if of is None else of:
            self.members[number].tell(("let_go", count))

    def outcomes(self, *, of: Iterable[int] | None = None) -> list[Any]:
        """What each caller got, when all of these members' are answered."""
        return [said for said, _ in self.timed_outcomes(of=of)]

    def timed_outcomes(self, *, of: Iterable[int] | None = None) -> list[tuple[Any, float]]:
        return [outcome for said in self._ask("results", of) for outcome in said]

    def call(self, does: str, *, of: Iterable[int] | None = None, **order: Any) -> Counter[Any]:
        """Calls that nobody holds up: how often each outcome came."""
        self.begin(does, of=of, **order)
        return Counter(self.outcomes(of=of))

    def lines(self) -> list[tuple[str, str]]:
        """What all of them logged since the last time."""
        return [line for lines in self._ask("lines") for line in lines]

    def do(self, number: int, what: Callable[..., Any], *args: Any) -> Any:
        self.members[number].tell(("do", what, *args))
        return self.members[number].said()

    def kill(self, number: int) -> None:
        self.alive.remove(number)
        self.members[number].kill()

    def require_rest(self) -> None:
        """No thread, connection or lock is left from calls that are over."""
        nothing = {"threads": [], "renewed": 0, "under way": 0, "connections": [0, 0]}
        with suppress(AssertionError):  # what Redis was not told when it was loaded is told once it is back
            wait_until(lambda: self._ask("rest") == [nothing] * len(self.alive))
        assert self._ask("rest") == [nothing] * len(self.alive)

    def _ask(self, word: str, of: Iterable[int] | None = None) -> list[Any]:
        numbers = self.alive if of is None else list(of)
        for number in numbers:
            self.members[number].tell((word,))
        return [self.members[number].said() for number in numbers]

    def wait_inside(self, count: int) -> None:
        wait_until(lambda: self.inside == count)
