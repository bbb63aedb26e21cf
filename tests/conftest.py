"""The whole product as clients see it: one server process, reached over real HTTP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fleet import Fleet, running_fleet

DESCRIPTION = Path(__file__).resolve().parent.parent / "docs" / "api" / "openapi.yaml"

ROOM_FOR_EVERYBODY = dict.fromkeys(
    (
        "IDENTIFY_RATE_FREE",
        "API_KEY_RATE",
        "OAUTH_RATE",
        "SIGN_IN_RATE",
        "SECOND_FACTOR_RATE",
        "REGISTER_RATE",
        "PASSWORD_RESET_RATE",
        "CONTENT_RATE",
    ),
    "1000000",
)


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """With the demo content, and limits that nobody reaches."""
    directory = tmp_path_factory.mktemp("product")
    with running_fleet(directory, servers=1, **ROOM_FOR_EVERYBODY) as fleet:
        fleet.manage("load_demo")
        yield fleet


@pytest.fixture(scope="session")
def description() -> dict[str, Any]:
    """Of the API, as it is committed."""
    read: dict[str, Any] = yaml.load(DESCRIPTION.read_bytes(), Loader=yaml.CSafeLoader)
    return read
