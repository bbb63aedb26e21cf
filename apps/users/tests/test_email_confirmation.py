import smtplib
from datetime import timedelta

import pytest
from django.core import signing
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client

from apps.core.outbox import outbox
from apps.users.constants import EMAIL_LINK_LIFETIME, EMAIL_LINK_SALT
from apps.users.models import User
from apps.users.services.confirmation import confirmation_key
from apps.users.tests.conftest import AUTH, key_in
from apps.users.tests.factories import UserFactory
from apps.users.tests.problems import assert_problem


@pytest.fixture
def newcomer(db):
    return UserFactory(email="rose@example.org", email_verified_at=None)


@pytest.fixture
def key(newcomer):
    return confirmation_key(user=newcomer)


def is_confirmed(user):
    return User.objects.get(pk=user.pk).has_confirmed_email


def test_the_key_confirms_the_address(app, newcomer, key):
    response = app("email/verify/", {"key": key})

    assert response.json() == {"email_verified": True}
    assert is_confirmed(newcomer)


def test_confirming_twice_changes_nothing(app, newcomer, key):
    app("email/verify/", {"key": key})
    first = User.objects.get(pk=newcomer.pk).email_verified_at

    assert app("email/verify/", {"key": key}).status_code == 200
    assert User.objects.get(pk=newcomer.pk).email_verified_at == first


def test_an_old_key_has_expired(app, newcomer, key, monkeypatch):
    monkeypatch.setattr(
        "apps.users.services.confirmation.EMAIL_LINK_LIFETIME", timedelta(seconds=-1), raising=True
    )

    assert_problem(app("email/verify/", {"key": key}), 400, "link_expired")
    assert not is_confirmed(newcomer)
    assert timedelta(hours=1) < EMAIL_LINK_LIFETIME <= timedelta(days=7)


@pytest.mark.parametrize(
    "content",
    [
        ["x"],
        {"a": 1},
        ["not-a-uuid", "rose@example.org", ""],
        ["00000000-0000-0000-0000-000000000001", "rose@example.org", ""],
    ],
)
def test_a_key_that_says_something_else_is_invalid(app, newcomer, content):
    forged = signing.dumps(content, salt=EMAIL_LINK_SALT)

    assert_problem(app("email/verify/", {"key": forged}), 400, "link_invalid")


@pytest.mark.parametrize("forged", ["nonsense", "a:b:c", "ü"])
def test_a_key_without_our_signature_is_invalid(app, newcomer, forged):
    assert_problem(app("email/verify/", {"key": forged}), 400, "link_invalid")


def test_a_key_signed_for_another_purpose_is_invalid(app, newcomer):
    forged = signing.dumps([str(newcomer.pk), newcomer.email, ""], salt="something.else")

    assert_problem(app("email/verify/", {"key": forged}), 400, "link_invalid")


@pytest.mark.parametrize(
    "change", [{"email": "other@example.org"}, {"password": "another hash"}, {"is_active": False}]
)
def test_a_key_is_for_the_account_as_it_was(app, newcomer, key, change):
    User.objects.filter(pk=newcomer.pk).update(**change)

    assert_problem(app("email/verify/", {"key": key}), 400, "link_invalid")
    assert not is_confirmed(newcomer)


def test_the_mail_is_sent_again_to_whom_it_helps_and_the_answer_does_not_tell(app, newcomer, mails_from):
    UserFactory(email="confirmed@example.org")
    answers, recipients = [], []
    for email in ("ROSE@example.org", "confirmed@example.org", "unknown@example.org"):
        response, mails = mails_from(lambda: app("email/resend/", {"email": email}))  # noqa: B023
        answers.append((response.status_code, response.content))
        recipients += [address for mail in mails for address in mail.to]

    assert len(set(answers)) == 1
    assert answers[0][0] == 202
    assert recipients == ["rose@example.org"]


def test_the_mail_that_is_sent_again_confirms(app, newcomer, mails_from):
    _, mails = mails_from(lambda: app("email/resend/", {"email": newcomer.email}))

    assert app("email/verify/", {"key": key_in(mails[0])}).status_code == 200


def test_the_link_leads_to_a_page_whose_button_confirms(app, newcomer, mails_from):
    _, mails = mails_from(lambda: app("email/resend/", {"email": newcomer.email}))
    link = next(word for word in mails[0].body.split() if "key=" in word)
    visitor = Client(enforce_csrf_checks=True)

    page = visitor.get(link)
    assert page.status_code == 200
    assert not is_confirmed(newcomer)  # mail scanners open links

    token = page.context["csrf_token"]
    done = visitor.post(link, {"key": key_in(mails[0]), "csrfmiddlewaretoken": str(token)})
    assert "is confirmed" in done.content.decode()
    assert is_confirmed(newcomer)


def test_the_page_says_when_a_link_is_no_good(db):
    visitor = Client()

    assert visitor.post(AUTH + "email/confirm/", {"key": "nonsense"}).status_code == 400
    assert visitor.post(AUTH + "email/confirm/").status_code == 400
    assert "<script>" not in visitor.get(AUTH + "email/confirm/?key=<script>").content.decode()


def test_the_link_leads_to_the_web_app_where_there_is_one(app, newcomer, mails_from, settings):
    settings.ACCOUNT_CONFIRM_EMAIL_URL = "https://app.example.org/confirm"

    _, mails = mails_from(lambda: app("email/resend/", {"email": newcomer.email}))

    assert "https://app.example.org/confirm?key=" in mails[0].body


@pytest.mark.parametrize(
    "failure",
    [smtplib.SMTPRecipientsRefused({"rose@example.org": (550, b"no")}), TimeoutError(), OSError("down")],
)
def test_a_mail_server_that_fails_is_logged_without_the_address(
    app, newcomer, mails_from, monkeypatch, caplog, failure
):
    def fail(*_):
        raise failure

    monkeypatch.setattr(EmailBackend, "send_messages", fail)

    response, _ = mails_from(lambda: app("email/resend/", {"email": newcomer.email}))

    assert response.status_code == 202
    record = next(record for record in caplog.records if record.message == "mail_not_sent")
    assert record.error == type(failure).__name__
    assert "rose" not in caplog.text


def test_a_mail_for_which_the_queue_has_no_room_is_dropped_and_logged(
    app, newcomer, monkeypatch, caplog, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(outbox, "max_queue", -1)

    with django_capture_on_commit_callbacks(execute=True):
        response = app("email/resend/", {"email": newcomer.email})

    assert response.status_code == 202
    assert "mail_dropped" in caplog.text


def test_no_mail_leaves_before_the_account_is_committed(newcomer, app, mailoutbox):
    app("email/resend/", {"email": newcomer.email})  # this test's transaction is never committed

    assert not mailoutbox
