"""What other apps may know about people."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

from apps.users.models import SubscriptionTier, User
from apps.users.permissions import KeyAccess
from apps.users.services.personal_data import PersonalFile, PersonalRows, register_personal_data
from apps.users.services.sessions import end_all_sessions
from apps.users.services.tickets import Holder, person_behind, redeem_ticket
from apps.users.types import ApiKeyScope

__all__ = [
    "ApiKeyScope",
    "Holder",
    "KeyAccess",
    "PersonalFile",
    "PersonalRows",
    "SubscriptionTier",
    "User",
    "end_all_sessions",
    "person_behind",
    "redeem_ticket",
    "register_personal_data",
    "tier_of",
]


def tier_of(user: AbstractBaseUser | AnonymousUser) -> SubscriptionTier | None:
    """None for somebody who is not signed in."""
    return SubscriptionTier(user.subscription_tier) if isinstance(user, User) else None
