"""What protects one provider: nothing is bought that somebody has, and failures have names."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from apps.core.resilience.clock import Deadline
from apps.plant_identification.exceptions import (
    ProviderCircuitOpen,
    ProviderFailed,
    ProviderMisconfigured,
    ProviderNotReached,
    ProviderQuotaReached,
    ProviderRefusedKey,
    ProviderRefusedPhoto,
    ProviderTimedOut,
)
from apps.plant_identification.models import QuotaReservation
from apps.plant_identification.tests.fakes import FakeProvider, make_call, make_question, make_reply

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _room(settings):
    settings.QUOTA_USER_SHARE = 1.0
    settings.PLANT_ID_MONTHLY_QUOTA = 100


@pytest.fixture
def provider():
    return FakeProvider()


@pytest.fixture
def call(provider):
    return make_call(provider)


def ask(call, question=None, **kwargs):
    return call.ask(question or make_question(), principal="user-1", deadline=Deadline.after(10), **kwargs)


def test_a_reply_is_bought_once_and_then_cached(call, provider):
    assert ask(call).state == "answered"
    assert ask(call).state == "cached"
    assert len(provider.identified) == 1
    assert call.ledger.use().used == 2


def test_what_is_cached_is_what_was_answered(call):
    assert ask(call).reply == ask(call).reply


def test_with_one_credit_left_the_photo_is_asked_without_health(call, provider, settings):
    settings.PLANT_ID_MONTHLY_QUOTA = 1

    reply = ask(call).reply

    assert reply.health is None
    assert provider.identified == [(QuotaReservation.objects.get().pk, False)]


def test_an_answer_without_health_is_never_served_as_one_with_it(call, provider):
    ask(call, make_question(include_diseases=False))

    reply = ask(call, make_question(include_diseases=True)).reply

    assert reply.health is not None
    assert [with_health for _, with_health in provider.identified] == [False, True]


def test_without_quota_nobody_is_called(call, provider, settings):
    settings.PLANT_ID_MONTHLY_QUOTA = 0

    with pytest.raises(ProviderQuotaReached):
        ask(call)

    assert not provider.identified


def test_after_the_lasting_failures_the_circuit_opens_and_nothing_is_reserved(call, provider):
    provider.fails_with = ProviderTimedOut()
    for number in range(3):
        with pytest.raises(ProviderTimedOut):
            ask(call, make_question(digest=f"{number}" * 64))

    with pytest.raises(ProviderCircuitOpen) as refused:
        ask(call, make_question(digest="9" * 64))

    assert 0 < refused.value.retry_after_s <= 60
    assert len(provider.identified) == QuotaReservation.objects.count() == 3


@pytest.mark.parametrize(
    "failure", [ProviderMisconfigured(status_code=404), ProviderRefusedPhoto(status_code=400)]
)
def test_what_is_no_outage_leaves_the_circuit_closed(call, provider, failure):
    provider.fails_with = failure
    for number in range(5):
        with pytest.raises(type(failure)):
            ask(call, make_question(digest=f"{number}" * 64))

    assert call.circuit.snapshot().state == "closed"
    assert len(provider.identified) == 5


@pytest.mark.parametrize(
    ("failure", "pause_s"),
    [
        (ProviderRefusedKey(status_code=401), 300),
        (ProviderQuotaReached(status_code=429, retry_after_s=77), 77),
        (ProviderQuotaReached(status_code=429), 3_600),
    ],
)
def test_a_refused_key_or_an_empty_account_is_left_alone_for_a_while(call, provider, failure, pause_s):
    provider.fails_with = failure
    with pytest.raises(type(failure)):
        ask(call, make_question(include_diseases=False))

    with pytest.raises(type(failure)) as again:
        ask(call, make_question(digest="e" * 64, include_diseases=False))

    assert len(provider.identified) == 1
    assert again.value.retry_after_s == pytest.approx(pause_s, abs=2)
    assert call.pause.is_on()
    assert call.ledger.use().used == 0


def test_one_users_used_up_share_does_not_pause_the_provider_for_others(call, settings):
    settings.QUOTA_USER_SHARE = 0.0
    ask(call)
    with pytest.raises(ProviderQuotaReached):
        ask(call, make_question(digest="e" * 64))

    assert not call.pause.is_on()
    assert call.ask(make_question(digest="e" * 64), principal="user-2", deadline=Deadline.after(5))


def test_a_reply_lost_on_the_way_is_fetched_not_bought_again(call, provider):
    provider.fails_with = ProviderFailed()
    with pytest.raises(ProviderFailed):
        ask(call)
    lost = QuotaReservation.objects.get()
    call.cache.delete(f"failed:{call._key(make_question(), with_health=True)}")
    provider.fails_with, provider.lost_reply = None, make_reply("Monstera deliciosa")

    reply = ask(call).reply

    assert reply.suggestions[0].scientific_name == "Monstera deliciosa"
    assert provider.fetched == [(lost.pk, None)]
    assert len(provider.identified) == 1
    assert call.ledger.use().used == 2


def test_a_reply_the_service_does_not_have_is_bought_anew(call, provider):
    QuotaReservation.objects.filter(
        pk=call.ledger.reserve(
            question_key=call._paid_for(make_question()),
            principal="user-1",
            with_health=True,
        )
    ).update(state="unknown")

    ask(call)

    assert len(provider.fetched) == len(provider.identified) == 1
    assert call.ledger.use().used == 4


def test_a_connection_that_was_never_made_costs_nothing(call, provider):
    provider.fails_with = ProviderNotReached()

    with pytest.raises(ProviderNotReached):
        ask(call)

    assert call.ledger.use().used == 0


def test_a_failure_is_shared_with_those_who_ask_just_after(call, provider):
    provider.fails_with = ProviderTimedOut()
    for _ in range(2):
        with pytest.raises(ProviderTimedOut):
            ask(call)

    assert len(provider.identified) == 1


@pytest.mark.django_db(transaction=True)
def test_thirty_callers_at_once_make_one_call(provider):
    released = threading.Event()
    arrived = threading.Event()
    identify = provider.identify

    def slow(question, **kwargs):
        arrived.set()
        assert released.wait(10)
        return identify(question, **kwargs)

    provider.identify = slow
    call = make_call(provider)

    def one(_):
        try:
            return ask(call)
        finally:
            connection.close()

    with ThreadPoolExecutor(30) as callers:
        answers = [callers.submit(one, number) for number in range(30)]
        assert arrived.wait(10)
        released.set()
        states = [answer.result().state for answer in answers]

    assert states.count("answered") == 1
    assert states.count("cached") == 29
    assert len(provider.identified) == 1
