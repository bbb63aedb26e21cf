"""Several server processes on one database and one Redis, as in production, for tests that kill things."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import requests
from redis import Redis
from requests.structures import CaseInsensitiveDict

from devstack.migrated import origin_of_tests
from devstack.postgres import PostgresServer
from devstack.processes import free_port
from devstack.procinfo import descendants
from devstack.redis import RedisServer
from devstack.servers import postgres_server, redis_server
from provider_sandbox.testing import Sandbox, running_sandbox

ROOT = Path(__file__).resolve().parent.parent
IDENTIFY = "/api/v1/plant-identification/identify/"
HEALTH = "/api/v1/plant-identification/identify/health/"
START_TIMEOUT_S = 60
THREADS = 64
ROOMY = {
    "IDENTIFY_RATE_ANONYMOUS": "1000000",
    "REFUSED_UPLOAD_RATE": "1000000",
    "PLANT_ID_MONTHLY_QUOTA": "1000000",
    "PLANTNET_DAILY_QUOTA": "1000000",
    "QUOTA_USER_SHARE": "1.0",
}

NEW_TOKENS = """
from uuid import uuid4
from rest_framework_simplejwt.tokens import RefreshToken
from apps.users.tests.factories import UserFactory
for name in (uuid4().hex for _ in range({count})):  # each process of the factory begins at 0
    print(RefreshToken.for_user(UserFactory(username=name, email=name + "@example.org")).access_token)
"""


def as_described(response: requests.Response) -> requests.Response:
    """
    Raises:
        ContractBroken: the description of the API does not allow this answer.
    """
    # Late, so that a fleet can be started where Django has no settings.
    from apps.core.testing.contract import Answer, current_contract

    headers = CaseInsensitiveDict(response.headers)
    headers.pop("Content-Encoding", None)  # undone already
    path, method = urlsplit(response.url).path, response.request.method or ""
    current_contract().require(Answer(method, path, response.status_code, headers, response.content))
    return response


@dataclass
class Server:
    """One granian worker process on a port of its own."""

    env: dict[str, str]
    log: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "granian", "plant_community_backend.wsgi:application"]
        command += ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"]
        command += ["--blocking-threads", str(THREADS), "--backpressure", str(THREADS)]
        command += ["--respawn-failed-workers"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=self.env, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < until:
            with suppress(requests.RequestException):
                if requests.get(f"{self.url}/livez", timeout=1).status_code == 200:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(self.log.read_text()[-3_000:])

    def kill(self) -> None:
        """SIGKILL to the server and its worker, as the kernel does when memory runs out."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def kill_worker(self) -> None:
        """SIGKILL to the worker alone; the server's own process puts another in its place."""
        for worker in descendants(self.pid):
            os.kill(worker, signal.SIGKILL)

    def pause(self) -> None:
        os.killpg(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.killpg(self.pid, signal.SIGCONT)

    def identify(self, photo: bytes, timeout_s: float = 60, **headers: str) -> requests.Response:
        return as_described(
            requests.post(
                self.url + IDENTIFY,
                files={"image": ("photo.jpg", photo, "image/jpeg")},
                headers=headers,
                timeout=timeout_s,
            )
        )

    def health(self) -> dict:
        return as_described(requests.get(self.url + HEALTH, timeout=10)).json()


@dataclass
class Fleet:
    servers: list[Server]
    sandbox: Sandbox
    redis: RedisServer
    postgres: PostgresServer
    env: dict[str, str]

    def identify_all(self, photos: list[bytes]) -> list[tuple[float, requests.Response]]:
        """All at once, alternating between the servers; each with the seconds it took."""

        def one(numbered: tuple[int, bytes]) -> tuple[float, requests.Response]:
            number, photo = numbered
            started = time.monotonic()
            response = self.servers[number % len(self.servers)].identify(photo)
            return time.monotonic() - started, response

        with ThreadPoolExecutor(len(photos)) as callers:
            return list(callers.map(one, enumerate(photos)))

    def new_token(self) -> str:
        """A Bearer token of a new person."""
        return self.new_tokens(1)[0]

    def new_tokens(self, count: int) -> list[str]:
        """Of as many new people; to be asked for once, for their names are numbered anew each time."""
        command = [sys.executable, "manage.py", "shell", "-v0", "-c", NEW_TOKENS.format(count=count)]
        done = subprocess.run(command, env=self.env, cwd=ROOT, check=True, capture_output=True, text=True)
        return done.stdout.strip().splitlines()[-count:]

    def manage(self, *arguments: str) -> None:
        subprocess.run([sys.executable, "manage.py", *arguments], env=self.env, cwd=ROOT, check=True)

    def reset(self) -> None:
        """Both services as new, and nothing remembered of how they failed before."""
        self.sandbox.reset()
        self.sandbox.set_quota(plant_id_credits=1_000_000, plantnet_remaining=1_000_000)
        self.close_circuits()

    def close_circuits(self) -> None:
        """As an operator does. Emptying Redis would not: a process that saw a circuit open says so again."""
        from apps.core.resilience.breaker.remote import RemoteMachine
        from apps.core.resilience.breaker.types import BreakerPolicy

        policy = BreakerPolicy(fail_max=1, reset_timeout_s=1)  # of no matter for closing
        with Redis.from_url(self.redis.url) as client:
            for service in ("plant_id_api", "plantnet_api"):
                machine = RemoteMachine(service, policy, redis=lambda: client, key_prefix="cb")
                machine.switch("close")


@contextmanager
def running_fleet(directory: Path, *, servers: int = 2, **settings: str) -> Iterator[Fleet]:
    origin = origin_of_tests()
    with (
        postgres_server(directory / "postgres", origin=origin) as postgres,
        redis_server(directory / "redis") as redis,
        running_sandbox("--plant-id-credits", "1000000", "--plantnet-daily", "1000000") as sandbox,
    ):
        env = {
            **os.environ,
            **ROOMY,
            "DJANGO_SETTINGS_MODULE": "plant_community_backend.settings.development",
            "DATABASE_URL": postgres.url,
            "REDIS_URL": redis.url,
            "PROVIDER_SANDBOX": "1",
            "PLANT_ID_API_KEY": "sandbox-key-of-plant-id",
            "PLANTNET_API_KEY": "sandbox-key-of-plantnet",
            "PLANT_ID_BASE_URL": sandbox.plant_id_url,
            "PLANTNET_BASE_URL": sandbox.plantnet_url,
            "PHOTO_ROOT": str(directory / "photos"),
            "MEDIA_ROOT": str(directory / "media"),
            **settings,
        }
        if origin is None:
            subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], env=env, cwd=ROOT, check=True)
        fleet = [Server(env=env, log=directory / f"web{number}.log") for number in range(servers)]
        try:
            with ThreadPoolExecutor(servers) as starters:
                list(starters.map(Server.start, fleet))
            yield Fleet(servers=fleet, sandbox=sandbox, redis=redis, postgres=postgres, env=env)
        finally:
            for server in fleet:
                server.kill()


def collect_static(env: dict[str, str]) -> None:
    """Only our own pages' files: collecting and compressing all of them takes longer than most tests."""
    others = ("admin", "wagtail*", "drf_spectacular_sidecar", "rest_framework", "django_filters", "taggit")
    collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"]
    subprocess.run([*collect, *(f"--ignore={name}" for name in others)], env=env, cwd=ROOT, check=True)
