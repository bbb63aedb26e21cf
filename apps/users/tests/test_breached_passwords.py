import hashlib
from concurrent.futures import Future

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from apps.core.resilience.shared_cache import SharedCache
from apps.users.metrics import BREACH_CHECKS
from apps.users.services import breached_passwords
from apps.users.tests.factories import PASSWORD
from apps.users.tests.problems import assert_problem

BREACHED = "sandbox-breached-password"
SERVICE = "pwned_passwords"


@pytest.fixture(autouse=True)
def service(sandbox, settings, monkeypatch):
    settings.BREACHED_PASSWORDS_URL = sandbox.pwned_passwords_url
    monkeypatch.setattr(breached_passwords, "BREACHES_DEADLINE_S", 0.3)
    monkeypatch.setattr(breached_passwords, "CACHE", SharedCache())
    breached_passwords.OUTAGE.forget()
    return sandbox


def is_taken(password):
    try:
        validate_password(password)
    except ValidationError as exc:
        return [error.code for error in exc.error_list] != ["password_breached"]
    return True


def counted(outcome):
    return BREACH_CHECKS.labels(outcome)._value.get()


def test_a_breached_password_is_refused_at_registration_with_a_reason(browser):
    body = {"email": "rose@example.org", "password": BREACHED}

    problem = assert_problem(browser.send("register/", body), 400, "invalid")

    assert [(error["field"], error["code"]) for error in problem["errors"]] == [
        ("password", "password_breached")
    ]
    assert browser.send("register/", {**body, "password": PASSWORD}).status_code == 201


def test_the_service_learns_five_digits_and_pads_its_answer(service, monkeypatch):
    asked = []
    send = breached_passwords._client.send
    monkeypatch.setattr(
        breached_passwords._client,
        "send",
        lambda *args, **kwargs: asked.append((args, kwargs)) or send(*args, **kwargs),
    )

    assert not is_taken(BREACHED)

    ((method, url), options) = asked[0]
    digest = hashlib.sha1(BREACHED.encode()).hexdigest().upper()
    assert (method, url) == ("GET", f"{service.pwned_passwords_url}/{digest[:5]}")
    assert options["headers"]["Add-Padding"] == "true"
    assert digest[5:] not in str(asked)


def test_what_the_service_said_is_kept_for_a_while(service):
    assert not is_taken(BREACHED)
    service.fault(SERVICE, "status", 503, match="any")

    assert not is_taken(BREACHED)


@pytest.mark.parametrize(
    ("kind", "value"),
    [("status", 503), ("status", 429), ("html", None), ("drop", None), ("latency", 30), ("slow_drip", None)],
)
def test_without_an_answer_the_password_is_taken_and_the_service_left_alone_for_a_while(
    service, kind, value, caplog
):
    service.fault(SERVICE, kind, value, match="any")
    failed, left_alone = counted("no_answer"), counted("not_asked")

    assert is_taken(BREACHED)
    service.clear_faults()
    assert is_taken(BREACHED)

    assert (counted("no_answer") - failed, counted("not_asked") - left_alone) == (1, 1)
    assert "Have I Been Pwned unavailable" in caplog.text
    assert BREACHED not in caplog.text
    breached_passwords.OUTAGE.forget()
    assert not is_taken(BREACHED)


def test_a_name_that_cannot_be_looked_up_does_not_hold_anybody_up(monkeypatch):
    monkeypatch.setattr(breached_passwords, "BREACHES_WAIT_S", 0.05)
    monkeypatch.setattr(breached_passwords._pool, "submit", lambda *_: Future())  # never done

    assert is_taken(BREACHED)


def test_nobody_is_asked_where_no_address_is_set(settings, monkeypatch):
    settings.BREACHED_PASSWORDS_URL = ""
    monkeypatch.setattr(breached_passwords, "_ask", pytest.fail)

    assert is_taken(BREACHED)
