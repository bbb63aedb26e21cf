"""The product's own processes: the sandbox, the migrations, the worker and the web server."""

import http.client
import json
import re
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from devstack.bootstrap import ROOT
from devstack.errors import StackError
from devstack.processes import Child, free_port, is_port_free

WEB_WORKERS = 2
WEB_THREADS = 64
"""Requests one web process answers at once: most of the time of an identification is waiting."""

WEB_CONNECTIONS = 512
"""Per web process. Idle ones count: bounded by the threads, a few browsers would lock others out."""

WEB_GRACE_S = 40
"""An identification under way may take its whole deadline."""

SOCKET_GRACE_S = 5
LAST_PORT = 65_535

TASK_THREADS = 8
TASK_GRACE_S = 20
QUEUES = "fast,default,slow,priority"

READY_TIMEOUT_S = 90.0
BEGINS = "Begins: "  # as `manage.py in_turn` says it
LINES_SHOWN = 20
SANDBOX_READY = re.compile(r"provider sandbox ready on (http://\S+)")
WORKER_READY = re.compile(r"@\S+ ready")


def manage(
    *commands: Sequence[str],
    env: Mapping[str, str],
    log: Path,
    begins: Callable[[str], object] = lambda _: None,
) -> None:
    """Run Django commands to their end, one after the other, in one process.

    `begins` is told the name of each as it begins.

    Raises:
        StackError: one of them failed; with the end of what it said.
    """
    command = [sys.executable, str(ROOT / "manage.py"), "in_turn", *map(json.dumps, commands)]
    name = "in_turn"  # until one begins: Django itself may fail to start
    said = deque[str](maxlen=LINES_SHOWN)
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("a", encoding="utf-8") as file,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=ROOT,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        try:
            for line in process.stdout or ():
                if line.startswith(BEGINS):
                    name = line.removeprefix(BEGINS).strip()
                    begins(name)
                else:
                    file.write(line)
                    said.append(line)
        except BaseException:  # whoever stops the start does not wait for its end
            process.kill()
            raise
    if process.returncode != 0:
        tail = "".join(f"  {line}" for line in said)
        raise StackError(f"manage.py {name} failed. The end of {log}:\n{tail}")


def start_sandbox(child: Child) -> str:
    """Start it and return its address."""
    child.start()
    child.wait_until(lambda: SANDBOX_READY.search(child.output()) is not None, timeout_s=READY_TIMEOUT_S)
    ready = SANDBOX_READY.search(child.output())
    if ready is None:
        raise StackError(f"{child.name} lost its log {child.log}.")
    return ready[1].rstrip("/.")


def sandbox_child(*, env: Mapping[str, str], log: Path) -> Child:
    command = [sys.executable, "-m", "provider_sandbox", "--port", str(free_port())]
    return Child(name="sandbox", command=command, log=log, env=env, cwd=ROOT)


def worker_child(*, env: Mapping[str, str], log: Path, schedule: Path, node: str) -> Child:
    command = [sys.executable, "-m", "celery", "-A", "plant_community_backend", "worker", "-B"]
    command += ["-Q", QUEUES, "--pool", "threads", "--concurrency", str(TASK_THREADS)]
    command += ["--schedule", str(schedule), "--hostname", f"{node}@%h", "--loglevel", "INFO"]
    return Child(name="worker", command=command, log=log, env=env, cwd=ROOT)


def wait_for_worker(child: Child) -> None:
    child.wait_until(lambda: WORKER_READY.search(child.output()) is not None, timeout_s=READY_TIMEOUT_S)


def web_child(*, env: Mapping[str, str], log: Path, port: int, workers: int) -> Child:
    command = [sys.executable, "-m", "granian", "plant_community_backend.wsgi:application"]
    command += ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--blocking-threads", str(WEB_THREADS)]
    command += ["--backpressure", str(WEB_CONNECTIONS), "--respawn-failed-workers"]
    command += ["--workers-kill-timeout", str(WEB_GRACE_S)]
    env = {**env, "GRANIAN_WORKERS": str(workers)}
    return Child(name="web", command=command, log=log, env=env, cwd=ROOT)


def socket_child(*, env: Mapping[str, str], log: Path, port: int) -> Child:
    """WebSockets, in a process and on a port of their own."""
    command = [sys.executable, "-m", "granian", "plant_community_backend.asgi:application"]
    command += ["--interface", "asgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backpressure", str(WEB_CONNECTIONS), "--respawn-failed-workers"]
    command += ["--workers-kill-timeout", str(SOCKET_GRACE_S)]
    return Child(name="sockets", command=command, log=log, env=env, cwd=ROOT)


def port_beside(port: int) -> int:
    """The next one, or any that is free."""
    return port + 1 if port < LAST_PORT and is_port_free(port + 1) else free_port()


def is_ready(port: int, path: str = "/readyz") -> bool:
    """Whether the web server on this port answers there with 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
