"""No personal datum in a log line, a metric, an address, or in what others are told.

Somebody whose every datum is a word that stands nowhere else sends it to every operation of the description,
in every field that takes a text. Then the words are looked for.
"""

import io
import json
import logging
import re
import uuid
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from PIL import Image
from rest_framework.test import APIClient

from apps.core.logging.formatters import JsonFormatter, ReadableFormatter
from apps.core.metrics.scrape import scrape
from apps.core.outbox import outbox
from apps.core.testing.contract import current_contract
from apps.plant_identification.tasks import purge_deleted_task
from apps.plant_identification.tests.conftest import make_photo, providers
from apps.users.models import User
from apps.users.services.sessions import open_session
from apps.users.tasks import erase_accounts_task, make_exports_task, remove_what_has_expired_task
from apps.users.tests.factories import UserFactory
from apps.users.types import Client

__all__ = ["providers"]

pytestmark = pytest.mark.django_db(transaction=True)

EMAIL = "canary.zeisig@canary-mail.example.org"
NAME = "canaryzeisig"
PASSWORD = "canary-Trille-4711"
TOKEN = "eyJcanarytoken.eyJcanarybody.canarysignature"
TEXT = "canarysong"
EXIF = "canarycamera"
WORDS = re.compile("canary|zeisig|trille", re.IGNORECASE)
ARTIST, DESCRIPTION, USER_COMMENT = 315, 270, 0x9286
HERE = Client(address="198.51.100.7", user_agent="Firefox")
# In this order: what ends things comes after what needs them.
LAST = ("delete", "delete /api/v1/auth/me/", "logout")
BY_NAME = {"email": EMAIL, "password": PASSWORD, "token": TOKEN, "refresh": TOKEN, "key": TOKEN, "name": NAME}


