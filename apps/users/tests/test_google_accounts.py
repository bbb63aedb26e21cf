"""Whose word Google's is, and whose account it opens."""

import time

import pytest
import requests
from django.db import connection
from django.utils import timezone

from apps.core.testing.clock import FakeClock
from apps.users.constants import OPENID_KEYS_AGAIN_AFTER_S
from apps.users.exceptions import OAuthRefused
from apps.users.models import (
    ApiKey,
    AuthenticatorApp,
    ExternalIdentity,
    SecurityEvent,
    SecurityEventKind,
    SignInSession,
    User,
)
from apps.users.models.users import UserQuerySet
from apps.users.services.api_keys import create_api_key
from apps.users.services.google import person_of
from apps.users.services.openid import OpenIDProvider, ProvenIdentity
from apps.users.tests.conftest import Browser
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.google_visits import CALLBACK, ROSA, VERIFIER, google, query_of, visitor
from apps.users.tests.problems import assert_problem
from apps.users.tests.racing import at_once

__all__ = ["google", "visitor"]


@pytest.mark.parametrize(
    "fault",
    [
        "wrong_nonce",
        "wrong_audience",
        "wrong_issuer",
        "expired",
        "unsigned",
        "signed_with_public_key",
        "signed_by_another",
    ],
)
def test_a_token_that_is_not_google_s_for_us_and_now_signs_nobody_in(visitor, google, fault):
    google.order_google(fault=fault)

    assert_problem(visitor.sign_in(), 400, "oauth_refused")
    assert not User.objects.exists()


@pytest.mark.parametrize(("place", "status"), [("discovery", 500), ("discovery", 404), ("discovery", 200)])
def test_without_google_nobody_is_sent_there(visitor, google, place, status):
    google.order_google(statuses={place: status})

    response = visitor.begin()

    assert_problem(response, 503, "identity_provider_unavailable")
    assert int(response["Retry-After"]) >= 1


@pytest.mark.parametrize(
    "orders",
    [
        {"statuses": {"token": 500}},
        {"statuses": {"token": 429}},
        {"statuses": {"token": 200}},
        {"statuses": {"jwks": 503}},
        {"fault": "invalid_client"},
        {"delays_s": {"token": 30}},
        {"delays_s": {"jwks": 30}},
    ],
    ids=str,
)
def test_google_failing_or_hanging_on_the_way_back_is_told_in_time(visitor, google, monkeypatch, orders):
    code = query_of(visitor.come_back(visitor.visit_google())["Location"])["code"]
    monkeypatch.setattr("apps.users.services.openid.OPENID_TIMEOUT_S", 0.5)
    google.order_google(**orders)
    started = time.monotonic()

    response = visitor.send(CALLBACK, {"code": code})

    assert time.monotonic() - started < 5
    assert_problem(response, 503, "identity_provider_unavailable")
    assert int(response["Retry-After"]) >= 1


@pytest.fixture
def provider(google):
    """As the product's own, with a clock that a test turns."""
    return OpenIDProvider(
        issuer=google.google_url, client_id="plants", client_secret="not-told", clock=FakeClock(time.time())
    )


def prove(provider):
    asked = {"redirect_uri": "https://plants.example.org/", "nonce": "n" * 43, "code_verifier": VERIFIER}
    there = provider.authorization_url(state="s" * 43, **asked)
    back = requests.get(there, allow_redirects=False, timeout=10).headers["Location"]
    return provider.identify(code=query_of(back)["code"], **asked)


def test_addresses_and_keys_are_kept_for_a_while_and_a_new_key_is_asked_for_once_in_a_while(provider, google):
    prove(provider)
    prove(provider)
    assert (google.google_counters()["discovery"], google.google_counters()["jwks"]) == (1, 1)

    google.order_google(new_key=True)
    with pytest.raises(OAuthRefused):
        prove(provider)
    assert google.google_counters()["jwks"] == 1
    provider._clock.advance(OPENID_KEYS_AGAIN_AFTER_S)
    assert prove(provider).email == ROSA
    assert (google.google_counters()["discovery"], google.google_counters()["jwks"]) == (1, 2)


def test_nothing_of_it_stands_in_a_log(visitor, google, caplog):
    there = visitor.visit_google()
    with caplog.at_level(0):
        code = query_of(visitor.come_back(there)["Location"])["code"]
        google.order_google(fault="wrong_nonce")
        visitor.send(CALLBACK, {"code": code})

    assert "identity_token_refused" in caplog.text
    for secret in (
        code,
        query_of(there)["code"],
        query_of(there)["state"],
        ROSA,
        "not-told-to-anybody",
        "eyJ",
    ):
        assert secret not in caplog.text


