"""What the operating system knows about processes: Linux through /proc, elsewhere through `ps`."""

import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from signal import SIGTERM

RUN_VARIABLE = "DEVSTACK_RUN"
"""Every process a stack starts inherits this variable; its value is the stack's own random token."""

_POLL_S = 0.02
_PROC = Path("/proc")
_HAS_PROC = sys.platform == "linux"


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process named so exactly that a later one with the same pid is not taken for it."""

    name: str
    pid: int
    started: str
    stop_signal: int = SIGTERM

    @property
    def is_alive(self) -> bool:
        return started_at(self.pid) == self.started


def started_at(pid: int) -> str | None:
    """When the process began, as an opaque mark; None when it is gone or only waits to be reaped."""
    if not _HAS_PROC:
        return _ps("lstart=,stat=", pid)
    try:
        stat = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command stands in brackets and may itself hold brackets and blanks.
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in "ZX" else f"{_boot_id()}:{fields[18]}"


def command_line(pid: int) -> str:
    """The command of a process, empty when it is gone."""
    if not _HAS_PROC:
        return _ps("command=", pid) or ""
    try:
        raw = (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return ""
    return raw.replace(b"\0", b" ").decode(errors="replace").strip()


def descendants(pid: int) -> list[int]:
    """Children, their children and so on, parents before children."""
    children = defaultdict(list)
    for child, parent in _parents():
        children[parent].append(child)
    found = [pid]
    for known in found:
        found += children[known]
    return found[1:]


def carrying(token: str) -> list[int]:
    """Processes that inherited `DEVSTACK_RUN=token`. Only Linux can tell; elsewhere the list is empty."""
    if not _HAS_PROC:
        return []
    mark = f"{RUN_VARIABLE}={token}".encode()
    found = []
    for entry in _PROC.glob("[0-9]*"):
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if mark in variables and started_at(int(entry.name)):
            found.append(int(entry.name))
    return found


def wait_gone(pids: Iterable[int], *, timeout_s: float) -> bool:
    """Whether all of them ended within the time; for processes that are no children of this one."""
    deadline = time.monotonic() + timeout_s
    waiting = list(pids)
    while waiting := [pid for pid in waiting if started_at(pid)]:
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def _parents() -> list[tuple[int, int]]:
    if not _HAS_PROC:
        table = _run_ps("-A", "-o", "pid=,ppid=")
        return [(int(pid), int(parent)) for pid, parent in (line.split() for line in table.splitlines())]
    pairs = []
    for entry in _PROC.glob("[0-9]*"):
        try:
            stat = (entry / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        pairs.append((int(entry.name), int(stat.rpartition(")")[2].split()[1])))
    return pairs


def _ps(columns: str, pid: int) -> str | None:
    text = _run_ps("-o", columns, "-p", str(pid)).strip()
    if "stat" not in columns:
        return text or None
    mark, _, state = text.rpartition(" ")
    return None if not mark or state.startswith("Z") else mark.strip()


def _run_ps(*arguments: str) -> str:
    return subprocess.run(
        ["ps", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"LC_ALL": "C", "PATH": "/bin:/usr/bin"},
    ).stdout


@cache
def _boot_id() -> str:
    # Start times count from boot, so a time alone would fit again after a reboot.
    return (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
