"""When not everything works: what is answered, what is kept, and what it costs."""

import threading
import time
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from apps.plant_identification import constants
from apps.plant_identification.models import (
    IdentificationAnswer,
    PhotoFingerprint,
    PlantIdentificationRequest,
    QuotaReservation,
)
from apps.plant_identification.services.registry import registry
from apps.plant_identification.tasks import answer_queued
from apps.plant_identification.tests.conftest import make_photo, states_of
from apps.plant_identification.types import Options, Question

pytestmark = pytest.mark.django_db(transaction=True)

DETAIL = "/api/v1/plant-identification/requests/{}/"


def forget_answers():
    registry().cache._local.__init__(max_entries=10, max_bytes=10_000)
    from apps.core.redis import get_redis

    get_redis().flushdb()


@pytest.mark.parametrize(("down", "up"), [("plant_id", "plantnet"), ("plantnet", "plant_id")])
def test_one_service_down_is_a_partial_answer_that_says_so(providers, identify, down, up):
    providers.fault("both", "outcome", "agree")
    providers.fault(down, "status", 500)

    response = identify(make_photo(1))

    answer = response.json()
    assert answer["status"] == "partial"
    assert states_of(response) == {down: "failed", up: "answered"}
    assert (answer["source"], answer["agreement"]) == (up, "single")
    assert answer["suggestions"][0]["provider_scores"][down] is None


FAULTS = [
    ("status", 408, "failed"),
    ("status", 500, "failed"),
    ("html", None, "failed"),
    ("junk_json", None, "failed"),
    ("truncated", None, "failed"),
    ("oversized", None, "failed"),
    ("drop", None, "failed"),
    ("drop_after_request", None, "failed"),
    ("status", 401, "key_refused"),
    ("status", 403, "key_refused"),
    ("status", 429, "quota_exhausted"),
    ("plain_text", {"status": 404, "body": "no such page"}, "misconfigured"),
    ("status", 302, "misconfigured"),
    ("status", 418, "misconfigured"),
    ("status", 413, "refused_photo"),
    ("status", 415, "refused_photo"),
]


@pytest.mark.parametrize("provider", ["plant_id", "plantnet"])
@pytest.mark.parametrize(("kind", "value", "state"), FAULTS)
def test_each_fault_has_its_state_and_leaves_the_other_service_its_answer(
    providers, identify, provider, kind, value, state
):
    providers.fault("both", "outcome", "agree")
    providers.fault(provider, kind, value)

    response = identify(make_photo(1))

    other = "plantnet" if provider == "plant_id" else "plant_id"
    assert response.status_code == 200
    assert states_of(response) == {provider: state, other: "answered"}
    circuit = registry().get(provider).call.circuit.snapshot()
    assert circuit.fail_count == (1 if state == "failed" else 0)


def test_a_slow_service_is_cut_off_at_its_own_deadline(providers, identify, monkeypatch):
    object.__setattr__(registry().get("plantnet").call, "timeout_s", 0.5)
    providers.fault("plantnet", "latency", 5)

    response = identify(make_photo(1))

    assert states_of(response)["plantnet"] == "timed_out"


def test_a_service_that_sends_a_byte_now_and_then_is_cut_off_too(providers, identify):
    object.__setattr__(registry().get("plantnet").call, "timeout_s", 0.5)
    providers.fault("plantnet", "slow_drip", 0.1)

    assert states_of(identify(make_photo(1)))["plantnet"] == "timed_out"


def test_a_lost_reply_of_plant_id_is_fetched_when_the_photo_comes_again(providers, identify):
    providers.fault("plant_id", "drop_after_request", calls=1)
    assert states_of(identify(make_photo(1)))["plant_id"] == "failed"
    forget_answers()

    response = identify(make_photo(1))

    assert states_of(response)["plant_id"] == "answered"
    counters = providers.counters("plant_id")
    assert (counters["identify_posts"], counters["identify_gets"]) == (1, 1)


def test_a_partial_answer_is_not_kept_for_a_day(providers, identify):
    providers.fault("plantnet", "status", 500, calls=1)
    assert identify(make_photo(1)).json()["status"] == "partial"

    [whole] = [key for key in get_keys("*plant_id:answer*") if b"lock" not in key]
    assert ttl(whole) <= constants.CACHE_PARTIAL_MAX_S


def get_keys(pattern):
    from apps.core.redis import get_redis

    return get_redis().keys(pattern)


def ttl(key):
    from apps.core.redis import get_redis

    return get_redis().ttl(key)


def test_both_down_is_503_with_a_time_to_come_back_and_no_record(providers, identify):
    providers.fault("both", "status", 503)

    response = identify(make_photo(1))

    problem = response.json()
    assert (response.status_code, problem["code"]) == (503, "provider_unavailable")
    assert problem["detail"].startswith("Plant identification services temporarily unavailable")
    assert int(response["Retry-After"]) >= 1
    assert not PlantIdentificationRequest.objects.exists()


