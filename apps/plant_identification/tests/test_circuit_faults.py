"""One circuit, four processes with sixteen threads each, and everything that can go wrong between them.

The circuit is Plant.id's, with its real numbers. Time passes by moving its moments in Redis, whose clock
is the one that decides. `FAULTS=long` tries every fault in every state several times over.
"""

import re
import time
from collections import Counter

import pytest

from apps.core.redis import get_redis
from apps.core.resilience.clock import SystemClock
from apps.core.tests.fakes_faults import EVERYBODY, LONG, PROCESSES, THREADS, Crew
from apps.core.tests.fakes_resilience import empty, wait_until
from apps.plant_identification import constants
from apps.plant_identification.circuit_monitoring import create_monitored_circuit

pytest_plugins = ["apps.core.tests.fixtures_resilience"]
pytestmark = pytest.mark.timeout(180)

NAME = constants.PLANT_ID_CIRCUIT_NAME
LOGGER = "apps.plant_identification.circuit_monitoring"
CIRCUIT, TRIAL = f"cb:{{{NAME}}}", f"cb:{{{NAME}}}:trial"
HOUR_S = 3_600.0
BLOCKED = "CircuitOpen"
ROUNDS = 5 if LONG else 1


class OtherClock(SystemClock):
    """Of a host whose monotonic clock began at another time than ours."""

    def monotonic(self):
        return time.monotonic() + 12_345.0


circuits = {}


def make_caller(post, number, clocks_off_s=()):
    """Work in a member: calls through its own circuit breaker."""
    circuit, _, _ = create_monitored_circuit(
        NAME,
        fail_max=constants.PLANT_ID_CIRCUIT_FAIL_MAX,
        reset_timeout=constants.PLANT_ID_CIRCUIT_RESET_TIMEOUT,
        success_threshold=constants.PLANT_ID_CIRCUIT_SUCCESS_THRESHOLD,
        timeout=constants.PLANT_ID_CIRCUIT_TIMEOUT,
    )
    circuits[NAME] = circuit
    if clocks_off_s and clocks_off_s[number]:
        set_wall_clock(clocks_off_s[number])
        circuit._local._clock = OtherClock()

    def call(order):
        try:
            return circuit.call(post.serve, order)
        except Exception as exc:  # noqa: BLE001 - counted by its name
            return type(exc).__name__

    return call


def set_wall_clock(off_s):
    """In a member: as an operator or NTP does to the whole host."""
    tell_time = time.time
    time.time = lambda: tell_time() + off_s


def retry_in_here():
    return circuits[NAME].snapshot().retry_in_s


def state_here():
    """In a member: what it would go on from without Redis."""
    return circuits[NAME].current_state


@pytest.fixture
def redis(own_redis):
    return get_redis()


@pytest.fixture
def crew(fleet):
    return Crew(fleet, LOGGER, make_caller)


def row(redis):
    return {name.decode(): text.decode() for name, text in redis.hgetall(CIRCUIT).items()}


def let_pass(redis, seconds):
    """Move everything Redis remembers of the circuit into the past."""
    for field in ("retry_at", "opened_at", "changed_at"):
        if int(redis.hget(CIRCUIT, field) or 0):
            redis.hincrby(CIRCUIT, field, -round(seconds * 1_000))
    left_ms = redis.pttl(TRIAL)
    if left_ms > 0:
        redis.pexpire(TRIAL, max(1, left_ms - round(seconds * 1_000)))


def open_for_s(redis):
    seconds, micros = redis.time()
    return int(redis.hget(CIRCUIT, "retry_at")) / 1_000 - seconds - micros / 1_000_000


def open_it(crew):
    """And let every process hear of it."""
    crew.call("fail")
    assert crew.call("succeed") == {BLOCKED: len(crew.alive) * THREADS}


def one_trial(crew, does):
    """All 64 ask at once; the one let through is kept until all others were turned away."""
    ended, callers = crew.ended, len(crew.alive) * THREADS
    crew.begin(does, held=True)
    wait_until(lambda: crew.ended - ended == callers - 1 and crew.inside == 1)
    crew.let_go()
    return Counter(crew.outcomes())


def told(crew, pattern):
    return [text for _, text in crew.lines() if re.search(pattern, text)]


