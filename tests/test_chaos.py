"""The short form of `make chaos`, and that its witness can see."""

import dataclasses
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.chaos import leavings, records, witness
from tests.chaos.faults import ALL, one_of_each_kind
from tests.chaos.journal import Order, Visit
from tests.chaos.performance import LONG, Episode, Performance
from tests.chaos.run import run_short
from tests.chaos.truth import Truth

SEED = 7
ORDER = Order(kind="new", number=1, server=1, caller=None)
TRUTH = Truth(
    scores={"plant_id": frozenset({0.9, 0.05}), "plantnet": frozenset({0.8})}, is_plant=True, is_healthy=True
)
TOLD = {
    "id": "a",
    "status": "complete",
    "cache": "miss",
    "plant_name": "Aloe vera",
    "confidence": 0.95,
    "is_plant": True,
    "healthy": True,
    "states": {"plant_id": "answered", "plantnet": "cached"},
    "scores": {"plant_id": [0.9], "plantnet": [0.8]},
}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's own: the next run would shut PostgreSQL out, which is another user where this is root."""
    with tempfile.TemporaryDirectory(prefix="chaos-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.timeout(600)
def test_whatever_is_killed_stopped_or_slowed_no_photo_is_lost_and_no_answer_wrong(folder):
    found = run_short(folder, seed=SEED)

    assert not found, "\n".join(found[:20])


def visit(**changes):
    given = {"order": ORDER, "began": 10.0, "ended": 11.0, "status": 200, "told": TOLD, "record": "a"}
    return Visit(**{**given, **changes})


def a_run(*episodes):
    return Performance(stage=None, seed=1, pace=LONG, episodes=list(episodes))


def test_an_honest_answer_is_left_alone():
    assert not [*witness._outcome(a_run(), visit()), *witness._answer(visit(), TRUTH)]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"status": 500, "told": {"code": "internal_error"}}, "no honest outcome", id="a 500"),
        pytest.param({"status": 503, "told": {"code": "busy"}}, "when to come again", id="no Retry-After"),
        pytest.param(
            {"status": 503, "retry_after": "5", "told": {"code": "oops"}}, "no known code", id="its own code"
        ),
        pytest.param(
            {"status": 422, "told": {"code": "image_unreadable"}}, "no honest", id="blames the photo"
        ),
        pytest.param({"status": 202, "told": {"status": "queued"}}, "no honest", id="queued unasked"),
        pytest.param({"ended": 90.0}, "longer than the deadline", id="a long wait"),
        pytest.param({"broken": "a field nobody knows"}, "not as the API", id="not as described"),
        pytest.param({"status": None, "lost": "ConnectionError"}, "nobody had cut", id="a lost connection"),
    ],
)
def test_a_dishonest_outcome_is_seen(changes, says):
    (found,) = witness._outcome(a_run(), visit(**changes))

    assert says in found


@pytest.mark.parametrize(("server", "is_seen"), [(1, False), (0, True)])
def test_only_who_spoke_to_the_killed_server_may_lose_the_connection(server, is_seen):
    killed = next(fault for fault in ALL if fault.name == "web server killed")
    run = a_run(Episode(killed, began=10.5, ended=12.0, recovered=14.0))
    lost = visit(order=dataclasses.replace(ORDER, server=server), status=None, lost="ConnectionError")

    assert bool([*witness._outcome(run, lost)]) is is_seen


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"scores": {"plant_id": [0.7], "plantnet": [0.8]}}, id="another photo's score"),
        pytest.param({"is_plant": False}, id="not a plant"),
        pytest.param({"healthy": False}, id="ill"),
        pytest.param({"healthy": None}, id="health forgotten"),
        pytest.param(
            {"states": {"plant_id": "answered", "plantnet": "failed"}}, id="complete with a failure"
        ),
        pytest.param({"scores": {"plant_id": [0.9], "plantnet": []}}, id="a service forgotten"),
        pytest.param({"status": "partial"}, id="partial with everything"),
    ],
)
def test_a_wrong_answer_is_seen(changes):
    assert [*witness._answer(visit(told={**TOLD, **changes}), TRUTH)]


@pytest.mark.parametrize(
    ("status", "now"),
    [
        pytest.param(404, {}, id="lost"),
        pytest.param(200, {**TOLD, "status": "queued"}, id="still queued"),
        pytest.param(200, {**TOLD, "plant_name": "Allium cepa"}, id="another plant"),
        pytest.param(200, {**TOLD, "states": {"plant_id": "pending"}}, id="awaited for ever"),
    ],
)
def test_a_broken_promise_is_seen(status, now):
    assert [*records._fate(visit(), status, now, None)]


def test_a_deleted_record_that_stays_is_seen():
    deleted = visit(order=dataclasses.replace(ORDER, kind="delete"), status=204, told={})

    assert [*records._fate(visit(), 200, TOLD, deleted)]
    assert not [*records._fate(visit(), 404, {}, deleted)]


@pytest.mark.parametrize(("last", "is_seen"), [(109, False), (111, True)])
def test_memory_that_grows_by_more_than_a_tenth_is_seen(last, is_seen):
    run = a_run()
    run.samples = [
        (float(second), {"web 0": {"MB": 100 if second < 900 else last}}) for second in range(1_000)
    ]
    run.stage = SimpleNamespace(roles={"web 0": 1})

    assert bool([*leavings._memory(run)]) is is_seen


def test_the_short_form_has_every_kind_of_fault():
    assert {fault.kind for fault in one_of_each_kind(random.Random(SEED))} == {fault.kind for fault in ALL}
