import pytest

from apps.users.models import SignInSession
from apps.users.tests.conftest import AUTH, Browser
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.problems import assert_problem


def test_signing_in_answers_the_person_and_nothing_secret(browser, person):
    response = browser.sign_in(person)

    assert set(response.json()) == {"user"}
    assert response.json()["user"]["id"] == str(person.pk)
    assert "password" not in response.content.decode()
    assert "no-store" in response["Cache-Control"]


def test_the_cookies_are_out_of_reach_for_scripts_and_strange_pages(browser, person):
    browser.sign_in(person)

    access, refresh = browser.cookies["access_token"], browser.cookies["refresh_token"]
    for cookie in (access, refresh):
        assert cookie["httponly"]
        assert cookie["secure"]
        assert cookie["samesite"] == "Lax"
    assert (access["path"], refresh["path"]) == ("/", "/api/")
    assert (access["max-age"], refresh["max-age"]) == (60 * 60, 7 * 24 * 60 * 60)


def test_in_development_the_cookies_work_without_tls(browser, person, settings):
    settings.DEBUG = True

    browser.sign_in(person)

    assert not browser.cookies["access_token"]["secure"]


@pytest.mark.parametrize("field", ["login", "email", "username"])
def test_the_account_may_be_named_in_any_of_the_three_fields(browser, person, field):
    login = person.username if field == "username" else person.email.upper()

    assert browser.send("login/", {field: login, "password": PASSWORD}).status_code == 200


def test_a_sign_in_without_an_account_is_invalid(browser):
    problem = assert_problem(browser.send("login/", {"password": PASSWORD}), 400, "invalid")

    assert problem["errors"][0]["field"] == "login"


@pytest.mark.parametrize(
    "body", [{"login": ["a"], "password": {}}, {"login": "a\x00b", "password": "x"}, [1], "x"]
)
def test_a_body_of_the_wrong_form_is_invalid_not_an_error_of_ours(browser, body):
    assert browser.send("login/", body).status_code == 400


def test_signing_in_needs_the_csrf_token(browser, person):
    browser.fetch_csrf_token()

    response = browser.send("login/", {"login": person.email, "password": PASSWORD}, csrf=False)

    assert_problem(response, 403, "csrf_failed")
    assert "access_token" not in browser.cookies


def test_a_csrf_token_of_somebody_else_does_not_do(browser, person):
    browser.fetch_csrf_token()
    strange = Browser().fetch_csrf_token()

    response = browser.send(
        "login/", {"login": person.email, "password": PASSWORD}, csrf=False, headers={"X-CSRFToken": strange}
    )

    assert_problem(response, 403, "csrf_failed")


def test_the_cookie_signs_in_and_reading_needs_no_csrf_token(browser, person):
    browser.sign_in(person)

    assert browser.get("user/").json()["email"] == person.email


def test_nobody_is_signed_in_without_a_token(browser):
    assert_problem(browser.get("user/"), 401, "not_authenticated")
    assert_problem(
        browser.send("user/update/", {"first_name": "X"}, method="patch"), 401, "not_authenticated"
    )


def test_changing_something_with_the_cookie_needs_the_csrf_token(browser, person):
    browser.sign_in(person)

    refused = browser.send("user/update/", {"first_name": "Eve"}, method="patch", csrf=False)
    done = browser.send("user/update/", {"first_name": "Rose"}, method="patch")

    assert_problem(refused, 403, "csrf_failed")
    assert done.json()["first_name"] == "Rose"


def test_over_tls_a_request_from_another_site_is_refused(browser, person):
    browser.sign_in(person)

    response = browser.send(
        "user/update/",
        {"first_name": "Eve"},
        method="patch",
        headers={"Origin": "https://evil.example"},
        secure=True,
    )

    assert_problem(response, 403, "csrf_failed")


def test_a_bearer_token_needs_no_csrf_and_wins_over_the_cookie(browser, person, tokens_of):
    other = UserFactory()
    browser.sign_in(person)

    response = browser.send(
        "user/update/",
        {"first_name": "Fern"},
        method="patch",
        csrf=False,
        headers={"Authorization": f"Bearer {tokens_of(other)['access']}"},
    )

    assert response.json()["id"] == str(other.pk)


def test_a_bad_bearer_token_is_refused_even_beside_a_good_cookie(browser, person):
    browser.sign_in(person)

    response = browser.client.get(AUTH + "user/", headers={"Authorization": "Bearer nonsense"})

    assert_problem(response, 401, "authentication_failed")


def test_signing_out_ends_both_tokens_and_clears_the_cookies(browser, person, whoami, app):
    browser.sign_in(person)
    access, refresh = browser.cookies["access_token"].value, browser.cookies["refresh_token"].value

    response = browser.send("logout/")

    assert response.status_code == 204
    for name, path in (("access_token", "/"), ("refresh_token", "/api/")):
        assert response.cookies[name].value == ""
        assert (response.cookies[name]["max-age"], response.cookies[name]["path"]) == (0, path)
    assert_problem(whoami(access), 401, "authentication_failed")
    assert_problem(app("token/refresh/", {"refresh": refresh}), 401, "authentication_failed")


def test_signing_out_needs_the_csrf_token_where_cookies_are_sent(browser, person):
    browser.sign_in(person)

    assert_problem(browser.send("logout/", csrf=False), 403, "csrf_failed")
    assert SignInSession.objects.get().revoked_at is None


def test_signing_out_twice_or_without_ever_signing_in_is_no_mistake(browser, person):
    browser.sign_in(person)
    browser.send("logout/")

    assert browser.send("logout/").status_code == 204
    assert Browser().send("logout/", csrf=False).status_code == 204


def test_the_app_can_sign_out_with_its_tokens(app, person, tokens_of, whoami):
    tokens = tokens_of(person)

    assert app("logout/", token=tokens["access"]).status_code == 204
    assert_problem(whoami(tokens["access"]), 401, "authentication_failed")


def test_the_web_refreshes_by_cookie_with_the_csrf_token(browser, person):
    browser.sign_in(person)
    before = browser.cookies["refresh_token"].value
    del browser.cookies["access_token"]

    refused = browser.send("token/refresh/", csrf=False)
    done = browser.send("token/refresh/")

    assert_problem(refused, 403, "csrf_failed")
    assert set(done.json()) == {"user"}
    assert browser.cookies["refresh_token"].value != before
    assert browser.get("user/").status_code == 200


def test_dead_cookies_are_cleared_when_they_cannot_be_refreshed(browser, person):
    browser.sign_in(person)
    SignInSession.objects.all().delete()

    response = browser.send("token/refresh/")

    assert_problem(response, 401, "authentication_failed")
    assert response.cookies["refresh_token"]["max-age"] == 0


def test_the_same_endpoints_answer_without_the_version(browser, person):
    browser.sign_in(person)

    assert browser.client.get("/api/auth/user/").json()["id"] == str(person.pk)
