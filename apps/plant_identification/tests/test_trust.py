"""Money and trust under bad luck: nothing is bought twice, lost, or given to the wrong person."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.storage import storages
from django.db import OperationalError, connection
from django.db.models import F
from rest_framework.test import APIClient

from apps.core.redis import get_redis
from apps.core.resilience.pool import PoolFull
from apps.plant_identification import constants
from apps.plant_identification.models import (
    IdentificationAnswer,
    PhotoSet,
    PlantIdentificationRequest,
    QuotaReservation,
)
from apps.plant_identification.services.quota import QuotaLedger
from apps.plant_identification.services.registry import registry
from apps.plant_identification.tasks import answer_queued, complete_answer_task
from apps.plant_identification.tests.conftest import IDENTIFY, make_photo, states_of
from apps.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


def signed_in(user=None):
    client = APIClient()
    client.force_authenticate(user or UserFactory())
    return client


def posts(sandbox, provider="plant_id"):
    return sandbox.counters(provider)["identify_posts"]


def queue_a_photo(providers, identify, seed=1):
    providers.fault("both", "status", 503)
    response = identify(make_photo(seed), headers={"Prefer": "respond-async"})
    assert response.status_code == 202
    providers.clear_faults()
    get_redis().flushdb()
    for provider in registry().providers:
        provider.call.circuit.force_closed()
    return response.json()["links"]["self"]


def test_two_languages_at_once_buy_one_identification(providers, identify):
    providers.hold("plant_id")
    photo = make_photo(1)

    def ask(language):
        try:
            return identify(photo, language=language, client=APIClient())
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as callers:
        first = callers.submit(ask, "en")
        providers.wait_for("plant_id", "in_flight", at_least=1)
        second = callers.submit(ask, "de")
        providers.wait_for("plantnet", "identify_posts", at_least=1)
        providers.release("plant_id")
        answers = [first.result(), second.result()]

    assert {answer.json()["status"] for answer in answers} == {"complete"}
    counters = providers.counters("plant_id")
    assert (counters["identify_posts"], counters["identify_gets"]) == (1, 1)


def test_an_organ_is_no_reason_to_pay_plant_id_again(providers, identify):
    identify(make_photo(1))

    response = identify(make_photo(1), organs="leaf")

    assert states_of(response) == {"plant_id": "cached", "plantnet": "answered"}
    assert (posts(providers), posts(providers, "plantnet")) == (1, 2)


def test_another_flora_is_no_reason_to_pay_plant_id_again(providers, identify):
    identify(make_photo(1))

    identify(make_photo(1), project="weeds")

    assert posts(providers) == 1


def test_one_persons_used_up_share_is_not_served_to_others(providers, identify, settings):
    # Of Plant.id one identification with health a day, of Pl@ntNet ten.
    settings.QUOTA_USER_SHARE, settings.PLANT_ID_MONTHLY_QUOTA = 0.0001, 10_000
    greedy, other = UserFactory(), UserFactory()
    identify(make_photo(1), client=signed_in(greedy))

    less = identify(make_photo(2), client=signed_in(greedy))
    all_of_it = identify(make_photo(2), client=signed_in(other))

    assert states_of(less)["plant_id"] == "quota_exhausted"
    assert states_of(all_of_it)["plant_id"] == "answered"
    assert all_of_it.json()["status"] == "complete"


def test_a_late_reply_never_erases_the_paid_one(providers, identify, api_client, monkeypatch):
    monkeypatch.setattr(constants, "IDENTIFY_GRACE_S", 0.1)
    providers.fault("both", "outcome", {"outcome": "agree", "confidence": 0.95})
    providers.hold("plantnet")
    first = identify(make_photo(1))
    assert states_of(first)["plantnet"] == "pending"
    get_redis().flushdb()  # the paid reply is in no cache any more
    providers.release("plantnet")
    providers.wait_for("plantnet", "answered", at_least=1)
    answer = IdentificationAnswer.objects.get()
    until_known(answer)

    complete_answer_task(str(answer.pk))

    now = api_client.get(first.json()["links"]["self"])
    assert states_of(now) == {"plant_id": "answered", "plantnet": "answered"}
    assert now.json()["agreement"] == "both"
    assert "token" not in str(IdentificationAnswer.objects.get().replies)


def until_known(answer):
    for _ in range(500):
        if get_redis().keys("*plantnet:v2*"):
            return
        threading.Event().wait(0.02)
    raise AssertionError("the late reply was never cached")


def test_who_was_awaited_too_long_is_said_to_be_late(providers, identify, api_client, monkeypatch):
    monkeypatch.setattr(constants, "IDENTIFY_GRACE_S", 0.1)
    providers.fault("both", "outcome", {"outcome": "agree", "confidence": 0.95})
    providers.hold("plantnet")
    link = identify(make_photo(1)).json()["links"]["self"]
    IdentificationAnswer.objects.update(answered_at=datetime.now(UTC) - timedelta(minutes=5))

    now = api_client.get(link)

    assert states_of(now) == {"plant_id": "answered", "plantnet": "timed_out"}
    assert now.json()["plant_name"]


def test_a_database_that_goes_after_the_paid_reply_does_not_take_it_along(providers, identify, monkeypatch):
    def gone(*args, **kwargs):
        raise OperationalError("the connection is closed")

    monkeypatch.setattr(QuotaLedger, "settle_answered", gone)

    assert states_of(identify(make_photo(1))) == {"plant_id": "answered", "plantnet": "answered"}


def test_a_ledger_that_breaks_for_one_service_leaves_the_other_its_answer(providers, identify, monkeypatch):
    reserve = QuotaLedger.reserve

    def broken_for_plant_id(ledger, **kwargs):
        if ledger.account.startswith("plant_id"):
            raise OperationalError("the connection is closed")
        return reserve(ledger, **kwargs)

    monkeypatch.setattr(QuotaLedger, "reserve", broken_for_plant_id)

    response = identify(make_photo(1))

    assert states_of(response) == {"plant_id": "failed", "plantnet": "answered"}
    assert registry().get("plant_id").call.circuit.snapshot().fail_count == 0


def test_a_full_disk_costs_the_picture_and_not_the_answer(providers, identify, monkeypatch, caplog):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(storages["photos"]), "save", full)

    response = identify(make_photo(1))

    assert response.json()["status"] == "complete"
    assert PlantIdentificationRequest.objects.get().photos is None
    assert "photo_not_stored" in caplog.text


def test_a_photo_that_no_service_can_read_does_not_hold_up_the_queue(providers, identify, api_client):
    poisoned = queue_a_photo(providers, identify, seed=1)
    good = queue_a_photo(providers, identify, seed=2)
    # The faults are for whoever is asked about first: the one that came first.
    PlantIdentificationRequest.objects.update(next_attempt_at=F("created_at") - timedelta(seconds=1))
    providers.fault("plant_id", "plain_text", {"status": 400, "body": "Invalid image data"}, calls=1)
    providers.fault("plantnet", "status", 415, calls=1)

    assert answer_queued() == 2

    refused = api_client.get(poisoned).json()
    assert (refused["status"], refused["suggestions"]) == ("partial", [])
    assert "could not read this photo" in refused["summary"]
    assert api_client.get(good).json()["status"] == "complete"


def test_a_queued_photo_that_is_gone_is_said_so(providers, identify, api_client):
    link = queue_a_photo(providers, identify)
    storages["photos"].delete(PhotoSet.objects.get().paths[0])

    assert answer_queued() == 1

    assert "not there any more" in api_client.get(link).json()["summary"]


def test_a_week_in_the_queue_is_enough(providers, identify, api_client):
    link = queue_a_photo(providers, identify)
    PlantIdentificationRequest.objects.update(created_at=datetime.now(UTC) - timedelta(days=8))
    providers.fault("both", "status", 503)
    providers.fault("both", "status", 503, match="get")

    assert answer_queued() == 1

    given_up = api_client.get(link).json()
    assert (given_up["status"], given_up["plant_name"]) == ("partial", None)
    assert "temporarily unavailable" in given_up["summary"]


def test_without_workers_nobody_is_promised_a_place_in_the_queue(providers, identify, settings):
    settings.CELERY_BROKER_URL = ""
    providers.fault("both", "status", 503)

    assert identify(make_photo(1), headers={"Prefer": "respond-async"}).status_code == 503


def test_a_full_pool_is_said_at_once_and_asks_nobody(providers, identify, monkeypatch):
    def full(*args, **kwargs):
        raise PoolFull("plant_id")

    monkeypatch.setattr(registry().get("plant_id").pool, "submit_before", full)

    response = identify(make_photo(1))

    assert (response.status_code, response.json()["code"]) == (503, "busy")
    assert int(response["Retry-After"]) >= 1
    assert not QuotaReservation.objects.exists()


def test_nobody_waits_longer_than_the_deadline(providers, identify, monkeypatch):
    monkeypatch.setattr(constants, "IDENTIFY_DEADLINE_S", 0.5)
    providers.hold()

    response = identify(make_photo(1))

    assert (response.status_code, response.json()["code"]) == (503, "busy")
    assert int(response["Retry-After"]) >= 1


@pytest.mark.parametrize(
    ("provider", "kind", "value", "event"),
    [
        ("plant_id", "status", 401, "provider_key_refused"),
        ("plantnet", "status", 429, "provider_quota_exhausted"),
        ("plant_id", "status", 418, "provider_misconfigured"),
    ],
)
def test_what_an_operator_must_know_is_an_error_in_the_log(
    providers, identify, caplog, provider, kind, value, event
):
    providers.fault(provider, kind, value)

    identify(make_photo(1))

    [record] = [record for record in caplog.records if getattr(record, "event", "") == event]
    assert (record.levelname, record.provider) == ("ERROR", provider)


def test_an_answer_whose_last_record_was_deleted_is_made_again(providers, identify):
    identify(make_photo(1))
    PlantIdentificationRequest.objects.all().delete()
    IdentificationAnswer.objects.all().delete()

    response = identify(make_photo(1))

    assert response.status_code == 200
    assert PlantIdentificationRequest.objects.get().answer is not None
    assert posts(providers) == 1


def test_nothing_recognised_is_null_in_lists(providers, identify):
    providers.fault("both", "not_a_plant")
    client = signed_in()
    identify(make_photo(1), client=client)

    [entry] = client.get("/api/v1/plant-identification/history/").json()["results"]

    assert (entry["plant_name"], entry["source"], entry["image_url"]) == (None, None, None)


def test_a_legacy_client_gets_the_same_answer_with_a_warning(providers, identify, api_client):
    import io

    identify(make_photo(1))  # puts the test into development mode
    file = io.BytesIO(make_photo(1))
    file.name = "photo.jpg"

    response = api_client.post(IDENTIFY.replace("/v1", ""), {"image": file}, format="multipart")

    assert response.status_code == 200
    assert response["Deprecation"].startswith("@")
    assert response.json()["links"]["self"].startswith("/api/v1/")
