"""What the documentation points to is there, and what it lists is complete."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.core.codes import ErrorCode

ROOT = Path(__file__).resolve().parent.parent
API = ROOT / "docs" / "api"
OPERATIONS = ROOT / "docs" / "operations" / "README.md"
DECISIONS = ROOT / "docs" / "decisions"

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE_SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
ELSEWHERE = re.compile(r"^(?:[a-z]+:|/)")  # another site, or an address of a running server
EVENT = re.compile(r"[a-z]+(?:_[a-z]+)+")


def markdown_files() -> list[Path]:
    found: list[Path] = []
    for folder, subfolders, names in os.walk(ROOT):
        subfolders[:] = [name for name in subfolders if not name.startswith((".", "node_modules"))]
        found += [Path(folder, name) for name in names if name.endswith(".md")]
    return sorted(found)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


MARKDOWN = markdown_files()
DECIDED = sorted(DECISIONS.glob("[0-9]*.md"))


def prose(path: Path) -> str:
    return FENCE.sub("", path.read_text())


def code_lines(path: Path) -> Iterator[str]:
    """Each code span, and each line of the code blocks without its prompt."""
    yield from CODE_SPAN.findall(prose(path))
    for _, block in FENCE.findall(path.read_text()):
        yield from (line.removeprefix("$ ") for line in block.splitlines())


def table_rows(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        if line.startswith("| "):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def anchors(path: Path) -> set[str]:
    """As a forge makes them from headings."""
    headings = HEADING.findall(prose(path))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def is_broken(source: Path, target: str) -> bool:
    address, _, anchor = target.partition("#")
    path = (source.parent / address).resolve() if address else source
    if not path.exists() or not path.is_relative_to(ROOT):
        return True
    return bool(anchor) and path.suffix == ".md" and anchor not in anchors(path)


def local_links(path: Path) -> Iterator[str]:
    links = LINK.findall(CODE_SPAN.sub("", prose(path)))
    return (target for target in links if not ELSEWHERE.match(target))


@pytest.mark.parametrize("path", MARKDOWN, ids=name_of)
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    assert [target for target in local_links(path) if is_broken(path, target)] == []


@pytest.mark.parametrize("path", MARKDOWN, ids=name_of)
def test_every_make_target_that_is_named_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    commands = (re.match(r"(?:\w+=\S* )*make ([a-z]+)", line) for line in code_lines(path))

    assert {command[1] for command in commands if command} <= targets


@pytest.mark.parametrize("path", MARKDOWN, ids=name_of)
def test_every_block_of_json_is_json(path: Path) -> None:
    for language, block in FENCE.findall(path.read_text()):
        if language == "json":
            json.loads(block)


def test_no_two_decisions_share_a_number() -> None:
    numbers = [path.name[:4] for path in DECIDED]

    assert numbers == sorted(set(numbers))


def test_the_index_lists_every_decision_by_its_title() -> None:
    index = (DECISIONS / "README.md").read_text()
    listed = re.findall(r"^\| \[(\d{4})\]\(([^)]+)\) \| (.+) \|$", index, re.MULTILINE)
    heads = {path.name: path.read_text().splitlines()[0] for path in DECIDED}

    assert {name: f"# {number}: {title}" for number, name, title in listed} == heads
    assert [number for number, _, _ in listed] == sorted(name[:4] for name in heads)


@pytest.mark.parametrize("path", DECIDED, ids=name_of)
def test_a_decision_has_all_its_parts(path: Path) -> None:
    assert re.findall(r"^## (.+)$", path.read_text(), re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert re.search(r"^Status: (?:proposed|accepted|replaced by \d{4})", path.read_text(), re.MULTILINE)


def test_the_error_page_lists_exactly_the_codes_with_their_statuses() -> None:
    rows = [row for row in table_rows((API / "errors.md").read_text()) if row[0].startswith("`")]

    assert sorted((row[0].strip("`"), int(row[1])) for row in rows) == sorted(
        (code.value, code.status) for code in ErrorCode
    )
    assert all(len(row) == 4 and all(row) for row in rows)


def test_the_guide_links_every_example_and_no_other() -> None:
    linked = {target for target in local_links(API / "README.md") if target.endswith(".json")}

    assert linked == {f"examples/{path.name}" for path in (API / "examples").glob("*.json")}


@pytest.mark.parametrize("name", ["README.md", "changelog.md", "errors.md"])
def test_every_address_the_guide_names_is_in_the_description(name: str, description: dict[str, Any]) -> None:
    paths = {re.sub(r"\{\w+\}", "{id}", path) for path in description["paths"]}
    spans = (span.removeprefix("GET ").removeprefix("POST ") for span in CODE_SPAN.findall(prose(API / name)))
    named = {span for span in spans if re.match(r"(?:auth|plant-identification|meta)/", span)}

    assert named
    assert {address for address in named if f"/api/v1/{address}" not in paths} == set()


def test_every_log_event_the_operators_are_told_of_is_written_somewhere() -> None:
    text = OPERATIONS.read_text().partition("## Log lines")[2].partition("\n## ")[0]
    rows = [row for row in table_rows(text) if row[0].startswith("`")]
    events = {event for row in rows for event in EVENT.findall(row[0])}
    modules = [path for path in (ROOT / "apps").rglob("*.py") if "tests" not in path.parts]
    product = "".join(path.read_text() for path in modules)

    assert events
    assert {event for event in events if f'"{event}"' not in product} == set()
