"""Reading plain data into types, from many threads at once, as the first thing a process does."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
# Types nobody has converted to yet, and threads that all begin with them at the same moment. Without the
# call a process ends with a segmentation fault within the first few rounds.
PROGRAM = """
import sys, threading
from collections.abc import Mapping
from dataclasses import field, make_dataclass
import msgspec
from apps.core.converting import make_ready

sys.setswitchinterval(1e-6)
for number in range(60):
    inner = make_dataclass("Inner", [(f"a{n}", str | None, None) for n in range(10)])
    middle = make_dataclass("Middle", [(f"b{n}", tuple[inner, ...], ()) for n in range(16)])
    outer = make_dataclass("Outer", [(f"c{n}", tuple[middle, ...], ()) for n in range(12)])
    make_ready(outer)
    start = threading.Barrier(16)

    def convert():
        start.wait()
        msgspec.convert({"c0": [{"b0": [{"a1": "x"}], "b9": [{"a3": "y"}]}]}, outer)

    threads = [threading.Thread(target=convert) for _ in range(16)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
"""
LOOKED_AT = """
import django
django.setup()
import plant_community_backend.urls
from django.urls import get_resolver
get_resolver().url_patterns
from apps.plant_identification.services.answers import KeptAnswer
from apps.plant_identification.types import Options, ProviderReply
assert all(hasattr(each, "__msgspec_cache__") for each in (KeptAnswer, Options, ProviderReply))
"""


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )


def test_threads_that_are_the_first_to_convert_do_not_crash_the_process() -> None:
    done = run(PROGRAM)
    assert done.returncode == 0, done.stderr[-2_000:]


def test_a_web_process_has_looked_at_its_types_before_the_first_request() -> None:
    done = run(LOOKED_AT)
    assert done.returncode == 0, done.stderr[-2_000:]
