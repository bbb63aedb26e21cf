from typing import Any

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from apps.core.codes import ErrorCode


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)


def operations(schema: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_description_is_valid_openapi_3_1(schema: dict[str, Any]) -> None:
    assert schema["openapi"].startswith("3.1")
    validate_schema(schema)


def test_only_versioned_addresses_are_described(schema: dict[str, Any]) -> None:
    assert schema["paths"]
    assert not [path for path in schema["paths"] if not path.startswith(("/api/v1/", "/api/v2/"))]


def test_every_operation_has_a_name_of_its_own(schema: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(schema)]
    assert len(names) == len(set(names))
    assert not [name for name in names if name[-1].isdigit()], "a numeral is a name that was not chosen"


def problems(schema: dict[str, Any]) -> set[str]:
    """The problem document, and documents that have further members besides its own."""
    components = schema["components"]["schemas"]
    members = components["Problem"]["properties"].items()
    return {
        f"#/components/schemas/{name}"
        for name, component in components.items()
        if members <= component.get("properties", {}).items()
    }


def test_every_error_is_the_problem_document(schema: dict[str, Any]) -> None:
    for path, method, operation in operations(schema):
        errors = {code: answer for code, answer in operation["responses"].items() if code >= "400"}
        assert "503" in errors, (path, method)
        for code, answer in errors.items():
            content = answer.get("content", {})
            if "application/problem+json" in content:
                reference = content["application/problem+json"]["schema"]["$ref"]
                assert reference in problems(schema), (path, method, code)


def test_what_takes_a_body_may_refuse_it(schema: dict[str, Any]) -> None:
    for path, method, operation in operations(schema):
        if method in {"post", "put", "patch"}:
            assert {"400", "413", "415"} <= set(operation["responses"]), (path, method)


def test_what_needs_a_sign_in_says_so(schema: dict[str, Any]) -> None:
    identify = schema["paths"]["/api/v1/plant-identification/identify/"]["post"]
    assert {"bearer": []} in identify["security"]
    assert {"cookie": []} in identify["security"]
    assert {"401", "403", "413", "415", "422", "429", "503"} <= set(identify["responses"])
    assert set(schema["components"]["securitySchemes"]) >= {"bearer", "cookie"}


def test_headers_are_described(schema: dict[str, Any]) -> None:
    for _, _, operation in operations(schema):
        for code, answer in operation["responses"].items():
            expected = {"X-Request-ID", "API-Version"}
            expected |= {"Retry-After", "RateLimit", "RateLimit-Policy"} if code == "429" else set()
            assert expected <= set(answer["headers"])


def test_the_codes_are_a_named_closed_list(schema: dict[str, Any]) -> None:
    assert set(schema["components"]["schemas"]["ErrorCode"]["enum"]) == {str(code) for code in ErrorCode}
    assert "ErrorCode" in schema["components"]["schemas"]["Problem"]["properties"]["code"]["$ref"]


def test_no_enum_is_named_by_a_hash(schema: dict[str, Any]) -> None:
    import re

    names = [name for name, part in schema["components"]["schemas"].items() if "enum" in part]
    assert names
    assert not [name for name in names if re.search(r"[0-9A-F]{3}Enum$", name)]


def test_the_description_is_served(client: Client) -> None:
    answer = client.get("/api/schema/")
    assert answer.status_code == 200
    assert b"openapi: 3.1" in answer.content


def test_each_code_is_explained_where_a_problem_s_type_points_to(client: Client) -> None:
    text = client.get("/api/docs/errors/").content.decode()
    for code in ErrorCode:
        assert f'id="{code}"' in text
