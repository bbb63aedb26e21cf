"""Keys for scripts: made by a person, shown once, good for what they say and no longer."""

import logging
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from apps.core.http.redaction import redact
from apps.core.redis import OUTAGE
from apps.core.testing.queries import query_budget
from apps.users.constants import API_KEY_DAYS_MAX, API_KEYS_PER_USER_MAX
from apps.users.models import ApiKey
from apps.users.services.api_keys import create_api_key, find_api_key, note_use
from apps.users.tests.conftest import AUTH
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.problems import assert_problem
from apps.users.tests.racing import at_once

KEYS = "api-keys/"
PLANTS = "/api/v1/plant-identification/plants/"
NEEDS_ROW_LOCKS = pytest.mark.skipif(connection.vendor != "postgresql", reason="needs row locks")


@pytest.fixture
def me(person, api_client):
    """Somebody who is signed in."""
    api_client.force_authenticate(person)
    return person


@pytest.fixture
def make(app):
    def create(*scopes, name="Greenhouse", **more):
        response = app(KEYS, {"name": name, "scopes": scopes or ["read"], **more})
        assert response.status_code == 201, response.content
        return response.json()

    return create


def ask(key, method="get", path=PLANTS, body=None, **headers):
    """A script, which has a key and nothing else."""
    headers = {"Authorization": f"Api-Key {key}", **headers}
    return getattr(APIClient(), method)(path, body, format="json", headers=headers)


def test_a_key_is_shown_once_and_never_kept(me, make, api_client):
    made = make("read", "write")

    listed = api_client.get(AUTH + KEYS)
    read = api_client.get(made["links"]["self"])

    assert made["key"].startswith(made["beginning"] + "_")
    assert len(made["key"]) == len("pck_") + 12 + 1 + 43
    assert "key" not in read.json()
    assert listed.json()["results"] == [read.json()]
    assert (
        made.pop("key").rpartition("_")[2] not in str(ApiKey.objects.values().get()) + listed.content.decode()
    )
    assert made == read.json()
    assert all("no-store" in answer["Cache-Control"] for answer in (listed, read))


def test_the_answer_that_shows_a_key_is_kept_by_nobody(me, app, api_client):
    made = app(KEYS, {"name": "Greenhouse", "scopes": ["read"]})
    rotated = app(f"{KEYS}{made.json()['id']}/rotate/")

    assert "no-store" in made["Cache-Control"]
    assert "no-store" in rotated["Cache-Control"]
    assert made["Location"] == made.json()["links"]["self"]


def test_a_key_does_what_its_scopes_say(me, make):
    key = make("read", "write")["key"]

    made = ask(key, "post", body={"nickname": "Ivy"})
    listed = ask(key)

    assert made.status_code == 201
    assert [plant["id"] for plant in listed.json()["results"]] == [made.json()["id"]]


@pytest.mark.parametrize(
    ("scope", "method", "path", "needed"),
    [
        ("write", "get", PLANTS, "read"),
        ("identify", "get", PLANTS, "read"),
        ("read", "post", PLANTS, "write"),
        ("identify", "post", PLANTS, "write"),
        ("write", "post", "/api/v1/plant-identification/identify/", "identify"),
        ("read", "options", "/api/v1/auth/user/", None),
    ],
)
def test_another_scope_does_not_help(me, make, scope, method, path, needed):
    problem = assert_problem(ask(make(scope)["key"], method, path), 403, "permission_denied")

    assert (f"`{needed}`" if needed else "do not open this address") in problem["detail"]


def test_a_bad_key_is_refused_even_beside_a_good_cookie(browser, person):
    browser.sign_in(person)

    response = browser.client.get(AUTH + "user/", headers={"Authorization": "Api-Key pck_nonsense"})

    assert_problem(response, 401, "authentication_failed")


@pytest.mark.parametrize(
    "damage",
    [
        lambda key: key[:-1],
        lambda key: key[:-1] + "!",
        lambda key: key + "a",
        lambda key: key[:16] + "_" + "a" * 43,
        lambda key: "",
        lambda key: "é\0",
    ],
)
def test_what_is_not_exactly_the_key_is_nothing(me, make, damage):
    key = make("read")["key"]

    assert_problem(ask(damage(key).encode().decode("latin-1")), 401, "authentication_failed")


