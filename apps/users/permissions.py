"""What an API key may do: the one place that decides.

A view says that it is open to keys. One that says nothing is closed to them, whatever a key may do, and so is
one that only stands on an open view.
"""

from dataclasses import dataclass

from rest_framework.permissions import SAFE_METHODS

from apps.users.types import ApiKeyScope


@dataclass(frozen=True, slots=True)
class KeyAccess:
    """`api_key_access = KeyAccess()` opens a view: looking needs `read`, all other methods need `change`."""

    change: ApiKeyScope = ApiKeyScope.WRITE

    def scope_for(self, method: str) -> ApiKeyScope:
        return ApiKeyScope.READ if method in SAFE_METHODS else self.change


def scope_needed(view: object, method: str) -> ApiKeyScope | None:
    """None where no key gets in."""
    declared = vars(type(view)).get("api_key_access")
    return declared.scope_for(method) if isinstance(declared, KeyAccess) else None
