"""Deleting while others save, restore, purge or delete: each order is made to happen."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

import pytest
from django.db import connection, transaction
from rest_framework.test import APIClient

from apps.plant_identification.models import (
    IdentificationAnswer,
    IdentificationFeedback,
    PhotoErasure,
    PhotoSet,
    PlantIdentificationRequest,
)
from apps.plant_identification.services import (
    combined_identification_service,
    feedback,
    purging,
)
from apps.plant_identification.services.purging import erase_photos, purge_deleted_records
from apps.plant_identification.services.registry import registry
from apps.plant_identification.tasks import purge_deleted_task
from apps.plant_identification.tests.aging import let_a_while_pass
from apps.plant_identification.tests.conftest import make_photo, states_of
from apps.users.tests.factories import UserFactory

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite locks the whole file"),
]
WAIT_S = 15
AT_ONCE = 8


@pytest.fixture
def owner():
    return UserFactory()


@pytest.fixture
def client(owner):
    client = APIClient()
    client.force_authenticate(owner)
    return client


@pytest.fixture
def record(providers, identify, client):
    return identify(make_photo(1), client=client).json()


def in_threads(*jobs):
    """Run all at once, from a barrier on; what each returned, in their order."""
    barrier = threading.Barrier(len(jobs))

    def run(job):
        barrier.wait(WAIT_S)
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        futures = [pool.submit(_closing_connection, partial(run, job)) for job in jobs]
        return [future.result(WAIT_S) for future in futures]


def _closing_connection(job):
    try:
        return job()
    finally:
        connection.close()


class Gate:
    """Holds whoever comes to a function until somebody else has done what they have to do there."""

    def __init__(self):
        self.reached, self.opened = threading.Event(), threading.Event()

    def around(self, function, *, after=False):
        def gated(*args, **kwargs):
            result = function(*args, **kwargs) if after else None
            self.reached.set()
            assert self.opened.wait(WAIT_S)
            return result if after else function(*args, **kwargs)

        return gated


@pytest.fixture
def background():
    """Starts a job in a thread; what it returns gives the job's outcome when that is over."""
    with ThreadPoolExecutor() as pool:
        yield lambda job: partial(pool.submit(_closing_connection, job).result, WAIT_S)


def test_of_many_deletions_at_once_one_deletes(record, owner):
    def delete():
        client = APIClient()
        client.force_authenticate(owner)
        return client.delete(record["links"]["self"]).status_code

    assert sorted(in_threads(*[delete] * AT_ONCE)) == [204] + [404] * (AT_ONCE - 1)


def test_restoring_and_purging_at_once_gives_one_of_the_two_and_nothing_between(
    providers, identify, client, monkeypatch
):
    # By the purge's clock the undo time is over, by the restoring's it is not.
    monkeypatch.setattr(purging, "last_moment", lambda: datetime.now(UTC))
    for seed in range(6):
        record = identify(make_photo(seed), client=client).json()
        client.delete(record["links"]["self"])

        restored, purged = in_threads(
            lambda link=record["links"]["self"]: client.post(f"{link}restore/").status_code,
            purge_deleted_records,
        )

        is_there = PlantIdentificationRequest.objects.filter(pk=record["id"], deleted_at=None).exists()
        assert (restored, purged) == ((200, 0) if is_there else (404, 1))
        assert PhotoErasure.objects.filter(options__language="en").exists() != is_there
        PhotoErasure.objects.all().delete()


def test_a_restoring_that_comes_while_one_is_being_purged_finds_nothing(record, client, background):
    client.delete(record["links"]["self"])
    with transaction.atomic():
        PlantIdentificationRequest.objects.all().delete()  # the purge, not committed yet
        restore = background(lambda: client.post(f"{record['links']['self']}restore/").status_code)
        _wait_until_somebody_waits_for_a_lock()

    assert restore() == 404


def test_a_purge_that_comes_while_one_is_being_restored_leaves_it_alone(record, client):
    client.delete(record["links"]["self"])
    let_a_while_pass()
    with transaction.atomic():
        PlantIdentificationRequest.objects.update(deleted_at=None)  # the restoring, not committed yet

        (purged,) = in_threads(purge_deleted_records)

    assert purged == 0
    assert PlantIdentificationRequest.objects.filter(deleted_at=None).exists()


def test_two_purges_at_once_purge_each_record_once(providers, identify, client, owner):
    for seed in range(AT_ONCE):
        identify(make_photo(seed), client=client)
    PlantIdentificationRequest.objects.update(deleted_at="2026-01-01T00:00:00Z")
    let_a_while_pass()

    assert sum(in_threads(purge_deleted_records, purge_deleted_records)) == AT_ONCE
    assert PhotoErasure.objects.count() == AT_ONCE
    let_a_while_pass()
    assert sum(in_threads(lambda: erase_photos(registry()), lambda: erase_photos(registry()))) == AT_ONCE
    assert not PhotoSet.objects.exists()


