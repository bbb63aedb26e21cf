"""What groups of processes take of the machine, as Linux tells it."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from devstack.procinfo import descendants

_PROC = Path("/proc")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class CpuTimes:
    """Processor seconds of each group since its processes began."""

    seconds: Mapping[str, float]

    def since(self, before: "CpuTimes") -> "CpuTimes":
        return CpuTimes({name: used - before.seconds[name] for name, used in self.seconds.items()})

    @property
    def total_s(self) -> float:
        return sum(self.seconds.values())

    def shares(self, wall_s: float) -> str:
        """Each group's cores in use, as in `web 1.20`."""
        return ", ".join(f"{name} {used / wall_s:.2f}" for name, used in self.seconds.items())


def with_children(pid: int) -> list[int]:
    return [pid, *descendants(pid)]


def cpu_seconds(pids: Iterable[int]) -> float:
    ticks = 0
    for pid in pids:
        try:
            fields = (_PROC / str(pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        ticks += sum(int(field) for field in fields[11:15])  # own and of children that have ended
    return ticks / _TICKS_PER_S


def memory_bytes(pid: int, name: str) -> int:
    """`VmRSS`, `VmHWM` (the peak), or another line of the kernel's account."""
    for line in (_PROC / str(pid) / "status").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise KeyError(name)


def forget_peak(pid: int) -> None:
    """From now on `VmHWM` is the peak since now."""
    (_PROC / str(pid) / "clear_refs").write_text("5", encoding="ascii")


def used_by(groups: Mapping[str, Iterable[int]]) -> CpuTimes:
    """By name of the group and the processes that started it."""
    return CpuTimes(
        {name: sum(cpu_seconds(with_children(pid)) for pid in pids) for name, pids in groups.items()}
    )
