from apps.users.models.security_events import SecurityEvent, SecurityEventKind
from apps.users.models.sessions import SignInSession
from apps.users.models.users import SubscriptionTier, User

__all__ = ["SecurityEvent", "SecurityEventKind", "SignInSession", "SubscriptionTier", "User"]
