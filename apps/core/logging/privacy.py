"""What never stands in a log line: keys, tokens, e-mail addresses."""

import json
import re
from collections.abc import Mapping
from typing import Any

from apps.core.http.redaction import REDACTED, redact

MAX_TEXT_CHARS = 8_000
MAX_ITEMS = 20
MAX_DEPTH = 3

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
# Begins where a word begins, and gives nothing back: a text full of beginnings took quadratic time.
_TOKEN = re.compile(r"(?<![\w-])(?=[\w-]*eyJ)[\w-]{8,}+\.[\w-]{5,}+\.[\w-]*+|(?i:\bbearer)\s+[\w.~+/=-]{8,}")
_SECRET_NAME = re.compile(
    r"(?i)pass(word|phrase|wd)|secret|token|api_?key|authorization|cookie|session_?id|e_?mail|otp|recovery_code"
)


def private_text(text: str) -> str:
    text = _TOKEN.sub(REDACTED, redact(text[:MAX_TEXT_CHARS]))
    return _EMAIL.sub("[email]", text) if "@" in text else text


def private_trace(text: str) -> str:
    """Of a long traceback the end says most."""
    return private_text(text[-MAX_TEXT_CHARS:])


def private_value(value: Any, depth: int = 0) -> Any:
    """The same, as far as it may be told: of known simple types, and no larger than a log line should be."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth >= MAX_DEPTH:
        return "…"
    if isinstance(value, Mapping):
        return {
            private_text(str(key)): private_field(str(key), item, depth + 1)
            for key, item in list(value.items())[:MAX_ITEMS]
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [private_value(item, depth + 1) for item in list(value)[:MAX_ITEMS]]
    return private_text(str(value))


def private_field(name: str, value: Any, depth: int = 0) -> Any:
    is_secret = value is not None and not isinstance(value, bool) and _SECRET_NAME.search(name)
    return REDACTED if is_secret else private_value(value, depth)


def private_fact(name: str, value: Any) -> Any:
    """What a line carries under one name; as a cut text where it would be too much."""
    fact = private_field(name, value)
    if isinstance(fact, dict | list):
        text = json.dumps(fact, ensure_ascii=False)
        return fact if len(text) <= MAX_TEXT_CHARS else f"{text[:MAX_TEXT_CHARS]}…"
    return fact
