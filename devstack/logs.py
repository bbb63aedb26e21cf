"""Log files of the stack's processes: kept from growing without end, and one of them shown."""

import os
import shutil
import sys
from pathlib import Path

LIMIT_BYTES = 20_000_000


def rotate(log: Path) -> None:
    """Keep what a file over the limit holds as `NAME.1` and empty it; its writer appends and goes on."""
    if log.exists() and log.stat().st_size > LIMIT_BYTES:
        shutil.copyfile(log, log.with_name(f"{log.name}.1"))
        os.truncate(log, 0)


class Echo:
    """Repeats on standard output what is added to a file."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._position = log.stat().st_size if log.exists() else 0

    def show_new(self) -> None:
        if not self._log.exists():
            return
        with self._log.open("rb") as log:
            if log.seek(0, os.SEEK_END) < self._position:
                self._position = 0  # it was rotated
            log.seek(self._position)
            added = log.read()
            self._position = log.tell()
        if added:
            sys.stdout.write(added.decode(errors="replace"))
            sys.stdout.flush()
