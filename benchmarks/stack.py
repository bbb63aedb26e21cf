"""PostgreSQL, Redis, the sandbox and the web server in the layout that ships, with production's settings."""

import http.client
import json
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.layout import Layout
from benchmarks.processes import CpuTimes, used_by
from benchmarks.results import NotMeasured
from devstack.bootstrap import ROOT
from devstack.environment import base_environment
from devstack.migrated import origin_of_tests
from devstack.postgres import PostgresServer
from devstack.processes import Child, free_port
from devstack.procinfo import descendants
from devstack.redis import RedisServer
from provider_sandbox.testing import Sandbox, running_sandbox

HOST = "plants.example"
SITE = f"https://{HOST}"
READY_TIMEOUT_S = 60
QUOTA = 1_000_000
# Limits that nobody reaches. They are counted all the same.
ROOM = {
    **dict.fromkeys(
        ("IDENTIFY_RATE_ANONYMOUS", "IDENTIFY_RATE_FREE", "REFUSED_UPLOAD_RATE", "CONTENT_RATE"), "100000000"
    ),
    "PLANT_ID_MONTHLY_QUOTA": str(QUOTA),
    "PLANTNET_DAILY_QUOTA": str(QUOTA),
    "QUOTA_USER_SHARE": "1.0",
}
# As in docker-compose.yml. Everything else, durability above all, is PostgreSQL's own.
POSTGRES_SETTINGS = {"max_connections": "300", "shared_buffers": "512MB"}


@dataclass(frozen=True, slots=True)
class Web:
    """One granian of one process."""

    child: Child
    port: int

    def wait(self) -> None:
        self.child.wait_until(self._answers, timeout_s=READY_TIMEOUT_S)

    @property
    def worker_pids(self) -> list[int]:
        """The processes that answer; Python's resource tracker is none."""
        children = descendants(self.child.pid)
        return [pid for pid in children if b"resource_tracker" not in _command_line(pid)]

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/livez", headers={"Host": HOST})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


@dataclass
class Stack:
    directory: Path
    layout: Layout
    postgres: PostgresServer
    redis: RedisServer
    sandbox: Sandbox
    environment: dict[str, str]
    webs: list[Web] = field(default_factory=list)
    tokens: tuple[str, ...] = ()
    """Bearer tokens: the first is of the person with the most identifications."""

    serves_as_usual: bool = False

    @property
    def ports(self) -> list[int]:
        return [web.port for web in self.webs]

    @property
    def worker_pids(self) -> list[int]:
        return [pid for web in self.webs for pid in web.worker_pids]

    @property
    def answer_file(self) -> Path:
        return Path(self.environment["BARE_ANSWER"])

    def manage(self, *arguments: str, **settings: str) -> str:
        return _run([sys.executable, "manage.py", *arguments], {**self.environment, **settings})

    def probe(self, name: str, *arguments: str, **settings: str) -> Any:
        """What `benchmarks.probes` measures in a process of its own, beside an idle server."""
        command = [sys.executable, "-m", "benchmarks.probes", name, *arguments]
        return json.loads(_run(command, {**self.environment, **settings}))

    def used(self) -> CpuTimes:
        """Processor seconds of every part of the product."""
        return used_by(
            {
                "web": [web.child.pid for web in self.webs],
                "postgres": [self.postgres.child.pid],
                "redis": [self.redis.child.pid],
                "providers": [self.sandbox.pid],
            }
        )

    def reset_providers(self) -> None:
        self.sandbox.reset()
        self.sandbox.set_quota(plant_id_credits=QUOTA, plantnet_remaining=QUOTA)

    def serve(self, **settings: str) -> None:
        """The web servers anew, with these settings besides the usual ones."""
        self.stop_serving()
        self.serves_as_usual = not settings
        for number in range(self.layout.workers):
            web = _web(self.layout, {**self.environment, **settings}, self.directory / f"web{number}.log")
            self.webs.append(web)
            web.child.start()
        for web in self.webs:
            web.wait()

    def stop_serving(self) -> None:
        while self.webs:
            self.webs.pop().child.stop(grace_s=10)

    def last_lines(self) -> str:
        """Of the servers' logs."""
        return "\n".join(web.child.last_lines() for web in self.webs)


def _run(command: Sequence[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotMeasured(f"{' '.join(command[1:4])} failed:\n{done.stderr[-3_000:]}")
    return done.stdout


def _web(layout: Layout, environment: Mapping[str, str], log: Path) -> Web:
    port = free_port()
    env = {**environment, **layout.environment}
    return Web(Child(name="web", command=layout.on_port(port), log=log, env=env, cwd=ROOT), port)


def _environment(directory: Path, postgres: str, redis: str, sandbox: Sandbox) -> dict[str, str]:
    return {
        **base_environment(database_url=postgres, redis_url=redis, settings="production"),
        "DJANGO_SETTINGS_MODULE": "benchmarks.bare.settings",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "JWT_SECRET_KEY": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": HOST,
        "SITE_URL": SITE,
        "TRUSTED_PROXY_COUNT": "1",
        "EMAIL_URL": "dummymail://",
        "JWT_ACCESS_TOKEN_LIFETIME": "600",  # min; longer than any run
        "PROVIDER_SANDBOX": "1",
        "PLANT_ID_BASE_URL": sandbox.plant_id_url,
        "PLANTNET_BASE_URL": sandbox.plantnet_url,
        "PLANT_ID_API_KEY": "sandbox",
        "PLANTNET_API_KEY": "sandbox",
        "MEDIA_ROOT": str(directory / "media"),
        "PHOTO_ROOT": str(directory / "photos"),
        "STATIC_ROOT": str(directory / "static"),
        "BARE_ANSWER": str(directory / "answer.json"),
        **ROOM,
    }


@contextmanager
def running_stack(directory: Path, layout: Layout) -> Iterator[Stack]:
    """Everything but the web server, with an empty database; who has filled it calls `serve`."""
    postgres = PostgresServer(directory / "postgres", settings=POSTGRES_SETTINGS, origin=origin_of_tests())
    redis = RedisServer(directory / "redis", durable=True)
    try:
        postgres.start()
        redis.start()
        with running_sandbox() as sandbox:
            environment = _environment(directory, postgres.url, redis.url, sandbox)
            stack = Stack(directory, layout, postgres, redis, sandbox, environment)
            stack.reset_providers()
            try:
                yield stack
            finally:
                stack.stop_serving()
    finally:
        redis.kill()
        postgres.kill()
        postgres.remove()
