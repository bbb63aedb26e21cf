"""The ledger: never one call too many, never a refund for what may have been charged."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection

from apps.plant_identification.exceptions import (
    ProviderFailed,
    ProviderMisconfigured,
    ProviderNotReached,
    ProviderQuotaReached,
    ProviderRefusedKey,
    ProviderTimedOut,
)
from apps.plant_identification.models import QuotaReservation, QuotaWindow
from apps.plant_identification.services.quota import PLANT_ID_RULE, PLANTNET_RULE, QuotaLedger

pytestmark = pytest.mark.django_db

State = QuotaReservation.State


@pytest.fixture(autouse=True)
def _whole_quota_for_one(settings):
    settings.QUOTA_USER_SHARE = 1.0
    settings.PLANT_ID_MONTHLY_QUOTA = 10
    settings.PLANTNET_DAILY_QUOTA = 10


@pytest.fixture
def plant_id():
    return QuotaLedger(account="plant_id@test", rule=PLANT_ID_RULE)


@pytest.fixture
def plantnet():
    return QuotaLedger(account="plantnet@test", rule=PLANTNET_RULE)


def reserve(ledger, *, key="k", principal="user-1", with_health=False):
    return ledger.reserve(question_key=key, principal=principal, with_health=with_health)


def test_health_costs_one_more_at_plant_id_and_nothing_at_plantnet(plant_id, plantnet):
    reserve(plant_id, with_health=True)
    reserve(plantnet, with_health=False)

    assert plant_id.use().used == 2
    assert plantnet.use().used == 1


def test_the_last_credit_buys_no_health(plant_id, settings):
    settings.PLANT_ID_MONTHLY_QUOTA = 1

    with pytest.raises(ProviderQuotaReached):
        reserve(plant_id, with_health=True)

    assert reserve(plant_id)
    assert plant_id.use().used == 1


def test_a_refused_reservation_leaves_no_trace(plant_id, settings):
    settings.PLANT_ID_MONTHLY_QUOTA = 0

    with pytest.raises(ProviderQuotaReached):
        reserve(plant_id)

    assert not QuotaReservation.objects.exists()
    assert plant_id.use().used == 0


def test_who_is_refused_is_told_when_the_month_ends(plant_id, settings):
    settings.PLANT_ID_MONTHLY_QUOTA = 0

    with pytest.raises(ProviderQuotaReached) as refused:
        reserve(plant_id)

    left_s = (plant_id.use().resets_at - datetime.now(UTC)).total_seconds()
    assert refused.value.retry_after_s == pytest.approx(left_s, abs=5)
    assert plant_id.use().resets_at.day == 1


def test_one_user_gets_a_tenth_of_the_day_and_the_others_the_rest(plantnet, settings):
    settings.QUOTA_USER_SHARE = 0.10
    settings.PLANTNET_DAILY_QUOTA = 20

    for _ in range(2):
        reserve(plantnet, principal="user-1")
    with pytest.raises(ProviderQuotaReached):
        reserve(plantnet, principal="user-1")

    assert reserve(plantnet, principal="user-2")


def test_everybody_gets_one_identification_with_health_however_small_the_share(plant_id, settings):
    settings.QUOTA_USER_SHARE = 0.01

    reserve(plant_id, with_health=True)

    with pytest.raises(ProviderQuotaReached):
        reserve(plant_id)


@pytest.mark.parametrize(
    ("failure", "state", "used"),
    [
        (ProviderNotReached(), State.REFUNDED, 0),
        (ProviderRefusedKey(), State.REFUNDED, 0),
        (ProviderQuotaReached(), State.REFUNDED, 0),
        (ProviderTimedOut(), State.UNKNOWN, 1),
        (ProviderFailed(), State.UNKNOWN, 1),
        (ProviderMisconfigured(), State.CHARGED, 1),
    ],
)
def test_only_what_was_provably_not_charged_is_refunded(plantnet, failure, state, used):
    reservation = reserve(plantnet)

    plantnet.settle_failed(reservation, failure)

    assert QuotaReservation.objects.get(pk=reservation).state == state
    assert plantnet.use().used == used


def test_a_refund_counts_once(plantnet):
    reservation = reserve(plantnet)

    plantnet.refund(reservation)
    plantnet.refund(reservation)

    assert plantnet.use().used == 0


def test_a_lost_reply_is_found_again_and_an_answered_one_by_its_token(plant_id):
    lost = reserve(plant_id, key="lost")
    plant_id.settle_failed(lost, ProviderTimedOut())
    answered = reserve(plant_id, key="answered")
    plant_id.settle_answered(answered, access_token="token")

    assert plant_id.find_past_call(question_key="lost", with_health=False).id == lost
    assert plant_id.find_past_call(question_key="answered", with_health=False).access_token == "token"
    assert plant_id.find_past_call(question_key="other", with_health=False) is None


def test_a_reply_without_health_is_not_taken_for_one_with_it(plant_id):
    plain = reserve(plant_id, key="k")
    plant_id.settle_answered(plain, access_token="token")

    assert plant_id.find_past_call(question_key="k", with_health=True) is None


def test_what_the_service_says_is_left_raises_what_is_used_and_never_lowers_it(plantnet):
    reserve(plantnet)
    plantnet.note_remaining(4)
    assert plantnet.use().used == 6

    plantnet.note_remaining(9)  # an older reply, overtaken on its way
    assert plantnet.use().used == 6


def test_reconciling_gives_back_what_the_service_never_counted(plant_id):
    for _ in range(3):
        plant_id.settle_failed(reserve(plant_id), ProviderTimedOut())
    plant_id.settle_answered(reserve(plant_id), access_token="t")
    assert plant_id.use().used == 4

    plant_id.correct(remaining=9)  # it counted the answered one only

    assert plant_id.use().used == 1


def test_reconciling_keeps_calls_that_are_under_way(plant_id):
    reserve(plant_id, with_health=True)

    plant_id.correct(remaining=10)

    assert plant_id.use().used == 2


def test_the_warning_is_claimed_once_per_window(plantnet):
    assert plantnet.claim_warning()
    assert not plantnet.claim_warning()


@pytest.mark.django_db(transaction=True)
def test_many_threads_get_exactly_the_limit(plantnet, settings):
    settings.PLANTNET_DAILY_QUOTA = 7
    barrier = threading.Barrier(16)

    def take(number):
        barrier.wait()
        try:
            return reserve(plantnet, principal=f"user-{number}")
        except ProviderQuotaReached:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as threads:
        taken = list(threads.map(take, range(16)))

    assert sum(1 for reservation in taken if reservation) == 7
    assert QuotaWindow.objects.get().used == 7
