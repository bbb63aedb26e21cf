"""Running a server as somebody else: PostgreSQL refuses to run as root.

Nobody's folders change their mode for it. Where the other user cannot enter the chosen folder, or cannot
reach the server's program, a folder under the system's place for temporary files serves instead.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from devstack.errors import StackError

_CANDIDATES = ("nobody", "daemon")
_PUBLIC_PLACES = ("/var/tmp", "/tmp", tempfile.gettempdir())  # noqa: S108 - made private below
_PREFIX = "plant-devstack-"


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    uid: int
    gid: int


@cache
def server_account() -> Account | None:
    """The unprivileged user for servers that refuse root; None for everybody who is not root.

    Raises:
        StackError: root may not become any of the candidates here.
    """
    if os.geteuid() != 0:
        return None
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        account = Account(name, entry.pw_uid, entry.pw_gid)
        if _can_become(account):
            return account
    raise StackError(
        "PostgreSQL does not run as root, and no other user (nobody, daemon) can be used here;"
        " start this as an ordinary user or set DATABASE_URL."
    )


def home_for(directory: Path, account: Account | None) -> Path:
    """The folder a server's files live in, made if need be and open to nobody else.

    That is `directory` where `account` can enter it, otherwise a place that depends on `directory` alone.
    """
    if account is None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        return directory
    directory.parent.mkdir(parents=True, exist_ok=True)
    if _can_enter(account, directory.parent):
        return _owned(directory, account)
    return _owned(public_place(account) / f"{_PREFIX}{_digest(directory)}", account)


def reachable_copy(tree: Path, *, parts: tuple[str, ...], entry: str, account: Account | None) -> Path:
    """`tree` where `account` can run `entry` in it; otherwise a copy of its `parts`, one per version."""
    if account is None or _can_enter(account, tree / entry):
        return tree
    marks = (tree.resolve(), (tree / entry).stat().st_mtime_ns, (tree / entry).stat().st_size)
    copy = public_place(account) / f"{_PREFIX}program-{_digest(*marks)}"
    if not copy.exists():
        unfinished = Path(tempfile.mkdtemp(prefix=f"{copy.name}-", dir=copy.parent))
        for part in parts:
            shutil.copytree(tree / part, unfinished / part, symlinks=True)
        unfinished.chmod(0o755)
        try:
            unfinished.rename(copy)
        except OSError:  # another start was quicker
            shutil.rmtree(unfinished)
    if copy.is_symlink() or copy.stat().st_uid != 0:
        raise StackError(f"{copy} belongs to somebody else; remove it and start again.")
    return copy


def public_place(account: Account) -> Path:
    """A folder of the system that `account` can enter."""
    for place in map(Path, _PUBLIC_PLACES):
        if place.is_dir() and os.access(place, os.W_OK) and _can_enter(account, place):
            return place
    raise StackError(
        f"{account.name}, who has to run PostgreSQL, cannot enter any of {', '.join(_PUBLIC_PLACES)};"
        " start this as an ordinary user or set DATABASE_URL."
    )


def _owned(directory: Path, account: Account) -> Path:
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError:
        pass
    else:
        os.chown(directory, account.uid, account.gid)
    if directory.is_symlink() or directory.stat().st_uid != account.uid:
        raise StackError(
            f"{directory} belongs to another user than {account.name}, who has to run PostgreSQL;"
            " move it away or set DEVSTACK_DIR to another folder."
        )
    return directory


def _can_enter(account: Account, path: Path) -> bool:
    return _runs_as(account, ["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)])


def _can_become(account: Account) -> bool:
    return _runs_as(account, ["/bin/sh", "-c", "true"])


def _runs_as(account: Account, command: list[str]) -> bool:
    try:
        done = subprocess.run(
            command,
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            capture_output=True,
            check=False,
            cwd="/",
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def _digest(*marks: object) -> str:
    text = "\n".join(str(mark.resolve() if isinstance(mark, Path) else mark) for mark in marks)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
