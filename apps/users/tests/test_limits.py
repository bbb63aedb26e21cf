from datetime import timedelta

import pytest
from django.db.models import F

from apps.core.api.limits import FALLBACK
from apps.core.redis import OUTAGE, is_redis_available
from apps.core.redis.outage import RedisLeftAlone
from apps.users.constants import KNOWN_DEVICES_MAX
from apps.users.models import AttemptCount, KnownDevice, User
from apps.users.services.attempts import forget_old_counts
from apps.users.services.devices import is_known_device
from apps.users.services.passwords import password_key
from apps.users.tests.conftest import Browser
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


def pass_time(seconds):
    by = timedelta(seconds=seconds)
    AttemptCount.objects.update(refused_until=F("refused_until") - by, expires_at=F("expires_at") - by)


def test_after_that_single_tries_pass_after_pauses_that_double_up_to_fifteen_minutes(attempt, person):
    for _ in range(5):
        attempt(person.email)
    pauses = []
    for _ in range(7):
        pauses.append(int(attempt(person.email)["Retry-After"]))
        pass_time(pauses[-1])
        assert attempt(person.email).status_code == 401

    assert pauses == [30, 60, 120, 240, 480, 900, 900]
    pass_time(900)
    assert attempt(person.email, PASSWORD).status_code == 200


def test_after_a_quiet_quarter_of_an_hour_everything_is_forgotten(attempt, person):
    for _ in range(5):
        attempt(person.email)
    pass_time(30 + 15 * 60)

    assert [attempt(person.email).status_code for _ in range(6)] == [401] * 5 + [429]


@pytest.fixture
def without_redis(monkeypatch):
    def refuse():
        raise RedisLeftAlone("gone")

    monkeypatch.setattr(OUTAGE, "_down", True)
    monkeypatch.setattr(OUTAGE, "admit", refuse)
    monkeypatch.setattr(OUTAGE, "note_answer", lambda: None)
    assert not is_redis_available()


def test_without_redis_failures_and_registrations_are_counted_all_the_same(without_redis, attempt, browser):
    assert [attempt("nobody").status_code for _ in range(6)] == [401] * 5 + [429]
    FALLBACK.clear()  # as in another process
    assert attempt("nobody").status_code == 429
    statuses = [browser.send("register/", registration(number)).status_code for number in range(4)]
    assert statuses == [201] * 3 + [429]


def test_what_is_counted_cannot_be_read_in_the_table_and_does_not_pile_up(attempt, person, monkeypatch):
    for number in range(4):
        attempt(f"nobody{number}@example.org", address=f"203.0.113.{number}")
    assert "nobody" not in str(list(AttemptCount.objects.values_list("key", flat=True)))
    assert AttemptCount.objects.count() == 8

    monkeypatch.setattr("apps.users.services.attempts.ATTEMPT_COUNTS_MAX", 3)
    forget_old_counts()
    assert AttemptCount.objects.count() == 3
    pass_time(16 * 60)
    monkeypatch.setattr("apps.users.services.attempts._CARETAKER", "")
    attempt("nobody9@example.org", address="203.0.113.9")
    assert AttemptCount.objects.count() == 2


# --- Devices


def fail_from_elsewhere(attempt, login):
    for number in range(6):
        attempt(login, address=f"198.51.100.{number}")


def test_strangers_cannot_keep_the_browser_out_that_the_owner_has_signed_in_on(attempt, person):
    known, new = Browser(), Browser()
    known.sign_in(person)
    known.send("logout/")
    cookie = known.cookies["device"]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")

    fail_from_elsewhere(attempt, person.email)

    body = {"login": person.email, "password": PASSWORD}
    assert_problem(new.send("login/", body), 429, "throttled")
    assert known.send("login/", body).status_code == 200
    assert known.send("login/", {**body, "login": person.username}).status_code == 200


