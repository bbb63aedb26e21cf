"""One example of each situation, as the product answered it: `docs/api/examples/`.

A client developer reads them, so each must satisfy the schema and still be what the product says.
Write them anew with `UPDATE_EXAMPLES=1 make test ARGS=tests/test_api_examples.py`.
"""

import json
import os
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from apps.core.redis import get_redis
from apps.plant_identification.services.registry import registry
from apps.plant_identification.tests.conftest import identify, make_photo, providers

__all__ = ["identify", "providers"]

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "docs" / "api" / "examples"
AGREE = {"outcome": "agree", "species": "Mangifera indica", "confidence": 0.97}
HEALTH = "/api/v1/plant-identification/identify/health/"


def complete(sandbox, identify, client, settings):
    sandbox.fault("both", "outcome", AGREE)
    return identify(make_photo(1))


def cached(sandbox, identify, client, settings):
    complete(sandbox, identify, client, settings)
    return identify(make_photo(1))


def ill(sandbox, identify, client, settings):
    sandbox.fault("both", "outcome", {"outcome": "ill", "species": "Monstera deliciosa"})
    return identify(make_photo(1))


def not_a_plant(sandbox, identify, client, settings):
    sandbox.fault("both", "not_a_plant")
    return identify(make_photo(1))


def partial_provider_failed(sandbox, identify, client, settings):
    sandbox.fault("both", "outcome", AGREE)
    sandbox.fault("plantnet", "status", 500)
    return identify(make_photo(1))


def partial_circuit_open(sandbox, identify, client, settings):
    sandbox.fault("both", "outcome", AGREE)
    registry().get("plant_id").call.circuit.force_open()
    return identify(make_photo(1))


def partial_quota_exhausted(sandbox, identify, client, settings):
    sandbox.fault("both", "outcome", AGREE)
    settings.PLANT_ID_MONTHLY_QUOTA = 0
    return identify(make_photo(1))


def stale(sandbox, identify, client, settings):
    complete(sandbox, identify, client, settings)
    get_redis().flushdb()
    for provider in registry().providers:
        provider.call.circuit.force_open()
    return identify(make_photo(1))


def queued(sandbox, identify, client, settings):
    sandbox.fault("both", "status", 503)
    return identify(make_photo(1), headers={"Prefer": "respond-async"})


def queued_record(sandbox, identify, client, settings):
    return client.get(queued(sandbox, identify, client, settings).json()["links"]["self"])


def provider_unavailable(sandbox, identify, client, settings):
    sandbox.fault("both", "status", 503)
    return identify(make_photo(1))


def image_missing(sandbox, identify, client, settings):
    return identify(language="en")


def image_type_unsupported(sandbox, identify, client, settings):
    return identify(b"%PDF-1.7 no photo")


def image_too_large(sandbox, identify, client, settings):
    return identify(make_photo(1) + bytes(11_000_000))


def image_unreadable(sandbox, identify, client, settings):
    return identify(make_photo(1)[:2_000])


def invalid_option(sandbox, identify, client, settings):
    return identify(make_photo(1), latitude="91", longitude="0")


def not_authenticated(sandbox, identify, client, settings):
    settings.DEBUG = False
    return client.post("/api/v1/plant-identification/identify/", {}, format="multipart")


def throttled(sandbox, identify, client, settings):
    settings.IDENTIFY_RATE_ANONYMOUS = 0
    return identify(make_photo(1))


def health(sandbox, identify, client, settings):
    return client.get(HEALTH)


SITUATIONS = {
    "complete": (complete, 200, "Identification"),
    "cached": (cached, 200, "Identification"),
    "ill": (ill, 200, "Identification"),
    "not_a_plant": (not_a_plant, 200, "Identification"),
    "partial_provider_failed": (partial_provider_failed, 200, "Identification"),
    "partial_circuit_open": (partial_circuit_open, 200, "Identification"),
    "partial_quota_exhausted": (partial_quota_exhausted, 200, "Identification"),
    "stale": (stale, 200, "Identification"),
    "queued": (queued, 202, "QueuedIdentification"),
    "queued_record": (queued_record, 200, "Identification"),
    "provider_unavailable": (provider_unavailable, 503, "Problem"),
    "image_missing": (image_missing, 400, "Problem"),
    "image_type_unsupported": (image_type_unsupported, 415, "Problem"),
    "image_too_large": (image_too_large, 413, "Problem"),
    "image_unreadable": (image_unreadable, 422, "Problem"),
    "invalid_option": (invalid_option, 400, "Problem"),
    "not_authenticated": (not_authenticated, 401, "Problem"),
    "throttled": (throttled, 429, "Problem"),
    "health": (health, 200, "Health"),
}


@pytest.fixture(scope="module")
def schema():
    return yaml.safe_load((ROOT / "docs" / "api" / "openapi.yaml").read_text())


def violations(schema, component, document):
    bound = {"$ref": f"#/components/schemas/{component}", "components": schema["components"]}
    return [error.message for error in Draft202012Validator(bound).iter_errors(document)]


@pytest.mark.parametrize("name", SITUATIONS)
def test_the_example_is_what_the_product_says_and_what_the_schema_allows(
    providers, identify, api_client, settings, schema, name
):
    situation, status, component = SITUATIONS[name]
    answer = situation(providers, identify, api_client, settings)
    path = EXAMPLES / f"{name}.json"
    if "UPDATE_EXAMPLES" in os.environ:
        path.write_text(tidy(json.dumps(answer.json(), indent=2, ensure_ascii=False)) + "\n")
    example = json.loads(path.read_text())

    assert answer.status_code == status
    assert violations(schema, component, answer.json()) == []
    assert violations(schema, component, example) == []
    assert shape(example) == shape(answer.json())


def tidy(text):
    """The sandbox's port differs from run to run, and says nothing."""
    return re.sub(r"http://127\.0\.0\.1:\d+/", "http://127.0.0.1:9000/", text)


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
