"""The breaker while Redis is killed, frozen or emptied, in each state of the circuit."""

import time

import pytest

from apps.core.redis import get_redis
from apps.core.redis_options import REDIS_READ_TIMEOUT_S
from apps.core.resilience.breaker import BreakerPolicy, CircuitOpen, SharedBreaker
from apps.core.resilience.breaker.local import LocalMachine
from apps.core.resilience.breaker.types import Reply
from apps.core.tests.fakes_resilience import ManualClock, empty, wait_until
from apps.core.tests.test_breaker import Recorder, ServiceDown, fail, try_call

pytest_plugins = ["apps.core.tests.fixtures_resilience"]


def make(*, reset_timeout_s=60.0, listeners=(), **policy):
    return SharedBreaker(
        "service",
        BreakerPolicy(fail_max=3, reset_timeout_s=reset_timeout_s, probe_ttl_s=30.0, **policy),
        listeners=listeners,
    )


def open_it(breaker):
    while try_call(breaker) is not CircuitOpen:
        pass


def asked_redis(breaker):
    return breaker.snapshot().source == "shared"


@pytest.fixture(params=["killed", "frozen"])
def lose_redis(request, own_redis, short_memo):
    return {"killed": own_redis.kill, "frozen": own_redis.pause}[request.param]


def test_an_open_circuit_stays_open_while_redis_is_away(lose_redis):
    breaker = make()
    open_it(breaker)
    lose_redis()

    assert [try_call(breaker, int) for _ in range(5)] == [CircuitOpen] * 5
    assert breaker.snapshot().state == "open"
    assert breaker.snapshot().source == "local"


def test_failures_counted_before_redis_left_count_on(lose_redis):
    breaker = make()
    try_call(breaker)
    try_call(breaker)
    lose_redis()

    assert [try_call(breaker), try_call(breaker)] == [ServiceDown, CircuitOpen]


def test_the_circuit_opens_tries_and_closes_without_redis(lose_redis):
    recorder = Recorder()
    breaker = make(reset_timeout_s=0.1, success_threshold=2, listeners=[recorder])
    lose_redis()
    open_it(breaker)

    wait_until(lambda: try_call(breaker, int) == 0)
    assert try_call(breaker, int) == 0

    assert breaker.snapshot().state == "closed"
    assert recorder.changes == [("closed", "open"), ("open", "half-open"), ("half-open", "closed")]


def test_a_trial_under_way_when_redis_leaves_still_decides(lose_redis):
    breaker = make(reset_timeout_s=0.1)
    open_it(breaker)

    def trial():
        lose_redis()
        return "well"

    wait_until(lambda: try_call(breaker, trial) == "well")

    assert breaker.snapshot().state == "closed"


def test_a_trial_that_ended_before_redis_left_does_not_keep_its_place(own_redis):
    breaker = make(reset_timeout_s=0.1, success_threshold=2)
    open_it(breaker)
    wait_until(lambda: try_call(breaker, int) == 0)
    own_redis.kill()

    assert try_call(breaker, int) == 0
    assert breaker.snapshot().state == "closed"


def test_fifty_calls_beside_a_frozen_redis_wait_for_it_once(own_redis):
    breaker = make()
    try_call(breaker, int)
    own_redis.pause()
    slowest_first = []
    for _ in range(50):
        started = time.monotonic()
        try_call(breaker, int)
        slowest_first.append(time.monotonic() - started)
    slowest_first.sort(reverse=True)

    assert slowest_first[0] < 3 * REDIS_READ_TIMEOUT_S
    assert sum(slowest_first[1:]) < REDIS_READ_TIMEOUT_S


def test_a_redis_that_lost_everything_is_told_that_the_circuit_is_open(own_redis):
    breaker, bystander = make(), make()
    open_it(breaker)
    empty(own_redis)

    assert try_call(breaker, int) is CircuitOpen
    assert try_call(bystander, int) is CircuitOpen
    assert bystander.snapshot().retry_in_s > 55


