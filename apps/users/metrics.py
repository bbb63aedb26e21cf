"""How often somebody shows who they are: tokens, cookies, passwords and sign-ins that are carried on."""

from collections.abc import Iterator
from contextlib import contextmanager

from apps.core.exceptions import DomainError
from apps.core.metrics.definitions import counter

ATTEMPTS = counter("plant_id_auth_total", "Credentials that were shown.")
BREACH_CHECKS = counter(
    "breached_password_checks_total", "New passwords that were to be looked up in breaches.", ["outcome"]
)
SUCCESSES = counter("plant_id_auth_success_total", "Of these, good ones.")


@contextmanager
def counted_authentication() -> Iterator[None]:
    """The block judges credentials. A failure of ours is no judgement, and not counted."""
    try:
        yield
    except DomainError:
        ATTEMPTS.inc()
        raise
    ATTEMPTS.inc()
    SUCCESSES.inc()
