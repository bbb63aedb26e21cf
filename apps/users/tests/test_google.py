"""Signing in with Google: the way there and back, for who began it and once."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.core.redis import OUTAGE
from apps.users.models import OAuthAttempt, SignInSession, User
from apps.users.services.google import finish_google_sign_in, receive_google_answer
from apps.users.tests.conftest import AUTH
from apps.users.tests.google_visits import (
    APP,
    CALLBACK,
    CHALLENGE,
    ROSA,
    VERIFIER,
    Visitor,
    app_code,
    google,
    query_of,
    visitor,
)
from apps.users.tests.problems import assert_problem
from apps.users.tests.racing import at_once
from apps.users.types import Client

__all__ = ["app_code", "google", "visitor"]


def test_a_browser_is_signed_in_and_an_account_is_made(visitor):
    response = visitor.sign_in()

    user = response.json()["user"]
    assert (user["email"], user["email_verified"], user["first_name"]) == (ROSA, True, "Rosa")
    assert response.cookies["access_token"]["httponly"]
    assert response.cookies["oauth_attempt"].value == ""
    assert visitor.get("user/").json() == user
    assert not User.objects.get().has_usable_password()
    assert not OAuthAttempt.objects.exists()


def test_the_same_person_comes_back_to_the_same_account_whatever_their_address_is_by_then(visitor, google):
    first = visitor.sign_in().json()["user"]["id"]
    google.order_google(person={"email": "rosa.luz@gmail.com", "email_verified": False})

    assert Visitor().sign_in().json()["user"]["id"] == first
    assert User.objects.get().email == ROSA


def test_an_app_gets_tokens_for_a_code_and_no_cookies(app_code, app, whoami):
    response = app(CALLBACK, {"code": app_code, "code_verifier": VERIFIER})

    assert set(response.json()) == {"access", "refresh"}
    assert not response.cookies
    assert whoami(response.json()["access"]).json()["email"] == ROSA


def test_google_is_asked_as_the_protocol_wants_it_and_told_no_secret(visitor):
    begun = visitor.begin()
    asked = query_of(begun["Location"])

    assert asked["response_type"] == "code"
    assert asked["scope"] == "openid email profile"
    assert asked["redirect_uri"] == f"https://plants.example.org{AUTH}{CALLBACK}"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == len(asked["state"]) == len(asked["nonce"]) == 43
    attempt = OAuthAttempt.objects.get()
    assert attempt.code_verifier not in begun["Location"]
    assert attempt.state_digest != asked["state"]
    cookie = begun.cookies["oauth_attempt"]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")
    assert "no-store" in begun["Cache-Control"]


def test_the_way_back_has_a_code_and_nothing_that_signs_in(visitor):
    back = visitor.come_back(visitor.visit_google(redirect_uri=APP, code_challenge=CHALLENGE, state="s 1"))

    address, _, query = back["Location"].partition("?")
    assert address == APP
    assert set(query_of("?" + query)) == {"code", "state"}
    assert query_of("?" + query)["state"] == "s 1"
    assert "eyJ" not in query
    assert not back.cookies


def test_who_says_no_at_google_comes_back_without_a_sign_in(visitor, google):
    google.order_google(fault="denied")

    back = visitor.come_back(visitor.visit_google(return_to="/garden/?tab=1"))

    assert back["Location"] == "/garden/?tab=1&error=access_denied"
    assert not OAuthAttempt.objects.exists()


# --- Only who began, only once ------------------------------------------------------------------------------
def test_a_visit_that_another_browser_began_is_refused(visitor):
    there = visitor.visit_google()
    other = Visitor()

    assert_problem(other.come_back(there), 400, "oauth_refused")
    other.begin()
    assert_problem(other.come_back(there), 400, "oauth_refused")
    assert visitor.come_back(there).status_code == 302


@pytest.mark.parametrize("change", [{"state": "x" * 43}, {"state": ""}, {"state": "é"}, {"code": "a\0b"}])
def test_a_callback_that_was_made_up_is_refused(visitor, change):
    asked = query_of(visitor.visit_google())

    response = visitor.client.get(AUTH + CALLBACK, {**asked, **change})

    assert response.status_code == 400


def test_a_callback_works_once(visitor):
    there = visitor.visit_google()

    assert visitor.come_back(there).status_code == 302
    assert_problem(visitor.come_back(there), 400, "oauth_refused")


@pytest.mark.parametrize("fault", ["", "code_again"])
def test_a_code_works_once_also_where_google_would_take_its_own_again(app_code, app, google, fault):
    google.order_google(fault=fault)
    sent = {"code": app_code, "code_verifier": VERIFIER}

    assert app(CALLBACK, sent).status_code == 200
    assert_problem(app(CALLBACK, sent), 400, "oauth_refused")


def test_a_code_is_worth_nothing_without_what_began_and_is_used_up_by_trying(app_code, app):
    assert_problem(app(CALLBACK, {"code": app_code, "code_verifier": "w" * 43}), 400, "oauth_refused")
    assert_problem(app(CALLBACK, {"code": app_code, "code_verifier": VERIFIER}), 400, "oauth_refused")
    assert not User.objects.exists()


def test_a_page_s_code_is_worth_nothing_in_another_browser_or_without_csrf(visitor):
    def code():
        return query_of(visitor.come_back(visitor.visit_google())["Location"])["code"]

    assert_problem(Visitor().send(CALLBACK, {"code": code()}), 400, "oauth_refused")
    assert_problem(visitor.send(CALLBACK, {"code": code()}, csrf=False), 403, "csrf_failed")


@pytest.mark.parametrize("is_back", [False, True])
def test_a_visit_that_took_too_long_is_refused(visitor, is_back):
    there = visitor.visit_google()
    code = query_of(visitor.come_back(there)["Location"])["code"] if is_back else ""
    OAuthAttempt.objects.update(expires_at=timezone.now())

    response = visitor.send(CALLBACK, {"code": code}) if is_back else visitor.come_back(there)

    assert_problem(response, 400, "oauth_refused")


def test_what_is_left_over_is_removed_with_the_next_visit(visitor):
    visitor.begin()
    OAuthAttempt.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    visitor.begin()

    assert OAuthAttempt.objects.count() == 1


def test_no_more_than_so_many_are_on_their_way(visitor, monkeypatch):
    monkeypatch.setattr("apps.users.services.google.OAUTH_ATTEMPTS_MAX", 1)
    visitor.begin()

    response = visitor.begin()

    assert_problem(response, 503, "busy")
    assert response["Retry-After"]


@pytest.mark.parametrize("with_redis", [True, False])
def test_an_address_begins_so_often_and_without_redis_all_else_works(
    visitor, settings, monkeypatch, with_redis
):
    if not with_redis:
        monkeypatch.setattr(type(OUTAGE), "is_down", property(lambda _: True))
    settings.OAUTH_RATE = 4

    assert visitor.sign_in().status_code == 200
    assert visitor.begin().status_code == 302
    assert_problem(visitor.begin(), 429, "throttled")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs row locks")
@pytest.mark.django_db(transaction=True)
def test_of_several_who_send_one_callback_or_one_code_at_once_one_gets_on(google):
    google.order_google(fault="code_again")
    visitor = Visitor()
    asked = query_of(visitor.visit_google(redirect_uri=APP, code_challenge=CHALLENGE))
    cookie = visitor.cookies["oauth_attempt"].value

    ways = at_once(lambda: receive_google_answer(state=asked["state"], browser=cookie, code=asked["code"]))
    (way,) = [way for way in ways if way]
    caller = Client(address="203.0.113.1", user_agent="")
    ended = at_once(
        lambda: finish_google_sign_in(
            code=query_of(way)["code"], code_verifier=VERIFIER, browser="", client=caller
        )
    )

    assert ended.count(None) == len(ended) - 1
    assert User.objects.count() == SignInSession.objects.count() == 1


# --- Where to -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "address",
    ["/", "/garden/?tab=1#top", "https://plants.example.org/garden/", "https://app.example.org/signed-in"],
)
def test_pages_of_ours_are_come_back_to(visitor, settings, address):
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.org"]

    back = visitor.come_back(visitor.visit_google(return_to=address))

    assert back["Location"].startswith(address.partition("?")[0].partition("#")[0])


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "http://plants.example.org/",
        "https://plants.example.org.evil.example/",
        "https://plants.example.org@evil.example/",
        "https://plants.example.org:444/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "/\t/evil.example/",
        "/garden\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "garden/",
        APP,
    ],
)
def test_no_other_page_is(visitor, address):
    assert_problem(visitor.begin(return_to=address), 400, "invalid")


@pytest.mark.parametrize(
    "asked",
    [
        {"redirect_uri": "org.example.evil:/signed-in", "code_challenge": CHALLENGE},
        {"redirect_uri": APP + "/", "code_challenge": CHALLENGE},
        {"redirect_uri": APP},
        {"redirect_uri": APP, "code_challenge": "short"},
        {"redirect_uri": APP, "code_challenge": CHALLENGE, "code_challenge_method": "plain"},
        {"redirect_uri": APP, "code_challenge": CHALLENGE, "return_to": "/"},
        {"state": "s"},
    ],
    ids=str,
)
def test_an_app_is_a_registered_one_with_pkce(visitor, asked):
    assert_problem(visitor.begin(**asked), 400, "invalid")


def test_where_google_is_not_configured_nothing_is_there_and_meta_says_so(visitor, settings):
    assert visitor.client.get("/api/v1/meta/").json()["sign_in"] == {"google": True}
    settings.GOOGLE_OAUTH_CLIENT_ID = ""

    assert visitor.client.get("/api/v1/meta/").json()["sign_in"] == {"google": False}
    for response in (
        visitor.begin(),
        visitor.client.get(AUTH + CALLBACK, {"state": "s"}),
        visitor.send(CALLBACK, {"code": "c"}),
    ):
        assert_problem(response, 404, "not_found")
