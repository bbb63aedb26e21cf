"""What happened to an account, written down for whoever it belongs to.

    note_security_event(user=user, kind=SecurityEventKind.PASSWORD_CHANGED, client=client)

Call it in the transaction of what happened, if there is one: neither is there without the other.
"""

import ipaddress
from datetime import UTC, datetime, timedelta

from django.conf import settings

from apps.users.models import SecurityEvent, SecurityEventKind, User
from apps.users.models.security_events import ABOUT_CHARS, USER_AGENT_CHARS
from apps.users.selectors import find_user_by_login
from apps.users.types import Client

KEPT_IPV4_BITS, KEPT_IPV6_BITS = 24, 48
# Of one kind in a day; two at once may both be the last. A script that signs in all day fills no table.
MOST_A_DAY = 100
MOST_A_DAY_OF_NOBODY = 10_000
FORGOTTEN_AT_ONCE = 10_000


def note_security_event(
    *, user: User | None, kind: SecurityEventKind, client: Client | None = None, about: str = ""
) -> None:
    """`client` is None where nobody's request is behind it; `about` names the thing, never a secret.

    `user` is None for an account that does not exist. That is written down as well, so that the time of
    an answer does not tell whether there is one.
    """
    today = SecurityEvent.objects.filter(
        user=user, kind=kind, created_at__gt=datetime.now(UTC) - timedelta(days=1)
    )
    most = MOST_A_DAY_OF_NOBODY if user is None else MOST_A_DAY
    if today.order_by()[:most].count() >= most:
        return
    SecurityEvent.objects.create(
        user=user,
        kind=kind,
        network=_coarse(client.address) if client else "",
        user_agent=client.user_agent[:USER_AGENT_CHARS] if client else "",
        about=about[:ABOUT_CHARS],
    )


def note_failed_sign_in(*, login: str, client: Client | None) -> None:
    note_security_event(
        user=find_user_by_login(login=login), kind=SecurityEventKind.SIGN_IN_FAILED, client=client
    )


def forget_old_security_events() -> int:
    """Those that were kept long enough. Bounded; the rest comes next time."""
    kept_since = datetime.now(UTC) - settings.SECURITY_EVENTS_KEPT
    old = SecurityEvent.objects.filter(created_at__lt=kept_since).order_by("created_at")
    ids = list(old.values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE])
    deleted, _ = SecurityEvent.objects.filter(pk__in=ids).delete()
    return deleted


def _coarse(address: str) -> str:
    """The network an address lies in; empty for what is none."""
    try:
        network = ipaddress.ip_network(address, strict=False)
    except ValueError:
        return ""
    bits = KEPT_IPV4_BITS if network.version == 4 else KEPT_IPV6_BITS
    return str(network.supernet(new_prefix=bits)) if network.prefixlen > bits else str(network)
