"""A browser that goes to Google, which the sandbox plays, and comes back."""

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from apps.users.services import google as google_service
from apps.users.tests.conftest import AUTH, Browser

LOGIN, CALLBACK = "oauth/google/login/", "oauth/google/callback/"
APP = "org.example.plants:/signed-in"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ROSA = "rosa@gmail.com"


@pytest.fixture
def google(sandbox, settings):
    settings.GOOGLE_OAUTH_CLIENT_ID = "plants"
    settings.GOOGLE_OAUTH_CLIENT_SECRET = "not-told-to-anybody"
    settings.GOOGLE_OAUTH_ISSUER = sandbox.google_url
    settings.OAUTH_APP_REDIRECT_URIS = [APP]
    settings.SITE_URL = "https://plants.example.org"
    settings.OAUTH_RATE = 1_000
    google_service.provider_of.cache_clear()  # it remembers what the sandbox said to the last test
    return sandbox


class Visitor(Browser):
    """A browser that goes to Google and comes back, and then sends in what it came back with."""

    def begin(self, **asked):
        return self.client.get(AUTH + LOGIN, asked or {"return_to": "/garden/"})

    def visit_google(self, **asked):
        begun = self.begin(**asked)
        assert begun.status_code == 302, begun.content
        there = requests.get(begun["Location"], allow_redirects=False, timeout=10)
        assert there.status_code == 302, there.text
        return there.headers["Location"]

    def come_back(self, address):
        assert address.startswith(f"https://plants.example.org{AUTH}{CALLBACK}?")
        return self.client.get(AUTH + CALLBACK, query_of(address))

    def sign_in(self, **asked):
        back = self.come_back(self.visit_google(**asked))
        assert back.status_code == 302, back.content
        return self.send(CALLBACK, {"code": query_of(back["Location"])["code"]})


def query_of(address):
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


@pytest.fixture
def visitor(db, google):
    return Visitor()


@pytest.fixture
def app_code(visitor):
    """What an app gets back at its own address."""
    back = visitor.come_back(
        visitor.visit_google(
            redirect_uri=APP, code_challenge=CHALLENGE, code_challenge_method="S256", state="s1"
        )
    )
    return query_of(back["Location"])["code"]
