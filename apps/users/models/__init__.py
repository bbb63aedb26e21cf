from apps.users.models.api_keys import ApiKey
from apps.users.models.sessions import SignInSession
from apps.users.models.users import SubscriptionTier, User

__all__ = ["ApiKey", "SignInSession", "SubscriptionTier", "User"]
