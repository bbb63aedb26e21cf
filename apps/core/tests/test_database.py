"""How the database is used, whichever it is."""

import os
import threading
from contextlib import suppress

import pytest
from django.db import connection
from django.db.utils import ConnectionHandler, load_backend
from django.test.utils import CaptureQueriesContext

from apps.core.tests.fakes_resilience import in_threads
from apps.core.tests.test_settings import manage
from plant_community_backend.settings import stores

SQLITE = "django.db.backends.sqlite3"
POSTGRESQL = "django.db.backends.postgresql"


@pytest.fixture
def sqlite(tmp_path, django_db_blocker):
    options = stores.database_options(SQLITE, pool_size=16)
    handler = ConnectionHandler({"default": {"ENGINE": SQLITE, "NAME": tmp_path / "db", "OPTIONS": options}})
    with django_db_blocker.unblock():
        with handler["default"].cursor() as cursor:
            cursor.execute("CREATE TABLE counter (value INTEGER)")
            cursor.execute("INSERT INTO counter VALUES (0)")
        yield handler
        handler.close_all()


def read_value(database):
    with database.cursor() as cursor:
        return cursor.execute("SELECT value FROM counter").fetchone()[0]


def test_two_who_read_and_then_write_take_turns_in_sqlite(sqlite):
    both_have_read = threading.Barrier(2)

    def count_up(_):
        database = sqlite["default"]
        database.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
        value = read_value(database)
        with suppress(threading.BrokenBarrierError):  # the second does not come so far: it waits its turn
            both_have_read.wait(0.3)
        with database.cursor() as cursor:
            cursor.execute("UPDATE counter SET value = %s", [value + 1])
        database.commit()
        database.close()

    assert in_threads(2, count_up) == [None, None]
    assert read_value(sqlite["default"]) == 2


def test_in_sqlite_a_writer_need_not_wait_for_a_reader_nor_a_reader_for_a_writer(sqlite):
    reader = sqlite["default"].cursor()
    reader.execute("SELECT value FROM counter UNION ALL SELECT value FROM counter")
    assert reader.fetchone() == (0,)

    def write(_):
        with sqlite["default"].cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 0")
            cursor.execute("UPDATE counter SET value = 7")
        sqlite["default"].close()

    assert in_threads(1, write) == [None]
    assert reader.fetchone() == (0,)
    reader.close()
    assert read_value(sqlite["default"]) == 7


def test_postgresql_shares_a_pool_of_the_size_asked_for():
    assert stores.database_options(POSTGRESQL, pool_size=3)["pool"]["max_size"] == 3
    assert stores.database_options("django.db.backends.mysql", pool_size=3) == {}


needs_postgresql = pytest.mark.skipif(
    not os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="PostgreSQL's own"
)


@needs_postgresql
@pytest.mark.django_db
def test_with_debug_statements_are_kept_only_for_those_who_ask(settings):
    settings.DEBUG = True
    database = load_backend("apps.core.postgresql").DatabaseWrapper(connection.settings_dict, "default")

    def ask():
        with database.cursor() as cursor:
            cursor.execute("SELECT 1")

    ask()
    assert database.queries == []
    with CaptureQueriesContext(database) as captured:
        ask()
    assert [query["sql"] for query in captured] == ["SELECT 1"]
    database.close()


@needs_postgresql
@pytest.mark.django_db
def test_connections_that_the_server_has_closed_are_not_taken_from_the_pool():
    pooled = {**connection.settings_dict, "OPTIONS": stores.database_options(POSTGRESQL, pool_size=3)}
    database = load_backend("apps.core.postgresql").DatabaseWrapper(pooled, "pooled")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [_process_behind(database)])
            assert cursor.fetchone() == (True,)

        for _ in range(3):  # as many as the pool has, so that it gives out the one
            assert _process_behind(database)
    finally:
        database.close_pool()


def _process_behind(database):
    try:
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return cursor.fetchone()[0]
    finally:
        database.close()


@needs_postgresql
@pytest.mark.parametrize("environment", ["development", "test"])
def test_every_environment_has_our_own_database_backend(environment):
    done = manage(
        "shell",
        "-c",
        "from django.conf import settings; print(settings.DATABASES['default']['ENGINE'])",
        DATABASE_URL=os.environ["DATABASE_URL"],
        DJANGO_SETTINGS_MODULE=f"plant_community_backend.settings.{environment}",
    )

    assert done.stdout.splitlines()[-1:] == ["apps.core.postgresql"], done.stderr


@needs_postgresql
def test_what_the_address_says_of_the_database_is_heeded():
    done = manage(
        "shell",
        "-c",
        "from django.conf import settings; o = settings.DATABASES['default']['OPTIONS'];"
        "print(o['sslmode'], o['pool']['max_size'])",
        DATABASE_URL="postgres://name:word@db.example.org/plants?sslmode=require",
        DATABASE_POOL_SIZE="5",
    )

    assert done.stdout.splitlines()[-1:] == ["require 5"], done.stderr
