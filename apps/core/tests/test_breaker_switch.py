"""An operator's hand on the switch: for all processes, until taken back, and never for one of them only."""

import pytest

from apps.core.resilience.breaker import BreakerPolicy, SharedBreaker, SwitchUnreachable
from apps.core.tests.fakes_resilience import PATIENCE_S, ManualClock
from apps.core.tests.test_breaker import CircuitOpen, Recorder, ServiceDown, try_call

pytest_plugins = ["apps.core.tests.fixtures_resilience"]


def make(recorder=None, clock=None, **policy):
    values = {"fail_max": 3, "reset_timeout_s": 60.0} | policy
    more = {"clock": clock} if clock else {}
    return SharedBreaker("service", BreakerPolicy(**values), listeners=[recorder] if recorder else [], **more)


def let_the_open_period_pass(own_redis):
    import redis

    with redis.Redis.from_url(own_redis.url) as client:
        client.hset("cb:{service}", "retry_at", 1)


def test_a_held_circuit_lets_nobody_try_however_long_it_takes(own_redis):
    breaker = make()
    switched = breaker.hold_open()
    let_the_open_period_pass(own_redis)

    assert (switched.before.state, switched.before.is_held) == ("closed", False)
    assert (switched.after.state, switched.after.is_held) == ("open", True)
    assert try_call(make(), int) is CircuitOpen
    with pytest.raises(CircuitOpen) as refused:
        breaker.call(int)
    assert refused.value.retry_after_s == pytest.approx(60, abs=1)  # callers are not sent away for ever
    now = make().snapshot()
    assert (now.state, now.is_held, now.retry_in_s) == ("open", True, 0)


def test_an_open_circuit_can_be_held_too_and_then_no_trial_ends_it(own_redis):
    breaker = make()
    while try_call(breaker) is not CircuitOpen:
        pass
    before = breaker.snapshot()
    assert breaker.hold_open().before.state == "open"
    let_the_open_period_pass(own_redis)

    assert try_call(make(), int) is CircuitOpen
    assert breaker.snapshot().open_for_s >= before.open_for_s


@pytest.mark.parametrize("outcome", [int, None], ids=["success", "failure"])
def test_a_call_that_was_under_way_says_nothing_about_a_held_circuit(own_redis, outcome):
    breaker = make(fail_max=1)

    def late():
        make().hold_open()
        if outcome is None:
            raise ServiceDown

    try_call(breaker, late)

    now = breaker.snapshot()
    assert (now.state, now.is_held, now.trips) == ("open", True, 1)


def test_closing_lets_calls_through_at_once_with_nothing_counted(own_redis):
    recorder = Recorder()
    breaker = make(recorder)
    breaker.hold_open()

    switched = make().close_for_all()

    assert (switched.before.state, switched.before.is_held) == ("open", True)
    assert (switched.after.state, switched.after.fail_count, switched.after.trips) == ("closed", 0, 0)
    assert breaker.call(int) == 0
    assert recorder.changes == [("closed", "open")]


def test_the_switch_is_told_once_and_holding_twice_changes_nothing(own_redis):
    recorder = Recorder()
    breaker = make(recorder)
    breaker.hold_open()
    breaker.hold_open()
    breaker.close_for_all()

    assert recorder.changes == [("closed", "open"), ("open", "closed")]


def test_a_held_circuit_is_kept_without_a_limit_and_a_closed_one_is_forgotten_in_the_end(own_redis):
    import redis

    with redis.Redis.from_url(own_redis.url) as client:
        make().hold_open()
        assert client.ttl("cb:{service}") == -1
        make().close_for_all()
        assert client.ttl("cb:{service}") > 0


def test_without_redis_the_switch_is_refused_and_nothing_changes(own_redis):
    breaker = make()
    breaker.call(int)
    own_redis.stop()

    for press in (breaker.hold_open, breaker.close_for_all):
        with pytest.raises(SwitchUnreachable):
            press()
    assert breaker.call(int) == 0


def test_a_process_that_knows_of_the_hold_keeps_it_while_redis_is_away(own_redis):
    clock = ManualClock()
    breaker = make(clock=clock)
    breaker.hold_open()
    own_redis.stop()
    clock.advance(100_000)

    assert try_call(breaker, int) is CircuitOpen
    assert breaker.snapshot().is_held


def test_a_redis_that_came_back_empty_is_told_of_the_hold_by_who_remembers_it(own_redis, short_memo):
    """Even after a process that had slept through it has spoken first."""
    asleep, remembers = make(), make()
    asleep.call(int)
    remembers.hold_open()
    own_redis.kill()
    own_redis.start()
    make_reachable(asleep)

    assert try_call(asleep, int) == 0
    assert try_call(remembers, int) is CircuitOpen
    assert try_call(asleep, int) is CircuitOpen
    assert asleep.snapshot().is_held


def test_who_slept_through_the_closing_does_not_bring_the_hold_back(own_redis, short_memo):
    """Not even where Redis has lost everything since, and counts anew."""
    asleep, awake = make(), make()
    asleep.hold_open()
    awake.close_for_all()
    assert asleep.call(int) == 0

    asleep.hold_open()
    own_redis.kill()
    own_redis.start()
    make_reachable(awake)
    awake.close_for_all()

    assert asleep.call(int) == 0
    assert not awake.snapshot().is_held


def make_reachable(breaker):
    from apps.core.tests.fakes_resilience import wait_until

    wait_until(lambda: breaker.snapshot().source == "shared")


def hold_it(barrier, number):
    breaker = make()
    barrier.wait(PATIENCE_S)
    if number == 0:
        breaker.hold_open()
    barrier.wait(PATIENCE_S)
    return try_call(breaker, int), breaker.snapshot().is_held


def test_what_one_process_holds_is_held_in_all(fleet):
    assert fleet.run(hold_it, processes=3) == [(CircuitOpen, True)] * 3


def switch_it(barrier, number):
    breaker = make()
    barrier.wait(PATIENCE_S)
    switched = breaker.hold_open() if number % 2 else breaker.close_for_all()
    return (switched.before.state, switched.after.state)


def test_switches_pressed_at_the_same_moment_follow_one_another(fleet):
    """Each finds what the one before it left: the changes make one chain that starts closed."""
    changes = fleet.run(switch_it, processes=4)

    last = make().snapshot().state
    opened = changes.count(("closed", "open"))
    closed = changes.count(("open", "closed"))
    assert opened - closed == (1 if last == "open" else 0)
    assert {after for _, after in changes} == {"open", "closed"}
