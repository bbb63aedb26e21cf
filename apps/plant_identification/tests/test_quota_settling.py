"""What becomes of a call in the ledger: nothing charged is refunded, nothing paid for is lost."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.plant_identification.exceptions import (
    ProviderFailed,
    ProviderMisconfigured,
    ProviderNotReached,
    ProviderQuotaReached,
    ProviderRefusedKey,
    ProviderTimedOut,
)
from apps.plant_identification.models import QuotaReservation
from apps.plant_identification.services.plant_id_parser import _TOKEN_CHARS
from apps.plant_identification.services.quota import QuotaLedger
from apps.plant_identification.services.quota_rules import PLANT_ID_RULE, PLANTNET_RULE

pytestmark = pytest.mark.django_db

State = QuotaReservation.State


@pytest.fixture(autouse=True)
def _whole_quota_for_one(settings):
    settings.QUOTA_USER_SHARE = 1.0


@pytest.fixture
def plant_id():
    return QuotaLedger(account="plant_id@test", rule=PLANT_ID_RULE)


@pytest.fixture
def plantnet():
    return QuotaLedger(account="plantnet@test", rule=PLANTNET_RULE)


def reserve(ledger, *, key="k"):
    return ledger.reserve(question_key=key, principal="user-1", with_health=False)


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


def test_a_call_that_may_still_be_under_way_is_not_forgotten(plant_id):
    reservation = reserve(plant_id)

    plant_id.forget_past_call(plant_id.find_past_call(question_key="k", with_health=False))

    assert QuotaReservation.objects.get().state == State.RESERVED
    plant_id.refund(reservation)
    assert plant_id.use().used == 0


@pytest.mark.parametrize("state", [State.RESERVED, State.UNKNOWN])
def test_a_lost_call_the_service_does_not_have_is_not_looked_for_again(plant_id, state):
    reserve(plant_id)
    QuotaReservation.objects.update(state=state, created_at=datetime.now(UTC) - timedelta(minutes=3))

    plant_id.forget_past_call(plant_id.find_past_call(question_key="k", with_health=False))

    assert QuotaReservation.objects.get().state == State.CHARGED
    assert plant_id.find_past_call(question_key="k", with_health=False) is None


def test_an_answer_the_service_has_removed_is_not_looked_for_again_but_was_answered(plant_id):
    plant_id.settle_answered(reserve(plant_id), access_token="t")

    plant_id.forget_past_call(plant_id.find_past_call(question_key="k", with_health=False))

    assert QuotaReservation.objects.get().state == State.ANSWERED
    assert plant_id.find_past_call(question_key="k", with_health=False) is None


def test_a_call_that_was_settled_since_it_was_seen_is_not_forgotten(plant_id):
    reservation = reserve(plant_id)
    plant_id.settle_failed(reservation, ProviderTimedOut())
    seen = plant_id.find_past_call(question_key="k", with_health=False)
    plant_id.settle_answered(reservation, access_token="token")

    plant_id.forget_past_call(seen)

    assert plant_id.find_past_call(question_key="k", with_health=False).access_token == "token"


@pytest.mark.parametrize("failure", [ProviderTimedOut(), ProviderMisconfigured(), ProviderNotReached()])
def test_a_reply_that_somebody_fetched_outweighs_the_failure_of_its_call(plant_id, failure):
    reservation = reserve(plant_id)
    plant_id.settle_answered(reservation, access_token="token")

    plant_id.settle_failed(reservation, failure)

    assert plant_id.find_past_call(question_key="k", with_health=False).access_token == "token"
    assert plant_id.use().used == 1


@pytest.mark.parametrize("state", [State.UNKNOWN, State.CHARGED])
def test_a_late_reply_settles_what_was_given_up(plant_id, state):
    reservation = reserve(plant_id)
    QuotaReservation.objects.update(state=state)

    plant_id.settle_answered(reservation, access_token="token")

    assert QuotaReservation.objects.get().state == State.ANSWERED


def test_every_token_the_parser_lets_through_is_kept(plant_id):
    token = "t" * _TOKEN_CHARS

    plant_id.settle_answered(reserve(plant_id), access_token=token)

    assert plant_id.find_past_call(question_key="k", with_health=False).access_token == token
