"""A log record as one line, with the request it belongs to, the facts it carries and no secrets."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from apps.core.logging.context import META_KEY, get_request_id
from apps.core.logging.privacy import private_fact, private_text, private_trace

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
        return json.dumps(line, ensure_ascii=False, default=str)


class ReadableFormatter(logging.Formatter):
    """For a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, tz=UTC).astimezone().strftime("%H:%M:%S")
        facts = " ".join(f"{name}={value}" for name, value in _facts(record).items())
        request_id = _request_id(record)
        request = f" [{request_id[:8]}]" if request_id else ""
        parts = [f"{time} {record.levelname:<7}{request} {private_text(record.getMessage())}", facts]
        line = "  ".join(part for part in parts if part)
        if record.exc_info:
            line += "\n" + private_trace(self.formatException(record.exc_info))
        return line


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
