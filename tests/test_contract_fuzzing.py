"""Thousands of requests that nobody would think of, over the whole description, against a running server.

`make schemathesis` asks for longer and differently each time: EXAMPLES=500, SEED=… to repeat a run.
"""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from apps.plant_identification.tests.conftest import make_photo
from tests.fleet import ROOT, Fleet

CONFIGURATION = ROOT / "tests" / "schemathesis.toml"
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "6")
IS_LONG = "SCHEMATHESIS_EXAMPLES" in os.environ
SHOWN_CHARS = 12_000


def identified(product: Fleet, **headers: str) -> str:
    """The id of an identification: most of what there is to ask needs one."""
    done = product.servers[0].identify(make_photo(len(headers), size=(96, 96)), **headers)
    identification: str = done.json()["id"]
    return identification


def configuration_with(ids: list[str], directory: Path) -> Path:
    entries = "\n".join(
        [
            "[dictionaries.identifications]",
            f"values = {json.dumps(ids)}",
            "[parameters]",
            '"path.request_id" = { dictionary = "identifications", probability = 0.7 }',
        ]
    )
    path = directory / CONFIGURATION.name
    path.write_text(f"{CONFIGURATION.read_text()}\n{entries}\n")
    return path


def run_schemathesis(product: Fleet, configuration: Path, *arguments: str) -> None:
    seed = os.environ.get("SCHEMATHESIS_SEED") or (str(random.randrange(10**9)) if IS_LONG else "1")
    server = product.servers[0].url
    command = [str(SCHEMATHESIS), "--config-file", str(configuration), "run", f"{server}/api/schema/"]
    command += ["--url", server, "--max-examples", EXAMPLES, "--seed", seed, "--no-color", *arguments]
    done = subprocess.run(
        command,
        env={**product.env, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        stdout=None if IS_LONG else subprocess.PIPE,  # who waits for long wants to see how it goes
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (done.stdout or "")[-SHOWN_CHARS:]


@pytest.mark.timeout(0 if IS_LONG else 400)
def test_a_stranger_s_requests_are_answered_as_described(product: Fleet, tmp_path: Path) -> None:
    csrf = requests.get(f"{product.servers[0].url}/api/v1/auth/csrf/", timeout=10).json()["csrf_token"]
    stranger = ("--header", f"Cookie: csrftoken={csrf}", "--header", f"X-CSRFToken: {csrf}")
    if not IS_LONG:  # the same cases at the limits of every field are the member's, too
        stranger += ("--phases", "fuzzing,stateful")
    run_schemathesis(product, configuration_with([identified(product)], tmp_path), *stranger)


@pytest.mark.timeout(0 if IS_LONG else 400)
def test_a_member_s_requests_are_answered_as_described(product: Fleet, tmp_path: Path) -> None:
    bearer = f"Bearer {product.new_token()}"
    configuration = configuration_with(
        [identified(product), *(identified(product, Authorization=bearer) for _ in range(3))], tmp_path
    )
    # Signing out ends what the other requests need; the stranger does it too.
    ends = ("--exclude-path-regex", "^/api/v1/auth/(logout|sessions)/")
    member = ("--header", f"Authorization: {bearer}", *ends)
    run_schemathesis(product, configuration, *member)
