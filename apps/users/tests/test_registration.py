import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.users.models import SignInSession, User
from apps.users.tests.conftest import Browser, key_in
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.problems import assert_problem

ROSE = {"email": "rose@example.org", "password": PASSWORD, "username": "Rose", "first_name": "Rose"}


# --- Optional confirmation: registering signs in


def test_registering_signs_in_and_sends_the_confirmation_mail(browser, mails_from):
    response, mails = mails_from(lambda: browser.send("register/", ROSE))

    assert response.status_code == 201
    assert response.json()["user"]["username"] == "Rose"
    assert response.json()["user"]["email_verified"] is False
    assert browser.get("user/").json()["email"] == "rose@example.org"
    assert [mail.to for mail in mails] == [["rose@example.org"]]


def test_registering_with_cookies_needs_the_csrf_token(browser):
    browser.fetch_csrf_token()

    assert_problem(browser.send("register/", ROSE, csrf=False), 403, "csrf_failed")
    assert not User.objects.exists()


def test_a_known_address_is_named_where_registering_signs_in(browser):
    UserFactory(email="Rose@Example.org")

    problem = assert_problem(browser.send("register/", ROSE), 400, "invalid")

    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("email", "taken")]


def test_a_taken_name_is_named(browser):
    UserFactory(username="rose")

    problem = assert_problem(browser.send("register/", ROSE), 400, "invalid")

    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("username", "taken")]


def test_nobody_needs_to_think_of_a_name(browser):
    response = browser.send("register/", {"email": "rose@example.org", "password": PASSWORD})

    assert response.json()["user"]["username"].startswith("user-")
    assert "rose" not in response.json()["user"]["username"]  # the address stays private


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"password": "1234567890"}, "password"),
        ({"password": "short"}, "password"),
        ({"password": "rose@example.org"}, "password"),
        ({"password": "x" * 129}, "password"),
        ({"email": "rose"}, "email"),
        ({"email": ""}, "email"),
        ({"username": "rose@example.org"}, "username"),
        ({"username": "a" * 151}, "username"),
        ({"username": "a b"}, "username"),
    ],
)
@pytest.mark.parametrize("verification", ["optional", "mandatory"])
def test_bad_input_is_named_by_its_field(browser, settings, change, field, verification):
    settings.ACCOUNT_EMAIL_VERIFICATION = verification

    problem = assert_problem(browser.send("register/", {**ROSE, **change}), 400, "invalid")

    assert {error["field"] for error in problem["errors"]} == {field}
    assert not User.objects.exists()


RIGHTS = {
    "subscription_tier": "enterprise",
    "is_staff": True,
    "is_superuser": True,
    "is_active": False,
    "email_verified_at": "2026-01-01T00:00:00Z",
    "id": "00000000-0000-0000-0000-000000000001",
    "groups": [1],
}


def assert_no_rights(user):
    assert user.subscription_tier == "free"
    assert user.is_active
    assert {user.is_staff, user.is_superuser, user.has_confirmed_email, user.groups.exists()} == {False}
    assert str(user.pk) != RIGHTS["id"]


@pytest.mark.parametrize("verification", ["optional", "mandatory"])
def test_nobody_registers_with_rights(browser, settings, verification):
    settings.ACCOUNT_EMAIL_VERIFICATION = verification

    browser.send("register/", {**ROSE, **RIGHTS})

    assert_no_rights(User.objects.get())


def test_nobody_gives_themselves_rights_or_another_address(browser):
    browser.send("register/", ROSE)

    response = browser.send(
        "user/update/", {**RIGHTS, "email": "eve@example.org", "last_name": "Bush"}, method="patch"
    )

    user = User.objects.get()
    assert_no_rights(user)
    assert (user.email, user.last_name) == ("rose@example.org", "Bush")
    assert response.json()["subscription_tier"] == "free"


def test_a_name_can_be_changed_but_not_to_a_taken_one(browser, person):
    UserFactory(username="Fern")
    browser.sign_in(person)

    taken = browser.send("user/update/", {"username": "fern"}, method="patch")
    done = browser.send("user/update/", {"username": "Moss"}, method="patch")
    bad = browser.send("user/update/", {"username": "a@b"}, method="patch")

    assert assert_problem(taken, 400, "invalid")["errors"][0]["field"] == "username"
    assert done.json()["username"] == "Moss"
    assert_problem(bad, 400, "invalid")


# --- Mandatory confirmation: nobody learns who is here