def test_a_cached_answer_that_is_purged_before_its_new_record_is_written_is_made_anew(
    record, client, identify, monkeypatch, background
):
    """Between the cache and the INSERT the answer's last record is purged, with everything."""
    gate = Gate()
    monkeypatch.setattr(
        combined_identification_service,
        "save_record",
        gate.around(combined_identification_service.save_record),
    )
    second = background(lambda: identify(make_photo(1), client=client))
    assert gate.reached.wait(WAIT_S)
    client.delete(record["links"]["self"])
    let_a_while_pass()
    purge_deleted_task()
    assert not IdentificationAnswer.objects.exists()
    gate.opened.set()

    response = second()

    assert response.status_code == 200
    assert response.json()["plant_name"] == record["plant_name"]
    assert states_of(response) == {"plant_id": "answered", "plantnet": "answered"}
    kept = PlantIdentificationRequest.objects.get()
    assert str(kept.pk) == response.json()["id"]
    assert kept.answer is not None
    assert client.get(response.json()["links"]["photo"]).json()["photos"]


@pytest.mark.parametrize("needed", ["answer", "photos"])
def test_a_new_record_that_is_written_first_keeps_what_it_needs_from_the_purge(
    record, client, background, needed
):
    """The purge has to wait for the INSERT to be committed, and then to look again."""
    client.delete(record["links"]["self"])
    let_a_while_pass()
    purge_deleted_records()
    let_a_while_pass()
    kept = {"answer": IdentificationAnswer, "photos": PhotoSet}[needed].objects.get()
    with transaction.atomic():
        second = PlantIdentificationRequest.objects.create(
            from_sandbox=True,
            digest="d",
            photo_digest="d",
            options={},
            status="complete",
            cache="hit",
            experiment_group="control",
            **{needed: kept},
        )
        with connection.cursor() as cursor:  # the foreign keys are checked now, not at the commit
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        erase = background(lambda: erase_photos(registry()))
        _wait_until_somebody_waits_for_a_lock()

    assert erase() == 1
    second.refresh_from_db()
    assert getattr(second, needed) == kept
    assert IdentificationAnswer.objects.count() + PhotoSet.objects.count() == 1


def _wait_until_somebody_waits_for_a_lock():
    pause, deadline = threading.Event(), WAIT_S * 20
    for _ in range(deadline):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        pause.wait(0.05)
    raise AssertionError("nobody came to wait")


def test_a_photo_that_is_being_bought_again_is_not_erased_under_its_buyer(
    providers, record, client, identify, background
):
    """Asked in another language after the deletion: a service is at work, and no record is written yet."""
    client.delete(record["links"]["self"])
    let_a_while_pass()
    purge_deleted_records()
    let_a_while_pass()
    providers.hold("both")
    again = background(
        lambda: identify(make_photo(1), client=client, include_diseases="false", language="fr")
    )
    providers.wait_for("plantnet", "in_flight", at_least=1)

    erase_photos(registry())
    assert PhotoErasure.objects.exists()  # put off
    assert PhotoSet.objects.exists()
    providers.release("both")
    response = again()

    assert response.status_code == 200
    photos = client.get(response.json()["links"]["photo"]).json()["photos"]
    assert APIClient().get(photos[0]["url"]).status_code == 200


def test_an_account_that_goes_while_its_photo_is_identified_gets_no_record_and_no_500(
    providers, client, owner, identify, background
):
    providers.hold("both")
    identification = background(lambda: identify(make_photo(1), client=client))
    providers.wait_for("plant_id", "in_flight", at_least=1)
    type(owner).objects.get(pk=owner.pk).delete()
    providers.release("both")

    response = identification()

    assert (response.status_code, response.json()["code"]) == (401, "authentication_failed")
    assert not PlantIdentificationRequest.objects.exists()


def test_feedback_from_two_devices_at_once_is_one_feedback(record, owner):
    def say(verdict):
        client = APIClient()
        client.force_authenticate(owner)
        return client.put(record["links"]["feedback"], {"verdict": verdict}).status_code

    outcomes = in_threads(*[lambda: say("right"), lambda: say("wrong")] * 4)

    assert outcomes == [200] * 8
    assert IdentificationFeedback.objects.count() == 1


def test_feedback_on_a_record_that_is_just_being_deleted_is_for_nobody(
    record, client, owner, monkeypatch, background
):
    gate = Gate()
    monkeypatch.setattr(feedback, "find_species", gate.around(feedback.find_species))
    said = background(lambda: client.put(record["links"]["feedback"], {"verdict": "right"}).status_code)
    assert gate.reached.wait(WAIT_S)
    other = APIClient()
    other.force_authenticate(owner)
    assert other.delete(record["links"]["self"]).status_code == 204
    gate.opened.set()

    assert said() == 404
    assert not IdentificationFeedback.objects.exists()