def test_an_app_shows_the_token_it_was_given(attempt, app, person):
    body = {"login": person.email, "password": PASSWORD}
    token = app("token/", body)["X-Device-Token"]

    fail_from_elsewhere(attempt, person.email)

    assert app("token/", body).status_code == 429
    again = app("token/", body, **{"X-Device-Token": token})
    assert (again.status_code, again["X-Device-Token"]) == (200, token)
    made_up = app("token/", body, **{"X-Device-Token": "x" * 43})
    assert made_up.status_code == 429


def test_a_known_device_has_a_limit_of_its_own_and_is_unknown_to_other_accounts(app, person):
    other = UserFactory()
    token = app("token/", {"login": person.email, "password": PASSWORD})["X-Device-Token"]

    def guess(user):
        body = {"login": user.email, "password": WRONG}
        return app("token/", body, **{"X-Device-Token": token})

    answers = [guess(person) for _ in range(6)]
    elsewhere = [guess(other) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert '"sign-in-device"' in answers[0]["RateLimit"]
    assert [answer.status_code for answer in elsewhere] == [401] * 5 + [429]
    assert '"sign-in-account"' in elsewhere[0]["RateLimit"]


def test_devices_are_few_and_forgotten_with_a_new_password(app, person, tokens_of):
    body = {"login": person.email, "password": PASSWORD}
    first = app("token/", body)["X-Device-Token"]
    tokens = [app("token/", body)["X-Device-Token"] for _ in range(KNOWN_DEVICES_MAX)]
    assert KnownDevice.objects.filter(user=person).count() == KNOWN_DEVICES_MAX
    assert not is_known_device(login=person.email, token=first)

    here = tokens[-1]
    change = {"current_password": PASSWORD, "new_password": "fern-and-liverwort-7"}
    token = app("token/", body, **{"X-Device-Token": here}).json()["access"]
    app("password/change/", change, token=token, **{"X-Device-Token": here})

    assert [is_known_device(login=person.email, token=each) for each in tokens[-2:]] == [False, True]


def test_people_who_share_a_browser_are_both_known_on_it(person):
    other, browser = UserFactory(), Browser()
    for user in (person, other):
        browser.sign_in(user)
        browser.send("logout/")

    token = browser.cookies["device"].value
    assert is_known_device(login=person.email, token=token)
    assert is_known_device(login=other.username, token=token)


def test_the_link_for_a_new_password_lets_a_person_in_whom_strangers_keep_out(attempt, app, person):
    fail_from_elsewhere(attempt, person.email)
    browser = Browser()
    body = {"key": password_key(user=person), "password": "fern-and-liverwort-7"}

    browser.send("password/reset/confirm/", body)

    body = {"login": person.email, "password": body["password"]}
    assert app("token/", body).status_code == 429
    assert browser.send("login/", body).status_code == 200


# --- Other proofs, and mails


def test_a_current_password_cannot_be_guessed_without_end(app, person, tokens_of):
    token = tokens_of(person)["access"]
    body = {"current_password": WRONG, "new_password": "fern-and-liverwort-7"}

    answers = [app("password/change/", body, token=token).status_code for _ in range(6)]

    assert answers == [400] * 5 + [429]


@pytest.mark.parametrize("path", ["/admin/login/", "/cms/login/", "/_util/login/"])
def test_no_other_sign_in_form_is_a_way_round_the_limits(client, attempt, path):
    root = User.objects.create_superuser("root", "root@example.org", PASSWORD)
    for _ in range(5):
        assert client.post(path, {"username": "root", "password": WRONG}).status_code == 200

    assert client.post(path, {"username": "root", "password": PASSWORD}).status_code == 200  # the form again
    assert "_auth_user_id" not in client.session
    assert attempt(root.username, PASSWORD).status_code == 429
    pass_time(16 * 60)
    assert client.post(path, {"username": "root", "password": PASSWORD}).status_code == 302


def test_mails_for_a_new_password_are_sent_three_times_an_hour(app, person, mails_from, api_client):
    def ask(number):
        api_client.defaults["REMOTE_ADDR"] = f"203.0.113.{number}"
        return app("password/reset/", {"email": person.email}).status_code

    answers, mails = mails_from(lambda: [ask(number) for number in range(4)])

    assert answers == [202] * 3 + [429]
    assert len(mails) == 3


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
