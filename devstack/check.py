"""`devstack check`: everything continuous integration runs, each step to its end.

The tests wait for servers and for pages a good part of their time. The other steps, one after the other, get
what they leave of the processor, and take next to none from them: some measure times.
"""

import difflib
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from devstack.bootstrap import ROOT
from devstack.environment import base_environment
from devstack.errors import StackError
from devstack.suite import last_failures, run_pytest, throw_away_servers

TYPED = ("apps", "plant_community_backend", "devstack", "provider_sandbox", "benchmarks")
SCHEMA = ROOT / "docs" / "api" / "openapi.yaml"
SECOND_CHANCES = 5
"""More failing tests than this are no accident."""
AUDIT_TIMEOUT_S = 120
DIFFERENCE_LINES = 40
REASON_CHARS = 160

_BIN = Path(sys.executable).parent
_IN_LAST_PLACE = ("nice", "-n", "19") if shutil.which("nice") else ()
_MANAGE = (sys.executable, str(ROOT / "manage.py"))


@dataclass(frozen=True, slots=True)
class Outcome:
    is_good: bool
    said: str = ""
    skipped: str = ""


Step = Callable[[], Outcome]


def run_checks() -> int:
    """Returns 0 when every step was good."""
    with ThreadPoolExecutor(1) as beside:
        begun = _begin(beside, _of_the_code())
        try:
            with throw_away_servers() as environment:
                begun |= _begin(beside, _with_servers(environment))
                tests_are_good = _take("tests", lambda: _test(environment))
                failed = _failed(begun) + ([] if tests_are_good else ["tests"])
        except StackError as problem:
            print(f"[FAIL] servers for the tests: {problem}", flush=True)
            failed = [*_failed(begun), "servers for the tests"]
    print(f"Failed: {', '.join(failed)}." if failed else "All green.", flush=True)
    return 1 if failed else 0


def _of_the_code() -> dict[str, Step]:
    return {
        "ruff check": lambda: _run([_tool("ruff"), "check", "."]),
        "ruff format": lambda: _run([_tool("ruff"), "format", "--check", "."]),
        "import contracts": lambda: _run([_tool("lint-imports")]),
        "mypy": lambda: _run([_tool("mypy"), *TYPED]),
        "dependency audit": _audit,
    }


def _with_servers(environment: Mapping[str, str]) -> dict[str, Step]:
    return {
        "migrations": lambda: _run([*_MANAGE, "makemigrations", "--check", "--dry-run"], environment),
        "deployment": lambda: _check_deployment(environment),
        "OpenAPI": lambda: _check_schema(environment),
    }


def production_environment(*, database_url: str, redis_url: str) -> dict[str, str]:
    """What a careful operator sets, with secrets that are thrown away."""
    return {
        **base_environment(database_url=database_url, redis_url=redis_url, settings="production"),
        "SECRET_KEY": secrets.token_urlsafe(64),
        "JWT_SECRET_KEY": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": "plants.example",
        "CSRF_TRUSTED_ORIGINS": "https://plants.example",
        "CORS_ALLOWED_ORIGINS": "https://plants.example",
        "SITE_URL": "https://plants.example",
        "EMAIL_URL": "smtp://mail.plants.example:25",
        "PLANT_ID_API_KEY": secrets.token_urlsafe(32),
        "PLANTNET_API_KEY": secrets.token_urlsafe(32),
    }


def _begin(pool: ThreadPoolExecutor, steps: Mapping[str, Step]) -> dict[str, Future[bool]]:
    return {name: pool.submit(_take, name, step) for name, step in steps.items()}


def _failed(begun: Mapping[str, Future[bool]]) -> list[str]:
    """The names of those that failed, when all are done."""
    return [name for name, is_good in begun.items() if not is_good.result()]


def _take(name: str, step: Step) -> bool:
    """Whether the step was good; what it said is printed where it was not."""
    print(f"[ .. ] {name}", flush=True)
    began = time.monotonic()
    outcome = step()
    took = f"{name} ({time.monotonic() - began:.1f} s)"
    if outcome.skipped:
        print(f"[skip] {took}: {outcome.skipped}", flush=True)
    elif outcome.is_good:
        print(f"[ ok ] {took}", flush=True)
    else:
        print(f"{outcome.said.rstrip()}\n[FAIL] {took}", flush=True)
    return outcome.is_good


def _tool(name: str) -> str:
    return str(_BIN / name)


def _run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Outcome:
    done = subprocess.run(
        [*_IN_LAST_PLACE, *command],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return Outcome(is_good=done.returncode == 0, said=done.stdout.decode(errors="replace"))


def _check_deployment(environment: Mapping[str, str]) -> Outcome:
    production = production_environment(
        database_url=environment["DATABASE_URL"], redis_url=environment["REDIS_URL"]
    )
    return _run([*_MANAGE, "check", "--deploy", "--fail-level", "WARNING"], production)


def _check_schema(environment: Mapping[str, str]) -> Outcome:
    """The schema the code generates is valid, and the one in the repository."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / SCHEMA.name
        command = [*_MANAGE, "spectacular", "--validate", "--fail-on-warn", "--file", str(fresh)]
        generated = _run(command, environment)
        if not generated.is_good:
            return generated
        kept = SCHEMA.read_text(encoding="utf-8") if SCHEMA.exists() else ""
        new = fresh.read_text(encoding="utf-8")
        names = ("docs/api/openapi.yaml", "generated from the code")
        difference = list(difflib.unified_diff(kept.splitlines(), new.splitlines(), *names, lineterm=""))
    if not difference:
        return Outcome(is_good=True)
    shown = "\n".join(difference[:DIFFERENCE_LINES])
    return Outcome(is_good=False, said=f"{shown}\nThe API changed: make openapi writes the new schema.")


def _audit() -> Outcome:
    """Known vulnerabilities in what the product runs on; skipped where their database cannot be reached."""
    command = [*_IN_LAST_PLACE, _tool("pip-audit"), "--requirement", "requirements.txt", "--require-hashes"]
    command += ["--disable-pip", "--progress-spinner", "off", "--timeout", "15"]
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, timeout=AUDIT_TIMEOUT_S, check=False, text=True
        )
    except subprocess.TimeoutExpired:
        return Outcome(
            is_good=True, skipped=f"no answer from the vulnerability database in {AUDIT_TIMEOUT_S} s"
        )
    if done.returncode == 0:
        return Outcome(is_good=True)
    if "known vulnerabilit" in done.stderr:
        return Outcome(is_good=False, said=done.stdout + done.stderr)
    reason = (done.stderr.strip().splitlines() or ["pip-audit gave no reason"])[-1]
    return Outcome(is_good=True, skipped=f"pip-audit could not run here: {reason[:REASON_CHARS]}")


def _test(environment: dict[str, str]) -> Outcome:
    """All tests; a few that fail get a second chance, alone and in one process, and are named either way.

    What a change breaks stays broken alone. What passes then is a test or a product that two thousand
    neighbours or a slow machine disturb: to be mended, but no word about the change.
    """
    code = run_pytest([], environment)
    unstable: Sequence[str] = ()
    if code == pytest.ExitCode.TESTS_FAILED and len(unstable := last_failures()) <= SECOND_CHANCES:
        code = run_pytest(["-n", "0", "--last-failed", "--last-failed-no-failures", "none"], environment)
    if code:
        return Outcome(is_good=False, said=f"pytest ended with code {code}.")
    for test in unstable:
        print(f"UNSTABLE: {test} failed at first and passed alone.", flush=True)
    return Outcome(is_good=True)
