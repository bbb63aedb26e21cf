import base64
import hmac
import json
import time
from datetime import UTC, datetime
from unittest.mock import Mock

import jwt
import pytest
from django.conf import settings as django_settings
from rest_framework_simplejwt.state import token_backend
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from apps.users.tests.conftest import AUTH
from apps.users.tests.factories import UserFactory
from apps.users.tests.problems import assert_problem


@pytest.fixture
def claims(person):
    return dict(AccessToken.for_user(person).payload)


def signed(claims, key=None, algorithm="HS256"):
    return jwt.encode(claims, key or django_settings.JWT_SECRET_KEY, algorithm=algorithm)


def unsigned(claims, algorithm):
    parts = ({"alg": algorithm, "typ": "JWT"}, claims)
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
        + "."
    )


def test_the_claims_themselves_are_accepted(claims, whoami):
    assert whoami(signed(claims)).status_code == 200


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
def test_an_unsigned_token_is_refused(claims, whoami, algorithm):
    assert_problem(whoami(unsigned(claims, algorithm)), 401, "authentication_failed")


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_is_refused_even_with_the_right_key(claims, whoami, algorithm):
    key = django_settings.JWT_SECRET_KEY
    token = signed(claims, key.ljust(64, "x"), algorithm) if len(key) < 64 else signed(claims, key, algorithm)

    assert_problem(whoami(token), 401, "authentication_failed")


def test_the_sites_other_key_signs_no_tokens(claims, whoami):
    assert django_settings.SECRET_KEY != django_settings.JWT_SECRET_KEY
    assert_problem(whoami(signed(claims, django_settings.SECRET_KEY)), 401, "authentication_failed")


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "../../../../dev/null"},
        {"kid": "' UNION SELECT '"},
        {"kid": ["x"]},
        {"jku": "https://evil.example/keys.json"},
        {"x5u": "https://evil.example/certificate.pem"},
        {"jwk": {"kty": "oct", "k": "ZXZpbC1ldmlsLWV2aWwtZXZpbC1ldmlsLWV2aWw"}},
        {"crit": ["exp"], "zip": "DEF"},
    ],
    ids=str,
)
@pytest.mark.parametrize("key", ["", "evil-evil-evil-evil-evil-evil", "\0"])
def test_no_header_of_a_token_chooses_its_key(claims, whoami, header, key):
    parts = ({"alg": "HS256", "typ": "JWT", **header}, claims)
    text = ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts
    )
    signature = hmac.new(key.encode(), text.encode(), "sha256").digest()
    token = f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"

    assert_problem(whoami(token), 401, "authentication_failed")


def test_an_expired_token_is_refused(claims, whoami):
    claims["exp"] = int(time.time()) - 1

    assert_problem(whoami(signed(claims)), 401, "authentication_failed")


def test_a_token_seen_before_ends_in_time_all_the_same(claims, whoami, monkeypatch):
    token = signed(claims)
    assert whoami(token).status_code == 200

    end = datetime.fromtimestamp(claims["exp"], tz=UTC)
    monkeypatch.setattr("rest_framework_simplejwt.tokens.aware_utcnow", lambda: end)

    assert_problem(whoami(token), 401, "authentication_failed")


def test_claims_seen_before_vouch_for_no_other_signature(claims, whoami):
    assert whoami(signed(claims)).status_code == 200

    assert_problem(whoami(signed(claims, django_settings.SECRET_KEY)), 401, "authentication_failed")


def test_a_right_signature_is_checked_once_and_a_wrong_one_each_time(claims, whoami, monkeypatch):
    checked = Mock(wraps=token_backend.decode)
    monkeypatch.setattr(token_backend, "decode", checked)
    right, wrong = signed({**claims, "note": "new"}), signed(claims, django_settings.SECRET_KEY)

    statuses = [whoami(token).status_code for token in (right, right, wrong, wrong)]

    assert statuses == [200, 200, 401, 401]
    assert [call.args[0].decode() for call in checked.call_args_list] == [right, wrong, wrong]


@pytest.mark.parametrize("claim", ["exp", "jti", "token_type", "user_id", "hash_password"])
def test_a_token_that_lacks_something_is_refused(claims, whoami, claim):
    del claims[claim]

    assert_problem(whoami(signed(claims)), 401, "authentication_failed")


@pytest.mark.parametrize(
    "change",
    [
        {"user_id": "not-a-uuid"},
        {"user_id": 7},
        {"user_id": "00000000-0000-0000-0000-000000000001"},
        {"sid": "not-a-uuid"},
        {"sid": "00000000-0000-0000-0000-000000000001"},
        {"hash_password": "0" * 32},
        {"hash_password": None},
    ],
)
def test_a_token_about_something_else_is_refused(claims, whoami, change):
    assert_problem(whoami(signed({**claims, **change})), 401, "authentication_failed")


def test_the_session_of_one_person_does_not_vouch_for_another(claims, person, tokens_of, whoami):
    other = AccessToken(tokens_of(UserFactory())["access"])
    borrowed = {"sid": other["sid"], "hash_password": other["hash_password"]}

    assert_problem(whoami(signed({**claims, **borrowed})), 401, "authentication_failed")


def test_a_refresh_token_opens_nothing_and_an_access_token_refreshes_nothing(person, tokens_of, whoami, app):
    tokens = tokens_of(person)

    assert_problem(whoami(tokens["refresh"]), 401, "authentication_failed")
    assert_problem(app("token/refresh/", {"refresh": tokens["access"]}), 401, "authentication_failed")


@pytest.mark.parametrize("raw", ["", "x", "a.b.c", "Bearer x", "é", "\x7f" * 10, "." * 5000])
def test_rubbish_in_the_header_is_refused(db, api_client, raw):
    response = api_client.get(AUTH + "user/", HTTP_AUTHORIZATION=f"Bearer {raw}")

    assert_problem(response, 401, "authentication_failed")


@pytest.mark.parametrize("raw", ["x", "a.b.c", "é", "\ud800"])
def test_rubbish_in_the_cookie_is_refused(db, api_client, raw):
    api_client.cookies["access_token"] = raw.encode("utf-8", "surrogatepass").decode("latin-1")

    assert_problem(api_client.get(AUTH + "user/"), 401, "authentication_failed")


def test_another_scheme_is_no_sign_in(db, api_client):
    response = api_client.get(AUTH + "user/", headers={"Authorization": "Basic cm9vdDpyb290"})

    assert_problem(response, 401, "not_authenticated")


def test_a_token_for_a_changed_password_cannot_be_refreshed_into_a_new_one(person, app):
    token = str(RefreshToken.for_user(person))
    person.set_password("something-else-entirely")
    person.save()

    assert_problem(app("token/refresh/", {"refresh": token}), 401, "authentication_failed")
