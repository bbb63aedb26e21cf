"""The table "what happened / counts as", row by row, over real HTTP: from the service's reply to its breaker.

Before each row the circuit has counted one failure: success makes it none, failure two, and what says
nothing leaves it.
"""

import hashlib
import threading
import time
from dataclasses import replace

import pytest
import requests

from apps.core.resilience.clock import Deadline
from apps.core.resilience.pool import BoundedPool
from apps.plant_identification.exceptions import IdentificationBusy, ProviderError, ProviderFailed
from apps.plant_identification.services.fan_out import ask_all
from apps.plant_identification.services.registry import registry
from apps.plant_identification.tests.conftest import make_photo
from apps.plant_identification.tests.fakes import make_question
from apps.plant_identification.types import PreparedPhoto
from devstack.processes import free_port

pytestmark = pytest.mark.django_db

BOTH = ("plant_id", "plantnet")
SUCCESS, NEUTRAL, FAILURE = 0, 1, 2  # failures counted afterwards
IMPATIENT_S = 0.3  # the whole time of a call that is meant to run out of it


def said(status, body=""):
    return {"status": status, "body": body}


# name, fault, its value, what counts, what the answer says, alarm, services
ROWS = [
    ("a readable reply", None, None, SUCCESS, "answered", None, BOTH),
    ("species not found", "not_a_plant", None, SUCCESS, "answered", None, ("plantnet",)),
    ("400 about the photo", "plain_text", said(400, "Invalid image"), SUCCESS, "refused_photo", None, BOTH),
    ("413", "status", 413, SUCCESS, "refused_photo", None, BOTH),
    ("415", "status", 415, SUCCESS, "refused_photo", None, BOTH),
    ("401", "status", 401, NEUTRAL, "key_refused", "provider_key_refused", BOTH),
    ("403", "status", 403, NEUTRAL, "key_refused", "provider_key_refused", BOTH),
    ("429", "status", 429, NEUTRAL, "quota_exhausted", "provider_quota_exhausted", BOTH),
    ("404", "plain_text", said(404, "no path"), NEUTRAL, "misconfigured", "provider_misconfigured", BOTH),
    ("302", "status", said(302), NEUTRAL, "misconfigured", "provider_misconfigured", BOTH),
    ("405", "status", 405, NEUTRAL, "misconfigured", "provider_misconfigured", BOTH),
    ("400 about a parameter", "plain_text", said(400, '"lang" is not allowed'), NEUTRAL, "misconfigured",
     "provider_misconfigured", BOTH),
    ("408", "status", said(408), FAILURE, "failed", None, BOTH),
    ("500", "status", 500, FAILURE, "failed", None, BOTH),
    ("503 as a page", "html", said(503, "<h1>Busy</h1>"), FAILURE, "failed", None, BOTH),
    ("no reply in time", "latency", 20, FAILURE, "timed_out", None, BOTH),
    ("a byte at a time", "slow_drip", 5, FAILURE, "timed_out", None, BOTH),
    ("a header byte at a time", "headers_drip", 5, FAILURE, "timed_out", None, BOTH),
    ("hung up before the reply", "drop", None, FAILURE, "failed", None, BOTH),
    ("hung up after the work", "drop_after_request", None, FAILURE, "failed", None, BOTH),
    ("half a reply", "truncated", None, FAILURE, "failed", None, BOTH),
    ("a page with 200", "html", said(200, "<html>"), FAILURE, "failed", None, BOTH),
    ("JSON that is none", "junk_json", None, FAILURE, "failed", None, BOTH),
    ("JSON of something else", "junk_json", said(200, '{"status": "ok"}'), FAILURE, "failed", None, BOTH),
    ("more than 4 MB", "oversized", 5_000_000, FAILURE, "failed", None, BOTH),
]  # fmt: skip
CASES = [pytest.param(name, *row[1:6], id=f"{row[0]} from {name}") for row in ROWS for name in row[6]]


def question(seed):
    photo = PreparedPhoto(content=make_photo(seed, size=(64, 64)))
    return replace(make_question(hashlib.sha256(seed.encode()).hexdigest()), photos=(photo,))


def fail():
    raise ProviderFailed


@pytest.fixture
def get_call(providers):
    """A provider's call, its circuit having counted one failure."""

    def get(name, timeout_s=10):
        call = replace(registry().get(name).call, timeout_s=timeout_s)
        with pytest.raises(ProviderFailed):
            call.circuit.call(fail)
        assert call.circuit.snapshot().fail_count == 1
        return call

    return get


