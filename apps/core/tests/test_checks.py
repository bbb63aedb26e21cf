from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.core.checks import check_clients, check_legacy_api, check_redis


def ids(messages: list[Any]) -> list[str]:
    return [message.id for message in messages]


def day(offset: int) -> str:
    return (datetime.now(tz=UTC) + timedelta(days=offset)).date().isoformat()


def test_a_sunset_to_come_is_fine(settings: Any) -> None:
    settings.LEGACY_API_SUNSET = day(400)
    assert check_legacy_api(None) == []


def test_a_sunset_in_the_past_is_a_warning_until_the_addresses_are_removed(settings: Any) -> None:
    settings.LEGACY_API_DEPRECATED_AT = 1_600_000_000
    settings.LEGACY_API_SUNSET = day(-1)
    settings.LEGACY_API_REMOVED = False
    assert ids(check_legacy_api(None)) == ["core.W001"]
    settings.LEGACY_API_REMOVED = True
    assert check_legacy_api(None) == []


@pytest.mark.parametrize("sunset", ["soon", "2027-13-01", ""])
def test_a_sunset_that_is_no_date_is_an_error(settings: Any, sunset: str) -> None:
    settings.LEGACY_API_SUNSET = sunset
    assert ids(check_legacy_api(None)) == ["core.E001"]


def test_nothing_is_gone_before_it_is_deprecated(settings: Any) -> None:
    settings.LEGACY_API_DEPRECATED_AT = 1_900_000_000
    settings.LEGACY_API_SUNSET = "2027-11-01"
    assert ids(check_legacy_api(None)) == ["core.E002"]


@pytest.mark.parametrize(
    ("version", "found"), [("2.0.1", []), ("0.0.0", []), ("two", ["core.E003"]), ("", ["core.E003"])]
)
def test_the_oldest_client_is_a_version(settings: Any, version: str, found: list[str]) -> None:
    settings.MIN_CLIENT_VERSION = version
    assert ids(check_clients(None)) == found


@pytest.mark.parametrize(
    ("url", "sentinels", "found"),
    [
        ("", [], []),
        ("redis://h:6379/0", [], []),
        ("redis://mymaster/0", [("s", 26379)], []),
        ("h:6379", [], ["core.E004"]),
        ("", [("s", 26379)], ["core.E005"]),
    ],
)
def test_redis_settings_that_contradict_each_other_are_errors(
    settings: Any, url: str, sentinels: list[Any], found: list[str]
) -> None:
    settings.REDIS_URL = url
    settings.REDIS_SENTINELS = sentinels
    assert ids(check_redis(None)) == found
