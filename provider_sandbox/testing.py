"""For tests of others: starts the sandbox as a process of its own and speaks its control API."""

import contextlib
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

PROJECT = Path(__file__).resolve().parent.parent
START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 5.0
CONTROL_TIMEOUT_S = 10.0
READY = re.compile(rb"provider sandbox ready on (http://\S+)\n")


class SandboxNotReady(Exception):
    """The process ended, or printed no ready line in time."""


class Sandbox:
    """A running sandbox; every method may be used by several threads at once."""

    def __init__(self, *, process: "subprocess.Popen[bytes]", url: str) -> None:
        self._process = process
        self._session = requests.Session()  # a connection anew for each order takes longer than the order
        self._session.trust_env = False
        self.url = url
        self.plant_id_url = f"{url}/plant_id/api/v3"
        self.plantnet_url = f"{url}/plantnet/v2"
        self.pwned_passwords_url = f"{url}/pwned_passwords/range"
        self.google_url = f"{url}/google"
        self.trefle_url = f"{url}/trefle/api/v1"
        self.language_model_url = f"{url}/language_model/v1"

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """May be called twice."""
        self._session.close()
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def fault(
        self,
        provider: str,
        kind: str,
        value: Any = None,
        *,
        calls: int | None = None,
        match: str = "identify",
    ) -> None:
        """Set one fault for the next `calls` matching requests, or until reset; several add up."""
        order = {"provider": provider, "kind": kind, "value": value, "calls": calls, "match": match}
        self._control("POST", "faults", json=order)

    def clear_faults(self) -> None:
        self._control("DELETE", "faults")

    def set_quota(
        self,
        *,
        plant_id_credits: float | None = None,
        plantnet_remaining: int | None = None,
        trefle_per_minute: int | None = None,
    ) -> None:
        order = {
            "plant_id_credits": plant_id_credits,
            "plantnet_remaining": plantnet_remaining,
            "trefle_per_minute": trefle_per_minute,
        }
        self._control("POST", "quota", json={name: left for name, left in order.items() if left is not None})

    def order_google(self, **order: Any) -> None:
        """`person`, `fault`, `statuses`, `delays_s`, `new_key`: see `provider_sandbox.google`."""
        self._control("POST", "google", json=order)

    def google_counters(self) -> dict[str, int]:
        counted: dict[str, int] = self._control("GET", "google")
        return counted

    def reset(self) -> None:
        self._control("POST", "reset")

    def counters(self, provider: str | None = None) -> dict[str, Any]:
        """Of one provider, or of the two that identify by name."""
        query = {"provider": provider} if provider else {}
        counters: dict[str, Any] = self._control("GET", "counters", params=query)
        return counters[provider] if provider else counters

    def last(self, provider: str, index: int = -1) -> dict[str, Any]:
        """A kept identify request with its pictures; -1 is the newest, 0 the oldest kept."""
        seen: dict[str, Any] = self._control("GET", "last", params={"provider": provider, "index": index})
        return seen

    def requests(self, provider: str) -> list[dict[str, Any]]:
        summaries: list[dict[str, Any]] = self._control("GET", "requests", params={"provider": provider})
        return summaries

    def hold(self, provider: str = "both") -> None:
        """Let identify requests in, but no reply out, until `release` or `reset`."""
        self._control("POST", "hold", json={"provider": provider})

    def release(self, provider: str = "both") -> None:
        self._control("POST", "release", json={"provider": provider})

    def wait_for(
        self,
        provider: str,
        field: str = "in_flight",
        *,
        at_least: float | None = None,
        at_most: float | None = None,
        timeout_s: float = 10.0,
    ) -> dict[str, Any]:
        """Block until the counter is there.

        Raises:
            TimeoutError: it was not, in `timeout_s`; the text holds the counters.
        """
        order = {"provider": provider, "field": field, "timeout_s": timeout_s}
        order |= {} if at_least is None else {"at_least": at_least}
        order |= {} if at_most is None else {"at_most": at_most}
        told = self._control("GET", "wait", params=order, timeout_s=timeout_s + CONTROL_TIMEOUT_S)
        if not told["reached"]:
            raise TimeoutError(f"{provider} {field} after {timeout_s} s: {told['counters']}")
        counters: dict[str, Any] = told["counters"]
        return counters

    def _control(self, method: str, path: str, *, timeout_s: float = CONTROL_TIMEOUT_S, **rest: Any) -> Any:
        response = self._session.request(method, f"{self.url}/_control/{path}", timeout=timeout_s, **rest)
        if not response.ok:
            raise ValueError(f"{method} {path}: {response.status_code} {response.text}")
        return response.json()


def start_sandbox(*arguments: str, start_timeout_s: float = START_TIMEOUT_S) -> Sandbox:
    """Start it on a free loopback port; it also ends when this process does, however that ends."""
    command = [sys.executable, "-m", "provider_sandbox", "--exit-on-stdin-eof", *arguments]
    process = subprocess.Popen(  # noqa: S603  our own module, no shell
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    sandbox = Sandbox(process=process, url="")
    try:
        return Sandbox(process=process, url=_read_ready_line(process, start_timeout_s))
    except BaseException:
        sandbox.stop()
        raise


@contextlib.contextmanager
def running_sandbox(*arguments: str) -> Iterator[Sandbox]:
    with start_sandbox(*arguments) as sandbox:
        yield sandbox


def _read_ready_line(process: "subprocess.Popen[bytes]", timeout_s: float) -> str:
    assert process.stdout is not None  # noqa: S101  it was opened as a pipe
    until = time.monotonic() + timeout_s
    line = b""
    while not line.endswith(b"\n"):
        readable, _, _ = select.select([process.stdout], [], [], max(0.0, until - time.monotonic()))
        piece = os.read(process.stdout.fileno(), 4096) if readable else b""
        if not piece:
            raise SandboxNotReady(f"exit code {process.poll()}, output {line!r}")
        line += piece
    ready = READY.fullmatch(line)
    if ready is None:
        raise SandboxNotReady(f"unexpected output {line!r}")
    return ready.group(1).decode()
