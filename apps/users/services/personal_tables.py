"""What this app, and the libraries below it, keep about people."""

from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from apps.core.models import AuditEntry, KeyedRequest
from apps.users.models import (
    AccountExport,
    ApiKey,
    AuthenticatorApp,
    ExternalIdentity,
    KnownDevice,
    RecoveryCode,
    SecurityEvent,
    SignInSession,
    SocketTicket,
    User,
)
from apps.users.services.browser_sessions import browser_sessions_of
from apps.users.services.personal_data import PersonalRows

NOBODY = "(deleted account)"


def key_as_text(user: User) -> str:
    return str(user.pk)


# Erased in the opposite order, so the account itself goes last.
PERSONAL_TABLES = (
    PersonalRows(model=User, ties=("pk",), file="account", hidden=("password",)),
    PersonalRows(
        model=User.groups.through,
        ties=("user",),
        file="groups",
        describe=lambda row: {"group": row.group.name},
        related=("group",),
    ),
    PersonalRows(
        model=User.user_permissions.through,
        ties=("user",),
        file="permissions",
        describe=lambda row: {"permission": row.permission.codename},
        related=("permission",),
    ),
    PersonalRows(
        model=SignInSession,
        ties=("user",),
        file="sign-ins",
        hidden=("client_digest", "token_id", "previous_token_id"),
    ),
    PersonalRows(
        model=Session,
        ties=("session_data",),
        find=browser_sessions_of,
        file="browser-sessions",
        shown=("expire_date",),
    ),
    PersonalRows(model=OutstandingToken, ties=("user",), file="tokens", shown=("created_at", "expires_at")),
    PersonalRows(
        model=BlacklistedToken, ties=("token__user",), file="used-tokens", shown=("blacklisted_at",)
    ),
    PersonalRows(
        model=ApiKey,
        ties=("user",),
        file="api-keys",
        shown=("name", "prefix", "scopes", "created_at", "expires_at", "last_used_at"),
    ),
    PersonalRows(
        model=AuthenticatorApp, ties=("user",), file="authenticator-app", shown=("offered_at", "confirmed_at")
    ),
    PersonalRows(model=RecoveryCode, ties=("user",), untold="digests of codes, of which nothing can be told"),
    PersonalRows(
        model=KnownDevice, ties=("user",), file="known-devices", shown=("created_at", "last_used_at")
    ),
    PersonalRows(
        model=ExternalIdentity,
        ties=("user",),
        file="identities",
        shown=("provider", "subject", "created_at"),
    ),
    PersonalRows(model=SocketTicket, ties=("user",), untold="a digest that is good for half a minute"),
    PersonalRows(
        model=KeyedRequest, ties=("owner_id",), untold="answers that the other tables tell, kept for a day"
    ),
    PersonalRows(model=SecurityEvent, ties=("user",), file="security-events"),
    PersonalRows(model=AccountExport, ties=("user",), file="exports", hidden=("path",)),
    # What was changed may be somebody else's, and its name is not told.
    PersonalRows(
        model=LogEntry, ties=("user",), file="changes-in-the-admin", shown=("action_time", "action_flag")
    ),
    PersonalRows(
        model=LogEntry,
        ties=("object_id",),
        value=key_as_text,
        file="changes-of-the-account",
        shown=("action_time", "action_flag"),
    ),
    PersonalRows(
        model=AuditEntry,
        ties=("actor_id",),
        file="operations",
        shown=("at", "action", "target", "reason"),
        kept_as={"actor_name": NOBODY},
    ),
)