def test_sixty_four_calls_that_fail_together_open_it_once_for_a_minute(crew, redis):
    crew.begin("fail", held=True)
    crew.wait_inside(EVERYBODY)
    crew.let_go(of=[0], count=3)
    wait_until(lambda: row(redis).get("state") == "open")
    opened = row(redis)

    crew.let_go()  # those began before it opened
    assert Counter(crew.outcomes()) == {"ServiceDown": EVERYBODY}

    assert row(redis) == opened
    assert (opened["trips"], opened["fails"]) == ("1", "3")
    assert 55 < open_for_s(redis) <= 60
    texts = [text for _, text in crew.lines()]
    for once in (
        "state transition: CLOSED → OPEN (fail_count=3)",
        "circuit OPENED - API calls blocked for 60s",
        "WARNING - One more failure will open circuit",
    ):
        assert texts.count(f"[CIRCUIT] {NAME} {once}") == 1, once
    assert crew.call("succeed") == {BLOCKED: EVERYBODY}
    crew.require_rest()


def test_a_failure_of_yesterday_says_nothing_after_it_closed(crew, redis):
    crew.begin("fail", of=[0], threads=8, held=True)
    crew.wait_inside(8)
    crew.call("fail", of=[1], threads=3)
    assert row(redis)["state"] == "open"
    let_pass(redis, 60)
    for _ in range(2):
        crew.call("succeed", of=[2], threads=1)
    assert row(redis)["state"] == "closed"

    crew.let_go()
    crew.outcomes()

    assert (row(redis)["state"], row(redis)["fails"]) == ("closed", "0")


def test_of_sixty_four_callers_one_makes_each_trial_and_two_of_them_close_it(crew, redis):
    open_it(crew)
    crew.lines()
    let_pass(redis, 60)
    made = crew.made

    assert one_trial(crew, "succeed") == {"succeed": 1, BLOCKED: EVERYBODY - 1}
    assert row(redis)["state"] == "half-open"
    assert one_trial(crew, "succeed") == {"succeed": 1, BLOCKED: EVERYBODY - 1}

    assert row(redis)["state"] == "closed"
    assert crew.made - made == 2
    assert crew.call("succeed") == {"succeed": EVERYBODY}
    crew.require_rest()


def test_a_killed_process_does_not_keep_the_place_of_its_trial(crew, redis):
    open_it(crew)
    let_pass(redis, 60)
    crew.begin("succeed", held=True)
    crew.wait_inside(1)
    [trying] = crew.where_inside()
    wait_until(lambda: crew.ended == 3 * EVERYBODY - 1)
    crew.kill(trying)
    crew.outcomes()

    longest_ms = (constants.PLANT_ID_CIRCUIT_TIMEOUT + 5) * 1_000
    assert longest_ms - 20_000 < redis.pttl(TRIAL) <= longest_ms
    assert crew.call("succeed") == {BLOCKED: 3 * THREADS}
    let_pass(redis, 40)
    wait_until(lambda: not redis.exists(TRIAL))

    assert one_trial(crew, "succeed") == {"succeed": 1, BLOCKED: 3 * THREADS - 1}
    assert one_trial(crew, "succeed")["succeed"] == 1
    assert row(redis)["state"] == "closed"


