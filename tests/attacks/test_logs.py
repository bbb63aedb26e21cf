"""What strangers write never becomes a second log line, nor anything a terminal obeys."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.core.logging.formatters import JsonFormatter, ReadableFormatter
from apps.users.tests.factories import UserFactory

FORGED = "2026-11-21 INFO forged=1"
BREAKS = [
    "\n",
    "\r\n",
    "\r",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x85",
    "\u2028",
    "\u2029",
    "\x1b[2K\x1b[1A",
    "\x9b2J",
    "\x00",
    "\u202e",
]
FORBIDDEN = set("\r\n\x0b\x0c\x1b\x1c\x1d\x1e\x7f\x85\x9b\0\u2028\u2029\u202e")


class Lines(logging.Handler):
    """Every record of the site, as both kinds of log would have it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def require_whole(self) -> None:
        assert self.records, "nothing was logged: nothing is shown"
        for record in self.records:
            text = JsonFormatter().format(record)
            assert not set(text) & FORBIDDEN
            assert json.loads(text)["level"] == record.levelname
            first, *trace = ReadableFormatter().format(record).split("\n")
            assert not set(first) & FORBIDDEN
            assert trace == [] if record.exc_info is None else all(line.startswith("  ") for line in trace)
            assert not set("".join(trace)) & FORBIDDEN


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler, root = Lines(), logging.getLogger()
    root.addHandler(handler)
    level = root.level
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.django_db
@pytest.mark.parametrize("end", BREAKS, ids=repr)
def test_a_line_stays_one_line_wherever_the_words_of_a_stranger_stand(lines: Lines, end: str) -> None:
    evil = f"x{end}{FORGED}"
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    headers = dict.fromkeys(
        ("X-Request-ID", "User-Agent", "X-Client-Version", "Referer", "Accept-Language", "Origin"), evil
    )
    client.get("/api/meta/", {"q": evil}, headers=headers)
    client.get(f"/nowhere/{evil}", headers=headers)
    client.post(f"/admin/login/?next={evil}", {"username": evil}, headers=headers)  # without a CSRF token
    client.post("/api/v1/auth/token/", {"login": evil, "password": evil}, content_type="application/json")
    client.post("/api/v1/auth/token/", f'{{"login": "{evil}"', content_type="application/json")
    client.get("/api/v1/nowhere/", HTTP_HOST=f"evil.example{end}")
    lines.require_whole()


@pytest.mark.django_db
@pytest.mark.parametrize("end", ["\n", "\x1b[2K", "\u2028"], ids=repr)
def test_nor_does_the_name_of_a_file(lines: Lines, end: str, settings: Any) -> None:
    settings.DEBUG = True  # identifies without a sign-in
    photo = SimpleUploadedFile(f"leaf{end}{FORGED}.jpg", b"no photo", f"image/jpeg{end}")
    said = Client().post("/api/v1/plant-identification/identify/", {"image": photo})
    assert said.status_code == 415
    lines.require_whole()


@pytest.mark.django_db
@pytest.mark.parametrize("end", BREAKS, ids=repr)
def test_nor_do_facts_traces_and_stacks(lines: Lines, end: str) -> None:
    evil = f"x{end}{FORGED}"
    logger = logging.getLogger("apps.toy")
    try:
        raise ValueError(evil)  # noqa: TRY301
    except ValueError:
        logger.exception(
            "broke: %s", evil, extra={"event": "broke", "fact": evil, evil: [evil, {evil: evil}]}
        )
    logger.warning("seen", stack_info=True, extra={"fact": {"deep": [evil]}})
    lines.require_whole()


@pytest.mark.django_db
def test_an_operator_s_reason_is_kept_in_one_line(lines: Lines) -> None:
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    client.post("/ops/circuits/plant_id/close/", {"reason": f"tired\n{FORGED}\x1b[2J"})
    lines.require_whole()
