"""Several processes of the product on a test's own database, Redis and sandbox, for what threads cannot show.

The leader starts Django once and forks its members before anything has a thread or a connection; they stay,
and do one duty after the other. `python -m apps.plant_identification.tests.crew N` is the leader.
"""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from django.db import connection

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_S = 60


class Crew:
    """A leader and its members, as a test sees them."""

    def __init__(self, leader, processes):
        self._leader = leader
        self.processes = processes

    def begin(self, duty, *, settings, **details):
        """Each member does `duty` of `crew_duties`, all beginning at the same moment."""
        self._leader.stdin.write(f"{json.dumps([duty, settings, details])}\n")
        self._leader.stdin.flush()

    def results(self):
        """What each member's duty returned."""
        line = self._leader.stdout.readline()
        assert line, f"the leader has ended: {self._leader.poll()}"
        answer = json.loads(line)
        assert "broke" not in answer, answer["broke"]
        return answer["results"]

    def do(self, duty, **order):
        self.begin(duty, **order)
        return self.results()


@contextmanager
def running_crew(*, processes):
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    env = {**os.environ, "DATABASE_URL": database.geturl()}
    command = [sys.executable, "-m", "apps.plant_identification.tests.crew", str(processes)]
    leader = subprocess.Popen(
        command,
        env=env,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield Crew(leader, processes)
    finally:
        os.killpg(leader.pid, signal.SIGKILL)  # whatever they are at: they keep nothing
        leader.wait()
        leader.stdin.close()
        leader.stdout.close()


def lead(processes):
    from apps.plant_identification.tests import crew_duties  # once for all members

    context = multiprocessing.get_context("fork")
    start = context.Barrier(processes)
    pipes = []
    for number in range(processes):
        ours, theirs = context.Pipe()
        context.Process(target=serve, args=(theirs, crew_duties, start, number), daemon=True).start()
        pipes.append(ours)
    for line in sys.stdin:
        for pipe in pipes:
            pipe.send(json.loads(line))
        results = [pipe.recv() for pipe in pipes]
        broken = [result["broke"] for result in results if "broke" in result]
        answer = {"broke": broken} if broken else {"results": [result["done"] for result in results]}
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()


def serve(pipe, duties, start, number):
    from django.test import override_settings

    while True:
        duty, settings, details = pipe.recv()
        try:
            with override_settings(**settings):
                duties.begin_anew()
                start.wait(PATIENCE_S)
                pipe.send({"done": getattr(duties, duty)(number, **details)})
        except BaseException as exc:  # noqa: BLE001 - the test is told
            pipe.send({"broke": repr(exc)})


def _use_a_pool_as_in_production():
    from django.conf import settings

    from plant_community_backend.settings import stores

    default = settings.DATABASES["default"]
    default["OPTIONS"] = options = stores.database_options("django.db.backends.postgresql", pool_size=16)
    options["pool"]["timeout"] = PATIENCE_S  # a slow machine is no finding


if __name__ == "__main__":
    import django

    django.setup()
    _use_a_pool_as_in_production()
    lead(int(sys.argv[1]))