def test_both_down_but_answered_before_is_an_old_answer_that_says_its_age(providers, identify):
    identify(make_photo(1))
    old = datetime.now(UTC) - timedelta(days=3)
    answer = IdentificationAnswer.objects.get()
    answer.answered_at = old
    answer.document["answered_at"] = old.isoformat()
    answer.save()
    PhotoFingerprint.objects.update(answered_at=old)
    forget_answers()
    QuotaReservation.objects.update(state="charged", access_token="")
    providers.fault("both", "status", 503)
    providers.fault("both", "status", 503, match="get")

    document = identify(make_photo(1)).json()

    assert document["status"] == "stale"
    assert document["age_s"] == pytest.approx(3 * 86_400, abs=60)
    assert document["plant_name"] == answer.plant_name


def test_an_answer_older_than_30_days_is_too_old(providers, identify):
    identify(make_photo(1))
    old = datetime.now(UTC) - timedelta(days=31)
    IdentificationAnswer.objects.update(answered_at=old)
    PhotoFingerprint.objects.update(answered_at=old)
    forget_answers()
    providers.fault("both", "status", 503)
    providers.fault("both", "status", 503, match="get")

    assert identify(make_photo(1)).status_code == 503


def test_who_can_wait_gets_a_place_in_the_queue_and_later_the_answer(providers, identify, api_client):
    providers.fault("both", "status", 503)

    response = identify(make_photo(1), headers={"Prefer": "respond-async"})

    queued = response.json()
    assert (response.status_code, queued["status"]) == (202, "queued")
    assert response["Preference-Applied"] == "respond-async"
    pending = api_client.get(queued["links"]["self"]).json()
    assert (pending["status"], pending["suggestions"]) == ("queued", [])

    providers.clear_faults()
    forget_answers()
    assert answer_queued() == 1

    answered = api_client.get(queued["links"]["self"]).json()
    assert answered["status"] == "complete"
    assert answered["plant_name"]
    assert answer_queued() == 0


def test_the_queue_waits_longer_after_each_failure(providers, identify):
    providers.fault("both", "status", 503)
    identify(make_photo(1), headers={"Prefer": "respond-async"})

    assert answer_queued() == 0

    record = PlantIdentificationRequest.objects.get()
    assert record.status == "queued"
    assert record.next_attempt_at > datetime.now(UTC) + timedelta(seconds=5)
    assert answer_queued() == 0


def test_a_late_free_service_does_not_hold_up_a_sure_answer_and_completes_the_record(
    providers, identify, api_client, monkeypatch
):
    monkeypatch.setattr(constants, "IDENTIFY_GRACE_S", 0.2)
    providers.fault("both", "outcome", {"outcome": "agree", "confidence": 0.95})
    providers.hold("plantnet")

    response = identify(make_photo(1))

    assert states_of(response) == {"plant_id": "answered", "plantnet": "pending"}
    assert response.json()["status"] == "partial"

    providers.release("plantnet")
    providers.wait_for("plantnet", "answered", at_least=1)
    wait_until_known("plantnet")
    completed = api_client.get(response.json()["links"]["self"])
    assert states_of(completed) == {"plant_id": "answered", "plantnet": "answered"}
    assert (completed.json()["status"], completed.json()["agreement"]) == ("complete", "both")
    assert PlantIdentificationRequest.objects.get().status == "complete"


def wait_until_known(name):
    answer = IdentificationAnswer.objects.get()
    question = Question(
        digest=answer.digest,
        photo_digest=answer.photo_digest,
        photos=(),
        options=msgspec.convert(answer.options, Options),
    )
    until = time.monotonic() + 10
    while registry().get(name).call.known(question) is None:
        assert time.monotonic() < until
        threading.Event().wait(0.02)


def test_a_service_without_a_key_makes_nothing_partial(providers, identify, settings):
    settings.PLANT_ID_API_KEY = ""

    response = identify(make_photo(1))

    assert response.json()["status"] == "complete"
    assert states_of(response) == {"plant_id": "not_configured", "plantnet": "answered"}


def test_without_any_key_identification_is_unavailable_and_says_so(providers, identify, settings, api_client):
    settings.PLANT_ID_API_KEY = settings.PLANTNET_API_KEY = ""

    assert identify(make_photo(1)).json()["code"] == "provider_unavailable"
    health = api_client.get("/api/v1/plant-identification/identify/health/")
    assert (health.status_code, health.json()["status"]) == (503, "unhealthy")
    assert "PLANT_ID_API_KEY" in health.json()["message"]


def test_an_exhausted_month_is_answered_by_the_free_service(providers, identify, settings):
    settings.PLANT_ID_MONTHLY_QUOTA = 0

    response = identify(make_photo(1))

    assert states_of(response) == {"plant_id": "quota_exhausted", "plantnet": "answered"}
    assert providers.counters("plant_id")["identify_posts"] == 0


def test_what_the_sandbox_answered_is_not_shown_beside_the_real_services(
    providers, identify, settings, api_client
):
    sandboxed = identify(make_photo(1)).json()

    settings.PROVIDER_SANDBOX = False

    assert api_client.get(DETAIL.format(sandboxed["id"])).status_code == 404