@pytest.mark.parametrize(
    "clocks_off_s",
    [(), (HOUR_S, 0, 0, 0), (-HOUR_S, 0, 0, 0)],
    ids=["clocks agree", "one an hour ahead", "one an hour behind"],
)
def test_the_whole_life_of_an_outage_is_told_once_to_the_minute(fleet, redis, clocks_off_s):
    """Whoever happens to trip it, try or wait: Redis' clock decides, and each event is one line."""
    crew = Crew(fleet, LOGGER, make_caller, clocks_off_s)
    assert [text for _, text in crew.lines()] == [
        f"[CIRCUIT] Initialized circuit breaker for {NAME} (fail_max=3, reset_timeout=60s)"
    ] * PROCESSES
    for number in (0, 1, 0):  # 0 is the one whose clock is wrong
        crew.call("fail", of=[number], threads=1)
    assert one_line_each(crew) == [
        ("ERROR", "circuit OPENED - API calls blocked for 60s"),
        ("ERROR", "state transition: CLOSED → OPEN (fail_count=3)"),
        ("WARNING", "WARNING - One more failure will open circuit"),
        ("WARNING", "call FAILED - ServiceDown: no answer (fail_count=1/3)"),
        ("WARNING", "call FAILED - ServiceDown: no answer (fail_count=2/3)"),
        ("WARNING", "call FAILED - ServiceDown: no answer (fail_count=3/3)"),
    ]

    passed_s = 0
    for period_s, next_s in [(60, 120), (120, 240), (240, 300), (300, 300)]:
        assert period_s - 20 < open_for_s(redis) <= period_s
        assert crew.call("fail") == {BLOCKED: EVERYBODY}
        assert set(crew.lines()) == {
            line("INFO", "call BLOCKED - Circuit is OPEN, fast-failing without API call")
        }
        let_pass(redis, period_s)
        passed_s += period_s
        assert one_trial(crew, "fail") == {"ServiceDown": 1, BLOCKED: EVERYBODY - 1}
        stuck = [("CRITICAL", "CRITICAL - Circuit has not closed for Ns")] if period_s == 300 else []
        assert one_line_each(crew) == [
            *stuck,
            ("ERROR", f"circuit OPENED - API calls blocked for {next_s}s"),
            ("ERROR", "state transition: HALF-OPEN → OPEN (fail_count=3)"),
            ("INFO", "entering HALF-OPEN state - Testing service recovery"),
            ("INFO", "state transition: OPEN → HALF-OPEN (fail_count=3)"),
            ("WARNING", "call FAILED - ServiceDown: no answer (fail_count=3/3)"),
        ]
    assert 280 < open_for_s(redis) <= 300

    let_pass(redis, 300)
    passed_s += 300
    assert one_trial(crew, "succeed")["succeed"] == 1
    assert one_line_each(crew) == [
        ("INFO", "entering HALF-OPEN state - Testing service recovery"),
        ("INFO", "recovery test SUCCESS (1/2 required)"),
        ("INFO", "state transition: OPEN → HALF-OPEN (fail_count=3)"),
    ]
    assert one_trial(crew, "succeed")["succeed"] == 1
    lines = one_line_each(crew, keep_seconds=True)
    assert lines[1:] == [
        ("INFO", "recovery test SUCCESS (2/2 required)"),
        ("INFO", "state transition: HALF-OPEN → CLOSED (fail_count=0)"),
    ]
    recovered = re.fullmatch(r"circuit CLOSED - Service recovered after (\d+\.\d)s downtime", lines[0][1])
    assert passed_s <= float(recovered[1]) < passed_s + 60

    crew.begin("fail", held=True)  # closing made the period short again
    crew.wait_inside(EVERYBODY)
    crew.let_go()
    crew.outcomes()
    assert 40 < open_for_s(redis) <= 60
    assert len(told(crew, "circuit OPENED - API calls blocked for 60s")) == 1


def line(level, text):
    return (level, f"[CIRCUIT] {NAME} {text}")


def one_line_each(crew, *, keep_seconds=False):
    """All lines but the many of calls that were turned away, in the alphabet's order."""
    start = f"[CIRCUIT] {NAME} "
    lines = [(level, text.removeprefix(start)) for level, text in crew.lines() if "call BLOCKED" not in text]
    if not keep_seconds:
        lines = [(level, re.sub(r"not closed for \d+s", "not closed for Ns", text)) for level, text in lines]
    return sorted(lines)


@pytest.mark.parametrize("off_s", [HOUR_S, -HOUR_S], ids=["forward", "backward"])
def test_a_clock_set_while_it_is_open_neither_ends_nor_prolongs_the_wait(crew, redis, own_redis, off_s):
    open_it(crew)
    retry_at = row(redis)["retry_at"]
    crew.do(0, set_wall_clock, off_s)

    assert crew.call("succeed") == {BLOCKED: EVERYBODY}
    assert row(redis)["retry_at"] == retry_at
    own_redis.kill()
    crew.do(1, set_wall_clock, off_s)  # while it has nothing but its own
    assert crew.call("succeed", of=[0, 1]) == {BLOCKED: 2 * THREADS}
    assert 30 < crew.do(1, retry_in_here) <= 60


LOSSES = {
    "killed": lambda server: server.kill(),
    "hung": lambda server: server.pause(),
    "emptied": empty,
    "restarted empty": lambda server: (server.kill(), server.start()),
}


def bring_back(server):
    server.resume()
    if server.child.exit_code is not None:
        server.start()


def hear_from_redis(crew, redis):
    """Until every process asks Redis again."""

    def heard(number):
        return crew.do(number, asks_redis)

    wait_until(lambda: all(heard(number) for number in crew.alive))


def asks_redis():
    return circuits[NAME].snapshot().source == "shared"


@pytest.mark.parametrize("loss", LOSSES)
def test_a_closed_circuit_beside_a_lost_redis_costs_no_call(crew, own_redis, redis, loss):
    for _ in range(ROUNDS):
        crew.call("fail", of=[0], threads=2)
        LOSSES[loss](own_redis)

        assert crew.call("succeed") == {"succeed": EVERYBODY}

        bring_back(own_redis)
        hear_from_redis(crew, redis)
        assert crew.call("succeed") == {"succeed": EVERYBODY}
        assert not told(crew, "OPENED|HALF-OPEN")
    crew.require_rest()


