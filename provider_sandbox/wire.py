"""A reply before it goes on the wire, and the few things both services share when they write one."""

import hashlib
import http
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

JSON_TYPE = "application/json; charset=utf-8"
TEXT_TYPE = "text/plain; charset=utf-8"
HTML_TYPE = "text/html; charset=utf-8"
BODY_LIMIT_BYTES = 52_428_800  # Pl@ntNet's documented POST limit; Plant.id documents none


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes
    content_type: str = JSON_TYPE
    headers: Mapping[str, str] = field(default_factory=dict)
    says_not_a_plant: bool = False

    @property
    def is_answer(self) -> bool:
        """So is Pl@ntNet's 404 for a photo without a plant, and 304 for what is known already."""
        return 200 <= self.status < 300 or self.status == 304 or self.says_not_a_plant


class Refused(Exception):
    """The service turns the request down; each service words it in its own form."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def json_reply(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, json.dumps(value, ensure_ascii=False).encode(), JSON_TYPE, headers or {})


def text_reply(status: int, text: str) -> Reply:
    return Reply(status, text.encode(), TEXT_TYPE)


def reason_for(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def stable_id(text: str, length: int) -> str:
    """A hexadecimal id that is the same in every process."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]
