"""`quota/`: what is left, for oneself and for the site."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.core.testing.access import AccessCase, assert_only_owner
from apps.plant_identification.services.registry import registry
from apps.plant_identification.tests.conftest import make_photo
from apps.users.tests.factories import UserFactory

pytest_plugins = ["apps.core.tests.fixtures_resilience"]

pytestmark = pytest.mark.django_db(transaction=True)

QUOTA = "/api/v1/plant-identification/quota/"


def test_a_quota_is_of_somebody_who_is_signed_in():
    case = AccessCase("get", "v1:plant-identification:quota", stranger=200)
    assert_only_owner(case, owner=UserFactory(), stranger=UserFactory())


def test_what_was_used_is_told_and_asking_costs_nothing(providers, identify, owner, api_client):
    identify(make_photo(1))
    identify(b"no photo")

    for _ in range(2):
        answer = api_client.get(QUOTA)

    left = answer.json()["identifications"]
    assert (left["tier"], left["factor"], left["period_s"]) == ("free", 1.0, 3_600)
    assert (left["limit"], left["used"], left["remaining"]) == (100, 1, 99)
    now = datetime.now(UTC)
    assert now < datetime.fromisoformat(left["resets_at"]) <= now + timedelta(seconds=3_601)
    assert answer.json()["refused_uploads"]["used"] == 1
    assert '"identify";r=99;' in answer["RateLimit"]
    assert "no-store" in answer["Cache-Control"]


def test_the_factor_says_why_there_is_less(providers, owner, api_client, settings):
    settings.PLANT_ID_MONTHLY_QUOTA = 100
    registry().get("plant_id").call.ledger.correct(remaining=5, asked_at=datetime.now(UTC))

    left = api_client.get(QUOTA).json()["identifications"]

    assert (left["factor"], left["limit"]) == (0.1, 10)


def test_who_tried_more_often_than_allowed_has_used_all_and_not_more(
    providers, identify, owner, api_client, settings
):
    for _ in range(2):
        identify(make_photo(1))
    settings.IDENTIFY_RATE_FREE = 1

    left = api_client.get(QUOTA).json()["identifications"]

    assert (left["used"], left["remaining"]) == (1, 0)


def test_the_services_quotas_are_for_staff(providers, identify, api_client, owner):
    identify(make_photo(1))
    assert api_client.get(QUOTA).json()["providers"] is None

    api_client.force_authenticate(UserFactory(is_staff=True))
    plant_id, plantnet = api_client.get(QUOTA).json()["providers"]

    assert (plant_id["name"], plant_id["window"], plant_id["limit"]) == ("plant_id", "month", 100_000)
    assert plant_id["used"] + plant_id["remaining"] == plant_id["limit"]
    assert plant_id["used"] > 0
    assert (plantnet["name"], plantnet["window"]) == ("plantnet", "day")
    assert datetime.fromisoformat(plantnet["resets_at"]) - datetime.now(UTC) <= timedelta(days=1)


def test_without_redis_it_tells_what_this_process_counted(providers, identify, owner, api_client, own_redis):
    own_redis.kill()
    assert identify(make_photo(1)).status_code == 200

    assert api_client.get(QUOTA).json()["identifications"]["used"] == 1
