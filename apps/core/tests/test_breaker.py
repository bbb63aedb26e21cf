"""The breaker's rules, each on Redis and in process memory: the two machines must not differ."""

import abc
import time
from functools import partial

import pybreaker
import pytest

from apps.core.resilience.breaker import (
    BreakerListener,
    BreakerPolicy,
    CircuitOpen,
    SharedBreaker,
    Verdict,
)
from apps.core.tests.fakes_resilience import ManualClock, in_threads, wait_until

pytest_plugins = ["apps.core.tests.fixtures_resilience"]

PERIOD_S = 0.2
SLACK_S = 2.0  # a loaded machine may be late, never early


class ServiceDown(Exception):
    pass


class NoCredits(Exception):
    pass


class BadPhoto(Exception):
    pass


class Recorder(BreakerListener):
    def __init__(self):
        self.changes, self.standard, self.rejections, self.results, self.stuck = [], [], [], [], []

    def circuit_changed(self, breaker, change):
        self.changes.append((change.old, change.new))

    def state_change(self, breaker, old, new):
        self.standard.append((old.name, new.name))

    def call_rejected(self, breaker, rejection):
        self.rejections.append(rejection)

    def call_recorded(self, breaker, verdict, reply, error):
        self.results.append((verdict, reply.fails))

    def circuit_stuck(self, breaker, open_for_s):
        self.stuck.append(open_for_s)


def fail():
    raise ServiceDown


def decline():
    raise NoCredits


def try_call(breaker, work=fail):
    try:
        return breaker.call(work)
    except (ServiceDown, NoCredits, BadPhoto, CircuitOpen) as exc:
        return type(exc)


@pytest.fixture(params=["in Redis", "in memory"])
def place(request):
    return request.param


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def make(place, request, recorder, clock):
    """Builds breakers whose open period passes with `later()`."""
    extra = {}
    if place == "in Redis":
        request.getfixturevalue("own_redis")
    else:
        extra = {"redis": lambda: None, "clock": clock}

    def build(name="service", listeners=(recorder,), exclude=(), neutral=(NoCredits,), **policy):
        values = {"fail_max": 3, "reset_timeout_s": PERIOD_S, "probe_ttl_s": 30.0} | policy
        return SharedBreaker(
            name, BreakerPolicy(**values), exclude=exclude, neutral=neutral, listeners=listeners, **extra
        )

    return build


@pytest.fixture
def later(place, clock):
    """Real time for Redis, whose clock nobody turns."""
    wait = time.sleep if place == "in Redis" else clock.advance
    return lambda seconds=PERIOD_S + 0.02: wait(seconds)


def opened(breaker):
    while breaker.snapshot().state != "open":
        try_call(breaker)
    return breaker


def test_it_opens_at_the_third_failure_in_a_row_and_then_makes_no_calls(make, recorder):
    breaker = make()

    assert [try_call(breaker) for _ in range(5)] == [ServiceDown] * 3 + [CircuitOpen] * 2
    assert recorder.changes == recorder.standard == [("closed", "open")]
    assert [fails for _, fails in recorder.results] == [1, 2, 3]
    assert 0 < recorder.rejections[0].retry_after_s < PERIOD_S + 0.001
    assert (breaker.current_state, breaker.fail_counter) == ("open", 3)


def test_the_error_of_the_tripping_call_reaches_its_caller(make):
    breaker = make(fail_max=1)

    with pytest.raises(ServiceDown):
        breaker.call(fail)


def test_a_success_in_between_starts_the_count_anew(make):
    breaker = make()

    for work in (fail, fail, int, fail, fail):
        try_call(breaker, work)

    assert breaker.snapshot().state == "closed"
    assert breaker.snapshot().fail_count == 2


def test_neutral_failures_neither_count_nor_forgive(make):
    breaker = make()

    for work in (fail, fail, decline, decline, fail):
        try_call(breaker, work)

    assert breaker.snapshot().state == "open"


def test_excluded_failures_count_as_success(make):
    breaker = make(exclude=[BadPhoto])

    def refuse():
        raise BadPhoto

    for work in (fail, fail, refuse, fail, fail):
        try_call(breaker, work)

    assert breaker.snapshot().fail_count == 2


def test_an_abstract_class_may_be_excluded_without_excluding_everything(make):
    class Abstract(Exception, metaclass=abc.ABCMeta):
        pass

    breaker = make(exclude=[Abstract])

    assert [try_call(breaker) for _ in range(4)][-1] is CircuitOpen


def test_an_interpreter_that_stops_says_nothing_about_the_service(make, recorder):
    breaker = make(fail_max=1)

    with pytest.raises(SystemExit):
        breaker.call(partial(exec, "raise SystemExit"))

    assert breaker.snapshot().state == "closed"
    assert recorder.results == [(Verdict.NEUTRAL, 0)]


def test_the_context_manager_and_the_decorator_follow_the_same_rules(make):
    breaker = make()

    @breaker
    def decorated():
        raise ServiceDown

    for _ in range(2):
        with pytest.raises(ServiceDown):
            decorated()
    with pytest.raises(ServiceDown), breaker.calling():
        raise ServiceDown
    with pytest.raises(pybreaker.CircuitBreakerError), breaker.calling():
        pytest.fail("the block must not run")


