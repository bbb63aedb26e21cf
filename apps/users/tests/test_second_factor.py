from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from django.contrib.auth import authenticate
from django.core import signing
from django.test import RequestFactory
from django.utils import timezone

from apps.core.testing.clock import FakeClock
from apps.users.constants import SECOND_FACTOR_TICKET_SALT
from apps.users.models import AuthenticatorApp, RecoveryCode, SignInSession, User
from apps.users.services import second_factor
from apps.users.services.passwords import password_key
from apps.users.services.second_factor import confirm_app, offer_app
from apps.users.services.sessions import open_session
from apps.users.tests.conftest import AUTH
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.problems import assert_problem
from apps.users.types import Client

NEW_PASSWORD = "fern-and-liverwort-7"


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    clock = FakeClock()
    monkeypatch.setattr(second_factor, "CLOCK", clock)
    return clock


@pytest.fixture
def phone(person, clock):
    """The person's authenticator app, set up 30 seconds ago; `phone.recovery_codes` lie in a drawer."""

    class Phone:
        def __init__(self):
            self.totp = pyotp.TOTP(offer_app(user=person).secret)
            self.recovery_codes = confirm_app(user=person, code=self.code())
            clock.advance(30)

        def code(self, steps=0):
            return self.totp.at(int(clock.wall()) + 30 * steps)

    return Phone()


@pytest.fixture
def ticket(app, person):
    def get():
        problem = app("token/", {"login": person.email, "password": PASSWORD}).json()
        return problem["ticket"]

    return get


# --- Setting it up


def test_setting_it_up_shows_a_secret_then_wants_a_code_then_shows_ten_recovery_codes(
    app, person, tokens_of, clock, mails_from, api_client
):
    token = tokens_of(person)["access"]

    offer = app("mfa/totp/", {"password": PASSWORD}, token=token)
    assert offer.status_code == 201
    assert "no-store" in offer["Cache-Control"]
    url = urlsplit(offer.json()["otpauth_url"])
    assert (url.scheme, url.netloc) == ("otpauth", "totp")
    secret = parse_qs(url.query)["secret"][0]
    assert secret == offer.json()["secret"]
    assert secret not in AuthenticatorApp.objects.get().encrypted_secret
    assert (
        app("token/", {"login": person.email, "password": PASSWORD}).status_code == 200
    )  # asks for none yet

    code = pyotp.TOTP(secret).at(int(clock.wall()))
    confirmed, mails = mails_from(lambda: app("mfa/totp/confirm/", {"code": code}, token=token))

    codes = confirmed.json()["recovery_codes"]
    assert len(set(codes)) == 10
    kept = set(RecoveryCode.objects.values_list("digest", flat=True))
    assert not kept & set(codes)
    assert [mail.to for mail in mails] == [[person.email]]
    status = api_client.get(AUTH + "mfa/", headers={"Authorization": f"Bearer {token}"}).json()
    assert (status["totp"], status["recovery_codes_left"]) == (True, 10)
    assert app("token/", {"login": person.email, "password": PASSWORD}).status_code == 403


def test_it_takes_the_password_a_confirmed_address_and_nothing_there_yet(app, person, tokens_of, phone):
    token = tokens_of(UserFactory(email_verified_at=None))["access"]
    other = tokens_of(UserFactory())["access"]

    assert_problem(app("mfa/totp/", {"password": "wrong"}, token=token), 400, "invalid")
    assert_problem(app("mfa/totp/", {}, token=token), 400, "invalid")
    assert_problem(app("mfa/totp/", {"password": PASSWORD}, token=token), 403, "email_not_verified")
    assert_problem(app("mfa/totp/confirm/", {"code": "123456"}, token=token), 409, "conflict")
    assert_problem(app("mfa/totp/remove/", {"password": PASSWORD}, token=other), 409, "conflict")
    assert_problem(app("mfa/recovery-codes/", {"password": PASSWORD}, token=other), 409, "conflict")
    assert AuthenticatorApp.objects.get().user == person


def test_a_wrong_first_code_and_an_old_offer_confirm_nothing(app, person, tokens_of, clock):
    token = tokens_of(person)["access"]
    secret = app("mfa/totp/", {"password": PASSWORD}, token=token).json()["secret"]
    right = pyotp.TOTP(secret).at(int(clock.wall()))
    wrong = f"{(int(right) + 1) % 1_000_000:06}"

    assert_problem(app("mfa/totp/confirm/", {"code": wrong}, token=token), 401, "authentication_failed")
    AuthenticatorApp.objects.update(offered_at=timezone.now() - timedelta(minutes=11))
    assert_problem(app("mfa/totp/confirm/", {"code": right}, token=token), 409, "conflict")
    assert not AuthenticatorApp.objects.filter(confirmed_at__isnull=False).exists()


