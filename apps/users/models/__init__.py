from apps.users.models.sessions import SignInSession
from apps.users.models.users import SubscriptionTier, User

__all__ = ["SignInSession", "SubscriptionTier", "User"]
