"""Uploads are read a few at a time; whoever waits for a service or for others' answers holds nobody up."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from rest_framework.test import APIClient

from apps.core import idempotency
from apps.core.db import short_connection
from apps.core.resilience.turns import Turns
from apps.core.tests.fakes_resilience import PATIENCE_S, wait_until
from apps.plant_identification.api import views
from apps.plant_identification.services import combined_identification_service
from apps.plant_identification.tests.conftest import make_photo

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def one_turn(monkeypatch):
    """A single place, for which the next upload would wait for ever."""
    turns = Turns(1, patience_s=10 * PATIENCE_S)
    monkeypatch.setattr(views, "UPLOAD_TURNS", turns)
    return turns


@pytest.fixture
def send(identify):
    """From another thread, of which no connection is left."""

    def post(photo, **headers):
        with short_connection():
            return identify(photo, client=APIClient(), headers=headers)

    return post


def is_free(turns):
    found = turns._places.acquire(blocking=False)
    if found:
        turns._places.release()
    return found


@pytest.mark.usefixtures("one_turn")
def test_a_photo_that_is_looked_at_holds_nobody_up(providers, send):
    providers.hold()
    with ThreadPoolExecutor(3) as pool:
        try:
            answers = [pool.submit(send, make_photo(number)) for number in (1, 2)]
            providers.wait_for("plant_id", at_least=2)  # both are there at once
            answers.append(pool.submit(send, make_photo(1)))  # waits for the first
            providers.wait_for("plantnet", at_least=2)
        finally:
            providers.release()
        documents = [answer.result(PATIENCE_S).json() for answer in answers]

    assert [document["status"] for document in documents] == ["complete"] * 3
    assert providers.counters()["plant_id"]["identify_posts"] == 2


@pytest.mark.usefixtures("one_turn")
def test_a_repeat_that_waits_for_the_first_holds_nobody_up(providers, send, monkeypatch):
    waiting = threading.Event()
    give_up_connection = idempotency.release_connection
    monkeypatch.setattr(idempotency, "release_connection", lambda: (waiting.set(), give_up_connection()))
    providers.hold()
    with ThreadPoolExecutor(3) as pool:
        try:
            answers = [pool.submit(send, make_photo(1), idempotency_key="one")]
            providers.wait_for("plant_id", at_least=1)
            answers.append(pool.submit(send, make_photo(1), idempotency_key="one"))
            assert waiting.wait(PATIENCE_S)
            answers.append(pool.submit(send, make_photo(2)))
            providers.wait_for("plant_id", at_least=2)
        finally:
            providers.release()
        first, again, other = [answer.result(PATIENCE_S).json() for answer in answers]

    assert first == again != other


def test_a_turn_ends_with_the_request_whatever_comes_of_it(one_turn, providers, identify):
    assert identify(b"no photo").status_code == 415
    assert identify(make_photo(1)).json()["cache"] == "miss"
    assert identify(make_photo(1)).json()["cache"] == "hit"
    assert is_free(one_turn)


def test_uploads_wait_for_their_turn_and_then_go_on(one_turn, providers, send):
    with ThreadPoolExecutor(1) as pool:
        with one_turn.take():
            answer = pool.submit(send, make_photo(1))
            wait_until(lambda: len(one_turn._places._cond._waiters) == 1)
        assert answer.result(PATIENCE_S).json()["status"] == "complete"


def test_a_known_answer_is_written_into_the_history_without_a_turn(
    one_turn, providers, identify, monkeypatch
):
    save, frees = combined_identification_service.save_record, []

    def noting(*args, **kwargs):
        frees.append(is_free(one_turn))
        return save(*args, **kwargs)

    monkeypatch.setattr(combined_identification_service, "save_record", noting)

    assert [identify(make_photo(1)).json()["cache"] for _ in range(2)] == ["miss", "hit"]
    assert frees == [True, True]
