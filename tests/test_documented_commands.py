"""Every command in the documentation does what is shown under it, against one running product."""

import os
import re
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from devstack import bootstrap
from devstack.tests.test_run import Copy, require_stopped_when_asked
from tests.console import Command, Shell, is_as_shown, read_commands

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
DOCUMENTED = "127.0.0.1:8000"  # the address in the text; the product of this test has another port
SQL = re.compile(r"^```sql\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Why a block may stand there without being run. Anything else can be run, or does not belong there.
REASONS = {
    "it starts what the commands below talk to",
    "it runs this very check",
    "it installs packages",
    "it needs a real key",
    "it needs Docker",
    "it needs Dart",
    "it needs Node.js",
    "it stays in the foreground",
    "it asks for a password",
}
# All of them, so that one more is noticed.
NOT_RUN = {
    ("docs/api/README.md", "npx openapi-typescript http://127.0.0.1:8000/api/schema/ \\"),
    ("docs/api/README.md", "dart pub add dio retrofit json_annotation"),
    (
        "docs/api/README.md",
        "dart pub add --dev swagger_parser build_runner retrofit_generator json_serializable",
    ),
    ("docs/api/README.md", "dart run swagger_parser"),
    ("docs/api/README.md", "dart run build_runner build"),
    ("README.md", "make run"),
    ("README.md", "make test"),
    ("README.md", "PLANT_ID_API_KEY=… PLANTNET_API_KEY=… make run"),
    (
        "docs/operations/README.md",
        "cp .env.example .env        # fill it in, the passwords at its end too",
    ),
    ("docs/operations/README.md", "ls deploy/nginx/tls         # fullchain.pem and privkey.pem belong here"),
    ("docs/operations/README.md", "docker compose up --build --detach --wait"),
    ("docs/operations/README.md", "docker compose exec web python manage.py createsuperuser"),
    ("docs/operations/README.md", "export GRANIAN_WORKERS=2"),
    (
        "docs/operations/README.md",
        "granian plant_community_backend.wsgi:application --interface wsgi --host 0.0.0.0 --port 8000 \\",
    ),
    (
        "docs/operations/README.md",
        "celery -A plant_community_backend worker -Q default,slow --pool threads -c 16",
    ),
    ("docs/operations/README.md", "celery -A plant_community_backend beat"),
    ("docs/operations/ops-page.md", "python manage.py createsuperuser"),
}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def commands_of(path: Path) -> list[Command]:
    return list(read_commands(path.read_text(), name_of(path)))


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Copy]:
    """What `make run` starts, on another port and in another folder."""
    if not bootstrap.is_finished("run"):
        pytest.skip("the environment was not made by devstack: use make test")
    if shutil.which("curl") is None:
        pytest.skip("the documented commands need curl, which is not on the PATH")
    copy = Copy(tmp_path)
    copy.make_used()
    try:
        copy.start()
        yield copy
    finally:
        if copy.process and copy.process.poll() is None:
            copy.end(signal.SIGTERM)
        copy.command("reset")


def reader(folder: Path, environment: dict[str, str]) -> tuple[Path, dict[str, str]]:
    """A folder that looks like a clone, where files may be written, and the shell's variables."""
    folder.mkdir()
    for entry in ROOT.iterdir():
        if entry.name not in {".git", ".env"}:
            (folder / entry.name).symlink_to(entry)
    (folder / ".curlrc").write_text("silent\nshow-error\n")  # as a terminal without a progress meter
    path = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    return folder, {
        **environment,
        "PATH": path,
        "CURL_HOME": str(folder),
        "TMPDIR": str(folder),
        "LC_ALL": "C.UTF-8",
    }


@pytest.mark.timeout(300)
def test_every_command_prints_what_is_shown(stack: Copy, tmp_path: Path) -> None:
    here = f"127.0.0.1:{stack.port}"
    wrong = []
    for document in DOCUMENTS:
        commands = [command for command in commands_of(document) if command.why_not_run is None]
        folder, environment = reader(
            tmp_path / document.relative_to(ROOT).as_posix().replace("/", "-"), {**stack.environment}
        )
        with Shell(folder, environment) as shell:
            for command in commands:
                said = shell.run(command.text.replace(DOCUMENTED, here))
                printed = [line.replace(here, DOCUMENTED) for line in said]
                if not is_as_shown(command.shown, printed):
                    wrong.append(command.explain(printed))
    assert not wrong, "\n".join(wrong)

    with psycopg.connect(stack.state["exports"]["DATABASE_URL"]) as connection:
        for document in DOCUMENTS:
            for statement in SQL.findall(document.read_text()):
                connection.execute(statement)

    require_stopped_when_asked(stack)


def test_what_is_not_run_is_known_and_says_why() -> None:
    skipped = [command for path in DOCUMENTS for command in commands_of(path) if command.why_not_run]
    listed = {(command.place.partition(":")[0], command.text.splitlines()[0]) for command in skipped}

    assert listed == NOT_RUN
    assert {command.why_not_run for command in skipped} <= REASONS


def test_the_guides_for_newcomers_and_client_developers_have_commands_that_are_run() -> None:
    for path in (ROOT / "README.md", ROOT / "docs" / "api" / "README.md"):
        assert sum(command.why_not_run is None for command in commands_of(path)) > 1


# --- The check itself ---------------------------------------------------------------------------------------
def test_a_block_is_read_as_commands_with_what_they_print() -> None:
    text = "Text\n\n```console\n$ one \\\n    more\nsaid\n$ two\n```\n"
    text += "<!-- not run: it needs Docker -->\n```console\n$ three\n```\n"

    commands = list(read_commands(text, "a.md"))

    assert [(each.place, each.text, each.shown, each.why_not_run) for each in commands] == [
        ("a.md:4", "one \\\n    more", ("said",), None),
        ("a.md:7", "two", (), None),
        ("a.md:11", "three", (), "it needs Docker"),
    ]


@pytest.mark.parametrize(
    ("shown", "printed", "expected"),
    [
        (["a"], ["a"], True),
        (["a"], ["b"], False),
        (["a"], ["a", "b"], False),
        ([], ["a"], False),
        (["a", "…"], ["a"], True),
        (["a", "…", "z"], ["a", "b", "c", "z"], True),
        (["a", "…", "z"], ["a", "b"], False),
        (['{"id":"…","a":1}'], ['{"id":"x-y","a":1}'], True),
        (['{"id":"…","a":1}'], ['{"id":"x-y","a":2}'], False),
        (["a…"], ["a", "b"], False),
        (["  …", "  b"], ["x", "  b"], True),
    ],
)
def test_only_the_ellipsis_stands_for_something_else(
    shown: list[str], printed: list[str], expected: bool
) -> None:
    assert is_as_shown(tuple(shown), printed) is expected


def test_a_shell_keeps_what_was_set_and_prints_errors_too(tmp_path: Path) -> None:
    with Shell(tmp_path, dict(os.environ)) as shell:
        assert shell.run("NAME=world") == []
        assert shell.run("echo hello $NAME; echo; printf 'no end'") == ["hello world", "", "no end"]
        assert shell.run("echo wrong >&2; false") == ["wrong"]
