import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.users.models import SignInSession, User
from apps.users.services.confirmation import confirmation_key
from apps.users.services.passwords import password_key
from apps.users.tests.conftest import AUTH, key_in
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.problems import assert_problem

NEW_PASSWORD = "fern-and-liverwort-7"
PAGE = AUTH + "password/reset/page/"


@pytest.fixture
def key(person):
    return password_key(user=person)


def may_sign_in(app, user, password):
    return app("token/", {"login": user.email, "password": password}).status_code == 200


def reset(app, key, password=NEW_PASSWORD):
    return app("password/reset/confirm/", {"key": key, "password": password})


# --- With a link


def test_asking_for_a_link_is_answered_alike_with_like_work_and_only_the_owner_gets_a_mail(
    app, person, mails_from, count_hashes
):
    closed = UserFactory(is_active=False)
    answers, work, recipients = set(), set(), []
    for email in (person.email.upper(), "unknown@example.org", closed.email):
        with CaptureQueriesContext(connection) as queries:
            (response, mails), hashes = count_hashes(
                lambda: mails_from(lambda: app("password/reset/", {"email": email}))  # noqa: B023
            )
        answers.add((response.status_code, response.content))
        work.add((len(queries), hashes))
        recipients += [address for mail in mails for address in mail.to]

    assert len(answers) == len(work) == 1
    assert next(iter(answers))[0] == 202
    assert recipients == [person.email]


def test_the_link_sets_a_new_password_ends_every_sign_in_and_tells_the_owner(
    app, person, mails_from, tokens_of, whoami, browser
):
    tokens = tokens_of(person)
    browser.sign_in(person)
    _, mails = mails_from(lambda: app("password/reset/", {"email": person.email}))

    response, notices = mails_from(lambda: reset(app, key_in(mails[0])))

    assert response.status_code == 200
    assert not SignInSession.objects.filter(revoked_at=None).exists()
    assert not may_sign_in(app, person, PASSWORD)
    assert may_sign_in(app, person, NEW_PASSWORD)
    assert_problem(whoami(tokens["access"]), 401, "authentication_failed")
    assert_problem(browser.get("user/"), 401, "authentication_failed")
    assert [mail.to for mail in notices] == [[person.email]]
    assert "was changed" in notices[0].body


def test_the_link_works_once(app, person, key):
    assert reset(app, key).status_code == 200

    assert_problem(reset(app, key, "another-liverwort-9"), 400, "link_invalid")
    assert may_sign_in(app, person, NEW_PASSWORD)


def test_a_refused_password_leaves_the_link_good(app, person, key):
    for bad in ("short", "1234567890", "x" * 129, person.email):
        problem = assert_problem(reset(app, key, bad), 400, "invalid")
        assert {error["field"] for error in problem["errors"]} == {"password"}

    assert reset(app, key).status_code == 200


def test_no_rules_on_what_a_password_is_composed_of(app, key):
    assert reset(app, key, "8462905173846290").status_code == 200


def test_an_old_link_has_expired(app, key, monkeypatch):
    monkeypatch.setattr("apps.users.services.passwords.RESET_LINK_LIFETIME", timedelta(seconds=-1))

    assert_problem(reset(app, key), 400, "link_expired")


@pytest.mark.parametrize(
    "change", [{"email": "other@example.org"}, {"password": "another hash"}, {"is_active": False}]
)
def test_a_link_is_for_the_account_as_it_was(app, person, key, change):
    User.objects.filter(pk=person.pk).update(**change)

    assert_problem(reset(app, key), 400, "link_invalid")


def test_a_link_does_nothing_but_what_it_is_for(app, db):
    newcomer = UserFactory(email_verified_at=None)

    assert_problem(reset(app, confirmation_key(user=newcomer)), 400, "link_invalid")
    assert_problem(app("email/verify/", {"key": password_key(user=newcomer)}), 400, "link_invalid")
    assert_problem(reset(app, "nonsense"), 400, "link_invalid")


def test_who_has_followed_the_link_has_confirmed_the_address(app, mandatory):
    newcomer = UserFactory(email_verified_at=None, wished_username="Moss")

    reset(app, password_key(user=newcomer))

    newcomer.refresh_from_db()
    assert newcomer.has_confirmed_email
    assert newcomer.username == "Moss"
    assert may_sign_in(app, newcomer, NEW_PASSWORD)