def test_an_expired_key_says_so_and_only_to_who_has_it(me, make):
    key = make("read")["key"]
    ApiKey.objects.update(expires_at=timezone.now())

    told = assert_problem(ask(key), 401, "authentication_failed")["detail"]
    guessed = assert_problem(ask(key[:-1] + "0"), 401, "authentication_failed")["detail"]

    assert "expired" in told
    assert "expired" not in guessed


def test_a_revoked_key_is_refused_at_once(me, make, api_client):
    made = make("read")

    assert api_client.delete(made["links"]["self"]).status_code == 204
    assert_problem(ask(made["key"]), 401, "authentication_failed")
    assert_problem(api_client.delete(made["links"]["self"]), 404, "not_found")


def test_a_closed_account_s_key_opens_nothing(me, make):
    key = make("read")["key"]
    type(me).objects.update(is_active=False)

    assert_problem(ask(key), 401, "authentication_failed")


def test_a_changed_password_ends_keys_for_whoever_knew_it_could_have_made_them(me, make, app):
    made = make("read")
    me.set_password("another-" + PASSWORD)
    me.save()

    assert_problem(ask(made["key"]), 401, "authentication_failed")
    renewed = app(f"{KEYS}{made['id']}/rotate/").json()
    assert ask(renewed["key"]).status_code == 200
    assert_problem(ask(made["key"]), 401, "authentication_failed")


def test_where_addresses_must_be_confirmed_a_key_waits_for_that_as_well(me, make, mandatory):
    key = make("read")["key"]
    type(me).objects.update(email_verified_at=None)

    assert_problem(ask(key), 401, "authentication_failed")


def test_a_rotated_key_s_old_secret_works_for_an_hour(me, make, app):
    made = make("read")
    rotated = app(f"{KEYS}{made['id']}/rotate/").json()

    assert ask(made["key"]).status_code == ask(rotated["key"]).status_code == 200
    ApiKey.objects.update(previous_until=timezone.now())
    assert_problem(ask(made["key"]), 401, "authentication_failed")
    assert ask(rotated["key"]).status_code == 200


def test_a_rotated_key_s_old_secret_can_end_at_once(me, make, app):
    made = make("read")
    rotated = app(f"{KEYS}{made['id']}/rotate/", {"immediately": True, "days": 1}).json()

    assert rotated["previous_until"] is None
    assert rotated["expires_at"] < made["expires_at"]
    assert_problem(ask(made["key"]), 401, "authentication_failed")
    assert ask(rotated["key"]).status_code == 200


def test_rotating_an_expired_key_brings_no_old_secret_back(me, make, app):
    made = make("read")
    ApiKey.objects.update(expires_at=timezone.now() - timedelta(days=1))

    rotated = app(f"{KEYS}{made['id']}/rotate/").json()

    assert_problem(ask(made["key"]), 401, "authentication_failed")
    assert ask(rotated["key"]).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [{"scopes": []}, {"scopes": ["admin"]}, {"name": ""}, {"days": 0}, {"days": API_KEY_DAYS_MAX + 1}],
)
def test_a_key_that_makes_no_sense_is_not_made(me, app, wrong):
    response = app(KEYS, {"name": "Greenhouse", "scopes": ["read"], **wrong})

    problem = assert_problem(response, 400, "invalid")
    assert problem["errors"][0]["field"].partition(".")[0] in wrong


def test_a_key_reaches_nothing_of_the_account(me, make, api_client):
    made = make("read", "write", "identify")

    for method, path in (
        ("get", "user/"),
        ("patch", "user/update/"),
        ("get", KEYS),
        ("post", KEYS),
        ("get", f"{KEYS}{made['id']}/"),
        ("delete", f"{KEYS}{made['id']}/"),
        ("post", f"{KEYS}{made['id']}/rotate/"),
    ):
        assert_problem(ask(made["key"], method, AUTH + path), 403, "permission_denied")


def test_a_key_s_use_is_written_once_a_minute(me, make, api_client):
    made = make("read")

    def last_used():
        return api_client.get(made["links"]["self"]).json()["last_used_at"]

    assert last_used() is None
    ask(made["key"])
    first = last_used()
    with query_budget(2):  # the key with its owner, and how many plants there are
        ask(made["key"])
    assert last_used() == first
    ApiKey.objects.update(last_used_at=timezone.now() - timedelta(minutes=1))
    ask(made["key"])
    assert last_used() > first


