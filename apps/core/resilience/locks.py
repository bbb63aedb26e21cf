"""Locks between processes that outlive an outage of Redis and never take a result with them."""

import contextlib
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import redis_lock

from apps.core.redis import RedisGone
from apps.core.resilience.forking import forget_after_fork

if TYPE_CHECKING:
    from redis import Redis

logger = logging.getLogger(__name__)
# It warns of every attempt that finds the lock taken, which here is the ordinary case.
logging.getLogger("redis_lock.acquire").setLevel(logging.ERROR)


def get_lock_id(prefix: str) -> str:
    """`prefix-host-pid-thread-random`: says in Redis who holds a lock, and is never the same twice."""
    return f"{prefix}-{socket.gethostname()}-{os.getpid()}-{threading.get_ident()}-{secrets.token_hex(4)}"


class _FreshLock(redis_lock.Lock):  # type: ignore[misc]
    """Without the question before each attempt whether this token has the lock already: the attempt tells."""

    _held = False

    @classmethod
    def register_scripts(cls, client: "Redis") -> None:
        redis_lock.Lock.register_scripts(client)  # they belong to the library's class, for all to find


class SharedLock:
    """One attempt at the lock `lock:{key}`; only its own token releases or renews it.

    Nothing here ever waits for the lock: the library's waiting is not woken when a holder dies, and
    ends with an error on connections that have time-outs.
    """

    def __init__(self, client: "Redis", key: str, *, lock_id: str, expire_s: int) -> None:
        self.lock_id = lock_id
        self._lock = _FreshLock(client, key, expire=expire_s, id=lock_id)

    def acquire(self) -> bool:
        """
        Raises:
            RedisGone
        """
        if self._lock.acquire(blocking=False):
            return True
        # An earlier attempt may have got it and lost the reply on the way.
        return bool(self._lock.get_owner_id() == self.lock_id)

    def renew(self) -> bool:
        """Push the expiry out; a lock that Redis lost is taken again unless another has it by now.

        Raises:
            RedisGone
        """
        try:
            self._lock.extend()
        except redis_lock.NotAcquired:
            return self.acquire()
        return True

    def release(self) -> bool:
        """False where it was no longer ours, or Redis could not be told: then it expires by itself."""
        try:
            self._lock.release()
        except redis_lock.NotAcquired:
            return False
        except RedisGone:
            return False
        return True


@dataclass(slots=True)
class _Kept:
    """A lock to renew; with `tell`, until that succeeds."""

    due: float
    every_s: float
    tell: Callable[[], bool] | None = None
    until: float = float("inf")


class LockRenewer:
    """One thread per process that keeps the locks held here alive.

    An error, or a Redis that hangs, is a reason to try again soon; only the end of the work is a
    reason to stop.
    """

    _RETRY_S = 0.25
    _MANY_UNTOLD = 64

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._changed = threading.Condition()
        self._due: dict[SharedLock, _Kept] = {}
        self._wakes_at = float("inf")
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def keeping(self, lock: SharedLock, *, every_s: float) -> Iterator[None]:
        """Renew `lock` while the block runs."""
        kept = _Kept(time.monotonic() + every_s, every_s)
        self._keep(lock, kept)
        try:
            yield
        finally:
            with self._changed:
                if self._due.get(lock) is kept:
                    del self._due[lock]

    def release_when_told(self, lock: SharedLock, tell: Callable[[], bool], *, within_s: float) -> None:
        """Keep `lock` until `tell` succeeds: who gets it then finds what was done under it.

        What is not told in time is given up, and its lock given back; that of one too many runs out.
        """
        now = time.monotonic()
        with self._changed:
            untold = sum(kept.tell is not None for kept in self._due.values())
            if untold < self._MANY_UNTOLD:
                self._keep(lock, _Kept(now + self._RETRY_S, self._RETRY_S, tell, now + within_s))

    def _keep(self, lock: SharedLock, kept: _Kept) -> None:
        with self._changed:
            self._due[lock] = kept
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="lock-renewer", daemon=True)
                self._thread.start()
            if kept.due < self._wakes_at:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            lock, kept = self._wait_for_next()
            next_in_s = kept.every_s
            told = False
            try:
                if not lock.renew():
                    _log_lost(lock)
                told = kept.tell is not None and kept.tell()
            except RedisGone:
                next_in_s = min(self._RETRY_S, kept.every_s)
            now = time.monotonic()
            kept.due = now + next_in_s
            with self._changed:
                if self._due.get(lock) is kept and (told or now >= kept.until):
                    del self._due[lock]
                is_kept = lock in self._due
            if not is_kept:
                lock.release()  # nobody else would: not even one taken again while its holder gave it back

    def _wait_for_next(self) -> tuple[SharedLock, _Kept]:
        with self._changed:
            while True:
                lock, kept = min(self._due.items(), key=lambda entry: entry[1].due, default=(None, None))
                left = None if kept is None else kept.due - time.monotonic()
                if lock is not None and kept is not None and left is not None and left <= 0:
                    return lock, kept
                self._wakes_at = float("inf") if kept is None else kept.due
                self._changed.wait(left)


def _log_lost(lock: SharedLock) -> None:
    logger.warning(
        "[LOCK] Lost the lock while working (id: %s)",
        lock.lock_id,
        extra={"event": "lock_lost", "lock_id": lock.lock_id},
    )


RENEWER = LockRenewer()
forget_after_fork(RENEWER)
