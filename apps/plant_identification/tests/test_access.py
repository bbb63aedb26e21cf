"""Who may do what, and how often."""

from datetime import UTC, datetime

import pytest

from apps.plant_identification.tests.conftest import IDENTIFY, make_photo
from apps.users.services.api_keys import create_api_key
from apps.users.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/api/v1/plant-identification/requests/"
HISTORY = "/api/v1/plant-identification/history/"
HEALTH = "/api/v1/plant-identification/identify/health/"


@pytest.fixture
def owner(api_client):
    return UserFactory()


@pytest.fixture
def as_user():
    from rest_framework.test import APIClient

    def sign_in(user):
        client = APIClient()
        client.force_authenticate(user)
        return client

    return sign_in


def test_in_production_identifying_needs_an_account(providers, identify, settings, api_client):
    settings.DEBUG = False

    response = api_client.post(IDENTIFY, {}, format="multipart")

    problem = response.json()
    assert (response.status_code, problem["code"]) == (401, "not_authenticated")
    assert problem["detail"] == (
        "Authentication required for plant identification. "
        "Please log in or create an account to identify plants."
    )
    assert response["WWW-Authenticate"]


def test_with_a_token_both_answers_are_in_ones_history(providers, identify, settings, api_client):
    user = UserFactory()
    tokens = api_client.post(
        "/api/v1/auth/token/", {"username": user.username, "password": PASSWORD}, format="json"
    ).json()
    api_client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens['access']}")
    identify(make_photo(1))  # the fixture is in development mode: a token counts there too
    settings.DEBUG = False
    second = identify(make_photo(1))

    history = api_client.get(HISTORY).json()["results"]

    assert second.status_code == 200
    assert len(history) == 2
    assert set(history[0]) == {"id", "plant_name", "confidence", "image_url", "created_at", "source"}
    assert history[0]["id"] == second.json()["id"]
    assert history[0]["plant_name"] == second.json()["plant_name"]
    assert history[0]["source"] == second.json()["source"]


@pytest.mark.parametrize("path", [LIST, HISTORY])
def test_lists_are_ones_own(providers, identify, owner, as_user, api_client, path):
    identify(make_photo(1), client=as_user(owner))

    assert len(as_user(owner).get(path).json()["results"]) == 1
    assert as_user(UserFactory()).get(path).json()["results"] == []
    assert api_client.get(path).status_code == 401


def test_a_record_is_its_owners_alone(providers, identify, owner, as_user, api_client):
    link = identify(make_photo(1), client=as_user(owner)).json()["links"]["self"]

    assert as_user(owner).get(link).status_code == 200
    assert as_user(UserFactory()).get(link).status_code == 404
    assert api_client.get(link).status_code == 404
    assert as_user(UserFactory(is_staff=True)).get(link).status_code == 404


def test_an_anonymous_record_is_found_by_its_id_and_by_nobody_who_is_signed_in(
    providers, identify, as_user, api_client
):
    link = identify(make_photo(1)).json()["links"]["self"]

    assert api_client.get(link).status_code == 200
    assert as_user(UserFactory()).get(link).status_code == 404


def test_a_list_pages_without_losing_or_repeating_anything(providers, identify, owner, as_user):
    client = as_user(owner)
    for _ in range(5):
        identify(make_photo(1), client=client)

    seen, page = [], f"{HISTORY}?page_size=2"
    while page:
        body = client.get(page).json()
        seen += [entry["id"] for entry in body["results"]]
        page = body["next"]

    assert len(seen) == len(set(seen)) == 5


@pytest.mark.parametrize("path", [LIST, HISTORY])
def test_a_list_costs_the_same_whatever_its_length(
    providers, identify, owner, as_user, path, django_assert_num_queries
):
    client = as_user(owner)
    for _ in range(3):
        identify(make_photo(1), client=client)

    with django_assert_num_queries(1):
        client.get(path)


