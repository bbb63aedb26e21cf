"""The degradation contract as one table: what is answered, kept and paid when a service fails in some way.

Nothing below is computed from the code that is tested. Every fault strikes Plant.id, Pl@ntNet or both, and
these photos are sent while it lasts:

    photo             one service fails                      both fail
    never seen        200 partial, the other's answer        503 provider_unavailable with Retry-After
    a moment later    the same again, nobody is called       the same again, nobody is called
    in the cache      200 complete, nobody is called         200 complete, nobody is called
    answered before   200 partial, the other's answer        200 stale, with its age

and when the fault is over, the photo that got a partial answer gets a complete one.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from apps.core.redis import get_redis
from apps.plant_identification.models import (
    IdentificationAnswer,
    PhotoFingerprint,
    PlantIdentificationRequest,
    QuotaReservation,
    QuotaWindow,
)
from apps.plant_identification.services.registry import registry
from apps.plant_identification.tests.conftest import make_photo, states_of

pytestmark = pytest.mark.django_db(transaction=True)

BOTH = ("plant_id", "plantnet")
CUT_OFF_S = 0.7  # in place of 35 s and 20 s, for a service that is slow
DAY_S = 86_400


@dataclass(frozen=True)
class Fault:
    name: str
    state: str  # in `providers[]`
    retry_after_s: int | None  # there too
    kept_s: int  # how long a partial answer is served
    come_back_s: int  # `Retry-After` where both fail
    charged: bool  # whether the call stays in the ledger
    outage: int  # failures the breaker counted

    @property
    def calls(self):
        """That reach the service."""
        return int(self.name in ORDERS)


FAULTS = [
    #     fault                       state              retry  kept   503  charged outage
    Fault("500",                      "failed",           None,    5,   30, True,   1),
    Fault("503 come back in 2 min",   "failed",            120,  120,  120, True,   1),
    Fault("503 come back in 4 s",     "failed",              4,    4,    4, True,   1),
    Fault("no reply in time",         "timed_out",        None,    5,   30, True,   1),
    Fault("a byte now and then",      "timed_out",        None,    5,   30, True,   1),
    Fault("connection dropped",       "failed",           None,    5,   30, True,   1),
    Fault("reply lost on its way",    "failed",           None,    5,   30, True,   1),
    Fault("half a reply",             "failed",           None,    5,   30, True,   1),
    Fault("an HTML page",             "failed",           None,    5,   30, True,   1),
    Fault("junk JSON",                "failed",           None,    5,   30, True,   1),
    Fault("20 MB",                    "failed",           None,    5,   30, True,   1),
    Fault("401",                      "key_refused",       300,  300,  300, False,  0),
    Fault("429 come back in 1 hour",  "quota_exhausted",  3600,  300, 3600, False,  0),
    Fault("404 of another kind",      "misconfigured",    None,    5,   30, True,   0),
    Fault("circuit open for 40 s",    "circuit_open",       40,   40,   40, False,  0),
]  # fmt: skip

# How the sandbox makes them; an open circuit lets nobody get so far.
ORDERS = {
    "500": ("status", 500),
    "503 come back in 2 min": ("status", {"status": 503, "headers": {"Retry-After": "120"}}),
    "503 come back in 4 s": ("status", {"status": 503, "headers": {"Retry-After": "4"}}),
    "no reply in time": ("latency", 30),
    "a byte now and then": ("slow_drip", 0.2),
    "connection dropped": ("drop", None),
    "reply lost on its way": ("drop_after_request", None),
    "half a reply": ("truncated", None),
    "an HTML page": ("html", None),
    "junk JSON": ("junk_json", None),
    "20 MB": ("oversized", None),
    "401": ("status", 401),
    "429 come back in 1 hour": ("status", {"status": 429, "headers": {"Retry-After": "3600"}}),
    "404 of another kind": ("plain_text", {"status": 404, "body": "no such page"}),
}
# After these Plant.id has the identification, which is fetched later and not bought again.
REPLY_LIES_THERE = {"no reply in time", "a byte now and then", "reply lost on its way", "half a reply"}


@pytest.fixture(params=[("plant_id",), ("plantnet",), BOTH], ids="+".join)
def broken(request):
    """The services that fail."""
    return request.param


@pytest.fixture(params=FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def fault(request):
    return request.param


def break_services(sandbox, fault, broken):
    for name in broken:
        call = registry().get(name).call
        if fault.state == "timed_out":
            object.__setattr__(call, "timeout_s", CUT_OFF_S)
        if fault.name in ORDERS:
            for operation in ("identify", "get"):
                sandbox.fault(name, *ORDERS[fault.name], match=operation)
        else:
            call.circuit.force_open(for_s=40)


def repair_services(sandbox):
    """And let the time pass that they are left alone for, and for which a partial answer is kept."""
    sandbox.clear_faults()
    redis = get_redis()
    for pattern in ("*failed:*", "*:pause", "*plant_id:answer*"):
        redis.delete(*redis.keys(pattern), "nothing")
    for provider in registry().providers:
        object.__setattr__(provider.call, "timeout_s", provider.spec.timeout_s)
        provider.call.circuit.force_closed()


def age_answers(days):
    """What was answered so far is that old, and the services do not have it any more."""
    for answer in IdentificationAnswer.objects.all():
        answer.answered_at = datetime.now(UTC) - timedelta(days=days)
        answer.document["answered_at"] = answer.answered_at.isoformat()
        answer.save()
    PhotoFingerprint.objects.update(answered_at=datetime.now(UTC) - timedelta(days=days))
    QuotaReservation.objects.update(access_token="")


def kept_answers():
    """Their keys; those of locks and of failures that followers share begin with something else."""
    return set(get_redis().keys("pc:?:plant_id:answer*"))


def calls(sandbox):
    """Identifications asked for, and replies fetched again."""
    counted = sandbox.counters().items()
    return {name: counters["identify_posts"] + counters["identify_gets"] for name, counters in counted}


def used():
    return {window.account.partition("@")[0]: window.used for window in QuotaWindow.objects.all()}


def retry_afters(response):
    return {report["name"]: report["retry_after_s"] for report in response.json()["providers"]}


def roughly(seconds):
    """What counts down from there while the test goes on."""
    return None if seconds is None else pytest.approx(seconds, abs=8 if seconds > 10 else 1)


@dataclass
class Stage:
    sandbox: object
    fault: Fault
    broken: tuple
    identify: object

    def send(self, photo, **headers):
        """The answer, what it cost in calls, and for how long which new answers are kept."""
        before, kept_before = calls(self.sandbox), kept_answers()
        response = self.identify(make_photo(photo), headers=headers)
        after = calls(self.sandbox)
        kept = [get_redis().ttl(key) for key in kept_answers() - kept_before]
        return response, {name: int(after[name] - before[name]) for name in BOTH}, kept

    def of_broken(self, value, *, others):
        return dict.fromkeys(BOTH, others) | dict.fromkeys(self.broken, value)


@pytest.fixture
def stage(providers, identify, fault, broken):
    """One photo in the cache, one answered nine days ago, and then the fault begins."""
    providers.fault("both", "outcome", "agree")
    identify(make_photo("answered before"))
    age_answers(days=9)
    get_redis().flushdb()
    identify(make_photo("in the cache"))
    providers.clear_faults()
    break_services(providers, fault, broken)
    return Stage(providers, fault, broken, identify)


NO_CALLS = {"plant_id": 0, "plantnet": 0}


def test_a_fault_is_answered_kept_and_paid_as_the_table_says(stage):
    require_cached_answer(stage)
    used_before = used()
    never_seen = stage.send("never seen")
    require_booked(stage, used_before)
    if stage.broken == BOTH:
        require_unavailable(stage, never_seen)
        require_place_in_the_queue(stage)
        require_stale_answer(stage)
    else:
        require_partial_answer(stage, never_seen)
        require_no_stale_answer(stage)
        require_healed(stage)


def require_cached_answer(stage):
    response, cost, _ = stage.send("in the cache")

    answer = response.json()
    assert (response.status_code, answer["status"], answer["cache"]) == (200, "complete", "hit")
    assert cost == NO_CALLS


def require_booked(stage, before):
    fault, price = stage.fault, {"plant_id": 2, "plantnet": 1}  # with health
    booked = {name: count - before[name] for name, count in used().items()}
    assert booked == price | ({} if fault.charged else dict.fromkeys(stage.broken, 0))
    for name in stage.broken:
        assert registry().get(name).call.circuit.snapshot().fail_count == fault.outage


def require_partial_answer(stage, never_seen):
    response, cost, [kept_s] = never_seen
    assert cost == stage.of_broken(stage.fault.calls, others=1)
    require_partial(stage, response, cache="miss")
    assert stage.fault.kept_s - 3 <= kept_s <= stage.fault.kept_s

    if stage.fault.kept_s < 5:
        return  # its time may be over before the next question
    again, cost, kept = stage.send("never seen")
    require_partial(stage, again, cache="hit")
    assert (cost, kept) == (NO_CALLS, [])


def require_partial(stage, response, *, cache):
    answer = response.json()
    assert (response.status_code, answer["status"], answer["cache"]) == (200, "partial", cache)
    assert states_of(response) == stage.of_broken(stage.fault.state, others="answered")
    assert retry_afters(response) == stage.of_broken(roughly(stage.fault.retry_after_s), others=None)
    [working] = set(BOTH) - set(stage.broken)
    assert answer["source"] == working
    assert (answer["disease_detection"] is None) == (working == "plantnet")


def require_unavailable(stage, never_seen):
    again = stage.send("never seen")
    for (response, cost, kept), expected_calls in ((never_seen, stage.fault.calls), (again, 0)):
        assert (response.status_code, response.json()["code"]) == (503, "provider_unavailable")
        assert int(response["Retry-After"]) == roughly(stage.fault.come_back_s)
        assert cost == dict.fromkeys(BOTH, expected_calls)
        assert kept == []
    assert PlantIdentificationRequest.objects.count() == 3  # of photos that were answered


def require_place_in_the_queue(stage):
    response, cost, kept = stage.send("never seen", Prefer="respond-async")

    assert (response.status_code, response.json()["status"]) == (202, "queued")
    assert response["Preference-Applied"] == "respond-async"
    assert (cost, kept) == (NO_CALLS, [])


def require_stale_answer(stage):
    response, _, [kept_s] = stage.send("answered before")
    assert 0 < kept_s <= 5
    again, cost, _ = stage.send("answered before")
    assert cost == NO_CALLS
    for answer in (response, again):
        document = answer.json()
        assert (answer.status_code, document["status"]) == (200, "stale")
        assert document["age_s"] == pytest.approx(9 * DAY_S, abs=60)
        assert document["answered_at"].startswith(f"{datetime.now(UTC) - timedelta(days=9):%Y-%m-%d}")
        assert document["plant_name"]
        assert states_of(answer) == dict.fromkeys(BOTH, stage.fault.state)


def require_no_stale_answer(stage):
    """What one service says now is worth more than what both said nine days ago."""
    response, _, _ = stage.send("answered before")
    require_partial(stage, response, cache="miss")
    assert response.json()["age_s"] < 60


def require_healed(stage):
    """The partial answer is not served for ever, and what was paid for is not paid for again."""
    repair_services(stage.sandbox)
    posts = stage.sandbox.counters("plant_id")["identify_posts"]
    response, cost, [kept_s] = stage.send("never seen")

    assert response.json()["status"] == "complete"
    assert states_of(response) == stage.of_broken("answered", others="cached")
    assert response.json()["disease_detection"] is not None
    assert [cost[name] for name in BOTH if name not in stage.broken] == [0]
    bought = stage.sandbox.counters("plant_id")["identify_posts"] - posts
    assert bought == (stage.broken == ("plant_id",) and stage.fault.name not in REPLY_LIES_THERE)
    assert kept_s == pytest.approx(DAY_S, abs=5)
