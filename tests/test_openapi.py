"""The description that is committed is the one the code gives."""

import difflib
from pathlib import Path

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer

COMMITTED = Path(__file__).resolve().parent.parent / "docs" / "api" / "openapi.yaml"


def test_the_committed_description_is_up_to_date() -> None:
    generated = OpenApiYamlRenderer().render(SchemaGenerator().get_schema(request=None, public=True)).decode()
    committed = COMMITTED.read_text() if COMMITTED.exists() else ""
    difference = difflib.unified_diff(
        committed.splitlines(), generated.splitlines(), "committed", "code", n=1
    )
    shown = "\n".join(list(difference)[:60])
    assert not shown, f"`make openapi` brings it up to date, and docs/api/changelog.md tells why:\n{shown}"