@pytest.mark.parametrize("loss", LOSSES)
def test_an_open_circuit_is_not_forgotten_with_redis(crew, own_redis, redis, loss):
    open_it(crew)
    crew.lines()
    for _ in range(ROUNDS):
        made = crew.made
        LOSSES[loss](own_redis)

        assert crew.call("succeed") == {BLOCKED: EVERYBODY}
        bring_back(own_redis)
        hear_from_redis(crew, redis)
        assert crew.call("succeed") == {BLOCKED: EVERYBODY}

        assert crew.made == made
        assert 30 < open_for_s(redis) <= 60
        assert row(redis)["trips"] == "1"
        assert not told(crew, "state transition|OPENED")
    let_pass(redis, 60)
    assert one_trial(crew, "succeed") == {"succeed": 1, BLOCKED: EVERYBODY - 1}
    crew.require_rest()


@pytest.mark.parametrize("loss", LOSSES)
def test_a_trial_under_way_when_redis_is_lost_is_joined_by_one_a_process_at_most(
    crew, own_redis, redis, loss
):
    """Where Redis answers, only its place can be given anew; where it does not, each process has one."""
    others = {"killed": PROCESSES - 1, "hung": PROCESSES - 1}.get(loss, 1)
    open_it(crew)
    let_pass(redis, 60)
    ended = crew.ended
    crew.begin("succeed", held=True)
    wait_until(lambda: crew.ended - ended == EVERYBODY - 1 and crew.inside == 1)
    [trying] = crew.where_inside()
    made = crew.made
    LOSSES[loss](own_redis)

    crew.begin("succeed", held=True)
    wait_until(lambda: crew.ended - ended + crew.inside == 2 * EVERYBODY)
    assert crew.made - made <= others
    crew.let_go()

    assert set(crew.outcomes()) == {"succeed", BLOCKED}
    bring_back(own_redis)
    hear_from_redis(crew, redis)
    if redis.exists(TRIAL):  # of a question that Redis answered when nobody listened any more
        let_pass(redis, 40)
        wait_until(lambda: not redis.exists(TRIAL))
    for _ in range(2):
        crew.call("succeed", of=[trying], threads=1)
    assert row(redis)["state"] == "closed"
    assert crew.call("succeed") == {"succeed": EVERYBODY}
    crew.require_rest()


def test_one_who_never_heard_of_it_does_not_close_it_in_an_emptied_redis(crew, own_redis, redis):
    """Only that one may call, once: the first of the others who asks tells Redis what it knows."""
    crew.call("succeed", of=[3], threads=1)
    crew.call("fail", of=[0, 1, 2])
    crew.call("succeed", of=[0, 1, 2])
    assert crew.do(3, state_here) == "closed"
    empty(own_redis)
    made = crew.made
    crew.begin("fail", of=[3], threads=1, held=True)
    crew.wait_inside(1)

    assert crew.call("succeed", of=[0, 1, 2]) == {BLOCKED: 3 * THREADS}
    crew.begin("succeed", of=[3])
    crew.let_go(of=[3])

    assert Counter(crew.outcomes()) == {"ServiceDown": 1, BLOCKED: THREADS}
    assert crew.made - made == 1
    assert row(redis)["trips"] == "1"
    assert 30 < open_for_s(redis) <= 60


@pytest.mark.parametrize("loss", ["killed", "hung"])
def test_each_process_counts_on_alone_and_all_agree_afterwards(crew, own_redis, redis, loss):
    crew.call("succeed")
    LOSSES[loss](own_redis)
    crew.begin("fail", held=True)
    crew.wait_inside(EVERYBODY)
    crew.let_go()
    assert Counter(crew.outcomes()) == {"ServiceDown": EVERYBODY}
    assert crew.call("succeed") == {BLOCKED: EVERYBODY}
    assert len(told(crew, "circuit OPENED")) == PROCESSES

    bring_back(own_redis)
    hear_from_redis(crew, redis)

    assert crew.call("succeed") == {BLOCKED: EVERYBODY}
    assert row(redis)["trips"] == "1"
    assert 30 < open_for_s(redis) <= 60
    let_pass(redis, 60)
    for _ in range(2):
        assert one_trial(crew, "succeed") == {"succeed": 1, BLOCKED: EVERYBODY - 1}
    assert row(redis)["state"] == "closed"
