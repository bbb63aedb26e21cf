"""Threads for outside calls: a bounded number, with a bounded queue in front of them."""

import contextvars
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from apps.core.resilience.clock import Deadline
from apps.core.resilience.forking import forget_after_fork

P = ParamSpec("P")
T = TypeVar("T")


class PoolFull(Exception):
    """Every thread is busy and the queue is full; waiting longer would only move the failure."""


class BoundedPool:
    """A thread pool for one outside service, so that a slow one starves nobody else.

    The threads start with the first task, hence in the process that uses them: threads do not
    survive a fork. Each task runs in a copy of its caller's context. A task that uses the ORM gives its
    connection back itself (`short_connection`): nobody else closes what these threads open.
    """

    def __init__(self, name: str, *, max_workers: int, max_queue: int) -> None:
        self.name = name
        self.max_workers, self.max_queue = max_workers, max_queue
        self.forget()
        forget_after_fork(self)
        _pools.add(self)

    def forget(self) -> None:
        self._lock = threading.Lock()
        self._executor: ThreadPoolExecutor | None = None
        self._in_flight = 0

    @property
    def in_flight(self) -> int:
        """Tasks queued and running."""
        return self._in_flight

    def submit(self, task: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """
        Raises:
            PoolFull: at once, never after waiting.
        """
        return self._submit(lambda: task(*args, **kwargs))

    def submit_before(
        self, deadline: Deadline, task: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> Future[T]:
        """Like `submit`; a task still queued at the deadline is not started but ends in `DeadlinePassed`."""

        def run_in_time() -> T:
            deadline.require()
            return task(*args, **kwargs)

        return self._submit(run_in_time)

    def _submit(self, task: Callable[[], T]) -> Future[T]:
        context = contextvars.copy_context()
        with self._lock:
            if self._in_flight >= self.max_workers + self.max_queue:
                raise PoolFull(self.name)
            if self._executor is None:
                self._executor = ThreadPoolExecutor(self.max_workers, thread_name_prefix=self.name)
            future: Future[T] = self._executor.submit(context.run, task)
            self._in_flight += 1
        future.add_done_callback(self._done)
        return future

    def _done(self, _: Future[Any]) -> None:
        with self._lock:
            self._in_flight -= 1

    def close(self) -> None:
        """Cancel what is queued, leave what is running to its own deadline. A later task starts anew."""
        with self._lock:
            executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=False, cancel_futures=True)


_pools: "weakref.WeakSet[BoundedPool]" = weakref.WeakSet()


def close_all_pools() -> None:
    """For the end of a worker process; the interpreter's own end calls it too."""
    for pool in list(_pools):
        pool.close()


# The interpreter waits for the executors' whole queues before it calls any `atexit` function. This is
# the list it works through before that, last entry first; concurrent.futures entered its waiting on import.
threading._register_atexit(close_all_pools)  # type: ignore[attr-defined]  # noqa: SLF001
