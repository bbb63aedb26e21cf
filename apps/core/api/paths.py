"""What an address below `/api/` belongs to, told from the path alone.

Middleware and error pages need to know it also where no view was found.
"""

import re
from dataclasses import dataclass

API_ROOT = "/api/"
CURRENT_VERSION = "v1"
# Permanent, not part of any version, never deprecated.
UNVERSIONED = ("/api/schema/", "/api/docs/", "/api/redoc/", "/api/security/")

_VERSION = re.compile(r"^/api/(v\d{1,3})(?:/|$)")


@dataclass(frozen=True, slots=True)
class ApiPath:
    version: str
    is_versioned: bool = False
    successor: str | None = None
    """The same resource below the current version; only legacy addresses have one."""

    @property
    def is_legacy(self) -> bool:
        return self.successor is not None


def is_api_path(path: str) -> bool:
    return path.startswith(API_ROOT)


def classify(path: str) -> ApiPath | None:
    """None for everything that is not the API."""
    if not is_api_path(path):
        return None
    if match := _VERSION.match(path):
        return ApiPath(version=match[1], is_versioned=True)
    if path.startswith(UNVERSIONED) or f"{path}/" in UNVERSIONED:
        return ApiPath(version=CURRENT_VERSION)
    successor = f"{API_ROOT}{CURRENT_VERSION}/{path[len(API_ROOT) :]}"
    return ApiPath(version=CURRENT_VERSION, is_versioned=True, successor=successor)