# --- Whose account ------------------------------------------------------------------------------------------
def test_an_account_with_the_address_confirmed_on_both_sides_is_linked(visitor):
    person = UserFactory(email="Rosa@Gmail.com")

    assert visitor.sign_in().json()["user"]["id"] == str(person.pk)
    assert SecurityEvent.objects.filter(user=person, kind=SecurityEventKind.IDENTITY_LINKED).count() == 1
    assert Browser().sign_in(person, PASSWORD).status_code == 200


def test_an_address_google_has_not_confirmed_links_and_makes_nothing(visitor, google):
    person = UserFactory(email=ROSA)
    google.order_google(person={"email_verified": False})

    assert_problem(visitor.sign_in(), 409, "account_not_linked")
    person.delete()
    assert_problem(visitor.sign_in(), 409, "account_not_linked")
    google.order_google(person={"email_verified": "true"})
    assert_problem(visitor.sign_in(), 409, "account_not_linked")
    assert not ExternalIdentity.objects.exists()


def test_who_registered_with_somebody_else_s_address_gets_nothing_of_their_account(
    visitor, app, tokens_of, whoami
):
    """Pre-hijacking: an account made beforehand for an address that was never confirmed."""
    squatter = UserFactory(email=ROSA, email_verified_at=None, first_name="Mallory")
    tokens = tokens_of(squatter)
    key = create_api_key(user=squatter, name="Backdoor", scopes=["read"], days=300)

    mine = visitor.sign_in().json()["user"]

    assert (mine["id"], mine["email_verified"], mine["first_name"]) == (str(squatter.pk), True, "Rosa")
    assert_problem(app("token/", {"login": ROSA, "password": PASSWORD}), 401, "authentication_failed")
    assert_problem(app("token/refresh/", {"refresh": tokens["refresh"]}), 401, "authentication_failed")
    assert_problem(whoami(tokens["access"]), 401, "authentication_failed")
    assert not ApiKey.objects.filter(pk=key.key.pk).exists()
    assert SignInSession.objects.filter(user=squatter, revoked_at=None).count() == 1


@pytest.mark.parametrize(
    "facts",
    [
        {"is_active": False},
        {"is_active": False, "email_verified_at": None},
        {"is_staff": True, "email_verified_at": None},
    ],
    ids=str,
)
def test_an_account_that_is_closed_or_could_be_staff_s_is_not_given_away(visitor, facts):
    person = UserFactory(email=ROSA, **facts)

    assert_problem(visitor.sign_in(), 409, "account_not_linked")
    person.refresh_from_db()
    assert person.has_usable_password()


def test_a_closed_account_is_not_opened_by_google(visitor):
    visitor.sign_in()
    User.objects.update(is_active=False)

    assert_problem(visitor.sign_in(), 409, "account_not_linked")


def test_an_address_that_has_become_another_google_account_s_opens_nothing(visitor, google):
    visitor.sign_in()
    google.order_google(person={"sub": "108000000000000000002"})

    assert_problem(visitor.sign_in(), 409, "account_not_linked")


def test_a_second_factor_is_asked_for_after_google_as_well(visitor):
    person = UserFactory(email=ROSA)
    AuthenticatorApp.objects.create(user=person, offered_at=timezone.now(), confirmed_at=timezone.now())

    response = visitor.sign_in()

    assert assert_problem(response, 403, "second_factor_required")["ticket"]
    assert "access_token" not in response.cookies


@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs row locks")
@pytest.mark.django_db(transaction=True)
def test_of_several_windows_with_one_new_person_one_account_is_made():
    rosa = ProvenIdentity("108", ROSA, email_verified=True, first_name="Rosa", last_name="")

    people = at_once(lambda: person_of(identity=rosa))

    assert len({person.pk for person in people}) == 1
    assert User.objects.count() == ExternalIdentity.objects.count() == 1


def test_who_was_linked_in_another_window_meanwhile_gets_that_account(db, monkeypatch):
    rosa = ProvenIdentity("108", ROSA, email_verified=True, first_name="Rosa", last_name="")
    with_email, elsewhere = UserQuerySet.with_email, []

    def once_the_other_window_is_done(people, email):
        monkeypatch.setattr(UserQuerySet, "with_email", with_email)
        elsewhere.append(person_of(identity=rosa))
        return with_email(people, email)

    monkeypatch.setattr(UserQuerySet, "with_email", once_the_other_window_is_done)

    assert [person_of(identity=rosa)] == elsewhere
