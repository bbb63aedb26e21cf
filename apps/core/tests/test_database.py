"""How the database is used, whichever it is."""

import logging
import os
import threading
import time
from contextlib import suppress

import environ
import pytest
from django.db import OperationalError, connection
from django.db.utils import ConnectionHandler, load_backend
from django.test.utils import CaptureQueriesContext
from psycopg_pool import PoolTimeout

from apps.core.postgresql.base import DatabaseLeftAlone
from apps.core.tests.fakes_resilience import in_threads, wait_until
from apps.core.tests.test_settings import manage
from devstack.servers import postgres_server
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


@pytest.fixture
def own_database(tmp_path):
    """A wrapper with a pool of two, whose server can be stopped."""
    with postgres_server(tmp_path / "postgres") as server:
        options = {"pool": {"min_size": 1, "max_size": 2, "timeout": 1, "reconnect_timeout": 1}}
        address = environ.Env.db_url_config(server.url)
        pooled = {**connection.settings_dict, **address, "OPTIONS": options, "CONN_MAX_AGE": 0}
        wrapper = load_backend("apps.core.postgresql").DatabaseWrapper
        databases = []

        def connect():
            databases.append(wrapper(pooled, "pooled"))
            return databases[-1]

        yield server, connect
        connect().close_pool()


def _is_there(connect):
    """None, or what was raised after how many seconds."""
    began = time.monotonic()
    try:
        _process_behind(connect())
    except OperationalError as failure:
        return type(failure.__cause__), time.monotonic() - began
    return None


@needs_postgresql
@pytest.mark.django_db
def test_while_the_server_is_gone_one_waits_for_it_and_the_others_are_told_at_once(own_database, caplog):
    caplog.set_level(logging.INFO, logger="apps.core.outage")
    server, connect = own_database
    assert _is_there(connect) is None
    server.stop()

    (kind, took_s) = _is_there(connect)
    assert (kind, took_s > 0.9) == (PoolTimeout, True)
    told = in_threads(8, lambda _: _is_there(connect))
    assert {kind for kind, _ in told} == {DatabaseLeftAlone}
    assert max(took_s for _, took_s in told) < 0.5

    server.start()
    wait_until(lambda: _is_there(connect) is None, within_s=15)
    events = [record.event for record in caplog.records if record.name == "apps.core.outage"]
    assert events == ["postgresql_unavailable", "postgresql_back"]


@needs_postgresql
@pytest.mark.django_db
def test_a_pool_that_is_all_in_use_is_no_outage(own_database):
    _, connect = own_database
    busy = [connect(), connect()]
    for database in busy:
        database.ensure_connection()

    assert {_is_there(connect)[0] for _ in range(2)} == {PoolTimeout}

    for database in busy:
        database.close()
    assert _is_there(connect) is None


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
