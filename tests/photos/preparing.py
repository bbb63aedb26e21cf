"""A process that prepares photos: whatever a decoder does to it, its parent goes on and sees it.

On standard input each photo comes behind its length; on standard output each is answered by one line of JSON.
"""

import json
import os
import select
import struct
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

ROOT = Path(__file__).resolve().parents[2]
READY_TIMEOUT_S = 60.0
LENGTH = struct.Struct(">I")


class Crashed(Exception):
    """The process ended; the text says by which signal or with which code."""


class Hung(Exception):
    """There was no answer in time."""


@dataclass(frozen=True)
class Prepared:
    """`outcome` is `taken`, the code of a refusal, or a traceback; `peak_bytes` is above the start."""

    outcome: str
    is_failure: bool
    cpu_s: float
    peak_bytes: int


class Preparing:
    """One such process, seen from its parent."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.photos.preparing"],
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "plant_community_backend.settings.test"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._answer(READY_TIMEOUT_S)

    def prepare(self, content: bytes, *, timeout_s: float = 60.0) -> Prepared:
        """
        Raises:
            Crashed, Hung: the process is of no further use.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(LENGTH.pack(len(content)) + content)
            self._process.stdin.flush()
        except BrokenPipeError:
            raise Crashed(f"ended with {self._process.wait()}") from None
        return Prepared(**self._answer(timeout_s))

    def send_signal(self, number: int) -> None:
        self._process.send_signal(number)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()

    def _answer(self, timeout_s: float) -> dict[str, Any]:
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], timeout_s)
        if not readable:
            raise Hung(f"no answer in {timeout_s:g} s")
        line = self._process.stdout.readline()
        if not line:
            raise Crashed(f"ended with {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def preparing() -> Iterator[Preparing]:
    process = Preparing()
    try:
        yield process
    finally:
        process.stop()


def read_status_bytes(field: str, pid: int | str = "self") -> int:
    """A line of Linux's /proc/PID/status, such as VmRSS, or VmHWM for its peak."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def answer_all(photos: BinaryIO, answers: BinaryIO) -> None:
    import django

    django.setup()
    from apps.core.images import PhotoRefused, inspect_photo, normalise_photo

    def prepare(content: bytes) -> tuple[str, bool]:
        try:
            normalise_photo(content, inspect_photo(content))
        except PhotoRefused as refusal:
            return str(refusal.code), False
        except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for
            return traceback.format_exc(), True
        return "taken", False

    answers.write(b"{}\n")
    answers.flush()
    at_start = read_status_bytes("VmRSS")
    while header := photos.read(LENGTH.size):
        content = photos.read(*LENGTH.unpack(header))
        started = time.process_time()
        outcome, is_failure = prepare(content)
        answer = {
            "outcome": outcome,
            "is_failure": is_failure,
            "cpu_s": time.process_time() - started,
            "peak_bytes": read_status_bytes("VmHWM") - at_start,
        }
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    answer_all(sys.stdin.buffer, sys.stdout.buffer)
