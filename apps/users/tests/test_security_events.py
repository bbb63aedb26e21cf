"""What happens to an account is written down, readable for its owner, and goes when its time is over."""

from datetime import UTC, datetime, timedelta

import jwt
import pyotp
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.users.models import SecurityEvent, SecurityEventKind
from apps.users.services import security_events
from apps.users.services.confirmation import confirmation_key
from apps.users.services.passwords import password_key
from apps.users.services.security_events import forget_old_security_events, note_security_event
from apps.users.tests.conftest import AUTH
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.types import Client

CLIENT = Client(address="198.51.100.7", user_agent="Firefox")
Kind = SecurityEventKind


def read_token(tokens):
    return jwt.decode(tokens["access"], options={"verify_signature": False})


def kinds_of(user):
    return [event.kind for event in SecurityEvent.objects.filter(user=user).order_by("created_at", "id")]


def test_signing_in_and_out_is_written_down(app, person, tokens_of):
    tokens = tokens_of(person, **{"user-agent": "Moss/1.0"})
    app("logout/", {"refresh": tokens["refresh"]}, tokens["access"])

    assert kinds_of(person) == [Kind.SIGNED_IN, Kind.SIGNED_OUT]
    event = SecurityEvent.objects.get(user=person, kind=Kind.SIGNED_IN)
    assert (event.network, event.user_agent) == ("127.0.0.0/24", "Moss/1.0")


def test_a_failed_sign_in_is_written_down_for_the_account_it_was_meant_for(app, person):
    for login in (person.email.upper(), person.username, "nobody@example.org"):
        app("token/", {"login": login, "password": "wrong"})

    assert kinds_of(person) == [Kind.SIGN_IN_FAILED] * 2
    assert kinds_of(None) == [Kind.SIGN_IN_FAILED]


def test_a_failed_sign_in_costs_the_same_whether_there_is_such_an_account_or_not(app, person):
    asked = []
    for login in (person.email, "nobody@example.org"):
        with CaptureQueriesContext(connection) as queries:
            app("token/", {"login": login, "password": "wrong"})
        asked.append([query["sql"].partition(" ")[0] for query in queries.captured_queries])

    assert asked[0] == asked[1]
    assert "INSERT" in asked[0]


def test_a_token_that_comes_again_is_written_down(app, person, tokens_of):
    stolen = tokens_of(person)["refresh"]
    app("token/refresh/", {"refresh": stolen})

    assert app("token/refresh/", {"refresh": stolen}, **{"user-agent": "thief"}).status_code == 401

    assert kinds_of(person) == [Kind.SIGNED_IN, Kind.TOKEN_REUSED]


def test_a_confirmed_address_is_written_down_once(app):
    person = UserFactory(email_verified_at=None)
    key = confirmation_key(user=person)
    for _ in range(2):
        assert app("email/verify/", {"key": key}).status_code == 200

    assert kinds_of(person) == [Kind.EMAIL_CONFIRMED]


def test_every_change_of_how_one_signs_in_is_written_down(app, api_client, person, tokens_of):
    """As `docs/operations/privacy.md` promises; each with the network it came from."""

    def send(path, body=None, method="post"):
        headers = {"Authorization": f"Bearer {tokens['access']}"}
        answer = getattr(api_client, method)(f"{AUTH}{path}", body, format="json", headers=headers)
        assert answer.status_code < 300, answer.content
        return answer.json() if answer.content else {}

    app("password/reset/confirm/", {"key": password_key(user=person), "password": PASSWORD})
    other, tokens = tokens_of(person), tokens_of(person)
    send(f"sessions/{read_token(other)['sid']}/", method="delete")
    tokens_of(person)
    send("sessions/", method="delete")
    key = send("api-keys/", {"name": "Camera", "scopes": ["read"]})
    send(f"api-keys/{key['id']}/rotate/")
    send(f"api-keys/{key['id']}/", method="delete")
    totp = pyotp.TOTP(send("mfa/totp/", {"password": PASSWORD})["secret"])
    send("mfa/totp/confirm/", {"code": totp.now()})
    codes = send("mfa/recovery-codes/", {"password": PASSWORD})["recovery_codes"]
    step = app("token/", {"login": person.email, "password": PASSWORD}).json()["ticket"]
    app("mfa/verify/", {"ticket": step, "code": "no code"})
    app("mfa/verify/", {"ticket": step, "code": codes[0]})
    send("mfa/totp/remove/", {"password": PASSWORD})
    send("password/change/", {"current_password": PASSWORD, "new_password": f"{PASSWORD} anew"})

    assert kinds_of(person) == [
        Kind.PASSWORD_RESET,
        Kind.SIGNED_IN,
        Kind.SIGNED_IN,
        Kind.SESSION_REVOKED,
        Kind.SIGNED_IN,
        Kind.SESSIONS_REVOKED,
        Kind.API_KEY_MADE,
        Kind.API_KEY_ROTATED,
        Kind.API_KEY_REVOKED,
        Kind.SECOND_FACTOR_ON,
        Kind.RECOVERY_CODES_MADE,
        Kind.SECOND_FACTOR_FAILED,
        Kind.RECOVERY_CODE_USED,
        Kind.SIGNED_IN,
        Kind.SECOND_FACTOR_OFF,
        Kind.PASSWORD_CHANGED,
        Kind.SESSIONS_REVOKED,
    ]
    assert set(SecurityEvent.objects.values_list("network", flat=True)) == {"127.0.0.0/24"}


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.7", "198.51.100.0/24"),
        ("2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("unknown", ""),
    ],
)
def test_an_address_is_kept_as_the_network_it_lies_in(person, address, network):
    note_security_event(user=person, kind=Kind.SIGNED_IN, client=Client(address, "x" * 900))

    event = SecurityEvent.objects.get()
    assert (event.network, len(event.user_agent)) == (network, 200)


def test_what_was_written_down_is_not_changed(person):
    note_security_event(user=person, kind=Kind.SIGNED_IN)
    event = SecurityEvent.objects.get()
    event.kind = Kind.SIGNED_OUT

    with pytest.raises(TypeError):
        event.save()


def test_nobody_fills_the_table_in_a_day(person, monkeypatch):
    monkeypatch.setattr(security_events, "MOST_A_DAY", 2)
    for _ in range(4):
        note_security_event(user=person, kind=Kind.SIGNED_IN, client=CLIENT)
    note_security_event(user=person, kind=Kind.PASSWORD_CHANGED, client=CLIENT)

    assert kinds_of(person) == [Kind.SIGNED_IN, Kind.SIGNED_IN, Kind.PASSWORD_CHANGED]


def test_what_is_old_enough_goes_bite_by_bite(person, settings, monkeypatch):
    monkeypatch.setattr(security_events, "FORGOTTEN_AT_ONCE", 2)
    for _ in range(3):
        note_security_event(user=person, kind=Kind.SIGNED_IN)
    long_ago = datetime.now(UTC) - settings.SECURITY_EVENTS_KEPT - timedelta(seconds=1)
    SecurityEvent.objects.update(created_at=long_ago)
    note_security_event(user=person, kind=Kind.SIGNED_IN)

    assert [forget_old_security_events() for _ in range(3)] == [2, 1, 0]
    assert SecurityEvent.objects.count() == 1
