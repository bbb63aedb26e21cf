import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import OperationalError, connection
from django.test import Client

from apps.core.health import probes
from apps.core.health.readiness import PROBES, check_readiness
from devstack.redis import RedisServer

pytest_plugins = ["apps.core.tests.fixtures_resilience"]


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make probes fail: `broken(database=OperationalError())`."""

    def breaks(**failures: Exception) -> None:
        def fail(exc: Exception) -> Any:
            def probe() -> None:
                raise exc

            return probe

        changed = {**PROBES, **{name: fail(exc) for name, exc in failures.items()}}
        monkeypatch.setattr("apps.core.health.middleware.check_readiness", lambda: check_readiness(changed))

    return breaks


def test_a_living_process_touches_nothing_to_say_so(client: Client) -> None:
    # No database mark: a query would fail the test. The host is none of ours.
    answer = client.get("/livez", headers={"Host": "10.1.2.3:8000"})
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.django_db(transaction=True)
def test_a_process_that_has_all_it_needs_is_ready(client: Client) -> None:
    answer = client.get("/readyz", headers={"Host": "10.1.2.3:8000"})
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "ok", body
    assert set(body["checks"]) == {"database", "migrations", "storage", "cache", "broker"}
    assert all(
        check["ok"] and check["ms"] >= 0 and check["error"] is None for check in body["checks"].values()
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["database", "migrations", "storage"])
def test_without_what_every_answer_needs_it_is_not_ready(client: Client, broken: Any, name: str) -> None:
    broken(**{name: OperationalError("password=hunter2 host=10.9.8.7")})
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["status"] == "unavailable"
    assert answer.json()["checks"][name]["error"] == "OperationalError"
    assert b"hunter2" not in answer.content


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["cache", "broker"])
def test_without_what_makes_it_fast_it_is_degraded(client: Client, broken: Any, name: str) -> None:
    broken(**{name: ConnectionError()})
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"


@pytest.mark.django_db(transaction=True)
def test_a_stopped_redis_is_seen_and_so_is_its_return(
    client: Client, own_redis: RedisServer, settings: Any, short_memo: float
) -> None:
    own_redis.kill()
    body = client.get("/readyz").json()
    assert body["status"] == "degraded"
    assert not body["checks"]["cache"]["ok"]
    assert body["checks"]["database"]["ok"]
    own_redis.start()
    until = time.monotonic() + 10
    while not client.get("/readyz").json()["checks"]["cache"]["ok"]:
        assert time.monotonic() < until, "the cache did not come back"


@pytest.mark.django_db
def test_a_database_that_lacks_a_migration_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {**probes._known_migrations(), ("core", "9999_of_the_future"): frozenset()}
    monkeypatch.setattr(probes, "_known_migrations", lambda: known)
    with pytest.raises(probes.ProbeFailed, match="1 migrations not applied"):
        probes.probe_migrations()


@pytest.mark.django_db
def test_a_squashed_migration_counts_once_its_parts_are_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    applied = next(iter(probes._known_migrations()))
    known = {("core", "0001_squashed"): frozenset({applied})}
    monkeypatch.setattr(probes, "_known_migrations", lambda: known)
    probes.probe_migrations()


def test_a_folder_nobody_may_write_to_is_no_storage(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    settings.STORAGES = {
        **settings.STORAGES,
        "photos": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "file")},
        },
    }
    with pytest.raises(probes.ProbeFailed, match="photos"):
        probes.probe_storage()


def test_a_remote_storage_is_asked_for_one_thing() -> None:
    asked: list[str] = []

    class Remote:
        def exists(self, name: str) -> bool:
            asked.append(name)
            return False

    probes._probe_storage("photos", Remote())  # type: ignore[arg-type]
    assert asked == ["probe"]
    assert storages["photos"] is not None


def test_probes_that_hang_hold_the_answer_up_only_once_and_only_for_their_time() -> None:
    release = threading.Event()
    started: list[int] = []

    def hang() -> None:
        started.append(1)
        release.wait(20)

    wanted = {"database": hang, "cache": hang, "fine": lambda: None}
    try:
        began = time.monotonic()
        for _ in range(3):
            report = check_readiness(wanted, timeout_s=0.1)
            assert report.status == "unavailable"
        assert time.monotonic() - began < 2
        assert len(started) == 2, "a probe that hangs must not be started again"
    finally:
        release.set()
    by_name = {result.name: result for result in report.results}
    assert by_name["database"].error == "no answer in time"
    assert by_name["fine"].is_ok


def test_probes_are_only_read(client: Client) -> None:
    assert client.post("/readyz").status_code == 405
    assert client.head("/livez").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_probing_leaves_no_connection_behind(client: Client) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("only a server counts its connections")

    def connections() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
            return int(cursor.fetchone()[0])

    client.get("/readyz")
    before = connections()
    for _ in range(5):
        client.get("/readyz")
    assert connections() <= before
