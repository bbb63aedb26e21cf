from apps.users.models.sessions import SignInSession
from apps.users.models.tickets import SocketTicket
from apps.users.models.users import SubscriptionTier, User

__all__ = ["SignInSession", "SocketTicket", "SubscriptionTier", "User"]
