"""What drf-spectacular cannot know by itself: the errors and headers every operation may answer with."""

from collections.abc import Callable
from enum import Enum, auto
from typing import Any

from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS, IsAuthenticatedOrReadOnly

from apps.core.api.idempotency import KEY_HEADER, KEY_MAX_LENGTH, REPLAYED_HEADER, OncePerKey
from apps.core.api.problems import PROBLEM_CONTENT_TYPE
from apps.core.api.sparse import SparseReads, fields_parameter
from apps.core.codes import ErrorCode

ERROR_CODES = [(str(code), code.title) for code in ErrorCode]
VERSIONED = ("/api/v1/", "/api/v2/")

_DESCRIPTIONS = {
    "304": "Unchanged since the `ETag` that came back as `If-None-Match`.",
    "400": "The request is not valid; `errors` says which field and why.",
    "401": "Sign-in needed, or refused.",
    "403": "Not allowed.",
    "404": "There is no such thing, or it is somebody else's.",
    "406": "There is no answer of the kind that `Accept` asks for.",
    "408": "The body did not arrive in time.",
    "409": "It contradicts what is there, or is being worked on, or was done already; `code` says which.",
    "410": "It was there, and is gone.",
    "413": "The request is too large.",
    "415": "The body is of a kind this address does not take.",
    "422": "The body could be read but not used.",
    "429": "Too many requests.",
    "500": "Something went wrong on our side. It has been recorded.",
    "503": "Unavailable for a moment.",
}
API_KEY_SCHEME = "apiKey"
_ONLY_KEYS_LIMITED = "x-only-keys-limited"  # for `add_common_headers`, which takes it out again
_ANYWHERE = frozenset({"403", "406", "500", "503"})  # 403 also says that the app is too old
_BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})


class Limits(Enum):
    """Whose requests an operation counts."""

    NONE = auto()
    OF_KEYS = auto()
    OF_ALL = auto()


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
            statuses = self._problem_statuses(operation)
            if _takes_keys(operation) and "429" not in statuses | operation["responses"].keys():
                statuses.add("429")
                operation[_ONLY_KEYS_LIMITED] = True
            for status in statuses:
                answer = operation["responses"].setdefault(status, {"description": _DESCRIPTIONS[status]})
                answer.setdefault("content", {}).setdefault(PROBLEM_CONTENT_TYPE, {"schema": problem})
            if self.method == "GET":
                operation["responses"].setdefault("304", {"description": _DESCRIPTIONS["304"]})
            if self._takes_key():
                operation["parameters"] = [*operation.get("parameters", []), _KEY_PARAMETER]
            operation["responses"] = dict(sorted(operation["responses"].items()))
        return operation

    def get_override_parameters(self) -> list[Any]:
        parameters: list[Any] = super().get_override_parameters()
        if self.method == "GET" and isinstance(self.view, SparseReads):
            return [*parameters, fields_parameter(self.view)]
        return parameters

    def _get_request_body(self, direction: str = "request") -> Any:
        """The original knows no body with DELETE, where a view may ask for a password."""
        method = self.method
        if method == "DELETE" and self._takes_body:
            self.method = "POST"
        try:
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        finally:
            self.method = method

    @property
    def _takes_body(self) -> bool:
        return self.method in _BODY_METHODS or getattr(self.view, "takes_body_with_delete", False)

    def get_auth(self) -> list[dict[str, Any]]:
        auths: list[dict[str, Any]] = super().get_auth()
        is_open = any(isinstance(each, IsAuthenticatedOrReadOnly) for each in self.view.get_permissions())
        # The original knows that very class only, and not those that stand on it.
        if is_open and self.method in SAFE_METHODS and {} not in auths:
            auths.append({})
        return auths

    def _takes_key(self) -> bool:
        return self.method == "POST" and isinstance(self.view, OncePerKey)

    def _problem_statuses(self, operation: dict[str, Any]) -> set[str]:
        places = {parameter["in"] for parameter in operation.get("parameters", [])}
        statuses = set(_ANYWHERE)
        if self._takes_body:
            statuses |= {"400", "408", "413", "415"}
        if "multipart/form-data" in operation.get("requestBody", {}).get("content", {}):
            statuses.add("422")
        if self._takes_key():
            statuses |= {"409", "422"}
        if "query" in places:
            statuses.add("400")
        if "path" in places:
            statuses.add("404")
        if self.view.get_authenticators():
            statuses.add("401")
        if self.view.get_throttles():
            statuses.add("429")
        return statuses


def _takes_keys(operation: dict[str, Any]) -> bool:
    return any(API_KEY_SCHEME in scheme for scheme in operation.get("security", []))


