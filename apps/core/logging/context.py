"""Which request the running code works for."""

import re
import uuid
from contextvars import ContextVar, Token

_SAFE = re.compile(r"[A-Za-z0-9._-]{8,64}")
# Where a request keeps its id for what is logged after its context is left.
META_KEY = "plant_community.request_id"

_request_id: ContextVar[str] = ContextVar("request_id", default="")


def get_request_id() -> str:
    """Empty outside of a request or a task that one has started."""
    return _request_id.get()


def accept_request_id(offered: str) -> str:
    """The caller's id if it can stand in a log line and a header as it is, else a new one."""
    return offered if _SAFE.fullmatch(offered) else uuid.uuid4().hex


def enter_request(request_id: str) -> Token[str]:
    return _request_id.set(request_id)


def leave_request(token: Token[str]) -> None:
    _request_id.reset(token)
