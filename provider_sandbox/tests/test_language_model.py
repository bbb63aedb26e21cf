import json

import pytest
import requests

SCHEMA = {
    "type": "object",
    "properties": {
        "sections": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "section": {"type": "string", "enum": ["watering", "light"]},
                    "text": {"type": "string"},
                },
            },
        }
    },
}


def complete(sandbox, key="sandbox", **order) -> requests.Response:
    body = {
        "model": "small",
        "messages": [{"role": "user", "content": "Hello"}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "care", "schema": SCHEMA}},
    }
    return requests.post(
        f"{sandbox.language_model_url}/chat/completions",
        json=body | order,
        headers={"Authorization": f"Bearer {key}"},
        timeout=5,
    )


def test_a_completion_fills_the_schema_and_says_who_wrote_it(sandbox):
    reply = complete(sandbox).json()

    [choice] = reply["choices"]
    assert choice["finish_reason"] == "stop"
    assert json.loads(choice["message"]["content"]) == {
        "sections": [{"section": "watering", "text": "Sandbox text: no language model wrote this."}]
    }
    assert reply["model"] == "small-sandbox"
    assert reply["usage"]["total_tokens"] > 0
    assert (
        complete(sandbox, response_format=None).json()["choices"][0]["message"]["content"].startswith("San")
    )


def test_it_refuses_and_is_cut_on_demand(sandbox):
    sandbox.fault("language_model", "refusal", calls=1)
    refused = complete(sandbox).json()["choices"][0]["message"]
    sandbox.fault("language_model", "length_cut", calls=1)
    cut = complete(sandbox).json()["choices"][0]

    assert refused["content"] is None
    assert refused["refusal"].startswith("Sandbox text:")
    assert cut["finish_reason"] == "length"
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        json.loads(cut["message"]["content"])
    assert complete(sandbox, max_completion_tokens=3).json()["choices"][0]["finish_reason"] == "length"


def test_its_errors_are_objects(sandbox):
    assert complete(sandbox, key="invalid").status_code == 401
    assert complete(sandbox, messages=[]).json()["error"]["type"] == "invalid_request_error"
    sandbox.fault("language_model", "status", 429, calls=1)
    limited = complete(sandbox)
    assert limited.headers["Retry-After"] == "20"
    assert limited.json()["error"]["type"] == "rate_limit_exceeded"
    assert complete(sandbox, model=None).status_code == 400
