"""`devstack clean` and `devstack reset`: delete what `make run` and `make test` made, and nothing else."""

import contextlib
import shutil
from pathlib import Path

from devstack.accounts import home_for, server_account
from devstack.bootstrap import ROOT, VENV
from devstack.environment import Options
from devstack.errors import StackError
from devstack.state import StateFolder

CACHES = (".pytest_cache", ".mypy_cache", ".ruff_cache", ".import_linter_cache", ".hypothesis", "htmlcov")
OWN_FOLDERS = ("redis", "logs", "media", "photos", "metrics")
OWN_FILES = ("state.json", "beat-schedule*", "lock")


def clean(options: Options) -> int:
    """Delete the environment, the caches and the stack's data.

    Raises:
        StackError: the stack is running.
    """
    _reset(options.directory)
    for name in CACHES:
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for cache in ROOT.rglob("__pycache__"):
        if VENV not in cache.parents:
            shutil.rmtree(cache, ignore_errors=True)
    shutil.rmtree(VENV, ignore_errors=True)
    print(f"Deleted .venv, the caches and the data in {options.directory}.")
    return 0


def reset(options: Options) -> int:
    """Delete the stack's data alone.

    Raises:
        StackError: the stack is running.
    """
    _reset(options.directory)
    print(f"Deleted the data in {options.directory}; the next start begins anew.")
    return 0


def _reset(directory: Path) -> None:
    if not directory.exists():
        return
    folder = StateFolder(directory)
    folder.acquire()
    folder.stop_leftovers()
    _remove_stack(directory)
    folder.release()


def _remove_stack(directory: Path) -> None:
    with contextlib.suppress(StackError):  # no user to run PostgreSQL as: it never ran
        shutil.rmtree(home_for(directory / "postgres", server_account()), ignore_errors=True)
    for name in OWN_FOLDERS:
        shutil.rmtree(directory / name, ignore_errors=True)
    for pattern in OWN_FILES:
        for file in directory.glob(pattern):
            file.unlink()
    with contextlib.suppress(OSError):  # something of somebody else's is in it
        directory.rmdir()
