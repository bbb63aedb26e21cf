"""One child process: started in a group of its own, logged to a file, stopped with all it began."""

import contextlib
import errno
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from devstack.accounts import Account
from devstack.errors import StackError
from devstack.procinfo import ProcessId, descendants, started_at, wait_gone

POLL_S = 0.05
KILL_TIMEOUT_S = 10.0
_SERVER_PORTS = range(20_000, 32_000)
_PORT_ATTEMPTS = 50


class Child:
    """A command that can be started again after it was stopped; its log is appended to."""

    def __init__(
        self,
        *,
        name: str,
        command: Sequence[str],
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        account: Account | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.log = log
        self._command = list(command)
        self._env = None if env is None else dict(env)
        self._cwd = cwd
        self._account = account
        self._stop_signal = stop_signal
        self._process: subprocess.Popen[bytes] | None = None
        self._log_begin = 0
        self.identity: ProcessId | None = None

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        account = self._account
        with self.log.open("ab") as log:
            self._log_begin = log.tell()
            # A session of its own: the terminal's Ctrl-C reaches devstack alone, which then stops
            # everything in the right order.
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._env,
                cwd=self._cwd,
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        self.identity = ProcessId(
            self.name, self._process.pid, started_at(self._process.pid) or "gone", self._stop_signal
        )

    @property
    def pid(self) -> int:
        if self._process is None:
            raise StackError(f"{self.name} was never started.")
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs (and before it was started)."""
        return None if self._process is None else self._process.poll()

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def wait_until(self, ready: Callable[[], bool], *, timeout_s: float) -> None:
        """Return when `ready()` holds.

        Raises:
            StackError: the process ended first, or the time is over; with the end of its log.
        """
        deadline = time.monotonic() + timeout_s
        while not ready():
            if not self.is_running:
                raise StackError(
                    f"{self.name} ended at its start with code {self.exit_code}.\n{self.last_lines()}"
                )
            if time.monotonic() > deadline:
                raise StackError(f"{self.name} was not ready after {timeout_s:.0f} s.\n{self.last_lines()}")
            time.sleep(POLL_S)

    def ask_to_stop(self) -> None:
        if self.is_running:
            os.kill(self.pid, self._stop_signal)

    def stop(self, *, grace_s: float = 15.0) -> None:
        """Ask, wait, and after `grace_s` kill; nothing of its group is left either way."""
        if self._process is None:
            return
        self.ask_to_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(grace_s)
        self.kill()

    def kill(self) -> None:
        """SIGKILL for the process and all it started, at once."""
        if self._process is None:
            return
        # The group catches what was orphaned, the descendants what made a session of its own.
        started = descendants(self.pid) if self.is_running else []
        if self.is_running:
            self._process.kill()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        _signal_all(started, signal.SIGKILL)
        self._process.wait()
        wait_gone(started, timeout_s=KILL_TIMEOUT_S)

    def kill_group(self) -> None:
        """SIGKILL without waiting: safe in a signal handler."""
        if self.is_running:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    def pause(self) -> None:
        """Freeze the process and all it started: connections stay open, nothing is answered."""
        _signal_all([self.pid], signal.SIGSTOP)
        _signal_all(descendants(self.pid), signal.SIGSTOP)

    def resume(self) -> None:
        _signal_all([*descendants(self.pid), self.pid], signal.SIGCONT)

    def output(self) -> str:
        """What this start has written so far."""
        with self.log.open("rb") as log:
            log.seek(self._log_begin)
            return log.read().decode(errors="replace")

    def last_lines(self, count: int = 15) -> str:
        lines = self.output().splitlines()[-count:]
        return "\n".join([f"The last lines of {self.log}:", *(f"  {line}" for line in lines)])


def free_port() -> int:
    """A loopback port nobody listened on a moment ago.

    Below the ports the system lends to outgoing connections: a client that keeps trying to reach a stopped
    server could otherwise be lent that server's port, and talk to itself.
    """
    for _ in range(_PORT_ATTEMPTS):
        port = secrets.choice(_SERVER_PORTS)
        if is_port_free(port):
            return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def check_port(port: int) -> None:
    """
    Raises:
        StackError: another program listens on it, or it may not be used.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as refused:
            reason = "is taken by another program" if refused.errno == errno.EADDRINUSE else "may not be used"
            other = port + 1 if 1_024 <= port < 65_535 else 8_000
            raise StackError(f"Port {port} {reason}; choose another one: make run PORT={other}") from None


def is_port_free(port: int) -> bool:
    try:
        check_port(port)
    except StackError:
        return False
    return True


def _signal_all(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
