"""Each probe returns if the thing answers, and raises if it does not. None of them costs anything."""

import os
import uuid
from functools import cache
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.core.cache import caches
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from apps.core.db import short_connection

BROKER_TIMEOUT_S = 1.5
STORAGES = ("default", "photos")

MigrationName = tuple[str, str]


class ProbeFailed(Exception):
    """In words the public may read."""


def probe_database() -> None:
    with short_connection(), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()


def probe_migrations() -> None:
    """Fails while the code expects tables that are not there yet."""
    with short_connection():
        applied = set(MigrationRecorder(connection).applied_migrations())
    missing = [
        name
        for name, replaced in _known_migrations().items()
        if name not in applied and not (replaced and replaced <= applied)
    ]
    if missing:
        raise ProbeFailed(f"{len(missing)} migrations not applied")


@cache
def _known_migrations() -> dict[MigrationName, frozenset[MigrationName]]:
    """Read once: the files do not change under a running process."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    known = {name: loader.disk_migrations[name] for name in loader.graph.nodes}
    return {name: frozenset(migration.replaces) for name, migration in known.items()}


def probe_cache() -> None:
    """There and back once. Without Redis the cache is this process's memory, which is always there."""
    cache_ = caches["default"]
    token = uuid.uuid4().hex
    cache_.set("core:probe", token, timeout=10)
    if cache_.get("core:probe") is None:
        raise ProbeFailed("what was written cannot be read")


def probe_broker() -> None:
    if not settings.CELERY_BROKER_URL:
        raise ProbeFailed("not configured")
    with current_app.connection_for_write(connect_timeout=BROKER_TIMEOUT_S) as broker:
        broker.ensure_connection(max_retries=0, timeout=BROKER_TIMEOUT_S, reraise_as_library_errors=False)


def probe_storage() -> None:
    for alias in STORAGES:
        _probe_storage(alias, storages[alias])


def _probe_storage(alias: str, storage: Storage) -> None:
    if not isinstance(storage, FileSystemStorage):
        storage.exists("probe")  # one HEAD request; any answer will do
        return
    folder = Path(storage.location)
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent  # it will be made when the first file comes
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise ProbeFailed(f"{alias} cannot be written")