def test_a_refused_request_is_no_use_of_a_key(me, make):
    key = make("write")["key"]
    ask(key)

    assert ApiKey.objects.get().last_used_at is None


@pytest.mark.parametrize("with_redis", [True, False])
def test_a_key_has_a_limit_of_its_own(me, make, settings, monkeypatch, with_redis):
    settings.API_KEY_RATE = 2
    first, second = make("read")["key"], make("read")["key"]
    if not with_redis:
        monkeypatch.setattr(type(OUTAGE), "is_down", property(lambda _: True))

    answers = [ask(first) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert '"api-key";q=2;w=60' in answers[0]["RateLimit-Policy"]
    assert '"api-key";r=1' in answers[0]["RateLimit"]
    assert_problem(answers[2], 429, "throttled")
    assert 1 <= int(answers[2]["Retry-After"]) <= 60
    assert ask(second).status_code == 200


def test_a_key_s_requests_count_against_its_owner_s_limits_too(me, make, settings, api_client):
    settings.CONTENT_RATE = 1
    search = "/api/v1/plant-identification/search/species/?q=ficus"
    first, second = make("read")["key"], make("read")["key"]

    answer = ask(first, path=search)

    assert '"api-key"' in answer["RateLimit"]
    assert '"species";r=0' in answer["RateLimit"]
    assert ask(second, path=search).status_code == 429
    assert api_client.get(search).status_code == 429


def test_a_key_for_other_things_sees_of_the_health_what_everybody_sees(make, api_client, settings):
    settings.PLANT_ID_API_KEY = "of a service that is not asked here"
    staff = UserFactory(is_staff=True)
    api_client.force_authenticate(staff)
    health = "/api/v1/plant-identification/health/"

    details = [ask(make(scope)["key"], path=health).json()["circuit_breakers"] for scope in ("read", "write")]

    assert [bool(detail) for detail in details] == [True, False]


def test_a_person_has_so_many_keys_at_most(me, app):
    for _ in range(API_KEYS_PER_USER_MAX):
        create_api_key(user=me, name="Script", scopes=["read"], days=1)

    assert_problem(app(KEYS, {"name": "One more", "scopes": ["read"]}), 409, "limit_reached")


@NEEDS_ROW_LOCKS
@pytest.mark.django_db(transaction=True)
def test_of_several_last_keys_made_at_once_one_is_made():
    user = UserFactory()
    for _ in range(API_KEYS_PER_USER_MAX - 1):
        create_api_key(user=user, name="Script", scopes=["read"], days=1)

    made = at_once(lambda: create_api_key(user=user, name="Last", scopes=["read"], days=1))

    assert made.count(None) == len(made) - 1
    assert ApiKey.objects.count() == API_KEYS_PER_USER_MAX


def test_who_comes_at_the_same_moment_does_not_write_once_more(person):
    text = create_api_key(user=person, name="Script", scopes=["read"], days=1).text
    first, second = find_api_key(text=text), find_api_key(text=text)

    note_use(key=first)
    written = ApiKey.objects.get().last_used_at
    note_use(key=second)

    assert ApiKey.objects.get().last_used_at == written


def test_a_key_stands_in_no_log(me, make, caplog):
    key = make("read")["key"]
    with caplog.at_level(logging.DEBUG):
        ask(key)
        ask(key[:-1])

    assert key.rpartition("_")[2] not in caplog.text
    for text in (f"Authorization: Api-Key {key}", f"it was {key}.", f'{{"key": "{key}"}}', f"/?x={key}"):
        assert key.rpartition("_")[2] not in redact(text)


def test_the_admin_shows_keys_and_ends_them(me, make, client):
    made = make("read")
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    page = client.get(f"/admin/users/apikey/{made['id']}/change/")
    assert page.status_code == 200
    assert ApiKey.objects.get().secret_digest not in page.content.decode()
    client.post(f"/admin/users/apikey/{made['id']}/delete/", {"post": "yes"})
    assert_problem(ask(made["key"]), 401, "authentication_failed")