def test_who_has_no_password_sets_it_up_by_being_signed_in(app, person):
    person.set_unusable_password()
    person.save()
    token = open_session(user=person, client=Client("", "")).tokens.access

    assert app("mfa/totp/", {}, token=token).status_code == 201
    assert_problem(app("mfa/totp/", {"password": "x"}, token=token), 400, "invalid")


@pytest.mark.parametrize("path", ["totp/", "totp/confirm/", "totp/remove/", "recovery-codes/", ""])
def test_nobody_reaches_it_without_signing_in(app, api_client, db, path):
    answer = app(f"mfa/{path}") if path else api_client.get(AUTH + "mfa/")

    assert_problem(answer, 401, "not_authenticated")


# --- Signing in


def test_an_app_signs_in_with_password_then_code(app, person, phone, whoami):
    first = app("token/", {"login": person.email, "password": PASSWORD})
    problem = assert_problem(first, 403, "second_factor_required")
    assert not SignInSession.objects.exists()

    second = app("mfa/verify/", {"ticket": problem["ticket"], "code": phone.code()})

    assert set(second.json()) == {"access", "refresh"}
    assert second["X-Device-Token"]
    assert whoami(second.json()["access"]).json()["id"] == str(person.pk)


def test_a_browser_signs_in_with_password_then_code_and_gets_cookies(browser, person, phone):
    first = browser.send("login/", {"login": person.email, "password": PASSWORD})
    assert_problem(first, 403, "second_factor_required")
    assert "access_token" not in browser.cookies
    body = {"ticket": first.json()["ticket"], "code": f" {phone.code()[:3]} {phone.code()[3:]} "}

    assert_problem(browser.send("mfa/verify/", body, csrf=False), 403, "csrf_failed")
    second = browser.send("mfa/verify/", body)

    assert set(second.json()) == {"user"}
    assert browser.get("user/").json()["id"] == str(person.pk)


def test_a_wrong_password_says_nothing_of_a_second_step(app, person, phone):
    body = {"login": person.email, "password": "wrong"}

    assert_problem(app("token/", body), 401, "authentication_failed")


def test_no_code_works_twice_nor_an_older_one_after_it(app, phone, ticket):
    def verify(code):
        return app("mfa/verify/", {"ticket": ticket(), "code": code}).status_code

    now = phone.code()
    assert [verify(now), verify(now), verify(phone.code(-1)), verify(phone.code(1))] == [200, 401, 401, 200]


def test_clocks_may_differ_by_one_step_and_no_more(app, phone, ticket, clock):
    clock.advance(300)

    for steps, status in ((-2, 401), (2, 401), (-1, 200), (1, 200)):
        answer = app("mfa/verify/", {"ticket": ticket(), "code": phone.code(steps)})
        assert answer.status_code == status


def test_a_recovery_code_works_once_however_it_is_typed(app, phone, ticket):
    code = phone.recovery_codes[0]

    first = app("mfa/verify/", {"ticket": ticket(), "code": code.upper().replace("-", " ")})
    again = app("mfa/verify/", {"ticket": ticket(), "code": code})
    other = app("mfa/verify/", {"ticket": ticket(), "code": phone.recovery_codes[1]})

    assert (first.status_code, again.status_code, other.status_code) == (200, 401, 200)
    assert RecoveryCode.objects.count() == 8


def test_a_ticket_is_for_one_person_one_password_and_five_minutes(app, person, phone, ticket, monkeypatch):
    stranger = signing.dumps([str(UserFactory().pk), "x", "tokens"], salt=SECOND_FACTOR_TICKET_SALT)
    for bad in (stranger, signing.dumps(["x"]), "nonsense"):
        assert_problem(
            app("mfa/verify/", {"ticket": bad, "code": phone.code()}), 401, "authentication_failed"
        )
    good = ticket()
    with monkeypatch.context() as later:
        later.setattr("apps.users.services.signing_in.SECOND_FACTOR_TICKET_LIFETIME", timedelta(seconds=-1))
        assert app("mfa/verify/", {"ticket": good, "code": phone.code()}).status_code == 401
    app("password/reset/confirm/", {"key": password_key(user=person), "password": NEW_PASSWORD})

    assert app("mfa/verify/", {"ticket": good, "code": phone.code()}).status_code == 401


def test_a_ticket_opens_nothing_else(whoami, app, phone, ticket):
    assert whoami(ticket()).status_code == 401
    assert app("token/refresh/", {"refresh": ticket()}).status_code == 401
    assert_problem(
        app("password/reset/confirm/", {"key": ticket(), "password": NEW_PASSWORD}), 400, "link_invalid"
    )


def test_codes_cannot_be_guessed_without_end(app, phone, ticket, settings):
    settings.SECOND_FACTOR_RATE = 5
    good = ticket()

    answers = [app("mfa/verify/", {"ticket": good, "code": "000000"}).status_code for _ in range(6)]

    assert answers == [401] * 5 + [429]
    assert app("mfa/verify/", {"ticket": good, "code": phone.code()}).status_code == 429


