"""What drf-spectacular cannot know by itself: the errors and headers every operation may answer with."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

from apps.core.codes import ErrorCode

ERROR_CODES = [(str(code), code.title) for code in ErrorCode]
VERSIONED = ("/api/v1/", "/api/v2/")

_DESCRIPTIONS = {
    "400": "The request is not valid; `errors` says which field and why.",
    "401": "Sign-in needed, or refused.",
    "403": "Not allowed.",
    "404": "There is no such thing, or it is somebody else's.",
    "413": "The request is too large.",
    "415": "The body is of a kind this address does not take.",
    "422": "The body could be read but not used.",
    "429": "Too many requests.",
    "503": "Unavailable for a moment.",
}
_BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})


class FieldProblemSerializer(serializers.Serializer[Any]):
    field = serializers.CharField(
        allow_blank=True, help_text="Nested ones joined by dots; empty for the request as a whole."
    )
    code = serializers.CharField()
    message = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457."""

    type = serializers.CharField(help_text="An address that explains the code.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="A sentence for the user.")
    instance = serializers.CharField()
    code = serializers.ChoiceField(choices=ERROR_CODES)
    request_id = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        # `errors` is what a serializer calls its own findings.
        return {**super().get_fields(), "errors": FieldProblemSerializer(many=True)}


class ProblemAutoSchema(AutoSchema):
    """Adds the problem documents an operation may answer with, unless the view describes them itself."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is not None:
            problem = self.resolve_serializer(ProblemSerializer, "response").ref
            for status in sorted(self._problem_statuses(operation)):
                operation["responses"].setdefault(
                    status,
                    {
                        "description": _DESCRIPTIONS[status],
                        "content": {"application/problem+json": {"schema": problem}},
                    },
                )
            operation["responses"] = dict(sorted(operation["responses"].items()))
        return operation

    def _problem_statuses(self, operation: dict[str, Any]) -> set[str]:
        places = {parameter["in"] for parameter in operation.get("parameters", [])}
        statuses = {"503"}
        if self.method in _BODY_METHODS:
            statuses |= {"400", "413", "415"}
        if "multipart/form-data" in operation.get("requestBody", {}).get("content", {}):
            statuses.add("422")
        if "query" in places:
            statuses.add("400")
        if "path" in places:
            statuses.add("404")
        if self.view.get_authenticators():
            statuses |= {"401", "403"}
        if self.view.get_throttles():
            statuses.add("429")
        return statuses


def only_versioned_paths(
    endpoints: list[tuple[str, str, str, Callable[..., Any]]],
) -> list[tuple[str, str, str, Callable[..., Any]]]:
    """Leaves out the deprecated addresses, which are the same views again, and the editor's own API."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith(VERSIONED)]


_HEADERS = {
    "X-Request-ID": ("Names this answer in our logs.", {"type": "string"}),
    "API-Version": ("The version that answered.", {"type": "string", "examples": ["v1"]}),
    "RateLimit": ("What is left, and the seconds until it is whole again.", {"type": "string"}),
    "RateLimit-Policy": ("How much is allowed in which time.", {"type": "string"}),
    "Retry-After": ("Seconds until it is worth trying again.", {"type": "integer", "minimum": 1}),
    "WWW-Authenticate": ("How to sign in.", {"type": "string"}),
}
_ALWAYS = ("X-Request-ID", "API-Version")
_HEADERS_OF_STATUS = {
    "401": ("WWW-Authenticate",),
    "429": ("RateLimit", "RateLimit-Policy", "Retry-After"),
    "503": ("Retry-After",),
}


def add_common_headers(result: dict[str, Any], **_rest: Any) -> dict[str, Any]:
    result["components"]["headers"] = {
        name: {"description": description, "schema": schema}
        for name, (description, schema) in _HEADERS.items()
    }
    for operations in result["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                _add_headers(response, (*_ALWAYS, *_HEADERS_OF_STATUS.get(status, ())))
                if status.startswith("2") and "429" in operation["responses"]:
                    _add_headers(response, ("RateLimit", "RateLimit-Policy"))
    return result


def _add_headers(response: dict[str, Any], names: tuple[str, ...]) -> None:
    headers = response.setdefault("headers", {})
    for name in names:
        headers.setdefault(name, {"$ref": f"#/components/headers/{name}"})
