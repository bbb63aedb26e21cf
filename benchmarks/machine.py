"""Where and with what the figures were measured."""

import os
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psycopg

from benchmarks.stack import Stack


def describe_machine(stack: Stack) -> str:
    with psycopg.connect(stack.postgres.url) as connection:
        postgres = connection.info.parameter_status("server_version")
    programs = f"Python {platform.python_version()}, PostgreSQL {postgres}, Django {version('django')}"
    server = f"{stack.layout.workers} granian {version('granian')} of one process"
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} on {os.cpu_count()} cores ({_processor()}) with "
        f"{_memory_gb():.0f} GB of memory, which the load generator, PostgreSQL, Redis and the sandbox share "
        f"with the web server: {programs}, {server}."
    )


def _processor() -> str:
    found = re.search(
        r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE
    )
    return found[1] if found else platform.machine()


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
