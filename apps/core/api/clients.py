"""Which client asks, and how old it is: `X-Client-Version: android/2.4.1`, or only `2.4.1`."""

import re
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest

OTHER_CLIENT = "other"

_CLIENT_VERSION = re.compile(
    r"(?:([a-z][a-z0-9_-]{0,30})/)?(\d{1,9}(?:\.\d{1,9}){0,3})(?:[-+][\w.+-]{0,40})?"
)


@dataclass(frozen=True, slots=True)
class ClientVersion:
    name: str
    """One of `API_CLIENTS`, else `other`: it labels metrics, which strangers must not multiply."""
    number: tuple[int, ...] | None

    @property
    def is_too_old(self) -> bool:
        """Never true of a client that does not tell its version."""
        return self.number is not None and self.number < _parts(settings.MIN_CLIENT_VERSION)


def client_version(request: HttpRequest) -> ClientVersion:
    match = _CLIENT_VERSION.fullmatch(request.headers.get("X-Client-Version", "").strip().lower())
    if match is None:
        return ClientVersion(name=OTHER_CLIENT, number=None)
    name = match[1] if match[1] in settings.API_CLIENTS else OTHER_CLIENT
    return ClientVersion(name=name, number=_parts(match[2]))


def _parts(number: str) -> tuple[int, ...]:
    """Trailing zeros say nothing: 2.0 and 2 are the same version."""
    parts = [int(part) for part in number.split(".")]
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)