def test_a_new_password_by_mail_does_not_take_the_second_factor_away(app, person, phone):
    app("password/reset/confirm/", {"key": password_key(user=person), "password": NEW_PASSWORD})

    answer = app("token/", {"login": person.email, "password": NEW_PASSWORD})

    assert_problem(answer, 403, "second_factor_required")


def test_with_another_secret_key_recovery_codes_go_on_working(app, phone, ticket, settings, caplog):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-" * 5
    assert app("mfa/verify/", {"ticket": ticket(), "code": phone.code()}).status_code == 200
    settings.SECRET_KEY_FALLBACKS = []

    assert app("mfa/verify/", {"ticket": ticket(), "code": phone.code(1)}).status_code == 401
    assert "second_factor_unreadable" in caplog.text
    answer = app("mfa/verify/", {"ticket": ticket(), "code": phone.recovery_codes[0]})
    assert answer.status_code == 200


# --- Taking it away, and new recovery codes


@pytest.fixture
def signed_in(app, phone, ticket):
    answer = app("mfa/verify/", {"ticket": ticket(), "code": phone.code()})
    return answer.json()["access"]


@pytest.mark.parametrize("proof", ["password", "code", "recovery code"])
def test_it_is_taken_away_with_the_password_or_a_code_and_the_owner_is_told(
    app, person, phone, signed_in, proof, mails_from, clock
):
    for bad in ({"password": "wrong"}, {"code": "000000"}, {}, {"password": PASSWORD, "code": "000000"}):
        assert app("mfa/totp/remove/", bad, token=signed_in).status_code in {400, 401}
    clock.advance(30)
    body = {
        "password": {"password": PASSWORD},
        "code": {"code": phone.code()},
        "recovery code": {"code": phone.recovery_codes[0]},
    }[proof]

    removed, mails = mails_from(lambda: app("mfa/totp/remove/", body, token=signed_in))

    assert removed.status_code == 204
    assert [mail.to for mail in mails] == [[person.email]]
    assert not RecoveryCode.objects.exists()
    assert app("token/", {"login": person.email, "password": PASSWORD}).status_code == 200


def test_new_recovery_codes_replace_the_old_ones(app, phone, signed_in, ticket):
    codes = app("mfa/recovery-codes/", {"password": PASSWORD}, token=signed_in).json()["recovery_codes"]

    assert not set(codes) & set(phone.recovery_codes)
    old = app("mfa/verify/", {"ticket": ticket(), "code": phone.recovery_codes[0]})
    new = app("mfa/verify/", {"ticket": ticket(), "code": codes[0]})
    assert (old.status_code, new.status_code) == (401, 200)


# --- The rooms of staff


@pytest.fixture
def person(db):
    return User.objects.create_superuser("root", "root@example.org", PASSWORD)


@pytest.mark.parametrize("path", ["/admin/login/", "/cms/login/"])
def test_staff_with_a_second_factor_does_not_get_in_with_the_password_alone(client, phone, path, clock):
    body = {"username": "root", "password": PASSWORD}
    for code in ("", "000000", phone.code(-3)):
        refused = client.post(path, {**body, "code": code})
        assert refused.status_code == 200
        assert "_auth_user_id" not in client.session
    assert 'autocomplete="one-time-code"' in refused.content.decode()

    done = client.post(path, {**body, "code": phone.code()})

    assert done.status_code == 302
    assert client.cookies["device"]["httponly"]
    assert client.get("/admin/").status_code == 200
    client.logout()
    assert client.post(path, {**body, "code": phone.code()}).status_code == 200  # the same code again


def test_a_form_that_knows_of_no_codes_lets_nobody_with_a_second_factor_in(client, phone):
    body = {"username": "root", "password": PASSWORD}

    assert client.post("/_util/login/", body).status_code == 200
    assert "_auth_user_id" not in client.session
    request = RequestFactory().post("/")
    assert authenticate(request, **body) is None
    assert authenticate(**body) is None
    assert authenticate(request, **body, code=phone.code()) is not None


def test_staff_without_a_second_factor_needs_no_code_and_others_stay_outside(client, person):
    UserFactory(username="fern")

    assert client.post("/admin/login/", {"username": "fern", "password": PASSWORD}).status_code == 200
    assert "_auth_user_id" not in client.session
    assert client.post("/admin/login/", {"username": "root", "password": PASSWORD}).status_code == 302


def test_people_s_devices_and_apps_can_be_looked_at_and_deleted_in_the_admin(client, person, phone):
    client.force_login(person)
    for name in ("authenticatorapp", "knowndevice"):
        assert client.get(f"/admin/users/{name}/").status_code == 200
        assert client.get(f"/admin/users/{name}/add/").status_code == 403
    secret = AuthenticatorApp.objects.get().encrypted_secret
    page = client.get(f"/admin/users/authenticatorapp/{AuthenticatorApp.objects.get().pk}/change/")
    assert secret not in page.content.decode()
