"""`devstack test`: the whole test suite on servers of its own, which are gone afterwards."""

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from devstack.bootstrap import ROOT
from devstack.environment import KEYS, OTHER_KEYS, base_environment
from devstack.errors import StackError
from devstack.migrated import ORIGIN_VARIABLE, make_origin
from devstack.postgres import FORGETFUL, PostgresServer
from devstack.processes import Child
from devstack.procinfo import RUN_VARIABLE, ProcessId
from devstack.product import sandbox_child, start_sandbox
from devstack.redis import RedisServer, find_program
from devstack.state import State, StateFolder, stop_carriers

PREFIX = "plant-devstack-test-"
PROCESSES = "3"
"""One more than two cores, for tests with servers wait for those more than they compute."""
TEMPLATE = "migrated"
"""The database that the test processes' own are cloned from."""


@contextlib.contextmanager
def throw_away_servers() -> Iterator[dict[str, str]]:
    """PostgreSQL, Redis and the sandbox in a temporary folder; yields the environment for tests.

    Raises:
        StackError: one of them cannot be had.
    """
    _clear_leftovers()
    if find_program() is None:
        raise StackError(
            "The tests need Redis: install redis-server, or use Python 3.11 or 3.12 on Linux x86-64."
        )
    directory = Path(tempfile.mkdtemp(prefix=PREFIX))
    if os.geteuid() == 0:
        directory.chmod(0o711)  # PostgreSQL, as another user, passes through
    folder = StateFolder(directory)
    folder.acquire()
    token = secrets.token_hex(16)
    os.environ[RUN_VARIABLE] = token
    folder.save(State(token=token, pid=os.getpid()))
    with contextlib.ExitStack() as cleaning:
        cleaning.callback(shutil.rmtree, directory, ignore_errors=True)
        cleaning.callback(folder.release)
        origin = _origin(directory / "origin")
        postgres = PostgresServer(directory / "postgres", settings=FORGETFUL, origin=origin)
        redis = RedisServer(directory / "redis")
        sandbox = sandbox_child(env=os.environ, log=directory / "sandbox.log")
        cleaning.callback(postgres.remove)
        cleaning.callback(stop_carriers, token)
        for server in (postgres, redis, sandbox):
            cleaning.callback(server.kill)
        postgres.start()
        if origin:
            postgres.set_aside(TEMPLATE)
        redis.start()
        sandbox_url = start_sandbox(sandbox)
        children = (postgres.child, redis.child, sandbox)
        folder.save(State(token=token, pid=os.getpid(), processes=_identities(children)))
        yield {
            **base_environment(database_url=postgres.url, redis_url=redis.url, settings="test"),
            "PROVIDER_SANDBOX_URL": sandbox_url,
            **({"TEST_DATABASE_TEMPLATE": TEMPLATE, ORIGIN_VARIABLE: str(origin)} if origin else {}),
            # No real key of the person who runs the tests gets into them.
            **dict.fromkeys((*KEYS, *OTHER_KEYS), ""),
            # About a hundred processes start from the same files, and would each compile them.
            "PYTHONDONTWRITEBYTECODE": "",
        }


def run_tests(arguments: Sequence[str]) -> int:
    """Returns pytest's exit code."""
    with throw_away_servers() as environment:
        return run_pytest(arguments, environment)


def run_pytest(arguments: Sequence[str], environment: dict[str, str]) -> int:
    """Run pytest in this terminal; whoever asks this process to stop, stops pytest, which still sums up."""
    command = [sys.executable, "-m", "pytest", "-n", PROCESSES, *arguments]
    pytest = subprocess.Popen(command, env=environment, cwd=ROOT)

    def pass_on(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGTERM or not sys.stdin.isatty():  # a terminal sends its Ctrl-C to both
            pytest.send_signal(signal.SIGINT)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return pytest.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def last_failures() -> list[str]:
    """The tests that failed in the last run, as pytest names them."""
    kept = ROOT / ".pytest_cache" / "v" / "cache" / "lastfailed"
    return sorted(json.loads(kept.read_text(encoding="utf-8"))) if kept.exists() else []


def _origin(directory: Path) -> Path | None:
    try:
        return make_origin(directory)
    except StackError as problem:
        print(f"devstack: {problem}\nThe tests that need a database migrate it themselves.", flush=True)
        return None


def _identities(children: Sequence[Child]) -> tuple[ProcessId, ...]:
    return tuple(child.identity for child in children if child.identity)


def _clear_leftovers() -> None:
    """Stop and remove what a killed test run of this user left."""
    for directory in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if directory.stat().st_uid != os.geteuid():
            continue
        folder = StateFolder(directory)
        try:
            folder.acquire()
        except StackError:  # it is running
            continue
        folder.stop_leftovers()
        folder.release()
        shutil.rmtree(directory, ignore_errors=True)
