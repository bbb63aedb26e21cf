"""Settings that contradict themselves are found when the server starts."""

import re
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core import checks

from apps.core.api.middleware import sunset_moment

_REDIS_SCHEMES = ("redis://", "rediss://", "unix://")


@checks.register
def check_legacy_api(_app_configs: Any = None, **_options: Any) -> list[checks.CheckMessage]:
    try:
        sunset = sunset_moment()
    except ValueError:
        return [
            checks.Error("LEGACY_API_SUNSET is not a date.", hint="Write it as 2027-11-01.", id="core.E001")
        ]
    if sunset.timestamp() <= settings.LEGACY_API_DEPRECATED_AT:
        return [
            checks.Error("LEGACY_API_SUNSET does not come after LEGACY_API_DEPRECATED_AT.", id="core.E002")
        ]
    if sunset <= datetime.now(tz=UTC) and not settings.LEGACY_API_REMOVED:
        return [
            checks.Warning(
                "The unversioned API is past its sunset and still answers.",
                hint="Set LEGACY_API_REMOVED, or a later LEGACY_API_SUNSET.",
                id="core.W001",
            )
        ]
    return []


@checks.register
def check_clients(_app_configs: Any = None, **_options: Any) -> list[checks.CheckMessage]:
    if re.fullmatch(r"\d{1,9}(\.\d{1,9}){0,3}", settings.MIN_CLIENT_VERSION):
        return []
    return [checks.Error("MIN_CLIENT_VERSION is not a version.", hint="Write it as 2.4.1.", id="core.E003")]


@checks.register
def check_redis(_app_configs: Any = None, **_options: Any) -> list[checks.CheckMessage]:
    if settings.REDIS_URL and not settings.REDIS_URL.startswith(_REDIS_SCHEMES):
        return [
            checks.Error(
                "REDIS_URL is not an address.", hint="Write it as redis://host:6379/0.", id="core.E004"
            )
        ]
    if settings.REDIS_SENTINELS and not settings.REDIS_URL:
        return [
            checks.Error(
                "REDIS_SENTINELS are set, but not which master they shall be asked for.",
                hint="Set REDIS_URL to redis://mymaster/0, with the master's name as the host.",
                id="core.E005",
            )
        ]
    return []
