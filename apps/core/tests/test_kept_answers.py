import pytest
from django.db import transaction

from apps.core import kept_answers
from apps.core.kept_answers import MAX_BYTES, answer_key, find_answer, forget_answers, keep_answer
from apps.core.resilience.shared_cache import SharedCache
from apps.core.tests.fakes_resilience import ManualClock

pytest_plugins = ["apps.core.tests.fixtures_resilience"]

TAG, QUESTION = "ferns", "/ferns/?page=2"


@pytest.fixture(autouse=True)
def clock(settings, monkeypatch):
    settings.PUBLIC_ANSWERS_KEPT_S = 30
    clock = ManualClock()
    monkeypatch.setattr(kept_answers, "_cache", SharedCache(clock=clock))
    return clock


def key():
    return answer_key(TAG, question=QUESTION)


def test_an_answer_is_found_by_its_question_alone():
    keep_answer(key(), {"count": 3, "names": ["Farn", "fern"]})

    assert find_answer(key()) == {"count": 3, "names": ["Farn", "fern"]}
    assert find_answer(answer_key(TAG, question="/ferns/?page=3")) is None
    assert find_answer(answer_key("mosses", question=QUESTION)) is None


@pytest.mark.django_db(transaction=True)
def test_a_change_ends_every_answer_of_its_tag_once_it_is_committed():
    keep_answer(key(), 1)
    other = answer_key("mosses", question=QUESTION)
    keep_answer(other, 2)

    with transaction.atomic():
        forget_answers(TAG)
        assert find_answer(key()) == 1  # it is what everybody else can see

    assert find_answer(key()) is None
    assert find_answer(other) == 2


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_was_being_made_from_the_old_state_is_not_told_afterwards():
    asked_before = key()
    forget_answers(TAG)

    keep_answer(asked_before, "of the old state")

    assert find_answer(key()) is None


@pytest.mark.django_db(transaction=True)
def test_another_process_follows_within_a_second(monkeypatch, clock):
    keep_answer(key(), "old")
    assert find_answer(key()) == "old"

    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(kept_answers, "_cache", SharedCache())
        forget_answers(TAG)

    assert find_answer(key()) == "old"
    clock.advance(kept_answers.GENERATION_AGE_S)
    assert find_answer(key()) is None


@pytest.mark.parametrize("answer", ["x" * MAX_BYTES, {"picture": b"bytes"}])
def test_what_is_large_or_no_json_is_made_anew_each_time(answer):
    keep_answer(key(), answer)

    assert find_answer(key()) is None


def test_nothing_is_kept_where_an_operator_does_not_want_it(settings):
    settings.PUBLIC_ANSWERS_KEPT_S = 0

    assert key() is None


def test_without_redis_a_process_keeps_its_own(no_redis):
    keep_answer(key(), 1)

    assert find_answer(key()) == 1
