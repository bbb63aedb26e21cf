"""`clients/typescript`: made from the description, strictly typed, and tried on a running server."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from apps.plant_identification.tests.conftest import make_photo
from tests.fleet import ROOT, Fleet

CLIENT = ROOT / "clients" / "typescript"
DESCRIPTION = Path("docs", "api", "openapi.yaml")
NODE_AT_LEAST = 20
INSTALL_TIMEOUT_S = 180
UNREACHABLE = re.compile(r"\bE(?:NOTFOUND|AI_AGAIN|CONNREFUSED|CONNRESET|NETUNREACH|TIMEDOUT|PROXY|50\d)\b")

pytestmark = pytest.mark.timeout(300)


def run(command: list[str], directory: Path, timeout_s: int = 120) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=directory,
        env={**os.environ, "npm_config_update_notifier": "false"},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def npm(*arguments: str, at: Path) -> str:
    done = run(["npm", *arguments], at)
    assert done.returncode == 0, f"npm {' '.join(arguments)}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def reason_against_node() -> str:
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "node and npm are not on the PATH"
    version = run(["node", "--version"], ROOT).stdout.strip()
    is_old = int(version.removeprefix("v").partition(".")[0]) < NODE_AT_LEAST
    return f"node is {version}, and {NODE_AT_LEAST} is needed" if is_old else ""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with its dependencies, as far from the root as the original: its scripts know the way."""
    if reason := reason_against_node():
        pytest.skip(reason)
    root = tmp_path_factory.mktemp("typescript")
    copy = root / CLIENT.relative_to(ROOT)
    shutil.copytree(CLIENT, copy, ignore=shutil.ignore_patterns("node_modules", "dist"))
    (root / DESCRIPTION).parent.mkdir(parents=True)
    shutil.copy(ROOT / DESCRIPTION, root / DESCRIPTION)
    installed = run(["npm", "ci", "--no-audit", "--no-fund"], copy, INSTALL_TIMEOUT_S)
    if installed.returncode != 0 and (code := UNREACHABLE.search(installed.stderr)):
        pytest.skip(f"the packages cannot be fetched here: npm ci ended with {code[0]}")
    assert installed.returncode == 0, installed.stderr
    return copy


@pytest.fixture(scope="module")
def built(package: Path) -> Path:
    npm("run", "build", at=package)
    return package


def test_the_types_are_those_of_the_description(package: Path) -> None:
    npm("run", "generate", at=package)
    types = Path("src", "schema.d.ts")
    assert (package / types).read_text() == (CLIENT / types).read_text(), (
        "`make client` brings them up to date."
    )


def test_the_client_compiles_strictly(built: Path) -> None:
    assert (built / "dist" / "src" / "index.d.ts").exists()
    settings = (CLIENT / "tsconfig.json").read_text()
    for rule in ("strict", "noUncheckedIndexedAccess", "exactOptionalPropertyTypes"):
        assert f'"{rule}": true' in settings


def test_nothing_in_it_is_typed_any() -> None:
    for path in [*CLIENT.glob("src/*.ts"), *CLIENT.glob("examples/*.ts")]:
        code = re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text(), flags=re.DOTALL)
        found = re.findall(r"(?::|<|as|\|) ?any\b|@ts-", code)
        assert not found, path.name


def test_what_the_description_forbids_does_not_compile(built: Path) -> None:
    misuse = built / "examples" / "misuse.ts"
    misuse.write_text(
        'import { createPlantClient, dataOf } from "../src/index.js";\n'
        'const client = createPlantClient({ baseUrl: "" });\n'
        'await client.identify([], { language: "klingon" });\n'
        'const meta = dataOf(await client.api.GET("/api/v1/meta/"));\n'
        "meta.weather;\n"
        'await client.api.GET("/api/v1/nowhere/");\n'
    )
    try:
        done = run(["npx", "tsc", "--project", "tsconfig.json", "--noEmit"], built)
    finally:
        misuse.unlink()
    lines = {int(line) for line in re.findall(r"misuse\.ts\((\d+),", done.stdout)}
    assert lines == {3, 5, 6}, done.stdout


def test_it_identifies_and_reads_the_history_as_a_web_page_and_as_an_app(
    built: Path, product: Fleet, tmp_path: Path
) -> None:
    product.sandbox.fault(
        "both", "outcome", {"outcome": "agree", "species": "Mangifera indica", "confidence": 0.97}
    )
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(make_photo(20))

    said = npm("run", "--silent", "example", "--", product.servers[0].url, str(photo), at=built).splitlines()

    assert said[0].startswith("registered: gardener-")
    assert len([line for line in said if line.startswith("identified: Mangifera indica 0.")]) == 2
    assert said.count("provider: plant_id answered") >= 1
    assert [line for line in said if line.startswith("entries:")] == ["entries: 1", "entries: 2"]
    problems = [line for line in said if line.startswith("problem: 415 image_type_unsupported ")]
    assert len(problems) == 2


def test_a_script_identifies_with_an_api_key_and_does_nothing_else(
    built: Path, product: Fleet, tmp_path: Path
) -> None:
    product.sandbox.fault(
        "both", "outcome", {"outcome": "agree", "species": "Mangifera indica", "confidence": 0.97}
    )
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(make_photo(21))

    said = npm("run", "--silent", "keys", "--", product.servers[0].url, str(photo), at=built).splitlines()

    assert said == [
        "made: Greenhouse camera identify read",
        "identified: Mangifera indica",
        "history: Mangifera indica",
        "write: 403 permission_denied",
        "account: 403 permission_denied",
        "revoked: 401 authentication_failed",
    ]


def test_it_carries_a_sign_in_on_once_for_all_who_wait_and_survives_a_lost_reply(
    built: Path, product: Fleet
) -> None:
    said = npm("run", "--silent", "renewal", "--", product.servers[0].url, at=built).splitlines()

    assert said == [
        "app: 1 person, 1 renewal",
        "app changed: Fern 1",
        "app with a lost reply: Moss 2",
        "app with a used token: 401 authentication_failed",
        "app after that: 401 authentication_failed",
        "page: true 1 person, 1 renewal",
        "page with a lost reply: Iris 3",
        "page signed out: 401 not_authenticated",
    ]
