from apps.users.models.exports import AccountExport
from apps.users.models.security_events import SecurityEvent, SecurityEventKind
from apps.users.models.sessions import SignInSession
from apps.users.models.users import SubscriptionTier, User

__all__ = ["AccountExport", "SecurityEvent", "SecurityEventKind", "SignInSession", "SubscriptionTier", "User"]
