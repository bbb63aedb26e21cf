"""Limits when several come at the same moment, and Redis is gone; asks for a database that locks rows."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections
from rest_framework.test import APIClient

from apps.core.redis import OUTAGE
from apps.core.redis.outage import RedisLeftAlone
from apps.users.services import signing_in
from apps.users.tests.conftest import AUTH
from apps.users.tests.factories import PASSWORD, UserFactory

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs row locks"),
]
AT_ONCE = 6


@pytest.fixture(autouse=True)
def _without_redis(monkeypatch):
    def refuse():
        raise RedisLeftAlone("gone")

    monkeypatch.setattr(OUTAGE, "_down", True)
    monkeypatch.setattr(OUTAGE, "admit", refuse)


def sign_in(login, password, address="203.0.113.1"):
    try:
        client = APIClient(REMOTE_ADDR=address)
        return client.post(AUTH + "token/", {"login": login, "password": password}).status_code
    finally:
        connections.close_all()


def test_of_many_guesses_at_once_no_more_are_looked_at_than_the_limit_allows(settings):
    settings.SIGN_IN_RATE = 2
    user = UserFactory()
    start = threading.Barrier(AT_ONCE)

    def guess(number):
        start.wait(timeout=10)
        return sign_in(user.email, "wrong", address=f"203.0.113.{number}")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = sorted(pool.map(guess, range(AT_ONCE)))

    assert answers == [401] * 2 + [429] * (AT_ONCE - 2)


def test_a_right_guess_does_not_slip_through_while_another_is_looked_at(settings, monkeypatch):
    settings.SIGN_IN_RATE = 1
    user = UserFactory()
    looking, go_on = threading.Event(), threading.Event()
    check = signing_in.check_password

    def look_for_long(**who):
        looking.set()
        assert go_on.wait(timeout=10)
        return check(**who)

    with ThreadPoolExecutor(1) as pool:
        try:
            monkeypatch.setattr(signing_in, "check_password", look_for_long)
            first = pool.submit(sign_in, user.email, "wrong")
            assert looking.wait(timeout=10)
            monkeypatch.setattr(signing_in, "check_password", check)
            second = sign_in(user.email, PASSWORD, address="203.0.113.2")
        finally:
            go_on.set()
        assert (first.result(timeout=10), second) == (401, 429)