def test_the_eleventh_anonymous_identification_of_an_hour_waits(providers, identify, settings):
    settings.IDENTIFY_RATE_ANONYMOUS = 3
    for _ in range(3):
        assert identify(make_photo(1)).status_code == 200

    response = identify(make_photo(2))

    problem = response.json()
    wait_s = int(response["Retry-After"])
    assert (response.status_code, problem["code"]) == (429, "throttled")
    assert problem["detail"] == f"Request was throttled. Expected available in {wait_s} seconds."
    assert "r=0" in response["RateLimit"]
    assert providers.counters("plant_id")["identify_posts"] == 1


def test_refused_uploads_do_not_count_as_identifications(providers, identify, settings):
    settings.IDENTIFY_RATE_ANONYMOUS = 1
    for _ in range(5):
        assert identify(b"no photo").status_code == 415

    assert identify(make_photo(1)).status_code == 200


def test_who_sends_rubbish_all_the_time_is_stopped(providers, identify, settings):
    settings.REFUSED_UPLOAD_RATE = 2
    for _ in range(2):
        identify(b"no photo")

    assert identify(make_photo(1)).status_code == 429


def test_tiers_have_their_own_limits_and_keep_what_was_counted(providers, identify, as_user, settings):
    settings.IDENTIFY_RATE_FREE, settings.IDENTIFY_RATE_PRO = 1, 2
    user = UserFactory()
    assert identify(make_photo(1), client=as_user(user)).status_code == 200
    assert identify(make_photo(1), client=as_user(user)).status_code == 429

    user.subscription_tier = "pro"
    user.save()

    assert identify(make_photo(1), client=as_user(user)).status_code == 200
    assert identify(make_photo(1), client=as_user(user)).status_code == 429


@pytest.mark.parametrize(("used", "left"), [(60, 99), (75, 49), (95, 9)])
def test_limits_shrink_as_the_month_runs_out(providers, identify, as_user, settings, used, left):
    from apps.plant_identification.services.registry import registry

    settings.PLANT_ID_MONTHLY_QUOTA = 100
    registry().get("plant_id").call.ledger.correct(remaining=100 - used, asked_at=datetime.now(UTC))

    response = identify(make_photo(1), client=as_user(UserFactory()))

    assert f'"identify";r={left};' in response["RateLimit"]


def test_an_api_key_identifies_and_counts_for_its_owner_and_for_itself(
    providers, identify, settings, api_client
):
    settings.DEBUG = False
    user = UserFactory()
    key = create_api_key(user=user, name="Greenhouse camera", scopes=["identify"], days=1)
    api_client.credentials(HTTP_AUTHORIZATION=f"Api-Key {key.text}")

    response = identify(make_photo(1))

    assert response.status_code == 200
    assert '"identify";r=99;' in response["RateLimit"]
    assert '"api-key";r=119;' in response["RateLimit"]
    assert user.identifications.count() == 1
    assert api_client.get(HISTORY).status_code == 403


def test_health_tells_the_public_a_summary_and_staff_the_details(providers, as_user, api_client):
    public = api_client.get(HEALTH)
    staff = as_user(UserFactory(is_staff=True)).get(HEALTH).json()

    assert public.status_code == 200
    assert public.json()["services"]["plant_id"] == {
        "available": True, "configured": True, "circuit_state": "closed", "fail_count": "0/3", "quota": None,
    }  # fmt: skip
    assert public.json()["circuit_breakers"] == {}
    assert staff["services"]["plantnet"]["quota"]["limit"] == 100_000
    assert staff["circuit_breakers"]["plant_id"]["service_name"] == "plant_id_api"


def test_health_is_degraded_without_workers_and_strict_says_so_with_its_status(providers, api_client):
    assert api_client.get(HEALTH).json()["status"] == "degraded"
    assert api_client.get(f"{HEALTH}?strict=1").status_code == 503


@pytest.mark.parametrize("path", ["health/", "status/", "identify/health/"])
def test_health_has_three_addresses(providers, api_client, path):
    assert api_client.get(f"/api/v1/plant-identification/{path}").json()["authentication"] == {
        "mode": "production",
        "requires_auth": True,
    }
