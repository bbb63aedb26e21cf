"""A PostgreSQL in whose database every migration has run: made once, and copied whenever tests want one.

To copy it takes less than a second, to run all migrations ten. It is kept in .venv, under a digest of what
decides the outcome: a fresh clone, as in continuous integration, makes its own.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from devstack.bootstrap import ROOT, VENV
from devstack.environment import base_environment
from devstack.postgres import FORGETFUL, PostgresServer
from devstack.product import manage

ORIGIN_VARIABLE = "DEVSTACK_MIGRATED"
"""Where tests find a folder to begin a PostgreSQL of their own with; they migrate where it is not set."""

_KEPT = VENV / "migrated"
_SMALL = {**FORGETFUL, "min_wal_size": "32MB"}
_DECIDING = (
    "apps/**/migrations/*.py",
    "apps/**/models.py",
    "apps/**/models/*.py",
    "plant_community_backend/settings/*.py",
    "devstack/migrated.py",
    "devstack/postgres.py",
    "requirements*.txt",
)


def origin_of_tests() -> Path | None:
    """What `ORIGIN_VARIABLE` says."""
    named = os.environ.get(ORIGIN_VARIABLE)
    return Path(named) if named else None


def make_origin(directory: Path) -> Path:
    """Fill a new folder with what a `PostgresServer` can begin with, and return it.

    Raises:
        StackError: the migrations do not run through, or there is no PostgreSQL.
    """
    kept = _KEPT / _digest()
    try:
        shutil.copytree(kept, directory)
    except OSError:  # there is none; or another run was just replacing it
        shutil.rmtree(directory, ignore_errors=True)
        _migrate(directory)
        _keep(directory, kept)
    return directory


def _migrate(directory: Path) -> None:
    postgres = PostgresServer(directory.with_name(f"{directory.name}-server"), settings=_SMALL)
    try:
        postgres.start()
        environment = base_environment(database_url=postgres.url, redis_url="", settings="test")
        manage(["migrate", "--noinput"], env=environment, log=directory.with_name(f"{directory.name}.log"))
        postgres.stop()
        postgres.save(directory)
    finally:
        postgres.kill()
        postgres.remove()


def _keep(directory: Path, kept: Path) -> None:
    """For the next time, in the place of all others. Not being able to costs that time, and nothing else."""
    with contextlib.suppress(OSError):
        _KEPT.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_KEPT, ignore_cleanup_errors=True) as name:
            others = [other for other in _KEPT.iterdir() if other != Path(name)]
            new = Path(shutil.copytree(directory, Path(name) / "new"))
            for number, other in enumerate(others):
                other.rename(Path(name) / f"{number}")  # who is copying it fails, and does not get half of it
            new.rename(kept)


def _digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(_deciding()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(ROOT)} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def _deciding() -> Iterator[Path]:
    for pattern in _DECIDING:
        yield from ROOT.glob(pattern)
