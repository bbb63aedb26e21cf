"""What opens a WebSocket."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

TICKET = "ticket"


def ticket_in(scope: Mapping[str, Any]) -> str | None:
    """Of `auth/ws-ticket/`; what else is in the address is of no matter."""
    query = scope.get("query_string", b"").decode("latin1")
    return dict(parse_qsl(query, keep_blank_values=True)).get(TICKET)
