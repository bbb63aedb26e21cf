"""Closing one's account, coming back to it, and what becomes of it when nobody does."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection, connections

from apps.core.testing.access import AccessCase, assert_only_owner
from apps.users.exceptions import WrongCredentials
from apps.users.models import SecurityEvent, SignInSession, User
from apps.users.services import deletion, personal_data
from apps.users.services.deletion import erase_due_accounts
from apps.users.services.leaving import cancel_deletion
from apps.users.services.personal_data import PersonalRows
from apps.users.services.tokens import SessionToken
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.problems import assert_problem
from apps.users.types import Client

CLIENT = Client(address="198.51.100.7", user_agent="Firefox")
ME = "/api/v1/auth/me/"


@pytest.fixture
def leave(api_client):
    """DELETE `auth/me/` with a token."""

    def delete(token, **body):
        headers = {"Authorization": f"Bearer {token}"}
        return api_client.delete(ME, body, format="json", headers=headers)

    return delete


@pytest.fixture
def mobile(tokens_of, person):
    return tokens_of(person)["access"]


def let_the_time_pass(person):
    User.objects.filter(pk=person.pk).update(deletion_due_at=datetime.now(UTC) - timedelta(seconds=1))


def test_leaving_ends_every_sign_in_at_once_and_says_until_when_one_can_come_back(
    leave, mobile, person, tokens_of, whoami, mails_from, settings
):
    other = tokens_of(person)["access"]

    response, mails = mails_from(lambda: leave(mobile, password=PASSWORD))

    assert response.status_code == 202
    due = datetime.fromisoformat(response.json()["deletion_due_at"])
    assert timedelta(0) <= due - datetime.now(UTC) - settings.ACCOUNT_DELETION_GRACE + timedelta(minutes=1)
    assert [whoami(token).status_code for token in (mobile, other)] == [401, 401]
    assert mails[0].to == [person.email]
    assert due.date().isoformat() in mails[0].body
    kinds = [event.kind for event in SecurityEvent.objects.filter(user=person)]
    assert kinds[0] == "deletion_asked"


def test_a_token_that_belongs_to_no_sign_in_stops_as_well(leave, mobile, person, whoami):
    token = str(SessionToken.for_user(person).access_token)
    assert whoami(token).status_code == 200

    leave(mobile, password=PASSWORD)

    assert whoami(token).status_code == 401


def test_on_the_web_the_cookies_go(browser, person):
    browser.sign_in(person)

    response = browser.send("me/", {"password": PASSWORD}, method="delete")

    assert response.status_code == 202
    assert not browser.cookies["access_token"].value
    assert browser.get("user/").status_code == 401


def test_on_the_web_leaving_needs_the_csrf_token(browser, person):
    browser.sign_in(person)

    assert_problem(
        browser.send("me/", {"password": PASSWORD}, method="delete", csrf=False), 403, "csrf_failed"
    )


@pytest.mark.parametrize("body", [{}, {"password": "wrong"}, {"password": ""}])
def test_without_the_right_password_nobody_takes_the_account_away(leave, mobile, person, whoami, body):
    problem = assert_problem(leave(mobile, **body), 400, "invalid")

    assert problem["errors"][0]["field"] == "password"
    assert whoami(mobile).status_code == 200


def test_guessing_the_password_here_is_limited_as_at_the_sign_in(leave, mobile, settings):
    settings.SIGN_IN_RATE = 1
    leave(mobile, password="wrong")

    assert_problem(leave(mobile, password=PASSWORD), 429, "throttled")


def test_who_has_no_password_shows_a_recent_sign_in(leave, mobile, person, whoami):
    User.objects.filter(pk=person.pk).update(password="!nothing")
    fresh = deletion_tokens(person)
    SignInSession.objects.filter(user=person).update(created_at=datetime.now(UTC) - timedelta(minutes=16))

    assert_problem(leave(fresh), 403, "permission_denied")
    assert leave(deletion_tokens(person)).status_code == 202


def deletion_tokens(person):
    from apps.users.services.sessions import open_session

    person.refresh_from_db()
    return open_session(user=person, client=CLIENT).tokens.access


@pytest.mark.parametrize("role", ["is_staff", "is_superuser"])
def test_an_account_that_runs_the_site_is_not_taken_away(leave, mobile, person, role):
    User.objects.filter(pk=person.pk).update(**{role: True})

    assert_problem(leave(mobile, password=PASSWORD), 403, "permission_denied")


def test_who_got_such_rights_meanwhile_is_not_erased(leave, mobile, person):
    leave(mobile, password=PASSWORD)
    User.objects.filter(pk=person.pk).update(is_staff=True)
    let_the_time_pass(person)

    assert erase_due_accounts() == 0
    assert User.objects.filter(pk=person.pk, is_active=True).exists()


def test_signing_in_keeps_the_account_and_a_mail_says_so(
    leave, mobile, person, tokens_of, whoami, mails_from
):
    leave(mobile, password=PASSWORD)

    tokens, mails = mails_from(lambda: tokens_of(person))

    assert whoami(tokens["access"]).status_code == 200
    assert whoami(mobile).status_code == 401
    assert [mail.to for mail in mails] == [[person.email]]
    let_the_time_pass(UserFactory())
    assert User.objects.get(pk=person.pk).deletion_due_at is None


def test_asking_twice_changes_nothing(leave, mobile, person):
    first = leave(mobile, password=PASSWORD).json()
    person.refresh_from_db()

    again = deletion.ask_for_deletion(user=person, client=CLIENT)

    assert again == datetime.fromisoformat(first["deletion_due_at"])


def test_a_session_of_the_editors_site_ends_too(client, leave, mobile, person):
    client.force_login(person)
    client_of_another = type(client)()
    client_of_another.force_login(UserFactory())

    leave(mobile, password=PASSWORD)

    assert Session.objects.count() == 1


def test_signing_in_to_the_editors_site_keeps_the_account_too(client, leave, mobile, person):
    leave(mobile, password=PASSWORD)
    person.refresh_from_db()

    client.force_login(person)

    assert User.objects.get(pk=person.pk).deletion_due_at is None


def test_whom_nobody_wants_back_is_gone_when_the_time_is_over(leave, mobile, person, app):
    leave(mobile, password=PASSWORD)
    assert erase_due_accounts() == 0
    let_the_time_pass(person)

    assert erase_due_accounts() == 1

    assert not User.objects.filter(pk=person.pk).exists()
    assert_problem(app("token/", {"login": person.email, "password": PASSWORD}), 401, "authentication_failed")


def test_a_run_takes_a_bounded_bite_and_the_next_one_goes_on(leave, mobile, person, monkeypatch):
    monkeypatch.setattr(deletion, "BITES_PER_RUN", 2)
    monkeypatch.setattr(personal_data, "BATCH", 2)
    leave(mobile, password=PASSWORD)
    SecurityEvent.objects.filter(user=person).delete()
    SecurityEvent.objects.bulk_create(SecurityEvent(user=person, kind="signed_in") for _ in range(5))
    left = []
    let_the_time_pass(person)

    while not erase_due_accounts():
        left.append(SecurityEvent.objects.filter(user=person).count())
        assert User.objects.get(pk=person.pk).is_active is False

    assert left == [3, 1]
    assert not User.objects.filter(pk=person.pk).exists()


def test_one_that_cannot_be_erased_holds_up_no_other_and_is_told(leave, mobile, person, monkeypatch, caplog):
    leave(mobile, password=PASSWORD)
    other = UserFactory(deletion_due_at=datetime.now(UTC) - timedelta(seconds=1))
    let_the_time_pass(person)
    erase_some = PersonalRows.erase_some

    def break_for_one(table, user):
        if user.pk == person.pk:
            raise OSError("disk")
        return erase_some(table, user)

    monkeypatch.setattr(PersonalRows, "erase_some", break_for_one)

    assert erase_due_accounts() == 1
    assert not User.objects.filter(pk=other.pk).exists()
    assert "account_not_deleted" in caplog.text
    monkeypatch.undo()
    assert erase_due_accounts() == 0  # not before its time
    let_the_time_pass(person)
    assert erase_due_accounts() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs row locks")
def test_coming_back_at_the_last_moment_keeps_everything_or_nothing():
    for _ in range(5):
        person = UserFactory(deletion_due_at=datetime.now(UTC) - timedelta(seconds=1))
        start = threading.Barrier(2, timeout=10)
        outcome = {}

        def erase(start=start):
            start.wait()
            erase_due_accounts()
            connections.close_all()

        def come_back(start=start, person=person, outcome=outcome):
            start.wait()
            try:
                cancel_deletion(user=person, client=CLIENT)
                outcome["back"] = True
            except WrongCredentials:
                outcome["back"] = False
            connections.close_all()

        threads = [threading.Thread(target=work) for work in (erase, come_back)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)

        kept = User.objects.filter(pk=person.pk, is_active=True, deletion_due_at=None).exists()
        assert kept == outcome["back"]
        assert kept == User.objects.filter(pk=person.pk).exists()


@pytest.mark.parametrize(
    ("method", "name", "expected"),
    [
        ("get", "v1:auth:me-security-events", 200),
        ("get", "v1:auth:me-export", 404),
        ("post", "v1:auth:me-export", 202),
        ("delete", "v1:auth:me", 400),
    ],
)
def test_these_addresses_are_for_people_who_are_signed_in(db, method, name, expected):
    """They name nobody, so that a stranger is an owner, of something else."""
    case = AccessCase(method, name, owner=expected, stranger=expected)
    assert_only_owner(case, owner=UserFactory(), stranger=UserFactory())
