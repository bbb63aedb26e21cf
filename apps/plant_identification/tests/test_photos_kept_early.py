"""A photo is put away while the services look at it, so that nobody waits for that as well."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.files.storage import storages
from django.db import OperationalError, connection

from apps.core.tests.fakes_resilience import wait_until
from apps.plant_identification.models import PhotoSet, PlantIdentificationRequest
from apps.plant_identification.services import photos
from apps.plant_identification.services.cleaning import remove_what_nobody_needs
from apps.plant_identification.tasks import purge_deleted_task
from apps.plant_identification.tests.aging import let_a_while_pass
from apps.plant_identification.tests.conftest import make_photo

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def held(providers):
    """Both services let the photo in and keep silent, until what is to be seen meanwhile was looked for."""
    providers.hold()

    def look(seen):
        try:
            for provider in ("plant_id", "plantnet"):
                providers.wait_for(provider, at_least=1)
            wait_until(seen)
        finally:
            connection.close()
            providers.release()

    return look


def test_it_is_kept_before_any_service_has_answered(held, identify):
    with ThreadPoolExecutor(1) as others:
        meanwhile = others.submit(held, PhotoSet.objects.exists)
        response = identify(make_photo(1))

    meanwhile.result()
    assert response.json()["status"] == "complete"
    assert PlantIdentificationRequest.objects.get().photos == PhotoSet.objects.get()


def test_who_waits_for_the_services_then_holds_no_connection(held, identify, monkeypatch):
    released = []
    monkeypatch.setattr(photos, "release_connection", lambda: released.append(PhotoSet.objects.exists()))

    with ThreadPoolExecutor(1) as others:
        meanwhile = others.submit(held, lambda: bool(released))
        identify(make_photo(1))

    meanwhile.result()
    assert released == [True]


def test_photos_that_are_still_to_be_prepared_go_first(held, identify, monkeypatch):
    """A keeper that asks finds every place taken twice, and then one free."""
    seen = []

    def all_taken():
        seen.append(PhotoSet.objects.exists())
        return len(seen) < 3

    monkeypatch.setattr(photos.decode_slots, "are_all_taken", all_taken)

    with ThreadPoolExecutor(1) as others:
        meanwhile = others.submit(held, PhotoSet.objects.exists)
        identify(make_photo(1))

    meanwhile.result()
    assert seen == [False, False, False]


def test_a_reply_is_not_kept_waiting_until_others_are_prepared(providers, identify, monkeypatch):
    monkeypatch.setattr(photos.decode_slots, "are_all_taken", lambda: True)
    providers.fault("both", "latency", 0.5)

    assert identify(make_photo(1)).json()["status"] == "complete"
    assert PlantIdentificationRequest.objects.get().photos == PhotoSet.objects.get()


def test_services_that_refuse_at_once_leave_nothing_to_sweep_up(providers, identify, circuits):
    for circuit in circuits.values():
        circuit.force_open()

    assert identify(make_photo(1)).status_code == 503
    assert not PhotoSet.objects.exists()


def test_where_no_service_answers_in_the_end_it_is_swept_up(held, providers, identify):
    paths = []
    providers.fault("both", "status", 500)

    def note_paths():
        paths.extend(path for kept in PhotoSet.objects.all() for path in kept.paths)
        return bool(paths)

    with ThreadPoolExecutor(1) as others:
        meanwhile = others.submit(held, note_paths)
        response = identify(make_photo(1))
    meanwhile.result()
    let_a_while_pass(timedelta(hours=2))
    remove_what_nobody_needs()
    let_a_while_pass(timedelta(hours=2))
    purge_deleted_task()

    assert response.status_code == 503
    assert not PhotoSet.objects.exists()
    assert not any(map(storages["photos"].exists, paths))


def test_a_database_that_is_away_only_meanwhile_costs_nothing(held, identify, monkeypatch):
    keep_photos = photos.keep_photos
    tries = []

    def away_at_first(digest, prepared):
        tries.append(digest)
        if len(tries) == 1:
            raise OperationalError("the connection is closed")
        return keep_photos(digest, prepared)

    monkeypatch.setattr(photos, "keep_photos", away_at_first)

    with ThreadPoolExecutor(1) as others:
        meanwhile = others.submit(held, lambda: bool(tries))
        response = identify(make_photo(1))

    meanwhile.result()
    assert response.json()["status"] == "complete"
    assert PlantIdentificationRequest.objects.get().photos == PhotoSet.objects.get()
    assert len(tries) == 2
