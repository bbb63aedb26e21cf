"""`docs/operations/security.md` names tests. They are there, and every group of its lists is."""

import re

import pytest

from tests.test_documentation import ROOT, table_rows

DOCUMENT = ROOT / "docs" / "operations" / "security.md"
NAMED = re.compile(r"`([a-z_/]+/test_\w+\.py)(?:::(\w+))?`")
NAMES = sorted(set(NAMED.findall(DOCUMENT.read_text())))


@pytest.mark.parametrize(("file", "test"), NAMES, ids=lambda part: part)
def test_a_test_that_is_named_exists(file: str, test: str) -> None:
    code = (ROOT / file).read_text()
    assert not test or re.search(rf"^ *(?:async )?def {test}\(", code, re.MULTILINE)


def test_every_risk_of_the_top_ten_has_its_line_and_its_test() -> None:
    rows = {row[0]: row[-1] for row in table_rows(DOCUMENT.read_text()) if row[0].startswith("API")}
    assert list(rows) == [f"API{number}" for number in range(1, 11)]
    assert all(NAMED.search(shown) for shown in rows.values())