@pytest.mark.parametrize("known", ["unknown", "confirmed", "unconfirmed", "closed"])
def test_the_answer_is_the_same_for_every_address(mandatory, mails_from, count_hashes, known, db):
    if known != "unknown":
        confirmed_at = None if known == "unconfirmed" else timezone.now()
        UserFactory(email="ROSE@example.org", is_active=known != "closed", email_verified_at=confirmed_at)
    stranger = Browser()

    (response, hashes), mails = mails_from(
        lambda: count_hashes(lambda: stranger.send("register/", ROSE, csrf=False))
    )

    assert response.status_code == 202
    assert response.json() == {"detail": "We have sent a mail to this address. Follow the link in it."}
    assert not response.cookies
    assert hashes == 1
    assert [mail.to[0].lower() for mail in mails] == ["rose@example.org"]
    assert not SignInSession.objects.exists()


def test_a_confirmed_account_is_not_touched_by_a_stranger(mandatory, browser, mails_from):
    owner = UserFactory(email=ROSE["email"], username="owner")

    _, mails = mails_from(lambda: browser.send("register/", {**ROSE, "password": "strangers-own-password"}))

    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)
    assert owner.username == "owner"
    assert "already have" in mails[0].body
    assert "key=" not in mails[0].body


def test_the_latest_application_for_an_unconfirmed_address_counts(mandatory, browser, mails_from):
    _, first_mails = mails_from(lambda: browser.send("register/", {**ROSE, "password": "squatters-password"}))
    _, second_mails = mails_from(lambda: browser.send("register/", ROSE))

    squatter = browser.send("email/verify/", {"key": key_in(first_mails[0])})
    owner = browser.send("email/verify/", {"key": key_in(second_mails[0])})

    assert_problem(squatter, 400, "link_invalid")
    assert owner.status_code == 200
    browser.sign_in(User.objects.get(), PASSWORD)


def test_a_name_asked_for_with_a_known_address_does_not_tell_by_being_taken(mandatory, browser):
    """Were the name kept for an unknown address only, asking again would tell which it was."""
    UserFactory(email="known@example.org")
    for email in ("known@example.org", "unknown@example.org"):
        browser.send("register/", {**ROSE, "email": email, "username": f"probe-{email[:5]}"})

    answers = [
        browser.send(
            "register/", {**ROSE, "email": "third@example.org", "username": f"probe-{name}"}
        ).status_code
        for name in ("known", "unkno")
    ]

    assert answers == [202, 202]


def test_confirming_gives_the_name_that_was_asked_for(mandatory, browser, mails_from):
    _, mails = mails_from(lambda: browser.send("register/", ROSE))
    assert User.objects.get().username.startswith("user-")

    browser.send("email/verify/", {"key": key_in(mails[0])})

    assert User.objects.get().username == "Rose"
    assert browser.sign_in(User.objects.get()).json()["user"]["username"] == "Rose"


def test_a_name_taken_meanwhile_stays_with_whoever_was_first(mandatory, browser, mails_from):
    _, mails = mails_from(lambda: browser.send("register/", ROSE))
    UserFactory(username="rose")

    assert browser.send("email/verify/", {"key": key_in(mails[0])}).status_code == 200

    assert User.objects.get(email=ROSE["email"]).username.startswith("user-")


@pytest.mark.parametrize("path", ["login/", "token/"])
def test_signing_in_needs_the_confirmed_address(mandatory, browser, path):
    browser.send("register/", ROSE)

    wrong = browser.send(path, {"login": ROSE["email"], "password": "not-the-password"})
    right = browser.send(path, {"login": ROSE["email"], "password": PASSWORD})

    assert_problem(wrong, 401, "authentication_failed")
    assert_problem(right, 403, "email_not_verified")
    assert not SignInSession.objects.exists()


# --- Signing in tells nobody who is here


@pytest.mark.parametrize("path", ["login/", "token/"])
@pytest.mark.parametrize("verification", ["optional", "mandatory"])
def test_a_failed_sign_in_says_and_costs_the_same_whoever_is_named(
    browser, settings, count_hashes, path, verification
):
    settings.ACCOUNT_EMAIL_VERIFICATION = verification
    UserFactory(username="known")
    UserFactory(username="closed", is_active=False)
    UserFactory(username="unconfirmed", email_verified_at=None)
    UserFactory(username="no-password", password=None)
    answers, costs = [], set()
    for login in ("known", "closed", "unconfirmed", "no-password", "unknown", "unknown@example.org"):
        password = PASSWORD if login == "closed" else "not-the-password"
        with CaptureQueriesContext(connection) as queries:
            response, hashes = count_hashes(
                lambda: browser.send(path, {"login": login, "password": password})  # noqa: B023
            )
        problem = assert_problem(response, 401, "authentication_failed")
        del problem["request_id"]
        answers.append(problem)
        costs.add((hashes, len(queries)))

    assert all(answer == answers[0] for answer in answers)
    assert [hashes for hashes, _ in costs] == [1]
