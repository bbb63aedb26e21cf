from apps.users.models.api_keys import ApiKey
from apps.users.models.attempts import AttemptCount
from apps.users.models.devices import KnownDevice
from apps.users.models.exports import AccountExport
from apps.users.models.identities import ExternalIdentity, OAuthAttempt
from apps.users.models.second_factor import AuthenticatorApp, RecoveryCode
from apps.users.models.security_events import SecurityEvent, SecurityEventKind
from apps.users.models.sessions import SignInSession
from apps.users.models.tickets import SocketTicket
from apps.users.models.users import SubscriptionTier, User

__all__ = [
    "AccountExport",
    "ApiKey",
    "AttemptCount",
    "AuthenticatorApp",
    "ExternalIdentity",
    "KnownDevice",
    "OAuthAttempt",
    "RecoveryCode",
    "SecurityEvent",
    "SecurityEventKind",
    "SignInSession",
    "SocketTicket",
    "SubscriptionTier",
    "User",
]
