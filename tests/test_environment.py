"""`.env.example` names each variable the settings read, and no other."""

import ast
import re
from pathlib import Path

from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = ROOT / "plant_community_backend" / "settings"
EXAMPLE = ROOT / ".env.example"
# Read by entry points and by docker-compose.yml, not by the settings.
ELSEWHERE = {"DJANGO_SETTINGS_MODULE", "POSTGRES_PASSWORD", "GRAFANA_PASSWORD"}
NOT_FOR_PEOPLE = {"PYTEST_XDIST_WORKER", "READ_DOTENV", "TEST_DATABASE_TEMPLATE"}
LINE = re.compile(r"^(?:# )?([A-Z][A-Z0-9_]*)=(.*)$")


def variables_read() -> set[str]:
    read: set[str] = set()
    for path in SETTINGS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)):
                continue
            called = node.func
            is_env = isinstance(called, ast.Attribute) and ast.unparse(called.value) == "env"
            is_names = isinstance(called, ast.Name) and called.id == "names"
            if is_env or is_names:
                read.add(node.args[0].value)
    return read


def variables_named() -> dict[str, str]:
    matches = [LINE.match(line) for line in EXAMPLE.read_text().splitlines()]
    return {match[1]: match[2] for match in matches if match}


def test_the_scan_finds_what_is_read() -> None:
    assert {
        "SECRET_KEY",
        "DATABASE_URL",
        "ALLOWED_HOSTS",
        "EMAIL_URL",
        "SECURE_HSTS_SECONDS",
    } <= variables_read()


def test_the_example_names_every_variable_and_no_other() -> None:
    assert set(variables_named()) - ELSEWHERE == variables_read() - ELSEWHERE - NOT_FOR_PEOPLE


def test_each_variable_of_the_example_stands_under_words_that_explain_it() -> None:
    unexplained, explained = [], False
    for line in EXAMPLE.read_text().splitlines():
        if LINE.match(line):
            if not explained:
                unexplained.append(line)
        else:
            explained = line.startswith("#")
    assert not unexplained


def test_the_example_holds_no_usable_secret() -> None:
    named = variables_named()
    for name in (
        "SECRET_KEY",
        "JWT_SECRET_KEY",
        "PLANT_ID_API_KEY",
        "PLANTNET_API_KEY",
        "REDIS_PASSWORD",
        "METRICS_TOKEN",
        "GOOGLE_OAUTH_CLIENT_SECRET",
    ):
        assert named[name] == ""


def test_no_test_writes_where_each_test_client_looks_for_static_files() -> None:
    """Or each client would take longer than the one before: it walks through all that is there."""
    stores = [store["OPTIONS"]["location"] for store in settings.STORAGES.values() if "OPTIONS" in store]
    written = [Path(place) for place in (settings.MEDIA_ROOT, *stores)]

    assert len(written) == 3
    assert not any(place.is_relative_to(settings.STATIC_ROOT) for place in written)
