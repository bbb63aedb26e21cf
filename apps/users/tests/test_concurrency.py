"""What only happens when two requests meet; asks for a database that locks rows."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
from django.db import connection, connections

from apps.core.outbox import outbox
from apps.core.testing.clock import FakeClock
from apps.users.exceptions import CodeRefused, LinkInvalid, RegistrationRefused, TokenRefused
from apps.users.models import SignInSession, User
from apps.users.services import second_factor
from apps.users.services.accounts import apply_for_account, register_user
from apps.users.services.passwords import password_key, reset_password
from apps.users.services.second_factor import confirm_app, offer_app, use_code
from apps.users.services.sessions import open_session, refresh_session
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.types import Client, Registration

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs row locks"),
]
AT_ONCE = 4


def at_once(action):
    """What `action` answers or raises in each of several threads that start together."""
    start = threading.Barrier(AT_ONCE)

    def run(number):
        try:
            start.wait(timeout=10)
            return action(number)
        except (RegistrationRefused, TokenRefused, LinkInvalid, CodeRefused) as exc:
            return exc
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(run, range(AT_ONCE)))
    outbox.submit(lambda: None).result(timeout=10)  # no mail of this test reaches the next one
    return results


def client(number):
    return Client(address=f"203.0.113.{number}", user_agent="")


def test_of_several_clients_with_one_refresh_token_at_most_one_gets_on_and_the_sign_in_ends():
    raw = open_session(user=UserFactory(), client=client(99)).tokens.refresh

    results = at_once(lambda number: refresh_session(raw=raw, client=client(number)))

    assert sum(isinstance(result, TokenRefused) for result in results) == AT_ONCE - 1
    assert SignInSession.objects.get().revoked_at is not None


def test_two_tabs_that_refresh_at_once_get_the_same_token():
    raw = open_session(user=UserFactory(), client=client(1)).tokens.refresh
    start = threading.Barrier(2)

    def refresh(_):
        try:
            start.wait(timeout=10)
            return refresh_session(raw=raw, client=client(1)).tokens.refresh
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(refresh, range(2))

    assert first == second


def test_of_several_registrations_with_one_address_exactly_one_is_made():
    registration = Registration(email="rose@example.org", password=PASSWORD)

    results = at_once(lambda number: register_user(registration=registration, client=client(number)))

    assert sum(isinstance(result, RegistrationRefused) for result in results) == AT_ONCE - 1
    assert User.objects.count() == 1


def test_several_applications_with_one_address_make_one_account(mandatory, mailoutbox):
    registration = Registration(email="rose@example.org", password=PASSWORD)

    results = at_once(lambda _: apply_for_account(registration=registration))

    assert results == [None] * AT_ONCE
    assert User.objects.count() == 1


def test_of_several_who_follow_one_link_for_a_new_password_at_once_one_is_served():
    user = UserFactory()
    key = password_key(user=user)

    results = at_once(lambda number: reset_password(key=key, password=f"fern-and-liverwort-{number}"))

    assert sum(isinstance(result, LinkInvalid) for result in results) == AT_ONCE - 1
    winner = next(number for number, result in enumerate(results) if isinstance(result, str))
    user.refresh_from_db()
    assert user.check_password(f"fern-and-liverwort-{winner}")


@pytest.mark.parametrize("kind", ["of the app", "for recovery"])
def test_of_several_who_come_with_one_code_at_once_one_gets_in(kind, monkeypatch):
    clock = FakeClock()
    monkeypatch.setattr(second_factor, "CLOCK", clock)
    user = UserFactory()
    totp = pyotp.TOTP(offer_app(user=user).secret)
    codes = confirm_app(user=user, code=totp.at(int(clock.wall())))
    clock.advance(30)
    code = totp.at(int(clock.wall())) if kind == "of the app" else codes[0]
    all_have_read, secret_of = threading.Barrier(AT_ONCE), second_factor._secret_of

    def secret_once_all_have_read(app):
        all_have_read.wait(timeout=10)
        return secret_of(app)

    monkeypatch.setattr(second_factor, "_secret_of", secret_once_all_have_read)

    results = at_once(lambda _: use_code(user=user, code=code))

    assert sum(isinstance(result, CodeRefused) for result in results) == AT_ONCE - 1
