from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.core.testing.access import AccessCase, assert_only_owner, assert_same_for_missing
from apps.users.models import SignInSession
from apps.users.services.sessions import open_session
from apps.users.tests.conftest import AUTH, Browser
from apps.users.tests.factories import UserFactory
from apps.users.tests.problems import assert_problem
from apps.users.types import Client

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18 Safari/604.1"
END = AccessCase("delete", "v1:auth:session", owner=204)


@pytest.fixture
def session(person):
    return open_session(user=person, client=Client(address="203.0.113.1", user_agent="", name="Firefox"))


def listed(client):
    return client.get(AUTH + "sessions/").json()["results"]


@pytest.mark.parametrize(
    ("agent", "version", "name"),
    [
        (FIREFOX, "", "Firefox on Linux"),
        (EDGE, "", "Edge on Windows"),
        (SAFARI, "web/1.0", "web on iOS"),
        ("Dart/3.5 (dart:io) Android", "android/2.4.1", "android on Android"),
        ("<script>alert(1)</script>", "", ""),
        ("", "", ""),
    ],
)
def test_a_sign_in_is_named_in_words_of_our_own(person, tokens_of, agent, version, name):
    tokens_of(person, **{"User-Agent": agent, "X-Client-Version": version})

    assert SignInSession.objects.get().client_name == name


def test_one_s_own_sign_ins_are_listed_with_this_one_marked(person, tokens_of):
    elsewhere, here = tokens_of(person, **{"User-Agent": EDGE}), Browser(user_agent=FIREFOX)
    here.sign_in(person)
    over = open_session(user=person, client=Client("", "")).user.sign_ins.first()
    SignInSession.objects.filter(pk=over.pk).update(expires_at=timezone.now() - timedelta(seconds=1))

    sessions = listed(here.client)

    assert [(each["client"], each["current"]) for each in sessions] == [
        ("Firefox on Linux", True),
        ("Edge on Windows", False),
    ]
    assert set(sessions[0]) == {"id", "client", "created_at", "last_used_at", "expires_at", "current"}
    assert elsewhere["access"] not in str(sessions)


def test_nobody_sees_sign_ins_of_others_or_without_signing_in(session, api_client):
    assert_problem(api_client.get(AUTH + "sessions/"), 401, "not_authenticated")
    assert_problem(api_client.delete(AUTH + "sessions/"), 401, "not_authenticated")
    api_client.force_authenticate(UserFactory())
    assert listed(api_client) == []
    assert api_client.delete(AUTH + "sessions/").status_code == 204
    assert SignInSession.objects.get().revoked_at is None


def test_only_the_owner_ends_a_sign_in(session, person):
    kwargs = {"session_id": SignInSession.objects.get().pk}
    stranger = UserFactory()

    assert_same_for_missing(END, stranger=stranger, theirs=kwargs, missing={"session_id": uuid4()})
    assert_only_owner(END, owner=person, stranger=stranger, kwargs=kwargs)


def test_an_ended_sign_in_stops_at_once_and_cannot_be_ended_again(person, tokens_of, whoami):
    lost, here = tokens_of(person), Browser()
    here.sign_in(person)
    (other,) = [each["id"] for each in listed(here.client) if not each["current"]]

    assert here.send(f"sessions/{other}/", method="delete").status_code == 204

    assert_problem(whoami(lost["access"]), 401, "authentication_failed")
    assert_problem(here.send(f"sessions/{other}/", method="delete"), 404, "not_found")
    assert len(listed(here.client)) == 1


def test_all_others_are_ended_at_once(person, whoami, tokens_of):
    lost, here = [tokens_of(person), tokens_of(person)], Browser()
    here.sign_in(person)

    refused = here.send("sessions/", method="delete", csrf=False)
    done = here.send("sessions/", method="delete")

    assert_problem(refused, 403, "csrf_failed")
    assert done.status_code == 204
    assert len(listed(here.client)) == 1
    assert {whoami(tokens["access"]).status_code for tokens in lost} == {401}
