"""Two web processes, a worker with its clock, PostgreSQL, Redis and the sandbox."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
import redis

from apps.core.testing.contract import current_contract
from devstack.processes import Child
from devstack.procinfo import descendants
from devstack.product import wait_for_worker, worker_child
from provider_sandbox.testing import Sandbox
from tests.fleet import ROOT, Fleet, Server, running_fleet

CALLERS = 3
SETTINGS = {
    "IDENTIFY_RATE_FREE": "1000000",
    "JWT_ACCESS_TOKEN_LIFETIME": "100000",
    "READ_DOTENV": "0",
}


@dataclass
class Stage:
    fleet: Fleet
    worker: Child
    tokens: list[str]

    @property
    def servers(self) -> list[Server]:
        return self.fleet.servers

    @property
    def sandbox(self) -> Sandbox:
        return self.fleet.sandbox

    @property
    def roles(self) -> dict[str, int]:
        """The product's processes, each by the pid of its first."""
        web = {f"web {number}": server.pid for number, server in enumerate(self.servers)}
        return {**web, "worker": self.worker.pid}

    @cached_property
    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(self.fleet.redis.url)

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.fleet.postgres.url, autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def python(self, statements: str) -> None:
        """Run in a process of the product's own that ends afterwards."""
        command = [sys.executable, "manage.py", "shell", "-v0", "-c", statements]
        subprocess.run(command, env=self.fleet.env, cwd=ROOT, check=True, capture_output=True)

    def start_worker(self) -> None:
        self.worker.start()
        wait_for_worker(self.worker)

    def freeze_sandbox(self) -> None:
        os.kill(self.sandbox.pid, signal.SIGSTOP)

    def thaw_sandbox(self) -> None:
        os.kill(self.sandbox.pid, signal.SIGCONT)

    def skip_open_periods(self) -> None:
        """Let the circuits try at once: the clock that decides is Redis' own."""
        for key in self.redis.keys("cb:*"):
            if self.redis.type(key) == b"hash" and self.redis.hexists(key, "retry_at"):
                self.redis.hset(key, "retry_at", 1)

    def let_pass(self, seconds: float) -> None:
        """Make what waits older, as if nobody had done anything for so long."""
        for table, column, condition in WAITING:
            self.rows(
                f"UPDATE plant_identification_{table} SET {column} = {column} - %s * interval '1 second'"
                f" WHERE {condition}",
                seconds,
            )


WAITING = (
    ("plantidentificationrequest", "next_attempt_at", "status = 'queued'"),
    ("identificationanswer", "answered_at", "status = 'partial'"),
    ("quotareservation", "created_at", "state = 'reserved'"),
)


@contextmanager
def running_stage(directory: Path, **settings: str) -> Iterator[Stage]:
    current_contract()  # made once, before many threads ask for it at the same time
    with running_fleet(directory, **{**SETTINGS, **settings}) as fleet, ThreadPoolExecutor(1) as beside:
        worker = worker_child(
            env=fleet.env,
            log=directory / "worker.log",
            schedule=directory / "beat-schedule",
            node=f"chaos-{os.getpid()}",
        )
        tokens = beside.submit(fleet.new_tokens, CALLERS)
        stage = Stage(fleet=fleet, worker=worker, tokens=[])
        try:
            stage.start_worker()
            stage.tokens += tokens.result()
            yield stage
        finally:
            worker.resume()
            worker.kill()
            stage.thaw_sandbox()


def resources(pid: int) -> dict[str, float]:
    """Threads, open files and megabytes in memory of a process and all it started. Linux only."""
    total = {"threads": 0.0, "files": 0.0, "MB": 0.0}
    for one in (pid, *descendants(pid)):
        place = Path(f"/proc/{one}")
        try:
            status = dict(line.split(":", 1) for line in (place / "status").read_text().splitlines())
            total["files"] += len(list((place / "fd").iterdir()))
            total["threads"] += int(status.get("Threads", "0"))
            total["MB"] += int(status.get("VmRSS", "0 kB").split()[0]) / 1024
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def wait_until(reached: Any, *, timeout_s: float, every_s: float = 0.25) -> bool:
    """Whether `reached()` was true in time."""
    until = time.monotonic() + timeout_s
    while not reached():
        if time.monotonic() > until:
            return False
        time.sleep(every_s)
    return True
