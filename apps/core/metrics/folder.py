"""Adding up what several processes of one machine have counted, those that are gone included.

Each process writes into files of its own. What a process has left behind is moved into an archive by
whoever looks next: counters never fall because a worker was replaced, and gauges end with their process.
"""

import fcntl
import json
import logging
import os
import secrets
import struct
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import msgspec
from prometheus_client.mmap_dict import MmapedDict

from apps.core.resilience.forking import forget_after_fork

logger = logging.getLogger(__name__)

LOCK_TIMEOUT_S = 1.0
_LOCK_POLL_S = 0.005
_SIGN = ".alive"
_UNREADABLE = (struct.error, RuntimeError, ValueError, FileNotFoundError)

Key = str  # the library's: JSON of the metric, the sample, its labels and the help text
Totals = dict[tuple[str, Key], float]  # by the kind of metric and the key


class FolderBusy(Exception):
    """Another process kept the folder to itself for too long."""


class _Archive(msgspec.Struct):
    """`retired` are processes whose numbers are in here, and whose files may still lie there."""

    retired: list[str]
    totals: list[tuple[str, Key, float]]


class Presence:
    """This process among those that count: a name of its own, and a lock that ends with it.

    The kernel gives the lock back however a process ends. Process numbers would not do: they are used
    again, and mean nothing in another container.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sign: int | None = None
        self._name: str | None = None
        forget_after_fork(self)

    def forget(self) -> None:
        """A child is somebody else, and must not keep its parent's sign up."""
        if self._sign is not None:
            os.close(self._sign)
        self._sign = self._name = None

    def __call__(self) -> str:
        """The name, which is part of the names of files; made where there is none yet."""
        if self._name is None:
            name = f"{os.getpid()}-{secrets.token_hex(6)}"
            unfinished = self._folder / f"{name}.new"
            self._sign = os.open(unfinished, os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(self._sign, fcntl.LOCK_EX)
            unfinished.rename(self._folder / f"{name}{_SIGN}")  # nobody ever sees it without its lock
            self._name = name
        return self._name


class MetricsFolder:
    def __init__(self, path: Path) -> None:
        self._path = path
        path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def totals(self) -> Totals:
        """What all processes together have counted.

        Raises:
            FolderBusy
        """
        with self._locked(LOCK_TIMEOUT_S):
            archive = self._retire_dead()
            totals: Totals = defaultdict(float, {(kind, key): value for kind, key, value in archive.totals})
            for name in self._names():
                if name not in archive.retired:
                    self._add(totals, name, ("counter", "histogram", "gauge_livesum"))
            return totals

    def clean(self) -> None:
        """Take in what dead processes left, unless somebody is at it already."""
        try:
            with self._locked(0):
                self._retire_dead()
        except FolderBusy:
            return

    @contextmanager
    def _locked(self, timeout_s: float) -> Iterator[None]:
        until = time.monotonic() + timeout_s
        lock = os.open(self._path / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    if time.monotonic() >= until:
                        raise FolderBusy from None
                    time.sleep(_LOCK_POLL_S)
                else:
                    break
            yield
        finally:
            os.close(lock)

    def _retire_dead(self) -> _Archive:
        """The archive's new text and the list of who is in it appear at once: a crash doubles nothing."""
        archive = self._read_archive()
        dead = [name for name in self._names() if not self._is_alive(name)]
        if not dead:
            return archive
        totals: Totals = defaultdict(float, {(kind, key): value for kind, key, value in archive.totals})
        for name in dead:
            if name not in archive.retired:
                self._add(totals, name, ("counter", "histogram"))
        archive = _Archive(retired=dead, totals=[(kind, key, value) for (kind, key), value in totals.items()])
        unfinished = self._path / "archive.new"
        unfinished.write_bytes(msgspec.json.encode(archive))
        unfinished.replace(self._path / "archive.json")
        for name in dead:
            for file in self._path.glob(f"*_{name}.db"):
                file.unlink(missing_ok=True)
            (self._path / f"{name}{_SIGN}").unlink(missing_ok=True)  # last: it leads to the others
        return archive

    def _read_archive(self) -> _Archive:
        try:
            return msgspec.json.decode((self._path / "archive.json").read_bytes(), type=_Archive)
        except FileNotFoundError:
            return _Archive(retired=[], totals=[])
        except msgspec.MsgspecError:
            logger.exception("metrics_archive_unreadable", extra={"event": "metrics_archive_unreadable"})
            return _Archive(retired=[], totals=[])

    def _names(self) -> list[str]:
        return [sign.name.removesuffix(_SIGN) for sign in self._path.glob(f"*{_SIGN}")]

    def _is_alive(self, name: str) -> bool:
        sign = os.open(self._path / f"{name}{_SIGN}", os.O_RDWR)
        try:
            fcntl.flock(sign, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(sign)
        return False

    def _add(self, totals: Totals, name: str, kinds: tuple[str, ...]) -> None:
        for kind in kinds:
            file = self._path / f"{kind}_{name}.db"
            try:
                values = list(MmapedDict.read_all_values_from_file(str(file)))  # type: ignore[no-untyped-call]
            except _UNREADABLE:  # not there, or begun this very moment
                continue
            for key, value, _, _ in values:
                totals[kind.partition("_")[0], key] += value


@lru_cache(maxsize=50_000)
def parse_key(key: Key) -> tuple[str, str, dict[str, str]]:
    """The metric, the sample and its labels."""
    metric, sample, labels, _help = json.loads(key)
    return metric, sample, labels
