"""What is answered when a service is late, an answer is old, or there is no credit left for health."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.core.redis import get_redis
from apps.plant_identification import constants
from apps.plant_identification.models import IdentificationAnswer, PhotoFingerprint, QuotaReservation
from apps.plant_identification.services.registry import registry
from apps.plant_identification.tests.conftest import make_photo, states_of
from apps.plant_identification.tests.test_situations import wait_until_known
from apps.plant_identification.tests.test_trust import signed_in
from apps.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


def answer_is_ttl_s():
    """How long the one whole answer in the cache is kept."""
    [key] = get_redis().keys("pc:?:plant_id:answer*")
    return get_redis().ttl(key)


def forget_replies():
    """What the cache holds, what lies at Plant.id, and which photos look alike; stored answers stay."""
    get_redis().flushdb()
    PhotoFingerprint.objects.all().delete()
    QuotaReservation.objects.update(access_token="")


def let_partial_answers_expire():
    redis = get_redis()
    redis.delete(*redis.keys("pc:?:plant_id:answer*"))


@pytest.mark.parametrize(("late", "in_time"), [("plant_id", "plantnet"), ("plantnet", "plant_id")])
def test_who_is_late_for_the_deadline_is_pending_and_completes_the_record(
    providers, identify, api_client, monkeypatch, late, in_time
):
    """Nobody is sure of the plant, so that both are awaited until the deadline."""
    monkeypatch.setattr(constants, "IDENTIFY_DEADLINE_S", 2.5)
    providers.fault("both", "outcome", {"outcome": "agree", "confidence": 0.5})
    providers.hold(late)

    response = identify(make_photo(1))
    again = identify(make_photo(1))

    assert states_of(response) == {late: "pending", in_time: "answered"}
    assert (response.json()["status"], again.json()["status"]) == ("partial", "partial")
    assert again.json()["cache"] == "hit"
    assert 0 < answer_is_ttl_s() <= 5
    providers.release(late)
    providers.wait_for(late, "answered", at_least=1)
    wait_until_known(late)
    completed = api_client.get(response.json()["links"]["self"])
    assert states_of(completed) == {late: "answered", in_time: "answered"}
    assert (completed.json()["status"], completed.json()["agreement"]) == ("complete", "both")
    let_partial_answers_expire()
    monkeypatch.undo()
    later = identify(make_photo(1))
    assert (later.json()["status"], later.json()["disease_detection"] is None) == ("complete", False)
    assert {told["identify_posts"] for told in providers.counters().values()} == {1}


@pytest.mark.parametrize(("late", "confidence"), [("plantnet", 0.5), ("plant_id", 0.95)])
def test_nobody_is_left_behind_where_the_paid_service_is_unsure_or_is_the_late_one(
    providers, identify, monkeypatch, late, confidence
):
    monkeypatch.setattr(constants, "IDENTIFY_GRACE_S", 0)
    providers.fault("both", "outcome", {"outcome": "agree", "confidence": confidence})
    providers.fault(late, "latency", 0.5)

    response = identify(make_photo(1))

    assert states_of(response) == {"plant_id": "answered", "plantnet": "answered"}
    assert response.json()["status"] == "complete"


@pytest.mark.parametrize(("days", "seconds", "status"), [(30, -120, 200), (30, 120, 503)])
def test_an_old_answer_is_told_for_thirty_days_and_not_longer(providers, identify, days, seconds, status):
    identify(make_photo(1))
    answer = IdentificationAnswer.objects.get()
    answer.answered_at = datetime.now(UTC) - timedelta(days=days, seconds=seconds)
    answer.document["answered_at"] = answer.answered_at.isoformat()
    answer.save()
    forget_replies()
    providers.fault("both", "status", 503)

    response = identify(make_photo(1))

    assert response.status_code == status
    if status == 200:
        told = response.json()
        assert (told["status"], told["answered_at"][:16]) == ("stale", answer.answered_at.isoformat()[:16])
        assert told["age_s"] == pytest.approx(30 * 86_400 - 120, abs=60)


def test_an_old_answer_one_person_gets_for_a_used_up_share_is_not_told_to_others(
    providers, identify, settings
):
    """Of Plant.id one identification with health a day; Pl@ntNet is down."""
    greedy = UserFactory()
    identify(make_photo("old"), client=signed_in(greedy))
    forget_replies()
    settings.QUOTA_USER_SHARE, settings.PLANT_ID_MONTHLY_QUOTA = 0.0001, 10_000
    providers.fault("plantnet", "status", 503)

    old = identify(make_photo("old"), client=signed_in(greedy))
    fresh = identify(make_photo("old"), client=signed_in(UserFactory()))

    assert (old.json()["status"], states_of(old)["plant_id"]) == ("stale", "quota_exhausted")
    assert (fresh.json()["status"], states_of(fresh)["plant_id"]) == ("partial", "answered")


def test_an_answer_bought_with_the_last_credit_has_no_health_and_is_never_taken_for_one_with_it(
    providers, identify, settings
):
    settings.PLANT_ID_MONTHLY_QUOTA = 1
    providers.set_quota(plant_id_credits=1)

    less = identify(make_photo(1))

    assert (less.json()["status"], less.json()["disease_detection"]) == ("partial", None)
    assert states_of(less) == {"plant_id": "answered", "plantnet": "answered"}
    assert 0 < answer_is_ttl_s() <= 5
    assert registry().get("plant_id").call.ledger.use().used == 1

    settings.PLANT_ID_MONTHLY_QUOTA = 100
    providers.set_quota(plant_id_credits=99)
    let_partial_answers_expire()
    whole = identify(make_photo(1))

    assert whole.json()["status"] == "complete"
    assert whole.json()["disease_detection"] is not None
    assert states_of(whole) == {"plant_id": "answered", "plantnet": "cached"}
