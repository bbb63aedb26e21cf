"""What production must be told. All faults are named at once, none of the values."""

from collections.abc import Iterator, Mapping
from typing import Any

SECRET_MIN_CHARS = 50
SECRET_MIN_DISTINCT = 10
TOKEN_MIN_CHARS = 32
_EXAMPLES = ("django-insecure", "development-only", "change-me", "changeme", "secret", "example")


def production_faults(values: Mapping[str, Any]) -> list[str]:
    return list(_faults(values))


def _faults(values: Mapping[str, Any]) -> Iterator[str]:
    yield from _secret_faults(values, "SECRET_KEY")
    yield from _secret_faults(values, "JWT_SECRET_KEY")
    if values["SECRET_KEY"] and values["SECRET_KEY"] == values["JWT_SECRET_KEY"]:
        yield "JWT_SECRET_KEY must not be SECRET_KEY: whoever learns one should not have both"
    if 0 < len(values.get("METRICS_TOKEN", "")) < TOKEN_MIN_CHARS:
        yield f"METRICS_TOKEN is too weak: at least {TOKEN_MIN_CHARS} random characters, or none"
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
    if values["ACCOUNT_EMAIL_VERIFICATION"] not in {"mandatory", "optional"}:
        yield "ACCOUNT_EMAIL_VERIFICATION must be mandatory or optional"
    if values["ACCOUNT_EMAIL_VERIFICATION"] == "mandatory" and not values["EMAIL_URL"]:
        yield "EMAIL_URL is missing: without mails nobody can confirm an address and sign in"


def _secret_faults(values: Mapping[str, Any], name: str) -> Iterator[str]:
    secret = values[name]
    if not secret:
        yield f"{name} is missing: at least {SECRET_MIN_CHARS} random characters"
    elif len(secret) < SECRET_MIN_CHARS or len(set(secret)) < SECRET_MIN_DISTINCT:
        yield f"{name} is too weak: at least {SECRET_MIN_CHARS} random characters"
    elif secret.lower().startswith(_EXAMPLES):
        yield f"{name} is an example from a file, not a secret"