def ask(call, about, deadline_s=30):
    try:
        return call.ask(about, principal="user-1", deadline=Deadline.after(deadline_s)).state
    except ProviderError as failure:
        return failure.state


@pytest.mark.parametrize(("name", "fault", "value", "fails", "state", "alarm"), CASES)
def test_what_a_service_does_counts_as_the_table_says(
    providers, get_call, caplog, name, fault, value, fails, state, alarm
):
    if fault:
        providers.fault(name, fault, value)
    call = get_call(name, IMPATIENT_S if state == "timed_out" else 10)
    about = question(f"{fault} {value}")

    assert ask(call, about) == state

    circuit = call.circuit.snapshot()
    assert (circuit.state, circuit.fail_count) == ("closed", fails)
    alarms = [record.event for record in caplog.records if record.name.endswith("provider_pause")]
    assert alarms == ([alarm] if alarm else [])
    assert call.pause.is_on() == (state in {"key_refused", "quota_exhausted"})
    assert (call.known(about) is not None) == (state == "answered")
    assert providers.counters(name)["identify_posts"] == 1


def test_a_reply_with_200_is_as_good_as_one_with_201(providers, get_call):
    address = f"{providers.plant_id_url}/identification"
    reply = requests.post(
        address, headers={"Api-Key": "sandbox"}, files={"images": make_photo("200")}, timeout=10
    )
    assert reply.status_code == 201
    providers.fault("plant_id", "status", said(200, reply.text))
    call = get_call("plant_id")

    assert ask(call, question("200")) == "answered"
    assert call.circuit.snapshot().fail_count == SUCCESS


@pytest.mark.parametrize("name", BOTH)
def test_a_connection_that_is_refused_is_a_failure(settings, get_call, name):
    nobody = f"http://127.0.0.1:{free_port()}"
    settings.PLANT_ID_BASE_URL, settings.PLANTNET_BASE_URL = f"{nobody}/api/v3", f"{nobody}/v2"
    call = get_call(name)

    assert ask(call, question("refused")) == "failed"
    assert call.circuit.snapshot().fail_count == FAILURE


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(
    ("reason", "deadline_s", "state"),
    [
        ("no deadline left", 0, "timed_out"),
        ("no turn at the ledger", 0.05, "timed_out"),
        ("our own quota", 30, "quota_exhausted"),
    ],
)
def test_what_we_did_not_ask_says_nothing_about_the_service(
    providers, settings, get_call, name, reason, deadline_s, state
):
    call = get_call(name)
    if reason == "our own quota":
        settings.PLANT_ID_MONTHLY_QUOTA = settings.PLANTNET_DAILY_QUOTA = 0
    if reason == "no turn at the ledger":
        call = replace(call, ledger_turns=threading.Semaphore(0))

    assert ask(call, question(reason), deadline_s) == state

    assert call.circuit.snapshot().fail_count == NEUTRAL
    assert providers.counters(name)["identify_posts"] == 0


@pytest.mark.parametrize("name", BOTH)
def test_a_full_pool_says_nothing_about_the_service(providers, get_call, name):
    call = get_call(name)
    full = replace(registry().get(name), pool=BoundedPool(name, max_workers=0, max_queue=0))

    with pytest.raises(IdentificationBusy):
        ask_all((full,), question("full"), principal="user-1", deadline=Deadline.after(30))

    assert call.circuit.snapshot().fail_count == NEUTRAL
    assert providers.counters(name)["identify_posts"] == 0


@pytest.mark.parametrize("off_s", [3_600, -3_600], ids=["ahead", "behind"])
def test_a_pause_begun_by_a_host_whose_clock_is_wrong_is_as_long_as_any(
    providers, get_call, monkeypatch, off_s
):
    providers.fault("plant_id", "status", 401)
    call = get_call("plant_id")
    tell_time = time.time
    monkeypatch.setattr(time, "time", lambda: tell_time() + off_s)
    assert ask(call, question("first")) == "key_refused"
    monkeypatch.undo()

    with pytest.raises(ProviderError) as refused:
        call.ask(question("next"), principal="user-1", deadline=Deadline.after(30))

    assert refused.value.state == "key_refused"
    assert 1 <= refused.value.retry_after_s <= 300
    assert providers.counters("plant_id")["identify_posts"] == 1
