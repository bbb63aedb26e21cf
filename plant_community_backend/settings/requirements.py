"""What production must be told. All faults are named at once, none of the values."""

import re
from collections.abc import Iterator, Mapping
from itertools import combinations, pairwise
from typing import Any
from urllib.parse import unquote, urlsplit

SECRET_MIN_CHARS = 50
SECRET_MIN_DISTINCT = 10
TOKEN_MIN_CHARS = 32
# Among so many random ones the same eight do not come twice, and no eight are in the order of the alphabet.
PIECE_CHARS = 8
_EXAMPLES = (
    *("django-insecure", "development-only", "change-me", "changeme", "change_me", "replace-me"),
    *("secret", "example", "your-", "password", "insecure", "placeholder"),
)
# What files of examples call a password, these ones among them.
_EXAMPLE_PASSWORDS = frozenset(
    {"password", "passwort", "postgres", "plants", "secret", "changeme", "example"}
)
_ORIGIN = re.compile(r"https://[a-z0-9.-]+(?::\d{1,5})?|http://(?:localhost|127\.0\.0\.1)(?::\d{1,5})?")
_ADDRESSES_WITH_PASSWORDS = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL")


def production_faults(values: Mapping[str, Any]) -> list[str]:
    return list(_faults(values))


def _faults(values: Mapping[str, Any]) -> Iterator[str]:
    yield from _secret_faults(values, "SECRET_KEY")
    yield from _secret_faults(values, "JWT_SECRET_KEY")
    yield from _alike(values, "SECRET_KEY", "JWT_SECRET_KEY", "METRICS_TOKEN")
    token = values.get("METRICS_TOKEN", "")
    if token and (len(token) < TOKEN_MIN_CHARS or _is_regular(token)):
        yield f"METRICS_TOKEN is too weak: at least {TOKEN_MIN_CHARS} random characters, or none"
    yield from _address_faults(values)
    if values["ACCOUNT_EMAIL_VERIFICATION"] not in {"mandatory", "optional"}:
        yield "ACCOUNT_EMAIL_VERIFICATION must be mandatory or optional"
    if values["ACCOUNT_EMAIL_VERIFICATION"] == "mandatory" and not values["EMAIL_URL"]:
        yield "EMAIL_URL is missing: without mails nobody can confirm an address and sign in"


def _address_faults(values: Mapping[str, Any]) -> Iterator[str]:
    for name in _ADDRESSES_WITH_PASSWORDS:
        if unquote(urlsplit(values[name]).password or "").lower() in _EXAMPLE_PASSWORDS:
            yield f"{name} still has the password of an example"
    if not values["ALLOWED_HOSTS"]:
        yield "ALLOWED_HOSTS is missing: the names this site is called by, separated by commas"
    elif "*" in values["ALLOWED_HOSTS"]:
        yield "ALLOWED_HOSTS must name the hosts: '*' lets strangers choose the address in our mails"
    if not values["DATABASE_URL"].startswith(("postgres://", "postgresql://", "pgsql://")):
        yield "DATABASE_URL must lead to a PostgreSQL database: postgres://user:password@host/name"
    if not values["REDIS_URL"].startswith(("redis://", "rediss://", "unix://")):
        yield "REDIS_URL must lead to a Redis: redis://host:6379/0"
    if not values["SITE_URL"].startswith(("https://", "http://127.0.0.1", "http://localhost")):
        yield "SITE_URL must be the site's public address: https://…"
    if not all(_ORIGIN.fullmatch(origin) for origin in values.get("CORS_ALLOWED_ORIGINS", ())):
        yield "CORS_ALLOWED_ORIGINS must be origins, each as https://app.example.org: cookies go there"


def _secret_faults(values: Mapping[str, Any], name: str) -> Iterator[str]:
    secret = values[name]
    if not secret:
        yield f"{name} is missing: at least {SECRET_MIN_CHARS} random characters"
    elif secret.lower().startswith(_EXAMPLES):
        yield f"{name} is an example from a file, not a secret"
    elif len(secret) < SECRET_MIN_CHARS or len(set(secret)) < SECRET_MIN_DISTINCT or _is_regular(secret):
        yield f"{name} is too weak: at least {SECRET_MIN_CHARS} random characters"


def _alike(values: Mapping[str, Any], *names: str) -> Iterator[str]:
    """One made from the other by adding to it counts as the same."""
    for first, second in combinations(names, 2):
        if not set(_pieces(values.get(first, ""))).isdisjoint(_pieces(values.get(second, ""))):
            yield f"{second} must not be {first}: whoever learns one should not have both"


def _is_regular(secret: str) -> bool:
    pieces = _pieces(secret)
    return len(set(pieces)) < len(pieces) or any(_is_run(piece) for piece in pieces)


def _pieces(secret: str) -> list[str]:
    return [secret[at : at + PIECE_CHARS] for at in range(len(secret) - PIECE_CHARS + 1)]


def _is_run(piece: str) -> bool:
    """`abcdefgh`, `87654321`, `aaaaaaaa`."""
    steps = {ord(after) - ord(before) for before, after in pairwise(piece)}
    return len(steps) == 1 and steps <= {-1, 0, 1}
