import contextvars
import os
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import CancelledError

import pytest

from apps.core.resilience.clock import Deadline, DeadlinePassed
from apps.core.resilience.pool import BoundedPool, PoolFull
from apps.core.tests.fakes_resilience import PATIENCE_S, ManualClock, wait_until

caller = contextvars.ContextVar("caller", default="nobody")


@pytest.fixture
def gate():
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def pool():
    pool = BoundedPool("provider", max_workers=2, max_queue=2)
    yield pool
    pool.close()


def test_tasks_run_at_once_up_to_the_number_of_threads_and_the_rest_queue(pool, gate):
    running = threading.Barrier(3)

    def task():
        if not gate.is_set():
            running.wait(PATIENCE_S)
        gate.wait(PATIENCE_S)
        return threading.current_thread().name

    futures = [pool.submit(task) for _ in range(4)]
    running.wait(PATIENCE_S)
    assert pool.in_flight == 4
    gate.set()

    assert {future.result(PATIENCE_S).split("_")[0] for future in futures} == {"provider"}
    wait_until(lambda: pool.in_flight == 0)


def test_a_full_pool_says_so_at_once_and_takes_tasks_again_afterwards(pool, gate):
    futures = [pool.submit(gate.wait, PATIENCE_S) for _ in range(4)]
    started = time.monotonic()

    with pytest.raises(PoolFull):
        pool.submit(int)

    assert time.monotonic() - started < 0.5
    gate.set()
    for future in futures:
        future.result(PATIENCE_S)
    wait_until(lambda: pool.in_flight == 0)
    assert pool.submit(int).result(PATIENCE_S) == 0


def test_a_cancelled_task_gives_its_place_back(pool, gate):
    futures = [pool.submit(gate.wait, PATIENCE_S) for _ in range(4)]

    assert futures[3].cancel()

    assert pool.in_flight == 3


def test_a_failing_task_gives_its_place_back(pool):
    with pytest.raises(ZeroDivisionError):
        pool.submit(divmod, 1, 0).result(PATIENCE_S)

    wait_until(lambda: pool.in_flight == 0)


def test_each_task_sees_its_callers_context_and_changes_only_its_own(pool):
    def sign():
        seen = caller.get()
        caller.set("task")
        return seen

    caller.set("Ada")
    first = pool.submit(sign)
    caller.set("Grace")
    second = pool.submit(sign)

    assert [first.result(PATIENCE_S), second.result(PATIENCE_S)] == ["Ada", "Grace"]
    assert caller.get() == "Grace"


def test_a_task_whose_deadline_passed_in_the_queue_is_not_started(pool, gate):
    clock, started = ManualClock(), []
    for _ in range(2):
        pool.submit(gate.wait, PATIENCE_S)
    late = pool.submit_before(Deadline.after(1, clock), started.append, "late")
    in_time = pool.submit_before(Deadline.after(10, clock), started.append, "in time")
    clock.advance(2)
    gate.set()

    in_time.result(PATIENCE_S)
    with pytest.raises(DeadlinePassed):
        late.result(PATIENCE_S)
    assert started == ["in time"]


def test_closing_cancels_the_queue_and_leaves_running_tasks_alone(pool, gate):
    begun = threading.Event()

    def task():
        begun.set()
        gate.wait(PATIENCE_S)
        return "done"

    running = pool.submit(task)
    pool.submit(gate.wait, PATIENCE_S)
    queued = pool.submit(int)
    begun.wait(PATIENCE_S)

    pool.close()

    with pytest.raises(CancelledError):
        queued.result(PATIENCE_S)
    gate.set()
    assert running.result(PATIENCE_S) == "done"
    assert pool.submit(int).result(PATIENCE_S) == 0


def test_a_forked_child_gets_threads_of_its_own(pool):
    pool.submit(int).result(PATIENCE_S)
    child = os.fork()
    if child == 0:
        try:
            os._exit(pool.submit(int, "7").result(5))
        finally:
            os._exit(1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_the_interpreter_ends_without_working_off_the_queue():
    program = textwrap.dedent("""
        import time
        from apps.core.resilience.pool import BoundedPool

        pool = BoundedPool("provider", max_workers=1, max_queue=50)
        for _ in range(50):
            pool.submit(time.sleep, 0.5)
    """)
    started = time.monotonic()

    subprocess.run([sys.executable, "-c", program], check=True, timeout=20)

    assert time.monotonic() - started < 10