def test_a_redis_that_lost_everything_during_a_trial_learns_its_result(own_redis):
    breaker = make(reset_timeout_s=0.1, success_threshold=2)
    open_it(breaker)
    wait_until(lambda: try_call(breaker, int) == 0)
    assert breaker.snapshot().state == "half-open"
    empty(own_redis)

    assert try_call(breaker, int) == 0
    assert breaker.snapshot().state in {"half-open", "closed"}
    try_call(breaker, int)
    assert breaker.snapshot().state == "closed"


def test_a_redis_that_lost_everything_leaves_a_closed_circuit_closed(own_redis):
    breaker = make()
    try_call(breaker)
    empty(own_redis)

    assert try_call(breaker, int) == 0
    assert breaker.snapshot().state == "closed"
    assert [try_call(breaker) for _ in range(4)][-1] is CircuitOpen


def test_what_opened_while_redis_was_away_is_open_for_all_when_it_is_back(own_redis, short_memo):
    recorder = Recorder()
    breaker, bystander = make(listeners=[recorder]), make()
    try_call(bystander, int)
    own_redis.pause()
    open_it(breaker)
    own_redis.resume()
    wait_until(lambda: asked_redis(bystander))
    assert bystander.snapshot().state == "closed"

    assert try_call(breaker, int) is CircuitOpen
    assert try_call(bystander, int) is CircuitOpen
    assert recorder.changes == [("closed", "open")]


def test_what_another_opened_meanwhile_is_respected_on_return(own_redis, short_memo):
    breaker, bystander = make(), make()
    try_call(breaker, int)
    own_redis.pause()
    try_call(breaker, int)
    own_redis.resume()
    wait_until(lambda: asked_redis(bystander))
    open_it(bystander)

    assert try_call(breaker, int) is CircuitOpen


def test_what_was_closed_by_hand_while_redis_was_away_does_not_close_what_redis_holds_open(
    own_redis, short_memo
):
    breaker, bystander = make(), make()
    own_redis.pause()
    open_it(breaker)
    breaker.force_closed()
    own_redis.resume()
    wait_until(lambda: asked_redis(bystander))
    open_it(bystander)

    assert try_call(breaker, int) is CircuitOpen


def test_an_outage_seen_by_one_process_long_ago_does_not_disturb_the_others(own_redis, short_memo):
    breaker, bystander = make(reset_timeout_s=0.1, success_threshold=2), make(success_threshold=2)
    try_call(bystander, int)
    own_redis.pause()
    open_it(breaker)
    own_redis.resume()
    wait_until(lambda: asked_redis(bystander))
    wait_until(lambda: breaker._local.snapshot("service").retry_in_s == 0)

    assert try_call(breaker, int) == 0
    assert bystander.snapshot().state == "closed"


def test_a_failure_beside_a_lost_redis_names_the_service_not_redis(lose_redis):
    breaker = make()
    lose_redis()

    with pytest.raises(ServiceDown):
        breaker.call(fail)


def test_the_state_of_an_unused_circuit_does_not_stay_for_ever(own_redis):
    open_it(make(keep_s=100.0))

    assert 0 < get_redis().pttl("cb:{service}") <= 100_000


def test_an_answer_overtaken_on_its_way_does_not_undo_a_later_one():
    """Or one thread's old news would make the process forget an open circuit should Redis go now."""
    machine = LocalMachine(BreakerPolicy(fail_max=3, reset_timeout_s=60.0), ManualClock())
    counted = {"accepted": True, "successes": 0, "open_for_s": 0.0}
    second = Reply(state="closed", previous="closed", epoch=0, fails=2, trips=0, retry_in_s=0.0, **counted)
    third = Reply(state="open", previous="closed", epoch=1, fails=3, trips=1, retry_in_s=60.0, **counted)

    machine.mirror(third, asked=0)
    machine.mirror(second, asked=0)
    assert machine.state == "open"

    machine.mirror(second, asked=1)  # what a Redis says that has lost the third
    assert machine.state == "closed"
