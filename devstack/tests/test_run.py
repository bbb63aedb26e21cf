"""A whole stack, started the way people start it."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from devstack import bootstrap
from devstack.migrated import origin_of_tests
from devstack.postgres import PostgresServer
from devstack.processes import free_port
from devstack.procinfo import carrying

START_TIMEOUT_S = 180
STOP_TIMEOUT_S = 60
SERVERS_OF_THE_TESTS = ("DATABASE_URL", "REDIS_URL", "PLANT_ID_API_KEY", "PLANTNET_API_KEY", "MAKELEVEL")

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        not bootstrap.is_finished("run"), reason="the environment was not made by devstack: use make test"
    ),
]


class Copy:
    """One folder and port; every `devstack` command is a process of its own."""

    def __init__(self, directory):
        self.directory = directory / "stack"
        self.port = free_port()
        self.log = directory / "run.log"
        kept = {name: value for name, value in os.environ.items() if name not in SERVERS_OF_THE_TESTS}
        self.environment = {**kept, "PORT": str(self.port), "DEVSTACK_DIR": str(self.directory)}
        self.process = None

    def make_used(self):
        """As if it had run before: the first start, which runs all migrations, is proven elsewhere."""
        if origin := origin_of_tests():
            PostgresServer(self.directory / "postgres", origin=origin)._initialise()

    def command(self, *arguments, **variables):
        return subprocess.run(
            [sys.executable, "-m", "devstack", *arguments],
            cwd=bootstrap.ROOT,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            timeout=START_TIMEOUT_S,
            check=False,
        )

    def start(self):
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "devstack", "run"],
                cwd=bootstrap.ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while "Ready" not in self.output:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.1)

    @property
    def output(self):
        return self.log.read_text()

    @property
    def state(self):
        return json.loads((self.directory / "state.json").read_text())

    def end(self, number):
        self.process.send_signal(number)
        return self.process.wait(STOP_TIMEOUT_S)

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()


@pytest.fixture
def copy(tmp_path):
    copy = Copy(tmp_path)
    yield copy
    if copy.process and copy.process.poll() is None:
        copy.end(signal.SIGTERM)
    copy.command("reset")


def test_a_stack_is_taken_over_when_killed_and_named_when_broken(copy):
    """One after the other in one folder, for the second start finds its content there.

    That nothing is left when it is asked to stop is seen where the documentation's commands have been run.
    """
    copy.start()
    killed = copy.state["token"]
    copy.end(signal.SIGKILL)

    copy.start()
    require_taken_over(copy, killed)
    require_stopped_when_a_process_dies(copy)

    assert copy.command("reset").returncode == 0
    assert not copy.directory.exists()


def require_taken_over(copy, killed):
    left = "postgres, redis, sandbox, worker, sockets, web"
    assert f"Stopped what an earlier run had left: {left}." in copy.output
    assert carrying(killed) == []
    assert copy.output.count("Ready") == 1
    assert f"http://127.0.0.1:{copy.port}/" in copy.output
    status, health = copy.get("/readyz")
    assert (status, health["status"]) == (200, "ok")

    assert "export DATABASE_URL=postgres://" in copy.command("env").stdout
    same_folder = copy.command("run", PORT=str(free_port()))
    assert same_folder.returncode == 1
    assert f"already runs in {copy.directory} at http://127.0.0.1:{copy.port}" in same_folder.stderr
    same_port = copy.command("run", DEVSTACK_DIR=f"{copy.directory}-2")
    assert same_port.returncode == 1
    assert f"Port {copy.port} is taken by another program" in same_port.stderr


def require_stopped_when_asked(copy):
    stopped = copy.state["token"]
    assert copy.end(signal.SIGTERM) == 0
    assert carrying(stopped) == []
    assert not (copy.directory / "state.json").exists()
    assert copy.command("env").returncode == 1


def require_stopped_when_a_process_dies(copy):
    state = copy.state
    (sandbox,) = (process["pid"] for process in state["processes"] if process["name"] == "sandbox")

    os.kill(sandbox, signal.SIGKILL)

    assert copy.process.wait(STOP_TIMEOUT_S) == 1
    assert "sandbox ended by itself with code -9" in copy.output
    assert f"The last lines of {copy.directory / 'logs' / 'sandbox.log'}:" in copy.output
    assert carrying(state["token"]) == []


def test_an_impossible_port_is_refused_without_a_traceback(copy):
    refused = copy.command("run", PORT="web")

    assert refused.returncode == 1
    assert refused.stderr == "devstack: PORT is 'web', but a port is a number from 1 to 65535.\n"
