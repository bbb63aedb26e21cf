"""Names and addresses that look like, or fold into, somebody else's."""

from typing import Any

import pytest
from django.test import Client

from apps.core.outbox import outbox
from apps.users.models import User
from apps.users.tests.factories import PASSWORD, UserFactory

AUTH = "/api/v1/auth/"
KELVIN, DOTLESS, DOTTED, LONG_S = "\u212a", "\u0131", "\u0130", "\u017f"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _room(settings: Any) -> None:
    settings.REGISTER_RATE = settings.SIGN_IN_RATE = 1_000


def post(path: str, body: Any, **extra: Any) -> Any:
    return Client().post(AUTH + path, body, content_type="application/json", **extra)


def codes(response: Any) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in response.json()["errors"]]


@pytest.mark.parametrize(
    "address",
    [
        f"mi{KELVIN}e@example.org",
        f"m{DOTLESS}ke@example.org",
        f"m{DOTTED}ke@example.org",
        f"iri{LONG_S}@example.org",
        "m\u0456ke@example.org",
        "\uff4dike@example.org",
        "mike\u200b@example.org",
        '"mike\x01"@example.org',
        '"mike@evil.example"@example.org',
        "mike@example.org\x00",
        "mike@example.org,eve@evil.example",
        "mike@example.org\r\nBcc: eve@evil.example",
        "mike@example.org%0aBcc:eve@evil.example",
        "<eve@evil.example>mike@example.org",
    ],
)
@pytest.mark.parametrize("path", ["register/", "email/resend/"])
def test_an_address_that_only_looks_like_one_gets_no_account_and_no_mail(
    path: str, address: str, settings: Any, mailoutbox: list[Any]
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    UserFactory(email="mike@example.org", email_verified_at=None)
    response = post(path, {"email": address, "password": PASSWORD})
    assert response.status_code == 400
    assert codes(response)[0][0] == "email"
    assert User.objects.count() == 1
    outbox.submit(lambda: None).result(timeout=10)
    assert mailoutbox == []


@pytest.mark.parametrize(
    "name", ["\u0430dmin", "adm\u0456n", "\u0391dmin", "rose\u03bf", "\u13aadmin", "x\u0585x"]
)
def test_a_name_in_two_alphabets_that_look_alike_is_refused(settings: Any, name: str) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    response = post("register/", {"email": "eve@example.org", "password": PASSWORD, "username": name})
    assert (response.status_code, codes(response)) == (400, [("username", "mixed_alphabets")])
    client = Client()
    person = UserFactory()
    said = client.patch(
        f"{AUTH}user/update/",
        {"username": name},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token_of(person)}"},
    )
    assert (said.status_code, codes(said)) == (400, [("username", "mixed_alphabets")])


def token_of(person: Any) -> str:
    token: str = post("token/", {"login": person.username, "password": PASSWORD}).json()["access"]
    return token


@pytest.mark.parametrize("name", ["Лилия", "Y\u0131lmaz", "さくらSakura", "김민준", "Ελένη", "rosé-2", "Zoë"])
def test_a_name_in_anybody_s_own_alphabet_is_taken(settings: Any, name: str) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    body = {"email": "rose@example.org", "password": PASSWORD, "username": name}
    assert post("register/", body).status_code == 202


@pytest.mark.parametrize(
    "login",
    [
        f"MI{KELVIN}E",
        "\uff4dike",
        "mike\u0301",
        "m\u0456ke",
        f"m{DOTLESS}ke",
        "mike\u200b",
        "mike\u00a0",
        f"m{DOTTED}ke@example.org",
        "mike@example.org.",
        "mike@EXAMPLE.org\u3002",
        "mike@example\u3002org",
    ],
)
def test_who_signs_in_under_a_name_that_looks_the_same_is_that_person_or_nobody(login: str) -> None:
    mike = UserFactory(username="mike", email="mike@example.org")
    response = post("token/", {"login": login, "password": PASSWORD})
    assert response.status_code in {200, 401}
    if response.status_code == 200:
        said = (
            Client()
            .get(f"{AUTH}user/", headers={"Authorization": f"Bearer {response.json()['access']}"})
            .json()
        )
        assert said["id"] == str(mike.pk)


def test_no_way_of_writing_an_account_s_name_has_a_limit_of_its_own(settings: Any) -> None:
    settings.SIGN_IN_RATE = 3
    UserFactory(username="illi", email="illi@example.org")
    ways = ["illi", "ILLI", f"{DOTTED}lli", f"ill{DOTTED}", "\uff49lli", f"{DOTTED}LL{DOTTED}", "i\u0307lli"]
    answers = [
        post("token/", {"login": way, "password": "wrong"}, REMOTE_ADDR=f"10.0.{number}.1").status_code
        for number, way in enumerate(ways)
    ]
    assert answers[-3:] == [429] * 3


@pytest.mark.parametrize("name", ["IRIS", "\uff49ris", "\U0001d422ris"])
def test_no_name_is_given_twice_however_it_is_written(settings: Any, name: str) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    UserFactory(username="iris")
    response = post("register/", {"email": "eve@example.org", "password": PASSWORD, "username": name})
    assert (response.status_code, codes(response)) == (400, [("username", "taken")])