def only_versioned_paths(
    endpoints: list[tuple[str, str, str, Callable[..., Any]]],
) -> list[tuple[str, str, str, Callable[..., Any]]]:
    """Leaves out the deprecated addresses, which are the same views again, and the editor's own API."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith(VERSIONED)]


_HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "X-Request-ID": ("Names this answer in our logs.", {"type": "string"}),
    "API-Version": ("The version that answered.", {"type": "string", "examples": ["v1"]}),
    "RateLimit": ("What is left, and the seconds until it is whole again.", {"type": "string"}),
    "RateLimit-Policy": ("How much is allowed in which time.", {"type": "string"}),
    "Retry-After": ("Seconds until it is worth trying again.", {"type": "integer", "minimum": 1}),
    "WWW-Authenticate": ("How to sign in.", {"type": "string"}),
    "Location": ("The address of what this answer is about.", {"type": "string"}),
    "ETag": ("What `If-None-Match` takes.", {"type": "string"}),
    "Last-Modified": ("What `If-Modified-Since` takes.", {"type": "string"}),
    "Content-Language": ("What the sentences in it are written in.", {"type": "string"}),
    REPLAYED_HEADER: ("`true`: nothing was done; this is what was answered before.", {"type": "string"}),
}
_ALWAYS = ("X-Request-ID", "API-Version")
_HEADERS_OF_STATUS = {
    "301": ("Location",),
    "302": ("Location",),
    "401": ("WWW-Authenticate",),
    "429": ("RateLimit", "RateLimit-Policy", "Retry-After"),
    "503": ("Retry-After",),
}
_LIMITS = ("RateLimit", "RateLimit-Policy")
_NEVER_REPLAYED = {"401", "408", "429", "500", "503"}
_KEY_PARAMETER = {"$ref": f"#/components/parameters/{KEY_HEADER}"}
_REQUEST_HEADERS = {
    "X-Request-ID": "8 to 64 letters, digits, dots, hyphens or underscores; answer and logs repeat it.",
    "X-Client-Version": "Such as `android/2.4.1`: an app that is too old to work is told so.",
    "Accept-Language": "The languages the reader prefers; `meta/` tells which there are.",
    "If-None-Match": "The `ETag` of the answer one has: 304 and no body while nothing has changed.",
}


def add_common_headers(result: dict[str, Any], **_rest: Any) -> dict[str, Any]:
    components = result["components"]
    components["headers"] = {
        name: {"description": description, "required": True, "schema": schema}
        for name, (description, schema) in _HEADERS.items()
    }
    components["headers"] |= {
        _sometimes(name): {"description": description, "schema": schema}
        for name, (description, schema) in _HEADERS.items()
        if name not in _ALWAYS
    }
    components["parameters"] = {
        name: {"in": "header", "name": name, "description": description, "schema": {"type": "string"}}
        for name, description in _REQUEST_HEADERS.items()
    }
    components["parameters"][KEY_HEADER] = {
        "in": "header",
        "name": KEY_HEADER,
        "description": "A new one for each new request, such as a UUID. Sent again within a day, the same "
        "request is answered as before and does nothing; another one with the same key is refused.",
        "schema": {"type": "string", "minLength": 1, "maxLength": KEY_MAX_LENGTH},
    }
    for operations in result["paths"].values():
        for method, operation in operations.items():
            _add_request_headers(method, operation)
            limits = _limits_of(operation)
            for status, response in operation["responses"].items():
                _add_headers_of(status, method, response, limits)
            if _KEY_PARAMETER in operation["parameters"]:
                _add_headers_of_keys(operation["responses"])
    return result


def _add_request_headers(method: str, operation: dict[str, Any]) -> None:
    names = [name for name in _REQUEST_HEADERS if method == "get" or name != "If-None-Match"]
    operation.setdefault("parameters", []).extend(
        {"$ref": f"#/components/parameters/{name}"} for name in names
    )


def _limits_of(operation: dict[str, Any]) -> Limits:
    if operation.pop(_ONLY_KEYS_LIMITED, False):
        return Limits.OF_KEYS
    return Limits.OF_ALL if "429" in operation["responses"] else Limits.NONE


def _add_headers_of(status: str, method: str, response: dict[str, Any], limits: Limits) -> None:
    is_good = status.startswith("2")
    always = [*_ALWAYS, *_HEADERS_OF_STATUS.get(status, ())]
    if limits is Limits.OF_ALL and is_good:
        always += _LIMITS
    if status == "503" and set(response.get("content", {})) != {PROBLEM_CONTENT_TYPE}:
        always.remove("Retry-After")  # a report of how things are promises no time
    sometimes = [] if limits is Limits.NONE else [*_LIMITS]
    sometimes += ["Content-Language"] if response.get("content") else []
    sometimes += ["ETag"] if method == "get" and status in {"200", "304"} else []
    sometimes += ["Location"] if status in {"201", "202"} else []
    headers = response.setdefault("headers", {})
    for name in always:
        headers.setdefault(name, {"$ref": f"#/components/headers/{name}"})
    for name in sometimes:
        headers.setdefault(name, {"$ref": f"#/components/headers/{_sometimes(name)}"})


def _add_headers_of_keys(responses: dict[str, Any]) -> None:
    for status, response in responses.items():
        names = [] if status in _NEVER_REPLAYED else [REPLAYED_HEADER]
        names += ["Retry-After"] if status == "409" else []
        for name in names:
            response["headers"][name] = {"$ref": f"#/components/headers/{_sometimes(name)}"}


def _sometimes(name: str) -> str:
    return f"Sometimes-{name}"
