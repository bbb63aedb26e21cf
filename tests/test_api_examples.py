"""One example of each situation, as the product answered it: `docs/api/examples/`.

A client developer reads them, so each must satisfy the schema and still be what the product says.
Write them anew with `UPDATE_EXAMPLES=1 make test ARGS=tests/test_api_examples.py`.
"""

import json
import os
import re
from pathlib import Path

import pytest
from jsonschema_rs import Draft202012Validator

from apps.plant_identification.tests.conftest import identify, providers
from tests.api_situations import SITUATIONS

__all__ = ["identify", "providers"]

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "docs" / "api" / "examples"


def violations(description, component, document):
    bound = {"$ref": f"#/components/schemas/{component}", "components": description["components"]}
    return [error.message for error in Draft202012Validator(bound).iter_errors(document)]


@pytest.mark.parametrize("name", SITUATIONS)
def test_the_example_is_what_the_product_says_and_what_the_schema_allows(
    providers, identify, api_client, settings, description, name
):
    situation, status, component = SITUATIONS[name]
    answer = situation(providers, identify, api_client, settings)
    path = EXAMPLES / f"{name}.json"
    if "UPDATE_EXAMPLES" in os.environ:
        path.write_text(tidy(json.dumps(answer.json(), indent=2, ensure_ascii=False)) + "\n")
    example = json.loads(path.read_text())

    assert answer.status_code == status
    assert violations(description, component, answer.json()) == []
    assert violations(description, component, example) == []
    assert shape(example) == shape(answer.json())


def tidy(text):
    """The sandbox's port differs from run to run, and says nothing; nor does the test client's host."""
    text = re.sub(r"http://127\.0\.0\.1:\d+/", "http://127.0.0.1:9000/", text)
    return text.replace("http://testserver/", "http://127.0.0.1:8000/")


def shape(value):
    """Keys and kinds: values differ from run to run, what is there must not."""
    if isinstance(value, dict):
        return {key: shape(member) for key, member in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return (
        "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
    )


def test_every_example_belongs_to_a_situation():
    assert {path.stem for path in EXAMPLES.glob("*.json")} == set(SITUATIONS)