def test_two_successes_close_it_where_two_are_required(make, recorder, later):
    breaker = opened(make(success_threshold=2))
    later()

    try_call(breaker, int)
    assert breaker.snapshot().state == "half-open"
    assert breaker.snapshot().success_count == 1
    try_call(breaker, int)

    assert breaker.snapshot().state == "closed"
    assert recorder.changes == [("closed", "open"), ("open", "half-open"), ("half-open", "closed")]
    assert breaker.snapshot().fail_count == 0


def test_a_failed_trial_opens_it_again_at_once_and_for_twice_as_long(make, later):
    breaker = opened(make(reset_cap_s=3 * PERIOD_S))
    periods = []
    for _ in range(3):
        later(breaker.snapshot().retry_in_s + 0.02)
        assert try_call(breaker) is ServiceDown
        periods.append(breaker.snapshot().retry_in_s / PERIOD_S)

    assert periods == pytest.approx([2, 3, 3], abs=0.5)
    assert breaker.snapshot().trips == 4


def test_closing_makes_the_next_open_period_short_again(make, later):
    breaker = opened(make())
    later()
    try_call(breaker)
    later(2 * PERIOD_S + 0.02)
    try_call(breaker, int)

    assert opened(breaker).snapshot().retry_in_s == pytest.approx(PERIOD_S, abs=0.1)


def test_while_one_trial_runs_nobody_else_gets_through(make, later):
    breaker = opened(make())
    later()

    def others():
        return [try_call(breaker, int) for _ in range(5)]

    assert breaker.call(others) == [CircuitOpen] * 5
    assert breaker.snapshot().state == "closed"


def test_a_neutral_trial_gives_its_place_back_and_decides_nothing(make, later):
    breaker = opened(make())
    later()

    try_call(breaker, decline)

    assert breaker.snapshot().state == "half-open"
    assert try_call(breaker, int) == 0
    assert breaker.snapshot().state == "closed"


def test_an_abandoned_trial_frees_its_place_and_its_late_result_counts_for_nothing(make, later):
    breaker = opened(make(probe_ttl_s=PERIOD_S, success_threshold=2))
    later()

    def overslept():
        later()
        assert try_call(breaker, int) == 0
        raise ServiceDown

    try_call(breaker, overslept)

    assert breaker.snapshot().state == "half-open"
    assert breaker.snapshot().success_count == 1


def test_a_result_from_before_a_change_of_state_is_discarded(make, later):
    breaker = make()

    def failed_long_ago():
        opened(breaker)
        later()
        try_call(breaker, int)
        assert breaker.snapshot().state == "closed"
        raise ServiceDown

    try_call(breaker, failed_long_ago)

    assert breaker.snapshot().fail_count == 0


def test_looking_never_admits_a_trial(make, recorder, later):
    breaker = opened(make())
    later()

    states = {breaker.snapshot().state for _ in range(5)}

    assert states == {"open"}
    assert breaker.snapshot().retry_in_s == 0
    assert recorder.changes == [("closed", "open")]


def test_the_snapshot_tells_how_long_it_has_been_open(make, place, later):
    breaker = opened(make())
    later()

    now = breaker.snapshot()

    assert PERIOD_S <= now.open_for_s < PERIOD_S + SLACK_S
    assert PERIOD_S <= now.changed_s_ago < PERIOD_S + SLACK_S
    assert now.source == {"in Redis": "shared", "in memory": "local"}[place]
    assert make_closed(breaker).open_for_s is None


def make_closed(breaker):
    try_call(breaker, int)
    return breaker.snapshot()


def test_an_outage_that_lasts_is_told_once(make, recorder, later):
    breaker = opened(make(stuck_after_s=5 * PERIOD_S, reset_timeout_s=60.0))
    try_call(breaker)
    assert recorder.stuck == []
    later(5.1 * PERIOD_S)

    for _ in range(3):
        try_call(breaker)

    assert len(recorder.stuck) == 1
    assert recorder.stuck[0] >= 5 * PERIOD_S


def test_it_can_be_opened_and_closed_by_hand(make, recorder):
    breaker = make()

    breaker.force_open(60)
    assert try_call(breaker, int) is CircuitOpen
    assert breaker.snapshot().retry_in_s == pytest.approx(60, abs=1)
    breaker.reset()
    assert try_call(breaker, int) == 0
    breaker.half_open()
    assert try_call(breaker, int) == 0

    assert recorder.changes == [
        ("closed", "open"),
        ("open", "closed"),
        ("closed", "half-open"),
        ("half-open", "closed"),
    ]


def test_ten_calls_of_a_second_take_a_second(make):
    breaker = make()
    started = time.monotonic()

    results = in_threads(10, lambda _: breaker.call(time.sleep, 0.5))

    assert results == [None] * 10
    assert time.monotonic() - started < 2


def test_32_threads_that_fail_at_once_trip_it_once(make, recorder):
    breaker = make(reset_timeout_s=60.0)

    in_threads(32, lambda _: try_call(breaker))

    assert recorder.changes == recorder.standard == [("closed", "open")]


def test_two_services_do_not_share_a_circuit(make):
    opened(make("one"))

    assert make("other").snapshot().state == "closed"


def test_the_threads_of_a_process_share_one_trial(make, later):
    breaker = opened(make())
    later()
    ran = []

    def trial():
        ran.append(1)
        wait_until(lambda: len(rejected) == 15)
        return "through"

    rejected = []

    def attempt(_):
        result = try_call(breaker, trial)
        if result is CircuitOpen:
            rejected.append(1)
        return result

    assert in_threads(16, attempt).count("through") == len(ran) == 1
