import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from provider_sandbox.testing import SandboxNotReady, start_sandbox
from provider_sandbox.tests.clients import PlantIdCaller, PlantNetCaller

PROJECT = Path(__file__).resolve().parents[2]


def test_the_options_set_quota_latency_and_addresses(photo):
    options = ("--plant-id-credits", "1", "--plantnet-daily", "1", "--latency-s", "0.2")
    with start_sandbox(*options, "--public-url", "http://sandbox.example:8/") as sandbox:
        paid, free = PlantIdCaller(sandbox.plant_id_url), PlantNetCaller(sandbox.plantnet_url)
        first = paid.post(photo)
        assert first.elapsed.total_seconds() >= 0.2
        assert first.json()["input"]["images"][0].startswith("http://sandbox.example:8/media/")
        assert paid.post(photo).status_code == 429
        assert free.post(photo).headers["RateLimit"].startswith('"dailyQuota";r=0;')
        assert free.post(photo).status_code == 429


def test_it_ends_at_once_when_told_even_with_held_replies(photo):
    sandbox = start_sandbox()
    sandbox.hold()
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(PlantIdCaller(sandbox.plant_id_url).post, photo)
        sandbox.wait_for("plant_id", "in_flight", at_least=1)
        started = time.monotonic()
        sandbox.stop()
        with pytest.raises(requests.ConnectionError):
            held.result()

    assert time.monotonic() - started < 2
    with pytest.raises(requests.ConnectionError):
        requests.get(sandbox.url, timeout=1)
    sandbox.stop()


def test_it_ends_with_the_process_that_started_it():
    script = "import os, provider_sandbox.testing as t; print(t.start_sandbox().pid, flush=True); os._exit(1)"
    starter = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, timeout=30, check=False
    )
    pid = int(starter.stdout)

    until = time.monotonic() + 10
    while _is_running(pid):
        assert time.monotonic() < until


def test_a_sandbox_that_cannot_start_is_told():
    with pytest.raises(SandboxNotReady, match="exit code"):
        start_sandbox("--no-such-option")


def _is_running(pid):
    try:
        status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        if Path("/proc").is_dir():
            return False
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True
    return status != "Z"
