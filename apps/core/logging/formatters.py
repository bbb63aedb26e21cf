"""A log record as one line, with the request it belongs to, the facts it carries and no secrets."""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

from apps.core.logging.context import META_KEY, get_request_id
from apps.core.logging.privacy import private_fact, private_text, private_trace

# What a terminal obeys, or somebody reads as the end of a line, or in another order than it is written.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

# What every record has; the rest came in `extra`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "request",
    "server_time",
}


class JsonFormatter(logging.Formatter):
    """For machines. `event` names the kind of line and is constant; `message` is for people."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "timestamp": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": private_text(record.getMessage()),
            "request_id": _request_id(record),
            **_facts(record),
        }
        if record.exc_info:
            line["exception"] = private_trace(self.formatException(record.exc_info))
        if record.stack_info:
            line["stack"] = private_trace(record.stack_info)
        return _escaped(json.dumps(line, ensure_ascii=False, default=str))


class ReadableFormatter(logging.Formatter):
    """For a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, tz=UTC).astimezone().strftime("%H:%M:%S")
        facts = " ".join(f"{name}={value}" for name, value in _facts(record).items())
        request_id = _request_id(record)
        request = f" [{request_id[:8]}]" if request_id else ""
        parts = [f"{time} {record.levelname:<7}{request} {private_text(record.getMessage())}", facts]
        line = _escaped("  ".join(part for part in parts if part))
        if record.exc_info:
            trace = private_trace(self.formatException(record.exc_info)).splitlines()
            line = "\n".join([line, *(f"  {_escaped(each)}" for each in trace)])
        return line


def _escaped(text: str) -> str:
    """As JSON writes such characters: one line stays one line, also where texts come from strangers."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _request_id(record: logging.LogRecord) -> str:
    """Django's last word on a request comes when its context is already left, but brings the request."""
    request = getattr(record, "request", None)
    return get_request_id() or str(getattr(request, "META", {}).get(META_KEY, ""))


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    return {
        name: private_fact(name, value)
        for name, value in vars(record).items()
        if name not in _STANDARD and not name.startswith("_")
    }
