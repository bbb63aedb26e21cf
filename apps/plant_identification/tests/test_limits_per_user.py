"""How many identifications an hour a person has, and that a request asks for it once."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import AnonymousUser

from apps.plant_identification.api import throttles
from apps.plant_identification.services.limits import hourly_limit
from apps.plant_identification.services.registry import registry
from apps.plant_identification.tests.conftest import make_photo
from apps.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

# used of Plant.id's month: free, pro, premium, enterprise; everybody anonymous together
LIMITS = {
    0: (100, 200, 500, 1000, 10),
    70: (100, 200, 500, 1000, 10),
    71: (50, 100, 250, 500, 10),
    90: (50, 100, 250, 500, 10),
    91: (10, 20, 50, 100, 10),
    100: (10, 20, 50, 100, 10),
}


def use_of_the_month(settings, percent):
    settings.PLANT_ID_MONTHLY_QUOTA = 100
    ledger = registry().get("plant_id").call.ledger
    ledger.correct(remaining=100 - percent, asked_at=datetime.now(UTC))


@pytest.mark.parametrize("percent", LIMITS)
def test_every_tier_has_its_limit_and_less_of_it_as_the_month_runs_out(
    providers, settings, percent, anonymous
):
    use_of_the_month(settings, percent)
    people = [UserFactory(subscription_tier=tier) for tier in ("free", "pro", "premium", "enterprise")]

    limits = [hourly_limit(registry(), person) for person in [*people, anonymous]]

    assert [limit.key for limit in limits] == [*(f"user-{person.pk}" for person in people), "anon"]
    assert tuple(limit.limit for limit in limits) == LIMITS[percent]


@pytest.fixture
def anonymous():
    return AnonymousUser()


def test_nobody_is_left_without_any_identification(providers, settings):
    settings.IDENTIFY_RATE_FREE = 3
    use_of_the_month(settings, 95)

    assert hourly_limit(registry(), UserFactory()).limit == 1


@pytest.mark.django_db(transaction=True)
def test_a_request_asks_for_its_limit_once(providers, identify, owner, monkeypatch):
    asked = []

    def counting(*args):
        asked.append(args)
        return hourly_limit(*args)

    monkeypatch.setattr(throttles, "hourly_limit", counting)

    response = identify(make_photo(1))

    assert response.status_code == 200
    assert '"identify";r=99;' in response["RateLimit"]
    assert len(asked) == 1


@pytest.mark.django_db(transaction=True)
def test_a_limit_that_shrinks_keeps_what_was_counted(providers, identify, owner, settings):
    settings.IDENTIFY_RATE_FREE = 4
    for _ in range(2):
        assert identify(make_photo(1)).status_code == 200
    use_of_the_month(settings, 75)  # half of four, which are used
    registry().cache.delete(f"plant_id:quota-ratio:{registry().get('plant_id').call.ledger.account}")

    assert identify(make_photo(1)).status_code == 429