def test_the_link_leads_to_a_page_without_scripts_that_sets_the_password(app, person, mails_from):
    _, mails = mails_from(lambda: app("password/reset/", {"email": person.email}))
    link = next(word for word in mails[0].body.split() if "key=" in word)
    visitor = Client(enforce_csrf_checks=True)
    page = visitor.get(link)
    form = {"key": key_in(mails[0]), "csrfmiddlewaretoken": str(page.context["csrf_token"])}

    refused = visitor.post(link, {**form, "password": "short"})
    done = visitor.post(link, {**form, "password": NEW_PASSWORD})
    again = visitor.post(link, {**form, "password": NEW_PASSWORD})

    assert 'for="id_password"' in page.content.decode()
    assert not re.search(r"<script|<style| style=| on\w+=", refused.content.decode())
    assert (refused.status_code, 'role="alert"' in refused.content.decode()) == (400, True)
    assert (done.status_code, 'role="status"' in done.content.decode()) == (200, True)
    assert again.status_code == 400
    assert may_sign_in(app, person, NEW_PASSWORD)


def test_the_page_says_when_a_link_is_no_good(db):
    visitor = Client()

    for body in ({}, {"key": "nonsense", "password": NEW_PASSWORD}):
        answer = visitor.post(PAGE, body)
        assert (answer.status_code, 'role="alert"' in answer.content.decode()) == (400, True)
    assert "<script>" not in visitor.get(PAGE + "?key=<script>").content.decode()


def test_the_link_leads_to_the_web_app_where_there_is_one(app, person, mails_from, settings):
    settings.ACCOUNT_PASSWORD_RESET_URL = "https://app.example.org/new-password"

    _, mails = mails_from(lambda: app("password/reset/", {"email": person.email}))

    assert "https://app.example.org/new-password?key=" in mails[0].body


def test_wagtail_s_page_sends_the_same_mail_and_the_admin_leads_there(person, client, mails_from):
    assert client.get("/admin/password_change/")["Location"] == "/cms/password_reset/"
    answers = [
        mails_from(lambda: client.post("/cms/password_reset/", {"email": email}))  # noqa: B023
        for email in (person.email, "unknown@example.org")
    ]

    assert [response.status_code for response, _ in answers] == [302, 302]
    assert [len(mails) for _, mails in answers] == [1, 0]
    assert PAGE in answers[0][1][0].body


# --- With the current one


def change(current=PASSWORD, new=NEW_PASSWORD):
    return {"current_password": current, "new_password": new}


def test_with_the_current_password_this_sign_in_goes_on_and_all_others_end(
    app, person, tokens_of, whoami, mails_from
):
    here, elsewhere = tokens_of(person), tokens_of(person)

    response, mails = mails_from(lambda: app("password/change/", change(), token=here["access"]))

    assert SignInSession.objects.filter(user=person, revoked_at=None).count() == 1
    renewed = response.json()
    assert set(renewed) == {"access", "refresh"}
    assert whoami(renewed["access"]).json()["id"] == str(person.pk)
    assert app("token/refresh/", {"refresh": renewed["refresh"]}).status_code == 200
    for old in (here, elsewhere):
        assert_problem(whoami(old["access"]), 401, "authentication_failed")
        assert_problem(app("token/refresh/", {"refresh": old["refresh"]}), 401, "authentication_failed")
    assert may_sign_in(app, person, NEW_PASSWORD)
    assert [mail.to for mail in mails] == [[person.email]]


def test_on_the_web_the_new_tokens_go_into_cookies(browser, person):
    browser.sign_in(person)
    before = browser.cookies["access_token"].value

    refused = browser.send("password/change/", change(), csrf=False)
    done = browser.send("password/change/", change())

    assert_problem(refused, 403, "csrf_failed")
    assert set(done.json()) == {"user"}
    assert browser.cookies["access_token"].value != before
    assert browser.get("user/").status_code == 200


def test_a_wrong_current_password_or_a_bad_new_one_is_named_by_its_field(app, person, tokens_of):
    token = tokens_of(person)["access"]

    for body, field in ((change(current="wrong"), "current_password"), (change(new="short"), "new_password")):
        problem = assert_problem(app("password/change/", body, token=token), 400, "invalid")
        assert {error["field"] for error in problem["errors"]} == {field}
    assert may_sign_in(app, person, PASSWORD)


def test_nobody_changes_a_password_without_signing_in(app, db):
    assert_problem(app("password/change/", change()), 401, "not_authenticated")
