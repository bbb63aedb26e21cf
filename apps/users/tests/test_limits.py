import pytest

from apps.core.redis import OUTAGE
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.problems import assert_problem

WRONG = "not-the-password"


@pytest.fixture
def attempt(app, api_client):
    def sign_in(login, password=WRONG, address="203.0.113.1", path="token/"):
        api_client.defaults["REMOTE_ADDR"] = address
        return app(path, {"login": login, "password": password})

    return sign_in


def test_after_five_failures_an_address_has_to_wait(attempt, person):
    answers = [attempt(f"nobody{number}").status_code for number in range(5)]

    refused = attempt(person.email, PASSWORD)

    assert answers == [401] * 5
    assert_problem(refused, 429, "throttled")
    assert 1 <= int(refused["Retry-After"]) <= 15 * 60
    assert '"sign-in-address"' in refused["RateLimit"]
    assert attempt(person.email, PASSWORD, address="203.0.113.2").status_code == 200


@pytest.mark.parametrize("known", [True, False])
def test_after_five_failures_an_account_has_to_wait_whether_or_not_it_exists(attempt, person, known):
    login = person.email if known else "nobody@example.org"
    answers = [attempt(login, address=f"203.0.113.{number}").status_code for number in range(5)]

    refused = attempt(login.upper(), address="203.0.113.99")

    assert answers == [401] * 5
    assert_problem(refused, 429, "throttled")


def test_signing_in_rightly_counts_nothing(attempt, person):
    assert [attempt(person.email, PASSWORD).status_code for _ in range(8)] == [200] * 8


def test_the_web_and_the_app_share_the_count(attempt, browser, person):
    for number in range(5):
        attempt(person.email, address=f"203.0.113.{number}")

    response = browser.send("login/", {"login": person.email, "password": PASSWORD})

    assert_problem(response, 429, "throttled")


def test_the_limit_is_a_setting(attempt, settings):
    settings.SIGN_IN_RATE = 1

    assert [attempt("nobody").status_code for _ in range(2)] == [401, 429]


def test_without_redis_failures_are_counted_in_the_process(attempt, monkeypatch):
    monkeypatch.setattr(type(OUTAGE), "is_down", property(lambda _: True))

    assert [attempt("nobody").status_code for _ in range(6)] == [401] * 5 + [429]


def registration(number):
    return {"email": f"rose{number}@example.org", "password": PASSWORD}


@pytest.mark.parametrize("verification", ["optional", "mandatory"])
def test_an_address_registers_three_times_an_hour(browser, settings, verification):
    settings.ACCOUNT_EMAIL_VERIFICATION = verification
    answers = [browser.send("register/", registration(number)) for number in range(4)]

    assert {answer.status_code for answer in answers[:3]} <= {201, 202}
    assert_problem(answers[3], 429, "throttled")
    assert int(answers[3]["Retry-After"]) <= 3_600


def test_nobody_is_flooded_with_mails_from_many_addresses(mandatory, app, api_client, mails_from):
    UserFactory(email="rose1@example.org")

    def apply(number):
        api_client.defaults["REMOTE_ADDR"] = f"203.0.113.{number}"
        return app("register/", registration(1))

    answers, mails = mails_from(lambda: [apply(number).status_code for number in range(4)])

    assert answers == [202, 202, 202, 429]
    assert len(mails) == 3


def test_input_that_is_put_right_costs_no_registration(browser):
    for _ in range(4):
        assert_problem(browser.send("register/", {**registration(1), "email": "no address"}), 400, "invalid")

    assert browser.send("register/", registration(1)).status_code == 201


def test_confirmation_mails_are_sent_again_three_times_an_hour(app, db):
    answers = [app("email/resend/", {"email": "rose@example.org"}) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
    assert_problem(answers[3], 429, "throttled")
