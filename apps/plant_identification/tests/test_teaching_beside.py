"""Answers neither wait for what they teach the encyclopedia nor fail by it."""

import threading

import pytest
from django.db import DataError, transaction

from apps.core.resilience.pool import BoundedPool
from apps.core.tests.fakes_resilience import PATIENCE_S, wait_until
from apps.plant_identification.models import PlantSpecies
from apps.plant_identification.services.encyclopedia import teaching
from apps.plant_identification.tests.conftest import hand_over, make_photo, wait_for_lessons
from apps.plant_identification.types import ProviderReply, ProviderSuggestion

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def really_beside(providers, monkeypatch):
    monkeypatch.setattr(teaching, "_hand_over", hand_over)


def taught():
    return PlantSpecies.objects.exclude(family="").exists()


@pytest.fixture
def lesson(monkeypatch):
    """Lets nothing be learned before it is set."""
    learn, may_begin = teaching.learn_species, threading.Event()

    def learn_when_allowed(*args):
        assert may_begin.wait(PATIENCE_S)
        learn(*args)

    monkeypatch.setattr(teaching, "learn_species", learn_when_allowed)
    yield may_begin
    may_begin.set()


def test_an_answer_is_there_before_anything_is_learned_from_it(providers, identify, lesson):
    assert identify(make_photo(1)).json()["status"] == "complete"
    assert not taught()

    lesson.set()
    wait_until(taught)


def test_what_cannot_be_learned_is_logged_and_learned_from_the_next(providers, identify, monkeypatch, caplog):
    def fail(*_):
        raise DataError("value too long")

    with monkeypatch.context() as patch:
        patch.setattr(teaching, "_write_news", fail)
        assert identify(make_photo(1)).json()["status"] == "complete"
        wait_for_lessons()

    (record,) = [record for record in caplog.records if record.message == "species_not_taught"]
    assert "value too long" in record.exc_text
    assert not taught()

    answer_again_about_the_same_plant(providers, identify)
    wait_until(taught)


def test_what_finds_no_room_is_learned_from_the_next(providers, identify, lesson, monkeypatch):
    crowded = BoundedPool("crowded", max_workers=1, max_queue=0)
    with monkeypatch.context() as patch:
        patch.setattr(teaching, "_teacher", crowded)
        crowded.submit(lesson.wait, PATIENCE_S)
        assert identify(make_photo(1)).json()["status"] == "complete"
        lesson.set()
        wait_until(lambda: not crowded.in_flight)
    assert not taught()

    answer_again_about_the_same_plant(providers, identify)
    wait_until(taught)


def test_an_answer_that_was_not_kept_teaches_nothing():
    species = PlantSpecies.objects.create(canonical_name="Ficus lyrata", from_sandbox=True)
    said = ProviderSuggestion(scientific_name="Ficus lyrata", rank="species", score=0.9, family="Moraceae")
    reply = ProviderReply(provider="plant_id", model_version=None, suggestions=(said,))

    with transaction.atomic():
        teaching.teach_later({"Ficus lyrata": species.pk}, [reply])
        transaction.set_rollback(True)

    wait_for_lessons()
    assert not taught()


def answer_again_about_the_same_plant(providers, identify):
    """The sandbox goes by the photo's bytes; another language asks it anew about the same ones."""
    assert identify(make_photo(1), language="de").json()["status"] == "complete"
