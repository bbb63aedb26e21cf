"""What a stack leaves on disk: who holds its folder, and which processes are its own.

A later start knows by it what a killed one left behind, and touches nothing else.
"""

import contextlib
import fcntl
import json
import os
import signal
from dataclasses import asdict, dataclass, field
from pathlib import Path

from devstack.errors import StackError
from devstack.procinfo import ProcessId, carrying, wait_gone

STOP_GRACE_S = 10.0


@dataclass(frozen=True, slots=True)
class State:
    """One run of a stack. `token` is what its processes inherit as `DEVSTACK_RUN`."""

    token: str
    pid: int
    address: str = ""
    processes: tuple[ProcessId, ...] = ()
    exports: dict[str, str] = field(default_factory=dict)


class StateFolder:
    """`DEVSTACK_DIR`. Whoever holds its lock owns what is in it; the lock ends with the holding process."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._file = directory / "state.json"
        self._lock: int | None = None

    def acquire(self) -> None:
        """Take the folder, making it if need be.

        Raises:
            StackError: another stack runs in it, or it cannot be written.
        """
        try:
            # Root's servers run as another user, who may pass through but not list it.
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
            handle = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as refused:
            raise StackError(
                f"{self.directory} cannot be used ({refused.strerror});"
                " set DEVSTACK_DIR to a folder of your own."
            ) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise StackError(self._who_holds_it()) from None
        self._lock = handle

    def release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def is_held(self) -> bool:
        """Whether some stack, not necessarily this one, is running in the folder."""
        try:
            handle = os.open(self.directory / "lock", os.O_RDWR)
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        return False

    def load(self) -> State | None:
        """The last run's state; None when there was none or it cannot be read."""
        try:
            saved = json.loads(self._file.read_text(encoding="utf-8"))
            processes = tuple(ProcessId(**process) for process in saved.pop("processes"))
            return State(processes=processes, **saved)
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def save(self, state: State) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.touch(mode=0o600)  # it holds the servers' passwords
        fresh.write_text(json.dumps(asdict(state), indent=2), encoding="utf-8")
        fresh.replace(self._file)

    def forget(self) -> None:
        self._file.unlink(missing_ok=True)

    def stop_leftovers(self) -> list[str]:
        """End what a killed run left, by recorded pid and start time; returns the names of what was found."""
        state = self.load()
        if state is None:
            return []
        left = [process for process in state.processes if process.is_alive]
        for process in reversed(left):
            _stop_group(process)
        strays = stop_carriers(state.token)
        self.forget()
        return [process.name for process in left] or ["a process"] * bool(strays)

    def _who_holds_it(self) -> str:
        state = self.load()
        where = f" at {state.address}" if state and state.address else ""
        return (
            f"A stack already runs in {self.directory}{where}; stop it, or start a second one beside it"
            " with another PORT and DEVSTACK_DIR."
        )


def stop_carriers(token: str) -> int:
    """Kill what still carries a run's token, wherever it stands in the process tree; returns how many."""
    strays = [pid for pid in carrying(token) if pid != os.getpid()]
    for pid in strays:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_gone(strays, timeout_s=STOP_GRACE_S)
    return len(strays)


def _stop_group(process: ProcessId) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(process.pid, process.stop_signal)
        os.kill(process.pid, signal.SIGCONT)  # a frozen one could not hear it
        if not wait_gone([process.pid], timeout_s=STOP_GRACE_S):
            os.killpg(process.pid, signal.SIGKILL)
            wait_gone([process.pid], timeout_s=STOP_GRACE_S)