class Lines(logging.Handler):
    """What both formats make of every record, from DEBUG on."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []
        self._formats = (JsonFormatter(), ReadableFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        self.said += [f"{record.name}: {each.format(record)}" for each in self._formats]


@pytest.fixture
def lines() -> Iterator[list[str]]:
    handler = Lines()
    loggers = [logging.getLogger(), *(logging.getLogger(name) for name in logging.root.manager.loggerDict)]
    before = [(logger, logger.level, logger.propagate) for logger in loggers]
    logging.getLogger().addHandler(handler)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.propagate = True
    yield handler.said
    logging.getLogger().removeHandler(handler)
    for logger, level, propagate in before:
        logger.setLevel(level)
        logger.propagate = propagate


def telling_photo() -> io.BytesIO:
    file = io.BytesIO(telling_bytes())
    file.name = f"{NAME}-{EXIF}.jpg"
    return file


@cache
def telling_bytes() -> bytes:
    with Image.open(io.BytesIO(make_photo(1))) as photo:
        exif = photo.getexif()
        exif[ARTIST] = exif[DESCRIPTION] = EXIF
        exif.get_ifd(0x8769)[USER_COMMENT] = EXIF
        file = io.BytesIO()
        photo.save(file, "JPEG", exif=exif)
    return file.getvalue()


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    found = [
        (method, path, operation)
        for path, methods in current_contract().document["paths"].items()
        for method, operation in methods.items()
    ]
    return sorted(found, key=lambda each: [word in f"{each[0]} {each[1]}" for word in reversed(LAST)])


def filled(schema: Any, name: str = "") -> Any:
    """A value that a schema takes, with a canary wherever it takes a text."""
    components = current_contract().document["components"]["schemas"]
    if "$ref" in schema:
        return filled(components[schema["$ref"].rpartition("/")[2]], name)
    for several in ("allOf", "oneOf", "anyOf"):
        if several in schema:
            return filled(schema[several][0], name)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {key: filled(part, key) for key, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [filled(schema["items"], name)]
    return {"integer": 1, "number": 1.0, "boolean": True}.get(kind) or _text(schema, name)


def _text(schema: Any, name: str) -> Any:
    match schema.get("format"):
        case "uuid":
            return str(uuid.uuid4())
        case "binary":
            return telling_photo()
        case "date":
            return "2026-01-01"
        case "date-time":
            return "2026-01-01T00:00:00Z"
    return next((word for part, word in BY_NAME.items() if part in name), TEXT)


def call(client: APIClient, method: str, path: str, operation: dict[str, Any], ids: dict[str, str]) -> Any:
    places = operation.get("parameters", [])
    named = {place["name"]: place for place in places if "name" in place}
    address = re.sub(r"\{(\w+)\}", lambda match: ids.get(match[1], str(uuid.uuid4())), path)
    query = {name: TEXT for name, place in named.items() if place["in"] == "query"}
    query |= {name: "1" for name in query if named[name]["schema"].get("type") in {"integer", "number"}}
    content = operation.get("requestBody", {}).get("content", {})
    body_type = next(iter(content), "")
    body = filled(content[body_type]["schema"]) if content else None
    extra = {"format": "multipart"} if body_type.startswith("multipart") else {"format": "json"}
    if body_type.startswith("multipart"):
        body = {key: value for key, value in body.items() if value is not None and key != "images"}
    if method in {"get", "head"}:
        return client.get(address, query)
    return getattr(client, method)(address, body, **extra)


@pytest.fixture
def canary(settings: Any, providers: Any) -> User:
    telling_bytes()  # before anybody listens: the library that writes it says what it writes
    settings.DEBUG = False
    settings.ACCOUNT_EMAIL_VERIFICATION = "optional"
    for name in (
        "SIGN_IN_RATE",
        "REGISTER_RATE",
        "IDENTIFY_RATE_FREE",
        "REFUSED_UPLOAD_RATE",
        "CONTENT_RATE",
    ):
        setattr(settings, name, 10_000)
    return UserFactory(username=NAME, email=EMAIL, first_name=NAME, last_name=NAME, password=PASSWORD)


def signed_in(person: User) -> APIClient:
    agent = TEXT if person.username == NAME else "Firefox"
    client = APIClient(headers={"User-Agent": agent, "X-Client-Version": "android/9.9.9"})
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {open_session(user=person, client=HERE).tokens.access}")
    return client


def things_of(client: APIClient) -> dict[str, str]:
    """What the canary has, by the names that paths give to ids."""
    v1 = "/api/v1/plant-identification"
    photo = client.post(f"{v1}/identify/", {"image": telling_photo()}, format="multipart").json()
    plant = client.post(f"{v1}/plants/", {"identification": photo["id"], "nickname": NAME, "notes": TEXT})
    shelf = client.post("/api/v1/users/collections/", {"name": TEXT})
    client.put(f"{v1}/requests/{photo['id']}/feedback/", {"verdict": "right", "comment": TEXT})
    export = client.post("/api/v1/auth/me/export/").json()
    make_exports_task()
    return {
        "export_id": export["id"],
        "request_id": photo["id"],
        "plant_id": plant.json()["id"],
        "collection_id": shelf.json()["id"],
        "position": "1",
    }


def addresses_in(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        for part in document:
            yield from addresses_in(part)
    elif isinstance(document, str) and re.match(r"https?://|/", document):
        yield document


def bodies_of(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode(errors="replace") if answer.streaming else answer.text


def test_no_personal_datum_leaves_where_it_has_no_business(canary: User, lines: list[str]) -> None:
    client = signed_in(canary)
    ids = things_of(client)
    strangers = (signed_in(UserFactory()), APIClient())
    told_to_strangers, addresses = [], []
    bad = APIClient(headers={"Authorization": f"Bearer {TOKEN}", "Cookie": f"access_token={TOKEN}"})

    for method, path, operation in operations():
        for stranger in strangers:
            answer = call_without_canary(stranger, method, path, ids)
            told_to_strangers.append(f"{method} {path}: {bodies_of(answer)} {answer.headers}")
        call(bad, method, path, operation, ids)
        answer = call(client, method, path, operation, ids)
        if answer.get("Content-Type", "").endswith("json") and not answer.streaming:
            addresses += [address for address in addresses_in(answer.json()) if TEXT not in address]
        addresses += [answer.get(header, "") for header in ("Location", "Link")]
    for task in (make_exports_task, remove_what_has_expired_task, purge_deleted_task, erase_accounts_task):
        task()
    outbox.submit(lambda: None).result(timeout=10)

    assert lines
    assert [line for line in lines if WORDS.search(line)] == []
    assert [said for said in told_to_strangers if WORDS.search(said)] == []
    assert [address for address in addresses if WORDS.search(address)] == []
    assert WORDS.findall(scrape().decode()) == []


def call_without_canary(client: APIClient, method: str, path: str, ids: dict[str, str]) -> Any:
    """As somebody who knows the canary's ids, and nothing else."""
    address = re.sub(r"\{(\w+)\}", lambda match: ids.get(match[1], str(uuid.uuid4())), path)
    if method == "get":
        return client.get(address)
    return getattr(client, method)(address, {}, format="json")


def test_the_walk_reaches_every_operation_with_a_canary_in_every_text() -> None:
    sent = json.dumps(
        [
            filled(next(iter(operation["requestBody"]["content"].values()))["schema"])
            for _, _, operation in operations()
            if "requestBody" in operation
        ],
        default=str,
    )
    for word in (EMAIL, NAME, PASSWORD, TOKEN, TEXT):
        assert word in sent
