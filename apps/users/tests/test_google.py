"""Signing in with Google, played by the sandbox over real HTTP."""

import base64
import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.db import connection, connections
from django.utils import timezone

from apps.core.testing.clock import FakeClock
from apps.users.constants import OPENID_KEYS_AGAIN_AFTER_S
from apps.users.exceptions import AccountNotLinked, OAuthRefused
from apps.users.models import ApiKey, ExternalIdentity, OAuthAttempt, SignInSession, User
from apps.users.services import google as google_service
from apps.users.services.api_keys import create_api_key
from apps.users.services.google import finish_google_sign_in, person_of, receive_google_answer
from apps.users.services.openid import OpenIDProvider, ProvenIdentity
from apps.users.tests.conftest import AUTH, Browser
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.problems import assert_problem
from apps.users.types import Client as Caller

LOGIN, CALLBACK = "oauth/google/login/", "oauth/google/callback/"
APP = "org.example.plants:/signed-in"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ROSA = "rosa@gmail.com"
NEEDS_ROW_LOCKS = pytest.mark.skipif(connection.vendor != "postgresql", reason="needs row locks")


@pytest.fixture
def google(sandbox, settings):
    settings.GOOGLE_OAUTH_CLIENT_ID = "plants"
    settings.GOOGLE_OAUTH_CLIENT_SECRET = "not-told-to-anybody"
    settings.GOOGLE_OAUTH_ISSUER = sandbox.google_url
    settings.OAUTH_APP_REDIRECT_URIS = [APP]
    settings.SITE_URL = "https://plants.example.org"
    settings.OAUTH_RATE = 1_000
    google_service.provider_of.cache_clear()  # it remembers what the sandbox said to the last test
    return sandbox


class Visitor(Browser):
    """A browser that goes to Google and comes back, and then sends in what it came back with."""

    def begin(self, **asked):
        return self.client.get(AUTH + LOGIN, asked or {"return_to": "/garden/"})

    def visit_google(self, **asked):
        begun = self.begin(**asked)
        assert begun.status_code == 302, begun.content
        there = requests.get(begun["Location"], allow_redirects=False, timeout=10)
        assert there.status_code == 302, there.text
        return there.headers["Location"]

    def come_back(self, address):
        assert address.startswith(f"https://plants.example.org{AUTH}{CALLBACK}?")
        return self.client.get(AUTH + CALLBACK, query_of(address))

    def sign_in(self, **asked):
        back = self.come_back(self.visit_google(**asked))
        assert back.status_code == 302, back.content
        return self.send(CALLBACK, {"code": query_of(back["Location"])["code"]})


def query_of(address):
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


@pytest.fixture
def visitor(db, google):
    return Visitor()


@pytest.fixture
def app_code(visitor):
    """What an app gets back at its own address."""
    back = visitor.come_back(
        visitor.visit_google(
            redirect_uri=APP, code_challenge=CHALLENGE, code_challenge_method="S256", state="s1"
        )
    )
    return query_of(back["Location"])["code"]


# --- There and back -----------------------------------------------------------------------------------------
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
        monkeypatch.setattr("apps.core.redis.OUTAGE.__class__.is_down", property(lambda _: True))
    settings.OAUTH_RATE = 4

    assert visitor.sign_in().status_code == 200
    assert visitor.begin().status_code == 302
    assert_problem(visitor.begin(), 429, "throttled")


# --- Google's word ------------------------------------------------------------------------------------------
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
    from apps.users.models import AuthenticatorApp

    person = UserFactory(email=ROSA)
    AuthenticatorApp.objects.create(user=person, offered_at=timezone.now(), confirmed_at=timezone.now())

    response = visitor.sign_in()

    assert assert_problem(response, 403, "second_factor_required")["ticket"]
    assert "access_token" not in response.cookies


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


# --- At once ------------------------------------------------------------------------------------------------
def at_once(action, times=4):
    """What each of several threads that start together gets, or None where it was refused."""
    start = threading.Barrier(times)

    def run(number):
        try:
            start.wait(timeout=10)
            return action(number)
        except (OAuthRefused, AccountNotLinked):
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


@NEEDS_ROW_LOCKS
@pytest.mark.django_db(transaction=True)
def test_of_several_who_send_one_callback_or_one_code_at_once_one_gets_on(google):
    google.order_google(fault="code_again")
    visitor = Visitor()
    asked = query_of(visitor.visit_google(redirect_uri=APP, code_challenge=CHALLENGE))
    cookie = visitor.cookies["oauth_attempt"].value

    ways = at_once(lambda _: receive_google_answer(state=asked["state"], browser=cookie, code=asked["code"]))
    (way,) = [way for way in ways if way]
    caller = Caller(address="203.0.113.1", user_agent="")
    ended = at_once(
        lambda _: finish_google_sign_in(
            code=query_of(way)["code"], code_verifier=VERIFIER, browser="", client=caller
        )
    )

    assert sum(outcome is not None for outcome in ended) == 1
    assert User.objects.count() == SignInSession.objects.count() == 1


@NEEDS_ROW_LOCKS
@pytest.mark.django_db(transaction=True)
def test_of_several_windows_with_one_new_person_one_account_is_made():
    rosa = ProvenIdentity("108", ROSA, email_verified=True, first_name="Rosa", last_name="")

    people = at_once(lambda _: person_of(identity=rosa))

    assert len({person.pk for person in people}) == 1
    assert User.objects.count() == ExternalIdentity.objects.count() == 1
