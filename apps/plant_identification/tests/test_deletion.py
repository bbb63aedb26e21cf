"""Deleting one's identification, and taking the deletion back."""

from email.utils import parsedate_to_datetime

import pytest
from django.test import Client
from rest_framework.test import APIClient

from apps.plant_identification.models import PlantIdentificationRequest
from apps.plant_identification.services.purging import purge_deleted_records
from apps.plant_identification.services.queue import claim_due_request
from apps.plant_identification.tests.aging import let_a_while_pass
from apps.plant_identification.tests.conftest import make_photo
from apps.users.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

BASE = "/api/v1/plant-identification/"


@pytest.fixture
def record(providers, identify, owner):
    return identify(make_photo(1)).json()


def test_a_stranger_does_not_restore_what_was_deleted(record, api_client):
    api_client.delete(record["links"]["self"])
    stranger = APIClient()
    stranger.force_authenticate(UserFactory())

    assert stranger.post(f"{record['links']['self']}restore/").status_code == 404
    assert api_client.get(record["links"]["self"]).status_code == 404


def test_a_deleted_record_is_gone_from_everywhere_at_once(record, api_client):
    links = record["links"]
    api_client.put(links["feedback"], {"verdict": "right"})

    response = api_client.delete(links["self"])

    assert (response.status_code, response.content) == (204, b"")
    for address in (links["self"], links["feedback"], links["photo"]):
        assert api_client.get(address).json()["code"] == "not_found"
    assert api_client.put(links["feedback"], {"verdict": "wrong"}).status_code == 404
    for path in ("requests/", "history/"):
        assert api_client.get(f"{BASE}{path}").json()["results"] == []
    assert api_client.delete(links["self"]).status_code == 404


def test_the_answer_to_a_deletion_says_until_when_it_can_be_taken_back(record, api_client):
    response = api_client.delete(record["links"]["self"])

    deleted_at = PlantIdentificationRequest.objects.get().deleted_at
    until = parsedate_to_datetime(response["Restorable-Until"])
    assert 598 <= (until - deleted_at).total_seconds() <= 600


def test_a_restored_record_is_as_it_was(record, api_client):
    links = record["links"]
    api_client.put(links["feedback"], {"verdict": "right"})
    before = api_client.get(links["self"]).json()
    api_client.delete(links["self"])

    restored = api_client.post(f"{links['self']}restore/")

    assert restored.status_code == 200
    for answer in (restored.json(), api_client.get(links["self"]).json()):
        assert answer | {"age_s": 0} == before | {"age_s": 0}
    assert api_client.get(links["feedback"]).json()["verdict"] == "right"
    assert len(api_client.get(f"{BASE}requests/").json()["results"]) == 1
    assert api_client.post(f"{links['self']}restore/").status_code == 200  # the first answer was lost


def test_after_the_undo_time_nothing_is_restored_whether_or_not_it_is_purged_yet(record, api_client):
    api_client.delete(record["links"]["self"])
    let_a_while_pass()

    assert api_client.post(f"{record['links']['self']}restore/").status_code == 404
    assert PlantIdentificationRequest.objects.exists()
    assert purge_deleted_records() == 1
    assert api_client.post(f"{record['links']['self']}restore/").status_code == 404


def test_during_the_undo_time_nothing_is_purged(record, api_client):
    api_client.delete(record["links"]["self"])

    assert purge_deleted_records() == 0


def test_a_deleted_photo_in_the_queue_is_not_identified_any_more(providers, identify, owner, api_client):
    for provider in ("plant_id", "plantnet"):
        providers.fault(provider, "status", 503)
    queued = identify(make_photo(1), headers={"Prefer": "respond-async"}).json()
    api_client.delete(queued["links"]["self"])

    assert claim_due_request() is None
    api_client.post(f"{queued['links']['self']}restore/")
    assert str(claim_due_request().pk) == queued["id"]


def test_an_anonymous_record_is_deleted_by_who_knows_its_id(providers, identify):
    anonymous = APIClient()
    link = identify(make_photo(1), client=anonymous).json()["links"]["self"]

    assert anonymous.delete(link).status_code == 204
    assert anonymous.get(link).status_code == 404
    assert anonymous.post(f"{link}restore/").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "answer"),
    [
        ("delete", "", None, 204),
        ("post", "restore/", {}, 200),
        ("put", "feedback/", {"verdict": "right"}, 200),
        ("delete", "feedback/", None, 204),
    ],
)
def test_with_cookies_every_write_needs_the_csrf_token(record, owner, api_client, method, path, body, answer):
    api_client.put(record["links"]["feedback"], {"verdict": "wrong"})
    browser = Client(enforce_csrf_checks=True)
    token = browser.get("/api/v1/auth/csrf/").json()["csrf_token"]
    sign_in = {"login": owner.email, "password": PASSWORD}
    browser.post(
        "/api/v1/auth/login/", sign_in, content_type="application/json", headers={"X-CSRFToken": token}
    )
    token = browser.get("/api/v1/auth/csrf/").json()["csrf_token"]
    address = f"{record['links']['self']}{path}"

    def send(headers):
        return getattr(browser, method)(address, body, content_type="application/json", headers=headers)

    refused = send({})
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
    assert send({"X-CSRFToken": token}).status_code == answer
