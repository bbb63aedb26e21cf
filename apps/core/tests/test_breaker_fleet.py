"""One circuit, many processes."""

import threading
import time
from itertools import chain

from apps.core.resilience.breaker import BreakerPolicy, SharedBreaker
from apps.core.tests.fakes_resilience import PATIENCE_S, in_threads, listen, say, wait_until
from apps.core.tests.test_breaker import CircuitOpen, Recorder, ServiceDown, try_call

pytest_plugins = ["apps.core.tests.fixtures_resilience"]

PROCESSES, THREADS = 8, 4
PERIOD_S = 1.0
SLACK_S = 5.0  # a loaded machine may be late


def make(recorder=None, **policy):
    values = {"fail_max": 3, "reset_timeout_s": PERIOD_S, "probe_ttl_s": 30.0} | policy
    return SharedBreaker("service", BreakerPolicy(**values), listeners=[recorder] if recorder else [])


def open_it():
    breaker = make()
    while try_call(breaker) is not CircuitOpen:
        pass
    return breaker


def fail_in_threads(barrier, number):
    recorder = Recorder()
    breaker = make(recorder, reset_timeout_s=60.0)
    barrier.wait(PATIENCE_S)
    in_threads(THREADS, lambda _: try_call(breaker))
    return recorder.changes


def test_all_fail_at_once_and_it_opens_once(fleet):
    changes = fleet.run(fail_in_threads, processes=PROCESSES)

    assert list(chain.from_iterable(changes)) == [("closed", "open")]


def fail_once(barrier, number):
    breaker = make(reset_timeout_s=60.0)
    barrier.wait(PATIENCE_S)
    return try_call(breaker)


def test_one_failure_in_each_of_three_processes_opens_it_for_all(fleet):
    assert fleet.run(fail_once, processes=3) == [ServiceDown] * 3
    assert make().snapshot().state == "open"
    assert try_call(make(), int) is CircuitOpen


def try_in_threads(barrier, number, all_answered):
    """Ask until the period is over; whoever is let through stays until everybody else was turned away."""
    recorder = Recorder()
    breaker = make(recorder)
    barrier.wait(PATIENCE_S)
    ran = threading.Event()

    def trial():
        ran.set()
        say("running")
        listen()

    def attempt(_):
        while make().snapshot().retry_in_s > 0:
            time.sleep(0.01)
        return try_call(breaker, trial)

    results = in_threads(THREADS, attempt)
    with all_answered.get_lock():
        all_answered.value += results.count(CircuitOpen)
    return recorder.changes


def test_of_32_callers_in_8_processes_one_makes_the_trial(fleet):
    open_it()
    answered = fleet.context.Value("i", 0)
    barrier = fleet.context.Barrier(PROCESSES)
    members = [fleet.start(try_in_threads, barrier, number, answered) for number in range(PROCESSES)]

    def running():
        return [member for member in members if member.has_news()]

    # Seven processes end, all their callers turned away; in the eighth one caller is at it.
    wait_until(lambda: answered.value == (PROCESSES - 1) * THREADS)
    said = {member: member.said() for member in running()}
    at_work = [member for member, word in said.items() if word == "running"]
    assert len(at_work) == 1
    at_work[0].tell("go on")
    changes = [word for word in said.values() if word != "running"] + [at_work[0].result()]

    assert sorted(chain.from_iterable(changes)) == [("half-open", "closed"), ("open", "half-open")]
    assert make().snapshot().state == "closed"


def hang_in_a_trial():
    breaker = make(probe_ttl_s=1.0)

    def hang():
        say("running")
        listen()

    while True:
        try_call(breaker, hang)
        time.sleep(0.01)


def test_when_the_process_that_tries_is_killed_another_may_try(fleet):
    open_it()
    member = fleet.start(hang_in_a_trial)
    assert member.said() == "running"
    member.kill()
    killed_at = time.monotonic()
    survivor = make(probe_ttl_s=1.0)

    wait_until(lambda: try_call(survivor, int) == 0)

    assert time.monotonic() - killed_at < 1 + SLACK_S
    assert survivor.snapshot().state == "closed"
