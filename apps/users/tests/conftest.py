from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client

from apps.core.outbox import outbox
from apps.users.tests.factories import PASSWORD, UserFactory

AUTH = "/api/v1/auth/"


class Browser:
    """A web client as strict as a real one: CSRF is checked, cookies are kept."""

    def __init__(self, user_agent="Firefox"):
        self.client = Client(enforce_csrf_checks=True, headers={"user-agent": user_agent})

    @property
    def cookies(self):
        return self.client.cookies

    def get(self, path):
        return self.client.get(AUTH + path)

    def fetch_csrf_token(self):
        return self.get("csrf/").json()["csrf_token"]

    def send(self, path, body=None, *, method="post", csrf=True, **extra):
        headers = {**extra.pop("headers", {}), **({"X-CSRFToken": self.fetch_csrf_token()} if csrf else {})}
        call = getattr(self.client, method)
        return call(AUTH + path, body or {}, content_type="application/json", headers=headers, **extra)

    def sign_in(self, user, password=PASSWORD):
        response = self.send("login/", {"login": user.email, "password": password})
        assert response.status_code == 200, response.content
        return response


def key_in(mail):
    link = next(word for word in mail.body.split() if "key=" in word)
    return parse_qs(urlsplit(link).query)["key"][0]


@pytest.fixture
def browser(db):
    return Browser()


@pytest.fixture
def person(db):
    return UserFactory()


@pytest.fixture
def app(db, api_client):
    """The mobile app: JSON without cookies."""

    def post(path, body=None, token=None, **headers):
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        return api_client.post(AUTH + path, body or {}, format="json", headers=headers)

    return post


@pytest.fixture
def tokens_of(app):
    def sign_in(user, **headers):
        response = app("token/", {"login": user.username, "password": PASSWORD}, **headers)
        assert response.status_code == 200, response.content
        return response.json()

    return sign_in


@pytest.fixture
def whoami(api_client):
    def get(token):
        return api_client.get(AUTH + "user/", headers={"Authorization": f"Bearer {token}"})

    return get


@pytest.fixture
def mails_from(db, django_capture_on_commit_callbacks, mailoutbox):
    """What `action` answered, and the mails that were sent because of it."""

    def run(action):
        before = len(mailoutbox)
        with django_capture_on_commit_callbacks(execute=True):
            result = action()
        outbox.submit(lambda: None).result(timeout=10)  # one thread: what came before is done
        return result, mailoutbox[before:]

    return run


@pytest.fixture
def count_hashes(monkeypatch):
    """How many passwords are hashed while `action` runs: what costs the time of the answer."""

    def count(action):
        calls = []
        encode = MD5PasswordHasher.encode
        with monkeypatch.context() as patch:
            patch.setattr(
                MD5PasswordHasher,
                "encode",
                lambda *args, **kwargs: calls.append(1) or encode(*args, **kwargs),
            )
            result = action()
        return result, len(calls)

    return count


@pytest.fixture
def mandatory(settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"


@pytest.fixture(autouse=True)
def _room_for_many_attempts(request, settings):
    """Limits have tests of their own."""
    if "limits" not in request.node.path.name:
        settings.SIGN_IN_RATE = settings.SECOND_FACTOR_RATE = 1_000
        settings.REGISTER_RATE = settings.PASSWORD_RESET_RATE = 1_000
